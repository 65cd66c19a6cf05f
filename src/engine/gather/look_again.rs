//! Reads single persons from devices that were not due, for somebody who asks about them now.

use super::conversation::{self, READING_PATIENCE};
use super::devices::{failure, not_believed};
use super::plausibility::{Doubt, judge_serial};
use super::{Gathered, LoginResult, remember_login};
use crate::clock::Clock;
use crate::config::{Config, TargetConfig};
use crate::engine::plan::TargetFacts;
use crate::engine::{Systems, TargetOutcome, side_by_side};
use crate::model::{Holder, RecordId, RightCode};
use crate::ports::Failure;
use crate::store::lock::TargetLock;
use crate::store::{Store, StoreError, TargetState};
use crate::trouble::Trouble;

impl Gathered {
    /// Reads the persons whom these members (by their places) are linked to, so that the facts hold what the
    /// devices hold now; gives what went wrong. All devices are read side by side.
    pub fn look_again(
        &mut self,
        systems: &dyn Systems,
        config: &Config,
        store: &Store,
        clock: Clock,
        wanted: &[usize],
    ) -> Result<Vec<Trouble>, StoreError> {
        let mut troubles = Vec::new();
        let mut turns = Vec::new();
        let began = clock.elapsed();
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
            let patience = READING_PATIENCE.saturating_sub(clock.elapsed().saturating_sub(began));
            match conversation::open(store, device.peer(), None, patience, clock)? {
                Ok(lock) => {
                    let before = store.devices().device_state(&device.name)?;
                    turns.push((
                        Again { systems, device, before, _lock: lock, linked },
                        facts,
                        found,
                    ));
                }
                Err((outcome, trouble)) => {
                    found.outcome = outcome;
                    troubles.push(trouble);
                }
            }
        }
        let read = side_by_side(turns, |(again, facts, found)| (again.read(facts), again, found));
        for (answer, again, found) in read {
            let login = match answer {
                Ok(Ok(())) => LoginResult::Worked,
                Ok(Err(doubt)) => {
                    found.outcome = TargetOutcome::NotBelieved;
                    troubles.push(not_believed(again.device, &doubt, None));
                    LoginResult::Worked
                }
                Err(error) => {
                    let (outcome, trouble, login) = failure(again.device.peer(), &error);
                    found.outcome = outcome;
                    troubles.push(trouble);
                    login
                }
            };
            remember_login(store, again.device.peer(), login, clock.now())?;
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

/// Our turn to talk to a device.
struct Again<'a> {
    systems: &'a dyn Systems,
    device: &'a TargetConfig,
    /// What is known of it.
    before: TargetState,
    /// Kept until what came of the login is remembered.
    _lock: TargetLock,
    linked: Vec<RecordId>,
}

impl Again<'_> {
    /// Another device may stand there by now, whose persons are none of ours: nothing is taken from that.
    fn read(&self, facts: &mut TargetFacts) -> Result<Result<(), Doubt>, Failure> {
        let mut target = self.systems.target(self.device, &self.before.memory)?;
        let serial = self.before.serial.as_deref().unwrap_or_default();
        if let Err(doubt) = judge_serial(serial, &target.identity()?.serial) {
            return Ok(Err(doubt));
        }
        let mut found = target.some(&self.linked)?;
        for id in &self.linked {
            match found.remove(id) {
                Some(record) => facts.persons.insert(id.clone(), record.person),
                None => facts.persons.remove(id),
            };
        }
        Ok(Ok(()))
    }
}
