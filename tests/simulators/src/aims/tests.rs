//! The system, seen from the network.

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::base64;
use crate::clock::Clock;
use crate::oauth;
use crate::service::{Login, Mishap, Settings};
use crate::testing::{Answer, JSON, send};

const ACCEPT: (&str, &str) = ("Accept", "application/json");
const KEY: &str = "2ed6657d-e927-568b-95e1-2665a8aea6a2";

const CITATION: &str = r#"{"citationNumber":"AIMS-2024-000123","licensePlate":"XYZ789","state":"CT",
"violation":{"code":"PKG-001","description":"Expired Meter","fineAmount":25.00},
"location":{"zoneNumber":"A1","address":"123 Main Street","latitude":41.0534,"longitude":-73.5387},
"officer":{"id":"officer_123","badge":"PS-456"},"timestamp":"2024-01-01T12:15:00.000Z",
"evidence":[{"type":"PHOTO","base64Data":"iVBORw0KGgo=","mimeType":"image/png"}]}"#;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The system an hour after the citation, its token server, and a token.
struct World {
    aims: Server,
    tokens: oauth::Server,
    login: String,
}

impl World {
    fn new() -> Self {
        let tokens = oauth::Server::start(oauth::Settings::default());
        let clock = Clock::fixed(at("2024-01-01T13:15:00Z"));
        let login = Login::OAuth(tokens.tokens());
        let aims = Server::start(Settings { login, clock, ..Settings::default() });
        let mut world = Self { aims, tokens, login: String::new() };
        world.renew();
        world
    }

