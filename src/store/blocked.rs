//! The parts of plans that wait for a person's approval.

use chrono::{DateTime, Utc};

use super::rows::row;
use super::{Pending, StoreError};

/// A part of a plan that waits for a person's approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedPlan {
    /// When the tick that first made it began.
    pub made_at: DateTime<Utc>,
    pub document: String,
}

row!(BlockedPlan { made_at, document });

impl Pending<'_> {
    /// Keeps exactly this blocked plan (or none), replacing what earlier ticks kept: when the facts
    /// move, the old approval must not fit any more.
    pub fn keep_blocked(
        &self,
        blocked: Option<(&str, &str)>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.0.together(|store| {
            let kept = blocked.map_or("", |(id, _)| id);
            store.exec("DELETE FROM blocked_plan WHERE id <> ?1", kept)?;
            blocked.map_or(Ok(()), |(id, document)| self.also_keep_blocked(id, document, now))
        })
    }

    /// Keeps one more blocked plan beside the others: that of a run limited by `--only`, which knows
    /// nothing of the rest. The next run without a limit forgets it, unless it comes to the same.
    pub fn also_keep_blocked(
        &self,
        id: &str,
        document: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.0.exec(
            "INSERT INTO blocked_plan (id, made_at, seen_at, document) VALUES (?1, ?2, ?2, ?3) \
             ON CONFLICT (id) DO UPDATE SET seen_at = ?2, document = ?3",
            (id, now, document),
        )
    }

    /// Forgets a blocked plan that was carried out.
    pub fn forget_blocked(&self, id: &str) -> Result<(), StoreError> {
        self.0.exec("DELETE FROM blocked_plan WHERE id = ?1", id)
    }

    /// The blocked plan with an id, if it is still valid.
    pub fn blocked(&self, id: &str) -> Result<Option<BlockedPlan>, StoreError> {
        self.0.first("SELECT made_at, document FROM blocked_plan WHERE id = ?1", id)
    }
}
