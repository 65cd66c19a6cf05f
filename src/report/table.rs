//! Tables for people: columns aligned by what a terminal shows, not by bytes.
//!
//! Where a terminal is narrower than a table, the cells of its columns are folded; where even that is
//! too wide, each row becomes a block of lines. Nothing is ever cut off.

use textwrap::core::display_width;

use super::look::{Look, Tone};
use crate::model::printable;
use crate::text::wrap::wrap;

/// Columns between two columns of a table.
const GAP: usize = 2;

/// Columns before a row.
const INDENT: usize = 2;

/// Rows of cells under a header, rendered with two spaces between columns.
#[derive(Debug, Clone, Default)]
pub struct Table {
    header: Vec<Cell>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Debug, Clone, Default)]
struct Cell {
    text: String,
    tone: Tone,
}

impl Table {
    /// A table with these column titles; none: without a header.
    #[must_use]
    pub fn new(header: &[&str]) -> Self {
        let title = |title: &&str| Cell { text: (*title).to_owned(), tone: Tone::Title };
        Self { header: header.iter().map(title).collect(), rows: Vec::new() }
    }

    /// Adds a row; cells are made safe for a terminal.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let cell = |text: String| Cell { text: printable(&text), tone: Tone::Plain };
        self.rows.push(cells.into_iter().map(cell).collect());
    }

    /// Gives a cell of the last row its tone; columns count from 0.
    pub fn tone(&mut self, column: usize, tone: Tone) {
        if let Some(cell) = self.rows.last_mut().and_then(|row| row.get_mut(column)) {
            cell.tone = tone;
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, every line ended.
    #[must_use]
    pub fn render(&self, look: Look) -> String {
        let natural = self.widths(display_width);
        let Some(room) = look.width else { return self.columns(&natural, look) };
        if across(&natural) <= room {
            return self.columns(&natural, look);
        }
        let narrowest = self.widths(longest_word);
        if across(&narrowest) <= room {
            self.columns(&shared(&natural, &narrowest, room), look)
        } else {
            self.blocks(room, look)
        }
    }

    /// The header, if there is one, and the rows.
    fn lines(&self) -> impl Iterator<Item = &Vec<Cell>> {
        Some(&self.header).filter(|titles| !titles.is_empty()).into_iter().chain(&self.rows)
    }

    /// For every column the most that `measure` gives for one of its cells.
    fn widths(&self, measure: fn(&str) -> usize) -> Vec<usize> {
        let mut widths = vec![0; self.lines().map(Vec::len).max().unwrap_or(0)];
        for cells in self.lines() {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = measure(&cell.text).max(*width);
            }
        }
        widths
    }

    /// The rows with columns of these widths; a cell that is wider goes on in the next line.
    fn columns(&self, widths: &[usize], look: Look) -> String {
        let mut text = String::new();
        for cells in self.lines() {
            let folded: Vec<Vec<String>> =
                cells.iter().zip(widths).map(|(cell, width)| fold(&cell.text, *width)).collect();
            let height = folded.iter().map(Vec::len).max().unwrap_or(0);
            for at in 0..height {
                let (mut line, mut gap) = (String::new(), INDENT);
                for ((cell, pieces), width) in cells.iter().zip(&folded).zip(widths) {
                    let piece = pieces.get(at).map(String::as_str).unwrap_or_default();
                    if !piece.is_empty() {
                        line.push_str(&" ".repeat(gap));
                        line.push_str(&look.paint(cell.tone, piece));
                        gap = 0;
                    }
                    gap += width.saturating_sub(display_width(piece)) + GAP;
                }
                text.push_str(&line);
                text.push('\n');
            }
        }
        text
    }

    /// Every row as a block: its cells one below the other, each after its title.
    fn blocks(&self, room: usize, look: Look) -> String {
        let title_width = self.header.iter().map(|cell| display_width(&cell.text)).max();
        let start = title_width.map_or(INDENT, |width| INDENT + width + GAP);
        let mut text = String::new();
        for row in &self.rows {
            if title_width.is_some() && !text.is_empty() {
                text.push('\n');
            }
            for (place, cell) in row.iter().enumerate().filter(|(_, cell)| !cell.text.is_empty()) {
                let title = self.header.get(place).map(|cell| cell.text.as_str());
                // Without titles, what follows the first cell of a row stands under it.
                let start = if title.is_none() && place > 0 { start + GAP } else { start };
                let mut before = title.map_or_else(
                    || " ".repeat(start),
                    |title| {
                        let rest = start.saturating_sub(INDENT + display_width(title));
                        let title = look.paint(Tone::Title, title);
                        format!("{}{title}{}", " ".repeat(INDENT), " ".repeat(rest))
                    },
                );
                for piece in wrap(&cell.text, room.saturating_sub(start), "", "") {
                    text.push_str(&before);
                    text.push_str(&look.paint(cell.tone, &piece));
                    text.push('\n');
                    before = " ".repeat(start);
                }
            }
        }
        text
    }
}

