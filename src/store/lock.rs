//! One run at a time, by a lock that the kernel frees when its holder dies.
//!
//! The lock is on a file of its own beside the state file (`ivms-sync.db.lock`), because SQLite uses
//! file locks of its own. The file also says who holds it and since when; what it says counts only
//! while the lock is held.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use chrono::{DateTime, Utc};

use super::StoreError;

/// The held lock; dropping it frees it.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

/// Somebody else who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process id, where it could be read.
    pub process: Option<u32>,
    /// When it took the lock, where it could be read.
    pub since: Option<DateTime<Utc>>,
}

/// Takes the lock, or says who holds it.
///
/// # Errors
/// [`StoreError::Unusable`] when the lock file can not be made or read.
pub fn take(state: &Path, now: DateTime<Utc>) -> Result<Result<RunLock, Holder>, StoreError> {
    let unusable = |error: std::io::Error| StoreError::Unusable(format!("its lock file: {error}"));
    let mut name = state.as_os_str().to_owned();
    name.push(".lock");
    if let Some(folder) = state.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(unusable)?;
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&name).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0).map_err(unusable)?;
            file.seek(SeekFrom::Start(0)).map_err(unusable)?;
            writeln!(file, "{} {}", std::process::id(), now.timestamp()).map_err(unusable)?;
            Ok(Ok(RunLock { _file: file }))
        }
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // What stands there is only for the message; a holder that has not written yet is fine.
            let _ = file.take(64).read_to_string(&mut text);
            Ok(Err(parse_holder(&text)))
        }
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

fn parse_holder(text: &str) -> Holder {
    let mut words = text.split_whitespace();
    let process = words.next().and_then(|word| word.parse().ok());
    let since = words
        .next()
        .and_then(|word| word.parse().ok())
        .and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    Holder { process, since }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_who_says_since_when() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let held = take(&state, now).unwrap().unwrap();
        let holder = take(&state, now).unwrap().unwrap_err();
        assert_eq!(holder.since, Some(now));
        assert_eq!(holder.process, Some(std::process::id()));
        drop(held);
        assert!(take(&state, now).unwrap().is_ok());
    }

    #[test]
    fn a_garbled_file_is_no_trouble() {
        let holder = parse_holder("\u{0}\u{0} x");
        assert_eq!(holder, Holder { process: None, since: None });
    }
}
