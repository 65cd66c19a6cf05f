//! Time zones with the daylight rule of the European Union, and their text on devices.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};

/// A zone: fixed minutes east of UTC, with or without European daylight saving time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    east_minutes: i32,
    european_summer: bool,
}

impl Zone {
    /// A zone without daylight saving time.
    pub const fn fixed(east_minutes: i32) -> Self {
        Self { east_minutes, european_summer: false }
    }

    /// UTC+1, in summer UTC+2: Ljubljana and Stockholm alike.
    pub const fn central_europe() -> Self {
        Self { east_minutes: 60, european_summer: true }
    }

    /// Minutes east of UTC at this instant.
    pub fn offset_minutes(self, at: DateTime<Utc>) -> i32 {
        self.east_minutes + if self.european_summer && is_summer(at) { 60 } else { 0 }
    }

    /// What a wall clock shows at this instant.
    pub fn local(self, at: DateTime<Utc>) -> NaiveDateTime {
        at.naive_utc() + TimeDelta::minutes(self.offset_minutes(at).into())
    }

    /// The instant of this wall-clock time; the earlier one where two exist.
    pub fn utc(self, local: NaiveDateTime) -> DateTime<Utc> {
        let standard = TimeDelta::minutes(self.east_minutes.into());
        let summer = (local - standard - TimeDelta::hours(1)).and_utc();
        if self.local(summer) == local { summer } else { (local - standard).and_utc() }
    }

    /// POSIX text with inverted sign, as in `System/time`: `CST-1:00:00` is UTC+1, and the daylight
    /// part names the shift.
    pub fn posix(self) -> String {
        let (sign, minutes) = match self.east_minutes {
            east @ 0.. => ('-', east),
            west => ('+', -west),
        };
        let standard = format!("CST{sign}{}:{:02}:00", minutes / 60, minutes % 60);
        if self.european_summer {
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

/// European summer: from the last Sunday of March to that of October, both 01:00 UTC.
fn is_summer(at: DateTime<Utc>) -> bool {
    let turn = |month| {
        let last = NaiveDate::from_ymd_opt(at.year(), month, 31)?;
        let back = last.weekday().days_since(Weekday::Sun);
        (last - TimeDelta::days(back.into())).and_hms_opt(1, 0, 0)
    };
    let now = at.naive_utc();
    turn(3).is_some_and(|spring| spring <= now) && turn(10).is_some_and(|autumn| now < autumn)
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
