//! What was typed. Nothing is resolved here.

mod diff;
mod init;
mod sync;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chrono::NaiveDate;
use clap::builder::PossibleValuesParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, ArgGroup, Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::command::{CommandName, Invocation};
use crate::config::Passwords;
use crate::config::value::interval;
use crate::exit::Exit;
use crate::model::AskedThing;
use crate::report::history::Since;
use crate::report::json::Shape;
use crate::text::topics::TOPICS;
pub use diff::DiffArgs;
pub use init::{InitArgs, NewDoor};
pub use sync::{AcceptDevice, LookArgs, SyncArgs};

/// A hundred years ago there was no audit log.
const SINCE_DAYS_MAX: u64 = 36_500;

/// The heading over the options that every command takes.
const EVERY: &str = "Options of every command";

/// Copy membership end dates from Cardskipper to Hikvision doors.
///
/// Finds whose membership changed and sets the validity period of the same person on every door:
/// plan and apply for access rights. Run `diff` to see what would change, `sync` to carry it out.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "ivms-sync",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    override_usage = "ivms-sync [OPTIONS] <COMMAND>\n       ivms-sync --completions <SHELL>\n       ivms-sync --man",
    after_help = "Examples:\n  ivms-sync diff\n  ivms-sync sync\n  ivms-sync lookup anna@example.se"
)]
pub struct Cli {
    /// Read this configuration file
    /// [default: $IVMS_SYNC_CONFIG, ./ivms-sync.toml, the user's configuration folder,
    /// /etc/ivms-sync/ivms-sync.toml].
    ///
    /// `status` takes several, and folders of them (each *.toml there).
    #[arg(long, global = true, value_name = "FILE", help_heading = EVERY)]
    pub config: Vec<PathBuf>,

    /// Print one JSON document (version 1) in place of text.
    #[arg(long, global = true, help_heading = EVERY)]
    pub json: bool,

    /// Log more: -v what is done, -vv every request, -vvv what libraries say too.
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = EVERY)]
    pub verbose: u8,

    /// Say errors only: no warnings, no tables; what lookup, status and history were asked for is said.
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = EVERY)]
    pub quiet: bool,

    /// Colour words on a terminal; NO_COLOR and CLICOLOR_FORCE are heard where this is auto.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t,
        hide_possible_values = true,
        help_heading = EVERY
    )]
    pub color: Color,

    /// Print the completions for a shell: bash, elvish, fish, powershell or zsh.
    #[arg(long, value_name = "SHELL", hide_possible_values = true, exclusive = true)]
    pub completions: Option<Shell>,

    /// Print the manual page, for man -l or a packager.
    #[arg(long, exclusive = true)]
    pub man: bool,

    /// What to do; always there after [`Cli::read`], unless a text is asked for.
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// Whether what is asked for is a text to be read, and not one to be kept in a file.
    #[must_use]
    pub fn is_read_here(&self) -> bool {
        matches!(&self.command, Some(Command::Help(args)) if !args.man && !args.schema)
    }

    /// How commands that are suggested are to be typed.
    #[must_use]
    pub fn invocation(&self, working_dir: &Path) -> Invocation {
        let config = self.config_file().map(|path| working_dir.join(path));
        Invocation::new(config.as_deref())
    }

    /// What can be typed; the long help of each command says what it may end with.
    #[must_use]
    pub fn definition() -> clap::Command {
        CommandName::ALL.into_iter().fold(Self::command(), |cli, name| {
            cli.mut_subcommand(name.as_str(), |command| {
                let examples = command.get_after_help().cloned().unwrap_or_default();
                let codes = Exit::of_command(name).iter().fold(String::new(), |codes, exit| {
                    codes + &format!("\n  {:>3}  {}", exit.code(), exit.meaning())
                });
                command.after_long_help(format!(
                    "{examples}\n\nExit codes, as in `ivms-sync help exit-codes`:{codes}"
                ))
            })
        })
    }

    /// The configuration that is named; none where there are several.
    #[must_use]
    pub fn config_file(&self) -> Option<&Path> {
        match self.config.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// Reads a command line: a command, or a flag that asks for a text about the program.
    ///
    /// # Errors
    /// clap's own, also where neither is given, or both.
    pub fn read<T: Into<OsString>>(
        words: impl IntoIterator<Item = T>,
    ) -> Result<Self, clap::Error> {
        let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
        let cli = Self::try_parse_from(&words).map_err(|told| match told.kind() {
            // The texts of the long help are made for whoever asks for it, not for every tick.
            ErrorKind::DisplayHelp => {
                Self::definition().try_get_matches_from(&words).err().unwrap_or(told)
            }
            _ => instead_of_dry_run(told),
        })?;
        let wants_text = cli.man || cli.completions.is_some();
        let (kind, message) = match &cli.command {
            // Of a flag on both sides of the command, clap keeps one side alone.
            _ if named_configs(&words) != cli.config.len() => {
                (ErrorKind::ArgumentConflict, "put every --config on the same side of the command")
            }
            None if !wants_text => (
                ErrorKind::MissingSubcommand,
                "a command is missing: say what to do, as in `ivms-sync diff`",
            ),
            // A flag of every command cannot be in conflict with one of a single one, for clap.
            Some(Command::History(args)) if args.csv && cli.json => {
                (ErrorKind::ArgumentConflict, "--csv and --json cannot be used together")
            }
            Some(command) if cli.config.len() > 1 && !matches!(command, Command::Status(_)) => {
                (ErrorKind::ArgumentConflict, "only `status` takes more than one --config")
            }
            Some(Command::Help(args)) if args.schema && args.topic.as_deref() != Some("json") => {
                (ErrorKind::ArgumentConflict, "--schema belongs to `ivms-sync help json`")
            }
            Some(_) if wants_text => (
                ErrorKind::ArgumentConflict,
                "--completions and --man stand alone, without a command",
            ),
            _ => return Ok(cli),
        };
        Err(Self::command().error(kind, message))
    }
}

