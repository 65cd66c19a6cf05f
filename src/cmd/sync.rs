//! `sync`: one tick. Gather, plan, prove, carry out, record; or, when nothing can have changed, listen
//! and end.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::carry_out::CarryOut;
use super::{Context, who};
use crate::cli::SyncArgs;
use crate::command::CommandName;
use crate::config::Mode;
use crate::engine::Systems;
use crate::engine::gather::quiet::{self, Asked, Poll, poll};
use crate::engine::gather::{Gathered, Scope, gather_with};
use crate::engine::plan::{
    Budget, Change, Facts, HolderFacts, Plan, Standing, in_sync, plan, prove,
};
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{Accounts, RunId, SourceName, TargetName};
use crate::notify::{self, Watch};
use crate::report::{ChangeReport, ChangeState, Report, TargetOutcome};
use crate::report::{attention, plan_file, unchanged};
use crate::store::{Quiet, QuietRun, RunEnd, Store, StoreError, Waiting};

/// Runs the command.
pub fn run(context: &Context, args: &SyncArgs) -> Result<Exit, Error> {
    notify::watch(&context.config, context.clock, |watch| run_watched(context, args, watch))
}

fn run_watched(context: &Context, args: &SyncArgs, watch: &Watch<'_>) -> Result<Exit, Error> {
    let only = who::only(&args.look.only)?;
    let scope = Scope {
        is_full: args.look.full,
        only,
        accept_shrink: args.accept_shrink,
        accept_devices: accepted(context, args)?,
        accept_links: args.accept_link.clone(),
        ..Scope::default()
    };
    let _lock = context.take_lock()?;
    let mut store = context.open_store_unchecked()?;
    let report = tick(context, &context.network(), &mut store, scope)?;
    super::status::write_files(context, &mut store, &report);
    let exit = finish(context, &mut store, &report);
    watch.record_tick(&mut store, &report);
    exit
}

/// The devices of `--accept-device`.
fn accepted(context: &Context, args: &SyncArgs) -> Result<BTreeMap<TargetName, usize>, Error> {
    let named = args.accept_device.iter().map(|one| &one.device);
    let mut named = named.chain(args.accept_link.iter().map(|one| &one.device));
    let is_known = |name: &TargetName| context.config.devices.iter().any(|d| d.name == *name);
    match named.find(|name| !is_known(name)) {
        Some(unknown) => Err(Error::NoDevice(unknown.clone())),
        None => {
            let accepted = args.accept_device.iter().map(|one| (one.device.clone(), one.persons));
            Ok(accepted.collect())
        }
    }
}

/// One tick against any outside: everything but the lock and the words. The run is recorded with the
/// exit code that the report comes to.
pub fn tick(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    scope: Scope,
) -> Result<Report, Error> {
    let store_error = |error| context.store_error(error);
    let heard = poll(systems, &context.config, store, context.clock, &scope, |sources, told| {
        let devices = context.config.devices.iter().map(|device| (&device.name, device.mode));
        unchanged::report(devices, sources, told)
    });
    let asked = match heard.map_err(store_error)? {
        Poll::Unchanged(report) => return quiet_tick(context, systems, store, report),
        Poll::Changed(asked) => asked,
    };
    store.check().map_err(store_error)?;
    let run = store.begin_run("sync", context.clock.began()).map_err(store_error)?;
    match tick_of(context, systems, store, scope, asked, run) {
        Ok((report, quiet)) => {
            end_run(context, systems, store, &report, quiet, run).map(|()| report)
        }
        Err(error) => {
            // A run without an end has died, and this one has not.
            let end = RunEnd {
                exit_code: error.exit().code(),
                requests: systems.requests(),
                ..RunEnd::default()
            };
            store.end_run(run, context.clock.now(), &end).map_err(store_error)?;
            Err(error)
        }
    }
}

