//! Writes down what was gathered, in one piece.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Gathered, links};
use crate::config::{Config, DeviceConfig};
use crate::model::{DeviceName, EmployeeNo, Person};
use crate::plan::DeviceFacts;
use crate::report::DeviceOutcome;
use crate::store::{KnownLinks, ListingDelta, Outcome, OutcomeKind, Reading, Store, StoreError};

impl Gathered {
    /// Records accepted listings, readings, link files and links.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of it was recorded, and the next run asks again.
    pub fn record(&self, config: &Config, store: &mut Store) -> Result<(), StoreError> {
        store.together(|store| self.record_all(config, store))
    }

    fn record_all(&self, config: &Config, store: &mut Store) -> Result<(), StoreError> {
        for (device, gathered) in config.devices.iter().zip(&self.devices) {
            if !gathered.is_known {
                store.know_device(&device.name)?;
            }
        }
        for (source, gathered) in config.sources.iter().zip(&self.sources) {
            if let Some(state) = &gathered.state {
                let delta = ListingDelta { changed: &gathered.changed, state: state.clone() };
                store.record_listing(source.organisation, &delta)?;
            }
            if let Some(names) = &gathered.role_names {
                store.record_role_names(source.organisation, names)?;
            }
        }
        links::record(store, &self.links, self.now)?;
        for (((device, gathered), facts), known) in
            config.devices.iter().zip(&self.devices).zip(&self.facts.devices).zip(&self.known_links)
        {
            if let Some(reading) = &gathered.reading {
                let persons = &facts.persons;
                settle_open(store, &device.name, persons, self.now)?;
                let recorded = Reading {
                    serial: &reading.serial,
                    firmware: &reading.firmware,
                    persons,
                    at: reading.at,
                };
                store.record_reading(&device.name, &recorded)?;
                if let Some(said) = &reading.abilities {
                    let (fields, end) = (&said.fields, said.latest_end());
                    store.record_capabilities(&device.name, &reading.firmware, fields, end)?;
                }
                store.forget_failures(&device.name)?;
            } else if let Some(failure) = &gathered.failure {
                store.remember_failure(&device.name, failure, self.now)?;
            } else if gathered.outcome != DeviceOutcome::Ok {
                store.require_reading(&device.name)?;
            }
            self.record_links(store, device, facts, known)?;
        }
        Ok(())
    }

    fn record_links(
        &self,
        store: &mut Store,
        device: &DeviceConfig,
        facts: &DeviceFacts,
        known: &KnownLinks,
    ) -> Result<(), StoreError> {
        let mut news = Vec::new();
        for (member, link) in self.facts.members.iter().zip(&facts.linking) {
            let Ok(link) = link else { continue };
            let is_news = known
                .get(&member.member.key)
                .is_none_or(|old| old.employee_no != link.employee_no || old.rule != link.rule);
            if is_news {
                news.push((member.member.key, link));
            }
        }
        if news.is_empty() {
            return Ok(());
        }
        store.record_links(&device.name, news.into_iter(), self.now)
    }
}

/// Settles what a run that died had announced, by what the device holds now: `persons` are those
/// announced, or everybody.
///
/// # Errors
/// [`StoreError`].
pub fn settle_open(
    store: &mut Store,
    device: &DeviceName,
    persons: &BTreeMap<EmployeeNo, Person>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let intents = store.open_intents(device)?;
    if intents.is_empty() {
        return Ok(());
    }
    let limits = store.device_state(device)?.limits;
    let settled: Vec<_> = intents
        .into_iter()
        .map(|intent| {
            let person = persons.get(&intent.employee_no);
            let took = person.is_some_and(|p| limits.is_held(intent.after, &p.limit));
            let (kind, text) = if took {
                (OutcomeKind::Confirmed, "the run was cut off; the device had taken the change")
            } else {
                (OutcomeKind::NotApplied, "the run was cut off before the device took the change")
            };
            log::warn!("{device}: person {}: {text}", intent.employee_no);
            let error = Some(text.to_owned());
            (intent, Outcome { kind, error, person: person.cloned() })
        })
        .collect();
    store.settle(&settled, now)
}
