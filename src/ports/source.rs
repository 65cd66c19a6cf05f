//! A source: it lists holders with their rights, and is never written to.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Failure;
use crate::model::{Holder, HolderId, HolderNumber, RightCode};

/// Which holders are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// All of them; only here does absence mean something.
    Complete,
    /// Those changed after this moment; the connector asks from further back where its system's zone or
    /// clock makes that necessary.
    ChangedSince(DateTime<Utc>),
}

/// What one listing brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The holders, sorted by id; no id occurs twice.
    pub members: Vec<Holder>,
    /// Entries that cannot be used, in the order of the answer.
    pub unusable: Vec<Unusable>,
    /// Entries that are not of the configured account.
    pub elsewhere: usize,
    /// The system's own clock, where it stated it.
    pub server_time: Option<DateTime<Utc>>,
}

/// A holder that was listed but cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// Who it is, as far as that could be read.
    pub key: Option<HolderId>,
    /// What people call the holder by, as far as that could be read.
    pub number: Option<HolderNumber>,
    /// Where the entry begins in the answer, from 1.
    pub line: u32,
    /// Why, without the name of a person.
    pub reason: String,
}

/// A connection to one source.
pub trait Source: Send {
    /// Lists holders with their rights.
    ///
    /// # Errors
    /// [`Failure`]; none of them means that there are no holders.
    fn snapshot(&self, listing: Listing) -> Result<Snapshot, Failure>;

    /// What its rights are called, for people to read.
    ///
    /// # Errors
    /// [`Failure`]; the right to ask may be missing.
    fn right_names(&self) -> Result<BTreeMap<RightCode, String>, Failure> {
        Ok(BTreeMap::new())
    }
}
