//! What one tick should change, as plain data.
//!
//! [`plan`] is pure and deterministic: the same facts give the same plan in the same order. All choices are
//! made here; carrying a plan out decides nothing.

mod facts;
mod former_holders;
mod guard;
mod ignored;
mod in_sync;
mod losses;
mod person;
pub mod proof;
mod released;
mod review;
mod settled_roles;
mod unchanged;
pub mod validity;

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDateTime};
use serde::Serialize;

use crate::engine::link::{CLAIMANTS_MAX, Found, Link, NoLink, in_question};
use crate::model::{HolderId, Record, RecordId, SourceName, TargetName, Window};
use crate::text::shell::quoted;

pub use facts::{Facts, HolderFacts, Only, SourceFacts, Standing, TargetFacts};
use former_holders::Others;
use ignored::ignored_roles;
pub use in_sync::{in_sync, is_in_sync};
pub use losses::{Loss, NoDoor, TooManyLost, Whose};
use person::for_person;
pub use person::kind_of;
pub use proof::{Counterexample, ProvenPlan, Rule, objection, prove, prove_reviewed};
pub use released::Released;
pub use review::{Approval, Held, Overtaken, hold};
pub use settled_roles::settled_roles;
pub use unchanged::unchanged_until;
use validity::{EndedBy, Entitlement, OpeningRights, Validity, roles_gone, unreadable_here};

pub use crate::model::{Budget, Cause, Change, Kind, LossKind, Reason, Verb};

/// All changes of one tick, with what was left out and why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Sorted by device, grants before revocations, then by person.
    pub changes: Vec<Change>,
    /// Sorted by reason, source, member, device.
    pub left_out: Vec<LeftOut>,
    /// Memberships with dates that cannot be right, beside others of the same member that count:
    /// one line for each member, in the order of `left_out`. They hinder nothing.
    pub ignored: Vec<LeftOut>,
    /// Members who were served on a door until now and are left out there, by device and member.
    pub losses: Vec<Loss>,
    /// Sources and devices where so many are lost that they are not believed: nothing of theirs is written.
    pub too_many_lost: Vec<TooManyLost>,
    /// Members who have paid and have no person on any door.
    pub no_door: Vec<NoDoor>,
    /// Persons whom this program has written to and who are linked to nobody now.
    pub released: Vec<Released>,
    /// What is to be remembered of the paid time that is kept in sync, where that is news.
    pub served: Vec<ServedNow>,
}

/// The paid time of a member that is kept in sync on a device from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedNow {
    pub device: TargetName,
    pub member: HolderId,
    /// The paid time; `None` once the source has taken it away and the door follows.
    pub window: Option<Window>,
}

impl Plan {
    /// The changes to carry out.
    pub fn pending(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.blocked.is_none())
    }

    /// The changes that wait for a person to approve them.
    pub fn blocked(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.needs_approval())
    }

    /// The members left out, and those of whom a membership is ignored.
    #[must_use]
    pub fn left_out_or_ignored(&self) -> Vec<LeftOut> {
        let mut both: Vec<LeftOut> = self.left_out.iter().chain(&self.ignored).cloned().collect();
        sort_left_out(&mut both);
        both
    }
}

/// A member for whom nothing is done, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The organisation's name in the configuration.
    #[serde(skip)]
    pub source: SourceName,
    #[serde(flatten)]
    pub member: HolderId,
    /// On which device; `None`: on all of them.
    pub device: Option<TargetName>,
    pub reason: Reason,
    /// More words where the reason alone does not say what to look at; no names, no e-mails.
    pub detail: Option<String>,
    /// The persons that it is about: whom the member is linked to, or who came into question.
    #[serde(skip)]
    pub persons: Vec<RecordId>,
    /// The member has paid time now or later: worth an admin's attention.
    #[serde(skip)]
    pub has_paid_time: bool,
    /// One of [`Plan::ignored`]: it hinders nothing.
    #[serde(skip)]
    pub is_ignored: bool,
}

/// Computes what should change.
#[must_use]
pub fn plan(facts: &Facts) -> Plan {
    let mut plan = Plan::default();
    let others: Vec<Others> = facts.devices.iter().map(|one| Others::new(facts, one)).collect();
    for (index, member) in facts.members.iter().enumerate() {
        if let Some(source) = facts.sources.get(&member.member.key.source) {
            plan_member(facts, source, &others, index, &mut plan);
        }
    }
    released::find(facts, &mut plan);
    plan.losses.sort_by(|a, b| (&a.device, &a.member).cmp(&(&b.device, &b.member)));
    plan.too_many_lost = losses::too_many(facts, &plan.losses);
    losses::mark(&mut plan);
    losses::hold_back(facts, &mut plan);
    if !facts.only.is_everyone() {
        plan.losses.retain(|loss| loss.is_asked_for);
    }
    plan.changes.sort_by(|a, b| {
        (&a.device, a.kind, &a.employee_no).cmp(&(&b.device, b.kind, &b.employee_no))
    });
    for device in &facts.devices {
        guard::apply_budgets(facts, device, &mut plan.changes);
    }
    sort_left_out(&mut plan.left_out);
    sort_left_out(&mut plan.ignored);
    plan.served.sort_by(|a, b| (&a.device, &a.member).cmp(&(&b.device, &b.member)));
    plan.no_door.sort_by(|one, other| one.member.cmp(&other.member));
    plan
}

