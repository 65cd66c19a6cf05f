//! Amounts of money. Pure.

use std::num::NonZeroU64;

/// An amount in the smallest unit of its currency: 475 is 4.75 USD. Above zero and at most 2^53, so that
/// every program that takes numbers for floating point still holds it exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MinorUnits(NonZeroU64);

impl MinorUnits {
    const MAX: u64 = 1 << 53;

    /// Takes the digits of a whole number, as JSON writes it: `None` for a sign, a point, an exponent, a
    /// zero in front, zero itself and what is more than 2^53.
    #[must_use]
    pub fn from_digits(digits: &str) -> Option<Self> {
        let is_written_so =
            !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
        let amount = digits.parse().ok().filter(|amount| is_written_so && *amount <= Self::MAX)?;
        NonZeroU64::new(amount).map(Self)
    }

    /// Takes a decimal number, as JSON writes it, of a currency with two decimals: 25, 25.0 and 25.00 are one.
    /// `None` for a third decimal, whatever it is, for a sign and for an exponent.
    #[must_use]
    pub fn from_decimal(number: &str) -> Option<Self> {
        let (whole, part) = number.split_once('.').unwrap_or((number, "00"));
        let is_bare = whole == "0" || !whole.starts_with('0');
        let are_digits =
            [whole, part].iter().all(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        let is_written_so =
            is_bare && are_digits && !whole.is_empty() && matches!(part.len(), 1 | 2);
        let minor = format!("{whole}{part:0<2}");
        let minor = minor.trim_start_matches('0');
        is_written_so.then(|| Self::from_digits(minor)).flatten()
    }

    #[must_use]
    pub fn get(self) -> u64 {
        self.0.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_amounts_only() {
        for (digits, want) in [
            ("1", Some(1)),
            ("475", Some(475)),
            ("9007199254740992", Some(1 << 53)),
            ("9007199254740993", None),
            ("18446744073709551617", None),
            ("0", None),
            ("00", None),
            ("0475", None),
            ("-1", None),
            ("-0", None),
            ("+1", None),
            ("475.0", None),
            ("4.7500000001", None),
            ("1e3", None),
            ("1E3", None),
            ("", None),
            (" 1", None),
            ("١", None),
        ] {
            assert_eq!(MinorUnits::from_digits(digits).map(MinorUnits::get), want, "{digits}");
        }
    }

    #[test]
    fn decimals_are_exact() {
        for (number, want) in [
            ("25", Some(2500)),
            ("25.0", Some(2500)),
            ("25.00", Some(2500)),
            ("4.75", Some(475)),
            ("0.05", Some(5)),
            ("0.5", Some(50)),
            ("90071992547409.92", Some(1 << 53)),
            ("90071992547409.93", None),
            ("25.005", None),
            ("25.", None),
            (".5", None),
            ("0.00", None),
            ("0", None),
            ("-1", None),
            ("2.5e1", None),
            ("025", None),
            ("", None),
        ] {
            assert_eq!(MinorUnits::from_decimal(number).map(MinorUnits::get), want, "{number}");
        }
    }
}
