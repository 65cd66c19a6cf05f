//! One run at a time, and one conversation with a device at a time, by locks that the kernel frees when
//! their holder dies.
//!
//! The lock of a run is on a file of its own beside the state file (`ivms-sync.db.lock`), because SQLite uses
//! file locks of its own. The file also remembers that there is a state file: one that is gone, or empty, was
//! lost, and a run that simply made a new one would forget what was managed. Who holds the lock and since
//! when is in a file beside it (`ivms-sync.db.holder`), because Windows lets nobody else read what is
//! locked; that counts only while the lock is held. The lock of a device is on a file of the same kind
//! (`ivms-sync.db.front-door.lock`), and whoever talks to the device holds it, also a command that only
//! reads: two that log in with a wrong password at once would spend two logins.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::{StoreError, StoreProblem};
use crate::files;
use crate::model::TargetName;

/// The line that says that there is a state file beside the lock.
const HAS_STATE: &str = "state\n";
/// What the file that says who holds a lock adds to the name of the state file.
const HOLDER: &str = ".holder";
/// SQLite takes a file shorter than its smallest page for an empty one.
const SHORTEST: u64 = 512;
/// No lock file is longer, and no text about its holder.
const LENGTH_MAX: u64 = 64;
/// How often somebody who waits for a lock looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The held lock; dropping it frees it.
#[derive(Debug)]
pub struct RunLock {
    file: File,
    state: PathBuf,
    remembers: bool,
}

impl Drop for RunLock {
    /// After the first run there is a state file, and that must be remembered. A run that dies
    /// before this leaves it to the next one.
    fn drop(&mut self) {
        if !self.remembers
            && is_filled(&self.state)
            && let Err(error) = write_whole(&mut self.file, HAS_STATE)
        {
            log::debug!("the lock file could not be written: {error}");
        }
    }
}

