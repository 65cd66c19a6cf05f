//! Whom to believe: what was served before, what was said only once, what the configuration takes away,
//! and persons who are linked to nobody.
//!
//! The proof has each rule of its own; the mutants beside this file show that it refuses a planner that
//! breaks one. The mutants named here are of the planner, and each was seen to fail the test.

use super::super::{
    Budget, Cause, Kind, LossKind, Plan, Reason, Standing, Whose, prove, settled_roles,
};
use super::world::{FRONT, GYM, World, employee, role_id, window};
use super::{changes, left_out};
use crate::engine::link::{Found, NoLink};
use crate::model::testing::TIMES;
use crate::model::{Limit, SourceName, TargetLimits, TargetName, parse_time};

const OTHER: i64 = 4000;

fn three() -> World {
    World::agreeing(3).served()
}

/// Every loss as one line: `number device reason kind`.
fn losses(plan: &Plan) -> Vec<String> {
    let line = |loss: &super::super::Loss| {
        let kind = loss.kind.as_str();
        format!("{} {} {} {kind}", loss.member.human(), loss.device, loss.reason)
    };
    plan.losses.iter().map(line).collect()
}

fn with_role(world: World, number: &str, role: i64) -> World {
    world.roles(number, &[(role, "2026-01-01", "2026-12-31")])
}

/// Mutants: whose role is gone keeps the door; who was never served loses it; it counts in no budget.
#[test]
fn a_role_that_the_source_took_away_ends_access() {
    let gone = "front-door 2 shortened revocation 2026-01-01T00:00:00 to 2026-11-20T23:59:59";
    for (what, world, want) in [
        ("served, and no role at all", three().roles("150002", &[]), vec![gone.to_owned()]),
        ("served, and another role", with_role(three(), "150002", OTHER), vec![gone.to_owned()]),
        (
            "never served: somebody else has let them in",
            with_role(World::agreeing(3), "150002", OTHER),
            vec![],
        ),
        (
            "said once",
            three().roles("150002", &[]).said_once("150002"),
            vec![format!("{gone}, over second-look")],
        ),
        (
            "the time is over anyway",
            three().roles("150002", &[]).holds("2", "2026-01-01", "2026-10-31T23:59:59"),
            vec![],
        ),
    ] {
        let plan = world.plan();
        assert_eq!(changes(&plan), want, "{what}");
        assert!(prove(&world.facts, &plan).is_ok(), "{what}");
    }
    // Three of three: over the budget, if it is believed at all.
    let mut all = World::agreeing(3).served();
    for number in ["150001", "150002", "150003"] {
        all = all.roles(number, &[]);
    }
    assert!(all.plan().changes.iter().all(|one| one.blocked == Some(Budget::RevokePerTick)));
    // A listing that is not accepted teaches nothing: a clock that is a year ahead sees all time as over.
    let ahead = three().roles("150002", &[]).at("2028-02-01T11:00:00Z");
    assert_eq!(ahead.plan().served.len(), 1);
    // Nor does one that did not come: nobody has confirmed the clock.
    for standing in [Standing::Refused, Standing::Unreachable] {
        assert_eq!(ahead.clone().standing("club", standing).plan().served, [], "{standing:?}");
    }
    // Once the door follows, nothing is served any more, and nothing is left to do.
    let followed = three().roles("150002", &[]).applied();
    let second = followed.plan();
    assert!(second.changes.is_empty() && second.served.len() == 1, "{second:?}");
    assert_eq!(followed.applied().plan().served, []);
}

