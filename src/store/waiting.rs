//! Who waits for a change that is not on the door yet, and since when.
//!
//! Written before anything is carried out, so that a run that dies leaves it; a confirmed outcome takes
//! its line away in the same transaction. It decides nothing: every run plans anew.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use super::rows::row;
use super::{Pending, StoreError};
use crate::model::{Budget, Change, HolderId, Kind, RecordId, TargetName, Window};
use crate::text::times::whole_seconds;

/// A change that a run wanted and that is not on the door yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    pub device: TargetName,
    pub employee_no: RecordId,
    #[serde(flatten)]
    pub member: HolderId,
    pub kind: Kind,
    /// A closed door would open: the member cannot get in until then.
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
    pub fn new(change: &Change, trouble: Option<String>, now: DateTime<Utc>) -> Self {
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

row!(Waiting { device, employee_no, member, kind, opens_door, after, budget, trouble, since });

impl Pending<'_> {
    /// Keeps what waits. Whoever waited before for a change of the same kind waits since then. With
    /// `is_everybody`, whoever is not named waits no more.
    pub fn keep_waiting(&self, waiting: &[Waiting], is_everybody: bool) -> Result<(), StoreError> {
        let gone = match is_everybody {
            true => self.waiting()?,
            false => Vec::new(),
        };
        // A whole club may wait for a door that is unreachable.
        let place = |one: &Waiting| (one.device.clone(), one.employee_no.clone());
        let named: BTreeSet<_> = waiting.iter().map(place).collect();
        let gone: Vec<Waiting> =
            gone.into_iter().filter(|old| !named.contains(&place(old))).collect();
        if waiting.is_empty() && gone.is_empty() {
            return Ok(());
        }
        self.0.together(|store| {
            for old in &gone {
                self.forget_waiting(&old.device, &old.employee_no)?;
            }
            store.prepare(
                "INSERT INTO waiting VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, NULL) \
                 ON CONFLICT (device, employee_no) DO UPDATE SET source = ?3, holder = ?4, kind = ?5, \
                 opens_door = ?6, after_begin = ?7, after_end = ?8, budget = ?9, trouble = ?10, \
                 since_at = CASE WHEN kind = ?5 THEN min(since_at, ?11) ELSE ?11 END",
            )?
            .run_each(waiting)
        })
    }

    /// Remembers that a write was tried and not confirmed: whoever waits waits behind those who were never
    /// tried.
    pub fn remember_try(
        &self,
        device: &TargetName,
        employee_no: &RecordId,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.0.exec(
            "UPDATE waiting SET tried_at = ?3 WHERE device = ?1 AND employee_no = ?2",
            (device, employee_no, at),
        )
    }

    pub(super) fn forget_waiting(
        &self,
        device: &TargetName,
        employee_no: &RecordId,
    ) -> Result<(), StoreError> {
        self.0.exec(
            "DELETE FROM waiting WHERE device = ?1 AND employee_no = ?2",
            (device, employee_no),
        )
    }

    /// Who waits at a device although a write was tried, and when that was last.
    pub fn last_tries(
        &self,
        device: &TargetName,
    ) -> Result<BTreeMap<RecordId, DateTime<Utc>>, StoreError> {
        self.0.all(
            "SELECT employee_no, tried_at FROM waiting WHERE device = ?1 AND tried_at IS NOT NULL",
            device,
        )
    }

    /// Everything that waits, by device and person.
    pub fn waiting(&self) -> Result<Vec<Waiting>, StoreError> {
        self.0.all(
            "SELECT device, employee_no, source, holder, kind, opens_door, after_begin, after_end, \
             budget, trouble, since_at FROM waiting ORDER BY device, employee_no",
            (),
        )
    }
}
