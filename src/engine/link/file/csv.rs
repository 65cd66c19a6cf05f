//! CSV in the dialects that spreadsheet programs write. Pure.
//!
//! The separator is the one under which a header row is found. Rows may be ragged; blank lines and
//! trailing separators mean nothing; LF, CRLF and CR all end a line.
//!
//! A quotation mark at the beginning of a cell opens a quoted cell, which may hold separators and line
//! ends; anywhere else it is a character like any other. A stray mark at the beginning of a cell would
//! join rows, and give somebody the e-mail of the next. So a quoted cell must close where a cell ends
//! (RFC 4180), and where rows would be joined or cells moved by it, the lines are also read as they
//! stand: what both readings agree on is taken, other lines are left out, and reading goes on at the
//! next line.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3};

use super::cell::{Cell, trim};
use super::layout::{self, Columns, Layout, Misread};
use super::{FileProblem, HEADER_ROWS_MAX};

/// In the order they are tried; a header row decides, so the order hardly matters.
const SEPARATORS: [u8; 3] = *b",;\t";

/// The most cells of a row that are looked at: as many as a worksheet of Excel has columns.
const COLUMNS_MAX: usize = 16_384;

/// Reads the rows of a CSV file.
///
/// # Errors
/// [`FileProblem::TooManyRows`], and those of the header search.
pub(super) fn read<const N: usize, L: Layout<N>>(
    layout: &L,
    text: &str,
) -> Result<L::Rows, FileProblem> {
    let mut search = L::Search::default();
    for separator in SEPARATORS {
        let mut lines = Lines { text, next: 0, number: 0 };
        if let Some(sheet) = find_header(layout, &mut lines, separator, &mut search)? {
            return sheet.rows(lines);
        }
    }
    layout.without_header(&search)
}

/// Whether the last line has no end, so that more of it may have been meant to come. What is left of it
/// when nothing but white space is there (or the mark that ends files of DOS) is no line.
pub(super) fn is_cut_off(text: &str) -> bool {
    let last = text.rsplit(['\n', '\r']).next().unwrap_or_default();
    !trim(last).is_empty()
}

/// One line of a text.
#[derive(Debug, Clone, Copy)]
struct Line<'t> {
    /// From 1.
    number: u32,
    /// Where it begins in the text, in bytes.
    start: usize,
    text: &'t str,
}

impl Line<'_> {
    fn end(&self) -> usize {
        self.start + self.text.len()
    }
}

/// The lines of a text; a CRLF ends one line.
#[derive(Debug, Clone)]
struct Lines<'t> {
    text: &'t str,
    next: usize,
    number: u32,
}

impl<'t> Iterator for Lines<'t> {
    type Item = Line<'t>;

    fn next(&mut self) -> Option<Line<'t>> {
        let start = self.next;
        let rest = self.text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
        let (line, end) = rest.split_at_checked(length)?;
        let end_length = if end.starts_with("\r\n") { 2 } else { end.len().min(1) };
        self.next = start + length + end_length;
        self.number = self.number.saturating_add(1);
        Some(Line { number: self.number, start, text: line })
    }
}

impl Lines<'_> {
    /// Passes over the lines that begin before a place, and returns the number of the last.
    fn pass(&mut self, place: usize) -> u32 {
        while self.next < place && self.next().is_some() {}
        self.number
    }
}

type Cells<'t> = Vec<Cow<'t, str>>;

/// The cells of a record, where its quoted cells close as they should.
struct Record<'t> {
    cells: Cells<'t>,
    /// Where it ends in the text, in bytes.
    end: usize,
    /// A quoted cell holds a separator or a line end.
    joins: bool,
}

/// Reads a record; nothing where a quoted cell does not close, or closes within a cell.
fn record(text: &str, start: usize, separator: u8) -> Option<Record<'_>> {
    let mut record = Record { cells: Vec::new(), end: start, joins: false };
    while record.cells.len() < COLUMNS_MAX {
        let rest = text.get(record.end..)?;
        let (cell, length) = match rest.strip_prefix('"') {
            None => {
                let end = memchr3(separator, b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
                (Cow::Borrowed(rest.get(..end)?), end)
            }
            Some(inner) => {
                let cell = inner.get(..closing_mark(inner)?)?;
                record.joins |= memchr3(separator, b'\n', b'\r', cell.as_bytes()).is_some();
                let behind = inner.get(cell.len() + 1..)?;
                let spaces = behind.len() - behind.trim_start_matches(' ').len();
                let length = cell.len() + 2 + spaces;
                match cell.contains('"') {
                    true => (cell.replace("\"\"", "\"").into(), length),
                    false => (cell.into(), length),
                }
            }
        };
        record.cells.push(cell);
        record.end += length;
        match text.as_bytes().get(record.end) {
            Some(byte) if *byte == separator => record.end += 1,
            None | Some(b'\n' | b'\r') => return Some(record),
            Some(_) => return None,
        }
    }
    None
}

