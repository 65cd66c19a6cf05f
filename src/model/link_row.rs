//! Rows of link files: a person id beside an e-mail or a member number, or why a row links nobody.

use super::{Email, HolderNumber, RecordId};
use crate::text::words::words;

/// One usable row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    /// The row in the sheet, or the line in a CSV file on which the row begins; from 1.
    pub line: u32,
    /// The person on the device.
    pub employee_no: RecordId,
    pub member: MemberNamed,
}

/// How a row of a link file names a member.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MemberNamed {
    ByEmail(Email),
    ByNumber(HolderNumber),
    /// The member whose are both.
    ByBoth(Email, HolderNumber),
}

impl MemberNamed {
    /// Takes what stands in the two cells of a row.
    #[must_use]
    pub fn new(email: Option<Email>, number: Option<HolderNumber>) -> Option<Self> {
        Some(match (email, number) {
            (Some(email), Some(number)) => Self::ByBoth(email, number),
            (Some(email), None) => Self::ByEmail(email),
            (None, Some(number)) => Self::ByNumber(number),
            (None, None) => return None,
        })
    }

    #[must_use]
    pub fn email(&self) -> Option<&Email> {
        match self {
            Self::ByEmail(email) | Self::ByBoth(email, _) => Some(email),
            Self::ByNumber(_) => None,
        }
    }

    #[must_use]
    pub fn number(&self) -> Option<&HolderNumber> {
        match self {
            Self::ByNumber(number) | Self::ByBoth(_, number) => Some(number),
            Self::ByEmail(_) => None,
        }
    }
}

/// One row that is left out: it cannot link anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusableRow {
    /// The row in the sheet, or the line in a CSV file on which the row begins; from 1.
    pub line: u32,
    pub reason: RowReason,
    /// What is in the cell that the reason is about, at most 60 characters, or nothing. Personal
    /// data, like the rest below.
    pub cell: String,
    /// The person, where that much is sure.
    pub employee_no: Option<RecordId>,
    /// The addresses that stand in the row.
    pub emails: Vec<Email>,
    /// The member number, where that much is sure.
    pub number: Option<HolderNumber>,
}

words! {
    /// Why a row is left out.
    pub enum RowReason {
        /// A person id without an e-mail or a member number; normal in an export of iVMS-4200.
        NoEmail = "no-email",
        /// A member without a person id.
        NoId = "no-person-id",
        /// A plate without an e-mail or a member number. Told of plates.
        NoMember = "no-member",
        /// The plate cell holds something else, or more than plates. Told of plates.
        BadPlate = "bad-plate",
        /// The e-mail cell holds something else.
        NotAnEmail = "not-an-email",
        /// The e-mail cell holds different addresses, and which one counts is a guess.
        SeveralEmails = "several-emails",
        /// The member-number cell holds something else, or a number that is not sure.
        NotANumber = "not-a-member-number",
        /// The e-mail is one member's, and the number another's or nobody's. Told of a row that was read.
        OtherMember = "not-one-member",
        /// More than one member has the number. Told of a row that was read.
        SeveralMembers = "several-members",
        /// Other rows name the same member and another person of the same door. Told of a row that was read:
        /// it makes no link there.
        SeveralPersons = "several-persons",
        /// The person id is longer than a device takes, or holds a character that shows nothing.
        BadId = "bad-person-id",
        /// The person id is a number with a fraction or below zero.
        IdNotWhole = "person-id-not-whole",
        /// The person id is a number with more than the 15 digits that spreadsheets keep, so the last ones
        /// may have become zeros.
        IdLostDigits = "person-id-lost-digits",
        /// The person id is a number whose format shows something else than its digits, and what it shows
        /// cannot be told for sure.
        IdShownOtherwise = "person-id-shown-otherwise",
        /// The person id cell holds a date, TRUE or FALSE.
        IdIsNoNumber = "person-id-no-number",
        /// A formula that was never calculated.
        NoValueYet = "formula-without-value",
        /// `#N/A` and its like.
        ErrorValue = "error-value",
        /// A quotation mark is where it is no part of the file's form, so that where the cells or the
        /// rows end is a guess.
        StrayQuote = "stray-quotation-mark",
        /// A letter of the person id or the e-mail could not be told from the file's encoding.
        UnknownLetter = "unknown-letter",
        /// A cell with more bytes than are looked at.
        CellTooLong = "cell-too-long",
        /// A CSV row with more filled cells than the header row has: a separator is unquoted in
        /// one of them, so the columns do not line up.
        MoreCellsThanHeader = "more-cells-than-header",
    }
}

