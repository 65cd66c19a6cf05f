//! What all services have in common, tried at one that keeps whatever it is sent.

use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::*;
use crate::clock::Clock;
use crate::http::Response;
use crate::testing::{Answer, JSON, bytes, connect, send};

/// Documents by their ids, and how often each was carried out.
#[derive(Debug, Default)]
struct Shelf(Vec<String>);

impl Service for Shelf {
    type Switches = ();

    fn subject(&self, (): &(), call: &Call) -> Option<String> {
        match &call.body {
            Some(body) => Some(body.get("id")?.text()?.to_owned()),
            None => call.path.last().cloned(),
        }
    }

    fn answer(state: &mut State<Self>, call: &Call) -> Result<Response, Problem> {
        let Some(body) = &call.body else {
            let id = call.path.last().map(String::as_str).unwrap_or_default();
            let count = state.memory.0.iter().filter(|one| *one == id).count();
            return Ok(json(200, count.to_string()));
        };
        let mut fields = Fields::of(body, "")?;
        let id = fields.text("id")?.to_owned();
        fields.end()?;
        state.memory.0.push(id);
        Ok(json(201, state.memory.0.len().to_string()))
    }
}

const LOGIN: (&str, &str) = ("Authorization", "Bearer service-secret-1");
const ACCEPT: (&str, &str) = ("Accept", "application/json");
const KEY: (&str, &str) = ("Idempotency-Key", "2ed6657d-e927-568b-95e1-2665a8aea6a2");
const OTHER: (&str, &str) = ("Idempotency-Key", "a6f3b0a4-5d5c-5b43-8d8b-0c9b2c7d6a11");
const GOOD: [(&str, &str); 4] = [LOGIN, ACCEPT, JSON, KEY];

fn shelf() -> Server<Shelf> {
    let clock = Clock::fixed("2024-01-01T12:00:00Z".parse().unwrap());
    Server::start(Settings { clock, ..Settings::default() })
}

fn post(server: &Server<Shelf>) -> Option<Answer> {
    send(server.port(), "POST", "/v1/papers", &GOOD, "{\"id\":\"a\"}")
}

fn ask(server: &Server<Shelf>) -> Option<Answer> {
    send(server.port(), "GET", "/v1/papers/a", &GOOD[..2], "")
}

fn slugs(server: &Server<Shelf>) -> Vec<String> {
    let slug = |line: String| line.split(':').next().unwrap_or_default().to_owned();
    let slugs = server.violations().into_iter().map(slug).collect();
    server.clear_violations();
    slugs
}

#[test]
fn a_key_has_one_effect() {
    let server = shelf();
    let first = post(&server).unwrap();
    let again = post(&server).unwrap();
    assert_eq!((first.status, first.text()), (201, "1".to_owned()));
    assert_eq!((again.status, again.text()), (201, "1".to_owned()));
    assert_eq!(again.headers("Idempotent-Replayed"), ["true"]);
    assert_eq!(first.headers("Date"), ["Mon, 01 Jan 2024 12:00:00 GMT"]);
    let by_key = format!("/v1/idempotency-keys/{}", KEY.1);
    assert_eq!(send(server.port(), "GET", &by_key, &GOOD[..2], "").unwrap().status, 200);
    assert_eq!(slugs(&server), [""; 0]);
    assert_eq!(
        send(server.port(), "POST", "/v1/papers", &GOOD, "{\"id\" :\"a\"}").unwrap().status,
        422
    );
    assert_eq!(slugs(&server), ["key-reused"]);
}

#[test]
fn keys_die() {
    let server = shelf();
    post(&server);
    server.clock().advance(TimeDelta::hours(24));
    assert_eq!(post(&server).unwrap().text(), "1");
    server.clock().advance(TimeDelta::seconds(1));
    assert_eq!(post(&server).unwrap().text(), "2", "a second effect");
    assert_eq!(slugs(&server), ["key-expired"]);
    server.forget_keys();
    assert_eq!(post(&server).unwrap().text(), "3", "nobody could know");
    assert_eq!(slugs(&server), [""; 0]);
    server.trouble(|troubles| troubles.honours_keys = false);
    assert_eq!(post(&server).unwrap().text(), "4");
}

