//! Laws that hold in every world.

use chrono::TimeDelta;
use proptest::prelude::*;

use super::super::proof::Rule;
use super::super::validity::Entitlement;
use super::super::{Cause, Change, Facts, Kind, Plan, TargetFacts, in_sync, plan, prove, shut_out};
use super::generated::{facts, facts_of, grid};
use super::oracle::{missing, wrong};
use super::world::{FRONT, World, apply, window};
use crate::config::Mode;
use crate::model::testing::TIMES;
use crate::model::{Limit, RecordStanding, Window};

fn device<'a>(facts: &'a Facts, change: &Change) -> &'a TargetFacts {
    facts.devices.iter().find(|device| device.name == change.device).unwrap()
}

/// What is pending where something is ever written.
fn pending<'a>(facts: &'a Facts, plan: &'a Plan) -> impl Iterator<Item = &'a Change> {
    plan.pending().filter(|change| device(facts, change).mode != Mode::Observe)
}

fn entitled(facts: &Facts, change: &Change) -> Entitlement {
    let device = device(facts, change);
    let member = facts.members.iter().find(|m| m.member.key == change.member).unwrap();
    facts.entitlement(device, member).unwrap()
}

fn same_place(one: &Change, other: &Change) -> bool {
    one.device == other.device && one.employee_no == other.employee_no
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn every_plan_is_proven(facts in facts()) {
        let plan = plan(&facts);
        let proven = prove(&facts, &plan);
        prop_assert_eq!(proven.map(|p| p.len()), Ok(pending(&facts, &plan).count()));
        prop_assert_eq!(wrong(&facts, &plan.pending().collect::<Vec<_>>()), None);
        prop_assert_eq!(missing(&facts, &plan), None);
    }

    #[test]
    fn carried_out_nothing_is_left_to_do(mut facts in facts()) {
        let first = plan(&facts);
        apply(&mut facts, &first);
        let second = plan(&facts);
        prop_assert_eq!(pending(&facts, &second).collect::<Vec<_>>(), Vec::<&Change>::new());
        // What waits for approval waits on, unchanged but for the reading it starts from.
        prop_assert_eq!(second.blocked().count(), first.blocked().count());
    }

    #[test]
    fn nothing_flaps_as_time_goes_on(mut facts in facts(), later in prop_oneof![
        0..86_400_i64, Just(86_400), Just(86_400 * 2), 0..86_400 * 40_i64,
    ]) {
        let first = plan(&facts);
        apply(&mut facts, &first);
        let then = facts.now;
        let mut tomorrow = facts.clone();
        tomorrow.now = then + TimeDelta::seconds(later);
        for change in &plan(&tomorrow).changes {
            let (before, after) = (entitled(&facts, change), entitled(&tomorrow, change));
            let has_moved = before.validity().map(|v| (v.window, v.ended))
                != after.validity().map(|v| (v.window, v.ended));
            let is_ended = after.validity().is_some_and(|validity| validity.ended.is_some());
            let waits = |old: &&Change| old.blocked.is_some();
            let waited = first.changes.iter().filter(waits).any(|old| same_place(old, change));
            let is_observed = device(&facts, change).mode == Mode::Observe;
            // A revocation that was kept back may have become a mere correction of the past.
            let was_kept_back = first.left_out.iter().any(|one| one.member == change.member);
            prop_assert!(
                waited || is_observed || was_kept_back || has_moved && !is_ended,
                "{:?} after {} s: {:?}", change, later, after
            );
        }
    }

    #[test]
    fn nobody_is_touched_who_may_not_be(facts in facts()) {
        for change in &plan(&facts).changes {
            let device = device(&facts, change);
            let person = &device.persons[&change.employee_no];
            prop_assert!(!device.protect.contains(&change.employee_no));
            prop_assert!(person.standing == RecordStanding::Free);
            prop_assert!(person.flaw.is_none());
            prop_assert!(!matches!(person.limit, Limit::Permanent(_)));
            let place = facts.members.iter().position(|m| m.member.key == change.member).unwrap();
            let link = device.linking[place].as_ref().map(|link| &link.employee_no);
            prop_assert_eq!(link, Ok(&change.employee_no));
            prop_assert!(facts.members[place].problem.is_none());
            let named = &facts.only.numbers;
            prop_assert!(named.is_empty() || named.iter().any(|number| number.as_str() == change.member.human()));
        }
    }

    #[test]
    fn windows_are_what_devices_take(facts in facts()) {
        for change in &plan(&facts).changes {
            let after = change.after;
            prop_assert!(after.begin() <= after.end());
            prop_assert!(TIMES.clamp(after) == after, "{}", after);
            prop_assert!(Limit::Window(after) != change.before);
        }
    }

    #[test]
    fn kinds_and_causes_are_those_of_the_contract(facts in facts()) {
        for change in &plan(&facts).changes {
            let fits = match (change.kind, change.cause) {
                (_, Cause::Drift) => device(&facts, change).confirmed.contains_key(&change.employee_no),
                (Kind::Grant, cause) => matches!(cause, Cause::Renewed | Cause::Started),
                (Kind::Revocation, cause) => {
                    matches!(cause, Cause::Shortened | Cause::Inactive | Cause::Vanished)
                }
            };
            prop_assert!(fits, "{:?}", change);
        }
    }

    #[test]
    fn everybody_is_told_about_at_most_once_per_door(facts in facts()) {
        let plan = plan(&facts);
        for (place, member) in facts.members.iter().enumerate() {
            let key = &member.member.key;
            let is_named = facts.only.is_everyone() || facts.only.names_member(&member.member);
            for device in &facts.devices {
                let changes = plan.changes.iter().filter(|c| c.member == *key && c.device == device.name);
                let left_out = plan.left_out.iter().filter(|one| {
                    one.member == *key && one.device.as_ref().is_none_or(|name| *name == device.name)
                });
                let reported = changes.count() + left_out.count();
                prop_assert!(reported <= usize::from(is_named));
                // Who is neither changed nor left out holds what they should.
                let holds_window = device.linking.get(place).is_some_and(|link| {
                    let person = link.as_ref().ok().and_then(|l| device.persons.get(&l.employee_no));
                    person.is_some_and(|person| person.limit.window().is_some())
                });
                let holds_nobody = device.linking.get(place).is_none_or(|link| {
                    link.as_ref().ok().is_none_or(|l| !device.persons.contains_key(&l.employee_no))
                });
                let is_elsewhere = holds_nobody && shut_out(&facts, member, device).is_some();
                prop_assert!(reported == 1 || !is_named || holds_window || is_elsewhere);
            }
        }
        let mut places: Vec<_> =
            plan.changes.iter().map(|change| (&change.device, &change.employee_no)).collect();
        places.sort_unstable();
        places.dedup();
        prop_assert_eq!(places.len(), plan.changes.len());
    }

    #[test]
    fn the_same_facts_in_another_order_give_the_same_plan(
        facts in facts(),
        order in Just((0..24).collect::<Vec<usize>>()).prop_shuffle(),
    ) {
        let mut shuffled = facts.clone();
        let order: Vec<usize> = order.into_iter().filter(|at| *at < facts.members.len()).collect();
        shuffled.members = order.iter().map(|at| facts.members[*at].clone()).collect();
        for (device, old) in shuffled.devices.iter_mut().zip(&facts.devices) {
            let linking = order.iter().filter_map(|at| old.linking.get(*at).cloned());
            device.linking = linking.collect();
        }
        shuffled.devices.reverse();
        prop_assert_eq!(plan(&shuffled), plan(&facts));
    }

    #[test]
    fn who_is_in_step_is_not_changed(facts in facts()) {
        let plan = plan(&facts);
        for (name, persons) in in_sync(&facts) {
            for (employee_no, held) in persons {
                let changed = plan.changes.iter().any(|c| c.device == name && c.employee_no == employee_no);
                prop_assert!(!changed, "{} {} {}", name, employee_no, held);
            }
        }
    }
}

