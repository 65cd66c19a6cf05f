//! A door that fails is asked less and less often, never given up, and never at the cost of somebody
//! who stands outside.

use ivms_sync_simulators::club::employee_no;
use ivms_sync_simulators::http::Fault;

use super::super::support::pinned::{START, tick};
use super::super::support::{Sandbox, each};
use super::{UNTIL, requests};

/// A door whose search answers with an error inside, from now on.
fn fails(sandbox: &Sandbox) {
    let error = Fault::raw(500, "text/plain", "oops");
    sandbox.club.devices[0].fault(error.on("Search").authenticated());
}

/// Runs the ticks `from..to` and gives those at which the first door was asked.
fn asked(sandbox: &Sandbox, from: i32, to: i32, code: i32) -> Vec<i32> {
    (from..to)
        .filter(|number| {
            sandbox.clear_requests();
            let run = sandbox.sync_at(&tick(*number), code);
            let outcome = if code == 0 { "ok" } else { "unreachable" };
            assert_eq!(each(&run, "devices", "outcome"), [outcome, "ok"], "tick {number}");
            !sandbox.club.devices[0].requests().is_empty()
        })
        .collect()
}

#[test]
fn the_waits_double_up_to_an_hour_and_a_success_clears_them() {
    let sandbox = Sandbox::pinned(10, 2);
    sandbox.sync_at(START, 0);
    fails(&sandbox);
    // The hourly reading at tick 12 is the first to fail; then 1, 2, 4, 8, and 12 ticks apart.
    let times = asked(&sandbox, 12, 64, 3);
    assert_eq!(times, [12, 13, 15, 19, 27, 39, 51, 63]);
    sandbox.club.devices[0].clear_faults();
    assert_eq!(asked(&sandbox, 64, 75, 3), Vec::<i32>::new(), "left alone until then");
    assert_eq!(asked(&sandbox, 75, 80, 0), [75], "well again, and read the next time in an hour");
    // It begins from one again.
    fails(&sandbox);
    assert_eq!(asked(&sandbox, 87, 92, 3), [87, 88, 90]);
    sandbox.assert_well_behaved();
}

#[test]
fn somebody_outside_is_tried_for_at_every_tick() {
    let sandbox = Sandbox::pinned(10, 2);
    // The last day of this membership is over; the door is closed.
    let yesterday = "2026-03-09";
    for door in &sandbox.club.devices {
        let ended = |person: &mut ivms_sync_simulators::hikvision::Person| {
            person.end = format!("{yesterday}T23:59:59");
        };
        assert!(door.edit_person(&employee_no(0), ended));
    }
    sandbox.club.renew(0, yesterday);
    sandbox.sync_at(START, 0);
    fails(&sandbox);
    assert_eq!(asked(&sandbox, 12, 28, 3), [12, 13, 15, 19, 27]);
    assert!(sandbox.club.renew(0, UNTIL));
    assert_eq!(asked(&sandbox, 28, 34, 3), [28, 29, 30, 31, 32, 33]);
    sandbox.club.devices[0].clear_faults();
    sandbox.clear_requests();
    let run = sandbox.sync_at(&tick(34), 0);
    assert_eq!(each(&run, "changes", "device"), ["door1"], "the other door was served at once");
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed"]);
    let end = sandbox.club.devices[0].person(&employee_no(0)).unwrap().end;
    assert_eq!(end, format!("{UNTIL}T23:59:59"));
    sandbox.assert_well_behaved();
}

#[test]
fn a_person_can_ask_at_any_time() {
    let sandbox = Sandbox::pinned(10, 2);
    sandbox.sync_at(START, 0);
    fails(&sandbox);
    assert_eq!(asked(&sandbox, 12, 16, 3), [12, 13, 15]);
    let said = sandbox.at(&tick(16), &["diff"]).ends(3);
    assert!(said.stderr.contains("failed 3 times in a row; asked again at"), "{}", said.stderr);
    sandbox.clear_requests();
    sandbox.full_at(&tick(16), 3);
    assert!(requests(&sandbox.club.devices[0], "Search") > 0, "--full waits for nobody");
    sandbox.club.devices[0].clear_faults();
    sandbox.full_at(&tick(16), 0);
    sandbox.assert_well_behaved();
}
