//! Gates: members' cars and a town's permits at a camera that reads plates, with the real binary and a strict
//! camera.

use std::fs;

use chrono::TimeDelta;
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::hikvision_anpr::{Camera, Row, Settings};
use ivms_sync_simulators::http::Fault;
use ivms_sync_simulators::ips;
use serde_json::{Value, json};

use super::support::pinned::instant;
use super::support::schema::assert_valid;
use super::support::{Said, Sandbox};

const DAY_1: &str = "2026-03-10T12:00:00Z";
const DAY_1_LATER: &str = "2026-03-10T12:05:00Z";
const DAY_2: &str = "2026-03-11T12:00:00Z";

/// A gym with one door and a barrier, and a spreadsheet of staff cars.
pub struct Gym {
    pub sandbox: Sandbox,
    pub camera: Camera,
}

impl Gym {
    pub fn new(more: &str) -> Self {
        let sandbox = Sandbox::pinned(4, 1);
        let camera = Camera::start(Settings {
            rows: vec![Row::new("KPXY999").blocked(), Row::new("MBZZ111")],
            clock: Clock::fixed(instant(DAY_1)),
            ..Settings::default()
        });
        let mut gym = Self { sandbox, camera };
        for index in 0..4 {
            gym.sandbox.club.renew(index, "2026-12-31");
        }
        let url = gym.camera.url();
        gym.sandbox.passwords.push(("GATE_PASSWORD".to_owned(), "Door-secret-1".to_owned()));
        let section = format!(
            "[parking]\ncountry = \"SI\"\n[zone.yard]\n[rights-file.staff]\nfiles = [\"staff.csv\"]\n\
             fresh_for = \"30d\"\n\
             [hikvision-anpr.gate]\nurl = \"{url}\"\nusername = \"admin\"\n\
             password = {{ env = \"GATE_PASSWORD\" }}\nzones = [\"yard\"]\n{more}\n"
        );
        gym.sandbox.set("hikvision.door1", &section);
        gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\n");
        gym.cars("LJAA111");
        gym
    }

    /// With members' cars besides.
    pub fn of_members() -> Self {
        Self::new("members = [\"club\"]")
    }

    pub fn staff(&self, rows: &str) {
        let text = format!("Plate,Zone,From,Until,Id\n{rows}");
        fs::write(self.sandbox.path("staff.csv"), text).unwrap();
    }

    /// What stands in the plate column beside the first member.
    pub fn cars(&self, plates: &str) {
        let links =
            self.sandbox.club.links_csv.lines().enumerate().map(|(line, text)| match line {
                0 => format!("{text},Plate\n"),
                1 => format!("{text},\"{plates}\"\n"),
                _ => format!("{text},\n"),
            });
        fs::write(self.sandbox.path("persons.csv"), links.collect::<String>()).unwrap();
    }

    pub fn at(&self, now: &str, arguments: &[&str]) -> Said {
        self.camera.clock().set(instant(now));
        self.camera.begin_run();
        self.sandbox.at(now, arguments)
    }

    #[track_caller]
    pub fn tick(&self, now: &str, code: i32) -> Value {
        let found = self.at(now, &["--json", "sync"]).ends(code).json();
        assert_valid(&found);
        found
    }

    #[track_caller]
    pub fn assert_well(&self) {
        assert_eq!(self.camera.violations(), Vec::<String>::new());
        assert_eq!(self.camera.strangers().len(), 2, "rows of others are as they were");
    }

    pub fn opens(&self, plate: &str, at: &str) -> bool {
        self.camera.opens_at(plate, instant(at))
    }
}

