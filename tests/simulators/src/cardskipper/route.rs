//! From a request to its answer: form, login, right, criteria, listing.
//!
//! Each violation is a line `slug: what happened`. The slugs: `malformed`, `unknown-authorization`,
//! `get-with-body`, `no-content-length`, `content-type`, `unknown-path`, `import-used`,
//! `wrong-method`, `only-active-with-changed-at`, `not-modelled`, and those of the criteria:
//! `bad-xml`, `wrong-root`, `criteria-order`, `criteria-twice`, `criteria-unknown`,
//! `criteria-empty`, `criteria-text`, `criteria-value`, `changed-at-form`, `organisation-missing`.

use std::io::Write;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::answers::{error, instead};
use super::criteria::Criteria;
use super::member::Member;
use super::render;
use super::settings::{Answer, ChangedAtZone, OnlyActive, Settings, Switches};
use crate::base64;
use crate::http::{Framing, Handler, Reply, Request, Response};
use crate::lock;
use crate::zone::Zone;

/// Criteria that the schema knows and this service does not play.
const NOT_MODELLED: [&str; 4] = ["MemberId", "UserId", "OrganisationUnit", "HasUserDevice"];

/// How many listings are kept as bytes: those of every organisation that a test has, as of many moments.
const RENDERED_MAX: usize = 2_048;

/// A member and when it last changed.
pub(super) struct Stored {
    pub(super) member: Member,
    pub(super) changed_at: DateTime<Utc>,
}

/// Everything the service holds in its memory.
pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) switches: Switches,
    pub(super) members: Vec<Stored>,
    pub(super) violations: Vec<String>,
    /// Listings that were rendered since the members last changed.
    pub(super) rendered: Vec<Rendered>,
}

/// A listing as bytes, and what it answers.
pub(super) struct Rendered {
    /// The criteria but for `ChangedAt`, and the day.
    key: String,
    /// For a listing of changes: the newest change that is left out, and the oldest that is told. Any
    /// `ChangedAt` between the two gives the same bytes.
    between: Option<(DateTime<Utc>, DateTime<Utc>)>,
    body: Arc<Vec<u8>>,
}

impl Rendered {
    fn answers(&self, key: &str, since: Option<DateTime<Utc>>) -> bool {
        let fits = match (self.between, since) {
            (None, None) => true,
            (Some((left_out, told)), Some(since)) => left_out <= since && since < told,
            _ => false,
        };
        fits && self.key == key
    }
}

/// The service as the HTTP server sees it.
pub(super) struct Route(pub(super) Mutex<State>);

impl Handler for Route {
    fn answer(&self, request: &Request) -> Reply {
        let mut state = lock(&self.0);
        let mut response = state.answer(request);
        response.keep_alive = state.switches.keep_alive;
        if state.switches.date_header {
            let now = state.settings.clock.now().format("%a, %d %b %Y %H:%M:%S GMT");
            response = response.with_header("Date", &now.to_string());
        }
        Reply::Answer(response.with_header("Server", "Microsoft-IIS/10.0"))
    }

    fn malformed(&self, problem: &str) {
        lock(&self.0).note("malformed", problem);
    }
}

impl State {
    fn note(&mut self, slug: &str, what: &str) {
        self.violations.push(format!("{slug}: {what}"));
    }

    fn answer(&mut self, request: &Request) -> Response {
        let what = format!("{} {}", request.method, request.target);
        let has_body = !request.body.is_empty() || request.framing == Framing::Chunked;
        if request.method == "GET" && has_body {
            self.note("get-with-body", &what);
        }
        let told = matches!(request.framing, Framing::Length(_));
        if request.method == "POST" && !told {
            self.note("no-content-length", &what);
        }
        if let Some(status) = self.switches.broken {
            return error(&self.switches, request, status);
        }
        if !self.is_logged_in(request, &what) {
            return error(&self.switches, request, 401)
                .with_header("WWW-Authenticate", "Basic realm=\"api.cardskipper.se\"");
        }
        let rights = self.switches.rights;
        let path = request.target.strip_suffix('/').unwrap_or(&request.target);
        let allowed = match (request.method.as_str(), path) {
            ("POST", "/Member/Export") => rights.export,
            ("GET", "/Organisation/Info") => rights.organisation_info,
            (_, "/Member/Export" | "/Organisation/Info") => {
                self.note("wrong-method", &what);
                return error(&self.switches, request, 405);
            }
            (_, path) => {
                let import = path.starts_with("/Import");
                self.note(if import { "import-used" } else { "unknown-path" }, &what);
                return error(&self.switches, request, 404);
            }
        };
        if !allowed {
            return error(&self.switches, request, rights.refusal);
        }
        if request.method == "GET" {
            let body = render::organisations(&self.switches, &self.settings.organisations);
            return self.document(request, Arc::new(body));
        }
        match self.export(request) {
            Ok(body) => self.document(request, body),
            Err(status) => error(&self.switches, request, status),
        }
    }

    fn is_logged_in(&mut self, request: &Request, what: &str) -> bool {
        let Some(header) = request.header("Authorization") else {
            return false;
        };
        let Some(("Basic", given)) = header.split_once(' ') else {
            self.note("unknown-authorization", what);
            return false;
        };
        let Settings { username, password, .. } = &self.settings;
        let wanted = format!("{username}:{password}");
        base64::decode(given.trim()).is_some_and(|given| given == wanted.as_bytes())
    }

