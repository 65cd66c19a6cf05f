//! A third opinion on plans: brute force, moment by moment.
//!
//! It shares no code with the planner and none with the proof. It asks of every moment where anything
//! begins or ends whether the door is open before, open after, and paid for, and knows no windows
//! beyond that. What it has to say about a plan that the proof lets pass must be nothing.

use std::collections::BTreeSet;

use chrono::{NaiveDateTime, TimeDelta, Timelike};

use super::super::{Budget, Change, Facts, HolderFacts, Kind, Plan, Standing, TargetFacts};
use crate::config::{Ending, Mode, Percent};
use crate::engine::link::{Link, NoLink};
use crate::model::{
    HolderId, Limit, RecordId, RecordStanding, Right, RightCode, SourceName, Span, TargetName,
};

const SECOND: TimeDelta = TimeDelta::seconds(1);

/// The last second that doors know.
fn last_of_all() -> NaiveDateTime {
    super::world::time("2037-12-31T23:59:59")
}

fn now_at(facts: &Facts, device: &TargetFacts) -> NaiveDateTime {
    let local = facts.now.with_timezone(&device.time_zone).naive_local();
    local - TimeDelta::nanoseconds(i64::from(local.nanosecond()))
}

/// The last second of each role that opens the door, by its first; roles that cannot be right, and
/// ended memberships, are not in it.
fn first_and_last(role: &Right) -> (NaiveDateTime, NaiveDateTime) {
    let Span::Wall { begin, end } = role.time;
    let midnight = end.num_seconds_from_midnight() == 0 && end.nanosecond() == 0;
    (begin, end + TimeDelta::seconds(if midnight { 86_399 } else { 0 }))
}

/// Whether a role of a member opens the door.
fn opens(facts: &Facts, device: &TargetFacts, member: &HolderFacts, role: &RightCode) -> bool {
    let name = &member.member.key.source;
    let is_shut_out = device.organisations.iter().any(|named| !named.contains(name));
    let lists = [&facts.sources[name].roles, &device.roles];
    !is_shut_out && lists.into_iter().flatten().all(|some| some.contains(role))
}

fn paid_spans(
    facts: &Facts,
    device: &TargetFacts,
    member: &HolderFacts,
) -> Vec<(NaiveDateTime, NaiveDateTime)> {
    let ended = (member.member.inactive && facts.policy.inactive == Ending::End)
        || (member.is_vanished && facts.policy.vanished == Ending::End);
    let mut spans = Vec::new();
    for role in &member.member.roles {
        let opens = opens(facts, device, member, &role.id);
        let (begin, last) = first_and_last(role);
        if opens && !ended && begin <= last {
            spans.push((begin, last + TimeDelta::days(i64::from(facts.policy.grace_days))));
        }
    }
    let now = now_at(facts, device);
    let known = device.stored.links.get(&member.member.key).and_then(|link| link.served);
    let grace = TimeDelta::days(i64::from(facts.policy.grace_days));
    let may_lose = device.mode != Mode::GrantOnly;
    // Nor by whatever comes after time under a role that was lost.
    let mut first_lost = None;
    for role in member.member.roles.iter().filter(|_| may_lose) {
        let (begin, last) = first_and_last(role);
        let is_to_come = begin <= last && now <= last + grace;
        if is_to_come && is_lost(facts, device, member, role) {
            first_lost = Some(first_lost.map_or(begin, |first: NaiveDateTime| first.min(begin)));
        }
    }
    if let Some((first, last)) = known.map(|known| (known.window.begin(), known.window.end())) {
        let last = first_lost.map_or(last, |lost| last.min(lost - SECOND));
        if goes_on(&spans, (first, last), now) {
            spans.push((first, last));
        }
    }
    spans
}

