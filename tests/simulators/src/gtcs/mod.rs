//! GTCS, a town's accounts: a report of a day's revenue, once, and after that only as a revision.
//!
//! ```
//! use ivms_sync_simulators::gtcs::{Server, Wrong};
//! use ivms_sync_simulators::service::Settings;
//! use ivms_sync_simulators::zone::Zone;
//!
//! let finance = Server::start(Settings::default());
//! finance.set(|switches| (switches.zone, switches.wrong) = (Zone::new_york(), Wrong::CountOff(1)));
//!
//! // … run the client against finance.url() …
//!
//! let day = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
//! assert_eq!((finance.reports(day), finance.revenue(day)), (0, 0));
//! assert_eq!(finance.violations(), Vec::<String>::new());
//! ```
//!
//! * `POST /reconciliation`: a report, with its key (see [`crate::service`]).
//! * `GET /reconciliation/gtcs:DAY:REVISION`, `GET /idempotency-keys/{key}`: the same answer again; 404 if
//!   it never came.
//! * A day is that of the wall clock of [`Switches::zone`], 23 to 25 hours long; a period ends a
//!   millisecond before the next day begins.
//!
//! # What is known, and what is not
//!
//! * (seed) The members of a report. Its own sample claims 287 transactions, shows one, and is of a day in
//!   UTC.
//! * (ran) Which instants a day begins and ends with in New York and elsewhere.
//! * (ours) `revision` from 2 on with `corrects`, the id of the report that was taken last, if
//!   one was; the answer; the questions.
//! * (believed) All else. Nobody knows what GTCS is.
//!
//! Stricter than the vendor: every sum must agree to the cent, amounts have exactly two decimals, a
//! transaction is in one report only, a day must be over.

mod answer;
mod report;
#[cfg(test)]
mod tests;

use crate::zone::Zone;

pub use answer::Gtcs;
pub use report::Report;

/// A running system of accounts.
pub type Server = crate::service::Server<Gtcs>;

/// What is wrong with an answer, though the report was taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wrong {
    /// Nothing.
    #[default]
    Nothing,
    /// The count is off by so many.
    CountOff(i64),
    /// The revenue is off by so many minor units.
    RevenueOff(i64),
    /// There is a difference.
    Difference,
    /// It is about another report.
    OtherDocument,
    /// A status that nobody knows.
    UnknownStatus,
}

/// Every switch of the accounts. The default is well behaved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    /// Where days begin and end.
    pub zone: Zone,
    /// Accounts that are known.
    pub accounts: Vec<String>,
    /// Most transactions of a report.
    pub transactions_max: usize,
    /// What is wrong with answers to reports.
    pub wrong: Wrong,
    /// The same with answers to questions.
    pub wrong_state: Wrong,
    /// Reports are `RECEIVED` until [`Server::accept_all`].
    pub slow_acceptance: bool,
    /// A day is not taken twice; if not, its revenue doubles.
    pub days_are_unique: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            zone: Zone::new_york(),
            accounts: vec!["4100-PARKING-REVENUE".into(), "5200-PROCESSING-FEES".into()],
            transactions_max: 5000,
            wrong: Wrong::default(),
            wrong_state: Wrong::default(),
            slow_acceptance: false,
            days_are_unique: true,
        }
    }
}
