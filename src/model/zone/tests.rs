//! Zones, compared with those of another library, which has a database of its own.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta};
use chrono_tz::{OffsetComponents as _, TZ_VARIANTS, Tz};
use proptest::prelude::*;

use super::*;
use crate::model::parse_time;
use crate::model::testing::zone;

/// The years that are compared: the other library knows no change of clocks after them.
const YEARS: (&str, &str) = ("1970-01-01T00:00:00", "2038-01-01T00:00:00");

/// Zones whose times the two databases tell differently between two days, and why. The other one is of
/// March 2025.
const OTHERWISE: [(&str, &str, &str, &[&str]); 7] = [
    (
        "western Canada and Manitoba keep their summer time from 2026 on",
        "2026-01-01T00:00:00",
        YEARS.1,
        &[
            "America/Edmonton",
            "America/Inuvik",
            "America/Rainy_River",
            "America/Vancouver",
            "America/Winnipeg",
            "America/Yellowknife",
            "Canada/Central",
            "Canada/Mountain",
            "Canada/Pacific",
        ],
    ),
    (
        "Morocco gives up its hour of summer time in 2026",
        "2026-01-01T00:00:00",
        YEARS.1,
        &["Africa/Casablanca", "Africa/El_Aaiun"],
    ),
    (
        "Cuba keeps its summer time for a winter",
        "2026-01-01T00:00:00",
        "2027-12-31T00:00:00",
        &["America/Havana", "Cuba"],
    ),
    (
        "Moldova changes its clocks an hour later since 2022",
        "2022-01-01T00:00:00",
        YEARS.1,
        &["Europe/Chisinau", "Europe/Tiraspol"],
    ),
    (
        "Baja California had summer time in the seventies",
        YEARS.0,
        "1977-01-01T00:00:00",
        &["America/Ensenada", "America/Santa_Isabel", "America/Tijuana", "Mexico/BajaNorte"],
    ),
    (
        "Iran changed its clocks on another day of 1979",
        "1979-01-01T00:00:00",
        "1980-01-01T00:00:00",
        &["Asia/Tehran", "Iran"],
    ),
    (
        "Colombia changed its clocks on another day of 1992",
        "1992-01-01T00:00:00",
        "1993-01-01T00:00:00",
        &["America/Bogota"],
    ),
];

fn second(text: &str) -> i64 {
    parse_time(text).unwrap().and_utc().timestamp()
}

fn utc(second: i64) -> NaiveDateTime {
    DateTime::from_timestamp(second, 0).unwrap().naive_utc()
}

fn is_told_otherwise(name: &str, at: i64) -> bool {
    OTHERWISE.iter().any(|(_, from, to, names)| {
        names.contains(&name) && (second(from)..second(to)).contains(&at)
    })
}

/// What the clocks show at a moment, and what moments the times stand for that they show about then.
fn differs(ours: Zone, theirs: Tz, at: i64, aside: &[i64]) -> Option<String> {
    let shown = ours.from_utc_datetime(&utc(at)).format("%F %T %z %Z").to_string();
    let wanted = theirs.from_utc_datetime(&utc(at)).format("%F %T %z %Z").to_string();
    if shown != wanted {
        return Some(format!("{ours}: {shown}, and elsewhere {wanted}"));
    }
    let clock = theirs.from_utc_datetime(&utc(at)).naive_local();
    aside.iter().find_map(|seconds| {
        let clock = clock + TimeDelta::seconds(*seconds);
        let meant = ours.from_local_datetime(&clock).map(|at| at.naive_utc());
        let wanted = theirs.from_local_datetime(&clock).map(|at| at.naive_utc());
        (meant != wanted).then(|| format!("{ours}, {clock}: {meant:?}, and elsewhere {wanted:?}"))
    })
}

/// The moments at which the clocks of a zone are changed.
fn changes(theirs: Tz) -> Vec<i64> {
    const STEP: i64 = 10 * 86_400;
    let offset = |at| {
        let offset = theirs.offset_from_utc_datetime(&utc(at));
        (offset.base_utc_offset(), offset.dst_offset())
    };
    let (mut found, mut from) = (Vec::new(), second(YEARS.0));
    while from < second(YEARS.1) {
        let (mut before, mut after) = (from, from + STEP);
        let first = offset(before);
        if first != offset(after) {
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if offset(middle) == first { before = middle } else { after = middle }
            }
            found.push(after);
        }
        from += STEP;
    }
    found
}

