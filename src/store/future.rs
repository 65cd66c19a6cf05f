//! Runs that began later than now, by their own clock: it was ahead then, or is behind now.

use chrono::{DateTime, Utc};

use super::{Overview, StoreError};

/// A run that began later than now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FutureRun {
    /// When it began, by its own clock.
    pub began: DateTime<Utc>,
    /// When the first run after it began: since then the clock has shown what it shows now. `None`:
    /// there was no other yet.
    pub set_back: Option<DateTime<Utc>>,
}

impl Overview<'_> {
    /// The latest of the runs that began later than `now`.
    pub fn future_run(&self, now: DateTime<Utc>) -> Result<Option<FutureRun>, StoreError> {
        let latest: Option<Option<DateTime<Utc>>> =
            self.0.first("SELECT max(started_at) FROM run WHERE started_at > ?1", now)?;
        let Some(began) = latest.flatten() else { return Ok(None) };
        let set_back = self.0.first(
            "SELECT started_at FROM run WHERE id > \
             (SELECT max(id) FROM run WHERE started_at > ?1) ORDER BY id LIMIT 1",
            now,
        )?;
        Ok(Some(FutureRun { began, set_back }))
    }
}
