//! Batches, as an agency is sent them, and its acknowledgements. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::document::{Fault, JsonError, Limits, Node, parse_outgoing};
use crate::model::{Amount, Currency, DocumentId, DocumentKind, MinorUnits, Money};
use crate::ports::{
    BatchRow, Document, Handed, Referral, Standing, Subject, Withdrawal, WithdrawnAs,
};
use crate::text::hex::hex;

/// What is told of a citation that is handed over: keys of a row, and columns of a file.
pub(super) const REFERRED: [&str; 8] = [
    "referenceId",
    "licensePlate",
    "state",
    "violationCode",
    "issuedAt",
    "zoneNumber",
    "amountDue",
    "currency",
];

/// The most rows of a batch.
pub(super) const ROWS_MAX: usize = 1000;

/// The most bytes of the word that says why a row was refused.
const CODE_BYTES_MAX: usize = 64;

pub(super) fn referral_row(row: &Referral, currency: &Currency) -> Value {
    json!({
        "referenceId": row.reference,
        "licensePlate": row.plate.text.as_str(),
        "state": row.plate.issuer.as_str(),
        "violationCode": row.code,
        "issuedAt": row.issued_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "zoneNumber": row.zone,
        "amountDue": row.due.to_string(),
        "currency": currency.as_str(),
    })
}

pub(super) fn withdrawal_row(row: &Withdrawal) -> Value {
    let mut written = json!({ "referenceId": row.reference, "newStatus": row.now.as_str() });
    if let (false, Some(members)) = (row.payments.is_empty(), written.as_object_mut()) {
        let payment = |(date, amount): &(NaiveDate, MinorUnits)| {
            let (date, amount) = (date.to_string(), amount.to_string());
            json!({ "date": date, "amount": amount })
        };
        members.insert("payments".to_owned(), row.payments.iter().map(payment).collect());
    }
    written
}

/// One document of these rows.
pub(super) fn batch(rows: impl Iterator<Item = Value>) -> Vec<u8> {
    Value::Array(rows.collect()).to_string().into_bytes()
}

/// Reads a document that is to be sent: withdrawals where its first row has a new status, else referrals.
pub(super) fn document(
    bytes: &[u8],
    currency: &Currency,
    now: DateTime<Utc>,
) -> Result<Document, JsonError> {
    let value = parse_outgoing(bytes, Limits::DOCUMENT)?;
    let top = Node::top(&value);
    let Some(first) = top.list()?.next() else { return Err(top.error(Fault::Empty)) };
    let is_withdrawal = first.optional("newStatus")?.is_some();
    // A batch is what it is about, in any order.
    let mut about = BTreeSet::new();
    let (mut seen, mut due, mut rows) = (BTreeSet::new(), Amount::ZERO, Vec::new());
    for row in top.list()? {
        let node = row.field("referenceId")?;
        let reference = node.document_id()?;
        let what = if is_withdrawal {
            let now = withdrawal(&row)?;
            about.insert(format!("{reference} {}\n", now.as_str()));
            Handed::Back(now)
        } else {
            about.insert(format!("{reference}\n"));
            let amount = referral(&row, currency, now)?;
            due = due + amount.into();
            Handed::Over(amount)
        };
        if !seen.insert(reference.clone()) {
            return Err(node.error(Fault::Not("another one than that of an earlier row")));
        }
        rows.push(BatchRow { reference, what });
    }
    if seen.len() > ROWS_MAX {
        return Err(top.error(Fault::MoreThan("1000 rows")));
    }
    let hash = hex(&Sha256::digest(about.into_iter().collect::<String>().as_bytes()));
    let kind = if is_withdrawal { DocumentKind::Withdrawal } else { DocumentKind::Referral };
    let id = DocumentId::new(&format!("{kind}:{hash}"));
    let amount = due.above_zero();
    Ok(Document {
        id: id.map_err(|_| top.error(Fault::NoDocumentId))?,
        kind,
        money: amount.map(|amount| Money { amount, currency: currency.clone() }),
        subject: Subject::Batch { rows, at: now },
        bytes: bytes.to_vec(),
    })
}

/// Reads a row that hands a citation over, and what is due of it.
fn referral(
    row: &Node<'_, '_>,
    currency: &Currency,
    now: DateTime<Utc>,
) -> Result<MinorUnits, JsonError> {
    row.has_only(&REFERRED)?;
    for key in ["licensePlate", "state", "violationCode", "zoneNumber"] {
        row.field(key)?.filled()?;
    }
    let issued_at = row.field("issuedAt")?;
    if issued_at.utc_instant()? > now {
        return Err(issued_at.error(Fault::Future));
    }
    row.field("currency")?.is_currency(currency)?;
    due(row)
}