/// Mutants: the configuration's change is carried out at once; it holds back what the source says as well.
#[test]
fn what_the_configuration_takes_away_waits_for_approval() {
    let source = three().key("150001").source;
    let settled = |roles: Option<&[i64]>, world: World| {
        let roles = roles.map(|ids| ids.iter().map(|id| role_id(*id)).collect());
        world.on(FRONT, |device| drop(device.settled_roles.insert(source.clone(), roles)))
    };
    let lost = |world: World| with_role(world, "150002", OTHER);
    for (what, world, want) in [
        ("`roles` named the role before", settled(Some(&[GYM, OTHER]), lost(three())), true),
        ("there was no `roles` before", settled(None, lost(three())), true),
        ("`roles` are as they were", settled(Some(&[GYM]), lost(three())), false),
        ("nothing is remembered of `roles`", lost(three()), false),
        (
            "`roles` have changed, and the source has shortened a role that counts as ever",
            settled(Some(&[GYM, OTHER]), three().paid("150002", &[("2026-01-01", "2026-11-30")])),
            false,
        ),
    ] {
        let plan = world.plan();
        let waits: Vec<_> = plan.changes.iter().map(|change| change.blocked).collect();
        assert_eq!(waits, [want.then_some(Budget::RolesChanged)], "{what}");
        assert!(prove(&world.facts, &plan).is_ok(), "{what}");
    }
    // What runs under the role that is lost is not joined to what follows under another.
    let later = |world: World| {
        let roles = [(OTHER, "2026-01-01", "2026-12-31"), (GYM, "2027-01-01", "2027-12-31")];
        world.roles("150002", &roles)
    };
    let waits =
        |world: World| world.plan().changes.iter().map(|one| one.blocked).collect::<Vec<_>>();
    let served = settled(Some(&[GYM, OTHER]), later(three().served()));
    assert_eq!(waits(served), [Some(Budget::RolesChanged)]);
    assert_eq!(waits(settled(Some(&[GYM]), later(three().served()))), [None], "a renewal");
    // Nor is what lies between: the time that runs ends where the role that is lost would have begun.
    let between = |world: World| {
        let (lost, next) = ((OTHER, "2026-12-01", "2026-12-15"), (GYM, "2026-12-16", "2026-12-31"));
        world.roles("150002", &[lost, next])
    };
    let served = settled(Some(&[GYM, OTHER]), between(three().served()));
    let plan = served.plan();
    assert_eq!(waits(served.clone()), [Some(Budget::RolesChanged)]);
    assert_eq!(plan.changes[0].after, window("2026-01-01T00:00:00", "2026-11-30T23:59:59"));
    assert!(prove(&served.facts, &plan).is_ok());
    assert_eq!(settled_roles(&served.facts, &plan), [], "nobody has approved it");
    let was_always_lost = settled(Some(&[GYM]), between(three().served()));
    assert_eq!(was_always_lost.plan().changes, [], "as it was kept in sync");
    // A role more opens doors at once.
    let more = settled(Some(&[OTHER]), World::agreeing(1).renewed("150001"));
    assert_eq!(more.plan().pending().count(), 1);
}

/// A club and a spa that shared a door, which now is the club's alone.
fn shared() -> World {
    let world = World::agreeing(4).source("spa", 1).served();
    let sources: Vec<SourceName> = world.facts.sources.keys().cloned().collect();
    let world = world.on(FRONT, |device| {
        device.settled_roles = sources.into_iter().map(|name| (name, None)).collect();
    });
    world.lets_in(FRONT, &["club"])
}

