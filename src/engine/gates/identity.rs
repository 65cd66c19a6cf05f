//! Which gate it is that answers, by its serial number: one to which another section leads too, or one whose section
//! had another name before.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::config::{Config, GateConfig};
use crate::engine::gather::plausibility::Doubt;
use crate::model::{Memory, TargetName};
use crate::store::{Store, StoreError};

/// A gate that no section names any more.
#[derive(Debug, Clone)]
pub(super) struct Former {
    pub name: TargetName,
    /// What its connector remembers: without it the list may not be read as it was.
    pub memory: Memory,
}

/// Every gate that no section names any more, by its serial number; of several the one that was read last.
pub(super) fn formers(
    config: &Config,
    store: &Store,
) -> Result<BTreeMap<String, Former>, StoreError> {
    let gates = config.gates.iter().map(|gate| &gate.name);
    let named: Vec<&TargetName> =
        gates.chain(config.devices.iter().map(|device| &device.name)).collect();
    let mut formers = BTreeMap::new();
    for (name, serial) in store.gates().serials()? {
        if !named.contains(&&name) {
            let memory = store.devices().device_state(&name)?.memory;
            formers.insert(serial, Former { name, memory });
        }
    }
    Ok(formers)
}

/// Why a gate is not believed to which another section leads as well: that under which the serial number is known
/// from before keeps it, else the one that answered first. Rows that one of them makes would be a stranger's to the
/// other, and each would write by its own rules.
pub(super) fn twin(
    config: &Config,
    gate: &GateConfig,
    (store, heard): (&Store, &Mutex<BTreeMap<String, TargetName>>),
    serial: &str,
) -> Result<Option<Doubt>, StoreError> {
    if serial.trim().is_empty() {
        return Ok(None);
    }
    let known = store.gates().serials()?;
    let holds = |other: &&GateConfig| {
        known.iter().any(|(name, known)| known == serial && *name == other.name)
    };
    let first = match config.gates.iter().find(holds) {
        Some(first) => first.name.clone(),
        None => {
            let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.entry(serial.to_owned()).or_insert_with(|| gate.name.clone()).clone()
        }
    };
    let first = config.gates.iter().find(|one| one.name == first && one.name != gate.name);
    let doubt =
        |first: &GateConfig| Doubt::Twin { first: first.section(), serial: serial.to_owned() };
    Ok(first.map(doubt))
}
