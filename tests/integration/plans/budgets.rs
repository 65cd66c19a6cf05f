//! Budgets: what is held back, and how it is approved.

use ivms_sync_simulators::club::{ROLE, employee_no, number};
use ivms_sync_simulators::hikvision::{Effect, Person};
use ivms_sync_simulators::http::Fault;
use serde_json::json;

use super::{LATER, LOOKED, with_inactive};
use crate::support::pinned::START;
use crate::support::{Sandbox, each};

#[test]
fn two_revocations_always_go_through_and_the_third_blocks_all() {
    let sandbox = with_inactive(20, 5..7);
    let run = sandbox.sync_at(LATER, 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 3]);

    let sandbox = with_inactive(20, 5..8);
    let said = sandbox.at(LATER, &["sync", "--json"]).ends(4);
    let run = said.json();
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "blocked", "blocked", "blocked"]);
    assert_eq!(sandbox.end_on(0, "1001"), "2030-11-01T23:59:59", "grants are written");
    assert_eq!(run["devices"][0]["blocked"], 3);
    let id = run["blocked"].as_str().unwrap();
    assert!(said.stderr.contains(&format!("apply --blocked {id}")), "{}", said.stderr);
    assert!(said.stderr.contains("revoke_per_tick"), "{}", said.stderr);
    sandbox.assert_well_behaved();
}

#[test]
fn five_per_cent_may_lose_access_in_one_tick() {
    // Of the members linked to the door; the three foreign persons there make room for nobody.
    let sandbox = with_inactive(100, 5..10);
    let run = sandbox.sync_at(LATER, 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 6]);
    for (members, inactive) in [(100, 5..11), (99, 5..10)] {
        let count = inactive.len();
        let sandbox = with_inactive(members, inactive);
        assert_eq!(sandbox.sync_at(LATER, 4)["devices"][0]["blocked"], count, "{members}");
    }
    sandbox.assert_well_behaved();
}

#[test]
fn an_approval_carries_out_exactly_what_was_blocked() {
    let sandbox = with_inactive(20, 5..9);
    let blocked = sandbox.sync_at(LATER, 4)["blocked"].as_str().unwrap().to_owned();
    let same = sandbox.sync_at("2026-03-10T10:10:00Z", 4);
    assert_eq!(same["blocked"], blocked.as_str(), "the same part has the same id in every tick");
    let said = sandbox.at("2026-03-10T10:10:00Z", &["diff"]).ends(0).stdout;
    assert!(said.contains(&format!("ivms-sync apply --blocked {blocked}")), "{said}");

    let said = sandbox.at(LATER, &["apply", "--blocked", "00000000"]).ends(13);
    assert!(said.stderr.contains("no blocked plan 00000000"), "{}", said.stderr);
    for wrong in ["", "%", &blocked[..7], &format!("{blocked} ")] {
        sandbox.at(LATER, &["apply", "--blocked", wrong]).ends(13);
    }
    sandbox.clear_requests();
    // More news, which nobody has approved.
    sandbox.club.inactivate(12);
    let now = "2026-03-10T10:12:00Z";
    let run = sandbox.at(now, &["apply", "--blocked", &blocked, "--json"]).ends(0).json();
    assert_eq!(each(&run, "changes", "employee_no"), ["1006", "1007", "1008", "1009"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 4]);
    assert!(sandbox.club.cardskipper.requests().is_empty());
    assert_eq!(sandbox.end_on(0, "1006"), "2026-03-09T23:59:59");
    assert_ne!(sandbox.end_on(0, "1013"), "2026-03-09T23:59:59");
    sandbox.at(now, &["apply", "--blocked", &blocked]).ends(13);
    sandbox.assert_well_behaved();
}

