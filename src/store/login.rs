//! The memory of refused logins, so that no system's account is ever locked by us.
//!
//! A login is a name and a secret of whatever sort. When it may be tried next is a rule of the engine, the
//! same for every kind of target, so it is kept here and not in a connector's
//! [`Memory`](crate::model::Memory).

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::rows::row;
use super::{StoreError, Trust};
use crate::clock::is_future;
use crate::config::Secret;
use crate::model::{TargetName, Zone};

/// How long a login waits after so many refusals in a row: a device that refuses a right password for a
/// while, or one that was corrected on the device, comes back by itself.
fn wait(refusals: u32) -> TimeDelta {
    match refusals {
        0 => TimeDelta::zero(),
        1 | 2 => TimeDelta::minutes(30),
        3 => TimeDelta::hours(2),
        4 => TimeDelta::hours(12),
        _ => TimeDelta::days(1),
    }
}

/// At most so many refused logins are spent within the time a lock lasts, whatever passwords they came
/// with: five lock a device, and somebody else may be wrong too.
const MAX_SPENT: u32 = 3;
const SPENT_WITHIN: TimeDelta = TimeDelta::minutes(30);

/// What is remembered about logins on one device with the login that is configured now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoginMemory {
    /// Refusals in a row.
    pub refusals: u32,
    /// When the last one was.
    pub refused_at: Option<DateTime<Utc>>,
    /// Refusals of any login since `spent_since`.
    pub spent: u32,
    /// The first of them; older ones are forgotten after 30 minutes.
    pub spent_since: Option<DateTime<Utc>>,
}

impl LoginMemory {
    /// Whether a login may be tried now.
    #[must_use]
    pub fn may_try(&self, now: DateTime<Utc>) -> bool {
        let memory = self.as_of(now);
        !memory.is_spent(now)
            && memory.refused_at.is_none_or(|refused_at| {
                now.signed_duration_since(refused_at) >= wait(memory.refusals)
            })
    }

    /// Whether the next try by itself is one more of a login that was refused twice: whether it was a typing
    /// error or a device that was not ready is known by then.
    #[must_use]
    pub fn is_retried(&self) -> bool {
        self.refusals >= 2
    }

    /// The same for a person who asks for it: an earlier refusal does not count, a lock in sight does.
    #[must_use]
    pub fn by_hand(self) -> Self {
        Self { refusals: 0, refused_at: None, ..self }
    }

    /// The same without what a clock that was ahead has written.
    #[must_use]
    pub fn as_of(self, now: DateTime<Utc>) -> Self {
        let is_future = |at: Option<DateTime<Utc>>| at.is_some_and(|at| is_future(at, now));
        let memory = if is_future(self.refused_at) { self.by_hand() } else { self };
        if is_future(memory.spent_since) {
            return Self { spent: 0, spent_since: None, ..memory };
        }
        memory
    }

    /// Whether one more wrong login could lock the device: then none is sent, whatever the password.
    #[must_use]
    pub fn is_spent(&self, now: DateTime<Utc>) -> bool {
        self.spent >= MAX_SPENT && self.spent_since.is_some_and(|since| is_recent(since, now))
    }

    /// Why nothing is tried now, as a sentence fragment with times in this zone.
    #[must_use]
    pub fn left_alone(&self, now: DateTime<Utc>, zone: Zone) -> Option<String> {
        let until = self.waits_until(now).filter(|_| !self.may_try(now))?.with_timezone(&zone);
        let is_today = until.date_naive() == now.with_timezone(&zone).date_naive();
        let until = until.format(if is_today { "%H:%M" } else { "%Y-%m-%d %H:%M" });
        let times = match self.refusals {
            // Others were wrong, and this one would be the last before a lock.
            0 => {
                return Some(format!(
                    "refused {} logins within half an hour; the one that is configured now is not tried \
                     before {until}, so that it does not lock us out",
                    self.spent
                ));
            }
            1 => String::new(),
            2 => " twice".to_owned(),
            times => format!(" {times} times"),
        };
        Some(format!(
            "refused the login{times}; left alone until {until} so that it does not lock us out"
        ))
    }

    /// Until when nothing is tried by itself, whether that is over or not; `None` after no refusal. A new
    /// password, and `check`, are tried at once.
    #[must_use]
    pub fn waits_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let memory = self.as_of(now);
        if memory.is_spent(now) {
            return memory.spent_since.and_then(|since| since.checked_add_signed(SPENT_WITHIN));
        }
        memory.refused_at.and_then(|at| at.checked_add_signed(wait(memory.refusals)))
    }
}

/// Whether refusals since then, which is not later than now, still count towards a lock.
fn is_recent(since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now.signed_duration_since(since) < SPENT_WITHIN
}

row!(LoginMemory { refusals, refused_at, spent, spent_since });

impl Trust<'_> {
    /// What is remembered about logins on a device. A user or password other than the one that was
    /// refused has a clean slate.
    pub fn login_memory(
        &self,
        device: &TargetName,
        username: &str,
        password: &Secret,
    ) -> Result<LoginMemory, StoreError> {
        let row: Option<(Option<i64>, LoginMemory)> = self.0.first(
            "SELECT login_check, login_refusals, login_refused_at, login_spent, login_spent_since \
             FROM device WHERE name = ?1",
            device,
        )?;
        let Some((check, memory)) = row else { return Ok(LoginMemory::default()) };
        let is_same = check == Some(self.login_check(username, password)?);
        Ok(if is_same { memory } else { memory.by_hand() })
    }

    /// Remembers a refused login.
    pub fn remember_refusal(
        &self,
        device: &TargetName,
        username: &str,
        password: &Secret,
        now: DateTime<Utc>,
    ) -> Result<LoginMemory, StoreError> {
        let memory = self.login_memory(device, username, password)?.as_of(now);
        let (spent, spent_since) = match memory.spent_since.filter(|at| is_recent(*at, now)) {
            Some(since) => (memory.spent.saturating_add(1), since),
            None => (1, now),
        };
        let refusals = memory.refusals.saturating_add(1);
        let memory =
            LoginMemory { refusals, refused_at: Some(now), spent, spent_since: Some(spent_since) };
        self.0.devices().know_device(device)?;
        self.0.exec(
            "UPDATE device SET login_check = ?2, login_refusals = ?3, login_refused_at = ?4, \
             login_spent = ?5, login_spent_since = ?6, needs_read = 1 WHERE name = ?1",
            (device, self.login_check(username, password)?, memory),
        )?;
        Ok(memory)
    }

    /// Forgets refused logins, after one that worked.
    pub fn forget_refusals(&self, device: &TargetName) -> Result<(), StoreError> {
        self.0.exec(
            "UPDATE device SET login_check = NULL, login_refusals = 0, login_refused_at = NULL, \
             login_spent = 0, login_spent_since = NULL WHERE name = ?1 AND login_refusals > 0",
            device,
        )
    }

    /// 16 bits that change (nearly always) with the user and the password, salted per file. So few
    /// bits fit 65,536 times more passwords than the right one: who reads the file cannot test
    /// guesses with them, and a changed password goes unnoticed once in 65,536 times.
    fn login_check(&self, username: &str, password: &Secret) -> Result<i64, StoreError> {
        let salt = self.0.salt()?;
        let mut hash = Sha256::new();
        hash.update(&salt);
        hash.update(username.as_bytes());
        hash.update([0]);
        hash.update(password.expose().as_bytes());
        let digest = hash.finalize();
        Ok(digest.iter().take(2).fold(0, |check, byte| check << 8 | i64::from(*byte)))
    }
}
