//! Changes that a person has approved: what is still proven without gathering again.

use super::super::proof::Rule;
use super::super::{Change, Kind, objection, prove_reviewed};
use super::world::{FRONT, World, employee, window};
use crate::config::Mode;
use crate::engine::link::NoLink;
use crate::model::testing::undated;
use crate::model::{Limit, RecordStanding, TargetName};

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
    let front = TargetName::new(FRONT).unwrap();
    assert!(proven.for_device(&front).eq(changes.iter()));
}

#[test]
fn everything_else_is_proven_again() {
    type Damage = fn(&mut World, &mut Vec<Change>);
    let damages: [(&str, Rule, Damage); 8] = [
        ("an unknown device", Rule::Known, |_, changes| {
            changes[0].device = TargetName::new("cellar").unwrap();
        }),
        ("the same person twice", Rule::Once, |_, changes| changes.push(changes[0].clone())),
        ("protected since", Rule::Untouchable, |world, _| {
            *world = world.clone().on(FRONT, |device| {
                device.protect.insert(employee("2"));
            });
        }),
        ("barred since", Rule::Untouchable, |world, _| {
            *world = world.clone().person(FRONT, "2", |p| p.standing = RecordStanding::Barred);
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
    assert_eq!(proven.for_device(&TargetName::new(FRONT).unwrap()).count(), 0);
}

#[test]
fn time_that_passed_since_is_no_lie() {
    // What was to be taken away is over by the time it is approved.
    let (world, changes) = blocked();
    assert_eq!(refused(&world.at("2027-01-01T11:00:00Z"), &changes), None);
    // Dates that nobody can read, set until tonight, and carried out after midnight.
    let unreadable = Limit::Unreadable { begin: None, end: None };
    let tonight = World::agreeing(1)
        .paid("150001", &[("2026-01-01", "2026-11-21")])
        .holds_on(FRONT, "1", unreadable);
    let changes = tonight.plan().changes;
    assert_eq!(changes[0].kind, Kind::Grant);
    assert_eq!(refused(&tonight.at("2026-11-21T23:30:00Z"), &changes), None);
}

/// Catches: a link to somebody else overlooked, or told by the whole key, so that a corrected birth date is
/// somebody else; what the plan alone can know refused; a newer listing not held against it, in any of the
/// ways in which it can differ.
#[test]
fn what_speaks_against_our_own_plan() {
    type Since = fn(World) -> World;
    let cases: [(&str, Since, Option<Rule>, Option<Rule>); 9] = [
        ("nothing", |world| world, None, None),
        ("no renewal", |world| world.paid("150001", &[("2026-01-01", "2026-12-31")]), None, {
            Some(Rule::NoStranger)
        }),
        (
            "a longer renewal",
            |world| world.paid("150001", &[("2026-01-01", "2028-12-31")]),
            None,
            { Some(Rule::NoLockOut) },
        ),
        ("inactive", |world| world.inactive("150001"), None, Some(Rule::NoStranger)),
        ("unreadable", |world| world.problem("150001", "no dates"), None, Some(Rule::NoStranger)),
        ("no link", |world| world.link(FRONT, "150001", Err(NoLink::NoPerson)), None, {
            Some(Rule::Linked)
        }),
        ("another link", |world| world.link(FRONT, "150001", Ok("3")), None, Some(Rule::Linked)),
        ("linked to another", |world| world.link(FRONT, "150002", Ok("1")), Some(Rule::Linked), {
            Some(Rule::Linked)
        }),
        ("a door that nobody has read", |world| world.unknown(FRONT), None, Some(Rule::Linked)),
    ];
    for (what, since, alone, overtaken) in cases {
        let made = World::agreeing(3).renewed("150001");
        let changes = made.plan().changes;
        assert_eq!(changes.len(), 1);
        let now = since(made);
        assert_eq!(objection(&now.facts, &changes[0], false), alone, "{what}");
        assert_eq!(objection(&now.facts, &changes[0], true), overtaken, "{what}, overtaken");
    }
    let mut change = World::agreeing(3).renewed("150001").plan().changes.remove(0);
    change.member = undated(&change.member);
    assert_eq!(objection(&World::agreeing(3).facts, &change, false), None, "the same member");
}
