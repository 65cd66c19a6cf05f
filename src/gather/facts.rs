//! From what was gathered to what planning and the proof look at.
//!
//! Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::devices::DeviceGathered;
use super::merge;
use super::sources::SourceGathered;
use crate::config::{Config, DeviceConfig};
use crate::link::{self, Claimant, LinkTable, Linking};
use crate::model::OrganisationId;
use crate::plan::{DeviceFacts, Facts, MemberFacts, Only, SourceFacts};
use crate::store::KnownLinks;

/// Both sides, in the order of the configuration.
pub(super) struct Both<'a> {
    pub config: &'a Config,
    pub sources: &'a [SourceGathered],
    pub devices: &'a [DeviceGathered],
}

impl Both<'_> {
    /// Links members to persons and puts everything together.
    pub(super) fn facts(
        &self,
        table: &LinkTable,
        known_links: &[KnownLinks],
        revoked: &[usize],
        only: Only,
        now: DateTime<Utc>,
    ) -> Facts {
        let members = member_facts(self.sources);
        let devices = self.config.devices.iter().zip(self.devices).zip(known_links).zip(revoked);
        let devices = devices.map(|(((device, gathered), stored), revoked)| {
            let linking = if gathered.is_known {
                let people = members.iter().map(|facts| Claimant {
                    member: &facts.member,
                    is_vanished: facts.is_vanished,
                });
                let persons = &gathered.persons.persons;
                link::resolve(people, persons, table, stored, &self.config.link.by)
            } else {
                Vec::new()
            };
            device_facts(device, gathered, linking, *revoked)
        });
        Facts {
            now,
            policy: self.config.policy,
            guard: self.config.guard,
            sources: source_facts(self.config, self.sources),
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

fn member_facts(sources: &[SourceGathered]) -> Vec<MemberFacts> {
    let mut members: Vec<MemberFacts> = Vec::new();
    for gathered in sources {
        members.extend(gathered.merged.members.iter().map(|stored| MemberFacts {
            member: stored.member.clone(),
            is_vanished: merge::is_vanished(stored, gathered.complete_at),
            problem: stored.problem.clone(),
        }));
    }
    members.sort_by_key(|facts| facts.member.key);
    members
}

fn device_facts(
    device: &DeviceConfig,
    gathered: &DeviceGathered,
    linking: Linking,
    revoked_last_day: usize,
) -> DeviceFacts {
    DeviceFacts {
        name: device.name.clone(),
        time_zone: device.time_zone,
        mode: device.mode,
        roles: device.roles.clone(),
        protect: device.protect.clone(),
        persons: gathered.persons.persons.clone(),
        confirmed: gathered.persons.confirmed.clone(),
        linking,
        is_first_run: gathered.is_first_run,
        revoked_last_day,
    }
}
