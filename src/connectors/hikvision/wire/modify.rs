//! The change of one person's validity, and the comparison after it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{field, persons, text};
use crate::model::{Window, format_time};
use crate::ports::FullRecord;

/// The keys of `Valid` that a change sets.
pub(super) const VALID_SET: &[&str] = &["enable", "beginTime", "endTime", "timeType"];

/// Fields that are not compared like others: the PIN, which most devices never return, is by
/// [`has_lost_pin`]; a picture's address and the number of openings move by themselves; and `Valid` is
/// compared key by key.
const NOT_COMPARED: &[&str] = &["password", "faceURL", "openDoorTime", "Valid"];

/// The longest PIN.
const PIN_DIGITS_MAX: usize = 8;

/// The body that sets the validity of one person and sends every other writable field back with the
/// value that was read, in its documented type and spelling.
/// Whether a device keeps omitted fields is not known, so none is omitted; `password`, counts and
/// read-only fields are never sent. `enable` is always true: false would open the door for ever.
/// `named` are further fields that the device's capabilities name: what the person holds of them goes
/// back as read. `dropped` are those that its firmware refuses; nor are empty values sent that would be.
pub(crate) fn modify_fields(
    record: &FullRecord,
    validity: Window,
    named: &[String],
    dropped: &BTreeSet<String>,
) -> Map<String, Value> {
    let is_dropped = |key: &str| dropped.iter().any(|one| one.eq_ignore_ascii_case(key));
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
        } else if let Some(value) = user.remove(*key)
            && !is_dropped(key)
            && !is_refused_empty(key, &value)
        {
            ordered.insert((*key).to_owned(), value);
        }
    }
    for key in named.iter().filter(|key| !is_one_of(persons::WRITABLE, key)) {
        if let Some(value) = field(&record.fields, key).filter(|value| value.as_str() != Some(""))
            && !is_dropped(key)
        {
            ordered.insert(key.clone(), value.clone());
        }
    }
    ordered
}

/// The body that sends these fields of a person.
pub(crate) fn modify_body(fields: &Map<String, Value>) -> Vec<u8> {
    json!({"UserInfo": fields}).to_string().into_bytes()
}

/// Whether devices refuse this value, which says nothing: no doors at all, and a text in place of a list.
fn is_refused_empty(key: &str, value: &Value) -> bool {
    match key {
        "doorRight" | "RightPlan" | "PersonInfoExtends" => value.as_str() == Some(""),
        _ => false,
    }
}

/// Fields that are never left out because a device refuses them: who it is, and what is to be changed.
const NEVER_DROPPED: &[&str] = &["employeeNo", "Valid"];

/// The field that a refusal names, as far as the change can do without it: one that was sent, or that holds
/// one. A word of a sentence counts only where no word of a language is written so.
pub(crate) fn droppable(sent: &Map<String, Value>, refusal: &str) -> Option<String> {
    let is_sentence = refusal.trim().contains(char::is_whitespace);
    let is_name = |word: &&str| {
        let rest = word.get(1..).unwrap_or_default();
        !word.is_empty() && (!is_sentence || rest.contains(|c: char| c.is_ascii_uppercase()))
    };
    let words = refusal.split(|c: char| !c.is_ascii_alphanumeric()).filter(is_name);
    let named = words.filter_map(|word| {
        let holds = |(key, value): &(&String, &Value)| {
            key.eq_ignore_ascii_case(word) || has_key(value, word)
        };
        sent.iter().find(holds).map(|(key, _)| key)
    });
    // Where several are named, one that must stay may be what the device minds.
    let named: Vec<&String> = named.collect();
    let stays = |key: &&String| {
        // What no reading shows for certain stays, too.
        let lower = key.to_ascii_lowercase();
        is_one_of(NEVER_DROPPED, key) || lower.contains("password") || lower.contains("pwd")
    };
    let first = named.first().filter(|_| !named.iter().any(stays));
    first.map(|field| (*field).clone())
}

fn has_key(value: &Value, key: &str) -> bool {
    match value {
        Value::Object(map) => map.keys().any(|one| one.eq_ignore_ascii_case(key)),
        Value::Array(values) => values.iter().any(|one| has_key(one, key)),
        _ => false,
    }
}

/// The fields that differ between two readings of a person, apart from the four keys of `Valid` that
/// a change sets: after a write, what changed unasked. Counts of cards and faces are compared too,
/// and so is every field that is not sent back. Names of fields only, sorted, no values.
#[must_use]
pub fn differs_beyond_validity(before: &FullRecord, after: &FullRecord) -> Vec<String> {
    let mut differing = BTreeSet::new();
    compare(&before.fields, &after.fields, "", NOT_COMPARED, &mut differing);
    let empty = Map::new();
    let valid =
        |record: &'_ FullRecord| field(&record.fields, "Valid").and_then(Value::as_object).cloned();
    let (old, new) = (valid(before), valid(after));
    compare(
        old.as_ref().unwrap_or(&empty),
        new.as_ref().unwrap_or(&empty),
        "Valid.",
        VALID_SET,
        &mut differing,
    );
    if has_lost_pin(before, after) {
        differing.insert("password".to_owned());
    }
    if before.person.employee_no != after.person.employee_no {
        differing.insert("employeeNo".to_owned());
    }
    differing.into_iter().collect()
}

