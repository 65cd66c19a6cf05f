//! Planners that are broken on purpose, each in one way, and the limits of what is refused.
//!
//! A mutant is the honest planner that was told something untrue, or whose plan was altered on the way.
//! For each there are worlds where the proof refuses its plan by the rule that it breaks; and in no
//! world does the proof let a plan pass in which the third opinion finds something wrong.

use std::collections::BTreeMap;

use chrono::{Days, NaiveTime, TimeDelta};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::super::proof::Rule;
use super::super::{Budget, Change, Facts, Kind, Plan, Standing, plan, prove};
use super::generated::facts;
use super::oracle::wrong;
use super::small_worlds::crowd;
use super::world::{FRONT, World, employee, time, window};
use crate::config::{Ending, Mode};
use crate::engine::link::NoLink;
use crate::model::testing::{TIMES, undated, zone};
use crate::model::{Flaw, HolderId, Limit, RecordStanding, SourceName, Span, TargetName, Window};

/// Generated worlds beside the crowds.
const GENERATED: usize = 1_500;

enum How {
    /// The planner is told this instead of the truth.
    Misled(fn(&mut Facts)),
    /// The planner's plan is altered.
    Altered(fn(&mut Plan, &Facts)),
}

struct Mutant {
    what: &'static str,
    rule: Rule,
    how: How,
}

impl Mutant {
    fn plan(&self, truth: &Facts) -> Plan {
        match self.how {
            How::Misled(lie) => {
                let mut untrue = truth.clone();
                lie(&mut untrue);
                plan(&untrue)
            }
            How::Altered(alter) => {
                let mut plan = plan(truth);
                alter(&mut plan, truth);
                plan
            }
        }
    }
}

fn misled(what: &'static str, rule: Rule, lie: fn(&mut Facts)) -> Mutant {
    Mutant { what, rule, how: How::Misled(lie) }
}

fn altered(what: &'static str, rule: Rule, alter: fn(&mut Plan, &Facts)) -> Mutant {
    Mutant { what, rule, how: How::Altered(alter) }
}

/// Moves every window by some seconds at its begin and its end, where it stays one.
fn moved(plan: &mut Plan, begin: i64, end: i64) {
    for change in &mut plan.changes {
        let begin = change.after.begin() + TimeDelta::seconds(begin);
        let end = change.after.end() + TimeDelta::seconds(end);
        change.after = Window::new(begin, end).unwrap_or(change.after);
    }
}

fn unblock(plan: &mut Plan, budgets: &[Budget]) {
    for change in &mut plan.changes {
        change.blocked = change.blocked.filter(|budget| !budgets.contains(budget));
    }
}

