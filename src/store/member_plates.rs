//! Plates of members, as link files name them.
//!
//! As those of rights-files they are in no error and no log line, and gone for good with their row: pages that are
//! freed are written over.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::rights::KeptPlate;
use super::rows::{Columns, FromColumns, Sink, ToColumns, row};
use super::{MemberPlates, StoreError, StoreProblem, seal};
use crate::model::{MemberNamed, MemberPlate, MemberPlateLeftOut, PlateRules, RowReason};

/// A link file whose plates were read whole last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPlateFile {
    id: i64,
    pub path: String,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
    /// A digest of the configuration that its plates were read by.
    pub sense: String,
    /// How it stood on the disk before it was read, where that says something.
    pub stamp: Option<String>,
    /// How many plates it gave.
    pub plates: u64,
    /// How many of its rows were left out.
    pub left_out: u64,
    /// When other rows than before were read.
    pub changed_at: DateTime<Utc>,
    /// When it was last known to hold them.
    pub as_of: DateTime<Utc>,
}

row!(MemberPlateFile { id, path, sha256, sense, stamp, plates, left_out, changed_at, as_of });

impl MemberPlateFile {
    /// Whether it is the file with this path.
    #[must_use]
    pub fn is(&self, path: &Path) -> bool {
        self.path == path.to_string_lossy()
    }
}

/// A file whose plates were read whole just now, in place of what was read of them before.
#[derive(Debug)]
pub struct MemberPlateFileRead {
    pub path: PathBuf,
    pub sha256: String,
    pub sense: String,
    pub stamp: Option<String>,
    pub rows: Vec<MemberPlate>,
    pub left_out: Vec<MemberPlateLeftOut>,
}

/// A plate of a member that is known, and how old that knowledge is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPlateRow {
    pub row: MemberPlate,
    /// When its file came to hold what it holds.
    pub since: DateTime<Utc>,
    /// When its file was last known to hold it.
    pub as_of: DateTime<Utc>,
}

/// A row of a file, as it is kept.
struct Kept {
    file: i64,
    line: u32,
    member: Whose,
    plate: KeptPlate,
}

row!(Kept { file, line, member, plate });

/// Whose a plate is; both columns are empty where that is not known.
struct Whose(Option<MemberNamed>);

impl FromColumns for Whose {
    const WIDTH: usize = 2;

    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        let (email, number) = (columns.next_unless("")?, columns.next_unless("")?);
        Ok(Self(MemberNamed::new(email, number)))
    }
}

impl ToColumns for Whose {
    const WIDTH: usize = 2;

    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<(), StoreProblem> {
        match &self.0 {
            Some(member) => member.write(to),
            None => ("", "").write(to),
        }
    }
}

row!(MemberPlateLeftOut { line, reason });

