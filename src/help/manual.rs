//! The texts about the program itself, made from the definitions of its command line: completions
//! for shells and the manual page.
//!
//! Pure.

use clap::Command;
use clap_complete::Shell;
use clap_mangen::Man;

use super::{page, screen};
use crate::cli::{Cli, Command as Asked};
use crate::exit::Exit;
use crate::report::look::Look;
use crate::text::topics::{self, TOPICS};

pub(super) const NAME: &str = "ivms-sync";

/// The JSON Schema of every document.
pub const SCHEMA: &str = include_str!("schema.json");

/// The text that a command line asks for, if it does.
#[must_use]
pub fn text(cli: &Cli, look: Look) -> Option<String> {
    match (cli.completions, &cli.command) {
        (Some(shell), _) => Some(completions(shell)),
        (None, Some(Asked::Help(args))) if args.schema => Some(SCHEMA.to_owned()),
        (None, Some(Asked::Help(args))) => {
            let topic = args.topic.as_deref();
            let page = topic.and_then(topics::find).filter(|_| args.man).map(page::page);
            // The page of a command is the one of all commands.
            let manual = || args.man.then(manual);
            Some(page.or_else(manual).unwrap_or_else(|| help(topic, look)))
        }
        (None, _) => cli.man.then(manual),
    }
}

/// What is to be said about a topic or a command; of nothing, what there is.
#[must_use]
pub fn help(topic: Option<&str>, look: Look) -> String {
    let mut command = Cli::definition();
    command.build();
    let Some(topic) = topic else {
        let mut text = command.render_long_help().to_string();
        text.push_str("\nTopics of `ivms-sync help TOPIC`:\n");
        for topic in TOPICS {
            text.push_str(&format!("  {:<12}{}\n", topic.name, topic.about));
        }
        return text;
    };
    match (topics::find(topic), command.find_subcommand_mut(topic)) {
        (Some(topic), _) => screen::shown(topic.text, look),
        (None, Some(command)) => command.render_long_help().to_string(),
        (None, None) => help(None, look),
    }
}

/// The script that completes commands and flags in a shell.
#[must_use]
pub fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::definition(), NAME, &mut script);
    // For bash, clap_complete 4.6.11 takes the "-" in our name for a step to a subcommand, in one half
    // of the script and not in the other, so that no command was offered its flags.
    String::from_utf8_lossy(&script).replace("ivms__subcmd__sync", "ivms__sync")
}

/// One manual page for all commands, in the language of `man`.
#[must_use]
pub fn manual() -> String {
    // Not built: every command then has only the flags of its own.
    let command = Cli::definition();
    let man = Man::new(command.clone());
    let mut page = String::new();
    for part in [
        format!(".TH IVMS\\-SYNC 1 \"\" \"ivms\\-sync {}\"\n", env!("CARGO_PKG_VERSION")),
        roff(|out| man.render_name_section(out)),
        SYNOPSIS.to_owned(),
        roff(|out| man.render_description_section(out)),
        roff(|out| man.render_options_section(out)),
    ] {
        page.push_str(&part);
    }
    page.push_str(".SH COMMANDS\n");
    for sub in command.get_subcommands() {
        page.push_str(&of_command(sub));
    }
    page.push_str(".SH EXIT STATUS\n");
    for exit in Exit::ALL {
        page.push_str(&format!(".TP\n\\fB{}\\fR\n{}\n", exit.code(), escaped(exit.meaning())));
    }
    page.push_str(REST);
    page.push_str(".SH SEE ALSO\n");
    let pages = TOPICS.map(|topic| format!("\\fB{}\\fR(7)", escaped(&page::name(&topic))));
    page.push_str(&format!("{}\n", pages.join(", ")));
    page
}

/// One command: what it does, how it is called, and the flags of its own.
fn of_command(command: &Command) -> String {
    let name = format!("{NAME} {}", command.get_name());
    let own = command.clone().bin_name(name).disable_help_flag(true);
    let man = Man::new(own.clone());
    let usage = own.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let about = own.get_long_about().or(own.get_about()).map(ToString::to_string);
    let mut text = format!(".SS {}\n", escaped(command.get_name()));
    text.push_str(&format!("\\fB{}\\fR\n.PP\n", escaped(usage)));
    text.push_str(&escaped(&about.unwrap_or_default()));
    text.push('\n');
    // The options come with a heading of their own, which would end the section of this command.
    let options = roff(|out| man.render_options_section(out));
    text.push_str(options.split_once(".SH OPTIONS\n").map_or("", |(_, rest)| rest));
    if let Some(examples) = own.get_after_help() {
        let examples = escaped(&examples.to_string());
        text.push_str(&format!(".PP\n.nf\n{examples}\n.fi\n"));
    }
    text
}

fn roff(render: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut text = Vec::new();
    // Writing into memory does not fail.
    let _ = render(&mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// A text in which nothing is a command of `man`.
pub(super) fn escaped(text: &str) -> String {
    in_words(text).lines().map(escaped_start).collect::<Vec<_>>().join("\n")
}

/// A text in which no word is a command of `man`; a line may still begin with one.
pub(super) fn in_words(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

/// A line that does not begin with a command of `man`.
pub(super) fn escaped_start(line: &str) -> String {
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line.to_owned() }
}

const SYNOPSIS: &str = "\
.SH SYNOPSIS
\\fBivms\\-sync\\fR [\\fIOPTIONS\\fR] \\fICOMMAND\\fR
.br
\\fBivms\\-sync\\fR \\fB\\-\\-completions\\fR \\fISHELL\\fR
.br
\\fBivms\\-sync\\fR \\fB\\-\\-man\\fR
";

const REST: &str = "\
.SH ENVIRONMENT
.TP
\\fBIVMS_SYNC_CONFIG\\fR
The configuration file, where \\fB\\-\\-config\\fR does not name one.
.TP
\\fBIVMS_SYNC__\\fR\\fISECTION\\fR\\fB__\\fR\\fIKEY\\fR
Takes the place of a key of the configuration.
.TP
\\fBRUST_LOG\\fR
What is logged, in the words of env_logger, up to debug.
.TP
\\fBNO_COLOR\\fR, \\fBCLICOLOR_FORCE\\fR, \\fBCOLUMNS\\fR
Colours and width, where \\fB\\-\\-color\\fR is auto.
.SH FILES
.TP
\\fI./ivms\\-sync.toml\\fR, \\fI~/.config/ivms\\-sync/ivms\\-sync.toml\\fR, \\fI/etc/ivms\\-sync/ivms\\-sync.toml\\fR
The configuration: the first that exists.
";
