//! The real systems, over HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::cardskipper::Client;
use super::hikvision::Door;
use crate::config::{SourceConfig, TargetConfig};
use crate::model::Memory;
use crate::net::requests::RequestCount;
use crate::ports::progress::Progress;
use crate::ports::{Failure, Source, Systems, Target};

/// Connects to the systems of the configuration, and counts the requests to each.
#[derive(Debug)]
pub struct Network {
    progress: Arc<dyn Progress>,
    counts: Mutex<BTreeMap<String, RequestCount>>,
}

impl Network {
    /// The network, with somebody who watches long readings.
    #[must_use]
    pub fn watched_by(progress: Arc<dyn Progress>) -> Self {
        Self { progress, counts: Mutex::default() }
    }

    /// The count of a system; a second connection to it counts on.
    fn count(&self, section: String) -> RequestCount {
        // What a panic elsewhere left is a count like any other.
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.entry(section).or_default().clone()
    }
}

impl Systems for Network {
    fn source<'a>(&'a self, config: &SourceConfig) -> Box<dyn Source + 'a> {
        let count = self.count(format!("cardskipper.{}", config.name));
        Box::new(Client::new(config).counted_by(count).watched_by(Arc::clone(&self.progress)))
    }

    fn target<'a>(
        &'a self,
        config: &TargetConfig,
        memory: &Memory,
    ) -> Result<Box<dyn Target + 'a>, Failure> {
        let count = self.count(format!("hikvision.{}", config.name));
        Ok(Box::new(Door::connect(config, memory, count, Arc::clone(&self.progress))?))
    }

    fn requests(&self) -> BTreeMap<String, u64> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(section, count)| (section.clone(), count.get())).collect()
    }
}
