//! A Hikvision access-control device: Digest login, ISAPI persons, and every quirk as a switch.

mod audit;
mod device;
mod person;
mod route;
mod search;
mod settings;
mod state;
mod switches;
mod system;
mod write;

pub use crate::isapi::digest;
pub use device::Device;
pub use person::{Person, RightPlan};
pub use settings::Settings;
pub use switches::*;

#[cfg(test)]
mod tests;
