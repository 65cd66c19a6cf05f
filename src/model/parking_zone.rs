//! Parking zones as the configuration describes them, checked as a set. Pure.
//!
//! `covers` passes on: where A1 covers A2, and A2 covers A3, a right for A1 is good in A3. The zones that
//! cover others are an order (a lower number is a dearer zone, whose rights are good in every cheaper one), and
//! where it is not meant to pass on, the mistake lets somebody stand who has paid elsewhere; the other
//! way round it would ticket somebody who has paid. A circle would make one zone of all that are in it, so it
//! is refused.
//!
//! A right for a zone that covers this one counts here, so "no right" here needs what *that* zone needs, too.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use smol_str::SmolStr;

use super::id::{InvalidId, SourceName, checked};

/// The most bytes of a zone's name.
const NAME_MAX_BYTES: usize = 64;

/// The most pairs of a zone and one that covers it, itself included: a chain of 1,400 zones has as many.
const PAIRS_MAX: usize = 1_000_000;

/// The name of a parking zone, compared as it is written. A source's number 1 and its text `1` are one name:
/// whoever reads a number takes its digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParkingZoneName(SmolStr);

impl ParkingZoneName {
    /// Takes the text as it is.
    ///
    /// # Errors
    /// [`InvalidId`] when it is blank, longer than 64 bytes or holds a control character.
    pub fn new(text: &str) -> Result<Self, InvalidId> {
        checked(text, NAME_MAX_BYTES).map(Self)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ParkingZoneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// One zone, as the configuration describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneDefinition {
    pub name: ParkingZoneName,
    /// Zones where a right for this one is good too.
    pub covers: Vec<ParkingZoneName>,
    /// Sources that must be fresh before anybody is told "no right".
    pub needs: BTreeSet<SourceName>,
    /// How long after its end a right is not held against a car.
    pub grace: Duration,
    /// What sources call it. One that is not here calls it by its name; one with no names has no such zone.
    pub names: BTreeMap<SourceName, Vec<ParkingZoneName>>,
}

/// What is wrong with a set of zones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneProblem {
    #[error("zone {0} is described twice")]
    Twice(ParkingZoneName),
    #[error("zone {zone} covers {unknown}, which is no zone here")]
    CoversUnknown { zone: ParkingZoneName, unknown: ParkingZoneName },
    /// The zones of the circle in order; the last covers the first.
    #[error("zones cover each other in a circle: {}", circle(.0))]
    Circle(Vec<ParkingZoneName>),
    #[error("zone {0} needs no source, so nobody could ever be told whether there is a right")]
    NeedsNobody(ParkingZoneName),
    #[error("zone {zone} names {unknown}, which is no source here")]
    UnknownSource { zone: ParkingZoneName, unknown: SourceName },
    #[error("{source_name} calls both zone {one} and zone {other} `{name}`")]
    SameName {
        source_name: SourceName,
        name: ParkingZoneName,
        one: ParkingZoneName,
        other: ParkingZoneName,
    },
    #[error("zones cover each other {PAIRS_MAX} times and more")]
    TooMany,
}

fn circle(zones: &[ParkingZoneName]) -> String {
    let names = zones.iter().chain(zones.first()).map(ParkingZoneName::as_str);
    names.collect::<Vec<_>>().join(" covers ")
}

/// A zone of a checked set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkingZone {
    name: ParkingZoneName,
    good: BTreeSet<ParkingZoneName>,
    needs: BTreeSet<SourceName>,
    grace: Duration,
}

impl ParkingZone {
    #[must_use]
    pub fn name(&self) -> &ParkingZoneName {
        &self.name
    }

    /// Whether a right for a zone is good here: for this one, and for each that covers it.
    #[must_use]
    pub fn takes(&self, right_for: &ParkingZoneName) -> bool {
        self.good.contains(right_for)
    }

    /// Sources that must be fresh before anybody is told "no right" here: what this zone needs, and what
    /// those that cover it need.
    #[must_use]
    pub fn needs(&self) -> &BTreeSet<SourceName> {
        &self.needs
    }

    /// How long after its end a right is not held against a car here.
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.grace
    }
}

/// The zones of one configuration, checked.
#[derive(Debug, Clone, Default)]
pub struct ParkingZones {
    zones: BTreeMap<ParkingZoneName, ParkingZone>,
    /// The zone that a source means, where it has names of its own for any.
    by_source: BTreeMap<SourceName, BTreeMap<ParkingZoneName, ParkingZoneName>>,
}

