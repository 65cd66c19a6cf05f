//! Dates in rights-files: one form that nobody takes for another day. Pure.
//!
//! `2026-11-29` and `29.11.2026` are a day, `2026-11-29 14:00` a moment on the clock of the section's zone,
//! `2026-11-29T14:00:00Z` one on every clock. `11/12/2026` is November in one country and December in the next,
//! and is refused.
//!
//! A day is inside as a whole: until a day means to its end. So does until a midnight, which is how programs
//! write a day into a cell for moments. Where a clock shows a time twice, the longer window counts; where it
//! skips one, the clock as it was before the jump.

use chrono::{
    DateTime, Days, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc,
};

use crate::engine::link::file::cell::Cell;
use crate::model::{Zone, parse_instant};

/// Which end of a window a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    From,
    Until,
}

/// A cell holds something else than a date, or one that can mean two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoDate;

/// Longer than every date that is read.
const TEXT_MAX_BYTES: usize = 40;

/// Reads a cell; nothing where it is blank.
pub(super) fn read(cell: &Cell, edge: Edge, zone: Zone) -> Result<Option<DateTime<Utc>>, NoDate> {
    match cell {
        Cell::Blank => Ok(None),
        Cell::Date(Some(at)) => on_clock(*at, edge, zone).map(Some),
        Cell::Text(text) => written(text, edge, zone).map(Some),
        Cell::Date(None)
        | Cell::Number { .. }
        | Cell::TooLong
        | Cell::NoValueYet
        | Cell::Boolean
        | Cell::Error => Err(NoDate),
    }
}

fn written(text: &str, edge: Edge, zone: Zone) -> Result<DateTime<Utc>, NoDate> {
    if text.len() > TEXT_MAX_BYTES {
        return Err(NoDate);
    }
    if let Some(at) = parse_instant(text) {
        return Ok(whole(at, edge));
    }
    let (day, time) = match text.split_once([' ', 'T']) {
        Some((day, time)) => (day, Some(time.trim())),
        None => (text, None),
    };
    let time = match time {
        None => NaiveTime::MIN,
        Some(time) => self::time(time).ok_or(NoDate)?,
    };
    on_clock(self::day(day).ok_or(NoDate)?.and_time(time), edge, zone)
}

/// `2026-11-29` or `29.11.2026`, with a year of four digits.
fn day(text: &str) -> Option<NaiveDate> {
    let numbers = |by: char| {
        let parts: Vec<&str> = text.split(by).collect();
        let is_number = |part: &&str| {
            (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        (parts.len() == 3 && parts.iter().all(is_number)).then_some(parts)
    };
    let (year, month, day) = match (numbers('-').as_deref(), numbers('.').as_deref()) {
        (Some([year, month, day]), _) | (None, Some([day, month, year])) => {
            (year.to_owned(), month.to_owned(), day.to_owned())
        }
        _ => return None,
    };
    let are_lengths = year.len() == 4 && month.len() <= 2 && day.len() <= 2;
    let date =
        || NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    if are_lengths { date() } else { None }
}

/// `14:00` or `14:00:30`; 24:00 and 23:59:60 are on no clock.
fn time(text: &str) -> Option<NaiveTime> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    let forms = ["%H:%M:%S", "%H:%M"].into_iter();
    let mut read = forms.filter_map(|form| NaiveTime::parse_from_str(text, form).ok());
    let is_leap = text.ends_with(":60");
    read.next().filter(|_| is_plain && !is_leap)
}

/// A moment on the clock of a zone.
fn on_clock(at: NaiveDateTime, edge: Edge, zone: Zone) -> Result<DateTime<Utc>, NoDate> {
    let is_day = edge == Edge::Until && at.time() == NaiveTime::MIN;
    let at = if is_day { at.checked_add_days(Days::new(1)).ok_or(NoDate)? } else { at };
    match at.and_local_timezone(zone) {
        MappedLocalTime::Single(at) => Ok(at.to_utc()),
        MappedLocalTime::Ambiguous(earlier, later) => {
            Ok(if edge == Edge::From { earlier } else { later }.to_utc())
        }
        // No clock skips more than a day.
        MappedLocalTime::None => (1..=24 * 4)
            .find_map(|quarters| {
                let before = at.checked_sub_signed(TimeDelta::minutes(15 * quarters))?;
                let before = before.and_local_timezone(zone).latest()?;
                // The offset before the jump, at the time that was skipped: the jump, or shortly after.
                Some(before.to_utc() + TimeDelta::minutes(15 * quarters))
            })
            .ok_or(NoDate),
    }
}

/// Rights are kept to the second, and none becomes shorter by that.
fn whole(at: DateTime<Utc>, edge: Edge) -> DateTime<Utc> {
    let has_part = at.timestamp_subsec_nanos() > 0 && edge == Edge::Until;
    let second = at.timestamp().saturating_add(i64::from(has_part));
    DateTime::from_timestamp(second, 0).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::zone;

    fn read_text(text: &str, edge: Edge) -> Option<String> {
        let at = read(&Cell::from_text(text), edge, zone("Europe/Ljubljana"));
        at.ok().flatten().map(|at| at.format("%FT%TZ").to_string())
    }

    #[test]
    fn one_form_one_day() {
        for (text, from, until) in [
            ("2026-11-29", "2026-11-28T23:00:00Z", "2026-11-29T23:00:00Z"),
            ("29.11.2026", "2026-11-28T23:00:00Z", "2026-11-29T23:00:00Z"),
            ("9.1.2026", "2026-01-08T23:00:00Z", "2026-01-09T23:00:00Z"),
            ("2026-11-29 00:00:00", "2026-11-28T23:00:00Z", "2026-11-29T23:00:00Z"),
            ("2026-11-29 14:00", "2026-11-29T13:00:00Z", "2026-11-29T13:00:00Z"),
            ("2026-07-29T14:00:30", "2026-07-29T12:00:30Z", "2026-07-29T12:00:30Z"),
            ("29.11.2026 23:59:59", "2026-11-29T22:59:59Z", "2026-11-29T22:59:59Z"),
            ("2026-11-29T00:00:00Z", "2026-11-29T00:00:00Z", "2026-11-29T00:00:00Z"),
            ("2026-11-29T14:00:00.5-05:00", "2026-11-29T19:00:00Z", "2026-11-29T19:00:01Z"),
            // The clocks skip 02:30, and show it twice.
            ("2026-03-29 02:30", "2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z"),
            ("2026-10-25 02:30", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"),
        ] {
            assert_eq!(read_text(text, Edge::From).as_deref(), Some(from), "{text}");
            assert_eq!(read_text(text, Edge::Until).as_deref(), Some(until), "{text}");
        }
        for text in [
            "11/12/2026",
            "2026-02-30",
            "26-11-29",
            "29.11.26",
            "2026.11.29",
            "29-11-2026",
            "20261129",
            "2026-11-29 24:00",
            "2026-11-29 14",
            "2026-11-29 2:00 PM",
            "2026-11-29 23:59:60",
            "tomorrow",
            "46355",
            "2026-11-29T14:00:00+01",
            "+2026-11-29",
            "2026-11--9",
        ] {
            assert_eq!(read(&Cell::from_text(text), Edge::From, Zone::UTC), Err(NoDate), "{text}");
        }
        assert_eq!(read(&Cell::Blank, Edge::Until, Zone::UTC), Ok(None));
        for cell in [Cell::NoValueYet, Cell::Date(None), Cell::Boolean, Cell::Error, Cell::TooLong]
        {
            assert_eq!(read(&cell, Edge::Until, Zone::UTC), Err(NoDate), "{cell:?}");
        }
    }
}
