//! Writes the report of a day from its movements. Pure.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Number, Value, json};

use super::config::AccountCodes;
use super::wire::{KINDS, id};
use crate::model::{Amount, Zone};
use crate::ports::{DayBooks, Movement};

/// The report, as it is sent; `None` where there is no such day. Nothing of it is checked: that is done where it is
/// read as a document.
pub(super) fn report(books: &DayBooks, codes: &AccountCodes, zone: Zone) -> Option<Vec<u8>> {
    let period = zone.day(books.day)?;
    let mut movements: Vec<&Movement> = books.movements.iter().collect();
    movements.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
    let rows = movements.iter().map(|one| row(one, codes)).collect::<Option<Vec<_>>>()?;
    let revenue: Amount = movements.iter().map(|one| one.amount).sum();
    let mut report = json!({
        "reportPeriod": {
            "from": written(period.start),
            "to": written(period.end - TimeDelta::milliseconds(1)),
        },
        "transactions": rows,
        "summary": {
            "totalRevenue": number(revenue)?,
            "totalTransactions": movements.len(),
            "processingFees": number(books.fees)?,
            "netRevenue": number(revenue - books.fees)?,
        },
    });
    if let (2.., Some(report)) = (books.revision, report.as_object_mut()) {
        report.insert("revision".to_owned(), books.revision.into());
        if let Some(corrects) = books.corrects {
            report.insert("corrects".to_owned(), id(books.day, corrects).into());
        }
    }
    Some(report.to_string().into_bytes())
}

fn row(movement: &Movement, codes: &AccountCodes) -> Option<Value> {
    let is_refund = movement.amount < Amount::ZERO;
    let [payment, refund] = KINDS;
    let (kind, code) =
        if is_refund { (refund, &codes.refunds) } else { (payment, &codes.payments) };
    let amount = if is_refund { -movement.amount } else { movement.amount };
    Some(json!({
        "transactionId": movement.id,
        "timestamp": written(movement.at),
        "amount": number(amount)?,
        "type": kind,
        "zone": movement.zone,
        "paymentMethod": movement.method,
        "accountingCode": code,
    }))
}

/// The number stays the digits that it is.
fn number(amount: Amount) -> Option<Number> {
    amount.to_string().parse().ok()
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
