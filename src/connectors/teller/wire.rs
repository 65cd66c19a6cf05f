//! What a cashier is sent, and what it answers. Pure.
//!
//! Amounts are whole numbers in the smallest unit; a number with a point, or a text, is none.

use serde_json::json;

use crate::document::{Fault, JsonError, Limits, Node, parse, parse_outgoing};
use crate::model::{Amount, Currency, DocumentId, DocumentKind, Money};
use crate::ports::{Document, PaymentThere, Standing, Subject, Warning};

/// What a document may say beside the money; nothing about a car or its driver.
const METADATA: [&str; 4] = ["sessionId", "zoneNumber", "municipality", "department"];

/// Statuses of what surely did not move any money.
const FAILED: [&str; 5] = ["FAILED", "DECLINED", "REJECTED", "CANCELLED", "VOIDED"];

/// Statuses of a payment that came, or of which a part is there still.
const CAME: [&str; 4] = ["COMPLETED", "CAPTURED", "SETTLED", "PARTIALLY_REFUNDED"];

/// Reads a document that is to be sent: a refund by its `refundId`, else a payment.
pub(super) fn document(bytes: &[u8], currency: &Currency) -> Result<Document, JsonError> {
    let value = parse_outgoing(bytes, Limits::DOCUMENT)?;
    let top = Node::top(&value);
    // A refund without an id of its own would be given twice when it is repeated.
    let is_payment = top.optional("paymentId")?.is_some() && top.optional("refundId")?.is_none();
    let (id, kind, amount, subject) =
        if is_payment { payment(&top, currency)? } else { refund(&top, currency)? };
    Ok(Document {
        id,
        kind,
        money: Some(Money { amount, currency: currency.clone() }),
        subject,
        bytes: bytes.to_vec(),
    })
}

type Read = (DocumentId, DocumentKind, crate::model::MinorUnits, Subject);

fn refund(top: &Node<'_, '_>, currency: &Currency) -> Result<Read, JsonError> {
    top.has_only(&[
        "refundId",
        "originalPaymentId",
        "refundAmount",
        "currency",
        "reason",
        "metadata",
    ])?;
    let id = top.field("refundId")?.document_id()?;
    let payment = top.field("originalPaymentId")?.document_id()?;
    let amount = top.field("refundAmount")?.minor_units()?;
    top.optional("currency")?.map(|node| node.is_currency(currency)).transpose()?;
    top.field("reason")?.word()?;
    metadata(top)?;
    Ok((id, DocumentKind::Refund, amount, Subject::Payment(payment)))
}

fn payment(top: &Node<'_, '_>, currency: &Currency) -> Result<Read, JsonError> {
    top.has_only(&[
        "paymentId",
        "amount",
        "currency",
        "paymentMethod",
        "metadata",
        "description",
        "statementDescriptor",
        "applicationFee",
    ])?;
    let id = top.field("paymentId")?.document_id()?;
    let amount = top.field("amount")?.minor_units()?;
    top.field("currency")?.is_currency(currency)?;
    let method = top.field("paymentMethod")?;
    method.has_only(&["type", "token"])?;
    method.field("type")?.word()?;
    method.field("token")?.text()?;
    for key in ["description", "statementDescriptor"] {
        top.optional(key)?.map(|node| node.text()).transpose()?;
    }
    if let Some(fee) = top.optional("applicationFee")? {
        fee.has_only(&["amount", "description"])?;
        fee.optional("description")?.map(|node| node.text()).transpose()?;
        let node = fee.field("amount")?;
        if node.minor_units()? > amount {
            return Err(node.error(Fault::MoreThan("the amount")));
        }
    }
    metadata(top)?;
    let metadata = top.optional("metadata")?;
    let zone = match &metadata {
        Some(metadata) => metadata.optional("zoneNumber")?.map(|node| node.text()).transpose()?,
        None => None,
    };
    let subject = Subject::Sale {
        zone: zone.map(str::to_owned),
        method: Some(method.field("type")?.word()?.to_owned()),
    };
    Ok((id, DocumentKind::Payment, amount, subject))
}

