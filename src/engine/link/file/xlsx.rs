//! Workbooks, read cell by cell.
//!
//! Only visible worksheets count: what the administrator cannot see must not link anybody (hidden
//! rows and filtered rows are read, since iVMS-4200 would import them too). Cells are streamed and
//! never laid out as a grid, since a single cell at XFD1048576 would make that grid 17 billion wide.

use std::collections::{BTreeMap, HashSet};
use std::io::Cursor;
use std::panic::AssertUnwindSafe;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

use super::cell::Cell;
use super::conditional;
use super::format::{Shown, shown};
use super::layout::{Cells, Columns, Layout};
use super::parts::check_parts;
use super::{FileNote, FileProblem, HEADER_ROWS_MAX, ROWS_MAX, SHEETS_MAX, UNPACKED_BYTES_MAX};
use calamine::{DataRef, ExcelDateTime, NumberFormat, Reader, SheetType, SheetVisible, Xlsx};

/// Reads the rows of a workbook.
///
/// # Errors
/// [`FileProblem::OtherFormat`], [`FileProblem::TooLargeUnpacked`], [`FileProblem::Xlsx`],
/// [`FileProblem::TooManyRows`], and those of the header search.
pub(super) fn read<const N: usize, L: Layout<N>>(
    layout: &L,
    bytes: &[u8],
) -> Result<(L::Rows, Vec<FileNote>), FileProblem> {
    // calamine 0.38 panics on damaged workbooks where overflow is checked: on a cell reference such
    // as `ZZZZZZZZZ1` and on a `dimension` that ends before it begins; random damage of the XML
    // found both, and the tests show them. A damaged link file must not take the doors' dates
    // along, in whatever way the program was built; the closure shares nothing but bytes it reads.
    std::panic::catch_unwind(AssertUnwindSafe(|| read_workbook(layout, bytes)))
        .unwrap_or_else(|_| Err(FileProblem::xlsx("it is damaged")))
}

fn read_workbook<const N: usize, L: Layout<N>>(
    layout: &L,
    bytes: &[u8],
) -> Result<(L::Rows, Vec<FileNote>), FileProblem> {
    check_parts(bytes, UNPACKED_BYTES_MAX)?;
    let mut book = Xlsx::new(Cursor::new(bytes)).map_err(FileProblem::xlsx)?;
    let sheets: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.visible == SheetVisible::Visible && sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .take(SHEETS_MAX)
        .collect();

    let mut search = L::Search::default();
    let mut chosen: Option<(String, Columns<N>)> = None;
    let mut notes = Vec::new();
    for name in sheets {
        match &chosen {
            None => {
                let found = find_header(layout, &mut book, &name, &mut search)?;
                chosen = found.map(|columns| (name, columns));
            }
            // An unreadable header further on is no reason to refuse the sheet that counts.
            Some((read, _)) => {
                let other = find_header(layout, &mut book, &name, &mut L::Search::default());
                if !matches!(other, Ok(None)) {
                    notes.push(FileNote::OtherSheet { read: read.clone(), ignored: name });
                }
            }
        }
    }
    let Some((name, columns)) = chosen else {
        return Ok((layout.without_header(&search)?, notes));
    };
    Ok((read_rows(layout, bytes, &mut book, &name, &columns)?, notes))
}

type Book<'b> = Xlsx<Cursor<&'b [u8]>>;

fn find_header<const N: usize, L: Layout<N>>(
    layout: &L,
    book: &mut Book<'_>,
    sheet: &str,
    search: &mut L::Search,
) -> Result<Option<Columns<N>>, FileProblem> {
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
        if let Some(columns) = layout.offer(search, row + 1, texts)? {
            return Ok(Some(columns));
        }
    }
    Ok(None)
}

