//! Who was written to on a target where a change is in force only once it is committed, and is not known
//! to be in force.
//!
//! Durable with the announcement of the write, so that a run that dies between write and commit loses
//! nothing: the next run commits what was not committed, and asks about what was.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::rows::row;
use super::{Journal, StoreError};
use crate::model::{Change, HolderId, Kind, RecordId, TargetName, Window};
use crate::ports::Written;

/// A record that was written and is not known to be in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncommitted {
    pub employee_no: RecordId,
    /// What the target itself calls it.
    pub handle: String,
    /// For whom it was written.
    pub member: HolderId,
    /// What was written last.
    pub after: Window,
    /// When the first write was announced that is not known to be in force.
    pub since: DateTime<Utc>,
    /// When the target was asked to put it in force; without it, it is to be asked.
    pub asked_at: Option<DateTime<Utc>>,
    /// A closed door is to open: the member stands outside until it is in force.
    pub opens_door: bool,
}

impl Uncommitted {
    /// The same, as the target is asked.
    #[must_use]
    pub fn written(&self) -> Written {
        Written { id: self.employee_no.clone(), handle: self.handle.clone() }
    }
}

row!(Uncommitted { employee_no, handle, member, after, since, asked_at, opens_door });

impl Journal<'_> {
    /// Notes that records are about to be written, each with what the target calls it, and gives those that
    /// were not noted yet.
    pub fn expect_commits(
        &self,
        device: &TargetName,
        changes: &[(&Change, String)],
        at: DateTime<Utc>,
    ) -> Result<BTreeSet<RecordId>, StoreError> {
        let known: BTreeSet<RecordId> =
            self.uncommitted(device)?.into_iter().map(|one| one.employee_no).collect();
        let ids = changes.iter().map(|(change, _)| &change.employee_no);
        let new = ids.filter(|id| !known.contains(id)).cloned().collect();
        self.0.together(|store| {
            // A door that is closed stays so until what opens it is in force, whatever else is granted.
            let mut put = store.prepare(
                "INSERT INTO uncommitted (device, employee_no, handle, source, holder, after_begin, \
                 after_end, since_at, asked_at, opens_door) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL, ?9 AND ?10) \
                 ON CONFLICT (device, employee_no) DO UPDATE SET handle = ?3, source = ?4, \
                 holder = ?5, after_begin = ?6, after_end = ?7, asked_at = NULL, \
                 opens_door = ?9 AND (?10 OR opens_door)",
            )?;
            put.run_each(changes.iter().map(|(change, handle)| {
                let who = (device, &change.employee_no, handle, &change.member);
                let opens = (change.kind == Kind::Grant, change.opens_door);
                (who, change.after, at, opens)
            }))
        })?;
        Ok(new)
    }

    /// Notes when the target was asked to put records in force, or that it is to be asked anew.
    pub fn commit_asked<'i>(
        &self,
        device: &TargetName,
        ids: impl IntoIterator<Item = &'i RecordId>,
        at: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let asked = "UPDATE uncommitted SET asked_at = ?3 WHERE device = ?1 AND employee_no = ?2";
        let ids = ids.into_iter().map(|id| (device, id, at));
        self.0.together(|store| store.prepare(asked)?.run_each(ids))
    }

    /// Forgets records that are in force, or were not written after all.
    pub fn forget_commits<'i>(
        &self,
        device: &TargetName,
        ids: impl IntoIterator<Item = &'i RecordId>,
    ) -> Result<(), StoreError> {
        let forget = "DELETE FROM uncommitted WHERE device = ?1 AND employee_no = ?2";
        let ids = ids.into_iter().map(|id| (device, id));
        self.0.together(|store| store.prepare(forget)?.run_each(ids))
    }

    /// The records of a target that are not known to be in force.
    pub fn uncommitted(&self, device: &TargetName) -> Result<Vec<Uncommitted>, StoreError> {
        self.0.all(
            "SELECT employee_no, handle, source, holder, after_begin, after_end, since_at, asked_at, \
             opens_door FROM uncommitted WHERE device = ?1",
            device,
        )
    }

    /// The targets that have records which are not known to be in force, with how many.
    pub fn uncommitted_targets(&self) -> Result<BTreeMap<TargetName, usize>, StoreError> {
        let rows: Vec<_> =
            self.0.all("SELECT device, count(*) FROM uncommitted GROUP BY device", ())?;
        Ok(rows.into_iter().collect())
    }

    /// Whether a write to a target has no outcome yet, or, where that is asked, is not known to be in force.
    pub fn has_open_writes(&self, device: &TargetName, in_force: bool) -> Result<bool, StoreError> {
        let has = self.0.first(
            "SELECT EXISTS (SELECT 1 FROM intent WHERE device = ?1) \
             OR ?2 AND EXISTS (SELECT 1 FROM uncommitted WHERE device = ?1)",
            (device, in_force),
        )?;
        Ok(has.unwrap_or(true))
    }

    /// Takes over what is open at the same target under the name that its section had before. The caller has
    /// seen that no other section leads to it.
    pub fn follow_renamed(&self, device: &TargetName, serial: &str) -> Result<(), StoreError> {
        if serial.trim().is_empty() {
            return Ok(());
        }
        for follow in [
            "UPDATE OR IGNORE uncommitted SET device = ?1 WHERE device IN \
             (SELECT name FROM device WHERE serial = ?2 AND name <> ?1)",
            "UPDATE OR IGNORE intent SET device = ?1 WHERE device IN \
             (SELECT name FROM device WHERE serial = ?2 AND name <> ?1)",
        ] {
            let moved = self.0.prepare(follow)?.run((device, serial))?;
            if moved > 0 {
                log::info!("{device}: {moved} open writes are those of its section's former name");
            }
        }
        Ok(())
    }
}
