//! A person id and an e-mail out of a cell each, or the reason why not.

use super::cell::{Cell, trim};
use super::row::RowReason;
use crate::model::{Email, EmployeeNo, InvalidId};

/// How many characters of a cell a message shows.
const SHOWN_CHARS_MAX: usize = 60;

/// The person id of a cell.
pub(super) fn read_id(cell: &Cell) -> Result<EmployeeNo, RowReason> {
    let text = match cell {
        // Told apart before this is called; no id is the truth either way.
        Cell::Blank => return Err(RowReason::NoId),
        // iVMS-4200's rules ask for an apostrophe before numbers with leading zeros.
        Cell::Text(text) => trim(text.strip_prefix('\'').unwrap_or(text)).to_owned(),
        Cell::Number { value, digits_min } => whole_number(*value, *digits_min)?,
        Cell::TooLong => return Err(RowReason::CellTooLong),
        Cell::Date => return Err(RowReason::IdIs("a date")),
        Cell::Boolean => return Err(RowReason::IdIs("TRUE or FALSE")),
        Cell::Error => return Err(RowReason::IdIs("an error value")),
    };
    if text.contains(char::REPLACEMENT_CHARACTER) {
        return Err(RowReason::UnknownLetter);
    }
    EmployeeNo::new(&text).map_err(|why| match why {
        InvalidId::Empty => RowReason::NoId,
        why => RowReason::BadId { text: quoted(&text), why },
    })
}

/// The decimal text of a number cell, as Excel shows it without a special format.
fn whole_number(value: f64, digits_min: usize) -> Result<String, RowReason> {
    /// Excel keeps 15 significant digits; a longer number has already been changed.
    const LARGEST: f64 = 999_999_999_999_999.0;
    if !value.is_finite() || value < 0.0 || value.fract() != 0.0 {
        return Err(RowReason::IdNotWhole(value.to_string()));
    }
    let stored = format!("{value:.0}");
    if value > LARGEST {
        return Err(RowReason::IdLostDigits(quoted(&stored)));
    }
    if stored.len() < digits_min {
        // A format may ask for more digits than a message should show.
        let zeros = "0".repeat((digits_min - stored.len()).min(SHOWN_CHARS_MAX));
        let shown = quoted(&format!("{zeros}{stored}"));
        return Err(RowReason::IdShownPadded { stored, shown });
    }
    // -0.0 is not below zero, but has a sign.
    Ok(stored.trim_start_matches('-').to_owned())
}

/// The one address of a cell. A cell may repeat it or end in a separator; two different ones are
/// refused, since the other may belong to a partner with a membership of their own.
pub(super) fn read_email(cell: &Cell) -> Result<Email, RowReason> {
    /// Signs that no address has outside quotes (RFC 5322 section 3.2.3): `Anna <anna@example.se>`.
    const FOREIGN: &[char] = &['<', '>', '(', ')', '[', ']', ':', '\\', '"'];

    let text = match cell {
        Cell::Text(text) => text,
        Cell::TooLong => return Err(RowReason::CellTooLong),
        Cell::Number { value, .. } => return Err(RowReason::NotAnEmail(value.to_string())),
        Cell::Date => return Err(RowReason::NotAnEmail("a date".to_owned())),
        Cell::Boolean => return Err(RowReason::NotAnEmail("TRUE or FALSE".to_owned())),
        Cell::Error => return Err(RowReason::NotAnEmail("an error value".to_owned())),
        Cell::Blank => return Err(RowReason::NoEmail),
    };
    if text.contains(char::REPLACEMENT_CHARACTER) {
        return Err(RowReason::UnknownLetter);
    }
    let not_an_email = || RowReason::NotAnEmail(quoted(text));
    if text.contains(FOREIGN) {
        return Err(not_an_email());
    }
    let mut addresses: Vec<Email> = Vec::new();
    for part in text.split(|c: char| c == ';' || c == ',' || c.is_whitespace()) {
        let part = trim(part);
        if part.is_empty() {
            continue;
        }
        let address = Email::parse(part).ok_or_else(not_an_email)?;
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    match addresses.len() {
        0 => Err(not_an_email()),
        1 => addresses.pop().ok_or_else(not_an_email),
        count => Err(RowReason::SeveralEmails(count)),
    }
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
        Cell::Number { value, digits_min: 1 }
    }

    fn id_of(cell: &Cell) -> Result<String, &'static str> {
        read_id(cell).map(|id| id.as_str().to_owned()).map_err(|reason| reason.kind())
    }

    fn email_of(cell: &str) -> Result<String, &'static str> {
        read_email(&text(cell)).map(|e| e.as_str().to_owned()).map_err(|reason| reason.kind())
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
        ] {
            assert_eq!(id_of(&text(cell)).as_deref(), Ok(id), "{cell:?}");
        }
        assert_eq!(id_of(&text(&"x".repeat(33))), Err("bad-person-id"));
        assert_eq!(id_of(&text("a\u{7}b")), Err("bad-person-id"));
        assert_eq!(id_of(&text("'")), Err("no-person-id"));
        assert_eq!(id_of(&text("\u{fffd}")), Err("unknown-letter"));
        assert_eq!(id_of(&text(&"x".repeat(5000))), Err("cell-too-long"));
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
        for bad in [1007.5, -3.0, 1e15, 9_007_199_254_740_993.0, 1e300, f64::NAN, f64::INFINITY] {
            assert_eq!(id_of(&number(bad)), Err("bad-person-id"), "{bad}");
        }
    }

    #[test]
    fn a_number_shown_with_zeros_is_no_sure_id() {
        let seven = Cell::Number { value: 7.0, digits_min: 4 };
        let reason = read_id(&seven).unwrap_err();
        assert!(reason.to_string().contains("number 7 shown as 0007"), "{reason}");
        assert_eq!(id_of(&Cell::Number { value: 1007.0, digits_min: 4 }).as_deref(), Ok("1007"));
        assert_eq!(id_of(&Cell::Number { value: 7.0, digits_min: 100_000 }), Err("bad-person-id"));
    }

    #[test]
    fn ids_that_are_neither() {
        for cell in [Cell::Date, Cell::Boolean, Cell::Error] {
            assert_eq!(id_of(&cell), Err("bad-person-id"), "{cell:?}");
        }
    }

    #[test]
    fn one_address_in_a_cell() {
        for (cell, email) in [
            ("Anna@Example.SE", "anna@example.se"),
            ("anna@example.se;", "anna@example.se"),
            ("anna@example.se, ANNA@example.se", "anna@example.se"),
            ("\u{feff}anna@example.se\u{a0}\u{200b}", "anna@example.se"),
            ("åsa@example.se", "åsa@example.se"),
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
        let reason = read_email(&text(&format!("\u{1b}[2J{}", "x".repeat(100)))).unwrap_err();
        let said = reason.to_string();
        assert!(!said.chars().any(char::is_control), "{said:?}");
        assert!(said.chars().count() < 100, "{said}");
    }
}
