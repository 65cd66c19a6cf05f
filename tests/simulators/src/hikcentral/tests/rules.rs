//! Every violation, committed once.

use chrono::TimeDelta;
use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::testing::send;

/// The slugs after an update of Ana that was careful before this change.
fn after(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let (platform, client) = turned(|_| {});
    let mut body = renewal(&client);
    change(&mut body);
    client.call(UPDATE, &body);
    client.person("12");
    slugs(&platform)
}

fn without(key: &str) -> Vec<String> {
    after(|body| drop(body.as_object_mut().unwrap().remove(key)))
}

#[test]
fn everything_but_the_window_comes_back_as_it_was() {
    assert!(after(|_| {}).is_empty());
    for key in person::TEXTS {
        assert_eq!(without(key), ["drops-field"], "{key}");
        assert_eq!(after(|body| body[key] = json!("X")), ["changes-field"], "{key}");
        assert_eq!(after(|body| body[key] = json!("")), ["changes-field"], "{key}");
    }
    assert!(without("gender").is_empty());
    assert_eq!(after(|body| body["gender"] = json!(1)), ["changes-field"]);
    assert_eq!(without("cards"), ["drops-cards"]);
    let one = json!([{"cardNo": "100001"}]);
    assert_eq!(after(|body| body["cards"] = one), ["changes-cards"]);
    assert_eq!(after(|body| body["cards"] = json!([])), ["empty-array", "changes-cards"]);
}

#[test]
fn a_person_who_has_little_needs_little() {
    let (platform, client) = turned(|_| {});
    client.person("13");
    let body = json!({
        "personId": "13", "personGivenName": "Bor", "personFamilyName": "Kos",
        "orgIndexCode": "1", "beginTime": NEW.0, "endTime": NEW.1,
    });
    client.data(UPDATE, &body);
    client.person("13");
    assert!(platform.violations().is_empty(), "{:?}", platform.violations());
}

#[test]
fn what_does_not_belong_into_an_update() {
    for key in ["faces", "faceData", "fingerPrint", "iris", "palmPrintVein", "personPhoto"] {
        assert_eq!(after(|body| body[key] = json!([1])), ["biometrics"], "{key}");
    }
    for key in ["personName", "customFieldList", "accessLevelList"] {
        assert_eq!(after(|body| body[key] = json!("x")), ["unknown-field"], "{key}");
    }
    assert_eq!(after(|body| body["keyfobs"] = json!([{"x": []}])), ["empty-array"]);
}

#[test]
fn times_have_one_form_and_an_order() {
    for (text, why) in [
        ("2027-01-31T23:59:59", "has no offset"),
        ("2027-01-31T22:59:59Z", "ends in Z"),
        ("2027-01-31T23:59:59.000+01:00", "has a fraction"),
        ("2027-01-31", "is no time"),
    ] {
        let (platform, client) = turned(|_| {});
        let mut body = renewal(&client);
        body["endTime"] = json!(text);
        client.code(UPDATE, &body);
        let line = format!("time-form: endTime \"{text}\" of 12 {why}");
        assert_eq!(platform.violations(), [line]);
    }
    assert_eq!(without("beginTime"), ["half-window"]);
    assert_eq!(without("endTime"), ["half-window"]);
    let begin = |body: &mut Value| body["beginTime"] = json!(NEW.1);
    assert_eq!(after(begin), ["begin-after-end"]);
    let far = |body: &mut Value| body["endTime"] = json!("2038-01-01T00:00:00+01:00");
    assert_eq!(after(far), ["after-2037"]);
    assert!(after(|body| body["endTime"] = json!("2037-12-31T23:59:59+01:00")).is_empty());
}

