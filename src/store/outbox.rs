//! Documents that leave, each with all that is known of what became of it.
//!
//! A document is on the disk before the first byte of it leaves, and its row is never deleted: its id is its key for
//! ever. What it holds is kept as long as it may have to be sent again, and no longer.

use chrono::{DateTime, Utc};

use super::rows::{ToColumns, damaged, row};
use super::{Outbox, StoreError, seal};
use crate::model::{
    Currency, DocumentId, DocumentKind, DocumentState, MinorUnits, Money, SourceName,
};

/// A document, but for what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentKept {
    /// The section that it is for.
    pub to: SourceName,
    pub id: DocumentId,
    pub kind: DocumentKind,
    /// What it is known by at the other side: a UUID.
    pub key: String,
    /// Of what it holds.
    pub sha256: String,
    pub money: Option<Money>,
    /// Of a refund, the payment.
    pub payment: Option<DocumentId>,
    pub state: DocumentState,
    /// Whether it took effect; nothing where nobody knows, or where it was never sent.
    pub is_done: Option<bool>,
    /// The version at the other side that it was compared with.
    pub base: Option<String>,
    /// The id by which it is approved, where it waits for that.
    pub blocked: Option<String>,
    /// When it was handed over.
    pub made_at: DateTime<Utc>,
    /// When the first byte of it left.
    pub sent_at: Option<DateTime<Utc>>,
    /// When something became known of it last.
    pub changed_at: DateTime<Utc>,
    /// How often in a row the other side could not say how it stands.
    pub failures: u32,
    /// When that was asked last.
    pub asked_at: Option<DateTime<Utc>>,
    /// What the other side answered, as a JSON object.
    pub answer: Option<String>,
    pub error: Option<String>,
    /// Nobody but a person can find out what became of it, by what was found last.
    pub waits_for_somebody: bool,
}

struct Row {
    recipient: String,
    id: String,
    kind: DocumentKind,
    key: String,
    sha256: String,
    amount: Option<u64>,
    currency: Option<String>,
    payment: Option<String>,
    state: DocumentState,
    is_done: Option<bool>,
    base: Option<String>,
    blocked: Option<String>,
    made_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
    changed_at: DateTime<Utc>,
    failures: u32,
    asked_at: Option<DateTime<Utc>>,
    answer: Option<String>,
    error: Option<String>,
    waits_for_somebody: bool,
}

row!(Row {
    recipient,
    id,
    kind,
    key,
    sha256,
    amount,
    currency,
    payment,
    state,
    is_done,
    base,
    blocked,
    made_at,
    sent_at,
    changed_at,
    failures,
    asked_at,
    answer,
    error,
    waits_for_somebody
});

impl Row {
    fn of(kept: &DocumentKept) -> Self {
        let kept = kept.clone();
        Self {
            recipient: kept.to.to_string(),
            id: kept.id.to_string(),
            kind: kept.kind,
            key: kept.key,
            sha256: kept.sha256,
            amount: kept.money.as_ref().map(|money| money.amount.get()),
            currency: kept.money.map(|money| money.currency.to_string()),
            payment: kept.payment.map(|payment| payment.to_string()),
            state: kept.state,
            is_done: kept.is_done,
            base: kept.base,
            blocked: kept.blocked,
            made_at: kept.made_at,
            sent_at: kept.sent_at,
            changed_at: kept.changed_at,
            failures: kept.failures,
            asked_at: kept.asked_at,
            answer: kept.answer,
            error: kept.error,
            waits_for_somebody: kept.waits_for_somebody,
        }
    }

    fn kept(self) -> Option<DocumentKept> {
        let amount = match self.amount {
            Some(amount) => Some(MinorUnits::from_digits(&amount.to_string())?),
            None => None,
        };
        let currency = match self.currency {
            Some(code) => Some(Currency::new(&code).ok()?),
            None => None,
        };
        Some(DocumentKept {
            to: SourceName::new(&self.recipient).ok()?,
            id: DocumentId::new(&self.id).ok()?,
            kind: self.kind,
            key: self.key,
            sha256: self.sha256,
            money: amount.zip(currency).map(|(amount, currency)| Money { amount, currency }),
            payment: match self.payment {
                Some(id) => Some(DocumentId::new(&id).ok()?),
                None => None,
            },
            state: self.state,
            is_done: self.is_done,
            base: self.base,
            blocked: self.blocked,
            made_at: self.made_at,
            sent_at: self.sent_at,
            changed_at: self.changed_at,
            failures: self.failures,
            asked_at: self.asked_at,
            answer: self.answer,
            error: self.error,
            waits_for_somebody: self.waits_for_somebody,
        })
    }
}

