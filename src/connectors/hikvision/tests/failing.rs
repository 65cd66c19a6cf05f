//! Devices that are busy, silent, endless or refuse, while they are read.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::reading::{DEVICE_INFO, page, person, read_all};
use super::server::{device, logins, nc, unauthorized};
use super::{CHALLENGE, assert_discreet, config, reader};
use crate::config::Tls;
use crate::connectors::hikvision::call::Limits;
use crate::connectors::hikvision::manners::Manners;
use crate::connectors::hikvision::{Error, Reader};
use crate::net::testing::{Reply, Server, answer, said as ok};
use crate::ports::Class;

#[test]
fn busy_devices_are_asked_again() {
    let busy = r#"{"statusCode":2,"statusString":"Device Busy","subStatusCode":"deviceBusy","errorCode":536870916}"#;
    let server = device(move |login, _| if login < 3 { ok(busy) } else { ok(DEVICE_INFO) });
    reader(&server.url).device_info().unwrap();
    assert_eq!(logins(&server), 4);
    let server = device(move |_, _| answer("503 Service Unavailable", "", ""));
    let error = reader(&server.url).device_info().unwrap_err();
    assert_eq!(error, Error::Busy { call: "device info", code: "HTTP 503".to_owned() });
    assert_eq!((logins(&server), error.class()), (4, Class::Temporary));
    let upgrading = r#"{"statusCode":2,"subStatusCode":"upgrading"}"#;
    let server = device(move |_, _| ok(upgrading));
    assert!(matches!(reader(&server.url).device_info(), Err(Error::Busy { .. })));
    assert_eq!(logins(&server), 1, "an upgrade takes minutes");
    let fault = r#"{"statusCode":3,"subStatusCode":"deviceError"}"#;
    let server = device(move |_, _| ok(fault));
    assert_eq!(reader(&server.url).device_info().unwrap_err().class(), Class::Temporary);
    assert_eq!(logins(&server), 2);
}

#[test]
fn a_pause_that_a_device_asks_for_is_kept_or_left_to_the_next_tick() {
    let busy = |header: &'static str| {
        device(move |login, _| match login {
            0 => answer("503 Service Unavailable", header, ""),
            _ => ok(DEVICE_INFO),
        })
    };
    let server = busy("Retry-After: 1\r\n");
    let began = Instant::now();
    reader(&server.url).device_info().unwrap();
    assert!(began.elapsed().as_millis() >= 1000, "not sooner than asked");
    assert_eq!(logins(&server), 2);
    for garbage in ["Retry-After: -5\r\n", "Retry-After: soon\r\n", "Retry-After: \r\n"] {
        let server = busy(garbage);
        reader(&server.url).device_info().unwrap();
        assert_eq!(logins(&server), 2, "{garbage}");
    }
    for long in ["Retry-After: 3600\r\n", "Retry-After: 1000000000000\r\n"] {
        let server = busy(long);
        assert!(matches!(reader(&server.url).device_info(), Err(Error::Busy { .. })), "{long}");
        assert_eq!(logins(&server), 1, "{long}");
    }
}

#[test]
fn waits_on_one_connection_are_bounded_in_all() {
    let server = device(|_, _| answer("503 Service Unavailable", "Retry-After: 1\r\n", ""));
    let limits = Limits { waits: Duration::from_millis(1500), ..super::quick() };
    let mut reader =
        Reader::with_limits(&config(&server.url, Tls::System), Manners::default(), limits).unwrap();
    for count in [2, 3, 4] {
        assert!(reader.device_info().is_err());
        assert_eq!(logins(&server), count, "one wait fits, and after that none");
    }
}

#[test]
fn a_right_that_is_missing_is_asked_for_once() {
    let low = r#"{"statusCode":4,"subStatusCode":"lowPrivilege"}"#;
    let server = device(move |_, _| answer("403 Forbidden", "Retry-After: 0\r\n", low));
    let call = "device info";
    assert_eq!(
        reader(&server.url).device_info().unwrap_err(),
        Error::MissingRight { call, http: 403 }
    );
    assert_eq!(logins(&server), 1);
}

#[test]
fn bytes_that_trickle_in_hit_the_limit_of_the_whole_answer() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".to_vec();
    for quick_bytes in [5, head.len()] {
        // Each byte comes well before the limit of a single read.
        let bytes = [head.clone(), vec![b' '; 1000]].concat();
        let server = device(move |_, _| Reply::Trickle {
            bytes: bytes.clone(),
            quick: quick_bytes,
            pause: Duration::from_millis(40),
        });
        let error = reader(&server.url).device_info().unwrap_err();
        assert_eq!(error, Error::Timeout { call: "device info" }, "after {quick_bytes} bytes");
        // Without a head it is silent, for all that anybody knows; what has begun is not asked for again.
        assert_eq!(logins(&server), if quick_bytes == 5 { 2 } else { 1 }, "{quick_bytes}");
    }
}

