//! Who else may change what a run believes: files, and the folders they lie in, that others may write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The permission bits by which somebody else than the owner may write.
const WRITE: u32 = 0o022;
/// In a folder with this bit nobody removes or renames what is not theirs.
const STICKY: u32 = 0o1000;

/// The files among `paths`, and all folders above them, that others may write, each with its permission
/// bits. Links are followed: what counts is what is read. Access lists are not looked at, nor anything on
/// Windows.
#[must_use]
pub fn written_by_others<'a>(paths: impl Iterator<Item = &'a Path>) -> BTreeMap<PathBuf, u32> {
    let mut found = BTreeMap::new();
    for path in paths {
        let path = super::real(path);
        for (place, part) in path.ancestors().enumerate() {
            let Some(mode) = mode(part) else { continue };
            let is_guarded = place > 0 && mode & STICKY != 0;
            if mode & WRITE != 0 && !is_guarded {
                found.insert(part.to_owned(), mode);
            }
        }
    }
    found
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|found| found.mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(_: &Path) -> Option<u32> {
    None
}
