//! A cashier who gives money back, in memory, and the clerk who hands refunds over. What moved is counted there: once
//! for each refund, or never, whatever was lost on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use ivms_sync::config::{Config, RecipientConfig};
use ivms_sync::engine::Systems;
use ivms_sync::engine::outbox::{Outbox, Verdict};
use ivms_sync::model::{Amount, DocumentId, DocumentState, SourceName};
use ivms_sync::ports::{
    Class, Document, Failure, PaymentThere, Recipient, Standing, Subject, Survey,
};
use ivms_sync::stop::Stop;
use ivms_sync::store::Store;

use crate::chance::Chance;
use crate::outside::{Death, die, open};
use crate::sabotage::Sabotage;

/// How the section is called.
const NAME: &str = "till";

/// The cashier forgets a key after so long; the configuration says that it does so earlier.
const KEY_LIVES: TimeDelta = TimeDelta::hours(24);

/// What becomes of the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mishap {
    LostBefore,
    LostAfter,
    TurnedAway,
    Doubtful,
    Death(Death),
}

/// No citation is handed over to anybody here.
static NOBODY: BTreeSet<SourceName> = BTreeSet::new();

const MISHAPS: [Mishap; 6] = [
    Mishap::LostBefore,
    Mishap::LostAfter,
    Mishap::TurnedAway,
    Mishap::Doubtful,
    Mishap::Death(Death::Before),
    Mishap::Death(Death::After),
];

/// A refund as it was handed over.
#[derive(Debug, Clone)]
struct Refund {
    payment: String,
    amount: u64,
}

/// The cashier, and the clerk's papers.
#[derive(Debug)]
pub struct Till {
    chance: Chance,
    now: DateTime<Utc>,
    /// What came in, of each payment.
    payments: BTreeMap<String, u64>,
    /// How often each refund was given.
    given: BTreeMap<String, (Refund, u32)>,
    /// When each key came first.
    keys: BTreeMap<String, DateTime<Utc>>,
    handed: BTreeMap<String, Refund>,
    mishap: Option<Mishap>,
    away_until: DateTime<Utc>,
    /// An old state file knows nothing of what was sent since.
    pub has_forgotten: bool,
    sabotage: Option<Sabotage>,
    calls: usize,
}

/// What the section says.
pub fn config() -> String {
    format!(
        "\n[teller.{NAME}]\nurl = \"https://till.example\"\nsecret = \"x\"\ncurrency = \"USD\"\n\
         refund_limit = \"3.00 USD\"\n"
    )
}

impl Till {
    /// Every third club has one; it has a stream of chance of its own.
    pub fn new(mut chance: Chance, now: DateTime<Utc>) -> Option<Self> {
        chance.in_thousand(330).then(|| Self {
            chance,
            now,
            payments: BTreeMap::new(),
            given: BTreeMap::new(),
            keys: BTreeMap::new(),
            handed: BTreeMap::new(),
            mishap: None,
            away_until: now,
            has_forgotten: false,
            sabotage: None,
            calls: 0,
        })
    }

    /// What comes with the next tick.
    pub fn pass(&mut self, now: DateTime<Utc>, sabotage: Option<Sabotage>) {
        (self.now, self.sabotage) = (now, sabotage);
        self.mishap = self.chance.in_thousand(300).then(|| self.chance.one_of(&MISHAPS));
        if self.chance.in_thousand(20) {
            self.away_until = now + TimeDelta::minutes(self.chance.between(5, 3000));
        }
    }

    /// The next refund that somebody hands over, as a file: a new one, or one that was handed over before.
    fn next_paper(&mut self) -> Option<(String, Vec<u8>)> {
        if !self.chance.in_thousand(60) {
            return None;
        }
        let is_again = self.chance.in_thousand(300);
        let id = match self.chance.place(self.handed.len()).filter(|_| is_again) {
            Some(place) => self.handed.keys().nth(place)?.clone(),
            None => {
                let id = format!("refund_{}", self.handed.len() + 1);
                let payment = format!("payment_{}", self.chance.below(self.handed.len() / 2 + 1));
                self.payments.entry(payment.clone()).or_insert(500);
                let amount = self.chance.between(1, 400).unsigned_abs();
                self.handed.insert(id.clone(), Refund { payment, amount });
                id
            }
        };
        let Refund { payment, amount } = self.handed.get(&id)?;
        let text = format!(
            "{{\"refundId\":\"{id}\",\"originalPaymentId\":\"{payment}\",\"refundAmount\":{amount},\
             \"reason\":\"EARLY_SESSION_END\"}}"
        );
        Some((id, text.into_bytes()))
    }

