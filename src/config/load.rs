//! Reads the configuration file: bytes to text, text to TOML, TOML to [`Config`].

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::overrides::Overrides;
use super::problem::{Report, Wrong};
use super::schema;
use super::secret_source::{Surroundings, is_readable_by_others};
use super::section::{Reader, Section};
use super::value::SINGLE_QUOTES;
use super::{Config, ConfigError, Environment, Kinds, Passwords, Problem};
use crate::net::bounded::{self, Bounded};
use crate::text::shell::quoted;

/// The most bytes of a configuration file; a thousand devices fit into a third of it.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Loads a configuration: defaults, under the file, under `IVMS_SYNC__…` variables of `environment`.
///
/// # Errors
/// [`ConfigError`] with everything that is wrong with the file, its passwords and its overrides.
pub fn load(path: &Path, environment: &Environment, kinds: Kinds) -> Result<Config, ConfigError> {
    load_for(path, environment, kinds, Passwords::All)
}

/// The same for a command that needs these passwords alone. The others are empty where they cannot be read, so that
/// nothing must be asked with such a configuration that was not said to be.
///
/// # Errors
/// As [`load`].
pub fn load_for(
    path: &Path,
    environment: &Environment,
    kinds: Kinds,
    passwords: Passwords<'_>,
) -> Result<Config, ConfigError> {
    let of_file = |wrong| ConfigError::of_file(path.to_owned(), wrong);
    let file = read_file(path).map_err(of_file)?;
    let absolute = std::path::absolute(path).map_err(|error| of_file(unreadable(&error)))?;
    let surroundings = Surroundings::new(environment, absolute.parent().unwrap_or(&absolute));
    interpret(&file, &absolute, &Surroundings { passwords, ..surroundings }, kinds)
        .map_err(|problems| ConfigError { path: path.to_owned(), problems })
}

/// Makes a configuration of a text that is to become a file at this path.
///
/// # Errors
/// As [`load`].
pub fn draft(
    text: &str,
    path: &Path,
    environment: &Environment,
    kinds: Kinds,
) -> Result<Config, ConfigError> {
    let file = SourceFile { bytes: text.as_bytes().to_vec(), is_readable_by_others: false };
    let surroundings = Surroundings::new(environment, path.parent().unwrap_or(path));
    interpret(&file, path, &surroundings, kinds)
        .map_err(|problems| ConfigError { path: path.to_owned(), problems })
}

/// A configuration file in memory.
pub(super) struct SourceFile {
    pub bytes: Vec<u8>,
    /// Its mode lets the group or everybody read it.
    pub is_readable_by_others: bool,
}

fn read_file(path: &Path) -> Result<SourceFile, Wrong> {
    let is_it = "is this the configuration file?";
    match bounded::read(path, FILE_BYTES_MAX).map_err(|error| unreadable(&error))? {
        Bounded::Whole { bytes, metadata } => {
            Ok(SourceFile { bytes, is_readable_by_others: is_readable_by_others(&metadata) })
        }
        Bounded::NotAFile => Err(Wrong::new("is not a regular file").hint(is_it)),
        Bounded::TooLarge => {
            Err(Wrong::new(format!("is longer than {FILE_BYTES_MAX} bytes")).hint(is_it))
        }
    }
}

fn unreadable(error: &std::io::Error) -> Wrong {
    Wrong::new(format!("cannot be read: {error}"))
}

/// Makes a configuration of a file's content. `path` is absolute; passwords kept in other files are
/// read, everything else is in the arguments.
pub(super) fn interpret(
    file: &SourceFile,
    path: &Path,
    surroundings: &Surroundings<'_>,
    kinds: Kinds,
) -> Result<Config, Vec<Problem>> {
    let text = decode(&file.bytes).map_err(|problem| vec![problem])?;
    let report = Report::new(&text);
    let document = match DeTable::parse(&text) {
        Ok(document) => document.into_inner(),
        Err(error) => return Err(vec![syntax_error(&error, &text, &report)]),
    };
    let reader = Reader { report, overrides: Overrides::new(surroundings.environment) };
    let config = {
        let top = Section::top(&reader, &document);
        schema::read(&top, path, kinds, surroundings)
    };
    reader.overrides.report_unknown(&reader.report);
    if file.is_readable_by_others && surroundings.has_literal.get() {
        reader.report.warn(format!(
            "{path} holds a password and can be read by other users of this computer: \
             run chmod 600 {command} now, and change the password if it may have been seen.",
            path = path.display(),
            command = quoted(&path.to_string_lossy())
        ));
    }
    let (problems, warnings) = reader.report.finish();
    match config {
        Some(config) if problems.is_empty() => Ok(Config { warnings, ..config }),
        _ => Err(problems),
    }
}

/// The text without its byte order mark.
fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Problem> {
    bounded::text(bytes).ok_or_else(|| {
        let valid = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
        let before = bytes.iter().take(valid);
        Problem {
            key: String::new(),
            line: Some(before.filter(|byte| **byte == b'\n').count() + 1),
            variable: None,
            message: "is not UTF-8 text".to_owned(),
            hint: Some("save the file as UTF-8 in your editor".to_owned()),
        }
    })
}

/// The parser's own `Display` shows the line of the file, which may hold a password: only its
/// message, which never quotes the file, is used.
fn syntax_error(error: &toml::de::Error, text: &str, report: &Report) -> Problem {
    let offset = error.span().map_or(text.len(), |span| span.start);
    let (line, start) = report.line_of(offset);
    let column = text.get(start..offset).map_or(1, |before| before.chars().count() + 1);
    let message = match error.message() {
        "duplicate key" => "this key or section is in the file twice",
        message => message,
    };
    let broken = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let has_escape = broken.contains('"') && broken.contains('\\');
    Problem {
        key: String::new(),
        line: Some(line),
        variable: None,
        message: format!("syntax error at column {column}: {message}"),
        hint: has_escape.then(|| SINGLE_QUOTES.to_owned()),
    }
}

/// A path of the configuration made absolute; the file need not exist.
pub fn absolute(folder: &Path, path: &str) -> PathBuf {
    let joined = folder.join(path);
    std::path::absolute(&joined).unwrap_or(joined)
}
