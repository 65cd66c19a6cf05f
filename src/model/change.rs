//! A change of one record.

use super::{Budget, Cause, HolderId, Kind, Limit, RecordId, SourceName, TargetName, Window};

/// What a change does to a record. Whatever a target can be told beside this, adding a record or removing
/// one of ours, is a further verb, and is decided wherever this one is matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Gives a record that is there another window, and leaves the rest of it alone.
    Set,
}

/// One person's new validity on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub verb: Verb,
    pub device: TargetName,
    pub employee_no: RecordId,
    /// Whose membership it follows from.
    pub member: HolderId,
    /// The organisation's name in the configuration.
    pub source: SourceName,
    pub cause: Cause,
    /// Whether access is given or taken.
    pub kind: Kind,
    /// What the person holds.
    pub before: Limit,
    /// What the person shall hold.
    pub after: Window,
    /// A closed door opens at this moment.
    pub opens_door: bool,
    /// The person's fingerprint as read: the change is refused if it moved since.
    pub fingerprint: String,
    /// Access ends at once: the end is yesterday's, and moves with every midnight.
    pub ends_at_once: bool,
    /// Set when a budget keeps the change from being carried out.
    pub blocked: Option<Budget>,
}

impl Change {
    /// Whether somebody must approve it before it is carried out.
    #[must_use]
    pub fn needs_approval(&self) -> bool {
        self.blocked.is_some_and(Budget::needs_approval)
    }
}
