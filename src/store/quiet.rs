//! What lets a tick be short: the word of a run that found nothing to do, and the record of a tick
//! that relied on it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::convert::{instant_in, instant_out};
use super::journal::run_in;
use super::prune::prune;
use super::{Store, StoreError, seal};
use crate::model::{RunId, SourceName};

/// The word of a run that found nothing to do and nothing wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    /// A digest of everything the plan came from that is not in this file.
    pub inputs: String,
    /// When that run began.
    pub since: DateTime<Utc>,
    /// From when on the time alone may bring a change.
    pub until: DateTime<Utc>,
    /// The report of that run, to be shown once more.
    pub report: String,
}

/// A quiet tick: nothing is remembered of it but that it was.
#[derive(Debug, Clone)]
pub struct QuietRun {
    /// When it began; the listings were asked for then.
    pub began: DateTime<Utc>,
    pub ended: DateTime<Utc>,
    /// The organisations that were asked.
    pub asked: Vec<SourceName>,
    /// HTTP requests by target.
    pub requests: BTreeMap<String, u64>,
}

impl Store {
    /// The word of the last run that looked at everything, if it found nothing to do, the last run of
    /// all ended well, on this computer, no write is without an outcome, and
    /// everything written is in force.
    pub fn quiet(&self) -> Result<Option<Quiet>, StoreError> {
        let is_well = self.last_run()?.is_some_and(|last| {
            last.exit_code == Some(0) && !self.machine.is_other_than(&last.machine)
        });
        let has_intents =
            "SELECT EXISTS (SELECT 1 FROM intent) OR EXISTS (SELECT 1 FROM uncommitted)";
        if !is_well || self.connection.query_row(has_intents, [], |row| row.get(0))? {
            return Ok(None);
        }
        let mut statement = self
            .connection
            .prepare_cached("SELECT inputs, since_at, until_at, report, seal FROM quiet")?;
        let mut rows = statement.query([])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let quiet = Quiet {
            inputs: row.get(0)?,
            since: instant_in(row.get(1)?)?,
            until: instant_in(row.get(2)?)?,
            report: row.get(3)?,
        };
        seal::check(Some(row.get(4)?), || seal::of_quiet(&quiet), "what makes a tick quiet")?;
        Ok(Some(quiet))
    }

    /// Keeps the word of a run; within the transaction that ends it.
    pub(super) fn keep_quiet(&self, quiet: &Quiet) -> Result<(), StoreError> {
        self.drop_quiet()?;
        self.exec(
            "INSERT INTO quiet (inputs, since_at, until_at, report, seal) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                quiet.inputs,
                instant_out(quiet.since),
                instant_out(quiet.until),
                quiet.report,
                seal::of_quiet(quiet),
            ],
        )?;
        Ok(())
    }

    /// Nothing is quiet any more; within the transaction that begins a run.
    pub(super) fn drop_quiet(&self) -> Result<(), StoreError> {
        self.exec("DELETE FROM quiet", [])?;
        Ok(())
    }

    /// Records a quiet tick, from beginning to end in one transaction: it wrote to nobody, so nobody
    /// misses it if it dies before.
    pub fn record_quiet_run(&mut self, run: &QuietRun) -> Result<RunId, StoreError> {
        let last = self.last_run()?;
        let transaction = self.piece()?;
        if last.is_none_or(|last| last.began.date_naive() != run.began.date_naive()) {
            prune(&transaction, run.began)?;
        }
        let began = instant_out(run.began);
        self.exec(
            "INSERT INTO run (command, started_at, machine, boot, ended_at, exit_code) \
             VALUES ('sync', ?1, ?2, ?3, ?4, 0)",
            params![began, self.machine.id, self.machine.boot, instant_out(run.ended)],
        )?;
        let id = transaction.last_insert_rowid();
        for source in &run.asked {
            self.exec(
                "UPDATE source SET fetched_at = ?2 WHERE account = ?1",
                params![self.account(source), began],
            )?;
        }
        self.count_requests(&run.requests)?;
        transaction.commit()?;
        run_in(id)
    }
}
