//! Reads link files whose content changed.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::GatherError;
use crate::config::Config;
use crate::engine::link::file::{
    self, Doubt, FileProblem, LinkFile, LinkFileError, LinkRow, UnusableRow,
};
use crate::engine::link::{LinkTable, RowsInQuestion};
use crate::store::{FileSeen, Store, StoreError};
use crate::text::lists::many;
use crate::trouble::{About, Failed, Trouble, TroubleKind};

/// The rows of all link files, and which files must be recorded.
#[derive(Debug, Default)]
pub struct LinksGathered {
    pub table: LinkTable,
    /// The file that each part of the rows is from, in the order of the configuration.
    pub files: Vec<FileSeen>,
    /// Files whose content changed.
    pub fresh: Vec<FreshFile>,
    pub troubles: Vec<Trouble>,
    looks: Looks,
}

/// A link file that was read just now.
#[derive(Debug)]
pub struct FreshFile {
    path: String,
    sha256: String,
    rows: Vec<(LinkRow, DateTime<Utc>)>,
    left_out: Vec<UnusableRow>,
}

/// Which files were looked at, by name, and the SHA-256 of content that looks cut off.
#[derive(Debug, Default)]
pub struct Looks(Vec<(String, Option<String>)>);

impl Looks {
    pub(super) fn record(&self, store: &Store) -> Result<(), StoreError> {
        let mut looks = self.0.iter();
        looks
            .try_for_each(|(path, doubted)| store.links().doubt_link_file(path, doubted.as_deref()))
    }
}

/// Reads every link file, or takes its stored rows when its content is the same as before.
///
/// A file that cannot be read now (a share that is away) keeps its stored rows, and so does one that
/// looks cut off until the next run sees the same bytes: links never depend on the weather. One that
/// was never read has none, and without it a weaker rule could link somebody to the wrong person: then
/// nothing is gathered at all.
pub(super) fn read(
    store: &Store,
    config: &Config,
    now: DateTime<Utc>,
) -> Result<LinksGathered, GatherError> {
    let mut gathered = LinksGathered::default();
    let mut missing = None;
    for path in &config.link.files {
        let name = path.to_string_lossy().into_owned();
        let known = store.links().link_file_hash(&name)?;
        let stamp = file::stamp_of(path, now);
        let error = match changed(path, known.as_deref(), config.reads_member_plates()) {
            Ok(None) => {
                gathered.looks.0.push((name.clone(), None));
                gathered.keep(store, &name, known, stamp)?;
                continue;
            }
            Ok(Some(read)) => {
                let mut before = LinkTable::default();
                before.extend(store.links().link_rows(&name)?);
                match doubt(store, config, &name, &read, &before)? {
                    None => {
                        gathered.looks.0.push((name.clone(), None));
                        gathered.take(name, read, &before, stamp, now);
                        continue;
                    }
                    Some(doubt) => {
                        gathered.looks.0.push((name.clone(), Some(read.sha256)));
                        LinkFileError::new(path, FileProblem::LooksCutOff(doubt))
                    }
                }
            }
            Err(error) => error,
        };
        if known.is_none() {
            missing.get_or_insert(error);
            continue;
        }
        gathered.keep(store, &name, known, None)?;
        let failed = Failed::new(&error.problem, error.hint());
        let kind = TroubleKind::LinkFileUnread { may_be_right: error.is_temporary(), failed };
        gathered.troubles.push(Trouble::new(About::LinkFile(name), kind));
    }
    match missing {
        Some(error) => Err(GatherError::LinkFile { error, looks: gathered.looks }),
        None => Ok(gathered),
    }
}

/// The SHA-256 of each file. One that stands on the disk as it stood when it was `seen` is not read.
pub(super) fn hashes<'s>(
    files: &[PathBuf],
    seen: &'s [FileSeen],
    now: DateTime<Utc>,
) -> Result<Vec<Cow<'s, str>>, LinkFileError> {
    let hash = |(place, path): (usize, &PathBuf)| match seen.get(place) {
        Some(FileSeen(sha256, Some(stamp)))
            if file::stamp_of(path, now).as_ref() == Some(stamp) =>
        {
            Ok(Cow::Borrowed(sha256.as_str()))
        }
        _ => file::sha256_of(path).map(Cow::Owned),
    };
    files.iter().enumerate().map(hash).collect()
}

/// Records the files that were read.
pub(super) fn record(
    store: &Store,
    links: &LinksGathered,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for FreshFile { path, sha256, rows, left_out } in &links.fresh {
        store.links().record_link_file(path, sha256, rows, left_out, now)?;
    }
    links.looks.record(store)
}

impl LinksGathered {
    /// Rows of files that are as they were.
    pub(super) fn unchanged(table: LinkTable) -> Self {
        Self { table, ..Self::default() }
    }

    /// Whether a file looks cut off and waits for its second look.
    pub(super) fn has_doubt(&self) -> bool {
        self.looks.0.iter().any(|(_, doubted)| doubted.is_some())
    }

