//! One right at a time, and what is said of it.

use super::super::{Answer, ParkingStatus, periods};
use super::*;
use crate::model::{HolderId, RightCode};

#[test]
fn a_session_from_its_begin_to_the_end_of_grace() {
    let world = World::with(vec![session("session_789", "CT:ABC123", "A1", "10:00-14:00")]);
    for (at, want) in [
        ("09:59:59", "NOT_YET_VALID session_789 10:00-14:00"),
        ("10:00", "ACTIVE session_789 10:00-14:00"),
        ("12:00", "ACTIVE session_789 10:00-14:00"),
        ("13:59:59", "ACTIVE session_789 10:00-14:00"),
        ("14:00", "GRACE session_789 10:00-14:00 until 14:05"),
        ("14:04:59", "GRACE session_789 10:00-14:00 until 14:05"),
        ("14:05", "EXPIRED session_789 10:00-14:00"),
        ("23:00", "EXPIRED session_789 10:00-14:00"),
    ] {
        assert_eq!(world.says("A1", at), want, "{at}");
    }
}

#[test]
fn a_right_is_good_where_its_zone_covers() {
    let world = World::with(vec![session("s", "CT:ABC123", "A1", "10:00-14:00")]);
    assert_eq!(world.says("A2", "12:00"), "ACTIVE s 10:00-14:00");
    assert_eq!(world.says("B", "12:00"), "WRONG_ZONE s 10:00-14:00");
    let world = World::with(vec![session("s", "CT:ABC123", "A2", "10:00-14:00")]);
    assert_eq!(world.says("A1", "12:00"), "WRONG_ZONE s 10:00-14:00");
    assert_eq!(world.says("A1", "14:01"), "EXPIRED s 10:00-14:00", "no grace for another zone");
    assert_eq!(world.says("A1", "09:00"), "NOT_YET_VALID s 10:00-14:00");
}

#[test]
fn both_windows_must_contain_the_instant() {
    // The car was changed at noon, and the permit is for B only in the afternoon.
    let mut permit = right(
        "permit",
        &[
            (car("CT:OLD1"), period("08:00-12:00")),
            (car("CT:ABC123"), period("12:00-20:00")),
            (car("CT:ABC123"), period("21:00-22:00")),
        ],
        &[("A1", "08:00-14:00"), ("B", "14:00-21:30")],
    );
    permit.kind = RightKind::Permit(RightCode::new("RESIDENTIAL").unwrap());
    let world = World::with(vec![permit]);
    for (who, zone, at, want) in [
        ("CT:OLD1", "A1", "11:59:59", "ACTIVE permit 08:00-12:00"),
        ("CT:OLD1", "A1", "12:00", "GRACE permit 08:00-12:00 until 12:05"),
        ("CT:OLD1", "B", "15:00", "EXPIRED permit 08:00-12:00"),
        ("CT:ABC123", "A1", "11:59:59", "NOT_YET_VALID permit 12:00-14:00"),
        ("CT:ABC123", "A1", "12:00", "ACTIVE permit 12:00-14:00"),
        ("CT:ABC123", "A1", "14:05", "WRONG_ZONE permit 14:00-20:00"),
        ("CT:ABC123", "B", "14:00", "ACTIVE permit 14:00-20:00"),
        ("CT:ABC123", "B", "20:30", "EXPIRED permit 14:00-20:00"),
        ("CT:ABC123", "B", "21:00", "ACTIVE permit 21:00-21:30"),
        ("CT:ABC123", "B", "21:40", "EXPIRED permit 21:00-21:30"),
        ("CT:OTHER", "A1", "12:00", "NOT_FOUND"),
    ] {
        assert_eq!(world.says_of(&car(who), zone, at), want, "{who} in {zone} at {at}");
    }
}

