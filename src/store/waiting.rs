//! Who waits for a change that is not on the door yet, and since when.
//!
//! Written before anything is carried out, so that a run that dies leaves it; a confirmed outcome takes
//! its line away in the same transaction. It decides nothing: every run plans anew.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};
use serde::{Serialize, Serializer};

use super::convert::{damaged, instant_in, instant_out, wall_out, window_in};
use super::{Store, StoreError};
use crate::model::{Budget, Change, Kind};
use crate::model::{HolderId, RecordId, TargetName, Window};
use crate::text::times::whole_seconds;

/// A change that a run wanted and that is not on the door yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    pub device: TargetName,
    pub employee_no: RecordId,
    #[serde(flatten)]
    pub member: HolderId,
    pub kind: Kind,
    /// A closed door would open: the member stands outside until then.
    pub opens_door: bool,
    /// What the person shall hold.
    #[serde(rename = "end", serialize_with = "end")]
    pub after: Window,
    /// When a run first wanted a change of this kind for the person.
    #[serde(serialize_with = "whole_seconds")]
    pub since: DateTime<Utc>,
    /// What keeps it back until somebody approves it.
    #[serde(rename = "blocked_by")]
    pub budget: Option<Budget>,
    /// Why it was not done, as a fragment.
    #[serde(rename = "error")]
    pub trouble: Option<String>,
}

fn end<S: Serializer>(window: &Window, serializer: S) -> Result<S::Ok, S::Error> {
    window.end().serialize(serializer)
}

impl Waiting {
    /// A change that waits since now, unless the file knows better.
    #[must_use]
    pub fn of(change: &Change, trouble: Option<String>, now: DateTime<Utc>) -> Self {
        Self {
            device: change.device.clone(),
            employee_no: change.employee_no.clone(),
            member: change.member.clone(),
            kind: change.kind,
            opens_door: change.opens_door,
            after: change.after,
            budget: change.blocked,
            trouble,
            since: now,
        }
    }
}

impl Store {
    /// Keeps what waits. Whoever waited before for a change of the same kind waits since then. With
    /// `is_everybody`, whoever is not named waits no more.
    pub fn keep_waiting(
        &mut self,
        waiting: &[Waiting],
        is_everybody: bool,
    ) -> Result<(), StoreError> {
        let gone = match is_everybody {
            true => self.waiting()?,
            false => Vec::new(),
        };
        // A whole club may wait for a door that is away.
        let place = |one: &Waiting| (one.device.clone(), one.employee_no.clone());
        let named: BTreeSet<_> = waiting.iter().map(place).collect();
        let gone: Vec<Waiting> =
            gone.into_iter().filter(|old| !named.contains(&place(old))).collect();
        if waiting.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let transaction = self.piece()?;
        for old in &gone {
            transaction
                .prepare_cached("DELETE FROM waiting WHERE device = ?1 AND employee_no = ?2")?
                .execute([old.device.as_str(), old.employee_no.as_str()])?;
        }
        for one in waiting {
            transaction
                .prepare_cached(
                    "INSERT INTO waiting (device, employee_no, source, holder, \
                     kind, opens_door, after_begin, after_end, budget, trouble, since_at) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
                     ON CONFLICT (device, employee_no) DO UPDATE SET source = ?3, \
                     holder = ?4, kind = ?5, opens_door = ?6, after_begin = ?7, \
                     after_end = ?8, budget = ?9, trouble = ?10, \
                     since_at = CASE WHEN kind = ?5 THEN min(since_at, ?11) ELSE ?11 END",
                )?
                .execute(params![
                    one.device.as_str(),
                    one.employee_no.as_str(),
                    self.account(&one.member.source),
                    one.member.as_str(),
                    one.kind.as_str(),
                    one.opens_door,
                    wall_out(one.after.begin()),
                    wall_out(one.after.end()),
                    one.budget.map(Budget::as_str),
                    one.trouble,
                    instant_out(one.since),
                ])?;
        }
        transaction.commit()
    }

    /// Remembers that a write was tried and came to nothing that is worth an outcome: the door was busy.
    pub fn remember_try(
        &self,
        device: &TargetName,
        employee_no: &RecordId,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        tried(&self.connection, device, employee_no, at)
    }

    /// Who waits at a device although a write was tried, and when that was last.
    pub fn last_tries(
        &self,
        device: &TargetName,
    ) -> Result<BTreeMap<RecordId, DateTime<Utc>>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT employee_no, tried_at FROM waiting WHERE device = ?1 AND tried_at IS NOT NULL",
        )?;
        let mut rows = statement.query([device.as_str()])?;
        let mut tries = BTreeMap::new();
        while let Some(row) = rows.next()? {
            tries.insert(row.get(0)?, instant_in(row.get(1)?)?);
        }
        Ok(tries)
    }

    /// Everything that waits, by device and person.
    pub fn waiting(&self) -> Result<Vec<Waiting>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT device, employee_no, source, holder, kind, opens_door, \
             after_begin, after_end, budget, trouble, since_at FROM waiting \
             ORDER BY device, employee_no",
        )?;
        let mut rows = statement.query([])?;
        let mut waiting = Vec::new();
        while let Some(row) = rows.next()? {
            let (kind, budget): (String, Option<String>) = (row.get(4)?, row.get(8)?);
            let is_known = |known: &Budget, word: &str| known.as_str() == word;
            waiting.push(Waiting {
                device: row.get(0)?,
                employee_no: row.get(1)?,
                member: self.key_in(row, 2)?,
                kind: Kind::from_word(&kind).ok_or_else(|| damaged("a kind of change", &kind))?,
                opens_door: row.get(5)?,
                after: window_in(row.get(6)?, row.get(7)?)?
                    .ok_or_else(|| damaged("a window", "NULL"))?,
                budget: budget
                    .map(|word| {
                        let budget = Budget::ALL.into_iter().find(|known| is_known(known, &word));
                        budget.ok_or_else(|| damaged("a budget", &word))
                    })
                    .transpose()?,
                trouble: row.get(9)?,
                since: instant_in(row.get(10)?)?,
            });
        }
        Ok(waiting)
    }
}

/// Whoever waits waits behind those who were never tried.
pub(super) fn tried(
    connection: &Connection,
    device: &TargetName,
    employee_no: &RecordId,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE waiting SET tried_at = ?3 WHERE device = ?1 AND employee_no = ?2")?
        .execute(params![device.as_str(), employee_no.as_str(), instant_out(at)])?;
    Ok(())
}
