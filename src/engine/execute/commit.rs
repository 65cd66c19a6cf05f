//! Putting in force what was written, on targets where that is a step of its own.
//!
//! What is not known to be in force is remembered by the store; here it is committed, or asked after.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Halt, OneTarget};
use crate::config::Mode;
use crate::model::RecordId;
use crate::ports::{Committed, Target, TargetWriter, Written};
use crate::store::{StoreError, Uncommitted};
use crate::trouble::{Trouble, TroubleKind};

/// How long a commit may take before somebody should look.
const PATIENCE: TimeDelta = TimeDelta::minutes(30);
/// How long a commit is waited for before it is asked for again: a target can say yes and lose it. Each
/// time it is at least as long as all the waiting before, so that one that is merely slow gets done.
const AGAIN_AFTER: TimeDelta = TimeDelta::minutes(10);

/// What became of the commits of this run that came to nothing.
#[derive(Default)]
pub(super) struct Failed {
    refused: BTreeMap<RecordId, String>,
    gone: BTreeSet<RecordId>,
}

impl Failed {
    /// Whether what was written to a record is not in force.
    pub(super) fn holds(&self, id: &RecordId) -> bool {
        self.refused.contains_key(id) || self.gone.contains(id)
    }
}

impl OneTarget<'_, '_> {
    /// Commits what was written to these records and was not committed yet; nobody twice in a run.
    pub(super) fn commit(
        &mut self,
        writer: &mut dyn TargetWriter,
        is_wanted: impl Fn(&RecordId) -> bool,
    ) -> Result<(), Halt> {
        let refused = &self.failed_commits.refused;
        let is_due = |one: &Uncommitted| {
            let id = &one.employee_no;
            one.asked_at.is_none() && is_wanted(id) && !refused.contains_key(id)
        };
        let open: Vec<Written> =
            self.uncommitted(is_due)?.iter().map(Uncommitted::written).collect();
        if open.is_empty() {
            return Ok(());
        }
        let Committed { refused, gone } = writer.commit(&open)?;
        let ids = open.iter().map(|one| &one.id);
        let queued = ids.filter(|id| !refused.contains_key(*id) && !gone.contains(*id));
        let (name, now) = (&self.device.name, self.execution.clock.now());
        self.store().journal().commit_asked(name, queued, Some(now))?;
        self.store().journal().forget_commits(name, &gone)?;
        self.failed_commits.refused.extend(refused);
        self.failed_commits.gone.extend(gone);
        Ok(())
    }

    /// Asks what became of the commits, and tells of those that failed or take too long. What failed is
    /// committed anew by the next run that may write, and so is what the target may have lost.
    pub(super) fn ask_settlement(&mut self, reader: &mut dyn Target) -> Result<(), Halt> {
        let queued = self.uncommitted(|one| one.asked_at.is_some())?;
        if queued.is_empty() {
            return Ok(());
        }
        let written: Vec<Written> = queued.iter().map(Uncommitted::written).collect();
        let pending = reader.settlement(&written)?;
        let is_open =
            |id: &&RecordId| pending.waiting.contains(id) || pending.failed.contains_key(id);
        let name = &self.device.name;
        let in_force = written.iter().map(|one| &one.id).filter(|id| !is_open(id));
        self.store().journal().forget_commits(name, in_force)?;
        let now = self.execution.clock.now();
        let waiting = || queued.iter().filter(|one| pending.waiting.contains(&one.employee_no));
        let lost = waiting().filter(|one| may_be_lost(one, now)).map(|one| &one.employee_no);
        let anew = pending.failed.keys().chain(lost);
        // Where nothing may be committed, everything is only asked after.
        if self.device.mode != Mode::Observe {
            self.store().journal().commit_asked(name, anew, None)?;
        }
        let late: Vec<RecordId> = waiting()
            .filter(|one| now.signed_duration_since(one.since) > PATIENCE)
            .map(|one| one.employee_no.clone())
            .collect();
        if !pending.failed.is_empty() {
            self.tell_trouble(TroubleKind::NotTakenAtDoors(pending.failed.into_iter().collect()));
        }
        if !late.is_empty() {
            self.tell_trouble(TroubleKind::NotInForce(late));
        }
        Ok(())
    }

    /// Tells whose commits came to nothing, and who cannot be changed as they are.
    pub(super) fn tell_of_failed(&mut self) {
        let Failed { refused, gone } = std::mem::take(&mut self.failed_commits);
        if !refused.is_empty() {
            self.tell_trouble(TroubleKind::NotPutInForce(refused.into_iter().collect()));
        }
        if !gone.is_empty() {
            self.tell_trouble(TroubleKind::GoneBeforeInForce(gone.into_iter().collect()));
        }
        if !self.unfit.is_empty() {
            let unfit = std::mem::take(&mut self.unfit);
            self.tell_trouble(TroubleKind::Unfit(unfit));
        }
    }

    fn tell_trouble(&mut self, kind: TroubleKind) {
        self.result.troubles.push(Trouble::of_target(&self.device.name, kind));
    }

    /// What is not known to be in force, on a target where that is a step of its own.
    pub(super) fn uncommitted(
        &self,
        is_wanted: impl Fn(&Uncommitted) -> bool,
    ) -> Result<Vec<Uncommitted>, StoreError> {
        if !self.device.kind.capabilities().commits {
            return Ok(Vec::new());
        }
        let mut open = self.store().journal().uncommitted(&self.device.name)?;
        open.retain(is_wanted);
        Ok(open)
    }
}

/// Whether a target that took a commit has had so much time for it that it is asked once more.
fn may_be_lost(one: &Uncommitted, now: DateTime<Utc>) -> bool {
    one.asked_at.is_some_and(|asked| {
        let waited = now.signed_duration_since(asked);
        waited >= AGAIN_AFTER && waited >= asked.signed_duration_since(one.since)
    })
}
