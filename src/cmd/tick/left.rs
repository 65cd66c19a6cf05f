//! What a run leaves for the next, and for `status`: what it had to say, and what is counted over everybody.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::config::Config;
use crate::engine::gather::Gathered;
use crate::engine::gather::touched::Touched;
use crate::engine::plan::Kind;
use crate::error::Error;
use crate::model::{Limit, SourceName};
use crate::report::unchanged::{self, Counted, Row, may_last};
use crate::report::{ChangeReport, Report, RowLeftOut};
use crate::store::{Quiet, Store, StoreError};

/// What the next run may rely on, after all was recorded: nothing without a `digest`, nor where something was
/// not done, or where what was done is to be looked at once more.
pub(super) fn for_the_next(
    store: &Store,
    digest: Option<Quiet>,
    report: &Report,
    counted: impl FnOnce() -> Result<Option<Counted>, Error>,
) -> Result<Option<Quiet>, Error> {
    let are_done =
        report.changes.iter().all(|one| one.state.is_confirmed() && one.change.kind == Kind::Grant);
    let rest = Report { changes: Vec::new(), ..report.clone() };
    let Some(mut quiet) = digest.filter(|_| are_done && may_last(&rest)) else { return Ok(None) };
    if !hold_what_was_sent(store, report)? {
        return Ok(None);
    }
    let Some(counted) = counted()? else { return Ok(None) };
    quiet.report = unchanged::remember(&rest, counted)?;
    Ok(Some(quiet))
}

/// Whether doors show everybody who was written to with the very times that were sent: else the next look says
/// what other times, or dates that can mean two things, are to be taken for.
fn hold_what_was_sent(store: &Store, report: &Report) -> Result<bool, StoreError> {
    for ChangeReport { change, .. } in &report.changes {
        let there = store.devices().person(&change.device, &change.employee_no)?.persons;
        let is_there = there.values().any(|person| person.limit == Limit::Window(change.after));
        if !is_there {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Counts everybody, after all was recorded.
pub(super) fn of_all(
    config: &Config,
    store: &Store,
    gathered: &Gathered,
) -> Result<Option<Counted>, Error> {
    let members = &gathered.facts.members;
    let count = |source: &SourceName| {
        members.iter().filter(|one| one.member.key.source == *source).count() as u64
    };
    let last = |device| store.devices().last_confirmed_at(device);
    Ok(Some(Counted {
        members: config.sources.iter().map(|one| count(&one.name)).collect(),
        confirmed_at: config.devices.iter().map(|one| last(&one.name)).collect::<Result<_, _>>()?,
        rows: gathered.lasting_rows_left_out(config, store)?.map(each_in_short),
    }))
}

fn each_in_short(rows: Vec<RowLeftOut>) -> Vec<Row> {
    rows.into_iter().map(Row::from).collect()
}

/// Counts anew after a look at a few: `newcomers` are the members of each organisation who were not known
/// before, and `before` was counted when everybody was looked at last; `None` where everybody must be looked at.
///
/// The rows of link files lead where they led: the same files, to the same persons of the same doors.
pub(super) fn of_few(
    store: &Store,
    few: &Touched,
    before: Counted,
    newcomers: &[u64],
) -> Result<Option<Counted>, Error> {
    // The first run of a day may have forgotten members of whom there was something to say.
    let runs = store.overview().runs(2)?;
    let days: BTreeSet<_> = runs.iter().map(|run| run.began.date_naive()).collect();
    if days.len() > 1 {
        return Ok(None);
    }
    let members = before.members.iter().zip(newcomers).map(|(one, more)| one + more).collect();
    let mut confirmed_at = Vec::with_capacity(before.confirmed_at.len());
    for (device, before) in few.gathered.facts.devices.iter().zip(before.confirmed_at) {
        let mut last: Option<DateTime<Utc>> = before;
        for person in device.persons.keys() {
            last = last.max(store.devices().confirmed_at(&device.name, person)?);
        }
        confirmed_at.push(last);
    }
    Ok(Some(Counted { members, confirmed_at, rows: before.rows }))
}
