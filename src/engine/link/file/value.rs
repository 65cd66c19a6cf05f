//! A person id, an e-mail or a member number out of a cell, or the reason why not.

use super::cell::{Cell, trim};
use super::format::Shown;
use crate::model::{Email, HolderNumber, InvalidId, RecordId, RowReason, is_invisible};

/// How many characters of a cell a message shows.
const SHOWN_CHARS_MAX: usize = 60;

/// Why a cell gives nothing, and what is in it where that helps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Refusal {
    pub reason: RowReason,
    /// At most [`SHOWN_CHARS_MAX`] characters; empty where the reason says all.
    pub cell: String,
}

impl Refusal {
    pub(super) fn quoting(reason: RowReason, cell: &str) -> Self {
        Self { reason, cell: quoted(cell) }
    }
}

impl From<RowReason> for Refusal {
    fn from(reason: RowReason) -> Self {
        Self { reason, cell: String::new() }
    }
}

/// The person id of a cell.
pub(in crate::engine) fn read_id(cell: &Cell) -> Result<RecordId, Refusal> {
    let text = match cell {
        // Told apart before this is called; no id is the truth either way.
        Cell::Blank => return Err(RowReason::NoId.into()),
        // iVMS-4200's rules ask for an apostrophe before numbers with leading zeros.
        Cell::Text(text) => id_in_text(trim(text.strip_prefix('\'').unwrap_or(text)))?,
        Cell::Number { value, shown } => whole_number(*value, shown)?,
        Cell::TooLong => return Err(RowReason::CellTooLong.into()),
        Cell::NoValueYet => return Err(RowReason::NoValueYet.into()),
        Cell::Date(_) | Cell::Boolean => return Err(RowReason::IdIsNoNumber.into()),
        Cell::Error => return Err(RowReason::ErrorValue.into()),
    };
    if text.contains(char::REPLACEMENT_CHARACTER) {
        return Err(RowReason::UnknownLetter.into());
    }
    if text.contains(is_invisible) {
        return Err(Refusal::quoting(RowReason::BadId, &text));
    }
    RecordId::new(&text).map_err(|why| match why {
        InvalidId::Empty => RowReason::NoId.into(),
        _ => Refusal::quoting(RowReason::BadId, &text),
    })
}

/// A cell as whoever sees the sheet would type it; empty for a blank one, nothing for what cannot be told.
pub(in crate::engine) fn shown(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Blank => Some(String::new()),
        Cell::Text(text) => Some(text.strip_prefix('\'').unwrap_or(text).to_owned()),
        Cell::Number { .. } => read_id(cell).ok().map(|id| id.to_string()),
        Cell::TooLong | Cell::NoValueYet | Cell::Date(_) | Cell::Boolean | Cell::Error => None,
    }
}

/// The member number of a cell: read as a person id is, and then by its value, so that `0042` is `42`.
pub(super) fn read_number(cell: &Cell) -> Result<HolderNumber, Refusal> {
    let id = read_id(cell).map_err(|refusal| match refusal.reason {
        RowReason::NoId
        | RowReason::BadId
        | RowReason::IdNotWhole
        | RowReason::IdLostDigits
        | RowReason::IdShownOtherwise
        | RowReason::IdIsNoNumber => Refusal { reason: RowReason::NotANumber, ..refusal },
        _ => refusal,
    })?;
    let text = id.as_str();
    let digits = Some(text).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse().ok());
    number.ok_or_else(|| Refusal::quoting(RowReason::NotANumber, text))
}

/// Excel keeps 15 significant digits; a longer number has already been changed.
const DIGITS_KEPT: usize = 15;

