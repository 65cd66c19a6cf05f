//! Budgets: how much one tick or one day may change before a person must look.
//!
//! Over budget, the whole class waits: half of a mass revocation is as wrong as all of it.
//! Source: design.md sections 3 (`[guard]`) and 5.2.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;

use super::{Budget, Change, DeviceFacts, Facts, Kind, is_protected};
use crate::config::{Guard, Mode};
use crate::model::{EmployeeNo, Person, PersonLimit};

/// Always allowed, however small the device. Source: design.md section 3.
const REVOKE_PER_TICK_FLOOR: usize = 2;
const REVOKE_PER_DAY_FLOOR: usize = 5;
const GRANT_PER_TICK_FLOOR: usize = 20;

/// How much one device may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Revocations in this tick.
    pub revoke_per_tick: usize,
    /// Revocations in this tick and the 24 hours before it.
    pub revoke_per_day: usize,
    /// Closed doors opened in this tick; `None`: no limit, on a device's first run.
    pub grant_per_tick: Option<usize>,
}

/// What the budgets come to on one device.
#[must_use]
pub fn allowance(guard: Guard, device: &DeviceFacts) -> Allowance {
    let persons = device.persons.len();
    Allowance {
        revoke_per_tick: guard.revoke_per_tick.of(persons).max(REVOKE_PER_TICK_FLOOR),
        revoke_per_day: guard.revoke_per_day.of(persons).max(REVOKE_PER_DAY_FLOOR),
        grant_per_tick: (!device.is_first_run)
            .then(|| guard.grant_per_tick.of(persons).max(GRANT_PER_TICK_FLOOR)),
    }
}

/// Marks the changes of a device that must wait. In mode "observe" none does: nothing is written
/// there, so nothing waits for approval.
///
/// Of the grants only those that open a closed door wait: keeping back an extension would lock out
/// somebody who is inside today.
pub fn apply_budgets(facts: &Facts, device: &DeviceFacts, changes: &mut [Change]) {
    if device.mode == Mode::Observe {
        return;
    }
    let allowed = allowance(facts.guard, device);
    let mine = |change: &Change| change.device == device.name;
    let count = |wanted: &dyn Fn(&Change) -> bool| {
        changes.iter().filter(|change| mine(change) && wanted(change)).count()
    };
    let revocations = count(&|change| change.kind == Kind::Revocation);
    let opened = count(&|change| change.kind == Kind::Grant && change.opens_door);

    let grant_over =
        allowed.grant_per_tick.is_some_and(|limit| opened > limit).then_some(Budget::GrantPerTick);
    let revoke_over = if revocations > allowed.revoke_per_tick {
        Some(Budget::RevokePerTick)
    } else if revocations > 0 && device.revoked_last_day + revocations > allowed.revoke_per_day {
        Some(Budget::RevokePerDay)
    } else {
        let is_emptied = || {
            let carried_out = changes
                .iter()
                .filter(|change| mine(change))
                .filter(|change| grant_over.is_none() || !change.opens_door)
                .map(|change| (&change.employee_no, change));
            is_emptied(device, &carried_out.collect(), device.local(facts.now))
        };
        (revocations > 0 && is_emptied()).then_some(Budget::LastPerson)
    };

    for change in changes.iter_mut().filter(|change| change.device == device.name) {
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
    device: &DeviceFacts,
    changes: &BTreeMap<&EmployeeNo, &Change>,
    now: NaiveDateTime,
) -> bool {
    let linked = device.linking.iter().flatten();
    let persons = linked.filter_map(|link| device.persons.get(&link.employee_no));
    let mut touchable = persons.filter(|person| {
        !is_protected(device, person) && !matches!(person.limit, PersonLimit::Permanent(_))
    });
    let is_open_after = |person: &Person| match changes.get(&person.employee_no) {
        Some(change) => change.after.contains(now),
        None => person.limit.opens_at(now),
    };
    let mut was_open = false;
    let is_somebody_left = touchable.any(|person| {
        was_open |= person.limit.opens_at(now);
        is_open_after(person)
    });
    was_open && !is_somebody_left
}
