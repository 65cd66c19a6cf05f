//! One cell, as both readers hand it on, and how its text is cleaned.

use super::CELL_BYTES_MAX;

/// What a cell holds, as far as a person id or an e-mail is concerned.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Cell {
    /// Nothing, or nothing but white space.
    #[default]
    Blank,
    /// Text, trimmed, at most [`CELL_BYTES_MAX`] bytes.
    Text(String),
    /// More text than that.
    TooLong,
    /// A number of a workbook.
    Number {
        /// The value stored.
        value: f64,
        /// With how many digits at least its format shows it: 4 for `0000`, else 0 or 1.
        digits_min: usize,
    },
    /// A date, a time or a duration of a workbook.
    Date,
    /// TRUE or FALSE of a workbook.
    Boolean,
    /// `#N/A` and its like.
    Error,
}

impl Cell {
    /// Takes text, from either kind of file.
    pub(super) fn from_text(text: &str) -> Self {
        let trimmed = trim(text);
        if trimmed.is_empty() {
            Self::Blank
        } else if trimmed.len() > CELL_BYTES_MAX {
            Self::TooLong
        } else {
            Self::Text(trimmed.to_owned())
        }
    }
}

/// Cuts off white space of every kind (NBSP too) and characters that show nothing, which come along
/// when an address is copied from a web page.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}')
    })
}
