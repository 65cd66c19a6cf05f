//! What a device is when it starts.

use super::person::Person;
use super::switches::Switches;
use crate::clock::Clock;
use crate::http::Tls;
use crate::zone::Zone;

/// Identity, account, limits and memory of a device at start. Use with struct update:
/// `Settings { max_records: 5, ..Settings::default() }`.
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
    /// Most persons that the device takes.
    pub max_records: usize,
    /// TCP port; 0 takes a free one.
    pub port: u16,
    /// TLS or not.
    pub tls: Tls,
    /// Time of the lock-out, of nonces and (with [`super::Device::set_clock_offset`]) of the device.
    pub clock: Clock,
    /// Zone of the device's wall clock.
    pub zone: Zone,
    /// How it behaves.
    pub switches: Switches,
    /// Persons on it.
    pub persons: Vec<Person>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            username: "admin".into(),
            password: "Door-secret-1".into(),
            name: "Access Controller".into(),
            model: "DS-K1T342MX".into(),
            serial_number: "DS-K1T342MX20260101V030500ENAA0000001".into(),
            firmware: "V3.5.0".into(),
            max_records: 3000,
            port: 0,
            tls: Tls::Off,
            clock: Clock::default(),
            zone: Zone::central_europe(),
            switches: Switches::default(),
            persons: Vec::new(),
        }
    }
}
