//! Link files: spreadsheets and CSV in which a person id and an e-mail or a member number stand in one row.
//!
//! ```text
//! bytes -> kind by content -> cells (xlsx | encoding + csv) -> header row -> rows
//! ```
//!
//! The same readers serve rights-files: what is read out of a spreadsheet says a `layout`.
//!
//! Everything but [`read`], [`sha256_of`] and [`stamp_of`] is pure. Invariants: the kind is decided by content,
//! never by the extension; a person id, e-mail or number that is not certain is reported as an
//! [`UnusableRow`], never guessed; nothing here says who is linked to whom, so one member may come
//! out with two person ids and the link rules call that ambiguous.
//!
//! A link file may also say which car is whose (`plates`). That is read apart, and only where somebody needs it; here
//! a row of a member and a plate links nobody, and is no row that was left out.
//!
//! Layouts read: iVMS-4200's person template, HikCentral's, and anything else with the columns named
//! as in `header`.

pub(in crate::engine) mod cell;
mod conditional;
mod csv;
mod doubt;
mod encoding;
mod error;
pub(in crate::engine) mod format;
pub(in crate::engine) mod header;
pub(in crate::engine) mod layout;
mod parts;
pub(in crate::engine) mod plates;
mod row;
mod stamp;
pub(in crate::engine) mod value;
mod xlsx;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

pub use doubt::{Doubt, doubt};
pub use error::{FileProblem, LinkFileError};
pub use stamp::stamp_of;

pub use crate::model::{LinkRow, MemberNamed, RowReason, UnusableRow};

use crate::net::bounded::{self, Bounded};
use crate::text::hex::hex;
use layout::Layout;
use row::{Links, Rows};

/// The largest link file read, in bytes. A person with every column filled in takes under 300, so
/// this is room for 100,000 of them, and still little to hold in memory.
pub const FILE_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// The most a workbook may unpack to, in bytes: a ZIP of [`FILE_BYTES_MAX`] could hold 32 GiB.
pub const UNPACKED_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// The most rows below the header; a device holds at most 100,000 persons.
pub const ROWS_MAX: usize = 500_000;

/// How many rows are searched for the header row. The vendor's templates have it in row 9 or 10.
pub const HEADER_ROWS_MAX: u32 = 30;

/// The longest person id or e-mail cell looked at, in bytes.
pub const CELL_BYTES_MAX: usize = 4 * 1024;

/// How many worksheets are searched for a header row.
pub const SHEETS_MAX: usize = 64;

/// What a link file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkFile {
    /// The file, as it was named by the caller.
    pub path: PathBuf,
    /// SHA-256 of its bytes, lower-case hex: the file is read again only when this changed.
    pub sha256: String,
    /// Rows with a person id and a member, in the file's order, exact repetitions left out.
    pub rows: Vec<LinkRow>,
    /// Rows that cannot link anybody, in the file's order. A row without an e-mail is normal in an
    /// export of iVMS-4200, so show these as counts by [`RowReason`] unless asked for more.
    pub unusable: Vec<UnusableRow>,
    /// What the administrator should know about how the file was read.
    pub notes: Vec<FileNote>,
    /// A CSV file whose last line has no end: it may have been read while it was written.
    pub is_cut_off: bool,
}

/// Something about the file that is no error, but that nobody would guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileNote {
    /// More than one visible worksheet has a header row; only the first is read.
    OtherSheet {
        /// The worksheet that was read.
        read: String,
        /// One that was not.
        ignored: String,
    },
}

impl fmt::Display for FileNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherSheet { read, ignored } => write!(
                f,
                "Worksheet \"{}\" also has a header row and is not read; only \"{}\" is.",
                ignored.escape_debug(),
                read.escape_debug()
            ),
        }
    }
}

/// What was gathered of a link file, before it gets a path and a hash.
#[derive(Debug, Default)]
struct Contents {
    rows: Vec<LinkRow>,
    unusable: Vec<UnusableRow>,
    notes: Vec<FileNote>,
}

/// Returns the SHA-256 of a file's bytes, as lower-case hex.
///
/// # Errors
/// [`FileProblem::Missing`], [`FileProblem::NotAFile`], [`FileProblem::TooLarge`] or
/// [`FileProblem::Io`].
pub fn sha256_of(path: &Path) -> Result<String, LinkFileError> {
    load(path).map(|bytes| hash(&bytes)).map_err(|problem| LinkFileError::new(path, problem))
}

/// Reads a link file from disk, in one go, so that the hash and the rows are of the same bytes.
///
/// # Errors
/// Those of [`sha256_of`] and of [`parse`].
pub fn read(path: &Path) -> Result<LinkFile, LinkFileError> {
    let bytes = load(path).map_err(|problem| LinkFileError::new(path, problem))?;
    parse(path, &bytes)
}

/// As [`read`], but a file of members and plates without person ids is right as it is: it links nobody.
///
/// # Errors
/// As [`read`].
pub fn read_with_plates(path: &Path) -> Result<LinkFile, LinkFileError> {
    let wrong = |problem| LinkFileError::new(path, problem);
    let bytes = load(path).map_err(wrong)?;
    let rows = sheet(&Links, &bytes).or_else(|problem| match problem {
        FileProblem::NoIdColumn { .. } => plates::without_persons(&bytes).ok_or(problem),
        _ => Err(problem),
    });
    rows.map(|rows| link_file(path, rows)).map_err(wrong)
}

