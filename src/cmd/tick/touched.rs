//! A tick in which the organisations have news of a few members, and nothing else can have changed.

use super::{Cars, compare, in_run, left, unchanged};
use crate::cmd::{Context, record};
use crate::engine::Systems;
use crate::engine::gather::Conversation;
use crate::engine::gather::quiet::Asked;
use crate::engine::gather::touched::Touched;
use crate::engine::plan::{Reason, plan, prove};
use crate::error::Error;
use crate::report::Report;
use crate::report::unchanged::{self as quiet_report, Counted};
use crate::store::Store;

/// Looks at those few, and carries out what follows, which `report` is then told of besides; nothing is done,
/// and nothing written, where everybody must be looked at.
pub(super) fn tick(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    (few, cars): (Touched, &Cars),
    (mut report, before): (Report, Counted),
) -> Result<Result<Report, Asked>, Error> {
    let (config, gathered) = (&context.config, &few.gathered);
    let plan = plan(&gathered.facts);
    let attention = store.pending().attention()?;
    let mut told = report.left_out.iter().filter(|one| few.is_touched(&one.member));
    let was_unlimited = told.any(|one| one.reason == Reason::PermanentOnDevice);
    let lacks = few.lacks(config, &plan, &attention);
    if let Some(what) = lacks.or(was_unlimited.then_some("persons without limit")) {
        log::debug!("everybody is looked at, since there are {what}");
        return Ok(Err(few.into_asked()));
    }
    quiet_report::renew(&mut report, &plan, gathered.kept_links(), |one| few.is_touched(one));
    if context.compares_looks {
        compare::with_everybody(context, systems, store, (&few, &plan), &report)?;
    }
    let proven = match prove(&gathered.facts, &plan) {
        Ok(proven) => proven,
        Err(found) => {
            // Either it is proven of everybody, or that run is on record as refused.
            log::warn!("everybody is looked at, since of a few it could not be proven: {found}");
            return Ok(Err(few.into_asked()));
        }
    };
    let newcomers = few.newcomers(store)?;
    log::info!(
        "{} members were looked at; all others are as they were",
        gathered.facts.members.len()
    );
    let done = in_run(context, systems, store, cars, |store, run| {
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
        let digest = few.digest().filter(|_| is_settled);
        let counted = || left::of_few(store, &few, before, &newcomers);
        let quiet = left::for_the_next(store, digest, &report, counted)?;
        Ok((report, quiet))
    });
    done.map(Ok)
}
