//! What the bank says: one deposit for each batch, some a day later than others.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, TimeDelta};

use super::Server;
use super::ledger::Card;
use super::settlement::{Unit, batch, spool};

/// One deposit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deposit {
    /// `depositDate`
    pub day: NaiveDate,
    /// `batchId`
    pub batch: String,
    /// `amount`, in minor units: all that a batch nets.
    pub amount: i64,
    /// `currency`
    pub currency: String,
}

/// The bank's file before it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Deposits {
    /// Its rows, by day and batch. A test may change them: one that is late, that differs, that is missing.
    pub rows: Vec<Deposit>,
}

impl Deposits {
    /// The file's text.
    pub fn text(&self, unit: Unit) -> String {
        let line = |one: &Deposit| {
            let amount = unit.write(one.amount);
            format!("{},{},{amount},{}\n", one.day, one.batch, one.currency)
        };
        let rows: String = self.rows.iter().map(line).collect();
        format!("depositDate,batchId,amount,currency\n{rows}")
    }

    /// Puts the file into a folder, under another name first.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn spool(&self, folder: &Path, name: &str, unit: Unit) -> io::Result<PathBuf> {
        spool(folder, name, self.text(unit).as_bytes())
    }
}

impl Server {
    /// What the bank was given for batches of these days, the last one included. It comes a day after the
    /// settlement, of [`Card::Amex`] two.
    pub fn deposits(&self, first: NaiveDate, last: NaiveDate) -> Deposits {
        self.with(|state| {
            let mut sums: BTreeMap<(NaiveDate, Card), i64> = BTreeMap::new();
            for one in state.memory.movements.iter().filter(|one| !one.is_pending) {
                let day = state.settlement_day(one.at);
                if (first..=last).contains(&day) {
                    *sums.entry((day, one.card)).or_default() += one.amount - one.fee;
                }
            }
            let row = |((day, card), amount)| {
                let later = if card == Card::Amex { 2 } else { 1 };
                let (batch, currency) = (batch(day, card), state.switches.currency.clone());
                Deposit { day: day + TimeDelta::days(later), batch, amount, currency }
            };
            let mut rows: Vec<Deposit> = sums.into_iter().map(row).collect();
            rows.sort_by(|one, other| (one.day, &one.batch).cmp(&(other.day, &other.batch)));
            Deposits { rows }
        })
    }
}
