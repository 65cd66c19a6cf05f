//! The client against a server of a few lines: what it sends, and what it makes of each answer.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

use chrono::TimeZone;

use super::super::OrganisationId;
use super::super::limits::RETRY;
use super::*;
use crate::model::SourceName;
use crate::model::testing::zone;
use crate::net::retry::Rule;
use crate::ports::progress::tests::Shown;

pub(super) const SAMPLE: &str =
    include_str!("../../../tests/fixtures/cardskipper/member-export.xml");
const INFO_SAMPLE: &str = include_str!("../../../tests/fixtures/cardskipper/organisation-info.xml");
pub(super) const ONE_MEGABYTE: &[u8] =
    include_bytes!("../../../tests/fixtures/cardskipper/one-megabyte.xml.gz");

/// What the server does with one connection.
pub(super) struct Reply {
    bytes: Vec<u8>,
    /// Before the last byte.
    pause: Duration,
}

impl From<Vec<u8>> for Reply {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, pause: Duration::ZERO }
    }
}

/// An answer with its length.
pub(super) fn answer(head: &str, body: &[u8]) -> Reply {
    with_head(&format!("{head}\r\nContent-Length: {}", body.len()), body)
}

/// An answer with exactly these headers.
pub(super) fn with_head(head: &str, body: &[u8]) -> Reply {
    let mut bytes = format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").into_bytes();
    bytes.extend(body);
    bytes.into()
}

pub(super) fn chunked(parts: &[&[u8]], end: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend(format!("{:x}\r\n", part.len()).bytes());
        bytes.extend(*part);
        bytes.extend(b"\r\n");
    }
    bytes.extend(end.bytes());
    bytes
}

/// gzip without compression: enough to test the reader. Source: RFC 1951 and 1952.
pub(super) fn gzip(data: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    let length = u16::try_from(data.len()).unwrap();
    let mut bytes = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    bytes.extend(length.to_le_bytes());
    bytes.extend((!length).to_le_bytes());
    bytes.extend(data);
    bytes.extend((!crc).to_le_bytes());
    bytes.extend(u32::from(length).to_le_bytes());
    bytes
}

/// Answers one connection after the other and hands back what was asked.
pub(super) fn serve(replies: Vec<Reply>) -> (Url, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = address_of(&listener);
    let asked = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for reply in replies {
            let (mut stream, _) = listener.accept().unwrap();
            asked.push(read_request(&mut stream));
            let (start, last) = reply.bytes.split_at(reply.bytes.len().saturating_sub(1));
            // The client may have had enough; that is its right.
            let _ = stream.write_all(start);
            std::thread::sleep(reply.pause);
            let _ = stream.write_all(last);
        }
        asked
    });
    (url, asked)
}

pub(super) fn address_of(listener: &TcpListener) -> Url {
    Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap()
}

pub(super) fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()
                })
                .unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        let read = stream.read(&mut buffer).unwrap();
        assert!(read > 0, "the request broke off: {text}");
        bytes.extend(&buffer[..read]);
    }
}

fn client(url: &Url) -> Client {
    limited(
        url,
        Limits {
            export: Duration::from_secs(5),
            info: Duration::from_secs(5),
            retry: ONCE,
            ..Limits::default()
        },
    )
}

/// No second try, so that every reply of a script is asked for once.
pub(super) const ONCE: Rule = Rule { repeats_max: 0, ..RETRY };

pub(super) fn limited(url: &Url, limits: Limits) -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = Settings {
        name: SourceName::new("club").unwrap(),
        url: url.clone(),
        organisation: OrganisationId::new(123).unwrap(),
        username: "api@club.example".to_owned(),
        password: Secret::new("pässword".to_owned()),
        time_zone: zone("Europe/Stockholm"),
    };
    Client::with_limits(&config, limits)
}

/// The outcome of one complete export that is answered like this.
pub(super) fn export(reply: Reply) -> Result<Snapshot, Error> {
    let (url, asked) = serve(vec![reply]);
    let result = client(&url).members(Listing::Complete);
    asked.join().unwrap();
    result
}

#[test]
fn whoever_watches_hears_how_much_of_a_complete_listing_is_there() {
    let body = SAMPLE.as_bytes();
    let packed = with_head("200 OK\r\nContent-Encoding: gzip", &gzip(body));
    let (url, asked) = serve(vec![answer("200 OK", body), packed, answer("200 OK", body)]);
    let shown = Shown::default();
    let client = client(&url).watched_by(Arc::new(shown.clone()));
    client.members(Listing::Complete).unwrap();
    client.members(Listing::Complete).unwrap();
    let words = shown.words();
    let all = body.len();
    // How many pieces arrive is the network's business.
    assert!(words.contains(&format!("club Bytes {all} of {all}")), "{words:?}");
    assert!(words.contains(&format!("club Bytes {all}")), "packed: {words:?}");
    let count = |word: &str| words.iter().filter(|one| one.ends_with(word)).count();
    assert_eq!((count(" begins"), count(" ends")), (2, 2));
    client.members(Listing::ChangedSince(Utc.timestamp_opt(0, 0).unwrap())).unwrap();
    assert_eq!(shown.words(), words, "what changed since is no long work");
    asked.join().unwrap();
}

