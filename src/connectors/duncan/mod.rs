//! Duncan, an agency that collects: citations are handed over in batches, and taken back.
//!
//! That some rows of a batch may be refused, the statuses, and an acknowledgement by count and dollars are *seen* at
//! others who do the same work; all paths and fields here are *believed*: of this agency the name alone is known.

mod agency;
mod config;
mod spool;
#[cfg(test)]
mod tests;
mod wire;

pub use config::{Duncan, Settings, Transport};
