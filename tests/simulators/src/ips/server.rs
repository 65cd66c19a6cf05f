//! The handle that tests hold: a running service with its memory.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::route::Route;
use super::row::{Permit, Session};
use super::settings::Settings;
use super::state::State;
use super::switches::Switches;
use crate::clock::Clock;
use crate::http::HttpServer;
use crate::lock;

/// A running service; it stops, and frees its port, when dropped.
pub struct Server {
    route: Arc<Route>,
    server: HttpServer,
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
    /// Starts a service.
    ///
    /// # Panics
    /// If the port of the settings is taken, or two rows of one kind have one id.
    pub fn start(settings: Settings) -> Self {
        let (port, tls) = (settings.port, settings.tls);
        let route = Arc::new(Route(State::new(settings).into()));
        let server = HttpServer::start(Arc::clone(&route) as _, port, tls);
        Self { route, server }
    }

    /// Base URL of the seed wire, `http://127.0.0.1:PORT/smartcity/v2`; no closing slash.
    pub fn url(&self) -> String {
        self.with(|state| format!("{}{}", self.server.url(), state.settings.base_path))
    }

    /// URL of the XML wire, `http://127.0.0.1:PORT/enforcement`.
    pub fn xml_url(&self) -> String {
        self.with(|state| format!("{}{}", self.server.url(), state.settings.xml_path))
    }

    /// A car parks: an active session, changed now. `until` `None` has no end.
    ///
    /// # Panics
    /// If there is a session with this id.
    pub fn park(
        &self,
        id: &str,
        plate: &str,
        state: &str,
        zone: &str,
        from: DateTime<Utc>,
        until: Option<DateTime<Utc>>,
    ) {
        self.add_session(Session { until, ..Session::new(id, plate, state, zone, from) });
    }

    /// Adds a session, changed now. One that was deleted may come again.
    ///
    /// # Panics
    /// If there is a session with its id.
    pub fn add_session(&self, session: Session) {
        self.with(|state| state.sessions.add(Session { updated_at: state.now(), ..session }));
    }

    /// Sets another end of a session; `false` if there is no such session.
    pub fn extend(&self, id: &str, until: DateTime<Utc>) -> bool {
        self.edit_session(id, |session| session.until = Some(until))
    }

    /// Ends a session now, unless it has ended, `COMPLETED`; `false` if there is no such session.
    pub fn stop(&self, id: &str) -> bool {
        let now = self.clock().now();
        self.edit_session(id, |session| {
            session.until = Some(session.until.map_or(now, |until| until.min(now)));
            session.status = "COMPLETED".into();
        })
    }

    /// Cancels a session, `CANCELLED`, its times as they are; `false` if there is no such session.
    pub fn cancel(&self, id: &str) -> bool {
        self.edit_session(id, |session| session.status = "CANCELLED".into())
    }

    /// Deletes a session, which leaves a tombstone; `false` if there is no such session.
    pub fn delete(&self, id: &str) -> bool {
        self.with(|state| {
            let now = state.now();
            state.sessions.delete(id, now)
        })
    }

    /// Changes a session, changed now; `false` if there is no such session.
    pub fn edit_session(&self, id: &str, edit: impl FnOnce(&mut Session)) -> bool {
        self.with(|state| {
            let now = state.now();
            state.sessions.edit(id, now, edit)
        })
    }

    /// A permit is given: active, changed now. No zones: everywhere. `until` `None` has no end.
    ///
    /// # Panics
    /// If there is a permit with this id.
    #[expect(clippy::too_many_arguments, reason = "what a permit consists of")]
    pub fn permit(
        &self,
        id: &str,
        kind: &str,
        plate: &str,
        state: &str,
        zones: &[&str],
        from: DateTime<Utc>,
        until: Option<DateTime<Utc>>,
    ) {
        let permit = Permit::new(id, kind, plate, state, from).zones(zones);
        self.add_permit(Permit { until, ..permit });
    }

    /// Adds a permit, changed now. One that was deleted may come again.
    ///
    /// # Panics
    /// If there is a permit with its id.
    pub fn add_permit(&self, permit: Permit) {
        self.with(|state| state.permits.add(Permit { updated_at: state.now(), ..permit }));
    }

    /// Sets another end of a permit; `false` if there is no such permit.
    pub fn extend_permit(&self, id: &str, until: Option<DateTime<Utc>>) -> bool {
        self.edit_permit(id, |permit| permit.until = until)
    }

