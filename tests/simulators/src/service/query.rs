//! Percent-encoded parts of a target (RFC 3986), and instants, read as strictly as can be.

use chrono::{DateTime, Utc};

use super::problem::{Problem, problem};

/// What may stand in a query as it is, but for the plus, which is a blank to some.
const PLAIN: &[u8] = b"-._~!$'()*,;:@/?=";

/// Decodes a part of a target.
///
/// # Errors
/// `query-form`: something that must be encoded and is not, or an encoding that is none.
pub(crate) fn decode(text: &str) -> Result<String, Problem> {
    let bad = |why: &str| problem("query-form", format!("{why} in {text}"));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, others)) = rest.split_first() {
        rest = others;
        if first != b'%' {
            if !first.is_ascii_alphanumeric() && !PLAIN.contains(&first) {
                return Err(bad("a character that must be encoded"));
            }
            bytes.push(first);
            continue;
        }
        let digits = others.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.ok_or_else(|| bad("a percent sign without two digits"))?);
        rest = others.get(2..).unwrap_or_default();
    }
    String::from_utf8(bytes).map_err(|_| bad("bytes that are no UTF-8"))
}

/// Strictly `YYYY-MM-DDTHH:MM:SSZ`, with or without fraction.
pub(crate) fn instant(text: &str) -> Option<DateTime<Utc>> {
    let is_plain = text.as_bytes().get(10) == Some(&b'T') && text.ends_with('Z');
    let instant = DateTime::parse_from_rfc3339(text).ok().filter(|_| is_plain);
    instant.map(|instant| instant.with_timezone(&Utc))
}

/// Names and values of a query, decoded, in their order.
///
/// # Errors
/// `query-form`, `empty-parameter`, `parameter-twice`.
pub(crate) fn pairs(text: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for pair in text.split('&').filter(|_| !text.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        if value.is_empty() {
            return Err(problem("empty-parameter", name));
        }
        if pairs.iter().any(|(one, _)| *one == name) {
            return Err(problem("parameter-twice", name));
        }
        pairs.push((name, value));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_target() {
        assert_eq!(decode("gtcs:2024-01-01%3A1").unwrap(), "gtcs:2024-01-01:1");
        for bad in ["a+b", "a b", "%4", "%+4", "%FF", "é"] {
            assert_eq!(decode(bad).unwrap_err().slug, "query-form", "{bad}");
        }
        let read = pairs("state=CT&zone=A%201").unwrap();
        assert_eq!(read, [("state".into(), "CT".into()), ("zone".into(), "A 1".into())]);
        assert_eq!(pairs(""), Ok(Vec::new()));
        for (text, slug) in
            [("a", "empty-parameter"), ("a=1&a=1", "parameter-twice"), ("a=1&", "empty-parameter")]
        {
            assert_eq!(pairs(text).unwrap_err().slug, slug, "{text}");
        }
    }
}
