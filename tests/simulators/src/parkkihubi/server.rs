//! The handle that tests hold: a running register with its memory.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::memory::Memory;
use super::permit::{Item, Permit};
use super::route::Route;
use super::row::Parking;
use super::settings::Settings;
use super::state::State;
use super::stranger::Stranger;
use super::switches::Switches;
use crate::clock::Clock;
use crate::http::HttpServer;
use crate::lock;

/// A running register; it stops, and frees its ports, when dropped.
pub struct Server {
    route: Arc<Route>,
    server: HttpServer,
    stranger: HttpServer,
}

/// Requests, byte counters, faults, offline and online are those of its HTTP server.
impl Deref for Server {
    type Target = HttpServer;

    fn deref(&self) -> &HttpServer {
        &self.server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody is kept waiting for a slow answer.
        self.set(|switches| switches.slow = Duration::ZERO);
    }
}

impl Server {
    /// Starts a register, and a stranger beside it.
    ///
    /// # Panics
    /// If the port of the settings is taken, two rows of one kind have one id, or a permit is in no
    /// series.
    pub fn start(settings: Settings) -> Self {
        let (port, tls) = (settings.port, settings.tls);
        let route = Arc::new(Route(State::new(settings).into()));
        let server = HttpServer::start(Arc::clone(&route) as _, port, tls);
        let stranger = HttpServer::start(Arc::new(Stranger(Arc::clone(&route))), 0, tls);
        lock(&route.0).stranger = stranger.port();
        Self { route, server, stranger }
    }

    /// The base URL, `http://127.0.0.1:PORT`, before `/enforcement/v1/`; no closing slash.
    pub fn url(&self) -> String {
        self.with(|state| format!("{}{}", self.server.url(), state.settings.base_path))
    }

    /// The token that a client must show.
    pub fn token(&self) -> String {
        self.with(|state| state.settings.token.clone())
    }

    /// A second server, on another host: whoever comes there commits a violation.
    pub fn stranger_url(&self) -> String {
        self.stranger.url().replace("127.0.0.1", "localhost")
    }

    /// The second server itself: what it was asked.
    pub fn stranger(&self) -> &HttpServer {
        &self.stranger
    }

    /// A car parks, created now. `until` `None` has no end.
    ///
    /// # Panics
    /// If there is a parking with this id.
    pub fn park(
        &self,
        id: &str,
        reg_num: &str,
        zone: &str,
        from: DateTime<Utc>,
        until: Option<DateTime<Utc>>,
    ) {
        self.add_parking(Parking { until, ..Parking::new(id, reg_num, zone, from) });
    }

    /// Adds a parking, created now. One that was deleted may come again.
    ///
    /// # Panics
    /// If there is a parking with its id.
    pub fn add_parking(&self, parking: Parking) {
        self.with(|state| state.memory.add_parking(parking));
    }

    /// Sets another end of a parking; `false` if there is none.
    pub fn extend(&self, id: &str, until: DateTime<Utc>) -> bool {
        self.edit_parking(id, |parking| parking.until = Some(until))
    }

    /// Ends a parking now, unless it has ended; `false` if there is none.
    pub fn stop(&self, id: &str) -> bool {
        self.with(|state| state.memory.stop(id))
    }

    /// Deletes a parking without a trace; `false` if there is none.
    pub fn delete(&self, id: &str) -> bool {
        self.with(|state| state.memory.delete(id))
    }

    /// Changes a parking, modified now; `false` if there is none.
    pub fn edit_parking(&self, id: &str, edit: impl FnOnce(&mut Parking)) -> bool {
        self.with(|state| state.memory.edit_parking(id, edit))
    }

    /// A permit of one car in one area, in series 1, both with the same window.
    ///
    /// # Panics
    /// If there is a permit with this id, or no series 1.
    pub fn permit(
        &self,
        id: u64,
        reg_num: &str,
        area: &str,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) {
        let permit = Permit::new(id, 1).subject(reg_num, from, until);
        self.add_permit(permit.area(area, from, until));
    }

    /// Adds a permit; its items get new ids.
    ///
    /// # Panics
    /// If there is a permit with its id, or its series is not there.
    pub fn add_permit(&self, permit: Permit) {
        self.with(|state| state.memory.add_permit(permit));
    }

