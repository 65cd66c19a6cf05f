//! The days of a cashier: when one ends for the books, and when its file is due. Pure.

use chrono::{
    DateTime, Datelike, Days, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Timelike, Utc,
    Weekday,
};

use crate::config::SettlementConfig;
use crate::model::Zone;

/// The days of a cashier, by its wall clock.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    pub zone: Zone,
    /// From then on, money is settled with the next day.
    pub cutoff: NaiveTime,
    /// When the file of a day must be there, on the day after it.
    pub due_by: NaiveTime,
}

impl Calendar {
    #[must_use]
    pub fn of(settlement: &SettlementConfig) -> Self {
        let SettlementConfig { time_zone: zone, cutoff, due_by, .. } = *settlement;
        Self { zone, cutoff, due_by }
    }

    /// The day on the wall.
    #[must_use]
    pub fn civil_day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    /// The day that something is settled with.
    #[must_use]
    pub fn settled_with(&self, at: DateTime<Utc>) -> NaiveDate {
        let local = at.with_timezone(&self.zone);
        match local.time().with_nanosecond(0).is_some_and(|time| time >= self.cutoff) {
            true => after(local.date_naive(), 1),
            false => local.date_naive(),
        }
    }

    /// Whether the file of a day must be there.
    #[must_use]
    pub fn is_due(&self, day: NaiveDate, now: DateTime<Utc>) -> bool {
        // On the wall, whatever the clocks do that night.
        now.with_timezone(&self.zone).naive_local() >= after(day, 1).and_time(self.due_by)
    }

    /// From the beginning of the day before until the end of a day, with room for every change of clocks.
    #[must_use]
    pub fn around(&self, day: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
        let room = TimeDelta::hours(3);
        let begins = |day: NaiveDate| {
            let midnight = day.and_time(NaiveTime::MIN);
            let offset = self.zone.offset_from_utc_datetime(&midnight).fix();
            (midnight - offset).and_utc()
        };
        let before = day.checked_sub_days(Days::new(1)).unwrap_or(day);
        (begins(before) - room, begins(after(day, 1)) + room)
    }
}

/// So many days later.
pub(super) fn after(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
}

/// Whether it is a day from Monday to Friday.
pub(super) fn is_weekday(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// So many days from Monday to Friday later.
pub(super) fn weekdays_after(day: NaiveDate, weekdays: u8) -> NaiveDate {
    let mut left = weekdays;
    let mut day = day;
    while left > 0 && day < NaiveDate::MAX {
        day = after(day, 1);
        left -= u8::from(is_weekday(day));
    }
    day
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::zone;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn new_york() -> Calendar {
        let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        Calendar { zone: zone("America/New_York"), cutoff: time(18), due_by: time(12) }
    }

    #[test]
    fn a_day_ends_at_the_cutoff() {
        for (moment, settled, civil) in [
            ("2024-01-01T22:59:59Z", "2024-01-01", "2024-01-01"),
            ("2024-01-01T23:00:00Z", "2024-01-02", "2024-01-01"),
            ("2024-01-02T04:59:59Z", "2024-01-02", "2024-01-01"),
            ("2024-01-02T05:00:00Z", "2024-01-02", "2024-01-02"),
            // Summer: the same time on the wall is another hour.
            ("2024-07-01T21:59:59Z", "2024-07-01", "2024-07-01"),
            ("2024-07-01T22:00:00Z", "2024-07-02", "2024-07-01"),
        ] {
            assert_eq!(new_york().settled_with(at(moment)), day(settled), "{moment}");
            assert_eq!(new_york().civil_day(at(moment)), day(civil), "{moment}");
        }
    }

    #[test]
    fn a_file_is_due_on_the_day_after() {
        for (now, is_due) in [
            ("2024-01-02T16:59:59Z", false),
            ("2024-01-02T17:00:00Z", true),
            ("2024-01-01T23:00:00Z", false),
        ] {
            assert_eq!(new_york().is_due(day("2024-01-01"), at(now)), is_due, "{now}");
        }
    }

    #[test]
    fn the_span_holds_all_that_may_belong_to_a_day() {
        for name in [
            "America/New_York",
            "Asia/Tehran",
            "Pacific/Apia",
            "Asia/Beirut",
            "Australia/Lord_Howe",
        ] {
            let calendar = Calendar { zone: zone(name), ..new_york() };
            let mut moment = at("2024-03-01T00:00:00Z");
            while moment < at("2024-04-10T00:00:00Z") {
                for day in [calendar.settled_with(moment), calendar.civil_day(moment)] {
                    let (from, until) = calendar.around(day);
                    assert!(from <= moment && moment < until, "{name} {moment}");
                }
                moment += TimeDelta::minutes(29);
            }
        }
    }

    #[test]
    fn banks_rest_at_the_end_of_the_week() {
        for (from, weekdays, want) in [
            ("2024-01-01", 0, "2024-01-01"),
            ("2024-01-01", 2, "2024-01-03"),
            ("2024-01-05", 1, "2024-01-08"),
            ("2024-01-05", 2, "2024-01-09"),
            ("2024-01-06", 1, "2024-01-08"),
            ("2024-01-07", 2, "2024-01-09"),
        ] {
            assert_eq!(weekdays_after(day(from), weekdays), day(want), "{from} {weekdays}");
        }
    }
}
