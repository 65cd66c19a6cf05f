//! The meters, seen from the network.

use super::*;
use crate::service::{Mishap, Settings};
use crate::testing::{Answer, JSON, send};

const LOGIN: (&str, &str) = ("Authorization", "Bearer service-secret-1");
const ACCEPT: (&str, &str) = ("Accept", "application/json");
const METER: &str = "METER-A1-001";
const TARIFF: &str = "{\"rates\":[{\"timeSlot\":\"08:00-18:00\",\"rate\":2.00,\"maxDuration\":240,\"gracePeriod\":5},\
{\"timeSlot\":\"18:00-08:00\",\"rate\":1.00,\"maxDuration\":720,\"gracePeriod\":10}],\
\"enforcement\":{\"enabled\":true,\"alertThreshold\":600,\"violationCode\":\"PKG-001\"}}";

/// Meters of which one has this tariff.
fn meters() -> Server {
    let server = Server::start(Settings::default());
    server.add_meter(METER, TARIFF);
    server
}

fn get(server: &Server) -> Answer {
    let target = format!("/v1/meter-config/{METER}");
    send(server.port(), "GET", &target, &[LOGIN, ACCEPT], "").unwrap()
}

fn put(server: &Server, matches: &[&str], body: &str) -> Option<Answer> {
    let target = format!("/v1/meter-config/{METER}");
    let mut headers = vec![LOGIN, ACCEPT, JSON];
    headers.extend(matches.iter().map(|text| ("If-Match", *text)));
    send(server.port(), "PUT", &target, &headers, body)
}

fn dear() -> String {
    TARIFF.replace("2.00", "2.50")
}

fn slugs(server: &Server) -> Vec<String> {
    let slug = |line: String| line.split(':').next().unwrap_or_default().to_owned();
    let slugs = server.violations().into_iter().map(slug).collect();
    server.clear_violations();
    slugs
}

#[test]
fn a_tariff_is_changed_and_read_back() {
    let server = meters();
    let answer = get(&server);
    assert_eq!((answer.text().as_str(), answer.headers("ETag")), (TARIFF, vec!["\"v1\""]));
    let answer = put(&server, &["\"v1\""], &dear()).unwrap();
    assert_eq!((answer.status, answer.headers("ETag")), (200, vec!["\"v2\""]));
    assert_eq!(answer.text(), "{\"meterId\":\"METER-A1-001\",\"status\":\"APPLIED\"}");
    assert_eq!(
        (server.rate(METER, 0), server.rate(METER, 1), server.changes(METER)),
        (Some(250), Some(100), 1)
    );
    assert_eq!(server.not_read_back(), [METER]);
    assert_eq!(get(&server).text(), dear());
    assert_eq!(server.not_read_back(), [""; 0]);
    assert_eq!(slugs(&server), [""; 0]);
}

#[test]
fn somebody_else_was_faster() {
    let server = meters();
    server.add_meter(METER, &TARIFF.replace("1.00", "1.25"));
    assert_eq!(put(&server, &["\"v1\""], &dear()).unwrap().status, 412);
    assert_eq!((server.rate(METER, 0), server.rate(METER, 1)), (Some(200), Some(125)));
    assert_eq!(slugs(&server), [""; 0], "nobody could know");
}

#[test]
fn a_lost_answer_shows_itself() {
    let server = meters();
    server.trouble(|troubles| troubles.documents = vec![Mishap::LostAfter]);
    assert!(put(&server, &["\"v1\""], &dear()).is_none());
    assert_eq!(put(&server, &["\"v1\""], &dear()).unwrap().status, 412, "it is there");
    assert_eq!((get(&server).text(), server.changes(METER)), (dear(), 1));
    assert_eq!(slugs(&server), [""; 0]);
}

#[test]
fn some_are_applied_later() {
    let server = meters();
    server.set(|switches| switches.later = true);
    let answer = put(&server, &["\"v1\""], &dear()).unwrap();
    assert_eq!((answer.status, answer.json()["status"].as_str()), (202, Some("PENDING")));
    assert_eq!((get(&server).text().as_str(), server.changes(METER)), (TARIFF, 0), "not yet");
    // Whoever never heard that sends it once more, and whoever wants another one has to wait.
    assert_eq!(put(&server, &["\"v1\""], &dear()).unwrap().status, 202);
    assert_eq!(slugs(&server), [""; 0]);
    assert_eq!(put(&server, &["\"v1\""], TARIFF).unwrap().status, 409);
    assert_eq!(slugs(&server), ["change-waits"]);
    assert!(server.apply_later(METER));
    assert!(!server.apply_later(METER));
    assert_eq!((get(&server).text(), server.changes(METER)), (dear(), 1));
    put(&server, &["\"v2\""], TARIFF);
    assert!(server.forget_later(METER));
    assert!(!server.apply_later(METER) && !server.apply_later("METER-A1-002"));
    assert_eq!(get(&server).headers("ETag"), ["\"v2\""]);
}

