//! One message: a subject, a text for people, a document for programs.
//!
//! Pure.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::decide::{Why, Word};
use crate::exit::Exit;
use crate::model::inert_lines;

/// Lines of a mail are this wide at most, so that no reader breaks them.
const WIDTH: usize = 72;
/// A longer command between backticks may be broken; it leaves room for the indentation.
const COMMAND_MAX: usize = 60;

/// What is sent on every channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// One line that says the worst.
    pub subject: String,
    /// The whole text, in lines of at most 72 columns but for commands.
    pub text: String,
    /// Each trouble, for programs.
    pub conditions: Vec<Entry>,
}

/// One trouble, for programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    key: String,
    about: String,
    state: &'static str,
    why: &'static str,
    since: String,
    until: Option<String>,
    exit_code: u8,
    text: String,
}

/// The document that a webhook gets, version 1. Fields are only ever added within version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Document<'a> {
    version: u8,
    subject: &'a str,
    text: &'a str,
    conditions: &'a [Entry],
}

impl Message {
    /// The document for programs.
    #[must_use]
    pub fn document(&self) -> Document<'_> {
        Document {
            version: 1,
            subject: &self.subject,
            text: &self.text,
            conditions: &self.conditions,
        }
    }

    /// A message to try a channel with.
    #[must_use]
    pub fn test(sender: Option<&str>) -> Self {
        let here = sender.map(|name| format!(" on {name}")).unwrap_or_default();
        let text = wrapped(
            &format!(
                "This is a test that somebody ordered with `ivms-sync check --notify`{here}. \
                 Messages about trouble will come this way. Nothing is wrong."
            ),
            "",
        );
        Self { subject: "ivms-sync: test message".to_owned(), text, conditions: Vec::new() }
    }
}

/// Makes one message of everything that is to be said; `None` when that is nothing. Times are written
/// in `zone`; `sender` is the name of the computer, where it
/// is known.
#[must_use]
pub fn compose(
    words: &[Word],
    now: DateTime<Utc>,
    zone: Tz,
    sender: Option<&str>,
) -> Option<Message> {
    let mut words: Vec<&Word> = words.iter().collect();
    // The worst first, and what is over last.
    words.sort_by_key(|word| (exit(word).rank(), word.topic.clone()));
    let first = words.first()?;
    let subject = match words.len() - 1 {
        0 => format!("ivms-sync: {}", headline(first, now)),
        more => format!("ivms-sync: {} (and {more} more)", headline(first, now)),
    };
    let mut text = String::new();
    for word in &words {
        text.push_str(&paragraph(word, now, zone));
        text.push('\n');
    }
    let here = sender.map(|name| format!(" on {name}")).unwrap_or_default();
    let footer = format!(
        "Sent by ivms-sync{here}: once when trouble begins, once a day while it lasts, once \
         when it is over."
    );
    text.push_str("-- \n");
    text.push_str(&wrapped(&one_line(&footer), ""));
    let conditions = words.iter().map(|word| entry(word, now)).collect();
    Some(Message { subject: one_line(&subject), text, conditions })
}

fn exit(word: &Word) -> Exit {
    word.condition.as_ref().map_or(Exit::InStep, |condition| condition.exit)
}

/// What is wrong, or that it is over, in one line without a full stop.
fn headline(word: &Word, now: DateTime<Utc>) -> String {
    if word.why == Why::Over {
        return format!("over: {}", word.topic.well());
    }
    let lasted = lasted(now.signed_duration_since(word.since));
    let trouble = word.topic.trouble(lasted.as_deref());
    match word.why {
        Why::First | Why::Over => trouble,
        Why::Again => format!("again: {trouble}"),
        Why::Reminder => format!("still: {trouble}"),
    }
}

