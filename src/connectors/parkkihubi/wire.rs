//! A page of the enforcement API. Pure.
//!
//! What is about operators and properties is not looked at.

use chrono::{DateTime, Utc};
use smol_str::SmolStr;

use crate::document::{Fault, JsonError, Limits, Node, parse};
use crate::model::{Ends, Period, RightCode, RightId, RightKind, RightState};
use crate::ports::{ListedPlate, ListedRight};

/// The kind of every permit: the register has no types.
const KIND: &str = "permit";

/// What a page holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub rights: Vec<ListedRight>,
    /// Entries whose plate was taken out.
    pub nameless: usize,
    pub entries: usize,
    /// How many there are on all pages.
    pub count: Option<usize>,
    /// The address of the next page; none on the last.
    pub next: Option<String>,
}

/// Reads a page of parkings, or of permits.
pub(super) fn page(bytes: &[u8], are_parkings: bool) -> Result<Page, JsonError> {
    let value = parse(bytes, Limits::PAGE)?;
    let top = Node::top(&value);
    let next = top.optional("next")?.map(|node| node.text().map(str::to_owned)).transpose()?;
    let count = match top.optional("count")? {
        Some(node) => {
            let count = node.name()?.parse();
            Some(count.map_err(|_| node.error(Fault::NoName))?)
        }
        None => None,
    };
    let mut page = Page {
        rights: Vec::new(),
        nameless: 0,
        entries: 0,
        count,
        next: next.filter(|next| !next.is_empty()),
    };
    for entry in top.field("results")?.list()? {
        page.entries += 1;
        match right(&entry, are_parkings)? {
            Some(right) => page.rights.push(right),
            None => page.nameless += 1,
        }
    }
    Ok(page)
}

/// One entry; nothing where it has nobody's plate: that of old parkings is taken out.
fn right(entry: &Node<'_, '_>, are_parkings: bool) -> Result<Option<ListedRight>, JsonError> {
    let text = |key| {
        let node = entry.optional(key)?;
        Ok::<_, JsonError>(node.and_then(|node| node.name().ok()))
    };
    let instant = |key| {
        let node = entry.optional(key)?;
        Ok::<_, JsonError>(node.map(|node| node.instant().map_err(|_| ())).transpose())
    };
    let id = match (text("id")?, are_parkings) {
        (Some(id), true) => Some(id.to_owned()),
        // The number of an item changes whenever its permit is saved: both together name it to a person.
        (Some(id), false) => Some(format!("{}-{id}", text("permit_id")?.unwrap_or("?"))),
        (None, _) => None,
    };
    let plate = text("registration_number")?.unwrap_or_default();
    if plate.is_empty() {
        return Ok(None);
    }
    // Every row of the register has one: without it nobody knows what else is not as it should be.
    let id = id.and_then(|id| RightId::new(&id).ok()).ok_or_else(|| entry.error(Fault::NoName))?;
    let (from, until, zone) = match are_parkings {
        true => ("time_start", "time_end", "zone"),
        false => ("start_time", "end_time", "area"),
    };
    let kind = match are_parkings {
        true => RightKind::Session,
        false => {
            let Ok(code) = RightCode::new(KIND) else { return Ok(None) };
            RightKind::Permit(code)
        }
    };
    Ok(Some(ListedRight {
        id,
        number: None,
        is_unreadable: false,
        kind,
        state: RightState::Active,
        plates: vec![ListedPlate { text: plate.into(), issuer: SmolStr::default() }],
        zones: Some(text(zone)?.map(SmolStr::from).into_iter().collect()),
        period: period(instant(from)?, instant(until)?, are_parkings),
        updated_at: instant("modified_at")?.ok().flatten(),
    }))
}

/// Both ends are inside, so that a period may be one second long. A permit has an end.
fn period(
    begin: Result<Option<DateTime<Utc>>, ()>,
    end: Result<Option<DateTime<Utc>>, ()>,
    may_be_open: bool,
) -> Result<Period, Option<DateTime<Utc>>> {
    let (Ok(Some(begin)), Ok(end)) = (begin, end) else { return Err(None) };
    if end.is_none() && !may_be_open {
        return Err(None);
    }
    Period::in_seconds(begin, end, Ends::Closed).map_err(|_| Some(begin).max(end))
}
