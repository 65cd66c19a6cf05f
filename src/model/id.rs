//! Identities. Each is its own type, so that a member number can never be used as an `employeeNo`.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smol_str::{SmolStr, format_smolstr};

/// The most bytes of an identity that a source's connector spells.
const TEXT_MAX_BYTES: usize = 64;

/// Why a text is not an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Nothing but white space.
    #[error("is empty")]
    Empty,
    /// More bytes than the system that owns the identity takes.
    #[error("is {actual} bytes long, at most {limit} fit")]
    TooLong { actual: usize, limit: usize },
    /// A control character, which no device takes and a terminal must not see.
    #[error("holds a control character")]
    ControlCharacter,
    /// A character outside the set for names in the configuration.
    #[error("may hold only letters, digits, `-` and `_`")]
    BadCharacter,
    /// Not a whole number above zero.
    #[error("is not a whole number above zero")]
    NotANumber,
}

/// One invocation that may write: one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RunId(i64);

impl RunId {
    /// Takes a number above zero.
    ///
    /// # Errors
    /// [`InvalidId::NotANumber`] for zero and below.
    pub fn new(value: i64) -> Result<Self, InvalidId> {
        if value > 0 { Ok(Self(value)) } else { Err(InvalidId::NotANumber) }
    }

    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Text as the connector spells it; in order, numbers in it stand by their value.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(SmolStr);

        impl $name {
            /// Takes the text as it is.
            ///
            /// # Errors
            /// [`InvalidId`] when it is blank, longer than 64 bytes or holds a control character.
            pub fn new(text: &str) -> Result<Self, InvalidId> {
                checked(text, TEXT_MAX_BYTES).map(Self)
            }

            /// Spells a whole number above zero.
            ///
            /// # Errors
            /// [`InvalidId::NotANumber`] for zero and below.
            pub fn whole(number: i64) -> Result<Self, InvalidId> {
                match number {
                    1.. => Ok(Self(format_smolstr!("{number}"))),
                    _ => Err(InvalidId::NotANumber),
                }
            }

            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                by_value(&self.0, &other.0)
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Spelled(&self.0).serialize(serializer)
            }
        }
    };
}

/// What a connector spells, in JSON: a number where it is a whole one.
struct Spelled<'a>(&'a str);

impl Serialize for Spelled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.parse::<i64>() {
            Ok(number) if number.to_string() == self.0 => serializer.serialize_i64(number),
            _ => serializer.serialize_str(self.0),
        }
    }
}

text_id! {
    /// What people type and read for a holder: a member's number in one organisation. Several holders of
    /// a source may have the same.
    HolderNumber
}
text_id! {
    /// What a right is for: a membership type in Cardskipper (`Role/@Id`).
    RightCode
}

impl FromStr for HolderNumber {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::whole(text.trim().parse().map_err(|_| InvalidId::NotANumber)?)
    }
}

/// JSON for an identity that is its text.
macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}

macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes the name of a configuration section: letters, digits, `-` and `_`, at most 64.
            ///
            /// # Errors
            /// [`InvalidId`] for anything else: the name becomes part of an environment variable.
            pub fn new(text: &str) -> Result<Self, InvalidId> {
                if text.is_empty() {
                    return Err(InvalidId::Empty);
                }
                if text.len() > 64 {
                    return Err(InvalidId::TooLong { actual: text.len(), limit: 64 });
                }
                if !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
                    return Err(InvalidId::BadCharacter);
                }
                Ok(Self(text.into()))
            }

            /// The name as it was typed.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

as_text!(SourceName);
name_id! {
    /// One organisation in the configuration: `club` in `[cardskipper.club]`.
    SourceName
}

impl SourceName {
    /// Stands for the account of a source that is not in the configuration. The account holds a colon, and
    /// no name does.
    #[must_use]
    pub fn unconfigured(account: &str) -> Self {
        Self(account.into())
    }
}

as_text!(TargetName);
name_id! {
    /// One device in the configuration: `front-door` in `[hikvision.front-door]`.
    TargetName
}

/// The identity of a person on a device: text of 1 to 32 bytes, never a number (`"007"` is not `"7"`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(SmolStr);

impl RecordId {
    /// The most bytes a device takes.
    pub const MAX_BYTES: usize = 32;

    /// Takes the text as it is; nothing is trimmed, since a device may hold a space.
    ///
    /// # Errors
    /// [`InvalidId`] when it is blank, longer than 32 bytes or holds a control character.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        checked(text, Self::MAX_BYTES).map(Self)
    }

    /// The text as the device holds it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

as_text!(RecordId);

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Who a holder is: a source, and text that its connector spells.
///
/// What comes before the first `/` of the text names a human being, and is what people read; what comes
/// behind it may be corrected, and makes another identity of the same human being. So a connector says with
/// its spelling who is the same one: Cardskipper's spells `4711/1980-02-29`, the member's number and birth
/// date.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HolderId {
    /// Where the holder is known.
    pub source: SourceName,
    text: SmolStr,
}

impl HolderId {
    /// Takes the text as it is.
    ///
    /// # Errors
    /// [`InvalidId`] when it is blank, longer than 64 bytes or holds a control character.
    pub fn new(source: SourceName, text: &str) -> Result<Self, InvalidId> {
        Ok(Self { source, text: checked(text, TEXT_MAX_BYTES)? })
    }

