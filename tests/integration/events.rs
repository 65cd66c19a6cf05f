//! `apply --event`: what systems tell by themselves, with the real binary, senders that sign for themselves, and
//! real web servers.

use std::collections::BTreeMap;
use std::fs;

use chrono::{DateTime, TimeDelta, Utc};
use ivms_sync_simulators::ips::{Citation, Settings};
use ivms_sync_simulators::webhooks::{Delivery, Sender, bodies};
use serde_json::{Value, json};

use super::support::Said;
use super::support::schema::assert_valid;
use super::support::town::{KEY, Runs, Town, clock};

const HOOK: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const NEW_HOOK: &str = "whsec_eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=";
const BEARER: &str = "a-bearer-that-nobody-guesses";
const METER_HOOK: &str = "whsec_not base64, and a key all the same";
const ENVIRONMENT: [(&str, &str); 5] = [
    ("IPS_KEY", KEY),
    ("HOOK", HOOK),
    ("NEW_HOOK", NEW_HOOK),
    ("BEARER", BEARER),
    ("METER_HOOK", METER_HOOK),
];

fn a_town() -> Town {
    a_town_with("scheme = \"standard\"\nsecrets = [{ env = \"HOOK\" }, { env = \"NEW_HOOK\" }]")
}

/// A town whose service may send events that are proven so, and whose meters may.
fn a_town_with(events: &str) -> Town {
    Town::new(Settings::default(), &ENVIRONMENT, |street| {
        format!(
            "time_zone = \"America/New_York\"\n[parking]\ncountry = \"US\"\n[zone.A1]\n[zone.A2]\n\
             [ips.street]\nurl = \"{}\"\nsecret = {{ env = \"IPS_KEY\" }}\nfresh_for = \"30m\"\n\
             [ips.street.events]\n{events}\n\
             [parkeon.meters]\nbattery_low = 30\n[parkeon.meters.events]\nscheme = \"stripe\"\n\
             header = \"X-Meter-Signature\"\nsecrets = [{{ env = \"METER_HOOK\" }}]\n",
            street.url()
        )
    })
}

/// Hands a delivery over, its headers in a file.
fn take(town: &Town, at: DateTime<Utc>, from: &str, delivery: &Delivery) -> Said {
    fs::write(town.path("headers.txt"), delivery.header_lines()).unwrap();
    let arguments = ["--json", "apply", "--event", "-", "--from", from, "--headers", "headers.txt"];
    town.typed(at, &[], &arguments, delivery.body.clone())
}

/// The same as a CGI program: the head and the document.
fn cgi(town: &Town, at: DateTime<Utc>, from: &str, delivery: &Delivery) -> (String, Value) {
    let arguments = ["apply", "--event", "-", "--from", from, "--cgi"];
    let told = town.typed(at, &delivery.cgi_env(), &arguments, delivery.body.clone()).ends(0);
    let (head, body) = told.stdout.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), serde_json::from_str(body).unwrap_or(Value::Null))
}

#[track_caller]
fn applied(town: &Town, minutes: i64, from: &str, delivery: &Delivery) -> Value {
    let found = take(town, clock(minutes), from, delivery).ends(0).json();
    assert_valid(&found);
    found
}

fn stands(town: &Town, minutes: i64) -> (Value, usize) {
    let found = town.run(minutes, &["--json", "diff", "--violations"]).json();
    (found["stand"].clone(), found["violations"].as_array().unwrap().len())
}

fn citation(id: &str, plate: &str, minutes: i64) -> Citation {
    Citation::new(id, plate, "CT", "A1", clock(minutes), "EXPIRED_METER")
}

