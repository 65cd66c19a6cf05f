//! Whom somebody should look after, as the last run that knew everything saw it.
//!
//! It decides nothing: every run plans anew. It is kept so that `status` can tell without asking anybody,
//! and so that a tick tells only what is news.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;

use super::rows::row;
use super::{Pending, StoreError};
use crate::model::{HolderId, RecordId, TargetName};
use crate::text::times::whole_seconds;
use crate::text::words::words;

/// One member or person to look after.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Attention {
    /// What kind of care it needs.
    pub kind: AttentionKind,
    /// Where; `None`: at no door in particular.
    pub device: Option<TargetName>,
    /// Who, there; `None` where no person is known.
    pub employee_no: Option<RecordId>,
    #[serde(flatten)]
    pub member: HolderId,
    /// Why, in the words of the plan's reasons and causes.
    pub reason: String,
    /// When the time on the door is over, in its wall-clock time.
    pub ends: Option<NaiveDateTime>,
    /// When a run first saw it so.
    #[serde(serialize_with = "whole_seconds")]
    pub since: DateTime<Utc>,
}

words! {
    /// What kind of care somebody needs.
    pub enum AttentionKind {
        /// Served until now, and the door is closed.
        StandingOutside = "standing-outside",
        /// The door opens, and nobody can say whether that is paid for.
        OpenWithoutReason = "open-without-reason",
        /// Paid, and without a person on any door.
        NoDoor = "no-door",
        /// A person that this program has written to is linked to nobody.
        Released = "released",
        /// A change that is not made, since the door is only observed.
        Observed = "observed",
    }
}

impl Attention {
    /// Everything but since when.
    fn place(&self) -> (AttentionKind, Option<&TargetName>, Option<&RecordId>, &HolderId) {
        (self.kind, self.device.as_ref(), self.employee_no.as_ref(), &self.member)
    }
}

row!(Attention { kind, device, employee_no, member, reason, ends, since });

impl Pending<'_> {
    /// Replaces everybody to look after. Who was among them before is so since then.
    pub fn keep_attention(&self, now_so: &[Attention]) -> Result<(), StoreError> {
        let known = self.attention()?;
        let since = |one: &Attention| {
            let old = known.binary_search_by(|other| other.place().cmp(&one.place()));
            old.ok().and_then(|at| known.get(at)).map_or(one.since, |old| old.since)
        };
        let mut rows: Vec<Attention> =
            now_so.iter().map(|one| Attention { since: since(one), ..one.clone() }).collect();
        rows.sort_unstable();
        rows.dedup_by(|one, before| one.place() == before.place());
        if rows == known {
            return Ok(());
        }
        self.0.together(|store| {
            store.exec("DELETE FROM attention", ())?;
            store
                .prepare("INSERT INTO attention VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
                .run_each(&rows)
        })
    }

    /// Everybody to look after, sorted by kind, device, person and member.
    pub fn attention(&self) -> Result<Vec<Attention>, StoreError> {
        let mut found: Vec<Attention> = self.0.all("SELECT * FROM attention", ())?;
        found.sort_unstable();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::holder;
    use crate::store::Store;

    fn one(kind: AttentionKind, number: i64, reason: &str, minute: i64) -> Attention {
        Attention {
            kind,
            device: TargetName::new("door").ok().filter(|_| kind != AttentionKind::NoDoor),
            employee_no: RecordId::new("7").ok().filter(|_| kind == AttentionKind::Released),
            member: holder(&number.to_string()),
            reason: reason.to_owned(),
            ends: None,
            since: DateTime::from_timestamp(1_700_000_000 + 60 * minute, 0).unwrap(),
        }
    }

    /// Mutants that this catches: since when is overwritten; whoever is gone stays; a changed reason is
    /// not written.
    #[test]
    fn it_is_so_since_it_was_first_seen() {
        use AttentionKind::{NoDoor, Released, StandingOutside};
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        let first = [one(StandingOutside, 1, "bad-dates", 0), one(NoDoor, 2, "no-person", 0)];
        store.pending().keep_attention(&first).unwrap();
        assert_eq!(store.pending().attention().unwrap(), first);
        let later = [one(NoDoor, 2, "no-email", 9), one(Released, 3, "released", 9)];
        store.pending().keep_attention(&later).unwrap();
        let want = [one(NoDoor, 2, "no-email", 0), one(Released, 3, "released", 9)];
        assert_eq!(store.pending().attention().unwrap(), want);
        store.pending().keep_attention(&[]).unwrap();
        assert!(store.pending().attention().unwrap().is_empty());
    }
}