#[test]
fn after_the_facts_have_moved_an_old_approval_fits_no_more() {
    let sandbox = with_inactive(20, 5..9);
    let blocked = sandbox.sync_at(LATER, 4)["blocked"].as_str().unwrap().to_owned();
    // One of them pays after all.
    sandbox.club.cardskipper.edit(number(6), |member| member.inactive = Some(false));
    let other = sandbox.sync_at("2026-03-10T10:10:00Z", 4)["blocked"].as_str().unwrap().to_owned();
    assert_ne!(blocked, other);
    let doors = sandbox.doors();
    sandbox.at("2026-03-10T10:10:00Z", &["apply", "--blocked", &blocked]).ends(13);
    assert_eq!(sandbox.doors(), doors);
    let said = sandbox.at("2026-03-10T10:15:00Z", &["sync"]).ends(4);
    assert_eq!(said.stderr, "", "the new one was said a tick ago");
    // All of them pay: nothing waits any more.
    for index in [5, 7, 8] {
        sandbox.club.cardskipper.edit(number(index), |member| member.inactive = Some(false));
    }
    assert_eq!(sandbox.sync_at("2026-03-10T10:20:00Z", 0)["blocked"], json!(null));
    sandbox.at("2026-03-10T10:20:00Z", &["apply", "--blocked", &other]).ends(13);
    sandbox.assert_well_behaved();
}

#[test]
fn a_blocked_person_who_moved_is_refused_alone() {
    let sandbox = with_inactive(20, 5..9);
    let blocked = sandbox.sync_at(LATER, 4)["blocked"].as_str().unwrap().to_owned();
    let door = &sandbox.club.devices[0];
    door.edit_person("1007", |person| person.end = "2026-05-05T23:59:59".to_owned());
    let said = sandbox.at(LATER, &["apply", "--blocked", &blocked, "--json"]).ends(13);
    let outcomes = said.json();
    let outcomes = each(&outcomes, "changes", "outcome");
    assert_eq!(outcomes, ["confirmed", "refused", "confirmed", "confirmed"]);
    assert_eq!(sandbox.end_on(0, "1007"), "2026-05-05T23:59:59");
    sandbox.assert_well_behaved();
}

