//! Who is who, what must change, the proof of it, and carrying it out: the same for every system.

pub mod execute;
pub mod gather;
pub mod link;
pub mod plan;
mod systems;

pub use systems::{Network, Systems};