/// Mutants: access that goes on because nobody looks; access that ends without an approval; a renewal at the
/// spa that lengthens it; the club's members held back with the spa's.
#[test]
fn an_organisation_that_a_door_no_longer_lets_in_waits_for_approval_and_gets_nothing_more() {
    for (what, world) in [
        ("as it was", shared()),
        ("renewed at the spa", shared().renewed("450001")),
        ("said once", shared().said_once("450001")),
    ] {
        let plan = world.plan();
        let [change] = plan.changes.as_slice() else { panic!("{what}: {:?}", plan.changes) };
        assert_eq!((change.cause, change.kind), (Cause::Shortened, Kind::Revocation), "{what}");
        assert_eq!(change.blocked, Some(Budget::RolesChanged), "{what}");
        assert_eq!(plan.losses.len(), 1, "told at once: {what}");
        assert!(prove(&world.facts, &plan).is_ok(), "{what}");
        let settled = settled_roles(&world.facts, &plan);
        let is_spas = |(_, source, _): &(_, SourceName, _)| source.as_str() == "spa";
        assert!(!settled.iter().any(is_spas), "{what}: nobody has approved it: {settled:?}");
    }
    let both = shared().renewed("150001").plan();
    assert_eq!(both.pending().count(), 1, "the club goes on: {both:?}");
    // Approved: the door follows, nothing is served, and nothing is left to tell but that it is so.
    let over = shared().holds("456-1", "2026-01-01", "2026-11-20T23:59:59");
    let plan = over.plan();
    assert_eq!((plan.changes.as_slice(), plan.losses.as_slice()), (&[][..], &[][..]));
    let over = over.applied();
    let plan = over.plan();
    let reasons: Vec<Reason> = plan.left_out.iter().map(|one| one.reason).collect();
    assert_eq!(reasons, [Reason::OtherOrganisation]);
    assert!(plan.no_door.is_empty() && !plan.left_out[0].has_paid_time);
    let settled = settled_roles(&over.facts, &plan);
    assert!(settled.iter().any(|(_, _, roles)| roles.as_ref().is_some_and(|all| all.is_empty())));
    // Many at once may be a slip of the pen, and are not believed.
    let many = World::agreeing(1).source("spa", 3).served().lets_in(FRONT, &["club"]).plan();
    assert_eq!(many.too_many_lost.len(), 1, "{many:?}");
    assert_eq!(many.changes, []);
}

/// Mutants: whoever was never linked told as lost; a memory of what was served that holds back for ever.
#[test]
fn whoever_has_no_person_on_a_door_of_others_is_no_loss_there() {
    for no_link in [NoLink::OtherOrganisation, NoLink::NoEmail, NoLink::NoPerson] {
        let world = shared().link(FRONT, "450001", Err(no_link));
        let plan = world.plan();
        assert_eq!((plan.changes.as_slice(), plan.losses.as_slice()), (&[][..], &[][..]));
        assert_eq!((plan.left_out.len(), plan.no_door.len()), (1, 0));
        assert_eq!(plan.left_out[0].reason, Reason::OtherOrganisation);
        assert_eq!(plan.served.len(), 1, "it is forgotten");
        assert_eq!(world.applied().plan().served, []);
    }
}

/// Mutants: forty clubs in one configuration, and each member left out at thirty-nine doors; a member of whom
/// no door is told; `lookup` without a reason.
#[test]
fn a_door_of_others_is_told_of_whoever_has_no_other_door_alone() {
    const BACK: &str = "back-door";
    let world = World::agreeing(2).source("spa", 2).device(BACK);
    let world = world.lets_in(FRONT, &["club"]).lets_in(BACK, &["club"]);
    let told = |world: &World| {
        let plan = world.plan();
        plan.left_out
            .iter()
            .map(|one| (one.member.human().to_owned(), one.device.clone(), one.reason))
            .collect::<Vec<_>>()
    };
    let gone = |world: World| {
        let world = world.link(FRONT, "450001", Err(NoLink::OtherOrganisation));
        world.link(BACK, "450001", Err(NoLink::OtherOrganisation))
    };
    let nowhere = gone(world);
    let of_both = told(&nowhere).into_iter().filter(|(member, ..)| member == "450001");
    let once = ("450001".to_owned(), None, Reason::OtherOrganisation);
    assert_eq!(of_both.collect::<Vec<_>>(), [once]);
    let spa_too = nowhere.lets_in(BACK, &["club", "spa"]);
    let place = spa_too.place("450001");
    let member = &spa_too.facts.members[place];
    let at_back = told(&spa_too).into_iter().filter(|(member, ..)| member == "450001");
    let reasons: Vec<_> = at_back.map(|(_, device, reason)| (device, reason)).collect();
    let back = BACK.parse_name();
    assert_eq!(reasons, [(Some(back), Reason::OtherOrganisation)], "what the link says there");
    let [front, back] = spa_too.facts.devices.as_slice() else { panic!("two doors") };
    let reason =
        |device| super::super::shut_out(&spa_too.facts, member, device).map(|one| one.reason);
    let (front, back) = if front.name.as_str() == FRONT { (front, back) } else { (back, front) };
    assert_eq!((reason(front), reason(back)), (Some(Reason::OtherOrganisation), None));
}

