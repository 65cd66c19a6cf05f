//! Rows of link files that link nobody, in every document that tells of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Serialize, Serializer};

use super::look::Look;
use super::text::{JSON, at_most, listed};
use crate::engine::RowLeftOut;
use crate::model::RowReason;
use crate::text::lists::many;

impl Serialize for RowLeftOut {
    /// Without what stands in the row, which may be an e-mail.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Row<'a> {
            file: &'a str,
            line: u32,
            reason: RowReason,
            detail: &'static str,
            hint: &'static str,
        }
        let (Self { file, line, reason, .. }, (detail, hint)) = (self, self.reason.explain());
        Row { file, line: *line, reason: *reason, detail, hint }.serialize(serializer)
    }
}

impl RowLeftOut {
    /// One sentence fragment: `persons.csv line 7, left out because …`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let Self { file, line, reason, .. } = self;
        format!("{file} line {line}, left out because {}", reason.explain().0)
    }
}

/// Rows by reason.
#[must_use]
pub(super) fn by_reason(rows: &[RowLeftOut]) -> BTreeMap<RowReason, Vec<&RowLeftOut>> {
    let mut all: BTreeMap<RowReason, Vec<&RowLeftOut>> = BTreeMap::new();
    for row in rows {
        all.entry(row.reason).or_default().push(row);
    }
    all
}

/// The rows by reason, with what to do about each.
pub(super) fn render(rows: &[RowLeftOut], look: Look) -> String {
    let most = at_most(rows.len());
    let mut text = String::new();
    for (reason, rows) in by_reason(rows) {
        let (why, remedy) = reason.explain();
        let _ = write!(
            text,
            "\n{} of link files left out: {why}\n  To do: {remedy}.\n",
            many(rows.len(), "row")
        );
        let row =
            |row: &&RowLeftOut| [row.file.clone(), format!("line {}", row.line), row.who.clone()];
        text.push_str(&listed(rows.iter().map(row), most, JSON, look));
    }
    text
}
