//! Carries out proven changes of one gate, one after the other: announced on the disk, written, read back by the
//! connector, recorded.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::plan::RowChange;
use super::proof::ProvenRows;
use crate::clock::Clock;
use crate::engine::ChangeState;
use crate::exit::Exit;
use crate::model::{GateRow, OwnRow, RowVerb, RunId, TargetName};
use crate::ports::{Class, Failure, GateWriter};
use crate::stop::Stop;
use crate::store::{GateChange, OutcomeKind, Store, StoreError};

/// A gate that takes none of so many changes takes none of the others either; the next run begins elsewhere.
const REFUSED_MAX: usize = 20;

/// What every gate's thread needs.
#[derive(Debug)]
pub(super) struct Work<'a, 's> {
    pub run: RunId,
    pub store: &'a Mutex<&'s mut Store>,
    pub clock: Clock,
    pub stop: &'a Stop,
}

/// What became of the changes of one gate.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// By letters and digits; a change that is not here was not reached.
    pub states: BTreeMap<String, (ChangeState, Option<String>)>,
    /// What ended the work early, if something did.
    pub failure: Option<Failure>,
    pub stopped: Option<Exit>,
}

impl Done {
    /// Whether a change is in force.
    pub fn has(&self, change: &RowChange) -> bool {
        self.states.get(change.plate.text()).is_some_and(|(state, _)| state.is_confirmed())
    }

    /// Whether the gate holds what it should, as far as that was to be done.
    pub fn is_whole(&self) -> bool {
        let are_confirmed = self.states.values().all(|(state, _)| state.is_confirmed());
        are_confirmed && self.failure.is_none() && self.stopped.is_none()
    }
}

/// Carries all of them out, as far as the gate goes along and nothing says stop.
///
/// # Errors
/// [`StoreError`]; what was announced by then is looked at by the next run.
pub(super) fn carry_out(
    work: &Work<'_, '_>,
    gate: &TargetName,
    writer: &mut dyn GateWriter,
    own: &BTreeMap<String, OwnRow>,
    proven: &ProvenRows,
) -> Result<Done, StoreError> {
    let mut done = Done::default();
    let mut refused = 0;
    for change in in_turn(proven.changes(), work.run) {
        if let Some(exit) = work.stop.now() {
            done.stopped = Some(exit);
            break;
        }
        let before = own.get(change.plate.text());
        let (outcome, error, failure) = one(work, gate, writer, before, change)?;
        log::info!("{gate}: {} the row of {}: {outcome}", change.verb, change.by);
        refused += usize::from(outcome != OutcomeKind::Confirmed);
        let state = (ChangeState::Tried(outcome), error);
        done.states.insert(change.plate.text().to_owned(), state);
        if let Some(failure) = failure {
            done.failure = Some(failure);
            break;
        }
        let has_taken = done.states.values().any(|(state, _)| state.is_confirmed());
        if refused >= REFUSED_MAX && !has_taken {
            break;
        }
    }
    Ok(done)
}

/// The changes in the order of the plan, but that those of one rank take turns in coming first: what a gate always
/// refuses never keeps the others from being tried.
fn in_turn(changes: &[RowChange], run: RunId) -> Vec<&RowChange> {
    let rank = |change: &RowChange| (change.loses, change.verb, change.opens);
    let same = |one: &RowChange, other: &RowChange| rank(one) == rank(other);
    let mut all = Vec::with_capacity(changes.len());
    for of_rank in changes.chunk_by(same) {
        let first = usize::try_from(run.get()).unwrap_or_default() * REFUSED_MAX % of_rank.len();
        let (later, sooner) = of_rank.split_at(first);
        all.extend(sooner.iter().chain(later));
    }
    all
}

type Ended = (OutcomeKind, Option<String>, Option<Failure>);