/// One human being in both, whom the spa had paid for longer. Mutants: the time of the spa is cut without a
/// word; the club's renewal waits with it.
#[test]
fn a_person_who_was_the_spas_and_is_the_clubs_now_loses_nothing_unasked() {
    let person = |world: World| {
        let to = [world.key("150001")].into();
        let persons = [employee("1")].into();
        world.link(FRONT, "450001", Err(NoLink::Yielded { persons, to }))
    };
    let longer = person(shared()).holds("1", "2026-01-01", "2027-12-31T23:59:59");
    let plan = longer.plan();
    let waits: Vec<_> = plan.changes.iter().map(|one| one.blocked).collect();
    assert_eq!(waits, [Some(Budget::RolesChanged)]);
    assert!(prove(&longer.facts, &plan).is_ok());
    let settled = settled_roles(&longer.facts, &plan);
    assert_eq!(settled, [], "it waits on as long as it waits");
    let renewed = person(shared()).renewed("150001").plan();
    assert_eq!(renewed.pending().count(), 1);
}

/// Mutant: the proof joins what runs to time that begins after the last moment of any device.
#[test]
fn time_beyond_what_devices_hold_replaces_nothing() {
    let world = World::agreeing(2).served();
    let beyond = [("2026-01-01", "2026-03-31"), ("2038-01-01", "2038-06-30")];
    let plan = world.paid("150001", &beyond);
    let want = "front-door 1 shortened revocation 2026-01-01T00:00:00 to 2026-03-31T23:59:59";
    assert_eq!(changes(&plan.plan()), [want]);
    assert!(prove(&plan.facts, &plan.plan()).is_ok());
}

/// Mutant: time that begins later than one device takes is cut to a moment that nobody has paid for.
#[test]
fn time_beyond_what_this_device_holds_is_left_out() {
    let mut world = World::agreeing(2).served();
    let stated = parse_time("2028-12-31T23:59:59");
    world.facts.devices[0].limits = TargetLimits::known(TIMES, stated, &[]);
    let world = world.paid("150001", &[("2026-01-01", "2026-03-31"), ("2029-07-29", "2029-10-27")]);
    let world = world.paid("150002", &[("2029-07-29", "2029-10-27")]);
    let plan = world.plan();
    let want = "front-door 1 shortened revocation 2026-01-01T00:00:00 to 2026-03-31T23:59:59";
    assert_eq!(changes(&plan), [want]);
    let detail = plan.left_out[0].detail.as_deref();
    let wanted = "every membership ends before it begins, or begins after 2028";
    assert_eq!(detail, Some(wanted));
    assert_eq!(prove(&world.facts, &plan).err(), None);
}

/// Mutants: one listing is enough; it keeps back grants; it counts in a budget before it is carried out.
#[test]
fn nothing_is_taken_away_by_the_word_of_one_listing() {
    let shorter = || three().paid("150002", &[("2026-01-01", "2026-11-30")]);
    let want = "front-door 2 shortened revocation 2026-01-01T00:00:00 to 2026-11-30T23:59:59";
    assert_eq!(changes(&shorter().plan()), [want]);
    let once = shorter().said_once("150002");
    assert_eq!(changes(&once.plan()), [format!("{want}, over second-look")]);
    assert!(once.plan().blocked().next().is_none(), "nobody has to approve it");
    assert!(once.plan().pending().next().is_none());
    let inactive = three().inactive("150002").said_once("150002");
    assert!(changes(&inactive.plan())[0].ends_with("over second-look"));
    let renewed = three().renewed("150002").said_once("150002");
    assert_eq!(renewed.plan().pending().count(), 1, "who paid does not wait");
    // Two may go in one tick, and a third who waits is none of them.
    let mut crowd = World::agreeing(9).served().said_once("150003");
    for number in ["150001", "150002", "150003"] {
        crowd = crowd.inactive(number);
    }
    assert_eq!(crowd.plan().pending().count(), 2);
}

