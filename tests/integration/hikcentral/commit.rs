//! Between written and in force at the doors.

use std::time::Duration;

use ivms_sync_simulators::hikcentral::{DoorState, Refusal};
use ivms_sync_simulators::http::Fault;

use super::*;
use crate::support::wait_until;

/// Catches: what was written and not committed is forgotten by a kill, and the doors never learn of it,
/// since there is nothing more to change.
#[test]
fn a_kill_between_write_and_commit_loses_nothing() {
    let site = Site::new(4);
    site.sandbox.club.renew(1, "2030-11-01");
    let slow = Duration::from_millis(1500);
    site.platform.fault(Fault::Delay(slow).on("single/update").times(1));
    site.platform.begin_run();
    let mut child = site.sandbox.start_at(&tick(1), &["sync"]);
    wait_until(Duration::from_secs(20), "the write", || !site.platform.writes().is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(site.uncommitted(), 1);
    assert_eq!(site.behind(), 2, "neither door knows");
    let device = story(&site, "150002", &tick(1));
    assert_eq!(device["in_force"], false);
    // The answer that nobody waits for any more.
    std::thread::sleep(slow);
    let run = site.sync_at(&tick(2), 0);
    assert_eq!(run["changes"], serde_json::json!([]), "all is written");
    assert_eq!((site.behind(), site.uncommitted()), (0, 0));
    assert_eq!(site.platform.writes().len(), 1);
    assert_eq!(site.platform.count("reapplication"), 1);
    site.assert_well_behaved();
}

/// Catches: a commit that was refused is not made again.
#[test]
fn a_commit_that_fails_is_made_by_the_next_run() {
    let site = Site::new(4);
    site.sandbox.club.renew(1, "2030-11-01");
    site.platform.refuse(Refusal::code("6").on("reapplication").times(1));
    site.sync_at(&tick(1), 5);
    assert_eq!((site.behind(), site.uncommitted()), (2, 1));
    site.sync_at(&tick(2), 0);
    assert_eq!((site.behind(), site.uncommitted()), (0, 0));
    site.assert_well_behaved();
}

#[test]
fn a_door_that_does_not_take_a_person_is_told() {
    let site = Site::new(4);
    site.sandbox.club.renew(1, "2030-11-01");
    site.platform.set_door("2", DoorState::Offline);
    let said = site.at(&tick(1), &["sync"]).ends(3);
    let told =
        "site: written, but not taken at the doors: person M150002 at Device of Back door (device)";
    assert!(said.stderr.contains(told), "{said:?}");
    assert_eq!(story(&site, "150002", &tick(1))["in_force"], false);
    let said = site.at(&tick(1), &["lookup", "150002"]);
    let words = "written, not yet in force at the doors (since 2026-03-10 11:05)";
    assert!(said.stdout.contains(words), "{said:?}");
    let said = site.at(&tick(1), &["status"]).ends(0);
    assert!(said.stdout.contains("1 person written, not yet in force at the doors"), "{said:?}");
    let status = site.at(&tick(1), &["status", "--json"]).json();
    assert_eq!(status["devices"][0]["not_in_force"], 1);
    assert_eq!(status["devices"][0]["not_in_force_since"], "2026-03-10T10:05:00Z");
    let said = site.at(&tick(1), &["check"]);
    assert!(said.stdout.contains("1 person written, not yet in force at the doors"), "{said:?}");
    site.platform.set_door("2", DoorState::Online);
    site.sync_at(&tick(2), 0);
    assert_eq!((site.behind(), site.uncommitted()), (0, 0));
    assert_eq!(story(&site, "150002", &tick(2))["in_force"], true);
    site.assert_well_behaved();
}

/// Mutants: `lookup` says first that the door opens; nobody counts the member as outside.
#[test]
fn who_waits_at_the_doors_stands_outside() {
    let site = Site::with_somebody_outside();
    site.platform.set_door("2", DoorState::Offline);
    site.sync_at(&tick(1), 3);
    let said = site.at(&tick(1), &["lookup", "150002"]).ends(21);
    let first = "site: not yet in force at the doors\n  Written, not yet in force at the doors (since \
                 2026-03-10 11:05 CET); the doors do not open yet. ";
    assert!(said.stdout.contains(first), "{said:?}");
    let device = story(&site, "150002", &tick(1));
    assert_eq!((&device["opens_now"], &device["in_step"]), (&false.into(), &false.into()));
    let said = site.at(&tick(1), &["status"]).ends(0);
    assert!(said.stdout.contains("Standing outside, although they have paid"), "{said:?}");
    let status = site.at(&tick(1), &["status", "--json"]).json();
    assert_eq!(status["outside"], 1);
    let metrics = site.sandbox.path("metrics.prom");
    site.at(&tick(1), &["status", "--prometheus", metrics.to_str().unwrap()]).ends(0);
    let metrics = std::fs::read_to_string(metrics).unwrap();
    assert!(metrics.contains("ivms_sync_members_outside{device=\"site\"} 1\n"), "{metrics}");
    site.platform.set_door("2", DoorState::Online);
    site.sync_at(&tick(2), 0);
    assert_eq!(site.at(&tick(2), &["status", "--json"]).json()["outside"], 0);
    site.at(&tick(2), &["lookup", "150002"]).ends(0);
    site.assert_well_behaved();
}

#[test]
fn what_takes_longer_than_half_an_hour_is_told() {
    let site = Site::new(4);
    site.sandbox.club.renew(1, "2030-11-01");
    site.platform.set(|switches| switches.apply_polls = 12);
    site.sync_at(&tick(1), 0);
    assert_eq!((site.behind(), site.uncommitted()), (2, 1));
    for number in 2..=6 {
        site.sync_at(&tick(number), 0);
    }
    let said = site.at(&tick(8), &["sync"]).ends(3);
    let told = "written more than 30 minutes ago, and not known to be in force at the doors: person M150002";
    assert!(said.stderr.contains(told), "{said:?}");
    for number in 9..=13 {
        site.at(&tick(number), &["sync"]);
    }
    for number in 14..=40 {
        site.at(&tick(number), &["sync"]);
    }
    assert_eq!(site.platform.count("reapplication"), 4, "seldom enough for it to get done");
    assert_eq!((site.behind(), site.uncommitted()), (0, 0));
    site.assert_well_behaved();
}

/// Catches: a platform that says yes and loses it is believed, and nobody is ever applied.
#[test]
fn what_a_platform_lost_is_asked_for_again() {
    let mut site = Site::new(4);
    site.sandbox.club.renew(1, "2030-11-01");
    site.platform.set(|switches| switches.apply_polls = usize::MAX);
    site.sync_at(&tick(1), 0);
    site.platform.set(|switches| switches.apply_polls = 0);
    site.sync_at(&tick(2), 0);
    assert_eq!((site.behind(), site.uncommitted()), (2, 1), "it may still be at it");
    site.observe();
    site.sync_at(&tick(4), 0);
    site.sandbox.variables.pop();
    assert_eq!(site.platform.count("reapplication"), 1, "nothing is applied by who only looks");
    site.sync_at(&tick(5), 0);
    site.sync_at(&tick(6), 0);
    assert_eq!((site.behind(), site.uncommitted()), (0, 0));
    assert_eq!(site.platform.count("reapplication"), 2);
    site.assert_well_behaved();
}

/// Mutants: a busy platform is taken at its word; the write is forgotten and never in force.
#[test]
fn a_write_that_was_carried_out_although_it_was_refused_comes_into_force() {
    for refusal in [Refusal::status(503), Refusal::code("6"), Refusal::code("3")] {
        let site = Site::new(4);
        site.sandbox.club.renew(1, "2030-11-01");
        site.platform.refuse(refusal.on("single/update").times(1).carried_out());
        site.at(&tick(1), &["sync"]);
        site.at(&tick(2), &["sync", "--full"]);
        assert_eq!((site.behind(), site.uncommitted()), (0, 0));
        assert_eq!(site.end_of("1002"), "2030-11-01T23:59:59+01:00");
    }
}

/// Mutants: what was confirmed beside somebody who vanished waits until a person accepts the platform.
#[test]
fn who_was_confirmed_is_in_force_although_another_one_stops_the_platform() {
    let site = Site::new(6);
    for member in 0..4 {
        site.sandbox.club.renew(member, "2030-11-01");
    }
    site.platform.meanwhile("single/update", 3, |persons| persons.retain(|one| one.id != "1002"));
    site.at(&tick(1), &["sync"]).ends(4);
    let confirmed = site.platform.writes().len();
    assert!(confirmed >= 3, "{confirmed}");
    // The doors know the one who is gone.
    assert!(
        site.platform.behind().iter().all(|(_, id)| id == "1002"),
        "{:?}",
        site.platform.behind()
    );
}
