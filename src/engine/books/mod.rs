//! Books that must agree: what we know of money, what whoever settles says, and what the bank was given.
//!
//! Files arrive in folders ([`take_spools`]), are read row by row (`file`), and count once. A day is compared by a
//! [`Comparison`], which is pure: what is equal is so by the ids of payments alone, and nothing is guessed.

mod calendar;
mod compare;
mod file;
mod number;
mod pair;
mod report;
mod spools;
mod take;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::config::{Books, SettlementConfig};
use crate::model::{Amount, Currency, SourceName, Zone};
use crate::store::{LedgerSpan, Store, StoreError};
use crate::trouble::{About, Trouble, TroubleKind};

pub use calendar::Calendar;
pub use compare::{
    BatchKnown, BatchSeen, Comparison, DayBooks, DepositState, FileOfDay, Keyless, Known, Matched,
    Side,
};
pub use file::{FileRefusal, ReadError, Totals, deposits, settlements};
pub use pair::Pair;
pub use report::report_of;
pub use spools::{FilesSeen, SpoolSeen, see_spools};
pub use take::{FileTaken, Taken, take_spools};

/// So many days back, a day tells what is usual.
const USUAL_DAYS: u64 = 30;

/// The books of one cashier.
#[derive(Debug)]
pub struct CashierBooks {
    pub name: SourceName,
    pub currency: Currency,
    /// The zone of its days.
    pub time_zone: Zone,
    pub books: DayBooks,
}

/// Compares the books of a day, of every cashier whose settlements are read.
///
/// # Errors
/// [`StoreError`].
pub fn look(
    config: &Books,
    store: &Store,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Vec<CashierBooks>, StoreError> {
    let of = |settlement: &SettlementConfig| {
        let books = of_cashier(config, settlement, store, day, now)?;
        let SettlementConfig { name, currency, time_zone, .. } = settlement;
        let (name, currency) = (name.clone(), currency.clone());
        Ok(CashierBooks { name, currency, time_zone: *time_zone, books })
    };
    store.at_once(|| config.settlements.iter().map(of).collect())
}

fn of_cashier(
    config: &Books,
    settlement: &SettlementConfig,
    store: &Store,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<DayBooks, StoreError> {
    let calendar = Calendar::of(settlement);
    let cashier = settlement.name.as_str();
    let (from, until) = calendar.around(day);
    let span = LedgerSpan { cashier, day, from, until };
    let books = store.books();
    let usual_from = day.checked_sub_days(Days::new(USUAL_DAYS)).unwrap_or(day);
    let usual = books.shares(cashier, usual_from, day)?;
    let parts = books.parts_of_day(cashier, day)?;
    let banks: Vec<_> =
        config.banks.iter().filter(|bank| bank.currency == settlement.currency).collect();
    let mut names: Vec<&str> = parts.iter().map(|(part, _)| part.batch.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    // A file without rows says nothing of a batch.
    let are_rows = parts.iter().any(|(part, _)| part.rows > 0);
    let mut batches = Vec::new();
    for batch in names.into_iter().filter(|_| are_rows && !banks.is_empty()) {
        let settled = books.net_of_batch(cashier, batch)?;
        let mut deposits = Vec::new();
        // Money without a name is for no batch in particular.
        for bank in banks.iter().filter(|_| !batch.is_empty()) {
            deposits.extend(books.deposits_for(bank.name.as_str(), batch)?);
        }
        batches.push(BatchKnown { batch: batch.to_owned(), settled, deposits });
    }
    let arrives_within = banks.iter().map(|bank| bank.arrives_within).max();
    let mut comparison = Comparison::new(day, calendar, now);
    books.each_payment(span, |entries, rows| comparison.take(entries, rows))?;
    let known = Known {
        odd: books.odd_rows(cashier, day)?,
        parts,
        usual: usual.into_iter().map(|(_, rows, matched)| (rows, matched)).collect(),
        batches,
        arrives_within,
    };
    Ok(comparison.finish(known))
}

/// What somebody must know of books without having asked, as troubles of their sections: of yesterday, where its file
/// is due and has not come, or where `has_news`, since files were just taken.
///
/// # Errors
/// [`StoreError`].
pub fn alarms(
    config: &Books,
    store: &Store,
    now: DateTime<Utc>,
    has_news: bool,
) -> Result<Vec<Trouble>, StoreError> {
    let mut troubles = Vec::new();
    for settlement in &config.settlements {
        let calendar = Calendar::of(settlement);
        let Some(day) = calendar.civil_day(now).pred_opt() else { continue };
        let is_told = !store.books().parts_of_day(settlement.name.as_str(), day)?.is_empty();
        if has_news || !is_told && calendar.is_due(day, now) {
            let books = of_cashier(config, settlement, store, day, now)?;
            troubles.extend(troubles_of(&settlement.name, &books));
        }
    }
    Ok(troubles)
}

/// The cashiers whose file of yesterday is due and was not taken.
///
/// # Errors
/// [`StoreError`].
pub fn late(
    config: &Books,
    store: &Store,
    now: DateTime<Utc>,
) -> Result<Vec<(SourceName, NaiveDate)>, StoreError> {
    let mut late = Vec::new();
    for settlement in &config.settlements {
        let calendar = Calendar::of(settlement);
        let Some(day) = calendar.civil_day(now).pred_opt() else { continue };
        if calendar.is_due(day, now)
            && store.books().parts_of_day(settlement.name.as_str(), day)?.is_empty()
        {
            late.push((settlement.name.clone(), day));
        }
    }
    Ok(late)
}

/// The alarms of the books of a cashier, as troubles of its section.
pub fn troubles_of<'b>(
    name: &'b SourceName,
    books: &'b DayBooks,
) -> impl Iterator<Item = Trouble> + 'b {
    let about = || About::Source(name.clone());
    books.alarms.iter().cloned().map(move |alarm| Trouble::new(about(), TroubleKind::Books(alarm)))
}

/// What was deposited on a day of the bank for no batch that anybody settled.
///
/// # Errors
/// [`StoreError`].
pub fn unsettled_deposits(
    config: &Books,
    store: &Store,
    day: NaiveDate,
) -> Result<Vec<(SourceName, String, Amount)>, StoreError> {
    let mut found = Vec::new();
    for bank in &config.banks {
        for deposit in store.books().deposits_on(bank.name.as_str(), day)? {
            let mut is_settled = false;
            for settlement in &config.settlements {
                is_settled |= store.books().has_batch(settlement.name.as_str(), &deposit.batch)?;
            }
            if !is_settled {
                found.push((bank.name.clone(), deposit.batch, deposit.amount));
            }
        }
    }
    Ok(found)
}
