//! One device over HTTP: one request at a time, limits, digest, retries.
//!
//! Every call is a pair: once without a login, to get a fresh challenge (nonces can be one-shot, and
//! a worn one can cost a login), and once with the answer. The body of the 401 is looked at in
//! between, so that no login is spent on a device that is locked or close to it. An answer that is met
//! with another 401 is given once more at most, and only where the device itself says that it was not
//! wrong; see [`super::login::Refusal`]. After a wrong login nothing is sent any more.
//!
//! A pair shares one connection, which its second request closes. Some devices close theirs a moment
//! after the 401 without announcing it, or never answer a second request. So a read that lost its
//! answer there is repeated on a connection per request, as are all reads after it; and a write, which
//! is never repeated after a lost answer, uses one connection per request from the start. A device that
//! resets fresh connections too is asked with pauses. Both are [`Manners`], which the caller may keep
//! for the next conversation.

mod exchange;

use std::io::Read as _;
use std::time::{Duration, Instant};

use diqwest::blocking::WithDigestAuth as _;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, WWW_AUTHENTICATE};
use url::{Position, Url};

use super::call::{Answer, Ask, Limits};
use super::challenge::Challenge;
use super::config::Settings;
use super::digest::{OneAnswer, authorization};
use super::error::Error;
use super::login::{LockState, TRIES_KEPT};
use super::manners::Manners;
use super::wire::{Document, Meaning, ResponseStatus, read_status, refusal_words, shown};
use crate::config::Secret;
use crate::net::requests::RequestCount;
use crate::net::retry::{Waits, asked_pause, seed};
use crate::net::tls::{Found, client_config};
use crate::net::words;

/// The pause that a device gets which resets faster callers; clients in the field wait 300 to 400 ms.
const PACE: Duration = Duration::from_millis(400);

