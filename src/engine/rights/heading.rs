//! Which row names the columns of a rights-file, and which columns those are. Pure.

use crate::engine::link::file::header::{ISSUER_NAMES, PLATE_NAMES, normalised, the_only};
use crate::engine::link::file::layout::Columns;
use crate::engine::link::file::{FileProblem, HEADER_ROWS_MAX};

/// How many columns count.
pub(super) const COLUMNS: usize = 7;

/// Where each stands among the cells of a row.
pub(super) const PLATE: usize = 0;
pub(super) const STATE: usize = 1;
pub(super) const ZONE: usize = 2;
pub(super) const FROM: usize = 3;
pub(super) const UNTIL: usize = 4;
pub(super) const ID: usize = 5;
pub(super) const KIND: usize = 6;

/// What a column is called in messages, and its headings as [`normalised`].
const NAMES: [(&str, &str); COLUMNS] = [
    ("plate", PLATE_NAMES),
    ("state", ISSUER_NAMES),
    ("zone", "zone zones area zona omrade obmocje cona podrucje"),
    (
        "from",
        "from validfrom start starts startdate begin begins begindate effectivedate von gultigab fran \
         giltigfran od veljaod vrijediod de du desde",
    ),
    (
        "until",
        "until validuntil validto to end ends enddate expires expiry expirydate expirationdate through bis \
         gultigbis till tillochmed giltigtill do veljado vrijedido au jusquau hasta",
    ),
    ("id", "id permit permitid permitno permitnumber right rightid number reference"),
    ("kind", "kind type permittype category"),
];

/// Columns without which nobody knows what a row gives.
const NEEDED: [usize; 4] = [PLATE, ZONE, FROM, UNTIL];

/// A search that remembers a near miss, so that a failure can say what is missing where.
#[derive(Debug, Default)]
pub(super) struct Search {
    missed: Option<(u32, Vec<&'static str>)>,
}

impl Search {
    pub(super) fn offer<'a>(
        &mut self,
        line: u32,
        cells: impl Iterator<Item = (usize, &'a str)>,
    ) -> Result<Option<Columns<COLUMNS>>, FileProblem> {
        let mut found: [Vec<(usize, &str)>; COLUMNS] = [const { Vec::new() }; COLUMNS];
        for (column, text) in cells {
            let Some(name) = normalised(text) else { continue };
            let is_of =
                |(_, names): &(&str, &str)| names.split_ascii_whitespace().any(|one| one == name);
            if let Some(those) = NAMES.iter().position(is_of).and_then(|at| found.get_mut(at)) {
                those.push((column, text));
            }
        }
        let is_there = |column: usize| found.get(column).is_some_and(|those| !those.is_empty());
        if !is_there(PLATE) {
            return Ok(None);
        }
        let missing = NEEDED.iter().filter(|column| !is_there(**column));
        let missing: Vec<&str> = missing.filter_map(|at| NAMES.get(*at)).map(|one| one.0).collect();
        if !missing.is_empty() {
            // `Plate` alone may be the title of the sheet.
            if missing.len() < NEEDED.len() - 1 || self.missed.is_none() {
                self.missed = Some((line, missing));
            }
            return Ok(None);
        }
        let mut places = [None; COLUMNS];
        for ((place, those), (name, _)) in places.iter_mut().zip(&found).zip(NAMES) {
            *place = the_only(those, line, name)?;
        }
        Ok(Some(Columns { line, places }))
    }

    pub(super) fn failure(&self) -> FileProblem {
        match &self.missed {
            Some((line, missing)) => {
                FileProblem::NoRightsColumn { line: *line, missing: missing.clone() }
            }
            None => FileProblem::NoRightsHeader { searched: HEADER_ROWS_MAX },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(row: &[&str]) -> Result<Option<Columns<COLUMNS>>, FileProblem> {
        Search::default().offer(3, row.iter().copied().enumerate())
    }

    #[test]
    fn every_heading_stands_for_one_column() {
        let mut seen = std::collections::BTreeSet::new();
        for name in NAMES.iter().flat_map(|(_, names)| names.split_ascii_whitespace()) {
            assert!(seen.insert(name), "{name}");
            assert_eq!(normalised(name).as_deref(), Some(name));
        }
    }

    #[test]
    fn columns_in_many_words() {
        let found = offer(&["Plate", "State", "Zone", "From", "Until", "Id", "Kind"]).unwrap();
        let all = [0, 1, 2, 3, 4, 5, 6].map(Some);
        assert_eq!(found, Some(Columns { line: 3, places: all }));
        let found = offer(&["*Valid to", "x", "valid_from", "ZONE", "License plate"]).unwrap();
        let some = [Some(4), None, Some(3), Some(2), Some(0), None, None];
        assert_eq!(found, Some(Columns { line: 3, places: some }));
        assert!(
            offer(&["Registrska oznaka", "Območje", "Velja od", "Velja do"]).unwrap().is_some()
        );
        assert!(offer(&["Immatriculation", "Zone", "Du", "Au"]).unwrap().is_some());
    }

    #[test]
    fn what_is_missing_is_said() {
        let mut search = Search::default();
        for (line, row) in
            (1..).zip([&["Plates of the town"][..], &["Plate"], &["Plate", "Zone", "From"]])
        {
            assert_eq!(search.offer(line, row.iter().copied().enumerate()).unwrap(), None);
        }
        let said = search.failure().to_string();
        assert_eq!(said, "row 3 names a plate column, but none for: until");
        assert!(Search::default().failure().to_string().starts_with("has no header row with"));
        let twice = offer(&["Plate", "Zone", "From", "Until", "Expires"]).unwrap_err().to_string();
        assert_eq!(twice, "row 3 has more than one until column: Until, Expires");
    }
}