/// Sorts members who are left out as in [`Plan::left_out`].
pub fn sort_left_out(left_out: &mut [LeftOut]) {
    left_out.sort_by(|a, b| {
        (a.reason, &a.source, &a.member, &a.device)
            .cmp(&(b.reason, &b.source, &b.member, &b.device))
    });
}

fn plan_member(
    facts: &Facts,
    source: &SourceFacts,
    others: &[Others<'_>],
    index: usize,
    plan: &mut Plan,
) {
    let Some(member) = facts.members.get(index) else { return };
    let mut here: Vec<LeftOut> = Vec::new();
    let mut shut_out = 0;
    let mut doors = losses::Doors::default();
    let is_named = facts.only.is_everyone() || facts.only.names_member(&member.member);
    let mut is_in_question = is_named;
    for (device, others) in facts.devices.iter().zip(others) {
        let link = device.linking.get(index);
        let is_asked_for = is_named || link.is_some_and(|link| names_person_of(&facts.only, link));
        is_in_question |= is_asked_for;
        let pair = Pair { facts, source, member, device, others, link };
        let Decision { has_paid_time, verdict, served } = pair.decide();
        if let Some(window) = served {
            pair.remember_served(window, &mut plan.served);
        }
        plan.losses.extend(losses::find(&pair, &verdict, has_paid_time, is_asked_for));
        doors.count(&pair, &verdict, has_paid_time);
        match verdict {
            _ if !is_asked_for => {}
            Verdict::InStep => {}
            Verdict::Change(change) => plan.changes.push(*change),
            Verdict::LeftOut(Reason::OtherOrganisation, _) if pair.is_shut_out() => shut_out += 1,
            Verdict::LeftOut(reason, detail) => here.push(LeftOut {
                reason,
                source: source.name.clone(),
                member: member.member.key.clone(),
                device: Some(device.name.clone()),
                detail,
                persons: link.map(in_question).unwrap_or_default().into_iter().cloned().collect(),
                has_paid_time,
                is_ignored: false,
            }),
        }
    }
    if is_in_question {
        if here.iter().all(|one| one.reason != Reason::BadDates) {
            plan.ignored.extend(ignored_roles(facts, source, member));
        }
        plan.left_out.extend(merge_devices(here, facts.devices.len()));
        // Doors of other organisations are as they should be, unless they are all that there is.
        if shut_out == facts.devices.len() {
            plan.left_out.extend(facts.devices.first().map(|one| elsewhere(facts, member, one)));
        }
        plan.no_door.extend(doors.none_for(source, member));
    }
}

/// That a device lets in members of other organisations only.
fn elsewhere(facts: &Facts, member: &HolderFacts, device: &TargetFacts) -> LeftOut {
    LeftOut {
        reason: Reason::OtherOrganisation,
        source: member.member.key.source.clone(),
        member: member.member.key.clone(),
        device: (facts.devices.len() == 1).then(|| device.name.clone()),
        detail: None,
        persons: Vec::new(),
        has_paid_time: false,
        is_ignored: false,
    }
}

/// Why nothing is done for a member on a device that lets in other organisations only: right as it is, so that a
/// plan says it of whoever has no other door alone.
#[must_use]
pub fn shut_out(facts: &Facts, member: &HolderFacts, device: &TargetFacts) -> Option<LeftOut> {
    let source = facts.sources.get(&member.member.key.source)?;
    (!device.opening_rights(source).is_let_in).then(|| elsewhere(facts, member, device))
}

/// Whether a person was named who is linked to the member, or who came into question for it.
pub(crate) fn names_person_of(only: &Only, link: &Result<Link, NoLink>) -> bool {
    in_question(link).into_iter().any(|person| only.names_person(person))
}

/// One line for all devices where each of them gives the same reason.
fn merge_devices(mut left_out: Vec<LeftOut>, devices: usize) -> Vec<LeftOut> {
    let same = left_out
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if a.reason == b.reason && a.detail == b.detail));
    if same && left_out.len() == devices && devices > 1 {
        let has_paid_time = left_out.iter().any(|one| one.has_paid_time);
        let persons: BTreeSet<RecordId> =
            left_out.iter().flat_map(|one| one.persons.iter().cloned()).collect();
        left_out.truncate(1);
        for one in &mut left_out {
            one.device = None;
            one.has_paid_time = has_paid_time;
            one.persons = persons.iter().cloned().collect();
        }
    }
    left_out
}

