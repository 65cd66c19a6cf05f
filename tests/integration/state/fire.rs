//! A disk that is full, broken or read-only, at every step of a run: the run says so and ends with 7,
//! and once there is room again the end is that of a run that nobody disturbed. Nothing that a door
//! had taken is sent again, nothing is forgotten.

use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::kill::scene::{Kind, Scene};
use crate::kill::shim::{self, Call, Do, On};
use crate::support::{Said, Sandbox};

/// Runs every case on two threads and names those that failed.
pub fn each_case<C: Sync + std::fmt::Debug>(cases: &[C], check: impl Fn(&C) + Sync) {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    if std::panic::catch_unwind(AssertUnwindSafe(|| check(case))).is_err() {
                        failed.lock().unwrap().push(format!("{case:?}"));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {} cases: {failed:#?}", failed.len(), cases.len());
}

/// The calls that a run makes.
fn calls(scene: &Scene, on: On) -> Vec<Call> {
    let mut sandbox = scene.set();
    shim::put_between(&mut sandbox, on, None);
    scene.run(&sandbox).ends(0);
    shim::calls(&sandbox)
}

/// The run says what is wrong with which file and what to do.
#[track_caller]
fn is_told(said: &Said) {
    assert_eq!(said.code, 7, "{said:?}");
    assert_eq!(said.stdout, "");
    assert!(said.stderr.contains("ivms-sync.db"), "{}", said.stderr);
    assert!(said.stderr.contains("hint: "), "{}", said.stderr);
    assert!(!said.stderr.contains("panicked"), "{}", said.stderr);
}

/// Lets the disk fail from the n-th call on, and then be well again; gives what the run said.
fn fails_from(scene: &Scene, on: On, number: usize, how: Do) -> Said {
    let mut sandbox = scene.set();
    shim::put_between(&mut sandbox, on, Some((number, how)));
    let said = scene.run(&sandbox);
    shim::take_away(&mut sandbox);
    let ending = scene.ending(&sandbox);
    let undisturbed = scene.undisturbed.as_ref().unwrap();
    ending.assert_like(undisturbed);
    said
}

#[track_caller]
fn every_call(kind: Kind, on: On, how: Do, is_met: fn(&Call) -> bool, every: usize) {
    let scene = Scene::prepared(kind);
    let calls = calls(&scene, on);
    let met: Vec<usize> = (1..=calls.len()).filter(|n| is_met(&calls[n - 1])).collect();
    let cases: Vec<usize> = met.iter().copied().step_by(every).collect();
    assert!(cases.len() > 15, "{calls:?}");
    let told = AtomicUsize::new(0);
    each_case(&cases, |number| {
        let said = fails_from(&scene, on, *number, how);
        // When all is recorded, a last step that tidies up may fail unseen: the next run does it.
        if said.code != 0 {
            is_told(&said);
            told.fetch_add(1, Ordering::SeqCst);
        }
    });
    let told = told.into_inner();
    assert!(told * 2 >= cases.len(), "{told} of {} said so", cases.len());
}

#[test]
fn the_disk_is_full_at_any_step_of_a_tick() {
    every_call(Kind::Tick, On::Files, Do::Full, |call| call.name == "write", 1);
}

#[test]
fn the_disk_is_full_at_any_step_of_a_first_run() {
    let is_met = |call: &Call| call.name == "write" || call.name == "make";
    every_call(Kind::FirstRun, On::Files, Do::Full, is_met, 4);
}

#[test]
fn the_disk_breaks_at_any_step_of_a_tick() {
    every_call(Kind::Tick, On::Files, Do::Broken, |_| true, 2);
}

#[test]
fn the_disk_cannot_be_read_from_any_step_of_a_tick_on() {
    every_call(Kind::Tick, On::Reads, Do::Broken, |_| true, 2);
}

#[test]
fn on_a_read_only_file_system_nothing_is_done() {
    let scene = Scene::prepared(Kind::Tick);
    let mut sandbox = scene.set();
    let doors = sandbox.doors();
    shim::put_between(&mut sandbox, On::Files, Some((1, Do::ReadOnly)));
    is_told(&scene.run(&sandbox));
    assert_eq!(sandbox.doors(), doors);
    assert!(sandbox.club.cardskipper.requests().is_empty(), "nobody is asked");
    shim::take_away(&mut sandbox);
    scene.ending(&sandbox);
    let mut fresh = Sandbox::pinned(5, 1);
    shim::put_between(&mut fresh, On::Files, Some((1, Do::ReadOnly)));
    is_told(&fresh.run(&["sync"]));
    is_told(&fresh.run(&["diff"]));
}