#[test]
fn whoever_does_not_know_must_ask() {
    for (mishap, effects, is_doubt) in [
        (Mishap::LostBefore, "0", true),
        (Mishap::LostAfter, "1", true),
        (Mishap::FailsBefore(500), "0", true),
        (Mishap::FailsAfter(500), "1", true),
        (Mishap::FailsBefore(409), "0", false),
        (Mishap::FailsAfter(409), "1", false),
        (Mishap::PageBefore, "0", true),
        (Mishap::PageAfter, "1", true),
        (Mishap::CutAfter, "1", true),
    ] {
        let server = shelf();
        server.trouble(|troubles| troubles.documents = vec![mishap]);
        let answer = post(&server);
        match mishap {
            Mishap::LostBefore | Mishap::LostAfter => assert!(answer.is_none()),
            Mishap::FailsBefore(status) | Mishap::FailsAfter(status) => {
                assert_eq!(answer.unwrap().status, status);
            }
            Mishap::CutAfter => assert_eq!(answer.unwrap().text(), "", "half of one byte"),
            _ => assert!(answer.unwrap().text().contains("<html>")),
        }
        assert_eq!(post(&server).unwrap().text(), "1", "{mishap:?}");
        let expected: &[&str] = if is_doubt { &["not-asked-first"] } else { &[] };
        assert_eq!(slugs(&server), expected, "{mishap:?}");

        let server = shelf();
        server.trouble(|troubles| troubles.documents = vec![mishap]);
        post(&server);
        server.trouble(|troubles| troubles.questions = vec![Mishap::LostAfter]);
        assert!(ask(&server).is_none());
        assert_eq!(ask(&server).unwrap().text(), effects, "{mishap:?}");
        post(&server);
        assert_eq!(slugs(&server), [""; 0], "{mishap:?}");
    }
}

#[test]
fn what_cannot_be_asked_may_be_sent_again() {
    let server = shelf();
    server.trouble(|troubles| {
        (troubles.documents, troubles.tells_state) = (vec![Mishap::FailsAfter(500)], false);
        troubles.replays_failures = true;
    });
    assert_eq!(post(&server).unwrap().status, 500);
    assert_eq!(ask(&server).unwrap().status, 405);
    assert_eq!(post(&server).unwrap().status, 500, "the key is answered so for its life");
    assert_eq!(slugs(&server), [""; 0]);
    server.trouble(|troubles| troubles.tells_state = true);
    assert_eq!(ask(&server).unwrap().text(), "1");
}

#[test]
fn keys_that_are_none() {
    let server = shelf();
    for (keys, slug) in [
        (vec![], "key-missing"),
        (vec![KEY, OTHER], "key-twice"),
        (vec![("Idempotency-Key", "refund_1")], "key-form"),
        (vec![("Idempotency-Key", "2ed6657d-e927-468b-95e1-2665a8aea6a2")], "key-form"),
        (vec![("Idempotency-Key", "2ED6657D-e927-568b-95e1-2665a8aea6a2")], "key-form"),
    ] {
        let headers = [&GOOD[..3], &keys[..]].concat();
        let answer = send(server.port(), "POST", "/v1/papers", &headers, "{\"id\":\"a\"}").unwrap();
        assert_eq!((answer.status, slugs(&server)), (400, vec![slug.to_owned()]));
    }
    server.trouble(|troubles| troubles.documents = vec![Mishap::LostBefore]);
    post(&server);
    let other = send(server.port(), "POST", "/v1/papers", &GOOD, "{\"id\":\"b\"}").unwrap();
    assert_eq!((other.status, slugs(&server)), (422, vec!["key-reused".to_owned()]));
    ask(&server);
    post(&server);
    let headers = [LOGIN, ACCEPT, JSON, OTHER];
    assert_eq!(
        send(server.port(), "POST", "/v1/papers", &headers, "{\"id\":\"a\"}").unwrap().text(),
        "2"
    );
    assert_eq!(slugs(&server), ["second-key"]);
}

