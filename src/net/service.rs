//! Queries to a web service that answers in JSON: one request at a time, repeated only where that may help.
//!
//! The credentials go to the configured host and nowhere else: a redirect is not followed. What a service says
//! in an error is for the log alone, since it may name a person. What changes something is in [`deliver`].

pub(crate) mod deliver;

use std::fmt;
use std::io::Read as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use ureq::http::header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, ETAG};
use ureq::http::{HeaderName, Response};
use ureq::{Agent, Body, RequestBuilder, Timeout};
use url::Url;

use super::agent::{Connecting, agent};
use super::oauth::Tokens;
use super::requests::RequestCount;
use super::retry::{Rule, Waits, asked_pause, seed, server_time};
use super::tls::{Found, Tls};
use super::words;
use crate::document::Limits;

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

impl Bounds {
    /// The usual ones, with so long for all pages of a listing.
    pub fn listing_within(listing: Duration) -> Self {
        Self { listing, ..Self::default() }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(30),
            listing: Duration::from_secs(60),
            bytes: Limits::PAGE.bytes_max,
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
    /// A key of the configuration is wrong, or what it stands for has changed.
    #[error("{text}")]
    Misconfigured { text: String, hint: &'static str },
    /// TLS cannot be set up.
    #[error("{0}")]
    Unusable(String),
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
            Self::LoginRefused
            | Self::NoRight
            | Self::TooLarge(_)
            | Self::Misconfigured { .. }
            | Self::Unusable(_) => false,
        }
    }

    /// What a person can do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::LoginRefused => Some("correct the login in the configuration"),
            Self::NoRight => Some("ask the service to give this login the right to read it"),
            Self::Redirected => Some("write the address that it leads to into the configuration"),
            Self::Refused(404) => Some("correct `url` in the configuration"),
            Self::Misconfigured { hint, .. } => Some(hint),
            Self::Refused(_)
            | Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Truncated { .. }
            | Self::TooLarge(_)
            | Self::NotUnderstood(_)
            | Self::Unusable(_) => None,
        }
    }
}

/// What says who asks. `Debug` does not show it.
#[derive(Clone)]
pub(crate) enum Credentials {
    /// Nothing does, or the body does.
    None,
    Header(HeaderName, String),
    /// A token, which is asked for elsewhere when it is needed.
    Token(Arc<Tokens>),
}

impl Credentials {
    /// `Authorization: SCHEME SECRET`.
    pub(crate) fn authorization(scheme: &str, secret: &str) -> Self {
        Self::Header(AUTHORIZATION, format!("{scheme} {secret}"))
    }

    /// A header of the service's own.
    pub(crate) fn header(name: &'static str, secret: &str) -> Self {
        Self::Header(HeaderName::from_static(name), secret.to_owned())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(not shown)")
    }
}

/// How something is asked; it changes nothing there, so that it may be asked again.
#[derive(Clone, Copy)]
pub(crate) enum Question<'a> {
    Get,
    /// A question that is too long for an address, or too secret.
    Post {
        content_type: &'static str,
        body: &'a str,
    },
}

/// A whole answer that says something.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
    /// What the service's clock showed.
    pub server_time: Option<DateTime<Utc>>,
    /// Which version it is of, as `ETag` says.
    pub etag: Option<String>,
}

impl Answer {
    /// Whether that there is nothing is not said by the service, which says it in JSON, but by whatever web server is
    /// at that address: it knows nothing of documents, and has looked at no login.
    pub(crate) fn is_of_a_web_server(&self) -> bool {
        self.status == 404
            && serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&self.body)
                .is_err()
    }
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
    url: Url,
    host: String,
    credentials: Credentials,
    bounds: Bounds,
    requests: RequestCount,
    /// Statuses beside 200 whose answers say something.
    taken: &'static [u16],
}

impl Service {
    /// Prepares to ask; the network is not touched.
    ///
    /// # Errors
    /// [`ServiceError::Unusable`].
    pub(crate) fn new(
        url: &Url,
        tls: &Tls,
        credentials: Credentials,
        bounds: Bounds,
        requests: RequestCount,
    ) -> Result<Self, ServiceError> {
        let is_https = url.scheme() == "https";
        let connecting = Connecting::default();
        let agent = agent(tls, is_https, bounds.connect, &Found::default(), &connecting)
            .map_err(ServiceError::Unusable)?;
        let host = url.host_str().unwrap_or_default();
        let host = url.port().map_or(host.to_owned(), |port| format!("{host}:{port}"));
        let (url, taken) = (url.clone(), &[] as &[u16]);
        Ok(Self { agent, url, host, credentials, bounds, requests, taken })
    }

    /// The same, to which answers of these statuses say something too.
    pub(crate) fn taking(self, taken: &'static [u16]) -> Self {
        Self { taken, ..self }
    }

