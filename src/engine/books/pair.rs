//! Which row of a settlement is which entry of the ledger: of one payment, by ids alone. Pure.

use crate::model::{LedgerEntry, LedgerKind, SettlementKind};
use crate::store::SettledRow;

/// An entry of the ledger, and the row that settles it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    pub entry: LedgerEntry,
    pub row: SettledRow,
}

/// What became of everything that is known of one payment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Paired {
    pub pairs: Vec<Pair>,
    /// Entries that no row settles.
    pub entries: Vec<LedgerEntry>,
    /// Rows that nobody knows of.
    pub rows: Vec<SettledRow>,
    /// Rows that settle once more what is settled already.
    pub duplicates: Vec<SettledRow>,
}

type Rule<'r> = &'r dyn Fn(&LedgerEntry, &SettledRow) -> bool;

/// Pairs the payments of one id, or its refunds: first those of one transaction, then those of one amount in the
/// order they happened, then what is left in that order.
pub(super) fn pair(
    kind: LedgerKind,
    mut entries: Vec<LedgerEntry>,
    mut rows: Vec<SettledRow>,
) -> Paired {
    entries.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    rows.sort_by(|one, other| {
        let key = |row: &SettledRow| (row.row.day, row.row.at);
        key(one).cmp(&key(other)).then_with(|| one.row.transaction.cmp(&other.row.transaction))
    });
    let mut paired = Paired::default();
    let is_same_transaction = |entry: &LedgerEntry, row: &SettledRow| {
        entry.transaction.as_ref() == Some(&row.row.transaction)
    };
    let is_same_amount = |entry: &LedgerEntry, row: &SettledRow| entry.signed() == row.row.amount;
    let rules: [Rule<'_>; 3] = [&is_same_transaction, &is_same_amount, &|_, _| true];
    for rule in rules {
        entries.retain(|entry| match rows.iter().position(|row| rule(entry, row)) {
            Some(at) => {
                let row = rows.remove(at);
                paired.pairs.push(Pair { entry: entry.clone(), row });
                false
            }
            None => true,
        });
    }
    paired.entries = entries;
    for row in rows {
        // A payment happens once, whatever it is said to be; refunds may be many.
        let is_again = match kind {
            LedgerKind::Payment => !paired.pairs.is_empty() || !paired.rows.is_empty(),
            LedgerKind::Refund => {
                paired.pairs.iter().any(|pair| pair.row.row.amount == row.row.amount)
            }
        };
        if is_again { &mut paired.duplicates } else { &mut paired.rows }.push(row);
    }
    paired
}

/// The kind of entry that a row of this kind settles.
pub(super) fn settles(kind: SettlementKind) -> Option<LedgerKind> {
    match kind {
        SettlementKind::Payment => Some(LedgerKind::Payment),
        SettlementKind::Refund => Some(LedgerKind::Refund),
        SettlementKind::Chargeback | SettlementKind::Fee | SettlementKind::Adjustment => None,
    }
}
