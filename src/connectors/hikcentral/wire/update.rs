//! The change of one person's validity.
//!
//! Whether a platform keeps fields that a change omits is not known, and an empty list deletes what it
//! lists. So every field that can be sent goes back as it was read, and no list is ever sent empty. Faces
//! and fingerprints are never sent.

use chrono::{DateTime, NaiveDateTime};
use serde_json::{Map, Value};

use super::persons::{KEPT, person_id};
use super::text_at;
use super::time::{self, Edge, TIMES};
use crate::model::{Window, Zone};
use crate::ports::FullRecord;

/// The body that sets the validity of a person that was just read, and sends everything else back.
///
/// # Errors
/// Why it is not sent: the window is no longer one once it is within the range that devices take.
pub(crate) fn update_body(
    record: &FullRecord,
    validity: Window,
    zone: Zone,
) -> Result<Vec<u8>, String> {
    let begin = begin_text(record, validity.begin(), zone);
    let end = time::write(&time::moment(TIMES.clamp(validity).end(), zone, Edge::End));
    let moment = |text: &str| DateTime::parse_from_rfc3339(text).ok();
    if moment(&begin).zip(moment(&end)).is_none_or(|(begin, end)| begin >= end) {
        return Err(format!("a validity from {begin} to {end} cannot be sent"));
    }
    let mut body = Map::new();
    body.insert("personId".to_owned(), person_id(record).into());
    for key in KEPT {
        if let Some(value) = record.fields.get(*key).filter(|value| is_sent(value)) {
            body.insert((*key).to_owned(), value.clone());
        }
    }
    body.insert("beginTime".to_owned(), begin.into());
    body.insert("endTime".to_owned(), end.into());
    Ok(Value::Object(body).to_string().into_bytes())
}

/// A begin that does not change stays as it was read, as far as that is in the documented form.
fn begin_text(record: &FullRecord, begin: NaiveDateTime, zone: Zone) -> String {
    let as_read = text_at(&record.fields, "beginTime");
    if time::is_documented(&as_read) && time::read(&as_read, zone).known() == Some(begin) {
        return as_read;
    }
    let begin = begin.clamp(TIMES.earliest, TIMES.latest);
    time::write(&time::moment(begin, zone, Edge::Begin))
}

