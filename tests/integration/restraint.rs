//! What is not said twice, and what is not tried twice.

use super::support::{Sandbox, said};

/// A club whose second door has a password that the configuration does not know, and a renewal.
fn club_behind_a_wrong_password() -> Sandbox {
    let sandbox = Sandbox::agreeing(10, 2);
    sandbox.sync(0);
    sandbox.club.devices[1].set_password("another");
    assert!(sandbox.club.renew(3, "2030-11-01"));
    sandbox
}

#[test]
fn the_same_trouble_is_one_mail_a_day_while_the_exit_code_keeps_telling_it() {
    let sandbox = club_behind_a_wrong_password();
    let first = sandbox.run(&["sync"]).ends(12);
    assert!(first.stderr.contains("door2") && first.stdout.contains("1 change done"), "{first:?}");
    for _ in 0..2 {
        let again = sandbox.run(&["sync"]).ends(12);
        assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));
    }
    let by_hand = sandbox.run(&["diff"]).ends(12);
    assert!(by_hand.stderr.contains("door2") && by_hand.stdout.contains("150004"), "{by_hand:?}");
    assert_eq!(sandbox.run(&["sync", "--json"]).ends(12).json()["exit_code"], 12);
    let verbose = sandbox.run(&["sync", "-v"]).ends(12);
    assert!(verbose.stdout.contains("refused the login"), "{verbose:?}");

    let tomorrow = chrono::Utc::now() + chrono::TimeDelta::hours(25);
    let next_day = sandbox.run_at(Some(&tomorrow.to_rfc3339()), &["sync"]).ends(12);
    assert!(next_day.stderr.contains("door2"), "{next_day:?}");
    assert!(next_day.stdout.contains("150004"), "{next_day:?}");
}

#[test]
fn something_new_is_said_on_the_same_day() {
    let sandbox = club_behind_a_wrong_password();
    sandbox.run(&["sync"]).ends(12);
    assert!(sandbox.club.renew(5, "2030-11-01"));
    let sync = sandbox.run(&["sync"]).ends(12);
    assert!(sync.stdout.contains("1 change done, 2 changes not done"), "{sync:?}");
}

#[test]
fn a_diff_by_hand_takes_no_news_away_from_the_next_tick() {
    let sandbox = club_behind_a_wrong_password();
    sandbox.club.devices[0].go_offline();
    sandbox.run(&["diff", "--full"]).ends(12);
    let sync = sandbox.run(&["sync"]).ends(12);
    assert!(sync.stderr.contains("door1") && sync.stderr.contains("door2"), "{sync:?}");
}

#[test]
fn an_observed_door_does_not_fill_the_mailbox() {
    let mut sandbox = Sandbox::agreeing(10, 1);
    sandbox.set("hikvision.door1", "mode = \"observe\"");
    assert!(sandbox.club.renew(3, "2030-11-01"));
    let first = sandbox.run(&["sync"]).ends(0);
    assert!(first.stdout.contains("150004"), "{first:?}");
    let second = sandbox.run(&["sync"]).ends(0);
    assert_eq!((second.stdout.as_str(), second.stderr.as_str()), ("", ""));
    assert!(sandbox.run(&["diff"]).ends(0).stdout.contains("150004"));
    assert!(sandbox.club.devices[0].writes().is_empty());
}

#[test]
fn apply_leaves_a_door_alone_that_refused_the_login() {
    let sandbox = Sandbox::agreeing(10, 2);
    sandbox.sync(0);
    assert!(sandbox.club.renew(3, "2030-11-01"));
    sandbox.run(&["diff", "--out", "plan.json"]).ends(0);
    sandbox.club.devices[1].set_password("another");
    sandbox.run(&["apply", "plan.json"]).ends(12);
    sandbox.clear_requests();
    for _ in 0..3 {
        let again = sandbox.run(&["apply", "plan.json"]).ends(12);
        assert!(again.stderr.contains("left alone"), "{again:?}");
        assert_eq!(sandbox.club.devices[1].requests().len(), 0);
    }
    sandbox.assert_well_behaved();
}

#[test]
fn a_tick_beside_another_run_is_quiet_and_apply_says_that_nothing_was_done() {
    let sandbox = Sandbox::agreeing(5, 1);
    sandbox.sync(0);
    assert!(sandbox.club.renew(3, "2030-11-01"));
    sandbox.run(&["diff", "--out", "plan.json"]).ends(0);
    let lock = std::fs::OpenOptions::new().write(true).open(sandbox.path("ivms-sync.db.lock"));
    let lock = lock.unwrap();
    lock.lock().unwrap();
    let tick = sandbox.run(&["sync"]).ends(0);
    assert_eq!((tick.stdout.as_str(), tick.stderr.as_str()), ("", ""));
    let apply = sandbox.run(&["apply", "plan.json"]).ends(0);
    assert!(apply.stderr.contains("another run is at work"), "{apply:?}");
    assert!(apply.stderr.contains("nothing was done"), "{apply:?}");
    assert!(sandbox.club.devices[0].writes().is_empty());
    // It holds the lock since a time that is yet to come: nobody knows for how long. Mutant: it is young
    // until then.
    let now = chrono::Utc::now().timestamp();
    for (since, code) in [(now + 365 * 86_400, 11), (now + 30, 0), (now - 300, 0), (now - 700, 11)]
    {
        std::fs::write(sandbox.path("ivms-sync.db.holder"), format!("1 {since}\n")).unwrap();
        sandbox.run(&["sync"]).ends(code);
    }
    drop(lock);
    sandbox.run(&["apply", "plan.json"]).ends(0);
    assert_eq!(sandbox.club.devices[0].writes().len(), 1);
}

#[test]
fn the_loudest_log_shows_no_login_and_no_member() {
    let sandbox = Sandbox::agreeing(5, 1);
    let member = sandbox.club.cardskipper.member(150_001).unwrap();
    let loud = sandbox.run(&["sync", "-vvv"]).ends(0);
    let mut command = sandbox.command();
    let traced = said(command.env("RUST_LOG", "trace").args(["sync", "--full"])).ends(0);
    for stderr in [loud.stderr, traced.stderr] {
        assert!(stderr.contains("Member/Export"), "the requests are there: {stderr}");
        assert!(!stderr.contains(" trace: "), "libraries dump bytes at this level: {stderr}");
        let hidden = ["secret-1", "Basic ", "response=", &member.email, &member.last];
        for text in hidden {
            assert!(!stderr.contains(text), "{text}: {stderr}");
        }
    }
}
