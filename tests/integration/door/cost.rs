//! What a change costs: requests counted at the door.

use ivms_sync_simulators::club::World;
use ivms_sync_simulators::hikvision::Device;

use super::super::support::{Sandbox, each};
use super::{UNTIL, requests};

/// Calls of a door: requests for the same thing, one after the other, are one call.
fn calls(device: &Device) -> Vec<(String, usize)> {
    let mut calls: Vec<(String, usize)> = Vec::new();
    let mut last = None;
    for request in device.requests() {
        let this = (request.method.clone(), request.target.clone(), request.body.clone());
        match calls.last_mut() {
            // A login ends a call; what follows is the next one, even if it asks the same.
            Some((_, count)) if last.as_ref() == Some(&(this.clone(), false)) => *count += 1,
            _ => calls.push((request.target.clone(), 1)),
        }
        last = Some((this, request.is_authenticated()));
    }
    calls
}

#[test]
fn so_many_changes_cost_at_most_so_many_calls() {
    for changed in [1, 2, 29, 30, 31, 61] {
        let sandbox = Sandbox::with(World::agreeing(70, 1).start());
        sandbox.sync(0);
        sandbox.clear_requests();
        for index in 0..changed {
            assert!(sandbox.club.renew(index, UNTIL));
        }
        let run = sandbox.sync(0);
        assert_eq!(each(&run, "changes", "outcome"), vec!["confirmed"; changed]);

        let door = &sandbox.club.devices[0];
        let calls = calls(door);
        let writes = calls.iter().filter(|(target, _)| target.contains("Modify")).count();
        let others = calls.len() - writes;
        assert_eq!(writes, changed, "{changed}");
        assert_eq!(door.writes().len(), changed, "{changed}");
        // Who it is, its clock and the first write's read-back besides.
        let allowed = 2 * changed.div_ceil(30) + 3;
        assert!(others <= allowed, "{changed}: {others} other calls, {allowed} allowed: {calls:?}");
        assert!(calls.iter().all(|(_, count)| *count <= 2), "{changed}: {calls:?}");
        sandbox.assert_well_behaved();
    }
}

#[test]
fn a_quiet_tick_asks_a_door_nothing() {
    let sandbox = Sandbox::agreeing(70, 2);
    sandbox.sync(0);
    for door in &sandbox.club.devices {
        // Who it is, what it can do, and three pages, each with a challenge.
        assert_eq!(door.requests().len(), 2 + 2 + 3 * 2);
        assert_eq!(requests(door, "UserInfo/capabilities"), 2);
    }
    sandbox.clear_requests();
    for _ in 0..3 {
        sandbox.sync(0);
    }
    assert!(sandbox.club.devices.iter().all(|door| door.requests().is_empty()));
    assert_eq!(sandbox.club.cardskipper.requests().len(), 3);
    sandbox.assert_well_behaved();
}

#[test]
fn an_audit_reads_every_page_once_and_writes_nothing_that_is_right() {
    let sandbox = Sandbox::agreeing(70, 1);
    sandbox.sync(0);
    sandbox.clear_requests();
    sandbox.run(&["sync", "--full"]).ends(0);
    let door = &sandbox.club.devices[0];
    assert_eq!((requests(door, "Search"), requests(door, "Modify")), (6, 0));
    sandbox.assert_well_behaved();
}
