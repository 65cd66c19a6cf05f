//! Citations: what officers wrote against cars, held against what is known of the cars' rights.
//!
//! [`look`] asks services for theirs, [`Looked::record`] keeps them, and [`review()`] says of each whether the car
//! had a right. It is the promise to citizens: paid is paid, also where the payment was heard of after the ticket
//! was written. A citation that cannot be judged is said to be so, and is never taken for a rightful one.

mod handed_over;
mod newest;
mod review;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::rights::{Closely, Known, Looked as RightsLooked};
use super::{Systems, side_by_side};
use crate::config::{Config, RightsServiceConfig, Vehicles};
use crate::model::{Citation, CitationId, CitationState, SourceName};
use crate::ports::{CitationListing, Class, Failure, ListedCitation};
use crate::store::{CitationKept, CitationsListed, Store, StoreError};
use crate::text::hex::hex;
use crate::text::lists::many;
use crate::trouble::{About, Failed, Trouble, TroubleKind};

use newest::Newest;

pub use handed_over::{Heard, hear, wanted_after};
pub use review::{
    CitationRight, Finding, Judged, Review, Why, judge_before_leaving, judge_citation, judged,
    judged_with_memory, of_id, review,
};

/// Changes are asked for from so long before the last listing.
const OVERLAP: TimeDelta = TimeDelta::minutes(15);

/// When sources were read last, before they were read anew.
pub type Before = BTreeMap<String, DateTime<Utc>>;

/// What was seen of all citations.
#[derive(Debug, Default)]
pub struct Looked {
    listed: Vec<Listed>,
    /// When sources were read last before this look.
    before: Before,
    /// Some are older than plates are kept.
    are_old: bool,
    kept_since: DateTime<Utc>,
    pub troubles: Vec<Trouble>,
    /// How many each service listed: all, or those that changed.
    pub counted: Vec<(SourceName, usize)>,
    /// The services of which everything that was to be listed could be read.
    pub whole: BTreeSet<SourceName>,
}

/// What the listing of one service changes.
#[derive(Debug)]
struct Listed {
    source: SourceName,
    changed: Vec<Citation>,
    deleted: Vec<CitationId>,
    /// Of citations that an agency was handed, however old: what is heard of them that is another thing.
    heard: Vec<(CitationId, Heard, Option<DateTime<Utc>>)>,
    listed: CitationsListed,
    /// It was listed before, and all of it needs not be remembered to be.
    is_known: bool,
}

/// Asks every service that lists citations, all at once; one whose rights cannot be read now is not asked.
///
/// # Errors
/// [`StoreError`]; what is wrong with a listing is in the troubles.
pub fn look(
    systems: &dyn Systems,
    config: &Config,
    store: &Store,
    (now, closely): (DateTime<Utc>, Closely),
    rights: &RightsLooked,
) -> Result<Looked, StoreError> {
    if config.vehicles.services.is_empty() {
        // A club without any asks the state file nothing; where the last service has gone, all of it goes.
        let are_old = rights.is_read_whole();
        return Ok(Looked { kept_since: DateTime::<Utc>::MAX_UTC, are_old, ..Looked::default() });
    }
    let kept_since = config.vehicles.kept_since(now);
    let are_old = store.citations().are_older(kept_since)?;
    let read = store.rights().files()?;
    let before = read.into_iter().map(|part| (part.source, part.as_of)).collect();
    let mut looked = Looked { kept_since, are_old, before, ..Looked::default() };
    let is_read = |service: &RightsServiceConfig| {
        let mut sections = rights.sections.iter();
        sections.any(|section| section.name == service.name && section.is_whole)
    };
    let mut wanted = Vec::new();
    for service in &config.vehicles.services {
        if !service.settings.lists_citations() || !is_read(service) {
            continue;
        }
        let before = store.citations().listed(&service.name)?;
        let every = TimeDelta::from_std(service.full_every).unwrap_or(TimeDelta::MAX);
        let sense = sense(config, service);
        let since = before.clone().filter(|CitationsListed { since, whole, sense: before }| {
            let is_future = *since.max(whole) > now;
            let is_due = now.signed_duration_since(*whole) >= every;
            !closely.is_full && !is_future && !is_due && *before == sense
        });
        // One that an agency was handed is heard of until nobody is asked for it any more.
        let from = store.referrals().oldest_open(&service.name)?;
        let from = from.map_or(kept_since, |oldest| oldest.min(kept_since));
        wanted.push((service, from, before, since));
    }
    let answers = side_by_side(wanted.iter(), |(service, from, _, since)| {
        let since =
            since.as_ref().map(|one| one.since.checked_sub_signed(OVERLAP).unwrap_or(one.since));
        systems.rights(service).and_then(|service| service.citations(*from, since))
    });
    for ((service, _, known, since), answer) in wanted.into_iter().zip(answers) {
        match answer {
            Ok(listing) => {
                looked.take(config, store, service, (known, since, now), listing)?;
            }
            Err(failure) => looked.refuse(&service.name, &failure),
        }
    }
    Ok(looked)
}

