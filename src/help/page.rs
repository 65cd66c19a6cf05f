//! A topic as a manual page, in the language of `man`.
//!
//! Pure.

use super::manual::{NAME, escaped, escaped_start, in_words};
use super::markdown::{Block, Set, blocks, spans};
use crate::text::topics::Topic;

/// What the page of a topic is called.
pub(super) fn name(topic: &Topic) -> String {
    format!("{NAME}-{}", topic.name)
}

/// The page `ivms-sync-TOPIC(7)`.
pub(super) fn page(topic: &Topic) -> String {
    let name = name(topic);
    // No word is hyphenated and no space stretched: commands are copied.
    let mut page = format!(
        ".TH {} 7 \"\" \"{}\"\n.nh\n.ad l\n.SH NAME\n{} \\- {}\n",
        escaped(&name.to_uppercase()),
        escaped(&format!("{NAME} {}", env!("CARGO_PKG_VERSION"))),
        escaped(&name),
        escaped(topic.about),
    );
    for block in blocks(topic.text) {
        match block {
            // What the topic as a whole is called stands in its name.
            Block::Heading(1, _) => page.push_str(".SH DESCRIPTION\n"),
            Block::Heading(_, text) => page.push_str(&format!(".SH {}\n", escaped(text))),
            Block::Paragraph(text) => page.push_str(&format!(".PP\n{}\n", set(&text))),
            Block::Item("-", text) => page.push_str(&format!(".IP \\(bu 2\n{}\n", set(&text))),
            Block::Item(mark, text) => page.push_str(&format!(".IP {mark} 4\n{}\n", set(&text))),
            Block::Code(lines) => {
                let lines = escaped(&lines.join("\n"));
                page.push_str(&format!(".PP\n.RS 4\n.nf\n{lines}\n.fi\n.RE\n"));
            }
            Block::Table(rows) => page.push_str(&table(&rows)),
        }
    }
    page
}

/// Each row as a term and what is said of it: lines fold, which tables of `man` do not.
fn table(rows: &[Vec<&str>]) -> String {
    let Some((titles, rows)) = rows.split_first() else { return String::new() };
    let mut text = String::new();
    for row in rows {
        let Some((term, cells)) = row.split_first() else { continue };
        text.push_str(&format!(".TP\n{}\n", set(&format!("**{}**", term.replace('`', "")))));
        let said = cells.iter().zip(titles.iter().skip(1)).filter(|(cell, _)| !cell.is_empty());
        let said: Vec<String> = said
            .map(|(cell, title)| match (cells.len(), *title) {
                (1, _) | (_, "") => set(cell),
                (_, title) => set(&format!("*{title}*: {cell}")),
            })
            .collect();
        text.push_str(&format!("{}\n", said.join("\n.br\n")));
    }
    text
}

/// A text with its emphasis.
fn set(text: &str) -> String {
    let parts = spans(text).into_iter().map(|(set, part)| {
        let part = in_words(part);
        match set {
            Set::Plain => part,
            Set::Italic => format!("\\fI{part}\\fR"),
            Set::Bold | Set::Code => format!("\\fB{part}\\fR"),
        }
    });
    escaped_start(&parts.collect::<String>())
}
