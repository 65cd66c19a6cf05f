//! Events: what a system tells by itself, proven, taken once, and on the disk before it is answered.
//!
//! The order is fixed: size, headers, time, signature over the bytes as they came, then the document, then the id,
//! then the effect; the last two in one transaction. What takes long (gates, lists) is left to the next `sync`.

mod headers;
mod proof;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

pub use headers::{Headers, NoHeaders};
pub use proof::{NotProven, Proven, prove};

use super::citations;
use super::rights::Known;
use crate::config::{Config, EventSender};
use crate::document::{Fault, JsonError, Limits, Node, parse};
use crate::model::{CitationState, Ends, Period, RightId, RightKind, SourceName};
use crate::ports::{Effect, MeterStatus};
use crate::store::{
    CitationKept, InsteadOf, MeterKept, RightsPart, RightsPartRead, Store, StoreError, Taken,
};
use crate::text::hex::hex;

/// What the end of paid time by a meter's clock and by its last payment may differ.
const PAID_SLACK: TimeDelta = TimeDelta::seconds(120);

/// An event as it came.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    pub headers: &'a Headers,
    pub body: &'a [u8],
    /// What it is, where it does not say so itself.
    pub kind: Option<&'a str>,
}

/// Why an event is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    #[error("{0}")]
    NotProven(#[from] NotProven),
    #[error("{0}")]
    Document(#[from] JsonError),
    /// Whoever changes what has been taken is not believed, nor is it overlooked.
    #[error("an event with its id was taken before, and had other content")]
    Otherwise,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Applied(Applied),
    /// It was taken before.
    Repeated,
}

/// What an event came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// A citation is kept, and what is known of its car by now.
    Citation(Box<citations::Judged>),
    CitationPaid,
    /// So many rows of a right end sooner.
    RightEnded(usize),
    /// A meter is kept; the two ways to tell the end of paid time differ by more than two minutes.
    Meter {
        is_end_doubtful: bool,
    },
    Nothing,
}

/// Takes an event: all of it, durably, or nothing.
///
/// # Errors
/// [`StoreError`]; within, [`EventError`], of which nothing is kept.
pub fn take(
    config: &Config,
    store: &Store,
    sender: &EventSender<'_>,
    delivery: Delivery<'_>,
    now: DateTime<Utc>,
) -> Result<Result<Outcome, EventError>, StoreError> {
    let Read { id, is_own_id, said_at, effect } = match read(sender, delivery, now) {
        Ok(read) => read,
        Err(error) => return Ok(Err(error)),
    };
    let sha256 = hex(&Sha256::digest(delivery.body));
    store.together(|store| {
        let taken = store.inbox().take(sender.name, &id, &sha256, now)?;
        let inbox = Inbox { config, store, sender, source: sender.name, now, said_at };
        Ok(match (taken, effect) {
            (Taken::New, effect) => Ok(Outcome::Applied(inbox.apply(effect)?)),
            (Taken::Otherwise, _) => Err(EventError::Otherwise),
            (Taken::Before, Effect::Meter(status)) if !is_own_id => {
                inbox.hear_again(status)?;
                Ok(Outcome::Repeated)
            }
            (Taken::Before, _) => Ok(Outcome::Repeated),
        })
    })
}

/// An event that is proven and understood.
struct Read {
    id: String,
    /// It has a name of its own, and is not called by its bytes.
    is_own_id: bool,
    /// When that was so: by the event itself, and no later than it was signed.
    said_at: DateTime<Utc>,
    effect: Effect,
}

/// Proves an event and reads it. Pure.
fn read(
    sender: &EventSender<'_>,
    delivery: Delivery<'_>,
    now: DateTime<Utc>,
) -> Result<Read, EventError> {
    let Delivery { headers, body, kind } = delivery;
    // A body that is too long is cut before it gets here, and its signature does not count.
    if body.len() > Limits::DOCUMENT.bytes_max {
        parse(body, Limits::DOCUMENT)?;
    }
    let proven = prove(sender.events, headers, body, now)?;
    let value = parse(body, Limits::DOCUMENT)?;
    let top = Node::top(&value);
    let named = top.optional("type")?.map(|node| node.text()).transpose()?;
    let data = top.optional("data")?;
    let signed_at = proven.signed_at.unwrap_or(now);
    let (mut effect, stated) = match (named, &data) {
        (Some(named), Some(data)) => {
            let stated = top.optional("timestamp")?.map(|node| node.instant()).transpose()?;
            (sender.reader.read(named, data)?, stated)
        }
        // The time of a bare document is that of what it is about.
        (named, _) => {
            let bare = kind.or(named).unwrap_or(sender.reader.bare_kind());
            (sender.reader.read(bare, &top)?, None)
        }
    };
    let place = if named.is_some() { data.as_ref().unwrap_or(&top) } else { &top };
    match &mut effect {
        Effect::Citation(citation) if citation.at > citations::latest(now) => {
            return Err(place.field("timestamp")?.error(Fault::Future).into());
        }
        // Of two statements of one that state no time, the later event counts.
        Effect::Citation(citation) => citation.updated_at = citation.updated_at.or(stated),
        Effect::Meter(MeterStatus { last_payment: Some((at, _)), .. })
            if *at > citations::latest(now) =>
        {
            return Err(place.error(Fault::Future).into());
        }
        _ => {}
    }
    let own = top.optional("id")?.and_then(|id| id.name().ok()).filter(|id| !id.is_empty());
    let (id, is_own_id) = match (proven.id, own) {
        (Some(id), _) => (id, true),
        (None, Some(own)) => (format!("id:{own}"), true),
        (None, None) => (format!("sha256:{}", hex(&Sha256::digest(body))), false),
    };
    let said_at = stated.map_or(signed_at, |stated| stated.min(signed_at));
    Ok(Read { id, is_own_id, said_at, effect })
}

