//! Plan files: what `diff --out` writes and `apply` carries out.
//!
//! A plan file is the `diff` document plus `made_at`, `expires_at`, the fingerprint of each touched
//! person as read, and a SHA-256 over the content, which shows an accident or a careless edit:
//! reformatting is no change and everything else is. What shows a forger is the seal over the hash,
//! which only this installation can make.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::json::{self, OfClub};
use super::{ChangeState, Report};
use crate::engine::gates::ReviewedRow;
use crate::engine::plan::{Budget, Cause, Change, Kind};
use crate::model::{
    Accounts, Days, HolderId, Limit, PlateRules, RecordId, RightRef, RowVerb, SourceName,
    TargetName, Verb, Window, inert_json,
};
use crate::ports::FieldChange;
use crate::text::hex::hex;
use crate::text::json::{Problem, object as bounded_json};
use crate::text::times::{instant, whole_seconds};

/// A plan can be carried out for this long.
const VALID_FOR: TimeDelta = TimeDelta::minutes(60);
/// A plan "made" this far in the future comes from another clock.
const CLOCK_SLACK: TimeDelta = TimeDelta::minutes(5);
/// No plan is longer than this, in bytes.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The most values of a plan file; a change has about 25.
const VALUES_MAX: usize = 3_000_000;

/// Why a plan file is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanFileError {
    /// Not JSON, or not a plan.
    #[error("is no plan: {0}")]
    NotAPlan(String),
    /// Of a version this program does not know.
    #[error("is a plan of version {0}, and this ivms-sync knows version 1")]
    Version(String),
    /// The hash does not fit the content.
    #[error("was changed after it was written: the SHA-256 does not match")]
    Tampered,
    /// Older than 60 minutes.
    #[error("expired at {0}")]
    Expired(String),
    /// Made in the future.
    #[error("was made at {0}, which is in the future")]
    FromTheFuture(String),
}

/// The document as it is written.
#[derive(Debug, Serialize)]
struct PlanFile<'a, D: Serialize> {
    #[serde(flatten)]
    document: OfClub<'a, D>,
    #[serde(serialize_with = "whole_seconds")]
    made_at: DateTime<Utc>,
    #[serde(serialize_with = "whole_seconds")]
    expires_at: DateTime<Utc>,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    seal: Option<String>,
}

/// Whether a file may be written over by a plan: it is empty, or holds a plan, of whatever age.
#[must_use]
pub fn may_be_replaced(bytes: &[u8]) -> bool {
    let is_plan = |document: &Map<String, Value>| {
        ["version", "made_at", "sha256"].iter().all(|key| document.contains_key(*key))
    };
    bytes.is_empty()
        || serde_json::from_slice::<Map<String, Value>>(bytes)
            .is_ok_and(|document| is_plan(&document))
}

/// Writes a plan that stays in the state file: the document of a report, made fit for `apply`.
///
/// # Errors
/// When the document cannot be written as JSON, which would be a bug.
pub fn write(
    report: &Report,
    accounts: &Accounts,
    made_at: DateTime<Utc>,
) -> Result<String, serde_json::Error> {
    hashed(json::make(report, 0, Some(accounts)), None, made_at).and_then(|plan| printed(&plan))
}

/// Writes a plan file of a club; `seal` makes the seal of its SHA-256.
///
/// # Errors
/// As for [`write()`], or that of the seal.
pub fn write_sealed<E: From<serde_json::Error>>(
    report: &Report,
    club: Option<&str>,
    accounts: &Accounts,
    made_at: DateTime<Utc>,
    seal: impl FnOnce(&str) -> Result<String, E>,
) -> Result<String, E> {
    write_documents(&json::make(report, 0, Some(accounts)), club, made_at, seal)
}

/// Writes any document of a club as a plan file; `seal` makes the seal of its SHA-256.
///
/// # Errors
/// As for [`write()`], or that of the seal.
pub fn write_documents<E: From<serde_json::Error>>(
    document: &impl Serialize,
    club: Option<&str>,
    made_at: DateTime<Utc>,
    seal: impl FnOnce(&str) -> Result<String, E>,
) -> Result<String, E> {
    let mut plan = hashed(document, club, made_at)?;
    plan.seal = Some(seal(&plan.sha256)?);
    Ok(printed(&plan)?)
}

