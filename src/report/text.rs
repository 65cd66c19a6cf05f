//! The report of `sync`, `diff` and `apply` as text for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{DateTime, NaiveDateTime, Timelike, Utc};

use super::changes::{self, beside};
use super::look::Look;
use super::status::unlinked::is_unlinked;
use super::table::Table;
use super::{ChangeState, KeptLink, Report, TargetOutcome, rows_left_out};
use crate::command::CommandName;
use crate::engine::plan::{Kind, LeftOut, Reason};
use crate::engine::rights::SectionSeen;
use crate::model::{HolderId, Limit, RecordId, Window, Zone};
use crate::text::lists::{many, some_of};

/// So many lines of a kind are shown before the rest is only counted.
pub(super) const SHOWN_MAX: usize = 8;

/// Below so many lines of all kinds together nothing is only counted.
const NAMED_BELOW: usize = 200;

/// The whole text for stdout; troubles are not in it, they go to stderr.
#[must_use]
pub fn render(report: &Report, look: Look) -> String {
    let mut text = String::new();
    if !report.changes.is_empty() {
        text.push_str(&changes::table(report, look));
        text.push('\n');
    }
    text.push_str(&summary(report));
    text.push('\n');
    for seen in &report.rights_files {
        text.push_str(&rights_file(seen));
    }
    for list in &report.permit_lists {
        text.push_str(&format!("{}: {}.\n", list.name, list.said()));
    }
    for gate in &report.gates {
        text.push_str(&super::gates::lines(gate, report.shows_plates));
    }
    text.push_str(&left_out(report, look));
    text.push_str(&kept_links(report, look));
    text.push_str(&rows_left_out::render(
        report.rows_left_out.as_deref().unwrap_or_default(),
        look,
    ));
    if let Some(id) = &report.blocked {
        text.push_str(&approval(report.is_blocked_new, id));
    }
    look.folded(text)
}

/// What a rights-file holds, in one line.
fn rights_file(seen: &SectionSeen) -> String {
    let count = |count: u64, noun| many(usize::try_from(count).unwrap_or(usize::MAX), noun);
    let rights = count(seen.rights, "right");
    let left_out = match seen.left_out {
        0 => String::new(),
        rows => format!(", {} left out", count(rows, "row")),
    };
    let how = if seen.is_whole { "" } else { ", not all of it read now" };
    format!("{}: {rights}{left_out}{how}.\n", seen.name)
}

/// How to approve what is blocked.
fn approval(is_new: bool, id: &str) -> String {
    let when = if is_new { "After the next sync, if" } else { "If" };
    format!(
        "\nBlocked changes wait for you. {when} each of them is right:\n  \
         ivms-sync apply --blocked {id}\n"
    )
}

/// The first or last moment of a membership as people write it: the day alone where it is midnight,
/// which names a whole day there, or the last second of the day.
#[must_use]
pub fn moment(at: NaiveDateTime) -> String {
    if is_first_second(at) { day(at) } else { last(at) }
}

/// The first moment of a window: the day alone where it begins with the day.
#[must_use]
pub fn first(at: NaiveDateTime) -> String {
    if is_first_second(at) { day(at) } else { to_the_second(at) }
}

/// The last moment of a window: the day alone where it lasts to the end of the day. One that ends
/// as a day begins shows its time: it ends a day earlier than it seems to.
#[must_use]
pub fn last(at: NaiveDateTime) -> String {
    let is_last_second = at.num_seconds_from_midnight() == 24 * 60 * 60 - 1;
    if is_last_second { day(at) } else { to_the_second(at) }
}

/// A window as people write it.
#[must_use]
pub fn window(window: &Window) -> String {
    format!("{} – {}", first(window.begin()), last(window.end()))
}

fn is_first_second(at: NaiveDateTime) -> bool {
    at.num_seconds_from_midnight() == 0
}

fn day(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%d").to_string()
}