/// Whether time that is known as paid for runs now, no role does, and the next time that roles give lasts at
/// least as long.
fn goes_on(
    spans: &[(NaiveDateTime, NaiveDateTime)],
    (first, last): (NaiveDateTime, NaiveDateTime),
    now: NaiveDateTime,
) -> bool {
    let is_paid = |at: NaiveDateTime| spans.iter().any(|(a, b)| *a <= at && at <= *b);
    let is_next = |a: &NaiveDateTime| *a > now && *a <= last_of_all();
    let Some(next) = spans.iter().map(|(a, _)| *a).filter(is_next).min() else { return false };
    if is_paid(now) || now < first || last < now {
        return false;
    }
    let mut reached = next;
    while is_paid(reached) && reached < last {
        let ends = spans.iter().filter(|(a, b)| *a <= reached && reached <= *b);
        reached = ends.map(|(_, b)| *b).max().unwrap() + SECOND;
    }
    // Doors know nothing beyond the last second, and what was served is cut to it.
    reached > last || is_paid(reached) || reached > last_of_all()
}

fn is_open(limit: &Limit, at: NaiveDateTime) -> bool {
    match limit {
        Limit::Window(window) => window.begin() <= at && at <= window.end(),
        Limit::Permanent(_) => true,
        Limit::Unclear { .. } | Limit::Unreadable { .. } => false,
    }
}

fn may_be_touched(device: &TargetFacts, id: &RecordId) -> bool {
    let person = &device.persons[id];
    !device.protect.contains(id)
        && person.flaw.is_none()
        && person.standing == RecordStanding::Free
        && !matches!(person.limit, Limit::Permanent(_))
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
    before: &Limit,
    after: &Limit,
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
    if let (Limit::Unreadable { .. }, Limit::Window(window)) = (before, after) {
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
    let doubted = Doubted::of(facts);
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
        let (linked, with_time) = who_may_be_touched(facts, device, &mine);
        if revoked > share(facts.guard.revoke_per_tick, with_time, 2) {
            return Some("too many lose access at once");
        }
        let day = share(facts.guard.revoke_per_day, with_time, 5);
        if revoked > 0 && device.revoked_last_day + revoked > day {
            return Some("too many lose access in a day");
        }
        let limit = share(facts.guard.grant_per_tick, linked, 20);
        if !device.is_first_run && opened > limit {
            return Some("too many doors open at once");
        }
        if is_left_empty(facts, device, &mine) {
            return Some("nobody can open the door any more");
        }
        for change in &mine {
            if doubted.holds(device, &change.member.source) {
                return Some("too many are left out for that to be believed");
            }
        }
    }
    let is_known = |change: &Change| facts.devices.iter().any(|d| d.name == change.device);
    (!changes.iter().all(|change| is_known(change))).then_some("a door that is not there")
}

/// How many linked persons may be touched, and how many of them can get in now or later, or will by these
/// changes.
fn who_may_be_touched(facts: &Facts, device: &TargetFacts, changes: &[&Change]) -> (usize, usize) {
    let now = now_at(facts, device);
    let linked = device.linking.iter().flatten().map(|link| &link.employee_no);
    let touchable: Vec<&RecordId> = linked
        .filter(|id| device.persons.contains_key(*id) && may_be_touched(device, id))
        .collect();
    let has_time = |id: &&&RecordId| {
        let held = device.persons[**id].limit.window().is_some_and(|window| window.end() >= now);
        let is_given = changes.iter().any(|change| {
            change.employee_no == ***id && change.kind == Kind::Grant && change.after.end() >= now
        });
        held || is_given
    };
    (touchable.len(), touchable.iter().filter(has_time).count())
}

/// Organisations and devices of whose served members three or more, and more than `source_shrink`, are
/// left out.
struct Doubted {
    sources: BTreeSet<SourceName>,
    devices: BTreeSet<TargetName>,
}