impl Looked {
    fn take(
        &mut self,
        config: &Config,
        store: &Store,
        service: &RightsServiceConfig,
        (known, before, now): (Option<CitationsListed>, Option<CitationsListed>, DateTime<Utc>),
        listing: CitationListing,
    ) -> Result<(), StoreError> {
        let CitationListing { citations, deleted, mut unreadable, as_of } = listing;
        log::info!("{}: {} listed", service.name, many(citations.len(), "citation"));
        self.counted.push((service.name.clone(), citations.len()));
        let (vehicles, kept) = (&config.vehicles, store.citations());
        let mut newest = Newest::default();
        for listed in citations {
            let citation = read(vehicles, &service.name, listed);
            if citation.at > latest(now) {
                unreadable += 1;
            } else {
                newest.take(citation);
            }
        }
        if unreadable == 0 {
            self.whole.insert(service.name.clone());
        } else {
            let kind = TroubleKind::CitationsLeftOut(unreadable);
            self.troubles.push(Trouble::new(About::Source(service.name.clone()), kind));
        }
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        // One that is listed was put back after it was deleted.
        let deleted: BTreeSet<CitationId> =
            deleted.into_iter().filter(|id| !newest.citations.contains_key(id)).collect();
        let handed = Handed { store, source: &service.name };
        let mut heard = handed.of_listing(&newest, &deleted)?;
        if before.is_none() && unreadable == 0 {
            heard.extend(handed.not_listed(&newest.citations, &deleted)?);
            // A listing of all does not say what has gone since the last: how one stands that is not in it, nobody
            // knows.
            for known in kept.since(self.kept_since, vehicles.country)? {
                let citation = known.citation;
                let is_there =
                    newest.citations.contains_key(&citation.id) || deleted.contains(&citation.id);
                let stands =
                    matches!(citation.state, CitationState::Issued | CitationState::Contested);
                if citation.source == service.name && !is_there && stands {
                    let unlisted = Citation { state: CitationState::Unclear, ..citation.clone() };
                    changed.push(unlisted.in_view_of(&citation));
                }
            }
        }
        for id in deleted {
            if kept.find(&service.name, &id, vehicles.country)?.is_some() {
                gone.push(id);
            }
        }
        for (id, citation) in newest.citations {
            let known = kept.find(&service.name, &id, vehicles.country)?;
            let citation = match &known {
                Some(known) => citation.in_view_of(&known.citation),
                None => citation,
            };
            let is_judged = service.settings.judges(citation.kind.as_ref());
            match known {
                _ if citation.at < self.kept_since => {}
                Some(known) if !citation.is_newer_than(&known.citation) => {}
                // One that was of a type that a right answers is known as another one from now on.
                Some(_) => changed.push(citation),
                None if is_judged => changed.push(citation),
                None => {}
            }
        }
        self.listed.push(Listed {
            source: service.name.clone(),
            changed,
            deleted: gone,
            heard,
            listed: CitationsListed {
                since: as_of.unwrap_or(now).min(now),
                whole: before.as_ref().map_or(now, |before| before.whole),
                sense: sense(config, service),
            },
            is_known: before.is_some() && known.is_some(),
        });
        Ok(())
    }

    fn refuse(&mut self, source: &SourceName, failure: &Failure) {
        let failed = Failed::new(failure, failure.hint.as_deref());
        let kind = match failure.class {
            Class::Login => TroubleKind::LoginRefused(failed),
            class => {
                TroubleKind::CitationsUnread { needs_somebody: class != Class::Temporary, failed }
            }
        };
        self.troubles.push(Trouble::new(About::Source(source.clone()), kind));
    }

