//! Who holds what they should. Pure.

use super::Facts;
use crate::model::{RecordId, TargetName, Window};

/// Persons who hold what they should and were not known to: `(device, persons)`.
///
/// Remembering them is what tells drift (the device moved) from news (the member moved).
#[must_use]
pub fn in_step(facts: &Facts) -> Vec<(TargetName, Vec<(RecordId, Window)>)> {
    let mut found = Vec::new();
    for device in &facts.devices {
        let mut here = Vec::new();
        for (member, link) in facts.members.iter().zip(&device.linking) {
            let Ok(link) = link else { continue };
            let Some(person) = device.persons.get(&link.employee_no) else { continue };
            let Some(actual) = person.limit.window() else { continue };
            if device.confirmed.get(&person.employee_no) == Some(&actual) {
                continue;
            }
            let Some(desired) = facts.entitlement(device, member) else { continue };
            let is_right = desired.validity().is_some_and(|validity| validity.is_met_by(&actual));
            if is_right {
                here.push((person.employee_no.clone(), actual));
            }
        }
        if !here.is_empty() {
            found.push((device.name.clone(), here));
        }
    }
    found
}
