//! Sheets for spreadsheet programs. Pure.
//!
//! Semicolons and a byte order mark, because that is what a spreadsheet program opens right with a double
//! click where people write decimal commas; link files are read with either.

use crate::model::visible;

/// The longest cell.
const CELL_MAX: usize = 300;

/// Rows of so many cells under their titles, as CSV.
#[derive(Debug)]
pub struct Sheet<const COLUMNS: usize>(csv::Writer<Vec<u8>>);

impl<const COLUMNS: usize> Sheet<COLUMNS> {
    /// A sheet with these column titles.
    #[must_use]
    pub fn new(titles: [&str; COLUMNS]) -> Self {
        let writer = csv::WriterBuilder::new()
            .delimiter(b';')
            .terminator(csv::Terminator::CRLF)
            .from_writer("\u{feff}".as_bytes().to_vec());
        let mut sheet = Self(writer);
        sheet.row(titles);
        sheet
    }

    /// Adds a row.
    pub fn row(&mut self, cells: [&str; COLUMNS]) {
        // A record that goes into memory has no way to fail.
        let _ = self.0.write_record(cells.map(harmless));
    }

    /// The sheet as text.
    #[must_use]
    pub fn text(self) -> String {
        let bytes = self.0.into_inner().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// A cell that no spreadsheet program takes for a formula, also where it takes full-width signs for
/// narrow ones.
#[must_use]
pub fn harmless(cell: &str) -> String {
    let mut cell = visible(cell, CELL_MAX);
    if cell.starts_with(['=', '+', '-', '@', '|', '%', '＝', '＋', '－', '＠', '｜', '％']) {
        cell.insert(0, '\'');
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("\t=1+1", "'=1+1"),
            ("\r\n@SUM(A1)", "'@SUM(A1)"),
            ("\u{3000}＝1+1", "'＝1+1"),
            ("\u{200b}＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠A1", "'＠A1"),
            ("150004", "150004"),
            ("Åsa = Ek", "Åsa = Ek"),
        ] {
            assert_eq!(harmless(cell), written, "{cell:?}");
        }
    }

    #[test]
    fn a_sheet_is_read_back_cell_by_cell() {
        let mut sheet = Sheet::new(["a", "b"]);
        sheet.row(["x;y", "say \"hi\""]);
        assert_eq!(sheet.text(), "\u{feff}a;b\r\n\"x;y\";\"say \"\"hi\"\"\"\r\n");
    }
}
