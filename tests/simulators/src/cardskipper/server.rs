//! The handle that tests hold: a running service with its memory.

use std::sync::Arc;

use super::member::Member;
use super::route::{Route, State, Stored};
use super::settings::{Settings, Switches};
use crate::clock::Clock;
use crate::http::{FaultRule, HttpServer, Request};
use crate::lock;

/// A running service; it stops, and frees its port, when dropped.
pub struct Server {
    route: Arc<Route>,
    server: HttpServer,
}

impl Server {
    /// Starts a service.
    ///
    /// # Panics
    /// If the port of the settings is taken.
    pub fn start(mut settings: Settings) -> Self {
        let (port, tls) = (settings.port, settings.tls);
        let changed_at = settings.clock.now();
        let stored = |member| Stored { member, changed_at };
        let state = State {
            members: std::mem::take(&mut settings.members).into_iter().map(stored).collect(),
            switches: settings.switches.clone(),
            settings,
            violations: Vec::new(),
            cache: None,
        };
        let route = Arc::new(Route(state.into()));
        let server = HttpServer::start(Arc::clone(&route) as _, port, tls);
        Self { route, server }
    }

    /// The HTTP server: requests, byte counters, faults, offline and online.
    pub fn http(&self) -> &HttpServer {
        &self.server
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// TCP port.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Orders a fault; short for [`HttpServer::fault`].
    pub fn fault(&self, rule: impl Into<FaultRule>) {
        self.server.fault(rule);
    }

    /// Refuses connections until [`Server::go_online`].
    pub fn go_offline(&self) {
        self.server.go_offline();
    }

    /// Comes back at the same port, with its memory.
    pub fn go_online(&self) {
        self.server.go_online();
    }

    /// Every request received, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }

    /// Forgets the recorded requests.
    pub fn clear_requests(&self) {
        self.server.clear_requests();
    }

    /// Adds a member, changed now. A number may come twice: only the birth date tells them apart.
    pub fn add(&self, member: Member) {
        self.with(|state| {
            let changed_at = state.settings.clock.now();
            state.members.push(Stored { member, changed_at });
        });
    }

    /// Changes the first member with this number, changed now; `false` if there is none.
    pub fn edit(&self, number: u64, edit: impl FnOnce(&mut Member)) -> bool {
        self.with(|state| {
            let now = state.settings.clock.now();
            let stored = state.members.iter_mut().find(|stored| stored.member.number == number);
            stored.map(|stored| (edit(&mut stored.member), stored.changed_at = now)).is_some()
        })
    }

    /// Changes every member; only those that differ afterwards count as changed.
    pub fn edit_all(&self, mut edit: impl FnMut(&mut Member)) {
        self.with(|state| {
            let now = state.settings.clock.now();
            for stored in &mut state.members {
                let before = stored.member.clone();
                edit(&mut stored.member);
                if stored.member != before {
                    stored.changed_at = now;
                }
            }
        });
    }

    /// Removes all members with this number; `false` if there is none. They are then absent from
    /// complete listings and from listings of changes alike.
    pub fn remove(&self, number: u64) -> bool {
        self.with(|state| {
            let before = state.members.len();
            state.members.retain(|stored| stored.member.number != number);
            state.members.len() < before
        })
    }

    /// Replaces everybody at once, all changed now.
    pub fn set_members(&self, members: Vec<Member>) {
        self.with(|state| {
            let changed_at = state.settings.clock.now();
            let stored = |member| Stored { member, changed_at };
            state.members = members.into_iter().map(stored).collect();
        });
    }

    /// The first member with this number.
    pub fn member(&self, number: u64) -> Option<Member> {
        self.members().into_iter().find(|member| member.number == number)
    }

    /// All members in order of insertion.
    pub fn members(&self) -> Vec<Member> {
        lock(&self.route.0).members.iter().map(|stored| stored.member.clone()).collect()
    }

    /// What clients did that they must not, one line each, beginning with a slug (listed in the
    /// crate documentation).
    pub fn violations(&self) -> Vec<String> {
        lock(&self.route.0).violations.clone()
    }

    /// Forgets the violations.
    pub fn clear_violations(&self) {
        lock(&self.route.0).violations.clear();
    }

    /// The service's clock.
    pub fn clock(&self) -> Clock {
        lock(&self.route.0).settings.clock.clone()
    }

    /// Turns switches while the service runs.
    pub fn set(&self, change: impl FnOnce(&mut Switches)) {
        self.with(|state| change(&mut state.switches));
    }

    /// Changes account or organisations while the service runs.
    pub fn edit_settings(&self, change: impl FnOnce(&mut Settings)) {
        self.with(|state| change(&mut state.settings));
    }

    /// Changes the memory, which makes the cached listing worthless.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.route.0);
        state.cache = None;
        change(&mut state)
    }
}
