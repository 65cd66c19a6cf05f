//! The rows of one kind, with what was deleted.

use chrono::{DateTime, Utc};

use super::row::Row;

/// A row and what it was before its last change.
#[derive(Debug, Clone)]
pub(super) struct Stored<R> {
    pub(super) row: R,
    before: Option<R>,
}

impl<R: Row> Stored<R> {
    /// The version before the last change; made up for a row that never changed.
    pub(super) fn before(&self) -> R {
        self.before.clone().unwrap_or_else(|| self.row.made_up_before())
    }
}

/// A row that was deleted.
#[derive(Debug, Clone)]
pub(super) struct Gone<R> {
    pub(super) row: R,
    pub(super) at: DateTime<Utc>,
}

/// Rows in the order in which they came.
#[derive(Debug)]
pub(super) struct Table<R> {
    pub(super) rows: Vec<Stored<R>>,
    pub(super) gone: Vec<Gone<R>>,
}

impl<R: Row> Table<R> {
    /// A table with these rows.
    ///
    /// # Panics
    /// If two have one id.
    pub(super) fn new(rows: Vec<R>) -> Self {
        let mut table = Self { rows: Vec::new(), gone: Vec::new() };
        rows.into_iter().for_each(|row| table.add(row));
        table
    }

    /// Adds a row; one that was deleted may come again.
    ///
    /// # Panics
    /// If there is one with its id.
    pub(super) fn add(&mut self, row: R) {
        assert!(self.get(row.id()).is_none(), "there are two rows {}", row.id());
        self.gone.retain(|gone| gone.row.id() != row.id());
        self.rows.push(Stored { row, before: None });
    }

    /// A row by its id.
    pub(super) fn get(&self, id: &str) -> Option<&R> {
        self.rows.iter().map(|stored| &stored.row).find(|row| row.id() == id)
    }

    /// Changes a row, changed now; `false` if there is none.
    pub(super) fn edit(&mut self, id: &str, now: DateTime<Utc>, edit: impl FnOnce(&mut R)) -> bool {
        let Some(stored) = self.rows.iter_mut().find(|stored| stored.row.id() == id) else {
            return false;
        };
        stored.before = Some(stored.row.clone());
        edit(&mut stored.row);
        stored.row.touch(now);
        true
    }

    /// Deletes a row, which leaves a tombstone; `false` if there is none.
    pub(super) fn delete(&mut self, id: &str, now: DateTime<Utc>) -> bool {
        let Some(index) = self.rows.iter().position(|stored| stored.row.id() == id) else {
            return false;
        };
        let row = self.rows.remove(index).row;
        self.gone.push(Gone { row, at: now });
        true
    }
}
