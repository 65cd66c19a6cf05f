//! From the cells of a row to a person id and a member, or the reason why not.

use std::collections::HashSet;

use super::cell::Cell;
use super::header::{Header, Search};
use super::layout::{Cells, Columns, Layout, Misread};
use super::value::{Refusal, emails_in, read_email, read_id, read_number, shown};
use super::{CELL_BYTES_MAX, Contents, FileNote, FileProblem, ROWS_MAX};
use crate::model::{HolderNumber, LinkRow, MemberNamed, RecordId, RowReason, UnusableRow};

/// The cells of a row that count: person id, e-mail, member number and plate. Of the plate counts only whether
/// there is one.
pub(super) type RowCells = Cells<4>;

/// A spreadsheet as a link file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Links;

impl Layout<4> for Links {
    type Search = Search;
    type Row = Pair;
    type Rows = Rows;

    const SHOWN: [bool; 4] = [true, false, true, false];

    fn offer<'a>(
        &self,
        search: &mut Search,
        line: u32,
        cells: impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<Option<Columns<4>>, FileProblem> {
        let Some(header) = search.offer(line, cells)? else { return Ok(None) };
        let Header { line, id_column, email_column, number_column, plate_column } = header;
        let places = [Some(id_column), email_column, number_column, plate_column];
        Ok(Some(Columns { line, places }))
    }

    fn without_header(&self, search: &Search) -> Result<Rows, FileProblem> {
        Err(search.failure())
    }

    fn row(&self, cells: &RowCells) -> Option<Pair> {
        read_row(cells).ok().flatten()
    }

    fn fits(&self, column: usize, cell: &Cell) -> bool {
        match column {
            0 => read_id(cell).is_ok(),
            1 => read_email(cell).is_ok(),
            2 => read_number(cell).is_ok(),
            _ => shown(cell).is_some(),
        }
    }

    fn take(&self, rows: &mut Rows, line: u32, cells: &RowCells) -> Result<(), FileProblem> {
        rows.take(line, cells)
    }

    fn refuse(
        &self,
        rows: &mut Rows,
        line: u32,
        why: Misread,
        text: &str,
    ) -> Result<(), FileProblem> {
        rows.refuse(line, why.reason(), text)
    }
}

/// Gathers rows, leaving out exact repetitions and rows with no cell filled.
#[derive(Debug, Default)]
pub(super) struct Rows {
    contents: Contents,
    seen: HashSet<Pair>,
}

/// Who a row says belong together.
pub(super) type Pair = (RecordId, MemberNamed);

impl Rows {
    /// Takes the cells of one row.
    ///
    /// # Errors
    /// [`FileProblem::TooManyRows`] beyond [`ROWS_MAX`].
    pub(super) fn take(&mut self, line: u32, cells: &RowCells) -> Result<(), FileProblem> {
        match read_row(cells) {
            Ok(None) => Ok(()),
            Ok(Some(pair)) => self.take_pair(line, pair),
            Err(Refusal { reason, cell }) => {
                let [id, email, number, _] = cells;
                let emails = match email {
                    Cell::Text(text) => emails_in(text),
                    _ => Vec::new(),
                };
                let (employee_no, number) = (read_id(id).ok(), number_of(number).ok());
                let number = number.flatten();
                self.leave_out(UnusableRow { line, reason, cell, employee_no, emails, number })
            }
        }
    }

    fn take_pair(&mut self, line: u32, pair: Pair) -> Result<(), FileProblem> {
        if self.seen.insert(pair.clone()) {
            let (employee_no, member) = pair;
            self.contents.rows.push(LinkRow { line, employee_no, member });
        }
        self.check_limit()
    }

    /// Leaves a whole row out; `text` is all of it.
    ///
    /// # Errors
    /// As [`Rows::take`].
    pub(super) fn refuse(
        &mut self,
        line: u32,
        reason: RowReason,
        text: &str,
    ) -> Result<(), FileProblem> {
        let start = (0..=CELL_BYTES_MAX.min(text.len())).rev().find_map(|end| text.get(..end));
        let emails = emails_in(start.unwrap_or_default());
        let (cell, employee_no, number) = (String::new(), None, None);
        self.leave_out(UnusableRow { line, reason, cell, employee_no, emails, number })
    }

