//! Times of a validity, between what a platform writes and the wall clock of the site.
//!
//! A platform gives a time back with the offset it was written with, not with that of the site, so times
//! are compared as moments and kept as the site's wall clock. Where clocks are put forward or back, a
//! wall-clock time can be no moment or two: an end then becomes the later one, and a begin the earlier one,
//! so that nobody loses a second that is paid for.

use chrono::{
    DateTime, FixedOffset, LocalResult, NaiveDateTime, NaiveTime, Offset as _, TimeDelta,
    TimeZone as _,
};

#[cfg(test)]
use crate::model::Window;
use crate::model::{TargetTimes, Zone};

/// The times that a platform takes.
pub const TIMES: TargetTimes = TargetTimes::of_years(2000, 2037);

/// How many characters `2027-01-31T23:59:59` has.
const CLOCK_CHARS: usize = 19;

/// What a platform says about a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stated {
    Missing,
    /// A moment, as the wall clock of the site shows it.
    Known(NaiveDateTime),
    /// Something that is no time in any form that is known here.
    Unclear,
}

impl Stated {
    pub(super) fn known(self) -> Option<NaiveDateTime> {
        match self {
            Self::Known(at) => Some(at),
            Self::Missing | Self::Unclear => None,
        }
    }
}

/// Reads a time with or without a fraction, which is cut off, and with or without an offset. Without one
/// it is taken for the wall clock of the site.
pub(super) fn read(stated: &str, zone: Zone) -> Stated {
    let stated = stated.trim();
    if stated.is_empty() {
        return Stated::Missing;
    }
    match parse(stated) {
        None => Stated::Unclear,
        Some((clock, None)) => Stated::Known(clock),
        Some((clock, Some(offset))) => {
            let moment = clock.checked_sub_offset(offset);
            let local = moment.map(|moment| zone.from_utc_datetime(&moment).naive_local());
            local.map_or(Stated::Unclear, Stated::Known)
        }
    }
}

fn parse(stated: &str) -> Option<(NaiveDateTime, Option<FixedOffset>)> {
    let (clock, rest) = stated.split_at_checked(CLOCK_CHARS)?;
    let is_shaped = clock.bytes().zip(b"dddd-dd-ddTdd:dd:dd").all(|(byte, wanted)| match wanted {
        b'd' => byte.is_ascii_digit(),
        b'T' => matches!(byte, b'T' | b' '),
        other => byte == *other,
    });
    if !is_shaped {
        return None;
    }
    let clock =
        NaiveDateTime::parse_from_str(&clock.replacen(' ', "T", 1), "%Y-%m-%dT%H:%M:%S").ok()?;
    // A leap second is read as the second before it.
    let clock = clock.date().and_time(without_fraction(clock.time()));
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            (rest.len() < fraction.len()).then_some(rest)?
        }
        None => rest,
    };
    match rest {
        "" => Some((clock, None)),
        "Z" | "z" => Some((clock, Some(chrono::Utc.fix()))),
        offset => Some((clock, Some(parse_offset(offset)?))),
    }
}

fn without_fraction(time: NaiveTime) -> NaiveTime {
    use chrono::Timelike as _;
    time.with_nanosecond(0).unwrap_or(time)
}

/// `+01:00`, `+0100` or `+01`.
fn parse_offset(text: &str) -> Option<FixedOffset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match (digits.len(), digits.split_once(':')) {
        (5, Some(parts)) => parts,
        (4, None) => digits.split_at_checked(2)?,
        (2, None) => (digits, "00"),
        _ => return None,
    };
    let number = |text: &str| {
        let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        is_plain.then(|| text.parse::<i32>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let is_offset = hours <= 14 && minutes <= 59;
    is_offset.then(|| FixedOffset::east_opt(sign * (hours * 60 + minutes) * 60)).flatten()
}

/// Which end of a window a time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Begin,
    End,
}

