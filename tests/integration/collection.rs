//! Citations that nobody has paid go to an agency that collects, and come back from it, with the real binary. The
//! agency knows who must never be asked for money, and lists it; whoever has paid is taken back before anybody is
//! handed over.

mod repaired;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::duncan::{self, Ack, Standing};
use ivms_sync_simulators::http::HttpServer;
use ivms_sync_simulators::ips::{self, Citation};
use ivms_sync_simulators::service::{Login, Mishap, Settings};
use serde_json::{Value, json};

use super::support::Said;
use super::support::pinned::instant;
use super::support::town::{KEY, NOON, Runs, Town, clock};

const SECRET: &str = "collect-secret-1";
const DAY: i64 = 24 * 60;

/// A street that lists citations, and an agency.
struct City {
    town: Town,
    agency: duncan::Server,
}

/// How many requests changed something, or were to.
fn writes(server: &HttpServer) -> usize {
    server.requests().iter().filter(|request| request.method != "GET").count()
}

impl Runs for City {
    fn run(&self, minutes: i64, arguments: &[&str]) -> Said {
        self.agency.clock().set(clock(minutes));
        self.agency.begin_run();
        let found = self.town.run(minutes, arguments);
        assert!(!format!("{found:?}").contains("XYZ"), "{found:?}");
        found
    }
}

impl City {
    fn new(more: &str) -> Self {
        let login = Login::Basic("city".into(), SECRET.into());
        let clock = Clock::fixed(instant(NOON));
        let agency = duncan::Server::start(Settings { clock, login, ..Settings::default() });
        let transport = match more.contains("spool") {
            true => String::new(),
            false => format!(
                "url = \"{}\"\nusername = \"city\"\nsecret = {{ env = \"COLLECT_SECRET\" }}\n",
                agency.url()
            ),
        };
        let secrets = [("IPS_KEY", KEY), ("COLLECT_SECRET", SECRET), ("HOOK", "hook-bearer-1")];
        let town = Town::new(ips::Settings::default(), &secrets, |street| {
            format!(
                "time_zone = \"America/New_York\"\n[parking]\ncountry = \"US\"\nkeep_plates = \"60d\"\n\
                 [zone.A1]\ngrace = \"5m\"\n[zone.A2]\n[zone.B1]\n[zone.B2]\n\
                 [ips.street]\nurl = \"{}\"\nsecret = {{ env = \"IPS_KEY\" }}\nfresh_for = \"10m\"\n\
                 violations = [\"*\"]\n\
                 [ips.street.events]\nscheme = \"bearer\"\nsecrets = [{{ env = \"HOOK\" }}]\n\
                 [duncan.collect]\ncurrency = \"USD\"\nbatch = 3\n{transport}{more}\n",
                street.url(),
            )
        });
        Self { town, agency }
    }

    /// Citations of 25 dollars, each against a car of its own, of this minute; they are owed.
    fn cite(&self, minutes: i64, names: &[&str]) {
        for name in names {
            let plate = format!("XYZ{}", name.trim_start_matches(|c: char| !c.is_ascii_digit()));
            self.town.street.cite(name, &plate, "CT", "A1", clock(minutes), "EXPIRED_METER");
            self.agency.set_standing(name, Standing::Owed(2500));
        }
    }

    /// A citation is paid, and the street knows.
    fn pay(&self, name: &str) {
        assert!(self.town.street.set_citation_status(name, "PAID"));
        self.agency.set_standing(name, Standing::Paid);
    }

    fn status(&self, name: &str) -> Option<String> {
        self.agency.status(name)
    }

    #[track_caller]
    fn assert_well(&self) {
        assert_eq!(self.agency.violations(), Vec::<String>::new());
        self.town.assert_well();
    }
}