#[test]
fn five_in_a_day_may_lose_access_and_a_day_later_more() {
    let sandbox = with_inactive(20, 0..0);
    sandbox.sync_at(LATER, 0);
    let mut next = 3;
    let mut tick = |now: &str, count: usize, code: i32| {
        sandbox.clocks(now);
        for _ in 0..count {
            sandbox.club.inactivate(next);
            next += 1;
        }
        match count {
            0 => sandbox.sync_at(now, code),
            _ => sandbox.sync_after_a_look_at(now, code),
        }
    };
    tick("2026-03-10T11:00:00Z", 2, 0);
    tick("2026-03-10T11:05:00Z", 2, 0);
    let run = tick("2026-03-10T11:10:00Z", 2, 4);
    assert_eq!(each(&run, "changes", "outcome"), ["blocked", "blocked"], "six in a day");
    let text = run["problems"][0]["text"].as_str().unwrap();
    assert!(text.contains("revoke_per_day"), "{text}");
    let run = tick("2026-03-11T11:05:30Z", 0, 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"], "the day is over");
    sandbox.assert_well_behaved();
}

#[test]
fn many_closed_doors_open_at_once_on_the_first_run_only() {
    let close = |sandbox: &Sandbox, range: std::ops::Range<usize>| {
        for index in range {
            sandbox.club.devices[0].edit_person(&employee_no(index), |person| {
                person.end = "2026-03-01T23:59:59".to_owned();
            });
        }
    };
    let sandbox = Sandbox::pinned(60, 1);
    close(&sandbox, 0..40);
    let run = sandbox.sync_at(START, 0);
    assert_eq!(run["devices"][0]["confirmed"], 40, "the first run with a device");

    close(&sandbox, 0..20);
    let run = sandbox.full_at(LATER, 0);
    assert_eq!(run["devices"][0]["confirmed"], 20, "twenty always may");

    close(&sandbox, 0..21);
    sandbox.club.renew(50, "2030-11-01");
    let said = sandbox.at("2026-03-10T10:10:00Z", &["sync", "--full", "--json"]).ends(4);
    let run = said.json();
    let device = &run["devices"][0];
    assert_eq!((&device["confirmed"], &device["blocked"]), (&json!(1), &json!(21)));
    assert!(said.stderr.contains("grant_per_tick"), "{}", said.stderr);
    let id = run["blocked"].as_str().unwrap();
    sandbox.at("2026-03-10T10:10:00Z", &["apply", "--blocked", id]).ends(0);
    assert_eq!(sandbox.full_at("2026-03-10T10:15:00Z", 0)["changes"], json!([]));
    sandbox.assert_well_behaved();
}

#[test]
fn a_first_run_that_found_everything_in_step_was_the_first_run() {
    let sandbox = Sandbox::pinned(60, 1);
    assert_eq!(sandbox.sync_at(START, 0)["changes"], json!([]));
    for index in 0..30 {
        sandbox.club.devices[0].edit_person(&employee_no(index), |person| {
            person.end = "2026-03-01T23:59:59".to_owned();
        });
    }
    assert_eq!(sandbox.full_at(LATER, 4)["devices"][0]["blocked"], 30);
    sandbox.assert_well_behaved();
}

#[test]
fn what_waits_has_the_same_id_after_midnight() {
    let sandbox = with_inactive(20, 5..9);
    let blocked = sandbox.sync_at(LATER, 4)["blocked"].as_str().unwrap().to_owned();
    for now in ["2026-03-10T22:59:00Z", "2026-03-10T23:01:00Z", "2026-03-12T10:00:00Z"] {
        sandbox.clocks(now);
        assert_eq!(sandbox.sync_at(now, 4)["blocked"], blocked.as_str(), "{now}");
    }
    let now = "2026-03-12T10:01:00Z";
    let run = sandbox.at(now, &["apply", "--blocked", &blocked, "--json"]).ends(0).json();
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 4]);
    assert_eq!(sandbox.end_on(0, "1006"), "2026-03-11T23:59:59");
    assert_eq!(sandbox.sync_at("2026-03-13T10:00:00Z", 0)["changes"], json!([]));
}

#[test]
fn the_last_person_of_a_door_waits_for_approval() {
    let sandbox = Sandbox::pinned(1, 1);
    sandbox.sync_at(START, 0);
    sandbox.clocks(LATER);
    sandbox.club.inactivate(0);
    sandbox.look_at(LOOKED);
    let doors = sandbox.doors();
    let said = sandbox.at(LATER, &["sync", "--json"]).ends(4);
    assert!(
        said.stderr.contains("no linked person could open the door any more"),
        "{}",
        said.stderr
    );
    assert_eq!(each(&said.json(), "changes", "blocked_by"), ["last-person"]);
    assert_eq!(sandbox.doors(), doors);
    let story = sandbox.at(LATER, &["lookup", "person:1001", "--offline"]).stdout;
    assert!(story.contains("waits for approval (nobody would have access any more)"), "{story}");
    let id = said.json()["blocked"].as_str().unwrap().to_owned();
    sandbox.at(LATER, &["apply", "--blocked", &id]).ends(0);
    assert_eq!(sandbox.end_on(0, "1001"), "2026-03-09T23:59:59");
    sandbox.assert_well_behaved();
}

const OTHER: i64 = ROLE + 7;

/// A club where these members hold another role, which opened the door for one tick and is in `roles` no more;
/// and what the door holds.
fn without_the_other_role(members: &[usize]) -> (Sandbox, Vec<Vec<Person>>) {
    let mut sandbox = Sandbox::pinned(20, 1);
    for index in members {
        assert!(sandbox.club.cardskipper.edit(number(*index), |member| {
            member.organisations[0].roles[0].id = OTHER;
        }));
    }
    sandbox.set("cardskipper.club", &format!("roles = [{ROLE}, {OTHER}]"));
    sandbox.sync_at(START, 0);
    let doors = sandbox.doors();
    sandbox.extra.clear();
    sandbox.set("cardskipper.club", &format!("roles = [{ROLE}]"));
    (sandbox, doors)
}

