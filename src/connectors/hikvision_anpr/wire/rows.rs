//! Rows of a list as cameras show them. Pure.

use std::fmt;

use serde_json::{Map, Value};

use super::times::Stated;
use crate::connectors::hikvision::wire::{field, text};
use crate::connectors::hikvision_anpr::ways::Begin;
use crate::model::{GateRow, RowEffect, RowTime, Zone, visible};

/// The longest id or plate that is sent back, in characters.
const NAME_CHARS: usize = 128;

/// One page of a list.
pub(in crate::connectors::hikvision_anpr) struct Page {
    /// Each entry, or what is wrong with it, as what follows "the entry".
    pub(in crate::connectors::hikvision_anpr) entries: Vec<Result<Entry, Misfit>>,
    /// Rows that there are in all, as stated.
    pub(in crate::connectors::hikvision_anpr) total: Option<usize>,
    pub(in crate::connectors::hikvision_anpr) word: PageWord,
    /// Whether it holds as many entries as it says it does.
    pub(in crate::connectors::hikvision_anpr) is_counted: bool,
}

/// An entry that cannot be used.
pub(in crate::connectors::hikvision_anpr) struct Misfit {
    pub(in crate::connectors::hikvision_anpr) why: &'static str,
    /// Its whole content, to know it again.
    pub(in crate::connectors::hikvision_anpr) content: String,
}

/// What a page says about those after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::connectors::hikvision_anpr) enum PageWord {
    Last,
    More,
    /// There is nothing, or nothing more.
    NoMatch,
    /// It says nothing that is known here.
    Unsaid,
}

impl PageWord {
    pub(super) fn read(word: Option<String>) -> Self {
        match word.unwrap_or_default().trim().to_ascii_uppercase().as_str() {
            "OK" => Self::Last,
            "MORE" => Self::More,
            "NO MATCH" | "NO MATCHES" => Self::NoMatch,
            _ => Self::Unsaid,
        }
    }
}

/// One row as it is shown, its times as they are written. `Debug` shows no plate.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::connectors::hikvision_anpr) struct Entry {
    pub(in crate::connectors::hikvision_anpr) id: String,
    pub(in crate::connectors::hikvision_anpr) plate: String,
    pub(in crate::connectors::hikvision_anpr) effect: RowEffect,
    /// The begin in a field of its own.
    pub(in crate::connectors::hikvision_anpr) start: Option<Stated>,
    pub(in crate::connectors::hikvision_anpr) created: Option<Stated>,
    pub(in crate::connectors::hikvision_anpr) end: Option<Stated>,
    /// What else it holds and is sent back with a change, as some firmware empties what is left out.
    pub(super) others: Vec<(&'static str, String)>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { effect, start, created, end, .. } = self;
        let mut shown = f.debug_struct("Entry");
        shown.field("effect", effect).field("start", start);
        shown.field("created", created).field("end", end).finish_non_exhaustive()
    }
}

/// How the times of rows are to be understood.
#[derive(Debug, Clone, Copy)]
pub(in crate::connectors::hikvision_anpr) struct Reading {
    /// The zone of the camera's wall clock.
    pub(in crate::connectors::hikvision_anpr) zone: Zone,
    /// Where the begin of a row was seen to be kept.
    pub(in crate::connectors::hikvision_anpr) begin: Option<Begin>,
    /// Whether an end at midnight is that whole day.
    pub(in crate::connectors::hikvision_anpr) keeps_days: Option<bool>,
}

impl Entry {
    /// The row as the engine knows it.
    pub(in crate::connectors::hikvision_anpr) fn row(&self, reading: Reading) -> GateRow {
        let shown = match reading.begin {
            Some(Begin::CreateTime) => self.start.or(self.created),
            Some(Begin::Own) | None => self.start,
        };
        let begin = shown.map(|shown| shown.begin(reading.zone));
        let end = self.end.map(|end| end.end(reading.zone, reading.keeps_days));
        let time = match (begin, end) {
            (Some(None), _) | (_, Some(None)) => RowTime::Unclear,
            (begin, end) => RowTime::Known { begin: begin.flatten(), end: end.flatten() },
        };
        GateRow { id: self.id.clone(), plate: self.plate.clone(), effect: self.effect, time }
    }

