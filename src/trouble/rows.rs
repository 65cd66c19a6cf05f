//! What goes wrong with rows of gates. A row is told by its right: no plate is in any message.

use super::{Failed, Hint, TroubleWord};
use crate::exit::Exit;
use crate::text::lists::{many, some_of};

/// So many rights are named.
const NAMED_MAX: usize = 3;

/// Something about rows of a gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowTrouble {
    /// Nothing is done for some plates.
    NotDone {
        /// Why, in a word.
        reason: &'static str,
        /// The same as a fragment, and what to do.
        words: (&'static str, &'static str),
        /// Somebody stands outside until a person has mended it.
        needs_somebody: bool,
        rights: Vec<String>,
    },
    /// So many changes were tried and are not in force; why the first of them is not.
    NotTaken { count: usize, why: String },
    /// The checker refused the plan.
    Unproven(Failed),
    /// What waits for approval is something else than was approved.
    Overtaken,
    /// So many changes that were reviewed do not follow any more from what is known.
    ReviewedOvertaken(usize),
}

impl RowTrouble {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::NotDone { needs_somebody: false, .. } => Exit::InStep,
            Self::NotDone { needs_somebody: true, .. } | Self::NotTaken { .. } => Exit::PartFailed,
            Self::Unproven(_) => Exit::Refused,
            Self::Overtaken | Self::ReviewedOvertaken(_) => Exit::StalePlan,
        }
    }

    pub(super) fn word(&self) -> TroubleWord {
        match self {
            Self::NotDone { .. } => TroubleWord::RowsNotDone,
            Self::NotTaken { .. } => TroubleWord::RowsNotTaken,
            Self::Unproven(_) => TroubleWord::RowsUnproven,
            Self::Overtaken | Self::ReviewedOvertaken(_) => TroubleWord::Overtaken,
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::NotDone { words, rights, .. } => {
                format!("nothing is done for {}: {}", some_of(rights, NAMED_MAX, ", "), words.0)
            }
            Self::NotTaken { count, why } => {
                format!("{} did not take effect: {why}", many(*count, "row"))
            }
            Self::Unproven(failed) => failed.text.clone(),
            Self::ReviewedOvertaken(count) => format!(
                "{} of the plan left out: the row or the right is another one by now",
                many(*count, "row")
            ),
            Self::Overtaken => {
                "the changes that wait are others by now, so nothing was written".to_owned()
            }
        }
    }

    pub(super) fn hint(&self) -> Option<Hint> {
        match self {
            Self::NotDone { words, .. } => Some(Hint::text(words.1)),
            Self::NotTaken { .. } => Some(Hint::text("the next run tries again")),
            Self::Unproven(failed) => failed.hint.clone(),
            Self::ReviewedOvertaken(_) => Some(Hint::command(
                "make a new plan and look at it again",
                "ivms-sync diff --out PLAN".to_owned(),
            )),
            Self::Overtaken => {
                Some(Hint::command("see what waits now", "ivms-sync status".to_owned()))
            }
        }
    }
}
