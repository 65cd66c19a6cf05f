//! Making devices obey: the request to apply changes, and what became of it.

use serde_json::{Map, Value, json};

use super::{Envelope, count_at, list_at, shown, text_at};

/// Asks that these persons are sent to their devices again, also those that failed before. `personIds` is
/// one text with commas.
pub(crate) fn reapplication_body(persons: &[String]) -> Vec<u8> {
    json!({"ImmediateDownload": 0, "personIds": persons.join(",")}).to_string().into_bytes()
}

/// Asks how many persons wait for being applied.
pub(crate) fn counts_body() -> Vec<u8> {
    json!({"applicationResultType": 1, "type": 1, "pageNo": 1, "pageSize": 1})
        .to_string()
        .into_bytes()
}

/// Asks which persons could not be applied; pages count from 1.
pub(crate) fn failures_body(page: u32, size: usize) -> Vec<u8> {
    json!({"applicationResultType": 2, "type": 1, "pageNo": page, "pageSize": size})
        .to_string()
        .into_bytes()
}

/// How many persons are not on their devices as the platform has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub waiting: usize,
    pub failed: usize,
    /// Edited since they were applied.
    pub edited: usize,
}

/// A person that a device did not take. Their name is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What the device is called.
    pub device: String,
    /// The person's number, as an operator sees it; may be empty.
    pub person_code: String,
    /// What was not taken, such as `card`.
    pub items: Vec<&'static str>,
}

/// The counts of an answer about results.
///
/// # Errors
/// That there are none.
pub(crate) fn read_counts(envelope: &Envelope) -> Result<Counts, String> {
    let counts = envelope.object()?.get("statisticResult").and_then(Value::as_object);
    let counts = counts.ok_or("the answer holds no statisticResult")?;
    let count = |key| count_at(counts, key).ok_or_else(|| format!("the answer has no {key}"));
    Ok(Counts {
        waiting: count("unApplicationCount")?,
        failed: count("applicationFailCount")?,
        edited: count("editAndUnApplicationCount")?,
    })
}

/// The failures on one page of an answer about results.
///
/// # Errors
/// That it holds none, in a form that means something else than that nothing failed.
pub(crate) fn read_failures(envelope: &Envelope) -> Result<Vec<Failure>, String> {
    if envelope.data.as_array().is_some_and(Vec::is_empty) {
        return Ok(Vec::new());
    }
    let result = envelope.object()?.get("applicationErrorResult").and_then(Value::as_object);
    let result = result.ok_or("the answer holds no applicationErrorResult")?;
    let mut list = Vec::new();
    for device in list_at(result, "list").iter().filter_map(Value::as_object) {
        let name = shown(&text_at(device, "deviceName"));
        let failures = list_at(device, "errorList").iter().filter_map(Value::as_object);
        list.extend(failures.map(|failure| read_failure(&name, failure)));
    }
    Ok(list)
}

fn read_failure(device: &str, failure: &Map<String, Value>) -> Failure {
    let items = text_at(failure, "errorItems");
    let item = |digit: &str| match digit.trim() {
        "0" => "device",
        "1" => "card",
        "2" => "fingerprint",
        "3" => "face",
        "4" => "person",
        _ => "something else",
    };
    Failure {
        device: device.to_owned(),
        person_code: shown(&text_at(failure, "personCode")),
        items: items.split(',').filter(|one| !one.trim().is_empty()).map(item).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(data: Value) -> Envelope {
        Envelope::parse(json!({"code": "0", "data": data}).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn bodies() {
        let ids = ["1", "2"].map(str::to_owned);
        assert_eq!(reapplication_body(&ids), br#"{"ImmediateDownload":0,"personIds":"1,2"}"#);
        assert_eq!(
            failures_body(3, 500),
            br#"{"applicationResultType":2,"type":1,"pageNo":3,"pageSize":500}"#
        );
        assert_eq!(
            counts_body(),
            br#"{"applicationResultType":1,"type":1,"pageNo":1,"pageSize":1}"#
        );
    }

    #[test]
    fn results() {
        let both = envelope(json!({
            "statisticResult": {"unApplicationCount": 3, "applicationFailCount": "2", "editAndUnApplicationCount": 0},
            "applicationErrorResult": {"pageNo": 1, "pageSize": 500, "applicationFailCount": 2, "list": [
                {"deviceName": "Front door", "errorList": [
                    {"personName": "Ana Example", "personCode": "150002", "resourceName": "Door 1", "errorItems": "3,4"},
                    {"personCode": 7, "errorItems": "9"},
                ]},
                {"deviceName": "Back door"},
            ]},
        }));
        assert_eq!(read_counts(&both), Ok(Counts { waiting: 3, failed: 2, edited: 0 }));
        let failures = read_failures(&both).unwrap();
        let [first, second] = &failures[..] else { panic!("{failures:?}") };
        assert_eq!(first.items, ["face", "person"]);
        assert_eq!((first.device.as_str(), first.person_code.as_str()), ("Front door", "150002"));
        assert_eq!(
            (second.person_code.as_str(), &second.items[..]),
            ("7", &["something else"][..])
        );
        assert!(!format!("{failures:?}").contains("Ana Example"));
    }

    #[test]
    fn no_results() {
        assert_eq!(read_failures(&envelope(json!([]))), Ok(Vec::new()));
        let none = envelope(json!({"applicationErrorResult": {"list": null}}));
        assert_eq!(read_failures(&none), Ok(Vec::new()));
        for data in [json!(""), json!({}), json!(null), json!({"statisticResult": {}})] {
            assert!(read_failures(&envelope(data.clone())).is_err(), "{data}");
            assert!(read_counts(&envelope(data.clone())).is_err(), "{data}");
        }
    }
}
