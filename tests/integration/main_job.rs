//! The main job: a renewed membership opens the door.

use serde_json::json;

use super::support::{Sandbox, each};

#[test]
fn a_club_in_agreement_is_in_step_and_a_quiet_tick_says_nothing() {
    let sandbox = Sandbox::agreeing(20, 2);
    let first = sandbox.sync(0);
    assert_eq!(first["changes"], json!([]));
    assert_eq!(first["sources"][0]["listing"], "complete");
    assert_eq!(each(&first, "devices", "outcome"), ["ok", "ok"]);
    let quiet = sandbox.run(&["sync"]).ends(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    sandbox.assert_well_behaved();
}

#[test]
fn a_renewed_membership_opens_every_door_and_touches_nothing_else() {
    let sandbox = Sandbox::agreeing(20, 2);
    sandbox.sync(0);
    let before: Vec<_> = sandbox.club.devices.iter().map(|d| d.person("1004").unwrap()).collect();
    assert!(sandbox.club.renew(3, "2030-11-01"));
    sandbox.clear_requests();

    let diff = sandbox.run(&["diff", "--json"]).ends(0).json();
    let run = sandbox.sync(0);
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
    let planned: Vec<_> = diff["changes"].as_array().unwrap().iter().map(|c| &c["after"]).collect();
    let done: Vec<_> = run["changes"].as_array().unwrap().iter().map(|c| &c["after"]).collect();
    assert_eq!(planned, done, "diff and sync name the same changes");

    for (device, before) in sandbox.club.devices.iter().zip(before) {
        let after = device.person("1004").unwrap();
        assert_eq!(after.end.to_string(), "2030-11-01T23:59:59");
        let mut expected = before.clone();
        expected.end.clone_from(&after.end);
        assert_eq!(after, expected, "name, cards, door rights, extras and PIN are untouched");
    }
    sandbox.clear_requests();
    let again = sandbox.sync(0);
    assert_eq!(again["changes"], json!([]), "planning again gives an empty plan");
    assert!(sandbox.club.devices.iter().all(|device| device.requests().is_empty()));
    sandbox.assert_well_behaved();
}
