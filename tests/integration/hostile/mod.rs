//! Everything that hostile or broken systems and files can do, against the real binary in bounded
//! memory: the run ends by itself, says what is wrong and with whom, writes nothing anywhere, keeps
//! what it knew, and the next good answer is carried out.

#![cfg(unix)]

mod bodies;
mod doors;
mod files;
mod heads;
mod outputs;
mod slow;
mod tls;
mod words;

use std::process::Stdio;
use std::time::Duration;

use assert_cmd::Command;
use ivms_sync_simulators::http::FaultRule;
use serde_json::{Value, json};

use crate::support::pinned::START;
use crate::support::{Said, Sandbox, each};

/// When the hostile answers come.
const LATER: &str = "2026-03-10T10:05:00Z";
/// When all is well again: after every back-off, before every complete listing is due.
const WELL: &str = "2026-03-10T10:50:00Z";
/// The tick after that.
const AFTER: &str = "2026-03-10T10:55:00Z";

/// Memory for a run in which a door is hostile, in megabytes: the stacks of its threads, and an
/// answer of at most 8 MB with its tree.
const DOOR_MB: u32 = 160;
/// Memory for a run in which Cardskipper is hostile: an answer may have 256 MB.
const CLUB_MB: u32 = 420;

impl Sandbox {
    /// Runs the binary with so much memory for data and no more. A process that asks for more dies,
    /// which no test takes for an exit code.
    fn limited(&self, megabytes: u32, now: &str, arguments: &[&str]) -> Said {
        self.clocks(now);
        self.club.begin_run();
        std::fs::write(self.path("ivms-sync.toml"), self.config()).unwrap();
        let mut command = Command::new("/bin/sh");
        let script = format!("ulimit -d {}; exec \"$0\" \"$@\"", megabytes * 1024);
        command.args(["-c", &script, env!("CARGO_BIN_EXE_ivms-sync")]).args(arguments);
        command.env_clear().envs(self.passwords.iter().cloned());
        command.env("IVMS_SYNC_TEST_NOW", now).current_dir(self.folder.path());
        crate::support::said(command.timeout(Duration::from_secs(180)))
    }

    /// Starts the binary with a pipe as standard input that nobody writes to.
    fn waiting(&self, arguments: &[&str]) -> Said {
        std::fs::write(self.path("ivms-sync.toml"), self.config()).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_ivms-sync"));
        command.env_clear().envs(self.passwords.iter().cloned()).stdin(Stdio::piped());
        command.current_dir(self.folder.path()).args(arguments);
        crate::support::said(Command::from_std(command).timeout(Duration::from_secs(60)))
    }
}

