//! `lookup meter:ID`, `citation:ID`, `permit:ID` and `session:ID`: what is known of these, from the state file alone.

use super::car::Typed;
use crate::cmd::Context;
use crate::engine::citations::of_id;
use crate::engine::collection::agencies;
use crate::engine::rights::{Known, OfId};
use crate::engine::vehicles::Readings;
use crate::error::Error;
use crate::exit::Exit;
use crate::model::{AskedThing, DocumentId, RightId};
use crate::report::citations::CitationAnswer;
use crate::report::meters::MeterAnswer;
use crate::report::parking::QuestionError;
use crate::report::right_by_id::{AskedRight, RightAnswer};
use crate::store::{ReferralKept, Store, StoreError};

/// How citations of this name stand at agencies, however old they are.
fn handed_over(
    context: &Context,
    store: &Store,
    id: &str,
) -> Result<Vec<ReferralKept>, StoreError> {
    let mut found = Vec::new();
    let Ok(reference) = DocumentId::new(id) else { return Ok(found) };
    for to in agencies(&context.config) {
        found.extend(store.referrals().find(&to.name, &reference)?);
    }
    Ok(found)
}

/// Answers.
pub(super) fn run(context: &Context, typed: &Typed, thing: AskedThing<'_>) -> Result<Exit, Error> {
    let who = typed.who.as_str();
    let (vehicles, now) = (&context.config.vehicles, context.clock.now());
    let zone = context.config.zone_of_people();
    let open = || context.open_store_to_read_unchecked();
    match thing {
        AskedThing::Plate(_) => super::car::run(context, typed),
        AskedThing::Meter(id) => {
            if vehicles.meters.is_empty() {
                return Err(QuestionError::NoMeters.into());
            }
            let (store, mut kept) = (open()?, Vec::new());
            for section in &vehicles.meters {
                if let Some(store) = &store {
                    kept.extend(store.inbox().meter(&section.name, id)?);
                }
            }
            let answer = MeterAnswer::new(who, &kept, &vehicles.meters, now);
            match context.is_json {
                true => context.print_json(&answer)?,
                false => context.print(&answer.render(zone))?,
            }
            Ok(answer.exit())
        }
        AskedThing::Citation(id) => {
            let (judged, referrals) = match &open()? {
                Some(store) => (of_id(vehicles, store, id, now)?, handed_over(context, store, id)?),
                None => Default::default(),
            };
            let answer = CitationAnswer::new(who, (&judged, &referrals), now);
            match context.is_json {
                true => context.print_json(&answer)?,
                false => context.print(&answer.render(&judged, zone, context.look))?,
            }
            Ok(answer.exit())
        }
        AskedThing::Permit(id) | AskedThing::Session(id) => {
            if !vehicles.are_there() {
                return Err(QuestionError::NoVehicles.into());
            }
            let (place, judged_at) = typed.place_and_moment(vehicles, now)?;
            let asked = AskedRight {
                who: who.to_owned(),
                is_session: matches!(thing, AskedThing::Session(_)),
                zone: place,
                asked_at: now,
                judged_at,
            };
            let answer = match &open()? {
                Some(store) => store.at_once(|| {
                    let known = Known::read(vehicles, store)?;
                    let of_id = match RightId::new(id) {
                        Ok(id) => known.of_id(vehicles, store, &id)?,
                        Err(_) => OfId::default(),
                    };
                    Ok(RightAnswer::new(&asked, vehicles, &of_id, &known.readings))
                })?,
                None => RightAnswer::new(&asked, vehicles, &OfId::default(), &Readings::default()),
            };
            match context.is_json {
                true => context.print_json(&answer)?,
                false => context.print(&answer.render(zone, context.look))?,
            }
            Ok(answer.exit())
        }
    }
}
