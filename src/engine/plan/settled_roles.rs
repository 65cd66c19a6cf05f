//! The roles that open a door and that nobody waits to lose access by. Pure.

use std::collections::BTreeSet;

use super::{Budget, Change, Facts, HolderFacts, Plan, Standing};
use crate::config::Mode;
use crate::model::{RightCode, SourceName, TargetName};

/// The roles of each source that are settled on a door now and were not before. What is held back because
/// too many would be left out has not followed from them yet.
#[must_use]
pub fn settled_roles(
    facts: &Facts,
    plan: &Plan,
) -> Vec<(TargetName, SourceName, Option<BTreeSet<RightCode>>)> {
    let mut settled = Vec::new();
    for device in facts.devices.iter().filter(|device| !device.linking.is_empty()) {
        for (name, source) in &facts.sources {
            let known = device.settled_roles.get(name);
            // Where nothing is taken away, nothing shows what still waits.
            let takes_nothing = source.standing != Standing::Fresh
                || device.mode == Mode::GrantOnly && known.is_some();
            let roles = facts.door_roles(device, name);
            if known == Some(&roles) {
                continue;
            }
            let waits = |change: &Change| {
                // Of whatever organisation: what a person holds may be the time of one who was there before.
                change.device == device.name && change.blocked == Some(Budget::RolesChanged)
            };
            let is_remembered = |member: &HolderFacts| {
                member.member.key.source == *name && facts.remembers_lost_time(device, member)
            };
            let is_settled = !takes_nothing
                && !plan.is_held_back(name, &device.name)
                && !plan.changes.iter().any(waits)
                && !facts.members.iter().any(is_remembered);
            if is_settled {
                settled.push((device.name.clone(), name.clone(), roles));
            }
        }
    }
    settled
}
