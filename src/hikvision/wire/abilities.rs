//! What a device says it can do with persons. Source: hikvision-isapi.md sections 1.2 and 2.5.

use serde_json::{Map, Value};

use super::{Document, field, integer, object, text};

/// What a device says about persons; `None` where it says nothing. Nothing is decided by it: it is for
/// somebody who sets a door up.
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
        })
    }
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
        // The values of hikvision-isapi.md section 2.5.
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
        };
        assert_eq!(terminal, stated);
        let clock = read(
            r#"{"UserInfo": {"supportFunction": {"@opt": "post, Get"}, "maxRecordNum": {"@max": "3000"},
            "Valid": {"timeType": {"@opt": "UTC"}}}}"#,
        );
        assert_eq!(clock.persons_max, Some(3000));
        assert_eq!((clock.can_modify, clock.has_local_time), (Some(false), Some(false)));
        assert_eq!(read(r#"{"UserInfo": {"Valid": 7}}"#), Abilities::default());
    }

    #[test]
    fn anything_else_is_an_error_or_says_nothing() {
        for json in ["{}", r#"{"UserInfo": 1}"#, r#"{"ResponseStatus": {}}"#] {
            assert!(Abilities::read(&Document::parse(json.as_bytes()).unwrap()).is_err(), "{json}");
        }
        let odd = r#"{"UserInfo": {"maxRecordNum": -3, "supportFunction": ["put"], "Valid": []}}"#;
        assert_eq!(read(odd), Abilities::default());
    }
}
