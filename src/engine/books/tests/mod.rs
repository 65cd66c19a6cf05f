//! Books: files, the comparison of a day, and what a slow reader of the same says.

mod days;
mod files;
mod laws;
mod spools;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::{Calendar, Comparison, DayBooks, Known};
use crate::config::{AmountUnit, FileFormat};
use crate::model::testing::zone;
use crate::model::{Amount, LedgerEntry, LedgerKind, MinorUnits, SettlementKind, SettlementRow};
use crate::store::SettledRow;

const HEADER: &str = "settlementDate,batchId,merchantReference,tellerTransactionId,paymentId,type,amount,fee,net,currency,capturedAt";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn calendar() -> Calendar {
    let time = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
    Calendar { zone: zone("America/New_York"), cutoff: time(18), due_by: time(12) }
}

fn format() -> FileFormat {
    FileFormat {
        amounts: AmountUnit::Minor,
        decimal: b'.',
        separator: b',',
        dates: "%Y-%m-%d".into(),
        has_trailer: true,
    }
}

/// A payment, or a refund of a payment; its own name for a payment.
fn entry(kind: LedgerKind, id: &str, payment: &str, minor: u32, moment: &str) -> LedgerEntry {
    LedgerEntry {
        cashier: "cashier".into(),
        id: id.into(),
        kind,
        payment: payment.into(),
        transaction: None,
        amount: MinorUnits::from_digits(&minor.to_string()).unwrap(),
        fee: None,
        at: at(moment),
        batch: None,
        zone: None,
        method: None,
    }
}

fn paid(id: &str, minor: u32, moment: &str) -> LedgerEntry {
    entry(LedgerKind::Payment, id, id, minor, moment)
}

fn row(kind: SettlementKind, txn: &str, payment: &str, minor: i64, moment: &str) -> SettledRow {
    let row = SettlementRow {
        day: calendar().settled_with(at(moment)),
        batch: "B1".into(),
        transaction: txn.into(),
        payment: payment.into(),
        kind,
        amount: Amount::minor(minor),
        fee: Amount::ZERO,
        net: Amount::minor(minor),
        at: at(moment),
    };
    SettledRow { file: 1, row }
}

/// A day with everything that is known of it.
#[derive(Debug, Clone, Default)]
struct Told {
    entries: Vec<LedgerEntry>,
    rows: Vec<SettledRow>,
    known: Known,
}

fn compare(day: NaiveDate, now: &str, told: Told) -> DayBooks {
    let mut comparison = Comparison::new(day, calendar(), at(now));
    let Told { mut entries, rows, known } = told;
    let (keyless, mut rows): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|one| one.row.payment.is_empty());
    let named = rows.iter().map(|one| one.row.payment.clone());
    let mut payments: Vec<_> = named.chain(entries.iter().map(|one| one.payment.clone())).collect();
    payments.sort();
    payments.dedup();
    for payment in payments {
        let known = entries.extract_if(.., |one| one.payment == payment).collect();
        let settled = rows.extract_if(.., |one| one.row.payment == payment).collect();
        comparison.take(known, settled);
    }
    keyless.into_iter().for_each(|row| comparison.take(Vec::new(), vec![row]));
    comparison.finish(known)
}
