//! Which changes are made, of which kind, and why.

use super::super::{Standing, prove};
use super::world::{FRONT, GYM, World, role_id, window};
use super::{changes, left_out};
use crate::config::{Ending, Mode};
use crate::model::testing::zone;
use crate::model::{Limit, RecordStanding};

/// One thing is changed in a world that agrees; these changes follow and nobody is left out.
struct Case {
    what: &'static str,
    world: World,
    want: &'static [&'static str],
}

fn check(cases: Vec<Case>) {
    for case in cases {
        let plan = case.world.plan();
        assert_eq!(changes(&plan), case.want, "{}", case.what);
        assert!(plan.left_out.is_empty(), "{}: {:?}", case.what, left_out(&plan));
    }
}

fn three() -> World {
    World::agreeing(3)
}

#[test]
fn a_world_that_agrees_needs_nothing() {
    for world in [World::agreeing(0), three(), three().device("back-door").source("spa", 2)] {
        let plan = world.plan();
        assert!(plan.changes.is_empty() && plan.left_out.is_empty(), "{plan:?}");
    }
}

#[test]
fn grants() {
    check(vec![
        Case {
            what: "another year is paid",
            world: three().renewed("150002"),
            want: &["front-door 2 renewed grant 2026-01-01T00:00:00 to 2027-12-31T23:59:59"],
        },
        Case {
            what: "a lapsed member pays again from the next day on",
            world: three().paid("150002", &[("2026-11-01", "2027-10-31")]).holds(
                "2",
                "2025-11-01",
                "2026-10-31T23:59:59",
            ),
            want: &["front-door 2 renewed grant 2026-11-01T00:00:00 to 2027-10-31T23:59:59, opens"],
        },
        Case {
            what: "a lapsed member comes back after a gap",
            world: three().paid("150002", &[("2026-11-15", "2027-10-31")]).holds(
                "2",
                "2025-11-01",
                "2026-10-31T23:59:59",
            ),
            want: &["front-door 2 started grant 2026-11-15T00:00:00 to 2027-10-31T23:59:59, opens"],
        },
        Case {
            what: "the next period is paid while the door is shut: it opens later",
            world: three().paid("150002", &[("2026-12-01", "2027-10-31")]).holds(
                "2",
                "2025-11-01",
                "2026-10-31T23:59:59",
            ),
            want: &["front-door 2 started grant 2026-12-01T00:00:00 to 2027-10-31T23:59:59"],
        },
        Case {
            what: "only past moments differ: nothing is lost from now on",
            world: three().unconfirmed().holds("2", "2026-02-01", "2026-12-31T23:59:59").holds(
                "3",
                "2025-02-01",
                "2026-12-31T23:59:59",
            ),
            want: &[
                "front-door 2 renewed grant 2026-01-01T00:00:00 to 2026-12-31T23:59:59",
                "front-door 3 renewed grant 2026-01-01T00:00:00 to 2026-12-31T23:59:59",
            ],
        },
        Case {
            what: "a visitor is a person like others",
            world: three()
                .renewed("150002")
                .person(FRONT, "2", |person| person.standing = RecordStanding::Free),
            want: &["front-door 2 renewed grant 2026-01-01T00:00:00 to 2027-12-31T23:59:59"],
        },
        Case {
            what: "the door opens now, and a later end is lost: who paid for now is let in",
            world: three().unconfirmed().holds("2", "2026-12-01", "2027-12-31T23:59:59"),
            want: &["front-door 2 renewed grant 2026-01-01T00:00:00 to 2026-12-31T23:59:59, opens"],
        },
        Case {
            what: "the same where the two periods do not touch",
            world: three().unconfirmed().paid("150002", &[("2026-11-21", "2026-11-21")]).holds(
                "2",
                "2027-01-01",
                "2027-12-31T23:59:59",
            ),
            want: &["front-door 2 started grant 2026-11-21T00:00:00 to 2026-11-21T23:59:59, opens"],
        },
        Case {
            what: "days of grace, on every door",
            world: World::agreeing(1).policy(|policy| policy.grace_days = 7),
            want: &["front-door 1 renewed grant 2026-01-01T00:00:00 to 2027-01-07T23:59:59"],
        },
    ]);
}

