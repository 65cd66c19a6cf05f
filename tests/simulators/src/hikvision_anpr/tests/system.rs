//! The calls about the camera itself, its account, its connections, and faults.

use chrono::TimeDelta;

use super::{SEARCH, all, asks, camera, good, plates, refusal, slugs, turned, write};
use crate::hikvision_anpr::*;
use crate::http::Fault;
use crate::testing::{Digest, XML, send};

const INFO: &str = "/ISAPI/System/deviceInfo";

#[test]
fn a_camera_says_who_it_is_and_what_time_it_has() {
    let (camera, client) = camera(Vec::new());
    let info = client.call("GET", INFO, "").unwrap().text();
    assert!(info.contains("<model>DS-TCG406-E</model>"), "{info}");
    assert!(info.contains("<firmwareVersion>V5.5.0</firmwareVersion>"), "{info}");
    assert!(info.contains("<deviceType>IPCamera</deviceType>"), "{info}");
    camera.clock().set("2026-07-01T10:00:00Z".parse().unwrap());
    camera.set_clock_offset(TimeDelta::seconds(90));
    let time = client.call("GET", "/ISAPI/System/time", "").unwrap().text();
    assert!(time.contains("<localTime>2026-07-01T12:01:30+02:00</localTime>"), "{time}");
    assert_eq!(camera.wall_clock().to_string(), "2026-07-01 12:01:30");
    let check = client.call("GET", "/ISAPI/Security/userCheck", "").unwrap().text();
    assert!(check.contains("<statusValue>200</statusValue>"), "{check}");
    assert_eq!(send(camera.port(), "GET", "/SDK/activateStatus", &[], "").unwrap().status, 200);
    assert!(slugs(&camera).is_empty());
}

#[test]
fn wrong_logins_lock_a_camera_too() {
    let (camera, good) = camera(Vec::new());
    let bad = Digest { password: "wrong", ..Digest::new(camera.port()) };
    for _ in 0..5 {
        assert_eq!(bad.call("GET", INFO, "").unwrap().status, 401);
    }
    let answer = good.call("GET", INFO, "").unwrap();
    assert!(answer.status == 401 && answer.text().contains("<lockStatus>locked</lockStatus>"));
    camera.clock().advance(TimeDelta::seconds(1801));
    assert_eq!(good.call("GET", INFO, "").unwrap().status, 200);
    camera.set_password("other");
    assert_eq!(good.call("GET", INFO, "").unwrap().status, 401);
}

#[test]
fn permissions_busyness_and_refused_logins() {
    let (camera, client) = turned(|s| s.permissions = Permissions::ReadsOnly);
    assert_eq!(refusal(&write(&client, &[good("N1")])), (403, 4, "lowPrivilege".into()));
    assert!(all(&client).contains("AB123CD"));
    camera.set(|s| s.permissions = Permissions::NoParameters);
    assert_eq!(client.call_as(XML, "POST", SEARCH, &asks(0, 1, "")).unwrap().status, 401);
    assert_eq!(client.call("GET", INFO, "").unwrap().status, 200);
    camera.set(|s| (s.permissions, s.logins_refused) = (Permissions::Admin, 1));
    assert_eq!(client.call("GET", INFO, "").unwrap().status, 401);
    camera.set(|s| s.device_busy = 1);
    assert_eq!(refusal(&write(&client, &[good("N1")])), (503, 2, "deviceBusy".into()));
    assert_eq!(write(&client, &[good("N1")]).status, 200);
}

#[test]
fn a_nonce_for_reads_serves_searches_and_no_write() {
    let (camera, client) = turned(|s| s.nonce = NonceLife::ReadsOnly);
    let challenge = client.challenge("GET", INFO, "");
    let header = client.authorization(&challenge, "POST", SEARCH, 1);
    let headers = [XML, ("Authorization", header.as_str())];
    let body = asks(0, 1, "");
    assert_eq!(send(camera.port(), "POST", SEARCH, &headers, &body).unwrap().status, 200);
    let header = client.authorization(&challenge, "PUT", super::RECORD, 2);
    let headers = [crate::testing::JSON, ("Authorization", header.as_str())];
    assert_eq!(send(camera.port(), "PUT", super::RECORD, &headers, "{}").unwrap().status, 401);
}

#[test]
fn an_answer_that_is_lost_leaves_the_row() {
    let (camera, client) = turned(|_| {});
    camera.fault(Fault::DropAfter.on("record").authenticated().times(1));
    let body = serde_json::json!({"LicensePlateInfoList": [good("N1")]}).to_string();
    assert!(client.call("PUT", super::RECORD, &body).is_none());
    assert_eq!(plates(&camera), ["AB123CD", "N1"]);
    camera.fault(Fault::DropBefore.on("record").authenticated().times(1));
    assert!(client.call("PUT", super::RECORD, &body.replace("N1", "N2")).is_none());
    assert!(camera.row("N2").is_none());
}

#[test]
fn rows_by_hand() {
    let (camera, client) = camera(vec![Row::new("AB1"), Row::new("AB2").id("7")]);
    assert_eq!(camera.row("AB2").unwrap().id, "7");
    assert!(camera.edit_row("ab 1", |row| row.card_no = "5".into()));
    assert!(!camera.edit_row("AB9", |_| {}) && !camera.remove_row("AB9"));
    assert!(all(&client).contains("<cardNo>5</cardNo>"));
    assert!(camera.remove_row("AB1"));
    camera.go_offline();
    camera.add_row(Row::new("AB3"));
    camera.go_online();
    assert!(all(&client).contains("AB3"));
    assert_eq!(plates(&camera), ["AB2", "AB3"]);
    assert!(slugs(&camera).is_empty());
}
