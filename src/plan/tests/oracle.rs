//! A third opinion on plans: brute force, moment by moment.
//!
//! It shares no code with the planner and none with the proof. It asks of every moment where anything
//! begins or ends whether the door is open before, open after, and paid for, and knows no windows
//! beyond that. What it has to say about a plan that the proof lets pass must be nothing.

use std::collections::BTreeSet;

use chrono::{NaiveDateTime, TimeDelta, Timelike};

use super::super::{Budget, Change, DeviceFacts, Facts, Kind, MemberFacts, Plan, Standing};
use crate::config::{Ending, Mode, Percent};
use crate::link::NoLink;
use crate::model::{EmployeeNo, PersonLimit, UserType};

const SECOND: TimeDelta = TimeDelta::seconds(1);

/// The last second that doors know.
fn last_of_all() -> NaiveDateTime {
    super::world::time("2037-12-31T23:59:59")
}

fn now_at(facts: &Facts, device: &DeviceFacts) -> NaiveDateTime {
    let local = facts.now.with_timezone(&device.time_zone).naive_local();
    local - TimeDelta::nanoseconds(i64::from(local.nanosecond()))
}

/// The last second of each role that opens the door, by its first; roles that can not be right, and
/// ended memberships, are not in it.
fn paid_spans(
    facts: &Facts,
    device: &DeviceFacts,
    member: &MemberFacts,
) -> Vec<(NaiveDateTime, NaiveDateTime)> {
    let source = &facts.sources[&member.member.key.organisation];
    let ended = (member.member.inactive && facts.policy.inactive == Ending::End)
        || (member.is_vanished && facts.policy.vanished == Ending::End);
    let mut spans = Vec::new();
    for role in &member.member.roles {
        let opens = source.roles.as_ref().is_none_or(|some| some.contains(&role.id))
            && device.roles.as_ref().is_none_or(|some| some.contains(&role.id));
        let mut last = role.end;
        if last.num_seconds_from_midnight() == 0 && last.nanosecond() == 0 {
            last += TimeDelta::seconds(86_399);
        }
        if opens && !ended && role.begin <= last {
            spans.push((role.begin, last + TimeDelta::days(i64::from(facts.policy.grace_days))));
        }
    }
    spans
}

fn is_open(limit: &PersonLimit, at: NaiveDateTime) -> bool {
    match limit {
        PersonLimit::Window(window) => window.begin() <= at && at <= window.end(),
        PersonLimit::Permanent(_) => true,
        PersonLimit::Unclear { .. } | PersonLimit::Unreadable { .. } => false,
    }
}

fn may_be_touched(device: &DeviceFacts, id: &EmployeeNo) -> bool {
    let person = &device.persons[id];
    !device.protect.contains(id)
        && !person.is_device_admin
        && person.user_type != UserType::BlackList
        && !matches!(person.limit, PersonLimit::Permanent(_))
}

/// What a change does from now on, seen moment by moment.
struct Seen {
    opens: bool,
    revokes: bool,
    stranger: bool,
    locked_out: bool,
}

fn look(
    paid: &[(NaiveDateTime, NaiveDateTime)],
    before: &PersonLimit,
    after: &PersonLimit,
    now: NaiveDateTime,
) -> Seen {
    let is_paid = |at: NaiveDateTime| paid.iter().any(|(first, last)| *first <= at && at <= *last);
    let mut moments = vec![now, last_of_all()];
    let ends = paid.iter().flat_map(|(first, last)| [*first, *last]);
    let windows = [before, after].into_iter().filter_map(|limit| limit.window());
    for at in ends.chain(windows.flat_map(|window| [window.begin(), window.end()])) {
        moments.extend([at - SECOND, at, at + SECOND]);
    }
    moments.retain(|at| now <= *at);
    moments.sort_unstable();
    let mut loses = false;
    let mut stranger = false;
    // The first paid stretch from now on: not yet come, running, over.
    let (mut has_begun, mut is_over, mut locked_out) = (false, false, false);
    for at in moments {
        let (open, opened) = (is_open(before, at), is_open(after, at));
        loses |= open && !opened;
        stranger |= opened && !open && !is_paid(at);
        is_over |= has_begun && !is_paid(at);
        has_begun |= is_paid(at);
        locked_out |= has_begun && !is_over && !opened && at <= last_of_all();
    }
    if let (PersonLimit::Unreadable { .. }, PersonLimit::Window(window)) = (before, after) {
        loses = window.end() < now;
    }
    let opens = !is_open(before, now) && is_open(after, now);
    Seen { opens, revokes: loses && !opens, stranger, locked_out }
}

