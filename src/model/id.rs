//! Identities. Each is its own type, so that a member number can never be used as an `employeeNo`.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::NaiveDate;
use smol_str::SmolStr;

/// Why a text is not an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Nothing but white space.
    #[error("is empty")]
    Empty,
    /// More bytes than the system that owns the identity takes.
    #[error("is {actual} bytes long, at most {limit} fit")]
    TooLong {
        /// Bytes found.
        actual: usize,
        /// Bytes allowed.
        limit: usize,
    },
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

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(i64);

        impl $name {
            /// Takes a number above zero.
            ///
            /// # Errors
            /// [`InvalidId::NotANumber`] for zero and below.
            pub fn new(value: i64) -> Result<Self, InvalidId> {
                if value > 0 { Ok(Self(value)) } else { Err(InvalidId::NotANumber) }
            }

            /// The number itself.
            #[must_use]
            pub fn get(self) -> i64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let number = text.trim().parse().map_err(|_| InvalidId::NotANumber)?;
                Self::new(number)
            }
        }
    };
}

number_id! {
    /// A Cardskipper organisation (`Organisation/@Id`).
    OrganisationId
}
number_id! {
    /// A member's number in one organisation (`Member/@OrganisationMemberId`). The same number can
    /// occur twice with different birth dates: see [`HolderId`].
    HolderNumber
}
number_id! {
    /// A membership type in Cardskipper (`Role/@Id`).
    RightCode
}
number_id! {
    /// One invocation that may write: one tick.
    RunId
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

name_id! {
    /// One organisation in the configuration: `club` in `[cardskipper.club]`.
    SourceName
}
name_id! {
    /// One device in the configuration: `front-door` in `[hikvision.front-door]`.
    TargetName
}

/// The identity of a person on a device: text of 1 to 32 bytes, never a number (`"007"` is not
/// `"7"`). Source: hikvision-isapi.md section 2.4, row `employeeNo`.
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
        // Every tick reads every one, and nearly all of them are ASCII.
        if !text.is_empty()
            && text.len() <= Self::MAX_BYTES
            && text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Ok(Self(text.into()));
        }
        if text.trim().is_empty() {
            return Err(InvalidId::Empty);
        }
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidId::TooLong { actual: text.len(), limit: Self::MAX_BYTES });
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidId::ControlCharacter);
        }
        Ok(Self(text.into()))
    }

    /// The text as the device holds it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The identity of a member: organisation, number and birth date together.
///
/// An entry without a readable birth date is the one member known by its number, as long as there is
/// only one, and no other entry of the listing has the number; else it stands alone. Source: cardskipper-api.md, "Identity and duplicates".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HolderId {
    /// The organisation the member belongs to.
    pub organisation: OrganisationId,
    /// The member's number there.
    pub number: HolderNumber,
    /// The member's birth date; changing it in Cardskipper makes another member.
    pub birth_date: Option<NaiveDate>,
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

    #[test]
    fn section_names_fit_an_environment_variable() {
        assert!(TargetName::new("front-door_2").is_ok());
        assert_eq!(TargetName::new("front door"), Err(InvalidId::BadCharacter));
        assert_eq!(SourceName::new(""), Err(InvalidId::Empty));
    }
}
