//! One call as a value: what is asked, within which limits, and what a good answer is.

use std::borrow::Cow;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use reqwest::Method;

use super::error::Error;
use super::wire::{Document, ResponseStatus, excerpt};
use crate::net::retry::Rule;

/// The address asked for locks: any address answers 401 with them, and this one changes nothing.
pub(crate) const DEVICE_INFO: &str = "/ISAPI/System/deviceInfo";

/// How long to wait for a connection: devices are on the same network.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait for the head of an answer, and again for its whole body, however many bytes
/// trickle in; clients in the field wait 5 to 30 s.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// How a busy device is asked again: about the pauses a client in the field uses (1.5 s), three
/// times. In all less than a signal may take to end a run (10 s).
const RETRY: Rule = Rule {
    repeats_max: 3,
    first: Duration::from_millis(1500),
    longest: Duration::from_millis(2000),
    // Room for three waits, whatever chance makes of them.
    in_all: Duration::from_secs(6),
};

/// The most that one connection waits in all between tries: a device that is busy all the time must
/// not eat up the time of the run.
const WAITS_MAX: Duration = Duration::from_secs(30);

/// How long reading one list of persons may take: 50,000 of them at the pace of real devices. A
/// device that answers every page a moment before its limit would otherwise keep us for days.
const LISTING_MAX: Duration = Duration::from_secs(300);

/// The longest answer read. A page of 30 persons has about 20 KB.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// Limits, so that tests are quick.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) connect: Duration,
    pub(crate) answer: Duration,
    pub(crate) retry: Rule,
    pub(crate) waits: Duration,
    pub(crate) listing: Duration,
    pub(crate) body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: CONNECT_TIMEOUT,
            answer: ANSWER_TIMEOUT,
            retry: RETRY,
            waits: WAITS_MAX,
            listing: LISTING_MAX,
            body: MAX_BODY,
        }
    }
}

/// One call.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    /// Its name in messages.
    pub(crate) call: &'static str,
    pub(crate) method: Method,
    /// Path with query, from `/ISAPI` on.
    pub(crate) path: Cow<'static, str>,
    pub(crate) body: Option<Vec<u8>>,
    /// Whether it may change something: then it is repeated only when the device did not take it.
    pub(crate) write: bool,
    /// Whether the answer holds persons, and must never be quoted.
    pub(crate) personal: bool,
}

impl Ask {
    /// A call that reads something about the device.
    pub(crate) fn get(call: &'static str, path: impl Into<Cow<'static, str>>) -> Self {
        let path = path.into();
        Self { call, method: Method::GET, path, body: None, write: false, personal: false }
    }

    /// Who the device is, which every account may ask.
    pub(crate) fn device_info() -> Self {
        Self::get("device info", DEVICE_INFO)
    }

    /// Whether a busy device may be asked the same again soon.
    pub(crate) fn may_repeat(&self, code: &str) -> bool {
        if self.write {
            ["deviceBusy", "plateListIsOperating"]
                .iter()
                .any(|busy| code.eq_ignore_ascii_case(busy))
        } else {
            !code.eq_ignore_ascii_case("upgrading")
        }
    }

    /// The error for an answer that did not come in time: after a write nobody knows.
    pub(crate) fn timed_out(&self) -> Error {
        match self.write {
            true => self.lost(),
            false => Error::Timeout { call: self.call },
        }
    }

    /// The error for an answer that did not come, or not whole.
    pub(crate) fn lost(&self) -> Error {
        Error::AnswerLost { call: self.call, write: self.write }
    }

    /// The error for an answer that is not what it should be.
    fn wire_error(&self, what: String, body: &[u8]) -> Error {
        let excerpt = if self.personal { String::new() } else { excerpt(body) };
        Error::Wire { call: self.call, what, excerpt }
    }
}

/// An answer with HTTP 2xx that says no error.
#[derive(Debug)]
pub(crate) struct Answer {
    document: Result<Document, String>,
    pub(crate) status: Option<ResponseStatus>,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(
        document: Result<Document, String>,
        status: Option<ResponseStatus>,
        body: Vec<u8>,
    ) -> Self {
        Self { document, status, body }
    }

    /// Reads the document of a good answer.
    pub(crate) fn read<T>(
        self,
        ask: &Ask,
        read: impl FnOnce(Document) -> Result<T, String>,
    ) -> Result<T, Error> {
        self.document.and_then(read).map_err(|what| ask.wire_error(what, &self.body))
    }
}

/// What the searches of one connection are called.
#[derive(Debug, Default)]
pub(crate) struct Searches(u64);

impl Searches {
    /// Eight hex digits, other ones for every search: a device may answer a known one from memory.
    pub(crate) fn next_id(&mut self) -> String {
        self.0 += 1;
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u32(std::process::id());
        hasher.write_u64(self.0);
        format!("{:08x}", hasher.finish() & 0xffff_ffff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::retry::Waits;

    /// Catches: waits that chance makes too long for the last try.
    #[test]
    fn a_busy_device_is_asked_three_times_more_whatever_chance_makes_of_the_waits() {
        for seed in 0..2_000 {
            let mut waits = Waits::new(RETRY, seed);
            let made = std::iter::from_fn(|| waits.next(None, WAITS_MAX)).count();
            assert_eq!(made, 3, "seed {seed}");
        }
    }
}
