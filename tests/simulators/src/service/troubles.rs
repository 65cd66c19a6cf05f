//! What may go wrong at any service, whatever it is asked.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::http_date;

/// How `Retry-After` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// It is not sent.
    None,
    /// So many seconds.
    Seconds(u32),
    /// The HTTP date so many seconds from now, by the clock that the `Date` header tells.
    Date(u32),
}

impl RetryAfter {
    /// What the header says by a clock that shows this, and how long a client must wait.
    pub(crate) fn told(self, shown: DateTime<Utc>) -> Option<(String, TimeDelta)> {
        let seconds = |seconds: u32| TimeDelta::seconds(seconds.into());
        match self {
            Self::None => None,
            Self::Seconds(count) => Some((count.to_string(), seconds(count))),
            // A date has no fraction, so its second is nearly over or has just begun.
            Self::Date(count) => {
                Some((http_date(shown + seconds(count)), seconds(count) - TimeDelta::seconds(1)))
            }
        }
    }
}

/// What becomes of one request that is as it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mishap {
    /// Nothing: it is answered.
    Answered,
    /// The connection closes without an answer, nothing was carried out.
    LostBefore,
    /// The connection closes without an answer, all was carried out.
    LostAfter,
    /// This status, 409 or 500 say; nothing was carried out.
    FailsBefore(u16),
    /// This status; all was carried out.
    FailsAfter(u16),
    /// A page for people with status 200; nothing was carried out.
    PageBefore,
    /// The same; all was carried out.
    PageAfter,
    /// All was carried out; the answer is cut in the middle, with a `Content-Length` that agrees.
    CutAfter,
}

impl Mishap {
    /// Whether the request is carried out.
    pub(super) fn is_after(self) -> bool {
        !matches!(self, Self::LostBefore | Self::FailsBefore(_) | Self::PageBefore)
    }

    /// Whether the client cannot know what became of its document.
    pub(super) fn leaves_in_doubt(self) -> bool {
        match self {
            Self::Answered => false,
            Self::FailsBefore(status) | Self::FailsAfter(status) => status >= 500,
            _ => true,
        }
    }
}

/// Every switch for what may go wrong. The default is well behaved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Troubles {
    /// What becomes of the next documents, the first one first.
    pub documents: Vec<Mishap>,
    /// What becomes of the next questions (`GET`), the first one first.
    pub questions: Vec<Mishap>,
    /// The state of documents can be asked; if not, every `GET` is answered 405.
    pub tells_state: bool,
    /// A key that is known gets its answer again, and nothing is carried out.
    pub honours_keys: bool,
    /// For how long.
    pub key_lives: TimeDelta,
    /// A failure of [`Mishap::FailsAfter`] is what its key is answered from then on.
    pub replays_failures: bool,
    /// So many of the next requests are answered 429.
    pub too_many: usize,
    /// So many of the next requests are answered 503.
    pub unavailable: usize,
    /// `Retry-After` of 429 and 503; whoever comes sooner commits a violation.
    pub retry_after: RetryAfter,
    /// Every request is answered with this status, 401, 403 or 500 say.
    pub broken: Option<u16>,
    /// Every request is answered 307 to its own target at this place.
    pub redirect: Option<String>,
    /// Every answer waits so long.
    pub slow: Duration,
}

impl Default for Troubles {
    fn default() -> Self {
        Self {
            documents: Vec::new(),
            questions: Vec::new(),
            tells_state: true,
            honours_keys: true,
            key_lives: TimeDelta::hours(24),
            replays_failures: false,
            too_many: 0,
            unavailable: 0,
            retry_after: RetryAfter::None,
            broken: None,
            redirect: None,
            slow: Duration::ZERO,
        }
    }
}
