//! The ways a message can go, and what it means when it does not.

use std::io::ErrorKind;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use chrono::{DateTime, Utc};
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use super::email;
use super::message::Message;
use crate::config::{NotifyEmail, NotifyWebhook};
use crate::engine::gather::LoginResult;
use crate::exit::Exit;
use crate::net::words;

/// A whole message on one channel takes no longer.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// One configured way to tell somebody.
#[derive(Debug, Clone, Copy)]
pub enum Channel<'a> {
    /// `[notify.email]`.
    Email(&'a NotifyEmail),
    /// `[notify.webhook]`.
    Webhook(&'a NotifyWebhook),
}

/// Why a channel did not take a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// What happened; no secrets.
    pub text: String,
    pub hint: &'static str,
    /// What `check --notify` ends with because of it.
    pub exit: Exit,
    /// Somebody has got the message all the same: it is not sent again.
    pub is_delivered: bool,
    /// What the conversation taught about the login there.
    pub login: LoginResult,
}

impl Undelivered {
    /// Nobody has got the message, and no login was tried.
    pub(super) fn new(text: String, hint: &'static str, exit: Exit) -> Self {
        Self { text, hint, exit, is_delivered: false, login: LoginResult::NotTried }
    }
}

impl Channel<'_> {
    /// The name in the state file and in messages.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Webhook(_) => "webhook",
        }
    }

    /// Sends a message; 10 seconds at most. `computer` is this computer's name.
    ///
    /// # Errors
    /// [`Undelivered`]; it may have arrived all the same, when the answer was lost.
    pub fn send(
        &self,
        message: &Message,
        now: DateTime<Utc>,
        computer: Option<&str>,
    ) -> Result<(), Undelivered> {
        match *self {
            Self::Email(config) => email::send(config, message, now, computer),
            Self::Webhook(config) => post(config, message),
        }
    }
}

/// Posts the message; any status from 200 to 299 says that it was taken.
fn post(config: &NotifyWebhook, message: &Message) -> Result<(), Undelivered> {
    let host = config.url.host_str().unwrap_or("?");
    let body = serde_json::to_string(message)
        .map_err(|error| Undelivered::new(error.to_string(), "please report it", Exit::Bug))?;
    let mut call = agent(LIMIT)
        .post(config.url.as_str())
        .header("Content-Type", "application/json; charset=utf-8");
    if let Some(token) = &config.token {
        call = call.header("Authorization", format!("Bearer {}", token.expose()));
    }
    let answer = call.send(body.as_bytes()).map_err(|error| {
        Undelivered::new(
            no_answer(host, &error, LIMIT),
            "see that url in [notify.webhook] is right and that the receiver runs",
            Exit::Temporary,
        )
    })?;
    match answer.status().as_u16() {
        200..=299 => Ok(()),
        status @ (401 | 403) => Err(Undelivered::new(
            format!("{host} refused the message with status {status}"),
            "correct token (or url) in [notify.webhook]",
            Exit::Login,
        )),
        status => Err(Undelivered::new(
            format!("{host} answered with status {status}"),
            "see that url in [notify.webhook] is right; redirects are not followed",
            Exit::Temporary,
        )),
    }
}

/// Does something that has no time limit of its own, or only one for each step: after the limit it is
/// left to itself, and ends with the process at the latest.
pub(super) fn within<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, answer) = mpsc::channel();
    thread::spawn(move || {
        // Nobody may be waiting any more.
        let _ = done.send(work());
    });
    answer.recv_timeout(limit).ok()
}

/// HTTP as every call of this module makes it: no redirects, no proxy from the environment, and not a
/// second longer than `limit` for all of it.
pub(super) fn agent(limit: Duration) -> Agent {
    let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(limit))
        .user_agent(concat!("ivms-sync/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls)
        .build()
        .new_agent()
}

/// What became of a call without an answer, as a sentence fragment without the address, which may hold a
/// secret. Who cannot be reached is somebody who gave no sign at all.
pub(super) fn no_answer(host: &str, error: &ureq::Error, limit: Duration) -> String {
    let unreached = |why: &str| format!("{host} could not be reached: {why}");
    match error {
        ureq::Error::HostNotFound => unreached(&words::of_ureq(error)),
        ureq::Error::ConnectionFailed => unreached("no connection"),
        ureq::Error::Timeout(_) => {
            format!("{host} gave no answer within {} seconds", limit.as_secs())
        }
        ureq::Error::Rustls(error) => {
            format!("the connection to {host} cannot be protected: {error}")
        }
        ureq::Error::Io(error) if is_unreached(error.kind()) => unreached(&words::of_io(error)),
        ureq::Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
            format!("the connection to {host} cannot be protected: {error}")
        }
        ureq::Error::Io(error) => {
            format!("{host} answered, and then broke off: {}", words::of_io(error))
        }
        _ => format!("{host} answered, but not as a web server does"),
    }
}

fn is_unreached(kind: ErrorKind) -> bool {
    use ErrorKind::{
        AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkDown, NetworkUnreachable,
        TimedOut,
    };
    matches!(
        kind,
        AddrNotAvailable
            | ConnectionRefused
            | HostUnreachable
            | NetworkDown
            | NetworkUnreachable
            | TimedOut
    )
}
