//! Teller, a city's cashier: payments, and refunds of them.
//!
//! What its documents hold is *seen*; that a refund has an id of its own, the paths of questions, the answer to a
//! refund and `remainingAmount` are *believed*: nobody has seen the real service.

mod cashier;
mod config;
#[cfg(test)]
mod tests;
mod wire;

pub use config::{Settings, Teller};
