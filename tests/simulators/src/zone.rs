//! Time zones with their daylight rules, and their text on devices.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};

/// A zone: fixed minutes east of UTC, with or without daylight saving time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    east_minutes: i32,
    summer: Option<Summer>,
}

/// When clocks are turned, and how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Summer {
    begins: Turn,
    ends: Turn,
    minutes: i32,
    /// Times of turns are of UTC, not of the wall clock before it is turned.
    is_utc: bool,
}

/// A Sunday of a month, and the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turn {
    month: u32,
    /// 1 is the first; 5 the last.
    sunday: u8,
    hour: i64,
}

const fn turn(month: u32, sunday: u8, hour: i64) -> Turn {
    Turn { month, sunday, hour }
}

impl Zone {
    /// A zone without daylight saving time.
    pub const fn fixed(east_minutes: i32) -> Self {
        Self { east_minutes, summer: None }
    }

    /// UTC+1, in summer UTC+2: Ljubljana and Stockholm alike.
    pub const fn central_europe() -> Self {
        let (begins, ends) = (turn(3, 5, 1), turn(10, 5, 1));
        let summer = Summer { begins, ends, minutes: 60, is_utc: true };
        Self { east_minutes: 60, summer: Some(summer) }
    }

    /// UTC-5, in summer UTC-4: days of 23 and 25 hours.
    pub const fn new_york() -> Self {
        let (begins, ends) = (turn(3, 2, 2), turn(11, 1, 2));
        let summer = Summer { begins, ends, minutes: 60, is_utc: false };
        Self { east_minutes: -300, summer: Some(summer) }
    }

    /// UTC+10:30, in summer, which is there at new year, UTC+11: days of 23½ and 24½ hours.
    pub const fn lord_howe() -> Self {
        let (begins, ends) = (turn(10, 1, 2), turn(4, 1, 2));
        let summer = Summer { begins, ends, minutes: 30, is_utc: false };
        Self { east_minutes: 630, summer: Some(summer) }
    }

    /// UTC+2, in summer UTC+3, turned at midnight: a day in March begins at 01:00.
    pub const fn beirut() -> Self {
        let (begins, ends) = (turn(3, 5, 0), turn(10, 5, 0));
        let summer = Summer { begins, ends, minutes: 60, is_utc: false };
        Self { east_minutes: 120, summer: Some(summer) }
    }

    /// Minutes east of UTC at this instant.
    pub fn offset_minutes(self, at: DateTime<Utc>) -> i32 {
        self.east_minutes + self.summer.map_or(0, |summer| summer.minutes_at(at, self.east_minutes))
    }

    /// What a wall clock shows at this instant.
    pub fn local(self, at: DateTime<Utc>) -> NaiveDateTime {
        at.naive_utc() + TimeDelta::minutes(self.offset_minutes(at).into())
    }

    /// The instant of this wall-clock time; the earlier one where two exist.
    pub fn utc(self, local: NaiveDateTime) -> DateTime<Utc> {
        let standard = TimeDelta::minutes(self.east_minutes.into());
        let shift = TimeDelta::minutes(self.summer.map_or(0, |summer| summer.minutes).into());
        let summer = (local - standard - shift).and_utc();
        if self.local(summer) == local { summer } else { (local - standard).and_utc() }
    }

    /// The first instant of a day of the wall clock, also where it does not begin at midnight.
    pub fn day_begins(self, day: NaiveDate) -> DateTime<Utc> {
        let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc();
        let steps = (-60..60).map(|half_hours| midnight + TimeDelta::minutes(30 * half_hours));
        let before = steps.filter(|at| self.local(*at).date() < day).max();
        before.unwrap_or(midnight) + TimeDelta::minutes(30)
    }

    /// POSIX text with inverted sign, as in `System/time`: `CST-1:00:00` is UTC+1, and the daylight
    /// part names the shift. Only that of Europe is told.
    pub fn posix(self) -> String {
        let (sign, minutes) = match self.east_minutes {
            east @ 0.. => ('-', east),
            west => ('+', -west),
        };
        let standard = format!("CST{sign}{}:{:02}:00", minutes / 60, minutes % 60);
        if self.summer.is_some_and(|summer| summer.is_utc) {
            format!("{standard}DST01:00:00,M3.5.0/02:00:00,M10.5.0/03:00:00")
        } else {
            standard
        }
    }

