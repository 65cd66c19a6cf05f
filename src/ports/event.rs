//! What a system tells by itself, one event at a time.

use std::fmt::Debug;

use chrono::{DateTime, Utc};

use super::ListedCitation;
use crate::document::{JsonError, Node};
use crate::model::{CitationId, RightId, SpaceId};

/// What an event comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A citation as it is now.
    Citation(ListedCitation),
    /// A citation is paid; it may not be known yet.
    CitationPaid(CitationId),
    /// A right has ended, if nothing else ended it before; when, where the event says so.
    RightEnded(RightId, Option<DateTime<Utc>>),
    /// A meter states how it is.
    Meter(MeterStatus),
    /// Nothing that is kept here: a type that nobody knows, or one about staff.
    Nothing,
}

/// How a meter is, as it states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterStatus {
    pub id: SpaceId,
    /// In the meter's words.
    pub zone: Option<String>,
    pub is_operational: bool,
    pub is_occupied: Option<bool>,
    /// In percent.
    pub battery: Option<u8>,
    /// Paid time that is left, in seconds; 0 where it is over.
    pub remaining_s: Option<u32>,
    /// The last payment: when, and for how many minutes.
    pub last_payment: Option<(DateTime<Utc>, u32)>,
}

/// How the events of a kind of system are read.
pub trait EventReader: Debug + Sync {
    /// What an event is that has no type of its own: a bare document.
    fn bare_kind(&self) -> &'static str;

    /// Reads what an event of a type says. What is about persons is not looked at.
    ///
    /// # Errors
    /// [`JsonError`] with the place of what is not acceptable.
    fn read(&self, kind: &str, data: &Node<'_, '_>) -> Result<Effect, JsonError>;
}
