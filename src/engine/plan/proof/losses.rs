//! Who is left out although served until now, counted again.

use std::collections::{BTreeMap, HashSet};

use chrono::NaiveDateTime;
use foldhash::fast::RandomState;

use super::paid::paid_by;
use super::{Counterexample, PaidTime, Rule, is_untouchable, is_welcome, refuse};
use crate::engine::link::{Link, NoLink};
use crate::engine::plan::{Change, Facts, HolderFacts, TargetFacts};
use crate::model::{HolderId, Limit, Right, RightCode, SourceName, TargetName};

/// No change of a source or a device that leaves out too many of those whom it served: at least three,
/// and more than `source_shrink` of them.
pub(super) fn check_losses(facts: &Facts, changes: &[&Change]) -> Result<(), Counterexample> {
    if changes.is_empty() {
        return Ok(());
    }
    let mut served: BTreeMap<Blamed<'_>, Holders<'_>> = BTreeMap::new();
    let mut lost: BTreeMap<Blamed<'_>, Holders<'_>> = BTreeMap::new();
    for device in &facts.devices {
        for (key, link) in &device.stored.links {
            if link.served.is_some_and(|served| !served.is_loss_accepted) {
                served.entry(Blamed::Source(&key.source)).or_default().insert(key);
                served.entry(Blamed::Device(&device.name)).or_default().insert(key);
            }
        }
        for (member, link) in facts.linked(device) {
            if let Some(blamed) = is_lost(facts, device, member, link) {
                lost.entry(blamed).or_default().insert(&member.member.key);
            }
        }
    }
    for (blamed, lost) in lost {
        let served = served.get(&blamed).map_or(0, Holders::len);
        let percent = usize::from(facts.guard.source_shrink.get());
        if lost.len() < 3 || lost.len() <= served * percent / 100 {
            continue;
        }
        let left = served.saturating_sub(lost.len());
        let offender = changes.iter().find(|change| match &blamed {
            Blamed::Source(name) => {
                let source = facts.sources.get(*name);
                change.member.source == **name
                    && source.is_none_or(|source| source.accept_shrink != Some(left))
            }
            Blamed::Device(name) => {
                let mut devices = facts.devices.iter();
                change.device == **name && !devices.any(|d| d.name == **name && d.is_accepted)
            }
        });
        if let Some(change) = offender {
            return Err(refuse(change, Rule::TooManyLost));
        }
    }
    Ok(())
}

/// Each is counted once, whatever the order: a club may have a hundred thousand.
type Holders<'a> = HashSet<&'a HolderId, RandomState>;

/// On whose account somebody is left out.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Blamed<'a> {
    Source(&'a SourceName),
    Device(&'a TargetName),
}

/// Whether a member who was served on a device, and has time left, is left out there, and on whose account.
fn is_lost<'a>(
    facts: &Facts,
    device: &'a TargetFacts,
    member: &'a HolderFacts,
    link: &Result<Link, NoLink>,
) -> Option<Blamed<'a>> {
    let key = &member.member.key;
    let served = device.stored.links.get(key)?.served.filter(|one| !one.is_loss_accepted)?.window;
    let source = facts.sources.get(&key.source)?;
    if member.is_vanished {
        return None;
    }
    let person = link.as_ref().ok().and_then(|link| device.persons.get(&link.employee_no));
    let is_welcome = is_welcome(device, key);
    if !is_welcome && person.is_none() {
        return None;
    }
    let now = device.local(facts.now);
    let of_source = Some(Blamed::Source(&key.source));
    let of_device = Some(Blamed::Device(&device.name));
    let had_time = served.end() >= now;
    if member.problem.is_some() {
        return of_source;
    }
    let latest = device.limits.latest_end();
    let is_good = |role: &Right| paid_by(role).is_some_and(|(begin, _)| begin <= latest);
    let lists = [source.roles.as_ref(), device.roles.as_ref()];
    let is_listed = |id: &RightCode| lists.into_iter().flatten().all(|list| list.contains(id));
    let opens = |role: &&Right| is_welcome && is_listed(&role.id);
    let roles = &member.member.roles;
    let mut hidden = member.member.unreadable.iter();
    let hides_one = is_welcome && hidden.any(|role| is_listed(&role.id));
    if roles.iter().find(opens).is_none() && !hides_one {
        // Only who holds another role has not simply left.
        let runs = |(begin, over): (NaiveDateTime, NaiveDateTime)| begin <= now && now < over;
        let is_elsewhere =
            roles.iter().any(|role| is_good(role) && paid_by(role).is_some_and(runs));
        return match (is_elsewhere, person) {
            (false, _) => None,
            (true, None) => of_source.filter(|_| had_time),
            // The door is to follow; where it does already, or may not, nobody is left out.
            (true, Some(person)) => {
                let may_change = !is_untouchable(device, &person.employee_no);
                match person.limit {
                    Limit::Permanent(_) if may_change => of_device.filter(|_| had_time),
                    Limit::Window(held) if held.end() >= now && may_change => {
                        of_source.filter(|_| had_time)
                    }
                    _ => None,
                }
            }
        };
    }
    if !roles.iter().filter(opens).any(is_good) {
        return of_source;
    }
    let paid = PaidTime::new(facts, device, source, member);
    let has_paid = paid.first_from(now).is_some_and(|first| first <= latest);
    let has_time = had_time || has_paid || paid.is_doubtful;
    match (link, person) {
        _ if !has_time => None,
        (Err(NoLink::Ambiguous { .. } | NoLink::NoEmail), _) => of_source,
        (Err(NoLink::Yielded { .. }), _) => of_source,
        (
            Err(
                NoLink::NoPerson
                | NoLink::OtherOrganisation
                | NoLink::NotThere { .. }
                | NoLink::NameDiffers { .. },
            ),
            _,
        )
        | (Ok(_), None) => of_device,
        (Ok(_), Some(person)) => {
            let is_permanent = matches!(person.limit, Limit::Permanent(_));
            of_device.filter(|_| is_permanent && !is_untouchable(device, &person.employee_no))
        }
    }
}
