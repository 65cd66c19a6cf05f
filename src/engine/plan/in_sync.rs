//! Who holds what they should. Pure.

use chrono::NaiveDateTime;

use super::Facts;
use super::validity::Validity;
use crate::model::{Limit, RecordId, TargetName, Window};

/// Whether a record that holds `limit` holds what is `due` to its holder; no record, and nothing due any
/// more, is in sync too.
#[must_use]
pub fn is_in_sync(due: Option<Validity>, limit: Option<Limit>, now: NaiveDateTime) -> bool {
    match (due, limit.and_then(|limit| limit.window())) {
        (Some(due), Some(window)) => due.is_met_by(&window),
        (Some(due), None) => due.window.end() < now && limit.is_none(),
        (None, _) => true,
    }
}

/// Persons who hold what they should and were not known to: `(device, persons)`.
///
/// Remembering them is what tells drift (the device moved) from news (the member moved).
#[must_use]
pub fn in_sync(facts: &Facts) -> Vec<(TargetName, Vec<(RecordId, Window)>)> {
    let mut found = Vec::new();
    for device in &facts.devices {
        let mut here = Vec::new();
        for (member, link) in facts.linked(device) {
            let Ok(link) = link else { continue };
            let Some(person) = device.persons.get(&link.employee_no) else { continue };
            let Some(actual) = person.limit.window() else { continue };
            if device.confirmed.get(&person.employee_no) == Some(&actual) {
                continue;
            }
            let Some(desired) = facts.entitlement(device, member) else { continue };
            let Some(due) = desired.validity() else { continue };
            if is_in_sync(Some(due), Some(person.limit), device.local(facts.now)) {
                here.push((person.employee_no.clone(), actual));
            }
        }
        if !here.is_empty() {
            found.push((device.name.clone(), here));
        }
    }
    found
}
