//! Which of several rights is told.

use super::*;

fn elsewhere(when: &str) -> ParkingRight {
    session("elsewhere", "CT:ABC123", "B", when)
}

#[test]
fn what_is_nearest_to_valid_is_told() {
    // Each is told before all that follow it.
    let all = [
        ("ACTIVE", session("active", "CT:ABC123", "A1", "11:00-13:00")),
        ("GRACE", session("grace", "CT:ABC123", "A1", "10:00-11:58")),
        ("WRONG_ZONE", elsewhere("11:00-13:00")),
        (
            "CANCELLED",
            in_state(RightState::Suspended, session("off", "CT:ABC123", "A1", "11:00-13:00")),
        ),
        ("EXPIRED", session("ended", "CT:ABC123", "A1", "08:00-10:00")),
        ("NOT_YET_VALID", session("later", "CT:ABC123", "A1", "14:00-15:00")),
        (
            "CANCELLED",
            in_state(RightState::Cancelled, session("gone", "CT:ABC123", "A1", "08:00-09:00")),
        ),
    ];
    for first in 0..all.len() {
        let mut rights: Vec<_> = all[first..].iter().map(|(_, right)| right.clone()).collect();
        for _ in 0..rights.len() {
            rights.rotate_left(1);
            let world = World::with(rights.clone());
            let said = world.says("A1", "12:00");
            let (status, right) = &all[first];
            let want = format!("{status} {} ", right.id);
            assert!(said.starts_with(&want), "{said}, not {want}");
        }
    }
    assert_eq!(World::with(vec![]).says("A1", "12:00"), "NOT_FOUND");
}

#[test]
fn among_equals_the_end_decides() {
    let said = |rights: &[(&str, &str, &str)], at: &str| {
        let all = rights.iter().map(|(id, zone, when)| session(id, "CT:ABC123", zone, when));
        let mut all: Vec<_> = all.collect();
        let said = World::with(all.clone()).says("A1", at);
        all.reverse();
        assert_eq!(World::with(all).says("A1", at), said);
        said
    };
    let valid = [("short", "A1", "10:00-12:30"), ("long", "A1", "11:00-14:00")];
    assert_eq!(said(&valid, "12:00"), "ACTIVE long 11:00-14:00");
    assert_eq!(said(&[valid[1], ("open", "A1", "11:30-")], "12:00"), "ACTIVE open 11:30-");
    assert_eq!(said(&valid, "14:02"), "GRACE long 11:00-14:00 until 14:05");
    assert_eq!(said(&valid, "15:00"), "EXPIRED long 11:00-14:00");
    assert_eq!(said(&valid, "09:00"), "NOT_YET_VALID short 10:00-12:30");
    let both = [("x", "A1", "10:00-14:00"), ("b", "A1", "10:00-14:00")];
    assert_eq!(said(&both, "12:00"), "ACTIVE b 10:00-14:00");
    let elsewhere = [("x", "B", "10:00-13:00"), ("b", "B", "11:00-14:00")];
    assert_eq!(said(&elsewhere, "12:00"), "WRONG_ZONE b 11:00-14:00");
}

#[test]
fn a_known_issuer_comes_first() {
    let world = World::with(vec![
        session("a", "ABC123", "A1", "10:00-20:00"),
        session("z", "CT:ABC123", "A1", "10:00-13:00"),
    ]);
    assert_eq!(world.says("A1", "12:00"), "ACTIVE z 10:00-13:00");
    assert_eq!(world.says("A1", "13:01"), "ACTIVE a 10:00-20:00 without issuer", "valid is valid");
    // Also within one right.
    let both = [(car("ABC123"), period("10:00-20:00")), (car("CT:ABC123"), period("10:00-13:00"))];
    let world = World::with(vec![right("both", &both, &[("A1", "00:00-")])]);
    assert_eq!(world.says("A1", "12:00"), "ACTIVE both 10:00-13:00");
    assert_eq!(world.says("A1", "14:00"), "ACTIVE both 10:00-20:00 without issuer");
}

#[test]
fn what_was_or_will_be_here_is_told_before_what_was_or_will_be_elsewhere() {
    let both = right(
        "both",
        &[(car("CT:ABC123"), period("00:00-"))],
        &[("A1", "08:00-09:00"), ("B", "09:30-10:00"), ("A1", "14:00-15:00"), ("B", "13:00-13:30")],
    );
    let world = World::with(vec![both]);
    assert_eq!(world.says("A1", "12:00"), "EXPIRED both 08:00-09:00");
    assert_eq!(world.says("B", "12:00"), "EXPIRED both 09:30-10:00");
    assert_eq!(
        world.says("A1", "07:00"),
        "NOT_YET_VALID both 14:00-15:00".replace("14:00-15", "08:00-09")
    );
    assert_eq!(world.says("B", "09:15"), "NOT_YET_VALID both 09:30-10:00");
    assert_eq!(world.says("A1", "09:45"), "WRONG_ZONE both 09:30-10:00");
}
