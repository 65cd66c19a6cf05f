//! The little of Markdown that the topics are written in: headings, paragraphs, lists, tables, and blocks
//! of code.
//!
//! Pure.

/// A piece of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block<'t> {
    /// With its rank, from 1.
    Heading(usize, &'t str),
    Paragraph(String),
    /// An item of a list: what stands before it (`-` or `1.`), and its text.
    Item(&'t str, String),
    Code(Vec<&'t str>),
    /// The first row holds the titles.
    Table(Vec<Vec<&'t str>>),
}

/// A topic in its pieces, in order.
pub(super) fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found: Vec<Block<'_>> = Vec::new();
    // Whether the next line goes on with what stands there last.
    let mut is_open = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            found.push(Block::Code(lines.by_ref().take_while(|line| *line != "```").collect()));
            is_open = false;
            continue;
        }
        if line.is_empty() {
            is_open = false;
            continue;
        }
        let going_on = found.last_mut().filter(|_| is_open);
        is_open = true;
        if line.starts_with('|') {
            let row = line.trim_matches('|').split(" | ").map(str::trim).collect();
            match going_on {
                Some(Block::Table(rows)) if line.starts_with("| --- ") => rows.truncate(1),
                Some(Block::Table(rows)) => rows.push(row),
                _ => found.push(Block::Table(vec![row])),
            }
        } else if let Some((marks, heading)) = heading(line) {
            found.push(Block::Heading(marks.len(), heading));
            is_open = false;
        } else if let Some((mark, item)) = item(line) {
            found.push(Block::Item(mark, item.to_owned()));
        } else {
            match going_on {
                Some(Block::Paragraph(text) | Block::Item(_, text)) => {
                    text.push(' ');
                    text.push_str(line.trim_start());
                }
                _ => found.push(Block::Paragraph(line.to_owned())),
            }
        }
    }
    found
}

/// The marks of a heading, and the heading.
fn heading(line: &str) -> Option<(&str, &str)> {
    let (marks, rest) = line.split_once(' ')?;
    (!marks.is_empty() && marks.bytes().all(|byte| byte == b'#')).then_some((marks, rest))
}

/// What stands before an item, and the item.
fn item(line: &str) -> Option<(&str, &str)> {
    let (mark, rest) = line.split_once(' ')?;
    let number = mark.strip_suffix('.').filter(|number| !number.is_empty());
    let is_number = number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    (mark == "-" || is_number).then(|| (mark, rest.trim_start()))
}

/// How a piece of a line is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    Plain,
    Bold,
    Italic,
    Code,
}

/// A text in pieces that are set differently. Within code, stars are stars.
pub(super) fn spans(text: &str) -> Vec<(Set, &str)> {
    let mut found = Vec::new();
    for (place, part) in text.split('`').enumerate() {
        if place % 2 == 1 {
            found.push((Set::Code, part));
            continue;
        }
        for (place, part) in part.split("**").enumerate() {
            if place % 2 == 1 {
                found.push((Set::Bold, part));
                continue;
            }
            let parts = part.split('*').enumerate();
            found.extend(parts.map(|(place, part)| {
                (if place % 2 == 1 { Set::Italic } else { Set::Plain }, part)
            }));
        }
    }
    found.retain(|(_, part)| !part.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::topics::TOPICS;

    #[test]
    fn every_kind_of_block_is_read() {
        let text = "# Doors\n\nOne\nparagraph.\n- first\n  goes on\n2. second\n\n```sh\n# no heading\n| no table |\n```\n| a | b |\n| --- | --- |\n| `1` | 2 |\nAfter\n";
        let wanted = [
            Block::Heading(1, "Doors"),
            Block::Paragraph("One paragraph.".to_owned()),
            Block::Item("-", "first goes on".to_owned()),
            Block::Item("2.", "second".to_owned()),
            Block::Code(vec!["# no heading", "| no table |"]),
            Block::Table(vec![vec!["a", "b"], vec!["`1`", "2"]]),
            Block::Paragraph("After".to_owned()),
        ];
        assert_eq!(blocks(text), wanted);
    }

    #[test]
    fn spans_are_told_apart() {
        let wanted = [
            (Set::Bold, "One"),
            (Set::Plain, " and "),
            (Set::Italic, "two"),
            (Set::Plain, ", "),
            (Set::Code, "*/5 **"),
            (Set::Plain, "."),
        ];
        assert_eq!(spans("**One** and *two*, `*/5 **`."), wanted);
    }

    /// No word of a topic is lost, and no mark is left over.
    #[test]
    fn every_topic_is_read_whole() {
        let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
        for topic in TOPICS {
            let mut read = String::new();
            for block in blocks(topic.text) {
                let mut say = |text: &str| {
                    assert_eq!(text.matches('`').count() % 2, 0, "{}: {text}", topic.name);
                    for (set, part) in spans(text) {
                        let is_left = set != Set::Code && part.contains('*');
                        assert!(!is_left, "{}: {part}", topic.name);
                        read.push_str(&letters(part));
                    }
                };
                match block {
                    Block::Heading(_, text) => say(text),
                    Block::Paragraph(text) => say(&text),
                    Block::Item(mark, text) => {
                        say(mark);
                        say(&text);
                    }
                    Block::Code(lines) => {
                        lines.iter().for_each(|line| read.push_str(&letters(line)));
                    }
                    Block::Table(rows) => {
                        let columns = rows[0].len();
                        assert!(rows.len() > 1, "{}: {rows:?}", topic.name);
                        for row in rows {
                            assert_eq!(row.len(), columns, "{}: {row:?}", topic.name);
                            row.into_iter().for_each(&mut say);
                        }
                    }
                }
            }
            let fences = ["```text", "```sh", "```json", "```crontab", "```toml"];
            let bare = fences.iter().fold(topic.text.to_owned(), |text, f| text.replace(f, ""));
            assert_eq!(read, letters(&bare), "{}", topic.name);
        }
    }
}
