//! What is said to a platform and what it answers, as bytes and as types. Pure: no client, no clock.
//!
//! Every answer is an envelope `{"code", "msg", "data"}`, whatever its HTTP status and whatever its content
//! type says: errors come labelled as XML. `data` takes odd forms where there is nothing to say: `""`,
//! `" "`, `"null"`, `{}`, `[]`, or it is missing.

mod access;
mod persons;
mod time;
mod update;
mod version;

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::codes::Code;
use crate::model::visible;
use crate::text::json::{self, Problem};

pub(crate) use access::{
    counts_body, failures_body, read_counts, read_failures, reapplication_body,
};
pub(crate) use persons::{
    Page, page_body, person_body, person_id, private, too_long, with_replaced_bytes,
};
pub use persons::{differs_beyond_validity, read_record};
pub use time::TIMES;
pub(crate) use update::update_body;
pub use version::Version;

/// How many values an answer may hold. A page of 500 persons with all their fields has about 30,000.
const VALUES_MAX: usize = 500_000;

/// The most characters of a text of the platform that are kept.
const SHOWN_CHARS: usize = 128;

/// An answer, taken out of its HTTP.
#[derive(Clone, PartialEq)]
pub(crate) struct Envelope {
    pub(crate) code: Code,
    /// As it was sent: never to be shown before it went through `codes::redacted`.
    pub(crate) message: String,
    pub(crate) data: Value,
    /// Whether bytes that are not UTF-8 were replaced by U+FFFD.
    pub(crate) replaced: bool,
}

impl Envelope {
    /// Reads an answer. One without a code says neither yes nor no, and is none.
    ///
    /// # Errors
    /// What is wrong, without quoting the answer.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, String> {
        let text = String::from_utf8_lossy(body);
        let replaced = matches!(text, Cow::Owned(_));
        let text = text.trim_start_matches('\u{feff}').trim();
        let mut root = match json::object(text, VALUES_MAX) {
            Ok(root) => root,
            Err(_) if text.is_empty() => return Err("the answer is empty".to_owned()),
            Err(Problem::NoObject) => return Err("the answer is no JSON object".to_owned()),
            Err(Problem::TooMany { limit }) => {
                return Err(format!("the answer holds more than {limit} values"));
            }
            Err(Problem::Broken { line, column }) => {
                return Err(format!("the answer is broken JSON at line {line} column {column}"));
            }
        };
        let code = root.get("code").and_then(Code::read).ok_or("the answer has no code")?;
        let message = root.get("msg").and_then(text_of).unwrap_or_default();
        let data = root.get_mut("data").map(Value::take).unwrap_or_default();
        Ok(Self { code, message, data, replaced })
    }

    /// The object that was asked for.
    ///
    /// # Errors
    /// That there is none.
    pub(crate) fn object(&self) -> Result<&Map<String, Value>, String> {
        self.data.as_object().ok_or_else(|| "the answer holds no data".to_owned())
    }
}

/// Text, or the text of a whole number.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => {
            let digits = number.to_string();
            let bare = digits.strip_prefix('-').unwrap_or(&digits);
            bare.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
        }
        _ => None,
    }
}

/// The text under a key; empty where there is none.
fn text_at(object: &Map<String, Value>, key: &str) -> String {
    object.get(key).and_then(text_of).unwrap_or_default()
}

/// A count, also as text.
fn count_at(object: &Map<String, Value>, key: &str) -> Option<usize> {
    object.get(key).and_then(text_of)?.trim().parse().ok()
}

/// A list; nothing counts as an empty one.
fn list_at<'v>(object: &'v Map<String, Value>, key: &str) -> &'v [Value] {
    object.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Text from a platform, fit to be kept and shown.
