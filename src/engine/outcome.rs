//! What a run has to say of each source, target, link and change.

use std::borrow::Cow;
use std::path::Path;

use serde::{Serialize, Serializer};

use crate::model::{
    Change, Email, HolderId, LinkRule, RecordId, RowReason, SourceName, TargetName, UnusableRow,
};
use crate::store::OutcomeKind;
use crate::text::words::words;

/// A member whose link is kept although the rule that made it no longer gives it, an e-mail changed
/// in Cardskipper, say: nobody else claims the person, and somebody should correct one side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptLink {
    #[serde(skip)]
    pub source: SourceName,
    #[serde(flatten)]
    pub member: HolderId,
    pub device: TargetName,
    pub employee_no: RecordId,
    /// The rule that made the link.
    #[serde(rename = "linked_by")]
    pub rule: LinkRule,
}

/// What one organisation answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceReport {
    pub name: SourceName,
    /// What its system is called.
    #[serde(skip)]
    pub system: &'static str,
    /// A complete listing, or changes only.
    #[serde(rename = "listing", serialize_with = "listing")]
    pub is_complete: bool,
    /// Members in the answer; none when there was no answer.
    pub members: usize,
    /// Whether the answer counts.
    pub accepted: bool,
    pub reason: Option<String>,
}

fn listing<S: Serializer>(is_complete: &bool, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *is_complete { "complete" } else { "changes" })
}

/// How one device fared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TargetReport {
    pub name: TargetName,
    /// How many persons are known there.
    pub persons: usize,
    pub outcome: TargetOutcome,
}

words! {
    /// How one device fared.
    pub enum TargetOutcome {
        /// Answered wherever it was asked.
        Ok = "ok",
        Unreachable = "unreachable",
        /// Refused the login, or is left alone because it did.
        LoginRefused = "login-refused",
        /// It takes the login, and a right, a licence or a permission is missing.
        RightMissing = "right-missing",
        /// Its clock is off by more than 60 seconds: nothing is written there.
        ClockWrong = "clock-wrong",
        /// Answered as another device, or without its persons: nothing is written there.
        NotBelieved = "not-believed",
        /// Mode "observe": looked at, never written.
        Observed = "observed",
    }
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeState {
    /// Not tried (`diff`), or not reached: the next tick tries it.
    Planned,
    Tried(OutcomeKind),
    Blocked,
    /// Only one listing says so: the next run asks again, and then carries it out.
    SecondLook,
}

impl ChangeState {
    /// What a planned change waits for before it is tried.
    #[must_use]
    pub fn before_it_is_tried(change: &Change) -> Self {
        match change.blocked {
            None => Self::Planned,
            Some(hold) if hold.needs_approval() => Self::Blocked,
            Some(_) => Self::SecondLook,
        }
    }

    /// As in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned | Self::SecondLook => "planned",
            Self::Tried(outcome) => outcome.as_str(),
            Self::Blocked => "blocked",
        }
    }

    /// Confirmed on the device.
    #[must_use]
    pub fn is_confirmed(self) -> bool {
        self == Self::Tried(OutcomeKind::Confirmed)
    }
}

/// A row of a link file that links nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowLeftOut {
    /// The file, as the configuration names it.
    pub file: String,
    /// The row in the sheet, or the line in a CSV file.
    pub line: u32,
    pub reason: RowReason,
    /// Whose row it is, or what stands in it; empty where that must not be shown.
    pub who: String,
}

impl RowLeftOut {
    /// Takes a row of a file, with whose it is where that may be shown.
    #[must_use]
    pub fn new(path: &Path, row: &UnusableRow, is_personal: bool) -> Self {
        let who = if is_personal { who(row) } else { String::new() };
        Self { file: path.to_string_lossy().into_owned(), line: row.line, reason: row.reason, who }
    }
}

fn who(row: &UnusableRow) -> String {
    let person = row.employee_no.as_ref().map(|id| Cow::Owned(format!("person {id}")));
    let emails = row.emails.iter().map(|email| Cow::Borrowed(Email::as_str(email)));
    let member = row.number.as_ref().map(|number| Cow::Owned(format!("member {number}")));
    let is_shown = row.emails.is_empty() && member.is_none();
    let mut parts: Vec<_> = person.into_iter().chain(emails).chain(member).collect();
    if is_shown && !row.cell.is_empty() {
        parts.push(Cow::Owned(format!("\"{}\"", row.cell)));
    }
    parts.join(", ")
}
