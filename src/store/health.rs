//! Whether the state file is sound, for a person who asks: everything is looked at but the lists of runs and
//! changes, which only grow; nothing is changed.

use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OpenFlags};

use super::pages::first_flaws;
use super::rows::row;
use super::{Store, StoreError, StoreProblem, lock, schema};
use crate::model::{SourceName, TargetName};

/// Of each kind of damage so many places are named.
const PLACES_MAX: usize = 5;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth a look; runs go on.
    Warning,
    /// No run can use the file.
    Failed,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub severity: Severity,
    /// What, as a sentence about the file.
    pub text: String,
    pub remedy: String,
}

/// A run as the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// `sync` or `apply`.
    pub command: String,
    pub began: DateTime<Utc>,
    /// When it ended, unless it is at work or was cut off.
    pub ended: Option<DateTime<Utc>>,
    pub exit_code: Option<u8>,
}

/// What a look at the state file showed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether there is a file with something in it.
    pub exists: bool,
    /// Its size in bytes, with what waits in its side file.
    pub size: u64,
    /// The version of its format.
    pub version: Option<i64>,
    /// Its permission bits, where there are such.
    pub mode: Option<u32>,
    /// Changes that were announced and have no outcome: at work now, or cut off.
    pub open_intents: usize,
    pub last_run: Option<LastRun>,
    /// Another program has it open, so that nothing of it could be seen.
    pub is_busy: bool,
    /// What is not as it should be, worst first; empty: sound.
    pub findings: Vec<Finding>,
}

row!(LastRun { command, began, ended, exit_code });

impl Health {
    /// Looks at a state file. Takes as long as reading all that decides anything.
    #[must_use]
    pub fn examine(path: &Path) -> Self {
        let mut health = Self::default();
        if let Err(error) = health.look(path) {
            health.is_busy = matches!(error, StoreProblem::Busy);
            health.find(Severity::Failed, error.to_string(), error.hint());
        }
        health.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        health
    }

    fn find(&mut self, severity: Severity, text: String, remedy: &str) {
        self.findings.push(Finding { severity, text, remedy: remedy.to_owned() });
    }

    fn look(&mut self, path: &Path) -> Result<(), StoreProblem> {
        lock::check_not_lost(path)?;
        let Ok(file) = std::fs::metadata(path) else { return Ok(()) };
        self.exists = file.len() > 0;
        let waiting = std::fs::metadata(lock::beside(path, "-wal")).map_or(0, |wal| wal.len());
        self.size = file.len().saturating_add(waiting);
        self.look_at_mode(&file);
        if file.is_file() && file.len() == 0 {
            return Ok(());
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_NOFOLLOW;
        let connection = Connection::open_with_flags(crate::files::resolved(path), flags)?;
        connection.busy_timeout(super::BUSY_TIMEOUT)?;
        self.version = Some(schema::format(&connection)?);
        schema::check_format(&connection)?;
        self.look_at_pages(&connection)?;
        if self.version == Some(schema::FORMAT) && self.findings.iter().all(Finding::is_bearable) {
            let store = Store::around(connection, path);
            self.look_at_values(&store)?;
            self.look_at_runs(&store)?;
        }
        Ok(())
    }

    #[cfg(unix)]
    fn look_at_mode(&mut self, file: &std::fs::Metadata) {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.permissions().mode() & 0o7777;
        self.mode = Some(mode);
        if mode & 0o077 != 0 {
            let text = format!("can be read or written by others (mode {mode:o})");
            self.find(Severity::Warning, text, "names and e-mails are in it: chmod 600 the file");
        }
    }

    #[cfg(not(unix))]
    fn look_at_mode(&mut self, _file: &std::fs::Metadata) {}

    fn look_at_pages(&mut self, connection: &Connection) -> Result<(), StoreProblem> {
        let remedy = StoreProblem::Damaged(String::new()).hint();
        for verdict in first_flaws(connection, "integrity_check", PLACES_MAX)? {
            self.find(Severity::Failed, format!("is damaged: {verdict}"), remedy);
        }
        let mut statement = connection.prepare(
            "SELECT \"table\", count(*) FROM sqlite_schema, pragma_foreign_key_check(name) \
             WHERE type = 'table' AND name <> 'change' GROUP BY \"table\"",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (table, count): (String, i64) = (row.get(0)?, row.get(1)?);
            let text = format!("is damaged: {count} rows of {table} belong to nothing");
            self.find(Severity::Failed, text, remedy);
        }
        Ok(())
    }

    /// Reads every value that decides anything, as a run would.
    fn look_at_values(&mut self, store: &Store) -> Result<(), StoreError> {
        let sources: Vec<SourceName> = store.all("SELECT account FROM source", ())?;
        for source in sources {
            store.members().source_state(&source)?;
            store.members().members(&source)?;
        }
        let devices: Vec<TargetName> = store.all("SELECT name FROM device", ())?;
        for device in &devices {
            store.devices().device_state(device)?;
            store.devices().persons(device)?;
            store.devices().stated_end(device)?;
            store.devices().read_backs(device)?;
            store.links().links(device)?;
            store.links().settled_roles(device)?;
            store.trust().failures(device)?;
            store.trust().write_memory(device)?;
            store.pending().last_tries(device)?;
            self.open_intents += store.journal().open_intents(device)?.len();
        }
        let paths: Vec<String> = store.all("SELECT path FROM link_file", ())?;
        for path in &paths {
            store.links().link_rows(path)?;
            store.links().link_rows_left_out(path)?;
        }
        store.pending().waiting()?;
        store.pending().attention()?;
        Ok(())
    }

    fn look_at_runs(&mut self, store: &Store) -> Result<(), StoreError> {
        self.last_run = store.first(
            "SELECT command, started_at, ended_at, exit_code FROM run ORDER BY id DESC LIMIT 1",
            (),
        )?;
        if self.open_intents > 0 {
            let text = format!(
                "holds {} changes without an outcome: a run is at work, or was cut off",
                self.open_intents
            );
            let remedy =
                "nothing to do: the next `ivms-sync sync` asks the door what became of them";
            self.find(Severity::Warning, text, remedy);
        }
        Ok(())
    }
}

impl Finding {
    fn is_bearable(&self) -> bool {
        self.severity == Severity::Warning
    }
}
