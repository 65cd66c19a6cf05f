//! A Hikvision access-control device: Digest login, ISAPI persons, and every quirk as a switch.

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
