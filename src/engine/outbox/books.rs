//! What the books say against a report: a day that does not agree is reported only when somebody has seen that.

use chrono::{DateTime, NaiveDate, Utc};

use crate::config::Config;
use crate::engine::books::{self, CashierBooks};
use crate::model::DocumentKind;
use crate::ports::{Document, Warning};
use crate::store::{Store, StoreError};

/// What somebody must have seen before the report of a day leaves; nothing of any other document.
pub(super) fn warnings(
    config: &Config,
    store: &Store,
    document: &Document,
    now: DateTime<Utc>,
) -> Result<Vec<Warning>, StoreError> {
    let day = document.id.as_str().split(':').nth(1).and_then(|day| day.parse::<NaiveDate>().ok());
    let (DocumentKind::Report, Some(day)) = (document.kind, day) else { return Ok(Vec::new()) };
    let books = books::look(&config.books, store, day, now)?;
    Ok(books.iter().filter_map(warning).collect())
}

fn warning(of: &CashierBooks) -> Option<Warning> {
    let (differences, alarms) = (of.books.differences(), of.books.alarms.len());
    let is_settled = !of.books.files.is_empty();
    let detail = match (is_settled, differences, alarms) {
        (false, ..) => "nothing was settled for that day yet".to_owned(),
        (true, 0, 0) => return None,
        (true, differences, _) => format!("the books of the day differ in {differences} places"),
    };
    let code = if is_settled { "books_differ" } else { "not_settled" };
    Some(Warning { code, path: format!("/{}", of.name), detail })
}
