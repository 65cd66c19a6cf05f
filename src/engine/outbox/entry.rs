//! What a document that took effect is in the ledger. Pure.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::model::{Amount, DocumentKind, LedgerEntry, LedgerKind, MinorUnits, parse_instant};
use crate::ports::Subject;
use crate::store::DocumentKept;

/// The money that a document about this moved; nothing where it moved none. `now` is when it is known, where the
/// other side does not say when that was.
#[must_use]
pub fn entry_of(kept: &DocumentKept, subject: &Subject, now: DateTime<Utc>) -> Option<LedgerEntry> {
    let (kind, payment) = match kept.kind {
        DocumentKind::Payment => (LedgerKind::Payment, &kept.id),
        DocumentKind::Refund => (LedgerKind::Refund, kept.payment.as_ref()?),
        DocumentKind::Citation
        | DocumentKind::Tariff
        | DocumentKind::Report
        | DocumentKind::Referral
        | DocumentKind::Withdrawal => return None,
    };
    let money = kept.money.as_ref().filter(|_| kept.is_done == Some(true))?;
    let answer: Option<Value> =
        kept.answer.as_deref().and_then(|answer| serde_json::from_str(answer).ok());
    let text = |key: &str| {
        let text = answer.as_ref()?.get(key)?.as_str()?;
        (!text.is_empty()).then(|| text.to_owned())
    };
    let fee = text("fee").and_then(|fee| match fee.as_str() {
        "0.00" => Some(Amount::ZERO),
        fee => MinorUnits::from_decimal(fee).map(Amount::from),
    });
    let (zone, method) = match subject {
        Subject::Sale { zone, method } => (zone.clone(), method.clone()),
        _ => (None, None),
    };
    Some(LedgerEntry {
        cashier: kept.to.to_string(),
        id: kept.id.to_string(),
        kind,
        payment: payment.to_string(),
        transaction: text("transaction"),
        amount: money.amount,
        fee,
        at: text("at").and_then(|at| parse_instant(&at)).unwrap_or(now),
        batch: text("batch"),
        zone,
        method,
    })
}