/// Whether a device that showed a person's PIN before shows none, or another one, now.
#[must_use]
pub(crate) fn has_lost_pin(before: &FullRecord, after: &FullRecord) -> bool {
    let shown = |record: &FullRecord| {
        let pin = field(&record.fields, "password").and_then(text);
        pin.filter(|pin| !pin.is_empty())
    };
    let before = shown(before);
    before.is_some() && before != shown(after)
}

/// The PIN that a device shows, where it is one: digits, and not stars in their place.
pub(crate) fn shown_pin(record: &FullRecord) -> Option<String> {
    let pin = field(&record.fields, "password").and_then(text)?;
    let is_pin =
        (1..=PIN_DIGITS_MAX).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit());
    is_pin.then_some(pin)
}

fn compare(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    prefix: &str,
    skipped: &[&str],
    differing: &mut BTreeSet<String>,
) {
    for key in before.keys().chain(after.keys()).filter(|key| !is_one_of(skipped, key)) {
        let (old, new) = (field(before, key), field(after, key));
        // Firmware leaves out what is empty: such a field lost nothing.
        let has_vanished = new.is_none() && old.is_some_and(is_empty);
        if canonical(old) != canonical(new) && !has_vanished {
            differing.insert(format!("{prefix}{}", super::shown(key)));
        }
    }
}

/// Whether a value says nothing: no text, no number but nought, no entry that says something.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => text.is_empty(),
        Value::Array(values) => values.iter().all(is_empty),
        Value::Object(map) => map.values().all(is_empty),
    }
}

fn canonical(value: Option<&Value>) -> Option<String> {
    let mut text = String::new();
    persons::write_canonical(value?, &mut text);
    Some(text)
}

pub(super) fn is_one_of(keys: &[&str], key: &str) -> bool {
    keys.iter().any(|one| one.eq_ignore_ascii_case(key))
}

#[cfg(test)]
mod tests {
    use super::super::{read_record, with_replaced_bytes};
    use super::*;
    use crate::model::testing::zone;
    use crate::model::{Flaw, parse_time};

    fn record(value: Value) -> FullRecord {
        read_record(&value, zone("Europe/Ljubljana")).unwrap()
    }

    fn next_year() -> Window {
        Window::new(
            parse_time("2026-01-01T00:00:00").unwrap(),
            parse_time("2027-12-31T23:59:59").unwrap(),
        )
        .unwrap()
    }

    fn fields(value: Value) -> Map<String, Value> {
        modify_fields(&record(value), next_year(), &[], &BTreeSet::new())
    }

    fn body(value: Value) -> String {
        String::from_utf8(modify_body(&fields(value))).unwrap()
    }

    fn example() -> Value {
        serde_json::from_slice(include_bytes!(
            "../../../../tests/fixtures/hikvision/user-info.json"
        ))
        .unwrap()
    }

    #[test]
    fn the_golden_body() {
        let golden = include_str!("../../../../tests/fixtures/hikvision/modify-body.golden.json");
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
        let held = record(json!({"employeeNo": "7", "name": "An\u{fffd}a"}));
        let whole = with_replaced_bytes(held.clone(), false).person.flaw;
        assert_eq!(whole, None, "the device itself holds that character");
        assert_eq!(with_replaced_bytes(held, true).person.flaw, Some(Flaw::NotUtf8));
        let beside = record(json!({"employeeNo": "8", "name": "Ana"}));
        let beside = with_replaced_bytes(beside, true);
        assert_eq!(beside.person.flaw, None, "another record of the same page");
    }

    /// Mutants: an empty text goes back; an empty one of another field stays away.
    #[test]
    fn empty_values_that_devices_refuse_are_not_sent() {
        let sent = fields(json!({"employeeNo": "7", "doorRight": "", "RightPlan": "",
            "PersonInfoExtends": null, "belongGroup": "", "name": ""}));
        let keys: Vec<&str> = sent.keys().map(String::as_str).collect();
        assert_eq!(keys, ["employeeNo", "name", "Valid", "belongGroup"]);
    }

