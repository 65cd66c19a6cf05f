//! What is on a list beyond what `model` compares: its edges in time, its order, and when it is made anew.

use super::super::{Gathering, Permits};
use super::*;
use crate::model::RightCode;

/// What a list has of these rights at noon: zone, plate, begin and end of each row.
fn listed(world: &World, zones: &[&str]) -> (Vec<String>, Permits) {
    let zones = zones.iter().map(|name| world.zone(name)).collect();
    let day = Duration::from_secs(24 * 60 * 60);
    let mut gathering = Gathering::new(zones, day * 2, &world.readings, time("12:00"));
    world.rights.iter().for_each(|right| gathering.take(right));
    let permits = gathering.finish();
    let told = permits.rows.iter().map(|row| {
        let (from, until) = (row.from.format("%d %H:%M"), row.until.format("%d %H:%M"));
        format!("{} {} {from} {until} {}", row.zone, row.plate.spelled(), row.id)
    });
    (told.collect(), permits)
}

#[test]
fn no_row_ends_later_than_its_right_and_none_is_without_an_end() {
    let permit = |id: &str, when: &str| {
        let mut permit = right(id, &[(car("CT:ABC123"), period(when))], &[("A1", "00:00-")]);
        permit.kind = RightKind::Permit(RightCode::new("RESIDENTIAL").unwrap());
        permit
    };
    let world = World::with(vec![
        permit("ended", "10:00-12:00"),
        permit("runs", "10:00-14:00"),
        permit("open", "13:00-"),
    ]);
    let midnight = time("00:00") + chrono::TimeDelta::days(3);
    let (told, permits) = listed(&world, &["A1"]);
    let day = time("12:00").format("%d").to_string();
    let end = midnight.format("%d %H:%M").to_string();
    let wanted = [
        format!("A1 US-CT:ABC123 {day} 10:00 {day} 14:00 runs"),
        format!("A1 US-CT:ABC123 {day} 13:00 {end} open"),
    ];
    assert_eq!(told, wanted);
    assert_eq!(permits.same_until, time("00:00") + chrono::TimeDelta::days(1));
}

#[test]
fn a_zone_has_the_cars_of_zones_that_cover_it() {
    let world = World::with(vec![session("1", "CT:ABC123", "A1", "10:00-14:00")]);
    for (zones, wanted) in [(&["A2"][..], 1), (&["A1", "A2"], 2), (&["B"], 0), (&[], 0)] {
        assert_eq!(listed(&world, zones).0.len(), wanted, "{zones:?}");
    }
}

#[test]
fn a_session_that_nobody_has_stopped_is_looked_at_in_every_run() {
    let world = World::with(vec![session("1", "CT:ABC123", "A1", "10:00-")]);
    let (_, permits) = listed(&world, &["A1"]);
    assert_eq!(permits.same_until, time("12:00"));
    // It ends where its source is fresh no more.
    assert_eq!(permits.rows[0].until, time("12:00") + chrono::TimeDelta::days(1));
}
