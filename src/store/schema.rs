//! The state file's schema: one file of SQL, and the number of the format it makes.
//!
//! `user_version` holds the format, and so does the table `about`. Nothing was released before this format, so a file of another one
//! is refused and not a byte of it is changed.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::StoreProblem;

/// The format this program reads and writes. Every change of `schema.sql` takes the next number.
pub(super) const FORMAT: i64 = 30;

/// The format of a file; 0 for one that has no tables yet. A file that was restored from a dump has it in
/// a table only.
pub(super) fn format(connection: &Connection) -> Result<i64, StoreProblem> {
    let version = user_version(connection)?;
    if version != 0 {
        return Ok(version);
    }
    let is_there = "SELECT count(*) FROM pragma_table_info('about') WHERE name = 'format'";
    match connection.query_row(is_there, [], |row| row.get::<_, i64>(0))? {
        0 => Ok(0),
        _ => Ok(connection.query_row("SELECT max(format) FROM about", [], |row| {
            row.get::<_, Option<i64>>(0).map(Option::unwrap_or_default)
        })?),
    }
}

fn user_version(connection: &Connection) -> Result<i64, StoreProblem> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Refuses a file of any other format than this one, or of another program.
///
/// # Errors
/// [`StoreProblem::Newer`], [`StoreProblem::Older`] or [`StoreProblem::Foreign`].
pub(super) fn check_format(connection: &Connection) -> Result<(), StoreProblem> {
    match format(connection)? {
        FORMAT => Ok(()),
        0 if !has_tables(connection)? => Ok(()),
        0 => Err(StoreProblem::Foreign),
        found if found > FORMAT => Err(StoreProblem::Newer { found, known: FORMAT }),
        found => Err(StoreProblem::Older { found, known: FORMAT }),
    }
}

/// Makes the tables of a new file; one that has them is left as it is.
pub(super) fn create(connection: &Connection) -> Result<(), StoreProblem> {
    if user_version(connection)? == FORMAT {
        return Ok(());
    }
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Exclusive)?;
    // Another process may have made them while this one waited for the lock.
    if format(&transaction)? == 0 {
        transaction.execute_batch(include_str!("schema.sql"))?;
        transaction.execute("INSERT INTO about VALUES (?1)", [FORMAT])?;
    }
    transaction.pragma_update(None, "user_version", FORMAT)?;
    Ok(transaction.commit()?)
}

/// Whether anybody has made a table. A file of our own has its format from its first table on.
fn has_tables(connection: &Connection) -> Result<bool, StoreProblem> {
    let count: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(count > 0)
}
