//! The accounts, seen from the network.

use chrono::{DateTime, NaiveDate, Utc};

use super::*;
use crate::clock::Clock;
use crate::service::{Mishap, Settings};
use crate::testing::{Answer, JSON, send};

const LOGIN: (&str, &str) = ("Authorization", "Bearer service-secret-1");
const ACCEPT: (&str, &str) = ("Accept", "application/json");
const KEYS: [&str; 2] =
    ["2ed6657d-e927-568b-95e1-2665a8aea6a2", "a6f3b0a4-5d5c-5b43-8d8b-0c9b2c7d6a11"];

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Accounts at the first instant after the first of January in New York.
fn finance() -> Server {
    let clock = Clock::fixed(at("2024-01-02T05:00:00Z"));
    Server::start(Settings { clock, ..Settings::default() })
}

/// A payment of 4.75 and a refund of 1.19 of this period.
fn report(from: &str, to: &str) -> String {
    let row = |id: &str, at: &str, amount: &str, kind: &str| {
        format!(
            "{{\"transactionId\":\"{id}\",\"timestamp\":\"{at}\",\"amount\":{amount},\"type\":\"{kind}\",\
             \"zone\":\"A1\",\"paymentMethod\":\"CREDIT_CARD\",\"accountingCode\":\"4100-PARKING-REVENUE\"}}"
        )
    };
    let rows = [row("txn_1", from, "4.75", "PARKING_PAYMENT"), row("txn_2", to, "1.19", "REFUND")];
    format!(
        "{{\"reportPeriod\":{{\"from\":\"{from}\",\"to\":\"{to}\"}},\"transactions\":[{}],\
         \"summary\":{{\"totalRevenue\":3.56,\"totalTransactions\":2,\"processingFees\":0.25,\
         \"netRevenue\":3.31}}}}",
        rows.join(",")
    )
}

fn first() -> String {
    report("2024-01-01T05:00:00.000Z", "2024-01-02T04:59:59.999Z")
}

