//! One member on one device: what it holds, what it should hold, and what the next run does. Pure.

use super::TargetStory;
use super::why::{Standing, next, remedy, why};
use crate::engine::link::Link;
use crate::engine::plan::{Facts, HolderFacts, Plan, TargetFacts, is_in_sync, shut_out};
use crate::model::{RecordId, RecordStanding};
use crate::report::{TargetOutcome, text};
use crate::store::Uncommitted;

/// How a device was asked, and what waits there.
#[derive(Debug, Clone, Copy)]
pub struct HowAsked<'a> {
    /// What the system of the member is called.
    pub system: &'static str,
    pub outcome: TargetOutcome,
    pub is_offline: bool,
    /// The plan that waits for approval.
    pub blocked: Option<&'a str>,
    /// Nothing is written to the device until it is accepted.
    pub is_stopped: bool,
}

/// What is to be said of a member on a device: what it holds, what it should hold and why, and what the next
/// run does. What the state file alone knows is left open.
#[must_use]
pub fn on_device(
    facts: &Facts,
    tick: &Plan,
    (member, place): (&HolderFacts, usize),
    device: &TargetFacts,
    how: HowAsked<'_>,
) -> TargetStory {
    let now = device.local(facts.now);
    let key = &member.member.key;
    let desired = facts.entitlement(device, member).and_then(|found| found.validity());
    let link = device.linking.get(place);
    let linked = link.and_then(|link| link.as_ref().ok());
    let person = linked.and_then(|link| device.persons.get(&link.employee_no));
    let actual = person.map(|person| person.limit);
    let change =
        tick.changes.iter().find(|change| change.member == *key && change.device == device.name);
    let left_out = tick.left_out.iter().find(|one| {
        one.member == *key && one.device.as_ref().is_none_or(|name| *name == device.name)
    });
    let elsewhere = shut_out(facts, member, device).filter(|_| person.is_none());
    let left_out = left_out.or(elsewhere.as_ref());
    let is_barred = person.is_some_and(|person| person.standing == RecordStanding::Barred);
    let opens_now = !is_barred && actual.is_some_and(|limit| limit.opens_at(now));
    // The name of a linked person stands beside the number already.
    let name_of = |id: &RecordId| match linked {
        Some(_) => None,
        None => device.persons.get(id).map(|person| person.name.as_str()),
    };
    let reason = || left_out.map(|one| (one, text::detail(one, name_of)));
    let next = next(change, reason().filter(|_| person.is_some()), how.is_stopped);
    let in_sync = is_in_sync(desired, actual, now);
    let mut why = if is_barred {
        "This person is barred on the door, whatever the dates say.".to_owned()
    } else {
        why(member, link, desired.map(|v| v.window), actual, now, reason(), how.system)
    };
    let is_unasked = how.outcome != TargetOutcome::Ok && !how.is_offline;
    if is_unasked {
        why = format!("The door could not be asked now; this is from memory. {why}");
    }
    let standing = Standing {
        member,
        system: how.system,
        is_linked: linked.is_some(),
        is_barred,
        opens_now,
        is_paid_now: desired.is_some_and(|validity| validity.window.contains(now)),
        change,
        left_out,
        blocked: how.blocked,
        is_stopped: how.is_stopped,
    };
    let remedy = if is_unasked {
        Some("See what keeps it from answering: ivms-sync check".to_owned())
    } else {
        remedy(&standing)
    };
    TargetStory {
        name: device.name.clone(),
        employee_no: linked.map(|link| link.employee_no.clone()),
        person_name: person.map(|person| person.name.clone()).filter(|name| !name.is_empty()),
        linked_by: linked.map(|link: &Link| link.rule),
        is_link_kept: linked.is_some_and(|link| link.is_outdated),
        actual,
        expected: desired.map(|validity| validity.window),
        in_step: in_sync,
        opens_now,
        why,
        left_out: left_out.map(|one| one.reason),
        next,
        remedy,
        in_force: None,
        not_in_force_since: None,
        confirmed_at: None,
        read_at: None,
    }
}

/// The same of a person whose dates are written and not in force at the doors, which go by those of before: one
/// whom a door is to let in again is outside still.
#[must_use]
pub fn not_in_force(story: TargetStory, open: &Uncommitted, since: &str) -> TargetStory {
    let doors = if open.opens_door { "; the doors do not open yet" } else { "" };
    TargetStory {
        why: format!(
            "Written, not yet in force at the doors (since {since}){doors}. {}",
            story.why
        ),
        opens_now: story.opens_now && !open.opens_door,
        in_step: false,
        remedy: Some(
            "The next run asks what became of it; see that the devices are on and reachable from the \
             platform."
                .to_owned(),
        ),
        not_in_force_since: Some(open.since),
        ..story
    }
}
