//! The checker of a gate's plan: what must hold of every change, worked out anew from rights and rows. Pure.
//!
//! It shares no rule with [`plan`](super::plan::plan): it asks day by day who has a right, and knows nothing of
//! what a row should be.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;

use super::claims::Claim;
use super::plan::{GateFacts, GatePlan, RowChange, time_of};
use crate::config::Mode;
use crate::model::{GateRow, RowEffect, RowTime, RowVerb};

/// A right without an end is written for no longer than this.
const OPEN_DAYS_MAX: i64 = 31;

/// The rule that a change would break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowRule {
    /// P1: whoever has a right now keeps the gate.
    TakesARight,
    /// P2 and P4: nobody gets a day without a right, and no row is without an end.
    GivesMore,
    /// P3: a row of somebody else, one that bars, and one that is protected are not touched.
    NotOurs,
    /// P5: no more rows than the gate holds.
    TooMany,
    /// Nothing is taken away where it cannot be said that the right is over.
    NotSure,
    /// The mode forbids it.
    Mode,
    /// More than `[guard]` allows, or what else needs an approval.
    Budget,
    /// One plate is changed twice.
    Twice,
}

/// Why a plan is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowCounterexample {
    pub rule: RowRule,
    /// The change that breaks it, told by its right.
    pub by: String,
}

impl fmt::Display for RowCounterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.rule {
            RowRule::TakesARight => "would take the gate from a car that has a right now",
            RowRule::GivesMore => "would open the gate on a day without a right",
            RowRule::NotOurs => "would touch a row that is not ours, or is protected",
            RowRule::TooMany => "would be one row too many",
            RowRule::NotSure => "would take access away that may be right",
            RowRule::Mode => "is forbidden by the mode",
            RowRule::Budget => "is more than [guard] allows",
            RowRule::Twice => "is made twice",
        };
        write!(f, "the row of {} {what}", self.by)
    }
}

/// Changes that the checker let through; only it makes one.
#[derive(Debug)]
pub struct ProvenRows(Vec<RowChange>);

impl ProvenRows {
    #[must_use]
    pub fn changes(&self) -> &[RowChange] {
        &self.0
    }
}

/// Checks every change that would be carried out.
///
/// # Errors
/// The first change that breaks a rule.
pub fn prove(facts: &GateFacts<'_>, plan: &GatePlan) -> Result<ProvenRows, RowCounterexample> {
    let changes: Vec<RowChange> = plan.to_do().cloned().collect();
    let mut seen = BTreeSet::new();
    for change in &changes {
        let refuse = |rule| Err(RowCounterexample { rule, by: change.by.to_string() });
        if !seen.insert(change.plate.text()) {
            return refuse(RowRule::Twice);
        }
        if let Some(rule) = broken(facts, change) {
            return refuse(rule);
        }
    }
    let mut adds = changes.iter().filter(|change| change.verb == RowVerb::Add);
    let after = facts.rows.len() + adds.clone().count();
    let is_too_many = facts.capacity.is_some_and(|capacity| after as u64 > capacity);
    if let (true, Some(change)) = (is_too_many, adds.next_back()) {
        return Err(RowCounterexample { rule: RowRule::TooMany, by: change.by.to_string() });
    }
    if let Some(change) = over_budget(facts, &changes) {
        return Err(RowCounterexample { rule: RowRule::Budget, by: change.by.to_string() });
    }
    Ok(ProvenRows(changes))
}