    /// Takes a new token.
    fn renew(&mut self) {
        let login =
            format!("Basic {}", base64::encode(b"stamford+parking:oauth-secret-1%2F%2B%26"));
        let headers = [
            ("Authorization", login.as_str()),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        let body = "grant_type=client_credentials";
        let answer = send(self.tokens.port(), "POST", "/oauth/token", &headers, body).unwrap();
        self.login = format!("Bearer {}", answer.json()["access_token"].as_str().unwrap());
    }

    fn post(&self, body: &str) -> Option<Answer> {
        let login = ("Authorization", self.login.as_str());
        let headers = [login, ACCEPT, JSON, ("Idempotency-Key", KEY)];
        send(self.aims.port(), "POST", "/v1/citations", &headers, body)
    }

    fn get(&self, path: &str) -> Answer {
        let login = ("Authorization", self.login.as_str());
        send(self.aims.port(), "GET", &format!("/v1/{path}"), &[login, ACCEPT], "").unwrap()
    }

    fn slugs(&self) -> Vec<String> {
        let slug = |line: String| line.split(':').next().unwrap_or_default().to_owned();
        let slugs = self.aims.violations().into_iter().map(slug).collect();
        self.aims.clear_violations();
        slugs
    }
}

#[test]
fn a_citation_is_taken_once() {
    let world = World::new();
    world.aims.trouble(|troubles| troubles.documents = vec![Mishap::LostAfter]);
    assert!(world.post(CITATION).is_none());
    let state = world.get("citations/AIMS-2024-000123");
    assert_eq!(
        state.text(),
        "{\"citationNumber\":\"AIMS-2024-000123\",\"status\":\"ACCEPTED\",\
         \"receivedAt\":\"2024-01-01T13:15:00.000Z\",\"licensePlate\":\"XYZ789\",\"state\":\"CT\",\
         \"violationCode\":\"PKG-001\",\"fineAmount\":25.00,\
         \"evidence\":[{\"mimeType\":\"image/png\",\"bytes\":8}]}"
    );
    assert_eq!(world.get(&format!("idempotency-keys/{KEY}")).body, state.body);
    let again = world.post(CITATION).unwrap();
    assert_eq!((again.status, &again.json()["status"]), (201, &"ACCEPTED".into()));
    assert_eq!(world.aims.times_taken("AIMS-2024-000123"), 1);
    let taken = world.aims.citation("AIMS-2024-000123").unwrap();
    assert_eq!(
        (taken.fine, taken.evidence[0].1.as_slice()),
        (2500, b"\x89PNG\r\n\x1a\n".as_slice())
    );
    assert_eq!(world.slugs(), [""; 0]);
}

#[test]
fn what_is_there_is_shown() {
    let world = World::new();
    world.aims.put(CITATION);
    let answer = world.post(CITATION).unwrap();
    assert_eq!(answer.status, 409);
    assert_eq!(answer.json()["document"]["licensePlate"], "XYZ789");
    assert_eq!(answer.json()["state"]["status"], "ACCEPTED");
    assert_eq!(world.slugs(), [""; 0], "the client could not know");
    assert!(world.aims.set_standing("AIMS-2024-000123", Standing::Contested));
    assert_eq!(world.get("citations/AIMS-2024-000123").json()["status"], "CONTESTED");
    world.aims.forget_keys();
    world.aims.set(|switches| switches.numbers_are_unique = false);
    assert_eq!(world.post(CITATION).unwrap().status, 201);
    assert_eq!(world.slugs(), ["contested-sent", "citation-twice"]);
    assert_eq!(world.aims.times_taken("AIMS-2024-000123"), 2);
}

#[test]
fn one_new_token_after_401() {
    let mut world = World::new();
    world.tokens.revoke();
    assert_eq!(world.post(CITATION).unwrap().status, 401);
    assert_eq!(world.slugs(), [""; 0], "nobody could know");
    assert_eq!(world.post(CITATION).unwrap().status, 401);
    assert_eq!(world.slugs(), ["old-token-again"]);
    world.renew();
    assert_eq!(world.post(CITATION).unwrap().status, 201);
    assert_eq!(world.slugs(), [""; 0]);

    let mut world = World::new();
    world.tokens.set(|switches| switches.stillborn = true);
    world.tokens.revoke();
    assert_eq!(world.post(CITATION).unwrap().status, 401);
    world.renew();
    assert_eq!(world.post(CITATION).unwrap().status, 401);
    assert_eq!(world.slugs(), ["new-token-again"], "a server that gives dead tokens is left alone");
    world.login = "Bearer made-up".into();
    assert_eq!(world.post(CITATION).unwrap().status, 401);
    assert_eq!(world.slugs(), ["wrong-login"]);
    assert_eq!(world.aims.times_taken("AIMS-2024-000123"), 0);
}

#[test]
fn a_plate_is_asked_for() {
    let world = World::new();
    let now = at("2024-01-01T13:15:00Z");
    world.aims.add_right("ABC123", "CT", "A1", now, now + TimeDelta::seconds(1));
    let valid = |path: &str| world.get(path).json()["verification"]["isValid"].clone();
    assert_eq!(valid("lookup/ABC123?state=CT&zone=A1"), true);
    assert_eq!(valid("lookup/ABC123?state=CT&zone=A2"), false);
    assert_eq!(valid("lookup/ABC123?state=NY&zone=A1"), false);
    world.aims.clock().advance(TimeDelta::seconds(1));
    assert_eq!(valid("lookup/ABC123?zone=A1&state=CT"), false, "the end is outside");
    assert_eq!(world.slugs(), [""; 0]);
    for (path, slug) in [
        ("lookup/ABC123?state=CT", "missing-parameter"),
        ("lookup/ABC123?state=CT&zone=A1&at=now", "unknown-parameter"),
        ("lookup/abc123?state=CT&zone=A1", "plate-form"),
        ("lookup/AB%20C?state=CT&zone=A1", "plate-form"),
        ("lookup/AB%2FC?state=CT&zone=A1", "unknown-path"),
        ("citations/AIMS-1?a=1", "unknown-parameter"),
    ] {
        assert!(world.get(path).status >= 400);
        assert_eq!(world.slugs(), [slug], "{path}");
    }
}

#[test]
fn no_citation_against_a_right() {
    let world = World::new();
    let cited = at("2024-01-01T12:15:00Z");
    world.aims.add_right("XYZ789", "CT", "A1", cited, cited + TimeDelta::seconds(1));
    assert_eq!(world.post(CITATION).unwrap().status, 201, "it cannot know");
    assert_eq!(world.slugs(), ["citation-against-right"]);
}

#[test]
fn answers_may_be_wrong() {
    for (wrong, part) in [
        (Wrong::OtherNumber, "\"AIMS-0\""),
        (Wrong::UnknownStatus, "\"MAYBE\""),
        (Wrong::NoStatus, "{\"citationNumber\":\"AIMS-2024-000123\",\"receivedAt\""),
    ] {
        let world = World::new();
        world.aims.set(|switches| switches.wrong = wrong);
        assert!(world.post(CITATION).unwrap().text().contains(part));
        world.post(CITATION);
        assert_eq!(world.slugs(), ["not-asked-first"]);
        world.aims.set(|switches| switches.wrong_state = wrong);
        assert!(world.get("citations/AIMS-2024-000123").text().contains(part));
    }
}

#[test]
fn citations_that_are_none() {
    let jpeg = base64::encode(b"\xff\xd8\xff\xe0");
    let big = base64::encode(&[&b"\x89PNG\r\n\x1a\n"[..], &[0; 100]].concat());
    for (from, to, slug) in [
        ("25.00", "25.001", "amount-decimals"),
        ("25.00", "2.5e1", "amount-form"),
        ("25.00", "\"25.00\"", "amount-text"),
        ("25.00", "0.00", "amount-sign"),
        ("25.00", "-25.00", "amount-sign"),
        ("PKG-001", "PKG-999", "violation-code"),
        ("XYZ789", "XYZ 789", "plate-form"),
        ("XYZ789", "xyz789", "plate-form"),
        ("XYZ789", "ABCDEFGHIJKLM", "plate-form"),
        ("\"state\":\"CT\",", "", "missing-field"),
        ("\"badge\"", "\"name\":\"Officer Smith\",\"badge\"", "officer-name"),
        ("12:15:00.000Z", "13:20:01.000Z", "citation-in-future"),
        ("2024-01-01T12:15:00.000Z", "2023-12-25T13:14:59.000Z", "citation-too-old"),
        ("12:15:00.000Z", "12:15:00.000", "instant-form"),
        ("12:15:00.000Z", "12:15:00+00:00", "instant-form"),
        ("iVBORw0KGgo=", "iVBORw0KGgo", "evidence-base64"),
        ("iVBORw0KGgo=", "", "evidence-empty"),
        ("iVBORw0KGgo=", jpeg.as_str(), "evidence-label"),
        ("iVBORw0KGgo=", big.as_str(), "evidence-size"),
        ("image/png", "image/jpeg", "evidence-label"),
        ("image/png", "image/svg+xml", "evidence-label"),
        ("PHOTO", "photo", "unknown-word"),
    ] {
        let world = World::new();
        world.aims.set(|switches| switches.evidence_max = 100);
        let answer = world.post(&CITATION.replace(from, to)).unwrap();
        assert!((400..500).contains(&answer.status), "{to}");
        assert_eq!(world.slugs(), [slug], "{to}");
        assert_eq!(world.aims.times_taken("AIMS-2024-000123"), 0);
    }
    let most = base64::encode(&[&b"\x89PNG\r\n\x1a\n"[..], &vec![0; (5 << 20) - 8]].concat());
    for (from, to) in [
        ("iVBORw0KGgo=", most.as_str()),
        ("25.00", "25"),
        ("12:15:00.000Z", "13:20:00Z"),
        ("iVBORw0KGgo=\",\"mimeType\":\"image/png", "/9j/4A==\",\"mimeType\":\"image/jpeg"),
    ] {
        let world = World::new();
        assert_eq!(world.post(&CITATION.replace(from, to)).unwrap().status, 201, "{to}");
    }
}