fn share(percent: Percent, of: usize, at_least: usize) -> usize {
    (of * usize::from(percent.get()) / 100).max(at_least)
}

/// What would go wrong if exactly these changes were carried out, in a few words; nothing if all is
/// well. Changes of devices that are only observed are never carried out.
pub(super) fn wrong(facts: &Facts, changes: &[&Change]) -> Option<&'static str> {
    for device in &facts.devices {
        let mine: Vec<&Change> =
            changes.iter().filter(|change| change.device == device.name).copied().collect();
        if device.mode == Mode::Observe {
            continue;
        }
        let (mut revoked, mut opened) = (0, 0);
        for (place, change) in mine.iter().enumerate() {
            if mine.iter().skip(place + 1).any(|other| other.employee_no == change.employee_no) {
                return Some("a person is written twice");
            }
            match one_wrong(facts, device, change) {
                Err(what) => return Some(what),
                Ok(seen) => {
                    revoked += usize::from(seen.revokes);
                    opened += usize::from(seen.opens);
                }
            }
        }
        let persons = device.persons.len();
        if revoked > share(facts.guard.revoke_per_tick, persons, 2) {
            return Some("too many lose access at once");
        }
        let day = share(facts.guard.revoke_per_day, persons, 5);
        if revoked > 0 && device.revoked_last_day + revoked > day {
            return Some("too many lose access in a day");
        }
        let limit = share(facts.guard.grant_per_tick, persons, 20);
        if !device.is_first_run && opened > limit {
            return Some("too many doors open at once");
        }
        if is_left_empty(facts, device, &mine) {
            return Some("nobody can open the door any more");
        }
    }
    let is_known = |change: &Change| facts.devices.iter().any(|d| d.name == change.device);
    (!changes.iter().all(|change| is_known(change))).then_some("a door that is not there")
}

fn is_left_empty(facts: &Facts, device: &DeviceFacts, changes: &[&Change]) -> bool {
    let now = now_at(facts, device);
    let (mut before, mut after) = (0, 0);
    for link in device.linking.iter().flatten() {
        let id = &link.employee_no;
        let Some(person) = device.persons.get(id) else { continue };
        if !may_be_touched(device, id) {
            continue;
        }
        let written = changes.iter().find(|change| change.employee_no == *id);
        let limit = written.map_or(person.limit, |change| PersonLimit::Window(change.after));
        before += usize::from(is_open(&person.limit, now));
        after += usize::from(is_open(&limit, now));
    }
    before > 0 && after == 0
}

fn one_wrong(facts: &Facts, device: &DeviceFacts, change: &Change) -> Result<Seen, &'static str> {
    let id = &change.employee_no;
    let Some(person) = device.persons.get(id) else { return Err("a person who is not there") };
    let mut owners = Vec::new();
    for (member, link) in facts.members.iter().zip(&device.linking) {
        if link.as_ref().is_ok_and(|link| link.employee_no == *id) {
            owners.push(member);
        }
    }
    let [member] = owners.as_slice() else { return Err("the person is not one member's") };
    if member.member.key != change.member {
        return Err("the person is another member's");
    }
    if !may_be_touched(device, id) {
        return Err("a person whom nobody may touch");
    }
    if person.limit != change.before || person.fingerprint != change.fingerprint {
        return Err("not what the door holds");
    }
    if member.problem.is_some() {
        return Err("nobody knows what this member paid for");
    }
    let (begin, end) = (change.after.begin(), change.after.end());
    if begin > end || begin < super::world::time("2000-01-01") || end > last_of_all() {
        return Err("no times that a door takes");
    }
    let now = now_at(facts, device);
    let paid = paid_spans(facts, device, member);
    let seen = look(&paid, &person.limit, &PersonLimit::Window(change.after), now);
    if seen.locked_out {
        return Err("somebody is kept out of paid time");
    }
    if seen.stranger {
        return Err("somebody gains a moment that is not paid for");
    }
    if (change.kind == Kind::Revocation) != seen.revokes || change.opens_door != seen.opens {
        return Err("it does not say what it does");
    }
    match (facts.sources[&change.member.organisation].standing, device.mode) {
        (Standing::Refused, _) => return Err("a listing that was refused"),
        (Standing::Unreachable, _) if seen.revokes => return Err("taken away on old news"),
        (_, Mode::GrantOnly) if seen.revokes => {
            return Err("taken away on a door that only grants");
        }
        _ => {}
    }
    if seen.revokes && was_left_by_somebody_paid(facts, device, member, id) {
        return Err("taken from somebody who is missing from the listing");
    }
    Ok(seen)
}

