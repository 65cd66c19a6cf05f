//! The calls about the device itself, and how it handles connections.

use std::time::Duration;

use chrono::TimeDelta;

use super::{device, slugs, turned};
use crate::hikvision::*;
use crate::http::Fault;
use crate::testing::{Digest, bytes, connect, read, send};
use crate::zone::Zone;

const INFO: &str = "/ISAPI/System/deviceInfo";

#[test]
fn device_info_is_xml_whatever_is_asked() {
    let (device, client) = device(Vec::new());
    let text = client.call("GET", "/ISAPI/System/deviceInfo?format=json", "").unwrap().text();
    assert!(text.starts_with("<?xml") && text.contains("<model>DS-K1T342MX</model>"), "{text}");
    assert!(text.contains("xmlns=\"http://www.isapi.org/ver20/XMLSchema\""));
    device.set(|s| (s.info_format, s.namespace) = (InfoFormat::FollowsFormat, Namespace::StdCgi));
    device.edit_settings(|settings| settings.model = "DS-K2604".into());
    let answer = client.call("GET", "/ISAPI/System/deviceInfo?format=json", "").unwrap();
    assert_eq!(answer.json()["DeviceInfo"]["model"], "DS-K2604");
    let text = client.call("GET", INFO, "").unwrap().text();
    assert!(text.contains("http://www.std-cgi.com/ver20/XMLSchema"), "{text}");
}

#[test]
fn time_is_wall_clock_with_inverted_zone() {
    let (device, client) = device(Vec::new());
    device.clock().set("2026-07-01T10:00:00Z".parse().unwrap());
    let time = || client.call("GET", "/ISAPI/System/time", "").unwrap().text();
    let text = time();
    assert!(text.contains("<localTime>2026-07-01T12:00:00+02:00</localTime>"), "{text}");
    assert!(text.contains("<timeZone>CST-1:00:00DST01:00:00,M3.5.0"), "{text}");
    device.set(|s| s.local_time = LocalTime::Plain);
    device.set_time_zone(Zone::fixed(300));
    device.set_clock_offset(TimeDelta::seconds(-90));
    let text = time();
    assert!(text.contains("<localTime>2026-07-01T14:58:30</localTime>"), "{text}");
    assert!(text.contains("<timeZone>CST-5:00:00</timeZone>"), "{text}");
    assert_eq!(device.wall_clock().to_string(), "2026-07-01 14:58:30");
}

#[test]
fn the_other_reads() {
    let (device, client) = device(vec![Person::new("1"), Person::new("2")]);
    let bare = send(device.port(), "GET", "/SDK/activateStatus", &[], "").unwrap();
    assert!(bare.status == 200 && bare.text().contains("<Activated>true</Activated>"));
    let read = |target: &str| client.call("GET", target, "").unwrap();
    let check = read("/ISAPI/Security/userCheck").text();
    assert!(check.contains("<statusValue>200</statusValue>") && !check.contains("lockStatus"));
    let lock = read("/ISAPI/Security/illegalLoginLock").text();
    assert!(lock.contains("<maxIllegalLoginTimes>5</maxIllegalLoginTimes>"), "{lock}");
    let access = read("/ISAPI/AccessControl/capabilities").text();
    assert!(access.contains("<isSupportUserInfo>true</isSupportUserInfo>"), "{access}");
    let count = read("/ISAPI/AccessControl/UserInfo/Count?format=json").json();
    assert_eq!(count["UserInfoCount"]["userNumber"], 2);
    let able = read("/ISAPI/AccessControl/UserInfo/capabilities?format=json").json();
    assert_eq!(able["UserInfo"]["maxRecordNum"], 3000);
    assert_eq!(able["UserInfo"]["UserInfoSearchCond"]["maxResults"]["@max"], 30);
    assert!(slugs(&device).is_empty(), "{:?}", device.violations());
}

#[test]
fn connections_close_unless_kept() {
    let (device, client) = device(Vec::new());
    assert_eq!(client.call("GET", INFO, "").unwrap().headers("Connection"), ["close"]);
    device.set(|s| s.keep_alive = KeepAlive::Keep);
    let one = "GET /SDK/activateStatus HTTP/1.1\r\nHost: x\r\n\r\n";
    let two = one.replace("Host: x", "Host: x\r\nConnection: close");
    let answer = read(connect(device.port(), format!("{one}{two}").as_bytes())).unwrap();
    assert_eq!(answer.headers("Keep-Alive"), ["timeout=10, max=99"]);
    assert_eq!(answer.text().matches("ActivateStatus version").count(), 2);
    device.set(|s| s.keep_alive = KeepAlive::ClosesAfterEach(0));
    let answer = read(connect(device.port(), format!("{one}{one}").as_bytes())).unwrap();
    assert_eq!(answer.headers("Connection"), ["keep-alive"]);
    assert_eq!(answer.text().matches("ActivateStatus version").count(), 1);
    for is_done in [false, true] {
        device.set(|s| s.keep_alive = KeepAlive::ClosesAt { nth: 2, is_done });
        let answer = read(connect(device.port(), format!("{one}{one}{one}").as_bytes())).unwrap();
        assert_eq!(answer.text().matches("ActivateStatus version").count(), 1);
    }
    device.set(|s| s.keep_alive = KeepAlive::DropEvery(2));
    let drops =
        (0..4).filter(|_| send(device.port(), "GET", "/SDK/activateStatus", &[], "").is_none());
    assert_eq!(drops.count(), 2);
}

#[test]
fn a_second_request_waits_or_is_refused() {
    for (concurrency, expected) in [
        (Concurrency::Wait, Some("ActivateStatus")),
        (Concurrency::Busy, Some("deviceBusy")),
        (Concurrency::Reset, None),
    ] {
        let (device, _) = turned(|s| s.concurrency = concurrency);
        device.fault(Fault::Delay(Duration::from_millis(150)).times(1));
        let request = bytes("GET", "/SDK/activateStatus", &[], "");
        let first = connect(device.port(), &request);
        while device.requests().is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let second = read(connect(device.port(), &request));
        assert_eq!(second.is_some(), expected.is_some(), "{concurrency:?}");
        if let (Some(second), Some(expected)) = (second, expected) {
            assert!(second.text().contains(expected), "{}", second.text());
        }
        assert_eq!(read(first).unwrap().status, 200);
        assert_eq!(slugs(&device), ["in-flight"]);
    }
}

#[test]
fn a_device_comes_back_at_its_port_with_its_memory() {
    let (device, client) = device(vec![Person::new("1")]);
    device.go_offline();
    assert!(std::net::TcpStream::connect(("127.0.0.1", device.port())).is_err());
    device.add_person(Person::new("2"));
    device.go_online();
    assert_eq!(client.call("GET", INFO, "").unwrap().status, 200);
    assert!(device.remove_person("1") && !device.remove_person("1"));
    assert!(device.edit_person("2", |person| person.cards = 5));
    assert_eq!(device.persons().len(), 1);
    let port = device.port();
    drop(device);
    let next = Device::start(Settings { port, ..Settings::default() });
    assert_eq!(Digest::new(next.port()).call("GET", INFO, "").unwrap().status, 200);
}
