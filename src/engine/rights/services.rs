//! Services of rights: what has changed since the last tick, and all of it once in a while.
//!
//! Rights go by their id. One that is listed is instead of what was known of it; one that is not listed any more
//! is gone only where it was deleted by name, or where all rights were listed and too many are not missing. A
//! listing that failed anywhere teaches nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

use super::file::plates_gone;
use super::taken_apart::{Rows, newest};
use super::{Closely, Looked, SectionSeen};
use crate::config::{Config, RightsServiceConfig};
use crate::engine::link::file::Doubt;
use crate::engine::{Systems, side_by_side};
use crate::model::{Ends, Period, RightId, RightsRow, RightsRowLeftOut, RightsRowReason};
use crate::ports::{Class, Failure, RightsListing};
use crate::store::{InsteadOf, RightsPart, RightsPartRead, Store, StoreError};
use crate::text::lists::many;
use crate::trouble::{About, Failed, Hint, Trouble, TroubleKind};

/// Changes are asked for from so long before the last listing: what was written there while it was made is told
/// by the next one.
const OVERLAP: TimeDelta = TimeDelta::minutes(15);

/// The most rows of a part.
const ROWS_MAX: usize = 4_000_000;

/// So many of what runs at this moment may always be gone at the next listing.
const LIVE_LOSSES_MIN: usize = 9;

/// Two clocks that differ by more are not the same.
const CLOCK_SLACK: TimeDelta = TimeDelta::seconds(60);

/// Asks every service, all at once.
pub(super) fn look(
    systems: &dyn Systems,
    config: &Config,
    store: &Store,
    (known, now, closely): (&[RightsPart], DateTime<Utc>, Closely),
    looked: &mut Looked,
) -> Result<(), StoreError> {
    let of = |service| {
        let sense = config.vehicles.sense_of_service(service);
        OneService { config, store, service, sense, known, now, closely }
    };
    let services: Vec<_> = config.vehicles.services.iter().map(of).collect();
    let wanted = services.iter().map(|one| (one.service, one.wanted()));
    let answers = side_by_side(wanted, |(service, wanted)| ask(systems, service, wanted, now));
    services.iter().zip(answers).try_for_each(|(one, answers)| one.judge(answers, looked))
}

