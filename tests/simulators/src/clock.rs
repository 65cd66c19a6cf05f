//! A clock that runs with this computer's, runs ahead of it, or stands still.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};

use crate::lock;

/// Time of one simulated service; copies show and set the same time.
#[derive(Debug, Clone, Default)]
pub struct Clock(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    fixed: Option<DateTime<Utc>>,
    ahead: TimeDelta,
}

impl Clock {
    /// A clock that stands still at this instant until moved.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        let clock = Self::default();
        clock.set(at);
        clock
    }

    /// What the clock shows.
    pub fn now(&self) -> DateTime<Utc> {
        let state = lock(&self.0);
        state.fixed.unwrap_or_else(real_now) + state.ahead
    }

    /// Stops the clock at this instant.
    pub fn set(&self, at: DateTime<Utc>) {
        *lock(&self.0) = State { fixed: Some(at), ahead: TimeDelta::zero() };
    }

    /// Moves the clock forward, or back by a negative amount.
    pub fn advance(&self, by: TimeDelta) {
        lock(&self.0).ahead += by;
    }
}

/// `Mon, 01 Jan 2024 10:00:00 GMT`
pub(crate) fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// This computer's time.
#[expect(clippy::disallowed_methods, reason = "the simulated services own their clocks")]
pub(crate) fn real_now() -> DateTime<Utc> {
    Utc::now()
}
