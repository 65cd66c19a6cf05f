//! A 401 that is not the end: what public reports say of devices, each as a switch.
//!
//! | report | device | switch | scenario |
//! | --- | --- | --- | --- |
//! | one nonce for all, counted | DS-K1T344, DS-KD9633 | `NonceLife::Shared` | [`nonces_that_are_shared`] |
//! | another program makes ours old | the same | `NonceLife::LastOnly` | [`another_program_at_the_same_door`] |
//! | 401 for minutes | DS-KV6113 and others | `logins_refused` | [`a_door_that_takes_no_login_for_a_while`] |
//! | 401 for a missing right | DS-K1T class | `Permissions::NoParameters` | [`a_right_that_is_missing`] |
//! | never answers twice | DS-K2602T, DS-K2604T | `KeepAlive::SilentOnSecond` | [`a_door_that_never_answers_twice`] |
//! | resets fast callers | several | `KeepAlive::ResetFaster` | [`a_door_that_resets_fast_callers`] |

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ivms_sync_simulators::club::employee_no;
use ivms_sync_simulators::hikvision::{Body401, KeepAlive, NonceLife, Permissions, Stale};

use super::super::support::each;
use super::logins::Pinned;
use super::{RENEWED, Story, UNTIL, logins};

#[test]
fn nonces_that_are_shared() {
    for (stale, body) in [
        (Stale::Capitals, Body401::Html),
        (Stale::True, Body401::Json),
        (Stale::NeverTrue, Body401::UserCheckXml),
    ] {
        let story = Story::new(|switches| {
            (switches.nonce, switches.stale, switches.body_401) =
                (NonceLife::Shared(3600), stale, body);
        });
        let what = format!("{stale:?} {body:?}");
        if stale == Stale::NeverTrue {
            // The same nonce, and no word that it was old: nothing says that another try would help.
            story.sync(&what, 0);
            continue;
        }
        // The second run begins its count anew, and so does every other program.
        story.comes_in_step(&what);
        story.door().set(|switches| {
            (switches.nonce, switches.stale, switches.body_401) =
                (NonceLife::Shared(3600), stale, body);
        });
        for _ in 0..2 {
            story.sync_full(&what, 0);
        }
    }
}

/// While another program asks all the time, one try more is enough mostly; a refusal is told as one of now,
/// and costs no half hour.
#[test]
fn another_program_at_the_same_door() {
    let story = Story::new(|switches| {
        (switches.nonce, switches.stale) = (NonceLife::LastOnly, Stale::Capitals);
    });
    let done = AtomicBool::new(false);
    let port = story.door().port();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let head =
                b"GET /ISAPI/System/deviceInfo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
            while !done.load(Ordering::SeqCst) {
                let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
                stream.write_all(head).unwrap();
                let mut answer = Vec::new();
                let _ = stream.read_to_end(&mut answer);
                std::thread::sleep(Duration::from_millis(40));
            }
        });
        let mut codes = Vec::new();
        for _ in 0..6 {
            let said = story.sandbox.run(&["sync", "--full", "--json"]);
            codes.push(said.code);
            if said.code == 0 {
                break;
            }
        }
        done.store(true, Ordering::SeqCst);
        assert_eq!(codes.last(), Some(&0), "{codes:?}");
    });
    story.assert_in_step("another program");
}

/// Mutants: it is a wrong password; it is waited for half an hour.
#[test]
fn a_door_that_takes_no_login_for_a_while() {
    let pinned = Pinned::new(5, 1);
    pinned.door(0).set(|switches| switches.logins_refused = 5);
    pinned.sandbox.club.renew(3, UNTIL);
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(pinned.run(&["sync"]).code);
        pinned.after(5);
    }
    // Two tries in each tick; after the second the door is left alone for one.
    assert_eq!(codes, [5, 5, 5, 0]);
    assert_eq!(pinned.door(0).person(&employee_no(3)).unwrap().end, format!("{UNTIL}T23:59:59"));
    pinned.sandbox.assert_well_behaved();
}

#[test]
fn a_right_that_is_missing() {
    for body in [Body401::UserCheckXml, Body401::Html] {
        let story = Story::new(|switches| {
            (switches.permissions, switches.body_401) = (Permissions::NoParameters, body);
        });
        let said = story.sandbox.run(&["sync"]).ends(12);
        for words in ["the account lacks the right for this", "\"Remote: Parameters Settings\""] {
            assert!(said.stderr.contains(words), "{body:?}: {}", said.stderr);
        }
        assert!(!said.stderr.contains("refused the login"), "{body:?}: {}", said.stderr);
        let check = story.sandbox.run(&["check"]).ends(12);
        assert!(check.stdout.contains("Remote: Parameters Settings"), "{}", check.stdout);
        // It is no wrong password, so nothing waits: once the right is given, the next tick serves.
        story.catches_up(&format!("{body:?}"));
    }
}

#[test]
fn a_door_that_never_answers_twice() {
    let silent = |story: &Story| {
        story.door().set(|switches| switches.keep_alive = KeepAlive::SilentOnSecond);
    };
    let story = Story::new(|_| {});
    silent(&story);
    let run = story.sync("never twice", 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"; RENEWED.len()]);
    let sent = story.door().requests().len();
    assert_eq!(sent, 2 * logins(story.door()), "each pair was whole, or begun anew");
    story.assert_in_step("never twice");
    // The next run knows.
    story.sandbox.clear_requests();
    story.sync_full("never twice", 0);
    let connections: std::collections::BTreeSet<u64> =
        story.door().requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections.len(), story.door().requests().len(), "one request on each");
}

#[test]
fn a_door_that_resets_fast_callers() {
    let story = Story::new(|switches| switches.keep_alive = KeepAlive::ResetFaster(250));
    story.sync("fast", 0);
    story.assert_in_step("fast");
    story.sandbox.clear_requests();
    // Not so soon that the door finds the next process too fast after this one.
    std::thread::sleep(Duration::from_millis(400));
    story.sync_full("fast", 0);
    assert_eq!(story.door().requests().len(), 2 * logins(story.door()), "none is lost any more");
    story.stays_in_step("fast");
}
