//! Members who were served on a door until now and are left out there. Pure.
//!
//! One of them is reported at once. Many at once are no news of members but of a listing or a door that cannot
//! be right: then it is not believed, and nothing follows from it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use serde::Serialize;

use super::validity::{covered, unreadable_here};
use super::{Facts, HolderFacts, LeftOut, Pair, Plan, Reason, SourceFacts, Verdict, is_protected};
use crate::model::{
    HolderId, Limit, LossKind, RecordId, Right, RightCode, SourceName, TargetLimits, TargetName,
    Window,
};

/// A member who was served on a door until now and is left out there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// The organisation's name in the configuration.
    #[serde(skip)]
    pub source: SourceName,
    #[serde(flatten)]
    pub member: HolderId,
    pub device: TargetName,
    /// The person who was served, there.
    pub employee_no: RecordId,
    pub reason: Reason,
    /// What comes of it at the door.
    pub kind: LossKind,
    /// The paid time that was served.
    pub served: Window,
    /// More words, as in [`LeftOut`].
    pub detail: Option<String>,
    /// Roles that run now and do not open the door.
    #[serde(skip)]
    pub other_roles: BTreeSet<RightCode>,
    /// `--only` asks for the member or the person, or for everybody.
    #[serde(skip)]
    pub is_asked_for: bool,
    /// One of so many at once that the source or the door is reported, and not each of them.
    #[serde(skip)]
    pub is_one_of_many: bool,
}

impl Plan {
    /// The members on a device of whom somebody has accepted that they are served no more.
    pub fn accepted_losses<'a>(
        &'a self,
        device: &'a TargetName,
    ) -> impl Iterator<Item = &'a HolderId> + 'a {
        let accepted = self.too_many_lost.iter().filter(|one| one.is_accepted);
        accepted.flat_map(move |one| {
            let losses = self.losses.iter().filter(|loss| loss.device == *device);
            losses.filter(|loss| one.whose == loss.whose()).map(|loss| &loss.member)
        })
    }

    /// Whether nothing is done for members of an organisation on a device, because too many of those served
    /// would be left out.
    #[must_use]
    pub fn is_held_back(&self, source: &SourceName, device: &TargetName) -> bool {
        let mut doubted = self.too_many_lost.iter().filter(|one| !one.is_accepted);
        doubted.any(|one| one.whose.covers(source, device))
    }

    /// The devices that are not believed, because too many of those served there are lost.
    pub fn doubted_devices(&self) -> impl Iterator<Item = &TargetName> {
        let doubted = self.too_many_lost.iter().filter(|one| !one.is_accepted);
        doubted.filter_map(|one| match &one.whose {
            Whose::Device(device) => Some(device),
            Whose::Source(_) => None,
        })
    }
}

impl Loss {
    /// On whose account the member is left out.
    #[must_use]
    pub fn whose(&self) -> Whose {
        match is_of_source(self.reason) {
            true => Whose::Source(self.member.source.clone()),
            false => Whose::Device(self.device.clone()),
        }
    }
}

/// A member who has paid and has no person on any door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoDoor {
    /// The organisation's name in the configuration.
    #[serde(skip)]
    pub source: SourceName,
    #[serde(flatten)]
    pub member: HolderId,
    /// Why nobody was found.
    pub reason: Reason,
}

/// What is not believed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    Source(SourceName),
    /// A device's person list.
    Device(TargetName),
}

impl Whose {
    /// Whether what is decided of a member on a device follows from it.
    fn covers(&self, source: &SourceName, device: &TargetName) -> bool {
        match self {
            Self::Source(doubted) => source == doubted,
            Self::Device(name) => device == name,
        }
    }
}

/// A source or a device of whose served members too many are left out at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooManyLost {
    pub whose: Whose,
    /// How many members are left out.
    pub lost: usize,
    /// How many were served.
    pub served: usize,
    /// How many may be left out.
    pub allowed: usize,
    /// What they have in common, as a sentence fragment.
    pub common: String,
    /// Somebody who looked has accepted just that: it is believed.
    pub is_accepted: bool,
}

/// Whether the reason is the source's to mend; else it is the door's.
fn is_of_source(reason: Reason) -> bool {
    match reason {
        Reason::NoEmail
        | Reason::Ambiguous
        | Reason::NoDoorRole
        | Reason::OtherOrganisation
        | Reason::BadDates => true,
        Reason::NoPerson
        | Reason::NotOnDoor
        | Reason::Protected
        | Reason::NameDiffers
        | Reason::Blocked
        | Reason::DeviceUnreachable
        | Reason::PermanentOnDevice
        | Reason::FlawedOnDevice => false,
    }
}

