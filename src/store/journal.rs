//! Runs, intents and the audit log.
//!
//! An intent is durable before the first byte of its write leaves. Its outcome removes it, adds one
//! line to the audit log and updates what is known of the person, in one transaction. An intent
//! found at the start of a run belongs to a run that died: the device is asked before anything else.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, Row, params};

use super::convert::{damaged, instant_in, instant_out, wall_out, window_in};
use super::devices::{confirm, put_person, remember_writing};
use super::prune::prune;
use super::waiting::tried;
use super::{Machine, Quiet, Store, StoreError};
use crate::clock::is_future;
use crate::model::{Cause, Change, Kind, Verb};
use crate::model::{HolderId, Record, RecordId, RunId, TargetName, Window};
use crate::text::words::words;

/// A computer that was silent for so long has stopped: another one may take its place. Two ticks of
/// the usual schedule.
const TAKEN_OVER_AFTER: TimeDelta = TimeDelta::minutes(10);

/// What the newest run says about who was here when.
pub(super) struct LastRun {
    pub began: DateTime<Utc>,
    pub seen: DateTime<Utc>,
    pub exit_code: Option<u8>,
    pub machine: Machine,
}

/// A write that was announced and has no outcome yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The run that announced it.
    pub run: RunId,
    pub device: TargetName,
    pub employee_no: RecordId,
    pub member: HolderId,
    pub cause: Cause,
    pub kind: Kind,
    /// What the person held.
    pub before: Option<Window>,
    /// What was to be written.
    pub after: Window,
    /// The person's fingerprint as read before the write.
    pub fingerprint: String,
}

impl Intent {
    /// The intent to carry out a change.
    #[must_use]
    pub fn of(run: RunId, change: &Change) -> Self {
        // The journal says nothing of the verb as long as there is one.
        let Verb::Set = change.verb;
        Self {
            run,
            device: change.device.clone(),
            employee_no: change.employee_no.clone(),
            member: change.member.clone(),
            cause: change.cause,
            kind: change.kind,
            before: change.before.window(),
            after: change.after,
            fingerprint: change.fingerprint.clone(),
        }
    }
}

/// How a write ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub kind: OutcomeKind,
    /// What went wrong, without names and secrets.
    pub error: Option<String>,
    /// The person as read back, where that worked.
    pub person: Option<Record>,
    /// The write left this computer, or may have: whatever became of it, it counts in the budgets.
    pub is_sent: bool,
}

impl Outcome {
    /// The end of a write that left this computer, or may have.
    #[must_use]
    pub fn sent(kind: OutcomeKind, error: Option<String>, person: Option<Record>) -> Self {
        Self { kind, error, person, is_sent: true }
    }

    /// The end of one that did not leave.
    #[must_use]
    pub fn unsent(kind: OutcomeKind, error: Option<String>, person: Option<Record>) -> Self {
        Self { is_sent: false, ..Self::sent(kind, error, person) }
    }
}

words! {
    /// How a write ended, in one word.
    pub enum OutcomeKind {
        /// Written and read back equal.
        Confirmed = "confirmed",
        /// The device refused; nothing was changed.
        Refused = "refused",
        /// The person moved since the plan was made, so nothing was written. Told as `refused`.
        Moved = "refused",
        /// The device said OK and holds something else.
        NotApplied = "not-applied",
        /// The answer was lost: it is read back first in the next run.
        Unknown = "unknown",
    }
}

/// How a run ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunEnd {
    pub exit_code: u8,
    /// Changes that were confirmed.
    pub confirmed: usize,
    /// Changes that were tried and are not.
    pub failed: usize,
    /// HTTP requests by target.
    pub requests: BTreeMap<String, u64>,
    /// The run's word that nothing was left to do and nothing was wrong, if so.
    pub quiet: Option<Quiet>,
}

