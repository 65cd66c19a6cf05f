//! What `check` can say about the file.

use std::fs;

use super::*;
use crate::engine::plan::{Cause, Kind};
use crate::store::health::{Health, Severity};

/// A file with something of everything in it, from a run that ended.
fn used() -> Sandbox {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    let run = store.journal().begin_run("sync", at(0)).unwrap();
    let members: Vec<_> = (1..200).map(member).collect();
    list_members(&store, &members);
    read_door(&store, (1..200).map(|number| person(&number.to_string())));
    store.journal().end_run(run, at(1), &RunEnd::default()).unwrap();
    sandbox
}

/// The worst thing found, with its words.
fn worst(sandbox: &Sandbox) -> (Severity, String) {
    let health = Health::examine(&sandbox.path());
    let finding = health.findings.first().unwrap_or_else(|| panic!("{health:?}"));
    assert!(!finding.remedy.is_empty(), "{finding:?}");
    (finding.severity, finding.text.clone())
}

#[test]
fn a_sound_file() {
    let sandbox = used();
    let health = Health::examine(&sandbox.path());
    assert_eq!(health.findings, [], "sound");
    assert!(health.exists);
    assert_eq!(health.version, Some(schema::FORMAT));
    assert_eq!(health.size, fs::metadata(sandbox.path()).unwrap().len());
    assert_eq!(health.open_intents, 0);
    let last = health.last_run.unwrap();
    assert_eq!((last.command.as_str(), last.began, last.ended), ("sync", at(0), Some(at(1))));
    assert_eq!(last.exit_code, Some(0));
    assert!(cfg!(not(unix)) || health.mode == Some(0o600));
}

#[test]
fn no_file_yet_is_no_finding_and_none_is_made() {
    let sandbox = Sandbox::new();
    let health = Health::examine(&sandbox.path());
    assert_eq!(health, Health::default());
    assert!(!sandbox.path().exists());
}

#[test]
fn looking_changes_nothing() {
    let sandbox = used();
    let before = fs::read(sandbox.path()).unwrap();
    assert!(Health::examine(&sandbox.path()).exists);
    assert!(fs::read(sandbox.path()).unwrap() == before);
    let store = sandbox.open();
    // While a run is at work, too.
    store.journal().begin_run("sync", at(5)).unwrap();
    let health = Health::examine(&sandbox.path());
    assert_eq!(health.findings, []);
    let last = health.last_run.unwrap();
    assert_eq!((last.began, last.ended, last.exit_code), (at(5), None, None));
    assert!(health.size > before.len() as u64, "with what waits in the side file");
}

#[test]
fn what_no_run_can_use() {
    let sandbox = used();
    let good = fs::read(sandbox.path()).unwrap();
    let mut overwritten = good.clone();
    for page in (1..good.len() / 4096).step_by(3) {
        overwritten[page * 4096..page * 4096 + 64].fill(0x5a);
    }
    for (bytes, words) in [
        (overwritten, "is damaged"),
        (good[..good.len() / 2].to_vec(), "is damaged"),
        (b"no database at all, but long enough to be one".repeat(100), "is damaged"),
    ] {
        fs::write(sandbox.path(), bytes).unwrap();
        let (severity, text) = worst(&sandbox);
        assert_eq!(severity, Severity::Failed);
        assert!(text.contains(words), "{text}");
    }
    for (sql, words) in [
        ("PRAGMA user_version = 99", "newer version"),
        ("UPDATE member_role SET ends = ends + 1 WHERE member = 7", "does not fit its checksum"),
        ("UPDATE member SET holder = ' ' WHERE id = 7", "is not a member"),
        (
            "PRAGMA foreign_keys = OFF; UPDATE member_role SET member = 4711 WHERE member = 7",
            "3 rows of member_role belong to nothing",
        ),
        (
            "INSERT INTO door_roles VALUES ('front-door', 'club', '1,x')",
            "is not a list of role ids",
        ),
        (
            "UPDATE device SET failures = 1, failed_at = 99999999999999",
            "99999999999999 is not an instant",
        ),
        (
            "UPDATE device SET unproven_version = 'V1', unconfirmed = 1, unconfirmed_at = 99999999999999",
            "99999999999999 is not an instant",
        ),
        (
            "UPDATE device SET version = 'V1';
             INSERT INTO read_back VALUES ('front-door', '1', 2, 1, 1, 2, 'V1', 1)",
            "after it ends",
        ),
        (
            "INSERT INTO waiting VALUES
             ('front-door', '1', 'club', '1', 'gift', 1, 1, 2, NULL, NULL, 0, NULL)",
            "gift is not a kind of change",
        ),
        (
            "INSERT INTO waiting VALUES
             ('front-door', '1', 'club', '1', 'grant', 1, 1, 2, NULL, NULL, 0, 99999999999999)",
            "99999999999999 is not an instant",
        ),
        (
            "INSERT INTO attention VALUES ('odd', NULL, NULL, 'club', '1', '', NULL, 0)",
            "odd is not a kind of attention",
        ),
        (
            "INSERT INTO link_file VALUES ('x.csv', '', 0, NULL);
             INSERT INTO link_row_left_out VALUES ('x.csv', 1, 'odd', '', NULL, '', NULL)",
            "odd is not why a row was left out",
        ),
    ] {
        fs::write(sandbox.path(), &good).unwrap();
        Connection::open(sandbox.path()).unwrap().execute_batch(sql).unwrap();
        let (severity, text) = worst(&sandbox);
        assert_eq!(severity, Severity::Failed);
        assert!(text.contains(words), "{text}");
    }
    fs::remove_file(sandbox.path()).unwrap();
    Connection::open(sandbox.path()).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    assert!(worst(&sandbox).1.contains("another program"));
    fs::remove_file(sandbox.path()).unwrap();
    fs::write(lock::beside(&sandbox.path(), ".lock"), "1 1\nstate\n").unwrap();
    assert!(worst(&sandbox).1.contains("is missing or empty"));
    fs::create_dir(sandbox.path()).unwrap();
    assert!(worst(&sandbox).1.contains("is a folder"));
}

#[test]
fn changes_without_an_outcome_are_told() {
    let sandbox = used();
    let store = sandbox.open();
    let run = store.journal().begin_run("sync", at(5)).unwrap();
    let intent = Intent {
        run,
        device: door(),
        employee_no: id("1"),
        member: key(club(), 1),
        cause: Cause::Renewed,
        kind: Kind::Grant,
        before: None,
        after: year(),
        fingerprint: String::new(),
    };
    store.journal().announce(&[intent], at(6)).unwrap();
    drop(store);
    assert_eq!(Health::examine(&sandbox.path()).open_intents, 1);
    let (severity, text) = worst(&sandbox);
    assert_eq!(severity, Severity::Warning);
    assert!(text.contains("1 changes without an outcome"), "{text}");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = used();
    fs::set_permissions(sandbox.path(), fs::Permissions::from_mode(0o644)).unwrap();
    let (severity, text) = worst(&sandbox);
    assert_eq!(severity, Severity::Warning);
    assert!(text.contains("mode 644"), "{text}");
}