/// Who paid, and how long.
fn wrong_dates() -> Vec<Mutant> {
    vec![
        misled("forgets who is inactive", Rule::NoStranger, |facts| {
            facts.members.iter_mut().for_each(|one| one.member.inactive = false);
        }),
        misled("ends who is inactive, though the policy keeps", Rule::NoLockOut, |facts| {
            facts.policy.inactive = Ending::End;
        }),
        misled("forgets who has vanished", Rule::NoStranger, |facts| {
            facts.members.iter_mut().for_each(|one| one.is_vanished = false);
        }),
        misled("ends who has vanished, though the policy keeps", Rule::NoLockOut, |facts| {
            facts.policy.vanished = Ending::End;
        }),
        misled("takes everybody for inactive", Rule::NoLockOut, |facts| {
            facts.policy.inactive = Ending::End;
            facts.members.iter_mut().for_each(|one| one.member.inactive = true);
        }),
        misled("forgets the roles of the club", Rule::NoStranger, |facts| {
            facts.sources.values_mut().for_each(|source| source.roles = None);
        }),
        misled("forgets the roles of the door", Rule::NoStranger, |facts| {
            facts.devices.iter_mut().for_each(|device| device.roles = None);
        }),
        misled("forgets the organisations of the door", Rule::NoStranger, |facts| {
            facts.devices.iter_mut().for_each(|device| device.organisations = None);
        }),
        misled("forgets the days of grace", Rule::NoLockOut, |facts| {
            facts.policy.grace_days = 0;
        }),
        misled("adds a day of grace", Rule::NoStranger, |facts| facts.policy.grace_days += 1),
        misled("takes midnight for the begin of the last day", Rule::NoLockOut, |facts| {
            let roles = facts.members.iter_mut().flat_map(|one| &mut one.member.roles);
            for role in roles {
                let Span::Wall { end, .. } = &mut role.time;
                if end.time() == NaiveTime::MIN {
                    *end -= TimeDelta::seconds(1);
                }
            }
        }),
        misled("rounds every end up to the whole day", Rule::NoStranger, |facts| {
            for role in facts.members.iter_mut().flat_map(|one| &mut one.member.roles) {
                let Span::Wall { end, .. } = &mut role.time;
                *end = end.date().and_time(NaiveTime::MIN);
            }
        }),
        misled("forgets the roles whose dates cannot be read", Rule::NoLockOut, |facts| {
            facts.members.iter_mut().for_each(|one| one.member.unreadable.clear());
        }),
        misled("forgets every role but the first", Rule::NoLockOut, |facts| {
            facts.members.iter_mut().for_each(|one| one.member.roles.truncate(1));
        }),
        misled("turns inverted dates round", Rule::NoStranger, |facts| {
            for role in facts.members.iter_mut().flat_map(|one| &mut one.member.roles) {
                let Span::Wall { begin, end } = &mut role.time;
                (*begin, *end) = ((*begin).min(*end), (*begin).max(*end));
            }
        }),
        misled("forgets what was served until now", Rule::NoLockOut, |facts| {
            let links = facts.devices.iter_mut().flat_map(|one| one.stored.links.values_mut());
            links.for_each(|link| link.served = None);
        }),
        misled("takes a week more for served", Rule::NoStranger, |facts| {
            for link in facts.devices.iter_mut().flat_map(|one| one.stored.links.values_mut()) {
                if let Some(served) = &mut link.served {
                    let end = served.window.end() + TimeDelta::days(7);
                    served.window = Window::new(served.window.begin(), end).unwrap();
                }
            }
        }),
        misled("takes the clock of another zone", Rule::NoLockOut, |facts| {
            facts.devices.iter_mut().for_each(|d| d.time_zone = zone("Pacific/Kiritimati"));
        }),
        misled("lives a week behind", Rule::NoLockOut, |facts| {
            facts.now = facts.now - Days::new(7);
        }),
        misled("forgets that an entry could not be read", Rule::NoStranger, |facts| {
            facts.members.iter_mut().for_each(|one| one.problem = None);
        }),
        altered("ends a second early", Rule::NoLockOut, |plan, _| moved(plan, 0, -1)),
        altered("ends a second late", Rule::NoStranger, |plan, _| moved(plan, 0, 1)),
        altered("ends a month early", Rule::NoLockOut, |plan, _| moved(plan, 0, -30 * 86_400)),
        altered("begins a day late", Rule::NoLockOut, |plan, _| moved(plan, 86_400, 0)),
        altered("begins a year early", Rule::NoStranger, |plan, _| moved(plan, -365 * 86_400, 0)),
        altered("swaps begin and end of what is paid", Rule::NoLockOut, |plan, _| {
            // A window that is turned round is none, so the time up to its begin is the nearest thing.
            for change in &mut plan.changes {
                let begin = change.after.begin();
                change.after = Window::new(begin - TimeDelta::days(1), begin).unwrap();
            }
        }),
        altered("gives for ever", Rule::NoStranger, |plan, _| {
            for change in &mut plan.changes {
                change.after = Window::new(change.after.begin(), TIMES.latest).unwrap();
            }
        }),
        altered("writes ends that no door takes", Rule::Range, |plan, _| {
            for change in &mut plan.changes {
                let end = TIMES.latest + TimeDelta::seconds(1);
                change.after = Window::new(change.after.begin(), end).unwrap();
            }
        }),
        altered("writes begins that no door takes", Rule::Range, |plan, _| {
            for change in &mut plan.changes {
                let begin = TIMES.earliest - TimeDelta::seconds(1);
                change.after = Window::new(begin, change.after.end()).unwrap();
            }
        }),
        altered("gives one member's window to the next", Rule::NoLockOut, |plan, _| {
            let windows: Vec<Window> = plan.changes.iter().map(|change| change.after).collect();
            for (change, window) in plan.changes.iter_mut().zip(windows.into_iter().skip(1)) {
                change.after = window;
            }
        }),
    ]
}