impl Store {
    /// Begins a run; the first one of a day also forgets what is old.
    ///
    /// # Errors
    /// [`StoreError::OtherComputer`] when another computer was here within the last 10 minutes, and
    /// any other [`StoreError`].
    pub fn begin_run(&self, command: &str, now: DateTime<Utc>) -> Result<RunId, StoreError> {
        let last = self.last_run()?;
        if let Some(last) = &last {
            self.check_machine(last, now)?;
        }
        let transaction = self.piece()?;
        if last.is_none_or(|last| last.began.date_naive() != now.date_naive()) {
            prune(&transaction, now)?;
        }
        self.drop_quiet()?;
        transaction
            .prepare_cached(
                "INSERT INTO run (command, started_at, machine, boot) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![command, instant_out(now), self.machine.id, self.machine.boot])?;
        let id = transaction.last_insert_rowid();
        transaction.commit()?;
        run_in(id)
    }

    pub(super) fn last_run(&self) -> Result<Option<LastRun>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT started_at, ended_at, machine, boot, exit_code FROM run \
             WHERE id = (SELECT max(id) FROM run)",
        )?;
        let mut rows = statement.query([])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let began = instant_in(row.get(0)?)?;
        let ended: Option<i64> = row.get(1)?;
        Ok(Some(LastRun {
            began,
            seen: ended.map(instant_in).transpose()?.unwrap_or(began),
            exit_code: row.get(4)?,
            machine: Machine { id: row.get(2)?, boot: row.get(3)? },
        }))
    }

    /// Two computers with one file must notice: their locks may not reach each other.
    fn check_machine(&self, last: &LastRun, now: DateTime<Utc>) -> Result<(), StoreError> {
        if !self.machine.is_other_than(&last.machine) {
            return Ok(());
        }
        // Their clocks may differ, so "in ten minutes" is as near as "ten minutes ago".
        let silence = now.signed_duration_since(last.seen).abs();
        if silence < TAKEN_OVER_AFTER {
            return Err(StoreError::OtherComputer { minutes: silence.num_minutes() });
        }
        log::warn!(
            "{}: the last run was made by another computer; this one takes over",
            self.path.display()
        );
        Ok(())
    }

    /// Ends a run, adds its requests to the counts, and keeps its word if it has one.
    pub fn end_run(&self, run: RunId, now: DateTime<Utc>, end: &RunEnd) -> Result<(), StoreError> {
        let transaction = self.piece()?;
        self.exec(
            "UPDATE run SET ended_at = ?2, exit_code = ?3, confirmed = ?4, failed = ?5 \
             WHERE id = ?1",
            params![run.get(), instant_out(now), end.exit_code, end.confirmed, end.failed],
        )?;
        self.count_requests(&end.requests)?;
        if let Some(quiet) = &end.quiet {
            self.keep_quiet(quiet)?;
        }
        transaction.commit()
    }

    /// Adds requests to the counts; within a transaction of its caller.
    pub(super) fn count_requests(
        &self,
        requests: &BTreeMap<String, u64>,
    ) -> Result<(), StoreError> {
        for (target, count) in requests.iter().filter(|(_, count)| **count > 0) {
            self.exec(
                "INSERT INTO request (target, total) VALUES (?1, ?2) \
                 ON CONFLICT (target) DO UPDATE SET total = total + ?2",
                params![target, count],
            )?;
        }
        Ok(())
    }

    /// Announces writes. When this returns, the intents are on the disk.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing may be written to the device.
    pub fn announce(&mut self, intents: &[Intent]) -> Result<(), StoreError> {
        let transaction = self.piece()?;
        {
            let mut put = transaction.prepare_cached(
                "INSERT INTO intent (run, device, employee_no, source, holder, \
                 cause, kind, before_begin, before_end, after_begin, after_end, fingerprint) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?;
            for intent in intents {
                put.execute(params![
                    intent.run.get(),
                    intent.device.as_str(),
                    intent.employee_no.as_str(),
                    self.account(&intent.member.source),
                    intent.member.as_str(),
                    intent.cause.as_str(),
                    intent.kind.as_str(),
                    intent.before.map(|window| wall_out(window.begin())),
                    intent.before.map(|window| wall_out(window.end())),
                    wall_out(intent.after.begin()),
                    wall_out(intent.after.end()),
                    intent.fingerprint,
                ])?;
            }
        }
        transaction.commit()
    }

    /// Takes back an announcement of a write that never left.
    pub fn withdraw(&self, device: &TargetName, employee_no: &RecordId) -> Result<(), StoreError> {
        self.exec(
            "DELETE FROM intent WHERE device = ?1 AND employee_no = ?2",
            [device.as_str(), employee_no.as_str()],
        )?;
        Ok(())
    }

    /// The announced writes of a device that have no outcome: the run that made them died.
    pub fn open_intents(&self, device: &TargetName) -> Result<Vec<Intent>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT run, employee_no, source, holder, cause, kind, \
             before_begin, before_end, after_begin, after_end, fingerprint FROM intent \
             WHERE device = ?1",
        )?;
        let mut rows = statement.query([device.as_str()])?;
        let mut intents = Vec::new();
        while let Some(row) = rows.next()? {
            intents.push(self.intent_in(device, row)?);
        }
        Ok(intents)
    }

    fn intent_in(&self, device: &TargetName, row: &Row<'_>) -> Result<Intent, StoreError> {
        let cause: String = row.get(4)?;
        let kind: String = row.get(5)?;
        Ok(Intent {
            run: run_in(row.get(0)?)?,
            device: device.clone(),
            employee_no: row.get(1)?,
            member: self.key_in(row, 2)?,
            cause: Cause::ALL
                .into_iter()
                .find(|known| known.as_str() == cause)
                .ok_or_else(|| damaged("a cause", &cause))?,
            kind: Kind::from_word(&kind).ok_or_else(|| damaged("a kind of change", &kind))?,
            before: window_in(row.get(6)?, row.get(7)?)?,
            after: window_in(row.get(8)?, row.get(9)?)?
                .ok_or_else(|| damaged("a window", "NULL"))?,
            fingerprint: row.get(10)?,
        })
    }

    /// Records how announced writes ended, all of them or none.
    pub fn settle(
        &mut self,
        outcomes: &[(Intent, Outcome)],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let transaction = self.piece()?;
        for (intent, outcome) in outcomes {
            let account = self.account(&intent.member.source);
            settle_one(&transaction, account, (intent, outcome), at)?;
        }
        transaction.commit()
    }

    /// Persons of a device to whom a revocation was sent from `since` to `now`, whatever became of it: a
    /// device that shows its writes late has carried out what it was not seen to take. Those announced
    /// without an outcome count too, and times in the future as none.
    pub fn revocations_since(
        &self,
        device: &TargetName,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT employee_no, at FROM change WHERE device = ?1 AND at >= ?2 \
             AND kind = 'revocation' AND sent UNION ALL \
             SELECT employee_no, NULL FROM intent WHERE device = ?1 AND kind = 'revocation'",
        )?;
        let mut rows = statement.query(params![device.as_str(), instant_out(since)])?;
        let mut persons = BTreeSet::new();
        while let Some(row) = rows.next()? {
            let at: Option<i64> = row.get(1)?;
            if !at.map(instant_in).transpose()?.is_some_and(|at| is_future(at, now)) {
                persons.insert(row.get::<_, String>(0)?);
            }
        }
        Ok(persons.len())
    }

    /// When a person was last seen to hold what they should.
    pub fn confirmed_at(
        &self,
        device: &TargetName,
        employee_no: &RecordId,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT confirmed_at FROM person WHERE device = ?1 AND employee_no = ?2",
        )?;
        let mut rows = statement.query([device.as_str(), employee_no.as_str()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        row.get::<_, Option<i64>>(0)?.map(instant_in).transpose()
    }
}

