//! The memory of failing devices: how often in a row, and what the last failure was.
//!
//! A circuit breaker that survives the process. When to ask again is decided in
//! the engine; here it is only kept.

use chrono::{DateTime, Utc};

use super::rows::row;
use super::{StoreError, Trust};
use crate::model::TargetName;
use crate::trouble::{Failed, FailureKind, Hint};

/// What is remembered of a device's failures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failures {
    /// In a row; none after a success.
    pub count: u32,
    /// When the last one was.
    pub last_at: Option<DateTime<Utc>>,
    /// What the last one was.
    pub last: Option<LastFailure>,
}

/// One failure, as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastFailure {
    /// What happened, and what to do.
    pub failed: Failed,
    /// What may be hoped for.
    pub kind: FailureKind,
}

row!(Hint, 2 { text, command });
row!(Failed { text, hint });
row!(LastFailure, 4 { failed, kind });
row!(Failures { count, last_at, last });

impl Trust<'_> {
    /// What is remembered of a device's failures.
    pub fn failures(&self, device: &TargetName) -> Result<Failures, StoreError> {
        let row = self.0.first(
            "SELECT failures, failed_at, failure, failure_hint, failure_command, failure_kind FROM device \
             WHERE name = ?1",
            device,
        )?;
        Ok(row.unwrap_or_default())
    }

    /// Remembers one more failure in a row.
    pub fn remember_failure(
        &self,
        device: &TargetName,
        failure: &LastFailure,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.0.devices().know_device(device)?;
        self.0.exec(
            "UPDATE device SET failures = min(failures + 1, 1000), failed_at = ?2, failure = ?3, \
             failure_hint = ?4, failure_command = ?5, failure_kind = ?6, needs_read = 1 WHERE name = ?1",
            (device, at, failure),
        )
    }

    /// Forgets the failures of a device, after a success.
    pub fn forget_failures(&self, device: &TargetName) -> Result<(), StoreError> {
        self.0.exec(
            "UPDATE device SET failures = 0, failed_at = NULL, failure = NULL, failure_hint = NULL, \
             failure_command = NULL, failure_kind = NULL WHERE name = ?1 AND failures > 0",
            device,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn failure(text: &str, kind: FailureKind) -> LastFailure {
        let command = (kind == FailureKind::Doubt).then(|| "ivms-sync sync".to_owned());
        let hint = Some(Hint { text: "look".to_owned(), command });
        LastFailure { failed: Failed { text: text.to_owned(), hint }, kind }
    }

    #[test]
    fn failures_add_up_until_a_success() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        let door = TargetName::new("door").unwrap();
        assert_eq!(
            store.trust().failures(&door).unwrap(),
            Failures::default(),
            "a device never seen"
        );
        let at = |seconds: i64| DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap();
        store
            .trust()
            .remember_failure(&door, &failure("no answer", FailureKind::Lasting), at(0))
            .unwrap();
        store
            .trust()
            .remember_failure(&door, &failure("another serial", FailureKind::Doubt), at(300))
            .unwrap();
        let kept = store.trust().failures(&door).unwrap();
        assert_eq!((kept.count, kept.last_at), (2, Some(at(300))));
        assert_eq!(kept.last, Some(failure("another serial", FailureKind::Doubt)));
        assert!(store.devices().device_state(&door).unwrap().needs_read);
        store.trust().forget_failures(&door).unwrap();
        assert_eq!(store.trust().failures(&door).unwrap(), Failures::default());
    }
}
