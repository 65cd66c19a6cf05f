//! What goes wrong between a city and an agency that collects for it. Citations are told by their numbers.

use super::{Hint, TroubleWord};
use crate::exit::Exit;
use crate::text::lists::{many, some_of};

/// So many are named one by one; the rest is counted.
const NAMED_MAX: usize = 8;

/// Something about the citations of one agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CollectionTrouble {
    /// The agency asks people for what they have paid, or need not pay, and was not told.
    WithdrawalsWait { references: Vec<String>, agency: String },
    /// The agency was told, and does not give them back; each with why.
    KeptThere { citations: Vec<String> },
    /// Citations could be handed over, and nobody has said so.
    ReferralsWait { count: usize, amount: String, agency: String },
}

impl CollectionTrouble {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::WithdrawalsWait { .. } | Self::KeptThere { .. } => Exit::Refused,
            Self::ReferralsWait { .. } => Exit::InStep,
        }
    }

    pub(super) fn word(&self) -> TroubleWord {
        match self {
            Self::WithdrawalsWait { .. } => TroubleWord::WithdrawalsWait,
            Self::KeptThere { .. } => TroubleWord::NotGivenBack,
            Self::ReferralsWait { .. } => TroubleWord::ReferralsWait,
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::WithdrawalsWait { references, .. } => format!(
                "{} that nobody owes any more {} not taken back yet: {}",
                many(references.len(), "citation"),
                if references.len() == 1 { "is" } else { "are" },
                some_of(references, NAMED_MAX, ", "),
            ),
            Self::KeptThere { citations } => format!(
                "it does not give back {} that nobody owes any more: {}",
                many(citations.len(), "citation"),
                some_of(citations, NAMED_MAX, ", "),
            ),
            Self::ReferralsWait { count, amount, .. } => {
                format!("{} could be handed over, {amount}", many(*count, "citation"))
            }
        }
    }

    pub(super) fn hint(&self) -> Option<Hint> {
        let plan = |agency: &str, text: &str| {
            let command = format!("ivms-sync diff --to {agency} --out collect.json");
            Some(Hint::command(text.to_owned(), command))
        };
        match self {
            Self::WithdrawalsWait { agency, .. } => {
                plan(agency, "look at it, and carry it out with `ivms-sync apply collect.json`")
            }
            Self::ReferralsWait { agency, .. } => plan(agency, "look at it"),
            Self::KeptThere { .. } => {
                Some(Hint::text("ask the agency: until it gives them back, nothing is handed over"))
            }
        }
    }
}
