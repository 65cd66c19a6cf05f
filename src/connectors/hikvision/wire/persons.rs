//! One `UserInfo`, as read.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::{DateTime, NaiveDateTime, TimeZone as _};
use serde_json::{Map, Value};

use super::modify::{VALID_SET, is_empty, is_one_of};
use super::standard::standard;
use super::system::{read_moment, whole_seconds};
use super::{boolean, field, list, object, shown, text};
use crate::model::{self, Email, Flaw, Limit, Record, RecordId, RecordStanding, Window, Zone};
use crate::ports::FullRecord;

/// The fields that a write sends back, in the order they are sent.
pub(super) const WRITABLE: &[&str] = &[
    "employeeNo",
    "name",
    "userType",
    "Valid",
    "doorRight",
    "RightPlan",
    "localUIRight",
    "belongGroup",
    "gender",
    "closeDelayEnabled",
    "maxOpenDoorTime",
    "userVerifyMode",
    "PersonInfoExtends",
];

/// Reads one `UserInfo` object of any spelling. `zone` is the one the device's wall clock runs
/// in; it is needed only for times that a device states with an offset.
///
/// # Errors
/// Why the object has no usable `employeeNo`, without quoting the person.
pub fn read_record(value: &Value, zone: Zone) -> Result<FullRecord, String> {
    let fields = value.as_object().ok_or("is no object")?;
    let employee_no = read_employee_no(fields)?;
    let stated = |key| field(fields, key).and_then(text).unwrap_or_default();
    let person = Record {
        name: shown(&stated("name")),
        limit: read_limit(object(fields, "Valid"), zone),
        standing: if stated("userType").trim().eq_ignore_ascii_case("blackList") {
            RecordStanding::Barred
        } else if is_administrator(&stated("userType")) || has_local_rights(fields) {
            RecordStanding::Administrator
        } else {
            RecordStanding::Free
        },
        email: read_email(fields),
        flaw: None,
        fingerprint: fingerprint(&employee_no, fields),
        employee_no,
    };
    Ok(FullRecord { person, fields: fields.clone() })
}

/// The same record, read from a page that held bytes that are not UTF-8: where U+FFFD stands in it,
/// they were here.
pub(crate) fn with_replaced_bytes(mut record: FullRecord, replaced: bool) -> FullRecord {
    let mut text = String::new();
    if replaced {
        write_canonical(&Value::Object(record.fields.clone()), &mut text);
    }
    if text.contains(char::REPLACEMENT_CHARACTER) {
        record.person.flaw = Some(Flaw::NotUtf8);
    }
    record
}

/// `employeeNo`, or one of the two other places where firmware puts it. A number becomes its text.
fn read_employee_no(fields: &Map<String, Value>) -> Result<RecordId, String> {
    let detail = object(fields, "EmployeeNoDetail").and_then(|detail| field(detail, "employeeNo"));
    let places = [field(fields, "employeeNo"), field(fields, "employeeNoString"), detail];
    let mut candidates = places.into_iter().flatten().filter(|value| value.as_str() != Some(""));
    let value = candidates.next().ok_or("has no employeeNo")?;
    let stated = text(value).ok_or("has an employeeNo that is neither text nor a whole number")?;
    RecordId::new(&stated).map_err(|error| format!("has an employeeNo that {error}"))
}

/// Whether a word names somebody who runs a device.
fn is_administrator(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    ["admin", "operator", "manager"].iter().any(|one| word.contains(one))
}

/// Whether a field anywhere in a person gives a right to the device's own menus. Something that is no
/// truth value counts as yes: administrators are never touched. The depth is bounded by that of the JSON
/// that was read.
fn has_local_rights(fields: &Map<String, Value>) -> bool {
    fields.iter().any(|(key, value)| {
        let key: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
        match (key.to_ascii_lowercase().as_str(), value) {
            (_, Value::Null) => false,
            ("localuiright", value) => boolean(value).unwrap_or_else(|| !is_empty(value)),
            ("localuiusertype", Value::String(word)) => is_administrator(word),
            ("localuiusertype", value) => !is_empty(value),
            (_, Value::Object(inner)) => has_local_rights(inner),
            (_, Value::Array(values)) => {
                values.iter().filter_map(Value::as_object).any(has_local_rights)
            }
            _ => false,
        }
    })
}

