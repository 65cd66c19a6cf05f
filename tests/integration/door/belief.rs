//! A door that answers as another one, or without its persons, is not believed: nothing is written
//! there until a person has looked.

use ivms_sync_simulators::club::employee_no;
use ivms_sync_simulators::hikvision::Person;
use serde_json::Value;

use super::super::support::pinned::{START, tick};
use super::super::support::{Sandbox, each};
use super::{UNTIL, requests};

/// Turns a good door into one that is not to be believed.
type Turn = fn(&Sandbox);

fn other_serial(sandbox: &Sandbox) {
    let other = "DS-K1T342MWX20990101V031800ENZZ0000001".to_owned();
    sandbox.club.devices[0].edit_settings(|settings| settings.serial_number = other);
}

fn no_serial(sandbox: &Sandbox) {
    sandbox.club.devices[0].edit_settings(|settings| settings.serial_number.clear());
}

fn remove(sandbox: &Sandbox, keep: usize) {
    let door = &sandbox.club.devices[0];
    for person in door.persons().iter().skip(keep) {
        assert!(door.remove_person(&person.employee_no));
    }
}

fn empty(sandbox: &Sandbox) {
    remove(sandbox, 0);
}

fn fewer_than_half(sandbox: &Sandbox) {
    remove(sandbox, 5);
}

/// Nine members, two doors, one tick; then the first door is not what it was.
fn suspicious(turn: Turn) -> Sandbox {
    let sandbox = Sandbox::pinned(9, 2);
    sandbox.sync_at(START, 0);
    turn(&sandbox);
    assert!(sandbox.club.renew(0, UNTIL));
    sandbox.clear_requests();
    sandbox
}

