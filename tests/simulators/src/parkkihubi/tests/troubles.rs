//! What comes instead of an answer, or around it.

use std::time::{Duration, Instant};

use super::*;

#[test]
fn the_date_may_be_wrong_or_missing() {
    let server = turned(1, |switches| switches.date_off_s = -90);
    assert_eq!(get(&server, ITEMS).headers("Date"), ["Mon, 01 Jan 2024 11:58:30 GMT"]);
    server.set(|switches| switches.date_header = false);
    assert!(get(&server, ITEMS).headers("Date").is_empty());
}

#[test]
fn too_many_requests_and_when_to_come_again() {
    let server = turned(1, |switches| {
        (switches.too_many, switches.retry_after) = (1, RetryAfter::Seconds(0));
    });
    let answer = get(&server, ITEMS);
    assert_eq!((answer.status, answer.headers("Retry-After")), (429, vec!["0"]));
    assert_eq!(get(&server, ITEMS).status, 200);
    server.set(|switches| (switches.too_many, switches.retry_after) = (1, RetryAfter::Date(30)));
    let answer = get(&server, ITEMS);
    assert_eq!(answer.headers("Retry-After"), ["Mon, 01 Jan 2024 12:00:30 GMT"]);
    assert_eq!(server.violations(), Vec::<String>::new());
    assert_eq!(get(&server, ITEMS).status, 200);
    assert_eq!(slugs(&server), ["too-soon"]);
    server.set(|switches| (switches.too_many, switches.retry_after) = (1, RetryAfter::Seconds(30)));
    get(&server, ITEMS);
    server.begin_run();
    assert_eq!((get(&server, ITEMS).status, server.violations().len()), (200, 0));
}

#[test]
fn unavailable_for_some_requests() {
    let server = turned(3, |switches| (switches.page_size, switches.unavailable) = (Some(2), 2));
    let statuses = [(); 3].map(|()| get(&server, ITEMS).status);
    assert_eq!((statuses, server.switches().unavailable), ([503, 503, 200], 0));
    let second = next(&read(&server, ITEMS));
    server.set(|switches| switches.unavailable = 1);
    assert_eq!([(); 2].map(|()| get(&server, &second).status), [503, 200], "a page outlives it");
    assert!(server.violations().is_empty());
}

#[test]
fn refused_or_broken() {
    let server = register(1);
    for (status, text) in [
        (401, "{\"detail\":\"Invalid token.\"}"),
        (
            403,
            "{\"detail\":\"You do not have permission to perform this action.\",\
             \"code\":\"permission_denied\"}",
        ),
        (500, "<!doctype html><html><body><h1>Server Error</h1></body></html>"),
    ] {
        server.set(|switches| switches.broken = Some(status));
        let answer = get(&server, ITEMS);
        assert_eq!((answer.status, answer.text()), (status, text.into()));
    }
    assert!(server.violations().is_empty());
}

#[test]
fn redirects_lead_to_the_stranger() {
    let server = register(1);
    let place = server.stranger_url();
    server.set(|switches| switches.redirect = Some(place.clone()));
    let answer = get(&server, ITEMS);
    assert_eq!(
        (answer.status, answer.headers("Location")),
        (302, vec![format!("{place}{ITEMS}").as_str()])
    );
    assert!(server.violations().is_empty());
    send(server.stranger().port(), "GET", ITEMS, &[LOGIN, ACCEPT], "").unwrap();
    assert_eq!(slugs(&server), ["token-elsewhere"]);
    assert_eq!(server.stranger().requests().len(), 1);
}

#[test]
fn slow_answers_and_huge_ones() {
    let server = turned(1, |switches| switches.slow = Duration::from_millis(60));
    let begin = Instant::now();
    get(&server, ITEMS);
    assert!(begin.elapsed() >= Duration::from_millis(60));
    server.set(|switches| (switches.slow, switches.padding) = (Duration::ZERO, 3_000_000));
    let answer = get(&server, PARKINGS);
    assert!(answer.body.len() > 3_000_000);
    assert_eq!(ids(&answer.json()), ["p1"]);
    server.set(|switches| switches.slow = Duration::from_secs(3600));
    let waiting = crate::testing::connect(server.port(), b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    while server.requests().len() < 3 {
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(server);
    drop(waiting);
    assert!(begin.elapsed() < Duration::from_secs(60), "nobody waits for an hour");
}

#[test]
fn connections_may_stay_open() {
    let server = turned(1, |switches| switches.keep_alive = true);
    let text = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let mut stream = crate::testing::connect(server.port(), text.as_bytes());
    let mut bytes = [0; 4096];
    let count = std::io::Read::read(&mut stream, &mut bytes).unwrap();
    assert!(String::from_utf8_lossy(&bytes[..count]).contains("Connection: keep-alive"));
}

#[test]
fn a_base_path() {
    let server = register(3);
    server.edit_settings(|settings| settings.base_path = "/hub".into());
    server.set(|switches| switches.page_size = Some(2));
    assert_eq!(server.url(), format!("http://127.0.0.1:{}/hub", server.port()));
    let pages = all(&server, &format!("/hub{ITEMS}"));
    assert_eq!(pages.iter().map(|page| ids(page).len()).sum::<usize>(), 3);
    assert!(next(&pages[0]).starts_with("/hub/enforcement/v1/valid_permit_item/?cursor="));
    assert_eq!((server.calls("valid_permit_item"), server.calls("valid_parking")), (2, 0));
    assert_eq!((get(&server, ITEMS).status, slugs(&server)), (404, vec!["unknown-path".into()]));
}

#[test]
fn tls_has_a_stranger_with_tls() {
    let tls = crate::http::Tls::SelfSigned;
    let server = Server::start(Settings { tls, ..Settings::default() });
    assert!(server.url().starts_with("https://127.0.0.1:"));
    assert!(server.stranger_url().starts_with("https://localhost:"));
}