#[test]
fn every_zone_is_told_as_elsewhere() {
    const AROUND: [i64; 11] = [-86_400, -3600, -1800, -1, 0, 1, 1800, 3599, 3600, 7200, 86_400];
    let (mut looks, mut otherwise) = (0, BTreeSet::new());
    for theirs in TZ_VARIANTS {
        let ours = zone(theirs.name());
        let now_and_then = (second(YEARS.0)..second(YEARS.1)).step_by(37 * 86_400);
        let mut found: Vec<(i64, String)> =
            now_and_then.filter_map(|at| Some((at, differs(ours, theirs, at, &[0])?))).collect();
        for change in changes(theirs) {
            looks += 1;
            let around = [change - 1, change, change + 1].into_iter();
            found.extend(around.filter_map(|at| Some((at, differs(ours, theirs, at, &AROUND)?))));
        }
        for (at, text) in found {
            assert!(is_told_otherwise(theirs.name(), at), "{text}");
            otherwise.insert(theirs.name());
        }
    }
    assert!(looks > 25_000, "{looks}");
    let listed: BTreeSet<&str> = OTHERWISE.iter().flat_map(|(.., names)| *names).copied().collect();
    assert_eq!(otherwise, listed, "no zone is excused in vain");
}

#[test]
fn the_same_names_are_known() {
    let theirs: BTreeSet<&str> = TZ_VARIANTS.iter().map(|zone| zone.name()).collect();
    let ours = Zone::names();
    assert_eq!(ours.iter().map(String::as_str).collect::<BTreeSet<_>>(), theirs);
    for name in &ours {
        let zone = zone(name);
        assert_eq!((zone.name(), &zone.to_string()), (name.as_str(), name));
        assert_eq!(format!("{zone:?}"), *name, "the digest of a configuration stays");
        assert!(std::ptr::eq(zone.0, name.parse::<Zone>().unwrap().0), "{name} is read once");
    }
    for name in [
        "",
        "utc",
        "europe/Ljubljana",
        "Europe/Ljubljana ",
        "Europe",
        "Etc/Unknown",
        "Factory",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "+01:00",
        ":Europe/Ljubljana",
        "../zoneinfo/Europe/Ljubljana",
    ] {
        assert_eq!(name.parse::<Zone>(), Err(UnknownZone), "{name}");
    }
}

#[test]
fn zones_are_equal_by_name() {
    assert_eq!(zone("UTC"), Zone::UTC);
    assert_ne!(zone("Etc/UTC"), Zone::UTC);
    assert_ne!(zone("Europe/Ljubljana"), zone("Europe/Belgrade"));
    assert_eq!(zone("Europe/Ljubljana"), zone("Europe/Ljubljana"));
}

/// Mutants: the offset in force; that of the summer.
#[test]
fn the_standard_offset_is_that_of_winter() {
    let minutes = |name, at: &str| {
        let standard = zone(name).standard_offset(utc(second(at)).and_utc());
        standard.local_minus_utc() / 60
    };
    for (name, at, expected) in [
        ("UTC", "2026-07-01T00:00:00", 0),
        ("Europe/Ljubljana", "2026-01-01T00:00:00", 60),
        ("Europe/Ljubljana", "2026-07-01T00:00:00", 60),
        ("Europe/Ljubljana", "2126-07-01T00:00:00", 60),
        // Some databases call the winter of Ireland its summer time.
        ("Europe/Dublin", "2026-01-01T00:00:00", 0),
        ("Europe/Dublin", "2026-07-01T00:00:00", 0),
        ("Australia/Lord_Howe", "2026-01-01T00:00:00", 10 * 60 + 30),
        ("America/New_York", "2026-07-01T00:00:00", -5 * 60),
        ("Asia/Kathmandu", "2026-07-01T00:00:00", 5 * 60 + 45),
    ] {
        assert_eq!(minutes(name, at), expected, "{name} {at}");
    }
}

/// Mutants: no end of the years that the database is asked about; a year that is no whole calendar away.
#[test]
fn the_rules_of_today_go_on() {
    let there = |at: &str| {
        let at: NaiveDateTime = at.parse().unwrap();
        zone("Europe/Ljubljana").from_utc_datetime(&at).format("%FT%T %Z").to_string()
    };
    for (at, expected) in [
        ("2100-03-28T00:59:59", "2100-03-28T01:59:59 CET"),
        ("2100-03-28T01:00:00", "2100-03-28T03:00:00 CEST"),
        ("9998-12-31T23:59:59", "9999-01-01T00:59:59 CET"),
        ("9999-07-01T00:00:00", "9999-07-01T02:00:00 CEST"),
        ("9999-12-31T23:59:59", "+10000-01-01T00:59:59 CET"),
        // As in 2026: the last Sunday of March is the 29th.
        ("+12026-03-29T00:59:59", "+12026-03-29T01:59:59 CET"),
        ("+12026-03-29T01:00:00", "+12026-03-29T03:00:00 CEST"),
        ("+262026-03-29T01:00:00", "+262026-03-29T03:00:00 CEST"),
        ("1800-07-01T00:00:00", "1800-07-01T01:22:00 LMT"),
        ("-0044-03-15T00:00:00", "-0044-03-15T01:22:00 LMT"),
    ] {
        assert_eq!(there(at), expected, "{at}");
    }
}

