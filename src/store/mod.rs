//! The state file: everything the program must remember between ticks, in one SQLite file.
//!
//! # Locking
//! A run that may write holds a lock file beside the state file (see [`lock`]); SQLite's own locks
//! only guard single transactions. The journal mode is WAL, so `lookup` can read while a tick runs.
//!
//! # Durability
//! `synchronous = FULL`: an intent is on the disk before the first byte of its write leaves.
//!
//! # Compatibility
//! See `schema`. A file of another format, newer or older, is refused and never changed.
//!
//! # Damage
//! SQLite looks at the structure of every page before anything is read that decides who may enter
//! ([`Store::check`]); those values carry checksums besides (`seal`). What does not fit ends the run
//! before anybody is written to.
//!
//! # File systems
//! WAL needs shared memory, so the file must be on a local disk, not on a network share.

mod alarms;
mod attention;
mod audit;
mod blocked;
mod convert;
mod devices;
mod failures;
mod future;
pub mod health;
mod journal;
mod links;
pub mod lock;
mod login;
mod machine;
mod members;
mod overview;
mod prune;
mod quiet;
mod schema;
mod seal;
mod trust;
mod uncommitted;
mod waiting;

use std::path::{Path, PathBuf};
use std::time::Duration;

use hmac::{Hmac, Mac};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use sha2::Sha256;

use crate::files;
use crate::model::{Accounts, HolderId, SourceName};
use crate::text::hex::hex;

pub use alarms::Alarm;
pub use attention::{Attention, AttentionKind};
pub use audit::AuditEntry;
pub use blocked::BlockedPlan;
pub use devices::{Reading, RecordsOfTarget, TargetState};
pub use failures::{Failures, LastFailure};
pub use future::FutureRun;
pub use journal::{Intent, Outcome, OutcomeKind, RunEnd};
pub use links::SettledRoles;
pub use login::LoginMemory;
pub use machine::Machine;
pub use members::{Changed, ListingDelta, SecondLook, SourceState, StoredHolder};
pub use overview::{AuditLine, BlockedOverview, DeviceOverview, GrantDelay, PastRun};
pub use quiet::{Quiet, QuietRun};
pub use trust::{Unasked, Unproven, WriteMemory};
pub use uncommitted::Uncommitted;
pub use waiting::Waiting;

/// How long to wait for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// What can be wrong with the state file.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file has a later format than this program knows.
    #[error("was written by a newer version of ivms-sync (format {found}, this one knows {known})")]
    Newer {
        /// The file's `user_version`.
        found: i64,
        /// The format this program writes.
        known: i64,
    },
    /// The file has a format from before the first release.
    #[error(
        "was written by an early version of ivms-sync (format {found}, this one writes {known})"
    )]
    Older {
        /// The file's `user_version`.
        found: i64,
        /// The format this program writes.
        known: i64,
    },
    /// A database that never was a state file.
    #[error("is a database of another program")]
    Foreign,
    /// The file is missing or empty, and something beside it says that there was one.
    #[error("is missing or empty, although runs have used it before")]
    Lost,
    /// What lies there, or beside it, is a link or somebody else's.
    #[error("{0}")]
    NotOurs(String),
    /// Another program has it open, and did not let go of it.
    #[error("is busy: another program has it open, and it was waited for in vain")]
    Busy,
    /// Another computer works with the same file.
    #[error("was used by another computer {minutes} minutes ago; nothing was done")]
    OtherComputer {
        /// How long ago its last run was.
        minutes: i64,
    },
    /// SQLite's own check found damage, or a value is not what the schema says.
    #[error("is damaged: {0}")]
    Damaged(String),
    /// The file or its folder cannot be created, read or written.
    #[error("cannot be used: {0}")]
    Unusable(String),
    /// Any other failure of SQLite.
    #[error("failed: {0}")]
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            Some(
                ErrorCode::ReadOnly
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::DiskFull
                | ErrorCode::SystemIoFailure,
            ) => Self::Unusable(error.to_string()),
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed,
            ) => Self::Busy,
            _ => match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Damaged(error.to_string()),
                other => Self::Sqlite(other),
            },
        }
    }
}

