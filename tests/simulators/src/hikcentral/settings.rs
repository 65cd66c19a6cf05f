//! What a platform is when it starts, and what it takes for bad manners.

use super::doors::{Door, Level};
use super::person::Person;
use super::switches::Switches;
use crate::clock::Clock;
use crate::http::Tls;
use crate::zone::Zone;

/// Identity, account and memory of a platform at start. Use with struct update:
/// `Settings { persons, ..Settings::default() }`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The partner's AppKey.
    pub app_key: String,
    /// The partner's AppSecret.
    pub app_secret: String,
    /// `produceName` of the version call, spelt like that.
    pub product: String,
    /// `softVersion` of the version call, `V2.1.0.0`. Calls that came with a later version answer
    /// code 8; `V3.0.0` and later know `showAccessLevel`.
    pub soft_version: String,
    /// TCP port; 0 takes a free one.
    pub port: u16,
    /// TLS or not.
    pub tls: Tls,
    /// The platform's time, which every answer tells in `Date`.
    pub clock: Clock,
    /// The platform's zone, in which a time without offset is meant.
    pub zone: Zone,
    /// How it behaves.
    pub switches: Switches,
    /// What it takes for bad manners.
    pub rules: Rules,
    /// Doors.
    pub doors: Vec<Door>,
    /// Access levels.
    pub levels: Vec<Level>,
    /// Persons. Their validity has been applied to the doors of their levels.
    pub persons: Vec<Person>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            app_key: "12345678".into(),
            app_secret: "testsecret0123456789".into(),
            product: "HikCentral Professional".into(),
            soft_version: "V2.1.0.0".into(),
            port: 0,
            tls: Tls::Off,
            clock: Clock::default(),
            zone: Zone::central_europe(),
            switches: Switches::default(),
            rules: Rules::default(),
            doors: vec![Door::new("1", "Front door"), Door::new("2", "Back door")],
            levels: vec![Level::new("1", "All doors", &["1", "2"])],
            persons: Vec::new(),
        }
    }
}

/// What counts as a violation, beyond what always does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Most requests at once.
    pub in_flight_max: usize,
    /// Most requests within any second of this computer's time; `None` does not count them.
    pub per_second_max: Option<usize>,
    /// Paths behind `/artemis/api/` that a client may call.
    pub paths: Vec<&'static str>,
    /// Slugs of violations that this test wants to happen: they are not listed.
    pub wanted: Vec<&'static str>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            in_flight_max: 1,
            per_second_max: None,
            paths: vec![
                "common/v1/version",
                "resource/v1/person/personList",
                "resource/v1/person/advance/personList",
                "resource/v1/person/personId/personInfo",
                "resource/v1/person/personCode/personInfo",
                "resource/v1/person/single/update",
                "acs/v1/privilege/group",
                "acs/v1/privilege/group/single/personList",
                "visitor/v1/auth/reapplication",
                "acs/v1/auth/applicationResult",
            ],
            wanted: Vec::new(),
        }
    }
}