#[test]
fn revocations() {
    check(vec![
        Case {
            what: "the member paid for less than the door knows",
            world: three().paid("150002", &[("2026-01-01", "2026-11-30")]),
            want: &["front-door 2 shortened revocation 2026-01-01T00:00:00 to 2026-11-30T23:59:59"],
        },
        Case {
            what: "the period was moved to a later begin: the days until then are lost",
            world: three().paid("150002", &[("2026-12-01", "2027-12-31")]),
            want: &["front-door 2 shortened revocation 2026-12-01T00:00:00 to 2027-12-31T23:59:59"],
        },
        Case {
            what: "nothing opens now, and a later end is lost",
            world: three().unconfirmed().paid("150002", &[("2026-11-22", "2026-12-31")]).holds(
                "2",
                "2026-12-01",
                "2027-12-31T23:59:59",
            ),
            want: &["front-door 2 shortened revocation 2026-11-22T00:00:00 to 2026-12-31T23:59:59"],
        },
        Case {
            what: "paid time is over, the door is still open",
            world: three().unconfirmed().paid("150002", &[("2026-01-01", "2026-10-31")]),
            want: &["front-door 2 shortened revocation 2026-01-01T00:00:00 to 2026-10-31T23:59:59"],
        },
        Case {
            what: "marked inactive: yesterday was the last day",
            world: three().inactive("150002"),
            want: &["front-door 2 inactive revocation 2026-01-01T00:00:00 to 2026-11-20T23:59:59"],
        },
        Case {
            what: "inactive before the next period begins",
            world: three().inactive("150002").paid("150002", &[("2026-12-01", "2027-12-31")]),
            want: &["front-door 2 inactive revocation 2026-11-20T00:00:00 to 2026-11-20T23:59:59"],
        },
        Case {
            what: "inactive, and the policy keeps the paid date",
            world: three().inactive("150002").policy(|policy| policy.inactive = Ending::Keep),
            want: &[],
        },
        Case {
            what: "vanished, and the policy ends it",
            world: three().vanished("150002").policy(|policy| policy.vanished = Ending::End),
            want: &["front-door 2 vanished revocation 2026-01-01T00:00:00 to 2026-11-20T23:59:59"],
        },
        Case {
            what: "vanished, and the policy keeps the paid date",
            world: three().vanished("150002"),
            want: &[],
        },
        Case {
            what: "inactive comes before vanished",
            world: three()
                .vanished("150002")
                .inactive("150002")
                .policy(|policy| policy.vanished = Ending::End),
            want: &["front-door 2 inactive revocation 2026-01-01T00:00:00 to 2026-11-20T23:59:59"],
        },
        Case {
            what: "more at the end and less now: what is lost decides",
            world: three()
                .holds("2", "2026-01-01", "2026-11-30T23:59:59")
                .unconfirmed()
                .paid("150002", &[("2026-11-25", "2027-12-31")]),
            want: &["front-door 2 shortened revocation 2026-11-25T00:00:00 to 2027-12-31T23:59:59"],
        },
    ]);
}

#[test]
fn an_access_that_is_over_is_not_written_again() {
    for end in ["2026-11-21T11:59:59", "2026-11-20T23:59:59", "2026-02-01T23:59:59"] {
        let world = three().inactive("150002").holds("2", "2025-01-01", end);
        assert_eq!(changes(&world.plan()), [""; 0], "{end}");
    }
    let open = three().inactive("150002").holds("2", "2025-01-01", "2026-11-21T12:00:00");
    assert_eq!(open.plan().changes.len(), 1, "the last second is inside");
}