/// Mutants: a loss is not seen; whoever is only late is one; who has left the club is one.
#[test]
fn who_was_served_and_is_left_out_is_a_loss() {
    let permanent = Limit::Permanent(None);
    let differs = || NoLink::NameDiffers { employee_no: employee("2"), found: Found::Renamed };
    let ambiguous = || NoLink::Ambiguous { persons: [employee("2")].into(), rivals: [].into() };
    for (what, world, want) in [
        (
            "no date can be read",
            three().problem("150002", "EndDate is missing"),
            Some("bad-dates open-without-reason"),
        ),
        (
            "inverted dates",
            three().paid("150002", &[("2026-12-31", "2026-01-01")]),
            Some("bad-dates open-without-reason"),
        ),
        (
            "the person is gone",
            three().link(FRONT, "150002", Err(NoLink::NoPerson)).on(FRONT, |device| {
                device.persons.remove(&employee("2"));
            }),
            Some("no-person standing-outside"),
        ),
        (
            "another name",
            three().link(FRONT, "150002", Err(differs())),
            Some("name-differs open-without-reason"),
        ),
        (
            "ambiguous, and the door is closed",
            three().link(FRONT, "150002", Err(ambiguous())).holds(
                "2",
                "2025-01-01",
                "2025-12-31T23:59:59",
            ),
            Some("ambiguous standing-outside"),
        ),
        (
            "without limit on the door",
            three().holds_on(FRONT, "2", permanent),
            Some("permanent-on-device open-without-reason"),
        ),
        (
            "another role runs",
            with_role(three(), "150002", OTHER),
            Some("no-door-role open-without-reason"),
        ),
        ("no role runs: left the club", three().roles("150002", &[]), None),
        ("in sync", three(), None),
        ("renewed", three().renewed("150002"), None),
        ("inactive", three().inactive("150002"), None),
        (
            "vanished, and the person is gone",
            three().vanished("150002").link(FRONT, "150002", Err(NoLink::NoPerson)),
            None,
        ),
        ("never served", World::agreeing(3).link(FRONT, "150002", Err(NoLink::NoPerson)), None),
        (
            "lapsed, and the person is gone",
            three()
                .paid("150002", &[("2025-01-01", "2025-12-31")])
                .link(FRONT, "150002", Err(NoLink::NoPerson))
                .at("2027-01-02T11:00:00Z"),
            None,
        ),
    ] {
        let want: Vec<String> = want.iter().map(|it| format!("150002 front-door {it}")).collect();
        assert_eq!(losses(&world.plan()), want, "{what}");
    }
    let one = with_role(three(), "150002", OTHER).plan();
    assert_eq!(one.losses[0].kind, LossKind::OpenWithoutReason);
    assert_eq!(one.losses[0].other_roles, [role_id(OTHER)].into());
    assert!(one.too_many_lost.is_empty(), "one is told, and believed");
    assert!(!one.losses[0].is_one_of_many);
}

