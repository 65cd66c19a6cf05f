//! How a text is shown: with colours or without, and how wide a line may be.
//!
//! Pure. Colours only repeat what the words say. The plain look is what files, pipes and mails get:
//! never coloured, never folded, so that it stays the same byte for byte wherever it is read.

use anstyle::{AnsiColor, Effects, Style};
use textwrap::core::display_width;

use crate::text::wrap::wrap;

/// What a word or a line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    Warning,
    /// It did not work.
    Bad,
    /// The title of a column.
    Title,
}

impl Tone {
    fn style(self) -> Style {
        let coloured = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
        match self {
            Self::Plain => Style::new(),
            Self::Good => coloured(AnsiColor::Green),
            Self::Warning => coloured(AnsiColor::Yellow),
            Self::Bad => coloured(AnsiColor::Red),
            Self::Title => Style::new().effects(Effects::BOLD),
        }
    }
}

/// How a text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Look {
    /// Whether words may be coloured.
    pub is_coloured: bool,
    /// Columns of the terminal; none where there is no terminal, and nothing is folded then.
    pub width: Option<usize>,
}

impl Look {
    /// Neither colours nor folding: for files, pipes and mails.
    pub const PLAIN: Self = Self { is_coloured: false, width: None };

    /// A text in its tone.
    #[must_use]
    pub fn paint(self, tone: Tone, text: &str) -> String {
        if !self.is_coloured || tone == Tone::Plain || text.is_empty() {
            return text.to_owned();
        }
        let style = tone.style();
        format!("{style}{text}{style:#}")
    }

    /// Folds every line that is wider than the terminal at its spaces; what follows is indented by two
    /// more.
    #[must_use]
    pub fn folded(self, text: String) -> String {
        let Some(width) = self.width else { return text };
        let mut out = String::with_capacity(text.len());
        for line in text.split_inclusive('\n') {
            let bare = line.trim_end_matches('\n');
            if display_width(bare) <= width {
                out.push_str(line);
                continue;
            }
            let words = bare.trim_start_matches(' ');
            let indent = " ".repeat(bare.len() - words.len());
            out.push_str(&wrap(words, width, &indent, &format!("{indent}  ")).join("\n"));
            out.push_str(line.get(bare.len()..).unwrap_or_default());
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_only_put_around_words_and_only_where_allowed() {
        let coloured = Look { is_coloured: true, width: None };
        assert_eq!(coloured.paint(Tone::Good, "done"), "\u{1b}[32mdone\u{1b}[0m");
        assert_eq!(coloured.paint(Tone::Plain, "done"), "done");
        assert_eq!(coloured.paint(Tone::Bad, ""), "");
        assert_eq!(Look::PLAIN.paint(Tone::Bad, "refused"), "refused");
        assert_eq!(display_width(&coloured.paint(Tone::Warning, "漢字 š")), 6);
    }

    #[test]
    fn long_lines_are_folded_at_spaces_and_keep_their_indent() {
        let look = Look { is_coloured: false, width: Some(20) };
        let text = "short\n  one two three four five six\n\n  https://example.com/a/long/way\n";
        assert_eq!(
            look.folded(text.to_owned()),
            "short\n  one two three four\n    five six\n\n  https://example.com/a/long/way\n"
        );
        assert_eq!(Look::PLAIN.folded(text.to_owned()), text);
        assert_eq!(look.folded("no end of line but a very long one".to_owned()).lines().count(), 2);
    }
}
