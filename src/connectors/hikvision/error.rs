//! What can go wrong with a device, sorted by what the caller may do about it.
//!
//! No variant ever holds a password, a nonce, an `Authorization` value or the name of a person.

use std::fmt;
use std::time::Duration;

use super::wire::ResponseStatus;
use crate::model::RecordId;
use crate::ports::{Class, Failure};

/// A device did not do what was asked. Messages are fragments that fit "failed to ...: ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No connection: name not found, refused, no route, TLS handshake failed. Nothing was sent.
    #[error("the device could not be reached at {address}: {what}")]
    Unreachable {
        /// Host and port, as in `url`.
        address: String,
        /// The innermost cause.
        what: String,
    },
    /// A connection was made without TLS, and nothing was ever answered on one.
    #[error("the device was reached at {address}, but does not answer plain HTTP there")]
    NoPlainHttp { address: String },
    /// A connection was made, and no TLS came about on it: no version or cipher in common, or the port
    /// speaks something else. Nothing was sent.
    #[error("the device was reached, but speaks no TLS that this program does: {what}")]
    NoTls { what: String },
    /// A read was sent and no answer came in time.
    #[error("{call}: no answer in time")]
    Timeout { call: &'static str },
    /// The request may have reached the device, and no usable answer came back.
    #[error("{call}: the answer was lost")]
    AnswerLost {
        call: &'static str,
        /// Whether it may have changed something.
        write: bool,
    },
    /// The device says "not now": class 2 and its relatives, or HTTP 503. Nothing was done.
    #[error("{call}: the device is busy ({code})")]
    Busy {
        call: &'static str,
        /// `subStatusCode`, or `HTTP 503`.
        code: String,
    },
    /// Class 3, an error inside the device. After a write nobody knows what was stored.
    #[error("{status}")]
    DeviceFault {
        status: ResponseStatus,
        /// Whether the call may have changed something.
        write: bool,
    },
    /// A 401 that answers a challenge just received, or a code that says the same. Nothing more is sent
    /// on this connection.
    #[error("the device refused the login{}", tries(*tries_left))]
    LoginRefused {
        /// Tries left before the lock, where the device told how many there were.
        tries_left: Option<u32>,
    },
    /// The device has locked this host or account out; no login was spent.
    #[error("the device has locked us out{}", unlocked_in(*unlock_after))]
    LockedOut {
        /// How long it still lasts, where told.
        unlock_after: Option<Duration>,
    },
    /// Too few tries are left before the lock for one more; no login was spent.
    #[error("only {tries_left} login tries are left before the device locks, so none was made")]
    TooFewTries { tries_left: u32 },
    /// A 401 without a Digest challenge that can be answered; no login was spent.
    #[error("the device offers no Digest login that can be used (offered: {offered})")]
    NoDigest {
        /// The schemes offered, `nothing` if none.
        offered: String,
    },
    /// The account lacks the right for this call: HTTP 403, or a 401 with a login that is taken for
    /// `deviceInfo`.
    #[error("{call}: the account lacks the right for this (HTTP {http})")]
    MissingRight { call: &'static str, http: u16 },
    /// Every login is met with a 401, and the device counts none as wrong: as it does for minutes after
    /// a restart, or at its limit of connections.
    #[error("the device takes no login at the moment, and counts ours as none that is wrong")]
    LoginPaused,
    /// The device's address filter does not let this host in.
    #[error("the device's IP filter refuses this host (forbiddenIP)")]
    ForbiddenIp,
    /// The device has no password yet.
    #[error("the device is not activated")]
    NotActivated,
    /// The device took it, but it takes effect only after a reboot.
    #[error("{call}: the device says that it must be rebooted first (rebootRequired)")]
    RebootRequired {
        call: &'static str,
        /// Whether the call may have changed something.
        write: bool,
    },
    /// Any other answer that is not OK.
    #[error("{0}")]
    Refused(ResponseStatus),
    /// It takes no change of anybody, neither by `PUT` nor by `POST`.
    #[error("{0}")]
    TakesNoChange(ResponseStatus),
    /// The person to change is not on the device.
    #[error("there is no person {0} on the device")]
    NoSuchPerson(RecordId),
    /// The answer is not what the reference describes.
    #[error("{call}: {what}{}", quoted(excerpt))]
    Wire {
        call: &'static str,
        /// What is wrong, and where.
        what: String,
        /// The beginning of the answer, at most 120 characters; empty for answers about persons.
        excerpt: String,
    },
    /// The answer is longer than a device has to say.
    #[error("{call}: the answer is longer than {limit} bytes")]
    TooLarge {
        call: &'static str,
        /// The limit in bytes.
        limit: usize,
    },
    /// A redirect, which is never followed: it could carry a login elsewhere.
    #[error("{call}: the device answered with a redirect (HTTP {http})")]
    Redirected { call: &'static str, http: u16 },
    /// The certificate is not the pinned one. Nothing was sent.
    #[error("the device shows a different certificate from the pinned one: sha256:{found_sha256}")]
    Certificate {
        /// SHA-256 of the certificate shown (DER), 64 hex digits.
        found_sha256: String,
    },
    /// This computer could not set up a connection at all.
    #[error("the connection cannot be set up: {what}")]
    Setup { what: String },
}

impl Error {
    /// What the caller may do about it.
    #[must_use]
    pub fn class(&self) -> Class {
        let of_write = |write: &bool, of_read| if *write { Class::Unknown } else { of_read };
        match self {
            Self::Unreachable { .. }
            | Self::NoPlainHttp { .. }
            | Self::NoTls { .. }
            | Self::Timeout { .. }
            | Self::Busy { .. }
            | Self::LoginPaused => Class::Temporary,
            Self::AnswerLost { write, .. } | Self::DeviceFault { write, .. } => {
                of_write(write, Class::Temporary)
            }
            Self::RebootRequired { write, .. } => of_write(write, Class::Refused),
            Self::LoginRefused { .. }
            | Self::LockedOut { .. }
            | Self::TooFewTries { .. }
            | Self::NoDigest { .. }
            | Self::ForbiddenIp => Class::Login,
            Self::MissingRight { .. } => Class::MissingRight,
            Self::TakesNoChange(_) => Class::TakesNoChange,
            Self::NoSuchPerson(_) => Class::NoSuchRecord,
            Self::NotActivated
            | Self::Refused(_)
            | Self::Wire { .. }
            | Self::TooLarge { .. }
            | Self::Redirected { .. }
            | Self::Certificate { .. }
            | Self::Setup { .. } => Class::Refused,
        }
    }

    /// Whether a login was sent and refused, so that it counts in the memory of logins.
    #[must_use]
    pub fn spent_a_login(&self) -> bool {
        matches!(self, Self::LoginRefused { .. })
    }

    /// What a person can do about it, as a sentence, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unreachable { what, .. } if what.contains("certificate") => Some(
                "devices come with self-signed certificates: pin it with tls = \"sha256:…\" (a wrong pin makes \
                 the error name the right one), and give the device a key of at least 2048 bits",
            ),
            Self::Unreachable { .. } => {
                Some("check the address, the port (80 or 443, not 8000) and the cable")
            }
            Self::NoPlainHttp { .. } => {
                Some("if it speaks TLS on this port, write https:// in its url; else restart the device")
            }
            Self::NoTls { .. } => Some(
                "switch TLS 1.2 or 1.3 on in the device's own settings, or update its firmware; and see that \
                 the port in its url is the one for https",
            ),
            Self::LoginRefused { .. } => Some(
                "correct the user name or password in the configuration, a changed one is tried at once; about \
                 five wrong logins lock this host out for 30 minutes",
            ),
            Self::LockedOut { .. } => Some(
                "find what else on this host logs in with an old password, and wait until the lock is over",
            ),
            Self::TooFewTries { .. } => Some(
                "find what logs in there with a wrong password, `ivms-sync init` included, and wait: a \
                 device forgets such logins after a while, mostly half an hour",
            ),
            Self::NoDigest { .. } => Some(
                "switch the device's web authentication to digest; a password is never sent in the clear",
            ),
            Self::MissingRight { .. } => Some(
                "on the device's own page, under User Management, give the account the right \
                 \"Remote: Parameters Settings\"",
            ),
            Self::LoginPaused => Some(
                "the password may well be right: the device has just started, or too many programs are \
                 connected to it; the next run tries again",
            ),
            Self::ForbiddenIp => Some("allow this host in the device's IP address filter"),
            Self::NotActivated => Some("activate the device in its own set-up first"),
            Self::RebootRequired { .. } => Some("reboot the device"),
            Self::Refused(status) | Self::TakesNoChange(status) => Some(status.hint().unwrap_or(
                "look at the device's own web page and log; if it is no access-control device, correct its url",
            )),
            Self::Redirected { .. } => {
                Some("configure the address that the device redirects to, likely https")
            }
            Self::Certificate { .. } => Some(
                "if the certificate was renewed on purpose, pin the new fingerprint; if not, somebody may be in between",
            ),
            Self::Wire { .. } | Self::TooLarge { .. } => Some(
                "check that the url is that of an access-control device and that no proxy answers in its place; \
                 if it is, restart the device and update its firmware",
            ),
            Self::Timeout { .. } | Self::AnswerLost { .. } | Self::Busy { .. } => Some(
                "the next run tries again; if it stays so, look at the network and restart the device",
            ),
            Self::DeviceFault { .. } => {
                Some("the next run tries again; if it stays so, restart the device")
            }
            Self::Setup { .. } => Some("correct url and username in the section of this door"),
            Self::NoSuchPerson(_) => None,
        }
    }
}

fn tries(left: Option<u32>) -> impl fmt::Display {
    left.map(|left| format!(", {left} tries left")).unwrap_or_default()
}

fn unlocked_in(after: Option<Duration>) -> impl fmt::Display {
    after.map(|after| format!(", unlocked in {} s", after.as_secs())).unwrap_or_default()
}

fn quoted(excerpt: &str) -> impl fmt::Display {
    if excerpt.is_empty() { String::new() } else { format!(" in \"{excerpt}\"") }
}
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error.class(), error.spent_a_login(), &error, error.hint())
    }
}