/// Who is who, and who may not be touched.
fn wrong_persons() -> Vec<Mutant> {
    vec![
        misled("forgets who is protected", Rule::Untouchable, |facts| {
            facts.devices.iter_mut().for_each(|device| device.protect.clear());
        }),
        misled("forgets who administers the door", Rule::Untouchable, |facts| {
            let persons = facts.devices.iter_mut().flat_map(|device| device.persons.values_mut());
            persons.for_each(|person| person.standing = RecordStanding::Free);
        }),
        misled("forgets whose entry is flawed", Rule::Untouchable, |facts| {
            let persons = facts.devices.iter_mut().flat_map(|device| device.persons.values_mut());
            persons.for_each(|person| person.flaw = None);
        }),
        misled("forgets who is barred", Rule::Untouchable, |facts| {
            let persons = facts.devices.iter_mut().flat_map(|device| device.persons.values_mut());
            persons.for_each(|person| person.standing = RecordStanding::Free);
        }),
        misled("takes over who never expires", Rule::NotPermanent, |facts| {
            for person in facts.devices.iter_mut().flat_map(|d| d.persons.values_mut()) {
                if let Limit::Permanent(_) = person.limit {
                    person.limit = Limit::Unreadable { begin: None, end: None };
                }
            }
        }),
        misled("looks at persons as they were", Rule::Base, |facts| {
            for person in facts.devices.iter_mut().flat_map(|d| d.persons.values_mut()) {
                person.fingerprint.push_str(" yesterday");
            }
        }),
        misled("shifts the links by one member", Rule::Linked, |facts| {
            for device in facts.devices.iter_mut().filter(|device| !device.linking.is_empty()) {
                device.linking.rotate_right(1);
            }
        }),
        misled("links two members to one person", Rule::Linked, |facts| {
            for device in &mut facts.devices {
                if let [first, .., last] = device.linking.as_mut_slice() {
                    *first = last.clone();
                }
            }
        }),
        misled("links who is ambiguous", Rule::Linked, |facts| {
            for link in facts.devices.iter_mut().flat_map(|device| &mut device.linking) {
                if let Err(NoLink::Ambiguous { persons, .. }) = link
                    && let Some(person) = persons.first()
                {
                    *link = Ok(super::world::linked(person.as_str()));
                }
            }
        }),
        misled("forgets whose a person was", Rule::NoLockOut, |facts| {
            for link in facts.devices.iter_mut().flat_map(|device| &mut device.linking) {
                if let Err(NoLink::Yielded { .. }) = link {
                    *link = Err(NoLink::NoPerson);
                }
            }
        }),
        misled(
            "forgets whom the configuration shut out of a person",
            Rule::RolesChanged,
            |facts| {
                for device in &mut facts.devices {
                    for (member, link) in facts.members.iter().zip(&mut device.linking) {
                        if let (Err(NoLink::Yielded { .. }), false) = (&link, member.is_vanished) {
                            *link = Err(NoLink::OtherOrganisation);
                        }
                    }
                }
            },
        ),
        altered("writes to a person whom nobody is linked to", Rule::Linked, |plan, facts| {
            for change in &mut plan.changes {
                let device = facts.devices.iter().find(|d| d.name == change.device).unwrap();
                if device.persons.contains_key(&employee("foreign 0")) {
                    change.employee_no = employee("foreign 0");
                }
            }
        }),
        altered("starts from another window", Rule::Base, |plan, _| {
            let another = Limit::Window(window("2020-01-01", "2020-01-02"));
            plan.changes.iter_mut().for_each(|change| change.before = another);
        }),
        altered("writes for a member who is not there", Rule::Known, |plan, _| {
            for change in &mut plan.changes {
                change.member = HolderId::new(change.member.source.clone(), "nobody").unwrap();
            }
        }),
        altered("writes for a club that is not there", Rule::Known, |plan, _| {
            let source = SourceName::new("9").unwrap();
            plan.changes.iter_mut().for_each(|change| change.member.source = source.clone());
        }),
        altered("writes everything twice", Rule::Once, |plan, _| {
            plan.changes.extend(plan.changes.clone());
        }),
        altered("writes to a door that is not there", Rule::Known, |plan, _| {
            for change in &mut plan.changes {
                change.device = TargetName::new("cellar").unwrap();
            }
        }),
        altered("swaps the doors", Rule::Base, |plan, facts| {
            for change in &mut plan.changes {
                let other = facts.devices.iter().find(|d| d.name != change.device);
                change.device = other.map_or(change.device.clone(), |device| device.name.clone());
            }
        }),
    ]
}

