//! SIGINT and SIGTERM in bad moments. The usual ones are in `commands/runs.rs`.

use std::process::Child;
use std::time::Duration;

use ivms_sync_simulators::http::Fault;

use super::scene::{Kind, Scene};
use crate::support::state::count;
use crate::support::{Sandbox, finish};

/// Waits until so many writes have reached the doors.
fn wait_for_writes(sandbox: &Sandbox, wanted: usize) {
    let sent = || sandbox.club.devices.iter().map(|door| door.writes().len()).sum::<usize>();
    for _ in 0..20_000 {
        if sent() >= wanted {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("{} writes", sent());
}

fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

/// Lets the doors be quick again, and the schedule go on.
fn comes_to_the_same_end(scene: &Scene, sandbox: &Sandbox) {
    for door in &sandbox.club.devices {
        door.clear_faults();
        door.settle();
    }
    scene.ending(sandbox).assert_like(scene.undisturbed.as_ref().unwrap());
}

#[test]
fn more_signals_do_no_harm() {
    let scene = Scene::prepared(Kind::Plan);
    // Of two different ones, the run ends with whichever it heard of when it stopped.
    let cases: [([&str; 3], &[i32]); 3] =
        [(["-TERM"; 3], &[143]), (["-INT"; 3], &[130]), (["-INT", "-INT", "-TERM"], &[130, 143])];
    for (names, codes) in cases {
        let sandbox = scene.set();
        for door in &sandbox.club.devices {
            let slow = Fault::Delay(Duration::from_millis(700));
            door.fault(slow.on("UserInfo/Modify").authenticated());
        }
        let child = scene.start(&sandbox);
        wait_for_writes(&sandbox, 2);
        names.iter().for_each(|name| signal(&child, name));
        let said = finish(child);
        assert!(codes.contains(&said.code), "{names:?}: {said:?}");
        assert!(said.stderr.contains("interrupted"), "{}", said.stderr);
        let state = sandbox.state();
        assert_eq!(count(&state, "SELECT count(*) FROM intent"), 0, "the journal is closed");
        let ended = "SELECT exit_code FROM run ORDER BY id DESC LIMIT 1";
        assert_eq!(count(&state, ended), i64::from(said.code));
        comes_to_the_same_end(&scene, &sandbox);
    }
}

/// A door takes the first change and then says nothing for a minute. The run does not wait for it:
/// the change stays announced, and the next run asks the door before anything else.
#[test]
fn a_door_that_hangs_does_not_keep_an_interrupted_run() {
    let scene = Scene::prepared(Kind::Plan);
    for (name, code) in [("-TERM", 143), ("-INT", 130)] {
        let sandbox = scene.set();
        for door in &sandbox.club.devices {
            let hangs = Fault::Delay(Duration::from_secs(60));
            door.fault(hangs.on("UserInfo/Modify").authenticated());
        }
        let child = scene.start(&sandbox);
        wait_for_writes(&sandbox, 2);
        signal(&child, name);
        let said = finish(child).ends(code);
        assert!(said.stderr.contains("while a door did not answer"), "{}", said.stderr);
        assert!(said.stderr.contains("hint: the next run asks the door"), "{}", said.stderr);
        let open = count(&sandbox.state(), "SELECT count(*) FROM intent");
        assert_eq!(open, 2, "one on each door");
        comes_to_the_same_end(&scene, &sandbox);
    }
}