fn metadata(top: &Node<'_, '_>) -> Result<(), JsonError> {
    let Some(metadata) = top.optional("metadata")? else { return Ok(()) };
    metadata.has_only(&METADATA)?;
    for key in METADATA {
        metadata.optional(key)?.map(|node| node.text()).transpose()?;
    }
    Ok(())
}

/// What an answer to a document, or about one, comes to.
pub(super) fn standing(bytes: &[u8], document: &Document, currency: &Currency) -> Standing {
    let read = parse(bytes, Limits::DOCUMENT)
        .and_then(|value| of_document(&Node::top(&value), document, currency));
    read.unwrap_or_else(|error| Standing::Doubtful(error.to_string()))
}

/// The same of a document that is there already.
pub(super) fn standing_of_known(
    bytes: &[u8],
    document: &Document,
    currency: &Currency,
) -> Standing {
    let read = parse(bytes, Limits::DOCUMENT).and_then(|value| {
        let top = Node::top(&value);
        of_document(&top.field("state")?, document, currency)
    });
    match read {
        Ok(Standing::Doubtful(what)) => Standing::Otherwise(what),
        Ok(standing) => standing,
        // The first one is being dealt with, perhaps.
        Err(error) => Standing::Doubtful(error.to_string()),
    }
}

fn of_document(
    top: &Node<'_, '_>,
    document: &Document,
    currency: &Currency,
) -> Result<Standing, JsonError> {
    let doubt = |what: &str| Ok(Standing::Doubtful(format!("its answer is about {what}")));
    let is_refund = document.kind == DocumentKind::Refund;
    let (id_key, amount_key) =
        if is_refund { ("refundId", "refundAmount") } else { ("paymentId", "amount") };
    if top.field(id_key)?.document_id()? != document.id {
        return doubt("another document");
    }
    if let Subject::Payment(payment) = &document.subject
        && top.field("originalPaymentId")?.document_id()? != *payment
    {
        return doubt("a refund of another payment");
    }
    let amount = top.field(amount_key)?.minor_units()?;
    if document.money.as_ref().is_some_and(|money| money.amount != amount) {
        return doubt("another amount");
    }
    if let Some(node) = top.optional("currency")?
        && node.text()? != currency.as_str()
    {
        return doubt("another currency");
    }
    let fee = if is_refund { None } else { Some(net_and_fee(top)?) };
    if let Some((net, fee)) = fee
        && net + fee != Amount::from(amount)
    {
        return doubt("an amount that is not its net and its fee");
    }
    let text = |key: &'static str| {
        Ok::<_, JsonError>(top.optional(key)?.map(|node| node.text()).transpose()?.unwrap_or(""))
    };
    let status = top.field("status")?.text()?;
    let mut told = json!({
        id_key: document.id.as_str(),
        "status": status,
        "transaction": text("tellerTransactionId")?,
        "amount": amount.to_string(),
        "currency": currency.as_str(),
        "at": text("timestamp")?,
    });
    if let (Some((net, fee)), Some(told)) = (fee, told.as_object_mut()) {
        told.insert("net".to_owned(), net.to_string().into());
        told.insert("fee".to_owned(), fee.to_string().into());
        if let Some(accounting) = top.optional("accounting")?
            && let Some(batch) = accounting.optional("batchId")?
        {
            told.insert("batch".to_owned(), batch.text()?.into());
        }
    }
    Ok(match status {
        "COMPLETED" => Standing::Confirmed(told.to_string()),
        "PENDING" => Standing::Pending(told.to_string()),
        status if FAILED.contains(&status) => {
            Standing::Refused(format!("the cashier says {status}"))
        }
        _ => Standing::Doubtful("its answer has a status that is unknown here".to_owned()),
    })
}

