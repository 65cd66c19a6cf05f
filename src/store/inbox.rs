//! Events that were taken, and what meters state.

use chrono::{DateTime, TimeDelta, Utc};

use super::rows::row;
use super::{Inbox, StoreError};
use crate::model::SourceName;

/// A delivery that comes again has its old id: the longest plan of repetitions that is known takes three days.
const EVENTS_KEPT: TimeDelta = TimeDelta::days(30);

/// What is known of an event before it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is new, and noted now.
    New,
    /// It was taken before, with the same bytes.
    Before,
    /// One with its id was taken, and had other bytes.
    Otherwise,
}

/// A meter as its last statement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterKept {
    /// The section that it belongs to.
    pub source: String,
    pub id: String,
    /// In the meter's words.
    pub zone: Option<String>,
    pub is_operational: bool,
    pub is_occupied: Option<bool>,
    /// In percent.
    pub battery: Option<u8>,
    /// The space is paid for from here, until there, half-open.
    pub paid_from: Option<DateTime<Utc>>,
    pub paid_until: Option<DateTime<Utc>>,
    /// Until when by a payment that the meter has named; no statement without one takes that back.
    pub payment_until: Option<DateTime<Utc>>,
    /// When it stated that.
    pub said_at: DateTime<Utc>,
}

row!(MeterKept {
    source,
    id,
    zone,
    is_operational,
    is_occupied,
    battery,
    paid_from,
    paid_until,
    payment_until,
    said_at
});

impl Inbox<'_> {
    /// Notes an event, unless one with its id is known. To be called within the piece of work that has its
    /// effects.
    pub fn take(
        &self,
        source: &SourceName,
        id: &str,
        sha256: &str,
        at: DateTime<Utc>,
    ) -> Result<Taken, StoreError> {
        self.0.together(|store| {
            let before = at.checked_sub_signed(EVENTS_KEPT).unwrap_or(at);
            store.exec("DELETE FROM event WHERE at < ?1", before)?;
            let known = "SELECT sha256 FROM event WHERE source = ?1 AND id = ?2";
            match store.first::<String>(known, (source.as_str(), id))? {
                Some(known) if known == sha256 => Ok(Taken::Before),
                Some(_) => Ok(Taken::Otherwise),
                None => {
                    let put = "INSERT INTO event VALUES (?1, ?2, ?3, ?4)";
                    store.exec(put, (source.as_str(), id, sha256, at))?;
                    Ok(Taken::New)
                }
            }
        })
    }

    /// Keeps what is known of a meter by now.
    pub fn keep_meter(&self, meter: &MeterKept) -> Result<(), StoreError> {
        self.0.exec(
            "INSERT OR REPLACE INTO meter VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            meter,
        )
    }

    /// Every meter that ever stated anything, by section and name.
    pub fn meters(&self) -> Result<Vec<MeterKept>, StoreError> {
        self.0.all(
            "SELECT source, id, zone, is_operational, is_occupied, battery, paid_from, paid_until, payment_until, \
             said_at \
             FROM meter ORDER BY source, id",
            (),
        )
    }

    /// One meter.
    pub fn meter(&self, source: &SourceName, id: &str) -> Result<Option<MeterKept>, StoreError> {
        self.0.first(
            "SELECT source, id, zone, is_operational, is_occupied, battery, paid_from, paid_until, payment_until, \
             said_at \
             FROM meter WHERE source = ?1 AND id = ?2",
            (source.as_str(), id),
        )
    }
}
