//! When a row is in force, as cameras write it. Pure.

use chrono::{
    MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, Offset as _, TimeDelta, TimeZone as _,
};

use crate::connectors::hikvision::wire::read_moment;
use crate::model::Zone;

/// How a time begins that means no limit.
const NO_LIMIT: &str = "0000-00-00";

/// The length of a bare day.
const DAY_CHARS: usize = 10;

/// A time as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::connectors::hikvision_anpr) enum Stated {
    Day(NaiveDate),
    Moment {
        local: NaiveDateTime,
        /// Minutes east of UTC, where they stand behind it.
        offset: Option<i32>,
    },
    /// In no form that is known here.
    Unreadable,
}

impl Stated {
    /// Reads a time; `None` where nothing is said, or that there is no limit.
    pub(in crate::connectors::hikvision_anpr) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.starts_with(NO_LIMIT) {
            return None;
        }
        if text.len() == DAY_CHARS {
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d");
            return Some(day.map_or(Self::Unreadable, Self::Day));
        }
        let moment = read_moment(text);
        Some(moment.map_or(Self::Unreadable, |(local, offset)| Self::Moment { local, offset }))
    }

    /// The same without an offset, for cameras that write one which says nothing.
    pub(super) fn without_offset(self) -> Self {
        match self {
            Self::Moment { local, .. } => Self::Moment { local, offset: None },
            other => other,
        }
    }

    /// Whether it is a midnight, which may stand for its whole day.
    pub(in crate::connectors::hikvision_anpr) fn is_midnight(self) -> bool {
        matches!(self, Self::Moment { local, .. } if local.time() == NaiveTime::MIN)
    }

    /// Whether it shows a time of day that says something.
    pub(in crate::connectors::hikvision_anpr) fn has_time_of_day(self) -> bool {
        matches!(self, Self::Moment { .. }) && !self.is_midnight()
    }

    /// The first second that it means on the wall clock of a zone. `None` where that is unclear.
    pub(in crate::connectors::hikvision_anpr) fn begin(self, zone: Zone) -> Option<NaiveDateTime> {
        match self {
            Self::Day(day) => Some(day.and_time(NaiveTime::MIN)),
            Self::Moment { local, offset } => Some(local).filter(|_| is_own(zone, local, offset)),
            Self::Unreadable => None,
        }
    }

    /// The last second that it means; `keeps_days` says whether a midnight is a whole day. `None` where that
    /// is unclear.
    pub(super) fn end(self, zone: Zone, keeps_days: Option<bool>) -> Option<NaiveDateTime> {
        match self {
            Self::Day(day) => day.and_hms_opt(23, 59, 59),
            Self::Moment { local, .. } if self.is_midnight() && keeps_days != Some(false) => {
                let is_day = keeps_days.is_some() && self.begin(zone).is_some();
                is_day.then(|| local.date().and_hms_opt(23, 59, 59)).flatten()
            }
            Self::Moment { .. } => self.begin(zone),
            Self::Unreadable => None,
        }
    }
}

/// How far around a time that clocks skip its two offsets are looked for.
const AROUND: TimeDelta = TimeDelta::hours(3);

