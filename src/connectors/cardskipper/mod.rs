//! Cardskipper, where memberships are sold: the members of one organisation, read over its HTTP API.
//!
//! [`Client`] asks, [`wire`] turns documents into [`crate::model`] values and knows no network. This
//! side only reads: no call here changes anything in Cardskipper. An answer that is not wholly
//! understood as a document is an [`Error`], never an empty or shorter list of members; a single
//! entry that is not understood becomes an [`Unusable`], never a guess.
//!
//! Source of everything: cardskipper-api.md.

mod base64;
mod client;
mod date;
mod encoding;
mod error;
mod identity;
mod members;
mod portions;
mod text;
mod unusable;
pub mod wire;

use chrono::{DateTime, Utc};

use crate::model::Holder;

pub use client::{Client, MAX_EXPORT_BYTES};
pub use error::Error;
pub use identity::OrganisationId;
pub use unusable::{Unusable, UnusableReason};

/// Which members are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// All of them; only here does absence mean something.
    Complete,
    /// Those changed after this moment. It is sent as UTC wall time without a zone; the caller has
    /// already subtracted what the unknown zone of the service makes necessary.
    ChangedSince(DateTime<Utc>),
}

/// What one `Member/Export` call brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The members of the configured organisation, sorted by key; no key occurs twice.
    pub members: Vec<Holder>,
    /// Entries of the configured organisation that cannot be used, in the order of the answer.
    pub unusable: Vec<Unusable>,
    /// Members listed without the configured organisation: the search spans all organisations the
    /// login may see.
    pub elsewhere: usize,
    /// The service's own clock (`Date` header), where it told.
    pub server_time: Option<DateTime<Utc>>,
    /// Size of the answer, decompressed.
    pub bytes: usize,
}
