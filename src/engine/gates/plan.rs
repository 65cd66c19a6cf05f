//! What is to be changed in the list of one gate. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::budgets::apply_budgets;
use super::claims::{Claim, Wanted, runs_out_today, wanted};
use crate::config::{Guard, Mode};
use crate::model::{
    Budget, Days, GateRow, OwnRow, Plate, RightRef, RowEffect, RowTime, RowVerb, SourceName,
};
use crate::text::hex::hex;
use crate::text::words::words;

/// How many digits of its digest a plan is told by.
const ID_DIGITS: usize = 12;

/// Everything that planning and the proof may look at.
#[derive(Debug, Clone)]
pub struct GateFacts<'a> {
    pub mode: Mode,
    /// What the gate's wall clock should show.
    pub now: NaiveDateTime,
    pub claims: &'a [Claim],
    /// Every row of the gate, with the letters and digits of its plate where it has any.
    pub rows: &'a [(Option<String>, GateRow)],
    /// The rows that this program made, by letters and digits.
    pub own: &'a BTreeMap<String, OwnRow>,
    pub protect: &'a BTreeSet<Plate>,
    /// Plates of which nobody can say that they have no right: nothing is taken from them.
    pub unsure: &'a BTreeSet<String>,
    /// Those among them of which nothing is in doubt but that one listing alone says that a membership is over.
    pub one_listing: &'a BTreeSet<String>,
    /// Sources that were not read of late: nothing is taken away that goes back to them.
    pub stale: &'a BTreeSet<SourceName>,
    /// The most rows that the gate holds, where it says.
    pub capacity: Option<u64>,
    /// Its firmware was seen to hold the first day of a row.
    pub holds_begins: bool,
    /// The configuration decides otherwise than when everything was last settled.
    pub is_configuration_new: bool,
    /// Nothing was ever done there whole: whoever gets in at once now fills it for the first time.
    pub is_first: bool,
    pub guard: Guard,
    /// Rows that lost time within 24 hours.
    pub lost_last_day: usize,
    /// The id of a blocked plan that somebody has approved.
    pub approved: Option<&'a str>,
    /// What is to be done was reviewed by somebody, and is weighed by no budget.
    pub is_reviewed: bool,
}

impl GateFacts<'_> {
    /// Why it cannot be said that a right is over.
    fn not_sure(&self, plate: &str, by: &RightRef) -> RowReason {
        match self.one_listing.contains(plate) && !self.stale.contains(&by.source) {
            true => RowReason::SecondLook,
            false => RowReason::NotSure,
        }
    }
}

/// One change of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    pub plate: Plate,
    pub verb: RowVerb,
    /// The row as it is there.
    pub there: Option<GateRow>,
    /// Afterwards; nothing where it is removed.
    pub days: Option<Days>,
    /// The right that it is for, or was.
    pub by: RightRef,
    /// Somebody may get in today who could not.
    pub opens: bool,
    /// Some moment from now on is lost.
    pub loses: bool,
    pub blocked: Option<Budget>,
}

words! {
    /// Why nothing is done for a plate.
    pub enum RowReason {
        /// Somebody else's row holds the plate, and not for these days.
        Stranger = "stranger",
        /// Several rows hold it.
        Twice = "listed-twice",
        /// It is under `protect`.
        Protected = "protected",
        /// Somebody else's row opens the gate for it as it should be.
        Given = "given-by-others",
        /// Its row would lose time, and the mode is "grant-only".
        GrantOnly = "grant-only",
        /// Its row would lose time, and whoever gave it was not read of late, or not for sure.
        NotSure = "not-sure",
        /// Its row would go, and one listing alone says that the membership is over: as a door, it waits.
        SecondLook = "second-look",
        /// The gate holds no more rows.
        Full = "list-full",
    }
}

impl RowReason {
    /// Whether a row that would lose time stays as it is.
    #[must_use]
    pub fn keeps_a_row(self) -> bool {
        matches!(self, Self::NotSure | Self::SecondLook | Self::GrantOnly)
    }

