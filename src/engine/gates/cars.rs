//! The cars of a gate, out of what the state file knows: members with their plates, and rights in its zones.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::claims::{Claim, wanted};
use crate::config::{Config, GateConfig};
use crate::engine::gather::{is_agreed, is_vanished};
use crate::engine::plan::validity::{Entitlement, OpeningRights, entitlement, unreadable_here};
use crate::engine::rights::Known;
use crate::engine::vehicles::cars_in;
use crate::model::{
    Holder, MemberNamed, MemberPlate, OwnRow, ParkingRight, ParkingZoneName, Period, Plate,
    RightHolder, RightRef, RightState, SourceName, TargetLimits, TargetTimes,
};
use crate::store::{SourceState, Store, StoreError, StoredHolder};
use crate::text::hex::hex;

/// What the documents of access devices name as the range of their dates.
const TIMES: TargetTimes = TargetTimes::of_years(2000, 2037);

/// Which cars a gate should open for, and what cannot be said.
#[derive(Debug, Default)]
pub struct Cars {
    pub claims: Vec<Claim>,
    /// Plates, by letters and digits, of which nobody can say that they have no right.
    pub unsure: BTreeSet<String>,
    /// Those among them of which nothing is in doubt but that one listing alone says that a membership is over.
    pub one_listing: BTreeSet<String>,
    /// Sources that were not read of late: nothing is taken away that goes back to them.
    pub stale: BTreeSet<SourceName>,
    /// Rows of link files whose member is not known, or not one: how many.
    pub nobodys: usize,
}

