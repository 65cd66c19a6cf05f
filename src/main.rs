//! The program: parses, sets up the log, and turns a result into an exit code.

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use chrono::{DateTime, Utc};
use ivms_sync::cli::{Cli, Color};
use ivms_sync::clock::Clock;
use ivms_sync::cmd::{is_reader_gone, print};
use ivms_sync::config::Environment;
use ivms_sync::exit::Exit;
use ivms_sync::help::manual;
use ivms_sync::model::printable_lines;
use ivms_sync::term::{Terminal, allow_colours, pager};

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::read(&words) {
        Ok(cli) => cli,
        Err(told) => {
            allow_colours(Color::among(&words));
            // Help and version are answers, everything else is a mistake in the command line;
            // clap's own code 2 would mean "changes are pending".
            let exit = if told.use_stderr() { Exit::Usage } else { Exit::InStep };
            return match told.print() {
                Err(error) if !is_reader_gone(&error) => Exit::Bug.into(),
                _ => exit.into(),
            };
        }
    };
    let environment = Environment::of_process();
    let terminal = Terminal::of_process(&cli, &environment);
    if let Some(text) = manual::text(&cli, terminal.look) {
        if cli.is_read_here() && pager::shows(&text, &environment) {
            return Exit::InStep.into();
        }
        return if print(&text).is_ok() { Exit::InStep.into() } else { Exit::Bug.into() };
    }
    set_up_log(&cli, &terminal);
    let clock = Clock::starting_at(now(&environment));
    let done = std::panic::catch_unwind(|| match std::env::current_dir() {
        Ok(folder) => ivms_sync::run(&cli, &environment, &folder, clock, &terminal),
        Err(error) => {
            log::error!("the working folder cannot be used: {error}");
            Exit::Config
        }
    });
    done.unwrap_or(Exit::Bug).into()
}

/// The one place that asks the clock. Tests set `IVMS_SYNC_TEST_NOW`, and are reminded of it.
#[expect(clippy::disallowed_methods, reason = "only main.rs asks the clock; time is an argument")]
fn now(environment: &Environment) -> DateTime<Utc> {
    let pinned = environment
        .get("IVMS_SYNC_TEST_NOW")
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
        .map(|at| at.with_timezone(&Utc));
    if let Some(at) = pinned {
        log::info!("IVMS_SYNC_TEST_NOW is set: this run believes it is {at}");
    }
    pinned.unwrap_or_else(Utc::now)
}

/// Errors and warnings to stderr, one word and the message; with `-v` more, and where from.
fn set_up_log(cli: &Cli, terminal: &Terminal) {
    // Without a working folder nothing is run, and no command is suggested.
    let invocation = cli.invocation(&std::env::current_dir().unwrap_or_default());
    let default = match (cli.quiet, cli.verbose) {
        (true, _) => "ivms_sync=error",
        (false, 0) => "ivms_sync=warn",
        (false, 1) => "ivms_sync=info",
        (false, 2) => "ivms_sync=debug",
        (false, _) => "debug",
    };
    let is_detailed = cli.verbose > 1;
    let from = env_logger::Env::default().default_filter_or(default);
    let mut builder = env_logger::Builder::from_env(from);
    builder.format(move |out, record| {
        let word = match record.level() {
            log::Level::Error => "error",
            log::Level::Warn => "warning",
            log::Level::Info => "info",
            log::Level::Debug => "debug",
            log::Level::Trace => "trace",
        };
        let style = out.default_level_style(record.level());
        if is_detailed {
            let (time, target) = (out.timestamp_millis(), record.target());
            write!(out, "{time} {target} ")?;
        }
        // Whatever a message quotes, also one of a library, cannot steer the terminal.
        let text = printable_lines(&invocation.in_text(&record.args().to_string()));
        writeln!(out, "{style}{word}{style:#}: {text}")
    });
    match cli.color {
        Color::Auto => {}
        Color::Always => _ = builder.write_style(env_logger::WriteStyle::Always),
        Color::Never => _ = builder.write_style(env_logger::WriteStyle::Never),
    }
    let log = BesideBars { log: builder.build(), terminal: terminal.clone() };
    let max = log.log.filter();
    // There is one logger in a process, and this is where it is set.
    if log::set_boxed_logger(Box::new(log)).is_err() {
        return;
    }
    // At trace level the HTTP library prints every byte it sends and gets: the login of Cardskipper
    // and the members. Nothing can ask for that, neither -vvv nor RUST_LOG.
    log::set_max_level(max.min(log::LevelFilter::Debug));
}

/// The log, which takes the bars of long work away before it says something.
struct BesideBars {
    log: env_logger::Logger,
    terminal: Terminal,
}

impl log::Log for BesideBars {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        self.log.enabled(metadata)
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.log.matches(record) {
            self.terminal.beside_bars(|| self.log.log(record));
        }
    }

    fn flush(&self) {
        self.log.flush();
    }
}
