//! Tariffs and their versions, and what a test may do and see.

use std::collections::BTreeMap;

use super::tariff::{dearer, read, rewritten};
use super::{Etags, Server, Stores, Switches};
use crate::http::Response;
use crate::service::{Call, Json, Problem, Service, State, json, problem, quote};

/// A meter.
#[derive(Debug)]
struct Meter {
    tariff: Json,
    rates: Vec<i64>,
    version: usize,
    /// A tariff that is applied later, if at all.
    waiting: Option<Json>,
    /// How often a client changed it.
    changes: usize,
    is_read_back: bool,
}

/// What the meters remember.
#[derive(Debug, Default)]
pub struct Parkeon(BTreeMap<String, Meter>);

impl Service for Parkeon {
    type Switches = Switches;

    fn subject(&self, _: &Switches, call: &Call) -> Option<String> {
        call.path.get(1).cloned()
    }

    fn answer(state: &mut State<Self>, call: &Call) -> Result<Response, Problem> {
        if let Some((name, _)) = call.query.first() {
            return Err(problem("unknown-parameter", name));
        }
        let (method, path) = call.route();
        let ["meter-config", id] = path[..] else { return Err(call.nowhere()) };
        if !state.memory.0.contains_key(id) {
            return Ok(json(404, "{\"error\":{\"code\":\"unknown_meter\"}}"));
        }
        match method {
            "GET" => Ok(state.show(id)),
            "PUT" => state.change(id, call),
            _ => Err(problem("wrong-method", method).status(405)),
        }
    }
}

impl State<Parkeon> {
    fn show(&mut self, id: &str) -> Response {
        let switches = self.switches.clone();
        let Some(meter) = self.memory.0.get_mut(id) else { return Response::empty(404) };
        meter.is_read_back = true;
        let shown = if switches.rewrites { rewritten(&meter.tariff) } else { meter.tariff.clone() };
        switches.etags.tell(json(200, shown.write()), meter.version)
    }

    fn change(&mut self, id: &str, call: &Call) -> Result<Response, Problem> {
        let switches = self.switches.clone();
        let body = call.document()?;
        let rates = read(body)?;
        let Some(meter) = self.memory.0.get_mut(id) else { return Err(call.nowhere()) };
        if !switches.etags.matches(&call.headers("If-Match"), meter.version)? {
            return Ok(json(412, "{\"error\":{\"code\":\"changed\"}}"));
        }
        let stored = match switches.stores {
            Stores::AsSent => Some(body.clone()),
            Stores::OtherRate => Some(dearer(body, &rates)),
            Stores::Nothing => None,
        };
        // Whoever never heard that it waits cannot see it either, and sends it once more.
        if meter.waiting.is_some() && meter.waiting != stored {
            return Err(problem("change-waits", id).status(409));
        }
        meter.is_read_back = false;
        let status = if switches.later {
            meter.waiting = stored;
            202
        } else {
            if let Some(tariff) = stored {
                meter.set(tariff);
                meter.changes += 1;
            }
            200
        };
        let word = if switches.later { "PENDING" } else { "APPLIED" };
        let body = format!("{{\"meterId\":{},\"status\":\"{word}\"}}", quote(id));
        Ok(switches.etags.tell(json(status, body), meter.version))
    }
}

impl Meter {
    fn set(&mut self, tariff: Json) {
        self.rates = read(&tariff).unwrap_or_default();
        self.tariff = tariff;
        self.version += 1;
    }
}

impl Etags {
    fn text(self, version: usize) -> Option<String> {
        match self {
            Self::Strong => Some(format!("\"v{version}\"")),
            Self::Weak | Self::WeakNeverMatches => Some(format!("W/\"v{version}\"")),
            Self::Absent => None,
        }
    }

    fn tell(self, response: Response, version: usize) -> Response {
        match self.text(version) {
            Some(text) => response.with_header("ETag", &text),
            None => response,
        }
    }

    /// Whether a client may change this version.
    fn matches(self, headers: &[&str], version: usize) -> Result<bool, Problem> {
        let header = match (self, headers) {
            (Self::Absent, []) => return Ok(true),
            (_, []) => return Err(problem("no-if-match", "of a tariff").status(428)),
            (_, [header]) => *header,
            _ => return Err(problem("if-match-twice", headers.join(" "))),
        };
        if header == "*" {
            return Err(problem("if-match-any", header).status(412));
        }
        let known = (1..=version).find(|one| self.text(*one).as_deref() == Some(header));
        match known {
            None => Err(problem("if-match-made-up", header).status(412)),
            Some(known) => Ok(known == version && self != Self::WeakNeverMatches),
        }
    }
}

impl Server {
    /// Adds a meter, or changes its tariff as somebody else would.
    ///
    /// # Panics
    /// If it is no tariff.
    pub fn add_meter(&self, id: &str, tariff: &str) {
        let tariff = Json::parse(tariff.as_bytes());
        let read = tariff.and_then(|tariff| Ok((read(&tariff)?, tariff)));
        let (rates, tariff) = read.unwrap_or_else(|bad| panic!("{}: {}", bad.slug, bad.what));
        self.with(|state| match state.memory.0.get_mut(id) {
            Some(meter) => meter.set(tariff),
            None => {
                let (version, waiting, changes, is_read_back) = (1, None, 0, true);
                let meter = Meter { tariff, rates, version, waiting, changes, is_read_back };
                state.memory.0.insert(id.to_owned(), meter);
            }
        });
    }

    /// Applies the change that waits; `false` if none does.
    pub fn apply_later(&self, id: &str) -> bool {
        self.with(|state| {
            let Some(meter) = state.memory.0.get_mut(id) else { return false };
            let Some(tariff) = meter.waiting.take() else { return false };
            meter.set(tariff);
            meter.changes += 1;
            true
        })
    }

    /// The change that waits is forgotten, and nobody is told; `false` if none does.
    pub fn forget_later(&self, id: &str) -> bool {
        self.with(|state| {
            state.memory.0.get_mut(id).is_some_and(|meter| meter.waiting.take().is_some())
        })
    }

    /// A rate of a meter, in minor units an hour, by its place.
    pub fn rate(&self, id: &str, place: usize) -> Option<i64> {
        self.with(|state| state.memory.0.get(id)?.rates.get(place).copied())
    }

    /// How often a client changed a meter.
    pub fn changes(&self, id: &str) -> usize {
        self.with(|state| state.memory.0.get(id).map_or(0, |meter| meter.changes))
    }

    /// Meters that a client changed, and did not read since.
    pub fn not_read_back(&self) -> Vec<String> {
        let unread = |(id, meter): (&String, &Meter)| (!meter.is_read_back).then(|| id.clone());
        self.with(|state| state.memory.0.iter().filter_map(unread).collect())
    }
}
