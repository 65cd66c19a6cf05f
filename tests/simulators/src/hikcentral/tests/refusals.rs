//! Calls that are refused although they are right, and connections that break.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::http::{Fault, Step};

#[test]
fn every_code_for_some_calls_of_a_path() {
    let (platform, client) = turned(|_| {});
    for code in [
        "1",
        "3",
        "4",
        "5",
        "6",
        "8",
        "9",
        "11",
        "17",
        "64",
        "65",
        "66",
        "67",
        "69",
        "129",
        "130",
        "0x02401007",
        "0x02401008",
        "0x02401009",
        "0x0240100b",
        "0x02401036",
        "0x0240103b",
        "0x00072004",
        "0x00052102",
    ] {
        platform.refuse(Refusal::code(code).on("personInfo").after(1).times(2));
        let found: Vec<String> =
            (0..4).map(|_| client.code(BY_ID, &json!({"personId": "12"})).0).collect();
        assert_eq!(found, ["0", code, code, "0"]);
        assert_eq!(client.code(VERSION, &json!({})).0, "0");
    }
    assert!(platform.violations().is_empty());
}

#[test]
fn a_refusal_has_words() {
    let (platform, client) = turned(|_| {});
    platform.refuse(Refusal::code("5").times(1));
    let words = "Service exception. Hikcentral Database Exception";
    assert_eq!(client.code(VERSION, &json!({})), ("5".into(), words.into()));
    platform.set(|s| s.refusals = vec![Refusal::code("69").msg("not ticked").on(UPDATE)]);
    for _ in 0..2 {
        assert_eq!(client.code(UPDATE, &json!({})), ("69".into(), "not ticked".into()));
    }
    assert_eq!(client.code(VERSION, &json!({})).0, "0");
}

#[test]
fn a_signature_is_looked_at_before_a_code_is_given() {
    let (platform, client) = turned(|_| {});
    platform.refuse(Refusal::code("65"));
    let bad = Client { secret: "wrong", ..Client::of(&platform) };
    assert_eq!(bad.code(VERSION, &json!({})).0, "0x02401003");
    assert_eq!(client.code(VERSION, &json!({})).0, "65");
}

#[test]
fn the_web_server_refuses_with_a_page() {
    let (platform, client) = turned(|_| {});
    platform.refuse(Refusal::status(429).retry_after(7).times(1));
    platform.refuse(Refusal::status(503).msg("no page has words").times(1));
    for (status, retry_after) in [(429, vec!["7"]), (503, vec![])] {
        let answer = client.answer(VERSION, &json!({}));
        assert_eq!((answer.status, answer.headers("Retry-After")), (status, retry_after));
        assert_eq!(answer.headers("Content-Type"), ["text/html"]);
    }
    assert_eq!(client.code(VERSION, &json!({})).0, "0");
}

#[test]
fn a_refused_call_may_be_carried_out() {
    for (refusal, status) in [(Refusal::code("4"), 200), (Refusal::status(503), 503)] {
        let (platform, client) = turned(|_| {});
        let body = renewal(&client);
        platform.refuse(refusal.on("update").times(1).carried_out());
        let answer = client.answer(UPDATE, &body);
        assert_eq!(answer.status, status);
        assert!(!answer.text().contains("Success"), "{}", answer.text());
        assert_eq!(platform.person("12").unwrap().end.as_deref(), Some(NEW.1));
        assert_eq!(platform.writes().len(), 1);
    }
}

#[test]
fn connections_break() {
    let (platform, client) = turned(|_| {});
    let update = |client: &Client| client.try_call(UPDATE, &renewal(client).to_string());
    platform.fault(Fault::DropBefore.on("single/update").times(1));
    assert!(update(&client).is_none() && platform.writes().is_empty());
    platform.fault(Fault::DropAfter.on("single/update").times(1));
    assert!(update(&client).is_none() && platform.writes().len() == 1);
    platform.fault(Fault::CutBody(9).on("single/update").times(1));
    assert_eq!(update(&client).unwrap().body.len(), 9);
    platform.fault(Fault::HugeBody(1 << 20).on("personList").times(1));
    let page = json!({"pageNo": 1, "pageSize": 5}).to_string();
    assert_eq!(client.try_call(PERSONS, &page).unwrap().body.len(), 1 << 20);
    platform.fault(Fault::Wire(vec![Step::Hold]).on("version").times(1));
    let stalled = connect(client.port, &client.bytes("/artemis/api/common/v1/version", "{}"));
    stalled.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(read(stalled).is_none());
    platform.go_offline();
    assert!(std::net::TcpStream::connect(("127.0.0.1", platform.port())).is_err());
    platform.go_online();
    assert_eq!(client.person("12")["personId"], "12");
}
