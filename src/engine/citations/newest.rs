//! The rows of one listing, each citation once. Pure.

use std::collections::BTreeMap;

use crate::model::{Citation, CitationId, CitationState};

/// The newest statement of each citation of a listing.
#[derive(Debug, Default)]
pub(super) struct Newest {
    pub citations: BTreeMap<CitationId, Citation>,
    /// Of those of which the listing says two things: how they stand for whoever may be asked for the money.
    contradicted: BTreeMap<CitationId, CitationState>,
}

impl Newest {
    pub fn take(&mut self, citation: Citation) {
        let id = citation.id.clone();
        let known = self.citations.get(&id);
        match known {
            Some(known) if citation.contradicts(known) => {
                let said = self.said(known);
                let citation_said = most_harmless(said, citation.state);
                let citation = citation.beside(known);
                self.contradicted.insert(id.clone(), citation_said);
                self.citations.insert(id, citation);
            }
            Some(known) if !citation.is_newer_than(known) => {}
            Some(_) | None => {
                self.contradicted.remove(&id);
                self.citations.insert(id, citation);
            }
        }
    }

    /// How a citation of the listing stands for whoever may be asked for the money.
    pub fn said(&self, citation: &Citation) -> CitationState {
        self.contradicted.get(&citation.id).copied().unwrap_or(citation.state)
    }
}

/// What is heard where two things are said at once: a payment counts, and else nobody is asked for the money.
fn most_harmless(one: CitationState, other: CitationState) -> CitationState {
    match (one, other) {
        _ if one == other => one,
        (CitationState::Paid, _) | (_, CitationState::Paid) => CitationState::Paid,
        _ => CitationState::Doubtful,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::citation;

    /// Mutants: the last row counts; a payment is not heard of those that are there; a later row is passed over.
    #[test]
    fn each_is_what_no_other_row_gainsays() {
        use CitationState::{Doubtful, Issued, Paid};
        let of = |rows: &[(CitationState, Option<i64>)]| {
            let mut newest = Newest::default();
            for (state, second) in rows {
                newest.take(citation(*state, *second));
            }
            let one = newest.citations.values().next().unwrap();
            (one.state, newest.said(one))
        };
        assert_eq!(of(&[(Issued, None), (Issued, None)]), (Issued, Issued));
        assert_eq!(of(&[(Paid, None), (Issued, None)]), (Doubtful, Paid));
        assert_eq!(of(&[(Issued, None), (Paid, None), (Issued, None)]), (Doubtful, Paid));
        assert_eq!(of(&[(Issued, Some(2)), (Paid, Some(1))]), (Issued, Issued));
        assert_eq!(of(&[(Paid, Some(1)), (Issued, Some(1)), (Issued, Some(2))]), (Issued, Issued));
    }
}
