//! One message: a subject, a text for people, a document for programs.
//!
//! Pure.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::decide::{Notice, Occasion};
use crate::command::{CommandName, Invocation};
use crate::exit::Exit;
use crate::model::{Zone, printable};
use crate::report::Head;
use crate::text::times::{span, whole_seconds};
use crate::text::wrap::wrap_around_commands;

/// Lines of a mail are this wide at most, so that no reader breaks them.
const WIDTH: usize = 72;
/// A longer command between backticks may be broken; it leaves room for the indentation.
const COMMAND_MAX: usize = 60;

/// What is sent on every channel; as JSON, the document that a webhook gets, version 1. Fields are only ever
/// added within version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    #[serde(flatten)]
    head: Head,
    club: Option<String>,
    /// One line that says the worst.
    pub subject: String,
    /// The whole text, in lines of at most 72 columns but for commands.
    pub text: String,
    /// Each trouble, for programs.
    conditions: Vec<Entry>,
}

/// One trouble, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Entry {
    key: String,
    about: String,
    state: &'static str,
    why: Occasion,
    #[serde(serialize_with = "whole_seconds")]
    since: DateTime<Utc>,
    #[serde(serialize_with = "whole_seconds")]
    until: Option<DateTime<Utc>>,
    exit_code: u8,
    text: String,
}

impl Message {
    /// The same, with its commands as they are to be typed on the computer that sends it.
    #[must_use]
    pub fn with_commands_of(self, invocation: &Invocation) -> Self {
        Self { text: invocation.in_text(&self.text).into_owned(), ..self }
    }

    /// A message to try a channel with.
    #[must_use]
    pub fn test(club: Option<&str>, sender: Option<&str>) -> Self {
        let here = sender.map(|name| format!(" on {name}")).unwrap_or_default();
        let text = wrapped(
            &format!(
                "This is a test that somebody ordered with `ivms-sync check --notify`{here}. \
                 Messages about trouble will come this way. Nothing is wrong."
            ),
            "",
        );
        let (head, subject) = (Head::of(CommandName::Check), subject(club, "test message"));
        Self { head, club: club.map(str::to_owned), subject, text, conditions: Vec::new() }
    }
}

/// Makes one message of everything that is to be said; `None` when that is nothing. Times are written
/// in `zone`; `club` and `sender` (the name of the computer) are given where they are known.
#[must_use]
pub fn compose(
    notices: &[Notice],
    now: DateTime<Utc>,
    zone: Zone,
    club: Option<&str>,
    sender: Option<&str>,
) -> Option<Message> {
    let mut notices: Vec<&Notice> = notices.iter().collect();
    // The worst first, and what is over last.
    notices.sort_by_key(|notice| (exit(notice).rank(), notice.topic.clone()));
    let first = notices.first()?;
    let headline = headline(first, now);
    let subject = match notices.len() - 1 {
        0 => subject(club, &headline),
        more => subject(club, &format!("{headline} (and {more} more)")),
    };
    let mut text = String::new();
    for notice in &notices {
        text.push_str(&paragraph(notice, now, zone));
        text.push('\n');
    }
    let here = sender.map(|name| format!(" on {name}")).unwrap_or_default();
    let footer = format!(
        "Sent by ivms-sync{here}: once when trouble begins, once a day while it lasts, once \
         when it is over."
    );
    text.push_str("-- \n");
    text.push_str(&wrapped(&footer, ""));
    let conditions = notices.iter().map(|notice| entry(notice, now)).collect();
    let club = club.map(str::to_owned);
    Some(Message { head: Head::of(CommandName::Sync), club, subject, text, conditions })
}

/// One line that filters and people know it by: whose program says what.
fn subject(club: Option<&str>, said: &str) -> String {
    let club = club.map(|club| format!(" ({club})")).unwrap_or_default();
    printable(&format!("ivms-sync{club}: {said}"))
}

fn exit(notice: &Notice) -> Exit {
    notice.condition.as_ref().map_or(Exit::InStep, |condition| condition.exit)
}

/// What is wrong, or that it is over, in one line without a full stop.
fn headline(notice: &Notice, now: DateTime<Utc>) -> String {
    if notice.occasion == Occasion::Over {
        return format!("over: {}", notice.topic.recovery());
    }
    let lasted = lasted(now.signed_duration_since(notice.since));
    let trouble = notice.topic.problem(lasted.as_deref());
    match notice.occasion {
        Occasion::First | Occasion::Over => trouble,
        Occasion::Returned => format!("again: {trouble}"),
        Occasion::Reminder => format!("still: {trouble}"),
    }
}

/// How long something lasts, as people say it; nothing for less than a minute.
fn lasted(time: TimeDelta) -> Option<String> {
    (time >= TimeDelta::minutes(1)).then(|| span(time))
}

fn paragraph(notice: &Notice, now: DateTime<Utc>, zone: Zone) -> String {
    let at = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string();
    let Some(condition) = &notice.condition else {
        let until = notice.until.map(|until| format!(" to {}", at(until))).unwrap_or_default();
        let text = format!(
            "{}. The trouble lasted from {}{until}. There is nothing to do.",
            notice.topic.recovery(),
            at(notice.since)
        );
        return wrapped(&text, "");
    };
    let lasted = lasted(now.signed_duration_since(notice.since));
    let mut sentences = vec![format!("{}.", notice.topic.problem(lasted.as_deref()))];
    sentences.extend(condition.waiting.iter().cloned());
    if notice.occasion == Occasion::Returned {
        sentences.push(
            "It comes and goes: from now on it counts as over after twelve calm hours.".to_owned(),
        );
    }
    let mut text = wrapped(&sentences.join(" "), "");
    text.push('\n');
    let mut line = |label: &str, said: &str| {
        text.push_str(&wrapped(&format!("{label}: {said}"), "  "));
    };
    line("Since", &at(notice.since));
    if let Some(detail) = &condition.detail {
        line("In detail", detail);
    }
    if let Some(hint) = &condition.hint {
        line("What to do", hint);
    }
    for command in &condition.commands {
        text.push_str(&format!("  Command: {}\n", printable(command)));
    }
    text
}

fn entry(notice: &Notice, now: DateTime<Utc>) -> Entry {
    let is_over = notice.occasion == Occasion::Over;
    Entry {
        key: notice.topic.to_string(),
        about: notice.topic.about(),
        state: if is_over { "well" } else { "trouble" },
        why: notice.occasion,
        since: notice.since,
        until: notice.until.filter(|_| is_over),
        exit_code: exit(notice).code(),
        text: printable(&headline(notice, now)),
    }
}

/// The text in lines of at most [`WIDTH`] columns, all but the first with two more spaces than
/// `indent` where that is not empty.
fn wrapped(text: &str, indent: &str) -> String {
    let hanging = if indent.is_empty() { String::new() } else { format!("{indent}  ") };
    // What is quoted is made harmless before lines are made of it: that makes it longer.
    let lines = wrap_around_commands(&printable(text), WIDTH, (indent, &hanging), COMMAND_MAX);
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests;
