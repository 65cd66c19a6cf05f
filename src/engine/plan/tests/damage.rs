//! A correct plan, or the facts under it, are damaged in one way each: the proof refuses, and names
//! the rule that is broken and the change that breaks it.

use super::super::proof::Rule;
use super::super::{Change, Kind, Plan, Standing, prove};
use super::world::{FRONT, GYM, World, employee, person, role_id, time, window};
use crate::config::{Ending, Mode};
use crate::engine::link::NoLink;
use crate::model::testing::undated;
use crate::model::{Flaw, Limit, RecordStanding, SourceName, TargetName};

/// A renewal, a member whose door opens again, one marked inactive, and one who paid for less.
fn world() -> World {
    World::agreeing(6)
        .device("yard-door")
        .renewed("150001")
        .renewed("150002")
        .holds("2", "2025-01-01", "2025-12-31T23:59:59")
        .inactive("150003")
        .paid("150004", &[("2026-01-01", "2026-11-30")])
}

/// The change of a person on the front door.
fn change<'a>(plan: &'a mut Plan, id: &str) -> &'a mut Change {
    let mut changes = plan.changes.iter_mut();
    changes.find(|c| c.device.as_str() == FRONT && c.employee_no.as_str() == id).unwrap()
}

struct Damage {
    what: &'static str,
    by: fn(&mut World, &mut Plan),
    /// The rule, and the person whose change breaks it.
    rule: Rule,
    at: &'static str,
}

fn check(world: fn() -> World, damages: &[Damage]) {
    let whole = world();
    assert_eq!(
        prove(&whole.facts, &whole.plan()).map(|p| p.len()),
        Ok(whole.plan().pending().count())
    );
    for Damage { what, by, rule, at } in damages {
        let (mut world, mut plan) = (whole.clone(), whole.plan());
        by(&mut world, &mut plan);
        let found = prove(&world.facts, &plan).expect_err(what);
        assert_eq!((found.rule, found.employee_no.as_str()), (*rule, *at), "{what}: {found}");
    }
}

fn damage(
    what: &'static str,
    rule: Rule,
    at: &'static str,
    by: fn(&mut World, &mut Plan),
) -> Damage {
    Damage { what, by, rule, at }
}

#[test]
fn who() {
    check(
        world,
        &[
            damage("two persons swapped", Rule::Linked, "1", |_, plan| {
                let (mut one, mut two) = (change(plan, "1").clone(), change(plan, "2").clone());
                std::mem::swap(&mut one.member, &mut two.member);
                std::mem::swap(&mut one.after, &mut two.after);
                *change(plan, "1") = one;
                *change(plan, "2") = two;
            }),
            damage("another member's change", Rule::Linked, "1", |_, plan| {
                change(plan, "1").member = change(plan, "2").member.clone();
            }),
            damage("a foreign person", Rule::Linked, "foreign", |world, plan| {
                let held = change(plan, "1").before;
                let foreign = person("foreign", held);
                change(plan, "1").fingerprint = foreign.fingerprint.clone();
                change(plan, "1").employee_no = foreign.employee_no.clone();
                let door = world.facts.devices.iter_mut().find(|d| d.name.as_str() == FRONT);
                door.unwrap().persons.insert(employee("foreign"), foreign);
            }),
            damage("an ambiguous link", Rule::Linked, "1", |world, _| {
                let no = NoLink::Ambiguous { persons: [employee("1")].into(), rivals: [].into() };
                *world = world.clone().link(FRONT, "150001", Err(no));
            }),
            damage("a person of two members", Rule::Linked, "1", |world, _| {
                *world = world.clone().link(FRONT, "150006", Ok("1"));
            }),
            damage("a link that is gone", Rule::Linked, "1", |world, _| {
                *world = world.clone().on(FRONT, |device| device.linking.clear());
            }),
            damage("a person who is gone", Rule::Known, "1", |world, _| {
                *world = world.clone().on(FRONT, |device| {
                    device.persons.remove(&employee("1"));
                });
            }),
            damage("an unknown device", Rule::Known, "1", |_, plan| {
                change(plan, "1").device = TargetName::new("cellar").unwrap();
            }),
            damage("an unknown member", Rule::Known, "1", |world, _| {
                let place = world.place("150001");
                let key = &mut world.facts.members[place].member.key;
                *key = undated(key);
            }),
            damage("an unknown organisation", Rule::Known, "1", |_, plan| {
                change(plan, "1").member.source = SourceName::new("9").unwrap();
            }),
            damage("the same person twice", Rule::Once, "1", |_, plan| {
                let again = change(plan, "1").clone();
                plan.changes.push(again);
            }),
        ],
    );
}

