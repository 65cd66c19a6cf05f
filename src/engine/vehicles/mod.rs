//! Whether a car may stand in a zone at an instant. Pure.
//!
//! One function answers: [`judge`]. An officer's question is answered by it, and what a gate or a list holds
//! comes from [`periods()`], which takes the same steps; a test holds both against each other at every end.
//!
//! A wrong "no" tickets somebody who has paid, a wrong "yes" lets a stranger in. So:
//!
//! - A right that is valid, or in grace, is answered whatever else is not known. Paid is paid.
//! - Every "no" needs all sources of the zone fresh, none of their rows left out that has this holder, no
//!   right in a state that nobody knows which would be valid, and no open session of a source that is not
//!   fresh. Otherwise the answer is that it cannot be said. That holds for "ended" as much as for "nothing
//!   found": who ended five minutes ago may have paid again four minutes ago.
//!
//! Of several rights that one is told which is nearest to valid: valid here and now, in grace, valid now but
//! elsewhere, would be valid but for its state, ended, not begun; and last what is cancelled or suspended at
//! another time or place. Among equals a known issuer comes first, then the latest end (for what has not begun,
//! the earliest begin), then source and id by the alphabet.

mod known;
mod periods;
mod permits;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use chrono::{DateTime, Utc};

use crate::model::{
    ParkingRight, ParkingZone, Period, PlateMatch, RightHolder, RightKind, RightState, SourceName,
};
use crate::text::words::words;

use known::later;
pub use known::{LastRead, LeftOut, Readings};
use periods::Windows;
pub use periods::periods;
pub use permits::{Gathering, PermitRow, Permits, cars_in};

words! {
    /// What is said of a car, a zone and an instant.
    pub enum ParkingStatus {
        /// Some right is valid here and now.
        Active = "ACTIVE",
        /// One was, and its end is not longer ago than the zone's grace.
        Grace = "GRACE",
        /// One was, longer ago.
        Expired = "EXPIRED",
        /// One will be.
        NotYetValid = "NOT_YET_VALID",
        /// One is valid now, but not here.
        WrongZone = "WRONG_ZONE",
        /// One is cancelled or suspended.
        Cancelled = "CANCELLED",
        /// No right is known, and everything that would have to be known is.
        NotFound = "NOT_FOUND",
        /// It cannot be said.
        Unknown = "UNKNOWN",
    }
}

/// What a script goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Valid here and now, or in grace: exit code 0.
    Valid,
    /// No right is known, and every needed source is fresh: exit code 20.
    NoRight,
    /// A right is known, but not for here and now: exit code 22.
    NotHereAndNow,
    /// Exit code 5.
    CannotBeSaid,
}

impl ParkingStatus {
    /// What it means to a script.
    #[must_use]
    pub fn answer(self) -> Answer {
        match self {
            Self::Active | Self::Grace => Answer::Valid,
            Self::Expired | Self::NotYetValid | Self::WrongZone | Self::Cancelled => {
                Answer::NotHereAndNow
            }
            Self::NotFound => Answer::NoRight,
            Self::Unknown => Answer::CannotBeSaid,
        }
    }
}

/// Who, where and when.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub who: &'a RightHolder,
    pub zone: &'a ParkingZone,
    /// When it is asked: how fresh a source is counts from here.
    pub asked_at: DateTime<Utc>,
    /// The instant that is asked about.
    pub judged_at: DateTime<Utc>,
}

/// What the answer rests on. Of rights and rows those are looked at that have this holder; others do no harm.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    pub rights: &'a [ParkingRight],
    pub left_out: &'a [LeftOut],
    pub readings: &'a Readings,
}

/// The right that an answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told<'a> {
    pub right: &'a ParkingRight,
    /// When it gives, gave or will give the holder something: the period that the status is about. Its end is
    /// until when it is valid, or when it ended.
    pub period: Period,
    /// With grace: from when on nothing is left of that.
    pub grace_until: Option<DateTime<Utc>>,
    /// The plates have the same text, and the issuer of at least one is not known.
    pub is_matched_without_issuer: bool,
}

