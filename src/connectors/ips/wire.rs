//! A page of the seed's wire. Pure.
//!
//! What is about persons (owner, telephone, officer, device) is not looked at.

use chrono::{DateTime, Utc};

use crate::document::{Fault, JsonError, Limits, Node, parse};
use crate::model::{Ends, Period, RightCode, RightId, RightKind, RightState, StateWord};
use crate::ports::{ListedPlate, ListedRight};

/// A page has as many bytes as its reader takes; in depth no more than any document.
const LIMITS: Limits = Limits { bytes_max: 64 * 1024 * 1024, ..Limits::DOCUMENT };

/// The type of a permit that states none.
const KIND_DEFAULT: &str = "permit";

/// What a page holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub rights: Vec<ListedRight>,
    pub deleted: Vec<RightId>,
    /// Entries that cannot be named.
    pub nameless: usize,
    pub as_of: Option<DateTime<Utc>>,
    /// The cursor of the next page; none on the last.
    pub next: Option<String>,
}

/// Reads a page of sessions, or of permits.
pub(super) fn page(bytes: &[u8], are_permits: bool) -> Result<Page, JsonError> {
    let value = parse(bytes, LIMITS)?;
    let top = Node::top(&value);
    let as_of = top.optional("asOf")?.map(|node| node.instant()).transpose()?;
    let next =
        top.optional("nextCursor")?.map(|node| node.name().map(str::to_owned)).transpose()?;
    let mut page = Page {
        rights: Vec::new(),
        deleted: Vec::new(),
        nameless: 0,
        as_of,
        next: next.filter(|cursor| !cursor.is_empty()),
    };
    for entry in top.field("data")?.list()? {
        match right(&entry, are_permits, as_of)? {
            Some(right) => page.rights.push(right),
            None => page.nameless += 1,
        }
    }
    if let Some(deleted) = top.optional("deleted")? {
        for entry in deleted.list()? {
            // Believed: an id alone, or in an object.
            let id = match entry.optional("id") {
                Ok(id) => id.ok_or_else(|| entry.error(Fault::Missing))?.name()?,
                Err(_) => entry.name()?,
            };
            match RightId::new(id) {
                Ok(id) => page.deleted.push(id),
                Err(_) => page.nameless += 1,
            }
        }
    }
    Ok(page)
}

/// One entry; nothing where it has no name by which it could be told or taken back. What is no object is an
/// error: then nobody knows what else is not as it should be.
fn right(
    entry: &Node<'_, '_>,
    are_permits: bool,
    as_of: Option<DateTime<Utc>>,
) -> Result<Option<ListedRight>, JsonError> {
    let text = |key| {
        let node = entry.optional(key)?;
        Ok::<_, JsonError>(node.and_then(|node| node.name().ok()))
    };
    let number = text("number")?.filter(|_| are_permits);
    let id = text("id")?.or(number).and_then(|id| RightId::new(id).ok());
    let Some(id) = id else { return Ok(None) };
    let (from, until) = match are_permits {
        true => ("validFrom", "validUntil"),
        false => ("startTime", "endTime"),
    };
    let instant = |key| {
        let node = entry.optional(key)?;
        Ok::<_, JsonError>(node.map(|node| node.instant().map_err(|_| ())).transpose())
    };
    let (begin, end) = (instant(from)?, instant(until)?);
    let period = period(begin, end, are_permits);
    let word = text("status")?;
    // Begun by mistake and stopped at once: it gave nobody anything, and nothing about it is in doubt.
    let is_nothing = matches!((begin, end), (Ok(Some(begin)), Ok(Some(end))) if begin == end)
        && word.is_some_and(is_stopped);
    let plate = ListedPlate {
        text: text("licensePlate")?.unwrap_or_default().to_owned(),
        issuer: text("state")?.unwrap_or_default().to_owned(),
    };
    let zones = match are_permits {
        true => zones(entry)?,
        false => Some(text("zoneNumber")?.map(str::to_owned).into_iter().collect()),
    };
    let kind = match are_permits {
        false => RightKind::Session,
        true => {
            let code = text("type")?.unwrap_or(KIND_DEFAULT);
            let Ok(code) = RightCode::new(code) else { return Ok(None) };
            RightKind::Permit(code)
        }
    };
    let state = state(word, end.ok().flatten(), as_of);
    let plates = if is_nothing { Vec::new() } else { vec![plate] };
    let updated_at = instant("updatedAt")?.ok().flatten();
    Ok(Some(ListedRight { id, kind, state, plates, zones, period, updated_at }))
}

