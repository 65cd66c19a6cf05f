//! Logging in, and above all not logging in.

use std::time::Duration;

use super::server::{Server, answer, device, ok, unauthorized};
use super::{CHALLENGE, PASSWORD, assert_discreet, config, quick, reader};
use crate::config::{Secret, Tls};
use crate::hikvision::{Class, Error, Reader};

const DEVICE_INFO: &str = include_str!("../../../tests/fixtures/hikvision/device-info.xml");
const LOCKED: &str = include_str!("../../../tests/fixtures/hikvision/user-check-locked.xml");

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
    assert_eq!(second.header("connection"), Some("close"));
    assert_eq!(first.connection, second.connection, "one connection per pair");
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
    assert_eq!((server.requests().len(), server.logins()), (6, 3));
}

#[test]
fn one_wrong_login_and_then_silence() {
    let server = Server::new(|request| {
        let body = match request.header("authorization") {
            Some(_) => "",
            None => {
                "<userCheck><statusValue>401</statusValue><lockStatus>unlock</lockStatus><retryLoginTime>4</retryLoginTime></userCheck>"
            }
        };
        unauthorized(CHALLENGE, body)
    });
    let mut reader = reader(&server.url);
    let refused = Error::LoginRefused { tries_left: Some(3) };
    let error = reader.device_info().unwrap_err();
    assert_eq!(error, refused);
    assert_eq!((error.class(), error.spent_a_login()), (Class::Login, true));
    assert_discreet(&error);
    assert_eq!((server.requests().len(), server.logins()), (2, 1));
    assert_eq!(reader.clock().unwrap_err(), refused);
    assert_eq!(reader.lock_state().unwrap_err(), refused);
    assert_eq!(reader.all_persons(&mut |_| ()).unwrap_err(), refused);
    assert_eq!((server.requests().len(), reader.requests()), (2, 2), "nothing more is sent");
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
        let server = Server::new(move |_| unauthorized(challenge, body));
        let mut reader = reader(&server.url);
        let error = reader.device_info().unwrap_err();
        assert_eq!(error, expected);
        assert_eq!((error.class(), error.spent_a_login()), (Class::Login, false));
        assert_eq!((server.requests().len(), server.logins()), (1, 0), "{challenge}");
    }
    let server = Server::new(|_| answer("401 Unauthorized", "", ""));
    assert_eq!(reader(&server.url).device_info().unwrap_err(), no_digest("nothing"));
}

#[test]
fn locked_devices_are_left_alone() {
    let server = Server::new(|_| unauthorized(CHALLENGE, LOCKED));
    let mut reader = reader(&server.url);
    assert!(reader.lock_state().unwrap().locked);
    for _ in 0..3 {
        assert!(matches!(reader.device_info(), Err(Error::LockedOut { .. })));
    }
    assert_eq!((server.requests().len(), server.logins()), (2, 0));
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
        let server = Server::new(move |request| {
            if !request.is_logged_in() {
                return answer("401 Unauthorized", &headers, "");
            }
            assert!(request.header("authorization").unwrap().contains("nonce=\"73686132\""));
            ok(DEVICE_INFO)
        });
        reader(&server.url).device_info().unwrap();
        assert_eq!(server.logins(), 1);
    }
}

#[test]
fn realms_in_utf8_and_old_challenges_work() {
    for challenge in [
        r#"Digest qop="auth", realm="Vrata č (漢)", nonce="n""#,
        r#"Digest realm="IP Camera(C2183)", nonce="4e543d""#,
        r#"digest realm="r", nonce="n", qop=auth, algorithm=MD5-sess"#,
    ] {
        let server = Server::new(move |request| {
            if request.header("authorization").is_none() {
                return unauthorized(challenge, "");
            }
            // digest_auth's own parser is what we avoid: it cannot read a realm in UTF-8.
            if challenge.is_ascii() {
                assert!(request.is_logged_in());
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
    let error = Reader::with_limits(&config, quick()).unwrap().device_info().unwrap_err();
    assert!(matches!(error, Error::Setup { .. }), "{error}");
    assert_eq!(server.logins(), 0);
}

#[test]
fn a_device_without_login_is_simply_read() {
    let server = Server::new(|_| ok(DEVICE_INFO));
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
    assert_eq!(server.logins(), 1);
    let open = Server::new(move |_| ok(body));
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