/// The loss of a member on a device, if it is one.
pub(super) fn find(
    pair: &Pair<'_>,
    verdict: &Verdict,
    has_paid_time: bool,
    is_asked_for: bool,
) -> Option<Loss> {
    let member = &pair.member.member.key;
    // Whoever has no person on a door that is not for them lacks nothing there.
    let is_known = pair.link.is_some() && !pair.is_shut_out();
    let served = pair.device.served(member).filter(|_| is_known)?;
    let now = pair.now();
    let (roles, limits) = (pair.door_roles(), pair.device.limits);
    let door_roles = || pair.member.member.roles.iter().filter(|role| roles.open(&role.id));
    let has_door_role =
        door_roles().next().is_some() || unreadable_here(&pair.member.member, &roles).is_some();
    let is_unreadable = pair.member.problem.is_some()
        || has_door_role && door_roles().all(|role| covered(role, 0, limits).is_none());
    let other_roles = match has_door_role {
        true => BTreeSet::new(),
        false => running_roles(pair.member, limits, now),
    };
    let (reason, detail) = match verdict {
        Verdict::LeftOut(Reason::BadDates, detail) if is_unreadable => {
            (Reason::BadDates, detail.clone())
        }
        // Who holds no other role either has left the club, and the door follows.
        _ if !has_door_role && other_roles.is_empty() => return None,
        _ if !has_door_role => (without_door_role(pair, now)?, None),
        Verdict::LeftOut(
            reason @ (Reason::NoEmail
            | Reason::NoPerson
            | Reason::NotOnDoor
            | Reason::Ambiguous
            | Reason::NameDiffers
            | Reason::PermanentOnDevice),
            detail,
        ) => (*reason, detail.clone()),
        Verdict::LeftOut(..) | Verdict::Change(_) | Verdict::InStep => return None,
    };
    // A vanished member has left the club, not the door.
    if pair.member.is_vanished || !has_paid_time && served.end() < now {
        return None;
    }
    let stored = pair.device.stored.links.get(member)?;
    let is_open = |id| pair.device.persons.get(id).is_some_and(|one| one.limit.opens_at(now));
    Some(Loss {
        reason,
        source: pair.source.name.clone(),
        member: member.clone(),
        device: pair.device.name.clone(),
        employee_no: stored.employee_no.clone(),
        kind: match is_open(&stored.employee_no) {
            true => LossKind::OpenWithoutReason,
            false => LossKind::KeptOut,
        },
        served,
        detail,
        other_roles,
        is_asked_for,
        is_one_of_many: false,
    })
}

/// Why a member is lost whose roles run and open another door, or none that is known: the door is to
/// follow, unless it does already or may not.
fn without_door_role(pair: &Pair<'_>, now: NaiveDateTime) -> Option<Reason> {
    let Some(person) = pair.person() else { return Some(pair.without_role()) };
    match person.limit {
        _ if is_protected(pair.device, person) => None,
        Limit::Permanent(_) => Some(Reason::PermanentOnDevice),
        Limit::Window(window) => (window.end() >= now).then_some(pair.without_role()),
        Limit::Unreadable { .. } | Limit::Unclear { .. } => None,
    }
}

fn running_roles(
    member: &HolderFacts,
    limits: TargetLimits,
    now: NaiveDateTime,
) -> BTreeSet<RightCode> {
    let running = |role: &&Right| covered(role, 0, limits).is_some_and(|it| it.contains(now));
    member.member.roles.iter().filter(running).map(|role| role.id.clone()).collect()
}

/// The sources and devices of whose served members too many are left out at once. Members are counted
/// once, on however many doors they are left out.
pub(super) fn too_many(facts: &Facts, losses: &[Loss]) -> Vec<TooManyLost> {
    let mut lost: BTreeMap<Whose, BTreeMap<&HolderId, &Loss>> = BTreeMap::new();
    for loss in losses {
        lost.entry(loss.whose()).or_default().insert(&loss.member, loss);
    }
    let mut found = Vec::new();
    for (whose, lost) in lost {
        let served = served(facts, &whose);
        let allowed = facts.guard.losses_allowed(served);
        if lost.len() <= allowed {
            continue;
        }
        let kept = served.saturating_sub(lost.len());
        let is_accepted = match &whose {
            Whose::Source(organisation) => facts
                .sources
                .get(organisation)
                .is_some_and(|source| source.accept_shrink == Some(kept)),
            Whose::Device(name) => {
                facts.devices.iter().any(|device| device.name == *name && device.is_accepted)
            }
        };
        let common = common(&lost.values().copied().collect::<Vec<_>>());
        let lost = lost.len();
        found.push(TooManyLost { whose, lost, served, allowed, common, is_accepted });
    }
    found
}

/// How many members of a source, or on a device, are served.
fn served(facts: &Facts, whose: &Whose) -> usize {
    let devices = facts.devices.iter().filter(|device| match whose {
        Whose::Source(_) => true,
        Whose::Device(name) => device.name == *name,
    });
    let is_wanted = |key: &&HolderId| match whose {
        Whose::Source(organisation) => key.source == *organisation,
        Whose::Device(_) => true,
    };
    let served = devices.flat_map(|device| {
        let keys = device.stored.links.keys().filter(is_wanted);
        keys.filter(|key| device.served(key).is_some())
    });
    served.collect::<BTreeSet<_>>().len()
}