/// A moment on the clock of people, to the minute, with the name of its zone.
#[must_use]
pub fn with_zone(at: DateTime<Utc>, zone: Zone) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M %Z").to_string()
}

fn to_the_second(at: NaiveDateTime) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// A person's limit as people write it.
#[must_use]
pub fn limit(limit: &Limit) -> String {
    match limit {
        Limit::Window(found) => window(found),
        Limit::Permanent(_) => "no limit".to_owned(),
        Limit::Unclear { .. } => "unclear".to_owned(),
        Limit::Unreadable { .. } => "unreadable".to_owned(),
    }
}

/// A person with the name that the door holds, where it may be shown.
#[must_use]
pub fn person(employee_no: &RecordId, name: Option<&str>) -> String {
    match name {
        Some(name) if !name.is_empty() => format!("{employee_no} {name}"),
        _ => employee_no.to_string(),
    }
}

/// A member by number, with the name where it may be shown.
pub(super) fn member(report: &Report, key: &HolderId) -> String {
    match report.names.get(key) {
        Some(name) if !name.is_empty() => format!("{} {name}", key.human()),
        _ => key.human().to_string(),
    }
}

/// One line that says it all.
#[must_use]
pub fn summary(report: &Report) -> String {
    let total = report.changes.len();
    let done = report.count(|state| state.is_confirmed());
    let blocked = report.count(|state| *state == ChangeState::Blocked);
    let second_look = report.count(|state| *state == ChangeState::SecondLook);
    let open = total - done - blocked - second_look;
    let mut parts = Vec::new();
    if report.command == CommandName::Diff {
        let grants = report
            .changes
            .iter()
            .filter(|one| one.change.kind == Kind::Grant && one.state != ChangeState::Blocked)
            .count();
        parts.extend(kinds(grants, total - blocked - second_look - grants));
    } else {
        if done > 0 {
            parts.push(format!("{} done", many(done, "change")));
        }
        if open > 0 {
            parts.push(format!("{} not done", many(open, "change")));
        }
    }
    if blocked > 0 {
        parts.push(format!("{} blocked", many(blocked, "change")));
    }
    if second_look > 0 {
        let wait = if second_look == 1 { "waits" } else { "wait" };
        parts.push(format!("{} {wait} for a second look", many(second_look, "change")));
    }
    for device in &report.devices {
        let problem = match device.outcome {
            TargetOutcome::Ok => continue,
            TargetOutcome::Unreachable => "gave no usable answer",
            TargetOutcome::LoginRefused => "refused the login",
            TargetOutcome::RightMissing => "lacks a right",
            TargetOutcome::ClockWrong => "has a wrong clock",
            TargetOutcome::NotBelieved => "is not believed",
            TargetOutcome::Observed => "is only observed",
        };
        parts.push(format!("{} {problem}", device.name));
    }
    let refused = report.sources.iter().filter(|source| !source.accepted);
    parts.extend(refused.map(|source| format!("{} gave no usable answer", source.name)));
    if parts.is_empty() {
        let has_doors = !report.devices.is_empty() || report.rights_files.is_empty();
        let doors = many(report.devices.len(), "door");
        return match report.command {
            CommandName::Apply => "The plan holds nothing to do.".to_owned(),
            _ if !has_doors => "Every source of parking rights was looked at.".to_owned(),
            _ if report.devices.is_empty() && !report.recipients.is_empty() => {
                "Documents and books were looked at.".to_owned()
            }
            _ => match paid_and_left_out(report) {
                0 => format!("In sync: nothing to change on {doors}."),
                1 => format!("Nothing to change on {doors}; 1 member with paid time is left out."),
                count => format!(
                    "Nothing to change on {doors}; {count} members with paid time are left out."
                ),
            },
        };
    }
    let mut line = parts.join(", ");
    line.push('.');
    line
}

