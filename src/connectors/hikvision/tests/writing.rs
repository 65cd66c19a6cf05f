//! Writing: what is sent, and what is believed afterwards.

use serde_json::Value;

use super::server::{device, is_logged_in, logins};
use super::{assert_discreet, reader};
use crate::connectors::hikvision::manners::WriteManners;
use crate::connectors::hikvision::writer::Writer;
use crate::connectors::hikvision::{Error, read_record};
use crate::model::testing::zone;
use crate::model::{RecordId, Window, parse_time};
use crate::net::testing::{Reply, Server, answer, said as ok};
use crate::ports::{Class, FullRecord};

const DONE: &str = r#"{"statusCode":1,"statusString":"OK","subStatusCode":"ok"}"#;

fn record() -> FullRecord {
    let value: Value = serde_json::from_slice(include_bytes!(
        "../../../../tests/fixtures/hikvision/user-info.json"
    ))
    .unwrap();
    read_record(&value, zone("Europe/Ljubljana")).unwrap()
}

fn modify(server: &Server) -> Result<(), Error> {
    let at = |text| parse_time(text).unwrap();
    let window = Window::new(at("2026-01-01T00:00:00"), at("2027-12-31T23:59:59")).unwrap();
    let (mut reader, mut manners) = (reader(&server.url), WriteManners::default());
    Writer::new(&mut reader, &mut manners, &[]).modify(&record(), window)
}

