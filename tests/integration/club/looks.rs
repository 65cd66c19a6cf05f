//! A service that is wrong in one listing takes nothing away from anybody.

use ivms_sync_simulators::cardskipper::Member;
use ivms_sync_simulators::club::employee_no;

use super::role;
use crate::support::pinned::{START, tick};
use crate::support::{Sandbox, each};

/// What a service says although it is not so.
type Bend = fn(&mut [Member]);

/// A copy from before the renewals, asked instead of the service itself.
fn of_before(members: &mut [Member]) {
    for member in &mut members[3..5] {
        role(member).end = "2026-03-20".to_owned();
    }
}

fn inactive(members: &mut [Member]) {
    members[3].inactive = Some(true);
}

/// Two members with each other's memberships, as from a list whose lines have slipped.
fn slipped(members: &mut [Member]) {
    let [one, other] = &mut members[3..5] else { unreachable!() };
    std::mem::swap(&mut role(one).end, &mut role(other).end);
}

/// Twenty members who are in sync; then the listings are wrong (`true`) or right, one a tick. Nobody ever holds
/// less than is paid for, and in the end everybody holds what they held.
/// Mutants: one listing is enough; a right one between two wrong ones is forgotten.
#[test]
fn a_listing_that_is_wrong_now_and_then_takes_nothing_away() {
    let cases: [(&str, Bend, &[bool]); 4] = [
        ("a lagging copy", of_before, &[true, false, false]),
        ("a listing that flaps", inactive, &[true, false, true, false, true, false]),
        ("a copy that lags now and then", of_before, &[false, true, false, false, true, false]),
        ("lines that slip", slipped, &[true, false, false]),
    ];
    for (what, bend, listings) in cases {
        for command in [&["sync", "--json"][..], &["sync", "--full", "--json"]] {
            let sandbox = Sandbox::pinned(20, 1);
            assert!(sandbox.club.renew(3, "2030-11-01") && sandbox.club.renew(4, "2031-01-31"));
            sandbox.sync_at(START, 0);
            let (right, doors) = (sandbox.club.cardskipper.members(), sandbox.doors());
            for (number, is_wrong) in (1..).zip(listings) {
                let what = format!("{what}, {command:?}, tick {number}");
                let mut members = right.clone();
                if *is_wrong {
                    bend(&mut members);
                }
                sandbox.club.cardskipper.set_members(members);
                let run = sandbox.at(&tick(number), command).ends(0).json();
                let waits = each(&run, "changes", "blocked_by").contains(&"second-look");
                assert!(waits || !is_wrong, "{what}: {run:#}");
                for person in &doors[0] {
                    let end = sandbox.end_on(0, &person.employee_no);
                    assert!(end >= person.end, "{what}: {} holds {end}", person.employee_no);
                }
            }
            assert_eq!(sandbox.doors(), doors, "{what}: {command:?}");
            sandbox.assert_well_behaved();
        }
    }
}

/// What two listings say one after the other is so.
/// Mutants: three are needed; a quiet tick between them makes the first one void.
#[test]
fn what_two_listings_say_is_carried_out_by_the_second() {
    for command in [&["sync", "--json"][..], &["sync", "--full", "--json"]] {
        let sandbox = Sandbox::pinned(20, 1);
        sandbox.sync_at(START, 0);
        assert!(sandbox.club.inactivate(3));
        let run = sandbox.at(&tick(1), command).ends(0).json();
        assert_eq!(each(&run, "changes", "blocked_by"), ["second-look"], "{command:?}");
        let run = sandbox.at(&tick(2), command).ends(0).json();
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"], "{command:?}");
        assert_eq!(sandbox.end_on(0, &employee_no(3)), "2026-03-09T23:59:59", "{command:?}");
        sandbox.assert_well_behaved();
    }
}
