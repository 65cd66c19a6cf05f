//! The books of a day: as text and as JSON. Pure.
//!
//! Payments are told by their ids. Amounts are text: no reader takes them for floating point.

mod text;

use std::str::FromStr;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use super::Head;
use crate::command::CommandName;
use crate::engine::books::{
    BatchSeen, CashierBooks, DayBooks, FileOfDay, FileTaken, Keyless, Pair, Side, troubles_of,
};
use crate::exit::Exit;
use crate::model::{Amount, LedgerEntry, SettlementRow, SourceName};
use crate::text::times::whole_seconds;
use crate::trouble::Trouble;

/// The day that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayAsked {
    Date(NaiveDate),
    Yesterday,
}

impl DayAsked {
    /// The day that is meant, where that is today.
    #[must_use]
    pub fn day(self, today: NaiveDate) -> NaiveDate {
        match self {
            Self::Date(day) => day,
            Self::Yesterday => today.pred_opt().unwrap_or(today),
        }
    }
}

impl FromStr for DayAsked {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "yesterday" => Ok(Self::Yesterday),
            // `26-1-1` would be of the year 26.
            _ => NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .ok()
                .filter(|day| day.to_string() == text)
                .map(Self::Date)
                .ok_or("write a date, as in 2026-11-01, or yesterday"),
        }
    }
}

/// What was found.
#[derive(Debug)]
pub struct BooksReport {
    pub day: NaiveDate,
    /// The files that were taken just now.
    pub taken: Vec<FileTaken>,
    pub cashiers: Vec<CashierBooks>,
    /// Bank, batch and amount of deposits of the day that belong to nothing.
    pub unsettled: Vec<(SourceName, String, Amount)>,
    /// Of files, and of the books.
    pub troubles: Vec<Trouble>,
}

#[derive(Debug, Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    head: Head,
    day: NaiveDate,
    books: BooksTold<'a>,
    problems: &'a [Trouble],
    exit_code: u8,
}

#[derive(Debug, Serialize)]
struct BooksTold<'a> {
    taken: Vec<TakenTold<'a>>,
    cashiers: Vec<CashierTold<'a>>,
    unsettled_deposits: Vec<UnsettledTold<'a>>,
}

#[derive(Debug, Serialize)]
struct TakenTold<'a> {
    section: &'a str,
    name: &'a str,
    rows: u64,
    added: u64,
    repeated: u64,
    changed: u64,
    moved_days: &'a [NaiveDate],
}

#[derive(Debug, Serialize)]
struct CashierTold<'a> {
    name: &'a str,
    currency: &'a str,
    ledger: SideTold,
    settled: SideTold,
    bank: Option<Amount>,
    files: Vec<FileTold<'a>>,
    matched: MatchedTold,
    only_ledger: Vec<EntryTold<'a>>,
    only_settled: Vec<RowTold<'a>>,
    amount_differs: Vec<PairTold<'a>>,
    fee_differs: Vec<PairTold<'a>>,
    duplicate: Vec<RowTold<'a>>,
    changed: Vec<RowTold<'a>>,
    not_yet_due: Vec<EntryTold<'a>>,
    chargebacks: Vec<RowTold<'a>>,
    keyless: Vec<KeylessTold<'a>>,
    other: Vec<RowTold<'a>>,
    deposits: Option<Vec<DepositTold<'a>>>,
}

#[derive(Debug, Serialize)]
struct SideTold {
    count: u64,
    amount: Amount,
    fee: Amount,
    net: Amount,
}

#[derive(Debug, Serialize)]
struct MatchedTold {
    count: u64,
    amount: Amount,
    on_other_days: u64,
}

#[derive(Debug, Serialize)]
struct FileTold<'a> {
    name: &'a str,
    #[serde(serialize_with = "whole_seconds")]
    taken_at: DateTime<Utc>,
    #[serde(flatten)]
    brought: SideTold,
    later: bool,
}

#[derive(Debug, Serialize)]
struct EntryTold<'a> {
    kind: &'a str,
    id: &'a str,
    payment: &'a str,
    amount: Amount,
    fee: Option<Amount>,
    #[serde(serialize_with = "whole_seconds")]
    at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
struct RowTold<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    transaction: &'a str,
    payment: Option<&'a str>,
    batch: Option<&'a str>,
    amount: Amount,
    fee: Amount,
    net: Amount,
    #[serde(serialize_with = "whole_seconds")]
    at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
struct KeylessTold<'a> {
    #[serde(flatten)]
    row: RowTold<'a>,
    suggested: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct PairTold<'a> {
    ledger: EntryTold<'a>,
    settled: RowTold<'a>,
}

#[derive(Debug, Serialize)]
struct DepositTold<'a> {
    batch: Option<&'a str>,
    state: &'a str,
    settled: Amount,
    deposited: Amount,
    day: Option<NaiveDate>,
}