/// A cell in lines of at most this width, where its words allow it.
fn fold(text: &str, width: usize) -> Vec<String> {
    if display_width(text) <= width {
        vec![text.trim_end_matches(' ').to_owned()]
    } else {
        wrap(text, width, "", "")
    }
}

/// How wide a row with columns of these widths is.
fn across(widths: &[usize]) -> usize {
    INDENT + widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

fn longest_word(text: &str) -> usize {
    text.split(' ').map(display_width).max().unwrap_or(0)
}

/// Widths that fit into the room: every column as wide as its longest word, and what is left goes,
/// column by column, to whoever lacks most.
fn shared(natural: &[usize], narrowest: &[usize], room: usize) -> Vec<usize> {
    let mut widths = narrowest.to_vec();
    for _ in across(narrowest)..room {
        let lacks = widths.iter_mut().zip(natural).max_by_key(|(width, full)| **full - **width);
        match lacks {
            Some((width, full)) if *width < *full => *width += 1,
            _ => break,
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn columns_stay_aligned_under_wide_and_combined_letters() {
        let mut table = Table::new(&["name", "door"]);
        for name in ["Žiga Šuštar", "漢字", "Åsa", "e\u{301}"] {
            table.row([name.to_owned(), "x".to_owned()]);
        }
        let text = table.render(Look::PLAIN);
        for line in text.lines() {
            let before = line.strip_suffix(['x']).unwrap_or("  name         ");
            assert_eq!(before.width(), 15, "{line:?}");
        }
    }

    /// Words of column 2 begin with C and have no other capital; some are wide, some combine.
    fn cell(column: usize) -> impl Strategy<Value = String> {
        let first = char::from(b'A' + u8::try_from(column).unwrap());
        proptest::collection::vec("[a-zčšžåö漢\u{301}]{0,11}", 0..9).prop_map(move |words| {
            words.iter().map(|word| format!("{first}{word}")).collect::<Vec<_>>().join(" ")
        })
    }

    fn row(columns: usize) -> impl Strategy<Value = Vec<String>> {
        (0..columns).map(cell).collect::<Vec<_>>()
    }

    fn rows() -> impl Strategy<Value = (usize, Vec<Vec<String>>)> {
        (1..7usize)
            .prop_flat_map(|columns| (Just(columns), proptest::collection::vec(row(columns), 1..6)))
    }

    /// The text without its colours.
    fn bare(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    proptest! {
        #[test]
        fn a_table_fits_every_terminal_and_stays_aligned(
            (columns, rows) in rows(),
            width in 60..200usize,
            has_header: bool,
        ) {
            let titles = ["who", "door", "person no", "from", "to", "why"];
            let mut table = Table::new(if has_header { &titles[..columns] } else { &[] });
            for row in &rows {
                table.row(row.clone());
                table.tone(columns - 1, Tone::Bad);
            }
            let plain = table.render(Look { is_coloured: false, width: Some(width) });
            let coloured = table.render(Look { is_coloured: true, width: Some(width) });
            prop_assert_eq!(bare(&coloured), &plain[..], "colours move nothing");
            for line in plain.lines() {
                let one_word = line.trim_start().split(' ').count() == 1;
                prop_assert!(line.width() <= width || one_word, "{line:?} in {width}");
                prop_assert!(!line.ends_with(' '));
            }
            for column in 0..columns {
                let first = char::from(b'A' + u8::try_from(column).unwrap());
                let at = |line: &str| line.find(first).map(|at| line[..at].width());
                let places: BTreeSet<usize> = plain.lines().filter_map(at).collect();
                prop_assert!(places.len() <= 1, "column {column} begins at {places:?}\n{plain}");
                let words = |text: &str| -> Vec<String> {
                    let mine = text.split_whitespace().filter(|word| word.starts_with(first));
                    mine.map(str::to_owned).collect()
                };
                let all: Vec<String> = rows.iter().flat_map(|row| words(&row[column])).collect();
                prop_assert_eq!(words(&plain), all, "nothing is cut off");
            }
        }
    }

    #[test]
    fn a_narrow_terminal_folds_cells_and_a_very_narrow_one_makes_blocks() {
        let mut table = Table::new(&["member", "door", ""]);
        table.row(["150004 Žiga".into(), "front-door".into(), "refused: it moved".into()]);
        table.tone(2, Tone::Bad);
        let at = |width| table.render(Look { is_coloured: false, width: Some(width) });
        assert_eq!(at(44), table.render(Look::PLAIN));
        assert_eq!(
            at(36),
            "  member   door\n  150004   front-door  refused: it\n  Žiga                 moved\n"
        );
        assert_eq!(
            at(20),
            "  member  150004\n          Žiga\n  door    front-door\n          refused:\n          it moved\n"
        );
        let painted = table.render(Look { is_coloured: true, width: Some(36) });
        assert!(painted.contains("\u{1b}[31mrefused: it\u{1b}[0m\n"), "{painted:?}");
        assert!(painted.contains("\u{1b}[31mmoved\u{1b}[0m\n"), "{painted:?}");
    }
}
