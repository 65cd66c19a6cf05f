//! A person whom somebody who is no longer listed has left to somebody who is.

use super::super::proof::Rule;
use super::super::{Change, Kind, Plan, prove};
use super::world::{FRONT, World, employee, window};
use super::{changes, left_out};
use crate::config::{Ending, Mode};
use crate::engine::link::NoLink;
use crate::model::HolderId;
use crate::model::testing::{source, undated};

/// Member 150001 is gone and has left person `1` to member 150002. Both paid for 2026, and the person
/// holds just that; member 150003 has nothing to do with it.
fn left() -> World {
    let world = World::agreeing(3).vanished("150001");
    let (old, new) = (world.key("150001"), world.key("150002"));
    assert_ne!(old, new);
    let yielded = NoLink::Yielded { persons: [employee("1")].into(), to: [new].into() };
    world.link(FRONT, "150001", Err(yielded)).link(FRONT, "150002", Ok("1"))
}

const GONE: &str = "150001 front-door ambiguous (no longer listed; person 1 is claimed by member \
                    150002), paid";

#[test]
fn the_handover_alone_changes_nothing() {
    let plan = left().plan();
    assert_eq!(changes(&plan), [""; 0]);
    assert_eq!(left_out(&plan), [GONE]);
    // Even where vanished members lose access: the person is somebody else's now.
    let ends = left().policy(|policy| policy.vanished = Ending::End);
    assert_eq!(changes(&ends.plan()), [""; 0]);
}

#[test]
fn whoever_is_listed_is_let_in() {
    let plan = left().renewed("150002").plan();
    assert_eq!(
        changes(&plan),
        ["front-door 1 renewed grant 2026-01-01T00:00:00 to 2027-12-31T23:59:59"]
    );
    let opens = left().holds("1", "2025-01-01", "2025-12-31T23:59:59").plan();
    assert_eq!(opens.pending().filter(|change| change.opens_door).count(), 1);
}

/// The plan that takes the person's access away all the same.
fn taken(world: &World, after: (&str, &str)) -> Plan {
    let device = &world.facts.devices[0];
    let person = &device.persons[&employee("1")];
    let change = Change {
        verb: super::super::Verb::Set,
        device: device.name.clone(),
        employee_no: employee("1"),
        member: world.key("150002"),
        source: world.facts.sources.values().next().unwrap().name.clone(),
        cause: super::super::Cause::Shortened,
        kind: Kind::Revocation,
        before: person.limit,
        after: window(after.0, after.1),
        opens_door: false,
        fingerprint: person.fingerprint.clone(),
        ends_at_once: false,
        blocked: None,
    };
    Plan { changes: vec![change], ..Plan::default() }
}

#[test]
fn nobody_is_locked_out_by_a_listing_that_lacks_them() {
    // The one who is listed paid for last year only, or for less, or is marked inactive.
    let shorter = || left().paid("150002", &[("2026-01-01", "2026-11-30")]);
    let kept = "150002 front-door blocked (person 1 is also claimed by member 150001, who is no \
                longer listed and has paid time: nothing is taken away)";
    for (world, after) in [
        (shorter(), ("2026-01-01T00:00:00", "2026-11-30T23:59:59")),
        (
            left().paid("150002", &[("2025-01-01", "2025-12-31")]),
            ("2025-01-01T00:00:00", "2025-12-31T23:59:59"),
        ),
        (left().inactive("150002"), ("2026-01-01T00:00:00", "2026-11-20T23:59:59")),
    ] {
        let plan = world.plan();
        assert_eq!(changes(&plan), [""; 0]);
        let lines = left_out(&plan);
        assert!(lines.contains(&GONE.to_owned()), "{lines:?}");
        assert!(lines.iter().any(|line| line.starts_with(kept)), "{lines:?}");
        let refused = prove(&world.facts, &taken(&world, after)).unwrap_err();
        assert_eq!(refused.rule, Rule::NoLockOut);
        assert_eq!((refused.employee_no.as_str(), refused.member.as_str()), ("1", "150002"));
    }
    // An entry that could not be read may have been paid for anything.
    let unread = shorter().paid("150001", &[]).problem("150001", "EndDate is missing");
    assert_eq!(changes(&unread.plan()), [""; 0]);
    let taken = taken(&unread, ("2026-01-01T00:00:00", "2026-11-30T23:59:59"));
    assert_eq!(prove(&unread.facts, &taken).unwrap_err().rule, Rule::NoLockOut);
}

#[test]
fn it_is_taken_away_where_the_vanished_one_has_no_claim_to_it() {
    let shorter = || left().paid("150002", &[("2026-01-01", "2026-11-30")]);
    let want = ["front-door 1 shortened revocation 2026-01-01T00:00:00 to 2026-11-30T23:59:59"];
    let over = shorter().paid("150001", &[("2026-01-01", "2026-10-31")]);
    let far = shorter().paid("150001", &[("2038-01-01", "2039-12-31")]);
    let ends = shorter().policy(|policy| policy.vanished = Ending::End);
    let inactive = shorter().inactive("150001");
    // A corrected birth date: the same number, and so the same human being.
    let mut same = shorter();
    let new = same.place("150002");
    same.facts.members[new].member.key = undated(&same.key("150001"));
    for world in [over, far, ends, inactive, same] {
        let plan = world.plan();
        assert_eq!(changes(&plan), want);
        assert_eq!(prove(&world.facts, &plan).map(|proven| proven.len()), Ok(1));
    }
}

#[test]
fn an_equal_number_of_another_club_is_another_member() {
    let mut world = left().source("spa", 1).paid("150002", &[("2026-01-01", "2026-11-30")]);
    let taken = taken(&world, ("2026-01-01T00:00:00", "2026-11-30T23:59:59"));
    let old = world.place("150001");
    world.facts.members[old].member.key = HolderId::new(source("spa"), "150002").unwrap();
    assert_eq!(changes(&world.plan()), [""; 0]);
    assert_eq!(prove(&world.facts, &taken).unwrap_err().rule, Rule::NoLockOut);
}

#[test]
fn the_mode_is_named_first() {
    let world = left()
        .paid("150002", &[("2026-01-01", "2026-11-30")])
        .on(FRONT, |device| device.mode = Mode::GrantOnly);
    let lines = left_out(&world.plan());
    assert!(lines.iter().any(|line| line.contains("grant-only")), "{lines:?}");
}
