//! `--only`: somebody, and nobody else.

use ivms_sync_simulators::club::number;
use ivms_sync_simulators::hikvision::Person;
use serde_json::json;

use super::{LATER, LOOKED, named, with_inactive, with_news};
use crate::support::pinned::START;
use crate::support::{Sandbox, each};

#[test]
fn only_touches_nobody_else() {
    let sandbox = with_news();
    sandbox.look_at(LOOKED);
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

/// Mutants: saying it and going on as if nobody had been named (exit 0); recording the listing first;
/// taking every person of a door for known; repeating the e-mail in a log.
#[test]
fn only_for_somebody_unknown_is_an_error_that_does_nothing() {
    let sandbox = with_news();
    let state = || {
        let mut rows = sandbox.rows();
        rows.retain(|table, _| !["run", "quiet", "request", "sqlite_sequence"].contains(&&**table));
        rows
    };
    let before = state();
    let email = sandbox.club.cardskipper.member(number(4)).unwrap().email;
    let slip = email.replacen(char::is_alphabetic, "", 1);
    let masked = format!("--only {}… at {}", &slip[..1], slip.split_once('@').unwrap().1);
    for (who, named, near) in [
        ("999999", "--only 999999: there is no such member", ""),
        ("150041", "--only 150041: there is no such member", "150001, or 150011, or 150021?"),
        ("1006", "--only 1006:", "person:1006 (on door1), or person:1006 (on door2)?"),
        ("nobody@example.com", "--only n… at example.com: no member", ""),
        (&*slip, &*masked, "did you mean member 150005?"),
        ("person:4711", "--only person:4711: no door has this person", ""),
        ("person:01006", "--only person:01006:", "did you mean person:1006 (on door1)"),
        ("person:150004", "--only person:150004:", "did you mean member 150004?"),
        ("person:9001", "no member is linked to this person of door1, door2", ""),
    ] {
        // One who is known beside them changes nothing: the order was not understood.
        for command in [&["diff", "--only", who][..], &["sync", "--only", "150004", "--only", who]]
        {
            let said = sandbox.at(LATER, command).ends(20);
            assert!(said.stderr.contains(named) && said.stderr.contains(near), "{who}: {said:?}");
            assert_eq!(said.stderr.contains("did you mean"), !near.is_empty(), "{said:?}");
            assert!(!said.stderr.contains('@'), "no e-mail in a log: {}", said.stderr);
            assert_eq!(said.stdout, "", "nothing looks like a door in sync");
        }
    }
    let document = sandbox.at(LATER, &["sync", "--only", "999999", "--json"]).ends(20).json();
    assert_eq!(document["exit_code"], 20);
    assert!(sandbox.club.devices.iter().all(|device| device.writes().is_empty()));
    assert_eq!(state(), before, "nothing was recorded but the run");
    sandbox.assert_well_behaved();
}

/// Whether there is such a member is not known where the organisation gave no word. Mutant: 20.
#[test]
fn only_for_somebody_who_may_be_in_a_listing_that_is_not_here_ends_as_that_does() {
    let sandbox = with_news();
    let newcomer = ["sync", "--only", "150777"];
    sandbox.club.cardskipper.go_offline();
    let said = sandbox.at(LATER, &newcomer).ends(5);
    assert!(said.stderr.contains("--only 150777: there is no such member; club:"), "{said:?}");
    // Of a member known from before there is no doubt; nor of a door that answered.
    sandbox.at(LATER, &["sync", "--only", "150004"]).ends(5);
    sandbox.at(LATER, &["sync", "--only", "person:4711"]).ends(5);
    sandbox.club.cardskipper.go_online();
    sandbox.club.devices[1].go_offline();
    sandbox.at(LATER, &["sync", "--full", "--only", "150777"]).ends(20);
    let said = sandbox.at(LATER, &["sync", "--full", "--only", "person:4711"]).ends(3);
    assert!(said.stderr.contains("door2: "), "{said:?}");
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
