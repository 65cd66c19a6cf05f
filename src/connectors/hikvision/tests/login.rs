//! Logging in, and above all not logging in.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use super::server::{device, is_logged_in, logins, unauthorized};
use super::{CHALLENGE, PASSWORD, assert_discreet, config, quick, reader};
use crate::config::{Secret, Tls};
use crate::connectors::hikvision::manners::Manners;
use crate::connectors::hikvision::{Error, Reader};
use crate::net::testing::{Reply, Server, answer, said as ok};
use crate::ports::Class;

const DEVICE_INFO: &str = include_str!("../../../../tests/fixtures/hikvision/device-info.xml");
const LOCKED: &str = include_str!("../../../../tests/fixtures/hikvision/user-check-locked.xml");

#[test]
fn a_good_pair_to_the_byte() {
    let server = device(|_, _| ok(DEVICE_INFO));
    let mut reader = reader(&server.url);
    assert_eq!(reader.requests(), 0, "connecting sends nothing");
    assert_eq!(reader.device_info().unwrap().model, "DS-K1T341BMWI-T");
    assert_eq!(reader.requests(), 2);
    let requests = server.requests();
    let [first, second] = requests.as_slice() else { panic!("{requests:?}") };
    let host = server.url.strip_prefix("http://").unwrap();
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        first.head,
        format!(
            "GET /ISAPI/System/deviceInfo HTTP/1.1\r\nAccept: */*\r\nUser-Agent: ivms-sync/{version}\r\nHost: {host}\r\n"
        )
    );
    assert_eq!(second.header("connection"), None);
    assert_eq!(first.connection, second.connection);
    let login = second.header("authorization").unwrap();
    let start = r#"Digest username="admin", realm="DS-11A8BC2D", nonce="6e6f6e63", uri="/ISAPI/System/deviceInfo", qop=auth, nc=00000001, cnonce=""#;
    assert!(login.starts_with(start), "{login}");
    assert!(login.ends_with(r#"", opaque="", algorithm=MD5"#), "{login}");
}

#[test]
fn a_new_challenge_for_every_call() {
    let server = device(|_, _| ok(DEVICE_INFO));
    let mut reader = reader(&server.url);
    for _ in 0..3 {
        reader.device_info().unwrap();
    }
    assert_eq!((server.requests().len(), logins(&server)), (6, 3));
    assert!(server.requests().iter().all(|one| one.connection == 0), "all on one connection");
}

/// A 401 whose body counts tries, with this challenge.
fn counted(challenge: &str, tries: usize) -> Reply {
    let body = format!(
        "<userCheck><statusValue>401</statusValue><lockStatus>unlock</lockStatus>\
         <retryLoginTime>{tries}</retryLoginTime></userCheck>"
    );
    unauthorized(challenge, &body)
}

fn challenge(nonce: usize, stale: &str) -> String {
    format!(r#"Digest qop="auth", realm="DS-11A8BC2D", nonce="{nonce}", {stale}opaque="""#)
}

/// Mutants: a count that fell is tried again; nothing is asked after the refusal.
#[test]
fn one_wrong_login_and_then_silence() {
    for told in [true, false] {
        let wrong = AtomicUsize::new(0);
        let server = Server::new(move |_, request| {
            if request.header("authorization").is_some() {
                wrong.fetch_add(1, Relaxed);
            }
            let before = wrong.load(Relaxed);
            // Every challenge is another one.
            let nonce = challenge(before, r#"stale="false", "#);
            if told { counted(&nonce, 4 - before) } else { unauthorized(&nonce, "") }
        });
        let mut reader = reader(&server.url);
        let refused = Error::LoginRefused { tries_left: told.then_some(3) };
        let error = reader.device_info().unwrap_err();
        assert_eq!(error, refused);
        assert_eq!((error.class(), error.spent_a_login()), (Class::Login, true));
        assert_discreet(&error);
        let sent = if told { 3 } else { 2 };
        assert_eq!((server.requests().len(), logins(&server)), (sent, 1));
        assert_eq!(reader.clock().unwrap_err(), refused);
        assert_eq!(reader.lock_state().unwrap_err(), refused);
        assert_eq!(reader.all_persons(&mut |_| ()).unwrap_err(), refused);
        assert_eq!(server.requests().len(), sent, "nothing more is sent");
    }
}

/// DS-K1T344 and its like: one nonce for everybody for a while, each count of it good once, `stale` in
/// capitals. Mutants: the count always begins at 1; `stale` is not read.
#[test]
fn a_nonce_that_everybody_gets_is_counted() {
    let highest = AtomicU32::new(0);
    let server = Server::new(move |_, request| {
        if !is_logged_in(request) {
            return unauthorized(&challenge(7, ""), "");
        }
        let nc = super::server::nc(request).unwrap();
        if nc <= highest.fetch_max(nc, Relaxed) {
            return unauthorized(&challenge(7, "stale=TRUE, "), "");
        }
        ok(DEVICE_INFO)
    });
    let counts = |server: &Server| -> Vec<u32> {
        server.requests().iter().filter_map(super::server::nc).collect()
    };
    let mut first = reader(&server.url);
    for _ in 0..3 {
        first.device_info().unwrap();
    }
    assert_eq!(counts(&server), [1, 2, 3]);
    // Another program knows nothing of these counts: once it is too low, then certainly not.
    let mut second = reader(&server.url);
    second.device_info().unwrap();
    second.device_info().unwrap();
    let counts = counts(&server);
    assert_eq!(counts[3], 1);
    assert!(counts[4] > 1000 && counts[5] == counts[4] + 1, "{counts:?}");
}

/// Another program's challenge makes ours old: the device says so, or counts no wrong login.
/// Mutant: the first refusal is the end.
#[test]
fn a_nonce_that_has_worn_out_is_answered_anew_once() {
    for (stale, told) in [("stale=\"TRUE\", ", false), ("stale=true, ", false), ("", true)] {
        for (refused, works) in [(1, true), (2, false)] {
            let (made, seen) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let server = Server::new(move |_, request| {
                if is_logged_in(request) && seen.fetch_add(1, Relaxed) >= refused {
                    return ok(DEVICE_INFO);
                }
                let is_answer = request.header("authorization").is_some();
                let stale = if is_answer { stale } else { "" };
                let challenge = challenge(made.fetch_add(1, Relaxed), stale);
                if told { counted(&challenge, 5) } else { unauthorized(&challenge, "") }
            });
            let said = reader(&server.url).device_info();
            assert_eq!(said.is_ok(), works, "{stale} {told}: {said:?}");
            assert_eq!(logins(&server), 2, "{stale} {told}");
            match said {
                Err(Error::LoginPaused) => assert!(told),
                Err(error) => assert!(error.spent_a_login() && !told, "{error}"),
                Ok(_) => {}
            }
        }
    }
}

/// A 401 for a right that is missing, while everybody may ask who the device is.
/// Mutant: it is told as a wrong password.
#[test]
fn a_missing_right_is_no_wrong_password() {
    for (told, is_fresh) in [(true, false), (false, false), (true, true)] {
        let made = AtomicUsize::new(0);
        let server = Server::new(move |_, request| {
            let fresh = challenge(made.fetch_add(1, Relaxed), "");
            let challenge = if is_fresh { fresh.as_str() } else { CHALLENGE };
            let is_info = request.line().contains("deviceInfo");
            match is_logged_in(request) && is_info {
                true => ok(DEVICE_INFO),
                false if told => counted(challenge, 5),
                false => unauthorized(challenge, ""),
            }
        });
        let mut reader = reader(&server.url);
        reader.device_info().unwrap();
        let before = logins(&server);
        let error = reader.abilities().unwrap_err();
        // Refused twice, and deviceInfo beside; none more is spent.
        assert_eq!(logins(&server) - before, 3, "{told} {is_fresh}");
        assert_eq!(error, Error::MissingRight { call: "person capabilities", http: 401 });
        assert!(!error.spent_a_login() && error.hint().unwrap().contains("Parameters Settings"));
        reader.device_info().unwrap();
    }
}

/// A device that has just started takes no login for minutes. Mutant: that is a wrong password.
#[test]
fn a_device_that_takes_no_login_for_a_while() {
    let made = AtomicUsize::new(0);
    let server = Server::new(move |_, _| counted(&challenge(made.fetch_add(1, Relaxed), ""), 5));
    let mut reader = reader(&server.url);
    let error = reader.device_info().unwrap_err();
    assert_eq!((error.class(), error.spent_a_login()), (Class::Temporary, false), "{error}");
    assert_eq!(logins(&server), 2);
    assert_eq!(reader.clock().unwrap_err(), error);
    assert_eq!(logins(&server), 2, "and then it is left alone");
}

#[test]
fn no_login_where_it_could_lock_or_be_read() {
    let few =
        "<userCheck><lockStatus>unlock</lockStatus><retryLoginTime>2</retryLoginTime></userCheck>";
    let minutes = Some(Duration::from_secs(1800));
    let no_digest = |offered: &str| Error::NoDigest { offered: offered.to_owned() };
    for (challenge, body, expected) in [
        (CHALLENGE, LOCKED, Error::LockedOut { unlock_after: minutes }),
        (CHALLENGE, few, Error::TooFewTries { tries_left: 2 }),
        (r#"Basic realm="DS-11A8BC2D""#, "", no_digest("Basic")),
        (r#"Digest realm="r", nonce="n", qop="auth-int""#, "", no_digest("Digest auth-int")),
        ("", "", no_digest("nothing")),
        ("", r#"{"statusCode":6,"subStatusCode":"forbiddenIP"}"#, Error::ForbiddenIp),
    ] {
        let server = Server::new(move |_, _| unauthorized(challenge, body));
        let mut reader = reader(&server.url);
        let error = reader.device_info().unwrap_err();
        assert_eq!(error, expected);
        assert_eq!((error.class(), error.spent_a_login()), (Class::Login, false));
        assert_eq!((server.requests().len(), logins(&server)), (1, 0), "{challenge}");
    }
    let server = Server::new(|_, _| answer("401 Unauthorized", "", ""));
    assert_eq!(reader(&server.url).device_info().unwrap_err(), no_digest("nothing"));
}

#[test]
fn locked_devices_are_left_alone() {
    let server = Server::new(|_, _| unauthorized(CHALLENGE, LOCKED));
    let mut reader = reader(&server.url);
    assert!(reader.lock_state().unwrap().locked);
    for _ in 0..3 {
        assert!(matches!(reader.device_info(), Err(Error::LockedOut { .. })));
    }
    assert_eq!((server.requests().len(), logins(&server)), (2, 0));
}

#[test]
fn a_lock_can_come_as_403_too() {
    let server = device(|_, _| answer("403 Forbidden", "", LOCKED));
    let error = reader(&server.url).device_info().unwrap_err();
    assert_eq!(error, Error::LockedOut { unlock_after: Some(Duration::from_secs(1800)) });
}

#[test]
fn several_challenges_in_every_arrangement() {
    let sha =
        r#"Digest realm="DS-11A8BC2D", qop="auth", algorithm=SHA-256, nonce="73686132", opaque="""#;
    for headers in [
        format!("WWW-Authenticate: {CHALLENGE}\r\nWWW-Authenticate: {sha}\r\n"),
        format!("WWW-Authenticate: {sha}, {CHALLENGE}\r\n"),
        format!("WWW-Authenticate: Basic realm=\"x\"\r\nWWW-Authenticate: {sha}\r\n"),
        format!("www-authenticate: Basic realm=\"x\", {sha}\r\n"),
    ] {
        let server = Server::new(move |_, request| {
            if !is_logged_in(request) {
                return answer("401 Unauthorized", &headers, "");
            }
            assert!(request.header("authorization").unwrap().contains("nonce=\"73686132\""));
            ok(DEVICE_INFO)
        });
        reader(&server.url).device_info().unwrap();
        assert_eq!(logins(&server), 1);
    }
}

#[test]
fn realms_in_utf8_and_old_challenges_work() {
    for challenge in [
        r#"Digest qop="auth", realm="Vrata č (漢)", nonce="n""#,
        r#"Digest realm="IP Camera(C2183)", nonce="4e543d""#,
        r#"digest realm="r", nonce="n", qop=auth, algorithm=MD5-sess"#,
    ] {
        let server = Server::new(move |_, request| {
            if request.header("authorization").is_none() {
                return unauthorized(challenge, "");
            }
            // digest_auth's own parser is what we avoid: it cannot read a realm in UTF-8.
            if challenge.is_ascii() {
                assert!(is_logged_in(request));
            }
            ok(DEVICE_INFO)
        });
        reader(&server.url).device_info().unwrap();
    }
}

#[test]
fn a_login_in_the_address_is_not_used() {
    let server = device(|_, _| ok(DEVICE_INFO));
    let url = server.url.replace("http://", "http://other:basic@");
    reader(&url).device_info().unwrap();
    assert!(server.requests().iter().all(|request| !request.head.contains("Basic")));
}

#[test]
fn user_names_that_fit_no_header_send_nothing_more() {
    let server = device(|_, _| ok(DEVICE_INFO));
    let mut config = config(&server.url, Tls::System);
    config.username = "ad\nmin".to_owned();
    config.password = Secret::new("x".to_owned());
    let error = Reader::with_limits(&config, Manners::default(), quick())
        .unwrap()
        .device_info()
        .unwrap_err();
    assert!(matches!(error, Error::Setup { .. }), "{error}");
    assert_eq!(logins(&server), 0);
}

#[test]
fn a_device_without_login_is_simply_read() {
    let server = Server::new(|_, _| ok(DEVICE_INFO));
    let mut reader = reader(&server.url);
    reader.device_info().unwrap();
    assert_eq!(reader.requests(), 1);
    assert!(!reader.lock_state().unwrap().locked);
}

#[test]
fn a_wrong_login_said_with_http_200_stops_too() {
    let body = r#"{"statusCode":4,"subStatusCode":"badAuthorization"}"#;
    let server = device(move |_, _| ok(body));
    let mut reader = reader(&server.url);
    assert!(matches!(reader.device_info(), Err(Error::LoginRefused { .. })));
    assert!(matches!(reader.device_info(), Err(Error::LoginRefused { .. })));
    assert_eq!(logins(&server), 1);
    let open = Server::new(move |_, _| ok(body));
    assert!(matches!(super::reader(&open.url).device_info(), Err(Error::NoDigest { .. })));
}

#[test]
fn an_answer_that_repeats_the_login_is_not_quoted() {
    let server = device(|_, request| {
        let login = request.header("authorization").unwrap_or_default().to_owned();
        ok(&format!("<html>you sent {login}</html>"))
    });
    let told = reader(&server.url).device_info().unwrap_err().to_string();
    assert!(!told.contains("response=") && told.contains("device info"), "{told}");
    let server = device(|_, _| ok(&format!("<html>your password is {PASSWORD}</html>")));
    let told = reader(&server.url).device_info().unwrap_err().to_string();
    assert!(!told.contains(PASSWORD), "{told}");
    let server = device(|_, _| ok("<html>busy</html>"));
    let told = reader(&server.url).device_info().unwrap_err().to_string();
    assert!(told.contains("busy"), "others are: {told}");
}