#[test]
fn windows_that_touch_are_one_and_others_two() {
    let hours = right(
        "s",
        &[(car("CT:ABC123"), period("08:00-"))],
        &[("A1", "10:00-11:00"), ("A1", "08:00-10:00"), ("A1", "11:00:01-12:00")],
    );
    let world = World::with(vec![hours]);
    assert_eq!(world.says("A1", "09:00"), "ACTIVE s 08:00-11:00");
    assert_eq!(world.says("A1", "11:00"), "GRACE s 08:00-11:00 until 11:05");
    assert_eq!(world.says("A1", "11:00:01"), "ACTIVE s 11:00-12:00");
}

#[test]
fn spaces_and_members_hold_rights_too() {
    let member = RightHolder::Member(HolderId::new(source("club"), "4711").unwrap());
    let world = World::with(vec![
        right("meter", &[(space("METER-A1-001"), period("10:00-14:00"))], &[("A1", "10:00-14:00")]),
        right("club", &[(member.clone(), period("10:00-14:00"))], &[("A1", "10:00-14:00")]),
    ]);
    let active = "ACTIVE meter 10:00-14:00";
    assert_eq!(world.says_of(&space("METER-A1-001"), "A1", "12:00"), active);
    assert_eq!(world.says_of(&space("METER-A1-002"), "A1", "12:00"), "NOT_FOUND");
    assert_eq!(world.says_of(&member, "A1", "12:00"), "ACTIVE club 10:00-14:00");
    assert_eq!(world.says("A1", "12:00"), "NOT_FOUND");
}

#[test]
fn what_is_cancelled_or_suspended_gives_nothing() {
    for state in [RightState::Cancelled, RightState::Suspended] {
        let session = session("s", "CT:ABC123", "A1", "10:00-14:00");
        let world = World::with(vec![in_state(state, session)]);
        for at in ["09:00", "10:00", "13:59:59", "14:00", "14:01", "20:00"] {
            assert_eq!(world.says("A1", at), "CANCELLED s 10:00-14:00", "{at}");
            assert_eq!(world.says("B", at), "CANCELLED s 10:00-14:00", "{at}");
        }
    }
}

#[test]
fn an_unknown_issuer_matches_by_text_and_the_answer_says_so() {
    let at_noon = |held: &str, asked: &str| {
        let world = World::with(vec![session("s", held, "A1", "10:00-14:00")]);
        world.says_of(&car(asked), "A1", "12:00")
    };
    for (held, asked, want) in [
        ("CT:ABC123", "US-CT:ABC123", "ACTIVE s 10:00-14:00"),
        ("CT:ABC123", "NY:ABC123", "NOT_FOUND"),
        ("CT:ABC123", "ABC123", "ACTIVE s 10:00-14:00 without issuer"),
        ("ABC123", "CT:ABC123", "ACTIVE s 10:00-14:00 without issuer"),
        ("ZZZ:ABC123", "CT:ABC123", "ACTIVE s 10:00-14:00 without issuer"),
        ("ABC124", "ABC123", "NOT_FOUND"),
    ] {
        assert_eq!(at_noon(held, asked), want, "{held}, and {asked} is asked about");
    }
}

#[test]
fn rights_of_nobody_and_for_nowhere_give_nothing() {
    let always = period("00:00-");
    let world = World::with(vec![
        right("nobody", &[], &[("A1", "00:00-")]),
        right("nowhere", &[(car("CT:ABC123"), always)], &[]),
        right("never", &[(car("CT:ABC123"), period("10:00-11:00"))], &[("A1", "11:00-12:00")]),
    ]);
    for at in ["09:00", "10:30", "11:00", "11:30", "23:00"] {
        assert_eq!(world.says("A1", at), "NOT_FOUND", "{at}");
    }
}

