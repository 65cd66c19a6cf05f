//! The world behind the program's seams: what it asks is answered from memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use ivms_sync::config::{
    GateConfig, RecipientConfig, RightsServiceConfig, SourceConfig, TargetConfig,
};
use ivms_sync::engine::Systems;
use ivms_sync::model::Memory;
use ivms_sync::ports::{Class, Failure, Gate, Recipient, RightsService, Source, Target};

use crate::barrier::Wire;
use crate::club::Club;
use crate::desk::{Desk, Window};
use crate::door::{Door, Line};
use crate::kiosk::Counter;
use crate::ledger::Human;
use crate::sabotage::Sabotage;
use crate::till::{self, Till};
use crate::world::World;
use crate::yard::Yard;

/// Where the process dies in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    /// Before it reached the other side.
    Before,
    /// After it had its effect, before the answer came.
    After,
}

/// What a planned death unwinds with; anything else that unwinds is a bug.
#[derive(Debug)]
pub struct Died;

/// The process dies here, without a word.
pub fn die() -> ! {
    std::panic::resume_unwind(Box::new(Died))
}

/// Opens a part of the world; whoever died holding it left it whole.
pub fn open<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Both sides as the program reaches them in one tick.
pub struct Streets<'a> {
    pub club: &'a Club,
    pub now: DateTime<Utc>,
    pub humans: &'a [Human],
    pub desks: &'a [Mutex<Desk>],
    pub doors: &'a [Mutex<Door>],
    pub yard: &'a Yard,
    pub till: Option<&'a Arc<Mutex<Till>>>,
    pub sabotage: Option<Sabotage>,
}

impl<'a> Streets<'a> {
    pub fn of(world: &'a World, sabotage: Option<Sabotage>) -> Self {
        Self {
            club: &world.club,
            now: world.now,
            humans: &world.humans,
            desks: &world.desks,
            doors: &world.doors,
            yard: &world.yard,
            till: world.till.as_ref(),
            sabotage,
        }
    }
}

impl Systems for Streets<'_> {
    fn source<'a>(&'a self, config: &SourceConfig) -> Box<dyn Source + 'a> {
        let name = config.name.as_str();
        let named = |one: &crate::club::Organisation| one.name == name;
        let organisation = self.club.organisations.iter().position(named).unwrap_or_default();
        Box::new(Window {
            desk: &self.desks[organisation],
            humans: self.humans,
            organisation,
            east: self.club.organisations[organisation].east,
            now: self.now,
            sabotage: self.sabotage,
        })
    }

    fn target<'a>(
        &'a self,
        config: &TargetConfig,
        _: &Memory,
    ) -> Result<Box<dyn Target + 'a>, Failure> {
        let name = config.name.as_str();
        let door = self.club.doors.iter().position(|one| one.name == name).unwrap_or_default();
        let password =
            config.login.secret.expose().trim_start_matches('p').parse().unwrap_or(u32::MAX);
        let line = Line { door: &self.doors[door], password, zone: config.time_zone, login: None };
        Ok(Box::new(line))
    }

    fn rights(&self, _: &RightsServiceConfig) -> Result<Box<dyn RightsService>, Failure> {
        let kiosk = self.yard.kiosk.as_ref().ok_or_else(nowhere)?;
        Ok(Box::new(Counter { kiosk: Arc::clone(kiosk) }))
    }

    fn recipient(&self, _: &RecipientConfig) -> Result<Box<dyn Recipient>, Failure> {
        let till = self.till.ok_or_else(nowhere)?;
        Ok(Box::new(till::Window { till: Arc::clone(till) }))
    }

    fn gate(&self, config: &GateConfig, _: &Memory) -> Result<Box<dyn Gate>, Failure> {
        let name = config.name.as_str();
        let place = self.club.gates.iter().position(|one| one.name == name).ok_or_else(nowhere)?;
        Ok(Box::new(Wire { barrier: Arc::clone(&self.yard.barriers[place]) }))
    }
}

fn nowhere() -> Failure {
    let text = "is not of this life".to_owned();
    Failure { class: Class::Unusable, has_spent_login: false, text, hint: None }
}
