//! Whom somebody should look after, as the last run that knew everything saw it.
//!
//! It decides nothing: every run plans anew. It is kept so that `status` can tell without asking anybody,
//! and so that a tick tells only what is news.

use chrono::{DateTime, NaiveDateTime, Utc};
use rusqlite::params;
use serde::Serialize;

use super::convert::{damaged, instant_in, instant_out, text_at, wall_in, wall_out};
use super::{Store, StoreError};
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

impl Store {
    /// Replaces everybody to look after. Who was among them before is so since then.
    pub fn keep_attention(&mut self, now_so: &[Attention]) -> Result<(), StoreError> {
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
        let transaction = self.piece()?;
        transaction.execute("DELETE FROM attention", [])?;
        for one in rows {
            transaction
                .prepare_cached(
                    "INSERT INTO attention (kind, device, employee_no, source, holder, reason, ends, \
                     since_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    one.kind.as_str(),
                    one.device.as_ref().map_or("", TargetName::as_str),
                    one.employee_no.as_ref().map_or("", RecordId::as_str),
                    self.account(&one.member.source),
one.member.as_str(),
                    one.reason,
                    one.ends.map(wall_out),
                    instant_out(one.since),
                ])?;
        }
        transaction.commit()
    }

    /// Everybody to look after, sorted by kind, device, person and member.
    pub fn attention(&self) -> Result<Vec<Attention>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT kind, device, employee_no, source, holder, reason, ends, \
             since_at FROM attention",
        )?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let kind = text_at(row, 0)?;
            let (device, person) = (text_at(row, 1)?, text_at(row, 2)?);
            let device = (!device.is_empty()).then(|| TargetName::new(device)).transpose();
            let ends: Option<i64> = row.get(6)?;
            found.push(Attention {
                kind: AttentionKind::ALL
                    .into_iter()
                    .find(|known| known.as_str() == kind)
                    .ok_or_else(|| damaged("a kind of attention", kind))?,
                device: device.map_err(|error| damaged("a device", error))?,
                employee_no: match person {
                    "" => None,
                    _ => Some(row.get(2)?),
                },
                member: self.key_in(row, 3)?,
                reason: row.get(5)?,
                ends: ends.map(wall_in).transpose()?,
                since: instant_in(row.get(7)?)?,
            });
        }
        found.sort_unstable();
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::holder;

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
        let mut store = Store::open(&folder.path().join("state.db")).unwrap();
        let first = [one(StandingOutside, 1, "bad-dates", 0), one(NoDoor, 2, "no-person", 0)];
        store.keep_attention(&first).unwrap();
        assert_eq!(store.attention().unwrap(), first);
        let later = [one(NoDoor, 2, "no-email", 9), one(Released, 3, "released", 9)];
        store.keep_attention(&later).unwrap();
        let want = [one(NoDoor, 2, "no-email", 0), one(Released, 3, "released", 9)];
        assert_eq!(store.attention().unwrap(), want);
        store.keep_attention(&[]).unwrap();
        assert!(store.attention().unwrap().is_empty());
    }
}
