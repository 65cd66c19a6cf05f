//! The handle that tests hold: a running device with its memory.

use std::ops::Deref;
use std::sync::Arc;

use chrono::{NaiveDateTime, TimeDelta};
use serde_json::Value;

use super::person::Person;
use super::route::Route;
use super::settings::Settings;
use super::state::State;
use super::switches::Switches;
use crate::clock::Clock;
use crate::http::HttpServer;
use crate::lock;
use crate::zone::Zone;

/// A running device; it stops, and frees its port, when dropped.
pub struct Device {
    route: Arc<Route>,
    server: HttpServer,
}

/// Requests, byte counters, faults, offline and online are those of its HTTP server.
impl Deref for Device {
    type Target = HttpServer;

    fn deref(&self) -> &HttpServer {
        &self.server
    }
}

impl Device {
    /// Starts a device.
    ///
    /// # Panics
    /// If the port of the settings is taken.
    pub fn start(settings: Settings) -> Self {
        let (port, tls) = (settings.port, settings.tls);
        let route = Arc::new(Route(State::new(settings).into()));
        let server = HttpServer::start(Arc::clone(&route) as _, port, tls);
        Self { route, server }
    }

    /// Adds a person at the end of the list, as somebody at the device would.
    pub fn add_person(&self, person: Person) {
        self.with(|state| state.persons.push(person));
    }

    /// Changes a person behind the client's back; `false` if there is none.
    pub fn edit_person(&self, employee_no: &str, edit: impl FnOnce(&mut Person)) -> bool {
        self.with(|state| {
            let person = state.persons.iter_mut().find(|p| p.employee_no == employee_no);
            person.map(edit).is_some()
        })
    }

    /// Removes a person; `false` if there is none.
    pub fn remove_person(&self, employee_no: &str) -> bool {
        self.with(|state| {
            let before = state.persons.len();
            state.persons.retain(|p| p.employee_no != employee_no);
            state.persons.len() < before
        })
    }

    /// Lets somebody edit the persons right after the device dealt with the `count`-th logged-in
    /// request from now on whose target contains `part`, before that is answered.
    pub fn meanwhile(
        &self,
        part: &str,
        count: usize,
        edit: impl FnOnce(&mut Vec<Person>) + Send + 'static,
    ) {
        self.with(|state| state.meanwhile.order(part, count, edit));
    }

    /// A person as the device holds it now.
    pub fn person(&self, employee_no: &str) -> Option<Person> {
        self.with(|state| state.persons.iter().find(|p| p.employee_no == employee_no).cloned())
    }

    /// All persons in order of insertion.
    pub fn persons(&self) -> Vec<Person> {
        self.with(|state| state.persons.clone())
    }

    /// Bodies of the Modify calls that were accepted, oldest first; also those whose answer was
    /// lost, and those that [`super::Effect::OkNotApplied`] did not carry out.
    pub fn writes(&self) -> Vec<Value> {
        self.with(|state| state.writes.clone())
    }

    /// Forgets the recorded writes.
    pub fn clear_writes(&self) {
        self.with(|state| state.writes.clear());
    }

    /// What clients did that they must not, one line each, beginning with a slug (listed in the
    /// crate documentation). A Modify that nobody has read back so far is among them.
    pub fn violations(&self) -> Vec<String> {
        self.with(|state| state.audit.violations())
    }

    /// Forgets the violations.
    pub fn clear_violations(&self) {
        self.with(|state| state.audit.clear());
    }

    /// Begins a new run of the client: it may fail one login again.
    pub fn begin_run(&self) {
        self.with(|state| state.audit.begin_run());
    }

    /// Whether the door lets this person in when the device's wall clock shows `at`.
    pub fn door_opens(&self, employee_no: &str, door: i64, at: NaiveDateTime) -> bool {
        self.with(|state| {
            let enable_false = state.switches.enable_false;
            let person = state.persons.iter().find(|p| p.employee_no == employee_no);
            person.is_some_and(|p| p.opens(door, at, enable_false))
        })
    }

    /// What the device's wall clock shows now.
    pub fn wall_clock(&self) -> NaiveDateTime {
        self.with(|state| state.zone.local(state.now() + state.clock_offset))
    }

    /// The clock of lock-outs and nonces, on which the wall clock builds.
    pub fn clock(&self) -> Clock {
        self.with(|state| state.settings.clock.clone())
    }

    /// Lets the device's wall clock run ahead by this much (behind, if negative).
    pub fn set_clock_offset(&self, offset: TimeDelta) {
        self.with(|state| state.clock_offset = offset);
    }

    /// Sets the device's zone.
    pub fn set_time_zone(&self, zone: Zone) {
        self.with(|state| state.zone = zone);
    }

    /// Changes the device's password.
    pub fn set_password(&self, password: &str) {
        self.with(|state| state.settings.password = password.to_owned());
    }

    /// Turns switches while the device runs.
    pub fn set(&self, change: impl FnOnce(&mut Switches)) {
        self.with(|state| change(&mut state.switches));
    }

    /// The switches as they stand.
    pub fn switches(&self) -> Switches {
        self.with(|state| state.switches.clone())
    }

    /// Changes serial number, model, firmware, account or limit: another device at this address.
    pub fn edit_settings(&self, change: impl FnOnce(&mut Settings)) {
        self.with(|state| change(&mut state.settings));
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut lock(&self.route.0))
    }
}