/// Reads a link file from memory. Pure: `path_for_messages` is only written into what comes back.
///
/// # Errors
/// Any [`FileProblem`] but those of the disk. Single rows never fail the file: they are in
/// [`LinkFile::unusable`].
pub fn parse(path_for_messages: &Path, bytes: &[u8]) -> Result<LinkFile, LinkFileError> {
    let rows = sheet(&Links, bytes);
    rows.map(|rows| link_file(path_for_messages, rows))
        .map_err(|problem| LinkFileError::new(path_for_messages, problem))
}

fn link_file(path: &Path, sheet: Sheet<Rows>) -> LinkFile {
    let Sheet { rows, sha256, notes, is_cut_off } = sheet;
    let Contents { rows, unusable, notes } = rows.finish(notes);
    LinkFile { path: path.to_owned(), sha256, rows, unusable, notes, is_cut_off }
}

/// What was read out of a spreadsheet.
#[derive(Debug)]
pub(in crate::engine) struct Sheet<R> {
    pub rows: R,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
    pub notes: Vec<FileNote>,
    /// A CSV file whose last line has no end.
    pub is_cut_off: bool,
}

/// Reads a spreadsheet from disk under a layout, in one go.
///
/// # Errors
/// Any [`FileProblem`].
pub(in crate::engine) fn read_sheet<const N: usize, L: Layout<N>>(
    layout: &L,
    path: &Path,
) -> Result<Sheet<L::Rows>, FileProblem> {
    sheet(layout, &load(path)?)
}

/// Reads a spreadsheet from memory under a layout. Pure.
///
/// # Errors
/// Any [`FileProblem`] but those of the disk.
pub(in crate::engine) fn sheet<const N: usize, L: Layout<N>>(
    layout: &L,
    bytes: &[u8],
) -> Result<Sheet<L::Rows>, FileProblem> {
    /// First bytes of the container of old Office files, and of password-protected new ones.
    const OLE_MAGIC: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0];
    /// First bytes of a ZIP, and so of an XLSX.
    const ZIP_MAGIC: &[u8] = b"PK\x03\x04";

    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(FileProblem::TooLarge { limit: FILE_BYTES_MAX });
    }
    if bytes.starts_with(OLE_MAGIC) {
        let what = "an old Excel workbook (.xls), or one with a password";
        return Err(FileProblem::OtherFormat { what });
    }
    if bytes.starts_with(ZIP_MAGIC) {
        let (rows, notes) = xlsx::read(layout, bytes)?;
        return Ok(Sheet { rows, sha256: hash(bytes), notes, is_cut_off: false });
    }
    let text = encoding::decode(bytes)?;
    if text.trim().is_empty() {
        return Err(FileProblem::Empty);
    }
    if let Some(what) = other_format(&text) {
        return Err(FileProblem::OtherFormat { what });
    }
    let (rows, is_cut_off) = (csv::read(layout, &text)?, csv::is_cut_off(&text));
    Ok(Sheet { rows, sha256: hash(bytes), notes: Vec::new(), is_cut_off })
}

/// What a text is that only calls itself a spreadsheet: reports are often saved as HTML or XML under
/// `.xls`, which Excel opens all the same.
fn other_format(text: &str) -> Option<&'static str> {
    /// So much of the beginning is looked at.
    const LOOKED_AT: usize = 4 * 1024;
    const XML_SHEETS: &[&str] = &["urn:schemas-microsoft-com:office:spreadsheet", "excel.sheet"];
    const HTML: &[&str] =
        &["<html", "<!doctype html", "<head", "<meta", "<style", "<body", "<div", "<table"];

    let begin: String = text.trim_start().chars().take(LOOKED_AT).collect();
    let begin = begin.to_ascii_lowercase();
    let has = |mark: &&str| begin.contains(*mark);
    let begins = |mark: &&str| begin.starts_with(*mark);
    let is_markup = ["<?xml", "<!--", "<!doctype"].iter().any(begins);
    if begins(&"%pdf-") {
        Some("a PDF document")
    } else if begins(&"{\\rtf") {
        Some("a text document (RTF)")
    } else if begins(&"mime-version:") {
        Some("a web archive (.mht)")
    } else if begins(&"<workbook") || (is_markup && XML_SHEETS.iter().any(has)) {
        Some("an XML spreadsheet (SpreadsheetML of Excel 2003) and no workbook")
    } else if HTML.iter().any(begins) || (is_markup && HTML.iter().any(has)) {
        Some("an HTML page and no workbook, whatever its name ends in")
    } else if begins(&"<?xml") {
        Some("an XML file and no workbook")
    } else {
        None
    }
}

fn load(path: &Path) -> Result<Vec<u8>, FileProblem> {
    match bounded::read(path, FILE_BYTES_MAX).map_err(FileProblem::from_io)? {
        Bounded::Whole { bytes, .. } => Ok(bytes),
        Bounded::NotAFile => Err(FileProblem::NotAFile),
        Bounded::TooLarge => Err(FileProblem::TooLarge { limit: FILE_BYTES_MAX }),
    }
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
