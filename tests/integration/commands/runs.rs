//! One run at a time, and runs that are interrupted.

use std::fs;
use std::process::Child;
use std::time::{Duration, Instant};

use ivms_sync_simulators::hikvision::Effect;
use ivms_sync_simulators::http::Fault;
use serde_json::{Value, json};

use super::LATER;
use crate::support::pinned::{START, instant};
use crate::support::state::count;
use crate::support::{Sandbox, each, finish, wait_until};

const LONG: Duration = Duration::from_secs(20);

/// Holds the lock of the state file, as a run that took it at this instant would.
fn hold_lock(sandbox: &Sandbox, since: &str) -> fs::File {
    let file = fs::File::open(sandbox.path("ivms-sync.db.lock")).unwrap();
    file.lock().unwrap();
    let holder = format!("4711 {}\n", instant(since).timestamp());
    fs::write(sandbox.path("ivms-sync.db.holder"), holder).unwrap();
    file
}

#[test]
fn a_second_run_ends_quietly_while_the_first_is_young_and_with_11_when_it_is_old() {
    let sandbox = Sandbox::pinned(5, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    let held = hold_lock(&sandbox, START);
    sandbox.clear_requests();
    for young in ["2026-03-10T10:00:01Z", "2026-03-10T10:10:00Z"] {
        let said = sandbox.at(young, &["sync"]).ends(0);
        assert_eq!((&*said.stdout, &*said.stderr), ("", ""), "{young}");
        let said = sandbox.at(young, &["sync", "--json"]).ends(0);
        assert_eq!((&said.json()["run"], &*said.stderr), (&Value::Null, ""), "{young}");
        let text = said.json()["problems"][0]["text"].to_string();
        assert!(text.contains("another run is at work"), "{text}");
    }
    for command in [&["sync"][..], &["apply", "plan.json"]] {
        let said = sandbox.at("2026-03-10T10:10:01Z", command).ends(11);
        assert!(said.stderr.contains("process 4711"), "{}", said.stderr);
        assert!(said.stderr.contains("2026-03-10 10:00:00 UTC"), "{}", said.stderr);
        assert!(said.stderr.contains("hint: "), "{}", said.stderr);
    }
    assert!(sandbox.club.cardskipper.requests().is_empty());
    // Who only looks need not wait.
    let diff = sandbox.at(LATER, &["diff"]).ends(0);
    assert!(diff.stdout.contains("150004"), "{}", diff.stdout);
    sandbox.at(LATER, &["lookup", "150003"]).ends(0);
    drop(held);
    let run = sandbox.sync_at(LATER, 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"], "what a dead run wrote is no lock");
    sandbox.assert_well_behaved();
}

#[test]
fn two_runs_at_once_are_one_run() {
    let sandbox = Sandbox::pinned(5, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.clear_requests();
    let cardskipper = &sandbox.club.cardskipper;
    cardskipper.fault(Fault::Delay(Duration::from_secs(50)).on("/Member/Export"));
    let first = sandbox.start_at(LATER, &["sync"]);
    wait_until(LONG, "the first asks", || !cardskipper.requests().is_empty());
    let second = sandbox.run_at(Some(LATER), &["sync"]).ends(0);
    assert_eq!((&*second.stdout, &*second.stderr), ("", ""));
    assert_eq!(cardskipper.requests().len(), 1, "the second asked nobody");
    // The first is let go: its answer never comes.
    cardskipper.go_offline();
    finish(first).ends(5);
    cardskipper.clear_faults();
    cardskipper.go_online();
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    sandbox.assert_well_behaved();
}

// Signals

/// A club with ten renewals to write, on a door that takes its time for each.
fn long_writing() -> Sandbox {
    let sandbox = Sandbox::pinned(12, 1);
    sandbox.sync_at(START, 0);
    (0..10).for_each(|index| assert!(sandbox.club.renew(index, "2030-11-01")));
    sandbox.clear_requests();
    let slow = Fault::Delay(Duration::from_millis(400));
    sandbox.club.devices[0].fault(slow.on("UserInfo/Modify").authenticated());
    sandbox
}

/// Waits until so many writes were sent.
#[track_caller]
fn wait_for_writes(sandbox: &Sandbox, wanted: usize) {
    let door = &sandbox.club.devices[0];
    wait_until(LONG, "writes are sent", || door.writes().len() >= wanted);
}

/// The next run does the rest, and all ends as if nothing had happened.
#[track_caller]
fn the_next_run_finishes(sandbox: &Sandbox) {
    sandbox.club.devices[0].clear_faults();
    sandbox.sync_at("2026-03-10T10:06:00Z", 0);
    let uninterrupted = Sandbox::pinned(12, 1);
    (0..10).for_each(|index| assert!(uninterrupted.club.renew(index, "2030-11-01")));
    uninterrupted.sync_at(START, 0);
    assert_eq!(sandbox.doors(), uninterrupted.doors());
    assert_eq!(count(&sandbox.state(), "SELECT count(*) FROM intent"), 0);
    assert_eq!(sandbox.sync_at("2026-03-10T10:07:00Z", 0)["changes"], json!([]));
    sandbox.assert_well_behaved();
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

#[cfg(unix)]
#[test]
fn a_signal_while_writing_finishes_the_change_in_hand_and_closes_the_journal() {
    for (name, code) in [("-TERM", 143), ("-INT", 130)] {
        let sandbox = long_writing();
        let child = sandbox.start_at(LATER, &["sync", "--json"]);
        wait_for_writes(&sandbox, 2);
        signal(&child, name);
        let said = finish(child).ends(code);
        let run = said.json();
        assert_eq!(run["exit_code"], code);
        let outcomes = each(&run, "changes", "outcome");
        let confirmed = outcomes.iter().filter(|outcome| **outcome == "confirmed").count();
        let planned = outcomes.iter().filter(|outcome| **outcome == "planned").count();
        assert_eq!(confirmed, sandbox.club.devices[0].writes().len(), "what was sent is settled");
        assert_eq!(confirmed + planned, 10, "{outcomes:?}");
        assert!((2..10).contains(&confirmed), "{confirmed}");
        assert!(said.stderr.contains("interrupted"), "{}", said.stderr);
        let state = sandbox.state();
        assert_eq!(count(&state, "SELECT count(*) FROM intent"), 0, "the journal is closed");
        assert_eq!(count(&state, "SELECT exit_code FROM run ORDER BY id DESC"), i64::from(code));
        the_next_run_finishes(&sandbox);
    }
}

#[cfg(unix)]
#[test]
fn a_signal_before_anything_is_written_ends_the_run_at_once() {
    let sandbox = long_writing();
    let slow = Fault::Delay(Duration::from_secs(15));
    sandbox.club.cardskipper.fault(slow.on("/Member/Export"));
    let began = Instant::now();
    let child = sandbox.start_at(LATER, &["sync"]);
    wait_until(LONG, "it asks", || !sandbox.club.cardskipper.requests().is_empty());
    signal(&child, "-TERM");
    let said = finish(child).ends(143);
    assert_eq!(said.stderr, "error: interrupted; no change was being made\n");
    assert!(began.elapsed() < Duration::from_secs(10), "it does not wait for Cardskipper");
    assert!(sandbox.club.devices[0].writes().is_empty());
    sandbox.club.cardskipper.clear_faults();
    the_next_run_finishes(&sandbox);
}

/// Mutants: the run is left without an end, as if the computer had died; a run that has ended is ended again.
#[cfg(unix)]
#[test]
fn a_signal_while_doors_are_read_ends_the_run_in_the_journal() {
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let sandbox = long_writing();
        let door = &sandbox.club.devices[0];
        let before = door.requests().len();
        door.fault(Fault::Delay(Duration::from_secs(15)).on("UserInfo/Search").authenticated());
        let child = sandbox.start_at(LATER, &["sync", "--full", "--json"]);
        wait_until(LONG, "it reads the door", || {
            door.requests()[before..].iter().any(|one| one.path().contains("UserInfo/Search"))
        });
        signal(&child, name);
        let said = finish(child).ends(code);
        assert!(
            said.stderr.ends_with("error: interrupted; no change was being made\n"),
            "{said:?}"
        );
        let document = said.json();
        assert_eq!(document["exit_code"], code);
        assert_eq!(document["problems"].as_array().unwrap().len(), 1, "{document}");
        let state = sandbox.state();
        assert_eq!(count(&state, "SELECT count(*) FROM run WHERE ended_at IS NULL"), 0);
        assert_eq!(count(&state, "SELECT exit_code FROM run ORDER BY id DESC"), i64::from(code));
        assert!(door.writes().is_empty());
        door.clear_faults();
        let status = sandbox.at(LATER, &["status"]).ends(0);
        assert!(status.stdout.contains("interrupted"), "{}", status.stdout);
        the_next_run_finishes(&sandbox);
    }
}

/// Mutants: the next run looks at the dates alone; it remembers and does not tell, or tells and forgets.
#[test]
fn what_a_door_changed_unasked_is_seen_although_the_run_was_killed() {
    let sandbox = long_writing();
    let door = &sandbox.club.devices[0];
    let empties = Effect::AlsoChanges("doorRight".to_owned(), json!(""));
    door.set(|switches| switches.effect = empties);
    let mut child = sandbox.start_at(LATER, &["sync"]);
    wait_for_writes(&sandbox, 1);
    child.kill().unwrap();
    child.wait().unwrap();
    door.clear_faults();
    for now in ["2026-03-10T10:06:00Z", "2026-03-10T10:11:00Z"] {
        let run = sandbox.sync_at(now, 4);
        let text = run["problems"][0]["text"].as_str().unwrap();
        assert!(text.contains("changed what nobody asked for"), "{text}");
        assert!(
            text.contains("more than the dates changed with a write that was cut off"),
            "{text}"
        );
        assert_eq!(run["devices"][0]["outcome"], "not-believed");
    }
    assert_eq!(door.writes().len(), 1, "one person was met, and nobody else is");
    door.set(|switches| switches.effect = Effect::Applied);
    let accept = ["sync", "--json", "--accept-device", "door1=15"];
    let run = sandbox.at("2026-03-10T10:16:00Z", &accept).ends(0).json();
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 9]);
    sandbox.assert_well_behaved();
}

#[test]
fn a_run_that_is_killed_is_settled_by_the_next() {
    let sandbox = long_writing();
    let mut child = sandbox.start_at(LATER, &["sync"]);
    wait_for_writes(&sandbox, 3);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(count(&sandbox.state(), "SELECT count(*) FROM intent") > 0, "it was cut off");
    let written = sandbox.club.devices[0].writes().len();
    the_next_run_finishes(&sandbox);
    assert_eq!(sandbox.club.devices[0].writes().len(), 10, "nobody is written twice: {written}");
    let history = "SELECT count(DISTINCT employee_no) FROM change WHERE outcome = 'confirmed'";
    assert_eq!(count(&sandbox.state(), history), 10);
}
