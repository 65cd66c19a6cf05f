//! What can go wrong with a platform, sorted by what the caller may do about it.
//!
//! No variant ever holds the AppKey, the secret, a signature, a signed text or the name of a person.

use std::fmt;

use super::codes::{Code, Meaning};
use crate::ports::{Class, Failure};

/// An answer that says no.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which call it answers.
    pub call: &'static str,
    /// The API of the call, as the list of authorised APIs names it.
    pub api: &'static str,
    /// The HTTP status it came with.
    pub http: u16,
    /// Its code, where it had one.
    pub code: Option<Code>,
    /// The server's words, without what must not be shown; may be empty.
    pub words: String,
}

impl Refusal {
    /// Whether the request was counted and turned away, and nobody looked into it.
    fn was_turned_away(&self) -> bool {
        self.http == 429 || self.code.as_ref().is_some_and(Code::is_of_gateway)
    }
}

impl fmt::Display for Refusal {
    /// The words of the server may name persons, so that only the log of `-v` has them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "code {code}"),
            None => write!(f, "HTTP {}", self.http),
        }
    }
}

/// A platform did not do what was asked. Messages are fragments that fit "failed to ...: ".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No connection: name not found, refused, no route, TLS failed. Nothing was sent.
    #[error("the platform could not be reached at {address}: {what}")]
    Unreachable {
        /// Host and port, as in `url`.
        address: String,
        /// The innermost cause.
        what: String,
    },
    /// A connection was made without TLS, and nothing was ever answered on one.
    #[error("the platform was reached at {address}, but does not answer plain HTTP there")]
    NoPlainHttp { address: String },
    /// The certificate is not the pinned one. Nothing was sent.
    #[error(
        "the platform shows a different certificate from the pinned one: sha256:{found_sha256}"
    )]
    Certificate {
        /// SHA-256 of the certificate shown (DER), 64 hex digits.
        found_sha256: String,
    },
    /// A read was sent and no answer came in time.
    #[error("{call}: no answer in time")]
    Timeout { call: &'static str },
    /// The request may have reached the platform, and no usable answer came back.
    #[error("{call}: the answer was lost")]
    AnswerLost {
        call: &'static str,
        /// Whether it may have changed something.
        write: bool,
    },
    /// The platform said no.
    #[error("{}: {} ({refusal})", refusal.call, phrase(*meaning, refusal.api))]
    Refused {
        refusal: Refusal,
        meaning: Meaning,
        /// Whether the call may have changed something.
        write: bool,
    },
    /// The platform said no to a change, and a field of the person is longer than it takes.
    #[error("{refused}; {what}")]
    Unfit {
        refused: Box<Error>,
        /// Which field, without its content.
        what: String,
    },
    /// There is no OpenAPI behind the address.
    #[error("{call}: there is no OpenAPI at this address (HTTP 404)")]
    NoOpenApi { call: &'static str },
    /// The platform is older than what is spoken here.
    #[error("HikCentral {found} is too old: 2.0 or newer is needed")]
    TooOld { found: String },
    /// A redirect, which is never followed: it could carry a signature elsewhere.
    #[error("{call}: the platform answered with a redirect (HTTP {http})")]
    Redirected { call: &'static str, http: u16 },
    /// The answer to a read is not what is documented.
    #[error("{call}: {what}")]
    Wire {
        call: &'static str,
        /// What is wrong, without quoting the answer.
        what: String,
    },
    /// The answer is longer than a platform has to say.
    #[error("{call}: the answer is longer than {limit} bytes")]
    TooLarge {
        call: &'static str,
        /// The limit in bytes.
        limit: usize,
    },
    /// Nothing can be sent: the change makes no sense, or this computer cannot set up a connection.
    #[error("{what}")]
    Unsent { what: String },
}

impl Error {
    /// What the caller may do about it.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Unreachable { .. } | Self::NoPlainHttp { .. } | Self::Timeout { .. } => {
                Class::Temporary
            }
            Self::AnswerLost { write: true, .. } => Class::Unknown,
            Self::AnswerLost { write: false, .. } => Class::Temporary,
            Self::Refused { meaning, write, refusal } => match meaning {
                // A platform, or a proxy before it, that is busy may have carried a write out all the same.
                Meaning::SlowDown if *write && !refusal.was_turned_away() => Class::Unknown,
                Meaning::SlowDown => Class::Temporary,
                Meaning::Fault if *write => Class::Unknown,
                Meaning::Fault => Class::Temporary,
                Meaning::OddSignature => Class::Unknown,
                Meaning::Login => Class::Login,
                Meaning::PartnerUser
                | Meaning::MissingRight
                | Meaning::NoRightToIt
                | Meaning::UntickedApi
                | Meaning::Host => Class::MissingRight,
                Meaning::NotFound => Class::NoSuchRecord,
                Meaning::NotOffered | Meaning::HttpsOnly => Class::Unusable,
                Meaning::WrongRequest | Meaning::Refused => Class::Refused,
            },
            Self::Unfit { .. } => Class::Unfit,
            Self::Unsent { .. } => Class::NotSent,
            Self::Certificate { .. }
            | Self::NoOpenApi { .. }
            | Self::TooOld { .. }
            | Self::Redirected { .. } => Class::Unusable,
            Self::Wire { .. } | Self::TooLarge { .. } => Class::Refused,
        }
    }

    /// Whether a signature was sent and refused, so that it counts in the memory of logins.
    #[must_use]
    pub fn spent_a_login(&self) -> bool {
        matches!(self, Self::Refused { meaning: Meaning::Login, .. })
    }

    /// Whether the platform refused the request because of those it names, so that it may do for others.
    pub(super) fn is_about_persons(&self) -> bool {
        let Self::Refused { meaning, .. } = self else { return false };
        matches!(
            meaning,
            Meaning::NotFound | Meaning::NoRightToIt | Meaning::WrongRequest | Meaning::Refused
        )
    }

    /// What a person can do about it, as a sentence, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Unreachable { what, .. } if what.contains("certificate") => {
                "HikCentral comes with a self-signed certificate: pin it with tls = \"sha256:…\" (a wrong pin \
                 makes the error name the right one)"
            }
            Self::Unreachable { .. } => {
                "check the address and the port (443, if it was not changed), and that http:// or https:// is what \
                 it speaks there"
            }
            Self::NoPlainHttp { .. } => "if it speaks TLS on this port, write https:// in its url",
            Self::Certificate { .. } => {
                "if the certificate was renewed on purpose, pin the new fingerprint; if not, somebody may be in \
                 between"
            }
            Self::Timeout { .. } | Self::AnswerLost { .. } => {
                "the next run tries again; if it stays so, look at the network and at the load of the server"
            }
            Self::NoOpenApi { .. } => {
                "install the OpenAPI package of the same version as HikCentral, and switch the OpenAPI gateway on \
                 in its Web Client: System, Advanced, Third-Party Integration"
            }
            Self::TooOld { .. } => "update HikCentral and its OpenAPI package",
            Self::Redirected { .. } => {
                "configure the address that the platform redirects to, likely https"
            }
            Self::Wire { .. } | Self::TooLarge { .. } => {
                "check that the url is that of HikCentral Professional and that no proxy answers in its place"
            }
            Self::Unfit { .. } | Self::Unsent { .. } => return None,
            Self::Refused { meaning, .. } => return advice(*meaning),
        })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(error.class(), error.spent_a_login(), &error, error.hint())
    }
}

