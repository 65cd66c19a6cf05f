//! The real process is killed (SIGKILL) at every step on the state file and on the network, and each
//! time the end must be that of a run that nobody disturbed: the same persons on the doors and the
//! same memory, no write repeated that had taken, every write in the audit log, no intent left open.
//!
//! Steps on files and half requests: a small library between the program and the system (`shim.c`).
//! Steps on the network: the simulators kill the process, so that it is certain whether a door had
//! taken the write. Two more ticks follow, as the schedule would make them.

mod documents;
pub mod scene;
pub mod shim;
mod signals;
mod table;

use std::os::unix::process::ExitStatusExt as _;
use std::panic::AssertUnwindSafe;
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ivms_sync_simulators::http::{HttpServer, Moment};

use crate::support::Sandbox;
use scene::{Kind, Scene};
use shim::{Do, On};

/// Cases run side by side.
const WORKERS: usize = 2;

/// Where a run is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// At the n-th call that the shim counts.
    Call(On, usize, Do),
    /// At the n-th request, at this moment of it.
    Request(usize, Moment),
}

impl Step {
    /// As in the README of the tests.
    fn words(self) -> &'static str {
        match self {
            Self::Call(On::Files, _, Do::Before) => "before each step on the state file",
            Self::Call(On::Files, _, Do::Half) => "halfway through a write to the state file",
            Self::Call(On::Files, ..) => "after each flush of the state file",
            Self::Call(..) => "halfway through each request",
            Self::Request(_, Moment::Arrived) => "request arrived in part, nothing done",
            Self::Request(_, Moment::Read) => "request arrived whole, nothing done",
            Self::Request(_, Moment::CarriedOut) => "request carried out, not answered",
            Self::Request(_, Moment::HalfAnswered) => "request carried out, half answered",
            Self::Request(_, Moment::Answered) => "request carried out and answered",
        }
    }

    fn is_on_the_network(self) -> bool {
        !matches!(self, Self::Call(On::Files | On::Reads, ..))
    }
}

fn servers(sandbox: &Sandbox) -> Vec<&HttpServer> {
    let mut servers: Vec<&HttpServer> = vec![&sandbox.club.cardskipper];
    servers.extend(sandbox.club.devices.iter().map(|device| -> &HttpServer { device }));
    servers.extend(sandbox.platform.iter().map(|platform| -> &HttpServer { platform }));
    servers.extend(sandbox.camera.iter().map(|camera| -> &HttpServer { camera }));
    servers
}

