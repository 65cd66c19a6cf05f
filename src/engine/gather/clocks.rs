//! Whether clocks agree: this computer's with those of the sources, and a device's with this computer's.
//!
//! Pure. Everything here is about dates; with a wrong clock every rule is applied to the wrong day.

use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, Utc};

use crate::model::Zone;
use crate::ports::TargetClock;
use crate::store::FutureRun;

/// Clocks that are off by more are wrong.
pub const TOLERANCE: TimeDelta = TimeDelta::seconds(60);

/// How far one clock is ahead of (or behind) another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Off(pub TimeDelta);

impl Off {
    /// In words, compared with another clock: `61 seconds ahead of this server's`.
    #[must_use]
    pub fn compared_with(self, other: &str) -> String {
        let of = if self.0 > TimeDelta::zero() { " of" } else { "" };
        format!("{self}{of} {other}")
    }
}

impl std::fmt::Display for Off {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let way = if self.0 > TimeDelta::zero() { "ahead" } else { "behind" };
        write!(f, "{} seconds {way}", self.0.num_seconds().abs())
    }
}

/// How far this computer's clock is ahead of a server's, if that is more than it may be. The server
/// wrote its time down somewhere between the moments the question left and the answer came.
#[must_use]
pub fn own_clock_off(
    server: DateTime<Utc>,
    asked: DateTime<Utc>,
    answered: DateTime<Utc>,
) -> Option<Off> {
    // The header is to the second.
    let second = TimeDelta::seconds(1);
    let ahead = asked.signed_duration_since(server) - second;
    let behind = server.signed_duration_since(answered);
    if ahead > TOLERANCE {
        Some(Off(ahead))
    } else if behind > TOLERANCE {
        Some(Off(-behind))
    } else {
        None
    }
}

/// Clocks that have gone on for so long after they were set back are right: a doubt must end by itself.
const DOUBTED_FOR: TimeDelta = TimeDelta::days(1);

/// Whether it is to be doubted that the time is `now`, where an earlier run began later than that.
#[must_use]
pub fn is_set_back(run: FutureRun, now: DateTime<Utc>) -> bool {
    run.set_back.is_none_or(|since| now.signed_duration_since(since) < DOUBTED_FOR)
}

/// What is wrong with a device's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockFault {
    /// Its wall clock shows another time than it should.
    Time {
        /// How far it is off.
        off: Off,
        /// What it should show.
        expected: NaiveDateTime,
    },
    /// Its wall clock is right now, but it says that it is in another zone: at the next change to or
    /// from daylight-saving time it would be wrong.
    Zone {
        /// Minutes east of UTC, as the device says.
        stated: i32,
        /// Minutes east of UTC in the configured zone.
        expected: i32,
    },
}

/// Judges a device's clock. Some versions state their standard offset all the year, so in summer that
/// one is as good as the one in force.
#[must_use]
pub fn device_clock_fault(
    shown: TargetClock,
    now: DateTime<Utc>,
    zone: Zone,
) -> Option<ClockFault> {
    let there = now.with_timezone(&zone);
    let expected = there.naive_local();
    let off = shown.local.signed_duration_since(expected);
    if off.abs() > TOLERANCE {
        return Some(ClockFault::Time { off: Off(off), expected });
    }
    let stated = shown.offset_minutes?;
    let in_force = minutes(there.offset().fix().local_minus_utc());
    let standard = minutes(zone.standard_offset(now).local_minus_utc());
    let fits = stated == in_force || stated == standard;
    (!fits).then_some(ClockFault::Zone { stated, expected: in_force })
}

fn minutes(seconds: i32) -> i32 {
    seconds / 60
}