fn post(server: &Server, key: usize, body: &str) -> Option<Answer> {
    let headers = [LOGIN, ACCEPT, JSON, ("Idempotency-Key", KEYS[key])];
    send(server.port(), "POST", "/v1/reconciliation", &headers, body)
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

#[test]
fn a_day_is_told_once() {
    let server = finance();
    server.trouble(|troubles| troubles.documents = vec![Mishap::FailsAfter(500)]);
    assert_eq!(post(&server, 0, &first()).unwrap().status, 500);
    let state = get(&server, "reconciliation/gtcs:2024-01-01:1");
    assert_eq!(
        state.text(),
        "{\"reportId\":\"gtcs:2024-01-01:1\",\"status\":\"ACCEPTED\",\"receivedTransactions\":2,\
         \"totalRevenue\":3.56,\"differences\":[]}"
    );
    assert_eq!(get(&server, &format!("idempotency-keys/{}", KEYS[0])).body, state.body);
    assert_eq!(post(&server, 0, &first()).unwrap().body, state.body);
    assert_eq!(get(&server, "reconciliation/gtcs:2024-01-02:1").status, 404);
    assert_eq!((server.reports(day("2024-01-01")), server.revenue(day("2024-01-01"))), (1, 356));
    assert_eq!(slugs(&server), [""; 0]);
    assert_eq!(post(&server, 1, &first()).unwrap().json()["state"]["status"], "ACCEPTED");
    assert_eq!(slugs(&server), ["second-key"]);
    server.set(|switches| switches.days_are_unique = false);
    server.forget_keys();
    assert_eq!(post(&server, 0, &first()).unwrap().status, 201);
    assert_eq!(slugs(&server), ["day-doubled"]);
    assert_eq!(server.revenue(day("2024-01-01")), 712);
}

#[test]
fn a_correction_is_a_revision() {
    let server = finance();
    let second = |corrects: &str| {
        let head = format!("{{\"revision\":2,\"corrects\":\"{corrects}\",");
        head + &first()[1..].replace("4.75", "4.74").replace("3.56", "3.55").replace("3.31", "3.30")
    };
    let good = second("gtcs:2024-01-01:1");
    assert_eq!(post(&server, 1, &good).unwrap().status, 422);
    assert_eq!(slugs(&server), ["revision-gap"]);
    post(&server, 0, &first());
    assert_eq!(post(&server, 1, &second("gtcs:2024-01-01:2")).unwrap().status, 422);
    assert_eq!(slugs(&server), ["revision-corrects"]);
    assert_eq!(post(&server, 1, &good).unwrap().status, 201);
    assert_eq!((server.reports(day("2024-01-01")), server.revenue(day("2024-01-01"))), (2, 355));
    assert_eq!(server.report(day("2024-01-01")).unwrap().revision, 2);
    assert_eq!(get(&server, "reconciliation/gtcs:2024-01-01:2").status, 200);
    assert_eq!(post(&server, 0, &good.replace("\"revision\":2,", "")).unwrap().status, 422);
    assert_eq!(slugs(&server), ["key-reused"], "the first has its own key");
}

#[test]
fn days_are_as_long_as_they_are() {
    for (zone, from, to, date) in [
        (Zone::new_york(), "2024-03-10T05:00:00Z", "2024-03-11T03:59:59.999Z", "2024-03-10"),
        (Zone::new_york(), "2024-11-03T04:00:00Z", "2024-11-04T04:59:59.999Z", "2024-11-03"),
        (Zone::lord_howe(), "2024-04-06T13:00:00Z", "2024-04-07T13:29:59.999Z", "2024-04-07"),
        (Zone::lord_howe(), "2024-10-05T13:30:00Z", "2024-10-06T12:59:59.999Z", "2024-10-06"),
        (Zone::beirut(), "2024-03-30T22:00:00Z", "2024-03-31T20:59:59.999Z", "2024-03-31"),
        (Zone::beirut(), "2024-10-25T21:00:00Z", "2024-10-26T21:59:59.999Z", "2024-10-26"),
    ] {
        let server = finance();
        server.clock().set(at("2025-01-01T00:00:00Z"));
        server.set(|switches| switches.zone = zone);
        let answer = post(&server, 0, &report(from, to)).unwrap();
        assert_eq!((answer.status, slugs(&server)), (201, vec![]), "{date}");
        assert_eq!(server.reports(day(date)), 1);

        let server = finance();
        server.clock().set(at("2025-01-01T00:00:00Z"));
        server.set(|switches| switches.zone = zone);
        let (begin, length) =
            (at(from), chrono::TimeDelta::days(1) - chrono::TimeDelta::milliseconds(1));
        let to = (begin + length).to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        assert_eq!(post(&server, 0, &report(from, &to)).unwrap().status, 422);
        assert_eq!(slugs(&server), ["period-end"], "{date} does not last 24 hours");
    }
}

#[test]
fn answers_may_be_wrong() {
    for (wrong, part) in [
        (Wrong::CountOff(-1), "\"receivedTransactions\":1,"),
        (Wrong::RevenueOff(1), "\"totalRevenue\":3.57,"),
        (Wrong::Difference, "\"differences\":[{\"path\":\"/summary/netRevenue\"}]"),
        (Wrong::OtherDocument, "\"gtcs:2000-01-01:1\""),
        (Wrong::UnknownStatus, "\"MAYBE\""),
    ] {
        let server = finance();
        server.set(|switches| switches.wrong = wrong);
        assert!(post(&server, 0, &first()).unwrap().text().contains(part));
        post(&server, 0, &first());
        assert_eq!(slugs(&server), ["not-asked-first"]);
        server.set(|switches| switches.wrong_state = wrong);
        assert!(get(&server, "reconciliation/gtcs:2024-01-01:1").text().contains(part));
    }
    let server = finance();
    server.set(|switches| switches.slow_acceptance = true);
    assert_eq!(post(&server, 0, &first()).unwrap().json()["status"], "RECEIVED");
    server.accept_all();
    assert_eq!(get(&server, "reconciliation/gtcs:2024-01-01:1").json()["status"], "ACCEPTED");
}

#[test]
fn reports_that_are_none() {
    for (from, to, slug) in [
        (
            "\"from\":\"2024-01-01T05:00:00.000Z\"",
            "\"from\":\"2024-01-01T00:00:00.000Z\"",
            "period-begin",
        ),
        (
            "\"to\":\"2024-01-02T04:59:59.999Z\"",
            "\"to\":\"2024-01-02T05:00:00.000Z\"",
            "period-end",
        ),
        ("\"to\":\"2024-01-02T04:59:59.999Z\"", "\"to\":\"2024-01-02T04:59:59Z\"", "period-end"),
        (
            "\"timestamp\":\"2024-01-02T04:59:59.999Z\"",
            "\"timestamp\":\"2024-01-02T05:00:00Z\"",
            "outside-day",
        ),
        (
            "\"timestamp\":\"2024-01-01T05:00:00.000Z\"",
            "\"timestamp\":\"2024-01-01T04:59:59Z\"",
            "outside-day",
        ),
        ("\"totalTransactions\":2", "\"totalTransactions\":287", "sum-count"),
        ("3.56", "5.94", "sum-revenue"),
        ("3.31", "3.32", "sum-net"),
        ("0.25", "-0.25", "sum-fees"),
        ("4.75", "4.749999", "amount-decimals"),
        ("4.75", "4.7", "amount-decimals"),
        ("4.75", "\"4.75\"", "amount-text"),
        ("4.75", "-4.75", "amount-sign"),
        ("4.75", "0.00", "amount-sign"),
        ("txn_2", "txn_1", "transaction-twice"),
        ("4100-PARKING-REVENUE", "4101-OTHER", "account-code"),
        ("REFUND", "DONATION", "unknown-word"),
        ("\"zone\"", "\"licensePlate\":\"ABC123\",\"zone\"", "unknown-field"),
        ("{\"reportPeriod\"", "{\"revision\":0,\"reportPeriod\"", "field-type"),
        ("{\"reportPeriod\"", "{\"revision\":2,\"corrects\":1,\"reportPeriod\"", "field-type"),
    ] {
        let server = finance();
        assert!(
            (400..500).contains(&post(&server, 0, &first().replacen(from, to, 1)).unwrap().status),
            "{to}"
        );
        assert_eq!(
            (slugs(&server), server.reports(day("2024-01-01"))),
            (vec![slug.to_owned()], 0),
            "{to}"
        );
    }
    let server = finance();
    server.clock().advance(-chrono::TimeDelta::milliseconds(1));
    post(&server, 0, &first());
    assert_eq!(slugs(&server), ["day-not-over"]);
    server.set(|switches| switches.transactions_max = 1);
    server.clock().set(at("2024-01-03T05:00:00Z"));
    post(&server, 0, &first());
    assert_eq!(slugs(&server), ["too-many-transactions"]);
    server.set(|switches| switches.transactions_max = 2);
    assert_eq!(post(&server, 0, &first()).unwrap().status, 201);
    let next = report("2024-01-02T05:00:00.000Z", "2024-01-03T04:59:59.999Z");
    assert_eq!(post(&server, 1, &next).unwrap().status, 422);
    assert_eq!(slugs(&server), ["transaction-on-two-days"]);
}
