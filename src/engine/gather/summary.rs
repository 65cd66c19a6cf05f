//! What there is to say of what was gathered.

use std::collections::HashSet;

use super::Gathered;
use crate::config::{Config, Mode};
use crate::engine::link::file::UnusableRow;
use crate::engine::link::{Claimant, RowsInQuestion, rows_in_question};
use crate::engine::{KeptLink, RowLeftOut, SourceReport, TargetOutcome, TargetReport};
use crate::store::{Store, StoreError};
use crate::trouble::{About, Trouble};

impl Gathered {
    /// What went wrong while gathering.
    pub fn troubles(&self) -> Vec<Trouble> {
        let sources = self.sources.iter().filter_map(|source| source.trouble.clone());
        let devices = self
            .devices
            .iter()
            .flat_map(|device| device.troubles.iter().chain(device.stopped.iter()).cloned());
        let clock = self.clock_trouble.clone();
        self.links.troubles.iter().cloned().chain(clock).chain(sources).chain(devices).collect()
    }

    /// The rows of the link files that link nobody, in the order of the configuration. `is_personal`:
    /// with whose they are.
    pub fn rows_left_out(
        &self,
        config: &Config,
        store: &Store,
        is_personal: bool,
    ) -> Result<Vec<RowLeftOut>, StoreError> {
        self.rows_left_out_of(config, store, is_personal, |_| true)
    }

    /// The same without whose they are, if a look at a few members leaves them as they are: numbers in rows
    /// are compared with those of all members.
    pub fn lasting_rows_left_out(
        &self,
        config: &Config,
        store: &Store,
    ) -> Result<Option<Vec<RowLeftOut>>, StoreError> {
        let lasts = !self.links.table.has_numbers();
        lasts.then(|| self.rows_left_out(config, store, false)).transpose()
    }

    /// Those of them that are wanted.
    pub fn rows_left_out_of(
        &self,
        config: &Config,
        store: &Store,
        is_personal: bool,
        is_wanted: impl Fn(&UnusableRow) -> bool,
    ) -> Result<Vec<RowLeftOut>, StoreError> {
        let in_question = self.rows_in_question();
        let mut all = Vec::new();
        for path in &config.link.files {
            let rows = self.links.left_out(store, path, &in_question)?;
            let wanted = rows.iter().filter(|row| is_wanted(row));
            all.extend(wanted.map(|row| RowLeftOut::new(path, row, is_personal)));
        }
        Ok(all)
    }

    fn rows_in_question(&self) -> RowsInQuestion<'_> {
        let facts = &self.facts;
        let members = facts.members.iter().map(|one| Claimant {
            member: &one.member,
            vanished_since: one.missing_since.filter(|_| one.is_vanished),
            // On some door.
            is_let_in: true,
        });
        let members: Vec<Claimant<'_>> = members.collect();
        let doors: Vec<_> = facts.devices.iter().map(|device| &device.persons).collect();
        let found = rows_in_question(&self.links.table, &members, &doors);
        if found.is_nothing() {
            return found;
        }
        let mut linked = HashSet::new();
        for device in &facts.devices {
            let links = facts.linked(device).filter(|(_, link)| link.is_ok());
            linked.extend(links.map(|(member, _)| &member.member.key));
        }
        found.without_linked(|key| linked.contains(key))
    }

    /// Links that are kept although the rule that made them no longer gives them.
    #[must_use]
    pub fn kept_links(&self) -> Vec<KeptLink> {
        let mut kept = Vec::new();
        for device in &self.facts.devices {
            for (member, link) in self.facts.linked(device) {
                let Ok(link) = link else { continue };
                let Some(source) = self.facts.sources.get(&member.member.key.source) else {
                    continue;
                };
                let only = &self.facts.only;
                let is_asked_for = only.is_everyone()
                    || only.names_member(&member.member)
                    || only.names_person(&link.employee_no);
                if link.is_outdated && is_asked_for {
                    kept.push(KeptLink {
                        source: source.name.clone(),
                        member: member.member.key.clone(),
                        device: device.name.clone(),
                        employee_no: link.employee_no.clone(),
                        rule: link.rule,
                    });
                }
            }
        }
        kept
    }

    /// What to say of each organisation.
    pub fn source_reports(&self) -> Vec<SourceReport> {
        self.sources.iter().map(|source| source.report.clone()).collect()
    }

    /// What to say of each device so far.
    pub fn device_reports(&self, config: &Config) -> Vec<TargetReport> {
        let reports = self.each_target(config).map(|(device, gathered, facts)| {
            let outcome = match (gathered.outcome, device.mode) {
                (TargetOutcome::Ok, Mode::Observe) => TargetOutcome::Observed,
                (TargetOutcome::Ok, _) if gathered.stopped.is_some() => TargetOutcome::NotBelieved,
                (outcome, _) => outcome,
            };
            let persons = facts.persons.len();
            TargetReport { name: device.name.clone(), persons, outcome }
        });
        reports.collect()
    }
}

/// Turns "part failed" into "temporary" when every device failed: nothing could be done at all.
pub fn weigh_devices(devices: &[TargetReport], troubles: &mut [Trouble]) {
    let all_away = !devices.is_empty()
        && devices.iter().all(|device| device.outcome == TargetOutcome::Unreachable);
    if !all_away {
        return;
    }
    for trouble in troubles {
        trouble.is_everywhere = matches!(trouble.about, About::Target(_));
    }
}
