//! From a request to its answer: manners, troubles, login, then the wire.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use chrono::TimeDelta;

use super::listing::Kind;
use super::problem::{Problem, problem, refusal};
use super::query::Query;
use super::state::State;
use super::switches::Auth;
use super::xml::Question;
use crate::base64;
use crate::clock::http_date;
use crate::http::{Framing, Handler, Reply, Request, Response};
use crate::lock;
use crate::oauth::Judged;

/// The service as the HTTP server sees it.
pub(super) struct Route(pub(super) Mutex<State>);

/// What a path leads to.
#[derive(Clone, Copy)]
enum Target {
    Listing(Kind),
    Xml,
}

impl Handler for Route {
    fn answer(&self, request: &Request) -> Reply {
        self.wait();
        let mut state = lock(&self.0);
        let what = format!("{} {}", request.method, request.target);
        let response = state.answer(request, &what).unwrap_or_else(|problem| {
            state.note(problem.slug, &format!("{} ({what})", problem.what));
            let response = refusal(problem.status);
            match problem.status {
                401 => response.with_header("WWW-Authenticate", state.switches.auth.challenge()),
                _ => response,
            }
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
        let keys = [&self.settings.key, &self.settings.xml_token];
        if keys.iter().any(|key| !key.is_empty() && request.target.contains(key.as_str())) {
            self.note("key-in-query", what);
        }
        if let Some(response) = self.trouble(request) {
            return Ok(response);
        }
        let base = self.settings.base_path.as_str();
        let target = match request.path() {
            path if path == self.settings.xml_path => Target::Xml,
            path => match path.strip_prefix(base) {
                Some("/sessions") => Target::Listing(Kind::Sessions),
                Some("/permits") => Target::Listing(Kind::Permits),
                Some("/violations") if self.switches.no_citations => return Ok(refusal(404)),
                Some("/violations") => Target::Listing(Kind::Citations),
                _ => return Err(problem("unknown-path", path).status(404)),
            },
        };
        match target {
            Target::Listing(kind) => self.seed(request, kind),
            Target::Xml => self.xml(request),
        }
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

    fn seed(&mut self, request: &Request, kind: Kind) -> Result<Response, Problem> {
        if request.method != "GET" {
            return Err(problem("wrong-method", "not GET").status(405));
        }
        self.login(request)?;
        if !request.body.is_empty() || request.framing == Framing::Chunked {
            return Err(problem("get-with-body", format!("{} bytes", request.body.len())));
        }
        let accept = request.header("Accept").unwrap_or_default();
        if !accepts(accept, &["application/json"]) {
            return Err(problem("accept", format!("\"{accept}\"")));
        }
        let names: &[&str] = match kind {
            Kind::Sessions => &["zones"],
            Kind::Permits => &["types", "includeInactive"],
            Kind::Citations => &["from", "to"],
        };
        let query = Query::parse(request.query(), names)?;
        match kind {
            Kind::Sessions => self.words(&query, "zones", &self.settings.zones, "unknown-zone")?,
            Kind::Permits => {
                self.words(&query, "types", &self.settings.permit_types, "unknown-type")?;
            }
            Kind::Citations => period(&query)?,
        }
        if let Some(value) = query.parameters.get("includeInactive")
            && !["true", "false"].contains(&value.as_str())
        {
            return Err(problem("flag-form", value));
        }
        if query.since.is_some_and(|since| self.now() < since) {
            return Err(problem("since-in-future", "by the service's clock"));
        }
        let inactive = query.parameters.get("includeInactive").is_some_and(|value| value == "true");
        if kind == Kind::Permits && query.since.is_some() && !inactive {
            self.note("since-without-inactive", "a permit that was cancelled would not show");
        }
        self.listing(kind, &query)
    }

    /// Checks a list parameter: each of its words is a known one.
    fn words(
        &self,
        query: &Query,
        name: &str,
        known: &[String],
        slug: &'static str,
    ) -> Result<(), Problem> {
        let mut words = query.list(name).unwrap_or_default().into_iter();
        match words.find(|word| !known.iter().any(|one| one == word)) {
            Some(word) if self.knows_plate(word) => Err(problem("plate-in-query", word)),
            Some(word) => Err(problem(slug, word)),
            None => Ok(()),
        }
    }

    fn login(&mut self, request: &Request) -> Result<(), Problem> {
        let Some(header) = request.header("Authorization") else {
            return Err(problem("no-login", "no Authorization").status(401));
        };
        if let Some(tokens) = &self.settings.tokens {
            let slug = match tokens.judge(header) {
                Judged::Good => return Ok(()),
                Judged::Old => "old-token",
                Judged::OldAgain => "old-token-again",
                Judged::Unknown => "wrong-login",
            };
            return Err(problem(slug, "a token").status(401));
        }
        let (scheme, given) = header.split_once(' ').unwrap_or((header, ""));
        let key = &self.settings.key;
        let (name, wanted) = match self.switches.auth {
            Auth::ApiKey => ("ApiKey", key.clone()),
            Auth::Bearer => ("Bearer", key.clone()),
            Auth::Basic => {
                let pair = format!("{}:{key}", self.settings.username);
                ("Basic", base64::encode(pair.as_bytes()))
            }
        };
        if scheme != name {
            return Err(problem("unknown-authorization", format!("not {name}")).status(401));
        }
        self.judge(0, given == wanted)
    }

    /// Counts wrong logins of a wire.
    fn judge(&mut self, wire: usize, is_right: bool) -> Result<(), Problem> {
        if is_right {
            return Ok(());
        }
        self.wrong_logins[wire] += 1;
        let slug = if self.wrong_logins[wire] > 1 { "wrong-login-again" } else { "wrong-login" };
        Err(problem(slug, "a key that is not known").status(401))
    }

    fn xml(&mut self, request: &Request) -> Result<Response, Problem> {
        if request.method != "POST" {
            return Err(problem("wrong-method", "not POST").status(405));
        }
        let Some(token) = request.header("IPSToken") else {
            return Err(problem("no-login", "no IPSToken").status(401));
        };
        self.judge(1, token == self.settings.xml_token)?;
        if !matches!(request.framing, Framing::Length(_)) {
            return Err(problem("no-content-length", "of a request with a body"));
        }
        if request.target.contains('?') {
            return Err(problem("unknown-parameter", request.query()));
        }
        let kind = request.header("Content-Type").unwrap_or_default();
        if !accepts(kind, &["application/xml", "text/xml"]) || kind.contains(',') {
            return Err(problem("content-type", format!("\"{kind}\"")));
        }
        let accept = request.header("Accept").unwrap_or("*/*");
        if !accepts(accept, &["application/json", "*/*"]) {
            return Err(problem("accept", format!("\"{accept}\"")));
        }
        let question = Question::parse(&request.body)?;
        self.parked(&question)
    }

    /// The last touch to every answer.
    fn dated(&self, mut response: Response) -> Response {
        response.keep_alive = self.switches.keep_alive;
        if !self.switches.date_header {
            return response;
        }
        let shown = self.now() + TimeDelta::seconds(self.switches.date_off_s);
        response.with_header("Date", &http_date(shown))
    }
}

/// Checks the period of citations, which the first page must be told: all that were ever written are no
/// answer that somebody could want.
fn period(query: &Query) -> Result<(), Problem> {
    match (query.from, query.to) {
        (None, _) if query.cursor.is_none() => Err(problem("from-missing", "of citations")),
        (Some(from), Some(to)) if to <= from => {
            Err(problem("empty-period", format!("{from} {to}")))
        }
        _ => Ok(()),
    }
}

/// Whether one of these media types is in a header.
fn accepts(header: &str, wanted: &[&str]) -> bool {
    let kinds = header.split(',').map(|part| part.split(';').next().unwrap_or_default().trim());
    kinds.map(str::to_ascii_lowercase).any(|kind| wanted.contains(&kind.as_str()))
}
