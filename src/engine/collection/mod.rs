//! Citations that are handed over to an agency that collects, and taken back from it.
//!
//! The worst that may happen here is that somebody is dunned who has paid. So only what is surely owed is handed over,
//! by a listing of this very run; nothing is handed over while somebody waits to be taken back; and what an agency has
//! is remembered longer than any plate. [`Run::intend`] says what is to be done, `judge` decides about each citation,
//! `rows` keeps what became of a batch together with the batch itself. What leaves goes through the outbox.

mod judge;
mod rows;
mod strays;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::citations::{Finding, Heard, Why, hear, judged_with_memory};
use super::rights::Known;
use crate::config::{Config, RecipientConfig, RightsServiceConfig, Vehicles};
use crate::model::{Amount, CitationId, CitationState, DocumentId, SourceName};
use crate::ports::{Class, Document, Failure, Handed, Referral, Subject, Withdrawal};
use crate::store::{CitationKept, ReferralKept, ReferralState, Store, StoreError};

pub use judge::{Case, Left, refer, referred_until};
pub use rows::{are_owed, became, sending};
pub use strays::{Stray, strays};

/// So many citations may be handed over in one run, however few an agency has.
const REFERRALS_PER_RUN_FLOOR: usize = 20;

/// What is to be done at one agency.
#[derive(Debug, Clone)]
pub struct Intent {
    pub agency: SourceName,
    /// Who is to be taken back, before anybody is handed over.
    pub withdrawals: Vec<Withdrawal>,
    /// Those of them whom the agency did not give back when it was asked last.
    pub kept_there: Vec<ReferralKept>,
    pub referrals: BTreeMap<DocumentId, ToRefer>,
    /// Why others are not handed over, with their numbers.
    pub left: BTreeMap<Left, Vec<CitationId>>,
    /// What became of a batch there is not known yet.
    pub is_busy: bool,
    /// How many are there that somebody is asked for, and how much that is.
    pub there: (usize, Amount),
    /// So many may be handed over at once.
    pub allowed: usize,
}

/// A citation that is to be handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToRefer {
    pub source: SourceName,
    pub referral: Referral,
}

impl Intent {
    /// Why nobody is handed over now.
    #[must_use]
    pub fn obstacle(&self) -> Option<Obstacle> {
        if !self.withdrawals.is_empty() {
            Some(Obstacle::WithdrawFirst)
        } else if self.is_busy {
            Some(Obstacle::Busy)
        } else {
            None
        }
    }

    /// The sum of what is to be handed over.
    #[must_use]
    pub fn due(&self) -> Amount {
        self.referrals.values().map(|one| Amount::from(one.referral.due)).sum()
    }

    /// Whether a citation would be handed over, had its service been read whole in this run.
    fn is_unread(&self, reference: &DocumentId) -> bool {
        let unread = self.left.get(&Left::NotListed);
        unread.is_some_and(|ids| ids.iter().any(|id| id.as_str() == reference.as_str()))
    }

    /// The same as if those who are to be taken back were.
    #[must_use]
    pub fn after_withdrawals(&self) -> Self {
        Self { withdrawals: Vec::new(), kept_there: Vec::new(), ..self.clone() }
    }

    /// The bytes of every batch, those that take back first. What the agency has refused once is in batches of its own:
    /// it keeps nobody else there.
    #[must_use]
    pub fn batches(&self, to: &RecipientConfig) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let Some(agency) = to.settings.collection() else { return Default::default() };
        let referrals: Vec<_> = self.referrals.values().map(|one| one.referral.clone()).collect();
        let was_refused =
            |one: &&Withdrawal| self.kept_there.iter().any(|row| row.reference == one.reference);
        let (again, first): (Vec<_>, Vec<_>) = self.withdrawals.iter().partition(was_refused);
        let mut back = Vec::new();
        for some in [first, again] {
            back.extend(agency.withdrawals(&some.into_iter().cloned().collect::<Vec<_>>()));
        }
        (back, agency.referrals(&referrals))
    }
}

/// Why nobody is handed over to an agency now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Somebody there has paid, or need not.
    WithdrawFirst,
    /// What became of a batch is not known.
    Busy,
}

/// Whether a batch may leave as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// It may; the rows that are handed over by it.
    Fits(Vec<ReferralKept>),
    /// Something that it is about has changed; what.
    Overtaken(&'static str),
    /// It cannot be said now; why.
    NotNow(Failure),
}

/// Nothing that is no batch is held against anything.
impl Default for Checked {
    fn default() -> Self {
        Self::Fits(Vec::new())
    }
}