/// Starts the run and waits for its end; the simulators call `at` with the number of each moment.
fn run(scene: &Scene, sandbox: &Sandbox, kill_at: Option<(usize, Moment)>) -> (bool, [usize; 5]) {
    let victim: Arc<Mutex<Option<Child>>> = Arc::default();
    let seen: Arc<[AtomicUsize; 5]> = Arc::default();
    for server in servers(sandbox) {
        let (victim, seen) = (Arc::clone(&victim), Arc::clone(&seen));
        server.watch(Some(Arc::new(move |moment| {
            let number = seen[moment as usize].fetch_add(1, Ordering::SeqCst) + 1;
            if kill_at != Some((number, moment)) {
                return true;
            }
            let mut victim = victim.lock().unwrap();
            let child = victim.as_mut().unwrap();
            child.kill().unwrap();
            child.wait().unwrap();
            false
        })));
    }
    // The simulators wait for the lock until the process is known.
    let mut slot = victim.lock().unwrap();
    *slot = Some(scene.start(sandbox));
    drop(slot);
    let status = loop {
        if let Some(status) = victim.lock().unwrap().as_mut().unwrap().try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    for server in servers(sandbox) {
        server.settle();
        server.watch(None);
    }
    let was_killed = status.signal() == Some(9);
    assert!(was_killed || status.success(), "{status}: {:?}", victim.lock().unwrap());
    (was_killed, std::array::from_fn(|place| seen[place].load(Ordering::SeqCst)))
}

/// Kills a run at this step, if it comes so far, and compares the end; says whether it was killed.
fn survives(scene: &Scene, step: Step) -> bool {
    let mut sandbox = scene.set();
    let was_killed = match step {
        Step::Call(on, number, what) => {
            shim::put_between(&mut sandbox, on, Some((number, what)));
            let (was_killed, _) = run(scene, &sandbox, None);
            shim::take_away(&mut sandbox);
            was_killed
        }
        Step::Request(number, moment) => run(scene, &sandbox, Some((number, moment))).0,
    };
    let ending = scene.ending(&sandbox);
    let undisturbed = scene.undisturbed.as_ref().unwrap();
    ending.assert_like(undisturbed);
    was_killed
}

/// Every step of a run.
fn steps(scene: &Scene) -> Vec<Step> {
    let mut steps = Vec::new();
    // Rows of a gate are written one like the other.
    let is_sampled = |number: usize| !scene.kind.is_of_gates() || number.is_multiple_of(4);
    let mut sandbox = scene.set();
    shim::put_between(&mut sandbox, On::Files, None);
    let (_, moments) = run(scene, &sandbox, None);
    let calls = shim::calls(&sandbox);
    assert!(calls.iter().any(|call| call.name == "flush"), "the shim works: {calls:?}");
    for (place, call) in calls.iter().enumerate() {
        let number = place + 1;
        let is_thinned = match scene.kind {
            Kind::Batches | Kind::Platform => place % 3 != 0,
            _ => !is_sampled(place / 2),
        };
        if !is_thinned {
            steps.push(Step::Call(On::Files, number, Do::Before));
        }
        match call.name.as_str() {
            "write" if place % 3 == 1 => steps.push(Step::Call(On::Files, number, Do::Half)),
            "flush" if is_sampled(place) => steps.push(Step::Call(On::Files, number, Do::After)),
            _ => {}
        }
    }
    let mut sandbox = scene.set();
    shim::put_between(&mut sandbox, On::Net, None);
    run(scene, &sandbox, None);
    for (place, call) in shim::calls(&sandbox).iter().enumerate() {
        if call.name == "send" && scene.kind != Kind::Batches && is_sampled(place) {
            steps.push(Step::Call(On::Net, place + 1, Do::Half));
        }
    }
    for moment in Moment::ALL {
        for number in 1..=moments[moment as usize] {
            // After the answer a gate's row is there, and not yet recorded.
            let is_sure = matches!(moment, Moment::Read | Moment::CarriedOut)
                || scene.kind.is_of_gates() && moment == Moment::Answered;
            if is_sure || scene.kind != Kind::Batches && is_sampled(number) {
                steps.push(Step::Request(number, moment));
            }
        }
    }
    steps
}

#[test]
fn killed_anywhere_the_end_is_that_of_an_undisturbed_run() {
    comes_to_the_same_end(&Kind::OF_DEVICES);
}

/// Between written, applied and in force at the doors nothing is lost either.
#[test]
fn killed_anywhere_what_was_written_to_a_platform_comes_in_force() {
    comes_to_the_same_end(&[Kind::Platform]);
}

/// Rows of a gate are announced, written and read back one by one.
#[test]
fn killed_anywhere_a_gate_has_the_same_rows() {
    comes_to_the_same_end(&Kind::OF_GATES);
}

fn comes_to_the_same_end(kinds: &[Kind]) {
    let scenes: Vec<Scene> = kinds.iter().copied().map(Scene::prepared).collect();
    let cases: Vec<(&Scene, Step)> =
        scenes.iter().flat_map(|s| steps(s).into_iter().map(move |step| (s, step))).collect();
    let next = AtomicUsize::new(0);
    let tried: Mutex<Vec<(Kind, Step)>> = Mutex::default();
    let (killed, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|threads| {
        for _ in 0..WORKERS {
            threads.spawn(|| {
                while let Some((scene, step)) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    match std::panic::catch_unwind(AssertUnwindSafe(|| survives(scene, *step))) {
                        Ok(was_killed) => {
                            killed.fetch_add(usize::from(was_killed), Ordering::SeqCst);
                            tried.lock().unwrap().push((scene.kind, *step));
                        }
                        Err(_) => failed.lock().unwrap().push(format!("{:?} {step:?}", scene.kind)),
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {} cases: {failed:#?}", failed.len(), cases.len());
    let killed = killed.into_inner();
    // Two doors are served side by side, so the last steps of a run can have other numbers.
    assert!(killed * 20 >= cases.len() * 19, "only {killed} of {} were killed", cases.len());
    table::check(&tried.into_inner().unwrap(), killed);
}
