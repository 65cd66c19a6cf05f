//! Who was written to on a target where a change is in force only once it is committed, and is not known
//! to be in force.
//!
//! Durable with the announcement of the write, so that a run that dies between write and commit loses
//! nothing: the next run commits what was not committed, and asks about what was.

use chrono::{DateTime, Utc};

use super::rows::row;
use super::{Journal, StoreError};
use crate::model::{RecordId, TargetName};

/// A record that was written and is not known to be in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncommitted {
    pub employee_no: RecordId,
    /// When the first write was announced that is not known to be in force.
    pub since: DateTime<Utc>,
    /// The target was asked to put it in force.
    pub is_queued: bool,
}

row!(Uncommitted { employee_no, since, is_queued });

impl Journal<'_> {
    /// Notes that records are about to be written, and gives those that were not noted yet.
    pub fn expect_commits(
        &self,
        device: &TargetName,
        ids: &[RecordId],
        at: DateTime<Utc>,
    ) -> Result<Vec<RecordId>, StoreError> {
        let mut known = self.0.prepare(
            "UPDATE uncommitted SET is_queued = 0 WHERE device = ?1 AND employee_no = ?2",
        )?;
        let mut new = Vec::new();
        for id in ids {
            if known.run((device, id))? == 0 {
                self.0.exec(
                    "INSERT INTO uncommitted (device, employee_no, since_at, is_queued) \
                     VALUES (?1, ?2, ?3, 0)",
                    (device, id, at),
                )?;
                new.push(id.clone());
            }
        }
        Ok(new)
    }

    /// Notes that the target was asked to put records in force.
    pub fn commit_queued(
        &self,
        device: &TargetName,
        ids: &[RecordId],
        is_queued: bool,
    ) -> Result<(), StoreError> {
        self.0.together(|store| {
            store
                .prepare(
                    "UPDATE uncommitted SET is_queued = ?3 WHERE device = ?1 AND employee_no = ?2",
                )?
                .run_each(ids.iter().map(|id| (device, id, is_queued)))
        })
    }

    /// Forgets records that are in force, or were not written after all.
    pub fn forget_commits(&self, device: &TargetName, ids: &[RecordId]) -> Result<(), StoreError> {
        self.0
            .prepare("DELETE FROM uncommitted WHERE device = ?1 AND employee_no = ?2")?
            .run_each(ids.iter().map(|id| (device, id)))
    }

    /// The records of a target that are not known to be in force.
    pub fn uncommitted(&self, device: &TargetName) -> Result<Vec<Uncommitted>, StoreError> {
        self.0.all(
            "SELECT employee_no, since_at, is_queued FROM uncommitted WHERE device = ?1",
            device,
        )
    }
}
