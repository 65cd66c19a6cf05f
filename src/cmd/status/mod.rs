//! `status`: how things stand, from the state file alone. Asks nobody.
//!
//! Every `sync` writes the same page and the same metrics, where `[report]` names files for them.

pub mod clubs;
mod files;

use chrono::{DateTime, Utc};

use super::{Context, write_file};
use crate::cli::StatusArgs;
use crate::config::Config;
use crate::engine::RowLeftOut;
use crate::engine::gather::quiet::standing;
use crate::engine::gather::{Gathered, Scope, gather};
use crate::engine::plan::plan;
use crate::error::Error;
use crate::exit::Exit;
use crate::files::Rights;
use crate::report::status::state_file::of_state_file;
use crate::report::status::{Status, json, text, unlinked};
use crate::report::unchanged::told;
use crate::store::{Store, StoreError};
use crate::text::lists::many;
use files::{keep_filled_in, write};

pub(super) use files::write_files;

/// Runs the command.
pub fn run(context: &Context, args: &StatusArgs) -> Result<Exit, Error> {
    context.refuse_own_files(&[
        args.unlinked.as_deref(),
        args.html.as_deref(),
        args.prometheus.as_deref(),
    ])?;
    let mut store = context.open_store_unchecked()?;
    let (mut status, gathered) = look(context, &mut store, args.unlinked.is_some())?;
    let mut said = String::new();
    if let (Some(path), Some(gathered)) = (&args.unlinked, &gathered) {
        let members = || gathered.facts.members.iter().map(|facts| &facts.member);
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
    let mut failed = write(context, &status, args.html.as_deref(), args.prometheus.as_deref());
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
            show_names(context, &store, &mut status)?;
        }
        context.print(&text::render(&status, context.look))?;
    }
    Ok(Exit::InStep)
}

/// How things stand. Where nothing can have changed since everybody was looked at, what was seen then is told
/// once more; else, or where the caller `wants_everybody`, with all that the state file knows of both sides.
fn look(
    context: &Context,
    store: &mut Store,
    wants_everybody: bool,
) -> Result<(Status, Option<Gathered>), Error> {
    let at = context.clock.now();
    let short = if wants_everybody { None } else { look_up(context, store, at)? };
    if let Some(status) = short {
        if context.compares_looks {
            let (whole, _) = look_at_everybody(context, store, at)?;
            compare(&status, &whole)?;
        }
        return Ok((status, None));
    }
    store.check()?;
    let (status, gathered) = look_at_everybody(context, store, at)?;
    Ok((status, Some(gathered)))
}

/// What stands in the state file already, if that is all that there is to tell.
fn look_up(
    context: &Context,
    store: &Store,
    at: DateTime<Utc>,
) -> Result<Option<Status>, StoreError> {
    let config = &context.config;
    let _look = store.reading()?;
    let Some(quiet) = standing(config, store, context.clock.began())? else { return Ok(None) };
    let names = config.devices.iter().map(|device| &device.name);
    let Some(mut told) = told(names, &quiet.report) else { return Ok(None) };
    let Some(rows) = told.counted.rows.take() else { return Ok(None) };
    let left_out = std::mem::take(&mut told.left_out);
    let mut status = of_state_file(config, store, at, left_out, Some(&told))?;
    status.rows_left_out = rows.into_iter().map(RowLeftOut::from).collect();
    Ok(Some(status))
}

fn look_at_everybody(
    context: &Context,
    store: &Store,
    at: DateTime<Utc>,
) -> Result<(Status, Gathered), Error> {
    let config = &context.config;
    let scope = Scope { is_offline: true, ..Scope::default() };
    let (gathered, _) = gather(&context.network(), config, store, context.clock, scope)?;
    let left_out = plan(&gathered.facts).left_out;
    let mut status = of_state_file(config, store, at, left_out, None)?;
    status.rows_left_out = gathered.rows_left_out(config, store, false)?;
    Ok((status, gathered))
}

/// Compares what is told with what a look at everybody comes to: for tests.
fn compare(status: &Status, whole: &Status) -> Result<(), Error> {
    let (told, seen) = (format!("{status:#?}"), format!("{whole:#?}"));
    let mut lines = told.lines().zip(seen.lines());
    match lines.find(|(told, seen)| told != seen) {
        None if told.len() == seen.len() => Ok(()),
        line => Err(Error::LooksDiffer(format!("the status: {line:?}"))),
    }
}

/// Adds the names of whom the text speaks, as far as they are of what the configuration names.
fn show_names(context: &Context, store: &Store, status: &mut Status) -> Result<(), StoreError> {
    let Config { sources, devices, .. } = &context.config;
    let _look = store.reading()?;
    for key in status.spoken_of() {
        if sources.iter().any(|source| source.name == key.source)
            && let Some(stored) = store.members().member(&key)?
        {
            status.names.insert(key, stored.member.name());
        }
    }
    for (device, id) in status.persons_spoken_of() {
        if devices.iter().any(|one| one.name == device) {
            let there = store.devices().person(&device, &id)?.persons;
            let name = there.into_values().map(|person| person.name).find(|name| !name.is_empty());
            status.person_names.extend(name.map(|name| ((device, id), name)));
        }
    }
    Ok(())
}