/// What may be done, and how much of it.
fn wrong_restraint() -> Vec<Mutant> {
    vec![
        misled("believes a refused listing", Rule::Source, |facts| {
            let refused = facts.sources.values_mut().filter(|s| s.standing == Standing::Refused);
            refused.for_each(|source| source.standing = Standing::Fresh);
        }),
        misled("takes away on old news", Rule::Source, |facts| {
            let away = facts.sources.values_mut().filter(|s| s.standing == Standing::Unreachable);
            away.for_each(|source| source.standing = Standing::Fresh);
        }),
        misled("forgets the mode", Rule::Mode, |facts| {
            facts.devices.iter_mut().for_each(|device| device.mode = Mode::Full);
        }),
        altered("forgets revoke_per_tick", Rule::Budget, |plan, _| {
            unblock(plan, &[Budget::RevokePerTick]);
        }),
        altered("forgets revoke_per_day", Rule::Budget, |plan, _| {
            unblock(plan, &[Budget::RevokePerDay]);
        }),
        misled("forgets what was revoked today", Rule::Budget, |facts| {
            facts.devices.iter_mut().for_each(|device| device.revoked_last_day = 0);
        }),
        altered("forgets grant_per_tick", Rule::Budget, |plan, _| {
            unblock(plan, &[Budget::GrantPerTick]);
        }),
        misled("takes every run for the first", Rule::Budget, |facts| {
            facts.devices.iter_mut().for_each(|device| device.is_first_run = true);
        }),
        altered("forgets the last person", Rule::LastPerson, |plan, _| {
            unblock(plan, &[Budget::LastPerson]);
        }),
        misled("counts the caretaker as a member", Rule::LastPerson, |facts| {
            // Somebody who is always in, whom a member of nobody's is linked to.
            let Some(first) = facts.members.first().cloned() else { return };
            let mut caretaker = first;
            caretaker.member.roles.clear();
            caretaker.member.key = undated(&caretaker.member.key);
            facts.members.push(caretaker);
            for device in facts.devices.iter_mut().filter(|device| !device.linking.is_empty()) {
                let always = window("2000-01-01", "2037-12-31");
                let person = super::world::person("caretaker", Limit::Window(always));
                device.persons.insert(employee("caretaker"), person);
                device.linking.push(Ok(super::world::linked("caretaker")));
            }
        }),
        altered("calls everything a grant", Rule::Honest, |plan, _| {
            plan.changes.iter_mut().for_each(|change| change.kind = Kind::Grant);
        }),
        altered("calls everything a revocation", Rule::Honest, |plan, _| {
            plan.changes.iter_mut().for_each(|change| change.kind = Kind::Revocation);
        }),
        altered(
            "calls a lost hour a revocation, though the door opens",
            Rule::Honest,
            |plan, _| {
                for change in plan.changes.iter_mut().filter(|change| change.opens_door) {
                    let lost =
                        change.before.window().is_some_and(|old| old.end() > change.after.end());
                    change.kind = if lost { Kind::Revocation } else { change.kind };
                }
            },
        ),
        altered("does not count doors that open", Rule::Honest, |plan, _| {
            plan.changes.iter_mut().for_each(|change| change.opens_door = false);
        }),
        altered("counts every door as one that opens", Rule::Honest, |plan, _| {
            plan.changes.iter_mut().for_each(|change| change.opens_door = true);
        }),
        misled("believes what was said only once", Rule::SecondLook, |facts| {
            facts.members.iter_mut().for_each(|one| one.is_agreed = true);
        }),
        altered("forgets the second look", Rule::SecondLook, |plan, _| {
            unblock(plan, &[Budget::SecondLook]);
        }),
        misled("forgets which roles opened the door before", Rule::RolesChanged, |facts| {
            facts.devices.iter_mut().for_each(|device| device.settled_roles.clear());
        }),
        misled("believes whoever leaves many out", Rule::TooManyLost, |facts| {
            facts.guard.source_shrink = crate::config::Percent::new(100).unwrap();
        }),
        altered("counts everybody on the door for a budget", Rule::Budget, |plan, facts| {
            for device in &facts.devices {
                let limit = facts.guard.revoke_per_tick.share_of(device.persons.len()).max(2);
                let mine = |change: &&mut Change| {
                    change.device == device.name
                        && change.kind == Kind::Revocation
                        && matches!(change.blocked, None | Some(Budget::RevokePerTick))
                };
                if plan.changes.iter_mut().filter(mine).count() <= limit {
                    plan.changes.iter_mut().filter(mine).for_each(|one| one.blocked = None);
                }
            }
        }),
        altered("approves what waits", Rule::Budget, |plan, _| {
            plan.changes.iter_mut().for_each(|change| change.blocked = None);
        }),
    ]
}

