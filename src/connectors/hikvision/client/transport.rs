//! The transport of a conversation: requests leave, answers come in within limits, and what is lost
//! teaches how the device wants to be asked.

use std::io::Read as _;
use std::time::{Duration, Instant};

use diqwest::blocking::WithDigestAuth as _;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, WWW_AUTHENTICATE};
use url::{Position, Url};

use super::super::call::{Ask, Limits};
use super::super::challenge::Challenge;
use super::super::digest::{OneAnswer, authorization};
use super::super::error::Error;
use super::super::wire::shown;
use super::connection::{Head, IDLE_MAX};
use super::{Link, Raw};
use crate::net::retry::asked_pause;
use crate::net::words;

/// The pause that a device gets which resets faster callers; clients in the field wait 300 to 400 ms.
const PACE: Duration = Duration::from_millis(400);

/// A request that is ready to be sent.
struct Prepared {
    request: RequestBuilder,
    url: Url,
    /// It asks for the end of its connection.
    closes: bool,
    /// It will go on a connection that has carried another, unless that is closed meanwhile.
    is_reused: bool,
}

impl Link {
    /// Sends one request without a login.
    pub(super) fn send(&mut self, ask: &Ask) -> Result<Raw, Error> {
        let Prepared { request, closes, is_reused, .. } = self.request(ask, "")?;
        match request.send() {
            Ok(response) => self.receive(ask, response, closes),
            Err(error) => {
                let error = self.transport_error(ask, &error, is_reused);
                self.is_lost_unasked =
                    is_reused && self.is_proven && error == ask.lost() && ask.write;
                Err(error)
            }
        }
    }

    /// Sends one request with the answer to a challenge. The inner error: it was met with another 401,
    /// which says whether the nonce was stale.
    pub(super) fn send_digest(
        &mut self,
        ask: &Ask,
        challenge: &Challenge,
        nc: u32,
    ) -> Result<Result<Raw, bool>, Error> {
        let Prepared { request, url, closes, is_reused } = self.request(ask, " with login")?;
        let login = (self.username.as_str(), &self.password);
        let target = (ask.method.as_str(), &url[Position::BeforePath..]);
        let answer = authorization(challenge, nc, login, target);
        // Nothing is sent of a login that does not fit into a header.
        let answer = answer.map_err(|what| Error::Setup { what })?;
        let watch = OneAnswer::default();
        match request.header(AUTHORIZATION, answer).send_digest_auth(&watch) {
            Ok(response) if response.status() == reqwest::StatusCode::UNAUTHORIZED => {
                Ok(Err(false))
            }
            Ok(response) => self.receive(ask, response, closes).map(Ok),
            Err(diqwest::error::Error::Reqwest(error)) => {
                Err(self.transport_error(ask, &error, is_reused))
            }
            Err(_) => Ok(Err(watch.was_stale())),
        }
    }

    fn request(&mut self, ask: &Ask, with_login: &str) -> Result<Prepared, Error> {
        if let Some(wait) = self.last.and_then(|at| self.manners.pause.checked_sub(at.elapsed())) {
            std::thread::sleep(wait);
        }
        let closes =
            self.manners.one_request_per_connection || (ask.write && !self.connections.is_steady());
        if closes && self.connections.is_kept() {
            self.hang_up()?;
        }
        let url =
            self.base.join(&ask.path).map_err(|error| Error::Setup { what: error.to_string() })?;
        let mut request = self.http.request(ask.method.clone(), url.clone());
        if let Some(body) = &ask.body {
            // Bytes, never a stream: the length must be known and the body sent twice.
            let kind = match body.first() {
                Some(b'<') => "application/xml",
                _ => "application/json",
            };
            request = request.header(CONTENT_TYPE, kind).body(body.clone());
        }
        if closes {
            request = request.header(CONNECTION, "close");
        }
        self.requests.count();
        let is_reused = self.connections.begin();
        log::debug!("{} {}{with_login}", ask.method, ask.path);
        Ok(Prepared { request, url, closes, is_reused })
    }

    /// Closes the connection that was kept: a device that serves one at a time would not come to the next.
    fn hang_up(&mut self) -> Result<(), Error> {
        self.connections.closed();
        self.http = http_client(self.limits, self.tls.clone())?;
        Ok(())
    }

    fn receive(&mut self, ask: &Ask, response: Response, closes: bool) -> Result<Raw, Error> {
        let head = Head::of(&response, closes);
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
        if !self.connections.answered(head) {
            log::debug!("the device closes connections without a word: each request gets its own");
            self.manners.one_request_per_connection = true;
        }
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
    pub(super) fn address(&self) -> String {
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
        // A write that takes long says nothing of connections, where the device answers twice on one.
        let is_slow = ask.write && error.is_timeout() && !error.is_connect();
        if !is_slow || (is_reused && !self.connections.is_steady()) {
            self.learn(&sorted, is_reused);
        }
        sorted
    }
}

/// A client that keeps one connection.
pub(super) fn http_client(
    limits: Limits,
    tls: Option<rustls::ClientConfig>,
) -> Result<Client, Error> {
    let mut builder = Client::builder()
        .user_agent(concat!("ivms-sync/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .http1_title_case_headers()
        .connect_timeout(limits.connect)
        .timeout(limits.answer)
        .pool_idle_timeout(IDLE_MAX)
        .pool_max_idle_per_host(1);
    if let Some(tls) = tls {
        builder = builder.tls_backend_preconfigured(tls);
    }
    builder.build().map_err(|error| Error::Setup { what: innermost(&error) })
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
pub(super) fn innermost(error: &reqwest::Error) -> String {
    let text = words::innermost(error).unwrap_or_else(|| "no connection".to_owned());
    shown(&text).chars().take(120).collect()
}
