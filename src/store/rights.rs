//! Rights to park, by the part that they came in: a rights-file, or one part of a service of rights.
//!
//! A plate is in no error and no log line, and it is gone for good with its row: pages that are freed are written
//! over.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

mod ends;
mod former;
mod kept;

use super::rows::row;
use super::{Rights, Store, StoreError, seal};
use crate::model::{
    Country, PlateRules, RightId, RightsRow, RightsRowLeftOut, RightsRowReason, SourceName,
};
pub(super) use kept::KeptPlate;
use kept::{KeptLeftOut, KeptRight};

/// With the memory for pages that SQLite takes by itself, so many rows write each page of their indexes many times.
const MANY_ROWS: usize = 50_000;

/// Lines of a part are numbered on and on; half of what a number holds is left for one reading.
const LINES_MAX: u32 = u32::MAX / 2;

/// A part as it was read whole last, or brought up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsPart {
    id: i64,
    /// The section that names it.
    pub source: String,
    /// The path of a file; of a service what it calls the part: `sessions`.
    pub path: String,
    /// Other content has another one: SHA-256 of the bytes of a file, lower-case hex.
    pub sha256: String,
    /// A digest of the configuration that its rows were read by.
    pub sense: String,
    /// How it stood on the disk before it was read, where that says something.
    pub stamp: Option<String>,
    /// How many rows gave a right, those that have ended since among them.
    pub rights: u64,
    /// How many rows gave none.
    pub left_out: u64,
    /// When other rows than before were read.
    pub changed_at: DateTime<Utc>,
    /// When it was last known to hold them.
    pub as_of: DateTime<Utc>,
    /// Of a service: its clock at the last listing, from which on changes are asked for.
    pub since: Option<DateTime<Utc>>,
    /// Of a service: when all of it was listed last, by our clock.
    pub whole_at: Option<DateTime<Utc>>,
}

row!(RightsPart {
    id,
    source,
    path,
    sha256,
    sense,
    stamp,
    rights,
    left_out,
    changed_at,
    as_of,
    since,
    whole_at
});

/// What the rows of a part are instead of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InsteadOf {
    /// Everything that is known of the part.
    Everything,
    /// What is known of these rights.
    Rights(Vec<RightId>),
    /// Whatever has not ended by that moment, and what is known of these rights.
    WhatRuns(DateTime<Utc>, Vec<RightId>),
}

impl RightsPart {
    /// The same, listed at another moment of its service's clock, and whole at one of ours.
    #[must_use]
    pub fn listed_at(
        &self,
        since: Option<DateTime<Utc>>,
        whole_at: Option<DateTime<Utc>>,
        as_of: DateTime<Utc>,
    ) -> Self {
        Self { since, whole_at, as_of, ..self.clone() }
    }

    /// The same, known to hold what it held at another moment.
    #[must_use]
    pub fn seen_at(&self, as_of: DateTime<Utc>) -> Self {
        Self { as_of, ..self.clone() }
    }

    /// Whether this is a file of a section.
    #[must_use]
    pub fn is(&self, source: &SourceName, path: &Path) -> bool {
        self.source == source.as_str() && self.path == path.to_string_lossy()
    }
}

/// A part that was read just now.
#[derive(Debug)]
pub struct RightsPartRead {
    pub source: SourceName,
    pub path: PathBuf,
    pub sha256: String,
    pub sense: String,
    pub stamp: Option<String>,
    pub rows: Vec<RightsRow>,
    pub left_out: Vec<RightsRowLeftOut>,
    /// How many rows of the whole part give a right then, and how many give none.
    pub rights: u64,
    pub left_out_rows: u64,
    /// Of a service: as in [`RightsPart`].
    pub since: Option<DateTime<Utc>>,
    pub whole_at: Option<DateTime<Utc>>,
    /// When it holds what was read, by our clock.
    pub as_of: DateTime<Utc>,
    pub instead_of: InsteadOf,
}

/// What is known of one plate, whoever issued it: of each row the place of its file among all files.
#[derive(Debug, Default)]
pub struct OfPlate {
    pub rights: Vec<(usize, RightsRow)>,
    pub left_out: Vec<(usize, RightsRowLeftOut)>,
}

