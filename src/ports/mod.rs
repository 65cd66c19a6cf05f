//! The seams between the engine and the systems: a source lists holders, a target holds records.
//!
//! [`engine`](crate::engine) knows the systems only through these traits. A connector implements them, and a
//! simulation puts its own worlds behind them.

mod failure;
pub mod progress;
mod source;
mod target;

use std::collections::BTreeMap;

use crate::config::{SourceConfig, TargetConfig};
use crate::model::Memory;

pub use failure::{Class, Failure};
pub use source::{Listing, Snapshot, Source, Unusable};
pub use target::{
    Capabilities, FullRecord, Identity, RecordList, Remark, Severity, Statement, Target,
    TargetClock, TargetWriter,
};

/// Everything that a run may ask or change.
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
        memory: &Memory,
    ) -> Result<Box<dyn Target + 'a>, Failure>;

    /// How many requests went to each system so far, by its section in the configuration
    /// (`hikvision.front-door`); nothing where that is not counted.
    fn requests(&self) -> BTreeMap<String, u64> {
        BTreeMap::new()
    }
}
