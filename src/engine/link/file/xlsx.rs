//! Workbooks, read cell by cell.
//!
//! Only visible worksheets count: what the administrator cannot see must not link anybody (hidden
//! rows and filtered rows are read, since iVMS-4200 would import them too). Cells are streamed and
//! never laid out as a grid, since a single cell at XFD1048576 would make that grid 17 billion wide.

use std::collections::{BTreeMap, HashSet};
use std::io::Cursor;
use std::panic::AssertUnwindSafe;

use super::cell::Cell;
use super::conditional;
use super::format::{Shown, shown};
use super::header::{Header, Search};
use super::parts::check_parts;
use super::row::{RowCells, Rows};
use super::{
    Contents, FileNote, FileProblem, HEADER_ROWS_MAX, ROWS_MAX, SHEETS_MAX, UNPACKED_BYTES_MAX,
};
use calamine::{DataRef, NumberFormat, Reader, SheetType, SheetVisible, Xlsx};

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
    let rows = read_rows(bytes, &mut book, &name, &header)?;
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

fn read_rows(
    bytes: &[u8],
    book: &mut Book<'_>,
    sheet: &str,
    header: &Header,
) -> Result<Rows, FileProblem> {
    let formulas = formulas_without_value(book, sheet, header)?;
    let formatted =
        |column: usize| conditional::formatted(bytes, u32::try_from(column).unwrap_or(u32::MAX));
    let ids_formatted = formatted(header.id_column)?;
    let numbers_formatted = header.number_column.map(formatted).transpose()?;
    // By row number, since nothing forces a writer to write rows in order.
    let mut found: BTreeMap<u32, RowCells> = BTreeMap::new();
    let mut cells = book.worksheet_cells_reader(sheet).map_err(FileProblem::xlsx)?;
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(FileProblem::xlsx)? {
        let (row, column) = cell.get_position();
        let Some(place) = place(header, (row, column)) else { continue };
        let is_id = place == Place::Id;
        let formatted = match place {
            Place::Id => Some(&ids_formatted),
            Place::Number => numbers_formatted.as_ref(),
            Place::Email => None,
        };
        let value = match cell.get_value() {
            _ if formulas.cells.contains(&(row, column)) => Cell::NoValueYet,
            DataRef::Float(value) if is_id && *value == 0.0 && formulas.are_in_ids => {
                Cell::NoValueYet
            }
            value if formatted.is_some_and(|those| those.contains(row)) => convert(value, None),
            value => {
                // A workbook without styles has one style, that of numbers as they are.
                let format = match cells.styles().get(style) {
                    Some(style) => style.number_format.as_ref().map_or(Some(GENERAL), known),
                    None => (style == 0).then_some(GENERAL),
                };
                convert(value, format)
            }
        };
        if value == Cell::Blank {
            continue;
        }
        let cells = found.entry(row).or_default();
        match place {
            Place::Id => cells.id = value,
            Place::Email => cells.email = value,
            Place::Number => cells.number = value,
        }
        if found.len() > ROWS_MAX {
            return Err(FileProblem::TooManyRows { limit: ROWS_MAX });
        }
    }
    let mut rows = Rows::default();
    for (row, cells) in &found {
        rows.take(row + 1, cells)?;
    }
    Ok(rows)
}

/// What a cell is that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Id,
    Email,
    Number,
}

/// What a cell, by row and column from 0, is, if it is one of those that count.
fn place(header: &Header, (row, column): (u32, u32)) -> Option<Place> {
    let column = Some(column as usize);
    if row < header.line {
        None
    } else if column == Some(header.id_column) {
        Some(Place::Id)
    } else if column == header.email_column {
        Some(Place::Email)
    } else {
        (column == header.number_column).then_some(Place::Number)
    }
}

/// Formulas whose kept value cannot be meant.
#[derive(Default)]
struct Formulas {
    /// Cells by row and column, from 0, in which a formula holds nothing or 0. Programs that write
    /// workbooks do not calculate: they leave the value out, or write 0 in its place.
    cells: HashSet<(u32, u32)>,
    /// There is a formula in the id column. One may fill cells below its own with zeros, which then look
    /// like typed ones.
    are_in_ids: bool,
}

fn formulas_without_value(
    book: &mut Book<'_>,
    sheet: &str,
    header: &Header,
) -> Result<Formulas, FileProblem> {
    let mut found = Formulas::default();
    let mut cells = book.worksheet_cells_reader(sheet).map_err(FileProblem::xlsx)?;
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(FileProblem::xlsx)? {
        let Some(place) = place(header, cell.pos).filter(|_| cell.formula.is_some()) else {
            continue;
        };
        found.are_in_ids |= place == Place::Id;
        let is_nothing = match &cell.value {
            DataRef::Float(value) => *value == 0.0,
            value => convert(value, None) == Cell::Blank,
        };
        if is_nothing {
            found.cells.insert(cell.pos);
        }
    }
    Ok(found)
}

/// The format of numbers that were given none.
const GENERAL: &str = "General";

/// The code of a number format. calamine gives [`GENERAL`] for numbers of formats that are built into
/// programs and differ by country (ECMA-376 part 1, section 18.8.30); what they show is not known.
fn known(format: &NumberFormat) -> Option<&str> {
    /// The first number of a format that a workbook spells out.
    const CUSTOM_MIN: u32 = 164;

    let is_built_in = format.format_id.is_some_and(|id| (1..CUSTOM_MIN).contains(&id));
    let code = format.format_code.as_str();
    (code != GENERAL || !is_built_in).then_some(code)
}

/// What a cell holds, under a format if it is known. A formula cell gives the value that was last
/// calculated.
fn convert(value: &DataRef<'_>, format: Option<&str>) -> Cell {
    let number = |value: f64| {
        // What is no whole number is refused as such, whatever is shown of it.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "only what is whole and small is shown, and a cast saturates"
        )]
        let shown = format.map_or(Shown::Unsure, |format| shown(value.abs() as u64, format));
        Cell::Number { value, shown }
    };
    match value {
        DataRef::Empty => Cell::Blank,
        DataRef::String(text) => Cell::from_text(text),
        DataRef::SharedString(text) => Cell::from_text(text),
        // No link file is that precise: an XLSX number is a double to begin with.
        #[expect(clippy::cast_precision_loss, reason = "XLSX stores doubles only")]
        DataRef::Int(value) => number(*value as f64),
        DataRef::Float(value) => number(*value),
        DataRef::Bool(_) => Cell::Boolean,
        DataRef::DateTime(_) | DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => Cell::Date,
        DataRef::Error(_) => Cell::Error,
    }
}