impl RowReason {
    /// Why, to be read after "left out because", and what to do. Without personal data.
    #[must_use]
    pub fn explain(self) -> (&'static str, &'static str) {
        match self {
            Self::NoEmail => (
                "it has a person id and no e-mail",
                "write the e-mail or the member number beside the id, if the person is a member",
            ),
            Self::NoId => {
                ("it names a member and no person id", "write the person id that the door has")
            }
            Self::NoMember => (
                "it has a plate and no member",
                "write the e-mail or the member number beside the plate",
            ),
            Self::BadPlate => (
                "its plate cannot be read",
                "correct the plate there: A to Z and 0 to 9, 1 to 12 of them, typed and not copied; several with \
                 commas between",
            ),
            Self::NotAnEmail => {
                ("its e-mail cell holds something else", "write only the e-mail into it")
            }
            Self::SeveralEmails => {
                ("its e-mail cell holds different addresses", "keep only one of them")
            }
            Self::NotANumber => (
                "its member number is no whole number, or not sure",
                "format the column as text and type the member number again",
            ),
            Self::OtherMember => (
                "its e-mail and its member number are not of the same member",
                "correct the one that is wrong, or leave its cell empty",
            ),
            Self::SeveralMembers => (
                "more than one member has its member number",
                "write the member's e-mail beside it",
            ),
            Self::SeveralPersons => (
                "another row names the same member and another person of the same door",
                "keep the row of the person who is the member, and take the others out",
            ),
            Self::BadId => (
                "its person id is too long for a door, or holds an invisible character",
                "type the person id again, as the door shows it",
            ),
            Self::IdNotWhole => (
                "its person id is a number with a fraction, or below zero",
                "format the column as text and type the person id again",
            ),
            Self::IdLostDigits => (
                "its person id is a number with more digits than a spreadsheet keeps",
                "format the column as text and type the person id again",
            ),
            Self::IdShownOtherwise => (
                "its person id is a number that is not shown as its plain digits",
                "format the column as text and type the id that the door knows",
            ),
            Self::IdIsNoNumber => (
                "its person id is a date, TRUE or FALSE",
                "format the column as text and type the person id again",
            ),
            Self::NoValueYet => (
                "its formula holds no value yet",
                "open the file in a spreadsheet program and save it",
            ),
            Self::ErrorValue => ("one of its cells holds an error value", "correct the formula"),
            Self::StrayQuote => (
                "it has a stray quotation mark, so where its cells begin and end is a guess",
                "take the mark out, or save the file as Excel workbook (.xlsx)",
            ),
            Self::UnknownLetter => (
                "one of its letters cannot be read in the file's encoding",
                "save the file as CSV UTF-8 or .xlsx",
            ),
            Self::CellTooLong => (
                "one of its cells is too long for a person id or an e-mail",
                "leave only the person id, the e-mail and the member number in their cells",
            ),
            Self::MoreCellsThanHeader => (
                "it has more cells than the header row: one of them holds a separator",
                "put that cell into quotation marks, or save the file as .xlsx",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_a_word_of_its_own_and_a_remedy() {
        for reason in RowReason::ALL {
            assert_eq!(RowReason::from_word(reason.as_str()), Some(reason));
            let (why, remedy) = reason.explain();
            assert!(!why.ends_with('.') && !remedy.ends_with('.'), "{why}: {remedy}");
        }
    }
}