    /// `+01:00` at this instant.
    pub fn offset_text(self, at: DateTime<Utc>) -> String {
        let minutes = self.offset_minutes(at);
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }
}

impl Summer {
    /// How far clocks are turned at an instant, in a zone so many minutes east.
    fn minutes_at(self, at: DateTime<Utc>, east_minutes: i32) -> i32 {
        let utc = |turn: Turn, east: i32| {
            let east = if self.is_utc { 0 } else { east };
            turn.local(at.year()).map(|local| local - TimeDelta::minutes(east.into()))
        };
        let begins = utc(self.begins, east_minutes);
        let ends = utc(self.ends, east_minutes + self.minutes);
        let (Some(begins), Some(ends)) = (begins, ends) else { return 0 };
        let now = at.naive_utc();
        let is_summer =
            if begins < ends { begins <= now && now < ends } else { now < ends || begins <= now };
        if is_summer { self.minutes } else { 0 }
    }
}

impl Turn {
    fn local(self, year: i32) -> Option<NaiveDateTime> {
        let day = match self.sunday {
            5 => {
                let last = NaiveDate::from_ymd_opt(year, self.month, 31)?;
                last - TimeDelta::days(last.weekday().days_since(Weekday::Sun).into())
            }
            nth => NaiveDate::from_weekday_of_month_opt(year, self.month, Weekday::Sun, nth)?,
        };
        Some(day.and_hms_opt(0, 0, 0)? + TimeDelta::hours(self.hour))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn summer_begins_and_ends_at_one_utc() {
        let zone = Zone::central_europe();
        assert_eq!(zone.offset_minutes(at("2026-03-29T00:59:59Z")), 60);
        assert_eq!(zone.offset_minutes(at("2026-03-29T01:00:00Z")), 120);
        assert_eq!(zone.offset_minutes(at("2026-10-25T00:59:59Z")), 120);
        assert_eq!(zone.offset_minutes(at("2026-10-25T01:00:00Z")), 60);
    }

    #[test]
    fn days_have_their_lengths() {
        let (new_york, lord_howe, beirut) = (Zone::new_york(), Zone::lord_howe(), Zone::beirut());
        for (zone, day, begins, minutes) in [
            (new_york, "2024-01-01", "2024-01-01T05:00:00Z", 24 * 60),
            (new_york, "2024-03-10", "2024-03-10T05:00:00Z", 23 * 60),
            (new_york, "2024-11-03", "2024-11-03T04:00:00Z", 25 * 60),
            (lord_howe, "2024-04-07", "2024-04-06T13:00:00Z", 24 * 60 + 30),
            (lord_howe, "2024-10-06", "2024-10-05T13:30:00Z", 23 * 60 + 30),
            (beirut, "2024-03-31", "2024-03-30T22:00:00Z", 23 * 60),
            (beirut, "2024-10-26", "2024-10-25T21:00:00Z", 25 * 60),
            (Zone::central_europe(), "2026-03-29", "2026-03-28T23:00:00Z", 23 * 60),
            (Zone::fixed(-720), "2024-01-01", "2024-01-01T12:00:00Z", 24 * 60),
            (Zone::fixed(840), "2024-01-01", "2023-12-31T10:00:00Z", 24 * 60),
        ] {
            let day: NaiveDate = day.parse().unwrap();
            let next = zone.day_begins(day + TimeDelta::days(1));
            assert_eq!(zone.day_begins(day), at(begins), "{day}");
            assert_eq!((next - zone.day_begins(day)).num_minutes(), minutes, "{day}");
        }
        assert_eq!(
            beirut.local(beirut.day_begins("2024-03-31".parse().unwrap())).to_string(),
            "2024-03-31 01:00:00"
        );
    }

    #[test]
    fn local_time_and_back() {
        let zone = Zone::central_europe();
        for text in ["2026-01-15T12:00:00Z", "2026-07-15T12:00:00Z", "2026-10-25T00:30:00Z"] {
            assert_eq!(zone.utc(zone.local(at(text))), at(text));
        }
    }

    #[test]
    fn text_has_the_inverted_sign() {
        assert_eq!(Zone::fixed(300).posix(), "CST-5:00:00");
        assert_eq!(Zone::fixed(-210).posix(), "CST+3:30:00");
        assert_eq!(Zone::fixed(-210).offset_text(at("2026-01-01T00:00:00Z")), "-03:30");
    }
}
