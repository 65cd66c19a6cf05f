//! Two computers with one state file notice each other.

use rusqlite::Connection;
use serde_json::json;

use super::LATER;
use crate::support::pinned::{START, instant};
use crate::support::state::count;
use crate::support::{Sandbox, each};

/// Makes the last run one of another computer.
fn by_another(sandbox: &Sandbox) {
    let state = Connection::open(sandbox.state()).unwrap();
    let sql =
        "UPDATE run SET machine = 'other', boot = 'other' WHERE id = (SELECT max(id) FROM run)";
    assert_eq!(state.execute(sql, []).unwrap(), 1);
}

/// Linux says which computer it is without being asked by name.
fn is_known(sandbox: &Sandbox) -> bool {
    let known = count(&sandbox.state(), "SELECT count(*) FROM run WHERE boot IS NOT NULL") > 0;
    assert!(known || !cfg!(target_os = "linux"));
    known
}

#[test]
fn a_run_beside_another_computer_s_is_refused_and_ten_minutes_later_takes_over() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    sandbox.at(START, &["diff", "--out", "plan.json"]).ends(0);
    if !is_known(&sandbox) {
        return;
    }
    by_another(&sandbox);
    sandbox.clear_requests();
    for (now, arguments) in [
        (LATER, &["sync"][..]),
        (LATER, &["sync", "--json"]),
        (LATER, &["apply", "plan.json"]),
        ("2026-03-10T10:09:00Z", &["sync"]),
        // The other's clock may be ahead.
        ("2026-03-10T09:55:00Z", &["sync"]),
    ] {
        let said = sandbox.at(now, arguments).ends(7);
        if arguments.contains(&"--json") {
            assert_eq!(said.json()["problems"][0]["about"], "state file");
        } else {
            assert_eq!(said.stdout, "");
        }
        assert!(said.stderr.contains("another computer"), "{}", said.stderr);
        assert!(said.stderr.contains("hint: let one computer write"), "{}", said.stderr);
    }
    assert!(sandbox.club.cardskipper.requests().is_empty());
    assert!(sandbox.club.devices[0].requests().is_empty());
    // Who only looks need not wait.
    sandbox.at(LATER, &["diff"]).ends(0);
    sandbox.at(LATER, &["lookup", "150003"]).ends(0);

    let said = sandbox.at("2026-03-10T10:10:30Z", &["sync", "--json"]).ends(0);
    assert!(said.stderr.contains("this one takes over"), "{}", said.stderr);
    assert_eq!(each(&said.json(), "changes", "outcome"), ["confirmed"]);
    let said = sandbox.at("2026-03-10T10:11:00Z", &["sync"]).ends(0);
    assert_eq!((&*said.stdout, &*said.stderr), ("", ""), "said once");
    sandbox.assert_well_behaved();
}

#[test]
fn of_two_computers_on_one_schedule_only_one_ever_writes() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    if !is_known(&sandbox) {
        return;
    }
    by_another(&sandbox);
    sandbox.club.renew(3, "2030-11-01");
    for tick in [5, 10, 15, 20] {
        // The other one was here a minute ago, and has not ended yet.
        let state = Connection::open(sandbox.state()).unwrap();
        let seen = instant(&format!("2026-03-10T10:{:02}:00Z", tick - 1)).timestamp();
        state.execute("UPDATE run SET started_at = ?1, ended_at = NULL", [seen]).unwrap();
        drop(state);
        sandbox.at(&format!("2026-03-10T10:{tick:02}:00Z"), &["sync"]).ends(7);
    }
    assert!(sandbox.club.devices[0].writes().is_empty());
    assert_eq!(count(&sandbox.state(), "SELECT count(*) FROM run"), 1);
}

#[test]
fn a_computer_that_cannot_be_told_from_others_is_not_refused() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    let state = Connection::open(sandbox.state()).unwrap();
    // A file from before computers were told apart.
    state.execute("UPDATE run SET machine = NULL, boot = NULL", []).unwrap();
    drop(state);
    assert_eq!(sandbox.sync_at(LATER, 0)["changes"], json!([]));
}

#[test]
fn another_container_on_the_same_computer_is_the_same() {
    let sandbox = Sandbox::pinned(10, 1);
    sandbox.sync_at(START, 0);
    for column in ["machine", "boot"] {
        // Only one of the two is the same: a new image, or a new start.
        let state = Connection::open(sandbox.state()).unwrap();
        state.execute(&format!("UPDATE run SET {column} = 'other'"), []).unwrap();
        let other = if column == "machine" { "boot" } else { "machine" };
        let has_other: i64 = state
            .query_row(&format!("SELECT count({other}) FROM run"), [], |row| row.get(0))
            .unwrap();
        drop(state);
        if has_other > 0 {
            sandbox.sync_at(LATER, 0);
        }
    }
    sandbox.assert_well_behaved();
}
