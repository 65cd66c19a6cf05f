//! What was said of cars and is not said any more: a citation of that time cannot be said to be rightful.

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::{Issuer, Plate, RightsRow};
use crate::store::{InsteadOf, Rights, RightsPartRead, StoreError};

/// A window that a part gave a car up to now.
type Given = (String, Option<String>, String, DateTime<Utc>, DateTime<Utc>);

/// A row of a part that could not be used, with its right's id.
type Doubted = (Option<String>, String, DateTime<Utc>);

/// What a part says from now on, to be asked for a car, a zone and a window.
struct StillSaid<'r> {
    /// In their order by car, zone and begin: of each the latest end of those up to it that have its car and zone;
    /// nothing is without end.
    windows: Vec<(&'r RightsRow, Option<DateTime<Utc>>)>,
}

impl<'r> StillSaid<'r> {
    fn of(rows: &'r [RightsRow]) -> Self {
        let mut windows: Vec<_> = rows.iter().map(|row| (row, row.period.end())).collect();
        windows.sort_unstable_by_key(|(row, _)| (key(row), row.period.begin()));
        let mut before: Option<(&RightsRow, Option<DateTime<Utc>>)> = None;
        for (row, latest) in &mut windows {
            if let Some((_, end)) = before.filter(|(before, _)| key(before) == key(row)) {
                *latest = latest.zip(end).map(|(one, other)| one.max(other));
            }
            before = Some((row, *latest));
        }
        Self { windows }
    }

    fn holds(&self, wanted: Key<'_>, begin: DateTime<Utc>, end: DateTime<Utc>) -> bool {
        let after = self
            .windows
            .partition_point(|(row, _)| (key(row), row.period.begin()) <= (wanted, begin));
        let last = after.checked_sub(1).and_then(|last| self.windows.get(last));
        last.is_some_and(|(row, latest)| {
            key(row) == wanted && latest.is_none_or(|latest| latest >= end)
        })
    }
}

/// Text and issuer of a plate, and a zone, as they are kept.
type Key<'r> = (&'r str, Option<&'r str>, &'r str);

fn key(row: &RightsRow) -> Key<'_> {
    (row.plate.text(), row.plate.issuer().map(Issuer::as_str), row.zone.as_str())
}

impl Rights<'_> {
    /// Remembers what a part said of cars up to now, as far as what comes instead, if anything does, says less.
    pub(super) fn keep_former(
        &self,
        part: i64,
        read: Option<&RightsPartRead>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let (rows, left_out) = read.map_or((&[][..], &[][..]), |read| (&read.rows, &read.left_out));
        let instead_of = read.map_or(&InsteadOf::Everything, |read| &read.instead_of);
        let still = StillSaid::of(rows);
        let mut taken_back: Vec<Given> = Vec::new();
        let mut give = |given: Given| {
            let (plate, issuer, zone, begin, end) = &given;
            if !still.holds((plate, issuer.as_deref(), zone), *begin, *end) {
                taken_back.push(given);
            }
            Ok(())
        };
        let mut doubted: Vec<Doubted> = Vec::new();
        let mut doubt = |row: Doubted| {
            doubted.push(row);
            Ok(())
        };
        match instead_of {
            InsteadOf::Everything => {
                let sql = "SELECT plate, issuer, zone, begins_at, min(coalesce(ends_at, ?2), ?2) \
                           FROM parking_right WHERE file = ?1 AND begins_at < ?2";
                self.0.prepare(sql)?.each((part, now), &mut give)?;
            }
            InsteadOf::WhatRuns(at, _) => {
                let sql = "SELECT plate, issuer, zone, begins_at, min(coalesce(ends_at, ?2), ?2) \
                           FROM parking_right WHERE file = ?1 AND begins_at < ?2 \
                           AND (ends_at IS NULL OR ends_at > ?3)";
                self.0.prepare(sql)?.each((part, now, *at), &mut give)?;
            }
            InsteadOf::Rights(_) => {}
        }
        if let InsteadOf::Rights(ids) | InsteadOf::WhatRuns(_, ids) = instead_of {
            let mut given = self.0.prepare(
                "SELECT plate, issuer, zone, begins_at, min(coalesce(ends_at, ?3), ?3) \
                 FROM parking_right INDEXED BY parking_right_id \
                 WHERE file = ?1 AND right_id = ?2 AND begins_at < ?3",
            )?;
            ids.iter().try_for_each(|id| given.each((part, id.as_str(), now), &mut give))?;
        }
        match instead_of {
            InsteadOf::Everything | InsteadOf::WhatRuns(..) => {
                let sql = "SELECT right_id, plate, min(coalesce(until_at, ?2), ?2) \
                           FROM parking_left_out WHERE file = ?1 AND plate IS NOT NULL";
                self.0.prepare(sql)?.each((part, now), &mut doubt)?;
            }
            InsteadOf::Rights(ids) => {
                let mut known = self.0.prepare(
                    "SELECT right_id, plate, min(coalesce(until_at, ?3), ?3) \
                     FROM parking_left_out INDEXED BY parking_left_out_id \
                     WHERE file = ?1 AND right_id = ?2 AND plate IS NOT NULL",
                )?;
                ids.iter().try_for_each(|id| known.each((part, id.as_str(), now), &mut doubt))?;
            }
        }
        let mut keep = self.0.prepare("INSERT INTO parking_former VALUES (?1, ?2, ?3, ?4)")?;
        for (plate, _, zone, begin, end) in taken_back {
            keep.run((plate, Some(zone), begin, end))?;
        }
        if doubted.is_empty() {
            return Ok(());
        }
        // What is said of that right of that car now is instead of the doubt; and a doubt is one still where the car
        // has any: rows without an id of their own are called by where they stand.
        let known: HashSet<_> =
            rows.iter().map(|row| (row.id.as_str(), row.plate.text())).collect();
        let still = left_out.iter().filter_map(|row| row.plate.as_ref().map(Plate::text));
        let still: HashSet<_> = still.collect();
        for (id, plate, until) in &doubted {
            let is_known = id.as_ref().is_some_and(|id| known.contains(&(id.as_str(), plate)));
            if !is_known && !still.contains(plate.as_str()) {
                keep.run((plate.as_str(), None::<&str>, DateTime::UNIX_EPOCH, *until))?;
            }
        }
        Ok(())
    }

    /// The zones for which something else was known of a plate with this text at an instant, or not longer than the grace
    /// before; nothing inside is every zone.
    pub fn formerly_in(
        &self,
        plate: &str,
        at: DateTime<Utc>,
        grace: Duration,
    ) -> Result<Vec<Option<String>>, StoreError> {
        let grace = TimeDelta::from_std(grace).unwrap_or(TimeDelta::MAX);
        let ended_after = at.checked_sub_signed(grace).unwrap_or(DateTime::UNIX_EPOCH);
        let sql =
            "SELECT zone FROM parking_former WHERE plate = ?1 AND begins_at <= ?2 AND ends_at > ?3";
        self.0.all(sql, (plate, at, ended_after))
    }
}
