//! Periods between two instants, half-open: the begin is inside, the end is not. Pure.
//!
//! A [`Window`](super::Window) is what a door holds, on its own wall clock; a period is what somebody paid
//! for, in UTC.

use chrono::{DateTime, TimeDelta, Utc};

/// Whether the systems that write an end mean it to be inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// At the end it is over.
    Open,
    /// The whole second of the end is inside still.
    Closed,
}

/// Two instants are no period: the end is not after the begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ends at {end}, which is not after its begin at {begin}")]
pub struct NoPeriod {
    pub begin: DateTime<Utc>,
    pub end: DateTime<Utc>,
}

/// From an instant on, until just before another one, or without an end. Never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    begin: DateTime<Utc>,
    /// `None` is later than every end.
    end: Option<DateTime<Utc>>,
}

impl Period {
    /// Makes a period of what a source says. A closed end becomes the next second; the last instant that
    /// can be written stays what it is.
    ///
    /// # Errors
    /// [`NoPeriod`] where the end, as the source says it, is not after the begin: nobody knows what was
    /// meant, and it is never "for ever".
    pub fn new(
        begin: DateTime<Utc>,
        end: Option<DateTime<Utc>>,
        ends: Ends,
    ) -> Result<Self, NoPeriod> {
        let Some(end) = end else { return Ok(Self { begin, end: None }) };
        if end <= begin {
            return Err(NoPeriod { begin, end });
        }
        let end = match ends {
            Ends::Open => end,
            Ends::Closed => end.checked_add_signed(TimeDelta::seconds(1)).unwrap_or(end),
        };
        Ok(Self { begin, end: Some(end) })
    }

    /// The same in whole seconds, so that nobody loses a part of one: the second of the begin, and the one in which
    /// the end is over.
    ///
    /// # Errors
    /// [`NoPeriod`] as of [`Period::new`]; a closed end may be the begin.
    pub fn in_seconds(
        begin: DateTime<Utc>,
        end: Option<DateTime<Utc>>,
        ends: Ends,
    ) -> Result<Self, NoPeriod> {
        let second = |at: DateTime<Utc>| DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at);
        let next = |at: DateTime<Utc>| at.checked_add_signed(TimeDelta::seconds(1)).unwrap_or(at);
        let Some(end) = end else { return Ok(Self { begin: second(begin), end: None }) };
        let is_none = match ends {
            Ends::Open => end <= begin,
            Ends::Closed => end < begin,
        };
        if is_none {
            return Err(NoPeriod { begin, end });
        }
        let is_whole = second(end) == end;
        let over = if ends == Ends::Open && is_whole { end } else { next(second(end)) };
        Ok(Self { begin: second(begin), end: Some(over) })
    }

    #[must_use]
    pub fn begin(&self) -> DateTime<Utc> {
        self.begin
    }

    /// The first instant that is not inside any more; `None` without an end.
    #[must_use]
    pub fn end(&self) -> Option<DateTime<Utc>> {
        self.end
    }

    #[must_use]
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.begin <= at && self.end.is_none_or(|end| at < end)
    }

    /// The same, ended at an instant if it lasts longer; `None` where nothing is left.
    #[must_use]
    pub fn until(self, end: DateTime<Utc>) -> Option<Self> {
        let end = self.end.map_or(end, |own| own.min(end));
        Self::new(self.begin, Some(end), Ends::Open).ok()
    }

    /// The instants of any of them, as the fewest periods there are, earliest first. Those that overlap or
    /// touch become one; where an instant lies between two they stay two.
    #[must_use]
    pub fn union(mut periods: Vec<Self>) -> Vec<Self> {
        periods.sort_unstable_by_key(|period| period.begin);
        periods.dedup_by(|later, kept| {
            let is_joined = kept.end.is_none_or(|end| later.begin <= end);
            if is_joined {
                kept.end = kept.end.zip(later.end).map(|(one, other)| one.max(other));
            }
            is_joined
        });
        periods
    }

    /// The instants that both sides have. Each side is a [`Period::union`], and so is what comes out.
    #[must_use]
    pub fn common(one: &[Self], other: &[Self]) -> Vec<Self> {
        let mut common = Vec::new();
        let (mut ones, mut others) = (one.iter().peekable(), other.iter().peekable());
        while let (Some(one), Some(other)) = (ones.peek(), others.peek()) {
            let ends_first = match (one.end, other.end) {
                (Some(one), Some(other)) => one <= other,
                (one, _) => one.is_some(),
            };
            let begin = one.begin.max(other.begin);
            let end = if ends_first { one.end } else { other.end };
            common.extend(Self::new(begin, end, Ends::Open));
            if ends_first {
                ones.next()
            } else {
                others.next()
            };
        }
        common
    }
}

