//! Whose clock is wrong, where an organisation's and this computer's differ: the doors are asked.
//!
//! They are asked for their time only then. With a door (or another organisation) that has our time, and
//! none that has not, ours is right.

use std::time::Duration;

use super::clocks::{ClockFault, device_clock_fault};
use super::devices::{self, failure, to_remember};
use super::sources::{self, SourceGathered};
use super::{Scope, TargetInTurn};
use crate::clock::Clock;
use crate::config::{Config, TargetConfig};
use crate::engine::Systems;
use crate::engine::TargetOutcome;
use crate::model::Memory;
use crate::ports::{Failure, Target};
use crate::store::lock::take_device;
use crate::store::{Store, StoreError};

/// Who agrees with this computer's clock, where nobody disagrees.
#[derive(Debug, Clone, Copy)]
pub(super) struct Agreeing {
    pub targets: usize,
    /// What the last of them is called: "door".
    pub target_noun: &'static str,
    pub sources: usize,
}

/// Who is asked, and by what clock.
pub(super) struct ClockInquiry<'a, 's> {
    pub systems: &'s dyn Systems,
    pub config: &'a Config,
    /// The locks of the doors are beside it, and what is remembered of them is in it.
    pub store: &'a Store,
    pub scope: &'a Scope,
    pub clock: Clock,
}

impl<'s> ClockInquiry<'_, 's> {
    /// Puts it right whose clock is wrong, where some organisation has another time than this computer.
    /// The first door that has another time ends it: then nobody knows.
    pub(super) fn settle(
        &self,
        sources: &mut [SourceGathered],
        targets: &mut [TargetInTurn<'_, 's>],
    ) -> Result<(), StoreError> {
        if sources.iter().all(|source| source.clock_off.is_none()) {
            return Ok(());
        }
        let mut agreeing = Agreeing {
            sources: sources.iter().filter(|source| source.is_clock_confirmed).count(),
            targets: 0,
            target_noun: "",
        };
        for target in targets.iter_mut().filter(|one| one.gathered.outcome == TargetOutcome::Ok) {
            match self.ask(target)? {
                Some(true) => {
                    agreeing.targets += 1;
                    agreeing.target_noun = target.config.kind.nouns().one;
                }
                Some(false) => return Ok(()),
                None => {}
            }
        }
        if agreeing.targets + agreeing.sources > 0 {
            for (config, source) in self.config.sources.iter().zip(sources) {
                sources::blame_source(config, source, agreeing);
            }
        }
        Ok(())
    }

    /// Whether a door has our time; `None` where it does not tell, is left alone, or talks to somebody
    /// else.
    fn ask(&self, target: &mut TargetInTurn<'_, 's>) -> Result<Option<bool>, StoreError> {
        let TargetInTurn { config, gathered, open, .. } = target;
        let now = self.clock.now();
        if open.lock.is_none() {
            let Ok(lock) = take_device(self.store.path(), &config.name, Duration::ZERO, now)?
            else {
                return Ok(None);
            };
            // Whoever had the lock may have spent a login.
            if !devices::may_ask(self.store, config, self.scope, now)? {
                return Ok(None);
            }
            open.lock = Some(lock);
        }
        let memory = self.store.devices().device_state(&config.name)?.memory;
        match self.is_ours(config, &memory, open.reader.as_deref_mut()) {
            Ok(answer) => Ok(answer),
            Err(error) => {
                log::info!("{}: its clock cannot be asked: {error}", config.name);
                let (outcome, trouble, login) = failure(config.peer(), &error);
                gathered.failure = to_remember(&trouble);
                if error.has_spent_login {
                    (gathered.outcome, gathered.login) = (outcome, login);
                    gathered.troubles = vec![trouble];
                }
                Ok(None)
            }
        }
    }

    /// Whether a door shows our time.
    fn is_ours(
        &self,
        config: &TargetConfig,
        memory: &Memory,
        reader: Option<&mut (dyn Target + 's)>,
    ) -> Result<Option<bool>, Failure> {
        let shown = match reader {
            Some(reader) => reader.clock()?,
            None => self.systems.target(config, memory)?.clock()?,
        };
        let fault =
            shown.and_then(|shown| device_clock_fault(shown, self.clock.now(), config.time_zone));
        Ok(shown.map(|_| !matches!(fault, Some(ClockFault::Time { .. }))))
    }
}