    fn leave_out(&mut self, row: UnusableRow) -> Result<(), FileProblem> {
        self.contents.unusable.push(row);
        self.check_limit()
    }

    pub(super) fn finish(self, notes: Vec<FileNote>) -> Contents {
        Contents { notes, ..self.contents }
    }

    fn check_limit(&self) -> Result<(), FileProblem> {
        let count = self.contents.rows.len() + self.contents.unusable.len();
        if count > ROWS_MAX {
            return Err(FileProblem::TooManyRows { limit: ROWS_MAX });
        }
        Ok(())
    }
}

/// What the cells of a row say; nothing where none is filled, nor where it is only about a car.
pub(super) fn read_row(cells: &RowCells) -> Result<Option<Pair>, Refusal> {
    let [id, email, number, plate] = cells;
    if *email == Cell::Blank && *number == Cell::Blank {
        return if *id == Cell::Blank { Ok(None) } else { Err(RowReason::NoEmail.into()) };
    }
    if *id == Cell::Blank {
        return if *plate == Cell::Blank { Err(RowReason::NoId.into()) } else { Ok(None) };
    }
    let id = read_id(id)?;
    Ok(member_of(email, number)?.map(|member| (id, member)))
}

/// Whom the two cells of a row name; nobody where both are blank.
pub(super) fn member_of(email: &Cell, number: &Cell) -> Result<Option<MemberNamed>, Refusal> {
    let email = Some(email).filter(|cell| **cell != Cell::Blank).map(read_email).transpose()?;
    Ok(MemberNamed::new(email, number_of(number)?))
}

fn number_of(cell: &Cell) -> Result<Option<HolderNumber>, Refusal> {
    Some(cell).filter(|cell| **cell != Cell::Blank).map(read_number).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_their_reasons() {
        let mut rows = Rows::default();
        let cells = [
            ["1", "a@x.se", "", ""],
            ["", "", "", ""],
            ["1", "A@x.se", "", "AB1"],
            ["2", "", "", ""],
            ["", "b@x.se", "", ""],
            ["2", "a@x.se", "", ""],
            ["2", "no", "", ""],
            ["3", "", "0042", ""],
            ["3", "a@x.se", "42", "AB1"],
            ["3", "", "42.0", ""],
            ["3", "no", "42", "AB1"],
            ["3", "a@x.se", "M42", ""],
            ["", "", "42", ""],
            // A car of a member who has no person on a door, and one of nobody.
            ["", "b@x.se", "", "AB1"],
            ["", "no", "42", "?"],
            ["", "", "", "AB1"],
            ["4", "", "", "AB1"],
        ];
        for (line, texts) in (1..).zip(cells) {
            rows.take(line, &texts.map(Cell::from_text)).unwrap();
        }
        let contents = rows.finish(Vec::new());
        let lines: Vec<_> = contents.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [1, 6, 8, 9], "a repetition goes, a contradiction stays");
        let left_out: Vec<_> = contents
            .unusable
            .iter()
            .map(|row| (row.line, row.reason.as_str(), row.cell.as_str(), row.emails.len()))
            .collect();
        assert_eq!(
            left_out,
            [
                (4, "no-email", "", 0),
                (5, "no-person-id", "", 1),
                (7, "not-an-email", "no", 0),
                (11, "not-an-email", "no", 0),
                (12, "not-a-member-number", "M42", 1),
                (13, "no-person-id", "", 0),
                (17, "no-email", "", 0),
            ]
        );
        let ids = contents.unusable.iter().map(|row| {
            (
                row.employee_no.as_ref().map(RecordId::as_str),
                row.number.as_ref().map(|n| n.as_str()),
            )
        });
        let wanted = [
            (Some("2"), None),
            (None, None),
            (Some("2"), None),
            (Some("3"), Some("42")),
            (Some("3"), None),
            (None, Some("42")),
            (Some("4"), None),
        ];
        assert_eq!(ids.collect::<Vec<_>>(), wanted);
    }

    #[test]
    fn the_row_limit_holds() {
        let mut rows = Rows::default();
        for line in 0..u32::try_from(ROWS_MAX).unwrap() {
            rows.refuse(line, RowReason::NoEmail, "").unwrap();
        }
        assert!(matches!(
            rows.refuse(0, RowReason::NoEmail, ""),
            Err(FileProblem::TooManyRows { limit: ROWS_MAX })
        ));
    }
}