enum Verdict {
    InStep,
    Change(Box<Change>),
    LeftOut(Reason, Option<String>),
}

/// A member and a device: what one decision is about.
#[derive(Clone, Copy)]
struct Pair<'a> {
    facts: &'a Facts,
    source: &'a SourceFacts,
    member: &'a HolderFacts,
    device: &'a TargetFacts,
    others: &'a Others<'a>,
    /// What the link rules gave; `None` when the device's persons are not known.
    link: Option<&'a Result<Link, NoLink>>,
}

/// What is decided about a member on a device.
struct Decision {
    /// The member has paid time now or later, as far as anybody knows.
    has_paid_time: bool,
    verdict: Verdict,
    /// What is kept in sync from now on; the outer `None`: as before.
    served: Option<Option<Window>>,
}

impl Decision {
    fn left_out(has_paid_time: bool, reason: Reason, detail: Option<String>) -> Self {
        Self { has_paid_time, verdict: Verdict::LeftOut(reason, detail), served: None }
    }
}

impl<'a> Pair<'a> {
    fn now(&self) -> NaiveDateTime {
        self.device.local(self.facts.now)
    }

    /// The roles that open the device.
    fn door_roles(&self) -> OpeningRights<'a> {
        self.device.opening_rights(self.source)
    }

    /// The person whom the member is linked to, if there is one on the device.
    fn person(&self) -> Option<&'a Record> {
        let link = self.link?.as_ref().ok()?;
        self.device.persons.get(&link.employee_no)
    }

    /// Whether the device lets in other organisations only, and holds nobody for the member either.
    fn is_shut_out(&self) -> bool {
        !self.door_roles().is_let_in && self.person().is_none()
    }

    /// Why no role of the member opens the device.
    fn without_role(&self) -> Reason {
        match self.door_roles().is_let_in {
            true => Reason::NoDoorRole,
            false => Reason::OtherOrganisation,
        }
    }

    fn decide(&self) -> Decision {
        if self.is_shut_out() {
            // Nor is there anything left to be seen to follow from it.
            let served = self.link.is_some().then_some(None);
            let out = Decision::left_out(false, Reason::OtherOrganisation, None);
            return Decision { served, ..out };
        }
        if let Some(problem) = &self.member.problem {
            return Decision::left_out(true, Reason::BadDates, Some(problem.clone()));
        }
        let Some(entitlement) = self.facts.entitlement(self.device, self.member) else {
            return Decision::left_out(false, Reason::NoDoorRole, None);
        };
        match entitlement {
            Entitlement::Paid(validity) => self.decide_for(validity),
            // Whoever has been served until now has lost the role because the source says so; the door is to
            // follow, all the more where somebody has accepted that.
            Entitlement::NoDoorRole => {
                let link = self.device.stored.links.get(&self.member.member.key);
                match (link.and_then(|link| link.served), self.person()) {
                    (Some(served), Some(_)) => {
                        self.decide_for(roles_gone(served.window, self.device.limits, self.now()))
                    }
                    _ => Decision::left_out(false, self.without_role(), None),
                }
            }
            Entitlement::BadDates => {
                // Nobody knows what was paid for: somebody must look, as if it were a lot.
                let detail = unreadable_here(&self.member.member, &self.door_roles()).map_or_else(
                    || {
                        let last_year = self.device.limits.latest_end().year();
                        format!(
                            "every membership ends before it begins, or begins after {last_year}"
                        )
                    },
                    ToString::to_string,
                );
                Decision::left_out(true, Reason::BadDates, Some(detail))
            }
        }
    }

    /// The decision for a member who should hold this.
    fn decide_for(&self, validity: Validity) -> Decision {
        let is_doubtful = unreadable_here(&self.member.member, &self.door_roles()).is_some();
        let has_paid_time = validity.window.end() >= self.now() || is_doubtful;
        let verdict = match (self.link, self.person()) {
            (None, _) => Verdict::LeftOut(Reason::DeviceUnreachable, None),
            (Some(Err(no_link)), _) => no_link_verdict(self, no_link),
            (Some(Ok(_)), None) => Verdict::LeftOut(Reason::NoPerson, None),
            (Some(Ok(_)), Some(person)) => for_person(self, person, validity),
        };
        let is_over = validity.ended == Some(EndedBy::RolesGone);
        let served = match &verdict {
            Verdict::InStep if is_over => Some(None),
            Verdict::InStep => Some(Some(validity.window)),
            // What is taken away is served until the door is seen to have followed; what is only shortened
            // is paid for no longer than that.
            Verdict::Change(change) if change.blocked.is_none() && !is_over => {
                Some(Some(validity.window))
            }
            Verdict::Change(_) | Verdict::LeftOut(..) => None,
        };
        Decision { has_paid_time, verdict, served }
    }

    fn remember_served(&self, window: Option<Window>, news: &mut Vec<ServedNow>) {
        // Where a listing is not accepted, this computer's clock may be what is wrong; and without an answer
        // nobody has confirmed the clock by which access is over.
        if self.source.standing == Standing::Refused
            || window.is_none() && self.source.standing != Standing::Fresh
        {
            return;
        }
        let member = &self.member.member.key;
        let stored = self.device.stored.links.get(member).and_then(|link| link.served);
        let is_known = match (stored, window) {
            (Some(served), Some(window)) => served.window == window && !served.is_loss_accepted,
            (stored, window) => stored.is_none() && window.is_none(),
        };
        if !is_known {
            let member = member.clone();
            news.push(ServedNow { device: self.device.name.clone(), member, window });
        }
    }
}

