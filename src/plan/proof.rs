//! The checker: a second, smaller opinion on every plan.
//!
//! It shares no decision with the planner: what is paid is computed here from the roles, day by
//! day, without joining windows; links, protection and budgets are counted again. Whatever it can
//! not prove it refuses, and names the counter-example. Only a [`ProvenPlan`] can be carried out.
//! Source: design.md section 5.3.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{Days, NaiveDateTime, NaiveTime};

use super::{Change, DeviceFacts, Facts, Kind, MemberFacts, Plan, SourceFacts, Standing};
use crate::config::{Ending, Mode};
use crate::model::{DeviceName, EmployeeNo, LATEST_END, MemberNumber, UserType};

/// A plan that was proven against the facts it was made of. There is no other way to make one than
/// [`prove`] and [`prove_reviewed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenPlan {
    changes: Vec<Change>,
}

impl ProvenPlan {
    /// The changes to carry out on one device, grants first.
    pub fn for_device<'a>(&'a self, device: &'a DeviceName) -> impl Iterator<Item = &'a Change> {
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
    /// Whose membership.
    pub member: MemberNumber,
    /// Where.
    pub device: DeviceName,
    /// Who, there.
    pub employee_no: EmployeeNo,
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
    /// Nobody whose paid time includes now loses a door.
    NoLockOut,
    /// Nobody gains access at a time that is not paid for.
    NoStranger,
    /// The kind says what the change does.
    Honest,
    /// The device's mode allows it.
    Mode,
    /// The source's word counts.
    Source,
    /// The end is one a device takes.
    Range,
    /// The budgets hold.
    Budget,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Known => "it names a member, a person or a door that is not known",
            Self::Once => "the same person would be changed twice",
            Self::Linked => "the member is not linked to this person alone",
            Self::Untouchable => "the person is protected",
            Self::NotPermanent => "the person has no limit on the device",
            Self::Base => "it does not start from what the device holds",
            Self::NoLockOut => "somebody with paid time now would lose the door",
            Self::NoStranger => "access would be given at a time that is not paid for",
            Self::Honest => "it takes access away but is called a grant",
            Self::Mode => "the device's mode forbids it",
            Self::Source => "the source's listing does not count in this run",
            Self::Range => "the times are outside what devices take",
            Self::Budget => "a budget is exceeded",
        })
    }
}

/// Proves the pending part of a plan, without the changes of devices in mode "observe".
///
/// # Errors
/// The first [`Counterexample`], in the order of the plan.
pub fn prove(facts: &Facts, plan: &Plan) -> Result<ProvenPlan, Counterexample> {
    let is_observed = |change: &Change| {
        facts.devices.iter().any(|d| d.name == change.device && d.mode == Mode::Observe)
    };
    let pending: Vec<&Change> =
        plan.changes.iter().filter(|c| c.blocked.is_none() && !is_observed(c)).collect();
    let changes = check_all(facts, &pending)?;
    check_budgets(facts, &pending)?;
    Ok(ProvenPlan { changes })
}

/// Proves what can be proven of changes that a person has approved without gathering again: that
/// each names one person on a known device, says honestly what it does, and touches nobody who is
/// protected. That the persons are as reviewed is checked against the device before each write.
///
/// # Errors
/// The first [`Counterexample`], in the order given.
pub fn prove_reviewed(facts: &Facts, changes: &[Change]) -> Result<ProvenPlan, Counterexample> {
    let mut seen: BTreeSet<(&DeviceName, &EmployeeNo)> = BTreeSet::new();
    for change in changes {
        let device = facts.devices.iter().find(|device| device.name == change.device);
        let rule = match device {
            None => Some(Rule::Known),
            Some(_) if !seen.insert((&change.device, &change.employee_no)) => Some(Rule::Once),
            Some(device) => reviewed_breaks(facts, device, change),
        };
        if let Some(rule) = rule {
            return Err(refuse(change, rule));
        }
    }
    Ok(ProvenPlan { changes: changes.to_vec() })
}

