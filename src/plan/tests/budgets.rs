//! How much one tick or one day may change.

use super::super::{Budget, Change, Kind, prove};
use super::world::{FRONT, World};
use crate::config::{Mode, Percent};

/// `count` members marked inactive, `renewals` renewed, `returning` whose door opens again.
fn world(members: usize, revoked: usize, renewals: usize, returning: usize) -> World {
    assert!(revoked + renewals + returning <= members);
    let mut world = World::agreeing(members);
    let mut number = 150_000;
    let mut next = || {
        number += 1;
        (number.to_string(), (number - 150_000).to_string())
    };
    for _ in 0..revoked {
        world = world.inactive(&next().0);
    }
    for _ in 0..renewals {
        world = world.renewed(&next().0);
    }
    for _ in 0..returning {
        let (number, person) = next();
        world = world.renewed(&number).holds(&person, "2025-01-01", "2025-12-31T23:59:59");
    }
    world
}

fn count(world: &World, wanted: impl Fn(&Change) -> bool) -> usize {
    world.plan().changes.iter().filter(|change| wanted(change)).count()
}

fn blocked_revocations(world: &World) -> (usize, Option<Budget>) {
    let plan = world.plan();
    let blocked: Vec<_> = plan.blocked().filter(|c| c.kind == Kind::Revocation).collect();
    (blocked.len(), blocked.first().and_then(|change| change.blocked))
}

#[test]
fn revocations_per_tick() {
    // Persons, revocations, blocked: 5 % of them, and never fewer than 2.
    for (persons, revoked, blocked) in [
        (1, 1, 0),
        (2, 2, 0),
        (9, 2, 0),
        (9, 3, 3),
        (9, 9, 9),
        (59, 2, 0),
        (59, 3, 3),
        (60, 3, 0),
        (60, 4, 4),
        (100, 5, 0),
        (100, 6, 6),
    ] {
        let found = blocked_revocations(&world(persons, revoked, 0, 0));
        let budget = (blocked > 0).then_some(Budget::RevokePerTick);
        assert_eq!(found, (blocked, budget), "{revoked} of {persons}");
    }
}

#[test]
fn revocations_per_day() {
    // Persons, revoked in the day before, revocations now, blocked: 15 %, and never fewer than 5.
    for (persons, before, revoked, blocked) in [
        (9, 3, 2, 0),
        (9, 4, 1, 0),
        (9, 4, 2, 2),
        (9, 5, 1, 1),
        (9, 50, 0, 0),
        (100, 10, 5, 0),
        (100, 11, 5, 5),
        (100, 15, 1, 1),
    ] {
        let world = world(persons, revoked, 0, 0).on(FRONT, |d| d.revoked_last_day = before);
        let budget = (blocked > 0).then_some(Budget::RevokePerDay);
        let what = format!("{before} and {revoked} of {persons}");
        assert_eq!(blocked_revocations(&world), (blocked, budget), "{what}");
    }
}

#[test]
fn doors_opened_per_tick() {
    // Persons, doors opened, blocked: 25 %, and never fewer than 20.
    for (persons, opened, blocked) in
        [(20, 20, 0), (21, 21, 21), (80, 20, 0), (80, 21, 21), (100, 25, 0), (100, 26, 26)]
    {
        let world = world(persons, 0, 0, opened);
        let found = count(&world, |change| change.blocked == Some(Budget::GrantPerTick));
        assert_eq!(found, blocked, "{opened} of {persons}");
        let first = world.on(FRONT, |device| device.is_first_run = true);
        assert_eq!(first.plan().blocked().count(), 0, "no limit on a first run");
    }
}

#[test]
fn a_first_run_has_the_same_limit_on_revocations() {
    let first = world(9, 3, 0, 0).on(FRONT, |device| device.is_first_run = true);
    assert_eq!(blocked_revocations(&first), (3, Some(Budget::RevokePerTick)));
}

#[test]
fn an_extension_is_never_kept_back() {
    let everybody = world(100, 0, 100, 0);
    assert_eq!(everybody.plan().pending().count(), 100, "nobody's door opens: all are inside");
    let mixed = world(100, 6, 50, 26);
    let plan = mixed.plan();
    assert_eq!(plan.pending().count(), 50);
    assert!(plan.pending().all(|change| change.kind == Kind::Grant && !change.opens_door));
    assert_eq!(plan.blocked().count(), 32);
}

#[test]
fn shares_are_those_of_the_configuration() {
    let mut zero = world(100, 6, 0, 26);
    zero.facts.guard.revoke_per_tick = Percent::new(100).unwrap();
    zero.facts.guard.revoke_per_day = Percent::new(6).unwrap();
    zero.facts.guard.grant_per_tick = Percent::new(26).unwrap();
    assert_eq!(zero.plan().blocked().count(), 0);
    zero.facts.guard.revoke_per_day = Percent::new(0).unwrap();
    assert_eq!(blocked_revocations(&zero), (6, Some(Budget::RevokePerDay)), "5 are always allowed");
}

#[test]
fn each_device_has_a_budget_of_its_own() {
    let mut both = world(9, 0, 0, 0).device("back-door");
    for number in ["150001", "150002"] {
        both = both.inactive(number);
    }
    assert_eq!(both.plan().blocked().count(), 0, "2 on each");
    let over = both.on("back-door", |device| device.revoked_last_day = 5);
    let plan = over.plan();
    let blocked: Vec<_> = plan.blocked().map(|change| change.device.as_str()).collect();
    assert_eq!(blocked, ["back-door", "back-door"]);
}

#[test]
fn an_observed_device_has_nothing_to_approve() {
    let observed = world(9, 9, 0, 0).on(FRONT, |device| device.mode = Mode::Observe);
    assert_eq!(observed.plan().pending().count(), 9);
    assert_eq!(prove(&observed.facts, &observed.plan()).unwrap().len(), 0, "and nothing to write");
}
