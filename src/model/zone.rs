//! Time zones, from data that the program brings along: two computers come to the same answer.
//!
//! The data is one piece of bytes, of which a zone is read when it is first named. What a computer has in
//! its own files of zones is not asked.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use chrono::{
    FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset as _, TimeDelta,
    TimeZone, Utc,
};
use jiff::Timestamp;
use jiff::tz::{self, AmbiguousOffset, TimeZoneDatabase};
use thiserror::Error;

static UTC: tz::TimeZone = tz::TimeZone::UTC;

/// Every zone that was named so far. One is kept for good, so that all that holds it can be copied.
static NAMED: Mutex<Vec<Zone>> = Mutex::new(Vec::new());

/// A zone of the database that is no place: software that was set to none has it.
const NO_PLACE: &str = "Factory";

/// The calendar repeats after so many seconds, weekdays included: 400 years.
const CALENDAR: i64 = 146_097 * 24 * 60 * 60;

/// The first second of the year 0. Long after it, every clock still went by the sun.
const FIRST: i64 = -62_167_219_200;

/// The first second of the year 9999. What comes later is asked about as many whole calendars earlier.
const LAST: i64 = 253_370_764_800;

/// A time zone by its IANA name, such as `Europe/Stockholm`.
#[derive(Clone, Copy)]
pub struct Zone(&'static tz::TimeZone);

/// How far a zone is from UTC at one moment.
#[derive(Debug, Clone, Copy)]
pub struct ZoneOffset {
    zone: Zone,
    fixed: FixedOffset,
    /// The moment, which the abbreviation is looked up by.
    at: Timestamp,
}

/// A text is the name of no zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not a known time zone")]
pub struct UnknownZone;

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(&UTC);

    /// The IANA name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The names of all zones, in the order of the alphabet.
    #[must_use]
    pub fn names() -> Vec<String> {
        let bundled = TimeZoneDatabase::bundled();
        let names = bundled.available().map(|name| name.as_str().to_owned());
        names.filter(|name| name != NO_PLACE).collect()
    }

    /// The offset without daylight-saving time: in summer, that of the winter before.
    #[must_use]
    pub fn standard_offset(self, at: chrono::DateTime<Utc>) -> FixedOffset {
        let at = moment(at.timestamp());
        let now = self.0.to_offset_info(at);
        if !now.dst().is_dst() {
            return fixed(now.offset());
        }
        let before = self.0.preceding(at).find(|change| !change.dst().is_dst());
        fixed(before.map_or(now.offset(), |change| change.offset()))
    }

    /// From the first instant of a day of the wall clock until just before the next one begins: 23 to 25 hours as a rule.
    /// `None` for a day that the clock skipped, as on its way over the date line.
    #[must_use]
    pub fn day(self, day: NaiveDate) -> Option<Range<chrono::DateTime<Utc>>> {
        let next = day.succ_opt()?;
        let end = self.begin_of(next).or_else(|| self.begin_of(next.succ_opt()?))?;
        Some(self.begin_of(day)?..end)
    }

    /// Where the clock skips midnight, the day begins later.
    fn begin_of(self, day: NaiveDate) -> Option<chrono::DateTime<Utc>> {
        let quarters = (0..24 * 4).map(|quarter| TimeDelta::minutes(15 * quarter));
        let mut walls =
            quarters.filter_map(|past| day.and_time(NaiveTime::MIN).checked_add_signed(past));
        let begin = walls.find_map(|wall| self.from_local_datetime(&wall).earliest())?;
        Some(begin.to_utc())
    }

    fn offset(self, at: Timestamp) -> ZoneOffset {
        ZoneOffset { zone: self, fixed: fixed(self.0.to_offset(at)), at }
    }
}

impl FromStr for Zone {
    type Err = UnknownZone;

    /// Takes a name as the database writes it: capital letters count.
    fn from_str(name: &str) -> Result<Self, UnknownZone> {
        if name == "UTC" {
            return Ok(Self::UTC);
        }
        let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = named.iter().find(|zone| zone.name() == name) {
            return Ok(*zone);
        }
        let found = TimeZoneDatabase::bundled().get(name).map_err(|_| UnknownZone)?;
        if found.is_unknown() || found.iana_name() != Some(name) || name == NO_PLACE {
            return Err(UnknownZone);
        }
        let zone = Self(Box::leak(Box::new(found)));
        named.push(zone);
        Ok(zone)
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0) || self.name() == other.name()
    }
}

impl Eq for Zone {}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The name alone: it goes into the digest of a configuration.
impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A wall-clock time that the clocks skip is no moment, and one that comes twice is two. Before the year
/// 0 the offset is that of its first second; after the year 9998 the rules of today go on.
impl TimeZone for Zone {
    type Offset = ZoneOffset;

    fn from_offset(offset: &ZoneOffset) -> Self {
        offset.zone
    }

    fn offset_from_local_date(&self, local: &NaiveDate) -> MappedLocalTime<ZoneOffset> {
        self.offset_from_local_datetime(&local.and_time(NaiveTime::MIN))
    }

    fn offset_from_local_datetime(&self, local: &NaiveDateTime) -> MappedLocalTime<ZoneOffset> {
        let wall = moment(local.and_utc().timestamp());
        let there = |offset: tz::Offset| {
            let fixed = fixed(offset);
            let seconds = wall.as_second() - i64::from(fixed.local_minus_utc());
            ZoneOffset { zone: *self, fixed, at: moment(seconds) }
        };
        match self.0.to_ambiguous_timestamp(tz::Offset::UTC.to_datetime(wall)).offset() {
            AmbiguousOffset::Unambiguous { offset } => MappedLocalTime::Single(there(offset)),
            AmbiguousOffset::Gap { .. } => MappedLocalTime::None,
            AmbiguousOffset::Fold { before, after } => {
                MappedLocalTime::Ambiguous(there(before), there(after))
            }
        }
    }

    fn offset_from_utc_date(&self, utc: &NaiveDate) -> ZoneOffset {
        self.offset_from_utc_datetime(&utc.and_time(NaiveTime::MIN))
    }

    fn offset_from_utc_datetime(&self, utc: &NaiveDateTime) -> ZoneOffset {
        self.offset(moment(utc.and_utc().timestamp()))
    }
}

impl chrono::Offset for ZoneOffset {
    fn fix(&self) -> FixedOffset {
        self.fixed
    }
}

/// The abbreviation, such as `CET`; where people use none, the hours.
impl fmt::Display for ZoneOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.zone.0.to_offset_info(self.at).abbreviation())
    }
}

/// Seconds since 1970 as a moment within the years that the database can be asked about.
fn moment(seconds: i64) -> Timestamp {
    let beyond = seconds.saturating_sub(LAST);
    let known = if beyond < 0 { seconds.max(FIRST) } else { LAST - CALENDAR + beyond % CALENDAR };
    // Between the years 0 and 9998 every second is a moment.
    Timestamp::from_second(known).unwrap_or_default()
}

/// The database has no offset of a day or more.
fn fixed(offset: tz::Offset) -> FixedOffset {
    FixedOffset::east_opt(offset.seconds()).unwrap_or_else(|| Utc.fix())
}

#[cfg(test)]
mod tests;
