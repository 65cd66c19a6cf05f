//! The systems that a run may ask or change.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::{
    GateConfig, RecipientConfig, RightsServiceConfig, SourceConfig, TargetConfig, Wiring,
};
use crate::model::Memory;
use crate::net::requests::RequestCount;
use crate::ports::progress::Progress;
use crate::ports::{Class, Failure, Gate, Recipient, RightsService, Source, Target};

/// Everything that a run may ask or change. [`Network`] is the real thing; a simulation puts its own worlds
/// here, and says nothing of the kinds of systems that it has none of.
pub trait Systems: Sync {
    /// Prepares to ask a source; nothing is sent yet.
    fn source<'a>(&'a self, config: &SourceConfig) -> Box<dyn Source + 'a>;

    /// Prepares a connection to a target, with what is remembered of it; nothing is sent yet.
    ///
    /// # Errors
    /// [`Failure`] where the address or the TLS set-up is unusable.
    fn target<'a>(
        &'a self,
        config: &TargetConfig,
        _memory: &Memory,
    ) -> Result<Box<dyn Target + 'a>, Failure> {
        Err(none_here(&config.name, "is no door"))
    }

    /// Prepares a connection to a gate, with what is remembered of it; nothing is sent yet.
    ///
    /// # Errors
    /// [`Failure`] where the address or the TLS set-up is unusable.
    fn gate(&self, config: &GateConfig, _memory: &Memory) -> Result<Box<dyn Gate>, Failure> {
        Err(none_here(&config.name, "is no gate"))
    }

    /// Prepares to ask a service of parking rights; nothing is sent yet.
    ///
    /// # Errors
    /// [`Failure`] where the address or the TLS set-up is unusable.
    fn rights(&self, config: &RightsServiceConfig) -> Result<Box<dyn RightsService>, Failure> {
        Err(none_here(&config.name, "tells no rights"))
    }

    /// Prepares to ask a system that takes documents; nothing is sent yet.
    ///
    /// # Errors
    /// [`Failure`] where the address or the TLS set-up is unusable.
    fn recipient(&self, config: &RecipientConfig) -> Result<Box<dyn Recipient>, Failure> {
        Err(none_here(&config.name, "takes no documents"))
    }

    /// How many requests went to each system so far, by its section in the configuration
    /// (`hikvision.front-door`); nothing where that is not counted.
    fn requests(&self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }
}

fn none_here(name: &impl fmt::Display, what: &str) -> Failure {
    Failure::new(Class::Unusable, false, &format!("{name} {what} here"), None)
}

/// Connects as the configuration says, and counts the requests to each system.
pub struct Network {
    progress: Arc<dyn Progress>,
    counts: Mutex<BTreeMap<String, RequestCount>>,
    /// Systems that take documents, by their sections: each is logged into once.
    recipients: Mutex<BTreeMap<String, Arc<dyn Recipient>>>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

impl Network {
    /// The network, with somebody who watches long readings.
    #[must_use]
    pub fn watched_by(progress: Arc<dyn Progress>) -> Self {
        Self { progress, counts: Mutex::default(), recipients: Mutex::default() }
    }

    /// What a connection is given; a second one to the same section counts on.
    fn wiring(&self, section: String) -> Wiring {
        // What a panic elsewhere left is a count like any other.
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(section).or_default().clone();
        Wiring { progress: Arc::clone(&self.progress), count }
    }
}

impl Systems for Network {
    fn source<'a>(&'a self, config: &SourceConfig) -> Box<dyn Source + 'a> {
        config.settings.connect(self.wiring(config.section()))
    }

    fn target<'a>(
        &'a self,
        config: &TargetConfig,
        memory: &Memory,
    ) -> Result<Box<dyn Target + 'a>, Failure> {
        config.settings.connect(self.wiring(config.section()), memory).map(|target| target as _)
    }

    fn gate(&self, config: &GateConfig, memory: &Memory) -> Result<Box<dyn Gate>, Failure> {
        config.settings.connect(self.wiring(config.section()), memory)
    }

    fn rights(&self, config: &RightsServiceConfig) -> Result<Box<dyn RightsService>, Failure> {
        config.settings.connect(self.wiring(config.section()), &config.zones, config.list_within)
    }

    fn recipient(&self, config: &RecipientConfig) -> Result<Box<dyn Recipient>, Failure> {
        let section = config.section();
        let mut open = self.recipients.lock().unwrap_or_else(PoisonError::into_inner);
        let there = match open.get(&section) {
            Some(there) => Arc::clone(there),
            None => {
                let there = Arc::from(config.settings.connect(self.wiring(section.clone()))?);
                open.entry(section).or_insert(there).clone()
            }
        };
        Ok(Box::new(there))
    }

    fn requests(&self) -> BTreeMap<String, u64> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(section, count)| (section.clone(), count.get())).collect()
    }
}
