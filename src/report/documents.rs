//! Documents that leave: what sending one would do, and what became of it, as text and as JSON. Pure.
//!
//! Nothing that a document holds is shown but its money and what it would change: a citation has a plate in it.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Head;
use super::collection::CollectionTold;
use super::look::{Look, Tone};
use crate::command::CommandName;
use crate::engine::outbox::{
    Done, Hold, HoldWord, Next, Proposal, Verdict, is_batch, may_go_again,
};
use crate::exit::Exit;
use crate::model::{DocumentId, DocumentKind, DocumentState, SourceName, printable};
use crate::ports::{Class, Failure, FieldChange};
use crate::store::DocumentKept;
use crate::text::times::{instant, whole_seconds};
use crate::trouble::{About, Approve, DocumentTrouble, Failed, Trouble, TroubleKind};

/// A document, as it is told.
#[derive(Debug, Clone, Serialize)]
pub struct DocumentTold {
    pub id: DocumentId,
    pub to: SourceName,
    pub kind: DocumentKind,
    pub key: String,
    pub sha256: String,
    pub state: DocumentState,
    /// As text with two decimals.
    pub amount: Option<String>,
    pub currency: Option<String>,
    /// Of a refund: the payment, and what is left of it, where that was asked.
    pub payment: Option<DocumentId>,
    pub left: Option<String>,
    pub answer: Option<serde_json::Value>,
    pub error: Option<String>,
    /// The version at the other side that it was compared with.
    pub base: Option<String>,
    /// The id by which it is approved, where it waits for that, and why it does.
    pub blocked: Option<String>,
    pub holds: Vec<HoldTold>,
    pub changes: Vec<FieldChange>,
    #[serde(serialize_with = "whole_seconds")]
    pub made_at: Option<DateTime<Utc>>,
    /// Nobody but a person can find out what became of it.
    #[serde(skip)]
    pub waits_for_somebody: bool,
    #[serde(serialize_with = "whole_seconds")]
    pub sent_at: Option<DateTime<Utc>>,
    /// In a plan file: all that it holds, in Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<String>,
}

/// Why a document waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldTold {
    pub why: HoldWord,
    pub text: String,
}

impl From<&Hold> for HoldTold {
    fn from(hold: &Hold) -> Self {
        Self { why: hold.word(), text: hold.to_string() }
    }
}

impl From<&DocumentKept> for DocumentTold {
    fn from(kept: &DocumentKept) -> Self {
        let answer = kept.answer.as_deref().and_then(|text| serde_json::from_str(text).ok());
        Self {
            id: kept.id.clone(),
            to: kept.to.clone(),
            kind: kept.kind,
            key: kept.key.clone(),
            sha256: kept.sha256.clone(),
            state: kept.state,
            amount: kept.money.as_ref().map(|money| money.amount.to_string()),
            currency: kept.money.as_ref().map(|money| money.currency.to_string()),
            payment: kept.payment.clone(),
            left: None,
            answer,
            error: kept.error.clone(),
            base: kept.base.clone(),
            blocked: kept.blocked.clone(),
            holds: Vec::new(),
            changes: Vec::new(),
            made_at: Some(kept.made_at),
            waits_for_somebody: kept.waits_for_somebody,
            sent_at: kept.sent_at,
            bytes: None,
        }
    }
}

impl DocumentTold {
    /// What sending would do; nothing was sent.
    #[must_use]
    pub fn proposed(proposal: &Proposal<'_>, kept: &DocumentKept) -> Self {
        let holds = match &proposal.verdict {
            Verdict::Held(holds) => holds.iter().map(HoldTold::from).collect(),
            _ => Vec::new(),
        };
        Self {
            left: proposal.left.map(|left| left.to_string()),
            blocked: proposal.blocked(),
            holds,
            changes: proposal.survey.changes.clone(),
            ..Self::from(kept)
        }
    }

    /// The money that it moves or asks for: `1.19 USD`.
    #[must_use]
    pub fn money(&self) -> Option<String> {
        let (amount, currency) = self.amount.as_ref().zip(self.currency.as_ref())?;
        Some(format!("{amount} {currency}"))
    }

    /// What is to be done about one that is not over, in a few words.
    #[must_use]
    pub fn to_do(&self) -> String {
        match (self.state, &self.blocked) {
            (DocumentState::Blocked, Some(id)) => format!("ivms-sync apply --blocked {id}"),
            (state, _) if state.is_open() && self.waits_for_somebody => {
                format!(
                    "ask {}, then ivms-sync apply --settle {}=done, or =not-done",
                    self.to, self.id
                )
            }
            (state, _) if state.is_open() => "the next run asks how it stands".to_owned(),
            (DocumentState::New, _) => "hand it over again".to_owned(),
            (DocumentState::Refused, _) if !is_batch(self.kind) => {
                format!("mend it at {}, then hand it over again", self.to)
            }
            _ => String::new(),
        }
    }