    /// Why, and what to do; without a plate.
    #[must_use]
    pub fn explain(self) -> (&'static str, &'static str) {
        match self {
            Self::Stranger => (
                "the gate holds a row for the plate that somebody else made",
                "delete that row at the gate, and the next run makes one of its own",
            ),
            Self::Given => {
                ("a row that somebody else made opens the gate for it", "nothing needs to be done")
            }
            Self::Twice => (
                "the gate holds several rows for the plate",
                "delete all of them but one at the gate",
            ),
            Self::Protected => {
                ("the plate is under `protect`", "take it out there if it is to be served")
            }
            Self::GrantOnly => {
                ("its row would lose time, and the mode is \"grant-only\"", "write mode = \"full\"")
            }
            Self::NotSure => (
                "it cannot be said that its right is over",
                "the next run looks again; if this stays, look at the problems of its source. Until then the row stays",
            ),
            Self::SecondLook => (
                "its membership is over by one listing, and waits for a second look",
                "nothing needs to be done: the next run looks again",
            ),
            Self::Full => {
                ("the list of the gate is full", "delete rows at the gate that nobody needs")
            }
        }
    }
}

/// A plate for which nothing is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowNotDone {
    pub plate: Plate,
    pub by: RightRef,
    pub reason: RowReason,
}

/// What follows from the facts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GatePlan {
    /// In the order in which they are carried out: whoever gets in comes first.
    pub changes: Vec<RowChange>,
    pub not_done: Vec<RowNotDone>,
    /// Rows of this program that are as they should be, with what the gate calls each.
    pub in_sync: BTreeMap<String, OwnRow>,
    /// Rows of this program that the gate has no more.
    pub gone: Vec<String>,
    /// Rows that somebody else made.
    pub strangers: usize,
    /// It is just what somebody has approved, and nothing besides.
    pub is_approved: bool,
}

impl GatePlan {
    /// The changes that are carried out.
    pub fn to_do(&self) -> impl Iterator<Item = &RowChange> {
        self.changes.iter().filter(|change| change.blocked.is_none())
    }

    /// The id of the changes that wait for approval: the same for the same changes.
    #[must_use]
    pub fn blocked_id(&self) -> Option<String> {
        blocked_id(self.changes.iter().filter(|change| change.blocked.is_some()))
    }
}

fn blocked_id<'c>(changes: impl Iterator<Item = &'c RowChange>) -> Option<String> {
    #[derive(Serialize)]
    struct Line<'a>(&'static str, &'a str, Option<String>, Option<String>);
    let line = |change: &'c RowChange| {
        let there = change.there.as_ref().map(|row| format!("{} {:?}", row.id, row.time));
        let days = change.days.map(|days| days.to_string());
        Line(change.verb.as_str(), change.plate.text(), there, days)
    };
    let mut lines: Vec<String> =
        changes.map(|change| serde_json::to_string(&line(change)).unwrap_or_default()).collect();
    lines.sort();
    let digest = hex(&Sha256::digest(lines.join("\n").as_bytes()));
    (!lines.is_empty()).then(|| digest.chars().take(ID_DIGITS).collect())
}

/// Works out what the gate should hold, and what is to be done for that.
#[must_use]
pub fn plan(facts: &GateFacts<'_>) -> GatePlan {
    let today = facts.now.date();
    let wanted = wanted(facts.claims, today);
    let mut there: BTreeMap<&str, Vec<&GateRow>> = BTreeMap::new();
    for (plate, row) in facts.rows {
        there.entry(plate.as_deref().unwrap_or_default()).or_default().push(row);
    }
    let mut plan = GatePlan::default();
    let plates: BTreeSet<&str> =
        wanted.keys().copied().chain(facts.own.keys().map(String::as_str)).collect();
    let mut own_rows = 0;
    for text in plates {
        let rows = there.get(text).map(Vec::as_slice).unwrap_or_default();
        let own = facts.own.get(text);
        let mine = own.and_then(|own| own_row(own, rows));
        own_rows += usize::from(mine.is_some());
        one_plate(facts, text, wanted.get(text), (own, mine, rows), &mut plan);
    }
    plan.strangers = facts.rows.len().saturating_sub(own_rows);
    keep_within_capacity(facts, &mut plan);
    apply_budgets(facts, &mut plan);
    // Whoever stands outside first, and what takes room away last.
    let order = |change: &RowChange| (change.loses, change.verb == RowVerb::Remove, !change.opens);
    plan.changes.sort_by_key(order);
    plan
}

