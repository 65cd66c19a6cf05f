//! What goes wrong with documents that leave. A document is told by its id: nothing that it holds is in a message.

use super::{Failed, Hint, TroubleWord};
use crate::exit::Exit;
use crate::text::lists::{many, some_of};

/// So many rows are named one by one; the rest is counted.
const NAMED_MAX: usize = 8;

/// Something about one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentTrouble {
    /// It waits for a person's approval.
    Blocked {
        id: String,
        /// Why.
        holds: Vec<String>,
        /// How it is approved.
        approve: Approve,
    },
    /// It is not sent, whoever approves it.
    Forbidden { id: String, why: String },
    /// It was not sent, and nothing was done: it may be handed over again.
    NotSent { id: String, failed: Failed, exit: Exit },
    /// The other side does not take it.
    Refused {
        id: String,
        why: String,
        /// It may be handed over again as it is.
        may_go_again: bool,
    },
    /// A person has said that it never took effect there.
    NotDone {
        id: String,
        /// It may be handed over again as it is.
        may_go_again: bool,
    },
    /// Something else was handed over under its id before.
    OtherContent { id: String },
    /// It was sent, and what became of it is not known yet.
    Unknown { id: String, why: String },
    /// The same, and it cannot be asked.
    Unasked { id: String, failed: Failed, exit: Exit },
    /// The same, and nothing but a person can find out.
    Unsettled { id: String, to: String, why: String },
    /// What the other side says of a batch does not agree with what was sent, in its count or in its sum.
    Doubted { id: String, why: String, is_over: bool },
    /// The other side has a batch, but not these rows of it; each with why.
    PartRefused { id: String, rows: Vec<String> },
    /// What it would change has changed meanwhile, or what was approved is something else by now.
    Stale { id: String, why: String },
}

/// How a document is approved that waits for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approve {
    /// By this id.
    By(String),
    /// By an id that it gets when it is handed over.
    OnceKept,
    /// By nobody, while that holds which it waits for.
    NotNow,
}

impl DocumentTrouble {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Blocked { id, .. }
            | Self::Forbidden { id, .. }
            | Self::NotSent { id, .. }
            | Self::Refused { id, .. }
            | Self::NotDone { id, .. }
            | Self::OtherContent { id }
            | Self::Unknown { id, .. }
            | Self::Unasked { id, .. }
            | Self::Unsettled { id, .. }
            | Self::Doubted { id, .. }
            | Self::PartRefused { id, .. }
            | Self::Stale { id, .. } => id,
        }
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::NotSent { exit, .. } | Self::Unasked { exit, .. } => *exit,
            Self::Unknown { .. } => Exit::Temporary,
            Self::Stale { .. } => Exit::StalePlan,
            Self::PartRefused { .. } => Exit::PartFailed,
            Self::Doubted { .. }
            | Self::Blocked { .. }
            | Self::Forbidden { .. }
            | Self::Refused { .. }
            | Self::NotDone { .. }
            | Self::OtherContent { .. }
            | Self::Unsettled { .. } => Exit::Refused,
        }
    }

    pub(super) fn word(&self) -> TroubleWord {
        match self {
            Self::Blocked { .. } => TroubleWord::DocumentBlocked,
            Self::Forbidden { .. } | Self::NotSent { .. } => TroubleWord::DocumentNotSent,
            Self::Refused { .. } | Self::NotDone { .. } => TroubleWord::DocumentRefused,
            Self::OtherContent { .. } => TroubleWord::DocumentOtherContent,
            Self::Unknown { .. } | Self::Unasked { .. } => TroubleWord::DocumentUnknown,
            Self::Unsettled { .. } => TroubleWord::DocumentUnsettled,
            Self::Stale { .. } => TroubleWord::DocumentStale,
            Self::Doubted { .. } => TroubleWord::DocumentDoubted,
            Self::PartRefused { .. } => TroubleWord::BatchPartRefused,
        }
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Blocked { id, holds, .. } => {
                format!("document {id} waits, and nothing was sent: {}", holds.join("; "))
            }
            Self::Forbidden { id, why } => format!("document {id} is not sent: {why}"),
            Self::NotSent { id, failed, .. } => {
                format!("document {id} was not sent: {}", failed.text)
            }
            Self::Refused { id, why, .. } => format!("document {id} was not taken: {why}"),
            Self::NotDone { id, .. } => {
                format!("document {id} was not taken: a person has said that it was not done")
            }
            Self::OtherContent { id } => format!(
                "document {id} was handed over before, with other content, and nothing was sent"
            ),
            Self::Unknown { id, why } => {
                format!("what became of document {id} is not known yet: {why}")
            }
            Self::Unasked { id, failed, .. } => {
                format!("what became of document {id} cannot be asked: {}", failed.text)
            }
            Self::Unsettled { id, why, .. } => {
                format!("what became of document {id} is not known: {why}")
            }
            Self::Stale { id, why } => format!("document {id} was not sent: {why}"),
            Self::Doubted { id, why, is_over: false } => {
                format!("what became of document {id} is not known yet: {why}")
            }
            Self::Doubted { id, why, is_over: true } => {
                format!("document {id} was read back, and is there as it is told here; {why}")
            }
            Self::PartRefused { id, rows } => format!(
                "document {id} was taken without {}: {}",
                many(rows.len(), "citation"),
                some_of(rows, NAMED_MAX, ", ")
            ),
        }
    }

    pub(super) fn hint(&self) -> Option<Hint> {
        match self {
            Self::Blocked { approve: Approve::By(id), .. } => Some(Hint::command(
                "if it is right as it is, approve it",
                format!("ivms-sync apply --blocked {id}"),
            )),
            Self::Blocked { approve: Approve::OnceKept, .. } => Some(Hint::text(
                "hand it over with `ivms-sync apply`, which keeps it until it is approved; or make a plan of it",
            )),
            Self::Blocked { approve: Approve::NotNow, .. } => {
                Some(Hint::text("it can be approved only once none of that holds any more"))
            }
            Self::NotSent { failed, .. } => failed
                .hint
                .clone()
                .or(Some(Hint::text("nothing was done: hand it over again later"))),
            Self::NotDone { may_go_again: true, .. } => Some(Hint::text("hand it over again")),
            Self::NotDone { may_go_again: false, .. } => Some(Hint::text(
                "nothing is sent under its id any more: if it is still to be done, hand it over as another document, with \
                 an id of its own",
            )),
            Self::OtherContent { .. } => Some(Hint::text(
                "an id is for one document, for ever: give the other one an id of its own",
            )),
            Self::Unasked { failed, .. } => {
                failed.hint.clone().or(Some(Hint::text("the next run asks again")))
            }
            Self::Unknown { .. } => Some(Hint::text(
                "nothing needs to be done: the next run asks, and sends nothing twice",
            )),
            Self::Unsettled { id, to, .. } => Some(Hint::command(
                format!("ask {to} whether it took effect, and say so, or the same with =not-done"),
                format!("ivms-sync apply --settle {id}=done"),
            )),
            Self::Stale { .. } => Some(Hint::text("look at it again with `ivms-sync diff`")),
            Self::Doubted { .. } => Some(Hint::text(
                "ask the agency which citations it has of that batch, and hold it against `lookup document:ID`",
            )),
            Self::PartRefused { .. } => {
                Some(Hint::text("ask the agency why; they are not sent once more by themselves"))
            }
            Self::Refused { may_go_again: true, .. } => Some(Hint::text(
                "nothing of it took effect: once that is mended there, hand it over again as it is",
            )),
            Self::Forbidden { .. } | Self::Refused { may_go_again: false, .. } => None,
        }
    }
}
