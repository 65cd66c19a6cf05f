//! Reasons to finish the change in hand and go: a signal, or the time limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use crate::clock::Clock;
use crate::exit::Exit;

/// How long a run may take before it leaves the rest to the next tick. Source: design.md section
/// 2, exit code 8.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// How long the change in hand may take after a signal: who sends one waits about 10 s. A door that
/// hangs can take longer, since its answer is waited for; then the process ends with the change
/// announced, and the next run asks the door what became of it.
const GRACE: Duration = Duration::from_secs(8);

/// How often the watch over a signal looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

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
    signal: Arc<AtomicUsize>,
    /// Dropped with this, which ends the watch.
    _watched: Sender<()>,
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
            // Where a handler cannot be set, the signal ends the process at once, and the journal
            // is settled by the next run: worse manners, the same end state.
            if let Err(error) = idle.and(busy) {
                log::debug!("signal {number} cannot be listened for: {error}");
            }
        }
        stop
    }

    /// Says that writing begins; it ends when the answer is dropped.
    #[must_use]
    pub fn writing(&self) -> Writing {
        self.is_idle.store(false, Ordering::SeqCst);
        let (watched, end) = mpsc::channel();
        let signal = Arc::clone(&self.signal);
        thread::spawn(move || watch(&signal, &end));
        let (is_idle, signal) = (Arc::clone(&self.is_idle), Arc::clone(&self.signal));
        Writing { is_idle, signal, _watched: watched }
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

/// Ends the process when writing goes on for too long after a signal.
fn watch(signal: &AtomicUsize, end: &Receiver<()>) {
    let mut signalled: Option<Instant> = None;
    while end.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        let code = signal.load(Ordering::SeqCst);
        if code == 0 || signalled.get_or_insert_with(Instant::now).elapsed() < GRACE {
            continue;
        }
        log::error!(
            "interrupted while a door did not answer\n  hint: the next run asks the door what became \
             of the change that was being made, before anything else"
        );
        low_level::exit(i32::try_from(code).unwrap_or(i32::from(Exit::Terminated.code())));
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        // A run that was told to stop is ending by itself, and a second signal must not keep it from
        // recording how.
        if self.signal.load(Ordering::SeqCst) == 0 {
            self.is_idle.store(true, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn stop(limit: Duration, signal: u8) -> Stop {
        Stop {
            signal: Arc::new(AtomicUsize::new(usize::from(signal))),
            is_idle: Arc::new(AtomicBool::new(true)),
            clock: Clock::starting_at(DateTime::UNIX_EPOCH),
            limit,
        }
    }

    #[test]
    fn a_signal_counts_before_the_time_limit() {
        let (hour, none) = (Duration::from_secs(3600), Duration::ZERO);
        assert_eq!(stop(hour, 0).now(), None);
        assert_eq!(stop(none, 0).now(), Some(Exit::TimeLimit));
        for limit in [hour, none] {
            assert_eq!(stop(limit, 130).now(), Some(Exit::Interrupted));
            assert_eq!(stop(limit, 143).now(), Some(Exit::Terminated));
        }
    }

    #[test]
    fn the_watch_ends_with_the_writing() {
        let stop = stop(Duration::from_secs(3600), 0);
        let writing = stop.writing();
        assert!(!stop.is_idle.load(Ordering::SeqCst));
        drop(writing);
        assert!(stop.is_idle.load(Ordering::SeqCst));
        let writing = stop.writing();
        stop.signal.store(143, Ordering::SeqCst);
        drop(writing);
        assert!(!stop.is_idle.load(Ordering::SeqCst), "the run ends by itself, undisturbed");
        // A signal that comes now is nobody's business any more: the watch has no one to wait for.
        let (watched, end) = mpsc::channel();
        drop(watched);
        watch(&AtomicUsize::new(143), &end);
    }
}
