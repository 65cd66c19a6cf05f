//! Whether a document may be sent, and what an answer makes of it. Pure.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::{GivenBack, again, left_of, may_go_again};
use crate::engine::collection::Checked;
use crate::model::{Amount, DocumentId, DocumentKind, DocumentState, Money, SourceName};
use crate::ports::{
    Class, Document, Failure, FieldChange, PaymentThere, Standing, Survey, Warning,
};
use crate::store::DocumentKept;
use crate::text::hex::hex;
use crate::text::words::words;

/// What is to become of a document that somebody has handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be sent.
    Ready,
    /// It waits until a person approves just this.
    Held(Vec<Hold>),
    /// It is not sent, whoever approves it; why.
    Forbidden(String),
    /// Whether it may be sent cannot be said now; why.
    NotNow(Failure),
    /// It was sent before, with the same content, and this is what became of it.
    Known,
    /// Other content was handed over under its id before.
    OtherContent,
    /// The other side holds just that already.
    InSync,
    /// What it is about is another thing by now; what.
    Overtaken(&'static str),
}

/// Why a document waits for approval.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hold {
    /// It moves more money than one document may.
    OverLimit { amount: String, limit: String },
    /// The other side, or the document itself, holds what somebody must have seen.
    Warning(Warning),
    /// The car had a right, as far as is known now.
    HadRight { right: String },
    /// More citations would be handed over in one run than may.
    TooMany { citations: usize, allowed: usize },
}

words! {
    /// A hold in a word that lasts.
    pub enum HoldWord {
        OverLimit = "over-limit",
        Warning = "warning",
        HadRight = "had-right",
        TooMany = "too-many",
    }
}

impl Hold {
    #[must_use]
    pub fn word(&self) -> HoldWord {
        match self {
            Self::OverLimit { .. } => HoldWord::OverLimit,
            Self::Warning(_) => HoldWord::Warning,
            Self::HadRight { .. } => HoldWord::HadRight,
            Self::TooMany { .. } => HoldWord::TooMany,
        }
    }

    /// Whether a person's approval lifts it. A citation against a car that had a right leaves for nobody; it can be
    /// approved once it is known that there was none.
    #[must_use]
    pub fn is_lifted_by_approval(&self) -> bool {
        !matches!(self, Self::HadRight { .. })
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OverLimit { amount, limit } => {
                write!(f, "it moves {amount}, and the limit for one document is {limit}")
            }
            Self::Warning(Warning { code, path, detail }) => {
                write!(f, "{code} at {path}: {detail}")
            }
            Self::HadRight { right } => write!(f, "the car had a right: {right}"),
            Self::TooMany { citations, allowed } => write!(
                f,
                "{citations} citations would be handed over in one run, and guard.grant_per_tick allows {allowed}"
            ),
        }
    }
}

/// What is known here that decides about a document, beside what the other side says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Basis {
    /// Of the same id.
    pub known: Option<DocumentKept>,
    /// Of a refund: what went back of its payment already.
    pub given_back: GivenBack,
    /// The most that one document of its kind may move.
    pub limit: Option<Money>,
    /// Why the configuration has none of its kind sent.
    pub declined: Option<&'static str>,
    /// Of a citation: what is known of the car.
    pub car: CarKnown,
    /// The same id, sent to a section that the configuration does not name any more, and perhaps in effect there.
    pub elsewhere: Option<DocumentKept>,
    /// Of a batch: whether it may leave as it is.
    pub batch: Checked,
    /// Of a batch: how many are to be handed over in this run, and how many may be.
    pub handed_over: Option<(usize, usize)>,
    /// Of a tariff: another one of the same meter, of which nobody knows yet what became of it.
    pub open_tariff: Option<DocumentId>,
}

/// What is known of a car that somebody wants to write a citation against.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CarKnown {
    /// It is no citation.
    #[default]
    NotAsked,
    /// It had no right.
    NoRight,
    /// It had this one.
    HadRight(String),
    /// It cannot be said; why.
    Unclear(String),
}

