//! `--only`: somebody, and nobody else.

use ivms_sync_simulators::club::number;
use ivms_sync_simulators::hikvision::Person;
use serde_json::json;

use super::{LATER, named, with_inactive, with_news};
use crate::support::pinned::START;
use crate::support::{Sandbox, each};

#[test]
fn only_touches_nobody_else() {
    let sandbox = with_news();
    let email = sandbox.club.cardskipper.member(number(4)).unwrap().email;
    for (who, person) in [("150004", "1004"), (&*email.to_uppercase(), "1005")] {
        let run = sandbox.at(LATER, &["sync", "--json", "--only", who]).ends(0).json();
        assert_eq!(each(&run, "changes", "employee_no"), [person, person], "{who}");
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
    }
    assert_ne!(sandbox.end_on(0, "1006"), "2026-03-09T23:59:59");
    let run = sandbox.at(LATER, &["sync", "--json", "--only", "person:1006"]).ends(0).json();
    assert_eq!(each(&run, "changes", "employee_no"), ["1006", "1006"]);
    assert_eq!(sandbox.sync_at(LATER, 0)["changes"], json!([]));
    sandbox.assert_well_behaved();
}

#[test]
fn several_onlies_add_up_and_a_limited_diff_agrees() {
    let sandbox = with_news();
    let only = ["--only", "150004", "--only", "person:1006", "--json"];
    let diff = sandbox.at(LATER, &[&["diff"], &only[..]].concat()).ends(0).json();
    let sync = sandbox.at(LATER, &[&["sync"], &only[..]].concat()).ends(0).json();
    assert_eq!(named(&diff), named(&sync));
    assert_eq!(each(&sync, "changes", "employee_no"), ["1004", "1006", "1004", "1006"]);
    sandbox.assert_well_behaved();
}

#[test]
fn only_for_somebody_unknown_says_so() {
    let sandbox = with_news();
    for who in ["999999", "nobody@example.si", "person:9001", "person:4711"] {
        let said = sandbox.at(LATER, &["sync", "--only", who]).ends(0);
        assert!(said.stderr.contains("--only"), "{who}: {said:?}");
        assert!(!said.stderr.contains("nobody@"), "no e-mail in a log: {}", said.stderr);
    }
    assert!(sandbox.club.devices.iter().all(|device| device.writes().is_empty()));
    sandbox.assert_well_behaved();
}

#[test]
fn a_limited_run_leaves_the_blocked_plan_of_all_standing_and_keeps_its_own() {
    let sandbox = with_inactive(20, 5..10);
    let all = sandbox.sync_at(LATER, 4)["blocked"].as_str().unwrap().to_owned();
    let only = ["sync", "--json", "--only", "150006", "--only", "150007", "--only", "150008"];
    let run = sandbox.at(LATER, &only).ends(4).json();
    let some = run["blocked"].as_str().unwrap().to_owned();
    assert_ne!(all, some);
    sandbox.at(LATER, &["apply", "--blocked", &some]).ends(0);
    assert_eq!(sandbox.end_on(0, "1006"), "2026-03-09T23:59:59");
    assert_ne!(sandbox.end_on(0, "1010"), "2026-03-09T23:59:59");
    // What is done already is done; the rest follows.
    sandbox.at(LATER, &["apply", "--blocked", &all]).ends(0);
    assert_eq!(sandbox.end_on(0, "1010"), "2026-03-09T23:59:59");
    sandbox.assert_well_behaved();
}

#[test]
fn foreign_persons_are_never_part_of_a_plan() {
    let sandbox = Sandbox::pinned(10, 1);
    let door = &sandbox.club.devices[0];
    door.add_person(Person::new("77").name("Gost").valid("2026-01-01", "2026-02-01"));
    let foreign = ["77", "9001", "9002", "9003"].map(|id| door.person(id));
    sandbox.sync_at(START, 0);
    sandbox.full_at(LATER, 0);
    assert_eq!(["77", "9001", "9002", "9003"].map(|id| door.person(id)), foreign);
    sandbox.assert_well_behaved();
}
