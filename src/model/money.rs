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
}