struct Inbox<'a> {
    config: &'a Config,
    store: &'a Store,
    sender: &'a EventSender<'a>,
    source: &'a SourceName,
    now: DateTime<Utc>,
    said_at: DateTime<Utc>,
}

impl Inbox<'_> {
    fn apply(&self, effect: Effect) -> Result<Applied, StoreError> {
        let Self { config, store, sender, source, now, said_at } = *self;
        Ok(match effect {
            Effect::Citation(listed) => {
                let citation = citations::read(&config.vehicles, source, listed);
                let country = config.vehicles.country;
                let is_judged =
                    sender.settings.is_none_or(|one| one.judges(citation.kind.as_ref()));
                let known = store.citations().find(source, &citation.id, country)?;
                // One that was of a type that a right answers is known as another one from now on.
                let is_wanted = is_judged || known.is_some();
                let stands = citations::Heard::State(citation.state);
                let said = (citation.updated_at, now);
                citations::hear(store, (source, &citation.id), stands, said)?;
                if !is_wanted || citation.at < config.vehicles.kept_since(now) {
                    return Ok(Applied::Nothing);
                }
                let rights = Known::read(&config.vehicles, store)?;
                let this = std::slice::from_ref(&citation);
                citations::keep(config, store, (&rights, now, None), this)?;
                if !is_judged {
                    return Ok(Applied::Nothing);
                }
                let kept = store.citations().find(source, &citation.id, country)?;
                let current = kept.map_or(citation, CitationKept::settled);
                let judged = citations::judged(&config.vehicles, store, &rights, &current, now)?;
                Applied::Citation(Box::new(judged))
            }
            Effect::CitationPaid(id) => {
                store.citations().paid(source, &id, now)?;
                let paid = citations::Heard::State(CitationState::Paid);
                citations::hear(store, (source, &id), paid, (None, now))?;
                Applied::CitationPaid
            }
            Effect::RightEnded(id, at) => {
                Applied::RightEnded(self.end_right(&id, at.unwrap_or(said_at))?)
            }
            Effect::Meter(status) => {
                let paid = Paid::by(&status, said_at);
                self.keep_meter(&status, paid, false)?;
                Applied::Meter { is_end_doubtful: paid.is_end_doubtful }
            }
            Effect::Nothing => Applied::Nothing,
        })
    }

    /// A meter states word for word what it has stated before: that again, or a delivery once more. It is as it says;
    /// but time that is left is left since a payment that is named, and not anew, and no payment that was heard of since
    /// is taken back.
    fn hear_again(&self, status: MeterStatus) -> Result<(), StoreError> {
        let remaining_s = status.remaining_s.filter(|_| status.last_payment.is_none());
        let paid = Paid::by(&MeterStatus { remaining_s, ..status.clone() }, self.said_at);
        self.keep_meter(&status, paid, true)
    }

    /// Keeps what a meter states, unless it has stated something later; what lies in the future is of a clock that was
    /// wrong.
    fn keep_meter(&self, status: &MeterStatus, paid: Paid, again: bool) -> Result<(), StoreError> {
        let Self { store, source, now, said_at, .. } = *self;
        let before = store.inbox().meter(source, status.id.as_str())?;
        let is_late = |before: &MeterKept| said_at < before.said_at && before.said_at <= now;
        if before.as_ref().is_some_and(is_late) {
            return Ok(());
        }
        let paid = before.as_ref().map_or(paid, |before| paid.after(before, said_at, again));
        store.inbox().keep_meter(&MeterKept {
            source: source.to_string(),
            id: status.id.to_string(),
            zone: status.zone.clone(),
            is_operational: status.is_operational,
            is_occupied: status.is_occupied,
            battery: status.battery,
            paid_from: paid.from,
            paid_until: paid.until,
            payment_until: paid.payment_until,
            said_at,
        })
    }

    /// Has a permit end at an instant, where it would end later or never. The next listing of it says again what it
    /// says.
    fn end_right(&self, id: &RightId, at: DateTime<Utc>) -> Result<usize, StoreError> {
        let Self { config, store, source, now, said_at: told_at, .. } = *self;
        let parts = store.rights().files()?;
        let mut ended = 0;
        // What was listed after that is told knows better.
        let is_older = |part: &&RightsPart| part.since.is_none_or(|since| since < told_at);
        let own = parts.iter().filter(|part| part.source == source.as_str());
        for part in own.filter(is_older) {
            let (mut rows, left_out) =
                store.rights().of_right(part, id, config.vehicles.country)?;
            let (there, lost) = (rows.len(), left_out.len());
            let mut changed = 0;
            rows.retain_mut(|row| {
                // A session may have the number of a permit.
                let is_permit = matches!(row.kind, RightKind::Permit(_));
                if !is_permit || row.period.end().is_some_and(|end| end <= at) {
                    return true;
                }
                changed += 1;
                // What had not begun by then never holds.
                let shorter = Period::new(row.period.begin(), Some(at), Ends::Open);
                shorter.map(|period| row.period = period).is_ok()
            });
            if changed == 0 {
                continue;
            }
            ended += changed;
            let gone = (there - rows.len()) as u64;
            let said = format!("{} {id} ended {at}", part.sha256);
            let RightsPart { since, whole_at, as_of, .. } = *part;
            let read = RightsPartRead {
                source: source.clone(),
                path: part.path.clone().into(),
                // Other content: lists and gates follow, and the next whole listing is compared anew.
                sha256: hex(&Sha256::digest(said.as_bytes())),
                sense: part.sense.clone(),
                stamp: part.stamp.clone(),
                rights: part.rights.saturating_sub(gone),
                left_out_rows: part.left_out.max(lost as u64),
                rows,
                left_out,
                since,
                whole_at,
                as_of,
                instead_of: InsteadOf::Rights(vec![id.clone()]),
            };
            store.rights().record(&read, (now, config.vehicles.kept_since(now)), true)?;
        }
        Ok(ended)
    }
}

