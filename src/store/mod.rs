//! The state file: everything the program must remember between ticks, in one SQLite file. Whoever works with
//! it gets a view of a part: [`Store::members`], [`Store::journal`] and so on.
//!
//! # Locking
//! A run that may write holds a lock file beside the state file (see [`lock`]); SQLite's own locks
//! only guard single transactions. The journal mode is WAL, so `lookup` can read while a tick runs.
//!
//! # Durability
//! `synchronous = FULL`: an intent is on the disk before the first byte of its write leaves. A quiet tick alone
//! is left in the side file: whoever loses it asks for an hour more of changes.
//! For compatibility see `schema`. A file of another format, newer or older, is refused and never changed.
//!
//! # Damage
//! Values that decide who may enter carry checksums (`seal`), which are compared whenever they are read. Before
//! an organisation is asked for everybody, and before a person's command, SQLite looks at the structure of every
//! page besides ([`Store::check`]), but for those of the lists of runs and changes. What does not fit ends the run before anybody is written to.
//! WAL needs shared memory, so the file must be on a local disk, not on a network share.

mod alarms;
mod attention;
mod audit;
mod blocked;
mod books;
mod citations;
mod devices;
mod error;
mod failures;
mod future;
mod gates;
pub mod health;
mod inbox;
mod journal;
mod ledger;
mod links;
pub mod lock;
mod login;
mod machine;
mod member_plates;
mod members;
mod outbox;
mod overview;
mod pages;
mod permit_lists;
mod prepared;
mod prune;
mod quiet;
mod referrals;
mod rights;
mod rows;
mod schema;
mod seal;
mod trust;
mod uncommitted;
mod views;
mod waiting;
mod work;

use std::cell::Cell;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hmac::{Hmac, Mac};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use sha2::Sha256;

use crate::files;
use crate::model::Accounts;
use crate::text::hex::hex;
use pages::check_integrity;
use prepared::Prepared;
use rows::{FromColumns, ToColumns};
use work::Work;

pub use alarms::Alarm;
pub use attention::{Attention, AttentionKind};
pub use audit::{AuditEntry, AuditLine, NamedLine, Names};
pub use blocked::BlockedPlan;
pub use books::{
    FileKept, LedgerSpan, OddRow, PartKept, Returned, RowAdded, RowsIn, SettledRow, SpoolStamp,
};
pub use citations::{CitationKept, CitationsListed};
pub use devices::{Reading, RecordsOfTarget, TargetState};
pub use error::{StoreError, StoreProblem};
pub use failures::{Failures, LastFailure};
pub use future::FutureRun;
pub use gates::{GateChange, GateKept};
pub use inbox::{MeterKept, Taken};
pub use journal::{Intent, Outcome, OutcomeKind, RunEnd, end_from_outside};
pub use links::{SettledRoles, SinceRow};
pub use login::LoginMemory;
pub use machine::Machine;
pub use member_plates::{MemberPlateFile, MemberPlateFileRead, MemberPlateRow};
pub use members::{Changed, ListingDelta, SecondLook, SourceState, StoredHolder};
pub use outbox::DocumentKept;
pub use overview::{BlockedOverview, DeviceOverview, GrantDelay, PastRun};
pub use permit_lists::PermitListKept;
pub use quiet::{FileSeen, Quiet, QuietRun};
pub use referrals::{ReferralKept, ReferralState};
pub use rights::{InsteadOf, OfPlate, RightsPart, RightsPartRead};
pub use trust::{Unasked, Unproven, WriteMemory};
pub use uncommitted::Uncommitted;
pub use views::{
    Alarms, Books, Citations, Devices, Gates, Inbox, Journal, Links, MemberPlates, Members, Outbox,
    Overview, Pending, Referrals, Rights, Trust,
};
pub use waiting::Waiting;

/// How long to wait for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How many bytes quiet ticks leave in the side file before one of them closes it: those of about two hours.
const SIDE_FILE_LONG: u64 = 512 * 1024;