/// How long something lasts, as people say it; nothing for less than a minute.
fn lasted(time: TimeDelta) -> Option<String> {
    let (minutes, hours, days) = (time.num_minutes(), time.num_hours(), time.num_days());
    let so_many = |count: i64, what: &str| {
        Some(format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
    };
    match () {
        () if minutes < 1 => None,
        () if hours < 2 => so_many(minutes, "minute"),
        () if days < 2 => so_many(hours, "hour"),
        () => so_many(days, "day"),
    }
}

fn paragraph(word: &Word, now: DateTime<Utc>, zone: Tz) -> String {
    let at = |at: DateTime<Utc>| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string();
    let Some(condition) = &word.condition else {
        let until = word.until.map(|until| format!(" to {}", at(until))).unwrap_or_default();
        let text = format!(
            "{}. The trouble lasted from {}{until}. There is nothing to do.",
            word.topic.well(),
            at(word.since)
        );
        return wrapped(&one_line(&text), "");
    };
    let lasted = lasted(now.signed_duration_since(word.since));
    let mut sentences = vec![format!("{}.", word.topic.trouble(lasted.as_deref()))];
    sentences.extend(condition.waiting.iter().cloned());
    if word.why == Why::Again {
        sentences.push(
            "It comes and goes: from now on it counts as over after twelve calm hours.".to_owned(),
        );
    }
    let mut text = wrapped(&one_line(&sentences.join(" ")), "");
    text.push('\n');
    let mut line = |label: &str, said: &str| {
        // What is quoted is made harmless before lines are made of it: that makes it longer.
        text.push_str(&wrapped(&format!("{label}: {}", one_line(said)), "  "));
    };
    line("Since", &at(word.since));
    if let Some(detail) = &condition.detail {
        line("In detail", detail);
    }
    if let Some(hint) = &condition.hint {
        line("What to do", hint);
    }
    for command in &condition.commands {
        text.push_str(&format!("  Command: {}\n", one_line(command)));
    }
    text
}

fn entry(word: &Word, now: DateTime<Utc>) -> Entry {
    let at = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (state, why) = match word.why {
        Why::First => ("trouble", "first"),
        Why::Again => ("trouble", "again"),
        Why::Reminder => ("trouble", "reminder"),
        Why::Over => ("well", "over"),
    };
    Entry {
        key: word.topic.to_string(),
        about: word.topic.about(),
        state,
        why,
        since: at(word.since),
        until: word.until.filter(|_| word.why == Why::Over).map(at),
        exit_code: exit(word).code(),
        text: one_line(&headline(word, now)),
    }
}

/// A line that nothing it quotes can break in two.
fn one_line(text: &str) -> String {
    inert_lines(text).replace(['\n', '\r'], " ")
}

/// The text in lines of at most [`WIDTH`] columns, all but the first with two more spaces than
/// `indent` where that is not empty. What stands between backticks stays together.
fn wrapped(text: &str, indent: &str) -> String {
    let hanging = if indent.is_empty() { String::new() } else { format!("{indent}  ") };
    let mut lines: Vec<String> = Vec::new();
    let mut line = indent.to_owned();
    let mut is_fresh = true;
    for piece in pieces(text) {
        if is_fresh {
            line.push_str(&piece);
            is_fresh = false;
            continue;
        }
        let longer = format!("{line} {piece}");
        line = if longer.width() <= WIDTH {
            longer
        } else {
            lines.push(line);
            format!("{hanging}{piece}")
        };
    }
    lines.push(line);
    lines.join("\n") + "\n"
}

/// The words of a text; a command between backticks is one word, if it fits on a line.
fn pieces(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let has_odd = |word: &str| word.matches('`').count() % 2 == 1;
    let mut pieces = Vec::new();
    let mut rest = words.as_slice();
    while let Some((first, others)) = rest.split_first() {
        let mut command = (*first).to_owned();
        let mut end = None;
        if has_odd(first) {
            for (place, word) in others.iter().enumerate() {
                command = format!("{command} {word}");
                if command.width() > COMMAND_MAX {
                    break;
                }
                if has_odd(word) {
                    end = Some(place + 1);
                    break;
                }
            }
        }
        match end.and_then(|end| others.get(end..)) {
            Some(after) => {
                pieces.push(command);
                rest = after;
            }
            None => {
                pieces.push((*first).to_owned());
                rest = others;
            }
        }
    }
    pieces
}

#[cfg(test)]
mod tests;
