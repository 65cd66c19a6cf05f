//! Trouble with the state file itself, which is where it is remembered what was told.

use super::{club, minute, no_mail, one_mail, tick};

#[test]
fn a_damaged_state_file_is_told_once_a_day_and_when_it_is_well_again() {
    let (sandbox, server) = club(5, 1);
    let beside = sandbox.path("ivms-sync.db.alarms");
    let sound = std::fs::read(sandbox.state()).unwrap();
    let _ = std::fs::remove_file(sandbox.path("ivms-sync.db-wal"));
    std::fs::write(sandbox.state(), "no database at all".repeat(100)).unwrap();
    tick(&sandbox, 5, 7);
    let mail = one_mail(&server);
    let subject = "The memory of ivms-sync (the state file) cannot be used, so nothing is done";
    assert_eq!(mail.subject(), format!("ivms-sync: {subject}"));
    let body = mail.body().replace("\n     ", "");
    assert!(body.contains("put back a copy of the file"), "{body}");
    for minutes in [10, 15, 600] {
        tick(&sandbox, minutes, 7);
    }
    no_mail(&server);
    tick(&sandbox, 5 + 24 * 60, 7);
    assert_eq!(one_mail(&server).subject(), format!("ivms-sync: still: {subject}"));
    assert!(beside.exists());

    std::fs::write(sandbox.state(), sound).unwrap();
    tick(&sandbox, 24 * 60 + 10, 0);
    no_mail(&server);
    assert!(!beside.exists(), "taken over");
    tick(&sandbox, 24 * 60 + 15, 0);
    assert_eq!(
        one_mail(&server).subject(),
        "ivms-sync: over: The memory of ivms-sync can be used again"
    );
    tick(&sandbox, 24 * 60 + 20, 0);
    no_mail(&server);
}

/// Where nothing at all can be written, there is one moment a day.
#[test]
fn where_nothing_can_be_remembered_it_is_told_in_one_window_a_day() {
    let (sandbox, server) = club(5, 1);
    // A folder in the place of the second memory can be neither read nor written.
    std::fs::create_dir(sandbox.path("ivms-sync.db.alarms")).unwrap();
    std::fs::write(sandbox.state(), "no database at all".repeat(100)).unwrap();
    // From 11:05 in Ljubljana for a day: 08:00 there comes once.
    for number in (1..=288).filter(|number| number % 12 == 0 || (250..254).contains(number)) {
        tick(&sandbox, number * 5, 7);
    }
    assert_eq!(
        one_mail(&server).header("Date").as_deref(),
        Some("Wed, 11 Mar 2026 07:00:00 +0000")
    );
}

#[test]
fn a_run_that_hangs_is_told_after_three_ticks() {
    let (sandbox, server) = club(5, 1);
    let lock = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(sandbox.path("ivms-sync.db.lock"))
        .unwrap();
    lock.lock().unwrap();
    // It took the lock at the first tick, five minutes after the start.
    std::fs::write(sandbox.path("ivms-sync.db.holder"), "1 1773137100\n").unwrap();
    for (minutes, code) in [(10, 0), (16, 11), (21, 11)] {
        tick(&sandbox, minutes, code);
    }
    no_mail(&server);
    tick(&sandbox, 26, 11);
    let subject = "ivms-sync: A run of ivms-sync hangs, and keeps all others from working";
    assert_eq!(one_mail(&server).subject(), subject);
    drop(lock);
    tick(&sandbox, 31, 0);
    tick(&sandbox, 36, 0);
    assert_eq!(one_mail(&server).subject(), "ivms-sync: over: No run hangs any more");
    assert_eq!(minute(5), "2026-03-10T10:05:00Z");
}

#[test]
fn a_link_file_that_was_never_read_is_told_at_once() {
    let (mut sandbox, server) = club(5, 1);
    sandbox.set("hikvision.door1", "[link]\nfiles = [\"persons.csv\", \"new.csv\"]");
    let config = sandbox.config().replacen("[link]\nfiles = [\"persons.csv\"]\n", "", 1);
    sandbox.replace_config(Some(config));
    tick(&sandbox, 5, 78);
    let subject = "ivms-sync: A link file cannot be read, and nothing is done without it";
    assert_eq!(one_mail(&server).subject(), subject);
    tick(&sandbox, 10, 78);
    no_mail(&server);
}
