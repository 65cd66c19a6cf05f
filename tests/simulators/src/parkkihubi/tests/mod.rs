//! The register, seen from the network.

mod memory;
mod pages;
mod refusals;
mod rows;
mod troubles;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::*;
use crate::clock::Clock;
use crate::testing::{Answer, send};

const LOGIN: (&str, &str) = ("Authorization", "ApiKey hub-secret-token-1");
const ACCEPT: (&str, &str) = ("Accept", "application/json");
const ITEMS: &str = "/enforcement/v1/valid_permit_item/";
const PARKINGS: &str = "/enforcement/v1/valid_parking/?time=2024-01-01T12:00:00Z";

fn now() -> DateTime<Utc> {
    "2024-01-01T12:00:00Z".parse().unwrap()
}

fn hours(count: i64) -> TimeDelta {
    TimeDelta::hours(count)
}

/// A register that stands still at noon, with so many parkings `p1` in zone 2 and as many permits in
/// area B, of two hours each; the plates are `AAA-001` and `BBB-001` on.
fn register(rows: usize) -> Server {
    let server = Server::start(Settings { clock: Clock::fixed(now()), ..Settings::default() });
    for number in 1..=rows {
        let (from, until) = (now() - hours(1), now() + hours(1));
        let plate = format!("AAA-{number:03}");
        server.park(&format!("p{number}"), &plate, "2", from, Some(until));
        server.permit(number as u64, &format!("BBB-{number:03}"), "B", from, until);
    }
    server
}

/// The same with its switches turned.
fn turned(rows: usize, turn: impl FnOnce(&mut Switches)) -> Server {
    let server = register(rows);
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

/// The target of the page that a page points to.
fn next(page: &Value) -> String {
    let url = page["next"].as_str().unwrap();
    url.strip_prefix("http://x").unwrap_or(url).to_owned()
}

/// All pages of a listing.
fn all(server: &Server, target: &str) -> Vec<Value> {
    let mut pages = vec![read(server, target)];
    while pages.last().unwrap()["next"].as_str().is_some_and(|next| !next.is_empty()) {
        pages.push(read(server, &next(pages.last().unwrap())));
    }
    pages
}

/// Ids of a page, as texts.
fn ids(page: &Value) -> Vec<String> {
    let text = |row: &Value| row["id"].as_str().map_or(row["id"].to_string(), String::from);
    page["results"].as_array().unwrap().iter().map(text).collect()
}

/// The only or first row.
fn first(server: &Server, target: &str) -> Value {
    read(server, target)["results"][0].clone()
}

/// The slugs of all violations, which are forgotten.
fn slugs(server: &Server) -> Vec<String> {
    let slug = |line: String| line.split(':').next().unwrap_or_default().to_owned();
    let slugs = server.violations().into_iter().map(slug).collect();
    server.clear_violations();
    slugs
}
