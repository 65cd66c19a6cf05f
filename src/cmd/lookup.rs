//! `lookup`: one member, both sides. It never asks for a `TargetWriter`, so it cannot write to a device.

use std::collections::BTreeMap;

use super::{Context, print, print_json, who};
use crate::cli::LookupArgs;
use crate::command::CommandName;
use crate::engine::Systems;
use crate::engine::gather::{Gathered, Scope, gather};
use crate::engine::link::file::UnusableRow;
use crate::engine::plan::validity::{OpeningRights, entitlement};
use crate::engine::plan::{Facts, HolderFacts, Plan, plan};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{RightCode, SourceName, TargetLimits, Who};
use crate::report::lookup::nobody::{advice, searched};
use crate::report::lookup::target::{HowAsked, not_in_force, on_device};
use crate::report::lookup::{HolderStory, Story, document, render};
use crate::report::text::with_zone;
use crate::report::{Report, RowLeftOut, near};
use crate::store::Store;
use crate::trouble::Trouble;

/// Lines of history shown.
const HISTORY_LINES: u32 = 20;

/// Runs the command.
pub fn run(context: &Context, args: &LookupArgs) -> Result<Exit, Error> {
    run_on(context, &context.network(), args)
}

/// The same against any systems.
pub fn run_on(context: &Context, systems: &dyn Systems, args: &LookupArgs) -> Result<Exit, Error> {
    let who = who::parse(&args.who)?;
    let store = context.open_store()?;
    let scope = Scope { is_offline: args.offline, ..Scope::default() };
    let (mut gathered, _) = gather(systems, &context.config, &store, context.clock, scope)?;
    let wanted = matching(&gathered.facts, &who);
    let mut report = Report::new(CommandName::Lookup, None);
    report.troubles = gathered.troubles();
    if !args.offline {
        let looked = gathered.look_again(systems, &context.config, &store, context.clock, &wanted);
        report.troubles.extend(looked?);
    }
    let mut story = Story {
        who: args.who.clone(),
        members: Vec::new(),
        searched: searched(&context.config, &gathered.facts),
        near: near::misses(&who, &gathered.facts, true),
        advice: advice(&who, &gathered.facts, &context.config.systems(), args.offline),
        zone: context.config.zone_of_people(),
        is_offline: args.offline,
        rows_left_out: Vec::new(),
    };
    let tick = plan(&gathered.facts);
    for place in wanted {
        story.members.push(tell(context, systems, &store, &gathered, &tick, place, args.offline)?);
    }
    story.rows_left_out = rows_left_out(context, &store, &gathered, &who, &story)?;
    // What is found counts. "Nobody" is certain only when every source could be asked; a door that is
    // unreachable (code 3) takes nobody out of a source.
    let exit = match story.exit() {
        Exit::NobodyFound => {
            let troubles = report.troubles.iter().map(Trouble::exit);
            let doubts = troubles.filter(|exit| *exit != Exit::PartFailed);
            Exit::of_all(doubts.chain([Exit::NobodyFound]))
        }
        exit => exit,
    };
    context.say_troubles(&report);
    if context.is_json {
        print_json(&document(&story, exit.code()))?;
    } else {
        print(&render(&story, context.look))?;
    }
    Ok(exit)
}

/// The rows of link files that link nobody and name whoever was asked for, or was found.
fn rows_left_out(
    context: &Context,
    store: &Store,
    gathered: &Gathered,
    who: &Who,
    story: &Story,
) -> Result<Vec<RowLeftOut>, Error> {
    let is_meant = |row: &UnusableRow| {
        let mut found = story.members.iter().filter_map(|story| story.member.email.as_ref());
        let is_asked_for = match who {
            Who::Email(email) => row.emails.contains(email),
            Who::Record(employee_no) => row.employee_no.as_ref() == Some(employee_no),
            Who::Number(_) => false,
        };
        is_asked_for || found.any(|email| row.emails.contains(email))
    };
    let rows = gathered.rows_left_out_of(&context.config, store, true, is_meant);
    rows.map_err(Error::Store)
}

