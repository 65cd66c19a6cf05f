//! What one tick should change, as plain data.
//!
//! [`plan`] is pure and deterministic: the same facts give the same plan, in the same order. It
//! knows no client, no database, no clock and prints nothing. All choices are made here; carrying
//! a plan out decides nothing any more. Source: design.md section 4, "Planning".

mod facts;
mod guard;
mod in_step;
mod left_by;
pub mod proof;
mod steady;
pub mod validity;
mod words;

use std::collections::BTreeSet;

use chrono::NaiveDateTime;

use crate::config::Mode;
use crate::link::{CLAIMANTS_MAX, Link, NoLink};
use crate::model::{
    DeviceName, EmployeeNo, MemberKey, Person, PersonLimit, Role, SourceName, UserType, Window,
};

pub use facts::{DeviceFacts, Facts, MemberFacts, Only, SourceFacts, Standing};
pub use in_step::in_step;
use left_by::{LeftBy, left_by, paid_before};
pub use proof::{Counterexample, ProvenPlan, closes_on_paid_time, prove, prove_reviewed};
pub use steady::steady_until;
use validity::{DoorRoles, EndedBy, Entitlement, Validity, covered, entitlement};
pub use words::{Budget, Cause, Kind, Reason};

/// All changes of one tick, with what was left out and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Sorted by device, grants before revocations, then by person.
    pub changes: Vec<Change>,
    /// Sorted by reason, source, member, device.
    pub left_out: Vec<LeftOut>,
    /// Memberships with dates that can not be right, beside others of the same member that count:
    /// one line for each member, in the order of `left_out`. They hinder nothing.
    pub ignored: Vec<LeftOut>,
}

impl Plan {
    /// The changes to carry out.
    pub fn pending(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.blocked.is_none())
    }

    /// The changes that wait for a person to approve them.
    pub fn blocked(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.blocked.is_some())
    }

    /// Whom to tell about: the members left out, and those of whom a membership is ignored.
    #[must_use]
    pub fn told(&self) -> Vec<LeftOut> {
        let mut told: Vec<LeftOut> = self.left_out.iter().chain(&self.ignored).cloned().collect();
        sort_left_out(&mut told);
        told
    }
}

/// One person's new validity on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Where.
    pub device: DeviceName,
    /// Who, there.
    pub employee_no: EmployeeNo,
    /// Whose membership it follows from.
    pub member: MemberKey,
    /// The organisation's name in the configuration.
    pub source: SourceName,
    /// Why.
    pub cause: Cause,
    /// Whether access is given or taken.
    pub kind: Kind,
    /// What the person holds.
    pub before: PersonLimit,
    /// What the person shall hold.
    pub after: Window,
    /// A closed door opens at this moment.
    pub opens_door: bool,
    /// The person's fingerprint as read: the change is refused if it moved since.
    pub fingerprint: String,
    /// Set when a budget keeps the change from being carried out.
    pub blocked: Option<Budget>,
}

/// A member for whom nothing is done, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Why.
    pub reason: Reason,
    /// The organisation's name in the configuration.
    pub source: SourceName,
    /// Who.
    pub member: MemberKey,
    /// On which device; `None`: on all of them.
    pub device: Option<DeviceName>,
    /// More words where the reason alone does not say what to look at; no names, no e-mails.
    pub detail: Option<String>,
    /// The member has paid time now or later: worth an admin's attention.
    pub has_paid_time: bool,
}

/// Computes what should change.
#[must_use]
pub fn plan(facts: &Facts) -> Plan {
    let mut plan = Plan::default();
    let left: Vec<LeftBy> = facts.devices.iter().map(|device| left_by(facts, device)).collect();
    for (index, member) in facts.members.iter().enumerate() {
        let Some(source) = facts.sources.get(&member.member.key.organisation) else {
            continue;
        };
        plan_member(facts, source, &left, index, &mut plan);
    }
    plan.changes.sort_by(|a, b| {
        (&a.device, a.kind, &a.employee_no).cmp(&(&b.device, b.kind, &b.employee_no))
    });
    for device in &facts.devices {
        guard::apply_budgets(facts, device, &mut plan.changes);
    }
    sort_left_out(&mut plan.left_out);
    sort_left_out(&mut plan.ignored);
    plan
}