#[test]
fn what_is_sent_to_the_byte() {
    let (mut url, asked) = serve(vec![
        answer("200 OK\r\nDate: Sat, 21 Nov 2026 08:49:37 GMT", SAMPLE.as_bytes()),
        answer("200 OK", INFO_SAMPLE.as_bytes()),
    ]);
    let authority = url.authority().to_owned();
    url.set_path("/behind/");
    url.set_query(Some("x=1"));
    url.set_username("somebody").unwrap();
    let client = client(&url);
    let since = Utc.with_ymd_and_hms(2026, 11, 1, 6, 5, 4).unwrap();
    let export = client.members(Listing::ChangedSince(since)).unwrap();
    assert_eq!((export.members.len(), export.unusable.len(), export.elsewhere), (1, 0, 0));
    assert_eq!(export.server_time, Some(Utc.with_ymd_and_hms(2026, 11, 21, 8, 49, 37).unwrap()));
    assert_eq!(client.role_names().unwrap().len(), 3);

    let asked = asked.join().unwrap();
    let (head, body) = asked[0].split_once("\r\n\r\n").unwrap();
    assert_eq!(
        body,
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
         <Cardskipper xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <SearchCriteriaMember><OrganisationId value=\"123\"/><ChangedAt value=\"2026-11-01T06:05:04\"/></SearchCriteriaMember>\
         </Cardskipper>"
    );
    let version = env!("CARGO_PKG_VERSION");
    let common = |first: &str| {
        vec![
            first.to_owned(),
            "accept-encoding: gzip".to_owned(),
            "accept-language: en".to_owned(),
            "accept: application/xml".to_owned(),
            // `api@club.example:pässword` in UTF-8.
            "authorization: Basic YXBpQGNsdWIuZXhhbXBsZTpww6Rzc3dvcmQ=".to_owned(),
            format!("host: {authority}"),
            format!("user-agent: ivms-sync/{version}"),
        ]
    };
    let sorted = |head: &str| {
        let mut lines: Vec<String> = head.lines().map(str::to_owned).collect();
        lines[1..].sort();
        lines
    };
    let mut wanted = common("POST /behind/Member/Export HTTP/1.1");
    wanted.extend([
        format!("content-length: {}", body.len()),
        "content-type: application/xml".to_owned(),
    ]);
    wanted[1..].sort();
    assert_eq!(sorted(head), wanted);
    let (head, body) = asked[1].split_once("\r\n\r\n").unwrap();
    assert_eq!((sorted(head), body), (common("GET /behind/Organisation/Info HTTP/1.1"), ""));
}

#[test]
fn what_a_status_means() {
    let page = b"<html>\r\n<b>No.</b> You sent p\xC3\xA4ssword, YXBpQGNsdWIuZXhhbXBsZTpww6Rzc3dvcmQ=\x1b[0m</html>";
    for (status, temporary, login) in [
        ("400 Bad Request", false, false),
        ("401 Unauthorized\r\nWWW-Authenticate: Basic", false, true),
        ("403 Forbidden", false, true),
        ("404 Not Found", false, false),
        ("206 Partial Content", false, false),
        ("303 See Other\r\nLocation: /", false, false),
        ("429 Too Many Requests\r\nRetry-After: 5", true, false),
        ("500 Internal Server Error", true, false),
        ("503 Service Unavailable", true, false),
    ] {
        let error = export(answer(status, page)).unwrap_err();
        assert_eq!((error.is_temporary(), error.is_login()), (temporary, login), "{status}");
        let code: u16 = status[..3].parse().unwrap();
        match &error {
            Error::LoginRefused { .. } => assert_eq!(code, 401),
            Error::NoRight { call, .. } => assert_eq!((code, *call), (403, "Member/Export")),
            Error::Refused { status, .. } => assert_eq!(code, *status),
            other => panic!("{status}: {other:?}"),
        }
        let shown = format!("{error} {error:?}");
        assert!(!error.to_string().contains("You sent"), "{error}");
        assert!(!shown.contains("ssword") && !shown.contains("YXBp"), "{shown}");
    }
    let no_right = Error::NoRight { call: EXPORT };
    assert_eq!(no_right.to_string(), "Member/Export: the login has no right for this call");
    assert!(no_right.hint().unwrap().contains("support@cardskipper.se"));
    let empty = export(answer("500 Internal Server Error", b"")).unwrap_err();
    assert_eq!(empty.to_string(), "Member/Export: refused with status 500");
}

