//! The plates of members in a link file: a plate, and the e-mail or the member number of whose car it is. Pure.
//!
//! A file without a plate column has no plates, which is right as it is. A cell may hold several plates, with commas,
//! semicolons or line breaks between; a text that says that there is none (`-`, or one of `no_plates`) is none. A
//! row is left out for its member before it is for its plates; of a cell with a plate that cannot be read the others
//! count.

use std::collections::HashSet;

use super::cell::{Cell, trim};
use super::header::{Headings, the_only};
use super::layout::{Cells, Columns, Layout, Misread};
use super::row::{Rows, member_of};
use super::value::shown;
use super::{FileProblem, ROWS_MAX, Sheet, sheet};
use crate::model::{
    MemberNamed, MemberPlate, MemberPlateLeftOut, Plate, PlateRefusal, PlateRules, RowReason,
};

/// Where each stands among the cells of a row.
const PLATE: usize = 0;
const ISSUER: usize = 1;
const EMAIL: usize = 2;
const COLUMNS: usize = 4;

/// A link file as it is read for plates.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct PlatesLayout<'r> {
    pub rules: &'r PlateRules,
}

/// What was gathered of a file.
#[derive(Debug, Default)]
pub(in crate::engine) struct PlateRows {
    pub rows: Vec<MemberPlate>,
    pub left_out: Vec<MemberPlateLeftOut>,
    /// No row names a plate column beside a member.
    is_without_column: bool,
    seen: HashSet<(Option<MemberNamed>, Plate)>,
}

impl PlateRows {
    /// Whether no row names a plate column beside a member.
    pub(in crate::engine) fn are_without_column(&self) -> bool {
        self.is_without_column
    }
}

/// What a row says: whose plates, or why it is not known whose, and why a part of their cell is none.
pub(in crate::engine) type Said = (Result<MemberNamed, RowReason>, PlatesOfCell);

/// The plates of a cell, each once, and why a part of it is none.
#[derive(Debug, Default, PartialEq)]
pub(in crate::engine) struct PlatesOfCell {
    plates: Vec<Plate>,
    bad: Option<RowReason>,
}

/// Reads a file without person ids as one that links nobody; nothing where it has no plates either.
pub(super) fn without_persons(bytes: &[u8]) -> Option<Sheet<Rows>> {
    let rules = PlateRules::default();
    let Sheet { rows, sha256, notes, is_cut_off } =
        sheet(&PlatesLayout { rules: &rules }, bytes).ok()?;
    let has_plates = !rows.is_without_column;
    has_plates.then(|| Sheet { rows: Rows::default(), sha256, notes, is_cut_off })
}

impl PlatesLayout<'_> {
    /// What a row says; nothing where it has no plate, whoever it is of.
    fn read(
        &self,
        [plate, issuer, email, number]: &Cells<COLUMNS>,
    ) -> Result<Option<Said>, RowReason> {
        let found = self.plates(plate, issuer);
        if found == PlatesOfCell::default() {
            return Ok(None);
        }
        let member = member_of(email, number).map_err(|refusal| refusal.reason);
        let member = member.and_then(|member| member.ok_or(RowReason::NoMember));
        match (found.bad, &member) {
            (_, Err(reason)) if found.plates.is_empty() => Err(*reason),
            (Some(reason), Ok(_)) if found.plates.is_empty() => Err(reason),
            _ => Ok(Some((member, found))),
        }
    }

    fn plates(&self, cell: &Cell, issuer: &Cell) -> PlatesOfCell {
        let mut found = PlatesOfCell::default();
        let Some(text) = shown(cell) else {
            found.bad = Some(match cell {
                Cell::TooLong => RowReason::CellTooLong,
                Cell::NoValueYet => RowReason::NoValueYet,
                Cell::Error => RowReason::ErrorValue,
                _ => RowReason::BadPlate,
            });
            return found;
        };
        let issuer = shown(issuer);
        for part in text.split([',', ';', '\n', '\r']) {
            match self.rules.read(trim(part), issuer.as_deref().unwrap_or_default()) {
                Ok(plate) if issuer.is_some() => {
                    if !found.plates.contains(&plate) {
                        found.plates.push(plate);
                    }
                }
                Err(PlateRefusal::Empty | PlateRefusal::NoPlate) => {}
                Err(_) if part.contains(char::REPLACEMENT_CHARACTER) => {
                    found.bad = Some(RowReason::UnknownLetter);
                }
                Ok(_) | Err(_) => found.bad = Some(RowReason::BadPlate),
            }
        }
        found
    }
}

impl PlateRows {
    fn leave_out(&mut self, line: u32, reason: RowReason) {
        self.left_out.push(MemberPlateLeftOut { line, reason });
    }

    fn check_limit(&self) -> Result<(), FileProblem> {
        let count = self.rows.len() + self.left_out.len();
        if count > ROWS_MAX { Err(FileProblem::TooManyRows { limit: ROWS_MAX }) } else { Ok(()) }
    }
}

impl Layout<COLUMNS> for PlatesLayout<'_> {
    type Search = ();
    type Row = Said;
    type Rows = PlateRows;

    const SHOWN: [bool; COLUMNS] = [true, true, false, true];

    fn offer<'a>(
        &self,
        (): &mut (),
        line: u32,
        cells: impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<Option<Columns<COLUMNS>>, FileProblem> {
        let found = Headings::of(cells);
        if found.plates.is_empty() || (found.emails.is_empty() && found.numbers.is_empty()) {
            return Ok(None);
        }
        let plate = the_only(&found.plates, line, "plate")?;
        let issuer = the_only(&found.issuers, line, "state")?;
        let (email, number) = found.member(line)?;
        Ok(Some(Columns { line, places: [plate, issuer, email, number] }))
    }

    fn without_header(&self, (): &()) -> Result<PlateRows, FileProblem> {
        Ok(PlateRows { is_without_column: true, ..PlateRows::default() })
    }

    fn row(&self, cells: &Cells<COLUMNS>) -> Option<Said> {
        self.read(cells).ok().flatten().filter(|(member, _)| member.is_ok())
    }

    fn fits(&self, column: usize, cell: &Cell) -> bool {
        match column {
            PLATE => self.plates(cell, &Cell::Blank).bad.is_none(),
            ISSUER => shown(cell).is_some(),
            EMAIL => member_of(cell, &Cell::Blank).is_ok(),
            _ => member_of(&Cell::Blank, cell).is_ok(),
        }
    }

    fn take(
        &self,
        rows: &mut PlateRows,
        line: u32,
        cells: &Cells<COLUMNS>,
    ) -> Result<(), FileProblem> {
        match self.read(cells) {
            Ok(None) => {}
            Ok(Some((member, PlatesOfCell { plates, bad }))) => {
                let (named, nobody) = match member {
                    Ok(member) => (Some(member), None),
                    Err(reason) => (None, Some(reason)),
                };
                for plate in plates {
                    if rows.seen.insert((named.clone(), plate.clone())) {
                        rows.rows.push(MemberPlate { line, member: named.clone(), plate });
                    }
                }
                if let Some(reason) = nobody.or(bad) {
                    rows.leave_out(line, reason);
                }
            }
            Err(reason) => rows.leave_out(line, reason),
        }
        rows.check_limit()
    }

    fn refuse(
        &self,
        rows: &mut PlateRows,
        line: u32,
        why: Misread,
        _: &str,
    ) -> Result<(), FileProblem> {
        rows.leave_out(line, why.reason());
        rows.check_limit()
    }
}

#[cfg(test)]
mod tests;
