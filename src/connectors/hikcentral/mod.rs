//! HikCentral Professional: persons of a whole platform, their validity, and nothing else.
//!
//! [`Platform`] is one platform as the engine knows it, and `config` its section of the configuration.
//! [`Client`] asks it through its OpenAPI gateway. Below it: `client` sends signed requests one at a
//! time within limits, `sign` makes the signature, `listing` reads all persons page by page, `codes` sorts
//! refusals by what to do about them, and `wire` (pure) holds every body and every answer.
//!
//! The platform is no door: it holds the persons of many, and a change reaches the devices only once the
//! person is applied to them, which [`Client::reapply`] asks for.
//!
//! Never: a person added or deleted, an empty list sent, a face or a fingerprint sent; a write repeated; a
//! redirect followed; a signed text, a key or a person's name in an error or a log line.

mod client;
mod codes;
mod config;
mod error;
mod listing;
mod sign;
mod target;
mod wire;

#[cfg(test)]
mod tests;

pub use client::{Applications, Client, Settings};
pub use codes::{Code, Meaning};
pub use config::HikCentral;
pub use error::{Error, Refusal};
pub use target::Platform;
pub use wire::{Version, differs_beyond_validity, read_record};
