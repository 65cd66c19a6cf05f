//! The roles that open a door and that nobody waits to lose access by. Pure.

use std::collections::BTreeSet;

use super::{Budget, Change, Facts, HolderFacts, Plan, Standing};
use crate::config::Mode;
use crate::engine::link::{Link, NoLink};
use crate::model::{RightCode, SourceName, TargetName};

/// Whether somebody has left the person of a change to another member.
fn leaves(link: &Result<Link, NoLink>, change: &Change) -> bool {
    matches!(link, Err(NoLink::Yielded { persons, .. }) if persons.contains(&change.employee_no))
}

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
            // What a person holds may be the time of one who was there before.
            let was_left = |change: &Change| {
                let mut members = facts.linked(device);
                members.any(|(member, link)| {
                    let left = || facts.loses_a_role_by_configuration(device, member);
                    member.member.key.source == *name && leaves(link, change) && left()
                })
            };
            let waits = |change: &Change| {
                change.device == device.name
                    && change.blocked == Some(Budget::RolesChanged)
                    && (change.member.source == *name || was_left(change))
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
