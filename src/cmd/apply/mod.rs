//! `apply`: carries out a reviewed plan, exactly that and nothing else.
//!
//! It asks Cardskipper nothing. It reads again just the persons of the plan, and refuses just those
//! that moved; every other rule but the budgets (which the review is for) is proven again.
//!
//! A plan file says who made it by its seal. One that this installation made may know more than the state
//! file, since `diff` records nothing there: what became known after it was made is held against it. Any
//! other (edited and hashed anew, or made with another state file) is worth only what can be proven from
//! the state file alone, budgets and all; where that knows nothing yet, that is nothing.
//!
//! Rows of gates are held against what is known by the same rules, and so is each row itself: one that has moved, or
//! does not follow any more, is left out and told.
//!
//! What waited for a second look when the plan was made waits on: who reviewed it saw no more than that one
//! listing, and no budget has weighed it. The next tick asks again, and so does a new plan.

mod event;
mod reviewed;

use super::{Context, documents, gates, record};
use crate::cli::ApplyArgs;
use crate::command::CommandName;
use crate::config::Environment;
use crate::engine::Systems;
use crate::engine::gather::{Scope, gather};
use crate::engine::plan::Held;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::TargetName;
use crate::report::Report;
use crate::report::plan_file::{PlanFileError, Reviewed};
use crate::store::Store;
use reviewed::{documents_of, from_blocked, from_file, held, reviewed_rows, unread};

/// Runs the command.
pub fn run(context: &Context, environment: &Environment, args: &ApplyArgs) -> Result<Exit, Error> {
    if let Some(from) = &args.event {
        return event::run(context, environment, args, from);
    }
    if let Some(typed) = &args.settle {
        return documents::settle_by_hand(context, typed);
    }
    if let (Some(path), Some(to)) = (&args.plan, &args.to) {
        return documents::apply(context, path, to);
    }
    let plan = args.plan.as_deref().map(|path| (path, unread(path)));
    let are_documents = match (&plan, &args.blocked) {
        (_, Some(id)) => documents::waits_under(context, id)?,
        (Some((_, Ok(plan))), _) => plan.is_of_documents(),
        _ => false,
    };
    // What is wrong with a plan is said once nobody else is at work.
    let _lock = match are_documents {
        true => {
            context.of_documents.note();
            documents::take_lock(context)?
        }
        false => context.take_lock()?,
    };
    let mut store = context.open_store()?;
    let network = context.network();
    let report = match plan {
        Some((path, plan)) => {
            let (plan, name) = (plan?, path.display().to_string());
            if are_documents {
                let plan = documents_of(context, &name, plan)?;
                return documents::reviewed(context, &store, &name, &plan);
            }
            let reviewed = from_file(context, &name, plan)?;
            carry_out(context, &network, &mut store, name, reviewed)?
        }
        None => {
            let id = args.blocked.as_deref().unwrap_or_default();
            if let Some(exit) = documents::approve(context, &network, &store, id)? {
                return Ok(exit);
            }
            approve(context, &network, &mut store, id)?
        }
    };
    context.finish(&mut store, &report)
}

/// Carries out what waits under an id, at a gate or at doors, against any outside: everything but the lock and
/// the words.
pub fn approve(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    id: &str,
) -> Result<Report, Error> {
    if let Some(report) = gates::approve(context, systems, store, id)? {
        return Ok(report);
    }
    let reviewed = from_blocked(context, store, id)?;
    let report = carry_out(context, systems, store, id.to_owned(), reviewed)?;
    // All of it is carried out.
    if report.changes.iter().all(|one| one.state.is_confirmed()) {
        store.pending().forget_blocked(id)?;
    }
    Ok(report)
}

fn carry_out(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    name: String,
    reviewed: (Reviewed, bool),
) -> Result<Report, Error> {
    let (made_at, rows) = (reviewed.0.made_at, reviewed_rows(context, store, &reviewed.0)?);
    let is_known = |name: &TargetName| context.config.gates.iter().any(|gate| gate.name == *name);
    if let Some(gate) = rows.keys().find(|name| !is_known(name)) {
        let error = PlanFileError::NotAPlan(format!("the configuration has no gate {gate}"));
        return Err(Error::Plan { name, error });
    }
    let scope = Scope { is_offline: true, ..Scope::default() };
    let (gathered, open) = gather(systems, &context.config, store, context.clock, scope)?;
    let Held { overtaken, changes, proven } =
        held(context, store, &gathered.facts, name, reviewed)?;
    let run = context.begin_run(CommandName::Apply, store)?;

    for device in &context.config.devices {
        store.devices().know_device(&device.name)?;
    }
    let mut report = Report::new(CommandName::Apply, Some(run));
    report.devices = gathered.device_reports(&context.config);
    let done = context.carry_out(run, &proven).carry_out(systems, store, (&gathered, open));
    report.take_carried_out(changes, done?);
    record::why_not_done(context, store, &report)?;
    report.take_overtaken(overtaken);
    if !rows.is_empty() {
        match gates::reviewed(context, systems, store, run, (&rows, made_at)) {
            Ok(done) => report.take_gates(done),
            Err(error) => {
                // A run without an end has died, and this one has not; doors may be written to by now.
                report.troubles.extend(error.troubles());
                record::end_run(context, systems, store, &report, None, run)?;
                return Err(error);
            }
        }
        report.shows_plates = context.shows_names();
    }
    if context.shows_names() {
        report.show_names(&gathered.facts);
    }
    record::end_run(context, systems, store, &report, None, run)?;
    Ok(report)
}
