//! One story on whichever platform. `.ci/platforms` runs it with the program for Windows under Wine and with
//! those for ARM in an emulator; in the usual tests it runs with this platform's own.

use std::fs::File;
use std::process::{Child, Stdio};
use std::time::Duration;

use ivms_sync_simulators::http::Fault;

use crate::support::pinned::START;
use crate::support::state::count;
use crate::support::{Sandbox, binary, each, finish, program, said, wait_until};

/// Under an emulator everything takes longer.
const LONG: Duration = Duration::from_secs(60);

const LATER: &str = "2026-03-10T10:05:00Z";

#[test]
fn it_starts() {
    let folder = tempfile::tempdir().unwrap();
    let said = said(binary(folder.path()).arg("--version")).ends(0);
    let version = concat!("ivms-sync ", env!("CARGO_PKG_VERSION"));
    assert_eq!((said.stdout.trim_end(), &*said.stderr), (version, ""));
}

#[test]
fn a_renewal_comes_to_the_doors() {
    let sandbox = Sandbox::pinned(6, 2);
    let said = sandbox.at(START, &["check"]).ends(0);
    assert!(said.stdout.contains("door2"), "{said:?}");
    assert_eq!(sandbox.sync_at(START, 0)["changes"], serde_json::json!([]));
    sandbox.club.renew(3, "2030-11-01");
    let said = sandbox.at(LATER, &["diff", "--exit-code"]).ends(2);
    assert!(said.stdout.contains("2030-11-01"), "{said:?}");
    let run = sandbox.sync_at(LATER, 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; 2]);
    for door in &sandbox.club.devices {
        assert_eq!(door.person("1004").unwrap().end, "2030-11-01T23:59:59");
    }
    let said = sandbox.at(LATER, &["lookup", "150004"]).ends(0);
    assert!(said.stdout.contains("Valid on the door until 2030-11-01."), "{said:?}");
    sandbox.assert_well_behaved();
}

/// Catches: the holder of a lock is read through it, which Windows forbids, so that nobody ever hears of a run
/// that hangs. Both are of the same platform: locks of different ones may not know of each other.
#[test]
fn two_at_once_are_one_and_a_run_that_hangs_is_named() {
    let sandbox = Sandbox::pinned(5, 1);
    sandbox.sync_at(START, 0);
    sandbox.clear_requests();
    let cardskipper = &sandbox.club.cardskipper;
    cardskipper.fault(Fault::Delay(Duration::from_secs(50)).on("/Member/Export"));
    let mut first = sandbox.start_at(LATER, &["sync"]);
    wait_until(LONG, "the first asks", || !cardskipper.requests().is_empty());
    let young = sandbox.run_at(Some("2026-03-10T10:10:00Z"), &["sync"]).ends(0);
    assert_eq!((&*young.stdout, &*young.stderr), ("", ""));
    let old = sandbox.run_at(Some("2026-03-10T10:15:01Z"), &["sync"]).ends(11);
    assert!(old.stderr.contains("since 2026-03-10 10:05:00 UTC"), "{old:?}");
    assert_eq!(cardskipper.requests().len(), 1, "the others asked nobody");
    first.kill().unwrap();
    first.wait().unwrap();
    cardskipper.clear_faults();
    sandbox.sync_at("2026-03-10T10:20:00Z", 0);
    sandbox.assert_well_behaved();
}

/// A club with six renewals to write, on a door that takes its time for each.
fn writing() -> (Sandbox, Child) {
    let sandbox = Sandbox::pinned(6, 1);
    sandbox.sync_at(START, 0);
    (0..6).for_each(|index| assert!(sandbox.club.renew(index, "2030-11-01")));
    let slow = Fault::Delay(Duration::from_millis(700));
    sandbox.club.devices[0].fault(slow.on("UserInfo/Modify").authenticated());
    sandbox.club.devices[0].clear_writes();
    let child = sandbox.start_at(LATER, &["sync", "--json"]);
    wait_until(LONG, "writes are sent", || sandbox.club.devices[0].writes().len() >= 2);
    (sandbox, child)
}

#[track_caller]
fn the_next_run_finishes(sandbox: &Sandbox) {
    sandbox.club.devices[0].clear_faults();
    sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    assert_eq!(count(&sandbox.state(), "SELECT count(*) FROM intent"), 0);
    assert_eq!(sandbox.club.devices[0].writes().len(), 6, "nobody is written twice");
    for number in 1001..1007 {
        let person = sandbox.club.devices[0].person(&number.to_string()).unwrap();
        assert_eq!(person.end, "2030-11-01T23:59:59", "{number}");
    }
    sandbox.assert_well_behaved();
}

#[test]
fn a_run_that_is_killed_is_settled_by_the_next() {
    let (sandbox, mut child) = writing();
    child.kill().unwrap();
    child.wait().unwrap();
    the_next_run_finishes(&sandbox);
}

/// SIGINT; Wine makes the event of Ctrl-C of it, as a console would.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_run_after_the_change_in_hand() {
    let (sandbox, child) = writing();
    let sent = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
    let said = finish(child).ends(130);
    assert_eq!(said.json()["exit_code"], 130);
    assert!(said.stderr.contains("interrupted"), "{said:?}");
    assert_eq!(count(&sandbox.state(), "SELECT count(*) FROM intent"), 0, "the journal is closed");
    the_next_run_finishes(&sandbox);
}

/// Catches: colours or code pages in a file; words of the system where there are words of ours.
#[test]
fn what_is_redirected_is_plain_and_the_network_speaks_the_same_words() {
    let sandbox = Sandbox::pinned(5, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.club.devices[0].go_offline();
    sandbox.clocks(LATER);
    let (out, log) = (sandbox.path("out.txt"), sandbox.path("log.txt"));
    let status = program()
        .args(["diff", "--full"])
        .env_clear()
        .envs(sandbox.passwords.iter().cloned())
        .env("IVMS_SYNC_TEST_NOW", LATER)
        .current_dir(sandbox.folder.path())
        .stdin(Stdio::null())
        .stdout(File::create(&out).unwrap())
        .stderr(File::create(&log).unwrap())
        .status();
    let (out, log) = (std::fs::read_to_string(out).unwrap(), std::fs::read_to_string(log).unwrap());
    assert_eq!(status.unwrap().code(), Some(5), "{out}{log}");
    assert!(log.contains("door1: the device could not be reached at 127.0.0.1:"), "{log}");
    assert!(!format!("{out}{log}").contains('\u{1b}'), "{out}{log}");
}

#[test]
fn exit_codes_are_those_of_everywhere() {
    let sandbox = Sandbox::pinned(5, 1);
    sandbox.sync_at(START, 0);
    for (arguments, code) in [
        (&["synch"][..], 64),
        (&["sync", "--only", "anna@"], 64),
        (&["lookup", "nobody@example.si"], 20),
        (&["--config", "nowhere.toml", "sync"], 78),
        (&["status"], 0),
    ] {
        let said = sandbox.at(LATER, arguments).ends(code);
        assert!(!said.stderr.contains("panicked"), "{said:?}");
    }
}
