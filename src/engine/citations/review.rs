//! Whether the car of a citation had a right where it stood, at the instant that the officer saw it.

use chrono::{DateTime, Utc};

use super::Before;
use crate::config::{RightsServiceConfig, Vehicles};
use crate::engine::rights::{Known, OfPlate};
use crate::engine::vehicles::{
    Answer, Evidence, ParkingStatus, Question, Readings, Verdict, judge,
};
use crate::model::{
    Citation, CitationId, CitationState, ParkingZoneName, Period, RightHolder, RightId, RightKind,
    RightState, SourceName,
};
use crate::store::{CitationKept, Store, StoreError};

/// What is found of a citation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The car had a right, or was in grace.
    HadRight,
    /// It had none, and everything that would have to be known is.
    Stands,
    /// It cannot be said.
    Unclear(Why),
}

/// Why it cannot be said of a citation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Its plate is none, or cannot be read for certain.
    NoPlate,
    /// No section of a zone has its zone.
    NoZone,
    /// Something that would have to be known of the car is not.
    NotKnown,
    /// A right was there that is cancelled now; whether it was then is not known.
    CancelledNow,
    /// It was written later than this computer's clock shows.
    Future,
    /// A right that was known then, or for then, is not known any more.
    Gone,
    /// A source that lists only what runs was not read when it was written.
    NotWatched,
    /// A source that its zone needs was read last before it was written: what was sold in between is not known.
    NotReadSince,
}

impl Finding {
    /// Whether there was a right, where that can be said.
    #[must_use]
    pub fn had_right(self) -> Option<bool> {
        match self {
            Self::HadRight => Some(true),
            Self::Stands => Some(false),
            Self::Unclear(_) => None,
        }
    }
}

/// The right that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitationRight {
    pub source: SourceName,
    pub id: RightId,
    pub kind: RightKind,
    pub period: Period,
    /// The plates have the same text, and the issuer of at least one is not known.
    pub is_matched_without_issuer: bool,
}

/// A citation, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    pub citation: Citation,
    /// In the configuration's words.
    pub zone: Option<ParkingZoneName>,
    /// As the desk would be told of the car, there and then.
    pub status: ParkingStatus,
    pub finding: Finding,
    /// The right that says so, or would if nothing were in doubt.
    pub right: Option<CitationRight>,
    /// Sources that are needed there and not fresh.
    pub stale: Vec<SourceName>,
    /// What could be said when the citation was first heard of.
    pub had_right_then: Option<bool>,
}

impl Judged {
    /// The same with what was noted when it was first heard of: what was known then and is not now makes nobody
    /// wrong.
    fn with_memory(mut self, vehicles: &Vehicles, had_right_then: Option<bool>) -> Self {
        self.had_right_then = had_right_then;
        if self.finding == Finding::Stands {
            self.finding = match had_right_then {
                Some(true) => Finding::Unclear(Why::Gone),
                None if self.live_sources(vehicles).next().is_some() => {
                    Finding::Unclear(Why::NotWatched)
                }
                Some(false) | None => Finding::Stands,
            };
        }
        self
    }

    /// What is to be noted of one that is heard of for the first time: that there was no right only where each source
    /// of what runs was read shortly before, and just now.
    pub(super) fn had_right_now(
        &self,
        vehicles: &Vehicles,
        now: DateTime<Utc>,
        before: Option<&Before>,
    ) -> Option<bool> {
        let age = |at: DateTime<Utc>| now.signed_duration_since(at).to_std().unwrap_or_default();
        let is_watched = self.live_sources(vehicles).all(|source| {
            let read = before.and_then(|before| before.get(source.name.as_str()));
            let is_near = |at: DateTime<Utc>| age(at) < source.fresh_for;
            is_near(self.citation.at) && read.is_some_and(|read| is_near(*read))
        });
        self.finding.had_right().filter(|had_right| *had_right || is_watched)
    }

    /// The sources of its zone that list only what runs.
    fn live_sources<'v>(
        &'v self,
        vehicles: &'v Vehicles,
    ) -> impl Iterator<Item = &'v RightsServiceConfig> {
        let zone = self.zone.as_ref().and_then(|zone| vehicles.zones.named(zone));
        vehicles.services.iter().filter(move |source| {
            let is_needed = zone.is_some_and(|zone| zone.needs().contains(&source.name));
            is_needed && !source.settings.lists_changes()
        })
    }

    /// What was found, in a few words.
    #[must_use]
    pub fn why(&self) -> &'static str {
        match self.finding {
            Finding::HadRight if self.status == ParkingStatus::Grace => "in grace",
            Finding::HadRight => "valid there and then",
            Finding::Stands => "no right",
            Finding::Unclear(why) => match why {
                Why::NoPlate => "its plate cannot be read",
                Why::NoZone => "no [zone.NAME] has its zone",
                Why::NotKnown => "not everything is known of that car",
                Why::CancelledNow => "a right that is cancelled now",
                Why::Future => "it lies in the future",
                Why::Gone => "a right was known that is not any more",
                Why::NotWatched => "a source that lists only what runs was not read then",
                Why::NotReadSince => "no source was read since",
            },
        }
    }

    /// The right became known after the citation.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.finding == Finding::HadRight && self.had_right_then != Some(true)
    }
}

