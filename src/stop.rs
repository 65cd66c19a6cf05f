//! Reasons to finish the change in hand and go: a signal, or the time limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::exit::Exit;

/// How long a run may take before it leaves the rest to the next tick. Source: issue contract,
/// design.md section 2, exit code 8.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// Asked between two changes, never within one.
#[derive(Debug, Clone)]
pub struct Stop {
    signal: Arc<AtomicUsize>,
    clock: Clock,
    limit: Duration,
}

impl Stop {
    /// Listens for SIGINT and SIGTERM from now on.
    #[must_use]
    pub fn listening(clock: Clock) -> Self {
        let signal = Arc::new(AtomicUsize::new(0));
        for (number, value) in
            [(signal_hook::consts::SIGINT, 2_usize), (signal_hook::consts::SIGTERM, 15)]
        {
            // Where a handler can not be set, the signal ends the process at once, and the journal
            // is settled by the next run: worse manners, the same end state.
            if let Err(error) =
                signal_hook::flag::register_usize(number, Arc::clone(&signal), value)
            {
                log::debug!("signal {number} can not be listened for: {error}");
            }
        }
        Self { signal, clock, limit: TIME_LIMIT }
    }

    /// Why to stop now, if so.
    #[must_use]
    pub fn now(&self) -> Option<Exit> {
        match self.signal.load(Ordering::Relaxed) {
            0 if self.clock.elapsed() >= self.limit => Some(Exit::TimeLimit),
            0 => None,
            2 => Some(Exit::Interrupted),
            _ => Some(Exit::Terminated),
        }
    }
}