#[test]
fn whom_nobody_may_touch() {
    check(
        world,
        &[
            damage("a protected person", Rule::Untouchable, "1", |world, _| {
                *world = world.clone().on(FRONT, |device| {
                    device.protect.insert(employee("1"));
                });
            }),
            damage("an administrator of the device", Rule::Untouchable, "1", |world, _| {
                *world = world
                    .clone()
                    .person(FRONT, "1", |person| person.standing = RecordStanding::Administrator);
            }),
            damage("a person with two entries", Rule::Untouchable, "1", |world, _| {
                *world = world.clone().person(FRONT, "1", |person| person.flaw = Some(Flaw::Twice));
            }),
            damage("a barred person", Rule::Untouchable, "2", |world, _| {
                *world = world
                    .clone()
                    .person(FRONT, "2", |person| person.standing = RecordStanding::Barred);
            }),
            damage("a person who never expires", Rule::NotPermanent, "1", |world, plan| {
                let permanent = Limit::Permanent(change(plan, "1").before.window());
                change(plan, "1").before = permanent;
                *world = world.clone().person(FRONT, "1", |person| person.limit = permanent);
            }),
            damage("another fingerprint", Rule::Base, "1", |_, plan| {
                change(plan, "1").fingerprint.push('x');
            }),
            damage("another window to start from", Rule::Base, "1", |_, plan| {
                change(plan, "1").before =
                    Limit::Window(window("2026-01-01", "2026-12-30T23:59:59"));
            }),
        ],
    );
}

fn until(change: &mut Change, begin: &str, end: &str) {
    change.after = window(begin, end);
}

#[test]
fn paid_time_is_kept() {
    check(
        world,
        &[
            damage("a renewal cut short", Rule::NoLockOut, "1", |_, plan| {
                until(change(plan, "1"), "2026-01-01", "2027-12-30T23:59:59");
            }),
            damage("a renewal cut by one second", Rule::NoLockOut, "1", |_, plan| {
                until(change(plan, "1"), "2026-01-01", "2027-12-31T23:59:58");
            }),
            damage("less than before, and called so", Rule::NoLockOut, "1", |_, plan| {
                until(change(plan, "1"), "2026-01-01", "2026-11-30T23:59:59");
                change(plan, "1").kind = Kind::Revocation;
            }),
            damage("open again tomorrow only", Rule::NoLockOut, "2", |_, plan| {
                until(change(plan, "2"), "2026-11-22", "2027-12-31T23:59:59");
                change(plan, "2").opens_door = false;
            }),
            damage("ended yesterday", Rule::NoLockOut, "1", |_, plan| {
                until(change(plan, "1"), "2026-01-01", "2026-11-20T23:59:59");
                change(plan, "1").kind = Kind::Revocation;
            }),
            damage("shortened by one day too many", Rule::NoLockOut, "4", |_, plan| {
                until(change(plan, "4"), "2026-01-01", "2026-11-29T23:59:59");
            }),
            damage("the days of grace forgotten", Rule::NoLockOut, "1", |world, _| {
                world.facts.policy.grace_days = 1;
            }),
            damage("inactive, but the policy keeps", Rule::NoLockOut, "3", |world, _| {
                world.facts.policy.inactive = Ending::Keep;
            }),
        ],
    );
}

#[test]
fn nobody_gains_what_is_not_paid() {
    check(
        world,
        &[
            damage("a day beyond", Rule::NoStranger, "1", |_, plan| {
                until(change(plan, "1"), "2026-01-01", "2028-01-01T23:59:59");
            }),
            damage("a second beyond", Rule::NoStranger, "1", |_, plan| {
                until(change(plan, "1"), "2026-01-01", "2028-01-01T00:00:00");
            }),
            damage("a grant for somebody inactive", Rule::NoStranger, "1", |world, _| {
                *world = world.clone().inactive("150001");
            }),
            damage("a grant for somebody vanished", Rule::NoStranger, "1", |world, _| {
                *world = world.clone().vanished("150001").policy(|p| p.vanished = Ending::End);
            }),
            damage("a role that opens other doors", Rule::NoStranger, "1", |world, _| {
                let other = Some([role_id(GYM + 1)].into());
                *world = world.clone().on(FRONT, |device| device.roles = other);
            }),
            damage("a role the club does not take", Rule::NoStranger, "1", |world, _| {
                for source in world.facts.sources.values_mut() {
                    source.roles = Some([role_id(GYM + 1)].into());
                }
            }),
            damage("dates that were not readable", Rule::NoStranger, "1", |world, _| {
                *world = world.clone().problem("150001", "EndDate is missing");
            }),
            damage("an inverted role", Rule::NoStranger, "2", |world, _| {
                *world = world.clone().paid("150002", &[("2027-12-31", "2026-01-01")]);
            }),
            damage("a role that is not yet valid", Rule::NoStranger, "2", |world, plan| {
                *world = world.clone().paid("150002", &[("2026-11-21T12:00:01", "2027-12-31")]);
                until(change(plan, "2"), "2026-11-21T12:00:00", "2027-12-31T23:59:59");
            }),
        ],
    );
}