/// A stretch on the grid of hours.
fn stretch() -> impl Strategy<Value = Window> {
    (0..96_i64, 0..40_i64, any::<bool>(), any::<bool>()).prop_map(|(hour, length, late, to_end)| {
        let (begin, end) = (grid(hour, late), grid(hour + length, to_end));
        Window::new(begin, end).unwrap_or_else(|_| Window::new(begin, begin).unwrap())
    })
}

/// Every moment on the grid where anything can begin or end, from `now` on.
fn moments(now: chrono::NaiveDateTime) -> impl Iterator<Item = chrono::NaiveDateTime> {
    let hours = (0..200_i64).flat_map(|hour| {
        let first = grid(hour, false);
        [first, first + TimeDelta::seconds(1), grid(hour, true)]
    });
    hours.filter(move |at| *at >= now)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    /// The proof of access, held against a look at every moment.
    #[test]
    fn the_proof_agrees_with_a_look_at_every_moment(
        roles in prop::collection::vec(stretch(), 0..4),
        before in prop::option::weighted(0.9, stretch()),
        after in stretch(),
        grace_days in prop_oneof![3 => Just(0_u32), 1 => Just(1)],
        hour in 0..96_i64,
    ) {
        let now = grid(hour, false);
        // The second member keeps the door open, so that the first may lose it.
        let mut world = World::agreeing(2);
        // The grid is the wall clock of Ljubljana, in winter.
        world.facts.now = now.and_utc() - TimeDelta::hours(1);
        world.facts.policy.grace_days = grace_days;
        let limit = before.map_or(Limit::Unreadable { begin: None, end: None }, Limit::Window);
        let texts: Vec<_> = roles.iter().map(|role| {
            (role.begin().format("%FT%T").to_string(), role.end().format("%FT%T").to_string())
        }).collect();
        let texts: Vec<_> = texts.iter().map(|(b, e)| (b.as_str(), e.as_str())).collect();
        let world = world.paid("150001", &texts).holds_on(FRONT, "1", limit);

        let held = |at| before.is_some_and(|window| window.contains(at));
        let paid = |at: chrono::NaiveDateTime| roles.iter().any(|role| {
            let whole_day = role.end().time() == chrono::NaiveTime::MIN;
            let end = role.end() + TimeDelta::seconds(if whole_day { 86_399 } else { 0 });
            role.contains(role.begin()) && role.begin() <= at
                && at <= end + TimeDelta::days(i64::from(grace_days))
        });
        let gains = moments(now).any(|at| after.contains(at) && !held(at) && !paid(at));
        let next = moments(now).find(|at| paid(*at));
        let past_the_end = after.end() + TimeDelta::seconds(1);
        let is_cut = next.is_some_and(|at| !after.contains(at) || paid(past_the_end));
        let takes = match before {
            Some(_) => moments(now).any(|at| held(at) && !after.contains(at)),
            None => after.end() < now,
        };
        let opens = !held(now) && after.contains(now);

        let change = Change {
            verb: super::super::Verb::Set,
            device: world.facts.devices[0].name.clone(),
            employee_no: super::world::employee("1"),
            member: world.facts.members[0].member.key.clone(),
            source: world.facts.sources.values().next().unwrap().name.clone(),
            cause: Cause::Renewed,
            kind: if takes && !opens { Kind::Revocation } else { Kind::Grant },
            before: limit,
            after,
            opens_door: opens,
            fingerprint: world.facts.devices[0].persons.values().next().unwrap().fingerprint.clone(),
            ends_at_once: false,
            blocked: None,
        };
        let found = prove(&world.facts, &Plan { changes: vec![change], ..Plan::default() });
        let want = match (is_cut, gains) {
            (true, _) => Err(Rule::NoLockOut),
            (false, true) => Err(Rule::NoStranger),
            (false, false) => Ok(1),
        };
        prop_assert_eq!(found.map(|p| p.len()).map_err(|refused| refused.rule), want);
    }
}