/// Why it cannot be said. Empty lists say that this is not why.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doubts<'a> {
    /// Needed here, and not fresh for this instant.
    pub stale: Vec<&'a SourceName>,
    /// Rows with this holder that were left out.
    pub left_out: Vec<&'a LeftOut>,
    /// Rights that would be valid or in grace, if their state were known to be so.
    pub unknown_state: Vec<&'a ParkingRight>,
    /// Sessions that nobody has stopped as far as known, whose source is not fresh.
    pub unstopped: Vec<&'a ParkingRight>,
}

impl Doubts<'_> {
    fn are_none(&self) -> bool {
        let Self { stale, left_out, unknown_state, unstopped } = self;
        stale.is_empty() && left_out.is_empty() && unknown_state.is_empty() && unstopped.is_empty()
    }
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict<'a> {
    pub status: ParkingStatus,
    /// The right that it is about. Where it cannot be said, what would be said without the doubts ("ended
    /// three minutes ago").
    pub told: Option<Told<'a>>,
    /// What is not known, also beside a right that is valid all the same.
    pub doubts: Doubts<'a>,
}

/// How near to valid a right is: the first is nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    Active,
    Grace,
    WrongZone,
    CancelledNow,
    Expired,
    NotYetValid,
    /// Cancelled or suspended, at another time or place.
    Cancelled,
}

impl Nearness {
    fn status(self) -> ParkingStatus {
        match self {
            Self::Active => ParkingStatus::Active,
            Self::Grace => ParkingStatus::Grace,
            Self::WrongZone => ParkingStatus::WrongZone,
            Self::CancelledNow | Self::Cancelled => ParkingStatus::Cancelled,
            Self::Expired => ParkingStatus::Expired,
            Self::NotYetValid => ParkingStatus::NotYetValid,
        }
    }
}

/// What one right says.
enum Found {
    /// How near to valid it is, and the period that says so.
    Known(Nearness, Period),
    /// It would be valid or in grace, in a state that nobody knows.
    OddState,
    /// It would be valid if it was not stopped since its source was read.
    Unstopped,
}