#[test]
fn bad_manners_have_their_slugs() {
    let server = shelf();
    let big = format!("{{\"id\":\"{}\"}}", "a".repeat(1 << 20));
    let wrong = ("Authorization", "Bearer service-secret-2");
    let form = ("Content-Type", "text/plain");
    for (method, target, headers, body, slug) in [
        ("POST", "/v1/papers", vec![ACCEPT, JSON, KEY], "{\"id\":\"a\"}", "no-login"),
        ("POST", "/v1/papers", vec![wrong, ACCEPT, JSON, KEY], "{\"id\":\"a\"}", "wrong-login"),
        (
            "POST",
            "/v1/papers",
            vec![wrong, ACCEPT, JSON, KEY],
            "{\"id\":\"a\"}",
            "wrong-login-again",
        ),
        ("POST", "/v1/papers", vec![LOGIN, JSON, KEY], "{\"id\":\"a\"}", "accept"),
        ("POST", "/v1/papers", vec![LOGIN, ACCEPT, form, KEY], "{\"id\":\"a\"}", "content-type"),
        ("POST", "/v1/papers?a=1", GOOD.to_vec(), "{\"id\":\"a\"}", "unknown-parameter"),
        ("POST", "/v2/papers", GOOD.to_vec(), "{\"id\":\"a\"}", "unknown-path"),
        ("POST", "/v1/papers/", GOOD.to_vec(), "{\"id\":\"a\"}", "unknown-path"),
        ("POST", "/v1/a%2Fb", GOOD.to_vec(), "{\"id\":\"a\"}", "unknown-path"),
        ("POST", "/v1/papers", GOOD.to_vec(), "{\"id\":\"a\",}", "json-form"),
        ("POST", "/v1/papers", GOOD.to_vec(), "{\"id\":\"a\",\"b\":1}", "unknown-field"),
        ("POST", "/v1/papers", GOOD.to_vec(), "{}", "missing-field"),
        ("POST", "/v1/papers", GOOD.to_vec(), "{\"id\":\"\"}", "empty-field"),
        ("POST", "/v1/papers", GOOD.to_vec(), "{\"id\":1}", "field-type"),
        ("POST", "/v1/papers", GOOD.to_vec(), big.as_str(), "too-large"),
        ("DELETE", "/v1/papers/a", GOOD.to_vec(), "", "wrong-method"),
    ] {
        server.clear_violations();
        server.forget_keys();
        assert!(send(server.port(), method, target, &headers, body).unwrap().status >= 400);
        assert!(slugs(&server).contains(&slug.to_owned()), "{slug}");
    }
    assert!(server.with(|state| state.memory.0.is_empty()), "nothing was carried out");
}

#[test]
fn a_slow_answer_comes_all_the_same() {
    let server = shelf();
    server.trouble(|troubles| troubles.slow = Duration::from_millis(50));
    let begin = Instant::now();
    assert_eq!(post(&server).unwrap().status, 201);
    assert!(begin.elapsed() >= Duration::from_millis(50));
    server.trouble(|troubles| troubles.slow = Duration::from_secs(3600));
    let waiting = connect(server.port(), &bytes("GET", "/v1/papers/a", &GOOD[..2], ""));
    drop(server);
    drop(waiting);
    assert!(begin.elapsed() < Duration::from_secs(60), "nobody is kept waiting");
}

#[test]
fn troubles_come_whatever_is_asked() {
    let server = shelf();
    server.trouble(|troubles| {
        (troubles.too_many, troubles.retry_after) = (1, RetryAfter::Seconds(60));
    });
    let answer = post(&server).unwrap();
    assert_eq!((answer.status, answer.headers("Retry-After")), (429, vec!["60"]));
    assert_eq!(post(&server).unwrap().status, 201);
    assert_eq!(slugs(&server), ["too-soon"], "it was told to wait, and nothing was in doubt");
    server.trouble(|troubles| troubles.retry_after = RetryAfter::Date(0));
    server.trouble(|troubles| troubles.unavailable = 1);
    let answer = post(&server).unwrap();
    assert_eq!(answer.headers("Retry-After"), ["Mon, 01 Jan 2024 12:00:00 GMT"]);
    post(&server);
    assert_eq!(slugs(&server), ["not-asked-first"]);
    server.trouble(|troubles| troubles.redirect = Some("http://127.0.0.1:1".into()));
    let answer = post(&server).unwrap();
    assert_eq!(
        (answer.status, answer.headers("Location")),
        (307, vec!["http://127.0.0.1:1/v1/papers"])
    );
    server.trouble(|troubles| (troubles.redirect, troubles.broken) = (None, Some(403)));
    assert_eq!(ask(&server).unwrap().status, 403);
}