/// How many changes there are of each kind, where there are any.
pub(super) fn kinds(grants: usize, revocations: usize) -> Vec<String> {
    let mut parts = Vec::new();
    match grants {
        0 => {}
        1 => parts.push("1 change gives or lengthens access".to_owned()),
        _ => parts.push(format!("{grants} changes give or lengthen access")),
    }
    match revocations {
        0 => {}
        1 => parts.push("1 change ends or shortens access".to_owned()),
        _ => parts.push(format!("{revocations} changes end or shorten access")),
    }
    parts
}

/// How many members with paid time are left out somewhere.
fn paid_and_left_out(report: &Report) -> usize {
    let paid = report.left_out.iter().filter(|one| one.has_paid_time);
    paid.map(|one| &one.member).collect::<BTreeSet<_>>().len()
}

/// The members for whom nothing is done, by reason, with what to do about each. Members without
/// paid time are only counted: nobody waits for them.
fn left_out<'a>(report: &'a Report, look: Look) -> String {
    let line = |one: &'a LeftOut| {
        let device = one.device.as_ref();
        let detail = detail(one, |person| match device {
            Some(device) => report.person_name(device, person),
            None => report.person_name_anywhere(person),
        });
        (&one.member, device.map_or_else(|| "every door".to_owned(), ToString::to_string), detail)
    };
    let mut by_reason: BTreeMap<Reason, (Vec<&LeftOut>, usize)> = BTreeMap::new();
    for one in &report.left_out {
        let (shown, ended) = by_reason.entry(one.reason).or_default();
        // Whoever never expires on a door is inside, paid or not.
        let is_inside = one.reason == Reason::PermanentOnDevice;
        if one.has_paid_time || is_inside { shown.push(one) } else { *ended += 1 }
    }
    let by_reason: Vec<_> = by_reason
        .into_iter()
        .filter(|(_, (shown, _))| !shown.is_empty())
        .map(|(reason, (shown, ended))| (reason, beside(shown.into_iter().map(line)), ended))
        .collect();
    let named = by_reason.iter().filter(|(reason, ..)| !waits_for_a_door(*reason));
    let most = at_most(named.map(|(_, lines, _)| lines.len()).sum());
    let mut text = String::new();
    for (reason, lines, ended) in by_reason {
        let (title, remedy) = explain(reason);
        let ended = match ended {
            0 => String::new(),
            _ => format!(" (and {ended} whose time is over)"),
        };
        let members: BTreeSet<&HolderId> = lines.iter().map(|(key, ..)| *key).collect();
        let members = many(members.len(), "member");
        let _ = write!(text, "\n{members} left out: {title}{ended}\n  {remedy}\n");
        if waits_for_a_door(reason) {
            continue;
        }
        let all = if is_unlinked(reason) { UNLINKED } else { JSON };
        let rows = lines.into_iter().map(|(key, door, detail)| [member(report, key), door, detail]);
        text.push_str(&listed(rows, most, all, look));
    }
    text
}

/// Whether it says nothing of the members: everybody is left out alike.
fn waits_for_a_door(reason: Reason) -> bool {
    reason == Reason::DeviceUnreachable
}

/// So many lines of each kind are shown where there are so many of all kinds.
pub(super) fn at_most(lines: usize) -> usize {
    if lines < NAMED_BELOW { lines } else { SHOWN_MAX }
}

/// What there is to say of a member who is left out beside the reason, with the names that doors hold of
/// the persons it is about.
pub fn detail<'a>(one: &LeftOut, name_of: impl Fn(&RecordId) -> Option<&'a str>) -> String {
    let named = one.persons.iter().filter_map(|id| name_of(id).map(|name| person(id, Some(name))));
    let named = some_of(named, SHOWN_MAX, ", ");
    match (one.detail.as_deref().unwrap_or_default(), named.as_str()) {
        (detail, "") => detail.to_owned(),
        ("", named) => format!("person {named}"),
        (detail, named) => format!("{detail}; on the door: {named}"),
    }
}