impl Doubted {
    fn of(facts: &Facts) -> Self {
        let too_many = |lost: &BTreeSet<HolderId>, served: &BTreeSet<HolderId>| {
            let percent = usize::from(facts.guard.source_shrink.get());
            lost.len() >= 3 && lost.len() > served.len() * percent / 100
        };
        let mut all_served: BTreeSet<HolderId> = BTreeSet::new();
        let mut by_source: BTreeSet<HolderId> = BTreeSet::new();
        let mut doubted = Self { sources: BTreeSet::new(), devices: BTreeSet::new() };
        for device in &facts.devices {
            let (mut served, mut lost) = (BTreeSet::new(), BTreeSet::new());
            for (key, link) in &device.stored.links {
                if link.served.is_some_and(|served| !served.is_loss_accepted) {
                    served.insert(key.clone());
                }
            }
            for (member, link) in facts.linked(device) {
                let key = member.member.key.clone();
                if served.contains(&key) {
                    match left_out_by(facts, device, member, link) {
                        Some(Blame::Source) => drop(by_source.insert(key)),
                        Some(Blame::Door) => drop(lost.insert(key)),
                        None => {}
                    }
                }
            }
            if too_many(&lost, &served) && !device.is_accepted {
                doubted.devices.insert(device.name.clone());
            }
            all_served.extend(served);
        }
        for (name, source) in &facts.sources {
            let of = |all: &BTreeSet<HolderId>| -> BTreeSet<HolderId> {
                all.iter().filter(|key| key.source == *name).cloned().collect()
            };
            let (lost, served) = (of(&by_source), of(&all_served));
            if too_many(&lost, &served) && source.accept_shrink != Some(served.len() - lost.len()) {
                doubted.sources.insert(name.clone());
            }
        }
        doubted
    }

    fn holds(&self, device: &TargetFacts, source: &SourceName) -> bool {
        self.sources.contains(source) || self.devices.contains(&device.name)
    }
}

#[derive(PartialEq)]
enum Blame {
    Source,
    Door,
}

/// Who leaves a member out who was served on the device, if anybody does.
fn left_out_by(
    facts: &Facts,
    device: &TargetFacts,
    member: &HolderFacts,
    link: &Result<Link, NoLink>,
) -> Option<Blame> {
    if member.is_vanished {
        return None;
    }
    let person = match link {
        Ok(link) => device.persons.get(&link.employee_no),
        Err(_) => None,
    };
    let is_shut_out =
        device.organisations.as_ref().is_some_and(|some| !some.contains(&member.member.key.source));
    if is_shut_out && person.is_none() {
        return None;
    }
    if member.problem.is_some() {
        return Some(Blame::Source);
    }
    let now = now_at(facts, device);
    let served = device.stored.links[&member.member.key].served.unwrap().window;
    let had_time = served.end() >= now;
    let is_right = |role: &&Right| {
        let (begin, last) = first_and_last(role);
        begin <= last && begin <= last_of_all()
    };
    let opens = |role: &&Right| opens(facts, device, member, &role.id);
    let roles = &member.member.roles;
    let is_touchable = person.is_some_and(|one| {
        let free = one.standing == RecordStanding::Free && one.flaw.is_none();
        free && !device.protect.contains(&one.employee_no)
    });
    let unlimited = person.is_some_and(|one| matches!(one.limit, Limit::Permanent(_)));
    let hides_a_role = hides_a_role(facts, device, member);
    if !roles.iter().any(|role| opens(&role)) && !hides_a_role {
        let runs = |role: &Right| {
            let (begin, last) = first_and_last(role);
            begin <= now && now <= last
        };
        if !had_time || !roles.iter().filter(is_right).any(runs) {
            return None;
        }
        let held = person.and_then(|one| one.limit.window());
        return match person {
            None => Some(Blame::Source),
            Some(_) if !is_touchable => None,
            Some(_) if unlimited => Some(Blame::Door),
            Some(_) => held.filter(|held| held.end() >= now).map(|_| Blame::Source),
        };
    }
    if !roles.iter().filter(opens).any(|role| is_right(&role)) {
        return Some(Blame::Source);
    }
    let paid = paid_spans(facts, device, member);
    let has_time =
        hides_a_role || paid.iter().any(|(first, last)| *last >= now && *first <= last_of_all());
    match link {
        _ if !had_time && !has_time => None,
        Err(
            NoLink::NoPerson
            | NoLink::OtherOrganisation
            | NoLink::NotThere { .. }
            | NoLink::NameDiffers { .. },
        ) => Some(Blame::Door),
        Err(_) => Some(Blame::Source),
        Ok(_) if person.is_none() => Some(Blame::Door),
        Ok(_) => (unlimited && is_touchable).then_some(Blame::Door),
    }
}

