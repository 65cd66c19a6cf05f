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

#[cfg(test)]
mod tests {
    use super::*;

    fn head(port: u16, is_kept: bool) -> Head {
        Head { end: Some(SocketAddr::from(([127, 0, 0, 1], port))), is_kept }
    }

    /// Answers that come one right after the other, by the port of their connection and whether it is kept;
    /// and whether each is no sign of a device that keeps none.
    fn heard(answers: &[(u16, bool)]) -> (Vec<bool>, Connections) {
        let mut connections = Connections::default();
        let heard = answers.iter().map(|(port, is_kept)| {
            connections.begin();
            connections.answered(head(*port, *is_kept))
        });
        (heard.collect(), connections)
    }

    /// Mutants: a connection that was said to be closed counts as one closed without a word; so does one
    /// that carried many requests; a device that answers once on each is taken for a steady one.
    #[test]
    fn what_connections_say_of_a_device() {
        for (answers, expected, is_steady) in [
            (&[(1, true), (1, true), (1, true)][..], &[true, true, true][..], true),
            (&[(1, false), (2, false), (3, false)], &[true, true, true], false),
            (&[(1, true), (2, true)], &[true, false], false),
            (&[(1, true), (1, true), (2, true)], &[true, true, false], true),
            (&[(1, true), (1, true), (1, true), (1, true), (2, true)], &[true; 5], true),
            (&[(1, true), (1, false), (2, true)], &[true; 3], true),
        ] {
            let (heard, connections) = heard(answers);
            assert_eq!(
                (heard.as_slice(), connections.is_steady()),
                (expected, is_steady),
                "{answers:?}"
            );
        }
    }

    /// Mutants: a connection that lay idle is used, or its end says something of the device.
    #[test]
    fn idle_connections_are_not_used_and_their_end_says_nothing() {
        let old = |idle| {
            let (_, mut connections) = heard(&[(1, true)]);
            let kept = connections.kept.as_mut().unwrap();
            kept.since = kept.since.checked_sub(idle).unwrap();
            connections
        };
        assert!(old(Duration::ZERO).is_kept() && old(Duration::ZERO).begin());
        let mut late = old(SOON);
        assert!(late.begin() && late.answered(head(2, true)));
        let mut idle = old(IDLE_MAX);
        assert!(!idle.is_kept() && !idle.begin() && idle.answered(head(2, true)));
    }

    /// Mutant: a request that was lost leaves its connection behind as one that is kept.
    #[test]
    fn a_lost_request_leaves_no_connection() {
        let (_, mut connections) = heard(&[(1, true), (1, true)]);
        connections.begin();
        assert!(!connections.is_kept() && !connections.begin());
        let (_, mut connections) = heard(&[(1, true)]);
        connections.closed();
        assert!(!connections.is_kept());
    }
}
