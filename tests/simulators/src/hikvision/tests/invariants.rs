//! Every invariant, triggered once.

use serde_json::{Value, json};

use super::{device, exact, good_window, slugs, turned, window};
use crate::hikvision::{Challenge, Device, Filter, Person};
use crate::testing::{Digest, JSON, bytes, connect, read, send};

const INFO: &str = "/ISAPI/System/deviceInfo";
const MODIFY: &str = "/ISAPI/AccessControl/UserInfo/Modify?format=json";

/// The slugs after one person call.
fn after(method: &str, name: &str, body: &Value) -> Vec<String> {
    let (device, client) = turned(|_| {});
    client.person(method, name, body);
    slugs(&device)
}

fn has(found: &[String], slug: &str) -> bool {
    found.iter().any(|s| s == slug)
}

#[test]
fn only_one_wrong_response_per_run() {
    let (device, _) = device(Vec::new());
    let bad = Digest { password: "wrong", ..Digest::new(device.port()) };
    bad.call("GET", INFO, "");
    assert!(slugs(&device).is_empty());
    device.begin_run();
    bad.call("GET", INFO, "");
    assert!(slugs(&device).is_empty());
    bad.call("GET", "/ISAPI/System/time", "");
    assert_eq!(slugs(&device), ["wrong-response-again"]);
    device.clear_violations();
    assert!(slugs(&device).is_empty());
}

#[test]
fn a_refused_call_ends_somewhere() {
    let (device, _) = device(Vec::new());
    let bad = Digest { password: "wrong", ..Digest::new(device.port()) };
    bad.call("GET", INFO, "");
    for _ in 0..3 {
        send(device.port(), "GET", INFO, &[], "");
        assert!(slugs(&device).is_empty());
    }
    send(device.port(), "GET", INFO, &[], "");
    assert_eq!(slugs(&device), ["endless-attempts"]);
}

#[test]
fn a_worn_out_nonce_allows_a_second_attempt() {
    let (device, client) = device(Vec::new());
    let challenge = client.challenge("GET", INFO, "");
    for nc in [1, 2] {
        let header = client.authorization(&challenge, "GET", INFO, nc);
        send(device.port(), "GET", INFO, &[("Authorization", &header)], "");
    }
    client.call("GET", "/ISAPI/System/time", "");
    assert!(slugs(&device).is_empty(), "{:?}", device.violations());
}

#[test]
fn wrong_schemes() {
    let authorization = |value: &str| {
        let (device, _) = device(Vec::new());
        send(device.port(), "GET", INFO, &[("Authorization", value)], "");
        slugs(&device)
    };
    assert_eq!(authorization("Basic YWRtaW46eA=="), ["basic-authorization"]);
    assert_eq!(authorization("Bearer x"), ["unknown-authorization"]);
    assert_eq!(authorization("Digest username"), ["digest-syntax"]);
    assert_eq!(authorization("Digest qop=\"auth\", nonce=\"1\""), ["digest-syntax"]);
}

#[test]
fn digests_are_never_replayed_nor_weaker_than_offered() {
    let (device, client) = device(Vec::new());
    let challenge = client.challenge("GET", INFO, "");
    let header = client.authorization(&challenge, "GET", INFO, 1);
    for target in [INFO, "/ISAPI/System/time"] {
        send(device.port(), "GET", target, &[("Authorization", &header)], "");
    }
    assert_eq!(slugs(&device), ["digest-replay"]);
    let (device, client) = turned(|s| s.challenge = Challenge::Sha256ThenMd5);
    assert_eq!(client.call("GET", INFO, "").unwrap().status, 200);
    assert_eq!(slugs(&device), ["weaker-digest"]);
}

#[test]
fn bodies_must_have_a_length() {
    let (device, _) = device(Vec::new());
    let head = format!("PUT {MODIFY} HTTP/1.1\r\nHost: x\r\n");
    read(connect(device.port(), format!("{head}\r\n").as_bytes()));
    assert_eq!(slugs(&device), ["no-content-length"]);
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n");
    read(connect(device.port(), chunked.as_bytes()));
    assert_eq!(slugs(&device).len(), 2);
    read(connect(device.port(), b"nonsense\r\n\r\n"));
    assert_eq!(slugs(&device)[2], "malformed");
}

#[test]
fn a_password_key_is_seen_anywhere() {
    for body in [
        json!({"UserInfo": {"employeeNo": "1007", "password": "1"}}),
        json!({"a": [{"b": {"Password": ""}}]}),
    ] {
        assert!(has(&after("PUT", "Modify", &body), "password-key"), "{body}");
    }
    let (device, _) = device(Vec::new());
    let xml = "<User><password>x</password></User>";
    send(device.port(), "PUT", "/ISAPI/Security/users/1", &[], xml);
    assert_eq!(slugs(&device), ["password-key"]);
}

#[test]
fn forbidden_calls() {
    let (device, client) = turned(|_| {});
    let xml = "<RemoteControlDoor><cmd>open</cmd></RemoteControlDoor>";
    let answer = client.call("PUT", "/ISAPI/AccessControl/RemoteControl/door/1", xml).unwrap();
    assert_eq!(answer.json()["statusCode"], 1);
    assert!(slugs(&device).iter().all(|slug| slug == "remote-control"));
    assert!(has(&after("PUT", "SetUp", &good_window()), "setup-used"));
    assert!(has(&after("POST", "Record", &good_window()), "record-used"));
    let delete = json!({"UserInfoDelCond": {"EmployeeNoList": []}});
    let found = after("PUT", "Delete", &delete);
    assert!(has(&found, "delete-used") && has(&found, "empty-delete"));
}