fn kinds(told: &Value) -> Vec<&str> {
    told["problems"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect()
}

/// P16, as a person does it.
#[test]
fn a_person_looks_hands_over_and_takes_back() {
    let city = City::new("");
    city.cite(0, &["v1", "v2"]);
    city.cite(5 * DAY, &["v3"]);
    city.tick(5 * DAY, 0);
    assert!(city.tick(29 * DAY, 0).get("collections").is_none());
    // A month later two of them could go; nothing does by itself.
    let told = city.tick(30 * DAY + 5, 0);
    let one = &told["collections"][0];
    assert_eq!(one["referrals"], json!({ "count": 2, "amount": "50.00" }));
    assert_eq!(one["references"], json!(["v1", "v2"]));
    assert_eq!(kinds(&told), ["referrals-wait"]);
    assert_eq!(writes(&city.agency), 0);
    let asked = ["diff", "--to", "collect", "--out", "collect.json"];
    let text = city.run(30 * DAY + 6, &asked).ends(0).stdout;
    assert!(text.contains("2 citations to hand over, 50.00 USD: v1, v2"), "{text}");
    assert!(text.contains("ivms-sync apply collect.json"), "{text}");
    city.run(30 * DAY + 6, &["diff", "--to", "collect", "--exit-code"]).ends(2);
    assert_eq!(writes(&city.agency), 0);
    let done = city.json(30 * DAY + 7, 0, &["apply", "collect.json"]);
    assert_eq!(done["documents"][0]["state"], "confirmed");
    assert_eq!(done["documents"][0]["amount"], "50.00");
    assert_eq!(city.agency.open(), ["v1", "v2"]);
    city.json(30 * DAY + 8, 0, &["apply", "collect.json"]);
    assert_eq!(writes(&city.agency), 1, "once");
    let looked = city.json(30 * DAY + 9, 0, &["lookup", "citation:v1"]);
    assert_eq!(
        (&looked["referrals"][0]["to"], &looked["referrals"][0]["state"]),
        (&json!("collect"), &json!("there"))
    );
    let status = city.json(30 * DAY + 9, 0, &["status"]);
    assert_eq!(status["agencies"][0]["there"], json!({ "count": 2, "amount": "50.00" }));
    // Somebody pays: the city must say so, and each run tells it until it does.
    city.pay("v1");
    let told = city.tick(31 * DAY, 4);
    assert_eq!(kinds(&told), ["withdrawals-wait"]);
    assert_eq!(
        told["collections"][0]["withdrawals"],
        json!([{ "reference": "v1", "status": "Paid" }])
    );
    city.tick(31 * DAY + 5, 4);
    // The third could go by now, and goes after it.
    let asked = ["diff", "--to", "collect", "--out", "second.json"];
    let plan = city.json(35 * DAY + 1, 0, &asked);
    let kinds: Vec<_> =
        plan["documents"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds, ["withdrawal", "referral"]);
    city.json(35 * DAY + 2, 0, &["apply", "second.json"]);
    assert_eq!(
        (city.status("v1").as_deref(), city.agency.open()),
        (Some("Paid"), vec!["v2".into(), "v3".into()])
    );
    assert!(city.tick(35 * DAY + 5, 0).get("collections").is_none());
    city.assert_well();
}

/// Mutants: a plan is carried out as it is, whoever has paid since.
#[test]
fn whoever_pays_between_plan_and_apply_is_not_handed_over() {
    let city = City::new("");
    city.cite(0, &["v1", "v2"]);
    city.tick(0, 0);
    city.json(31 * DAY, 0, &["diff", "--to", "collect", "--out", "collect.json"]);
    city.pay("v2");
    let told = city.json(31 * DAY + 5, 13, &["apply", "collect.json"]);
    assert_eq!(kinds(&told), ["document-stale"]);
    assert_eq!(writes(&city.agency), 0);
    // A file of one's own is judged by the same rules.
    let batch = r#"[{"referenceId":"v2","licensePlate":"XYZ2","state":"CT","violationCode":"EXPIRED_METER",
        "issuedAt":"2026-03-10T12:00:00.000Z","zoneNumber":"A1","amountDue":"25.00","currency":"USD"}]"#;
    fs::write(city.town.path("own.json"), batch).unwrap();
    city.json(31 * DAY + 6, 13, &["apply", "own.json", "--to", "collect"]);
    assert_eq!(writes(&city.agency), 0);
    // While the street cannot be read, nobody is handed over.
    city.json(31 * DAY + 7, 0, &["diff", "--to", "collect", "--out", "other.json"]);
    city.town.street.go_offline();
    city.json(31 * DAY + 8, 5, &["apply", "other.json"]);
    assert_eq!(writes(&city.agency), 0);
    assert_eq!(city.agency.violations(), Vec::<String>::new());
}

