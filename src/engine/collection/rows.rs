//! What became of the citations of a batch: kept together with the batch itself.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::model::{CitationId, CitationState, Country, DocumentId, DocumentKind, DocumentState};
use crate::ports::{Document, Handed, Subject, WithdrawnAs};
use crate::store::{DocumentKept, ReferralKept, ReferralState, Store, StoreError};

/// An agency that says so has the citation, from whoever handed it over.
const DUPLICATE: &str = "duplicate";

/// An agency that says so of one that is taken back has not, so that nobody is asked for it.
const UNKNOWN: &str = "unknown";

/// Whether citations that are about to be handed over are still said to stand.
///
/// # Errors
/// [`StoreError`].
pub fn are_owed(
    store: &Store,
    rows: &[ReferralKept],
    country: Option<Country>,
) -> Result<bool, StoreError> {
    for row in rows {
        let Ok(id) = CitationId::new(row.reference.as_str()) else { return Ok(false) };
        let kept = store.citations().find(&row.source, &id, country)?;
        let state = kept.map(|kept| kept.settled().state);
        if state != Some(CitationState::Issued) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Keeps, before the first byte of a batch leaves, that its rows are on their way.
///
/// # Errors
/// [`StoreError`].
pub fn sending(
    store: &Store,
    kept: &DocumentKept,
    document: &Document,
    rows: &[ReferralKept],
) -> Result<(), StoreError> {
    let mut rows = rows.to_vec();
    if let (DocumentKind::Withdrawal, Subject::Batch { rows: back, .. }) =
        (kept.kind, &document.subject)
    {
        for row in back {
            let found = store.referrals().find(&kept.to, &row.reference)?;
            let withdrawal = Some(kept.id.clone());
            // What was said of an earlier one is no answer to this one.
            rows.extend(found.map(|found| ReferralKept { withdrawal, reason: None, ..found }));
        }
    }
    if rows.is_empty() { Ok(()) } else { store.referrals().keep(&rows) }
}

/// Keeps what became of the rows of a batch, where that is known.
///
/// # Errors
/// [`StoreError`].
pub fn became(
    store: &Store,
    kept: &DocumentKept,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let is_referral = match kept.kind {
        DocumentKind::Referral => true,
        DocumentKind::Withdrawal => false,
        _ => return Ok(()),
    };
    if kept.state.is_open() || kept.state == DocumentState::Blocked {
        return Ok(());
    }
    if is_referral && kept.is_done != Some(true) {
        return store.referrals().forget_batch(&kept.to, &kept.id);
    }
    let rows = store.referrals().of_document(&kept.to, &kept.id)?.into_iter();
    let fates = Fates::of(kept);
    let rows: Vec<_> = match is_referral {
        true => rows
            .filter(|row| row.batch == kept.id && row.state == ReferralState::Sent)
            .map(|row| fates.of_referral(row, now))
            .collect(),
        false => {
            let told = told(subject);
            let rows = rows.filter(|row| row.withdrawal.as_ref() == Some(&kept.id));
            let refused = (kept.state == DocumentState::Refused).then(|| "refused".to_owned());
            let row = |row| match kept.is_done {
                Some(true) => fates.of_withdrawal(row, &told, now),
                // It is tried again; what the agency has refused is remembered until then.
                _ => ReferralKept {
                    withdrawal: refused.as_ref().map(|_| kept.id.clone()),
                    reason: refused.clone(),
                    changed_at: now,
                    ..row
                },
            };
            rows.map(row).collect()
        }
    };
    if rows.is_empty() { Ok(()) } else { store.referrals().keep(&rows) }
}

/// What a batch that takes back says of each.
fn told(subject: &Subject) -> BTreeMap<DocumentId, WithdrawnAs> {
    let Subject::Batch { rows, .. } = subject else { return BTreeMap::new() };
    let back = |what| match what {
        Handed::Back(now) => Some(now),
        Handed::Over(_) => None,
    };
    rows.iter().filter_map(|row| Some((row.reference.clone(), back(row.what)?))).collect()
}

/// What the answer to a batch says of its rows. Pure.
#[derive(Debug, Default)]
struct Fates {
    /// It was answered row by row; a person says it of all.
    is_told: bool,
    accepted: BTreeSet<String>,
    refused: BTreeMap<String, String>,
}

impl Fates {
    fn of(kept: &DocumentKept) -> Self {
        let answer: Option<Value> =
            kept.answer.as_deref().and_then(|answer| serde_json::from_str(answer).ok());
        let answer = answer.filter(|_| kept.state == DocumentState::Confirmed);
        let list = |key: &str| answer.as_ref().and_then(|told| told.get(key)?.as_array().cloned());
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let accepted = list("accepted").unwrap_or_default();
        let refused = list("refused").unwrap_or_default();
        let refused = refused.iter().filter_map(|row| {
            let text = |key| row.get(key).and_then(Value::as_str).map(str::to_owned);
            Some((text("referenceId")?, text("code").unwrap_or_default()))
        });
        Self {
            is_told: answer.is_some(),
            refused: refused.collect(),
            accepted: accepted.iter().filter_map(text).collect(),
        }
    }

    /// Why one was not taken; nothing where it was.
    fn why_not(&self, reference: &DocumentId) -> Option<String> {
        match self.refused.get(reference.as_str()) {
            Some(why) => Some(why.clone()),
            None if !self.is_told || self.accepted.contains(reference.as_str()) => None,
            // It is neither among those that were taken, nor among those that were not.
            None => Some("missing".to_owned()),
        }
    }

    fn of_referral(&self, row: ReferralKept, now: DateTime<Utc>) -> ReferralKept {
        let reason = self.why_not(&row.reference);
        let state = match reason.as_deref() {
            None | Some(DUPLICATE) => ReferralState::There,
            Some(_) => ReferralState::Refused,
        };
        let reason = reason.filter(|_| state == ReferralState::Refused);
        ReferralKept { state, reason, changed_at: now, ..row }
    }

    fn of_withdrawal(
        &self,
        row: ReferralKept,
        told: &BTreeMap<DocumentId, WithdrawnAs>,
        now: DateTime<Utc>,
    ) -> ReferralKept {
        let reason = self.why_not(&row.reference).filter(|why| why != UNKNOWN);
        let told = match &reason {
            None => told.get(&row.reference).copied().or(row.wanted),
            Some(_) => row.told,
        };
        let withdrawal = row.withdrawal.clone().filter(|_| reason.is_some());
        ReferralKept { reason, told, withdrawal, changed_at: now, ..row }
    }
}