fn due(row: &Node<'_, '_>) -> Result<MinorUnits, JsonError> {
    above_zero(&row.field("amountDue")?)
}

/// An amount as text, with both decimals.
fn amount(node: &Node<'_, '_>) -> Result<Amount, JsonError> {
    Amount::from_decimal(node.text()?).ok_or_else(|| node.error(Fault::NotTwoDecimals))
}

fn above_zero(node: &Node<'_, '_>) -> Result<MinorUnits, JsonError> {
    amount(node)?.above_zero().ok_or_else(|| node.error(Fault::NoDecimalAmount))
}

/// Reads a row that takes a citation back. One is never opened again by it: nobody is dunned twice.
fn withdrawal(row: &Node<'_, '_>) -> Result<WithdrawnAs, JsonError> {
    row.has_only(&["referenceId", "newStatus", "payments"])?;
    if let Some(payments) = row.optional("payments")? {
        for payment in payments.list()? {
            payment.has_only(&["date", "amount"])?;
            let date = payment.field("date")?;
            let text = date.text()?;
            let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
            if day.is_none_or(|day| day.to_string() != text) {
                return Err(date.error(Fault::Not("a day, as 2024-02-03")));
            }
            above_zero(&payment.field("amount")?)?;
        }
    }
    let status = row.field("newStatus")?;
    let now = WithdrawnAs::from_word(status.text()?);
    now.ok_or_else(|| status.error(Fault::Not("Paid, Void or Hold")))
}

/// What an acknowledgement comes to, or a batch that is read back.
pub(super) fn standing(bytes: &[u8], document: &Document) -> Standing {
    if rows(document).is_empty() {
        return Standing::Doubtful("the rows of the batch are not kept here any more".to_owned());
    }
    Standing::of_answer(bytes, Limits::DOCUMENT, |top| of_batch(top, document))
}

fn of_batch(top: &Node<'_, '_>, document: &Document) -> Result<Standing, JsonError> {
    let doubt = |what: &str| Ok(Standing::Doubtful(format!("its acknowledgement {what}")));
    let mut left = rows(document);
    let mut refused = Vec::new();
    if let Some(errors) = top.optional("errors")? {
        for error in errors.list()? {
            let reference = error.field("referenceId")?.document_id()?;
            if left.remove(&reference).is_none() {
                return doubt("refuses a citation that was not sent, or one twice");
            }
            let code = word(error.field("code")?.text()?);
            refused.push(json!({ "referenceId": reference, "code": code }));
        }
    }
    // Whoever reads a batch back is told what is in it; an acknowledgement counts alone.
    let (accepted, missing) = match top.optional("referenceIds")? {
        None => (left, BTreeMap::new()),
        Some(list) => {
            let mut accepted = BTreeMap::new();
            for node in list.list()? {
                let Some((reference, due)) = left.remove_entry(&node.document_id()?) else {
                    return doubt("names a citation that was not sent, or one twice");
                };
                accepted.insert(reference, due);
            }
            (accepted, left)
        }
    };
    let count = top.field("count")?.whole_number(0, i64::from(u32::MAX))?;
    if usize::try_from(count).ok() != Some(accepted.len()) {
        return doubt("counts other citations than were sent");
    }
    let total = amount(&top.field("totalDue")?)?;
    // What is due of a citation that is taken back, the agency alone knows.
    if document.kind == DocumentKind::Referral && total != accepted.values().copied().sum() {
        return doubt("tells another sum than was sent");
    }
    let told = json!({
        "batch": top.field("id")?.document_id()?,
        "count": accepted.len(),
        "total": total,
        "accepted": accepted.keys().collect::<Vec<_>>(),
        "refused": refused,
        "missing": missing.keys().collect::<Vec<_>>(),
    });
    Ok(Standing::Confirmed(told.to_string()))
}

/// What was sent: each citation, with what is due of it.
pub(super) fn rows(document: &Document) -> BTreeMap<DocumentId, Amount> {
    let Subject::Batch { rows, .. } = &document.subject else { return BTreeMap::new() };
    let due = |what| match what {
        Handed::Over(due) => due.into(),
        Handed::Back(_) => Amount::ZERO,
    };
    rows.iter().map(|row| (row.reference.clone(), due(row.what))).collect()
}

/// Why a row was refused, where it is a word; a sentence may name somebody.
fn word(code: &str) -> &str {
    let is_word = code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let is_short = (1..=CODE_BYTES_MAX).contains(&code.len());
    if is_word && is_short { code } else { "unreadable" }
}