#[test]
fn a_citation_is_taken_once_and_judged() {
    let town = a_town();
    let sender = Sender::standard(HOOK);
    town.street.park("session_789", "ABC123", "CT", "A1", clock(-60), Some(clock(60)));
    town.run(0, &["sync"]).ends(0);
    let created = bodies::citation_created(&citation("v1", "ABC123", -5));
    let first = sender.deliver("evt_1", clock(1), created);
    let found = applied(&town, 1, "street", &first);
    assert_eq!(
        (&found["outcome"], &found["citation"]["status"]),
        (&json!("applied"), &json!("ACTIVE"))
    );
    assert_eq!(found["citation"]["right"]["id"], "session_789");
    assert_eq!(stands(&town, 2), (json!(0), 1));
    // Delivered again three days later: its id is the same, its time and its signature are not.
    for minutes in [2, 3 * 24 * 60] {
        let found = applied(&town, minutes, "street", &first.again(clock(minutes)));
        assert_eq!(found["outcome"], "repeated");
    }
    // The same id, and something else in it: refused, and what was taken stays.
    let other = bodies::citation_created(&citation("v2", "ABC123", -5));
    let other = sender.deliver("evt_1", clock(3), other);
    take(&town, clock(3), "street", &other).ends(4);
    town.run(3, &["lookup", "citation:v2"]).ends(20);
    // With the secret that comes, or both; and what is acknowledged and not kept.
    let both = Sender::standard(NEW_HOOK).beside("v1a,AAAA");
    for (id, body) in
        [("evt_2", bodies::shift_started()), ("evt_3", bodies::event("new.kind", "{}"))]
    {
        let found = applied(&town, 4, "street", &both.deliver(id, clock(4), body));
        assert_eq!(found["outcome"], "ignored");
    }
    // Paid before it is known, and joined.
    let paid = sender.deliver("evt_4", clock(5), bodies::citation_paid("v3"));
    assert_eq!(applied(&town, 5, "street", &paid)["outcome"], "applied");
    town.run(5, &["lookup", "citation:v3"]).ends(20);
    let late = bodies::citation_created(&citation("v3", "ABC123", -4));
    let found = applied(&town, 6, "street", &sender.deliver("evt_5", clock(6), late));
    assert_eq!(found["citation"]["id"], "v3");
    let found = town.run(7, &["--json", "lookup", "citation:v3"]).ends(0).json();
    assert_eq!(found["citations"][0]["state"], "paid");
    // Nothing about the officer is on the disk, nor a plate in what is said.
    let kept = fs::read(town.path("ivms-sync.db")).unwrap();
    let side = fs::read(town.path("ivms-sync.db-wal")).unwrap_or_default();
    for mark in ivms_sync_simulators::ips::PERSONAL_MARKS {
        for bytes in [&kept, &side] {
            assert!(!bytes.windows(mark.len()).any(|window| window == mark.as_bytes()), "{mark}");
        }
    }
    assert!(!format!("{found}").contains("ABC123"));
}

