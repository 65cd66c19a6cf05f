//! Documents and questions.

use chrono::{DateTime, SecondsFormat, Utc};

use super::ledger::{Kind, Movement, Paper, Teller};
use super::{Switches, Wrong};
use crate::http::Response;
use crate::service::{Call, Fields, Json, Problem, Service, State, json, problem, quote};

/// What a document may say beside the money.
const METADATA: &[&str] = &["sessionId", "zoneNumber", "municipality", "department"];

/// The fee of a payment that names none, in minor units.
const FEE: i64 = 25;

impl Service for Teller {
    type Switches = Switches;

    fn subject(&self, _: &Switches, call: &Call) -> Option<String> {
        match call.route() {
            ("GET", path) if path.len() == 2 => Some(path[1].to_owned()),
            ("POST", path) => {
                let name = if path == ["payments"] { "paymentId" } else { "refundId" };
                Some(call.body.as_ref()?.get(name)?.text()?.to_owned())
            }
            _ => None,
        }
    }

    fn answer(state: &mut State<Self>, call: &Call) -> Result<Response, Problem> {
        match call.route() {
            ("POST", path) if path == ["payments"] => state.pay(call),
            ("POST", path) if path == ["refunds"] => state.refund(call),
            ("GET", path) if path.len() == 2 => {
                if let Some((name, _)) = call.query.first() {
                    return Err(problem("unknown-parameter", name));
                }
                let id = match path[0] {
                    "idempotency-keys" => state.keyed(path[1]).unwrap_or_default(),
                    "payments" | "refunds" => path[1].to_owned(),
                    _ => return Err(call.nowhere()),
                };
                let wrong = state.switches.wrong_state;
                let found = match path[0] {
                    "payments" => state.payment_text(&id, wrong),
                    "refunds" => state.refund_text(&id, wrong),
                    _ => state.refund_text(&id, wrong).or_else(|| state.payment_text(&id, wrong)),
                };
                Ok(match found {
                    Some(text) => json(200, text),
                    None => json(404, "{\"error\":{\"code\":\"unknown_document\"}}"),
                })
            }
            _ => Err(call.nowhere()),
        }
    }
}

impl State<Teller> {
    fn refund(&mut self, call: &Call) -> Result<Response, Problem> {
        no_card_number(&call.bytes)?;
        let mut body = Fields::of(call.document()?, "")?;
        let id = body.text("refundId")?.to_owned();
        let payment = body.text("originalPaymentId")?.to_owned();
        let amount = body.minor("refundAmount")?;
        capitals(body.text("reason")?)?;
        metadata(body.maybe("metadata"))?;
        self.currency(body.maybe("currency"))?;
        body.end()?;
        if !self.memory.payments.contains_key(&payment) {
            return Err(problem("unknown-payment", payment).status(404));
        }
        if let Some(there) = self.memory.refunds.get(&id) {
            if self.switches.ids_are_unique {
                return Ok(
                    self.is_there(&there.sent.clone(), self.refund_text(&id, Wrong::Nothing))
                );
            }
            self.note("money-twice", &id);
        }
        let left = self.memory.left(&payment);
        if amount > left {
            let what = format!("{id}: {amount} of {left}");
            return Err(problem("refund-above-remaining", what).status(422));
        }
        let paper = self.post(&id, &payment, Kind::Refund, -amount, 0, call);
        self.memory.refunds.insert(id.clone(), paper);
        let wrong = self.wrong(&id);
        Ok(json(201, self.refund_text(&id, wrong).unwrap_or_default()))
    }

    fn pay(&mut self, call: &Call) -> Result<Response, Problem> {
        no_card_number(&call.bytes)?;
        let mut body = Fields::of(call.document()?, "")?;
        let id = body.text("paymentId")?.to_owned();
        let amount = body.minor("amount")?;
        self.currency(Some(body.needs("currency")?))?;
        let mut method = body.object("paymentMethod")?;
        capitals(method.text("type")?)?;
        method.text("token")?;
        method.end()?;
        metadata(body.maybe("metadata"))?;
        for name in ["description", "statementDescriptor"] {
            body.maybe(name);
        }
        let mut fee = FEE;
        if let Some(told) = body.maybe("applicationFee") {
            let mut told = Fields::of(told, "/applicationFee")?;
            fee = told.minor("amount")?;
            told.maybe("description");
            told.end()?;
        }
        body.end()?;
        if fee > amount {
            return Err(problem("fee-above-amount", format!("{fee} of {amount}")).status(422));
        }
        if let Some(there) = self.memory.payments.get(&id) {
            if self.switches.ids_are_unique {
                return Ok(
                    self.is_there(&there.sent.clone(), self.payment_text(&id, Wrong::Nothing))
                );
            }
            self.note("money-twice", &id);
        }
        let paper = self.post(&id, &id, Kind::Payment, amount, fee, call);
        self.memory.payments.insert(id.clone(), paper);
        let wrong = self.wrong(&id);
        Ok(json(201, self.payment_text(&id, wrong).unwrap_or_default()))
    }

    /// Moves the money of a document.
    fn post(
        &mut self,
        id: &str,
        payment: &str,
        kind: Kind,
        amount: i64,
        fee: i64,
        call: &Call,
    ) -> Paper {
        let (at, is_pending) = (self.now(), self.switches.pending);
        let card = self.memory.card(payment);
        let moved = Movement::new(kind, id, payment, amount, at);
        let moved = Movement { fee, card, is_pending, ..moved };
        let payment = payment.to_owned();
        let transaction = self.memory.post(moved);
        let status = if is_pending { "PENDING" } else { "COMPLETED" }.to_owned();
        let sent = call.body.as_ref().map(Json::write).unwrap_or_default();
        Paper { status, transaction, sent, at, payment, amount: amount.abs(), fee }
    }

