//! Gates: what a run did there, as text and as JSON. Pure.
//!
//! A plate is shown where names are: to a person at a terminal, and in a document that somebody asked for. In all
//! other texts a row is told by its right.

use std::fmt::Write as _;

use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;

use super::look::{Look, Tone};
use super::text::SHOWN_MAX;
use super::{ChangeState, TargetOutcome, TargetReport};
use crate::engine::gates::plan::RowReason;
use crate::engine::gates::{CarAtGate, GateSeen, NotDone, RowChangeSeen};
use crate::model::{Budget, Days, GateRow, RightRef, RowTime, RowVerb, SourceName, TargetName};
use crate::ports::Identity;
use crate::text::lists::many;

/// A gate in a JSON document.
#[derive(Debug, Serialize)]
pub struct GateTold<'a> {
    name: &'a TargetName,
    kind: &'static str,
    outcome: TargetOutcome,
    rows: Option<u64>,
    strangers: u64,
    capacity: Option<u64>,
    changes: Vec<RowTold<'a>>,
    not_done: &'a [NotDone],
    blocked: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct RowTold<'a> {
    row: Option<&'a str>,
    verb: RowVerb,
    holder: HolderTold,
    right: RightTold<'a>,
    before: Option<Times>,
    after: Option<DaysTold>,
    outcome: &'static str,
    blocked_by: Option<Budget>,
    error: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct HolderTold {
    plate: String,
}

/// The right that a row is for.
#[derive(Debug, Serialize)]
pub struct RightTold<'a> {
    source: &'a SourceName,
    id: &'a str,
}

impl<'a> From<&'a RightRef> for RightTold<'a> {
    fn from(by: &'a RightRef) -> Self {
        Self { source: &by.source, id: &by.right }
    }
}

#[derive(Debug, Serialize)]
struct Times {
    begin: Option<NaiveDateTime>,
    end: Option<NaiveDateTime>,
}

/// Whole days, both inside.
#[derive(Debug, Serialize)]
pub struct DaysTold {
    first: NaiveDate,
    last: NaiveDate,
}

impl From<Days> for DaysTold {
    fn from(days: Days) -> Self {
        Self { first: days.first(), last: days.last() }
    }
}

impl<'a> From<&'a GateSeen> for GateTold<'a> {
    fn from(seen: &'a GateSeen) -> Self {
        let GateSeen { name, kind, outcome, rows, strangers, capacity, .. } = seen;
        Self {
            name,
            kind,
            outcome: *outcome,
            rows: *rows,
            strangers: *strangers,
            capacity: *capacity,
            changes: seen.changes.iter().map(RowTold::from).collect(),
            not_done: &seen.not_done,
            blocked: seen.blocked.as_deref(),
        }
    }
}

impl<'a> From<&'a RowChangeSeen> for RowTold<'a> {
    fn from(seen: &'a RowChangeSeen) -> Self {
        let change = &seen.change;
        let row = change.there.as_ref().map(|row| row.id.as_str()).filter(|id| !id.is_empty());
        Self {
            row,
            verb: change.verb,
            holder: HolderTold { plate: change.plate.spelled() },
            right: RightTold::from(&change.by),
            before: change.there.as_ref().map(times),
            after: change.days.map(DaysTold::from),
            outcome: seen.state.as_str(),
            blocked_by: change.blocked,
            error: seen.error.as_deref(),
        }
    }
}

fn times(row: &GateRow) -> Times {
    match row.time {
        RowTime::Known { begin, end } => Times { begin, end },
        RowTime::Unclear => Times { begin: None, end: None },
    }
}

/// A car at one gate, in a JSON document and in a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CarAtGateTold {
    name: TargetName,
    row: Option<String>,
    opens_now: bool,
    in_step: bool,
    why: String,
}

impl From<&CarAtGate> for CarAtGateTold {
    fn from(gate: &CarAtGate) -> Self {
        let CarAtGate { row, opens_now, in_step, why, .. } = gate;
        Self {
            name: gate.gate.clone(),
            row: row.clone(),
            opens_now: *opens_now,
            in_step: *in_step,
            why: why.clone(),
        }
    }
}

impl CarAtGateTold {
    /// Whether the gate opens, and why or why not.
    #[must_use]
    pub fn line(&self, look: Look) -> String {
        let (tone, word) = match self.opens_now {
            true => (Tone::Good, "opens"),
            false => (Tone::Bad, "does not open"),
        };
        format!("Gate {}: {}; {}.", self.name, look.paint(tone, word), self.why)
    }
}

