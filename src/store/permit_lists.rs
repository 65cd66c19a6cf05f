//! Lists of permits as they were written last.

use chrono::{DateTime, Utc};

use super::rows::row;
use super::{Rights, StoreError, seal};

/// A list of permits that was found, or put, on the disk as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermitListKept {
    /// Its section.
    pub name: String,
    /// A digest of the configuration that it was made by.
    pub sense: String,
    /// A digest of what was known of all rights-files.
    pub basis: String,
    /// SHA-256 of what it holds, lower-case hex.
    pub sha256: String,
    /// The same of the bytes on the disk, which are others where it is sealed.
    pub file_sha256: String,
    /// How it stood on the disk afterwards, where that says something.
    pub stamp: Option<String>,
    /// How many rows it has.
    pub rows: u64,
    /// When it came to be so.
    pub written_at: DateTime<Utc>,
    /// From when on the time alone may bring another list.
    pub same_until: DateTime<Utc>,
}

row!(PermitListKept {
    name,
    sense,
    basis,
    sha256,
    file_sha256,
    stamp,
    rows,
    written_at,
    same_until
});

impl Rights<'_> {
    /// The lists that were ever written, by name.
    pub fn permit_lists(&self) -> Result<Vec<PermitListKept>, StoreError> {
        let store = self.0;
        let mut lists = Vec::new();
        let sql = "SELECT name, sense, basis, sha256, file_sha256, stamp, rows, written_at, same_until_at, seal \
                   FROM permit_list ORDER BY name";
        store.prepare(sql)?.each((), |(list, sealed): (PermitListKept, i64)| {
            seal::check(Some(sealed), seal::seal_of(&list, &store.accounts), "a list of permits")?;
            lists.push(list);
            Ok(())
        })?;
        Ok(lists)
    }

    /// Keeps how a list was found or written.
    pub fn keep_permit_list(&self, list: &PermitListKept) -> Result<(), StoreError> {
        let store = self.0;
        let seal = seal::seal_of(list, &store.accounts).map_err(|error| store.error(error))?;
        store.exec(
            "INSERT INTO permit_list VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
             ON CONFLICT (name) DO UPDATE SET sense = ?2, basis = ?3, sha256 = ?4, file_sha256 = ?5, \
             stamp = ?6, rows = ?7, written_at = ?8, same_until_at = ?9, seal = ?10",
            (list, seal),
        )
    }
}
