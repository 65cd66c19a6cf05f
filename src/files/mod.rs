//! Files that the program makes, in one place: whole or not at all, readable by whom they are meant for
//! from the first byte on, and never through a link.
//!
//! [`write()`] makes a file under a name that nobody can guess, in the folder of its target, and renames it
//! when it is complete. Files that stay open while others look at them (the state file and its locks)
//! cannot be renamed into place: [`open_own`] opens those, and refuses what somebody else may have laid
//! there.

mod others;
pub mod seal;
#[cfg(test)]
mod tests;

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{Error, ErrorKind, Result, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use others::written_by_others;
use tempfile::NamedTempFile;

#[cfg(unix)]
use crate::text::shell::quoted;

/// Between these two comes what nobody can guess.
const TEMPORARY: (&str, &str) = (".ivms-sync-", ".tmp");
const RANDOM_CHARS: usize = 16;
/// A temporary file this much older than the newest is nobody's any more: its run was cut off.
const LEFT_OVER_AFTER: Duration = Duration::from_secs(3600);
/// The same where whoever looks knows that no other run of its own is at work: another installation may have the folder,
/// too, and writes no file for so long.
const CUT_OFF_AFTER: Duration = Duration::from_secs(30);

/// Who may read a file besides its owner; has no effect on Windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    pub mode: u32,
    /// A group by its name or number; `None`: what the system gives to new files in that folder.
    pub group: Option<String>,
}

impl Rights {
    /// For its owner alone.
    pub const PRIVATE: Self = Self { mode: 0o600, group: None };

    /// Gives an empty file these rights. The mode is set and not asked for, so that no umask takes
    /// anything from it.
    #[cfg(unix)]
    fn give(&self, file: &File) -> Result<()> {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
        if let Some(name) = &self.group {
            let group = group_number(name)?;
            if file.metadata()?.gid() != group {
                fchown(file, None, Some(group)).map_err(|error| {
                    let text = format!(
                        "cannot be given to the group {name} ({error}); let this user be a member of it, \
                         or leave group out, and give the folder to the group with the setgid bit: \
                         chgrp {} and chmod g+s",
                        quoted(name)
                    );
                    Error::new(error.kind(), text)
                })?;
            }
        }
        file.set_permissions(std::fs::Permissions::from_mode(self.mode))
    }

    #[cfg(not(unix))]
    fn give(&self, _file: &File) -> Result<()> {
        Ok(())
    }
}

/// The number of a group by its name, or by itself.
///
/// # Errors
/// When this computer knows no such group.
#[cfg(unix)]
pub fn group_number(name: &str) -> Result<u32> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    match nix::unistd::Group::from_name(name) {
        Ok(Some(group)) => Ok(group.gid.as_raw()),
        Ok(None) => {
            Err(Error::new(ErrorKind::InvalidInput, format!("there is no group {name} here")))
        }
        Err(error) => Err(error.into()),
    }
}

/// A file that is complete, under a name of its own in the folder where it is to be. It goes when it is
/// dropped.
#[derive(Debug)]
pub struct Ready<'a> {
    temporary: NamedTempFile,
    path: &'a Path,
}

impl Ready<'_> {
    /// Where it is until then.
    #[must_use]
    pub fn temporary(&self) -> &Path {
        self.temporary.path()
    }

    /// Puts it in place where nothing is yet.
    ///
    /// # Errors
    /// What the operating system says, with [`ErrorKind::AlreadyExists`] above all.
    pub fn put_new(self) -> Result<()> {
        self.temporary.persist_noclobber(self.path).map(|_| ()).map_err(|error| error.error)
    }
}

/// Makes a file whole, and does not put it in place yet.
///
/// # Errors
/// What the operating system says; nothing is left behind then.
pub fn prepare<'a>(
    path: &'a Path,
    content: impl AsRef<[u8]>,
    rights: &Rights,
) -> Result<Ready<'a>> {
    let (prefix, suffix) = TEMPORARY;
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(suffix).rand_bytes(RANDOM_CHARS);
    let temporary = builder.tempfile_in(folder_of(path)).map_err(|error| without_name(&error))?;
    let mut file = temporary.as_file();
    rights.give(file)?;
    file.write_all(content.as_ref())?;
    file.sync_all()?;
    Ok(Ready { temporary, path })
}

/// Writes a file, whole or not at all. A regular file that is there already is replaced; anything else
/// is left alone.
///
/// # Errors
/// What the operating system says, or that the target is a link, a folder, a pipe or a device. Nothing is
/// left behind then, and the target is as it was.
pub fn write(path: &Path, content: impl AsRef<[u8]>, rights: &Rights) -> Result<()> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
        Ok(found) => refuse_kind(found.file_type())?,
    }
    let Ready { temporary, .. } = prepare(path, content, rights)?;
    remove_left_over(folder_of(path), temporary.as_file(), LEFT_OVER_AFTER);
    temporary.persist(path).map(|_| ()).map_err(|error| error.error)
}

/// The folder a path lies in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The name of a temporary file differs every time; the same trouble must read the same every time.
fn without_name(error: &Error) -> Error {
    Error::from(error.kind())
}