/// Mutants of each check: a forged one has an effect; the tolerance is open at one side; nothing is demanded.
#[test]
fn what_is_not_proven_has_no_effect() {
    let town = a_town();
    let sender = Sender::standard(HOOK);
    let body = || bodies::citation_created(&citation("v1", "ABC123", -5));
    let good = sender.deliver("evt_1", clock(0), body());
    let second = TimeDelta::seconds(1);
    for (what, at, delivery) in [
        ("forged", clock(0), good.forged()),
        ("another id", clock(0), good.with("webhook-id", "evt_2")),
        ("late", clock(5) + second, good.clone()),
        ("early", clock(-5) - second, good.clone()),
        ("no id", clock(0), good.without("webhook-id")),
        ("no time", clock(0), good.without("webhook-timestamp")),
        ("no signature", clock(0), good.without("webhook-signature")),
        ("another secret", clock(0), Sender::standard("whsec_AAAA").deliver("e", clock(0), body())),
        ("another scheme", clock(0), Sender::stripe(HOOK).deliver("e", clock(0), body())),
        ("a bearer", clock(0), Sender::bearer(HOOK).deliver("e", clock(0), body())),
    ] {
        let told = take(&town, at, "street", &delivery).ends(77);
        assert!(!told.stderr.contains("whsec") && !told.stderr.contains("ABC123"), "{what}");
        let (head, body) = cgi(&town, at, "street", &delivery);
        assert!(head.starts_with("Status: 401"), "{what}: {head}");
        assert!(body["error"].is_string(), "{what}");
    }
    town.typed(clock(0), &[], &["apply", "--event", "-", "--from", "street"], good.body.clone())
        .ends(77);
    // What is no document is not looked at before it is proven.
    for body in
        ["", "{", "[1]", "{\"a\":1,\"a\":2}", "{\"type\":\"violation.created\",\"data\":{}} x"]
    {
        let signed = sender.deliver("evt_9", clock(0), body);
        take(&town, clock(0), "street", &signed.forged().with("x", "y")).ends(77);
        take(&town, clock(0), "street", &signed).ends(65);
        let (head, _) = cgi(&town, clock(0), "street", &signed);
        assert!(head.starts_with("Status: 400"), "{body}: {head}");
    }
    assert_eq!(stands(&town, 1).1, 0);
    town.run(1, &["lookup", "citation:v1"]).ends(20);
    // At the tolerance itself it is in time, either way, and its id was not used up.
    take(&town, clock(5), "street", &good).ends(0);
    take(&town, clock(-5), "street", &good).ends(0);
}

#[test]
fn fields_that_are_not_acceptable() {
    let town = a_town();
    let sender = Sender::standard(HOOK);
    let good = citation("v1", "ABC123", -5).report();
    let cases = [
        ("25.00", "25.005", "/data/fineAmount"),
        ("25.00", "\"25\"", "/data/fineAmount"),
        ("25.00", "0", "/data/fineAmount"),
        ("25.00", "-1", "/data/fineAmount"),
        ("25.00", "2.5e1", "/data/fineAmount"),
        ("\"violationId\"", "\"violation\"", "/data/violationId"),
        ("\"v1\"", "\"\"", "/data/violationId"),
        ("\"zoneNumber\"", "\"zone\"", "/data/location/zoneNumber"),
        ("\"licensePlate\"", "\"plate\"", "/data/licensePlate"),
        ("\"violationType\"", "\"kind\"", "/data/violationType"),
        (
            "\"timestamp\":\"2026-03-10T11:55:00",
            "\"timestamp\":\"2026-02-30T11:55:00",
            "/data/timestamp",
        ),
    ];
    for (place, (from, to, pointer)) in cases.into_iter().enumerate() {
        assert!(good.contains(from), "{from}: {good}");
        let body =
            format!("{{\"type\":\"violation.created\",\"data\":{}}}", good.replacen(from, to, 1));
        let told = sender.deliver(&format!("e{place}"), clock(0), body);
        let (head, document) = cgi(&town, clock(0), "street", &told);
        assert!(head.starts_with("Status: 400"), "{to}: {head}");
        assert_eq!(document["pointer"], pointer, "{to}");
    }
    for (arguments, code) in [
        (&["apply", "--event", "-", "--from", "nobody"][..], 64),
        (&["apply", "--event", "nowhere.json", "--from", "street"], 64),
        (&["apply", "--event", "-", "--from", "street", "--headers", "nowhere"], 64),
        (&["apply", "--event", "x", "--from", "street", "--cgi"], 0),
        (&["apply", "--event", "-"], 64),
        (&["apply", "--from", "street"], 64),
        (&["apply", "--event", "-", "--from", "street", "--blocked", "1"], 64),
    ] {
        town.run(0, arguments).ends(code);
    }
    let hint = town.run(0, &["apply", "--event", "-", "--from", "stret"]).ends(64);
    assert!(hint.stderr.contains("did you mean street?"), "{}", hint.stderr);
}