/// What other programs call a dry run is a command here.
fn instead_of_dry_run(error: clap::Error) -> clap::Error {
    let typed = error.get(ContextKind::InvalidArg);
    match typed {
        Some(ContextValue::String(flag)) if flag == "--dry-run" => Cli::command().error(
            ErrorKind::UnknownArgument,
            "there is no --dry-run: `ivms-sync diff` shows what sync would do, and writes nothing",
        ),
        _ => error,
    }
}

/// How many times the words name a configuration.
fn named_configs(words: &[OsString]) -> usize {
    let flags = words.iter().take_while(|word| *word != "--");
    let is_named = |word: &&OsString| {
        let word = word.as_encoded_bytes();
        word == b"--config" || word.starts_with(b"--config=")
    };
    flags.filter(is_named).count()
}

/// When words are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Color {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Also into a file or a pipe.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// What is asked for on a command line that cannot be read otherwise: an error is coloured, too.
    #[must_use]
    pub fn among(words: &[OsString]) -> Self {
        let value = words.iter().enumerate().find_map(|(place, word)| {
            let word = word.to_str()?;
            match word.strip_prefix("--color")? {
                "" => words.get(place + 1)?.to_str(),
                rest => rest.strip_prefix('='),
            }
        });
        value.and_then(|value| Self::from_str(value, false).ok()).unwrap_or_default()
    }
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Make a first configuration: ask for what is needed, try every login once, write the files.
    ///
    /// Writes to no door, and overwrites no file. Without a terminal everything comes from the flags. One
    /// organisation and its doors; what else can be set is in the sample of --print.
    #[command(
        after_help = "Examples:\n  ivms-sync init\n  ivms-sync init --print\n  ivms-sync init --organisation 123 --username api@club.example --password-file club.txt --door front-door=https://192.168.1.100 --door-password-file door.txt --persons persons.csv --role 3126 --yes"
    )]
    Init(InitArgs),
    /// Bring every door in sync: gather, plan, prove, carry out, record.
    #[command(after_help = "Examples:\n  ivms-sync sync\n  ivms-sync sync --only anna@example.se")]
    Sync(SyncArgs),
    /// Show what sync would do; write to no door and not to Cardskipper.
    #[command(
        after_help = "Examples:\n  ivms-sync diff\n  ivms-sync diff --out plan.json && ivms-sync apply plan.json"
    )]
    Diff(DiffArgs),
    /// Carry out a plan that was reviewed: exactly that and nothing else.
    #[command(
        after_help = "Examples:\n  ivms-sync apply plan.json\n  ivms-sync apply --blocked 3f0c91d2"
    )]
    Apply(ApplyArgs),
    /// Show one member: both sides, the link, the history, and why the door opens or does not; or say of a car
    /// whether it may stand where it stands.
    #[command(
        after_help = "Examples:\n  ivms-sync lookup anna berg\n  ivms-sync lookup anna@example.se\n  ivms-sync lookup 150002\n  ivms-sync lookup person:1007\n  ivms-sync lookup plate:CT:ABC123 --zone A1"
    )]
    Lookup(LookupArgs),
    /// See that everything is ready to run: configuration, state file, logins, clocks, links.
    ///
    /// Asks everybody once and writes to no door. A login that was refused before is tried again.
    #[command(
        after_help = "Examples:\n  ivms-sync check\n  ivms-sync check --json\n  ivms-sync check --notify"
    )]
    Check(CheckArgs),
    /// Show the last runs, every door, who waits or stands outside, and what waits for approval.
    ///
    /// Asks nobody: it tells what the last runs knew.
    #[command(
        after_help = "Examples:\n  ivms-sync status\n  ivms-sync status --html /var/www/doors.html\n  ivms-sync status --unlinked missing.csv\n  ivms-sync status --config /etc/ivms-sync/clubs"
    )]
    Status(StatusArgs),
    /// Show the audit log: every change that was tried on a door or at a gate, the newest first.
    ///
    /// Asks nobody. It ends with 0, also where nothing was changed; with 20 where --member fits nobody,
    /// and with 64 where --door is neither in the configuration nor in the log.
    #[command(
        after_help = "Examples:\n  ivms-sync history\n  ivms-sync history --since 2026-11-01 --member 150002\n  ivms-sync history --since 365d --csv > changes.csv"
    )]
    History(HistoryArgs),
    /// Explain a command or a topic: configuration, links, safety, the state file and more.
    #[command(
        after_help = "Examples:\n  ivms-sync help\n  ivms-sync help links\n  ivms-sync help sync\n  ivms-sync help json --schema"
    )]
    Help(HelpArgs),
}

