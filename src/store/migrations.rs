//! The state file's schema, as an ordered list of steps.
//!
//! `user_version` says how many steps a file has taken. Steps are only ever added at the end;
//! one that was released is never edited, since files in the field have already taken it. Each step
//! runs in an exclusive transaction of its own. A file that has taken more steps than this program
//! knows is from a newer version and is refused, unchanged.
//!
//! Times: wall-clock times of devices and roles are seconds since 1970-01-01T00:00:00 *on that wall
//! clock*; instants (columns named `…_at`) are seconds since 1970 in UTC.

use rusqlite::{Connection, TransactionBehavior};

use super::StoreError;

/// The steps, oldest first.
const STEPS: &[&str] = &[
    include_str!("schema_1.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
    include_str!("schema_5.sql"),
    include_str!("schema_6.sql"),
];

/// The version this program writes.
pub(super) fn newest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// The number of steps a file has taken.
pub(super) fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Takes the steps that a file has not taken yet.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    let found = version(connection)?;
    if found > newest() {
        return Err(StoreError::Newer { found, known: newest() });
    }
    for (number, step) in (1_i64..).zip(STEPS) {
        if number <= found {
            continue;
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        // Another process may have taken the step while this one waited for the lock.
        if version(&transaction)? < number {
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "user_version", number)?;
        }
        transaction.commit()?;
    }
    Ok(())
}