fn printed<D: Serialize>(plan: &PlanFile<'_, D>) -> Result<String, serde_json::Error> {
    let mut text = inert_json(&serde_json::to_string_pretty(plan)?);
    text.push('\n');
    Ok(text)
}

/// A plan with its SHA-256, not sealed yet.
fn hashed<D: Serialize>(
    document: D,
    club: Option<&str>,
    made_at: DateTime<Utc>,
) -> Result<PlanFile<'_, D>, serde_json::Error> {
    let expires_at = made_at.checked_add_signed(VALID_FOR).unwrap_or(made_at);
    let document = OfClub { document, club };
    let mut plan = PlanFile { document, made_at, expires_at, sha256: String::new(), seal: None };
    plan.sha256 = hash(serde_json::to_value(&plan)?);
    Ok(plan)
}

/// A plan as it was reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// The SHA-256 of its content.
    pub sha256: String,
    /// The seal over that, if it has one.
    pub seal: Option<String>,
    /// The changes that were approved, also those that waited for a second look.
    pub changes: Vec<Change>,
    /// The rows of gates that were approved; of a blocked plan none, since each gate has its own.
    pub rows: BTreeMap<TargetName, Vec<ReviewedRow>>,
}

/// What is read of a plan file.
#[derive(Debug, Deserialize)]
struct Read {
    made_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    sha256: String,
    #[serde(default)]
    seal: Value,
    changes: Vec<Entry>,
    #[serde(default)]
    gates: Vec<GateEntry>,
}

#[derive(Debug, Deserialize)]
struct GateEntry {
    name: TargetName,
    changes: Vec<RowEntry>,
}

#[derive(Debug, Deserialize)]
struct RowEntry {
    row: Option<String>,
    verb: RowVerb,
    holder: HolderEntry,
    right: RightEntry,
    before: Option<TimesEntry>,
    after: Option<DaysEntry>,
    outcome: String,
}

#[derive(Debug, Deserialize)]
struct HolderEntry {
    plate: String,
}

#[derive(Debug, Deserialize)]
struct RightEntry {
    source: SourceName,
    id: String,
}

#[derive(Debug, Deserialize)]
struct TimesEntry {
    begin: Option<NaiveDateTime>,
    end: Option<NaiveDateTime>,
}

#[derive(Debug, Deserialize)]
struct DaysEntry {
    first: NaiveDate,
    last: NaiveDate,
}

#[derive(Debug, Deserialize)]
struct Entry {
    device: TargetName,
    employee_no: RecordId,
    member: Member,
    cause: Cause,
    kind: Kind,
    before: Limit,
    after: Window,
    outcome: String,
    blocked_by: Option<Budget>,
    fingerprint: String,
    opens_door: bool,
    ends_at_once: bool,
}

#[derive(Debug, Deserialize)]
struct Member {
    number: Value,
    account: String,
    holder: String,
}

/// What a plan file holds, of which nothing is believed yet but whose plan it is.
#[derive(Debug)]
pub struct Unread(Value);

impl Unread {
    /// Reads the text of a plan file.
    ///
    /// # Errors
    /// [`PlanFileError::NotAPlan`].
    pub fn parse(text: &str) -> Result<Self, PlanFileError> {
        let text = text.trim_start_matches('\u{feff}');
        bounded_json(text, VALUES_MAX).map(|plan| Self(Value::Object(plan))).map_err(not_a_plan)
    }

    /// Whether it is the plan of documents that leave, however it was changed since.
    #[must_use]
    pub fn is_of_documents(&self) -> bool {
        self.0.get("documents").is_some() && self.0.get("changes").is_none()
    }

    /// A plan of this version that is as it was written.
    fn unchanged(self) -> Result<Value, PlanFileError> {
        let Self(plan) = self;
        match plan.get("version") {
            Some(version) if version.as_u64() == Some(1) => {}
            Some(version) => return Err(PlanFileError::Version(version.to_string())),
            None => return Err(PlanFileError::NotAPlan("it has no version".to_owned())),
        }
        match plan.get("sha256").is_some_and(|stated| *stated != hash(plan.clone())) {
            true => Err(PlanFileError::Tampered),
            false => Ok(plan),
        }
    }
}

