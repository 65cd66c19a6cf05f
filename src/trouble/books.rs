//! What goes wrong with books: files that are refused, late or odd, and books that do not agree. No payment and no
//! amount is in any message.

use chrono::NaiveDate;

use super::{Failed, Hint, TroubleWord};
use crate::exit::Exit;
use crate::model::escaped;
use crate::text::lists::{many, some_of};

/// So many days are named.
const NAMED_MAX: usize = 3;

/// Something about books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BooksTrouble {
    /// The folder of a spool, or a file in it, cannot be read now.
    SpoolUnread(Failed),
    /// A file breaks a rule, and nothing of it was taken; its name, and which.
    FileRefused { file: String, why: String },
    /// A file has the content of another one; the names of both.
    FileRepeated { file: String, first: String },
    /// A file brought something to days that others had told of before.
    DaysMoved { file: String, days: Vec<NaiveDate> },
    /// No file has told of the day yet, and it is due.
    FileLate { day: NaiveDate },
    /// A file without rows came for a day from Monday to Friday.
    FileEmpty { day: NaiveDate },
    /// No row of the day names its payment.
    KeyGone { rows: usize },
    /// Of so many rows so few could be matched, in per cent, where so many usually are.
    FewMatched { rows: u64, share: u8, usual: u8 },
    /// Every amount is a hundred times that of the ledger, or a hundredth of it.
    OtherUnit { is_more: bool },
    /// The books of the day do not agree; in how many points.
    Differ { day: NaiveDate, count: usize },
}

impl BooksTrouble {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::SpoolUnread(_) | Self::FileLate { .. } => Exit::Temporary,
            Self::FileRefused { .. } => Exit::Unacceptable,
            Self::FileRepeated { .. }
            | Self::FileEmpty { .. }
            | Self::KeyGone { .. }
            | Self::FewMatched { .. }
            | Self::OtherUnit { .. }
            | Self::Differ { .. } => Exit::Refused,
            Self::DaysMoved { .. } => Exit::InStep,
        }
    }

    pub(super) fn word(&self) -> TroubleWord {
        match self {
            Self::SpoolUnread(_) => TroubleWord::SpoolUnread,
            Self::FileRefused { .. } => TroubleWord::FileRefused,
            Self::FileRepeated { .. } => TroubleWord::FileRepeated,
            Self::DaysMoved { .. } => TroubleWord::DaysMoved,
            Self::FileLate { .. } => TroubleWord::FileLate,
            Self::FileEmpty { .. } => TroubleWord::FileEmpty,
            Self::KeyGone { .. } => TroubleWord::KeyGone,
            Self::FewMatched { .. } => TroubleWord::FewMatched,
            Self::OtherUnit { .. } => TroubleWord::OtherUnit,
            Self::Differ { .. } => TroubleWord::BooksDiffer,
        }
    }

    /// What makes it another trouble than one of the same word.
    pub(super) fn topic(&self) -> String {
        match self {
            Self::FileRefused { file, .. }
            | Self::FileRepeated { file, .. }
            | Self::DaysMoved { file, .. } => format!("{} {file}", self.word()),
            Self::FileLate { day } | Self::FileEmpty { day } | Self::Differ { day, .. } => {
                format!("{} {day}", self.word())
            }
            _ => self.word().to_string(),
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::SpoolUnread(failed) => failed.text.clone(),
            Self::FileRefused { file, why } => {
                format!("{} {why}; nothing of it was taken", escaped(file))
            }
            Self::FileRepeated { file, first } => {
                let (file, first) = (escaped(file), escaped(first));
                format!("{file} has the same content as {first}, and does not count again")
            }
            Self::DaysMoved { file, days } => {
                let days: Vec<String> = days.iter().map(ToString::to_string).collect();
                let named = some_of(&days, NAMED_MAX, ", ");
                format!(
                    "{} changed {} that files before it had told of: {named}",
                    escaped(file),
                    many(days.len(), "day")
                )
            }
            Self::FileLate { day } => format!("no file has told of {day}, and it is due"),
            Self::FileEmpty { day } => format!("the file of {day} has no rows"),
            Self::KeyGone { rows } => {
                format!("none of {} names its payment: the column is empty", many(*rows, "row"))
            }
            Self::FewMatched { rows, share, usual } => {
                format!("{share} % of {rows} rows could be matched, where {usual} % usually are")
            }
            Self::OtherUnit { is_more: true } => {
                "every amount is a hundred times that of the ledger".to_owned()
            }
            Self::OtherUnit { is_more: false } => {
                "every amount is a hundredth of that of the ledger".to_owned()
            }
            Self::Differ { day, count } => {
                format!("the books of {day} do not agree in {}", many(*count, "point"))
            }
        }
    }

    pub(super) fn hint(&self) -> Option<Hint> {
        let text = match self {
            Self::SpoolUnread(failed) => return failed.hint.clone(),
            Self::FileRefused { .. } => {
                "ask for the file again, and take this one out of the folder; see that `amounts`, `decimal`, \
                 `separator` and `dates` say how it is written"
            }
            Self::FileRepeated { .. } => "take one of the two out; nothing was counted twice",
            Self::DaysMoved { days, .. } => {
                let day = days.first()?;
                return Some(Hint::command(
                    "see what became of such a day",
                    format!("ivms-sync diff --day {day}"),
                ));
            }
            Self::FileLate { .. } => "ask for it, or see why it does not reach the folder",
            Self::FileEmpty { .. } => "ask whether nothing was settled that day",
            Self::KeyGone { .. } | Self::FewMatched { .. } => {
                "ask whoever sends the file what has changed in it"
            }
            Self::OtherUnit { .. } => "see `amounts`: it says which unit the file is in",
            Self::Differ { .. } => return None,
        };
        Some(Hint::text(text))
    }
}