    /// What is wrong with the answer to a document; whoever sees it must ask.
    fn wrong(&mut self, id: &str) -> Wrong {
        let wrong = self.switches.wrong;
        if wrong != Wrong::Nothing {
            self.doubt(id);
        }
        wrong
    }

    fn currency(&self, told: Option<&Json>) -> Result<(), Problem> {
        match told {
            None => Ok(()),
            Some(told) if told.text() == Some(&self.switches.currency) => Ok(()),
            Some(told) => Err(problem("currency", told.write())),
        }
    }

    /// A document that came before.
    fn is_there(&self, sent: &str, state: Option<String>) -> Response {
        let sent = if sent.is_empty() { "null" } else { sent };
        let state = state.unwrap_or_else(|| "null".into());
        let body =
            format!("{{\"error\":{{\"code\":\"exists\"}},\"document\":{sent},\"state\":{state}}}");
        json(409, body)
    }

    fn refund_text(&self, id: &str, wrong: Wrong) -> Option<String> {
        let paper = self.memory.refunds.get(id)?;
        let payment = if wrong == Wrong::OtherPayment { "park_payment_0" } else { &paper.payment };
        let head = format!(
            "\"refundId\":{},\"originalPaymentId\":{},\"tellerTransactionId\":{},\"status\":{}",
            quote(if wrong == Wrong::OtherId { "refund_0" } else { id }),
            quote(payment),
            quote(&paper.transaction),
            quote(if wrong == Wrong::UnknownStatus { "MAYBE" } else { &paper.status }),
        );
        let amount = amount("refundAmount", paper.amount, wrong);
        Some(format!("{{{head}{amount},\"timestamp\":\"{}\"}}", stamp(paper.at)))
    }

    fn payment_text(&self, id: &str, wrong: Wrong) -> Option<String> {
        let paper = self.memory.payments.get(id)?;
        let head = format!(
            "\"paymentId\":{},\"tellerTransactionId\":{},\"status\":{}",
            quote(if wrong == Wrong::OtherId { "park_payment_0" } else { id }),
            quote(&paper.transaction),
            quote(if wrong == Wrong::UnknownStatus { "MAYBE" } else { &paper.status }),
        );
        let fee = paper.fee - i64::from(wrong == Wrong::NetAndFee);
        let of_it = self.memory.refunds.iter().filter(|(_, refund)| refund.payment == id);
        let refunds: Vec<String> = of_it
            .map(|(id, refund)| {
                let (id, status) = (quote(id), quote(&refund.status));
                format!(
                    "{{\"refundId\":{id},\"refundAmount\":{},\"status\":{status}}}",
                    refund.amount
                )
            })
            .collect();
        let left = self.memory.left(id);
        let day = self.settlement_day(paper.at);
        let batch = super::settlement::batch(day, self.memory.card(id));
        Some(format!(
            "{{{head}{},\"currency\":{},\"netAmount\":{},\"processingFee\":{fee},\"timestamp\":\"{}\",\
             \"accounting\":{{\"revenueAccount\":\"4100-PARKING-REVENUE\",\
             \"feeAccount\":\"5200-PROCESSING-FEES\",\"batchId\":\"{batch}\"}},\
             \"reconciliation\":{{\"settlementDate\":\"{day}\",\
             \"merchantReference\":\"{}\"}},\"remainingAmount\":{left},\"refunds\":[{}]}}",
            amount("amount", paper.amount, wrong),
            quote(&self.switches.currency),
            paper.amount - paper.fee,
            stamp(paper.at),
            super::settlement::REFERENCE,
            refunds.join(","),
        ))
    }
}

/// A member for an amount, with the comma before it.
fn amount(name: &str, amount: i64, wrong: Wrong) -> String {
    match wrong {
        Wrong::OtherAmount => format!(",\"{name}\":{}", amount + 1),
        Wrong::AmountText => format!(",\"{name}\":\"{amount}\""),
        Wrong::AmountFloat => format!(",\"{name}\":{amount}.0"),
        Wrong::NoAmount => String::new(),
        _ => format!(",\"{name}\":{amount}"),
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn metadata(told: Option<&Json>) -> Result<(), Problem> {
    let Some(Json::Object(members)) = told else { return Ok(()) };
    match members.iter().find(|(name, _)| !METADATA.contains(&name.as_str())) {
        Some((name, _)) => Err(problem("personal-data", format!("/metadata/{name}"))),
        None => Ok(()),
    }
}

/// A word such as `EARLY_SESSION_END`, of which nobody has a list.
fn capitals(text: &str) -> Result<(), Problem> {
    let is_word = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    if is_word { Ok(()) } else { Err(problem("unknown-word", text)) }
}

/// No run of digits in a document is a card's number.
fn no_card_number(bytes: &[u8]) -> Result<(), Problem> {
    let runs = bytes.split(|byte| !byte.is_ascii_digit());
    let mut cards = runs.filter(|run| (13..=19).contains(&run.len()) && is_card(run));
    match cards.next() {
        Some(run) => Err(problem("card-number", format!("{} digits", run.len()))),
        None => Ok(()),
    }
}

/// Begins as cards do, and its check digit is right (Luhn).
fn is_card(digits: &[u8]) -> bool {
    let one = |(place, digit): (usize, &u8)| {
        let value = u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 };
        value / 10 + value % 10
    };
    let sum: u32 = digits.iter().rev().enumerate().map(one).sum();
    (b'2'..=b'6').contains(&digits[0]) && sum.is_multiple_of(10)
}
