//! One device over HTTP: one request at a time, limits, digest, retries.
//!
//! Every call is a pair: once without a login, to get a fresh challenge (nonces can be one-shot, and
//! a worn one can cost a login), and once with the answer. The body of the 401 is looked at in
//! between, so that no login is spent on a device that is locked or close to it. An answer that is met
//! with another 401 is given once more at most, and only where the device itself says that it was not
//! wrong; see [`super::login::Refusal`]. After a wrong login nothing is sent any more.
//!
//! One connection carries all requests of a conversation, as long as the device keeps it: a handshake for
//! each is what costs most over TLS. Some devices close theirs a moment after an answer without announcing
//! it, or never answer a second request. Such a device is found out by a connection that was closed without
//! a word, or by a lost answer; then every request gets a connection of its own. A read is repeated there. A
//! write is never repeated after a lost answer, so it shares a connection only when the device was seen to
//! answer twice on one. The HTTP client below repeats a request by itself only if not a byte of it was sent,
//! because the connection was found closed before. A device that resets fresh connections too is asked with
//! pauses. Both are [`Manners`], which the caller may keep for the next conversation.
//!
//! No nonce is answered twice on purpose: many firmwares refuse that without saying `stale`, and whether it
//! counts as a wrong login is not known.

mod connection;
mod exchange;
mod transport;

use std::time::{Duration, Instant};

use reqwest::blocking::Client;
use url::Url;

use self::connection::Connections;
use self::transport::http_client;
use super::call::{Answer, Ask, Limits};
use super::config::Settings;
use super::error::Error;
use super::login::{LockState, TRIES_KEPT};
use super::manners::Manners;
use super::wire::{Document, Meaning, ResponseStatus, read_status, refusal_words};
use crate::config::Secret;
use crate::net::requests::RequestCount;
use crate::net::retry::{Waits, seed};
use crate::net::tls::{Found, client_config};

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
    tls: Option<rustls::ClientConfig>,
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
    connections: Connections,
    /// When the last request was answered.
    last: Option<Instant>,
    /// What the last refusal said in words.
    refusal: String,
    /// The nonce that was answered last, and how often.
    nonce: Option<(String, u32)>,
    /// The tries that were left before a login whose answer was lost, where told: it may have been refused.
    unanswered: Option<u32>,
    /// The last write was lost on a connection that had carried others, before it came to a login.
    is_lost_unasked: bool,
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
        let tls = client_config(&config.tls, base.scheme() == "https", &found).map_err(setup)?;
        let http = http_client(limits, tls.clone())?;
        let (username, password) = (config.username.clone(), config.password.clone());
        Ok(Self {
            http,
            tls,
            base,
            username,
            password,
            found,
            limits,
            requests: RequestCount::default(),
            waited: Duration::ZERO,
            asked_pause: None,
            manners,
            connections: Connections::default(),
            last: None,
            refusal: String::new(),
            nonce: None,
            unanswered: None,
            is_lost_unasked: false,
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

    /// Tries again to keep connections: this is not the firmware that was found not to.
    pub(crate) fn keep_connections(&mut self) {
        self.manners.one_request_per_connection = false;
    }

    /// Whether the write that was lost last had not come to a login, and the device wants logins: then it was
    /// not carried out, as reading will show.
    pub(crate) fn is_lost_unasked(&self) -> bool {
        self.is_lost_unasked
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
        self.is_lost_unasked = false;
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
