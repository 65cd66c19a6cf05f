//! What a document that took effect is in the ledger. Pure, but for a warning in the log.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::model::{Amount, DocumentKind, LedgerEntry, LedgerKind, MinorUnits, parse_instant};
use crate::ports::Subject;
use crate::store::DocumentKept;
use crate::text::times::instant;

/// The other side's clock may be so far from ours.
const APART_MAX: TimeDelta = TimeDelta::minutes(15);

/// When a document took effect that was sent at `sent_at` and is known of `now`: as the other side tells it, where
/// that can be. What it tells decides about a day of our book.
pub fn took_effect_at(
    told: Option<DateTime<Utc>>,
    sent_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, DateTime<Utc>> {
    let sent_at = sent_at.unwrap_or(now).min(now);
    let can_be = |told: &DateTime<Utc>| *told >= sent_at - APART_MAX && *told <= now + APART_MAX;
    match told {
        Some(told) if !can_be(&told) => Err(sent_at),
        Some(told) => Ok(told),
        None => Ok(now),
    }
}

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
    let told = text("at").and_then(|at| parse_instant(&at));
    let at = took_effect_at(told, kept.sent_at, now).unwrap_or_else(|sent_at| {
        log::warn!(
            "{} says of document {} that it took effect at a time that cannot be; it is entered at {}",
            kept.to,
            kept.id,
            instant(sent_at)
        );
        sent_at
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
        at,
        batch: text("batch"),
        zone,
        method,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_other_side_tells_of_the_time_is_held_against_ours() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (sent, now) = (at("2024-01-01T12:00:00Z"), at("2024-01-01T18:00:00Z"));
        for (told, want) in [
            ("2024-01-01T12:00:01Z", Ok("2024-01-01T12:00:01Z")),
            ("2024-01-01T11:45:00Z", Ok("2024-01-01T11:45:00Z")),
            ("2024-01-01T18:15:00Z", Ok("2024-01-01T18:15:00Z")),
            ("2024-01-01T11:44:59Z", Err("2024-01-01T12:00:00Z")),
            ("2024-01-01T18:15:01Z", Err("2024-01-01T12:00:00Z")),
            ("2124-01-01T12:00:00Z", Err("2024-01-01T12:00:00Z")),
            ("1970-01-01T00:00:00Z", Err("2024-01-01T12:00:00Z")),
        ] {
            let found = took_effect_at(Some(at(told)), Some(sent), now);
            assert_eq!(found, want.map(at).map_err(at), "{told}");
        }
        assert_eq!(took_effect_at(None, Some(sent), now), Ok(now));
        // Our clock was set back: nothing later than now.
        assert_eq!(took_effect_at(Some(now), Some(now + APART_MAX * 9), now), Ok(now));
    }
}