#[test]
fn interim_answers_without_end_hit_the_limit() {
    let server = Server::new(|_, _| Reply::Flood(b"HTTP/1.1 102 Processing\r\n\r\n".to_vec()));
    let error = reader(&server.url).device_info().unwrap_err();
    assert_eq!(error.class(), Class::Temporary, "{error}");
}

#[test]
fn a_list_that_never_ends_hits_its_limit() {
    let server = device(|login, _| {
        std::thread::sleep(Duration::from_millis(20));
        page("MORE", None, &[person(login)])
    });
    let limits = Limits { listing: Duration::from_millis(300), ..super::quick() };
    let mut reader =
        Reader::with_limits(&config(&server.url, Tls::System), Manners::default(), limits).unwrap();
    let error = reader.all_persons(&mut |_| {}).unwrap_err();
    assert_eq!(error, Error::Timeout { call: "person list" });
    assert!(logins(&server) > 1, "pages were read until then");
}

#[test]
fn lost_answers_are_asked_for_once_more() {
    let server = device(|login, _| if login == 0 { Reply::Drop } else { ok(DEVICE_INFO) });
    reader(&server.url).device_info().unwrap();
    assert_eq!(logins(&server), 2);
    let cut = format!("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{DEVICE_INFO}").into_bytes();
    let server = device(move |_, _| Reply::SendAndClose(cut.clone()));
    let error = reader(&server.url).device_info().unwrap_err();
    assert_eq!(error, Error::AnswerLost { call: "device info", write: false });
    assert_eq!((logins(&server), error.class()), (2, Class::Temporary));
}

#[test]
fn silence_ends() {
    let server = Server::new(|_, _| Reply::Silence);
    let error = reader(&server.url).device_info().unwrap_err();
    assert_eq!(
        (&error, error.class()),
        (&Error::Timeout { call: "device info" }, Class::Temporary)
    );
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<Dev".to_vec();
    let server = device(move |_, _| Reply::SendAndHang(half.clone()));
    let error = reader(&server.url).device_info().unwrap_err();
    assert_eq!((error, logins(&server)), (Error::Timeout { call: "device info" }, 1));
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = reader(&format!("http://{closed}")).device_info().unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert_eq!(error.class(), Class::Temporary);
}

/// DS-K2602T and its like. Mutants: silence is not tried again; what was learnt is not kept, or not used.
#[test]
fn a_device_that_never_answers_twice_on_a_connection() {
    let server = Server::new({
        let seen = Mutex::new(BTreeSet::new());
        move |_, request| match (seen.lock().unwrap().insert(request.connection), nc(request)) {
            (true, Some(_)) => ok(DEVICE_INFO),
            (true, None) => unauthorized(CHALLENGE, ""),
            (false, _) => Reply::Silence,
        }
    });
    let mut reader = reader(&server.url);
    reader.device_info().unwrap();
    reader.device_info().unwrap();
    assert_eq!((logins(&server), server.requests().len()), (3, 6), "one pair was in vain");
    let learnt = Manners { one_request_per_connection: true, ..Manners::default() };
    assert_eq!(reader.manners(), learnt);
    let config = config(&server.url, Tls::System);
    let mut next = Reader::with_limits(&config, learnt, super::quick()).unwrap();
    next.device_info().unwrap();
    assert_eq!(server.requests().len(), 8, "and none in vain from then on");
}

/// Mutants: nothing is learnt from a connection that was found closed; a read is lost before it is.
#[test]
fn a_device_that_closes_connections_without_a_word() {
    for after_401_only in [true, false] {
        let server = Server::new(move |_, request| match (nc(request), after_401_only) {
            (Some(_), true) => ok(DEVICE_INFO),
            (Some(_), false) => closed_after(ok(DEVICE_INFO)),
            (None, _) => closed_after(unauthorized(CHALLENGE, "")),
        });
        let mut reader = reader(&server.url);
        for _ in 0..3 {
            reader.device_info().unwrap();
        }
        assert!(reader.manners().one_request_per_connection, "{after_401_only}");
        assert_eq!(logins(&server), 3, "{after_401_only}");
        let requests = server.requests();
        let connections: BTreeSet<usize> = requests.iter().map(|one| one.connection).collect();
        // A login that meets the closing is not seen by the server, and its call begins anew.
        assert_eq!(connections.len(), requests.len(), "{after_401_only}");
    }
}

fn closed_after(reply: Reply) -> Reply {
    let Reply::Send(bytes) = reply else { panic!("nothing is sent") };
    Reply::SendAndClose(bytes)
}

