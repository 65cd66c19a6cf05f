//! From a request to its answer, and the handle that tests hold.

use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::call::Call;
use super::keys::Keys;
use super::problem::{Problem, page, problem, refusal};
use super::settings::{Login, Settings};
use super::troubles::{Mishap, Troubles};
use crate::clock::{Clock, http_date};
use crate::http::{Handler, HttpServer, Reply, Request, Response};
use crate::lock;
use crate::oauth::Judged;

/// What a client cannot know the first time; no violation.
const TOKEN_OLD: &str = "token-old";

/// What one kind of service does with calls whose manners are good. Its value is what it remembers.
pub trait Service: Default + Send + Sized + 'static {
    /// How it behaves: each way, good or bad.
    type Switches: Clone + Default + Send;

    /// Most bytes of a document.
    const BODY_MAX: usize = 1 << 20;

    /// The id of the document that a call brings, or asks about; `None`: of none.
    fn subject(&self, switches: &Self::Switches, call: &Call) -> Option<String>;

    /// Carries a call out.
    ///
    /// # Errors
    /// Why it is refused.
    fn answer(state: &mut State<Self>, call: &Call) -> Result<Response, Problem>;
}

/// Everything a service holds, behind one lock.
pub struct State<S: Service> {
    pub(crate) settings: Settings,
    pub(crate) troubles: Troubles,
    pub(crate) switches: S::Switches,
    pub(crate) memory: S,
    pub(super) keys: Keys,
    violations: Vec<String>,
    /// Wrong logins of this run; with tokens, those in a row.
    wrong_logins: usize,
    /// By this computer's clock: when the client was told to come again.
    not_before: Option<DateTime<Utc>>,
}

impl<S: Service> State<S> {
    /// Notes a violation, unless the test wants it.
    pub(crate) fn note(&mut self, slug: &str, what: &str) {
        if !self.settings.wanted.contains(&slug) {
            self.violations.push(format!("{slug}: {what}"));
        }
    }