    /// Changes a permit; all its items get new ids. `false` if there is none.
    pub fn edit_permit(&self, id: u64, edit: impl FnOnce(&mut Permit)) -> bool {
        self.with(|state| state.memory.edit_permit(id, edit))
    }

    /// Deletes a permit without a trace; `false` if there is none.
    pub fn delete_permit(&self, id: u64) -> bool {
        self.with(|state| state.memory.delete_permit(id))
    }

    /// Sets whether a series is active; it need not have been there.
    pub fn set_series(&self, series: u64, is_active: bool) {
        self.with(|state| state.memory.set_series(series, is_active));
    }

    /// The change-over: makes a series active and all others not; it need not have been there.
    pub fn activate_series(&self, series: u64) {
        self.with(|state| state.memory.activate_series(series));
    }

    /// Lets this happen right after the `count`-th page from now on was answered: between two pages.
    pub fn meanwhile(&self, count: usize, edit: impl FnOnce(&mut Memory) + Send + 'static) {
        self.with(|state| state.meanwhile.push((count, Box::new(edit))));
    }

    /// All parkings, in the order in which they came.
    pub fn parkings(&self) -> Vec<Parking> {
        self.with(|state| state.memory.parkings().to_vec())
    }

    /// All permits, in the order in which they came.
    pub fn permits(&self) -> Vec<Permit> {
        self.with(|state| state.memory.permits())
    }

    /// The items of active series, by their ids.
    pub fn items(&self) -> Vec<Item> {
        self.with(|state| state.memory.items())
    }

    /// Whether a parking in this zone, or a permit for this area, is good for this plate at an instant,
    /// by what the register knows, not by what its switches say. Both ends are inside, to the instant.
    /// Case, hyphens and blanks of the plate do not matter; zones and areas are compared as texts.
    pub fn has_right(&self, reg_num: &str, place: &str, at: DateTime<Utc>) -> bool {
        self.has_parking(reg_num, place, at) || self.has_permit(reg_num, place, at)
    }

    /// The same for parkings alone: a zone and an area may have one name.
    pub fn has_parking(&self, reg_num: &str, zone: &str, at: DateTime<Utc>) -> bool {
        self.with(|state| state.memory.has_parking(reg_num, zone, at))
    }

    /// The same for permits alone.
    pub fn has_permit(&self, reg_num: &str, area: &str, at: DateTime<Utc>) -> bool {
        self.with(|state| state.memory.has_permit(reg_num, area, at))
    }

    /// How many requests went to the path whose last word this is: `valid_parking`,
    /// `valid_permit_item`.
    pub fn calls(&self, word: &str) -> usize {
        let ends = |path: &str| path.trim_end_matches('/').rsplit('/').next() == Some(word);
        self.requests().iter().filter(|request| ends(request.path())).count()
    }

    /// What clients did that they must not, one line each, beginning with a slug (listed in the
    /// crate documentation).
    pub fn violations(&self) -> Vec<String> {
        self.with(|state| state.violations.clone())
    }

    /// Forgets the violations.
    pub fn clear_violations(&self) {
        self.with(|state| state.violations.clear());
    }

    /// Begins a new run of the client: it may fail one login again, need not wait for what the last run
    /// was told, and no page is handed out.
    pub fn begin_run(&self) {
        self.with(|state| {
            (state.wrong_logins, state.not_before) = (0, None);
            state.pages.clear();
        });
    }

    /// Turns switches while the register runs.
    pub fn set(&self, change: impl FnOnce(&mut Switches)) {
        self.with(|state| change(&mut state.switches));
    }

    /// The switches as they stand; `too_many` and `unavailable` count down.
    pub fn switches(&self) -> Switches {
        self.with(|state| state.switches.clone())
    }

    /// Changes token, path or operator while the register runs. Its port, clock, rows and switches are
    /// no longer taken from there.
    pub fn edit_settings(&self, change: impl FnOnce(&mut Settings)) {
        self.with(|state| change(&mut state.settings));
    }

    /// The register's clock.
    pub fn clock(&self) -> Clock {
        self.with(|state| state.settings.clock.clone())
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut lock(&self.route.0))
    }
}
