//! `diff --violations`: citations against cars that had a right.
//!
//! Services are asked as by `sync`, and nothing of their answers is kept.

use crate::cli::DiffArgs;
use crate::cmd::Context;
use crate::cmd::tick::closely;
use crate::engine::citations::{look, review};
use crate::engine::gather::Scope;
use crate::engine::rights;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::citations::CitationReport;
use crate::report::parking::QuestionError;

/// Runs the command.
pub(super) fn run(context: &Context, args: &DiffArgs) -> Result<Exit, Error> {
    let (config, began) = (&context.config, context.clock.began());
    let mut services = config.vehicles.services.iter();
    if !services.any(|one| one.settings.lists_citations() || one.events.is_some()) {
        return Err(QuestionError::NoCitations.into());
    }
    let zone = config.zone_of_people();
    let kept_since = config.vehicles.kept_since(began);
    let since = args.since.as_ref().map_or(kept_since, |since| since.moment(began, zone));
    if since > began {
        return Err(QuestionError::Future.into());
    }
    let mut store = context.open_store_unchecked()?;
    store.check()?;
    let network = context.network();
    let closely = closely(&Scope { is_full: args.look.full, ..Scope::default() });
    let rights = rights::look(&network, config, &store, began, closely)?;
    let citations = look(&network, config, &store, (began, closely), &rights)?;
    let review = store.as_if(|store| {
        rights.record(store)?;
        citations.record(config, store, began)?;
        review(&config.vehicles, store, since.max(kept_since), context.clock.now())
    })?;
    let troubles = rights.troubles.into_iter().chain(citations.troubles).collect();
    let report = CitationReport { review, since, kept_since, troubles, zone };
    report.troubles.iter().for_each(super::super::say_trouble);
    let exit = report.exit();
    match context.is_json {
        true => context.print_json(&report.document())?,
        false => context.print(&report.render(context.look))?,
    }
    Ok(exit)
}
