//! Persons of whom somebody else may have paid time: who they were before, or who claims them too. Pure.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;

use super::validity::unreadable_here;
use super::{Facts, HolderFacts, TargetFacts};
use crate::engine::link::{NoLink, is_same_person};
use crate::model::RecordId;

/// The members, by person of a device.
type ByPerson<'a> = BTreeMap<&'a RecordId, Vec<&'a HolderFacts>>;

/// Who else has to do with the persons of a device.
#[derive(Debug, Default)]
pub(super) struct Others<'a> {
    /// The members who have left a person to somebody else.
    left: ByPerson<'a>,
    /// The members with a person's name who claim it, and have not got it because another member is linked
    /// to it.
    claiming: ByPerson<'a>,
}

impl<'a> Others<'a> {
    pub(super) fn new(facts: &'a Facts, device: &'a TargetFacts) -> Self {
        let mut others = Self::default();
        for (member, link) in facts.linked(device) {
            let (persons, by_person, needs_name) = match link {
                Err(NoLink::Yielded { persons, .. }) => (persons, &mut others.left, false),
                Err(NoLink::Ambiguous { persons, .. }) => (persons, &mut others.claiming, true),
                _ => continue,
            };
            for person in persons {
                let has_name = |name: &str| is_same_person(&member.member, name);
                let found = device.persons.get(person);
                if !needs_name || found.is_some_and(|found| has_name(&found.name)) {
                    by_person.entry(person).or_default().push(member);
                }
            }
        }
        others
    }

    /// Whether somebody has left the person to another member who has lost a role there by the configuration:
    /// what is held may be that one's time.
    pub(super) fn left_by_configuration(
        &self,
        facts: &Facts,
        device: &TargetFacts,
        employee_no: &RecordId,
    ) -> bool {
        let mut left = self.left.get(employee_no).into_iter().flatten();
        left.any(|gone| facts.loses_a_role_by_configuration(device, gone))
    }

    /// The member with the person's name who claims it and has paid time: it may be the same human being
    /// with a new number or in another organisation, who must not lose the door with the old membership.
    pub(super) fn claims_with_time(
        &self,
        facts: &Facts,
        device: &TargetFacts,
        employee_no: &RecordId,
        now: NaiveDateTime,
    ) -> Option<&'a HolderFacts> {
        let mut claiming = self.claiming.get(employee_no).into_iter().flatten().copied();
        claiming.find(|one| has_time(facts, device, one, now))
    }
}

/// Whether a member has paid time now or later, as far as anybody knows.
fn has_time(facts: &Facts, device: &TargetFacts, member: &HolderFacts, now: NaiveDateTime) -> bool {
    let paid = facts.entitlement(device, member).and_then(|paid| paid.validity());
    paid.is_some_and(|validity| validity.window.end() >= now)
}

/// The member who left the person to `member`, is another one by number, and has paid time left as
/// far as anybody knows: a listing that lacks somebody by mistake must not cost them the door.
///
/// An equal number is the same human being with a corrected birth date.
pub(super) fn paid_before<'a>(
    facts: &Facts,
    (device, others): (&TargetFacts, &Others<'a>),
    member: &HolderFacts,
    employee_no: &RecordId,
    now: NaiveDateTime,
) -> Option<&'a HolderFacts> {
    let mut gone = others.left.get(employee_no).into_iter().flatten().copied();
    gone.find(|gone| {
        let is_same = gone.member.key.is_same_human(&member.member.key);
        let Some(source) = facts.sources.get(&gone.member.key.source) else { return false };
        let roles = device.opening_rights(source);
        !is_same
            && (has_time(facts, device, gone, now)
                || gone.problem.is_some()
                || unreadable_here(&gone.member, &roles).is_some())
    })
}
