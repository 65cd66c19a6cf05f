//! Documents that leave: money, citations, tariffs, reports. Each has exactly one effect at the other side, or none.
//!
//! A document's id is its key for ever. It is on the disk before its first byte leaves, so that whoever is killed, or
//! never hears an answer, asks the other side how it stands before anything is sent once more; and under the same key,
//! as long as that lives. What cannot be asked and may not be repeated waits for a person.
//!
//! [`Outbox::propose`] says what sending would do, [`Outbox::send`] sends, [`Outbox::settle`] finds out what became of
//! what is open. All decisions are in [`judge`](self::judge()) and its neighbours, which are pure.

mod books;
mod car;
mod entry;
mod judge;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Systems;
use crate::clock::is_future;
use crate::config::{Config, RecipientConfig, SendMode};
use crate::model::{Amount, DocumentState, SourceName};
use crate::ports::{Document, Recipient, Subject, Survey};
use crate::stop::Stop;
use crate::store::{DocumentKept, Store, StoreError};
use crate::text::hex::hex;

pub use entry::entry_of;
pub use judge::{
    Basis, Became, CarKnown, Hold, HoldWord, Next, Repeat, Verdict, after_asking, after_repeating,
    after_sending, before, blocked_id, is_key_alive, judge, left_of, pause,
};

/// The namespace of all keys, chosen once by chance.
const NAMESPACE: Uuid = Uuid::from_u128(0x7c5e_0b0a_93a1_4b6e_8d1f_52c8_7f30_6ad4);

/// So long a document may be on its way after whoever sent it was cut off.
const ON_ITS_WAY: TimeDelta = TimeDelta::seconds(60);

/// The outbox of one installation.
pub struct Outbox<'a> {
    pub config: &'a Config,
    pub store: &'a Store,
    pub systems: &'a dyn Systems,
    pub now: DateTime<Utc>,
    /// While something is sent, a signal waits for the answer.
    pub stop: &'a Stop,
}

/// A document, and what sending it would do.
#[derive(Debug)]
pub struct Proposal<'a> {
    pub to: &'a RecipientConfig,
    pub document: Document,
    pub sha256: String,
    pub key: String,
    /// What is known of it already.
    pub known: Option<DocumentKept>,
    pub survey: Survey,
    /// What is left of the payment that it gives back a part of.
    pub left: Option<Amount>,
    pub verdict: Verdict,
}

impl Proposal<'_> {
    /// The id by which it is approved, where it waits for that.
    #[must_use]
    pub fn blocked(&self) -> Option<String> {
        match &self.verdict {
            Verdict::Held(holds) => {
                let (id, changes) = (&self.document.id, &self.survey.changes);
                Some(blocked_id(&self.to.name, id, &self.sha256, holds, changes))
            }
            _ => None,
        }
    }

    /// What is kept of it before anything of it is sent.
    #[must_use]
    pub fn kept(&self, now: DateTime<Utc>) -> DocumentKept {
        let payment = match &self.document.subject {
            Subject::Payment(id) => Some(id.clone()),
            _ => None,
        };
        let made_at = self.known.as_ref().map_or(now, |known| known.made_at);
        DocumentKept {
            to: self.to.name.clone(),
            id: self.document.id.clone(),
            kind: self.document.kind,
            key: self.key.clone(),
            sha256: self.sha256.clone(),
            money: self.document.money.clone(),
            payment,
            state: DocumentState::New,
            is_done: None,
            base: self.survey.base.clone(),
            blocked: self.blocked(),
            made_at,
            // What is over there may be sent anew, and is another sending.
            sent_at: self
                .known
                .as_ref()
                .filter(|known| known.state.is_open())
                .and_then(|known| known.sent_at),
            changed_at: now,
            failures: 0,
            asked_at: None,
            answer: None,
            error: None,
            waits_for_somebody: false,
        }
    }
}

/// What became of a document in this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub kept: DocumentKept,
    pub next: Next,
}

impl Done {
    /// One that is open, of which nobody was asked now.
    #[must_use]
    pub fn unasked(kept: DocumentKept) -> Self {
        let next = if kept.waits_for_somebody { Next::Somebody } else { Next::Ask };
        Self { kept, next }
    }
}

/// The key of a document, for ever: a UUID of version 5 over the section, the kind and the id.
#[must_use]
pub fn key_of(to: &SourceName, document: &Document) -> String {
    let name = format!("{to}\0{}\0{}", document.kind, document.id);
    Uuid::new_v5(&NAMESPACE, name.as_bytes()).hyphenated().to_string()
}

