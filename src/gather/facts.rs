//! From what was gathered to what planning and the proof look at.
//!
//! Pure.

use std::collections::BTreeMap;
use std::mem;

use chrono::{DateTime, Utc};

use super::devices::DeviceGathered;
use super::merge;
use super::sources::SourceGathered;
use crate::config::{Config, DeviceConfig};
use crate::link::{self, Claimant, LinkTable, Linking};
use crate::model::OrganisationId;
use crate::plan::{DeviceFacts, Facts, MemberFacts, Only, SourceFacts};
use crate::store::{KnownLinks, PersonsOfDevice};

/// Both sides, in the order of the configuration.
pub(super) struct Both<'a> {
    pub config: &'a Config,
    /// Their members go into the facts.
    pub sources: &'a mut [SourceGathered],
    /// Their persons go into the facts.
    pub devices: &'a mut [DeviceGathered],
}

impl Both<'_> {
    /// Links members to persons and puts everything together.
    pub(super) fn facts(
        self,
        table: &LinkTable,
        known_links: &[KnownLinks],
        revoked: &[usize],
        only: Only,
        now: DateTime<Utc>,
    ) -> Facts {
        let sources = source_facts(self.config, self.sources);
        let members = member_facts(self.sources);
        let devices = self.config.devices.iter().zip(self.devices).zip(known_links).zip(revoked);
        let devices = devices.map(|(((device, gathered), stored), revoked)| {
            let linking = if gathered.is_known {
                let people = members.iter().map(|facts| Claimant {
                    member: &facts.member,
                    vanished_since: facts.missing_since.filter(|_| facts.is_vanished),
                });
                let persons = &gathered.persons.persons;
                link::resolve(people, persons, table, stored, &self.config.link.by)
            } else {
                Vec::new()
            };
            device_facts(device, gathered, linking, *revoked, now)
        });
        Facts {
            now,
            policy: self.config.policy,
            guard: self.config.guard,
            sources,
            devices: devices.collect(),
            members,
            only,
        }
    }
}

fn source_facts(
    config: &Config,
    sources: &[SourceGathered],
) -> BTreeMap<OrganisationId, SourceFacts> {
    let facts = config.sources.iter().zip(sources).map(|(source, gathered)| {
        let facts = SourceFacts {
            name: source.name.clone(),
            roles: source.roles.clone(),
            standing: gathered.standing,
        };
        (source.organisation, facts)
    });
    facts.collect()
}

/// Moves the members: there may be hundreds of thousands.
fn member_facts(sources: &mut [SourceGathered]) -> Vec<MemberFacts> {
    let mut members: Vec<MemberFacts> = Vec::new();
    for gathered in sources {
        let complete_at = gathered.complete_at;
        members.extend(mem::take(&mut gathered.members).into_iter().map(|stored| MemberFacts {
            is_vanished: merge::is_vanished(&stored, complete_at),
            missing_since: stored.missing_since,
            member: stored.member,
            problem: stored.problem,
        }));
    }
    members.sort_by_key(|facts| facts.member.key);
    members
}

fn device_facts(
    device: &DeviceConfig,
    gathered: &mut DeviceGathered,
    linking: Linking,
    revoked_last_day: usize,
    now: DateTime<Utc>,
) -> DeviceFacts {
    let PersonsOfDevice { persons, confirmed } = mem::take(&mut gathered.persons);
    let held = persons.values().filter_map(|person| person.limit.window());
    let local = now.with_timezone(&device.time_zone).naive_local();
    let limits = gathered.limits.believed(held, local);
    DeviceFacts {
        limits,
        name: device.name.clone(),
        time_zone: device.time_zone,
        mode: device.mode,
        roles: device.roles.clone(),
        protect: device.protect.clone(),
        persons,
        confirmed,
        linking,
        is_first_run: gathered.is_first_run,
        revoked_last_day,
    }
}