/// Mutant: only listings that are newer than the plan speak against it.
#[test]
fn what_waits_by_the_configuration_is_not_carried_out_once_it_is_put_back() {
    let (mut sandbox, doors) = without_the_other_role(&[3]);
    let run = sandbox.sync_at("2026-03-10T10:05:00Z", 4);
    let id = run["blocked"].as_str().unwrap().to_owned();
    sandbox.extra.clear();
    sandbox.set("cardskipper.club", &format!("roles = [{ROLE}, {OTHER}]"));
    let said = sandbox.at("2026-03-10T10:06:00Z", &["apply", "--blocked", &id]).ends(13);
    assert!(said.stderr.contains("person 1004 keeps access"), "{}", said.stderr);
    assert_eq!(sandbox.doors(), doors);
    assert_eq!(sandbox.sync_at("2026-03-10T10:10:00Z", 0)["changes"], json!([]));
    sandbox.assert_well_behaved();
}

/// Mutants: what the configuration takes away goes out at once; a tick in which nothing is heard, and so
/// nothing taken away, settles it.
#[test]
fn what_a_changed_configuration_takes_away_waits_through_ticks_without_an_answer() {
    let (sandbox, doors) = without_the_other_role(&[3, 4]);
    let waits = |sandbox: &Sandbox, now: &str| {
        let run = sandbox.sync_at(now, 4);
        assert_eq!(each(&run, "changes", "blocked_by"), ["roles-changed"; 2], "{now}");
        run["blocked"].as_str().unwrap().to_owned()
    };
    waits(&sandbox, "2026-03-10T10:05:00Z");
    sandbox.club.cardskipper.fault(Fault::DropBefore.times(50));
    sandbox.sync_at("2026-03-10T10:10:00Z", 5);
    sandbox.club.cardskipper.clear_faults();
    let id = waits(&sandbox, "2026-03-10T10:15:00Z");
    assert_eq!(sandbox.doors(), doors);
    sandbox.at("2026-03-10T10:16:00Z", &["apply", "--blocked", &id]).ends(0);
    assert_eq!(sandbox.end_on(0, "1004"), "2026-03-09T23:59:59");
    assert_eq!(sandbox.sync_at("2026-03-10T10:20:00Z", 0)["changes"], json!([]));
    sandbox.assert_well_behaved();
}

/// Two who take turns: the plan is good, and the door refuses the half of it that lets somebody in.
#[test]
fn the_last_person_keeps_a_door_until_the_next_one_was_let_in() {
    let sandbox = Sandbox::pinned(2, 1);
    sandbox.sync_at(START, 0);
    sandbox.clocks(LATER);
    sandbox.club.inactivate(0);
    sandbox.look_at(LOOKED);
    let door = &sandbox.club.devices[0];
    door.edit_person("1002", |person| person.end = "2026-03-01T23:59:59".to_owned());
    door.set(|switches| switches.effect = Effect::RefusedFor(vec!["1002".to_owned()]));
    let doors = sandbox.doors();
    for now in [LATER, "2026-03-10T10:12:00Z"] {
        let run = sandbox.at(now, &["sync", "--full", "--json"]).ends(3).json();
        assert_eq!(each(&run, "changes", "employee_no"), ["1002", "1001"]);
        assert_eq!(each(&run, "changes", "outcome"), ["refused", "planned"]);
        let why = run["changes"][1]["error"].as_str().unwrap();
        assert!(why.contains("nobody else could open the door"), "{why}");
        assert_eq!(sandbox.doors(), doors);
    }
    door.set(|switches| switches.effect = Effect::default());
    let run = sandbox.at("2026-03-10T10:20:00Z", &["sync", "--full", "--json"]).ends(0).json();
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
    assert_eq!(sandbox.end_on(0, "1001"), "2026-03-09T23:59:59");
    sandbox.assert_well_behaved();
}