impl Command {
    /// Its name, as it is typed.
    #[must_use]
    pub fn name(&self) -> CommandName {
        match self {
            Self::Init(_) => CommandName::Init,
            Self::Sync(_) => CommandName::Sync,
            Self::Diff(_) => CommandName::Diff,
            Self::Apply(_) => CommandName::Apply,
            Self::Lookup(_) => CommandName::Lookup,
            Self::Check(_) => CommandName::Check,
            Self::Status(_) => CommandName::Status,
            Self::History(_) => CommandName::History,
            Self::Help(_) => CommandName::Help,
        }
    }

    /// The passwords that it needs: an officer's question is answered also where a door's cannot be read.
    #[must_use]
    pub fn passwords(&self) -> Passwords<'_> {
        match self {
            Self::Lookup(args) if args.asks_nobody() => Passwords::None,
            Self::Apply(ApplyArgs { event: Some(_), from, .. }) => {
                Passwords::OfEvents(from.as_deref().unwrap_or_default())
            }
            _ => Passwords::All,
        }
    }

    /// What it prints where it breaks off, as far as that stands on the command line.
    #[must_use]
    pub fn shape(&self) -> Shape {
        match self {
            Self::Diff(args) if args.to.is_some() => Shape::Documents,
            Self::Diff(args) if args.day.is_some() || args.violations => Shape::Problems,
            Self::Apply(args) if args.to.is_some() || args.settle.is_some() => Shape::Documents,
            Self::Apply(args) if args.event.is_some() => Shape::Problems,
            Self::Sync(_) | Self::Diff(_) | Self::Apply(_) => Shape::Run,
            Self::Init(_)
            | Self::Lookup(_)
            | Self::Check(_)
            | Self::Status(_)
            | Self::History(_)
            | Self::Help(_) => Shape::Problems,
        }
    }

    /// Whether it answers a web server.
    #[must_use]
    pub fn is_cgi(&self) -> bool {
        match self {
            Self::Lookup(args) => args.cgi,
            Self::Apply(args) => args.cgi,
            _ => false,
        }
    }
}

