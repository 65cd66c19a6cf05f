//! What a spreadsheet is read for: which columns count, and what becomes of the cells of a row. Pure.
//!
//! The readers of workbooks and of CSV find rows and cells, and nothing more. A [`Layout`] says what they mean:
//! [`Links`](super::row::Links) reads who is who, and rights-files have one of their own.

use super::FileProblem;
use super::cell::Cell;
use crate::model::RowReason;

/// Where the columns are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Columns<const N: usize> {
    /// The row in the file that names them, from 1.
    pub line: u32,
    /// Each column of the layout, from 0, where there is one.
    pub places: [Option<usize>; N],
}

/// The cells of a row that count, in the order of the layout; one without a column is blank.
pub(in crate::engine) type Cells<const N: usize> = [Cell; N];

/// Why the cells of a row of a CSV file cannot be told for sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Misread {
    /// A quotation mark is where it is no part of the file's form.
    StrayQuote,
    /// More filled cells than the header row has.
    MoreCellsThanHeader,
}

impl Misread {
    /// Why a row of a link file is left out for it.
    pub(super) const fn reason(self) -> RowReason {
        match self {
            Self::StrayQuote => RowReason::StrayQuote,
            Self::MoreCellsThanHeader => RowReason::MoreCellsThanHeader,
        }
    }
}

/// What is read out of a spreadsheet. The first column is the one that a row is told by: a formula there that
/// holds 0 holds nothing yet.
pub(in crate::engine) trait Layout<const N: usize> {
    /// What is remembered while the header row is looked for.
    type Search: Default;
    /// What a row says, where it can be used.
    type Row: PartialEq;
    /// What was gathered.
    type Rows: Default;

    /// The columns whose numbers count as they are shown: `00042` and not 42.
    const SHOWN: [bool; N];

    /// Looks at one row: its number from 1, and its cells as column from 0 and text.
    ///
    /// # Errors
    /// [`FileProblem::TwoColumns`] when it is the header row but does not decide.
    fn offer<'a>(
        &self,
        search: &mut Self::Search,
        line: u32,
        cells: impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<Option<Columns<N>>, FileProblem>;

    /// What a file says in which no row was a header.
    ///
    /// # Errors
    /// The [`FileProblem`] that this is.
    fn without_header(&self, search: &Self::Search) -> Result<Self::Rows, FileProblem>;

    /// What a row says; nothing where it is empty or cannot be used.
    fn row(&self, cells: &Cells<N>) -> Option<Self::Row>;

    /// Whether a cell that is not blank is what belongs into a column.
    fn fits(&self, column: usize, cell: &Cell) -> bool;

    /// Takes the cells of one row.
    ///
    /// # Errors
    /// [`FileProblem::TooManyRows`].
    fn take(&self, rows: &mut Self::Rows, line: u32, cells: &Cells<N>) -> Result<(), FileProblem>;

    /// Leaves a whole row out; `text` is all of it.
    ///
    /// # Errors
    /// As [`Layout::take`].
    fn refuse(
        &self,
        rows: &mut Self::Rows,
        line: u32,
        why: Misread,
        text: &str,
    ) -> Result<(), FileProblem>;
}