/// Bearer posts of the reference: no envelope, no id, no time.
#[test]
fn a_bare_report_with_a_bearer() {
    let town = a_town_with("scheme = \"bearer\"\nsecrets = [{ env = \"BEARER\" }]");
    let sender = Sender::bearer(BEARER);
    let report = bodies::violation_report(&citation("ips_viol_789", "XYZ789", -5));
    let post = sender.deliver("", clock(0), report.clone());
    assert_eq!(cgi(&town, clock(0), "street", &post).0, "Status: 204 No Content");
    let (head, body) = cgi(&town, clock(60), "street", &post);
    assert!(head.starts_with("Status: 200 OK"), "{head}");
    assert_eq!(body["outcome"], "repeated");
    let (head, _) =
        cgi(&town, clock(0), "street", &Sender::bearer("guess").deliver("", clock(0), report));
    assert!(head.starts_with("Status: 401"), "{head}");
    town.run(1, &["lookup", "citation:ips_viol_789"]).ends(0);
    // Headers as variables, without a web server.
    let other =
        sender.deliver("", clock(0), bodies::violation_report(&citation("v2", "XYZ789", -4)));
    let arguments = ["--json", "apply", "--event", "-", "--from", "street", "--headers", "env"];
    let found =
        town.typed(clock(2), &other.cgi_env(), &arguments, other.body.clone()).ends(0).json();
    assert_eq!(found["citation"]["id"], "v2");
}

/// The end of a permit is told before the next listing: the officer hears it at once, and the listing counts after.
#[test]
fn a_permit_that_ends_early() {
    let town = a_town();
    let sender = Sender::standard(HOOK);
    town.street.permit("RES-1", "RESIDENTIAL", "RES111", "CT", &["A1", "A2"], clock(-9000), None);
    town.run(0, &["sync"]).ends(0);
    let asked = ["lookup", "plate:CT:RES111", "--zone", "A1"];
    town.run(1, &asked).ends(0);
    let ended = bodies::permit_expired("RES-1").at(clock(1));
    let found = applied(&town, 2, "street", &sender.deliver("e1", clock(2), ended));
    assert_eq!(found["rows_ended"], 2);
    town.run(2, &asked).ends(22);
    let other = bodies::permit_expired("RES-9").at(clock(1));
    assert_eq!(
        applied(&town, 2, "street", &sender.deliver("e2", clock(2), other))["rows_ended"],
        0
    );
    // A listing of all that says that it goes on is believed.
    town.run(5, &["sync", "--full"]).ends(0);
    town.run(5, &asked).ends(0);
}

/// Mutants: a session with the number of a permit ends with it; an old delivery beats what was listed since.
#[test]
fn what_a_late_or_foreign_end_does_not_end() {
    let town = a_town();
    let sender = Sender::standard(HOOK);
    town.street.park("1001", "PAY1", "CT", "A1", clock(-60), Some(clock(120)));
    town.street.permit("P-1", "RESIDENTIAL", "RES111", "CT", &["A1"], clock(-9000), None);
    town.run(0, &["sync"]).ends(0);
    let foreign = bodies::permit_expired("1001").at(clock(1));
    let found = applied(&town, 2, "street", &sender.deliver("e1", clock(2), foreign));
    assert_eq!(found["rows_ended"], 0);
    town.run(2, &["lookup", "plate:CT:PAY1", "--zone", "A1"]).ends(0);
    // It expired before the listing that says that it goes on.
    let late = bodies::permit_expired("P-1").at(clock(-10));
    let found = applied(&town, 3, "street", &sender.deliver("e2", clock(3), late));
    assert_eq!(found["rows_ended"], 0);
    town.run(3, &["lookup", "plate:CT:RES111", "--zone", "A1"]).ends(0);
}