/// Generated worlds, always the same, and crowds around the limits.
fn worlds() -> Vec<Facts> {
    let mut runner = TestRunner::deterministic();
    let strategy = facts();
    let generated = (0..GENERATED).map(|_| strategy.new_tree(&mut runner).unwrap().current());
    let mut worlds: Vec<Facts> = generated.collect();
    for returning in [0, 1, 20, 21, 25] {
        for leaving in [0, 1, 2, 3, 5] {
            for staying in [0, 1, 30] {
                for revoked in [0, 4] {
                    let mut world: World = crowd(returning, leaving, staying);
                    world.facts.devices[0].revoked_last_day = revoked;
                    worlds.push(world.facts);
                }
            }
        }
    }
    let flawed = World::agreeing(2).renewed("150001");
    worlds.push(flawed.person(FRONT, "1", |person| person.flaw = Some(Flaw::Twice)).facts);
    // Members who leave beside many who are enrolled and no members, and members who lose their role.
    for (leaving, staying) in [(3, 0), (3, 16), (4, 30), (19, 1)] {
        let mut world = crowd(0, leaving, staying);
        for place in 0..400 {
            let id = format!("foreign {place}");
            let always = window("2000-01-01", "2037-12-31");
            let person = super::world::person(&id, Limit::Window(always));
            world.facts.devices[0].persons.insert(employee(&id), person);
        }
        worlds.push(world.clone().facts);
        worlds.push(world.served().facts);
        let mut other = World::agreeing(leaving + staying).served();
        for place in 1..=leaving {
            let number = (150_000 + place).to_string();
            other = other.roles(&number, &[(4000, "2026-01-01", "2026-12-31")]);
        }
        worlds.push(other.renewed(&(150_000 + leaving + staying).to_string()).facts);
    }
    worlds
}

/// What became of one mutant's plans.
#[derive(Default)]
struct Tally {
    differs: usize,
    refused: BTreeMap<Rule, usize>,
    confirmed: usize,
}