const FULL: &str = "mode = \"full\"";

/// Mutants: any of these is handed over; none of them is counted.
#[test]
fn nobody_is_handed_over_of_whom_it_is_not_sure() {
    let city = City::new(FULL);
    let street = &city.town.street;
    city.cite(0, &["v1", "v2", "v3", "v4", "v5", "v6", "v7", "v8"]);
    for (name, status, truth) in [
        ("v2", "DISPUTED", Standing::Contested),
        ("v3", "SOMETHING_ELSE", Standing::Hold),
        ("v4", "PAID", Standing::Paid),
        ("v5", "VOID", Standing::Dismissed),
    ] {
        street.set_citation_status(name, status);
        city.agency.set_standing(name, truth);
    }
    street.park("s6", "XYZ6", "CT", "A1", clock(-30), Some(clock(30)));
    city.agency.set_standing("v6", Standing::Contested);
    street.edit_citation("v7", |one| one.plate.clear());
    street.add_citation(Citation::new("v9", "XYZ9", "", "A1", clock(0), "EXPIRED_METER"));
    street.edit_citation("v8", |one| one.fine_cents = 0);
    city.tick(0, 0);
    let told = city.tick(30 * DAY + 5, 0);
    assert_eq!(city.agency.open(), ["v1"]);
    let left = told["collections"][0]["left_out"].as_array().unwrap();
    let left: BTreeMap<_, _> =
        left.iter().map(|one| (one["why"].as_str().unwrap(), one["citations"].clone())).collect();
    assert_eq!(
        left,
        BTreeMap::from([
            ("contested", json!(["v2"])),
            ("dismissed", json!(["v5"])),
            ("had-right", json!(["v6"])),
            ("no-amount", json!(["v8"])),
            ("no-plate", json!(["v9"])),
            ("not-judged", json!(["v7"])),
            ("paid", json!(["v4"])),
            ("state-unclear", json!(["v3"])),
        ])
    );
    city.assert_well();
}

/// P10, P16: whatever happens on the way, each is there once.
#[test]
fn whatever_happens_on_the_way_each_is_there_once() {
    for (mishap, code) in [
        (Mishap::LostAfter, 0),
        (Mishap::LostBefore, 5),
        (Mishap::FailsAfter(500), 0),
        (Mishap::FailsBefore(500), 5),
        (Mishap::FailsBefore(429), 5),
        // An acknowledgement that cannot be read agrees in nothing.
        (Mishap::CutAfter, 4),
    ] {
        let city = City::new(FULL);
        city.cite(0, &["v1", "v2", "v3", "v4"]);
        city.tick(0, 0);
        city.agency.trouble(|troubles| troubles.documents.push(mishap));
        city.tick(31 * DAY, code);
        // The second batch waits until it is known what became of the first.
        city.tick(31 * DAY + 10, 0);
        assert_eq!(city.agency.open(), ["v1", "v2", "v3", "v4"], "{mishap:?}");
        assert_eq!(["v1", "v4"].map(|one| city.agency.times_taken(one)), [1, 1], "{mishap:?}");
        city.tick(32 * DAY, 0);
        assert_eq!(writes(&city.agency), if code == 5 { 3 } else { 2 }, "{mishap:?}");
        city.assert_well();
    }
}

