//! One person, as read, and a page of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::time::{self, Stated};
use super::{Envelope, count_at, shown, text_at, text_of};
use crate::model::{
    Email, Flaw, Limit, Record, RecordId, RecordStanding, Window, Zone, fingerprint_by_fields,
};
use crate::ports::FullRecord;

/// The fields of a change besides `personId` and the two times, in the order they are sent.
pub(super) const KEPT: &[&str] = &[
    "personCode",
    "personFamilyName",
    "personGivenName",
    "orgIndexCode",
    "gender",
    "phoneNo",
    "remark",
    "email",
    "cards",
    "keyfobs",
    "residentRoomNo",
    "residentFloorNo",
];

/// What a change sets.
pub(super) const TIMES: [&str; 2] = ["beginTime", "endTime"];

/// A picture's address may move by itself.
const PHOTO: &str = "personPhoto";

/// Reads one person. The record's id is the `personCode`, the number that operators see and that stays;
/// `zone` is that of the site.
///
/// # Errors
/// Why the person can neither be named nor be written to, without quoting them.
pub fn read_record(value: &Value, zone: Zone) -> Result<FullRecord, String> {
    let fields = value.as_object().ok_or("is no object")?;
    let stated = |key: &str| {
        let value = fields.get(key).filter(|value| !value.is_null() && **value != "");
        text_of(value.ok_or_else(|| format!("has no {key}"))?)
            .ok_or_else(|| format!("has a {key} that is neither text nor a whole number"))
    };
    let person_id = stated("personId")?;
    if !person_id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',') {
        // They are joined by commas where persons are to be applied.
        return Err("has a personId that cannot be sent".to_owned());
    }
    let id = RecordId::new(&stated("personCode")?)
        .map_err(|error| format!("has a personCode that {error}"))?;
    let text = |key| text_at(fields, key);
    let whole = text("personName");
    let name = match whole.trim() {
        "" => format!("{} {}", text("personGivenName"), text("personFamilyName")),
        _ => whole,
    };
    let person = Record {
        name: shown(&name),
        standing: RecordStanding::Free,
        limit: read_limit(fields, zone),
        flaw: None,
        email: Email::parse(&text("email")),
        fingerprint: fingerprint(&person_id, fields, zone),
        employee_no: id,
    };
    Ok(FullRecord { person, fields: fields.clone() })
}

/// What the platform calls a person where it is written to.
pub(crate) fn person_id(record: &FullRecord) -> String {
    text_at(&record.fields, "personId")
}

/// The same record, read from an answer that held bytes that are not UTF-8: where U+FFFD stands in it,
/// they were here.
pub(crate) fn with_replaced_bytes(mut record: FullRecord, replaced: bool) -> FullRecord {
    let has_mark = || Value::Object(record.fields.clone()).to_string().contains('\u{fffd}');
    if replaced && has_mark() {
        record.person.flaw = Some(Flaw::NotUtf8);
    }
    record
}

/// What must not stand in a message about this person.
pub(crate) fn private(record: &FullRecord) -> Vec<String> {
    ["personName", "personGivenName", "personFamilyName", "email", "phoneNo"]
        .map(|key| text_at(&record.fields, key))
        .into()
}

fn read_limit(fields: &Map<String, Value>, zone: Zone) -> Limit {
    let [begin, end] = TIMES.map(|key| time::read(&text_at(fields, key), zone));
    // Not every answer shows the times, and what is not shown is not known.
    if [begin, end].iter().any(|time| matches!(time, Stated::Unclear | Stated::Missing)) {
        return Limit::Unclear { as_written: None };
    }
    let window =
        begin.known().zip(end.known()).and_then(|(begin, end)| Window::new(begin, end).ok());
    match window {
        Some(window) => Limit::Window(window),
        None => Limit::Unreadable { begin: begin.known(), end: end.known() },
    }
}