/// An offset as people write it: `UTC+1`, `UTC-3:30`.
#[must_use]
pub fn offset_text(minutes_east: i32) -> String {
    let sign = if minutes_east < 0 { '-' } else { '+' };
    let (hours, minutes) = (minutes_east.abs() / 60, minutes_east.abs() % 60);
    if minutes == 0 {
        format!("UTC{sign}{hours}")
    } else {
        format!("UTC{sign}{hours}:{minutes:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::parse_time;

    fn utc(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
    }

    #[test]
    fn own_clock_table() {
        let (asked, answered) = (utc("2026-11-21T10:00:00Z"), utc("2026-11-21T10:00:40Z"));
        for (server, want) in [
            ("2026-11-21T10:00:00Z", None),
            ("2026-11-21T10:00:40Z", None),
            ("2026-11-21T10:01:40Z", None),
            ("2026-11-21T10:01:41Z", Some(-61)),
            ("2026-11-21T09:58:59Z", None),
            ("2026-11-21T09:58:58Z", Some(61)),
            ("2027-11-21T10:00:00Z", Some(-31_535_960)),
            ("1970-01-01T00:00:00Z", Some(1_795_255_199)),
        ] {
            let off = own_clock_off(utc(server), asked, answered);
            assert_eq!(off.map(|off| off.0.num_seconds()), want, "{server}");
        }
    }

    #[test]
    fn device_clock_table() {
        use ClockFault::{Time, Zone};
        let time = |seconds| move |fault: ClockFault| matches!(fault, Time { off, .. } if off.0.num_seconds() == seconds);
        let zone = |stated: i32, expected: i32| {
            move |fault: ClockFault| fault == Zone { stated, expected }
        };
        type Judge = Box<dyn Fn(ClockFault) -> bool>;
        type Case = (&'static str, &'static str, &'static str, Option<i32>, Option<Judge>);
        let cases: Vec<Case> = vec![
            // now (UTC), zone, shown, offset stated
            ("2026-11-21T10:00:00Z", "Europe/Ljubljana", "2026-11-21T11:00:00", None, None),
            ("2026-11-21T10:00:00Z", "Europe/Ljubljana", "2026-11-21T11:01:00", Some(60), None),
            (
                "2026-11-21T10:00:00Z",
                "Europe/Ljubljana",
                "2026-11-21T11:01:01",
                None,
                Some(Box::new(time(61))),
            ),
            (
                "2026-11-21T10:00:00Z",
                "Europe/Ljubljana",
                "2026-11-21T10:00:00",
                Some(0),
                Some(Box::new(time(-3600))),
            ),
            (
                "2026-11-21T10:00:00Z",
                "Europe/Ljubljana",
                "2026-11-21T11:00:00",
                Some(480),
                Some(Box::new(zone(480, 60))),
            ),
            // Summer: the offset in force, or the standard one.
            ("2026-07-01T10:00:00Z", "Europe/Ljubljana", "2026-07-01T12:00:00", Some(120), None),
            ("2026-07-01T10:00:00Z", "Europe/Ljubljana", "2026-07-01T12:00:00", Some(60), None),
            (
                "2026-07-01T10:00:00Z",
                "Europe/Ljubljana",
                "2026-07-01T12:00:00",
                Some(180),
                Some(Box::new(zone(180, 120))),
            ),
            (
                "2026-07-01T10:00:00Z",
                "Europe/Ljubljana",
                "2026-07-01T11:00:00",
                Some(60),
                Some(Box::new(time(-3600))),
            ),
            // The nights on which clocks change: 01:00 UTC.
            ("2026-03-29T00:59:59Z", "Europe/Ljubljana", "2026-03-29T01:59:59", None, None),
            ("2026-03-29T01:00:00Z", "Europe/Ljubljana", "2026-03-29T03:00:00", None, None),
            (
                "2026-03-29T01:00:30Z",
                "Europe/Ljubljana",
                "2026-03-29T02:00:30",
                None,
                Some(Box::new(time(-3600))),
            ),
            ("2026-10-25T00:59:59Z", "Europe/Ljubljana", "2026-10-25T02:59:59", None, None),
            ("2026-10-25T01:00:00Z", "Europe/Ljubljana", "2026-10-25T02:00:00", None, None),
            // Year end, leap day, west of UTC, half hours, across the date line.
            ("2026-12-31T23:00:00Z", "Europe/Ljubljana", "2027-01-01T00:00:00", None, None),
            ("2028-02-28T23:30:00Z", "Europe/Ljubljana", "2028-02-29T00:30:00", None, None),
            ("2026-11-21T03:00:00Z", "America/New_York", "2026-11-20T22:00:00", Some(-300), None),
            ("2026-07-01T03:00:00Z", "America/St_Johns", "2026-07-01T00:30:00", Some(-150), None),
            ("2026-11-21T10:00:00Z", "Pacific/Kiritimati", "2026-11-22T00:00:00", Some(840), None),
            ("2026-11-21T10:00:00Z", "Asia/Kathmandu", "2026-11-21T15:45:00", Some(345), None),
        ];
        for (now, zone, shown, offset_minutes, want) in cases {
            let clock = TargetClock { local: parse_time(shown).unwrap(), offset_minutes };
            let fault = device_clock_fault(clock, utc(now), zone.parse().unwrap());
            match (fault, want) {
                (None, None) => {}
                (Some(fault), Some(is_wanted)) => {
                    assert!(is_wanted(fault), "{now} {shown}: {fault:?}")
                }
                (fault, want) => {
                    panic!("{now} {zone} {shown}: {fault:?}, wanted {}", want.is_some())
                }
            }
        }
    }

    #[test]
    fn offsets_as_people_write_them() {
        for (minutes, want) in [(60, "UTC+1"), (0, "UTC+0"), (-210, "UTC-3:30"), (345, "UTC+5:45")]
        {
            assert_eq!(offset_text(minutes), want);
        }
    }
}
