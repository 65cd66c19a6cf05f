//! What is known of the terminal, and the bars that long work shows there.
//!
//! Bars stand on stderr, below everything else that is said there: a message first takes them away.
//! Work that is done within a second shows none.

pub mod ask;
pub mod pager;

use std::fmt;
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::{Cli, Color};
use crate::config::Environment;
use crate::ports::progress::{Meter, Progress, Silent, Unit};
use crate::report::look::Look;

/// Work that takes no longer shows no bar.
const SHOWN_AFTER: Duration = Duration::from_secs(1);

/// How often the sign of life moves while nothing else does.
const TICK: Duration = Duration::from_millis(120);

/// A bar where it is known how much there is to do, and where not.
const WITH_TOTAL: &str = "  {prefix}  [{bar:20}]  {wide_msg}";
const WITHOUT_TOTAL: &str = "  {prefix}  {spinner}  {wide_msg}";

/// The narrowest terminal that is folded for; below, its own folding has to do.
const WIDTH_MIN: usize = 20;

/// What this process may show, and where.
#[derive(Debug, Clone)]
pub struct Terminal {
    /// How texts on stdout are shown.
    pub look: Look,
    /// The bars, if stderr is a terminal and somebody wants to see them.
    bars: Option<Bars>,
}

impl Terminal {
    /// A terminal that is none: plain text, no bars.
    #[must_use]
    pub fn none() -> Self {
        Self { look: Look::PLAIN, bars: None }
    }

    /// The terminal of this process. From now on, everything that is coloured here (help, messages,
    /// tables) follows `--color`, `NO_COLOR` and `CLICOLOR_FORCE`.
    #[must_use]
    pub fn of_process(cli: &Cli, environment: &Environment) -> Self {
        allow_colours(cli.color);
        let is_dumb = environment.get("TERM") == Some("dumb");
        let shows_bars = std::io::stderr().is_terminal() && !cli.json && !cli.quiet && !is_dumb;
        let stdout = std::io::stdout();
        let is_terminal = stdout.is_terminal();
        let real = || terminal_size::terminal_size_of(&stdout).map(|(width, _)| width.0);
        Self {
            look: Look {
                is_coloured: AutoStream::choice(&stdout) != ColorChoice::Never,
                width: is_terminal.then(|| width(environment.get("COLUMNS"), real())).flatten(),
            },
            bars: shows_bars.then(Bars::on_stderr),
        }
    }

    /// Who watches long work.
    #[must_use]
    pub fn progress(&self) -> Arc<dyn Progress> {
        match &self.bars {
            Some(bars) => Arc::new(bars.clone()),
            None => Silent::handle(),
        }
    }

    /// Puts the bars away while something is written to stderr.
    pub fn beside_bars<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bars {
            Some(bars) => bars.all.suspend(write),
            None => write(),
        }
    }
}

/// Decides for the whole process whether words are coloured.
pub fn allow_colours(color: Color) {
    match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
    .write_global();
}

/// How wide a terminal is: what `COLUMNS` says, or what the terminal itself says.
fn width(columns: Option<&str>, real: Option<u16>) -> Option<usize> {
    let stated =
        columns.and_then(|text| text.trim().parse::<usize>().ok()).filter(|stated| *stated > 0);
    stated.or(real.map(usize::from)).map(|width| width.max(WIDTH_MIN))
}

/// The bars on stderr, one for each piece of work.
#[derive(Clone)]
struct Bars {
    all: MultiProgress,
}

impl Bars {
    fn on_stderr() -> Self {
        Self { all: MultiProgress::with_draw_target(ProgressDrawTarget::stderr()) }
    }
}

impl fmt::Debug for Bars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bars")
    }
}

impl Progress for Bars {
    fn begin(&self, about: &str, unit: Unit) -> Box<dyn Meter> {
        let bar = ProgressBar::hidden();
        bar.set_style(styled(WITHOUT_TOTAL));
        bar.set_prefix(about.to_owned());
        bar.set_message(words(unit, 0, None));
        let (ended, end) = mpsc::channel();
        let (all, late) = (self.all.clone(), bar.clone());
        let shower = thread::spawn(move || {
            if end.recv_timeout(SHOWN_AFTER) == Err(RecvTimeoutError::Timeout) {
                let shown = all.add(late);
                shown.enable_steady_tick(TICK);
                // Held until the work ends, so that the bar goes exactly then.
                let _ = end.recv();
                shown.finish_and_clear();
                all.remove(&shown);
            }
        });
        Box::new(Bar { bar, unit, ended: Some(ended), shower: Some(shower) })
    }
}

/// One piece of work.
#[derive(Debug)]
struct Bar {
    bar: ProgressBar,
    unit: Unit,
    /// Dropped when the work ends, which takes the bar away.
    ended: Option<Sender<()>>,
    shower: Option<JoinHandle<()>>,
}

impl Drop for Bar {
    fn drop(&mut self) {
        drop(self.ended.take());
        // What is printed next must find the bar gone. A thread that panicked shows none.
        let _ = self.shower.take().map(JoinHandle::join);
    }
}

impl Meter for Bar {
    fn show(&self, done: usize, total: Option<usize>) {
        self.bar.set_message(words(self.unit, done, total));
        if let Some(total) = total {
            self.bar.set_style(styled(WITH_TOTAL));
            self.bar.set_length(total.max(done) as u64);
            self.bar.set_position(done as u64);
        }
    }
}

/// How far it is, in words.
fn words(unit: Unit, done: usize, total: Option<usize>) -> String {
    let (done, total) = match unit {
        Unit::Bytes => (kilobytes(done), total.map(kilobytes)),
        Unit::Persons | Unit::Changes => (done.to_string(), total.map(|total| total.to_string())),
    };
    let what = match unit {
        Unit::Persons => "persons read",
        Unit::Changes => "changes done",
        Unit::Bytes => "kB of the list of members",
    };
    match total {
        Some(total) => format!("{done} of {total} {what}"),
        None if done == "0" => "waiting for an answer".to_owned(),
        None => format!("{done} {what}"),
    }
}

fn kilobytes(bytes: usize) -> String {
    bytes.div_ceil(1000).to_string()
}

/// Letters that every terminal has.
fn styled(template: &str) -> ProgressStyle {
    // The templates are sound, by a test.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
        .tick_chars("-\\|/ ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_before_the_terminal() {
        for (columns, real, wanted) in [
            (None, None, None),
            (None, Some(80), Some(80)),
            (Some("100"), Some(80), Some(100)),
            (Some(" 72 "), None, Some(72)),
            (Some("0"), Some(80), Some(80)),
            (Some("wide"), Some(80), Some(80)),
            (Some(""), None, None),
            (Some("5"), Some(80), Some(20)),
        ] {
            assert_eq!(width(columns, real), wanted, "{columns:?} {real:?}");
        }
    }

    #[test]
    fn how_far_it_is_stands_there_in_words() {
        assert_eq!(words(Unit::Persons, 0, None), "waiting for an answer");
        assert_eq!(words(Unit::Persons, 60, Some(87)), "60 of 87 persons read");
        assert_eq!(words(Unit::Changes, 0, Some(4)), "0 of 4 changes done");
        assert_eq!(words(Unit::Bytes, 64_001, None), "65 kB of the list of members");
        for template in [WITH_TOTAL, WITHOUT_TOTAL] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }
}