impl MemberPlates<'_> {
    /// Every file that was ever read and is not forgotten, by path.
    pub fn files(&self) -> Result<Vec<MemberPlateFile>, StoreError> {
        let store = self.0;
        let mut files = Vec::new();
        let sql = "SELECT id, path, sha256, sense, stamp, plates, left_out, changed_at, as_of_at, seal \
                   FROM member_plate_file ORDER BY path";
        store.prepare(sql)?.each((), |(file, sealed): (MemberPlateFile, i64)| {
            let wanted = seal::seal_of(&file, &store.accounts);
            seal::check(Some(sealed), wanted, "what is known of plates in a link file")?;
            files.push(file);
            Ok(())
        })?;
        Ok(files)
    }

    /// Hands over every plate that is known, file by file.
    pub fn each(&self, mut take: impl FnMut(MemberPlateRow)) -> Result<(), StoreError> {
        let sql =
            "SELECT file, line, email, number, plate, issuer, seal FROM member_plate NOT INDEXED";
        self.0.at_once(|| {
            let files = self.files()?;
            self.0.prepare(sql)?.each((), |kept| {
                if let Some(row) = self.row(kept, &files)? {
                    take(row);
                }
                Ok(())
            })
        })
    }

    /// What is known of all plates with this text, whoever issued them.
    pub fn of_plate(&self, text: &str) -> Result<Vec<MemberPlateRow>, StoreError> {
        let sql = "SELECT file, line, email, number, plate, issuer, seal FROM member_plate WHERE plate = ?1";
        self.0.at_once(|| {
            let (files, mut found) = (self.files()?, Vec::new());
            self.0.prepare(sql)?.each(text, |kept| {
                found.extend(self.row(kept, &files)?);
                Ok(())
            })?;
            Ok(found)
        })
    }

    /// The plates of a file, as they are spelt without their issuer, each as often as it stands there.
    pub fn plates_of(&self, file: &MemberPlateFile) -> Result<Vec<String>, StoreError> {
        self.0.all("SELECT plate FROM member_plate WHERE file = ?1", file.id)
    }

    /// The rows of a file that were left out, with the reason and the line of each, in the file's order.
    pub fn left_out_of(&self, file: &MemberPlateFile) -> Result<Vec<(RowReason, u32)>, StoreError> {
        self.0.all(
            "SELECT reason, line FROM member_plate_left_out WHERE file = ?1 ORDER BY line",
            file.id,
        )
    }

    /// Keeps a file whose plates were read whole, in place of what was known of them.
    pub fn record(&self, read: &MemberPlateFileRead, now: DateTime<Utc>) -> Result<(), StoreError> {
        let store = self.0;
        let path = read.path.to_string_lossy();
        store.together(|store| {
            store.write_over_what_goes()?;
            let known: Option<i64> =
                store.first("SELECT id FROM member_plate_file WHERE path = ?1", &*path)?;
            let id = match known {
                Some(id) => {
                    self.drop_rows(id)?;
                    id
                }
                None => {
                    let last: Option<i64> = store
                        .first("SELECT id FROM member_plate_file ORDER BY id DESC LIMIT 1", ())?;
                    last.unwrap_or_default() + 1
                }
            };
            self.keep(&MemberPlateFile {
                id,
                path: path.into_owned(),
                sha256: read.sha256.clone(),
                sense: read.sense.clone(),
                stamp: read.stamp.clone(),
                plates: read.rows.iter().filter(|row| row.member.is_some()).count() as u64,
                left_out: read.left_out.len() as u64,
                changed_at: now,
                as_of: now,
            })?;
            self.put(read.rows.iter().map(|MemberPlate { line, member, plate }| {
                let (line, member, plate) = (*line, Whose(member.clone()), plate.into());
                Kept { file: id, line, member, plate }
            }))?;
            store
                .prepare("INSERT INTO member_plate_left_out VALUES (?1, ?2, ?3)")?
                .run_each(read.left_out.iter().map(|row| (id, row)))
        })
    }

    /// Says of a file that it holds what is known of it still.
    pub fn refresh(
        &self,
        file: &MemberPlateFile,
        stamp: Option<String>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.keep(&MemberPlateFile { stamp, as_of: now, ..file.clone() })
    }

    /// Forgets a file and its plates, for good.
    pub fn forget(&self, file: &MemberPlateFile) -> Result<(), StoreError> {
        self.0.together(|store| {
            store.write_over_what_goes()?;
            self.drop_rows(file.id)?;
            store.exec("DELETE FROM member_plate_file WHERE id = ?1", file.id)
        })
    }

    /// A row that fits its seal, without quoting it where it does not.
    fn row(
        &self,
        (kept, sealed): (Kept, i64),
        files: &[MemberPlateFile],
    ) -> Result<Option<MemberPlateRow>, StoreProblem> {
        self.check(&kept, sealed)?;
        // What was read by other rules is a plate still, and an issuer is kept in full.
        let plate = kept.plate.plate(&PlateRules::default())?;
        let row = MemberPlate { line: kept.line, member: kept.member.0, plate };
        let file = files.iter().find(|file| file.id == kept.file);
        let known = file.map(|file| (file.changed_at, file.as_of));
        Ok(known.map(|(since, as_of)| MemberPlateRow { row, since, as_of }))
    }

    fn check(&self, kept: &Kept, sealed: i64) -> Result<(), StoreProblem> {
        let wanted = seal::seal_of(kept, &self.0.accounts);
        seal::check(Some(sealed), wanted, "a plate of a member")
    }

    fn put(&self, rows: impl Iterator<Item = Kept>) -> Result<(), StoreError> {
        let store = self.0;
        let mut put =
            store.prepare("INSERT INTO member_plate VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
        for kept in rows {
            let seal = seal::seal_of(&kept, &store.accounts).map_err(|e| store.error(e))?;
            put.run((kept, seal))?;
        }
        Ok(())
    }

    /// Drops the rows of a file. Those of all others are written anew: SQLite moves rows between pages, and what
    /// it leaves behind where they were is written over only with the whole page.
    fn drop_rows(&self, file: i64) -> Result<(), StoreError> {
        let store = self.0;
        let mut others = Vec::new();
        let sql =
            "SELECT file, line, email, number, plate, issuer, seal FROM member_plate NOT INDEXED";
        store.prepare(sql)?.each((), |(kept, sealed): (Kept, i64)| {
            if kept.file != file {
                self.check(&kept, sealed)?;
                others.push(kept);
            }
            Ok(())
        })?;
        // Without a condition it gives back every page.
        store.exec("DELETE FROM member_plate", ())?;
        self.put(others.into_iter())?;
        store.exec("DELETE FROM member_plate_left_out WHERE file = ?1", file)
    }

    fn keep(&self, file: &MemberPlateFile) -> Result<(), StoreError> {
        let store = self.0;
        let seal = seal::seal_of(file, &store.accounts).map_err(|error| store.error(error))?;
        store.exec(
            "INSERT INTO member_plate_file VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
             ON CONFLICT (id) DO UPDATE SET sha256 = ?3, sense = ?4, stamp = ?5, plates = ?6, \
             left_out = ?7, changed_at = ?8, as_of_at = ?9, seal = ?10",
            (file, seal),
        )
    }
}