/// Mutants: a type that no right answers is judged; one that was corrected stays; a clock of a handheld counts.
#[test]
fn types_that_no_right_answers() {
    let town = a_town_with("secrets = [{ env = \"HOOK\" }]");
    let path = town.path("ivms-sync.toml");
    let text = fs::read_to_string(&path).unwrap();
    let listed = text.replacen("fresh_for", "violations = [\"EXPIRED_METER\"]\nfresh_for", 1);
    fs::write(&path, &listed).unwrap();
    let sender = Sender::standard(HOOK);
    town.street.park("session", "ABC123", "CT", "A1", clock(-60), Some(clock(60)));
    town.run(0, &["sync"]).ends(0);
    let hydrant = Citation::new("v1", "ABC123", "CT", "A1", clock(-5), "HYDRANT");
    let event = sender.deliver("e1", clock(0), bodies::citation_created(&hydrant));
    assert_eq!(applied(&town, 0, "street", &event)["outcome"], "ignored");
    town.street.cite("v2", "ABC123", "CT", "A1", clock(-5), "EXPIRED_METER");
    town.run(5, &["sync"]).ends(0);
    assert_eq!(stands(&town, 5), (json!(0), 1));
    town.street.edit_citation("v2", |one| one.kind = "HYDRANT".to_owned());
    town.run(10, &["sync"]).ends(0);
    assert_eq!(stands(&town, 10), (json!(0), 0));
    // All types from now on: those that were there already are listed, too.
    fs::write(&path, listed.replace("[\"EXPIRED_METER\"]", "[\"*\"]")).unwrap();
    assert_eq!(stands(&town, 11), (json!(0), 1));
    town.run(11, &["sync"]).ends(0);
    let future = citation("v3", "ABC123", 3 * 24 * 60);
    let event = sender.deliver("e3", clock(12), bodies::citation_created(&future));
    let (head, body) = cgi(&town, clock(12), "street", &event);
    assert!(head.starts_with("Status: 400"), "{head}");
    assert_eq!(body["pointer"], "/data/timestamp");
    // An old report without a time does not undo what was listed.
    town.street.set_citation_status("v2", "DISMISSED");
    town.run(15, &["sync"]).ends(0);
    let report = citation("v2", "ABC123", -5).report();
    let event = format!("{{\"type\":\"violation.created\",\"data\":{report}}}");
    applied(&town, 16, "street", &sender.deliver("e4", clock(16), event));
    assert_eq!(stands(&town, 16), (json!(0), 0));
    // Its section gets another name: what was kept under the old one is nobody's.
    fs::write(&path, listed.replace("ips.street", "ips.city")).unwrap();
    town.street.set_citation_status("v2", "ISSUED");
    assert_eq!(stands(&town, 17), (json!(0), 0), "a hydrant");
}

/// Mutants: what says nothing of payments ends them; the same words again change nothing; a fast clock of a meter ends
/// paid time; what lies in the future locks a meter.
#[test]
fn what_a_meter_states_later() {
    let town = a_town();
    let sender = Sender::stripe(METER_HOOK).signature_header("X-Meter-Signature");
    let state = |minutes: i64, status: &str| {
        let body = format!("{{\"meterId\":\"M\",\"status\":{status}}}");
        applied(&town, minutes, "meters", &sender.deliver("", clock(minutes), body))
    };
    let paid = |minutes: i64, code: i32| {
        let found = town.run(minutes, &["--json", "lookup", "meter:M"]).ends(code).json();
        found["meters"][0]["paid"].clone()
    };
    state(0, "{\"operational\":true}");
    assert_eq!(paid(0, 5), Value::Null, "nothing is known of payments");
    state(1, "{\"operational\":true,\"timeRemaining\":3600}");
    assert_eq!(paid(2, 0), true);
    state(3, "{\"operational\":true,\"spaceOccupied\":true}");
    assert_eq!(paid(4, 0), true);
    state(5, "{\"operational\":true,\"timeRemaining\":0}");
    assert_eq!(paid(6, 22), false);
    assert_eq!(state(7, "{\"operational\":true,\"timeRemaining\":3600}")["outcome"], "repeated");
    assert_eq!(paid(8, 0), true, "somebody has paid as much again");
    let ahead = "{\"operational\":true,\"lastPayment\":{\"timestamp\":\"2026-03-10T14:00:00Z\",\"duration\":30}}";
    state(10, ahead);
    assert_eq!(paid(11, 0), true);
}