/// What was found of all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Review {
    /// Against cars that had a right, the oldest first.
    pub had_right: Vec<Judged>,
    /// Of which it cannot be said, the oldest first.
    pub unclear: Vec<Judged>,
    /// How many are against cars that had none.
    pub stand: usize,
    /// How many are taken back already.
    pub dismissed: usize,
}

/// Judges every citation from an instant on, all of one look at the state file.
///
/// # Errors
/// [`StoreError`].
pub fn review(
    vehicles: &Vehicles,
    store: &Store,
    since: DateTime<Utc>,
    asked_at: DateTime<Utc>,
) -> Result<Review, StoreError> {
    store.at_once(|| {
        let known = Known::read(vehicles, store)?;
        let mut review = Review::default();
        let is_judged = |citation: &Citation| {
            let mut services = vehicles.services.iter();
            let own = services.find(|one| one.name == citation.source);
            own.is_some_and(|own| own.settings.judges(citation.kind.as_ref()))
        };
        for kept in store.citations().since(since, vehicles.country)? {
            let (had_right, citation) = (kept.had_right, kept.settled());
            // Nobody hears of those of a section that is gone any more, and a right answers no other type.
            if !is_judged(&citation) {
                continue;
            }
            if citation.state == CitationState::Dismissed {
                review.dismissed += 1;
                continue;
            }
            let found = judged(vehicles, store, &known, &citation, asked_at)?;
            let found = found.with_memory(vehicles, had_right);
            match found.finding {
                Finding::HadRight => review.had_right.push(found),
                Finding::Unclear(_) => review.unclear.push(found),
                Finding::Stands => review.stand += 1,
            }
        }
        Ok(review)
    })
}

/// Judges the citations of this name, of whatever service; what is dismissed too.
///
/// # Errors
/// [`StoreError`].
pub fn of_id(
    vehicles: &Vehicles,
    store: &Store,
    id: &str,
    asked_at: DateTime<Utc>,
) -> Result<Vec<Judged>, StoreError> {
    let Ok(id) = CitationId::new(id) else { return Ok(Vec::new()) };
    store.at_once(|| {
        let known = Known::read(vehicles, store)?;
        let mut found = Vec::new();
        for service in &vehicles.services {
            let kept = store.citations().find(&service.name, &id, vehicles.country)?;
            if let Some(kept) = kept {
                found.push(judged_with_memory(vehicles, store, &known, kept, asked_at)?);
            }
        }
        Ok(found)
    })
}

/// Judges one by what is known of its car.
///
/// # Errors
/// [`StoreError`].
pub fn judged(
    vehicles: &Vehicles,
    store: &Store,
    known: &Known,
    citation: &Citation,
    asked_at: DateTime<Utc>,
) -> Result<Judged, StoreError> {
    let of_car = match &citation.plate {
        Some(plate) => known.of_plate(vehicles, store, plate)?,
        None => OfPlate::default(),
    };
    let mut found = judge_citation(vehicles, citation, (&of_car, &known.readings), asked_at);
    if found.finding == Finding::Stands
        && let Some(plate) = &citation.plate
        && let Some(zone) = found.zone.as_ref().and_then(|zone| vehicles.zones.named(zone))
    {
        let former = store.rights().formerly_in(plate.text(), citation.at, zone.grace())?;
        let is_of_zone =
            |name: &String| ParkingZoneName::new(name).is_ok_and(|name| zone.takes(&name));
        if former.iter().any(|named| named.as_ref().is_none_or(is_of_zone)) {
            found.finding = Finding::Unclear(Why::Gone);
        }
    }
    Ok(found)
}

/// Judges one that is kept, with what was noted when it was first heard of.
///
/// # Errors
/// [`StoreError`].
pub fn judged_with_memory(
    vehicles: &Vehicles,
    store: &Store,
    known: &Known,
    kept: CitationKept,
    asked_at: DateTime<Utc>,
) -> Result<Judged, StoreError> {
    let (had_right, citation) = (kept.had_right, kept.settled());
    let judged = judged(vehicles, store, known, &citation, asked_at)?;
    Ok(judged.with_memory(vehicles, had_right))
}

