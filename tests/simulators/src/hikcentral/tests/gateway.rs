//! Keys, signatures, paths and versions.

use chrono::TimeDelta;
use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::http::Tls;
use crate::testing::send;

type Headers = Vec<(String, String)>;

#[test]
fn a_signed_call_is_answered() {
    let (platform, client) = turned(|_| {});
    let answer = client.answer(VERSION, &json!({}));
    assert_eq!((answer.status, answer.headers("Content-Type")), (200, vec!["application/json"]));
    let data = json!({"produceName": "HikCentral Professional", "softVersion": "V2.1.0.0"});
    assert_eq!(answer.json(), json!({"code": "0", "msg": "Success", "data": data}));
    assert!(platform.violations().is_empty(), "{:?}", platform.violations());
}

#[test]
fn the_version_needs_no_body() {
    let (_platform, client) = turned(|_| {});
    let bare = send(
        client.port,
        "POST",
        "/artemis/api/common/v1/version",
        &[
            ("Accept", "*/*"),
            ("X-Ca-Key", "12345678"),
            ("X-Ca-Signature-Headers", "x-ca-key"),
            ("X-Ca-Signature", "svS3gEfn0hQMjkU+s1v/imtbvr3DOWV/9FFYmgX6QJk="),
        ],
        "",
    );
    assert_eq!(bare.unwrap().json()["code"], "0");
}

#[test]
fn what_is_missing_has_a_code_of_its_own() {
    let (_platform, client) = turned(|_| {});
    let code = |headers: &[(&str, &str)]| {
        let target = format!("/artemis/api/{PERSONS}");
        send(client.port, "POST", &target, headers, "{}").unwrap().json()["code"].clone()
    };
    assert_eq!(code(&[]), "0x02401000");
    assert_eq!(code(&[("X-Ca-Key", "87654321")]), "0x02401001");
    assert_eq!(code(&[("X-Ca-Key", "12345678")]), "0x02401002");
    let signature = ("X-Ca-Signature", "svS3gEfn0hQMjkU+s1v/imtbvr3DOWV/9FFYmgX6QJk=");
    assert_eq!(code(&[("X-Ca-Key", "12345678"), signature]), "0x02401003");
}

#[test]
fn a_bad_signature_tells_what_was_signed() {
    let text = "Invalid Signature! and StringToSign: POST\n*/*\n";
    for (style, code, begin) in [
        (BadSignature::New, "0x02401003", "api AK/SK signature authentication failed,"),
        (BadSignature::Old, "0x02401003", ""),
        (BadSignature::Code13, "13", "api AK/SK signature authentication failed,"),
    ] {
        let (_platform, client) = turned(|s| s.bad_signature = style);
        let found = Client { secret: "wrong", ..client }.code(PERSONS, &json!({}));
        assert_eq!(found.0, code);
        assert!(found.1.starts_with(&format!("{begin}{text}")), "{}", found.1);
        assert!(found.1.contains("x-ca-key:12345678\n"), "{}", found.1);
        let end = format!(", apiName : {PERSONS}, appKey : 12345678");
        assert_eq!(found.1.ends_with(&end), style != BadSignature::Old, "{}", found.1);
    }
}

#[test]
fn a_bad_signature_may_have_status_401() {
    let (_platform, client) = turned(|s| s.signature_401 = true);
    let bad = Client { secret: "wrong", ..client };
    let answer = bad.answer(PERSONS, &json!({}));
    assert_eq!((answer.status, answer.json()["code"].as_str()), (401, Some("0x02401003")));
}

