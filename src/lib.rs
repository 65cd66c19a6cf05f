//! `ivms-sync`: plan and apply for access rights.
//!
//! A gym sells memberships in one system; its doors are run by others. One run (a *tick*) finds whose
//! membership changed and sets the validity period of the same person on every door. It is a blocking
//! one-shot program: everything it must remember is in one SQLite file.
//!
//! # The map
//!
//! ```text
//!  a source ─────┐                                              ┌─> report (text, JSON)
//!  targets ──────┼─> gather ──> plan ──> proof ──> execute ─────┤
//!  link files ───┘     │                   │          │         └─> store: outcomes, audit log
//!  store: memory ──────┘             ProvenPlan   intent, write, commit, read back
//! ```
//!
//! Lowest first. A module names only those above it in this table; a test says so.
//!
//! | where | what | touches the world |
//! | --- | --- | --- |
//! | `text` | small readers and writers of text | no |
//! | [`model`] | holders, rights, records, windows, changes, links, identities, zones, plates as types | no |
//! | [`document`] | JSON that is handed on: strict, each error with its place | no |
//! | [`command`] | the commands by name | no |
//! | [`exit`] | exit codes | no |
//! | [`clock`], [`stop`] | the time, asked once; reasons to stop early | clock, signals |
//! | [`files`] | writing: whole, with the right mode, never through a link | files |
//! | [`net`] | what every connection needs: TLS, limits, pauses, counts | network, files |
//! | [`trouble`] | what went wrong: about whom, of which kind; exit code, text and hint follow | no |
//! | [`ports`] | the seams to systems: a source lists holders, a target holds records | no |
//! | [`config`] | the file, the environment, passwords; what a kind of system brings | files, environment |
//! | [`connectors`] | one folder for each kind of system; nobody else names one | network |
//! | [`store`] | the state file: memory, journal, audit log, the run lock | disk |
//! | [`engine::link`] | who is who; the readers of link files beside the rules | files |
//! | [`engine::plan`] | rights to windows, changes, budgets, and the checker that proves a plan | no |
//! | [`engine::vehicles`] | who may stand in a parking zone, and when | no |
//! | [`engine::rights`] | who may park where, out of spreadsheets | files, by those above |
//! | [`engine::collection`] | who may be handed over to an agency that collects, and who is taken back | by those above |
//! | [`engine::outbox`] | documents that leave, each with one effect or none | by those above |
//! | [`engine::gather`] | asks both sides, merges listings, links | by those above |
//! | [`engine::execute`] | carries out a proven plan, and nothing else | by those above |
//! | [`engine::gates`] | rights to rows of plates at gates: plan, proof, carrying out | by those above |
//! | [`report`] | plans and outcomes as text, JSON and plan files | no |
//! | [`cli`], [`help`] | what was typed; the manual | no |
//! | [`term`] | colours, widths and bars | the terminal |
//! | [`error`] | what keeps a command from running at all | no |
//! | [`notify`] | alarms: who hears of what; e-mail, webhook, heartbeat | network, disk |
//! | [`cmd`] | the commands: wiring | by all of them |
//!
//! # The connectors
//!
//! | connector | lines | files outside its folder |
//! | --- | --- | --- |
//! | [`connectors::cardskipper`], a source | 2,246 | 1: the list in [`connectors`] |
//! | [`connectors::hikvision`], a target | 5,689 | 1: the list |
//! | [`connectors::hikcentral`], a target | 3,737 | 1: the list |
//! | [`connectors::hikvision_anpr`], a gate | 2,974 | 1: the list |
//!
//! Lines without tests: `find src/connectors/NAME -name '*.rs' -not -path '*/tests/*' -not -name
//! '*_tests.rs' | xargs cat | wc -l`. A test finds files outside that say a vendor's word.
//!
//! # How to add a system
//!
//! 1. Make a folder in `src/connectors`: `config`, `wire`, `client`, `source` or `target`, `error`, tests.
//! 2. In `config`, implement [`config::SourceKind`] or [`config::TargetKind`]: name, nouns, own keys, how a
//!    right is spelt or what every target of the kind can do ([`ports::Capabilities`]).
//! 3. In `wire`, turn its documents into values of [`model`], without I/O; identities stay text.
//! 4. Implement [`ports::Source`] (`snapshot`), or [`ports::Target`] and [`ports::TargetWriter`]; what opens for
//!    number plates is a [`ports::Gate`] with its [`ports::GateWriter`], and a [`config::GateKind`].
//! 5. Sort every failure into a [`ports::Class`]: the engine decides by it what may be tried again.
//! 6. What takes effect later is committed and settled: [`ports::TargetWriter::commit`].
//! 7. Keep what it must remember in a [`model::Memory`]: the state file holds it, unread.
//! 8. Add one line to [`connectors::KINDS`].
//! 9. Write a simulator of it in `tests/simulators`, and its section into `src/help/systems.md`.
//! 10. Take `tests/integration/toy.rs` as the pattern: a whole source and target in one file.
//!
//! # Where the second engine goes
//!
//! Payments, refunds, events and documents are no state that two sides should agree on, so they are no plan:
//! each is handed on once and settled. They get a folder of their own right after [`engine`] in the table
//! and in the test of the layers: an outbox (what is to be sent, each with a key that makes repeating
//! harmless), an inbox (what came in, authentic and once) and the reconciliation of two ledgers. It may name
//! what [`engine`] may name, the journal of [`store`] and [`net`] above all; [`report`] and [`notify`] may
//! name it as they name [`engine`]; and neither of the two engines names the other.
//!
//! Start reading at [`engine::plan::plan`], then [`engine::execute::execute`], then [`cmd::sync`].
//!
//! # What always holds
//!
//! - After a plan is carried out, planning again gives an empty plan.
//! - `diff` and `lookup` never ask for a [`ports::TargetWriter`], so they cannot write to a device.
//! - [`engine::execute::execute`] takes a [`engine::plan::ProvenPlan`], which only the checker makes.
//! - An intent is on the disk before the first byte of its write leaves; the device is asked about
//!   every intent without an outcome before anything else is done there.
//! - A listing that failed, was cut short or shrank suspiciously changes nothing.
//! - Time is an argument: only `main.rs` asks the clock, only [`config`] reads the environment.
//!
//! Who could do harm, what stops them, what does not, and which test shows it: [`threats`].