    /// What is asked, without a path behind it.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// The address of something below it.
    pub(crate) fn below(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{path}", self.url.path().trim_end_matches('/')));
        url
    }

    /// Asks for one thing below the address, again where that may help.
    pub(crate) fn get(&self, path: &str) -> Result<Answer, ServiceError> {
        self.ask_for(&self.below(path), Question::Get, self.bounds.answer)
    }

    /// Asks for a page of a listing that began some time ago, again where that may help, all of it within the
    /// bounds.
    pub(crate) fn ask_within(
        &self,
        url: &Url,
        question: Question<'_>,
        passed: Duration,
    ) -> Result<Answer, ServiceError> {
        let whole = self.bounds.answer.min(self.bounds.listing.saturating_sub(passed));
        self.ask_for(url, question, whole)
    }

    /// Asks within a time; where a token was refused, with another one.
    pub(super) fn ask_for(
        &self,
        url: &Url,
        question: Question<'_>,
        whole: Duration,
    ) -> Result<Answer, ServiceError> {
        let started = Instant::now();
        let tokens = match &self.credentials {
            Credentials::None => return self.repeat(url, question, None, whole),
            Credentials::Header(name, value) => {
                return self.repeat(url, question, Some((name, value)), whole);
            }
            Credentials::Token(tokens) => tokens,
        };
        let ask = |token: &str| {
            let value = format!("Bearer {token}");
            let left = whole.saturating_sub(started.elapsed());
            self.repeat(url, question, Some((&AUTHORIZATION, &value)), left)
        };
        let token = tokens.get(whole)?;
        match ask(&token) {
            // It was revoked, or its time is over. A new one that is refused as well is a login that is refused.
            Err(ServiceError::LoginRefused) => {
                tokens.forget(&token);
                ask(&tokens.get(whole.saturating_sub(started.elapsed()))?)
            }
            other => other,
        }
    }

    /// Asks, and again where that may help.
    fn repeat(
        &self,
        url: &Url,
        question: Question<'_>,
        login: Option<(&HeaderName, &str)>,
        whole: Duration,
    ) -> Result<Answer, ServiceError> {
        let started = Instant::now();
        let mut waits = Waits::new(self.bounds.retry, seed());
        loop {
            let left = whole.saturating_sub(started.elapsed());
            let failed = match self.ask_once(url, question, login, left) {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let Failed { error, may_repeat, asked } = failed;
            let left = whole.saturating_sub(started.elapsed());
            let wait = if may_repeat { waits.next(asked, left) } else { None };
            let Some(wait) = wait else { return Err(error) };
            log::debug!("{error}; trying again in {} ms", wait.as_millis());
            std::thread::sleep(wait);
        }
    }

    fn ask_once(
        &self,
        url: &Url,
        question: Question<'_>,
        login: Option<(&HeaderName, &str)>,
        left: Duration,
    ) -> Result<Answer, Failed> {
        if left.is_zero() {
            return Err(self.timed_out().into());
        }
        self.requests.count();
        let sent = match question {
            Question::Get => dressed(self.agent.get(url.as_str()), login, left).call(),
            Question::Post { content_type, body } => {
                let post = dressed(self.agent.post(url.as_str()), login, left);
                post.header(CONTENT_TYPE, content_type).send(body)
            }
        };
        let mut response = sent.map_err(|error| self.unreachable(&error))?;
        let status = response.status().as_u16();
        let error = match status {
            _ if status == 200 || self.taken.contains(&status) => {
                let answer = self.answer(&mut response)?;
                return match answer.is_of_a_web_server() {
                    true => Err(ServiceError::Refused(status).into()),
                    false => Ok(answer),
                };
            }
            300..=399 => ServiceError::Redirected,
            401 => ServiceError::LoginRefused,
            403 => ServiceError::NoRight,
            _ => ServiceError::Refused(status),
        };
        let may_repeat = matches!(status, 408 | 429 | 500 | 502..=504);
        Err(Failed { error, may_repeat, asked: asked_pause(response.headers()) })
    }

    /// A whole answer.
    fn answer(&self, response: &mut Response<Body>) -> Result<Answer, Failed> {
        let status = response.status().as_u16();
        let server_time = server_time(response.headers());
        let etag = response.headers().get(ETAG).and_then(|etag| etag.to_str().ok());
        let etag = etag.map(str::to_owned);
        Ok(Answer { status, body: self.read(response)?, server_time, etag })
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

/// A request with the headers that all have, and the time that is left for it.
fn dressed<B>(
    request: RequestBuilder<B>,
    login: Option<(&HeaderName, &str)>,
    left: Duration,
) -> RequestBuilder<B> {
    let request = match login {
        Some((name, value)) => request.header(name, value),
        None => request,
    };
    let request = request.header(ACCEPT, "application/json").header(ACCEPT_LANGUAGE, "en");
    request.config().timeout_global(Some(left)).build()
}
