//! What is forgotten with time, so that the file stays small at 288 runs a day for years.
//!
//! Kept for ever: the audit log, and the runs it names. Bounded by themselves: persons by the doors'
//! lists, links by members and doors, blocked plans, role names and what was told by being replaced.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Store, StoreError};

/// A run that changed nothing is remembered this long: 288 a day make 26,000 rows.
pub(super) const RUNS_KEPT: TimeDelta = TimeDelta::days(90);
/// A blocked plan that no run has seen for so long fits no facts any more.
const BLOCKED_KEPT: TimeDelta = TimeDelta::days(90);
/// A member who is no longer listed, holds no link and whose last membership ended is forgotten this
/// long after both.
pub(super) const MEMBERS_KEPT: TimeDelta = TimeDelta::days(365);

/// Forgets what is due. At most once a day: by the first run of it.
pub(super) fn prune(store: &Store, now: DateTime<Utc>) -> Result<(), StoreError> {
    let before = |kept| now.checked_sub_signed(kept).unwrap_or(now);
    store.exec(
        "DELETE FROM run WHERE started_at < ?1 \
         AND NOT EXISTS (SELECT 1 FROM change WHERE change.run = run.id) \
         AND NOT EXISTS (SELECT 1 FROM intent WHERE intent.run = run.id) \
         AND NOT EXISTS (SELECT 1 FROM gate_change WHERE gate_change.run = run.id)",
        before(RUNS_KEPT),
    )?;
    store.exec("DELETE FROM blocked_plan WHERE seen_at < ?1", before(BLOCKED_KEPT))?;
    // Role times are wall-clock times; a year does not care for a zone.
    let mut forget = store.prepare(
        "DELETE FROM member WHERE missing_since < ?1 \
         AND NOT EXISTS (SELECT 1 FROM link WHERE link.member = member.id) \
         AND NOT EXISTS (SELECT 1 FROM member_role \
                         WHERE member_role.member = member.id AND ends >= ?1)",
    )?;
    // What a run had to say may have been about them, and counts them.
    if forget.run(before(MEMBERS_KEPT))? > 0 {
        store.journal().drop_quiet()?;
    }
    Ok(())
}
