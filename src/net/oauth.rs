//! Tokens by OAuth 2.0: a client says who it is at one address, and is known at another by what it was given
//! (RFC 6749, section 4.4: client credentials).
//!
//! A token lives in memory, for the run. How long it is said to live is not asked: servers write that as text, as
//! zero, or not at all. One that is over is refused with 401, and then a new one is asked for, once.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::requests::RequestCount;
use super::service::{Answer, Bounds, Credentials, Question, Service, ServiceError};
use super::tls::Tls;
use crate::document::{Limits, Node, parse};

/// A token has some thousand bytes.
const BYTES_MAX: usize = 64 * 1024;

/// What a person can do about a client that was not understood.
const HINT: &str =
    "correct `token_url`, `scope`, `client_in` and `asked_as` as the service wants them";

/// Where the client says who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientIn {
    /// `Authorization: Basic …`, its two parts encoded as in a form (RFC 6749, section 2.3.1).
    Header,
    Body,
}

/// The form of what is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AskedAs {
    Form,
    /// No standard has it, and servers do.
    Json,
}

/// How a token is asked for, but for the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub token_url: Url,
    pub client_id: String,
    pub scope: Option<String>,
    pub client_in: ClientIn,
    pub asked_as: AskedAs,
}

/// The token of a run, and where to get another one. `Debug` shows neither it nor the secret.
pub(crate) struct Tokens {
    service: Service,
    content_type: &'static str,
    /// What is sent; the secret may be in it.
    body: String,
    token: Mutex<Option<String>>,
}

impl Tokens {
    /// Prepares to ask; the network is not touched.
    ///
    /// # Errors
    /// [`ServiceError::Unusable`].
    pub(crate) fn new(
        grant: &Grant,
        secret: &str,
        tls: &Tls,
        bounds: Bounds,
        requests: RequestCount,
    ) -> Result<Self, ServiceError> {
        let credentials = match grant.client_in {
            ClientIn::Header => Credentials::authorization("Basic", &basic(grant, secret)),
            ClientIn::Body => Credentials::None,
        };
        let bounds = Bounds { bytes: BYTES_MAX, ..bounds };
        let service = Service::new(&grant.token_url, tls, credentials, bounds, requests)?;
        let (content_type, body) = question(grant, secret);
        // An error that the standard has comes with 400.
        let service = service.taking(&[400]);
        Ok(Self { service, content_type, body, token: Mutex::default() })
    }

    /// The token, asked for where there is none.
    pub(super) fn get(&self, left: Duration) -> Result<String, ServiceError> {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = &*token {
            return Ok(token.clone());
        }
        // Another token takes nothing from anybody: it may be asked for again.
        let question = Question::Post { content_type: self.content_type, body: &self.body };
        let asked = self.service.ask_for(self.service.url(), question, left);
        let new = asked.and_then(|answer| read(&answer)).map_err(of_the_token)?;
        *token = Some(new.clone());
        Ok(new)
    }

    /// Forgets a token that was refused.
    pub(super) fn forget(&self, refused: &str) {
        let mut token = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if token.as_deref() == Some(refused) {
            *token = None;
        }
    }
}

impl Credentials {
    /// A token for the service at this address, which is asked for when it is needed.
    ///
    /// # Errors
    /// [`ServiceError::Unusable`].
    pub(crate) fn token(
        grant: &Grant,
        secret: &str,
        service: &Url,
        tls: &Tls,
        bounds: Bounds,
        requests: RequestCount,
    ) -> Result<Self, ServiceError> {
        // What is said of the service's certificate is said of no other server's.
        let is_here = grant.token_url.origin() == service.origin();
        let tls = if is_here { tls } else { &Tls::System };
        Ok(Self::Token(Arc::new(Tokens::new(grant, secret, tls, bounds, requests)?)))
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(not shown)")
    }
}

fn basic(grant: &Grant, secret: &str) -> String {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    STANDARD.encode(format!("{}:{}", encoded(&grant.client_id), encoded(secret)))
}

/// The question, with its kind.
fn question(grant: &Grant, secret: &str) -> (&'static str, String) {
    let mut fields = vec![("grant_type", "client_credentials")];
    if grant.client_in == ClientIn::Body {
        fields.extend([("client_id", grant.client_id.as_str()), ("client_secret", secret)]);
    }
    fields.extend(grant.scope.as_deref().map(|scope| ("scope", scope)));
    match grant.asked_as {
        AskedAs::Form => {
            let form = Serializer::new(String::new()).extend_pairs(fields).finish();
            ("application/x-www-form-urlencoded", form)
        }
        AskedAs::Json => {
            let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), value.into()));
            ("application/json", serde_json::Value::Object(fields.collect()).to_string())
        }
    }
}

/// The token of an answer. Some servers say with 200 that they refuse.
fn read(answer: &Answer) -> Result<String, ServiceError> {
    let refused = if answer.status == 200 { None } else { Some(answer.status) };
    let not_understood = |text: String| match refused {
        Some(status) => ServiceError::Refused(status),
        None => ServiceError::NotUnderstood(text),
    };
    let limits = Limits { bytes_max: BYTES_MAX, ..Limits::DOCUMENT };
    let value = parse(&answer.body, limits).map_err(|error| not_understood(error.to_string()))?;
    let top = Node::top(&value);
    let text = |key: &'static str| {
        let node = top.optional(key).map_err(|error| not_understood(error.to_string()))?;
        Ok::<_, ServiceError>(node.map(|node| node.text().unwrap_or_default()))
    };
    if let Some(error) = text("error")? {
        return Err(of_word(error));
    }
    if let Some(status) = refused {
        return Err(ServiceError::Refused(status));
    }
    if text("token_type")?.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(ServiceError::NotUnderstood("its tokens are of a kind unknown here".into()));
    }
    let token = text("access_token")?.unwrap_or_default();
    let is_sendable = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    let none = || ServiceError::NotUnderstood("there is no token in the answer".into());
    is_sendable.then(|| token.to_owned()).ok_or_else(none)
}

/// What an error means (RFC 6749, section 5.2). A word that nobody knows may be anything, the secret too.
fn of_word(word: &str) -> ServiceError {
    let refused = |word| ServiceError::Misconfigured { text: format!("said {word}"), hint: HINT };
    match word {
        "invalid_client" | "unauthorized_client" | "access_denied" => ServiceError::LoginRefused,
        "server_error" | "temporarily_unavailable" | "slow_down" => ServiceError::Refused(503),
        "invalid_request" | "invalid_grant" | "invalid_scope" | "unsupported_grant_type" => {
            refused(word)
        }
        _ => refused("no, with a word that is unknown here"),
    }
}

/// The same, as what stands between us and the service.
fn of_the_token(error: ServiceError) -> ServiceError {
    let text = format!("no token at `token_url`: {error}");
    match error {
        ServiceError::LoginRefused | ServiceError::NoRight => ServiceError::LoginRefused,
        ServiceError::Unreachable { .. } | ServiceError::TimedOut { .. } => error,
        error if error.is_temporary() => ServiceError::NotUnderstood(text),
        _ => ServiceError::Misconfigured { text, hint: HINT },
    }
}

#[cfg(test)]
mod tests;
