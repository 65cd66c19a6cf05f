//! Citations as services list and report them.
//!
//! Their plates are kept for as long as those of rights, and no longer.

use chrono::{DateTime, TimeDelta, Utc};

use super::rights::KeptPlate;
use super::rows::{damaged, row};
use super::{Citations, StoreError, StoreProblem, seal};
use crate::model::{
    Citation, CitationId, CitationState, Country, Fine, PlateRules, RightCode, SourceName,
};

/// That a citation is paid is known for so much longer than the citation itself.
const PAID_LONGER: TimeDelta = TimeDelta::days(2);

/// A citation, and what was known of its car when it was first heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitationKept {
    pub citation: Citation,
    /// The car had a right, or none; nothing where that could not be said.
    pub had_right: Option<bool>,
    /// It is said to be paid, whatever the service lists.
    pub is_paid: bool,
}

impl CitationKept {
    /// The citation with what became of it by all that is known.
    #[must_use]
    pub fn settled(self) -> Citation {
        let state = match self.citation.state {
            CitationState::Dismissed => CitationState::Dismissed,
            _ if self.is_paid => CitationState::Paid,
            state => state,
        };
        Citation { state, ..self.citation }
    }
}

/// How far the listing of a service was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CitationsListed {
    /// Its clock at the last listing.
    pub since: DateTime<Utc>,
    /// When all of them were listed last, by our clock.
    pub whole: DateTime<Utc>,
    /// A digest of the configuration that they were listed by.
    pub sense: String,
}

row!(CitationsListed { since, whole, sense });

struct Row {
    source: String,
    id: String,
    plate: Option<KeptPlate>,
    zone: Option<String>,
    kind: Option<RightCode>,
    at: DateTime<Utc>,
    state: CitationState,
    fine: Option<Fine>,
    updated_at: Option<DateTime<Utc>>,
    had_right: Option<bool>,
}

row!(Row { source, id, plate, zone, kind, at, state, fine, updated_at, had_right });

impl Row {
    fn of(kept: &CitationKept) -> Self {
        let Citation { source, id, plate, zone, kind, at, state, fine, updated_at } =
            &kept.citation;
        Self {
            source: source.to_string(),
            id: id.to_string(),
            plate: plate.as_ref().map(KeptPlate::from),
            zone: zone.clone(),
            kind: kind.clone(),
            at: *at,
            state: *state,
            fine: fine.clone(),
            updated_at: *updated_at,
            had_right: kept.had_right,
        }
    }

    fn kept(self, rules: &PlateRules) -> Result<CitationKept, StoreProblem> {
        let source = SourceName::new(&self.source);
        let id = CitationId::new(&self.id);
        Ok(CitationKept {
            citation: Citation {
                source: source.map_err(|_| damaged("a section", "a text"))?,
                id: id.map_err(|_| damaged("the id of a citation", "a text"))?,
                plate: self.plate.map(|plate| plate.plate(rules)).transpose()?,
                zone: self.zone,
                kind: self.kind,
                at: self.at,
                state: self.state,
                fine: self.fine,
                updated_at: self.updated_at,
            },
            had_right: self.had_right,
            is_paid: false,
        })
    }
}

