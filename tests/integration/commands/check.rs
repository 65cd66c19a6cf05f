//! `check`: everything is asked once, nothing is written, and each line says what to do.

use chrono::TimeDelta;
use ivms_sync_simulators::club::number;
use serde_json::{Value, json};

use crate::support::pinned::START;
use crate::support::{Sandbox, each};

/// What `check` says of one thing: verdict and text.
fn about<'a>(document: &'a Value, thing: &str) -> Vec<(&'a str, &'a str)> {
    let findings = document["findings"].as_array().unwrap().iter();
    let mine = findings.filter(|finding| finding["about"] == thing);
    mine.map(|f| (f["verdict"].as_str().unwrap(), f["text"].as_str().unwrap())).collect()
}

fn check(sandbox: &Sandbox, code: i32) -> Value {
    let document = sandbox.at(START, &["check", "--json"]).ends(code).json();
    assert_eq!(document["exit_code"], code);
    document
}

#[test]
fn all_is_well_before_the_first_run_and_after() {
    let sandbox = Sandbox::pinned(12, 2);
    for _ in 0..2 {
        let document = check(&sandbox, 0);
        let verdicts = each(&document, "findings", "verdict");
        assert!(verdicts.iter().all(|verdict| *verdict == "ok"), "{document}");
        assert_eq!(about(&document, "club"), [("ok", "12 members")]);
        let door: Vec<_> = about(&document, "door1").into_iter().map(|(_, text)| text).collect();
        assert!(door[0].contains("firmware V") && door[0].ends_with("15 persons"), "{door:?}");
        assert!(door[1].contains("clock is right"), "{door:?}");
        assert_eq!(door[2], "12 of 12 members linked");
        assert!(sandbox.club.devices.iter().all(|door| door.writes().is_empty()));
        sandbox.sync_at(START, 0);
    }
    let said = sandbox.at(START, &["check"]).ends(0);
    assert!(said.stdout.ends_with("\nReady to run.\n"), "{}", said.stdout);
    assert_eq!(said.stderr, "");
    sandbox.assert_well_behaved();
}

#[test]
fn links_that_are_missing_are_counted() {
    let sandbox = Sandbox::pinned(12, 1);
    sandbox.club.cardskipper.edit(number(3), |member| member.email = String::new());
    sandbox.club.devices[0].remove_person("1005");
    let document = check(&sandbox, 0);
    let lines = about(&document, "door1");
    let links = "10 of 12 members linked; 1 without e-mail; 1 not found on the door";
    assert!(lines.contains(&("warning", links)), "{lines:?}");
}

#[test]
fn each_failure_is_named_and_the_worst_counts() {
    let sandbox = Sandbox::pinned(12, 2);
    sandbox.club.devices[0].go_offline();
    sandbox.club.devices[1].set_clock_offset(TimeDelta::hours(-1));
    let document = check(&sandbox, 3);
    let (away, wrong) = (about(&document, "door1"), about(&document, "door2"));
    assert_eq!(away[0].0, "failed");
    assert!(away[0].1.contains("could not be reached"), "{away:?}");
    let clock = |line: &&(&str, &str)| line.1.starts_with("its clock is 36");
    assert_eq!(wrong.iter().find(clock).unwrap().0, "failed", "{wrong:?}");

    sandbox.club.cardskipper.edit_settings(|settings| settings.password = "Other".into());
    let document = check(&sandbox, 12);
    assert_eq!(about(&document, "club")[0].0, "failed");

    std::fs::write(sandbox.state(), "no database at all").unwrap();
    let document = check(&sandbox, 7);
    assert_eq!(about(&document, "configuration")[0].0, "ok");
    assert_eq!(about(&document, "state file")[0].0, "failed");
    for finding in document["findings"].as_array().unwrap() {
        let needs_remedy = finding["verdict"] == "failed";
        assert!(!needs_remedy || finding["remedy"].is_string(), "{finding}");
    }
}

#[test]
fn a_login_given_up_is_tried_again_by_hand_but_never_into_a_lock() {
    let sandbox = Sandbox::pinned(5, 1);
    let door = &sandbox.club.devices[0];
    door.set_password("Changed-by-somebody");
    // A door that locks late and so holds nobody back: the program's own count has to.
    door.set(|switches| switches.lock.failures = 20);
    for at in ["10:00", "10:30"] {
        sandbox.sync_at(&format!("2026-03-10T{at}:00Z"), 12);
    }
    let logins = || door.requests().iter().filter(|r| r.is_authenticated()).count();
    sandbox.sync_at("2026-03-10T12:00:00Z", 12);
    assert_eq!(logins(), 2, "given up");
    // Whoever hammers on it spends three tries, and then has to wait as well.
    for (minute, sent) in [(0, 3), (1, 4), (2, 5), (3, 5), (4, 5)] {
        sandbox.at(&format!("2026-03-10T12:0{minute}:00Z"), &["check"]).ends(12);
        assert_eq!(logins(), sent, "minute {minute}");
    }
    sandbox.at("2026-03-10T12:29:00Z", &["check"]).ends(12);
    assert_eq!(logins(), 5);
    // The administrator puts the old password back on the door: one check, and it works again.
    door.set_password("Door-secret-1");
    sandbox.at("2026-03-10T12:31:00Z", &["check"]).ends(0);
    let run = sandbox.sync_at("2026-03-10T12:35:00Z", 0);
    assert_eq!(run["problems"], json!([]));
    sandbox.assert_well_behaved();
}
