//! What the register knows: parkings, permits, series.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::permit::{Item, Permit};
use super::row::{Parking, normal};
use super::settings::Settings;
use crate::clock::Clock;

/// Parkings, permits and series; what [`super::Server::meanwhile`] may change between two pages.
#[derive(Debug)]
pub struct Memory {
    pub(super) parkings: Vec<Parking>,
    permits: Vec<(Permit, Vec<Item>)>,
    series: BTreeMap<u64, bool>,
    last_item: u64,
    clock: Clock,
}

impl Memory {
    /// The memory at start.
    ///
    /// # Panics
    /// If two rows have one id, or a permit is in no series.
    pub(super) fn new(settings: &mut Settings) -> Self {
        let mut memory = Self {
            parkings: Vec::new(),
            permits: Vec::new(),
            series: settings.series.iter().copied().collect(),
            last_item: 1000,
            clock: settings.clock.clone(),
        };
        for parking in std::mem::take(&mut settings.parkings) {
            memory.insert(parking);
        }
        for permit in std::mem::take(&mut settings.permits) {
            memory.add_permit(permit);
        }
        memory
    }

    fn insert(&mut self, parking: Parking) {
        let is_there = self.parkings.iter().any(|one| one.id == parking.id);
        assert!(!is_there, "there are two parkings {}", parking.id);
        self.parkings.push(parking);
    }

    /// Adds a parking, created now.
    ///
    /// # Panics
    /// If there is one with its id.
    pub fn add_parking(&mut self, parking: Parking) {
        let now = self.clock.now();
        self.insert(Parking { created_at: now, modified_at: now, ..parking });
    }

    /// Changes a parking, modified now; `false` if there is none.
    pub fn edit_parking(&mut self, id: &str, edit: impl FnOnce(&mut Parking)) -> bool {
        let now = self.clock.now();
        let found = self.parkings.iter_mut().find(|parking| parking.id == id);
        found.is_some_and(|parking| {
            edit(parking);
            parking.modified_at = now;
            true
        })
    }

    /// Ends a parking now, unless it has ended; `false` if there is none.
    pub fn stop(&mut self, id: &str) -> bool {
        let now = self.clock.now();
        self.edit_parking(id, |parking| {
            parking.until = Some(parking.until.map_or(now, |until| until.min(now)));
        })
    }

    /// Deletes a parking without a trace; `false` if there is none.
    pub fn delete(&mut self, id: &str) -> bool {
        let count = self.parkings.len();
        self.parkings.retain(|parking| parking.id != id);
        self.parkings.len() < count
    }

    /// Adds a permit; its items get new ids.
    ///
    /// # Panics
    /// If there is one with its id, or its series is not there.
    pub fn add_permit(&mut self, permit: Permit) {
        let is_there = self.permits.iter().any(|(one, _)| one.id == permit.id);
        assert!(!is_there, "there are two permits {}", permit.id);
        assert!(self.series.contains_key(&permit.series), "there is no series {}", permit.series);
        let items = self.items_of(&permit);
        self.permits.push((permit, items));
    }

    /// Changes a permit; all its items get new ids. `false` if there is none.
    pub fn edit_permit(&mut self, id: u64, edit: impl FnOnce(&mut Permit)) -> bool {
        let Some(index) = self.permits.iter().position(|(permit, _)| permit.id == id) else {
            return false;
        };
        let mut permit = self.permits[index].0.clone();
        edit(&mut permit);
        let items = self.items_of(&permit);
        self.permits[index] = (permit, items);
        true
    }

    fn items_of(&mut self, permit: &Permit) -> Vec<Item> {
        let items = permit.items(self.last_item + 1);
        self.last_item += items.len() as u64;
        items
    }

    /// Deletes a permit without a trace; `false` if there is none.
    pub fn delete_permit(&mut self, id: u64) -> bool {
        let count = self.permits.len();
        self.permits.retain(|(permit, _)| permit.id != id);
        self.permits.len() < count
    }

    /// Sets whether a series is active; it need not have been there.
    pub fn set_series(&mut self, series: u64, is_active: bool) {
        self.series.insert(series, is_active);
    }

    /// The change-over: makes a series active and all others not; it need not have been there.
    pub fn activate_series(&mut self, series: u64) {
        self.series.values_mut().for_each(|is_active| *is_active = false);
        self.series.insert(series, true);
    }

    /// All parkings, in the order in which they came.
    pub fn parkings(&self) -> &[Parking] {
        &self.parkings
    }

    /// All permits, in the order in which they came.
    pub fn permits(&self) -> Vec<Permit> {
        self.permits.iter().map(|(permit, _)| permit.clone()).collect()
    }

    /// The items of active series, by their ids.
    pub fn items(&self) -> Vec<Item> {
        let mut items: Vec<Item> = self.active().map(|(_, item)| item.clone()).collect();
        items.sort_by_key(|item| item.id);
        items
    }

    /// The items of active series with their permits, in no order.
    pub(super) fn active(&self) -> impl Iterator<Item = (&Permit, &Item)> {
        let active = |permit: &Permit| self.series.get(&permit.series) == Some(&true);
        let permits = self.permits.iter().filter(move |(permit, _)| active(permit));
        permits.flat_map(|(permit, items)| items.iter().map(move |item| (permit, item)))
    }

    /// Whether a parking of this plate is good in this zone at this instant.
    pub(super) fn has_parking(&self, reg_num: &str, zone: &str, at: DateTime<Utc>) -> bool {
        let plate = normal(reg_num);
        !plate.is_empty()
            && self.parkings.iter().any(|parking| {
                normal(&parking.reg_num) == plate
                    && parking.zone.as_deref() == Some(zone)
                    && parking.contains(at)
            })
    }

    /// Whether a permit of an active series is good for this plate in this area at this instant.
    pub(super) fn has_permit(&self, reg_num: &str, area: &str, at: DateTime<Utc>) -> bool {
        let plate = normal(reg_num);
        !plate.is_empty()
            && self
                .active()
                .any(|(_, item)| item.reg_num == plate && item.area == area && item.contains(at))
    }

    /// Whether this is the plate of a row, however it is written.
    pub(super) fn knows_plate(&self, text: &str) -> bool {
        let text = normal(text);
        let mut subjects = self.permits.iter().flat_map(|(permit, _)| &permit.subjects);
        !text.is_empty()
            && (self.parkings.iter().any(|parking| normal(&parking.reg_num) == text)
                || subjects.any(|subject| normal(&subject.reg_num) == text))
    }
}