/// The row that is ours, among those of the plate: the one that opens, by the name that it had, and by
/// its days where it had none yet.
fn own_row<'r>(own: &OwnRow, rows: &[&'r GateRow]) -> Option<&'r GateRow> {
    let [row] = rows else { return None };
    let is_same = match own.id.is_empty() || row.id.is_empty() {
        // Announced, and nobody knows whether it was written: somebody else may have added the plate.
        true => own.is_held || row.is_for(own.days),
        false => own.id == row.id,
    };
    (is_same && row.effect != RowEffect::Bars).then_some(*row)
}

/// Whether one of these rows could be ours, although it cannot be told which.
fn may_be_there(own: &OwnRow, rows: &[&GateRow]) -> bool {
    let could_be = |row: &&GateRow| own.id.is_empty() || row.id.is_empty() || own.id == row.id;
    own.is_held && rows.iter().any(could_be)
}

/// When a row of ours is in force: where the gate shows dates that nobody can read, as it was written.
pub(super) fn time_of(own: Option<&OwnRow>, row: &GateRow) -> RowTime {
    match (own.filter(|own| own.is_held).and_then(|own| own.days.window()), row.time) {
        (Some(written), RowTime::Unclear) => {
            RowTime::Known { begin: Some(written.begin()), end: Some(written.end()) }
        }
        (_, time) => time,
    }
}

