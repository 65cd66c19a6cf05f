//! `lookup`: one member, both sides. It never makes a `Writer`, so it cannot write to a device.

mod why;

use std::collections::BTreeMap;

use self::why::{Standing, next, remedy, why};
use super::who::Who;
use super::{Context, near, print, print_json};
use crate::cli::LookupArgs;
use crate::command::CommandName;
use crate::config::{Config, TargetConfig};
use crate::engine::Systems;
use crate::engine::gather::conversation::{self, READING_PATIENCE};
use crate::engine::gather::devices::failure;
use crate::engine::gather::{Gathered, LoginResult, Scope, gather, remember_login};
use crate::engine::link::Link;
use crate::engine::link::file::UnusableRow;
use crate::engine::plan::validity::{OpeningRights, entitlement};
use crate::engine::plan::{Facts, HolderFacts, Plan, TargetFacts, is_in_sync, plan};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{Memory, RecordId, RecordStanding, RightCode, SourceName};
use crate::ports::Failure;
use crate::report::lookup::{HolderStory, Story, TargetStory, document, render};
use crate::report::{Report, RowLeftOut, TargetOutcome, text};
use crate::store::Store;
use crate::text::lists::many;
use crate::trouble::Trouble;

/// Lines of history shown.
const HISTORY_LINES: u32 = 20;

/// Runs the command.
pub fn run(context: &Context, args: &LookupArgs) -> Result<Exit, Error> {
    run_on(context, &context.network(), args)
}

