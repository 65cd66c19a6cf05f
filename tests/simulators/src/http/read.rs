//! Reads one request from a connection, strictly and within limits.

use std::io::{ErrorKind, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::message::Framing;

/// Longest request line and headers together, in bytes.
const HEAD_SIZE_MAX: usize = 64 * 1024;
/// Longest request body, in bytes; the largest honest one is a citation with its evidence.
const BODY_SIZE_MAX: usize = 16 * 1024 * 1024;
/// Longest time between the first and the last byte of a request.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(30);

/// Why no request could be read.
#[derive(Debug)]
pub(super) enum ReadError {
    /// The peer closed, the time was over, or the server stops: nothing to answer.
    Gone,
    /// The bytes are no HTTP request; the words say why.
    Malformed(String),
}

/// Method, target, headers and how the body ends.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) framing: Framing,
}

/// A connection with the bytes read ahead.
pub(super) struct Incoming<'a, S> {
    stream: &'a mut S,
    ahead: &'a mut Vec<u8>,
    stop: &'a AtomicBool,
    until: Instant,
}

impl<'a, S: Read> Incoming<'a, S> {
    /// Reads from `stream`, beginning with the bytes in `ahead`.
    pub(super) fn new(stream: &'a mut S, ahead: &'a mut Vec<u8>, stop: &'a AtomicBool) -> Self {
        Self { stream, ahead, stop, until: Instant::now() + REQUEST_TIME_MAX }
    }

    /// Waits at most `idle` for the first byte of a request; `false` if none came.
    pub(super) fn wait(&mut self, idle: Duration) -> bool {
        self.until = Instant::now() + idle;
        let came = !self.ahead.is_empty() || self.fill().is_ok();
        self.until = Instant::now() + REQUEST_TIME_MAX;
        came
    }

    /// Reads up to and with the empty line.
    pub(super) fn head(&mut self) -> Result<Head, ReadError> {
        let end = loop {
            if let Some(end) = find(self.ahead, b"\r\n\r\n") {
                break end;
            }
            if self.ahead.len() > HEAD_SIZE_MAX {
                return Err(malformed("request head too long"));
            }
            self.fill()?;
        };
        let bytes: Vec<u8> = self.ahead.drain(..end + 4).collect();
        let text = std::str::from_utf8(&bytes).map_err(|_| malformed("head is no UTF-8"))?;
        parse_head(text.trim_end_matches("\r\n"))
    }

    /// Reads the body that `framing` announces.
    pub(super) fn body(&mut self, framing: Framing) -> Result<Vec<u8>, ReadError> {
        match framing {
            Framing::None => Ok(Vec::new()),
            Framing::Length(size) => self.take(size),
            Framing::Chunked => self.chunks(),
        }
    }

    fn chunks(&mut self) -> Result<Vec<u8>, ReadError> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let digits = line.split(';').next().unwrap_or_default().trim();
            let size =
                usize::from_str_radix(digits, 16).map_err(|_| malformed("bad chunk size"))?;
            if body.len() + size > BODY_SIZE_MAX {
                return Err(malformed("request body too long"));
            }
            if size == 0 {
                while !self.line()?.is_empty() {}
                return Ok(body);
            }
            body.extend(self.take(size)?);
            if !self.line()?.is_empty() {
                return Err(malformed("chunk longer than announced"));
            }
        }
    }

    fn line(&mut self) -> Result<String, ReadError> {
        let end = loop {
            if let Some(end) = find(self.ahead, b"\r\n") {
                break end;
            }
            if self.ahead.len() > HEAD_SIZE_MAX {
                return Err(malformed("line too long"));
            }
            self.fill()?;
        };
        let bytes: Vec<u8> = self.ahead.drain(..end + 2).collect();
        Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
    }

    fn take(&mut self, size: usize) -> Result<Vec<u8>, ReadError> {
        if size > BODY_SIZE_MAX {
            return Err(malformed("request body too long"));
        }
        while self.ahead.len() < size {
            self.fill()?;
        }
        Ok(self.ahead.drain(..size).collect())
    }

    /// Reads at least one byte. A short read timeout may be set on the socket by the look at
    /// other connections in flight, so a timeout only counts once the own deadline is over.
    fn fill(&mut self) -> Result<(), ReadError> {
        let mut buffer = [0_u8; 16 * 1024];
        loop {
            if self.stop.load(Ordering::SeqCst) || Instant::now() > self.until {
                return Err(ReadError::Gone);
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(ReadError::Gone),
                Ok(count) => {
                    self.ahead.extend_from_slice(&buffer[..count]);
                    return Ok(());
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                    ) => {}
                Err(_) => return Err(ReadError::Gone),
            }
        }
    }
}

fn parse_head(text: &str) -> Result<Head, ReadError> {
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let words: Vec<&str> = first.split(' ').collect();
    let [method, target, version] = words[..] else {
        return Err(malformed("request line is not three words"));
    };
    if !matches!(version, "HTTP/1.1" | "HTTP/1.0") {
        return Err(malformed("version is not HTTP/1.0 or HTTP/1.1"));
    }
    if !target.starts_with('/') || target.contains('#') || !target.is_ascii() {
        return Err(malformed("target is not an absolute path"));
    }
    let mut headers = Vec::new();
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            return Err(malformed("header line without a colon"));
        };
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || !c.is_ascii()) {
            return Err(malformed("bad header name"));
        }
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    if version == "HTTP/1.1" && values(&headers, "Host").len() != 1 {
        return Err(malformed("HTTP/1.1 wants exactly one Host header"));
    }
    Ok(Head {
        framing: framing(&headers)?,
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
    })
}

fn framing(headers: &[(String, String)]) -> Result<Framing, ReadError> {
    let lengths = values(headers, "Content-Length");
    match (&values(headers, "Transfer-Encoding")[..], &lengths[..]) {
        ([], []) => Ok(Framing::None),
        ([], [length]) => match length.parse() {
            Ok(length) => Ok(Framing::Length(length)),
            Err(_) => Err(malformed("Content-Length is no number")),
        },
        ([coding], []) if coding.eq_ignore_ascii_case("chunked") => Ok(Framing::Chunked),
        _ => Err(malformed("the end of the body is told in two ways")),
    }
}

fn values<'h>(headers: &'h [(String, String)], name: &str) -> Vec<&'h str> {
    headers
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .collect()
}

fn malformed(why: &str) -> ReadError {
    ReadError::Malformed(why.to_owned())
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