/// A club in sync, with a renewal and an inactivation that wait for the next good answer.
fn with_news() -> Sandbox {
    let sandbox = Sandbox::pinned(20, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.club.inactivate(4);
    sandbox
}

/// Everything that was said about trouble.
fn told(document: &Value) -> String {
    document["problems"].to_string()
}

/// No character of the output steers a terminal, turns the writing, or hides.
#[track_caller]
fn assert_inert(said: &Said, what: &str) {
    for text in [&said.stdout, &said.stderr] {
        let steers = |c: char| {
            (c.is_control() && c != '\n')
                || matches!(u32::from(c), 0xad | 0x61c | 0x180e | 0x200b | 0x200e | 0x200f
                    | 0x2028..=0x202e | 0x2060..=0x206f | 0xfeff | 0xfff9..=0xfffb | 0xe0000..=0xe007f)
        };
        let found = text.char_indices().find(|(_, c)| steers(*c));
        assert_eq!(found, None, "{what}: {:?}", text);
    }
}

/// One complete tick with a hostile Cardskipper: code 5, told with these words, nothing written,
/// nothing forgotten.
#[track_caller]
fn club_is_refused(sandbox: &Sandbox, what: &str, fault: impl Into<FaultRule>, words: &str) {
    let kept = ["source", "member", "member_role", "person", "link", "link_row", "change"];
    let (doors, rows) = (sandbox.doors(), sandbox.rows());
    sandbox.club.cardskipper.fault(fault.into().on("/Member/Export"));
    let said = sandbox.limited(CLUB_MB, LATER, &["sync", "--full", "--json"]);
    sandbox.club.cardskipper.clear_faults();
    assert_eq!(said.code, 5, "{what}: {said:?}");
    assert_inert(&said, what);
    let run = said.json();
    assert_eq!(run["sources"][0]["accepted"], false, "{what}");
    assert_eq!(run["changes"], json!([]), "{what}");
    assert!(told(&run).contains(words), "{what}: {}", told(&run));
    assert!(told(&run).contains("club"), "{what} names the organisation: {}", told(&run));
    assert_eq!(sandbox.doors(), doors, "{what}");
    assert!(sandbox.club.devices[0].writes().is_empty(), "{what}");
    let after = sandbox.rows();
    for table in kept {
        assert_eq!(after[table], rows[table], "{what}: {table}");
    }
}

/// The next good tick gives, and the one after it takes away: what was refused was no look.
#[track_caller]
fn goes_on(sandbox: &Sandbox) {
    let run = sandbox.full_at(WELL, 0);
    assert_eq!(each(&run, "changes", "employee_no"), ["1004", "1005"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "planned"]);
    assert_eq!(each(&run, "changes", "blocked_by"), ["null", "second-look"]);
    let run = sandbox.sync_at(AFTER, 0);
    assert_eq!(each(&run, "changes", "employee_no"), ["1005"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    sandbox.assert_well_behaved();
}

/// The next good tick carries the news out, of which Cardskipper has told before.
#[track_caller]
fn catches_up(sandbox: &Sandbox) {
    let run = sandbox.full_at(WELL, 0);
    assert_eq!(each(&run, "changes", "employee_no"), ["1004", "1005"]);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
    sandbox.assert_well_behaved();
}

/// One complete tick with a hostile door: the door is told as unreachable with these words, nothing
/// is written, and the next good tick catches up.
#[track_caller]
fn door_is_refused(what: &str, fault: impl Into<FaultRule>, words: &str) {
    let sandbox = with_news();
    let door = &sandbox.club.devices[0];
    let before = sandbox.doors();
    door.fault(fault);
    let said = sandbox.limited(DOOR_MB, LATER, &["sync", "--full", "--json"]);
    door.clear_faults();
    assert_eq!(said.code, 5, "{what}: {said:?}");
    assert_inert(&said, what);
    let run = said.json();
    assert_eq!(each(&run, "devices", "outcome"), ["unreachable"], "{what}");
    assert!(told(&run).contains("door1"), "{what} names the door: {}", told(&run));
    assert!(told(&run).contains(words), "{what}: {}", told(&run));
    assert!(door.writes().is_empty(), "{what}");
    assert_eq!(sandbox.doors(), before, "{what}");
    catches_up(&sandbox);
}

/// Runs one story after the other on as many threads as there are processors.
fn side_by_side<C: Send>(cases: Vec<C>, story: impl Fn(C) + Sync) {
    let cases = std::sync::Mutex::new(cases.into_iter());
    std::thread::scope(|threads| {
        for _ in 0..std::thread::available_parallelism().map_or(2, Into::into) {
            threads.spawn(|| {
                loop {
                    let next = cases.lock().unwrap_or_else(|broken| broken.into_inner()).next();
                    let Some(case) = next else { break };
                    story(case);
                }
            });
        }
    });
}

/// The limit of memory bites: without it, the bounds below would show nothing.
#[test]
fn a_run_without_memory_does_not_pass_for_one_that_ends() {
    let sandbox = Sandbox::pinned(3, 1);
    let said = sandbox.limited(1, LATER, &["sync"]);
    assert!(![0, 3, 4, 5].contains(&said.code), "{said:?}");
    sandbox.limited(DOOR_MB, LATER, &["sync"]).ends(0);
}