#[test]
fn forbidden_windows_and_fields() {
    let changed = |change: fn(&mut Value)| {
        let mut body = good_window();
        change(&mut body["UserInfo"]);
        after("PUT", "Modify", &body)
    };
    assert!(has(&changed(|p| p["Valid"]["enable"] = json!(false)), "enable-false"));
    assert!(has(&changed(|p| p["Valid"]["timeType"] = json!("UTC")), "time-type"));
    let absent = changed(|p| {
        p["Valid"].as_object_mut().unwrap().remove("timeType");
    });
    assert!(has(&absent, "time-type"));
    let backwards = window("1007", "2026-06-01T00:00:00", "2026-05-01T00:00:00");
    assert!(has(&after("PUT", "Modify", &backwards), "begin-after-end"));
    let far = window("1007", "2026-06-01T00:00:00", "2038-01-01T00:00:00");
    assert!(has(&after("PUT", "Modify", &far), "year-after-2037"));
    assert!(has(&changed(|p| p["numOfCard"] = json!(1)), "read-only-field"));
    assert!(has(&changed(|p| p["openDoorTime"] = json!(1)), "read-only-field"));
    assert!(has(&changed(|p| p["faceURL"] = json!("x")), "read-only-field"));
    assert!(has(&changed(|p| p["addUser"] = json!(true)), "control-field"));
}

#[test]
fn a_modify_is_read_back_before_the_same_person_is_written_again() {
    let (device, client) = turned(|_| {});
    client.person("PUT", "Modify", &good_window());
    assert_eq!(slugs(&device), ["no-read-back"]);
    client.person("POST", "Search", &exact("1008"));
    assert_eq!(slugs(&device), ["no-read-back"]);
    client.person("POST", "Search", &exact("1007"));
    assert!(slugs(&device).is_empty());
    client.person("PUT", "Modify", &good_window());
    client.person("PUT", "Modify", &good_window());
    client.person("POST", "Search", &exact("1007"));
    assert_eq!(slugs(&device), ["no-read-back"]);
}

#[test]
fn a_person_on_any_page_is_read_back_and_one_asked_for_in_vain_is_not() {
    for (filter, shown) in [(Filter::Exact, true), (Filter::Ignored, true), (Filter::Error, false)]
    {
        let (device, client) = turned(|s| s.filter = filter);
        client.person("PUT", "Modify", &good_window());
        client.person("POST", "Search", &exact("1007"));
        assert_eq!(slugs(&device).is_empty(), shown, "{filter:?}");
    }
    let (device, client) = turned(|s| s.filter = Filter::Ignored);
    device.meanwhile("Modify", 1, |persons| persons.push(Person::new("1008")));
    client.person("PUT", "Modify", &good_window());
    client.person("PUT", "Modify", &window("1008", "2026-01-01T00:00:00", "2026-02-01T00:00:00"));
    let all = json!({"UserInfoSearchCond": {
        "searchID": "s1", "searchResultPosition": 0, "maxResults": 30,
    }});
    client.person("POST", "Search", &all);
    assert!(slugs(&device).is_empty());
}

#[test]
fn a_refused_modify_needs_no_read_back() {
    assert!(after("PUT", "Modify", &json!({"UserInfo": {"employeeNo": "7"}})).is_empty());
}

#[test]
fn json_calls_say_so() {
    let call = |target: &str, kind: (&str, &str)| {
        let (device, client) = turned(|_| {});
        let body = good_window().to_string();
        let challenge = client.challenge("PUT", target, &body);
        let header = client.authorization(&challenge, "PUT", target, 1);
        send(device.port(), "PUT", target, &[kind, ("Authorization", &header)], &body);
        client.person("POST", "Search", &exact("1007"));
        slugs(&device)
    };
    assert!(call(MODIFY, JSON).is_empty());
    assert!(call(MODIFY, ("Content-Type", "application/json; charset=UTF-8")).is_empty());
    assert_eq!(call(MODIFY, ("Content-Type", "application/xml")), ["content-type"]);
    assert_eq!(call("/ISAPI/AccessControl/UserInfo/Modify", JSON), ["no-format-json"]);
}

#[test]
fn wrong_methods_and_paths() {
    let call = |device: &Device, method: &str, target: &str| {
        Digest::new(device.port()).call(method, target, "{}").unwrap()
    };
    let (device, _) = device(Vec::new());
    let search = "/ISAPI/AccessControl/UserInfo/Search?format=json";
    assert_eq!(call(&device, "GET", search).status, 404);
    assert_eq!(call(&device, "POST", MODIFY).json()["subStatusCode"], "methodNotAllowed");
    assert_eq!(call(&device, "GET", "/ISAPI/Nothing").status, 404);
    assert_eq!(slugs(&device), ["wrong-method", "wrong-method", "unknown-path"]);
}

#[test]
fn two_requests_at_once() {
    let (device, _) = device(Vec::new());
    let open = connect(device.port(), b"GET /SDK/");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while slugs(&device).is_empty() && std::time::Instant::now() < deadline {
        send(device.port(), "GET", "/SDK/activateStatus", &[], "");
    }
    assert!(has(&slugs(&device), "in-flight"));
    drop(open);
    assert!(!bytes("GET", "/", &[], "").is_empty());
}
