//! A tick in which the organisations have news of a few members, and nothing else can have changed.

use super::{in_run, left, unchanged};
use crate::cmd::{Context, record};
use crate::command::CommandName;
use crate::engine::Systems;
use crate::engine::gather::touched::Touched;
use crate::engine::gather::{Conversation, Scope, gather_with};
use crate::engine::plan::{Plan, Reason, plan, prove};
use crate::error::Error;
use crate::report::Report;
use crate::report::unchanged as quiet_report;
use crate::store::Store;
use crate::trouble::Trouble;

/// Looks at those few, and carries out what follows; nothing is done, and nothing written, where everybody
/// must be looked at.
pub(super) fn tick(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    few: &Touched,
) -> Result<Option<Report>, Error> {
    let (config, gathered) = (&context.config, &few.gathered);
    let plan = plan(&gathered.facts);
    let attention = store.pending().attention()?;
    let devices = config.devices.iter().map(|device| (&device.name, device.mode));
    let Some(mut report) =
        quiet_report::report(devices, gathered.source_reports(), &few.before.report)
    else {
        return Ok(None);
    };
    let mut told = report.left_out.iter().filter(|one| few.is_touched(&one.member));
    let was_unlimited = told.any(|one| one.reason == Reason::PermanentOnDevice);
    let lacks = few.lacks(config, &plan, &attention);
    if let Some(what) = lacks.or(was_unlimited.then_some("persons without limit")) {
        log::debug!("everybody is looked at, since there are {what}");
        return Ok(None);
    }
    quiet_report::renew(&mut report, &plan, gathered.kept_links(), |one| few.is_touched(one));
    if context.compares_looks {
        compare(context, systems, store, few, &plan, &report)?;
    }
    let proven = prove(&gathered.facts, &plan)?;
    let newcomers = few.newcomers(store)?;
    log::info!(
        "{} members were looked at; all others are as they were",
        gathered.facts.members.len()
    );
    let done = in_run(context, systems, store, |store, run| {
        let is_settled = gathered.record(config, store, &plan, run)?;
        record::before(context, store, gathered, &plan, false)?;
        let open = config.devices.iter().map(|_| Conversation::none()).collect();
        let done = context.carry_out(run, &proven).carry_out(systems, store, (gathered, open))?;
        report.run = Some(run);
        report.take_carried_out(plan.changes.clone(), done);
        record::why_not_done(context, store, &report)?;
        if context.shows_names() {
            unchanged::show_names(context, store, &mut report)?;
        }
        record::first_runs_over(context, store, &gathered.facts, &report)?;
        let digest = few.digest(&plan).filter(|_| is_settled);
        let quiet = left::for_the_next(digest, &report, || {
            left::of_few(context, store, few, &newcomers)
        });
        Ok((report, quiet?))
    });
    done.map(Some)
}

/// Looks at everybody besides, and compares: for tests.
fn compare(
    context: &Context,
    systems: &dyn Systems,
    store: &Store,
    few: &Touched,
    plan_of_few: &Plan,
    report: &Report,
) -> Result<(), Error> {
    let Some(asked) = few.asked_again() else { return Ok(()) };
    let config = &context.config;
    let all = gather_with(systems, config, store, context.clock, Scope::default(), asked);
    let (all, _) = all?;
    let whole = plan(&all.facts);
    let mut missed = few.missed(plan_of_few, &all, &whole);
    let attention = store.pending().attention()?;
    let told = Report::of(CommandName::Sync, None, (config, &all), &whole, &attention, false);
    let is_told = |trouble: &Trouble| report.troubles.iter().any(|o| o.line() == trouble.line());
    let differences = [
        ("members left out", told.left_out != report.left_out),
        ("links that are kept", told.kept_links != report.kept_links),
        ("members without a door", told.no_door != report.no_door),
        ("devices", told.devices != report.devices),
        ("troubles", !told.troubles.iter().all(is_told)),
    ];
    missed.extend(differences.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what));
    if missed.is_empty() { Ok(()) } else { Err(Error::LooksDiffer(missed.join(", "))) }
}
