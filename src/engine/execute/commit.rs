//! Putting in force what was written, on targets where that is a step of its own.
//!
//! What is not known to be in force is remembered by the store; here it is committed, or asked after.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use super::{Halt, OneTarget};
use crate::model::RecordId;
use crate::ports::{Committed, Target, TargetWriter, Written};
use crate::store::{StoreError, Uncommitted};
use crate::trouble::{Trouble, TroubleKind};

/// How long a commit may take before somebody should look.
const PATIENCE: TimeDelta = TimeDelta::minutes(30);

/// What became of the commits of this run that came to nothing.
#[derive(Default)]
pub(super) struct Failed {
    refused: BTreeMap<RecordId, String>,
    gone: BTreeSet<RecordId>,
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
            !one.is_queued && is_wanted(id) && !refused.contains_key(id)
        };
        let open: Vec<Written> =
            self.uncommitted(is_due)?.iter().map(Uncommitted::written).collect();
        if open.is_empty() {
            return Ok(());
        }
        let Committed { refused, gone } = writer.commit(&open)?;
        let ids = open.iter().map(|one| &one.id);
        let queued = ids.filter(|id| !refused.contains_key(*id) && !gone.contains(*id));
        let name = &self.device.name;
        self.store().journal().commit_queued(name, queued, true)?;
        self.store().journal().forget_commits(name, &gone)?;
        self.failed_commits.refused.extend(refused);
        self.failed_commits.gone.extend(gone);
        Ok(())
    }

    /// Asks what became of the commits, and tells of those that failed or take too long. What failed is
    /// committed anew by the next run that may write.
    pub(super) fn ask_settlement(&mut self, reader: &mut dyn Target) -> Result<(), Halt> {
        let queued = self.uncommitted(|one| one.is_queued)?;
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
        self.store().journal().commit_queued(name, pending.failed.keys(), false)?;
        let now = self.execution.clock.now();
        let is_late = |one: &&Uncommitted| {
            pending.waiting.contains(&one.employee_no)
                && now.signed_duration_since(one.since) > PATIENCE
        };
        let late: Vec<RecordId> =
            queued.iter().filter(is_late).map(|one| one.employee_no.clone()).collect();
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