/// One member with a morning and an evening, the day after tomorrow and later.
fn with_gaps() -> World {
    World::agreeing(1)
        .paid(
            "150001",
            &[
                ("2026-11-23T08:00:00", "2026-11-23T10:00:00"),
                ("2026-11-23T15:00:00", "2026-11-24"),
                ("2026-11-25", "2026-11-25T12:00:00"),
                ("2026-12-01", "2026-12-31"),
            ],
        )
        .holds("1", "2025-01-01", "2025-12-31T23:59:59")
}

#[test]
fn gaps_between_two_midnights() {
    let (gap, cut) = (Rule::NoStranger, Rule::NoLockOut);
    for (begin, end, rule) in [
        ("2026-11-23T08:00:00", "2026-11-23T10:00:00", None),
        ("2026-11-23T08:00:00", "2026-11-25T12:00:00", Some(gap)),
        ("2026-11-23T08:00:00", "2026-11-23T10:00:01", Some(gap)),
        ("2026-11-23T07:59:59", "2026-11-23T10:00:00", Some(gap)),
        ("2026-11-01T00:00:00", "2026-11-23T10:00:00", Some(gap)),
        ("2026-11-23T08:00:01", "2026-11-23T10:00:00", Some(cut)),
        ("2026-11-23T08:00:00", "2026-11-23T09:59:59", Some(cut)),
        // A later period while the next one is waiting.
        ("2026-11-23T15:00:00", "2026-11-25T12:00:00", Some(cut)),
        ("2026-12-01T00:00:00", "2026-12-31T23:59:59", Some(cut)),
        ("2025-01-01T00:00:00", "2025-12-31T23:59:58", Some(cut)),
    ] {
        let world = with_gaps();
        let mut plan = world.plan();
        until(change(&mut plan, "1"), begin, end);
        let found = prove(&world.facts, &plan).err().map(|refused| refused.rule);
        assert_eq!(found, rule, "{begin} to {end}");
    }
    // When the first period is over, the next one is as long as its days touch.
    let later = with_gaps().at("2026-11-23T10:00:00Z").plan();
    let after = later.changes[0].after;
    assert_eq!(
        (after.begin(), after.end()),
        (time("2026-11-23T15:00:00"), time("2026-11-25T12:00:00"))
    );
}

#[test]
fn what_is_held_may_stay_though_it_is_not_paid() {
    // The door holds two years. Nothing says that a correction must take all of it away.
    let world = World::agreeing(1).holds("1", "2026-01-01", "2027-12-31T23:59:59");
    for (end, rule) in [
        ("2026-12-31T23:59:59", None),
        ("2027-06-30T23:59:59", None),
        ("2028-01-01T00:00:00", Some(Rule::NoStranger)),
        ("2026-12-31T23:59:58", Some(Rule::NoLockOut)),
    ] {
        let mut plan = world.plan();
        until(change(&mut plan, "1"), "2026-01-01", end);
        let found = prove(&world.facts, &plan).err().map(|refused| refused.rule);
        assert_eq!(found, rule, "{end}");
    }
}

