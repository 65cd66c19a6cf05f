//! The change of one person's validity, and the comparison after it.
//! Source: hikvision-isapi.md sections 3.1 and 3.3.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{PersonRecord, field, persons};
use crate::model::{Window, format_time};

/// The keys of `Valid` that a change sets.
const VALID_SET: &[&str] = &["enable", "beginTime", "endTime", "timeType"];

/// Fields that are never compared: the PIN is never returned, a picture's address and the number of
/// openings move by themselves, and `Valid` is compared key by key.
const NOT_COMPARED: &[&str] = &["password", "faceURL", "openDoorTime", "Valid"];

/// Why a record is not sent back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ModifyError {
    /// A text came in bytes that are not UTF-8: sending it back would change it.
    #[error("the record holds bytes that are not UTF-8, so sending it back would change it")]
    NotUtf8,
}

/// The body that sets the validity of one person and sends every other writable field back with the
/// value that was read, in its documented type and spelling.
/// Whether a device keeps omitted fields is not known, so none is omitted; `password`, counts and
/// read-only fields are never sent. `enable` is always true: false would open the door for ever.
pub(crate) fn modify_body(record: &PersonRecord, validity: Window) -> Result<Vec<u8>, ModifyError> {
    let mut user = persons::writable(&record.person.employee_no, &record.fields);
    let as_read = user.remove("Valid");
    let mut valid = Map::new();
    valid.insert("enable".to_owned(), Value::Bool(true));
    valid.insert("beginTime".to_owned(), Value::String(format_time(validity.begin())));
    valid.insert("endTime".to_owned(), Value::String(format_time(validity.end())));
    valid.insert("timeType".to_owned(), Value::String("local".to_owned()));
    for (key, value) in as_read.as_ref().and_then(Value::as_object).into_iter().flatten() {
        if !is_one_of(VALID_SET, key) && !value.is_null() {
            valid.insert(key.clone(), value.clone());
        }
    }
    // In the order of the reference's example: `Valid` after `userType`.
    let mut ordered = Map::new();
    for key in persons::WRITABLE {
        if *key == "Valid" {
            ordered.insert((*key).to_owned(), Value::Object(std::mem::take(&mut valid)));
        } else if let Some(value) = user.remove(*key) {
            ordered.insert((*key).to_owned(), value);
        }
    }
    let body = json!({"UserInfo": ordered}).to_string();
    if record.replaced && body.contains('\u{fffd}') {
        return Err(ModifyError::NotUtf8);
    }
    Ok(body.into_bytes())
}

/// The fields that differ between two readings of a person, apart from the four keys of `Valid` that
/// a change sets: after a write, what changed unasked. Counts of cards and faces are compared too,
/// and so is every field that is not sent back. Names of fields only, sorted, no values.
#[must_use]
pub fn differs_beyond_validity(before: &PersonRecord, after: &PersonRecord) -> Vec<String> {
    let mut differing = BTreeSet::new();
    compare(&before.fields, &after.fields, "", NOT_COMPARED, &mut differing);
    let empty = Map::new();
    let valid = |record: &'_ PersonRecord| {
        field(&record.fields, "Valid").and_then(Value::as_object).cloned()
    };
    let (old, new) = (valid(before), valid(after));
    compare(
        old.as_ref().unwrap_or(&empty),
        new.as_ref().unwrap_or(&empty),
        "Valid.",
        VALID_SET,
        &mut differing,
    );
    if before.person.employee_no != after.person.employee_no {
        differing.insert("employeeNo".to_owned());
    }
    differing.into_iter().collect()
}

fn compare(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    prefix: &str,
    skipped: &[&str],
    differing: &mut BTreeSet<String>,
) {
    for key in before.keys().chain(after.keys()).filter(|key| !is_one_of(skipped, key)) {
        if canonical(field(before, key)) != canonical(field(after, key)) {
            differing.insert(format!("{prefix}{}", super::shown(key)));
        }
    }
}

fn canonical(value: Option<&Value>) -> Option<String> {
    let mut text = String::new();
    persons::write_canonical(value?, &mut text);
    Some(text)
}

fn is_one_of(keys: &[&str], key: &str) -> bool {
    keys.iter().any(|one| one.eq_ignore_ascii_case(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::parse_time;
    use chrono_tz::Europe::Ljubljana;

    fn record(value: Value) -> PersonRecord {
        PersonRecord::read(&value, Ljubljana).unwrap()
    }

    fn next_year() -> Window {
        Window::new(
            parse_time("2026-01-01T00:00:00").unwrap(),
            parse_time("2027-12-31T23:59:59").unwrap(),
        )
        .unwrap()
    }

    fn body(value: Value) -> String {
        String::from_utf8(modify_body(&record(value), next_year()).unwrap()).unwrap()
    }

    fn example() -> Value {
        serde_json::from_slice(include_bytes!("../../../tests/fixtures/hikvision/user-info.json"))
            .unwrap()
    }

    #[test]
    fn the_golden_body() {
        let golden = include_str!("../../../tests/fixtures/hikvision/modify-body.golden.json");
        assert_eq!(body(example()), golden.trim_end());
    }

    #[test]
    fn other_spellings_are_sent_in_the_standard_one() {
        let read = json!({"EmployeeNoString": 7, "Name": "Ana", "usertype": "normal", "doorRight": 1,
            "valid": {"Enable": "false", "BeginTime": "x", "timetype": "UTC", "weekPlan": 3}, "rightplan": null});
        assert_eq!(
            body(read),
            r#"{"UserInfo":{"employeeNo":"7","name":"Ana","userType":"normal","Valid":{"enable":true,"beginTime":"2026-01-01T00:00:00","endTime":"2027-12-31T23:59:59","timeType":"local","weekPlan":3},"doorRight":"1"}}"#
        );
        let bare = body(json!({"employeeNo": "7", "Valid": "broken"}));
        assert_eq!(
            bare,
            r#"{"UserInfo":{"employeeNo":"7","Valid":{"enable":true,"beginTime":"2026-01-01T00:00:00","endTime":"2027-12-31T23:59:59","timeType":"local"}}}"#
        );
    }

    #[test]
    fn names_survive_to_the_byte() {
        for name in ["O'Čar \"x\" \\ <&> 漢字", " spaced ", "a\u{202e}b\u{1}"] {
            let sent: Value =
                serde_json::from_str(&body(json!({"employeeNo": "7", "name": name}))).unwrap();
            assert_eq!(sent["UserInfo"]["name"], name);
        }
        let stored = record(json!({"employeeNo": "7", "name": "An\u{fffd}a"}));
        assert!(
            modify_body(&stored, next_year()).is_ok(),
            "the device itself holds that character"
        );
        let broken = stored.with_replaced_bytes(true);
        assert_eq!(modify_body(&broken, next_year()), Err(ModifyError::NotUtf8));
    }

    #[test]
    fn what_changed_unasked() {
        let before = record(example());
        let mut changed = example();
        changed["Valid"]["endTime"] = json!("2027-12-31T23:59:59");
        changed["password"] = json!("123");
        changed["openDoorTime"] = json!(9);
        assert_eq!(
            differs_beyond_validity(&before, &record(changed.clone())),
            Vec::<String>::new()
        );
        changed["numOfCard"] = json!(0);
        changed["doorRight"] = json!("");
        changed["Valid"]["extra"] = json!(1);
        changed.as_object_mut().unwrap().remove("RightPlan");
        changed["belongGroup"] = json!(null);
        assert_eq!(
            differs_beyond_validity(&before, &record(changed)),
            ["RightPlan", "Valid.extra", "belongGroup", "doorRight", "numOfCard"]
        );
    }
}