impl ParkingZones {
    /// Checks zones against each other and against the sources that there are.
    ///
    /// # Errors
    /// Every [`ZoneProblem`] there is; circles only where nothing else is wrong.
    pub fn new(
        definitions: &[ZoneDefinition],
        sources: &BTreeSet<SourceName>,
    ) -> Result<Self, Vec<ZoneProblem>> {
        let mut problems = Vec::new();
        let mut by_name = BTreeMap::new();
        for zone in definitions {
            if by_name.insert(&zone.name, zone).is_some() {
                problems.push(ZoneProblem::Twice(zone.name.clone()));
            }
        }
        let mut covered_by: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for zone in by_name.values().copied() {
            for covered in &zone.covers {
                if by_name.contains_key(covered) {
                    covered_by.entry(covered).or_default().push(&zone.name);
                } else {
                    let (zone, unknown) = (zone.name.clone(), covered.clone());
                    problems.push(ZoneProblem::CoversUnknown { zone, unknown });
                }
            }
            if zone.needs.is_empty() {
                problems.push(ZoneProblem::NeedsNobody(zone.name.clone()));
            }
            let named: BTreeSet<_> = zone.needs.iter().chain(zone.names.keys()).collect();
            for unknown in named.into_iter().filter(|source| !sources.contains(*source)) {
                let (zone, unknown) = (zone.name.clone(), unknown.clone());
                problems.push(ZoneProblem::UnknownSource { zone, unknown });
            }
        }
        let by_source = names_by_source(&by_name, &mut problems);
        if problems.is_empty() {
            problems.extend(a_circle(&covered_by).map(ZoneProblem::Circle));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let mut pairs = 0;
        let mut zones = BTreeMap::new();
        for (name, zone) in &by_name {
            let good = reached(name, &covered_by);
            pairs += good.len();
            if pairs > PAIRS_MAX {
                return Err(vec![ZoneProblem::TooMany]);
            }
            let needs = good.iter().filter_map(|name| by_name.get(name)).flat_map(|one| &one.needs);
            let checked = ParkingZone {
                name: zone.name.clone(),
                needs: needs.cloned().collect(),
                good: good.into_iter().cloned().collect(),
                grace: zone.grace,
            };
            zones.insert(zone.name.clone(), checked);
        }
        Ok(Self { zones, by_source })
    }

    /// The zone with a name of the configuration; `None` where there is none.
    #[must_use]
    pub fn named(&self, name: &ParkingZoneName) -> Option<&ParkingZone> {
        self.zones.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &ParkingZone> {
        self.zones.values()
    }

    /// What a source calls each zone, beside the zone's name here.
    #[must_use]
    pub fn names_of(&self, source: &SourceName) -> Vec<(&ParkingZoneName, &ParkingZoneName)> {
        match self.by_source.get(source) {
            Some(names) => names.iter().collect(),
            None => self.zones.keys().map(|name| (name, name)).collect(),
        }
    }

    /// The zone that a source means by a name; `None` where it is configured for none, so that nobody knows
    /// where its rights hold.
    #[must_use]
    pub fn meant(&self, source: &SourceName, name: &ParkingZoneName) -> Option<&ParkingZone> {
        match self.by_source.get(source) {
            Some(names) => self.zones.get(names.get(name)?),
            None => self.zones.get(name),
        }
    }
}

/// What each source with names of its own calls each zone.
fn names_by_source(
    by_name: &BTreeMap<&ParkingZoneName, &ZoneDefinition>,
    problems: &mut Vec<ZoneProblem>,
) -> BTreeMap<SourceName, BTreeMap<ParkingZoneName, ParkingZoneName>> {
    let sources: BTreeSet<_> = by_name.values().flat_map(|zone| zone.names.keys()).collect();
    let mut by_source = BTreeMap::new();
    for source in sources {
        let mut names: BTreeMap<ParkingZoneName, ParkingZoneName> = BTreeMap::new();
        for zone in by_name.values() {
            let own = std::slice::from_ref(&zone.name);
            for name in zone.names.get(source).map_or(own, Vec::as_slice) {
                let other = names.insert(name.clone(), zone.name.clone());
                if let Some(one) = other.filter(|one| *one != zone.name) {
                    problems.push(ZoneProblem::SameName {
                        source_name: source.clone(),
                        name: name.clone(),
                        one,
                        other: zone.name.clone(),
                    });
                }
            }
        }
        by_source.insert(source.clone(), names);
    }
    by_source
}

type Edges<'a> = BTreeMap<&'a ParkingZoneName, Vec<&'a ParkingZoneName>>;

/// A zone and all that cover it, directly or through others.
fn reached<'a>(zone: &'a ParkingZoneName, covered_by: &Edges<'a>) -> BTreeSet<&'a ParkingZoneName> {
    let mut reached = BTreeSet::from([zone]);
    let mut open = vec![zone];
    while let Some(zone) = open.pop() {
        let next = covered_by.get(zone).into_iter().flatten();
        open.extend(next.filter(|next| reached.insert(**next)));
    }
    reached
}

/// Zones that cover each other in a circle, each the next one, if there are any.
fn a_circle(covered_by: &Edges<'_>) -> Option<Vec<ParkingZoneName>> {
    // What is covered by none that is left is in no circle, and goes.
    let mut left: BTreeMap<_, usize> = BTreeMap::new();
    let mut covers: Edges<'_> = BTreeMap::new();
    for (covered, by) in covered_by {
        left.insert(*covered, by.len());
        by.iter().for_each(|zone| covers.entry(*zone).or_default().push(*covered));
    }
    let mut free: Vec<_> =
        covers.keys().filter(|zone| !left.contains_key(*zone)).copied().collect();
    while let Some(zone) = free.pop() {
        for covered in covers.get(zone).into_iter().flatten() {
            if let Some(count) = left.get_mut(covered) {
                *count -= 1;
                if *count == 0 {
                    left.remove(covered);
                    free.push(*covered);
                }
            }
        }
    }
    // Each that is left is covered by another one that is left: going back from any ends in a circle.
    let mut zone = *left.keys().next()?;
    let mut path = Vec::new();
    let mut places = BTreeMap::new();
    while !places.contains_key(zone) {
        places.insert(zone, path.len());
        path.push(zone);
        zone = covered_by.get(zone)?.iter().find(|by| left.contains_key(*by))?;
    }
    let mut circle: Vec<_> = path.into_iter().skip(*places.get(zone)?).rev().cloned().collect();
    let first = circle.iter().enumerate().min_by_key(|(_, zone)| *zone)?.0;
    circle.rotate_left(first);
    Some(circle)
}

#[cfg(test)]
mod tests;