#[test]
fn a_change_as_it_is_sent() {
    let server = device(|_, _| ok(DONE));
    modify(&server).unwrap();
    let requests = server.requests();
    let [first, second] = requests.as_slice() else { panic!("{requests:?}") };
    let golden =
        include_str!("../../../../tests/fixtures/hikvision/modify-body.golden.json").trim_end();
    for request in [first, second] {
        assert_eq!(request.line(), "PUT /ISAPI/AccessControl/UserInfo/Modify?format=json HTTP/1.1");
        assert_eq!(request.body, golden);
        assert_eq!(request.header("content-length"), Some(golden.len().to_string().as_str()));
        assert_eq!(request.header("accept-encoding"), None);
    }
    assert!(
        second
            .header("authorization")
            .unwrap()
            .contains(r#"uri="/ISAPI/AccessControl/UserInfo/Modify?format=json""#)
    );
}

#[test]
fn only_a_status_of_one_is_success() {
    let unknown = Error::AnswerLost { call: "person change", write: true };
    for body in ["", "{}", "<html/>", "OK", r#"{"status":"OK"}"#] {
        let server = device(move |_, _| ok(body));
        let error = modify(&server).unwrap_err();
        assert_eq!((&error, error.class()), (&unknown, Class::Unknown), "{body}");
        assert_eq!(logins(&server), 1);
    }
    let server = device(|_, _| {
        answer("200 OK", "", "<ResponseStatus><statusCode>1</statusCode></ResponseStatus>")
    });
    modify(&server).unwrap();
}

#[test]
fn lost_answers_are_unknown_and_never_repeated() {
    let unknown = Error::AnswerLost { call: "person change", write: true };
    let cut = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"statusCode\":1".to_vec();
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n{}", " ".repeat(70_000))
        .into_bytes();
    let replies: [fn(Vec<u8>) -> Reply; 3] =
        [|_| Reply::Drop, |_| Reply::Silence, Reply::SendAndClose];
    for (make, bytes) in
        replies.into_iter().zip([Vec::new(), Vec::new(), cut]).chain([(replies[2], long)])
    {
        let server = device(move |_, _| make(bytes.clone()));
        assert_eq!(modify(&server), Err(unknown.clone()));
        assert_eq!(logins(&server), 1);
    }
    // A gateway in between does not know whether the device took it.
    for status in ["408 Request Timeout", "502 Bad Gateway", "504 Gateway Timeout"] {
        let server = device(move |_, _| answer(status, "Retry-After: 0\r\n", ""));
        assert_eq!(modify(&server), Err(unknown.clone()), "{status}");
        assert_eq!(logins(&server), 1, "{status}");
    }
    let server = Server::new(|_, _| Reply::Drop);
    assert_eq!(modify(&server), Err(unknown));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_busy_device_has_not_taken_it() {
    let busy = r#"{"statusCode":2,"subStatusCode":"deviceBusy"}"#;
    let server = device(move |login, _| if login < 2 { ok(busy) } else { ok(DONE) });
    modify(&server).unwrap();
    assert_eq!(logins(&server), 3);
    for (http, body) in [
        ("200 OK", r#"{"statusCode":2,"subStatusCode":"networkError"}"#),
        ("503 Service Unavailable", ""),
    ] {
        let server = device(move |_, _| answer(http, "", body));
        assert_eq!(modify(&server).unwrap_err().class(), Class::Temporary);
        assert_eq!(logins(&server), 1, "others are not repeated");
    }
}

#[test]
fn refusals_of_a_change() {
    let status = |class: u8, code: &str| {
        format!(r#"{{"statusCode":{class},"subStatusCode":"{code}","errorMsg":"Ana Example"}}"#)
    };
    let nobody = Error::NoSuchPerson(RecordId::new("1007").unwrap());
    for (http, body, expected, class) in [
        ("200 OK", status(6, "employeeNoNotExist"), Some(nobody.clone()), Class::NoSuchRecord),
        ("400 Bad Request", status(6, "deviceUserNotExist"), Some(nobody), Class::NoSuchRecord),
        (
            "403 Forbidden",
            status(4, "lowPrivilege"),
            Some(Error::MissingRight { call: "person change", http: 403 }),
            Class::MissingRight,
        ),
        ("200 OK", status(4, "invalidOperation"), None, Class::Refused),
        ("200 OK", status(3, "writeDatabaseError"), None, Class::Unknown),
        ("200 OK", status(7, "rebootRequired"), None, Class::Unknown),
        ("500 Internal Server Error", String::new(), None, Class::Unknown),
        ("302 Found", String::new(), None, Class::Refused),
    ] {
        let server = device(move |_, _| answer(http, "", &body));
        let error = modify(&server).unwrap_err();
        if let Some(expected) = expected {
            assert_eq!(error, expected);
        }
        assert_eq!(error.class(), class, "{error}");
        assert_discreet(&error);
        assert_eq!(logins(&server), 1, "{error}");
    }
}

#[test]
fn connections_closed_without_notice_lose_nothing() {
    let raw = |head: &str, body: &str| {
        format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    let info = include_str!("../../../../tests/fixtures/hikvision/device-info.xml");
    let server = Server::new(move |_, request| {
        let body = if request.line().starts_with("GET") { info } else { DONE };
        Reply::SendAndCloseLater(match is_logged_in(request) {
            true => raw("200 OK", body),
            false => {
                raw(&format!("401 Unauthorized\r\nWWW-Authenticate: {}", super::CHALLENGE), "")
            }
        })
    });
    for _ in 0..20 {
        modify(&server).unwrap();
    }
    let mut reader = reader(&server.url);
    for _ in 0..20 {
        reader.device_info().unwrap();
    }
}

/// Reads the device, so that its connection is known to be kept, and then changes a person; the device loses
/// the `lost`-th request.
fn modify_on_a_kept_connection(lost: usize, found: &'static str) -> (Result<(), Error>, Server) {
    let info = include_str!("../../../../tests/fixtures/hikvision/device-info.xml");
    let server = Server::new(move |before, request| {
        if before == lost {
            return Reply::Drop;
        }
        match (is_logged_in(request), request.path()) {
            (false, _) => super::server::unauthorized(super::CHALLENGE, ""),
            (true, path) if path.contains("Search") => ok(found),
            (true, path) if path.contains("Modify") => ok(DONE),
            (true, _) => ok(info),
        }
    });
    let at = |text| parse_time(text).unwrap();
    let window = Window::new(at("2026-01-01T00:00:00"), at("2027-12-31T23:59:59")).unwrap();
    let (mut reader, mut manners) = (reader(&server.url), WriteManners::default());
    reader.device_info().unwrap();
    let changed = Writer::new(&mut reader, &mut manners, &[]).modify(&record(), window);
    (changed, server)
}

fn changes(server: &Server) -> Vec<(usize, bool)> {
    let requests = server.requests();
    let changes = requests.iter().filter(|one| one.path().contains("Modify"));
    changes.map(|one| (one.connection, one.header("authorization").is_some())).collect()
}

/// Mutants: a write is lost with its login and sent again; one that was lost before it is sent again unread,
/// or though the person has changed, or not at all; all of it on the connection that was lost.
#[test]
fn a_write_that_is_lost_on_a_kept_connection() {
    const SAME: &str = concat!(
        r#"{"UserInfoSearch":{"searchID":"1","responseStatusStrg":"OK","numOfMatches":1,"totalMatches":1,"UserInfo":["#,
        include_str!("../../../../tests/fixtures/hikvision/user-info.json"),
        "]}}"
    );
    let unknown = Err(Error::AnswerLost { call: "person change", write: true });
    let (changed, server) = modify_on_a_kept_connection(usize::MAX, SAME);
    assert_eq!((changed, changes(&server)), (Ok(()), vec![(0, false), (0, true)]));
    let (changed, server) = modify_on_a_kept_connection(3, SAME);
    assert_eq!((changed, changes(&server)), (unknown.clone(), vec![(0, false), (0, true)]));
    let (changed, server) = modify_on_a_kept_connection(2, SAME);
    assert_eq!(changed, Ok(()));
    assert_eq!(
        changes(&server),
        [(0, false), (3, false), (4, true)],
        "after a reading on two others"
    );
    for other in [
        r#"{"UserInfoSearch":{"searchID":"1","responseStatusStrg":"NO MATCH","numOfMatches":0,"totalMatches":0}}"#,
        "<html/>",
    ] {
        let (changed, server) = modify_on_a_kept_connection(2, other);
        assert_eq!((changed, changes(&server)), (unknown.clone(), vec![(0, false)]));
    }
}
