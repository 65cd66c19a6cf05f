//! The memory of failing devices: how often in a row, and what the last failure was.
//!
//! A circuit breaker that survives the process. When to ask again is decided in
//! the engine; here it is only kept.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::convert::{damaged, instant_in, instant_out};
use super::{Store, StoreError};
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

impl Store {
    /// What is remembered of a device's failures.
    pub fn failures(&self, device: &TargetName) -> Result<Failures, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT failures, failed_at, failure, failure_hint, failure_command, failure_kind FROM device \
             WHERE name = ?1",
        )?;
        let mut rows = statement.query([device.as_str()])?;
        let Some(row) = rows.next()? else { return Ok(Failures::default()) };
        let last_at: Option<i64> = row.get(1)?;
        let text: Option<String> = row.get(2)?;
        let hint: Option<String> = row.get(3)?;
        let command = row.get(4)?;
        let hint = hint.map(|text| Hint { text, command });
        let word: String = row.get(5)?;
        let kind = FailureKind::ALL.into_iter().find(|kind| kind.as_str() == word);
        let kind = kind.ok_or_else(|| damaged("a kind of failure", &word))?;
        Ok(Failures {
            count: row.get(0)?,
            last_at: last_at.map(instant_in).transpose()?,
            last: text.map(|text| LastFailure { failed: Failed { text, hint }, kind }),
        })
    }

    /// Remembers one more failure in a row.
    pub fn remember_failure(
        &self,
        device: &TargetName,
        failure: &LastFailure,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.know_device(device)?;
        let hint = failure.failed.hint.as_ref();
        self.exec(
            "UPDATE device SET failures = min(failures + 1, 1000), failed_at = ?2, failure = ?3, \
             failure_hint = ?4, failure_command = ?5, failure_kind = ?6, needs_read = 1 WHERE name = ?1",
            params![
                device.as_str(),
                instant_out(at),
                failure.failed.text,
                hint.map(|hint| &hint.text),
                hint.and_then(|hint| hint.command.as_ref()),
                failure.kind.as_str()
            ],
        )?;
        Ok(())
    }

    /// Forgets the failures of a device, after a success.
    pub fn forget_failures(&self, device: &TargetName) -> Result<(), StoreError> {
        self.exec(
            "UPDATE device SET failures = 0, failed_at = NULL, failure = NULL, \
             failure_hint = NULL, failure_command = NULL WHERE name = ?1 AND failures > 0",
            [device.as_str()],
        )?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(store.failures(&door).unwrap(), Failures::default(), "a device never seen");
        let at = |seconds: i64| DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap();
        store.remember_failure(&door, &failure("no answer", FailureKind::Lasting), at(0)).unwrap();
        store
            .remember_failure(&door, &failure("another serial", FailureKind::Doubt), at(300))
            .unwrap();
        let kept = store.failures(&door).unwrap();
        assert_eq!((kept.count, kept.last_at), (2, Some(at(300))));
        assert_eq!(kept.last, Some(failure("another serial", FailureKind::Doubt)));
        assert!(store.device_state(&door).unwrap().needs_read);
        store.forget_failures(&door).unwrap();
        assert_eq!(store.failures(&door).unwrap(), Failures::default());
    }
}
