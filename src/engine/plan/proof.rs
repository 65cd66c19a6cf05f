//! The checker: a second, smaller opinion on every plan; only a [`ProvenPlan`] can be carried out.
//!
//! It shares no decision with the planner: what is paid is asked of the roles moment by moment, and the rest
//! is worked out anew. What it cannot prove it refuses, and names the counter-example.

mod budgets;
mod losses;
mod paid;
mod reviewed;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{NaiveDateTime, TimeDelta};

use super::{Change, Facts, HolderFacts, Kind, Plan, SourceFacts, Standing, TargetFacts};
use crate::config::Mode;
use crate::engine::link::NoLink;
use crate::model::{HolderId, Limit, RecordId, RecordStanding, TargetName, Verb, Window};

use budgets::{check_budgets, check_last_person, to_be_opened_first};
use losses::check_losses;
use paid::PaidTime;
pub use reviewed::objection;

/// The smallest step on a wall clock: windows and roles are stated to the second.
const SECOND: TimeDelta = TimeDelta::seconds(1);

/// A plan that was proven against the facts it was made of. There is no other way to make one than
/// [`prove`] and [`prove_reviewed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenPlan {
    changes: Vec<Change>,
    to_be_opened_first: BTreeSet<TargetName>,
}

impl ProvenPlan {
    fn new(facts: &Facts, changes: &[&Change]) -> Self {
        Self {
            changes: changes.iter().copied().cloned().collect(),
            to_be_opened_first: to_be_opened_first(facts, changes),
        }
    }

    /// Whether somebody must have been let in on a device before access is taken away there: else nobody may be
    /// left who can open the door.
    #[must_use]
    pub fn is_to_be_opened_first(&self, device: &TargetName) -> bool {
        self.to_be_opened_first.contains(device)
    }

    /// The changes to carry out on one device, grants first.
    pub fn for_device<'a>(&'a self, device: &'a TargetName) -> impl Iterator<Item = &'a Change> {
        self.changes.iter().filter(move |change| change.device == *device)
    }

    /// How many changes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Nothing to carry out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }
}

/// Why a plan is not proven: the change that breaks a rule. This is a bug in the planner, never
/// the fault of the data, and nothing of the plan is carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the plan breaks a safety rule: member {member}, person {employee_no} on {device}: {rule}")]
pub struct Counterexample {
    pub member: String,
    pub device: TargetName,
    pub employee_no: RecordId,
    /// The rule that does not hold.
    pub rule: Rule,
}

/// What must hold for every change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// The change names a device, source and member that were gathered.
    Known,
    /// One change per person and device.
    Once,
    /// The member is linked to exactly this person, and nobody else is.
    Linked,
    /// Protected persons, device administrators and barred persons are not touched.
    Untouchable,
    /// A person without limit on the device is not taken over.
    NotPermanent,
    /// The change starts from what was gathered.
    Base,
    /// Paid time that runs now (or comes next) is not cut off.
    NoLockOut,
    /// Nobody gains access at a time that is not paid for.
    NoStranger,
    /// Its kind, and whether it opens a closed door, are what the change really does.
    Honest,
    /// The device's mode allows it.
    Mode,
    /// The source's listing counts.
    Source,
    /// Begin and end are times that the target takes.
    Range,
    Budget,
    /// Some linked person can open the door afterwards, where one can today.
    LastPerson,
    /// Two listings agree before anything is taken away.
    SecondLook,
    /// What the configuration's `roles` and `organisations` take away waits for approval.
    RolesChanged,
    /// A source or a device that leaves out too many of those served is not believed.
    TooManyLost,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Known => "it names a member, a person or a target that is not known",
            Self::Once => "the same person would be changed twice",
            Self::Linked => "the member is not linked to this person alone",
            Self::Untouchable => "the person is protected",
            Self::NotPermanent => "the person has no limit there",
            Self::Base => "it does not start from what is held there",
            Self::NoLockOut => "somebody would be kept out of time that is paid for",
            Self::NoStranger => "access would be given at a time that is not paid for",
            Self::Honest => "it does something else than it says",
            Self::Mode => "the mode forbids it",
            Self::Source => "the source's listing does not count in this run",
            Self::Range => "the times are none that it takes",
            Self::Budget => "a budget is exceeded",
            Self::LastPerson => "nobody would have access any more",
            Self::SecondLook => "access would be taken away because of a single listing",
            Self::RolesChanged => {
                "access would be taken away by a change of `roles` or `organisations`"
            }
            Self::TooManyLost => "too many of those served would be left out for it to be believed",
        })
    }
}