/// The held lock of a device; dropping it frees it.
#[derive(Debug)]
pub struct TargetLock {
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
/// [`StoreProblem::Unusable`] when the lock file cannot be made, read or written,
/// [`StoreProblem::NotOurs`] when what lies there is not ours, and [`StoreProblem::Lost`] when the state file
/// is gone.
pub fn take(state: &Path, now: DateTime<Utc>) -> Result<Result<RunLock, Holder>, StoreError> {
    try_take(state, now).map_err(|problem| StoreError::new(state, problem))
}

fn try_take(state: &Path, now: DateTime<Utc>) -> Result<Result<RunLock, Holder>, StoreProblem> {
    let unusable = |error: std::io::Error| super::unusable("lock file", &error);
    super::refuse_others(state)?;
    make_folder(state).map_err(unusable)?;
    // One file has one lock, whatever the way to it.
    let state = files::resolved(state);
    let mut file = files::open_own(&beside(&state, ".lock")).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => {
            let has_state = is_filled(&state);
            if !has_state
                && (remembers(&read_text(&mut file)) || is_filled(&beside(&state, "-wal")))
            {
                return Err(StoreProblem::Lost);
            }
            write_whole(&mut file, if has_state { HAS_STATE } else { "" }).map_err(unusable)?;
            let holder = beside(&state, HOLDER);
            write_holder(&holder, now).map_err(|error| super::unusable("holder file", &error))?;
            Ok(Ok(RunLock { file, state, remembers: has_state }))
        }
        Err(TryLockError::WouldBlock) => Ok(Err(read_holder(&beside(&state, HOLDER)))),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

/// Takes the lock of a device, waiting for at most so long for whoever holds it, or says who does. Two
/// locks of one device in one process wait for each other in vain.
///
/// # Errors
/// [`StoreProblem::Unusable`] when the lock file cannot be made or locked, [`StoreProblem::NotOurs`] when what
/// lies there is not ours.
pub fn take_device(
    state: &Path,
    device: &TargetName,
    patience: Duration,
    now: DateTime<Utc>,
) -> Result<Result<TargetLock, Holder>, StoreError> {
    let which = format!("lock file for {device}");
    let unusable = |error: std::io::Error| StoreError::new(state, super::unusable(&which, &error));
    let state = &files::resolved(state);
    let suffix = device_suffix(device);
    let file = files::open_own(&beside(state, &format!("{suffix}.lock"))).map_err(unusable)?;
    let holder = beside(state, &format!("{suffix}{HOLDER}"));
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => {
                // Who holds it is only for the message of others.
                if let Err(error) = write_holder(&holder, now) {
                    log::debug!("who holds the lock of {device} could not be written: {error}");
                }
                return Ok(Ok(TargetLock { _file: file }));
            }
            Err(TryLockError::WouldBlock) if began.elapsed() < patience => {
                thread::sleep(LOOK_EVERY);
            }
            Err(TryLockError::WouldBlock) => return Ok(Err(read_holder(&holder))),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
    }
}

/// What the files of a device add to the name of the state file. Names of devices are letters, digits,
/// `-` and `_`; where files are told apart without their case, `Gate` and `gate` are still two doors.
fn device_suffix(device: &TargetName) -> String {
    let mut suffix = String::from(".");
    for letter in device.as_str().chars() {
        if letter.is_ascii_uppercase() {
            suffix.push('+');
        }
        suffix.push(letter);
    }
    suffix
}

/// Makes the folder that the state file lies in; others have no business in a new one.
pub(super) fn make_folder(state: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(files::folder_of(state))
}

/// A file beside the state file, by what is added to its name.
pub(super) fn beside(state: &Path, suffix: &str) -> PathBuf {
    let mut name = state.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes sure that the state file is not missing or empty where there was one: by what the lock file
/// remembers, or by a side file with changes that belong to it.
pub(super) fn check_not_lost(state: &Path) -> Result<(), StoreProblem> {
    super::refuse_others(state)?;
    let state = files::resolved(state);
    if is_filled(&state) {
        return Ok(());
    }
    // A run that holds the lock may keep others from reading it; that run has looked itself.
    let text = File::open(beside(&state, ".lock")).map(|mut file| read_text(&mut file));
    let is_lost = text.is_ok_and(|text| remembers(&text)) || is_filled(&beside(&state, "-wal"));
    if is_lost { Err(StoreProblem::Lost) } else { Ok(()) }
}

/// Whether there is something there; what is no file is for SQLite to refuse.
fn is_filled(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|found| !found.is_file() || found.len() >= SHORTEST)
}

/// Says who takes a lock now, and when.
fn write_holder(path: &Path, now: DateTime<Utc>) -> std::io::Result<()> {
    let text = format!("{} {}\n", std::process::id(), now.timestamp());
    write_whole(&mut files::open_own(path)?, &text)
}

/// What is there is only for a message; a holder that has not written yet is fine.
fn read_holder(path: &Path) -> Holder {
    parse_holder(&File::open(path).map(|mut file| read_text(&mut file)).unwrap_or_default())
}

/// In one piece and over what stood there, so that a run that dies in between leaves the old text.
fn write_whole(file: &mut File, text: &str) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

fn read_text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    // A text that cannot be read says nothing.
    let _ = file.take(LENGTH_MAX).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

fn remembers(text: &str) -> bool {
    text.lines().any(|line| line == HAS_STATE.trim_end())
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

    /// Mutants: one lock for all devices; a name without its case; no waiting; waiting for ever.
    #[test]
    fn each_device_has_a_lock_of_its_own_and_whoever_waits_gets_it() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let take = |name: &str, patience| {
            let device = TargetName::new(name).unwrap();
            take_device(&state, &device, Duration::from_millis(patience), now()).unwrap()
        };
        let held = take("gate", 0).unwrap();
        let _run = super::take(&state, now()).unwrap().unwrap();
        let _others = ["Gate", "gate-2", "-", "lock"].map(|name| take(name, 0).unwrap());
        let holder = take("gate", 0).unwrap_err();
        assert_eq!(holder, Holder { process: Some(std::process::id()), since: Some(now()) });
        let began = Instant::now();
        assert!(take("gate", 120).is_err());
        assert!(began.elapsed() >= Duration::from_millis(120));
        thread::scope(|threads| {
            let waiting = threads.spawn(|| take("gate", 60_000).is_ok());
            thread::sleep(Duration::from_millis(100));
            drop(held);
            assert!(waiting.join().unwrap());
        });
        assert!(take("gate", 0).is_ok(), "freed with its holder");
    }

