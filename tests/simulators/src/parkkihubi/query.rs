//! Reads the query of a listing, as strictly as can be.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::answer::{Problem, problem};
use crate::service::{self, decode};

/// Most rows that a client may ask for.
const PAGE_SIZE_MAX: usize = 1000;

/// A query, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// All parameters as sent, but the one that points to a page.
    pub(super) parameters: BTreeMap<String, String>,
    /// `cursor` or `page`, as sent.
    pub(super) page: Option<String>,
    /// `time`.
    pub(super) time: Option<DateTime<Utc>>,
    /// `page_size`.
    pub(super) size: Option<usize>,
}

impl Query {
    /// Reads what follows the question mark; these are the names that the path takes beside `time`, the
    /// first of which points to a page.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str, known: &[&str]) -> Result<Self, Problem> {
        let mut query = Self::default();
        for pair in text.split('&').filter(|_| !text.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            if name == "reg_num" || name.contains("plate") || name.contains("registration") {
                return Err(problem("plate-in-query", name));
            }
            if name != "time" && !known.contains(&name.as_str()) {
                return Err(problem("unknown-parameter", name));
            }
            if value.is_empty() {
                return Err(problem("empty-parameter", name));
            }
            match name.as_str() {
                "time" => query.time = Some(instant(&value)?),
                "page_size" => query.size = Some(size(&value)?),
                _ => {}
            }
            let is_twice = if known.first() == Some(&name.as_str()) {
                query.page.replace(value).is_some()
            } else {
                query.parameters.insert(name.clone(), value).is_some()
            };
            if is_twice {
                return Err(problem("parameter-twice", name));
            }
        }
        Ok(query)
    }
}

fn instant(text: &str) -> Result<DateTime<Utc>, Problem> {
    service::instant(text).ok_or_else(|| problem("time-form", text))
}

fn size(text: &str) -> Result<usize, Problem> {
    let size = text.parse().ok().filter(|size| (1..=PAGE_SIZE_MAX).contains(size));
    size.ok_or_else(|| problem("page-size", text))
}

/// Encodes all but letters, digits and a few marks.
pub(super) fn encode(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Query, &'static str> {
        Query::parse(text, &["cursor", "page_size"]).map_err(|problem| problem.slug)
    }

    #[test]
    fn a_good_query() {
        let query = parse("time=2024-01-01T10%3A00:00.5Z&page_size=1000&cursor=cD05%3D").unwrap();
        assert_eq!(query.time, Some("2024-01-01T10:00:00.5Z".parse().unwrap()));
        assert_eq!((query.size, query.page.as_deref()), (Some(1000), Some("cD05=")));
        assert_eq!(query.parameters.len(), 2);
        assert_eq!(parse(""), Ok(Query::default()));
        assert_eq!(encode("cD05=+é"), "cD05%3D%2B%C3%A9");
    }

    #[test]
    fn every_wrong_query_has_its_slug() {
        for (text, slug) in [
            ("time=2024-01-01T10:00:00+02:00", "query-form"),
            ("time=2024-01-01 10:00:00Z", "query-form"),
            ("cursor=%4", "query-form"),
            ("cursor=%FF", "query-form"),
            ("page=2", "unknown-parameter"),
            ("format=json", "unknown-parameter"),
            ("Time=2024-01-01T10:00:00Z", "unknown-parameter"),
            ("time=", "empty-parameter"),
            ("time", "empty-parameter"),
            ("page_size=5&page_size=5", "parameter-twice"),
            ("cursor=a&cursor=a", "parameter-twice"),
            ("reg_num=ABC-123", "plate-in-query"),
            ("page_size=0", "page-size"),
            ("page_size=1001", "page-size"),
            ("page_size=all", "page-size"),
            ("time=2024-01-01", "time-form"),
            ("time=2024-01-01T10:00:00", "time-form"),
            ("time=2024-01-01T10:00:00%2B02:00", "time-form"),
            ("time=2024-02-30T10:00:00Z", "time-form"),
            ("time=1704103200", "time-form"),
        ] {
            assert_eq!(parse(text), Err(slug), "{text}");
        }
    }
}
