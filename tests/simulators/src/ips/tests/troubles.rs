//! What comes instead of an answer, or around it.

use std::time::{Duration, Instant};

use super::*;

#[test]
fn the_date_may_be_wrong_or_missing() {
    let server = turned(1, |switches| switches.date_off_s = -90);
    assert_eq!(get(&server, SESSIONS).headers("Date"), ["Mon, 01 Jan 2024 11:58:30 GMT"]);
    server.set(|switches| switches.date_header = false);
    assert!(get(&server, SESSIONS).headers("Date").is_empty());
}

#[test]
fn too_many_requests_and_when_to_come_again() {
    let server = turned(1, |switches| {
        (switches.too_many, switches.retry_after) = (1, RetryAfter::Seconds(0));
    });
    let answer = get(&server, SESSIONS);
    assert_eq!((answer.status, answer.headers("Retry-After")), (429, vec!["0"]));
    assert_eq!(get(&server, SESSIONS).status, 200);
    server.set(|switches| (switches.too_many, switches.retry_after) = (1, RetryAfter::Date(30)));
    let answer = get(&server, SESSIONS);
    assert_eq!(answer.headers("Retry-After"), ["Mon, 01 Jan 2024 12:00:30 GMT"]);
    assert_eq!(server.violations(), Vec::<String>::new());
    assert_eq!(get(&server, SESSIONS).status, 200);
    assert_eq!(slugs(&server), ["too-soon"]);
    server.set(|switches| (switches.too_many, switches.retry_after) = (1, RetryAfter::Seconds(30)));
    get(&server, SESSIONS);
    server.begin_run();
    assert_eq!((get(&server, SESSIONS).status, server.violations().len()), (200, 0));
}

#[test]
fn unavailable_for_some_requests() {
    let server = turned(1, |switches| switches.unavailable = 2);
    let statuses = [(); 3].map(|()| get(&server, SESSIONS).status);
    assert_eq!((statuses, server.switches().unavailable), ([503, 503, 200], 0));
    assert!(server.violations().is_empty());
}

#[test]
fn broken_or_somewhere_else() {
    let server = turned(1, |switches| switches.broken = Some(500));
    assert_eq!(get(&server, SESSIONS).status, 500);
    assert_eq!(ask(&server, "<SubAreaName>A1</SubAreaName>").status, 500);
    server.set(|switches| switches.redirect = Some("http://127.0.0.2:1".into()));
    let answer = get(&server, SESSIONS);
    let place = format!("http://127.0.0.2:1{SESSIONS}");
    assert_eq!((answer.status, answer.headers("Location")), (302, vec![place.as_str()]));
}

#[test]
fn a_cursor_outlives_trouble() {
    let server = turned(3, |switches| switches.page_size = 2);
    let target = next(&read(&server, SESSIONS));
    server.set(|switches| switches.unavailable = 1);
    assert_eq!(get(&server, &target).status, 503);
    assert_eq!(get(&server, &target).status, 200);
    assert!(server.violations().is_empty());
    server.set(|switches| switches.cursors_again = true);
    assert_eq!(get(&server, &target).status, 200);
    assert!(server.violations().is_empty());
}

#[test]
fn slow_answers_and_huge_ones() {
    let server = turned(1, |switches| switches.slow = Duration::from_millis(60));
    let begin = Instant::now();
    get(&server, SESSIONS);
    assert!(begin.elapsed() >= Duration::from_millis(60));
    server.set(|switches| (switches.slow, switches.padding) = (Duration::ZERO, 3_000_000));
    let answer = get(&server, SESSIONS);
    assert!(answer.body.len() > 3_000_000);
    assert_eq!(ids(&answer.json()), ["session_1"]);
    assert!(ask(&server, "<SubAreaName>A1</SubAreaName>").body.len() > 3_000_000);
    server.set(|switches| switches.slow = Duration::from_secs(3600));
    let waiting = crate::testing::connect(server.port(), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    while server.requests().len() < 4 {
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(server);
    drop(waiting);
    assert!(begin.elapsed() < Duration::from_secs(60), "nobody waits for an hour");
}

#[test]
fn connections_may_stay_open() {
    let server = turned(1, |switches| switches.keep_alive = true);
    let text = "GET /smartcity/v2/sessions HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut stream = crate::testing::connect(server.port(), text.as_bytes());
    let mut bytes = [0; 4096];
    let count = std::io::Read::read(&mut stream, &mut bytes).unwrap();
    assert!(String::from_utf8_lossy(&bytes[..count]).contains("Connection: keep-alive"));
}
