//! Until when the time alone brings nothing.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::super::{Facts, Plan, plan, unchanged_until};
use super::generated::facts;
use super::world::{World, apply, instant};

/// Nothing is to be done: everything that could be is carried out, and nothing waits.
fn at_rest(mut facts: Facts) -> Option<(Facts, Plan)> {
    let first = plan(&facts);
    apply(&mut facts, &first);
    let rest = plan(&facts);
    rest.changes.is_empty().then_some((facts, rest))
}

fn at(facts: &Facts, now: DateTime<Utc>) -> Plan {
    plan(&Facts { now, ..facts.clone() })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn until_then_every_plan_is_the_same(facts in facts(), share in 0.0..1.0_f64) {
        let Some((facts, rest)) = at_rest(facts) else { return Ok(()) };
        let until = unchanged_until(&facts).unwrap();
        let long = until.signed_duration_since(facts.now);
        prop_assert!(long <= TimeDelta::hours(25), "{}", until);
        let whole = long.num_milliseconds().max(0);
        let some = TimeDelta::milliseconds((whole as f64 * share) as i64);
        for now in [facts.now, facts.now + some, until - TimeDelta::milliseconds(1)] {
            if now >= facts.now {
                prop_assert_eq!(&at(&facts, now), &rest, "{}", now);
            }
        }
    }
}

/// The moment in a club at rest where the last role ends on this day or at this time.
fn until(now: &str, zone: &str, ends: &str) -> String {
    let mut world = World::agreeing(2).paid("150001", &[("2026-01-01", ends)]);
    world.facts.now = instant(now);
    for device in &mut world.facts.devices {
        device.time_zone = zone.parse().unwrap();
    }
    let (facts, _) = at_rest(world.facts).unwrap();
    unchanged_until(&facts).unwrap().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

#[test]
fn table() {
    for (now, zone, ends, want) in [
        // The next midnight, where the door is.
        ("2026-11-21T11:00:00Z", "Europe/Ljubljana", "2026-12-31", "2026-11-21T23:00:00Z"),
        ("2026-11-21T11:00:00.9Z", "Europe/Ljubljana", "2026-12-31", "2026-11-21T23:00:00Z"),
        ("2026-11-21T22:59:59Z", "Europe/Ljubljana", "2026-12-31", "2026-11-21T23:00:00Z"),
        ("2026-11-21T23:00:00Z", "Europe/Ljubljana", "2026-12-31", "2026-11-22T23:00:00Z"),
        ("2026-11-21T11:00:00Z", "Pacific/Kiritimati", "2026-12-31", "2026-11-22T10:00:00Z"),
        // A role with a time of day: its last moment, and the one after it.
        ("2026-11-21T11:00:00Z", "Europe/Ljubljana", "2026-11-21T18:30:00", "2026-11-21T17:30:00Z"),
        ("2026-11-21T17:30:00Z", "Europe/Ljubljana", "2026-11-21T18:30:00", "2026-11-21T17:30:01Z"),
        ("2026-11-21T17:30:01Z", "Europe/Ljubljana", "2026-11-21T18:30:00", "2026-11-21T23:00:00Z"),
        // Nothing is said across a night in which clocks are set, 01:00 UTC: an hour early at most.
        ("2026-10-24T23:30:00Z", "Europe/Ljubljana", "2026-12-31", "2026-10-25T00:30:00Z"),
        ("2026-10-25T00:30:00Z", "Europe/Ljubljana", "2026-12-31", "2026-10-25T00:30:00Z"),
        ("2026-10-25T01:00:00Z", "Europe/Ljubljana", "2026-12-31", "2026-10-25T23:00:00Z"),
        ("2026-03-28T23:30:00Z", "Europe/Ljubljana", "2026-12-31", "2026-03-29T00:30:00Z"),
        // Where midnight itself is skipped, the clock shows the hour after it.
        ("2026-04-23T12:00:00Z", "Africa/Cairo", "2026-12-31", "2026-04-23T21:00:00Z"),
    ] {
        assert_eq!(until(now, zone, ends), want, "{now} {zone} {ends}");
    }
}

#[test]
fn without_a_door_nothing_is_said() {
    let mut world = World::agreeing(1);
    world.facts.devices.clear();
    assert_eq!(unchanged_until(&world.facts), None);
}