fn reviewed_breaks(facts: &Facts, device: &DeviceFacts, change: &Change) -> Option<Rule> {
    let now = device.local(facts.now);
    let closes = change.before.opens_at(now) && !change.after.contains(now);
    let forbidden = match device.mode {
        Mode::Observe => true,
        Mode::GrantOnly => change.kind == Kind::Revocation,
        Mode::Full => false,
    };
    if device.protect.contains(&change.employee_no) {
        Some(Rule::Untouchable)
    } else if change.after.end() > LATEST_END {
        Some(Rule::Range)
    } else if closes && change.kind != Kind::Revocation {
        Some(Rule::Honest)
    } else if forbidden {
        Some(Rule::Mode)
    } else {
        None
    }
}

fn refuse(change: &Change, rule: Rule) -> Counterexample {
    Counterexample {
        member: change.member.number,
        device: change.device.clone(),
        employee_no: change.employee_no.clone(),
        rule,
    }
}

fn check_all(facts: &Facts, changes: &[&Change]) -> Result<Vec<Change>, Counterexample> {
    let mut seen: BTreeSet<(&DeviceName, &EmployeeNo)> = BTreeSet::new();
    let places: BTreeMap<_, usize> =
        facts.members.iter().enumerate().map(|(place, m)| (m.member.key, place)).collect();
    let links: Vec<BTreeMap<&EmployeeNo, usize>> = facts.devices.iter().map(count_links).collect();
    for change in changes {
        if !seen.insert((&change.device, &change.employee_no)) {
            return Err(refuse(change, Rule::Once));
        }
        let known = (|| {
            let (place, device) =
                facts.devices.iter().enumerate().find(|(_, d)| d.name == change.device)?;
            let source = facts.sources.get(&change.member.organisation)?;
            let index = *places.get(&change.member)?;
            Some((links.get(place)?, device, source, index, facts.members.get(index)?))
        })();
        let Some((links, device, source, index, member)) = known else {
            return Err(refuse(change, Rule::Known));
        };
        let linked_here = matches!(
            device.linking.get(index), Some(Ok(link)) if link.employee_no == change.employee_no
        );
        if !linked_here || links.get(&change.employee_no) != Some(&1) {
            return Err(refuse(change, Rule::Linked));
        }
        check_one(facts, device, source, member, change).map_err(|rule| refuse(change, rule))?;
    }
    Ok(changes.iter().map(|change| (*change).clone()).collect())
}

fn count_links(device: &DeviceFacts) -> BTreeMap<&EmployeeNo, usize> {
    let mut counts = BTreeMap::new();
    for link in device.linking.iter().flatten() {
        *counts.entry(&link.employee_no).or_default() += 1;
    }
    counts
}

fn check_one(
    facts: &Facts,
    device: &DeviceFacts,
    source: &SourceFacts,
    member: &MemberFacts,
    change: &Change,
) -> Result<(), Rule> {
    let person = device.persons.get(&change.employee_no).ok_or(Rule::Known)?;
    let barred = person.user_type == UserType::BlackList || person.is_device_admin;
    if barred || device.protect.contains(&change.employee_no) {
        return Err(Rule::Untouchable);
    }
    if matches!(person.limit, crate::model::PersonLimit::Permanent(_)) {
        return Err(Rule::NotPermanent);
    }
    if person.limit != change.before || person.fingerprint != change.fingerprint {
        return Err(Rule::Base);
    }
    if change.after.begin() > change.after.end() || change.after.end() > LATEST_END {
        return Err(Rule::Range);
    }
    let now = device.local(facts.now);
    check_access(facts, device, source, member, change, now)?;
    let takes = change.kind == Kind::Revocation;
    match device.mode {
        Mode::Observe => return Err(Rule::Mode),
        Mode::GrantOnly if takes => return Err(Rule::Mode),
        Mode::GrantOnly | Mode::Full => {}
    }
    match source.standing {
        Standing::Refused => Err(Rule::Source),
        Standing::Unreachable if takes => Err(Rule::Source),
        Standing::Unreachable | Standing::Fresh => Ok(()),
    }
}