/// The open state file.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    machine: Machine,
    accounts: Accounts,
    /// Every page was looked at since the file was opened.
    is_checked: bool,
    open: Cell<Open>,
    work: Work,
}

/// The transaction that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    None,
    Reading,
    Writing,
}

/// One look at the state file; see [`Store::reading`].
#[derive(Debug)]
pub struct OneLook<'s> {
    // Rolled back when it goes, which for a reader is simply the end.
    _transaction: Transaction<'s>,
    open: &'s Cell<Open>,
}

impl Drop for OneLook<'_> {
    fn drop(&mut self) {
        self.open.set(Open::None);
    }
}

impl Store {
    /// Opens the file, creates it (readable by its owner only) where there is none, and checks it.
    ///
    /// # Errors
    /// A damaged file, or one of another format, is left exactly as it is.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let store = Self::try_open(path, true).map_err(|problem| StoreError::new(path, problem))?;
        store.journal().check_of_one_time()?;
        Ok(store)
    }

    /// The same, but the file is not looked at beyond its head: for whoever
    /// calls [`Store::check`] before relying on more than a few rows of it.
    pub fn open_unchecked(path: &Path) -> Result<Self, StoreError> {
        Self::try_open(path, false).map_err(|problem| StoreError::new(path, problem))
    }

    /// The same, for whoever reads, and writes at most what a login taught.
    pub fn open_beside_runs(path: &Path) -> Result<Self, StoreError> {
        let store = Self::open_unchecked(path)?;
        leave_to_runs(&store.connection, path).map_err(|problem| store.error(problem))?;
        Ok(store)
    }

    /// Opens the file to be read only, and checks it; `None` where there is none yet, and none is made.
    ///
    /// # Errors
    /// As [`Store::open`]; one that was lost is not one that is not there yet.
    pub fn open_to_read(path: &Path) -> Result<Option<Self>, StoreError> {
        let store = Self::open_to_read_unchecked(path)?;
        store.map(|mut store| store.check().map(|()| store)).transpose()
    }

    /// The same, but the file is not looked at beyond its head, as in [`Store::open_unchecked`].
    pub fn open_to_read_unchecked(path: &Path) -> Result<Option<Self>, StoreError> {
        Self::try_open_to_read(path).map_err(|problem| StoreError::new(path, problem))
    }

    fn try_open(path: &Path, at_every_page: bool) -> Result<Self, StoreProblem> {
        lock::check_not_lost(path)?;
        create_private(path)?;
        let connection = connect(path)?;
        if at_every_page {
            check_integrity(&connection)?;
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        schema::create(&connection)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self { is_checked: at_every_page, ..Self::around(connection, path) })
    }

    fn try_open_to_read(path: &Path) -> Result<Option<Self>, StoreProblem> {
        lock::check_not_lost(path)?;
        if std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound) {
            return Ok(None);
        }
        // SQLite would leave side files behind if the file itself were opened read-only.
        let connection = connect(path)?;
        connection.pragma_update(None, "query_only", true)?;
        leave_to_runs(&connection, path)?;
        if schema::format(&connection)? == 0 {
            return Ok(None);
        }
        Ok(Some(Self::around(connection, path)))
    }

    fn around(connection: Connection, path: &Path) -> Self {
        Self {
            connection,
            path: path.to_owned(),
            machine: Machine::here(None),
            accounts: Accounts::default(),
            is_checked: false,
            open: Cell::new(Open::None),
            work: Work::default(),
        }
    }

    /// Lets SQLite look at the structure of every page, once: about a millisecond for 1,000 members; and looks
    /// whether its parts are of one time.
    pub fn check(&mut self) -> Result<(), StoreError> {
        if !self.is_checked {
            check_integrity(&self.connection).map_err(|problem| self.error(problem))?;
            self.journal().check_of_one_time()?;
            self.is_checked = true;
        }
        Ok(())
    }

    /// Says on which computer this is, where its name is better known than its identity.
    #[must_use]
    pub fn with_machine(mut self, machine: Machine) -> Self {
        self.machine = machine;
        self
    }

    /// Says what is read under which name. An account that nothing names is as an organisation that has left.
    #[must_use]
    pub fn with_accounts(mut self, accounts: Accounts) -> Self {
        self.accounts = accounts;
        self
    }

    /// What only this state file knows.
    fn salt(&self) -> Result<Vec<u8>, StoreError> {
        let salt = self.connection.query_row("SELECT value FROM salt", [], |row| row.get(0));
        salt.map_err(|error| self.error(error))
    }

    /// The seal of a plan by its SHA-256: whoever cannot read this file cannot make it, and another
    /// state file makes another one.
    pub fn plan_seal(&self, sha256: &str) -> Result<String, StoreError> {
        let mut seal = Hmac::<Sha256>::new_from_slice(&self.salt()?)
            .map_err(|error| self.error(StoreProblem::Damaged(error.to_string())))?;
        seal.update(b"a plan of ivms-sync\0");
        seal.update(sha256.as_bytes());
        Ok(hex(&seal.finalize().into_bytes()))
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes one look at the file for everything that is read until the answer is dropped: what another
    /// process writes meanwhile is not seen, and the file is locked once and not for every statement.
    /// Nothing can be written while it lives.
    pub fn reading(&self) -> Result<OneLook<'_>, StoreError> {
        let transaction = self.connection.unchecked_transaction();
        let look = OneLook {
            _transaction: transaction.map_err(|error| self.error(error))?,
            open: &self.open,
        };
        self.open.set(Open::Reading);
        Ok(look)
    }

    /// Reads with several statements what another process may write meanwhile: all of it before, or all of it
    /// afterwards.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn at_once<T>(
        &self,
        read: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let _look = match self.open.get() {
            Open::None => Some(self.reading()?),
            Open::Reading | Open::Writing => None,
        };
        read()
    }

    /// Writes several things, all of them or none, by itself or as a part of a larger piece of work: a
    /// card in a small computer takes its time for each piece that must be on it for certain.
    ///
    /// # Errors
    /// Nothing of it was written.
    pub fn together<T>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.together_unless(work)
    }

    /// The same for work that may find a reason of its own to write nothing.
    ///
    /// # Errors
    /// Nothing of it was written; within a larger piece of work, whoever does that must give up all of it.
    pub fn together_unless<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        if self.open.get() == Open::Writing {
            return work(self);
        }
        let error = |error: rusqlite::Error| E::from(self.error(error));
        let behavior = TransactionBehavior::Immediate;
        let transaction = Transaction::new_unchecked(&self.connection, behavior).map_err(error)?;
        self.open.set(Open::Writing);
        let done = work(self);
        self.open.set(Open::None);
        // Without this it is taken back.
        let done = done?;
        transaction.commit().map_err(error)?;
        self.work.committed();
        Ok(done)
    }

    /// Writes several things, reads what follows from them, and takes all of it back.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is written in any case.
    pub fn as_if<T>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let error = |error: rusqlite::Error| self.error(error);
        let behavior = TransactionBehavior::Immediate;
        let transaction = Transaction::new_unchecked(&self.connection, behavior).map_err(error)?;
        self.open.set(Open::Writing);
        let done = work(self);
        self.open.set(Open::None);
        transaction.rollback().map_err(error)?;
        done
    }

    /// Whatever is written from now on reaches the disk with what the next run writes, unless the side file has
    /// become long: whoever opens the file reads all of it anew, and nothing but closing makes it short.
    fn leave_to_the_next(&self) -> Result<(), StoreProblem> {
        self.connection.pragma_update(None, "synchronous", "NORMAL")?;
        match side_file_bytes(&self.path) {
            ..SIDE_FILE_LONG => leave_side_file(&self.connection),
            _ => Ok(()),
        }
    }

    fn error(&self, problem: impl Into<StoreProblem>) -> StoreError {
        StoreError::new(&self.path, problem)
    }

    /// What is deleted from now on is written over with zeros: for rows that nobody may find again.
    fn write_over_what_goes(&self) -> Result<(), StoreError> {
        let set = self.connection.pragma_update(None, "secure_delete", true);
        set.map_err(|error| self.error(error))
    }

    /// A statement that is run several times.
    fn prepare(&self, sql: &str) -> Result<Prepared<'_>, StoreError> {
        let statement = self.connection.prepare_cached(sql);
        Ok(Prepared { statement: statement.map_err(|error| self.error(error))?, store: self })
    }

    /// Runs a statement without an answer.
    fn exec(&self, sql: &str, params: impl ToColumns) -> Result<(), StoreError> {
        self.prepare(sql)?.run(params).map(|_| ())
    }

    /// The first row of the answer.
    fn first<T: FromColumns>(
        &self,
        sql: &str,
        params: impl ToColumns,
    ) -> Result<Option<T>, StoreError> {
        self.prepare(sql)?.first(params)
    }

    /// All rows of the answer.
    fn all<T: FromColumns, C: FromIterator<T>>(
        &self,
        sql: &str,
        params: impl ToColumns,
    ) -> Result<C, StoreError> {
        self.prepare(sql)?.all(params)
    }
}