pub mod cli;
pub mod clock;
pub mod cmd;
pub mod command;
pub mod config;
pub mod connectors;
pub mod document;
pub mod engine;
pub mod error;
pub mod exit;
pub mod files;
pub mod help;
pub mod model;
pub mod net;
pub mod notify;
pub mod ports;
pub mod report;
pub mod stop;
pub mod store;
pub mod term;
mod text;
pub mod threats;
pub mod trouble;

use std::io::IsTerminal;
use std::path::Path;

use cli::{Cli, Command, LookupArgs};
use clock::Clock;
use command::Invocation;
use config::Environment;
use error::Error;
use exit::Exit;
use report::json::Shape;
use stop::Stop;
use term::Terminal;

/// Runs one command to its end.
#[must_use]
pub fn run(
    cli: &Cli,
    environment: &Environment,
    working_dir: &Path,
    clock: Clock,
    terminal: &Terminal,
) -> Exit {
    let Some(command) = &cli.command else { return Exit::Usage };
    let mut known = Known::default();
    match try_run((cli, command), environment, working_dir, clock, terminal, &mut known) {
        Ok(exit) => exit,
        Err(error) => {
            // Another run that is at work and young is no trouble: this tick is simply its. A
            // person who asked for something must hear that it was not done.
            let is_tick = matches!(command, Command::Sync(_)) && !std::io::stderr().is_terminal();
            let level = match error.exit() {
                Exit::InStep if is_tick => log::Level::Info,
                Exit::InStep => log::Level::Warn,
                _ => log::Level::Error,
            };
            log::log!(level, "{}", error.lines());
            if command.is_cgi() {
                let said = cmd::print(&cmd::cgi::broken_page(&error));
                return if said.is_ok() { Exit::InStep } else { error.exit() };
            }
            if cli.json && !matches!(error, Error::Output(_)) {
                say_document(command, &cli.invocation(working_dir), &known, &error);
            }
            error.exit()
        }
    }
}

