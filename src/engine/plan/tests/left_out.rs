//! Who is left out, and why.

use std::collections::BTreeSet;

use super::super::{Plan, Standing};
use super::world::{FRONT, GYM, World, employee};
use super::{changes, left_out};
use crate::config::Mode;
use crate::engine::link::{Found, NoLink};
use crate::model::{Flaw, Limit, RecordStanding};

fn three() -> World {
    World::agreeing(3)
}

fn ambiguous(world: &World, persons: &[&str], rivals: &[&str]) -> NoLink {
    NoLink::Ambiguous {
        persons: persons.iter().map(|id| employee(id)).collect(),
        rivals: rivals.iter().map(|n| world.key(n)).collect(),
    }
}

#[test]
fn every_reason() {
    let differs = NoLink::NameDiffers { employee_no: employee("9"), found: Found::ByNumber };
    let rival = ambiguous(&three(), &["2", "7"], &["150001"]);
    let twice = ambiguous(&three(), &["2", "7"], &[]);
    let permanent = Limit::Permanent(None);
    for (world, want) in [
        (three().link(FRONT, "150002", Err(NoLink::NoEmail)), "no-email, paid"),
        (three().link(FRONT, "150002", Err(NoLink::NoPerson)), "no-person, paid"),
        (three().link(FRONT, "150002", Ok("no longer there")), "no-person, paid"),
        (
            three().link(FRONT, "150002", Err(rival)),
            "ambiguous (person 2, 7, also claimed by member 150001), paid",
        ),
        (three().link(FRONT, "150002", Err(twice)), "ambiguous (person 2, 7), paid"),
        (
            three().link(FRONT, "150002", Err(differs)),
            "name-differs (person 9 has another name), paid",
        ),
        (three().roles("150002", &[]), "no-door-role"),
        (three().roles("150002", &[(GYM + 1, "2026-01-01", "2026-12-31")]), "no-door-role"),
        (
            three().paid("150002", &[("2026-12-31", "2026-01-01")]),
            "bad-dates (every membership ends before it begins, or begins after 2037), paid",
        ),
        (
            three().paid("150002", &[("2038-01-01", "2039-01-01")]),
            "bad-dates (every membership ends before it begins, or begins after 2037), paid",
        ),
        (three().problem("150002", "EndDate is missing"), "bad-dates (EndDate is missing), paid"),
        (
            three().renewed("150002").on(FRONT, |device| {
                device.protect.insert(employee("2"));
            }),
            "protected (person 2), paid",
        ),
        (
            three()
                .renewed("150002")
                .person(FRONT, "2", |person| person.standing = RecordStanding::Administrator),
            "protected (person 2), paid",
        ),
        (
            three()
                .renewed("150002")
                .person(FRONT, "2", |person| person.standing = RecordStanding::Barred),
            "protected (person 2), paid",
        ),
        (
            three().renewed("150002").person(FRONT, "2", |person| person.flaw = Some(Flaw::Twice)),
            "flawed-on-device (person 2 is listed more than once), paid",
        ),
        (
            three().inactive("150002").person(FRONT, "2", |person| {
                person.flaw = Some(Flaw::NotUtf8);
            }),
            "flawed-on-device (person 2 has a name or another text in an encoding that is not UTF-8)",
        ),
        (three().holds_on(FRONT, "2", permanent), "permanent-on-device (person 2), paid"),
        (
            three().inactive("150002").holds_on(FRONT, "2", permanent),
            "permanent-on-device (person 2)",
        ),
    ] {
        let plan = world.plan();
        assert_eq!(left_out(&plan), [format!("150002 front-door {want}")]);
        assert!(plan.changes.is_empty(), "{want}: {:?}", changes(&plan));
    }
}

#[test]
fn a_device_that_was_never_read() {
    let plan = World::agreeing(1).device("back-door").unknown("back-door").plan();
    assert_eq!(left_out(&plan), ["150001 back-door device-unreachable, paid"]);
}

#[test]
fn standings_and_modes_hold_changes_back() {
    // A renewal, and a paid time that became shorter.
    let world =
        || three().renewed("150001").paid("150002", &[("2026-01-01", "2026-11-30")]).clone();
    let (grant, revocation) = ("front-door 1 renewed", "front-door 2 shortened");
    let both = vec![grant, revocation];
    struct Case {
        what: &'static str,
        world: World,
        changes: Vec<&'static str>,
        left_out: Vec<&'static str>,
    }
    for case in [
        Case { what: "fresh, full", world: world(), changes: both.clone(), left_out: vec![] },
        Case {
            what: "unreachable: nothing is taken away on old news",
            world: world().standing("club", Standing::Unreachable),
            changes: vec![grant],
            left_out: vec![
                "150002 front-door blocked (club did not answer: nothing is taken away), paid",
            ],
        },
        Case {
            what: "refused: not even a grant",
            world: world().standing("club", Standing::Refused),
            changes: vec![],
            left_out: vec![
                "150001 front-door blocked (the listing of club was not accepted), paid",
                "150002 front-door blocked (the listing of club was not accepted), paid",
            ],
        },
        Case {
            what: "grant-only",
            world: world().on(FRONT, |device| device.mode = Mode::GrantOnly),
            changes: vec![grant],
            left_out: vec![
                "150002 front-door blocked (front-door is in mode \"grant-only\"), paid",
            ],
        },
        Case {
            what: "observe: planned, never written",
            world: world().on(FRONT, |device| device.mode = Mode::Observe),
            changes: both,
            left_out: vec![],
        },
    ] {
        let plan = case.world.plan();
        assert_eq!(left_out(&plan), case.left_out, "{}", case.what);
        let lines = changes(&plan);
        let fits = lines.iter().zip(&case.changes).all(|(line, start)| line.starts_with(start));
        assert!(fits && lines.len() == case.changes.len(), "{}: {lines:?}", case.what);
    }
}

