//! One call: signed, sent, and what comes back judged.

use std::io::Read as _;
use std::time::{Duration, Instant};

use chrono::{DateTime, Datelike as _, Utc};
use ureq::http::Response;
use ureq::http::header::{ACCEPT, CONTENT_TYPE};
use ureq::{Agent, Body};
use url::Url;

use super::super::codes::{Meaning, redacted};
use super::super::error::{Error, Refusal};
use super::super::sign::{Signed, content_md5};
use super::super::wire::Envelope;
use super::{Limits, Settings};
use crate::config::Secret;
use crate::model::visible;
use crate::net::agent::{Connecting, agent};
use crate::net::requests::RequestCount;
use crate::net::retry::{Waits, asked_pause, seed, server_time};
use crate::net::tls::Found;
use crate::net::words;

/// The server signs what it receives: nothing may be appended to these on the way.
const ACCEPTED: &str = "*/*";
const JSON: &str = "application/json";

/// What is asked.
pub(super) struct Ask {
    /// What errors and the log call it.
    pub(super) call: &'static str,
    /// With `/artemis`.
    pub(super) path: &'static str,
    pub(super) body: Vec<u8>,
    /// Whether it changes something.
    pub(super) write: bool,
    /// What a message about it must not show.
    pub(super) private: Vec<String>,
}

impl Ask {
    pub(super) fn read(call: &'static str, path: &'static str, body: Vec<u8>) -> Self {
        Self { call, path, body, write: false, private: Vec::new() }
    }

    pub(super) fn write(call: &'static str, path: &'static str, body: Vec<u8>) -> Self {
        Self { write: true, ..Self::read(call, path, body) }
    }

    fn lost(&self) -> Error {
        Error::AnswerLost { call: self.call, write: self.write }
    }

    fn timed_out(&self) -> Error {
        match self.write {
            true => self.lost(),
            false => Error::Timeout { call: self.call },
        }
    }

    /// An answer that nobody can read. After a write it says as little as none.
    fn unreadable(&self, what: String) -> Error {
        match self.write {
            true => self.lost(),
            false => Error::Wire { call: self.call, what },
        }
    }
}

/// An answer that says yes.
pub(super) struct Answer(Envelope);

impl Answer {
    pub(super) fn read<T>(
        &self,
        ask: &Ask,
        reader: impl FnOnce(&Envelope) -> Result<T, String>,
    ) -> Result<T, Error> {
        reader(&self.0).map_err(|what| ask.unreadable(what))
    }
}

/// What came back, unjudged.
struct Raw {
    http: u16,
    /// The pause that the platform asks for.
    pause: Option<Duration>,
    /// What its clock showed.
    date: Option<DateTime<Utc>>,
    body: Vec<u8>,
}

