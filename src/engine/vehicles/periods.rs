//! When one right, and several together, let somebody stand in a zone. Every answer comes from here.

use chrono::{DateTime, Utc};

use super::known::Readings;
use crate::model::{
    ParkingRight, ParkingZone, ParkingZoneName, Period, PlateMatch, RightHolder, RightKind,
    RightState,
};

/// The windows of one right for some of its holders and some of its zones.
pub(super) struct Windows {
    holders: Vec<Period>,
    zones: Vec<Period>,
}

impl Windows {
    pub(super) fn of(
        right: &ParkingRight,
        is_holder: impl Fn(&RightHolder) -> bool,
        is_zone: impl Fn(&ParkingZoneName) -> bool,
    ) -> Self {
        let holders = right.holders().iter().filter(|(holder, _)| is_holder(holder));
        let zones = right.zones().iter().filter(|(name, _)| is_zone(name));
        Self {
            holders: holders.map(|(_, period)| *period).collect(),
            zones: zones.map(|(_, period)| *period).collect(),
        }
    }

    /// When the right gives the holder something, whatever its state: the instants that some window of the
    /// holder and some window of the zone have in common.
    pub(super) fn given(&self) -> Vec<Period> {
        common(&self.holders, &self.zones)
    }

    /// The same, where one of the two windows has an end: nobody needs to stop this.
    pub(super) fn ending(&self) -> Vec<Period> {
        let ending = |periods: &[Period]| {
            periods.iter().filter(|period| period.end().is_some()).copied().collect::<Vec<_>>()
        };
        let mut all = common(&ending(&self.holders), &self.zones);
        all.extend(common(&self.holders, &ending(&self.zones)));
        Period::union(all)
    }
}

fn common(one: &[Period], other: &[Period]) -> Vec<Period> {
    Period::common(&Period::union(one.to_vec()), &Period::union(other.to_vec()))
}

/// The periods in which somebody may stand in a zone, as known at `asked_at`: earliest first, joined where
/// they overlap or touch, never over a gap. This is what a gate and a list of permits hold.
///
/// [`judge`](super::judge) says `ACTIVE` at exactly these instants. Grace is not in them: it is no right,
/// and no row may end later than its right. A session that nobody has stopped yet ends where its source is
/// fresh no more, and every later run moves that on.
#[must_use]
pub fn periods(
    who: &RightHolder,
    zone: &ParkingZone,
    rights: &[ParkingRight],
    readings: &Readings,
    asked_at: DateTime<Utc>,
) -> Vec<Period> {
    let is_holder = |holder: &RightHolder| holder.match_with(who) != PlateMatch::Different;
    periods_of(is_holder, zone, rights, readings, asked_at)
}

/// The same for the holders that are meant.
pub(super) fn periods_of(
    is_holder: impl Fn(&RightHolder) -> bool,
    zone: &ParkingZone,
    rights: &[ParkingRight],
    readings: &Readings,
    asked_at: DateTime<Utc>,
) -> Vec<Period> {
    let mut all = Vec::new();
    for right in rights.iter().filter(|right| right.state == RightState::Active) {
        let windows = Windows::of(right, &is_holder, |name| zone.takes(name));
        if right.kind == RightKind::Session {
            let until = readings.fresh_until(&right.source, asked_at);
            let given = until.map(|until| {
                windows.given().into_iter().filter_map(move |period| period.until(until))
            });
            all.extend(given.into_iter().flatten());
            all.extend(windows.ending());
        } else {
            all.extend(windows.given());
        }
    }
    Period::union(all)
}
