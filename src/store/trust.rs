//! The memory of how a device takes writes: what its version has not confirmed yet, and what it changed
//! that nobody asked for.
//!
//! Kept here for every kind of target alike, since the rule that follows from it is the engine's own:
//! what only a connector understands is its [`Memory`](crate::model::Memory).

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::convert::{instant_in, instant_out};
use super::{Store, StoreError};
use crate::model::TargetName;

/// How a device took the writes that it was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteMemory {
    /// Writes to a version that has confirmed none so far.
    pub unproven: Option<Unproven>,
    /// The change that nobody asked for, until somebody accepts the device.
    pub unasked: Option<Unasked>,
}

/// Writes to a version that has confirmed none so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unproven {
    /// The version as it names itself.
    pub version: String,
    /// How many writes it was sent.
    pub count: u32,
    /// When the last one was.
    pub last_at: DateTime<Utc>,
}

/// A change that nobody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unasked {
    /// Whom it met and what changed; no names, no values.
    pub text: String,
    /// When it was seen.
    pub at: DateTime<Utc>,
}

impl Store {
    /// What is remembered of how a device took writes.
    pub fn write_memory(&self, device: &TargetName) -> Result<WriteMemory, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT unproven_version, unconfirmed, unconfirmed_at, unasked, unasked_at \
             FROM device WHERE name = ?1",
        )?;
        let mut rows = statement.query([device.as_str()])?;
        let Some(row) = rows.next()? else { return Ok(WriteMemory::default()) };
        let unproven = match (row.get(0)?, row.get::<_, Option<i64>>(2)?) {
            (Some(version), Some(at)) => {
                Some(Unproven { version, count: row.get(1)?, last_at: instant_in(at)? })
            }
            _ => None,
        };
        let unasked = match (row.get(3)?, row.get::<_, Option<i64>>(4)?) {
            (Some(text), Some(at)) => Some(Unasked { text, at: instant_in(at)? }),
            _ => None,
        };
        Ok(WriteMemory { unproven, unasked })
    }

    /// Why this version of a device takes no change of anybody, if so.
    pub fn refusal(
        &self,
        device: &TargetName,
        version: &str,
    ) -> Result<Option<String>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT refuses FROM device WHERE name = ?1 AND refusing_version = ?2",
        )?;
        let mut rows = statement.query([device.as_str(), version])?;
        Ok(rows.next()?.map(|row| row.get(0)).transpose()?.flatten())
    }

    /// Remembers that this version of a device takes no change of anybody.
    pub fn record_refusal(
        &self,
        device: &TargetName,
        version: &str,
        why: &str,
    ) -> Result<(), StoreError> {
        self.know_device(device)?;
        self.exec(
            "UPDATE device SET refusing_version = ?2, refuses = ?3 WHERE name = ?1",
            [device.as_str(), version, why],
        )?;
        Ok(())
    }

    /// Remembers a write that a version did not confirm, and that it has confirmed none.
    pub fn remember_unconfirmed(
        &self,
        device: &TargetName,
        version: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.know_device(device)?;
        self.exec(
            "UPDATE device SET unconfirmed_at = ?3, unproven_version = ?2, \
             unconfirmed = CASE WHEN unproven_version = ?2 THEN min(unconfirmed, 1000) ELSE 0 END + 1 \
             WHERE name = ?1",
            params![device.as_str(), version, instant_out(at)],
        )?;
        Ok(())
    }

    /// Remembers a change that nobody asked for. What the version has proven counts no more.
    pub fn remember_unasked(
        &self,
        device: &TargetName,
        unasked: &Unasked,
    ) -> Result<(), StoreError> {
        self.know_device(device)?;
        self.exec(
            "UPDATE device SET unasked = ?2, unasked_at = ?3, proven_version = NULL WHERE name = ?1",
            params![device.as_str(), unasked.text, instant_out(unasked.at)],
        )?;
        Ok(())
    }

    /// Forgets what kept a device from being written to: a person has looked at it and accepts it.
    pub fn accept_writes(&self, device: &TargetName) -> Result<(), StoreError> {
        self.exec(
            "UPDATE device SET unasked = NULL, unasked_at = NULL, unproven_version = NULL, \
             unconfirmed = 0, unconfirmed_at = NULL, refuses = NULL WHERE name = ?1",
            [device.as_str()],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Memory;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn what_a_version_did_not_confirm_adds_up_until_it_does_or_somebody_accepts_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        let door = TargetName::new("door").unwrap();
        let unproven = || store.write_memory(&door).unwrap().unproven;
        assert_eq!(unproven(), None, "a device never seen");
        for (version, seconds, count) in
            [("V1", 0, 1), ("V1", 60, 2), ("V1", 120, 3), ("V2", 180, 1), ("V1", 240, 1)]
        {
            store.remember_unconfirmed(&door, version, at(seconds)).unwrap();
            let expected = Unproven { version: version.to_owned(), count, last_at: at(seconds) };
            assert_eq!(unproven(), Some(expected), "another version begins anew");
        }
        store.prove_version(&door, "V1").unwrap();
        assert_eq!(unproven(), None);
        store.remember_unconfirmed(&door, "V3", at(0)).unwrap();
        store.accept_writes(&door).unwrap();
        assert_eq!(unproven(), None);
        assert_eq!(store.device_state(&door).unwrap().proven_version.as_deref(), Some("V1"));
    }

    #[test]
    fn who_takes_no_change_is_known_of_one_version_until_somebody_accepts_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        let door = TargetName::new("door").unwrap();
        let refusal = |version| store.refusal(&door, version).unwrap();
        assert_eq!(refusal("V1"), None, "a device never seen");
        store.record_refusal(&door, "V1", "methodNotAllowed").unwrap();
        assert_eq!(refusal("V1").as_deref(), Some("methodNotAllowed"));
        assert_eq!(refusal("V2"), None, "another version is tried anew");
        store.accept_writes(&door).unwrap();
        assert_eq!(refusal("V1"), None);
    }

    #[test]
    fn what_a_connector_remembers_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        let door = TargetName::new("door").unwrap();
        let memory = || store.device_state(&door).unwrap().memory;
        assert_eq!(memory(), Memory::default());
        let kept = Memory::new(2, &["PUT", "RightPlan"]);
        store.record_memory(&door, &kept).unwrap();
        assert_eq!(memory(), kept);
        assert_eq!(kept.read::<Vec<String>>(2), ["PUT", "RightPlan"]);
        assert!(kept.read::<Vec<String>>(3).is_empty(), "another form");
    }

    #[test]
    fn what_nobody_asked_for_stays_until_somebody_accepts_it_and_proves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        let door = TargetName::new("door").unwrap();
        store.know_device(&door).unwrap();
        store.prove_version(&door, "V1").unwrap();
        let unasked = Unasked { text: "person 7: doorRight".to_owned(), at: at(5) };
        store.remember_unasked(&door, &unasked).unwrap();
        // A confirmed write elsewhere, or a reading, accepts nothing.
        store.prove_version(&door, "V1").unwrap();
        store.forget_failures(&door).unwrap();
        assert_eq!(store.write_memory(&door).unwrap().unasked, Some(unasked.clone()));
        store.remember_unasked(&door, &unasked).unwrap();
        assert_eq!(store.device_state(&door).unwrap().proven_version, None);
        store.accept_writes(&door).unwrap();
        assert_eq!(store.write_memory(&door).unwrap(), WriteMemory::default());
    }
}
