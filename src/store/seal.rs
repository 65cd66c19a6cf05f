//! Checksums over stored rows. Pure.
//!
//! SQLite notices a damaged page by its structure, not a flipped bit within a value. A date or a person id
//! that changed on the disk would be written to doors as if the source had said so; so what decides who may
//! enter carries a seal over its columns, and a row that does not fit its seal is damage. Seals guard against
//! accidents, not against people: who can write the file can write a seal.

use super::StoreProblem;
use super::rows::{Sink, ToColumns, ValueRef};
use crate::model::Accounts;
use crate::text::fnv;

struct Seal<'a> {
    digest: u64,
    accounts: &'a Accounts,
}

impl Seal<'_> {
    fn add(&mut self, bytes: &[u8]) {
        self.digest = fnv::go_on(self.digest, bytes.iter().copied());
    }
}

impl<'a> Sink<'a> for Seal<'a> {
    fn accounts(&self) -> &'a Accounts {
        self.accounts
    }

    /// A text comes with its length, so that two texts cannot share their border.
    fn put(&mut self, value: ValueRef<'_>) -> Result<(), StoreProblem> {
        match value {
            ValueRef::Null => self.add(&[0]),
            ValueRef::Integer(number) => self.add(&number.to_le_bytes()),
            ValueRef::Real(number) => self.add(&number.to_le_bytes()),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                self.add(&(bytes.len() as u64).to_le_bytes());
                self.add(bytes);
            }
        }
        Ok(())
    }
}

/// The seal of a row.
pub(super) fn seal_of(row: &impl ToColumns, accounts: &Accounts) -> Result<i64, StoreProblem> {
    let mut seal = Seal { digest: fnv::EMPTY, accounts };
    row.write(&mut seal)?;
    Ok(seal.digest.cast_signed())
}

/// The seal of rows that have these seals, in whatever order they come.
pub(super) fn of_all(seals: impl Iterator<Item = i64>) -> i64 {
    seals.fold(0, i64::wrapping_add)
}

/// Compares a stored seal, if there is one, with what it must be.
pub(super) fn check(
    stored: Option<i64>,
    wanted: Result<i64, StoreProblem>,
    what: &str,
) -> Result<(), StoreProblem> {
    let wanted = wanted?;
    match stored {
        Some(seal) if seal != wanted => {
            Err(StoreProblem::Damaged(format!("{what} does not fit its checksum")))
        }
        _ => Ok(()),
    }
}