impl Rights<'_> {
    /// Every file that was ever read and is not forgotten.
    pub fn files(&self) -> Result<Vec<RightsPart>, StoreError> {
        let store = self.0;
        let mut files = Vec::new();
        let sql = "SELECT id, source, path, sha256, sense, stamp, rights, left_out, changed_at, as_of_at, \
                   since_at, whole_at, seal FROM rights_part ORDER BY source, path";
        store.prepare(sql)?.each((), |(file, sealed): (RightsPart, i64)| {
            let wanted = seal::seal_of(&file, &store.accounts);
            seal::check(Some(sealed), wanted, "what is known of a part of rights")?;
            files.push(file);
            Ok(())
        })?;
        Ok(files)
    }

    /// What is known of all plates with this text. `files` are [all of them](Rights::files).
    pub fn of_plate(
        &self,
        text: &str,
        country: Option<Country>,
        files: &[RightsPart],
    ) -> Result<OfPlate, StoreError> {
        let store = self.0;
        let rules = PlateRules::new(country, []).unwrap_or_default();
        let place = |id: i64| files.iter().position(|file| file.id == id);
        let mut found = OfPlate::default();
        let sql = "SELECT file, line, plate, issuer, right_id, number, kind, state, zone, begins_at, ends_at, seal \
                   FROM parking_right WHERE plate = ?1";
        store.prepare(sql)?.each(text, |(kept, sealed): (KeptRight, i64)| {
            seal::check(Some(sealed), seal::seal_of(&kept, &store.accounts), "a right")?;
            if let Some(place) = place(kept.file) {
                found.rights.push((place, kept.row(&rules)?));
            }
            Ok(())
        })?;
        let sql = "SELECT file, line, reason, plate, issuer, right_id, number, until_at, seal \
                   FROM parking_left_out WHERE plate = ?1";
        store.prepare(sql)?.each(text, |(kept, sealed): (KeptLeftOut, i64)| {
            let wanted = seal::seal_of(&kept, &store.accounts);
            seal::check(Some(sealed), wanted, "a row of a rights-file")?;
            if let Some(place) = place(kept.file) {
                found.left_out.push((place, kept.row(&rules)?));
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// Hands over every row that gives a right, with the place of its file. `files` are
    /// [all of them](Rights::files).
    pub fn each(
        &self,
        country: Option<Country>,
        files: &[RightsPart],
        mut take: impl FnMut(usize, RightsRow),
    ) -> Result<(), StoreError> {
        let store = self.0;
        let rules = PlateRules::new(country, []).unwrap_or_default();
        let sql = "SELECT file, line, plate, issuer, right_id, number, kind, state, zone, begins_at, ends_at, seal \
                   FROM parking_right NOT INDEXED";
        store.prepare(sql)?.each((), |(kept, sealed): (KeptRight, i64)| {
            seal::check(Some(sealed), seal::seal_of(&kept, &store.accounts), "a right")?;
            if let Some(place) = files.iter().position(|file| file.id == kept.file) {
                take(place, kept.row(&rules)?);
            }
            Ok(())
        })
    }

    /// How many rows of each file were left out for each reason, with the first lines of them.
    pub fn left_out_of(
        &self,
        file: &RightsPart,
    ) -> Result<Vec<(RightsRowReason, u32)>, StoreError> {
        self.0
            .all("SELECT reason, line FROM parking_left_out WHERE file = ?1 ORDER BY line", file.id)
    }

    /// The same with the id of the right in the place of the line.
    pub fn ids_left_out_of(
        &self,
        part: &RightsPart,
    ) -> Result<Vec<(RightsRowReason, String)>, StoreError> {
        self.0.all(
            "SELECT reason, right_id FROM parking_left_out WHERE file = ?1 AND right_id IS NOT NULL \
             ORDER BY line",
            part.id,
        )
    }

    /// Keeps what was read of a part, in place of what was known of it, or of those rights of it; a right that
    /// ended before `kept_since` is not kept. What it said before is remembered where citations are held against it.
    pub fn record(
        &self,
        read: &RightsPartRead,
        (now, kept_since): (DateTime<Utc>, DateTime<Utc>),
        is_held_against: bool,
    ) -> Result<(), StoreError> {
        let (source, path) = (read.source.as_str(), read.path.to_string_lossy());
        self.0.together(|store| {
            store.write_over_what_goes()?;
            if read.rows.len() > MANY_ROWS {
                store.have_room_for_pages()?;
            }
            let known: Option<i64> = store.first(
                "SELECT id FROM rights_part WHERE source = ?1 AND path = ?2",
                (source, &*path),
            )?;
            let id = match known {
                Some(id) => {
                    if is_held_against {
                        self.keep_former(id, Some(read), now)?;
                    }
                    self.drop_rows(id, &read.instead_of)?;
                    id
                }
                None => {
                    let last: Option<i64> =
                        store.first("SELECT id FROM rights_part ORDER BY id DESC LIMIT 1", ())?;
                    last.unwrap_or_default() + 1
                }
            };
            self.keep(&RightsPart {
                id,
                source: source.to_owned(),
                path: path.into_owned(),
                sha256: read.sha256.clone(),
                sense: read.sense.clone(),
                stamp: read.stamp.clone(),
                rights: read.rights,
                left_out: read.left_out_rows,
                changed_at: now,
                as_of: read.as_of,
                since: read.since,
                whole_at: read.whole_at,
            })?;
            let mut first = self.free_line(id)?;
            if first > LINES_MAX {
                // Once in years: what has ended is forgotten sooner.
                self.drop_rows(id, &InsteadOf::Everything)?;
                first = 0;
            }
            put_rows(store, id, first, read, kept_since)
        })
    }

    /// A line of a part from which on none is taken.
    fn free_line(&self, part: i64) -> Result<u32, StoreError> {
        let mut free = 0;
        for sql in [
            "SELECT line FROM parking_right WHERE file = ?1 ORDER BY line DESC LIMIT 1",
            "SELECT line FROM parking_left_out WHERE file = ?1 ORDER BY line DESC LIMIT 1",
        ] {
            free = free.max(self.0.first::<u32>(sql, part)?.unwrap_or_default());
        }
        Ok(free)
    }

    /// The rights of a part whose holders know them by that number.
    pub fn with_number(
        &self,
        part: &RightsPart,
        number: &RightId,
    ) -> Result<BTreeSet<String>, StoreError> {
        let mut ids: BTreeSet<String> = BTreeSet::new();
        for sql in [
            "SELECT right_id FROM parking_right WHERE file = ?1 AND number = ?2",
            "SELECT right_id FROM parking_left_out WHERE file = ?1 AND number = ?2 AND right_id IS NOT NULL",
        ] {
            ids.extend(self.0.all::<String, Vec<_>>(sql, (part.id, number.as_str()))?);
        }
        Ok(ids)
    }

    /// The rows of one right of a part.
    pub fn of_right(
        &self,
        part: &RightsPart,
        id: &RightId,
        country: Option<Country>,
    ) -> Result<(Vec<RightsRow>, Vec<RightsRowLeftOut>), StoreError> {
        let store = self.0;
        let rules = PlateRules::new(country, []).unwrap_or_default();
        let (mut rows, mut left_out) = (Vec::new(), Vec::new());
        let sql = "SELECT file, line, plate, issuer, right_id, number, kind, state, zone, begins_at, ends_at, seal \
                   FROM parking_right INDEXED BY parking_right_id \
                   WHERE file = ?1 AND right_id = ?2 ORDER BY line";
        store.prepare(sql)?.each((part.id, id.as_str()), |(kept, sealed): (KeptRight, i64)| {
            seal::check(Some(sealed), seal::seal_of(&kept, &store.accounts), "a right")?;
            rows.push(kept.row(&rules)?);
            Ok(())
        })?;
        let sql = "SELECT file, line, reason, plate, issuer, right_id, number, until_at, seal \
                   FROM parking_left_out INDEXED BY parking_left_out_id \
                   WHERE file = ?1 AND right_id = ?2 ORDER BY line";
        store.prepare(sql)?.each(
            (part.id, id.as_str()),
            |(kept, sealed): (KeptLeftOut, i64)| {
                let wanted = seal::seal_of(&kept, &store.accounts);
                seal::check(Some(sealed), wanted, "a row of a rights-file")?;
                left_out.push(kept.row(&rules)?);
                Ok(())
            },
        )?;
        Ok((rows, left_out))
    }

    /// Says of a file that it holds what is known of it still; not where an event has changed that meanwhile.
    pub fn refresh(&self, part: &RightsPart, stamp: Option<String>) -> Result<(), StoreError> {
        self.0.together(|store| {
            let known = "SELECT sha256 FROM rights_part WHERE id = ?1";
            match store.first::<String>(known, part.id)? {
                Some(known) if known == part.sha256 => {
                    self.keep(&RightsPart { stamp, ..part.clone() })
                }
                _ => Ok(()),
            }
        })
    }

    /// Forgets a file that no section names any more; what it said is remembered as by [`Rights::record`].
    pub fn forget(
        &self,
        file: &RightsPart,
        now: DateTime<Utc>,
        is_held_against: bool,
    ) -> Result<(), StoreError> {
        self.0.together(|store| {
            store.write_over_what_goes()?;
            if is_held_against {
                self.keep_former(file.id, None, now)?;
            }
            self.drop_rows(file.id, &InsteadOf::Everything)?;
            store.exec("DELETE FROM rights_part WHERE id = ?1", file.id)
        })
    }

    /// The SHA-256 of a file that looked cut off when the last run read it.
    pub fn doubted(&self, source: &SourceName, path: &Path) -> Result<Option<String>, StoreError> {
        let path = path.to_string_lossy();
        self.0.first(
            "SELECT sha256 FROM rights_part_doubted WHERE source = ?1 AND path = ?2",
            (source.as_str(), &*path),
        )
    }

    /// Remembers content of a file that looks cut off, or that the file does not look so any more.
    pub fn doubt(
        &self,
        source: &SourceName,
        path: &Path,
        sha256: Option<&str>,
    ) -> Result<(), StoreError> {
        let path = path.to_string_lossy();
        match sha256 {
            Some(sha256) => self.0.exec(
                "INSERT INTO rights_part_doubted VALUES (?1, ?2, ?3) \
                 ON CONFLICT (source, path) DO UPDATE SET sha256 = ?3",
                (source.as_str(), &*path, sha256),
            ),
            None => self.0.exec(
                "DELETE FROM rights_part_doubted WHERE source = ?1 AND path = ?2",
                (source.as_str(), &*path),
            ),
        }
    }

    /// Drops the rows of a part that others come instead of.
    fn drop_rows(&self, part: i64, what: &InsteadOf) -> Result<(), StoreError> {
        let ids = match what {
            InsteadOf::Everything => {
                self.0.exec("DELETE FROM parking_right WHERE file = ?1", part)?;
                return self.0.exec("DELETE FROM parking_left_out WHERE file = ?1", part);
            }
            InsteadOf::WhatRuns(at, ids) => {
                self.0.exec(
                    "DELETE FROM parking_right WHERE file = ?1 AND (ends_at IS NULL OR ends_at > ?2)",
                    (part, *at),
                )?;
                self.0.exec("DELETE FROM parking_left_out WHERE file = ?1", part)?;
                ids
            }
            InsteadOf::Rights(ids) => ids,
        };
        for sql in [
            "DELETE FROM parking_right INDEXED BY parking_right_id WHERE file = ?1 AND right_id = ?2",
            "DELETE FROM parking_left_out INDEXED BY parking_left_out_id WHERE file = ?1 AND right_id = ?2",
        ] {
            let mut drop = self.0.prepare(sql)?;
            for id in ids {
                drop.run((part, id.as_str()))?;
            }
        }
        Ok(())
    }

    fn keep(&self, file: &RightsPart) -> Result<(), StoreError> {
        let store = self.0;
        let seal = seal::seal_of(file, &store.accounts).map_err(|error| store.error(error))?;
        store.exec(
            "INSERT INTO rights_part VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
             ON CONFLICT (id) DO UPDATE SET sha256 = ?4, sense = ?5, stamp = ?6, rights = ?7, \
             left_out = ?8, changed_at = ?9, as_of_at = ?10, since_at = ?11, whole_at = ?12, seal = ?13",
            (file, seal),
        )
    }
}

/// Puts the rows of a part on lines of their own after `first`, those of an amended part; else on theirs.
fn put_rows(
    store: &Store,
    part: i64,
    first: u32,
    read: &RightsPartRead,
    kept_since: DateTime<Utc>,
) -> Result<(), StoreError> {
    let is_kept = |end: Option<DateTime<Utc>>| end.is_none_or(|end| end >= kept_since);
    let mut put = store.prepare(
        "INSERT INTO parking_right VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    for row in read.rows.iter().filter(|row| is_kept(row.period.end())) {
        let kept = KeptRight::of(part, first, row);
        let seal = seal::seal_of(&kept, &store.accounts).map_err(|e| store.error(e))?;
        put.run((kept, seal))?;
    }
    let mut put = store
        .prepare("INSERT INTO parking_left_out VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
    for row in read.left_out.iter().filter(|row| is_kept(row.until)) {
        let kept = KeptLeftOut::of(part, first, row);
        let seal = seal::seal_of(&kept, &store.accounts).map_err(|e| store.error(e))?;
        put.run((kept, seal))?;
    }
    Ok(())
}
