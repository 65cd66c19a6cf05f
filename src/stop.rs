//! Reasons to finish the change in hand and go: a signal, or the time limit.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::low_level;

use crate::clock::Clock;
use crate::exit::Exit;

/// How long a run may take before it leaves the rest to the next tick.
const TIME_LIMIT: Duration = Duration::from_secs(120);

/// How long the change in hand may take after a signal: who sends one waits about 10 s, and Windows 5 s
/// where a console is closed. A door that hangs can take longer, since its answer is waited for; then the
/// process ends with the change announced, and the next run asks the door what became of it.
const GRACE: Duration = Duration::from_secs(if cfg!(windows) { 4 } else { 8 });

/// How often the watch over a signal looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Asked between two changes, never within one.
#[derive(Debug, Clone)]
pub struct Stop {
    signal: Arc<AtomicUsize>,
    /// Nothing is being written: a signal may end the process where it stands.
    is_idle: Arc<AtomicBool>,
    /// What is done before that.
    last_deed: LastDeed,
    /// What stdout gets after that.
    last_word: LastDeed,
    clock: Clock,
    limit: Duration,
}

/// What is said when a signal ends the process.
pub const INTERRUPTED: &str = "interrupted; no change was being made";

/// What is being written while a signal waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InHand {
    Change,
    Document,
}

impl InHand {
    /// What is said when the process ends in the middle of it.
    fn cut_off(self) -> &'static str {
        match self {
            Self::Change => {
                "interrupted while a door did not answer\n  hint: the next run asks the door what became \
                 of the change that was being made, before anything else"
            }
            Self::Document => {
                "interrupted while a document was being sent: it may have arrived, and nobody knows what became \
                 of it\n  hint: do not send it once more by other means; the next run asks the other side"
            }
        }
    }
}

type Deed = Box<dyn FnOnce(Exit) + Send>;

/// What a process that is ended by a signal does before it goes.
#[derive(Clone, Default)]
struct LastDeed(Arc<Mutex<Option<Deed>>>);

impl LastDeed {
    fn set(&self, deed: Option<Deed>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = deed;
    }

