//! From the cells of a row to a right, or the reason why not. Pure.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::heading::{COLUMNS, FROM, ID, KIND, PLATE, STATE, Search, UNTIL, ZONE};
use super::when::{self, Edge};
use crate::config::{RightsFileConfig, Vehicles};
use crate::engine::link::file::cell::Cell;
use crate::engine::link::file::layout::{Cells, Columns, Layout, Misread};
use crate::engine::link::file::value::shown;
use crate::engine::link::file::{FileProblem, ROWS_MAX};
use crate::model::{
    Ends, ParkingZoneName, Period, Plate, RightCode, RightId, RightKind, RightState, RightsRow,
    RightsRowLeftOut, RightsRowReason,
};

/// The kind of a row that says none.
const KIND_DEFAULT: &str = "permit";

/// A spreadsheet as a rights-file of one section.
#[derive(Debug)]
pub(super) struct RightsLayout<'c> {
    vehicles: &'c Vehicles,
    config: &'c RightsFileConfig,
    /// What rows without an id are called by.
    name: String,
}

/// What was gathered of a file.
#[derive(Debug, Default)]
pub(super) struct RightsRows {
    pub rows: Vec<RightsRow>,
    pub left_out: Vec<RightsRowLeftOut>,
    seen: HashSet<Said>,
}

/// What a row says, whatever line it stands on: id, kind, plate, zone and window.
pub(super) type Said = (Option<String>, RightKind, Plate, ParkingZoneName, Period);

/// Why a row gives no right, and what of it is sure all the same.
struct Refusal {
    reason: RightsRowReason,
    plate: Option<Plate>,
    until: Option<DateTime<Utc>>,
}

impl<'c> RightsLayout<'c> {
    /// `name` is the file's, without its folder.
    pub(super) fn new(vehicles: &'c Vehicles, config: &'c RightsFileConfig, name: &str) -> Self {
        Self { vehicles, config, name: name.to_owned() }
    }

    /// What a row says; nothing where none of its cells is filled.
    fn read(&self, cells: &Cells<COLUMNS>) -> Result<Option<Said>, Refusal> {
        if cells.iter().all(|cell| *cell == Cell::Blank) {
            return Ok(None);
        }
        let cell = |column: usize| cells.get(column).unwrap_or(&Cell::Blank);
        let plate = || {
            let (text, issuer) = (shown(cell(PLATE))?, shown(cell(STATE))?);
            self.vehicles.plates.read(&text, &issuer).ok()
        };
        let plate = plate();
        let edges = [(FROM, Edge::From), (UNTIL, Edge::Until)];
        let [from, until] =
            edges.map(|(column, edge)| when::read(cell(column), edge, self.config.time_zone));
        let sure_until = until.ok().flatten().max(from.ok().flatten());
        let refused = |reason, plate: &Option<Plate>| Refusal {
            reason,
            plate: plate.clone(),
            // Of dates that cannot be right the later one may be what was meant.
            until: sure_until.filter(|_| from.is_ok() && until.is_ok_and(|until| until.is_some())),
        };
        let Some(known) = plate.clone() else {
            return Err(refused(RightsRowReason::BadPlate, &None));
        };
        let (Ok(from), Ok(until)) = (from, until) else {
            return Err(refused(RightsRowReason::BadDates, &plate));
        };
        // Without a begin it is valid since ever.
        let period = Period::new(from.unwrap_or(DateTime::UNIX_EPOCH), until, Ends::Open);
        let Ok(period) = period else { return Err(refused(RightsRowReason::BadDates, &plate)) };
        let zone = shown(cell(ZONE)).and_then(|text| ParkingZoneName::new(&text).ok());
        let zone = zone.and_then(|name| self.vehicles.zones.meant(&self.config.name, &name));
        let Some(zone) = zone else { return Err(refused(RightsRowReason::UnknownZone, &plate)) };
        let kind = shown(cell(KIND)).filter(|kind| !kind.is_empty());
        let kind = match kind.as_deref() {
            Some(kind) if kind.eq_ignore_ascii_case("session") => RightKind::Session,
            Some(kind) => RightKind::Permit(code(kind).unwrap_or_else(default_kind)),
            None => RightKind::Permit(default_kind()),
        };
        Ok(Some((id(cell(ID)), kind, known, zone.name().clone(), period)))
    }

