//! Workbooks, read cell by cell.
//!
//! Only visible worksheets count: what the administrator can not see must not link anybody (hidden
//! rows and filtered rows are read, since iVMS-4200 would import them too). Cells are streamed and
//! never laid out as a grid, since a single cell at XFD1048576 would make that grid 17 billion wide.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::panic::AssertUnwindSafe;

use super::cell::Cell;
use super::header::{Header, Search};
use super::parts::check_parts;
use super::row::Rows;
use super::{
    Contents, FileNote, FileProblem, HEADER_ROWS_MAX, ROWS_MAX, SHEETS_MAX, UNPACKED_BYTES_MAX,
};
use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};

/// Reads the rows of a workbook.
///
/// # Errors
/// [`FileProblem::OtherFormat`], [`FileProblem::TooLargeUnpacked`], [`FileProblem::Xlsx`],
/// [`FileProblem::TooManyRows`], and those of the header search.
pub(super) fn read(bytes: &[u8]) -> Result<Contents, FileProblem> {
    // calamine 0.38 panics on damaged workbooks where overflow is checked: on a cell reference such
    // as `ZZZZZZZZZ1` and on a `dimension` that ends before it begins; random damage of the XML
    // found both, and the tests show them. A damaged link file must not take the doors' dates
    // along, in whatever way the program was built; the closure shares nothing but bytes it reads.
    std::panic::catch_unwind(AssertUnwindSafe(|| read_workbook(bytes)))
        .unwrap_or_else(|_| Err(FileProblem::xlsx("it is damaged")))
}

fn read_workbook(bytes: &[u8]) -> Result<Contents, FileProblem> {
    check_parts(bytes, UNPACKED_BYTES_MAX)?;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(FileProblem::xlsx)?;
    let sheets: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.visible == SheetVisible::Visible && sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .take(SHEETS_MAX)
        .collect();

    let mut search = Search::default();
    let mut chosen: Option<(String, Header)> = None;
    let mut notes = Vec::new();
    for name in sheets {
        match &chosen {
            None => {
                let found = find_header(&mut book, &name, &mut search)?;
                chosen = found.map(|header| (name, header));
            }
            // An unreadable header further on is no reason to refuse the sheet that counts.
            Some((read, _)) => {
                let other = find_header(&mut book, &name, &mut Search::default());
                if !matches!(other, Ok(None)) {
                    notes.push(FileNote::OtherSheet { read: read.clone(), ignored: name });
                }
            }
        }
    }
    let (name, header) = chosen.ok_or_else(|| search.failure())?;
    let rows = read_rows(&mut book, &name, &header)?;
    Ok(rows.finish(notes))
}

type Book<'b> = Xlsx<Cursor<&'b [u8]>>;

fn find_header(
    book: &mut Book<'_>,
    sheet: &str,
    search: &mut Search,
) -> Result<Option<Header>, FileProblem> {
    let mut top: BTreeMap<u32, Vec<(usize, String)>> = BTreeMap::new();
    let mut cells = book.worksheet_cells_reader(sheet).map_err(FileProblem::xlsx)?;
    while let Some(cell) = cells.next_cell().map_err(FileProblem::xlsx)? {
        let (row, column) = cell.get_position();
        if row >= HEADER_ROWS_MAX {
            break;
        }
        let text = match cell.get_value() {
            DataRef::String(text) => text.as_str(),
            DataRef::SharedString(text) => text,
            _ => continue,
        };
        top.entry(row).or_default().push((column as usize, text.to_owned()));
    }
    for (row, cells) in &top {
        let texts = cells.iter().map(|(column, text)| (*column, text.as_str()));
        if let Some(header) = search.offer(row + 1, texts)? {
            return Ok(Some(header));
        }
    }
    Ok(None)
}

fn read_rows(book: &mut Book<'_>, sheet: &str, header: &Header) -> Result<Rows, FileProblem> {
    // By row number, since nothing forces a writer to write rows in order.
    let mut found: BTreeMap<u32, (Cell, Cell)> = BTreeMap::new();
    let mut cells = book.worksheet_cells_reader(sheet).map_err(FileProblem::xlsx)?;
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(FileProblem::xlsx)? {
        let (row, column) = cell.get_position();
        let column = column as usize;
        if row < header.line || (column != header.id_column && column != header.email_column) {
            continue;
        }
        let format = cells.styles().get(style).and_then(|style| style.number_format.as_ref());
        let value = convert(cell.get_value(), format.map(|format| format.format_code.as_str()));
        if value == Cell::Blank {
            continue;
        }
        let pair = found.entry(row).or_default();
        if column == header.id_column {
            pair.0 = value;
        } else {
            pair.1 = value;
        }
        if found.len() > ROWS_MAX {
            return Err(FileProblem::TooManyRows { limit: ROWS_MAX });
        }
    }
    let mut rows = Rows::default();
    for (row, (id, email)) in &found {
        rows.take(row + 1, id, email)?;
    }
    Ok(rows)
}

/// A formula cell gives the value that was last calculated.
fn convert(value: &DataRef<'_>, format: Option<&str>) -> Cell {
    match value {
        DataRef::Empty => Cell::Blank,
        DataRef::String(text) => Cell::from_text(text),
        DataRef::SharedString(text) => Cell::from_text(text),
        // No link file is that precise: an XLSX number is a double to begin with.
        #[expect(clippy::cast_precision_loss, reason = "XLSX stores doubles only")]
        DataRef::Int(number) => Cell::Number { value: *number as f64, digits_min: 1 },
        DataRef::Float(value) => Cell::Number { value: *value, digits_min: digits_min(format) },
        DataRef::Bool(_) => Cell::Boolean,
        DataRef::DateTime(_) | DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => Cell::Date,
        DataRef::Error(_) => Cell::Error,
    }
}

/// With how many digits at least a number format shows a whole number: 4 for `0000`.
fn digits_min(format: Option<&str>) -> usize {
    let positive = format.unwrap_or_default().split(';').next().unwrap_or_default();
    let before_point = positive.split('.').next().unwrap_or_default();
    if before_point.chars().all(|c| matches!(c, '0' | '#' | ',' | ' ' | '-')) {
        before_point.chars().filter(|&c| c == '0').count()
    } else {
        0
    }
}
