//! Whose clock is wrong, where an organisation's and this computer's differ: the doors are asked.
//!
//! They are asked for their time only then. With a door (or another organisation) that has our time, and
//! none that has not, ours is right.

use std::path::Path;
use std::time::Duration;

use super::clocks::{ClockFault, device_clock_fault};
use super::devices::{DeviceGathered, failure};
use super::sources::{self, SourceGathered};
use super::{Connections, Conversation};
use crate::clock::Clock;
use crate::config::{Config, DeviceConfig};
use crate::outside::{Outside, ReadDevice};
use crate::report::DeviceOutcome;
use crate::store::StoreError;
use crate::store::lock::take_device;

/// Who agrees with this computer's clock, and who does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Witnesses {
    /// Doors with the same time.
    pub doors: usize,
    /// Organisations with the same time.
    pub sources: usize,
    /// Doors with another time.
    pub against: usize,
}

impl Witnesses {
    /// Whether this computer's clock is right, as far as others can tell.
    fn say_that_we_are_right(self) -> bool {
        self.doors + self.sources > 0 && self.against == 0
    }
}

/// Who is asked, and by what clock.
pub(super) struct Asking<'a, O> {
    pub outside: &'a O,
    pub config: &'a Config,
    /// The state file: the locks of the doors are beside it.
    pub state: &'a Path,
    pub clock: Clock,
}

impl<O: Outside> Asking<'_, O> {
    /// Puts it right whose clock is wrong, where some organisation has another time than this computer.
    /// `may_ask` says of each device whether a login may be tried on it now.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when the lock of a device cannot be taken.
    pub(super) fn tell_whose(
        &self,
        (sources, devices): (&mut [SourceGathered], &mut [DeviceGathered]),
        open: &mut Connections<O>,
        may_ask: &[bool],
    ) -> Result<(), StoreError> {
        if sources.iter().all(|source| source.clock_off.is_none()) {
            return Ok(());
        }
        let mut witnesses = Witnesses {
            sources: sources.iter().filter(|source| source.is_clock_confirmed).count(),
            ..Witnesses::default()
        };
        let doors = self.config.devices.iter().zip(devices).zip(open).zip(may_ask);
        for (((device, gathered), conversation), may_ask) in doors {
            if gathered.outcome != DeviceOutcome::Ok || !*may_ask {
                continue;
            }
            match self.ask(device, gathered, conversation)? {
                Some(true) => witnesses.doors += 1,
                Some(false) => witnesses.against += 1,
                None => {}
            }
        }
        if witnesses.say_that_we_are_right() {
            for (config, source) in self.config.sources.iter().zip(sources) {
                sources::blame_source(config, source, witnesses);
            }
        }
        Ok(())
    }

    /// Whether a door has our time; `None` where it does not tell, or talks to somebody else.
    fn ask(
        &self,
        config: &DeviceConfig,
        gathered: &mut DeviceGathered,
        conversation: &mut Conversation<O::Reader>,
    ) -> Result<Option<bool>, StoreError> {
        if conversation.lock.is_none() {
            let now = self.clock.now();
            let Ok(lock) = take_device(self.state, &config.name, Duration::ZERO, now)? else {
                return Ok(None);
            };
            conversation.lock = Some(lock);
        }
        let mut fresh = None;
        let reader = match &mut conversation.reader {
            Some(reader) => reader,
            None => match self.outside.connect(config) {
                Ok(reader) => fresh.insert(reader),
                Err(_) => return Ok(None),
            },
        };
        Ok(match reader.clock() {
            Ok(shown) => {
                let fault = device_clock_fault(shown, self.clock.now(), config.time_zone);
                Some(!matches!(fault, Some(ClockFault::Time { .. })))
            }
            Err(error) => {
                log::info!("{}: its clock cannot be asked: {error}", config.name);
                if error.spent_a_login() {
                    let (outcome, trouble, login) = failure(config, &error);
                    (gathered.outcome, gathered.login) = (outcome, login);
                    gathered.trouble = Some(trouble);
                }
                None
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mutants: one door for us outvotes one against us; nobody at all is a witness.
    #[test]
    fn with_a_witness_and_none_against_us_we_are_right() {
        for (doors, sources, against, right) in [
            (0, 0, 0, false),
            (1, 0, 0, true),
            (0, 1, 0, true),
            (3, 1, 0, true),
            (3, 1, 1, false),
            (0, 0, 2, false),
        ] {
            let witnesses = Witnesses { doors, sources, against };
            assert_eq!(witnesses.say_that_we_are_right(), right, "{witnesses:?}");
        }
    }
}
