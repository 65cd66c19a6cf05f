//! Our own book of money: payments and refunds that took effect.

use chrono::{DateTime, Utc};

use super::rows::{ToColumns, row};
use super::{Books, Store, StoreError, StoreProblem, seal};
use crate::model::{Amount, Currency, LedgerEntry, LedgerKind, MinorUnits};

/// The columns of an entry, without its section.
pub(super) struct EntryRow {
    kind: LedgerKind,
    id: String,
    payment: String,
    transaction: Option<String>,
    amount: MinorUnits,
    fee: Option<Amount>,
    currency: String,
    at: DateTime<Utc>,
    batch: Option<String>,
    zone: Option<String>,
    method: Option<String>,
}

row!(EntryRow { kind, id, payment, transaction, amount, fee, currency, at, batch, zone, method });

impl EntryRow {
    fn entry(self, cashier: String) -> LedgerEntry {
        let Self { kind, id, payment, transaction, amount, fee, at, batch, zone, method, .. } =
            self;
        LedgerEntry {
            cashier,
            id,
            kind,
            payment,
            transaction,
            amount,
            fee,
            at,
            batch,
            zone,
            method,
        }
    }
}

pub(super) type EntryRead = (String, EntryRow);

pub(super) fn ledger_entry(
    store: &Store,
    (read, sealed): (EntryRead, i64),
) -> Result<LedgerEntry, StoreProblem> {
    seal::check(Some(sealed), seal::seal_of(&read, &store.accounts), "an entry of the ledger")?;
    let (cashier, row) = read;
    Ok(row.entry(cashier))
}

impl Books<'_> {
    /// Enters money that moved; an entry of its kind and id is replaced.
    pub fn enter(&self, entry: &LedgerEntry, currency: &Currency) -> Result<(), StoreError> {
        let store = self.0;
        let LedgerEntry {
            cashier,
            id,
            kind,
            payment,
            transaction,
            amount,
            fee,
            at,
            batch,
            zone,
            method,
        } = entry.clone();
        let currency = currency.to_string();
        let row = EntryRow {
            kind,
            id,
            payment,
            transaction,
            amount,
            fee,
            currency,
            at,
            batch,
            zone,
            method,
        };
        let seal = seal::seal_of(&(cashier.as_str(), &row), &store.accounts);
        let seal = seal.map_err(|problem| store.error(problem))?;
        let sql = "INSERT OR REPLACE INTO ledger VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
        store.exec(sql, (cashier.as_str(), row, seal))
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