#[test]
fn meters_tell_how_they_are() {
    let town = a_town();
    let sender = Sender::stripe(METER_HOOK).signature_header("X-Meter-Signature");
    let status = |id: &str| bodies::meter_status(id, "A1");
    let paid = status("M-1").time_remaining(3600).last_payment(200, 60, clock(0)).battery(85);
    let first = sender.deliver("", clock(0), paid);
    let found = applied(&town, 0, "meters", &first);
    assert_eq!(found["outcome"], "applied");
    let meter = |minutes: i64, id: &str, code: i32| {
        let found =
            town.run(minutes, &["--json", "lookup", &format!("meter:{id}")]).ends(code).json();
        assert_valid(&found);
        found["meters"][0].clone()
    };
    let told = meter(1, "M-1", 0);
    assert_eq!(
        (&told["paid"], &told["paid_until"]),
        (&json!(true), &json!("2026-03-10T13:00:00Z"))
    );
    assert_eq!(meter(60, "M-1", 22)["paid"], false, "half-open");
    assert_eq!(meter(0, "M-2", 20), Value::Null);
    // The same again an hour later is a repetition that pays nothing anew, and a sign of life.
    assert_eq!(applied(&town, 90, "meters", &first.again(clock(90)))["outcome"], "repeated");
    let told = meter(120, "M-1", 22);
    assert_eq!(
        (&told["paid_until"], &told["faults"]),
        (&json!("2026-03-10T13:00:00Z"), &json!([]))
    );
    // An older statement changes nothing.
    let old = sender.deliver("", clock(88), status("M-1").operational(false));
    applied(&town, 92, "meters", &old);
    assert_eq!(meter(92, "M-1", 22)["operational"], true);
    for (id, status) in [
        ("M-3", status("M-3").operational(false).battery(90)),
        ("M-4", status("M-4").battery(30)),
        ("M-5", status("M-5").battery(31)),
    ] {
        let _ = id;
        applied(&town, 100, "meters", &sender.deliver("", clock(100), status));
    }
    let found = town.run(101, &["--json", "status"]).json();
    assert_valid(&found);
    assert_eq!(found["meters"]["known"], 4);
    let faulty: BTreeMap<_, _> = found["meters"]["faulty"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].as_str().unwrap(), one["faults"].clone()))
        .collect();
    let want = [("M-3", json!(["not-operational"])), ("M-4", json!(["battery-low"]))];
    assert_eq!(faulty, want.into_iter().collect());
    // Two hours of silence: that nobody has paid cannot be said any more.
    let told = meter(90 + 120, "M-1", 5);
    assert_eq!((&told["paid"], &told["faults"]), (&Value::Null, &json!(["silent"])));
    let text = town.run(400, &["status"]).stdout;
    assert!(text.contains("Meters: 4 known, 0 well.") && text.contains("silent since"), "{text}");
    let slash = sender.deliver("", clock(400), status("../M-1"));
    take(&town, clock(400), "meters", &slash).ends(65);
}

#[test]
fn sections_that_cannot_be_used() {
    for (events, words) in [
        ("scheme = \"hmac\"\nsecrets = [{ env = \"HOOK\" }]", "no scheme"),
        ("scheme = \"standard\"", "anybody could tell anything"),
        ("secrets = []", "no event could be proven"),
        ("secrets = [{ env = \"METER_HOOK\" }]", "base64"),
        ("secrets = [{ env = \"NOT_SET\" }]", "NOT_SET"),
        ("secrets = [{ env = \"HOOK\" }]\ntolerance = \"2d\"", "tolerance"),
        (
            "scheme = \"stripe\"\nheader = \"a b\"\nsecrets = [{ env = \"HOOK\" }]",
            "no name of a header",
        ),
    ] {
        let told = a_town_with(events).run(0, &["sync"]).ends(78);
        assert!(told.stderr.contains(words), "{events}: {}", told.stderr);
        assert!(!told.stderr.contains("MDEyMzQ1"), "{events}");
    }
}