/// How a gate fared, as of any target: its rows are its records.
#[must_use]
pub fn as_target(seen: &GateSeen) -> TargetReport {
    let persons = seen.rows.and_then(|rows| usize::try_from(rows).ok()).unwrap_or_default();
    TargetReport { name: seen.name.clone(), persons, outcome: seen.outcome }
}

/// The lines about a gate: what it holds, what was done, and what is to be done.
#[must_use]
pub fn lines(seen: &GateSeen, shows_plates: bool) -> String {
    let rows = |rows: u64| many(usize::try_from(rows).unwrap_or(usize::MAX), "row");
    let mut text = format!("{}: ", seen.name);
    match seen.rows {
        None => text.push_str("not read yet"),
        Some(count) => {
            text.push_str(&rows(count));
            if seen.strangers > 0 {
                let _ = write!(text, ", {} of them of others", seen.strangers);
            }
        }
    }
    let of_state = |wanted: &dyn Fn(&RowChangeSeen) -> bool| {
        seen.changes.iter().filter(|one| wanted(one)).count()
    };
    let parts = [
        (of_state(&|one| one.state.is_confirmed()), "written"),
        (of_state(&|one| is_open(one)), "to be written"),
        (of_state(&|one| one.state == ChangeState::Blocked), "waiting for approval"),
        (of_state(&|one| has_failed(one)), "not in force"),
    ];
    let looks = seen.not_done.iter().filter(|one| one.reason == RowReason::SecondLook);
    let looks: usize = looks.map(|one| one.rights.len()).sum();
    let parts = parts.into_iter().chain([(looks, "waiting for a second look")]);
    for (count, what) in parts.filter(|(count, _)| *count > 0) {
        let _ = write!(text, "; {count} {what}");
    }
    text.push_str(".\n");
    for one in seen.changes.iter().take(SHOWN_MAX) {
        text.push_str(&line(one, shows_plates));
    }
    let more = seen.changes.len().saturating_sub(SHOWN_MAX);
    if more > 0 {
        let _ = writeln!(text, "  … and {}", many(more, "more change"));
    }
    if let Some(id) = &seen.blocked {
        let _ = writeln!(
            text,
            "  Blocked changes wait for you. If each of them is right:\n  ivms-sync apply --blocked {id}"
        );
    }
    text
}

fn line(seen: &RowChangeSeen, shows_plates: bool) -> String {
    let change = &seen.change;
    let sign = match change.verb {
        RowVerb::Add => '+',
        RowVerb::Set => '~',
        RowVerb::Remove => '-',
    };
    let plate = if shows_plates { format!(" ({})", change.plate.spelled()) } else { String::new() };
    let before = change.there.as_ref().map(|row| match row.time {
        RowTime::Known { end: Some(end), .. } => format!("until {}", end.date()),
        RowTime::Known { end: None, .. } => "without end".to_owned(),
        RowTime::Unclear => "unclear".to_owned(),
    });
    let days = match (before, change.days.map(days)) {
        (Some(before), Some(after)) => format!("{before} → {after}"),
        (None, Some(after)) => after,
        (Some(before), None) => format!("{before} → removed"),
        (None, None) => String::new(),
    };
    let state = match (&seen.state, &seen.error) {
        (ChangeState::Planned, None) => String::new(),
        (state, None) => format!("  {}", state.as_str()),
        (state, Some(error)) => format!("  {}: {error}", state.as_str()),
    };
    format!("  {sign} {}{plate}  {days}{state}\n", change.by)
}

fn is_open(one: &RowChangeSeen) -> bool {
    one.state == ChangeState::Planned
}

fn has_failed(one: &RowChangeSeen) -> bool {
    matches!(one.state, ChangeState::Tried(_)) && !one.state.is_confirmed()
}

/// The days of a row, both inside.
#[must_use]
pub fn days(days: Days) -> String {
    format!("{} – {}", days.first(), days.last())
}

/// Who a gate is, and what it holds.
#[must_use]
pub fn said_of(seen: &GateSeen) -> String {
    let rows = |rows: u64| many(usize::try_from(rows).unwrap_or(usize::MAX), "row");
    let mut parts = Vec::new();
    if let Some(identity) = &seen.identity {
        let Identity { model, version, serial } = identity;
        parts.push(format!("{model}, firmware {version}, serial number {serial}"));
    }
    let room = seen.capacity.map(|most| format!(" of at most {most}")).unwrap_or_default();
    parts.extend(seen.rows.map(|count| format!("{}{room}", rows(count))));
    if seen.strangers > 0 {
        parts.push(format!("{} of them made by others", seen.strangers));
    }
    let open = seen.changes.len();
    if open > 0 {
        parts.push(format!("{} to be made by the next run", many(open, "change")));
    }
    parts.join("; ")
}