#[test]
fn drift_is_when_only_the_door_moved() {
    let year = "2026-01-01T00:00:00 to 2026-12-31T23:59:59";
    let gave = three().holds("2", "2026-01-01", "2027-12-31T23:59:59");
    let want = [format!("front-door 2 drift revocation {year}")];
    assert_eq!(changes(&gave.plan()), want);
    let took = three().holds("2", "2026-01-01", "2026-11-20T23:59:59");
    let want = [format!("front-door 2 drift grant {year}, opens")];
    assert_eq!(changes(&took.plan()), want);
    let both = took.renewed("150002");
    assert_eq!(
        changes(&both.plan()),
        ["front-door 2 renewed grant 2026-01-01T00:00:00 to 2027-12-31T23:59:59, opens"],
        "the member moved too"
    );
    let inactive = gave.clone().inactive("150002").applied().inactive("150002").holds(
        "2",
        "2026-01-01",
        "2027-12-31T23:59:59",
    );
    assert_eq!(
        changes(&inactive.at("2026-11-25T11:00:00Z").plan()),
        ["front-door 2 drift revocation 2026-01-01T00:00:00 to 2026-11-24T23:59:59"],
        "ended days ago, opened by hand since"
    );
}

#[test]
fn unreadable_dates_are_set_right() {
    let unreadable = Limit::Unreadable { begin: None, end: None };
    let paid = three().holds_on(FRONT, "2", unreadable).unconfirmed();
    assert_eq!(
        changes(&paid.plan()),
        ["front-door 2 started grant 2026-01-01T00:00:00 to 2026-12-31T23:59:59, opens"]
    );
    let over = paid.clone().paid("150002", &[("2025-01-01", "2025-12-31")]);
    assert_eq!(
        changes(&over.plan()),
        ["front-door 2 shortened revocation 2025-01-01T00:00:00 to 2025-12-31T23:59:59"],
        "nobody knows whether that door is open"
    );
    let ended = paid.inactive("150002");
    assert_eq!(
        changes(&ended.plan()),
        ["front-door 2 inactive revocation 2026-01-01T00:00:00 to 2026-11-20T23:59:59"]
    );
}

#[test]
fn every_source_and_every_door() {
    let world = World::agreeing(2)
        .source("spa", 2)
        .device("back-door")
        .renewed("150002")
        .inactive("450001");
    assert_eq!(
        changes(&world.plan()),
        [
            "back-door 2 renewed grant 2026-01-01T00:00:00 to 2027-12-31T23:59:59",
            "back-door 456-1 inactive revocation 2026-01-01T00:00:00 to 2026-11-20T23:59:59",
            "front-door 2 renewed grant 2026-01-01T00:00:00 to 2027-12-31T23:59:59",
            "front-door 456-1 inactive revocation 2026-01-01T00:00:00 to 2026-11-20T23:59:59",
        ]
    );
    let names: Vec<_> = world.plan().changes.iter().map(|c| c.source.to_string()).collect();
    assert_eq!(names, ["club", "spa", "club", "spa"]);
    // A member whose organisation is no longer configured is nobody's.
    let mut orphaned = world;
    orphaned.facts.sources.retain(|_, source| source.name.as_str() == "club");
    assert_eq!(orphaned.plan().changes.len(), 2);
}

