//! Plan files: what `diff --out` writes and `apply` carries out.
//!
//! A plan file is the `diff` document plus `made_at`, `expires_at`, the fingerprint of each touched
//! person as read, and a SHA-256 over the content. The hash is taken over the document with an empty
//! `sha256`, written as compact JSON with its keys in order, so that reformatting is no change and
//! everything else is. It tells an accident or a careless edit, not a forger: that the seal does, which
//! only this installation can make, over the hash.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Report, json as document};
use crate::engine::plan::{Budget, Cause, Change, Kind};
use crate::model::{
    Accounts, HolderId, Limit, RecordId, TargetName, Verb, Window, inert_json, parse_time,
};
use crate::text::hex::hex;
use crate::text::json::{Problem, object as bounded_json};

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

/// Writes a plan that stays in the state file: the document of a report, made fit for `apply`.
///
/// # Errors
/// When the document cannot be written as JSON, which would be a bug.
pub fn write(
    report: &Report,
    accounts: &Accounts,
    made_at: DateTime<Utc>,
) -> Result<String, serde_json::Error> {
    hashed(report, accounts, made_at).and_then(|(plan, _)| printed(&plan))
}

/// Writes a plan file; `seal` makes the seal of its SHA-256.
///
/// # Errors
/// As for [`write()`], or that of the seal.
pub fn write_sealed<E: From<serde_json::Error>>(
    report: &Report,
    accounts: &Accounts,
    made_at: DateTime<Utc>,
    seal: impl FnOnce(&str) -> Result<String, E>,
) -> Result<String, E> {
    let (mut plan, hash) = hashed(report, accounts, made_at)?;
    plan.insert("seal".into(), json!(seal(&hash)?));
    Ok(printed(&plan)?)
}

fn printed(plan: &Map<String, Value>) -> Result<String, serde_json::Error> {
    let mut text = inert_json(&serde_json::to_string_pretty(plan)?);
    text.push('\n');
    Ok(text)
}

/// The document of a plan, with its SHA-256 in its place and beside it.
fn hashed(
    report: &Report,
    accounts: &Accounts,
    made_at: DateTime<Utc>,
) -> Result<(Map<String, Value>, String), serde_json::Error> {
    let mut plan = match serde_json::to_value(document::document(report, 0))? {
        Value::Object(plan) => plan,
        other => Map::from_iter([("document".to_owned(), other)]),
    };
    if let Some(Value::Array(changes)) = plan.get_mut("changes") {
        for (entry, one) in changes.iter_mut().zip(&report.changes) {
            if let Value::Object(entry) = entry {
                let change = &one.change;
                entry.insert("fingerprint".into(), json!(change.fingerprint));
                entry.insert("opens_door".into(), json!(change.opens_door));
                entry.insert("ends_at_once".into(), json!(change.ends_at_once));
                if let Some(Value::Object(member)) = entry.get_mut("member") {
                    let account = accounts.account(&change.member.source);
                    member.insert("account".into(), json!(account));
                    member.insert("holder".into(), json!(change.member.as_str()));
                }
            }
        }
    }
    let expires_at = made_at.checked_add_signed(VALID_FOR).unwrap_or(made_at);
    plan.insert("made_at".into(), json!(instant(made_at)));
    plan.insert("expires_at".into(), json!(instant(expires_at)));
    plan.insert("sha256".into(), json!(""));
    let hash = hash(&plan);
    plan.insert("sha256".into(), json!(hash));
    Ok((plan, hash))
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
}

/// Reads a plan file, and when it was made.
///
/// # Errors
/// [`PlanFileError`]; then nothing of it may be carried out.
pub fn read_reviewed(
    text: &str,
    accounts: &Accounts,
    now: DateTime<Utc>,
    approved: Approved,
) -> Result<Reviewed, PlanFileError> {
    let changes = read(text, accounts, now, approved)?;
    let plan = bounded_json(text.trim_start_matches('\u{feff}'), VALUES_MAX).map_err(not_a_plan)?;
    let text = |key: &str| plan.get(key).and_then(Value::as_str).map(str::to_owned);
    let (sha256, seal) = (text("sha256").unwrap_or_default(), text("seal"));
    Ok(Reviewed { made_at: time(&plan, "made_at")?, sha256, seal, changes })
}