impl Outbox<'_> {
    /// Keeps what is known of a document by now, and `bytes`, all that it holds, where these may have to be sent; they
    /// go for good where they cannot any more.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing of it is kept.
    pub fn keep(&self, kept: &DocumentKept, bytes: Option<&[u8]>) -> Result<(), StoreError> {
        let row = Row::of(kept);
        self.0.together(|store| {
            let sealed = seal::seal_of(&row, &store.accounts).map_err(|error| store.error(error))?;
            let put = "INSERT OR REPLACE INTO outbox VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, \
                       ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)";
            store.exec(put, (&row, sealed))?;
            let name = (row.recipient.as_str(), row.id.as_str());
            if let Some(bytes) = bytes {
                let put = "INSERT OR REPLACE INTO outbox_bytes (recipient, id, bytes) VALUES (?1, ?2, ?3)";
                return store.exec(put, (name.0, name.1, bytes));
            }
            let is_over = kept.state.has_left() && !kept.state.is_open();
            match is_over {
                true => self.forget_bytes(&kept.to, &kept.id),
                false => Ok(()),
            }
        })
    }

    /// Forgets what a document holds, for good.
    pub fn forget_bytes(&self, to: &SourceName, id: &DocumentId) -> Result<(), StoreError> {
        self.0.write_over_what_goes()?;
        let delete = "DELETE FROM outbox_bytes WHERE recipient = ?1 AND id = ?2";
        self.0.exec(delete, (to.as_str(), id.as_str()))
    }

    /// Whether some may have had their effect and may have none, or are citations that were handed over before an
    /// instant and hold a plate still.
    pub fn has_open_or_old(&self, before: DateTime<Utc>) -> Result<bool, StoreError> {
        let open = "SELECT 1 FROM outbox WHERE state IN ('sent', 'unknown') LIMIT 1";
        let old = "SELECT 1 FROM outbox_bytes CROSS JOIN outbox USING (recipient, id) \
                   WHERE kind IN ('citation', 'referral') AND made_at < ?1 LIMIT 1";
        let is_open = self.0.first::<i64>(open, ())?.is_some();
        Ok(is_open || self.0.first::<i64>(old, before)?.is_some())
    }

    /// Forgets what citations hold, and batches of them, that were handed over before an instant, for good: there is a plate in each.
    pub fn forget_plates(&self, before: DateTime<Utc>) -> Result<(), StoreError> {
        let old = "SELECT recipient, id FROM outbox_bytes CROSS JOIN outbox USING (recipient, id) \
                   WHERE kind IN ('citation', 'referral') AND made_at < ?1";
        let old: Vec<(String, String)> = self.0.all(old, before)?;
        if old.is_empty() {
            return Ok(());
        }
        self.0.write_over_what_goes()?;
        let delete = "DELETE FROM outbox_bytes WHERE recipient = ?1 AND id = ?2";
        self.0.together(|store| {
            old.iter().try_for_each(|(recipient, id)| {
                store.exec(delete, (recipient.as_str(), id.as_str()))
            })
        })
    }

    /// What a document holds, as far as it is kept; just as it was handed over.
    ///
    /// # Errors
    /// [`StoreError`]; also where it is not what its row says.
    pub fn bytes(&self, kept: &DocumentKept) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT bytes FROM outbox_bytes WHERE recipient = ?1 AND id = ?2";
        self.0.first(sql, (kept.to.as_str(), kept.id.as_str()))
    }

    /// One document.
    pub fn find(
        &self,
        to: &SourceName,
        id: &DocumentId,
    ) -> Result<Option<DocumentKept>, StoreError> {
        let sql = "SELECT * FROM outbox WHERE recipient = ?1 AND id = ?2";
        let found = self.read(sql, (to.as_str(), id.as_str()))?;
        Ok(found.into_iter().next())
    }

    /// Every document with an id, whoever it is for.
    pub fn of_id(&self, id: &DocumentId) -> Result<Vec<DocumentKept>, StoreError> {
        self.read("SELECT * FROM outbox WHERE id = ?1 ORDER BY recipient", id.as_str())
    }

    /// The documents that may have had their effect, and may have none: the oldest first.
    pub fn open(&self) -> Result<Vec<DocumentKept>, StoreError> {
        self.read(
            "SELECT * FROM outbox WHERE state IN ('sent', 'unknown') ORDER BY made_at, id",
            (),
        )
    }

    /// The documents that nobody has sent yet, the oldest first.
    pub fn waiting(&self) -> Result<Vec<DocumentKept>, StoreError> {
        self.read("SELECT * FROM outbox WHERE state IN ('new', 'blocked') ORDER BY made_at, id", ())
    }

    /// The documents for one section that may have had their effect, or that nobody has sent yet.
    pub fn unsettled_of(&self, to: &SourceName) -> Result<Vec<DocumentKept>, StoreError> {
        let mut all = self.open()?;
        all.extend(self.waiting()?);
        all.retain(|kept| kept.to == *to);
        Ok(all)
    }

    /// The documents that were sent, or taken or refused since an instant, the newest first.
    pub fn changed_since(&self, since: DateTime<Utc>) -> Result<Vec<DocumentKept>, StoreError> {
        let sql = "SELECT * FROM outbox WHERE changed_at >= ?1 AND state NOT IN ('new', 'blocked') \
                   ORDER BY changed_at DESC, recipient, id";
        self.read(sql, since)
    }

    /// The sections that any document was ever for.
    pub fn recipients(&self) -> Result<Vec<SourceName>, StoreError> {
        self.0.all("SELECT DISTINCT recipient FROM outbox", ())
    }

    /// Every refund of a payment, whoever it is for.
    pub fn refunds_of(&self, payment: &DocumentId) -> Result<Vec<DocumentKept>, StoreError> {
        let sql = "SELECT * FROM outbox WHERE payment = ?1 ORDER BY made_at, recipient, id";
        self.read(sql, payment.as_str())
    }

    /// The document that waits under this id.
    pub fn blocked(&self, id: &str) -> Result<Option<DocumentKept>, StoreError> {
        let sql = "SELECT * FROM outbox WHERE state = 'blocked' AND blocked = ?1";
        Ok(self.read(sql, id)?.into_iter().next())
    }

    fn read(&self, sql: &str, params: impl ToColumns) -> Result<Vec<DocumentKept>, StoreError> {
        let rows: Vec<(Row, i64)> = self.0.all(sql, params)?;
        let kept = rows.into_iter().map(|(row, stored)| {
            let wanted = seal::seal_of(&row, &self.0.accounts);
            seal::check(Some(stored), wanted, "a document that leaves")?;
            row.kept().ok_or_else(|| damaged("a document that leaves", "a row"))
        });
        kept.collect::<Result<_, _>>().map_err(|problem| self.0.error(problem))
    }
}