    /// Whether it is the same row, whatever it holds.
    pub(in crate::connectors::hikvision_anpr) fn is_same_row(&self, other: &Self) -> bool {
        self.id == other.id && bare(&self.plate) == bare(&other.plate)
    }
}

/// A plate as it is compared: letters and digits, in capitals.
pub(in crate::connectors::hikvision_anpr) fn bare(plate: &str) -> String {
    plate.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// The text under a key; nothing where there is none, or where there are two.
pub(super) fn one_text(object: &Map<String, Value>, key: &str) -> Option<String> {
    field(object, key).and_then(text).map(|text| text.trim().to_owned())
}

/// The names of the fields of a row.
pub(super) struct Fields {
    pub(super) plate: &'static str,
    /// What names the list, the first that is there.
    pub(super) list: &'static [&'static str],
    pub(super) start: &'static str,
    pub(super) created: &'static str,
    pub(super) end: &'static str,
    /// What is sent back with a change.
    pub(super) others: &'static [&'static str],
}

/// Reads one entry.
///
/// # Errors
/// What is wrong with it.
pub(super) fn entry(value: &Value, fields: &Fields) -> Result<Entry, Misfit> {
    let wrong = |why| Misfit { why, content: value.to_string() };
    let row = value.as_object().ok_or_else(|| wrong("is none"))?;
    let plate = one_text(row, fields.plate).unwrap_or_default();
    if bare(&plate).is_empty() {
        return Err(wrong("has no plate"));
    }
    let id = match field(row, "id") {
        None => String::new(),
        Some(id) => text(id).ok_or_else(|| wrong("has an id that is no text"))?.trim().to_owned(),
    };
    let fits = |text: &str| {
        visible(text, NAME_CHARS) == text && !text.contains(char::REPLACEMENT_CHARACTER)
    };
    if !fits(&plate) || !fits(&id) {
        return Err(wrong("has a plate or an id that cannot be sent back"));
    }
    let time = |key| match field(row, key) {
        None => None,
        // Two times are none that can be understood.
        Some(value) => text(value).map_or(Some(Stated::Unreadable), |text| Stated::read(&text)),
    };
    let word = fields.list.iter().find_map(|key| field(row, key));
    let others = fields.others.iter().filter_map(|key| {
        let text = one_text(row, key).filter(|text| !text.is_empty() && fits(text))?;
        Some((*key, text))
    });
    Ok(Entry {
        effect: effect(word.and_then(text).unwrap_or_default().trim()),
        start: time(fields.start),
        created: time(fields.created),
        end: time(fields.end),
        others: others.collect(),
        id,
        plate,
    })
}

/// What a word for a list means, of every generation.
fn effect(word: &str) -> RowEffect {
    let is = |words: [&str; 3]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    match word {
        _ if is(["allowList", "whiteList", "0"]) => RowEffect::Opens,
        _ if is(["blockList", "blackList", "1"]) => RowEffect::Bars,
        _ => RowEffect::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_both_generations() {
        for (word, expected) in [
            ("allowList", RowEffect::Opens),
            ("whiteList", RowEffect::Opens),
            ("WHITELIST", RowEffect::Opens),
            ("0", RowEffect::Opens),
            ("blockList", RowEffect::Bars),
            ("blackList", RowEffect::Bars),
            ("1", RowEffect::Bars),
            ("", RowEffect::Unknown),
            ("2", RowEffect::Unknown),
            ("other", RowEffect::Unknown),
        ] {
            assert_eq!(effect(word), expected, "{word}");
        }
    }

    #[test]
    fn plates_are_compared_without_what_separates() {
        assert_eq!(bare("lj ab-123·ž"), "LJAB123Ž");
        assert_eq!(bare(" -._ "), "");
    }

    #[test]
    fn words_of_pages() {
        for (word, expected) in [
            ("OK", PageWord::Last),
            ("more", PageWord::More),
            ("NO MATCHES", PageWord::NoMatch),
            ("NO MATCH", PageWord::NoMatch),
            ("perhaps", PageWord::Unsaid),
        ] {
            assert_eq!(PageWord::read(Some(word.to_owned())), expected);
        }
        assert_eq!(PageWord::read(None), PageWord::Unsaid);
    }
}
