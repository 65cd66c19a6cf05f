//! What the body of a 401 or 403 says about locks. Pure.
//!
//! The same words come as `userCheck`, as `ResponseStatus` and as
//! `ResponseStatus_AuthenticationFailed`, in XML and in JSON, on any address.

use std::time::Duration;

use serde_json::{Map, Value};

use super::error::Error;
use super::wire::{Document, Meaning, field, integer, read_status, text};

/// So many tries before a lock are left alone: one may be ours and one somebody's typing error.
pub(crate) const TRIES_KEPT: u32 = 2;

/// The longest lock believed, in seconds; longer ones are shown as this.
const LOCK_MAX_S: i64 = 86_400;

/// What a device says about locks. Everything can be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LockState {
    /// Whether this host (or the account) is locked out.
    pub locked: bool,
    /// How long the lock lasts, where told.
    pub unlock_after: Option<Duration>,
    /// Login tries left before the lock, where told.
    pub tries_left: Option<u32>,
}

impl LockState {
    /// Reads the body of a refusal; one that says nothing gives the default.
    pub(crate) fn read(body: &[u8]) -> Self {
        let Ok(document) = Document::parse(body) else { return Self::default() };
        let inner = document.root.values().filter_map(Value::as_object);
        let mut state = Self::default();
        for map in std::iter::once(&document.root).chain(inner) {
            state.take(map);
        }
        let status = read_status("login", 401, &document);
        state.locked |= status.is_some_and(|status| status.meaning() == Meaning::Locked);
        if !state.locked {
            state.unlock_after = None;
        }
        state
    }

    fn take(&mut self, map: &Map<String, Value>) {
        let number = |key| field(map, key).and_then(integer).filter(|number| *number >= 0);
        let seconds = number("unlockTime").or_else(|| number("resLockTime"));
        let word =
            field(map, "lockStatus").and_then(text).map(|word| word.trim().to_ascii_lowercase());
        match word.as_deref() {
            Some("lock" | "locked") => self.locked = true,
            Some("unlock" | "unlocked") => {}
            // No word, or one we do not know: a time that still runs says it.
            _ => self.locked |= seconds.is_some_and(|seconds| seconds > 0),
        }
        if let Some(seconds) = seconds.filter(|seconds| *seconds > 0) {
            self.unlock_after = Some(Duration::from_secs(seconds.min(LOCK_MAX_S).unsigned_abs()));
        }
        if let Some(tries) = number("retryLoginTime").or_else(|| number("retryTimes")) {
            self.tries_left = u32::try_from(tries).ok();
        }
    }

    /// Whether a login may be spent now, if so many tries are to be left.
    ///
    /// # Errors
    /// [`Error::LockedOut`] and [`Error::TooFewTries`].
    pub(crate) fn allows_a_login(&self, kept: u32) -> Result<(), Error> {
        if self.locked {
            return Err(self.refusal());
        }
        match self.tries_left {
            Some(tries_left) if tries_left <= kept => Err(Error::TooFewTries { tries_left }),
            _ => Ok(()),
        }
    }

    /// What is told of a device that is locked.
    pub(crate) fn refusal(&self) -> Error {
        Error::LockedOut { unlock_after: self.unlock_after }
    }
}

/// An answer to a challenge that was met with another 401, and what the device says when it is asked
/// without a login right after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The 401 says `stale`.
    pub(crate) is_stale: bool,
    /// The nonce offered now is another one.
    pub(crate) is_other_nonce: bool,
    /// Tries left before the answer, where told.
    pub(crate) before: Option<u32>,
    /// Tries left after it, where told.
    pub(crate) after: Option<u32>,
}

impl Refusal {
    /// Whether the device has counted a wrong login, where it tells how many are left. One that it did
    /// not count was not wrong.
    pub(crate) fn is_counted(&self) -> Option<bool> {
        Some(self.after? < self.before?)
    }

    /// Whether the same login may be sent once more: the nonce had worn out.
    pub(crate) fn may_repeat(&self) -> bool {
        match self.is_counted() {
            Some(true) => false,
            Some(false) => self.is_stale || self.is_other_nonce,
            None => self.is_stale,
        }
    }