type Seen<'a> = (Option<&'a OwnRow>, Option<&'a GateRow>, &'a [&'a GateRow]);

fn one_plate(
    facts: &GateFacts<'_>,
    text: &str,
    wanted: Option<&Wanted>,
    (own, mine, rows): Seen<'_>,
    plan: &mut GatePlan,
) {
    let today = facts.now.date();
    // Where a row opens at once whatever its first day is, it is added on that day.
    let wanted = wanted.filter(|wanted| wanted.days.first() <= today || facts.holds_begins);
    let is_protected = facts.protect.iter().any(|plate| plate.text() == text);
    let mut not_done = |plate: &Plate, by: &RightRef, reason| {
        plan.not_done.push(RowNotDone { plate: plate.clone(), by: by.clone(), reason });
    };
    if mine.is_none() && own.is_some_and(|own| !may_be_there(own, rows)) {
        plan.gone.push(text.to_owned());
    }
    let Some(wanted) = wanted else {
        let (Some(own), Some(row)) = (own, mine) else { return };
        let stays = |plan: &mut GatePlan| {
            let held = OwnRow { id: row.id.clone(), is_held: true, ..own.clone() };
            plan.in_sync.insert(text.to_owned(), held);
        };
        let plate = own.plate.clone();
        let last = lasts_until(&GateRow { time: time_of(Some(own), row), ..row.clone() });
        let loses = last.is_none_or(|last| last >= today);
        let is_last_day = last == Some(today);
        if is_protected {
            not_done(&plate, &own.by, RowReason::Protected);
            stays(plan);
        } else if loses && is_last_day && runs_out_today(facts.claims, text) {
            stays(plan);
        } else if loses && (facts.unsure.contains(text) || facts.stale.contains(&own.by.source)) {
            not_done(&plate, &own.by, facts.not_sure(text, &own.by));
            stays(plan);
        } else if loses && facts.mode == Mode::GrantOnly {
            not_done(&plate, &own.by, RowReason::GrantOnly);
            stays(plan);
        } else {
            plan.changes.push(RowChange {
                plate,
                verb: RowVerb::Remove,
                there: Some(row.clone()),
                days: None,
                by: own.by.clone(),
                opens: false,
                loses,
                blocked: None,
            });
        }
        return;
    };
    let (plate, by) = (&wanted.plate, &wanted.by);
    let Some(row) = mine else {
        match rows {
            [] if is_protected => not_done(plate, by, RowReason::Protected),
            [] => plan.changes.push(RowChange {
                plate: plate.clone(),
                verb: RowVerb::Add,
                there: None,
                days: Some(wanted.days),
                by: by.clone(),
                opens: wanted.days.contains(today),
                loses: false,
                blocked: None,
            }),
            // What somebody else wrote lets the car in as it should.
            [row] if gives(row, wanted, today) => not_done(plate, by, RowReason::Given),
            [_] => not_done(plate, by, RowReason::Stranger),
            _ => not_done(plate, by, RowReason::Twice),
        }
        return;
    };
    let shown = row;
    let row = &GateRow { time: time_of(own, shown), ..shown.clone() };
    if is_met(row, wanted, today) {
        // It ends where it ends: a row whose dates nobody can read is known by these days alone.
        let last = lasts_until(row).unwrap_or(wanted.days.last());
        let held = OwnRow {
            plate: plate.clone(),
            id: row.id.clone(),
            days: Days::new(wanted.days.first(), last).unwrap_or(wanted.days),
            by: by.clone(),
            is_held: true,
        };
        plan.in_sync.insert(text.to_owned(), held);
        return;
    }
    let loses = loses_time(row, wanted.days, facts.now);
    let opens = wanted.days.contains(today) && !row.opens_at(facts.now);
    let is_unsure =
        facts.unsure.contains(text) || own.is_some_and(|own| facts.stale.contains(&own.by.source));
    let reason = match () {
        () if is_protected => Some(RowReason::Protected),
        () if loses && !opens && is_unsure => {
            Some(facts.not_sure(text, own.map_or(by, |own| &own.by)))
        }
        () if loses && !opens && facts.mode == Mode::GrantOnly => Some(RowReason::GrantOnly),
        () => None,
    };
    if let Some(reason) = reason {
        not_done(plate, by, reason);
        if let Some(own) = own {
            let held = OwnRow { id: row.id.clone(), is_held: true, ..own.clone() };
            plan.in_sync.insert(text.to_owned(), held);
        }
        return;
    }
    plan.changes.push(RowChange {
        plate: plate.clone(),
        verb: RowVerb::Set,
        there: Some(shown.clone()),
        days: Some(wanted.days),
        by: by.clone(),
        opens,
        // Whoever stands outside is let in, even if later time is lost.
        loses: loses && !opens,
        blocked: None,
    });
}

/// The last day of a row; `None` where it has no end, or none that is known for sure.
fn lasts_until(row: &GateRow) -> Option<NaiveDate> {
    match row.time {
        RowTime::Known { end, .. } => end.map(|end| end.date()),
        RowTime::Unclear => None,
    }
}

/// Whether a row does what is wanted. When it began does not matter once it has.
fn is_met(row: &GateRow, wanted: &Wanted, today: NaiveDate) -> bool {
    let RowTime::Known { begin, end } = row.time else { return false };
    let (Some(end), RowEffect::Opens) = (end, row.effect) else { return false };
    let is_end = (wanted.last_at_least(today)..=wanted.days.last()).contains(&end.date())
        && Some(end) >= end.date().and_hms_opt(23, 59, 0);
    let begins = begin.is_none_or(|begin| {
        // The moment from which on it must not have begun later.
        let first = wanted.days.first().max(today).and_hms_opt(0, 0, 0);
        let has_begun = wanted.days.first() <= today;
        if has_begun { Some(begin) <= first } else { Some(begin) == first }
    });
    is_end && begins
}

/// Whether a row of somebody else lets the car in on all these days.
fn gives(row: &GateRow, wanted: &Wanted, today: NaiveDate) -> bool {
    let RowTime::Known { begin, end } = row.time else { return false };
    let reaches = end.is_none_or(|end| end.date() >= wanted.last_at_least(today));
    let begins = begin.is_none_or(|begin| begin.date() <= wanted.days.first().max(today));
    row.effect == RowEffect::Opens && reaches && begins
}

/// Whether a row gives some moment from now on that these days do not.
fn loses_time(row: &GateRow, days: Days, now: NaiveDateTime) -> bool {
    let ends_later = lasts_until(row).is_none_or(|last| last > days.last());
    let is_cut_now = row.opens_at(now) && !days.contains(now.date());
    row.effect != RowEffect::Bars && (ends_later || is_cut_now)
}

/// No row is added that the gate has no room for; the room of those that are removed is used in the next run.
fn keep_within_capacity(facts: &GateFacts<'_>, plan: &mut GatePlan) {
    let Some(capacity) = facts.capacity else { return };
    let mut free = usize::try_from(capacity).unwrap_or(usize::MAX).saturating_sub(facts.rows.len());
    // Those who stand outside now come first.
    plan.changes.sort_by_key(|change| !change.opens);
    let mut kept = Vec::with_capacity(plan.changes.len());
    for change in plan.changes.drain(..) {
        if change.verb != RowVerb::Add {
            kept.push(change);
        } else if free > 0 {
            free -= 1;
            kept.push(change);
        } else {
            let RowChange { plate, by, .. } = change;
            plan.not_done.push(RowNotDone { plate, by, reason: RowReason::Full });
        }
    }
    plan.changes = kept;
}