fn broken(facts: &GateFacts<'_>, change: &RowChange) -> Option<RowRule> {
    let (text, today) = (change.plate.text(), facts.now.date());
    let mine = || facts.claims.iter().filter(|claim| claim.plate.text() == text);
    if facts.protect.iter().any(|plate| plate.text() == text) {
        return Some(RowRule::NotOurs);
    }
    let of_plate: Vec<_> =
        facts.rows.iter().filter(|(plate, _)| plate.as_deref() == Some(text)).collect();
    let is_ours = match (&change.there, change.verb) {
        (None, RowVerb::Add) => of_plate.is_empty(),
        (Some(row), RowVerb::Set | RowVerb::Remove) => {
            let own = facts.own.get(text);
            let is_known = own.is_some_and(|own| {
                let has_name = !own.id.is_empty() && !row.id.is_empty();
                has_name && own.id == row.id || !has_name && (own.is_held || row.is_for(own.days))
            });
            let is_there = matches!(of_plate.as_slice(), [(_, there)] if there == row);
            is_known && is_there && row.effect != RowEffect::Bars
        }
        _ => false,
    };
    if !is_ours {
        return Some(RowRule::NotOurs);
    }
    let may_enter_now = mine().any(|claim| !claim.has_ended && gives(claim, today));
    if may_enter_now && !change.days.is_some_and(|days| days.contains(today)) {
        return Some(RowRule::TakesARight);
    }
    if let Some(days) = change.days {
        let is_open = |day| mine().any(|claim| !claim.has_ended && gives(claim, day));
        // What has begun long ago was right then, or is told by the right that runs now.
        let from = days.first().max(today);
        let mut each = from.iter_days().take_while(|day| *day <= days.last());
        let is_given = if days.last() >= today { each.all(is_open) } else { false };
        let has_end = mine().any(|claim| claim.last.is_some_and(|last| last >= days.last()));
        let is_near = days.last().signed_duration_since(today).num_days() <= OPEN_DAYS_MAX;
        if !is_given || !(has_end || is_near) {
            return Some(RowRule::GivesMore);
        }
    }
    let takes = takes_time(facts, change);
    if takes && facts.mode == Mode::GrantOnly {
        return Some(RowRule::Mode);
    }
    let by_stale = || {
        let own = facts.own.get(text);
        own.is_some_and(|own| facts.stale.contains(&own.by.source))
    };
    (takes && (facts.unsure.contains(text) || by_stale())).then_some(RowRule::NotSure)
}

fn gives(claim: &Claim, day: NaiveDate) -> bool {
    claim.first <= day && claim.last.is_none_or(|last| day <= last)
}

/// Whether some moment from now on is lost by a change, and no closed gate opens by it.
fn takes_time(facts: &GateFacts<'_>, change: &RowChange) -> bool {
    let (Some(shown), today) = (&change.there, facts.now.date()) else { return false };
    let own = facts.own.get(change.plate.text());
    let row = &GateRow { time: time_of(own, shown), ..shown.clone() };
    let lets_in_after = change.days.is_some_and(|days| days.contains(today));
    if lets_in_after && !row.opens_at(facts.now) {
        return false;
    }
    let held_until = match row.time {
        RowTime::Known { end, .. } => end.map(|end| end.date()),
        RowTime::Unclear => None,
    };
    if held_until.is_some_and(|last| last < today) {
        return false;
    }
    let Some(days) = change.days else { return true };
    let ends_earlier = held_until.is_none_or(|last| days.last() < last);
    ends_earlier || row.opens_at(facts.now) && !days.contains(today)
}

/// The budgets, counted again.
fn over_budget<'c>(facts: &GateFacts<'_>, changes: &'c [RowChange]) -> Option<&'c RowChange> {
    if facts.approved.is_some() || facts.is_reviewed || facts.mode == Mode::Observe {
        return None;
    }
    let today = facts.now.date();
    let lets_in_newly = |change: &RowChange| {
        change.days.is_some_and(|days| days.contains(today))
            && !change.there.as_ref().is_some_and(|row| row.opens_at(facts.now))
    };
    let mut losing = changes.iter().filter(|change| takes_time(facts, change));
    let mut opening = changes.iter().filter(|change| lets_in_newly(change));
    let (losses, openings) = (losing.clone().count(), opening.clone().count());
    // Only rows that are there can be lost, or come by this run: whoever waits for one has nothing to lose.
    let of = facts.own.len() + openings;
    let share = |percent: u8, least: usize| least.max(of * usize::from(percent) / 100);
    let guard = facts.guard;
    let is_much_lost = losses > share(guard.revoke_per_tick.get(), 2)
        || facts.lost_last_day + losses > share(guard.revoke_per_day.get(), 5)
        || facts.is_configuration_new;
    if losses > 0 && is_much_lost {
        return losing.next();
    }
    if !facts.is_first && openings > share(guard.grant_per_tick.get(), 20) {
        return opening.next();
    }
    None
}
