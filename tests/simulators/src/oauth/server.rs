//! The server, its switches, and what a service asks it about a token.

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};

use super::question::client;
use crate::clock::Clock;
use crate::http::{Handler, HttpServer, Reply, Request, Response, Tls};
use crate::lock;

/// Where the client says who it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ClientIn {
    /// `Authorization: Basic …`
    #[default]
    Header,
    /// `client_id` and `client_secret` in the body.
    Body,
}

/// The form of the body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AskedAs {
    /// `application/x-www-form-urlencoded`
    #[default]
    Form,
    /// `application/json`
    Json,
}

/// What a server is when it starts.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The client that is known.
    pub client_id: String,
    /// Its secret.
    pub secret: String,
    /// The scope that must be asked for; `None`: none may be.
    pub scope: Option<String>,
    /// Where it must say who it is.
    pub client_in: ClientIn,
    /// How it must ask.
    pub asked_as: AskedAs,
    /// Where tokens are asked for, `/oauth/token`.
    pub path: String,
    /// Slugs of violations that this test wants to happen: they are not listed.
    pub wanted: Vec<&'static str>,
    /// The server's clock, by which tokens expire.
    pub clock: Clock,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            client_id: "stamford parking".into(),
            secret: "oauth-secret-1/+&".into(),
            scope: None,
            client_in: ClientIn::default(),
            asked_as: AskedAs::default(),
            path: "/oauth/token".into(),
            wanted: Vec::new(),
            clock: Clock::default(),
        }
    }
}

/// How `expires_in` is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ExpiresIn {
    /// `3600`
    #[default]
    Number,
    /// `"3600"`
    Text,
    /// `0`
    Zero,
    /// It is not there.
    Missing,
}

/// How `token_type` is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TokenType {
    /// `Bearer`
    #[default]
    Bearer,
    /// `bearer`
    LowerCase,
    /// It is not there.
    Missing,
}

/// How a client is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Refusal {
    /// 401 for a client that is not known, 400 for other errors.
    #[default]
    ByTheStandard,
    /// 400 for all errors.
    Status400,
    /// 200 for all errors.
    Status200,
}

/// Every switch of the server. The default is well behaved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Switches {
    /// How `expires_in` is written.
    pub expires_in: ExpiresIn,
    /// How `token_type` is written.
    pub token_type: TokenType,
    /// How a client is refused.
    pub refusal: Refusal,
    /// So many of the next requests are answered 503.
    pub unavailable: usize,
    /// Tokens are dead when they are handed out.
    pub stillborn: bool,
    /// Tokens die after an hour; whoever was told when, and comes all the same, commits a violation.
    pub expires: bool,
}

/// A token that was handed out.
#[derive(Debug)]
struct Given {
    dies_at: DateTime<Utc>,
    /// The client was told when it dies.
    is_told: bool,
}

/// How long a token lives, in seconds.
const LIFE_S: u32 = 3600;

#[derive(Debug, Default)]
struct State {
    settings: Settings,
    switches: Switches,
    /// All tokens that were handed out; those before `living` are revoked.
    given: Vec<Given>,
    living: usize,
    /// Revoked tokens that a client came with, which it could not know.
    seen_old: Vec<String>,
    wrong_clients: usize,
    violations: Vec<String>,
}

impl State {
    fn note(&mut self, slug: &str) {
        if !self.settings.wanted.contains(&slug) {
            self.violations.push(slug.to_owned());
        }
    }

    fn answer(&mut self, request: &Request) -> Response {
        if self.switches.unavailable > 0 {
            self.switches.unavailable -= 1;
            return Response::empty(503);
        }
        let found = client(request, &self.settings);
        let known = (self.settings.client_id.clone(), self.settings.secret.clone());
        let error = match found {
            Ok(client) if client == known => return self.token(),
            Ok(_) => {
                self.wrong_clients += 1;
                let is_again = self.wrong_clients > 1;
                self.note(if is_again { "wrong-client-again" } else { "wrong-client" });
                "invalid_client"
            }
            Err((slug, error)) => {
                self.note(slug);
                error
            }
        };
        let status = match self.switches.refusal {
            Refusal::ByTheStandard if error == "invalid_client" => 401,
            Refusal::ByTheStandard | Refusal::Status400 => 400,
            Refusal::Status200 => 200,
        };
        let body = serde_json::json!({ "error": error, "error_description": "no such client" });
        Response::new(status, "application/json", body.to_string())
    }