/// What the same document came to before; nothing where it may still be sent.
#[must_use]
pub fn before(known: Option<&DocumentKept>, kind: DocumentKind, sha256: &str) -> Option<Verdict> {
    // What never had an effect there is another one by now, perhaps.
    let known = known.filter(|known| !again::had_no_effect(known))?;
    if known.sha256 != sha256 {
        return Some(Verdict::OtherContent);
    }
    match known.state {
        DocumentState::New | DocumentState::Blocked => None,
        // A meter may have got another tariff since, and is to have this one again.
        DocumentState::Confirmed | DocumentState::Settled if kind == DocumentKind::Tariff => None,
        // The other side took nothing of it, and may have been mended since.
        DocumentState::Refused => None,
        // What never had an effect there may be handed over again.
        DocumentState::Settled if may_go_again(kind) && known.is_done == Some(false) => None,
        DocumentState::Sent
        | DocumentState::Confirmed
        | DocumentState::Unknown
        | DocumentState::Settled => Some(Verdict::Known),
    }
}

/// Judges a document that was never sent.
#[must_use]
pub fn judge(document: &Document, basis: &Basis, survey: &Survey) -> Verdict {
    if let Some(why) = basis.declined {
        return Verdict::Forbidden(why.to_owned());
    }
    if let Some(why) = &survey.forbidden {
        return Verdict::Forbidden(why.clone());
    }
    match &basis.batch {
        Checked::Fits(_) => {}
        Checked::Overtaken(why) => return Verdict::Overtaken(why),
        Checked::NotNow(failure) => return Verdict::NotNow(failure.clone()),
    }
    if let Some(other) = &basis.open_tariff {
        let text = format!(
            "{other} was sent to the same meter, and what became of it is not known yet: one after the other"
        );
        return Verdict::NotNow(Failure::new(Class::Temporary, false, &text, None));
    }
    if document.kind == DocumentKind::Tariff && survey.changes.is_empty() {
        return Verdict::InSync;
    }
    if let Some(other) = &basis.elsewhere {
        let became = match other.state.is_open() {
            true => "nobody knows what became of it",
            false => "the configuration has no section of that name any more",
        };
        let to = &other.to;
        return Verdict::Forbidden(format!("a document of its id was sent to {to}, and {became}"));
    }
    match &survey.there {
        Some(Standing::Confirmed(_) | Standing::Pending(_)) => {
            // The state file was lost, perhaps, or the section had another name.
            return Verdict::Forbidden(
                "the other side has it already, which is not known here".to_owned(),
            );
        }
        Some(Standing::Otherwise(what)) => {
            return Verdict::Forbidden(format!("something else is there under its id: {what}"));
        }
        Some(Standing::Doubtful(what)) => {
            let text = format!("whether it is there already cannot be said: {what}");
            return Verdict::NotNow(Failure::new(Class::Temporary, false, &text, None));
        }
        Some(Standing::Never | Standing::Unaskable | Standing::Moved | Standing::Refused(_))
        | None => {}
    }
    let amount = document.money.as_ref().map(|money| Amount::from(money.amount));
    let names_it =
        |payment: &PaymentThere| payment.refunds.iter().any(|(id, _)| *id == document.id);
    if survey.payment.as_ref().is_some_and(names_it) {
        // The state file was lost, perhaps, or the section had another name.
        return Verdict::Forbidden(
            "the other side has a refund of its id already, which is not known here".to_owned(),
        );
    }
    if let (Some(payment), Some(amount)) = (&survey.payment, amount) {
        let left = left_of(payment, Some(&document.id), &basis.given_back);
        if amount > left {
            let money = document.money.as_ref().map(|money| money.currency.to_string());
            let currency = money.unwrap_or_default();
            return Verdict::Forbidden(format!(
                "it gives back {amount} {currency}, and {left} {currency} is left of the payment"
            ));
        }
    }
    let mut holds = Vec::new();
    match &basis.car {
        CarKnown::NotAsked | CarKnown::NoRight => {}
        CarKnown::HadRight(right) => holds.push(Hold::HadRight { right: right.clone() }),
        CarKnown::Unclear(why) => {
            let text = format!("whether the car had a right cannot be said: {why}");
            return Verdict::NotNow(Failure::new(Class::Temporary, false, &text, None));
        }
    }
    if let (Some(money), Some(limit)) = (&document.money, &basis.limit)
        && (money.amount > limit.amount || money.currency != limit.currency)
    {
        holds.push(Hold::OverLimit { amount: money.to_string(), limit: limit.to_string() });
    }
    if let (DocumentKind::Referral, Some((citations, allowed))) = (document.kind, basis.handed_over)
        && citations > allowed
    {
        holds.push(Hold::TooMany { citations, allowed });
    }
    holds.extend(survey.warnings.iter().cloned().map(Hold::Warning));
    holds.sort();
    if holds.is_empty() { Verdict::Ready } else { Verdict::Held(holds) }
}