/// A part, and from when on changes are enough.
type Wanted = (&'static str, Option<DateTime<Utc>>);

/// What a part answered, and how long after `now` that was.
struct Answer {
    part: &'static str,
    since: Option<DateTime<Utc>>,
    listing: Result<RightsListing, Failure>,
    after: TimeDelta,
}

/// Asks a service for its parts, up to the first that fails.
fn ask(
    systems: &dyn Systems,
    service: &RightsServiceConfig,
    wanted: Vec<Wanted>,
    now: DateTime<Utc>,
) -> Vec<Answer> {
    let began = Instant::now();
    let after = || TimeDelta::from_std(began.elapsed()).unwrap_or(TimeDelta::MAX);
    let mut answers = Vec::new();
    let connected = systems.rights(service);
    for (part, since) in wanted {
        let listing = match &connected {
            Ok(connected) => connected.list(part, since, now),
            Err(failure) => Err(failure.clone()),
        };
        let has_failed = listing.is_err();
        answers.push(Answer { part, since, listing, after: after() });
        if has_failed {
            break;
        }
    }
    answers
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
    /// What to ask for.
    fn wanted(&self) -> Vec<Wanted> {
        let parts = self.service.settings.parts().iter();
        parts.map(|part| (*part, self.before(part).and_then(|before| self.since(before)))).collect()
    }

    /// Takes what the parts answered: all of them count, or none.
    fn judge(&self, answers: Vec<Answer>, looked: &mut Looked) -> Result<(), StoreError> {
        let mut came = Vec::new();
        for answer in answers {
            let part = answer.part;
            match self.part(answer)? {
                Ok(one) => came.push(one),
                Err(why) => {
                    let seen = self.refuse(part, why, looked);
                    looked.sections.push(seen);
                    return Ok(());
                }
            }
        }
        let mut seen = SectionSeen { is_whole: true, as_of: Some(self.now), ..self.seen() };
        for one in came {
            let as_of = match one {
                Came::Same(part) => {
                    seen.rights += part.rights;
                    seen.left_out += part.left_out;
                    self.tell_known(&part, looked)?;
                    looked.forget_of(self.store, &part)?;
                    let as_of = part.as_of;
                    looked.same.push((part, None));
                    as_of
                }
                Came::Other(read) => {
                    seen.rights += read.rights;
                    seen.left_out += read.left_out_rows;
                    self.tell(&read.left_out, looked);
                    if let Some(before) = self.before(&read.path.to_string_lossy()) {
                        looked.forget_of(self.store, before)?;
                    }
                    let as_of = read.as_of;
                    looked.fresh.push(read);
                    as_of
                }
            };
            seen.as_of = seen.as_of.map(|known| known.min(as_of));
        }
        seen.is_fresh = self.is_fresh(seen.as_of);
        looked.sections.push(seen);
        Ok(())
    }

    /// What one part answered.
    fn part(&self, answer: Answer) -> Result<Result<Came, NotTaken>, StoreError> {
        let Answer { part, since, listing, after } = answer;
        let listing = match listing {
            Ok(listing) => listing,
            Err(failure) => return Ok(Err(NotTaken::Failed(failure))),
        };
        if let Some(off) = self.clock_off(&listing, after) {
            return Ok(Err(NotTaken::Clock(off)));
        }
        log::info!(
            "{}: {} of {part} {}, {} deleted, {} about no car",
            self.service.name,
            many(listing.rights.len(), "right"),
            if listing.is_whole { "in all" } else { "changed" },
            listing.deleted.len(),
            listing.nameless,
        );
        match (self.before(part), since) {
            (Some(before), Some(_)) if !listing.is_whole => self.changes(before, listing).map(Ok),
            (before, _) => self.whole(part, before, listing),
        }
    }

    /// From which moment of the service's clock on changes are to be asked for; it never runs ahead of ours.
    fn listed_at(&self, listing: &RightsListing) -> DateTime<Utc> {
        listing.as_of.unwrap_or(self.now).min(self.now)
    }

    /// When the listing holds: a service that says that it is behind is believed.
    fn as_of(&self, listing: &RightsListing) -> DateTime<Utc> {
        let stated = self.listed_at(listing);
        let is_near = self.now.signed_duration_since(stated) <= CLOCK_SLACK;
        if is_near { self.now } else { stated }
    }

    fn is_fresh(&self, as_of: Option<DateTime<Utc>>) -> bool {
        let fresh_for = TimeDelta::from_std(self.service.fresh_for).unwrap_or(TimeDelta::MAX);
        as_of.is_some_and(|at| self.now.signed_duration_since(at) < fresh_for)
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
    /// is valid here and now cannot be said. The service was asked within that time.
    fn clock_off(&self, listing: &RightsListing, within: TimeDelta) -> Option<String> {
        let server = listing.server_time?;
        let ahead = server.signed_duration_since(self.now);
        let latest = within.checked_add(&CLOCK_SLACK).unwrap_or(TimeDelta::MAX);
        (ahead < -CLOCK_SLACK || ahead > latest).then(|| {
            format!(
                "its clock shows {}, and this computer's {}",
                server.format("%Y-%m-%d %H:%M:%SZ"),
                self.now.format("%Y-%m-%d %H:%M:%SZ")
            )
        })
    }

    /// All rights of a part. What has ended is kept for as long as any, whether it is listed still or not: it is
    /// told as ended, and in grace it counts.
    fn whole(
        &self,
        part: &str,
        before: Option<&RightsPart>,
        listing: RightsListing,
    ) -> Result<Result<Came, NotTaken>, StoreError> {
        let (listed_at, as_of) = (self.listed_at(&listing), self.as_of(&listing));
        let mut rows = Rows::default();
        let mut rights = BTreeSet::new();
        // Each goes as its rows come: a register may have a million.
        for (id, right) in newest(listing.rights) {
            rights.insert(id);
            rows.take(&self.config.vehicles, &self.service.name, &right);
            if rows.rows.len() > ROWS_MAX {
                let text = format!("{part}: more than {ROWS_MAX} cars times zones");
                let failure = Failure::new(Class::Refused, false, &text, None);
                return Ok(Err(NotTaken::Failed(failure)));
            }
        }
        let sha256 = rows.digest("");
        let mut instead_of = InsteadOf::Everything;
        if let Some(before) = before {
            if before.sense == self.sense && before.sha256 == sha256 {
                return Ok(Ok(Came::Same(before.listed_at(
                    Some(listed_at),
                    Some(self.now),
                    as_of,
                ))));
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
            // What was read by another configuration may be about other zones.
            if before.sense == self.sense {
                let ended = self.store.rights().ended_of(before, self.now)?;
                let again = ended.iter().filter_map(|id| RightId::new(id).ok());
                let again = again.filter(|id| rights.contains(id)).collect();
                instead_of = InsteadOf::WhatRuns(self.now, again);
                if listing.is_live {
                    rows.add(Rows::of(self.ended(before, &rights)?));
                }
            }
        }
        rows.forget(self.config.vehicles.kept_since(self.now));
        Ok(Ok(Came::Other(RightsPartRead {
            source: self.service.name.clone(),
            path: part.into(),
            sha256,
            sense: self.sense.clone(),
            stamp: None,
            rights: rows.rows.len() as u64,
            left_out_rows: rows.left_out.len() as u64,
            rows: rows.rows,
            left_out: rows.left_out,
            since: Some(listed_at),
            whole_at: Some(self.now),
            as_of,
            instead_of,
        })))
    }

    /// What ran and is not listed any more, where only what runs is listed: it was stopped, some time until now.
    fn ended(
        &self,
        before: &RightsPart,
        listed: &BTreeSet<RightId>,
    ) -> Result<Vec<RightsRow>, StoreError> {
        let country = self.config.vehicles.country;
        let mut ended = Vec::new();
        for id in self.store.rights().running_of(before, self.now)? {
            let Some(id) = RightId::new(&id).ok().filter(|id| !listed.contains(id)) else {
                continue;
            };
            let (rows, _) = self.store.rights().of_right(before, &id, country)?;
            let runs = |row: &RightsRow| row.period.end().is_none_or(|end| end > self.now);
            for row in rows.into_iter().filter(runs) {
                // One that had not begun never ran.
                if let Ok(period) = Period::new(row.period.begin(), Some(self.now), Ends::Open) {
                    ended.push(RightsRow { period, ..row });
                }
            }
        }
        Ok(ended)
    }

    /// The rights that changed, as far as they are other than what is known of them.
    fn changes(&self, before: &RightsPart, listing: RightsListing) -> Result<Came, StoreError> {
        let as_of = self.as_of(&listing);
        let since =
            Some(self.listed_at(&listing).max(before.since.unwrap_or(DateTime::UNIX_EPOCH)));
        let mut rows = Rows::default();
        let mut changed = Vec::new();
        let (mut rights, mut left_out) = (before.rights, before.left_out);
        let listed = newest(listing.rights);
        // One that is listed was put back after it was deleted.
        let deleted: BTreeSet<&RightId> =
            listing.deleted.iter().filter(|id| !listed.contains_key(*id)).collect();
        let kept_since = self.config.vehicles.kept_since(self.now);
        for id in listed.keys().chain(deleted) {
            let known = self.store.rights().of_right(before, id, self.config.vehicles.country)?;
            let mut own = Rows::default();
            if let Some(right) = listed.get(id) {
                own.take(&self.config.vehicles, &self.service.name, right);
                own.forget(kept_since);
            }
            if own.say_the_same(&known) {
                continue;
            }
            rights = rights.saturating_sub(known.0.len() as u64) + own.rows.len() as u64;
            left_out = left_out.saturating_sub(known.1.len() as u64) + own.left_out.len() as u64;
            rows.add(own);
            changed.push(id.clone());
        }
        if changed.is_empty() {
            return Ok(Came::Same(before.listed_at(since, before.whole_at, as_of)));
        }
        let ids: Vec<_> = changed.iter().map(RightId::as_str).collect();
        Ok(Came::Other(RightsPartRead {
            source: self.service.name.clone(),
            path: before.path.clone().into(),
            sha256: rows.digest(&format!("{} {}", before.sha256, ids.join(" "))),
            sense: self.sense.clone(),
            stamp: None,
            rights,
            left_out_rows: left_out,
            rows: rows.rows,
            left_out: rows.left_out,
            since,
            whole_at: before.whole_at,
            as_of,
            instead_of: InsteadOf::Rights(changed),
        }))
    }

    /// What is known of it.
    fn own(&self) -> impl Iterator<Item = &RightsPart> {
        self.service.settings.parts().iter().filter_map(|part| self.before(part))
    }

    /// The section, before anything is said of it.
    fn seen(&self) -> SectionSeen {
        SectionSeen {
            name: self.service.name.clone(),
            kind: self.service.kind.name(),
            rights: 0,
            left_out: 0,
            is_whole: false,
            as_of: None,
            is_fresh: false,
            files: self.service.settings.parts().iter().map(|part| (*part).to_owned()).collect(),
        }
    }

    /// What is known stays, and is fresh until `fresh_for` is over.
    fn refuse(&self, part: &str, why: NotTaken, looked: &mut Looked) -> SectionSeen {
        let is_known = self.own().count() == self.service.settings.parts().len();
        let is_known = is_known && self.own().all(|one| one.sense == self.sense);
        let as_of = self.own().map(|one| one.as_of).min().filter(|_| is_known);
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
            rights: self.own().map(|one| one.rights).sum(),
            left_out: self.own().map(|one| one.left_out).sum(),
            as_of,
            is_fresh: self.is_fresh(as_of),
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