    fn token(&mut self) -> Response {
        let dies_at = self.settings.clock.now() + TimeDelta::seconds(LIFE_S.into());
        let is_told = matches!(self.switches.expires_in, ExpiresIn::Number | ExpiresIn::Text);
        self.given.push(Given { dies_at, is_told });
        if self.switches.stillborn {
            self.living = self.given.len();
        }
        let mut body = serde_json::json!({
            "access_token": self.text(self.given.len() - 1),
            "refresh_token": "oauth-refresh-of-nobody",
        });
        match self.switches.expires_in {
            ExpiresIn::Number => body["expires_in"] = LIFE_S.into(),
            ExpiresIn::Text => body["expires_in"] = LIFE_S.to_string().into(),
            ExpiresIn::Zero => body["expires_in"] = 0.into(),
            ExpiresIn::Missing => {}
        }
        match self.switches.token_type {
            TokenType::Bearer => body["token_type"] = "Bearer".into(),
            TokenType::LowerCase => body["token_type"] = "bearer".into(),
            TokenType::Missing => {}
        }
        Response::new(200, "application/json", body.to_string())
    }

    fn text(&self, place: usize) -> String {
        format!("oauth-token-{place}-of-{}", self.settings.path.len())
    }
}

/// What a service learns of an `Authorization` header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// A token that lives.
    Good,
    /// One that was revoked. A client cannot know that, the first time.
    Old,
    /// One that was revoked, by a client that was told so.
    OldAgain,
    /// None that was ever handed out.
    Unknown,
}

/// The tokens of a server, for the service that takes them.
#[derive(Debug, Clone)]
pub struct Tokens(Arc<Mutex<State>>);

impl Tokens {
    /// Judges an `Authorization` header.
    pub fn judge(&self, header: &str) -> Judged {
        let mut state = lock(&self.0);
        let Some(token) = header.strip_prefix("Bearer ") else { return Judged::Unknown };
        let Some(place) = (0..state.given.len()).find(|place| state.text(*place) == token) else {
            return Judged::Unknown;
        };
        let (given, now) = (&state.given[place], state.settings.clock.now());
        let has_expired = state.switches.expires && given.dies_at <= now;
        let is_told = given.is_told;
        if has_expired && is_told {
            state.note("expired-token");
        }
        match place {
            _ if place >= state.living && !has_expired => Judged::Good,
            _ if state.seen_old.iter().any(|old| old == token) => Judged::OldAgain,
            _ => {
                state.seen_old.push(token.to_owned());
                Judged::Old
            }
        }
    }
}

struct Route(Arc<Mutex<State>>);

impl Handler for Route {
    fn answer(&self, request: &Request) -> Reply {
        Reply::Answer(lock(&self.0).answer(request))
    }

    fn malformed(&self, _: &str) {
        lock(&self.0).note("malformed");
    }
}

/// A running server; it stops, and frees its port, when dropped.
pub struct Server {
    state: Arc<Mutex<State>>,
    server: HttpServer,
}

/// Requests, faults, offline and online are those of its HTTP server.
impl Deref for Server {
    type Target = HttpServer;

    fn deref(&self) -> &HttpServer {
        &self.server
    }
}

impl Server {
    /// Starts a server on a free port.
    ///
    /// # Panics
    /// If there is none.
    pub fn start(settings: Settings) -> Self {
        let state = Arc::new(Mutex::new(State { settings, ..State::default() }));
        let server = HttpServer::start(Arc::new(Route(Arc::clone(&state))), 0, Tls::Off);
        Self { state, server }
    }

    /// Where tokens are asked for.
    pub fn url(&self) -> String {
        format!("{}{}", self.server.url(), lock(&self.state).settings.path)
    }

    /// What the service is given that takes its tokens.
    pub fn tokens(&self) -> Tokens {
        Tokens(Arc::clone(&self.state))
    }

    /// Revokes every token that was handed out.
    pub fn revoke(&self) {
        let mut state = lock(&self.state);
        state.living = state.given.len();
    }

    /// How many tokens were handed out.
    pub fn given(&self) -> usize {
        lock(&self.state).given.len()
    }

    /// Turns switches while the server runs.
    pub fn set(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut lock(&self.state).switches);
    }

    /// Changes the client, or how it must ask, and begins a new run of it: it may be wrong once more.
    pub fn edit_settings(&self, change: impl FnOnce(&mut Settings)) {
        let mut state = lock(&self.state);
        change(&mut state.settings);
        state.wrong_clients = 0;
    }

    /// What clients did that they must not, by slugs (listed in the crate documentation).
    pub fn violations(&self) -> Vec<String> {
        lock(&self.state).violations.clone()
    }
}
