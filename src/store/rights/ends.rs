//! What of a part runs, and what has ended.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::store::{Rights, RightsPart, StoreError};

impl Rights<'_> {
    /// The plates of a file whose rights have not ended, as they are spelt, and how many rows those are.
    pub fn plates_running(
        &self,
        file: &RightsPart,
        now: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        self.0.all(
            "SELECT plate FROM parking_right WHERE file = ?1 AND (ends_at IS NULL OR ends_at > ?2)",
            (file.id, now),
        )
    }

    /// Whether rights of a part ended before that time whose rows are kept still.
    pub fn has_ended(&self, part: &RightsPart, before: DateTime<Utc>) -> Result<bool, StoreError> {
        for sql in [
            "SELECT line FROM parking_right INDEXED BY parking_right_end \
             WHERE ends_at < ?1 AND file = ?2 LIMIT 1",
            "SELECT line FROM parking_left_out INDEXED BY parking_left_out_until \
             WHERE until_at < ?1 AND file = ?2 LIMIT 1",
        ] {
            if self.0.first::<i64>(sql, (before, part.id))?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Forgets the rows of a part whose rights ended before that time, for good; says how many.
    pub fn forget_ended(
        &self,
        part: &RightsPart,
        before: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        self.0.together(|store| {
            store.write_over_what_goes()?;
            let rights = "DELETE FROM parking_right INDEXED BY parking_right_end \
                          WHERE ends_at < ?1 AND file = ?2";
            let left_out = "DELETE FROM parking_left_out INDEXED BY parking_left_out_until \
                            WHERE until_at < ?1 AND file = ?2";
            let rights = store.prepare(rights)?.run((before, part.id))?;
            Ok(rights + store.prepare(left_out)?.run((before, part.id))?)
        })
    }

    /// The rights of a part that had ended at a moment and are kept still.
    pub fn ended_of(
        &self,
        part: &RightsPart,
        at: DateTime<Utc>,
    ) -> Result<Vec<String>, StoreError> {
        self.0.all(
            "SELECT right_id FROM parking_right INDEXED BY parking_right_end \
             WHERE file = ?1 AND ends_at <= ?2",
            (part.id, at),
        )
    }

    /// The rights of a part that have not ended.
    pub fn running_of(
        &self,
        part: &RightsPart,
        now: DateTime<Utc>,
    ) -> Result<BTreeSet<String>, StoreError> {
        self.0.all(
            "SELECT right_id FROM parking_right WHERE file = ?1 AND (ends_at IS NULL OR ends_at > ?2)",
            (part.id, now),
        )
    }
}
