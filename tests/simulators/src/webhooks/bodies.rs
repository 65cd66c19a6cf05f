//! What the events say. They are written by hand, to the byte as they are signed.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;

pub use super::meter::meter_status;
use crate::ips::{Citation, PERSONAL_MARKS};

/// An event in its envelope `{"type":…,"timestamp":…,"data":{…}}`. Its text is the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    id: Option<String>,
    kind: String,
    at: DateTime<Utc>,
    data: String,
}

impl Event {
    /// Sets when it happened; 2024-01-01T12:15:00Z at first, but for events of a citation.
    #[must_use]
    pub fn at(mut self, at: DateTime<Utc>) -> Self {
        self.at = at;
        self
    }

    /// Puts an `id` into the envelope, for schemes that tell none in a header.
    #[must_use]
    pub fn id(mut self, id: &str) -> Self {
        self.id = Some(id.into());
        self
    }
}

impl fmt::Display for Event {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("{")?;
        if let Some(id) = &self.id {
            write!(out, "\"id\":{},", text(id))?;
        }
        let (kind, at) = (text(&self.kind), self.at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        write!(out, "\"type\":{kind},\"timestamp\":\"{at}\",\"data\":{}}}", self.data)
    }
}

impl From<Event> for Vec<u8> {
    fn from(event: Event) -> Self {
        event.to_string().into_bytes()
    }
}

/// An event of any type, with its `data` as JSON.
pub fn event(kind: &str, data: &str) -> Event {
    // 2024-01-01T12:15:00Z, which the published vectors are of.
    let at = DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(1_704_111_300);
    Event { id: None, kind: kind.into(), at, data: data.into() }
}

/// `violation.created`: a citation was written, as a listing would tell of it. It happened when the
/// citation was changed last.
pub fn citation_created(citation: &Citation) -> Event {
    event("violation.created", &citation.row()).at(citation.updated_at)
}

/// `violation.updated`: a citation was changed, as a listing would tell of it. It happened when the
/// citation was changed last.
pub fn citation_updated(citation: &Citation) -> Event {
    event("violation.updated", &citation.row()).at(citation.updated_at)
}

/// `citation.paid`: the fine of the citation with this number was paid.
pub fn citation_paid(number: &str) -> Event {
    event("citation.paid", &format!("{{\"citationNumber\":{}}}", text(number)))
}

/// `permit.expired`: the permit with this id, as listings tell it, is good no longer.
pub fn permit_expired(id: &str) -> Event {
    event("permit.expired", &format!("{{\"permitId\":{}}}", text(id)))
}

/// `enforcement.start_shift`: an officer begins to work. It is full of what nobody needs to keep.
pub fn shift_started() -> Event {
    event("enforcement.start_shift", &shift())
}

/// `enforcement.end_shift`: an officer goes home. It is full of what nobody needs to keep.
pub fn shift_ended() -> Event {
    event("enforcement.end_shift", &shift())
}

/// An officer's report of a citation, without an envelope.
pub fn violation_report(citation: &Citation) -> String {
    citation.report()
}

fn shift() -> String {
    let [name, phone, _, officer, device] = PERSONAL_MARKS.map(text);
    format!(
        "{{\"officerId\":{officer},\"officerName\":{name},\"telephone\":{phone},\
         \"deviceId\":{device},\"zones\":[\"A1\"]}}"
    )
}

/// A text as JSON.
pub(super) fn text(text: &str) -> String {
    Value::from(text).to_string()
}