fn one(
    work: &Work<'_, '_>,
    gate: &TargetName,
    writer: &mut dyn GateWriter,
    before: Option<&OwnRow>,
    change: &RowChange,
) -> Result<Ended, StoreError> {
    // What is there already is known to be ours, whatever becomes of the write.
    if let (RowVerb::Add, Some(own)) = (change.verb, own_row(change, None)) {
        work.store().gates().keep_row(gate, &own)?;
    }
    let answer = match (change.verb, change.days, &change.there) {
        (RowVerb::Remove, _, Some(row)) => writer.remove(row).map(|()| None),
        (_, Some(days), there) => writer.put(change.plate.text(), days, there.as_ref()).map(Some),
        // The checker lets no other change through.
        (_, None, _) => return Ok((OutcomeKind::Refused, None, None)),
    };
    let (outcome, row, failure) = match answer {
        Ok(None) => (OutcomeKind::Confirmed, None, None),
        Ok(Some(row)) if change.days.is_some_and(|days| row.is_for(days)) => {
            (OutcomeKind::Confirmed, Some(row), None)
        }
        Ok(Some(row)) => (OutcomeKind::NotApplied, Some(row), None),
        Err(failure) if failure.class == Class::Unknown => {
            (OutcomeKind::Unknown, None, Some(failure))
        }
        Err(failure) => (OutcomeKind::Refused, None, Some(failure)),
    };
    let error = match (&failure, outcome) {
        (Some(failure), _) => Some(failure.to_string()),
        (None, OutcomeKind::NotApplied) => Some("the gate took it and holds other days".to_owned()),
        (None, _) => None,
    };
    let memory = writer.reader().memory();
    let store = work.store();
    store.together(|store| {
        let is_sent = failure.as_ref().is_none_or(|failure| failure.class != Class::NotSent);
        keep(store, gate, change, (outcome, row.as_ref(), is_sent), before)?;
        if outcome == OutcomeKind::Confirmed {
            // What was learnt by it is needed to read the list, also after a run that dies.
            store.devices().record_memory(gate, &memory)?;
        }
        store.gates().log(&GateChange {
            run: work.run,
            gate: gate.clone(),
            at: work.clock.now(),
            verb: change.verb,
            loses: change.loses,
            by: change.by.clone(),
            days: change.days,
            outcome,
            error: error.clone(),
            is_sent,
        })
    })?;
    // What concerns this row alone keeps nobody else out.
    let ends_work = failure.filter(|failure| {
        !matches!(
            failure.class,
            Class::Refused | Class::Unfit | Class::NotSent | Class::NoSuchRecord
        )
    });
    Ok((outcome, error, ends_work))
}

/// The row of a change: as the gate showed it afterwards, or as it is announced.
fn own_row(change: &RowChange, shown: Option<&GateRow>) -> Option<OwnRow> {
    let (plate, by, days) = (change.plate.clone(), change.by.clone(), change.days?);
    let id = shown.map(|row| row.id.clone()).unwrap_or_default();
    Some(OwnRow { plate, id, days, by, is_held: shown.is_some() })
}

/// Keeps what is known of the row afterwards.
fn keep(
    store: &Store,
    gate: &TargetName,
    change: &RowChange,
    (outcome, row, is_sent): (OutcomeKind, Option<&GateRow>, bool),
    before: Option<&OwnRow>,
) -> Result<(), StoreError> {
    let (gates, text) = (store.gates(), change.plate.text());
    match (outcome, row, before) {
        (OutcomeKind::Confirmed, None, _) => gates.forget_row(gate, text),
        (OutcomeKind::Confirmed, row, _) | (OutcomeKind::NotApplied, row, None) => {
            own_row(change, row).map_or(Ok(()), |own| gates.keep_row(gate, &own))
        }
        // It may be there all the same: the next reading tells.
        (OutcomeKind::Refused | OutcomeKind::Moved, _, None) if !is_sent => {
            gates.forget_row(gate, text)
        }
        // Of what was there before nothing else is known for sure.
        _ => Ok(()),
    }
}

impl<'s> Work<'_, 's> {
    /// A thread that has panicked holds no transaction open.
    fn store(&self) -> MutexGuard<'_, &'s mut Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
