//! The commands: wiring only. Each gathers, asks the pure parts, and says what came of it.

pub mod apply;
pub(crate) mod cgi;
pub mod check;
pub mod diff;
mod documents;
mod gates;
pub mod history;
pub mod init;
pub mod lookup;
mod permit_lists;
mod record;
pub mod status;
pub mod sync;
pub mod tick;
pub mod who;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use serde::Serialize;

use crate::cli::Cli;
use crate::clock::{Clock, is_future};
use crate::command::{CommandName, Invocation};
use crate::config::{Config, Environment, Mode};
use crate::engine::Network;
use crate::engine::carry_out::CarryOut;
use crate::engine::gather::{AcceptLink, GatherError};
use crate::engine::plan::ProvenPlan;
use crate::error::Error;
use crate::exit::Exit;
use crate::files::{self, Rights};
use crate::model::{RunId, TargetName, inert_json};
use crate::net::bounded::{self, Bounded};
use crate::notify::{decide::Line, stderr};
use crate::ports::progress::Progress;
use crate::report::look::Look;
use crate::report::{ChangeReport, ChangeState, Report, json, plan_file, text};
use crate::stop::Stop;
use crate::store::lock::{self, RunLock};
use crate::store::{self, Machine, RunEnd, Store, StoreError};
use crate::term::Terminal;
use crate::trouble::Trouble;

/// A run that holds the lock for longer hangs, or has far too much to do.
const OLD_LOCK: TimeDelta = TimeDelta::minutes(10);

/// What a command has that has no configuration, or several.
#[derive(Debug)]
pub struct Surroundings<'a> {
    pub cli: &'a Cli,
    pub environment: &'a Environment,
    pub working_dir: &'a Path,
    pub clock: Clock,
    pub terminal: &'a Terminal,
}

/// What every command needs.
#[derive(Debug)]
pub struct Context {
    pub config: Config,
    pub clock: Clock,
    /// Reasons to stop early.
    pub stop: Stop,
    /// `--json`.
    pub is_json: bool,
    /// `-v` was given: say everything, also when there is nothing to say.
    pub is_verbose: bool,
    /// `-q` was given: say errors, and what was asked for.
    pub is_quiet: bool,
    /// How texts on stdout are shown.
    pub look: Look,
    /// Writes to stdout; a test listens instead.
    pub stdout: fn(&str) -> Result<(), Error>,
    /// Who watches long work.
    pub progress: Arc<dyn Progress>,
    /// A look at a few members is compared with one at everybody: for tests.
    pub compares_looks: bool,
    /// What it prints where it breaks off.
    pub of_documents: OfDocuments,
}

/// Whether a command turned out to be about documents that leave: a plan says it, or what waits under an id, and no
/// flag. The thread that hears signals looks at it, too.
#[derive(Debug, Clone, Default)]
pub struct OfDocuments(Arc<AtomicBool>);

