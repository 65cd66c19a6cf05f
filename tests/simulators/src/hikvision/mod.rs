//! A Hikvision access-control device: Digest login, ISAPI persons, and every quirk as a switch.
//! Source: hikvision-isapi reference, sections 1 to 6 and 11.

mod answers;
mod audit;
mod challenge;
mod device;
pub mod digest;
mod login;
mod person;
mod route;
mod search;
mod settings;
mod state;
mod switches;
mod system;
mod write;

pub use device::Device;
pub use person::{Person, RightPlan};
pub use settings::Settings;
pub use switches::*;

#[cfg(test)]
mod tests;
