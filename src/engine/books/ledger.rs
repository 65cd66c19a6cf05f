//! What we know of money ourselves.

use crate::model::LedgerEntry;
use crate::store::{LedgerSpan, Store, StoreError};

/// The entries of a span of time, and those of all payments that are settled with its day.
///
/// # Errors
/// [`StoreError`].
pub fn ledger(store: &Store, span: LedgerSpan<'_>) -> Result<Vec<LedgerEntry>, StoreError> {
    store.books().ledger(span)
}