/// What the platform said, in words of our own.
fn phrase(meaning: Meaning, api: &str) -> String {
    let words = match meaning {
        Meaning::SlowDown => "the platform is busy or was asked too often",
        Meaning::Fault => "an error inside the platform",
        Meaning::Login => "the platform refused the signature",
        Meaning::OddSignature => {
            "the platform refused the signature, and took that of the request before"
        }
        Meaning::PartnerUser => "the platform does not let the partner's user in",
        Meaning::MissingRight => "the partner lacks a right or the platform a licence",
        Meaning::NoRightToIt => "the partner's user has no right to what was asked for",
        Meaning::UntickedApi => return format!("the API {api} is not ticked for the partner"),
        Meaning::Host => "the partner may not be used from this computer",
        Meaning::NotOffered => return format!("this platform does not offer the API {api}"),
        Meaning::HttpsOnly => "the platform wants https",
        Meaning::NotFound => "the platform knows nothing of what was asked for",
        Meaning::WrongRequest => "the platform does not take this request",
        Meaning::Refused => "the platform refused it",
    };
    words.to_owned()
}

fn advice(meaning: Meaning) -> Option<&'static str> {
    Some(match meaning {
        Meaning::SlowDown => {
            "the next run tries again; if it stays so, lower requests_per_second (code 0x00052101 can also mean \
             that the AppKey is unknown or disabled)"
        }
        Meaning::Fault => {
            "the next run tries again; if it stays so, look at HikCentral's own log, and whether its database is \
             full"
        }
        Meaning::Login | Meaning::OddSignature => {
            "copy AppKey and AppSecret of the partner again, a changed one is tried at once; if both are right, \
             see that no proxy changes the request and that the clocks agree"
        }
        Meaning::PartnerUser => {
            "in HikCentral, unlock or correct the user that the partner is linked to; a new one must have set a \
             password of their own"
        }
        Meaning::MissingRight => {
            "give the user that the partner is linked to the right to persons and access levels; the licence must \
             hold Third-Party Integration and Access Control"
        }
        Meaning::NoRightToIt => {
            "give the user that the partner is linked to the right to all persons and doors, in every area and \
             department"
        }
        Meaning::UntickedApi => {
            "in HikCentral's Web Client, under OpenAPI Gateway, edit the partner and tick this API under \
             Authorized APIs"
        }
        Meaning::Host => "add this computer to the addresses that the partner may use",
        Meaning::NotOffered => {
            "update HikCentral and its OpenAPI package to the same version, and see that the licence holds Access \
             Control"
        }
        Meaning::HttpsOnly => "write https:// in the url",
        Meaning::WrongRequest => {
            "look at the person in HikCentral: a field that it no longer accepts must be corrected there"
        }
        Meaning::NotFound | Meaning::Refused => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const API: &str = "/artemis/api/resource/v1/person/single/update";

    fn refused(code: &str, meaning: Meaning, write: bool) -> Error {
        let refusal = Refusal {
            call: "person update",
            api: API,
            http: 200,
            code: Code::read(&json!(code)),
            words: "no".to_owned(),
        };
        Error::Refused { refusal, meaning, write }
    }

    #[test]
    fn classes() {
        for (meaning, read, write) in [
            (Meaning::SlowDown, Class::Temporary, Class::Unknown),
            (Meaning::Fault, Class::Temporary, Class::Unknown),
            (Meaning::Login, Class::Login, Class::Login),
            (Meaning::OddSignature, Class::Unknown, Class::Unknown),
            (Meaning::PartnerUser, Class::MissingRight, Class::MissingRight),
            (Meaning::MissingRight, Class::MissingRight, Class::MissingRight),
            (Meaning::NoRightToIt, Class::MissingRight, Class::MissingRight),
            (Meaning::UntickedApi, Class::MissingRight, Class::MissingRight),
            (Meaning::Host, Class::MissingRight, Class::MissingRight),
            (Meaning::NotOffered, Class::Unusable, Class::Unusable),
            (Meaning::HttpsOnly, Class::Unusable, Class::Unusable),
            (Meaning::NotFound, Class::NoSuchRecord, Class::NoSuchRecord),
            (Meaning::WrongRequest, Class::Refused, Class::Refused),
            (Meaning::Refused, Class::Refused, Class::Refused),
        ] {
            assert_eq!(refused("1", meaning, false).class(), read, "{meaning:?}");
            assert_eq!(refused("1", meaning, true).class(), write, "{meaning:?}");
            assert_eq!(refused("1", meaning, true).spent_a_login(), meaning == Meaning::Login);
        }
        let rate = refused("0x02401036", Meaning::SlowDown, true);
        assert_eq!(rate.class(), Class::Temporary, "the gateway turned it away");
        let lost = |write| Error::AnswerLost { call: "x", write }.class();
        assert_eq!((lost(false), lost(true)), (Class::Temporary, Class::Unknown));
    }

    #[test]
    fn the_raw_code_is_always_shown_and_the_api_named() {
        assert_eq!(
            refused("69", Meaning::UntickedApi, true).to_string(),
            format!("person update: the API {API} is not ticked for the partner (code 69)")
        );
        assert_eq!(
            refused("0x02401003", Meaning::Login, false).to_string(),
            "person update: the platform refused the signature (code 0x02401003)"
        );
        let hint = refused("69", Meaning::UntickedApi, true).hint().unwrap();
        assert!(hint.contains("Authorized APIs"), "{hint}");
    }
}