impl StoreError {
    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Newer { .. } => "install the newer version again; this file was not changed",
            Self::Older { .. } => {
                "move it away with its .lock and -wal files to start afresh: doors stay as they are, \
                 and the next run reads both sides again; this file was not changed"
            }
            Self::Foreign => "see `state` in the configuration; this file was not changed",
            Self::Lost => {
                "put back a copy of the file; or, to start afresh, remove its .lock and -wal files \
                 too: doors stay as they are, and the next run reads both sides again"
            }
            Self::NotOurs(_) => {
                "a link, a pipe or another user's file is never used: name the file itself in `state`, \
                 or remove what was laid there"
            }
            Self::Busy => {
                "nothing was lost, and the next run tries again; if it stays, find the program with \
                 `fuser -v` or `lsof` and the name of the file, and end it: a database browser, a \
                 backup, another ivms-sync"
            }
            Self::OtherComputer { .. } => {
                "let one computer write to a door: stop ivms-sync on the other; this one takes over \
                 by itself 10 minutes after the other's last run"
            }
            Self::Damaged(_) => {
                "put back a copy of the file in place of it and its -wal file; or, to start afresh, \
                 move it away with its .lock and -wal files: doors stay as they are, and the next \
                 run reads both sides again"
            }
            Self::Unusable(_) => {
                "see that the disk is not full and that this user may write the file and its folder"
            }
            Self::Sqlite(_) => {
                "if it stays, move the file away with its .lock and -wal files to start afresh"
            }
        }
    }
}

/// The open state file.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    machine: Machine,
    accounts: Accounts,
    /// Every page was looked at since the file was opened.
    is_checked: bool,
    /// What is written now is a part of [`Store::together`].
    is_together: bool,
}

/// One look at the state file; see [`Store::reading`].
#[derive(Debug)]
pub struct OneLook<'s> {
    // Rolled back when it goes, which for a reader is simply the end.
    _transaction: rusqlite::Transaction<'s>,
}

/// Something that is written as a whole; without [`Piece::commit`] it is not written.
struct Piece<'s> {
    connection: &'s Connection,
    own: Option<rusqlite::Transaction<'s>>,
}

impl Piece<'_> {
    fn commit(self) -> Result<(), StoreError> {
        Ok(self.own.map_or(Ok(()), rusqlite::Transaction::commit)?)
    }
}

impl std::ops::Deref for Piece<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection
    }
}