/// Reads a plan of changes: those that were planned, or, of a blocked plan, those that wait.
///
/// # Errors
/// [`PlanFileError`]; then nothing of it may be carried out.
pub fn read(
    plan: Unread,
    accounts: &Accounts,
    now: DateTime<Utc>,
    approved: Approved,
) -> Result<Reviewed, PlanFileError> {
    let plan: Read = serde_json::from_value(plan.unchanged()?).map_err(no_plan)?;
    let wanted = match approved {
        Approved::Planned => {
            check_age((plan.made_at, plan.expires_at), now)?;
            ChangeState::Planned
        }
        Approved::Blocked => ChangeState::Blocked,
    };
    let entries = plan.changes.into_iter().filter(|entry| entry.outcome == wanted.as_str());
    let changes = entries.map(|entry| entry.change(accounts)).collect::<Result<_, _>>()?;
    let seal = plan.seal.as_str().map(str::to_owned);
    let mut rows = BTreeMap::new();
    for gate in plan.gates.into_iter().filter(|_| approved == Approved::Planned) {
        let planned = gate.changes.into_iter().filter(|row| row.outcome == wanted.as_str());
        let reviewed = planned.map(RowEntry::row).collect::<Result<Vec<_>, _>>()?;
        if !reviewed.is_empty() && rows.insert(gate.name.clone(), reviewed).is_some() {
            return Err(PlanFileError::NotAPlan(format!("it names gate {} twice", gate.name)));
        }
    }
    Ok(Reviewed { made_at: plan.made_at, sha256: plan.sha256, seal, changes, rows })
}

fn no_plan(error: serde_json::Error) -> PlanFileError {
    PlanFileError::NotAPlan(error.to_string())
}

/// Documents that leave, as they were reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewedDocuments {
    /// The SHA-256 of the plan, and the seal over that, if it has one.
    pub sha256: String,
    pub seal: Option<String>,
    /// At least one, in the order in which they are sent.
    pub documents: Vec<ReviewedDocument>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewedDocument {
    pub to: String,
    pub id: String,
    /// The id by which it is approved, where it waited.
    pub blocked: Option<String>,
    /// The version at the other side that it was compared with.
    pub base: Option<String>,
    /// What it was to change there.
    pub changes: Vec<FieldChange>,
    pub bytes: Vec<u8>,
}

#[derive(Debug, Deserialize)]
struct ReadDocuments {
    made_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    sha256: String,
    #[serde(default)]
    seal: Value,
    documents: Vec<DocumentEntry>,
}

#[derive(Debug, Deserialize)]
struct DocumentEntry {
    to: String,
    id: String,
    blocked: Option<String>,
    base: Option<String>,
    #[serde(default)]
    changes: Vec<FieldChange>,
    bytes: String,
}

/// Reads the plan of documents that leave.
///
/// # Errors
/// [`PlanFileError`]; then nothing of it may be carried out.
pub fn read_documents(
    plan: Unread,
    now: DateTime<Utc>,
) -> Result<ReviewedDocuments, PlanFileError> {
    let plan: ReadDocuments = serde_json::from_value(plan.unchanged()?).map_err(no_plan)?;
    check_age((plan.made_at, plan.expires_at), now)?;
    if plan.documents.is_empty() {
        return Err(PlanFileError::NotAPlan("it holds no document".to_owned()));
    }
    let no_base64 = |_| PlanFileError::NotAPlan("its document is no Base64".to_owned());
    let read = |DocumentEntry { to, id, blocked, base, changes, bytes }| {
        let bytes = STANDARD.decode(bytes).map_err(no_base64)?;
        Ok(ReviewedDocument { to, id, blocked, base, changes, bytes })
    };
    let documents = plan.documents.into_iter().map(read).collect::<Result<_, _>>()?;
    let seal = plan.seal.as_str().map(str::to_owned);
    Ok(ReviewedDocuments { sha256: plan.sha256, seal, documents })
}

/// Which part of a plan a person has approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approved {
    /// A reviewed plan file: what it planned.
    Planned,
    /// A blocked plan: what waits. It expires when the facts move, not by time.
    Blocked,
}

fn not_a_plan(problem: Problem) -> PlanFileError {
    PlanFileError::NotAPlan(match problem {
        Problem::Broken { line, column } => format!("line {line}, column {column}: not JSON"),
        Problem::NoObject => "it is no JSON object".to_owned(),
        Problem::TooMany { limit } => format!("it holds more than {limit} values"),
    })
}

