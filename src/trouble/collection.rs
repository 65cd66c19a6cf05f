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
    /// The agency was told, and does not give them back; each with why. The document that told it last.
    KeptThere { citations: Vec<String>, document: Option<String> },
    /// Citations are at an agency that the configuration does not name any more.
    AgencyGone { count: usize, agency: String },
    /// Citations are there of a service that the configuration does not name any more.
    ServiceGone { count: usize, service: String },
    /// Citations could be handed over, and nobody has said so.
    ReferralsWait { count: usize, amount: String, agency: String },
}

impl CollectionTrouble {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::WithdrawalsWait { .. }
            | Self::KeptThere { .. }
            | Self::AgencyGone { .. }
            | Self::ServiceGone { .. } => Exit::Refused,
            Self::ReferralsWait { .. } => Exit::InStep,
        }
    }

    pub(super) fn word(&self) -> TroubleWord {
        match self {
            Self::WithdrawalsWait { .. } => TroubleWord::WithdrawalsWait,
            Self::KeptThere { .. } => TroubleWord::NotGivenBack,
            Self::ReferralsWait { .. } => TroubleWord::ReferralsWait,
            Self::AgencyGone { .. } | Self::ServiceGone { .. } => TroubleWord::ReferralsLeft,
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
            Self::AgencyGone { count, .. } => format!(
                "{} {} there, and no section of an agency is called so any more: nobody is taken back",
                many(*count, "citation"),
                if *count == 1 { "is" } else { "are" },
            ),
            Self::ServiceGone { count, service } => format!(
                "{} of {service} {} there, and no section that lists citations is called {service} any more: nobody \
                 hears who pays",
                many(*count, "citation"),
                if *count == 1 { "is" } else { "are" },
            ),
            Self::KeptThere { citations, .. } => format!(
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
            Self::KeptThere { document, .. } => {
                let text = "ask the agency: until it gives them back, nothing is handed over. They are asked for \
                            again in every run with `mode = \"full\"`, and by every plan";
                Some(match document {
                    None => Hint::text(text),
                    Some(id) => Hint::command(
                        format!("{text}. Once the agency says that it has given them back, say so"),
                        format!("ivms-sync apply --settle {id}=done"),
                    ),
                })
            }
            Self::AgencyGone { agency: name, .. } | Self::ServiceGone { service: name, .. } => {
                Some(Hint::text(format!(
                    "give the section its name back, {name}: what is there is known under it"
                )))
            }
        }
    }
}
