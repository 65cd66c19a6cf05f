//! Citations: what an officer wrote against a car, as the service that keeps them says it.

use chrono::{DateTime, Utc};

use super::{CitationId, Currency, MinorUnits, Plate, RightCode, SourceName};
use crate::text::words::words;

words! {
    /// What became of a citation.
    pub enum CitationState {
        /// It stands, by a word that says so: somebody owes it.
        Issued = "issued",
        /// The money is there; whoever had a right gets it back.
        Paid = "paid",
        /// Taken back: nobody owes anything.
        Dismissed = "dismissed",
        /// Somebody says that it is wrong, and nobody has decided.
        Contested = "contested",
        /// The service has a word for it that nobody here knows, or does not list it any more.
        Unclear = "unclear",
    }
}

/// What is asked for a citation, as its service says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fine {
    pub amount: MinorUnits,
    /// As far as the service says it: most have one, and never name it.
    pub currency: Option<Currency>,
}

/// One citation of one service. Source and id together name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Citation {
    pub source: SourceName,
    pub id: CitationId,
    /// The car; nothing where the plate cannot be read for certain.
    pub plate: Option<Plate>,
    /// Where it stood, in the service's words.
    pub zone: Option<String>,
    /// What it is about: `EXPIRED_METER`.
    pub kind: Option<RightCode>,
    /// The instant that the officer saw it.
    pub at: DateTime<Utc>,
    pub state: CitationState,
    /// What is due of it; nothing where that cannot be read for certain.
    pub fine: Option<Fine>,
    /// When the service last changed it. Of two of one id the newer one counts.
    pub updated_at: Option<DateTime<Utc>>,
}

impl Citation {
    /// Whether this says what is to be believed, where another one of the same id is known.
    #[must_use]
    pub fn is_newer_than(&self, known: &Self) -> bool {
        match (self.updated_at, known.updated_at) {
            (Some(own), Some(known_at)) if own != known_at => own > known_at,
            // What states no time is an old delivery, as far as anybody knows.
            (None, Some(_)) => false,
            // What states no other time came later than what is known.
            _ => self != known,
        }
    }
}
