//! The documented types and spellings of what a write sends back.
//!
//! Firmware answers numbers as text, text as numbers and keys in any letter case, and nobody knows
//! whether it takes back what it gave in that form. What the guides document, every device takes. A
//! value that does not fit its documented type goes back as read.

use serde_json::{Map, Value};

use super::{boolean, integer, list, text};

/// The documented type of a value.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Integer,
    Boolean,
    /// A list of objects, with those of their keys that are documented.
    Objects(&'static [(&'static str, Kind)]),
}

/// Documented types of the writable fields; a field that is missing here goes back as read.
const KINDS: &[(&str, Kind)] = &[
    ("name", Kind::Text),
    ("userType", Kind::Text),
    ("doorRight", Kind::Text),
    ("RightPlan", Kind::Objects(&[("doorNo", Kind::Integer), ("planTemplateNo", Kind::Text)])),
    ("localUIRight", Kind::Boolean),
    ("belongGroup", Kind::Text),
    ("gender", Kind::Text),
    ("closeDelayEnabled", Kind::Boolean),
    ("maxOpenDoorTime", Kind::Integer),
    ("userVerifyMode", Kind::Text),
    ("PersonInfoExtends", Kind::Objects(&[("value", Kind::Text)])),
];

/// The value of a writable field (named as documented) in its documented form.
pub(super) fn standard(key: &str, value: &Value) -> Value {
    let kind = KINDS.iter().find(|(known, _)| *known == key);
    kind.and_then(|(_, kind)| of_kind(*kind, value)).unwrap_or_else(|| value.clone())
}

fn of_kind(kind: Kind, value: &Value) -> Option<Value> {
    match kind {
        Kind::Text => text(value).map(Value::String),
        // A number is of the right type however it is written, and goes back digit by digit.
        Kind::Integer if value.is_number() => Some(value.clone()),
        Kind::Integer => integer(value).map(Value::from),
        Kind::Boolean => boolean(value).map(Value::Bool),
        Kind::Objects(keys) => {
            let objects = list(value).iter().map(|entry| Some(of_keys(keys, entry.as_object()?)));
            objects.collect::<Option<Vec<Value>>>().map(Value::Array)
        }
    }
}

fn of_keys(keys: &[(&str, Kind)], object: &Map<String, Value>) -> Value {
    let entries = object.iter().map(|(key, value)| {
        match keys.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)) {
            Some((known, kind)) => {
                ((*known).to_owned(), of_kind(*kind, value).unwrap_or_else(|| value.clone()))
            }
            None => (key.clone(), value.clone()),
        }
    });
    Value::Object(entries.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn other_types_and_spellings_become_the_documented_ones() {
        for (key, read, sent) in [
            ("doorRight", json!(1), json!("1")),
            ("doorRight", json!("1,3"), json!("1,3")),
            ("localUIRight", json!("false"), json!(false)),
            ("closeDelayEnabled", json!(1), json!(true)),
            ("maxOpenDoorTime", json!("30"), json!(30)),
            (
                "RightPlan",
                json!([{"doorno": "1", "PLANTEMPLATENO": 3, "Other": "1"}]),
                json!([{"doorNo": 1, "planTemplateNo": "3", "Other": "1"}]),
            ),
            ("RightPlan", json!({"doorNo": 1}), json!([{"doorNo": 1}])),
            ("PersonInfoExtends", json!([{"Value": 7, "id": 1}]), json!([{"value": "7", "id": 1}])),
        ] {
            assert_eq!(standard(key, &read), sent, "{key}");
        }
    }

    #[test]
    fn what_does_not_fit_goes_back_as_read() {
        for (key, read) in [
            ("name", json!({"x": 1})),
            ("localUIRight", json!("perhaps")),
            ("maxOpenDoorTime", json!("soon")),
            ("RightPlan", json!("")),
            ("RightPlan", json!([1])),
            ("RightPlan", json!([{"doorNo": "front"}])),
            ("somethingElse", json!("1")),
        ] {
            assert_eq!(standard(key, &read), read, "{key}");
        }
    }
}
