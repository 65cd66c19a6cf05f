//! The state file: what it survives, and when it is refused.

mod busy;
#[cfg(target_os = "linux")]
mod damage;
#[cfg(target_os = "linux")]
mod fire;
mod hosts;
mod lost;

use std::fs;

use rusqlite::Connection;
use serde_json::json;

use crate::support::pinned::START;
use crate::support::{Said, Sandbox, each};

const LATER: &str = "2026-03-10T10:05:00Z";

/// Runs every command against a state file that cannot be used.
#[track_caller]
fn refused(sandbox: &Sandbox, what: &str, words: &str) -> Said {
    let doors = sandbox.doors();
    sandbox.clear_requests();
    let mut last = None;
    for arguments in [
        &["lookup", "150004"][..],
        &["lookup", "150004", "--offline"],
        &["diff"],
        &["apply", "--blocked", "00000000"],
        &["sync", "--json"],
        &["sync"],
    ] {
        let said = sandbox.at(LATER, arguments);
        assert_eq!(said.code, 7, "{what} {arguments:?}: {said:?}");
        if arguments.contains(&"--json") {
            assert_eq!(said.json()["problems"][0]["about"], "state file", "{what}");
        } else {
            assert_eq!(said.stdout, "", "{what} {arguments:?}");
        }
        assert!(said.stderr.contains("ivms-sync.db"), "names the file: {}", said.stderr);
        assert!(said.stderr.contains(words), "{what}: {}", said.stderr);
        assert!(said.stderr.contains("hint: "), "{what}: {}", said.stderr);
        last = Some(said);
    }
    assert!(sandbox.club.cardskipper.requests().is_empty(), "{what}: nobody is asked");
    assert!(sandbox.club.devices.iter().all(|device| device.requests().is_empty()), "{what}");
    assert_eq!(sandbox.doors(), doors, "{what}");
    last.unwrap()
}

#[test]
fn a_state_file_of_a_newer_version_is_refused_and_left_as_it_is() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let version: i64 = {
        let connection = Connection::open(sandbox.state()).unwrap();
        let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
        connection.pragma_update(None, "user_version", version + 1).unwrap();
        version
    };
    let before = fs::read(sandbox.state()).unwrap();
    let said = refused(&sandbox, "newer", "newer version of ivms-sync");
    assert!(said.stderr.contains(&format!("format {}", version + 1)), "{}", said.stderr);
    assert!(fs::read(sandbox.state()).unwrap() == before, "not a byte is changed");
    let connection = Connection::open(sandbox.state()).unwrap();
    connection.pragma_update(None, "user_version", version).unwrap();
    drop(connection);
    sandbox.sync_at(LATER, 0);
    sandbox.assert_well_behaved();
}

#[test]
fn a_file_that_is_no_state_file_is_refused_and_left_as_it_is() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let good = fs::read(sandbox.state()).unwrap();
    let cut = good[..good.len() / 2].to_vec();
    let mut scrambled = good.clone();
    for byte in &mut scrambled[5000..20_000] {
        *byte = byte.wrapping_mul(31).wrapping_add(7);
    }
    for (what, bytes) in [
        ("text", b"this is no database\n".repeat(500)),
        ("cut in half", cut),
        ("scrambled pages", scrambled),
    ] {
        remove_side_files(&sandbox);
        fs::write(sandbox.state(), &bytes).unwrap();
        refused(&sandbox, what, "is damaged");
        assert!(fs::read(sandbox.state()).unwrap() == bytes, "{what}: left for whoever looks");
    }
    // A database, but somebody else's.
    remove_side_files(&sandbox);
    fs::remove_file(sandbox.state()).unwrap();
    let other = Connection::open(sandbox.state()).unwrap();
    other
        .execute_batch("CREATE TABLE member (name TEXT); INSERT INTO member VALUES ('A')")
        .unwrap();
    drop(other);
    let bytes = fs::read(sandbox.state()).unwrap();
    refused(&sandbox, "another program's", "is a database of another program");
    assert!(fs::read(sandbox.state()).unwrap() == bytes);

    // Moved away, as the hint says: both sides are read again, and the doors stay as they are.
    let doors = sandbox.doors();
    fs::rename(sandbox.state(), sandbox.path("away.db")).unwrap();
    fs::remove_file(sandbox.path("ivms-sync.db.lock")).unwrap();
    let run = sandbox.sync_at(LATER, 0);
    assert_eq!((&run["changes"], &run["sources"][0]["listing"]), (&json!([]), &json!("complete")));
    assert_eq!(sandbox.doors(), doors);
    sandbox.assert_well_behaved();
}

