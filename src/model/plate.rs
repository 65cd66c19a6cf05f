//! Number plates: one text for each, however it was typed. Pure.
//!
//! Two cars must never become one, and one car never two. So what people put between the letters goes, and
//! nothing else is changed: no letter becomes another one (`O` and `0`, `I` and `1`, `Ä` and `A` stay
//! apart), and what is not known for certain is refused with its code point.
//!
//! | what | code points | what happens |
//! | --- | --- | --- |
//! | blanks | U+0009, U+0020, U+00A0, U+2000 to U+200A, U+202F | dropped anywhere |
//! | hyphens and dashes | U+002D, U+2010 to U+2015, U+2212 | dropped anywhere |
//! | `.` `/` `_` `·` `•` | U+002E, U+002F, U+005F, U+00B7, U+2022 | dropped where one stands alone between two letters or digits |
//! | letters and digits | `A` to `Z`, `0` to `9`, `ÄÖÜÅÆØČŠŽĆĐ`, small letters of these | kept as capitals, 1 to 12 |
//! | everything else | | refused |
//!
//! The text is composed first (NFC), so that `A` with U+030A is `Å`, as is the sign of the ångström, and the
//! kelvin sign is `K`: Unicode calls these the same character, and what passes a text on may write either.
//! Small letters are those of a list, not what Unicode calls the small form: that makes `S` of `ſ`, `I` of
//! `ı` and `SS` of `ß`.
//!
//! A separator is looked at when blanks and dashes are gone, so that `GÖ · AB 123` is a plate, and `../A1`,
//! `A./B` and `A. .B` are none.

use std::collections::BTreeSet;
use std::fmt;

use smol_str::SmolStr;
use unicode_normalization::UnicodeNormalization;

use super::issuer::IssuerRelation;
use super::{Country, Issuer, IssuerRefusal, is_invisible};

/// The most letters and digits of a plate.
const KEPT_MAX: usize = 12;

/// The most bytes that are looked at: four for each character, and as much again for what is dropped.
const TEXT_MAX_BYTES: usize = 2 * 4 * KEPT_MAX;

/// Letters of plates that are not ASCII, small and capital.
const LETTERS: [(char, char); 11] = [
    ('ä', 'Ä'),
    ('ö', 'Ö'),
    ('ü', 'Ü'),
    ('å', 'Å'),
    ('æ', 'Æ'),
    ('ø', 'Ø'),
    ('č', 'Č'),
    ('š', 'Š'),
    ('ž', 'Ž'),
    ('ć', 'Ć'),
    ('đ', 'Đ'),
];

/// A number plate, and who issued it as far as that is known.
///
/// A plate is personal data: it is in no log and no message. So `Debug` does not show it and there is no
/// `Display`; whoever needs the text asks for it by name. Equality is that of the two texts; whether two
/// plates are those of one car is asked with [`Plate::match_with`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Plate {
    text: SmolStr,
    issuer: Option<Issuer>,
}

/// Whether two plates are those of one car.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlateMatch {
    /// Text and issuer are equal, and the issuer is known.
    Same,
    /// The texts are equal, and the issuer of at least one is not known. It counts as the same car, and the
    /// answer says so.
    TextOnly,
    /// Another text, or another issuer that is known.
    Different,
}

impl Plate {
    /// The letters and digits, without the issuer: what a camera reads.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    #[must_use]
    pub fn issuer(&self) -> Option<&Issuer> {
        self.issuer.as_ref()
    }

    /// The plate as documents write it: `US-CT:ABC123`, or `ABC123` without an issuer.
    #[must_use]
    pub fn spelled(&self) -> String {
        match &self.issuer {
            Some(issuer) => format!("{issuer}:{}", self.text),
            None => self.text.to_string(),
        }
    }

    /// Whether both are the plate of one car: the same from either side. It is no equality, since `ABC123`
    /// without an issuer matches that of Connecticut and that of New York, which do not match each other.
    ///
    /// Plates with different texts never match. So whoever looks among many needs an index by
    /// [`Plate::text`] alone, and asks this of what is found there.
    #[must_use]
    pub fn match_with(&self, other: &Self) -> PlateMatch {
        if self.text != other.text {
            return PlateMatch::Different;
        }
        match Issuer::relation(self.issuer(), other.issuer()) {
            IssuerRelation::Same => PlateMatch::Same,
            IssuerRelation::Other => PlateMatch::Different,
            IssuerRelation::Unknown => PlateMatch::TextOnly,
        }
    }
}

impl fmt::Debug for Plate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plate(not shown)")
    }
}

/// Why a text is no plate. It holds one character of the text at most, so that it can be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlateRefusal {
    /// No letter and no digit.
    #[error("holds no letter and no digit")]
    Empty,
    /// More than a plate has.
    #[error("has more than {KEPT_MAX} letters and digits")]
    TooLong,
    /// A separator at an end or beside another one.
    #[error("holds {} that does not stand alone between two letters or digits", CodePoint(*.0))]
    Misplaced(char),
    /// A character that no plate has.
    #[error("holds {}, {why}", CodePoint(*.character))]
    Character { character: char, why: CharacterFault },
    /// One of the texts that people type where there is no plate.
    #[error("is on the list of texts that are no plates")]
    NoPlate,
    /// The plate may be one; its issuer cannot be kept.
    #[error("has an issuer that {0}")]
    Issuer(IssuerRefusal),
}

