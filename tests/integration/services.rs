//! Services of rights: what an IPS sells, stops and forgets, and what an officer is told, with the real binary
//! and a strict service.

use std::collections::BTreeMap;
use std::fs;

use chrono::TimeDelta;
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::http::Fault;
use ivms_sync_simulators::ips::{PERSONAL_MARKS, Paging, Settings, Switches};
use serde_json::Value;
use tempfile::TempDir;

use super::support::pinned::instant;
use super::support::schema::assert_valid;
use super::support::town::{KEY, NOON, Runs, Town, clock, is};
use super::support::{Said, binary, said};

fn a_town(more: &str) -> Town {
    a_town_with(more, Settings::default())
}

/// A town whose meters are all of one service.
fn a_town_with(more: &str, settings: Settings) -> Town {
    Town::new(settings, &[("IPS_KEY", KEY)], |street| {
        format!(
            "time_zone = \"America/New_York\"\n[parking]\ncountry = \"US\"\nkeep_plates = \"24h\"\n\
             [zone.A1]\ngrace = \"5m\"\n[zone.A2]\n[zone.B1]\n[zone.B2]\n\
             [ips.street]\nurl = \"{}\"\nsecret = {{ env = \"IPS_KEY\" }}\nfresh_for = \"10m\"\n{more}\n",
            street.url()
        )
    })
}

#[test]
fn what_is_sold_stopped_and_cancelled_is_told_to_the_officer() {
    let town = a_town("permits = [\"RESIDENTIAL\"]");
    let street = &town.street;
    assert_eq!(town.ask(0, "CT:ABC123", "A1"), is(5, "UNKNOWN"), "nothing was read yet");
    street.park("session_789", "ABC123", "CT", "A1", clock(-120), Some(clock(120)));
    street.park("open", "OPEN1", "CT", "B1", clock(-10), None);
    street.permit("RES-1", "RESIDENTIAL", "RES111", "CT", &["A2", "B1"], clock(-9000), None);
    street.permit("BIZ-1", "BUSINESS", "BIZ111", "CT", &["A2"], clock(-9000), None);
    let first = town.tick(0, 0);
    let source = &first["sources"][0];
    assert_eq!((source["name"].as_str(), source["kind"].as_str()), (Some("street"), Some("ips")));
    assert_eq!((source["rights"].as_u64(), source["fresh"].as_bool()), (Some(4), Some(true)));
    for (plate, zone, want) in [
        ("ABC123", "A1", is(0, "ACTIVE")),
        ("ABC123", "A2", is(22, "WRONG_ZONE")),
        ("OPEN1", "B1", is(0, "ACTIVE")),
        ("RES111", "A2", is(0, "ACTIVE")),
        ("RES111", "B1", is(0, "ACTIVE")),
        ("RES111", "A1", is(22, "WRONG_ZONE")),
        ("BIZ111", "A2", is(20, "NOT_FOUND")),
        ("NOBODY", "A1", is(20, "NOT_FOUND")),
    ] {
        assert_eq!(town.ask(1, &format!("CT:{plate}"), zone), want, "{plate} {zone}");
    }
    // A quiet tick asks for changes, once each, and changes nothing.
    let calls = || (street.calls("sessions"), street.calls("permits"));
    let before = calls();
    town.tick(5, 0);
    assert_eq!(calls(), (before.0 + 1, before.1 + 1));
    // Stopped, extended, cancelled, deleted, and another car on the permit.
    street.extend("session_789", clock(240));
    street.stop("open");
    street.change_plate("RES-1", "NEWCAR", "CT");
    street.park("wrong", "WRONG1", "CT", "A1", clock(5), Some(clock(65)));
    town.tick(10, 0);
    assert_eq!(town.ask(10, "CT:WRONG1", "A1"), is(0, "ACTIVE"));
    street.cancel("wrong");
    town.tick(15, 0);
    for (plate, zone, want) in [
        ("OPEN1", "B1", is(22, "EXPIRED")),
        ("NEWCAR", "A2", is(0, "ACTIVE")),
        ("RES111", "A2", is(20, "NOT_FOUND")),
        ("WRONG1", "A1", is(22, "CANCELLED")),
    ] {
        assert_eq!(town.ask(15, &format!("CT:{plate}"), zone), want, "{plate} {zone}");
    }
    let asked = ["--json", "lookup", "plate:CT:ABC123", "--zone", "A1"];
    let until = town.run(15, &asked).ends(0).json();
    assert_eq!(until["verdict"]["until"], "2026-03-10T16:00:00Z");
    street.delete("session_789");
    town.tick(20, 0);
    assert_eq!(town.ask(20, "CT:ABC123", "A1"), is(20, "NOT_FOUND"));
    // Ten minutes later nobody knows what was sold meanwhile; what is known to be valid stays valid.
    assert_eq!(town.ask(31, "CT:ABC123", "A1"), is(5, "UNKNOWN"));
    assert_eq!(town.ask(31, "CT:NEWCAR", "A2"), is(0, "ACTIVE"));
    let status = town.run(31, &["status"]).stdout;
    assert!(status.contains("street") && status.contains("not fresh"), "{status}");
    town.assert_well();
}

