//! Where a password comes from: text in the file, a variable, a file, a systemd credential.
//!
//! No message ever quotes a password; names of variables and files only.

use std::cell::{Cell, RefCell};
use std::fs::Metadata;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::load::absolute;
use super::problem::{Wrong, shown};
use super::section::{Raw, Section, mismatch, text};
use super::{Environment, Passwords, Secret, value};
use crate::files::seal::SealKey;
use crate::model::escaped;
use crate::net::bounded::{self, Bounded};

/// The most bytes of a file that holds a password: many times more than any login takes.
const FILE_BYTES_MAX: u64 = 4096;

/// What the sources of passwords depend on beside the configuration's text.
pub struct Surroundings<'a> {
    pub environment: &'a Environment,
    /// The folder of the configuration file, absolute.
    pub folder: &'a Path,
    /// The passwords that are needed.
    pub passwords: Passwords<'a>,
    /// Set when a password is in the file itself.
    pub has_literal: Cell<bool>,
    /// The files that passwords were looked for in.
    pub secret_files: RefCell<Vec<PathBuf>>,
    /// Who can read what is sealed, by `[seal]`.
    pub seal_keys: RefCell<Vec<SealKey>>,
}

impl<'a> Surroundings<'a> {
    /// Before anything was read.
    pub fn new(environment: &'a Environment, folder: &'a Path) -> Self {
        let (has_literal, secret_files, seal_keys) = Default::default();
        let passwords = Passwords::All;
        Self { environment, folder, passwords, has_literal, secret_files, seal_keys }
    }
}

impl Surroundings<'_> {
    /// Whether a password of this section must be readable.
    pub(super) fn needs_passwords_of(&self, section: &Section<'_>) -> bool {
        match self.passwords {
            Passwords::All => true,
            Passwords::OfEvents(name) => {
                matches!(section.path(), [_, own, events] if own == name && events == "events")
            }
            Passwords::None => false,
        }
    }
}

