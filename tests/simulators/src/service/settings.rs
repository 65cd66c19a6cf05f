//! What a service is when it starts.

use crate::base64;
use crate::clock::Clock;
use crate::http::Tls;
use crate::oauth::Tokens;

/// How a client shows who it is.
#[derive(Debug, Clone)]
pub enum Login {
    /// `Authorization: Bearer SECRET`
    Bearer(String),
    /// `Authorization: ApiKey SECRET`
    ApiKey(String),
    /// `Authorization: Basic …`: a name and a password.
    Basic(String, String),
    /// A token of this server.
    OAuth(Tokens),
}

impl Login {
    /// What must stand in the header; `None`: a token.
    pub(super) fn header(&self) -> Option<String> {
        match self {
            Self::Bearer(secret) => Some(format!("Bearer {secret}")),
            Self::ApiKey(secret) => Some(format!("ApiKey {secret}")),
            Self::Basic(name, password) => {
                let pair = format!("{name}:{password}");
                Some(format!("Basic {}", base64::encode(pair.as_bytes())))
            }
            Self::OAuth(_) => None,
        }
    }

    /// What must never stand in a target.
    pub(super) fn secret(&self) -> Option<&str> {
        match self {
            Self::Bearer(secret) | Self::ApiKey(secret) | Self::Basic(_, secret) => Some(secret),
            Self::OAuth(_) => None,
        }
    }
}

/// Account and place of a service at start. Use with struct update:
/// `Settings { clock, ..Settings::default() }`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How a client shows who it is.
    pub login: Login,
    /// Path before all others, `/v1`; no closing slash.
    pub base_path: String,
    /// Slugs of violations that this test wants to happen: they are not listed.
    pub wanted: Vec<&'static str>,
    /// TCP port; 0 takes a free one.
    pub port: u16,
    /// TLS or not.
    pub tls: Tls,
    /// The service's clock: stamps, `Date`, lifetime of keys, what lies in the future.
    pub clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            login: Login::Bearer("service-secret-1".into()),
            base_path: "/v1".into(),
            wanted: Vec::new(),
            port: 0,
            tls: Tls::Off,
            clock: Clock::default(),
        }
    }
}
