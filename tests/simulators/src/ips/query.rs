//! Reads the query of the seed wire, as strictly as can be.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::problem::{Problem, problem};
use crate::service::{self, decode};

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

fn instant(slug: &'static str, text: &str) -> Result<DateTime<Utc>, Problem> {
    service::instant(text).ok_or_else(|| problem(slug, text))
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