    /// Takes the stored rows of a file.
    fn keep(
        &mut self,
        store: &Store,
        name: &str,
        known: Option<String>,
        stamp: Option<String>,
    ) -> Result<(), StoreError> {
        self.table.extend(store.links().link_rows(name)?);
        self.files.extend(known.map(|sha256| FileSeen(sha256, stamp)));
        Ok(())
    }

    /// Takes the rows that were read; one that was there before is as old as it was.
    fn take(
        &mut self,
        path: String,
        read: LinkFile,
        before: &LinkTable,
        stamp: Option<String>,
        now: DateTime<Utc>,
    ) {
        let with_since = |row: LinkRow| {
            let since = before.known_since(&row).unwrap_or(now);
            (row, since)
        };
        let rows: Vec<_> = read.rows.into_iter().map(with_since).collect();
        self.table.extend(rows.iter().cloned());
        self.files.push(FileSeen(read.sha256.clone(), stamp));
        let (sha256, left_out) = (read.sha256, read.unusable);
        self.fresh.push(FreshFile { path, sha256, rows, left_out });
    }

    /// The rows of a file that link nobody, by line: those that were left out when its rows in use were
    /// read, and those that something speaks against now.
    pub(super) fn left_out(
        &self,
        store: &Store,
        path: &Path,
        in_question: &RowsInQuestion<'_>,
    ) -> Result<Vec<UnusableRow>, StoreError> {
        let name = path.to_string_lossy();
        let fresh = self.fresh.iter().find(|fresh| fresh.path == name);
        let mut left_out = match fresh {
            Some(fresh) => fresh.left_out.clone(),
            None => store.links().link_rows_left_out(&name)?,
        };
        if in_question.is_nothing() {
            return Ok(left_out);
        }
        let rows = match fresh {
            Some(fresh) => fresh.rows.clone(),
            None => store.links().link_rows(&name)?,
        };
        let those = rows.into_iter().filter_map(|(row, _)| {
            let reason = in_question.reason(&row)?;
            Some(UnusableRow {
                line: row.line,
                reason,
                cell: String::new(),
                emails: row.member.email().cloned().into_iter().collect(),
                number: row.member.number().cloned(),
                employee_no: Some(row.employee_no),
            })
        });
        left_out.extend(those);
        left_out.sort_by_key(|row| row.line);
        Ok(left_out)
    }
}

/// What a file says, if its content changed.
fn changed(
    path: &Path,
    known: Option<&str>,
    may_be_of_plates: bool,
) -> Result<Option<LinkFile>, LinkFileError> {
    if let Some(known) = known
        && file::sha256_of(path)? == known
    {
        return Ok(None);
    }
    let read = if may_be_of_plates { file::read_with_plates(path) } else { file::read(path) }?;
    log::info!(
        "{}: {} read, {} left out",
        path.display(),
        many(read.rows.len(), "row"),
        read.unusable.len()
    );
    for note in &read.notes {
        log::warn!("{}: {note}", path.display());
    }
    Ok(Some(read))
}

/// Why new content does not count yet, unless the last run read the same.
fn doubt(
    store: &Store,
    config: &Config,
    name: &str,
    read: &LinkFile,
    before: &LinkTable,
) -> Result<Option<Doubt>, StoreError> {
    let Some(doubt) = file::doubt(read, before, config.guard) else {
        return Ok(None);
    };
    let was_seen = store.links().doubted_link_file(name)?.is_some_and(|seen| seen == read.sha256);
    Ok((!was_seen).then_some(doubt))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_file_is_hashed_unless_it_stands_as_it_stood() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("persons.csv");
        fs::write(&path, "7,anna@club.example\n").unwrap();
        let later = DateTime::from(fs::metadata(&path).unwrap().modified().unwrap());
        let later = later + TimeDelta::hours(1);
        let stamp = file::stamp_of(&path, later);
        let files = [path.clone()];
        let hashed = |seen: &[FileSeen], now| hashes(&files, seen, now).unwrap().concat();
        let true_hash = file::sha256_of(&path).unwrap();

        // What was seen is not what the file holds, so that it is known which of the two is told.
        let seen = [FileSeen("seen".to_owned(), stamp.clone())];
        assert_eq!(hashed(&seen, later), "seen");
        // Changed just now, or never looked at: it is read.
        assert_eq!(hashed(&seen, later - TimeDelta::hours(1)), true_hash);
        assert_eq!(hashed(&[FileSeen("seen".to_owned(), None)], later), true_hash);
        assert_eq!(hashed(&[], later), true_hash);

        fs::write(&path, "7,anne@club.example\n8,jan@club.example\n").unwrap();
        assert_eq!(hashed(&seen, later), file::sha256_of(&path).unwrap());
        fs::remove_file(&path).unwrap();
        assert!(hashes(&files, &seen, later).is_err());
    }
}
