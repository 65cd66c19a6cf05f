//! Reports and questions, and what a test may see.

use chrono::NaiveDate;

use super::report::{Report, id, subject};
use super::{Server, Switches, Wrong};
use crate::http::Response;
use crate::service::{Call, Problem, Service, State, json, major, problem, quote};

/// A report that was taken.
#[derive(Debug)]
struct Taken {
    report: Report,
    sent: String,
    is_accepted: bool,
}

/// What the accounts remember, oldest first.
#[derive(Debug, Default)]
pub struct Gtcs(Vec<Taken>);

impl Service for Gtcs {
    type Switches = Switches;

    fn subject(&self, switches: &Switches, call: &Call) -> Option<String> {
        match (call.route(), &call.body) {
            (("GET", path), _) if path.len() == 2 => Some(path[1].to_owned()),
            (_, Some(body)) => subject(body, switches.zone),
            _ => None,
        }
    }

    fn answer(state: &mut State<Self>, call: &Call) -> Result<Response, Problem> {
        if let (Some((name, _)), None) = (call.query.first(), &call.body) {
            return Err(problem("unknown-parameter", name));
        }
        let (method, path) = call.route();
        let document = match (method, path.as_slice()) {
            ("POST", ["reconciliation"]) => return state.take(call),
            ("GET", ["reconciliation", document]) => (*document).to_owned(),
            ("GET", ["idempotency-keys", key]) => state.keyed(key).unwrap_or_default(),
            _ => return Err(call.nowhere()),
        };
        let found = state.memory.0.iter().find(|taken| taken.id() == document);
        Ok(match found {
            Some(taken) => json(200, taken.text(state.switches.wrong_state)),
            None => json(404, "{\"error\":{\"code\":\"unknown_document\"}}"),
        })
    }
}

impl State<Gtcs> {
    fn take(&mut self, call: &Call) -> Result<Response, Problem> {
        let body = call.document()?;
        let report = Report::read(body, self.now(), &self.switches)?;
        let document = id(report.day, report.revision);
        let there = self.memory.0.iter().find(|taken| taken.id() == document);
        if let Some(there) = there {
            if self.switches.days_are_unique {
                let (sent, state) = (&there.sent, there.text(Wrong::Nothing));
                let body = format!(
                    "{{\"error\":{{\"code\":\"exists\"}},\"document\":{sent},\"state\":{state}}}"
                );
                return Ok(json(409, body));
            }
            self.note("day-doubled", &document);
        }
        if report.revision > 1 && report.corrects != self.memory.newest(report.day) {
            return Err(problem("revision-gap", document).status(422));
        }
        let of_others = self.memory.0.iter().filter(|taken| taken.report.day != report.day);
        let mut told = of_others.flat_map(|taken| &taken.report.transactions);
        if let Some(twice) = told.find(|one| report.transactions.contains(one)) {
            return Err(problem("transaction-on-two-days", twice).status(422));
        }
        let is_accepted = !self.switches.slow_acceptance;
        let taken = Taken { report, sent: body.write(), is_accepted };
        let wrong = self.switches.wrong;
        let text = taken.text(wrong);
        self.memory.0.push(taken);
        if wrong != Wrong::Nothing {
            self.doubt(&document);
        }
        Ok(json(201, text))
    }
}

impl Gtcs {
    /// The revision of a day that was taken last.
    fn newest(&self, day: NaiveDate) -> Option<usize> {
        let of_day = self.0.iter().filter(|taken| taken.report.day == day);
        of_day.map(|taken| taken.report.revision).max()
    }
}

impl Taken {
    fn id(&self) -> String {
        id(self.report.day, self.report.revision)
    }

    fn text(&self, wrong: Wrong) -> String {
        let mut count = self.report.transactions.len() as i64;
        let mut revenue = self.report.revenue;
        let mut document = self.id();
        let mut status = if self.is_accepted { "ACCEPTED" } else { "RECEIVED" };
        let mut differences = "";
        match wrong {
            Wrong::Nothing => {}
            Wrong::CountOff(by) => count += by,
            Wrong::RevenueOff(by) => revenue += by,
            Wrong::Difference => differences = "{\"path\":\"/summary/netRevenue\"}",
            Wrong::OtherDocument => document = "gtcs:2000-01-01:1".into(),
            Wrong::UnknownStatus => status = "MAYBE",
        }
        format!(
            "{{\"reportId\":{},\"status\":\"{status}\",\"receivedTransactions\":{count},\
             \"totalRevenue\":{},\"differences\":[{differences}]}}",
            quote(&document),
            major(revenue)
        )
    }
}

impl Server {
    /// All reports that were received are accepted.
    pub fn accept_all(&self) {
        self.with(|state| state.memory.0.iter_mut().for_each(|taken| taken.is_accepted = true));
    }

    /// How many reports of a day were taken, its revisions too.
    pub fn reports(&self, day: NaiveDate) -> usize {
        self.with(|state| state.memory.0.iter().filter(|taken| taken.report.day == day).count())
    }

    /// The revenue of a day by its newest revision, in minor units: doubled, if that was taken twice.
    pub fn revenue(&self, day: NaiveDate) -> i64 {
        self.with(|state| {
            let of_day = || state.memory.0.iter().filter(|taken| taken.report.day == day);
            let newest = of_day().map(|taken| taken.report.revision).max();
            let counts = of_day().filter(|taken| Some(taken.report.revision) == newest);
            counts.map(|taken| taken.report.revenue).sum()
        })
    }

    /// The newest report of a day.
    pub fn report(&self, day: NaiveDate) -> Option<Report> {
        self.with(|state| {
            let of_day = state.memory.0.iter().filter(|taken| taken.report.day == day);
            of_day.max_by_key(|taken| taken.report.revision).map(|taken| taken.report.clone())
        })
    }
}
