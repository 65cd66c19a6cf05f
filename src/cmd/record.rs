//! What a run writes down beside what it gathered: before anything is carried out, and after.

use chrono::{DateTime, Utc};

use super::Context;
use crate::command::CommandName;
use crate::engine::Systems;
use crate::engine::gather::Gathered;
use crate::engine::plan::{Facts, Plan, in_sync, settled_roles};
use crate::error::Error;
use crate::model::{Accounts, RunId, TargetName};
use crate::report::{ChangeReport, ChangeState, Report, TargetOutcome};
use crate::report::{attention, plan_file};
use crate::store::{Quiet, RunEnd, Store, Waiting};

/// Remembers a plan before it is carried out: the part that waits for approval, so that it can be approved
/// by its id; who waits and since when; and who was found to hold what they should, so that drift can
/// be told from news.
///
/// A run that does not know everything (limited by `--only`, or without an answer from an organisation)
/// knows nothing of what others wait for, and leaves that as it is.
pub(super) fn before(
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
    let waiting: Vec<Waiting> = changes.map(|change| Waiting::new(change, None, now)).collect();
    let in_sync = in_sync(&gathered.facts);
    let attention = attention::to_look_after(plan, |device| context.writes_to(device), now);
    let second_looks = gathered.second_looks(&context.config, plan);
    let done = store.together(|store| {
        match (is_whole, blocked) {
            (true, blocked) => store.pending().keep_blocked(blocked, now)?,
            (false, Some((id, document))) => {
                store.pending().also_keep_blocked(id, document, now)?
            }
            (false, None) => {}
        }
        store.pending().keep_waiting(&waiting, is_whole)?;
        if is_whole {
            store.pending().keep_attention(&attention)?;
            for (device, source, roles) in settled_roles(&gathered.facts, plan) {
                store.links().record_settled_roles(&device, &source, roles.as_ref())?;
            }
        }
        // Until somebody accepts it, each tick looks whether the door shows its persons again.
        for device in plan.doubted_devices() {
            store.devices().require_reading(device)?;
        }
        for (source, second_look) in &second_looks {
            store.members().record_second_look(source, *second_look)?;
        }
        for (device, persons) in &in_sync {
            store.devices().record_in_sync(device, persons, context.clock.now())?;
        }
        Ok(())
    });
    done.map_err(Error::Store)
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

/// Remembers why what was not done was not done, for `status`.
pub(super) fn why_not_done(
    context: &Context,
    store: &mut Store,
    report: &Report,
) -> Result<(), Error> {
    let now = context.clock.began();
    let open = report.changes.iter().filter(|one| {
        !one.state.is_confirmed() && one.error.is_some() && context.writes_to(&one.change.device)
    });
    let waiting: Vec<Waiting> =
        open.map(|one| Waiting::new(&one.change, one.error.clone(), now)).collect();
    store.pending().keep_waiting(&waiting, false).map_err(Error::Store)
}

/// Once a door is written to whose persons are linked, its first run is over, also when nothing had to
/// be written: many doors that open at once later are no roll-out.
pub(super) fn first_runs_over(
    context: &Context,
    store: &mut Store,
    facts: &Facts,
    report: &Report,
) -> Result<(), Error> {
    let both = facts.devices.iter().zip(&report.devices);
    let over = both.filter(|(device, line)| {
        let is_served = line.outcome == TargetOutcome::Ok;
        device.is_first_run && is_served && device.linking.iter().any(Result::is_ok)
    });
    let over: Vec<&TargetName> = over.map(|(device, _)| &device.name).collect();
    if over.is_empty() {
        return Ok(());
    }
    let now = context.clock.now();
    let done = store.together(|store| {
        over.iter().try_for_each(|name| store.devices().end_first_run(name, now))
    });
    done.map_err(Error::Store)
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
        confirmed: report.count(|state| state.is_confirmed())
            + report.count_rows(|state| state.is_confirmed()),
        failed: report.count(has_failed) + report.count_rows(has_failed),
        requests: systems.requests(),
        quiet,
    };
    context.end_run(store, run, &end)
}
