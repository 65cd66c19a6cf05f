//! Rights-files and their rows: who may park where.
//!
//! A plate is in no error and no log line, and it is gone for good with its row: pages that are freed are written
//! over.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::rows::{Columns, FromColumns, Sink, ToColumns, damaged, row};
use super::{Rights, StoreError, StoreProblem, seal};
use crate::model::{
    Country, Ends, ParkingZoneName, Period, Plate, PlateRules, RightCode, RightId, RightKind,
    RightsRow, RightsRowLeftOut, RightsRowReason, SourceName,
};

/// A rights-file as it was read whole last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightsFile {
    id: i64,
    /// The section that names it.
    pub source: String,
    pub path: String,
    /// SHA-256 of its bytes, lower-case hex.
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
}

row!(RightsFile { id, source, path, sha256, sense, stamp, rights, left_out, changed_at, as_of });

impl RightsFile {
    /// Whether this is a file of a section.
    #[must_use]
    pub fn is(&self, source: &SourceName, path: &Path) -> bool {
        self.source == source.as_str() && self.path == path.to_string_lossy()
    }
}

/// A file that was read whole just now, in place of what was read of it before.
#[derive(Debug)]
pub struct RightsFileRead {
    pub source: SourceName,
    pub path: PathBuf,
    pub sha256: String,
    pub sense: String,
    pub stamp: Option<String>,
    pub rows: Vec<RightsRow>,
    pub left_out: Vec<RightsRowLeftOut>,
}

/// A row of a file, as it is kept.
struct KeptRight {
    file: i64,
    line: u32,
    plate: KeptPlate,
    id: String,
    kind: Option<RightCode>,
    zone: String,
    begin: DateTime<Utc>,
    end: Option<DateTime<Utc>>,
}

row!(KeptRight { file, line, plate, id, kind, zone, begin, end });

struct KeptLeftOut {
    file: i64,
    line: u32,
    reason: RightsRowReason,
    plate: Option<KeptPlate>,
    id: Option<String>,
    until: Option<DateTime<Utc>>,
}

row!(KeptLeftOut { file, line, reason, plate, id, until });

/// Text and issuer.
pub(super) struct KeptPlate(String, Option<String>);

impl FromColumns for KeptPlate {
    const WIDTH: usize = 2;

    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        Ok(Self(columns.next()?, columns.next()?))
    }
}

impl ToColumns for KeptPlate {
    const WIDTH: usize = 2;

    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<(), StoreProblem> {
        (&self.0, &self.1).write(to)
    }
}

impl From<&Plate> for KeptPlate {
    fn from(plate: &Plate) -> Self {
        Self(plate.text().to_owned(), plate.issuer().map(ToString::to_string))
    }
}

impl KeptPlate {
    /// The plate, without quoting it where it is none.
    pub(super) fn plate(&self, rules: &PlateRules) -> Result<Plate, StoreProblem> {
        let plate = rules.read(&self.0, self.1.as_deref().unwrap_or_default());
        plate.map_err(|_| damaged("a plate", "a text"))
    }
}

/// What is known of one plate, whoever issued it: of each row the place of its file among all files.
#[derive(Debug, Default)]
pub struct OfPlate {
    pub rights: Vec<(usize, RightsRow)>,
    pub left_out: Vec<(usize, RightsRowLeftOut)>,
}