/// Flags of `apply`.
#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["plan", "blocked", "event", "settle"])))]
pub struct ApplyArgs {
    /// A plan written by diff --out, at most 60 minutes old; with --to, a document that is to be sent.
    #[arg(value_name = "PLAN")]
    pub plan: Option<PathBuf>,
    /// Send a document, once for ever: the section that it is for, as cashier of [teller.cashier].
    #[arg(long, value_name = "NAME", requires = "plan")]
    pub to: Option<String>,
    /// Say what became of a document that nobody but a person can find out: ID=done or ID=not-done.
    #[arg(long, value_name = "ID=WHAT")]
    pub settle: Option<String>,
    /// Approve and carry out the blocked plan with this id.
    #[arg(long, value_name = "ID")]
    pub blocked: Option<String>,
    /// Take an event, as a system sends it by itself: the body in this file, or in - for standard input.
    #[arg(long, value_name = "FILE", requires = "from")]
    pub event: Option<String>,
    /// With --event, the section that it comes for: street of [ips.street].
    #[arg(long, value_name = "NAME", requires = "event")]
    pub from: Option<String>,
    /// With --event, what it is, where it does not say so itself: meter.status.
    #[arg(long, value_name = "KIND", requires = "event")]
    pub kind: Option<String>,
    /// With --event, the headers that came with it: lines `Name: value` in this file, or env for the variables
    /// HTTP_NAME.
    #[arg(long, value_name = "FILE", requires = "event")]
    pub headers: Option<PathBuf>,
    /// With --event -, answer a web server as a CGI program.
    #[arg(long, requires = "event", conflicts_with = "headers")]
    pub cgi: bool,
}

/// Flags of `status`.
#[derive(Debug, Clone, Args)]
pub struct StatusArgs {
    /// Write a page for a phone or a screen on the wall to this file.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write metrics for node_exporter's textfile collector to this file.
    #[arg(long, value_name = "FILE")]
    pub prometheus: Option<PathBuf>,
    /// Write the members who could not be linked to this file, with the columns of a link file.
    #[arg(long, value_name = "FILE")]
    pub unlinked: Option<PathBuf>,
}

/// Flags of `history`.
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {
    /// From when on: a date, as in 2026-11-01, or how long ago, as in 12h or 30d.
    #[arg(long, value_name = "WHEN", default_value = "7d")]
    pub since: Since,
    /// Limit it to this member, person or document: an e-mail address, a member number,
    /// person:EMPLOYEENO, or document:ID, refund:ID, payment:ID.
    #[arg(long, value_name = "WHO")]
    pub member: Option<String>,
    /// Limit it to this door or gate, or to what was sent to this section.
    #[arg(long, value_name = "NAME")]
    pub door: Option<String>,
    /// Print a sheet for a spreadsheet program in place of text.
    #[arg(long)]
    pub csv: bool,
}

/// One `--since`.
impl FromStr for Since {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Self::Day);
        day.or_else(|_| interval(text, SINCE_DAYS_MAX).map(Self::Ago))
            .map_err(|_| "write a date, as in 2026-11-01, or how long ago, as in 12h or 7d")
    }
}

/// What `help` explains.
#[derive(Debug, Clone, Args)]
pub struct HelpArgs {
    /// A command or a topic; without one, all of them are listed.
    #[arg(value_name = "TOPIC", value_parser = topics(), hide_possible_values = true)]
    pub topic: Option<String>,
    /// Print the manual page of the topic, for man -l or a packager.
    #[arg(long, requires = "topic")]
    pub man: bool,
    /// Print the JSON Schema of every document: `help json --schema`.
    #[arg(long, requires = "topic", conflicts_with = "man")]
    pub schema: bool,
}

/// The topics, and the commands.
fn topics() -> PossibleValuesParser {
    let commands = ["init", "sync", "diff", "apply", "lookup", "check", "status", "history"];
    PossibleValuesParser::new(TOPICS.into_iter().map(|topic| topic.name).chain(commands))
}

