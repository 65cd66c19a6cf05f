//! The question of an officer's handheld: the reference's own sample, everything that is no question, and the
//! program behind real web servers, with the files of `cron/cgi`.

use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::ips::{Server, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::pinned::instant;
use super::support::{Said, binary, said};

const NOON: &str = "2024-01-01T12:00:00Z";

/// The seed's own request, as the reference gives it.
const REQUEST: &str = r#"{ "requestId": "ips_req_123456", "timestamp": "2024-01-01T12:00:00.000Z", "licensePlate": "ABC123", "state": "CT",
  "location": { "zoneNumber": "A1", "latitude": 41.0534, "longitude": -73.5387, "address": "123 Main Street, Stamford, CT" },
  "officerId": "officer_123", "deviceId": "handheld_456" }"#;

/// A town that has read a session and a permit.
pub struct Town {
    pub folder: TempDir,
}

impl Town {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::fixed(instant(NOON));
        let street = Server::start(Settings { clock, ..Settings::default() });
        let at = |text: &str| -> DateTime<Utc> { text.parse().unwrap() };
        let until = at("2024-01-01T14:00:00Z");
        street.park("session_789", "ABC123", "CT", "A1", at("2024-01-01T10:00:00Z"), Some(until));
        let year = (at("2023-06-01T00:00:00Z"), Some(at("2024-12-31T23:59:59Z")));
        street.permit("permit_1", "RESIDENTIAL", "ABC123", "CT", &["A1"], year.0, year.1);
        street.edit_permit("permit_1", |permit| permit.number = "RES-2024-001".to_owned());
        let config = format!(
            "time_zone = \"America/New_York\"\n[parking]\ncountry = \"US\"\n\
             [zone.A1]\nname = \"Downtown Main Street\"\n[zone.A2]\nnames = {{ street = [\"2\"] }}\n\
             [ips.street]\nurl = \"{}\"\nsecret = {{ env = \"IPS_KEY\" }}\nfresh_for = \"10m\"\n",
            street.url()
        );
        fs::write(folder.path().join("ivms-sync.toml"), config).unwrap();
        let town = Self { folder };
        town.run(NOON, &["sync"], "").ends(0);
        town
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, now: &str, arguments: &[&str], input: &str) -> Said {
        self.with(now, &[], arguments, input)
    }

    fn with(&self, now: &str, more: &[(&str, &str)], arguments: &[&str], input: &str) -> Said {
        let mut command = binary(self.folder.path());
        command.env("IVMS_SYNC_TEST_NOW", now).env("IPS_KEY", "ips-secret-key-1");
        command.envs(more.iter().copied());
        said(command.args(arguments).write_stdin(input))
    }

    fn ask(&self, now: &str, request: &str) -> Said {
        self.run(now, &["lookup", "--request", "-"], request)
    }
}

/// What the reference has an officer told: `session`, `vehicle`, `permits`. No tariff is known, so that
/// `ratePerHour` is not there.
fn golden() -> Value {
    json!({
        "requestId": "ips_req_123456",
        "timestamp": "2024-01-01T12:00:00.000Z",
        "verification": {
            "isValid": true, "status": "ACTIVE",
            "session": {
                "id": "session_789", "startTime": "2024-01-01T10:00:00.000Z",
                "endTime": "2024-01-01T14:00:00.000Z", "timeRemaining": 7200,
                "zone": { "number": "A1", "name": "Downtown Main Street" }
            },
            "vehicle": { "licensePlate": "ABC123", "state": "CT" },
            "permits": [ {
                "type": "RESIDENTIAL", "number": "RES-2024-001",
                "validUntil": "2024-12-31T23:59:59.000Z"
            } ]
        },
        "enforcementRecommendation": "NO_ACTION"
    })
}