fn sort_left_out(left_out: &mut [LeftOut]) {
    left_out.sort_by(|a, b| {
        (a.reason, &a.source, a.member, &a.device).cmp(&(b.reason, &b.source, b.member, &b.device))
    });
}

fn plan_member(
    facts: &Facts,
    source: &SourceFacts,
    left: &[LeftBy<'_>],
    index: usize,
    plan: &mut Plan,
) {
    let Some(member) = facts.members.get(index) else { return };
    let mut here: Vec<LeftOut> = Vec::new();
    let mut in_question = facts.only.is_everyone() || facts.only.names_member(&member.member);
    let named = in_question;
    for (device, left) in facts.devices.iter().zip(left) {
        let link = device.linking.get(index);
        if !named {
            if !link.is_some_and(|link| names_person_of(&facts.only, link)) {
                continue;
            }
            in_question = true;
        }
        let (paid, verdict) = on_device(facts, source, member, (device, left), link);
        match verdict {
            Verdict::InStep => {}
            Verdict::Change(change) => plan.changes.push(*change),
            Verdict::LeftOut(reason, detail) => here.push(LeftOut {
                reason,
                source: source.name.clone(),
                member: member.member.key,
                device: Some(device.name.clone()),
                detail,
                has_paid_time: paid,
            }),
        }
    }
    if in_question {
        plan.left_out.extend(merge_devices(here, facts.devices.len()));
        plan.ignored.extend(ignored_roles(facts, source, member));
    }
}

/// The roles of a member that can not be right, where others of the member count.
fn ignored_roles(facts: &Facts, source: &SourceFacts, member: &MemberFacts) -> Option<LeftOut> {
    let opens_some_door = |role: &&Role| {
        facts.devices.iter().any(|device| {
            let roles = DoorRoles { source: source.roles.as_ref(), device: device.roles.as_ref() };
            roles.open(role.id)
        })
    };
    let door_roles = member.member.roles.iter().filter(opens_some_door);
    let (good, bad): (Vec<&Role>, Vec<&Role>) =
        door_roles.partition(|role| covered(role, 0).is_some());
    if good.is_empty() || bad.is_empty() || member.problem.is_some() {
        return None;
    }
    // Its last day may still be running on one of the doors.
    let is_current = |role: &Role| {
        facts.devices.iter().any(|device| role.begin.max(role.end) >= device.local(facts.now))
    };
    let roles: Vec<String> = bad.iter().map(|role| said(role)).collect();
    Some(LeftOut {
        reason: Reason::BadDates,
        source: source.name.clone(),
        member: member.member.key,
        device: None,
        detail: Some(format!("ignored, the others count: {}", roles.join(", "))),
        has_paid_time: bad.iter().any(|role| is_current(role)),
    })
}

fn said(role: &Role) -> String {
    let dates = format!("{} to {}", role.begin.date(), role.end.date());
    format!("role {} from {dates}", role.id)
}

/// Whether a person was named who is linked to the member, or who came into question for it.
fn names_person_of(only: &Only, link: &Result<Link, NoLink>) -> bool {
    match link {
        Ok(Link { employee_no, .. }) | Err(NoLink::NameDiffers { employee_no }) => {
            only.names_person(employee_no)
        }
        Err(NoLink::Ambiguous { persons, .. } | NoLink::Yielded { persons, .. }) => {
            persons.iter().any(|id| only.names_person(id))
        }
        Err(NoLink::NoEmail | NoLink::NoPerson) => false,
    }
}

/// One line for all devices where each of them gives the same reason.
fn merge_devices(mut left_out: Vec<LeftOut>, devices: usize) -> Vec<LeftOut> {
    let same = left_out
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if a.reason == b.reason && a.detail == b.detail));
    if same && left_out.len() == devices && devices > 1 {
        let has_paid_time = left_out.iter().any(|one| one.has_paid_time);
        left_out.truncate(1);
        for one in &mut left_out {
            one.device = None;
            one.has_paid_time = has_paid_time;
        }
    }
    left_out
}

