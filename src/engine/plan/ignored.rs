//! Memberships that cannot be right, beside others of the same member that count. Pure.

use super::validity::covered;
use super::{Facts, HolderFacts, LeftOut, Reason, SourceFacts, TargetFacts};
use crate::model::{Right, RightCode, Span, UnreadableRight};

/// The roles of a member that cannot be right, where others of the member count.
pub(super) fn ignored_roles(
    facts: &Facts,
    source: &SourceFacts,
    member: &HolderFacts,
) -> Option<LeftOut> {
    let opens = |role: &RightCode, device: &TargetFacts| device.opening_rights(source).open(role);
    let opens_some_door = |role: &RightCode| facts.devices.iter().any(|device| opens(role, device));
    let counts_somewhere = |role: &Right| {
        let mut doors = facts.devices.iter().filter(|device| opens(&role.id, device));
        doors.any(|device| covered(role, 0, device.limits).is_some())
    };
    let door_roles = member.member.roles.iter().filter(|role| opens_some_door(&role.id));
    let (good, bad): (Vec<&Right>, Vec<&Right>) =
        door_roles.partition(|role| counts_somewhere(role));
    let unreadable: Vec<&UnreadableRight> =
        member.member.unreadable.iter().filter(|role| opens_some_door(&role.id)).collect();
    let is_doubtful = !unreadable.is_empty();
    if good.is_empty() || (bad.is_empty() && !is_doubtful) || member.problem.is_some() {
        return None;
    }
    // Its last day may still be running on one of the doors.
    let is_current = |role: &Right| {
        let Span::Wall { begin, end } = role.time;
        facts.devices.iter().any(|device| begin.max(end) >= device.local(facts.now))
    };
    let unreadable = unreadable.iter().map(ToString::to_string);
    let roles: Vec<String> = bad.iter().map(|role| said(role)).chain(unreadable).collect();
    Some(LeftOut {
        reason: Reason::BadDates,
        source: source.name.clone(),
        member: member.member.key.clone(),
        device: None,
        detail: Some(format!("ignored, the others count: {}", roles.join(", "))),
        persons: Vec::new(),
        has_paid_time: is_doubtful || bad.iter().any(|role| is_current(role)),
        is_ignored: true,
    })
}

fn said(role: &Right) -> String {
    let Span::Wall { begin, end } = role.time;
    format!("role {} from {} to {}", role.id, begin.date(), end.date())
}