#[test]
fn the_sample_of_the_reference_and_what_comes_after() {
    let town = Town::new();
    let found = town.ask(NOON, REQUEST).ends(0);
    assert_eq!(found.json(), golden());
    fs::write(town.path("verify.json"), REQUEST).unwrap();
    let file = town.path("verify.json");
    let file = town.run(NOON, &["lookup", "--request", file.to_str().unwrap()], "").ends(0);
    assert_eq!(file.stdout, found.stdout);
    // Nothing known, and read two minutes ago.
    let nobody = REQUEST.replace("ABC123", "XYZ789").replace("12:00:00.000Z", "12:02:00.000Z");
    let found = town.ask("2024-01-01T12:02:00Z", &nobody).ends(20).json();
    assert_eq!(
        found,
        json!({
            "requestId": "ips_req_123456", "timestamp": "2024-01-01T12:02:00.000Z",
            "verification": {
                "isValid": false, "status": "NOT_FOUND", "session": null,
                "vehicle": { "licensePlate": "XYZ789", "state": "CT" }, "permits": []
            },
            "enforcementRecommendation": "NO_RIGHT_FOUND"
        })
    );
    // Read too long ago: it is for the officer to look.
    let stale = nobody.replace("12:02:00.000Z", "12:31:00.000Z");
    let found = town.ask("2024-01-01T12:31:00Z", &stale).ends(5).json();
    assert_eq!(found["verification"]["isValid"], Value::Null);
    assert_eq!(found["verification"]["status"], "UNKNOWN");
    assert_eq!(found["enforcementRecommendation"], "VERIFY_MANUALLY");
    let why = json!({
        "stale": ["street"], "oldestReadAt": "2024-01-01T12:00:00.000Z", "leftOut": 0
    });
    assert_eq!(found["reason"], why);
    // In another zone, by the name that the source has for it; the permit and the session are for A1.
    let elsewhere = REQUEST.replace("\"A1\"", "2");
    let found = town.ask(NOON, &elsewhere).ends(22).json();
    assert_eq!(found["verification"]["status"], "WRONG_ZONE");
    assert_eq!(found["verification"]["permits"], json!([]));
    // Half-open: at its end the session is over, and the permit runs on.
    let at_end = REQUEST.replace("12:00:00.000Z", "12:04:00.000Z");
    let found = town.ask("2024-01-01T12:04:00Z", &at_end).ends(0).json();
    assert_eq!(found["verification"]["session"]["timeRemaining"], 6960);
    // The officer and the device are in no answer.
    assert!(!format!("{found}").contains("officer") && !format!("{found}").contains("handheld"));
}

/// Mutants: a handheld whose clock is slow makes a session that has ended a valid one.
#[test]
fn a_handheld_s_clock_makes_nothing_valid() {
    let town = Town::new();
    for (now, stamp, judged, ignored) in [
        ("2024-01-01T12:05:00Z", "12:00:00.000Z", "2024-01-01T12:00:00.000Z", Value::Null),
        ("2024-01-01T12:05:01Z", "12:00:00.000Z", "2024-01-01T12:05:01.000Z", json!(true)),
        ("2024-01-01T12:00:00Z", "12:05:00.000Z", "2024-01-01T12:05:00.000Z", Value::Null),
        ("2024-01-01T12:00:00Z", "12:05:01.000Z", "2024-01-01T12:00:00.000Z", json!(true)),
    ] {
        let found = town.ask(now, &REQUEST.replace("12:00:00.000Z", stamp)).ends(0).json();
        assert_eq!((&found["timestamp"], &found["timestampIgnored"]), (&json!(judged), &ignored));
    }
}

