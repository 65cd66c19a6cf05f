//! The audit log as text, as a sheet and as JSON.
//!
//! Pure. [`History`] is filled by `cmd::history`.

mod documents;

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc};
use serde::Serialize;

use super::changes;
use super::gates::{DaysTold, RightTold, days};
use super::look::{Look, Tone};
use super::sheet::Sheet;
use super::table::Table;
use super::{Head, text};
use crate::command::CommandName;
use crate::model::{
    HolderId, Kind, RecordId, RowVerb, RunId, TargetName, Who, Window, Zone, printable,
};
use crate::store::{
    AuditEntry, AuditLine, DocumentKept, GateChange, NamedLine, Names, OutcomeKind,
};
use crate::text::suggest::near;
use crate::text::times::{instant, whole_seconds};

/// More lines than this are no reading; a sheet and JSON have all of them.
const SHOWN_MAX: usize = 1000;

/// Those of a sheet.
const COLUMNS: usize = 21;

/// How many are named whom somebody may have meant.
const NAMED: usize = 3;

/// From when on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// The beginning of a day, where people live.
    Day(NaiveDate),
    /// So long ago.
    Ago(Duration),
}

impl Since {
    /// The moment that is meant.
    #[must_use]
    pub fn moment(self, now: DateTime<Utc>, zone: Zone) -> DateTime<Utc> {
        match self {
            Self::Day(day) => first_moment(day, zone),
            Self::Ago(length) => {
                let length = TimeDelta::from_std(length).unwrap_or(TimeDelta::MAX);
                now.checked_sub_signed(length).unwrap_or(DateTime::<Utc>::MIN_UTC)
            }
        }
    }
}

/// Where clocks are put forward at midnight, a day begins at one; a zone that changed the side of the date
/// line has left a day out.
fn first_moment(day: NaiveDate, zone: Zone) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    let moments = (0..=24).filter_map(|hours| {
        let later = midnight.checked_add_signed(TimeDelta::hours(hours))?;
        zone.from_local_datetime(&later).earliest()
    });
    moments.map(|at| at.with_timezone(&Utc)).next().unwrap_or_else(|| midnight.and_utc())
}

/// What was asked and what was found.
#[derive(Debug, Clone)]
pub struct History {
    pub since: DateTime<Utc>,
    /// WHO, as typed.
    pub who: Option<String>,
    /// The door, as typed.
    pub door: Option<String>,
    /// Newest first; `None`: there is no state file yet.
    pub lines: Option<Vec<NamedLine>>,
    /// Rows at gates that were added, set and removed, newest first; none where there is no state file yet.
    pub rows: Vec<NamedRow>,
    /// Documents that were sent, as they stand now, newest first.
    pub documents: Vec<DocumentKept>,
    /// The zone in which people here read times.
    pub zone: Zone,
}

/// A row at a gate that was written, told by its right and never by its plate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRow {
    pub change: GateChange,
    /// What the member is called now; `None` for any other right, and for whoever is gone.
    pub member_name: Option<String>,
}

/// Whose lines are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Everybody,
    /// These human beings, also under an identity of before a correction.
    Members(Vec<HolderId>),
    Person(RecordId),
    /// Documents alone, which are found otherwise.
    Documents,
}

impl Wanted {
    /// The members among everybody who fit.
    #[must_use]
    pub fn members(who: &Who, everybody: &[(HolderId, Names)]) -> Self {
        let fits = |member: &HolderId, names: &Names| match who {
            Who::Email(email) => names.email.as_ref() == Some(email),
            Who::Number(number) => {
                names.number.as_ref() == Some(number) || member.human() == number.to_string()
            }
            Who::Record(_) => false,
        };
        let found = everybody.iter().filter(|(member, names)| fits(member, names));
        Self::Members(found.map(|(member, _)| member.clone()).collect())
    }

    /// Whether a line is wanted.
    #[must_use]
    pub fn has(&self, line: &AuditLine) -> bool {
        match self {
            Self::Everybody => true,
            Self::Members(members) => members.iter().any(|one| one.is_same_human(&line.member)),
            Self::Person(person) => *person == line.entry.employee_no,
            Self::Documents => false,
        }
    }