/// The place of the mark that closes a quoted cell: the first that is not one of two.
fn closing_mark(inner: &str) -> Option<usize> {
    let bytes = inner.as_bytes();
    let mut at = 0;
    loop {
        at += memchr(b'"', bytes.get(at..)?)?;
        match bytes.get(at + 1) {
            Some(b'"') => at += 2,
            _ => return Some(at),
        }
    }
}

/// Whether the cells of a line are the same whatever its marks mean: they come in pairs, and no
/// separator is between the two of a pair.
fn marks_are_harmless(line: &str, separator: u8) -> bool {
    let mut parts = line.split('"').enumerate();
    let is_plain = |part: &str| memchr(separator, part.as_bytes()).is_none();
    let count = line.split('"').count();
    count % 2 == 1 && parts.all(|(place, part)| place % 2 == 0 || is_plain(part))
}

/// A header row, and what it takes to read the rows below it.
struct Sheet<'l, const N: usize, L> {
    layout: &'l L,
    separator: u8,
    columns: Columns<N>,
    /// How many cells the header row has.
    width: usize,
}

/// Looks for the header row, and moves behind it. A mark above it may have joined it with what is
/// there, so every line is looked at by itself as well.
fn find_header<'l, const N: usize, L: Layout<N>>(
    layout: &'l L,
    lines: &mut Lines<'_>,
    separator: u8,
    search: &mut L::Search,
) -> Result<Option<Sheet<'l, N, L>>, FileProblem> {
    let mut looked_at = 0;
    let mut last_end = 0;
    while let Some(line) = lines.next() {
        if line.text.is_empty() {
            continue;
        }
        if line.start >= last_end {
            looked_at += 1;
        }
        if looked_at > HEADER_ROWS_MAX {
            break;
        }
        let (cells, end) = match record(lines.text, line.start, separator) {
            Some(record) => (record.cells, record.end),
            None => {
                let cells = line.text.split(char::from(separator)).take(COLUMNS_MAX);
                (cells.map(Cow::Borrowed).collect(), line.end())
            }
        };
        last_end = last_end.max(end);
        let texts = cells.iter().map(AsRef::as_ref).enumerate();
        if let Some(columns) = layout.offer(search, line.number, texts)? {
            lines.pass(end);
            return Ok(Some(Sheet { layout, separator, columns, width: cells.len() }));
        }
    }
    Ok(None)
}

