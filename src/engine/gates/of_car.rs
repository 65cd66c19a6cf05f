//! One car at every gate: what its rights come to there, and what the gate holds, as the state file knows it.

use chrono::{DateTime, NaiveDate, Utc};

use super::cars::Cars;
use super::claims::{Claim, Wanted, wanted};
use super::due::today;
use super::plan::RowReason;
use super::told::Remarks;
use crate::config::{Config, GateConfig, Mode};
use crate::model::{OwnRow, ParkingZoneName, Plate, RightRef, TargetName};
use crate::store::{GateKept, Store, StoreError};

/// A car at one gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarAtGate {
    pub gate: TargetName,
    /// Parking zones whose cars it opens for.
    pub zones: Vec<ParkingZoneName>,
    /// It opens for members' cars.
    pub is_for_members: bool,
    /// A row of a link file names it as a member's.
    pub is_listed: bool,
    /// What the gate calls the row of the car that this program made; the plate where it says nothing.
    pub row: Option<String>,
    /// That row opens it today.
    pub opens_now: bool,
    /// The car may enter now by some right of those that count here.
    pub should_open: bool,
    /// The same as a member's car: the member, and the last day.
    pub as_member: Option<Membership>,
    /// The gate holds what it should.
    pub in_step: bool,
    pub why: String,
    /// It cannot be said that the car has no right.
    pub is_unsure: bool,
}

/// What a membership comes to for a car at one gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    pub by: RightRef,
    /// It gives access now; else it will.
    pub is_running: bool,
}

/// What is known of a car at every gate.
///
/// # Errors
/// [`StoreError`].
pub fn of_car(
    config: &Config,
    store: &Store,
    plate: &Plate,
    now: DateTime<Utc>,
) -> Result<Vec<CarAtGate>, StoreError> {
    let is_listed = !store.member_plates().of_plate(plate.text())?.is_empty();
    let each = config.gates.iter().map(|gate| {
        let cars = Cars::of_plate(gate, config, store, plate, now)?;
        let own = store.gates().row(&gate.name, plate.text())?;
        let kept = store.gates().gate(&gate.name)?;
        let at_gate = at_gate(gate, plate, &cars, own.as_ref(), kept.as_ref(), now);
        Ok(CarAtGate { is_listed, ..at_gate })
    });
    each.collect()
}

fn at_gate(
    gate: &GateConfig,
    plate: &Plate,
    cars: &Cars,
    own: Option<&OwnRow>,
    kept: Option<&GateKept>,
    now: DateTime<Utc>,
) -> CarAtGate {
    let today = today(gate, now);
    let wanted = wanted(&cars.claims, today);
    let wanted = wanted.get(plate.text());
    let should_open = wanted.is_some_and(|wanted| wanted.days.contains(today));
    let held = own.filter(|own| own.is_held);
    let is_given =
        should_open && reason_of(wanted.map(|wanted| &wanted.by), kept) == Some(RowReason::Given);
    let opens_now = is_given || held.is_some_and(|own| own.days.contains(today));
    let is_met = |own: &OwnRow, wanted: &Wanted| {
        (wanted.last_at_least(today)..=wanted.days.last()).contains(&own.days.last())
    };
    let in_step = match (wanted, held) {
        (Some(wanted), Some(own)) => is_met(own, wanted),
        (Some(_), None) if is_given => true,
        (Some(wanted), None) => wanted.days.first() > today,
        (None, Some(own)) => own.days.last() < today || !cars.claims.is_empty(),
        (None, None) => true,
    };
    CarAtGate {
        gate: gate.name.clone(),
        zones: gate.zones.iter().cloned().collect(),
        is_for_members: !gate.members.is_empty(),
        is_listed: false,
        row: held.map(|own| match own.id.as_str() {
            "" => plate.text().to_owned(),
            id => id.to_owned(),
        }),
        opens_now,
        should_open,
        as_member: membership(gate, plate, cars, today),
        in_step,
        why: why(gate, (wanted, held, in_step), kept),
        is_unsure: cars.unsure.contains(plate.text()) || !cars.stale.is_empty(),
    }
}

fn membership(
    gate: &GateConfig,
    plate: &Plate,
    cars: &Cars,
    today: NaiveDate,
) -> Option<Membership> {
    let of_members = |claim: &&Claim| gate.members.contains(&claim.by.source);
    let claims: Vec<Claim> = cars.claims.iter().filter(of_members).cloned().collect();
    let wanted = wanted(&claims, today);
    let wanted = wanted.get(plate.text())?;
    Some(Membership { by: wanted.by.clone(), is_running: wanted.days.contains(today) })
}

fn why(
    gate: &GateConfig,
    (wanted, held, in_step): (Option<&Wanted>, Option<&OwnRow>, bool),
    kept: Option<&GateKept>,
) -> String {
    if gate.mode == Mode::Observe {
        return "the gate is only observed".to_owned();
    }
    if kept.is_none_or(|kept| kept.read_at.is_none()) {
        return "the list of the gate was never read".to_owned();
    }
    let by = wanted.map(|wanted| &wanted.by).or(held.map(|own| &own.by));
    // Another car of the same right may be the one that is left out.
    let reason = reason_of(by, kept)
        .filter(|reason| !in_step || *reason == RowReason::Given && held.is_none());
    match (reason, wanted, held) {
        (Some(reason), ..) => reason.explain().0.to_owned(),
        (None, Some(_), Some(own)) if in_step => format!("its row ends on {}", own.days.last()),
        (None, Some(wanted), None) if in_step => {
            format!("its right begins on {}", wanted.days.first())
        }
        (None, Some(_), Some(own)) => {
            format!("its row ends on {}; the next run sets it", own.days.last())
        }
        (None, Some(_), None) => "it has no row yet; the next run adds it".to_owned(),
        (None, None, Some(own)) if in_step => format!("its row ends on {}", own.days.last()),
        (None, None, Some(_)) => "it has no right here; the next run removes its row".to_owned(),
        (None, None, None) => "it has no right here".to_owned(),
    }
}

/// Why nothing was done for a right when the gate was asked last.
fn reason_of(by: Option<&RightRef>, kept: Option<&GateKept>) -> Option<RowReason> {
    let named = by?.to_string();
    Remarks::kept(kept?)
        .not_done
        .into_iter()
        .find(|one| one.rights.contains(&named))
        .map(|one| one.reason)
}
