//! Tables for people: columns aligned by what a terminal shows, not by bytes.

use unicode_width::UnicodeWidthStr;

use crate::model::steers;

/// Rows of cells under a header, rendered with two spaces between columns.
#[derive(Debug, Clone, Default)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these column titles; none: without a header.
    #[must_use]
    pub fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|title| (*title).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row; cells are made safe for a terminal.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| printable(&cell)).collect());
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as text, every line ended.
    #[must_use]
    pub fn render(&self) -> String {
        let header = || Some(&self.header).filter(|titles| !titles.is_empty()).into_iter();
        let lines = || header().chain(&self.rows);
        let columns = lines().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            lines()
                .filter_map(|cells| cells.get(column))
                .map(|cell| cell.width())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for cells in lines() {
            let mut line = String::from("  ");
            for (cell, width) in cells.iter().zip(&widths) {
                line.push_str(cell);
                line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// A text on one line without anything that steers a terminal or hides. What stood for a gap becomes
/// a space; what only turned or hid the text goes without a trace.
#[must_use]
pub fn printable(text: &str) -> String {
    let is_gap = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    text.chars()
        .filter(|c| is_gap(*c) || !steers(*c))
        .map(|c| if is_gap(c) { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stay_aligned_under_wide_and_combined_letters() {
        let mut table = Table::new(&["name", "door"]);
        for name in ["Žiga Šuštar", "漢字", "Åsa", "e\u{301}"] {
            table.row([name.to_owned(), "x".to_owned()]);
        }
        let text = table.render();
        for line in text.lines() {
            let before = line.strip_suffix(['x']).unwrap_or("  name         ");
            assert_eq!(before.width(), 15, "{line:?}");
        }
    }

    #[test]
    fn nothing_moves_the_cursor_or_turns_the_text() {
        assert_eq!(printable("a\u{1b}[31mb\u{202e}c\nd"), "a [31mbc d");
    }
}
