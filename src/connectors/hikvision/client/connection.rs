//! Which connection answers come on, and whether the device keeps it for the next request.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use hyper_util::client::legacy::connect::HttpInfo;
use reqwest::Version;
use reqwest::blocking::Response;
use reqwest::header::CONNECTION;

/// How long a connection may lie idle and be used again. Terminals close theirs early, and a request that
/// meets the closing is lost; a new connection costs less than that.
pub(super) const IDLE_MAX: Duration = Duration::from_secs(2);

/// How soon the next request must come for a closed connection to say something about the device: later
/// ones may find it closed because it was idle.
const SOON: Duration = Duration::from_millis(500);

/// A device that closes a connection after fewer answers than these, and soon, does not keep any. One that
/// closes it later counts requests, and says so or is found out without a loss.
const FEW_ANSWERS: u32 = 4;

/// The connection in use, as far as this side can tell.
#[derive(Default)]
pub(super) struct Connections {
    /// The one that the next request will go on, unless it is closed meanwhile.
    kept: Option<Kept>,
    /// The one that the request under way was meant for, and whether that came soon after the last answer.
    meant: Option<(Kept, bool)>,
    /// Two requests were answered on one connection.
    is_steady: bool,
}

/// A connection that neither side has said to close.
#[derive(Clone, Copy)]
struct Kept {
    end: SocketAddr,
    answers: u32,
    since: Instant,
}

/// What the head of an answer says about its connection.
#[derive(Clone, Copy)]
pub(super) struct Head {
    /// This side's end of it, which no two open connections share.
    end: Option<SocketAddr>,
    is_kept: bool,
}

impl Head {
    /// Reads it; `closes` says that the request asked for the end of the connection.
    pub(super) fn of(response: &Response, closes: bool) -> Self {
        let says = |word: &str| {
            let values = response.headers().get_all(CONNECTION).iter();
            let mut words =
                values.filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(','));
            words.any(|one| one.trim().eq_ignore_ascii_case(word))
        };
        let is_kept = match response.version() {
            Version::HTTP_11 => !says("close"),
            _ => says("keep-alive"),
        };
        let end = response.extensions().get::<HttpInfo>().map(HttpInfo::local_addr);
        Self { end, is_kept: is_kept && !closes }
    }
}

impl Connections {
    /// Begins a request; says whether it will go on a connection that has carried another.
    pub(super) fn begin(&mut self) -> bool {
        let kept = self.kept.take().map(|kept| (kept, kept.since.elapsed()));
        let kept = kept.filter(|(_, idle)| *idle < IDLE_MAX);
        self.meant = kept.map(|(kept, idle)| (kept, idle < SOON));
        self.meant.is_some()
    }

    /// Whether the next request will go on a connection that has carried another.
    pub(super) fn is_kept(&self) -> bool {
        self.kept.is_some_and(|kept| kept.since.elapsed() < IDLE_MAX)
    }

    /// Whether the device was seen to answer a second request on a connection.
    pub(super) fn is_steady(&self) -> bool {
        self.is_steady
    }

    /// Takes note of an answer that came whole. `false` where the device had closed, without a word, the
    /// connection that the request was meant for, as one does that keeps none.
    pub(super) fn answered(&mut self, head: Head) -> bool {
        let meant = self.meant.take();
        let Some(end) = head.end else { return true };
        let same = meant.filter(|(kept, _)| kept.end == end);
        let answers = same.map_or(1, |(kept, _)| kept.answers.saturating_add(1));
        self.is_steady |= answers > 1;
        self.kept = head.is_kept.then(|| Kept { end, answers, since: Instant::now() });
        let closed = meant.filter(|(kept, _)| kept.end != end);
        !closed.is_some_and(|(kept, is_soon)| is_soon && kept.answers < FEW_ANSWERS)
    }

    /// All connections are closed.
    pub(super) fn closed(&mut self) {
        (self.kept, self.meant) = (None, None);
    }
}