    /// Tries left before the lock.
    pub(crate) fn tries_left(&self) -> Option<u32> {
        self.after.or_else(|| self.before.map(|before| before.saturating_sub(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(body: &str) -> (bool, Option<u64>, Option<u32>) {
        let state = LockState::read(body.as_bytes());
        (state.locked, state.unlock_after.map(|after| after.as_secs()), state.tries_left)
    }

    #[test]
    fn every_shape_of_the_reference() {
        for (body, expected) in [
            (
                include_str!("../../../tests/fixtures/hikvision/user-check-401.xml"),
                (false, None, Some(5)),
            ),
            (
                include_str!("../../../tests/fixtures/hikvision/user-check-locked.xml"),
                (true, Some(1800), Some(0)),
            ),
            (
                "<userCheck><statusValue>401</statusValue><lockStatus>lock</lockStatus></userCheck>",
                (true, None, None),
            ),
            (
                "<ResponseStatus xmlns=\"http://www.std-cgi.com/ver20/XMLSchema\"><statusCode>4</statusCode><lockStatus>locked</lockStatus><unlockTime>1800</unlockTime></ResponseStatus>",
                (true, Some(1800), None),
            ),
            (
                "<ResponseStatus_AuthenticationFailed><statusCode>4</statusCode><subStatusCode>badAuthorization</subStatusCode><lockStatus>unlock</lockStatus><retryTimes>2</retryTimes><resLockTime>0</resLockTime></ResponseStatus_AuthenticationFailed>",
                (false, None, Some(2)),
            ),
            (
                r#"{"userCheck":{"statusValue":401,"lockStatus":"locked","unlockTime":"900","retryLoginTime":0}}"#,
                (true, Some(900), Some(0)),
            ),
            (
                r#"{"statusCode":4,"subStatusCode":"badAuthorization","lockStatus":"unlock","retryTimes":"4"}"#,
                (false, None, Some(4)),
            ),
            (r#"{"statusCode":4,"subStatusCode":"deviceIsLocked"}"#, (true, None, None)),
            (
                r#"{"statusCode":4,"subStatusCode":"userNameLocked","unlockTime":60}"#,
                (true, Some(60), None),
            ),
            (
                r#"{"statusCode":4,"statusString":"Invalid Operation","subStatusCode":"invalidOperation","errorCode":1073741830,"errorMsg":"invalidOperation"}"#,
                (false, None, None),
            ),
            (r#"{"unlockTime":30}"#, (true, Some(30), None)),
            (r#"{"lockStatus":"unlock","unlockTime":30,"retryLoginTime":-1}"#, (false, None, None)),
            ("<html><head><title>Unauthorized</title></head><body/></html>", (false, None, None)),
            ("Unauthorized", (false, None, None)),
            ("", (false, None, None)),
        ] {
            assert_eq!(state(body), expected, "{body}");
        }
    }

    /// Mutants: a count that fell is tried again; one that stayed is not; `stale` counts for nothing.
    #[test]
    fn what_may_be_tried_once_more() {
        for (is_stale, is_other_nonce, before, after, counted, again) in [
            (false, true, Some(5), Some(4), Some(true), false),
            (true, true, Some(5), Some(4), Some(true), false),
            (false, true, Some(5), Some(5), Some(false), true),
            (true, false, Some(5), Some(5), Some(false), true),
            (false, false, Some(5), Some(5), Some(false), false),
            // A count that was set back meanwhile did not fall either.
            (false, true, Some(3), Some(5), Some(false), true),
            (true, true, None, None, None, true),
            (true, false, None, None, None, true),
            (false, true, None, None, None, false),
            (false, true, Some(5), None, None, false),
            (false, true, None, Some(4), None, false),
        ] {
            let refusal = Refusal { is_stale, is_other_nonce, before, after };
            assert_eq!(
                (refusal.is_counted(), refusal.may_repeat()),
                (counted, again),
                "{refusal:?}"
            );
        }
    }

    #[test]
    fn when_a_login_may_be_spent() {
        let with = |locked, tries_left| {
            LockState { locked, unlock_after: None, tries_left }.allows_a_login(TRIES_KEPT)
        };
        assert_eq!(with(false, None), Ok(()));
        assert_eq!(with(false, Some(3)), Ok(()));
        assert_eq!(with(false, Some(2)), Err(Error::TooFewTries { tries_left: 2 }));
        assert_eq!(with(true, Some(5)), Err(Error::LockedOut { unlock_after: None }));
    }
}