    /// The listing, or the status of the refusal.
    fn export(&mut self, request: &Request) -> Result<Arc<Vec<u8>>, u16> {
        let kind = request.header("Content-Type").unwrap_or_default().to_ascii_lowercase();
        if kind.split(';').next().unwrap_or_default().trim() != "application/xml" {
            self.note("content-type", &format!("\"{kind}\""));
        }
        let criteria = match Criteria::parse(&request.body) {
            Ok(criteria) => criteria,
            Err(problem) => {
                self.note(problem.slug, &problem.what);
                return Err(400);
            }
        };
        if criteria.flag("OnlyActive") && criteria.changed_at().is_some() {
            self.note("only-active-with-changed-at", "inactivation would not show");
        }
        for name in NOT_MODELLED {
            if criteria.get(name).is_some() {
                self.note("not-modelled", name);
            }
        }
        let organisation = criteria.number("OrganisationId");
        if !self.settings.organisations.iter().any(|known| Some(known.id) == organisation) {
            return Err(403);
        }
        Ok(self.listing(&criteria))
    }

    /// The listing for these criteria, rendered now unless that was done before.
    pub(super) fn listing(&mut self, criteria: &Criteria) -> Arc<Vec<u8>> {
        let today = self.settings.clock.now().date_naive();
        let since = criteria.changed_at().map(|at| since(&self.switches, at));
        let key = format!("{today} {:?}", criteria.without("ChangedAt"));
        if let Some(known) = self.rendered.iter().find(|one| one.answers(&key, since)) {
            return Arc::clone(&known.body);
        }
        let takes = |stored: &&Stored| takes(&self.switches, criteria, stored, today);
        let found: Vec<&Member> =
            self.members.iter().filter(takes).map(|stored| &stored.member).collect();
        let body = Arc::new(render::members(&self.switches, &found));
        let between = since.map(|since| {
            let (mut left_out, mut told) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
            for changed_at in self.members.iter().map(|stored| stored.changed_at) {
                if changed_at > since {
                    told = told.min(changed_at);
                } else {
                    left_out = left_out.max(changed_at);
                }
            }
            (left_out, told)
        });
        if self.rendered.len() >= RENDERED_MAX {
            self.rendered.clear();
        }
        self.rendered.push(Rendered { key, between, body: Arc::clone(&body) });
        body
    }

    /// Wraps a document as the switches say.
    fn document(&self, request: &Request, honest: Arc<Vec<u8>>) -> Response {
        if let Some(other) = instead(self.switches.answer, &honest) {
            debug_assert_ne!(self.switches.answer, Answer::Honest);
            return other;
        }
        let accepted = request
            .header("Accept-Encoding")
            .is_some_and(|value| value.to_ascii_lowercase().contains("gzip"));
        let mut response = Response::new(200, "application/xml; charset=utf-8", Vec::new());
        if self.switches.gzip && accepted {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            // Writing to memory cannot fail.
            let _ = encoder.write_all(&honest);
            response.body = Arc::new(encoder.finish().unwrap_or_default());
            return response.with_header("Content-Encoding", "gzip");
        }
        response.body = honest;
        response
    }
}

/// The moment that a `ChangedAt` means.
fn since(switches: &Switches, at: NaiveDateTime) -> DateTime<Utc> {
    match switches.changed_at {
        ChangedAtZone::Utc => at.and_utc(),
        ChangedAtZone::Sweden => Zone::central_europe().utc(at),
    }
}

fn takes(switches: &Switches, criteria: &Criteria, stored: &Stored, today: NaiveDate) -> bool {
    let member = &stored.member;
    let organisation = criteria.number("OrganisationId");
    let Some(here) = member.organisations.iter().find(|o| Some(o.id) == organisation) else {
        return false;
    };
    let like = |name: &str, value: &str| {
        criteria.get(name).is_none_or(|part| value.to_lowercase().contains(&part.to_lowercase()))
    };
    let changed = criteria.changed_at().is_none_or(|at| stored.changed_at > since(switches, at));
    let number = criteria.number("OrganisationMemberId");
    let role = criteria.number("RoleId");
    changed
        && number.is_none_or(|number| u64::try_from(number) == Ok(member.number))
        && role.is_none_or(|role| here.roles.iter().any(|r| r.id == role))
        && criteria.get("Birthdate").is_none_or(|day| member.birth_date.starts_with(day))
        && like("Firstname", &member.first)
        && like("Lastname", &member.last)
        && like("Cellphone", &member.phones.join(" "))
        && like("TagContains", &here.tags.join(" "))
        && (!criteria.flag("OnlyActive") || is_active(switches.only_active, member, today))
}

fn is_active(meaning: OnlyActive, member: &Member, today: NaiveDate) -> bool {
    let active = member.inactive != Some(true);
    let day =
        |text: &str| text.get(..10).and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok());
    let mut roles = member.organisations.iter().flat_map(|o| &o.roles);
    let current = roles.any(|role| {
        day(&role.start).is_some_and(|start| start <= today)
            && day(&role.end).is_some_and(|end| today <= end)
    });
    match meaning {
        OnlyActive::Both => active && current,
        OnlyActive::Inactive => active,
        OnlyActive::ExpiredRole => current,
    }
}
