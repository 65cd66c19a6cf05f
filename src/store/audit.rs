//! The audit log as it is read, and the decisions of persons in it.

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};
use serde::{Serialize, Serializer};

use super::convert::{instant_in, instant_out, wall_out, window_in};
use super::journal::run_in;
use super::{Store, StoreError};
use crate::model::{HolderId, RecordId, RunId, TargetName, Times, Window};
use crate::text::times::whole_seconds;

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEntry {
    /// When the outcome was known.
    #[serde(serialize_with = "whole_seconds")]
    pub at: DateTime<Utc>,
    pub run: RunId,
    pub device: TargetName,
    #[serde(skip)]
    pub employee_no: RecordId,
    /// Why, in the words of [`Cause`](crate::model::Cause).
    pub cause: String,
    /// What the person held.
    #[serde(serialize_with = "times")]
    pub before: Option<Window>,
    /// What was to be written; `None` for a decision that was recorded while the person held no window.
    #[serde(serialize_with = "times")]
    pub after: Option<Window>,
    /// How it ended, in the words of [`OutcomeKind`](super::OutcomeKind), or
    /// `accepted` for a decision of somebody who looked.
    pub outcome: String,
    pub error: Option<String>,
}

fn times<S: Serializer>(window: &Option<Window>, serializer: S) -> Result<S::Ok, S::Error> {
    Times::from(*window).serialize(serializer)
}

impl Store {
    /// Writes into the audit log that somebody who looked has accepted a link.
    pub fn record_accepted_link(
        &self,
        run: RunId,
        device: &TargetName,
        (employee_no, member): (&RecordId, &HolderId),
        held: Option<Window>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (begin, end) = (
            held.map(|window| wall_out(window.begin())),
            held.map(|window| wall_out(window.end())),
        );
        self.exec(
            "INSERT INTO change (run, at, device, employee_no, source, holder, \
             cause, kind, before_begin, before_end, after_begin, after_end, outcome, sent) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'link-accepted', 'grant', ?7, ?8, ?7, ?8, \
             'accepted', FALSE)",
            params![
                run.get(),
                instant_out(at),
                device.as_str(),
                employee_no.as_str(),
                self.account(&member.source),
                member.as_str(),
                begin,
                end,
            ],
        )?;
        Ok(())
    }

    /// The audit log of one member, newest first, at most `limit` lines.
    pub fn history(&self, member: &HolderId, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT at, run, device, employee_no, cause, before_begin, before_end, after_begin, \
             after_end, outcome, error FROM change \
             WHERE source = ?1 AND holder = ?2 ORDER BY id DESC LIMIT ?3",
        )?;
        let mut rows =
            statement.query(params![self.account(&member.source), member.as_str(), limit,])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(entry_in(row)?);
        }
        Ok(entries)
    }
}

pub(super) fn entry_in(row: &Row<'_>) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        at: instant_in(row.get(0)?)?,
        run: run_in(row.get(1)?)?,
        device: row.get(2)?,
        employee_no: row.get(3)?,
        cause: row.get(4)?,
        before: window_in(row.get(5)?, row.get(6)?)?,
        after: window_in(row.get(7)?, row.get(8)?)?,
        outcome: row.get(9)?,
        error: row.get(10)?,
    })
}