fn is_left_empty(facts: &Facts, device: &TargetFacts, changes: &[&Change]) -> bool {
    let now = now_at(facts, device);
    let (mut before, mut after) = (0, 0);
    for link in device.linking.iter().flatten() {
        let id = &link.employee_no;
        let Some(person) = device.persons.get(id) else { continue };
        if !may_be_touched(device, id) {
            continue;
        }
        let written = changes.iter().find(|change| change.employee_no == *id);
        let limit = written.map_or(person.limit, |change| Limit::Window(change.after));
        before += usize::from(is_open(&person.limit, now));
        after += usize::from(is_open(&limit, now));
    }
    before > 0 && after == 0
}

fn one_wrong(facts: &Facts, device: &TargetFacts, change: &Change) -> Result<Seen, &'static str> {
    let id = &change.employee_no;
    let Some(person) = device.persons.get(id) else { return Err("a person who is not there") };
    let mut owners = Vec::new();
    for (member, link) in facts.linked(device) {
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
    let seen = look(&paid, &person.limit, &Limit::Window(change.after), now);
    if seen.locked_out {
        return Err("somebody is kept out of paid time");
    }
    if seen.stranger {
        return Err("somebody gains a moment that is not paid for");
    }
    if (change.kind == Kind::Revocation) != seen.revokes || change.opens_door != seen.opens {
        return Err("it does not say what it does");
    }
    match (facts.sources[&change.member.source].standing, device.mode) {
        (Standing::Refused, _) => return Err("a listing that was refused"),
        (Standing::Unreachable, _) if seen.revokes => return Err("taken away on old news"),
        (_, Mode::GrantOnly) if seen.revokes => {
            return Err("taken away on a door that only grants");
        }
        _ => {}
    }
    if seen.revokes && hides_a_role(facts, device, member) {
        return Err("taken away although a role cannot be read");
    }
    if seen.revokes && was_left_by_somebody_paid(facts, device, member, id) {
        return Err("taken from somebody who is missing from the listing");
    }
    if seen.revokes && is_claimed_by_a_namesake(facts, device, id) {
        return Err("taken from a person whom a namesake with paid time claims");
    }
    if seen.revokes && !member.is_agreed {
        return Err("taken away by the word of one listing");
    }
    let mut left = facts.linked(device).filter(
        |(_, link)| matches!(link, Err(NoLink::Yielded { persons, .. }) if persons.contains(id)),
    );
    if seen.revokes
        && (configuration_takes_away(facts, device, member)
            || left.any(|(other, _)| configuration_takes_away(facts, device, other)))
    {
        return Err("taken away by the configuration");
    }
    Ok(seen)
}

/// Whether one of the member's roles opened the door before `roles` were changed, and does no more.
fn configuration_takes_away(facts: &Facts, device: &TargetFacts, member: &HolderFacts) -> bool {
    member.member.roles.iter().any(|role| is_lost(facts, device, member, role))
}

fn is_lost(facts: &Facts, device: &TargetFacts, member: &HolderFacts, role: &Right) -> bool {
    let Some(before) = device.settled_roles.get(&member.member.key.source) else { return false };
    let was = before.as_ref().is_none_or(|some| some.contains(&role.id));
    was && !opens(facts, device, member, &role.id)
}

