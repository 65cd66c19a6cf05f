//! Batches and questions, and what a test may do and see.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::referral::{Change, Referral, read, rows};
use super::{Ack, Server, Standing, Switches};
use crate::http::Response;
use crate::service::{Call, Json, Problem, Service, State, json, major, problem, quote};

/// A referral that was taken.
#[derive(Debug, Clone)]
struct Case {
    referral: Referral,
    /// `Open`, `Hold`, `Paid`, `Void`
    status: String,
    /// How often it was taken.
    times: usize,
}

/// A batch as it was taken.
#[derive(Debug, Clone)]
pub(super) struct Batch {
    id: String,
    subject: String,
    taken: Vec<String>,
    pub(super) total: i64,
    refused: Vec<(String, String)>,
}

/// What the agency remembers.
#[derive(Debug, Default)]
pub struct Duncan {
    standings: BTreeMap<String, Standing>,
    cases: BTreeMap<String, Case>,
    batches: Vec<Batch>,
    /// When a batch of referrals came last.
    referred_at: Option<DateTime<Utc>>,
    /// Bytes of files that were collected.
    pub(super) files: Vec<Vec<u8>>,
}

impl Service for Duncan {
    type Switches = Switches;

    /// A batch is what it is about, in any order.
    fn subject(&self, _: &Switches, call: &Call) -> Option<String> {
        match (call.route(), &call.body) {
            (("GET", path), _) if path.len() == 2 && path[0] == "batches" => {
                self.batches.iter().find(|one| one.id == path[1]).map(|one| one.subject.clone())
            }
            (_, Some(body)) => {
                let text = |row: &Json, name| row.get(name).and_then(Json::text).map(String::from);
                let one = |row: &Json| {
                    Some(text(row, "referenceId")? + &text(row, "newStatus").unwrap_or_default())
                };
                let mut ids: Vec<String> = rows(body).ok()?.iter().filter_map(one).collect();
                ids.sort();
                Some(format!("{}:{}", call.path.join("/"), ids.join(",")))
            }
            _ => None,
        }
    }

    fn answer(state: &mut State<Self>, call: &Call) -> Result<Response, Problem> {
        if let (Some((name, _)), None) = (call.query.first(), &call.body) {
            return Err(problem("unknown-parameter", name));
        }
        let (method, path) = call.route();
        let ack = state.switches.ack_of_state;
        let found = match (method, path.as_slice()) {
            ("POST", ["citations"]) => return state.placement(call),
            ("POST", ["status"]) => return state.change(call),
            ("GET", ["citations", reference]) => {
                state.memory.cases.get(*reference).map(|case| case.text(reference))
            }
            ("GET", ["batches", id]) => state.memory.batch(|one| one.id == *id, ack),
            ("GET", ["idempotency-keys", key]) => {
                let subject = state.keyed(key).unwrap_or_default();
                state.memory.batch(|one| one.subject == subject, ack)
            }
            _ => return Err(call.nowhere()),
        };
        Ok(match found {
            Some(text) => json(200, text),
            None => json(404, "{\"error\":{\"code\":\"unknown_document\"}}"),
        })
    }
}

impl State<Duncan> {
    fn placement(&mut self, call: &Call) -> Result<Response, Problem> {
        let currency = self.switches.currency.clone();
        let referrals = read(call.document()?, |row| Referral::read(row, &currency))?;
        if referrals.is_empty() {
            self.note("empty-batch", "of referrals");
            return Ok(Response::empty(204));
        }
        let subject = self.memory.subject(&self.switches, call).unwrap_or_default();
        if let Some(status) = self.switches.refuses_all {
            self.refused(&subject);
            return Ok(json(status, "{\"error\":{\"code\":\"refused\"}}"));
        }
        let batch = self.refer(subject, referrals);
        self.acknowledge(batch)
    }

