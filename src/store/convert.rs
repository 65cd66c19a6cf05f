//! Between the columns of the state file and the types of the model.
//!
//! What does not convert back is damage, and is said to be: nothing is guessed.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::StoreError;
use crate::model::{HolderId, HolderNumber, Limit, OrganisationId, RecordId, RightCode, Window};

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

/// A birth date as its column.
pub(super) fn birth_out(date: Option<NaiveDate>) -> String {
    // What chrono shows is `%Y-%m-%d`, without its reading that form anew for every member.
    date.map(|date| date.to_string()).unwrap_or_default()
}

/// Reads `YYYY-MM-DD`. By hand, because every tick reads every member, and chrono's general parser
/// took a tenth of a quiet tick.
fn birth_in(text: &str) -> Option<NaiveDate> {
    let (year, rest) = text.split_at_checked(4)?;
    let (month, day) = rest.strip_prefix('-')?.split_once('-')?;
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// The three columns of a member's identity, starting at column `first`.
pub(super) fn key_in(row: &Row<'_>, first: usize) -> Result<HolderId, StoreError> {
    let birth = text_at(row, first + 2)?;
    let birth_date = if birth.is_empty() {
        None
    } else {
        Some(birth_in(birth).ok_or_else(|| damaged("a birth date", birth))?)
    };
    Ok(HolderId {
        organisation: OrganisationId::new(row.get(first)?)
            .map_err(|error| damaged("an organisation id", error))?,
        number: HolderNumber::new(row.get(first + 1)?)
            .map_err(|error| damaged("a member number", error))?,
        birth_date,
    })
}

/// A role id.
pub(super) fn role_in(id: i64) -> Result<RightCode, StoreError> {
    RightCode::new(id).map_err(|error| damaged("a role id", error))
}

/// A person's identity.
pub(super) fn employee_in(text: &str) -> Result<RecordId, StoreError> {
    RecordId::new(text).map_err(|error| damaged("an employeeNo", error))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    /// Seals are made over this text, so it stays what earlier versions wrote.
    #[test]
    fn a_birth_date_is_written_as_ever() {
        for (year, month, day) in
            [(2009, 4, 21), (1, 1, 1), (9999, 12, 31), (12_345, 6, 7), (-1, 2, 3)]
        {
            let date = NaiveDate::from_ymd_opt(year, month, day);
            let ever = date.unwrap().format("%Y-%m-%d").to_string();
            assert_eq!(birth_out(date), ever);
        }
        assert_eq!(birth_out(None), "");
    }
}