/// A tick that came to nothing, as was known before: it is recorded, and its report is complete.
fn quiet_tick(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    mut report: Report,
) -> Result<Report, Error> {
    let store_error = |error| context.store_error(error);
    log::info!("nothing has changed since everything was last looked at");
    if context.shows_names() {
        let left_out = report.left_out.iter().map(|one| &one.member);
        let mut told: BTreeMap<&SourceName, BTreeSet<&str>> = BTreeMap::new();
        for member in left_out.chain(report.kept_links.iter().map(|one| &one.member)) {
            told.entry(&member.source).or_default().insert(member.human());
        }
        let mut members = Vec::new();
        for (source, humans) in &told {
            members.extend(store.members_by_human(source, humans).map_err(store_error)?);
        }
        report.show_holder_names(members.iter().map(|stored| &stored.member));
        for device in &context.config.devices {
            let known = store.persons(&device.name).map_err(store_error)?;
            report.show_person_names(&device.name, &known.persons);
        }
    }
    let quiet = QuietRun {
        began: context.clock.began(),
        ended: context.clock.now(),
        asked: context.config.sources.iter().map(|source| source.name.clone()).collect(),
        requests: systems.requests(),
    };
    report.run = Some(store.record_quiet_run(&quiet).map_err(store_error)?);
    Ok(report)
}

fn tick_of(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    scope: Scope,
    asked: Asked,
    run: RunId,
) -> Result<(Report, Option<Quiet>), Error> {
    let store_error = |error| context.store_error(error);
    let is_everyone = scope.only.is_everyone();
    let (gathered, open) =
        match gather_with(systems, &context.config, store, context.clock, scope, asked) {
            Ok(gathered) => gathered,
            Err(error) => {
                error.remember(store).map_err(store_error)?;
                return Err(context.gather_error(error));
            }
        };
    let plan = plan(&gathered.facts);
    who::must_be_known(&gathered, &plan, context.shows_names_everywhere())?;
    let proven = prove(&gathered.facts, &plan)?;
    let seen_before = store.attention().map_err(store_error)?;
    gathered.record(&context.config, store, &plan, run).map_err(store_error)?;
    let command = (CommandName::Sync, Some(run));
    let mut report = Report::of(command, &context.config, &gathered, &plan, &seen_before, None);
    report.troubles.extend(attention::permanent(&plan, false, context.config.devices.len(), None));
    // What is not known of an organisation in this tick has not moved.
    let is_whole =
        is_everyone && gathered.facts.sources.values().all(|s| s.standing == Standing::Fresh);
    remember(context, store, &gathered, &plan, is_whole)?;
    let carry_out = CarryOut { context, run, proven: &proven, changes: plan.changes };
    carry_out.carry_out(systems, store, (&gathered, open), &mut report)?;
    if context.shows_names() {
        report.show_names(&gathered.facts);
    }
    if is_everyone {
        end_first_runs(context, store, &gathered, &report)?;
    }
    let quiet = unchanged::remember(&report)
        .and_then(|told| quiet::digest(&context.config, &gathered, told));
    Ok((report, quiet))
}

/// Remembers a plan before it is carried out: the part that waits for approval, so that it can be approved
/// by its id; who waits and since when; and who was found to hold what they should, so that drift can
/// be told from news.
///
/// A run that does not know everything (limited by `--only`, or without word from an organisation) knows
/// nothing of what others wait for, and leaves that standing.
fn remember(
    context: &Context,
    store: &mut Store,
    gathered: &Gathered,
    plan: &Plan,
    is_whole: bool,
) -> Result<(), Error> {
    let now = context.clock.began();
    let blocked = blocked_document(plan, &context.config.accounts(), now)?;
    let blocked = blocked.as_ref().map(|(id, document)| (id.as_str(), document.as_str()));
    let changes = plan.changes.iter().filter(|change| context.writes_to(&change.device));
    let waiting: Vec<Waiting> = changes.map(|change| Waiting::of(change, None, now)).collect();
    let in_sync = in_sync(&gathered.facts);
    let attention = attention::to_look_after(plan, |device| context.writes_to(device), now);
    let second_looks = gathered.second_looks(&context.config, plan);
    let done = store.together(|store| {
        match (is_whole, blocked) {
            (true, blocked) => store.keep_blocked(blocked, now)?,
            (false, Some((id, document))) => store.also_keep_blocked(id, document, now)?,
            (false, None) => {}
        }
        store.keep_waiting(&waiting, is_whole)?;
        if is_whole {
            store.keep_attention(&attention)?;
            settle_roles(store, &gathered.facts, plan)?;
        }
        // Until somebody accepts it, each tick looks whether the door shows its persons again.
        for device in plan.doubted_devices() {
            store.require_reading(device)?;
        }
        for (source, second_look) in &second_looks {
            store.record_second_look(source, *second_look)?;
        }
        for (device, persons) in &in_sync {
            store.record_in_sync(device, persons, context.clock.now())?;
        }
        Ok(())
    });
    done.map_err(|error| context.store_error(error))
}