fn problem(run: &Value) -> String {
    run["problems"][0]["text"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn another_serial_none_no_persons_or_far_fewer_are_not_believed() {
    let cases: [(&str, Turn, &str); 4] = [
        ("another serial", other_serial, "answers with serial number"),
        ("no serial any more", no_serial, "states no serial number"),
        ("no persons", empty, "holds no persons, and held 12"),
        ("far fewer", fewer_than_half, "holds 5 persons, and held 12"),
    ];
    for (what, turn, words) in cases {
        let sandbox = suspicious(turn);
        let persons = sandbox.club.devices[0].persons();
        let run = sandbox.full_at("2026-03-10T11:00:00Z", 4);
        assert_eq!(each(&run, "devices", "outcome"), ["not-believed", "ok"], "{what}");
        assert!(problem(&run).contains(words), "{what}: {}", problem(&run));
        let outcomes = each(&run, "changes", "outcome");
        assert_eq!(outcomes, ["planned", "confirmed"], "{what}: the other door is served");
        assert_eq!(run["devices"][0]["persons"], 12, "{what}: what was known stays");

        // It stays so, is asked less and less often, and no door that would open is tried there.
        assert!(sandbox.club.renew(1, UNTIL));
        for tick in ["11:05", "11:10", "11:15", "11:20"] {
            let run = sandbox.sync_at(&format!("2026-03-10T{tick}:00Z"), 4);
            assert_eq!(each(&run, "devices", "outcome"), ["not-believed", "ok"], "{what} {tick}");
        }
        assert_eq!(sandbox.club.devices[0].persons(), persons, "{what}");
        assert_eq!(sandbox.club.devices[0].writes(), Vec::<Value>::new(), "{what}");
        sandbox.assert_well_behaved();
    }
}

#[test]
fn the_message_gives_the_way_out_and_only_the_exact_number_opens_it() {
    let cases = [(other_serial as Turn, 12), (no_serial, 12), (empty, 0), (fewer_than_half, 5)];
    for (turn, persons) in cases {
        let sandbox = suspicious(turn);
        let said = sandbox.at("2026-03-10T11:00:00Z", &["sync", "--full"]).ends(4);
        let way_out = format!("sync --accept-device door1={persons}");
        assert!(said.stderr.contains(&way_out), "{}", said.stderr);

        let wrong = format!("door1={}", persons + 1);
        let run =
            sandbox.at("2026-03-10T11:05:00Z", &["--json", "sync", "--accept-device", &wrong]);
        assert_eq!(each(&run.ends(4).json(), "devices", "outcome"), ["not-believed", "ok"]);

        let right = format!("door1={persons}");
        let run =
            sandbox.at("2026-03-10T11:06:00Z", &["--json", "sync", "--accept-device", &right]);
        let run = run.ends(0).json();
        assert_eq!(each(&run, "devices", "outcome"), ["ok", "ok"]);
        // From then on it is the device, without another word.
        let run = sandbox.full_at("2026-03-10T12:30:00Z", 0);
        assert_eq!(run["devices"][0]["persons"], persons);
        sandbox.assert_well_behaved();
    }
}

#[test]
fn a_door_that_is_itself_again_needs_no_word() {
    let sandbox = suspicious(empty);
    let before: Vec<Person> = Sandbox::pinned(9, 1).club.devices[0].persons();
    sandbox.full_at("2026-03-10T11:00:00Z", 4);
    for person in before {
        sandbox.club.devices[0].add_person(person);
    }
    let run = sandbox.sync_at("2026-03-10T11:05:00Z", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    let end = sandbox.club.devices[0].person(&employee_no(0)).unwrap().end;
    assert_eq!(end, format!("{UNTIL}T23:59:59"));
    sandbox.assert_well_behaved();
}

#[test]
fn a_door_swapped_between_two_readings_is_noticed_before_the_first_write() {
    let sandbox = Sandbox::pinned(9, 1);
    sandbox.sync_at(START, 0);
    // A first change proves the firmware; the next ones ask who it is.
    assert!(sandbox.club.renew(0, UNTIL));
    sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    other_serial(&sandbox);
    assert!(sandbox.club.renew(1, UNTIL));
    sandbox.clear_requests();
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 4);
    assert_eq!(each(&run, "devices", "outcome"), ["not-believed"]);
    assert_eq!(requests(&sandbox.club.devices[0], "Modify"), 0);
    let run = sandbox.sync_at("2026-03-10T10:15:00Z", 4);
    assert!(problem(&run).contains("serial number"), "{run}");
    sandbox.at("2026-03-10T10:16:00Z", &["sync", "--accept-device", "door1=12"]).ends(0);
    sandbox.assert_well_behaved();
}

#[test]
fn a_plan_made_before_the_swap_is_not_applied() {
    let sandbox = Sandbox::pinned(9, 1);
    sandbox.sync_at(START, 0);
    assert!(sandbox.club.renew(0, UNTIL));
    sandbox.sync_at("2026-03-10T10:05:00Z", 0);
    assert!(sandbox.club.renew(1, UNTIL));
    sandbox.at("2026-03-10T10:10:00Z", &["diff", "--out", "plan.json"]).ends(0);
    other_serial(&sandbox);
    sandbox.at("2026-03-10T10:11:00Z", &["apply", "plan.json"]).ends(4);
    assert_eq!(sandbox.club.devices[0].writes().len(), 1, "the one of before");
    sandbox.assert_well_behaved();
}

/// Gives these persons of the first door each other's names, as when a door was filled anew in another order.
fn renumber(sandbox: &Sandbox, persons: std::ops::Range<usize>) {
    let door = &sandbox.club.devices[0];
    let name = |index| door.person(&employee_no(index)).unwrap().name;
    let mut names: Vec<String> = persons.clone().map(name).collect();
    names.rotate_left(1);
    for (index, name) in persons.zip(names) {
        assert!(door.edit_person(&employee_no(index), |person| person.name = name));
    }
}

/// Mutants: renumbered persons are written under their old links; each is left out alone and the rest is
/// written; the names that are not believed are remembered.
#[test]
fn a_door_whose_persons_were_renumbered_is_not_believed() {
    let sandbox = Sandbox::pinned(9, 2);
    sandbox.sync_at(START, 0);
    let names: Vec<Person> = sandbox.club.devices[0].persons();
    renumber(&sandbox, 0..3);
    // One of them, and one who has kept the name.
    assert!(sandbox.club.renew(0, UNTIL) && sandbox.club.renew(7, UNTIL));
    sandbox.clear_requests();
    for now in ["2026-03-10T11:00:00Z", "2026-03-10T11:05:00Z"] {
        let run = sandbox.full_at(now, 4);
        assert_eq!(each(&run, "devices", "outcome"), ["not-believed", "ok"], "{now}");
        let words = "holds other names for 3 of 9 linked persons";
        assert!(problem(&run).contains(words), "{now}: {}", problem(&run));
        let hint = run["problems"][0]["hint"].as_str().unwrap();
        assert!(hint.contains("sync --accept-device door1=12"), "{now}: {hint}");
    }
    assert_eq!(sandbox.club.devices[0].writes(), Vec::<Value>::new());
    assert_eq!(sandbox.club.devices[1].writes().len(), 2, "the other door is served");
    // Somebody puts the names right.
    for old in names {
        let name = old.name;
        sandbox.club.devices[0].edit_person(&old.employee_no, |person| person.name = name);
    }
    let run = sandbox.full_at("2026-03-10T11:10:00Z", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 2]);
    sandbox.assert_well_behaved();
}

/// Who is seen to have moved while changes are tried is not taken for read: the next run still finds the other
/// names of all. Mutant: the names of those who moved are remembered.
#[test]
fn a_renumbered_door_is_not_believed_although_changes_were_tried_first() {
    let sandbox = Sandbox::pinned(9, 1);
    sandbox.sync_at(START, 0);
    renumber(&sandbox, 0..3);
    for index in 0..3 {
        assert!(sandbox.club.renew(index, UNTIL));
    }
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 3);
    assert_eq!(each(&run, "changes", "outcome"), ["refused"; 3]);
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 4);
    assert!(problem(&run).contains("holds other names for 3 of 9 linked persons"), "{run}");
    assert_eq!(sandbox.club.devices[0].writes(), Vec::<Value>::new());
    sandbox.assert_well_behaved();
}