/// Mutants: a batch that never came is sent once more as it was.
#[test]
fn a_batch_that_never_came_is_judged_anew() {
    let city = City::new(FULL);
    city.cite(0, &["v1", "v2", "v3"]);
    city.tick(0, 0);
    city.agency.trouble(|troubles| troubles.documents.push(Mishap::LostBefore));
    city.tick(31 * DAY, 5);
    city.pay("v2");
    let told = city.tick(31 * DAY + 10, 0);
    let states: Vec<_> =
        told["documents"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["settled", "confirmed"]);
    assert_eq!(city.agency.open(), ["v1", "v3"]);
    city.assert_well();
}

#[test]
fn some_rows_are_refused_and_stay() {
    let city = City::new(FULL);
    city.cite(0, &["v1", "v2"]);
    city.tick(0, 0);
    city.agency.set(|switches| {
        switches.refuses = BTreeMap::from([("v1".to_owned(), "no_address".to_owned())]);
    });
    let told = city.tick(31 * DAY, 3);
    assert_eq!(kinds(&told), ["batch-part-refused"]);
    assert!(told["problems"][0]["text"].as_str().unwrap().contains("v1 (no_address)"));
    city.agency.set(|switches| switches.refuses.clear());
    city.tick(31 * DAY + 10, 0);
    assert_eq!((city.agency.open(), writes(&city.agency)), (vec!["v2".to_owned()], 1));
    let status = city.json(31 * DAY + 11, 0, &["status"]);
    assert_eq!(status["agencies"][0]["refused"], 1);
    city.assert_well();
}

/// Mutants: an acknowledgement with another sum confirms; it is not read back.
#[test]
fn an_acknowledgement_must_agree_in_count_and_dollars() {
    for ack in [Ack::CountOff(1), Ack::DollarsOff(-1), Ack::NoDollars] {
        let city = City::new(FULL);
        city.cite(0, &["v1", "v2"]);
        city.tick(0, 0);
        city.agency.set(|switches| switches.ack = ack);
        let told = city.tick(31 * DAY, 4);
        assert_eq!(kinds(&told), ["document-doubted"], "{ack:?}");
        assert_eq!(told["documents"][0]["state"], "confirmed", "it was read back");
        city.tick(31 * DAY + 10, 0);
        let city = City::new(FULL);
        city.cite(0, &["v1", "v2"]);
        city.tick(0, 0);
        city.agency.set(|switches| (switches.ack, switches.ack_of_state) = (ack, ack));
        let told = city.tick(31 * DAY, 4);
        assert_eq!(told["documents"][0]["state"], "unknown", "{ack:?}");
        // Nobody goes there before that is known; whoever pays meanwhile is taken back then.
        city.cite(DAY, &["v3"]);
        city.pay("v1");
        city.tick(32 * DAY, 4);
        assert_eq!(city.agency.open(), ["v1", "v2"]);
        city.agency.set(|switches| {
            (switches.ack, switches.ack_of_state) = (Ack::Honest, Ack::Honest);
        });
        city.tick(33 * DAY, 0);
        assert_eq!(city.status("v1").as_deref(), Some("Paid"));
        assert_eq!(city.agency.open(), ["v2", "v3"]);
        city.assert_well();
    }
}