impl<'a> Outbox<'a> {
    /// Says what sending a document would do. Nothing is sent, and nothing is written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn propose(
        &self,
        to: &'a RecipientConfig,
        document: Document,
    ) -> Result<Proposal<'a>, StoreError> {
        let sha256 = hex(&Sha256::digest(&document.bytes));
        let key = key_of(&to.name, &document);
        let known = self.store.outbox().find(&to.name, &document.id)?;
        let mut proposal = Proposal {
            to,
            document,
            sha256,
            key,
            known,
            survey: Survey::default(),
            left: None,
            verdict: Verdict::Ready,
        };
        let kind = proposal.document.kind;
        if let Some(verdict) = before(proposal.known.as_ref(), kind, &proposal.sha256) {
            proposal.verdict = verdict;
            return Ok(proposal);
        }
        let basis = self.basis(to, &proposal)?;
        // Whatever cannot be sent is not asked about.
        proposal.verdict = judge(&proposal.document, &basis, &proposal.survey);
        if matches!(proposal.verdict, Verdict::Forbidden(_) | Verdict::NotNow(_)) {
            return Ok(proposal);
        }
        let warnings = books::warnings(self.config, self.store, &proposal.document, self.now)?;
        let survey = self.systems.recipient(to).and_then(|there| there.survey(&proposal.document));
        proposal.verdict = match survey {
            Ok(survey) => {
                proposal.survey = survey;
                proposal.survey.warnings.extend(warnings);
                judge(&proposal.document, &basis, &proposal.survey)
            }
            Err(failure) => Verdict::NotNow(failure),
        };
        let payment = proposal.survey.payment.as_ref();
        proposal.left =
            payment.map(|payment| left_of(payment, Some(&proposal.document.id), &basis.refunds));
        Ok(proposal)
    }

    fn basis(&self, to: &RecipientConfig, proposal: &Proposal<'_>) -> Result<Basis, StoreError> {
        let document = &proposal.document;
        let refunds = match &document.subject {
            Subject::Payment(payment) => self.store.outbox().refunds_of(&to.name, payment)?,
            _ => Vec::new(),
        };
        let declined = match to.mode {
            SendMode::Observe => {
                Some("nothing is sent there: the configuration has `mode = \"observe\"`")
            }
            SendMode::Review => to.settings.declines(document.kind),
        };
        let others = self.store.outbox().of_id(&document.id)?.into_iter();
        let mut open = others.filter(|one| one.to != to.name && one.state.is_open());
        let is_named = |one: &DocumentKept| {
            self.config.recipients.iter().any(|section| section.name == one.to)
        };
        // Sections that are there have ids of their own.
        let open_elsewhere = open.find(|one| !is_named(one)).map(|one| one.to);
        Ok(Basis {
            open_elsewhere,
            known: proposal.known.clone(),
            refunds,
            limit: to.settings.limit(document.kind).cloned(),
            declined,
            car: car::known(&self.config.vehicles, self.store, to, document, self.now)?,
        })
    }

    /// Keeps a document that waits for approval, so that it can be approved by its id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn keep_blocked(&self, proposal: &Proposal<'_>) -> Result<DocumentKept, StoreError> {
        let kept = DocumentKept { state: DocumentState::Blocked, ..proposal.kept(self.now) };
        self.store.outbox().keep(&kept, Some(&proposal.document.bytes))?;
        Ok(kept)
    }

    /// Sends a document that may be sent, once; where its answer is lost, the other side is asked how it stands.
    ///
    /// # Errors
    /// [`StoreError`]; before the first byte has left, nothing has happened.
    pub fn send(&self, proposal: &Proposal<'_>) -> Result<Done, StoreError> {
        let kept = DocumentKept { blocked: None, ..proposal.kept(self.now) };
        match self.systems.recipient(proposal.to) {
            Ok(there) => self.dispatch(&*there, kept, &proposal.document),
            Err(failure) => Ok(Done { kept, next: Next::Failed(failure) }),
        }
    }

    /// Sends a document that is on the disk from now on, for the first time or once more.
    fn dispatch(
        &self,
        there: &dyn Recipient,
        kept: DocumentKept,
        document: &Document,
    ) -> Result<Done, StoreError> {
        let is_first = !kept.state.is_open();
        let mut kept = DocumentKept {
            state: DocumentState::Sent,
            is_done: None,
            sent_at: kept.sent_at.or(Some(self.now)),
            changed_at: self.now,
            ..kept
        };
        let _sending = self.stop.sending();
        self.store.outbox().keep(&kept, Some(&document.bytes))?;
        let sent = after_sending(there.send(document, &kept.key, kept.base.as_deref()));
        let became = match is_first {
            true if sent.next == Next::Ask => {
                // What is not there yet may still be on its way: only its being there counts.
                let asked = after_asking(there.state(document, &kept.key), Repeat::TooLate);
                if asked.state.is_open() { sent } else { asked }
            }
            true => sent,
            // What was turned away now may have been taken before.
            false if sent.is_done == Some(false) => {
                after_repeating(sent, there.state(document, &kept.key))
            }
            false => sent,
        };
        self.take(&mut kept, &document.subject, &became)?;
        Ok(Done { kept, next: became.next })
    }

    /// Keeps what became of a document.
    fn take(
        &self,
        kept: &mut DocumentKept,
        subject: &Subject,
        became: &Became,
    ) -> Result<(), StoreError> {
        kept.state = became.state;
        kept.is_done = became.is_done;
        kept.changed_at = self.now;
        kept.answer = became.answer.clone().or(kept.answer.take());
        kept.error.clone_from(&became.error);
        kept.waits_for_somebody = became.next == Next::Somebody;
        // Nothing of one that was turned away at the door has left.
        if kept.state == DocumentState::New {
            kept.sent_at = None;
        }
        match &became.next {
            Next::Nothing | Next::Moved => kept.failures = 0,
            _ => kept.failures = kept.failures.saturating_add(1),
        }
        kept.asked_at = Some(self.now);
        self.keep(kept, subject)
    }

    /// Keeps a document, and the money that it moved in the ledger: both, or neither.
    fn keep(&self, kept: &DocumentKept, subject: &Subject) -> Result<(), StoreError> {
        self.store.together(|store| {
            if let (Some(entry), Some(money)) = (entry_of(kept, subject, self.now), &kept.money) {
                store.books().enter(&entry, &money.currency)?;
            }
            store.outbox().keep(kept, None)
        })
    }

    /// Finds out what became of every document that is open: asks, and sends again under the same key where it never
    /// came. Those of systems that cannot answer are left alone for longer and longer, unless `asks_all`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn settle(&self, asks_all: bool) -> Result<Vec<Done>, StoreError> {
        let mut done = Vec::new();
        self.store.outbox().forget_plates(self.config.vehicles.kept_since(self.now))?;
        for kept in self.store.outbox().open()? {
            let since = kept.asked_at.map(|asked_at| self.now.signed_duration_since(asked_at));
            let is_early =
                |since: TimeDelta| since >= TimeDelta::zero() && since < pause(kept.failures);
            let is_left = !asks_all && since.is_some_and(is_early);
            if is_left || self.stop.now().is_some() {
                done.push(Done::unasked(kept));
                continue;
            }
            done.push(self.settle_one(kept)?);
        }
        Ok(done)
    }

    /// Finds out what became of one document.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn settle_one(&self, mut kept: DocumentKept) -> Result<Done, StoreError> {
        let mut recipients = self.config.recipients.iter();
        let Some(to) = recipients.find(|one| one.name == kept.to) else {
            let error = format!("no section of the configuration is called {} any more", kept.to);
            kept.error = Some(error);
            return Ok(Done { kept, next: Next::Somebody });
        };
        let there = match self.systems.recipient(to) {
            Ok(there) => there,
            Err(failure) => return Ok(Done { kept, next: Next::Failed(failure) }),
        };
        let (document, has_bytes) = self.document_of(to, &kept)?;
        let key_lives = TimeDelta::from_std(to.key_lives).unwrap_or(TimeDelta::MAX);
        let is_set_back = self.is_set_back(&kept)?;
        let may_repeat = has_bytes
            && to.mode == SendMode::Review
            && is_key_alive(kept.sent_at, key_lives, self.now);
        let since = self.now.signed_duration_since(kept.changed_at);
        let is_as_sent = kept.state == DocumentState::Sent || kept.sent_at == Some(kept.changed_at);
        let is_just_sent = is_as_sent && since >= TimeDelta::zero() && since < ON_ITS_WAY;
        let repeat = match may_repeat {
            // The other side has said that it has it, and may have no other word for that.
            _ if kept.answer.is_some() => Repeat::WaitsThere,
            _ if is_just_sent => Repeat::TooSoon,
            _ if is_set_back => Repeat::ClockSetBack,
            false => Repeat::TooLate,
            // More may be known of its car than when it was sent first.
            true => match car::known(&self.config.vehicles, self.store, to, &document, self.now)? {
                CarKnown::NotAsked | CarKnown::NoRight => Repeat::Allowed,
                CarKnown::HadRight(_) => Repeat::HadRight,
                CarKnown::Unclear(_) => Repeat::NotNow,
            },
        };
        let became = after_asking(there.state(&document, &kept.key), repeat);
        if became.next == Next::SendAgain {
            return self.dispatch(&*there, kept, &document);
        }
        self.take(&mut kept, &document.subject, &became)?;
        Ok(Done { kept, next: became.next })
    }

    /// Whether nobody knows how old a document is: this computer's clock shows less than when it was sent, or than in
    /// a run before.
    fn is_set_back(&self, kept: &DocumentKept) -> Result<bool, StoreError> {
        let is_ahead = |at| is_future(at, self.now);
        let latest = self.store.overview().future_run(self.now)?.map(|run| run.began);
        Ok(kept.sent_at.into_iter().chain(latest).any(is_ahead))
    }

    /// A document as it was handed over, and whether all that it holds is kept still.
    fn document_of(
        &self,
        to: &RecipientConfig,
        kept: &DocumentKept,
    ) -> Result<(Document, bool), StoreError> {
        let bytes = self.store.outbox().bytes(kept)?;
        let bytes = bytes.filter(|bytes| hex(&Sha256::digest(bytes)) == kept.sha256);
        // It was acceptable when it was handed over.
        let read = bytes.as_ref().and_then(|bytes| to.settings.document(bytes, kept.made_at).ok());
        let whole = read.filter(|read| read.id == kept.id && read.kind == kept.kind);
        let has_bytes = whole.is_some();
        let document = whole.unwrap_or_else(|| Document {
            id: kept.id.clone(),
            kind: kept.kind,
            money: kept.money.clone(),
            subject: kept.payment.clone().map_or(Subject::Nothing, Subject::Payment),
            bytes: Vec::new(),
        });
        Ok((document, has_bytes))
    }

    /// A person has asked the other side what became of a document that is open, and says so. Where it says itself
    /// that the document took effect, nobody is believed who says that it did not; whether that is so comes back.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn settle_by_hand(
        &self,
        kept: DocumentKept,
        is_done: bool,
    ) -> Result<(DocumentKept, bool), StoreError> {
        let mut kept = kept;
        let mut recipients = self.config.recipients.iter();
        let to = recipients.find(|one| one.name == kept.to);
        let document = to.map(|to| self.document_of(to, &kept)).transpose()?;
        let document = document.map(|(document, _)| document);
        let subject = document.as_ref().map_or(Subject::Nothing, |one| one.subject.clone());
        if let (false, Some(to), Some(document)) = (is_done, to, &document)
            && let Ok(there) = self.systems.recipient(to)
        {
            let asked = after_asking(there.state(document, &kept.key), Repeat::TooLate);
            if asked.state == DocumentState::Confirmed {
                self.take(&mut kept, &subject, &asked)?;
                return Ok((kept, false));
            }
        }
        let kept = DocumentKept {
            state: DocumentState::Settled,
            is_done: Some(is_done),
            changed_at: self.now,
            waits_for_somebody: false,
            ..kept
        };
        self.keep(&kept, &subject)?;
        Ok((kept, true))
    }

    /// The document that waits under this id, judged anew: the section that it is for must be there, and its content
    /// must be acceptable still.
    ///
    /// # Errors
    /// [`StoreError`]; within, why it cannot be approved.
    pub fn approved(
        &self,
        kept: &DocumentKept,
    ) -> Result<Result<Proposal<'a>, NotApproved>, StoreError> {
        let mut recipients = self.config.recipients.iter();
        let Some(to) = recipients.find(|one| one.name == kept.to) else {
            return Ok(Err(NotApproved::NoSection));
        };
        let Some(bytes) = self.store.outbox().bytes(kept)? else {
            return Ok(Err(NotApproved::TooOld));
        };
        if hex(&Sha256::digest(&bytes)) != kept.sha256 {
            return Ok(Err(NotApproved::TooOld));
        }
        match to.settings.document(&bytes, self.now) {
            Ok(document) => Ok(Ok(self.propose(to, document)?)),
            Err(error) => Ok(Err(NotApproved::Document(error.to_string()))),
        }
    }
}

/// Why a document that waited cannot be approved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotApproved {
    #[error("no section of the configuration is called so any more")]
    NoSection,
    #[error("what it holds is not kept any more: hand it over again")]
    TooOld,
    #[error("it is not acceptable any more: {0}")]
    Document(String),
}
