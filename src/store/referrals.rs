//! Citations that were handed over to agencies, each with what became of it.
//!
//! There is no plate in it, and no row goes: a citation is handed over once, and whoever pays it years later is asked
//! for it no more.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::rows::{ToColumns, damaged, row};
use super::{Referrals, StoreError, seal};
use crate::model::{DocumentId, MinorUnits, SourceName};
use crate::ports::WithdrawnAs;
use crate::text::words::words;

words! {
    /// How far the handing over of a citation is.
    pub enum ReferralState {
        /// It is in a batch of which nobody knows yet what became of it.
        Sent = "sent",
        /// The agency has taken it.
        There = "there",
        /// The agency has not, and it is not handed over again.
        Refused = "refused",
    }
}

/// A citation that was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferralKept {
    /// The section of the agency.
    pub agency: SourceName,
    /// What both sides call it.
    pub reference: DocumentId,
    /// The section of the service that lists it.
    pub source: SourceName,
    /// When the officer saw it.
    pub at: DateTime<Utc>,
    pub due: MinorUnits,
    pub state: ReferralState,
    /// Why the agency does not take it, or does not give it back.
    pub reason: Option<String>,
    /// The document that it was handed over in.
    pub batch: DocumentId,
    /// What it is to be there by now; nothing where it is owed still.
    pub wanted: Option<WithdrawnAs>,
    /// What the agency has confirmed of that.
    pub told: Option<WithdrawnAs>,
    /// The document that tells it, until it is known what became of that; with a reason, the one that was refused.
    pub withdrawal: Option<DocumentId>,
    /// When its service said so last, by its own clock.
    pub said_at: Option<DateTime<Utc>>,
    pub referred_at: DateTime<Utc>,
    pub changed_at: DateTime<Utc>,
}

impl ReferralKept {
    /// Whether the agency must still be told that nobody is to be asked for it.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.state == ReferralState::There && self.wanted.is_some() && self.wanted != self.told
    }

    /// Whether the agency was told, and nobody knows yet what it says.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.withdrawal.is_some() && self.reason.is_none()
    }

    /// Whether somebody may still be asked for it there.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != ReferralState::Refused && matches!(self.told, None | Some(WithdrawnAs::Hold))
    }
}

/// The next name after one, of an agency or of a service of which some are open.
const NEXT_AGENCY: &str = "SELECT agency FROM referral WHERE agency > ?1 AND state <> 'refused' \
                           AND (told IS NULL OR told = 'Hold') ORDER BY agency LIMIT 1";
const NEXT_SERVICE: &str = "SELECT source FROM referral WHERE source > ?1 AND state <> 'refused' \
                            AND (told IS NULL OR told = 'Hold') ORDER BY source LIMIT 1";

struct Row {
    agency: String,
    reference: DocumentId,
    source: String,
    at: DateTime<Utc>,
    due: MinorUnits,
    state: ReferralState,
    reason: Option<String>,
    batch: DocumentId,
    wanted: Option<WithdrawnAs>,
    told: Option<WithdrawnAs>,
    withdrawal: Option<DocumentId>,
    said_at: Option<DateTime<Utc>>,
    referred_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
}

row!(Row {
    agency,
    reference,
    source,
    at,
    due,
    state,
    reason,
    batch,
    wanted,
    told,
    withdrawal,
    said_at,
    referred_at,
    changed_at
});

impl Row {
    fn of(kept: &ReferralKept) -> Self {
        let kept = kept.clone();
        Self {
            agency: kept.agency.to_string(),
            reference: kept.reference,
            source: kept.source.to_string(),
            at: kept.at,
            due: kept.due,
            state: kept.state,
            reason: kept.reason,
            batch: kept.batch,
            wanted: kept.wanted,
            told: kept.told,
            withdrawal: kept.withdrawal,
            said_at: kept.said_at,
            referred_at: kept.referred_at,
            changed_at: kept.changed_at,
        }
    }

    fn kept(self) -> Option<ReferralKept> {
        Some(ReferralKept {
            agency: SourceName::new(&self.agency).ok()?,
            reference: self.reference,
            source: SourceName::new(&self.source).ok()?,
            at: self.at,
            due: self.due,
            state: self.state,
            reason: self.reason,
            batch: self.batch,
            wanted: self.wanted,
            told: self.told,
            withdrawal: self.withdrawal,
            said_at: self.said_at,
            referred_at: self.referred_at,
            changed_at: self.changed_at,
        })
    }
}

