//! Pages of the file: what SQLite says of their structure, and how many it keeps in memory.

use rusqlite::Connection;

use super::{Store, StoreError, StoreProblem};

/// Lets SQLite look at every page of what is read to decide. What only grows is left out: no command takes
/// longer for years of history.
pub(super) fn check_integrity(connection: &Connection) -> Result<(), StoreProblem> {
    match first_flaws(connection, "quick_check", 1)?.pop() {
        Some(flaw) => Err(StoreProblem::Damaged(flaw)),
        None => Ok(()),
    }
}

/// What a check of SQLite (`quick_check`, `integrity_check`) finds in the tables that are read to decide, at
/// most so much.
pub(super) fn first_flaws(
    connection: &Connection,
    check: &str,
    at_most: usize,
) -> Result<Vec<String>, StoreProblem> {
    let mut flaws = Vec::new();
    let mut tables = connection.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('change', 'run')",
    )?;
    let tables = tables.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    for table in tables {
        let name = table.replace('"', "\"\"");
        let mut statement = connection.prepare(&format!("PRAGMA {check}(\"{name}\")"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()?.filter(|_| flaws.len() < at_most) {
            let verdict: String = row.get(0)?;
            flaws.extend(Some(verdict).filter(|verdict| verdict != "ok"));
        }
    }
    Ok(flaws)
}

impl Store {
    /// 64 MB of memory for pages from now on.
    pub(super) fn have_room_for_pages(&self) -> Result<(), StoreError> {
        let set = self.connection.pragma_update(None, "cache_size", -65_536);
        set.map_err(|error| self.error(error))
    }
}
