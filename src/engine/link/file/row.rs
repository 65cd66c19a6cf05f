//! From two cells to a person id and an e-mail, or the reason why not.

use std::collections::HashSet;

use super::cell::Cell;
use super::value::{Refusal, emails_in, read_email, read_id};
use super::{CELL_BYTES_MAX, Contents, FileNote, FileProblem, ROWS_MAX};
use crate::model::{Email, LinkRow, RecordId, RowReason, UnusableRow};

/// Gathers rows, leaving out exact repetitions and rows with neither cell filled.
#[derive(Debug, Default)]
pub(super) struct Rows {
    contents: Contents,
    seen: HashSet<(RecordId, Email)>,
}

impl Rows {
    /// Takes the two cells of one row.
    ///
    /// # Errors
    /// [`FileProblem::TooManyRows`] beyond [`ROWS_MAX`].
    pub(super) fn take(&mut self, line: u32, id: &Cell, email: &Cell) -> Result<(), FileProblem> {
        match read_row(id, email) {
            Ok(None) => Ok(()),
            Ok(Some(pair)) => self.take_pair(line, pair),
            Err(why) => {
                let emails = match email {
                    Cell::Text(text) => emails_in(text),
                    _ => Vec::new(),
                };
                self.leave_out(line, why, read_id(id).ok(), emails)
            }
        }
    }

    fn take_pair(
        &mut self,
        line: u32,
        (employee_no, email): (RecordId, Email),
    ) -> Result<(), FileProblem> {
        if self.seen.insert((employee_no.clone(), email.clone())) {
            self.contents.rows.push(LinkRow { line, employee_no, email });
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
        self.leave_out(line, reason.into(), None, emails_in(start.unwrap_or_default()))
    }

    fn leave_out(
        &mut self,
        line: u32,
        Refusal { reason, cell }: Refusal,
        employee_no: Option<RecordId>,
        emails: Vec<Email>,
    ) -> Result<(), FileProblem> {
        self.contents.unusable.push(UnusableRow { line, reason, cell, employee_no, emails });
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

/// What the two cells of a row say; nothing where neither is filled.
pub(super) fn read_row(id: &Cell, email: &Cell) -> Result<Option<(RecordId, Email)>, Refusal> {
    match (id, email) {
        (Cell::Blank, Cell::Blank) => Ok(None),
        (_, Cell::Blank) => Err(RowReason::NoEmail.into()),
        (Cell::Blank, _) => Err(RowReason::NoId.into()),
        (id, email) => Ok(Some((read_id(id)?, read_email(email)?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_their_reasons() {
        let mut rows = Rows::default();
        let cells = [
            ("1", "a@x.se"),
            ("", ""),
            ("1", "A@x.se"),
            ("2", ""),
            ("", "b@x.se"),
            ("2", "a@x.se"),
            ("2", "no"),
        ];
        for (line, (id, email)) in (1..).zip(cells) {
            rows.take(line, &Cell::from_text(id), &Cell::from_text(email)).unwrap();
        }
        let contents = rows.finish(Vec::new());
        let lines: Vec<_> = contents.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [1, 6], "a repetition goes, a contradiction stays");
        let left_out: Vec<_> = contents
            .unusable
            .iter()
            .map(|row| (row.line, row.reason.as_str(), row.cell.as_str(), row.emails.len()))
            .collect();
        assert_eq!(
            left_out,
            [(4, "no-email", "", 0), (5, "no-person-id", "", 1), (7, "not-an-email", "no", 0)]
        );
        let ids =
            contents.unusable.iter().map(|row| row.employee_no.as_ref().map(|id| id.as_str()));
        assert_eq!(ids.collect::<Vec<_>>(), [Some("2"), None, Some("2")]);
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
