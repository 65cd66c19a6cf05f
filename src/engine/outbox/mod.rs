//! Documents that leave: money, citations, tariffs, reports. Each has exactly one effect at the other side, or none.
//!
//! A document's id is its key for ever. It is on the disk before its first byte leaves, so that whoever is killed, or
//! never hears an answer, asks the other side how it stands before anything is sent once more; and under the same key,
//! as long as that lives. What cannot be asked and may not be repeated waits for a person.
//!
//! [`Outbox::propose`] says what sending would do, [`Outbox::send`] sends, [`Outbox::settle`] finds out what became of
//! what is open. All decisions are in [`judge`](self::judge()) and its neighbours, which are pure.

mod again;
mod books;
mod car;
#[cfg(test)]
mod collection_tests;
mod entry;
mod given_back;
mod hand_over;
mod judge;
mod settle;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::Systems;
use super::collection::{self, Checked, Intent};
use crate::config::{Config, RecipientConfig, SendMode};
use crate::model::{Amount, DocumentId, DocumentKind, DocumentState, SourceName};
use crate::ports::{Class, Document, Failure, Recipient, Subject, Survey};
use crate::stop::Stop;
use crate::store::{DocumentKept, ReferralKept, Store, StoreError};
use crate::text::hex::hex;

pub use again::is_not_given_back;
pub use entry::entry_of;
use given_back::is_named;
pub use given_back::{GivenBack, left_of};
pub use hand_over::Step;
pub use judge::{
    Basis, Became, CarKnown, Hold, HoldWord, Next, Repeat, Verdict, after_asking, after_repeating,
    after_sending, before, blocked_id, is_key_alive, judge, pause,
};

/// The namespace of all keys, chosen once by chance.
const NAMESPACE: Uuid = Uuid::from_u128(0x7c5e_0b0a_93a1_4b6e_8d1f_52c8_7f30_6ad4);

/// So long a document may be on its way after whoever sent it was cut off.
const ON_ITS_WAY: TimeDelta = TimeDelta::seconds(60);

/// Whether a document that was sent then may still be on its way.
fn is_on_its_way(sent_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    is_key_alive(sent_at, ON_ITS_WAY, now)
}

/// The outbox of one installation.
pub struct Outbox<'a> {
    pub config: &'a Config,
    pub store: &'a Store,
    pub systems: &'a dyn Systems,
    /// The services whose citations were read whole in this very run: of no other one is anybody handed over.
    pub listed: &'a BTreeSet<SourceName>,
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
    /// The citations that a batch hands over.
    pub rows: Vec<ReferralKept>,
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

/// Whether documents of a kind are batches of citations for an agency.
#[must_use]
pub fn is_batch(kind: DocumentKind) -> bool {
    matches!(kind, DocumentKind::Referral | DocumentKind::Withdrawal)
}

