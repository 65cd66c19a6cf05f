//! What became of an event: as text and as JSON. Pure.

use serde::Serialize;

use super::Head;
use super::citations::{Told, told};
use crate::command::CommandName;
use crate::engine::inbox::{Applied, Outcome};
use crate::exit::Exit;
use crate::model::{SourceName, printable};
use crate::text::words::words;

words! {
    /// What became of an event, in a word.
    pub enum EventOutcome {
        /// It is kept, with what follows from it.
        Applied = "applied",
        /// It was taken, and says nothing that is kept here.
        Ignored = "ignored",
        /// It was taken before, and is not taken again.
        Repeated = "repeated",
    }
}

/// The document of `apply --event`.
#[derive(Debug, Serialize)]
pub struct EventReport<'a> {
    #[serde(flatten)]
    head: Head,
    from: &'a str,
    outcome: EventOutcome,
    /// The citation that it is about, and what is known of its car.
    #[serde(skip_serializing_if = "Option::is_none")]
    citation: Option<Told<'a>>,
    /// How many rows of a right end sooner.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_ended: Option<usize>,
    exit_code: u8,
}

impl<'a> EventReport<'a> {
    #[must_use]
    pub fn new(from: &'a SourceName, outcome: &'a Outcome) -> Self {
        let (word, citation, rows_ended) = match outcome {
            Outcome::Repeated => (EventOutcome::Repeated, None, None),
            Outcome::Applied(Applied::Nothing) => (EventOutcome::Ignored, None, None),
            Outcome::Applied(Applied::Citation(judged)) => {
                (EventOutcome::Applied, Some(told(judged)), None)
            }
            Outcome::Applied(Applied::RightEnded(rows)) => {
                (EventOutcome::Applied, None, Some(*rows))
            }
            Outcome::Applied(Applied::CitationPaid | Applied::Meter { .. }) => {
                (EventOutcome::Applied, None, None)
            }
        };
        let head = Head::of(CommandName::Apply);
        let from = from.as_str();
        Self { head, from, outcome: word, citation, rows_ended, exit_code: Exit::InStep.code() }
    }
}

/// The line for people.
#[must_use]
pub fn render(report: &EventReport<'_>) -> String {
    let EventReport { from, outcome, citation, rows_ended, .. } = report;
    let about = match (citation, rows_ended) {
        (Some(citation), _) => {
            format!(": citation {}, {}", printable(citation.id), citation.why)
        }
        (None, Some(0)) => ": no right ends sooner by it".to_owned(),
        (None, Some(_)) => ": a right ends sooner".to_owned(),
        (None, None) => String::new(),
    };
    match outcome {
        EventOutcome::Applied => format!("The event for {from} is kept{about}.\n"),
        EventOutcome::Ignored => {
            format!("The event for {from} is taken; nothing of it is kept here.\n")
        }
        EventOutcome::Repeated => format!("The event for {from} was taken before.\n"),
    }
}
