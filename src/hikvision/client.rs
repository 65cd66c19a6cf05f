//! One device over HTTP: one request at a time, limits, digest, retries.
//!
//! Every call is a pair: once without a login, to get a fresh challenge (nonces can be one-shot, and
//! a worn one can cost a login), and once with the answer. The body of the 401 is looked at in
//! between, so that no login is spent on a device that is locked or close to it. After a refused login
//! nothing is sent any more.
//!
//! A pair shares one connection, which its second request closes. Some devices close theirs a moment
//! after the 401 without announcing it, and a request sent in that moment is lost. So a read that lost
//! its answer is repeated on a connection per request, as are all reads after it; and a write, which is
//! never repeated after a lost answer, uses one connection per request from the start. Source: hikvision-isapi.md sections 5 and 6.

use std::error::Error as _;
use std::io::Read as _;
use std::time::{Duration, Instant};

use diqwest::DigestAuthSession;
use diqwest::blocking::WithDigestAuth as _;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{
    CONNECTION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE,
};
use url::Url;

use super::call::{Answer, Ask, DEVICE_INFO, Limits};
use super::challenge::{self, Challenge};
use super::digest::{OneAnswer, session_for};
use super::error::Error;
use super::login::LockState;
use super::tls::{Found, client_config};
use super::wire::{Document, Meaning, ResponseStatus, read_status, shown};
use crate::config::{DeviceConfig, Secret};
use crate::requests::RequestCount;
use crate::retry::{Waits, retry_after, seed};

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
    session: DigestAuthSession,
    found: Found,
    limits: Limits,
    requests: RequestCount,
    /// How long this side has waited between tries so far.
    waited: Duration,
    /// The pause that the last answer asked for.
    asked_pause: Option<Duration>,
    /// A connection per request, after one was closed on us: see the head of this file.
    separate: bool,
    /// Set by a refused login or a lock: what every later call answers.
    stopped: Option<Error>,
}