fn remove_side_files(sandbox: &Sandbox) {
    for side in ["ivms-sync.db-wal", "ivms-sync.db-shm"] {
        let _ = fs::remove_file(sandbox.path(side));
    }
}

#[test]
fn a_state_file_that_cannot_be_made_is_refused() {
    let mut sandbox = Sandbox::pinned(5, 1);
    // A folder that is a file: nobody can write there, not even root.
    let config = sandbox.config();
    let state = format!("state = \"persons.csv/ivms-sync.db\"\n{config}");
    sandbox.replace_config(Some(state));
    refused(&sandbox, "below a file", "cannot be used");
    let folder = sandbox.path("ivms-sync.db");
    fs::create_dir(&folder).unwrap();
    sandbox.replace_config(Some(config));
    refused(&sandbox, "a folder", "is a folder");
    sandbox.assert_well_behaved();
}

#[test]
fn an_empty_file_is_a_new_state_file() {
    let sandbox = Sandbox::pinned(5, 1);
    fs::write(sandbox.state(), "").unwrap();
    sandbox.sync_at(START, 0);
    sandbox.assert_well_behaved();
}

#[test]
fn the_folder_of_the_state_file_is_made() {
    let mut sandbox = Sandbox::pinned(5, 1);
    let config = format!("state = \"var/lib/club.db\"\n{}", sandbox.config());
    sandbox.replace_config(Some(config));
    sandbox.sync_at(START, 0);
    assert!(sandbox.path("var/lib/club.db").exists());
    sandbox.assert_well_behaved();
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_the_state_file() {
    use std::os::unix::fs::PermissionsExt as _;

    let sandbox = Sandbox::pinned(5, 1);
    let modes = |sandbox: &Sandbox| {
        let mut modes = Vec::new();
        for entry in fs::read_dir(sandbox.folder.path()).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if name.starts_with("ivms-sync.db") {
                let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
                modes.push(format!("{name} {mode:o}"));
            }
        }
        modes.sort_unstable();
        modes
    };
    sandbox.sync_at(START, 0);
    let expected = ["", ".door1.holder", ".door1.lock", ".holder", ".lock"];
    let expected = expected.map(|suffix| format!("ivms-sync.db{suffix} 600"));
    assert_eq!(modes(&sandbox), expected);
    // Its side files, while somebody has it open, are no different.
    let held = Connection::open(sandbox.state()).unwrap();
    let _: i64 = held.query_row("SELECT count(*) FROM member", [], |row| row.get(0)).unwrap();
    sandbox.club.renew(3, "2030-11-01");
    sandbox.sync_at(LATER, 0);
    let open = modes(&sandbox);
    assert!(open.len() > 3 && open.iter().all(|line| line.ends_with(" 600")), "{open:?}");
    sandbox.assert_well_behaved();
}

#[test]
fn a_reader_does_not_stop_a_run() {
    let sandbox = Sandbox::pinned(5, 1);
    sandbox.sync_at(START, 0);
    let reader = Connection::open(sandbox.state()).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM member;").unwrap();
    let _: i64 = reader.query_row("SELECT count(*) FROM person", [], |row| row.get(0)).unwrap();
    sandbox.club.renew(3, "2030-11-01");
    let run = sandbox.sync_at(LATER, 0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    sandbox.assert_well_behaved();
}

#[test]
fn runs_are_recorded_with_their_ends() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.at(LATER, &["diff", "--out", "plan.json"]).ends(0);
    sandbox.at(LATER, &["apply", "plan.json"]).ends(0);
    sandbox.club.cardskipper.go_offline();
    sandbox.sync_at("2026-03-10T10:10:00Z", 5);
    let connection = crate::support::state::open(&sandbox.state());
    let mut runs = connection
        .prepare("SELECT command || ' ' || exit_code || ' ' || confirmed FROM run ORDER BY id")
        .unwrap();
    let runs: Vec<String> =
        runs.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(runs, ["sync 0 0", "apply 0 1", "sync 5 0"]);
    sandbox.assert_well_behaved();
}
