//! Queries to a web service that answers in JSON: one request at a time, repeated only where that may help.
//!
//! The credentials go to the configured host and nowhere else: a redirect is not followed. What a service says
//! in an error is for the log alone, since it may name a person.

use std::fmt;
use std::io::Read as _;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use ureq::http::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION};
use ureq::http::{HeaderName, Response};
use ureq::{Agent, Body, Timeout};
use url::Url;

use super::agent::{Connecting, agent};
use super::requests::RequestCount;
use super::retry::{Rule, Waits, asked_pause, seed, server_time};
use super::tls::{Found, Tls};
use super::words;

/// How long and how much; a test makes them small.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// To find the host, and to get a connection.
    pub connect: Duration,
    /// One whole answer, its repetitions included.
    pub answer: Duration,
    /// All pages of a listing.
    pub listing: Duration,
    /// The bytes of one answer, unpacked.
    pub bytes: usize,
    pub retry: Rule,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            listing: Duration::from_secs(40),
            bytes: 8 * 1024 * 1024,
            retry: Rule {
                repeats_max: 2,
                first: Duration::from_millis(500),
                longest: Duration::from_secs(2),
                in_all: Duration::from_secs(20),
            },
        }
    }
}

/// Why a query brought nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ServiceError {
    #[error("failed to reach {host}: {reason}")]
    Unreachable { host: String, reason: String },
    #[error("no complete answer from {host} within {limit_ms} ms")]
    TimedOut { host: String, limit_ms: u128 },
    #[error("the login was refused")]
    LoginRefused,
    #[error("the login has no right for this call")]
    NoRight,
    #[error("refused with status {0}")]
    Refused(u16),
    #[error("redirected to another address, which is not followed")]
    Redirected,
    #[error("the answer broke off after {bytes} bytes: {reason}")]
    Truncated { bytes: usize, reason: String },
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// It came whole, and is not what was asked for.
    #[error("{0}")]
    NotUnderstood(String),
}

impl ServiceError {
    /// Whether another run may well succeed without anybody doing anything.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Redirected
            | Self::Truncated { .. }
            | Self::NotUnderstood(_) => true,
            Self::Refused(status) => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::LoginRefused | Self::NoRight | Self::TooLarge(_) => false,
        }
    }

    /// What a person can do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::LoginRefused => Some("correct the login in the configuration"),
            Self::NoRight => Some("ask the service to give this login the right to read it"),
            Self::Redirected => Some("write the address that it leads to into the configuration"),
            Self::Refused(404) => Some("correct `url` in the configuration"),
            Self::Refused(_)
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Truncated { .. }
            | Self::TooLarge(_)
            | Self::NotUnderstood(_) => None,
        }
    }
}

/// A header that says who asks. `Debug` does not show it.
#[derive(Clone)]
pub(crate) struct Credentials {
    name: HeaderName,
    value: String,
}

impl Credentials {
    /// `Authorization: SCHEME SECRET`.
    pub(crate) fn authorization(scheme: &str, secret: &str) -> Self {
        Self { name: AUTHORIZATION, value: format!("{scheme} {secret}") }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(not shown)")
    }
}

/// A whole answer with a status of success.
#[derive(Debug)]
pub(crate) struct Answer {
    pub body: Vec<u8>,
    /// What the service's clock showed.
    pub server_time: Option<DateTime<Utc>>,
}

/// A query that brought nothing, and whether the same may be asked again soon.
struct Failed {
    error: ServiceError,
    may_repeat: bool,
    asked: Option<Duration>,
}

impl From<ServiceError> for Failed {
    fn from(error: ServiceError) -> Self {
        Self { error, may_repeat: false, asked: None }
    }
}

/// A service that is asked.
#[derive(Debug, Clone)]
pub(crate) struct Service {
    agent: Agent,
    host: String,
    credentials: Credentials,
    bounds: Bounds,
    requests: RequestCount,
}

