//! How a file stands on the disk: what the file system says of it without its bytes being read.

use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};

/// A file that was changed so shortly ago may be changed once more and look the same: some file systems count
/// in steps of two seconds, and a server's clock is not quite ours.
const SETTLED_AFTER: Duration = Duration::from_secs(10);

/// Says how a regular file stands: its size, when it was changed, and, on Unix, which file it is and when
/// anything about it was changed, which no program can set back.
///
/// Two equal answers, the first of them given before the file was read, are of the same bytes. `None` where
/// that cannot be said: the file is away, or was changed just before `now`.
#[must_use]
pub fn stamp_of(path: &Path, now: DateTime<Utc>) -> Option<String> {
    let metadata = std::fs::metadata(path).ok().filter(Metadata::is_file)?;
    let modified = metadata.modified().ok()?;
    let settled = SystemTime::from(now).checked_sub(SETTLED_AFTER)?;
    let (changed, which) = beside_its_bytes(&metadata)?;
    if modified.max(changed) > settled {
        return None;
    }
    let nanos = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).ok();
    let (modified, changed) = (nanos(modified)?.as_nanos(), nanos(changed)?.as_nanos());
    Some(format!("{} {modified} {changed} {which}", metadata.len()))
}

/// When anything about the file was changed, and which file it is.
#[cfg(unix)]
fn beside_its_bytes(metadata: &Metadata) -> Option<(SystemTime, String)> {
    use std::os::unix::fs::MetadataExt;

    let seconds = Duration::from_secs(u64::try_from(metadata.ctime()).ok()?);
    let nanos = Duration::from_nanos(u64::try_from(metadata.ctime_nsec()).ok()?);
    let changed = SystemTime::UNIX_EPOCH.checked_add(seconds)?.checked_add(nanos)?;
    Some((changed, format!("{}:{}", metadata.dev(), metadata.ino())))
}

/// When the file was made: one that replaces another was made later.
#[cfg(not(unix))]
fn beside_its_bytes(metadata: &Metadata) -> Option<(SystemTime, String)> {
    Some((metadata.created().ok()?, String::new()))
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use chrono::TimeDelta;

    use super::*;

    fn changed_at(path: &Path) -> DateTime<Utc> {
        fs::metadata(path).unwrap().modified().unwrap().into()
    }

    #[test]
    fn a_file_that_nobody_changes_stands_as_it_stood_and_any_other_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
        fs::write(&path, "one").unwrap();
        let later = changed_at(&path) + TimeDelta::hours(1);
        let first = stamp_of(&path, later);
        assert!(first.is_some());
        assert_eq!(stamp_of(&path, later + TimeDelta::days(9)), first);

        // The same size, and the time set back to what it was.
        let at = fs::metadata(&path).unwrap().modified().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        fs::write(&other, "two").unwrap();
        File::options().write(true).open(&other).unwrap().set_modified(at).unwrap();
        fs::rename(&other, &path).unwrap();
        assert_ne!(stamp_of(&path, later), first);
        #[cfg(unix)]
        {
            let first = stamp_of(&path, later);
            fs::write(&path, "six").unwrap();
            File::options().write(true).open(&path).unwrap().set_modified(at).unwrap();
            assert_ne!(stamp_of(&path, later), first);
        }
    }

    #[test]
    fn nothing_is_said_of_a_file_that_was_changed_of_late_or_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        assert_eq!(stamp_of(&path, DateTime::UNIX_EPOCH), None);
        fs::write(&path, "one").unwrap();
        let at = changed_at(&path);
        for seconds in [-3_600, -1, 0, 9] {
            assert_eq!(stamp_of(&path, at + TimeDelta::seconds(seconds)), None, "{seconds}");
        }
        assert!(stamp_of(&path, at + TimeDelta::seconds(12)).is_some());
        assert_eq!(stamp_of(folder.path(), at + TimeDelta::hours(1)), None);
        assert_eq!(stamp_of(&path, DateTime::<Utc>::MIN_UTC), None);
    }
}
