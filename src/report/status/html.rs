//! How things stand, as one page for a phone or a screen on the wall: no outside resource, readable
//! without JavaScript, light and dark. Member numbers only, never a name: a screen is seen by all.

use std::fmt::Display;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::text::{because, why};
use super::{DAYS_SHOWN, Day, DeviceStatus, Status, code_words};
use crate::engine::plan::Kind;
use crate::model::printable;
use crate::report::text::{cause_of, explain, last, window};
use crate::store::{Attention, AttentionKind, AuditLine, Waiting};
use crate::text::lists::many;
use crate::text::times::span;

/// The width and height of the chart in its own units.
const CHART: (u32, u32) = (900, 120);

/// The whole page.
#[must_use]
pub fn render(status: &Status) -> String {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="robots" content="noindex";
                title { (headline(status)) }
                style { (PreEscaped(include_str!("page.css"))) }
            }
            body {
                (head(status))
                main {
                    (approval(status))
                    (outside(status))
                    (open_doors(status))
                    (devices(status))
                    (waiting(status))
                    (left_out(status))
                    (chart(status))
                    (audit(status))
                }
                footer.quiet {
                    p {
                        "Written by ivms-sync " (env!("CARGO_PKG_VERSION")) " on "
                        (status.moment(status.at)) ", in " (status.zone.name())
                        " time. Member numbers only; " code { "ivms-sync lookup NUMBER" }
                        " tells whose they are."
                    }
                }
                script { (PreEscaped(include_str!("page.js"))) }
            }
        }
    };
    page.into_string() + "\n"
}

/// The one line that says it all.
fn headline(status: &Status) -> String {
    let parts = status.concerns();
    match (parts.is_empty(), status.last_run()) {
        (false, _) => parts.join(", "),
        (true, None) => "No run yet".to_owned(),
        (true, Some(run)) => match run.exit_code {
            Some(0) => "All doors are in sync".to_owned(),
            Some(code) => format!("The last run did not end well: {}", code_words(code)),
            None => "A run is at work, or was cut off".to_owned(),
        },
    }
}

fn head(status: &Status) -> Markup {
    let last_run = status.last_run().map(|run| {
        let (class, end) = match run.exit_code {
            Some(0) => ("good", "ended well".to_owned()),
            None => ("wait", "is at work, or was cut off".to_owned()),
            Some(code) => ("bad", format!("ended with code {code}: {}", code_words(code))),
        };
        let success = status.last_success.as_ref().map(|run| status.moment_and_age(run.began));
        html! {
            p {
                "Last run " (status.moment_and_age(run.began)) ", " (marked(class, &end)) "."
                @if run.exit_code != Some(0) {
                    " Last good run: " (success.as_deref().unwrap_or("never")) "."
                }
            }
        }
    });
    html! {
        header {
            h1 { (headline(status)) }
            @if let Some(last_run) = last_run { (last_run) }
            @for source in &status.sources {
                p.quiet {
                    (source.name) ": "
                    (many(usize::try_from(source.members).unwrap_or(usize::MAX), "member"))
                    ", last answer "
                    (source.fetched_at.map_or("never".to_owned(), |at| status.moment_and_age(at)))
                }
            }
        }
    }
}

fn section(title: &str, content: &Markup) -> Markup {
    html! { section { h2 { (title) } (content) } }
}

