//! Pages as bytes; the listings themselves are tried against the simulator.

use super::wire::page;
use crate::model::RightKind;

const PARKING: &str = r#"{"id":"ee9feaaa","created_at":"2024-01-01T09:00:00Z","modified_at":"2024-01-01T09:30:00Z","registration_number":"ABC-123","time_start":"2024-01-01T10:00:00Z","time_end":"2024-01-01T14:00:00Z","zone":2,"operator":"x","operator_name":"Ana"}"#;
const ITEM: &str = r#"{"id":71,"permit_id":7,"area":"B","registration_number":"XYZ789","start_time":"2024-01-01T10:00:00Z","end_time":"2024-01-01T10:00:00Z","operator":null,"properties":{"holder":"Ana"}}"#;

fn of(entry: &str, are_parkings: bool) -> super::wire::Page {
    let body = format!(r#"{{"count":1,"next":null,"previous":null,"results":[{entry}]}}"#);
    page(body.as_bytes(), are_parkings).unwrap()
}

/// Mutants: the end is over at its second; an item of one instant is none; a plate that was taken out is left out
/// with noise.
#[test]
fn entries() {
    let parking = of(PARKING, true).rights.remove(0);
    assert_eq!((parking.id.as_str(), &parking.kind), ("ee9feaaa", &RightKind::Session));
    assert_eq!(parking.zones, Some(vec!["2".into()]));
    let end = |right: &crate::ports::ListedRight| right.period.unwrap().end().unwrap().to_rfc3339();
    assert_eq!(end(&parking), "2024-01-01T14:00:01+00:00");
    let item = of(ITEM, false).rights.remove(0);
    assert_eq!((item.id.as_str(), end(&item).as_str()), ("7-71", "2024-01-01T10:00:01+00:00"));
    assert!(!format!("{item:?}").contains("Ana") && !format!("{item:?}").contains("XYZ"));
    let with = |entry: &str, from: &str, to: &str, are_parkings| {
        assert!(entry.contains(from), "{from}");
        of(&entry.replace(from, to), are_parkings)
    };
    let open = with(PARKING, "\"2024-01-01T14:00:00Z\"", "null", true);
    assert_eq!(open.rights[0].period.unwrap().end(), None);
    let open = with(ITEM, "\"2024-01-01T10:00:00Z\",\"operator\"", "null,\"operator\"", false);
    assert_eq!(open.rights[0].period, Err(None), "a permit without an end is none");
    // Parts of seconds are inside, and no second is empty.
    let part = with(
        ITEM,
        "10:00:00Z\",\"end_time\":\"2024-01-01T10:00:00Z",
        "10:00:00.2Z\",\"end_time\":\"2024-01-01T10:00:00.9Z",
        false,
    );
    assert_eq!(end(&part.rights[0]), "2024-01-01T10:00:01+00:00");
    let part = with(
        ITEM,
        "10:00:00Z\",\"end_time\":\"2024-01-01T10:00:00Z",
        "10:00:00.2Z\",\"end_time\":\"2024-01-01T09:59:59.9Z",
        false,
    );
    assert!(part.rights[0].period.is_err());
    let before = with(PARKING, "14:00:00", "09:00:00", true);
    assert!(before.rights[0].period.unwrap_err().is_some());
    for (from, to) in [("14:00:00Z", "14:00:00"), ("2024-01-01T14", "2024-02-30T14")] {
        assert_eq!(with(PARKING, from, to, true).rights[0].period, Err(None), "{to}");
    }
    assert_eq!(with(PARKING, "ABC-123", "", true).nameless, 1);
    assert_eq!(with(PARKING, ":2,", ":null,", true).rights[0].zones, Some(vec![]));
    for body in [
        r#"{"results":null}"#,
        r#"{"results":[{"id":null,"registration_number":"A1"}]}"#,
        r#"{"count":-1,"results":[]}"#,
        r#"{"next":1,"results":[]}"#,
        r#"{"results":[{"id":1,"id":2}]}"#,
        "<html>",
    ] {
        assert!(page(body.as_bytes(), true).is_err(), "{body}");
    }
}
