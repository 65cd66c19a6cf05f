//! Persons on a device, reduced to what planning needs.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Email, RecordId, Verb, Window};
use crate::text::hex::hex;
use crate::text::words::words;

/// One `UserInfo` on one device. The full record, with every field a write must send back, stays in
/// `hikvision::wire`; planning needs no more than this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Who it is, on this device.
    pub employee_no: RecordId,
    /// Name as shown on the device; may be empty.
    pub name: String,
    /// When the door opens for them.
    pub limit: Limit,
    /// Whether it may be touched, as far as the target itself says.
    pub standing: RecordStanding,
    /// Why nothing may be written for them, if so.
    pub flaw: Option<Flaw>,
    /// An e-mail found on the device (`email`, or a `PersonInfoExtends` value that is one). Several
    /// different ones on one person count as none.
    pub email: Option<Email>,
    /// Tells whether the record changed since: see [`fingerprint`].
    pub fingerprint: String,
}

words! {
    /// What is wrong with a person's entry on a device, so that a write could meet somebody else or change
    /// what it does not mean to.
    pub enum Flaw {
        /// Several entries have this number.
        Twice = "twice",
        /// It holds bytes that are not UTF-8, as a name in GBK does: it cannot be sent back as it is.
        NotUtf8 = "not-utf-8",
    }
}

impl Flaw {
    /// What is wrong, said of a person.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Twice => "is listed more than once",
            Self::NotUtf8 => "has a name or another text in an encoding that is not UTF-8",
        }
    }
}

words! {
    /// Whether a record may be touched, as far as the target itself says.
    pub enum RecordStanding {
        Free = "free",
        /// Barred by hand: the door does not open whatever the dates say, and that stays so.
        Barred = "barred",
        /// It runs the target itself; never touched.
        Administrator = "administrator",
    }
}

impl RecordStanding {
    /// Whether a record takes a change with this verb.
    #[must_use]
    pub fn takes(self, verb: Verb) -> bool {
        match (self, verb) {
            (Self::Free, Verb::Set) => true,
            (Self::Barred | Self::Administrator, Verb::Set) => false,
        }
    }
}

/// Two times in JSON; both are null where a device holds none that can be read.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Times {
    begin: Option<NaiveDateTime>,
    end: Option<NaiveDateTime>,
}

impl From<Option<Window>> for Times {
    fn from(window: Option<Window>) -> Self {
        Self { begin: window.map(|one| one.begin()), end: window.map(|one| one.end()) }
    }
}

impl From<Limit> for Times {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::Window(window) => Some(window).into(),
            Limit::Permanent(window) => window.into(),
            Limit::Unclear { .. } => None.into(),
            Limit::Unreadable { begin, end } => Self { begin, end },
        }
    }
}

impl From<Times> for Limit {
    fn from(Times { begin, end }: Times) -> Self {
        let window = begin.zip(end).and_then(|(begin, end)| Window::new(begin, end).ok());
        window.map_or(Self::Unreadable { begin, end }, Self::Window)
    }
}

/// The `Valid` object of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Times", into = "Times")]
pub enum Limit {
    /// `enable:true` with a window that makes sense.
    Window(Window),
    /// `enable:false`: the dates are not enforced, the door (most likely) always opens. The dates,
    /// where readable, are kept to be shown.
    Permanent(Option<Window>),
    /// `enable:true` with dates in a form that can mean two things, or none that is known here: an
    /// offset or `Z` on a wall clock that is elsewhere, `UTC` without an offset, another notation.
    /// Nobody knows whether the door opens, so nothing is planned for this person.
    Unclear {
        /// The window that the digits give, as if they were the device's wall clock.
        as_written: Option<Window>,
    },
    /// `enable:true`, but the dates are missing or inverted. Nobody knows what the
    /// device does; the window as far as it could be read.
    Unreadable {
        /// `beginTime`, if it was a time.
        begin: Option<NaiveDateTime>,
        /// `endTime`, if it was a time.
        end: Option<NaiveDateTime>,
    },
}

impl Limit {
    /// The enforced window, if there is one.
    #[must_use]
    pub fn window(&self) -> Option<Window> {
        match self {
            Self::Window(window) => Some(*window),
            Self::Permanent(_) | Self::Unclear { .. } | Self::Unreadable { .. } => None,
        }
    }

    /// Whether the door opens at `at` (device wall-clock time), as far as the validity decides.
    #[must_use]
    pub fn opens_at(&self, at: NaiveDateTime) -> bool {
        match self {
            Self::Window(window) => window.contains(at),
            Self::Permanent(_) => true,
            Self::Unclear { .. } | Self::Unreadable { .. } => false,
        }
    }

