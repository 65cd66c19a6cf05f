//! Rights of services, taken apart into rows: a car, a zone and a window each. Pure.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::config::Vehicles;
use crate::model::{
    ParkingZoneName, Plate, RightId, RightsRow, RightsRowLeftOut, RightsRowReason, SourceName,
};
use crate::ports::ListedRight;
use crate::text::hex::hex;

/// The most rows that one right is taken apart into: cars times zones.
const ROWS_OF_A_RIGHT_MAX: usize = 10_000;

/// Of each id the newest; of those without a time, or of the same, the last one listed.
pub(super) fn newest(rights: Vec<ListedRight>) -> BTreeMap<RightId, ListedRight> {
    let mut newest: BTreeMap<RightId, ListedRight> = BTreeMap::new();
    for right in rights {
        let is_older =
            newest.get(&right.id).is_some_and(|known| known.updated_at > right.updated_at);
        if !is_older {
            newest.insert(right.id.clone(), right);
        }
    }
    newest
}

/// Rows that rights were taken apart into: a car, a zone and a window each.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub rows: Vec<RightsRow>,
    pub left_out: Vec<RightsRowLeftOut>,
    line: u32,
}

impl Rows {
    pub(super) fn take(&mut self, vehicles: &Vehicles, source: &SourceName, right: &ListedRight) {
        let until = match right.period {
            Ok(period) => period.end(),
            Err(until) => until,
        };
        let (zones, are_zones_odd) = match &right.zones {
            None => (vehicles.zones.iter().map(|zone| zone.name().clone()).collect(), false),
            Some(named) => {
                let meant: Vec<_> = named
                    .iter()
                    .map(|text| {
                        let name = ParkingZoneName::new(text).ok()?;
                        Some(vehicles.zones.meant(source, &name)?.name().clone())
                    })
                    .collect();
                let is_odd = meant.is_empty() || meant.iter().any(Option::is_none);
                let mut zones: Vec<ParkingZoneName> = meant.into_iter().flatten().collect();
                zones.sort();
                zones.dedup();
                (zones, is_odd)
            }
        };
        let is_too_much = zones.len().saturating_mul(right.plates.len()) > ROWS_OF_A_RIGHT_MAX;
        for listed in &right.plates {
            let Ok(plate) = vehicles.plates.read(&listed.text, &listed.issuer) else {
                self.leave_out(right, RightsRowReason::BadPlate, None, until);
                continue;
            };
            let Ok(period) = right.period else {
                self.leave_out(right, RightsRowReason::BadDates, Some(plate), until);
                continue;
            };
            if is_too_much || right.is_unreadable {
                self.leave_out(right, RightsRowReason::BadRow, Some(plate), until);
                continue;
            }
            if are_zones_odd {
                self.leave_out(right, RightsRowReason::UnknownZone, Some(plate.clone()), until);
            }
            for zone in &zones {
                self.line += 1;
                self.rows.push(RightsRow {
                    line: self.line,
                    id: right.id.clone(),
                    number: right.number.clone(),
                    kind: right.kind.clone(),
                    state: right.state.clone(),
                    plate: plate.clone(),
                    zone: zone.clone(),
                    period,
                });
            }
        }
    }

    fn leave_out(
        &mut self,
        right: &ListedRight,
        reason: RightsRowReason,
        plate: Option<Plate>,
        until: Option<DateTime<Utc>>,
    ) {
        self.line += 1;
        let (line, id) = (self.line, Some(right.id.clone()));
        let number = right.number.clone();
        self.left_out.push(RightsRowLeftOut { line, reason, id, number, plate, until });
    }

    /// Rows that are known already.
    pub(super) fn of(rows: Vec<RightsRow>) -> Self {
        Self { rows, ..Self::default() }
    }

    /// Takes the rows of another right.
    pub(super) fn add(&mut self, other: Self) {
        for row in other.rows {
            self.line += 1;
            self.rows.push(RightsRow { line: self.line, ..row });
        }
        for row in other.left_out {
            self.line += 1;
            self.left_out.push(RightsRowLeftOut { line: self.line, ..row });
        }
    }

    /// Takes out what ended before a moment: it is not kept.
    pub(super) fn forget(&mut self, before: DateTime<Utc>) {
        self.rows.retain(|row| row.period.end().is_none_or(|end| end >= before));
        self.left_out.retain(|row| row.until.is_none_or(|until| until >= before));
    }

    /// The plates that a row names, usable or not.
    pub(super) fn plates(&self) -> HashSet<&str> {
        let left_out = self.left_out.iter().filter_map(|row| row.plate.as_ref());
        self.rows.iter().map(|row| &row.plate).chain(left_out).map(Plate::text).collect()
    }

    /// Whether these rows say of one right what others say, on whatever lines.
    pub(super) fn say_the_same(
        &self,
        (rows, left_out): &(Vec<RightsRow>, Vec<RightsRowLeftOut>),
    ) -> bool {
        if self.rows.len() != rows.len() || self.left_out.len() != left_out.len() {
            return false;
        }
        let bare = |row: &RightsRow| RightsRow { line: 0, ..row.clone() };
        let bare_out = |row: &RightsRowLeftOut| RightsRowLeftOut { line: 0, ..row.clone() };
        let ours = self.rows.iter().map(bare);
        let theirs: Vec<_> = rows.iter().map(bare).collect();
        let ours_out = self.left_out.iter().map(bare_out);
        let theirs_out: Vec<_> = left_out.iter().map(bare_out).collect();
        ours.into_iter().all(|row| theirs.contains(&row))
            && ours_out.into_iter().all(|row| theirs_out.contains(&row))
    }

    /// A digest of what they say, after what was known.
    pub(super) fn digest(&self, before: &str) -> String {
        let mut all = Sha256::new();
        all.update(before);
        for row in &self.rows {
            let RightsRow { line: _, id, number, kind, state, plate, zone, period } = row;
            let plate = plate.spelled();
            let number = number.as_ref().unwrap_or(id);
            all.update(format!("{id} {number} {kind:?} {state:?} {plate} {zone} {period:?}\n"));
        }
        for row in &self.left_out {
            let plate = row.plate.as_ref().map(Plate::spelled);
            let RightsRowLeftOut { line: _, reason, id, number, plate: _, until } = row;
            all.update(format!("{id:?} {number:?} {reason:?} {plate:?} {until:?}\n"));
        }
        hex(&all.finalize())
    }
}
