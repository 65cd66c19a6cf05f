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
        /// It was paid, taken back or contested, and is said to stand without a word when that changed.
        Doubtful = "doubtful",
    }
}

impl CitationState {
    /// Whether it is no longer a plain one that is owed, or was so once.
    fn was_settled(self) -> bool {
        match self {
            Self::Paid | Self::Dismissed | Self::Contested | Self::Doubtful => true,
            Self::Issued | Self::Unclear => false,
        }
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

    /// The same in view of what was known of it. What was paid, taken back or contested once is not owed because a
    /// listing says so: only a later time of the service's own makes it so.
    #[must_use]
    pub fn in_view_of(self, known: &Self) -> Self {
        // Instants are kept in whole seconds.
        let is_later = self
            .updated_at
            .zip(known.updated_at)
            .is_some_and(|(own, known)| own.timestamp() > known.timestamp());
        match self.state {
            CitationState::Issued | CitationState::Unclear
                if known.state.was_settled() && !is_later =>
            {
                Self { state: CitationState::Doubtful, ..self }
            }
            _ => self,
        }
    }

    /// Whether this and another one of one id cannot both be so: they differ, and neither is the later one.
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> bool {
        self.updated_at == other.updated_at && self != other
    }

    /// What is to be believed of one of which another row of the same listing says another thing.
    #[must_use]
    pub fn beside(self, other: &Self) -> Self {
        let state = match (self.state, other.state) {
            (own, other) if own == other && own.was_settled() => own,
            (own, other) if own.was_settled() || other.was_settled() => CitationState::Doubtful,
            _ => CitationState::Unclear,
        };
        Self { state, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::citation as said;

    /// Mutants: what was paid is owed because a listing says so; a word that nobody knows makes that forgotten; no
    /// later time counts.
    #[test]
    fn what_was_settled_is_owed_only_by_a_later_word() {
        use CitationState::{Contested, Dismissed, Doubtful, Issued, Paid, Unclear};
        let after = |known, own, times: (Option<i64>, Option<i64>)| {
            said(own, times.1).in_view_of(&said(known, times.0)).state
        };
        for times in
            [(None, None), (None, Some(9)), (Some(9), None), (Some(9), Some(9)), (Some(9), Some(8))]
        {
            for known in [Paid, Dismissed, Contested, Doubtful] {
                assert_eq!(after(known, Issued, times), Doubtful, "{known:?} {times:?}");
                assert_eq!(after(known, Unclear, times), Doubtful, "{known:?} {times:?}");
                assert_eq!(after(known, Paid, times), Paid);
                assert_eq!(after(known, Contested, times), Contested);
            }
            for known in [Issued, Unclear] {
                assert_eq!(after(known, Issued, times), Issued);
            }
        }
        let later = (Some(9), Some(10));
        for known in [Paid, Dismissed, Contested, Doubtful] {
            assert_eq!(after(known, Issued, later), Issued);
        }
        // It stays as it is when it is heard once more.
        let doubtful = said(Issued, None).in_view_of(&said(Paid, None));
        assert!(!said(Issued, None).in_view_of(&doubtful).is_newer_than(&doubtful));
    }

    /// Mutants: of two that cannot both be so the last counts.
    #[test]
    fn two_rows_that_contradict_each_other_are_not_believed() {
        use CitationState::{Contested, Doubtful, Issued, Paid, Unclear};
        let beside = |own, other| said(own, None).beside(&said(other, None)).state;
        assert_eq!([beside(Issued, Paid), beside(Paid, Issued)], [Doubtful; 2]);
        assert_eq!([beside(Contested, Paid), beside(Issued, Contested)], [Doubtful; 2]);
        assert_eq!([beside(Issued, Issued), beside(Issued, Unclear)], [Unclear; 2]);
        assert_eq!(beside(Paid, Paid), Paid);
        assert!(said(Issued, None).contradicts(&said(Paid, None)));
        assert!(!said(Issued, None).contradicts(&said(Issued, None)));
        assert!(!said(Issued, Some(2)).contradicts(&said(Paid, Some(1))));
    }
}