    fn line(&self) -> String {
        let mut text = format!("{} {} for {}", self.kind, self.id, self.to);
        if let Some(money) = self.money() {
            let _ = write!(text, ", {money}");
        }
        if let Some(payment) = &self.payment {
            let _ = write!(text, ", of payment {payment}");
        }
        if let (Some(left), Some(currency)) = (&self.left, &self.currency) {
            let _ = write!(text, ", of which {left} {currency} is left");
        }
        text
    }
}

/// What is told of documents in one command.
#[derive(Debug)]
pub struct DocumentReport {
    pub command: CommandName,
    pub documents: Vec<DocumentTold>,
    /// What is to be done at agencies.
    pub collections: Vec<CollectionTold>,
    pub troubles: Vec<Trouble>,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    documents: &'a [DocumentTold],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    collections: &'a [CollectionTold],
    problems: &'a [Trouble],
    exit_code: u8,
}

impl DocumentReport {
    #[must_use]
    pub fn exit(&self) -> Exit {
        Exit::of_all(self.troubles.iter().map(Trouble::exit))
    }

    /// The JSON document.
    #[must_use]
    pub fn document(&self, exit_code: u8) -> impl Serialize + '_ {
        Document {
            head: Head::of(self.command),
            documents: &self.documents,
            collections: &self.collections,
            problems: &self.troubles,
            exit_code,
        }
    }

    /// The text for people.
    #[must_use]
    pub fn render(&self, look: Look) -> String {
        let mut text: String = self.collections.iter().map(|one| one.render(look)).collect();
        for one in &self.documents {
            let state = look.paint(tone(one.state), one.state.as_str());
            let _ = writeln!(text, "{}: {state}", one.line());
            let _ = writeln!(text, "  SHA-256 {}", one.sha256);
            for FieldChange { path, from, to } in &one.changes {
                let (from, to) = (from.as_deref(), to.as_deref());
                let (from, to) = (from.unwrap_or("nothing"), to.unwrap_or("nothing"));
                let _ = writeln!(
                    text,
                    "  {}: {} -> {}",
                    printable(path),
                    printable(from),
                    printable(to)
                );
            }
            for hold in &one.holds {
                let _ = writeln!(text, "  {}: {}", hold.why, printable(&hold.text));
            }
            if let Some(answer) = &one.answer {
                let _ = writeln!(text, "  answer: {}", printable(&answer.to_string()));
            }
            if let Some(error) = &one.error {
                let _ = writeln!(text, "  {}", printable(error));
            }
            if let Some(sent_at) = one.sent_at {
                let _ = writeln!(text, "  sent {}", instant(sent_at));
            }
        }
        look.folded(text)
    }
}

/// How a state is painted.
pub(super) fn tone(state: DocumentState) -> Tone {
    match state {
        DocumentState::Confirmed => Tone::Good,
        DocumentState::New | DocumentState::Settled => Tone::Plain,
        DocumentState::Blocked | DocumentState::Sent | DocumentState::Unknown => Tone::Warning,
        DocumentState::Refused => Tone::Bad,
    }
}

/// What a person must know of a document that is not sent as it is; whether it is kept until it is approved.
#[must_use]
pub fn of_verdict(proposal: &Proposal<'_>, is_kept: bool) -> Option<Trouble> {
    let id = proposal.document.id.to_string();
    let trouble = match &proposal.verdict {
        Verdict::Ready | Verdict::Known | Verdict::InSync => return None,
        Verdict::Held(holds) => DocumentTrouble::Blocked {
            id,
            holds: holds.iter().map(ToString::to_string).collect(),
            approve: match proposal.blocked() {
                _ if !holds.iter().all(Hold::is_lifted_by_approval) => Approve::NotNow,
                Some(id) if is_kept => Approve::By(id),
                _ => Approve::OnceKept,
            },
        },
        Verdict::Forbidden(why) => DocumentTrouble::Forbidden { id, why: why.clone() },
        Verdict::NotNow(failure) => not_sent(id, failure),
        Verdict::OtherContent => DocumentTrouble::OtherContent { id },
        Verdict::Overtaken(why) => DocumentTrouble::Stale { id, why: (*why).to_owned() },
    };
    Some(about(&proposal.to.name, trouble))
}

