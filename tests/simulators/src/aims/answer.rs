//! Citations and questions, and what a test may do and see.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};

use super::citation::plate;
use super::{Citation, Right, Server, Standing, Switches, Wrong};
use crate::http::Response;
use crate::service::{Call, Json, Problem, Service, State, json, major, problem, quote};

/// A citation that was taken.
#[derive(Debug)]
struct Taken {
    citation: Citation,
    standing: Standing,
    received_at: DateTime<Utc>,
    sent: String,
    times: usize,
}

/// What the system remembers.
#[derive(Debug, Default)]
pub struct Aims {
    taken: BTreeMap<String, Taken>,
    rights: Vec<Right>,
}

impl Service for Aims {
    type Switches = Switches;

    /// Evidence is longer in Base64 than it is.
    const BODY_MAX: usize = 16 << 20;

    fn subject(&self, _: &Switches, call: &Call) -> Option<String> {
        match (call.route(), &call.body) {
            (("GET", path), _) if path.len() == 2 && path[0] == "citations" => {
                Some(path[1].to_owned())
            }
            (_, Some(body)) => Some(body.get("citationNumber")?.text()?.to_owned()),
            _ => None,
        }
    }

    fn answer(state: &mut State<Self>, call: &Call) -> Result<Response, Problem> {
        match call.route() {
            ("POST", path) if path == ["citations"] => state.take(call),
            ("GET", path) if path.len() == 2 && path[0] == "lookup" => state.lookup(call, path[1]),
            ("GET", path) if path.len() == 2 => {
                if let Some((name, _)) = call.query.first() {
                    return Err(problem("unknown-parameter", name));
                }
                let number = match path[0] {
                    "citations" => path[1].to_owned(),
                    "idempotency-keys" => state.keyed(path[1]).unwrap_or_default(),
                    _ => return Err(call.nowhere()),
                };
                Ok(match state.memory.taken.get(&number) {
                    Some(taken) => json(200, taken.text(state.switches.wrong_state)),
                    None => json(404, "{\"error\":{\"code\":\"unknown_document\"}}"),
                })
            }
            _ => Err(call.nowhere()),
        }
    }
}

impl State<Aims> {
    fn take(&mut self, call: &Call) -> Result<Response, Problem> {
        let body = call.document()?;
        let now = self.now();
        let citation = Citation::read(body, now, &self.switches)?;
        let number = citation.number.clone();
        if let Some(there) = self.memory.taken.get_mut(&number) {
            let is_contested = there.standing == Standing::Contested;
            let exists = format!(
                "{{\"error\":{{\"code\":\"exists\"}},\"document\":{},\"state\":{}}}",
                there.sent,
                there.text(Wrong::Nothing)
            );
            let is_refused = self.switches.numbers_are_unique;
            if !is_refused {
                there.times += 1;
            }
            let ack = there.ack(Wrong::Nothing);
            if is_contested {
                self.note("contested-sent", &number);
            }
            if !is_refused {
                self.note("citation-twice", &number);
            }
            return Ok(if is_refused { json(409, exists) } else { json(201, ack) });
        }
        let Citation { plate, state, zone, at, .. } = &citation;
        if self.memory.rights.iter().any(|right| right.covers(plate, state, zone, *at)) {
            self.note("citation-against-right", &number);
        }
        let (standing, sent) = (Standing::Accepted, body.write());
        let taken = Taken { citation, standing, received_at: now, sent, times: 1 };
        let wrong = self.switches.wrong;
        let ack = taken.ack(wrong);
        self.memory.taken.insert(number.clone(), taken);
        if wrong != Wrong::Nothing {
            self.doubt(&number);
        }
        Ok(json(201, ack))
    }

