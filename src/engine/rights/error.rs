//! What can be done about a rights-file that cannot be used. Pure.

use crate::engine::link::file::{Doubt, FileProblem};
use crate::trouble::Hint;

/// Whether no later run mends it by itself: another export with the same program is as wrong.
pub(super) fn is_lasting(problem: &FileProblem) -> bool {
    match problem {
        FileProblem::Missing
        | FileProblem::NotAFile
        | FileProblem::Io(_)
        | FileProblem::Empty
        | FileProblem::Encoding { .. }
        | FileProblem::Xlsx { .. }
        | FileProblem::LooksCutOff(Doubt::NoLineEnd) => false,
        FileProblem::LooksCutOff(Doubt::RowsGone { .. })
        | FileProblem::TooLarge { .. }
        | FileProblem::TooLargeUnpacked { .. }
        | FileProblem::TooManyRows { .. }
        | FileProblem::OtherFormat { .. }
        | FileProblem::NotASpreadsheet
        | FileProblem::NoHeader { .. }
        | FileProblem::NoMemberColumn { .. }
        | FileProblem::NoIdColumn { .. }
        | FileProblem::NoRightsHeader { .. }
        | FileProblem::NoRightsColumn { .. }
        | FileProblem::TwoColumns { .. } => true,
    }
}

/// What to do about it; where rows are gone, `shrank_to` is how many are left.
pub(super) fn remedy(problem: &FileProblem, shrank_to: Option<usize>) -> Hint {
    match shrank_to {
        Some(rows) => Hint::command(
            "export it again; if so many were taken out of it on purpose",
            format!("ivms-sync sync --accept-shrink {rows}"),
        ),
        None => Hint::text(hint(problem)),
    }
}

fn hint(problem: &FileProblem) -> &'static str {
    match problem {
        FileProblem::Missing => {
            "check `files` in its section; a relative path starts at the configuration file"
        }
        FileProblem::NotAFile => "name the spreadsheet itself in `files` of its section",
        FileProblem::TooLarge { .. }
        | FileProblem::TooLargeUnpacked { .. }
        | FileProblem::TooManyRows { .. } => {
            "take out what has ended, and the columns that are not read, or make two files of it"
        }
        FileProblem::Empty => "export it again; it may have been read half-written",
        other => other.hint(),
    }
}