    /// Whether a change of a row is wanted. No person has a row.
    #[must_use]
    pub fn has_row(&self, change: &GateChange) -> bool {
        match self {
            Self::Everybody => true,
            Self::Members(members) => members
                .iter()
                .any(|one| one.source == change.by.source && one.human() == change.by.right),
            Self::Person(_) | Self::Documents => false,
        }
    }
}

/// What to say of a WHO that fits none of everybody.
#[must_use]
pub fn nobody(typed: &str, everybody: &[(HolderId, Names)]) -> String {
    let candidates: Vec<(String, String)> = everybody
        .iter()
        .flat_map(|(member, names)| {
            let shown = format!("member {}", member.human());
            let email = names.email.as_ref().map(|email| (email.to_string(), shown.clone()));
            [Some((member.human().to_owned(), shown)), email]
        })
        .flatten()
        .collect();
    let limit = (typed.chars().count() / 5).clamp(1, 3);
    let mut near = near(typed, limit, NAMED, pairs(&candidates));
    near.dedup();
    format!("--member {typed}: nobody is known or stands in the log under this{}", meant(&near))
}

fn pairs(candidates: &[(String, String)]) -> impl Iterator<Item = (&str, String)> {
    candidates.iter().map(|(candidate, shown)| (candidate.as_str(), shown.clone()))
}

/// What to say of a door that is none of these.
#[must_use]
pub fn no_door<'a>(typed: &str, doors: impl Iterator<Item = &'a str>) -> String {
    let limit = typed.chars().count().div_ceil(3);
    let near = near(typed, limit, NAMED, doors.map(|door| (door, door.to_owned())));
    format!(
        "--door {typed}: there is no such door, gate or section of documents in the configuration or the log{}",
        meant(&near)
    )
}

fn meant(near: &[String]) -> String {
    match near {
        [] => String::new(),
        near => format!(" (did you mean {}?)", near.join(", or ")),
    }
}

/// Lines of the audit log as a table, with the columns that say whose each is where it is not clear.
pub fn table<'a>(
    lines: impl IntoIterator<Item = (&'a AuditEntry, Option<Whose>)>,
    zone: Zone,
) -> Table {
    let mut lines = lines.into_iter().peekable();
    let mut titles = vec!["when", "run", "door", "why", "from", "to", "outcome"];
    if lines.peek().is_some_and(|(_, whose)| whose.is_some()) {
        titles.insert(3, "person");
        titles.insert(2, "member");
    }
    let mut table = Table::new(&titles);
    for (entry, whose) in lines {
        let (member, person) = whose.map(|whose| (whose.member, whose.person)).unzip();
        let outcome = match &entry.error {
            Some(error) => format!("{}: {error}", entry.outcome),
            None => entry.outcome.clone(),
        };
        let start = [local(entry.at, zone), entry.run.to_string()];
        let cause = changes::cause_of(entry).to_owned();
        let end = [cause, shown(entry.before), shown(entry.after), outcome];
        let door = entry.device.to_string();
        let cells = start.into_iter().chain(member).chain([door]).chain(person).chain(end);
        table.row(cells);
        let is_confirmed = entry.outcome == OutcomeKind::Confirmed.as_str();
        table.tone(titles.len() - 1, if is_confirmed { Tone::Good } else { Tone::Bad });
    }
    table
}

/// Whose a line is, as people read it.
#[derive(Debug)]
pub struct Whose {
    member: String,
    person: String,
}

fn shown(window: Option<Window>) -> String {
    window.as_ref().map_or_else(|| "unreadable".to_owned(), text::window)
}

/// A moment on the clock of people, to the minute.
#[must_use]
pub fn local(at: DateTime<Utc>, zone: Zone) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

