//! Every form of date and time that Cardskipper may write.

use chrono::{Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};

use crate::model::Zone;

/// Years taken for real. .NET writes an unset date as year 1, which must not pass for a begin;
/// 9999-12-31 is how "for ever" is written.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=9999;

/// Reads `YYYY-MM-DD`, alone or with a time after `T` or a space; seconds, fraction and zone (`Z`,
/// `+01:00`, `+0100`, `+01`) may be missing. The result is the club's wall-clock time, to the second.
///
/// Without a zone the value is wall-clock time as written. With a zone and midnight written, it is that
/// calendar day: .NET writes days as `…T00:00:00Z`. With a zone and another time of day, it is a
/// moment, moved into `zone`. Nothing is returned for text in any other form, for days that do not
/// exist, and for years outside 1900 to 9999.
pub(super) fn parse(text: &str, zone: Zone) -> Option<NaiveDateTime> {
    let mut reader = Reader { rest: text.trim().as_bytes() };
    let year = reader.digits(4)?;
    reader.byte(b"-")?;
    let month = reader.digits(2)?;
    reader.byte(b"-")?;
    let day = reader.digits(2)?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    if !YEARS.contains(&date.year()) {
        return None;
    }
    let has_time = reader.byte(b"Tt ").is_some();
    let time = if has_time { reader.time()? } else { NaiveTime::MIN };
    reader.byte(b" ");
    let offset = reader.offset()?;
    if !reader.rest.is_empty() {
        return None;
    }
    let written = date.and_time(time);
    match offset {
        Some(offset) if time != NaiveTime::MIN => Some(moved(written, offset, zone)),
        _ => Some(written),
    }
}

/// The moment in `zone`. A moment that leaves the range of years on the way there (.NET's largest
/// date, in UTC) stays as written.
fn moved(written: NaiveDateTime, offset: FixedOffset, zone: Zone) -> NaiveDateTime {
    match written.checked_sub_offset(offset) {
        None => written,
        Some(utc) => {
            let local = zone.from_utc_datetime(&utc).naive_local();
            if YEARS.contains(&local.year()) { local } else { written }
        }
    }
}

/// Takes a date apart from left to right.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    /// Exactly `count` ASCII digits.
    fn digits(&mut self, count: usize) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        let mut value = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            value = value * 10 + u32::from(digit - b'0');
        }
        self.rest = rest;
        Some(value)
    }

    /// One byte out of `wanted`.
    fn byte(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        if !wanted.contains(first) {
            return None;
        }
        self.rest = rest;
        Some(*first)
    }

    /// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.FRACTION`; the fraction is cut off.
    fn time(&mut self) -> Option<NaiveTime> {
        let hour = self.digits(2)?;
        self.byte(b":")?;
        let minute = self.digits(2)?;
        let mut second = 0;
        if self.byte(b":").is_some() {
            second = self.digits(2)?;
            if self.byte(b".,").is_some() {
                self.digits(1)?;
                while self.digits(1).is_some() {}
            }
        }
        NaiveTime::from_hms_opt(hour, minute, second)
    }

    /// Inside: the zone, where one is written. Nothing: something that is no zone.
    fn offset(&mut self) -> Option<Option<FixedOffset>> {
        let Some(sign) = self.byte(b"Zz+-") else { return Some(None) };
        let (hours, minutes) = match sign {
            b'Z' | b'z' => (0, 0),
            _ => {
                let hours = self.digits(2)?;
                let colon = self.byte(b":").is_some();
                let minutes = if colon || !self.rest.is_empty() { self.digits(2)? } else { 0 };
                (hours, minutes)
            }
        };
        if hours > 14 || minutes > 59 {
            return None;
        }
        let seconds = i32::try_from((hours * 60 + minutes) * 60).ok()?;
        FixedOffset::east_opt(if sign == b'-' { -seconds } else { seconds }).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::format_time;
    use crate::model::testing::zone;

    #[test]
    fn every_form() {
        for (text, expected) in [
            ("2026-12-31", "2026-12-31T00:00:00"),
            (" 2026-12-31\r\n", "2026-12-31T00:00:00"),
            ("2026-12-31T00:00:00", "2026-12-31T00:00:00"),
            ("2026-12-31 00:00:00", "2026-12-31T00:00:00"),
            ("2026-12-31T18:30", "2026-12-31T18:30:00"),
            ("2026-12-31T23:59:59.9999999", "2026-12-31T23:59:59"),
            ("2026-12-31T00:00:00.000", "2026-12-31T00:00:00"),
            // A day, whatever zone it is written in.
            ("2026-12-31Z", "2026-12-31T00:00:00"),
            ("2026-12-31+01:00", "2026-12-31T00:00:00"),
            ("2026-12-31T00:00:00Z", "2026-12-31T00:00:00"),
            ("2026-12-31T00:00:00.000Z", "2026-12-31T00:00:00"),
            ("2026-12-31T00:00:00+01:00", "2026-12-31T00:00:00"),
            ("2026-12-31T00:00:00-08:00", "2026-12-31T00:00:00"),
            // A moment, moved into the club's zone; winter and summer.
            ("2026-12-30T23:00:00Z", "2026-12-31T00:00:00"),
            ("2026-06-29T22:00:00z", "2026-06-30T00:00:00"),
            ("2026-12-31T12:00:00+0100", "2026-12-31T12:00:00"),
            ("2026-12-31T12:00+00:00", "2026-12-31T13:00:00"),
            ("2026-12-31 12:00:00 -05:30", "2026-12-31T18:30:00"),
            ("2026-12-31T12:00:00+02", "2026-12-31T11:00:00"),
            // The ends of time.
            ("9999-12-31", "9999-12-31T00:00:00"),
            ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59"),
            ("1900-01-01", "1900-01-01T00:00:00"),
            ("2024-02-29", "2024-02-29T00:00:00"),
        ] {
            let read = parse(text, zone("Europe/Stockholm")).map(format_time);
            assert_eq!(read.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date() {
        for text in [
            "",
            "T",
            "0001-01-01",
            "1899-12-31",
            "10000-01-01",
            "2026-02-30",
            "2025-02-29",
            "2026-13-01",
            "26-12-31",
            "2026-1-1",
            "2026/12/31",
            "31.12.2026",
            "12/31/2026",
            "20261231",
            "2026-12-31T",
            "2026-12-31T24:00:00",
            "2026-12-31T12",
            "2026-12-31T12:60",
            "2026-12-31T12:00:60",
            "2026-12-31T12:00:00.",
            "2026-12-31T12:00:00x",
            "2026-12-31T12:00:00+1",
            "2026-12-31T12:00:00+15:00",
            "2026-12-31T12:00:00+01:",
            "2026-12-31ZZ",
            "2026-12-31T12:00:00ZZ",
            "２０２６-12-31",
            "-026-12-31",
            "+2026-12-31",
            "2026-12-31 to 2027",
        ] {
            assert_eq!(parse(text, zone("Europe/Stockholm")), None, "{text}");
        }
    }
}
