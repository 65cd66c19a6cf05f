//! The ledger: every movement of money once, and what documents it came from.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::Server;
use super::settlement::{Row, Settlement};
use crate::service::State;

/// What a movement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Somebody paid.
    Payment,
    /// Some of it went back.
    Refund,
    /// The payer's bank took it back.
    Chargeback,
    /// The provider took something.
    Fee,
    /// The provider mended something.
    Adjustment,
}

impl Kind {
    /// The word in files.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Payment => "PAYMENT",
            Self::Refund => "REFUND",
            Self::Chargeback => "CHARGEBACK",
            Self::Fee => "FEE",
            Self::Adjustment => "ADJUSTMENT",
        }
    }
}

/// Whose card it was: some are deposited apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Card {
    /// Any.
    #[default]
    Common,
    /// The brand that is deposited apart, and a day later.
    Amex,
}

/// Money that moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Movement {
    /// `teller_txn_1`
    pub transaction: String,
    /// The document that it came from, or the payment.
    pub document: String,
    /// The payment that it belongs to.
    pub payment: String,
    /// What it is.
    pub kind: Kind,
    /// Minor units; what goes back is negative.
    pub amount: i64,
    /// Minor units that the provider keeps.
    pub fee: i64,
    /// Whose card it was.
    pub card: Card,
    /// When.
    pub at: DateTime<Utc>,
    /// It has not moved yet, and may never: no file tells of it.
    pub is_pending: bool,
    /// The day whose file tells of it; `None`: the day of its settlement.
    pub in_file: Option<NaiveDate>,
}

impl Movement {
    /// One without fee that has moved, of a common card, told of on the day of its settlement.
    pub(super) fn new(
        kind: Kind,
        document: &str,
        payment: &str,
        amount: i64,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            transaction: String::new(),
            document: document.to_owned(),
            payment: payment.to_owned(),
            kind,
            amount,
            fee: 0,
            card: Card::Common,
            at,
            is_pending: false,
            in_file: None,
        }
    }
}

/// A document as it stands.
#[derive(Debug, Clone)]
pub(super) struct Paper {
    pub(super) status: String,
    pub(super) transaction: String,
    /// As it was sent; empty for what was there before.
    pub(super) sent: String,
    pub(super) at: DateTime<Utc>,
    pub(super) payment: String,
    pub(super) amount: i64,
    pub(super) fee: i64,
}

/// What the cashier remembers.
#[derive(Debug, Default)]
pub struct Teller {
    pub(super) payments: BTreeMap<String, Paper>,
    pub(super) refunds: BTreeMap<String, Paper>,
    pub(super) movements: Vec<Movement>,
    /// The number of the last transaction.
    last: usize,
}

impl Teller {
    /// Moves money; the transaction.
    pub(super) fn post(&mut self, movement: Movement) -> String {
        self.last += 1;
        let transaction = format!("teller_txn_{}", self.last);
        self.movements.push(Movement { transaction: transaction.clone(), ..movement });
        transaction
    }

    /// What is left of a payment, in minor units.
    pub(super) fn left(&self, payment: &str) -> i64 {
        let of = self.movements.iter().filter(|one| one.payment == payment);
        of.filter(|one| !matches!(one.kind, Kind::Fee)).map(|one| one.amount).sum()
    }

    pub(super) fn card(&self, payment: &str) -> Card {
        let found = self.movements.iter().find(|one| one.payment == payment);
        found.map(|one| one.card).unwrap_or_default()
    }
}

impl State<Teller> {
    /// The day with which something is settled.
    pub(super) fn settlement_day(&self, at: DateTime<Utc>) -> NaiveDate {
        let local = self.switches.zone.local(at);
        let is_late = local.time() >= self.switches.cutoff;
        local.date() + TimeDelta::days(i64::from(is_late))
    }