    /// What a row without an id is called.
    fn called(&self, line: u32) -> Option<RightId> {
        let by_file = RightId::new(&format!("{} row {line}", self.name));
        by_file.or_else(|_| RightId::new(&format!("row {line}"))).ok()
    }
}

fn code(kind: &str) -> Option<RightCode> {
    RightCode::new(kind).ok()
}

#[expect(clippy::expect_used, reason = "the word is a constant that a test reads")]
fn default_kind() -> RightCode {
    RightCode::new(KIND_DEFAULT).expect("a plain word")
}

/// What a file calls a right, where that can be kept.
fn id(cell: &Cell) -> Option<String> {
    shown(cell).filter(|text| RightId::new(text).is_ok())
}

impl RightsRows {
    fn check_limit(&self) -> Result<(), FileProblem> {
        let count = self.rows.len() + self.left_out.len();
        if count > ROWS_MAX { Err(FileProblem::TooManyRows { limit: ROWS_MAX }) } else { Ok(()) }
    }
}

impl Layout<COLUMNS> for RightsLayout<'_> {
    type Search = Search;
    type Row = Said;
    type Rows = RightsRows;

    const SHOWN: [bool; COLUMNS] = [true, true, true, false, false, true, true];

    fn offer<'a>(
        &self,
        search: &mut Search,
        line: u32,
        cells: impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<Option<Columns<COLUMNS>>, FileProblem> {
        search.offer(line, cells)
    }

    fn without_header(&self, search: &Search) -> Result<RightsRows, FileProblem> {
        Err(search.failure())
    }

    fn row(&self, cells: &Cells<COLUMNS>) -> Option<Said> {
        self.read(cells).ok().flatten()
    }

    fn fits(&self, column: usize, cell: &Cell) -> bool {
        let edge = if column == FROM { Edge::From } else { Edge::Until };
        match column {
            PLATE => shown(cell).is_some_and(|text| self.vehicles.plates.read(&text, "").is_ok()),
            FROM | UNTIL => when::read(cell, edge, self.config.time_zone).is_ok(),
            _ => shown(cell).is_some(),
        }
    }

    fn take(
        &self,
        rows: &mut RightsRows,
        line: u32,
        cells: &Cells<COLUMNS>,
    ) -> Result<(), FileProblem> {
        match self.read(cells) {
            Ok(None) => {}
            Ok(Some(said)) if rows.seen.contains(&said) => {}
            Ok(Some(said)) => {
                rows.seen.insert(said.clone());
                let (id, kind, plate, zone, period) = said;
                let (own, state) = (id.and_then(|id| RightId::new(&id).ok()), RightState::Active);
                if let Some(id) = own.or_else(|| self.called(line)) {
                    rows.rows.push(RightsRow {
                        line,
                        id,
                        number: None,
                        kind,
                        state,
                        plate,
                        zone,
                        period,
                    });
                }
            }
            Err(Refusal { reason, plate, until }) => {
                let own = cells.get(ID).and_then(id).and_then(|id| RightId::new(&id).ok());
                let id = own.or_else(|| self.called(line));
                rows.left_out.push(RightsRowLeftOut {
                    line,
                    reason,
                    id,
                    number: None,
                    plate,
                    until,
                });
            }
        }
        rows.check_limit()
    }

    fn refuse(
        &self,
        rows: &mut RightsRows,
        line: u32,
        _: Misread,
        _: &str,
    ) -> Result<(), FileProblem> {
        let (reason, id) = (RightsRowReason::BadRow, self.called(line));
        rows.left_out.push(RightsRowLeftOut {
            line,
            reason,
            id,
            number: None,
            plate: None,
            until: None,
        });
        rows.check_limit()
    }
}