impl Cars {
    /// What is known of the cars of a gate at a moment.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn of(
        gate: &GateConfig,
        config: &Config,
        store: &Store,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        Self::of_some(gate, config, store, None, now)
    }

    /// The same of one car alone, by the indexes of plates.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn of_plate(
        gate: &GateConfig,
        config: &Config,
        store: &Store,
        plate: &Plate,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        Self::of_some(gate, config, store, Some(plate), now)
    }

    fn of_some(
        gate: &GateConfig,
        config: &Config,
        store: &Store,
        only: Option<&Plate>,
        now: DateTime<Utc>,
    ) -> Result<Self, StoreError> {
        let mut cars = Self::default();
        cars.add_zones(gate, config, store, only, now)?;
        cars.add_members(gate, config, store, only, now)?;
        let Self { unsure, one_listing, .. } = &mut cars;
        one_listing.retain(|text| !unsure.contains(text));
        unsure.extend(one_listing.iter().cloned());
        Ok(cars)
    }

    /// A digest of what follows for the rows of the gate: of the same one follow the same rows on one day.
    #[must_use]
    pub fn basis(&self, today: chrono::NaiveDate) -> String {
        let mut all = Sha256::new();
        for (text, row) in wanted(&self.claims, today) {
            all.update(format!("{text} {} {} {}\n", row.days, row.is_rolling, row.by));
        }
        // What is held back by these goes on when they change.
        all.update(format!("{:?} {:?} {:?}", self.unsure, self.one_listing, self.stale));
        hex(&all.finalize())
    }

    fn add_zones(
        &mut self,
        gate: &GateConfig,
        config: &Config,
        store: &Store,
        only: Option<&Plate>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let vehicles = &config.vehicles;
        let zones: Vec<_> =
            gate.zones.iter().filter_map(|name| vehicles.zones.named(name)).collect();
        if zones.is_empty() {
            return Ok(());
        }
        let known = Known::read(vehicles, store)?;
        let sections = vehicles.files.iter().map(|section| &section.name);
        let needed = zones.iter().flat_map(|zone| zone.needs()).chain(sections);
        let stale = needed.filter(|source| !known.readings.is_fresh(source, now));
        self.stale.extend(stale.cloned());
        let (claims, unsure) = (&mut self.claims, &mut self.unsure);
        let mut take = |right: &ParkingRight| {
            for zone in &zones {
                for (plate, period) in cars_in(right, zone, &known.readings, now) {
                    let by = RightRef { source: right.source.clone(), right: right.id.to_string() };
                    claims.extend(Claim::of_period(plate.clone(), period, by, gate.time_zone, now));
                }
            }
            // It may be in force or not.
            let is_here =
                |(name, _): &(ParkingZoneName, Period)| zones.iter().any(|zone| zone.takes(name));
            if matches!(right.state, RightState::Unknown(_)) && right.zones().iter().any(is_here) {
                let runs = |period: &Period| period.end().is_none_or(|end| end > now);
                let plates = right.holders().iter().filter_map(|(holder, period)| match holder {
                    RightHolder::Plate(plate) if runs(period) => Some(plate.text().to_owned()),
                    _ => None,
                });
                unsure.extend(plates);
            }
        };
        match only {
            None => known.each(vehicles, store, |right| take(&right)),
            Some(plate) => {
                let found = known.of_plate(vehicles, store, plate)?;
                found.rights.iter().for_each(&mut take);
                if !found.left_out.is_empty() {
                    self.unsure.insert(plate.text().to_owned());
                }
                Ok(())
            }
        }
    }

    fn add_members(
        &mut self,
        gate: &GateConfig,
        config: &Config,
        store: &Store,
        only: Option<&Plate>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if gate.members.is_empty() {
            return Ok(());
        }
        let mut sources = Vec::new();
        for source in config.sources.iter().filter(|one| gate.members.contains(&one.name)) {
            let state = store.members().source_state(&source.name)?;
            // One that never answered says of nobody that there is no membership.
            if state.fetched_at.is_none() {
                self.stale.insert(source.name.clone());
            }
            sources.push((source, state));
        }
        let mut plates: Vec<MemberPlate> = Vec::new();
        let own = match only {
            None => {
                store.member_plates().each(|known| plates.push(known.row))?;
                store.gates().rows(&gate.name)?
            }
            Some(plate) => {
                let known = store.member_plates().of_plate(plate.text())?;
                plates.extend(known.into_iter().map(|known| known.row));
                let row = store.gates().row(&gate.name, plate.text())?;
                row.into_iter().map(|row| (plate.text().to_owned(), row)).collect()
            }
        };
        for MemberPlate { member, plate, .. } in plates {
            let mut found = false;
            let named_on = member.iter().flat_map(|member| {
                sources.iter().map(move |(source, state)| (member, source, state))
            });
            for (member, source, state) in named_on {
                let named = named_by(store, member, &source.name)?;
                let [stored] = named.as_slice() else { continue };
                found = true;
                let opening = OpeningRights {
                    source: source.roles.as_ref(),
                    device: gate.roles.as_ref(),
                    is_let_in: true,
                };
                let held = own.get(plate.text());
                self.add_member((stored, state), (&plate, held), &opening, (gate, config), now);
            }
            if !found {
                // Whoever it is may have a membership: nothing is given, and nothing is taken away.
                self.unsure.insert(plate.text().to_owned());
                self.nobodys += 1;
            }
        }
        Ok(())
    }

    fn add_member(
        &mut self,
        (stored, state): (&StoredHolder, &SourceState),
        (plate, held): (&Plate, Option<&OwnRow>),
        opening: &OpeningRights<'_>,
        (gate, config): (&GateConfig, &Config),
        now: DateTime<Utc>,
    ) {
        let is_vanished = is_vanished(stored, state.complete_at);
        let is_sure = is_vanished || is_agreed(stored, state.complete_at);
        let is_unreadable = unreadable_here(&stored.member, opening).is_some();
        if is_unreadable || stored.problem.is_some() {
            self.unsure.insert(plate.text().to_owned());
        } else if !is_sure {
            self.one_listing.insert(plate.text().to_owned());
        }
        let limits = TargetLimits::documented(TIMES);
        let local = now.with_timezone(&gate.time_zone).naive_local();
        let member = &stored.member;
        let is_theirs = |own: &&OwnRow| {
            own.by.source == member.key.source && own.by.right == member.key.human()
        };
        // A club that replaces a running period by its renewal closes no gate.
        let known = held.filter(is_theirs).and_then(|own| own.days.window());
        let by = RightRef {
            source: stored.member.key.source.clone(),
            right: stored.member.key.human().to_string(),
        };
        if stored.problem.is_some() {
            // Nobody knows what such a member has paid for: as at a door, nothing is given beyond what was written.
            let claim = |window| Claim::of_window(plate.clone(), window, by, gate.time_zone, now);
            self.claims.extend(known.and_then(claim));
            return;
        }
        let due = entitlement(member, opening, &config.policy, is_vanished, known, limits, local);
        if due == Entitlement::BadDates {
            self.unsure.insert(plate.text().to_owned());
        }
        let Entitlement::Paid(validity) = due else { return };
        if validity.ended.is_none() {
            let claim = Claim::of_window(plate.clone(), validity.window, by, gate.time_zone, now);
            self.claims.extend(claim);
        }
    }
}

/// The plates that link files name as those of a member, each once.
///
/// # Errors
/// [`StoreError`].
pub fn plates_of(store: &Store, member: &Holder) -> Result<Vec<Plate>, StoreError> {
    let mut plates = BTreeSet::new();
    store.member_plates().each(|known| {
        let MemberPlate { member: Some(named), plate, .. } = known.row else { return };
        let is_email = named.email().is_none_or(|email| member.email.as_ref() == Some(email));
        let is_number = named.number().is_none_or(|number| member.number.as_ref() == Some(number));
        if is_email && is_number {
            plates.insert(plate);
        }
    })?;
    Ok(plates.into_iter().collect())
}

/// The members of one organisation whom a row of a link file names.
fn named_by(
    store: &Store,
    member: &MemberNamed,
    source: &SourceName,
) -> Result<Vec<StoredHolder>, StoreError> {
    let (email, number) = (member.email(), member.number());
    let mut found = match (email, number) {
        (Some(email), _) => store.members().members_by_email(email)?,
        (None, Some(number)) => store.members().members_by_number(number)?,
        (None, None) => Vec::new(),
    };
    found.retain(|stored| {
        let is_numbered = number.is_none() || stored.member.number.as_ref() == number;
        stored.member.key.source == *source && is_numbered
    });
    Ok(found)
}
