//! What is said to a camera about its list, and what it answers, as bytes and as types. Pure.
//!
//! Answers are read leniently in their notation and strictly in what they mean: an entry without a plate is
//! left out and told, a time that can mean two things stays unclear, and a page that does not say what it
//! must is an error.

pub(super) mod audit;
mod rows;
mod times;
pub(super) mod vcl;

use serde_json::{Map, Value};

pub(super) use rows::{Entry, Page, PageWord, Reading, bare};
pub(super) use times::Stated;

use crate::connectors::hikvision::wire::{field, integer};

/// What a row is named by in a deletion: never empty, as an empty condition means the whole list to some.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Name(String);

impl Name {
    /// `None` where the text is empty or nothing but blanks.
    pub(super) fn new(text: &str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| Self(text.to_owned()))
    }

    fn text(&self) -> &str {
        &self.0
    }
}

/// A count under a key, if the key is there.
///
/// # Errors
/// That it is no count.
fn count(object: &Map<String, Value>, key: &str) -> Result<Option<usize>, String> {
    let Some(value) = field(object, key) else { return Ok(None) };
    let number = integer(value).and_then(|number| usize::try_from(number).ok());
    number.map(Some).ok_or_else(|| format!("{key} is no count"))
}

/// The most rows that a camera says it holds, wherever its capabilities say so.
pub(super) fn capacity(root: &Map<String, Value>) -> Option<u64> {
    let own = field(root, "plateListNum").and_then(integer);
    let own = own.and_then(|number| u64::try_from(number).ok()).filter(|number| *number > 0);
    own.or_else(|| root.values().filter_map(Value::as_object).find_map(capacity))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectors::hikvision::wire::Document;
    use crate::text::xml::escape;

    #[test]
    fn a_name_is_never_empty() {
        for text in ["", " ", "\t\n"] {
            assert!(Name::new(text).is_none());
        }
        assert_eq!(Name::new("7").unwrap().text(), "7");
    }

    #[test]
    fn a_plate_with_signs_of_xml_stays_one_text() {
        let body = format!("<a>{}</a>", escape("<b>&\"'ü\u{0}"));
        let read = Document::parse(body.as_bytes()).unwrap();
        assert_eq!(read.root["a"], "<b>&\"'ü");
    }

    #[test]
    fn the_capacity_stands_anywhere() {
        for (body, expected) in [
            ("<TrafficCap><plateListNum>2000</plateListNum></TrafficCap>", Some(2000)),
            ("<A><B><C><plateListNum>7</plateListNum></C></B></A>", Some(7)),
            ("{\"A\":{\"plateListNum\":10}}", Some(10)),
            ("<A><plateListNum>many</plateListNum></A>", None),
            ("<A><plateListNum>-1</plateListNum></A>", None),
            ("<A><plateListNum>0</plateListNum></A>", None),
            ("<A><plateListNum>1</plateListNum><plateListNum>2</plateListNum></A>", None),
            ("<A/>", None),
        ] {
            let document = Document::parse(body.as_bytes()).unwrap();
            assert_eq!(capacity(&document.root), expected, "{body}");
        }
    }
}
