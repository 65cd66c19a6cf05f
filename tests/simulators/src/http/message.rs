//! One HTTP request as it came in, and one answer as it goes out.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// How the request said where its body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Neither `Content-Length` nor `Transfer-Encoding`: no body.
    None,
    /// `Content-Length` in bytes.
    Length(usize),
    /// `Transfer-Encoding: chunked`; real devices are said to refuse it.
    Chunked,
}

/// One request, complete with its body.
#[derive(Debug, Clone)]
pub struct Request {
    /// Method as sent, `GET`.
    pub method: String,
    /// Request target as sent: path with query, nothing decoded.
    pub target: String,
    /// Header names (as sent) and values (trimmed), in order.
    pub headers: Vec<(String, String)>,
    /// Body, after undoing chunks.
    pub body: Vec<u8>,
    /// How the end of the body was told.
    pub framing: Framing,
    /// When the request was complete, by this computer's clock.
    pub at: DateTime<Utc>,
    /// Number of the TCP connection, counting from 1: equal numbers mean keep-alive.
    pub connection: u64,
    /// How many other requests, whose senders still wait, were in flight when this one began.
    pub others_in_flight: usize,
    /// The sender's IP address.
    pub source: std::net::IpAddr,
}

impl Request {
    /// The target up to the question mark.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// What follows the question mark, empty without one.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The first header of this name, in any letter case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text; bytes that are no UTF-8 become replacement characters.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether the request carries an `Authorization` header.
    pub fn is_authenticated(&self) -> bool {
        self.header("Authorization").is_some()
    }
}

/// One answer. `Content-Length` and `Connection` are added while writing.
#[derive(Debug, Clone)]
pub struct Response {
    /// Status code, 200.
    pub status: u16,
    /// Header names and values in order; repeated names are kept.
    pub headers: Vec<(String, String)>,
    /// Body; shared, so that a large listing can be served from a cache.
    pub body: Arc<Vec<u8>>,
    /// Keep the connection open after this answer, if the client does not ask to close it.
    pub keep_alive: bool,
    /// Close it all the same, so long after this answer, without having said so.
    pub closes_after: Option<Duration>,
}

impl Response {
    /// An answer with this status, content type and body, closing the connection.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type".into(), content_type.into())],
            body: Arc::new(body.into()),
            keep_alive: false,
            closes_after: None,
        }
    }

    /// An answer without body and content type.
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Arc::default(),
            keep_alive: false,
            closes_after: None,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

/// What a handler wants done with a request.
#[derive(Debug)]
pub enum Reply {
    /// Send this.
    Answer(Response),
    /// Close the connection without a byte.
    Drop,
    /// Say nothing until the client gives up.
    Silence,
}

/// The standard words for a status code.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        411 => "Length Required",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
