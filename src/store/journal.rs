//! Runs, intents and the audit log.
//!
//! An intent is durable before the first byte of its write leaves. Its outcome removes it, adds one
//! line to the audit log and updates what is known of the person, in one transaction. An intent
//! found at the start of a run belongs to a run that died: the device is asked before anything else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use super::rows::row;
use super::{Journal, Machine, Quiet, Store, StoreError, StoreProblem, prune};
use crate::clock::is_future;
use crate::model::{Cause, Change, HolderId, Kind, Record, RecordId, RunId, TargetName, Window};
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
    /// The run whose word stood when it had ended.
    pub relies_on: Option<RunId>,
}

/// Ends a run from beside whoever holds the store, as a process does that a signal ends. Where that cannot be
/// done, the next run finds one without an end, as after a power cut.
pub fn end_from_outside(path: &Path, run: RunId, now: DateTime<Utc>, exit_code: u8) {
    // By hand, since opening a store reads the file beside SQLite, and closing that gives up its locks.
    let end = "UPDATE run SET ended_at = ?2, exit_code = ?3 WHERE id = ?1 AND ended_at IS NULL";
    let done = super::connect(path).map_err(|problem| problem.to_string()).and_then(|connection| {
        let store = Store::around(connection, path);
        store.exec(end, (run, now, exit_code)).map_err(|error| error.to_string())
    });
    if let Err(error) = done {
        log::debug!("{}: the run cannot be ended: {error}", path.display());
    }
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

row!(Intent { run, device, employee_no, member, cause, kind, before, after, fingerprint });

impl Intent {
    /// The intent to carry out a change.
    #[must_use]
    pub fn new(run: RunId, change: &Change) -> Self {
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
    /// Set when nothing was left to do and nothing was wrong.
    pub quiet: Option<Quiet>,
}

impl Journal<'_> {
    /// Begins a run; the first one of a day also forgets what is old.
    ///
    /// # Errors
    /// [`StoreProblem::OtherComputer`] when another computer was here within the last 10 minutes;
    /// [`StoreProblem::Damaged`] when parts of the file are of different times.
    pub fn begin_run(&self, command: &str, now: DateTime<Utc>) -> Result<RunId, StoreError> {
        let last = self.last_run()?;
        if let Some(last) = &last {
            self.check_machine(last, now)?;
            self.check_relies_on(last, self.whose_word()?)?;
        }
        self.0.together(|_| {
            self.drop_quiet()?;
            self.insert_run(command, now, None, last.as_ref())
        })
    }

    /// Adds a run; within the transaction of its caller. It relies on the word that stands.
    pub(super) fn insert_run(
        &self,
        command: &str,
        began: DateTime<Utc>,
        ended_well: Option<DateTime<Utc>>,
        last: Option<&LastRun>,
    ) -> Result<RunId, StoreError> {
        let Store { machine, connection, .. } = self.0;
        if last.is_none_or(|last| last.began.date_naive() != began.date_naive()) {
            prune::prune(self.0, began)?;
        }
        self.0.exec(
            "INSERT INTO run (command, started_at, ended_at, exit_code, machine, boot, relies_on) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT run FROM quiet))",
            (command, began, ended_well, ended_well.map(|_| 0_u8), machine),
        )?;
        RunId::new(connection.last_insert_rowid())
            .map_err(|error| self.0.error(StoreProblem::Damaged(error.to_string())))
    }

    pub(super) fn last_run(&self) -> Result<Option<LastRun>, StoreError> {
        let row = self.0.first(
            "SELECT started_at, ended_at, exit_code, machine, boot, relies_on FROM run \
             WHERE id = (SELECT max(id) FROM run)",
            (),
        )?;
        Ok(row.map(|(began, ended, exit_code, machine, relies_on)| LastRun {
            began,
            seen: Option::unwrap_or(ended, began),
            exit_code,
            machine,
            relies_on,
        }))
    }

    /// A copy that is put back beside the side file of what it replaces is read as a mixture: the runs of one
    /// time, and the members of another. Runs and the word that lets a tick be short stand on different pages,
    /// and each of them says whose word it is.
    pub(super) fn check_of_one_time(&self) -> Result<(), StoreError> {
        // Both at once: a run may be at work.
        self.0.at_once(|| match self.last_run()? {
            Some(last) => self.check_relies_on(&last, self.whose_word()?),
            None => Ok(()),
        })
    }

    fn whose_word(&self) -> Result<Option<RunId>, StoreError> {
        self.0.first("SELECT run FROM quiet", ())
    }

    /// The same, of what was read already.
    pub(super) fn check_relies_on(
        &self,
        last: &LastRun,
        whose_word: Option<RunId>,
    ) -> Result<(), StoreError> {
        if last.relies_on == whose_word {
            return Ok(());
        }
        let run = |id: Option<RunId>| id.map_or("none".to_owned(), |id| id.to_string());
        Err(self.0.error(StoreProblem::Damaged(format!(
            "parts of it are of different times, as in a copy put back beside another one's -wal file (what \
             runs may rely on is of run {}, and the last one relied on run {})",
            run(whose_word),
            run(last.relies_on)
        ))))
    }

    /// Two computers with one file must notice: their locks may not reach each other.
    fn check_machine(&self, last: &LastRun, now: DateTime<Utc>) -> Result<(), StoreError> {
        if !self.0.machine.is_other_than(&last.machine) {
            return Ok(());
        }
        // Their clocks may differ, so "in ten minutes" is as near as "ten minutes ago".
        let silence = now.signed_duration_since(last.seen).abs();
        if silence < TAKEN_OVER_AFTER {
            let minutes = silence.num_minutes();
            return Err(self.0.error(StoreProblem::OtherComputer { minutes }));
        }
        log::warn!(
            "{}: the last run was made by another computer; this one takes over",
            self.0.path.display()
        );
        Ok(())
    }

    /// Ends a run, and adds its requests to the counts.
    pub fn end_run(&self, run: RunId, now: DateTime<Utc>, end: &RunEnd) -> Result<(), StoreError> {
        let relies_on = end.quiet.as_ref().map(|_| run);
        self.0.together(|store| {
            store.exec(
                "UPDATE run SET ended_at = ?2, exit_code = ?3, confirmed = ?4, failed = ?5, \
                 relies_on = ?6 WHERE id = ?1",
                (run, now, end.exit_code, end.confirmed, end.failed, relies_on),
            )?;
            self.count_requests(&end.requests)?;
            end.quiet.as_ref().map_or(Ok(()), |quiet| self.keep_quiet(quiet, run))
        })
    }

    /// Adds requests to the counts; within a transaction of its caller.
    pub(super) fn count_requests(
        &self,
        requests: &BTreeMap<String, u64>,
    ) -> Result<(), StoreError> {
        for (target, count) in requests.iter().filter(|(_, count)| **count > 0) {
            self.0.exec(
                "INSERT INTO request (target, total) VALUES (?1, ?2) \
                 ON CONFLICT (target) DO UPDATE SET total = total + ?2",
                (target, count),
            )?;
        }
        Ok(())
    }

    /// Announces writes. When this returns, the intents are on the disk, and the audit log takes their outcomes:
    /// nobody has looked at its pages, and a door must not be written to that cannot be told of.
    ///
    /// # Errors
    /// Nothing may be written to the device.
    pub fn announce(&self, intents: &[Intent], now: DateTime<Utc>) -> Result<(), StoreError> {
        self.0.together(|store| {
            store.exec("SAVEPOINT tried", ())?;
            for intent in intents {
                self.log(intent, &Outcome::sent(OutcomeKind::Confirmed, None, None), now)?;
            }
            store.exec("ROLLBACK TO tried", ())?;
            store.exec("RELEASE tried", ())?;
            store
                .prepare(
                    "INSERT INTO intent VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
                )?
                .run_each(intents)
        })
    }

    /// Takes back an announcement of a write that never left.
    pub fn withdraw(&self, device: &TargetName, employee_no: &RecordId) -> Result<(), StoreError> {
        self.0.exec(
            "DELETE FROM intent WHERE device = ?1 AND employee_no = ?2",
            (device, employee_no),
        )
    }

    /// The announced writes of a device that have no outcome: the run that made them died.
    pub fn open_intents(&self, device: &TargetName) -> Result<Vec<Intent>, StoreError> {
        self.0.all("SELECT * FROM intent WHERE device = ?1", device)
    }

    /// Records how announced writes ended, all of them or none.
    pub fn settle(
        &self,
        outcomes: &[(Intent, Outcome)],
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.0.together(|_| {
            outcomes.iter().try_for_each(|(intent, outcome)| self.settle_one(intent, outcome, at))
        })
    }

    /// Adds a line to the audit log.
    fn log(&self, intent: &Intent, outcome: &Outcome, at: DateTime<Utc>) -> Result<(), StoreError> {
        // ?12 is the fingerprint, which is of no use afterwards.
        self.0.exec(
            "INSERT INTO change VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?13, ?14, \
             ?15, ?16, (SELECT ?13 - since_at FROM waiting \
             WHERE device = ?2 AND employee_no = ?3 AND kind = ?7))",
            (intent, at, outcome.kind, &outcome.error, outcome.is_sent),
        )
    }

    fn settle_one(
        &self,
        intent: &Intent,
        outcome: &Outcome,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (store, device, employee_no) = (self.0, &intent.device, &intent.employee_no);
        self.log(intent, outcome, at)?;
        let devices = store.devices();
        // Who moved counts at the next reading, together with all others there: a device whose numbers were
        // given anew shows by how many have other names than at the last one.
        if let Some(person) = outcome.person.as_ref().filter(|_| outcome.kind != OutcomeKind::Moved)
        {
            devices.put_person(device, person)?;
        }
        if outcome.kind == OutcomeKind::Confirmed {
            devices.confirm(device, employee_no, intent.after, at)?;
            devices.remember_writing(intent)?;
            store.pending().forget_waiting(device, employee_no)?;
            devices.end_first_run(device, at)?;
        } else {
            devices.require_reading(device)?;
            if outcome.is_sent {
                store.pending().remember_try(device, employee_no, at)?;
            }
        }
        self.withdraw(device, employee_no)
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
        let sent: Vec<(RecordId, Option<DateTime<Utc>>)> = self.0.all(
            "SELECT employee_no, at FROM change WHERE device = ?1 AND at >= ?2 \
             AND kind = 'revocation' AND sent UNION ALL \
             SELECT employee_no, NULL FROM intent WHERE device = ?1 AND kind = 'revocation'",
            (device, since),
        )?;
        let counts = |at: &Option<_>| !at.is_some_and(|at| is_future(at, now));
        let persons: BTreeSet<_> =
            sent.iter().filter(|(_, at)| counts(at)).map(|(person, _)| person).collect();
        Ok(persons.len())
    }
}
