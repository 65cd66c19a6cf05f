//! What a test may break: one fault, and the rule that says which requests it hits.

use std::time::Duration;

use super::message::Request;

/// Something that goes wrong between a server and its client.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The request is carried out at once, the answer comes this much later.
    Delay(Duration),
    /// The request is carried out; the body ends after this many bytes, `Content-Length` stays.
    CutBody(usize),
    /// The connection closes without an answer, nothing was carried out.
    DropBefore,
    /// The connection closes without an answer, but the request was carried out.
    DropAfter,
    /// This answer instead of the real one; nothing was carried out.
    Raw {
        /// Status code.
        status: u16,
        /// Header names and values; `Content-Length` is added if it is not among them.
        headers: Vec<(String, String)>,
        /// Body bytes.
        body: Vec<u8>,
    },
    /// Carried out; the answer comes in pieces of this many bytes with a pause before each.
    Drip {
        /// Bytes per piece.
        size: usize,
        /// Pause before each piece.
        pause: Duration,
    },
    /// A status line, then header lines without end; nothing was carried out.
    EndlessHeaders,
    /// A body of this many spaces after a correct head; nothing was carried out.
    HugeBody(u64),
    /// Carried out; `Content-Length` is wrong by this many bytes.
    WrongContentLength(i64),
    /// Carried out; the answer comes in chunks of at most 7 bytes.
    Chunked,
    /// 302 to this `Location`; nothing was carried out.
    Redirect(String),
    /// Carried out and answered, but first the listener closes: from then on connections are
    /// refused, until [`super::HttpServer::go_online`].
    GoOffline,
    /// Exactly this on the wire, and then the connection closes; nothing was carried out.
    Wire(Vec<Step>),
}

/// A piece of what [`Fault::Wire`] does.
#[derive(Debug, Clone)]
pub enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends the same bytes so many times, as fast as the client takes them.
    Repeat(Vec<u8>, u64),
    /// Sends these bytes one by one, with a pause before each.
    Trickle(Vec<u8>, Duration),
    /// Keeps the connection open and says nothing, until the client has enough.
    Hold,
}

impl Fault {
    /// These bytes on the wire and nothing else; see [`Fault::Wire`].
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::Wire(vec![Step::Send(bytes.into())])
    }

    /// A head, then the same bytes for ever, as far as a test is concerned: 1 TiB or more.
    pub fn endless(head: impl Into<Vec<u8>>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::Wire(vec![Step::Send(head.into()), Step::Repeat(bytes.into(), 1 << 40)])
    }

    /// A fixed answer with a content type; see [`Fault::Raw`].
    pub fn raw(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::Raw {
            status,
            headers: vec![("Content-Type".into(), content_type.into())],
            body: body.into(),
        }
    }

    /// For the next `count` requests that match.
    pub fn times(self, count: usize) -> FaultRule {
        FaultRule::from(self).times(count)
    }

    /// For every request whose target contains `part`, until the faults are cleared.
    pub fn on(self, part: &str) -> FaultRule {
        FaultRule::from(self).on(part)
    }
}

/// A fault, with the requests that it hits: all, until narrowed.
#[derive(Debug, Clone)]
pub struct FaultRule {
    pub(super) fault: Fault,
    left: Option<usize>,
    skip: usize,
    part: Option<String>,
    method: Option<String>,
    body: Option<String>,
    only_authenticated: bool,
}

impl From<Fault> for FaultRule {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            left: None,
            skip: 0,
            part: None,
            method: None,
            body: None,
            only_authenticated: false,
        }
    }
}

impl FaultRule {
    /// Only the next `count` matching requests.
    #[must_use]
    pub fn times(mut self, count: usize) -> Self {
        self.left = Some(count);
        self
    }

    /// Only after `count` matching requests went well.
    #[must_use]
    pub fn after(mut self, count: usize) -> Self {
        self.skip = count;
        self
    }

    /// Only requests whose target contains `part`.
    #[must_use]
    pub fn on(mut self, part: &str) -> Self {
        self.part = Some(part.to_owned());
        self
    }

    /// Only requests of this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only requests whose body contains `part`.
    #[must_use]
    pub fn body_contains(mut self, part: &str) -> Self {
        self.body = Some(part.to_owned());
        self
    }

    /// Only requests with an `Authorization` header: not the one that fetches the challenge.
    #[must_use]
    pub fn authenticated(mut self) -> Self {
        self.only_authenticated = true;
        self
    }

    /// Whether the rule hits this request; counts it.
    pub(super) fn hits(&mut self, request: &Request) -> bool {
        let matches = self.left != Some(0)
            && self.part.as_ref().is_none_or(|p| request.target.contains(p))
            && self.method.as_ref().is_none_or(|m| *m == request.method)
            && self.body.as_ref().is_none_or(|b| request.text().contains(b))
            && (!self.only_authenticated || request.is_authenticated());
        if !matches {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        true
    }
}
