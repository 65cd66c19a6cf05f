//! A change: one record's new window.

use super::{Budget, Cause, HolderId, Kind, Limit, RecordId, SourceName, TargetName, Window};

/// One person's new validity on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
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