fn read_limit(valid: Option<&Map<String, Value>>, zone: Zone) -> Limit {
    let Some(valid) = valid else {
        return Limit::Unreadable { begin: None, end: None };
    };
    let kind = field(valid, "timeType").and_then(text).unwrap_or_default();
    let read = |key| {
        let stated = field(valid, key).and_then(text).unwrap_or_default();
        read_time(&stated, &kind, zone)
    };
    let (begin, end) = (read("beginTime"), read("endTime"));
    let both = |begin: Option<NaiveDateTime>, end: Option<NaiveDateTime>| {
        begin.zip(end).and_then(|(begin, end)| Window::new(begin, end).ok())
    };
    let window = both(begin.known(), end.known());
    match (field(valid, "enable").and_then(boolean), window) {
        (Some(false), window) => Limit::Permanent(window),
        (Some(true), Some(window)) => Limit::Window(window),
        (Some(true), None) if begin.is_unclear() || end.is_unclear() => {
            Limit::Unclear { as_written: both(begin.as_written(), end.as_written()) }
        }
        _ => Limit::Unreadable { begin: begin.known(), end: end.known() },
    }
}

/// What a text of `Valid` says about a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stated {
    Missing,
    /// One moment of the device's wall clock.
    Known(NaiveDateTime),
    /// Something that can mean two things, or nothing that is known here; its digits as they stand.
    Unclear(Option<NaiveDateTime>),
}

impl Stated {
    fn known(self) -> Option<NaiveDateTime> {
        match self {
            Self::Known(at) => Some(at),
            Self::Missing | Self::Unclear(_) => None,
        }
    }

    fn as_written(self) -> Option<NaiveDateTime> {
        match self {
            Self::Known(at) => Some(at),
            Self::Unclear(at) => at,
            Self::Missing => None,
        }
    }

    fn is_unclear(self) -> bool {
        matches!(self, Self::Unclear(_))
    }
}

/// A time of `Valid` in the device's wall clock. Documented are `local` (or no type) without an
/// offset and `UTC` with one, and a `T` before the time of day.
///
/// A blank for the `T` changes nothing. A `local` time with `Z` or an offset is either that moment, or
/// the wall clock with a suffix that firmware appends to everything: where both are the same second on
/// the device's own clock, it is read; else it can mean two things. So can a `UTC` time without an
/// offset, unless the device's clock shows UTC at that moment, and a time of a type that nobody documents.
fn read_time(stated: &str, kind: &str, zone: Zone) -> Stated {
    let stated = stated.trim();
    if stated.is_empty() {
        return Stated::Missing;
    }
    let stated = match stated.split_once(char::is_whitespace) {
        Some((day, time)) => format!("{day}T{}", time.trim_start()),
        None => stated.to_owned(),
    };
    let Some((local, offset)) = read_moment(&stated) else { return Stated::Unclear(None) };
    let moment = DateTime::parse_from_rfc3339(&stated).ok();
    let of_zone = moment.map(|moment| moment.with_timezone(&zone).naive_local());
    match (kind.trim().to_ascii_lowercase().as_str(), offset, of_zone) {
        ("" | "local", None, _) => Stated::Known(local),
        ("" | "local", Some(_), Some(of_zone)) if whole_seconds(of_zone) == local => {
            Stated::Known(local)
        }
        ("utc", Some(_), Some(of_zone)) => Stated::Known(whole_seconds(of_zone)),
        ("utc", None, _) if zone.from_utc_datetime(&local).naive_local() == local => {
            Stated::Known(local)
        }
        _ => Stated::Unclear(Some(local)),
    }
}

/// The one e-mail on a person: `email`, or a value of `PersonInfoExtends`. Two different ones: none.
fn read_email(fields: &Map<String, Value>) -> Option<Email> {
    let own = field(fields, "email").and_then(Value::as_str);
    let extends = field(fields, "PersonInfoExtends").map(list).unwrap_or_default();
    let values = extends.iter().filter_map(|entry| field(entry.as_object()?, "value")?.as_str());
    let found: BTreeSet<Email> = own.into_iter().chain(values).filter_map(Email::parse).collect();
    let mut found = found.into_iter();
    found.next().filter(|_| found.next().is_none())
}

