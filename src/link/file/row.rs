//! From two cells to a person id and an e-mail, or the reason why not.

use std::collections::HashSet;
use std::fmt;

use super::cell::Cell;
use super::value::{read_email, read_id};
use super::{Contents, FileNote, FileProblem, ROWS_MAX};
use crate::model::{Email, EmployeeNo, InvalidId};

/// One usable row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// The row in the sheet, or the line in a CSV file on which the row begins; from 1.
    pub line: u32,
    /// The person on the device.
    pub employee_no: EmployeeNo,
    /// The member's address.
    pub email: Email,
}

/// One row that can not link anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableRow {
    /// The row in the sheet, or the line in a CSV file on which the row begins; from 1.
    pub line: u32,
    /// Why.
    pub reason: RowReason,
}

impl fmt::Display for UnusableRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row {}: {}", self.line, self.reason)
    }
}

/// Why a row is unusable. `Display` is a sentence that may quote the cell, so it is personal data;
/// [`RowReason::kind`] is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowReason {
    /// A person id without an e-mail; normal in an export of iVMS-4200.
    NoEmail,
    /// An e-mail without a person id.
    NoId,
    /// The e-mail cell holds something else; the text, at most 60 characters of it.
    NotAnEmail(String),
    /// The e-mail cell holds this many different addresses, and which one counts is a guess.
    SeveralEmails(usize),
    /// The person id is longer than a device takes, or holds a control character.
    BadId {
        /// The text, at most 60 characters of it.
        text: String,
        /// What is wrong.
        why: InvalidId,
    },
    /// The person id is a number with a fraction or below zero.
    IdNotWhole(String),
    /// The person id is a number with more than the 15 digits that Excel keeps, so the last ones
    /// may have become zeros.
    IdLostDigits(String),
    /// The person id is a number that its format shows with zeros in front: stored `7`, shown
    /// `0007`. Which of the two the device knows is a guess.
    IdShownPadded {
        /// As stored.
        stored: String,
        /// As shown.
        shown: String,
    },
    /// The person id cell holds a date, TRUE or FALSE, or an error such as `#N/A`.
    IdIs(&'static str),
    /// A letter of the person id or the e-mail could not be told from the file's encoding.
    UnknownLetter,
    /// A cell with more than [`super::CELL_BYTES_MAX`] bytes.
    CellTooLong,
    /// A CSV row with more filled cells than the header row has: a separator stands unquoted in
    /// one of them, so the columns do not line up.
    MoreCellsThanHeader,
}

impl RowReason {
    /// A word without personal data, to count by.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoEmail => "no-email",
            Self::NoId => "no-person-id",
            Self::NotAnEmail(_) => "not-an-email",
            Self::SeveralEmails(_) => "several-emails",
            Self::BadId { .. }
            | Self::IdNotWhole(_)
            | Self::IdLostDigits(_)
            | Self::IdShownPadded { .. }
            | Self::IdIs(_) => "bad-person-id",
            Self::UnknownLetter => "unknown-letter",
            Self::CellTooLong => "cell-too-long",
            Self::MoreCellsThanHeader => "more-cells-than-header",
        }
    }
}

impl fmt::Display for RowReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEmail => write!(f, "The row has a person id, but no e-mail."),
            Self::NoId => write!(f, "The row has an e-mail, but no person id."),
            Self::NotAnEmail(text) => write!(f, "\"{text}\" is not an e-mail."),
            Self::SeveralEmails(count) => {
                write!(f, "The e-mail cell holds {count} different addresses; leave one.")
            }
            Self::BadId { text, why } => write!(f, "The person id \"{text}\" {why}."),
            Self::IdNotWhole(text) => {
                write!(f, "The person id {text} is not a whole number from 0 up.")
            }
            Self::IdLostDigits(text) => write!(
                f,
                "The person id {text} is a number with more than 15 digits, of which Excel has \
                 lost the last; format the column as text and enter it again."
            ),
            Self::IdShownPadded { stored, shown } => write!(
                f,
                "The person id is the number {stored} shown as {shown}; format the column as text \
                 and enter the one that the device knows."
            ),
            Self::IdIs(what) => write!(f, "The person id is {what}; format the column as text."),
            Self::UnknownLetter => write!(
                f,
                "A letter can not be told from the file's encoding; save it as CSV UTF-8 or .xlsx."
            ),
            Self::CellTooLong => write!(f, "A cell is too long for a person id or an e-mail."),
            Self::MoreCellsThanHeader => write!(
                f,
                "The row has more cells than the header row; a separator stands unquoted in one."
            ),
        }
    }
}

/// Gathers rows, leaving out exact repetitions and rows with neither cell filled.
#[derive(Debug, Default)]
pub(super) struct Rows {
    contents: Contents,
    seen: HashSet<(EmployeeNo, Email)>,
}

impl Rows {
    /// Takes the two cells of one row.
    ///
    /// # Errors
    /// [`FileProblem::TooManyRows`] beyond [`ROWS_MAX`].
    pub(super) fn take(&mut self, line: u32, id: &Cell, email: &Cell) -> Result<(), FileProblem> {
        match read_row(id, email) {
            Ok(None) => return Ok(()),
            Ok(Some((employee_no, email))) => {
                if self.seen.insert((employee_no.clone(), email.clone())) {
                    self.contents.rows.push(LinkRow { line, employee_no, email });
                }
            }
            Err(reason) => self.contents.unusable.push(UnusableRow { line, reason }),
        }
        self.check_limit()
    }

    /// Takes a row that is unusable for a reason of its own.
    ///
    /// # Errors
    /// As [`Rows::take`].
    pub(super) fn refuse(&mut self, line: u32, reason: RowReason) -> Result<(), FileProblem> {
        self.contents.unusable.push(UnusableRow { line, reason });
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

fn read_row(id: &Cell, email: &Cell) -> Result<Option<(EmployeeNo, Email)>, RowReason> {
    match (id, email) {
        (Cell::Blank, Cell::Blank) => Ok(None),
        (_, Cell::Blank) => Err(RowReason::NoEmail),
        (Cell::Blank, _) => Err(RowReason::NoId),
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
        let reasons: Vec<_> = contents.unusable.iter().map(ToString::to_string).collect();
        assert_eq!(
            reasons,
            [
                "Row 4: The row has a person id, but no e-mail.",
                "Row 5: The row has an e-mail, but no person id.",
                "Row 7: \"no\" is not an e-mail.",
            ]
        );
    }

    #[test]
    fn the_row_limit_holds() {
        let mut rows = Rows::default();
        for line in 0..u32::try_from(ROWS_MAX).unwrap() {
            rows.refuse(line, RowReason::NoEmail).unwrap();
        }
        assert!(matches!(
            rows.refuse(0, RowReason::NoEmail),
            Err(FileProblem::TooManyRows { limit: ROWS_MAX })
        ));
    }
}