#[test]
fn every_byte_counts() {
    let (platform, client) = turned(|_| {});
    let target = format!("/artemis/api/{PERSONS}");
    let good = client.sign(&target, r#"{"pageNo":1,"pageSize":5}"#);
    let code = |change: &dyn Fn(&mut Headers), body: &str| {
        let mut headers = good.clone();
        change(&mut headers);
        let headers: Vec<_> = headers.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let answer = send(platform.port(), "POST", &target, &headers, body).unwrap();
        answer.json()["code"].as_str().unwrap().to_owned()
    };
    let body = r#"{"pageNo":1,"pageSize":5}"#;
    let set = |name: &'static str, value: &'static str| {
        move |headers: &mut Headers| {
            headers.retain(|(key, _)| key != name);
            headers.push((name.into(), value.into()));
        }
    };
    assert_eq!(code(&|_| {}, body), "0");
    assert_eq!(code(&|_| {}, r#"{"pageNo":1,"pageSize":6}"#), "0x02401003");
    for (name, value) in [
        ("Accept", "application/json"),
        ("Content-Type", "application/json;charset=UTF-8"),
        ("X-Ca-Nonce", "another"),
        ("X-Ca-Signature-Headers", "x-ca-key"),
        ("Date", "Thu, 24 Nov 2016 03:12:25 GMT"),
    ] {
        assert_eq!(code(&set(name, value), body), "0x02401003", "{name}");
    }
    let without_md5 = |headers: &mut Headers| {
        headers.retain(|(key, _)| key != "Content-MD5");
    };
    assert_eq!(code(&without_md5, body), "0x02401003");
    // Its value is not looked at, only whether it is there.
    assert_eq!(code(&set("Content-MD5", "AAAA"), body), "0");
    assert_eq!(code(&set("X-Unsigned", "1"), body), "0");
}

#[test]
fn a_call_that_signs_no_header_and_no_body_passes() {
    let (platform, _) = turned(|_| {});
    let target = format!("/artemis/api/{PERSONS}");
    let headers = [
        ("Accept", "*/*"),
        ("Content-Type", "application/json"),
        ("X-Ca-Key", "12345678"),
        ("X-Ca-Signature", "kAyCWrqX2ujX9XlDigJR8H7sPvJFu9LT9rJgGjxH4vA="),
    ];
    for body in [r#"{"pageNo":1,"pageSize":500}"#, r#"{"pageNo":1,"pageSize":5}"#] {
        let answer = send(platform.port(), "POST", &target, &headers, body).unwrap();
        assert_eq!(answer.json()["code"], "0");
    }
}

#[test]
fn replays_pass_until_there_is_a_window() {
    let now = at("2026-11-28T12:00:00Z");
    let clock = Clock::fixed(now);
    let platform = Platform::start(Settings { clock, ..Settings::default() });
    let client = |timestamp: i64, nonce: &str| {
        Client::of(&platform)
            .with("X-Ca-Timestamp", &timestamp.to_string())
            .with("X-Ca-Nonce", nonce)
            .code(VERSION, &json!({}))
    };
    let (milliseconds, minute) = (now.timestamp_millis(), 60_000);
    assert_eq!(client(1_479_968_678_000, "a").0, "0");
    assert_eq!(client(1_479_968_678_000, "a").0, "0");
    platform.set(|s| s.replay_window = Some(TimeDelta::minutes(15)));
    assert_eq!(client(milliseconds - 15 * minute, "b").0, "0");
    for (timestamp, nonce, why) in [
        (milliseconds, "b", "nonce used"),
        (milliseconds, "", "no nonce"),
        (milliseconds - 15 * minute - 1, "c", "timestamp expired"),
        (milliseconds + 16 * minute, "d", "timestamp expired"),
    ] {
        let found = client(timestamp, nonce);
        assert_eq!(found, ("0x02401003".into(), format!("Invalid Signature! {why}")));
    }
    let without = Client::of(&platform).code(VERSION, &json!({}));
    assert_eq!(without.1, "Invalid Signature! no timestamp");
}

#[test]
fn unknown_paths_answer_code_8_with_status_200() {
    let (_platform, client) = turned(|_| {});
    for api in ["resource/v1/person/search", "resource/v2/person/personList", "", PERSONS] {
        let api = if api == PERSONS { format!("{PERSONS}/") } else { api.to_owned() };
        let answer = client.answer(&api, &json!({"pageNo": 1, "pageSize": 5}));
        assert_eq!(answer.status, 200);
        let msg = "This product version is not supported";
        assert_eq!(answer.json(), json!({"code": "8", "msg": msg, "data": ""}));
    }
}

#[test]
fn each_version_knows_its_calls() {
    let all = [PERSONS, ADVANCED, BY_ID, BY_CODE, UPDATE, LEVELS, MEMBERS, REAPPLY, RESULT];
    for (version, unknown) in [
        ("V1.4.0", &all[..]),
        ("V1.5.0", &[BY_CODE, LEVELS, MEMBERS, RESULT]),
        ("V1.7.1", &[BY_CODE, LEVELS, MEMBERS]),
        ("V2.1.0.0", &[]),
        ("V3.1.0", &[]),
        ("V10.0", &[]),
    ] {
        let soft_version = version.to_owned();
        let platform = Platform::start(Settings { soft_version, ..Settings::default() });
        let client = Client::of(&platform);
        assert_eq!(client.data(VERSION, &json!({}))["softVersion"], version);
        let found = all.into_iter().filter(|api| client.code(api, &json!({})).0 == "8");
        assert_eq!(found.collect::<Vec<_>>(), unknown, "{version}");
    }
}

#[test]
fn without_open_api_or_prefix_there_is_a_plain_404() {
    let (platform, client) = turned(|s| s.not_installed = true);
    let is_page = |answer: &Answer| {
        answer.status == 404
            && answer.headers("Content-Type") == ["text/html"]
            && answer.text().starts_with("<html>")
    };
    assert!(is_page(&client.answer(VERSION, &json!({}))));
    platform.set(|s| s.not_installed = false);
    let target = "/api/common/v1/version";
    let answer = read(connect(client.port, &client.bytes(target, "{}"))).unwrap();
    assert!(is_page(&answer));
}

#[test]
fn only_post_and_only_json_objects() {
    let (platform, client) = turned(|_| {});
    let code = |client: &Client, body: &str| {
        let answer = client.try_call(PERSONS, body).unwrap().json();
        (answer["code"].as_str().unwrap().to_owned(), answer["msg"].as_str().unwrap().to_owned())
    };
    let page = r#"{"pageNo":1,"pageSize":5}"#;
    for content_type in ["application/json", "application/json;charset=UTF-8"] {
        assert_eq!(code(&Client { content_type, ..Client::of(&platform) }, page).0, "0");
    }
    let parameter = |name: &str| ("2".to_owned(), format!("{name} parameter error"));
    let text = Client { content_type: "text/plain", ..Client::of(&platform) };
    assert_eq!(code(&text, page), parameter("Content-Type"));
    for body in ["", "[]", "{", "null"] {
        assert_eq!(code(&client, body), parameter("body"), "{body}");
    }
    let put = Client { method: "PUT", ..client };
    assert_eq!(code(&put, page).0, "12");
}

#[test]
fn tls_has_a_certificate_of_its_own() {
    let platform = Platform::start(Settings { tls: Tls::SelfSigned, ..Settings::default() });
    assert!(platform.url().starts_with("https://127.0.0.1:"));
    assert_eq!(platform.certificate_sha256().unwrap().len(), 64);
    assert!(platform.certificate_der().is_some());
}
