//! `lookup`: one member, both sides. It never asks for a `TargetWriter`, so it cannot write to a device.

use super::Context;
use crate::cli::LookupArgs;
use crate::command::CommandName;
use crate::engine::Systems;
use crate::engine::gather::{Scope, gather};
use crate::engine::plan::plan;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::Asked;
use crate::report::Report;
use crate::report::lookup::story::Known;
use crate::report::lookup::{document, render};

/// Runs the command.
pub fn run(context: &Context, args: &LookupArgs) -> Result<Exit, Error> {
    run_on(context, &context.network(), args)
}

/// The same against any systems.
pub fn run_on(context: &Context, systems: &dyn Systems, args: &LookupArgs) -> Result<Exit, Error> {
    let (config, is_offline) = (&context.config, args.offline);
    let typed = args.who.join(" ");
    let asked = Asked::parse(&typed).ok_or_else(|| Error::Asked(typed.clone()))?;
    let store = context.open_store()?;
    let scope = Scope { is_offline, ..Scope::default() };
    let (mut gathered, _) = gather(systems, config, &store, context.clock, scope)?;
    let mut report = Report::new(CommandName::Lookup, None);
    report.troubles = gathered.troubles();
    let mut wanted = Known::places(&gathered, &asked);
    // Several of a name are listed, for the desk to say which; all of an e-mail are one family.
    let is_open = wanted.len() > 1 && matches!(asked, Asked::Name(_));
    let several = if is_open { std::mem::take(&mut wanted) } else { Vec::new() };
    if !is_offline {
        let looked = gathered.look_again(systems, config, &store, context.clock, &wanted);
        report.troubles.extend(looked?);
    }
    let tick = plan(&gathered.facts);
    let known = Known { config, store: &store, gathered: &gathered, tick: &tick, is_offline };
    let mut story = known.nobody_yet(&typed, &asked);
    let members = &gathered.facts.members;
    let several = several.into_iter().filter_map(|place| members.get(place));
    story.several = several.map(|one| one.member.clone()).collect();
    for place in wanted {
        let Some(one) = members.get(place) else { continue };
        let names = gathered.names_of_rights(systems, config, &store, &one.member, is_offline)?;
        story.members.extend(known.tell(place, names)?);
    }
    known.add_rows_left_out(&asked, &mut story)?;
    let exit = story.exit_beside(&report.troubles);
    context.say_troubles(&report);
    if context.is_json {
        context.print_json(&document(&story, exit.code()))?;
    } else {
        context.print(&render(&story, context.look))?;
    }
    Ok(exit)
}
