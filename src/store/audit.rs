//! The audit log as it is read, and the decisions of persons in it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use super::rows::{Columns, FromColumns, row};
use super::{Journal, Overview, StoreError, StoreProblem};
use crate::model::{
    Email, HolderId, HolderNumber, Kind, RecordId, RunId, TargetName, Times, Window,
};
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

/// A line of the audit log and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditLine {
    pub member: HolderId,
    pub kind: Kind,
    pub entry: AuditEntry,
}

/// What a member is called now; nothing of it for one who is not known any more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    pub number: Option<HolderNumber>,
    pub email: Option<Email>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
}

row!(Names { number, email, first_name, last_name });

impl Names {
    /// First and last name with one space between, as far as there are any.
    #[must_use]
    pub fn name(&self) -> String {
        let [first, last] = [&self.first_name, &self.last_name].map(|part| part.as_deref());
        format!("{} {}", first.unwrap_or_default(), last.unwrap_or_default()).trim().to_owned()
    }
}

/// A line of the audit log with the names that are known now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedLine {
    pub line: AuditLine,
    /// What the door calls the person.
    pub person_name: Option<String>,
    pub member: Names,
}

impl FromColumns for NamedLine {
    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        let (line, person_name, member) = columns.next()?;
        Ok(Self { line, person_name, member })
    }
}

impl FromColumns for AuditLine {
    /// A row of `change` from its second column on.
    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        let (run, device, employee_no) = columns.next()?;
        let (member, cause, kind) = columns.next()?;
        let (before, after, at) = columns.next()?;
        let (outcome, error) = columns.next()?;
        let entry =
            AuditEntry { at, run, device, employee_no, cause, before, after, outcome, error };
        Ok(Self { member, kind, entry })
    }
}

impl Journal<'_> {
    /// Writes into the audit log that somebody who looked has accepted a link.
    pub fn record_accepted_link(
        &self,
        run: RunId,
        device: &TargetName,
        (employee_no, member): (&RecordId, &HolderId),
        held: Option<Window>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.0.exec(
            "INSERT INTO change VALUES (NULL, ?1, ?2, ?3, ?4, ?5, 'link-accepted', 'grant', ?6, ?7, \
             ?6, ?7, ?8, 'accepted', NULL, FALSE, NULL)",
            (run, device, employee_no, member, held, at),
        )
    }

    /// The audit log of one member, newest first, at most `limit` lines.
    pub fn history(&self, member: &HolderId, limit: u32) -> Result<Vec<AuditEntry>, StoreError> {
        let lines: Vec<AuditLine> = self.0.all(
            "SELECT run, device, employee_no, source, holder, cause, kind, before_begin, before_end, \
             after_begin, after_end, at, outcome, error FROM change \
             WHERE source = ?1 AND holder = ?2 ORDER BY id DESC LIMIT ?3",
            (member, limit),
        )?;
        Ok(lines.into_iter().map(|line| line.entry).collect())
    }
}

impl Overview<'_> {
    /// The audit log of everybody since then, newest first, at most `limit` lines.
    pub fn audit_since(
        &self,
        since: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<AuditLine>, StoreError> {
        self.0.all(
            "SELECT run, device, employee_no, source, holder, cause, kind, before_begin, before_end, \
             after_begin, after_end, at, outcome, error FROM change \
             WHERE at >= ?1 ORDER BY at DESC, id DESC LIMIT ?2",
            (since, limit),
        )
    }

    /// The same of everybody who is wanted, or on one door, all of it and with names.
    pub fn named_since(
        &self,
        since: DateTime<Utc>,
        device: Option<&TargetName>,
        is_wanted: impl Fn(&AuditLine) -> bool,
    ) -> Result<Vec<NamedLine>, StoreError> {
        let mut lines = Vec::new();
        let mut statement = self.0.prepare(
            "SELECT run, change.device, change.employee_no, change.source, change.holder, cause, kind, \
             before_begin, before_end, after_begin, after_end, at, outcome, error, \
             person.name, number, member.email, first_name, last_name FROM change \
             LEFT JOIN person ON person.device = change.device \
             AND person.employee_no = change.employee_no \
             LEFT JOIN member ON member.source = change.source AND member.holder = change.holder \
             WHERE at >= ?1 AND (?2 IS NULL OR change.device = ?2) ORDER BY at DESC, change.id DESC",
        )?;
        statement.each((since, device), |line: NamedLine| {
            if is_wanted(&line.line) {
                lines.push(line);
            }
            Ok(())
        })?;
        Ok(lines)
    }

    /// Every member who is known, or stands in the audit log.
    pub fn everybody(&self) -> Result<Vec<(HolderId, Names)>, StoreError> {
        self.0.all(
            "SELECT source, holder, number, email, first_name, last_name FROM member UNION \
             SELECT source, holder, NULL, NULL, NULL, NULL FROM change WHERE NOT EXISTS \
             (SELECT * FROM member WHERE source = change.source AND holder = change.holder)",
            (),
        )
    }

    /// Every person who is on a door, or stands in the audit log.
    pub fn persons_ever(&self) -> Result<BTreeSet<RecordId>, StoreError> {
        self.0.all("SELECT employee_no FROM person UNION SELECT employee_no FROM change", ())
    }

    /// Every device that stands in the audit log.
    pub fn devices_changed(&self) -> Result<BTreeSet<TargetName>, StoreError> {
        self.0.all("SELECT DISTINCT device FROM change", ())
    }
}
