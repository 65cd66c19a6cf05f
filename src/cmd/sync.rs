//! `sync`: one tick. Gather, plan, prove, carry out, record.

use super::perform::Performance;
use super::{Context, who};
use crate::cli::SyncArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::gather::{Gathered, Scope, gather};
use crate::model::RunId;
use crate::plan::{in_step, plan, prove};
use crate::report::plan_file;
use crate::report::{ChangeReport, ChangeState, DeviceOutcome, Report};
use crate::store::Store;

/// Runs the command.
///
/// # Errors
/// [`Error`].
pub fn run(context: &Context, args: &SyncArgs) -> Result<Exit, Error> {
    let only = who::only(&args.only)?;
    let _lock = context.take_lock()?;
    let mut store = context.open_store()?;
    let store_error = |error| context.store_error(error);
    let run = store.begin_run("sync", context.clock.began()).map_err(store_error)?;
    let is_everyone = only.is_everyone();
    let scope =
        Scope { is_full: args.full, only, accept_shrink: args.accept_shrink, is_offline: false };
    let gathered = gather(&context.config, &store, context.clock, scope)
        .map_err(|error| context.gather_error(error));
    let mut gathered = closing(context, &store, run, gathered)?;
    gathered.record(&context.config, &mut store).map_err(store_error)?;

    let plan = plan(&gathered.facts);
    let proven = prove(&gathered.facts, &plan).map_err(Error::from);
    let proven = closing(context, &store, run, proven)?;
    let mut report = Report::new("sync", Some(run));
    report.sources = gathered.source_reports();
    report.devices = gathered.device_reports(&context.config);
    report.is_limited = !gathered.facts.only.is_everyone();
    report.troubles = gathered.troubles();
    report.troubles.extend(who::unknown(&gathered.facts));
    if context.shows_names() {
        report.show_names(gathered.facts.members.iter().map(|facts| &facts.member));
    }
    keep_blocked(context, &mut store, &plan, is_everyone)?;
    confirm_in_step(context, &mut store, &gathered)?;
    report.left_out = plan.told();
    report.kept_links = gathered.kept_links();
    let performance = Performance { context, run, proven: &proven, changes: plan.changes };
    let store = performance.carry_out(store, &mut gathered, &mut report)?;
    if is_everyone {
        end_first_runs(context, &store, &gathered, &report)?;
    }
    finish(context, &store, &report, run)
}

/// Ends the run with the code of an error, if there is one: a run without an end has died.
fn closing<T>(
    context: &Context,
    store: &Store,
    run: RunId,
    result: Result<T, Error>,
) -> Result<T, Error> {
    if let Err(error) = &result {
        store
            .end_run(run, context.clock.now(), error.exit().code(), 0, 0)
            .map_err(|error| context.store_error(error))?;
    }
    result
}

/// Keeps the part that waits for approval, so that it can be approved by its id. A run limited by
/// `--only` knows nothing of what others wait for, and leaves that standing.
fn keep_blocked(
    context: &Context,
    store: &mut Store,
    plan: &crate::plan::Plan,
    is_everyone: bool,
) -> Result<(), Error> {
    let now = context.clock.began();
    let mut waiting = Report::new("sync", None);
    waiting.changes = plan
        .blocked()
        .map(|change| ChangeReport {
            change: change.clone(),
            state: ChangeState::Blocked,
            error: None,
        })
        .collect();
    let id = plan_file::blocked_id(plan.blocked());
    let document = match &id {
        Some(_) => plan_file::write(&waiting, now)?,
        None => String::new(),
    };
    let kept = id.as_deref().map(|id| (id, document.as_str()));
    let done = match (is_everyone, kept) {
        (true, kept) => store.keep_blocked(kept, now),
        (false, Some((id, document))) => store.also_keep_blocked(id, document, now),
        (false, None) => Ok(()),
    };
    done.map_err(|error| context.store_error(error))
}

/// Remembers who was found to hold what they should, so that drift can be told from news.
fn confirm_in_step(context: &Context, store: &mut Store, gathered: &Gathered) -> Result<(), Error> {
    for (device, persons) in in_step(&gathered.facts) {
        store
            .record_in_step(&device, &persons, context.clock.now())
            .map_err(|error| context.store_error(error))?;
    }
    Ok(())
}

/// Once a door is written to whose persons are linked, its first run is over, also when nothing had to
/// be written: many doors that open at once later are no roll-out.
fn end_first_runs(
    context: &Context,
    store: &Store,
    gathered: &Gathered,
    report: &Report,
) -> Result<(), Error> {
    for (device, line) in gathered.facts.devices.iter().zip(&report.devices) {
        if line.outcome == DeviceOutcome::Ok && device.linking.iter().any(Result::is_ok) {
            store
                .end_first_run(&device.name, context.clock.now())
                .map_err(|error| context.store_error(error))?;
        }
    }
    Ok(())
}

/// Ends a run: says what happened and records the exit code.
pub(super) fn finish(
    context: &Context,
    store: &Store,
    report: &Report,
    run: RunId,
) -> Result<Exit, Error> {
    let exit = report.exit();
    let is_news = context.say_troubles(report, store);
    let confirmed = report.count(|state| state.is_confirmed());
    let failed =
        report.count(|state| matches!(state, ChangeState::Tried(_)) && !state.is_confirmed());
    store
        .end_run(run, context.clock.now(), exit.code(), confirmed, failed)
        .map_err(|error| context.store_error(error))?;
    context.say(report, exit, is_news)?;
    Ok(exit)
}