/// Section 7 of the contract.
#[test]
fn what_is_no_question_is_refused_with_its_place() {
    let town = Town::new();
    let with = |from: &str, to: &str| {
        assert!(REQUEST.contains(from), "{from}");
        REQUEST.replace(from, to)
    };
    let deep = format!("{}{}", "[".repeat(33), "]".repeat(33));
    for (request, place) in [
        (String::new(), "the document"),
        (format!("{REQUEST} {REQUEST}"), "the document"),
        (with("\"ABC123\",", "\"ABC123\", // a car\n"), "is no key"),
        (with("\"CT\",", "\"CT\", \"st\\u0061te\": \"NY\","), "/state comes twice"),
        (with("41.0534", "NaN"), "/location/latitude"),
        (with("41.0534", &deep), "nested more than 32 deep"),
        (with("\"123 Main Street, Stamford, CT\"", "\"\\ud800\""), "half of a surrogate"),
        (with("\"ABC123\"", "null"), "/licensePlate is missing"),
        (with("\"ABC123\"", "123"), "/licensePlate is a number"),
        (with("\"ABC123\"", "\"\""), "/licensePlate"),
        (with("\"ABC123\"", "\"../A1\""), "/licensePlate"),
        (with("\"ABC123\"", "\"АВС123\""), "/licensePlate"),
        (with("\"ABC123\"", "\"ABCDEFGHIJKLM\""), "/licensePlate"),
        (with("\"zoneNumber\": \"A1\",", ""), "/location/zoneNumber is missing"),
        (with("\"A1\"", "\"Z9\""), "/location/zoneNumber is no zone"),
        (with("\"2024-01-01T12:00:00.000Z\"", "\"2024-01-01T12:00:00\""), "/timestamp"),
        (with("\"2024-01-01T12:00:00.000Z\"", "\"2024-02-30T12:00:00Z\""), "/timestamp"),
        (with("\"2024-01-01T12:00:00.000Z\"", "1704110400"), "/timestamp"),
        (with("\"requestId\": \"ips_req_123456\",", ""), "/requestId is missing"),
        (format!("{}{}", " ".repeat(1024 * 1024), REQUEST), "more than 1048576 bytes"),
    ] {
        let found = town.ask(NOON, &request).ends(65);
        assert!(found.stderr.contains(place), "{place}: {found:?}");
        assert!(!format!("{found:?}").contains("ABC123"), "{found:?}");
        assert_eq!(found.stdout, "", "{place}");
    }
    // Lower case and separators are how people spell it.
    town.ask(NOON, &with("\"ABC123\"", "\"abc-123\"")).ends(0);
    town.run(NOON, &["lookup", "--request", "missing.json"], "").ends(64);
    town.run(NOON, &["lookup", "--request", "-", "plate:A"], "").ends(64);
    town.run(NOON, &["lookup", "--cgi"], "").ends(64);
}

/// The head and the document of a CGI answer.
fn page(found: &Said) -> (String, Value) {
    let (head, body) = found.stdout.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{found:?}"));
    let body = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {found:?}"));
    (head.to_owned(), body)
}

