//! What is changed, and what is known when it went wrong.

use std::collections::BTreeMap;

use serde_json::Value;

use super::server::is_signed_with;
use super::{SECRET, assert_discreet, client, ok, person};
use crate::connectors::hikcentral::wire::read_record;
use crate::connectors::hikcentral::{Error, Meaning};
use crate::model::testing::zone;
use crate::model::{RecordId, Window, parse_time};
use crate::net::testing::{Reply, Server, answer, said};
use crate::ports::{Class, FullRecord};

fn record() -> FullRecord {
    read_record(&person(1), zone("Europe/Ljubljana")).unwrap()
}

fn year() -> Window {
    let at = |text| parse_time(text).unwrap();
    Window::new(at("2026-01-01T00:00:00"), at("2027-12-31T23:59:59")).unwrap()
}

fn update(reply: impl Fn() -> Reply + Send + 'static) -> (Result<(), Error>, usize) {
    let server = Server::new(move |_, _| reply());
    let done = client(&server.url).update(&record(), year());
    (done, server.requests().len())
}

#[test]
fn a_change_sends_everything_back() {
    let server = Server::new(|_, request| {
        assert!(is_signed_with(request, SECRET));
        said(r#"{"code":"0","msg":"Success","data":""}"#)
    });
    client(&server.url).update(&record(), year()).unwrap();
    let [request] = &server.requests()[..] else { panic!() };
    assert_eq!(request.path(), "/artemis/api/resource/v1/person/single/update");
    let mut expected = person(1);
    expected.as_object_mut().unwrap().remove("personName");
    expected["endTime"] = "2027-12-31T23:59:59+01:00".into();
    assert_eq!(serde_json::from_str::<Value>(&request.body).unwrap(), expected);
}

#[test]
fn every_form_of_yes() {
    for data in ["\"\"", "\"null\"", "\" \"", "{}", "[]", "null"] {
        let (done, _) =
            update(move || said(&format!(r#"{{"code":"0","msg":"ok","data":{data}}}"#)));
        assert_eq!(done, Ok(()), "{data}");
    }
    assert_eq!(update(|| said(r#"{"code":0}"#)).0, Ok(()));
}

/// Mutants: a write is repeated; a lost answer counts as nothing done.
#[test]
fn a_write_is_never_repeated() {
    let body = |body: &'static str| move || said(body);
    let busy = || answer("429 Too Many Requests", "Retry-After: 0\r\n", b"");
    let cut =
        || Reply::SendAndClose(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n{\"code\"".to_vec());
    for (name, (done, requests), class) in [
        ("dropped", update(|| Reply::Drop), Class::Unknown),
        ("silent", update(|| Reply::Silence), Class::Unknown),
        ("cut", update(cut), Class::Unknown),
        ("no JSON", update(body("OK")), Class::Unknown),
        ("no code", update(body("{\"personId\":\"1\"}")), Class::Unknown),
        ("too long", update(|| said(&" ".repeat(70_000))), Class::Unknown),
        ("bad gateway", update(|| answer("502 Bad Gateway", "", b"")), Class::Unknown),
        ("yes, and no", update(|| answer("500 Oops", "", b"{\"code\":\"0\"}")), Class::Unknown),
        ("unknown error", update(body(r#"{"code":"1"}"#)), Class::Unknown),
        ("database", update(body(r#"{"code":"5"}"#)), Class::Unknown),
        ("too fast", update(busy), Class::Temporary),
        ("busy", update(body(r#"{"code":"0x02401009"}"#)), Class::Temporary),
        ("unticked", update(body(r#"{"code":"69"}"#)), Class::MissingRight),
        ("unknown person", update(body(r#"{"code":"128"}"#)), Class::NoSuchRecord),
        ("parameter", update(body(r#"{"code":"2"}"#)), Class::Refused),
    ] {
        let error = done.unwrap_err();
        assert_eq!((error.class(), requests), (class, 1), "{name}: {error}");
        assert_discreet(&error);
    }
}

#[test]
fn nothing_was_sent_where_nobody_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = client(&format!("http://{address}/")).update(&record(), year()).unwrap_err();
    let text = format!("the platform could not be reached at {address}: connection refused");
    assert_eq!(error.to_string(), text);
    assert_eq!(error.class(), Class::Temporary);
}

#[test]
fn a_connection_that_was_reused_and_closed_leaves_a_write_unknown() {
    let server = Server::new(|at, _| match at {
        0 => said(&ok(person(1))),
        _ => Reply::Drop,
    });
    let mut client = client(&server.url);
    let read = client.person(&RecordId::new("150001").unwrap()).unwrap().unwrap();
    assert_eq!(client.update(&read, year()).unwrap_err().class(), Class::Unknown);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_message_about_a_person_names_nobody() {
    let (done, _) = update(|| {
        said(
            r#"{"code":"2","msg":"person Ana Example (ana1@example.si): beginTime parameter error"}"#,
        )
    });
    let error = done.unwrap_err();
    assert_discreet(&error);
    assert_eq!(
        error.to_string(),
        "person update: the platform does not take this request (code 2)"
    );
}

#[test]
fn a_window_that_is_none_is_not_sent() {
    let server = Server::new(|_, _| said(&ok("".into())));
    let moment = parse_time("2027-01-01T00:00:00").unwrap();
    let nothing = Window::new(moment, moment).unwrap();
    let error = client(&server.url).update(&record(), nothing).unwrap_err();
    assert!(matches!(error, Error::Unsent { .. }), "{error}");
    assert!(server.requests().is_empty());
}

#[test]
fn persons_are_applied_a_hundred_at_a_time() {
    let server = Server::new(|_, _| said(r#"{"code":"0","msg":"Success","data":"null"}"#));
    let ids: Vec<_> = (1..=250).map(|id| id.to_string()).collect();
    let mut client = client(&server.url);
    for some in [&[], &ids[..2], &ids] {
        assert_eq!(client.reapply(some), Ok(BTreeMap::new()));
    }
    let requests = server.requests();
    assert_eq!(requests[0].path(), "/artemis/api/visitor/v1/auth/reapplication");
    assert_eq!(requests[0].body, r#"{"ImmediateDownload":0,"personIds":"1,2"}"#);
    let counts: Vec<_> = requests.iter().map(|request| request.body.matches(',').count()).collect();
    assert_eq!(counts, [2, 100, 100, 50]);
    assert!(requests[3].body.ends_with(",250\"}"));
}

/// Mutants: one who is refused keeps the others from being applied; somebody is applied with nobody named, which
/// is everybody.
#[test]
fn whoever_is_refused_is_found_and_the_others_are_applied() {
    let refusing = |code: &'static str| {
        Server::new(move |_, request| {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            let ids: Vec<&str> = body["personIds"].as_str().unwrap().split(',').collect();
            assert!(ids.iter().all(|id| !id.is_empty()));
            let is_bad = ids.iter().any(|id| ["7", "8", "140"].contains(id));
            said(&format!(r#"{{"code":"{}"}}"#, if is_bad { code } else { "0" }))
        })
    };
    let ids: Vec<_> = (1..=150).map(|id| id.to_string()).collect();
    for code in ["128", "130", "2"] {
        let server = refusing(code);
        let refused = client(&server.url).reapply(&ids).unwrap();
        assert_eq!(refused.keys().collect::<Vec<_>>(), ["140", "7", "8"], "{code}");
        let taken = server.requests().into_iter().flat_map(|request| {
            let body: Value = serde_json::from_str(&request.body).unwrap();
            let ids = body["personIds"].as_str().unwrap().split(',');
            let ids: Vec<String> = ids.map(str::to_owned).collect();
            let is_bad = ids.iter().any(|id| refused.contains_key(id));
            if is_bad { Vec::new() } else { ids }
        });
        assert_eq!(taken.count(), 147, "each of the others once");
        assert!(server.requests().len() < 50, "{}", server.requests().len());
    }
    // What is wrong with the partner is nobody's fault.
    let error = client(&refusing("69").url).reapply(&ids).unwrap_err();
    assert_eq!(error.class(), Class::MissingRight);
}

/// A signature that the platform took a moment ago may have been refused after the write was carried out.
#[test]
fn a_refused_signature_of_a_write_after_a_read_is_looked_into_once() {
    let refused = || said(r#"{"code":"0x02401003","msg":"Invalid Signature!","data":""}"#);
    let server = Server::new(move |at, _| match at {
        0 | 2 => said(&ok(person(1))),
        _ => refused(),
    });
    let mut client = client(&server.url);
    let id = RecordId::new("150001").unwrap();
    let read = client.person(&id).unwrap().unwrap();
    let error = client.update(&read, year()).unwrap_err();
    assert_eq!((error.class(), error.spent_a_login()), (Class::Unknown, false));
    assert!(client.person(&id).unwrap().is_some(), "it can be read back");
    assert_eq!(client.update(&read, year()).unwrap_err().class(), Class::Unknown);
    let error = client.update(&read, year()).unwrap_err();
    assert_eq!((error.class(), error.spent_a_login()), (Class::Login, true));
    assert_eq!(client.person(&id).unwrap_err(), error, "nothing is sent after it");
    assert_eq!(server.requests().len(), 5);
}

/// Mutants: a text that the platform holds and does not take back is a refusal like any other; it is not even sent.
#[test]
fn a_field_that_is_too_long_is_named() {
    let long = |key: &str, length: usize| {
        let mut person = person(1);
        person[key] = "č".repeat(length).into();
        read_record(&person, zone("Europe/Ljubljana")).unwrap()
    };
    let server = Server::new(|_, _| said(r#"{"code":"2","msg":"parameter error","data":""}"#));
    let mut client = client(&server.url);
    let error = client.update(&long("remark", 129), year()).unwrap_err();
    assert_eq!(error.class(), Class::Unfit);
    assert_eq!(
        error.to_string(),
        "person update: the platform does not take this request (code 2); remark has 129 characters, and a \
         change takes 128 at most"
    );
    assert_eq!(client.update(&long("phoneNo", 65), year()).unwrap_err().class(), Class::Unfit);
    assert_eq!(client.update(&long("remark", 128), year()).unwrap_err().class(), Class::Refused);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn applying_stops_at_the_first_refusal() {
    let server = Server::new(|at, _| match at {
        0 => said(r#"{"code":"0"}"#),
        _ => said(r#"{"code":"8","msg":"This product version is not supported","data":""}"#),
    });
    let ids: Vec<_> = (1..=250).map(|id| id.to_string()).collect();
    let error = client(&server.url).reapply(&ids).unwrap_err();
    assert!(matches!(&error, Error::Refused { meaning: Meaning::NotOffered, .. }), "{error}");
    assert!(error.to_string().contains("/artemis/api/visitor/v1/auth/reapplication"), "{error}");
    assert_eq!(server.requests().len(), 2);
}