/// Says whether somebody may stand in a zone at an instant.
#[must_use]
pub fn judge<'a>(question: Question<'a>, evidence: Evidence<'a>) -> Verdict<'a> {
    let Question { who, zone, asked_at, judged_at } = question;
    let is_fresh = |source: &SourceName| {
        let until = evidence.readings.fresh_until(source, asked_at);
        until.is_some_and(|until| judged_at < until)
    };
    let is_theirs = |row: &&LeftOut| row.holder.match_with(who) != PlateMatch::Different;
    let mut doubts = Doubts {
        stale: zone.needs().iter().filter(|source| !is_fresh(source)).collect(),
        left_out: evidence.left_out.iter().filter(is_theirs).collect(),
        ..Doubts::default()
    };
    let mut best: Option<(Nearness, Told<'a>)> = None;
    for right in evidence.rights {
        let is_fresh = is_fresh(&right.source);
        // Holders with a known issuer and others are looked at as if they held two rights.
        for matched in [PlateMatch::Same, PlateMatch::TextOnly] {
            let (nearness, period) = match look(right, matched, question, is_fresh) {
                None => continue,
                Some(Found::OddState) => {
                    doubts.unknown_state.push(right);
                    continue;
                }
                Some(Found::Unstopped) => {
                    doubts.unstopped.push(right);
                    continue;
                }
                Some(Found::Known(nearness, period)) => (nearness, period),
            };
            let grace_until = period.end().map(|end| later(end, zone.grace()));
            let told = Told {
                right,
                period,
                grace_until: grace_until.filter(|_| nearness == Nearness::Grace),
                is_matched_without_issuer: matched == PlateMatch::TextOnly,
            };
            if best.is_none_or(|best| order(nearness, &told) < order(best.0, &best.1)) {
                best = Some((nearness, told));
            }
        }
    }
    for rights in [&mut doubts.unknown_state, &mut doubts.unstopped] {
        rights.dedup_by(|one, other| std::ptr::eq(*one, *other));
    }
    let status = best.map_or(ParkingStatus::NotFound, |(nearness, _)| nearness.status());
    let is_said = status.answer() == Answer::Valid || doubts.are_none();
    Verdict {
        status: if is_said { status } else { ParkingStatus::Unknown },
        told: best.map(|(_, told)| told),
        doubts,
    }
}

/// What of a right is told first: smaller is first.
fn order<'t>(nearness: Nearness, told: &'t Told<'_>) -> impl Ord + use<'t> {
    let (begin, end) = match nearness {
        Nearness::NotYetValid => (Some(told.period.begin()), None),
        // Without an end is later than every end.
        _ => (None, Some((told.period.end().is_some(), Reverse(told.period.end())))),
    };
    let id = (&told.right.source, &told.right.id);
    (nearness, told.is_matched_without_issuer, begin, end, id)
}

/// What a right says of those of its holders that match in one way; `None` where it never gives them
/// anything. `is_fresh` says whether its source is, for this instant.
fn look(
    right: &ParkingRight,
    matched: PlateMatch,
    question: Question<'_>,
    is_fresh: bool,
) -> Option<Found> {
    let Question { who, zone, judged_at, .. } = question;
    let is_holder = |holder: &RightHolder| holder.match_with(who) == matched;
    let windows = Windows::of(right, is_holder, |name| zone.takes(name));
    let here = windows.given();
    let elsewhere = || Windows::of(right, is_holder, |name| !zone.takes(name)).given();
    let known = |nearness: Nearness| move |period: Period| Found::Known(nearness, period);

    if matches!(right.state, RightState::Cancelled | RightState::Suspended) {
        let last = here.iter().copied().chain(elsewhere()).max_by_key(Period::begin);
        let now = at(&here, judged_at).map(known(Nearness::CancelledNow));
        return now.or_else(|| last.map(known(Nearness::Cancelled)));
    }
    let is_odd = matches!(right.state, RightState::Unknown(_));
    let ended = last_ended(&here, judged_at);
    let is_in_grace =
        |period: &Period| period.end().is_some_and(|end| judged_at < later(end, zone.grace()));
    let valid = if let Some(now) = at(&here, judged_at) {
        if is_fresh || right.kind != RightKind::Session {
            Some(Found::Known(Nearness::Active, now))
        } else {
            let ending = at(&windows.ending(), judged_at).map(known(Nearness::Active));
            Some(ending.unwrap_or(Found::Unstopped))
        }
    } else {
        ended.filter(is_in_grace).map(known(Nearness::Grace))
    };
    if let Some(valid) = valid {
        return Some(if is_odd { Found::OddState } else { valid });
    }
    let elsewhere = elsewhere();
    // What was or will be here says more than what was or will be elsewhere.
    at(&elsewhere, judged_at)
        .map(known(Nearness::WrongZone))
        .or_else(|| ended.map(known(Nearness::Expired)))
        .or_else(|| next(&here, judged_at).map(known(Nearness::NotYetValid)))
        .or_else(|| last_ended(&elsewhere, judged_at).map(known(Nearness::Expired)))
        .or_else(|| next(&elsewhere, judged_at).map(known(Nearness::NotYetValid)))
}

/// The one of these periods that contains an instant.
fn at(periods: &[Period], at: DateTime<Utc>) -> Option<Period> {
    periods.iter().find(|period| period.contains(at)).copied()
}

/// The last one that was over at an instant.
fn last_ended(periods: &[Period], at: DateTime<Utc>) -> Option<Period> {
    periods.iter().rev().find(|period| period.end().is_some_and(|end| end <= at)).copied()
}

/// The first one that begins after an instant.
fn next(periods: &[Period], at: DateTime<Utc>) -> Option<Period> {
    periods.iter().find(|period| period.begin() > at).copied()
}
