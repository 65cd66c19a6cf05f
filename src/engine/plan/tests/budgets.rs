//! How much one tick or one day may change.

use super::super::proof::Rule;
use super::super::{Budget, Change, Kind, prove};
use super::world::{FRONT, World, employee};
use crate::config::{Mode, Percent};
use crate::model::{Limit, RecordStanding};

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
        (3, 2, 0),
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
    // Of the 74 who have time to lose.
    zero.facts.guard.revoke_per_day = Percent::new(9).unwrap();
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

/// What keeps the revocations of a world back, all of them or none, and that the proof refuses what
/// the planner keeps back, naming the first of them.
fn last_person(world: &World) -> Option<Budget> {
    let mut plan = world.plan();
    let revocations = || plan.changes.iter().filter(|change| change.kind == Kind::Revocation);
    let blocked = revocations().next().unwrap().blocked;
    assert!(revocations().all(|change| change.blocked == blocked), "the whole class");
    assert!(prove(&world.facts, &plan).is_ok());
    let first = revocations().next().unwrap().employee_no.clone();
    for change in plan.changes.iter_mut().filter(|change| change.kind == Kind::Revocation) {
        change.blocked = None;
    }
    let refused = prove(&world.facts, &plan).err();
    assert_eq!(refused.is_some(), blocked.is_some(), "{refused:?}");
    if let Some(refused) = refused {
        assert_eq!((refused.rule, refused.employee_no), (Rule::LastPerson, first));
    }
    blocked
}

#[test]
fn the_last_valid_person_waits_for_approval() {
    let last = Some(Budget::LastPerson);
    let over = |world: World, id: &str| world.holds(id, "2025-01-01", "2025-12-31T23:59:59");
    let permanent = Limit::Permanent(None);
    for (what, world, want) in [
        ("the only one", world(1, 1, 0, 0), last),
        ("both of two", world(2, 2, 0, 0), last),
        ("one of two", world(2, 1, 0, 0), None),
        (
            "the other one is out already",
            over(world(2, 1, 0, 0).paid("150002", &[("2025-01-01", "2025-12-31")]), "2"),
            last,
        ),
        (
            "the other one lapses by itself, and that is no revocation",
            {
                let world = world(3, 1, 0, 0).paid("150002", &[("2026-01-01", "2026-10-31")]);
                over(over(world, "2"), "3").paid("150003", &[("2026-01-01", "2026-10-31")])
            },
            last,
        ),
        (
            "a shortening leaves the door open today",
            { world(1, 0, 0, 0).paid("150001", &[("2026-01-01", "2026-11-30")]) },
            None,
        ),
        (
            "with the last one, a shortening of somebody else waits too",
            {
                let world = over(world(2, 1, 0, 0), "2");
                world.paid("150002", &[("2026-12-01", "2026-12-31")]).holds(
                    "2",
                    "2026-12-01",
                    "2027-12-31T23:59:59",
                )
            },
            last,
        ),
        ("somebody returns in the same run", world(2, 1, 0, 1), None),
        (
            "a caretaker who is protected is no help",
            {
                world(2, 1, 0, 0).on(FRONT, |device| {
                    device.protect.insert(employee("2"));
                })
            },
            last,
        ),
        (
            "an administrator of the door neither",
            {
                world(2, 1, 0, 0)
                    .person(FRONT, "2", |person| person.standing = RecordStanding::Administrator)
            },
            last,
        ),
        (
            "nor somebody barred",
            {
                world(2, 1, 0, 0)
                    .person(FRONT, "2", |person| person.standing = RecordStanding::Barred)
            },
            last,
        ),
        ("nor somebody without limit", world(2, 1, 0, 0).holds_on(FRONT, "2", permanent), last),
        (
            "nor somebody who is not linked",
            { world(2, 1, 0, 0).link(FRONT, "150002", Err(crate::engine::link::NoLink::NoEmail)) },
            last,
        ),
    ] {
        assert_eq!(last_person(&world), want, "{what}");
    }
    // Whose door is closed today loses nothing today.
    let later = World::agreeing(1).paid("150001", &[("2026-12-01", "2026-12-31")]).holds(
        "1",
        "2026-12-01",
        "2027-12-31T23:59:59",
    );
    assert_eq!(last_person(&later), None);
    // Another rule, where it holds, is named first.
    assert_eq!(blocked_revocations(&world(9, 9, 0, 0)).1, Some(Budget::RevokePerTick));
}

#[test]
fn who_waits_for_a_budget_leaves_nobody_inside() {
    // 21 return, which is one too many, and the only one inside loses the door.
    let returning = world(22, 1, 0, 21);
    let budgets: Vec<_> = returning.plan().changes.iter().map(|change| change.blocked).collect();
    assert_eq!(budgets.iter().filter(|b| **b == Some(Budget::GrantPerTick)).count(), 21);
    assert_eq!(budgets.last(), Some(&Some(Budget::LastPerson)));
    assert!(prove(&returning.facts, &returning.plan()).is_ok());
    let first = returning.on(FRONT, |device| device.is_first_run = true);
    assert_eq!(first.plan().blocked().count(), 0);
}

/// Mutants: the way in is held open by whom the plan lets in; a caretaker counts; every plan waits.
#[test]
fn whoever_is_let_in_by_the_plan_alone_must_be_inside_before_the_last_one_is_taken() {
    let is_waited_for = |world: &World| {
        let proven = prove(&world.facts, &world.plan()).unwrap();
        let front = world.facts.devices[0].name.clone();
        proven.is_to_be_opened_first(&front)
    };
    for (what, world, want) in [
        ("one leaves and one returns", world(2, 1, 0, 1), true),
        ("two return", world(3, 1, 0, 2), true),
        ("a third one is inside all along", world(3, 1, 0, 1), false),
        ("nobody leaves", world(2, 0, 0, 2), false),
        ("nobody returns", world(2, 1, 0, 0), false),
        (
            "whoever is inside all along is barred",
            world(3, 1, 0, 1).person(FRONT, "3", |person| person.standing = RecordStanding::Barred),
            true,
        ),
    ] {
        let changes = world.plan().changes;
        assert_eq!(is_waited_for(&world), want, "{what}: {changes:?}");
    }
}

#[test]
fn each_device_has_a_last_person_of_its_own() {
    let world = world(2, 1, 0, 0).device("back-door").link(
        "back-door",
        "150002",
        Err(crate::engine::link::NoLink::NoPerson),
    );
    let plan = world.plan();
    let blocked: Vec<_> = plan.blocked().map(|change| change.device.as_str()).collect();
    assert_eq!(blocked, ["back-door"]);
}

#[test]
fn what_only_opens_later_may_be_lost_so_that_the_door_opens_now() {
    // Paid for this week and held from next month on, on a door that is never revoked.
    let world = World::agreeing(2)
        .paid("150001", &[("2026-11-16", "2026-11-22")])
        .holds("1", "2026-12-01", "2027-12-31T23:59:59")
        .on(FRONT, |device| device.mode = Mode::GrantOnly);
    let plan = world.plan();
    assert_eq!(plan.pending().filter(|change| change.kind == Kind::Grant).count(), 1);
    assert_eq!(prove(&world.facts, &plan).map(|proven| proven.len()), Ok(1));
}
