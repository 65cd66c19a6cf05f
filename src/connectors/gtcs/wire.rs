//! The report of a day, as accounts are sent it, and what they answer. Pure.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::json;

use super::config::AccountCodes;
use crate::document::{Fault, JsonError, Limits, Node, parse, parse_outgoing};
use crate::model::{Amount, DocumentId, DocumentKind, Zone};
use crate::ports::{Document, Standing, Subject};

/// Types of movements: what was paid, and what was given back.
pub(super) const KINDS: [&str; 2] = ["PARKING_PAYMENT", "REFUND"];

/// Nobody corrects a day more often.
const REVISIONS_MAX: i64 = 999;

/// A busy day has some ten thousand movements.
const LIMITS: Limits = Limits::PAGE;

/// What a report is called: a correction is another document.
pub(super) fn id(day: NaiveDate, revision: u32) -> String {
    format!("gtcs:{day}:{revision}")
}

/// What the rows of a report come to.
struct Sums {
    revenue: Amount,
    count: usize,
}

/// Reads a document that is to be sent.
pub(super) fn document(
    bytes: &[u8],
    codes: &AccountCodes,
    (zone, transactions_max): (Zone, usize),
    now: DateTime<Utc>,
) -> Result<Document, JsonError> {
    let value = parse_outgoing(bytes, LIMITS)?;
    let top = Node::top(&value);
    top.has_only(&["reportPeriod", "revision", "corrects", "transactions", "summary"])?;
    let period = top.field("reportPeriod")?;
    period.has_only(&["from", "to"])?;
    let (from, to) = (period.field("from")?, period.field("to")?);
    let day = zone_day(from.utc_instant()?, zone);
    let not_begin = || from.error(Fault::Not("the first instant of a day there"));
    let whole = zone.day(day).ok_or_else(not_begin)?;
    if from.utc_instant()? != whole.start {
        return Err(not_begin());
    }
    if to.utc_instant()? != whole.end - TimeDelta::milliseconds(1) {
        return Err(to.error(Fault::Not("the last millisecond of that day")));
    }
    if now < whole.end {
        // The day is not over.
        return Err(to.error(Fault::Future));
    }
    let revision = revision(&top, day)?;
    let mut seen = BTreeSet::new();
    let transactions = top.field("transactions")?;
    if transactions.list()?.count() > transactions_max {
        return Err(transactions.error(Fault::MoreThan("max_transactions allows")));
    }
    for row in transactions.list()? {
        let node = row.field("transactionId")?;
        if !seen.insert(node.filled()?) {
            return Err(node.error(Fault::Not("another one than that of an earlier row")));
        }
        let at = row.field("timestamp")?;
        if !whole.contains(&at.utc_instant()?) {
            return Err(at.error(Fault::Not("within the period")));
        }
        check(&row, codes)?;
    }
    let sums = sums(&top)?;
    let summary = top.field("summary")?;
    summary.has_only(&["totalRevenue", "totalTransactions", "processingFees", "netRevenue"])?;
    let fees = summary.field("processingFees")?;
    let fees_amount = fees.amount()?;
    let count = summary.field("totalTransactions")?;
    let revenue = summary.field("totalRevenue")?;
    let net = summary.field("netRevenue")?;
    for (node, is_right, wanted) in [
        (count, told_count(&count)? == sums.count, "the number of its transactions"),
        (revenue, revenue.amount()? == sums.revenue, "its payments less its refunds"),
        (fees, fees_amount >= Amount::ZERO, "zero or above"),
        (net, net.amount()? == sums.revenue - fees_amount, "its revenue less its fees"),
    ] {
        if !is_right {
            return Err(node.error(Fault::Not(wanted)));
        }
    }
    Ok(Document {
        id: DocumentId::new(&id(day, revision)).map_err(|_| from.error(Fault::NoDocumentId))?,
        kind: DocumentKind::Report,
        money: None,
        subject: Subject::Nothing,
        bytes: bytes.to_vec(),
    })
}