#[derive(Debug, Serialize)]
struct UnsettledTold<'a> {
    bank: &'a str,
    batch: Option<&'a str>,
    amount: Amount,
}

impl BooksReport {
    /// The alarms of all books, as troubles of their sections.
    #[must_use]
    pub fn alarms(cashiers: &[CashierBooks]) -> Vec<Trouble> {
        let each = cashiers.iter().flat_map(|one| troubles_of(&one.name, &one.books));
        each.collect()
    }

    /// 4 where books do not agree or somebody must look, 65 where a file was refused, 5 where one is late.
    #[must_use]
    pub fn exit(&self) -> Exit {
        Exit::of_all(self.troubles.iter().map(Trouble::exit))
    }

    /// The JSON document.
    #[must_use]
    pub fn document(&self) -> impl Serialize + '_ {
        let unsettled = self.unsettled.iter().map(|(bank, batch, amount)| UnsettledTold {
            bank: bank.as_str(),
            batch: some(batch),
            amount: *amount,
        });
        Document {
            head: Head::of(CommandName::Diff),
            day: self.day,
            books: BooksTold {
                taken: self.taken.iter().map(taken).collect(),
                cashiers: self.cashiers.iter().map(cashier).collect(),
                unsettled_deposits: unsettled.collect(),
            },
            problems: &self.troubles,
            exit_code: self.exit().code(),
        }
    }
}

/// What may be empty in a file.
fn some(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn taken(file: &FileTaken) -> TakenTold<'_> {
    TakenTold {
        section: file.section.as_str(),
        name: &file.name,
        rows: file.rows,
        added: file.added,
        repeated: file.repeated,
        changed: file.changed,
        moved_days: &file.moved,
    }
}

fn cashier(one: &CashierBooks) -> CashierTold<'_> {
    let CashierBooks { name, currency, books, .. } = one;
    let DayBooks { matched, .. } = books;
    CashierTold {
        name: name.as_str(),
        currency: currency.as_str(),
        ledger: side(books.ledger),
        settled: side(books.settled),
        bank: books.deposits.as_ref().map(|_| books.bank),
        files: books.files.iter().map(file).collect(),
        matched: MatchedTold {
            count: matched.count,
            amount: matched.amount,
            on_other_days: matched.on_other_days,
        },
        only_ledger: books.only_ledger.iter().map(entry).collect(),
        only_settled: rows(&books.only_settled),
        amount_differs: books.amount_differs.iter().map(pair).collect(),
        fee_differs: books.fee_differs.iter().map(pair).collect(),
        duplicate: rows(&books.duplicate),
        changed: rows(&books.changed),
        not_yet_due: books.not_yet_due.iter().map(entry).collect(),
        chargebacks: rows(&books.chargebacks),
        keyless: books.keyless.iter().map(keyless).collect(),
        other: rows(&books.other),
        deposits: books.deposits.as_ref().map(|all| all.iter().map(deposit).collect()),
    }
}

fn side(side: Side) -> SideTold {
    let Side { count, amount, fee, net } = side;
    SideTold { count, amount, fee, net }
}

fn file(file: &FileOfDay) -> FileTold<'_> {
    let FileOfDay { name, taken_at, brought, is_later } = file;
    FileTold { name, taken_at: *taken_at, brought: side(*brought), later: *is_later }
}

fn entry(entry: &LedgerEntry) -> EntryTold<'_> {
    EntryTold {
        kind: entry.kind.as_str(),
        id: &entry.id,
        payment: &entry.payment,
        amount: entry.signed(),
        fee: entry.fee,
        at: entry.at,
    }
}

fn rows(rows: &[SettlementRow]) -> Vec<RowTold<'_>> {
    rows.iter().map(row).collect()
}

fn row(row: &SettlementRow) -> RowTold<'_> {
    RowTold {
        kind: row.kind.as_str(),
        transaction: &row.transaction,
        payment: some(&row.payment),
        batch: some(&row.batch),
        amount: row.amount,
        fee: row.fee,
        net: row.net,
        at: row.at,
    }
}

fn keyless(one: &Keyless) -> KeylessTold<'_> {
    KeylessTold { row: row(&one.row), suggested: one.suggested.as_deref() }
}

fn pair(pair: &Pair) -> PairTold<'_> {
    PairTold { ledger: entry(&pair.entry), settled: row(&pair.row.row) }
}

fn deposit(seen: &BatchSeen) -> DepositTold<'_> {
    let BatchSeen { batch, state, settled, deposited, day } = seen;
    let (settled, deposited) = (*settled, *deposited);
    DepositTold { batch: some(batch), state: state.as_str(), settled, deposited, day: *day }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_all_its_digits() {
        assert!("2026-11-01".parse::<DayAsked>().is_ok());
        assert!("yesterday".parse::<DayAsked>().is_ok());
        for text in ["26-1-1", "2026-1-1", "2026-13-01", "02026-1-01", "today", ""] {
            assert!(text.parse::<DayAsked>().is_err(), "{text}");
        }
    }
}