/// Mutants: others are handed over although somebody waits; what is taken back is taken back twice.
#[test]
fn who_is_taken_back_goes_first() {
    let city = City::new(FULL);
    city.cite(0, &["v1", "v2", "v3", "v4"]);
    city.tick(0, 0);
    city.tick(31 * DAY, 0);
    city.cite(31 * DAY, &["v5"]);
    city.tick(31 * DAY + 1, 0);
    city.pay("v1");
    city.town.street.set_citation_status("v2", "DISMISSED");
    city.agency.set_standing("v2", Standing::Dismissed);
    city.town.street.set_citation_status("v3", "APPEALED");
    city.agency.set_standing("v3", Standing::Contested);
    city.agency.trouble(|troubles| troubles.documents.push(Mishap::FailsBefore(503)));
    city.tick(62 * DAY, 5);
    assert_eq!(city.agency.open(), ["v1", "v2", "v3", "v4"], "and v5 is not there");
    city.tick(62 * DAY + 10, 0);
    let stand = ["v1", "v2", "v3", "v4", "v5"].map(|one| city.status(one).unwrap());
    assert_eq!(stand, ["Paid", "Void", "Hold", "Open", "Open"]);
    // Its plate is forgotten, and it is decided: it stands. What was on hold is not opened again.
    city.town.street.set_citation_status("v3", "ISSUED");
    city.agency.set_standing("v3", Standing::Owed(2500));
    city.tick(63 * DAY, 0);
    city.pay("v3");
    city.tick(64 * DAY, 0);
    assert_eq!(city.status("v3").as_deref(), Some("Paid"));
    city.assert_well();
}

/// Years later, when no plate of it is known. Mutants: what is not kept is not listened to.
#[test]
fn an_old_citation_is_taken_back_by_a_listing_and_by_an_event() {
    let city = City::new(FULL);
    city.cite(0, &["v1", "v2", "v3"]);
    city.tick(0, 0);
    city.tick(31 * DAY, 0);
    city.tick(400 * DAY, 0);
    // P17: no plate of them is anywhere by now.
    for name in fs::read_dir(city.town.folder.path()).unwrap() {
        let path = name.unwrap().path();
        let bytes = if path.is_file() { fs::read(&path).unwrap() } else { Vec::new() };
        assert!(!bytes.windows(3).any(|window| window == b"XYZ"), "{}", path.display());
    }
    assert!(!city.json(400 * DAY, 0, &["lookup", "citation:v1"])["referrals"].is_null());
    city.pay("v1");
    let event = r#"{"id":"evt_1","type":"citation.paid","timestamp":"2027-04-14T12:00:00Z","data":{"citationNumber":"v2"}}"#;
    fs::write(city.town.path("event.json"), event).unwrap();
    fs::write(city.town.path("headers.txt"), "Authorization: Bearer hook-bearer-1\n").unwrap();
    let asked = ["apply", "--event", "event.json", "--from", "street", "--headers", "headers.txt"];
    city.run(400 * DAY + 5, &asked).ends(0);
    city.agency.set_standing("v2", Standing::Paid);
    city.town.street.remove_citation("v3");
    city.agency.set_standing("v3", Standing::Dismissed);
    city.tick(400 * DAY + 10, 0);
    let stand = ["v1", "v2", "v3"].map(|one| city.status(one).unwrap());
    assert_eq!(stand, ["Paid", "Paid", "Void"]);
    let asked = writes(&city.agency);
    city.tick(401 * DAY, 0);
    assert_eq!(writes(&city.agency), asked, "it is final");
    assert_eq!(city.agency.violations(), Vec::<String>::new());
}

/// A car turns out to have paid for its place, after its citation was handed over.
#[test]
fn a_right_that_is_heard_of_later_makes_it_void() {
    let city = City::new(FULL);
    city.cite(0, &["v1"]);
    city.tick(0, 0);
    city.tick(31 * DAY, 0);
    assert_eq!(city.agency.open(), ["v1"]);
    city.town.street.park("late", "XYZ1", "CT", "A1", clock(-30), Some(clock(30)));
    city.agency.set_standing("v1", Standing::Dismissed);
    city.tick(32 * DAY, 0);
    assert_eq!(city.status("v1").as_deref(), Some("Void"));
    city.assert_well();
}

