//! AIMS, a city's office of citations: each is issued once, with its evidence; and it answers whether a car has
//! a right.
//!
//! What a citation holds, and the question about a car, are *seen*; all answers are *believed*, as is 409 with what
//! is there: nobody has seen the real service, which may well speak SOAP.

mod config;
mod evidence;
mod office;
#[cfg(test)]
mod tests;
mod wire;

pub use config::{Aims, Settings};
