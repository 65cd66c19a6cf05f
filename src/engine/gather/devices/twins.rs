//! Two sections of the configuration that lead to one device.

use std::collections::BTreeMap;

use crate::config::TargetConfig;
use crate::engine::gather::plausibility::Doubt;
use crate::engine::gather::{Conversation, TargetInTurn};

/// Finds devices to which another section leads as well, by their serial numbers, and disowns them: the
/// section under which a serial number is `known` from before keeps the device, else the first one.
pub(in crate::engine::gather) fn disown_twins(targets: &mut [TargetInTurn<'_, '_>]) {
    let mut first: BTreeMap<String, &TargetConfig> = BTreeMap::new();
    for TargetInTurn { config, gathered, known, .. } in targets.iter() {
        if let Some(serial) = known.serial.as_ref().filter(|_| gathered.serial == known.serial) {
            first.entry(serial.clone()).or_insert(*config);
        }
    }
    for TargetInTurn { config, gathered, open, .. } in targets {
        let Some(serial) = gathered.serial.clone().filter(|serial| !serial.trim().is_empty())
        else {
            continue;
        };
        match first.get(&serial) {
            Some(first) if first.name == config.name => {}
            Some(first) => {
                gathered.disown(config, &Doubt::Twin { first: first.section(), serial });
                *open = Conversation::none();
            }
            None => drop(first.insert(serial, *config)),
        }
    }
}
