//! A state file that is gone, or empty, where there was one: no silent fresh start.

use std::fs;

use rusqlite::Connection;
use serde_json::json;

use super::{LATER, refused};
use crate::support::Sandbox;
use crate::support::pinned::START;

const LOST: &str = "is missing or empty, although runs have used it before";

#[test]
fn a_state_file_that_was_lost_is_not_begun_anew() {
    for is_emptied in [false, true] {
        let sandbox = Sandbox::pinned(10, 1);
        sandbox.sync_at(START, 0);
        let copy = fs::read(sandbox.state()).unwrap();
        if is_emptied {
            fs::write(sandbox.state(), "").unwrap();
        } else {
            fs::remove_file(sandbox.state()).unwrap();
        }
        let said = refused(&sandbox, "lost", LOST);
        assert!(said.stderr.contains("put back a copy"), "{}", said.stderr);
        assert_eq!(sandbox.state().exists(), is_emptied, "nothing is put in its place");
        // Both ways out of the hint.
        if is_emptied {
            fs::write(sandbox.state(), &copy).unwrap();
        } else {
            fs::remove_file(sandbox.path("ivms-sync.db.lock")).unwrap();
        }
        sandbox.club.renew(3, "2030-11-01");
        let run = sandbox.sync_at(LATER, 0);
        let wanted = if is_emptied { "changes" } else { "complete" };
        assert_eq!(run["sources"][0]["listing"], json!(wanted));
        assert_eq!(run["changes"][0]["outcome"], json!("confirmed"));
        sandbox.assert_well_behaved();
    }
}

#[test]
fn changes_that_belong_to_a_lost_file_are_not_thrown_away() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    // Somebody has it open, so that the side file stays.
    let held = Connection::open(sandbox.state()).unwrap();
    let _: i64 = held.query_row("SELECT count(*) FROM member", [], |row| row.get(0)).unwrap();
    sandbox.club.renew(3, "2030-11-01");
    sandbox.sync_at(LATER, 0);
    let side = fs::read(sandbox.path("ivms-sync.db-wal")).unwrap();
    assert!(!side.is_empty());
    let copy = fs::read(sandbox.state()).unwrap();
    drop(held);
    fs::remove_file(sandbox.path("ivms-sync.db.lock")).unwrap();
    fs::write(sandbox.path("ivms-sync.db-wal"), &side).unwrap();
    fs::remove_file(sandbox.state()).unwrap();
    refused(&sandbox, "with its side file", LOST);
    assert!(fs::read(sandbox.path("ivms-sync.db-wal")).unwrap() == side, "left as it is");
    fs::write(sandbox.state(), copy).unwrap();
    let run = sandbox.sync_at("2026-03-10T10:10:00Z", 0);
    assert_eq!(run["changes"], json!([]), "what was in the side file is known");
    sandbox.assert_well_behaved();
}

#[test]
fn a_lock_file_that_says_nothing_is_no_trouble() {
    for text in ["", "4711 0\n", "\u{0}\u{1} no numbers", "4294967296 99999999999999999999\n"] {
        let sandbox = Sandbox::pinned(5, 1);
        sandbox.sync_at(START, 0);
        fs::write(sandbox.path("ivms-sync.db.lock"), text).unwrap();
        sandbox.sync_at(LATER, 0);
        fs::remove_file(sandbox.state()).unwrap();
        refused(&sandbox, "remembered again", LOST);
    }
}

#[test]
fn a_lock_file_that_cannot_be_used_is_told() {
    let sandbox = Sandbox::pinned(5, 1);
    fs::create_dir(sandbox.path("ivms-sync.db.lock")).unwrap();
    let said = sandbox.at(START, &["sync"]).ends(7);
    assert!(said.stderr.contains("has a lock file that is a folder"), "{}", said.stderr);
    assert!(said.stderr.contains("hint: "), "{}", said.stderr);
    assert!(sandbox.club.cardskipper.requests().is_empty());
}

#[cfg(unix)]
#[test]
fn a_state_file_in_a_folder_that_is_a_link_is_the_same_file() {
    let mut sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    std::os::unix::fs::symlink(".", sandbox.path("way")).unwrap();
    let config = sandbox.config();
    sandbox.replace_config(Some(format!("state = \"way/ivms-sync.db\"\n{config}")));
    sandbox.club.renew(3, "2030-11-01");
    let run = sandbox.sync_at(LATER, 0);
    assert_eq!(run["sources"][0]["listing"], json!("changes"), "it is remembered");
    sandbox.assert_well_behaved();
}

/// Catches: the path looked at through links; a dangling one taken for a file that was lost or is new.
#[cfg(unix)]
#[test]
fn a_state_file_that_is_a_link_is_refused() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    fs::rename(sandbox.state(), sandbox.path("real.db")).unwrap();
    let before = fs::read(sandbox.path("real.db")).unwrap();
    std::os::unix::fs::symlink("real.db", sandbox.state()).unwrap();
    refused(&sandbox, "a link", "is a symbolic link");
    assert!(fs::read(sandbox.path("real.db")).unwrap() == before);
    assert!(!sandbox.path("real.db.lock").exists());
    fs::remove_file(sandbox.path("real.db")).unwrap();
    refused(&sandbox, "a link to nothing", "is a symbolic link");
    assert!(!sandbox.path("real.db").exists());
    sandbox.assert_well_behaved();
}

#[test]
fn a_copy_beside_the_side_file_of_another_is_a_mixture_and_told() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    sandbox.sync_at("2026-03-10T10:01:00Z", 0);
    let copy = fs::read(sandbox.state()).unwrap();
    assert_eq!(fs::metadata(sandbox.path("ivms-sync.db-wal")).map_or(0, |file| file.len()), 0);
    sandbox.club.renew(3, "2030-11-01");
    let run = sandbox.sync_at("2026-03-10T10:02:00Z", 0);
    assert_eq!(run["changes"][0]["outcome"], json!("confirmed"));
    // Quiet ticks, whose side file stays.
    sandbox.sync_at("2026-03-10T10:03:00Z", 0);
    sandbox.sync_at("2026-03-10T10:04:00Z", 0);
    let side = fs::read(sandbox.path("ivms-sync.db-wal")).unwrap();
    assert!(!side.is_empty());
    let good = fs::read(sandbox.state()).unwrap();
    fs::write(sandbox.state(), &copy).unwrap();
    let said = refused(&sandbox, "a mixture", "parts of it are of different times");
    assert!(said.stderr.contains("in place of it and its -wal file"), "{}", said.stderr);
    // Both ways out: what was there, or the copy alone.
    fs::write(sandbox.path("ivms-sync.db-wal"), &side).unwrap();
    fs::write(sandbox.state(), &good).unwrap();
    assert_eq!(sandbox.sync_at(LATER, 0)["changes"], json!([]));
    let _ = fs::remove_file(sandbox.path("ivms-sync.db-wal"));
    fs::write(sandbox.state(), &copy).unwrap();
    let doors = sandbox.doors();
    sandbox.sync_at("2026-03-10T10:06:00Z", 0);
    assert_eq!(sandbox.doors(), doors, "the door held it already");
    sandbox.assert_well_behaved();
}