/// What came back, unjudged.
struct Raw {
    http: u16,
    challenges: Vec<Vec<u8>>,
    /// The pause that the device asks for.
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

/// The connection to one device.
pub(crate) struct Link {
    http: Client,
    base: Url,
    username: String,
    password: Secret,
    found: Found,
    limits: Limits,
    requests: RequestCount,
    /// How long this side has waited between tries so far.
    waited: Duration,
    /// The pause that the last answer asked for.
    asked_pause: Option<Duration>,
    /// What was learnt of how the device wants to be asked.
    manners: Manners,
    /// When the last request was answered.
    last: Option<Instant>,
    /// What the last refusal said in words.
    refusal: String,
    /// The nonce that was answered last, and how often.
    nonce: Option<(String, u32)>,
    /// With so many tries left before a lock, none is made.
    tries_kept: u32,
    /// A login worked in this conversation, so that the password is known to be right.
    is_proven: bool,
    /// Set by a refused login or a lock: what every later call answers.
    stopped: Option<Error>,
}

impl Link {
    /// Sets up the client; sends nothing.
    pub(crate) fn new(config: &Settings, limits: Limits, manners: Manners) -> Result<Self, Error> {
        let setup = |what: String| Error::Setup { what };
        let mut base = config.url.clone();
        // A login in the address would make reqwest send it as Basic.
        let stripped = base.set_username("").and_then(|()| base.set_password(None));
        if stripped.is_err() || !matches!(base.scheme(), "http" | "https") {
            return Err(setup("the url is no http or https address".to_owned()));
        }
        let found = Found::default();
        let mut builder = Client::builder()
            .user_agent(concat!("ivms-sync/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .http1_only()
            .http1_title_case_headers()
            .connect_timeout(limits.connect)
            .timeout(limits.answer)
            .pool_max_idle_per_host(1);
        if let Some(tls) =
            client_config(&config.tls, base.scheme() == "https", &found).map_err(setup)?
        {
            builder = builder.tls_backend_preconfigured(tls);
        }
        let http = builder.build().map_err(|error| setup(innermost(&error)))?;
        let (username, password) = (config.username.clone(), config.password.clone());
        Ok(Self {
            http,
            base,
            username,
            password,
            found,
            limits,
            requests: RequestCount::default(),
            waited: Duration::ZERO,
            asked_pause: None,
            manners,
            last: None,
            refusal: String::new(),
            nonce: None,
            tries_kept: TRIES_KEPT,
            is_proven: false,
            stopped: None,
        })
    }

    /// HTTP requests sent so far.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.get()
    }

    /// Counts its requests here from now on.
    pub(crate) fn count_with(&mut self, requests: RequestCount) {
        self.requests = requests;
    }

    /// What was known and has been learnt of how the device wants to be asked.
    pub(crate) fn manners(&self) -> Manners {
        self.manners
    }

    /// What the last refusal said in words: never to be shown, as it may name people.
    pub(crate) fn refusal(&self) -> &str {
        &self.refusal
    }

    /// Keeps one more login try: this one repeats what was refused before, and must not take the last one
    /// from a password that is corrected.
    pub(crate) fn keep_a_try(&mut self) {
        self.tries_kept = TRIES_KEPT + 1;
    }

    /// How long reading a whole list may take.
    pub(crate) fn listing_max(&self) -> Duration {
        self.limits.listing
    }

    /// Makes a call, again where that is harmless: a busy device up to three times (a write only if it
    /// says `deviceBusy`, so did not take it), a read once after an inner error, once after a lost answer,
    /// and in each of two more patient manners. A refusal for lack of a right is final.
    pub(crate) fn call(&mut self, ask: &Ask) -> Result<Answer, Error> {
        let mut waits = Waits::new(self.limits.retry, seed());
        let (mut faulty, mut lost) = (false, false);
        loop {
            self.asked_pause = None;
            let manners = self.manners;
            let error = match self.call_once(ask) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match &error {
                Error::Busy { code, .. } if ask.may_repeat(code) => {}
                Error::DeviceFault { write: false, .. } if !faulty => faulty = true,
                Error::AnswerLost { write: false, .. }
                | Error::Timeout { .. }
                | Error::Unreachable { .. }
                    if self.manners != manners =>
                {
                    lost = true;
                }
                Error::AnswerLost { write: false, .. } if !lost => lost = true,
                Error::AnswerLost { write: false, .. }
                    if self.last.is_none() && self.base.scheme() == "http" =>
                {
                    return Err(Error::NoPlainHttp { address: self.address() });
                }
                _ => return Err(error),
            }
            let left = self.limits.waits.saturating_sub(self.waited);
            let Some(wait) = waits.next(self.asked_pause, left) else { return Err(error) };
            log::debug!("{error}; trying again in {} ms", wait.as_millis());
            self.waited += wait;
            std::thread::sleep(wait);
        }
    }

    /// Asks for locks without spending a login.
    pub(crate) fn lock_state(&mut self) -> Result<LockState, Error> {
        match &self.stopped {
            Some(error) => Err(error.clone()),
            None => self.probe_locks(),
        }
    }

    fn probe_locks(&mut self) -> Result<LockState, Error> {
        let ask = Ask::device_info();
        let raw = self.send(&ask)?;
        Ok(if matches!(raw.http, 401 | 403) {
            LockState::read(&raw.body)
        } else {
            LockState::default()
        })
    }

    fn stop(&mut self, error: Error) -> Error {
        self.stopped = Some(error.clone());
        error
    }

    /// Sends one request without a login.
    fn send(&mut self, ask: &Ask) -> Result<Raw, Error> {
        let (request, _) = self.request(ask, false)?;
        let response = request.send();
        let response = response.map_err(|error| self.transport_error(ask, &error, false))?;
        self.receive(ask, response)
    }

    /// Sends one request with the answer to a challenge. The inner error: it was met with another 401,
    /// which says whether the nonce was stale.
    fn send_digest(
        &mut self,
        ask: &Ask,
        challenge: &Challenge,
        nc: u32,
    ) -> Result<Result<Raw, bool>, Error> {
        let (request, url) = self.request(ask, true)?;
        let login = (self.username.as_str(), &self.password);
        let target = (ask.method.as_str(), &url[Position::BeforePath..]);
        let answer = authorization(challenge, nc, login, target);
        // Nothing is sent of a login that does not fit into a header.
        let answer = answer.map_err(|what| Error::Setup { what })?;
        let is_reused = !self.manners.one_request_per_connection && !ask.write;
        let watch = OneAnswer::default();
        match request.header(AUTHORIZATION, answer).send_digest_auth(&watch) {
            Ok(response) if response.status() == reqwest::StatusCode::UNAUTHORIZED => {
                Ok(Err(false))
            }
            Ok(response) => self.receive(ask, response).map(Ok),
            Err(diqwest::error::Error::Reqwest(error)) => {
                Err(self.transport_error(ask, &error, is_reused))
            }
            Err(_) => Ok(Err(watch.was_stale())),
        }
    }

    fn request(&mut self, ask: &Ask, is_login: bool) -> Result<(RequestBuilder, Url), Error> {
        if let Some(wait) = self.last.and_then(|at| self.manners.pause.checked_sub(at.elapsed())) {
            std::thread::sleep(wait);
        }
        let url =
            self.base.join(ask.path).map_err(|error| Error::Setup { what: error.to_string() })?;
        let mut request = self.http.request(ask.method.clone(), url.clone());
        if let Some(body) = &ask.body {
            // Bytes, never a stream: the length must be known and the body sent twice.
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        if is_login || ask.write || self.manners.one_request_per_connection {
            request = request.header(CONNECTION, "close");
        }
        self.requests.count();
        let with_login = if is_login { " with login" } else { "" };
        log::debug!("{} {}{with_login}", ask.method, ask.path);
        Ok((request, url))
    }

    fn receive(&mut self, ask: &Ask, response: Response) -> Result<Raw, Error> {
        let http = response.status().as_u16();
        let challenges = response
            .headers()
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect();
        let retry_after = asked_pause(response.headers());
        let body = self.read_body(ask, response);
        self.last = Some(Instant::now());
        let body = body.inspect_err(|error| {
            // A device that begins to answer is neither silent nor startled.
            if matches!(error, Error::AnswerLost { .. }) {
                self.manners.one_request_per_connection = true;
            }
        })?;
        Ok(Raw { http, challenges, retry_after, body })
    }

    /// Takes from an answer that did not come how the device wants to be asked.
    fn learn(&mut self, error: &Error, is_reused: bool) {
        let manners = &mut self.manners;
        match error {
            Error::AnswerLost { .. } | Error::Timeout { .. } if is_reused => {
                manners.one_request_per_connection = true;
            }
            // Nothing was answered on a fresh connection, soon after others were.
            Error::AnswerLost { .. } if !manners.one_request_per_connection => {
                manners.one_request_per_connection = true;
            }
            Error::AnswerLost { .. } | Error::Unreachable { .. } if self.last.is_some() => {
                manners.pause = PACE;
            }
            _ => {}
        }
    }

    /// Reads the body within limits of size and time.
    fn read_body(&self, ask: &Ask, mut response: Response) -> Result<Vec<u8>, Error> {
        let until = Instant::now().checked_add(self.limits.answer);
        let too_large = || match ask.write {
            true => ask.lost(),
            false => Error::TooLarge { call: ask.call, limit: self.limits.body },
        };
        if response.content_length().is_some_and(|length| length > self.limits.body as u64) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        let mut chunk = [0; 16 * 1024];
        loop {
            let count = match response.read(&mut chunk) {
                Ok(0) => return Ok(body),
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) if is_timeout(&error) => return Err(ask.timed_out()),
                Err(_) => return Err(ask.lost()),
            };
            body.extend_from_slice(chunk.get(..count).unwrap_or_default());
            if body.len() > self.limits.body {
                return Err(too_large());
            }
            if until.is_some_and(|until| Instant::now() > until) {
                return Err(ask.timed_out());
            }
        }
    }

    fn unreachable(&self, what: String) -> Error {
        Error::Unreachable { address: self.address(), what }
    }

    /// Host and port, as in `url`.
    fn address(&self) -> String {
        self.base.authority().to_owned()
    }

    /// Sorts an error of the transport by what may have happened on the device.
    fn transport_error(&mut self, ask: &Ask, error: &reqwest::Error, is_reused: bool) -> Error {
        if let Some(found_sha256) = self.found.take() {
            return Error::Certificate { found_sha256 };
        }
        let sorted = if error.is_connect() {
            match error.is_timeout() {
                true => self.unreachable("no connection in time".to_owned()),
                false if is_tls(error) => Error::NoTls { what: innermost(error) },
                false => self.unreachable(innermost(error)),
            }
        } else if error.is_timeout() {
            ask.timed_out()
        } else {
            ask.lost()
        };
        self.learn(&sorted, is_reused);
        sorted
    }

    /// Decides what an answer means. The body counts at every HTTP status.
    fn judge(&mut self, ask: &Ask, raw: Raw, logged_in: bool) -> Result<Answer, Error> {
        let Raw { http, body, .. } = raw;
        self.asked_pause = raw.retry_after;
        if (300..400).contains(&http) {
            return Err(Error::Redirected { call: ask.call, http });
        }
        if http == 403 && LockState::read(&body).locked {
            let unlock_after = LockState::read(&body).unlock_after;
            return Err(self.stop(Error::LockedOut { unlock_after }));
        }
        let document = Document::parse(&body);
        let status =
            document.as_ref().ok().and_then(|document| read_status(ask.call, http, document));
        if ask.write && status.is_none() && matches!(http, 408 | 502 | 504) {
            // Said by something in between, which does not know whether the device took it.
            return Err(ask.lost());
        }
        let judged = status.clone().unwrap_or_else(|| ResponseStatus::of_http(ask.call, http));
        let done = (200..300).contains(&http);
        match judged.meaning() {
            Meaning::Done if done => {
                // An answer that repeats the login is not quoted by anybody.
                let repeats = |secret: &str| String::from_utf8_lossy(&body).contains(secret);
                let is_quotable = !repeats(self.password.expose()) && !repeats("response=");
                Ok(Answer::new(document, status, if is_quotable { body } else { Vec::new() }))
            }
            meaning => {
                self.refusal = document.as_ref().map(refusal_words).unwrap_or_default();
                Err(self.refused(ask, judged, meaning, logged_in))
            }
        }
    }

    fn refused(
        &mut self,
        ask: &Ask,
        status: ResponseStatus,
        meaning: Meaning,
        logged_in: bool,
    ) -> Error {
        let call = ask.call;
        match meaning {
            Meaning::Busy | Meaning::BusyForLong => {
                let code = match status.sub_status.as_str() {
                    "" => format!("HTTP {}", status.http),
                    code => code.to_owned(),
                };
                Error::Busy { call, code }
            }
            Meaning::Fault => Error::DeviceFault { status, write: ask.write },
            Meaning::Reboot => Error::RebootRequired { call, write: ask.write },
            Meaning::LowPrivilege => Error::MissingRight { call, http: status.http },
            // Said without a 401, so without a challenge to answer.
            Meaning::BadLogin if !logged_in => Error::NoDigest { offered: "nothing".to_owned() },
            Meaning::BadLogin => self.stop(Error::LoginRefused { tries_left: None }),
            Meaning::Locked => self.stop(Error::LockedOut { unlock_after: None }),
            Meaning::ForbiddenIp => Error::ForbiddenIp,
            Meaning::NotActivated => Error::NotActivated,
            Meaning::Done
            | Meaning::NoSuchPerson
            | Meaning::SearchExpired
            | Meaning::FormRefused
            | Meaning::MethodRefused
            | Meaning::Refused => Error::Refused(status),
        }
    }
}

fn is_timeout(error: &std::io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
    error.kind() == std::io::ErrorKind::TimedOut || inner.is_some_and(reqwest::Error::is_timeout)
}

/// Whether TLS failed on a connection that was made, for another reason than the certificate.
fn is_tls(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if let Some(tls) = inner.downcast_ref() {
            return !matches!(tls, rustls::Error::InvalidCertificate(_));
        }
        // What the HTTP client says of a connection that the other side closes meanwhile.
        if inner.to_string() == "tls handshake eof" {
            return true;
        }
        // An error of input and output names as its source that of the one it holds.
        let held = inner.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = match held {
            Some(held) => Some(held),
            None => inner.source(),
        };
    }
    false
}

/// The innermost cause, which names neither the address nor anything sent.
fn innermost(error: &reqwest::Error) -> String {
    let text = words::innermost(error).unwrap_or_else(|| "no connection".to_owned());
    shown(&text).chars().take(120).collect()
}
