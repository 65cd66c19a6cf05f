//! The report of a day, made of the ledger.

use std::ops::Range;

use chrono::{DateTime, NaiveDate, Utc};
use sha2::{Digest, Sha256};

use crate::config::{Config, RecipientConfig};
use crate::model::{Amount, DocumentId, LedgerEntry, LedgerKind};
use crate::ports::{DayBooks, Movement};
use crate::store::{Store, StoreError};
use crate::text::hex::hex;

/// What is said where nobody has said where or how something was paid.
const NOT_KNOWN: &str = "UNKNOWN";

/// No day is reported more often.
const REVISIONS_MAX: u32 = 1000;

/// The report of a day and its revision: the one that was taken last, where nothing has moved since, else one that
/// corrects it. `None`: none can be written.
///
/// # Errors
/// [`StoreError`].
pub fn report_of(
    config: &Config,
    store: &Store,
    to: &RecipientConfig,
    (day, span): (NaiveDate, Range<DateTime<Utc>>),
) -> Result<Option<(Vec<u8>, u32)>, StoreError> {
    let mut entries = Vec::new();
    let cashiers = config.recipients.iter();
    for cashier in cashiers.filter(|one| one.settings.has_payments() && one.currency == to.currency)
    {
        entries.extend(store.books().entries_between(
            cashier.name.as_str(),
            span.start,
            span.end,
        )?);
    }
    let mut movements = Vec::new();
    for entry in &entries {
        movements.push(movement(store, entry)?);
    }
    let fees = entries.iter().filter_map(|entry| entry.fee).sum::<Amount>();
    let write = |revision, corrects| {
        let movements = movements.clone();
        to.settings.report(&DayBooks { day, revision, corrects, fees, movements })
    };
    let (mut last, mut taken) = (None, None);
    for revision in 1..=REVISIONS_MAX {
        let Ok(id) = DocumentId::new(&format!("{}:{day}:{revision}", to.kind.name())) else {
            return Ok(None);
        };
        let Some(kept) = store.outbox().find(&to.name, &id)? else { break };
        // What never left is no report of the day.
        if !kept.state.has_left() {
            break;
        }
        let is_taken = kept.is_done == Some(true);
        last = Some((revision, kept, taken));
        // What was not taken keeps its id, and is none that another could correct.
        taken = if is_taken { Some(revision) } else { taken };
    }
    let revision = match &last {
        None => 1,
        Some((revision, kept, corrects)) => {
            let same = write(*revision, *corrects);
            let is_same =
                same.as_ref().is_some_and(|bytes| hex(&Sha256::digest(bytes)) == kept.sha256);
            // What became of that one is found out before another corrects it.
            if is_same || kept.state.is_open() {
                return Ok(same.map(|bytes| (bytes, *revision)));
            }
            revision + 1
        }
    };
    Ok(write(revision, taken).map(|bytes| (bytes, revision)))
}

fn movement(store: &Store, entry: &LedgerEntry) -> Result<Movement, StoreError> {
    // Where and how a refund was paid once is known of its payment.
    let paid = match entry.kind {
        LedgerKind::Payment => None,
        LedgerKind::Refund => {
            let of_payment = store.books().entries_of(&entry.cashier, &entry.payment)?;
            of_payment.into_iter().find(|one| one.kind == LedgerKind::Payment)
        }
    };
    let paid = paid.as_ref().unwrap_or(entry);
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| NOT_KNOWN.to_owned());
    Ok(Movement {
        id: entry.id.clone(),
        at: entry.at,
        amount: entry.signed(),
        zone: known(&paid.zone),
        method: known(&paid.method),
    })
}
