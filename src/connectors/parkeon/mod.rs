//! Parkeon, now Flowbird: meters that tell their status by themselves, and take tariffs.
//!
//! The shape of a status is *believed*: no public description of it is known. Amount and way of the last payment,
//! temperature and signal are not looked at. What a tariff holds is *seen*; its address, `ETag`, 202 and 412 are
//! *believed*: nobody knows how the real service guards against two who change a tariff at once.

mod config;
mod meters;
#[cfg(test)]
mod tariff_tests;
#[cfg(test)]
mod tests;
mod wire;

pub use config::Settings;

use crate::config::{MeterKind, RecipientKind};
use crate::document::{Fault, JsonError, Node};
use crate::model::SpaceId;
use crate::ports::{Effect, EventReader, MeterStatus};

/// Nobody pays a meter for more than a week at once.
const MINUTES_MAX: i64 = 7 * 24 * 60;

/// The kind of meters that these are.
#[derive(Debug)]
pub struct Parkeon;

impl MeterKind for Parkeon {
    fn name(&self) -> &'static str {
        "parkeon"
    }

    fn events(&self) -> &'static dyn EventReader {
        &Events
    }

    fn tariffs(&self) -> Option<&'static dyn RecipientKind> {
        Some(&config::Tariffs)
    }
}

/// How their events are read.
#[derive(Debug)]
struct Events;

impl EventReader for Events {
    fn bare_kind(&self) -> &'static str {
        "meter.status"
    }

    fn read(&self, kind: &str, data: &Node<'_, '_>) -> Result<Effect, JsonError> {
        match kind {
            "meter.status" => status(data).map(Effect::Meter),
            _ => Ok(Effect::Nothing),
        }
    }
}

/// The name of a meter, which becomes a part of an address.
fn meter_id(node: &Node<'_, '_>) -> Result<SpaceId, JsonError> {
    let name = Some(node.name()?).filter(|name| !name.contains(['/', '\\', '%', '?', '#']));
    let name = name.and_then(|name| SpaceId::new(name).ok());
    name.ok_or_else(|| node.error(Fault::Not("the name of a meter")))
}

fn status(data: &Node<'_, '_>) -> Result<MeterStatus, JsonError> {
    let id = meter_id(&data.field("meterId")?)?;
    let zone = data.optional("zoneNumber")?.map(|zone| zone.name().map(str::to_owned));
    let status = data.field("status")?;
    // Below zero it is over since then.
    let remaining = status
        .optional("timeRemaining")?
        .map(|node| node.whole_number(-MINUTES_MAX * 60, MINUTES_MAX * 60));
    let remaining = remaining.transpose()?.map(|seconds| u32::try_from(seconds).unwrap_or(0));
    let payment = status.optional("lastPayment")?;
    let payment = payment.map(|payment| {
        let at = payment.field("timestamp")?.instant()?;
        let minutes = payment.field("duration")?.whole_number(0, MINUTES_MAX)?;
        Ok::<_, JsonError>((at, u32::try_from(minutes).unwrap_or(0)))
    });
    let diagnostics = data.optional("diagnostics")?;
    let battery = diagnostics.map(|node| {
        let level = node.optional("batteryLevel")?;
        level.map(|level| level.whole_number(0, 100)).transpose()
    });
    let battery = battery.transpose()?.flatten().and_then(|percent| u8::try_from(percent).ok());
    Ok(MeterStatus {
        id,
        zone: zone.transpose()?,
        is_operational: status.field("operational")?.bool()?,
        is_occupied: status.optional("spaceOccupied")?.map(|node| node.bool()).transpose()?,
        battery,
        remaining_s: remaining,
        last_payment: payment.transpose()?,
    })
}
