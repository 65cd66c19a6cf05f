//! What lies in the folders of spools, for `check`: nothing is taken.

use std::io;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::take::{names, opened, stamp};
use crate::config::Books;
use crate::model::SourceName;
use crate::store::{Store, StoreError};

/// The folder of a spool, as it is now.
#[derive(Debug)]
pub struct SpoolSeen {
    /// The cashier, or the bank.
    pub section: SourceName,
    pub folder: PathBuf,
    pub files: io::Result<FilesSeen>,
}

/// The files of a spool.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct FilesSeen {
    pub count: usize,
    /// When the newest was written.
    pub newest: Option<DateTime<Utc>>,
    /// So many were not taken yet, as they are.
    pub untaken: usize,
    /// Those of them that could not be taken, with why.
    pub unreadable: Vec<(String, String)>,
}

/// Looks into every spool.
///
/// # Errors
/// [`StoreError`].
pub fn see_spools(config: &Books, store: &Store) -> Result<Vec<SpoolSeen>, StoreError> {
    let mut seen = Vec::new();
    for (section, spool) in config.spools() {
        let folder = spool.folder.clone();
        let names = match names(spool) {
            Ok(names) => names,
            Err(error) => {
                seen.push(SpoolSeen { section: section.clone(), folder, files: Err(error) });
                continue;
            }
        };
        let mut files = FilesSeen { count: names.len(), ..FilesSeen::default() };
        for name in names {
            let path = folder.join(&name);
            let found = stamp(&path);
            let modified = found.as_ref().ok().map(|stamp| stamp.modified);
            files.newest = files.newest.max(modified.map(DateTime::from_timestamp_nanos));
            if let Ok(stamp) = found
                && store.books().stamp(section.as_str(), &name)? == Some(stamp)
            {
                continue;
            }
            files.untaken += 1;
            let tried = found.and_then(|_| opened(&path, config.opens_with.as_ref()).map(drop));
            files.unreadable.extend(tried.err().map(|error| (name, error.to_string())));
        }
        seen.push(SpoolSeen { section: section.clone(), folder, files: Ok(files) });
    }
    Ok(seen)
}