/// The id by which a person approves a document that waits: the same holds of the same content that would change the
/// same have the same id.
#[must_use]
pub fn blocked_id(
    to: &SourceName,
    id: &DocumentId,
    sha256: &str,
    holds: &[Hold],
    changes: &[FieldChange],
) -> String {
    let mut hash = Sha256::new();
    let holds = holds.iter().map(ToString::to_string);
    let changes = changes.iter().map(|FieldChange { path, from, to }| {
        let [from, to] = [from, to].map(|value| value.as_deref().unwrap_or_default());
        format!("{path}\0{from}\0{to}")
    });
    let parts = [to.as_str(), id.as_str(), sha256].map(str::to_owned);
    for part in parts.into_iter().chain(holds).chain(changes) {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    hex(digest.get(..4).unwrap_or_default())
}

/// What became of a document that was sent, or that was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Became {
    pub state: DocumentState,
    pub is_done: Option<bool>,
    pub answer: Option<String>,
    pub error: Option<String>,
    /// What is to be done about it.
    pub next: Next,
}

/// What is to be done about a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it is over.
    Nothing,
    /// The next run asks how it stands.
    Ask,
    /// The same, and what the other side says of it does not agree with itself.
    Doubted,
    /// It may be sent once more under its key.
    SendAgain,
    /// A person must ask the other side.
    Somebody,
    /// Nothing was done, because of this.
    Failed(Failure),
    /// What it would change has changed meanwhile; nothing was done.
    Moved,
}

impl Became {
    fn open(error: String, next: Next) -> Self {
        let (is_done, answer) = (None, None);
        Self { state: DocumentState::Unknown, is_done, answer, error: Some(error), next }
    }

    fn unsent(error: &str, next: Next) -> Self {
        let (is_done, answer) = (Some(false), None);
        Self { state: DocumentState::New, is_done, answer, error: Some(error.to_owned()), next }
    }
}

/// What the answer to a document that was just sent makes of it.
#[must_use]
pub fn after_sending(outcome: Result<Standing, Failure>) -> Became {
    match outcome {
        Ok(Standing::Never | Standing::Unaskable) => {
            Became::open("its answer says nothing of it".to_owned(), Next::Ask)
        }
        Ok(Standing::Moved) => {
            Became::unsent("what it would change has changed meanwhile", Next::Moved)
        }
        Ok(standing) => of_standing(standing),
        Err(failure) if failure.class == Class::Unknown => Became::open(failure.text, Next::Ask),
        Err(failure) => Became::unsent(&failure.text.clone(), Next::Failed(failure)),
    }
}

/// Whether a document may be sent once more where it never came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Under its key it has no second effect.
    Allowed,
    /// Its key may not live any more, or what it held is not kept.
    TooLate,
    /// The other side has said that it will decide.
    WaitsThere,
    /// Its car turned out to have had a right.
    HadRight,
    /// What it is about is another thing by now; where it never came, it needs not come.
    Overtaken,
    /// Whether its car had a right cannot be said now.
    NotNow,
    /// It may still be on its way: that it is not there says nothing yet.
    TooSoon,
    /// How long ago it was sent cannot be said: this computer's clock was set back.
    ClockSetBack,
}