/// Mutants: many losses are believed; two are many; a share of everybody; an acceptance counts for any
/// number; grants go out all the same.
#[test]
fn many_losses_are_not_believed() {
    let lose = |world: World, count: usize| {
        (1..=count)
            .fold(world, |world, place| with_role(world, &(150_000 + place).to_string(), OTHER))
    };
    for (members, count, doubted) in [
        (3, 2, false),
        (3, 3, true),
        (29, 3, true),
        (30, 3, false),
        (30, 4, true),
        (300, 30, false),
    ] {
        let last = (150_000 + members).to_string();
        let mut world = lose(World::agreeing(members).served(), count);
        if members > count {
            world = world.renewed(&last);
        }
        let plan = world.plan();
        assert_eq!(!plan.too_many_lost.is_empty(), doubted, "{count} of {members}");
        let alone = plan.losses.iter().filter(|loss| !loss.is_one_of_many).count();
        assert_eq!(alone, if doubted { 0 } else { count }, "{count} of {members}");
        assert_eq!(plan.changes.is_empty(), doubted, "{count} of {members}: {:?}", changes(&plan));
        assert!(prove(&world.facts, &plan).is_ok());
    }
    let all = lose(World::agreeing(30).served(), 30);
    let doubt = all.plan().too_many_lost.remove(0);
    assert_eq!(doubt.common, "30 of 30 now hold role 4000, which is not in `roles`");
    assert_eq!((doubt.lost, doubt.served, doubt.allowed), (30, 30, 3));
    assert!(matches!(doubt.whose, Whose::Source(_)) && !doubt.is_accepted);
    // Accepted by the exact number of those who stay.
    for (accepted, want) in [(0, true), (1, false)] {
        let mut world = all.clone();
        world.facts.sources.values_mut().for_each(|one| one.accept_shrink = Some(accepted));
        let plan = world.plan();
        assert_eq!(plan.too_many_lost[0].is_accepted, want);
        assert_eq!(plan.changes.len(), if want { 30 } else { 0 });
        assert!(prove(&world.facts, &plan).is_ok());
    }
    // Once that is accepted nobody is lost any more, and the doors still follow.
    let mut known = all.clone();
    for device in &mut known.facts.devices {
        let links = device.stored.links.values_mut();
        links.flat_map(|link| &mut link.served).for_each(|one| one.is_loss_accepted = true);
    }
    let plan = known.plan();
    assert!(plan.too_many_lost.is_empty() && plan.losses.is_empty());
    assert_eq!(plan.changes.len(), 30);
    let (source, front) = (all.key("150001").source, FRONT.parse_name());
    assert!(all.plan().is_held_back(&source, &front));
    assert!(!plan.is_held_back(&source, &front));
    // The same text of everybody.
    let mut dates = World::agreeing(20).served();
    for place in 1..=20 {
        dates =
            dates.problem(&(150_000 + place).to_string(), "EndDate is `31/12/2027`, not a date");
    }
    let plan = dates.plan();
    assert_eq!(plan.too_many_lost[0].common, "20 of 20: EndDate is `31/12/2027`, not a date");
    // A door that has lost its persons is not believed, and the other one is.
    let mut door = World::agreeing(20).served().device("yard-door").renewed("150020");
    for place in 1..=5 {
        let number = (150_000 + place).to_string();
        door = door.link("yard-door", &number, Err(NoLink::NoPerson));
    }
    // One of the source beside them is told by herself.
    let plan = with_role(door.clone(), "150019", OTHER).plan();
    let alone = plan.losses.iter().filter(|loss| !loss.is_one_of_many);
    let alone: Vec<String> =
        alone.map(|loss| format!("{} {}", loss.member.human(), loss.device)).collect();
    assert_eq!(alone, ["150019 front-door", "150019 yard-door"]);
    let plan = door.plan();
    assert_eq!(plan.too_many_lost[0].whose, Whose::Device("yard-door".parse_name()));
    let want = "front-door 20 renewed grant 2026-01-01T00:00:00 to 2027-12-31T23:59:59";
    assert_eq!(changes(&plan), [want]);
    assert!(left_out(&plan).iter().any(|line| line.starts_with("150020 yard-door blocked")));
    let accepted = door.on("yard-door", |device| device.is_accepted = true);
    assert_eq!(accepted.plan().changes.len(), 2);
}

trait ParseName {
    fn parse_name(&self) -> TargetName;
}

