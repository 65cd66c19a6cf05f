//! `apply`: carries out a reviewed plan, exactly that and nothing else.
//!
//! It asks Cardskipper nothing. It reads again just the persons of the plan, and refuses just those
//! that moved; every other rule but the budgets (which the review is for) is proven again.

use std::collections::BTreeSet;
use std::path::Path;

use super::Context;
use super::perform::Performance;
use super::sync::{end_run, finish};
use crate::bounded::{self, Bounded};
use crate::cli::ApplyArgs;
use crate::error::Error;
use crate::exit::Exit;
use crate::gather::{Scope, gather};
use crate::outside::Outside;
use crate::plan::{Change, Facts, closes_on_paid_time, prove_reviewed};
use crate::report::plan_file::{self, Approved, PlanFileError, Reviewed};
use crate::report::{ChangeReport, ChangeState, Report, Trouble};
use crate::store::{OutcomeKind, Store};

/// Runs the command.
///
/// # Errors
/// [`Error`].
pub fn run(context: &Context, args: &ApplyArgs) -> Result<Exit, Error> {
    let _lock = context.take_lock()?;
    let mut store = context.open_store()?;
    let reviewed = match (&args.plan, &args.blocked) {
        (Some(path), _) => from_file(context, path)?,
        (None, id) => from_blocked(context, &store, id.as_deref().unwrap_or_default())?,
    };
    let report = carry_out(context, &context.network(), &mut store, name_of(args), reviewed)?;
    forget(context, &store, args.blocked.as_deref(), &report)?;
    finish(context, &store, &report)
}

/// Carries out the blocked plan with an id against any outside: everything but the lock and the words.
///
/// # Errors
/// [`Error`].
pub fn approve<O: Outside>(
    context: &Context,
    outside: &O,
    store: &mut Store,
    id: &str,
) -> Result<Report, Error> {
    let reviewed = from_blocked(context, store, id)?;
    let report = carry_out(context, outside, store, id.to_owned(), reviewed)?;
    forget(context, store, Some(id), &report)?;
    Ok(report)
}

fn carry_out<O: Outside>(
    context: &Context,
    outside: &O,
    store: &mut Store,
    name: String,
    reviewed: Reviewed,
) -> Result<Report, Error> {
    let store_error = |error| context.store_error(error);
    let scope = Scope { is_offline: true, ..Scope::default() };
    let (gathered, open) = gather(outside, &context.config, store, context.clock, scope)
        .map_err(|error| context.gather_error(error))?;
    let (overtaken, changes) = apart(context, store, &gathered.facts, reviewed)?;
    let proven = prove_reviewed(&gathered.facts, &changes)
        .map_err(|found| Error::Forbidden { name, found })?;
    let run = store.begin_run("apply", context.clock.began()).map_err(store_error)?;

    for device in &context.config.devices {
        store.know_device(&device.name).map_err(store_error)?;
    }
    let mut report = Report::new("apply", Some(run));
    report.devices = gathered.device_reports(&context.config);
    if context.shows_names() {
        report.show_names(gathered.facts.members.iter().map(|facts| &facts.member));
    }
    let performance = Performance { context, run, proven: &proven, changes };
    performance.carry_out(outside, store, (&gathered, open), &mut report)?;
    tell_overtaken(&mut report, overtaken);
    end_run(context, outside, store, &report, None, run)?;
    Ok(report)
}

/// Forgets a blocked plan all of which is carried out.
fn forget(
    context: &Context,
    store: &Store,
    id: Option<&str>,
    report: &Report,
) -> Result<(), Error> {
    match id {
        Some(id) if report.changes.iter().all(|one| one.state.is_confirmed()) => {
            store.forget_blocked(id).map_err(|error| context.store_error(error))
        }
        _ => Ok(()),
    }
}

/// The changes that a newer listing has overtaken, and the others. Whoever was to lose a door and has
/// paid since the plan was made keeps it.
fn apart(
    context: &Context,
    store: &Store,
    facts: &Facts,
    reviewed: Reviewed,
) -> Result<(Vec<Change>, Vec<Change>), Error> {
    let mut news = BTreeSet::new();
    for source in &context.config.sources {
        let state = store.source_state(source.organisation);
        let state = state.map_err(|error| context.store_error(error))?;
        // A plan by a clock that was ahead may be as old as any.
        let is_from_future = reviewed.made_at > context.clock.now();
        if is_from_future || state.fetched_at.is_some_and(|at| at > reviewed.made_at) {
            news.insert(source.organisation);
        }
    }
    Ok(reviewed.changes.into_iter().partition(|change| {
        news.contains(&change.member.organisation) && closes_on_paid_time(facts, change)
    }))
}

/// Adds the overtaken changes to the report, in their places.
fn tell_overtaken(report: &mut Report, overtaken: Vec<Change>) {
    for change in overtaken {
        report.troubles.push(Trouble {
            exit: Exit::StalePlan,
            about: change.device.to_string(),
            text: format!(
                "person {} keeps access: the membership was paid since the plan was made",
                change.employee_no
            ),
            hint: Some(
                "make a new plan with `ivms-sync diff --out PLAN` and look at it again".to_owned(),
            ),
        });
        report.changes.push(ChangeReport {
            change,
            state: ChangeState::Tried(OutcomeKind::Moved),
            error: Some("paid since the plan was made".to_owned()),
        });
    }
    report.changes.sort_by(|a, b| {
        let place = |one: &ChangeReport| {
            (one.change.device.clone(), one.change.kind, one.change.employee_no.clone())
        };
        place(a).cmp(&place(b))
    });
}

/// The plan as it was named: the file, or the id.
fn name_of(args: &ApplyArgs) -> String {
    let id = args.blocked.clone().unwrap_or_default();
    args.plan.as_ref().map_or(id, |path| path.display().to_string())
}

fn from_file(context: &Context, path: &Path) -> Result<Reviewed, Error> {
    let in_file = |error| Error::File { path: path.to_owned(), error };
    let refused = |error| Error::Plan { name: path.display().to_string(), error };
    let bytes = match bounded::read(path, plan_file::MAX_BYTES).map_err(in_file)? {
        Bounded::Whole { bytes, .. } => bytes,
        Bounded::NotAFile => return Err(in_file(bounded::not_a_file())),
        Bounded::TooLarge => {
            let limit = format!("it is longer than {} bytes", plan_file::MAX_BYTES);
            return Err(refused(PlanFileError::NotAPlan(limit)));
        }
    };
    let text = String::from_utf8(bytes)
        .map_err(|_| refused(PlanFileError::NotAPlan("it is not UTF-8 text".to_owned())))?;
    plan_file::read_reviewed(&text, context.clock.began(), Approved::Planned).map_err(refused)
}

fn from_blocked(context: &Context, store: &Store, id: &str) -> Result<Reviewed, Error> {
    let kept = store.blocked(id).map_err(|error| context.store_error(error))?;
    let kept = kept.ok_or_else(|| Error::NoBlockedPlan(id.to_owned()))?;
    plan_file::read_reviewed(&kept.document, context.clock.began(), Approved::Blocked)
        .map_err(|error| Error::Plan { name: id.to_owned(), error })
}
