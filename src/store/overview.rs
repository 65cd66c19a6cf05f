//! What `status` tells: runs, devices, blocked plans, the audit log of many members, counts.
//!
//! Reads only.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::rows::row;
use super::{Overview, Store, StoreError};
use crate::model::{RunId, TargetName};
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

row!(PastRun { id, command, began, ended, exit_code, confirmed, failed });
row!(DeviceOverview { persons, read_at, confirmed_at, version });
row!(BlockedOverview { id, made_at });
row!(GrantDelay { count, seconds, longest });

impl Overview<'_> {
    /// The last runs, newest first.
    pub fn runs(&self, limit: u32) -> Result<Vec<PastRun>, StoreError> {
        self.0.all(
            "SELECT id, command, started_at, ended_at, exit_code, confirmed, failed FROM run \
             WHERE id > 0 ORDER BY id DESC LIMIT ?1",
            limit,
        )
    }

    /// The last run that ended with 0.
    pub fn last_success(&self) -> Result<Option<PastRun>, StoreError> {
        // Runs are in the order of their ids, and one that went well is rarely far back.
        self.0.first(
            "SELECT id, command, started_at, ended_at, exit_code, confirmed, failed FROM run \
             WHERE id > 0 AND exit_code = 0 AND command = 'sync' ORDER BY id DESC LIMIT 1",
            (),
        )
    }

    pub fn device_overview(&self, device: &TargetName) -> Result<DeviceOverview, StoreError> {
        let row = self.0.first(
            "SELECT (SELECT count(*) FROM person WHERE person.device = device.name), read_at, \
             (SELECT max(confirmed_at) FROM person WHERE person.device = device.name), version \
             FROM device WHERE name = ?1",
            device,
        )?;
        Ok(row.unwrap_or_default())
    }

    /// The plans that wait for approval.
    pub fn blocked_plans(&self) -> Result<Vec<BlockedOverview>, StoreError> {
        self.0.all("SELECT id, made_at FROM blocked_plan ORDER BY made_at, id", ())
    }

    /// How long grants waited.
    pub fn grant_delay(&self) -> Result<GrantDelay, StoreError> {
        let row = self.0.first("SELECT grants, seconds, longest FROM grant_delay", ())?;
        Ok(row.unwrap_or_default())
    }

    /// HTTP requests that `sync` and `apply` ever made, by target.
    pub fn requests(&self) -> Result<BTreeMap<String, u64>, StoreError> {
        self.0.all("SELECT target, total FROM request ORDER BY target", ())
    }
}

impl Store {
    /// The size of the file in bytes, with what waits in its side file.
    #[must_use]
    pub fn size(&self) -> u64 {
        let length = |path: &std::path::Path| std::fs::metadata(path).map_or(0, |file| file.len());
        length(&self.path).saturating_add(length(&super::lock::beside(&self.path, "-wal")))
    }
}
