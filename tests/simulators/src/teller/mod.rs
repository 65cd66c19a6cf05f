//! Teller, a city's cashier: payments, refunds, the files of what was settled, and the bank's deposits, all
//! from one ledger in integer minor units.
//!
//! ```
//! use chrono::NaiveDate;
//! use ivms_sync_simulators::service::{Mishap, Settings};
//! use ivms_sync_simulators::teller::{Flaw, Server, Shape};
//!
//! let cashier = Server::start(Settings::default());
//! let noon = "2024-01-01T17:00:00Z".parse().unwrap();
//! cashier.capture("park_payment_123", 475, 25, noon);
//! cashier.trouble(|troubles| troubles.documents.push(Mishap::LostAfter));
//!
//! // … run the client against cashier.url(): it sends refund_1, and hears nothing …
//!
//! assert_eq!(cashier.effects("refund_1"), 0, "nobody did here");
//! assert_eq!(cashier.money("park_payment_123"), 475);
//! let day = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
//! let broken = Shape { flaw: Flaw::TrailerSum, ..Shape::default() };
//! assert_eq!(cashier.settlement(day).text(&broken).lines().count(), 3);
//! assert_eq!(cashier.violations(), Vec::<String>::new());
//! ```
//!
//! * `POST /payments`, `POST /refunds`: the documents, each with its key (see [`crate::service`]).
//! * `GET /payments/{paymentId}`: the payment, what was refunded of it and what is left.
//! * `GET /refunds/{refundId}`, `GET /idempotency-keys/{key}`: the state of a document; 404 if it never
//!   came. 409 shows the document that is there, and its state.
//! * [`Settlement`], [`Deposits`]: files, good and broken; [`Shape`], [`Flaw`].
//!
//! # What is known, and what is not
//!
//! * (seed) The members of a payment and of its answer, those of a refund without `refundId`. Its own
//!   sample refunds twice if it is repeated.
//! * (seen) Settlement files of one large provider: daily CSV, UTF-8 perhaps with a byte-order mark, text
//!   quoted with doubled quotes, integer minor units, named by date and sequence; its balance report is in
//!   major units.
//! * (seen) One city's books: a card brand that is deposited apart and a day later, charge-backs, days
//!   doubled, the key column empty for six weeks, files late.
//! * (ours) `refundId`, the answer to a refund, all paths of questions, columns and trailer of the
//!   settlement file, the bank's file. (believed) Nobody has seen the real service.
//!
//! Stricter than the vendor: amounts in documents are integers only, refunds above what is left are
//! refused, plates and card numbers are nowhere; money that moves twice for one document is a violation,
//! whoever's fault it was.

mod answer;
mod deposit;
mod ledger;
mod settlement;
#[cfg(test)]
mod tests;

use chrono::NaiveTime;

use crate::zone::Zone;

pub use deposit::{Deposit, Deposits};
pub use ledger::{Card, Kind, Movement, Teller};
pub use settlement::{Flaw, Row, Settlement, Shape, Unit, name};

/// A running cashier.
pub type Server = crate::service::Server<Teller>;

/// What is wrong with an answer, though all was carried out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wrong {
    /// Nothing.
    #[default]
    Nothing,
    /// It is about another document.
    OtherId,
    /// It is a refund of another payment.
    OtherPayment,
    /// The amount is one more.
    OtherAmount,
    /// The amount is `"119"`.
    AmountText,
    /// The amount is `119.0`.
    AmountFloat,
    /// The amount is not there.
    NoAmount,
    /// Net and fee of a payment are not its amount: the fee is one less.
    NetAndFee,
    /// A status that nobody knows.
    UnknownStatus,
}

/// Every switch of the cashier. The default is well behaved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    /// The currency of everything.
    pub currency: String,
    /// What is wrong with answers to documents.
    pub wrong: Wrong,
    /// What is wrong with answers to questions.
    pub wrong_state: Wrong,
    /// Documents are `PENDING` until [`Server::set_status`].
    pub pending: bool,
    /// A document that is there is not taken again under another key; if not, its money moves again.
    pub ids_are_unique: bool,
    /// Where the clock of the cut-off hangs.
    pub zone: Zone,
    /// What comes at this time or later is settled with the next day.
    pub cutoff: NaiveTime,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            currency: "USD".into(),
            wrong: Wrong::default(),
            wrong_state: Wrong::default(),
            pending: false,
            ids_are_unique: true,
            zone: Zone::new_york(),
            cutoff: NaiveTime::from_hms_opt(18, 0, 0).unwrap_or_default(),
        }
    }
}
