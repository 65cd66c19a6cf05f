//! The connections of a device: when it drops, closes or keeps them, and what becomes of a second request.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::switches::{Common, Concurrency, KeepAlive};
use crate::http::{Reply, Request};

/// What a device remembers of its connections.
#[derive(Default)]
pub(crate) struct Line {
    served: usize,
    /// How many requests each connection has carried.
    connections: HashMap<u64, usize>,
    /// When the last request came, in real time.
    last: Option<Instant>,
}

/// What becomes of a request before anybody looks at its login.
#[derive(Debug)]
pub(crate) enum Admission {
    /// It is looked at.
    In,
    /// It is answered `deviceBusy`.
    Busy,
    /// It gets this and nothing else.
    Reply(Reply),
}

impl Line {
    /// Counts a request, and says what becomes of it.
    pub(crate) fn admit(&mut self, common: &Common<'_>, request: &Request) -> Admission {
        let nth = self.connections.entry(request.connection).or_default();
        *nth += 1;
        let nth = *nth;
        self.served += 1;
        match common.keep_alive {
            KeepAlive::DropEvery(n) if n > 0 && self.served.is_multiple_of(n) => {
                return Admission::Reply(Reply::Drop);
            }
            KeepAlive::SilentOnSecond if nth > 1 => return Admission::Reply(Reply::Silence),
            KeepAlive::ClosesAt { nth: last, is_done: false } if nth == last => {
                return Admission::Reply(Reply::Drop);
            }
            _ => {}
        }
        let last = self.last.replace(Instant::now());
        if let (KeepAlive::ResetFaster(least), Some(last)) = (common.keep_alive, last)
            && last.elapsed() < Duration::from_millis(least)
        {
            return Admission::Reply(Reply::Drop);
        }
        match common.concurrency {
            Concurrency::Busy if request.others_in_flight > 0 => Admission::Busy,
            Concurrency::Reset if request.others_in_flight > 0 => Admission::Reply(Reply::Drop),
            _ => Admission::In,
        }
    }

    /// Gives an answer the headers of a device, and its connection the end that the switches want.
    pub(crate) fn finish(&self, common: &Common<'_>, request: &Request, reply: Reply) -> Reply {
        let Reply::Answer(mut response) = reply else { return reply };
        let nth = self.connections.get(&request.connection).copied().unwrap_or_default();
        let closing = match common.keep_alive {
            KeepAlive::ClosesAfter401(after) if response.status == 401 => Some(after),
            KeepAlive::ClosesAfterEach(after) => Some(after),
            KeepAlive::ClosesAt { nth: last, is_done: true } if nth == last => return Reply::Drop,
            _ => None,
        };
        response.closes_after = closing.map(Duration::from_millis);
        response.keep_alive = !matches!(
            common.keep_alive,
            KeepAlive::Close | KeepAlive::DropEvery(_) | KeepAlive::ResetFaster(_)
        );
        for (name, value) in [
            ("Server", "webs"),
            ("X-Frame-Options", "SAMEORIGIN"),
            ("Cache-Control", "no-store"),
            ("Pragma", "no-cache"),
        ] {
            response = response.with_header(name, value);
        }
        if response.keep_alive {
            response = response.with_header("Keep-Alive", "timeout=10, max=99");
        }
        Reply::Answer(response)
    }
}