/// Reads a plan file: the changes that were planned, or, of a blocked plan, those that wait.
///
/// # Errors
/// [`PlanFileError`]; then nothing of it may be carried out.
pub fn read(
    text: &str,
    accounts: &Accounts,
    now: DateTime<Utc>,
    approved: Approved,
) -> Result<Vec<Change>, PlanFileError> {
    let plan = bounded_json(text.trim_start_matches('\u{feff}'), VALUES_MAX).map_err(not_a_plan)?;
    match plan.get("version") {
        Some(version) if version.as_u64() == Some(1) => {}
        Some(version) => return Err(PlanFileError::Version(version.to_string())),
        None => return Err(PlanFileError::NotAPlan("it has no version".to_owned())),
    }
    let mut unsigned = plan.clone();
    unsigned.remove("seal");
    let stated = unsigned.insert("sha256".into(), json!(""));
    let Some(Value::String(stated)) = stated else {
        return Err(PlanFileError::NotAPlan("it has no sha256".to_owned()));
    };
    if stated != hash(&unsigned) {
        return Err(PlanFileError::Tampered);
    }
    if approved == Approved::Planned {
        check_age(&plan, now)?;
    }
    let Some(Value::Array(changes)) = plan.get("changes") else {
        return Err(PlanFileError::NotAPlan("it has no changes".to_owned()));
    };
    let wanted = match approved {
        Approved::Planned => "planned",
        Approved::Blocked => "blocked",
    };
    changes
        .iter()
        .filter(|entry| entry.get("outcome").and_then(Value::as_str) == Some(wanted))
        .map(|entry| {
            change(entry, accounts).ok_or_else(|| {
                PlanFileError::NotAPlan("a change lacks a field, or has a wrong one".to_owned())
            })
        })
        .collect()
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

fn time(plan: &Map<String, Value>, key: &str) -> Result<DateTime<Utc>, PlanFileError> {
    let text = plan.get(key).and_then(Value::as_str).unwrap_or_default();
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.with_timezone(&Utc))
        .map_err(|_| PlanFileError::NotAPlan(format!("{key} is no time")))
}

fn check_age(plan: &Map<String, Value>, now: DateTime<Utc>) -> Result<(), PlanFileError> {
    let (made_at, expires_at) = (time(plan, "made_at")?, time(plan, "expires_at")?);
    if made_at > now.checked_add_signed(CLOCK_SLACK).unwrap_or(now) {
        return Err(PlanFileError::FromTheFuture(instant(made_at)));
    }
    let latest = made_at.checked_add_signed(VALID_FOR).unwrap_or(made_at).min(expires_at);
    if now > latest {
        return Err(PlanFileError::Expired(instant(latest)));
    }
    Ok(())
}

fn change(entry: &Value, accounts: &Accounts) -> Option<Change> {
    let text = |value: &Value, key: &str| value.get(key)?.as_str().map(str::to_owned);
    let member = entry.get("member")?;
    // The section may have got another name since; the account is what it was.
    text(member, "source")?;
    let source = accounts.source(&text(member, "account")?);
    let holder = HolderId::new(source.clone(), &text(member, "holder")?).ok()?;
    if *member.get("number")? != json!(document::Spelled::of(holder.human())) {
        return None;
    }
    let blocked_by = entry.get("blocked_by").and_then(Value::as_str);
    let cause = text(entry, "cause")?;
    let kind = text(entry, "kind")?;
    let times = |key: &str| {
        let times = entry.get(key)?;
        let at = |key: &str| times.get(key)?.as_str().and_then(parse_time);
        Some((at("begin"), at("end")))
    };
    let (before_begin, before_end) = times("before")?;
    let before = match (before_begin, before_end) {
        (Some(begin), Some(end)) if begin <= end => Limit::Window(Window::new(begin, end).ok()?),
        (begin, end) => Limit::Unreadable { begin, end },
    };
    let (after_begin, after_end) = times("after")?;
    Some(Change {
        // The document knows no other.
        verb: Verb::Set,
        device: TargetName::new(&text(entry, "device")?).ok()?,
        employee_no: RecordId::new(&text(entry, "employee_no")?).ok()?,
        member: holder,
        source,
        cause: Cause::ALL.into_iter().find(|known| known.as_str() == cause)?,
        kind: [Kind::Grant, Kind::Revocation].into_iter().find(|known| known.as_str() == kind)?,
        before,
        after: Window::new(after_begin?, after_end?).ok()?,
        opens_door: entry.get("opens_door")?.as_bool()?,
        fingerprint: text(entry, "fingerprint")?,
        ends_at_once: entry.get("ends_at_once")?.as_bool()?,
        // Whatever else a change waited for is approved by carrying it out.
        blocked: [Budget::SecondLook].into_iter().find(|hold| blocked_by == Some(hold.as_str())),
    })
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn hash(plan: &Map<String, Value>) -> String {
    hex(&Sha256::digest(canonical(&Value::Object(plan.clone())).as_bytes()))
}

/// Compact JSON with the keys of every object in order.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            let inner: Vec<String> = entries
                .into_iter()
                .map(|(key, value)| format!("{}:{}", json!(key), canonical(value)))
                .collect();
            format!("{{{}}}", inner.join(","))
        }
        Value::Array(items) => {
            let inner: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", inner.join(","))
        }
        other => other.to_string(),
    }
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
