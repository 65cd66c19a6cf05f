//! Duncan, a collection agency: citations are referred to it in batches, and withdrawn; it knows, as far as
//! the test tells it, who must never be referred.
//!
//! ```
//! use ivms_sync_simulators::duncan::{Ack, Server, Standing};
//! use ivms_sync_simulators::service::{Login, Settings};
//!
//! let login = Login::Basic("city".into(), "collect-secret-1".into());
//! let agency = Server::start(Settings { login, ..Settings::default() });
//! agency.set_standing("AIMS-2024-000123", Standing::Owed(2500));
//! agency.set_standing("AIMS-2024-000124", Standing::Paid);
//! agency.set(|switches| switches.ack = Ack::DollarsOff(1));
//!
//! // … run the client against agency.url() …
//!
//! assert_eq!(agency.open(), Vec::<String>::new(), "nobody was referred here");
//! assert_eq!(agency.violations(), Vec::<String>::new());
//! ```
//!
//! * `POST /citations`: 1 to 1000 referrals; the answer acknowledges their count and dollars, and lists
//!   those that were refused.
//! * `POST /status`: withdrawals and other changes.
//! * `GET /batches/{id}`, `GET /idempotency-keys/{key}`: a batch as it was taken; 404 if it never came.
//! * `GET /citations/{referenceId}`: where one stands.
//! * [`Server::collect`]: the same batches as files in a spool, each acknowledged by a file.
//!
//! # What is known, and what is not
//!
//! * (seed) The name alone.
//! * (seen) A public interface for the same work: arrays of 1 to 1000, a reference for life, statuses Open,
//!   Hold, Paid, Void. A city's contract that asks for a report of placements with count *and* dollars, for
//!   recall, and for accounts that come back.
//! * (ours) All paths, the members, `totalDue` of the acknowledgement, the file and its acknowledgement.
//!
//! Stricter than any agency, which would take and dun whoever is referred: so does this one, and lists it
//! (`referred-paid`, `referred-contested`, …). A referral while somebody who is open here has paid is a
//! violation too (`withdraw-first`), and so is a withdrawal after a referral at the same time
//! (`referred-before-withdrawal`).

mod answer;
mod file;
mod referral;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use answer::Duncan;
pub use referral::Referral;

/// A running agency.
pub type Server = crate::service::Server<Duncan>;

/// What is true of a citation, whatever the client believes. One of which the test told nothing is unknown,
/// and must not be referred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// So many minor units are owed.
    Owed(i64),
    /// Nothing is.
    Paid,
    /// The driver says that it is wrong.
    Contested,
    /// It waits for something.
    Hold,
    /// It was dismissed.
    Dismissed,
}

/// What is wrong with an acknowledgement, though the batch was taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Ack {
    /// Nothing.
    #[default]
    Honest,
    /// The count is off by so many.
    CountOff(i64),
    /// The dollars are off by so many minor units.
    DollarsOff(i64),
    /// The dollars are a number, not a text.
    DollarsNumber,
    /// There are no dollars.
    NoDollars,
    /// There is no count.
    NoCount,
    /// A refused one is not of this batch.
    StrangerRefused,
}

/// Every switch of the agency. The default is well behaved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    /// The currency of everything.
    pub currency: String,
    /// What is wrong with acknowledgements.
    pub ack: Ack,
    /// The same when a batch is read back.
    pub ack_of_state: Ack,
    /// References that are refused, and why: the others of their batch are taken.
    pub refuses: BTreeMap<String, String>,
    /// The whole batch is refused with this status.
    pub refuses_all: Option<u16>,
    /// Of each batch only so many are taken; the others vanish without a word, and the acknowledgement
    /// counts what was taken.
    pub takes_only: Option<usize>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            currency: "USD".into(),
            ack: Ack::default(),
            ack_of_state: Ack::default(),
            refuses: BTreeMap::new(),
            refuses_all: None,
            takes_only: None,
        }
    }
}