/// The moment that a wall-clock time of the site stands for. Of two moments a begin is the earlier one and an
/// end the later one. A time that the clocks skip becomes, for a begin, the last second before it and, for an
/// end, the first one after it.
pub(super) fn moment(at: NaiveDateTime, zone: Zone, edge: Edge) -> DateTime<Zone> {
    match (zone.from_local_datetime(&at), edge) {
        (LocalResult::Single(only), _) => only,
        (LocalResult::Ambiguous(earlier, _), Edge::Begin) => earlier,
        (LocalResult::Ambiguous(_, later), Edge::End) => later,
        (LocalResult::None, Edge::Begin) => after_gap(at, zone) - TimeDelta::seconds(1),
        (LocalResult::None, Edge::End) => after_gap(at, zone),
    }
}

/// The first moment whose wall-clock time is not before one that the clocks skip.
fn after_gap(at: NaiveDateTime, zone: Zone) -> DateTime<Zone> {
    // No clock is farther from UTC than this, and no two changes of clocks are so close.
    const REACH: i64 = 26 * 60 * 60;
    let start = at.and_utc();
    let moment = |seconds| (start + TimeDelta::seconds(seconds)).with_timezone(&zone);
    let (mut before, mut after) = (-REACH, REACH);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if moment(middle).naive_local() < at { before = middle } else { after = middle }
    }
    moment(after)
}

