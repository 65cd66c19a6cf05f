//! `status`: how things stand, from the state file alone. Asks nobody.
//!
//! Every `sync` writes the same page and the same metrics, where `[report]` names files for them.

pub mod clubs;
mod files;

use super::{Context, write_file};
use crate::cli::StatusArgs;
use crate::engine::gather::{Gathered, Scope, gather};
use crate::engine::plan::{TargetFacts, plan};
use crate::error::Error;
use crate::exit::Exit;
use crate::files::Rights;
use crate::model::{RecordId, TargetName};
use crate::report::status::state_file::of_state_file;
use crate::report::status::{Status, json, text, unlinked};
use crate::store::Store;
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
    let store = context.open_store()?;
    let (mut status, gathered) = look(context, &store)?;
    let members = || gathered.facts.members.iter().map(|facts| &facts.member);
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
            let named = members().filter(|member| !member.name().is_empty());
            status.names = named.map(|member| (member.key.clone(), member.name())).collect();
            status.person_names = gathered.facts.devices.iter().flat_map(named_there).collect();
        }
        context.print(&text::render(&status, context.look))?;
    }
    Ok(Exit::InStep)
}

/// How things stand, with all that the state file knows of both sides.
fn look(context: &Context, store: &Store) -> Result<(Status, Gathered), Error> {
    let scope = Scope { is_offline: true, ..Scope::default() };
    let (gathered, _) = gather(&context.network(), &context.config, store, context.clock, scope)?;
    let left_out = plan(&gathered.facts).left_out;
    let mut status = of_state_file(&context.config, store, context.clock.now(), left_out)?;
    status.rows_left_out = gathered.rows_left_out(&context.config, store, false)?;
    Ok((status, gathered))
}

/// The names that a door holds.
fn named_there(
    device: &TargetFacts,
) -> impl Iterator<Item = ((TargetName, RecordId), String)> + use<'_> {
    let named = device.persons.iter().filter(|(_, person)| !person.name.is_empty());
    named.map(|(id, person)| ((device.name.clone(), id.clone()), person.name.clone()))
}
