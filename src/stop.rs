//! Reasons to finish the change in hand and go: a signal, or the time limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::clock::Clock;
use crate::exit::Exit;

/// How long a run may take before it leaves the rest to the next tick. Source: design.md section
/// 2, exit code 8.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// Asked between two changes, never within one.
#[derive(Debug, Clone)]
pub struct Stop {
    signal: Arc<AtomicUsize>,
    /// Nothing is being written: a signal may end the process where it stands.
    is_idle: Arc<AtomicBool>,
    clock: Clock,
    limit: Duration,
}

/// While this lives, a signal waits until the change in hand is finished.
#[derive(Debug)]
pub struct Writing {
    is_idle: Arc<AtomicBool>,
}

impl Stop {
    /// Only the time limit, no signals: for runs within another program.
    #[must_use]
    pub fn at_time_limit(clock: Clock) -> Self {
        Self {
            signal: Arc::new(AtomicUsize::new(0)),
            is_idle: Arc::new(AtomicBool::new(true)),
            clock,
            limit: TIME_LIMIT,
        }
    }

    /// Listens for SIGINT and SIGTERM from now on.
    #[must_use]
    pub fn listening(clock: Clock) -> Self {
        let stop = Self::at_time_limit(clock);
        for (number, exit) in [(SIGINT, Exit::Interrupted), (SIGTERM, Exit::Terminated)] {
            let code = i32::from(exit.code());
            let idle = flag::register_conditional_shutdown(number, code, stop.is_idle.clone());
            let value = usize::from(exit.code());
            let busy = flag::register_usize(number, stop.signal.clone(), value);
            // Where a handler can not be set, the signal ends the process at once, and the journal
            // is settled by the next run: worse manners, the same end state.
            if let Err(error) = idle.and(busy) {
                log::debug!("signal {number} can not be listened for: {error}");
            }
        }
        stop
    }

    /// Says that writing begins; it ends when the answer is dropped.
    #[must_use]
    pub fn writing(&self) -> Writing {
        self.is_idle.store(false, Ordering::SeqCst);
        Writing { is_idle: Arc::clone(&self.is_idle) }
    }

    /// Why to stop now, if so.
    #[must_use]
    pub fn now(&self) -> Option<Exit> {
        let signal = self.signal.load(Ordering::SeqCst);
        if signal == usize::from(Exit::Interrupted.code()) {
            Some(Exit::Interrupted)
        } else if signal != 0 {
            Some(Exit::Terminated)
        } else if self.clock.elapsed() >= self.limit {
            Some(Exit::TimeLimit)
        } else {
            None
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.is_idle.store(true, Ordering::SeqCst);
    }
}
