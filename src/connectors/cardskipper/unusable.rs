//! Members that were listed but cannot be used, with the reason.

use std::fmt;

use crate::model::{HolderId, HolderNumber};

/// A member of the configured organisation whose entry cannot be used. Nothing is guessed: the member
/// stays as it is on the doors, and the entry is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// Who it is, as far as that could be read.
    pub key: Option<HolderId>,
    /// What people call the member by, as far as that could be read.
    pub number: Option<HolderNumber>,
    /// The line of the answer where the entry starts, counted from 1.
    pub line: u32,
    pub reason: UnusableReason,
}

/// Why an entry cannot be used. The text inside is the attribute as written, cut to 40 characters;
/// `None` when the attribute is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnusableReason {
    /// `OrganisationMemberId` is missing, zero or no number.
    NoNumber,
    /// An `Organisation/@Id` of this member cannot be read, so nobody knows whose roles these are.
    BadOrganisation(Option<String>),
    /// `Inactive` is neither true nor false.
    BadInactive(String),
    /// A `Role/@Id` cannot be read.
    BadRole(Option<String>),
    /// The same number and birth date is listed more than once, and the entries contradict each other
    /// or one of them cannot be used.
    ListedTwice,
}

impl fmt::Display for UnusableReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = |f: &mut fmt::Formatter<'_>, what: &str, value: &Option<String>| match value {
            None => write!(f, "{what} is missing"),
            Some(value) => write!(f, "{what} is `{value}`, not a whole number above zero"),
        };
        match self {
            Self::NoNumber => {
                f.write_str("the member number is missing or not a whole number above zero")
            }
            Self::BadOrganisation(value) => written(f, "the Id of an organisation", value),
            Self::BadInactive(value) => write!(f, "Inactive is `{value}`, neither true nor false"),
            Self::BadRole(value) => written(f, "the Id of a role", value),
            Self::ListedTwice => f.write_str(
                "the member is listed more than once, and the entries contradict each other",
            ),
        }
    }
}