    fn take(&self) -> Option<Deed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for LastDeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastDeed")
    }
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
            last_deed: LastDeed::default(),
            last_word: LastDeed::default(),
            clock,
            limit: TIME_LIMIT,
        }
    }

    /// Leaves a minute for the work itself after a listing that may take so long.
    #[must_use]
    pub fn after_listings_of(mut self, listing: Duration) -> Self {
        self.limit = self.limit.max(listing.saturating_add(Duration::from_secs(60)));
        self
    }

    /// Listens from now on for SIGINT and SIGTERM; on Windows for what a console tells, of which Ctrl-C and
    /// Ctrl-Break count as the first, and its closing, the log-off and the shutdown as the second.
    #[must_use]
    pub fn listening(clock: Clock) -> Self {
        let stop = Self::at_time_limit(clock);
        // Where nothing can be listened for, a signal ends the process at once, and the journal is settled
        // by the next run: worse manners, the same end state.
        if let Err(error) = stop.listen() {
            log::debug!("signals cannot be listened for: {error}");
        }
        stop
    }

    /// On a thread of its own, which may do what a signal handler may not.
    #[cfg(not(windows))]
    fn listen(&self) -> io::Result<()> {
        use signal_hook::consts::{SIGINT, SIGTERM};
        let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
        // Set by the handler itself too: what a signal tears from its wait must find it set.
        for (number, exit) in [(SIGINT, Exit::Interrupted), (SIGTERM, Exit::Terminated)] {
            let value = usize::from(exit.code());
            signal_hook::flag::register_usize(number, Arc::clone(&self.signal), value)?;
        }
        let stop = self.clone();
        thread::Builder::new().spawn(move || {
            for number in signals.forever() {
                stop.hear(if number == SIGINT { Exit::Interrupted } else { Exit::Terminated });
            }
        })?;
        Ok(())
    }

    /// On a thread of its own. Windows ends the process as soon as the handler of a closing console
    /// returns; tokio, which the HTTP client brings, is the one whose handler does not.
    #[cfg(windows)]
    fn listen(&self) -> io::Result<()> {
        use std::task::Poll;
        use tokio::signal::windows as console;
        let (mut c, mut breaks) = (console::ctrl_c()?, console::ctrl_break()?);
        let (mut close, mut log_off) = (console::ctrl_close()?, console::ctrl_logoff()?);
        let mut shutdown = console::ctrl_shutdown()?;
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let stop = self.clone();
        thread::Builder::new().spawn(move || {
            loop {
                let exit = runtime.block_on(std::future::poll_fn(|context| {
                    let is_asked =
                        c.poll_recv(context).is_ready() | breaks.poll_recv(context).is_ready();
                    let is_told = close.poll_recv(context).is_ready()
                        | log_off.poll_recv(context).is_ready()
                        | shutdown.poll_recv(context).is_ready();
                    match (is_asked, is_told) {
                        (true, _) => Poll::Ready(Exit::Interrupted),
                        (_, true) => Poll::Ready(Exit::Terminated),
                        _ => Poll::Pending,
                    }
                }));
                stop.hear(exit);
            }
        })?;
        Ok(())
    }

    /// Takes a signal. While something is written, whoever writes asks for it between two changes; it is set
    /// before that is looked at, and they look at it after they have said that they write, so that one of the
    /// two always sees the other.
    fn hear(&self, exit: Exit) {
        self.signal.store(usize::from(exit.code()), Ordering::SeqCst);
        if !self.is_idle.load(Ordering::SeqCst) {
            return;
        }
        if let Some(deed) = self.last_deed.take() {
            deed(exit);
        }
        log::error!("{INTERRUPTED}");
        if let Some(word) = self.last_word.take() {
            word(exit);
        }
        low_level::exit(i32::from(exit.code()));
    }

    /// What a signal does while nothing is written, before the process ends; until [`Stop::no_longer_on_signal`].
    pub fn on_signal(&self, deed: impl FnOnce(Exit) + Send + 'static) {
        self.last_deed.set(Some(Box::new(deed)));
    }

    /// That is done by now, or nobody's business any more.
    pub fn no_longer_on_signal(&self) {
        self.last_deed.set(None);
    }

    /// What stdout gets when a signal ends the process, until [`Stop::no_last_word`].
    pub fn last_word(&self, word: impl FnOnce(Exit) + Send + 'static) {
        self.last_word.set(Some(Box::new(word)));
    }

    /// Stdout gets its answer now.
    pub fn no_last_word(&self) {
        self.last_word.set(None);
    }

    /// Says that writing begins; it ends when the answer is dropped.
    #[must_use]
    pub fn writing(&self) -> Writing {
        self.holding(InHand::Change)
    }

    /// The same of a document that is sent.
    #[must_use]
    pub fn sending(&self) -> Writing {
        self.holding(InHand::Document)
    }

    fn holding(&self, what: InHand) -> Writing {
        self.is_idle.store(false, Ordering::SeqCst);
        let (watched, end) = mpsc::channel();
        let signal = Arc::clone(&self.signal);
        thread::spawn(move || watch(&signal, what, &end));
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
fn watch(signal: &AtomicUsize, what: InHand, end: &Receiver<()>) {
    let mut signalled: Option<Instant> = None;
    while end.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
        let code = signal.load(Ordering::SeqCst);
        if code == 0 || signalled.get_or_insert_with(Instant::now).elapsed() < GRACE {
            continue;
        }
        log::error!("{}", what.cut_off());
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
            last_deed: LastDeed::default(),
            last_word: LastDeed::default(),
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
        watch(&AtomicUsize::new(143), InHand::Change, &end);
    }
}
