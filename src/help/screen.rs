//! A topic as a terminal shows it: lines that fit, tables that fold, headings that stand out.
//!
//! Pure.

use textwrap::core::display_width;

use super::markdown::{Block, Set, blocks, spans};
use crate::report::look::{Look, Tone};
use crate::report::table::Table;
use crate::text::wrap::wrap_around_commands;

/// Lines are no longer even where there is room: nobody likes to read them.
const WIDTH_MAX: usize = 100;

/// What a first column may measure to stand beside what is said of it.
const TERM_MAX: usize = 20;

/// Markdown as it is where there is no terminal, so that a file or a pipe gets the whole text.
pub(super) fn shown(text: &str, look: Look) -> String {
    let Some(width) = look.width.map(|width| width.min(WIDTH_MAX)) else { return text.to_owned() };
    let mut out = String::new();
    let mut before: Option<Block<'_>> = None;
    for block in blocks(text) {
        let is_list = matches!((&before, &block), (Some(Block::Item(..)), Block::Item(..)))
            || before.is_none();
        if !is_list {
            out.push('\n');
        }
        let mut wrapped = |text: &str, first: &str, others: &str| {
            let room = width.saturating_sub(others.len());
            for line in wrap_around_commands(&bare(text), width, (first, others), room) {
                out.push_str(&line);
                out.push('\n');
            }
        };
        match &block {
            Block::Heading(_, text) => {
                out.push_str(&look.paint(Tone::Title, text));
                out.push('\n');
            }
            Block::Paragraph(text) => wrapped(text, "", ""),
            Block::Item(mark, text) => {
                let first = format!("  {mark} ");
                wrapped(text, &first, &" ".repeat(first.len()));
            }
            Block::Code(lines) => {
                for line in lines {
                    out.push_str(&format!("    {line}\n"));
                }
            }
            Block::Table(rows) => out.push_str(&table(rows, width, look)),
        }
        before = Some(block);
    }
    out
}

/// In columns where they fit, or where the first one is short and one more has room to fold; else each
/// row is a term, and what is said of it below.
fn table(rows: &[Vec<&str>], width: usize, look: Look) -> String {
    let Some((titles, rows)) = rows.split_first() else { return String::new() };
    let mut table = Table::new(titles);
    for row in rows {
        table.row(row.iter().map(|cell| bare(cell)));
    }
    let flat = table.render(Look { width: None, ..look });
    let fits = flat.lines().all(|line| display_width(line) <= width);
    let is_short = |row: &Vec<&str>| row.first().is_none_or(|term| display_width(term) <= TERM_MAX);
    if fits || titles.len() == 2 && rows.iter().all(is_short) {
        return table.render(Look { width: Some(width), ..look });
    }
    let mut out = String::new();
    for row in rows {
        for (place, (cell, title)) in row.iter().zip(titles).enumerate() {
            let text = if place == 0 || titles.len() == 2 {
                bare(cell)
            } else {
                format!("{title}: {}", bare(cell))
            };
            let indent = if place == 0 { "  " } else { "      " };
            for line in wrap_around_commands(&text, width, (indent, indent), width / 2) {
                out.push_str(
                    &look.paint(if place == 0 { Tone::Title } else { Tone::Plain }, &line),
                );
                out.push('\n');
            }
        }
    }
    out
}

/// Without the marks of emphasis; those of code stay, as in every message.
fn bare(text: &str) -> String {
    let parts = spans(text).into_iter().map(|(set, part)| match set {
        Set::Code => format!("`{part}`"),
        Set::Plain | Set::Bold | Set::Italic => part.to_owned(),
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::topics::TOPICS;

    #[test]
    fn without_a_terminal_it_is_markdown() {
        assert_eq!(shown("# A\n\n**b**\n", Look::PLAIN), "# A\n\n**b**\n");
    }

    #[test]
    fn on_a_terminal_it_fits() {
        let text = "# Doors\n\nA **bold** word, and `ivms-sync diff` in one piece.\n\n- one item that is long\n- two\n\n| code | meaning |\n| --- | --- |\n| `0` | in sync |\n\n```sh\nls\n```\n";
        let look = Look { is_coloured: false, width: Some(24) };
        let wanted = "Doors\n\nA bold word, and\n`ivms-sync diff` in one\npiece.\n\n  - one item that is\n    long\n  - two\n\n  code  meaning\n  `0`   in sync\n\n    ls\n";
        assert_eq!(shown(text, look), wanted);
    }

    #[test]
    fn a_wide_table_becomes_terms() {
        let text = "# A\n\n| key | default | meaning |\n| --- | --- | --- |\n| `state` | `\"x\"` | the state file |\n";
        let look = Look { is_coloured: false, width: Some(30) };
        let wanted = "A\n\n  `state`\n      default: `\"x\"`\n      meaning: the state file\n";
        assert_eq!(shown(text, look), wanted);
    }

    /// Only code, an address or a long name may be wider than the terminal: they are copied in one piece.
    #[test]
    fn every_topic_fits_eighty_columns() {
        for topic in TOPICS {
            let code: Vec<&str> = topic.text.lines().collect();
            for line in shown(topic.text, Look { is_coloured: false, width: Some(80) }).lines() {
                let is_code = line.strip_prefix("    ").is_some_and(|line| code.contains(&line));
                let is_one_word = line.split_whitespace().count() <= 2;
                let fits = display_width(line) <= 80;
                assert!(fits || is_code || is_one_word, "{}: {line}", topic.name);
            }
        }
    }
}