/// An id as text. A program that took the column for numbers writes `1001.0`, which is exact, `1001.5`,
/// which is no id, or `1.2E+11`, which has lost its digits. `1.000` is a thousand in one country and
/// one in the next.
fn id_in_text(text: &str) -> Result<String, Refusal> {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some((mantissa, exponent)) = unsigned.split_once(['E', 'e'])
        && exponent.strip_prefix(['+', '-']).is_some_and(is_digits)
        && mantissa.split(['.', ',']).all(is_digits)
    {
        return Err(Refusal::quoting(RowReason::IdLostDigits, text));
    }
    let Some((whole, fraction)) = unsigned.split_once(['.', ',']) else {
        return Ok(text.to_owned());
    };
    if !is_digits(whole) || !is_digits(fraction) {
        return Ok(text.to_owned());
    }
    let is_exact = matches!(fraction, "0" | "00") && unsigned.len() == text.len();
    let is_plain = whole == "0" || !whole.starts_with('0');
    if whole.len() > DIGITS_KEPT {
        Err(Refusal::quoting(RowReason::IdLostDigits, text))
    } else if is_exact && is_plain {
        Ok(whole.to_owned())
    } else {
        Err(Refusal::quoting(RowReason::IdNotWhole, text))
    }
}

/// The id that a number cell shows.
fn whole_number(value: f64, shown: &Shown) -> Result<String, Refusal> {
    if !value.is_finite() || value < 0.0 || value.fract() != 0.0 {
        return Err(Refusal::quoting(RowReason::IdNotWhole, &value.to_string()));
    }
    // -0.0 is not below zero, but has a sign.
    let stored = format!("{:.0}", value.abs());
    if stored.len() > DIGITS_KEPT {
        return Err(Refusal::quoting(RowReason::IdLostDigits, &stored));
    }
    match shown {
        Shown::Digits => Ok(stored),
        Shown::Text(text) => Ok(text.clone()),
        Shown::Unsure => Err(Refusal::quoting(RowReason::IdShownOtherwise, &stored)),
    }
}