/// Judges a citation that is about to leave. That its car had no right is said only where each source that its zone
/// needs was read after it was written, and each source of what runs shortly before and just now.
///
/// # Errors
/// [`StoreError`].
pub fn judge_before_leaving(
    vehicles: &Vehicles,
    store: &Store,
    citation: &Citation,
    now: DateTime<Utc>,
) -> Result<Judged, StoreError> {
    store.at_once(|| {
        let known = Known::read(vehicles, store)?;
        let judged = judged(vehicles, store, &known, citation, now)?;
        // Of one that tells in parts, the part that was read longest ago counts.
        let mut read = Before::new();
        for part in store.rights().files()? {
            let earliest = read.entry(part.source).or_insert(part.as_of);
            *earliest = part.as_of.min(*earliest);
        }
        let zone = judged.zone.as_ref().and_then(|zone| vehicles.zones.named(zone));
        let is_read_since = zone.is_some_and(|zone| {
            let read = |source: &SourceName| read.get(source.as_str());
            zone.needs().iter().all(|source| read(source).is_some_and(|at| *at >= citation.at))
        });
        let why = match judged.had_right_now(vehicles, now, Some(&read)) {
            _ if judged.finding != Finding::Stands => return Ok(judged),
            _ if !is_read_since => Why::NotReadSince,
            None => Why::NotWatched,
            Some(_) => return Ok(judged),
        };
        Ok(Judged { finding: Finding::Unclear(why), ..judged })
    })
}

/// The same of what is known of its car. Pure.
#[must_use]
pub fn judge_citation(
    vehicles: &Vehicles,
    citation: &Citation,
    (of_car, readings): (&OfPlate, &Readings),
    asked_at: DateTime<Utc>,
) -> Judged {
    let zone = citation.zone.as_deref().and_then(|name| ParkingZoneName::new(name).ok());
    let zone = zone.and_then(|name| vehicles.zones.meant(&citation.source, &name));
    let mut found = Judged {
        citation: citation.clone(),
        zone: zone.map(|zone| zone.name().clone()),
        status: ParkingStatus::Unknown,
        finding: Finding::Unclear(Why::NotKnown),
        right: None,
        stale: Vec::new(),
        had_right_then: None,
    };
    let (Some(plate), Some(zone)) = (&citation.plate, zone) else {
        let why = if citation.plate.is_none() { Why::NoPlate } else { Why::NoZone };
        return Judged { finding: Finding::Unclear(why), ..found };
    };
    let who = RightHolder::Plate(plate.clone());
    let question = Question { who: &who, zone, asked_at, judged_at: citation.at };
    let evidence = Evidence { rights: &of_car.rights, left_out: &of_car.left_out, readings };
    let verdict = judge(question, evidence);
    found.status = verdict.status;
    found.finding = finding(&verdict, citation.at, asked_at);
    if found.finding == Finding::Stands {
        // A right for another zone does not hide one for this that is cancelled now.
        let is_over = |state| matches!(state, &RightState::Cancelled | &RightState::Suspended);
        let over = of_car.rights.iter().filter(|right| is_over(&right.state)).cloned();
        let rights: Vec<_> = over.collect();
        let verdict = judge(question, Evidence { rights: &rights, ..evidence });
        found.finding = finding(&verdict, citation.at, asked_at);
    }
    found.right = verdict.told.map(|told| CitationRight {
        source: told.right.source.clone(),
        id: told.right.id.clone(),
        kind: told.right.kind.clone(),
        period: told.period,
        is_matched_without_issuer: told.is_matched_without_issuer,
    });
    found.stale = verdict.doubts.stale.iter().map(|source| (*source).clone()).collect();
    found
}

fn finding(verdict: &Verdict<'_>, at: DateTime<Utc>, asked_at: DateTime<Utc>) -> Finding {
    let is_there = verdict.told.is_some_and(|told| told.period.contains(at));
    match verdict.status.answer() {
        Answer::Valid => Finding::HadRight,
        _ if at > asked_at => Finding::Unclear(Why::Future),
        Answer::CannotBeSaid => Finding::Unclear(Why::NotKnown),
        // When it was cancelled is not known, and before that it was paid for.
        Answer::NotHereAndNow if verdict.status == ParkingStatus::Cancelled && is_there => {
            Finding::Unclear(Why::CancelledNow)
        }
        Answer::NotHereAndNow | Answer::NoRight => Finding::Stands,
    }
}