fn shown(text: &str) -> String {
    visible(text, SHOWN_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::zone;
    use proptest::prelude::*;
    use serde_json::json;

    fn envelope(text: &str) -> Envelope {
        Envelope::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn every_form_of_an_envelope() {
        for (text, code, message, data) in [
            (r#"{"code":"0","msg":"Success","data":""}"#, "0", "Success", json!("")),
            (r#"{"code":"0","msg":"SUCCESS","data":"null"}"#, "0", "SUCCESS", json!("null")),
            (r#"{"code":"0","msg":"ok","data":" "}"#, "0", "ok", json!(" ")),
            (r#"{"code":0,"msg":"success","data":{}}"#, "0", "success", json!({})),
            (r#"{"code":0,"msg":null,"data":null}"#, "0", "", json!(null)),
            (r#"{"code":"0"}"#, "0", "", json!(null)),
            (r#"{"code":"0","data":[]}"#, "0", "", json!([])),
            (
                r#"{"code":"128","msg":"The request resource does not exist","data":""}"#,
                "128",
                "The request resource does not exist",
                json!(""),
            ),
            ("\u{feff} {\"code\":\"8\"}\n", "8", "", json!(null)),
        ] {
            let read = envelope(text);
            assert_eq!((read.code.to_string().as_str(), read.message.as_str()), (code, message));
            assert_eq!(read.data, data, "{text}");
            assert!(!read.replaced);
        }
        assert!(Envelope::parse(b"{\"code\":\"0\",\"msg\":\"\xd5\xc5\"}").unwrap().replaced);
    }

    #[test]
    fn what_is_no_envelope() {
        let many = format!(r#"{{"code":"0","data":[{}1]}}"#, "1,".repeat(VALUES_MAX));
        for (text, problem) in [
            ("", "the answer is empty"),
            ("  ", "the answer is empty"),
            ("[]", "the answer is no JSON object"),
            ("{", "the answer is broken JSON at line 1 column 1"),
            ("<html>404</html>", "the answer is broken JSON at line 1 column 1"),
            ("data:image/jpeg;base64,AAAA", "the answer is broken JSON at line 1 column 1"),
            (r#"{"vehicleId":"1","plateNo":"LJ"}"#, "the answer has no code"),
            (r#"{"code":null,"data":{}}"#, "the answer has no code"),
            (r#"{"code":"","data":{}}"#, "the answer has no code"),
            (&many, "the answer holds more than 500000 values"),
        ] {
            let error = Envelope::parse(text.as_bytes()).err();
            assert_eq!(error.as_deref(), Some(problem), "{text:.60}");
        }
    }

    fn read_everything(body: &[u8]) {
        let Ok(envelope) = Envelope::parse(body) else { return };
        let _ = Version::read(&envelope);
        let _ = read_counts(&envelope);
        let _ = read_failures(&envelope);
        if let Ok(page) = Page::read(&envelope) {
            for value in &page.persons {
                if let Ok(record) = read_record(value, zone("Europe/Ljubljana")) {
                    let _ = differs_beyond_validity(&record, &record);
                }
            }
        }
        if let Ok(record) = read_record(&envelope.data, zone("Europe/Ljubljana")) {
            let window =
                crate::model::Window::new(chrono::NaiveDateTime::MIN, chrono::NaiveDateTime::MAX);
            let _ = update_body(&record, window.unwrap(), zone("Europe/Ljubljana"));
        }
    }

    const REAL: &str = r#"{"code":"0","msg":"Success","data":{"total":1,"pageNo":1,"pageSize":500,"list":[{"personId":"1","personCode":"6211765992","personName":"ma jack","email":"","cards":[{"cardNo":"77"}],"beginTime":"2025-03-19T10:28:22-06:00","endTime":"2034-05-26T15:00:00+08:00"}],"personId":"1","personCode":"7","beginTime":"2025-03-19T10:28:22-06:00","softVersion":"V2.1.0.0","statisticResult":{},"applicationErrorResult":{"list":[{"errorList":[{"errorItems":"3,4"}]}]}}}"#;

    proptest! {
        #[test]
        fn no_bytes_make_a_reader_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
            read_everything(&body);
        }

        #[test]
        fn nor_does_a_damaged_answer(
            damage in prop::collection::vec((0..REAL.len(), any::<u8>()), 0..6), cut in 0..=REAL.len()
        ) {
            let mut body = REAL.as_bytes().to_vec();
            for (at, byte) in damage {
                body[at] = byte;
            }
            read_everything(&body[..cut]);
            read_everything(&body);
        }

        #[test]
        fn nor_do_odd_values(text in any::<String>(), number in any::<f64>(), key in 0_usize..9) {
            const KEYS: [&str; 9] = ["personId", "personCode", "email", "beginTime", "endTime", "cards",
                "softVersion", "total", "list"];
            for value in [json!(text), json!(number), json!([text]), json!({&text: number}), json!(null)] {
                let mut data = json!({"personId": "1", "personCode": "7", "beginTime": text, "endTime": text});
                data[KEYS[key]] = value;
                read_everything(json!({"code": "0", "data": data}).to_string().as_bytes());
            }
        }
    }
}
