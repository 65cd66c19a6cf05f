//! Persons whom this program has given time, and who are linked to nobody now. Pure.

use std::collections::BTreeSet;

use serde::Serialize;

use super::validity::ended_yesterday;
use super::{Budget, Cause, Change, Facts, Kind, Plan, TargetFacts, Verb, is_protected};
use crate::config::Mode;
use crate::engine::link::{Found, NoLink};
use crate::model::{HolderId, Limit, RecordId, SourceName, TargetName};

/// A person whom this program has written to, who has time left and is linked to nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Released {
    pub device: TargetName,
    pub employee_no: RecordId,
    /// For whom it was last written to.
    #[serde(flatten)]
    pub member: HolderId,
    /// That member's organisation in the configuration; its number where the configuration has it no more.
    #[serde(skip)]
    pub source: SourceName,
    /// What the person holds.
    #[serde(rename = "holds")]
    pub limit: Limit,
}

/// Finds them, and plans the end of each for somebody to approve.
pub(super) fn find(facts: &Facts, plan: &mut Plan) {
    // A device whose persons are not known has no links either.
    for device in facts.devices.iter().filter(|device| !device.written.is_empty()) {
        let in_question = in_question(device);
        for (employee_no, member) in &device.written {
            let is_asked_for = facts.only.is_everyone() || facts.only.names_person(employee_no);
            if is_asked_for && !in_question.contains(employee_no) {
                release(facts, device, employee_no, member, plan);
            }
        }
    }
}

/// Everybody whom a member is linked to, or who comes into question for one.
fn in_question(device: &TargetFacts) -> BTreeSet<&RecordId> {
    let mut persons = BTreeSet::new();
    for link in &device.linking {
        match link {
            Ok(link) => drop(persons.insert(&link.employee_no)),
            Err(
                NoLink::Ambiguous { persons: several, .. }
                | NoLink::Yielded { persons: several, .. },
            ) => {
                persons.extend(several);
            }
            Err(NoLink::NameDiffers { employee_no, found }) => {
                persons.insert(employee_no);
                if let Found::InsteadOf(linked) = found {
                    persons.insert(linked);
                }
            }
            Err(
                NoLink::NoEmail
                | NoLink::NoPerson
                | NoLink::OtherOrganisation
                | NoLink::NotThere { .. },
            ) => {}
        }
    }
    persons
}

fn release(
    facts: &Facts,
    device: &TargetFacts,
    employee_no: &RecordId,
    member: &HolderId,
    plan: &mut Plan,
) {
    let now = device.local(facts.now);
    let Some(person) = device.persons.get(employee_no) else { return };
    let has_time = match person.limit {
        Limit::Window(window) => window.end() >= now,
        Limit::Permanent(_) => true,
        Limit::Unreadable { .. } | Limit::Unclear { .. } => false,
    };
    if !has_time || is_protected(device, person) {
        return;
    }
    plan.released.push(Released {
        device: device.name.clone(),
        employee_no: employee_no.clone(),
        member: member.clone(),
        source: member.source.clone(),
        limit: person.limit,
    });
    if let (Limit::Window(window), Mode::Full | Mode::Observe) = (person.limit, device.mode) {
        plan.changes.push(Change {
            verb: Verb::Set,
            device: device.name.clone(),
            employee_no: employee_no.clone(),
            member: member.clone(),
            source: member.source.clone(),
            cause: Cause::Released,
            kind: Kind::Revocation,
            before: person.limit,
            after: device.limits.times().clamp(ended_yesterday(window, now)),
            opens_door: false,
            fingerprint: person.fingerprint.clone(),
            ends_at_once: true,
            blocked: Some(Budget::Released),
        });
    }
}
