//! A page of the seed's wire. Pure.
//!
//! What is about persons (owner, telephone, officer, device) is not looked at.

use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use smol_str::SmolStr;

use crate::document::{Fault, JsonError, Limits, Node, parse};
use crate::model::{Ends, Period, RightCode, RightId, RightKind, RightState, StateWord};
use crate::ports::{ListedPlate, ListedRight};
use crate::text::hex::hex;

/// The type of a permit that states none.
const KIND_DEFAULT: &str = "permit";

/// What a page holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub rights: Vec<ListedRight>,
    pub deleted: Vec<RightId>,
    /// Entries that are about no car, and deletions that name none.
    pub nameless: usize,
    pub as_of: Option<DateTime<Utc>>,
    /// The cursor of the next page; none on the last.
    pub next: Option<String>,
}

/// How entries are read. `Debug` does not show the key.
#[derive(Clone)]
pub(super) struct Reading {
    pub ends: Ends,
    key: Hmac<Sha256>,
}

impl Reading {
    /// `secret` is one that only this service and we know.
    pub(super) fn new(ends: Ends, secret: &str) -> Option<Self> {
        Hmac::new_from_slice(secret.as_bytes()).ok().map(|key| Self { ends, key })
    }

    /// A name that tells nobody what it was made of: whoever guesses plates has not the key to try them.
    pub(super) fn digest(&self, prefix: &str, all: &str) -> Option<RightId> {
        let mut digest = self.key.clone();
        digest.update(all.as_bytes());
        let digest = hex(&digest.finalize().into_bytes());
        RightId::new(&format!("{prefix}-{}", digest.get(..16)?)).ok()
    }
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reading({:?})", self.ends)
    }
}

/// Reads a page of sessions, or of permits.
pub(super) fn page(bytes: &[u8], are_permits: bool, reading: &Reading) -> Result<Page, JsonError> {
    let value = parse(bytes, Limits::PAGE)?;
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
        match right(&entry, (are_permits, reading), as_of)? {
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

/// One entry; nothing where it is about no car. What is no object is an error: then nobody knows what else is
/// not as it should be.
fn right(
    entry: &Node<'_, '_>,
    (are_permits, reading): (bool, &Reading),
    as_of: Option<DateTime<Utc>>,
) -> Result<Option<ListedRight>, JsonError> {
    let text = |key| {
        let node = entry.optional(key)?;
        Ok::<_, JsonError>(node.and_then(|node| node.name().ok()))
    };
    let plate = ListedPlate {
        text: text("licensePlate")?.unwrap_or_default().into(),
        issuer: text("state")?.unwrap_or_default().into(),
    };
    let (from, until) = match are_permits {
        true => ("validFrom", "validUntil"),
        false => ("startTime", "endTime"),
    };
    let instant = |key| {
        let node = entry.optional(key)?;
        Ok::<_, JsonError>(node.map(|node| node.instant().map_err(|_| ())).transpose())
    };
    let (begin, end) = (instant(from)?, instant(until)?);
    let zones = zones(entry, are_permits)?;
    let number = text("number")?.filter(|_| are_permits);
    let id = text("id")?.or(number).and_then(|id| RightId::new(id).ok());
    let is_unnamed = id.is_none();
    if is_unnamed && plate.text.is_empty() {
        return Ok(None);
    }
    let number = number.and_then(|number| RightId::new(number).ok());
    let Some(id) = id.or_else(|| unnamed(reading, &plate, zones.as_deref(), begin, end)) else {
        return Ok(None);
    };
    let code = match are_permits {
        false => None,
        true => Some(RightCode::new(text("type")?.unwrap_or(KIND_DEFAULT))),
    };
    let is_unreadable = is_unnamed || code.as_ref().is_some_and(Result::is_err);
    let kind = code.and_then(Result::ok).map_or(RightKind::Session, RightKind::Permit);
    // One that is there and cannot be read is one that nobody knows.
    let word = entry.optional("status")?.map(|node| node.name().unwrap_or_default());
    // Begun by mistake and stopped at once: it gave nobody anything, and nothing about it is in doubt.
    let is_nothing = matches!((begin, end), (Ok(Some(begin)), Ok(Some(end))) if begin == end)
        && word.is_some_and(is_stopped);
    Ok(Some(ListedRight {
        number: number.filter(|number| *number != id),
        id,
        is_unreadable,
        kind,
        state: state(word, end.ok().flatten(), as_of),
        plates: if is_nothing { Vec::new() } else { vec![plate] },
        zones,
        period: period(begin, end, (are_permits, reading.ends)),
        updated_at: instant("updatedAt")?.ok().flatten(),
    }))
}

type Moment = Result<Option<DateTime<Utc>>, ()>;

/// What an entry without a name is called: the same for the same entry.
fn unnamed(
    reading: &Reading,
    plate: &ListedPlate,
    zones: Option<&[SmolStr]>,
    begin: Moment,
    end: Moment,
) -> Option<RightId> {
    let all = format!("{:?} {:?} {zones:?} {begin:?} {end:?}", plate.text, plate.issuer);
    reading.digest("unnamed", &all)
}

/// When it holds. A permit without a begin holds since ever; a session without one is none.
fn period(
    begin: Moment,
    end: Moment,
    (are_permits, ends): (bool, Ends),
) -> Result<Period, Option<DateTime<Utc>>> {
    let sure = begin.ok().flatten().max(end.ok().flatten());
    let (Ok(begin), Ok(end)) = (begin, end) else { return Err(None) };
    let begin = begin.or(Some(DateTime::UNIX_EPOCH).filter(|_| are_permits)).ok_or(None)?;
    let sure = sure.filter(|_| end.is_some());
    Period::in_seconds(begin, end, ends).map_err(|_| sure)
}

/// Where it holds. A permit that states nothing holds everywhere; what cannot be read is a zone that nobody knows.
fn zones(entry: &Node<'_, '_>, are_permits: bool) -> Result<Option<Vec<SmolStr>>, JsonError> {
    let name = |node: &Node<'_, '_>| SmolStr::from(node.name().unwrap_or_default());
    if are_permits && let Some(listed) = entry.optional("zones")? {
        return Ok(Some(listed.list()?.map(|zone| name(&zone)).collect()));
    }
    let one = entry.optional("zoneNumber")?.map(|node| vec![name(&node)]);
    Ok(if are_permits { one } else { Some(one.unwrap_or_default()) })
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