impl OfDocuments {
    /// It is, from now on.
    pub fn note(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    #[must_use]
    pub fn is_so(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Context {
    #[must_use]
    pub fn network(&self) -> Network {
        Network::watched_by(Arc::clone(&self.progress))
    }

    /// Opens the state file.
    pub fn open_store(&self) -> Result<Store, Error> {
        self.here(Store::open(&self.config.state))
    }

    /// The same for a command that lets it be checked before it relies on it.
    pub fn open_store_unchecked(&self) -> Result<Store, Error> {
        self.here(Store::open_unchecked(&self.config.state))
    }

    /// The same for one that writes at most what a login taught.
    pub fn open_store_beside_runs(&self) -> Result<Store, Error> {
        self.here(Store::open_beside_runs(&self.config.state))
    }

    /// The same for a command that only reads; `None` where there is no file yet.
    pub fn open_store_to_read(&self) -> Result<Option<Store>, Error> {
        Store::open_to_read(&self.config.state)?.map(|store| self.here(Ok(store))).transpose()
    }

    /// The same, checked as by [`Context::open_store_unchecked`].
    pub fn open_store_to_read_unchecked(&self) -> Result<Option<Store>, Error> {
        let store = Store::open_to_read_unchecked(&self.config.state)?;
        store.map(|store| self.here(Ok(store))).transpose()
    }

    fn here(&self, store: Result<Store, StoreError>) -> Result<Store, Error> {
        let store = store?.with_machine(Machine::here(self.config.computer.as_deref()));
        Ok(store.with_accounts(self.config.accounts()))
    }

    /// Takes the run lock.
    ///
    /// # Errors
    /// [`Error::Locked`] when another run is at work.
    pub fn take_lock(&self) -> Result<RunLock, Error> {
        let now = self.clock.began();
        match lock::take(&self.config.state, now)? {
            Ok(lock) => Ok(lock),
            Err(holder) => {
                // Since a time in the future is since nobody knows when.
                let is_old = holder.since.is_some_and(|since| {
                    is_future(since, now) || now.signed_duration_since(since) > OLD_LOCK
                });
                Err(Error::Locked { holder, is_old })
            }
        }
    }

    /// Begins a run; a signal that ends the process ends it too.
    pub fn begin_run(&self, command: CommandName, store: &Store) -> Result<RunId, Error> {
        let run = store.journal().begin_run(command.as_str(), self.clock.began())?;
        let (path, clock) = (self.config.state.clone(), self.clock);
        self.stop.on_signal(move |exit| {
            store::end_from_outside(&path, run, clock.now(), exit.code());
        });
        Ok(run)
    }

    /// Ends it.
    pub fn end_run(&self, store: &Store, run: RunId, end: &RunEnd) -> Result<(), Error> {
        store.journal().end_run(run, self.clock.now(), end)?;
        self.stop.no_longer_on_signal();
        Ok(())
    }

    /// Whether anything is ever written to a device.
    #[must_use]
    pub fn writes_to(&self, device: &TargetName) -> bool {
        let mut devices = self.config.devices.iter();
        devices.any(|one| one.name == *device && one.mode != Mode::Observe)
    }

    /// A proven plan on its way to the devices.
    #[must_use]
    pub fn carry_out<'a>(&'a self, run: RunId, proven: &'a ProvenPlan) -> CarryOut<'a> {
        CarryOut {
            config: &self.config,
            run,
            proven,
            clock: self.clock,
            stop: &self.stop,
            progress: self.progress.as_ref(),
        }
    }

    /// Prints a text on stdout, with its commands as they are to be typed.
    ///
    /// # Errors
    /// [`Error::Output`]; a reader that went away (`| head`) is none.
    pub fn print(&self, text: &str) -> Result<(), Error> {
        (self.stdout)(&self.config.invocation.in_text(text))
    }

    /// The same for one JSON document.
    pub fn print_json(&self, document: &impl Serialize) -> Result<(), Error> {
        let club = self.config.club.as_deref();
        self.stop.no_last_word();
        (self.stdout)(&json_text(&self.config.invocation, club, document)?)
    }

    /// Says what happened, and gives the exit code.
    pub fn finish(&self, store: &mut Store, report: &Report) -> Result<Exit, Error> {
        let exit = report.exit();
        let is_news = self.say_news(report, store);
        self.say(report, exit, is_news)?;
        Ok(exit)
    }

    /// Makes sure that no file of the command line would be written over one that a run reads, nor over
    /// another one of them.
    pub fn refuse_own_files(&self, targets: &[Option<&Path>]) -> Result<(), Error> {
        let targets: Vec<&Path> = targets.iter().copied().flatten().collect();
        for (place, path) in targets.iter().enumerate() {
            let earlier = targets.iter().take(place).find(|other| files::is_same(other, path));
            let earlier =
                earlier.map(|other| format!("to be written already, as {}", other.display()));
            if let Some(own) = self.config.own_file_at(path).or(earlier) {
                return Err(Error::OwnFile { path: path.to_path_buf(), own });
            }
        }
        Ok(())
    }

    /// Refuses to write a plan over a file of this program, or over one that holds something else than a plan.
    pub fn refuse_to_replace(&self, out: Option<&Path>) -> Result<(), Error> {
        self.refuse_own_files(&[out])?;
        // What is no file, or cannot be read, writing it says why.
        let is_file = |out: &&Path| std::fs::symlink_metadata(out).is_ok_and(|it| it.is_file());
        let Some(out) = out.filter(is_file) else { return Ok(()) };
        match bounded::read(out, plan_file::MAX_BYTES) {
            Ok(Bounded::Whole { bytes, .. }) if !plan_file::may_be_replaced(&bytes) => {
                Err(Error::Occupied(out.to_path_buf()))
            }
            Ok(Bounded::TooLarge) => Err(Error::Occupied(out.to_path_buf())),
            Ok(Bounded::Whole { .. } | Bounded::NotAFile) | Err(_) => Ok(()),
        }
    }

    /// Whether names may be shown: to a person who looks, never to a file or a mail.
    #[must_use]
    pub fn shows_names(&self) -> bool {
        std::io::stdout().is_terminal()
    }

    /// Whether names may be shown wherever a message comes out: on stdout as a part of a document,
    /// or on stderr.
    #[must_use]
    pub fn shows_names_everywhere(&self) -> bool {
        self.shows_names() && std::io::stderr().is_terminal()
    }

    /// Says a report on stdout, as text or as JSON. A tick without news says nothing, so that cron
    /// sends no mail; `is_news` is what [`Context::say_news`] found.
    pub fn say(&self, report: &Report, exit: Exit, is_news: bool) -> Result<(), Error> {
        if self.is_json {
            return self.print_json(&json::document(report, exit.code()));
        }
        let confirmed = |state: &ChangeState| state.is_confirmed();
        let was_done = report.count(confirmed) + report.count_rows(confirmed) > 0;
        let is_quiet_tick = report.command == CommandName::Sync
            && !report.is_limited
            && !was_done
            && !is_news
            && !self.is_verbose
            && !std::io::stdout().is_terminal();
        if is_quiet_tick || self.is_quiet {
            Ok(())
        } else {
            self.print(&text::render(report, self.look))
        }
    }

    /// Says on stderr what went wrong, and gives whether that is anything.
    pub fn say_troubles(&self, report: &Report) -> bool {
        report.troubles.iter().for_each(say_trouble);
        !report.troubles.is_empty()
    }

    /// Says on stderr what went wrong, and gives whether anything in the report is news. A tick by cron
    /// says the same trouble once a day, and the same waiting changes too; a person hears it every time,
    /// which is not remembered: it is news to cron's mail still. The exit code tells it always.
    pub fn say_news(&self, report: &Report, store: &mut Store) -> bool {
        let is_tick = report.command == CommandName::Sync && !report.is_limited;
        if !is_tick || std::io::stderr().is_terminal() {
            return self.say_troubles(report);
        }
        // What waits for a second look goes on by itself.
        let is_waiting =
            |one: &&ChangeReport| !one.state.is_confirmed() && one.state != ChangeState::SecondLook;
        let waiting = report.changes.iter().filter(is_waiting).map(|one| &one.change);
        let waiting = plan_file::blocked_id(waiting).map(|id| format!("waiting {id}"));
        let is_well = waiting.is_none() && report.troubles.iter().all(Trouble::is_remark);
        let troubles = report.troubles.iter();
        let mut lines: Vec<Line> = troubles
            .map(|trouble| Line { topic: trouble.topic(), is_remark: trouble.is_remark() })
            .collect();
        lines.extend(waiting.map(|topic| Line { topic, is_remark: false }));
        let news = stderr::news(store, &lines, is_well, self.clock.began());
        for (trouble, is_news) in report.troubles.iter().zip(&news) {
            match is_news {
                true => say_trouble(trouble),
                false => log::debug!("{}", trouble.line()),
            }
        }
        news.contains(&true)
    }
}

/// What keeps a run from being planned keeps the command from running.
impl From<GatherError> for Error {
    fn from(error: GatherError) -> Self {
        match error {
            GatherError::Store(error) => Self::Store(error),
            GatherError::LinkFile { error, .. } => Self::LinkFile(error),
            GatherError::NothingToAccept(AcceptLink { device, employee_no, number }) => {
                Self::NothingToAccept { device, employee_no, member: number }
            }
        }
    }
}

fn say_trouble(trouble: &Trouble) {
    let level = match trouble.exit() {
        Exit::InStep => log::Level::Warn,
        _ => log::Level::Error,
    };
    log::log!(level, "{}", trouble.line());
}

/// Prints a text on stdout.
///
/// # Errors
/// [`Error::Output`]; a reader that went away (`| head`) is none.
pub fn print(text: &str) -> Result<(), Error> {
    // As it is, except for colours on a terminal of Windows that does not know them.
    let mut out = anstream::AutoStream::always(std::io::stdout().lock());
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if !is_reader_gone(&error) => Err(Error::Output(error)),
        _ => Ok(()),
    }
}

/// Whether the reader of a pipe went away, as `head` does when it has read enough.
#[must_use]
pub fn is_reader_gone(error: &std::io::Error) -> bool {
    // "No process is on the other end of the pipe", which has no kind.
    let is_named_pipe = cfg!(windows) && error.raw_os_error() == Some(233);
    is_named_pipe || error.kind() == std::io::ErrorKind::BrokenPipe
}

/// Prints one JSON document on stdout, with the club that it is about.
pub fn print_json(
    invocation: &Invocation,
    club: Option<&str>,
    document: &impl Serialize,
) -> Result<(), Error> {
    print(&json_text(invocation, club, document)?)
}

fn json_text(
    invocation: &Invocation,
    club: Option<&str>,
    document: &impl Serialize,
) -> Result<String, Error> {
    let document = &json::OfClub { document, club };
    let mut text = inert_json(&invocation.in_json(&serde_json::to_string_pretty(document)?));
    text.push('\n');
    Ok(text)
}

/// Writes a file that the command line or the configuration names.
pub fn write_file(path: &Path, text: &str, rights: &Rights) -> Result<(), Error> {
    files::write(path, text, rights).map_err(|error| Error::File { path: path.to_owned(), error })
}
