//! How rows are written.

use serde_json::json;

use super::*;

#[test]
fn a_parking_as_documented() {
    let server = register(1);
    let page = read(&server, PARKINGS);
    let row = json!({
        "id": "p1", "created_at": "2024-01-01T12:00:00Z", "modified_at": "2024-01-01T12:00:00Z",
        "registration_number": "AAA-001", "time_start": "2024-01-01T11:00:00Z",
        "time_end": "2024-01-01T13:00:00Z", "zone": 2,
        "operator": "63f8374e-1eed-44fa-9224-4cd0c64ddf35", "operator_name": "Pysäköinti Oy",
    });
    assert_eq!(page, json!({ "count": 1, "next": null, "previous": null, "results": [row] }));
    server.edit_parking("p1", |parking| {
        (parking.is_disc, parking.until, parking.zone) = (true, None, None);
    });
    let row = first(&server, PARKINGS);
    let odd = [&row["is_disc_parking"], &row["time_end"], &row["zone"]];
    assert_eq!(odd, [&json!(true), &Value::Null, &Value::Null]);
    server.edit_settings(|settings| settings.no_end = Some("2030-12-31T23:59:59Z".into()));
    assert_eq!(first(&server, PARKINGS)["time_end"], "2030-12-31T23:59:59Z");
}

#[test]
fn an_item_as_documented() {
    let server = turned(1, |switches| switches.personal_data = false);
    let row = json!({
        "id": 1001, "permit_id": 1, "area": "B", "registration_number": "BBB001",
        "start_time": "2024-01-01T11:00:00Z", "end_time": "2024-01-01T13:00:00Z",
        "operator": "63f8374e-1eed-44fa-9224-4cd0c64ddf35", "operator_name": "Pysäköinti Oy",
        "properties": { "permit_type": "Asukaspysäköintitunnus" },
    });
    let page = read(&server, ITEMS);
    assert_eq!(page, json!({ "next": null, "previous": null, "results": [row] }));
    server.set(|switches| (switches.personal_data, switches.operator_null) = (true, true));
    let row = first(&server, ITEMS);
    assert_eq!((&row["operator"], &row["operator_name"]), (&Value::Null, &Value::Null));
    assert_eq!(row["properties"]["holder"]["name"], PERSONAL_MARKS[0]);
    server.edit_permit(1, |permit| permit.properties = Value::Null);
    assert_eq!(first(&server, ITEMS)["properties"], Value::Null);
}

#[test]
fn zones_and_areas() {
    let server = register(0);
    server.park("p1", "AAA-001", "05", now(), None);
    server.permit(1, "BBB-001", "7", now(), now());
    for (zones, zone, area) in [
        (Zones::AsReal, json!(5), json!("7")),
        (Zones::Texts, json!("05"), json!("7")),
        (Zones::Numbers, json!(5), json!(7)),
        (Zones::Null, Value::Null, Value::Null),
    ] {
        server.set(|switches| switches.zones = zones);
        assert_eq!(first(&server, PARKINGS)["zone"], zone, "{zones:?}");
        assert_eq!(first(&server, ITEMS)["area"], area, "{zones:?}");
    }
    server.set(|switches| switches.zones = Zones::AsReal);
    server.edit_parking("p1", |parking| parking.zone = Some("5A".into()));
    assert_eq!(first(&server, PARKINGS)["zone"], "5A");
}

#[test]
fn bad_rows_where_they_are_wanted() {
    let server = turned(2, |switches| {
        switches.only_rows = vec!["p1".into(), "1001".into()];
        switches.end_before_start = true;
        switches.plates = Plates::LowerWithSeparators;
        switches.instants = Instants::NoOffset;
    });
    let rows = read(&server, PARKINGS)["results"].clone();
    let keys = ["registration_number", "time_start", "time_end"];
    let bad = ["aaa- -001", "2024-01-01T11:00:00", "2024-01-01T10:00:00"];
    assert_eq!(keys.map(|key| rows[0][key].as_str().unwrap()), bad);
    let good = ["AAA-002", "2024-01-01T11:00:00Z", "2024-01-01T13:00:00Z"];
    assert_eq!(keys.map(|key| rows[1][key].as_str().unwrap()), good);
    let rows = read(&server, ITEMS)["results"].clone();
    assert_eq!(rows[1]["registration_number"], "bbb- 001");
    assert_eq!(rows[1]["end_time"], "2024-01-01T10:00:00");
    assert_eq!(rows[0]["registration_number"], "BBB002");
    assert!(server.has_right("aaa001", "2", now()), "the truth is not bent");
    server.set(|switches| switches.plates = Plates::Empty);
    assert_eq!(first(&server, PARKINGS)["registration_number"], "");
}

#[test]
fn duplicate_keys_and_other_json() {
    let server = turned(1, |switches| switches.body = Body::DuplicateKeys);
    let text = |server: &Server| get(server, PARKINGS).text();
    assert_eq!(text(&server).matches("\"registration_number\":").count(), 2);
    server.set(|switches| switches.body = Body::EscapedDuplicateKeys);
    assert_eq!(text(&server).matches("\"registration_numb\\u0065r\":").count(), 1);
    assert_eq!(first(&server, ITEMS)["registration_number"], "ZZZ-999");
    for body in [Body::TrailingComma, Body::NotUtf8, Body::TwoDocuments] {
        server.set(|switches| switches.body = body);
        let answer = get(&server, ITEMS);
        assert!(serde_json::from_slice::<Value>(&answer.body).is_err(), "{body:?}");
    }
    server.set(|switches| switches.body = Body::NotUnderResults);
    let page = read(&server, ITEMS);
    assert_eq!((page.get("results"), page["items"][0]["id"].as_u64()), (None, Some(1001)));
    server.set(|switches| switches.body = Body::ResultsNull);
    assert_eq!(read(&server, ITEMS)["results"], Value::Null);
    assert_eq!(server.violations(), Vec::<String>::new());
}
