//! Dates as they are written, kept and shown, and whether the barrier opens.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::{all, camera, refusal, slugs, turned, with, write};
use crate::hikvision_anpr::*;
use crate::zone::Zone;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn a_whole_day_holds_to_its_last_second_on_the_wall_clock() {
    let (camera, _) = camera(vec![Row::new("AB1").valid("2026-06-01", "2026-06-30")]);
    for (instant, opens) in [
        ("2026-05-31T21:59:59Z", false),
        ("2026-05-31T22:00:00Z", true),
        ("2026-06-30T21:59:59Z", true),
        ("2026-06-30T22:00:00Z", false),
    ] {
        assert_eq!(camera.opens_at("ab-1", at(instant)), opens, "{instant}");
    }
    assert!(!camera.opens_at("AB2", at("2026-06-15T12:00:00Z")));
    camera.set_time_zone(Zone::fixed(0));
    assert!(camera.opens_at("AB1", at("2026-06-30T23:59:59Z")));
    camera.set_clock_offset(TimeDelta::seconds(1));
    assert!(!camera.opens_at("AB1", at("2026-06-30T23:59:59Z")));
}

#[test]
fn the_block_list_wins_while_it_holds() {
    let allowed = Row::new("AB1").endless();
    let blocked = Row::new("AB1").valid("2026-06-01", "2026-06-30").blocked();
    let (camera, _) = camera(vec![allowed, blocked]);
    assert!(!camera.opens_at("AB1", at("2026-06-15T12:00:00Z")));
    assert!(camera.opens_at("AB1", at("2026-07-15T12:00:00Z")));
    assert!(camera.opens_at("AB1", at("2098-07-15T12:00:00Z")));
}

#[test]
fn a_bare_day_may_be_its_midnight() {
    let (camera, client) = turned(|s| s.dates = Dates::Midnights);
    let bare = json!({ "effectiveStartDate": "2026-06-01", "effectiveTime": "2026-06-30" });
    assert_eq!(write(&client, &[with("N1", bare)]).status, 200);
    assert_eq!(camera.row("N1").unwrap().end.unwrap().to_string(), "2026-06-30 00:00:00");
    assert!(!camera.opens_at("N1", at("2026-06-30T10:00:00Z")));
    let whole = json!({ "effectiveTime": "2026-06-30T23:59:59" });
    assert_eq!(write(&client, &[with("N2", whole)]).status, 200);
    assert!(camera.opens_at("N2", at("2026-06-30T10:00:00Z")));
}

#[test]
fn a_time_of_day_is_dropped_refused_or_kept() {
    let sent = json!({
        "createTime": "2026-06-01T09:30:00", "effectiveStartDate": "2026-06-01T09:30:00",
        "effectiveTime": "2026-06-30T12:00:00",
    });
    for (dates, expected) in [
        (Dates::Days, Some(("2026-06-01 00:00:00", "2026-06-30 23:59:59"))),
        (Dates::DaysOnly, None),
        (Dates::Seconds, Some(("2026-06-01 09:30:00", "2026-06-30 12:00:00"))),
    ] {
        let (camera, client) = turned(|s| s.dates = dates);
        let answer = write(&client, &[with("N1", sent.clone())]);
        match (expected, camera.row("N1")) {
            (Some((begin, end)), Some(row)) => {
                assert_eq!((row.begin.to_string(), row.end.unwrap().to_string()), {
                    (begin.to_owned(), end.to_owned())
                });
            }
            (None, None) => assert_eq!(refusal(&answer), (400, 6, "timeFormatError".into())),
            other => panic!("{dates:?} {other:?}"),
        }
    }
    let (_camera, client) = turned(|s| s.dates = Dates::Seconds);
    let bare = write(&client, &[with("N1", json!({"effectiveTime": "2026-06-30"}))]);
    assert_eq!(refusal(&bare).2, "timeFormatError");
}

