//! Persons who have changed hands: whose they were, and whether that member has paid time left. Pure.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;

use super::validity::{DoorRoles, unreadable_here};
use super::{DeviceFacts, Facts, MemberFacts};
use crate::link::NoLink;
use crate::model::EmployeeNo;

/// The members who have left each person of a device to somebody else.
pub(super) type LeftBy<'a> = BTreeMap<&'a EmployeeNo, Vec<&'a MemberFacts>>;

pub(super) fn left_by<'a>(facts: &'a Facts, device: &'a DeviceFacts) -> LeftBy<'a> {
    let mut left = LeftBy::new();
    for (member, link) in facts.members.iter().zip(&device.linking) {
        if let Err(NoLink::Yielded { persons, .. }) = link {
            for person in persons {
                left.entry(person).or_default().push(member);
            }
        }
    }
    left
}

/// The member who left the person to `member`, is another one by number, and has paid time left as
/// far as anybody knows: a listing that lacks somebody by mistake must not cost them the door.
///
/// An equal number is the same human being with a corrected birth date.
pub(super) fn paid_before<'a>(
    facts: &Facts,
    (device, left): (&DeviceFacts, &LeftBy<'a>),
    member: &MemberFacts,
    employee_no: &EmployeeNo,
    now: NaiveDateTime,
) -> Option<&'a MemberFacts> {
    let mut gone = left.get(employee_no).into_iter().flatten().copied();
    gone.find(|gone| {
        let (old, new) = (gone.member.key, member.member.key);
        let is_same = (old.organisation, old.number) == (new.organisation, new.number);
        let Some(paid) = facts.entitlement(device, gone) else { return false };
        let has_paid = paid.validity().is_some_and(|validity| validity.window.end() >= now);
        let Some(source) = facts.sources.get(&old.organisation) else { return false };
        let roles = DoorRoles { source: source.roles.as_ref(), device: device.roles.as_ref() };
        !is_same
            && (has_paid
                || gone.problem.is_some()
                || unreadable_here(&gone.member, &roles).is_some())
    })
}
