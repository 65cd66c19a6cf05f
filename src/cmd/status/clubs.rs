//! `status` over several configurations: one table, one page, one document. One state file is open at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::look;
use crate::cli::StatusArgs;
use crate::cmd::{Context, OfDocuments, Surroundings, print, print_json, write_file};
use crate::command::Invocation;
use crate::config::{self, Config, ConfigError, Kinds, Wrong};
use crate::error::Error;
use crate::exit::Exit;
use crate::files::{self, Rights};
use crate::report::status::clubs::{Club, Clubs};
use crate::stop::Stop;

/// A page for whoever looks after all of them, and for their group.
const PAGE: Rights = Rights { mode: 0o640, group: None };

/// Runs the command.
pub fn run(around: &Surroundings<'_>, args: &StatusArgs, kinds: Kinds) -> Result<Exit, Error> {
    if args.unlinked.is_some() {
        return Err(Error::OneClub("--unlinked"));
    }
    if args.prometheus.is_some() {
        return Err(Error::OneClub("--prometheus"));
    }
    let stop = Stop::listening(around.clock);
    let mut states = BTreeMap::new();
    let mut clubs = Vec::new();
    for path in config::several(&around.cli.config, around.working_dir)? {
        let own = |own| Err(Error::OwnFile { path: args.html.clone().unwrap_or_default(), own });
        let page = args.html.as_deref();
        if page.is_some_and(|page| files::is_same(page, &path)) {
            return own(format!("the configuration {}", path.display()));
        }
        let config = config::load(&path, around.environment, kinds).map_err(Error::Config);
        if let (Ok(config), Some(page)) = (&config, page)
            && let Some(what) = config.own_file_at(page)
        {
            return own(what);
        }
        let name = config.as_ref().ok().and_then(|config| config.club.clone());
        let config = config.and_then(|config| alone(config, &mut states));
        let known = config.and_then(|config| known(around, config, &stop));
        // The table says it, where there is one.
        if let (Err(error), Some(_), false) = (&known, page, around.cli.json) {
            log::error!("{}: {}", path.display(), error.lines());
        }
        clubs.push(Club::new(path, name, known.map_err(|error| error.troubles()))?);
    }
    let clubs = Clubs::new(around.clock.now(), clubs);
    if let Some(page) = &args.html {
        write_file(page, &clubs.page(), &PAGE)?;
    }
    if around.cli.json {
        print_json(&Invocation::default(), None, &clubs.document())?;
    } else if args.html.is_none() {
        print(&clubs.text(around.terminal.look))?;
    }
    Ok(clubs.exit())
}

/// Makes sure that each has a state file of its own: a variable of the environment may have given all of them
/// the same.
fn alone(config: Config, states: &mut BTreeMap<PathBuf, PathBuf>) -> Result<Config, Error> {
    let state = files::resolved(&config.state);
    if let Some(other) = states.get(&state) {
        let text = format!("has the state file of {}", other.display());
        let wrong = Wrong::new(text).hint("give each configuration a `state` of its own");
        return Err(ConfigError::of_file(config.path, wrong).into());
    }
    states.insert(state, config.path.clone());
    Ok(config)
}

/// What one state file knows; nothing before there is one.
fn known(
    around: &Surroundings<'_>,
    mut config: Config,
    stop: &Stop,
) -> Result<Option<crate::report::status::Status>, Error> {
    config.invocation = Invocation::new(Some(&config.path));
    let context = Context {
        config,
        clock: around.clock,
        stop: stop.clone(),
        is_json: around.cli.json,
        is_verbose: around.cli.verbose > 0,
        is_quiet: around.cli.quiet,
        stdout: print,
        look: around.terminal.look,
        progress: around.terminal.progress(),
        compares_looks: around.environment.compares_looks(),
        of_documents: OfDocuments::default(),
    };
    let Some(mut store) = context.open_store_to_read_unchecked()? else { return Ok(None) };
    Ok(Some(look(&context, &mut store, false)?.0))
}
