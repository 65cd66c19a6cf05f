//! `lookup meter:ID` and `lookup citation:ID`: what is known of these, from the state file alone.

use crate::cmd::Context;
use crate::engine::citations::of_id;
use crate::error::Error;
use crate::exit::Exit;
use crate::report::citations::CitationAnswer;
use crate::report::meters::MeterAnswer;
use crate::report::parking::QuestionError;

/// What is asked about.
pub(super) enum Named<'t> {
    Meter(&'t str),
    Citation(&'t str),
}

impl<'t> Named<'t> {
    pub(super) fn parse(typed: &'t str) -> Option<Self> {
        let (kind, id) = typed.split_once(':')?;
        match kind {
            "meter" => Some(Self::Meter(id)),
            "citation" => Some(Self::Citation(id)),
            _ => None,
        }
    }
}

/// Answers.
pub(super) fn run(context: &Context, typed: &str, named: &Named<'_>) -> Result<Exit, Error> {
    let (vehicles, now) = (&context.config.vehicles, context.clock.now());
    let zone = context.config.zone_of_people();
    let store = context.open_store_to_read_unchecked()?;
    match *named {
        Named::Meter(id) => {
            if vehicles.meters.is_empty() {
                return Err(QuestionError::NoMeters.into());
            }
            let mut kept = Vec::new();
            for section in &vehicles.meters {
                if let Some(store) = &store {
                    kept.extend(store.inbox().meter(&section.name, id)?);
                }
            }
            let answer = MeterAnswer::new(typed, &kept, &vehicles.meters, now);
            match context.is_json {
                true => context.print_json(&answer)?,
                false => context.print(&answer.render(zone))?,
            }
            Ok(answer.exit())
        }
        Named::Citation(id) => {
            let judged = match &store {
                Some(store) => of_id(vehicles, store, id, now)?,
                None => Vec::new(),
            };
            let answer = CitationAnswer::new(typed, &judged, now);
            match context.is_json {
                true => context.print_json(&answer)?,
                false => context.print(&answer.render(&judged, zone, context.look))?,
            }
            Ok(answer.exit())
        }
    }
}