#[test]
fn a_person_is_read_before_and_after_a_write() {
    let (platform, client) = turned(|_| {});
    let body = renewal(&client);
    platform.begin_run();
    client.data(UPDATE, &body);
    assert_eq!(slugs(&platform), ["unread-write", "no-read-back"]);
    client.ids(1, 1);
    assert_eq!(slugs(&platform), ["unread-write"]);
    client.data(UPDATE, &body);
    client.data(UPDATE, &body);
    // A code that nobody has is not the person of that id.
    client.code(BY_CODE, &json!({"personCode": "12"}));
    assert_eq!(slugs(&platform), ["unread-write", "no-read-back", "no-read-back"]);
    client.data(BY_CODE, &json!({"personCode": "M150001"}));
    assert_eq!(slugs(&platform), ["unread-write", "no-read-back"]);
    platform.clear_violations();
    client.data(UPDATE, &body);
    platform.remove_person("12");
    client.code(BY_ID, &json!({"personId": "12"}));
    assert!(platform.violations().is_empty());
    client.code(UPDATE, &body);
    assert!(platform.violations().is_empty(), "a refused update needs no read-back");
}

#[test]
fn forbidden_and_unknown_paths() {
    let (platform, client) = turned(|_| {});
    let calls = [ADD, DELETE, "acs/v1/privilege/group/single/addPersons", VERSION];
    for api in calls {
        client.code(api, &json!({}));
    }
    assert_eq!(slugs(&platform), ["add-used", "delete-used", "path-not-allowed"]);
    platform.set_rules(|rules| {
        rules.wanted = vec!["add-used", "delete-used", "path-not-allowed"];
    });
    assert!(platform.violations().is_empty());
    platform.set_rules(|rules| rules.paths.retain(|path| *path != VERSION));
    client.code(VERSION, &json!({}));
    platform.set_rules(|rules| rules.wanted.clear());
    assert_eq!(slugs(&platform).last().unwrap(), "path-not-allowed");
    send(client.port, "POST", "/api/common/v1/version", &[], "");
    assert_eq!(slugs(&platform).last().unwrap(), "no-prefix");
}

#[test]
fn an_application_names_whom_it_is_for() {
    let (platform, client) = turned(|_| {});
    client.data(REAPPLY, &json!({"personIds": "12"}));
    assert!(platform.violations().is_empty());
    client.data(REAPPLY, &json!({}));
    client.data(REAPPLY, &json!({"personIds": ""}));
    assert_eq!(slugs(&platform), ["reapplied-everybody", "reapplied-everybody"]);
}

#[test]
fn requests_have_a_form() {
    let (platform, client) = turned(|_| {});
    client.code(PERSONS, &json!({"pageNo": 1, "pageSize": 501}));
    client.code(PERSONS, &json!({"pageNo": 0, "pageSize": 5}));
    client.code(
        RESULT,
        &json!({
            "applicationResultType": 1, "type": 1, "pageNo": 1, "pageSize": 501,
        }),
    );
    assert_eq!(slugs(&platform), ["page-size"; 3]);
    platform.clear_violations();
    Client { content_type: "text/plain", ..Client::of(&platform) }.code(VERSION, &json!({}));
    Client { method: "PUT", ..Client::of(&platform) }.code(VERSION, &json!({}));
    Client::of(&platform).with("Content-MD5", "AAAA").code(VERSION, &json!({}));
    Client::of(&platform).with("X-Note", "testsecret0123456789").code(VERSION, &json!({}));
    let query = format!("{VERSION}?a=1");
    assert_eq!(client.code(&query, &json!({})).0, "0");
    client.code(VERSION, &json!({"secret": "testsecret0123456789"}));
    client.code("testsecret0123456789", &json!({}));
    let form = ["content-type", "wrong-method", "content-md5", "secret-sent", "query"];
    assert_eq!(slugs(&platform)[..5], form);
    assert_eq!(slugs(&platform)[5..], ["secret-sent", "secret-sent", "path-not-allowed"]);
    platform.clear_violations();
    let head = "POST /artemis/api/common/v1/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n";
    read(connect(client.port, format!("{head}\r\n").as_bytes()));
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    read(connect(client.port, chunked.as_bytes()));
    read(connect(client.port, b"nonsense\r\n\r\n"));
    assert_eq!(slugs(&platform), ["no-content-length", "no-content-length", "malformed"]);
}

