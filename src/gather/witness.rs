//! Whose clock is wrong, where an organisation's and this computer's differ: the doors are asked.
//!
//! They are asked for their time only then. With a door (or another organisation) that has our time, and
//! none that has not, ours is right.

use super::clocks::{ClockFault, device_clock_fault};
use super::devices::DeviceGathered;
use super::sources::{self, SourceGathered};
use super::{Connections, LoginResult};
use crate::clock::Clock;
use crate::config::{Config, DeviceConfig};
use crate::outside::{Outside, ReadDevice};
use crate::report::DeviceOutcome;

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

/// Puts it right whose clock is wrong, where some organisation has another time than this computer.
/// `may_ask` says of each device whether a login may be tried on it now.
pub(super) fn tell_whose<O: Outside>(
    outside: &O,
    config: &Config,
    (sources, devices): (&mut [SourceGathered], &mut [DeviceGathered]),
    open: &mut Connections<O>,
    may_ask: &[bool],
    clock: Clock,
) {
    if sources.iter().all(|source| source.clock_off.is_none()) {
        return;
    }
    let mut witnesses = Witnesses {
        sources: sources.iter().filter(|source| source.is_clock_confirmed).count(),
        ..Witnesses::default()
    };
    let doors = config.devices.iter().zip(devices).zip(open).zip(may_ask);
    for (((device, gathered), reader), may_ask) in doors {
        let is_there = gathered.outcome == DeviceOutcome::Ok && *may_ask;
        match is_there.then(|| ask(outside, device, gathered, reader, clock)).flatten() {
            Some(true) => witnesses.doors += 1,
            Some(false) => witnesses.against += 1,
            None => {}
        }
    }
    if witnesses.say_that_we_are_right() {
        for (config, source) in config.sources.iter().zip(sources) {
            sources::blame_source(config, source, witnesses);
        }
    }
}

/// Whether a door has our time; `None` where it does not tell.
fn ask<O: Outside>(
    outside: &O,
    config: &DeviceConfig,
    gathered: &mut DeviceGathered,
    reader: &mut Option<O::Reader>,
    clock: Clock,
) -> Option<bool> {
    let mut fresh = None;
    let reader = match reader {
        Some(reader) => reader,
        None => fresh.insert(outside.connect(config).ok()?),
    };
    match reader.clock() {
        Ok(shown) => {
            let fault = device_clock_fault(shown, clock.now(), config.time_zone);
            Some(!matches!(fault, Some(ClockFault::Time { .. })))
        }
        Err(error) => {
            log::info!("{}: its clock can not be asked: {error}", config.name);
            if error.spent_a_login() {
                gathered.login = LoginResult::Refused;
            }
            None
        }
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