    /// The service's time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.settings.clock.now()
    }

    /// What was answered about a document is no confirmation: the client must ask.
    pub(crate) fn doubt(&mut self, subject: &str) {
        self.keys.doubt(subject);
    }

    /// The document that came under a key.
    pub(crate) fn keyed(&self, key: &str) -> Option<String> {
        self.keys.subject(key).map(String::from)
    }

    /// Says that nothing of a document was taken, so that it may come again under another key.
    pub(crate) fn refused(&mut self, subject: &str) {
        self.keys.refused(subject);
    }

    fn serve(&mut self, request: &Request) -> Reply {
        let what = format!("{} {}", request.method, request.target);
        if self.not_before.take().is_some_and(|time| request.at < time) {
            self.note("too-soon", &what);
        }
        if self.settings.login.secret().is_some_and(|secret| request.target.contains(secret)) {
            self.note("secret-in-target", "the login");
        }
        let read = Call::read(request, &self.settings.base_path, S::BODY_MAX);
        if let Some(response) = self.trouble(request) {
            if response.status >= 500
                && let Ok(call) = &read
                && call.is_write()
                && let Some(subject) = self.subject(call)
            {
                self.keys.doubt(&subject);
            }
            return self.reply(response);
        }
        let answer = match self.login(request).and(read) {
            Ok(call) => self.judge(&call),
            Err(problem) => Err(problem),
        };
        answer.unwrap_or_else(|problem| {
            if problem.slug != TOKEN_OLD {
                self.note(problem.slug, &format!("{} ({what})", problem.what));
            }
            self.reply(problem.response())
        })
    }

    /// What a call is about, also if it names a key.
    fn subject(&self, call: &Call) -> Option<String> {
        let found = match call.route() {
            ("GET", path) if path.first() == Some(&"idempotency-keys") => {
                self.keys.subject(path.last()?).map(String::from)
            }
            _ => self.memory.subject(&self.switches, call),
        };
        found.filter(|subject| !subject.is_empty())
    }

    /// A call whose manners are good: its key, what becomes of it, and its answer.
    fn judge(&mut self, call: &Call) -> Result<Reply, Problem> {
        let subject = self.subject(call);
        if !call.is_write() && !self.troubles.tells_state {
            return Ok(self.reply(refusal(405)));
        }
        let mut key = None;
        let mut replayed = None;
        if call.method == "POST" {
            let (found, answer) = self.judge_key(call, subject.as_deref())?;
            (key, replayed) = (Some(found), answer);
        }
        let queue = if call.is_write() {
            &mut self.troubles.documents
        } else {
            &mut self.troubles.questions
        };
        let mishap = if queue.is_empty() { Mishap::Answered } else { queue.remove(0) };
        if let Some(subject) = subject {
            match (call.is_write(), mishap) {
                (true, mishap) if mishap.leaves_in_doubt() => self.keys.doubt(&subject),
                (false, Mishap::Answered) => self.keys.told(&subject),
                _ => {}
            }
        }
        let mut response = Response::empty(204);
        if mishap.is_after() {
            response = match replayed {
                Some(response) => response,
                None => self.carry_out(call, key.as_deref(), mishap)?,
            };
        }
        Ok(match mishap {
            Mishap::Answered => self.reply(response),
            Mishap::LostBefore | Mishap::LostAfter => Reply::Drop,
            Mishap::FailsBefore(status) | Mishap::FailsAfter(status) => self.reply(refusal(status)),
            Mishap::PageBefore | Mishap::PageAfter => self.reply(page()),
            Mishap::CutAfter => {
                let half = response.body[..response.body.len() / 2].to_vec();
                response.body = Arc::new(half);
                self.reply(response)
            }
        })
    }

    fn carry_out(
        &mut self,
        call: &Call,
        key: Option<&str>,
        mishap: Mishap,
    ) -> Result<Response, Problem> {
        if let Some(key) = key {
            self.keep_key(key, call);
        }
        let answer = S::answer(self, call);
        if let (Err(_), Some(key)) = (&answer, key) {
            // Nothing was begun.
            self.keys.free(key);
        }
        let response = answer?;
        if let Some(key) = key {
            match mishap {
                Mishap::FailsAfter(status) if self.troubles.replays_failures => {
                    self.keys.answered(key, &refusal(status));
                }
                _ => self.keys.answered(key, &response),
            }
        }
        Ok(response)
    }

    /// What comes whatever was asked.
    fn trouble(&mut self, request: &Request) -> Option<Response> {
        let troubles = &mut self.troubles;
        if let Some(place) = &troubles.redirect {
            let to = format!("{place}{}", request.target);
            return Some(Response::empty(307).with_header("Location", &to));
        }
        if let Some(status) = troubles.broken {
            return Some(refusal(status));
        }
        let status = if troubles.too_many > 0 {
            troubles.too_many -= 1;
            429
        } else if troubles.unavailable > 0 {
            troubles.unavailable -= 1;
            503
        } else {
            return None;
        };
        let after = troubles.retry_after;
        let Some((text, wait)) = after.told(self.now()) else { return Some(refusal(status)) };
        self.not_before = Some(request.at + wait);
        Some(refusal(status).with_header("Retry-After", &text))
    }

    fn login(&mut self, request: &Request) -> Result<(), Problem> {
        let Some(header) = request.header("Authorization") else {
            return Err(problem("no-login", "no Authorization").status(401));
        };
        let slug = match &self.settings.login {
            Login::OAuth(tokens) => match tokens.judge(header) {
                Judged::Good => "",
                // A client cannot know this, but it may take a new token only once.
                Judged::Old if self.wrong_logins == 0 => {
                    self.wrong_logins = 1;
                    return Err(problem(TOKEN_OLD, "revoked").status(401));
                }
                Judged::Old => "new-token-again",
                Judged::OldAgain => "old-token-again",
                Judged::Unknown => "wrong-login",
            },
            login => match login.header() {
                Some(wanted) if wanted == header => "",
                _ if self.wrong_logins > 0 => "wrong-login-again",
                _ => "wrong-login",
            },
        };
        if slug.is_empty() {
            if matches!(self.settings.login, Login::OAuth(_)) {
                self.wrong_logins = 0;
            }
            return Ok(());
        }
        self.wrong_logins += 1;
        Err(problem(slug, "a login that is not known").status(401))
    }

    /// The last touch to every answer.
    fn reply(&self, response: Response) -> Reply {
        Reply::Answer(response.with_header("Date", &http_date(self.now())))
    }
}

