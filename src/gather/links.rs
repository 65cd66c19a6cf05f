//! Reads link files whose content changed.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::GatherError;
use crate::exit::Exit;
use crate::link::{LinkTable, file};
use crate::report::Trouble;
use crate::store::{Store, StoreError};

/// The rows of all link files, and which files must be recorded.
#[derive(Debug, Default)]
pub struct LinksGathered {
    /// All rows together.
    pub table: LinkTable,
    /// The SHA-256 of the file that each part of the rows is from, as lower-case hex, in the order of
    /// the configuration.
    pub hashes: Vec<String>,
    /// Files whose content changed.
    pub fresh: Vec<FreshFile>,
    /// What went wrong.
    pub troubles: Vec<Trouble>,
}

/// A link file that was read just now.
#[derive(Debug)]
pub struct FreshFile {
    path: String,
    sha256: String,
    rows: LinkTable,
}

/// Reads every link file, or takes its stored rows when its content is the same as before.
///
/// A file that can not be read now (a share that is away) keeps its stored rows: links never depend
/// on the weather. One that was never read has none, and without it a weaker rule could link
/// somebody to the wrong person: then nothing is gathered at all.
pub(super) fn read(store: &Store, files: &[PathBuf]) -> Result<LinksGathered, GatherError> {
    let mut gathered = LinksGathered::default();
    for path in files {
        let name = path.to_string_lossy().into_owned();
        let known = store.link_file_hash(&name)?;
        match fresh_rows(path, known.as_deref()) {
            Ok(None) => {
                store.link_rows(&name, &mut gathered.table)?;
                gathered.hashes.extend(known);
            }
            Ok(Some((sha256, rows))) => {
                gathered.hashes.push(sha256.clone());
                for (email, employee_no) in rows.rows() {
                    gathered.table.insert(email.clone(), employee_no.clone());
                }
                gathered.fresh.push(FreshFile { path: name, sha256, rows });
            }
            Err(error) if known.is_none() => return Err(GatherError::LinkFile(error)),
            Err(error) => {
                store.link_rows(&name, &mut gathered.table)?;
                gathered.hashes.extend(known);
                gathered.troubles.push(Trouble {
                    exit: Exit::Temporary,
                    about: name,
                    text: format!("{}; its rows from the last reading are used", error.problem),
                    hint: error.hint(),
                });
            }
        }
    }
    Ok(gathered)
}

/// Records the files that were read.
pub(super) fn record(
    store: &mut Store,
    links: &LinksGathered,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for fresh in &links.fresh {
        store.record_link_file(&fresh.path, &fresh.sha256, &fresh.rows, now)?;
    }
    Ok(())
}

fn fresh_rows(
    path: &Path,
    known: Option<&str>,
) -> Result<Option<(String, LinkTable)>, file::LinkFileError> {
    if let Some(known) = known
        && file::sha256_of(path)? == known
    {
        return Ok(None);
    }
    let read = file::read(path)?;
    log::info!(
        "{}: {} rows read, {} without a usable person id and e-mail",
        path.display(),
        read.rows.len(),
        read.unusable.len()
    );
    for note in &read.notes {
        log::warn!("{}: {note}", path.display());
    }
    let mut rows = LinkTable::default();
    for row in read.rows {
        rows.insert(row.email, row.employee_no);
    }
    Ok(Some((read.sha256, rows)))
}
