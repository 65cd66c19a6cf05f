//! The parts of plans that wait for a person's approval.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::convert::{instant_in, instant_out};
use super::{Store, StoreError};

/// A part of a plan that waits for a person's approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedPlan {
    /// When the tick that first made it began.
    pub made_at: DateTime<Utc>,
    pub document: String,
}

impl Store {
    /// Keeps exactly this blocked plan (or none), replacing what earlier ticks kept: when the facts
    /// move, the old approval must not fit any more.
    pub fn keep_blocked(
        &mut self,
        blocked: Option<(&str, &str)>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let transaction = self.piece()?;
        let kept = blocked.map_or("", |(id, _)| id);
        transaction.prepare_cached("DELETE FROM blocked_plan WHERE id <> ?1")?.execute([kept])?;
        if let Some((id, document)) = blocked {
            transaction.execute(
                "INSERT INTO blocked_plan (id, made_at, seen_at, document) VALUES (?1, ?2, ?2, ?3) \
                 ON CONFLICT (id) DO UPDATE SET seen_at = ?2, document = ?3",
                params![id, instant_out(now), document],
            )?;
        }
        transaction.commit()
    }

    /// Keeps one more blocked plan beside the others: that of a run limited by `--only`, which knows
    /// nothing of the rest. The next run without a limit forgets it, unless it comes to the same.
    pub fn also_keep_blocked(
        &self,
        id: &str,
        document: &str,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.exec(
            "INSERT INTO blocked_plan (id, made_at, seen_at, document) VALUES (?1, ?2, ?2, ?3) \
             ON CONFLICT (id) DO UPDATE SET seen_at = ?2, document = ?3",
            params![id, instant_out(now), document],
        )?;
        Ok(())
    }

    /// Forgets a blocked plan that was carried out.
    pub fn forget_blocked(&self, id: &str) -> Result<(), StoreError> {
        self.exec("DELETE FROM blocked_plan WHERE id = ?1", [id])?;
        Ok(())
    }

    /// The blocked plan with an id, if it still stands.
    pub fn blocked(&self, id: &str) -> Result<Option<BlockedPlan>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT made_at, document FROM blocked_plan WHERE id = ?1")?;
        let mut rows = statement.query([id])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some(BlockedPlan { made_at: instant_in(row.get(0)?)?, document: row.get(1)? }))
    }
}
