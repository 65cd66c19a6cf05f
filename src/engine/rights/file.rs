//! One spreadsheet in its turn, whatever is read out of it: whether it stands as it stood, holds what it held, or is
//! not to be believed yet.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::engine::link::file::layout::Layout;
use crate::engine::link::file::{Doubt, FileProblem, Sheet, read_sheet, stamp_of};
use crate::store::StoreError;
use crate::text::lists::many;

/// What is known of the file, as far as it decides whether to read it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Before<'a> {
    pub sha256: &'a str,
    pub sense: &'a str,
    pub stamp: Option<&'a String>,
}

/// A file, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct File<'a> {
    pub path: &'a Path,
    pub before: Option<Before<'a>>,
    /// A digest of the configuration that its rows are to be read by.
    pub sense: &'a str,
    pub now: DateTime<Utc>,
    /// Read it also where it stands as it stood.
    pub is_full: bool,
}

/// What was found; a stamp is how it stood on the disk before it was read.
#[derive(Debug)]
pub(super) enum Found<R> {
    /// It was not read, since it stands as it stood.
    Stands(Option<String>),
    /// It holds what it held.
    Same(Option<String>),
    /// It holds something else, which counts.
    Other(Sheet<R>, Option<String>),
    /// It holds something else, which does not count yet.
    Doubted(Sheet<R>, Doubt),
    Unread(FileProblem),
}

impl File<'_> {
    /// Looks at it, and reads it where that is needed; `doubt` says why new content does not count.
    pub(super) fn look<const N: usize, L: Layout<N>>(
        self,
        layout: &L,
        doubt: impl FnOnce(&Sheet<L::Rows>) -> Result<Option<Doubt>, StoreError>,
    ) -> Result<Found<L::Rows>, StoreError> {
        let Self { path, before, sense, now, is_full } = self;
        let stamp = stamp_of(path, now);
        let of_sense = before.filter(|before| before.sense == sense);
        let stands =
            of_sense.is_some_and(|before| stamp.is_some() && before.stamp == stamp.as_ref());
        if stands && !is_full {
            return Ok(Found::Stands(stamp));
        }
        let sheet = match read_sheet(layout, path) {
            Ok(sheet) => sheet,
            Err(problem) => return Ok(Found::Unread(problem)),
        };
        if of_sense.is_some_and(|before| before.sha256 == sheet.sha256) {
            return Ok(Found::Same(stamp));
        }
        Ok(match doubt(&sheet)? {
            Some(doubt) => Found::Doubted(sheet, doubt),
            None => Found::Other(sheet, stamp),
        })
    }
}

/// Why new content does not count as far as its plates say: too many of those that were there, each as often as it
/// stood, are in no row any more. `accepted` is how many rows somebody said that it may have shrunk to.
pub(super) fn plates_gone(
    were: &[String],
    there: &HashSet<&str>,
    rows: usize,
    (may_lose, accepted): (usize, Option<usize>),
) -> Option<Doubt> {
    let (gone, known) =
        (were.iter().filter(|plate| !there.contains(plate.as_str())).count(), were.len());
    let is_believed = gone <= may_lose || accepted == Some(rows);
    (!is_believed).then_some(Doubt::RowsGone { gone, known })
}

/// The lines of rows that were left out, by the reason.
pub(super) fn by_reason<R: Ord>(rows: impl IntoIterator<Item = (R, u32)>) -> BTreeMap<R, Vec<u32>> {
    let mut reasons: BTreeMap<_, Vec<u32>> = BTreeMap::new();
    for (reason, line) in rows {
        reasons.entry(reason).or_default().push(line);
    }
    reasons
}

/// Says in the log what was read.
pub(super) fn say<R>(path: &Path, sheet: &Sheet<R>, (rows, what): (usize, &str), left_out: usize) {
    log::info!("{}: {} read, {} left out", path.display(), many(rows, what), many(left_out, "row"));
    for note in &sheet.notes {
        log::warn!("{}: {note}", path.display());
    }
}