    fn left(&self, payment: &str) -> i64 {
        let of = self.given.values().filter(|(refund, _)| refund.payment == payment);
        let back: u64 = of.map(|(refund, times)| refund.amount * u64::from(*times)).sum();
        self.payments.get(payment).map_or(0, |paid| *paid as i64) - back as i64
    }

    /// What may never be.
    ///
    /// # Errors
    /// What is.
    pub fn judge(&self) -> Result<(), String> {
        if let Some((id, (_, times))) = self.given.iter().find(|(_, (_, times))| *times > 1) {
            return Err(format!("{id} was given {times} times"));
        }
        match self.payments.keys().find(|payment| self.left(payment) < 0) {
            Some(payment) => Err(format!("more of {payment} went back than came")),
            None => Ok(()),
        }
    }

    fn mishap(&mut self) -> Option<Mishap> {
        self.calls += 1;
        // Two questions and the document take turns at being hit.
        if self.calls.is_multiple_of(3) { self.mishap.take() } else { None }
    }
}

/// The program, as somebody who hands over documents calls it.
pub struct Clerk<'a> {
    pub config: &'a Config,
    pub store: &'a Store,
    pub systems: &'a dyn Systems,
    pub now: DateTime<Utc>,
    pub stop: &'a Stop,
}

impl<'a> Clerk<'a> {
    fn outbox(&self, now: DateTime<Utc>) -> Outbox<'a> {
        let Self { config, store, systems, stop, .. } = *self;
        Outbox { config, store, systems, listed: &NOBODY, now, stop }
    }

    fn section(&self) -> Option<&'a RecipientConfig> {
        self.config.recipients.iter().find(|one| one.name.as_str() == NAME)
    }

    /// Hands the next refund over, where somebody has one; a few that wait are approved.
    ///
    /// # Errors
    /// What the program gave up with.
    pub fn hand_over(&self, till: &Mutex<Till>) -> Result<(), String> {
        let Some((id, bytes)) = open(till).next_paper() else { return Ok(()) };
        let Some(to) = self.section() else { return Ok(()) };
        let told =
            |error: &dyn std::fmt::Display| format!("a refund could not be handed over: {error}");
        let document = to.settings.document(&bytes, self.now).map_err(|error| told(&error))?;
        let outbox = self.outbox(self.now);
        let proposal = outbox.propose(to, document).map_err(|error| told(&error))?;
        let is_approved = open(till).chance.in_thousand(500);
        let done = match &proposal.verdict {
            Verdict::Ready => outbox.send(&proposal).map(drop),
            Verdict::Held(holds)
                if is_approved && holds.iter().all(|one| one.is_lifted_by_approval()) =>
            {
                outbox.send(&proposal).map(drop)
            }
            Verdict::Held(_) => outbox.keep_blocked(&proposal).map(drop),
            Verdict::OtherContent => return Err(format!("{id} is said to have had other content")),
            _ => Ok(()),
        };
        done.map_err(|error| told(&error))
    }

    /// With nothing in the way, every refund is as the program says that it is.
    ///
    /// # Errors
    /// Where that is not so.
    pub fn judge_end(&self, till: &Mutex<Till>) -> Result<(), String> {
        let mut now = self.now;
        for _ in 0..3 {
            now += TimeDelta::hours(30);
            let mut till = open(till);
            (till.now, till.mishap, till.away_until) = (now, None, now);
            drop(till);
            self.outbox(now)
                .settle(true)
                .map_err(|error| format!("nothing could be settled: {error}"))?;
        }
        let till = open(till);
        till.judge()?;
        for id in till.handed.keys() {
            let given = till.given.contains_key(id);
            let name = DocumentId::new(id).map_err(|error| error.to_string())?;
            let known = self.store.outbox().of_id(&name).map_err(|error| error.to_string())?;
            let state = known.first().map(|kept| (kept.state, kept.is_done));
            let is_right = match state {
                Some((DocumentState::Confirmed, _)) => given,
                None
                | Some((DocumentState::New | DocumentState::Blocked | DocumentState::Refused, _)) => {
                    !given || till.has_forgotten
                }
                Some((DocumentState::Settled, is_done)) => is_done == Some(given),
                // Its key had died when somebody could ask again, and it never came.
                Some((DocumentState::Sent | DocumentState::Unknown, _)) => !given,
            };
            if !is_right {
                return Err(format!("{id} is {state:?} here, and was given there: {given}"));
            }
        }
        Ok(())
    }
}

