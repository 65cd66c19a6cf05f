//! Every violation, triggered once.

use serde_json::{Value, json};

use super::{
    DELETE, RECORD, SEARCH, all, asks, camera, delete, good, search, slugs, turned, with, write,
};
use crate::hikvision_anpr::*;
use crate::testing::{Digest, JSON, XML, connect, read, send};

/// The slugs after one write that was read back.
fn after(rows: &[Value]) -> Vec<String> {
    let (camera, client) = turned(|_| {});
    write(&client, rows);
    all(&client);
    slugs(&camera)
}

#[test]
fn a_good_client_does_nothing_wrong() {
    let (camera, client) = turned(|_| {});
    let id = camera.row("AB123CD").unwrap().id;
    all(&client);
    write(&client, &[good("N1"), with("AB123CD", json!({"operationType": "modify", "id": id}))]);
    all(&client);
    delete(&client, &json!({"id": [id], "deleteAllEnabled": false}));
    all(&client);
    assert!(slugs(&camera).is_empty(), "{:?}", camera.violations());
}

#[test]
fn rows_that_nobody_may_write() {
    assert_eq!(after(&[with("N1", json!({"colour": "red"}))]), ["unknown-field"]);
    assert_eq!(after(&[with("N1", json!({"cardNo": 7}))]), ["field-type"]);
    assert_eq!(after(&[with("N1", json!({"listType": "friends"}))]), ["unknown-word"]);
    assert_eq!(after(&[with("N1", json!({"listType": "blockList"}))]), ["block-list"]);
    assert_eq!(after(&[with("N1", json!({"effectiveTime": "2025-01-01"}))]), ["begin-after-end"]);
    assert_eq!(after(&[good("n-1")]), ["plate-form"]);
    assert_eq!(after(&[]), ["empty-write"]);
    let mut endless = good("N1");
    endless.as_object_mut().unwrap().remove("effectiveTime");
    assert_eq!(after(&[endless]), ["no-end"]);
    let many: Vec<Value> = (0..21).map(|number| good(&format!("N{number}"))).collect();
    assert_eq!(after(&many[..20]), Vec::<String>::new());
    assert_eq!(after(&many), ["too-many-rows"]);
}

#[test]
fn a_plate_stands_once_in_a_write() {
    let (camera, client) = turned(|s| s.listed_again = ListedAgain::Merged);
    write(&client, &[good("N1"), good("N1")]);
    all(&client);
    assert_eq!(slugs(&camera)[0], "plate-twice");
}

#[test]
fn strangers_are_left_alone() {
    let (camera, client) = turned(|s| s.listed_again = ListedAgain::Merged);
    camera.add_row(Row::new("X9").card("77").group("Staff"));
    camera.add_row(Row::new("Y9").blocked());
    write(&client, &[good("X9")]);
    all(&client);
    let id = camera.row("Y9").unwrap().id;
    delete(&client, &json!({"id": [id], "deleteAllEnabled": false}));
    all(&client);
    assert_eq!(slugs(&camera), ["stranger-changed", "stranger-deleted"]);
    assert_eq!(camera.strangers().len(), 1);
    camera.clear_violations();
    assert!(slugs(&camera).is_empty());
}

#[test]
fn deletions_that_nobody_may_send() {
    for (body, slug) in [
        (json!({"id": [], "deleteAllEnabled": true}), "delete-all"),
        (json!({"id": [], "deleteAllEnabled": false}), "empty-delete"),
        (json!({"id": [7], "deleteAllEnabled": false}), "field-type"),
        (json!({"id": ["7"]}), "no-delete-flag"),
        (json!({"id": ["7"], "deleteAllEnabled": false, "x": 1}), "unknown-field"),
        (json!({"id": ["7"], "licensePlate": [], "deleteAllEnabled": false}), "not-understood"),
    ] {
        let (camera, client) = turned(|_| {});
        delete(&client, &body);
        assert_eq!(slugs(&camera), [slug], "{body}");
    }
}

#[test]
fn the_whole_list_is_never_put() {
    let (camera, client) = turned(|_| {});
    camera.add_row(Row::new("X9"));
    let target = "/ISAPI/Traffic/channels/1/licensePlateAuditData?fileType=csv";
    let put = |text: &str| client.call("PUT", target, text).unwrap();
    let head = "\u{feff}No.,Plate,Group,Start,End,Card\r\n";
    for (text, name) in [
        (head.trim_start_matches('\u{feff}').to_owned(), "importFail"),
        (format!("{head}1,N1,2,2026-01-01,2026-12-31,\r\n"), "importErrorData"),
        (format!("{head}1,N1,1,2026-01-01\r\n"), "importErrorData"),
        (
            format!("{head}1,N1,1,2026-01-01,2026-12-31,\r\n2,N1,1,2026-01-01,2026-12-31,\r\n"),
            "existError",
        ),
    ] {
        let answer = put(&text);
        assert!(answer.status == 400 && answer.text().contains(name), "{}", answer.text());
        assert_eq!(camera.rows().len(), 2);
    }
    assert_eq!(put(&format!("{head}1,N1,1,2026-01-01,2026-12-31,77\r\n")).status, 200);
    assert_eq!((camera.rows().len(), camera.row("N1").unwrap().card_no.as_str()), (1, "77"));
    camera.edit_settings(|settings| settings.plate_list_num = 0);
    assert!(
        put(&format!("{head}1,N1,1,2026-01-01,2026-12-31,77\r\n")).text().contains("overLimit")
    );
    assert!(slugs(&camera).iter().all(|slug| slug == "whole-list-put"));
    assert_eq!(slugs(&camera).len(), 6);
}

