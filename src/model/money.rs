//! Amounts of money: whole numbers in the smallest unit of a currency, and never floating point. Pure.

use std::fmt;
use std::iter::Sum;
use std::num::NonZeroU64;

use smol_str::SmolStr;

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

/// A currency of two decimals: `USD`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency(SmolStr);

/// Why a text is no currency that amounts can be told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoCurrency {
    #[error("is no currency of three capital letters, as USD")]
    NotACode,
    #[error("is a currency that has not two decimals")]
    OtherDecimals,
}

/// Those of ISO 4217 whose smallest unit is not a hundredth.
const OTHER_DECIMALS: [&str; 26] = [
    "BHD", "BIF", "CLF", "CLP", "DJF", "GNF", "IQD", "ISK", "JOD", "JPY", "KMF", "KRW", "KWD",
    "LYD", "OMR", "PYG", "RWF", "TND", "UGX", "UYI", "UYW", "VND", "VUV", "XAF", "XOF", "XPF",
];

impl Currency {
    /// Takes a code of ISO 4217 as it is written.
    ///
    /// # Errors
    /// [`NoCurrency`]; small letters are not made capital.
    pub fn new(code: &str) -> Result<Self, NoCurrency> {
        let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        match is_code {
            false => Err(NoCurrency::NotACode),
            true if OTHER_DECIMALS.contains(&code) => Err(NoCurrency::OtherDecimals),
            true => Ok(Self(SmolStr::new(code))),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// An amount with its currency: `4.75 USD`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Money {
    pub amount: MinorUnits,
    pub currency: Currency,
}

impl Money {
    /// Takes the text of the configuration: `50.00 USD`, `50 USD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (amount, currency) = text.split_once(' ')?;
        let amount = MinorUnits::from_decimal(amount)?;
        Some(Self { amount, currency: Currency::new(currency).ok()? })
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

impl fmt::Display for MinorUnits {
    /// With two decimals: `4.75`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Amount::from(*self).fmt(f)
    }
}

/// An amount that may be zero or below, or the sum of many: what a refund or a charge-back takes away is below zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i128);

impl Amount {
    pub const ZERO: Self = Self(0);

    /// Takes so many of the smallest unit.
    #[must_use]
    pub const fn minor(minor: i64) -> Self {
        Self(minor as i128)
    }

    /// Takes a number with exactly two decimals, as JSON writes it: `4.75`, `0.00`, `-1.19`. `None` for every other
    /// text, and for more than 2^53 of the smallest unit.
    #[must_use]
    pub fn from_decimal(number: &str) -> Option<Self> {
        let bare = number.strip_prefix('-').unwrap_or(number);
        let (_, decimals) = bare.split_once('.')?;
        let amount = match MinorUnits::from_decimal(bare) {
            Some(amount) => Self::from(amount),
            None if bare == "0.00" => Self::ZERO,
            None => return None,
        };
        let is_negative = bare.len() < number.len();
        (decimals.len() == 2).then_some(if is_negative { -amount } else { amount })
    }

    #[must_use]
    pub fn get(self) -> i128 {
        self.0
    }

    /// The same as an amount above zero, where it is one that a document may name.
    #[must_use]
    pub fn above_zero(self) -> Option<MinorUnits> {
        let amount = u64::try_from(self.0).ok().filter(|amount| *amount <= MinorUnits::MAX)?;
        NonZeroU64::new(amount).map(MinorUnits)
    }
}

impl From<MinorUnits> for Amount {
    fn from(amount: MinorUnits) -> Self {
        Self(i128::from(amount.get()))
    }
}

impl std::ops::Neg for Amount {
    type Output = Self;

    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl std::ops::Add for Amount {
    type Output = Self;

    /// Some 10^19 of the largest amounts fit, so that no sum is ever cut.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl std::ops::Sub for Amount {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, |sum, amount| sum + amount)
    }
}

impl fmt::Display for Amount {
    /// With two decimals, and a sign where it is below zero: `-4.75`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let minor = self.0.unsigned_abs();
        f.pad(&format!("{sign}{}.{:02}", minor / 100, minor % 100))
    }
}

impl serde::Serialize for Amount {
    /// As text: no reader takes it for floating point.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Splits an amount by shares, to the last unit: each part is its share rounded down, and what is left goes to
/// the largest remainders, of equal ones to the first. Nothing where all shares are zero.
#[must_use]
pub fn split(amount: MinorUnits, shares: &[u32]) -> Option<Vec<u64>> {
    let whole: u128 = shares.iter().map(|share| u128::from(*share)).sum();
    if whole == 0 {
        return None;
    }
    let of = |share: &u32| u128::from(amount.get()) * u128::from(*share);
    let mut parts = Vec::with_capacity(shares.len());
    let mut remainders = Vec::with_capacity(shares.len());
    for (place, share) in shares.iter().enumerate() {
        parts.push(u64::try_from(of(share).checked_div(whole)?).ok()?);
        remainders.push((std::cmp::Reverse(of(share).checked_rem(whole)?), place));
    }
    let left = amount.get() - parts.iter().sum::<u64>();
    remainders.sort_unstable();
    for (_, place) in remainders.into_iter().take(usize::try_from(left).ok()?) {
        *parts.get_mut(place)? += 1;
    }
    Some(parts)
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

    #[test]
    fn a_currency_is_a_code_of_two_decimals() {
        assert_eq!(Currency::new("USD").map(|one| one.to_string()), Ok("USD".to_owned()));
        for (code, want) in [
            ("usd", NoCurrency::NotACode),
            ("US", NoCurrency::NotACode),
            ("USDX", NoCurrency::NotACode),
            ("", NoCurrency::NotACode),
            ("U1D", NoCurrency::NotACode),
            ("JPY", NoCurrency::OtherDecimals),
            ("KWD", NoCurrency::OtherDecimals),
        ] {
            assert_eq!(Currency::new(code), Err(want), "{code}");
        }
    }

    #[test]
    fn money_is_read_and_written() {
        for (text, want) in [
            ("50.00 USD", Some("50.00 USD")),
            ("50 USD", Some("50.00 USD")),
            ("0.05 EUR", Some("0.05 EUR")),
            ("50.00", None),
            ("50.00USD", None),
            ("50.00  USD", None),
            ("50,00 USD", None),
            ("1,000.00 USD", None),
            ("-5.00 USD", None),
            ("0 USD", None),
            ("5.00 usd", None),
            ("500 JPY", None),
            ("", None),
        ] {
            assert_eq!(
                Money::parse(text).map(|money| money.to_string()).as_deref(),
                want,
                "{text}"
            );
        }
    }

    #[test]
    fn sums_are_exact_and_have_a_sign() {
        for (minor, want) in
            [(475, "4.75"), (-475, "-4.75"), (5, "0.05"), (-5, "-0.05"), (0, "0.00"), (100, "1.00")]
        {
            assert_eq!(Amount::minor(minor).to_string(), want);
        }
        let most = Amount::from(MinorUnits::from_digits("9007199254740992").unwrap());
        let sum: Amount = std::iter::repeat_n(most, 10_000_000).sum();
        assert_eq!(sum.to_string(), "900719925474099200000.00");
        assert_eq!(sum.above_zero(), None);
        assert_eq!((most - most).above_zero(), None);
        assert_eq!(Amount::minor(7).above_zero().map(MinorUnits::get), Some(7));
    }

    #[test]
    fn decimals_that_may_be_nothing_or_less() {
        for (number, want) in [
            ("4.75", Some(475)),
            ("0.00", Some(0)),
            ("-1.19", Some(-119)),
            ("4.7", None),
            ("4", None),
            ("4.750", None),
            ("04.75", None),
            ("--1.00", None),
            ("1.1.9", None),
            (".50", None),
            ("", None),
        ] {
            assert_eq!(Amount::from_decimal(number), want.map(Amount::minor), "{number}");
        }
    }

    #[test]
    fn shares_of_an_amount_add_up_to_it() {
        let of =
            |minor: &str, shares: &[u32]| split(MinorUnits::from_digits(minor).unwrap(), shares);
        // 5 % of 4.75 is 23.75 cents: the larger remainder gets the unit that is left.
        assert_eq!(of("475", &[95, 5]), Some(vec![451, 24]));
        assert_eq!(of("100", &[1, 1, 1]), Some(vec![34, 33, 33]));
        assert_eq!(of("1", &[1, 1]), Some(vec![1, 0]));
        assert_eq!(of("5", &[0, 1]), Some(vec![0, 5]));
        assert_eq!(of("5", &[0, 0]), None);
        assert_eq!(of("5", &[]), None);
    }

    proptest::proptest! {
        #[test]
        fn a_split_loses_nothing(
            minor in 1_u64..=1 << 53,
            shares in proptest::collection::vec(0_u32..=u32::MAX, 1..20),
        ) {
            let amount = MinorUnits::from_digits(&minor.to_string()).unwrap();
            let parts = split(amount, &shares);
            let whole: u128 = shares.iter().map(|share| u128::from(*share)).sum();
            if let Some(parts) = parts {
                proptest::prop_assert_eq!(parts.iter().sum::<u64>(), minor);
                for (part, share) in parts.iter().zip(&shares) {
                    // Within one unit of the exact share.
                    let exact = u128::from(minor) * u128::from(*share);
                    proptest::prop_assert!((u128::from(*part) * whole).abs_diff(exact) < whole);
                }
            } else {
                proptest::prop_assert_eq!(whole, 0);
            }
        }
    }
}