/// What a command knows of what it is about when it breaks off.
#[derive(Debug, Clone, Default)]
struct Known {
    /// Whose configuration was read.
    club: Option<String>,
    of_documents: cmd::OfDocuments,
}

/// Gives a script its document although the command broke off.
fn say_document(command: &Command, invocation: &Invocation, known: &Known, error: &Error) {
    let exit_code = error.exit().code();
    let shape = match known.of_documents.is_so() {
        true => Shape::Documents,
        false => command.shape(),
    };
    let printed = report::json::broken_off((command.name(), shape), error.troubles(), exit_code)
        .map_err(Error::Json)
        .and_then(|document| cmd::print_json(invocation, known.club.as_deref(), &document));
    if let Err(error) = printed {
        log::error!("{}", error.lines());
    }
}

fn try_run(
    (cli, command): (&Cli, &Command),
    environment: &Environment,
    working_dir: &Path,
    clock: Clock,
    terminal: &Terminal,
    known: &mut Known,
) -> Result<Exit, Error> {
    // One TLS for both HTTP clients. An error says that it is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let around = cmd::Surroundings { cli, environment, working_dir, clock, terminal };
    match command {
        Command::Init(args) => return cmd::init::run(&around, args, connectors::KINDS),
        Command::Status(args) if config::are_several(&cli.config, working_dir) => {
            return cmd::status::clubs::run(&around, args, connectors::KINDS);
        }
        _ => {}
    }
    let path = config::find(cli.config_file(), environment, working_dir)?;
    // Which passwords are needed hangs on who is asked for.
    let asked = match command {
        Command::Lookup(args) if args.reads_who() => {
            let who = vec![cmd::lookup::who_from_input()?];
            Some(Command::Lookup(LookupArgs { who, ..args.clone() }))
        }
        _ => None,
    };
    let command = asked.as_ref().unwrap_or(command);
    let passwords = command.passwords();
    let mut config = config::load_for(&path, environment, connectors::KINDS, passwords)?;
    config.invocation = cli.invocation(working_dir);
    known.club.clone_from(&config.club);
    // Advice is for whoever runs a command by hand, not for every tick; `check` tells it itself.
    let is_by_hand = std::io::stderr().is_terminal() || matches!(command, Command::Diff(_));
    if (is_by_hand || cli.verbose > 0) && !matches!(command, Command::Check(_)) {
        for warning in &config.warnings {
            log::warn!("{warning}");
        }
    }
    let listings = config.vehicles.services.iter().map(config::RightsServiceConfig::listed_within);
    let stop = Stop::listening(clock).after_listings_of(listings.max().unwrap_or_default());
    let context = cmd::Context {
        config,
        clock,
        stop,
        is_json: cli.json,
        is_verbose: cli.verbose > 0,
        is_quiet: cli.quiet,
        look: terminal.look,
        stdout: cmd::print,
        progress: terminal.progress(),
        compares_looks: environment.compares_looks(),
        of_documents: known.of_documents.clone(),
    };
    if cli.json {
        let (command, invocation) = (command.clone(), context.config.invocation.clone());
        let known = known.clone();
        context.stop.last_word(move |exit| {
            say_document(&command, &invocation, &known, &Error::Interrupted(exit));
        });
    }
    match command {
        Command::Sync(args) => cmd::sync::run(&context, args),
        Command::Diff(args) => cmd::diff::run(&context, args),
        Command::Apply(args) => cmd::apply::run(&context, environment, args),
        Command::Lookup(args) => cmd::lookup::run(&context, environment, args),
        Command::Check(args) => cmd::check::run(&context, args),
        Command::Status(args) => cmd::status::run(&context, args),
        Command::History(args) => cmd::history::run(&context, args),
        // What needs no configuration is done already.
        Command::Help(_) | Command::Init(_) => Ok(Exit::InStep),
    }
}