#[test]
fn an_offset_is_refused_dropped_or_honoured() {
    let sent = json!({
        "createTime": "2026-06-01T00:00:00Z", "effectiveStartDate": "2026-06-01T00:00:00Z",
        "effectiveTime": "2026-06-30T12:00:00Z",
    });
    for (written_offset, end) in [
        (WrittenOffset::Refused, None),
        (WrittenOffset::Ignored, Some("2026-06-30 12:00:00")),
        (WrittenOffset::Honoured, Some("2026-06-30 14:00:00")),
    ] {
        let (camera, client) = turned(|s| {
            (s.dates, s.written_offset) = (Dates::Seconds, written_offset);
        });
        write(&client, &[with("N1", sent.clone())]);
        let kept = camera.row("N1").map(|row| row.end.unwrap().to_string());
        assert_eq!(kept.as_deref(), end, "{written_offset:?}");
    }
}

#[test]
fn the_begin_is_create_time_or_the_start_date() {
    let sent = json!({"createTime": "2026-05-01T10:00:00", "effectiveStartDate": "2026-06-01"});
    for (starts, begin, shown) in [
        (Starts::CreateTime, "2026-05-01", None),
        (Starts::StartDate, "2026-06-01", Some("2026-06-01T00:00:00+02:00")),
    ] {
        let (camera, client) = turned(|s| s.starts = starts);
        write(&client, &[with("N1", sent.clone())]);
        assert_eq!(camera.row("N1").unwrap().begin.date().to_string(), begin);
        let text = all(&client);
        let start = text.rsplit_once("<effectiveStartDate>").map(|(_, rest)| &rest[..25]);
        assert_eq!(start, shown, "{text}");
    }
}

#[test]
fn times_are_shown_with_the_offset_of_their_season() {
    let row = || Row::new("AB1").valid("2026-01-01", "2026-06-30");
    for (shown_times, begin, end) in [
        (ShownTimes::WithOffset, "2026-01-01T00:00:00+01:00", "2026-06-30T23:59:59+02:00"),
        (ShownTimes::Midnight, "2026-01-01T00:00:00+01:00", "2026-06-30T00:00:00+02:00"),
        (ShownTimes::Plain, "2026-01-01T00:00:00", "2026-06-30T23:59:59"),
        (ShownTimes::Day, "2026-01-01", "2026-06-30"),
    ] {
        let (camera, client) = camera(vec![row()]);
        camera.set(|s| s.shown_times = shown_times);
        let text = all(&client);
        let expected = format!(
            "<effectiveTime>{end}</effectiveTime><createTime>{begin}</createTime></LicensePlateInfo>"
        );
        assert!(text.contains(&expected), "{text}");
    }
    let (_camera, client) = camera(vec![row().endless()]);
    assert!(!all(&client).contains("effectiveTime"));
}

#[test]
fn a_begin_after_the_end_is_refused_and_so_are_far_years() {
    let (camera, client) = turned(|_| {});
    for (keys, name) in [
        (json!({"effectiveTime": "2025-12-31"}), "startTimeShouldBeEarlierThanEndTime"),
        (json!({"effectiveStartDate": "2027-01-01"}), "startTimeShouldBeEarlierThanEndTime"),
        (json!({"effectiveTime": "2100-01-01"}), "beyondARGSRangeLimit"),
        (json!({"createTime": "1999-12-31T00:00:00"}), "beyondARGSRangeLimit"),
        (json!({"effectiveTime": "2026-02-30"}), "timeFormatError"),
        (json!({"effectiveTime": ""}), "timeFormatError"),
    ] {
        let answer = write(&client, &[with("N1", keys.clone())]);
        assert_eq!(refusal(&answer), (400, 6, name.into()), "{keys}");
    }
    assert_eq!(slugs(&camera), ["begin-after-end", "begin-after-end"]);
    assert_eq!(write(&client, &[with("N1", json!({"effectiveTime": "2099-12-31"}))]).status, 200);
}