/// The two sentences everything else serves: nobody paid loses a door, nobody unpaid gains one.
fn check_access(
    facts: &Facts,
    device: &DeviceFacts,
    source: &SourceFacts,
    member: &MemberFacts,
    change: &Change,
    now: NaiveDateTime,
) -> Result<(), Rule> {
    if member.problem.is_some() {
        return Err(Rule::NoStranger);
    }
    let is_paid = |at| is_paid_at(facts, device, source, member, at);
    let was_open = change.before.opens_at(now);
    let is_open = change.after.contains(now);
    if is_paid(now) && !is_open {
        return Err(Rule::NoLockOut);
    }
    if was_open && !is_open && change.kind != Kind::Revocation {
        return Err(Rule::Honest);
    }
    // Access may only be *added* at paid moments: the ends of what is added tell, since paid time
    // ends with days, and so do the days in between.
    let mut at = change.after.begin().max(now);
    while at <= change.after.end() {
        if !change.before.opens_at(at) && !is_paid(at) {
            return Err(Rule::NoStranger);
        }
        let Some(next_day) = at.date().checked_add_days(Days::new(1)) else { break };
        at = next_day.and_time(NaiveTime::MIN);
    }
    let last = change.after.end();
    if last >= now && !change.before.opens_at(last) && !is_paid(last) {
        return Err(Rule::NoStranger);
    }
    Ok(())
}

/// Whether a role covers `at`, said as simply as it can be said.
fn is_paid_at(
    facts: &Facts,
    device: &DeviceFacts,
    source: &SourceFacts,
    member: &MemberFacts,
    at: NaiveDateTime,
) -> bool {
    if member.member.inactive && facts.policy.inactive == Ending::End {
        return false;
    }
    if member.is_vanished && facts.policy.vanished == Ending::End {
        return false;
    }
    let grace = Days::new(u64::from(facts.policy.grace_days));
    let latest_begin = at.checked_sub_days(grace).unwrap_or(at);
    member.member.roles.iter().any(|role| {
        let opens_here = source.roles.as_ref().is_none_or(|roles| roles.contains(&role.id))
            && device.roles.as_ref().is_none_or(|roles| roles.contains(&role.id));
        let whole_day = role.end.time() == NaiveTime::MIN;
        let is_inverted =
            if whole_day { role.begin.date() > role.end.date() } else { role.begin > role.end };
        let not_over = if whole_day {
            latest_begin.date() <= role.end.date()
        } else {
            latest_begin <= role.end
        };
        opens_here && !is_inverted && role.begin <= at && not_over
    })
}

fn check_budgets(facts: &Facts, changes: &[&Change]) -> Result<(), Counterexample> {
    for device in &facts.devices {
        let allowed = super::guard::allowance(facts.guard, device);
        let mine = || changes.iter().filter(|change| change.device == device.name);
        let revoked: Vec<_> = mine().filter(|c| c.kind == Kind::Revocation).collect();
        let opened: Vec<_> = mine().filter(|c| c.kind == Kind::Grant && c.opens_door).collect();
        let over = [
            (&revoked, revoked.len() > allowed.revoke_per_tick),
            (
                &revoked,
                !revoked.is_empty()
                    && device.revoked_last_day + revoked.len() > allowed.revoke_per_day,
            ),
            (&opened, allowed.grant_per_tick.is_some_and(|limit| opened.len() > limit)),
        ];
        for (class, is_over) in over {
            if let (true, Some(change)) = (is_over, class.first()) {
                return Err(refuse(change, Rule::Budget));
            }
        }
    }
    Ok(())
}
