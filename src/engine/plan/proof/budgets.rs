//! The budgets, counted again, and the last person who can open a door.

use std::collections::BTreeSet;

use super::{Counterexample, Rule, is_untouchable, refuse};
use crate::config::Percent;
use crate::engine::plan::{Change, Facts, Kind, TargetFacts};
use crate::model::{Limit, RecordId, TargetName};

/// The budgets of `[guard]`, counted again.
pub(super) fn check_budgets(facts: &Facts, changes: &[&Change]) -> Result<(), Counterexample> {
    let guard = facts.guard;
    for device in &facts.devices {
        let now = device.local(facts.now);
        let mine = || changes.iter().filter(|change| change.device == device.name);
        let gainers: BTreeSet<&RecordId> = mine()
            .filter(|change| change.kind == Kind::Grant && now <= change.after.end())
            .map(|change| &change.employee_no)
            .collect();
        let (mut linked, mut losers) = (0, 0);
        for employee_no in device.linking.iter().flatten().map(|link| &link.employee_no) {
            let Some(person) = device.persons.get(employee_no) else { continue };
            if is_untouchable(device, employee_no) {
                continue;
            }
            match person.limit {
                Limit::Permanent(_) => continue,
                Limit::Window(held) if now <= held.end() => losers += 1,
                _ if gainers.contains(employee_no) => losers += 1,
                Limit::Window(_) | Limit::Unreadable { .. } | Limit::Unclear { .. } => {}
            }
            linked += 1;
        }
        let share = |percent: Percent, of: usize, at_least: usize| {
            at_least.max(of * usize::from(percent.get()) / 100)
        };
        let mut revoked = mine().filter(|change| change.kind == Kind::Revocation);
        let mut opened = mine().filter(|change| change.kind == Kind::Grant && change.opens_door);
        let (revocations, openings) = (revoked.clone().count(), opened.clone().count());
        let today = device.revoked_last_day + revocations;
        let too_many_revoked = revocations > share(guard.revoke_per_tick, losers, 2)
            || revocations > 0 && today > share(guard.revoke_per_day, losers, 5);
        let too_many_opened =
            !device.is_first_run && openings > share(guard.grant_per_tick, linked, 20);
        let offender = match (too_many_revoked, too_many_opened) {
            (true, _) => revoked.next(),
            (false, true) => opened.next(),
            (false, false) => None,
        };
        if let Some(change) = offender {
            return Err(refuse(change, Rule::Budget));
        }
    }
    Ok(())
}

/// On no device the last linked person who can open the door loses it.
pub(super) fn check_last_person(facts: &Facts, changes: &[&Change]) -> Result<(), Counterexample> {
    for device in &facts.devices {
        let mine = || changes.iter().copied().filter(|change| change.device == device.name);
        if let Some(revocation) = mine().find(|change| change.kind == Kind::Revocation)
            && open_after(facts, device, mine()).is_some_and(|open| open.is_empty())
        {
            return Err(refuse(revocation, Rule::LastPerson));
        }
    }
    Ok(())
}

/// The devices where somebody must be let in before access is taken away: without that nobody could open the door
/// that somebody can open now. A write that is planned may be refused, in one run after the other.
pub(super) fn to_be_opened_first(facts: &Facts, changes: &[&Change]) -> BTreeSet<TargetName> {
    let needs_opening = |device: &&TargetFacts| {
        let mine = || changes.iter().copied().filter(|change| change.device == device.name);
        let is_emptied = |has_openings: bool| {
            let done = mine().filter(|change| has_openings || !change.opens_door);
            open_after(facts, device, done).is_some_and(|open| open.is_empty())
        };
        let takes_away = mine().any(|change| change.kind == Kind::Revocation);
        takes_away && is_emptied(false) && !is_emptied(true)
    };
    facts.devices.iter().filter(needs_opening).map(|device| device.name.clone()).collect()
}

/// The linked persons who can open a device after these changes of it; `None` where nobody can now. Persons who may
/// not be touched are no help: they are not counted before, nor after.
fn open_after<'a>(
    facts: &Facts,
    device: &'a TargetFacts,
    changes: impl Iterator<Item = &'a Change>,
) -> Option<BTreeSet<&'a RecordId>> {
    let now = device.local(facts.now);
    let mut open: BTreeSet<&RecordId> = BTreeSet::new();
    for employee_no in device.linking.iter().flatten().map(|link| &link.employee_no) {
        let limit = device.persons.get(employee_no).and_then(|person| person.limit.window());
        let opens = limit.is_some_and(|window| window.contains(now));
        if opens && !is_untouchable(device, employee_no) {
            open.insert(employee_no);
        }
    }
    if open.is_empty() {
        return None;
    }
    for change in changes {
        if change.after.contains(now) {
            open.insert(&change.employee_no);
        } else {
            open.remove(&change.employee_no);
        }
    }
    Some(open)
}