#[test]
fn one_source_refused_leaves_the_other_at_work() {
    let world = World::agreeing(1)
        .source("spa", 1)
        .renewed("150001")
        .renewed("450001")
        .standing("club", Standing::Refused);
    let plan = world.plan();
    assert_eq!(plan.changes.len(), 1);
    assert_eq!(plan.changes[0].source.as_str(), "spa");
    assert_eq!(
        left_out(&plan),
        ["150001 front-door blocked (the listing of club was not accepted), paid"]
    );
}

#[test]
fn what_is_in_step_is_not_left_out_whatever_the_standing() {
    for standing in [Standing::Fresh, Standing::Unreachable, Standing::Refused] {
        let plan = three().standing("club", standing).plan();
        assert!(plan.left_out.is_empty() && plan.changes.is_empty(), "{standing:?}");
    }
}

#[test]
fn equal_reasons_on_every_door_are_one_line() {
    let everywhere = three().device("back-door").roles("150002", &[]);
    assert_eq!(left_out(&everywhere.plan()), ["150002 everywhere no-door-role"]);

    let no_person = |world: World, door| world.link(door, "150002", Err(NoLink::NoPerson));
    let both = no_person(no_person(three().device("back-door"), FRONT), "back-door");
    assert_eq!(left_out(&both.plan()), ["150002 everywhere no-person, paid"]);

    let one = no_person(three().device("back-door"), FRONT);
    assert_eq!(left_out(&one.plan()), ["150002 front-door no-person, paid"]);

    let differ = no_person(three().device("back-door"), FRONT).link(
        "back-door",
        "150002",
        Err(NoLink::Ambiguous { persons: BTreeSet::from([employee("2")]), rivals: [].into() }),
    );
    assert_eq!(
        left_out(&differ.plan()),
        ["150002 front-door no-person, paid", "150002 back-door ambiguous (person 2), paid"]
    );
}

#[test]
fn a_merged_line_keeps_the_paid_time_of_any_door() {
    // Paid time on the sauna's role only, which the first door does not take.
    const SAUNA: i64 = 4000;
    let mut world = World::agreeing(1)
        .device("sauna")
        .link(FRONT, "150001", Err(NoLink::NoPerson))
        .link("sauna", "150001", Err(NoLink::NoPerson))
        .roles("150001", &[(GYM, "2025-01-01", "2025-12-31"), (SAUNA, "2026-01-01", "2026-12-31")])
        .on(FRONT, |device| device.roles = Some([super::world::role_id(GYM)].into()));
    for source in world.facts.sources.values_mut() {
        source.roles = None;
    }
    assert_eq!(left_out(&world.plan()), ["150001 everywhere no-person, paid"]);
}

#[test]
fn a_membership_that_ends_before_it_begins_is_told_and_hinders_nothing() {
    let bad = (GYM, "2026-12-31", "2026-12-01");
    let world = three().roles("150002", &[bad, (GYM, "2026-01-01", "2027-12-31")]);
    let plan = world.plan();
    assert_eq!(
        changes(&plan),
        ["front-door 2 renewed grant 2026-01-01T00:00:00 to 2027-12-31T23:59:59"]
    );
    let reported = |world: &World| {
        let plan = world.plan();
        left_out(&Plan { left_out: plan.left_out_or_ignored(), ..plan })
    };
    let want = "150002 everywhere bad-dates (ignored, the others count: role 3126 from 2026-12-31 \
                to 2026-12-01), paid";
    assert_eq!(reported(&world), [want]);
    assert!(plan.left_out.is_empty(), "nobody is left out");
    assert_eq!(reported(&world.clone().applied()), [want], "also when all is in sync");
    // Once for all doors, beside what else there is to tell.
    let doors = world.clone().device("back-door").link(FRONT, "150002", Err(NoLink::NoPerson));
    assert_eq!(reported(&doors), ["150002 front-door no-person, paid", want]);
    // One that is over is no longer worth attention; one of a role that opens nothing never was.
    let year = (GYM, "2026-01-01", "2026-12-31");
    let over = three().roles("150002", &[(GYM, "2020-02-01", "2020-01-01"), year]);
    let is_told = |one: &str| one.ends_with("to 2020-01-01)");
    assert!(reported(&over).iter().all(|one| is_told(one)) && reported(&over).len() == 1);
    let other = three().roles("150002", &[(GYM + 1, "2026-12-31", "2026-12-01"), year]);
    assert!(reported(&other).is_empty());
    // Alone, it is the reason why the member is left out; with an unreadable entry, that is.
    let alone = three().roles("150002", &[bad]);
    assert_eq!(reported(&alone).len(), 1);
    let problem = world.clone().problem("150002", "EndDate is missing");
    assert_eq!(reported(&problem), ["150002 front-door bad-dates (EndDate is missing), paid"]);
    // With `--only`, of those who were named.
    let only = |number: &str| {
        let number = number.parse().unwrap();
        reported(&world.clone().only(|only| only.numbers = BTreeSet::from([number])))
    };
    assert_eq!((only("150002").len(), only("150003").len()), (1, 0));
}
