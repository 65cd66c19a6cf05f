//! What three books say of money: those who pay out (settlement), the bank (deposits) and we (the ledger). Pure.

use chrono::{DateTime, NaiveDate, Utc};

use super::money::{Amount, MinorUnits};
use crate::text::words::words;

words! {
    /// What a row of a settlement is about, in the word of the file.
    pub enum SettlementKind {
        /// Somebody paid: above zero.
        Payment = "PAYMENT",
        /// Some of it went back: below zero.
        Refund = "REFUND",
        /// The payer's bank took it back: below zero.
        Chargeback = "CHARGEBACK",
        /// Whoever settles took something: below zero, or zero where its fee says so.
        Fee = "FEE",
        /// Whoever settles mended something: either way.
        Adjustment = "ADJUSTMENT",
    }
}

impl SettlementKind {
    /// Whether an amount has the sign that rows of this kind have.
    #[must_use]
    pub fn fits(self, amount: Amount) -> bool {
        match self {
            Self::Payment => amount > Amount::ZERO,
            Self::Refund | Self::Chargeback => amount < Amount::ZERO,
            Self::Fee => amount <= Amount::ZERO,
            Self::Adjustment => true,
        }
    }

    /// Whether a row of this kind is about a payment, and is nothing without its id.
    #[must_use]
    pub fn is_of_a_payment(self) -> bool {
        matches!(self, Self::Payment | Self::Refund | Self::Chargeback)
    }
}

/// One row of a settlement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettlementRow<T = String> {
    /// The day it is settled with.
    pub day: NaiveDate,
    /// What is deposited together; empty where the file does not say.
    pub batch: T,
    /// What the other side calls the movement; never empty.
    pub transaction: T,
    /// The payment that it belongs to; empty where the file does not say.
    pub payment: T,
    pub kind: SettlementKind,
    /// Below zero: it went back.
    pub amount: Amount,
    /// What the other side keeps.
    pub fee: Amount,
    /// Always the amount less the fee.
    pub net: Amount,
    /// When it happened.
    pub at: DateTime<Utc>,
}

impl SettlementRow {
    /// The same without texts of its own.
    #[must_use]
    pub fn borrowed(&self) -> SettlementRow<&str> {
        let Self { day, kind, amount, fee, net, at, .. } = *self;
        let (batch, transaction, payment) = (&self.batch, &self.transaction, &self.payment);
        SettlementRow { day, batch, transaction, payment, kind, amount, fee, net, at }
    }
}

/// One deposit of the bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deposit<T = String> {
    /// The bank's day.
    pub day: NaiveDate,
    /// What it is for; empty where the bank does not say.
    pub batch: T,
    /// Below zero: it was taken.
    pub amount: Amount,
}

words! {
    /// Which way money of the ledger went.
    pub enum LedgerKind {
        Payment = "payment",
        Refund = "refund",
    }
}

/// Money that moved by our own knowledge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The section of whoever moved it: `cashier`.
    pub cashier: String,
    /// The document's id, unique among those of its kind.
    pub id: String,
    pub kind: LedgerKind,
    /// The payment that it is, or that it gives back a part of.
    pub payment: String,
    /// What the other side called the movement, where it said so.
    pub transaction: Option<String>,
    /// As the document names it: above zero for a refund too.
    pub amount: MinorUnits,
    /// What the other side keeps, where it said so.
    pub fee: Option<Amount>,
    /// When it moved.
    pub at: DateTime<Utc>,
    /// What it is deposited with, where it is known.
    pub batch: Option<String>,
    /// Where it was paid for, where it is known: `A1`.
    pub zone: Option<String>,
    /// How, where it is known: `CREDIT_CARD`.
    pub method: Option<String>,
}

impl LedgerEntry {
    /// The amount as books have it: below zero for a refund.
    #[must_use]
    pub fn signed(&self) -> Amount {
        let amount = Amount::from(self.amount);
        match self.kind {
            LedgerKind::Payment => amount,
            LedgerKind::Refund => -amount,
        }
    }
}

words! {
    /// What is odd about a row that was not added.
    pub enum RowOddity {
        /// It stands in its file a second time.
        Repeated = "repeated",
        /// A row with its transaction says something else.
        Changed = "changed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_follows_the_kind() {
        use SettlementKind::*;
        for (kind, below, zero, above) in [
            (Payment, false, false, true),
            (Refund, true, false, false),
            (Chargeback, true, false, false),
            (Fee, true, true, false),
            (Adjustment, true, true, true),
        ] {
            let fits = [-1, 0, 1].map(|minor| kind.fits(Amount::minor(minor)));
            assert_eq!(fits, [below, zero, above], "{kind}");
        }
    }

    #[test]
    fn a_refund_is_below_zero() {
        let entry = LedgerEntry {
            cashier: "cashier".into(),
            id: "refund_1".into(),
            kind: LedgerKind::Refund,
            payment: "p1".into(),
            transaction: None,
            amount: MinorUnits::from_digits("119").unwrap(),
            fee: None,
            at: DateTime::UNIX_EPOCH,
            batch: None,
            zone: None,
            method: None,
        };
        assert_eq!(entry.signed(), Amount::minor(-119));
        assert_eq!(LedgerEntry { kind: LedgerKind::Payment, ..entry }.signed(), Amount::minor(119));
    }
}
