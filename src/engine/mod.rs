//! Who is who, what must change, the proof of it, and carrying it out: the same for every system.

pub mod carry_out;
pub mod execute;
pub mod gather;
pub mod link;
mod outcome;
pub mod plan;
mod systems;

pub use outcome::{ChangeState, KeptLink, RowLeftOut, SourceReport, TargetOutcome, TargetReport};
pub use systems::{Network, Systems};
