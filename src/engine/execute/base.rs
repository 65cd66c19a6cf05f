//! The persons as they were read right before they are written.
//!
//! A write sends back every field as it was read, so what was read must be young: a bar or a door right
//! that somebody sets meanwhile would be written away.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::TargetConfig;
use crate::engine::plan::Change;
use crate::model::{Flaw, Limit, Record, RecordId, RecordStanding, TargetLimits, is_same_record};
use crate::ports::{Failure, FullRecord, Target};
use crate::store::{Outcome, OutcomeKind};

/// What was read longer ago is read again before it is written.
const AGE_MAX: Duration = Duration::from_secs(2);

/// What a device held of each person, and when the reading began, by the time that the run
/// had taken; nobody, for a person whom the device no longer has.
#[derive(Default)]
pub(super) struct Base {
    persons: BTreeMap<RecordId, (Duration, Option<FullRecord>)>,
    /// A reading of several persons took longer than what was read may be old.
    is_slow: bool,
}

impl Base {
    /// A person as it was read.
    pub fn record(&self, id: &RecordId) -> Option<&FullRecord> {
        self.persons.get(id)?.1.as_ref()
    }

    /// Reads the persons of these changes, beside what is known of others.
    pub fn read(
        &mut self,
        reader: &mut dyn Target,
        changes: &[&Change],
        clock: Clock,
    ) -> Result<(), Failure> {
        let at = clock.elapsed();
        let wanted: Vec<RecordId> = changes.iter().map(|c| c.employee_no.clone()).collect();
        let mut found = reader.some(&wanted)?;
        self.is_slow |= clock.elapsed().saturating_sub(at) > AGE_MAX;
        let read = wanted.into_iter().map(|id| {
            let record = found.remove(&id);
            (id, (at, record))
        });
        self.persons.extend(read);
        Ok(())
    }

    /// Reads the person of the first of these changes again if that was too long ago, and with it those
    /// of the others, unless the device is so slow that they would be old by then.
    pub fn refresh(
        &mut self,
        reader: &mut dyn Target,
        changes: &[&Change],
        clock: Clock,
    ) -> Result<(), Failure> {
        let first = changes.first().and_then(|change| self.persons.get(&change.employee_no));
        if first.is_some_and(|(at, _)| clock.elapsed().saturating_sub(*at) <= AGE_MAX) {
            return Ok(());
        }
        let count = if self.is_slow { 1 } else { changes.len() };
        self.read(reader, changes.get(..count).unwrap_or(changes), clock)
    }
}

/// The person of a change, if they still are as planned for and may be touched. One who already holds
/// what was to be written is settled as confirmed; nothing of what is settled here was sent.
pub(super) fn check<'b>(
    device: &TargetConfig,
    change: &Change,
    base: &'b Base,
    limits: &TargetLimits,
) -> Result<&'b FullRecord, Box<Outcome>> {
    let Some((_, Some(record))) = base.persons.get(&change.employee_no) else {
        return Err(unsent(OutcomeKind::Moved, "the person is no longer there", None));
    };
    let person = &record.person;
    if is_same_record(&change.fingerprint, &person.fingerprint) {
        return match untouchable(device, person) {
            Some(reason) => Err(unsent(OutcomeKind::Refused, reason, None)),
            None => Ok(record),
        };
    }
    if limits.is_held(change.after, &person.limit) {
        let person = Some(person.clone());
        return Err(Box::new(Outcome::unsent(OutcomeKind::Confirmed, None, person)));
    }
    let text = "the person was changed there since it was read";
    Err(unsent(OutcomeKind::Moved, text, Some(person.clone())))
}

/// Whom nothing may touch, whatever a plan file says: the last look before a write.
fn untouchable(device: &TargetConfig, person: &Record) -> Option<&'static str> {
    if device.protect.contains(&person.employee_no) {
        Some("the person is protected")
    } else if let Some(flaw) = person.flaw {
        Some(match flaw {
            Flaw::Twice => "the person is listed more than once",
            Flaw::NotUtf8 => "the person's entry is in an encoding that is not UTF-8",
        })
    } else {
        match (person.standing, person.limit) {
            (RecordStanding::Administrator, _) => Some("the person is an administrator there"),
            (RecordStanding::Barred, _) => Some("the person is barred there"),
            (RecordStanding::Free, Limit::Permanent(_)) => Some("the person has no limit there"),
            (RecordStanding::Free, _) => None,
        }
    }
}

fn unsent(kind: OutcomeKind, text: &str, person: Option<Record>) -> Box<Outcome> {
    Box::new(Outcome::unsent(kind, Some(text.to_owned()), person))
}