impl Referrals<'_> {
    /// Keeps what is known of them by now: all of it, or nothing.
    pub fn keep(&self, rows: &[ReferralKept]) -> Result<(), StoreError> {
        self.0.together(|store| {
            let sql = "INSERT OR REPLACE INTO referral VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, \
                       ?13, ?14, ?15)";
            let mut put = store.prepare(sql)?;
            for kept in rows {
                let row = Row::of(kept);
                let seal = seal::seal_of(&row, &store.accounts).map_err(|e| store.error(e))?;
                put.run((row, seal))?;
            }
            Ok(())
        })
    }

    /// Forgets those of a batch that had no effect at all: they were never handed over.
    pub fn forget_batch(&self, agency: &SourceName, batch: &DocumentId) -> Result<(), StoreError> {
        let sql = "DELETE FROM referral WHERE agency = ?1 AND batch = ?2";
        self.0.exec(sql, (agency.as_str(), batch.as_str()))
    }

    pub fn find(
        &self,
        agency: &SourceName,
        reference: &DocumentId,
    ) -> Result<Option<ReferralKept>, StoreError> {
        let sql = "SELECT * FROM referral WHERE agency = ?1 AND reference = ?2";
        Ok(self.read(sql, (agency.as_str(), reference.as_str()))?.into_iter().next())
    }

    /// A citation of a service, at every agency that it was handed over to.
    pub fn of_citation(
        &self,
        source: &SourceName,
        reference: &str,
    ) -> Result<Vec<ReferralKept>, StoreError> {
        let sql = "SELECT * FROM referral WHERE source = ?1 AND reference = ?2";
        self.read(sql, (source.as_str(), reference))
    }

    /// Those of a service that somebody may still be asked for, the oldest first.
    pub fn open_of(&self, source: &SourceName) -> Result<Vec<ReferralKept>, StoreError> {
        let sql = "SELECT * FROM referral WHERE source = ?1 AND state <> 'refused' \
                   AND (told IS NULL OR told = 'Hold') ORDER BY at";
        self.read(sql, source.as_str())
    }

    /// When the oldest of these was written; nothing where there is none.
    pub fn oldest_open(&self, source: &SourceName) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT at FROM referral WHERE source = ?1 AND state <> 'refused' \
                   AND (told IS NULL OR told = 'Hold') ORDER BY at LIMIT 1";
        self.0.first(sql, source.as_str())
    }

    /// Those that were handed over in a document, or that it takes back.
    pub fn of_document(
        &self,
        agency: &SourceName,
        document: &DocumentId,
    ) -> Result<Vec<ReferralKept>, StoreError> {
        let sql = "SELECT * FROM referral WHERE agency = ?1 AND batch = ?2 ORDER BY reference";
        let mut rows = self.read(sql, (agency.as_str(), document.as_str()))?;
        let sql = "SELECT * FROM referral WHERE agency = ?1 AND withdrawal = ?2 ORDER BY reference";
        rows.extend(self.read(sql, (agency.as_str(), document.as_str()))?);
        Ok(rows)
    }

    /// Those at an agency that somebody may still be asked for, with those of which nobody knows yet.
    pub fn open_at(&self, agency: &SourceName) -> Result<Vec<ReferralKept>, StoreError> {
        let sql = "SELECT * FROM referral WHERE agency = ?1 AND state <> 'refused' \
                   AND (told IS NULL OR told = 'Hold') ORDER BY reference";
        self.read(sql, agency.as_str())
    }

    /// All that an agency was ever handed.
    pub fn of_agency(&self, agency: &SourceName) -> Result<Vec<ReferralKept>, StoreError> {
        self.read("SELECT * FROM referral WHERE agency = ?1 ORDER BY reference", agency.as_str())
    }

    /// Whether some are open under other names of agencies and services than these.
    pub fn has_open_but(
        &self,
        agencies: &BTreeSet<&str>,
        services: &BTreeSet<&str>,
    ) -> Result<bool, StoreError> {
        for (sql, named) in [(NEXT_AGENCY, agencies), (NEXT_SERVICE, services)] {
            let mut last = String::new();
            while let Some(next) = self.0.first::<String>(sql, last.as_str())? {
                if !named.contains(next.as_str()) {
                    return Ok(true);
                }
                last = next;
            }
        }
        Ok(false)
    }

    /// How many are open at each agency, of each service.
    pub fn open_by_name(&self) -> Result<Vec<(String, String, i64)>, StoreError> {
        let sql = "SELECT agency, source, count(*) FROM referral WHERE state <> 'refused' \
                   AND (told IS NULL OR told = 'Hold') GROUP BY agency, source ORDER BY agency, source";
        self.0.all(sql, ())
    }

    /// What every agency but one has under a number, with whatever it was told.
    pub fn elsewhere(
        &self,
        agency: &SourceName,
        reference: &DocumentId,
    ) -> Result<Vec<ReferralKept>, StoreError> {
        let mut found = Vec::new();
        let mut last = String::new();
        // There are few agencies, and each has an index.
        while let Some(next) = self.0.first::<String>(NEXT_AGENCY, last.as_str())? {
            if next != agency.as_str() {
                let sql = "SELECT * FROM referral WHERE agency = ?1 AND reference = ?2";
                found.extend(self.read(sql, (next.as_str(), reference.as_str()))?);
            }
            last = next;
        }
        Ok(found)
    }

    fn read(&self, sql: &str, params: impl ToColumns) -> Result<Vec<ReferralKept>, StoreError> {
        let rows: Vec<(Row, i64)> = self.0.all(sql, params)?;
        let kept = rows.into_iter().map(|(row, stored)| {
            let wanted = seal::seal_of(&row, &self.0.accounts);
            seal::check(Some(stored), wanted, "a citation that was handed over")?;
            row.kept().ok_or_else(|| damaged("a citation that was handed over", "a row"))
        });
        kept.collect::<Result<_, _>>().map_err(|problem| self.0.error(problem))
    }
}