#[test]
fn versions_in_every_form() {
    let server = meters();
    server.set(|switches| switches.etags = Etags::Weak);
    assert_eq!(get(&server).headers("ETag"), ["W/\"v1\""]);
    assert_eq!(put(&server, &["\"v1\""], &dear()).unwrap().status, 412);
    assert_eq!(slugs(&server), ["if-match-made-up"]);
    assert_eq!(put(&server, &["W/\"v1\""], &dear()).unwrap().status, 200);
    server.set(|switches| switches.etags = Etags::WeakNeverMatches);
    assert_eq!(put(&server, &["W/\"v2\""], TARIFF).unwrap().status, 412);
    assert_eq!(slugs(&server), [""; 0]);
    server.set(|switches| switches.etags = Etags::Absent);
    assert_eq!(get(&server).headers("ETag"), [""; 0]);
    assert_eq!(put(&server, &["\"v2\""], TARIFF).unwrap().status, 412);
    assert_eq!(slugs(&server), ["if-match-made-up"]);
    assert_eq!(put(&server, &[], TARIFF).unwrap().status, 200);
    server.set(|switches| switches.etags = Etags::Strong);
    for (matches, status, slug) in [
        (&[][..], 428, "no-if-match"),
        (&["*"], 412, "if-match-any"),
        (&["\"v9\""], 412, "if-match-made-up"),
        (&["v3"], 412, "if-match-made-up"),
        (&["\"v3\"", "\"v3\""], 400, "if-match-twice"),
    ] {
        assert_eq!(put(&server, matches, &dear()).unwrap().status, status, "{slug}");
        assert_eq!(slugs(&server), [slug]);
    }
    assert_eq!(server.rate(METER, 0), Some(200));
}

#[test]
fn what_is_stored_may_be_something_else() {
    let server = meters();
    server.set(|switches| switches.stores = Stores::OtherRate);
    assert_eq!(put(&server, &["\"v1\""], &dear()).unwrap().status, 200);
    assert_eq!(get(&server).text(), TARIFF.replace("2.00", "2.51"));
    server.set(|switches| switches.stores = Stores::Nothing);
    assert_eq!(put(&server, &["\"v2\""], &dear()).unwrap().status, 200);
    assert_eq!(get(&server).headers("ETag"), ["\"v2\""]);
    let server = meters();
    server.set(|switches| switches.rewrites = true);
    assert_eq!(
        get(&server).text(),
        "{\"enforcement\":{\"alertThreshold\":600,\"enabled\":true,\"violationCode\":\"PKG-001\"},\
         \"rates\":[{\"gracePeriod\":5,\"maxDuration\":240,\"rate\":2,\"timeSlot\":\"08:00-18:00\"},\
         {\"gracePeriod\":10,\"maxDuration\":720,\"rate\":1,\"timeSlot\":\"18:00-08:00\"}]}",
        "the same tariff"
    );
}

#[test]
fn tariffs_that_are_none() {
    let server = meters();
    for (from, to, slug) in [
        ("08:00-18:00", "25:00-18:00", "slot-form"),
        ("08:00-18:00", "8-18", "slot-form"),
        ("08:00-18:00", "08:00-18:01", "slot-overlap"),
        ("08:00-18:00", "07:59-18:00", "slot-overlap"),
        ("2.00", "-2.00", "amount-sign"),
        ("2.00", "2.005", "amount-decimals"),
        ("2.00", "\"2.00\"", "amount-text"),
        ("240", "0", "no-duration"),
        ("240", "240.0", "field-type"),
        ("true", "\"true\"", "field-type"),
        ("\"enabled\"", "\"colour\":1,\"enabled\"", "unknown-field"),
        ("\"gracePeriod\":5", "\"gracePeriod\":5,\"gracePeriod\":6", "json-twice"),
    ] {
        let answer = put(&server, &["\"v1\""], &TARIFF.replacen(from, to, 1)).unwrap();
        assert!((400..500).contains(&answer.status), "{to}");
        assert_eq!(slugs(&server), [slug], "{to}");
    }
    assert_eq!(
        put(&server, &["\"v1\""], &TARIFF.replace("08:00-18:00", "09:00-18:00")).unwrap().status,
        200,
        "a gap"
    );
    let to =
        |target: &str| send(server.port(), "GET", target, &[LOGIN, ACCEPT], "").unwrap().status;
    assert_eq!(to("/v1/meter-config/METER-A1-002"), 404);
    assert_eq!(slugs(&server), [""; 0]);
    assert_eq!(to("/v1/meter-config/METER%2FA1"), 404);
    assert_eq!(to("/v1/meter-config"), 404);
    assert_eq!(slugs(&server), ["unknown-path", "unknown-path"]);
}
