//! The handle that tests hold: a running service with its memory.

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::criteria::Criteria;
use super::member::Member;
use super::route::{Route, State, Stored};
use super::settings::{ChangedAtZone, Settings, Switches};
use crate::clock::Clock;
use crate::http::HttpServer;
use crate::lock;
use crate::zone::Zone;

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
            rendered: Vec::new(),
        };
        let route = Arc::new(Route(state.into()));
        let server = HttpServer::start(Arc::clone(&route) as _, port, tls);
        Self { route, server }
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

    /// Renders the complete listing of every organisation, and the one of what changed since then, so
    /// that a client that asks for either waits for nothing but the wire.
    pub fn render_ahead(&self, since: DateTime<Utc>) {
        let mut state = lock(&self.route.0);
        let since = match state.switches.changed_at {
            ChangedAtZone::Utc => since.naive_utc(),
            ChangedAtZone::Sweden => Zone::central_europe().local(since),
        };
        let ids: Vec<i64> = state.settings.organisations.iter().map(|known| known.id).collect();
        for id in ids {
            let complete = Criteria::of_organisation(id);
            state.listing(&complete);
            state.listing(&complete.changed_since(since));
        }
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

    /// Changes the memory, which makes the rendered listings worthless.
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.route.0);
        state.rendered.clear();
        change(&mut state)
    }
}
