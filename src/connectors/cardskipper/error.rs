//! Why Cardskipper gave no answer.

use super::identity::OrganisationId;
use super::wire::WireError;

/// A call that brought nothing. Every variant means "no answer", none means "no members".
///
/// `call` is the path as the vendor's guide names it. Texts from outside are one line, at most 120
/// characters, without control characters and credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No connection: name not found, refused, certificate not trusted, connection lost before the
    /// answer began.
    #[error("{call}: failed to reach {host}: {reason}")]
    Unreachable {
        call: &'static str,
        host: String,
        /// Whether TLS was to be spoken.
        is_tls: bool,
        /// What the network says.
        reason: String,
    },
    /// The connection or the whole answer took too long.
    #[error("{call}: no complete answer from {host} within {limit_ms} ms")]
    TimedOut {
        call: &'static str,
        host: String,
        /// The limit that was hit, in milliseconds.
        limit_ms: u128,
    },
    /// 401: user name or password is wrong, or the account is closed.
    #[error("{call}: the login was refused")]
    LoginRefused { call: &'static str },
    /// 403: the login is right, but has no right for this call; each call needs its own.
    #[error("{call}: the login has no right for this call")]
    NoRight { call: &'static str },
    /// Any other status than success.
    #[error("{call}: refused with status {status}")]
    Refused { call: &'static str, status: u16 },
    /// A redirect to another scheme, host or port. It was not followed: the login and the list of
    /// members go to the configured host only.
    #[error("{call}: redirected to {to_host}, which is not the configured address")]
    Redirected {
        call: &'static str,
        /// Scheme, host and port.
        to_host: String,
    },
    /// One redirect after the other on the same host.
    #[error("{call}: redirected more than {limit} times")]
    RedirectLoop {
        call: &'static str,
        /// Redirects that are followed.
        limit: u32,
    },
    /// The answer broke off, or its compression is damaged.
    #[error("{call}: the answer broke off after {bytes} bytes: {reason}")]
    Truncated {
        call: &'static str,
        bytes: usize,
        /// What the network or the decompression says.
        reason: String,
    },
    /// The answer is larger than we take, decompressed.
    #[error("{call}: the answer is larger than {limit} bytes")]
    TooLarge {
        call: &'static str,
        /// The limit in bytes.
        limit: usize,
    },
    /// Success by its status, but no `Cardskipper` document, or one without what was asked for.
    #[error("{call}: {found}")]
    NotCardskipper { call: &'static str, found: String },
    /// A `Cardskipper` document that is not well-formed to its end, or in malformed bytes (then the
    /// line is 1).
    #[error("{call}: the answer is not well-formed at line {line}, column {column}: {message}")]
    BadXml {
        call: &'static str,
        /// Counted from 1.
        line: u32,
        /// Counted from 1.
        column: u32,
        /// What the parser says.
        message: String,
    },
    /// `Organisation/Info` does not name the configured organisation.
    #[error("{call}: organisation {organisation} is not among those of this login")]
    UnknownOrganisation { call: &'static str, organisation: OrganisationId },
}

impl Error {
    /// Says what `error` means for `call`.
    pub(super) fn of_wire(call: &'static str, error: WireError) -> Self {
        match error {
            WireError::BadEncoding { message } => Self::BadXml {
                call,
                line: 1,
                column: 1,
                message: format!("the document {message}"),
            },
            WireError::BadXml { line, column, message } => {
                Self::BadXml { call, line, column, message }
            }
            WireError::NotCardskipper { .. } | WireError::Without { .. } => {
                Self::NotCardskipper { call, found: error.to_string() }
            }
            WireError::UnknownOrganisation(organisation) => {
                Self::UnknownOrganisation { call, organisation }
            }
        }
    }

    /// Whether the next tick may well succeed without anybody doing anything: network trouble, an
    /// overloaded service, an answer that broke off or was replaced by a page of a proxy.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Truncated { .. }
            | Self::NotCardskipper { .. }
            | Self::BadXml { .. } => true,
            Self::Refused { status, .. } => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::LoginRefused { .. }
            | Self::NoRight { .. }
            | Self::Redirected { .. }
            | Self::RedirectLoop { .. }
            | Self::TooLarge { .. }
            | Self::UnknownOrganisation { .. } => false,
        }
    }

    /// Whether the login itself is the trouble: refused, or without the right for this call.
    #[must_use]
    pub fn is_login(&self) -> bool {
        matches!(self, Self::LoginRefused { .. } | Self::NoRight { .. })
    }

    /// What a person can do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::LoginRefused { .. } => Some(
                "check `username` and `password`; it must be an administrator's login with API rights".to_owned(),
            ),
            Self::NoRight { call, .. } => Some(format!(
                "check `organisation_id`; every call has its own right, so ask support@cardskipper.se to \
                 grant `{call}` to this login"
            )),
            Self::Redirected { to_host, .. } => {
                Some(format!("if Cardskipper has really moved, set `url` to {to_host}"))
            }
            Self::RedirectLoop { .. } | Self::NotCardskipper { .. } => {
                Some("check `url`; a proxy or a login page of the network may have answered in its place".to_owned())
            }
            Self::Refused { status: 400, .. } => Some("check `organisation_id`".to_owned()),
            Self::Refused { status: 404, .. } => Some("check `url`; no path belongs there".to_owned()),
            Self::UnknownOrganisation { .. } => Some("check `organisation_id`, and whose login this is".to_owned()),
            Self::TooLarge { .. } => Some("check `url` and `organisation_id`; no club is that large".to_owned()),
            Self::Unreachable { is_tls, .. } => Some(format!(
                "the next run asks again; if it stays, check `url` ({}) and this computer's network",
                if *is_tls { "that it speaks TLS on this port" } else { "write https:// where it speaks TLS" }
            )),
            Self::TimedOut { .. }
            | Self::Refused { .. }
            | Self::Truncated { .. }
            | Self::BadXml { .. } => Some(
                "the next run asks again; if it stays, tell support@cardskipper.se".to_owned(),
            ),
        }
    }
}
