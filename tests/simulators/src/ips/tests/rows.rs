//! How rows, and the JSON around them, may look.

use super::*;

fn row(turn: impl FnOnce(&mut Switches)) -> Value {
    first(&turned(1, turn))
}

#[test]
fn numbers_instead_of_texts() {
    let server = turned(1, |switches| switches.ids_as_numbers = true);
    server.park("7", "AAA007", "CT", "1", now(), None);
    server.park("none", "AAA008", "CT", "01", now(), None);
    server.set(|switches| switches.zones_as_numbers = true);
    let rows = read(&server, SESSIONS)["data"].clone();
    assert_eq!([&rows[0]["id"], &rows[1]["id"]], [1, 7]);
    assert_eq!((&rows[2]["id"], &rows[2]["zoneNumber"]), (&"none".into(), &"01".into()));
    assert_eq!((&rows[0]["zoneNumber"], &rows[1]["zoneNumber"]), (&"A1".into(), &1.into()));
    server.permit("permit_1", "VISITOR", "AAA001", "CT", &["1", "A1"], now(), None);
    assert_eq!(read(&server, PERMITS)["data"][0]["zones"], serde_json::json!([1, "A1"]));
    server.delete("7");
    let since = format!("{SESSIONS}?since=2024-01-01T12:00:00Z");
    assert_eq!(read(&server, &since)["deleted"], serde_json::json!([7]));
    server.set(|switches| switches.deleted_as_objects = true);
    let object = serde_json::json!([{"id": 7, "deletedAt": "2024-01-01T12:00:00.000Z"}]);
    assert_eq!(read(&server, &since)["deleted"], object);
}

#[test]
fn strange_words_plates_and_times() {
    assert_eq!(row(|switches| switches.status_word = Some("PAUSED".into()))["status"], "PAUSED");
    let plate = |plates| row(|switches| switches.plates = plates)["licensePlate"].clone();
    assert_eq!(plate(Plates::LowerWithSeparators), "aaa-001");
    assert_eq!(plate(Plates::Cyrillic), "\u{410}\u{410}\u{410}001");
    assert_eq!(
        row(|switches| switches.end_before_start = true)["endTime"],
        "2024-01-01T10:00:00.000Z"
    );
    let start = |instants| row(|switches| switches.instants = instants)["startTime"].clone();
    assert_eq!(start(Instants::Offset), "2024-01-01T06:00:00.000-05:00");
    assert_eq!(start(Instants::NoOffset), "2024-01-01T11:00:00.000");
    assert_eq!(start(Instants::Epoch), 1_704_106_800);
    assert_eq!(start(Instants::February30), "2024-02-30T11:00:00.000Z");
}

#[test]
fn switches_may_be_for_some_rows_only() {
    let server = turned(2, |switches| {
        switches.only_rows = vec!["session_2".into()];
        switches.status_word = Some("PAUSED".into());
        switches.instants = Instants::NoOffset;
        switches.end_before_start = true;
    });
    let rows = read(&server, SESSIONS)["data"].clone();
    assert_eq!([&rows[0]["status"], &rows[1]["status"]], ["ACTIVE", "PAUSED"]);
    assert_eq!(rows[0]["endTime"], "2024-01-01T13:00:00.000Z");
    assert_eq!(rows[1]["endTime"], "2024-01-01T10:00:00.000");
}

#[test]
fn permits_without_zones() {
    let server = service(0);
    server.permit("permit_1", "VISITOR", "AAA001", "CT", &["A1"], now(), None);
    assert!(read(&server, PERMITS)["data"][0].get("zones").is_some());
    server.set(|switches| switches.permits_without_zones = true);
    assert!(read(&server, PERMITS)["data"][0].get("zones").is_none());
}

#[test]
fn json_that_must_not_be_taken() {
    for (json, part) in [
        (Json::DuplicateKeys, "\"status\":\"CANCELLED\"}"),
        (Json::EscapedDuplicateKeys, "\"st\\u0061tus\":\"CANCELLED\"}"),
        (Json::Comment, "{/* from cache */\"data\""),
        (Json::TrailingComma, "\"deleted\":[],}"),
        (Json::NaN, ",\"load\":NaN}"),
        (Json::Deep, &format!("{}{}}}", "[".repeat(100), "]".repeat(100))),
        (Json::HalfSurrogate, "\"\\ud800\""),
        (Json::NotUtf8, "\u{fffd}"),
        (Json::TwoDocuments, "}{\"data\""),
    ] {
        let text = get(&turned(1, |switches| switches.json = json), SESSIONS).text();
        assert!(text.contains(part), "{json:?}: {text}");
        let is_lax = [Json::DuplicateKeys, Json::EscapedDuplicateKeys, Json::Deep].contains(&json);
        let is_json = json != Json::NotUtf8 && serde_json::from_str::<Value>(&text).is_ok();
        assert_eq!(is_json, is_lax, "{json:?}");
    }
}