/// The log as text.
#[must_use]
pub fn render(history: &History, look: Look) -> String {
    let since = text::with_zone(history.since, history.zone);
    let Some(lines) = &history.lines else {
        return look.folded(format!(
            "Nothing was changed since {since}: there is no state file yet. The first `ivms-sync sync` \
             makes it.\n"
        ));
    };
    let on = |what: &str, name: &Option<String>| {
        name.as_ref().map_or_else(String::new, |name| format!(" {what} {}", printable(name)))
    };
    let what = on("for", &history.who) + &on("on", &history.door);
    if lines.is_empty() && history.rows.is_empty() && history.documents.is_empty() {
        return look.folded(format!("Nothing was changed{what} since {since}.\n"));
    }
    let title = |text: String, count: usize| {
        let cut = format!(": the newest {SHOWN_MAX} of {count}; --csv and --json have all of them");
        look.folded(if count > SHOWN_MAX { text + &cut } else { text })
    };
    let mut parts = Vec::new();
    let named = lines.iter().take(SHOWN_MAX).map(|line| {
        let member = format!("{} {}", line.line.member.human(), line.member.name());
        let person = line.line.entry.employee_no.to_string();
        (&line.line.entry, Some(Whose { member: member.trim_end().to_owned(), person }))
    });
    if !lines.is_empty() {
        let said = title(format!("Changes{what} since {since}"), lines.len());
        parts.push(format!("{said}\n\n{}", table(named, history.zone).render(look)));
    }
    if !history.rows.is_empty() {
        let said = title(format!("Rows at gates{what} since {since}"), history.rows.len());
        parts.push(format!("{said}\n\n{}", rows_table(history).render(look)));
    }
    if !history.documents.is_empty() {
        let said = title(format!("Documents{what} since {since}"), history.documents.len());
        parts.push(format!("{said}\n\n{}", documents::table(history).render(look)));
    }
    parts.join("\n")
}

/// What was done at gates.
fn rows_table(history: &History) -> Table {
    let mut table = Table::new(&["when", "run", "right", "gate", "row", "days", "outcome"]);
    for NamedRow { change, member_name } in history.rows.iter().take(SHOWN_MAX) {
        let right = match member_name {
            Some(name) => format!("{} {name}", change.by.right).trim_end().to_owned(),
            None => change.by.to_string(),
        };
        let outcome = match &change.error {
            Some(error) => format!("{}: {error}", change.outcome),
            None => change.outcome.to_string(),
        };
        table.row([
            local(change.at, history.zone),
            change.run.to_string(),
            right,
            change.gate.to_string(),
            changes::row_words(change.verb).to_owned(),
            change.days.map_or("–".to_owned(), days),
            outcome,
        ]);
        let is_confirmed = change.outcome == OutcomeKind::Confirmed;
        table.tone(6, if is_confirmed { Tone::Good } else { Tone::Bad });
    }
    table
}

/// The log as a sheet for a spreadsheet program.
#[must_use]
pub fn sheet(history: &History) -> String {
    let [document, payment, amount, currency] = documents::TITLES;
    let mut sheet = Sheet::new([
        "at",
        "at_utc",
        "run",
        "door",
        "person",
        "person_name",
        "source",
        "member",
        "member_name",
        "kind",
        "cause",
        "before_begin",
        "before_end",
        "after_begin",
        "after_end",
        "outcome",
        "error",
        document,
        payment,
        amount,
        currency,
    ]);
    let lines = history.lines.iter().flatten();
    let lines = lines.map(|one| (one.line.entry.at, Line::Change(one)));
    let rows = history.rows.iter().map(|row| (row.change.at, Line::Row(row)));
    let documents = history.documents.iter().map(|one| (one.changed_at, Line::Document(one)));
    let mut all: Vec<_> = lines.chain(rows).chain(documents).collect();
    // Of one moment doors come first, as in a run.
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    for (_, line) in all {
        let one = match line {
            Line::Change(one) => one,
            Line::Row(row) => {
                row_line(&mut sheet, row, history.zone);
                continue;
            }
            Line::Document(kept) => {
                sheet.row(documents::cells(kept, history).each_ref().map(String::as_str));
                continue;
            }
        };
        let AuditLine { member, kind, entry } = &one.line;
        let at = entry.at.with_timezone(&history.zone).naive_local();
        let [before, after] = [entry.before, entry.after].map(|window| {
            let cell = |at: fn(Window) -> NaiveDateTime| {
                window.map_or_else(String::new, |window| at(window).to_string())
            };
            (cell(|window| window.begin()), cell(|window| window.end()))
        });
        sheet.row([
            &at.to_string(),
            &instant(entry.at),
            &entry.run.to_string(),
            entry.device.as_str(),
            entry.employee_no.as_str(),
            one.person_name.as_deref().unwrap_or_default(),
            member.source.as_str(),
            member.human(),
            &one.member.name(),
            kind.as_str(),
            &entry.cause,
            &before.0,
            &before.1,
            &after.0,
            &after.1,
            &entry.outcome,
            entry.error.as_deref().unwrap_or_default(),
            "",
            "",
            "",
            "",
        ]);
    }
    sheet.text()
}

