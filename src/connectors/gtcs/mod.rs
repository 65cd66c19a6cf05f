//! GTCS, a town's accounts: the revenue of a day is reported once, and after that as a revision only.
//!
//! What a report holds is *seen*; the period that ends a millisecond before the next day, `revision`, `corrects` and
//! all answers are *believed*: nobody knows what GTCS is.

mod accounts;
mod build;
mod config;
#[cfg(test)]
mod tests;
mod wire;

pub use config::{Gtcs, Settings};
