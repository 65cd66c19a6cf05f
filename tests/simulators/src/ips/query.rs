//! Reads the query of the seed wire, as strictly as can be.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::problem::{Problem, problem};

/// What may stand in a query as it is (RFC 3986), but for the plus, which is a blank to some.
const PLAIN: &[u8] = b"-._~!$'()*,;:@/?=";

/// A query, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// All parameters but the cursor, as sent.
    pub(super) parameters: BTreeMap<String, String>,
    /// `cursor`.
    pub(super) cursor: Option<String>,
    /// `since`.
    pub(super) since: Option<DateTime<Utc>>,
    /// `from`.
    pub(super) from: Option<DateTime<Utc>>,
    /// `to`.
    pub(super) to: Option<DateTime<Utc>>,
}

impl Query {
    /// Reads what follows the question mark; these are the names that the path takes, beside `cursor`
    /// and `since`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str, known: &[&str]) -> Result<Self, Problem> {
        let mut query = Self::default();
        for pair in text.split('&').filter(|_| !text.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if name.to_ascii_lowercase().contains("plate") {
                return Err(problem("plate-in-query", name));
            }
            if !known.contains(&name.as_str()) && !["cursor", "since"].contains(&name.as_str()) {
                return Err(problem("unknown-parameter", name));
            }
            if value.is_empty() {
                return Err(problem("empty-parameter", name));
            }
            match name.as_str() {
                "since" => query.since = Some(instant("since-form", &value)?),
                "from" => query.from = Some(instant("from-form", &value)?),
                "to" => query.to = Some(instant("to-form", &value)?),
                _ => {}
            }
            let is_twice = match name.as_str() {
                "cursor" => query.cursor.replace(value).is_some(),
                _ => query.parameters.insert(name.clone(), value).is_some(),
            };
            if is_twice {
                return Err(problem("parameter-twice", name));
            }
        }
        Ok(query)
    }

    /// The words of a list parameter; `None` if it is not given.
    pub(super) fn list(&self, name: &str) -> Option<Vec<&str>> {
        self.parameters.get(name).map(|value| value.split(',').collect())
    }
}

/// Strictly `YYYY-MM-DDTHH:MM:SSZ`, with or without fraction.
fn instant(slug: &'static str, text: &str) -> Result<DateTime<Utc>, Problem> {
    let bad = || problem(slug, text);
    if text.as_bytes().get(10) != Some(&b'T') || !text.ends_with('Z') {
        return Err(bad());
    }
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| bad())?;
    Ok(time.with_timezone(&Utc))
}

fn decode(text: &str) -> Result<String, Problem> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Query, &'static str> {
        Query::parse(text, &["zones", "from", "to"]).map_err(|problem| problem.slug)
    }

    #[test]
    fn a_good_query() {
        let query = parse("since=2024-01-01T10%3A00:00.5Z&zones=A1%2CB%201,%C4%8C&cursor=a%2B%25");
        let query = query.unwrap();
        assert_eq!(query.since, Some("2024-01-01T10:00:00.5Z".parse().unwrap()));
        assert_eq!(query.list("zones").unwrap(), ["A1", "B 1", "Č"]);
        assert_eq!(query.cursor.as_deref(), Some("a+%"));
        let query = parse("from=2024-01-01T10%3A00:00Z&to=2024-01-02T10:00:00.000Z").unwrap();
        assert_eq!(query.from, Some("2024-01-01T10:00:00Z".parse().unwrap()));
        assert_eq!(query.to, Some("2024-01-02T10:00:00Z".parse().unwrap()));
        assert_eq!(query.parameters.len(), 2, "they belong to the listing, as any other");
        assert_eq!(parse(""), Ok(Query::default()));
    }

    #[test]
    fn every_wrong_query_has_its_slug() {
        for (text, slug) in [
            ("zones=A+1", "query-form"),
            ("zones=Č", "query-form"),
            ("zones=%4", "query-form"),
            ("zones=%+4", "query-form"),
            ("zones=%FF", "query-form"),
            ("zones=A1&", "unknown-parameter"),
            ("Zones=A1", "unknown-parameter"),
            ("zones=", "empty-parameter"),
            ("cursor", "empty-parameter"),
            ("zones=A1&zones=A2", "parameter-twice"),
            ("cursor=A1&cursor=A1", "parameter-twice"),
            ("licensePlate=ABC123", "plate-in-query"),
            ("since=2024-01-01", "since-form"),
            ("since=2024-01-01T10:00:00", "since-form"),
            ("since=2024-01-01T10:00:00%2B00:00", "since-form"),
            ("since=2024-01-01t10:00:00Z", "since-form"),
            ("since=2024-02-30T10:00:00Z", "since-form"),
            ("from=2024-01-01T10:00:00-05:00", "from-form"),
            ("from=1704103200", "from-form"),
            ("from=2024-01-01T10:00:00Z&from=2024-01-01T10:00:00Z", "parameter-twice"),
            ("to=2024-01-01", "to-form"),
            ("to=2024-01-01T24:30:00Z", "to-form"),
            ("To=2024-01-01T10:00:00Z", "unknown-parameter"),
        ] {
            assert_eq!(parse(text), Err(slug), "{text}");
        }
    }
}
