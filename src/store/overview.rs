//! What `status` tells: runs, devices, blocked plans, the audit log of many members, counts.
//!
//! Reads only.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};
use serde::Serialize;

use super::audit::entry_in;
use super::convert::{damaged, instant_in, instant_out};
use super::{AuditEntry, Store, StoreError};
use crate::model::Kind;
use crate::model::{HolderId, RunId, TargetName};
use crate::text::times::whole_seconds;

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PastRun {
    pub id: RunId,
    /// `sync` or `apply`.
    pub command: String,
    #[serde(serialize_with = "whole_seconds")]
    pub began: DateTime<Utc>,
    /// When it ended; `None`: it is at work, or was cut off.
    #[serde(serialize_with = "whole_seconds")]
    pub ended: Option<DateTime<Utc>>,
    pub exit_code: Option<u8>,
    /// Changes that were confirmed.
    pub confirmed: u64,
    /// Changes that were tried and are not.
    pub failed: u64,
}

/// What is remembered of a device beside its persons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceOverview {
    /// Persons on it when it was last read.
    pub persons: u64,
    /// When its persons were last read whole.
    pub read_at: Option<DateTime<Utc>>,
    /// When somebody on it was last seen to hold what they should.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// Its version, when it was last read.
    pub version: Option<String>,
}

/// A blocked plan, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlockedOverview {
    pub id: String,
    /// When the run that first made it began.
    #[serde(rename = "since", serialize_with = "whole_seconds")]
    pub made_at: DateTime<Utc>,
}

/// How long grants waited, over the whole audit log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct GrantDelay {
    /// Confirmed grants of which it is known.
    pub count: u64,
    /// Seconds in all, from the run that first wanted the change until the door was seen to hold it.
    pub seconds: u64,
    #[serde(rename = "longest_seconds")]
    pub longest: u64,
}

/// A line of the audit log and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    pub member: HolderId,
    pub kind: Kind,
    pub entry: AuditEntry,
}

impl Store {
    /// The last runs, newest first.
    pub fn runs(&self, limit: u32) -> Result<Vec<PastRun>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, command, started_at, ended_at, exit_code, confirmed, failed FROM run \
             WHERE id > 0 ORDER BY id DESC LIMIT ?1",
        )?;
        let mut rows = statement.query([limit])?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next()? {
            runs.push(run_of(row)?);
        }
        Ok(runs)
    }

    /// The last run that ended with 0.
    pub fn last_success(&self) -> Result<Option<PastRun>, StoreError> {
        // Runs are in the order of their ids, and one that went well is rarely far back.
        let mut statement = self.connection.prepare_cached(
            "SELECT id, command, started_at, ended_at, exit_code, confirmed, failed FROM run \
             WHERE id > 0 AND exit_code = 0 AND command = 'sync' ORDER BY id DESC LIMIT 1",
        )?;
        let mut rows = statement.query([])?;
        rows.next()?.map(run_of).transpose()
    }

    /// What is remembered of a device.
    pub fn device_overview(&self, device: &TargetName) -> Result<DeviceOverview, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT read_at, version, \
             (SELECT count(*) FROM person WHERE person.device = device.name), \
             (SELECT max(confirmed_at) FROM person WHERE person.device = device.name) \
             FROM device WHERE name = ?1",
        )?;
        let mut rows = statement.query([device.as_str()])?;
        let Some(row) = rows.next()? else { return Ok(DeviceOverview::default()) };
        let (read_at, confirmed_at): (Option<i64>, Option<i64>) = (row.get(0)?, row.get(3)?);
        Ok(DeviceOverview {
            persons: row.get(2)?,
            read_at: read_at.map(instant_in).transpose()?,
            confirmed_at: confirmed_at.map(instant_in).transpose()?,
            version: row.get(1)?,
        })
    }

    /// The plans that wait for approval.
    pub fn blocked_plans(&self) -> Result<Vec<BlockedOverview>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, made_at FROM blocked_plan ORDER BY made_at, id")?;
        let mut rows = statement.query([])?;
        let mut plans = Vec::new();
        while let Some(row) = rows.next()? {
            plans.push(BlockedOverview { id: row.get(0)?, made_at: instant_in(row.get(1)?)? });
        }
        Ok(plans)
    }

    /// The audit log of everybody since then, newest first, at most `limit` lines.
    pub fn audit_since(
        &self,
        since: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<AuditLine>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT at, run, device, employee_no, cause, before_begin, before_end, after_begin, \
             after_end, outcome, error, source, holder, kind FROM change \
             WHERE at >= ?1 ORDER BY at DESC, id DESC LIMIT ?2",
        )?;
        let mut rows = statement.query(params![instant_out(since), limit])?;
        let mut lines = Vec::new();
        while let Some(row) = rows.next()? {
            let kind: String = row.get(13)?;
            let kind = Kind::from_word(&kind).ok_or_else(|| damaged("a kind of change", &kind))?;
            lines.push(AuditLine { member: self.key_in(row, 11)?, kind, entry: entry_in(row)? });
        }
        Ok(lines)
    }

    /// How long grants waited.
    pub fn grant_delay(&self) -> Result<GrantDelay, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*), coalesce(sum(waited), 0), coalesce(max(waited), 0) FROM change \
             WHERE outcome = 'confirmed' AND kind = 'grant' AND waited >= 0",
        )?;
        Ok(statement.query_row([], |row| {
            Ok(GrantDelay { count: row.get(0)?, seconds: row.get(1)?, longest: row.get(2)? })
        })?)
    }

    /// The size of the file in bytes, with what waits in its side file.
    #[must_use]
    pub fn size(&self) -> u64 {
        let length = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |file| file.len());
        length(&self.path).saturating_add(length(&super::lock::beside(&self.path, "-wal")))
    }

    /// HTTP requests that `sync` and `apply` ever made, by target.
    pub fn requests(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT target, total FROM request ORDER BY target")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn run_of(row: &Row<'_>) -> Result<PastRun, StoreError> {
    let ended: Option<i64> = row.get(3)?;
    Ok(PastRun {
        id: RunId::new(row.get(0)?).map_err(|error| damaged("a run", error))?,
        command: row.get(1)?,
        began: instant_in(row.get(2)?)?,
        ended: ended.map(instant_in).transpose()?,
        exit_code: row.get(4)?,
        confirmed: row.get(5)?,
        failed: row.get(6)?,
    })
}
