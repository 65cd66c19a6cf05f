//! A look at everybody besides: for tests.

use crate::cmd::Context;
use crate::command::CommandName;
use crate::engine::Systems;
use crate::engine::gather::touched::Touched;
use crate::engine::gather::{Scope, gather_with};
use crate::engine::plan::{Plan, plan};
use crate::error::Error;
use crate::report::Report;
use crate::store::Store;
use crate::trouble::Trouble;

/// Looks at everybody, and compares what a look at a few came to, and what is told.
pub(super) fn with_everybody(
    context: &Context,
    systems: &dyn Systems,
    store: &Store,
    (few, plan_of_few): (&Touched, &Plan),
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