#[test]
#[expect(clippy::print_stdout, reason = "the table that the README of the tests tells of")]
fn every_broken_planner_is_refused() {
    let worlds = worlds();
    let honest: Vec<Plan> = worlds.iter().map(plan).collect();
    for (facts, plan) in worlds.iter().zip(&honest) {
        assert!(prove(facts, plan).is_ok());
        let pending: Vec<&Change> = plan.pending().collect();
        assert_eq!(wrong(facts, &pending), None, "{facts:#?}");
    }
    let mutants: Vec<Mutant> =
        wrong_dates().into_iter().chain(wrong_persons()).chain(wrong_restraint()).collect();
    println!("{} broken planners, each in {} worlds", mutants.len(), worlds.len());
    println!("{:<58} differs  refused  by its rule", "a planner that …");
    let mut refusals = 0;
    for mutant in &mutants {
        let what = mutant.what;
        let mut tally = Tally::default();
        for (facts, honest) in worlds.iter().zip(&honest) {
            let plan = mutant.plan(facts);
            let pending: Vec<&Change> = plan.pending().collect();
            let differs = plan.changes != honest.changes;
            tally.differs += usize::from(differs);
            let bad = wrong(facts, &pending);
            match prove(facts, &plan) {
                // Where the proof lets it pass, it does no harm.
                Ok(_) => assert_eq!(bad, None, "{what}\n{plan:#?}\n{facts:#?}"),
                Err(refused) => {
                    assert!(differs, "{what}: {refused}");
                    *tally.refused.entry(refused.rule).or_default() += 1;
                    tally.confirmed += usize::from(bad.is_some());
                }
            }
        }
        let refused: usize = tally.refused.values().sum();
        let by_rule = tally.refused.get(&mutant.rule).copied().unwrap_or_default();
        println!("{what:<58} {:>7}  {refused:>7}  {by_rule:>6} {:?}", tally.differs, mutant.rule);
        assert!(by_rule > 0, "{what}: {:?}", tally.refused);
        // The proof refuses nothing that the third opinion takes for good.
        assert_eq!(tally.confirmed, refused, "{what}");
        refusals += refused;
    }
    println!("{refusals} plans refused");
    assert_eq!((mutants.len(), worlds.len()), (69, 1_663));
    let told = include_str!("../../../../tests/README.md");
    assert!(told.contains("and 69 planners") && told.contains("in no world of 1,663"));
}

/// A renewal, a member whose door opens again, one marked inactive, and one who paid for less.
fn one_of_each() -> World {
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

fn until(change: &mut Change, begin: &str, end: &str) {
    change.after = window(begin, end);
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

/// What is not to be proven: a person who is gone, and a door that is only looked at.
#[test]
fn nobody_who_is_gone_and_no_door_that_is_observed() {
    let (world, plan) = (one_of_each(), one_of_each().plan());
    let refusal = |world: &World| prove(&world.facts, &plan).map(|proven| proven.len());
    assert_eq!(refusal(&world), Ok(plan.pending().count()));
    let gone = world.clone().on(FRONT, |device| drop(device.persons.remove(&employee("1"))));
    assert_eq!(refusal(&gone).unwrap_err().rule, Rule::Known);
    let observed = world.on(FRONT, |device| device.mode = Mode::Observe);
    let proven = prove(&observed.facts, &plan).unwrap();
    assert_eq!(proven.for_device(&TargetName::new(FRONT).unwrap()).count(), 0, "never written");
    assert_eq!(proven.len(), plan.changes.len() / 2);
}

#[test]
fn a_refusal_names_the_counter_example() {
    let (world, mut plan) = (one_of_each(), one_of_each().plan());
    change(&mut plan, "1").fingerprint.clear();
    let text = prove(&world.facts, &plan).unwrap_err().to_string();
    assert_eq!(
        text,
        "the plan breaks a safety rule: member 150001, person 1 on front-door: it does not start \
         from what is held there"
    );
}
