//! The main table: what changes for whom, a row for each member.
//!
//! Doors that agree on a change stand beside each other in one row.

use std::collections::BTreeMap;

use super::look::{Look, Tone};
use super::table::Table;
use super::text::{last, limit, member, person, window};
use super::{ChangeReport, ChangeState, Report, TargetOutcome};
use crate::command::CommandName;
use crate::engine::plan::{Cause, Change, Kind};
use crate::model::{HolderId, Limit, RowVerb};
use crate::store::{AuditEntry, OutcomeKind};
use crate::text::plain::plain;

/// The column of what became of a change.
const STATE_COLUMN: usize = 5;

/// A row without its member and its doors.
#[derive(PartialEq)]
struct Line {
    person: String,
    change: String,
    why: String,
    state: String,
    tone: Tone,
}

/// The changes of a report by member.
pub(super) fn table(report: &Report, look: Look) -> String {
    let lines = report.changes.iter().map(|one| {
        let change = &one.change;
        let line = Line {
            person: person_of(report, change),
            change: arrow(change),
            why: why(change.cause, change.kind),
            state: state(report, one),
            tone: tone(one.state),
        };
        (&change.member, change.device.to_string(), line)
    });
    let mut table = Table::new(&["member", "person", "door", "change", "why", ""]);
    for (key, doors, line) in beside(lines) {
        table.row([member(report, key), line.person, doors, line.change, line.why, line.state]);
        table.tone(STATE_COLUMN, line.tone);
    }
    table.render(look)
}

/// Lines by member number; those of one member that differ in nothing but the door are one, with its doors in
/// the order in which they came.
pub(super) fn beside<'a, L: PartialEq>(
    lines: impl Iterator<Item = (&'a HolderId, String, L)>,
) -> Vec<(&'a HolderId, String, L)> {
    let mut members: BTreeMap<_, Vec<(&HolderId, String, L)>> = BTreeMap::new();
    for (member, door, line) in lines {
        let number = member.human().to_string();
        let of_member = members.entry((number.len(), number, member)).or_default();
        match of_member.iter_mut().find(|(_, _, known)| *known == line) {
            Some((_, doors, _)) => {
                doors.push_str(", ");
                doors.push_str(&door);
            }
            None => of_member.push((member, door, line)),
        }
    }
    members.into_values().flatten().collect()
}

/// The person on the door: by number alone where the door holds the member's own name.
fn person_of(report: &Report, change: &Change) -> String {
    let member = report.names.get(&change.member).map(|name| plain(name));
    let name = report.person_name(&change.device, &change.employee_no);
    person(&change.employee_no, name.filter(|name| Some(plain(name)) != member))
}

/// What was and what will be: the last day alone where access begins when it did.
fn arrow(change: &Change) -> String {
    let after = &change.after;
    match &change.before {
        Limit::Window(before) if before.begin() == after.begin() => {
            format!("{} → {}", last(before.end()), last(after.end()))
        }
        before => format!("{} → {}", limit(before), window(after)),
    }
}

fn why(cause: Cause, kind: Kind) -> String {
    let words = cause_words(cause);
    match (cause, kind) {
        (Cause::Drift, Kind::Grant) => format!("{words}, given back"),
        (Cause::Drift, Kind::Revocation) => format!("{words}, taken back"),
        _ => words.to_owned(),
    }
}

/// A cause for people: a phrase that has its word in it.
#[must_use]
pub fn cause_words(cause: Cause) -> &'static str {
    match cause {
        Cause::Renewed => "renewed",
        Cause::Started => "started",
        Cause::Shortened => "shortened",
        Cause::Inactive => "marked inactive",
        Cause::Vanished => "vanished from the list",
        Cause::Drift => "drift on the door",
        Cause::Released => "released, linked to nobody",
    }
}

/// The same of a line of the audit log.
#[must_use]
pub fn cause_of(entry: &AuditEntry) -> &str {
    match Cause::from_word(&entry.cause) {
        Some(cause) => cause_words(cause),
        None => &entry.cause,
    }
}

/// What was done to a row of a gate, for people.
#[must_use]
pub fn row_words(verb: RowVerb) -> &'static str {
    match verb {
        RowVerb::Add => "added",
        RowVerb::Set => "set",
        RowVerb::Remove => "removed",
    }
}

fn state(report: &Report, one: &ChangeReport) -> String {
    let is_observed = report.devices.iter().any(|device| {
        device.name == one.change.device && device.outcome == TargetOutcome::Observed
    });
    let outcome = match one.state {
        ChangeState::Planned if is_observed => "only observed",
        ChangeState::Planned if report.command == CommandName::Diff => "",
        ChangeState::SecondLook => "waits for a second look",
        state => state.as_str(),
    };
    match &one.error {
        Some(error) if outcome.is_empty() => error.clone(),
        Some(error) => format!("{outcome}: {error}"),
        None => outcome.to_owned(),
    }
}

fn tone(state: ChangeState) -> Tone {
    match state {
        ChangeState::Planned | ChangeState::Blocked | ChangeState::SecondLook => Tone::Warning,
        ChangeState::Tried(OutcomeKind::Confirmed) => Tone::Good,
        ChangeState::Tried(_) => Tone::Bad,
    }
}