/// Any second that a date has, now and at the ends of time.
fn any_second() -> impl Strategy<Value = i64> {
    let (first, last) = (NaiveDateTime::MIN.and_utc(), NaiveDateTime::MAX.and_utc());
    prop_oneof![
        first.timestamp()..=last.timestamp(),
        first.timestamp()..=first.timestamp() + 200_000,
        last.timestamp() - 200_000..=last.timestamp(),
        FIRST - 200_000..FIRST + 200_000,
        LAST - 200_000..LAST + 200_000,
        -4_000_000_000_i64..8_000_000_000,
    ]
}

fn any_zone() -> impl Strategy<Value = Zone> {
    prop::sample::select(Zone::names()).prop_map(|name| zone(&name))
}

proptest! {
    #[test]
    fn what_the_clock_shows_is_that_moment(zone in any_zone(), at in any_second()) {
        let at = utc(at);
        let offset = zone.offset_from_utc_datetime(&at);
        prop_assert!(!offset.to_string().is_empty());
        prop_assert_ne!(zone.standard_offset(at.and_utc()).local_minus_utc(), i32::MAX);
        prop_assert!(zone.offset_from_local_date(&at.date()).latest().is_none_or(|there| there.zone == zone));
        if let Some(clock) = at.checked_add_offset(offset.fix()) {
            let meant = zone.from_local_datetime(&clock).map(|at| at.naive_utc());
            prop_assert!([meant.earliest(), meant.latest()].contains(&Some(at)), "{:?}", meant);
        }
    }

    #[test]
    fn a_calendar_later_the_clock_is_the_same(zone in any_zone(), at in 4_200_000_000_i64..16_000_000_000) {
        let offset = |at| zone.offset_from_utc_datetime(&utc(at));
        let later = offset(at + 20 * CALENDAR);
        prop_assert_eq!(offset(at).fix(), later.fix());
        prop_assert_eq!(offset(at).to_string(), later.to_string());
    }
}

/// Mutants: a day has 24 hours; it begins at midnight; of two midnights the later one begins it.
#[test]
fn days_of_a_wall_clock() {
    for (name, day, begin, minutes) in [
        ("UTC", "2024-01-01", "2024-01-01T00:00:00Z", 24 * 60),
        ("America/New_York", "2024-01-01", "2024-01-01T05:00:00Z", 24 * 60),
        ("America/New_York", "2024-03-10", "2024-03-10T05:00:00Z", 23 * 60),
        ("America/New_York", "2024-11-03", "2024-11-03T04:00:00Z", 25 * 60),
        ("Australia/Lord_Howe", "2024-04-07", "2024-04-06T13:00:00Z", 24 * 60 + 30),
        ("Australia/Lord_Howe", "2024-10-06", "2024-10-05T13:30:00Z", 23 * 60 + 30),
        // Midnight is skipped, and comes twice.
        ("America/Santiago", "2024-09-08", "2024-09-08T04:00:00Z", 23 * 60),
        ("America/Havana", "2024-11-03", "2024-11-03T04:00:00Z", 25 * 60),
    ] {
        let day = zone(name).day(day.parse().unwrap()).unwrap();
        assert_eq!(day.start, begin.parse::<DateTime<Utc>>().unwrap(), "{name}");
        assert_eq!(day.end - day.start, TimeDelta::minutes(minutes), "{name}");
    }
    let apia = zone("Pacific/Apia");
    assert_eq!(apia.day("2011-12-30".parse().unwrap()), None, "over the date line");
    let before = apia.day("2011-12-29".parse().unwrap()).unwrap();
    let after = apia.day("2011-12-31".parse().unwrap()).unwrap();
    assert_eq!((before.end, before.end - before.start), (after.start, TimeDelta::days(1)));
    assert_eq!(zone("UTC").day(NaiveDate::MAX), None);
}

proptest! {
    /// No instant is between two days, and none is in both.
    #[test]
    fn days_follow_each_other(zone in any_zone(), at in 0..8_000_000_000_i64) {
        let at = utc(at).and_utc();
        let date = at.with_timezone(&zone).date_naive();
        let day = zone.day(date).unwrap();
        prop_assert!(day.contains(&at), "{} {:?}", at, day);
        if let Some(next) = date.succ_opt().and_then(|next| zone.day(next)) {
            prop_assert_eq!(day.end, next.start);
        }
    }
}
