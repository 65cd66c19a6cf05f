//! Runs that began later than now, by their own clock: it was ahead then, or is behind now.

use chrono::{DateTime, Utc};
use rusqlite::OptionalExtension as _;

use super::convert::{instant_in, instant_out};
use super::{Store, StoreError};

/// A run that began later than now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FutureRun {
    /// When it began, by its own clock.
    pub began: DateTime<Utc>,
    /// When the first run after it began: since then the clock has shown what it shows now. `None`:
    /// there was no other yet.
    pub set_back: Option<DateTime<Utc>>,
}

impl Store {
    /// The latest of the runs that began later than `now`.
    pub fn future_run(&self, now: DateTime<Utc>) -> Result<Option<FutureRun>, StoreError> {
        let now = instant_out(now);
        let latest: Option<i64> = self
            .connection
            .prepare_cached("SELECT max(started_at) FROM run WHERE started_at > ?1")?
            .query_row([now], |row| row.get(0))?;
        let Some(latest) = latest else { return Ok(None) };
        let next: Option<i64> = self
            .connection
            .prepare_cached(
                "SELECT started_at FROM run WHERE id > \
                 (SELECT max(id) FROM run WHERE started_at > ?1) ORDER BY id LIMIT 1",
            )?
            .query_row([now], |row| row.get(0))
            .optional()?;
        let set_back = next.map(instant_in).transpose()?;
        Ok(Some(FutureRun { began: instant_in(latest)?, set_back }))
    }
}