/// Doors of a large site, in the order of their names.
fn doors() -> Vec<String> {
    (0..64).map(|number| format!("door-{number:02}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 50, ..ProptestConfig::with_cases(12) })]

    /// The same laws with some hundred members on 64 doors.
    #[test]
    fn large_worlds_are_no_other(mut facts in {
        let doors = doors();
        let doors: Vec<&str> = doors.iter().map(String::as_str).collect();
        facts_of(150, &doors)
    }) {
        let first = plan(&facts);
        let written: Vec<&Change> = pending(&facts, &first).collect();
        prop_assert_eq!(prove(&facts, &first).map(|p| p.len()), Ok(written.len()));
        prop_assert_eq!(wrong(&facts, &first.pending().collect::<Vec<_>>()), None);
        prop_assert_eq!(missing(&facts, &first), None);
        apply(&mut facts, &first);
        let second = plan(&facts);
        prop_assert_eq!(pending(&facts, &second).count(), 0);
        prop_assert_eq!(second.blocked().count(), first.blocked().count());
    }
}

#[test]
fn the_law_holds_for_a_small_world_by_hand() {
    let world = World::agreeing(9).renewed("150001").inactive("150002").applied();
    // All are in sync, and it is remembered what they are served.
    let is_empty = |plan: &Plan| Plan { served: plan.served.clone(), ..Plan::default() } == *plan;
    assert!(is_empty(&world.plan()) && world.plan().served.len() <= 9);
    let world = world.applied();
    assert_eq!(world.plan(), Plan::default());
    assert_eq!(world.clone().at("2026-11-22T11:00:00Z").plan().changes.len(), 0);
    assert_eq!(world.clone().at("2027-12-31T11:00:00Z").plan().changes.len(), 0, "a year later");
    let held = world.facts.devices[0].confirmed[&super::world::employee("2")];
    assert_eq!(held, window("2026-01-01", "2026-11-20T23:59:59"));
}

#[test]
fn what_waits_for_approval_waits_on() {
    let ids = (1..=21).map(|place| place.to_string());
    let returning =
        ids.fold(World::agreeing(30), |world, id| world.holds(&id, "2025-01-01", "2025-02-01"));
    let revoked = ["150022", "150023", "150024"];
    let world = revoked.iter().fold(returning, |world, number| world.inactive(number));
    let world = world.renewed("150030");
    let (first, second) = (world.plan(), world.applied().plan());
    assert_eq!((first.pending().count(), first.blocked().count()), (1, 24));
    assert_eq!(second.pending().count(), 0);
    assert!(second.blocked().eq(first.blocked()));
}
