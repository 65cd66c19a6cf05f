//! The memory of how a device takes writes: what its version has not confirmed yet, and what it changed
//! that nobody asked for.
//!
//! What follows from it is decided in the engine; here it is only kept.

use chrono::{DateTime, Utc};

use super::rows::row;
use super::{StoreError, Trust};
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

row!(Unproven, 3 { version, count, last_at });
row!(Unasked, 2 { text, at });
row!(WriteMemory { unproven, unasked });

impl Trust<'_> {
    /// What is remembered of how a device took writes.
    pub fn write_memory(&self, device: &TargetName) -> Result<WriteMemory, StoreError> {
        let row = self.0.first(
            "SELECT unproven_version, unconfirmed, unconfirmed_at, unasked, unasked_at \
             FROM device WHERE name = ?1",
            device,
        )?;
        Ok(row.unwrap_or_default())
    }

    /// Why this version of a device takes no change of anybody, if so.
    pub fn refusal(
        &self,
        device: &TargetName,
        version: &str,
    ) -> Result<Option<String>, StoreError> {
        let row: Option<Option<String>> = self.0.first(
            "SELECT refuses FROM device WHERE name = ?1 AND refusing_version = ?2",
            (device, version),
        )?;
        Ok(row.flatten())
    }

    /// Remembers that this version of a device takes no change of anybody.
    pub fn record_refusal(
        &self,
        device: &TargetName,
        version: &str,
        why: &str,
    ) -> Result<(), StoreError> {
        self.0.devices().know_device(device)?;
        self.0.exec(
            "UPDATE device SET refusing_version = ?2, refuses = ?3 WHERE name = ?1",
            (device, version, why),
        )
    }

    /// Remembers a write that a version did not confirm, and that it has confirmed none.
    pub fn remember_unconfirmed(
        &self,
        device: &TargetName,
        version: &str,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.0.devices().know_device(device)?;
        self.0.exec(
            "UPDATE device SET unconfirmed_at = ?3, unproven_version = ?2, \
             unconfirmed = CASE WHEN unproven_version = ?2 THEN min(unconfirmed, 1000) ELSE 0 END + 1 \
             WHERE name = ?1",
            (device, version, at),
        )
    }

    /// Remembers a change that nobody asked for. What the version has proven counts no more.
    pub fn remember_unasked(
        &self,
        device: &TargetName,
        unasked: &Unasked,
    ) -> Result<(), StoreError> {
        self.0.devices().know_device(device)?;
        self.0.exec(
            "UPDATE device SET unasked = ?2, unasked_at = ?3, proven_version = NULL WHERE name = ?1",
            (device, unasked),
        )
    }

    /// Forgets what kept a device from being written to: a person has looked at it and accepts it.
    pub fn accept_writes(&self, device: &TargetName) -> Result<(), StoreError> {
        self.0.exec(
            "UPDATE device SET unasked = NULL, unasked_at = NULL, unproven_version = NULL, \
             unconfirmed = NULL, unconfirmed_at = NULL, refuses = NULL WHERE name = ?1",
            device,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Memory;
    use crate::store::Store;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn what_a_version_did_not_confirm_adds_up_until_it_does_or_somebody_accepts_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        let door = TargetName::new("door").unwrap();
        let unproven = || store.trust().write_memory(&door).unwrap().unproven;
        assert_eq!(unproven(), None, "a device never seen");
        for (version, seconds, count) in
            [("V1", 0, 1), ("V1", 60, 2), ("V1", 120, 3), ("V2", 180, 1), ("V1", 240, 1)]
        {
            store.trust().remember_unconfirmed(&door, version, at(seconds)).unwrap();
            let expected = Unproven { version: version.to_owned(), count, last_at: at(seconds) };
            assert_eq!(unproven(), Some(expected), "another version begins anew");
        }
        store.devices().prove_version(&door, "V1").unwrap();
        assert_eq!(unproven(), None);
        store.trust().remember_unconfirmed(&door, "V3", at(0)).unwrap();
        store.trust().accept_writes(&door).unwrap();
        assert_eq!(unproven(), None);
        assert_eq!(
            store.devices().device_state(&door).unwrap().proven_version.as_deref(),
            Some("V1")
        );
    }

    #[test]
    fn who_takes_no_change_is_known_of_one_version_until_somebody_accepts_it() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        let door = TargetName::new("door").unwrap();
        let refusal = |version| store.trust().refusal(&door, version).unwrap();
        assert_eq!(refusal("V1"), None, "a device never seen");
        store.trust().record_refusal(&door, "V1", "methodNotAllowed").unwrap();
        assert_eq!(refusal("V1").as_deref(), Some("methodNotAllowed"));
        assert_eq!(refusal("V2"), None, "another version is tried anew");
        store.trust().accept_writes(&door).unwrap();
        assert_eq!(refusal("V1"), None);
    }

    #[test]
    fn what_a_connector_remembers_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        let door = TargetName::new("door").unwrap();
        let memory = || store.devices().device_state(&door).unwrap().memory;
        assert_eq!(memory(), Memory::default());
        let kept = Memory::from_value(2, &["PUT", "RightPlan"]);
        store.devices().record_memory(&door, &kept).unwrap();
        assert_eq!(memory(), kept);
        assert_eq!(kept.read::<Vec<String>>(2), ["PUT", "RightPlan"]);
        assert!(kept.read::<Vec<String>>(3).is_empty(), "another form");
    }

    #[test]
    fn what_nobody_asked_for_stays_until_somebody_accepts_it_and_proves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        let door = TargetName::new("door").unwrap();
        store.devices().know_device(&door).unwrap();
        store.devices().prove_version(&door, "V1").unwrap();
        let unasked = Unasked { text: "person 7: doorRight".to_owned(), at: at(5) };
        store.trust().remember_unasked(&door, &unasked).unwrap();
        // A confirmed write elsewhere, or a reading, accepts nothing.
        store.devices().prove_version(&door, "V1").unwrap();
        store.trust().forget_failures(&door).unwrap();
        assert_eq!(store.trust().write_memory(&door).unwrap().unasked, Some(unasked.clone()));
        store.trust().remember_unasked(&door, &unasked).unwrap();
        assert_eq!(store.devices().device_state(&door).unwrap().proven_version, None);
        store.trust().accept_writes(&door).unwrap();
        assert_eq!(store.trust().write_memory(&door).unwrap(), WriteMemory::default());
    }
}