impl Service {
    /// Prepares to ask; the network is not touched.
    ///
    /// # Errors
    /// When TLS cannot be set up, as text.
    pub(crate) fn new(
        url: &Url,
        tls: &Tls,
        credentials: Credentials,
        bounds: Bounds,
        requests: RequestCount,
    ) -> Result<Self, String> {
        let is_https = url.scheme() == "https";
        let connecting = Connecting::default();
        let agent = agent(tls, is_https, bounds.connect, &Found::default(), &connecting)?;
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        Ok(Self { agent, host, credentials, bounds, requests })
    }

    /// Asks for a page of a listing that began some time ago, again where that may help, all of it within the
    /// bounds.
    pub(crate) fn get_within(&self, url: &Url, passed: Duration) -> Result<Answer, ServiceError> {
        let whole = self.bounds.answer.min(self.bounds.listing.saturating_sub(passed));
        let started = Instant::now();
        let mut waits = Waits::new(self.bounds.retry, seed());
        loop {
            let left = whole.saturating_sub(started.elapsed());
            let Failed { error, may_repeat, asked } = match self.get_once(url, left) {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let left = whole.saturating_sub(started.elapsed());
            let wait = if may_repeat { waits.next(asked, left) } else { None };
            let Some(wait) = wait else { return Err(error) };
            log::debug!("{error}; trying again in {} ms", wait.as_millis());
            std::thread::sleep(wait);
        }
    }

    fn get_once(&self, url: &Url, left: Duration) -> Result<Answer, Failed> {
        if left.is_zero() {
            return Err(self.timed_out().into());
        }
        self.requests.count();
        let Credentials { name, value } = &self.credentials;
        let get = self.agent.get(url.as_str()).header(name, value);
        let get = get.header(ACCEPT, "application/json").header(ACCEPT_LANGUAGE, "en");
        let sent = get.config().timeout_global(Some(left)).build().call();
        let mut response = sent.map_err(|error| self.unreachable(&error))?;
        let status = response.status().as_u16();
        let error = match status {
            200 => {
                let server_time = server_time(response.headers());
                return Ok(Answer { body: self.read(&mut response)?, server_time });
            }
            300..=399 => ServiceError::Redirected,
            401 => ServiceError::LoginRefused,
            403 => ServiceError::NoRight,
            _ => ServiceError::Refused(status),
        };
        let may_repeat = matches!(status, 408 | 429 | 500 | 502..=504);
        Err(Failed { error, may_repeat, asked: asked_pause(response.headers()) })
    }

    fn unreachable(&self, error: &ureq::Error) -> Failed {
        let limit = self.bounds.connect.as_millis();
        let reason = match error {
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                format!("no connection within {limit} ms")
            }
            ureq::Error::Timeout(_) => return self.timed_out().into(),
            other => words::of_ureq(other),
        };
        let may_repeat = matches!(error, ureq::Error::ConnectionFailed | ureq::Error::Io(_));
        let error = ServiceError::Unreachable { host: self.host.clone(), reason };
        Failed { error, may_repeat, asked: None }
    }

    /// Reads to the end, never more than the bound.
    fn read(&self, response: &mut Response<Body>) -> Result<Vec<u8>, Failed> {
        let limit = self.bounds.bytes;
        let mut body = Vec::new();
        let mut reader = response.body_mut().as_reader().take(limit as u64 + 1);
        let read = reader.read_to_end(&mut body);
        if body.len() > limit {
            return Err(ServiceError::TooLarge(limit).into());
        }
        match read.map_err(ureq::Error::from) {
            Ok(_) => Ok(body),
            Err(ureq::Error::Timeout(_)) => Err(self.timed_out().into()),
            Err(other) => {
                let reason = words::of_ureq(&other);
                let error = ServiceError::Truncated { bytes: body.len(), reason };
                Err(Failed { error, may_repeat: true, asked: None })
            }
        }
    }

    fn timed_out(&self) -> ServiceError {
        let limit_ms = self.bounds.answer.as_millis();
        ServiceError::TimedOut { host: self.host.clone(), limit_ms }
    }
}