#[test]
fn grace_that_never_ends_and_grace_of_nothing() {
    let mut world = World::with(vec![session("s", "CT:ABC123", "A1", "10:00-14:00")]);
    let graced = |grace: Duration| {
        let zone = ZoneDefinition {
            name: zone_name("A1"),
            covers: vec![],
            needs: [source("street")].into(),
            grace,
            names: BTreeMap::new(),
        };
        ParkingZones::new(&[zone], &[source("street")].into()).unwrap()
    };
    world.zones = graced(Duration::ZERO);
    assert_eq!(world.says("A1", "14:00"), "EXPIRED s 10:00-14:00");
    world.zones = graced(Duration::MAX);
    let verdict = world.judge(&world.rights[0].holders()[0].0, "A1", DateTime::<Utc>::MAX_UTC);
    assert_eq!(verdict.status, ParkingStatus::Unknown, "no source is fresh then");
    assert_eq!(world.says("A1", "23:00").split(' ').next(), Some("GRACE"));
}

#[test]
fn what_statuses_mean_to_a_script() {
    let answers = ParkingStatus::ALL.map(|status| (status.as_str(), status.answer()));
    let want = [
        ("ACTIVE", Answer::Valid),
        ("GRACE", Answer::Valid),
        ("EXPIRED", Answer::NotHereAndNow),
        ("NOT_YET_VALID", Answer::NotHereAndNow),
        ("WRONG_ZONE", Answer::NotHereAndNow),
        ("CANCELLED", Answer::NotHereAndNow),
        ("NOT_FOUND", Answer::NoRight),
        ("UNKNOWN", Answer::CannotBeSaid),
    ];
    assert_eq!(answers, want);
}

#[test]
fn a_gate_holds_what_is_answered() {
    let rights = vec![
        session("one", "CT:ABC123", "A1", "10:00-11:00"),
        session("two", "ABC123", "A2", "10:30-12:00"),
        session("three", "CT:ABC123", "A1", "12:00-12:30"),
        session("four", "CT:ABC123", "A1", "12:30:01-13:00"),
        session("other", "NY:ABC123", "A1", "00:00-23:00"),
        session("elsewhere", "CT:ABC123", "B", "00:00-23:00"),
        in_state(RightState::Cancelled, session("gone", "CT:ABC123", "A1", "00:00-23:00")),
        in_state(unknown_state(), session("odd", "CT:ABC123", "A1", "00:00-23:00")),
    ];
    let world = World::with(rights);
    let held = |zone: &str| {
        let zone = world.zone(zone);
        periods(&car("CT:ABC123"), zone, &world.rights, &world.readings, time("12:00"))
    };
    let [joined, apart] = [period("10:00-12:30"), period("12:30:01-13:00")];
    assert_eq!(held("A2"), [joined, apart]);
    assert_eq!(held("A1"), [period("10:00-11:00"), period("12:00-12:30"), apart]);
    assert_eq!(held("B"), [period("00:00-23:00")]);
}

/// A permit of a whole fleet, and one that recurs in every zone of a city: a million pairs of windows.
#[test]
fn hostile_rights_take_no_longer_than_others() {
    let second = |n: i64| DateTime::from_timestamp(1_704_067_200 + n, 0).unwrap();
    let minute = |n: i64| Period::new(second(2 * n), Some(second(2 * n + 1)), Ends::Open).unwrap();
    let holders = (0..100_000).map(|n| (car("CT:ABC123"), minute(n))).collect();
    let zones = (0..100_000).rev().map(|n| (zone_name("A1"), minute(n))).collect();
    let huge = ParkingRight::new(
        (source("street"), right_id("huge"), RightVersion::new("1").unwrap()),
        (RightKind::Session, RightState::Active),
        holders,
        zones,
    );
    let world = World::with(vec![huge.unwrap()]);
    assert_eq!(world.says("A1", "12:00:00"), "ACTIVE huge 12:00-12:00");
    assert_eq!(world.says("A1", "12:00:01").split(' ').next(), Some("GRACE"));
    let zone = world.zone("A1");
    let held = periods(&car("CT:ABC123"), zone, &world.rights, &world.readings, time("12:00"));
    assert_eq!(held.len(), 100_000);
}