    /// Takes referrals, whoever they are; whoever must not be referred is noted.
    pub(super) fn refer(&mut self, subject: String, referrals: Vec<Referral>) -> Batch {
        self.withdraw_first();
        self.memory.referred_at = Some(self.now());
        let id = format!("batch_{}", self.memory.batches.len() + 1);
        let mut batch = Batch { id, subject, taken: Vec::new(), total: 0, refused: Vec::new() };
        let most = self.switches.takes_only.unwrap_or(referrals.len());
        for referral in referrals {
            let reference = referral.reference.clone();
            self.judge_referral(&referral);
            if let Some(why) = self.switches.refuses.get(&reference) {
                batch.refused.push((reference, why.clone()));
                continue;
            }
            if self.memory.cases.get(&reference).is_some_and(|case| case.status == "Open") {
                batch.refused.push((reference, "duplicate".into()));
                continue;
            }
            if batch.taken.len() == most {
                continue;
            }
            batch.total += referral.amount;
            batch.taken.push(reference.clone());
            let times = self.memory.cases.get(&reference).map_or(0, |case| case.times) + 1;
            let case = Case { referral, status: "Open".into(), times };
            self.memory.cases.insert(reference, case);
        }
        self.memory.batches.push(batch.clone());
        batch
    }

    /// Whoever is open here, and must not be, had to be withdrawn before anybody is referred.
    fn withdraw_first(&mut self) {
        let Duncan { cases, standings, .. } = &self.memory;
        let is_over = |reference: &str| {
            standings.get(reference).is_some_and(|standing| !matches!(standing, Standing::Owed(_)))
        };
        let open = cases.iter().filter(|(_, case)| case.status == "Open");
        let over: Vec<String> =
            open.map(|(reference, _)| reference.clone()).filter(|one| is_over(one)).collect();
        for reference in over {
            self.note("withdraw-first", &reference);
        }
    }

    fn judge_referral(&mut self, referral: &Referral) {
        let reference = referral.reference.clone();
        let slug = match self.memory.standings.get(&reference) {
            None => "referred-unknown",
            Some(Standing::Paid) => "referred-paid",
            Some(Standing::Contested) => "referred-contested",
            Some(Standing::Hold) => "referred-on-hold",
            Some(Standing::Dismissed) => "referred-dismissed",
            Some(Standing::Owed(amount)) if *amount != referral.amount => "referred-amount",
            Some(Standing::Owed(_)) => match self.memory.cases.get(&reference) {
                Some(case) if case.status == "Open" => "referred-twice",
                Some(_) => "referred-withdrawn",
                None => return,
            },
        };
        self.note(slug, &reference);
    }

    fn change(&mut self, call: &Call) -> Result<Response, Problem> {
        let changes = read(call.document()?, Change::read)?;
        if changes.is_empty() {
            self.note("empty-batch", "of changes");
            return Ok(Response::empty(204));
        }
        let subject = self.memory.subject(&self.switches, call).unwrap_or_default();
        if let Some(status) = self.switches.refuses_all {
            self.refused(&subject);
            return Ok(json(status, "{\"error\":{\"code\":\"refused\"}}"));
        }
        let batch = self.move_cases(subject, changes);
        self.acknowledge(batch)
    }

    /// Moves cases. Whoever is withdrawn after others were referred at the same time waited for nothing.
    pub(super) fn move_cases(&mut self, subject: String, changes: Vec<Change>) -> Batch {
        if self.memory.referred_at == Some(self.now()) {
            self.note("referred-before-withdrawal", &subject);
        }
        let id = format!("batch_{}", self.memory.batches.len() + 1);
        let mut batch = Batch { id, subject, taken: Vec::new(), total: 0, refused: Vec::new() };
        for Change { reference, status, paid } in changes {
            let refused = self.switches.refuses.get(&reference).cloned();
            match (refused, self.memory.cases.get_mut(&reference)) {
                (Some(why), _) => batch.refused.push((reference, why)),
                (None, None) => batch.refused.push((reference, "unknown".into())),
                (None, Some(case)) => {
                    let has_too_much = paid > case.referral.amount;
                    let is_opened = status == "Open" && case.status != "Open";
                    let was_final = ["Paid", "Void"].contains(&case.status.as_str());
                    case.status = status;
                    batch.total += case.referral.amount;
                    batch.taken.push(reference.clone());
                    if is_opened {
                        self.note("opened-again", &reference);
                    } else if was_final {
                        self.note("withdrawn-twice", &reference);
                    }
                    if has_too_much {
                        self.note("paid-too-much", &reference);
                    }
                }
            }
        }
        self.memory.batches.push(batch.clone());
        batch
    }

