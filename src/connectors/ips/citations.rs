//! Citations of the seed's wire, as it lists and as it reports them. Pure.
//!
//! Officer, device, street, coordinates, weather and pictures are not looked at.

use chrono::{DateTime, Utc};

use crate::document::{Fault, JsonError, Limits, Node, parse};
use crate::model::{CitationId, CitationState, Currency, Fine, MinorUnits, RightCode, RightId};
use crate::ports::{Effect, EventReader, ListedCitation, ListedPlate};

/// What a page of citations holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CitationPage {
    pub citations: Vec<ListedCitation>,
    pub deleted: Vec<CitationId>,
    pub unreadable: usize,
    pub as_of: Option<DateTime<Utc>>,
    /// The cursor of the next page; none on the last.
    pub next: Option<String>,
}

/// Reads a page.
pub(super) fn page(bytes: &[u8]) -> Result<CitationPage, JsonError> {
    let value = parse(bytes, Limits::PAGE)?;
    let top = Node::top(&value);
    let as_of = top.optional("asOf")?.map(|node| node.instant()).transpose()?;
    let next =
        top.optional("nextCursor")?.map(|node| node.name().map(str::to_owned)).transpose()?;
    let next = next.filter(|cursor| !cursor.is_empty());
    let (mut citations, mut deleted, mut unreadable) = (Vec::new(), Vec::new(), 0);
    for entry in top.field("data")?.list()? {
        // What is no object is an error: then nobody knows what else is not as it should be.
        entry.optional("violationId")?;
        match citation(&entry) {
            Ok(citation) => citations.push(citation),
            Err(_) => unreadable += 1,
        }
    }
    if let Some(gone) = top.optional("deleted")? {
        for entry in gone.list()? {
            // Believed: an id alone, or in an object.
            let named = match entry.optional("violationId") {
                Ok(id) => id.and_then(|id| id.name().ok()),
                Err(_) => entry.name().ok(),
            };
            match named.and_then(|id| CitationId::new(id).ok()) {
                Some(id) => deleted.push(id),
                None => unreadable += 1,
            }
        }
    }
    Ok(CitationPage { citations, deleted, unreadable, as_of, next })
}

/// Reads one citation: its name and its instant must be there. A zone or a type that cannot be read is none.
fn citation(entry: &Node<'_, '_>) -> Result<ListedCitation, JsonError> {
    let id = entry.field("violationId")?;
    let id = CitationId::new(id.name()?).map_err(|_| id.error(Fault::NoName))?;
    let at = entry.field("timestamp")?.instant()?;
    let text = |key| {
        let node = entry.optional(key)?;
        Ok::<_, JsonError>(node.and_then(|node| node.name().ok().map(str::to_owned)))
    };
    let plate = ListedPlate {
        text: text("licensePlate")?.unwrap_or_default().into(),
        issuer: text("state")?.unwrap_or_default().into(),
    };
    let location = entry.optional("location")?;
    let zone = location.map(|node| {
        let zone = node.optional("zoneNumber")?;
        Ok::<_, JsonError>(zone.and_then(|zone| zone.name().ok().map(str::to_owned)))
    });
    // Of what does not say how it stands, nobody knows that it is owed.
    let state = text("status")?.map_or(CitationState::Unclear, |word| state(&word));
    Ok(ListedCitation {
        id,
        plate,
        zone: zone.transpose()?.flatten(),
        kind: text("violationType")?.and_then(|kind| RightCode::new(&kind).ok()),
        at,
        state,
        fine: fine(entry)?,
        updated_at: entry.optional("updatedAt")?.and_then(|node| node.instant().ok()),
    })
}

/// What is due: a number, or a text of one. Nothing where either the amount or its currency is none.
fn fine(entry: &Node<'_, '_>) -> Result<Option<Fine>, JsonError> {
    let Some(node) = entry.optional("fineAmount")? else { return Ok(None) };
    let written = node.number().or_else(|_| node.text()).ok();
    let amount = written.and_then(MinorUnits::from_decimal);
    let currency = match entry.optional("currency")? {
        None => None,
        Some(node) => match node.text().ok().and_then(|code| Currency::new(code).ok()) {
            Some(currency) => Some(currency),
            None => return Ok(None),
        },
    };
    Ok(amount.map(|amount| Fine { amount, currency }))
}

/// What a word of the service says; one that nobody here knows says nothing.
fn state(word: &str) -> CitationState {
    const ISSUED: [&str; 6] = ["ISSUED", "OPEN", "UNPAID", "OUTSTANDING", "OVERDUE", "PAST_DUE"];
    const CONTESTED: [&str; 10] = [
        "CONTESTED",
        "DISPUTED",
        "IN_DISPUTE",
        "APPEALED",
        "APPEAL",
        "UNDER_APPEAL",
        "UNDER_REVIEW",
        "HEARING",
        "ON_HOLD",
        "HOLD",
    ];
    const PAID: [&str; 3] = ["PAID", "SETTLED", "CLOSED_PAID"];
    const DISMISSED: [&str; 6] =
        ["DISMISSED", "VOID", "VOIDED", "CANCELLED", "CANCELED", "WITHDRAWN"];
    let word = word.trim().replace([' ', '-'], "_");
    let is_one_of = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(&word));
    match () {
        () if is_one_of(&PAID) => CitationState::Paid,
        () if is_one_of(&DISMISSED) => CitationState::Dismissed,
        () if is_one_of(&CONTESTED) => CitationState::Contested,
        () if is_one_of(&ISSUED) => CitationState::Issued,
        () => CitationState::Unclear,
    }
}

/// How events of IPS are read. Their shape is *believed*.
#[derive(Debug)]
pub struct Events;

impl EventReader for Events {
    fn bare_kind(&self) -> &'static str {
        "violation.report"
    }

    fn read(&self, kind: &str, data: &Node<'_, '_>) -> Result<Effect, JsonError> {
        Ok(match kind {
            "violation.report" | "violation.created" | "violation.updated" => {
                reported(data).map(Effect::Citation)?
            }
            "citation.paid" => {
                let number = match data.optional("citationNumber")? {
                    Some(number) => number,
                    None => data.field("violationId")?,
                };
                let id = CitationId::new(number.name()?);
                Effect::CitationPaid(id.map_err(|_| number.error(Fault::NoName))?)
            }
            "permit.expired" => {
                let id = match data.optional("permitId")? {
                    Some(id) => id,
                    None => data.field("id")?,
                };
                let end = data.optional("validUntil")?.map(|node| node.instant()).transpose()?;
                let right = RightId::new(id.name()?).map_err(|_| id.error(Fault::NoName))?;
                Effect::RightEnded(right, end)
            }
            // Shifts are about staff, and what nobody knows is acknowledged.
            _ => Effect::Nothing,
        })
    }
}

/// A citation that is handed over: stricter than one of a listing, since somebody waits for the answer.
fn reported(data: &Node<'_, '_>) -> Result<ListedCitation, JsonError> {
    for key in ["licensePlate", "violationType"] {
        data.field(key)?.text()?;
    }
    data.field("location")?.field("zoneNumber")?.name()?;
    data.field("fineAmount")?.decimal_amount()?;
    if let Some(updated) = data.optional("updatedAt")? {
        updated.instant()?;
    }
    let reported = citation(data)?;
    Ok(match data.optional("status")? {
        // Whoever has just written it does not say that it stands.
        None => ListedCitation { state: CitationState::Issued, ..reported },
        Some(_) => reported,
    })
}