/// The writable fields under their standard names and in their documented types; what fits none is
/// as read.
pub(super) fn writable(employee_no: &RecordId, fields: &Map<String, Value>) -> Map<String, Value> {
    let mut kept = Map::new();
    for key in WRITABLE {
        if *key == "employeeNo" {
            kept.insert((*key).to_owned(), Value::String(employee_no.as_str().to_owned()));
        } else if let Some(value) = field(fields, key) {
            kept.insert((*key).to_owned(), standard(key, value));
        }
    }
    kept
}

/// The halves of two SHA-256, in lower-case hex, over the writable fields in canonical JSON (keys sorted at
/// any depth): over what a change of dates leaves alone and that says something, then over everything.
fn fingerprint(employee_no: &RecordId, fields: &Map<String, Value>) -> String {
    let everything = writable(employee_no, fields);
    let mut lasting = everything.clone();
    if let Some(Value::Object(valid)) = lasting.get_mut("Valid") {
        valid.retain(|key, value| !is_one_of(VALID_SET, key) && !is_empty(value));
    }
    lasting.retain(|_, value| !is_empty(value));
    model::fingerprint(&canonical(lasting), &canonical(everything))
}

fn canonical(fields: Map<String, Value>) -> String {
    let mut text = String::new();
    write_canonical(&Value::Object(fields), &mut text);
    text
}

