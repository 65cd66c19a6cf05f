//! The handle that tests hold: a running platform with its memory.

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::audit::of_traffic;
use super::doors::{DoorState, Order, Window};
use super::person::Person;
use super::refusal::Refusal;
use super::route::Route;
use super::settings::{Rules, Settings};
use super::state::{State, Write};
use super::switches::Switches;
use crate::clock::Clock;
use crate::http::HttpServer;
use crate::lock;

/// A running platform; it stops, and frees its port, when dropped.
pub struct Platform {
    route: Arc<Route>,
    server: HttpServer,
}

/// Requests, byte counters, faults, offline and online are those of its HTTP server.
impl Deref for Platform {
    type Target = HttpServer;

    fn deref(&self) -> &HttpServer {
        &self.server
    }
}

impl Platform {
    /// Starts a platform.
    ///
    /// # Panics
    /// If the port of the settings is taken, or two persons have one id.
    pub fn start(settings: Settings) -> Self {
        let (port, tls) = (settings.port, settings.tls);
        let route = Arc::new(Route(State::new(settings).into()));
        let server = HttpServer::start(Arc::clone(&route) as _, port, tls);
        Self { route, server }
    }

    /// Adds a person at the end of the list, as an operator would, and returns its `personId`. No
    /// door knows of it before an application.
    ///
    /// # Panics
    /// If another person has its id.
    pub fn add_person(&self, person: Person) -> String {
        self.with(|state| {
            let id = state.add(person);
            state.changed(&id);
            id
        })
    }

    /// Changes a person behind the client's back; `false` if there is none.
    pub fn edit_person(&self, id: &str, edit: impl FnOnce(&mut Person)) -> bool {
        self.with(|state| {
            let person = state.persons.iter_mut().find(|person| person.id == id);
            let is_there = person.map(edit).is_some();
            state.changed(id);
            is_there
        })
    }

    /// Removes a person; `false` if there is none.
    pub fn remove_person(&self, id: &str) -> bool {
        self.with(|state| {
            let before = state.persons.len();
            state.persons.retain(|person| person.id != id);
            state.changed(id);
            state.persons.len() < before
        })
    }

    /// Lets somebody edit the persons right after the platform dealt with the `count`-th signed
    /// request from now on whose path contains `part`, before that is answered.
    pub fn meanwhile(
        &self,
        part: &str,
        count: usize,
        edit: impl FnOnce(&mut Vec<Person>) + Send + 'static,
    ) {
        self.with(|state| state.meanwhile.order(part, count, edit));
    }

    /// A person as the platform holds it now.
    pub fn person(&self, id: &str) -> Option<Person> {
        self.with(|state| state.person(id).cloned())
    }

    /// All persons in the order of lists.
    pub fn persons(&self) -> Vec<Person> {
        self.with(|state| state.persons.clone())
    }

    /// Every update that was accepted, oldest first; also those whose answer was lost, and those that
    /// [`super::Effect::OkNotApplied`] did not carry out.
    pub fn writes(&self) -> Vec<Write> {
        self.with(|state| state.writes.clone())
    }

    /// Forgets the recorded updates.
    pub fn clear_writes(&self) {
        self.with(|state| state.writes.clear());
    }

    /// What clients did that they must not, one line each, beginning with a slug (listed in the
    /// crate documentation). An update that nobody has read back so far is among them.
    pub fn violations(&self) -> Vec<String> {
        let requests = self.requests();
        self.with(|state| {
            let rules = &state.settings.rules;
            let mut found = state.audit.violations();
            found.extend(of_traffic(rules, &requests));
            found.retain(|line| {
                !rules.wanted.iter().any(|slug| line.split(':').next() == Some(slug))
            });
            found
        })
    }

    /// Forgets the violations, and the requests that tell of some.
    pub fn clear_violations(&self) {
        self.clear_requests();
        self.with(|state| state.audit.clear());
    }

    /// Begins a new run of the client: it may fail one signature again, need not wait for what the
    /// last run was told, and must read a person before it writes.
    pub fn begin_run(&self) {
        self.with(|state| state.audit.begin_run());
    }

    /// Whether a door, by its code, lets this person in at `at`.
    pub fn opens(&self, door: &str, id: &str, at: DateTime<Utc>) -> bool {
        self.with(|state| state.doors.opens(door, id, at, state.settings.zone))
    }

    /// The window that a door goes by; `None` if it does not know the person.
    pub fn applied(&self, door: &str, id: &str) -> Option<Window> {
        self.with(|state| state.doors.applied(door, id).cloned())
    }

    /// Codes of doors with ids of persons, where the door does not go by what the platform holds.
    pub fn behind(&self) -> Vec<(String, String)> {
        self.with(|state| state.doors.behind(&state.persons))
    }

    /// Somebody at the platform applies everything: it reaches every door that can be reached at once.
    pub fn apply_all(&self) {
        let order = Order { persons: None, doors: None, with_failed: true, polls: 0 };
        self.with(|state| state.doors.order(&state.persons, &order));
    }

    /// Sets what applications do at a door; `false` if there is none with this code.
    pub fn set_door(&self, code: &str, door: DoorState) -> bool {
        self.with(|state| state.doors.set_state(code, door))
    }

    /// Refuses calls, in addition to the refusals before; short for a push to
    /// [`Switches::refusals`].
    pub fn refuse(&self, refusal: Refusal) {
        self.with(|state| state.switches.refusals.push(refusal));
    }

    /// Turns switches while the platform runs.
    pub fn set(&self, change: impl FnOnce(&mut Switches)) {
        self.with(|state| change(&mut state.switches));
    }

    /// The switches as they stand.
    pub fn switches(&self) -> Switches {
        self.with(|state| state.switches.clone())
    }

    /// Changes what counts as a violation.
    pub fn set_rules(&self, change: impl FnOnce(&mut Rules)) {
        self.with(|state| change(&mut state.settings.rules));
    }

    /// Changes account, product or version: another platform at this address.
    pub fn edit_settings(&self, change: impl FnOnce(&mut Settings)) {
        self.with(|state| change(&mut state.settings));
    }

    /// The platform's clock.
    pub fn clock(&self) -> Clock {
        self.with(|state| state.settings.clock.clone())
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut lock(&self.route.0))
    }
}
