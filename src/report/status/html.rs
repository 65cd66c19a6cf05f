//! How things stand, as one page for a phone or a screen on the wall: no outside resource, readable
//! without JavaScript, light and dark. Member numbers only, never a name: a screen is seen by all.

mod changes;
mod parking;
mod parts;
mod people;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::{DeviceStatus, Status, code_words};
use crate::report::text::with_zone;
use crate::text::lists::many;
use crate::text::times::{instant, span};
use changes::{audit, chart};
use parking::{agencies, documents, gates, meters, permit_lists, sources};
use parts::{Table, aging_or_never, cell, marked, section};
use people::{approval, left_out, open_doors, outside, waiting};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The whole page.
#[must_use]
pub fn render(status: &Status) -> String {
    let body = html! {
        (head(status))
        main {
            (approval(status))
            (outside(status))
            (open_doors(status))
            (devices(status))
            (gates(status))
            (sources(status))
            (permit_lists(status))
            (meters(status))
            (documents(status))
            (agencies(status))
            (waiting(status))
            (left_out(status))
            (chart(status))
            (audit(status))
        }
        footer.quiet {
            p {
                "Written by ivms-sync " (env!("CARGO_PKG_VERSION")) ". Times are those of "
                (status.zone.name()) ". Member numbers only; "
                code { "ivms-sync lookup NUMBER" } " tells whose they are."
            }
        }
        script { (PreEscaped(SCRIPT)) }
    };
    framed(&titled(status), &html! {}, &body)
}

/// A page of ours: one file that loads nothing.
pub(super) fn framed(title: &str, more: &Markup, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(policy());
                (more)
                meta name="robots" content="noindex";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    page.into_string() + "\n"
}

/// Nothing is loaded, and nothing runs but what this program has written: the browser compares the hashes.
fn policy() -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

/// The one line that says it all.
pub(super) fn headline(status: &Status) -> String {
    let parts = status.concerns();
    match (parts.is_empty(), status.last_run()) {
        (false, _) => parts.join(", "),
        (true, None) => "No run yet".to_owned(),
        (true, Some(run)) => match run.exit_code {
            Some(0) => in_sync(status).to_owned(),
            Some(code) => format!("The last run did not end well: {}", code_words(code)),
            None => "A run is at work, or was cut off".to_owned(),
        },
    }
}

fn in_sync(status: &Status) -> &'static str {
    match (status.devices.is_empty(), status.gates.is_empty()) {
        (_, true) if !status.devices.is_empty() || status.rights_files.is_empty() => {
            "All doors are in sync"
        }
        (_, true) => "All is well",
        (true, false) => "All gates are in sync",
        (false, false) => "All doors and gates are in sync",
    }
}

/// A moment with its zone, to which the browser adds how long ago it was.
fn aging_with_zone(status: &Status, at: DateTime<Utc>) -> Markup {
    html! { time.aging datetime=(instant(at)) { (with_zone(at, status.zone)) } }
}

/// The same, after the name of the club.
fn titled(status: &Status) -> String {
    let club = status.club.as_ref().map(|club| format!("{club}: ")).unwrap_or_default();
    club + &headline(status)
}

fn head(status: &Status) -> Markup {
    let last_run = status.last_run().map(|run| {
        let (class, end) = match run.exit_code {
            Some(0) => ("good", "ended well".to_owned()),
            None => ("wait", "is at work, or was cut off".to_owned()),
            Some(code) => ("bad", format!("ended with code {code}: {}", code_words(code))),
        };
        let success = status.last_success.as_ref().map(|run| aging_with_zone(status, run.began));
        html! {
            p {
                "Last run " (aging_with_zone(status, run.began)) ": " (marked(class, &end)) "."
                @if run.exit_code != Some(0) {
                    " Last good run: " (success.unwrap_or_else(|| cell("never"))) "."
                }
            }
        }
    });
    html! {
        header {
            (age(status))
            h1 { (titled(status)) }
            @if let Some(last_run) = last_run { (last_run) }
            @for source in &status.sources {
                p.quiet {
                    (source.name) ": "
                    (many(usize::try_from(source.members).unwrap_or(usize::MAX), "member"))
                    ", last answer " (aging_or_never(status, source.fetched_at))
                }
            }
            (written(status))
        }
    }
}

/// What makes the page red once nobody writes it any more. At the time of writing only this program can
/// tell that no run has been for long; later only the browser can.
fn age(status: &Status) -> Markup {
    let due = status.silent_after().map(|due| (instant(due), with_zone(due, status.zone)));
    html! {
        @if let Some(silence) = status.silent_for() {
            p.alarm {
                "When this page was written, there had been no run for " (span(silence)) ", so it is not \
                 known how things stand. See that the schedule runs."
            }
        } @else if let Some((due, told)) = due {
            p.alarm id="old" role="alert" data-due=(due) hidden {
                "This page is old: a newer one was due by " (told) ". It is not known how things stand now. \
                 Either the schedule does not run, or it writes its page elsewhere."
            }
        }
    }
}

/// When the page was written, and how long it is good for, for a reader whose browser runs no script.
fn written(status: &Status) -> Markup {
    html! {
        p.quiet {
            "All of this as of " (aging_with_zone(status, status.at)) "."
            @if let (None, Some(due)) = (status.silent_for(), status.silent_after()) {
                " A newer page is due by " (with_zone(due, status.zone))
                "; after that, it is not known whether this still holds."
            }
        }
    }
}

fn devices(status: &Status) -> Markup {
    let row = |device: &DeviceStatus| {
        let class = if device.is_well() { "good" } else { "bad" };
        vec![
            cell(&device.name),
            cell(device.known.persons),
            aging_or_never(status, device.known.read_at),
            aging_or_never(status, device.known.confirmed_at),
            marked(class, &device.words(status.zone)),
        ]
    };
    let rows: Vec<_> = status.devices.iter().map(row).collect();
    let table = Table {
        id: "doors",
        caption: "Every door of the configuration",
        titles: &["Door", "Persons", "Last read", "Last confirmed", "State"],
        rows_max: rows.len(),
        whole: "ivms-sync status",
    };
    // Who has gates or sources of parking rights needs no door.
    let has_none = rows.is_empty() && !(status.gates.is_empty() && status.rights_files.is_empty());
    html! { @if !has_none { (section("Doors", &table.render(&rows))) } }
}
