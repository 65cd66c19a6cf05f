//! Cardskipper, where memberships are sold: the members of one organisation, read over its HTTP API.
//!
//! [`Client`] asks, [`wire`] turns documents into [`crate::model`] values and knows no network. This
//! side only reads: no call here changes anything in Cardskipper. An answer that is not wholly
//! understood as a document is an [`Error`], never an empty or shorter list of members; a single
//! entry that is not understood becomes an [`Unusable`](crate::ports::Unusable), never a guess.

mod client;
mod config;
mod date;
mod encoding;
mod error;
mod identity;
mod limits;
mod members;
mod portions;
mod source;
mod text;
mod unusable;
pub mod wire;

pub use client::Client;
pub use config::{Cardskipper, Settings};
pub use error::Error;
pub use identity::OrganisationId;
pub use limits::MAX_EXPORT_BYTES;
