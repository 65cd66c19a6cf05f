//! What the page is made of: sections, tables, lists of members, times.

use std::fmt::Display;

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::model::printable;
use crate::report::status::Status;
use crate::text::times::instant;

/// Rows and members that stand in the open; those after them unfold, so that a phone is not flooded.
const OPEN: usize = 6;

/// Rows and members of one list that a page names at all.
pub const NAMED_MAX: usize = 200;

pub fn section(title: &str, content: &Markup) -> Markup {
    html! { section { h2 { (title) } (content) } }
}

/// A text that may come from elsewhere.
pub fn cell(text: impl Display) -> Markup {
    html! { (printable(&text.to_string())) }
}

/// A text of this program, with what is to be typed set apart.
pub fn with_commands(text: &str) -> Markup {
    html! {
        @for (place, part) in text.split('`').enumerate() {
            @if place % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

pub fn marked(class: &str, text: &str) -> Markup {
    html! { span class=(class) { (cell(text)) } }
}

/// A moment to the minute, which programs can read too.
pub fn moment(status: &Status, at: DateTime<Utc>) -> Markup {
    html! { time datetime=(instant(at)) { (status.moment(at)) } }
}

/// The same, where a reader wants to know how long ago it was: the browser adds it, by its own clock.
pub fn aging(status: &Status, at: DateTime<Utc>) -> Markup {
    html! { time.aging datetime=(instant(at)) { (status.moment(at)) } }
}

/// The same for a moment that may not have come yet.
pub fn aging_or_never(status: &Status, at: Option<DateTime<Utc>>) -> Markup {
    at.map_or_else(|| cell("never"), |at| aging(status, at))
}

/// A table, as the page shows it.
pub struct Table<'a> {
    pub id: &'a str,
    pub caption: &'a str,
    pub titles: &'a [&'a str],
    /// How many rows the page bears.
    pub rows_max: usize,
    /// What tells all of them.
    pub whole: &'a str,
}

impl Table<'_> {
    /// The first rows in the open, and the others folded away; nothing where there are none.
    pub fn render(&self, rows: &[Vec<Markup>]) -> Markup {
        let shown = rows.get(..self.rows_max).unwrap_or(rows);
        let (open, folded) = shown.split_at(shown.len().min(OPEN));
        html! {
            @if !rows.is_empty() {
                div.table id=(self.id) {
                    (self.part(self.caption, open))
                    @if !folded.is_empty() {
                        details {
                            summary { (folded.len()) " more" }
                            (self.part(&format!("{}, continued", self.caption), folded))
                        }
                    }
                    (cut(rows.len() - shown.len(), self.whole))
                }
            }
        }
    }

    fn part(&self, caption: &str, rows: &[Vec<Markup>]) -> Markup {
        html! {
            div.scroll {
                table {
                    caption { (caption) }
                    thead { tr { @for title in self.titles { th scope="col" { (title) } } } }
                    tbody {
                        @for row in rows {
                            tr {
                                @for (title, cell) in self.titles.iter().zip(row) {
                                    td data-title=(title) { (cell) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Members by number, as many in a line as there is room for.
pub fn members(texts: &[String], whole: &str) -> Markup {
    let shown = texts.get(..NAMED_MAX).unwrap_or(texts);
    let (open, folded) = shown.split_at(shown.len().min(OPEN));
    let list = |texts: &[String]| {
        html! { ul.members { @for text in texts { li { (cell(text)) } } } }
    };
    html! {
        (list(open))
        @if !folded.is_empty() {
            details { summary { (folded.len()) " more" } (list(folded)) }
        }
        (cut(texts.len() - shown.len(), whole))
    }
}

/// How many are not named, and the command that tells all of them.
fn cut(count: usize, whole: &str) -> Markup {
    html! {
        @if count > 0 {
            p.cut { (count) " more are not on this page. All of them: " code { (whole) } }
        }
    }
}