    /// Ends a permit now, unless it has ended, its status as it is; `false` if there is no such permit.
    pub fn stop_permit(&self, id: &str) -> bool {
        let now = self.clock().now();
        self.edit_permit(id, |permit| {
            permit.until = Some(permit.until.map_or(now, |until| until.min(now)));
        })
    }

    /// Cancels a permit, `CANCELLED`; `false` if there is no such permit.
    pub fn cancel_permit(&self, id: &str) -> bool {
        self.edit_permit(id, |permit| permit.status = "CANCELLED".into())
    }

    /// Suspends a permit, `SUSPENDED`; `false` if there is no such permit.
    pub fn suspend_permit(&self, id: &str) -> bool {
        self.edit_permit(id, |permit| permit.status = "SUSPENDED".into())
    }

    /// Makes a permit `ACTIVE` again; `false` if there is no such permit.
    pub fn resume_permit(&self, id: &str) -> bool {
        self.edit_permit(id, |permit| permit.status = "ACTIVE".into())
    }

    /// Gives a permit to another car; `false` if there is no such permit.
    pub fn change_plate(&self, id: &str, plate: &str, state: &str) -> bool {
        self.edit_permit(id, |permit| {
            permit.plate = plate.into();
            permit.state = state.into();
        })
    }

    /// Deletes a permit, which leaves a tombstone; `false` if there is no such permit.
    pub fn delete_permit(&self, id: &str) -> bool {
        self.with(|state| {
            let now = state.now();
            state.permits.delete(id, now)
        })
    }

    /// Changes a permit, changed now; `false` if there is no such permit.
    pub fn edit_permit(&self, id: &str, edit: impl FnOnce(&mut Permit)) -> bool {
        self.with(|state| {
            let now = state.now();
            state.permits.edit(id, now, edit)
        })
    }

    /// All sessions that are not deleted, in the order in which they came.
    pub fn sessions(&self) -> Vec<Session> {
        self.with(|state| state.sessions.rows.iter().map(|stored| stored.row.clone()).collect())
    }

    /// All permits that are not deleted, in the order in which they came.
    pub fn permits(&self) -> Vec<Permit> {
        self.with(|state| state.permits.rows.iter().map(|stored| stored.row.clone()).collect())
    }

    /// How many rows of a kind, `sessions`, `permits` or `citations`, are not deleted; 0 for any other
    /// word.
    pub fn rows(&self, kind: &str) -> usize {
        self.with(|state| match kind {
            "sessions" => state.sessions.rows.len(),
            "permits" => state.permits.rows.len(),
            "citations" => state.citations.rows.len(),
            _ => 0,
        })
    }

    /// Whether a session or a permit of this plate and issuer, as given to the service, is good in a
    /// zone at an instant: begun, not ended, neither cancelled nor suspended.
    pub fn has_right(&self, plate: &str, state: &str, zone: &str, at: DateTime<Utc>) -> bool {
        let car = (plate, state);
        self.sessions().iter().any(|session| {
            (session.plate.as_str(), session.state.as_str()) == car
                && session.zone == zone
                && session.contains(at)
        }) || self.permits().iter().any(|permit| {
            (permit.plate.as_str(), permit.state.as_str()) == car && permit.contains(zone, at)
        })
    }

    /// How many requests went to the path that ends in this word: `sessions`, `permits`,
    /// `violations`, `enforcement`.
    pub fn calls(&self, word: &str) -> usize {
        let ends = |path: &str| path.rsplit('/').next() == Some(word);
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

    /// Begins a new run of the client: it may fail one login again, and need not wait for what the
    /// last run was told. Cursors stay used.
    pub fn begin_run(&self) {
        self.with(|state| (state.wrong_logins, state.not_before) = ([0, 0], None));
    }

    /// Turns switches while the service runs.
    pub fn set(&self, change: impl FnOnce(&mut Switches)) {
        self.with(|state| change(&mut state.switches));
    }

    /// The switches as they stand; `too_many` and `unavailable` count down.
    pub fn switches(&self) -> Switches {
        self.with(|state| state.switches.clone())
    }

    /// Changes account, paths or town while the service runs. Its port, rows and switches are no
    /// longer taken from there.
    pub fn edit_settings(&self, change: impl FnOnce(&mut Settings)) {
        self.with(|state| change(&mut state.settings));
    }

    /// The service's clock.
    pub fn clock(&self) -> Clock {
        self.with(|state| state.settings.clock.clone())
    }

    pub(super) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut lock(&self.route.0))
    }
}
