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
//! What waited for a second look when the plan was made waits on: who reviewed it saw no more than that one
//! listing, and no budget has weighed it. The next tick asks again, and so does a new plan.

use std::collections::BTreeSet;
use std::path::Path;

use super::Context;
use super::carry_out::CarryOut;
use super::sync::{end_run, finish};
use crate::cli::ApplyArgs;
use crate::command::CommandName;
use crate::engine::Systems;
use crate::engine::gather::{Scope, gather};
use crate::engine::plan::{
    Change, Facts, Plan, ProvenPlan, Rule, objection, prove, prove_reviewed,
};
use crate::error::Error;
use crate::exit::Exit;
use crate::net::bounded::{self, Bounded};
use crate::report::plan_file::{self, Approved, PlanFileError, Reviewed};
use crate::report::{ChangeReport, ChangeState, Report};
use crate::store::{OutcomeKind, Store};
use crate::trouble::{Trouble, TroubleKind};

/// Runs the command.
pub fn run(context: &Context, args: &ApplyArgs) -> Result<Exit, Error> {
    let _lock = context.take_lock()?;
    let mut store = context.open_store()?;
    let reviewed = match (&args.plan, &args.blocked) {
        (Some(path), _) => from_file(context, path)?,
        (None, id) => from_blocked(context, &store, id.as_deref().unwrap_or_default())?,
    };
    let report = carry_out(context, &context.network(), &mut store, name_of(args), reviewed)?;
    forget(context, &store, args.blocked.as_deref(), &report)?;
    finish(context, &mut store, &report)
}

/// Carries out the blocked plan with an id against any outside: everything but the lock and the words.
pub fn approve(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    id: &str,
) -> Result<Report, Error> {
    let reviewed = from_blocked(context, store, id)?;
    let report = carry_out(context, systems, store, id.to_owned(), reviewed)?;
    forget(context, store, Some(id), &report)?;
    Ok(report)
}

fn carry_out(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    name: String,
    reviewed: Approval,
) -> Result<Report, Error> {
    let store_error = |error| context.store_error(error);
    let scope = Scope { is_offline: true, ..Scope::default() };
    let (gathered, open) = gather(systems, &context.config, store, context.clock, scope)
        .map_err(|error| context.gather_error(error))?;
    let Held { overtaken, changes, proven } =
        held(context, store, &gathered.facts, name, reviewed)?;
    let run = store.journal().begin_run("apply", context.clock.began()).map_err(store_error)?;

    for device in &context.config.devices {
        store.devices().know_device(&device.name).map_err(store_error)?;
    }
    let mut report = Report::new(CommandName::Apply, Some(run));
    report.devices = gathered.device_reports(&context.config);
    let carry_out = CarryOut { context, run, proven: &proven, changes };
    carry_out.carry_out(systems, store, (&gathered, open), &mut report)?;
    tell_overtaken(&mut report, overtaken);
    if context.shows_names() {
        report.show_names(gathered.facts.members.iter().map(|facts| &facts.member));
        for device in &gathered.facts.devices {
            report.show_person_names(&device.name, &device.persons);
        }
    }
    end_run(context, systems, store, &report, None, run)?;
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
            store.pending().forget_blocked(id).map_err(|error| context.store_error(error))
        }
        _ => Ok(()),
    }
}

/// What a person has approved.
enum Approval {
    File(Reviewed),
    /// A blocked plan of the state file.
    Blocked(Reviewed),
}

/// Changes that must not be carried out any more, each with what has become known since.
type Overtaken = Vec<(Change, Rule)>;

/// What was approved, held against what is known now.
struct Held {
    overtaken: Overtaken,
    /// The others, also those that wait for a second look.
    changes: Vec<Change>,
    proven: ProvenPlan,
}

/// Holds what was approved against what is known now.
fn held(
    context: &Context,
    store: &Store,
    facts: &Facts,
    name: String,
    approval: Approval,
) -> Result<Held, Error> {
    let store_error = |error| context.store_error(error);
    let (reviewed, is_blocked) = match approval {
        Approval::File(reviewed) => (reviewed, false),
        Approval::Blocked(reviewed) => (reviewed, true),
    };
    let (waiting, approved): (Vec<Change>, Vec<Change>) =
        reviewed.changes.into_iter().partition(|change| change.blocked.is_some());
    let seal = store.plan_seal(&reviewed.sha256).map_err(store_error)?;
    if !is_blocked && reviewed.seal != Some(seal) {
        let name = format!("{name}, which was not made as it is with this state file,");
        let plan = Plan { changes: [approved, waiting].concat(), ..Plan::default() };
        let proven = prove(facts, &plan).map_err(|found| Error::Forbidden { name, found })?;
        return Ok(Held { overtaken: Vec::new(), changes: plan.changes, proven });
    }
    let mut news = BTreeSet::new();
    for source in &context.config.sources {
        let state = store.members().source_state(&source.name).map_err(store_error)?;
        // A plan by a clock that was ahead may be as old as any.
        let is_from_future = reviewed.made_at > context.clock.now();
        if is_from_future || state.fetched_at.is_some_and(|at| at > reviewed.made_at) {
            news.insert(&source.name);
        }
    }
    let mut overtaken = Vec::new();
    let mut changes = Vec::with_capacity(approved.len());
    for change in approved {
        let has_news = news.contains(&change.member.source);
        // What waits was kept with all that was known, and `roles` may have changed since.
        match objection(facts, &change, is_blocked || has_news) {
            Some(rule) => overtaken.push((change, rule)),
            None => changes.push(change),
        }
    }
    let proven =
        prove_reviewed(facts, &changes).map_err(|found| Error::Forbidden { name, found })?;
    changes.extend(waiting);
    Ok(Held { overtaken, changes, proven })
}

/// Adds the overtaken changes to the report, in their places.
fn tell_overtaken(report: &mut Report, overtaken: Overtaken) {
    for (change, rule) in overtaken {
        let person = &change.employee_no;
        let (rule, error) = match rule {
            Rule::NoLockOut => (None, "paid for, as is known now".to_owned()),
            rule => (Some(rule.to_string()), rule.to_string()),
        };
        let kind = TroubleKind::Overtaken(person.clone(), rule);
        report.troubles.push(Trouble::of_target(&change.device, kind));
        report.changes.push(ChangeReport {
            change,
            state: ChangeState::Tried(OutcomeKind::Moved),
            error: Some(error),
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

fn from_file(context: &Context, path: &Path) -> Result<Approval, Error> {
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
    plan_file::read_reviewed(
        &text,
        &context.config.accounts(),
        context.clock.began(),
        Approved::Planned,
    )
    .map(Approval::File)
    .map_err(refused)
}

fn from_blocked(context: &Context, store: &Store, id: &str) -> Result<Approval, Error> {
    let kept = store.pending().blocked(id).map_err(|error| context.store_error(error))?;
    let kept = kept.ok_or_else(|| Error::NoBlockedPlan(id.to_owned()))?;
    plan_file::read_reviewed(
        &kept.document,
        &context.config.accounts(),
        context.clock.began(),
        Approved::Blocked,
    )
    .map(Approval::Blocked)
    .map_err(|error| Error::Plan { name: id.to_owned(), error })
}
