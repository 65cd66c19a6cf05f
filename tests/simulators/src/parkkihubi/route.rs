//! From a request to its answer: manners, troubles, login, then the listing.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::answer::{Problem, not_found, problem, refusal};
use super::listing::Kind;
use super::query::Query;
use super::state::State;
use crate::clock::http_date;
use crate::http::{Framing, Handler, Reply, Request, Response, Tls};
use crate::lock;

/// The register as the HTTP server sees it.
pub(super) struct Route(pub(super) Mutex<State>);

impl Handler for Route {
    fn answer(&self, request: &Request) -> Reply {
        self.wait();
        let mut state = lock(&self.0);
        let what = format!("{} {}", request.method, request.target);
        let response = state.answer(request, &what).unwrap_or_else(|problem| {
            state.note(problem.slug, &format!("{} ({what})", problem.what));
            problem.response()
        });
        Reply::Answer(state.dated(response))
    }

    fn malformed(&self, problem: &str) {
        lock(&self.0).note("malformed", problem);
    }
}

impl Route {
    /// Sleeps as long as the switch says, also if it is turned meanwhile.
    fn wait(&self) {
        let begin = Instant::now();
        while begin.elapsed() < lock(&self.0).switches.slow {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl State {
    fn answer(&mut self, request: &Request, what: &str) -> Result<Response, Problem> {
        if self.not_before.take().is_some_and(|time| request.at < time) {
            self.note("too-soon", what);
        }
        let token = &self.settings.token;
        if !token.is_empty() && request.target.contains(token.as_str()) {
            self.note("token-in-query", what);
        }
        if let Some(response) = self.trouble(request) {
            return Ok(response);
        }
        let base = format!("{}/enforcement/v1/", self.settings.base_path);
        let word = request.path().strip_prefix(&base).unwrap_or_default().to_owned();
        let kinds = [Kind::Parkings, Kind::Items];
        let find = |word: &str| kinds.into_iter().find(|kind| kind.word() == word);
        let Some(kind) = word.strip_suffix('/').and_then(find) else {
            self.note("unknown-path", what);
            if find(&word).is_none() {
                return Ok(not_found());
            }
            let to = match request.query() {
                "" => format!("{}/", request.path()),
                query => format!("{}/?{query}", request.path()),
            };
            return Ok(Response::empty(301).with_header("Location", &to));
        };
        self.login(request)?;
        if request.method != "GET" {
            let detail = format!("Method \"{}\" not allowed.", request.method);
            return Err(problem("wrong-method", "not GET").status(405).detail(detail));
        }
        if !request.body.is_empty() || request.framing == Framing::Chunked {
            return Err(problem("get-with-body", format!("{} bytes", request.body.len())));
        }
        let accept = request.header("Accept").unwrap_or_default();
        if !accepts_json(accept) {
            return Err(problem("accept", format!("\"{accept}\"")).status(406));
        }
        let query = Query::parse(request.query(), kind.parameters())?;
        let values = query.parameters.values().chain(&query.page);
        if let Some(plate) = values.into_iter().find(|value| self.memory.knows_plate(value)) {
            return Err(problem("plate-in-query", plate));
        }
        let scheme = if self.settings.tls == Tls::Off { "http" } else { "https" };
        let host = request.header("Host").unwrap_or("localhost");
        self.listing(kind, &query, &[scheme, host, request.path()])
    }

    /// What comes whatever was asked.
    fn trouble(&mut self, request: &Request) -> Option<Response> {
        let switches = &mut self.switches;
        if let Some(place) = &switches.redirect {
            let to = format!("{place}{}", request.target);
            return Some(Response::empty(302).with_header("Location", &to));
        }
        if let Some(status) = switches.broken {
            return Some(refusal(status));
        }
        let status = if switches.too_many > 0 {
            switches.too_many -= 1;
            429
        } else if switches.unavailable > 0 {
            switches.unavailable -= 1;
            503
        } else {
            return None;
        };
        let after = switches.retry_after;
        let shown = self.settings.clock.now() + TimeDelta::seconds(switches.date_off_s);
        let Some((text, wait)) = after.told(shown) else { return Some(refusal(status)) };
        self.not_before = Some(request.at + wait);
        Some(refusal(status).with_header("Retry-After", &text))
    }

    fn login(&mut self, request: &Request) -> Result<(), Problem> {
        let absent = "Authentication credentials were not provided.";
        let Some(header) = request.header("Authorization") else {
            return Err(problem("no-login", "no Authorization").status(401).detail(absent));
        };
        let (scheme, given) = header.split_once(' ').unwrap_or((header, ""));
        if scheme != "ApiKey" {
            let wrong = problem("unknown-authorization", "not ApiKey");
            return Err(wrong.status(401).detail(absent));
        }
        if given == self.settings.token {
            return Ok(());
        }
        self.wrong_logins += 1;
        let slug = if self.wrong_logins > 1 { "wrong-token-again" } else { "wrong-token" };
        Err(problem(slug, "a token that is not known").status(401))
    }

    /// The last touch to every answer.
    fn dated(&self, mut response: Response) -> Response {
        response.keep_alive = self.switches.keep_alive;
        if !self.switches.date_header {
            return response;
        }
        let shown = self.settings.clock.now() + TimeDelta::seconds(self.switches.date_off_s);
        response.with_header("Date", &http_date(shown))
    }
}

/// Whether JSON is among what a client takes, and is said so.
fn accepts_json(header: &str) -> bool {
    let mut kinds = header.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
    kinds.any(|kind| kind.eq_ignore_ascii_case("application/json"))
}
