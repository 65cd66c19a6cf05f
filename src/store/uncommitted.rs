//! Who was written to on a target where a change is in force only once it is committed, and is not known
//! to be in force.
//!
//! Durable with the announcement of the write, so that a run that dies between write and commit loses
//! nothing: the next run commits what was not committed, and asks about what was.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::convert::{instant_in, instant_out};
use super::{Store, StoreError};
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

impl Store {
    /// Notes that records are about to be written, and gives those that were not noted yet.
    pub fn expect_commits(
        &self,
        device: &TargetName,
        ids: &[RecordId],
        at: DateTime<Utc>,
    ) -> Result<Vec<RecordId>, StoreError> {
        let mut new = Vec::new();
        for id in ids {
            let name = (device.as_str(), id.as_str());
            let is_known = self.exec(
                "UPDATE uncommitted SET is_queued = 0 WHERE device = ?1 AND employee_no = ?2",
                name,
            )? > 0;
            if !is_known {
                self.exec(
                    "INSERT INTO uncommitted (device, employee_no, since_at, is_queued) \
                     VALUES (?1, ?2, ?3, 0)",
                    params![name.0, name.1, instant_out(at)],
                )?;
                new.push(id.clone());
            }
        }
        Ok(new)
    }

    /// Notes that the target was asked to put records in force.
    pub fn commit_queued(
        &mut self,
        device: &TargetName,
        ids: &[RecordId],
        is_queued: bool,
    ) -> Result<(), StoreError> {
        self.together(|store| {
            for id in ids {
                store.exec(
                    "UPDATE uncommitted SET is_queued = ?3 WHERE device = ?1 AND employee_no = ?2",
                    params![device.as_str(), id.as_str(), is_queued],
                )?;
            }
            Ok(())
        })
    }

    /// Forgets records that are in force, or were not written after all.
    pub fn forget_commits(&self, device: &TargetName, ids: &[RecordId]) -> Result<(), StoreError> {
        for id in ids {
            self.exec(
                "DELETE FROM uncommitted WHERE device = ?1 AND employee_no = ?2",
                (device.as_str(), id.as_str()),
            )?;
        }
        Ok(())
    }

    /// The records of a target that are not known to be in force.
    pub fn uncommitted(&self, device: &TargetName) -> Result<Vec<Uncommitted>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT employee_no, since_at, is_queued FROM uncommitted WHERE device = ?1",
        )?;
        let mut rows = statement.query([device.as_str()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(Uncommitted {
                employee_no: row.get(0)?,
                since: instant_in(row.get(1)?)?,
                is_queued: row.get(2)?,
            });
        }
        Ok(found)
    }
}