/// The bytes of `2026-11-21T11:00:00.123456789+01:00`, the longest instant that is read.
const TEXT_MAX_BYTES: usize = 35;

/// Reads an instant as RFC 3339 writes it, down to nanoseconds; `None` without an offset from UTC, for a day or
/// second that no clock shows (30 February, 23:59:60) and for a number.
#[must_use]
pub fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    // The reader itself takes blanks and small letters, as the standard allows.
    let shape: [(usize, &[u8]); 5] = [(4, b"-"), (7, b"-"), (10, b"T"), (13, b":"), (16, b":")];
    let bytes = text.as_bytes();
    let is_written_so = shape
        .iter()
        .all(|(place, wanted)| bytes.get(*place).is_some_and(|byte| wanted.contains(byte)));
    if !is_written_so || text.len() > TEXT_MAX_BYTES || bytes.get(17..19) == Some(b"60") {
        return None;
    }
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap()
    }

    fn period(begin: i64, end: impl Into<Option<i64>>) -> Period {
        Period::new(at(begin), end.into().map(at), Ends::Open).unwrap()
    }

    #[test]
    fn the_begin_is_inside_and_the_end_is_not() {
        let session = period(0, 60);
        let inside = [-1, 0, 1, 59, 60, 61].map(|second| session.contains(at(second)));
        assert_eq!(inside, [false, true, true, true, false, false]);
        assert!(session.contains(at(60) - TimeDelta::nanoseconds(1)));
        assert!(period(0, None).contains(DateTime::<Utc>::MAX_UTC));
    }

    #[test]
    fn a_closed_end_is_a_second_later() {
        let closed = Period::new(at(0), Some(at(60)), Ends::Closed).unwrap();
        assert_eq!(closed, period(0, 61));
        let last = DateTime::<Utc>::MAX_UTC;
        let longest = Period::new(at(0), Some(last), Ends::Closed).unwrap();
        assert_eq!(longest.end(), Some(last));
        assert_eq!(Period::new(at(0), None, Ends::Closed), Ok(period(0, None)));
    }

    #[test]
    fn an_end_that_is_not_after_the_begin_is_no_period() {
        for (begin, end) in [(0, 0), (0, -1), (5, -5)] {
            for ends in [Ends::Open, Ends::Closed] {
                let refused = Period::new(at(begin), Some(at(end)), ends).unwrap_err();
                assert_eq!(refused, NoPeriod { begin: at(begin), end: at(end) });
            }
        }
        let refused = Period::new(at(1), Some(at(0)), Ends::Open).unwrap_err().to_string();
        let want = "ends at 2023-11-14 22:13:20 UTC, which is not after its begin at 2023-11-14 22:13:21 UTC";
        assert_eq!(refused, want);
    }

    #[test]
    fn two_stay_two_over_a_gap() {
        let of = |periods: &[Period]| Period::union(periods.to_vec());
        assert_eq!(of(&[period(5, 9), period(0, 5)]), [period(0, 9)], "no instant lies between");
        assert_eq!(of(&[period(6, 9), period(0, 5)]), [period(0, 5), period(6, 9)]);
        assert_eq!(of(&[period(0, 9), period(2, 3), period(8, None)]), [period(0, None)]);
        assert_eq!(of(&[period(0, None), period(5, 6)]), [period(0, None)]);
        let nearly = [period(0, 5), Period { begin: at(5) + TimeDelta::nanoseconds(1), end: None }];
        assert_eq!(of(&nearly), nearly);
    }

    #[test]
    fn ended_early() {
        assert_eq!(period(0, None).until(at(5)), Some(period(0, 5)));
        assert_eq!(period(0, 3).until(at(5)), Some(period(0, 3)));
        assert_eq!(period(5, None).until(at(5)), None);
    }

    #[test]
    fn instants_have_an_offset() {
        for (text, want) in [
            ("2026-11-21T11:00:00Z", "2026-11-21T11:00:00Z"),
            ("2026-11-21T11:00:00.123456789+01:00", "2026-11-21T10:00:00.123456789Z"),
            ("2024-01-01T12:00:00.000Z", "2024-01-01T12:00:00Z"),
            ("2026-11-21T11:00:00-05:30", "2026-11-21T16:30:00Z"),
            ("2024-02-29T00:00:00+14:00", "2024-02-28T10:00:00Z"),
            ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59-23:59", "+10000-01-01T23:58:59Z"),
        ] {
            assert_eq!(parse_instant(text), want.parse().ok(), "{text}");
            assert!(parse_instant(text).is_some(), "{text}");
        }
        for text in [
            "",
            "1700000000",
            "1700000000000",
            "2026-11-21",
            "2026-11-21T11:00:00",
            "2026-11-21T11:00Z",
            "2026-11-21 11:00:00Z",
            "2026-11-21t11:00:00z",
            "2026-02-30T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2026-00-10T00:00:00Z",
            "2026-13-10T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T11:60:00Z",
            "2016-12-31T23:59:60Z",
            "2026-11-21T11:00:61Z",
            "2026-11-21T11:00:00+24:00",
            "2026-11-21T11:00:00+0100",
            "2026-11-21T11:00:00+01",
            "2026-11-21T11:00:00 +01:00",
            "2026-11-21T11:00:00.Z",
            "2026-11-21T11:00:00.1234567891+01:00",
            " 2026-11-21T11:00:00Z",
            "2026-11-21T11:00:00Z ",
            "+2026-11-21T11:00:00Z",
            "12026-11-21T11:00:00Z",
            "Sat, 21 Nov 2026 11:00:00 GMT",
            "２026-11-21T11:00:00Z",
        ] {
            assert_eq!(parse_instant(text), None, "{text}");
        }
    }

    fn periods() -> impl Strategy<Value = Vec<Period>> {
        let length = prop_oneof![4 => (1..6_i64).prop_map(Some), 1 => Just(None)];
        let one = (0..20_i64, length)
            .prop_map(|(begin, length)| period(begin, length.map(|length| begin + length)));
        prop::collection::vec(one, 0..6)
    }

    fn hold(periods: &[Period]) -> Vec<bool> {
        (-1..30).map(|second| periods.iter().any(|one| one.contains(at(second)))).collect()
    }

    proptest! {
        #[test]
        fn unions_and_common_instants(one in periods(), other in periods()) {
            let unions = [Period::union(one.clone()), Period::union(other.clone())];
            prop_assert_eq!(hold(&unions[0]), hold(&one));
            let common = Period::common(&unions[0], &unions[1]);
            let both = hold(&one).into_iter().zip(hold(&other)).map(|(one, other)| one && other);
            prop_assert_eq!(hold(&common), both.collect::<Vec<_>>());
            for fewest in [&unions[0], &unions[1], &common] {
                prop_assert!(fewest.windows(2).all(|two| two[0].end.is_some_and(|end| end < two[1].begin)));
                prop_assert_eq!(&Period::union(fewest.clone()), fewest);
            }
        }
    }
}
