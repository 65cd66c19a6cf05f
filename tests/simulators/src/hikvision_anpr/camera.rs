//! The handle that tests hold: a running camera with its memory.

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde_json::Value;

use super::route::Route;
use super::row::{self, Row, bare};
use super::settings::Settings;
use super::state::State;
use super::switches::Switches;
use crate::clock::Clock;
use crate::http::HttpServer;
use crate::lock;
use crate::zone::Zone;

/// A running camera; it stops, and frees its port, when dropped.
pub struct Camera {
    route: Arc<Route>,
    server: HttpServer,
}

/// Requests, byte counters, faults, offline and online are those of its HTTP server.
impl Deref for Camera {
    type Target = HttpServer;

    fn deref(&self) -> &HttpServer {
        &self.server
    }
}

impl Camera {
    /// Starts a camera.
    ///
    /// # Panics
    /// If the port of the settings is taken.
    pub fn start(settings: Settings) -> Self {
        let (port, tls) = (settings.port, settings.tls);
        let route = Arc::new(Route(State::new(settings).into()));
        let server = HttpServer::start(Arc::clone(&route) as _, port, tls);
        Self { route, server }
    }

    /// Adds a row at the end of the list, as somebody at the camera's own page would; it gets an id if it
    /// has none. Nothing is checked: there may be two rows of a plate.
    pub fn add_row(&self, row: Row) {
        self.with(|state| state.put_by_hand(row));
    }

    /// Changes the first row of a plate behind the client's back; `false` if there is none.
    pub fn edit_row(&self, plate: &str, edit: impl FnOnce(&mut Row)) -> bool {
        let plate = bare(plate);
        self.with(|state| state.rows.iter_mut().find(|row| row.plate == plate).map(edit).is_some())
    }

    /// Removes every row of a plate; `false` if there is none.
    pub fn remove_row(&self, plate: &str) -> bool {
        let plate = bare(plate);
        self.with(|state| {
            let before = state.rows.len();
            state.rows.retain(|row| row.plate != plate);
            state.rows.len() < before
        })
    }

    /// Lets somebody edit the rows right after the camera dealt with the `count`-th logged-in request
    /// from now on whose target contains `part`, before that is answered.
    pub fn meanwhile(
        &self,
        part: &str,
        count: usize,
        edit: impl FnOnce(&mut Vec<Row>) + Send + 'static,
    ) {
        self.with(|state| state.meanwhile.order(part, count, edit));
    }

    /// The first row of a plate as the camera holds it now, whatever searches show.
    pub fn row(&self, plate: &str) -> Option<Row> {
        let plate = bare(plate);
        self.with(|state| state.rows.iter().find(|row| row.plate == plate).cloned())
    }

    /// All rows as the camera holds them now, in their order.
    pub fn rows(&self) -> Vec<Row> {
        self.with(|state| state.rows.clone())
    }

    /// The rows that somebody else made.
    pub fn strangers(&self) -> Vec<Row> {
        self.rows().into_iter().filter(|row| row.stranger).collect()
    }

    /// Bodies of the writes and deletions that were accepted, oldest first, XML as text; also those that
    /// [`super::Effect::OkNotApplied`] did not carry out.
    pub fn writes(&self) -> Vec<Value> {
        self.with(|state| state.writes.clone())
    }

    /// Forgets the recorded writes.
    pub fn clear_writes(&self) {
        self.with(|state| state.writes.clear());
    }

    /// What clients did that they must not, one line each, beginning with a slug (listed in the crate
    /// documentation). A write that nobody has read back so far is among them.
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

    /// Whether the barrier opens for this plate at this instant, as the camera's wall clock shows it: a
    /// row of the allow list holds, and none of the block list does. Whole days hold to their last second.
    pub fn opens_at(&self, plate: &str, at: DateTime<Utc>) -> bool {
        self.with(|state| row::opens(&state.rows, plate, state.wall_clock(at)))
    }

    /// What the camera's wall clock shows now.
    pub fn wall_clock(&self) -> NaiveDateTime {
        self.with(|state| state.wall_clock(state.now()))
    }

    /// The clock of lock-outs and nonces, on which the wall clock builds.
    pub fn clock(&self) -> Clock {
        self.with(|state| state.settings.clock.clone())
    }

    /// Lets the camera's wall clock run ahead by this much (behind, if negative).
    pub fn set_clock_offset(&self, offset: TimeDelta) {
        self.with(|state| state.clock_offset = offset);
    }

    /// Sets the camera's zone.
    pub fn set_time_zone(&self, zone: Zone) {
        self.with(|state| state.zone = zone);
    }

    /// Changes the camera's password.
    pub fn set_password(&self, password: &str) {
        self.with(|state| state.settings.password = password.to_owned());
    }

    /// Turns switches while the camera runs.
    pub fn set(&self, change: impl FnOnce(&mut Switches)) {
        self.with(|state| change(&mut state.switches));
    }

    /// The switches as they stand.
    pub fn switches(&self) -> Switches {
        self.with(|state| state.switches.clone())
    }

    /// Changes serial number, model, firmware, account or limits: another camera at this address.
    pub fn edit_settings(&self, change: impl FnOnce(&mut Settings)) {
        self.with(|state| change(&mut state.settings));
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut lock(&self.route.0))
    }
}