fn settle_one(
    transaction: &Connection,
    account: &str,
    (intent, outcome): (&Intent, &Outcome),
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let device = &intent.device;
    transaction
        .prepare_cached(
            "INSERT INTO change (run, at, device, employee_no, source, holder, \
             cause, kind, before_begin, before_end, after_begin, after_end, outcome, error, sent, \
             waited) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, \
             (SELECT ?2 - since_at FROM waiting \
             WHERE device = ?3 AND employee_no = ?4 AND kind = ?8))",
        )?
        .execute(params![
            intent.run.get(),
            instant_out(at),
            device.as_str(),
            intent.employee_no.as_str(),
            account,
            intent.member.as_str(),
            intent.cause.as_str(),
            intent.kind.as_str(),
            intent.before.map(|window| wall_out(window.begin())),
            intent.before.map(|window| wall_out(window.end())),
            wall_out(intent.after.begin()),
            wall_out(intent.after.end()),
            outcome.kind.as_str(),
            outcome.error,
            outcome.is_sent,
        ])?;
    if let Some(person) = &outcome.person {
        put_person(transaction, device, person)?;
    }
    if outcome.kind == OutcomeKind::Confirmed {
        confirm(transaction, device, &intent.employee_no, intent.after, at)?;
        remember_writing(transaction, account, intent)?;
        transaction
            .prepare_cached("DELETE FROM waiting WHERE device = ?1 AND employee_no = ?2")?
            .execute([device.as_str(), intent.employee_no.as_str()])?;
        transaction.execute(
            "UPDATE device SET first_written_at = ?2 WHERE name = ?1 AND first_written_at IS NULL",
            params![device.as_str(), instant_out(at)],
        )?;
    } else {
        transaction
            .execute("UPDATE device SET needs_read = 1 WHERE name = ?1", [device.as_str()])?;
        if outcome.is_sent {
            tried(transaction, device, &intent.employee_no, at)?;
        }
    }
    transaction
        .prepare_cached("DELETE FROM intent WHERE device = ?1 AND employee_no = ?2")?
        .execute([device.as_str(), intent.employee_no.as_str()])?;
    Ok(())
}

pub(super) fn run_in(id: i64) -> Result<RunId, StoreError> {
    RunId::new(id).map_err(|error| damaged("a run", error))
}
