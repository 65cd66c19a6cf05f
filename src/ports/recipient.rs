//! Whoever takes documents: money, citations, tariffs, reports. Each document has exactly one effect there, or none.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{BatchRow, Failure, ListedPlate};
use crate::model::{Amount, DocumentId, DocumentKind, Money, SpaceId};

/// A document that is acceptable, as it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    pub id: DocumentId,
    pub kind: DocumentKind,
    /// The money that it moves, or that it asks somebody for.
    pub money: Option<Money>,
    pub subject: Subject,
    /// Just what was read is what is sent.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} {}, not shown)", self.kind, self.id)
    }
}

/// What a document is about beside itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Nothing,
    /// A payment: where it was paid for, and how, as far as it says so.
    Sale {
        zone: Option<String>,
        method: Option<String>,
    },
    /// A refund: the payment that it gives back a part of.
    Payment(DocumentId),
    /// A citation: the car, where it stood and when; plate and zone are texts still.
    Car {
        plate: ListedPlate,
        zone: String,
        at: DateTime<Utc>,
    },
    /// A tariff: the meter.
    Meter(SpaceId),
    /// A batch of citations for an agency: its rows, and when it was handed over.
    Batch {
        rows: Vec<BatchRow>,
        at: DateTime<Utc>,
    },
}

/// How a document stands at the other side, as far as its answer checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It has it, and it took effect; its answer as one JSON object, without anything about persons.
    Confirmed(String),
    /// It has it, and has not made up its mind.
    Pending(String),
    /// It does not take it, and nothing was done; why.
    Refused(String),
    /// It never came.
    Never,
    /// Something else came under this id; what.
    Otherwise(String),
    /// What it would change has changed meanwhile, so that nothing was done.
    Moved,
    /// An answer that cannot be believed; why.
    Doubtful(String),
    /// It cannot be asked for the state of documents.
    Unaskable,
}

/// What sending a document would do, by the other side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Of a refund: the payment.
    pub payment: Option<PaymentThere>,
    /// How it stands there already, where that was asked.
    pub there: Option<Standing>,
    /// Of a tariff: what is another one from now on.
    pub changes: Vec<FieldChange>,
    /// What somebody must have seen before it is sent.
    pub warnings: Vec<Warning>,
    /// The version there that it was compared with, to be sent with it.
    pub base: Option<String>,
    /// Why it cannot be sent at all, whoever approves it.
    pub forbidden: Option<String>,
}

/// A payment as the other side knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentThere {
    pub amount: Amount,
    /// What its refunds leave of it.
    pub left: Amount,
    /// The refunds that it names, each with its amount.
    pub refunds: Vec<(DocumentId, Amount)>,
    /// When it was made, how it stands, and the like: one JSON object, without anything about persons.
    pub told: String,
}

/// One field that would be another one.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FieldChange {
    /// RFC 6901: `/rates/0/rate`.
    pub path: String,
    /// As it is there; nothing where it is not there.
    pub from: Option<String>,
    pub to: Option<String>,
}

/// What somebody must have seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Warning {
    /// A word that lasts: `grace_exceeds_alert`.
    pub code: &'static str,
    pub path: String,
    pub detail: String,
}

/// A connection to one system that takes documents.
pub trait Recipient: Send + Sync {
    /// Asks what is needed to judge a document before it is sent; nothing is changed there.
    ///
    /// # Errors
    /// [`Failure`].
    fn survey(&self, document: &Document) -> Result<Survey, Failure>;

    /// Asks how a document stands that may have been sent under this key. Where its bytes are not kept any more, the
    /// document has none.
    ///
    /// # Errors
    /// [`Failure`]; none of them says that it never came.
    fn state(&self, document: &Document, key: &str) -> Result<Standing, Failure>;

    /// Sends a document under its key, once, and says what the answer comes to. `base` is the version that it was
    /// compared with.
    ///
    /// # Errors
    /// [`Failure`]; of [`Class::Unknown`](super::Class::Unknown) where it may have arrived, and of any other class
    /// where nothing was done.
    fn send(&self, document: &Document, key: &str, base: Option<&str>)
    -> Result<Standing, Failure>;

    /// Whether a document is there as soon as it was sent, or never: nothing is on its way to a folder of this
    /// computer.
    fn is_at_once(&self) -> bool {
        false
    }

    /// Asks for a payment by its id: `None` where there is none.
    ///
    /// # Errors
    /// [`Failure`]; also where it knows of no payments.
    fn payment(&self, id: &DocumentId) -> Result<Option<PaymentThere>, Failure> {
        let _ = id;
        Ok(None)
    }

    /// Asks for anything that needs the login, and changes nothing: for `check`.
    ///
    /// # Errors
    /// [`Failure`].
    fn try_login(&self) -> Result<(), Failure>;
}

/// A connection that is used more than once, with the token that it was given.
impl Recipient for Arc<dyn Recipient> {
    fn survey(&self, document: &Document) -> Result<Survey, Failure> {
        (**self).survey(document)
    }

    fn state(&self, document: &Document, key: &str) -> Result<Standing, Failure> {
        (**self).state(document, key)
    }

    fn is_at_once(&self) -> bool {
        (**self).is_at_once()
    }

    fn send(
        &self,
        document: &Document,
        key: &str,
        base: Option<&str>,
    ) -> Result<Standing, Failure> {
        (**self).send(document, key, base)
    }

    fn payment(&self, id: &DocumentId) -> Result<Option<PaymentThere>, Failure> {
        (**self).payment(id)
    }

    fn try_login(&self) -> Result<(), Failure> {
        (**self).try_login()
    }
}