fn was_left_by_somebody_paid(
    facts: &Facts,
    device: &TargetFacts,
    member: &HolderFacts,
    id: &RecordId,
) -> bool {
    let now = now_at(facts, device);
    facts.linked(device).any(|(other, link)| {
        let Err(NoLink::Yielded { persons, .. }) = link else { return false };
        let (one, two) = (&other.member.key, &member.member.key);
        let is_same = one.source == two.source && one.human() == two.human();
        let spans = paid_spans(facts, device, other);
        let has_time = spans.iter().any(|(first, last)| *last >= now && *first <= last_of_all());
        let may_have = other.problem.is_some() || hides_a_role(facts, device, other);
        persons.contains(id) && !is_same && (has_time || may_have)
    })
}

/// Whether a member with the person's name and with time to come claims the person, and another one is
/// linked to it.
fn is_claimed_by_a_namesake(facts: &Facts, device: &TargetFacts, id: &RecordId) -> bool {
    let now = now_at(facts, device);
    facts.linked(device).any(|(other, link)| {
        let Err(NoLink::Ambiguous { persons, .. }) = link else { return false };
        let is_namesake =
            crate::engine::link::is_same_person(&other.member, &device.persons[id].name);
        let spans = paid_spans(facts, device, other);
        let has_time = spans.iter().any(|(first, last)| *last >= now && *first <= last_of_all());
        persons.contains(id) && is_namesake && has_time
    })
}

/// Whether a role that opens the door has dates that cannot be read.
fn hides_a_role(facts: &Facts, device: &TargetFacts, member: &HolderFacts) -> bool {
    member.member.unreadable.iter().any(|role| opens(facts, device, member, &role.id))
}

/// What an honest plan fails to do: let in who paid, and end what is over. A planner that does
/// nothing breaks no rule, and is useless.
pub(super) fn missing(facts: &Facts, plan: &Plan) -> Option<&'static str> {
    let doubted = Doubted::of(facts);
    let touched: BTreeSet<_> = plan.changes.iter().map(|c| (&c.device, &c.employee_no)).collect();
    for device in &facts.devices {
        let now = now_at(facts, device);
        for (member, link) in facts.linked(device) {
            let standing = facts.sources[&member.member.key.source].standing;
            let is_named = facts.only.is_everyone() || facts.only.names_member(&member.member);
            let Ok(link) = link else { continue };
            let id = &link.employee_no;
            let is_there = device.persons.contains_key(id) && may_be_touched(device, id);
            let is_doubted = doubted.holds(device, &member.member.key.source);
            if !is_there || !is_named || member.problem.is_some() || standing == Standing::Refused {
                continue;
            }
            if is_doubted {
                if touched.contains(&(&device.name, id)) {
                    return Some("a change that follows from what is not believed");
                }
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
            let has_good_role =
                has_good_role(facts, device, member) || has_lost_all(facts, device, member);
            let may_take = device.mode != Mode::GrantOnly && standing == Standing::Fresh;
            if !is_paid && open && may_take && has_good_role {
                let is_kept = was_left_by_somebody_paid(facts, device, member, id)
                    || is_claimed_by_a_namesake(facts, device, id)
                    || hides_a_role(facts, device, member);
                if !is_kept && !touched.contains(&(&device.name, id)) {
                    return Some("who has not paid stays in");
                }
            }
        }
    }
    None
}

/// A member who was served, and from whom the source has taken every role that opens the door.
fn has_lost_all(facts: &Facts, device: &TargetFacts, member: &HolderFacts) -> bool {
    let key = &member.member.key;
    let served = device.stored.links.get(key).and_then(|link| link.served);
    let opens = |role: &Right| opens(facts, device, member, &role.id);
    served.is_some() && !member.member.roles.iter().any(opens)
}

/// A member with no role that opens the door is left out, whatever the person holds, and so is one
/// with dates that cannot be right.
fn has_good_role(facts: &Facts, device: &TargetFacts, member: &HolderFacts) -> bool {
    let mut listed = member.clone();
    listed.member.inactive = false;
    listed.is_vanished = false;
    paid_spans(facts, device, &listed).iter().any(|(first, _)| *first <= last_of_all())
}