impl ParseName for str {
    fn parse_name(&self) -> TargetName {
        TargetName::new(self).unwrap()
    }
}

/// Mutants: nobody is released; whoever is in question is; a protected person is; the end is carried out
/// without approval; one whose time is over is.
#[test]
fn a_person_written_to_and_linked_to_nobody_is_released() {
    let written = |world: World, person: &str| {
        let member = world.key("150002");
        world.on(FRONT, |device| {
            device.written.insert(employee(person), member);
        })
    };
    let unlinked = || written(three().link(FRONT, "150002", Err(NoLink::NoPerson)), "2");
    let plan = unlinked().plan();
    let want = "front-door 2 released revocation 2026-01-01T00:00:00 to 2026-11-20T23:59:59, over \
                released";
    assert_eq!(changes(&plan), [want]);
    assert_eq!(plan.released.len(), 1);
    assert_eq!(plan.blocked().count(), 1, "somebody must approve it");
    assert!(prove(&unlinked().facts, &plan).is_ok_and(|proven| proven.is_empty()));

    let differs =
        NoLink::NameDiffers { employee_no: employee("9"), found: Found::InsteadOf(employee("2")) };
    let ambiguous = NoLink::Ambiguous { persons: [employee("2")].into(), rivals: [].into() };
    for (what, world) in [
        ("linked", written(three(), "2")),
        ("in question for a name", written(three().link(FRONT, "150002", Err(differs)), "2")),
        ("ambiguous", written(three().link(FRONT, "150002", Err(ambiguous)), "2")),
        ("never written to", three().link(FRONT, "150002", Err(NoLink::NoPerson))),
        (
            "protected",
            unlinked().on(FRONT, |device| {
                device.protect.insert(employee("2"));
            }),
        ),
        ("over", unlinked().holds("2", "2026-01-01", "2026-11-21T11:59:59")),
        ("gone", unlinked().on(FRONT, |device| drop(device.persons.remove(&employee("2"))))),
    ] {
        let plan = world.plan();
        assert!(plan.released.is_empty() && plan.changes.is_empty(), "{what}: {plan:?}");
    }
    // The configuration has the organisation no more: whoever was served by it is not forgotten.
    let without = |mut world: World| {
        world.facts.sources.clear();
        world
    };
    let plan = without(unlinked()).plan();
    assert_eq!(changes(&plan), [want]);
    assert_eq!(plan.released[0].source.as_str(), "club");
    // Whoever has no limit there is told, and nothing can be planned.
    let forever = unlinked().holds_on(FRONT, "2", Limit::Permanent(None)).plan();
    assert_eq!((forever.released.len(), forever.changes.len()), (1, 0));
}

/// A new number or another organisation for the same human being, whose old membership ends.
/// Mutants: any claim keeps the door open; one without paid time does; a namesake is not looked for.
#[test]
fn who_may_be_somebody_who_paid_keeps_the_door() {
    let claimed = |name: &str, periods: &[(&str, &str)]| {
        let mut world = World::agreeing(3).served().inactive("150002");
        let rivals = [world.key("150002")].into();
        let claim = NoLink::Ambiguous { persons: [employee("2")].into(), rivals };
        world = world.link(FRONT, "150003", Err(claim)).paid("150003", periods);
        world = world.person(FRONT, "2", |person| person.name = name.to_owned());
        world.person(FRONT, "3", |person| person.limit = Limit::Permanent(None))
    };
    let paid = [("2026-01-01", "2027-12-31")];
    let ends = "front-door 2 inactive revocation 2026-01-01T00:00:00 to 2026-11-20T23:59:59";
    for (what, name, periods, want) in [
        ("a namesake who paid", "Ana Novak 150003", &paid[..], &[][..]),
        ("somebody else who paid", "Ana Novak 150002", &paid[..], &[ends][..]),
        (
            "a namesake who has not",
            "Ana Novak 150003",
            &[("2025-01-01", "2025-12-31")][..],
            &[ends],
        ),
    ] {
        let world = claimed(name, periods);
        let plan = world.plan();
        assert_eq!(changes(&plan), want, "{what}");
        let is_told = plan.losses.iter().any(|loss| loss.reason == Reason::Ambiguous);
        assert!(is_told || !want.is_empty(), "{what}: {:?}", plan.losses);
        assert!(prove(&world.facts, &plan).is_ok(), "{what}");
    }
}

