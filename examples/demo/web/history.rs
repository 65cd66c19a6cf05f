//! What the program remembers of its changes, asked of the program itself.

use chrono::{DateTime, Utc};
use ivms_sync::model::{Cause, Zone};
use ivms_sync::report::changes::cause_words;
use serde::Serialize;
use serde_json::Value;

/// One change of one door, as `lookup --json` tells it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// Number of the run.
    pub run: u64,
    /// When, in the club's time.
    pub at: String,
    /// Whose date.
    pub name: String,
    /// Which door.
    pub door: String,
    /// Last day before.
    pub before: String,
    /// Last day afterwards.
    pub after: String,
    /// Why, in words.
    pub why: String,
    /// What came of it, in words.
    pub outcome: String,
}

/// The changes in one document of `lookup`.
pub fn read(document: &Value) -> Vec<Change> {
    let list = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let mut changes = Vec::new();
    for member in list(document, "members") {
        for entry in list(&member, "history") {
            let word = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
            let day = |key: &str| {
                let end = entry.get(key).and_then(|window| window.get("end"));
                let end = end.and_then(Value::as_str).unwrap_or_default();
                end.split('T').next().unwrap_or_default().to_owned()
            };
            changes.push(Change {
                run: entry.get("run").and_then(Value::as_u64).unwrap_or_default(),
                at: word("at").parse().map_or_else(|_| word("at").to_owned(), club_time),
                name: member.get("name").and_then(Value::as_str).unwrap_or_default().to_owned(),
                door: word("device").to_owned(),
                before: day("before"),
                after: day("after"),
                why: why(word("cause")).to_owned(),
                outcome: outcome(word("outcome")).to_owned(),
            });
        }
    }
    changes
}

/// Day, hour and minute in the club.
pub fn club_time(at: DateTime<Utc>) -> String {
    let zone: Zone = "Europe/Ljubljana".parse().unwrap_or(Zone::UTC);
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

fn why(cause: &str) -> &str {
    match Cause::from_word(cause) {
        Some(known) => cause_words(known),
        None => cause,
    }
}

fn outcome(outcome: &str) -> &str {
    match outcome {
        "confirmed" => "done, and read back",
        "not-applied" => "not taken by the door",
        "unknown" => "not known yet",
        other => other,
    }
}