    /// The window of a person whose dates are unclear, once it is known that this device appends a
    /// suffix to its wall clock; everybody else's limit stays.
    #[must_use]
    pub fn read_as_written(self) -> Self {
        match self {
            Self::Unclear { as_written: Some(window) } => Self::Window(window),
            other => other,
        }
    }
}

/// Half of a fingerprint, in hex digits: 128 bits, which nobody hits by chance.
const HALF: usize = 32;

/// The digest of one field in a fingerprint by fields, in hex digits.
const FIELD: usize = 12;

/// The fingerprint of a record: the halves of two SHA-256, in lower-case hex, over what a change of dates
/// leaves alone and that says something, then over everything that a write may send. Both are the fields
/// in a canonical form of the connector's.
#[must_use]
pub fn fingerprint(lasting: &str, everything: &str) -> String {
    let half = |canonical: &str| {
        let mut digits = hex(&Sha256::digest(canonical.as_bytes()));
        digits.truncate(HALF);
        digits
    };
    half(lasting) + &half(everything)
}

/// A field of a record in a fingerprint: a letter that stands for it, an upper-case one where a change of dates
/// sets it, and its content in the connector's canonical form.
pub type FieldOfRecord = (char, String);

/// The fingerprint of a record of a system whose answers do not all show the same fields: a word for each field
/// that this answer shows. Fingerprints are compared by the fields that both show.
#[must_use]
pub fn fingerprint_by_fields(shown: impl IntoIterator<Item = FieldOfRecord>) -> String {
    let word = |(letter, content): FieldOfRecord| {
        let mut digits = hex(&Sha256::digest(content.as_bytes()));
        digits.truncate(FIELD);
        format!("{letter}{digits}")
    };
    let words: Vec<String> = shown.into_iter().map(word).collect();
    words.join(" ")
}

/// Whether two fingerprints are of the same state of a record.
#[must_use]
pub fn is_same_record(before: &str, now: &str) -> bool {
    before == now || agree(before, now, |_| true) == Some(true)
}

/// Whether two fingerprints are of records that differ in their dates at most.
#[must_use]
pub fn is_same_but_for_dates(before: &str, now: &str) -> bool {
    let by_fields = agree(before, now, |letter| letter.is_ascii_lowercase());
    by_fields.unwrap_or_else(|| before.get(..HALF) == now.get(..HALF))
}

/// Whether two fingerprints by fields agree in what both show of these fields; nothing where they are none.
fn agree(before: &str, now: &str, is_compared: impl Fn(char) -> bool) -> Option<bool> {
    let words = |text: &str| -> BTreeMap<char, String> {
        let words =
            text.split(' ').filter_map(|word| Some((word.chars().next()?, word.to_owned())));
        words.filter(|(letter, _)| is_compared(*letter)).collect()
    };
    if !before.contains(' ') || !now.contains(' ') {
        return None;
    }
    let (before, now) = (words(before), words(now));
    Some(before.iter().all(|(letter, word)| now.get(letter).is_none_or(|now| now == word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mutants: a field that one answer lacks counts as changed; no field counts; dates count always.
    #[test]
    fn fingerprints_by_fields_are_compared_by_what_both_show() {
        let of = |fields: &[(char, &str)]| {
            fingerprint_by_fields(fields.iter().map(|(letter, text)| (*letter, (*text).to_owned())))
        };
        let whole = of(&[('i', "1"), ('e', "ana@club.example"), ('B', "2026")]);
        for (other, same, same_but_for_dates) in [
            (of(&[('i', "1"), ('e', "ana@club.example"), ('B', "2026")]), true, true),
            (of(&[('i', "1"), ('B', "2026")]), true, true),
            (of(&[('i', "1"), ('p', "77"), ('B', "2026")]), true, true),
            (of(&[('i', "1"), ('e', "ana@club.example"), ('B', "2027")]), false, true),
            (of(&[('i', "1"), ('e', "eva@club.example"), ('B', "2026")]), false, false),
            (of(&[('i', "2"), ('B', "2026")]), false, false),
        ] {
            assert_eq!(is_same_record(&whole, &other), same, "{other}");
            assert_eq!(is_same_but_for_dates(&whole, &other), same_but_for_dates, "{other}");
        }
        let (one, other) = (fingerprint("a", "b"), fingerprint("a", "c"));
        assert!(is_same_record(&one, &one) && !is_same_record(&one, &other));
        assert!(is_same_but_for_dates(&one, &other) && !is_same_record(&one, &whole));
    }
}