impl Citations<'_> {
    /// One citation.
    pub fn find(
        &self,
        source: &SourceName,
        id: &CitationId,
        country: Option<Country>,
    ) -> Result<Option<CitationKept>, StoreError> {
        let sql = "SELECT citation.source, citation.id, plate, issuer, zone, kind, at, state, fine, currency, \
                   updated_at, had_right, paid_at, seal FROM citation LEFT JOIN citation_paid USING (source, id) \
                   WHERE citation.source = ?1 AND citation.id = ?2";
        let mut found = None;
        self.read(sql, (source.as_str(), id.as_str()), country, |kept| found = Some(kept))?;
        Ok(found)
    }

    /// All of them from an instant on, the oldest first.
    pub fn since(
        &self,
        at: DateTime<Utc>,
        country: Option<Country>,
    ) -> Result<Vec<CitationKept>, StoreError> {
        let sql = "SELECT citation.source, citation.id, plate, issuer, zone, kind, at, state, fine, currency, \
                   updated_at, had_right, paid_at, seal FROM citation LEFT JOIN citation_paid USING (source, id) \
                   WHERE at >= ?1 ORDER BY at";
        let mut all = Vec::new();
        self.read(sql, at, country, |kept| all.push(kept))?;
        all.sort_by(|one: &CitationKept, other| {
            let key = |kept: &CitationKept| {
                let Citation { at, source, id, .. } = kept.citation.clone();
                (at, source, id)
            };
            key(one).cmp(&key(other))
        });
        Ok(all)
    }

    /// All of them until an instant.
    pub fn until(
        &self,
        at: DateTime<Utc>,
        country: Option<Country>,
    ) -> Result<Vec<CitationKept>, StoreError> {
        let sql = "SELECT citation.source, citation.id, plate, issuer, zone, kind, at, state, fine, currency, \
                   updated_at, had_right, paid_at, seal FROM citation LEFT JOIN citation_paid USING (source, id) \
                   WHERE at <= ?1 ORDER BY at, citation.source, citation.id";
        let mut all = Vec::new();
        self.read(sql, at, country, |kept| all.push(kept))?;
        Ok(all)
    }

    fn read(
        &self,
        sql: &str,
        params: impl super::rows::ToColumns,
        country: Option<Country>,
        mut take: impl FnMut(CitationKept),
    ) -> Result<(), StoreError> {
        let store = self.0;
        let rules = PlateRules::new(country, []).unwrap_or_default();
        type Read = (Row, Option<DateTime<Utc>>, i64);
        store.prepare(sql)?.each(params, |(row, paid, sealed): Read| {
            seal::check(Some(sealed), seal::seal_of(&row, &store.accounts), "a citation")?;
            let mut kept = row.kept(&rules)?;
            kept.is_paid = paid.is_some();
            take(kept);
            Ok(())
        })
    }

    /// Keeps citations as they are said to be now. What was known of a car when its citation was first heard of
    /// stays.
    pub fn keep(&self, citations: &[CitationKept]) -> Result<(), StoreError> {
        self.0.together(|store| {
            store.write_over_what_goes()?;
            let mut put = store.prepare(
                "INSERT OR REPLACE INTO citation VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?;
            for kept in citations {
                let row = Row::of(kept);
                let seal = seal::seal_of(&row, &store.accounts).map_err(|e| store.error(e))?;
                put.run((row, seal))?;
            }
            Ok(())
        })
    }

    /// Remembers that a citation is paid, known or not.
    pub fn paid(
        &self,
        source: &SourceName,
        id: &CitationId,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.0.exec(
            "INSERT INTO citation_paid VALUES (?1, ?2, ?3) ON CONFLICT (source, id) DO NOTHING",
            (source.as_str(), id.as_str(), at),
        )
    }

    /// Forgets citations that their service has deleted.
    pub fn remove(&self, source: &SourceName, ids: &[CitationId]) -> Result<(), StoreError> {
        self.0.together(|store| {
            store.write_over_what_goes()?;
            for sql in [
                "DELETE FROM citation WHERE source = ?1 AND id = ?2",
                "DELETE FROM citation_paid WHERE source = ?1 AND id = ?2",
            ] {
                let mut remove = store.prepare(sql)?;
                ids.iter()
                    .try_for_each(|id| remove.run((source.as_str(), id.as_str())).map(|_| ()))?;
            }
            Ok(())
        })
    }

    /// Whether some are older than that, or windows that some may be held against.
    pub fn are_older(&self, before: DateTime<Utc>) -> Result<bool, StoreError> {
        for sql in [
            "SELECT at FROM citation WHERE at < ?1 LIMIT 1",
            "SELECT ends_at FROM parking_former WHERE ends_at < ?1 LIMIT 1",
        ] {
            if self.0.first::<i64>(sql, before)?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Forgets those that are older, for good.
    pub fn forget(&self, before: DateTime<Utc>) -> Result<(), StoreError> {
        self.0.together(|store| {
            store.write_over_what_goes()?;
            // One of a wrong clock is kept a little longer than when that was heard says.
            let heard = before.checked_sub_signed(PAID_LONGER).unwrap_or(before);
            store.exec("DELETE FROM citation_paid WHERE paid_at < ?1", heard)?;
            store.exec("DELETE FROM parking_former WHERE ends_at < ?1", before)?;
            store.exec("DELETE FROM citation WHERE at < ?1", before)
        })
    }

    /// How far the listing of a service was read; nothing where it never was.
    pub fn listed(&self, source: &SourceName) -> Result<Option<CitationsListed>, StoreError> {
        let sql = "SELECT since_at, whole_at, sense FROM citation_list WHERE source = ?1";
        self.0.first(sql, source.as_str())
    }

    /// Remembers that.
    pub fn keep_listed(
        &self,
        source: &SourceName,
        listed: &CitationsListed,
    ) -> Result<(), StoreError> {
        self.0.exec(
            "INSERT INTO citation_list VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (source) DO UPDATE SET since_at = ?2, whole_at = ?3, sense = ?4",
            (source.as_str(), listed),
        )
    }
}
