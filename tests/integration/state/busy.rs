//! A state file that another program has open and does not let go of.

use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::LATER;
use crate::support::pinned::START;
use crate::support::{Said, Sandbox};

/// A state file in use, and somebody who has it for themselves alone.
fn held() -> (Sandbox, Connection) {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let other = Connection::open(sandbox.state()).unwrap();
    other.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;").unwrap();
    other.execute_batch("UPDATE alarm SET since_at = since_at; COMMIT").unwrap();
    (sandbox, other)
}

/// Catches: busy taken for damage or for any other failure (7, "start afresh"); no waiting; a command that
/// opens the file in a way of its own.
#[test]
fn it_is_waited_for_and_then_said() {
    let (sandbox, other) = held();
    sandbox.clear_requests();
    let sandbox = &sandbox;
    sandbox.clocks(LATER);
    std::fs::write(sandbox.path("ivms-sync.toml"), sandbox.config()).unwrap();
    let commands: [&[&str]; 6] = [
        &["sync"],
        &["diff"],
        &["apply", "--blocked", "00000000"],
        &["lookup", "150004", "--offline"],
        &["status"],
        &["check"],
    ];
    let began = Instant::now();
    thread::scope(|threads| {
        // `sync` and `apply` hold the run lock while they wait, so that one comes after the other.
        let tried = commands.map(|arguments| {
            threads.spawn(move || {
                let mut command = sandbox.command();
                command.env("IVMS_SYNC_TEST_NOW", LATER);
                (arguments, crate::support::said(command.args(arguments)))
            })
        });
        let tried = tried.map(|tried| tried.join().unwrap());
        let told = |said: &Said| {
            let told = format!("{}{}", said.stdout, said.stderr);
            told.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let is_told = |said: &Said| told(said).contains("another program has it open");
        let has_told = |command: &str| {
            tried.iter().any(|(arguments, said)| arguments[0] == command && is_told(said))
        };
        for (arguments, said) in &tried {
            // One that finds the other one of these two at work ends with 0, if that one waited for the file.
            let is_second = match arguments[0] {
                "sync" => said.code == 0 && has_told("apply"),
                "apply" => said.code == 0 && has_told("sync"),
                _ => false,
            };
            if is_second {
                continue;
            }
            assert_eq!(said.code, 5, "{arguments:?}: {said:?}");
            assert!(is_told(said), "{arguments:?}: {said:?}");
            let told = told(said);
            assert!(told.contains("fuser -v"), "{arguments:?}: {told}");
            assert!(!told.contains("afresh") && !told.contains("move"), "{arguments:?}: {told}");
        }
    });
    assert!(began.elapsed() >= Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(sandbox.club.cardskipper.requests().is_empty(), "nobody is asked");
    drop(other);
    sandbox.sync_at(LATER, 0);
    sandbox.assert_well_behaved();
}

#[test]
fn who_lets_go_in_time_is_not_noticed() {
    let (sandbox, other) = held();
    thread::scope(|threads| {
        threads.spawn(move || {
            thread::sleep(Duration::from_secs(2));
            drop(other);
        });
        sandbox.sync_at(LATER, 0);
    });
    sandbox.assert_well_behaved();
}