    #[cfg(unix)]
    #[test]
    fn a_device_has_one_lock_whatever_the_way_to_the_state_file() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real");
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, folder.path().join("way")).unwrap();
        let (state, way) = (real.join("state.db"), folder.path().join("way").join("state.db"));
        let take = |state: &Path| {
            let device = TargetName::new("gate").unwrap();
            take_device(state, &device, Duration::ZERO, now()).unwrap()
        };
        let _held = take(&state).unwrap();
        assert!(take(&way).is_err());
    }

    /// Catches: what was laid there is told as a full disk.
    #[cfg(unix)]
    #[test]
    fn a_link_is_no_lock_of_a_device() {
        let folder = tempfile::tempdir().unwrap();
        let (state, victim) = (folder.path().join("state.db"), folder.path().join("victim"));
        std::os::unix::fs::symlink(&victim, beside(&state, ".gate.lock")).unwrap();
        let device = TargetName::new("gate").unwrap();
        let refused = take_device(&state, &device, Duration::ZERO, now()).unwrap_err();
        let words = "has a lock file for gate that is a symbolic link";
        assert!(
            matches!(&refused.problem, StoreProblem::NotOurs(text) if text.starts_with(words)),
            "{refused}"
        );
        assert!(!victim.exists());
    }

    #[test]
    fn a_garbled_file_is_no_trouble() {
        let holder = parse_holder("\u{0}\u{0} x");
        assert_eq!(holder, Holder { process: None, since: None });
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        for text in
            [&b"\xff\xfe\x00"[..], &[b'9'; 5000], b"-1 -1", b"1 99999999999999999999\n", b""]
        {
            std::fs::write(beside(&state, ".lock"), text).unwrap();
            std::fs::write(beside(&state, HOLDER), text).unwrap();
            drop(take(&state, now()).unwrap().unwrap());
            assert_eq!(std::fs::read(beside(&state, ".lock")).unwrap(), b"");
            let written = std::fs::read_to_string(beside(&state, HOLDER)).unwrap();
            assert_eq!(written, format!("{} 1700000000\n", std::process::id()));
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000, 0).unwrap()
    }

    #[test]
    fn a_state_file_that_is_gone_was_lost() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        let lost = |state: &Path| {
            let taken =
                matches!(take(state, now()), Err(StoreError { problem: StoreProblem::Lost, .. }));
            assert_eq!(taken, check_not_lost(state).is_err());
            taken
        };
        assert!(!lost(&state), "a first run");
        assert!(!lost(&state), "a first run that died before there was a file");
        let held = take(&state, now()).unwrap().unwrap();
        std::fs::write(&state, [1; 512]).unwrap();
        drop(held);
        std::fs::remove_file(&state).unwrap();
        assert!(lost(&state), "made by the first run, and gone in the second");
        for too_short in [0, 1, 511] {
            std::fs::write(&state, vec![1; too_short]).unwrap();
            assert!(lost(&state), "what SQLite takes for empty is as good as gone");
        }
        std::fs::write(&state, [1; 512]).unwrap();
        assert!(!lost(&state), "put back");
        std::fs::remove_file(&state).unwrap();
        std::fs::remove_file(beside(&state, ".lock")).unwrap();
        assert!(!lost(&state), "moved away with its lock file");
        std::fs::write(beside(&state, "-wal"), [1; 512]).unwrap();
        assert!(lost(&state), "changes that belong to a file");
    }

    #[cfg(unix)]
    #[test]
    fn one_file_has_one_lock_whatever_the_way_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state.db");
        std::fs::write(&state, "x").unwrap();
        std::os::unix::fs::symlink(".", folder.path().join("way")).unwrap();
        let _held = take(&state, now()).unwrap().unwrap();
        assert!(take(&folder.path().join("way/state.db"), now()).unwrap().is_err());
    }
}
