//! Batches that had no effect at all: handed over anew, as another sending. Pure, but for one look at the state file.

use serde_json::Value;
use uuid::Uuid;

use super::{NAMESPACE, is_batch};
use crate::model::{DocumentKind, DocumentState};
use crate::store::{DocumentKept, Store, StoreError};

/// Whether nothing of a batch has come into force there, by the other side's own word or because nothing has left.
#[must_use]
pub(super) fn had_no_effect(known: &DocumentKept) -> bool {
    let is_so = match known.state {
        DocumentState::New | DocumentState::Blocked | DocumentState::Refused => true,
        DocumentState::Settled => known.is_done == Some(false),
        // Of citations that are handed over, each that is refused stays so.
        DocumentState::Confirmed => known.kind == DocumentKind::Withdrawal && took_none(known),
        DocumentState::Sent | DocumentState::Unknown => false,
    };
    is_batch(known.kind) && is_so
}

/// Whether it was answered, and no row of it was taken.
fn took_none(known: &DocumentKept) -> bool {
    let answer: Option<Value> =
        known.answer.as_deref().and_then(|answer| serde_json::from_str(answer).ok());
    let list = |key: &str| answer.as_ref().and_then(|told| told.get(key)?.as_array()).map(Vec::len);
    list("accepted") == Some(0) && list("refused").is_some_and(|refused| refused > 0)
}

/// The key of what is sent now; `own` is that of a document that was never sent. What the other side has said no to
/// goes out under another key, or it would be told the same answer for as long as that lives. The key of what may have
/// been taken stays as it was.
#[must_use]
pub(super) fn key(known: Option<&DocumentKept>, own: String) -> String {
    match known {
        Some(known) if is_batch(known.kind) => {
            let was_answered =
                matches!(known.state, DocumentState::Refused | DocumentState::Confirmed);
            match was_answered && had_no_effect(known) {
                true => {
                    let name = format!("{}\0again", known.key);
                    Uuid::new_v5(&NAMESPACE, name.as_bytes()).hyphenated().to_string()
                }
                false => known.key.clone(),
            }
        }
        _ => own,
    }
}

/// Whether an agency has refused to give back what a batch asked for, so that a person may say that it did.
///
/// # Errors
/// [`StoreError`].
pub fn is_not_given_back(store: &Store, kept: &DocumentKept) -> Result<bool, StoreError> {
    if kept.kind != DocumentKind::Withdrawal || kept.state.is_open() {
        return Ok(false);
    }
    let rows = store.referrals().of_document(&kept.to, &kept.id)?;
    Ok(rows.iter().any(|row| {
        row.withdrawal.as_ref() == Some(&kept.id) && row.reason.is_some() && row.waits()
    }))
}