/// Texts and numbers go back, and lists that list something.
fn is_sent(value: &Value) -> bool {
    match value {
        Value::Null | Value::Object(_) => false,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        Value::Array(values) => !values.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_record;
    use super::*;
    use crate::model::parse_time;
    use crate::model::testing::zone;
    use proptest::prelude::*;
    use serde_json::json;

    fn person() -> Value {
        json!({
            "personId": 12, "personCode": "150002", "personName": "Ana Ek", "personFamilyName": "Ek",
            "personGivenName": "Ana", "gender": 2, "orgIndexCode": "5", "phoneNo": "", "email": "Ana@example.si",
            "remark": "x", "personPhoto": {"picUri": "/1.jpg"}, "cards": [{"cardNo": "0077"}], "keyfobs": [],
            "fingerPrint": [{"fingerPrintData": "AA"}], "faces": [{"faceData": "AA"}], "customFieldList": null,
            "beginTime": "2025-03-19T10:28:22-06:00", "endTime": "2026-12-31T23:59:59+01:00",
        })
    }

    fn body(person: &Value, begin: &str, end: &str) -> Result<Value, String> {
        let record = read_record(person, zone("Europe/Ljubljana")).unwrap();
        let window = Window::new(parse_time(begin).unwrap(), parse_time(end).unwrap()).unwrap();
        update_body(&record, window, zone("Europe/Ljubljana"))
            .map(|bytes| serde_json::from_slice(&bytes).unwrap())
    }

    fn times(person: &Value, begin: &str, end: &str) -> [String; 2] {
        let body = body(person, begin, end).unwrap();
        ["beginTime", "endTime"].map(|key| body[key].as_str().unwrap().to_owned())
    }

    #[test]
    fn everything_goes_back_but_the_dates() {
        let sent = body(&person(), "2025-03-19T17:28:22", "2027-01-31T23:59:59").unwrap();
        assert_eq!(
            sent.to_string(),
            concat!(
                r#"{"personId":"12","personCode":"150002","personFamilyName":"Ek","personGivenName":"Ana","#,
                r#""orgIndexCode":"5","gender":2,"phoneNo":"","remark":"x","email":"Ana@example.si","#,
                r#""cards":[{"cardNo":"0077"}],"beginTime":"2025-03-19T10:28:22-06:00","#,
                r#""endTime":"2027-01-31T23:59:59+01:00"}"#
            )
        );
    }

    #[test]
    fn nothing_empty_or_unknown_is_sent() {
        let mut odd = person();
        odd["cards"] = json!([]);
        odd["email"] = json!(null);
        odd["orgIndexCode"] = json!({"id": 1});
        odd["status"] = json!(1);
        let sent = body(&odd, "2025-03-19T17:28:22", "2027-01-31T23:59:59").unwrap();
        for key in [
            "cards",
            "keyfobs",
            "email",
            "orgIndexCode",
            "status",
            "faces",
            "fingerPrint",
            "personName",
        ] {
            assert_eq!(sent.get(key), None, "{key}");
        }
        odd["keyfobs"] = json!(["9"]);
        let sent = body(&odd, "2025-03-19T17:28:22", "2027-01-31T23:59:59").unwrap();
        assert_eq!(sent["keyfobs"], json!(["9"]));
    }

    /// Mutants: a begin in another form goes back; an unchanged one is written anew.
    #[test]
    fn how_times_are_sent() {
        for (as_read, begin, sent) in [
            ("2025-03-19T10:28:22-06:00", "2025-03-19T17:28:22", "2025-03-19T10:28:22-06:00"),
            ("2025-03-19T16:28:22Z", "2025-03-19T17:28:22", "2025-03-19T17:28:22+01:00"),
            ("2025-03-19T17:28:22", "2025-03-19T17:28:22", "2025-03-19T17:28:22+01:00"),
            ("2025-03-19T17:28:22.5+01:00", "2025-03-19T17:28:22", "2025-03-19T17:28:22+01:00"),
            ("2025-03-19T10:28:22-06:00", "2025-07-01T00:00:00", "2025-07-01T00:00:00+02:00"),
            ("", "2025-07-01T00:00:00", "2025-07-01T00:00:00+02:00"),
            ("1980-01-01T00:00:00+01:00", "1980-01-01T00:00:00", "1980-01-01T00:00:00+01:00"),
            ("", "1980-01-01T00:00:00", "2000-01-01T00:00:00+01:00"),
        ] {
            let mut read = person();
            read["beginTime"] = json!(as_read);
            let [begin, end] = times(&read, begin, "2027-07-31T23:59:59");
            assert_eq!((begin.as_str(), end.as_str()), (sent, "2027-07-31T23:59:59+02:00"));
        }
        let [_, end] = times(&person(), "2025-03-19T17:28:22", "2099-12-31T23:59:59");
        assert_eq!(end, "2037-12-31T23:59:59+01:00");
    }

    #[test]
    fn what_is_no_validity_is_not_sent() {
        for (begin, end) in [
            ("2027-01-01T00:00:00", "2027-01-01T00:00:00"),
            ("2050-01-01T00:00:00", "2060-01-01T00:00:00"),
            ("1980-01-01T00:00:00", "1990-01-01T00:00:00"),
        ] {
            let error = body(&person(), begin, end).unwrap_err();
            assert!(error.contains("cannot be sent"), "{error}");
        }
    }

    proptest! {
        /// What is sent and read back is the window that was wanted, and nothing else of the person moved.
        #[test]
        fn a_change_is_read_back(
            begin in 946_684_800_i64..2_000_000_000, length in 86_400_i64..400_000_000
        ) {
            let clock = |seconds| DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
            let wanted = Window::new(clock(begin), clock(begin + length)).unwrap();
            let before = read_record(&person(), zone("Europe/Ljubljana")).unwrap();
            let sent: Value =
                serde_json::from_slice(&update_body(&before, wanted, zone("Europe/Ljubljana")).unwrap()).unwrap();
            let mut stored = person();
            for (key, value) in sent.as_object().unwrap() {
                stored[key.as_str()] = value.clone();
            }
            let after = read_record(&stored, zone("Europe/Ljubljana")).unwrap();
            let held = time::settled(wanted, zone("Europe/Ljubljana"));
            prop_assert_eq!(after.person.limit, crate::model::Limit::Window(held));
            prop_assert!(super::super::differs_beyond_validity(&before, &after).is_empty());
        }
    }
}
