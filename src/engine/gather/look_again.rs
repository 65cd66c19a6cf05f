//! Reads single persons from devices that were not due, for somebody who asks about them now.

use super::conversation::{self, READING_PATIENCE};
use super::devices::failure;
use super::{Gathered, LoginResult, remember_login};
use crate::clock::Clock;
use crate::config::{Config, TargetConfig};
use crate::engine::plan::TargetFacts;
use crate::engine::{Systems, TargetOutcome};
use crate::model::{Holder, Memory, RecordId, RightCode};
use crate::ports::Failure;
use crate::store::{Store, StoreError};
use crate::trouble::Trouble;

impl Gathered {
    /// Reads the persons whom these members (by their places) are linked to, so that the facts hold what the
    /// devices hold now; gives what went wrong.
    pub fn look_again(
        &mut self,
        systems: &dyn Systems,
        config: &Config,
        store: &Store,
        clock: Clock,
        wanted: &[usize],
    ) -> Result<Vec<Trouble>, StoreError> {
        let mut troubles = Vec::new();
        for ((device, facts), found) in
            config.devices.iter().zip(&mut self.facts.devices).zip(&mut self.devices)
        {
            if found.reading.is_some() || found.outcome != TargetOutcome::Ok {
                continue;
            }
            let linked: Vec<RecordId> = wanted
                .iter()
                .filter_map(|place| facts.linking.get(*place)?.as_ref().ok())
                .map(|link| link.employee_no.clone())
                .collect();
            if linked.is_empty() {
                continue;
            }
            let again = Again { systems, store, clock, device };
            if let Err((outcome, trouble)) = again.read(&linked, facts)? {
                found.outcome = outcome;
                troubles.push(trouble);
            }
        }
        Ok(troubles)
    }
}

impl Gathered {
    /// The names of a holder's rights: known ones, else asked for now, unless nobody is to be asked.
    pub fn names_of_rights(
        &self,
        systems: &dyn Systems,
        config: &Config,
        store: &Store,
        holder: &Holder,
        is_offline: bool,
    ) -> Result<Vec<(RightCode, Option<String>)>, StoreError> {
        let source = &holder.key.source;
        let mut known = match self.fresh_role_names(config, source) {
            Some(names) => names.clone(),
            None => store.members().role_names(source)?,
        };
        let lacks_one = holder.role_ids().any(|role| !known.contains_key(role));
        let source = config.sources.iter().find(|one| one.name == *source);
        if let (true, false, Some(source)) = (lacks_one, is_offline, source) {
            match systems.source(source).right_names() {
                Ok(names) => known = names,
                Err(error) => log::info!("role names are not known: {error}"),
            }
        }
        Ok(holder.role_ids().map(|role| (role.clone(), known.get(role).cloned())).collect())
    }
}

struct Again<'a> {
    systems: &'a dyn Systems,
    store: &'a Store,
    clock: Clock,
    device: &'a TargetConfig,
}

impl Again<'_> {
    /// Reads persons when it is our turn to talk to the device, or says why not.
    fn read(
        self,
        linked: &[RecordId],
        facts: &mut TargetFacts,
    ) -> Result<Result<(), (TargetOutcome, Trouble)>, StoreError> {
        let Self { store, device, clock, .. } = self;
        let _lock = match conversation::open(store, device, None, READING_PATIENCE, clock)? {
            Ok(lock) => lock,
            Err(why) => return Ok(Err(why)),
        };
        let memory = store.devices().device_state(&device.name)?.memory;
        let (login, done) = match self.read_persons(&memory, linked, facts) {
            Ok(()) => (LoginResult::Worked, Ok(())),
            Err(error) => {
                let (outcome, trouble, login) = failure(device, &error);
                (login, Err((outcome, trouble)))
            }
        };
        remember_login(store, device, login, clock.now())?;
        Ok(done)
    }

    fn read_persons(
        &self,
        memory: &Memory,
        linked: &[RecordId],
        facts: &mut TargetFacts,
    ) -> Result<(), Failure> {
        let mut found = self.systems.target(self.device, memory)?.some(linked)?;
        for id in linked {
            match found.remove(id) {
                Some(record) => facts.persons.insert(id.clone(), record.person),
                None => facts.persons.remove(id),
            };
        }
        Ok(())
    }
}
