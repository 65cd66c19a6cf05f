//! Rows of link files that say which car is whose: a member and a plate, or why a row says nothing of a plate.

use super::{MemberNamed, Plate, RowReason};

/// One plate of a member. A row with several plates gives several of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPlate {
    /// The row in the sheet, or the line in a CSV file on which the row begins; from 1.
    pub line: u32,
    /// Nobody where the row has a plate and does not say whose it is: nothing is given by it, and nothing taken.
    pub member: Option<MemberNamed>,
    pub plate: Plate,
}

/// One row with a plate that is nobody's, or with a text that is no plate. What it holds besides is personal data
/// that nobody needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberPlateLeftOut {
    /// As [`MemberPlate::line`].
    pub line: u32,
    pub reason: RowReason,
}
