//! Statements, their parameters and their answers.

use rusqlite::CachedStatement;

use super::rows::{Columns, FromColumns, ToColumns, bind};
use super::{Open, Store, StoreError, StoreProblem};

/// A statement that may be run several times.
pub(super) struct Prepared<'s> {
    pub(super) statement: CachedStatement<'s>,
    pub(super) store: &'s Store,
}

impl Prepared<'_> {
    /// Runs it, and says how many rows it changed.
    pub(super) fn run(&mut self, params: impl ToColumns) -> Result<usize, StoreError> {
        let store = self.store;
        if store.open.get() == Open::Reading {
            let problem = "written to while it is only read".to_owned();
            return Err(store.error(StoreProblem::Unusable(problem)));
        }
        let bound = bind(&mut self.statement, &params, &store.accounts);
        let done = bound.and_then(|()| Ok(self.statement.raw_execute()?));
        store.work.ran(&self.statement);
        done.map_err(|problem| store.error(problem))
    }

    pub(super) fn run_each<P: ToColumns>(
        &mut self,
        rows: impl IntoIterator<Item = P>,
    ) -> Result<(), StoreError> {
        rows.into_iter().try_for_each(|row| self.run(row).map(|_| ()))
    }

    pub(super) fn first<T: FromColumns>(
        &mut self,
        params: impl ToColumns,
    ) -> Result<Option<T>, StoreError> {
        self.rows(params, |rows| rows.next().transpose())
    }

    pub(super) fn all<T: FromColumns, C: FromIterator<T>>(
        &mut self,
        params: impl ToColumns,
    ) -> Result<C, StoreError> {
        self.rows(params, |rows| rows.collect())
    }

    pub(super) fn each<T: FromColumns>(
        &mut self,
        params: impl ToColumns,
        mut take: impl FnMut(T) -> Result<(), StoreProblem>,
    ) -> Result<(), StoreError> {
        self.rows(params, |rows| {
            for row in rows {
                take(row?)?;
            }
            Ok(())
        })
    }

    pub(super) fn rows<T: FromColumns, R>(
        &mut self,
        params: impl ToColumns,
        take: impl FnOnce(&mut dyn Iterator<Item = Result<T, StoreProblem>>) -> Result<R, StoreProblem>,
    ) -> Result<R, StoreError> {
        let store = self.store;
        let read = || {
            bind(&mut self.statement, &params, &store.accounts)?;
            let width = self.statement.column_count();
            let mut rows = self.statement.raw_query();
            let mut values = std::iter::from_fn(|| match rows.next() {
                Ok(row) => {
                    store.work.read_row();
                    let mut columns = Columns::new(row?, &store.accounts);
                    let value = columns.next();
                    let is_whole = columns.read() == width || value.is_err();
                    Some(if is_whole {
                        value
                    } else {
                        Err(rusqlite::Error::InvalidColumnIndex(width).into())
                    })
                }
                Err(error) => Some(Err(error.into())),
            });
            take(&mut values)
        };
        let read = read();
        store.work.ran(&self.statement);
        read.map_err(|problem| store.error(problem))
    }
}