fn no_link_verdict(pair: &Pair<'_>, no_link: &NoLink) -> Verdict {
    let (reason, detail) = match no_link {
        NoLink::NoEmail => (Reason::NoEmail, None),
        NoLink::NoPerson => (Reason::NoPerson, None),
        NoLink::OtherOrganisation => (Reason::OtherOrganisation, None),
        NoLink::NotThere { persons } => {
            let detail = format!("a link file names {}", all_persons(persons));
            (Reason::NotOnDoor, Some(detail))
        }
        NoLink::NameDiffers { employee_no, found } => {
            (Reason::NameDiffers, Some(name_differs(pair, employee_no, found)))
        }
        NoLink::Ambiguous { persons, rivals } => {
            let mut detail = all_persons(persons);
            if !rivals.is_empty() {
                detail.push_str(&format!(", also claimed by {}", all_members(pair, rivals)));
            }
            (Reason::Ambiguous, Some(detail))
        }
        NoLink::Yielded { persons, to } => {
            let (persons, to) = (all_persons(persons), all_members(pair, to));
            let detail = format!("no longer listed; {persons} is claimed by {to}");
            (Reason::Ambiguous, Some(detail))
        }
    };
    Verdict::LeftOut(reason, detail)
}

/// Why a person with another name comes into question, and how somebody who looked accepts it.
fn name_differs(pair: &Pair<'_>, person: &RecordId, found: &Found) -> String {
    let why = match found {
        Found::ByNumber => return format!("person {person} has another name"),
        Found::Renamed => {
            format!("person {person}, linked until now, has another name there")
        }
        Found::InsteadOf(linked) => format!(
            "linked to person {linked}, and now found as person {person}, who has another name"
        ),
        Found::SomebodyElses => {
            format!("person {person} was another member's before and has another name")
        }
        Found::OneOfMany => format!("person {person} has another name, as in most new rows"),
        Found::AnothersName => format!("person {person} has the name of another member"),
    };
    let accept = |person: &RecordId| {
        let (door, number) = (&pair.device.name, pair.member.member.key.human());
        format!("--accept-link {}", quoted(&format!("{door}={person}:{number}")))
    };
    let is_there = |linked: &&RecordId| pair.device.persons.contains_key(linked);
    let keep = match found {
        Found::InsteadOf(linked) => Some(linked).filter(is_there),
        _ => None,
    };
    let keep = keep.map(|linked| format!(", to keep the old one {}", accept(linked)));
    format!("{why}; to accept: ivms-sync sync {}{}", accept(person), keep.unwrap_or_default())
}

fn all_persons(persons: &BTreeSet<RecordId>) -> String {
    let persons: Vec<&str> = persons.iter().map(RecordId::as_str).collect();
    format!("person {}", persons.join(", "))
}

/// Members of another organisation than the pair's with its name: their numbers may be equal.
fn all_members(pair: &Pair<'_>, members: &BTreeSet<HolderId>) -> String {
    let named = members.iter().take(CLAIMANTS_MAX - 1).map(|key| {
        if key.source == pair.source.name {
            key.human().to_string()
        } else {
            format!("{} of {}", key.human(), key.source)
        }
    });
    let others = if members.len() < CLAIMANTS_MAX { "" } else { " and others" };
    format!("member {}{others}", named.collect::<Vec<_>>().join(", "))
}

/// Whether a person may not be touched, whatever the membership says.
#[must_use]
pub fn is_protected(device: &TargetFacts, person: &Record) -> bool {
    !person.standing.takes(Verb::Set)
        || person.flaw.is_some()
        || device.protect.contains(&person.employee_no)
}

#[cfg(test)]
pub(crate) mod tests;