/// The connection to one platform.
pub(super) struct Link {
    agent: Agent,
    found: Found,
    connecting: Connecting,
    base: Url,
    app_key: String,
    app_secret: Secret,
    user_id: Option<String>,
    limits: Limits,
    requests: RequestCount,
    /// The least time from one request to the next.
    pace: Duration,
    /// When the last request was sent.
    last: Option<Instant>,
    /// How long this side has waited between tries so far.
    waited: Duration,
    /// The pause that the last answer asked for.
    asked_pause: Option<Duration>,
    /// There was a whole answer, of whatever kind.
    has_answered: bool,
    /// The platform took the signature of the last request.
    has_signed: bool,
    /// What its clock showed in the last answer that told, and when that came.
    shown: Option<(DateTime<Utc>, Instant)>,
    /// Set by a refused signature: what every later call answers.
    stopped: Option<Error>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("base", &self.base.as_str()).finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(settings: &Settings, limits: Limits) -> Result<Self, Error> {
        let unsent = |what: &str| Error::Unsent { what: what.to_owned() };
        let mut base = settings.url.clone();
        base.set_query(None);
        base.set_fragment(None);
        // Only the signature is sent. Both fail on addresses without a host, which have none.
        let _ = base.set_username("");
        let _ = base.set_password(None);
        let is_https = base.scheme() == "https";
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(unsent("the url is no http or https address"));
        }
        let headers = [Some(settings.app_key.as_str()), settings.user_id.as_deref()];
        let is_header = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ')
        };
        if !headers.into_iter().flatten().all(is_header) {
            return Err(unsent("app_key or user_id holds a character that cannot be sent"));
        }
        let (found, connecting) = (Found::default(), Connecting::default());
        let agent = agent(&settings.tls, is_https, limits.connect, &found, &connecting)
            .map_err(|what| Error::Unsent { what: format!("TLS cannot be set up: {what}") })?;
        Ok(Self {
            agent,
            found,
            connecting,
            base,
            app_key: settings.app_key.clone(),
            app_secret: settings.app_secret.clone(),
            user_id: settings.user_id.clone(),
            limits,
            requests: RequestCount::default(),
            pace: Duration::from_secs(1) / settings.requests_per_second.max(1),
            last: None,
            waited: Duration::ZERO,
            asked_pause: None,
            has_answered: false,
            has_signed: false,
            shown: None,
            stopped: None,
        })
    }

    /// What the platform's clock shows now, where an answer has told.
    pub(super) fn shows(&self) -> Option<DateTime<Utc>> {
        self.shown.map(|(date, at)| date + at.elapsed())
    }

    pub(super) fn count_with(&mut self, requests: RequestCount) {
        self.requests = requests;
    }

    /// Makes a call, a read again where that may help.
    pub(super) fn call(&mut self, ask: &Ask) -> Result<Answer, Error> {
        let mut waits = Waits::new(self.limits.retry, seed());
        loop {
            let error = match self.call_once(ask) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let may_help = matches!(
                &error,
                Error::AnswerLost { .. }
                    | Error::Refused { meaning: Meaning::SlowDown | Meaning::Fault, .. }
            );
            if ask.write || !may_help {
                return Err(error);
            }
            let left = self.limits.waits.saturating_sub(self.waited);
            let Some(wait) = waits.next(self.asked_pause, left) else {
                let lost = matches!(error, Error::AnswerLost { .. });
                return Err(match lost && !self.has_answered && self.base.scheme() == "http" {
                    true => Error::NoPlainHttp { address: self.base.authority().to_owned() },
                    false => error,
                });
            };
            log::debug!("{error}; trying again in {} ms", wait.as_millis());
            self.waited += wait;
            std::thread::sleep(wait);
        }
    }

    fn call_once(&mut self, ask: &Ask) -> Result<Answer, Error> {
        if let Some(error) = &self.stopped {
            return Err(error.clone());
        }
        self.asked_pause = None;
        let sent = self.send(ask)?;
        let raw = self.receive(ask, sent)?;
        self.has_answered = true;
        self.asked_pause = raw.pause;
        // A year that no wall clock shows would not fit into any zone.
        let date = raw.date.filter(|date| (1970..10_000).contains(&date.year()));
        self.shown = date.map(|date| (date, Instant::now())).or(self.shown);
        let mut judged = self.judge(ask, &raw);
        if let Err(error) = &mut judged
            && let Error::Refused { meaning: meaning @ Meaning::Login, write: true, .. } = error
            && self.has_signed
        {
            *meaning = Meaning::OddSignature;
        }
        self.has_signed = match &judged {
            Ok(_) => true,
            Err(Error::Refused { meaning: Meaning::Login | Meaning::OddSignature, .. }) => false,
            Err(_) => self.has_signed,
        };
        if let Err(error) = &judged
            && error.spent_a_login()
        {
            self.stopped = Some(error.clone());
        }
        judged
    }

    fn send(&mut self, ask: &Ask) -> Result<Response<Body>, Error> {
        if let Some(wait) = self.last.and_then(|at| self.pace.checked_sub(at.elapsed())) {
            std::thread::sleep(wait);
        }
        self.last = Some(Instant::now());
        let mut url = self.base.clone();
        url.set_path(ask.path);
        let mut request = self.agent.post(url.as_str());
        for (name, value) in self.headers(ask)? {
            request = request.header(name, value);
        }
        self.requests.count();
        self.connecting.begin();
        log::debug!("POST {}", ask.path);
        let request = request.config().timeout_global(Some(self.limits.answer)).build();
        request.send(ask.body.as_slice()).map_err(|error| self.transport_error(ask, &error))
    }

    /// The headers of a request with its signature.
    fn headers(&self, ask: &Ask) -> Result<Vec<(&'static str, String)>, Error> {
        let (nonce, timestamp) = (nonce(), timestamp());
        // TLS already protects the body; without it the signature has to.
        let md5 = (self.base.scheme() == "http").then(|| content_md5(&ask.body));
        let mut signed_headers = vec![
            ("X-Ca-Key", self.app_key.as_str()),
            ("X-Ca-Nonce", nonce.as_str()),
            ("X-Ca-Timestamp", timestamp.as_str()),
        ];
        signed_headers.extend(self.user_id.as_deref().map(|user| ("userId", user)));
        let signed = Signed {
            method: "POST",
            accept: Some(ACCEPTED),
            content_md5: md5.as_deref(),
            content_type: Some(JSON),
            headers: &signed_headers,
            path: ask.path,
            ..Signed::default()
        };
        let signature =
            signed.signature(&self.app_secret).map_err(|what| Error::Unsent { what })?;
        let mut headers = vec![
            (ACCEPT.as_str(), ACCEPTED.to_owned()),
            (CONTENT_TYPE.as_str(), JSON.to_owned()),
            ("X-Ca-Signature-Headers", signed.header_names()),
            ("X-Ca-Signature", signature),
        ];
        headers.extend(md5.map(|md5| ("Content-MD5", md5)));
        headers.extend(signed_headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Ok(headers)
    }

    fn unreachable(&self, what: String) -> Error {
        Error::Unreachable { address: self.base.authority().to_owned(), what }
    }

    /// Sorts an error of the transport by what may have happened on the platform.
    fn transport_error(&self, ask: &Ask, error: &ureq::Error) -> Error {
        if let Some(found_sha256) = self.found.take() {
            return Error::Certificate { found_sha256 };
        }
        match (self.connecting.has_failed(), error) {
            (true, ureq::Error::Timeout(_)) => self.unreachable("no connection in time".to_owned()),
            (true, _) => self.unreachable(visible(&words::of_ureq(error), 200)),
            (false, ureq::Error::Timeout(_)) => ask.timed_out(),
            (false, _) => ask.lost(),
        }
    }

    /// Reads the body, never more than the limit. ureq's own limit counts compressed bytes.
    fn receive(&self, ask: &Ask, mut response: Response<Body>) -> Result<Raw, Error> {
        let http = response.status().as_u16();
        let (pause, date) = (asked_pause(response.headers()), server_time(response.headers()));
        let limit = self.limits.body;
        let mut body = Vec::new();
        let reader = response.body_mut().as_reader();
        let read = reader.take(limit as u64 + 1).read_to_end(&mut body);
        if body.len() > limit {
            return Err(match ask.write {
                true => ask.lost(),
                false => Error::TooLarge { call: ask.call, limit },
            });
        }
        match read {
            Ok(_) => Ok(Raw { http, pause, date, body }),
            Err(error) => Err(match ureq::Error::from(error) {
                ureq::Error::Timeout(_) => ask.timed_out(),
                _ => ask.lost(),
            }),
        }
    }

    /// Decides what an answer means. Its code counts at every HTTP status, and success at none but 2xx.
    fn judge(&self, ask: &Ask, raw: &Raw) -> Result<Answer, Error> {
        let Raw { http, body, .. } = raw;
        if (300..400).contains(http) {
            return Err(Error::Redirected { call: ask.call, http: *http });
        }
        let is_done = (200..300).contains(http);
        let envelope = match Envelope::parse(body) {
            Ok(envelope) if envelope.code.is_success() && is_done => return Ok(Answer(envelope)),
            Ok(envelope) if !envelope.code.is_success() => Some(envelope),
            Err(what) if is_done => return Err(ask.unreadable(what)),
            Ok(_) | Err(_) => None,
        };
        if *http == 404 && envelope.is_none() {
            return Err(Error::NoOpenApi { call: ask.call });
        }
        let of_code = envelope.as_ref().map(|envelope| envelope.code.meaning());
        let meaning = match (http, of_code) {
            (429, _) => Meaning::SlowDown,
            // Said by something in between, which does not know whether the platform took it.
            (502 | 504, None) => Meaning::Fault,
            (503, None) => Meaning::SlowDown,
            (_, Some(meaning)) => meaning,
            (401, None) => Meaning::Login,
            (403, None) => Meaning::MissingRight,
            (408 | 500.., None) => Meaning::Fault,
            (_, None) => Meaning::Refused,
        };
        let message = envelope.as_ref().map_or("", |envelope| envelope.message.as_str());
        let own = [self.app_key.as_str(), self.app_secret.expose()];
        let private: Vec<&str> =
            own.into_iter().chain(ask.private.iter().map(String::as_str)).collect();
        let refusal = Refusal {
            call: ask.call,
            api: ask.path,
            http: *http,
            words: redacted(message, &private),
            code: envelope.map(|envelope| envelope.code),
        };
        if !refusal.words.is_empty() {
            log::debug!("{}: {refusal}: {}", ask.call, refusal.words);
        }
        Err(Error::Refused { refusal, meaning, write: ask.write })
    }
}

/// Another one for every request, in the form of a random UUID.
fn nonce() -> String {
    let (high, low) = (seed(), seed());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

/// The milliseconds since 1970 that a signature carries.
fn timestamp() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "only the server looks at it, and nothing is decided by it"
    )]
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.unwrap_or_default().as_millis().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_look_like_random_uuids() {
        let one = nonce();
        let groups: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert!(one[14..].starts_with('4') && "89ab".contains(&one[19..20]), "{one}");
        assert!(one.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit()));
        assert_ne!(one, nonce());
    }
}
