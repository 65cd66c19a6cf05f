//! Why a whole link file cannot be used, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use super::Doubt;
use crate::model::visible;

/// The most characters of what the reader of workbooks says.
const DETAIL_CHARS: usize = 200;

/// A link file that cannot be used, with its name.
#[derive(Debug, thiserror::Error)]
#[error("link file {}: {problem}", path.display())]
pub struct LinkFileError {
    /// The file, as it was named by the caller.
    pub path: PathBuf,
    /// What is wrong with it.
    pub problem: FileProblem,
}

impl LinkFileError {
    pub(crate) fn new(path: &Path, problem: FileProblem) -> Self {
        Self { path: path.to_owned(), problem }
    }

    /// Whether the next run may find nothing wrong with it, without anybody doing anything.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self.problem, FileProblem::LooksCutOff(_))
    }

    /// What the administrator can do about it; every problem has one.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(self.problem.hint().to_owned())
    }
}

/// What is wrong with a link file. No variant holds the text of a cell, only of a heading.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    #[error("does not exist")]
    Missing,
    /// A folder, a pipe or a device.
    #[error("is not a regular file")]
    NotAFile,
    /// The operating system refuses: no permission, or held open by Excel on Windows.
    #[error("cannot be opened: {0}")]
    Io(io::Error),
    /// More bytes than [`super::FILE_BYTES_MAX`].
    #[error("is larger than {} MiB", limit / (1024 * 1024))]
    TooLarge { limit: u64 },
    /// A workbook that unpacks to more than [`super::UNPACKED_BYTES_MAX`].
    #[error("unpacks to more than {} MiB", limit / (1024 * 1024))]
    TooLargeUnpacked { limit: u64 },
    /// More rows below the header than [`super::ROWS_MAX`].
    #[error("has more than {limit} rows")]
    TooManyRows { limit: usize },
    /// No bytes, or nothing but white space.
    #[error("is empty")]
    Empty,
    /// A spreadsheet of a kind that is not read.
    #[error("is {what}, which is not read")]
    OtherFormat {
        /// The kind, with its article.
        what: &'static str,
    },
    /// Neither a workbook nor text: it holds NUL bytes and no byte-order mark.
    #[error("is neither a workbook nor text")]
    NotASpreadsheet,
    /// A byte-order mark promises an encoding that the bytes do not keep.
    #[error("is marked as {encoding}, but holds bytes that are not")]
    Encoding {
        /// The encoding its byte-order mark names.
        encoding: &'static str,
    },
    /// It may have been read while it was written: it counts when the next run reads the same.
    #[error("looks cut off: {0}")]
    LooksCutOff(Doubt),
    /// A workbook that is damaged, or written in a way that is not understood.
    #[error("is a workbook that cannot be read: {detail}")]
    Xlsx {
        /// What the reader says.
        detail: String,
    },
    /// Neither column was found in the first rows of any visible worksheet.
    #[error(
        "has no header row with a person id and an e-mail or member number column in its first {searched} rows"
    )]
    NoHeader {
        /// How many rows were searched.
        searched: u32,
    },
    /// A row names the person id, and none names a member's e-mail or number beside it.
    #[error("row {line} names a person id column, but no e-mail or member number column")]
    NoMemberColumn {
        /// That row, from 1.
        line: u32,
    },
    /// A row names the e-mail or the member number, and none the person id beside it.
    #[error("row {line} names an e-mail or member number column, but no person id column")]
    NoIdColumn {
        /// That row, from 1.
        line: u32,
    },
    /// No row of a rights-file names its columns.
    #[error(
        "has no header row with a plate, a zone, a from and an until column in its first {searched} rows"
    )]
    NoRightsHeader {
        /// How many rows were searched.
        searched: u32,
    },
    /// A row of a rights-file names the plate, and not all that must stand beside it.
    #[error("row {line} names a plate column, but none for: {}", missing.join(", "))]
    NoRightsColumn {
        /// That row, from 1.
        line: u32,
        missing: Vec<&'static str>,
    },
    /// The header row names two columns for the same thing, so which one counts is a guess.
    #[error("row {line} has more than one {what} column: {}", names.join(", "))]
    TwoColumns {
        /// That row, from 1.
        line: u32,
        /// `person id`, `plate` and so on.
        what: &'static str,
        /// The headings as written.
        names: Vec<String>,
    },
}

impl FileProblem {
    pub(super) fn from_io(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound { Self::Missing } else { Self::Io(error) }
    }

    pub(super) fn xlsx(detail: impl ToString) -> Self {
        // The reader quotes names of parts and references out of the file.
        Self::Xlsx { detail: visible(&detail.to_string(), DETAIL_CHARS) }
    }

    /// What the administrator can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Missing => {
                "check `files` under `[link]`; a relative path starts at the configuration file"
            }
            Self::NotAFile => "name the spreadsheet itself in `files` under `[link]`",
            Self::Io(_) => "close it in Excel, and let the account that runs ivms-sync read it",
            Self::TooLarge { .. } | Self::TooLargeUnpacked { .. } | Self::TooManyRows { .. } => {
                "keep only the columns that are read of the people who have a membership"
            }
            Self::Empty => "export the persons again; the file may have been read half-written",
            Self::OtherFormat { .. } => {
                "open it in a spreadsheet program and save it as Excel workbook (.xlsx) without a password, or as CSV UTF-8"
            }
            Self::NotASpreadsheet | Self::Encoding { .. } => {
                "save it as Excel workbook (.xlsx) or as CSV UTF-8"
            }
            Self::LooksCutOff(Doubt::NoLineEnd) => {
                "if it is whole, end its last line; as it is, it counts when the next run reads the same"
            }
            Self::LooksCutOff(Doubt::RowsGone { .. }) => {
                "if it is whole, nothing is to be done: it counts when the next run reads the same"
            }
            Self::Xlsx { .. } => "open it in a spreadsheet program and save it again as .xlsx",
            Self::NoHeader { .. } | Self::NoMemberColumn { .. } | Self::NoIdColumn { .. } => {
                "one row must hold the headings `Person ID` and `Email` or `Member number`, each in its own column"
            }
            Self::NoRightsHeader { .. } | Self::NoRightsColumn { .. } => {
                "one row must hold the headings `Plate`, `Zone`, `From` and `Until`, each in its own column"
            }
            Self::TwoColumns { .. } => "rename or delete the column that should not count",
        }
    }
}