/// Until when the space of a meter is paid for, by what it states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Paid {
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
    /// Until when by a payment that was named: no clock of a meter takes that back.
    payment_until: Option<DateTime<Utc>>,
    /// How much time is left was stated.
    is_by_clock: bool,
    /// The two ways to tell the end differ by more than two minutes.
    is_end_doubtful: bool,
}

impl Paid {
    /// By one statement alone. Of two ends the later one counts, in favour of whoever has paid. Pure.
    fn by(status: &MeterStatus, said_at: DateTime<Utc>) -> Self {
        let by_clock = status
            .remaining_s
            .and_then(|seconds| said_at.checked_add_signed(TimeDelta::seconds(seconds.into())));
        let by_payment = status.last_payment.and_then(|(at, minutes)| {
            let until = at.checked_add_signed(TimeDelta::minutes(minutes.into()))?;
            Some((at, until))
        });
        let is_end_doubtful = by_clock.zip(by_payment).is_some_and(|(clock, (_, payment))| {
            // What has ended has no time left, whenever it did.
            clock.signed_duration_since(payment.max(said_at)).abs() > PAID_SLACK
        });
        // No time left is time that ends now, unless its end is known.
        let by_clock = by_clock.filter(|clock| *clock > said_at || by_payment.is_none());
        let payment_until = by_payment.map(|(_, until)| until);
        Self {
            is_by_clock: status.remaining_s.is_some(),
            // What the meter says is paid is paid since it says so, whatever its clock showed then.
            from: by_payment.map(|(at, _)| at.min(said_at)).or(by_clock.map(|_| said_at)),
            until: by_clock.max(payment_until),
            payment_until,
            is_end_doubtful,
        }
    }

    /// The same after what is known of the meter. A statement without payments leaves those that are known, and one
    /// that comes `again` takes nothing back. Pure.
    fn after(self, before: &MeterKept, said_at: DateTime<Utc>, again: bool) -> Self {
        let known = before.payment_until;
        // Whoever pays while time runs adds to it; a payment of no later begin is that payment, told anew.
        let is_added = self.payment_until.is_some()
            && self.from > before.paid_from
            && self.from <= before.paid_until;
        let payment_until = match self.payment_until {
            named if again || is_added => named.max(known),
            named => named.or(known),
        };
        let Some(until) = self.until else {
            let (from, until) = (before.paid_from, before.paid_until);
            return Self { from, until, payment_until, ..self };
        };
        let is_least = again || is_added && !self.is_by_clock;
        let least = if is_least { before.paid_until.max(payment_until) } else { payment_until };
        let until = least.map_or(until, |least| until.max(least));
        // What was paid before and runs on into this is one time.
        let runs_on =
            before.paid_until.is_some_and(|end| self.from.is_some_and(|from| from <= end));
        let from = if runs_on { before.paid_from.min(self.from) } else { self.from };
        let is_over = until <= said_at && !runs_on;
        let (from, until) = match before.paid_until {
            // No time is left, and when it ended is known.
            Some(end) if is_over && self.payment_until.is_none() => (before.paid_from, end),
            _ => (from, until),
        };
        Self { from, until: Some(until), payment_until, ..self }
    }
}