    fn rows(&self, tells: impl Fn(NaiveDate) -> bool) -> Settlement {
        let moved = self.memory.movements.iter().filter(|one| !one.is_pending);
        let dated = moved.map(|one| (one, self.settlement_day(one.at)));
        let told = dated.filter(|(one, day)| tells(one.in_file.unwrap_or(*day)));
        let row = |(one, day): (&Movement, NaiveDate)| Row::of(one, day, &self.switches.currency);
        Settlement { rows: told.map(row).collect() }
    }
}

impl Server {
    /// Somebody paid at a meter or in an app: a payment that the client did not send.
    ///
    /// # Panics
    /// If there is a payment with this id.
    pub fn capture(&self, id: &str, amount: i64, fee: i64, at: DateTime<Utc>) {
        self.capture_from(Card::Common, id, amount, fee, at);
    }

    /// The same with a card of this brand.
    ///
    /// # Panics
    /// If there is a payment with this id.
    pub fn capture_from(&self, card: Card, id: &str, amount: i64, fee: i64, at: DateTime<Utc>) {
        self.with(|state| {
            let memory = &mut state.memory;
            assert!(!memory.payments.contains_key(id), "there are two payments {id}");
            let paid = Movement::new(Kind::Payment, id, id, amount, at);
            let paid = Movement { fee, card, ..paid };
            let (transaction, payment) = (memory.post(paid), id.to_owned());
            let (status, sent) = ("COMPLETED".into(), String::new());
            let paper = Paper { status, transaction, sent, at, payment, amount, fee };
            memory.payments.insert(id.to_owned(), paper);
        });
    }

    /// Moves money of a payment out of the client's sight: a charge-back, a fee, an adjustment. The amount
    /// has its sign.
    ///
    /// # Panics
    /// If there is no such payment.
    pub fn post(&self, kind: Kind, payment: &str, amount: i64, at: DateTime<Utc>) {
        self.with(|state| {
            let memory = &mut state.memory;
            assert!(memory.payments.contains_key(payment), "there is no payment {payment}");
            let document = format!("{}:{payment}", kind.word());
            let card = memory.card(payment);
            let moved = Movement::new(kind, &document, payment, amount, at);
            memory.post(Movement { card, ..moved });
        });
    }

    /// The file of another day tells of a payment and of all that belongs to it; its settlement date
    /// stays.
    pub fn tell_in_file_of(&self, payment: &str, day: NaiveDate) {
        self.with(|state| {
            let all = state.memory.movements.iter_mut();
            all.filter(|one| one.payment == payment).for_each(|one| one.in_file = Some(day));
        });
    }

    /// Sets the status of a payment or refund. What was `PENDING` moves with `COMPLETED`, and never with
    /// `FAILED`. `false` if there is none.
    pub fn set_status(&self, id: &str, status: &str) -> bool {
        self.with(|state| {
            let Teller { payments, refunds, movements, .. } = &mut state.memory;
            match status {
                "COMPLETED" => movements.iter_mut().for_each(|one| {
                    one.is_pending &= one.document != id;
                }),
                "FAILED" => movements.retain(|one| !(one.is_pending && one.document == id)),
                _ => {}
            }
            let paper = refunds.get_mut(id).or_else(|| payments.get_mut(id));
            paper.is_some_and(|paper| {
                paper.status = status.to_owned();
                true
            })
        })
    }

    /// How often money moved for a document: once, if all is well.
    pub fn effects(&self, document: &str) -> usize {
        let is_of = |one: &&Movement| one.document == document;
        self.with(|state| state.memory.movements.iter().filter(is_of).count())
    }

    /// What is left of a payment, in minor units: below zero if more went back than came.
    pub fn money(&self, payment: &str) -> i64 {
        self.with(|state| state.memory.left(payment))
    }

    /// All movements, in their order.
    pub fn movements(&self) -> Vec<Movement> {
        self.with(|state| state.memory.movements.clone())
    }

    /// The settlement file of a day.
    pub fn settlement(&self, day: NaiveDate) -> Settlement {
        self.with(|state| state.rows(|one| one == day))
    }

    /// One file of several days, the last one included.
    pub fn settlement_of(&self, first: NaiveDate, last: NaiveDate) -> Settlement {
        self.with(|state| state.rows(|one| (first..=last).contains(&one)))
    }
}