pub fn verbs(found: &Value) -> Vec<(String, String, String)> {
    let changes = found["gates"][0]["changes"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    changes
        .iter()
        .map(|one| (text(&one["verb"]), text(&one["holder"]["plate"]), text(&one["outcome"])))
        .collect()
}

pub fn verb(verb: &str, plate: &str, outcome: &str) -> (String, String, String) {
    (verb.to_owned(), plate.to_owned(), outcome.to_owned())
}

#[test]
fn a_permit_gets_a_row_a_change_another_end_and_its_end_none() {
    let gym = Gym::new("");
    let seen = gym.at(DAY_1, &["--json", "diff"]).ends(0).json();
    assert_valid(&seen);
    assert_eq!(verbs(&seen), [verb("add", "LJSTAFF1", "planned")]);
    assert_eq!(gym.camera.writes(), Vec::<Value>::new(), "diff writes nothing");
    let first = gym.tick(DAY_1, 0);
    assert_eq!(verbs(&first), [verb("add", "LJSTAFF1", "confirmed")]);
    assert_eq!(first["gates"][0]["strangers"], json!(2));
    assert!(gym.opens("LJ STAFF-1", "2026-06-30T21:59:59Z"));
    assert!(!gym.opens("LJ STAFF-1", "2026-06-30T22:00:00Z"), "the end of the day there");
    // The law of the project.
    assert_eq!(verbs(&gym.at(DAY_1, &["--json", "diff", "--exit-code"]).ends(0).json()), []);
    gym.camera.clear_writes();
    assert_eq!(verbs(&gym.tick(DAY_1_LATER, 0)), []);
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-07-31,S-1\nLJSTAFF2,yard,2026-01-01,2026-07-31,S-2\n");
    let longer = gym.tick("2026-03-10T12:10:00Z", 0);
    assert_eq!(
        verbs(&longer),
        [verb("add", "LJSTAFF2", "confirmed"), verb("set", "LJSTAFF1", "confirmed")]
    );
    assert!(gym.opens("LJSTAFF1", "2026-07-31T12:00:00Z"));
    gym.staff("LJSTAFF2,yard,2026-01-01,2026-07-31,S-2\n");
    let gone = gym.tick("2026-03-10T12:15:00Z", 0);
    assert_eq!(verbs(&gone), [verb("remove", "LJSTAFF1", "confirmed")]);
    assert!(!gym.opens("LJSTAFF1", DAY_1));
    assert_eq!(gym.camera.rows().len(), 3);
    gym.assert_well();
}

#[test]
fn a_quiet_tick_asks_no_gate_and_says_the_same_of_it() {
    let gym = Gym::new("audit_every = \"1h\"");
    gym.tick(DAY_1, 0);
    let quiet = gym.tick(DAY_1_LATER, 0);
    assert_eq!(quiet["gates"][0]["rows"], json!(3));
    gym.camera.clear_requests();
    gym.tick("2026-03-10T12:10:00Z", 0);
    assert_eq!(gym.camera.requests().len(), 0);
    gym.tick("2026-03-10T13:00:00Z", 0);
    assert_ne!(gym.camera.requests().len(), 0, "an hour later its list is compared");
    gym.assert_well();
}

#[test]
fn a_gate_that_is_away_keeps_nobody_else_out_and_is_caught_up_with() {
    let gym = Gym::new("");
    gym.camera.go_offline();
    let away = gym.at(DAY_1, &["--json", "sync"]);
    assert_eq!(away.code, 3, "{away:?}");
    let away = away.json();
    assert_eq!(away["gates"][0]["outcome"], json!("unreachable"));
    gym.camera.go_online();
    let back = gym.tick(DAY_1_LATER, 0);
    assert_eq!(verbs(&back), [verb("add", "LJSTAFF1", "confirmed")]);
    gym.assert_well();
}

#[test]
fn what_somebody_changes_at_the_gate_is_put_right_and_what_is_theirs_is_left() {
    let gym = Gym::new("");
    gym.tick(DAY_1, 0);
    gym.camera.edit_row("LJSTAFF1", |row| {
        row.end = row.end.map(|end| end + TimeDelta::days(30));
    });
    let found = gym.tick("2026-03-10T13:05:00Z", 0);
    assert_eq!(verbs(&found), [verb("set", "LJSTAFF1", "confirmed")]);
    assert!(!gym.opens("LJSTAFF1", "2026-07-10T12:00:00Z"));
    gym.camera.remove_row("LJSTAFF1");
    let found = gym.tick("2026-03-10T14:10:00Z", 0);
    assert_eq!(verbs(&found), [verb("add", "LJSTAFF1", "confirmed")]);
    // A plate that somebody else has listed is theirs.
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nMBZZ111,yard,2026-01-01,2027-06-30,S-3\n");
    let found = gym.tick("2026-03-10T14:15:00Z", 0);
    assert_eq!(verbs(&found), []);
    assert_eq!(
        found["gates"][0]["not_done"],
        json!([{"reason": "stranger", "rights": ["S-3 of staff"]}])
    );
    gym.assert_well();
}

#[test]
fn too_many_losses_wait_for_an_approval_of_just_these() {
    let gym = Gym::new("");
    let row = |number: usize| format!("LJST{number:03},yard,2026-01-01,2026-06-30,S-{number}\n");
    gym.staff(&(0..20).map(row).collect::<String>());
    gym.tick(DAY_1, 0);
    gym.staff(&(0..17).map(row).collect::<String>());
    let blocked = gym.at(DAY_1_LATER, &["--json", "sync", "--accept-shrink", "17"]).ends(4).json();
    let id = blocked["gates"][0]["blocked"].as_str().unwrap().to_owned();
    assert_eq!(verbs(&blocked).iter().filter(|one| one.2 == "blocked").count(), 3);
    assert!(gym.opens("LJST019", DAY_1));
    let shown = gym.at(DAY_1_LATER, &["status"]).ends(0);
    assert!(shown.stdout.contains(&format!("apply --blocked {id}")), "{shown:?}");
    let done =
        gym.at("2026-03-10T12:10:00Z", &["--json", "apply", "--blocked", &id]).ends(0).json();
    assert_eq!(verbs(&done).iter().filter(|one| one.2 == "confirmed").count(), 3);
    assert!(!gym.opens("LJST019", DAY_1));
    assert!(gym.opens("LJST016", DAY_1));
    gym.at("2026-03-10T12:10:00Z", &["apply", "--blocked", &id]).ends(13);
    assert_eq!(verbs(&gym.tick("2026-03-10T12:15:00Z", 0)), []);
    gym.assert_well();
}

#[test]
fn a_configuration_that_takes_access_waits_too() {
    let mut gym = Gym::new("");
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n");
    gym.tick(DAY_1, 0);
    gym.sandbox.set("link", "\n[zone.other]");
    let text = gym.sandbox.config().replace("zones = [\"yard\"]", "zones = [\"other\"]");
    gym.sandbox.replace_config(Some(text));
    let found = gym.tick(DAY_1_LATER, 4);
    assert!(verbs(&found).iter().all(|one| one.2 == "blocked"), "{found:?}");
    assert!(gym.opens("LJSTAFF1", DAY_1));
    gym.assert_well();
}

#[test]
fn observe_writes_nothing_and_grant_only_takes_nothing() {
    let gym = Gym::new("mode = \"observe\"");
    let found = gym.tick(DAY_1, 0);
    assert_eq!(verbs(&found), [verb("add", "LJSTAFF1", "planned")]);
    assert_eq!(gym.camera.writes(), Vec::<Value>::new());
    let gym = Gym::new("mode = \"grant-only\"");
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n");
    gym.tick(DAY_1, 0);
    gym.staff("LJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n");
    let found = gym.tick(DAY_1_LATER, 0);
    assert_eq!(found["gates"][0]["not_done"][0]["reason"], json!("grant-only"));
    assert!(gym.opens("LJSTAFF1", DAY_1));
    gym.assert_well();
}

#[test]
fn a_lost_answer_is_found_out_by_reading() {
    let gym = Gym::new("");
    gym.tick(DAY_1, 0);
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n");
    for fault in [Fault::DropAfter, Fault::DropBefore] {
        gym.camera.fault(fault.on("licensePlateAuditData"));
        let code = gym.at(DAY_1_LATER, &["--json", "sync"]).code;
        assert!([0, 3].contains(&code), "{code}");
        gym.camera.clear_faults();
        gym.tick("2026-03-10T12:10:00Z", 0);
        assert!(gym.opens("LJSTAFF2", DAY_1));
        assert_eq!(gym.camera.rows().iter().filter(|row| row.plate == "LJSTAFF2").count(), 1);
    }
    gym.assert_well();
}

#[test]
fn another_camera_at_the_address_is_not_believed() {
    let gym = Gym::new("");
    gym.tick(DAY_1, 0);
    gym.camera.edit_settings(|settings| "OTHER-1".clone_into(&mut settings.serial_number));
    gym.staff("LJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n");
    gym.camera.clear_writes();
    let found = gym.tick(DAY_1_LATER, 4);
    assert_eq!(found["gates"][0]["outcome"], json!("not-believed"));
    assert_eq!(gym.camera.writes(), Vec::<Value>::new());
}

#[test]
fn a_clock_that_is_wrong_and_a_wrong_password_stop_the_writing() {
    let gym = Gym::new("");
    gym.camera.set_clock_offset(TimeDelta::minutes(10));
    let found = gym.tick(DAY_1, 3);
    assert_eq!(found["gates"][0]["outcome"], json!("clock-wrong"));
    gym.camera.set_clock_offset(TimeDelta::zero());
    gym.camera.set_password("Another-1");
    let found = gym.tick(DAY_1_LATER, 12);
    assert_eq!(found["gates"][0]["outcome"], json!("login-refused"));
    // It is left alone, and not locked.
    let found = gym.tick("2026-03-10T12:10:00Z", 12);
    assert_eq!(found["gates"][0]["outcome"], json!("login-refused"));
    gym.camera.set_password("Door-secret-1");
    // A person asks, and it is well again.
    gym.at("2026-03-10T12:15:00Z", &["check"]).ends(0);
    gym.tick("2026-03-10T12:20:00Z", 0);
    assert_eq!(gym.camera.writes().len(), 1);
    gym.assert_well();
}

#[test]
fn the_desk_asks_for_a_car() {
    let gym = Gym::new("");
    gym.tick(DAY_1, 0);
    let found =
        gym.at(DAY_1, &["--json", "lookup", "plate:LJSTAFF1", "--zone", "yard"]).ends(0).json();
    assert_valid(&found);
    assert_eq!(found["gates"][0]["name"], json!("gate"));
    assert_eq!(
        (&found["gates"][0]["opens_now"], &found["gates"][0]["in_step"]),
        (&json!(true), &json!(true))
    );
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nMBZZ111,yard,2026-01-01,2027-06-30,S-3\n");
    gym.tick(DAY_1_LATER, 0);
    let found = gym.at(DAY_1_LATER, &["--json", "lookup", "plate:MBZZ111"]).ends(21).json();
    assert_eq!(found["gates"][0]["opens_now"], json!(false));
    assert!(found["gates"][0]["why"].as_str().unwrap().contains("somebody else"), "{found}");
    let nobody = gym.at(DAY_1_LATER, &["--json", "lookup", "plate:LJNOBODY1"]).ends(20).json();
    assert_eq!(nobody["gates"][0]["row"], Value::Null);
    let text = gym.at(DAY_1_LATER, &["lookup", "plate:LJSTAFF1"]).ends(0).stdout;
    assert!(text.contains("Gate gate: opens; its row ends on 2026-06-30."), "{text}");
}

#[test]
fn check_and_status_know_the_gate() {
    let gym = Gym::new("");
    let found = gym.at(DAY_1, &["check"]);
    assert!(found.stdout.contains("gate"), "{found:?}");
    assert!(found.stdout.contains("2 rows of at most"), "{found:?}");
    gym.tick(DAY_1, 0);
    let status = gym.at(DAY_1, &["--json", "status"]).ends(0).json();
    assert_valid(&status);
    assert_eq!(
        (&status["gates"][0]["rows"], &status["gates"][0]["strangers"]),
        (&json!(3), &json!(2))
    );
    let text = gym.at(DAY_1, &["status"]).ends(0).stdout;
    assert!(text.contains("of others"), "{text}");
}

#[test]
fn no_plate_is_in_a_message() {
    let gym = Gym::new("");
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nMBZZ111,yard,2026-01-01,2027-06-30,S-3\n");
    for arguments in [&["-vvv", "sync"][..], &["-vvv", "diff"], &["-vvv", "check"], &["status"]] {
        let said = gym.at(DAY_1, arguments);
        for plate in ["LJSTAFF1", "MBZZ111", "KPXY999"] {
            assert!(!said.stderr.contains(plate), "{arguments:?}: {}", said.stderr);
            assert!(!said.stdout.contains(plate), "{arguments:?}: {}", said.stdout);
        }
    }
}

#[test]
fn a_row_goes_on_the_day_after_its_right_and_its_plate_with_it() {
    let gym = Gym::new("");
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-03-10,S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n");
    gym.tick(DAY_1, 0);
    let found = gym.tick(DAY_2, 0);
    assert_eq!(verbs(&found), [verb("remove", "LJSTAFF1", "confirmed")]);
    gym.assert_well();
}

#[test]
fn a_member_drives_in_while_the_membership_runs() {
    let gym = Gym::of_members();
    gym.cars("LJ AA-111; LJBB222");
    let first = gym.tick(DAY_1, 0);
    assert_eq!(
        verbs(&first),
        [
            verb("add", "LJAA111", "confirmed"),
            verb("add", "LJBB222", "confirmed"),
            verb("add", "LJSTAFF1", "confirmed")
        ]
    );
    assert!(gym.opens("LJAA111", "2026-12-31T22:59:59Z"));
    assert!(!gym.opens("LJAA111", "2026-12-31T23:00:00Z"));
    assert_eq!(verbs(&gym.tick(DAY_1_LATER, 0)), []);
    // Renewed: the door and the gate in one tick.
    gym.sandbox.club.renew(0, "2027-12-31");
    let renewed = gym.tick("2026-03-10T12:10:00Z", 0);
    assert_eq!(
        verbs(&renewed),
        [verb("set", "LJAA111", "confirmed"), verb("set", "LJBB222", "confirmed")]
    );
    assert!(gym.opens("LJBB222", "2027-12-31T12:00:00Z"));
    // Another car, and one sold.
    gym.cars("LJAA111; LJCC333");
    let cars = gym.tick("2026-03-10T12:15:00Z", 0);
    assert_eq!(
        verbs(&cars),
        [verb("add", "LJCC333", "confirmed"), verb("remove", "LJBB222", "confirmed")]
    );
    gym.assert_well();
    let found =
        gym.at("2026-03-10T12:15:00Z", &["--json", "lookup", "plate:LJCC333"]).ends(0).json();
    assert_eq!(found["membership"]["status"], json!("ACTIVE"));
    gym.at("2026-03-10T12:15:00Z", &["--json", "lookup", "plate:LJBB222"]).ends(20);
    // The desk asks for the member.
    let email = gym.sandbox.club.cardskipper.members()[0].email.clone();
    let found = gym.at("2026-03-10T12:15:00Z", &["--json", "lookup", &email]).ends(0).json();
    assert_valid(&found);
    let cars = &found["members"][0]["cars"];
    assert_eq!((&cars[0]["plate"], &cars[1]["plate"]), (&json!("LJAA111"), &json!("LJCC333")));
    assert_eq!(cars[1]["gates"][0]["opens_now"], json!(true));
    let text = gym.at("2026-03-10T12:15:00Z", &["lookup", &email]).ends(0).stdout;
    assert!(
        text.contains("Car LJCC333\n  Gate gate: opens; its row ends on 2027-12-31."),
        "{text}"
    );
}

#[test]
fn who_is_marked_inactive_loses_the_gate_when_two_listings_say_so() {
    let gym = Gym::of_members();
    gym.tick(DAY_1, 0);
    gym.sandbox.club.inactivate(0);
    let once = gym.at(DAY_1_LATER, &["--json", "sync"]).json();
    assert!(gym.opens("LJAA111", DAY_1), "{once}");
    // The door says the same.
    assert_eq!(once["changes"][0]["blocked_by"], json!("second-look"), "{once}");
    assert_eq!(once["gates"][0]["not_done"][0]["reason"], json!("second-look"), "{once}");
    assert_eq!(once["problems"], json!([]), "{once}");
    gym.at("2026-03-10T13:10:00Z", &["--json", "sync", "--full"]).ends(0);
    gym.at("2026-03-10T14:15:00Z", &["--json", "sync", "--full"]).ends(0);
    assert!(!gym.opens("LJAA111", DAY_1));
    gym.assert_well();
}

#[test]
fn a_spreadsheet_that_lost_its_plates_takes_no_gate_away() {
    let gym = Gym::of_members();
    gym.tick(DAY_1, 0);
    fs::write(gym.sandbox.path("persons.csv"), "").unwrap();
    gym.at(DAY_1_LATER, &["--json", "sync"]);
    assert!(gym.opens("LJAA111", DAY_1));
    gym.assert_well();
}

/// Mutants: the running period is forgotten when the next one replaces it; dates that cannot be right take the gate
/// away, although the door is left as it is.
#[test]
fn a_membership_that_is_replaced_or_mistyped_keeps_the_gate() {
    let gym = Gym::of_members();
    gym.tick(DAY_1, 0);
    let number = gym.sandbox.club.cardskipper.members()[0].number;
    for (begin, end) in [("2027-01-01", "2027-12-31"), ("2027-12-31", "2027-01-01")] {
        gym.sandbox.club.cardskipper.edit(number, |member| {
            let role = &mut member.organisations[0].roles[0];
            begin.clone_into(&mut role.start);
            end.clone_into(&mut role.end);
        });
        for now in ["2026-03-10T13:10:00Z", "2026-03-10T14:15:00Z", "2026-03-10T15:20:00Z"] {
            gym.at(now, &["--json", "sync", "--full"]);
            assert!(gym.opens("LJAA111", now), "{begin} to {end} at {now}");
        }
    }
    gym.assert_well();
}

/// Mutant: what a member had when the entry could be read last lets in a car that never had a row.
#[test]
fn while_an_entry_cannot_be_read_its_cars_keep_their_rows_and_get_no_more() {
    let gym = Gym::of_members();
    gym.tick(DAY_1, 0);
    let number = gym.sandbox.club.cardskipper.members()[0].number;
    let change_role = |id: i64| {
        let mut before = id;
        gym.sandbox.club.cardskipper.edit(number, |member| {
            std::mem::swap(&mut member.organisations[0].roles[0].id, &mut before);
        });
        before
    };
    let before = change_role(0);
    gym.cars("LJAA111; LJBB222");
    for now in [DAY_1_LATER, "2026-03-10T13:10:00Z", DAY_2] {
        let found = gym.at(now, &["--json", "sync", "--full"]).json();
        assert!(gym.opens("LJAA111", now), "{found}");
        assert!(!gym.opens("LJBB222", now), "{found}");
        assert_eq!(found["gates"][0]["not_done"], json!([]), "{found}");
    }
    change_role(before);
    let now = "2026-03-11T12:05:00Z";
    gym.at(now, &["--json", "sync", "--full"]);
    assert!(gym.opens("LJAA111", now) && gym.opens("LJBB222", now));
    gym.assert_well();
}

/// Mutant: a row of a link file whose e-mail cannot be read gives its plate up.
#[test]
fn a_plate_whose_member_cannot_be_read_keeps_its_row() {
    let gym = Gym::of_members();
    gym.tick(DAY_1, 0);
    let text = fs::read_to_string(gym.sandbox.path("persons.csv")).unwrap();
    let email = gym.sandbox.club.cardskipper.members()[0].email.clone();
    fs::write(gym.sandbox.path("persons.csv"), text.replacen(&email, "anna@", 1)).unwrap();
    for now in [DAY_1_LATER, "2026-03-10T13:10:00Z"] {
        let found = gym.at(now, &["--json", "sync"]).json();
        assert!(gym.opens("LJAA111", now), "{found}");
        assert_eq!(found["gates"][0]["not_done"][0]["reason"], json!("not-sure"), "{found}");
    }
    gym.assert_well();
}

/// Mutant: three plates that the camera does not take keep everybody behind them outside.
#[test]
fn what_the_camera_never_takes_keeps_nobody_else_outside() {
    let gym = Gym::new("");
    let row = |plate: &str| format!("{plate},yard,2026-01-01,2026-06-30,S-{plate}\n");
    let bad = ["AAAAAAAAAA1", "AAAAAAAAAA2", "AAAAAAAAAA3", "AAAAAAAAAA4"];
    gym.camera.edit_settings(|settings| settings.plate_size_max = 8);
    gym.staff(&(bad.map(row).concat() + &row("LJSTAFF1")));
    gym.at(DAY_1, &["--json", "sync"]).ends(3);
    assert!(gym.opens("LJSTAFF1", DAY_1));
}

#[test]
fn a_configuration_that_is_only_looked_at_settles_nothing() {
    let mut gym = Gym::new("");
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n");
    gym.tick(DAY_1, 0);
    gym.sandbox.set("link", "\n[zone.other]");
    let other = gym.sandbox.config().replace("zones = [\"yard\"]", "zones = [\"other\"]");
    let looked = other.replace("zones = [\"other\"]", "zones = [\"other\"]\nmode = \"observe\"");
    gym.sandbox.replace_config(Some(looked));
    gym.tick(DAY_1_LATER, 0);
    gym.sandbox.replace_config(Some(other));
    gym.tick("2026-03-10T12:10:00Z", 4);
    assert!(gym.opens("LJSTAFF1", DAY_1));
    gym.assert_well();
}

/// Whoever has no gate any more has no plates.
#[test]
fn a_gate_that_no_section_names_keeps_no_plate_for_long() {
    let mut gym = Gym::new("");
    gym.tick(DAY_1, 0);
    let text = gym.sandbox.config();
    let without = text.split("[parking]").next().unwrap().to_owned();
    gym.sandbox.replace_config(Some(without));
    gym.at("2026-08-10T12:00:00Z", &["sync", "--full"]).ends(0);
    let state = rusqlite::Connection::open(gym.sandbox.state()).unwrap();
    for table in ["gate_row", "parking_right", "member_plate"] {
        let sql = format!("SELECT count(*) FROM {table}");
        assert_eq!(state.query_row(&sql, [], |row| row.get::<_, i64>(0)), Ok(0), "{table}");
    }
    drop(state);
    let bytes = fs::read(gym.sandbox.state()).unwrap();
    assert!(!bytes.windows(8).any(|part| part == b"LJSTAFF1"));
}

/// A plan file holds rows as it holds persons. Mutants: something else than was reviewed is written; what the state file
/// does not know yet is not; a plan that others made is believed; a row that somebody has moved since is written over.
#[test]
fn a_reviewed_plan_is_carried_out_and_nothing_besides() {
    let gym = Gym::of_members();
    let plan = gym.sandbox.path("plan.json");
    let made = gym.at(DAY_1, &["diff", "--out", "plan.json"]).ends(0);
    assert!(made.stdout.contains("ivms-sync apply plan.json"), "{}", made.stdout);
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n");
    // Without its seal it may be anybody's: the state file knows of nobody yet.
    let sealed = fs::read_to_string(&plan).unwrap();
    let mut document: Value = serde_json::from_str(&sealed).unwrap();
    document.as_object_mut().unwrap().remove("seal");
    let of_gates_alone = |document: &mut Value| document["changes"] = json!([]);
    let mut others = document.clone();
    of_gates_alone(&mut others);
    fs::write(&plan, others.to_string()).unwrap();
    gym.at(DAY_1_LATER, &["apply", "plan.json"]).ends(13);
    assert_eq!(gym.camera.writes(), Vec::<Value>::new(), "its hash is another one");
    fs::write(&plan, document.to_string()).unwrap();
    let refused = gym.at(DAY_1_LATER, &["apply", "plan.json"]);
    assert_ne!(refused.code, 0, "{refused:?}");
    assert_eq!(gym.camera.writes(), Vec::<Value>::new());
    fs::write(&plan, &sealed).unwrap();
    let done = gym.at(DAY_1_LATER, &["--json", "apply", "plan.json"]).ends(0).json();
    assert_valid(&done);
    let mut rows = verbs(&done);
    rows.sort();
    assert_eq!(rows, [verb("add", "LJAA111", "confirmed"), verb("add", "LJSTAFF1", "confirmed")]);
    assert!(!gym.opens("LJSTAFF2", DAY_1), "nobody has reviewed that");
    // What is done is not done again, and the rest is the next run's.
    let again = gym.at(DAY_1_LATER, &["--json", "apply", "plan.json"]).ends(13).json();
    assert_eq!(verbs(&again), []);
    assert_eq!(verbs(&gym.tick("2026-03-10T12:10:00Z", 0)), [verb("add", "LJSTAFF2", "confirmed")]);
    gym.assert_well();

    // What was read since counts: whoever lost the right in between is not let in.
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-06-30,S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\nLJSTAFF3,yard,2026-01-01,2026-06-30,S-3\n");
    gym.at("2026-03-10T12:15:00Z", &["diff", "--out", "plan.json"]).ends(0);
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-05-31,S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n");
    gym.tick("2026-03-10T12:20:00Z", 0);
    let told = gym.at("2026-03-10T12:21:00Z", &["apply", "plan.json"]).ends(13);
    assert!(told.stderr.contains("1 row of the plan left out"), "{}", told.stderr);
    assert!(!gym.opens("LJSTAFF3", DAY_1));
    gym.assert_well();

    // A row that somebody has changed at the gate since is another one.
    gym.staff("LJSTAFF1,yard,2026-01-01,2026-07-31,S-1\nLJSTAFF2,yard,2026-01-01,2026-07-31,S-2\n");
    gym.at("2026-03-10T12:25:00Z", &["diff", "--out", "plan.json"]).ends(0);
    gym.camera.edit_row("LJSTAFF1", |row| {
        row.end = row.end.map(|end| end - TimeDelta::days(30));
    });
    gym.camera.clear_writes();
    let found = gym.at("2026-03-10T12:26:00Z", &["--json", "apply", "plan.json"]).ends(13).json();
    assert_eq!(verbs(&found), [verb("set", "LJSTAFF2", "confirmed")]);
    assert!(!gym.opens("LJSTAFF1", "2026-06-30T12:00:00Z"));
    gym.tick("2026-03-10T12:30:00Z", 0);
    assert!(gym.opens("LJSTAFF1", "2026-07-31T12:00:00Z"));
}

/// What the cars are known by besides counts as soon as it was read, also where Cardskipper was not asked since. Mutants:
/// a plan made by another configuration, on another day, or by a clock that was ahead, counts instead of what is known.
#[test]
fn a_plan_is_believed_no_longer_than_it_is_the_newest() {
    let rows = |s1: &str| {
        format!("LJSTAFF1,yard,2026-01-01,{s1},S-1\nLJSTAFF2,yard,2026-01-01,2026-06-30,S-2\n")
    };
    let later = "2026-03-10T12:20:00Z";
    // The plate was taken out of the link file, and the club does not answer.
    let gym = Gym::of_members();
    gym.at(DAY_1, &["diff", "--out", "plan.json"]).ends(0);
    gym.cars("");
    gym.sandbox.club.cardskipper.go_offline();
    gym.at(DAY_1_LATER, &["sync"]);
    gym.at(later, &["apply", "plan.json"]).ends(13);
    assert!(!gym.opens("LJAA111", DAY_1));
    gym.assert_well();
    // Other zones since: what follows from the new ones is not known yet.
    let mut gym = Gym::new("");
    gym.at(DAY_1, &["diff", "--out", "plan.json"]).ends(0);
    gym.sandbox.set("link", "\n[zone.other]");
    let text = gym.sandbox.config().replace("zones = [\"yard\"]", "zones = [\"other\"]");
    gym.sandbox.replace_config(Some(text));
    assert_ne!(gym.at(DAY_1_LATER, &["apply", "plan.json"]).code, 0);
    assert!(!gym.opens("LJSTAFF1", DAY_1));
    // On the next day of the gate.
    let gym = Gym::new("");
    gym.staff(&rows("2026-03-11"));
    gym.at("2026-03-10T22:50:00Z", &["diff", "--out", "plan.json"]).ends(0);
    gym.at("2026-03-10T23:10:00Z", &["apply", "plan.json"]).ends(13);
    assert_eq!(gym.camera.writes(), Vec::<Value>::new());
    // A right that ends today may be over by now.
    let gym = Gym::new("");
    gym.staff(&rows("2026-03-10"));
    gym.at(DAY_1, &["diff", "--out", "plan.json"]).ends(0);
    let found = gym.at(later, &["--json", "apply", "plan.json"]).ends(13).json();
    assert_eq!(verbs(&found), [verb("add", "LJSTAFF2", "confirmed")]);
    gym.assert_well();
}

/// Mutant: what the state file knows of a right that has gone since keeps the row.
#[test]
fn a_reviewed_plan_takes_what_it_was_to_take() {
    let gym = Gym::new("");
    let rows = |from: usize| -> String {
        (from..8).map(|n| format!("LJCAR{n},yard,2026-01-01,2026-06-30,C-{n}\n")).collect()
    };
    gym.staff(&rows(0));
    gym.tick(DAY_1, 0);
    gym.staff(&rows(2));
    gym.at(DAY_1_LATER, &["diff", "--out", "plan.json"]).ends(0);
    let done = gym.at("2026-03-10T12:06:00Z", &["--json", "apply", "plan.json"]).ends(0).json();
    assert_eq!(
        verbs(&done),
        [verb("remove", "LJCAR0", "confirmed"), verb("remove", "LJCAR1", "confirmed")]
    );
    assert_eq!(verbs(&gym.tick("2026-03-10T12:10:00Z", 0)), []);
    gym.assert_well();
}

/// What may be right is not taken away: a plate column that is gone, a right in a state that nobody knows. Mutants: a file
/// without the column is one without cars; `PENDING` is over.
#[test]
fn what_cannot_be_said_takes_no_row_away() {
    let clock = Clock::fixed(instant(DAY_1));
    let street = ips::Server::start(ips::Settings { clock, ..ips::Settings::default() });
    street.permit(
        "P-1",
        "RESIDENTIAL",
        "LJPERM1",
        "",
        &["yard"],
        instant("2026-01-01T00:00:00Z"),
        None,
    );
    let mut gym = Gym::of_members();
    gym.sandbox.passwords.push(("IPS_KEY".to_owned(), "ips-secret-key-1".to_owned()));
    let section = format!(
        "\n[ips.street]\nurl = \"{}\"\nsecret = {{ env = \"IPS_KEY\" }}\npermits = [\"RESIDENTIAL\"]\n",
        street.url()
    );
    gym.sandbox.set("link", &section);
    gym.tick(DAY_1, 0);
    assert!(gym.opens("LJPERM1", DAY_1) && gym.opens("LJAA111", DAY_1));
    street.edit_permit("P-1", |permit| permit.status = "PENDING".to_owned());
    fs::write(gym.sandbox.path("persons.csv"), &gym.sandbox.club.links_csv).unwrap();
    street.clock().set(instant(DAY_1_LATER));
    let found = gym.at(DAY_1_LATER, &["--json", "sync"]).json();
    assert!(verbs(&found).iter().all(|(verb, ..)| verb != "remove"), "{found}");
    assert!(gym.opens("LJPERM1", DAY_1) && gym.opens("LJAA111", DAY_1));
    // What is over for certain goes.
    street.cancel_permit("P-1");
    street.clock().set(instant("2026-03-10T12:10:00Z"));
    let found = gym.at("2026-03-10T12:10:00Z", &["--json", "sync"]).json();
    assert!(verbs(&found).contains(&verb("remove", "LJPERM1", "confirmed")), "{found}");
    gym.assert_well();
}