/// Mutants: who has a door counts; a door that is not meant for the member counts as one; before every
/// door is known somebody counts.
#[test]
fn who_paid_and_has_no_door() {
    let without = |world: World| world.link(FRONT, "150002", Err(NoLink::NoEmail));
    for (what, world, want) in [
        ("no e-mail", without(three()), 1),
        ("in sync", three(), 0),
        ("lapsed", without(three().paid("150002", &[("2025-01-01", "2025-12-31")])), 0),
        ("not yet begun", without(three().paid("150002", &[("2027-01-01", "2027-12-31")])), 1),
        ("on one of two doors", without(three().device("yard-door")), 0),
        (
            "one of two doors was never read",
            without(three().device("yard-door")).unknown("yard-door"),
            0,
        ),
        (
            "the other door is for others",
            without(World::agreeing(3).device("yard-door"))
                .on("yard-door", |device| device.roles = Some([role_id(OTHER)].into())),
            1,
        ),
        ("vanished", without(three().vanished("150002")), 0),
    ] {
        assert_eq!(world.plan().no_door.len(), want, "{what}");
    }
}

/// Mutants: never joined; joined for whoever was never served.
#[test]
fn a_renewal_that_replaces_a_running_period_closes_no_door() {
    let moved = |world: World| world.paid("150002", &[("2026-12-01", "2027-11-30")]);
    let joined = moved(three());
    let want = "front-door 2 renewed grant 2026-01-01T00:00:00 to 2027-11-30T23:59:59";
    assert_eq!(changes(&joined.plan()), [want]);
    assert!(prove(&joined.facts, &joined.plan()).is_ok());
    // In the ticks after it the door holds just that.
    assert_eq!(changes(&joined.applied().plan()), [""; 0]);
    // With a gap between them the running one goes on, and the next one is written when it is over.
    let apart = three().paid("150002", &[("2027-01-15", "2027-12-31")]);
    assert_eq!(changes(&apart.plan()), [""; 0]);
    let closed = apart.clone().holds("2", "2026-01-01", "2026-02-01");
    let want = "front-door 2 drift grant 2026-01-01T00:00:00 to 2026-12-31T23:59:59, opens";
    assert_eq!(changes(&closed.plan()), [want], "shut by hand, and opened again");
    assert!(prove(&closed.facts, &closed.plan()).is_ok());
    let over = apart.clone().at("2027-01-02T11:00:00Z");
    let want = "front-door 2 started grant 2027-01-15T00:00:00 to 2027-12-31T23:59:59";
    assert_eq!(changes(&over.plan()), [want]);
    assert!(prove(&over.facts, &over.plan()).is_ok());
    // Later, and shorter than what runs: that is a correction.
    let shorter = three().paid("150002", &[("2026-12-01", "2026-12-20")]);
    assert_eq!(shorter.plan().changes[0].kind, Kind::Revocation);
    let unknown = moved(World::agreeing(3)).plan();
    let want = "front-door 2 shortened revocation 2026-12-01T00:00:00 to 2027-11-30T23:59:59";
    assert_eq!(changes(&unknown), [want]);
    // What was served is over before the next period begins.
    let year = window("2025-01-01", "2025-12-31T23:59:59");
    let over = moved(three().on(FRONT, |device| {
        for link in device.stored.links.values_mut() {
            link.served =
                link.served.map(|one| crate::engine::link::Served { window: year, ..one });
        }
    }));
    assert_eq!(changes(&over.plan()), [want]);
}