/// `made_at` and `expires_at` of a plan, held against the clock.
fn check_age(
    (made_at, expires_at): (DateTime<Utc>, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<(), PlanFileError> {
    if made_at > now.checked_add_signed(CLOCK_SLACK).unwrap_or(now) {
        return Err(PlanFileError::FromTheFuture(instant(made_at)));
    }
    let latest = made_at.checked_add_signed(VALID_FOR).unwrap_or(made_at).min(expires_at);
    if now > latest {
        return Err(PlanFileError::Expired(instant(latest)));
    }
    Ok(())
}

impl Entry {
    fn change(self, accounts: &Accounts) -> Result<Change, PlanFileError> {
        // The section may have got another name since; the account is what it was.
        let source = accounts.source(&self.member.account);
        let member = HolderId::new(source.clone(), &self.member.holder)
            .map_err(|error| PlanFileError::NotAPlan(format!("a holder {error}")))?;
        let number = self.member.number;
        if number.as_str().map_or_else(|| number.to_string(), str::to_owned) != member.human() {
            let other = format!("a change of {number} is one of {}", member.human());
            return Err(PlanFileError::NotAPlan(other));
        }
        Ok(Change {
            // The document knows no other.
            verb: Verb::Set,
            device: self.device,
            employee_no: self.employee_no,
            member,
            source,
            cause: self.cause,
            kind: self.kind,
            before: self.before,
            after: self.after,
            opens_door: self.opens_door,
            fingerprint: self.fingerprint,
            ends_at_once: self.ends_at_once,
            // Whatever else a change waited for is approved by carrying it out.
            blocked: self.blocked_by.filter(|hold| *hold == Budget::SecondLook),
        })
    }
}

impl RowEntry {
    /// No error says the plate.
    fn row(self) -> Result<ReviewedRow, PlanFileError> {
        let Self { row, verb, holder, right, before, after, outcome: _ } = self;
        let no_plan = |what: &str| PlanFileError::NotAPlan(format!("a row of a gate has {what}"));
        let plate = PlateRules::default().read_spelled(&holder.plate);
        let days = after.map(|DaysEntry { first, last }| Days::new(first, last));
        Ok(ReviewedRow {
            plate: plate.map_err(|_| no_plan("no plate that can be read"))?,
            verb,
            row,
            before: before.map(|TimesEntry { begin, end }| (begin, end)),
            days: days
                .map(|days| days.ok_or_else(|| no_plan("days that end before they begin")))
                .transpose()?,
            by: RightRef { source: right.source, right: right.id },
        })
    }
}

/// The SHA-256 over the content: over compact JSON with the keys in order, an empty hash and no seal.
fn hash(mut plan: Value) -> String {
    if let Value::Object(plan) = &mut plan {
        plan.remove("seal");
        plan.insert("sha256".to_owned(), Value::from(""));
    }
    plan.sort_all_objects();
    hex(&Sha256::digest(plan.to_string().as_bytes()))
}

/// The id of a blocked part: the same blocked changes have the same id in every tick.
///
/// Where access ends at once, the end is yesterday and moves with every midnight; it is not what is
/// approved, the cause is. Such an end may also hide behind
/// [`Cause::Drift`]; there, the window is the one that was confirmed last, which only moves together
/// with the person's fingerprint, or it is such an end.
#[must_use]
pub fn blocked_id<'a>(changes: impl Iterator<Item = &'a Change>) -> Option<String> {
    let mut hash = Sha256::new();
    let mut is_empty = true;
    for change in changes {
        is_empty = false;
        let is_drift_back = change.cause == Cause::Drift && change.kind == Kind::Revocation;
        let moves_at_midnight = change.ends_at_once || is_drift_back;
        for part in [
            change.device.as_str(),
            change.employee_no.as_str(),
            &change.fingerprint,
            &format!("{} {}", change.member.source, change.member.as_str()),
            change.cause.as_str(),
            &(if moves_at_midnight { String::new() } else { change.after.to_string() }),
        ] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
    }
    let digest = hash.finalize();
    (!is_empty).then(|| hex(digest.get(..4).unwrap_or_default()))
}

#[cfg(test)]
mod tests;