/// Mutants: a login is spent on a password that was refused with an answer that was lost; it is not where
/// none was counted.
#[test]
fn a_login_that_was_counted_though_its_answer_was_lost_is_not_sent_again() {
    let left = |tries: usize| format!(r#"{{"userCheck":{{"retryLoginTime":{tries}}}}}"#);
    for is_counted in [true, false] {
        let (tries, count) = (AtomicUsize::new(5), AtomicUsize::new(0));
        let server = Server::new(move |_, request| match nc(request) {
            None => unauthorized(CHALLENGE, &left(tries.load(Relaxed))),
            Some(_) if count.fetch_add(1, Relaxed) == 0 => {
                tries.fetch_sub(usize::from(is_counted), Relaxed);
                Reply::Drop
            }
            Some(_) => ok(DEVICE_INFO),
        });
        let found = reader(&server.url).device_info();
        if is_counted {
            assert_eq!(found.unwrap_err(), Error::LoginRefused { tries_left: Some(4) });
        } else {
            found.unwrap();
        }
        assert_eq!(logins(&server), if is_counted { 1 } else { 2 });
    }
}

/// Mutant: no pause is made, or it is not kept.
#[test]
fn a_device_that_resets_fast_callers_is_asked_slowly() {
    let last = Mutex::new(None::<Instant>);
    let count = AtomicUsize::new(0);
    let server = Server::new(move |_, request| {
        let fast = last.lock().unwrap().replace(Instant::now());
        let fast = fast.is_some_and(|at| at.elapsed() < Duration::from_millis(300));
        // The first pair comes through.
        match (count.fetch_add(1, Relaxed) > 1 && fast, nc(request)) {
            (true, _) => Reply::Drop,
            (false, Some(_)) => ok(DEVICE_INFO),
            (false, None) => unauthorized(CHALLENGE, ""),
        }
    });
    let mut reader = reader(&server.url);
    for _ in 0..3 {
        reader.device_info().unwrap();
    }
    assert!(reader.manners().pause >= Duration::from_millis(300), "{:?}", reader.manners());
    let sent = server.requests().len();
    reader.device_info().unwrap();
    assert_eq!(server.requests().len(), sent + 2, "none is dropped any more");
}

#[test]
fn redirects_are_not_followed() {
    let server = device(|_, _| answer("302 Found", "Location: http://127.0.0.1:1/login\r\n", ""));
    let error = reader(&server.url).device_info().unwrap_err();
    assert_eq!(error, Error::Redirected { call: "device info", http: 302 });
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn bodies_have_a_limit() {
    let long = " ".repeat(70_000);
    let known = long.clone();
    let server = device(move |_, _| ok(&known));
    let too_large = Error::TooLarge { call: "device info", limit: 64 * 1024 };
    assert_eq!(reader(&server.url).device_info().unwrap_err(), too_large);
    let server = device(move |_, _| {
        Reply::SendAndClose(format!("HTTP/1.0 200 OK\r\n\r\n{long}").into_bytes())
    });
    assert_eq!(reader(&server.url).device_info().unwrap_err(), too_large);
    let old = format!("HTTP/1.0 200 OK\r\n\r\n{DEVICE_INFO}").into_bytes();
    let server = device(move |_, _| Reply::SendAndClose(old.clone()));
    reader(&server.url).device_info().unwrap();
}

#[test]
fn refusals_by_their_meaning() {
    let status =
        |class: u8, code: &str| format!(r#"{{"statusCode":{class},"subStatusCode":"{code}"}}"#);
    let call = "device info";
    for (http, body, expected) in [
        ("403 Forbidden", status(4, "lowPrivilege"), Error::MissingRight { call, http: 403 }),
        ("403 Forbidden", String::new(), Error::MissingRight { call, http: 403 }),
        ("200 OK", status(6, "forbiddenIP"), Error::ForbiddenIp),
        ("200 OK", status(4, "notActivated"), Error::NotActivated),
        ("200 OK", status(7, "rebootRequired"), Error::RebootRequired { call, write: false }),
        ("200 OK", status(4, "deviceIsLocked"), Error::LockedOut { unlock_after: None }),
    ] {
        let server = device(move |_, _| answer(http, "", &body));
        assert_eq!(reader(&server.url).device_info().unwrap_err(), expected);
    }
    for (http, body) in
        [("403 Forbidden", status(4, "notSupport")), ("404 Not Found", status(1, "ok"))]
    {
        let server = device(move |_, _| answer(http, "", &body));
        let error = reader(&server.url).device_info().unwrap_err();
        assert!(matches!(&error, Error::Refused(_)), "{error}");
        assert_eq!(error.class(), Class::Refused);
    }
}

#[test]
fn answers_about_persons_are_never_quoted() {
    for body in [
        r#"{"UserInfoSearch":{"UserInfo":[{"name":"Ana Example""#,
        r#"["Ana Example"]"#,
        "Ana Example",
        "{\"x\":\"Ana Example\"}",
    ] {
        let server = device(move |_, _| ok(body));
        let (list, _) = read_all(&mut reader(&server.url));
        let error = list.unwrap_err();
        assert!(matches!(&error, Error::Wire { excerpt, .. } if excerpt.is_empty()), "{error}");
        assert_discreet(&error);
    }
    let server = device(|_, _| ok("<html>Server busy</html>"));
    let error = reader(&server.url).device_info().unwrap_err();
    assert_eq!(
        error.to_string(),
        "device info: the answer holds \"html\" where DeviceInfo was expected in \"<html>Server busy</html>\""
    );
}