#[test]
fn what_is_not_understood() {
    for (kind, method, target, body, expected) in [
        (JSON, "PUT", RECORD, "{", vec!["not-understood"]),
        (XML, "PUT", RECORD, "{}", vec!["content-type"]),
        (JSON, "PUT", DELETE, "<a/>", vec!["not-understood"]),
        (XML, "POST", SEARCH, "{}", vec!["not-understood"]),
        (XML, "POST", SEARCH, "<Other/>", vec!["not-understood"]),
        (XML, "POST", "/ISAPI/Nothing", "", vec!["unknown-path"]),
        (XML, "POST", "/ISAPI/Traffic/channels/2/searchLPListAudit", "", vec!["unknown-path"]),
        (JSON, "POST", RECORD, "{}", vec!["wrong-method"]),
        (XML, "PUT", "/ISAPI/Parking/channels/1/barrierGate", "<a/>", vec!["barrier-control"; 2]),
    ] {
        let (camera, client) = turned(|_| {});
        client.call_as(kind, method, target, body).unwrap();
        assert_eq!(slugs(&camera), expected, "{method} {target} {body}");
    }
    let (camera, client) = turned(|_| {});
    client.call_as(JSON, "POST", SEARCH, &asks(0, 1, "<extra/>")).unwrap();
    assert_eq!(slugs(&camera), ["content-type", "unknown-field"]);
    let (camera, client) = turned(|_| {});
    client.call("PUT", RECORD.trim_end_matches("?format=json"), "{}");
    assert_eq!(slugs(&camera), ["no-format-json"]);
    let (camera, _) = turned(|_| {});
    read(connect(camera.port(), b"nonsense\r\n\r\n"));
    read(connect(camera.port(), format!("PUT {RECORD} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()));
    assert_eq!(slugs(&camera), ["malformed", "no-content-length"]);
}

#[test]
fn writes_are_read_back() {
    let (camera, client) = turned(|_| {});
    write(&client, &[good("N1"), good("N2")]);
    assert_eq!(slugs(&camera), ["no-read-back", "no-read-back"]);
    search(&client, &asks(0, 10, "<LicensePlate>N1</LicensePlate>"));
    assert_eq!(slugs(&camera), ["no-read-back"]);
    search(&client, &asks(0, 1, ""));
    assert_eq!(slugs(&camera), ["no-read-back"]);
    let id = camera.row("N2").unwrap().id;
    delete(&client, &json!({"id": [id], "deleteAllEnabled": false}));
    all(&client);
    assert_eq!(slugs(&camera), ["no-read-back"], "written, deleted, and only then read");
}

#[test]
fn logins_are_watched_as_at_a_door() {
    let (camera, _) = camera(Vec::new());
    let bad = Digest { password: "wrong", ..Digest::new(camera.port()) };
    let info = "/ISAPI/System/deviceInfo";
    bad.call("GET", info, "");
    assert!(slugs(&camera).is_empty());
    bad.call("GET", info, "");
    assert_eq!(slugs(&camera), ["wrong-response-again"]);
    camera.clear_violations();
    send(camera.port(), "GET", info, &[("Authorization", "Basic YWRtaW46eA==")], "");
    let good = Digest::new(camera.port());
    let challenge = good.challenge("GET", info, "");
    let header = good.authorization(&challenge, "GET", info, 1);
    for _ in 0..2 {
        send(camera.port(), "GET", info, &[("Authorization", &header)], "");
    }
    assert_eq!(slugs(&camera), ["basic-authorization", "digest-replay"]);
}

#[test]
fn what_a_test_wants_is_not_listed() {
    let rules = Rules { rows_at_once: 1, wanted: vec!["block-list"] };
    let camera = Camera::start(Settings { rules, ..Settings::default() });
    let client = Digest::new(camera.port());
    write(&client, &[with("N1", json!({"listType": "blockList"})), good("N2")]);
    all(&client);
    assert_eq!(slugs(&camera), ["too-many-rows"]);
}
