//! What lets a tick be short: the statement of a run that found nothing to do, and the record of a tick
//! that relied on it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::rows::{Columns, FromColumns, Sink, ToColumns, damaged, row};
use super::{Journal, MemberPlateFile, RightsPart, StoreError, StoreProblem, seal};
use crate::model::{RunId, SourceName};

/// What a run leaves that found nothing to do and nothing wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quiet {
    /// A digest of everything the plan came from that is not in this file.
    pub inputs: String,
    /// When that run began.
    pub since: DateTime<Utc>,
    /// From when on the time alone may bring a change.
    pub until: DateTime<Utc>,
    /// The link files, in the order of the configuration.
    pub files: Vec<FileSeen>,
    /// The report of that run, to be shown once more.
    pub report: String,
}

row!(Quiet { inputs, since, until, files, report });

/// A link file as a run saw it: its SHA-256 as lower-case hex, and how it stood on the disk before it was read,
/// where that says something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSeen(pub String, pub Option<String>);

impl FromColumns for Vec<FileSeen> {
    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        let text: String = columns.next()?;
        serde_json::from_str(&text).map_err(|_| damaged("what was seen of link files", text))
    }
}

impl ToColumns for Vec<FileSeen> {
    fn write<'a>(&self, to: &mut impl Sink<'a>) -> Result<(), StoreProblem> {
        let text = serde_json::to_string(self);
        text.map_err(|error| StoreProblem::Unusable(error.to_string()))?.write(to)
    }
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
    /// Rights-files that hold what is known of them still, and how each stood on the disk.
    pub rights_files: Vec<(RightsPart, Option<String>)>,
    /// The same of link files with plates of members.
    pub plate_files: Vec<(MemberPlateFile, Option<String>)>,
}

impl Journal<'_> {
    /// What the last run that looked at everything left, if it found nothing to do, and the last run of
    /// all ended well, on this computer.
    pub fn quiet(&self) -> Result<Option<Quiet>, StoreError> {
        let store = self.0;
        let row = "SELECT inputs, since_at, until_at, files, report, run, seal FROM quiet";
        let read = || Ok((self.last_run()?, store.first::<(Quiet, RunId, i64)>(row, ())?));
        let (Some(last), row) = store.at_once(read)? else { return Ok(None) };
        self.check_relies_on(&last, row.as_ref().map(|(_, run, _)| *run))?;
        let is_well = last.exit_code == Some(0) && !store.machine.is_other_than(&last.machine);
        let Some((quiet, _, sealed)) = row.filter(|_| is_well) else { return Ok(None) };
        let seal = seal::seal_of(&quiet, &store.accounts);
        seal::check(Some(sealed), seal, "what makes a tick quiet")
            .map_err(|problem| store.error(problem))?;
        Ok(Some(quiet))
    }

    /// Keeps what a run leaves; within the transaction that ends it.
    pub(super) fn keep_quiet(&self, quiet: &Quiet, run: RunId) -> Result<(), StoreError> {
        self.drop_quiet()?;
        let store = self.0;
        let seal = seal::seal_of(quiet, &store.accounts).map_err(|problem| store.error(problem))?;
        store.exec("INSERT INTO quiet VALUES (?7, ?1, ?2, ?3, ?4, ?5, ?6)", (quiet, seal, run))
    }

    /// Nothing is quiet any more; within the transaction that begins a run.
    pub(super) fn drop_quiet(&self) -> Result<(), StoreError> {
        self.0.exec("DELETE FROM quiet", ())
    }

    /// Records a quiet tick, from beginning to end in one transaction: it wrote to nobody, so nobody
    /// misses it if it dies before. For the same reason it need not be on the disk for certain, and is left
    /// in the side file for the next run that writes: a card in a small computer is spared five flushes
    /// each time.
    pub fn record_quiet_run(&self, run: &QuietRun) -> Result<RunId, StoreError> {
        self.0.leave_to_the_next().map_err(|problem| self.0.error(problem))?;
        let last = self.last_run()?;
        self.0.together(|store| {
            let id = self.insert_run("sync", run.began, Some(run.ended), last.as_ref())?;
            for source in &run.asked {
                store.exec(
                    "UPDATE source SET fetched_at = ?2 WHERE account = ?1",
                    (source, run.began),
                )?;
            }
            for (file, stamp) in &run.rights_files {
                store.rights().refresh(file, stamp.clone())?;
            }
            for (file, stamp) in &run.plate_files {
                store.member_plates().refresh(file, stamp.clone(), run.began)?;
            }
            self.count_requests(&run.requests)?;
            Ok(id)
        })
    }
}
