//! Permits: cars times areas, each with its own window, good where two meet.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::row::normal;

/// A car of a permit, and from when to when it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The plate as the operator sent it.
    pub reg_num: String,
    /// The first instant.
    pub from: DateTime<Utc>,
    /// The last instant.
    pub until: DateTime<Utc>,
}

/// An area of a permit, and from when to when it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// The area's identifier.
    pub area: String,
    /// The first instant.
    pub from: DateTime<Utc>,
    /// The last instant.
    pub until: DateTime<Utc>,
}

/// One permit.
#[derive(Debug, Clone, PartialEq)]
pub struct Permit {
    /// `permit_id`.
    pub id: u64,
    /// Its series, which is active or not.
    pub series: u64,
    /// Its cars.
    pub subjects: Vec<Subject>,
    /// Its areas.
    pub areas: Vec<Area>,
    /// `properties`, anything.
    pub properties: Value,
}

impl Permit {
    /// A permit of no car and for no area.
    pub fn new(id: u64, series: u64) -> Self {
        let properties = json!({ "permit_type": "Asukaspysäköintitunnus" });
        Self { id, series, subjects: Vec::new(), areas: Vec::new(), properties }
    }

    /// Adds a car.
    #[must_use]
    pub fn subject(mut self, reg_num: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        self.subjects.push(Subject { reg_num: reg_num.into(), from, until });
        self
    }

    /// Adds an area.
    #[must_use]
    pub fn area(mut self, area: &str, from: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        self.areas.push(Area { area: area.into(), from, until });
        self
    }

    /// Where cars and areas meet, with ids from this one on.
    pub(super) fn items(&self, mut id: u64) -> Vec<Item> {
        let mut items = Vec::new();
        for area in &self.areas {
            for subject in &self.subjects {
                let from = subject.from.max(area.from);
                let until = subject.until.min(area.until);
                if from <= until {
                    let (permit, area) = (self.id, area.area.clone());
                    items.push(Item {
                        id,
                        permit,
                        area,
                        reg_num: normal(&subject.reg_num),
                        from,
                        until,
                    });
                    id += 1;
                }
            }
        }
        items
    }
}

/// What is listed of a permit: one car in one area.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// `id`; another one after each change of the permit.
    pub id: u64,
    /// `permit_id`.
    pub permit: u64,
    /// `area`.
    pub area: String,
    /// `registration_number`, upper case without hyphens and blanks.
    pub reg_num: String,
    /// `start_time`.
    pub from: DateTime<Utc>,
    /// `end_time`.
    pub until: DateTime<Utc>,
}

impl Item {
    /// Whether it is good at this instant; both ends are inside.
    pub fn contains(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && at <= self.until
    }
}