impl Rights<'_> {
    /// Every file that was ever read and is not forgotten.
    pub fn files(&self) -> Result<Vec<RightsFile>, StoreError> {
        let store = self.0;
        let mut files = Vec::new();
        let sql = "SELECT id, source, path, sha256, sense, stamp, rights, left_out, changed_at, as_of_at, \
                   seal FROM rights_file ORDER BY source, path";
        store.prepare(sql)?.each((), |(file, sealed): (RightsFile, i64)| {
            let wanted = seal::seal_of(&file, &store.accounts);
            seal::check(Some(sealed), wanted, "what is known of a rights-file")?;
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
        files: &[RightsFile],
    ) -> Result<OfPlate, StoreError> {
        let store = self.0;
        let rules = PlateRules::new(country, []).unwrap_or_default();
        let place = |id: i64| files.iter().position(|file| file.id == id);
        let mut found = OfPlate::default();
        let sql = "SELECT file, line, plate, issuer, right_id, kind, zone, begins_at, ends_at, seal \
                   FROM parking_right WHERE plate = ?1";
        store.prepare(sql)?.each(text, |(kept, sealed): (KeptRight, i64)| {
            seal::check(Some(sealed), seal::seal_of(&kept, &store.accounts), "a right")?;
            if let Some(place) = place(kept.file) {
                found.rights.push((place, kept.row(&rules)?));
            }
            Ok(())
        })?;
        let sql = "SELECT file, line, reason, plate, issuer, right_id, until_at, seal \
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
        files: &[RightsFile],
        mut take: impl FnMut(usize, RightsRow),
    ) -> Result<(), StoreError> {
        let store = self.0;
        let rules = PlateRules::new(country, []).unwrap_or_default();
        let sql = "SELECT file, line, plate, issuer, right_id, kind, zone, begins_at, ends_at, seal \
                   FROM parking_right NOT INDEXED";
        store.prepare(sql)?.each((), |(kept, sealed): (KeptRight, i64)| {
            seal::check(Some(sealed), seal::seal_of(&kept, &store.accounts), "a right")?;
            if let Some(place) = files.iter().position(|file| file.id == kept.file) {
                take(place, kept.row(&rules)?);
            }
            Ok(())
        })
    }

    /// The plates of a file whose rights have not ended, as they are spelt, and how many rows those are.
    pub fn plates_running(
        &self,
        file: &RightsFile,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        self.0.all(
            "SELECT plate FROM parking_right WHERE file = ?1 AND (ends_at IS NULL OR ends_at > ?2)",
            (file.id, now),
        )
    }

    /// How many rows of each file were left out for each reason, with the first lines of them.
    pub fn left_out_of(
        &self,
        file: &RightsFile,
    ) -> Result<Vec<(RightsRowReason, u32)>, StoreError> {
        self.0
            .all("SELECT reason, line FROM parking_left_out WHERE file = ?1 ORDER BY line", file.id)
    }

    /// Keeps a file that was read whole, in place of what was known of it; a right that ended before
    /// `kept_since` is not kept.
    pub fn record(
        &self,
        read: &RightsFileRead,
        now: DateTime<Utc>,
        kept_since: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let store = self.0;
        let (source, path) = (read.source.as_str(), read.path.to_string_lossy());
        store.together(|store| {
            store.write_over_what_goes()?;
            let known: Option<i64> = store.first(
                "SELECT id FROM rights_file WHERE source = ?1 AND path = ?2",
                (source, &*path),
            )?;
            let id = match known {
                Some(id) => {
                    self.drop_rows(id)?;
                    id
                }
                None => {
                    let last: Option<i64> =
                        store.first("SELECT id FROM rights_file ORDER BY id DESC LIMIT 1", ())?;
                    last.unwrap_or_default() + 1
                }
            };
            self.keep(&RightsFile {
                id,
                source: source.to_owned(),
                path: path.into_owned(),
                sha256: read.sha256.clone(),
                sense: read.sense.clone(),
                stamp: read.stamp.clone(),
                rights: read.rows.len() as u64,
                left_out: read.left_out.len() as u64,
                changed_at: now,
                as_of: now,
            })?;
            let mut put = store.prepare(
                "INSERT INTO parking_right VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?;
            let is_kept = |end: Option<DateTime<Utc>>| end.is_none_or(|end| end >= kept_since);
            for row in read.rows.iter().filter(|row| is_kept(row.period.end())) {
                let kept = KeptRight::of(id, row);
                let seal = seal::seal_of(&kept, &store.accounts).map_err(|e| store.error(e))?;
                put.run((kept, seal))?;
            }
            let mut put = store
                .prepare("INSERT INTO parking_left_out VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?;
            for row in read.left_out.iter().filter(|row| is_kept(row.until)) {
                let kept = KeptLeftOut::of(id, row);
                let seal = seal::seal_of(&kept, &store.accounts).map_err(|e| store.error(e))?;
                put.run((kept, seal))?;
            }
            Ok(())
        })
    }

    /// Says of a file that it holds what is known of it still.
    pub fn refresh(
        &self,
        file: &RightsFile,
        stamp: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.keep(&RightsFile { stamp, as_of: now, ..file.clone() })
    }

    /// Forgets a file that no section names any more.
    pub fn forget(&self, file: &RightsFile) -> Result<(), StoreError> {
        self.0.together(|store| {
            store.write_over_what_goes()?;
            self.drop_rows(file.id)?;
            store.exec("DELETE FROM rights_file WHERE id = ?1", file.id)
        })
    }

    /// Whether rights ended before that time whose rows are kept still.
    pub fn has_ended(&self, before: DateTime<Utc>) -> Result<bool, StoreError> {
        for sql in [
            "SELECT line FROM parking_right WHERE ends_at < ?1 LIMIT 1",
            "SELECT line FROM parking_left_out WHERE until_at < ?1 LIMIT 1",
        ] {
            if self.0.first::<i64>(sql, before)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Forgets the rows of rights that ended before that time, for good; says how many.
    pub fn forget_ended(&self, before: DateTime<Utc>) -> Result<usize, StoreError> {
        self.0.together(|store| {
            store.write_over_what_goes()?;
            let rights = "DELETE FROM parking_right WHERE ends_at < ?1";
            let left_out = "DELETE FROM parking_left_out WHERE until_at < ?1";
            Ok(store.prepare(rights)?.run(before)? + store.prepare(left_out)?.run(before)?)
        })
    }

    /// The SHA-256 of a file that looked cut off when the last run read it.
    pub fn doubted(&self, source: &SourceName, path: &Path) -> Result<Option<String>, StoreError> {
        let path = path.to_string_lossy();
        self.0.first(
            "SELECT sha256 FROM rights_file_doubted WHERE source = ?1 AND path = ?2",
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
                "INSERT INTO rights_file_doubted VALUES (?1, ?2, ?3) \
                 ON CONFLICT (source, path) DO UPDATE SET sha256 = ?3",
                (source.as_str(), &*path, sha256),
            ),
            None => self.0.exec(
                "DELETE FROM rights_file_doubted WHERE source = ?1 AND path = ?2",
                (source.as_str(), &*path),
            ),
        }
    }

    fn drop_rows(&self, file: i64) -> Result<(), StoreError> {
        self.0.exec("DELETE FROM parking_right WHERE file = ?1", file)?;
        self.0.exec("DELETE FROM parking_left_out WHERE file = ?1", file)
    }

    fn keep(&self, file: &RightsFile) -> Result<(), StoreError> {
        let store = self.0;
        let seal = seal::seal_of(file, &store.accounts).map_err(|error| store.error(error))?;
        store.exec(
            "INSERT INTO rights_file VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
             ON CONFLICT (id) DO UPDATE SET sha256 = ?4, sense = ?5, stamp = ?6, rights = ?7, \
             left_out = ?8, changed_at = ?9, as_of_at = ?10, seal = ?11",
            (file, seal),
        )
    }
}

impl KeptRight {
    fn of(file: i64, row: &RightsRow) -> Self {
        let kind = match &row.kind {
            RightKind::Session => None,
            RightKind::Permit(code) => Some(code.clone()),
        };
        Self {
            file,
            line: row.line,
            plate: (&row.plate).into(),
            id: row.id.to_string(),
            kind,
            zone: row.zone.to_string(),
            begin: row.period.begin(),
            end: row.period.end(),
        }
    }

    fn row(self, rules: &PlateRules) -> Result<RightsRow, StoreProblem> {
        let period = Period::new(self.begin, self.end, Ends::Open);
        let zone = ParkingZoneName::new(&self.zone);
        Ok(RightsRow {
            line: self.line,
            id: RightId::new(&self.id).map_err(|_| damaged("the id of a right", "a text"))?,
            kind: self.kind.map_or(RightKind::Session, RightKind::Permit),
            plate: self.plate.plate(rules)?,
            zone: zone.map_err(|_| damaged("a parking zone", "a text"))?,
            period: period.map_err(|_| damaged("a window of a right", "its end"))?,
        })
    }
}

impl KeptLeftOut {
    fn of(file: i64, row: &RightsRowLeftOut) -> Self {
        Self {
            file,
            line: row.line,
            reason: row.reason,
            plate: row.plate.as_ref().map(KeptPlate::from),
            id: row.id.as_ref().map(ToString::to_string),
            until: row.until,
        }
    }

    fn row(self, rules: &PlateRules) -> Result<RightsRowLeftOut, StoreProblem> {
        let id = self.id.map(|id| RightId::new(&id)).transpose();
        Ok(RightsRowLeftOut {
            line: self.line,
            reason: self.reason,
            id: id.map_err(|_| damaged("the id of a right", "a text"))?,
            plate: self.plate.map(|plate| plate.plate(rules)).transpose()?,
            until: self.until,
        })
    }
}
