//! Changes that a person has approved: what is still proven without gathering again.

use super::super::proof::Rule;
use super::super::{Change, Kind, prove_reviewed};
use super::world::{FRONT, World, employee, window};
use crate::config::Mode;
use crate::model::{DeviceName, PersonLimit, UserType};

/// Nine members, three of them inactive: over budget, and approved by a person.
fn blocked() -> (World, Vec<Change>) {
    let world = World::agreeing(9).inactive("150001").inactive("150002").inactive("150003");
    let changes: Vec<Change> = world.plan().changes;
    assert_eq!(changes.iter().filter(|change| change.blocked.is_some()).count(), 3);
    (world, changes)
}

fn refused(world: &World, changes: &[Change]) -> Option<Rule> {
    prove_reviewed(&world.facts, changes).err().map(|refused| refused.rule)
}

#[test]
fn a_review_is_what_budgets_wait_for() {
    let (world, changes) = blocked();
    let proven = prove_reviewed(&world.facts, &changes).unwrap();
    assert_eq!(proven.len(), 3);
    let front = DeviceName::new(FRONT).unwrap();
    assert!(proven.for_device(&front).eq(changes.iter()));
}

#[test]
fn everything_else_is_proven_again() {
    type Damage = fn(&mut World, &mut Vec<Change>);
    let damages: [(&str, Rule, Damage); 8] = [
        ("an unknown device", Rule::Known, |_, changes| {
            changes[0].device = DeviceName::new("cellar").unwrap();
        }),
        ("the same person twice", Rule::Once, |_, changes| changes.push(changes[0].clone())),
        ("protected since", Rule::Untouchable, |world, _| {
            *world = world.clone().on(FRONT, |device| {
                device.protect.insert(employee("2"));
            });
        }),
        ("barred since", Rule::Untouchable, |world, _| {
            *world = world.clone().person(FRONT, "2", |p| p.user_type = UserType::BlackList);
        }),
        ("an end beyond 2037", Rule::Range, |_, changes| {
            changes[1].after = window("2026-01-01", "2038-01-01");
        }),
        ("a begin before 2000", Rule::Range, |_, changes| {
            changes[1].after = window("1999-12-31", "2026-11-20T23:59:59");
        }),
        ("a revocation called a grant", Rule::Honest, |_, changes| {
            changes[1].kind = Kind::Grant;
        }),
        ("grant-only since", Rule::Mode, |world, _| {
            *world = world.clone().on(FRONT, |device| device.mode = Mode::GrantOnly);
        }),
    ];
    for (what, rule, damage) in damages {
        let (mut world, mut changes) = blocked();
        damage(&mut world, &mut changes);
        assert_eq!(refused(&world, &changes), Some(rule), "{what}");
    }
}

#[test]
fn an_observed_device_is_left_out_and_the_rest_goes_on() {
    let world = World::agreeing(2).device("yard-door").renewed("150001");
    let changes = world.plan().changes;
    let observed = world.on(FRONT, |device| device.mode = Mode::Observe);
    let proven = prove_reviewed(&observed.facts, &changes).unwrap();
    assert_eq!((proven.len(), changes.len()), (1, 2));
    assert_eq!(proven.for_device(&DeviceName::new(FRONT).unwrap()).count(), 0);
}

#[test]
fn time_that_passed_since_is_no_lie() {
    // What was to be taken away is over by the time it is approved.
    let (world, changes) = blocked();
    assert_eq!(refused(&world.at("2027-01-01T11:00:00Z"), &changes), None);
    // Dates that nobody can read, set until tonight, and carried out after midnight.
    let unreadable = PersonLimit::Unreadable { begin: None, end: None };
    let tonight = World::agreeing(1)
        .paid("150001", &[("2026-01-01", "2026-11-21")])
        .holds_on(FRONT, "1", unreadable);
    let changes = tonight.plan().changes;
    assert_eq!(changes[0].kind, Kind::Grant);
    assert_eq!(refused(&tonight.at("2026-11-21T23:30:00Z"), &changes), None);
}
