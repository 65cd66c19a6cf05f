//! Gates in the commands: a look that writes nothing, and the approval of what waits.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::Context;
use crate::command::CommandName;
use crate::config::Config;
use crate::engine::Systems;
use crate::engine::gates::{self, AllCars, GateRun, GatesDone, ReviewedGates};
use crate::error::Error;
use crate::model::{RunId, TargetName};
use crate::report::Report;
use crate::store::{RunEnd, Store};

/// How gates are asked in a `sync`.
#[derive(Debug, Default)]
pub(super) struct Asks {
    /// Every gate, whatever is due.
    pub is_full: bool,
    /// A person asks for it.
    pub tries_logins: bool,
    /// `--accept-device`.
    pub accepted: BTreeMap<TargetName, usize>,
}

/// Brings every gate up to date with what is known by now, in a run.
pub(super) fn open(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    run: RunId,
    asks: &Asks,
) -> Result<GatesDone, Error> {
    let cars = gates::all_cars(&context.config, store, context.clock.began())?;
    let work = GateRun { run: Some(run), ..work(context, systems, asks) };
    Ok(gates::run(&work, store, cars)?)
}

/// Asks every gate, and says what would be done; nothing is written. `tries_logins`: also where a login was
/// refused before.
pub(super) fn look(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    cars: AllCars,
    tries_logins: bool,
) -> Result<GatesDone, Error> {
    let asks = Asks { is_full: true, tries_logins, ..Asks::default() };
    Ok(gates::run(&work(context, systems, &asks), store, cars)?)
}

/// Carries out what waits at a gate under this id, and nothing else; nothing where no gate has such.
pub(super) fn approve(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    id: &str,
) -> Result<Option<Report>, Error> {
    let Some(gate) = waiting(context, store, id)? else { return Ok(None) };
    let mut cars = gates::all_cars(&context.config, store, context.clock.began())?;
    cars.retain(|name, _| *name == gate);
    let run = context.begin_run(CommandName::Apply, store)?;
    let asks = Asks::default();
    let work = GateRun { run: Some(run), approved: Some(id), ..work(context, systems, &asks) };
    let done = gates::run(&work, store, cars);
    let mut report = Report::new(CommandName::Apply, Some(run));
    report.shows_plates = context.shows_names();
    let exit_code = match done {
        Ok(done) => {
            report.take_gates(done);
            report.exit().code()
        }
        Err(error) => {
            let error = Error::from(error);
            let end = RunEnd { exit_code: error.exit().code(), ..RunEnd::default() };
            context.end_run(store, run, &end)?;
            return Err(error);
        }
    };
    let confirmed = report.count_rows(|state| state.is_confirmed());
    let requests = systems.requests();
    context.end_run(store, run, &RunEnd { exit_code, confirmed, requests, ..RunEnd::default() })?;
    Ok(Some(report))
}

/// What the seal of a plan is over: its hash, and what decides at gates, since what it says of their plates may count.
pub(super) fn sealed(config: &Config, sha256: &str) -> String {
    let senses = config.gates.iter().map(|gate| format!(" {} {}", gate.name, gate.sense(config)));
    senses.fold(sha256.to_owned(), |all, sense| all + &sense)
}

/// Carries out what somebody has reviewed, in a run, and nothing else. `made_at` is when the plan was made: what was
/// read since counts, and until then what the plan says of its own plates.
pub(super) fn reviewed(
    context: &Context,
    systems: &dyn Systems,
    store: &mut Store,
    run: RunId,
    (reviewed, made_at): (&ReviewedGates, DateTime<Utc>),
) -> Result<GatesDone, Error> {
    let config = &context.config;
    let mut cars = gates::all_cars(config, store, context.clock.began())?;
    cars.retain(|name, _| reviewed.contains_key(name));
    for (name, cars) in &mut cars {
        let (Some(rows), Some(gate)) =
            (reviewed.get(name), config.gates.iter().find(|gate| gate.name == *name))
        else {
            continue;
        };
        let now = context.clock.began();
        if rows.is_sealed && !gates::was_read_since(gate, store, (made_at, now))? {
            rows.instead_of(cars, now.with_timezone(&gate.time_zone).date_naive());
        }
    }
    let asks = Asks::default();
    let reviewed = Some(reviewed);
    let work = GateRun { run: Some(run), reviewed, ..work(context, systems, &asks) };
    Ok(gates::run(&work, store, cars)?)
}

/// The gate at which changes wait under this id.
fn waiting(context: &Context, store: &Store, id: &str) -> Result<Option<TargetName>, Error> {
    for gate in &context.config.gates {
        let kept = store.gates().gate(&gate.name)?;
        if kept.is_some_and(|kept| kept.blocked.as_deref() == Some(id)) {
            return Ok(Some(gate.name.clone()));
        }
    }
    Ok(None)
}

fn work<'a>(context: &'a Context, systems: &'a dyn Systems, asks: &'a Asks) -> GateRun<'a> {
    GateRun {
        config: &context.config,
        systems,
        clock: context.clock,
        stop: &context.stop,
        run: None,
        is_full: asks.is_full,
        tries_logins: asks.tries_logins,
        accepted: &asks.accepted,
        approved: None,
        reviewed: None,
    }
}