fn read_rows<const N: usize, L: Layout<N>>(
    layout: &L,
    bytes: &[u8],
    book: &mut Book<'_>,
    sheet: &str,
    columns: &Columns<N>,
) -> Result<L::Rows, FileProblem> {
    let formulas = formulas_without_value(book, sheet, columns)?;
    let mut formatted = [const { None }; N];
    for ((found, column), counts) in formatted.iter_mut().zip(columns.places).zip(L::SHOWN) {
        if let Some(column) = column.filter(|_| counts) {
            let column = u32::try_from(column).unwrap_or(u32::MAX);
            *found = Some(conditional::formatted(bytes, column)?);
        }
    }
    // By row number, since nothing forces a writer to write rows in order.
    let mut found: BTreeMap<u32, Cells<N>> = BTreeMap::new();
    let mut cells = book.worksheet_cells_reader(sheet).map_err(FileProblem::xlsx)?;
    while let Some((cell, style)) = cells.next_cell_with_style_id().map_err(FileProblem::xlsx)? {
        let (row, column) = cell.get_position();
        let Some(place) = place(columns, (row, column)) else { continue };
        let formatted = formatted.get(place).and_then(Option::as_ref);
        let value = match cell.get_value() {
            _ if formulas.cells.contains(&(row, column)) => Cell::NoValueYet,
            DataRef::Float(value) if place == 0 && *value == 0.0 && formulas.are_in_first => {
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
        let cells = found.entry(row).or_insert_with(|| [const { Cell::Blank }; N]);
        if let Some(cell) = cells.get_mut(place) {
            *cell = value;
        }
        if found.len() > ROWS_MAX {
            return Err(FileProblem::TooManyRows { limit: ROWS_MAX });
        }
    }
    let mut rows = L::Rows::default();
    for (row, cells) in &found {
        layout.take(&mut rows, row + 1, cells)?;
    }
    Ok(rows)
}

/// Which column of the layout a cell, by row and column from 0, is in, if it is one of those that count.
fn place<const N: usize>(columns: &Columns<N>, (row, column): (u32, u32)) -> Option<usize> {
    let column = Some(column as usize);
    let place = || columns.places.iter().position(|place| *place == column);
    if row < columns.line { None } else { place() }
}

/// Formulas whose kept value cannot be meant.
#[derive(Default)]
struct Formulas {
    /// Cells by row and column, from 0, in which a formula holds nothing or 0. Programs that write
    /// workbooks do not calculate: they leave the value out, or write 0 in its place.
    cells: HashSet<(u32, u32)>,
    /// There is a formula in the first column. One may fill cells below its own with zeros, which then look
    /// like typed ones.
    are_in_first: bool,
}

fn formulas_without_value<const N: usize>(
    book: &mut Book<'_>,
    sheet: &str,
    columns: &Columns<N>,
) -> Result<Formulas, FileProblem> {
    let mut found = Formulas::default();
    let mut cells = book.worksheet_cells_reader(sheet).map_err(FileProblem::xlsx)?;
    while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(FileProblem::xlsx)? {
        let Some(place) = place(columns, cell.pos).filter(|_| cell.formula.is_some()) else {
            continue;
        };
        found.are_in_first |= place == 0;
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
        DataRef::DateTime(date) => Cell::Date(moment(*date)),
        DataRef::DateTimeIso(text) => Cell::Date(moment_written(text)),
        DataRef::DurationIso(_) => Cell::Date(None),
        DataRef::Error(_) => Cell::Error,
    }
}

/// The moment of a date, to the second; nothing for a time of day alone, and for what no calendar of a spreadsheet
/// has.
fn moment(date: ExcelDateTime) -> Option<NaiveDateTime> {
    /// The first day, and the first that is beyond 9999.
    const DAYS: std::ops::Range<f64> = 1.0..2_958_466.0;

    Some(date).filter(|date| date.is_datetime() && DAYS.contains(&date.as_f64()))?;
    let (year, month, day, hour, minute, second, milli) = date.to_ymd_hms_milli();
    let day = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into())?;
    let at = day.and_hms_opt(hour.into(), minute.into(), second.into())?;
    // A double keeps a second of today to some millionths.
    at.checked_add_signed(TimeDelta::seconds((milli >= 500).into()))
}

/// The same of one that is written out.
fn moment_written(text: &str) -> Option<NaiveDateTime> {
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").map(NaiveDateTime::from);
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").or_else(|_| day()).ok()
}
