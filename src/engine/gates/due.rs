//! When a gate is to be asked, and its days.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, Days as DayCount, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use sha2::{Digest, Sha256};

use super::cars::Cars;
use super::claims::wanted;
use super::run::GatesDone;
use super::told::{Remarks, as_kept, is_trouble, repeated};
use crate::config::{Config, GateConfig, Vehicles};
use crate::engine::rights::Known;
use crate::model::OwnRow;
use crate::store::{GateKept, Store, StoreError};
use crate::text::hex::hex;

/// Whether nothing is to be done at any gate, as far as that shows without a look at members: no source has
/// other rights than before, nothing is due, and nothing was left undone.
///
/// # Errors
/// [`StoreError`].
pub fn settled(
    config: &Config,
    store: &Store,
    now: DateTime<Utc>,
) -> Result<Option<GatesDone>, StoreError> {
    let mut done = GatesDone::default();
    if config.gates.is_empty() {
        return Ok(Some(done));
    }
    let sources = sources(config, store)?;
    for gate in &config.gates {
        let kept = store.gates().gate(&gate.name)?;
        let Some(kept) = kept.filter(|kept| kept.sources == sources) else { return Ok(None) };
        if is_due(gate, config, &kept, now) || kept.blocked.is_some() {
            return Ok(None);
        }
        done.troubles.extend(repeated(gate, &kept));
        done.gates.push(as_kept(gate, Some(&kept)));
    }
    Ok(Some(done))
}

/// Whether anything that the cars of a gate are known by was read or told since a plan was made. A plan of another day
/// of the gate, or by a clock that was ahead, may be as old as any.
///
/// # Errors
/// [`StoreError`].
pub fn was_read_since(
    gate: &GateConfig,
    store: &Store,
    (made_at, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, StoreError> {
    if made_at > now || today(gate, made_at) != today(gate, now) {
        return Ok(true);
    }
    let is_since = |at: DateTime<Utc>| at > made_at;
    for source in &gate.members {
        if store.members().source_state(source)?.fetched_at.is_some_and(is_since) {
            return Ok(true);
        }
    }
    let parts = store.rights().files()?.into_iter().map(|part| (part.changed_at, part.as_of));
    let plates =
        store.member_plates().files()?.into_iter().map(|file| (file.changed_at, file.as_of));
    // What an event has told changes a part, and leaves when it was read.
    Ok(parts.chain(plates).any(|(changed_at, as_of)| is_since(changed_at.max(as_of))))
}

/// A digest of everything that cars are known by, beside members.
pub(super) fn sources(config: &Config, store: &Store) -> Result<String, StoreError> {
    let known = Known::read(&config.vehicles, store)?;
    let mut all = known.basis();
    for file in store.member_plates().files()? {
        let _ = write!(all, " {} {} {}", file.path, file.sha256, file.sense);
    }
    Ok(hex(&Sha256::digest(all.as_bytes())))
}

pub(super) fn is_due(
    gate: &GateConfig,
    config: &Config,
    kept: &GateKept,
    now: DateTime<Utc>,
) -> bool {
    let every = TimeDelta::from_std(gate.audit_every).unwrap_or(TimeDelta::MAX);
    let is_old = kept.read_at.is_none_or(|at| {
        let age = now.signed_duration_since(at);
        age < TimeDelta::zero() || age >= every
    });
    let is_over = kept.same_until.is_none_or(|until| now >= until);
    kept.needs_read || is_old || is_over || kept.sense != gate.sense(config)
}

/// Cars that may enter now and have no row, neither of ours nor one of others that was seen to let them in: how many.
pub(super) fn outside(
    cars: &Cars,
    own: &BTreeMap<String, OwnRow>,
    kept: Option<&GateKept>,
    today: NaiveDate,
) -> usize {
    let has_row =
        |text: &str| own.get(text).is_some_and(|own| own.is_held && own.days.contains(today));
    let mut lacking: BTreeMap<String, usize> = BTreeMap::new();
    let wanted = wanted(&cars.claims, today);
    for (_, one) in wanted.iter().filter(|(text, one)| one.days.contains(today) && !has_row(text)) {
        *lacking.entry(one.by.to_string()).or_default() += 1;
    }
    let not_done = kept.map(|kept| Remarks::kept(kept).not_done).unwrap_or_default();
    for right in not_done.iter().filter(|one| !is_trouble(one)).flat_map(|one| &one.rights) {
        if let Some(count) = lacking.get_mut(right) {
            *count = count.saturating_sub(1);
        }
    }
    lacking.values().sum()
}

/// Today on the gate's wall clock.
pub(super) fn today(gate: &GateConfig, now: DateTime<Utc>) -> NaiveDate {
    now.with_timezone(&gate.time_zone).date_naive()
}

/// From when on the time alone may bring other rows there: the next midnight, or before it the moment from which on
/// a session that nobody has stopped is good beyond it.
pub(super) fn same_until(gate: &GateConfig, config: &Config, now: DateTime<Utc>) -> DateTime<Utc> {
    let Vehicles { files, services, .. } = &config.vehicles;
    let of_files = files.iter().map(|section| section.fresh_for);
    let fresh = of_files.chain(services.iter().map(|service| service.fresh_for));
    let fresh = fresh.filter(|_| !gate.zones.is_empty());
    before_midnight(next_midnight(gate, now), fresh, now)
}

/// Such a session has the next day from the second on in which its source is fresh for longer than today.
pub(super) fn before_midnight(
    midnight: DateTime<Utc>,
    fresh: impl Iterator<Item = Duration>,
    now: DateTime<Utc>,
) -> DateTime<Utc> {
    let second = TimeDelta::seconds(1);
    let begins = |fresh_for| {
        let fresh_for = TimeDelta::from_std(fresh_for).ok()?;
        midnight.checked_sub_signed(fresh_for)?.checked_add_signed(second)
    };
    let reaches = fresh.filter_map(begins).filter(|at| *at > now);
    reaches.min().unwrap_or(midnight)
}

/// When the next day begins there; in a day where that cannot be said.
fn next_midnight(gate: &GateConfig, now: DateTime<Utc>) -> DateTime<Utc> {
    let tomorrow = today(gate, now).checked_add_days(DayCount::new(1));
    let begins = tomorrow.and_then(|day| {
        gate.time_zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest()
    });
    let in_a_day = now.checked_add_days(DayCount::new(1)).unwrap_or(now);
    begins.map_or(in_a_day, |begins| begins.with_timezone(&Utc))
}
