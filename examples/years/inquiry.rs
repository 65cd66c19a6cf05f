//! What people ask between two ticks: `status` and `lookup --offline`. Each compares what it tells of a few
//! members with a look at everybody, and fails where the two differ.

use ivms_sync::cli::{LookupArgs, StatusArgs};
use ivms_sync::cmd::{Context, lookup, status};
use ivms_sync::config::Environment;

use crate::ledger::Human;

/// Asks how things stand, and for one member: another one after each tick.
///
/// # Errors
/// What a command gave up with.
pub fn ask(context: &Context, humans: &[Human], tick: u64) -> Result<(), String> {
    let told = |error: ivms_sync::error::Error| format!("a question gave up: {error}");
    let status = StatusArgs { html: None, prometheus: None, unlinked: None };
    status::run(context, &status).map_err(told)?;
    let place = usize::try_from(tick).unwrap_or_default().checked_rem(humans.len());
    let Some(member) = place.and_then(|place| humans.get(place)) else { return Ok(()) };
    let Some(number) = &member.truth.member.number else { return Ok(()) };
    let lookup =
        LookupArgs { who: vec![number.to_string()], offline: true, ..LookupArgs::default() };
    lookup::run(context, &Environment::default(), &lookup).map_err(told)?;
    Ok(())
}
