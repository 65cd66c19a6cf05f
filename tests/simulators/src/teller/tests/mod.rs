//! The cashier, seen from the network and from its spool.

mod client;
mod documents;
mod files;

use chrono::{DateTime, NaiveDate, Utc};

use super::*;
use crate::clock::Clock;
use crate::service::{Mishap, Settings};
use crate::testing::{Answer, JSON, send};

const LOGIN: (&str, &str) = ("Authorization", "Bearer service-secret-1");
const ACCEPT: (&str, &str) = ("Accept", "application/json");
const KEYS: [&str; 3] = [
    "2ed6657d-e927-568b-95e1-2665a8aea6a2",
    "a6f3b0a4-5d5c-5b43-8d8b-0c9b2c7d6a11",
    "0f1c4b1e-7d3f-5c9b-9a55-3c2f1d0e9b77",
];

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A cashier at noon in New York, who took 4.75 in the morning.
fn cashier() -> Server {
    let clock = Clock::fixed(at("2024-01-01T17:00:00Z"));
    let server = Server::start(Settings { clock, ..Settings::default() });
    server.capture("park_payment_123", 475, 25, at("2024-01-01T15:00:00Z"));
    server
}

fn refund(id: &str, amount: &str) -> String {
    format!(
        "{{\"refundId\":\"{id}\",\"originalPaymentId\":\"park_payment_123\",\"refundAmount\":{amount},\
         \"reason\":\"EARLY_SESSION_END\",\"metadata\":{{\"sessionId\":\"session_789\"}}}}"
    )
}

/// Sends a document under one of the keys.
fn post(server: &Server, path: &str, key: usize, body: &str) -> Option<Answer> {
    let headers = [LOGIN, ACCEPT, JSON, ("Idempotency-Key", KEYS[key])];
    send(server.port(), "POST", &format!("/v1/{path}"), &headers, body)
}

fn get(server: &Server, path: &str) -> Answer {
    send(server.port(), "GET", &format!("/v1/{path}"), &[LOGIN, ACCEPT], "").unwrap()
}

fn slugs(server: &Server) -> Vec<String> {
    let slug = |line: String| line.split(':').next().unwrap_or_default().to_owned();
    let slugs = server.violations().into_iter().map(slug).collect();
    server.clear_violations();
    slugs
}
