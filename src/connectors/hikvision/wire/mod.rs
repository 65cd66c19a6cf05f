//! What is said to a device and what it answers, as bytes and as types. Pure: no client, no clock.
//!
//! Answers come as JSON or XML whatever was asked (the first byte that is no space decides), in any of
//! three XML namespaces, with numbers as text and text as numbers, and with keys in any letter case. So
//! both are read into one tree, and every reader asks that tree leniently for a key and strictly for
//! its meaning.

mod abilities;
mod modify;
mod persons;
mod search;
mod standard;
mod status;
mod system;

#[cfg(test)]
mod mutations;

use serde_json::{Map, Value};

use crate::model::visible;
use crate::text::json::{self, Problem};
use crate::text::xml::{self, Excess};

pub use abilities::Abilities;
pub use modify::differs_beyond_validity;
pub(crate) use modify::{droppable, has_lost_pin, modify_body, modify_fields, shown_pin};
pub use persons::read_record;
pub(crate) use persons::with_replaced_bytes;
pub(crate) use search::{SearchPage, SearchWord, search_body};
pub use status::ResponseStatus;
pub(crate) use status::{Meaning, read_status, refusal_words};
pub(in crate::connectors) use system::read_moment;
pub use system::{DeviceClock, DeviceInfo};

/// The longest excerpt of an answer in an error, in characters.
const EXCERPT_CHARS: usize = 120;

/// How deep an XML answer may nest; real ones have four levels.
const XML_DEPTH: usize = 32;

/// How many nodes an XML answer may have; real ones (never persons) have a few dozen.
const XML_NODES: u32 = 20_000;

/// In which notation an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    Json,
    Xml,
}

/// How many `<` and `=` an XML answer may have: every element has two of the first.
const XML_MARKS: usize = 3 * XML_NODES as usize;

/// How many values a JSON answer may have. A page of 30 persons has about 1,200; one with all persons
/// of a device that ignores the page size, 120,000.
const JSON_VALUES: usize = 500_000;

/// An answer as a tree. XML `<A><b>1</b></A>` is the same as JSON `{"A":{"b":"1"}}`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Document {
    pub(crate) notation: Notation,
    pub(crate) root: Map<String, Value>,
    /// Whether bytes that are not UTF-8 were replaced by U+FFFD.
    pub(crate) replaced: bool,
}

impl Document {
    /// Reads an answer. Bytes that are not UTF-8 become U+FFFD, so that one bad name does not hide a
    /// whole list; such a record is never sent back. Where that breaks the JSON, a backslash behind
    /// such a byte was the second half of a GBK character.
    ///
    /// # Errors
    /// What is wrong, without quoting the answer.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        let text = String::from_utf8_lossy(body);
        let replaced = matches!(text, std::borrow::Cow::Owned(_));
        match Self::of_text(&text, replaced) {
            Err(_) if replaced => Self::of_text(&without_halves(body), replaced),
            read => read,
        }
    }

    fn of_text(text: &str, replaced: bool) -> Result<Self, String> {
        let text = text.trim_start_matches('\u{feff}').trim();
        match text.chars().next() {
            None => Err("the answer is empty".to_owned()),
            Some('<') => parse_xml(text, replaced),
            Some('{') => match json::object(text, JSON_VALUES) {
                Ok(root) => Ok(Self { notation: Notation::Json, root, replaced }),
                Err(Problem::NoObject) => Err("the answer is no JSON object".to_owned()),
                Err(Problem::TooMany { limit }) => {
                    Err(format!("the answer holds more than {limit} values"))
                }
                Err(Problem::Broken { line, column }) => {
                    Err(format!("the answer is broken JSON at line {line} column {column}"))
                }
            },
            Some(_) => Err("the answer is neither JSON nor XML".to_owned()),
        }
    }
}

/// The text, with a backslash that follows a byte that is not UTF-8 taken as a part of it.
fn without_halves(body: &[u8]) -> String {
    let mut text = String::with_capacity(body.len());
    let mut is_behind = false;
    for chunk in body.utf8_chunks() {
        let valid = chunk.valid();
        text.push_str(valid.strip_prefix('\\').filter(|_| is_behind).unwrap_or(valid));
        is_behind = !chunk.invalid().is_empty();
        if is_behind {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text
}

fn parse_xml(text: &str, replaced: bool) -> Result<Document, String> {
    // The reader makes room by these two signs before it looks at anything else.
    let marks = text.bytes().filter(|byte| matches!(byte, b'<' | b'=')).count();
    if marks > XML_MARKS {
        return Err(format!("the answer holds more than {XML_MARKS} elements and attributes"));
    }
    if let Err(Excess { limit, what, .. }) = xml::look_over(text) {
        return Err(format!("the answer holds more than {limit} {what}"));
    }
    let options = roxmltree::ParsingOptions { nodes_limit: XML_NODES, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(text, options).map_err(|error| {
        let at = error.pos();
        format!("the answer is broken XML at line {} column {}", at.row, at.col)
    })?;
    let element = document.root_element();
    let mut root = Map::new();
    root.insert(element.tag_name().name().to_owned(), xml_value(element, 0)?);
    Ok(Document { notation: Notation::Xml, root, replaced })
}

fn xml_value(element: roxmltree::Node<'_, '_>, depth: usize) -> Result<Value, String> {
    if depth > XML_DEPTH {
        return Err("the answer is nested too deeply".to_owned());
    }
    let mut object = Map::new();
    for child in element.children().filter(roxmltree::Node::is_element) {
        let value = xml_value(child, depth + 1)?;
        match object.entry(child.tag_name().name()) {
            serde_json::map::Entry::Vacant(place) => {
                place.insert(value);
            }
            serde_json::map::Entry::Occupied(mut place) => match place.get_mut() {
                Value::Array(several) => several.push(value),
                one => *one = Value::Array(vec![one.take(), value]),
            },
        }
    }
    if object.is_empty() {
        return Ok(Value::String(element.text().unwrap_or("").trim().to_owned()));
    }
    Ok(Value::Object(object))
}

/// The value under a key in any letter case, the exact one first; `null` counts as absent.
pub(crate) fn field<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v Value> {
    let exact = object.get(key);
    let found =
        exact.or_else(|| object.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)).map(|(_, v)| v));
    found.filter(|value| !value.is_null())
}

/// The object under a key.
pub(crate) fn object<'v>(
    object: &'v Map<String, Value>,
    key: &str,
) -> Option<&'v Map<String, Value>> {
    field(object, key).and_then(Value::as_object)
}