/// JSON with sorted keys and no spaces. The depth is bounded by that of the JSON that was read.
pub(super) fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<_> = map.iter().collect();
            keys.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (at, (key, value)) in keys.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                let _ = write!(out, "{}:", Value::String(key.clone()));
                write_canonical(value, out);
            }
            out.push('}');
        }
        Value::Array(values) => {
            out.push('[');
            for (at, value) in values.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                write_canonical(value, out);
            }
            out.push(']');
        }
        plain => {
            let _ = write!(out, "{plain}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::parse_time;
    use crate::model::testing::zone;
    use serde_json::json;

    fn read(value: Value) -> Result<FullRecord, String> {
        read_record(&value, zone("Europe/Ljubljana"))
    }

    fn limit(valid: Value) -> Limit {
        read(json!({"employeeNo": "1", "Valid": valid})).unwrap().person.limit
    }

    fn window(begin: &str, end: &str) -> Window {
        Window::new(parse_time(begin).unwrap(), parse_time(end).unwrap()).unwrap()
    }

    #[test]
    fn the_reference_example() {
        let record = read(
            serde_json::from_slice(include_bytes!(
                "../../../../tests/fixtures/hikvision/user-info.json"
            ))
            .unwrap(),
        );
        let person = record.unwrap().person;
        assert_eq!(person.employee_no.as_str(), "1007");
        assert_eq!(person.name, "Ana Example");
        assert_eq!(person.standing, RecordStanding::Free);
        assert_eq!(
            person.limit,
            Limit::Window(window("2026-01-01T00:00:00", "2026-12-31T23:59:59"))
        );
        assert_eq!(person.email, None);
    }

    #[test]
    fn employee_numbers_from_every_place() {
        for (value, expected) in [
            (json!({"employeeNo": "007"}), Ok("007")),
            (json!({"employeeNo": 7}), Ok("7")),
            (json!({"EmployeeNo": "7"}), Ok("7")),
            (json!({"employeeNoString": "x7"}), Ok("x7")),
            (json!({"employeeNo": "", "employeeNoString": "7"}), Ok("7")),
            (json!({"EmployeeNoDetail": {"employeeNo": "7"}}), Ok("7")),
            (json!({"employeeNo": " 7"}), Ok(" 7")),
            (json!({}), Err("has no employeeNo")),
            (json!({"employeeNo": null}), Err("has no employeeNo")),
            (
                json!({"employeeNo": 1.5}),
                Err("has an employeeNo that is neither text nor a whole number"),
            ),
            (
                json!({"employeeNo": "x".repeat(33)}),
                Err("has an employeeNo that is 33 bytes long, at most 32 fit"),
            ),
            (
                json!({"employeeNo": "a\u{1}"}),
                Err("has an employeeNo that holds a control character"),
            ),
            (json!("7"), Err("is no object")),
        ] {
            let got =
                read(value.clone()).map(|record| record.person.employee_no.as_str().to_owned());
            assert_eq!(got, expected.map(str::to_owned).map_err(str::to_owned), "{value}");
        }
    }

    #[test]
    fn limits() {
        let year = window("2026-01-01T00:00:00", "2026-12-31T23:59:59");
        let valid = |enable: Value, kind: &str| json!({"enable": enable, "beginTime": "2026-01-01T00:00:00", "endTime": "2026-12-31T23:59:59", "timeType": kind});
        assert_eq!(limit(valid(json!(true), "local")), Limit::Window(year));
        assert_eq!(limit(valid(json!("true"), "LOCAL")), Limit::Window(year));
        assert_eq!(limit(valid(json!(1), "")), Limit::Window(year));
        assert_eq!(limit(valid(json!(false), "local")), Limit::Permanent(Some(year)));
        assert_eq!(limit(json!({"enable": "false"})), Limit::Permanent(None));
        let unreadable = Limit::Unreadable { begin: None, end: None };
        let unclear = Limit::Unclear { as_written: Some(year) };
        assert_eq!(limit(valid(json!(true), "UTC")), unclear, "UTC without an offset");
        assert_eq!(limit(valid(json!(true), "Mars")), unclear);
        assert_eq!(limit(json!({})), unreadable);
        assert_eq!(limit(json!("2026")), unreadable);
        assert_eq!(read(json!({"employeeNo": "1"})).unwrap().person.limit, unreadable);
        let known = Limit::Unreadable { begin: Some(year.begin()), end: Some(year.end()) };
        assert_eq!(limit(valid(json!(null), "local")), known, "no enable");
        assert_eq!(limit(valid(json!("maybe"), "local")), known);
        assert_eq!(
            limit(
                json!({"enable": true, "beginTime": "2027-01-01T00:00:00", "endTime": "2026-12-31T23:59:59"})
            ),
            Limit::Unreadable { begin: parse_time("2027-01-01T00:00:00"), end: Some(year.end()) },
        );
        assert_eq!(
            limit(
                json!({"enable": true, "BeginTime": "2026-01-01T00:00:00", "endTime": "31.12.2026"})
            ),
            Limit::Unclear { as_written: None },
        );
    }

    /// Mutants: every suffix is dropped (`Z` alone is then read); every moment is converted
    /// (`+08:00` is then read); no blank is taken.
    #[test]
    fn dates_in_other_forms_are_read_where_they_mean_one_thing() {
        let known = |begin: &str, end: &str| Limit::Window(window(begin, end));
        let unclear =
            |begin: &str, end: &str| Limit::Unclear { as_written: Some(window(begin, end)) };
        let (begin, end) = ("2026-01-01T00:00:00", "2026-07-31T23:59:59");
        let (ljubljana, london) = (zone("Europe/Ljubljana"), zone("Europe/London"));
        for (zone, stated, expected) in [
            (ljubljana, [begin, end].map(str::to_owned), known(begin, end)),
            (ljubljana, [begin, end].map(|at| at.replace('T', " ")), known(begin, end)),
            (
                ljubljana,
                [begin, end].map(|at| format!(" {}.000 ", at.replace('T', "  "))),
                known(begin, end),
            ),
            (ljubljana, [begin, end].map(|at| format!("{at}Z")), unclear(begin, end)),
            (ljubljana, [begin, end].map(|at| format!("{at}+08:00")), unclear(begin, end)),
            // Its own offset in winter, and in summer: one second only.
            (ljubljana, [format!("{begin}+01:00"), format!("{end}+02:00")], known(begin, end)),
            (ljubljana, [format!("{begin}+01:00"), format!("{end}+01:00")], unclear(begin, end)),
            // In London `Z` is the wall clock in winter, and an hour beside it in summer.
            (london, [begin, end].map(|at| format!("{at}Z")), unclear(begin, end)),
            (
                london,
                [begin, "2026-12-31T23:59:59"].map(|at| format!("{at}Z")),
                known(begin, "2026-12-31T23:59:59"),
            ),
            (
                london,
                [begin.to_owned(), "31/12/2026".to_owned()],
                Limit::Unclear { as_written: None },
            ),
        ] {
            let valid = json!({"enable": true, "beginTime": stated[0], "endTime": stated[1], "timeType": "local"});
            let read = read_record(&json!({"employeeNo": "1", "Valid": valid}), zone);
            assert_eq!(read.unwrap().person.limit, expected, "{zone} {stated:?}");
        }
        // A `UTC` time without an offset means one thing where the wall clock shows UTC.
        for (zone, end, is_known) in [
            (Zone::UTC, end, true),
            (london, "2026-12-31T23:59:59", true),
            (london, end, false),
            (ljubljana, end, false),
        ] {
            let valid =
                json!({"enable": true, "beginTime": begin, "endTime": end, "timeType": "UTC"});
            let read = read_record(&json!({"employeeNo": "1", "Valid": valid}), zone);
            let want = if is_known { known(begin, end) } else { unclear(begin, end) };
            assert_eq!(read.unwrap().person.limit, want, "{zone} {end}");
        }
        // The hour that comes twice: either offset says which one, and the wall clock is the same.
        for offset in ["+02:00", "+01:00"] {
            let at = format!("2026-10-25T02:30:00{offset}");
            let read = limit(json!({"enable": true, "beginTime": at, "endTime": at}));
            assert_eq!(read, known("2026-10-25T02:30:00", "2026-10-25T02:30:00"), "{offset}");
        }
    }

    #[test]
    fn times_with_an_offset_become_the_devices_wall_clock() {
        assert_eq!(
            limit(json!({"enable": true, "timeType": "UTC",
                "beginTime": "2026-01-01T00:00:00+08:00", "endTime": "2026-07-31T21:59:59Z"})),
            Limit::Window(window("2025-12-31T17:00:00", "2026-07-31T23:59:59"))
        );
    }

    #[test]
    fn emails_only_when_there_is_one() {
        let email =
            |value: Value| read(value).unwrap().person.email.map(|email| email.as_str().to_owned());
        let ana = Some("ana@example.si".to_owned());
        assert_eq!(email(json!({"employeeNo": "1", "Email": "Ana@Example.si"})), ana);
        assert_eq!(
            email(
                json!({"employeeNo": "1", "PersonInfoExtends": [{"value": "x"}, {"value": "ana@example.si"}]})
            ),
            ana
        );
        assert_eq!(
            email(json!({"employeeNo": "1", "PersonInfoExtends": {"value": "ana@example.si"}})),
            ana
        );
        assert_eq!(
            email(
                json!({"employeeNo": "1", "email": "ANA@example.si", "PersonInfoExtends": [{"value": "ana@example.si"}]})
            ),
            ana
        );
        assert_eq!(
            email(
                json!({"employeeNo": "1", "email": "eva@example.si", "PersonInfoExtends": [{"value": "ana@example.si"}]})
            ),
            None
        );
        assert_eq!(
            email(json!({"employeeNo": "1", "PersonInfoExtends": [{"value": ""}, 7, null]})),
            None
        );
    }

    #[test]
    fn kinds_and_administrators() {
        let person = |value: Value| read(value).unwrap().person;
        assert_eq!(
            person(json!({"employeeNo": "1", "userType": "BLACKLIST"})).standing,
            RecordStanding::Barred
        );
        assert_eq!(
            person(json!({"employeeNo": "1", "userType": "visitor"})).standing,
            RecordStanding::Free
        );
        assert_eq!(
            person(json!({"employeeNo": "1", "userType": "patient"})).standing,
            RecordStanding::Free
        );
        assert_eq!(person(json!({"employeeNo": "1", "name": "\u{202e}Ana\n"})).name, "Ana");
    }

    /// Mutants: only the documented key is looked at; only its spelling; only at the top; a word that is
    /// no truth value is a no.
    #[test]
    fn administrators_by_every_field_that_names_them() {
        for (fields, expected) in [
            (json!({"localUIRight": true}), true),
            (json!({"localUIRight": "true"}), true),
            (json!({"localUIRight": 1}), true),
            (json!({"localUIRight": "perhaps"}), true),
            (json!({"localUIRight": {"menu": "all"}}), true),
            (json!({"LocalUiRight": true}), true),
            (json!({"local_ui_right": true}), true),
            (json!({"localUIRight": [{"doorNo": 1}]}), true),
            (json!({"UserRight": {"localUIRight": true}}), true),
            (json!({"RightPlan": [{"doorNo": 1}, {"localUIUserType": "admin"}]}), true),
            (json!({"localUIUserType": "admin"}), true),
            (json!({"localUIUserType": "Administrator"}), true),
            (json!({"localUIUserType": " superAdmin "}), true),
            (json!({"localUIUserType": "operator"}), true),
            (json!({"localUIUserType": 3}), true),
            (json!({"userType": "admin"}), true),
            (json!({"UserType": "superAdministrator"}), true),
            (json!({}), false),
            (json!({"localUIRight": 0}), false),
            (json!({"localUIRight": "false"}), false),
            (json!({"localUIRight": null}), false),
            (json!({"localUIRight": ""}), false),
            (json!({"localUIUserType": "user"}), false),
            (json!({"localUIUserType": "viewer"}), false),
            (json!({"localUIUserType": 0}), false),
            (json!({"userType": "normal"}), false),
            (json!({"name": "admin", "belongGroup": "operators"}), false),
            (json!({"UserRight": {"localUIRight": false}}), false),
        ] {
            let mut value = fields.clone();
            value["employeeNo"] = json!("1");
            assert_eq!(
                read(value).unwrap().person.standing == RecordStanding::Administrator,
                expected,
                "{fields}"
            );
        }
    }

    #[test]
    fn fingerprints_see_writable_fields_and_nothing_else() {
        let print = |value: Value| read(value).unwrap().person.fingerprint;
        let base = print(
            json!({"employeeNo": "1", "name": "Ana", "Valid": {"enable": true, "endTime": "x"}}),
        );
        assert_eq!(base.len(), 64);
        let turned = json!({"numOfCard": 3, "Valid": {"endTime": "x", "enable": true}, "name": "Ana", "employeeNo": 1});
        assert_eq!(
            print(turned),
            base,
            "order, counts and the spelling of the number do not matter"
        );
        assert_ne!(
            print(
                json!({"employeeNo": "1", "name": "Eva", "Valid": {"enable": true, "endTime": "x"}})
            ),
            base
        );
        assert_ne!(
            print(
                json!({"employeeNo": "1", "name": "Ana", "Valid": {"enable": true, "endTime": "y"}})
            ),
            base
        );
    }

    /// Mutants: dates are a part of it; a key of `Valid` that no change sets is not; an empty field is.
    #[test]
    fn fingerprints_tell_other_dates_from_other_fields() {
        let print = |value: Value| read(value).unwrap().person.fingerprint;
        let base = json!({"employeeNo": "1", "name": "Ana", "doorRight": "1", "belongGroup": "",
            "Valid": {"enable": true, "beginTime": "a", "endTime": "b", "weekPlan": 1}});
        let before = print(base.clone());
        for (field, value, is_same) in [
            ("/Valid/endTime", json!("c"), true),
            ("/Valid/beginTime", json!("c"), true),
            ("/Valid/enable", json!("true"), true),
            ("/belongGroup", json!(null), true),
            ("/Valid/weekPlan", json!(2), false),
            ("/doorRight", json!(""), false),
            ("/name", json!("Eva"), false),
            ("/employeeNo", json!("2"), false),
        ] {
            let mut changed = base.clone();
            *changed.pointer_mut(field).unwrap() = value;
            assert_eq!(model::is_same_but_for_dates(&before, &print(changed)), is_same, "{field}");
        }
    }

    #[test]
    fn debug_shows_no_name() {
        let record = read(json!({"employeeNo": "1007", "name": "Ana"})).unwrap();
        let text = format!("{record:?}");
        assert!(text.contains("1007") && !text.contains("Ana"), "{text}");
    }
}
