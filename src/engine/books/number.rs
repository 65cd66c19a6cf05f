//! Amounts and days as files write them: exactly, or not at all. Pure.

use chrono::NaiveDate;

use crate::config::{AmountUnit, FileFormat};
use crate::model::Amount;

/// Every program that takes numbers for floating point still holds it exactly.
const MINOR_MAX: i64 = 1 << 53;

/// Takes an amount in the unit of the file. Nothing is rounded: two decimals where the unit is the larger one, none
/// where it is not, and no mark between thousands.
pub(super) fn amount(text: &str, format: &FileFormat) -> Option<Amount> {
    let (is_below_zero, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let minor = match format.amounts {
        AmountUnit::Minor => whole(digits)?,
        AmountUnit::Major => {
            let (units, hundredths) = digits.split_once(char::from(format.decimal))?;
            let is_exact = hundredths.len() == 2 && hundredths.bytes().all(|b| b.is_ascii_digit());
            let hundredths: i64 = hundredths.parse().ok().filter(|_| is_exact)?;
            whole(units)?.checked_mul(100)?.checked_add(hundredths)?
        }
    };
    // Nobody writes -0.
    let is_amount = minor <= MINOR_MAX && !(is_below_zero && minor == 0);
    is_amount.then_some(Amount::minor(if is_below_zero { -minor } else { minor }))
}

fn whole(digits: &str) -> Option<i64> {
    let is_bare = digits == "0" || !digits.starts_with('0');
    let are_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_bare && are_digits)
}

/// Reads days; rows of one day stand together, so that the last one is mostly right.
#[derive(Debug)]
pub(super) struct Days<'f> {
    format: &'f str,
    last: Option<(String, NaiveDate)>,
}

impl<'f> Days<'f> {
    pub(super) fn new(format: &'f FileFormat) -> Self {
        Self { format: &format.dates, last: None }
    }

    pub(super) fn read(&mut self, text: &str) -> Option<NaiveDate> {
        if let Some((last, day)) = &self.last
            && last == text
        {
            return Some(*day);
        }
        let day = NaiveDate::parse_from_str(text, self.format).ok()?;
        self.last = Some((text.to_owned(), day));
        Some(day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(amounts: AmountUnit, decimal: u8) -> FileFormat {
        FileFormat {
            amounts,
            decimal,
            separator: b',',
            dates: "%d.%m.%Y".into(),
            has_trailer: true,
        }
    }

    #[test]
    fn whole_numbers_of_the_smallest_unit() {
        let format = format(AmountUnit::Minor, b'.');
        for (text, want) in [
            ("475", Some(475)),
            ("-119", Some(-119)),
            ("0", Some(0)),
            ("9007199254740992", Some(1 << 53)),
            ("9007199254740993", None),
            ("99999999999999999999", None),
            ("4.75", None),
            ("475.0", None),
            ("1,000", None),
            ("0475", None),
            ("-0", None),
            ("+475", None),
            ("--1", None),
            ("1e3", None),
            (" 475", None),
            ("", None),
            ("-", None),
            ("NaN", None),
            ("\u{661}", None),
        ] {
            assert_eq!(amount(text, &format), want.map(Amount::minor), "{text}");
        }
    }

    #[test]
    fn units_with_two_decimals() {
        for (mark, text, want) in [
            ('.', "4.75", Some(475)),
            ('.', "-1.19", Some(-119)),
            ('.', "0.05", Some(5)),
            ('.', "0.00", Some(0)),
            ('.', "90071992547409.92", Some(1 << 53)),
            ('.', "90071992547409.93", None),
            ('.', "92233720368547758.08", None),
            ('.', "4.7", None),
            ('.', "4.750", None),
            ('.', "475", None),
            ('.', "4,75", None),
            ('.', "1,000.00", None),
            ('.', "1.000.00", None),
            ('.', ".75", None),
            ('.', "-0.00", None),
            ('.', "04.75", None),
            ('.', "4.-5", None),
            ('.', "4.+5", None),
            (',', "4,75", Some(475)),
            (',', "4.75", None),
            (',', "1.000,00", None),
        ] {
            let format = format(AmountUnit::Major, u8::try_from(mark).unwrap());
            assert_eq!(amount(text, &format), want.map(Amount::minor), "{text}");
        }
    }

    #[test]
    fn days_as_they_are_written() {
        let format = format(AmountUnit::Minor, b'.');
        let mut days = Days::new(&format);
        let second = NaiveDate::from_ymd_opt(2024, 1, 2);
        for (text, want) in [
            ("02.01.2024", second),
            ("02.01.2024", second),
            ("2024-01-02", None),
            ("30.02.2024", None),
            ("", None),
        ] {
            assert_eq!(days.read(text), want, "{text}");
        }
    }
}
