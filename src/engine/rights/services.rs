//! Services of rights: what has changed since the last tick, and all of it once in a while.
//!
//! Rights go by their id. One that is listed is instead of what was known of it; one that is not listed any more
//! is gone only where it was deleted by name, or where all rights were listed and too many are not missing. A
//! listing that failed anywhere teaches nothing.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use super::file::plates_gone;
use super::taken_apart::{Rows, newest};
use super::{Closely, Looked, SectionSeen};
use crate::config::{Config, RightsServiceConfig};
use crate::engine::Systems;
use crate::engine::link::file::Doubt;
use crate::model::{RightId, RightsRowLeftOut, RightsRowReason};
use crate::ports::{Class, Failure, RightsListing, RightsService};
use crate::store::{RightsPart, RightsPartRead, Store, StoreError};
use crate::text::lists::many;
use crate::trouble::{About, Failed, Hint, Trouble, TroubleKind};

/// Changes are asked for from so long before the last listing: what was written there while it was made is told
/// by the next one.
const OVERLAP: TimeDelta = TimeDelta::minutes(15);

/// So many of what runs at this moment may always be gone at the next listing.
const LIVE_LOSSES_MIN: usize = 9;

/// Two clocks that differ by more are not the same.
const CLOCK_SLACK: TimeDelta = TimeDelta::seconds(60);

/// Asks every service.
pub(super) fn look(
    systems: &dyn Systems,
    config: &Config,
    store: &Store,
    (known, now, closely): (&[RightsPart], DateTime<Utc>, Closely),
    looked: &mut Looked,
) -> Result<(), StoreError> {
    for service in &config.vehicles.services {
        let sense = config.vehicles.sense_of_service(service);
        let one = OneService { config, store, service, sense, known, now, closely };
        match systems.rights(service) {
            Ok(connected) => one.look(connected.as_ref(), looked)?,
            Err(failure) => {
                let seen = one.unread(&failure, looked);
                looked.sections.push(seen);
            }
        }
    }
    Ok(())
}

/// One service in its turn.
struct OneService<'a> {
    config: &'a Config,
    store: &'a Store,
    service: &'a RightsServiceConfig,
    sense: String,
    known: &'a [RightsPart],
    now: DateTime<Utc>,
    closely: Closely,
}

/// What came of one part.
enum Came {
    /// Nothing but that it is as it was.
    Same(RightsPart),
    Other(RightsPartRead),
}

/// Why a listing does not count.
enum NotTaken {
    Failed(Failure),
    Doubted(Doubt, usize),
    Clock(String),
}