/// Whether an offset behind a wall-clock time is the zone's own then. With another one the time could be the
/// wall clock's, or an instant.
fn is_own(zone: Zone, local: NaiveDateTime, offset: Option<i32>) -> bool {
    let Some(minutes) = offset else { return true };
    let of = |offset: &<Zone as chrono::TimeZone>::Offset| offset.fix().local_minus_utc() / 60;
    let at = |local: Option<NaiveDateTime>| match local
        .map(|local| zone.offset_from_local_datetime(&local))
    {
        Some(MappedLocalTime::Single(one)) => of(&one) == minutes,
        Some(MappedLocalTime::Ambiguous(one, other)) => {
            of(&one) == minutes || of(&other) == minutes
        }
        Some(MappedLocalTime::None) | None => false,
    };
    let is_skipped = matches!(zone.offset_from_local_datetime(&local), MappedLocalTime::None);
    at(Some(local))
        || (is_skipped
            && (at(local.checked_sub_signed(AROUND)) || at(local.checked_add_signed(AROUND))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::{format_time, parse_time};

    fn zone(name: &str) -> Zone {
        name.parse().unwrap()
    }

    fn end(text: &str, keeps_days: Option<bool>) -> Option<String> {
        Stated::read(text).unwrap().end(zone("Europe/Sofia"), keeps_days).map(format_time)
    }

    #[test]
    fn the_forms_of_an_end() {
        let last = Some("2026-12-31T23:59:59".to_owned());
        let noon = Some("2026-12-31T12:00:00".to_owned());
        let midnight = Some("2026-12-31T00:00:00".to_owned());
        for (text, unknown, days, seconds) in [
            ("2026-12-31", &last, &last, &last),
            ("2026-12-31T23:59:59", &last, &last, &last),
            ("2026-12-31 23:59:59", &last, &last, &last),
            ("2026-12-31T23:59:59+02:00", &last, &last, &last),
            ("2026-12-31T12:00:00+02:00", &noon, &noon, &noon),
            ("2026-12-31T00:00:00", &None, &last, &midnight),
            ("2026-12-31T00:00:00+02:00", &None, &last, &midnight),
            ("2026-12-31T23:59:59+03:00", &None, &None, &None),
            ("2026-12-31T00:00:00+03:00", &None, &None, &None),
            ("2026-12-31T23:59:59Z", &None, &None, &None),
            ("31.12.2026", &None, &None, &None),
            ("2026-02-30", &None, &None, &None),
            ("1798761599", &None, &None, &None),
            ("2026-12-31T24:00:00", &None, &None, &None),
        ] {
            assert_eq!(end(text, None), *unknown, "{text}");
            assert_eq!(end(text, Some(true)), *days, "{text}");
            assert_eq!(end(text, Some(false)), *seconds, "{text}");
        }
    }

    #[test]
    fn no_limit_is_nothing() {
        for text in ["", "  ", "0000-00-00T00:00:00Z", "0000-00-00"] {
            assert_eq!(Stated::read(text), None);
        }
    }

    #[test]
    fn an_offset_is_the_zones_own_on_that_day() {
        let at = |text: &str| parse_time(text).unwrap();
        for (name, local, minutes, expected) in [
            ("Europe/Sofia", "2026-07-01T00:00:00", 180, true),
            ("Europe/Sofia", "2026-07-01T00:00:00", 120, false),
            // Comes twice, and is skipped.
            ("Europe/Sofia", "2026-10-25T03:30:00", 180, true),
            ("Europe/Sofia", "2026-10-25T03:30:00", 120, true),
            ("Africa/Cairo", "2026-04-24T00:00:00", 120, true),
            ("Africa/Cairo", "2026-04-24T00:00:00", 180, true),
            ("Africa/Cairo", "2026-04-24T00:00:00", 60, false),
            ("Asia/Kolkata", "2026-07-01T00:00:00", 330, true),
            ("UTC", "2026-07-01T00:00:00", 0, true),
        ] {
            assert_eq!(is_own(zone(name), at(local), Some(minutes)), expected, "{name} {local}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,40}") {
            if let Some(stated) = Stated::read(&text) {
                let _ = stated.begin(Zone::UTC);
                for keeps_days in [None, Some(false), Some(true)] {
                    let end = stated.end(Zone::UTC, keeps_days);
                    prop_assert!(stated != Stated::Unreadable || end.is_none());
                }
            }
        }

        #[test]
        fn a_day_ends_on_that_day_in_every_form(days in 0_i64..36_500) {
            let day = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap() + TimeDelta::days(days);
            for (text, keeps_days) in [
                (format!("{day}"), None),
                (format!("{day}T23:59:59"), None),
                (format!("{day}T00:00:00"), Some(true)),
            ] {
                let end = Stated::read(&text).unwrap().end(Zone::UTC, keeps_days).unwrap();
                prop_assert_eq!(end, day.and_hms_opt(23, 59, 59).unwrap());
            }
        }
    }
}
