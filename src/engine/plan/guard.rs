//! Budgets: how much one tick or one day may change before a person must look.
//!
//! Over budget the whole class waits: half of a mass revocation is as wrong as all of it. Shares are of those
//! who can be harmed, not of everybody who is enrolled.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;

use super::{Budget, Change, Facts, Kind, TargetFacts, is_protected};
use crate::config::{Guard, Mode};
use crate::model::{Limit, Record, RecordId};

/// Always allowed, however small the device.
const REVOKE_PER_TICK_FLOOR: usize = 2;
const REVOKE_PER_DAY_FLOOR: usize = 5;
const GRANT_PER_TICK_FLOOR: usize = 20;

/// How many closed doors may be opened in one tick, of so many linked persons; `None`: as many as there
/// are, on a device's first run.
fn openings_allowed(guard: Guard, device: &TargetFacts, linked: usize) -> Option<usize> {
    let share = guard.grant_per_tick.share_of(linked).max(GRANT_PER_TICK_FLOOR);
    (!device.is_first_run).then_some(share)
}

/// The linked persons of a device that a plan may change, and what each holds.
fn touchable(device: &TargetFacts) -> impl Iterator<Item = &Record> {
    let linked = device.linking.iter().flatten();
    let persons = linked.filter_map(|link| device.persons.get(&link.employee_no));
    persons.filter(|person| {
        !is_protected(device, person) && !matches!(person.limit, Limit::Permanent(_))
    })
}

/// Marks the changes of a device that must wait. In mode "observe" none does: nothing is written
/// there, so nothing waits for approval.
///
/// Of the grants only those that open a closed door wait: keeping back an extension would lock out
/// somebody who is inside today.
pub fn apply_budgets(facts: &Facts, device: &TargetFacts, changes: &mut [Change]) {
    if device.mode == Mode::Observe {
        return;
    }
    let now = device.local(facts.now);
    // What waits for something else is not carried out, and counts when it is.
    let mine = |change: &Change| change.device == device.name && change.blocked.is_none();
    let count = |wanted: &dyn Fn(&Change) -> bool| {
        changes.iter().filter(|change| mine(change) && wanted(change)).count()
    };
    let revocations = count(&|change| change.kind == Kind::Revocation);
    let opened = count(&|change| change.kind == Kind::Grant && change.opens_door);
    let allowed = openings_allowed(facts.guard, device, touchable(device).count());
    let grant_over = allowed.is_some_and(|limit| opened > limit).then_some(Budget::GrantPerTick);
    // Who is given time in this tick has time to lose in the next one: so a plan that was carried out
    // makes no room for what waited.
    let gains: BTreeSet<&RecordId> = changes
        .iter()
        .filter(|change| mine(change) && change.kind == Kind::Grant && change.after.end() >= now)
        .filter(|change| grant_over.is_none() || !change.opens_door)
        .map(|change| &change.employee_no)
        .collect();
    let has_time = |person: &&Record| {
        person.limit.window().is_some_and(|window| window.end() >= now)
            || gains.contains(&person.employee_no)
    };
    let with_time = touchable(device).filter(has_time).count();
    let per_tick = facts.guard.revoke_per_tick.share_of(with_time).max(REVOKE_PER_TICK_FLOOR);
    let per_day = facts.guard.revoke_per_day.share_of(with_time).max(REVOKE_PER_DAY_FLOOR);
    let revoke_over = if revocations > per_tick {
        Some(Budget::RevokePerTick)
    } else if revocations > 0 && device.revoked_last_day + revocations > per_day {
        Some(Budget::RevokePerDay)
    } else {
        let is_emptied = || {
            let carried_out = changes
                .iter()
                .filter(|change| mine(change))
                .filter(|change| grant_over.is_none() || !change.opens_door)
                .map(|change| (&change.employee_no, change));
            is_emptied(device, &carried_out.collect(), now)
        };
        (revocations > 0 && is_emptied()).then_some(Budget::LastPerson)
    };

    for change in changes.iter_mut().filter(|change| mine(change)) {
        change.blocked = match change.kind {
            Kind::Revocation => revoke_over,
            Kind::Grant if change.opens_door => grant_over,
            Kind::Grant => None,
        };
    }
}

/// Whether some linked person can open the door now, and none could after these changes.
///
/// Whoever may not be touched does not count, on either side: the members' way in must not depend on
/// the caretaker's.
fn is_emptied(
    device: &TargetFacts,
    changes: &BTreeMap<&RecordId, &Change>,
    now: NaiveDateTime,
) -> bool {
    let is_open_after = |person: &Record| match changes.get(&person.employee_no) {
        Some(change) => change.after.contains(now),
        None => person.limit.opens_at(now),
    };
    let mut was_open = false;
    let is_somebody_left = touchable(device).any(|person| {
        was_open |= person.limit.opens_at(now);
        is_open_after(person)
    });
    was_open && !is_somebody_left
}