    fn acknowledge(&mut self, batch: Batch) -> Result<Response, Problem> {
        let ack = self.switches.ack;
        if batch.taken.is_empty() && !batch.refused.is_empty() {
            self.refused(&batch.subject);
        }
        if ack != Ack::Honest || self.switches.takes_only.is_some() {
            self.doubt(&batch.subject);
        }
        Ok(json(200, batch.text(ack, "")))
    }
}

impl Duncan {
    fn batch(&self, is_it: impl Fn(&Batch) -> bool, ack: Ack) -> Option<String> {
        let batch = self.batches.iter().find(|one| is_it(one))?;
        let taken: Vec<String> = batch.taken.iter().map(|one| quote(one)).collect();
        Some(batch.text(ack, &format!(",\"referenceIds\":[{}]", taken.join(","))))
    }
}

impl Batch {
    /// How many were taken.
    pub(super) fn count(&self) -> usize {
        self.taken.len()
    }

    fn text(&self, ack: Ack, more: &str) -> String {
        let (mut count, mut total) = (self.taken.len().to_string(), self.total);
        let mut refused = self.refused.clone();
        match ack {
            Ack::CountOff(by) => count = (self.taken.len() as i64 + by).to_string(),
            Ack::DollarsOff(by) => total += by,
            Ack::StrangerRefused => refused.push(("AIMS-0".into(), "duplicate".into())),
            _ => {}
        }
        let count = if ack == Ack::NoCount { String::new() } else { format!(",\"count\":{count}") };
        let total = match ack {
            Ack::NoDollars => String::new(),
            Ack::DollarsNumber => format!(",\"totalDue\":{}", major(total)),
            _ => format!(",\"totalDue\":\"{}\"", major(total)),
        };
        let one = |(reference, code): &(String, String)| {
            let (reference, code) = (quote(reference), quote(code));
            format!("{{\"referenceId\":{reference},\"code\":{code},\"message\":\"not taken\"}}")
        };
        let errors: Vec<String> = refused.iter().map(one).collect();
        let (id, errors) = (quote(&self.id), errors.join(","));
        format!("{{\"id\":{id}{count}{total},\"errors\":[{errors}]{more}}}")
    }
}

impl Case {
    fn text(&self, reference: &str) -> String {
        let (reference, status) = (quote(reference), quote(&self.status));
        let amount = major(self.referral.amount);
        format!("{{\"referenceId\":{reference},\"status\":{status},\"amountDue\":\"{amount}\"}}")
    }
}

impl Server {
    /// Says what is true of a citation.
    pub fn set_standing(&self, reference: &str, standing: Standing) {
        self.with(|state| state.memory.standings.insert(reference.to_owned(), standing));
    }

    /// References that are dunned now.
    pub fn open(&self) -> Vec<String> {
        let is_open = |(reference, case): (&String, &Case)| {
            (case.status == "Open").then(|| reference.clone())
        };
        self.with(|state| state.memory.cases.iter().filter_map(is_open).collect())
    }

    /// What all that are dunned now owe, in minor units.
    pub fn open_total(&self) -> i64 {
        let of = |case: &Case| if case.status == "Open" { case.referral.amount } else { 0 };
        self.with(|state| state.memory.cases.values().map(of).sum())
    }

    /// A referral as it was taken.
    pub fn referral(&self, reference: &str) -> Option<Referral> {
        self.with(|state| state.memory.cases.get(reference).map(|case| case.referral.clone()))
    }

    /// `Open`, `Hold`, `Paid`, `Void`; `None` if it never came.
    pub fn status(&self, reference: &str) -> Option<String> {
        self.with(|state| state.memory.cases.get(reference).map(|case| case.status.clone()))
    }

    /// How often a referral was taken: once, if all is well.
    pub fn times_taken(&self, reference: &str) -> usize {
        self.with(|state| state.memory.cases.get(reference).map_or(0, |case| case.times))
    }
}