#[test]
fn changes_say_what_they_do() {
    check(
        world,
        &[
            damage("a revocation called a grant", Rule::Honest, "3", |_, plan| {
                change(plan, "3").kind = Kind::Grant;
            }),
            damage("a shortening called a grant", Rule::Honest, "4", |_, plan| {
                change(plan, "4").kind = Kind::Grant;
            }),
            damage("a grant called a revocation", Rule::Honest, "1", |_, plan| {
                change(plan, "1").kind = Kind::Revocation;
            }),
            damage(
                "a door opened at the cost of later time, and called a revocation",
                Rule::Honest,
                "2",
                |world, plan| {
                    let next_year = Limit::Window(window("2028-01-01", "2028-12-31"));
                    change(plan, "2").before = next_year;
                    change(plan, "2").kind = Kind::Revocation;
                    *world = world.clone().person(FRONT, "2", |person| person.limit = next_year);
                },
            ),
            damage(
                "later time lost for nothing, and called a grant",
                Rule::Honest,
                "2",
                |world, plan| {
                    let next_year = Limit::Window(window("2028-01-01", "2028-12-31"));
                    change(plan, "2").before = next_year;
                    change(plan, "2").opens_door = false;
                    until(change(plan, "2"), "2026-11-22", "2027-12-31T23:59:59");
                    let world_then = world.clone().paid("150002", &[("2026-11-22", "2027-12-31")]);
                    *world = world_then.person(FRONT, "2", |person| person.limit = next_year);
                },
            ),
            damage("an opened door not counted", Rule::Honest, "2", |_, plan| {
                change(plan, "2").opens_door = false;
            }),
            damage("a door opened that was open", Rule::Honest, "1", |_, plan| {
                change(plan, "1").opens_door = true;
            }),
            damage("unreadable dates ended as a grant", Rule::Honest, "3", |world, plan| {
                let unreadable = Limit::Unreadable { begin: None, end: None };
                change(plan, "3").before = unreadable;
                change(plan, "3").kind = Kind::Grant;
                *world = world.clone().person(FRONT, "3", |person| person.limit = unreadable);
            }),
        ],
    );
}

#[test]
fn where_and_when_nothing_may_be_written() {
    check(
        world,
        &[
            damage("taken in mode grant-only", Rule::Mode, "3", |world, _| {
                *world = world.clone().on(FRONT, |device| device.mode = Mode::GrantOnly);
            }),
            damage("from a refused listing", Rule::Source, "1", |world, _| {
                *world = world.clone().standing("club", Standing::Refused);
            }),
            damage("taken on old news", Rule::Source, "3", |world, _| {
                *world = world.clone().standing("club", Standing::Unreachable);
            }),
            damage("an end beyond 2037", Rule::Range, "1", |world, plan| {
                until(change(plan, "1"), "2026-01-01", "2038-01-01T23:59:59");
                *world = world.clone().paid("150001", &[("2026-01-01", "2038-01-01")]);
            }),
            damage("a begin before 2000", Rule::Range, "1", |world, plan| {
                until(change(plan, "1"), "1999-12-31", "2027-12-31T23:59:59");
                *world = world.clone().paid("150001", &[("1999-12-31", "2027-12-31")]);
            }),
        ],
    );
    let observed = world().on(FRONT, |device| device.mode = Mode::Observe);
    let plan = world().plan();
    let proven = prove(&observed.facts, &plan).unwrap();
    let front = TargetName::new(FRONT).unwrap();
    assert_eq!(proven.for_device(&front).count(), 0, "an observed device is never written");
    assert_eq!(proven.len(), plan.changes.len() / 2);
}

#[test]
fn budgets() {
    let open = |world: World| {
        let mut plan = world.plan();
        for change in &mut plan.changes {
            change.blocked = None;
        }
        prove(&world.facts, &plan).map(|proven| proven.len()).map_err(|refused| refused.rule)
    };
    let revoked = |count: usize| {
        let numbers = (1..=count).map(|place| (150_000 + place).to_string());
        numbers.fold(World::agreeing(9), |world, number| world.inactive(&number))
    };
    assert_eq!(open(revoked(2)), Ok(2));
    assert_eq!(open(revoked(3)), Err(Rule::Budget));
    assert_eq!(open(revoked(2).on(FRONT, |d| d.revoked_last_day = 3)), Ok(2));
    assert_eq!(open(revoked(2).on(FRONT, |d| d.revoked_last_day = 4)), Err(Rule::Budget));
    let last = |world: World| open(world.inactive("150001"));
    assert_eq!(last(World::agreeing(1)), Err(Rule::LastPerson));
    assert_eq!(last(World::agreeing(2)), Ok(1));
    let opened = |count: usize| {
        let ids = (1..=count).map(|place| place.to_string());
        ids.fold(World::agreeing(30), |world, id| world.holds(&id, "2025-01-01", "2025-02-01"))
    };
    assert_eq!(open(opened(20)), Ok(20));
    assert_eq!(open(opened(21)), Err(Rule::Budget));
    assert_eq!(open(opened(21).on(FRONT, |d| d.is_first_run = true)), Ok(21));
}

#[test]
fn a_refusal_names_the_counter_example() {
    let (world, mut plan) = (world(), world().plan());
    change(&mut plan, "1").fingerprint.clear();
    let text = prove(&world.facts, &plan).unwrap_err().to_string();
    assert_eq!(
        text,
        "the plan breaks a safety rule: member 150001, person 1 on front-door: it does not start \
         from what the device holds"
    );
}