/// A time as platforms document it: to the second, with the offset of the site.
pub(super) fn write(moment: &DateTime<Zone>) -> String {
    moment.format("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Whether a text is a time in the documented form.
pub(super) fn is_documented(stated: &str) -> bool {
    let offset = stated.get(CLOCK_CHARS..).unwrap_or_default();
    offset.len() == 6
        && offset.starts_with(['+', '-'])
        && offset.get(3..4) == Some(":")
        && !stated.contains(' ')
        && parse(stated).is_some()
}

/// The window that is read back after this one was written: within the range that devices take, and
/// without times that the site's clocks skip.
#[cfg(test)]
pub(super) fn settled(window: Window, zone: Zone) -> Window {
    let window = TIMES.clamp(window);
    let begin = moment(window.begin(), zone, Edge::Begin).naive_local();
    let end = moment(window.end(), zone, Edge::End).naive_local();
    Window::new(begin, end).unwrap_or(window)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::parse_time;
    use crate::model::testing::zone;
    use proptest::prelude::*;

    fn at(text: &str) -> NaiveDateTime {
        parse_time(text).unwrap()
    }

    #[test]
    fn every_form_that_is_read() {
        let night = Stated::Known(at("2027-01-31T23:59:59"));
        for (stated, expected) in [
            ("2027-01-31T23:59:59+01:00", night),
            ("2027-01-31T23:59:59.000+01:00", night),
            ("2027-01-31T23:59:59.999+0100", night),
            ("2027-01-31T23:59:59+01", night),
            ("2027-01-31T22:59:59Z", night),
            ("2027-01-31T22:59:59.5z", night),
            ("2027-02-01T06:59:59+08:00", night),
            ("2027-01-31T16:59:59-06:00", night),
            ("2027-01-31T23:59:59", night),
            ("2027-01-31T23:59:59.123", night),
            (" 2027-01-31 23:59:59 ", night),
            ("2027-07-31T23:59:59+02:00", Stated::Known(at("2027-07-31T23:59:59"))),
            // As read from a platform far from here.
            ("2034-05-26T15:00:00+08:00", Stated::Known(at("2034-05-26T09:00:00"))),
            ("2025-03-19T10:28:22-06:00", Stated::Known(at("2025-03-19T17:28:22"))),
            ("", Stated::Missing),
            ("  ", Stated::Missing),
            ("soon", Stated::Unclear),
            ("2027-01-31", Stated::Unclear),
            ("2027-01-31T23:59", Stated::Unclear),
            ("2027-02-30T23:59:59+01:00", Stated::Unclear),
            ("2027-01-31T23:59:59+1", Stated::Unclear),
            ("2027-01-31T23:59:59+15:00", Stated::Unclear),
            ("2027-01-31T23:59:59+01:60", Stated::Unclear),
            ("2027-01-31T23:59:59 CET", Stated::Unclear),
            ("2027-01-31T23:59:59.+01:00", Stated::Unclear),
            ("2027-01-31T23:59:59+01:00Z", Stated::Unclear),
            ("+027-01-31T23:59:59", Stated::Unclear),
            ("２027-01-31T23:59:59", Stated::Unclear),
            ("1801234567", Stated::Unclear),
        ] {
            assert_eq!(read(stated, zone("Europe/Ljubljana")), expected, "{stated:?}");
        }
    }

    /// Mutants: the other of two moments; the other side of a gap.
    #[test]
    fn where_clocks_are_put_forward_or_back() {
        for (zone, clock, begin, end) in [
            (
                zone("Europe/Ljubljana"),
                "2027-01-31T23:59:59",
                "2027-01-31T23:59:59+01:00",
                "2027-01-31T23:59:59+01:00",
            ),
            (
                zone("Europe/Ljubljana"),
                "2027-07-31T23:59:59",
                "2027-07-31T23:59:59+02:00",
                "2027-07-31T23:59:59+02:00",
            ),
            // Back from summer time: 02:30 comes twice.
            (
                zone("Europe/Ljubljana"),
                "2027-10-31T02:30:00",
                "2027-10-31T02:30:00+02:00",
                "2027-10-31T02:30:00+01:00",
            ),
            // Forward to summer time: 02:30 does not come.
            (
                zone("Europe/Ljubljana"),
                "2027-03-28T02:30:00",
                "2027-03-28T01:59:59+01:00",
                "2027-03-28T03:00:00+02:00",
            ),
            // A midnight that does not come.
            (
                zone("America/Asuncion"),
                "2023-10-01T00:00:00",
                "2023-09-30T23:59:59-04:00",
                "2023-10-01T01:00:00-03:00",
            ),
            // A whole day that did not come.
            (
                zone("Pacific/Apia"),
                "2011-12-30T12:00:00",
                "2011-12-29T23:59:59-10:00",
                "2011-12-31T00:00:00+14:00",
            ),
        ] {
            assert_eq!(write(&moment(at(clock), zone, Edge::Begin)), begin, "{clock}");
            assert_eq!(write(&moment(at(clock), zone, Edge::End)), end, "{clock}");
        }
    }

    #[test]
    fn documented_forms() {
        for (stated, is) in [
            ("2027-01-31T23:59:59+01:00", true),
            ("2025-03-19T10:28:22-06:00", true),
            ("2027-01-31T23:59:59Z", false),
            ("2027-01-31T23:59:59.000+01:00", false),
            ("2027-01-31T23:59:59+0100", false),
            ("2027-01-31T23:59:59", false),
            ("2027-01-31 23:59:59+01:00", false),
            ("2027-02-30T23:59:59+01:00", false),
            ("", false),
            ("čččččččččččččččččččč", false),
        ] {
            assert_eq!(is_documented(stated), is, "{stated}");
        }
    }

    fn any_zone() -> impl Strategy<Value = Zone> {
        prop::sample::select(vec![
            zone("Europe/Ljubljana"),
            Zone::UTC,
            zone("America/New_York"),
            zone("America/Asuncion"),
            zone("Pacific/Apia"),
            zone("Australia/Lord_Howe"),
            zone("Asia/Kathmandu"),
        ])
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            zone in any_zone(), begin in 946_684_800_i64..2_200_000_000, length in 0_i64..400_000_000
        ) {
            let clock = |seconds| DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
            let wanted = Window::new(clock(begin), clock(begin + length)).unwrap();
            let held = settled(wanted, zone);
            let read_back = |clock, edge| read(&write(&moment(clock, zone, edge)), zone).known();
            prop_assert_eq!(read_back(TIMES.clamp(wanted).begin(), Edge::Begin), Some(held.begin()));
            prop_assert_eq!(read_back(TIMES.clamp(wanted).end(), Edge::End), Some(held.end()));
            prop_assert_eq!(settled(held, zone), held);
            prop_assert!(held.begin() <= TIMES.clamp(wanted).begin() && held.end() >= TIMES.clamp(wanted).end());
        }

        /// Every hour of four years: a change of clocks loses no second, whichever way it goes.
        #[test]
        fn hours_around_changes(zone in any_zone(), hour in 0_i64..4 * 366 * 24) {
            let moment_of = |seconds| zone.timestamp_opt(seconds, 0).unwrap();
            let instant = moment_of(1_798_761_600 + hour * 3600);
            let clock = instant.naive_local();
            prop_assert!(moment(clock, zone, Edge::Begin) <= instant);
            prop_assert!(moment(clock, zone, Edge::End) >= instant);
        }
    }
}