    /// The text as the connector spelled it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What of it names the human being, and what people call the holder.
    #[must_use]
    pub fn human(&self) -> &str {
        self.text.split_once('/').map_or(&self.text, |(human, _)| human)
    }

    /// Whether it says no more than who the human being is.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        !self.text.contains('/')
    }

    /// Whether both are the same human being, one of them perhaps before a correction.
    #[must_use]
    pub fn is_same_human(&self, other: &Self) -> bool {
        self.human() == other.human() && self.source == other.source
    }
}

impl fmt::Display for HolderId {
    /// What people call the holder, which may be less than the identity.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.human())
    }
}

impl Serialize for HolderId {
    /// What our documents tell of a holder: never the whole identity, which may hold a birth date.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut holder = serializer.serialize_struct("HolderId", 2)?;
        holder.serialize_field("source", &self.source)?;
        holder.serialize_field("number", &Spelled(self.human()))?;
        holder.end()
    }
}

impl Ord for HolderId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.source.cmp(&other.source).then_with(|| by_value(&self.text, &other.text))
    }
}

impl PartialOrd for HolderId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares texts by their characters, and runs of digits in them by value, as far as these have no
/// leading zeros. A `/` comes before all, so that the identities of one human being stand together.
fn by_value(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let Some(place) = one.iter().zip(other).position(|(one, other)| one != other) else {
        return one.len().cmp(&other.len());
    };
    let digits =
        |bytes: &[u8]| bytes.iter().skip(place).take_while(|byte| byte.is_ascii_digit()).count();
    let is_in_a_run =
        place.checked_sub(1).and_then(|at| one.get(at)).is_some_and(u8::is_ascii_digit);
    let by_length = match (digits(one), digits(other)) {
        (0, _) | (_, 0) if !is_in_a_run => Ordering::Equal,
        (one, other) => one.cmp(&other),
    };
    let rank = |bytes: &[u8]| bytes.get(place).map(|byte| if *byte == b'/' { 0 } else { *byte });
    by_length.then_with(|| rank(one).cmp(&rank(other)))
}

/// Text without control characters, of some length.
pub(super) fn checked(text: &str, limit: usize) -> Result<SmolStr, InvalidId> {
    // Every tick reads every one, and nearly all of them are ASCII.
    if !text.is_empty() && text.len() <= limit && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text.into());
    }
    if text.trim().is_empty() {
        return Err(InvalidId::Empty);
    }
    if text.len() > limit {
        return Err(InvalidId::TooLong { actual: text.len(), limit });
    }
    if text.chars().any(char::is_control) {
        return Err(InvalidId::ControlCharacter);
    }
    Ok(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn employee_numbers_stay_text() {
        let seven = RecordId::new("7").unwrap();
        let padded = RecordId::new("007").unwrap();
        assert_ne!(seven, padded);
        assert_eq!(RecordId::new(" "), Err(InvalidId::Empty));
        assert_eq!(RecordId::new("a\u{0}"), Err(InvalidId::ControlCharacter));
        assert!(RecordId::new(&"č".repeat(16)).is_ok(), "32 bytes fit");
        assert!(RecordId::new(&"č".repeat(17)).is_err(), "34 bytes do not");
    }

    #[test]
    fn numbers_are_above_zero() {
        assert!(HolderNumber::from_str(" 150002 ").is_ok());
        for bad in ["0", "-1", "", "1.5", "99999999999999999999", "１"] {
            assert_eq!(HolderNumber::from_str(bad), Err(InvalidId::NotANumber), "{bad}");
        }
    }

    /// Mutants that this catches: text order; the length of the whole text; a run of digits that ends where
    /// the texts begin to differ.
    #[test]
    fn numbers_in_identities_are_in_the_order_of_their_values() {
        let source = || SourceName::new("club").unwrap();
        let sorted = [
            "2",
            "9/1980-02-29",
            "10",
            "10/1980-02-29",
            "10/1980-11-01",
            "99",
            "100",
            "471",
            "471/1",
            "471-1",
            "4711",
            "a",
            "a-1",
            "a1",
            "a1-9",
            "a1b",
            "a10-0",
            "a10b",
            "b",
        ];
        for (place, one) in sorted.iter().enumerate() {
            for (other_place, other) in sorted.iter().enumerate() {
                let id = |text: &str| HolderId::new(source(), text).unwrap();
                assert_eq!(id(one).cmp(&id(other)), place.cmp(&other_place), "{one} {other}");
            }
        }
    }

    #[test]
    fn what_comes_before_the_stroke_is_the_human_being() {
        let id = |source: &str, text: &str| {
            HolderId::new(SourceName::new(source).unwrap(), text).unwrap()
        };
        let one = id("club", "4711/1980-02-29");
        assert_eq!((one.human(), one.is_bare()), ("4711", false));
        assert_eq!((id("club", "4711").human(), id("club", "4711").is_bare()), ("4711", true));
        assert!(one.is_same_human(&id("club", "4711")));
        assert!(!one.is_same_human(&id("club", "471/1980-02-29")));
        assert!(!one.is_same_human(&id("gym", "4711/1980-02-29")));
    }

    #[test]
    fn section_names_fit_an_environment_variable() {
        assert!(TargetName::new("front-door_2").is_ok());
        assert_eq!(TargetName::new("front door"), Err(InvalidId::BadCharacter));
        assert_eq!(SourceName::new(""), Err(InvalidId::Empty));
    }
}
