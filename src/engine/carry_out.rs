//! Carries out a proven plan on every target that is ready for it, and says how each fared.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::execute::{Execution, TargetResult, execute};
use super::gather::conversation::{self, WRITING_PATIENCE};
use super::gather::{Connections, Gathered, remember_login};
use super::plan::ProvenPlan;
use super::{Systems, TargetOutcome};
use crate::clock::Clock;
use crate::config::{Config, Mode};
use crate::model::{RunId, TargetName};
use crate::ports::progress::Progress;
use crate::stop::Stop;
use crate::store::{Store, StoreError};
use crate::trouble::Trouble;

/// A proven plan on its way to the targets.
pub struct CarryOut<'a> {
    pub config: &'a Config,
    pub run: RunId,
    pub proven: &'a ProvenPlan,
    pub clock: Clock,
    /// When to leave the rest to the next run.
    pub stop: &'a Stop,
    pub progress: &'a dyn Progress,
}

/// How each target fared that had something to do.
#[derive(Debug, Default)]
pub struct CarriedOut {
    pub results: BTreeMap<TargetName, TargetResult>,
    /// Those that were left to others in this run: another run talks to them, or a login is held back.
    pub left_alone: BTreeMap<TargetName, (TargetOutcome, Trouble)>,
}

impl CarryOut<'_> {
    /// Carries the plan out on every target that is ready, and remembers what the logins taught.
    ///
    /// # Errors
    /// [`StoreError`]; what was announced by then is settled by the next run.
    pub fn carry_out(
        self,
        systems: &dyn Systems,
        store: &mut Store,
        (gathered, open): (&Gathered, Connections<'_>),
    ) -> Result<CarriedOut, StoreError> {
        let mut done = CarriedOut::default();
        let (mut ready, mut locks) = (Vec::new(), Vec::new());
        for ((device, found, _), open) in gathered.each_target(self.config).zip(open) {
            let is_ready = found.outcome == TargetOutcome::Ok
                || found.is_backing_off && self.opens_a_door(&device.name);
            let uncommitted = match device.kind.capabilities().commits {
                true => store.journal().uncommitted(&device.name)?,
                false => Vec::new(),
            };
            let has_work = match device.mode {
                // What was asked for before is still asked after.
                Mode::Observe => uncommitted.iter().any(|one| one.asked_at.is_some()),
                _ => {
                    !uncommitted.is_empty() || self.proven.for_device(&device.name).next().is_some()
                }
            };
            // Where there is nothing to do no login is tried, and others may talk to the door.
            if !is_ready || !has_work {
                continue;
            }
            match conversation::open(store, device.peer(), open.lock, WRITING_PATIENCE, self.clock)?
            {
                Ok(lock) => {
                    ready.push((device, open.reader));
                    locks.push(lock);
                }
                Err(why) => {
                    done.left_alone.insert(device.name.clone(), why);
                }
            }
        }
        let devices: Vec<_> = ready.iter().map(|(device, _)| *device).collect();
        let shared = Mutex::new(&mut *store);
        let execution = Execution {
            plan: self.proven,
            run: self.run,
            store: &shared,
            clock: self.clock,
            stop: self.stop,
            progress: self.progress,
        };
        let writing = self.stop.writing();
        let results = execute(systems, &execution, ready)?;
        drop(writing);
        for (device, result) in devices.into_iter().zip(results) {
            remember_login(store, device.peer(), result.login, self.clock.now())?;
            done.results.insert(device.name.clone(), result);
        }
        // What the logins taught is written down: whoever waits may read it now.
        drop(locks);
        Ok(done)
    }

    /// Whether somebody is outside there: a target that is left alone for a while because it failed is
    /// tried all the same.
    fn opens_a_door(&self, device: &TargetName) -> bool {
        self.proven.for_device(device).any(|change| change.opens_door)
    }
}
