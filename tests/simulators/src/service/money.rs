//! Amounts: integers in minor units (cents), never a floating-point number.

use super::json::Json;
use super::problem::{Problem, problem};

/// The largest integer that every reader of JSON understands alike.
const MINOR_MAX: i64 = (1 << 53) - 1;

/// An amount of money in minor units, as an integer: `475`.
///
/// # Errors
/// `amount-text`, `amount-float` (also `475.0` and `1e3`), `amount-sign` (zero or less), `amount-size`.
pub(crate) fn minor(value: &Json) -> Result<i64, Problem> {
    let digits = match value {
        Json::Number(digits) => digits,
        Json::Text(text) => return Err(problem("amount-text", text)),
        _ => return Err(problem("field-type", "no number")),
    };
    if digits.contains(['.', 'e', 'E']) {
        return Err(problem("amount-float", digits));
    }
    if digits.starts_with('-') || digits == "0" {
        return Err(problem("amount-sign", digits));
    }
    let amount = digits.parse().ok().filter(|amount| *amount <= MINOR_MAX);
    amount.ok_or_else(|| problem("amount-size", digits))
}

/// An amount of money in major units, as a number: `4.75`. Its decimals are read, not calculated.
///
/// # Errors
/// `amount-text`, and as [`from_text`].
pub(crate) fn decimal(value: &Json, exactly_two: bool) -> Result<i64, Problem> {
    match value {
        Json::Number(digits) => from_text(digits, exactly_two),
        Json::Text(text) => Err(problem("amount-text", text)),
        _ => Err(problem("field-type", "no number")),
    }
}

/// An amount of money as text, `"4.75"` or `"-4.75"`.
///
/// # Errors
/// `amount-form`, `amount-decimals`, `amount-size`.
pub(crate) fn from_text(text: &str, exactly_two: bool) -> Result<i64, Problem> {
    let (is_negative, bare) = match text.strip_prefix('-') {
        Some(bare) => (true, bare),
        None => (false, text),
    };
    let (whole, decimals) = bare.split_once('.').unwrap_or((bare, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let leads = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty()
        || leads
        || !all_digits(whole)
        || !all_digits(decimals)
        || bare.ends_with('.')
    {
        return Err(problem("amount-form", text));
    }
    if decimals.len() > 2 || (exactly_two && decimals.len() < 2) {
        return Err(problem("amount-decimals", text));
    }
    let amount: Option<i64> = format!("{whole}{decimals:0<2}").parse().ok();
    let amount = amount.filter(|amount| *amount <= MINOR_MAX);
    let amount = amount.ok_or_else(|| problem("amount-size", text))?;
    Ok(if is_negative { -amount } else { amount })
}

/// Minor units as `4.75`.
pub fn major(minor: i64) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", minor.abs() / 100, minor.abs() % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_only() {
        let read =
            |text: &str| minor(&Json::parse(text.as_bytes()).unwrap()).map_err(|bad| bad.slug);
        assert_eq!(read("475"), Ok(475));
        assert_eq!(read("9007199254740991"), Ok(9_007_199_254_740_991));
        for (text, slug) in [
            ("475.0", "amount-float"),
            ("1e3", "amount-float"),
            ("4.7500000001", "amount-float"),
            ("\"475\"", "amount-text"),
            ("0", "amount-sign"),
            ("-1", "amount-sign"),
            ("9007199254740993", "amount-size"),
            ("18446744073709551617", "amount-size"),
            ("null", "field-type"),
        ] {
            assert_eq!(read(text), Err(slug), "{text}");
        }
    }

    #[test]
    fn decimals_exactly() {
        let read = |text: &str| from_text(text, false).map_err(|bad| bad.slug);
        for (text, amount) in
            [("25.00", 2500), ("25", 2500), ("0.5", 50), ("-4.75", -475), ("0", 0)]
        {
            assert_eq!(read(text), Ok(amount), "{text}");
        }
        for text in ["4.755", "4.7500000001"] {
            assert_eq!(read(text), Err("amount-decimals"), "{text}");
        }
        for text in ["", ".5", "5.", "05.00", "1e3", "4,75", "$4.75", "+4.75", "4.7.5", " 4.75"] {
            assert_eq!(read(text), Err("amount-form"), "{text}");
        }
        assert_eq!(read("90071992547409.93"), Err("amount-size"));
        assert_eq!(from_text("25.0", true).unwrap_err().slug, "amount-decimals");
        assert_eq!(major(-5), "-0.05");
        assert_eq!(major(124_783), "1247.83");
        let number = Json::Number("4.75".into());
        assert_eq!(decimal(&number, true), Ok(475));
        assert_eq!(decimal(&Json::Text("4.75".into()), true).unwrap_err().slug, "amount-text");
    }
}
