//! The changes of the last days: a chart with its numbers as a table, and the audit log.

use chrono::NaiveDate;
use maud::{Markup, html};

use super::parts::{Table, cell, marked, moment, section};
use crate::engine::plan::Kind;
use crate::report::changes::{cause_of, row_words};
use crate::report::gates::days;
use crate::report::status::{DAYS_SHOWN, Day, Status};
use crate::report::text::window;
use crate::store::{AuditLine, GateChange};
use crate::text::lists::many;

/// What tells changes that the page does not.
const HISTORY: &str = "ivms-sync history";

/// The chart is as wide as its place, so that letters keep their size: across, in hundredths of a percent.
const LEFT: u32 = 900;
const RIGHT: u32 = 9900;
/// Downwards, in pixels: the line of the scale's end, the line of 0, and the feet of the dates.
const TOP: u32 = 20;
const BOTTOM: u32 = 140;
const DATES: u32 = 160;

/// A date stands under one day of so many.
const DATE_EVERY: u32 = 7;

fn percent(hundredths: u32) -> String {
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// A date that is read in a glance.
fn short(date: NaiveDate) -> String {
    date.format("%-d %b").to_string()
}

/// The end of a scale from 0 that holds this number, and whose middle is a whole number.
fn scale_end(highest: u32) -> u32 {
    let mut ends = (0..8).flat_map(|power| [2, 4, 10].map(|end: u32| end * 10_u32.pow(power)));
    ends.find(|end| *end >= highest).unwrap_or(highest)
}

/// Bars for each day, and the same as a table for whoever cannot see them.
pub fn chart(status: &Status) -> Markup {
    let days = status.days();
    let highest = days.iter().map(Day::changes).max().unwrap_or(0);
    let total: u32 = days.iter().map(Day::changes).sum();
    let busiest = days.iter().rev().find(|day| day.changes() == highest && highest > 0);
    let told = match busiest {
        None => format!("No changes in {DAYS_SHOWN} days."),
        Some(day) => format!(
            "{} in {DAYS_SHOWN} days; most on {}: {highest}.",
            many(usize::try_from(total).unwrap_or(usize::MAX), "change"),
            day.date
        ),
    };
    let rows: Vec<_> = days
        .iter()
        .filter(|day| day.changes() > 0)
        .rev()
        .map(|day| vec![cell(day.date), cell(day.grants), cell(day.revocations), cell(day.failed)])
        .collect();
    let keys = [
        ("grant", "given or lengthened"),
        ("loss", "ended or shortened"),
        ("fail", "did not take effect"),
    ];
    let content = html! {
        p { (told) }
        @if status.is_audit_cut {
            p.wait { "There were more; the first of these days are not counted to the end." }
        }
        @if total > 0 {
            (drawing(&days, scale_end(highest)))
            p {
                @for (class, text) in keys {
                    span.key-item { span class={ "key " (class) } {} (text) } " "
                }
            }
            details {
                summary { "The same as a table" }
                (Table {
                    id: "days",
                    caption: "Days with changes, the latest first",
                    titles: &["Day", "Given", "Ended", "Failed"],
                    rows_max: days.len(),
                    whole: HISTORY,
                }.render(&rows))
            }
        }
    };
    section(&format!("Changes of the last {DAYS_SHOWN} days"), &content)
}

fn drawing(days: &[Day], end: u32) -> Markup {
    let pitch = (RIGHT - LEFT) / u32::try_from(days.len()).unwrap_or(1).max(1);
    let tall = |count: u32| count * (BOTTOM - TOP) / end;
    let label = format!("Changes of each day, from 0 to {end}; the table below says the same");
    let bar = |(place, day): (u32, &Day)| {
        let left = LEFT + place * pitch;
        let middle = percent(left + pitch / 2);
        let mut top = BOTTOM;
        let parts = [(day.grants, "grant"), (day.revocations, "loss"), (day.failed, "fail")];
        let parts = parts.map(|(count, class)| {
            top -= tall(count);
            (count, class, top)
        });
        let from_today = u32::try_from(days.len()).unwrap_or(u32::MAX) - 1 - place;
        html! {
            @for (count, class, top) in parts.into_iter().filter(|part| part.0 > 0) {
                rect class=(class) x=(percent(left + pitch / 8)) y=(top)
                    width=(percent(pitch * 3 / 4)) height=(tall(count)) {}
            }
            @if day.changes() > 0 {
                text.number x=(middle) y=(top - 4) text-anchor="middle" { (day.changes()) }
            }
            @if from_today == 0 {
                text x=(percent(RIGHT)) y=(DATES) text-anchor="end" { (short(day.date)) }
            } @else if from_today % DATE_EVERY == 0 {
                text x=(middle) y=(DATES) text-anchor="middle" { (short(day.date)) }
            }
        }
    };
    html! {
        svg role="img" aria-label=(label) {
            @for count in [0, end / 2, end] {
                @let y = BOTTOM - tall(count);
                line x1=(percent(LEFT)) x2=(percent(RIGHT)) y1=(y) y2=(y) {}
                text x=(percent(LEFT - 150)) y=(y + 4) text-anchor="end" { (count) }
            }
            @for bar in (0..).zip(days).map(bar) { (bar) }
        }
    }
}

pub fn audit(status: &Status) -> Markup {
    let rows: Vec<_> = status.audit.iter().map(|line| audit_row(status, line)).collect();
    let caption = match status.is_audit_cut {
        true => format!("The newest {} changes of the last {DAYS_SHOWN} days", rows.len()),
        false => format!("Every change of the last {DAYS_SHOWN} days"),
    };
    let table = Table {
        id: "audit",
        caption: &caption,
        titles: &["When", "Run", "Member", "Door", "Person", "Why", "From", "To", "Outcome"],
        rows_max: rows.len(),
        whole: HISTORY,
    };
    let at_gates: Vec<_> = status.rows.iter().map(|change| gate_row(status, change)).collect();
    let caption = match status.is_audit_cut {
        true => format!("The newest {} changes of rows at gates in this time", at_gates.len()),
        false => "Every change of a row at a gate in this time, by its right".to_owned(),
    };
    let gate_table = Table {
        id: "rows",
        caption: &caption,
        titles: &["When", "Run", "Right", "Gate", "Row", "Days", "Outcome"],
        rows_max: at_gates.len(),
        whole: HISTORY,
    };
    let content = html! {
        @if rows.is_empty() && at_gates.is_empty() {
            p { "No changes in this time." }
        } @else {
            p id="search-row" hidden {
                label for="search" { "Search" } " "
                input id="search" type="search" autocomplete="off"; " "
                span.quiet id="found" role="status" {}
            }
            (table.render(&rows))
            (gate_table.render(&at_gates))
            p.quiet { "Older ones, and with names: " code { (HISTORY) } }
        }
    };
    section("Audit log", &content)
}

fn audit_row(status: &Status, line: &AuditLine) -> Vec<Markup> {
    let entry = &line.entry;
    vec![
        moment(status, entry.at),
        cell(entry.run),
        cell(line.member.human()),
        cell(&entry.device),
        cell(&entry.employee_no),
        cell(cause_of(entry)),
        cell(entry.before.as_ref().map_or("–".to_owned(), window)),
        cell(entry.after.as_ref().map_or("–".to_owned(), window)),
        outcome(&entry.outcome, line.kind, entry.error.as_deref()),
    ]
}

/// A change of a row at a gate: told by its right, never by its plate.
fn gate_row(status: &Status, change: &GateChange) -> Vec<Markup> {
    vec![
        moment(status, change.at),
        cell(change.run),
        cell(&change.by),
        cell(&change.gate),
        cell(row_words(change.verb)),
        cell(change.days.map_or("–".to_owned(), days)),
        outcome(change.outcome.as_str(), change.kind(), change.error.as_deref()),
    ]
}

fn outcome(word: &str, kind: Kind, error: Option<&str>) -> Markup {
    let (class, sign) = match (word, kind) {
        ("confirmed", Kind::Grant) => ("good", "given"),
        ("confirmed", Kind::Revocation) => ("wait", "ended"),
        (other, _) => ("bad", other),
    };
    let error = error.map(|error| format!(": {error}")).unwrap_or_default();
    marked(class, &format!("{sign}{error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_just_above_what_it_must_hold() {
        for (highest, end) in [(1, 2), (2, 2), (3, 4), (5, 10), (11, 20), (41, 100), (100, 100)] {
            assert_eq!(scale_end(highest), end, "{highest}");
        }
        for highest in 1..2000 {
            let end = scale_end(highest);
            assert!(end >= highest && end.is_multiple_of(2), "{highest}: {end}");
        }
    }

    #[test]
    fn a_drawing_has_its_scale_its_dates_and_its_numbers() {
        let last: NaiveDate = "2026-03-10".parse().unwrap();
        let mut days: Vec<Day> = (0..30)
            .rev()
            .map(|back| Day { date: last - chrono::TimeDelta::days(back), ..Day::default() })
            .collect();
        (days[29].grants, days[29].revocations, days[8].failed) = (5, 2, 1);
        let text = drawing(&days, scale_end(7)).into_string();
        for part in [
            ">0</text>",
            ">5</text>",
            ">10</text>",
            ">10 Mar</text>",
            ">3 Mar</text>",
            ">10 Feb</text>",
            ">7</text>",
            ">1</text>",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        // The parts of a bar stand on each other: 5 and 2 of 10, each 12 pixels high.
        assert!(text.contains(r#"y="80" width="2.25%" height="60""#), "{text}");
        assert!(text.contains(r#"y="56" width="2.25%" height="24""#), "{text}");
    }
}