impl Store {
    /// Opens the file, creates it (readable by its owner only) where there is none, and checks it.
    ///
    /// # Errors
    /// [`StoreError`]; a damaged file, or one of another format, is left exactly as it is.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_looking(path, true)
    }

    /// The same, but the file is not looked at beyond its head: for whoever
    /// calls [`Store::check`] before relying on more than a few rows of it.
    ///
    /// # Errors
    /// [`StoreError`]; a file of another format, and a damaged one as far as that is seen, is left exactly
    /// as it is.
    pub fn open_unchecked(path: &Path) -> Result<Self, StoreError> {
        Self::open_looking(path, false)
    }

    fn open_looking(path: &Path, at_every_page: bool) -> Result<Self, StoreError> {
        lock::check_not_lost(path)?;
        create_private(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        // With that flag SQLite takes no link in any part of the path.
        let mut connection = Connection::open_with_flags(files::resolved(path), flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        schema::check_format(&connection)?;
        if at_every_page {
            check_integrity(&connection)?;
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        schema::create(&mut connection)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self { is_checked: at_every_page, ..Self::around(connection, path) })
    }

    fn around(connection: Connection, path: &Path) -> Self {
        Self {
            connection,
            path: path.to_owned(),
            machine: Machine::here(None),
            accounts: Accounts::default(),
            is_checked: false,
            is_together: false,
        }
    }

    /// Lets SQLite look at the structure of every page, once: about a millisecond for 1,000 members.
    pub fn check(&mut self) -> Result<(), StoreError> {
        if !self.is_checked {
            check_integrity(&self.connection)?;
            self.is_checked = true;
        }
        Ok(())
    }

    /// Says on which computer this is, where its name is better known than its identity.
    #[must_use]
    pub fn on(mut self, machine: Machine) -> Self {
        self.machine = machine;
        self
    }

    /// Says what is read under which name. An account that nothing names is as an organisation that has left.
    #[must_use]
    pub fn with_accounts(mut self, accounts: Accounts) -> Self {
        self.accounts = accounts;
        self
    }

    /// The two columns of a member's identity, starting at column `first`.
    fn key_in(&self, row: &rusqlite::Row<'_>, first: usize) -> Result<HolderId, StoreError> {
        let source = self.accounts.source(convert::text_at(row, first)?);
        let text = convert::text_at(row, first + 1)?;
        HolderId::new(source, text).map_err(|error| convert::damaged("a member", error))
    }

    /// The account by which a source is known here.
    fn account<'a>(&'a self, source: &'a SourceName) -> &'a str {
        self.accounts.account(source)
    }

    /// What only this state file knows.
    fn salt(&self) -> Result<Vec<u8>, StoreError> {
        Ok(self.connection.query_row("SELECT value FROM salt", [], |row| row.get(0))?)
    }

    /// The seal of a plan by its SHA-256: whoever cannot read this file cannot make it, and another
    /// state file makes another one.
    pub fn plan_seal(&self, sha256: &str) -> Result<String, StoreError> {
        let mut seal = Hmac::<Sha256>::new_from_slice(&self.salt()?)
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
        seal.update(b"a plan of ivms-sync\0");
        seal.update(sha256.as_bytes());
        Ok(hex(&seal.finalize().into_bytes()))
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The values of one column.
    fn column<T: rusqlite::types::FromSql>(&self, sql: &str) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare(sql)?;
        let values = statement.query_map([], |row| row.get(0))?;
        Ok(values.collect::<Result<_, _>>()?)
    }

    /// Takes one look at the file for everything that is read until the answer is dropped: what another
    /// process writes meanwhile is not seen, and the file is locked once and not for every statement.
    /// Nothing may be written while it lives.
    pub fn reading(&self) -> Result<OneLook<'_>, StoreError> {
        Ok(OneLook { _transaction: self.connection.unchecked_transaction()? })
    }

    /// Writes several things, all of them or none: a card in a small computer takes its time for each
    /// piece that must be on it for certain.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of it was written.
    pub fn together(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        self.is_together = true;
        let done = work(self);
        self.is_together = false;
        let done = done.and_then(|()| Ok(self.connection.execute_batch("COMMIT")?));
        if done.is_err() {
            // What could not be written is told; that it is taken back too, SQLite sees to by itself.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        done
    }

    /// Begins something that is written as a whole: by itself, or as a part of [`Store::together`].
    fn piece(&self) -> Result<Piece<'_>, StoreError> {
        let own =
            if self.is_together { None } else { Some(self.connection.unchecked_transaction()?) };
        Ok(Piece { connection: &self.connection, own })
    }

    fn exec(&self, sql: &str, params: impl rusqlite::Params) -> Result<usize, StoreError> {
        Ok(self.connection.prepare_cached(sql)?.execute(params)?)
    }
}

/// Names and e-mails are in the file, so nobody else may read it; SQLite gives its side files the
/// same mode.
fn create_private(path: &Path) -> Result<(), StoreError> {
    lock::make_folder(path).map_err(|error| unusable("", &error))?;
    files::make_own(path).map_err(|error| unusable("", &error))
}

/// Refuses a state file that is a link or somebody else's, and side files that are.
fn refuse_others(path: &Path) -> Result<(), StoreError> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let which = if suffix.is_empty() { String::new() } else { format!("{suffix} file") };
        let checked = files::check_own(&lock::beside(path, suffix));
        // What cannot be looked at is for whoever opens it.
        if let Err(error @ StoreError::NotOurs(_)) = checked.map_err(|e| unusable(&which, &e)) {
            return Err(error);
        }
    }
    Ok(())
}

/// Why a file cannot be used: the state file, or the one beside it that is named `which`.
fn unusable(which: &str, error: &std::io::Error) -> StoreError {
    let is_itself = which.is_empty();
    match error.kind() {
        std::io::ErrorKind::InvalidInput if is_itself => StoreError::NotOurs(error.to_string()),
        std::io::ErrorKind::InvalidInput => {
            StoreError::NotOurs(format!("has a {which} that {error}"))
        }
        _ if is_itself => StoreError::Unusable(error.to_string()),
        _ => StoreError::Unusable(format!("its {which}: {error}")),
    }
}

fn check_integrity(connection: &Connection) -> Result<(), StoreError> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(StoreError::Damaged(verdict)) }
}

#[cfg(test)]
mod tests;