/// The same against any systems.
pub fn run_on(context: &Context, systems: &dyn Systems, args: &LookupArgs) -> Result<Exit, Error> {
    let who = Who::parse(&args.who)?;
    let store = context.open_store()?;
    let scope = Scope { is_offline: args.offline, ..Scope::default() };
    let (mut gathered, _) = gather(systems, &context.config, &store, context.clock, scope)
        .map_err(|error| context.gather_error(error))?;
    let wanted = matching(&gathered.facts, &who);
    let mut report = Report::new(CommandName::Lookup, None);
    report.troubles = gathered.troubles();
    if !args.offline {
        look_now(context, systems, &store, &mut gathered, &wanted, &mut report)?;
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
    // What is found counts. "Nobody" is certain only when Cardskipper could be asked; a door that
    // is away (code 3) takes nobody out of Cardskipper.
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
    rows.map_err(|error| context.store_error(error))
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

/// Reads the linked persons from the devices, so that the story tells what the doors hold now.
fn look_now(
    context: &Context,
    systems: &dyn Systems,
    store: &Store,
    gathered: &mut Gathered,
    wanted: &[usize],
    report: &mut Report,
) -> Result<(), Error> {
    for (place, device) in context.config.devices.iter().enumerate() {
        let (Some(facts), Some(found)) =
            (gathered.facts.devices.get_mut(place), gathered.devices.get_mut(place))
        else {
            continue;
        };
        let was_read = found.reading.is_some();
        if was_read || found.outcome != TargetOutcome::Ok {
            continue;
        }
        let linked: Vec<RecordId> = wanted
            .iter()
            .filter_map(|place| facts.linking.get(*place)?.as_ref().ok())
            .map(|link| link.employee_no.clone())
            .collect();
        if linked.is_empty() {
            continue;
        }
        match look_at(context, systems, store, device, &linked, facts)? {
            Ok(()) => {}
            Err((outcome, trouble)) => {
                found.outcome = outcome;
                report.troubles.push(trouble);
            }
        }
    }
    Ok(())
}

/// Reads persons from one device when it is our turn to talk to it, or says why not.
fn look_at(
    context: &Context,
    systems: &dyn Systems,
    store: &Store,
    device: &TargetConfig,
    linked: &[RecordId],
    facts: &mut TargetFacts,
) -> Result<Result<(), (TargetOutcome, Trouble)>, Error> {
    let store_error = |error| context.store_error(error);
    let turn = conversation::open(store, device, None, READING_PATIENCE, context.clock);
    let _lock = match turn.map_err(store_error)? {
        Ok(lock) => lock,
        Err(told) => return Ok(Err(told)),
    };
    let memory = store.devices().device_state(&device.name).map_err(store_error)?.memory;
    let result = read_persons(systems, device, &memory, linked, facts);
    let (login, told) = match result {
        Ok(()) => (LoginResult::Worked, Ok(())),
        Err(error) => {
            let (outcome, trouble, login) = failure(device, &error);
            (login, Err((outcome, trouble)))
        }
    };
    remember_login(store, device, login, context.clock.now()).map_err(store_error)?;
    Ok(told)
}

fn read_persons(
    systems: &dyn Systems,
    device: &TargetConfig,
    memory: &Memory,
    linked: &[RecordId],
    facts: &mut TargetFacts,
) -> Result<(), Failure> {
    let mut found = systems.target(device, memory)?.some(linked)?;
    for employee_no in linked {
        match found.remove(employee_no) {
            Some(record) => facts.persons.insert(employee_no.clone(), record.person),
            None => facts.persons.remove(employee_no),
        };
    }
    Ok(())
}

/// What to do when nobody was found.
fn advice(who: &Who, facts: &Facts, system: &str, is_offline: bool) -> String {
    if is_offline && facts.members.is_empty() {
        return "Nothing is known yet: run `ivms-sync sync` first, or look without --offline."
            .into();
    }
    match who {
        Who::Email(_) => {
            format!(
                "Check the spelling. In {system}, see that the member has exactly this e-mail; the \
                 member number works too."
            )
        }
        Who::Number(_) => format!("Check the number in {system}; the e-mail works too."),
        Who::Record(employee_no) => {
            let doors: Vec<String> = facts
                .devices
                .iter()
                .filter_map(|device| {
                    let name = &device.persons.get(employee_no)?.name;
                    Some(match name.as_str() {
                        "" => device.name.to_string(),
                        name => format!("{} ({name})", device.name),
                    })
                })
                .collect();
            if doors.is_empty() {
                return "Check the person id; it is text, so 7 and 007 are not the same."
                    .to_owned();
            }
            format!(
                "Person {employee_no} is on {}, but no member is linked to it: nothing is ever \
                 changed there.",
                doors.join(", ")
            )
        }
    }
}

fn searched(config: &Config, facts: &Facts) -> Vec<String> {
    let mut places: Vec<String> = config
        .sources
        .iter()
        .map(|source| {
            let members = facts.members.iter();
            let count = members.filter(|m| m.member.key.source == source.name).count();
            format!(
                "{} of {} ({} {})",
                many(count, "member"),
                source.name,
                source.kind.nouns().one,
                source.account.value
            )
        })
        .collect();
    places.extend(
        facts
            .devices
            .iter()
            .map(|device| format!("{} on {}", many(device.persons.len(), "person"), device.name)),
    );
    places.extend(config.link.files.iter().map(|file| format!("the link file {}", file.display())));
    places
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
    let store_error = |error| context.store_error(error);
    let names = role_names(context, systems, store, gathered, &source.name, member, is_offline)?;
    let now = facts.devices.first().map_or(facts.now.naive_utc(), |device| device.local(facts.now));
    let door_roles = OpeningRights { source: source.roles.as_ref(), device: None };
    let validity =
        entitlement(&member.member, &door_roles, &facts.policy, member.is_vanished, None, now)
            .validity();
    let waiting = store.overview().blocked_plans().map_err(store_error)?;
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
            story.confirmed_at =
                store.devices().confirmed_at(&device.name, employee_no).map_err(store_error)?;
            let open = store.journal().uncommitted(&device.name).map_err(store_error)?;
            let open = open.into_iter().find(|one| one.employee_no == *employee_no);
            let commits = context
                .config
                .devices
                .iter()
                .any(|config| config.name == device.name && config.kind.commits());
            story.in_force = commits.then_some(open.is_none());
            story.not_in_force_since = open.map(|one| one.since);
        }
        story.read_at = store.devices().device_state(&device.name).map_err(store_error)?.read_at;
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
        history: store.journal().history(&member.member.key, HISTORY_LINES).map_err(store_error)?,
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
    let mut known: BTreeMap<RightCode, String> = match gathered
        .fresh_role_names(&context.config, source)
    {
        Some(names) => names.clone(),
        None => store.members().role_names(source).map_err(|error| context.store_error(error))?,
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

/// How a device was asked, and what waits there.
#[derive(Clone, Copy)]
struct HowAsked<'a> {
    /// What the system of the member is called.
    system: &'static str,
    outcome: TargetOutcome,
    is_offline: bool,
    blocked: Option<&'a str>,
    is_stopped: bool,
}

fn on_device(
    facts: &Facts,
    tick: &Plan,
    (member, place): (&HolderFacts, usize),
    device: &TargetFacts,
    how: HowAsked<'_>,
) -> TargetStory {
    let now = device.local(facts.now);
    let key = &member.member.key;
    let desired = facts.entitlement(device, member).and_then(|found| found.validity());
    let link = device.linking.get(place);
    let linked = link.and_then(|link| link.as_ref().ok());
    let person = linked.and_then(|link| device.persons.get(&link.employee_no));
    let actual = person.map(|person| person.limit);
    let change =
        tick.changes.iter().find(|change| change.member == *key && change.device == device.name);
    let left_out = tick.left_out.iter().find(|one| {
        one.member == *key && one.device.as_ref().is_none_or(|name| *name == device.name)
    });
    let is_barred = person.is_some_and(|person| person.standing == RecordStanding::Barred);
    let opens_now = !is_barred && actual.is_some_and(|limit| limit.opens_at(now));
    // The name of a linked person stands beside the number already.
    let name_of = |id: &RecordId| match linked {
        Some(_) => None,
        None => device.persons.get(id).map(|person| person.name.as_str()),
    };
    let told = || left_out.map(|one| (one, text::detail(one, name_of)));
    let next = next(change, told().filter(|_| person.is_some()), how.is_stopped);
    let in_sync = is_in_sync(desired, actual, now);
    let mut why = if is_barred {
        "This person is barred on the door, whatever the dates say.".to_owned()
    } else {
        why(member, link, desired.map(|v| v.window), actual, now, told(), how.system)
    };
    let is_unasked = how.outcome != TargetOutcome::Ok && !how.is_offline;
    if is_unasked {
        why = format!("The door could not be asked now; this is from memory. {why}");
    }
    let standing = Standing {
        member,
        system: how.system,
        is_linked: linked.is_some(),
        is_barred,
        opens_now,
        is_paid_now: desired.is_some_and(|validity| validity.window.contains(now)),
        change,
        left_out,
        blocked: how.blocked,
        is_stopped: how.is_stopped,
    };
    let remedy = if is_unasked {
        Some("See that the door is on and reachable: ivms-sync check".to_owned())
    } else {
        remedy(&standing)
    };
    TargetStory {
        name: device.name.clone(),
        employee_no: linked.map(|link| link.employee_no.clone()),
        person_name: person.map(|person| person.name.clone()).filter(|name| !name.is_empty()),
        linked_by: linked.map(|link: &Link| link.rule),
        is_link_kept: linked.is_some_and(|link| link.is_outdated),
        actual,
        expected: desired.map(|validity| validity.window),
        in_step: in_sync,
        opens_now,
        why,
        left_out: left_out.map(|one| one.reason),
        next,
        remedy,
        in_force: None,
        not_in_force_since: None,
        confirmed_at: None,
        read_at: None,
    }
}