/// When it holds: to whole seconds, so that nobody loses a part of one. A permit without a begin holds since
/// ever; a session without one is none.
fn period(
    begin: Result<Option<DateTime<Utc>>, ()>,
    end: Result<Option<DateTime<Utc>>, ()>,
    are_permits: bool,
) -> Result<Period, Option<DateTime<Utc>>> {
    let sure = begin.ok().flatten().max(end.ok().flatten());
    let (Ok(begin), Ok(end)) = (begin, end) else { return Err(None) };
    let begin = begin.or(Some(DateTime::UNIX_EPOCH).filter(|_| are_permits)).ok_or(None)?;
    let end = end.map(|end| whole_second(end, true));
    let sure = sure.filter(|_| end.is_some());
    Period::new(whole_second(begin, false), end, Ends::Open).map_err(|_| sure)
}

/// The second of an instant, or the next one.
fn whole_second(at: DateTime<Utc>, is_up: bool) -> DateTime<Utc> {
    let second = DateTime::from_timestamp(at.timestamp(), 0).unwrap_or(at);
    let next = second.checked_add_signed(chrono::TimeDelta::seconds(1)).unwrap_or(second);
    if is_up && second < at { next } else { second }
}

/// Where a permit holds; none stated: everywhere.
fn zones(entry: &Node<'_, '_>) -> Result<Option<Vec<String>>, JsonError> {
    let Some(listed) = entry.optional("zones")? else {
        let one = entry.optional("zoneNumber")?.and_then(|node| node.name().ok());
        return Ok(one.map(|name| vec![name.to_owned()]));
    };
    let mut zones = Vec::new();
    for zone in listed.list()? {
        // One that cannot be read is one that nobody knows.
        zones.push(zone.name().unwrap_or_default().to_owned());
    }
    Ok(Some(zones))
}

const CANCELLED: [&str; 5] = ["CANCELLED", "CANCELED", "VOID", "VOIDED", "REVOKED"];
const OVER: [&str; 4] = ["COMPLETED", "ENDED", "STOPPED", "EXPIRED"];

fn is_one_of(words: &[&str], word: &str) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn is_stopped(word: &str) -> bool {
    is_one_of(&CANCELLED, word) || is_one_of(&OVER, word)
}

/// What a word for a state means. Over is over, if its time is; else nobody knows which of the two is right.
fn state(
    word: Option<&str>,
    end: Option<DateTime<Utc>>,
    as_of: Option<DateTime<Utc>>,
) -> RightState {
    let Some(word) = word else { return RightState::Active };
    let is_over = end.zip(as_of).is_some_and(|(end, as_of)| end <= as_of);
    match word {
        _ if is_one_of(&["ACTIVE"], word) => RightState::Active,
        _ if is_one_of(&CANCELLED, word) => RightState::Cancelled,
        _ if is_one_of(&["SUSPENDED", "ON_HOLD", "INACTIVE"], word) => RightState::Suspended,
        _ if is_over && is_one_of(&OVER, word) => RightState::Active,
        _ => {
            let word = StateWord::new(word).or_else(|_| StateWord::new("unreadable"));
            word.map_or(RightState::Suspended, RightState::Unknown)
        }
    }
}
