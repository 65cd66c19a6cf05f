//! When a device that failed is asked anew: after 1, 2, 4 … ticks, at most an hour. Pure.
//!
//! It keeps nobody out: a change that opens a closed door is tried at every tick.

use chrono::{DateTime, TimeDelta, Utc};

use crate::store::Failures;

/// A tick, as `help schedules` recommends it.
const TICK: TimeDelta = TimeDelta::minutes(5);
/// The longest wait.
const LONGEST: TimeDelta = TimeDelta::hours(1);
/// Ticks do not come to the second: one that is this much early is the one that was waited for.
const SLACK: TimeDelta = TimeDelta::seconds(30);

/// Until when a device is left alone, if it is.
#[must_use]
pub fn waits_until(failures: &Failures, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let last = failures.last_at.filter(|_| failures.count > 0)?;
    let until = last.checked_add_signed(wait(failures.count))?;
    let begin = last.checked_sub_signed(SLACK)?;
    // A failure that lies in the future was written by a clock that was set back since.
    (begin <= now && now < until).then_some(until)
}

/// How long to wait after so many failures in a row. After the first the next tick tries again,
/// whenever that is.
fn wait(failures: u32) -> TimeDelta {
    if failures <= 1 {
        return TimeDelta::zero();
    }
    let ticks = 1_i32.checked_shl(failures - 1).filter(|ticks| *ticks > 0);
    let wait = ticks.and_then(|ticks| TICK.checked_mul(ticks)).unwrap_or(LONGEST);
    wait.min(LONGEST) - SLACK
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + minutes * 60, 0).unwrap()
    }

    fn after(count: u32) -> Failures {
        Failures { count, last_at: Some(at(0)), last: None }
    }

    #[test]
    fn the_wait_doubles_up_to_an_hour() {
        assert_eq!(waits_until(&Failures::default(), at(0)), None);
        let first_try =
            |count| (1..100).find(|tick| waits_until(&after(count), at(tick * 5)).is_none());
        for (failures, ticks) in
            [(1, 1), (2, 2), (3, 4), (4, 8), (5, 12), (6, 12), (31, 12), (33, 12), (1000, 12)]
        {
            assert_eq!(first_try(failures), Some(ticks), "{failures} failures");
        }
    }

    #[test]
    fn a_tick_that_is_a_little_early_counts() {
        assert!(waits_until(&after(2), at(9)).is_some());
        assert_eq!(waits_until(&after(2), at(10) - TimeDelta::seconds(20)), None);
    }

    #[test]
    fn a_clock_set_back_never_makes_it_wait_for_ever() {
        assert_eq!(waits_until(&after(9), at(-10)), None);
    }
}
