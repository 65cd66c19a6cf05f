//! Everything a device holds in its memory, behind one lock.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::audit::Audit;
use super::person::Person;
use super::settings::Settings;
use super::switches::{MissingTopKey, Switches};
use crate::isapi::answers::{BAD_JSON_CONTENT, Failure, PARAMETERS_LACK};
use crate::isapi::gate;
use crate::isapi::line::Line;
use crate::isapi::login::Login;
use crate::meanwhile::Meanwhile;
use crate::zone::Zone;

/// The memory of one device.
pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) switches: Switches,
    pub(super) persons: Vec<Person>,
    pub(super) writes: Vec<Value>,
    pub(super) login: Login,
    pub(super) audit: Audit,
    pub(super) zone: Zone,
    pub(super) clock_offset: TimeDelta,
    pub(super) line: Line,
    pub(super) meanwhile: Meanwhile<Person>,
}

impl State {
    /// A device as its settings say.
    pub(super) fn new(mut settings: Settings) -> Self {
        Self {
            switches: settings.switches.clone(),
            persons: std::mem::take(&mut settings.persons),
            zone: settings.zone,
            settings,
            writes: Vec::new(),
            login: Login::default(),
            audit: Audit::default(),
            clock_offset: TimeDelta::zero(),
            line: Line::default(),
            meanwhile: Meanwhile::default(),
        }
    }

    /// A logged-in request was dealt with: what somebody does right after it happens now.
    pub(super) fn dealt_with(&mut self, target: &str) {
        self.meanwhile.dealt_with(target, &mut self.persons);
    }

    /// The service's clock, which the device's own may be off from.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.settings.clock.now()
    }

    /// Realm of challenges: `DS-` and the end of the serial number, as terminals do.
    pub(super) fn realm(&self) -> String {
        gate::realm(&self.settings.serial_number)
    }

    /// The object under the top key of a body.
    pub(super) fn top(&self, body: &Value, key: &str) -> Result<Map<String, Value>, Failure> {
        match (body.get(key), self.switches.missing_top_key) {
            (Some(Value::Object(map)), _) => Ok(map.clone()),
            (None, MissingTopKey::MessageParametersLack) => Err(PARAMETERS_LACK.about(key)),
            _ => Err(BAD_JSON_CONTENT.about(key)),
        }
    }
}
