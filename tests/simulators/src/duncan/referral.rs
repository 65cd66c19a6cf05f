//! Rows of batches, read as strictly as can be.

use chrono::{DateTime, Utc};

use crate::service::{Fields, Json, Problem, from_text, problem};

/// Most rows of a batch.
const ROWS_MAX: usize = 1000;

/// Where a case may be moved.
const STATUSES: &[&str] = &["Open", "Hold", "Paid", "Void"];

/// A referral as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referral {
    /// `referenceId`
    pub reference: String,
    /// `licensePlate`
    pub plate: String,
    /// `state`
    pub state: String,
    /// `violationCode`
    pub code: String,
    /// `issuedAt`
    pub issued_at: DateTime<Utc>,
    /// `zoneNumber`
    pub zone: String,
    /// `amountDue`, in minor units.
    pub amount: i64,
}

/// A change of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) reference: String,
    pub(super) status: String,
    pub(super) paid: i64,
}

/// The rows of a batch.
pub(super) fn rows(body: &Json) -> Result<&[Json], Problem> {
    match body {
        Json::List(rows) if rows.len() > ROWS_MAX => {
            Err(problem("batch-size", rows.len().to_string()).status(413))
        }
        Json::List(rows) => Ok(rows),
        _ => Err(problem("field-type", "no array")),
    }
}

/// Reads all rows of a batch; no reference stands in it twice.
pub(super) fn read<T>(
    body: &Json,
    one: impl Fn(Fields<'_>) -> Result<(String, T), Problem>,
) -> Result<Vec<T>, Problem> {
    let mut seen: Vec<String> = Vec::new();
    let mut read = Vec::new();
    for (place, row) in rows(body)?.iter().enumerate() {
        let (reference, row) = one(Fields::of(row, format!("/{place}"))?)?;
        if seen.contains(&reference) {
            return Err(problem("reference-twice", reference));
        }
        seen.push(reference);
        read.push(row);
    }
    Ok(read)
}

impl Referral {
    pub(super) fn read(mut row: Fields<'_>, currency: &str) -> Result<(String, Self), Problem> {
        let reference = row.text("referenceId")?.to_owned();
        let plate = row.text("licensePlate")?.to_owned();
        let state = row.text("state")?.to_owned();
        let code = row.text("violationCode")?.to_owned();
        let issued_at = row.instant("issuedAt")?;
        let zone = row.text("zoneNumber")?.to_owned();
        let amount = amount(row.needs("amountDue")?)?;
        row.word("currency", &[currency])?;
        row.end()?;
        let referral =
            Self { reference: reference.clone(), plate, state, code, issued_at, zone, amount };
        Ok((reference, referral))
    }
}

impl Change {
    pub(super) fn read(mut row: Fields<'_>) -> Result<(String, Self), Problem> {
        let reference = row.text("referenceId")?.to_owned();
        let status = row.word("newStatus", STATUSES)?.to_owned();
        let mut paid = 0;
        if let Some(payments) = row.maybe("payments") {
            let Json::List(payments) = payments else {
                return Err(problem("field-type", "payments"));
            };
            for payment in payments {
                let mut payment = Fields::of(payment, "/payments")?;
                payment.date("date")?;
                paid += amount(payment.needs("amount")?)?;
                payment.end()?;
            }
        }
        row.end()?;
        Ok((reference.clone(), Self { reference, status, paid }))
    }
}

/// An amount as text, above zero, with exactly two decimals.
fn amount(value: &Json) -> Result<i64, Problem> {
    let text = value.text().ok_or_else(|| problem("amount-number", value.write()))?;
    let amount = from_text(text, true)?;
    if amount > 0 { Ok(amount) } else { Err(problem("amount-sign", text)) }
}