    /// Whether nothing is to be written, and nothing to be said.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let is_same = |one: &Listed| {
            one.is_known && one.changed.is_empty() && one.deleted.is_empty() && one.heard.is_empty()
        };
        let is_well = self.troubles.iter().all(Trouble::is_remark);
        !self.are_old && is_well && self.listed.iter().all(is_same)
    }

    /// Keeps all of it, or none; each new one is judged by what is known of its car now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn record(
        &self,
        config: &Config,
        store: &Store,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if self.listed.is_empty() && !self.are_old {
            return Ok(());
        }
        store.together(|store| {
            let known = Known::read(&config.vehicles, store)?;
            for Listed { source, changed, deleted, heard, listed, .. } in &self.listed {
                for (id, heard, said_at) in heard {
                    hear(store, (source, id), *heard, (*said_at, now))?;
                }
                keep(config, store, (&known, now, Some(&self.before)), changed)?;
                store.citations().remove(source, deleted)?;
                store.citations().keep_listed(source, listed)?;
            }
            store.citations().forget(self.kept_since)
        })
    }
}

/// Citations of a service that an agency was handed.
struct Handed<'a> {
    store: &'a Store,
    source: &'a SourceName,
}

type HeardOf = Vec<(CitationId, Heard, Option<DateTime<Utc>>)>;

impl Handed<'_> {
    /// What a listing says of those that are in it.
    fn of_listing(
        &self,
        listed: &Newest,
        deleted: &BTreeSet<CitationId>,
    ) -> Result<HeardOf, StoreError> {
        let mut heard = Vec::new();
        if self.store.referrals().oldest_open(self.source)?.is_none() {
            return Ok(heard);
        }
        let states = listed.citations.iter();
        let states = states.map(|(id, one)| (id, Heard::State(listed.said(one)), one.updated_at));
        for (id, what, said_at) in states.chain(deleted.iter().map(|id| (id, Heard::Deleted, None)))
        {
            if !handed_over::changed(self.store, (self.source, id), what, said_at)?.is_empty() {
                heard.push((id.clone(), what, said_at));
            }
        }
        Ok(heard)
    }

    /// Those that somebody may still be asked for, and that are not in a listing of all.
    fn not_listed(
        &self,
        listed: &BTreeMap<CitationId, Citation>,
        deleted: &BTreeSet<CitationId>,
    ) -> Result<HeardOf, StoreError> {
        let mut heard = Vec::new();
        for row in self.store.referrals().open_of(self.source)? {
            let Ok(id) = CitationId::new(row.reference.as_str()) else { continue };
            let is_there = listed.contains_key(&id) || deleted.contains(&id);
            let is_news = wanted_after(&row, Heard::NotListed) != row.wanted;
            if !is_there && is_news {
                heard.push((id, Heard::NotListed, None));
            }
        }
        Ok(heard)
    }
}

/// A later instant of a citation is that of a wrong clock.
#[must_use]
pub fn latest(now: DateTime<Utc>) -> DateTime<Utc> {
    now.checked_add_signed(TimeDelta::days(1)).unwrap_or(now)
}

/// A digest of everything that decides what a listing of citations is about.
fn sense(config: &Config, service: &RightsServiceConfig) -> String {
    let rights = config.vehicles.sense_of_service(service);
    let all = format!("{rights} {:?} {:?}", service.settings, config.vehicles.keep_plates);
    hex(&Sha256::digest(all.as_bytes()))
}

/// Keeps citations, unless a newer statement of one was kept meanwhile; of those that are new, what is known of
/// their cars is noted.
///
/// # Errors
/// [`StoreError`].
pub fn keep(
    config: &Config,
    store: &Store,
    (known, now, before): (&Known, DateTime<Utc>, Option<&Before>),
    citations: &[Citation],
) -> Result<(), StoreError> {
    let (vehicles, kept) = (&config.vehicles, store.citations());
    let mut noted = Vec::with_capacity(citations.len());
    for citation in citations {
        let mut citation = citation.clone();
        let had_right = match kept.find(&citation.source, &citation.id, vehicles.country)? {
            Some(before) => {
                citation = citation.in_view_of(&before.citation);
                if !citation.is_newer_than(&before.citation) {
                    continue;
                }
                before.had_right
            }
            None => {
                let judged = judged(vehicles, store, known, &citation, now)?;
                judged.had_right_now(vehicles, now, before)
            }
        };
        noted.push(CitationKept { citation, had_right, is_paid: false });
    }
    kept.keep(&noted)
}

/// A citation as a service says it, with its plate as it is understood here.
#[must_use]
pub fn read(vehicles: &Vehicles, source: &SourceName, listed: ListedCitation) -> Citation {
    let ListedCitation { id, plate, zone, kind, at, state, fine, updated_at } = listed;
    Citation {
        source: source.clone(),
        id,
        plate: vehicles.plates.read(&plate.text, &plate.issuer).ok(),
        zone,
        kind,
        at,
        state,
        fine,
        updated_at,
    }
}
