//! One cell, as both readers hand it on, and how its text is cleaned. Pure.

use chrono::NaiveDateTime;

use super::CELL_BYTES_MAX;
use super::format::Shown;
use crate::model::is_invisible;

/// What a cell holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::engine) enum Cell {
    /// Nothing, or nothing but white space.
    #[default]
    Blank,
    /// Text, trimmed, at most [`CELL_BYTES_MAX`] bytes.
    Text(String),
    /// More text than that.
    TooLong,
    /// A number of a workbook.
    Number {
        value: f64,
        /// What its format makes of it, if it is a whole number.
        shown: Shown,
    },
    /// A formula of a workbook that holds nothing yet, or the 0 that programs write in its place.
    NoValueYet,
    /// A date of a workbook, with its time of day; nothing for a duration, or one that no calendar has.
    Date(Option<NaiveDateTime>),
    /// TRUE or FALSE of a workbook.
    Boolean,
    /// `#N/A` and its like.
    Error,
}

impl Cell {
    /// Takes text, from either kind of file. `="0012"` is how spreadsheets are told in CSV that
    /// something is text, and means `0012`.
    pub(in crate::engine) fn from_text(text: &str) -> Self {
        let trimmed = trim(text);
        let inner = trimmed.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
        let meant = trim(inner.filter(|inner| !inner.contains('"')).unwrap_or(trimmed));
        if meant.is_empty() {
            Self::Blank
        } else if meant.len() > CELL_BYTES_MAX {
            Self::TooLong
        } else {
            Self::Text(meant.to_owned())
        }
    }
}

/// Cuts off white space of every kind (NBSP too) and characters that show nothing, which come along
/// when an address is copied from a web page.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| is_invisible(c) || c.is_whitespace())
}