/// Whether a document may be sent under its id once more when a person has said that it never took effect. A tariff is
/// compared with what is there, and a day or a ticket is counted once by whoever takes it. Money is not: the key may be
/// forgotten there by then, and the person may be wrong, so that it goes out as another document or not at all.
#[must_use]
pub fn may_go_again(kind: DocumentKind) -> bool {
    match kind {
        DocumentKind::Referral
        | DocumentKind::Withdrawal
        | DocumentKind::Report
        | DocumentKind::Tariff => true,
        DocumentKind::Payment | DocumentKind::Refund | DocumentKind::Citation => false,
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
        self.propose_by(to, document, None)
    }

    /// What is to be done at an agency.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn intend(&self, to: &RecipientConfig) -> Result<Intent, StoreError> {
        self.run().intend(to, None)
    }

    fn run(&self) -> collection::Run<'_> {
        let Self { config, store, listed, now, .. } = *self;
        collection::Run { config, store, listed, now }
    }

    /// The same as [`Outbox::propose`] of a batch of what is intended at its agency.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn propose_by(
        &self,
        to: &'a RecipientConfig,
        document: Document,
        intent: Option<&Intent>,
    ) -> Result<Proposal<'a>, StoreError> {
        let sha256 = hex(&Sha256::digest(&document.bytes));
        let known = self.store.outbox().find(&to.name, &document.id)?;
        let key = again::key(known.as_ref(), key_of(&to.name, &document));
        let mut proposal = Proposal {
            to,
            document,
            sha256,
            key,
            known,
            survey: Survey::default(),
            left: None,
            rows: Vec::new(),
            verdict: Verdict::Ready,
        };
        let kind = proposal.document.kind;
        if let Some(verdict) = before(proposal.known.as_ref(), kind, &proposal.sha256) {
            proposal.verdict = verdict;
            return Ok(proposal);
        }
        let mut basis = self.basis(to, &proposal)?;
        if is_batch(kind) {
            let found;
            let intent = match intent {
                Some(intent) => intent,
                None => {
                    found = self.intend(to)?;
                    &found
                }
            };
            basis.batch = self.run().check(to, &proposal.document, intent);
            basis.handed_over = Some((intent.referrals.len(), intent.allowed));
            if let Checked::Fits(rows) = &basis.batch {
                proposal.rows.clone_from(rows);
            }
        }
        // Whatever cannot be sent is not asked about.
        proposal.verdict = judge(&proposal.document, &basis, &proposal.survey);
        let is_over = matches!(
            proposal.verdict,
            Verdict::Forbidden(_) | Verdict::NotNow(_) | Verdict::Overtaken(_)
        );
        if is_over {
            // One that was answered is told as it ended, where it is not to go again.
            let was_answered = |known: &DocumentKept| {
                matches!(known.state, DocumentState::Refused | DocumentState::Confirmed)
            };
            let is_overtaken = matches!(proposal.verdict, Verdict::Overtaken(_));
            if is_overtaken && proposal.known.as_ref().is_some_and(was_answered) {
                proposal.verdict = Verdict::Known;
            }
            return Ok(proposal);
        }
        let warnings = books::warnings(self.config, self.store, &proposal.document, self.now)?;
        proposal.verdict = match self.survey(to, &proposal.document, &proposal.key) {
            Ok(survey) => {
                proposal.survey = survey;
                proposal.survey.warnings.extend(warnings);
                judge(&proposal.document, &basis, &proposal.survey)
            }
            Err(failure) => Verdict::NotNow(failure),
        };
        let payment = proposal.survey.payment.as_ref();
        proposal.left =
            payment.map(|payment| left_of(payment, Some(&proposal.document.id), &basis.given_back));
        Ok(proposal)
    }

    fn basis(&self, to: &RecipientConfig, proposal: &Proposal<'_>) -> Result<Basis, StoreError> {
        let document = &proposal.document;
        let given_back = match &document.subject {
            Subject::Payment(payment) => GivenBack::of(self.config, self.store, &to.name, payment)?,
            _ => GivenBack::default(),
        };
        let declined = match to.mode {
            SendMode::Observe => {
                Some("nothing is sent there: the configuration has `mode = \"observe\"`")
            }
            SendMode::Review | SendMode::Full => to.settings.declines(document.kind),
        };
        // Batches and tariffs are compared with what is there, so that only those on their way count. Sections that
        // are there have ids of their own.
        let counts_done = !is_batch(document.kind) && document.kind != DocumentKind::Tariff;
        let elsewhere = self.store.outbox().of_id(&document.id)?.into_iter().find(|one| {
            let is_perhaps = one.state.is_open() || counts_done && one.is_done == Some(true);
            is_perhaps && one.to != to.name && !is_named(self.config, &one.to)
        });
        Ok(Basis {
            elsewhere,
            known: proposal.known.clone(),
            given_back,
            limit: to.settings.limit(document.kind).cloned(),
            declined,
            car: car::known(&self.config.vehicles, self.store, to, document, self.now)?,
            batch: Checked::default(),
            handed_over: None,
            open_tariff: self.open_tariff(to, document)?,
        })
    }

    /// Another tariff of the same meter that is on its way, or waits there: what is there now says nothing of what the
    /// next one would replace.
    fn open_tariff(
        &self,
        to: &RecipientConfig,
        document: &Document,
    ) -> Result<Option<DocumentId>, StoreError> {
        if !matches!(document.subject, Subject::Meter(_)) {
            return Ok(None);
        }
        for kept in self.store.outbox().open()? {
            let is_other = kept.to == to.name && kept.id != document.id;
            if is_other && self.document_of(to, &kept)?.0.subject == document.subject {
                return Ok(Some(kept.id));
            }
        }
        Ok(None)
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
            Ok(there) => self.dispatch(&*there, kept, &proposal.document, &proposal.rows),
            Err(failure) => Ok(Done { kept, next: Next::Failed(failure) }),
        }
    }

    /// Sends a document that is on the disk from now on, for the first time or once more.
    fn dispatch(
        &self,
        there: &dyn Recipient,
        kept: DocumentKept,
        document: &Document,
        rows: &[ReferralKept],
    ) -> Result<Done, StoreError> {
        let is_first = !kept.state.is_open();
        let mut kept = DocumentKept {
            state: DocumentState::Sent,
            is_done: None,
            sent_at: kept.sent_at.or(Some(self.now)),
            changed_at: self.now,
            ..kept
        };
        let country = self.config.vehicles.country;
        let _sending = self.stop.sending();
        let is_kept = self.store.together(|store| {
            // An event may have come since it was judged.
            if !collection::are_owed(store, rows, country)? {
                return Ok(false);
            }
            collection::sending(store, &kept, document, rows)?;
            store.outbox().keep(&kept, Some(&document.bytes))?;
            Ok(true)
        })?;
        if !is_kept {
            let text = "somebody has paid one of its citations just now";
            let next = Next::Failed(Failure::new(Class::Temporary, false, &text, None));
            let kept = DocumentKept { state: DocumentState::New, sent_at: None, ..kept };
            return Ok(Done { kept, next });
        }
        let sent = after_sending(there.send(document, &kept.key, kept.base.as_deref()));
        let became = match is_first {
            true if matches!(sent.next, Next::Ask | Next::Doubted) => {
                // What is not there yet may still be on its way: only its being there counts.
                let asked = after_asking(there.state(document, &kept.key), Repeat::TooLate);
                match asked.state.is_open() {
                    true => sent,
                    // A batch was acknowledged with another count or sum, whatever is there.
                    false if sent.next == Next::Doubted && is_batch(kept.kind) => {
                        Became { error: sent.error, ..asked }
                    }
                    false => asked,
                }
            }
            true => sent,
            // What was turned away now may have been taken before.
            false if sent.is_done == Some(false) => {
                after_repeating(sent, there.state(document, &kept.key))
            }
            false => sent,
        };
        self.take(&mut kept, &document.subject, &became)
            .map_err(|error| error.after_sending(kept.id.as_str()))?;
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
            // That it is not there yet is an answer.
            Next::Ask if is_on_its_way(kept.sent_at, self.now) => {}
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
            collection::became(store, kept, subject, self.now)?;
            store.outbox().keep(kept, None)
        })
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
