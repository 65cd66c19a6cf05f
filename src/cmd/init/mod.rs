//! `init`: makes a first configuration. Asks for what is needed, tries every login once, and writes files
//! where none are.

mod answers;
mod tries;

use std::path::{Path, PathBuf};

use super::{Surroundings, print, print_json};
use crate::cli::InitArgs;
use crate::command::Invocation;
use crate::config::first::{First, FirstError, Passwords};
use crate::config::{self, FILE_NAME, Kinds};
use crate::error::Error;
use crate::exit::Exit;
use crate::files::{self, Rights};
use crate::report::check::exit;
use crate::report::init::{Made, document, render};
use crate::stop::Stop;

/// The sample, with every key.
const SAMPLE: &str = include_str!("../../../examples/ivms-sync.toml");

/// Runs the command.
pub fn run(around: &Surroundings<'_>, args: &InitArgs, kinds: Kinds) -> Result<Exit, Error> {
    if args.print {
        print(SAMPLE)?;
        return Ok(Exit::InStep);
    }
    let stop = Stop::listening(around.clock);
    match (make(around, args, kinds, &stop), stop.now()) {
        (Err(Error::First(FirstError::NotAnswered)), Some(exit)) => Ok(exit),
        (made, _) => made,
    }
}

fn make(
    around: &Surroundings<'_>,
    args: &InitArgs,
    kinds: Kinds,
    stop: &Stop,
) -> Result<Exit, Error> {
    let folder = args.folder.as_deref().unwrap_or(Path::new("."));
    let name = around.cli.config_file().unwrap_or(Path::new(FILE_NAME));
    let path = files::resolved(&around.working_dir.join(folder).join(name));
    refuse_existing([path.clone()])?;
    let mut asker = answers::Asker::new(args.yes, stop.clone());
    let mut first = answers::gather(&mut asker, around.working_dir, &path, args, kinds)?;
    refuse_existing(new_files(&first, &path))?;
    let mut findings = tries::all(around, &mut asker, &mut first, &path, kinds)?;
    answers::roles(&mut asker, &mut first)?;
    findings.extend(tries::remarks(&first, args, &path));
    // From here on a signal waits for the few moments that it takes.
    let writing = stop.writing();
    write(around, &first, &path, kinds)?;
    drop(writing);
    let written: Vec<PathBuf> = new_files(&first, &path).collect();
    let made = Made { findings: &findings, roles: &first.seen, files: &written, config: &path };
    if around.cli.json {
        print_json(&Invocation::default(), None, &document(&made))?;
    } else if !around.cli.quiet {
        print(&render(&made, around.terminal.look))?;
    }
    Ok(exit(&findings))
}

/// The files to be written, the configuration last.
fn new_files<'a>(first: &'a First, path: &'a Path) -> impl Iterator<Item = PathBuf> + 'a {
    let secrets = first.secrets().map(|(name, _)| path.with_file_name(name));
    secrets.chain([path.to_owned()])
}

fn refuse_existing(paths: impl IntoIterator<Item = PathBuf>) -> Result<(), Error> {
    let is_there = |path: &PathBuf| std::fs::symlink_metadata(path).is_ok();
    let there: Vec<PathBuf> = paths.into_iter().filter(is_there).collect();
    if there.is_empty() { Ok(()) } else { Err(FirstError::Exists(there).into()) }
}

/// Writes the passwords and the configuration, or nothing: what was written goes again where the rest fails.
fn write(around: &Surroundings<'_>, first: &First, path: &Path, kinds: Kinds) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |error| Error::File { path, error }
    };
    let text = first.render(Passwords::InFiles);
    let config = files::prepare(path, &text, &Rights::PRIVATE).map_err(failed(path))?;
    let mut written = Vec::new();
    let put = || {
        for (name, secret) in first.secrets() {
            let path = path.with_file_name(name);
            let text = format!("{}\n", secret.expose());
            let ready = files::prepare(&path, &text, &Rights::PRIVATE).map_err(failed(&path))?;
            ready.put_new().map_err(failed(&path))?;
            written.push(path);
        }
        // What is put in place has been read as the next run will read it.
        for warning in config::load(config.temporary(), around.environment, kinds)?.warnings {
            log::warn!("{warning}");
        }
        config.put_new().map_err(failed(path))
    };
    let done = put();
    if done.is_err() {
        for path in &written {
            let _ = std::fs::remove_file(path);
        }
    }
    done
}