#[test]
fn success_that_is_none() {
    let page = export(answer(
        "200 OK\r\nContent-Type: text/html",
        b"<!DOCTYPE html><title>Log in</title>",
    ))
    .unwrap_err();
    assert_eq!(page.to_string(), "Member/Export: a web page in place of a `Cardskipper` document");
    for reply in [
        answer("200 OK", b""),
        with_head("204 No Content", b""),
        answer("200 OK", b"\x00\xFF\x80"),
        answer("200 OK\r\nContent-Encoding: deflate", b"\x78\x9c\x03\x00\x00\x00\x00\x01"),
    ] {
        let error = export(reply).unwrap_err();
        assert!(matches!(error, Error::NotCardskipper { .. } | Error::BadXml { .. }), "{error:?}");
        assert!(error.is_temporary());
    }
    let strange =
        export(answer("200 OK", b"<Cardskipper><Person Firstname='Anna'/></Cardskipper>"))
            .unwrap_err();
    assert!(matches!(&strange, Error::NotCardskipper { .. }), "{strange:?}");
    assert!(!strange.to_string().contains("Anna"), "no name is quoted");
}

#[test]
fn redirects_stay_on_the_host() {
    let (url, asked) = serve(vec![
        answer("301 Moved\r\nLocation: /Member/Export/", b"moved"),
        answer("307 Temporary\r\nLocation: ?again", b""),
        answer("200 OK", SAMPLE.as_bytes()),
    ]);
    assert_eq!(client(&url).members(Listing::Complete).unwrap().members.len(), 1);
    let asked = asked.join().unwrap();
    let first_lines: Vec<_> = asked.iter().map(|request| request.lines().next().unwrap()).collect();
    assert_eq!(
        first_lines,
        [
            "POST /Member/Export HTTP/1.1",
            "POST /Member/Export/ HTTP/1.1",
            "POST /Member/Export/?again HTTP/1.1"
        ]
    );
    let bodies: Vec<_> =
        asked.iter().map(|request| request.split_once("\r\n\r\n").unwrap().1).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0] && !body.is_empty()));
    assert!(asked.iter().all(|request| request.contains("authorization: Basic ")));

    let round = || answer("302 Found\r\nLocation: /Member/Export", b"");
    let (url, asked) = serve(vec![round(), round(), round(), round()]);
    let error = client(&url).members(Listing::Complete).unwrap_err();
    assert_eq!(error, Error::RedirectLoop { call: EXPORT, limit: 3 });
    assert_eq!(asked.join().unwrap().len(), 4);
}

#[test]
fn redirects_elsewhere_are_refused() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let port = elsewhere.local_addr().unwrap().port();
    for (location, to_host) in [
        (format!("http://127.0.0.1:{port}/Member/Export"), format!("http://127.0.0.1:{port}")),
        (format!("https://127.0.0.1:{port}/"), format!("https://127.0.0.1:{port}")),
        (format!("//localhost:{port}/"), format!("http://localhost:{port}")),
        ("https://api.exämple/".to_owned(), "nowhere".to_owned()),
        ("http://[".to_owned(), "nowhere".to_owned()),
        (String::new(), "nowhere".to_owned()),
    ] {
        let error = export(answer(&format!("302 Found\r\nLocation: {location}"), b"")).unwrap_err();
        assert_eq!(error, Error::Redirected { call: EXPORT, to_host }, "{location}");
        assert!(!error.is_temporary());
    }
    let error = export(answer("308 Permanent", b"")).unwrap_err();
    assert_eq!(error, Error::Redirected { call: EXPORT, to_host: "nowhere".to_owned() });
    assert!(elsewhere.accept().is_err(), "nobody was asked there");
}

#[test]
fn a_slow_server_hits_the_limit() {
    let limits = Limits {
        export: Duration::from_millis(150),
        info: Duration::from_millis(150),
        ..Limits::default()
    };
    let pause = Duration::from_millis(600);
    let slow_body = Reply { pause, ..answer("200 OK", SAMPLE.as_bytes()) };
    // One byte only, so that not even the status arrives in time.
    let slow_head = Reply { pause, bytes: b"H".to_vec() };
    let slow_gzip =
        Reply { pause, ..answer("200 OK\r\nContent-Encoding: gzip", &gzip(SAMPLE.as_bytes())) };
    let (url, asked) = serve(vec![slow_body, slow_head, slow_gzip]);
    let client = limited(&url, limits);
    for _ in 0..3 {
        let error = client.members(Listing::Complete).unwrap_err();
        assert!(matches!(error, Error::TimedOut { call: EXPORT, limit_ms: 150, .. }), "{error:?}");
        assert!(error.is_temporary());
    }
    asked.join().unwrap();
}

#[test]
fn nobody_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = address_of(&listener);
    drop(listener);
    let error = client(&url).members(Listing::Complete).unwrap_err();
    assert!(
        matches!(&error, Error::Unreachable { host, .. } if url.authority() == host),
        "{error:?}"
    );

    let error = export(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec().into()).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    let error = export(Vec::new().into()).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(error.is_temporary());
}

/// A server that does not speak TLS is unreachable; above all, nothing panics for want of roots.
#[test]
fn https_is_set_up() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut hello = [0; 1];
        let _ = stream.read(&mut hello);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        hello[0]
    });
    let url = Url::parse(&format!("https://127.0.0.1:{port}")).unwrap();
    let error = client(&url).members(Listing::Complete).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert_eq!(server.join().unwrap(), 0x16, "a TLS handshake, not the request");
}