/// What is known in a run that decides about batches.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    pub config: &'a Config,
    pub store: &'a Store,
    /// The services that were read whole in this very run.
    pub listed: &'a BTreeSet<SourceName>,
    pub now: DateTime<Utc>,
}

/// The agencies of a configuration.
pub fn agencies(config: &Config) -> impl Iterator<Item = &RecipientConfig> {
    config.recipients.iter().filter(|one| one.settings.collection().is_some())
}

/// The service that lists a citation, where a right answers it.
fn service<'v>(vehicles: &'v Vehicles, kept: &CitationKept) -> Option<&'v RightsServiceConfig> {
    let citation = &kept.citation;
    let mut services = vehicles.services.iter();
    services.find(|one| {
        one.name == citation.source
            && one.settings.lists_citations()
            && one.settings.judges(citation.kind.as_ref())
    })
}

impl Run<'_> {
    /// Says what is to be done at an agency. The rows of the batch `but` count as not handed over.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn intend(
        &self,
        to: &RecipientConfig,
        but: Option<&DocumentId>,
    ) -> Result<Intent, StoreError> {
        self.store.at_once(|| self.intend_at_once(to, but))
    }

    fn intend_at_once(
        &self,
        to: &RecipientConfig,
        but: Option<&DocumentId>,
    ) -> Result<Intent, StoreError> {
        let Self { config, store, listed, now } = *self;
        let mut intent = Intent {
            agency: to.name.clone(),
            withdrawals: Vec::new(),
            kept_there: Vec::new(),
            referrals: BTreeMap::new(),
            left: BTreeMap::new(),
            is_busy: false,
            there: (0, Amount::ZERO),
            allowed: 0,
        };
        let Some(agency) = to.settings.collection() else { return Ok(intent) };
        // What is over there for good is not looked at: it may be all of many years.
        let rows = store.referrals().open_at(&to.name)?;
        // What became of those that are asked for is asked first.
        for row in rows.iter().filter(|row| row.waits() && !row.is_asked()) {
            let Some(now) = row.wanted else { continue };
            let reference = row.reference.clone();
            intent.withdrawals.push(Withdrawal { reference, now, payments: Vec::new() });
            if row.reason.is_some() {
                intent.kept_there.push(row.clone());
            }
        }
        intent.is_busy = rows.iter().any(|row| {
            row.state == ReferralState::Sent && Some(&row.batch) != but || row.is_asked()
        });
        let is_there =
            |row: &&ReferralKept| row.state == ReferralState::There && row.told.is_none();
        for row in rows.iter().filter(is_there) {
            intent.there = (intent.there.0 + 1, intent.there.1 + row.due.into());
        }
        let share = config.guard.grant_per_tick.share_of(intent.there.0);
        intent.allowed = share.max(REFERRALS_PER_RUN_FLOOR);
        let known = Known::read(&config.vehicles, store)?;
        let until = referred_until(now, agency.refer_after());
        for kept in store.citations().until(until, config.vehicles.country)? {
            if service(&config.vehicles, &kept).is_none() {
                continue;
            }
            let (source, id) = (kept.citation.source.clone(), kept.citation.id.clone());
            let was = DocumentId::new(id.as_str()).ok();
            let was = was.map(|reference| store.referrals().find(&to.name, &reference));
            let was = was.transpose()?.flatten().filter(|row| Some(&row.batch) != but);
            let settled = kept.clone().settled();
            let verdict = match was {
                // Once, whatever became of it.
                Some(was) if was.source == source => continue,
                Some(_) => Err(Left::SameReference),
                None => {
                    let is_listed = listed.contains(&source);
                    // Of most it is plain without a look at their cars.
                    let judged = match settled.state == CitationState::Issued && is_listed {
                        true => {
                            Some(judged_with_memory(&config.vehicles, store, &known, kept, now)?)
                        }
                        false => None,
                    };
                    let finding = judged.as_ref().map(|judged| judged.finding);
                    let case = Case {
                        citation: &settled,
                        finding: finding.unwrap_or(Finding::Unclear(Why::NotKnown)),
                        zone: judged.as_ref().and_then(|judged| judged.zone.as_ref()),
                        is_listed,
                    };
                    refer(&case, &to.currency, agency)
                }
            };
            let verdict = match verdict {
                Ok(one)
                    if strays::is_elsewhere(
                        config,
                        store,
                        (&to.name, &source),
                        &one.reference,
                    )? =>
                {
                    Err(Left::Elsewhere)
                }
                verdict => verdict,
            };
            let verdict = verdict.and_then(|referral| {
                let reference = referral.reference.clone();
                match intent.referrals.contains_key(&reference) {
                    true => Err(Left::SameReference),
                    false => {
                        intent.referrals.insert(reference, ToRefer { source, referral });
                        Ok(())
                    }
                }
            });
            if let Err(left) = verdict {
                intent.left.entry(left).or_default().push(id);
            }
        }
        Ok(intent)
    }

    /// Whether a batch may leave as it is, by what is intended now.
    #[must_use]
    pub fn check(&self, to: &RecipientConfig, document: &Document, intent: &Intent) -> Checked {
        let no_batch = Checked::Overtaken("it is no batch of citations");
        let (Subject::Batch { rows, .. }, Some(agency)) =
            (&document.subject, to.settings.collection())
        else {
            return no_batch;
        };
        let (mut over, mut back) = (Vec::new(), Vec::new());
        for row in rows {
            match row.what {
                Handed::Over(_) => match intent.referrals.get(&row.reference) {
                    Some(one) => over.push(one.clone()),
                    None if intent.is_unread(&row.reference) => return not_read(),
                    None => {
                        return Checked::Overtaken(
                            "one of its citations is not to be handed over: it may be paid by now",
                        );
                    }
                },
                Handed::Back(now) => {
                    let is_meant =
                        |one: &&Withdrawal| one.reference == row.reference && one.now == now;
                    match intent.withdrawals.iter().find(is_meant) {
                        Some(one) => back.push(one.clone()),
                        None => {
                            return Checked::Overtaken(
                                "one of its citations is not to be taken back so",
                            );
                        }
                    }
                }
            }
        }
        let referrals: Vec<_> = over.iter().map(|one| one.referral.clone()).collect();
        let mut fitting = agency.referrals(&referrals);
        fitting.extend(agency.withdrawals(&back));
        if fitting != [document.bytes.clone()] {
            return Checked::Overtaken("what it says of a citation is another thing by now");
        }
        let obstacle = intent.obstacle().filter(|_| back.is_empty());
        match obstacle {
            Some(Obstacle::WithdrawFirst) => {
                return Checked::Overtaken("others there are to be taken back first");
            }
            Some(Obstacle::Busy) => {
                let text = "what became of an earlier batch there is not known yet";
                return Checked::NotNow(Failure::new(Class::Temporary, false, &text, None));
            }
            None => {}
        }
        let row = |ToRefer { source, referral }: ToRefer| ReferralKept {
            agency: to.name.clone(),
            reference: referral.reference,
            source,
            at: referral.issued_at,
            due: referral.due,
            state: ReferralState::Sent,
            reason: None,
            batch: document.id.clone(),
            wanted: None,
            told: None,
            withdrawal: None,
            said_at: None,
            referred_at: self.now,
            changed_at: self.now,
        };
        Checked::Fits(over.into_iter().map(row).collect())
    }

    /// Notes of every citation that an agency has, and of which the plate is still known, that its car had a right
    /// after all.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn note_rights(&self) -> Result<(), StoreError> {
        let Self { config, store, now, .. } = *self;
        let vehicles = &config.vehicles;
        store.together(|store| {
            let mut known = None;
            for service in &vehicles.services {
                for row in store.referrals().open_of(&service.name)? {
                    let Ok(id) = CitationId::new(row.reference.as_str()) else { continue };
                    let kept = store.citations().find(&service.name, &id, vehicles.country)?;
                    let Some(kept) = kept else { continue };
                    let known = match &mut known {
                        Some(known) => known,
                        none => none.insert(Known::read(vehicles, store)?),
                    };
                    let judged = judged_with_memory(vehicles, store, known, kept, now)?;
                    if judged.finding == Finding::HadRight {
                        hear(store, (&service.name, &id), Heard::HadRight, (None, now))?;
                    }
                }
            }
            Ok(())
        })
    }

    /// Whether anything is to be done or said of any agency.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn is_due(&self) -> Result<bool, StoreError> {
        for to in agencies(self.config) {
            let intent = self.intend(to, None)?;
            let is_nothing = intent.withdrawals.is_empty()
                && intent.kept_there.is_empty()
                && intent.referrals.is_empty();
            if !is_nothing || intent.is_busy {
                return Ok(true);
            }
        }
        Ok(!strays(self.config, self.store)?.is_empty())
    }
}

fn not_read() -> Checked {
    let text = "no service that lists citations was read whole in this run";
    Checked::NotNow(Failure::new(Class::Temporary, false, &text, None))
}