    /// Mutants: any word counts; only whole refusals; a key inside of a field is not looked for; a field
    /// that must stay is dropped.
    #[test]
    fn the_field_that_a_refusal_names() {
        let sent = fields(json!({"employeeNo": "7", "name": "Ana", "gender": "male",
            "doorRight": "1", "RightPlan": [{"doorNo": 1, "planTemplateNo": "1"}],
            "PersonInfoExtends": [{"value": ""}]}));
        for (refusal, expected) in [
            ("RightPlan", Some("RightPlan")),
            ("rightplan", Some("RightPlan")),
            ("UserInfo.gender", Some("gender")),
            ("UserInfo/RightPlan[0]/planTemplateNo", Some("RightPlan")),
            ("planTemplateNo", Some("RightPlan")),
            ("invalid parameter: doorRight", Some("doorRight")),
            ("name", Some("name")),
            ("the name is not well formed", None),
            ("value out of range", None),
            ("badJsonContent", None),
            ("belongGroup", None),
            ("UserInfo", None),
            ("employeeNo", None),
            ("Valid", None),
            ("endTime", None),
            ("Valid.endTime/RightPlan", None),
            ("", None),
        ] {
            assert_eq!(droppable(&sent, refusal).as_deref(), expected, "{refusal}");
        }
        let dropped = BTreeSet::from(["gender".to_owned()]);
        let value = json!({"employeeNo": "7", "Gender": "male", "name": "Ana"});
        let sent = modify_fields(&record(value), next_year(), &[], &dropped);
        assert!(!sent.contains_key("gender") && sent.contains_key("name"));
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
            ["RightPlan", "Valid.extra", "doorRight", "numOfCard"],
            "belongGroup was empty, so nothing of it was lost"
        );
    }
    /// Mutants: a PIN that is shown now for the first time is a change; stars are a PIN.
    #[test]
    fn pins_are_compared_where_they_are_shown() {
        let with = |pin: Value| record(json!({"employeeNo": "7", "password": pin}));
        for (before, after, is_lost) in [
            (json!("1234"), json!("1234"), false),
            (json!("1234"), json!(""), true),
            (json!("1234"), json!(null), true),
            (json!("1234"), json!("9999"), true),
            (json!("0012"), json!("12"), true),
            (json!(""), json!("1234"), false),
            (json!(null), json!(null), false),
            (json!("****"), json!("****"), false),
            (json!("****"), json!(""), true),
        ] {
            let (old, new) = (with(before.clone()), with(after.clone()));
            assert_eq!(has_lost_pin(&old, &new), is_lost, "{before} {after}");
            let told = if is_lost { vec!["password"] } else { Vec::new() };
            assert_eq!(differs_beyond_validity(&old, &new), told, "{before} {after}");
        }
        for (shown, pin) in [
            (json!("0012"), Some("0012")),
            (json!(1234), Some("1234")),
            (json!("****"), None),
            (json!("123456789"), None),
            (json!(""), None),
        ] {
            assert_eq!(shown_pin(&with(shown.clone())).as_deref(), pin, "{shown}");
        }
    }

    /// Mutants: without the rule every case is named; with `Some(_)` for `is_empty` the last three
    /// are not.
    #[test]
    fn a_field_that_vanishes_empty_is_no_change() {
        for (value, is_change) in [
            (json!(""), false),
            (json!(0), false),
            (json!(false), false),
            (json!([]), false),
            (json!([{"value": ""}]), false),
            (json!("x"), true),
            (json!([{"value": "", "id": 1}]), true),
            (json!(23), true),
        ] {
            let before = record(json!({"employeeNo": "7", "belongGroup": value}));
            let changed = differs_beyond_validity(&before, &record(json!({"employeeNo": "7"})));
            assert_eq!(!changed.is_empty(), is_change, "{value}");
            // A value that appears is one.
            let appeared = differs_beyond_validity(&record(json!({"employeeNo": "7"})), &before);
            assert_eq!(appeared, ["belongGroup"], "{value}");
        }
    }

    /// An exponent without a sign gets one and a capital letter is made small (`1E400` goes back as
    /// `1e+400`): the same number.
    /// Mutant: `serde_json` without `arbitrary_precision` rounds or refuses all of these; `standard`
    /// by value turns `-0` into `0`.
    #[test]
    fn numbers_go_back_digit_by_digit() {
        for number in [
            "12345678901234567890123",
            "-0",
            "1.0",
            "0.1000",
            "1e+400",
            "1.5e+3",
            "18446744073709551616",
        ] {
            let text = format!(
                r#"{{"employeeNo":"7","maxOpenDoorTime":{number},"RightPlan":[{{"doorNo":{number},"x":{number}}}]}}"#
            );
            let read = Value::Object(super::super::Document::parse(text.as_bytes()).unwrap().root);
            let sent = body(read);
            assert!(
                sent.contains(&format!(
                    r#""RightPlan":[{{"doorNo":{number},"x":{number}}}],"maxOpenDoorTime":{number}"#
                )),
                "{number}: {sent}"
            );
        }
        let number =
            record(serde_json::from_str(r#"{"employeeNo":12345678901234567890123}"#).unwrap());
        assert_eq!(number.person.employee_no.as_str(), "12345678901234567890123");
    }

    /// Mutant: `named` is not looked at; a field of the standing list is sent twice, or as read.
    #[test]
    fn fields_that_the_capabilities_name_go_back_as_read() {
        let read =
            record(json!({"employeeNo": "7", "RoomNumber": "12", "floorNumbers": [1, {"x": 0}],
            "doorRight": 1, "other": 5}));
        let named = ["doorright", "floorNumbers", "nobodyHolds", "roomNumber"].map(str::to_owned);
        let sent = modify_fields(&read, next_year(), &named, &BTreeSet::new());
        let sent = String::from_utf8(modify_body(&sent)).unwrap();
        let end = r#""doorRight":"1","floorNumbers":[1,{"x":0}],"roomNumber":"12"}}"#;
        assert!(sent.ends_with(end), "{sent}");
    }
}
