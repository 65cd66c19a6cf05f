//! Between the columns of the state file and the types of the model.
//!
//! What does not convert back is damage, and is said to be: nothing is guessed.

use chrono::{DateTime, NaiveDateTime, Utc};
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use super::StoreError;
use crate::model::{HolderNumber, Limit, RecordId, RightCode, TargetName, Window};

/// An instant as UTC seconds.
pub(super) fn instant_out(at: DateTime<Utc>) -> i64 {
    at.timestamp()
}

/// UTC seconds as an instant.
pub(super) fn instant_in(seconds: i64) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp(seconds, 0).ok_or_else(|| damaged("an instant", seconds))
}

/// A wall-clock time as seconds on that wall clock.
pub(super) fn wall_out(at: NaiveDateTime) -> i64 {
    at.and_utc().timestamp()
}

/// Seconds on a wall clock as a time.
pub(super) fn wall_in(seconds: i64) -> Result<NaiveDateTime, StoreError> {
    instant_in(seconds).map(|at| at.naive_utc())
}

/// A column of text, as it stands in the row.
pub(super) fn text_at<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str, StoreError> {
    let value = row.get_ref(column)?;
    value.as_str().map_err(|_| damaged("a text", format_args!("{:?}", value.data_type())))
}

/// A column of text or nothing.
pub(super) fn maybe_text_at<'r>(
    row: &'r Row<'_>,
    column: usize,
) -> Result<Option<&'r str>, StoreError> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => text_at(row, column).map(Some),
    }
}

/// Two columns as a window; `None` when both are NULL, and damage when one is.
pub(super) fn window_in(
    begin: Option<i64>,
    end: Option<i64>,
) -> Result<Option<Window>, StoreError> {
    match (begin, end) {
        (Some(begin), Some(end)) => {
            let window = Window::new(wall_in(begin)?, wall_in(end)?);
            window.map(Some).map_err(|error| StoreError::Damaged(error.to_string()))
        }
        (None, None) => Ok(None),
        (begin, end) => Err(damaged("a window", format!("{begin:?} to {end:?}"))),
    }
}

/// Identities are columns of text; what is none is damage.
macro_rules! text_columns {
    ($($id:ty),+) => {$(
        impl ToSql for $id {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.as_str()))
            }
        }

        impl FromSql for $id {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Self::new(value.as_str()?).map_err(|error| FromSqlError::Other(Box::new(error)))
            }
        }
    )+};
}

text_columns!(HolderNumber, RecordId, RightCode, TargetName);

/// A person's limit as its three columns.
pub(super) fn limit_out(limit: &Limit) -> (&'static str, Option<i64>, Option<i64>) {
    let both = |window: &Window| (Some(wall_out(window.begin())), Some(wall_out(window.end())));
    match limit {
        Limit::Window(window) => {
            let (begin, end) = both(window);
            ("window", begin, end)
        }
        Limit::Permanent(window) => {
            let (begin, end) = window.as_ref().map_or((None, None), both);
            ("permanent", begin, end)
        }
        Limit::Unclear { as_written } => {
            let (begin, end) = as_written.as_ref().map_or((None, None), both);
            ("unclear", begin, end)
        }
        Limit::Unreadable { begin, end } => ("unreadable", begin.map(wall_out), end.map(wall_out)),
    }
}

/// Three columns as a person's limit.
pub(super) fn limit_in(
    kind: &str,
    begin: Option<i64>,
    end: Option<i64>,
) -> Result<Limit, StoreError> {
    Ok(match kind {
        "window" => {
            Limit::Window(window_in(begin, end)?.ok_or_else(|| damaged("a window", "NULL"))?)
        }
        "permanent" => Limit::Permanent(window_in(begin, end)?),
        "unclear" => Limit::Unclear { as_written: window_in(begin, end)? },
        "unreadable" => Limit::Unreadable {
            begin: begin.map(wall_in).transpose()?,
            end: end.map(wall_in).transpose()?,
        },
        other => return Err(damaged("a limit", other)),
    })
}

/// A value that cannot be what the schema says.
pub(super) fn damaged(what: &str, value: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(format!("{value} is not {what}"))
}
