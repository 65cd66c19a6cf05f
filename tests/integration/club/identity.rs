//! Members who become others in the lists: a corrected birth date, a lost one, one of two who leaves.

use ivms_sync_simulators::cardskipper::Member;
use ivms_sync_simulators::club::number;
use serde_json::{Value, json};

use super::{only_change, only_second_look};
use crate::support::pinned::START;
use crate::support::{Sandbox, each};

/// Four whole lists, a quarter of an hour apart from first to last: whoever is in none has vanished.
fn lists(sandbox: &Sandbox) -> Value {
    let minutes = ["05", "10", "15", "20"];
    let runs = minutes.map(|minute| sandbox.full_at(&format!("2026-03-10T10:{minute}:00Z"), 0));
    for run in &runs {
        assert_eq!(run["changes"], json!([]), "{run:#}");
    }
    let [.., last] = runs;
    last
}

#[test]
fn a_corrected_birth_date_keeps_the_door_in_step() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.cardskipper.edit(number(3), |member| {
        assert_ne!(member.birth_date, "1985-05-05");
        member.birth_date = "1985-05-05".into();
    });
    // It is the same member: the correction costs no tick, and nobody is gone.
    sandbox.club.renew(3, "2029-11-01");
    let run = sandbox.full_at("2026-03-10T10:02:00Z", 0);
    assert_eq!(only_change(&run)[..3], ["1004", "renewed", "grant"]);
    assert_eq!(run["left_out"], json!([]));
    assert_eq!(lists(&sandbox)["left_out"], json!([]));
    sandbox.club.renew(3, "2030-11-01");
    let run = sandbox.full_at("2026-03-10T10:25:00Z", 0);
    assert_eq!(only_change(&run)[..3], ["1004", "renewed", "grant"]);
    assert_eq!(run["left_out"], json!([]));
    sandbox.club.inactivate(3);
    only_second_look(&sandbox.full_at("2026-03-10T10:29:00Z", 0), "1004");
    let run = sandbox.full_at("2026-03-10T10:30:00Z", 0);
    assert_eq!(only_change(&run)[..3], ["1004", "inactive", "revocation"], "the same number");
    sandbox.assert_well_behaved();
}

#[test]
fn who_leaves_after_a_corrected_birth_date_loses_the_door() {
    let mut sandbox = Sandbox::pinned(10, 1);
    sandbox.set("policy", "vanished = \"end\"");
    sandbox.sync_at(START, 0);
    sandbox.club.cardskipper.edit(number(3), |member| member.birth_date = "1985-05-05".into());
    lists(&sandbox);
    sandbox.club.cardskipper.remove(number(3));
    let before = sandbox.club.devices[0].person("1004").unwrap();
    let mut last = Value::Null;
    for minute in ["30", "35", "40", "45"] {
        last = sandbox.full_at(&format!("2026-03-10T10:{minute}:00Z"), 0);
        if !last["changes"].as_array().unwrap().is_empty() {
            break;
        }
        assert_eq!(sandbox.club.devices[0].person("1004").unwrap(), before, "not gone for certain");
    }
    assert_eq!(only_change(&last)[..3], ["1004", "vanished", "revocation"]);
    assert_eq!(sandbox.club.devices[0].person("1004").unwrap().end, "2026-03-09T23:59:59");
    // Nobody is known by the old date any more, and nothing more is done.
    let run = sandbox.full_at("2026-03-10T10:50:00Z", 0);
    assert_eq!((&run["changes"], &run["left_out"]), (&json!([]), &json!([])));
    sandbox.assert_well_behaved();
}

#[test]
fn a_birth_date_that_cannot_be_read_is_no_other_member() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.cardskipper.edit(number(3), |member| member.birth_date = "unknown".into());
    sandbox.club.renew(3, "2030-11-01");
    let run = sandbox.full_at("2026-03-10T10:05:00Z", 0);
    assert_eq!(only_change(&run)[..3], ["1004", "renewed", "grant"]);
    assert!(!each(&run, "left_out", "reason").contains(&"ambiguous"), "{run:#}");
    sandbox.assert_well_behaved();
}

#[test]
fn one_of_two_with_an_e_mail_leaves_and_the_other_is_linked() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let shared = sandbox.club.cardskipper.member(number(3)).unwrap();
    let mut second = Member { number: 900_001, ..shared.clone() };
    second.set_end("2026-04-01");
    sandbox.club.cardskipper.add(second);
    let end = sandbox.end_on(0, "1004");
    lists(&sandbox);
    // The first one is missing: what was paid is kept, though the other one paid for less.
    sandbox.club.cardskipper.remove(number(3));
    for minute in ["25", "30", "35", "40", "45"] {
        let run = sandbox.full_at(&format!("2026-03-10T10:{minute}:00Z"), 0);
        assert_eq!(run["changes"], json!([]), "{run:#}");
    }
    assert_eq!(sandbox.end_on(0, "1004"), end);
    sandbox.club.cardskipper.edit(900_001, |member| member.set_end("2030-11-01"));
    let run = sandbox.full_at("2026-03-10T10:50:00Z", 0);
    assert_eq!(only_change(&run)[..3], ["1004", "renewed", "grant"]);
    // Back again: who is linked keeps the person, and the newcomer takes nothing and gives nothing.
    sandbox.club.cardskipper.add(shared);
    sandbox.club.cardskipper.edit(900_001, |member| member.set_end("2031-11-01"));
    let run = sandbox.full_at("2026-03-10T10:55:00Z", 0);
    assert_eq!(only_change(&run)[..3], ["1004", "renewed", "grant"]);
    assert_eq!(run["changes"][0]["member"]["number"], 900_001);
    assert_eq!(sandbox.end_on(0, "1004"), "2031-11-01T23:59:59");
    assert_eq!(each(&run, "left_out", "reason"), ["ambiguous"]);
    assert_eq!(run["left_out"][0]["number"], 150_004);
    sandbox.club.renew(3, "2033-11-01");
    let run = sandbox.full_at("2026-03-10T11:00:00Z", 0);
    assert_eq!(run["changes"], json!([]));
    sandbox.assert_well_behaved();
}
