//! Putting in force what was written, on targets where that is a step of its own.
//!
//! What is not known to be in force is remembered by the store; here it is committed, or asked after.

use chrono::TimeDelta;

use super::{Halt, OneTarget};
use crate::model::RecordId;
use crate::ports::{Settlement, Target, TargetWriter};
use crate::store::Uncommitted;
use crate::trouble::{Trouble, TroubleKind};

/// How long a commit may take before somebody should look.
const PATIENCE: TimeDelta = TimeDelta::minutes(30);

impl OneTarget<'_, '_> {
    /// Commits what was written to these records and was not committed yet.
    pub(super) fn commit(
        &mut self,
        writer: &mut dyn TargetWriter,
        is_wanted: impl Fn(&RecordId) -> bool,
    ) -> Result<(), Halt> {
        let open = self.uncommitted(|one| !one.is_queued && is_wanted(&one.employee_no))?;
        if open.is_empty() {
            return Ok(());
        }
        match writer.commit(&open)? {
            Settlement::AtOnce => {
                self.store().journal().forget_commits(&self.device.name, &open)?
            }
            Settlement::Queued => {
                self.store().journal().commit_queued(&self.device.name, &open, true)?
            }
        }
        Ok(())
    }

    /// Asks what became of the commits, and tells of those that failed or take too long. What failed is
    /// committed anew by the next run.
    pub(super) fn ask_settlement(&mut self, reader: &mut dyn Target) -> Result<(), Halt> {
        let queued = self.uncommitted(|one| one.is_queued)?;
        if queued.is_empty() {
            return Ok(());
        }
        let pending = reader.settlement(&queued)?;
        let is_open =
            |id: &&RecordId| pending.waiting.contains(id) || pending.failed.contains_key(id);
        let (_, in_force): (Vec<_>, Vec<_>) = queued.iter().partition(is_open);
        let in_force: Vec<RecordId> = in_force.into_iter().cloned().collect();
        self.store().journal().forget_commits(&self.device.name, &in_force)?;
        let failed: Vec<RecordId> = pending.failed.keys().cloned().collect();
        self.store().journal().commit_queued(&self.device.name, &failed, false)?;
        let now = self.execution.clock.now();
        let is_late = |one: &Uncommitted| now.signed_duration_since(one.since) > PATIENCE;
        let late = self.uncommitted(|one| one.is_queued && is_late(one))?;
        let mut tell =
            |kind| self.result.troubles.push(Trouble::of_target(&self.device.name, kind));
        if !pending.failed.is_empty() {
            tell(TroubleKind::NotTakenAtDoors(pending.failed.into_iter().collect()));
        }
        if !late.is_empty() {
            tell(TroubleKind::NotInForce(late));
        }
        Ok(())
    }

    fn uncommitted(&self, is_wanted: impl Fn(&Uncommitted) -> bool) -> Result<Vec<RecordId>, Halt> {
        let open = self.store().journal().uncommitted(&self.device.name)?;
        Ok(open.into_iter().filter(is_wanted).map(|one| one.employee_no).collect())
    }
}