/// What is left of a payment after its fee, and the fee, which may be nothing.
fn net_and_fee(top: &Node<'_, '_>) -> Result<(Amount, Amount), JsonError> {
    let of = |key| {
        let node = top.field(key)?;
        Ok::<_, JsonError>(Amount::minor(node.whole_number(0, 1 << 53)?))
    };
    Ok((of("netAmount")?, of("processingFee")?))
}

/// Reads a payment, as the cashier tells it.
///
/// # Errors
/// What cannot be relied on: another payment, another currency, or nothing that says what is left.
pub(super) fn payment_there(
    bytes: &[u8],
    id: &DocumentId,
    currency: &Currency,
) -> Result<PaymentThere, JsonError> {
    let value = parse(bytes, Limits::DOCUMENT)?;
    let top = Node::top(&value);
    let node = top.field("paymentId")?;
    if node.document_id()? != *id {
        return Err(node.error(Fault::Not("the payment that was asked for")));
    }
    top.field("currency")?.is_currency(currency)?;
    let amount = Amount::from(top.field("amount")?.minor_units()?);
    if top.optional("netAmount")?.is_some() {
        let (net, fee) = net_and_fee(&top)?;
        if net + fee != amount {
            return Err(top.field("netAmount")?.error(Fault::Not("the amount without its fee")));
        }
    }
    let left = Amount::minor(top.field("remainingAmount")?.whole_number(0, 1 << 53)?);
    let mut refunds = Vec::new();
    if let Some(list) = top.optional("refunds")? {
        for refund in list.list()? {
            let node = refund.field("refundId")?;
            let id = node.document_id()?;
            if refunds.iter().any(|(known, _)| *known == id) {
                return Err(node.error(Fault::Not("named once")));
            }
            // What did not go back is there still.
            if let Some(status) = refund.optional("status")?
                && FAILED.contains(&status.text()?)
            {
                continue;
            }
            refunds.push((id, Amount::from(refund.field("refundAmount")?.minor_units()?)));
        }
    }
    let text = |node: &Node<'_, '_>, key: &'static str| {
        Ok::<_, JsonError>(match node.optional(key)? {
            Some(node) => Some(node.text()?.to_owned()),
            None => None,
        })
    };
    let inner = |group: &'static str, key: &'static str| match top.optional(group)? {
        Some(node) => text(&node, key),
        None => Ok(None),
    };
    let told = json!({
        "paymentId": id.as_str(),
        "status": text(&top, "status")?,
        "transaction": text(&top, "tellerTransactionId")?,
        "amount": amount.to_string(),
        "left": left.to_string(),
        "currency": currency.as_str(),
        "at": text(&top, "timestamp")?,
        "batch": inner("accounting", "batchId")?,
        "settled_on": inner("reconciliation", "settlementDate")?,
    });
    Ok(PaymentThere { amount, left, refunds, told: told.to_string() })
}

/// Why nothing of a payment can be given back, or what somebody must have seen before, by its status: what never came
/// cannot go back, and a status that nobody knows may be that of a payment that was charged back.
pub(super) fn judge_status(payment: &PaymentThere) -> (Option<String>, Option<Warning>) {
    let told: Option<serde_json::Value> = serde_json::from_str(&payment.told).ok();
    let status = told.as_ref().and_then(|told| told.get("status")?.as_str());
    match status {
        Some(status) if CAME.contains(&status) => (None, None),
        Some(status) if status == "PENDING" || FAILED.contains(&status) => {
            (Some("the payment that it is a refund of is not completed".to_owned()), None)
        }
        _ => {
            let detail = match status.filter(|status| is_word(status)) {
                Some(status) => format!("the cashier says {status} of the payment"),
                None => "the cashier does not say how the payment stands".to_owned(),
            };
            let path = "/originalPaymentId".to_owned();
            (None, Some(Warning { code: "payment_status", path, detail }))
        }
    }
}

/// Whether a text from outside can be shown as it is.
fn is_word(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}
