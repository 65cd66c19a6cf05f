//! Who gives way to whom, where several members claim one person. Pure.

use chrono::{DateTime, Utc};

use crate::model::HolderId;

/// Whether a claim goes on from a link of an earlier run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Linked {
    Not,
    /// The member is linked to the person.
    Yes,
    /// The same since then, and the name on the door contains the member's last name; or somebody has accepted
    /// it.
    WithName(DateTime<Utc>),
}

/// A member who claims a person.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rival<'a> {
    pub key: &'a HolderId,
    pub vanished_since: Option<DateTime<Utc>>,
    pub is_let_in: bool,
    pub is_doubtful: bool,
    pub is_linked: Linked,
}

impl Rival<'_> {
    /// Whether this one gives way to another who claims the same person.
    pub fn yields_to(self, other: Self) -> bool {
        if self.is_let_in != other.is_let_in {
            return other.is_let_in && !other.is_doubtful;
        }
        let is_kept_by_other = match (self.is_linked, other.is_linked) {
            (Linked::WithName(mine), Linked::WithName(others)) => {
                self.key.source != other.key.source && mine < others
            }
            (_, kept) => matches!(kept, Linked::WithName(_)),
        };
        match (self.vanished_since, other.vanished_since) {
            (None, None) => is_kept_by_other,
            (None, Some(_)) => is_kept_by_other && self.is_doubtful,
            (Some(_), None) => !other.is_doubtful,
            (Some(since), Some(other_since)) => {
                is_kept_by_other || self.key.is_same_human(other.key) && since < other_since
            }
        }
    }
}
