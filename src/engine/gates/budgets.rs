//! Budgets of a gate: how many rows may lose time, or let somebody in, before a person must look. Pure.

use std::collections::BTreeSet;

use super::plan::{GateFacts, GatePlan, RowChange};
use crate::config::{Mode, Percent};
use crate::model::Budget;

/// Always allowed, however short the list.
const LOSSES_PER_TICK_FLOOR: usize = 2;
const LOSSES_PER_DAY_FLOOR: usize = 5;
const OPENINGS_PER_TICK_FLOOR: usize = 20;

/// Marks the changes that must wait. Where nothing is written nothing waits.
pub(super) fn apply_budgets(facts: &GateFacts<'_>, plan: &mut GatePlan) {
    if facts.mode == Mode::Observe {
        return;
    }
    let count = |wanted: &dyn Fn(&RowChange) -> bool| {
        plan.changes.iter().filter(|change| wanted(change)).count()
    };
    let (losses, openings) = (count(&|change| change.loses), count(&|change| change.opens));
    let own = facts.own.len();
    let share = |percent: Percent, of, floor| percent.share_of(of).max(floor);
    let may_open = share(facts.guard.grant_per_tick, own + openings, OPENINGS_PER_TICK_FLOOR);
    let over_openings = (!facts.is_first && openings > may_open).then_some(Budget::GrantPerTick);
    // Who is let in by this run has a row to lose in the next one, and who waits has none.
    let with_time = own + if over_openings.is_none() { openings } else { 0 };
    let over_losses = if losses == 0 {
        None
    } else if facts.is_configuration_new {
        Some(Budget::RolesChanged)
    } else if losses > share(facts.guard.revoke_per_tick, with_time, LOSSES_PER_TICK_FLOOR) {
        Some(Budget::RevokePerTick)
    } else if facts.lost_last_day + losses
        > share(facts.guard.revoke_per_day, with_time, LOSSES_PER_DAY_FLOOR)
    {
        Some(Budget::RevokePerDay)
    } else {
        is_emptied(facts, plan, over_openings.is_some()).then_some(Budget::LastPerson)
    };
    for change in &mut plan.changes {
        change.blocked = match change {
            RowChange { loses: true, .. } => over_losses,
            RowChange { opens: true, .. } => over_openings,
            _ => None,
        };
    }
    if facts.approved.is_some() && plan.blocked_id().as_deref() == facts.approved {
        plan.changes.retain(|change| change.blocked.is_some());
        plan.changes.iter_mut().for_each(|change| change.blocked = None);
        plan.is_approved = true;
    }
}

/// Whether a row of ours opens the gate now, and none would afterwards; `no_openings`: whoever would be let in waits.
fn is_emptied(facts: &GateFacts<'_>, plan: &GatePlan, no_openings: bool) -> bool {
    let of_own = facts
        .rows
        .iter()
        .filter(|(plate, _)| plate.as_ref().is_some_and(|plate| facts.own.contains_key(plate)));
    let open: BTreeSet<&str> = of_own
        .filter(|(_, row)| row.opens_at(facts.now))
        .filter_map(|(plate, _)| plate.as_deref())
        .collect();
    let mut left = open.clone();
    for change in plan.changes.iter().filter(|change| !(no_openings && change.opens)) {
        match change.days {
            Some(days) if days.contains(facts.now.date()) => left.insert(change.plate.text()),
            _ => left.remove(change.plate.text()),
        };
    }
    !open.is_empty() && left.is_empty()
}
