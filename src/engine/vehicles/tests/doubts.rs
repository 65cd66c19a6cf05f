//! When it cannot be said.

use super::super::periods;
use super::*;

fn read_at(world: &mut World, name: &str, at: &str, minutes: u64) {
    let read = LastRead { at: time(at), fresh_for: Duration::from_secs(60 * minutes) };
    world.readings.0.insert(source(name), read);
}

#[test]
fn no_right_is_said_only_when_every_needed_source_is_fresh() {
    for (read, minutes, is_fresh) in [
        ("12:00", 3, true),
        ("11:57:01", 3, true),
        ("11:57", 3, false),
        ("11:00", 3, false),
        ("11:00", 61, true),
        ("12:00", 0, false),
        // One of the two clocks is wrong.
        ("12:00:01", 3, false),
    ] {
        let mut world = World::with(vec![]);
        read_at(&mut world, "street", read, minutes);
        let want = if is_fresh { "NOT_FOUND" } else { "UNKNOWN street is stale" };
        assert_eq!(world.says("A1", "12:00"), want, "read at {read}, fresh for {minutes} min");
    }
    let mut world = World::with(vec![]);
    world.readings.0.clear();
    assert_eq!(world.says("A1", "12:00"), "UNKNOWN street is stale", "never read");
    assert_eq!(world.says("B", "12:00"), "UNKNOWN register is stale street is stale");
    read_at(&mut world, "street", "12:00", 3);
    assert_eq!(world.says("B", "12:00"), "UNKNOWN register is stale", "one is enough");
    assert_eq!(world.says("A1", "12:00"), "NOT_FOUND", "it is not needed here");
}

/// Tomorrow's sessions are not sold yet, and a handheld's clock may be fast.
#[test]
fn no_right_is_not_said_of_an_instant_after_the_reading_is_fresh_no_more() {
    let mut world = World::with(vec![session("s", "CT:ABC123", "A1", "10:00-11:00")]);
    read_at(&mut world, "street", "11:59", 3);
    assert_eq!(world.says("A1", "12:01:59"), "EXPIRED s 10:00-11:00");
    assert_eq!(world.says("A1", "12:02"), "UNKNOWN s 10:00-11:00 street is stale");
    assert_eq!(world.says("A1", "09:00"), "NOT_YET_VALID s 10:00-11:00", "the past is known");
}

/// Who ended five minutes ago may have paid again four minutes ago.
#[test]
fn no_other_no_is_said_either() {
    let off = in_state(RightState::Cancelled, session("s", "CT:ABC123", "A1", "11:00-14:00"));
    for (right, zone, status) in [
        (session("s", "CT:ABC123", "A1", "10:00-11:00"), "A1", "EXPIRED s 10:00-11:00"),
        (session("s", "CT:ABC123", "A1", "13:00-14:00"), "A1", "NOT_YET_VALID s 13:00-14:00"),
        (session("s", "CT:ABC123", "A1", "11:00-14:00"), "B", "WRONG_ZONE s 11:00-14:00"),
        (off, "A1", "CANCELLED s 11:00-14:00"),
    ] {
        let mut world = World::with(vec![right]);
        assert_eq!(world.says(zone, "12:00"), status);
        read_at(&mut world, "street", "11:00", 3);
        let (_, told) = status.split_once(' ').unwrap();
        assert_eq!(world.says(zone, "12:00"), format!("UNKNOWN {told} street is stale"));
    }
}

#[test]
fn what_is_valid_is_answered_whatever_is_stale() {
    let mut world = World::with(vec![session("s", "CT:ABC123", "B", "10:00-11:58")]);
    world.readings.0.clear();
    world.left_out.push(LeftOut { source: source("register"), id: None, holder: car("ABC123") });
    let rest = " register is stale street is stale a row left out";
    assert_eq!(world.says("B", "11:00"), format!("ACTIVE s 10:00-11:58{rest}"));
    assert_eq!(world.says("B", "12:00"), format!("GRACE s 10:00-11:58 until 12:03{rest}"));
}

#[test]
fn a_row_that_was_left_out_keeps_every_no_back() {
    let left_out = |holder: RightHolder| LeftOut {
        source: source("register"),
        id: Some(right_id("RES-1")),
        holder,
    };
    for (holder, want) in [
        (car("CT:ABC123"), "UNKNOWN RES-1 left out"),
        (car("ABC123"), "UNKNOWN RES-1 left out"),
        (car("NY:ABC123"), "NOT_FOUND"),
        (car("CT:ABC124"), "NOT_FOUND"),
        (space("ABC123"), "NOT_FOUND"),
    ] {
        let mut world = World::with(vec![]);
        world.left_out.push(left_out(holder));
        assert_eq!(world.says("A1", "12:00"), want);
    }
    let mut world = World::with(vec![]);
    world.left_out.push(left_out(space("M1")));
    assert_eq!(world.says_of(&space("M1"), "A1", "12:00"), "UNKNOWN RES-1 left out");
}

