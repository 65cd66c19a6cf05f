//! What a service is when it starts.

use chrono::TimeDelta;

use super::citation::Citation;
use super::row::{Permit, Session};
use super::switches::Switches;
use crate::clock::Clock;
use crate::http::Tls;
use crate::oauth::Tokens;

/// Account, town and memory of a service at start. Use with struct update:
/// `Settings { clock, ..Settings::default() }`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The key of the seed wire; with [`super::Auth::Basic`] the password.
    pub key: String,
    /// The login name of [`super::Auth::Basic`].
    pub username: String,
    /// The token of the XML wire, header `IPSToken`.
    pub xml_token: String,
    /// The tokens that the seed wire takes, instead of the key.
    pub tokens: Option<Tokens>,
    /// Path of the seed wire, `/smartcity/v2`; no closing slash.
    pub base_path: String,
    /// Path of the XML wire, `/enforcement`.
    pub xml_path: String,
    /// Zones that a client may ask for. Rows may lie in others.
    pub zones: Vec<String>,
    /// Types of permits that a client may ask for. Permits may be of others.
    pub permit_types: Vec<String>,
    /// For how long the XML wire tells of a session after its end.
    pub just_ended: TimeDelta,
    /// For how long a complete listing of the seed wire tells of a session after its end; `None`: for
    /// ever.
    pub ended_kept: Option<TimeDelta>,
    /// Slugs of violations that this test wants to happen: they are not listed.
    pub wanted: Vec<&'static str>,
    /// TCP port; 0 takes a free one.
    pub port: u16,
    /// TLS or not.
    pub tls: Tls,
    /// The service's clock: change stamps, `asOf`, `Date`, what has just ended.
    pub clock: Clock,
    /// How it behaves.
    pub switches: Switches,
    /// Sessions at start, with their own `updatedAt`.
    pub sessions: Vec<Session>,
    /// Permits at start, with their own `updatedAt`.
    pub permits: Vec<Permit>,
    /// Citations at start, with their own `updatedAt`.
    pub citations: Vec<Citation>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            key: "ips-secret-key-1".into(),
            username: "stamford-parking-001".into(),
            xml_token: "ips-secret-token-1".into(),
            tokens: None,
            base_path: "/smartcity/v2".into(),
            xml_path: "/enforcement".into(),
            zones: ["A1", "A2", "B1", "B2"].map(String::from).into(),
            permit_types: ["RESIDENTIAL", "BUSINESS", "VISITOR"].map(String::from).into(),
            just_ended: TimeDelta::minutes(15),
            ended_kept: None,
            wanted: Vec::new(),
            port: 0,
            tls: Tls::Off,
            clock: Clock::default(),
            switches: Switches::default(),
            sessions: Vec::new(),
            permits: Vec::new(),
            citations: Vec::new(),
        }
    }
}
