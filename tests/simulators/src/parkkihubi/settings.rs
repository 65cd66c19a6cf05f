//! What a register is when it starts.

use chrono::TimeDelta;

use super::permit::Permit;
use super::row::Parking;
use super::switches::Switches;
use crate::clock::Clock;
use crate::http::Tls;

/// Account, operator and memory of a register at start. Use with struct update:
/// `Settings { clock, ..Settings::default() }`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The enforcer's token, `Authorization: ApiKey TOKEN`.
    pub token: String,
    /// Path before `/enforcement/v1/`, empty or `/hub`; no closing slash.
    pub base_path: String,
    /// `operator` of every row, a UUID.
    pub operator: String,
    /// `operator_name` of every row.
    pub operator_name: String,
    /// What `time_end` says of a parking without end; `None` is `null`.
    pub no_end: Option<String>,
    /// How long after its end a parking is shown if nothing else is.
    pub old_visible: TimeDelta,
    /// Slugs of violations that this test wants to happen: they are not listed.
    pub wanted: Vec<&'static str>,
    /// TCP port; 0 takes a free one.
    pub port: u16,
    /// TLS or not; also that of the stranger.
    pub tls: Tls,
    /// The register's clock: `created_at`, `modified_at`, `Date`, when a parking is stopped.
    pub clock: Clock,
    /// How it behaves.
    pub switches: Switches,
    /// Series at start, and whether each is active.
    pub series: Vec<(u64, bool)>,
    /// Parkings at start, with their own `created_at` and `modified_at`.
    pub parkings: Vec<Parking>,
    /// Permits at start, in series that are there.
    pub permits: Vec<Permit>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token: "hub-secret-token-1".into(),
            base_path: String::new(),
            operator: "63f8374e-1eed-44fa-9224-4cd0c64ddf35".into(),
            operator_name: "Pysäköinti Oy".into(),
            no_end: None,
            old_visible: TimeDelta::minutes(15),
            wanted: Vec::new(),
            port: 0,
            tls: Tls::Off,
            clock: Clock::default(),
            switches: Switches::default(),
            series: vec![(1, true)],
            parkings: Vec::new(),
            permits: Vec::new(),
        }
    }
}