impl<const N: usize, L: Layout<N>> Sheet<'_, N, L> {
    /// Reads the rows below the header row.
    fn rows(&self, mut lines: Lines<'_>) -> Result<L::Rows, FileProblem> {
        let mut rows = L::Rows::default();
        // The line with a mark that may close a cell of an earlier line.
        let mut doubted = 0;
        while let Some(line) = lines.next() {
            if line.text.is_empty() {
                continue;
            }
            let found = record(lines.text, line.start, self.separator);
            let last = match &found {
                Some(record) if record.end > line.end() => lines.clone().pass(record.end),
                _ => line.number,
            };
            let is_doubted = (line.number..=last).contains(&doubted);
            match found {
                Some(record) if !is_doubted && self.is_sure(&record, line, &lines) => {
                    self.take(&mut rows, line, &record.cells)?;
                    lines.pass(record.end);
                }
                None if !is_doubted && marks_are_harmless(line.text, self.separator) => {
                    self.take(&mut rows, line, &self.plain_cells(line))?;
                }
                _ => {
                    self.layout.refuse(&mut rows, line.number, Misread::StrayQuote, line.text)?;
                    doubted = doubted.max(if last > line.number { last } else { 0 });
                }
            }
        }
        Ok(rows)
    }

    /// Whether nothing speaks for another reading of the lines of a record than as that record.
    fn is_sure(&self, record: &Record<'_>, line: Line<'_>, behind: &Lines<'_>) -> bool {
        let joined = || self.row(&record.cells);
        if record.end <= line.end() {
            if !record.joins || record.cells.len() == self.width {
                return true;
            }
            let cells = self.plain_cells(line);
            let row = self.row(&cells);
            return cells.len() != self.width || row.is_none() || row == joined();
        }
        let mut only: Option<L::Row> = None;
        let mut are_rows = true;
        let behind = behind.clone().take_while(|line| line.start < record.end);
        for line in std::iter::once(line).chain(behind) {
            let cells = self.plain_cells(line);
            are_rows &= self.looks_like_row(&cells);
            if let Some(row) = self.row(&cells)
                && only.replace(row).is_some()
            {
                return false;
            }
        }
        // One line that says something is a row whose first or last cell has a line end within.
        if only.is_some() { only == joined() } else { !are_rows }
    }

    /// The cells of a line as it is: no mark means anything, but a pair around a whole cell.
    fn plain_cells<'t>(&self, line: Line<'t>) -> Cells<'t> {
        let bare = |cell: &'t str| {
            cell.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(cell)
        };
        let cells = line.text.split(char::from(self.separator)).take(COLUMNS_MAX);
        cells.map(|cell| Cow::Borrowed(bare(cell))).collect()
    }

    /// Whether cells could be a row of their own: as many as the header row has, with what belongs
    /// there and nothing else in their places.
    fn looks_like_row(&self, cells: &Cells<'_>) -> bool {
        let found = self.cells(cells);
        let mut filled = found.iter().enumerate().filter(|(_, cell)| **cell != Cell::Blank);
        let is_filled = found.iter().any(|cell| *cell != Cell::Blank);
        cells.len() == self.width
            && is_filled
            && filled.all(|(column, cell)| self.layout.fits(column, cell))
    }

    fn take(
        &self,
        rows: &mut L::Rows,
        line: Line<'_>,
        cells: &Cells<'_>,
    ) -> Result<(), FileProblem> {
        if self.is_too_wide(cells) {
            let why = Misread::MoreCellsThanHeader;
            return self.layout.refuse(rows, line.number, why, line.text);
        }
        self.layout.take(rows, line.number, &self.cells(cells))
    }

    fn row(&self, cells: &Cells<'_>) -> Option<L::Row> {
        self.layout.row(&self.cells(cells)).filter(|_| !self.is_too_wide(cells))
    }

    fn is_too_wide(&self, cells: &Cells<'_>) -> bool {
        cells.iter().skip(self.width).any(|cell| !trim(cell).is_empty())
    }

    fn cells(&self, cells: &Cells<'_>) -> layout::Cells<N> {
        self.columns.places.map(|column| {
            let text = column.and_then(|column| cells.get(column));
            text.map_or(Cell::Blank, |text| Cell::from_text(text.as_ref()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Contents;
    use super::super::row::Links;
    use super::*;
    use crate::model::RowReason;

    fn read(text: &str) -> Result<Contents, FileProblem> {
        super::read(&Links, text).map(|rows| rows.finish(Vec::new()))
    }

    fn rows(text: &str) -> Vec<(u32, String, String)> {
        let contents = read(text).unwrap();
        let row = |row: super::super::LinkRow| {
            (row.line, row.employee_no.to_string(), row.member.email().unwrap().to_string())
        };
        contents.rows.into_iter().map(row).collect()
    }

    fn row(line: u32, id: &str, email: &str) -> (u32, String, String) {
        (line, id.to_owned(), email.to_owned())
    }

    #[test]
    fn separators_are_found_by_the_header_row() {
        for separator in [",", ";", "\t"] {
            let text = ["Person ID,Name,Email", "1,\"a,b;c\td\",a@x.se"].map(|line| {
                line.replace("a,b;c", "a|b;c").replace(',', separator).replace('|', ",")
            });
            assert_eq!(rows(&text.join("\n")), [row(2, "1", "a@x.se")], "{separator:?}");
        }
        assert_eq!(rows("sep=;\nPerson ID;Email\n1;a@x.se"), [row(3, "1", "a@x.se")]);
        assert_eq!(rows("\"Person ID\",\"Email\"\n\"1\",\"a@x.se\""), [row(2, "1", "a@x.se")]);
    }

    #[test]
    fn lines_are_counted_however_they_end() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["", "Person ID,Email", "", "1,a@x.se", ",", "\"2\",\"b@x.se\"", "", ""];
            let expected = [row(4, "1", "a@x.se"), row(6, "2", "b@x.se")];
            assert_eq!(rows(&text.join(end)), expected, "{end:?}");
            let text = ["Person ID,Name,Email", "1,\"two", "lines\",a@x.se", "2,,b@x.se"];
            let expected = [row(2, "1", "a@x.se"), row(4, "2", "b@x.se")];
            assert_eq!(rows(&text.join(end)), expected, "{end:?}");
        }
    }

    #[test]
    fn ragged_rows() {
        let contents = read("Person ID,Email\n1\n2,b@x.se,,\n3,Berg, Eva,c@x.se\n").unwrap();
        let lines: Vec<_> = contents.rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [3]);
        let reasons: Vec<_> =
            contents.unusable.iter().map(|row| (row.line, row.reason.as_str())).collect();
        assert_eq!(reasons, [(2, "no-email"), (4, "more-cells-than-header")]);
    }

    #[test]
    fn quotes_inside_cells() {
        assert_eq!(
            rows("Name,Person ID,Email\n\"Eva \"\"E\"\" Berg\",1,a@x.se\n5\" pipe,2,b@x.se\n"),
            [row(2, "1", "a@x.se"), row(3, "2", "b@x.se")]
        );
    }

    /// What is read of a text, as `line id e-mail`, and the lines left out because of a mark.
    fn told_apart(text: &str) -> (Vec<String>, Vec<u32>) {
        let contents = read(text).unwrap();
        let rows = contents
            .rows
            .iter()
            .map(|row| format!("{} {} {}", row.line, row.employee_no, row.member.email().unwrap()));
        let stray = contents.unusable.iter().filter(|row| row.reason == RowReason::StrayQuote);
        (rows.collect(), stray.map(|row| row.line).collect())
    }

    // Mutants: a mark may close within a cell; a joined record is taken as it is; the line with the
    // closing mark is not doubted; the joined record is compared with its first line only; after a line
    // left out, the whole record is passed over.
    #[test]
    fn a_stray_mark_joins_no_rows() {
        for (text, rows, left_out) in [
            // The name of line 2 opens and never closes; a mark within a name means nothing.
            (
                "Person ID,Name,Email\n1001,\"Ana,a@x\n1002,Bojan \"Bo\" Kos,b@x\n1003,Crt,c@x\n",
                &["3 1002 b@x", "4 1003 c@x"][..],
                &[2][..],
            ),
            // Never again a mark in the file.
            (
                "Name,Person ID,Email\nEva,1,a@x\n\"Per,2,b@x\nUlf,3,c@x\n",
                &["2 1 a@x", "4 3 c@x"],
                &[3],
            ),
            // Two strays that fit each other: neither line is sure, what lies between them is.
            (
                "Person ID,Name,Email\n1,\"Ana,a@x\n2,Bo,b@x\n3,Crt\",c@x\n4,D,d@x\n",
                &["3 2 b@x", "5 4 d@x"],
                &[2, 4],
            ),
            ("Person ID,Name,Email\n1,\"Ana,a@x\n2,Bo\",b@x\n3,C,c@x\n", &["4 3 c@x"], &[2, 3]),
            // The same, where the first or the second has no e-mail of its own.
            ("Person ID,Name,Email\n1,\"Ana,\n2,Bo\",b@x\n3,C,c@x\n", &["4 3 c@x"], &[2, 3]),
            ("Person ID,Name,Email\n1,\"Ana,\n,Bo\",b@x\n3,C,c@x\n", &["4 3 c@x"], &[2, 3]),
            // In another order of columns: the e-mail first, the names last.
            ("Email,Name,Person ID\na@x,\"Ana,1\nb@x,Bo\",2\nc@x,C,3\n", &["4 3 c@x"], &[2, 3]),
            ("Person ID,Email,Name\n1,a@x,\"Ana\n2,b@x,Bo\"\n3,c@x,C\n", &["4 3 c@x"], &[2, 3]),
            // An empty quoted cell looks like two marks within the stray one.
            (
                "Person ID,Name,Email\n1,\"Ana,a@x\n2,\"\",b@x\n3,\"C\",c@x\n",
                &["3 2 b@x", "4 3 c@x"],
                &[2],
            ),
            // A second column of e-mails: one row, with a cell more or less.
            (
                "Person ID,First,Last,Email,Partner\n1,\"Ana,Kos\",a@x,b@x\n2,Bo,Kos,b@x,\n",
                &["3 2 b@x"],
                &[2],
            ),
            // Separators between marks that do not fit.
            ("Person ID,Name,Email\n1,\"Bo, \"B\" Kos\",a@x\n2,B,b@x\n", &["3 2 b@x"], &[2]),
            // In a file that quotes every cell.
            (
                "\"Person ID\",\"Name\",\"Email\"\n\"1\",\"Ana,\n,Bo\",\"b@x\"\n\"3\",\"C\",\"c@x\"\n",
                &["4 3 c@x"],
                &[2, 3],
            ),
            (
                "\"Person ID\",\"Name\",\"Email\"\n\"1\",\"Ana,\"a@x\"\n\"2\",\"Bo\",\"b@x\"\n",
                &["3 2 b@x"],
                &[2],
            ),
            // Above the header, and in it.
            ("\"Rule one\nPerson ID,Name,Email\n1,Ana \"A\",a@x\n", &["3 1 a@x"], &[]),
            ("Person ID,\"Name,Email\n1,Ana,a@x\n", &["2 1 a@x"], &[]),
        ] {
            for end in ["\n", "\r\n", "\r"] {
                let found = told_apart(&text.replace('\n', end));
                let rows: Vec<String> = rows.iter().map(|row| (*row).to_owned()).collect();
                assert_eq!(found, (rows, left_out.to_vec()), "{text:?}");
            }
        }
    }

    // Mutants: every record with a line end is left out; a mark behind a closed cell is stray whatever
    // stands between the marks.
    #[test]
    fn marks_that_are_in_order_cost_no_row() {
        for (text, rows) in [
            ("Person ID,Name,Email\n1,\"Ana\nNovak\",a@x\n2,B,b@x\n", ["2 1 a@x", "4 2 b@x"]),
            (
                "Person ID,Address,Email\n1,\"Cesta 1,\nBled\",a@x\n2,B,b@x\n",
                ["2 1 a@x", "4 2 b@x"],
            ),
            ("Person ID,Email,Note\n1,a@x,\"one\ntwo\"\n2,b@x,\n", ["2 1 a@x", "4 2 b@x"]),
            ("Note,Person ID,Email\n\"one\ntwo\",1,a@x\n,2,b@x\n", ["2 1 a@x", "4 2 b@x"]),
            ("Person ID,Name,Email\n1,\"Ana\" Kos,a@x\n2,\"B\" ,b@x\n", ["2 1 a@x", "3 2 b@x"]),
            (
                "Person ID,Name,Email\n1,\"A \\\"A\\\" K\",a@x\n2,5\" pipe,b@x\n",
                ["2 1 a@x", "3 2 b@x"],
            ),
            (
                "\"Name\",\"Person ID\",\"Email\"\n\"Ana\nKos\",\"1\",\"a@x\"\n\"B\",\"2\",\"b@x\"\n",
                ["2 1 a@x", "4 2 b@x"],
            ),
            (
                "Person ID,Name,Email,Phone\n1,\"Kos, Ana\",a@x\n2,\"K, \"\"B\"\"\",b@x,\n",
                ["2 1 a@x", "3 2 b@x"],
            ),
            (
                "Person ID,Name,Email\n=\"1\",Ana,=\"a@x\"\n\"=\"\"2\"\"\",B,b@x\n",
                ["2 1 a@x", "3 2 b@x"],
            ),
        ] {
            assert_eq!(told_apart(text), (rows.map(str::to_owned).to_vec(), vec![]), "{text:?}");
        }
    }

    #[test]
    fn a_line_without_an_end() {
        for cut_off in ["a", "a\nb", "a\r\nb", "a\rb", "a\n,", "\u{feff}a"] {
            assert!(is_cut_off(cut_off), "{cut_off:?}");
        }
        for whole in ["", "a\n", "a\r\n", "a\r", "a\n\n", "a\n \u{1a}", "a\n\u{feff}"] {
            assert!(!is_cut_off(whole), "{whole:?}");
        }
    }

    #[test]
    fn every_line_may_open_a_cell_and_none_is_read_twice() {
        let text = format!("Person ID,Email\n{}", ",\"\"\"a,\n,\"\"x\"\n".repeat(200_000));
        let begun = std::time::Instant::now();
        assert_eq!(rows(&text), []);
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "{:?}", begun.elapsed());
    }

    #[test]
    fn the_header_must_be_near_the_top() {
        let text = format!("{}Person ID,Email\n1,a@x.se\n", "x\n".repeat(29));
        assert_eq!(rows(&text).len(), 1);
        let joined = format!("\"{}\"\nPerson ID,Email\n1,a@x.se\n", "x\n".repeat(40));
        assert_eq!(rows(&joined).len(), 1, "rules in one cell");
        let text = format!("{}Person ID,Email\n1,a@x.se\n", "x\n".repeat(30));
        assert!(matches!(read(&text), Err(FileProblem::NoHeader { searched: 30 })));
    }
}
