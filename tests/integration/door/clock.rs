//! The door's clock: nothing is written to a door that opens and closes at wrong times.

use chrono::TimeDelta;
use ivms_sync_simulators::club::employee_no;
use ivms_sync_simulators::hikvision::LocalTime;
use ivms_sync_simulators::http::Fault;
use ivms_sync_simulators::zone::Zone;
use serde_json::{Value, json};

use super::super::support::each;
use super::logins::Pinned;
use super::{Story, UNTIL};

/// A club of two doors, the first with this clock, and one renewal.
fn odd_clock(offset_seconds: i64, zone: Zone, form: LocalTime) -> Pinned {
    let pinned = Pinned::new(10, 2);
    pinned.run(&["sync"]).ends(0);
    let door = pinned.door(0);
    door.set_clock_offset(TimeDelta::seconds(offset_seconds));
    door.set_time_zone(zone);
    door.set(|switches| switches.local_time = form);
    pinned.sandbox.clear_requests();
    assert!(pinned.sandbox.club.renew(4, UNTIL));
    pinned
}

#[test]
fn a_clock_or_zone_that_is_off_is_not_written_to() {
    // The run counts real seconds from its pinned start on, so ahead needs a margin.
    let home = Zone::central_europe();
    let (with_offset, plain) = (LocalTime::WithOffset, LocalTime::Plain);
    for (what, offset, zone, form) in [
        ("a minute and a second behind", -61, home, with_offset),
        ("a minute and a second behind, plain", -61, home, plain),
        ("a minute and a half ahead", 90, home, with_offset),
        ("a year ahead", 365 * 24 * 3600, home, plain),
        ("an hour west", 0, Zone::fixed(0), with_offset),
        ("an hour west, plain", 0, Zone::fixed(0), plain),
        ("an hour east", 0, Zone::fixed(120), plain),
        ("China, where devices are made", 0, Zone::fixed(480), with_offset),
    ] {
        let pinned = odd_clock(offset, zone, form);
        for _ in 0..2 {
            let said = pinned.run(&["sync", "--json"]);
            assert_eq!(said.code, 3, "{what}: {}", said.stderr);
            let run = said.json();
            let outcomes = each(&run, "devices", "outcome");
            assert_eq!(outcomes, ["clock-wrong", "ok"], "{what}: the other door is served");
            assert_eq!(run["changes"][0]["outcome"], "planned", "{what}");
            assert_eq!(pinned.door(0).writes(), Vec::<Value>::new(), "{what}");
        }
        pinned.door(0).set_clock_offset(TimeDelta::zero());
        pinned.door(0).set_time_zone(home);
        let run = pinned.run(&["sync", "--json"]).ends(0).json();
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed"], "{what}");
        let full = pinned.run(&["sync", "--full", "--json"]).ends(0).json();
        assert_eq!(full["changes"], json!([]), "{what}");
        pinned.sandbox.assert_well_behaved();
    }
}

#[test]
fn half_a_minute_is_fine() {
    for (offset, form) in
        [(-30, LocalTime::WithOffset), (0, LocalTime::Plain), (30, LocalTime::WithOffset)]
    {
        let pinned = odd_clock(offset, Zone::central_europe(), form);
        let run = pinned.run(&["sync", "--json"]).ends(0).json();
        assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
        pinned.sandbox.assert_well_behaved();
    }
}

#[test]
fn local_time_without_an_offset_is_read() {
    for form in [LocalTime::Plain, LocalTime::Basic, LocalTime::NoSign] {
        Story::new(|switches| switches.local_time = form).comes_in_step(&format!("{form:?}"));
    }
}

#[test]
fn a_door_in_another_zone_is_right_when_its_section_says_so() {
    let mut pinned = odd_clock(0, Zone::fixed(480), LocalTime::WithOffset);
    pinned.sandbox.set("hikvision.door1", "time_zone = \"Asia/Shanghai\"");
    let run = pinned.run(&["sync", "--json"]).ends(0).json();
    assert_eq!(each(&run, "changes", "outcome"), ["confirmed", "confirmed"]);
    // The paid day ends on the wall clock beside the door.
    let person = pinned.door(0).person(&employee_no(4)).unwrap();
    assert_eq!(person.end, format!("{UNTIL}T23:59:59"));
    pinned.sandbox.assert_well_behaved();
}

#[test]
fn an_unreadable_clock_is_a_reason_not_to_write() {
    let story = Story::under_way(1);
    for body in [
        "<Time><localTime>21.11.2026 12:00</localTime></Time>",
        "<Time><timeMode>NTP</timeMode></Time>",
        "<userCheck><statusValue>200</statusValue></userCheck>",
    ] {
        story.door().fault(
            Fault::raw(200, "application/xml", body).on("System/time").authenticated().times(1),
        );
        story.sync(body, 5);
        story.assert_untouched(body);
    }
    story.catches_up("readable again");
}
