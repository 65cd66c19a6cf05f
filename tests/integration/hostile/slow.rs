//! Servers that take their time: nobody is kept waiting for ever, and nobody else is harmed.

use std::time::Duration;

use ivms_sync_simulators::http::{Fault, Step};

use super::{DOOR_MB, LATER, assert_inert, told};
use crate::support::Sandbox;
use crate::support::each;
use crate::support::pinned::START;

/// One club with as many kinds of slow doors, all read side by side, and one good door.
#[test]
fn slow_doors_are_left_at_their_limit_and_the_good_one_is_served() {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
    let slowly = Duration::from_millis(400);
    let kinds = [
        ("accepts and never answers", vec![Step::Hold]),
        ("half a head", vec![Step::Send(b"HTTP/1.1 200 O".to_vec()), Step::Hold]),
        ("half a body", vec![Step::Send(format!("{ok}{{").into()), Step::Hold]),
        ("a head byte by byte", vec![Step::Trickle(ok.repeat(100).into(), slowly)]),
        (
            "a body byte by byte",
            vec![Step::Send(ok.into()), Step::Trickle(vec![b' '; 1000], slowly)],
        ),
        (
            "interim answers for ever",
            vec![Step::Trickle(
                "HTTP/1.1 102 Processing\r\n\r\n".repeat(100).into(),
                Duration::from_millis(20),
            )],
        ),
    ];
    let sandbox = Sandbox::pinned(10, kinds.len() + 1);
    sandbox.sync_at(START, 0);
    sandbox.club.renew(3, "2030-11-01");
    let before = sandbox.doors();
    for ((_, steps), door) in kinds.iter().zip(&sandbox.club.devices) {
        door.fault(Fault::Wire(steps.clone()));
    }
    let said = sandbox.limited(2 * DOOR_MB, LATER, &["sync", "--full", "--json"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert_inert(&said, "slow doors");
    let run = said.json();
    let outcomes = each(&run, "devices", "outcome");
    let (good, slow) = outcomes.split_last().unwrap();
    for ((what, _), outcome) in kinds.iter().zip(slow) {
        assert_eq!(*outcome, "unreachable", "{what}");
    }
    assert_eq!(*good, "ok");
    assert!(told(&run).contains("no answer in time"), "{}", told(&run));
    let last = kinds.len();
    assert_eq!(sandbox.end_on(last, "1004"), "2030-11-01T23:59:59");
    for (place, door) in sandbox.club.devices.iter().enumerate().take(last) {
        assert_eq!(door.persons(), before[place], "{}", kinds[place].0);
        door.clear_faults();
    }
    let run = sandbox.full_at(super::WELL, 0);
    assert_eq!(each(&run, "changes", "outcome"), vec!["confirmed"; last]);
    sandbox.assert_well_behaved();
}
