//! One conversation with a door at a time, over all processes of this computer.

use std::fs::File;
use std::process::Child;
use std::time::{Duration, Instant};

use ivms_sync_simulators::club::number;
use ivms_sync_simulators::hikvision::Concurrency;
use ivms_sync_simulators::http::Fault;

use super::super::support::{Sandbox, each};
use super::{UNTIL, logins, requests};

/// Mutants: no lock; the memory of logins is read before the lock is there, or written after it is gone.
#[test]
fn six_commands_at_once_with_a_wrong_password_spend_one_login() {
    let who = number(2).to_string();
    for command in [vec!["lookup", &who], vec!["diff", "--full"]] {
        let sandbox = Sandbox::agreeing(5, 1);
        sandbox.sync(0);
        sandbox.clear_requests();
        let door = &sandbox.club.devices[0];
        door.set_password("Changed-by-somebody");
        let all: Vec<Child> = (0..6).map(|_| sandbox.start(None, &command)).collect();
        for one in all {
            let said = one.wait_with_output().unwrap();
            let stderr = String::from_utf8(said.stderr).unwrap();
            assert!(stderr.contains("refused the login"), "{command:?}: {stderr}");
        }
        assert_eq!(logins(door), 1, "{command:?}");
        sandbox.assert_well_behaved();
    }
}

/// Mutant: no lock. The door cuts off whoever comes while it serves another.
#[test]
fn commands_at_once_never_talk_to_a_door_at_once() {
    let sandbox = Sandbox::agreeing(35, 2);
    sandbox.sync(0);
    sandbox.clear_requests();
    for door in &sandbox.club.devices {
        door.set(|switches| switches.concurrency = Concurrency::Reset);
        door.fault(Fault::Delay(Duration::from_millis(60)).on("Search").authenticated());
    }
    assert!(sandbox.club.renew(3, UNTIL));
    let who = number(2).to_string();
    let commands =
        [vec!["sync", "--full"], vec!["diff", "--full"], vec!["lookup", &who], vec!["check"]];
    let all: Vec<Child> = commands.iter().map(|command| sandbox.start(None, command)).collect();
    for (one, command) in all.into_iter().zip(commands) {
        let said = one.wait_with_output().unwrap();
        let stderr = String::from_utf8(said.stderr).unwrap();
        assert!(said.status.success(), "{command:?}: {} {stderr}", said.status);
    }
    sandbox.assert_well_behaved();
}

/// Mutant: no lock, or one that `diff` does not take: what one reads is asked for twice.
#[test]
fn a_diff_beside_a_sync_asks_for_nothing_twice() {
    let sandbox = Sandbox::agreeing(35, 1);
    sandbox.sync(0);
    let door = &sandbox.club.devices[0];
    let commands = [["sync", "--full"], ["diff", "--full"]];
    let asked = |run: &dyn Fn()| {
        sandbox.clear_requests();
        run();
        (requests(door, "Search"), requests(door, "deviceInfo"), logins(door))
    };
    let in_turn = asked(&|| commands.iter().for_each(|one| drop(sandbox.run(one).ends(0))));
    let at_once = asked(&|| {
        let all = commands.map(|one| sandbox.start(None, &one));
        for one in all {
            assert!(one.wait_with_output().unwrap().status.success());
        }
    });
    assert_eq!(at_once, in_turn);
    sandbox.assert_well_behaved();
}

/// Mutants: waiting for ever; a busy door counts as one that failed; a login is spent; nobody is named.
#[test]
fn a_door_that_somebody_else_talks_to_for_long_is_left_alone_in_words() {
    let sandbox = Sandbox::agreeing(5, 2);
    sandbox.sync(0);
    sandbox.clear_requests();
    let lock = File::open(sandbox.path("ivms-sync.db.door1.lock"));
    let lock = lock.or_else(|_| File::create(sandbox.path("ivms-sync.db.door1.lock"))).unwrap();
    lock.try_lock().unwrap();
    assert!(sandbox.club.renew(2, UNTIL));
    let who = number(2).to_string();
    let began = Instant::now();
    let (sync, lookup) = (
        sandbox.start(None, &["sync", "--json"]),
        sandbox.start(None, &["lookup", &who, "--json"]),
    );
    let lookup = lookup.wait_with_output().unwrap();
    let stderr = String::from_utf8(lookup.stderr).unwrap();
    assert!(stderr.contains("door1: another ivms-sync on this computer"), "{stderr}");
    let story: serde_json::Value = serde_json::from_slice(&lookup.stdout).unwrap();
    let why = story["members"][0]["devices"][0]["why"].as_str().unwrap().to_owned();
    assert!(why.contains("from memory"), "{why}");
    let sync = sync.wait_with_output().unwrap();
    assert_eq!(sync.status.code(), Some(3));
    assert!(began.elapsed() < Duration::from_secs(45), "nobody waits for ever");
    let run: serde_json::Value = serde_json::from_slice(&sync.stdout).unwrap();
    assert_eq!(each(&run, "devices", "outcome"), ["unreachable", "ok"]);
    assert_eq!(each(&run, "changes", "outcome"), ["planned", "confirmed"]);
    assert_eq!(run["changes"][0]["error"], "another run was talking to the door");
    let door = &sandbox.club.devices[0];
    assert!(door.requests().is_empty());
    drop(lock);
    let run = sandbox.sync(0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    assert_eq!(requests(door, "Search"), 4, "the list was not read again for that");
    sandbox.assert_well_behaved();
}
