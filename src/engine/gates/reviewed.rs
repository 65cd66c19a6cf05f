//! Changes of gates that somebody has reviewed in a plan file: just these are carried out, as far as they still follow.
//! Pure.
//!
//! A plan that this installation made may know more than the state file, since `diff` records nothing there. So what it
//! says of its plates counts until something was read since; then that does. Any other plan (edited, or made with
//! another state file) is worth only what follows from the state file, budgets and all.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};

use super::cars::Cars;
use super::claims::Claim;
use super::plan::{GatePlan, RowChange};
use crate::model::{Days, Plate, RightRef, RowTime, RowVerb, TargetName};

/// One change, as it was reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewedRow {
    pub plate: Plate,
    pub verb: RowVerb,
    /// What the gate called the row, where there was one and it said so.
    pub row: Option<String>,
    /// Begin and end of that row.
    pub before: Option<(Option<NaiveDateTime>, Option<NaiveDateTime>)>,
    /// Afterwards; nothing where it is removed.
    pub days: Option<Days>,
    pub by: RightRef,
}

impl ReviewedRow {
    /// Whether a change is this one, of a row that has not moved since.
    fn is(&self, change: &RowChange) -> bool {
        let time = |time| match time {
            RowTime::Known { begin, end } => (begin, end),
            RowTime::Unclear => (None, None),
        };
        let before = change.there.as_ref().map(|row| time(row.time));
        let row = change.there.as_ref().map(|row| row.id.as_str()).filter(|id| !id.is_empty());
        let is_of_plate = self.plate.text() == change.plate.text() && self.verb == change.verb;
        is_of_plate
            && self.days == change.days
            && self.before == before
            && self.row.as_deref() == row
    }
}

/// The changes of one gate, and how far they are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewedRows {
    pub rows: Vec<ReviewedRow>,
    /// This installation made the plan: its budgets were weighed by whoever reviewed it.
    pub is_sealed: bool,
}

/// Those of all gates of a plan.
pub type ReviewedGates = BTreeMap<TargetName, ReviewedRows>;

impl ReviewedRows {
    /// Puts what the plan says of its plates in the place of what is known of them; but of whoever would be let in for
    /// the rest of `today` alone, since that right may be over by now.
    pub fn instead_of(&self, cars: &mut Cars, today: NaiveDate) {
        let is_sure = |row: &&ReviewedRow| row.days.is_none_or(|days| days.last() > today);
        let sure: BTreeMap<&str, &ReviewedRow> =
            self.rows.iter().filter(is_sure).map(|row| (row.plate.text(), row)).collect();
        cars.stale.clear();
        cars.claims.retain(|claim| !sure.contains_key(claim.plate.text()));
        for (text, ReviewedRow { plate, days, by, .. }) in sure {
            cars.unsure.remove(text);
            cars.claims.extend(days.map(|days| Claim {
                plate: plate.clone(),
                first: days.first(),
                last: Some(days.last()),
                has_ended: false,
                by: by.clone(),
            }));
        }
    }

    /// Leaves just the changes of a plan that were reviewed, and says how many of those do not follow any more. In a plan
    /// that others made, what the budgets hold back does not.
    pub(super) fn keep_only(&self, plan: &mut GatePlan) -> usize {
        let reviewed: BTreeMap<&str, &ReviewedRow> =
            self.rows.iter().map(|row| (row.plate.text(), row)).collect();
        plan.changes.retain(|change| {
            let row = reviewed.get(change.plate.text());
            row.is_some_and(|row| row.is(change)) && (self.is_sealed || change.blocked.is_none())
        });
        plan.changes.iter_mut().for_each(|change| change.blocked = None);
        self.rows.len().saturating_sub(plan.changes.len())
    }
}