/// Remembers the roles that open each door as settled, where nobody waits to lose access by them. What is
/// held back because too many would be left out has not followed from them yet.
fn settle_roles(store: &mut Store, facts: &Facts, plan: &Plan) -> Result<(), StoreError> {
    for device in facts.devices.iter().filter(|device| !device.linking.is_empty()) {
        for (name, source) in &facts.sources {
            let known = device.settled_roles.get(name);
            // Where nothing is taken away, nothing shows what still waits.
            let takes_nothing = source.standing != Standing::Fresh
                || device.mode == Mode::GrantOnly && known.is_some();
            let roles = facts.door_roles(device, name);
            if known == Some(&roles) {
                continue;
            }
            let waits = |change: &Change| {
                change.device == device.name
                    && change.member.source == *name
                    && change.blocked == Some(Budget::RolesChanged)
            };
            let is_remembered = |member: &HolderFacts| {
                member.member.key.source == *name && facts.remembers_lost_time(device, member)
            };
            let is_settled = !takes_nothing
                && !plan.is_held_back(name, &device.name)
                && !plan.changes.iter().any(waits)
                && !facts.members.iter().any(is_remembered);
            if is_settled {
                store.record_settled_roles(&device.name, name, roles.as_ref())?;
            }
        }
    }
    Ok(())
}

/// The part of a plan that waits for approval as a plan file, with its id.
fn blocked_document(
    plan: &Plan,
    accounts: &Accounts,
    now: DateTime<Utc>,
) -> Result<Option<(String, String)>, Error> {
    let Some(id) = plan_file::blocked_id(plan.blocked()) else { return Ok(None) };
    let blocked = plan.blocked().map(|change| ChangeReport {
        change: change.clone(),
        state: ChangeState::Blocked,
        error: None,
    });
    let mut waiting = Report::new(CommandName::Sync, None);
    waiting.changes = blocked.collect();
    Ok(Some((id, plan_file::write(&waiting, accounts, now)?)))
}

/// Once a door is written to whose persons are linked, its first run is over, also when nothing had to
/// be written: many doors that open at once later are no roll-out.
fn end_first_runs(
    context: &Context,
    store: &mut Store,
    gathered: &Gathered,
    report: &Report,
) -> Result<(), Error> {
    let both = gathered.facts.devices.iter().zip(&report.devices);
    let over = both.filter(|(device, line)| {
        let is_served = line.outcome == TargetOutcome::Ok;
        device.is_first_run && is_served && device.linking.iter().any(Result::is_ok)
    });
    let over: Vec<&TargetName> = over.map(|(device, _)| &device.name).collect();
    if over.is_empty() {
        return Ok(());
    }
    let now = context.clock.now();
    let done =
        store.together(|store| over.iter().try_for_each(|name| store.end_first_run(name, now)));
    done.map_err(|error| context.store_error(error))
}

/// Says what happened, and gives the exit code.
pub(super) fn finish(context: &Context, store: &mut Store, report: &Report) -> Result<Exit, Error> {
    let exit = report.exit();
    let is_news = context.say_news(report, store);
    context.say(report, exit, is_news)?;
    Ok(exit)
}

/// Records how a run ended.
pub(super) fn end_run(
    context: &Context,
    systems: &dyn Systems,
    store: &Store,
    report: &Report,
    quiet: Option<Quiet>,
    run: RunId,
) -> Result<(), Error> {
    let has_failed =
        |state: &ChangeState| matches!(state, ChangeState::Tried(_)) && !state.is_confirmed();
    let end = RunEnd {
        exit_code: report.exit().code(),
        confirmed: report.count(|state| state.is_confirmed()),
        failed: report.count(has_failed),
        requests: systems.requests(),
        quiet,
    };
    store.end_run(run, context.clock.now(), &end).map_err(|error| context.store_error(error))
}
