//! What became of documents that may have had their effect: asked, repeated where that is harmless, or said by a person.

use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use super::{
    CarKnown, Done, Next, Outbox, Repeat, after_asking, car, is_batch, is_key_alive, is_on_its_way,
    pause,
};
use crate::clock::is_future;
use crate::config::{RecipientConfig, SendMode};
use crate::engine::collection::Checked;
use crate::model::{DocumentKind, DocumentState};
use crate::ports::{BatchRow, Document, Handed, Subject};
use crate::store::{DocumentKept, ReferralKept, StoreError};
use crate::text::hex::hex;

impl Outbox<'_> {
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
        let is_set_back = self.is_set_back(&kept)?;
        let key_lives = TimeDelta::from_std(to.key_lives).unwrap_or(TimeDelta::MAX);
        let may_repeat = has_bytes
            && to.mode != SendMode::Observe
            && is_key_alive(kept.sent_at, key_lives, self.now);
        let is_as_sent = kept.state == DocumentState::Sent || kept.sent_at == Some(kept.changed_at);
        let is_just_sent = is_as_sent && is_on_its_way(Some(kept.changed_at), self.now);
        let repeat = match may_repeat {
            // The other side has said that it has it, and may have no other word for that.
            _ if kept.answer.is_some() => Repeat::WaitsThere,
            _ if is_just_sent && !there.is_at_once() => Repeat::TooSoon,
            _ if is_set_back => Repeat::ClockSetBack,
            // What never came of it needs not come: it is made anew of whatever is intended then.
            false if is_batch(kept.kind) => Repeat::Overtaken,
            false => Repeat::TooLate,
            true if kept.kind == DocumentKind::Referral => {
                let run = self.run();
                let intent = run.intend(to, Some(&kept.id))?;
                match run.check(to, &document, &intent) {
                    Checked::Fits(_) => Repeat::Allowed,
                    Checked::Overtaken(_) => Repeat::Overtaken,
                    Checked::NotNow(_) => Repeat::NotNow,
                }
            }
            // More may be known of its car than when it was sent first.
            true => match car::known(&self.config.vehicles, self.store, to, &document, self.now)? {
                CarKnown::NotAsked | CarKnown::NoRight => Repeat::Allowed,
                CarKnown::HadRight(_) => Repeat::HadRight,
                CarKnown::Unclear(_) => Repeat::NotNow,
            },
        };
        let became = after_asking(there.state(&document, &kept.key), repeat);
        if became.next == Next::SendAgain {
            return self.dispatch(&*there, kept, &document, &[]);
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
    pub(super) fn document_of(
        &self,
        to: &RecipientConfig,
        kept: &DocumentKept,
    ) -> Result<(Document, bool), StoreError> {
        let bytes = self.store.outbox().bytes(kept)?;
        let bytes = bytes.filter(|bytes| hex(&Sha256::digest(bytes)) == kept.sha256);
        // It was acceptable when it was handed over.
        let read = bytes.as_ref().and_then(|bytes| to.settings.document(bytes, kept.made_at).ok());
        let whole = read.filter(|read| read.id == kept.id && read.kind == kept.kind);
        if let Some(whole) = whole {
            return Ok((whole, true));
        }
        let subject = match &kept.payment {
            Some(payment) => Subject::Payment(payment.clone()),
            // Its rows are known for longer than its cars.
            None if kept.kind == DocumentKind::Referral => {
                let rows = self.store.referrals().of_document(&kept.to, &kept.id)?.into_iter();
                let row = |row: ReferralKept| BatchRow {
                    reference: row.reference,
                    what: Handed::Over(row.due),
                };
                Subject::Batch { rows: rows.map(row).collect(), at: kept.made_at }
            }
            None => Subject::Nothing,
        };
        let document = Document {
            id: kept.id.clone(),
            kind: kept.kind,
            money: kept.money.clone(),
            subject,
            bytes: Vec::new(),
        };
        Ok((document, false))
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
}
