//! What a camera is when it starts, and what it takes for bad manners.

use super::row::Row;
use super::switches::Switches;
use crate::clock::Clock;
use crate::http::Tls;
use crate::zone::Zone;

/// Identity, account, limits and memory of a camera at start. Use with struct update:
/// `Settings { plate_list_num: 5, ..Settings::default() }`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Login name.
    pub username: String,
    /// Login password.
    pub password: String,
    /// Device name.
    pub name: String,
    /// Model.
    pub model: String,
    /// Serial number.
    pub serial_number: String,
    /// Firmware version.
    pub firmware: String,
    /// The channel of the list, as it stands in paths.
    pub channel: u32,
    /// Most rows that the list takes, told as `plateListNum`.
    pub plate_list_num: usize,
    /// Longest plate in characters, separators not counted.
    pub plate_size_max: usize,
    /// TCP port; 0 takes a free one.
    pub port: u16,
    /// TLS or not.
    pub tls: Tls,
    /// Time of the lock-out, of nonces and (with [`super::Camera::set_clock_offset`]) of the camera.
    pub clock: Clock,
    /// Zone of the camera's wall clock.
    pub zone: Zone,
    /// How it behaves.
    pub switches: Switches,
    /// What it takes for bad manners.
    pub rules: Rules,
    /// Rows of its list. One without an id gets one.
    pub rows: Vec<Row>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            username: "admin".into(),
            password: "Door-secret-1".into(),
            name: "Gate".into(),
            model: "DS-TCG406-E".into(),
            serial_number: "DS-TCG406-E20260101AAWRD00000001".into(),
            firmware: "V5.5.0".into(),
            channel: 1,
            plate_list_num: 2000,
            plate_size_max: 15,
            port: 0,
            tls: Tls::Off,
            clock: Clock::default(),
            zone: Zone::central_europe(),
            switches: Switches::default(),
            rules: Rules::default(),
            rows: Vec::new(),
        }
    }
}

/// What counts as a violation, beyond what always does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Most rows in one write or deletion; the camera takes more all the same.
    pub rows_at_once: usize,
    /// Slugs of violations that this test wants to happen: they are not listed.
    pub wanted: Vec<&'static str>,
}

impl Default for Rules {
    fn default() -> Self {
        Self { rows_at_once: 20, wanted: Vec::new() }
    }
}