/// The fingerprint over the fields that a write sends and the whole name, which some platforms give without its
/// parts, as far as this answer shows them: those of lists and of single persons do not show the same ones on
/// every version. A time counts as the moment that it is.
fn fingerprint(id: &str, fields: &Map<String, Value>, zone: Zone) -> String {
    let kept = ('a'..).zip(KEPT.iter().chain(&["personName"])).filter_map(|(letter, key)| {
        let value = canonical(fields.get(*key)?);
        Some((letter, value.map(|value| value.to_string()).unwrap_or_default()))
    });
    let times = ['B', 'E'].into_iter().zip(TIMES).filter(|(_, key)| fields.contains_key(*key));
    let times = times.map(|(letter, key)| {
        let stated = text_at(fields, key);
        let text = match time::read(&stated, zone) {
            Stated::Known(at) => at.to_string(),
            Stated::Missing | Stated::Unclear => stated,
        };
        (letter, text)
    });
    fingerprint_by_fields([('z', id.to_owned())].into_iter().chain(kept).chain(times))
}

/// The longest texts that a change takes, in characters.
const LONGEST: [(&str, usize); 6] = [
    ("personCode", 16),
    ("personGivenName", 256),
    ("personFamilyName", 256),
    ("phoneNo", 64),
    ("remark", 128),
    ("email", 64),
];

/// The fields of a person that are longer than a change takes, although the platform holds them so.
pub(crate) fn too_long(record: &FullRecord) -> Option<String> {
    let over = LONGEST.iter().filter_map(|(key, most)| {
        let length = text_at(&record.fields, key).chars().count();
        (length > *most)
            .then(|| format!("{key} has {length} characters, and a change takes {most} at most"))
    });
    let over: Vec<String> = over.collect();
    (!over.is_empty()).then(|| over.join(", "))
}

/// A value in one notation: whole numbers as text, lists and keys sorted, nothing that says nothing. The
/// depth is bounded by that of the JSON that was read.
fn canonical(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::String(text) => (!text.is_empty()).then(|| value.clone()),
        Value::Number(number) => Some(Value::String(number.to_string())),
        Value::Bool(_) => Some(value.clone()),
        Value::Array(values) => {
            let mut values: Vec<Value> = values.iter().filter_map(canonical).collect();
            values.sort_by_cached_key(Value::to_string);
            (!values.is_empty()).then_some(Value::Array(values))
        }
        Value::Object(map) => {
            let said = map.iter().filter_map(|(key, value)| Some((key, canonical(value)?)));
            let sorted: BTreeMap<&String, Value> = said.collect();
            let map: Map<String, Value> =
                sorted.into_iter().map(|(key, value)| (key.clone(), value)).collect();
            (!map.is_empty()).then_some(Value::Object(map))
        }
    }
}

/// The fields that differ between two readings of a person, apart from the two times that a change sets:
/// after a write, what changed unasked. Names of fields only, sorted, no values.
#[must_use]
pub fn differs_beyond_validity(before: &FullRecord, after: &FullRecord) -> Vec<String> {
    let said = |record: &FullRecord, key: &str| record.fields.get(key).and_then(canonical);
    let keys: BTreeSet<&String> = before.fields.keys().chain(after.fields.keys()).collect();
    let differs = |key: &&&String| {
        let (old, new) = (said(before, key), said(after, key));
        match key.as_str() {
            PHOTO => old.is_some() != new.is_some(),
            key => !TIMES.contains(&key) && old != new,
        }
    };
    keys.iter().filter(differs).map(|key| shown(key)).collect()
}

/// One page of a list.
pub(crate) struct Page {
    /// How many there are on all pages, where that was said.
    pub(crate) total: Option<usize>,
    /// The entries, to be read one by one.
    pub(crate) persons: Vec<Value>,
    /// Whether bytes that are not UTF-8 were replaced by U+FFFD.
    pub(crate) replaced: bool,
}

