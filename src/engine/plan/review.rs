//! What a person has approved, held against what is known now. Pure.

use std::collections::BTreeSet;

use super::{
    Change, Counterexample, Facts, Plan, ProvenPlan, Rule, objection, prove, prove_reviewed,
};
use crate::model::SourceName;

/// Why a reviewed plan may be believed.
#[derive(Debug, Clone, Copy)]
pub enum Approval<'a> {
    /// It was not made as it is by this installation: only what the facts prove holds, budgets and all.
    Unsealed,
    /// This installation made it, and these sources answered since.
    Sealed(&'a BTreeSet<SourceName>),
    /// It was kept with all that was known, and `roles` may have changed since.
    Kept,
}

/// Changes that must not be carried out any more, each with the rule that later news invoke.
pub type Overtaken = Vec<(Change, Rule)>;

/// A reviewed plan as far as it holds.
#[derive(Debug)]
pub struct Held {
    pub overtaken: Overtaken,
    /// The others, also those that wait for a second look.
    pub changes: Vec<Change>,
    pub proven: ProvenPlan,
}

/// Holds the changes of a reviewed plan against the facts. What waited for a second look when it was made
/// waits on.
///
/// # Errors
/// The first [`Counterexample`] of what is not overtaken.
pub fn hold(
    facts: &Facts,
    changes: Vec<Change>,
    approval: Approval<'_>,
) -> Result<Held, Counterexample> {
    let (waiting, approved): (Vec<Change>, Vec<Change>) =
        changes.into_iter().partition(|change| change.blocked.is_some());
    let news = match approval {
        Approval::Unsealed => {
            let plan = Plan { changes: [approved, waiting].concat(), ..Plan::default() };
            let proven = prove(facts, &plan)?;
            return Ok(Held { overtaken: Vec::new(), changes: plan.changes, proven });
        }
        Approval::Sealed(news) => Some(news),
        Approval::Kept => None,
    };
    let mut overtaken = Vec::new();
    let mut changes = Vec::with_capacity(approved.len());
    for change in approved {
        let has_news = news.is_none_or(|news| news.contains(&change.member.source));
        match objection(facts, &change, has_news) {
            Some(rule) => overtaken.push((change, rule)),
            None => changes.push(change),
        }
    }
    let proven = prove_reviewed(facts, &changes)?;
    changes.extend(waiting);
    Ok(Held { overtaken, changes, proven })
}