/// Places of the members that WHO fits: by their own fields, or by a person linked to them.
fn matching(facts: &Facts, who: &Who) -> Vec<usize> {
    let is_linked = |place: usize| {
        facts.devices.iter().any(|device| {
            matches!(device.linking.get(place), Some(Ok(link)) if who.is_person(&link.employee_no))
        })
    };
    let members = facts.members.iter().enumerate();
    members
        .filter(|(place, facts)| who.is_member(&facts.member) || is_linked(*place))
        .map(|(place, _)| place)
        .collect()
}

fn tell(
    context: &Context,
    systems: &dyn Systems,
    store: &Store,
    gathered: &Gathered,
    tick: &Plan,
    place: usize,
    is_offline: bool,
) -> Result<HolderStory, Error> {
    let facts = &gathered.facts;
    let missing = || Error::Who(place.to_string());
    let member = facts.members.get(place).ok_or_else(missing)?;
    let source = facts.sources.get(&member.member.key.source).ok_or_else(missing)?;
    let mut configured = context.config.sources.iter();
    let configured = configured.find(|one| one.name == source.name).ok_or_else(missing)?;
    let system = configured.system();
    let names = role_names(context, systems, store, gathered, &source.name, member, is_offline)?;
    let door_roles = OpeningRights { source: source.roles.as_ref(), device: None };
    let validity = facts.devices.first().and_then(|device| {
        let limits = TargetLimits::documented(device.limits.times());
        let (policy, now) = (&facts.policy, device.local(facts.now));
        entitlement(&member.member, &door_roles, policy, member.is_vanished, None, limits, now)
            .validity()
    });
    let waiting = store.overview().blocked_plans()?;
    let blocked = waiting.into_iter().next_back().map(|plan| plan.id);
    let mut devices = Vec::new();
    for (device, found) in facts.devices.iter().zip(&gathered.devices) {
        let how = HowAsked {
            system,
            outcome: found.outcome,
            is_offline,
            blocked: blocked.as_deref(),
            is_stopped: found.stopped.is_some(),
        };
        let mut story = on_device(facts, tick, (member, place), device, how);
        if let Some(employee_no) = &story.employee_no {
            story.confirmed_at = store.devices().confirmed_at(&device.name, employee_no)?;
            let mut configured = context.config.devices.iter();
            if configured.any(|one| one.name == device.name && one.kind.capabilities().commits) {
                let open = store.journal().uncommitted(&device.name)?;
                let open = open.into_iter().find(|one| one.employee_no == *employee_no);
                story.in_force = Some(open.is_none());
                if let Some(open) = open {
                    let since = with_zone(open.since, context.config.zone_of_people());
                    story = not_in_force(story, &open, &since);
                }
            }
        }
        story.read_at = store.devices().device_state(&device.name)?.read_at;
        devices.push(story);
    }
    Ok(HolderStory {
        source: source.name.clone(),
        system,
        member: member.member.clone(),
        role_names: names,
        validity: validity.map(|validity| validity.window),
        problem: member.problem.clone(),
        devices,
        history: store.journal().history(&member.member.key, HISTORY_LINES)?,
    })
}

/// The names of a member's roles: known ones, else asked for now (never offline).
fn role_names(
    context: &Context,
    systems: &dyn Systems,
    store: &Store,
    gathered: &Gathered,
    source: &SourceName,
    member: &HolderFacts,
    is_offline: bool,
) -> Result<Vec<(RightCode, Option<String>)>, Error> {
    let mut known: BTreeMap<RightCode, String> =
        match gathered.fresh_role_names(&context.config, source) {
            Some(names) => names.clone(),
            None => store.members().role_names(source)?,
        };
    let roles = || member.member.role_ids();
    let lacks_one = roles().any(|role| !known.contains_key(role));
    let source = context.config.sources.iter().find(|one| one.name == *source);
    if let (true, false, Some(source)) = (lacks_one, is_offline, source) {
        match systems.source(source).right_names() {
            Ok(names) => known = names,
            Err(error) => log::info!("role names are not known: {error}"),
        }
    }
    Ok(roles().map(|role| (role.clone(), known.get(role).cloned())).collect())
}