impl Page {
    /// Reads a page. An empty one may be `[]` in place of the whole object.
    ///
    /// # Errors
    /// That the answer is no page.
    pub(crate) fn read(envelope: &Envelope) -> Result<Self, String> {
        let replaced = envelope.replaced;
        if envelope.data.as_array().is_some_and(Vec::is_empty) {
            return Ok(Self { total: None, persons: Vec::new(), replaced });
        }
        let data = envelope.object()?;
        let total = count_at(data, "total");
        let persons = match data.get("list") {
            Some(Value::Array(persons)) => persons.clone(),
            None | Some(Value::Null) if total == Some(0) => Vec::new(),
            _ => return Err("the answer holds no list".to_owned()),
        };
        Ok(Self { total, persons, replaced })
    }
}

/// Asks for one page; pages count from 1.
pub(crate) fn page_body(page: usize, size: usize) -> Vec<u8> {
    json!({"pageNo": page, "pageSize": size}).to_string().into_bytes()
}

/// Asks for one person, by `personCode` or `personId`.
pub(crate) fn person_body(key: &str, value: &str) -> Vec<u8> {
    json!({key: value}).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::zone;
    use crate::model::{is_same_but_for_dates, is_same_record, parse_time};

    /// An answer of a real server, but for the names.
    const REAL: &str = r#"{"personId":"1","personCode":"6211765992","personName":"ma jack","personFamilyName":"jack","personGivenName":"ma","gender":0,"orgIndexCode":"5","personPhoto":{"picUri":""},"phoneNo":"","email":"","remark":"","beginTime":"2025-03-19T10:28:22-06:00","endTime":"2034-05-26T15:00:00+08:00"}"#;

    fn read(value: Value) -> Result<FullRecord, String> {
        read_record(&value, zone("Europe/Ljubljana"))
    }

    fn with(change: impl Fn(&mut Value)) -> FullRecord {
        let mut value: Value = serde_json::from_str(REAL).unwrap();
        change(&mut value);
        read(value).unwrap()
    }

    fn page(data: Value) -> Result<Page, String> {
        Page::read(&Envelope::parse(json!({"code": "0", "data": data}).to_string().as_bytes())?)
    }

    #[test]
    fn a_real_answer() {
        let record = with(|_| {});
        let person = &record.person;
        assert_eq!((person_id(&record).as_str(), person.employee_no.as_str()), ("1", "6211765992"));
        assert_eq!((person.name.as_str(), &person.email), ("ma jack", &None));
        let begin = parse_time("2025-03-19T17:28:22").unwrap();
        let end = parse_time("2034-05-26T09:00:00").unwrap();
        assert_eq!(person.limit, Limit::Window(Window::new(begin, end).unwrap()));
        assert_eq!((person.standing, person.flaw), (RecordStanding::Free, None));
    }

    #[test]
    fn ids_names_and_addresses() {
        let odd = "that is neither text nor a whole number";
        for (value, id) in [
            (json!({"personId": "8551", "personCode": "007"}), Ok(("8551", "007"))),
            (json!({"personId": 8551, "personCode": 7}), Ok(("8551", "7"))),
            (json!({"personCode": "7"}), Err("has no personId".to_owned())),
            (json!({"personId": null, "personCode": "7"}), Err("has no personId".to_owned())),
            (json!({"personId": "1"}), Err("has no personCode".to_owned())),
            (json!({"personId": "1", "personCode": ""}), Err("has no personCode".to_owned())),
            (json!({"personId": 1.5}), Err(format!("has a personId {odd}"))),
            (json!({"personId": "1", "personCode": [1]}), Err(format!("has a personCode {odd}"))),
            (json!({"personId": "1,2"}), Err("has a personId that cannot be sent".to_owned())),
            (json!({"personId": " "}), Err("has a personId that cannot be sent".to_owned())),
            (
                json!({"personId": "1", "personCode": " "}),
                Err("has a personCode that is empty".to_owned()),
            ),
            (json!("1"), Err("is no object".to_owned())),
        ] {
            let got = read(value.clone());
            let got = got.map(|one| (person_id(&one), one.person.employee_no.to_string()));
            assert_eq!(got, id.map(|(id, code)| (id.to_owned(), code.to_owned())), "{value}");
        }
        let of = |key: &str, text: &str| {
            read(json!({"personId": 1, "personCode": 7, key: text})).unwrap().person
        };
        let parts = json!({"personId": 1, "personCode": 7, "personName": " ", "personGivenName": "Ana",
            "personFamilyName": "Ek"});
        assert_eq!(read(parts).unwrap().person.name, "Ana Ek");
        assert_eq!(of("personFamilyName", "E\u{202e}k").name, "Ek");
        assert_eq!(of("remark", "x").name, "");
        let email = |text: &str| of("email", text).email;
        assert_eq!(email(" Ana@Example.SI ").unwrap().as_str(), "ana@example.si");
        assert_eq!(email("none"), None);
    }

    #[test]
    fn no_validity_is_invented() {
        let end = parse_time("2034-05-26T09:00:00");
        let limit = |begin: Value| with(|value| value["beginTime"] = begin.clone()).person.limit;
        // What is not there is not known. Mutant: it counts as over.
        for nothing in [json!(""), json!(null), json!({}), json!("  ")] {
            assert_eq!(limit(nothing), Limit::Unclear { as_written: None });
        }
        // Neither a number nor words are a time that anybody can be sure of.
        for unclear in [json!("soon"), json!(1_801_234_567), json!("2025-03-19")] {
            assert_eq!(limit(unclear), Limit::Unclear { as_written: None });
        }
        let inverted = limit(json!("2035-01-01T00:00:00"));
        assert_eq!(inverted, Limit::Unreadable { begin: parse_time("2035-01-01T00:00:00"), end });
        let neither = with(|value| {
            value.as_object_mut().unwrap().retain(|key, _| !TIMES.contains(&key.as_str()));
        });
        assert_eq!(neither.person.limit, Limit::Unclear { as_written: None });
        let no_end = with(|value| drop(value.as_object_mut().unwrap().remove("endTime")));
        assert_eq!(no_end.person.limit, Limit::Unclear { as_written: None });
    }

    /// Mutants: another notation moves it; a field that is sent does not; dates move the first half.
    #[test]
    fn what_moves_a_fingerprint() {
        let before = with(|_| {}).person.fingerprint;
        let now = |change: &dyn Fn(&mut Value)| with(change).person.fingerprint;
        for same in [
            now(&|value| value["gender"] = json!("0")),
            now(&|value| value["personId"] = json!(1)),
            now(&|value| value["beginTime"] = json!("2025-03-19T17:28:22.000+01:00")),
            now(&|value| value["cards"] = json!([])),
            now(&|value| value["email"] = json!(null)),
            now(&|value| value["personPhoto"] = json!({"picUri": "/1.jpg"})),
            // A field that only one of two answers shows.
            now(&|value| drop(value.as_object_mut().unwrap().remove("orgIndexCode"))),
            now(&|value| value["keyfobs"] = json!(["9"])),
        ] {
            assert!(is_same_record(&before, &same), "{same}");
        }
        let before = with(|value| KEPT.iter().for_each(|key| value[*key] = json!("7")));
        let before = before.person.fingerprint;
        let now = |change: &dyn Fn(&mut Value)| {
            let kept = |value: &mut Value| KEPT.iter().for_each(|key| value[*key] = json!("7"));
            with(|value| {
                kept(value);
                change(value);
            })
            .person
            .fingerprint
        };
        for key in KEPT.iter().chain(&["personName"]) {
            let moved = now(&|value| value[*key] = json!("other"));
            assert!(!is_same_but_for_dates(&before, &moved), "{key}");
        }
        for key in TIMES {
            let moved = now(&|value| value[key] = json!("2026-01-01T00:00:00+01:00"));
            assert!(!is_same_record(&before, &moved), "{key}");
            assert!(is_same_but_for_dates(&before, &moved), "{key}");
            let gone = now(&|value| value[key] = json!(null));
            assert!(!is_same_record(&before, &gone) && gone != moved, "{key}");
        }
        let cards = |list: Value| now(&move |value| value["cards"] = list.clone());
        assert_eq!(
            cards(json!([{"cardNo": "1"}, {"cardNo": "2"}])),
            cards(json!([{"cardNo": "2"}, {"cardNo": "1"}]))
        );
    }

    #[test]
    fn what_changed_unasked() {
        let whole = |value: &mut Value| {
            value["email"] = json!("ana@example.si");
            value["cards"] = json!([{"cardNo": "1"}, {"cardNo": "2"}]);
            value["personPhoto"] = json!({"picUri": "/1.jpg"});
            value["customFieldList"] =
                json!([{"id": 1, "customFiledName": "x", "customFieldValue": "y"}]);
        };
        let before = with(whole);
        let changed = |change: &dyn Fn(&mut Value)| {
            differs_beyond_validity(
                &before,
                &with(|value| {
                    whole(value);
                    change(value);
                }),
            )
        };
        assert!(changed(&|_| {}).is_empty());
        assert!(changed(&|value| value["endTime"] = json!("2030-01-01T00:00:00+01:00")).is_empty());
        assert!(changed(&|value| value["personPhoto"] = json!({"picUri": "/2.jpg"})).is_empty());
        assert!(
            changed(&|value| value["cards"] = json!([{"cardNo": "2"}, {"cardNo": "1"}])).is_empty()
        );
        assert!(changed(&|value| value["phoneNo"] = json!(null)).is_empty());
        assert_eq!(changed(&|value| value["personPhoto"] = json!({"picUri": ""})), ["personPhoto"]);
        assert_eq!(
            changed(&|value| {
                value["cards"] = json!([{"cardNo": "1"}]);
                value.as_object_mut().unwrap().remove("email");
                value["customFieldList"] = json!(null);
                value["new"] = json!("x");
            }),
            ["cards", "customFieldList", "email", "new"]
        );
        assert_eq!(changed(&|value| value["personId"] = json!("2")), ["personId"]);
    }

    #[test]
    fn pages() {
        let read =
            page(json!({"total": 2, "pageNo": 1, "pageSize": 500, "list": [{}, {}]})).unwrap();
        assert_eq!((read.total, read.persons.len()), (Some(2), 2));
        for (data, total) in [
            (json!([]), None),
            (json!({"total": 0, "list": []}), Some(0)),
            (json!({"total": "0"}), Some(0)),
            (json!({"total": 0, "list": null}), Some(0)),
        ] {
            let read = page(data).unwrap();
            assert_eq!((read.total, read.persons.len()), (total, 0));
        }
        for data in [
            json!(""),
            json!("null"),
            json!(null),
            json!({}),
            json!([1]),
            json!({"total": 3}),
            json!({"total": 1, "list": {}}),
        ] {
            assert!(page(data.clone()).is_err(), "{data}");
        }
        assert_eq!(page_body(2, 500), br#"{"pageNo":2,"pageSize":500}"#);
        assert_eq!(person_body("personCode", "a\"b"), br#"{"personCode":"a\"b"}"#);
    }

    #[test]
    fn bytes_that_are_not_utf_8() {
        let damaged = with(|value| value["remark"] = json!("x\u{fffd}"));
        assert_eq!(with_replaced_bytes(damaged.clone(), true).person.flaw, Some(Flaw::NotUtf8));
        assert_eq!(with_replaced_bytes(damaged, false).person.flaw, None);
        assert_eq!(with_replaced_bytes(with(|_| {}), true).person.flaw, None);
    }
}