#[test]
fn each_door_has_its_own_day() {
    // 23:30 in Ljubljana is 17:30 in New York and, the next day already, 07:30 in Tokyo.
    let world = World::agreeing(2)
        .device("new-york")
        .device("tokyo")
        .on("new-york", |device| device.time_zone = zone("America/New_York"))
        .on("tokyo", |device| device.time_zone = zone("Asia/Tokyo"))
        .inactive("150001")
        .at("2026-11-21T22:30:00Z");
    assert_eq!(
        changes(&world.plan()),
        [
            "front-door 1 inactive revocation 2026-01-01T00:00:00 to 2026-11-20T23:59:59",
            "new-york 1 inactive revocation 2026-01-01T00:00:00 to 2026-11-20T23:59:59",
            "tokyo 1 inactive revocation 2026-01-01T00:00:00 to 2026-11-21T23:59:59",
        ]
    );
    // The same last day ends at another moment, so the next period is due in Tokyo first.
    let next = World::agreeing(1)
        .device("tokyo")
        .on("tokyo", |device| device.time_zone = zone("Asia/Tokyo"))
        .paid("150001", &[("2026-01-01", "2026-12-31"), ("2027-02-01", "2027-12-31")]);
    assert_eq!(
        changes(&next.at("2026-12-31T15:00:00Z").plan()),
        ["tokyo 1 started grant 2027-02-01T00:00:00 to 2027-12-31T23:59:59"]
    );
}

#[test]
fn a_door_may_be_narrower_than_the_club() {
    const SAUNA: i64 = 4000;
    let world = World::agreeing(2)
        .device("sauna")
        .on("sauna", |device| device.roles = Some([role_id(SAUNA)].into()))
        .roles("150001", &[(GYM, "2026-01-01", "2027-12-31"), (SAUNA, "2026-01-01", "2026-12-31")])
        .roles("150002", &[(GYM, "2026-01-01", "2027-12-31")]);
    let mut both = world;
    for source in both.facts.sources.values_mut() {
        source.roles = None;
    }
    let plan = both.plan();
    assert_eq!(
        changes(&plan),
        [
            "front-door 1 renewed grant 2026-01-01T00:00:00 to 2027-12-31T23:59:59",
            "front-door 2 renewed grant 2026-01-01T00:00:00 to 2027-12-31T23:59:59",
        ]
    );
    assert_eq!(left_out(&plan), ["150002 sauna no-door-role"]);
}

#[test]
fn observed_doors_are_planned_for_like_others() {
    let world = World::agreeing(1).renewed("150001").on(FRONT, |d| d.mode = Mode::Observe);
    assert_eq!(world.plan().changes.len(), 1);
}

#[test]
fn an_unreachable_source_still_grants() {
    let world = World::agreeing(1).renewed("150001").standing("club", Standing::Unreachable);
    assert_eq!(world.plan().changes.len(), 1);
}

#[test]
fn a_change_says_what_it_starts_from() {
    let plan = World::agreeing(1).renewed("150001").plan();
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    let year = window("2026-01-01T00:00:00", "2026-12-31T23:59:59");
    assert_eq!(change.before, Limit::Window(year));
    assert_eq!(change.fingerprint, "fingerprint of 1");
    assert_eq!(change.member.human(), "150001");
    assert_eq!(change.source.as_str(), "club");
    assert_eq!(change.blocked, None);
}

#[test]
fn the_last_second_is_inside_until_it_is_over() {
    // Paid until half past six, and a tick that begins a third of a second later.
    let world = World::agreeing(1)
        .paid("150001", &[("2026-01-01", "2026-11-21T18:30:00"), ("2026-12-01", "2026-12-31")])
        .holds("1", "2025-01-01", "2025-11-30T23:59:59");
    for (now, want) in [
        ("2026-11-21T17:30:00.333Z", "2026-01-01T00:00:00 to 2026-11-21T18:30:00, opens"),
        ("2026-11-21T17:30:00.999999999Z", "2026-01-01T00:00:00 to 2026-11-21T18:30:00, opens"),
        ("2026-11-21T17:30:01Z", "2026-12-01T00:00:00 to 2026-12-31T23:59:59"),
    ] {
        let world = world.clone().at(now);
        assert_eq!(changes(&world.plan()), [format!("front-door 1 started grant {want}")], "{now}");
        assert!(prove(&world.facts, &world.plan()).is_ok(), "{now}");
    }
}
