//! Two sections of the configuration that lead to one device.

use std::collections::BTreeMap;

use super::TargetGathered;
use crate::config::TargetConfig;
use crate::engine::gather::plausibility::Doubt;
use crate::model::TargetName;

/// Finds devices to which another section leads as well, by their serial numbers, and disowns them: the
/// section under which a serial number is `known` from before keeps the device, else the first one.
/// Returns their places.
pub(in crate::engine::gather) fn disown_twins(
    configs: &[TargetConfig],
    devices: &mut [TargetGathered],
    known: &[Option<String>],
) -> Vec<usize> {
    let mut first: BTreeMap<String, (TargetName, String)> = BTreeMap::new();
    let mut twins = Vec::new();
    let both = configs.iter().zip(devices.iter()).zip(known);
    for ((config, device), known) in both {
        if let Some(serial) = known.as_ref().filter(|known| device.serial.as_ref() == Some(*known))
        {
            first.entry(serial.clone()).or_insert_with(|| (config.name.clone(), config.section()));
        }
    }
    for (place, (config, device)) in configs.iter().zip(devices).enumerate() {
        let Some(serial) = device.serial.clone().filter(|serial| !serial.trim().is_empty()) else {
            continue;
        };
        match first.get(&serial) {
            Some((first, _)) if *first == config.name => {}
            Some((_, section)) => {
                device.disown(config, &Doubt::Twin { first: section.clone(), serial });
                twins.push(place);
            }
            None => drop(first.insert(serial, (config.name.clone(), config.section()))),
        }
    }
    twins
}
