//! Damage to the file and to what lies beside it: either it is told with 7, or nothing wrong comes of
//! it.

use std::fs;

use crate::kill::scene::{Kind, Scene};
use crate::kill::shim::{self, Do, On};
use crate::support::Sandbox;
use crate::support::pinned::START;

use super::fire::each_case;

/// Five minutes later, when nothing is due and the memory decides.
const SOON: &str = "2026-03-10T10:05:00Z";
/// Another five minutes later.
const LATER: &str = "2026-03-10T10:10:00Z";
/// The size of a page of SQLite.
const PAGE: usize = 4096;

/// A club in agreement with a state file from one run.
fn settled() -> (Sandbox, Vec<u8>) {
    let sandbox = Sandbox::pinned(12, 2);
    sandbox.sync_at(START, 0);
    let bytes = fs::read(sandbox.state()).unwrap();
    (sandbox, bytes)
}

/// Puts a damaged state file in place and lets a tick go by. The doors must stay as they are.
#[track_caller]
fn harmless(bytes: &[u8], damaged: &[u8]) -> i32 {
    let sandbox = Sandbox::pinned(12, 2).in_memory();
    let before = sandbox.doors();
    fs::write(sandbox.state(), damaged).unwrap();
    fs::write(sandbox.path("ivms-sync.db.lock"), "4711 0\nstate\n").unwrap();
    let said = sandbox.at(SOON, &["sync"]);
    assert_eq!(sandbox.doors(), before, "{said:?}");
    assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
    if said.code == 7 {
        assert!(said.stderr.contains("hint: "), "{}", said.stderr);
        // The remedy works: a copy is put back.
        for side in ["ivms-sync.db-wal", "ivms-sync.db-shm"] {
            let _ = fs::remove_file(sandbox.path(side));
        }
        fs::write(sandbox.state(), bytes).unwrap();
        sandbox.club.renew(3, "2030-11-01");
        let run = sandbox.at(SOON, &["sync", "--json"]).ends(0).json();
        assert_eq!(run["changes"].as_array().unwrap().len(), 2);
    } else {
        is_told_or_right(&sandbox);
    }
    said.code
}

/// A quiet tick has looked at little. The next one that has something to do must tell, or do just that.
#[track_caller]
fn is_told_or_right(sandbox: &Sandbox) {
    let before = sandbox.doors();
    sandbox.clocks(LATER);
    sandbox.club.renew(3, "2030-11-01");
    let said = sandbox.at(LATER, &["sync"]);
    let mut wanted = before.clone();
    // A damaged serial number is a door that is not believed, and that is told.
    let is_doubted = said.code == 4 && said.stderr.contains("another device?");
    if said.code == 0 || is_doubted {
        for person in wanted.iter_mut().flatten().filter(|one| one.employee_no == "1004") {
            person.end = "2030-11-01T23:59:59".to_owned();
        }
    }
    assert!(said.code == 0 || said.code == 7 || is_doubted, "{said:?}");
    for ((door, before), wanted) in sandbox.doors().iter().zip(&before).zip(&wanted) {
        assert!(door == wanted || is_doubted && door == before, "{said:?}");
    }
}

#[test]
fn a_flipped_bit_on_any_page_is_told_or_harmless() {
    let (_sandbox, bytes) = settled();
    assert!(bytes.len() > 20 * PAGE, "{}", bytes.len());
    // Four places of each page: its head, its list of cells, and twice where content is.
    let mut cases = Vec::new();
    for page in 0..bytes.len() / PAGE {
        for place in [3, 10, PAGE / 2 + page % 97, PAGE - 20 - page % 61] {
            cases.push(page * PAGE + place);
        }
    }
    let told = std::sync::atomic::AtomicUsize::new(0);
    each_case(&cases, |place| {
        let mut damaged = bytes.clone();
        damaged[*place] ^= 0x15;
        if harmless(&bytes, &damaged) == 7 {
            told.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        }
    });
    let told = told.into_inner();
    // Pages of tables without rows hold nothing that could be damaged, and a club has none of a town's.
    assert!(told * 6 > cases.len(), "{told} of {} were told", cases.len());
}