/// Flags of `check`.
#[derive(Debug, Clone, Args)]
pub struct CheckArgs {
    /// Send a test message by e-mail and webhook, and call the heartbeat.
    #[arg(long)]
    pub notify: bool,
}

/// Flags of `lookup`.
#[derive(Debug, Clone, Default, Args)]
pub struct LookupArgs {
    /// A name or its beginning, an e-mail address, a Cardskipper member number, person:EMPLOYEENO,
    /// plate:CT:ABC123 or plate:ABC123, permit:ID, session:ID, citation:ID, meter:ID, payment:ID, refund:ID or
    /// document:ID; - reads it from standard input, since every user of this computer can see a command line.
    #[arg(value_name = "WHO", required_unless_present_any = ["batch", "request"])]
    pub who: Vec<String>,
    /// For a plate, a permit or a session: the zone that the car stands in; without it, every zone.
    #[arg(long, value_name = "ZONE", conflicts_with = "batch")]
    pub zone: Option<String>,
    /// For a plate, a permit or a session: the instant that is asked about, as in 2026-11-29T14:00:00+01:00.
    #[arg(long, value_name = "TIME", conflicts_with = "batch")]
    pub at: Option<String>,
    /// Answer a question about a plate for each line of this file, or of - for standard input, each with one
    /// line of JSON.
    #[arg(long, value_name = "FILE", conflicts_with = "who")]
    pub batch: Option<String>,
    /// Answer the question of a handheld: a JSON document in this file, or in - for standard input.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["who", "batch", "zone", "at"])]
    pub request: Option<String>,
    /// Answer a web server as a CGI program: the question is its request.
    #[arg(long, requires = "request")]
    pub cgi: bool,
    /// Ask nobody: show what is known from the last runs.
    #[arg(long)]
    pub offline: bool,
}

impl LookupArgs {
    /// Whether WHO is to be read from standard input.
    #[must_use]
    pub fn reads_who(&self) -> bool {
        self.who == ["-"]
    }

    /// Whether it is answered from the state file alone, as far as the command line shows.
    #[must_use]
    pub fn asks_nobody(&self) -> bool {
        let is_of_a_thing = AskedThing::parse(&self.who.join(" ")).is_some();
        self.request.is_some() || self.batch.is_some() || is_of_a_thing
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn a_command_or_a_text_and_not_both() {
        let read = |line: &str| Cli::read(line.split(' '));
        for line in [
            "ivms-sync --man",
            "ivms-sync --completions zsh",
            "ivms-sync sync",
            "ivms-sync help json --schema",
        ] {
            assert!(read(line).is_ok(), "{line}");
        }
        for line in [
            "ivms-sync",
            "ivms-sync --json",
            "ivms-sync --man sync",
            "ivms-sync --completions bash diff",
            "ivms-sync --man --completions bash",
            "ivms-sync --completions csh",
            "ivms-sync sync --man",
            "ivms-sync help --schema",
            "ivms-sync help links --schema",
            "ivms-sync help json --schema --man",
        ] {
            let told = read(line).unwrap_err();
            assert!(told.use_stderr(), "{line}");
            assert!(told.to_string().contains("--help"), "{line}: {told}");
        }
    }

    #[test]
    fn the_colour_is_found_on_a_line_that_is_wrong() {
        for (line, wanted) in [
            ("ivms-sync --color never synch", Color::Never),
            ("ivms-sync synch --color=always", Color::Always),
            ("ivms-sync --color", Color::Auto),
            ("ivms-sync --color=blue", Color::Auto),
            ("ivms-sync --colors never", Color::Auto),
            ("ivms-sync", Color::Auto),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(Color::among(&words), wanted, "{line}");
        }
    }

    #[test]
    fn the_definitions_are_sound_and_every_command_has_an_example() {
        let mut command = Cli::command();
        command.clone().debug_assert();
        for sub in command.get_subcommands_mut() {
            let help = sub.render_long_help().to_string();
            assert!(help.contains("Examples:\n  ivms-sync "), "{help}");
        }
    }
}