/// The service as the HTTP server sees it.
struct Route<S: Service>(Mutex<State<S>>);

impl<S: Service> Handler for Route<S> {
    fn answer(&self, request: &Request) -> Reply {
        // The switch may be turned while somebody waits.
        let begin = Instant::now();
        while begin.elapsed() < lock(&self.0).troubles.slow {
            std::thread::sleep(Duration::from_millis(5));
        }
        lock(&self.0).serve(request)
    }

    fn malformed(&self, problem: &str) {
        lock(&self.0).note("malformed", problem);
    }
}

/// A running service; it stops, and frees its port, when dropped.
pub struct Server<S: Service> {
    route: Arc<Route<S>>,
    server: HttpServer,
}

/// Requests, byte counters, faults, offline and online are those of its HTTP server.
impl<S: Service> Deref for Server<S> {
    type Target = HttpServer;

    fn deref(&self) -> &HttpServer {
        &self.server
    }
}

impl<S: Service> Drop for Server<S> {
    fn drop(&mut self) {
        // Nobody is kept waiting for a slow answer.
        self.trouble(|troubles| troubles.slow = Duration::ZERO);
    }
}

impl<S: Service> Server<S> {
    /// Starts a service that knows nothing yet.
    ///
    /// # Panics
    /// If the port of the settings is taken.
    pub fn start(settings: Settings) -> Self {
        let (port, tls) = (settings.port, settings.tls);
        let state = State {
            settings,
            troubles: Troubles::default(),
            switches: S::Switches::default(),
            memory: S::default(),
            keys: Keys::default(),
            violations: Vec::new(),
            wrong_logins: 0,
            not_before: None,
        };
        let route = Arc::new(Route(Mutex::new(state)));
        let server = HttpServer::start(Arc::clone(&route) as _, port, tls);
        Self { route, server }
    }

    /// Base URL, `http://127.0.0.1:PORT/v1`; no closing slash.
    pub fn url(&self) -> String {
        self.with(|state| format!("{}{}", self.server.url(), state.settings.base_path))
    }

    /// Turns switches of this kind of service while it runs.
    pub fn set(&self, change: impl FnOnce(&mut S::Switches)) {
        self.with(|state| change(&mut state.switches));
    }

    /// Turns switches for what may go wrong while the service runs.
    pub fn trouble(&self, change: impl FnOnce(&mut Troubles)) {
        self.with(|state| change(&mut state.troubles));
    }

    /// Those as they stand; what is counted counts down.
    pub fn troubles(&self) -> Troubles {
        self.with(|state| state.troubles.clone())
    }

    /// Changes login or path while the service runs. Its port and TLS are no longer taken from there.
    pub fn edit_settings(&self, change: impl FnOnce(&mut Settings)) {
        self.with(|state| change(&mut state.settings));
    }

    /// Every key is forgotten, sooner than was said.
    pub fn forget_keys(&self) {
        self.with(|state| state.keys.forget());
    }

    /// Begins a new run of the client: it may fail one login again, and need not wait for what the last
    /// run was told.
    pub fn begin_run(&self) {
        self.with(|state| (state.wrong_logins, state.not_before) = (0, None));
    }

    /// What clients did that they must not, one line each, beginning with a slug (listed in the crate
    /// documentation).
    pub fn violations(&self) -> Vec<String> {
        self.with(|state| state.violations.clone())
    }

    /// Forgets the violations.
    pub fn clear_violations(&self) {
        self.with(|state| state.violations.clear());
    }

    /// The service's clock.
    pub fn clock(&self) -> Clock {
        self.with(|state| state.settings.clock.clone())
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut State<S>) -> T) -> T {
        look(&mut lock(&self.route.0))
    }
}