/// A place that holds a password.
#[derive(Debug, PartialEq, Eq)]
enum Source<'a> {
    Variable(&'a str),
    File(&'a str),
    Credential(&'a str),
}

/// A password that was found, with advice.
struct Fetched {
    secret: Secret,
    warning: Option<String>,
}

/// Reads a password key: `None` when it is absent (not noted) or wrong (noted).
pub fn read(
    section: &Section<'_>,
    key: &'static str,
    surroundings: &Surroundings<'_>,
) -> Option<Secret> {
    if let Some(DeValue::String(_)) = section.in_file(key).map(toml::Spanned::get_ref) {
        warn_of_literal(section, key, surroundings);
    }
    let found = section.find(key)?;
    let fetched = match found.raw {
        Raw::Variable(text) => literal(text),
        Raw::File(value) => fetch_value(value, section, surroundings),
    };
    settled(section, key, section.settle(key, &found.origin, fetched)?)
}

/// Reads a list of passwords: `None` when it is absent (not noted) or wrong (noted). One that stands there twice
/// is one.
pub fn read_list(
    section: &Section<'_>,
    key: &'static str,
    surroundings: &Surroundings<'_>,
) -> Option<Vec<Secret>> {
    let read = section.list(key, |value| {
        let is_literal = matches!(value, DeValue::String(_));
        fetch_value(value, section, surroundings).map(|fetched| (fetched, is_literal))
    })?;
    if read.iter().any(|(_, (_, is_literal))| *is_literal) {
        warn_of_literal(section, key, surroundings);
    }
    read.into_iter().map(|(_, (fetched, _))| settled(section, key, fetched)).collect()
}

fn warn_of_literal(section: &Section<'_>, key: &str, surroundings: &Surroundings<'_>) {
    surroundings.has_literal.set(true);
    section.warn(format!(
        "{} is written in the file; take it from a variable, {{ env = \"NAME\" }}, \
         or from a file of its own, {{ file = \"PATH\" }}.",
        section.dotted(key)
    ));
}

fn settled(section: &Section<'_>, key: &str, fetched: Fetched) -> Option<Secret> {
    if let Some(warning) = fetched.warning {
        section.warn(format!("{}: {warning}", section.dotted(key)));
    }
    Some(fetched.secret)
}

fn fetch_value(
    value: &DeValue<'_>,
    section: &Section<'_>,
    surroundings: &Surroundings<'_>,
) -> Result<Fetched, Wrong> {
    match value {
        DeValue::String(text) => literal(text),
        DeValue::Table(table) => {
            let fetched = fetch(&source(table)?, surroundings);
            match surroundings.needs_passwords_of(section) {
                true => fetched,
                false => {
                    let empty = || Fetched { secret: Secret::new(String::new()), warning: None };
                    Ok(fetched.unwrap_or_else(|_| empty()))
                }
            }
        }
        other => {
            let wrong = mismatch(other, "text or { env = \"NAME\" }");
            Err(if other.is_array() { wrong } else { wrong.hint("put it in quotes") })
        }
    }
}

fn literal(text: &str) -> Result<Fetched, Wrong> {
    Ok(Fetched { secret: checked(text, "it")?, warning: None })
}

/// Whether a password that was typed can be read again from a file of its own.
pub fn fits_a_file(text: &str) -> Result<(), Wrong> {
    checked(text, "the password").map(drop)
}

/// A password that can be sent. A control character is nearly always a line break that came along
/// by accident, and so is a blank at an end, unless it is in quotes; the refused logins they would
/// cause can lock the device's account.
fn checked(text: &str, name: &str) -> Result<Secret, Wrong> {
    if text.trim().is_empty() {
        return Err(Wrong::new(if name == "it" {
            "is empty".to_owned()
        } else {
            format!("cannot be read: {name} is empty")
        }));
    }
    if text.chars().any(char::is_control) {
        return Err(Wrong::new(format!(
            "cannot be used: {name} holds a line break or another control character"
        ))
        .hint("write the password alone, on one line"));
    }
    if name != "it" && text.trim() != text {
        return Err(Wrong::new(format!("cannot be used: {name} begins or ends with a blank")).hint(
            "take it out with an editor: on Windows, `echo` leaves the one before `>`; a password that \
             really has one can only be written in the configuration itself, in quotes",
        ));
    }
    Ok(Secret::new(text.to_owned()))
}

/// Reads `{ env = "NAME" }` and its kin.
fn source<'v>(table: &'v DeTable<'_>) -> Result<Source<'v>, Wrong> {
    let advice = "write one of { env = \"NAME\" }, { file = \"PATH\" }, { credential = \"NAME\" }";
    let mut entries = table.iter();
    let (Some((kind, value)), None) = (entries.next(), entries.next()) else {
        return Err(Wrong::new("does not name exactly one place").hint(advice));
    };
    let kind: &str = kind.get_ref();
    let make = match kind {
        "env" => Source::Variable,
        "file" => Source::File,
        "credential" => Source::Credential,
        _ => {
            return Err(Wrong::new(format!("has the unknown key {}", shown(kind))).hint(advice));
        }
    };
    let read = text(value.get_ref());
    let read = if kind == "file" { read.and_then(|it| value::path(it).map(|_| it)) } else { read };
    let name = read.map_err(|wrong| Wrong {
        message: format!("has a key {kind} that {}", wrong.message),
        ..wrong
    })?;
    if name.is_empty() {
        return Err(Wrong::new(format!("has a key {kind} that is empty")).hint(advice));
    }
    Ok(make(name))
}

fn fetch(source: &Source<'_>, surroundings: &Surroundings<'_>) -> Result<Fetched, Wrong> {
    let environment = surroundings.environment;
    let file = |path: PathBuf, warn_readable: bool| {
        let read = file(&path, warn_readable);
        surroundings.secret_files.borrow_mut().push(path);
        read
    };
    match *source {
        Source::Variable(name) => variable(name, environment),
        Source::File(path) => file(absolute(surroundings.folder, path), true),
        Source::Credential(name) => {
            if name.contains(['/', '\\']) || matches!(name, "." | "..") {
                return Err(Wrong::new("names a credential with a path")
                    .hint("write the bare name that LoadCredential= gives it"));
            }
            let folder =
                environment.get("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty());
            let Some(folder) = folder else {
                return Err(Wrong::new(
                    "cannot be read: the variable CREDENTIALS_DIRECTORY is not set",
                )
                .hint("credentials exist only in a systemd unit with LoadCredential="));
            };
            file(Path::new(folder).join(name), false)
        }
    }
}

fn variable(name: &str, environment: &Environment) -> Result<Fetched, Wrong> {
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return Err(Wrong::new("is not the name of a variable")
            .hint("letters, digits and _ only; the password itself does not belong there"));
    }
    if environment.is_unreadable(name) {
        return Err(Wrong::new(format!("cannot be read: the variable {name} is not UTF-8 text")));
    }
    let Some(text) = environment.get(name) else {
        return Err(Wrong::new(format!("cannot be read: the variable {name} is not set"))
            .hint("set it for the user and the job that run ivms-sync; cron passes on none of your shell's"));
    };
    Ok(Fetched { secret: checked(text, &format!("the variable {name}"))?, warning: None })
}

fn file(path: &Path, warn_readable: bool) -> Result<Fetched, Wrong> {
    let shown_path = escaped(&path.display().to_string());
    let failed = |error: std::io::Error| {
        Wrong::new(format!("cannot be read from {shown_path}: {error}"))
            .hint("the path is relative to the configuration file; the user that runs ivms-sync must be able to read it")
    };
    let alone = "the file must hold the password and nothing else";
    let (bytes, metadata) = match bounded::read(path, FILE_BYTES_MAX).map_err(failed)? {
        Bounded::Whole { bytes, metadata } => (bytes, metadata),
        Bounded::NotAFile => {
            let message = format!("cannot be read: {shown_path} is not a regular file");
            return Err(Wrong::new(message).hint(alone));
        }
        Bounded::TooLarge => {
            let message =
                format!("cannot be read: {shown_path} is longer than {FILE_BYTES_MAX} bytes");
            return Err(Wrong::new(message).hint(alone));
        }
    };
    let Some(text) = bounded::text(&bytes) else {
        return Err(Wrong::new(format!("cannot be read: {shown_path} is not UTF-8 text")));
    };
    let secret = checked(without_comments(&text).trim_end_matches(['\r', '\n']), &shown_path)?;
    let warning = (warn_readable && is_readable_by_others(&metadata)).then(|| {
        format!("{shown_path} can be read by other users of this computer; run chmod 600 on it.")
    });
    Ok(Fetched { secret, warning })
}

/// The key alone of a file as `age-keygen` writes it, with two lines of comment; any other text as it is.
fn without_comments(text: &str) -> &str {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    match (lines.next(), lines.next()) {
        (Some(key), None) if key.starts_with("AGE-SECRET-KEY-") => key,
        _ => text,
    }
}

/// Whether the mode lets the group or everybody read the file.
#[cfg(unix)]
pub fn is_readable_by_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.is_file() && metadata.permissions().mode() & 0o044 != 0
}

/// Access lists are not looked at.
#[cfg(not(unix))]
pub fn is_readable_by_others(_: &Metadata) -> bool {
    false
}
