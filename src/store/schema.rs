//! The state file's schema: one file of SQL, and the number of the format it makes.
//!
//! `user_version` holds the format. Nothing was released before this format, so a file of another one
//! is refused and not a byte of it is changed.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// The format this program reads and writes. Every change of `schema.sql` takes the next number.
pub(super) const FORMAT: i64 = 10;

/// The format of a file; 0 for one that has no tables yet.
pub(super) fn format(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Refuses a file of any other format than this one, or of another program.
///
/// # Errors
/// [`StoreError::Newer`], [`StoreError::Older`] or [`StoreError::Foreign`].
pub(super) fn check_format(connection: &Connection) -> Result<(), StoreError> {
    match format(connection)? {
        FORMAT => Ok(()),
        0 if !has_tables(connection)? => Ok(()),
        0 => Err(StoreError::Foreign),
        found if found > FORMAT => Err(StoreError::Newer { found, known: FORMAT }),
        found => Err(StoreError::Older { found, known: FORMAT }),
    }
}

/// Makes the tables of a new file; one that has them is left as it is.
pub(super) fn create(connection: &mut Connection) -> Result<(), StoreError> {
    if format(connection)? == FORMAT {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    // Another process may have made them while this one waited for the lock.
    if format(&transaction)? == 0 {
        transaction.execute_batch(include_str!("schema.sql"))?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
    }
    Ok(transaction.commit()?)
}

/// Whether anybody has made a table. A file of our own has its format from its first table on.
fn has_tables(connection: &Connection) -> Result<bool, StoreError> {
    let count: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(count > 0)
}
