//! Who is who, what must change, the proof of it, and carrying it out: the same for every system.

pub mod books;
pub mod carry_out;
pub mod citations;
pub mod collection;
pub mod execute;
pub mod gates;
pub mod gather;
pub mod inbox;
pub mod link;
pub mod outbox;
mod outcome;
pub mod plan;
pub mod rights;
mod side_by_side;
mod systems;
pub mod vehicles;

pub use outcome::{ChangeState, KeptLink, RowLeftOut, SourceReport, TargetOutcome, TargetReport};
pub use side_by_side::{joined, side_by_side};
pub use systems::{Network, Systems};