impl Link {
    /// Sets up the client; sends nothing.
    pub(crate) fn new(config: &DeviceConfig, limits: Limits) -> Result<Self, Error> {
        let setup = |what: String| Error::Setup { what };
        let mut base = config.url.clone();
        // A login in the address would make reqwest send it as Basic.
        let stripped = base.set_username("").and_then(|()| base.set_password(None));
        let host = base
            .host_str()
            .filter(|_| stripped.is_ok() && matches!(base.scheme(), "http" | "https"));
        let host = host.ok_or_else(|| setup("the url is no http or https address".to_owned()))?;
        let session = session_for(host).map_err(|error| setup(error.to_string()))?;
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
            session,
            found,
            limits,
            requests: RequestCount::default(),
            waited: Duration::ZERO,
            asked_pause: None,
            separate: false,
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

    /// How long reading a whole list may take.
    pub(crate) fn listing_max(&self) -> Duration {
        self.limits.listing
    }

    /// Makes a call, again where that is harmless: a busy device up to three times (a write only if it
    /// says `deviceBusy`, so did not take it), a read once after an inner error and once after a lost
    /// answer. A refusal for lack of a right is final.
    pub(crate) fn call(&mut self, ask: &Ask) -> Result<Answer, Error> {
        let mut waits = Waits::new(self.limits.retry, seed());
        let (mut faulty, mut lost) = (false, false);
        loop {
            self.asked_pause = None;
            let error = match self.call_once(ask) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match &error {
                Error::Busy { code, .. } if ask.may_repeat(code) => {}
                Error::DeviceFault { write: false, .. } if !faulty => faulty = true,
                Error::AnswerLost { write: false, .. } if !lost => {
                    lost = true;
                    self.separate = true;
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
        let ask = Ask::get("lock state", DEVICE_INFO);
        let raw = self.send(&ask, None)?;
        Ok(if matches!(raw.http, 401 | 403) {
            LockState::read(&raw.body)
        } else {
            LockState::default()
        })
    }

    fn call_once(&mut self, ask: &Ask) -> Result<Answer, Error> {
        if let Some(error) = &self.stopped {
            return Err(error.clone());
        }
        let first = self.send(ask, None)?;
        if first.http != 401 {
            return self.judge(ask, first, false);
        }
        let locks = LockState::read(&first.body);
        if let Err(error) = locks.allows_a_login() {
            return Err(self.stop(error));
        }
        let challenge = match challenge::choose(first.challenges.iter().map(Vec::as_slice)) {
            Ok(challenge) => challenge,
            Err(offered) => return Err(no_challenge(ask, &first, offered)),
        };
        let second = self.send(ask, Some(&challenge))?;
        if second.http == 401 {
            // Nothing more is sent, not even to ask how bad it is: what is left is what was left
            // before, less this one. Source: hikvision-isapi.md section 5.3.
            let tries_left = locks.tries_left.map(|tries| tries.saturating_sub(1));
            return Err(self.stop(Error::LoginRefused { tries_left }));
        }
        self.judge(ask, second, true)
    }

    fn stop(&mut self, error: Error) -> Error {
        self.stopped = Some(error.clone());
        error
    }

    /// Sends one request, with the answer to a challenge or without.
    fn send(&mut self, ask: &Ask, challenge: Option<&Challenge>) -> Result<Raw, Error> {
        let url =
            self.base.join(ask.path).map_err(|error| Error::Setup { what: error.to_string() })?;
        let mut request = self.http.request(ask.method.clone(), url);
        if let Some(body) = &ask.body {
            // Bytes, never a stream: the length must be known and the body sent twice.
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        if challenge.is_some() || ask.write || self.separate {
            request = request.header(CONNECTION, "close");
        }
        self.requests.count();
        log::debug!(
            "{} {}{}",
            ask.method,
            ask.path,
            if challenge.is_some() { " with login" } else { "" }
        );
        let response = match challenge {
            None => request.send().map_err(|error| self.transport_error(ask, &error))?,
            Some(challenge) => match self.send_digest(ask, request, challenge)? {
                Some(response) => response,
                None => {
                    return Ok(Raw {
                        http: 401,
                        challenges: Vec::new(),
                        retry_after: None,
                        body: Vec::new(),
                    });
                }
            },
        };
        let http = response.status().as_u16();
        let challenges = response
            .headers()
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect();
        let retry_after = asked_pause(response.headers());
        let body = self.read_body(ask, response)?;
        Ok(Raw { http, challenges, retry_after, body })
    }

    /// `None`: the answer to the challenge was met with another 401.
    fn send_digest(
        &self,
        ask: &Ask,
        request: RequestBuilder,
        challenge: &Challenge,
    ) -> Result<Option<Response>, Error> {
        let answer = OneAnswer::new(&self.username, &self.password, challenge, &self.session);
        match request.send_digest_auth(&answer) {
            Ok(response) => Ok(Some(response)),
            Err(_) if answer.was_refused() => Ok(None),
            Err(diqwest::error::Error::Reqwest(error)) => Err(self.transport_error(ask, &error)),
            // Nothing was sent: the login does not fit into a header.
            Err(_) => {
                Err(Error::Setup { what: "the user name cannot be sent in a header".to_owned() })
            }
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

    /// Sorts an error of the transport by what may have happened on the device.
    fn transport_error(&self, ask: &Ask, error: &reqwest::Error) -> Error {
        if let Some(found_sha256) = self.found.take() {
            return Error::Certificate { found_sha256 };
        }
        if error.is_connect() {
            let timeout = error.is_timeout();
            let what = if timeout { "no connection in time".to_owned() } else { innermost(error) };
            return Error::Unreachable { what };
        }
        if error.is_timeout() {
            return ask.timed_out();
        }
        ask.lost()
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
            meaning => Err(self.refusal(ask, judged, meaning, logged_in)),
        }
    }

    fn refusal(
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
            Meaning::LowPrivilege => Error::LowPrivilege { call },
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
            | Meaning::Refused => Error::Refused(status),
        }
    }
}

/// Why a 401 came without a challenge that can be answered, where the body says so.
fn no_challenge(ask: &Ask, raw: &Raw, offered: String) -> Error {
    let document = Document::parse(&raw.body).ok();
    let status = document.and_then(|document| read_status(ask.call, raw.http, &document));
    match status.map(|status| status.meaning()) {
        Some(Meaning::NotActivated) => Error::NotActivated,
        Some(Meaning::ForbiddenIp) => Error::ForbiddenIp,
        _ => Error::NoDigest { offered },
    }
}

/// The pause that an answer asks for.
fn asked_pause(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let date = text(DATE).and_then(|date| chrono::DateTime::parse_from_rfc2822(date.trim()).ok());
    retry_after(text(RETRY_AFTER)?, date.map(|date| date.to_utc()))
}

fn is_timeout(error: &std::io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<reqwest::Error>());
    error.kind() == std::io::ErrorKind::TimedOut || inner.is_some_and(reqwest::Error::is_timeout)
}

/// The innermost cause, which names neither the address nor anything sent.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = error.source();
    let mut text = None;
    while let Some(inner) = cause {
        text = Some(inner.to_string());
        cause = inner.source();
    }
    shown(&text.unwrap_or_else(|| "no connection".to_owned())).chars().take(120).collect()
}
