//! What a device says it can do with persons.

use chrono::NaiveDateTime;
use serde_json::{Map, Value};

use super::{Document, field, integer, object, text};
use crate::model::parse_time;

/// The most fields that are taken from one answer; the longest list known names some thirty.
const FIELDS_MAX: usize = 64;

/// The longest name of a field, in bytes.
const FIELD_SIZE_MAX: usize = 64;

/// What capabilities name beside the fields of a person, and fields that are never sent, whatever they
/// say: the PIN, controls that add or delete, and what a device only reports.
const NEVER: &[&str] = &[
    "addUser",
    "callNumberInfo",
    "checkUser",
    "deleteUser",
    "dynamicCode",
    "EmployeeNoDetail",
    "employeeNoString",
    "faceURL",
    "maxRecordNum",
    "openDoorTime",
    "operateType",
    "orgNoList",
    "supportFunction",
    "terminalNoList",
    "UserInfoDelCond",
    "UserInfoSearchCond",
];

/// What a device says about persons; `None` or empty where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Abilities {
    /// The most persons it holds, `maxRecordNum`.
    pub persons_max: Option<u64>,
    /// The most persons on one page, `UserInfoSearchCond.maxResults`.
    pub page_max: Option<u64>,
    /// Whether a person can be changed: `put` in `supportFunction`.
    pub can_modify: Option<bool>,
    /// Whether validity is taken as wall-clock time: `local` in `Valid.timeType`.
    pub has_local_time: Option<bool>,
    /// The last moment it takes, as it states it, `Valid.timeRangeEnd`.
    pub time_end: Option<String>,
    /// The fields of a person that it names and that may be sent, sorted.
    pub fields: Vec<String>,
}

impl Abilities {
    /// Reads `UserInfo/capabilities`.
    ///
    /// # Errors
    /// What is wrong, without quoting the answer.
    pub(crate) fn read(document: &Document) -> Result<Self, String> {
        let root = &document.root;
        let info = object(root, "UserInfo").ok_or("the answer does not hold UserInfo")?;
        let search = object(info, "UserInfoSearchCond");
        let valid = object(info, "Valid");
        let most = |value: &Value| {
            let stated = value.as_object().and_then(|range| field(range, "@max")).and_then(integer);
            stated.or_else(|| integer(value)).and_then(|most| u64::try_from(most).ok())
        };
        Ok(Self {
            persons_max: field(info, "maxRecordNum").and_then(most),
            page_max: search.and_then(|cond| field(cond, "maxResults")).and_then(most),
            can_modify: options(info, "supportFunction").map(|words| has(&words, "put")),
            has_local_time: valid
                .and_then(|valid| options(valid, "timeType"))
                .map(|words| has(&words, "local")),
            time_end: valid.and_then(|valid| field(valid, "timeRangeEnd")).and_then(text),
            fields: fields(info),
        })
    }

    /// [`Self::time_end`] as a moment, where it is one in the documented form.
    #[must_use]
    pub fn latest_end(&self) -> Option<NaiveDateTime> {
        parse_time(self.time_end.as_deref()?.trim())
    }
}

fn fields(info: &Map<String, Value>) -> Vec<String> {
    let mut found: Vec<String> = info.keys().filter(|key| may_be_sent(key)).cloned().collect();
    found.sort_unstable();
    found.truncate(FIELDS_MAX);
    found
}

fn may_be_sent(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    let is_name = key.len() <= FIELD_SIZE_MAX && key.bytes().all(|b| b.is_ascii_alphanumeric());
    let is_secret = lower.contains("password") || lower.contains("pwd");
    let is_reported = lower.starts_with("numof") || lower.starts_with("issupport");
    let is_never = NEVER.iter().any(|never| never.eq_ignore_ascii_case(key));
    is_name && !key.is_empty() && !is_secret && !is_reported && !is_never
}

/// An enumeration: `{"@opt": "a,b"}`, or the text alone.
fn options(object: &Map<String, Value>, key: &str) -> Option<String> {
    let value = field(object, key)?;
    let stated = value.as_object().and_then(|one| field(one, "@opt")).unwrap_or(value);
    text(stated)
}

fn has(words: &str, wanted: &str) -> bool {
    words.split(',').any(|word| word.trim().eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Abilities {
        Abilities::read(&Document::parse(json.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn the_two_live_answers() {
        // As a live terminal states them.
        let terminal = read(
            r#"{"UserInfo": {"supportFunction": {"@opt": "post,delete,put,get,setUp"},
            "UserInfoSearchCond": {"maxResults": {"@min": 1, "@max": 30}}, "maxRecordNum": 1500,
            "Valid": {"timeRangeEnd": "2037-12-31T23:59:59", "timeType": {"@opt": "local,UTC"}}}}"#,
        );
        let stated = Abilities {
            persons_max: Some(1500),
            page_max: Some(30),
            can_modify: Some(true),
            has_local_time: Some(true),
            time_end: Some("2037-12-31T23:59:59".into()),
            fields: vec!["Valid".into()],
        };
        assert_eq!(terminal, stated);
        let clock = read(
            r#"{"UserInfo": {"supportFunction": {"@opt": "post, Get"}, "maxRecordNum": {"@max": "3000"},
            "Valid": {"timeType": {"@opt": "UTC"}}}}"#,
        );
        assert_eq!(clock.persons_max, Some(3000));
        assert_eq!((clock.can_modify, clock.has_local_time), (Some(false), Some(false)));
        let bare = Abilities { fields: vec!["Valid".into()], ..Abilities::default() };
        assert_eq!(read(r#"{"UserInfo": {"Valid": 7}}"#), bare);
    }

    #[test]
    fn anything_else_is_an_error_or_says_nothing() {
        for json in ["{}", r#"{"UserInfo": 1}"#, r#"{"ResponseStatus": {}}"#] {
            assert!(Abilities::read(&Document::parse(json.as_bytes()).unwrap()).is_err(), "{json}");
        }
        let odd = r#"{"UserInfo": {"maxRecordNum": -3, "supportFunction": ["put"], "Valid": []}}"#;
        let bare = Abilities { fields: vec!["Valid".into()], ..Abilities::default() };
        assert_eq!(read(odd), bare);
    }

    /// Mutant: without one of the four conditions of `may_be_sent` its row is named.
    #[test]
    fn fields_that_are_named_but_never_sent() {
        let read = read(
            r#"{"UserInfo": {"roomNumber": {"@max": 9}, "floorNumber": {}, "password": {"@max": 8},
            "localUIPassword": {}, "purePwdVerify": {}, "numOfCard": 1, "isSupportNumOfFP": true,
            "ADDUSER": {}, "deleteUser": {}, "faceURL": {}, "openDoorTime": {}, "dynamicCode": {},
            "@size": 3, "a b": 1, "": 1, "maxRecordNum": 5, "supportFunction": {}}}"#,
        );
        assert_eq!(read.fields, ["floorNumber", "roomNumber"]);
    }

    #[test]
    fn a_latest_end_is_read_in_its_documented_form_only() {
        for (stated, is_read) in
            [("2030-12-31T23:59:59", true), ("2030-12-31", false), ("2030-12-31T23:59:59Z", false)]
        {
            let said = Abilities { time_end: Some(stated.into()), ..Abilities::default() };
            assert_eq!(said.latest_end().is_some(), is_read, "{stated}");
        }
    }
}