enum Verdict {
    InStep,
    Change(Box<Change>),
    LeftOut(Reason, Option<String>),
}

fn on_device(
    facts: &Facts,
    source: &SourceFacts,
    member: &MemberFacts,
    (device, left): (&DeviceFacts, &LeftBy<'_>),
    link: Option<&Result<Link, NoLink>>,
) -> (bool, Verdict) {
    let out = |reason, detail: Option<String>| Verdict::LeftOut(reason, detail);
    if let Some(problem) = &member.problem {
        return (true, out(Reason::BadDates, Some(problem.clone())));
    }
    let now = device.local(facts.now);
    let door_roles = DoorRoles { source: source.roles.as_ref(), device: device.roles.as_ref() };
    let found = entitlement(&member.member, &door_roles, &facts.policy, member.is_vanished, now);
    let validity = match found {
        Entitlement::Paid(validity) => validity.within(device.limits),
        Entitlement::NoDoorRole => return (false, out(Reason::NoDoorRole, None)),
        Entitlement::BadDates => {
            // Nobody knows what was paid for: somebody must look, as if it were a lot.
            let detail = "every membership ends before it begins, or begins after 2037".to_owned();
            return (true, out(Reason::BadDates, Some(detail)));
        }
    };
    let has_paid_time = validity.window.end() >= now;
    let verdict = match link {
        None => out(Reason::DeviceUnreachable, None),
        Some(Err(no_link)) => no_link_verdict(no_link),
        Some(Ok(link)) => match device.persons.get(&link.employee_no) {
            None => out(Reason::NoPerson, None),
            Some(person) => for_person(facts, source, member, (device, left), person, validity),
        },
    };
    (has_paid_time, verdict)
}

fn no_link_verdict(no_link: &NoLink) -> Verdict {
    let (reason, detail) = match no_link {
        NoLink::NoEmail => (Reason::NoEmail, None),
        NoLink::NoPerson => (Reason::NoPerson, None),
        NoLink::NameDiffers { employee_no } => {
            (Reason::NameDiffers, Some(format!("person {employee_no} has another name")))
        }
        NoLink::Ambiguous { persons, rivals } => {
            let mut detail = all_persons(persons);
            if !rivals.is_empty() {
                detail.push_str(&format!(", also claimed by {}", all_members(rivals)));
            }
            (Reason::Ambiguous, Some(detail))
        }
        NoLink::Yielded { persons, to } => {
            let (persons, to) = (all_persons(persons), all_members(to));
            let detail = format!("no longer listed; {persons} is claimed by {to}");
            (Reason::Ambiguous, Some(detail))
        }
    };
    Verdict::LeftOut(reason, detail)
}

fn all_persons(persons: &BTreeSet<EmployeeNo>) -> String {
    let persons: Vec<&str> = persons.iter().map(EmployeeNo::as_str).collect();
    format!("person {}", persons.join(", "))
}

fn all_members(members: &BTreeSet<MemberKey>) -> String {
    let named = members.iter().take(CLAIMANTS_MAX - 1).map(|key| key.number.to_string());
    let others = if members.len() < CLAIMANTS_MAX { "" } else { " and others" };
    format!("member {}{others}", named.collect::<Vec<_>>().join(", "))
}

/// Whether a person may not be touched, whatever the membership says. Source: design.md section 4.
#[must_use]
pub fn is_protected(device: &DeviceFacts, person: &Person) -> bool {
    person.is_device_admin
        || person.user_type == UserType::BlackList
        || device.protect.contains(&person.employee_no)
}

fn for_person(
    facts: &Facts,
    source: &SourceFacts,
    member: &MemberFacts,
    (device, left): (&DeviceFacts, &LeftBy<'_>),
    person: &Person,
    validity: Validity,
) -> Verdict {
    let now = device.local(facts.now);
    if is_protected(device, person) {
        return Verdict::LeftOut(Reason::Protected, Some(format!("person {}", person.employee_no)));
    }
    if let PersonLimit::Permanent(_) = person.limit {
        let detail = format!("person {}", person.employee_no);
        return Verdict::LeftOut(Reason::PermanentOnDevice, Some(detail));
    }
    if let PersonLimit::Unclear { .. } = person.limit {
        let id = &person.employee_no;
        let detail =
            format!("person {id} has dates on the door in a form that can mean two things");
        return Verdict::LeftOut(Reason::BadDates, Some(detail));
    }
    let before = person.limit.window();
    if before.is_some_and(|before| validity.is_met_by(&before)) {
        return Verdict::InStep;
    }
    let kind = kind_of(before, validity.window, now);
    if let Some(detail) = held_back(source, device, kind) {
        return Verdict::LeftOut(Reason::Blocked, Some(detail));
    }
    let id = &person.employee_no;
    if kind == Kind::Revocation
        && let Some(gone) = paid_before(facts, (device, left), member, id, now)
    {
        let detail = format!(
            "person {id} was member {}, who is no longer listed and has paid time: nothing is taken \
             away",
            gone.member.key.number
        );
        return Verdict::LeftOut(Reason::Blocked, Some(detail));
    }
    let confirmed = device.confirmed.get(&person.employee_no);
    let drifted = confirmed.is_some_and(|window| validity.is_met_by(window));
    Verdict::Change(Box::new(Change {
        device: device.name.clone(),
        employee_no: person.employee_no.clone(),
        member: member.member.key,
        source: source.name.clone(),
        cause: cause_of(kind, before, &validity, drifted),
        kind,
        before: person.limit,
        after: validity.window,
        opens_door: !person.limit.opens_at(now) && validity.window.contains(now),
        fingerprint: person.fingerprint.clone(),
        blocked: None,
    }))
}

/// A change that opens a closed door at this moment is a grant, even if later time is lost: no budget
/// and no mode may keep somebody outside who paid for now. In every other case it is a revocation as
/// soon as one moment from now on is lost, even if it also gives some.
#[must_use]
pub fn kind_of(before: Option<Window>, after: Window, now: NaiveDateTime) -> Kind {
    let is_open = before.is_some_and(|before| before.contains(now));
    let takes_away = match before {
        Some(before) => before.exceeds_from(&after, now),
        // Nobody knows what the device did with unreadable dates; ending them is taking away.
        None => after.end() < now,
    };
    let opens = !is_open && after.contains(now);
    if takes_away && !opens { Kind::Revocation } else { Kind::Grant }
}

/// Why a change of this kind may not be carried out here and now, if so.
fn held_back(source: &SourceFacts, device: &DeviceFacts, kind: Kind) -> Option<String> {
    match (source.standing, kind) {
        (Standing::Refused, _) => {
            return Some(format!("the listing of {} was not accepted", source.name));
        }
        (Standing::Unreachable, Kind::Revocation) => {
            return Some(format!("{} did not answer: nothing is taken away", source.name));
        }
        (Standing::Unreachable, Kind::Grant) | (Standing::Fresh, _) => {}
    }
    match (device.mode, kind) {
        (Mode::GrantOnly, Kind::Revocation) => {
            Some(format!("{} is in mode \"grant-only\"", device.name))
        }
        (Mode::Observe | Mode::GrantOnly | Mode::Full, _) => None,
    }
}

fn cause_of(kind: Kind, before: Option<Window>, validity: &Validity, drifted: bool) -> Cause {
    if drifted {
        return Cause::Drift;
    }
    match (kind, validity.ended) {
        (_, Some(EndedBy::Inactive)) => Cause::Inactive,
        (_, Some(EndedBy::Vanished)) => Cause::Vanished,
        (Kind::Revocation, None) => Cause::Shortened,
        (Kind::Grant, None) => match before {
            Some(before) if touches(&before, &validity.window) => Cause::Renewed,
            _ => Cause::Started,
        },
    }
}

/// Whether no moment lies between two windows: they overlap, or one begins where the other ends.
fn touches(one: &Window, other: &Window) -> bool {
    let second = chrono::TimeDelta::seconds(1);
    let reaches = |from: &Window, to: &Window| {
        from.end().checked_add_signed(second).is_none_or(|next| to.begin() <= next)
    };
    reaches(one, other) && reaches(other, one)
}

#[cfg(test)]
pub(crate) mod tests;
