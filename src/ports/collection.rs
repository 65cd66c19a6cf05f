//! What an agency that collects is handed, and what is taken back from it.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};

use super::ListedPlate;
use crate::model::{DocumentId, MinorUnits};
use crate::text::words::words;

/// A citation that nobody has paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referral {
    /// Its number, which the agency knows it by for ever.
    pub reference: DocumentId,
    /// With the issuer, without whom nobody is found.
    pub plate: ListedPlate,
    /// `PKG-001`
    pub code: String,
    pub issued_at: DateTime<Utc>,
    pub zone: String,
    pub due: MinorUnits,
}

words! {
    /// Why a citation is taken back.
    pub enum WithdrawnAs {
        Paid = "Paid",
        /// It was taken back, or was never right.
        Void = "Void",
        /// Somebody says that it is wrong, and nobody has decided.
        Hold = "Hold",
    }
}

/// A citation that nobody is to be asked for any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    pub reference: DocumentId,
    pub now: WithdrawnAs,
    /// What was paid of it, with the days.
    pub payments: Vec<(NaiveDate, MinorUnits)>,
}

/// A row of a batch, without the car.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    pub reference: DocumentId,
    pub what: Handed,
}

/// What a row of a batch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handed {
    /// It hands a citation over, of which so much is due.
    Over(MinorUnits),
    /// It takes one back.
    Back(WithdrawnAs),
}

/// How citations go to an agency. Each text is a document of its own, which is then read as every other one.
pub trait Collection {
    /// A citation must be so old.
    fn refer_after(&self) -> Duration;

    /// Whether a row can be told there as it is.
    fn takes(&self, row: &Referral) -> bool;

    /// The documents that hand these over, none where there are none.
    fn referrals(&self, rows: &[Referral]) -> Vec<Vec<u8>>;

    /// The documents that take these back; they go first.
    fn withdrawals(&self, rows: &[Withdrawal]) -> Vec<Vec<u8>>;
}