/// What runs have left in the side file stays there for them to bring into the file, which takes a while. An
/// empty one goes when the file is closed.
fn leave_to_runs(connection: &Connection, path: &Path) -> Result<(), StoreProblem> {
    match side_file_bytes(path) {
        0 => Ok(()),
        _ => leave_side_file(connection),
    }
}

/// How long the side file is.
fn side_file_bytes(path: &Path) -> u64 {
    std::fs::metadata(lock::beside(path, "-wal")).map_or(0, |side_file| side_file.len())
}

/// Closing brings nothing from the side file into the file.
fn leave_side_file(connection: &Connection) -> Result<(), StoreProblem> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(())
}

/// Opens a file that is there and has our format, or is empty.
fn connect(path: &Path) -> Result<Connection, StoreProblem> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    // With that flag SQLite takes no link in any part of the path.
    let connection = Connection::open_with_flags(files::resolved(path), flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    schema::check_format(&connection)?;
    Ok(connection)
}

/// Names and e-mails are in the file, so nobody else may read it; SQLite gives its side files the
/// same mode.
fn create_private(path: &Path) -> Result<(), StoreProblem> {
    lock::make_folder(path).map_err(|error| unusable("", &error))?;
    files::make_own(path).map_err(|error| unusable("", &error))
}

/// Refuses a state file that is a link or somebody else's, and side files that are.
fn refuse_others(path: &Path) -> Result<(), StoreProblem> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let which = if suffix.is_empty() { String::new() } else { format!("{suffix} file") };
        let checked = files::check_own(&lock::beside(path, suffix));
        // What cannot be looked at is for whoever opens it.
        if let Err(error @ StoreProblem::NotOurs(_)) = checked.map_err(|e| unusable(&which, &e)) {
            return Err(error);
        }
    }
    Ok(())
}

/// Why a file cannot be used: the state file, or the one beside it that is named `which`.
fn unusable(which: &str, error: &std::io::Error) -> StoreProblem {
    let is_itself = which.is_empty();
    match error.kind() {
        ErrorKind::InvalidInput if is_itself => StoreProblem::NotOurs(error.to_string()),
        ErrorKind::InvalidInput => StoreProblem::NotOurs(format!("has a {which} that {error}")),
        _ if is_itself => StoreProblem::Unusable(error.to_string()),
        _ => StoreProblem::Unusable(format!("its {which}: {error}")),
    }
}

#[cfg(test)]
mod tests;
