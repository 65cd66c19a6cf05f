//! CSV in the dialects that spreadsheet programs write.
//!
//! The separator is the one under which a header row is found. Rows may be ragged; blank lines and
//! trailing separators mean nothing; LF, CRLF and CR all end a line.

use ::csv::{Reader, ReaderBuilder, StringRecord};

use super::cell::{Cell, trim};
use super::header::{Header, Search};
use super::row::{RowReason, Rows};
use super::{CELLS_MAX, Contents, FileProblem, HEADER_ROWS_MAX};

/// In the order they are tried; a header row decides, so the order hardly matters.
const SEPARATORS: [u8; 3] = *b",;\t";

/// Reads the rows of a CSV file.
///
/// # Errors
/// [`FileProblem::OpenQuote`], [`FileProblem::TooManyRows`], [`FileProblem::TooManyCells`], and those of the header search.
pub(super) fn read(text: &str) -> Result<Contents, FileProblem> {
    let mut search = Search::default();
    for separator in SEPARATORS {
        if text.bytes().filter(|byte| *byte == separator).count() > CELLS_MAX {
            return Err(FileProblem::TooManyCells { limit: CELLS_MAX });
        }
        let mut records = Records::new(text, separator);
        if let Some((header, width)) = find_header(&mut records, &mut search)? {
            return read_rows(records, &header, width);
        }
    }
    Err(search.failure())
}

/// The header and how many cells its row has.
fn find_header(
    records: &mut Records<'_>,
    search: &mut Search,
) -> Result<Option<(Header, usize)>, FileProblem> {
    for _ in 0..HEADER_ROWS_MAX {
        let Some(line) = records.advance()? else { break };
        if let Some(header) = search.offer(line, records.record.iter().enumerate())? {
            return Ok(Some((header, records.record.len())));
        }
    }
    Ok(None)
}

fn read_rows(
    mut records: Records<'_>,
    header: &Header,
    width: usize,
) -> Result<Contents, FileProblem> {
    let mut rows = Rows::default();
    while let Some(line) = records.advance()? {
        let record = &records.record;
        if record.iter().skip(width).any(|cell| !trim(cell).is_empty()) {
            rows.refuse(line, RowReason::MoreCellsThanHeader)?;
            continue;
        }
        let cell = |column| record.get(column).map(Cell::from_text).unwrap_or_default();
        rows.take(line, &cell(header.id_column), &cell(header.email_column))?;
    }
    records.check_last_quote()?;
    Ok(rows.finish(Vec::new()))
}

/// The records of a text, each with the line it begins on. The `csv` crate counts LF only, and
/// counts blank lines to the record after them.
struct Records<'t> {
    text: &'t str,
    separator: u8,
    reader: Reader<&'t [u8]>,
    record: StringRecord,
    /// Where the record begins, in bytes, and on which line.
    start: usize,
    line: u32,
}

impl<'t> Records<'t> {
    fn new(text: &'t str, separator: u8) -> Self {
        let reader = ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        Self { text, separator, reader, record: StringRecord::new(), start: 0, line: 1 }
    }

    /// Moves to the next record and returns the line it begins on, from 1.
    fn advance(&mut self) -> Result<Option<u32>, FileProblem> {
        // From memory, with ragged rows allowed and the text known to be UTF-8, no error is left
        // that could come; should one come, the file is not to be trusted.
        let more = self.reader.read_record(&mut self.record);
        if !more.map_err(|_| FileProblem::NotASpreadsheet)? {
            return Ok(None);
        }
        let position = self.record.position().map_or(self.start as u64, ::csv::Position::byte);
        let after_last = usize::try_from(position).unwrap_or(self.text.len());
        let rest = self.text.get(after_last..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
        let start = after_last + blank;
        let passed = self.text.get(self.start..start).unwrap_or_default();
        self.line = self.line.saturating_add(line_ends(passed));
        self.start = start;
        Ok(Some(self.line))
    }

    /// Refuses a file whose last record is still inside quotes where the file ends: a stray mark
    /// has made one cell of the rest of the file, and everybody in there would go missing.
    fn check_last_quote(&self) -> Result<(), FileProblem> {
        let last = self.text.get(self.start..).unwrap_or_default();
        if ends_inside_quotes(last.as_bytes(), self.separator) {
            return Err(FileProblem::OpenQuote { line: self.line });
        }
        Ok(())
    }
}

/// How many lines end in a text that is cut only between records.
fn line_ends(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let next = bytes.iter().skip(1).map(Some).chain([None]);
    let ends = bytes.iter().zip(next).filter(|&(&byte, next)| {
        // A CRLF counts once, at its LF.
        byte == b'\n' || (byte == b'\r' && next != Some(&b'\n'))
    });
    u32::try_from(ends.count()).unwrap_or(u32::MAX)
}

/// Whether a quoted cell is open at the end. A mark opens only at the beginning of a cell; inside,
/// two marks stand for one.
fn ends_inside_quotes(record: &[u8], separator: u8) -> bool {
    let mut at_cell_start = true;
    let mut inside = false;
    for &byte in record {
        if inside {
            // Of two marks, the first closes and the second, seen next, opens again.
            inside = byte != b'"';
            at_cell_start = !inside;
        } else if byte == b'"' && at_cell_start {
            inside = true;
        } else {
            at_cell_start = byte == separator || byte == b'\n' || byte == b'\r';
        }
    }
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u32, String, String)> {
        let contents = read(text).unwrap();
        let row = |row: super::super::LinkRow| {
            (row.line, row.employee_no.to_string(), row.email.to_string())
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
            contents.unusable.iter().map(|row| (row.line, row.reason.kind())).collect();
        assert_eq!(reasons, [(2, "no-email"), (4, "more-cells-than-header")]);
    }

    #[test]
    fn quotes_inside_cells() {
        assert_eq!(
            rows("Name,Person ID,Email\n\"Eva \"\"E\"\" Berg\",1,a@x.se\n5\" pipe,2,b@x.se\n"),
            [row(2, "1", "a@x.se"), row(3, "2", "b@x.se")]
        );
    }

    #[test]
    fn a_quote_that_never_closes_is_an_error() {
        let text = "Name,Person ID,Email\nEva,1,a@x.se\n\"Per,2,b@x.se\nUlf,3,c@x.se\n";
        assert!(matches!(read(text), Err(FileProblem::OpenQuote { line: 3 })));
    }

    #[test]
    fn a_quote_that_closes_is_none() {
        for whole in ["\"a\"", "\"a\"\"b\"", "a\"", "a,\"b\"\n", "\"\"", ""] {
            assert!(!ends_inside_quotes(whole.as_bytes(), b','), "{whole}");
        }
        for open in ["\"", "a,\"b", "\"a\"\"", "\"a\"\"\n"] {
            assert!(ends_inside_quotes(open.as_bytes(), b','), "{open}");
        }
    }

    #[test]
    fn the_header_must_be_near_the_top() {
        let text = format!("{}Person ID,Email\n1,a@x.se\n", "x\n".repeat(29));
        assert_eq!(rows(&text).len(), 1);
        let text = format!("{}Person ID,Email\n1,a@x.se\n", "x\n".repeat(30));
        assert!(matches!(read(&text), Err(FileProblem::NoHeader { searched: 30 })));
    }
}
