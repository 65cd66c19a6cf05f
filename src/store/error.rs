//! What can be wrong with the state file, and what to do.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// The state file cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the state file {} {problem}{}", path.display(), sent.as_deref().unwrap_or_default())]
pub struct StoreError {
    path: PathBuf,
    pub problem: StoreProblem,
    /// What had left already, as the end of a sentence.
    sent: Option<String>,
}

impl StoreError {
    pub(super) fn new(path: &Path, problem: impl Into<StoreProblem>) -> Self {
        Self { path: path.to_owned(), problem: problem.into(), sent: None }
    }

    /// The same after a document was sent: what became of it could not be kept.
    #[must_use]
    pub fn after_sending(self, document: &str) -> Self {
        let text = format!("; {document} was sent just before, and may have arrived");
        Self { sent: Some(text), ..self }
    }

    /// What the user can do.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.sent {
            Some(_) => {
                "make the state file usable again, and do not send the document by other means: the next run asks the \
                 other side"
            }
            None => self.problem.hint(),
        }
    }

    /// Whether it goes by itself.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(self.problem, StoreProblem::Busy)
    }
}

/// What can be wrong with the state file.
#[derive(Debug, thiserror::Error)]
pub enum StoreProblem {
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

impl From<rusqlite::Error> for StoreProblem {
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

impl StoreProblem {
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

impl From<StoreError> for StoreProblem {
    fn from(error: StoreError) -> Self {
        error.problem
    }
}