/// What a line of the sheet tells.
enum Line<'a> {
    Change(&'a NamedLine),
    Row(&'a NamedRow),
    Document(&'a DocumentKept),
}

/// A change of a row in the same columns: the gate is the door, and its right stands in place of a member.
fn row_line(sheet: &mut Sheet<COLUMNS>, NamedRow { change, member_name }: &NamedRow, zone: Zone) {
    let day = |at: Option<NaiveDateTime>| at.map_or_else(String::new, |at| at.to_string());
    sheet.row([
        &change.at.with_timezone(&zone).naive_local().to_string(),
        &instant(change.at),
        &change.run.to_string(),
        change.gate.as_str(),
        "",
        "",
        change.by.source.as_str(),
        &change.by.right,
        member_name.as_deref().unwrap_or_default(),
        change.kind().as_str(),
        &format!("row-{}", changes::row_words(change.verb)),
        "",
        "",
        &day(change.days.map(|days| days.first().and_time(NaiveTime::MIN))),
        &day(change.days.and_then(|days| days.last().and_hms_opt(23, 59, 59))),
        change.outcome.as_str(),
        change.error.as_deref().unwrap_or_default(),
        "",
        "",
        "",
        "",
    ]);
}

/// The JSON document.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    #[serde(serialize_with = "whole_seconds")]
    since: DateTime<Utc>,
    changes: Vec<Change<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rows: Vec<Row<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    documents: Vec<documents::Told<'a>>,
    exit_code: u8,
}

#[derive(Debug, Serialize)]
struct Row<'a> {
    #[serde(serialize_with = "whole_seconds")]
    at: DateTime<Utc>,
    run: RunId,
    gate: &'a TargetName,
    verb: RowVerb,
    right: RightTold<'a>,
    member_name: Option<&'a str>,
    kind: Kind,
    after: Option<DaysTold>,
    outcome: OutcomeKind,
    error: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Change<'a> {
    #[serde(flatten)]
    entry: &'a AuditEntry,
    employee_no: &'a RecordId,
    person_name: Option<&'a str>,
    #[serde(flatten)]
    member: &'a HolderId,
    member_name: String,
    kind: Kind,
}

/// Makes the JSON document that ends with `exit_code`.
#[must_use]
pub fn document(history: &History, exit_code: u8) -> Document<'_> {
    let changes = history.lines.iter().flatten().map(|one| Change {
        entry: &one.line.entry,
        employee_no: &one.line.entry.employee_no,
        person_name: one.person_name.as_deref(),
        member: &one.line.member,
        member_name: one.member.name(),
        kind: one.line.kind,
    });
    let rows = history.rows.iter().map(|NamedRow { change, member_name }| Row {
        at: change.at,
        run: change.run,
        gate: &change.gate,
        verb: change.verb,
        right: RightTold::from(&change.by),
        member_name: member_name.as_deref(),
        kind: change.kind(),
        after: change.days.map(DaysTold::from),
        outcome: change.outcome,
        error: change.error.as_deref(),
    });
    Document {
        head: Head::of(CommandName::History),
        since: history.since,
        changes: changes.collect(),
        rows: rows.collect(),
        documents: history.documents.iter().map(documents::Told::from).collect(),
        exit_code,
    }
}