/// Mutants: the numbers that are accepted are accepted with all links; nobody is told who is who now.
#[test]
fn a_renumbered_door_that_is_accepted_still_gives_nobody_anybody_s_door() {
    let sandbox = Sandbox::pinned(30, 1);
    sandbox.sync_at(START, 0);
    renumber(&sandbox, 0..4);
    assert!(sandbox.club.renew(0, UNTIL) && sandbox.club.renew(7, UNTIL));
    sandbox.clear_requests();
    sandbox.full_at("2026-03-10T11:00:00Z", 4);
    let accept = ["sync", "--json", "--accept-device", "door1=33"];
    let run = sandbox.at("2026-03-10T11:05:00Z", &accept).json();
    assert_eq!(each(&run, "devices", "outcome"), ["ok"]);
    assert_eq!(each(&run, "left_out", "reason"), ["name-differs"; 4]);
    assert_eq!(each(&run, "changes", "employee_no"), [employee_no(7)]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    sandbox.assert_well_behaved();
}

/// A door that lost persons whom it served, fewer than half of all.
/// Mutants: it is read again after the hour only; it is left alone like one that failed; what is missing is
/// forgotten, so that the others are written.
#[test]
fn a_door_that_lost_those_it_served_is_read_at_every_tick_until_it_is_right() {
    let sandbox = Sandbox::pinned(20, 1);
    sandbox.sync_at(START, 0);
    let door = &sandbox.club.devices[0];
    let gone: Vec<Person> = (0..4).map(|index| door.person(&employee_no(index)).unwrap()).collect();
    for person in &gone {
        assert!(door.remove_person(&person.employee_no));
    }
    assert!(sandbox.club.renew(0, UNTIL) && sandbox.club.renew(7, UNTIL));
    for number in 12..20 {
        sandbox.clear_requests();
        let run = sandbox.sync_at(&tick(number), 4);
        assert_eq!(each(&run, "devices", "outcome"), ["not-believed"], "tick {number}: {run:#}");
        assert!(requests(door, "Search") > 0, "tick {number}: it is read");
        assert_eq!(door.writes(), Vec::<Value>::new(), "tick {number}");
    }
    for person in gone {
        door.add_person(person);
    }
    let run = sandbox.sync_at(&tick(20), 0);
    assert_eq!(each(&run, "devices", "outcome"), ["ok"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 2], "served at once");
    sandbox.clear_requests();
    sandbox.sync_at(&tick(21), 0);
    assert!(door.requests().is_empty(), "and then left in peace");
    sandbox.assert_well_behaved();
}

#[test]
fn a_name_or_number_that_cannot_be_is_a_mistake_in_the_command_line() {
    let sandbox = Sandbox::pinned(3, 1);
    for bad in ["door1", "door1=", "door1=-1", "=3", "door1=many", "door1=1.5"] {
        let said = sandbox.at(START, &["sync", "--accept-device", bad]).ends(64);
        assert!(said.stderr.contains("front-door=412"), "{bad}: {}", said.stderr);
    }
    let said = sandbox.at(START, &["sync", "--accept-device", "garage=3"]).ends(64);
    assert!(said.stderr.contains("no device garage"), "{}", said.stderr);
    assert!(sandbox.club.devices[0].requests().is_empty());
}

/// Mutants: all are believed; the first by name is, and not the one that the number is known of; the third is not compared; what was read of the others is
/// remembered.
#[test]
fn of_several_ways_to_one_door_one_is_believed() {
    let mut sandbox = Sandbox::pinned(5, 1);
    sandbox.sync_at(START, 0);
    let text = sandbox.config();
    let start = text.find("[hikvision.door1]").unwrap();
    let section = &text[start..];
    let section = section[1..].find("\n[").map_or(section, |end| &section[..=end]);
    let other = |name: &str, host: &str| {
        let named = section.replace("[hikvision.door1]", &format!("[hikvision.{name}]"));
        named.replace("127.0.0.1", host)
    };
    let others = [other("attic", "localhost"), other("hall", "[::ffff:127.0.0.1]")].join("\n");
    sandbox.replace_config(Some(format!("{text}\n{others}")));
    sandbox.club.renew(1, UNTIL);
    for now in ["2026-03-10T10:05:00Z", "2026-03-10T10:10:00Z"] {
        let said = sandbox.at(now, &["sync", "--json"]).ends(4);
        let run = said.json();
        assert_eq!(each(&run, "devices", "outcome"), ["not-believed", "ok", "not-believed"]);
        let told = run["problems"].to_string();
        assert_eq!(told.matches("is the same device as [hikvision.door1]").count(), 2, "{told}");
        assert!(each(&run, "changes", "device").iter().all(|door| *door == "door1"), "{run:#}");
    }
    assert_eq!(sandbox.club.devices[0].writes().len(), 1);
    let check = sandbox.at("2026-03-10T10:11:00Z", &["check"]).ends(4);
    assert!(check.stdout.contains("remove one of the two sections"), "{}", check.stdout);
    sandbox.replace_config(None);
    sandbox.sync_at("2026-03-10T10:15:00Z", 0);
    // Until their serial numbers are heard nobody knows that they are one, so both may be asked at once.
    let others = |violation: &String| !violation.contains("in-flight");
    assert_eq!(sandbox.club.violations().into_iter().find(others), None);
}