/// Mutants: a page is left out; half of a listing takes rights away.
/// Mutants: a permit answers as a session and the other way; the best zone does not count; a row that was left out says
/// "ended"; a source that is not fresh says "no such right"; a plate is shown.
#[test]
fn a_right_is_found_by_its_id() {
    let town = a_town("permits = [\"RESIDENTIAL\"]");
    let street = &town.street;
    street.park("S-1", "ABC123", "CT", "A1", clock(-120), Some(clock(30)));
    street.park("odd", "ODD111", "CT", "Z9", clock(-10), Some(clock(30)));
    street.permit("RES-1", "RESIDENTIAL", "RES111", "CT", &["A2", "B1"], clock(-9000), None);
    street.permit("ODD-1", "RESIDENTIAL", "ODD222", "CT", &["Z9"], clock(-9000), None);
    street.permit("OLD-1", "RESIDENTIAL", "OLD111", "CT", &["A2"], clock(-9000), Some(clock(-60)));
    let ask = |minutes: i64, code: i32, words: &[&str]| {
        let found = town.json(minutes, code, &[&["lookup"], words].concat());
        assert!(!found.to_string().contains("111"), "{found}");
        found["verdict"]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(ask(0, 5, &["permit:RES-1"]), "UNKNOWN", "nothing was read yet");
    town.run(0, &["sync"]);
    for (words, code, status) in [
        (&["permit:RES-1"][..], 0, "ACTIVE"),
        (&["PERMIT:RES-1", "--zone", "B1"], 0, "ACTIVE"),
        (&["permit:RES-1", "--zone", "A1"], 22, "WRONG_ZONE"),
        (&["permit:RES-RES-1"], 0, "ACTIVE"),
        (&["session:RES-RES-1"], 20, "NOT_FOUND"),
        (&["permit:OLD-1"], 22, "EXPIRED"),
        (&["permit:OLD-1", "--at", "2026-03-10T10:00:00Z"], 0, "ACTIVE"),
        (&["session:S-1"], 0, "ACTIVE"),
        (&["session:S-1", "--at", "2026-03-10T12:36:00Z"], 5, "UNKNOWN"),
        (&["session:RES-1"], 20, "NOT_FOUND"),
        (&["permit:S-1"], 20, "NOT_FOUND"),
        (&["permit:none"], 20, "NOT_FOUND"),
        (&["session:odd"], 5, "UNKNOWN"),
        (&["permit:ODD-1"], 5, "UNKNOWN"),
        (&["permit:RES-ODD-1"], 5, "UNKNOWN"),
        (&["permit:"], 20, "NOT_FOUND"),
    ] {
        assert_eq!(ask(1, code, words), status, "{words:?}");
    }
    assert_eq!(ask(20, 5, &["permit:none"]), "UNKNOWN", "not fresh any more");
    assert_eq!(ask(20, 0, &["permit:RES-1"]), "ACTIVE", "paid is paid");
    let elsewhere = town.json(1, 22, &["lookup", "permit:RES-1", "--zone", "A1"]);
    assert_eq!(elsewhere["rights"].as_array().unwrap().len(), 1, "{elsewhere}");
    assert_eq!(
        (&elsewhere["rights"][0]["cars"], &elsewhere["rights"][0]["number"]),
        (&1.into(), &"RES-RES-1".into())
    );
    let here = town.json(1, 0, &["lookup", "permit:RES-1", "--zone", "B1"]);
    assert_eq!(here["rights"].as_array().unwrap().len(), 1, "{here}");
    let text = town.run(1, &["lookup", "permit:RES-1"]).ends(0).stdout;
    assert!(
        text.contains("RES-RES-1 of street (RESIDENTIAL), 1 car, in A2: valid without end"),
        "{text}"
    );
    let text = town.run(1, &["lookup", "session:odd"]).ends(5).stdout;
    assert!(text.contains("session:odd: cannot be said"), "{text}");
    town.run(1, &["lookup", "permit:RES-1", "--zone", "B2x"]).ends(64);
    town.run(1, &["lookup", "meter:RES-1", "--zone", "B2"]).ends(64);
}

#[test]
fn every_way_to_page_is_read_whole_or_not_at_all() {
    let town = a_town("");
    let street = &town.street;
    for place in 0..25 {
        let (id, plate) = (format!("s{place}"), format!("CAR{place}"));
        street.park(&id, &plate, "CT", "A1", clock(-60), Some(clock(6000)));
    }
    let mut minutes = 0;
    let mut full = |paging: Paging, code: i32| {
        minutes += 1;
        street.set(|switches| (switches.paging, switches.page_size) = (paging, 10));
        let found = town.run(minutes, &["--json", "sync", "--full"]).ends(code).json();
        found["sources"][0]["rights"].as_u64().unwrap()
    };
    for paging in [
        Paging::OnePage,
        Paging::Cursors,
        Paging::EmptyCursor,
        Paging::NoCursor,
        Paging::RowMoves,
        Paging::RowMovesNewerFirst,
    ] {
        assert_eq!(full(paging, 0), 25, "{paging:?}");
    }
    town.assert_well();
    for paging in [
        Paging::CursorRepeats,
        Paging::CursorsCircle,
        Paging::PageCut,
        Paging::HtmlPage,
        Paging::OtherAsOf,
        Paging::NotUnderData,
    ] {
        assert_eq!(full(paging, 5), 25, "{paging:?}");
    }
    street.clear_violations();
    assert_eq!(full(Paging::Cursors, 0), 25);
    // Half of them forgotten: not believed, and nothing is lost.
    street.set(|switches| switches.forgotten_percent = 50);
    assert_eq!(full(Paging::Cursors, 4), 25);
    assert_eq!(town.ask(minutes, "CT:CAR24", "A1"), is(0, "ACTIVE"));
    town.assert_well();
}

#[test]
fn what_goes_wrong_on_the_way_says_no_right_to_nobody() {
    let settings = Settings { wanted: vec!["wrong-login"], ..Settings::default() };
    let town = a_town_with("", settings);
    town.street.park("s1", "ABC123", "CT", "A1", clock(-60), Some(clock(60)));
    town.tick(0, 0);
    type Wrong = (fn(&mut Switches), i32, &'static str);
    let elsewhere = |one: &mut Switches| {
        one.redirect = Some("http://elsewhere.invalid/".to_owned());
    };
    let wrong: [Wrong; 4] = [
        (|one| one.unavailable = 9, 5, "refused with status 503"),
        (|one| one.broken = Some(404), 4, "refused with status 404"),
        (elsewhere, 5, "redirected to another address"),
        (|one| one.date_off_s = 3600, 5, "its clock shows 2026-03-10 13:"),
    ];
    let fails = |minutes: i64, code: i32, text: &str| {
        let found = town.run(minutes, &["sync"]).ends(code);
        assert!(found.stderr.contains(text), "{text}: {found:?}");
        assert!(!format!("{found:?}").contains("ips-secret"), "{found:?}");
        assert_eq!(town.ask(minutes, "CT:ABC123", "A1"), is(0, "ACTIVE"), "{text}");
    };
    for (what, code, text) in wrong {
        town.street.set(what);
        fails(1, code, text);
        town.street.set(|switches| *switches = Switches::default());
        // What is told once is told again when it has been well meanwhile.
        town.tick(1, 0);
    }
    town.street.edit_settings(|settings| settings.key = "another".to_owned());
    fails(2, 12, "the login was refused");
    town.street.edit_settings(|settings| settings.key = "ips-secret-key-1".to_owned());
    town.tick(2, 0);
    town.street.go_offline();
    let found = town.run(6, &["sync"]).ends(5);
    assert!(found.stderr.contains("counts as fresh until `fresh_for` is over"), "{found:?}");
    assert_eq!(town.ask(6, "CT:NOBODY", "A1"), is(20, "NOT_FOUND"), "read four minutes ago");
    assert_eq!(town.ask(12, "CT:NOBODY", "A1"), is(5, "UNKNOWN"));
    town.street.go_online();
    // One answer lost is asked for once more.
    town.street.set(|switches| switches.cursors_again = true);
    town.street.fault(Fault::DropAfter.on("sessions").times(1));
    town.tick(12, 0);
    assert_eq!(town.ask(12, "CT:NOBODY", "A1"), is(20, "NOT_FOUND"));
    let found = town.run(13, &["check"]).ends(0);
    assert!(found.stdout.contains("street"), "{found:?}");
    town.assert_well();
}

/// Mutants: a plate in a log line; the owner in the state file; a plate that outlives `keep_plates`.
#[test]
fn nobody_s_name_is_kept_and_no_plate_for_longer_than_needed() {
    let town = a_town("");
    town.street.set(|switches| switches.personal_data = true);
    town.street.park("s1", "SECRET1", "CT", "A1", clock(-60), Some(clock(60)));
    town.street.park("s2", "SECRET2", "CT", "Z9", clock(-60), Some(clock(60)));
    let found = town.run(0, &["-vv", "sync"]).ends(0);
    assert!(
        found.stderr.contains("1 right left out (s2): no [zone.NAME] has the zone"),
        "{found:?}"
    );
    assert!(!format!("{found:?}").contains("SECRET"), "{found:?}");
    let bytes = || {
        let mut all = fs::read(town.path("ivms-sync.db")).unwrap();
        all.extend(fs::read(town.path("ivms-sync.db-wal")).unwrap_or_default());
        String::from_utf8_lossy(&all).into_owned()
    };
    assert!(bytes().contains("SECRET1"));
    for mark in PERSONAL_MARKS {
        assert!(!bytes().contains(mark), "{mark}");
    }
    assert_eq!(
        town.ask(1, "CT:SECRET2", "A1"),
        is(5, "UNKNOWN"),
        "nobody knows where it may stand"
    );
    town.tick(25 * 60, 0);
    town.tick(25 * 60 + 5, 0);
    assert!(!bytes().contains("SECRET1"), "a day after its end");
    town.assert_well();
}

/// A gate and a list follow what is sold on the street.
#[test]
fn a_list_of_permits_follows_the_street() {
    let town =
        a_town("[permit-list.patrol]\nfile = \"patrol.csv\"\nzones = [\"A1\"]\nformat = \"csv\"");
    town.street.park("s1", "ABC123", "CT", "A1", clock(-60), Some(clock(60)));
    town.tick(0, 0);
    let list = || fs::read_to_string(town.path("patrol.csv")).unwrap();
    assert!(list().contains("ABC123"), "{}", list());
    town.street.cancel("s1");
    town.street.park("s2", "XYZ789", "CT", "A1", clock(1), Some(clock(61)));
    town.tick(5, 0);
    assert!(!list().contains("ABC123") && list().contains("XYZ789"), "{}", list());
    town.assert_well();
}

/// Weeks of a street: whoever is asked about after a tick that read everything is told the truth, and after one
/// that did not, nobody with a right is told "no right".
#[test]
fn a_world_of_sales_stops_and_faults() {
    for seed in 1..=3_u64 {
        let town = a_town("full_every = \"6h\"");
        let street = &town.street;
        street.set(|switches| (switches.page_size, switches.cursors_again) = (7, true));
        let mut chance = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut random = |below: u64| {
            chance ^= chance << 13;
            chance ^= chance >> 7;
            chance ^= chance << 17;
            chance % below
        };
        let zones = ["A1", "A2", "B1", "B2"];
        let (mut minutes, mut next, mut read_at) = (0_i64, 0_u32, -100_i64);
        let mut alive: Vec<String> = Vec::new();
        let mut counted: BTreeMap<String, u32> = BTreeMap::new();
        for tick in 0..60 {
            minutes += 1 + i64::try_from(random(40)).unwrap();
            street.clock().set(clock(minutes));
            for _ in 0..random(6) {
                let plate = format!("CAR{}", random(12));
                let zone = zones[usize::try_from(random(4)).unwrap()];
                match random(7) {
                    0..=2 => {
                        next += 1;
                        let id = format!("s{next}");
                        let length = 5 + i64::try_from(random(200)).unwrap();
                        let until = (random(4) > 0).then(|| clock(minutes + length));
                        street.park(&id, &plate, "CT", zone, clock(minutes), until);
                        alive.push(id);
                    }
                    3 if !alive.is_empty() => {
                        let id =
                            alive[usize::try_from(random(alive.len() as u64)).unwrap()].clone();
                        street.extend(&id, clock(minutes + 300));
                    }
                    4 if !alive.is_empty() => {
                        let id = alive.remove(usize::try_from(random(alive.len() as u64)).unwrap());
                        street.stop(&id);
                    }
                    5 if !alive.is_empty() => {
                        let id = alive.remove(usize::try_from(random(alive.len() as u64)).unwrap());
                        street.cancel(&id);
                    }
                    6 if !alive.is_empty() => {
                        let id = alive.remove(usize::try_from(random(alive.len() as u64)).unwrap());
                        street.delete(&id);
                    }
                    _ => {}
                }
            }
            let fault = random(6);
            match fault {
                0 => street.set(|switches| switches.broken = Some(404)),
                1 => street.set(|switches| {
                    (switches.paging, switches.broken_page) = (Paging::PageCut, 1);
                }),
                2 => street.set(|switches| switches.paging = Paging::RowMoves),
                _ => {}
            }
            let found = town.run(minutes, &["--json", "sync", "--accept-shrink", "0"]);
            let found = if tick % 2 == 0 { found } else { town.run(minutes, &["--json", "sync"]) };
            let is_read = found.code == 0;
            read_at = if is_read { minutes } else { read_at };
            assert!([0, 4, 5].contains(&found.code), "seed {seed}, tick {tick}: {found:?}");
            *counted.entry(format!("exit {}", found.code)).or_default() += 1;
            let questions: Vec<(String, &str)> =
                (0..12).flat_map(|car| zones.map(|zone| (format!("CAR{car}"), zone))).collect();
            let input: String = questions
                .iter()
                .map(|(plate, zone)| format!("plate:CT:{plate} {zone}\n"))
                .collect();
            let answers =
                town.typed(clock(minutes), &[], &["lookup", "--batch", "-"], input.clone());
            assert_eq!(answers.stdout.lines().count(), questions.len(), "{answers:?}");
            for ((plate, zone), line) in questions.iter().zip(answers.stdout.lines()) {
                let answer: Value = serde_json::from_str(line).unwrap();
                let code = answer["exit_code"].as_u64().unwrap();
                let is_paid = street.has_right(plate, "CT", zone, clock(minutes));
                let status = answer["verdict"]["status"].as_str().unwrap();
                *counted.entry(status.to_owned()).or_default() += 1;
                let is_true = match code {
                    0 => is_paid || status == "GRACE" || !is_read,
                    5 => !is_read,
                    // What was sold since the last reading, as long as that counts as fresh.
                    20 | 22 => !is_paid || !is_read && minutes - read_at < 10,
                    _ => false,
                };
                assert!(
                    is_true,
                    "seed {seed}, tick {tick}: {plate} in {zone}, paid: {is_paid}, read: {is_read}: {line}"
                );
            }
            street.set(|switches| {
                *switches = Switches { page_size: 7, cursors_again: true, ..Switches::default() };
            });
        }
        assert!(counted.len() >= 6, "{counted:?}");
        // Read whole at last, nothing is left to do.
        town.tick(minutes + 1, 0);
        town.assert_well();
    }
}

/// Parkkihubi, the register that is open source.
mod register {
    use ivms_sync_simulators::parkkihubi::{
        Body, Next, PERSONAL_MARKS, Permit, Server, Settings, Shift, Switches,
    };

    use super::*;

    struct City {
        folder: TempDir,
        register: Server,
    }

    impl City {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let clock = Clock::fixed(instant(NOON));
            let series = vec![(1, true), (2, false)];
            let register = Server::start(Settings { clock, series, ..Settings::default() });
            let config = format!(
                "time_zone = \"Europe/Helsinki\"\n[parking]\ncountry = \"FI\"\n\
                 [zone.street]\nnames = {{ register = [\"2\"] }}\n\
                 [zone.homes]\nnames = {{ register = [\"B\"] }}\n\
                 [parkkihubi.register]\nurl = \"{}\"\nsecret = {{ env = \"TOKEN\" }}\nfresh_for = \"10m\"\n",
                register.url()
            );
            fs::write(folder.path().join("ivms-sync.toml"), config).unwrap();
            Self { folder, register }
        }

        fn typed(&self, minutes: i64, arguments: &[&str], input: &str) -> Said {
            let now = clock(minutes);
            self.register.clock().set(now);
            self.register.begin_run();
            let mut command = binary(self.folder.path());
            command.env("IVMS_SYNC_TEST_NOW", now.to_rfc3339());
            command.env("TOKEN", self.register.token());
            said(command.args(arguments).write_stdin(input))
        }

        fn run(&self, minutes: i64, arguments: &[&str]) -> Said {
            self.typed(minutes, arguments, "")
        }

        #[track_caller]
        fn ask(&self, minutes: i64, plate: &str, zone: &str) -> (i32, String) {
            let plate = format!("plate:{plate}");
            let found = self.run(minutes, &["--json", "lookup", &plate, "--zone", zone]);
            (found.code, found.json()["verdict"]["status"].as_str().unwrap().to_owned())
        }

        #[track_caller]
        fn assert_well(&self) {
            assert_eq!(self.register.violations(), Vec::<String>::new());
            assert!(self.register.stranger().requests().is_empty(), "nobody went there");
        }
    }

    #[test]
    fn parkings_and_permits_are_read_whole() {
        let city = City::new();
        let register = &city.register;
        register.set(|switches| switches.personal_data = true);
        register.park("p1", "ABC-123", "2", clock(-60), Some(clock(60)));
        register.park("p2", "OPEN-1", "2", clock(-10), None);
        let year = (clock(-90_000), clock(90_000));
        register.add_permit(
            Permit::new(7, 1)
                .subject("HOM-1", year.0, clock(10))
                .subject("HOM-2", clock(20), year.1)
                .area("B", year.0, year.1),
        );
        let first = city.run(0, &["--json", "sync"]).ends(0).json();
        assert_valid(&first);
        assert_eq!(first["sources"][0]["kind"], "parkkihubi");
        assert_eq!(first["sources"][0]["rights"], 4);
        for (minutes, plate, zone, want) in [
            (0, "ABC123", "street", is(0, "ACTIVE")),
            (0, "OPEN1", "street", is(0, "ACTIVE")),
            (0, "HOM1", "homes", is(0, "ACTIVE")),
            (0, "HOM2", "homes", is(22, "NOT_YET_VALID")),
            (0, "HOM1", "street", is(22, "WRONG_ZONE")),
            (0, "NOBODY", "street", is(20, "NOT_FOUND")),
        ] {
            assert_eq!(city.ask(minutes, plate, zone), want, "{plate} {zone}");
        }
        register.stop("p2");
        city.run(21, &["sync"]).ends(0);
        for (plate, zone, want) in [
            ("OPEN1", "street", is(22, "EXPIRED")),
            ("HOM1", "homes", is(22, "EXPIRED")),
            ("HOM2", "homes", is(0, "ACTIVE")),
        ] {
            assert_eq!(city.ask(21, plate, zone), want, "{plate} {zone}");
        }
        // Both ends are inside: the second of the end is, and the next is not.
        city.run(60, &["sync"]).ends(0);
        assert_eq!(city.ask(60, "ABC123", "street"), is(0, "ACTIVE"));
        let at = (clock(60) + TimeDelta::seconds(1)).to_rfc3339();
        let arguments = ["--json", "lookup", "plate:ABC123", "--zone", "street", "--at", &at];
        assert_eq!(city.run(60, &arguments).code, 22);
        // It is listed no more, and known as what has ended.
        city.run(62, &["sync"]).ends(0);
        assert_eq!(city.ask(62, "ABC123", "street"), is(22, "EXPIRED"));
        let bytes = fs::read(city.folder.path().join("ivms-sync.db")).unwrap();
        let bytes = String::from_utf8_lossy(&bytes);
        assert!(!PERSONAL_MARKS.iter().any(|mark| bytes.contains(mark)));
        city.assert_well();
    }

    /// Mutants: the token goes to another host; half of a listing counts; a change-over in between takes everybody's
    /// permit away.
    #[test]
    fn pages_are_followed_on_the_configured_host_alone() {
        let city = City::new();
        let register = &city.register;
        let year = (clock(-90_000), clock(90_000));
        for place in 0..7_u64 {
            let plate = format!("CAR-{place}");
            register.park(&format!("p{place}"), &plate, "2", clock(-60), Some(clock(6000)));
            let permit = Permit::new(place + 1, 1).area("B", year.0, year.1);
            register.add_permit(permit.subject(&format!("HOM-{place}"), year.0, year.1));
        }
        let mut minutes = 0;
        let mut sync = |what: &dyn Fn(&mut Switches), code: i32| {
            minutes += 1;
            register.set(|switches| {
                *switches = Switches { page_size: Some(3), ..Switches::default() };
                what(switches);
            });
            let found = city.run(minutes, &["--json", "sync"]);
            assert_eq!(found.code, code, "{found:?}");
            assert!(!found.stderr.contains("CAR"), "{found:?}");
            found.json()["sources"][0]["rights"].as_u64().unwrap()
        };
        assert_eq!(sync(&|_| (), 0), 14);
        for next in [Next::Honest, Next::Empty, Next::Absent, Next::Relative, Next::OtherScheme] {
            assert_eq!(sync(&|one| one.next = next, 0), 14, "{next:?}");
        }
        for next in [
            Next::OtherHost,
            Next::OtherPort,
            Next::UserInfo,
            Next::OtherPath,
            Next::Number,
            Next::Repeats,
            Next::Circles,
        ] {
            assert_eq!(sync(&|one| one.next = next, 5), 14, "{next:?}");
        }
        register.clear_violations();
        for body in [Body::Cut, Body::Html, Body::DuplicateKeys, Body::NotUnderResults] {
            assert_eq!(sync(&|one| (one.body, one.broken_page) = (body, 2), 5), 14, "{body:?}");
        }
        register.clear_violations();
        for shift in [Shift::RowTwice, Shift::RowTwiceChanged] {
            assert_eq!(sync(&|one| one.shift = shift, 0), 14, "{shift:?}");
        }
        assert_eq!(sync(&|one| one.shift = Shift::RowLost, 5), 14);
        assert_eq!(sync(&|one| one.count_off = 1, 5), 14, "fewer than it counts");
        assert_eq!(sync(&|one| one.forgotten_percent = 60, 4), 14, "too many are missing");
        assert_eq!(sync(&|_| (), 0), 14);
        // The series is changed over after the first page of permits.
        for place in 0..7_u64 {
            let permit = Permit::new(place + 101, 2).area("B", year.0, year.1);
            register.add_permit(permit.subject(&format!("HOM-{place}"), year.0, year.1));
        }
        register.meanwhile(7, |memory| memory.activate_series(2));
        assert_eq!(sync(&|_| (), 5), 14, "torn");
        assert_eq!(sync(&|_| (), 0), 14);
        assert_eq!(city.ask(60, "HOM6", "homes"), is(0, "ACTIVE"));
        city.assert_well();
    }
}
