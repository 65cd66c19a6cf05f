//! What a run does by itself at an agency: it takes back whoever need not be asked any more, and hands others over only
//! when that is confirmed.

use std::collections::BTreeSet;

use super::{Done, Next, Outbox, Proposal, Verdict, is_batch};
use crate::config::RecipientConfig;
use crate::document::JsonError;
use crate::engine::collection::Intent;
use crate::model::{DocumentId, DocumentState};
use crate::ports::Document;
use crate::store::{DocumentKept, StoreError};

/// What became of one batch.
#[derive(Debug)]
pub enum Step<'a> {
    /// It was sent, now or before.
    Done(Done),
    /// It waits for approval from now on.
    Held(Box<Proposal<'a>>, DocumentKept),
    /// Nothing is done about it now.
    Left(Box<Proposal<'a>>),
}

impl Step<'_> {
    fn is_open(&self) -> bool {
        matches!(self, Self::Done(done) if done.kept.state.is_open())
    }
}

impl<'a> Outbox<'a> {
    /// Takes citations back from an agency, and hands others over, as far as nobody needs to approve it.
    ///
    /// # Errors
    /// [`StoreError`]; within, a batch that cannot be read, which would be a fault of this program.
    pub fn hand_over(
        &self,
        to: &'a RecipientConfig,
    ) -> Result<Result<Vec<Step<'a>>, JsonError>, StoreError> {
        let read = |bytes: &Vec<u8>| to.settings.document(bytes, self.now);
        let intent = self.intend(to)?;
        let (back, over) = intent.batches(to);
        let all = back.iter().chain(&over).map(read).collect::<Result<Vec<_>, _>>();
        let all = match all {
            Ok(all) => all,
            Err(error) => return Ok(Err(error)),
        };
        self.drop_batches(to, &all.iter().map(|one| one.id.clone()).collect())?;
        let mut steps = Vec::new();
        for document in all.into_iter().take(back.len()) {
            steps.push(self.carry_out(to, document, &intent)?);
        }
        // Whatever became of those: whoever is there still and must not be keeps all others from going there.
        let intent = self.intend(to)?;
        if intent.obstacle().is_some() {
            return Ok(Ok(steps));
        }
        for bytes in &intent.batches(to).1 {
            let document = match read(bytes) {
                Ok(document) => document,
                Err(error) => return Ok(Err(error)),
            };
            steps.push(self.carry_out(to, document, &intent)?);
            if steps.last().is_some_and(Step::is_open) {
                break;
            }
        }
        Ok(Ok(steps))
    }

    fn carry_out(
        &self,
        to: &'a RecipientConfig,
        document: Document,
        intent: &Intent,
    ) -> Result<Step<'a>, StoreError> {
        let proposal = self.propose_by(to, document, Some(intent))?;
        Ok(match (&proposal.verdict, &proposal.known) {
            (Verdict::Ready, _) => Step::Done(self.send(&proposal)?),
            (Verdict::Held(_), _) => {
                let kept = self.keep_blocked(&proposal)?;
                Step::Held(Box::new(proposal), kept)
            }
            // What is open was asked about already.
            (Verdict::Known, Some(known)) => {
                let next = if known.state.is_open() { Next::Ask } else { Next::Nothing };
                Step::Done(Done { kept: known.clone(), next })
            }
            _ => Step::Left(Box::new(proposal)),
        })
    }

    /// Forgets batches for an agency that nobody has sent, but those with these ids: others are in their place.
    fn drop_batches(
        &self,
        to: &RecipientConfig,
        but: &BTreeSet<DocumentId>,
    ) -> Result<(), StoreError> {
        for kept in self.store.outbox().unsettled_of(&to.name)? {
            if kept.state.is_open() || !is_batch(kept.kind) || but.contains(&kept.id) {
                continue;
            }
            let kept = DocumentKept {
                state: DocumentState::Settled,
                is_done: Some(false),
                blocked: None,
                changed_at: self.now,
                error: Some("another batch is in its place".to_owned()),
                ..kept
            };
            self.store.outbox().keep(&kept, None)?;
        }
        Ok(())
    }
}