/// Why a character is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CharacterFault {
    /// Steers a terminal, or ends a line.
    Control,
    /// Shows nothing, so that two texts that look the same differ.
    Invisible,
    /// A spreadsheet takes what follows for a formula.
    Formula,
    /// A letter or digit of another alphabet, which may look like one of ours.
    OtherAlphabet,
    /// A Latin letter whose capital is another letter or several (`ß`, `ſ`, `ı`).
    NoCapital,
    /// Anything else: `É`, `ẞ`, `#`.
    NotOnPlates,
}

impl fmt::Display for CharacterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Control => "a control character",
            Self::Invisible => "an invisible character",
            Self::Formula => "which begins a formula in a spreadsheet",
            Self::OtherAlphabet => "a letter or digit of another alphabet",
            Self::NoCapital => "a letter without a capital of its own",
            Self::NotOnPlates => "which is on no plate",
        })
    }
}

struct CodePoint(char);

impl fmt::Display for CodePoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X}", u32::from(self.0))
    }
}

/// How texts become plates here.
#[derive(Debug, Clone, Default)]
pub struct PlateRules {
    /// Whose regions may stand alone as issuers.
    country: Option<Country>,
    /// Texts that are no plates, in the form of plates.
    no_plates: BTreeSet<SmolStr>,
}

impl PlateRules {
    /// `no_plates` are texts that people type where there is no plate (`NOPLATE`), in any spelling.
    ///
    /// # Errors
    /// The place in the list, from 0, of a text that could never be taken for a plate, and why.
    pub fn new<'t>(
        country: Option<Country>,
        no_plates: impl IntoIterator<Item = &'t str>,
    ) -> Result<Self, (usize, PlateRefusal)> {
        let texts = no_plates.into_iter().enumerate();
        let normal = texts.map(|(place, text)| normal(text).map_err(|refusal| (place, refusal)));
        Ok(Self { country, no_plates: normal.collect::<Result<_, _>>()? })
    }

    /// Reads a plate that somebody typed or another system sent; a blank issuer is none.
    ///
    /// # Errors
    /// [`PlateRefusal`]: the first thing that is wrong, from the left.
    pub fn read(&self, text: &str, issuer: &str) -> Result<Plate, PlateRefusal> {
        let text = normal(text)?;
        if self.no_plates.contains(&text) {
            return Err(PlateRefusal::NoPlate);
        }
        let issuer = Issuer::parse(issuer, self.country).map_err(PlateRefusal::Issuer)?;
        Ok(Plate { text, issuer })
    }

    /// Reads `CT:ABC123` or `ABC123`: what is before the first colon is the issuer.
    ///
    /// # Errors
    /// As [`PlateRules::read`].
    pub fn read_spelled(&self, text: &str) -> Result<Plate, PlateRefusal> {
        let (issuer, text) = text.split_once(':').unwrap_or(("", text));
        self.read(text, issuer)
    }
}

/// What a character of a plate is.
enum Part {
    Kept(char),
    Dropped,
    Separator,
    Refused(CharacterFault),
}

fn part(c: char) -> Part {
    match c {
        'A'..='Z' | '0'..='9' => Part::Kept(c),
        'a'..='z' => Part::Kept(c.to_ascii_uppercase()),
        '\t' | ' ' | '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' => Part::Dropped,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' => Part::Dropped,
        '.' | '/' | '_' | '\u{b7}' | '\u{2022}' => Part::Separator,
        _ => match LETTERS.iter().find(|(small, capital)| [*small, *capital].contains(&c)) {
            Some((_, capital)) => Part::Kept(*capital),
            None => Part::Refused(fault(c)),
        },
    }
}

fn fault(c: char) -> CharacterFault {
    let is_latin = matches!(c,
        '\u{aa}' | '\u{ba}' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}');
    match c {
        '=' | '+' | '@' => CharacterFault::Formula,
        _ if c.is_control() => CharacterFault::Control,
        _ if is_invisible(c) => CharacterFault::Invisible,
        _ if is_latin => {
            let capital = c.to_uppercase();
            if capital.len() > 1 || capital.clone().all(|capital| capital.is_ascii()) {
                CharacterFault::NoCapital
            } else {
                CharacterFault::NotOnPlates
            }
        }
        _ if c.is_alphanumeric() => CharacterFault::OtherAlphabet,
        _ => CharacterFault::NotOnPlates,
    }
}

/// The letters and digits of a plate, as every spelling of it comes to.
fn normal(text: &str) -> Result<SmolStr, PlateRefusal> {
    if text.len() > TEXT_MAX_BYTES {
        return Err(PlateRefusal::TooLong);
    }
    let mut kept = String::with_capacity(text.len());
    let mut count = 0_usize;
    // A separator that needs a letter or digit behind it.
    let mut open: Option<char> = None;
    for character in text.nfc() {
        match part(character) {
            Part::Kept(letter) => {
                kept.push(letter);
                count += 1;
                open = None;
            }
            Part::Dropped => {}
            Part::Separator if kept.is_empty() || open.is_some() => {
                return Err(PlateRefusal::Misplaced(character));
            }
            Part::Separator => open = Some(character),
            Part::Refused(why) => return Err(PlateRefusal::Character { character, why }),
        }
    }
    match open {
        Some(separator) => Err(PlateRefusal::Misplaced(separator)),
        None if kept.is_empty() => Err(PlateRefusal::Empty),
        None if count > KEPT_MAX => Err(PlateRefusal::TooLong),
        None => Ok(kept.into()),
    }
}

#[cfg(test)]
mod tests;