/// A table that folds into blocks on a phone; nothing where there are no rows.
fn table(id: &str, caption: &str, titles: &[&str], rows: &[Vec<Markup>]) -> Markup {
    html! {
        @if !rows.is_empty() {
            div.scroll {
                table id=(id) {
                    caption { (caption) }
                    thead { tr { @for title in titles { th scope="col" { (title) } } } }
                    tbody {
                        @for row in rows {
                            tr {
                                @for (title, cell) in titles.iter().zip(row) {
                                    td data-title=(title) { (cell) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A text that may come from elsewhere.
fn cell(text: impl Display) -> Markup {
    html! { (printable(&text.to_string())) }
}

fn marked(class: &str, text: &str) -> Markup {
    html! { span class=(class) { (cell(text)) } }
}

fn approval(status: &Status) -> Markup {
    html! {
        @for plan in &status.blocked {
            (section("Changes wait for your approval", &html! {
                p {
                    "Since " (status.moment(plan.made_at)) ". Look at them with "
                    code { "ivms-sync diff" } "; if each is right: "
                    code { "ivms-sync apply --blocked " (plan.id) }
                }
            }))
        }
    }
}

fn outside(status: &Status) -> Markup {
    let rows: Vec<_> = status.outside().map(|one| wait_row(status, one, "bad")).collect();
    let lost = attention_rows(status, AttentionKind::StandingOutside);
    let no_door = status.members_to_look_after(AttentionKind::NoDoor);
    let is_observed = status.to_look_after(AttentionKind::Observed).next().is_some();
    let nobody = match (status.last_run(), status.silent_for()) {
        (Some(_), None) if is_observed => {
            ("wait", "Not known: some changes are only observed, and never written.")
        }
        (Some(_), None) => ("good", "Nobody who has paid stands outside, as far as is known."),
        _ => ("wait", "Not known: there has been no run lately."),
    };
    let content = html! {
        (table("outside", "Paid, and the door does not open yet", &WAIT_TITLES, &rows))
        (table("lost", "Served until now, and left out", &WAIT_TITLES, &lost))
        @if no_door > 0 {
            p.bad {
                (many(no_door, "member")) " paid and " (if no_door == 1 { "has" } else { "have" })
                " no door. " code { "ivms-sync status --unlinked FILE.csv" } " lists them."
            }
        }
        @if rows.is_empty() && lost.is_empty() && no_door == 0 {
            p class=(nobody.0) { (nobody.1) }
        }
    };
    section("Standing outside", &content)
}

/// Who has access and should be looked after: doors that open without reason, and persons who are linked
/// to nobody.
fn open_doors(status: &Status) -> Markup {
    let part = |kind, id, title, caption| {
        let rows = attention_rows(status, kind);
        let content = table(id, caption, &WAIT_TITLES, &rows);
        html! { @if !rows.is_empty() { (section(title, &content)) } }
    };
    html! {
        (part(
            AttentionKind::OpenWithoutReason,
            "open",
            "Open without reason",
            "The door opens, and it is not known whether this is paid for",
        ))
        (part(
            AttentionKind::Released,
            "released",
            "Linked to nobody",
            "Written to by ivms-sync, and linked to no member now",
        ))
    }
}

const WAIT_TITLES: [&str; 6] = ["Member", "Door", "Person", "Until", "Since", "Because"];

fn attention_rows(status: &Status, kind: AttentionKind) -> Vec<Vec<Markup>> {
    let row = |one: &Attention| {
        vec![
            cell(one.member.human()),
            cell(one.device.as_ref().map_or("–", |name| name.as_str())),
            cell(one.employee_no.as_ref().map_or("–", |person| person.as_str())),
            cell(one.ends.map_or("–".to_owned(), last)),
            marked("bad", &status.moment(one.since)),
            cell(why(one)),
        ]
    };
    status.to_look_after(kind).map(row).collect()
}

fn wait_row(status: &Status, one: &Waiting, class: &str) -> Vec<Markup> {
    let age = span(status.at.signed_duration_since(one.since));
    vec![
        cell(one.member.human()),
        cell(&one.device),
        cell(&one.employee_no),
        cell(last(one.after.end())),
        marked(class, &format!("{} ({age})", status.moment(one.since))),
        cell(because(one)),
    ]
}

fn waiting(status: &Status) -> Markup {
    let rows: Vec<_> = status.others().map(|one| wait_row(status, one, "wait")).collect();
    let table = table("waiting", "Wanted, and not on the door yet", &WAIT_TITLES, &rows);
    html! { @if !rows.is_empty() { (section("Waiting", &table)) } }
}

fn devices(status: &Status) -> Markup {
    let row = |device: &DeviceStatus| {
        let when = |at: Option<_>| at.map_or("never".to_owned(), |at| status.moment(at));
        let class = if device.is_well() { "good" } else { "bad" };
        vec![
            cell(&device.name),
            cell(device.known.persons),
            cell(when(device.known.read_at)),
            cell(when(device.known.confirmed_at)),
            marked(class, &device.words(status.zone)),
        ]
    };
    let rows: Vec<_> = status.devices.iter().map(row).collect();
    let titles = ["Door", "Persons", "Last read", "Last confirmed", "State"];
    section("Doors", &table("doors", "Every door of the configuration", &titles, &rows))
}

fn left_out(status: &Status) -> Markup {
    let row = |(reason, count): (_, usize)| {
        let (title, remedy) = explain(reason);
        vec![cell(count), cell(title), cell(remedy)]
    };
    let rows: Vec<_> = status.left_out_counts().into_iter().map(row).collect();
    let titles = ["Members", "Why", "What to do"];
    let table = table("left-out", "Members with paid time", &titles, &rows);
    html! { @if !rows.is_empty() { (section("Nothing can be done for", &table)) } }
}

/// Bars for each day, and the same as a table for whoever cannot see them.
fn chart(status: &Status) -> Markup {
    let days = status.days();
    let height = |day: &Day| day.grants + day.revocations + day.failed;
    let highest = days.iter().map(height).max().unwrap_or(0).max(1);
    let (width, full) = CHART;
    let step = width / u32::try_from(days.len()).unwrap_or(1).max(1);
    let total: u32 = days.iter().map(height).sum();
    let label =
        format!("Changes of each of the last {DAYS_SHOWN} days; the table below says the same");
    let bars = |(place, day): (u32, &Day)| {
        let mut top = full;
        let parts = [(day.grants, "grant"), (day.revocations, "loss"), (day.failed, "fail")];
        let parts = parts.map(|(count, class)| {
            let tall = count * full / highest;
            top -= tall.min(top);
            (count, class, top, tall)
        });
        html! {
            @for (count, class, top, tall) in parts.into_iter().filter(|part| part.0 > 0) {
                rect class=(class) x=(place * step + step / 8) y=(top) width=(step * 3 / 4)
                    height=(tall) {
                    title { (day.date) ": " (count) }
                }
            }
        }
    };
    let rows: Vec<_> = days
        .iter()
        .filter(|day| height(day) > 0)
        .rev()
        .map(|day| vec![cell(day.date), cell(day.grants), cell(day.revocations), cell(day.failed)])
        .collect();
    let keys = [
        ("grant", "given or lengthened"),
        ("loss", "ended or shortened"),
        ("fail", "did not take effect"),
    ];
    let content = html! {
        p {
            (many(usize::try_from(total).unwrap_or(usize::MAX), "change")) " in " (DAYS_SHOWN)
            " days, at most " (highest) " in a day."
        }
        svg viewBox={ "0 0 " (width) " " (full) } preserveAspectRatio="none" role="img"
            aria-label=(label) {
            @for bar in (0..).zip(&days).map(bars) { (bar) }
        }
        p {
            @for (class, text) in keys {
                span.key-item { span class={ "key " (class) } {} (text) } " "
            }
        }
        @if !rows.is_empty() {
            details {
                summary { "As a table" }
                (table("days", "Days with changes", &["Day", "Given", "Ended", "Failed"], &rows))
            }
        }
    };
    section(&format!("Changes of the last {DAYS_SHOWN} days"), &content)
}

fn audit(status: &Status) -> Markup {
    let rows: Vec<_> = status.audit.iter().map(|line| audit_row(status, line)).collect();
    let caption = match status.is_audit_cut {
        true => format!("The newest {} changes of the last {DAYS_SHOWN} days", rows.len()),
        false => format!("Every change of the last {DAYS_SHOWN} days"),
    };
    let titles = ["When", "Run", "Member", "Door", "Person", "Why", "From", "To", "Outcome"];
    let content = html! {
        @if rows.is_empty() {
            p { "No changes in this time." }
        } @else {
            p id="search-row" hidden {
                label for="search" { "Search" } " "
                input id="search" type="search" autocomplete="off"; " "
                span.quiet id="found" role="status" {}
            }
            (table("audit", &caption, &titles, &rows))
        }
    };
    section("Audit log", &content)
}

fn audit_row(status: &Status, line: &AuditLine) -> Vec<Markup> {
    let entry = &line.entry;
    let (class, sign) = match (entry.outcome.as_str(), line.kind) {
        ("confirmed", Kind::Grant) => ("good", "given"),
        ("confirmed", Kind::Revocation) => ("wait", "ended"),
        (other, _) => ("bad", other),
    };
    let error = entry.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    vec![
        cell(status.moment(entry.at)),
        cell(entry.run),
        cell(line.member.human()),
        cell(&entry.device),
        cell(&entry.employee_no),
        cell(cause_of(entry)),
        cell(entry.before.as_ref().map_or("–".to_owned(), window)),
        cell(entry.after.as_ref().map_or("–".to_owned(), window)),
        marked(class, &format!("{sign}{error}")),
    ]
}