/// Eight processes with one event, and eight with one each, all at once while runs go on: each has one effect, and
/// none is lost.
#[test]
fn all_at_once() {
    let town = a_town();
    town.run(0, &["sync"]).ends(0);
    let sender = Sender::standard(HOOK);
    let one =
        sender.deliver("same", clock(0), bodies::citation_created(&citation("same", "ABC123", -5)));
    let each: Vec<_> = (0..8)
        .map(|place| {
            let body = bodies::citation_created(&citation(&format!("v{place}"), "ABC123", -5));
            sender.deliver(&format!("e{place}"), clock(0), body)
        })
        .collect();
    let heads: Vec<String> = std::thread::scope(|scope| {
        let sync = scope.spawn(|| town.run(0, &["sync", "--full"]));
        let same: Vec<_> =
            (0..8).map(|_| scope.spawn(|| cgi(&town, clock(0), "street", &one).0)).collect();
        let other: Vec<_> = each
            .iter()
            .map(|delivery| {
                let town = &town;
                scope.spawn(move || cgi(town, clock(0), "street", delivery).0)
            })
            .collect();
        for other in other {
            assert_eq!(other.join().unwrap(), "Status: 204 No Content");
        }
        sync.join().unwrap();
        same.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let applied = heads.iter().filter(|head| head.starts_with("Status: 204")).count();
    let repeated = heads.iter().filter(|head| head.starts_with("Status: 200")).count();
    assert_eq!((applied, repeated), (1, 7), "{heads:?}");
    assert_eq!(stands(&town, 1).0, 9);
}

#[cfg(unix)]
mod behind_a_server {
    use super::super::support::town::NOON;
    use super::super::support::web_server::WebServer;
    use super::*;

    fn environment() -> Vec<(&'static str, &'static str)> {
        [("IVMS_SYNC_TEST_NOW", NOON)].into_iter().chain(ENVIRONMENT).collect()
    }

    fn judge(town: &Town, server: &WebServer) {
        let post =
            |delivery: &Delivery| server.ask("POST", "/events", &delivery.headers, &delivery.body);
        let sender = Sender::standard(HOOK);
        let body = bodies::citation_created(&citation("v1", "ABC123", -5));
        let event = sender.deliver("evt_1", clock(0), body);
        assert_eq!(post(&event.forged()).0, 401);
        assert_eq!(post(&event), (204, Value::Null));
        assert_eq!(post(&event.again(clock(1))).0, 200);
        let other = bodies::citation_paid("v1");
        assert_eq!(post(&sender.deliver("evt_1", clock(0), other)).0, 409);
        assert_eq!(post(&sender.deliver("evt_2", clock(0), "{")).0, 400);
        assert_eq!(server.ask("GET", "/events", &[], b"").0, 405);
        let event = sender.deliver("evt_3", clock(0), bodies::citation_paid("v1"));
        let mut told: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| post(&event).0)).collect();
            threads.into_iter().map(|one| one.join().unwrap()).collect()
        });
        told.sort_unstable();
        assert_eq!(told, [200, 200, 200, 200, 200, 200, 200, 204]);
        let found = town.run(1, &["--json", "lookup", "citation:v1"]).ends(0).json();
        assert_eq!(found["citations"][0]["state"], "paid");
    }

    #[test]
    fn busybox() {
        let town = a_town();
        let server = WebServer::busybox(town.folder.path(), &environment());
        server.iter().for_each(|server| judge(&town, server));
    }

    #[test]
    fn lighttpd() {
        let town = a_town();
        let server = WebServer::lighttpd(town.folder.path(), &environment());
        server.iter().for_each(|server| judge(&town, server));
    }

    #[test]
    fn nginx() {
        let town = a_town();
        let server = WebServer::nginx(town.folder.path(), &environment());
        server.iter().for_each(|server| judge(&town, server));
    }
}