#[test]
fn a_changed_value_that_decides_who_may_enter_is_told() {
    for damage in [
        "UPDATE member_role SET ends = ends - 86400 * 400 WHERE member = 1",
        "UPDATE member_role SET begins = begins + 1 WHERE member = 1",
        "DELETE FROM member_role WHERE member = 1",
        "UPDATE member SET inactive = 1 WHERE id = 1",
        "UPDATE member SET email = 'other@club.example' WHERE id = 1",
        "UPDATE member SET missed = 3, missing_since = 0 WHERE id = 1",
        "UPDATE member SET number = 150099 WHERE id = 1",
        "UPDATE link SET employee_no = '1007' WHERE member = 1",
        "UPDATE link SET rule = 'member-number' WHERE member = 1",
        "UPDATE link_row SET employee_no = '9001' WHERE employee_no = '1001'",
        "DELETE FROM link_row WHERE employee_no = '1001'",
    ] {
        let (sandbox, _) = settled();
        let doors = sandbox.doors();
        let state = rusqlite::Connection::open(sandbox.state()).unwrap();
        state.execute_batch(damage).unwrap();
        drop(state);
        sandbox.clear_requests();
        // Something that makes the tick look at everybody.
        sandbox.clocks(SOON);
        sandbox.club.renew(5, "2030-11-01");
        let said = sandbox.at(SOON, &["sync"]).ends(7);
        assert!(said.stderr.contains("does not fit its checksum"), "{damage}: {}", said.stderr);
        assert_eq!(sandbox.doors(), doors);
        assert!(sandbox.club.devices.iter().all(|door| door.requests().is_empty()));
    }
}

#[test]
fn a_file_cut_anywhere_is_told() {
    let (_sandbox, bytes) = settled();
    let mut cuts: Vec<usize> = (1..bytes.len() / PAGE).step_by(2).map(|page| page * PAGE).collect();
    cuts.extend([0, 1, 50, 100, 511, 512, 1000, PAGE + 1]);
    each_case(&cuts, |cut| assert_eq!(harmless(&bytes, &bytes[..*cut]), 7));
    // What is missing of the last page may be unused.
    each_case(&[bytes.len() - PAGE / 2, bytes.len() - 1], |cut| {
        harmless(&bytes, &bytes[..*cut]);
    });
}

/// A tick that was killed when the doors held everything, and all it knew was in the side file.
fn cut_off(scene: &Scene, last: usize) -> Sandbox {
    let mut sandbox = scene.set();
    shim::put_between(&mut sandbox, On::Files, Some((last, Do::Before)));
    assert_eq!(scene.run(&sandbox).code, -1, "it was killed");
    shim::take_away(&mut sandbox);
    sandbox
}

#[test]
fn a_side_file_that_was_cut_or_lost_costs_no_write() {
    let scene = Scene::prepared(Kind::Tick);
    let mut sandbox = scene.set();
    shim::put_between(&mut sandbox, On::Files, None);
    scene.run(&sandbox).ends(0);
    // The first step of the end, when the side file is taken over into the main one.
    let calls = shim::calls(&sandbox);
    let last =
        1 + calls.iter().rposition(|c| c.name == "flush" && c.what.ends_with("-wal")).unwrap();
    let side = |sandbox: &Sandbox| sandbox.path("ivms-sync.db-wal");
    let length = fs::read(side(&cut_off(&scene, last))).unwrap().len();
    assert!(length > 20 * PAGE, "{length}");
    // Every few hundred bytes would take minutes: 40 places, on and off the borders of frames.
    let frame = PAGE + 24;
    let mut cuts: Vec<usize> = (0..20).map(|n| length / 20 * n).collect();
    cuts.extend((0..20).map(|n| (32 + frame * (length / frame / 20 * n)).min(length)));
    each_case(&cuts, |cut| {
        let sandbox = cut_off(&scene, last);
        let bytes = fs::read(side(&sandbox)).unwrap();
        let cut = (*cut).min(bytes.len());
        // Nothing left of it at all is a deleted one.
        if cut == 0 {
            fs::remove_file(side(&sandbox)).unwrap();
        } else {
            fs::write(side(&sandbox), &bytes[..cut]).unwrap();
        }
        let ending = scene.ending(&sandbox);
        let undisturbed = scene.undisturbed.as_ref().unwrap();
        ending.assert_like_but_for_the_log(undisturbed);
    });
}