/// Removes what a run that was cut off has left in a folder, where the caller holds the lock of the state file, so that
/// no run of its own is at work. By the clock of the folder: a file is made there for a moment.
pub fn remove_cut_off(folder: &Path) {
    let (prefix, suffix) = TEMPORARY;
    let is_any = std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let name = entry.file_name();
        name.to_str().is_some_and(|name| name.starts_with(prefix) && name.ends_with(suffix))
    });
    if is_any && let Ok(newest) = prepare(&folder.join("cut-off"), [], &Rights::PRIVATE) {
        remove_left_over(folder, newest.temporary.as_file(), CUT_OFF_AFTER);
    }
}

/// Removes what earlier runs that were cut off have left in a folder. Whether that succeeds matters to
/// nobody now: the next run tries again.
fn remove_left_over(folder: &Path, newest: &File, after: Duration) {
    let (prefix, suffix) = TEMPORARY;
    let Ok(now) = newest.metadata().and_then(|found| found.modified()) else { return };
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_str();
        let chance = name.and_then(|name| name.strip_prefix(prefix)?.strip_suffix(suffix));
        let is_ours = chance.is_some_and(|chance| {
            chance.len() == RANDOM_CHARS && chance.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        let is_old = |found: Metadata| {
            let age = found.modified().ok().and_then(|at| now.duration_since(at).ok());
            found.is_file() && age.is_some_and(|age| age >= after)
        };
        if is_ours && entry.metadata().is_ok_and(is_old) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Refuses everything but a regular file, in words.
fn refuse_kind(found: FileType) -> Result<()> {
    let kind = if found.is_file() {
        return Ok(());
    } else if found.is_symlink() {
        "a symbolic link; name the file that is meant"
    } else if found.is_dir() {
        "a folder"
    } else {
        "no regular file but a pipe, a socket or a device"
    };
    Err(Error::new(ErrorKind::InvalidInput, format!("is {kind}")))
}

/// Opens a file of our own for reading and writing; makes it first where there is none.
///
/// # Errors
/// As for [`make_own`].
pub fn open_own(path: &Path) -> Result<File> {
    make_own(path)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    #[cfg(unix)]
    {
        // A pipe would wait for its other end.
        let flags = nix::fcntl::OFlag::O_NOFOLLOW | nix::fcntl::OFlag::O_NONBLOCK;
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags.bits());
    }
    let file = options.open(path)?;
    // What was asked of the name is asked again of what was opened.
    check_found(&file.metadata()?, path)?;
    Ok(file)
}

/// Makes an empty file for its owner alone where there is none, and does not open one that is there:
/// closing that again would free whatever lock this process has on it.
///
/// # Errors
/// What the operating system says, or with [`ErrorKind::InvalidInput`] that what is there is not a file of
/// our own: see [`check_own`].
pub fn make_own(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, Rights::PRIVATE.mode);
    match options.open(path) {
        Ok(file) => Rights::PRIVATE.give(&file),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => check_own(path),
        Err(error) => Err(error),
    }
}

/// Makes sure that what is there, if anything, is a regular file under this one name that belongs to this
/// user or to root; to root, that of whoever has the folder is as good.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] with what it is instead, to be read after the file's name.
pub fn check_own(path: &Path) -> Result<()> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) => check_found(&found, path),
    }
}

#[cfg(unix)]
fn check_found(found: &Metadata, path: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    refuse_kind(found.file_type())?;
    let refused = |text: &str| Err(Error::new(ErrorKind::InvalidInput, text));
    if found.nlink() > 1 {
        return refused(
            "has a second name (a hard link), so that two programs would not know of each other",
        );
    }
    let (me, root) = (nix::unistd::geteuid().as_raw(), 0);
    let has_folder =
        || std::fs::metadata(folder_of(path)).is_ok_and(|folder| folder.uid() == found.uid());
    let is_trusted = [me, root].contains(&found.uid()) || me == root && has_folder();
    if is_trusted { Ok(()) } else { refused("belongs to another user") }
}

#[cfg(not(unix))]
fn check_found(found: &Metadata, _path: &Path) -> Result<()> {
    refuse_kind(found.file_type())
}

/// A path with every link in its folders followed, and none in its last part: one file, one spelling, which
/// a command line takes.
#[must_use]
pub fn resolved(path: &Path) -> PathBuf {
    let folder = dunce::canonicalize(folder_of(path));
    match (folder, path.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => path.to_owned(),
    }
}

/// A path with every link followed, in its last part too where that is there.
#[must_use]
pub fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| resolved(path))
}

/// Whether two paths are one file, whatever the way to it: by links, by a second name, or because both
/// would be made at the same place.
#[must_use]
pub fn is_same(one: &Path, other: &Path) -> bool {
    real(one) == real(other) || is_same_file(one, other)
}

#[cfg(unix)]
fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |path: &Path| std::fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
    place(one).is_some_and(|one| place(other) == Some(one))
}

#[cfg(not(unix))]
fn is_same_file(_: &Path, _: &Path) -> bool {
    false
}