/// More than the guard allows at once waits for a person.
#[test]
fn too_many_at_once_wait_for_approval() {
    let city = City::new("mode = \"full\"\nrefer_after = \"20d\"");
    let names: Vec<String> = (1..=21).map(|number| format!("v{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    city.cite(0, &names);
    city.tick(0, 0);
    let told = city.tick(21 * DAY, 4);
    assert_eq!(writes(&city.agency), 0);
    let documents = told["documents"].as_array().unwrap();
    assert_eq!(documents.len(), 7);
    assert!(documents.iter().all(|one| one["holds"][0]["why"] == "too-many"));
    // Somebody has paid meanwhile, and other batches are in their place.
    city.pay("v1");
    let told = city.tick(21 * DAY + 10, 0);
    assert_eq!(told["documents"].as_array().unwrap().len(), 7);
    assert_eq!(city.agency.open().len(), 20);
    let city = City::new("mode = \"full\"\nrefer_after = \"20d\"");
    city.cite(0, &names);
    city.tick(0, 0);
    let told = city.tick(21 * DAY, 4);
    let id = told["documents"][0]["blocked"].as_str().unwrap();
    city.json(21 * DAY + 5, 0, &["apply", "--blocked", id]);
    assert_eq!(city.agency.open().len(), 3);
    // What is left of it is few enough.
    city.tick(21 * DAY + 10, 0);
    assert_eq!(city.agency.open().len(), 21);
    city.assert_well();
}

#[test]
fn nothing_is_sent_where_it_is_only_observed() {
    let city = City::new("mode = \"observe\"");
    city.cite(0, &["v1"]);
    city.tick(0, 0);
    assert_eq!(kinds(&city.tick(31 * DAY, 0)), ["referrals-wait"]);
    city.json(31 * DAY, 4, &["diff", "--to", "collect", "--out", "plan.json"]);
    city.json(31 * DAY, 4, &["apply", "plan.json"]);
    assert_eq!(writes(&city.agency), 0);
    city.run(31 * DAY, &["diff", "--to", "street"]).ends(64);
    city.assert_well();
}

fn files(folder: &PathBuf) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Mutants: the file of those who are taken back comes after the other; a file that is there already is written once
/// more.
#[test]
fn batches_as_files_in_a_folder() {
    let city = City::new("mode = \"full\"\ntransport = \"csv\"\nspool = \"out/duncan\"");
    let folder = city.town.path("out/duncan");
    city.cite(0, &["v1", "v2"]);
    city.tick(0, 0);
    let told = city.tick(31 * DAY, 4);
    assert_eq!(kinds(&told), ["document-not-sent"], "there is no folder");
    fs::create_dir_all(&folder).unwrap();
    city.tick(31 * DAY + 5, 0);
    let first = files(&folder);
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(first[0].starts_with("2026-04-10-2-referral-") && first[0].ends_with(".csv"));
    assert_eq!(city.agency.collect(&folder).unwrap(), first);
    city.cite(31 * DAY, &["v3"]);
    city.tick(31 * DAY + 10, 0);
    city.pay("v1");
    city.tick(62 * DAY, 0);
    let taken = city.agency.collect(&folder).unwrap();
    assert!(taken[0].contains("-1-withdrawal-") && taken[1].contains("-2-referral-"), "{taken:?}");
    assert_eq!(city.status("v1").as_deref(), Some("Paid"));
    assert_eq!(city.agency.open(), ["v2", "v3"]);
    city.tick(63 * DAY, 0);
    assert_eq!(city.agency.collect(&folder).unwrap(), Vec::<String>::new());
    city.assert_well();
    // Somebody has laid another file there under its name.
    let other = City::new("mode = \"full\"\ntransport = \"csv\"\nspool = \"out/duncan\"");
    let place = other.town.path("out/duncan");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join(&first[0]), "something else\r\n").unwrap();
    other.cite(0, &["v1", "v2"]);
    other.tick(0, 0);
    let told = other.tick(31 * DAY, 4);
    assert_eq!(kinds(&told), ["document-unsettled"]);
    assert_eq!(fs::read_to_string(place.join(&first[0])).unwrap(), "something else\r\n");
}