/// A password that cannot be read stops whoever needs it, and nobody else. Mutants: the officer has no answer, because the
/// key of the service was changed; an event is taken although its own secret cannot be read.
#[test]
fn a_password_that_cannot_be_read_stops_whoever_needs_it() {
    let town = a_town();
    town.street.park("S-1", "ABC123", "CT", "A1", clock(-60), Some(clock(60)));
    town.tick(0, 0);
    let config = fs::read_to_string(town.path("ivms-sync.toml")).unwrap();
    let without = |name: &str| {
        let text = config.replace(&format!("env = \"{name}\""), "file = \"not-there\"");
        assert_ne!(text, config);
        fs::write(town.path("ivms-sync.toml"), text).unwrap();
    };
    let sender = Sender::stripe(METER_HOOK).signature_header("X-Meter-Signature");
    let of_a_meter = |id: &str| sender.deliver("", clock(1), bodies::meter_status(id, "A1"));
    without("IPS_KEY");
    assert_eq!(town.ask(1, "CT:ABC123", "A1"), (0, "ACTIVE".to_owned()));
    town.run(1, &["lookup", "session:S-1"]).ends(0);
    town.typed(clock(1), &[], &["lookup", "--batch", "-"], "plate:CT:ABC123 A1\n").ends(0);
    town.typed(clock(1), &[], &["lookup", "-", "--zone", "A1"], "plate:CT:ABC123\n").ends(0);
    town.typed(clock(1), &[], &["lookup", "-"], "anna@example.se\n").ends(78);
    applied(&town, 1, "meters", &of_a_meter("M-1"));
    for arguments in [&["sync"][..], &["diff"], &["check"], &["lookup", "anna@example.se"]] {
        let told = town.run(1, arguments).ends(78);
        assert!(told.stderr.contains("not-there"), "{}", told.stderr);
    }
    without("METER_HOOK");
    town.run(2, &["lookup", "meter:M-1"]).ends(22);
    take(&town, clock(2), "meters", &of_a_meter("M-2")).ends(78);
    town.run(2, &["lookup", "meter:M-2"]).ends(20);
    // What is no password at all is wrong for everybody.
    fs::write(town.path("ivms-sync.toml"), config.replace("env = \"IPS_KEY\"", "key = \"a\""))
        .unwrap();
    town.run(3, &["lookup", "plate:ABC123"]).ends(78);
}

/// What surrounds an event is anybody's: a header in another encoding is no reason not to look at the others, and a key of
/// a document is not for the log.
#[test]
fn what_surrounds_an_event_is_looked_past() {
    let town = a_town();
    let sender = Sender::stripe(METER_HOOK).signature_header("X-Meter-Signature");
    let good = sender.deliver("", clock(0), bodies::meter_status("M-1", "A1"));
    let mut lines = good.header_lines().into_bytes();
    lines.extend(b"X-Sender: Z\xfcrich\n");
    fs::write(town.path("headers.txt"), lines).unwrap();
    let arguments = ["apply", "--event", "-", "--from", "meters", "--headers", "headers.txt"];
    town.typed(clock(0), &[], &arguments, good.body.clone()).ends(0);
    let odd = r#"{"meterId":"M-2","status":{"operational":true},"cars":{"KEY9999":1,"KEY9999":2}}"#;
    let delivery = sender.deliver("", clock(1), odd.to_owned());
    let arguments = ["apply", "--event", "-", "--from", "meters", "--cgi"];
    let told = town.typed(clock(1), &delivery.cgi_env(), &arguments, delivery.body.clone()).ends(0);
    assert!(
        told.stdout.contains("/cars/KEY9999"),
        "whoever sent it is told where: {}",
        told.stdout
    );
    assert!(
        told.stderr.contains("comes twice") && !told.stderr.contains("KEY9999"),
        "{}",
        told.stderr
    );
}