/// What the state of a document at the other side makes of one that may have arrived.
#[must_use]
pub fn after_asking(outcome: Result<Standing, Failure>, repeat: Repeat) -> Became {
    let is_key_alive = repeat == Repeat::Allowed;
    match outcome {
        Ok(Standing::Never | Standing::Unaskable) if repeat == Repeat::TooSoon => {
            Became::open("it may still be on its way".to_owned(), Next::Ask)
        }
        Ok(Standing::Never) if repeat == Repeat::WaitsThere => {
            Became::open("the other side has not decided yet".to_owned(), Next::Ask)
        }
        Ok(Standing::Never) if repeat == Repeat::Overtaken => Became {
            state: DocumentState::Settled,
            is_done: Some(false),
            answer: None,
            error: Some("it never came, and what it is about is another thing by now".to_owned()),
            next: Next::Nothing,
        },
        Ok(Standing::Never | Standing::Unaskable) if repeat == Repeat::HadRight => Became::open(
            "it may never have come, and is not sent once more: its car had a right".to_owned(),
            Next::Somebody,
        ),
        Ok(Standing::Never | Standing::Unaskable) if repeat == Repeat::NotNow => Became::open(
            "it may never have come, and whether it may be sent cannot be said now".to_owned(),
            Next::Ask,
        ),
        Ok(Standing::Never | Standing::Unaskable) if repeat == Repeat::ClockSetBack => {
            Became::open(
                "it may never have come, and is not sent once more: this computer's clock was set back, so that nobody \
                 knows whether its key lives"
                    .to_owned(),
                Next::Somebody,
            )
        }
        Ok(Standing::Never) if is_key_alive => {
            Became::open("it never came".to_owned(), Next::SendAgain)
        }
        Ok(Standing::Unaskable) if is_key_alive => {
            Became::open("its state cannot be asked for there".to_owned(), Next::SendAgain)
        }
        Ok(Standing::Never) => Became::open(
            "it never came, by the other side's word, and its key may not live any more".to_owned(),
            Next::Somebody,
        ),
        Ok(Standing::Unaskable) => Became::open(
            "its state cannot be asked for there, and its key may not live any more".to_owned(),
            Next::Somebody,
        ),
        Ok(Standing::Moved) => Became::open("its state cannot be told".to_owned(), Next::Ask),
        Ok(standing) => of_standing(standing),
        Err(failure) => {
            Became { next: Next::Failed(failure.clone()), ..Became::open(failure.text, Next::Ask) }
        }
    }
}

/// What becomes of a document that may have been taken before, where it was `turned_away` when it was sent once more,
/// by what the other side says of it then.
#[must_use]
pub fn after_repeating(turned_away: Became, asked: Result<Standing, Failure>) -> Became {
    match asked {
        Ok(Standing::Confirmed(answer)) => of_standing(Standing::Confirmed(answer)),
        Ok(_) | Err(_) => {
            let next = match turned_away.next {
                Next::Nothing | Next::Moved => Next::Somebody,
                next => next,
            };
            let why = turned_away.error.unwrap_or_default();
            Became::open(format!("it may have been taken before, and now: {why}"), next)
        }
    }
}

fn of_standing(standing: Standing) -> Became {
    match standing {
        Standing::Confirmed(answer) => Became {
            state: DocumentState::Confirmed,
            is_done: Some(true),
            answer: Some(answer),
            error: None,
            next: Next::Nothing,
        },
        Standing::Pending(answer) => {
            let told: Option<serde_json::Value> = serde_json::from_str(&answer).ok();
            let differs = told.as_ref().and_then(|told| told.get("differs")?.as_str());
            let why = differs.map_or("the other side has not decided yet".to_owned(), |differs| {
                format!("it was taken, and {differs}")
            });
            Became { answer: Some(answer), ..Became::open(why, Next::Ask) }
        }
        Standing::Refused(why) => Became {
            state: DocumentState::Refused,
            is_done: Some(false),
            answer: None,
            error: Some(why),
            next: Next::Nothing,
        },
        Standing::Otherwise(what) => {
            Became::open(format!("something else is there under its id: {what}"), Next::Somebody)
        }
        Standing::Doubtful(what) => {
            Became::open(format!("its answer cannot be believed: {what}"), Next::Doubted)
        }
        Standing::Never | Standing::Moved | Standing::Unaskable => {
            Became::open("its state cannot be told".to_owned(), Next::Ask)
        }
    }
}

/// Whether a document that was sent first at an instant has no second effect when it is sent again now. Nobody knows
/// how old it is where a clock was set back.
#[must_use]
pub fn is_key_alive(
    sent_at: Option<DateTime<Utc>>,
    key_lives: TimeDelta,
    now: DateTime<Utc>,
) -> bool {
    let age = sent_at.map(|sent_at| now.signed_duration_since(sent_at));
    age.is_some_and(|age| age >= TimeDelta::zero() && age < key_lives)
}

/// How long the other side is left alone after so many questions in a row that it could not answer.
#[must_use]
pub fn pause(failures: u32) -> TimeDelta {
    let minutes = 5_i64.saturating_mul(1 << failures.min(7));
    match failures {
        0 | 1 => TimeDelta::zero(),
        _ => TimeDelta::minutes(minutes.min(6 * 60)),
    }
}