fn was_left_by_somebody_paid(
    facts: &Facts,
    device: &DeviceFacts,
    member: &MemberFacts,
    id: &EmployeeNo,
) -> bool {
    let now = now_at(facts, device);
    facts.members.iter().zip(&device.linking).any(|(other, link)| {
        let Err(NoLink::Yielded { persons, .. }) = link else { return false };
        let (one, two) = (other.member.key, member.member.key);
        let is_same = one.organisation == two.organisation && one.number == two.number;
        let spans = paid_spans(facts, device, other);
        let has_time = spans.iter().any(|(first, last)| *last >= now && *first <= last_of_all());
        persons.contains(id) && !is_same && (has_time || other.problem.is_some())
    })
}

/// What an honest plan fails to do: let in who paid, and end what is over. A planner that does
/// nothing breaks no rule, and is useless.
pub(super) fn missing(facts: &Facts, plan: &Plan) -> Option<&'static str> {
    let touched: BTreeSet<_> = plan.changes.iter().map(|c| (&c.device, &c.employee_no)).collect();
    for device in &facts.devices {
        let now = now_at(facts, device);
        for (member, link) in facts.members.iter().zip(&device.linking) {
            let standing = facts.sources[&member.member.key.organisation].standing;
            let is_named = facts.only.is_everyone() || facts.only.names_member(&member.member);
            let Ok(link) = link else { continue };
            let id = &link.employee_no;
            let is_there = device.persons.contains_key(id) && may_be_touched(device, id);
            if !is_there || !is_named || member.problem.is_some() || standing == Standing::Refused {
                continue;
            }
            let paid = paid_spans(facts, device, member);
            let is_paid = paid.iter().any(|(first, last)| *first <= now && now <= *last);
            let open = is_open(&device.persons[id].limit, now);
            let change =
                plan.changes.iter().find(|c| c.device == device.name && c.employee_no == *id);
            if is_paid && !open {
                let Some(change) = change else { return Some("who paid is not let in") };
                let lets_in = change.after.begin() <= now && now <= change.after.end();
                let waits = change.blocked.is_some_and(|budget| budget != Budget::GrantPerTick);
                if !lets_in || waits {
                    return Some("who paid is not let in, or not now");
                }
            }
            let has_good_role = has_good_role(facts, device, member);
            let may_take = device.mode != Mode::GrantOnly && standing == Standing::Fresh;
            if !is_paid && open && may_take && has_good_role {
                let is_kept = was_left_by_somebody_paid(facts, device, member, id);
                if !is_kept && !touched.contains(&(&device.name, id)) {
                    return Some("who has not paid stays in");
                }
            }
        }
    }
    None
}

/// A member with no role that opens the door is left out, whatever the person holds, and so is one
/// with dates that can not be right.
fn has_good_role(facts: &Facts, device: &DeviceFacts, member: &MemberFacts) -> bool {
    let mut listed = member.clone();
    listed.member.inactive = false;
    listed.is_vanished = false;
    paid_spans(facts, device, &listed).iter().any(|(first, _)| *first <= last_of_all())
}
