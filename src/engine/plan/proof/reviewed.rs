//! What a plan file of our own is held against when it is carried out: what became known since.
//!
//! That such a plan was proven when it was made, and is still what it was, is known by its seal. A plan
//! without that seal has no such past: it must be proven whole from what is known now, like any other.

use super::{PaidTime, Rule, check_access};
use crate::engine::plan::{Cause, Change, Facts};

/// Why a change of our own plan must not be carried out any more. `is_overtaken`: the facts hold all that the
/// plan knew, and maybe more; otherwise the plan may know more than they do, and only a link to somebody else
/// speaks against it.
#[must_use]
pub fn objection(facts: &Facts, change: &Change, is_overtaken: bool) -> Option<Rule> {
    let device = facts.devices.iter().find(|device| device.name == change.device)?;
    let person = &change.employee_no;
    // Whose birth date was corrected is still the same member.
    let both = || facts.linked(device);
    let is_linked = |link: &Result<crate::engine::link::Link, _>| {
        link.as_ref().is_ok_and(|link| link.employee_no == *person)
    };
    let is_taken =
        both().any(|(one, link)| is_linked(link) && !one.member.key.is_same_human(&change.member));
    // Somebody approved the end of a person who was linked to nobody.
    if is_taken || change.cause == Cause::Released && device.linking.iter().any(is_linked) {
        return Some(Rule::Linked);
    }
    if change.cause == Cause::Released {
        return None;
    }
    if !is_overtaken {
        return None;
    }
    let source = facts.sources.get(&change.member.source)?;
    let known = both().find(|(one, _)| one.member.key == change.member);
    let Some((member, _)) = known.filter(|(_, link)| is_linked(link)) else {
        return Some(Rule::Linked);
    };
    if member.problem.is_some() {
        return Some(Rule::NoStranger);
    }
    let paid = PaidTime::new(facts, device, source, member);
    check_access(&paid, change, device.local(facts.now), device).err()
}