/// A connection to the cashier.
pub struct Window {
    pub till: Arc<Mutex<Till>>,
}

impl Window {
    /// What a request comes to, if it comes back; an answer can be about something else.
    fn call<T>(&self, answer: impl FnOnce(&mut Till, bool) -> T) -> Result<T, Failure> {
        let failed = |class, text: &str| Err(Failure::new(class, false, &text, None));
        let mut till = open(&self.till);
        if till.now < till.away_until {
            return failed(Class::Temporary, "no route");
        }
        let mishap = till.mishap();
        match mishap {
            Some(Mishap::Death(Death::Before)) => {
                drop(till);
                die();
            }
            Some(Mishap::LostBefore) => return failed(Class::Unknown, "the answer was lost"),
            Some(Mishap::TurnedAway) => return failed(Class::Temporary, "come again later"),
            _ => {}
        }
        let answered = answer(&mut till, mishap == Some(Mishap::Doubtful));
        match mishap {
            Some(Mishap::Death(_)) => {
                drop(till);
                die();
            }
            Some(Mishap::LostAfter) => failed(Class::Unknown, "the answer was lost"),
            _ => Ok(answered),
        }
    }
}

impl Recipient for Window {
    fn survey(&self, document: &Document) -> Result<Survey, Failure> {
        let Subject::Payment(payment) = &document.subject else { return Ok(Survey::default()) };
        let there = self.call(|till, _| {
            let amount = Amount::minor(i64::try_from(*till.payments.get(payment.as_str())?).ok()?);
            let of =
                till.given.iter().filter(|(_, (refund, _))| refund.payment == payment.as_str());
            let refunds = of.filter_map(|(id, (refund, _))| {
                Some((DocumentId::new(id).ok()?, Amount::minor(i64::try_from(refund.amount).ok()?)))
            });
            let left = Amount::minor(till.left(payment.as_str()));
            Some(PaymentThere { amount, left, refunds: refunds.collect(), told: "{}".to_owned() })
        })?;
        let forbidden = there.is_none().then(|| "no such payment".to_owned());
        Ok(Survey { payment: there, forbidden, ..Survey::default() })
    }

    fn state(&self, document: &Document, _: &str) -> Result<Standing, Failure> {
        self.call(|till, is_doubtful| match till.given.contains_key(document.id.as_str()) {
            _ if till.sabotage == Some(Sabotage::DeafClerk) => Standing::Never,
            _ if is_doubtful => Standing::Doubtful("it is about something else".to_owned()),
            true => Standing::Confirmed("{}".to_owned()),
            false => Standing::Never,
        })
    }

    fn send(&self, document: &Document, key: &str, _: Option<&str>) -> Result<Standing, Failure> {
        let (Subject::Payment(payment), Some(money)) = (&document.subject, &document.money) else {
            return Ok(Standing::Refused("no refund".to_owned()));
        };
        let refund = Refund { payment: payment.to_string(), amount: money.amount.get() };
        self.call(|till, is_doubtful| {
            let key = match till.sabotage {
                Some(Sabotage::DeafClerk) => format!("{key}{}", till.calls),
                _ => key.to_owned(),
            };
            let now = till.now;
            let is_kept = till.keys.get(&key).is_some_and(|first| now - *first < KEY_LIVES);
            if !is_kept {
                if refund.amount as i64 > till.left(&refund.payment) {
                    return Standing::Refused("more than is left".to_owned());
                }
                till.keys.insert(key, now);
                till.given.entry(document.id.to_string()).or_insert((refund, 0)).1 += 1;
            }
            match is_doubtful {
                true => Standing::Doubtful("it is about something else".to_owned()),
                false => Standing::Confirmed("{}".to_owned()),
            }
        })
    }

    fn try_login(&self) -> Result<(), Failure> {
        self.call(|_, _| ())
    }
}