    fn lookup(&mut self, call: &Call, text: &str) -> Result<Response, Problem> {
        if let Some((name, _)) =
            call.query.iter().find(|(name, _)| !["state", "zone"].contains(&name.as_str()))
        {
            return Err(problem("unknown-parameter", name));
        }
        let needs = |name: &'static str| {
            call.parameter(name).ok_or_else(|| problem("missing-parameter", name))
        };
        let (plate, state, zone) = (plate(text)?, needs("state")?, needs("zone")?);
        let now = self.now();
        let is_valid = self.memory.rights.iter().any(|right| right.covers(plate, state, zone, now));
        let status = if is_valid { "ACTIVE" } else { "NOT_FOUND" };
        Ok(json(
            200,
            format!(
                "{{\"verification\":{{\"isValid\":{is_valid},\"status\":\"{status}\",\"session\":null,\
                 \"vehicle\":{{\"licensePlate\":{},\"state\":{}}},\"permits\":[]}}}}",
                quote(plate),
                quote(state)
            ),
        ))
    }
}

impl Taken {
    fn ack(&self, wrong: Wrong) -> String {
        let number = match wrong {
            Wrong::OtherNumber => "AIMS-0",
            _ => &self.citation.number,
        };
        let status = match wrong {
            Wrong::NoStatus => String::new(),
            Wrong::UnknownStatus => "\"status\":\"MAYBE\",".into(),
            _ => format!("\"status\":\"{}\",", self.standing.word()),
        };
        let at = self.received_at.to_rfc3339_opts(SecondsFormat::Millis, true);
        format!("{{\"citationNumber\":{},{status}\"receivedAt\":\"{at}\"}}", quote(number))
    }

    fn text(&self, wrong: Wrong) -> String {
        let one = |(label, bytes): &(String, Vec<u8>)| {
            format!("{{\"mimeType\":{},\"bytes\":{}}}", quote(label), bytes.len())
        };
        let evidence: Vec<String> = self.citation.evidence.iter().map(one).collect();
        let ack = self.ack(wrong);
        format!(
            "{},\"licensePlate\":{},\"state\":{},\"violationCode\":{},\"fineAmount\":{},\"evidence\":[{}]}}",
            ack.trim_end_matches('}'),
            quote(&self.citation.plate),
            quote(&self.citation.state),
            quote(&self.citation.code),
            major(self.citation.fine),
            evidence.join(","),
        )
    }
}

impl Server {
    /// A car has a right, the end outside: a citation against it is a violation.
    pub fn add_right(
        &self,
        plate: &str,
        state: &str,
        zone: &str,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) {
        let [plate, state, zone] = [plate, state, zone].map(String::from);
        self.with(|all| all.memory.rights.push(Right { plate, state, zone, from, until }));
    }

    /// How often a citation was taken: once, if all is well.
    pub fn times_taken(&self, number: &str) -> usize {
        self.with(|state| state.memory.taken.get(number).map_or(0, |taken| taken.times))
    }

    /// A citation as it was taken.
    pub fn citation(&self, number: &str) -> Option<Citation> {
        self.with(|state| state.memory.taken.get(number).map(|taken| taken.citation.clone()))
    }

    /// Sets where a citation stands; `false` if it never came.
    pub fn set_standing(&self, number: &str, standing: Standing) -> bool {
        self.with(|state| {
            let found = state.memory.taken.get_mut(number);
            found.is_some_and(|taken| {
                taken.standing = standing;
                true
            })
        })
    }

    /// A citation is there already, sent by somebody else, as this document.
    ///
    /// # Panics
    /// If it is not as it must be.
    pub fn put(&self, document: &str) {
        self.with(|state| {
            let body = Json::parse(document.as_bytes());
            let now = state.now();
            let read = body.and_then(|body| {
                let citation = Citation::read(&body, now, &state.switches)?;
                Ok((citation, body.write()))
            });
            let (citation, sent) = read.unwrap_or_else(|bad| panic!("{}: {}", bad.slug, bad.what));
            let (standing, received_at) = (Standing::Accepted, now);
            let number = citation.number.clone();
            state
                .memory
                .taken
                .insert(number, Taken { citation, standing, received_at, sent, times: 1 });
        });
    }
}
