//! The time, read once and passed down.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

/// Two processes may begin in one order and write in the other, and clocks are set right by seconds all
/// the time; what lies further in the future than this was written by a clock that was wrong.
const SLACK: TimeDelta = TimeDelta::minutes(10);

/// Whether a remembered moment lies in the future, so that it counts as none: a clock that was once a
/// year ahead must not hold anything back for a year.
#[must_use]
pub fn is_future(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    at.signed_duration_since(now) > SLACK
}

/// A clock that was asked once and counts on from there, so that a wall clock set during a run can
/// not turn time back, and a test can say what time it is.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began: DateTime<Utc>,
    /// `None`: it stands still.
    since: Option<Instant>,
}

impl Clock {
    /// A clock that starts at `now`.
    #[must_use]
    pub fn starting_at(now: DateTime<Utc>) -> Self {
        Self { began: now, since: Some(Instant::now()) }
    }

    /// A clock that stands still: for a simulation whose time is its own.
    #[must_use]
    pub fn standing_still(now: DateTime<Utc>) -> Self {
        Self { began: now, since: None }
    }

    /// When the run began: the `now` of planning.
    #[must_use]
    pub fn began(&self) -> DateTime<Utc> {
        self.began
    }

    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let elapsed = TimeDelta::from_std(self.elapsed()).unwrap_or(TimeDelta::MAX);
        self.began.checked_add_signed(elapsed).unwrap_or(self.began)
    }

    /// How long the run has taken.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.since.map(|since| since.elapsed()).unwrap_or_default()
    }
}
