//! What is heard of citations that an agency was handed, however long ago: whether anybody is still to be asked for
//! one. Nothing of a plate is needed for it.

use chrono::{DateTime, Utc};

use crate::model::{CitationId, CitationState, SourceName};
use crate::ports::WithdrawnAs;
use crate::store::{ReferralKept, Store, StoreError};

/// What is heard of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Its service says that it stands so.
    State(CitationState),
    /// Its service has deleted it.
    Deleted,
    /// It is in no listing that would have to hold it, and nobody says why.
    NotListed,
    /// Its car had a right after all.
    HadRight,
}

/// What a citation is to be at its agency by all that is heard of it. Who has paid, and what is void, is never asked
/// for again, whatever is said later; what was put on hold there is not opened again. Pure.
#[must_use]
pub fn wanted_after(kept: &ReferralKept, heard: Heard) -> Option<WithdrawnAs> {
    use WithdrawnAs::{Hold, Paid, Void};
    let wanted = kept.wanted.or(kept.told);
    match (wanted, heard) {
        (Some(Paid), _) | (_, Heard::State(CitationState::Paid)) => Some(Paid),
        (Some(Void), _)
        | (_, Heard::State(CitationState::Dismissed) | Heard::Deleted | Heard::HadRight) => {
            Some(Void)
        }
        // Whoever cannot say how it stands has nobody asked for it.
        (
            _,
            Heard::State(
                CitationState::Contested | CitationState::Doubtful | CitationState::Unclear,
            )
            | Heard::NotListed,
        ) => Some(Hold),
        // It was decided before the agency was told.
        (_, Heard::State(CitationState::Issued)) => kept.told,
    }
}

/// The rows that are others by what was heard of a citation; `said_at` is when its service says that it said so, and
/// nothing where it does not say.
///
/// # Errors
/// [`StoreError`].
pub fn changed(
    store: &Store,
    (source, id): (&SourceName, &CitationId),
    heard: Heard,
    said_at: Option<DateTime<Utc>>,
) -> Result<Vec<ReferralKept>, StoreError> {
    let rows = store.referrals().of_citation(source, id.as_str())?;
    Ok(rows.into_iter().filter_map(|kept| changed_row(kept, heard, said_at)).collect())
}

fn changed_row(
    kept: ReferralKept,
    heard: Heard,
    said_at: Option<DateTime<Utc>>,
) -> Option<ReferralKept> {
    let is_settled = |one: &ReferralKept| matches!(one.told, None | Some(WithdrawnAs::Hold));
    // Instants are kept in whole seconds.
    let is_old = said_at.zip(kept.said_at).is_some_and(|(own, known)| own < known);
    // That it is paid counts whenever it was said.
    let counts = !is_old || heard == Heard::State(CitationState::Paid);
    let wanted = wanted_after(&kept, heard);
    if !counts || wanted == kept.wanted || !is_settled(&kept) {
        return None;
    }
    let said_at = said_at.or(kept.said_at);
    // What the agency would not give back may be another thing now.
    let is_refused = kept.waits() && kept.reason.is_some();
    let reason = kept.reason.clone().filter(|_| !is_refused);
    let withdrawal = kept.withdrawal.clone().filter(|_| !is_refused);
    Some(ReferralKept { wanted, said_at, reason, withdrawal, ..kept })
}

/// Keeps what was heard of a citation.
///
/// # Errors
/// [`StoreError`].
pub fn hear(
    store: &Store,
    named: (&SourceName, &CitationId),
    heard: Heard,
    (said_at, now): (Option<DateTime<Utc>>, DateTime<Utc>),
) -> Result<(), StoreError> {
    let rows = changed(store, named, heard, said_at)?.into_iter();
    let rows: Vec<_> = rows.map(|row| ReferralKept { changed_at: now, ..row }).collect();
    match rows.is_empty() {
        true => Ok(()),
        false => store.referrals().keep(&rows),
    }
}