/// Proves the pending part of a plan, without the changes of devices in mode "observe".
///
/// # Errors
/// The first [`Counterexample`], in the order of the plan.
pub fn prove(facts: &Facts, plan: &Plan) -> Result<ProvenPlan, Counterexample> {
    let pending = plan.changes.iter().filter(|change| change.blocked.is_none());
    let pending: Vec<&Change> = pending.filter(|change| !is_observed(facts, change)).collect();
    check_all(facts, &pending)?;
    check_losses(facts, &pending)?;
    check_budgets(facts, &pending)?;
    check_last_person(facts, &pending)?;
    Ok(ProvenPlan::new(facts, &pending))
}

/// Proves what can be proven of changes that a person has approved without gathering again: that
/// each names one person on a known device, says honestly what it does, and touches nobody who is
/// protected. That the persons are as reviewed is checked against the device before each write.
/// Changes of devices in mode "observe" are left out, as in [`prove`].
///
/// # Errors
/// The first [`Counterexample`], in the order given.
pub fn prove_reviewed(facts: &Facts, changes: &[Change]) -> Result<ProvenPlan, Counterexample> {
    let mut seen: BTreeSet<(&TargetName, &RecordId)> = BTreeSet::new();
    let mut proven = Vec::new();
    for change in changes.iter().filter(|change| !is_observed(facts, change)) {
        let device = facts.devices.iter().find(|device| device.name == change.device);
        let rule = match device {
            None => Some(Rule::Known),
            Some(_) if !seen.insert((&change.device, &change.employee_no)) => Some(Rule::Once),
            Some(device) => reviewed_breaks(device, change, device.local(facts.now)),
        };
        if let Some(rule) = rule {
            return Err(refuse(change, rule));
        }
        proven.push(change);
    }
    Ok(ProvenPlan::new(facts, &proven))
}

/// Shown, but never written, so there is nothing to prove.
fn is_observed(facts: &Facts, change: &Change) -> bool {
    facts.devices.iter().any(|d| d.name == change.device && d.mode == Mode::Observe)
}

fn reviewed_breaks(device: &TargetFacts, change: &Change, now: NaiveDateTime) -> Option<Rule> {
    // Between the plan and its approval time has passed, so that what was to be taken away may be
    // over by itself: a revocation that takes nothing is no lie, a grant that takes something is.
    let is_called_grant = change.kind == Kind::Grant;
    let lies = change.before.window().is_some() && is_called_grant && is_revocation(change, now);
    if is_untouchable(device, &change.employee_no) {
        Some(Rule::Untouchable)
    } else if !is_in_range(change.after, device) {
        Some(Rule::Range)
    } else if lies {
        Some(Rule::Honest)
    } else if device.mode == Mode::GrantOnly && !is_called_grant {
        Some(Rule::Mode)
    } else {
        None
    }
}

fn refuse(change: &Change, rule: Rule) -> Counterexample {
    Counterexample {
        member: change.member.human().to_owned(),
        device: change.device.clone(),
        employee_no: change.employee_no.clone(),
        rule,
    }
}

fn check_all(facts: &Facts, changes: &[&Change]) -> Result<(), Counterexample> {
    let mut seen: BTreeSet<(&TargetName, &RecordId)> = BTreeSet::new();
    if changes.is_empty() {
        return Ok(());
    }
    let members: BTreeSet<&HolderId> = changes.iter().map(|change| &change.member).collect();
    let all = facts.members.iter().enumerate().map(|(place, one)| (&one.member.key, place));
    let places: BTreeMap<_, usize> = all.filter(|(key, _)| members.contains(key)).collect();
    let claims: Vec<Claims<'_>> =
        facts.devices.iter().map(|device| Claims::new(facts, device, changes)).collect();
    for change in changes {
        if !seen.insert((&change.device, &change.employee_no)) {
            return Err(refuse(change, Rule::Once));
        }
        let known = (|| {
            let (place, device) =
                facts.devices.iter().enumerate().find(|(_, d)| d.name == change.device)?;
            let source = facts.sources.get(&change.member.source)?;
            let index = *places.get(&change.member)?;
            Some((claims.get(place)?, device, source, index, facts.members.get(index)?))
        })();
        let Some((claims, device, source, index, member)) = known else {
            return Err(refuse(change, Rule::Known));
        };
        let linked_here = matches!(
            device.linking.get(index), Some(Ok(link)) if link.employee_no == change.employee_no
        );
        if !linked_here || claims.links.get(&change.employee_no) != Some(&1) {
            return Err(refuse(change, Rule::Linked));
        }
        check_one(facts, (device, claims), source, member, change)
            .map_err(|rule| refuse(change, rule))?;
    }
    Ok(())
}

