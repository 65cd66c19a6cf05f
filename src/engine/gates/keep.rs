//! Keeps how a gate is left: what its list showed, what is to be said of it, and whether it must be read again.

use super::carry_out::Done;
use super::due::same_until;
use super::plan::RowReason;
use super::run::{GateRun, Ready, Turn};
use super::told::{Remarks, rows_after};
use crate::config::Mode;
use crate::engine::TargetOutcome;
use crate::engine::gather::devices::to_remember;
use crate::model::RowVerb;
use crate::ports::Identity;
use crate::store::{GateChange, GateKept, LastFailure, OutcomeKind, Store, StoreError};
use crate::trouble::{FailureKind, TroubleKind};

impl GateRun<'_> {
    /// Keeps that a gate was not read, or not believed: how it failed, and who stands outside until then.
    pub(super) fn remember(
        &self,
        turn: &Turn<'_>,
        failure: Option<LastFailure>,
        store: &Store,
    ) -> Result<(), StoreError> {
        let name = &turn.config.name;
        let kept = store.gates().gate(name)?.unwrap_or_default();
        let mut remarks = Remarks::kept(&kept);
        remarks.waiting.outside = turn.outside;
        let remarks = remarks.text();
        store.together(|store| {
            if let Some(failure) = &failure {
                store.trust().remember_failure(name, failure, self.clock.began())?;
            }
            store.gates().keep_gate(name, &GateKept { needs_read: true, remarks, ..kept })
        })
    }

    /// Keeps what a list that is believed shows, and that it must be read again until everything is done.
    pub(super) fn keep_read(&self, ready: &Ready<'_>, store: &Store) -> Result<(), StoreError> {
        let Ready { turn, read, plan, is_accepted, .. } = ready;
        let name = &turn.config.name;
        let kept = self.kept(ready, &Done::default());
        store.together(|store| {
            store.devices().know_device(name)?;
            if let Some(former) = &ready.former {
                store.gates().follow_renamed(name, former)?;
            }
            let Identity { serial, version, .. } = &read.identity;
            store.gates().record_identity(name, serial, version)?;
            store.trust().forget_failures(name)?;
            if *is_accepted {
                for text in store.gates().rows(name)?.keys() {
                    store.gates().forget_row(name, text)?;
                }
            }
            for text in &plan.gone {
                store.gates().forget_row(name, text)?;
            }
            let news = plan.in_sync.iter().filter(|(text, row)| turn.own.get(*text) != Some(row));
            for (text, row) in news {
                store.gates().keep_row(name, row)?;
                // A run was cut off, or an answer lost, after it was announced: now it is known what became of it.
                let announced = turn.own.get(text).filter(|own| !own.is_held);
                if let (Some(own), Some(run)) = (announced, self.run) {
                    store.gates().log(&GateChange {
                        run,
                        gate: name.clone(),
                        at: self.clock.now(),
                        verb: RowVerb::Add,
                        loses: false,
                        by: own.by.clone(),
                        days: Some(own.days),
                        outcome: OutcomeKind::Confirmed,
                        error: None,
                        is_sent: true,
                    })?;
                }
            }
            store.gates().keep_gate(name, &GateKept { needs_read: true, ..kept })
        })
    }

    /// Keeps how a gate is left.
    pub(super) fn keep_after(
        &self,
        ready: &Ready<'_>,
        done: &Done,
        store: &Store,
    ) -> Result<(), StoreError> {
        let name = &ready.turn.config.name;
        if !ready.is_believed {
            // Two sections that lead to one gate are a fault of the configuration, and none of the gate.
            let is_twin = |kind: &TroubleKind| matches!(kind, TroubleKind::Twin(_));
            let troubles = ready.troubles.iter().filter(|trouble| !is_twin(&trouble.kind));
            let failure = troubles.filter_map(to_remember).next();
            let failure = failure.map(|failure| match ready.outcome {
                TargetOutcome::NotBelieved => LastFailure { kind: FailureKind::Doubt, ..failure },
                _ => failure,
            });
            return self.remember(&ready.turn, failure, store);
        }
        let kept = self.kept(ready, done);
        let to_do = ready.plan.to_do().count();
        // Who approved something approved nothing besides.
        let is_all = done.states.len() == to_do && !self.is_by_hand();
        let is_whole = done.is_whole() && is_all;
        // Where nothing may be written, what is to be done waits for nothing but that.
        let is_full = ready.plan.not_done.iter().any(|one| one.reason == RowReason::Full);
        let needs_read = (!is_whole || is_full) && ready.outcome != TargetOutcome::Observed;
        let is_filled = kept.is_filled || is_whole && ready.outcome == TargetOutcome::Ok;
        store.gates().keep_gate(name, &GateKept { needs_read, is_filled, ..kept })
    }

    fn kept(&self, ready: &Ready<'_>, done: &Done) -> GateKept {
        let Ready { turn, read, plan, .. } = ready;
        let (config, now) = (turn.config, self.clock.began());
        let sense = config.sense(self.config);
        // What was approved can be approved again until some of it is done: this run may be killed.
        let approved = self.approved.filter(|_| plan.is_approved && done.states.is_empty());
        let blocked = match self.reviewed {
            // What waits besides waits on.
            Some(_) => turn.kept.as_ref().and_then(|kept| kept.blocked.clone()),
            None => plan.blocked_id().or_else(|| approved.map(str::to_owned)),
        };
        let settled_before = turn.kept.as_ref().and_then(|kept| kept.settled_sense.clone());
        // Where losses are only looked at, or held back, nothing has followed from the configuration yet.
        let is_held_back = plan.not_done.iter().any(|one| one.reason.keeps_a_row());
        let is_settled = blocked.is_none()
            && self.reviewed.is_none()
            && !is_held_back
            && config.mode == Mode::Full;
        GateKept {
            settled_sense: if is_settled { Some(sense.clone()) } else { settled_before },
            sense,
            basis: turn.basis.clone(),
            sources: turn.sources.clone(),
            read_at: Some(now),
            needs_read: false,
            same_until: Some(same_until(config, self.config, now)),
            rows: rows_after(read, plan, done),
            strangers: plan.strangers as u64,
            capacity: read.capacity,
            blocked,
            is_filled: turn.kept.as_ref().is_some_and(|kept| kept.is_filled),
            remarks: Remarks::of(plan, done).text(),
        }
    }
}
