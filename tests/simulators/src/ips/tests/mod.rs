//! The service, seen from the network.

mod citations;
mod memory;
mod pages;
mod refusals;
mod rows;
mod troubles;
mod xml;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::*;
use crate::clock::Clock;
use crate::testing::{Answer, send};

const LOGIN: (&str, &str) = ("Authorization", "ApiKey ips-secret-key-1");
const ACCEPT: (&str, &str) = ("Accept", "application/json");
const TOKEN: (&str, &str) = ("IPSToken", "ips-secret-token-1");
const XML: (&str, &str) = ("Content-Type", "text/xml; charset=utf-8");
const SESSIONS: &str = "/smartcity/v2/sessions";
const PERMITS: &str = "/smartcity/v2/permits";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn now() -> DateTime<Utc> {
    at("2024-01-01T12:00:00Z")
}

/// A service that stands still at noon, with so many sessions of two hours: `session_1` with `AAA001`
/// on; odd ones in A1, even ones in A2.
fn service(sessions: usize) -> Server {
    let clock = Clock::fixed(now());
    let server = Server::start(Settings { clock, ..Settings::default() });
    for number in 1..=sessions {
        let (id, plate) = (format!("session_{number}"), format!("AAA{number:03}"));
        let zone = if number % 2 == 1 { "A1" } else { "A2" };
        let until = Some(now() + TimeDelta::hours(1));
        server.park(&id, &plate, "CT", zone, now() - TimeDelta::hours(1), until);
    }
    server
}

/// The same with its switches turned.
fn turned(sessions: usize, turn: impl FnOnce(&mut Switches)) -> Server {
    let server = service(sessions);
    server.set(turn);
    server
}

/// A good `GET`.
fn get(server: &Server, target: &str) -> Answer {
    send(server.port(), "GET", target, &[LOGIN, ACCEPT], "").unwrap()
}

/// The JSON of a good `GET`.
fn read(server: &Server, target: &str) -> Value {
    let answer = get(server, target);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Encodes everything but letters and digits.
fn encode(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// The target of the page that a page points to.
fn next(page: &Value) -> String {
    format!("{SESSIONS}?cursor={}", encode(page["nextCursor"].as_str().unwrap()))
}

/// All pages of sessions, up to a cursor that is not there or empty.
fn pages(server: &Server) -> Vec<Value> {
    let mut pages = vec![read(server, SESSIONS)];
    while pages.last().unwrap()["nextCursor"].as_str().is_some_and(|cursor| !cursor.is_empty()) {
        pages.push(read(server, &next(pages.last().unwrap())));
    }
    pages
}

/// Ids of a page.
fn ids(page: &Value) -> Vec<String> {
    let rows = page["data"].as_array().unwrap();
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// The first row of the sessions.
fn first(server: &Server) -> Value {
    read(server, SESSIONS)["data"][0].clone()
}

/// What the XML wire answers to this inside of a request.
fn ask(server: &Server, inside: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\"?><Request xmlns=\"http://www2.ipsmetersystems.com/meter\">{inside}</Request>"
    );
    send(server.port(), "POST", "/enforcement", &[TOKEN, XML], &body).unwrap()
}

/// The slugs of all violations, which are forgotten.
fn slugs(server: &Server) -> Vec<String> {
    let slug = |line: String| line.split(':').next().unwrap_or_default().to_owned();
    let slugs = server.violations().into_iter().map(slug).collect();
    server.clear_violations();
    slugs
}
