//! Our own book of money: payments and refunds that took effect.

use chrono::{DateTime, Utc};

use super::rows::{ToColumns, row};
use super::{Books, Store, StoreError, StoreProblem, seal};
use crate::model::{Currency, LedgerEntry};

row!(LedgerEntry { cashier, kind, id, payment, transaction, amount, fee, at, batch, zone, method });

/// An entry and its currency.
pub(super) type EntryRead = (LedgerEntry, String);

pub(super) fn ledger_entry(
    store: &Store,
    (read, sealed): (EntryRead, i64),
) -> Result<LedgerEntry, StoreProblem> {
    seal::check(Some(sealed), seal::seal_of(&read, &store.accounts), "an entry of the ledger")?;
    Ok(read.0)
}

impl Books<'_> {
    /// Enters money that moved; an entry of its kind and id is replaced.
    pub fn enter(&self, entry: &LedgerEntry, currency: &Currency) -> Result<(), StoreError> {
        let store = self.0;
        let currency = currency.to_string();
        let seal = seal::seal_of(&(entry, currency.as_str()), &store.accounts);
        let seal = seal.map_err(|problem| store.error(problem))?;
        let sql = "INSERT OR REPLACE INTO ledger VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
        store.exec(sql, (entry, currency, seal))
    }

    /// The entries from an instant until another, half-open.
    pub fn entries_between(
        &self,
        cashier: &str,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<LedgerEntry>, StoreError> {
        let sql = "SELECT * FROM ledger WHERE source = ?1 AND at >= ?2 AND at < ?3";
        self.entries(sql, (cashier, from, until))
    }

    /// The entries of a payment: itself, and what was given back of it.
    pub fn entries_of(&self, cashier: &str, payment: &str) -> Result<Vec<LedgerEntry>, StoreError> {
        let sql = "SELECT * FROM ledger WHERE source = ?1 AND payment = ?2";
        self.entries(sql, (cashier, payment))
    }

    fn entries(&self, sql: &str, params: impl ToColumns) -> Result<Vec<LedgerEntry>, StoreError> {
        let mut entries = Vec::new();
        self.0.prepare(sql)?.each(params, |read: (EntryRead, i64)| {
            entries.push(ledger_entry(self.0, read)?);
            Ok(())
        })?;
        Ok(entries)
    }
}