/// Text, or the text of a whole number.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()).filter(|digits| is_whole(digits)),
        _ => None,
    }
}

/// Whether a number is written as a whole one. Numbers keep every digit that was read, so this looks
/// at the digits and not at a value.
fn is_whole(number: &str) -> bool {
    number.strip_prefix('-').unwrap_or(number).bytes().all(|byte| byte.is_ascii_digit())
}

/// A whole number, also as text.
pub(crate) fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A truth value, also as text or as 0 and 1.
pub(crate) fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(value) => Some(*value),
        Value::Number(number) => match number.as_i64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// A list, where a single object counts as a list of one.
pub(crate) fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(several) => several,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}

/// The most characters of a text of a device that are kept: no name and no serial number is longer.
const SHOWN_CHARS: usize = 128;

/// Text from a device, fit to be kept and shown.
pub(crate) fn shown(text: &str) -> String {
    visible(text, SHOWN_CHARS)
}

/// The beginning of an answer that holds no persons, for an error.
pub(crate) fn excerpt(body: &[u8]) -> String {
    let start = body.get(..EXCERPT_CHARS * 4).unwrap_or(body);
    visible(&String::from_utf8_lossy(start).replace(['\n', '\r', '\t'], " "), EXCERPT_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_notations_are_one_tree() {
        let xml = Document::parse(
            b"<?xml version=\"1.0\"?>\n<A xmlns=\"http://x\"><b>1</b><c><d/></c></A>",
        )
        .unwrap();
        let json =
            Document::parse(b"\xef\xbb\xbf {\"A\":{\"b\":\"1\",\"c\":{\"d\":\"\"}}}").unwrap();
        assert_eq!(xml.root, json.root);
        assert_eq!((xml.notation, json.notation), (Notation::Xml, Notation::Json));
        let several = Document::parse(b"<A><b>1</b><b>2</b><b>3</b></A>").unwrap();
        assert_eq!(Value::Object(several.root), serde_json::json!({"A": {"b": ["1", "2", "3"]}}));
    }

    /// Mutant: only one reading is tried.
    #[test]
    fn a_name_in_gbk_spoils_no_answer() {
        // The second byte of the last character of the name is a backslash.
        let mut body = br#"{"A":{"name":"x"#.to_vec();
        body.extend([0xd5, 0xc5, 0xc8, 0xfd, 0x81, b'\\']);
        body.extend(br#"","b":"\"1"}}"#);
        let read = Document::parse(&body).unwrap();
        assert!(read.replaced);
        assert_eq!(read.root["A"]["b"], "\"1");
        assert!(Document::parse(&body[..body.len() - 1]).is_err());
    }

    #[test]
    fn hostile_bodies_are_errors() {
        let deep_xml = "<a>".repeat(60_000);
        let deep_closed = format!("{}{}", "<a>".repeat(5_000), "</a>".repeat(5_000));
        let deep_json = "{\"a\":".repeat(60_000);
        let laughs = "<!DOCTYPE l [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><l>&b;</l>";
        for body in [
            "",
            "  ",
            "OK",
            "[1]",
            "{",
            "<",
            "<a>",
            "<a></b>",
            &deep_xml,
            &deep_closed,
            &deep_json,
            laughs,
        ] {
            assert!(Document::parse(body.as_bytes()).is_err(), "{:.40}", body);
        }
    }

    #[test]
    fn lenient_values() {
        let tree = serde_json::json!({"A": 1, "b": " 7 ", "c": "TRUE", "d": null, "e": 1.5, "f": {"x": 1}});
        let map = tree.as_object().unwrap();
        assert_eq!(field(map, "a").and_then(text).as_deref(), Some("1"));
        assert_eq!(field(map, "B").and_then(integer), Some(7));
        assert_eq!(field(map, "c").and_then(boolean), Some(true));
        assert_eq!(field(map, "d"), None);
        assert_eq!(field(map, "e").and_then(text), None);
        assert_eq!(list(field(map, "f").unwrap()).len(), 1);
    }

    #[test]
    fn nothing_on_a_terminal_moves() {
        assert_eq!(shown("A\u{202e}na\u{1b}[2J\u{7} "), "Ana[2J");
        assert_eq!(excerpt(b"<html>\n\x1b]0;x\x07</html>"), "<html> ]0;x</html>");
        assert_eq!(excerpt("č".repeat(500).as_bytes()).chars().count(), 120);
    }
}