fn zone_day(at: DateTime<Utc>, zone: Zone) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// 1 where nothing is said; a later one names the one that was taken before it, if any was.
fn revision(top: &Node<'_, '_>, day: NaiveDate) -> Result<u32, JsonError> {
    let told = top.optional("revision")?.map(|node| node.whole_number(1, REVISIONS_MAX));
    let revision = u32::try_from(told.transpose()?.unwrap_or(1)).unwrap_or(1);
    let corrects = top.optional("corrects")?;
    if revision == 1 {
        return match corrects {
            None => Ok(revision),
            Some(node) => Err(node.error(Fault::Not("for a first report, which corrects none"))),
        };
    }
    let Some(node) = corrects else { return Ok(revision) };
    let text = node.text()?;
    match (1..revision).any(|earlier| text == id(day, earlier)) {
        true => Ok(revision),
        false => Err(node.error(Fault::Not("a revision of that day before this one"))),
    }
}

fn check(row: &Node<'_, '_>, codes: &AccountCodes) -> Result<(), JsonError> {
    row.has_only(&[
        "transactionId",
        "timestamp",
        "amount",
        "type",
        "zone",
        "paymentMethod",
        "accountingCode",
    ])?;
    let code = if is_refund(row)? { &codes.refunds } else { &codes.payments };
    let account = row.field("accountingCode")?;
    if account.text()? != code {
        return Err(account.error(Fault::Not("the account that the configuration has for it")));
    }
    row.field("zone")?.filled()?;
    row.field("paymentMethod")?.word()?;
    Ok(())
}

fn is_refund(row: &Node<'_, '_>) -> Result<bool, JsonError> {
    let node = row.field("type")?;
    let kind = node.text()?;
    let place = KINDS.iter().position(|one| *one == kind);
    place.map(|place| place == 1).ok_or_else(|| node.error(Fault::Not("PARKING_PAYMENT or REFUND")))
}

/// Adds the rows of a report up.
fn sums(top: &Node<'_, '_>) -> Result<Sums, JsonError> {
    let mut sums = Sums { revenue: Amount::ZERO, count: 0 };
    for row in top.field("transactions")?.list()? {
        let node = row.field("amount")?;
        let amount = node.amount()?;
        if amount <= Amount::ZERO {
            return Err(node.error(Fault::NoDecimalAmount));
        }
        sums.revenue = sums.revenue + if is_refund(&row)? { -amount } else { amount };
        sums.count += 1;
    }
    Ok(sums)
}

fn told_count(node: &Node<'_, '_>) -> Result<usize, JsonError> {
    let count = node.whole_number(0, i64::from(u32::MAX))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// What an answer to a document, or about one, comes to.
pub(super) fn standing(bytes: &[u8], document: &Document) -> Standing {
    Standing::of_answer(bytes, LIMITS, |top| of_document(top, document))
}

/// The same of a document that is there already.
pub(super) fn standing_of_known(bytes: &[u8], document: &Document) -> Standing {
    Standing::of_conflict(bytes, &document.bytes, LIMITS, |top| of_document(top, document))
}

fn of_document(top: &Node<'_, '_>, document: &Document) -> Result<Standing, JsonError> {
    let doubt = |what: &str| Ok(Standing::Doubtful(format!("its answer {what}")));
    if top.field("reportId")?.document_id()? != document.id {
        return doubt("is about another report");
    }
    let count = top.field("receivedTransactions")?;
    let revenue = top.optional("totalRevenue")?.map(|node| node.amount()).transpose()?;
    if !document.bytes.is_empty() {
        let sent = parse(&document.bytes, LIMITS)?;
        let sums = sums(&Node::top(&sent))?;
        if told_count(&count)? != sums.count {
            return doubt("counts other transactions");
        }
        if revenue.is_some_and(|revenue| revenue != sums.revenue) {
            return doubt("tells another revenue");
        }
    }
    if let Some(node) = top.optional("differences")?
        && node.list()?.next().is_some()
    {
        return doubt("names differences");
    }
    let status = top.field("status")?.text()?;
    let told = json!({
        "reportId": document.id.as_str(),
        "status": status,
        "transactions": told_count(&count)?,
        "revenue": revenue.map(|revenue| revenue.to_string()),
    });
    Ok(match status {
        "ACCEPTED" => Standing::Confirmed(told.to_string()),
        "RECEIVED" | "PENDING" => Standing::Pending(told.to_string()),
        "REJECTED" => Standing::Refused("the accounts say REJECTED".to_owned()),
        _ => Standing::Doubtful("its answer has a status that is unknown here".to_owned()),
    })
}