/// Whose the persons of a device are that are to be changed.
struct Claims<'a> {
    /// How many members are linked to each.
    links: BTreeMap<&'a RecordId, usize>,
    /// The members who left each to somebody else.
    left: BTreeMap<&'a RecordId, Vec<&'a HolderFacts>>,
}

impl<'a> Claims<'a> {
    fn new(facts: &'a Facts, device: &'a TargetFacts, changes: &[&'a Change]) -> Self {
        let mine = changes.iter().filter(|change| change.device == device.name);
        let persons: BTreeSet<&RecordId> = mine.map(|change| &change.employee_no).collect();
        let mut claims = Self { links: BTreeMap::new(), left: BTreeMap::new() };
        for (member, link) in facts.linked(device) {
            match link {
                Ok(link) if persons.contains(&link.employee_no) => {
                    *claims.links.entry(&link.employee_no).or_default() += 1;
                }
                Err(NoLink::Yielded { persons: left, .. }) => {
                    for person in left.iter().filter(|person| persons.contains(person)) {
                        claims.left.entry(person).or_default().push(member);
                    }
                }
                _ => {}
            }
        }
        claims
    }
}

fn check_one(
    facts: &Facts,
    (device, claims): (&TargetFacts, &Claims<'_>),
    source: &SourceFacts,
    member: &HolderFacts,
    change: &Change,
) -> Result<(), Rule> {
    // What follows is the proof of a window that is set.
    let Verb::Set = change.verb;
    let person = device.persons.get(&change.employee_no).ok_or(Rule::Known)?;
    if is_untouchable(device, &change.employee_no) {
        return Err(Rule::Untouchable);
    }
    if matches!(person.limit, Limit::Permanent(_)) {
        return Err(Rule::NotPermanent);
    }
    if matches!(person.limit, Limit::Unclear { .. }) {
        // Nobody knows what such a change would take or give.
        return Err(Rule::Base);
    }
    if person.limit != change.before || person.fingerprint != change.fingerprint {
        return Err(Rule::Base);
    }
    if !is_in_range(change.after, device) {
        return Err(Rule::Range);
    }
    if member.problem.is_some() {
        // Nobody knows what such a member has paid for.
        return Err(Rule::NoStranger);
    }
    let now = device.local(facts.now);
    let paid = PaidTime::new(facts, device, source, member);
    check_access(&paid, change, now, device)?;
    let revokes = is_revocation(change, now);
    if revokes != (change.kind == Kind::Revocation) || opens(change, now) != change.opens_door {
        return Err(Rule::Honest);
    }
    if revokes && device.mode == Mode::GrantOnly {
        return Err(Rule::Mode);
    }
    let takes_from_who_vanished = || is_paid_by_who_vanished(facts, (device, claims), change, now);
    if revokes && (paid.is_doubtful || takes_from_who_vanished()) {
        return Err(Rule::NoLockOut);
    }
    if revokes && !member.is_agreed {
        return Err(Rule::SecondLook);
    }
    let takes_by_configuration = || {
        has_lost_a_configured_role(device, source, member)
            || was_left_by_configuration(facts, (device, claims), change)
    };
    if revokes && takes_by_configuration() {
        return Err(Rule::RolesChanged);
    }
    match source.standing {
        Standing::Refused => Err(Rule::Source),
        Standing::Unreachable if revokes => Err(Rule::Source),
        Standing::Unreachable | Standing::Fresh => Ok(()),
    }
}

/// Whether the person was left to this member by another one, who is no longer listed and had paid
/// for now or later: absence alone must not cost anybody the door. The same number is the same member.
fn is_paid_by_who_vanished(
    facts: &Facts,
    (device, claims): (&TargetFacts, &Claims<'_>),
    change: &Change,
    now: NaiveDateTime,
) -> bool {
    claims.left.get(&change.employee_no).into_iter().flatten().any(|other| {
        let source = facts.sources.get(&other.member.key.source);
        !other.member.key.is_same_human(&change.member)
            && source.is_some_and(|source| {
                let paid = PaidTime::new(facts, device, source, other);
                let latest = device.limits.times().latest;
                let has_time = paid.first_from(now).is_some_and(|next| next <= latest);
                // Whose entry cannot be read may have paid for anything.
                other.problem.is_some() || paid.is_doubtful || has_time
            })
    })
}

/// Whether somebody left the person to this member who has lost a role there by the configuration: what is
/// held may be that one's time.
fn was_left_by_configuration(
    facts: &Facts,
    (device, claims): (&TargetFacts, &Claims<'_>),
    change: &Change,
) -> bool {
    claims.left.get(&change.employee_no).into_iter().flatten().any(|other| {
        let source = facts.sources.get(&other.member.key.source);
        source.is_some_and(|source| has_lost_a_configured_role(device, source, other))
    })
}

/// Whether a role of the member was good for the door before `roles` were changed, and is not now.
fn has_lost_a_configured_role(
    device: &TargetFacts,
    source: &SourceFacts,
    member: &HolderFacts,
) -> bool {
    let before = device.settled_roles.get(&member.member.key.source);
    let lists = || [source.roles.as_ref(), device.roles.as_ref()].into_iter().flatten();
    before.is_some_and(|before| {
        member.member.roles.iter().any(|role| {
            let was_good = before.as_ref().is_none_or(|list| list.contains(&role.id));
            let is_good = lists().all(|list| list.contains(&role.id));
            was_good && !(is_good && is_welcome(device, &member.member.key))
        })
    })
}

/// Whether the device is open to members of that organisation at all.
fn is_welcome(device: &TargetFacts, member: &HolderId) -> bool {
    match &device.organisations {
        None => true,
        Some(named) => named.iter().any(|name| *name == member.source),
    }
}

fn is_untouchable(device: &TargetFacts, employee_no: &RecordId) -> bool {
    let person = device.persons.get(employee_no);
    device.protect.contains(employee_no)
        || person.is_some_and(|p| p.standing != RecordStanding::Free || p.flaw.is_some())
}

fn is_in_range(window: Window, device: &TargetFacts) -> bool {
    let times = device.limits.times();
    window.begin() <= window.end()
        && times.earliest <= window.begin()
        && window.end() <= times.latest
}

/// Whether a closed door opens at this moment.
fn opens(change: &Change, now: NaiveDateTime) -> bool {
    !change.before.opens_at(now) && change.after.contains(now)
}

/// Whoever is let in at this moment is granted something, whatever is lost later.
fn is_revocation(change: &Change, now: NaiveDateTime) -> bool {
    takes_away(change, now) && !opens(change, now)
}

/// Whether some moment from now on is open before and closed after. A window is one piece: it holds
/// all of another as soon as it holds both ends.
fn takes_away(change: &Change, now: NaiveDateTime) -> bool {
    let Some(before) = change.before.window() else {
        // Nobody knows what the device did with unreadable dates; ending them is taking away.
        return change.after.end() < now;
    };
    let first = before.begin().max(now);
    let keeps_all = change.after.contains(first) && change.after.contains(before.end());
    first <= before.end() && !keeps_all
}

/// The two sentences everything else serves: nobody is kept out of paid time, nobody unpaid gains.
fn check_access(
    paid: &PaidTime,
    change: &Change,
    now: NaiveDateTime,
    device: &TargetFacts,
) -> Result<(), Rule> {
    let after = change.after;
    // No device holds more than it takes: what was held before and is paid must stay all the same.
    let held = change.before.window().map_or(NaiveDateTime::MIN, |before| before.end());
    let latest = device.limits.latest_end().max(held).min(device.limits.times().latest);
    let may_hold = |next: &NaiveDateTime| *next <= device.limits.latest_end();
    if let Some(next) = paid.first_from(now).filter(may_hold) {
        let is_cut_off = after.end() < latest && paid.covers(after.end() + SECOND);
        if !after.contains(next) || is_cut_off {
            return Err(Rule::NoLockOut);
        }
    }
    // Of all moments that are added without being paid for, the first is the very first one added,
    // or the one before it was open or paid: so it follows the end of the old window or of a role.
    let start = after.begin().max(now);
    let old_end = change.before.window().and_then(|old| old.end().checked_add_signed(SECOND));
    let suspects = paid.spans.iter().map(|(_, over)| *over).chain(old_end).chain([start]);
    for at in suspects.filter(|at| start <= *at && *at <= after.end()) {
        if !change.before.opens_at(at) && !paid.covers(at) {
            return Err(Rule::NoStranger);
        }
    }
    Ok(())
}
