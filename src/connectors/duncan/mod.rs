//! Duncan, an agency that collects: citations are handed over in batches, and taken back.
//!
//! That some rows of a batch may be refused, the statuses, and an acknowledgement by count and dollars are *seen* at
//! others who do the same work; all paths and fields here are *believed*: of this agency the name alone is known.
//!
//! No configuration names it yet: whoever has paid or contests a citation must not be dunned, and that is not known
//! here for as long as a citation may be referred.

mod agency;
mod config;
#[cfg(test)]
mod tests;
mod wire;

pub use config::{Duncan, Settings};
