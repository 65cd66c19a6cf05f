//! What the state file holds, and what the doors hold, as values that can be compared.

use std::collections::BTreeMap;
use std::path::Path;

use ivms_sync_simulators::hikvision::Person;
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

use super::Sandbox;

/// Every row of every table, as text. The memory of logins is left out: `diff` may write it.
pub type Rows = BTreeMap<String, Vec<String>>;

/// Opens a state file so that nothing in it can change.
pub fn open(path: &Path) -> Connection {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

/// Every row of every table of a state file.
pub fn rows(path: &Path) -> Rows {
    let connection = open(path);
    let mut names = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .unwrap();
    let names: Vec<String> =
        names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let tables = names.into_iter().map(|name| {
        let rows = rows_of(&connection, &name);
        (name, rows)
    });
    tables.collect()
}

fn rows_of(connection: &Connection, table: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map([], |row| {
        let mut line = String::new();
        for (place, column) in columns.iter().enumerate() {
            if !column.starts_with("login_") {
                let value: Value = row.get(place)?;
                line.push_str(&format!("{column}={value:?} "));
            }
        }
        Ok(line)
    });
    let mut rows: Vec<String> = rows.unwrap().map(Result::unwrap).collect();
    rows.sort_unstable();
    rows
}

/// One number that a query gives.
pub fn count(path: &Path, query: &str) -> i64 {
    open(path).query_row(query, [], |row| row.get(0)).unwrap()
}

impl Sandbox {
    /// Every row of the state file.
    pub fn rows(&self) -> Rows {
        rows(&self.state())
    }

    /// Every person of every door.
    pub fn doors(&self) -> Vec<Vec<Person>> {
        self.club.devices.iter().map(|device| device.persons()).collect()
    }

    /// Until when a person may pass the door at `place`.
    #[track_caller]
    pub fn end_on(&self, place: usize, employee_no: &str) -> String {
        self.club.devices[place].person(employee_no).unwrap().end
    }
}
