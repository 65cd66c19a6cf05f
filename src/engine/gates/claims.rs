//! What rights come to at a gate: the days on which it opens for a plate. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, Days as DayCount, NaiveDate, TimeDelta, Utc};

use crate::model::{Days, Period, Plate, RightRef, Window, Zone};

/// A row for a right without an end goes on for so long, so that the gate ends it by itself where no run
/// comes any more …
const OPEN_DAYS: u64 = 30;
/// … and it is moved on when so many days are left: not every day.
const OPEN_DAYS_LEAST: u64 = 14;

/// What the documents of access devices name as their first and last day.
const FIRST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2000, 1, 1);
const LAST_DAY: Option<NaiveDate> = NaiveDate::from_ymd_opt(2037, 12, 31);

/// One right of one car, in whole days of the gate's wall clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub plate: Plate,
    pub first: NaiveDate,
    /// `None`: it has no end.
    pub last: Option<NaiveDate>,
    /// It is over, and today was its last day. A row that stays until midnight is none of too many; a new one
    /// would be.
    pub has_ended: bool,
    pub by: RightRef,
}

impl Claim {
    /// What a half-open period comes to; nothing where it ended before today.
    #[must_use]
    pub fn of_period(
        plate: Plate,
        period: Period,
        by: RightRef,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let day = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
        let last = period
            .end()
            .map(|end| day(end.checked_sub_signed(TimeDelta::seconds(1)).unwrap_or(end)));
        let has_ended = period.end().is_some_and(|end| end <= now);
        let claim = Self { plate, first: day(period.begin()), last, has_ended, by };
        claim.last.is_none_or(|last| last >= day(now)).then_some(claim)
    }

    /// What a window in the gate's wall clock comes to, the last second of which is inside; nothing where it
    /// ended before today.
    #[must_use]
    pub fn of_window(
        plate: Plate,
        window: Window,
        by: RightRef,
        zone: Zone,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let now = now.with_timezone(&zone).naive_local();
        let (first, last) = (window.begin().date(), window.end().date());
        let has_ended = window.end() < now;
        (last >= now.date()).then_some(Self { plate, first, last: Some(last), has_ended, by })
    }
}

/// The row that a gate should hold for a plate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub plate: Plate,
    /// Those that today is in; else the next ones.
    pub days: Days,
    /// Its right has no end: the last day is moved on before it comes.
    pub is_rolling: bool,
    /// The right that lasts longest in these days.
    pub by: RightRef,
}

impl Wanted {
    /// The earliest last day that a row may have which is there already.
    #[must_use]
    pub fn last_at_least(&self, today: NaiveDate) -> NaiveDate {
        match self.is_rolling {
            true => after(today, OPEN_DAYS_LEAST).min(self.days.last()),
            false => self.days.last(),
        }
    }
}

/// What all rights of each plate come to, by its letters and digits: a gate knows no issuer.
///
/// Days that overlap or follow on each other are one row; a gap is never bridged. Of several the one that today
/// is in counts, else the next: a later run goes on with the rest. A right that has ended today asks for
/// nothing, see [`runs_out_today`].
#[must_use]
pub fn wanted(claims: &[Claim], today: NaiveDate) -> BTreeMap<&str, Wanted> {
    let horizon = after(today, OPEN_DAYS);
    let mut of_plate: BTreeMap<&str, Vec<&Claim>> = BTreeMap::new();
    for claim in claims.iter().filter(|claim| !claim.has_ended) {
        of_plate.entry(claim.plate.text()).or_default().push(claim);
    }
    let rows = of_plate.into_iter().filter_map(|(text, mut claims)| {
        claims.sort_by(|one, other| {
            (one.first, one.last, &one.by).cmp(&(other.first, other.last, &other.by))
        });
        let mut runs: Vec<Run<'_>> = Vec::new();
        for claim in claims {
            match runs.last_mut() {
                Some(run) if run.reaches(claim.first) => run.add(claim),
                _ => runs.push(Run { first: claim.first, last: claim.last, longest: claim }),
            }
        }
        // Those that are over are not among the claims.
        let run = runs.into_iter().find(|run| run.last.is_none_or(|last| last >= today))?;
        let first = FIRST_DAY.map_or(run.first, |earliest| run.first.max(earliest));
        let last = run.last.unwrap_or(horizon);
        let last = LAST_DAY.map_or(last, |latest| last.min(latest));
        let wanted = Wanted {
            plate: run.longest.plate.clone(),
            // A right without an end that begins beyond the horizon has no days yet.
            days: Days::new(first, last)?,
            is_rolling: run.last.is_none(),
            by: run.longest.by.clone(),
        };
        Some((text, wanted))
    });
    rows.collect()
}

/// Whether some right of the plate ended earlier today, so that a row may stay until midnight: a gate knows
/// whole days only.
#[must_use]
pub fn runs_out_today(claims: &[Claim], plate: &str) -> bool {
    claims.iter().any(|claim| claim.has_ended && claim.plate.text() == plate)
}

/// Days without a gap.
struct Run<'c> {
    first: NaiveDate,
    last: Option<NaiveDate>,
    longest: &'c Claim,
}

impl<'c> Run<'c> {
    fn reaches(&self, day: NaiveDate) -> bool {
        self.last.is_none_or(|last| last.succ_opt().is_none_or(|next| day <= next))
    }

    fn add(&mut self, claim: &'c Claim) {
        let is_longer = match (self.last, claim.last) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(one), Some(other)) => other > one,
        };
        if is_longer {
            (self.last, self.longest) = (claim.last, claim);
        }
    }
}

fn after(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(DayCount::new(days)).unwrap_or(day)
}
