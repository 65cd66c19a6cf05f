//! How Cardskipper's identities are spelled. Pure.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;

use crate::model::{HolderId, HolderNumber, InvalidId, SourceName};

/// An organisation (`Organisation/@Id`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrganisationId(i64);

impl OrganisationId {
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

impl fmt::Display for OrganisationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for OrganisationId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::new(text.trim().parse().map_err(|_| InvalidId::NotANumber)?)
    }
}

/// The identity of a member: the number names the human being, and the birth date tells apart those who
/// have the same. An entry without a readable birth date says only who it is.
///
/// # Errors
/// [`InvalidId`], which no number and date come to.
pub fn holder_id(
    source: &SourceName,
    number: &HolderNumber,
    birth_date: Option<NaiveDate>,
) -> Result<HolderId, InvalidId> {
    match birth_date {
        Some(date) => HolderId::new(source.clone(), &format!("{number}/{date}")),
        None => HolderId::new(source.clone(), number.as_str()),
    }
}