impl OneService<'_> {
    /// Asks for every part; all of them count, or none.
    fn look(&self, connected: &dyn RightsService, looked: &mut Looked) -> Result<(), StoreError> {
        let mut came = Vec::new();
        for part in connected.parts() {
            match self.part(connected, part)? {
                Ok(one) => came.push(one),
                Err(why) => {
                    let seen = self.refuse(part, why, looked);
                    looked.sections.push(seen);
                    return Ok(());
                }
            }
        }
        let mut seen = self.seen();
        (seen.as_of, seen.is_whole, seen.is_fresh) = (Some(self.now), true, true);
        for one in came {
            match one {
                Came::Same(part) => {
                    seen.rights += part.rights;
                    seen.left_out += part.left_out;
                    self.tell_known(&part, looked)?;
                    looked.same.push((part, None));
                }
                Came::Other(read) => {
                    seen.rights += read.rights;
                    seen.left_out += read.left_out_rows;
                    self.tell(&read.left_out, looked);
                    looked.fresh.push(read);
                }
            }
        }
        looked.sections.push(seen);
        Ok(())
    }

    /// Asks for one part.
    fn part(
        &self,
        connected: &dyn RightsService,
        part: &str,
    ) -> Result<Result<Came, NotTaken>, StoreError> {
        let before = self.before(part);
        let since = before.and_then(|before| self.since(before));
        let listing = match connected.list(part, since, self.now) {
            Ok(listing) => listing,
            Err(failure) => return Ok(Err(NotTaken::Failed(failure))),
        };
        if let Some(off) = self.clock_off(&listing) {
            return Ok(Err(NotTaken::Clock(off)));
        }
        log::info!(
            "{}: {} of {part} {}, {} deleted, {} without a name",
            self.service.name,
            many(listing.rights.len(), "right"),
            if listing.is_whole { "in all" } else { "changed" },
            listing.deleted.len(),
            listing.nameless,
        );
        // The clock that goes by the listing is the service's; it never runs ahead of ours.
        let as_of = listing.as_of.unwrap_or(self.now).min(self.now);
        match (before, since) {
            (Some(before), Some(_)) if !listing.is_whole => {
                self.changes(before, listing, as_of).map(Ok)
            }
            _ => self.whole(part, before, listing, as_of),
        }
    }

    fn before(&self, part: &str) -> Option<&RightsPart> {
        self.known.iter().find(|one| one.is(&self.service.name, Path::new(part)))
    }

    /// From when on changes are enough; nothing where all of it is to be listed.
    fn since(&self, before: &RightsPart) -> Option<DateTime<Utc>> {
        let (since, whole_at) = (before.since?, before.whole_at?);
        let every = TimeDelta::from_std(self.service.full_every).unwrap_or(TimeDelta::MAX);
        let is_wanted = self.closely.is_full || self.closely.accept_shrink.is_some();
        // A time in the future is a clock that was set back.
        let is_future = since.max(whole_at).max(before.as_of) > self.now;
        let is_due = self.now.signed_duration_since(whole_at) >= every;
        let is_other = before.sense != self.sense;
        (!is_wanted && !is_future && !is_due && !is_other)
            .then(|| since.checked_sub_signed(OVERLAP).unwrap_or(since))
    }

    /// Whether this computer's clock is another one than the service's: then nobody knows who is right, and what
    /// is valid here and now cannot be said.
    fn clock_off(&self, listing: &RightsListing) -> Option<String> {
        let server = listing.server_time?;
        let off = self.now.signed_duration_since(server);
        // An answer may have taken a while: a service's clock that is ahead by that much says nothing.
        let is_off = off > CLOCK_SLACK || off < -(CLOCK_SLACK + TimeDelta::minutes(2));
        is_off.then(|| {
            format!(
                "its clock shows {}, and this computer's {}",
                server.format("%Y-%m-%d %H:%M:%SZ"),
                self.now.format("%Y-%m-%d %H:%M:%SZ")
            )
        })
    }

    /// All rights of a part.
    fn whole(
        &self,
        part: &str,
        before: Option<&RightsPart>,
        listing: RightsListing,
        as_of: DateTime<Utc>,
    ) -> Result<Result<Came, NotTaken>, StoreError> {
        let mut rows = Rows::default();
        for right in newest(listing.rights).values() {
            rows.take(&self.config.vehicles, &self.service.name, right);
        }
        let digest = rows.digest("");
        if let Some(before) = before {
            if before.sense == self.sense && before.sha256 == digest {
                return Ok(Ok(Came::Same(before.listed_at(Some(as_of), Some(self.now)))));
            }
            let running = self.store.rights().plates_running(before, self.now)?;
            let (there, listed) = (rows.plates(), rows.rows.len());
            let may_lose = match listing.is_live {
                true => (running.len() / 2).max(LIVE_LOSSES_MIN),
                false => self.config.guard.losses_allowed(running.len()),
            };
            let accepted = self.closely.accept_shrink;
            if let Some(doubt) = plates_gone(&running, &there, listed, (may_lose, accepted)) {
                return Ok(Err(NotTaken::Doubted(doubt, listed)));
            }
        }
        let (rights, left_out) = (rows.rows.len() as u64, rows.left_out.len() as u64);
        Ok(Ok(Came::Other(self.read(part, rows, (rights, left_out), digest, as_of, None))))
    }

    /// The rights that changed, as far as they are other than what is known of them.
    fn changes(
        &self,
        before: &RightsPart,
        listing: RightsListing,
        as_of: DateTime<Utc>,
    ) -> Result<Came, StoreError> {
        let mut rows = Rows::default();
        let mut instead_of = Vec::new();
        let (mut rights, mut left_out) = (before.rights, before.left_out);
        let listed = newest(listing.rights);
        let deleted: HashSet<RightId> = listing.deleted.into_iter().collect();
        let country = self.config.vehicles.country;
        let ids: Vec<&RightId> =
            listed.keys().chain(deleted.iter().filter(|id| !listed.contains_key(*id))).collect();
        for id in ids {
            let known = self.store.rights().of_right(before, id, country)?;
            let mut own = Rows::default();
            if let Some(right) = listed.get(id).filter(|_| !deleted.contains(id)) {
                own.take(&self.config.vehicles, &self.service.name, right);
            }
            if own.say_the_same(&known) {
                continue;
            }
            rights = rights.saturating_sub(known.0.len() as u64) + own.rows.len() as u64;
            left_out = left_out.saturating_sub(known.1.len() as u64) + own.left_out.len() as u64;
            rows.add(own);
            instead_of.push(id.clone());
        }
        if instead_of.is_empty() {
            let since = Some(as_of.max(before.since.unwrap_or(as_of)));
            return Ok(Came::Same(before.listed_at(since, before.whole_at)));
        }
        let gone: Vec<_> = instead_of.iter().map(RightId::as_str).collect();
        let digest = rows.digest(&format!("{} {}", before.sha256, gone.join(" ")));
        let read =
            self.read(&before.path, rows, (rights, left_out), digest, as_of, Some(instead_of));
        Ok(Came::Other(RightsPartRead { whole_at: before.whole_at, ..read }))
    }

    fn read(
        &self,
        part: &str,
        rows: Rows,
        (rights, left_out_rows): (u64, u64),
        sha256: String,
        as_of: DateTime<Utc>,
        instead_of: Option<Vec<RightId>>,
    ) -> RightsPartRead {
        RightsPartRead {
            source: self.service.name.clone(),
            path: part.into(),
            sha256,
            sense: self.sense.clone(),
            stamp: None,
            rows: rows.rows,
            left_out: rows.left_out,
            rights,
            left_out_rows,
            since: Some(as_of),
            whole_at: Some(self.now),
            instead_of,
        }
    }

    /// What is known of the service, before anything was asked.
    fn seen(&self) -> SectionSeen {
        let own: Vec<_> =
            self.known.iter().filter(|one| one.source == self.service.name.as_str()).collect();
        SectionSeen {
            name: self.service.name.clone(),
            kind: self.service.kind.name(),
            rights: 0,
            left_out: 0,
            is_whole: false,
            as_of: None,
            is_fresh: false,
            files: own.iter().map(|one| one.path.clone()).collect(),
        }
    }

    /// What is known stays, and is fresh until `fresh_for` is over.
    fn unread(&self, failure: &Failure, looked: &mut Looked) -> SectionSeen {
        self.refuse("", NotTaken::Failed(failure.clone()), looked)
    }

    fn refuse(&self, part: &str, why: NotTaken, looked: &mut Looked) -> SectionSeen {
        let own: Vec<_> =
            self.known.iter().filter(|one| one.source == self.service.name.as_str()).collect();
        let is_of_sense = own.iter().all(|one| one.sense == self.sense);
        let as_of = own.iter().map(|one| one.as_of).min().filter(|_| is_of_sense);
        let fresh_for = TimeDelta::from_std(self.service.fresh_for).unwrap_or(TimeDelta::MAX);
        let kind = match why {
            NotTaken::Failed(failure) => {
                let failed = Failed::new(&failure, failure.hint.as_deref());
                match failure.class {
                    Class::Login | Class::MissingRight => TroubleKind::LoginRefused(failed),
                    _ => TroubleKind::RightsUnread {
                        needs_somebody: matches!(failure.class, Class::Refused | Class::Unusable),
                        was_read: as_of.is_some(),
                        failed,
                    },
                }
            }
            NotTaken::Doubted(doubt, listed) => TroubleKind::RightsUnread {
                needs_somebody: true,
                was_read: true,
                failed: Failed {
                    text: format!("{part}: {doubt}, which is not believed"),
                    hint: Some(Hint::command(
                        "look there; if so many were taken out on purpose",
                        format!("ivms-sync sync --accept-shrink {listed}"),
                    )),
                },
            },
            NotTaken::Clock(text) => TroubleKind::RightsUnread {
                needs_somebody: false,
                was_read: as_of.is_some(),
                failed: Failed { text, hint: Some(Hint::text("see which of the two is wrong")) },
            },
        };
        looked.troubles.push(Trouble::new(self.about(), kind));
        SectionSeen {
            rights: own.iter().map(|one| one.rights).sum(),
            left_out: own.iter().map(|one| one.left_out).sum(),
            as_of,
            is_fresh: as_of.is_some_and(|at| self.now.signed_duration_since(at) < fresh_for),
            ..self.seen()
        }
    }

    fn about(&self) -> About {
        About::Source(self.service.name.clone())
    }

    /// What was left out of a part that is as it was.
    fn tell_known(&self, part: &RightsPart, looked: &mut Looked) -> Result<(), StoreError> {
        if part.left_out > 0 {
            let rows = self.store.rights().ids_left_out_of(part)?;
            self.tell_of(rows.into_iter(), looked);
        }
        Ok(())
    }

    fn tell(&self, rows: &[RightsRowLeftOut], looked: &mut Looked) {
        let named = rows.iter().filter_map(|row| Some((row.reason, row.id.clone()?.to_string())));
        self.tell_of(named, looked);
    }

    fn tell_of(&self, rows: impl Iterator<Item = (RightsRowReason, String)>, looked: &mut Looked) {
        let mut reasons: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for (reason, id) in rows {
            let ids = reasons.entry(reason).or_default();
            if ids.last() != Some(&id) {
                ids.push(id);
            }
        }
        for (reason, ids) in reasons {
            let kind = TroubleKind::RightsLeftOut { reason, ids };
            looked.troubles.push(Trouble::new(self.about(), kind));
        }
    }
}