#[test]
fn signatures_are_made_anew_and_given_up_when_refused() {
    let (platform, client) = turned(|_| {});
    let bytes = client.bytes("/artemis/api/common/v1/version", "{}");
    for _ in 0..2 {
        assert_eq!(read(connect(client.port, &bytes)).unwrap().json()["code"], "0");
    }
    assert_eq!(slugs(&platform), ["nonce-again"]);
    platform.clear_violations();
    let bad = Client { secret: "wrong", ..Client::of(&platform) };
    bad.code(VERSION, &json!({}));
    platform.begin_run();
    bad.code(VERSION, &json!({}));
    assert!(platform.violations().is_empty());
    bad.code(VERSION, &json!({}));
    assert_eq!(slugs(&platform), ["bad-signature-again"]);
    platform.clear_violations();
    let target = "/artemis/api/common/v1/version";
    let text = format!("POST\nx-ca-key:12345678\nx-gone:\n{target}");
    let headers = [
        ("X-Ca-Key", "12345678"),
        ("X-Ca-Signature-Headers", "x-ca-key,x-gone"),
        ("X-Ca-Signature", &super::super::sign::signature("testsecret0123456789", &text)),
    ];
    assert_eq!(send(client.port, "POST", target, &headers, "").unwrap().json()["code"], "0");
    assert_eq!(slugs(&platform), ["signed-but-absent"]);
}

#[test]
fn whoever_is_told_to_wait_waits() {
    let (platform, client) = turned(|_| {});
    platform.refuse(Refusal::code("0x02401009").retry_after(1).times(1));
    client.code(VERSION, &json!({}));
    assert!(platform.violations().is_empty());
    client.code(VERSION, &json!({}));
    assert_eq!(slugs(&platform), ["too-soon"]);
    std::thread::sleep(std::time::Duration::from_secs(1));
    client.code(VERSION, &json!({}));
    assert_eq!(slugs(&platform), ["too-soon"]);
    platform.refuse(Refusal::status(429).retry_after(60).times(1));
    client.answer(VERSION, &json!({}));
    platform.begin_run();
    client.code(VERSION, &json!({}));
    assert_eq!(slugs(&platform), ["too-soon"]);
}

#[test]
fn no_more_requests_than_agreed() {
    let (platform, client) = turned(|_| {});
    for _ in 0..3 {
        client.code(VERSION, &json!({}));
    }
    assert!(platform.violations().is_empty());
    assert_eq!((platform.count("version"), platform.count("person")), (3, 0));
    assert_eq!(platform.requests().len(), 3);
    // Three calls over loopback take less than a second, unless the machine stands still.
    let times: Vec<_> = platform.requests().iter().map(|request| request.at).collect();
    if times[2] - times[0] < TimeDelta::seconds(1) {
        platform.set_rules(|rules| rules.per_second_max = Some(2));
        assert_eq!(slugs(&platform), ["rate"]);
        platform.set_rules(|rules| rules.per_second_max = Some(3));
        assert!(platform.violations().is_empty());
    }
    platform.clear_requests();
    let open = connect(client.port, b"POST /artemis");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while slugs(&platform).is_empty() && std::time::Instant::now() < deadline {
        client.code(VERSION, &json!({}));
    }
    assert!(slugs(&platform).contains(&"in-flight".to_owned()));
    platform.set_rules(|rules| (rules.in_flight_max, rules.per_second_max) = (2, None));
    assert!(platform.violations().is_empty());
    drop(open);
}

#[test]
fn a_platform_can_become_another_one() {
    let clock = Clock::fixed(at("2026-11-28T12:00:00Z"));
    let settings = Settings { clock, persons: two(), ..Settings::default() };
    let platform = Platform::start(settings);
    let client = Client::of(&platform);
    client.data(UPDATE, &renewal(&client));
    assert_eq!(platform.writes()[0].at, at("2026-11-28T12:00:00Z"));
    let date = client.answer(VERSION, &json!({})).headers("Date").join("");
    assert_eq!(date, "Sat, 28 Nov 2026 12:00:00 GMT");
    platform.clock().advance(TimeDelta::hours(1));
    client.data(UPDATE, &renewal(&client));
    assert_eq!(platform.writes()[1].at, at("2026-11-28T13:00:00Z"));
    platform.edit_settings(|settings| settings.app_secret = "another".into());
    assert_eq!(client.code(VERSION, &json!({})).0, "0x02401003");
    let other = Client { secret: "another", ..Client::of(&platform) };
    assert_eq!(other.code(VERSION, &json!({})).0, "0");
    assert!(!platform.switches().not_installed);
}