#[test]
fn a_web_server_gets_a_status() {
    let town = Town::new();
    let length = REQUEST.len().to_string();
    let cgi = |now: &str, more: &[(&str, &str)], input: &str| {
        page(&town.with(now, more, &["lookup", "--request", "-", "--cgi"], input).ends(0))
    };
    let post = |now: &str, input: &str| {
        let length = input.len().to_string();
        cgi(now, &[("REQUEST_METHOD", "POST"), ("CONTENT_LENGTH", &length)], input)
    };
    let (head, body) = post(NOON, REQUEST);
    assert_eq!(head, "Status: 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store");
    assert_eq!(body, golden());
    // A server may keep the connection open behind the body.
    let both = format!("{REQUEST} and more");
    let (head, _) = cgi(NOON, &[("REQUEST_METHOD", "POST"), ("CONTENT_LENGTH", &length)], &both);
    assert!(head.starts_with("Status: 200"), "{head}");
    let (head, body) = post("2024-01-01T12:31:00Z", &REQUEST.replace("ABC123", "XYZ789"));
    assert!(head.starts_with("Status: 503") && head.contains("Retry-After: 5"), "{head}");
    assert_eq!(body["enforcementRecommendation"], "VERIFY_MANUALLY");
    let (head, body) = post(NOON, &REQUEST.replace("\"A1\"", "\"Z9\""));
    assert!(head.starts_with("Status: 400"), "{head}");
    assert_eq!(body["pointer"], "/location/zoneNumber");
    for (length, why) in [
        ("9999", "the request broke off"),
        ("-1", "the request says no length"),
        ("", "the request says no length"),
        ("1048577", "the document is larger than 1048576 bytes"),
        ("99999999999999999999999", "the document is larger than 1048576 bytes"),
    ] {
        let more = [("REQUEST_METHOD", "POST"), ("CONTENT_LENGTH", length)];
        let (head, body) = cgi(NOON, &more, REQUEST);
        assert!(head.starts_with("Status: 400"), "{length}: {head}");
        assert_eq!(body["error"], why, "{length}");
    }
    for method in ["PUT", "DELETE", "HEAD", ""] {
        let (head, _) = cgi(NOON, &[("REQUEST_METHOD", method)], "");
        assert!(head.starts_with("Status: 405") && head.contains("Allow: GET, POST"), "{head}");
    }
    // As AIMS asks.
    let get = |path: &str, query: &str| {
        cgi(NOON, &[("REQUEST_METHOD", "GET"), ("PATH_INFO", path), ("QUERY_STRING", query)], "")
    };
    let (head, body) = get("/ABC123", "state=CT&zone=A1");
    assert!(head.starts_with("Status: 200"), "{head}");
    let mut want = golden();
    want["requestId"] = Value::Null;
    assert_eq!(body, want);
    assert_eq!(get("", "plate=ABC%20123&state=CT&zone=A1").1, want);
    for (path, query) in [("", ""), ("/ABC123", ""), ("/%2e%2e", "zone=A1"), ("/A", "zone=Z9")] {
        assert!(get(path, query).0.starts_with("Status: 400"), "{path} {query}");
    }
    // A configuration that cannot be used is not told to the street.
    fs::write(town.path("ivms-sync.toml"), "state = 1\n").unwrap();
    let (head, body) = post(NOON, REQUEST);
    assert!(head.starts_with("Status: 500"), "{head}");
    assert_eq!(body, json!({ "error": "see the log of the server" }));
}

#[cfg(unix)]
mod behind_a_server {
    use super::super::support::web_server::WebServer;
    use super::*;

    const ENVIRONMENT: [(&str, &str); 2] =
        [("IVMS_SYNC_TEST_NOW", NOON), ("IPS_KEY", "ips-secret-key-1")];

    fn judge(server: &WebServer) {
        let post = |body: &str| server.ask("POST", "/officer", &[], body.as_bytes());
        assert_eq!(post(REQUEST), (200, golden()));
        let (status, body) = post(&REQUEST.replace("\"A1\"", "\"Z9\""));
        assert_eq!((status, &body["pointer"]), (400, &json!("/location/zoneNumber")));
        let (status, body) = server.ask("GET", "/officer/ABC123?state=CT&zone=A1", &[], b"");
        assert_eq!((status, &body["verification"]["isValid"]), (200, &json!(true)));
        assert_eq!(post("").0, 400);
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| post(REQUEST))).collect();
            for one in threads {
                assert_eq!(one.join().unwrap(), (200, golden()), "eight at once");
            }
        });
    }

    #[test]
    fn busybox() {
        let town = Town::new();
        WebServer::busybox(town.folder.path(), &ENVIRONMENT).iter().for_each(judge);
    }

    #[test]
    fn lighttpd() {
        let town = Town::new();
        WebServer::lighttpd(town.folder.path(), &ENVIRONMENT).iter().for_each(judge);
    }

    #[test]
    fn nginx() {
        let town = Town::new();
        WebServer::nginx(town.folder.path(), &ENVIRONMENT).iter().for_each(judge);
    }
}
