//! From what was gathered to what planning and the proof look at.
//!
//! Pure.

use std::collections::BTreeMap;
use std::mem;

use chrono::{DateTime, Utc};

use super::devices::TargetGathered;
use super::plausibility::believed_limits;
use super::sources::SourceGathered;
use super::{AcceptLink, KnownOfTarget, Scope, TargetInTurn, merge};
use crate::config::{Config, TargetConfig};
use crate::engine::link::{self, AcceptedLink, Claimant, Found, Link, LinkTable, Linking, NoLink};
use crate::engine::plan::{Facts, HolderFacts, SourceFacts, TargetFacts};
use crate::model::{SourceName, TargetName, Window};
use crate::store::RecordsOfTarget;

/// Links members to persons and puts everything together: the members of the sources and the persons of the
/// targets go into the facts.
///
/// # Errors
/// The first link of [`Scope::accept_links`] that is not in question.
pub(super) fn put_together(
    config: &Config,
    sources: &mut [SourceGathered],
    targets: &mut [TargetInTurn<'_, '_>],
    table: &LinkTable,
    scope: &Scope,
    now: DateTime<Utc>,
) -> Result<(Facts, Vec<AcceptedOn>), AcceptLink> {
    let source_facts = source_facts(config, sources, scope);
    let members = member_facts(sources);
    let mut accepted_on = Vec::new();
    let mut devices = Vec::with_capacity(targets.len());
    for target in targets {
        let TargetInTurn { config: device, gathered, known, .. } = target;
        let persons = &gathered.persons.persons;
        let resolve = |accepted: &[AcceptedLink]| {
            let people = members.iter().map(|facts| Claimant {
                member: &facts.member,
                vanished_since: facts.missing_since.filter(|_| facts.is_vanished),
                is_let_in: device.lets_in(&facts.member.key.source),
            });
            let rules = &config.link.by;
            let mut linking = link::resolve(people, persons, table, &known.stored, rules, accepted);
            // Somebody who looked has accepted the names of this door.
            if !gathered.is_accepted {
                let people = members.iter().map(|facts| &facts.member);
                link::doubt_first_links(&mut linking, people, persons, &known.stored);
            }
            linking
        };
        let mut linking = if gathered.is_known { resolve(&[]) } else { Vec::new() };
        let wanted = scope.accept_links.iter().filter(|one| one.device == device.name);
        let accepted: Vec<AcceptedLink> = wanted
            .map(|one| in_question(one, &members, &linking).ok_or_else(|| one.clone()))
            .collect::<Result<_, _>>()?;
        if !accepted.is_empty() {
            linking = resolve(&accepted);
            accepted_on.extend(accepted.into_iter().map(|link| AcceptedOn {
                device: device.name.clone(),
                held: persons.get(&link.employee_no).and_then(|one| one.limit.window()),
                link,
            }));
        }
        devices.push(device_facts(device, gathered, linking, mem::take(known), now));
    }
    let facts = Facts {
        now,
        policy: config.policy,
        guard: config.guard,
        sources: source_facts,
        devices,
        members,
        only: scope.only.clone(),
    };
    Ok((facts, accepted_on))
}

/// A link that was accepted in this run.
#[derive(Debug, Clone)]
pub struct AcceptedOn {
    pub device: TargetName,
    pub link: AcceptedLink,
    /// What the person holds.
    pub held: Option<Window>,
}

/// The member whom an acceptance is about: the one with the number who is left out because of the name of
/// just this person.
fn in_question(
    wanted: &AcceptLink,
    members: &[HolderFacts],
    linking: &Linking,
) -> Option<AcceptedLink> {
    let is_meant = |link: &Result<Link, NoLink>| match link {
        Err(NoLink::NameDiffers { employee_no, found }) => {
            let linked = match found {
                Found::InsteadOf(linked) => Some(linked),
                Found::ByNumber
                | Found::Renamed
                | Found::SomebodyElses
                | Found::OneOfMany
                | Found::AnothersName => None,
            };
            [Some(employee_no), linked].contains(&Some(&wanted.employee_no))
        }
        Ok(_) | Err(_) => false,
    };
    let both = members.iter().zip(linking);
    let mut meant = both.filter(|(facts, link)| {
        facts.member.number.as_ref() == Some(&wanted.number) && is_meant(link)
    });
    let (facts, _) = meant.next()?;
    let employee_no = wanted.employee_no.clone();
    let member = facts.member.key.clone();
    meant.next().is_none().then_some(AcceptedLink { employee_no, member })
}

fn source_facts(
    config: &Config,
    sources: &[SourceGathered],
    scope: &Scope,
) -> BTreeMap<SourceName, SourceFacts> {
    let facts = config.sources.iter().zip(sources).map(|(source, gathered)| {
        let facts = SourceFacts {
            name: source.name.clone(),
            roles: source.roles.clone(),
            standing: gathered.standing,
            accept_shrink: scope.accept_shrink,
        };
        (source.name.clone(), facts)
    });
    facts.collect()
}

/// Moves the members: there may be hundreds of thousands.
fn member_facts(sources: &mut [SourceGathered]) -> Vec<HolderFacts> {
    let mut members: Vec<HolderFacts> = Vec::new();
    for gathered in sources {
        let complete_at = gathered.complete_at;
        members.extend(mem::take(&mut gathered.members).into_iter().map(|stored| HolderFacts {
            is_vanished: merge::is_vanished(&stored, complete_at),
            // Whoever has vanished was missing from several listings.
            is_agreed: merge::is_agreed(&stored, complete_at)
                || merge::is_vanished(&stored, complete_at),
            said_at: stored.said_at,
            missing_since: stored.missing_since,
            member: stored.member,
            problem: stored.problem,
        }));
    }
    members.sort_by(|one, other| one.member.key.cmp(&other.member.key));
    members
}

fn device_facts(
    device: &TargetConfig,
    gathered: &mut TargetGathered,
    linking: Linking,
    known: KnownOfTarget,
    now: DateTime<Utc>,
) -> TargetFacts {
    let RecordsOfTarget { persons, confirmed, written } = mem::take(&mut gathered.persons);
    TargetFacts {
        limits: believed_limits(device, gathered.limits, &persons, now),
        name: device.name.clone(),
        time_zone: device.time_zone,
        mode: device.mode,
        roles: device.roles.clone(),
        organisations: device.organisations.clone(),
        protect: device.protect.clone(),
        persons,
        confirmed,
        linking,
        stored: known.stored,
        written,
        settled_roles: known.settled_roles,
        is_first_run: gathered.is_first_run,
        revoked_last_day: known.revoked,
        is_accepted: gathered.is_accepted,
    }
}
