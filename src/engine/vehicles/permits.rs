//! What a list of permits holds. Pure.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveTime, Utc};

use super::known::{Readings, later};
use super::periods::periods_of;
use crate::model::{
    ParkingRight, ParkingZone, ParkingZoneName, Period, Plate, RightHolder, RightId, RightKind,
    SourceName,
};

/// A car that may stand in a zone, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitRow {
    pub plate: Plate,
    pub zone: ParkingZoneName,
    /// The first second that is inside.
    pub from: DateTime<Utc>,
    /// The first one that is not any more.
    pub until: DateTime<Utc>,
    /// The right that says so.
    pub source: SourceName,
    pub id: RightId,
}

/// All rows of a list, in an order that follows from what they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permits {
    pub rows: Vec<PermitRow>,
    /// From when on the same rights may come to other rows.
    pub same_until: DateTime<Utc>,
}

/// Gathers the rows of a list, right by right.
///
/// A row covers exactly the instants at which [`judge`](super::judge) calls its car `ACTIVE`
/// by that right, from now on and up to a midnight (UTC) that is `ahead` of now or a little more: no row ends
/// later than its right, and none is without an end.
#[derive(Debug)]
pub struct Gathering<'a> {
    zones: Vec<&'a ParkingZone>,
    readings: &'a Readings,
    now: DateTime<Utc>,
    /// Where every row ends at the latest.
    horizon: DateTime<Utc>,
    permits: Permits,
}

impl<'a> Gathering<'a> {
    /// Begins a list for these zones.
    #[must_use]
    pub fn new(
        zones: Vec<&'a ParkingZone>,
        ahead: Duration,
        readings: &'a Readings,
        now: DateTime<Utc>,
    ) -> Self {
        let horizon = midnight_after(later(now, ahead));
        let permits = Permits { rows: Vec::new(), same_until: midnight_after(now) };
        Self { zones, readings, now, horizon, permits }
    }

    /// Adds what a right gives to each of its cars.
    pub fn take(&mut self, right: &ParkingRight) {
        for zone in &self.zones {
            for (plate, period) in cars_in(right, zone, self.readings, self.now) {
                let until = period.end().unwrap_or(self.horizon).min(self.horizon);
                if until <= self.now || period.begin() >= self.horizon {
                    continue;
                }
                if right.kind == RightKind::Session && is_open(right) {
                    // Its row ends where the source is fresh no more, and every run moves that on.
                    self.permits.same_until = self.now;
                }
                self.permits.rows.push(PermitRow {
                    plate: plate.clone(),
                    zone: zone.name().clone(),
                    from: period.begin(),
                    until,
                    source: right.source.clone(),
                    id: right.id.clone(),
                });
            }
        }
    }

    /// The list.
    #[must_use]
    pub fn finish(self) -> Permits {
        let Permits { mut rows, same_until } = self.permits;
        fn order(row: &PermitRow) -> impl Ord + use<'_> {
            let car = (row.plate.text(), row.plate.issuer());
            (car, &row.zone, row.from, row.until, &row.source, &row.id)
        }
        rows.sort_unstable_by(|one, other| order(one).cmp(&order(other)));
        rows.dedup();
        Permits { rows, same_until }
    }
}

/// The cars of a right, each with the periods in which it may stand in a zone by that right, as known at `now`.
///
/// Whoever opens a gate or reads a list matches plates without an issuer, so what each spelling of a plate gives
/// stands by itself here.
#[must_use]
pub fn cars_in<'r>(
    right: &'r ParkingRight,
    zone: &ParkingZone,
    readings: &Readings,
    now: DateTime<Utc>,
) -> Vec<(&'r Plate, Period)> {
    let mut cars: Vec<(&RightHolder, &Plate)> = Vec::new();
    for (holder, _) in right.holders() {
        let RightHolder::Plate(plate) = holder else { continue };
        if !cars.iter().any(|(_, known)| *known == plate) {
            cars.push((holder, plate));
        }
    }
    let rights = std::slice::from_ref(right);
    let each = cars.into_iter().flat_map(|(holder, plate)| {
        let periods = periods_of(|other| other == holder, zone, rights, readings, now);
        periods.into_iter().map(move |period| (plate, period))
    });
    each.collect()
}

/// Whether some holder and some zone of it have no end.
fn is_open(right: &ParkingRight) -> bool {
    right.holders().iter().any(|(_, period)| period.end().is_none())
        && right.zones().iter().any(|(_, period)| period.end().is_none())
}

/// The next midnight of UTC; the last instant there is where that is too far.
fn midnight_after(at: DateTime<Utc>) -> DateTime<Utc> {
    let day = at.date_naive().checked_add_days(Days::new(1));
    day.map_or(DateTime::<Utc>::MAX_UTC, |day| day.and_time(NaiveTime::MIN).and_utc())
}
