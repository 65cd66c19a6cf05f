//! AIMS, the system of citations: each is taken once, with its evidence; and it can be asked about a plate.
//!
//! ```
//! use ivms_sync_simulators::aims::{Server, Standing};
//! use ivms_sync_simulators::oauth;
//! use ivms_sync_simulators::service::{Login, Settings};
//!
//! let tokens = oauth::Server::start(oauth::Settings::default());
//! let login = Login::OAuth(tokens.tokens());
//! let aims = Server::start(Settings { login, ..Settings::default() });
//! let noon = "2024-01-01T12:00:00Z".parse().unwrap();
//! aims.add_right("ABC123", "CT", "A1", noon, noon + chrono::TimeDelta::hours(2));
//! tokens.revoke(); // somewhere in the middle of a run
//!
//! // … run the client against aims.url() and tokens.url() …
//!
//! assert_eq!(aims.times_taken("AIMS-2024-000123"), 0);
//! assert!(!aims.set_standing("AIMS-2024-000123", Standing::Contested), "it never came");
//! assert_eq!(aims.violations(), Vec::<String>::new());
//! ```
//!
//! * `POST /citations`: a citation, with its key (see [`crate::service`]). 409 shows what is there.
//! * `GET /citations/{citationNumber}`: its state; 404 if it never came.
//! * `GET /lookup/{plate}?state=&zone=`: whether a car has a right here and now.
//! * Tokens are those of [`crate::oauth`]. After one 401 a client may come with one new token.
//!
//! # What is known, and what is not
//!
//! * (seed) The members of a citation. Its own sample has a picture whose label is wrong, and an officer's
//!   name, which nobody needs. The question for a plate, without its answer.
//! * (seen) Token servers in the wild: `expires_in` as text, missing or zero, the type in lower case, errors
//!   with status 200.
//! * (ours) The answers, the state of a citation, 409 with what is there.
//! * (believed) All else; the real one may well speak SOAP.
//!
//! Stricter than the vendor: evidence must be what its label says, a fine has at most two decimals, a
//! citation against a car that had a right is a violation (`citation-against-right`), and one that is
//! contested may not come again (`contested-sent`).

mod answer;
mod citation;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};

pub use answer::Aims;
pub use citation::Citation;

/// A running system.
pub type Server = crate::service::Server<Aims>;

/// Where a citation stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    /// It was taken.
    #[default]
    Accepted,
    /// The driver says that it is wrong.
    Contested,
    /// It was paid.
    Paid,
    /// It was taken back.
    Void,
}

impl Standing {
    fn word(self) -> &'static str {
        match self {
            Self::Accepted => "ACCEPTED",
            Self::Contested => "CONTESTED",
            Self::Paid => "PAID",
            Self::Void => "VOID",
        }
    }
}

/// What is wrong with an answer about a citation, though it was taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wrong {
    /// Nothing.
    #[default]
    Nothing,
    /// It is about another citation.
    OtherNumber,
    /// A status that nobody knows.
    UnknownStatus,
    /// There is no status.
    NoStatus,
}

/// Every switch of the system. The default is well behaved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switches {
    /// Codes of violations that are known.
    pub codes: Vec<String>,
    /// Most bytes of a piece of evidence.
    pub evidence_max: usize,
    /// The oldest citation that is taken.
    pub age_max: TimeDelta,
    /// How far a citation may lie in the future, by the system's clock.
    pub ahead_max: TimeDelta,
    /// What is wrong with answers to citations.
    pub wrong: Wrong,
    /// The same with answers to questions about them.
    pub wrong_state: Wrong,
    /// A citation that is there is not taken again.
    pub numbers_are_unique: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            codes: vec!["PKG-001".into(), "PKG-002".into()],
            evidence_max: 5 << 20,
            age_max: TimeDelta::days(7),
            ahead_max: TimeDelta::seconds(300),
            wrong: Wrong::default(),
            wrong_state: Wrong::default(),
            numbers_are_unique: true,
        }
    }
}

/// A right of a car, known to the test and to the lookup.
#[derive(Debug)]
struct Right {
    plate: String,
    state: String,
    zone: String,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Right {
    /// Whether it is good; its end is outside.
    fn covers(&self, plate: &str, state: &str, zone: &str, at: DateTime<Utc>) -> bool {
        self.plate == plate
            && self.state == state
            && self.zone == zone
            && self.from <= at
            && at < self.until
    }
}
