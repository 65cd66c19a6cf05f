//! The memory of refused logins, so that no device's account is ever locked by us.
//!
//! Source: design.md section 4, "Login"; hikvision-isapi.md section 5.5.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::params;
use sha2::{Digest, Sha256};

use super::convert::{instant_in, instant_out};
use super::{Store, StoreError};
use crate::config::Secret;
use crate::model::DeviceName;

/// After the first refusal, one more try by itself is made this much later.
const SECOND_TRY_AFTER: TimeDelta = TimeDelta::minutes(30);
/// After this many refusals nothing is tried until the password changes.
const MAX_REFUSALS: u32 = 2;

/// What is remembered about logins on one device with the login that is configured now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoginMemory {
    /// Refusals in a row.
    pub refusals: u32,
    /// When the last one was.
    pub refused_at: Option<DateTime<Utc>>,
}

impl LoginMemory {
    /// Whether a login may be tried now.
    #[must_use]
    pub fn may_try(&self, now: DateTime<Utc>) -> bool {
        match (self.refusals, self.refused_at) {
            (0, _) | (_, None) => true,
            (refusals, _) if refusals >= MAX_REFUSALS => false,
            (_, Some(refused_at)) => now.signed_duration_since(refused_at) >= SECOND_TRY_AFTER,
        }
    }

    /// Until when nothing is tried; `None` when only a new password (or `check`) helps.
    #[must_use]
    pub fn waits_until(&self) -> Option<DateTime<Utc>> {
        if self.refusals >= MAX_REFUSALS {
            return None;
        }
        self.refused_at.and_then(|at| at.checked_add_signed(SECOND_TRY_AFTER))
    }
}

impl Store {
    /// What is remembered about logins on a device. A user or password other than the one that was
    /// refused has a clean slate.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn login_memory(
        &self,
        device: &DeviceName,
        username: &str,
        password: &Secret,
    ) -> Result<LoginMemory, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT login_check, login_refusals, login_refused_at FROM device WHERE name = ?1",
        )?;
        let mut rows = statement.query([device.as_str()])?;
        let Some(row) = rows.next()? else { return Ok(LoginMemory::default()) };
        let check: Option<i64> = row.get(0)?;
        if check != Some(self.login_check(username, password)?) {
            return Ok(LoginMemory::default());
        }
        let refused_at: Option<i64> = row.get(2)?;
        Ok(LoginMemory {
            refusals: row.get(1)?,
            refused_at: refused_at.map(instant_in).transpose()?,
        })
    }

    /// Remembers a refused login.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn remember_refusal(
        &self,
        device: &DeviceName,
        username: &str,
        password: &Secret,
        now: DateTime<Utc>,
    ) -> Result<LoginMemory, StoreError> {
        let memory = self.login_memory(device, username, password)?;
        let memory = LoginMemory { refusals: memory.refusals + 1, refused_at: Some(now) };
        self.know_device(device)?;
        self.exec(
            "UPDATE device SET login_check = ?2, login_refusals = ?3, login_refused_at = ?4, \
             needs_read = 1 WHERE name = ?1",
            params![
                device.as_str(),
                self.login_check(username, password)?,
                memory.refusals,
                instant_out(now),
            ],
        )?;
        Ok(memory)
    }

    /// Forgets refused logins, after one that worked.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn forget_refusals(&self, device: &DeviceName) -> Result<(), StoreError> {
        self.exec(
            "UPDATE device SET login_check = NULL, login_refusals = 0, login_refused_at = NULL \
             WHERE name = ?1 AND login_refusals > 0",
            [device.as_str()],
        )?;
        Ok(())
    }

    /// 16 bits that change (nearly always) with the user and the password, salted per file. So few
    /// bits fit 65,536 times more passwords than the right one: who reads the file can not test
    /// guesses with them, and a changed password goes unnoticed once in 65,536 times.
    fn login_check(&self, username: &str, password: &Secret) -> Result<i64, StoreError> {
        let salt: Vec<u8> =
            self.connection.query_row("SELECT value FROM salt", [], |row| row.get(0))?;
        let mut hash = Sha256::new();
        hash.update(&salt);
        hash.update(username.as_bytes());
        hash.update([0]);
        hash.update(password.expose().as_bytes());
        let digest = hash.finalize();
        Ok(digest.iter().take(2).fold(0, |check, byte| check << 8 | i64::from(*byte)))
    }
}