/// The one address of a cell. A cell may repeat it or end in a separator; two different ones are
/// refused, since the other may belong to a partner with a membership of their own.
pub(super) fn read_email(cell: &Cell) -> Result<Email, Refusal> {
    /// Signs that no address has outside quotes (RFC 5322 section 3.2.3): `Anna <anna@example.se>`.
    const FOREIGN: &[char] = &['<', '>', '(', ')', '[', ']', ':', '\\', '"'];

    let not_an_email = |text: &str| Refusal::quoting(RowReason::NotAnEmail, text);
    let text = match cell {
        Cell::Text(text) => text,
        Cell::TooLong => return Err(RowReason::CellTooLong.into()),
        Cell::NoValueYet => return Err(RowReason::NoValueYet.into()),
        Cell::Number { value, .. } => return Err(not_an_email(&value.to_string())),
        Cell::Date(_) | Cell::Boolean => return Err(RowReason::NotAnEmail.into()),
        Cell::Error => return Err(RowReason::ErrorValue.into()),
        Cell::Blank => return Err(RowReason::NoEmail.into()),
    };
    if text.contains(char::REPLACEMENT_CHARACTER) {
        return Err(RowReason::UnknownLetter.into());
    }
    if text.contains(FOREIGN) {
        return Err(not_an_email(text));
    }
    let mut addresses: Vec<Email> = Vec::new();
    for part in text.split(|c: char| c == ';' || c == ',' || c.is_whitespace()) {
        let part = trim(part);
        if part.is_empty() {
            continue;
        }
        let address = Email::parse(part).filter(|_| !part.contains(is_invisible));
        let address = address.ok_or_else(|| not_an_email(text))?;
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    match addresses.len() {
        0 | 1 => addresses.pop().ok_or_else(|| not_an_email(text)),
        _ => Err(Refusal::quoting(RowReason::SeveralEmails, text)),
    }
}

/// The addresses that a text holds, whatever surrounds them: whose row it is, if it cannot be used.
pub(super) fn emails_in(text: &str) -> Vec<Email> {
    /// So many are kept of one row.
    const KEPT_MAX: usize = 8;

    let is_border = |c: char| c.is_whitespace() || is_invisible(c) || ",;<>()[]:\"'=|".contains(c);
    let mut found: Vec<Email> = Vec::new();
    for part in text.split(is_border).filter(|part| part.contains('@')) {
        if let Some(email) = Email::parse(part)
            && !found.contains(&email)
            && found.len() < KEPT_MAX
        {
            found.push(email);
        }
    }
    found
}

/// Text of a cell, short and without control characters, for a message.
fn quoted(text: &str) -> String {
    let mut short: String =
        text.chars().take(SHOWN_CHARS_MAX).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Cell {
        Cell::from_text(text)
    }

    fn number(value: f64) -> Cell {
        Cell::Number { value, shown: Shown::Digits }
    }

    fn id_of(cell: &Cell) -> Result<String, &'static str> {
        read_id(cell).map(|id| id.as_str().to_owned()).map_err(|no| no.reason.as_str())
    }

    fn email_of(cell: &str) -> Result<String, &'static str> {
        read_email(&text(cell)).map(|e| e.as_str().to_owned()).map_err(|no| no.reason.as_str())
    }

    #[test]
    fn ids_as_text() {
        for (cell, id) in [
            ("1007", "1007"),
            ("007", "007"),
            ("'0012", "0012"),
            (" \u{a0}1007\u{200b}", "1007"),
            ("=1+1", "=1+1"),
            ("A 7", "A 7"),
            ("TRUE", "TRUE"),
            ("=\"1001\"", "1001"),
            ("=\" 00042 \"", "00042"),
            ("'=", "="),
            ("1001.0", "1001"),
            ("1001.00", "1001"),
            ("1001,0", "1001"),
            ("0.0", "0"),
            ("1.0.0", "1.0.0"),
            ("A1.5", "A1.5"),
            ("12E4", "12E4"),
            ("\u{200e}\u{ad}1001\u{202c}\u{7f}", "1001"),
            ("\u{2066}=\"\u{200b}7\"\u{2069}", "7"),
        ] {
            assert_eq!(id_of(&text(cell)).as_deref(), Ok(id), "{cell:?}");
        }
        assert_eq!(id_of(&text(&"x".repeat(33))), Err("bad-person-id"));
        assert_eq!(id_of(&text("a\u{7}b")), Err("bad-person-id"));
        assert_eq!(id_of(&text("'")), Err("no-person-id"));
        assert_eq!(id_of(&text("10\u{200b}01")), Err("bad-person-id"));
        assert_eq!(id_of(&text("=\"\"")), Err("no-person-id"));
        assert_eq!(id_of(&text("\u{fffd}")), Err("unknown-letter"));
        assert_eq!(id_of(&text(&"x".repeat(5000))), Err("cell-too-long"));
    }

    // Mutants: a fraction of zeros is cut off whatever its length, or behind leading zeros.
    #[test]
    fn numbers_that_a_program_wrote_as_text() {
        for (bad, kind) in [
            ("1001.5", "person-id-not-whole"),
            ("1001,5", "person-id-not-whole"),
            ("1.000", "person-id-not-whole"),
            ("1,000", "person-id-not-whole"),
            ("00042.0", "person-id-not-whole"),
            ("-1001.0", "person-id-not-whole"),
            ("1234567890123456.0", "person-id-lost-digits"),
            ("1.23457E+11", "person-id-lost-digits"),
            ("1,2e+11", "person-id-lost-digits"),
            ("1E-3", "person-id-lost-digits"),
        ] {
            assert_eq!(id_of(&text(bad)), Err(kind), "{bad}");
        }
    }

    #[test]
    fn ids_as_numbers() {
        for (value, id) in [
            (1007.0, "1007"),
            (0.0, "0"),
            (-0.0, "0"),
            (1e6, "1000000"),
            (999_999_999_999_999.0, "999999999999999"),
        ] {
            assert_eq!(id_of(&number(value)).as_deref(), Ok(id), "{value}");
        }
        for bad in [1007.5, -3.0, 1_001.000_1, f64::NAN, f64::INFINITY] {
            assert_eq!(id_of(&number(bad)), Err("person-id-not-whole"), "{bad}");
        }
        for bad in [1e15, 9_007_199_254_740_993.0, 1e300] {
            assert_eq!(id_of(&number(bad)), Err("person-id-lost-digits"), "{bad}");
        }
    }

    #[test]
    fn a_number_is_the_id_that_is_shown() {
        let shown = |shown| id_of(&Cell::Number { value: 7.0, shown });
        assert_eq!(shown(Shown::Text("0007".to_owned())).as_deref(), Ok("0007"));
        assert_eq!(shown(Shown::Unsure), Err("person-id-shown-otherwise"));
        let long = Shown::Text("0".repeat(100_000));
        assert_eq!(shown(long), Err("bad-person-id"));
    }

    #[test]
    fn ids_that_are_neither() {
        for (cell, kind) in [
            (Cell::Date(None), "person-id-no-number"),
            (Cell::Boolean, "person-id-no-number"),
            (Cell::Error, "error-value"),
            (Cell::NoValueYet, "formula-without-value"),
        ] {
            assert_eq!(id_of(&cell), Err(kind), "{cell:?}");
        }
    }

    // Mutants: a number is compared as text; what a person id would be refused for is taken.
    #[test]
    fn member_numbers() {
        let read = |cell: &Cell| {
            let number = read_number(cell).map(|number| number.to_string());
            number.map_err(|no| no.reason.as_str())
        };
        for (cell, number) in [
            ("150002", "150002"),
            ("0042", "42"),
            ("'0042", "42"),
            (" 42\u{a0}", "42"),
            ("42.0", "42"),
            ("42,00", "42"),
            ("=\"0042\"", "42"),
        ] {
            assert_eq!(read(&text(cell)).as_deref(), Ok(number), "{cell}");
        }
        assert_eq!(read(&number(42.0)).as_deref(), Ok("42"));
        let shown = |text: &str| Cell::Number { value: 42.0, shown: Shown::Text(text.to_owned()) };
        assert_eq!(read(&shown("00042")).as_deref(), Ok("42"));
        for bad in
            ["M42", "42.5", "1.000", "-42", "+42", "0", "4 2", "4.2E+11", "99999999999999999999"]
        {
            assert_eq!(read(&text(bad)), Err("not-a-member-number"), "{bad}");
        }
        for bad in [number(42.5), number(1e15), number(0.0), shown("M42"), Cell::Date(None)] {
            assert_eq!(read(&bad), Err("not-a-member-number"), "{bad:?}");
        }
        for (bad, reason) in [
            (Cell::Error, "error-value"),
            (Cell::NoValueYet, "formula-without-value"),
            (Cell::TooLong, "cell-too-long"),
            (text("4\u{fffd}"), "unknown-letter"),
        ] {
            assert_eq!(read(&bad), Err(reason));
        }
    }

    #[test]
    fn whose_row_it_is() {
        let found = |text: &str| -> Vec<String> {
            emails_in(text).iter().map(ToString::to_string).collect()
        };
        assert_eq!(found("1001,\"Ana <Ana@x.si>;'b@x.si'\";ana@x.si @ @@"), ["ana@x.si", "b@x.si"]);
        assert_eq!(found("1001;Ana"), [""; 0]);
        let many: String = (0..20).map(|n| format!("{n}@x.si ")).collect();
        assert_eq!(found(&many).len(), 8);
    }

    #[test]
    fn one_address_in_a_cell() {
        for (cell, email) in [
            ("Anna@Example.SE", "anna@example.se"),
            ("anna@example.se;", "anna@example.se"),
            ("anna@example.se, ANNA@example.se", "anna@example.se"),
            ("\u{feff}anna@example.se\u{a0}\u{200b}", "anna@example.se"),
            ("åsa@example.se", "åsa@example.se"),
            ("=\"anna@example.se\"", "anna@example.se"),
        ] {
            assert_eq!(email_of(cell).as_deref(), Ok(email), "{cell:?}");
        }
    }

    #[test]
    fn no_or_many_addresses_in_a_cell() {
        for (cell, kind) in [
            ("-", "not-an-email"),
            (";", "not-an-email"),
            ("anna@example.se or call", "not-an-email"),
            ("Anna <anna@example.se>", "not-an-email"),
            ("mailto:anna@example.se", "not-an-email"),
            ("anna@example.se; per@example.se", "several-emails"),
            ("anna@example.se\nper@example.se", "several-emails"),
            ("\u{fffd}rt@example.si", "unknown-letter"),
        ] {
            assert_eq!(email_of(cell), Err(kind), "{cell:?}");
        }
    }

    #[test]
    fn messages_quote_little_and_nothing_that_moves_a_cursor() {
        let reason = read_email(&text(&format!("a\u{1b}[2J{}", "x".repeat(100)))).unwrap_err();
        let said = reason.cell;
        assert!(!said.chars().any(char::is_control), "{said:?}");
        assert!(said.chars().count() < 100, "{said}");
    }
}
