//! A gate: it reads number plates and opens for those on its list, each on certain days.
//!
//! As with a [`Target`](super::Target), reading and writing are two types. Every write is read back by the
//! connector: what a gate answers to a write proves nothing.

use super::{Failure, Identity, Statement, TargetClock};
use crate::model::{Days, GateRow, Memory};

/// What reading all rows brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GateRows {
    /// Rows in the order of the gate; none occurs twice.
    pub rows: Vec<GateRow>,
    /// Why entries were left out, without plates: `the entry at offset 3 has no plate`.
    pub unusable: Vec<String>,
    /// Whether this is certainly every row. Absence means something only then.
    pub complete: bool,
}

/// A connection to one gate, read only. One request at a time.
pub trait Gate: Send {
    fn identity(&mut self) -> Result<Identity, Failure>;

    /// What its clock shows.
    fn clock(&mut self) -> Result<Option<TargetClock>, Failure>;

    /// What it says of itself; [`Statement::capacity`] is the most rows that it holds.
    fn statement(&mut self) -> Result<Statement, Failure>;

    /// What is remembered of it, with what was learnt here: how its firmware wants a list named and a row
    /// removed.
    fn memory(&self) -> Memory;

    /// What was learnt of it that is otherwise than documented, in words that follow its name.
    fn learnt(&self) -> Vec<String>;

    /// Keeps one more login try before a lock than usual, because the login was refused before.
    fn keep_a_try(&mut self);

    /// Whether its firmware was seen to hold the first day of a row. Elsewhere a row that begins later would
    /// open at once.
    fn holds_begins(&self) -> bool;

    /// Reads all rows.
    ///
    /// # Errors
    /// [`Failure`]; nothing is known of any row then.
    fn rows(&mut self) -> Result<GateRows, Failure>;

    /// Takes the right to write.
    fn into_writer<'a>(self: Box<Self>) -> Box<dyn GateWriter + 'a>
    where
        Self: 'a;
}

/// A connection to one gate, to change its list.
pub trait GateWriter: Send {
    fn reader(&mut self) -> &mut dyn Gate;

    /// Makes the gate open for a plate on just these days, and reads the row back. `there` is the row of
    /// this plate that is changed; without one a row is added. `plate` is letters and digits only.
    ///
    /// Gives the row as the gate shows it afterwards, which may differ from what was asked for: the caller
    /// compares.
    ///
    /// # Errors
    /// [`Failure`]; of class `Unknown` when the row may have been written, `Refused` when the gate holds no
    /// such row afterwards whatever it answered.
    fn put(&mut self, plate: &str, days: Days, there: Option<&GateRow>)
    -> Result<GateRow, Failure>;

    /// Removes one row, by what the gate calls it, and reads whether it is gone.
    ///
    /// # Errors
    /// [`Failure`]; of class `Unknown` when the row may be gone, `Refused` when it is there still whatever the
    /// gate answered.
    fn remove(&mut self, row: &GateRow) -> Result<(), Failure>;
}
