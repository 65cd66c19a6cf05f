//! Gates: for which cars the list of a gate should have a row, what is to be changed there, the proof of it, and
//! carrying it out.
//!
//! A gate decides alone, by rows of a plate and whole days. So a right comes down to days
//! ([`claims`]), and of all rows only those that this program made are ever touched. A plan is made of a list
//! that was read whole; a list that was not changes nothing.
//!
//! No plate is in any message: a row is told by its right.

mod budgets;
mod carry_out;
pub mod cars;
pub mod claims;
mod contact;
mod due;
mod identity;
mod keep;
mod of_car;
pub mod plan;
pub mod proof;
mod reviewed;
mod run;
#[cfg(test)]
mod tests;
mod told;

pub use cars::plates_of;
pub use due::{settled, was_read_since};
pub use of_car::{CarAtGate, Membership, of_car};
pub use reviewed::{ReviewedGates, ReviewedRow, ReviewedRows};
pub use run::{AllCars, GateRun, GatesDone, all_cars, run};
pub use told::{GateSeen, NotDone, Remarks, RowChangeSeen, RowsWaiting, is_trouble};
