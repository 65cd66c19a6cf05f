//! The plan that somebody has reviewed: where it is read from, and what it is held against.

use std::collections::BTreeSet;
use std::path::Path;

use crate::cmd::{Context, gates};
use crate::engine::gates::{ReviewedGates, ReviewedRows};
use crate::engine::plan::{Approval, Facts, Held, hold};
use crate::error::Error;
use crate::net::bounded::{self, Bounded};
use crate::report::plan_file::{
    self, Approved, PlanFileError, Reviewed, ReviewedDocuments, Unread,
};
use crate::store::Store;

/// Holds what was approved against what is known now.
pub(super) fn held(
    context: &Context,
    store: &Store,
    facts: &Facts,
    name: String,
    (reviewed, is_kept): (Reviewed, bool),
) -> Result<Held, Error> {
    let is_unsealed = !is_kept && !is_sealed(context, store, &reviewed)?;
    let mut news = BTreeSet::new();
    for source in &context.config.sources {
        let state = store.members().source_state(&source.name)?;
        // A plan by a clock that was ahead may be as old as any.
        let is_from_future = reviewed.made_at > context.clock.now();
        if is_from_future || state.fetched_at.is_some_and(|at| at > reviewed.made_at) {
            news.insert(source.name.clone());
        }
    }
    let approval = match is_kept {
        true => Approval::Kept,
        false if is_unsealed => Approval::Unsealed,
        false => Approval::Sealed(&news),
    };
    hold(facts, reviewed.changes, approval).map_err(|found| Error::Forbidden {
        name: match is_unsealed {
            true => format!("{name}, which was not made as it is with this state file,"),
            false => name,
        },
        found,
    })
}

/// Whether this installation made a plan as it is, under a configuration that decides the same at gates.
fn is_sealed(context: &Context, store: &Store, reviewed: &Reviewed) -> Result<bool, Error> {
    let seal = store.plan_seal(&gates::sealed(&context.config, &reviewed.sha256))?;
    Ok(reviewed.seal == Some(seal))
}

/// The rows of gates of a plan, and whether this installation made it as it is.
pub(super) fn reviewed_rows(
    context: &Context,
    store: &Store,
    reviewed: &Reviewed,
) -> Result<ReviewedGates, Error> {
    let is_sealed = is_sealed(context, store, reviewed)?;
    let each = reviewed.rows.iter();
    Ok(each
        .map(|(gate, rows)| (gate.clone(), ReviewedRows { rows: rows.clone(), is_sealed }))
        .collect())
}

/// A plan file, before anything of it is believed.
pub(super) fn unread(path: &Path) -> Result<Unread, Error> {
    let in_file = |error| Error::NoPlan { path: path.to_owned(), error };
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
    Unread::parse(&text).map_err(refused)
}

/// The documents in a plan file.
pub(super) fn documents_of(
    context: &Context,
    name: &str,
    plan: Unread,
) -> Result<ReviewedDocuments, Error> {
    plan_file::read_documents(plan, context.clock.began())
        .map_err(|error| Error::Plan { name: name.to_owned(), error })
}

/// The plan in a file, and that the state file does not keep it.
pub(super) fn from_file(
    context: &Context,
    name: &str,
    plan: Unread,
) -> Result<(Reviewed, bool), Error> {
    plan_file::read(plan, &context.config.accounts(), context.clock.began(), Approved::Planned)
        .map(|reviewed| (reviewed, false))
        .map_err(|error| Error::Plan { name: name.to_owned(), error })
}

/// The plan that was kept back under an id, and that the state file keeps it.
pub(super) fn from_blocked(
    context: &Context,
    store: &Store,
    id: &str,
) -> Result<(Reviewed, bool), Error> {
    let kept = store.pending().blocked(id)?;
    let kept = kept.ok_or_else(|| Error::NoBlockedPlan(id.to_owned()))?;
    let (accounts, now) = (context.config.accounts(), context.clock.began());
    Unread::parse(&kept.document)
        .and_then(|plan| plan_file::read(plan, &accounts, now, Approved::Blocked))
        .map(|reviewed| (reviewed, true))
        .map_err(|error| Error::Plan { name: id.to_owned(), error })
}
