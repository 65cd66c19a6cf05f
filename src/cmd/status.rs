//! `status`: how things stand, from the state file alone. Asks nobody.
//!
//! Every `sync` writes the same page and the same metrics, where `[report]` names files for them.

use std::path::Path;

use super::{Context, write_file};
use crate::cli::StatusArgs;
use crate::engine::gather::{Scope, gather};
use crate::engine::link::file::FILE_BYTES_MAX;
use crate::engine::plan::{TargetFacts, plan};
use crate::error::Error;
use crate::exit::Exit;
use crate::files::Rights;
use crate::model::{Holder, RecordId, TargetName};
use crate::net::bounded::{self, Bounded};
use crate::notify::stderr;
use crate::report::Report;
use crate::report::status::state_file::of_state_file;
use crate::report::status::{Status, html, json, prometheus, text, unlinked};
use crate::store::Store;
use crate::text::lists::many;

/// Runs the command.
pub fn run(context: &Context, args: &StatusArgs) -> Result<Exit, Error> {
    context.refuse_own_files(&[
        args.unlinked.as_deref(),
        args.html.as_deref(),
        args.prometheus.as_deref(),
    ])?;
    let store = context.open_store()?;
    let scope = Scope { is_offline: true, ..Scope::default() };
    let (gathered, _) = gather(&context.network(), &context.config, &store, context.clock, scope)?;
    let left_out = plan(&gathered.facts).left_out;
    let members = || gathered.facts.members.iter().map(|facts| &facts.member);
    let mut status = of_state_file(&context.config, &store, context.clock.now(), left_out)?;
    let rows = gathered.rows_left_out(&context.config, &store, false);
    status.rows_left_out = rows?;
    let mut said = String::new();
    if let Some(path) = &args.unlinked {
        keep_filled_in(path, members())?;
        let members = members().map(|member| (&member.key, member)).collect();
        let (sheet, count) = unlinked::sheet(&status.left_out, &members);
        write_file(path, &sheet, &Rights::PRIVATE)?;
        said = format!(
            "{} in {}. Fill in the person ids, and add the file to `files` under [link].\n",
            many(count, "member"),
            path.display()
        );
    }
    let rights = &context.config.report.rights;
    let mut failed = write(&status, args.html.as_deref(), args.prometheus.as_deref(), rights);
    if let Some(last) = failed.pop() {
        failed.iter().for_each(|error| log::error!("{}", error.lines()));
        return Err(last);
    }
    if context.is_json {
        context.print_json(&json::document(&status))?;
    } else if !said.is_empty() {
        context.print(&said)?;
    } else if args.html.is_none() && args.prometheus.is_none() {
        if context.shows_names() {
            let named = members().filter(|member| !member.name().is_empty());
            status.names = named.map(|member| (member.key.clone(), member.name())).collect();
            status.person_names = gathered.facts.devices.iter().flat_map(named_there).collect();
        }
        context.print(&text::render(&status, context.look))?;
    }
    Ok(Exit::InStep)
}

/// Makes sure that a sheet of the unlinked takes the place of nothing that somebody has filled in.
fn keep_filled_in<'a>(path: &Path, members: impl Iterator<Item = &'a Holder>) -> Result<(), Error> {
    // What is laid there in place of a file is refused when it is to be written.
    if !std::fs::symlink_metadata(path).is_ok_and(|it| it.is_file()) {
        return Ok(());
    }
    let by_hand = match bounded::read(path, FILE_BYTES_MAX) {
        Ok(Bounded::Whole { bytes, .. }) => unlinked::by_hand(&bytes, members),
        Ok(Bounded::TooLarge) => Some("it is another file".to_owned()),
        // A file that cannot be read may hold anything.
        Ok(Bounded::NotAFile) | Err(_) => Some("it cannot be read".to_owned()),
    };
    match by_hand {
        None => Ok(()),
        Some(what) => Err(Error::FilledIn { path: path.to_owned(), what }),
    }
}

/// The names that a door holds.
fn named_there(
    device: &TargetFacts,
) -> impl Iterator<Item = ((TargetName, RecordId), String)> + use<'_> {
    let named = device.persons.iter().filter(|(_, person)| !person.name.is_empty());
    named.map(|(id, person)| ((device.name.clone(), id.clone()), person.name.clone()))
}

/// Writes the files of `[report]` after a tick. Trouble with them is said, and changes nothing else: a
/// full disk under a web page must not keep a door from being written.
pub(super) fn write_files(context: &Context, store: &mut Store, report: &Report) {
    let files = &context.config.report;
    if files.html.is_none() && files.prometheus.is_none() {
        return;
    }
    let (page, metrics) = (files.html.as_deref(), files.prometheus.as_deref());
    let failed =
        match of_state_file(&context.config, store, context.clock.now(), report.left_out.clone()) {
            Ok(status) => write(&status, page, metrics, &files.rights),
            Err(error) => vec![Error::Store(error)],
        };
    for error in failed {
        if stderr::is_news(store, format!("report {error}"), context.clock.began()) {
            log::warn!("{}", error.lines());
        }
    }
}

/// Writes both, each whatever becomes of the other, and gives what went wrong.
fn write(
    status: &Status,
    page: Option<&Path>,
    metrics: Option<&Path>,
    rights: &Rights,
) -> Vec<Error> {
    let page = page.map(|path| write_file(path, &html::render(status), rights));
    let metrics = metrics.map(|path| write_file(path, &prometheus::render(status), rights));
    [page, metrics].into_iter().flatten().filter_map(Result::err).collect()
}