/// What the lost have in common: a role, a text, or at least the reason.
fn common(lost: &[&Loss]) -> String {
    let all = lost.len();
    let mut by_role: BTreeMap<_, usize> = BTreeMap::new();
    let without_role = lost.iter().filter(|loss| loss.reason == Reason::NoDoorRole);
    for role in without_role.flat_map(|loss| &loss.other_roles) {
        *by_role.entry(role).or_default() += 1;
    }
    if let Some((role, count)) = most(by_role) {
        return format!("{count} of {all} now hold role {role}, which is not in `roles`");
    }
    let mut by_detail: BTreeMap<&str, usize> = BTreeMap::new();
    for detail in lost.iter().filter_map(|loss| loss.detail.as_deref()) {
        *by_detail.entry(detail).or_default() += 1;
    }
    if let Some((detail, count)) = most(by_detail).filter(|(_, count)| *count > 1) {
        return format!("{count} of {all}: {detail}");
    }
    let mut by_reason: BTreeMap<Reason, usize> = BTreeMap::new();
    for loss in lost {
        *by_reason.entry(loss.reason).or_default() += 1;
    }
    match most(by_reason) {
        Some((reason, count)) => format!("{count} of {all} are left out as {reason}"),
        None => String::new(),
    }
}

/// The one that occurs most often; of several the first.
fn most<T: Ord>(counts: BTreeMap<T, usize>) -> Option<(T, usize)> {
    let mut best: Option<(T, usize)> = None;
    for (one, count) in counts {
        if best.as_ref().is_none_or(|(_, most)| count > *most) {
            best = Some((one, count));
        }
    }
    best
}

/// Marks the losses that are reported together.
pub(super) fn mark(plan: &mut Plan) {
    for loss in &mut plan.losses {
        let whose = loss.whose();
        loss.is_one_of_many = plan.too_many_lost.iter().any(|one| one.whose == whose);
    }
}

/// Takes the changes out that follow from a source or a device that is not believed.
pub(super) fn hold_back(facts: &Facts, plan: &mut Plan) {
    // Nothing is remembered of what is not believed.
    let mut served = std::mem::take(&mut plan.served);
    served.retain(|served| !plan.is_held_back(&served.member.source, &served.device));
    plan.served = served;
    let (held, kept) = std::mem::take(&mut plan.changes)
        .into_iter()
        .partition(|change| plan.is_held_back(&change.member.source, &change.device));
    plan.changes = kept;
    for change in held {
        let device = facts.devices.iter().find(|device| device.name == change.device);
        let now = device.map(|device| device.local(facts.now));
        plan.left_out.push(LeftOut {
            reason: Reason::Blocked,
            source: change.source,
            member: change.member,
            device: Some(change.device),
            detail: Some("too many who were served would be left out at once".to_owned()),
            persons: vec![change.employee_no],
            has_paid_time: now.is_some_and(|now| change.after.end() >= now),
            is_ignored: false,
        });
    }
}

/// The doors of one member: whether there is a person for the member on any of them.
#[derive(Debug, Default)]
pub(super) struct Doors {
    known: usize,
    unknown: usize,
    has_paid_time: bool,
    has_door: bool,
    reason: Option<Reason>,
}

impl Doors {
    pub(super) fn count(&mut self, pair: &Pair<'_>, verdict: &Verdict, has_paid_time: bool) {
        if pair.link.is_none() {
            self.unknown += 1;
            return;
        }
        self.known += 1;
        self.has_paid_time |= has_paid_time;
        match verdict {
            Verdict::LeftOut(
                reason @ (Reason::NoEmail
                | Reason::NoPerson
                | Reason::NotOnDoor
                | Reason::Ambiguous
                | Reason::NameDiffers),
                _,
            ) => {
                self.reason = Some(self.reason.map_or(*reason, |known| known.min(*reason)));
            }
            // A door that is not meant for the member is none that the member lacks.
            Verdict::LeftOut(Reason::NoDoorRole | Reason::OtherOrganisation, _) => {}
            Verdict::InStep | Verdict::Change(_) | Verdict::LeftOut(..) => {
                self.has_door |= has_paid_time;
            }
        }
    }

    /// The member, if paid time is there and a door is not. Before every door is known nobody can say.
    pub(super) fn none_for(self, source: &SourceFacts, member: &HolderFacts) -> Option<NoDoor> {
        let is_certain = self.known > 0 && self.unknown == 0 && !member.is_vanished;
        let is_without = is_certain && self.has_paid_time && !self.has_door;
        let reason = self.reason.filter(|_| is_without)?;
        Some(NoDoor { reason, source: source.name.clone(), member: member.member.key.clone() })
    }
}