/// Links that hold on by memory alone, with what to do about them.
fn kept_links<'a>(report: &'a Report, look: Look) -> String {
    if report.kept_links.is_empty() {
        return String::new();
    }
    let line = |kept: &'a KeptLink| {
        let name = report.person_name(&kept.device, &kept.employee_no);
        (
            &kept.member,
            kept.device.to_string(),
            format!("person {}", person(&kept.employee_no, name)),
        )
    };
    let lines = beside(report.kept_links.iter().map(line));
    let most = at_most(lines.len());
    let rows = lines.into_iter().map(|(key, door, person)| [member(report, key), door, person]);
    format!(
        "\n{} kept from before, although no e-mail leads there any more\n  \
         Correct the e-mail in the membership system or in the link file.\n{}",
        many(report.kept_links.len(), "link"),
        listed(rows, most, JSON, look)
    )
}

/// Where all of what is not shown can be read.
pub(super) const JSON: &str = "all of them with --json";
const UNLINKED: &str = "all of them: ivms-sync status --unlinked FILE";

/// The first of these rows, and how many more there are and where.
pub(super) fn listed(
    rows: impl ExactSizeIterator<Item = [String; 3]>,
    shown_max: usize,
    all: &str,
    look: Look,
) -> String {
    let count = rows.len();
    let mut table = Table::new(&[]);
    rows.take(shown_max).for_each(|row| table.row(row));
    table.render(look) + &rest(count, shown_max, all)
}

/// How many of these lines are not shown.
pub(super) fn rest(count: usize, shown_max: usize, all: &str) -> String {
    match count.checked_sub(shown_max) {
        None | Some(0) => String::new(),
        Some(more) => format!("  … and {more} more ({all})\n"),
    }
}

/// A reason in plain words, and what to do about it.
#[must_use]
pub fn explain(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::NoEmail => (
            "no e-mail in the membership system",
            "Write the member's e-mail there, or link by member number (`ivms-sync help links`).",
        ),
        Reason::NoPerson => (
            "no person found on the door",
            "Enrol the member on the door, and put the person id and the e-mail into a link file.",
        ),
        Reason::NotOnDoor => (
            "in a link file, but that person is not on the door",
            "Enrol the member on the door under that person id, or correct the id in the link file.",
        ),
        Reason::Ambiguous => (
            "more than one match, so nobody was linked",
            "Put the member number of each into the link file, or give each an e-mail of their own; of one who is in two \
             organisations, name the door's in `organisations`.",
        ),
        Reason::NoDoorRole => (
            "no membership that opens this door",
            "Right as it is, unless the membership type is missing from `roles`.",
        ),
        Reason::OtherOrganisation => (
            "a member of an organisation whose members this door does not let in",
            "Right as it is, unless the organisation is missing from `organisations` of the door.",
        ),
        Reason::BadDates => (
            "dates that cannot be right",
            "Correct the dates of the membership in its system; of a person who is named, those at the door.",
        ),
        Reason::Protected => (
            "protected, never touched",
            "Right as it is: named under `protect`, an administrator of the door, or barred there.",
        ),
        Reason::NameDiffers => (
            "the person found has another name",
            "Compare the two names; if it is the same person, accept it by the command that is named.",
        ),
        Reason::Blocked => ("kept back by a safety rule", "See the messages of this run."),
        Reason::DeviceUnreachable => (
            "a door whose persons are not known yet",
            "Nothing to do: it is read as soon as it answers.",
        ),
        Reason::PermanentOnDevice => (
            "without an end on the door",
            "The door has their dates switched off. Switch them on there to have them kept in sync.",
        ),
        Reason::FlawedOnDevice => (
            "an entry on the door that cannot be changed safely",
            "Write the name anew at the door; if there are two entries, delete the one that is wrong.",
        ),
    }
}
