//! The last look before a citation leaves: whether its car had a right, by everything that is known here.

use chrono::{DateTime, Utc};

use super::CarKnown;
use crate::config::{RecipientConfig, Vehicles};
use crate::engine::citations::{Finding, judge_before_leaving};
use crate::model::{Citation, CitationId, CitationState};
use crate::ports::{Document, Subject};
use crate::store::{Store, StoreError};

/// What is known of the car that a document is about; the officer's own function answers.
pub(super) fn known(
    vehicles: &Vehicles,
    store: &Store,
    to: &RecipientConfig,
    document: &Document,
    now: DateTime<Utc>,
) -> Result<CarKnown, StoreError> {
    let Subject::Car { plate, zone, at } = &document.subject else {
        return Ok(CarKnown::NotAsked);
    };
    let unclear = |why: &str| Ok(CarKnown::Unclear(why.to_owned()));
    if !vehicles.are_there() {
        return unclear("the configuration names no source of rights");
    }
    let Ok(id) = CitationId::new(document.id.as_str()) else {
        return unclear("its number is too long");
    };
    let Ok(plate) = vehicles.plates.read(&plate.text, &plate.issuer) else {
        return unclear("its plate cannot be read for certain");
    };
    let citation = Citation {
        source: to.name.clone(),
        id,
        plate: Some(plate),
        zone: Some(zone.clone()),
        kind: None,
        at: *at,
        state: CitationState::Issued,
        fine: None,
        updated_at: None,
    };
    let judged = judge_before_leaving(vehicles, store, &citation, now)?;
    Ok(match judged.finding {
        Finding::HadRight => CarKnown::HadRight(judged.right.as_ref().map_or_else(
            || "of a kind that cannot be named".to_owned(),
            |right| format!("{} of {}", right.id, right.source),
        )),
        Finding::Stands => CarKnown::NoRight,
        Finding::Unclear(_) => CarKnown::Unclear(judged.why().to_owned()),
    })
}
