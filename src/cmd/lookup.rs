//! `lookup`: one member, both sides. It never asks for a `TargetWriter`, so it cannot write to a device.

use super::Context;
use crate::cli::LookupArgs;
use crate::command::CommandName;
use crate::engine::Systems;
use crate::engine::gather::quiet::standing;
use crate::engine::gather::touched::{Touched, fitting};
use crate::engine::gather::{Gathered, Scope, gather};
use crate::engine::plan::plan;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::Asked;
use crate::report::Report;
use crate::report::lookup::story::Known;
use crate::report::lookup::{Story, document, render};
use crate::report::unchanged::told;
use crate::store::Store;

/// Where more fit a name, everybody is looked at.
const FEW: usize = 200;

/// Runs the command.
pub fn run(context: &Context, args: &LookupArgs) -> Result<Exit, Error> {
    run_on(context, &context.network(), args)
}

/// The same against any systems.
pub fn run_on(context: &Context, systems: &dyn Systems, args: &LookupArgs) -> Result<Exit, Error> {
    let typed = args.who.join(" ");
    let asked = Asked::parse(&typed).ok_or_else(|| Error::Asked(typed.clone()))?;
    let mut store = context.open_store_unchecked()?;
    let look = Lookup { context, systems, asked, typed, is_offline: args.offline };
    let (story, report) = match look.at_few(&store)? {
        Some(told) => told,
        None => {
            store.check()?;
            look.at_everybody(&store)?
        }
    };
    let exit = story.exit_beside(&report.troubles);
    context.say_troubles(&report);
    if context.is_json {
        context.print_json(&document(&story, exit.code()))?;
    } else {
        context.print(&render(&story, context.look))?;
    }
    Ok(exit)
}

/// Whom to look for, and where.
struct Lookup<'a> {
    context: &'a Context,
    systems: &'a dyn Systems,
    asked: Asked,
    typed: String,
    is_offline: bool,
}

impl Lookup<'_> {
    /// What the state file holds of whoever fits, without a look at everybody else; `None` where everybody
    /// must be looked at.
    fn at_few(&self, store: &Store) -> Result<Option<(Story, Report)>, Error> {
        let context = self.context;
        if !self.is_offline {
            return Ok(None);
        }
        let reading = store.reading()?;
        let Some(mut gathered) = self.few(store)? else { return Ok(None) };
        let told = self.tell(store, &mut gathered)?;
        drop(reading);
        if !told.0.finds_somebody() {
            return Ok(None);
        }
        if context.compares_looks {
            let whole = self.at_everybody(store)?;
            let (told, whole) = (format!("{told:?}"), format!("{whole:?}"));
            if told != whole {
                return Err(Error::LooksDiffer(format!("the story of {}", self.typed)));
            }
        }
        Ok(Some(told))
    }

    fn few(&self, store: &Store) -> Result<Option<Gathered>, Error> {
        let config = &self.context.config;
        let now = self.context.clock.began();
        let Some(before) = standing(config, store, now)? else { return Ok(None) };
        let names = config.devices.iter().map(|device| &device.name);
        // Rows of link files that name numbers may be in question because of anybody.
        let told = told(names, &before.report).filter(|told| told.counted.rows.is_some());
        let Some(members) = fitting(store, config, &self.asked, FEW)?.filter(|_| told.is_some())
        else {
            return Ok(None);
        };
        let Some(few) = Touched::on_file(config, store, now, before, &members)? else {
            return Ok(None);
        };
        let plan = plan(&few.gathered.facts);
        let attention = store.pending().attention()?;
        let is_enough = plan.changes.is_empty() && few.lacks(config, &plan, &attention).is_none();
        Ok(is_enough.then_some(few.gathered))
    }

    fn at_everybody(&self, store: &Store) -> Result<(Story, Report), Error> {
        let Self { context, systems, .. } = self;
        let scope = Scope { is_offline: self.is_offline, ..Scope::default() };
        let (mut gathered, _) = gather(*systems, &context.config, store, context.clock, scope)?;
        self.tell(store, &mut gathered)
    }

    /// What there is to tell of whoever fits, and what went wrong.
    fn tell(&self, store: &Store, gathered: &mut Gathered) -> Result<(Story, Report), Error> {
        let Self { context, systems, asked, is_offline, .. } = self;
        let (config, is_offline) = (&context.config, *is_offline);
        let mut report = Report::new(CommandName::Lookup, None);
        report.troubles = gathered.troubles();
        let mut wanted = Known::places(gathered, asked);
        // Several of a name are listed, for the desk to say which; all of an e-mail are one family.
        let is_open = wanted.len() > 1 && matches!(asked, Asked::Name(_));
        let several = if is_open { std::mem::take(&mut wanted) } else { Vec::new() };
        if !is_offline {
            let looked = gathered.look_again(*systems, config, store, context.clock, &wanted);
            report.troubles.extend(looked?);
        }
        let tick = plan(&gathered.facts);
        let known = Known { config, store, gathered, tick: &tick, is_offline };
        let mut story = known.nobody_yet(&self.typed);
        let members = &gathered.facts.members;
        let several = several.into_iter().filter_map(|place| members.get(place));
        story.several = several.map(|one| one.member.clone()).collect();
        for place in wanted {
            let Some(one) = members.get(place) else { continue };
            let names =
                gathered.names_of_rights(*systems, config, store, &one.member, is_offline)?;
            story.members.extend(known.tell(place, names)?);
        }
        known.add_advice(asked, &mut story);
        known.add_rows_left_out(asked, &mut story)?;
        Ok((story, report))
    }
}