#[test]
fn a_right_in_a_state_that_nobody_knows_says_nothing() {
    let odd = in_state(unknown_state(), session("s", "CT:ABC123", "A1", "10:00-14:00"));
    let mut world = World::with(vec![odd]);
    for (at, want) in [
        ("09:00", "NOT_YET_VALID s 10:00-14:00"),
        ("10:00", "UNKNOWN s in odd state"),
        ("13:59:59", "UNKNOWN s in odd state"),
        ("14:00", "UNKNOWN s in odd state"),
        ("14:05", "EXPIRED s 10:00-14:00"),
    ] {
        assert_eq!(world.says("A1", at), want, "{at}");
    }
    assert_eq!(world.says("B", "12:00"), "WRONG_ZONE s 10:00-14:00");
    world.rights.push(session("good", "CT:ABC123", "A1", "11:00-13:00"));
    assert_eq!(world.says("A1", "12:00"), "ACTIVE good 11:00-13:00 s in odd state");
    // One with two holders that match is named once.
    let both = [(car("ABC123"), period("10:00-14:00")), (car("CT:ABC123"), period("10:00-14:00"))];
    let world =
        World::with(vec![in_state(unknown_state(), right("two", &both, &[("A1", "00:00-")]))]);
    assert_eq!(world.says("A1", "12:00"), "UNKNOWN two in odd state");
}

/// It may have been stopped since its source was read.
#[test]
fn an_open_session_counts_only_while_its_source_is_fresh() {
    let mut world = World::with(vec![session("s", "CT:ABC123", "A1", "10:00-")]);
    read_at(&mut world, "street", "11:59", 3);
    for (at, want) in [
        ("10:00", "ACTIVE s 10:00-"),
        ("12:01:59", "ACTIVE s 10:00-"),
        ("12:02", "UNKNOWN street is stale s unstopped"),
        ("09:00", "NOT_YET_VALID s 10:00-"),
    ] {
        assert_eq!(world.says("A1", at), want, "{at}");
    }
    let held = |world: &World| {
        let zone = world.zone("A1");
        periods(&car("CT:ABC123"), zone, &world.rights, &world.readings, time("12:00"))
    };
    assert_eq!(held(&world), [period("10:00-12:02")]);
    // Also where its source is not needed.
    world.rights[0].source = source("register");
    read_at(&mut world, "register", "11:00", 3);
    assert_eq!(world.says("A1", "12:00"), "UNKNOWN s unstopped");
    assert_eq!(held(&world), []);
}

/// What an end was said for needs nobody to stop it.
#[test]
fn of_an_open_session_what_ends_counts_all_the_same() {
    let both = [(car("CT:ABC123"), period("10:00-13:00")), (car("ABC123"), period("10:00-"))];
    let mut world = World::with(vec![right("s", &both, &[("A1", "10:00-")])]);
    read_at(&mut world, "street", "11:00", 3);
    assert_eq!(world.says("A1", "12:00"), "ACTIVE s 10:00-13:00 street is stale s unstopped");
    assert_eq!(
        world.says_of(&car("NY:ABC123"), "A1", "12:00"),
        "UNKNOWN street is stale s unstopped"
    );
    let zone = world.zone("A1");
    let held = periods(&car("CT:ABC123"), zone, &world.rights, &world.readings, time("12:00"));
    assert_eq!(held, [period("10:00-13:00")]);
    // Of one holder, and by the windows of zones.
    let here = [("A1", "10:00-"), ("A1", "10:00-13:00")];
    let world = World { rights: vec![right("s", &both[1..], &here)], ..world };
    let said = world.says_of(&car("ABC123"), "A1", "12:00");
    assert_eq!(said, "ACTIVE s 10:00-13:00 without issuer street is stale");
}

#[test]
fn an_open_permit_and_a_session_with_an_end_count_as_they_are() {
    let mut permit = session("p", "CT:ABC123", "A1", "10:00-");
    permit.kind = RightKind::Permit(crate::model::RightCode::new("POLICE").unwrap());
    let mut world = World::with(vec![permit, session("s", "CT:ABC124", "A1", "10:00-14:00")]);
    world.readings.0.clear();
    assert_eq!(world.says("A1", "12:00"), "ACTIVE p 10:00- street is stale");
    let other = world.says_of(&car("CT:ABC124"), "A1", "12:00");
    assert_eq!(other, "ACTIVE s 10:00-14:00 street is stale");
    let zone = world.zone("A1");
    let held = |who| periods(&car(who), zone, &world.rights, &world.readings, time("12:00"));
    assert_eq!(held("CT:ABC123"), [period("10:00-")]);
    assert_eq!(held("CT:ABC124"), [period("10:00-14:00")]);
}