/// What a person must know of what became of a document; nothing where it is done.
#[must_use]
pub fn of_done(Done { kept, next }: &Done) -> Option<Trouble> {
    let id = kept.id.to_string();
    let why = || kept.error.clone().unwrap_or_else(|| "nobody has said yet".to_owned());
    let trouble = match (kept.state, next) {
        (_, Next::Moved) => DocumentTrouble::Stale { id, why: why() },
        (DocumentState::New | DocumentState::Blocked, Next::Failed(failure)) => {
            not_sent(id, failure)
        }
        (DocumentState::Sent | DocumentState::Unknown, Next::Doubted) if is_batch(kept.kind) => {
            DocumentTrouble::Doubted { id, why: why(), is_over: false }
        }
        (DocumentState::Confirmed, _) if is_batch(kept.kind) => {
            match (&kept.error, not_taken(kept)) {
                (Some(why), _) => DocumentTrouble::Doubted { id, why: why.clone(), is_over: true },
                (None, rows) if rows.is_empty() => return None,
                (None, rows) => DocumentTrouble::PartRefused { id, rows },
            }
        }
        // Nothing of it had an effect, and others are in its place.
        (DocumentState::Settled, _) if is_batch(kept.kind) && kept.error.is_some() => return None,
        (DocumentState::Sent | DocumentState::Unknown, Next::Somebody) => {
            DocumentTrouble::Unsettled { id, to: kept.to.to_string(), why: why() }
        }
        (DocumentState::Sent | DocumentState::Unknown, Next::Failed(failure))
            if exit_of(failure) != Exit::Temporary =>
        {
            let failed = Failed::new(failure, failure.hint.as_deref());
            DocumentTrouble::Unasked { id, failed, exit: exit_of(failure) }
        }
        (DocumentState::Sent | DocumentState::Unknown, _) => {
            DocumentTrouble::Unknown { id, why: why() }
        }
        (DocumentState::Refused, _) => {
            DocumentTrouble::Refused { id, why: why(), may_go_again: !is_batch(kept.kind) }
        }
        (DocumentState::Settled, _) if kept.is_done == Some(false) => {
            DocumentTrouble::NotDone { id, may_go_again: may_go_again(kept.kind) }
        }
        (
            DocumentState::Confirmed
            | DocumentState::Settled
            | DocumentState::New
            | DocumentState::Blocked,
            _,
        ) => return None,
    };
    Some(about(&kept.to, trouble))
}

/// The rows of a batch that the other side did not take, each with why.
fn not_taken(kept: &DocumentKept) -> Vec<String> {
    let answer = kept.answer.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let answer: serde_json::Value = answer.unwrap_or_default();
    let list = |key: &str| answer.get(key).and_then(|list| list.as_array().cloned());
    let text = |value: Option<&serde_json::Value>| {
        printable(value.and_then(serde_json::Value::as_str).unwrap_or_default())
    };
    let refused = list("refused").unwrap_or_default();
    let row = |row: &serde_json::Value| {
        format!("{} ({})", text(row.get("referenceId")), text(row.get("code")))
    };
    let missing = list("missing").unwrap_or_default();
    let missing = missing.iter().map(|one| format!("{} (missing)", text(Some(one))));
    refused.iter().map(row).chain(missing).collect()
}

/// What was approved is something else by now.
#[must_use]
pub fn of_other_approval(to: &SourceName, id: &DocumentId) -> Trouble {
    let why = "what it waits for is something else than was approved".to_owned();
    about(to, DocumentTrouble::Stale { id: id.to_string(), why })
}

/// A person has said that it was not done, and the other side says that it was.
#[must_use]
pub fn of_other_word(to: &SourceName, id: &DocumentId) -> Trouble {
    let why = "the other side says that it took effect, which counts".to_owned();
    about(to, DocumentTrouble::Forbidden { id: id.to_string(), why })
}

/// A system could not be asked.
#[must_use]
pub fn of_failure(to: &SourceName, failure: &Failure) -> Trouble {
    let failed = Failed::new(failure, failure.hint.as_deref());
    let kind = match failure.class {
        Class::Temporary | Class::Unknown => TroubleKind::Unreachable(failed),
        Class::Login => TroubleKind::LoginRefused(failed),
        Class::MissingRight => TroubleKind::RightMissing(failed),
        Class::Refused
        | Class::Unfit
        | Class::Unusable
        | Class::NoSuchRecord
        | Class::NotSent
        | Class::TakesNoChange => TroubleKind::Unusable(failed),
    };
    Trouble::new(About::Source(to.clone()), kind)
}

fn about(to: &SourceName, trouble: DocumentTrouble) -> Trouble {
    Trouble::new(About::Source(to.clone()), TroubleKind::Document(trouble))
}

fn not_sent(id: String, failure: &Failure) -> DocumentTrouble {
    let failed = Failed::new(failure, failure.hint.as_deref());
    DocumentTrouble::NotSent { id, failed, exit: exit_of(failure) }
}

/// What a run ends with where a system could not be asked.
fn exit_of(failure: &Failure) -> Exit {
    match failure.class {
        Class::Temporary | Class::Unknown => Exit::Temporary,
        Class::Login | Class::MissingRight => Exit::Login,
        Class::Refused
        | Class::Unfit
        | Class::Unusable
        | Class::NoSuchRecord
        | Class::NotSent
        | Class::TakesNoChange => Exit::Refused,
    }
}
