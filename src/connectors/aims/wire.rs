//! What an office of citations is sent, and what it answers. Pure.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use smol_str::SmolStr;

use super::evidence::{Piece, piece};
use crate::document::{Fault, JsonError, Limits, Node, parse, parse_outgoing};
use crate::model::{Currency, DocumentId, DocumentKind, MinorUnits, Money, PlateRules};
use crate::ports::{Document, ListedPlate, Standing, Subject};

/// Evidence is longer in base64 than it is.
pub(super) const LIMITS: Limits = Limits { bytes_max: 16 * 1024 * 1024, ..Limits::DOCUMENT };

/// How far the clock that a citation was written by may be ahead of ours.
const AHEAD_MAX: TimeDelta = TimeDelta::minutes(5);

/// An older one is not issued any more.
const AGE_MAX_DAYS: i64 = 7;

/// A citation, with what an answer about it must agree with.
struct Citation<'v> {
    number: DocumentId,
    plate: &'v str,
    state: &'v str,
    code: &'v str,
    fine: MinorUnits,
    zone: &'v str,
    evidence: Vec<Piece<'v>>,
}

/// Reads a document that is to be sent.
pub(super) fn document(
    bytes: &[u8],
    currency: &Currency,
    now: DateTime<Utc>,
) -> Result<Document, JsonError> {
    let value = parse_outgoing(bytes, LIMITS)?;
    let top = Node::top(&value);
    let citation = citation(&top)?;
    let node = top.field("timestamp")?;
    let at = node.utc_instant()?;
    let age = now.signed_duration_since(at);
    if age < -AHEAD_MAX {
        return Err(node.error(Fault::Future));
    }
    if age > TimeDelta::days(AGE_MAX_DAYS) {
        return Err(node.error(Fault::TooOld(AGE_MAX_DAYS)));
    }
    let Citation { number, plate, state, fine, zone, .. } = citation;
    let plate = ListedPlate { text: SmolStr::new(plate), issuer: SmolStr::new(state) };
    Ok(Document {
        id: number,
        kind: DocumentKind::Citation,
        money: Some(Money { amount: fine, currency: currency.clone() }),
        subject: Subject::Car { plate, zone: zone.to_owned(), at },
        bytes: bytes.to_vec(),
    })
}

fn citation<'v>(top: &Node<'v, '_>) -> Result<Citation<'v>, JsonError> {
    top.has_only(&[
        "citationNumber",
        "licensePlate",
        "state",
        "violation",
        "location",
        "officer",
        "timestamp",
        "evidence",
    ])?;
    let plate = top.field("licensePlate")?;
    let is_plain =
        |text: &str| PlateRules::default().read(text, "").is_ok_and(|plate| plate.text() == text);
    if !is_plain(plate.text()?) {
        return Err(plate.error(Fault::Not("a plate in capital letters and digits alone")));
    }
    let violation = top.field("violation")?;
    violation.has_only(&["code", "description", "fineAmount"])?;
    violation.field("description")?.filled()?;
    let location = top.field("location")?;
    location.has_only(&["zoneNumber", "address", "latitude", "longitude"])?;
    location.optional("address")?.map(|node| node.text()).transpose()?;
    for key in ["latitude", "longitude"] {
        location.optional(key)?.map(|node| node.number()).transpose()?;
    }
    // The name of an officer is nobody's business there.
    let officer = top.field("officer")?;
    officer.has_only(&["id", "badge"])?;
    officer.field("id")?.filled()?;
    officer.optional("badge")?.map(|node| node.text()).transpose()?;
    let evidence = top.field("evidence")?;
    let evidence = evidence.list()?.map(|node| piece(&node)).collect::<Result<_, _>>()?;
    Ok(Citation {
        number: top.field("citationNumber")?.document_id()?,
        plate: plate.text()?,
        state: top.field("state")?.filled()?,
        code: violation.field("code")?.filled()?,
        fine: violation.field("fineAmount")?.decimal_amount()?,
        zone: location.field("zoneNumber")?.filled()?,
        evidence,
    })
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
    let doubt = |what: &str| Ok(Standing::Doubtful(format!("its answer is about {what}")));
    if top.field("citationNumber")?.document_id()? != document.id {
        return doubt("another citation");
    }
    if !document.bytes.is_empty() {
        let sent = parse(&document.bytes, LIMITS)?;
        if let Some(what) = other_content(top, &citation(&Node::top(&sent))?)? {
            return doubt(what);
        }
    }
    let status = top.field("status")?.text()?;
    let received_at = top.optional("receivedAt")?.map(|node| node.instant()).transpose()?;
    let told = json!({
        "citationNumber": document.id.as_str(),
        "status": status,
        "at": received_at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)),
    });
    Ok(match status {
        // Whatever came after it: it was issued.
        "ACCEPTED" | "CONTESTED" | "PAID" | "VOID" => Standing::Confirmed(told.to_string()),
        "RECEIVED" | "PENDING" => Standing::Pending(told.to_string()),
        "REJECTED" => Standing::Refused("the office says REJECTED".to_owned()),
        _ => Standing::Doubtful("its answer has a status that is unknown here".to_owned()),
    })
}

/// What an answer says otherwise of a citation, as far as it says anything.
fn other_content(
    top: &Node<'_, '_>,
    sent: &Citation<'_>,
) -> Result<Option<&'static str>, JsonError> {
    for (key, own, what) in [
        ("licensePlate", sent.plate, "another car"),
        ("state", sent.state, "a car of another issuer"),
        ("violationCode", sent.code, "another violation"),
    ] {
        if let Some(node) = top.optional(key)?
            && node.text()? != own
        {
            return Ok(Some(what));
        }
    }
    if let Some(node) = top.optional("fineAmount")?
        && node.decimal_amount()? != sent.fine
    {
        return Ok(Some("another fine"));
    }
    if let Some(node) = top.optional("evidence")? {
        let mut pieces = Vec::new();
        for piece in node.list()? {
            let bytes = piece.field("bytes")?.whole_number(0, i64::MAX)?;
            let label = piece.field("mimeType")?.text()?;
            pieces.push(Piece { label, bytes: usize::try_from(bytes).unwrap_or(usize::MAX) });
        }
        if pieces != sent.evidence {
            return Ok(Some("other evidence"));
        }
    }
    Ok(None)
}

/// Whether an answer about a car says that it had a right at this instant. One that was bought later is none.
pub(super) fn had_right(bytes: &[u8], at: DateTime<Utc>) -> Result<bool, JsonError> {
    let value = parse(bytes, Limits::DOCUMENT)?;
    let top = Node::top(&value);
    let verification = top.field("verification")?;
    if !verification.field("isValid")?.bool()? {
        // An office may say that it cannot say.
        if let Some(status) = verification.optional("status")?
            && status.text()? == "UNKNOWN"
        {
            return Err(status.error(Fault::Not("an answer")));
        }
        return Ok(false);
    }
    let began = match verification.optional("session")? {
        Some(session) => session.optional("startTime")?.map(|node| node.instant()).transpose()?,
        None => None,
    };
    let has_permit = match verification.optional("permits")? {
        Some(permits) => permits.list()?.next().is_some(),
        None => false,
    };
    Ok(has_permit || began.is_none_or(|began| began <= at))
}
