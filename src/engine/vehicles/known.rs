//! What is known: when each source was read last, and which of its rows were left out.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{RightHolder, RightId, SourceName};

/// When a source was read whole or brought up to date for the last time, and how long that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRead {
    pub at: DateTime<Utc>,
    /// `fresh_for` of the source.
    pub fresh_for: Duration,
}

/// The sources that were ever read. One that is not here was not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readings(pub BTreeMap<SourceName, LastRead>);

impl Readings {
    /// Whether a source counts as fresh at a moment.
    #[must_use]
    pub fn is_fresh(&self, source: &SourceName, at: DateTime<Utc>) -> bool {
        self.fresh_until(source, at).is_some()
    }

    /// Until when a source counts as fresh, seen from `asked_at`: half-open, as every period. `None` where it
    /// is stale already. A source that was read later than "now" is stale too: one of the two clocks was
    /// wrong, and nobody knows how old that reading is.
    ///
    /// An instant that is judged must lie before this as well. What is asked about tomorrow is asked before
    /// tomorrow's sessions are sold, and a handheld whose clock is fast asks about a later instant than it
    /// believes.
    pub(super) fn fresh_until(
        &self,
        source: &SourceName,
        asked_at: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let read = self.0.get(source).filter(|read| read.at <= asked_at)?;
        let until = later(read.at, read.fresh_for);
        (asked_at < until).then_some(until)
    }
}

/// An instant some time later; the last one that can be written where that is too far.
pub(super) fn later(at: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    let by = TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX);
    at.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// A holder of a row that was left out: its zone is not configured, or its dates cannot be right. Whatever it
/// said, nobody can say that this holder has no right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    pub source: SourceName,
    /// What the source calls the row, where that can be read.
    pub id: Option<RightId>,
    pub holder: RightHolder,
}
