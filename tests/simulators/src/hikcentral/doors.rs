//! Doors and access levels. A door goes by its own copy of each person's window, which changes only
//! when an application reaches it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::person::Person;
use super::times::instant;
use crate::zone::Zone;

/// A door with its device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    /// `doorIndexCode`.
    pub code: String,
    /// Name of the door, `resourceName` of a failed application.
    pub name: String,
    /// Name of its device, `deviceName` of a failed application.
    pub device: String,
    /// What applications do there.
    pub state: DoorState,
}

impl Door {
    /// A door whose device can be reached.
    pub fn new(code: &str, name: &str) -> Self {
        let device = format!("Device of {name}");
        Self { code: code.into(), name: name.into(), device, state: DoorState::Online }
    }
}

/// What an application does at a door.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DoorState {
    /// It arrives.
    #[default]
    Online,
    /// It fails, as the device cannot be reached.
    Offline,
    /// It fails with these `errorItems`: 0 device, 1 card, 2 fingerprint, 3 face, 4 person.
    Failing(&'static str),
    /// It does not arrive, and nobody says so.
    Silent,
}

/// An access level: whoever belongs to it may pass its doors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// `privilegeGroupId`.
    pub id: String,
    /// `privilegeGroupName`.
    pub name: String,
    /// Codes of its doors.
    pub doors: Vec<String>,
}

impl Level {
    /// A level for these doors.
    pub fn new(id: &str, name: &str, doors: &[&str]) -> Self {
        let doors = doors.iter().map(|code| (*code).to_owned()).collect();
        Self { id: id.into(), name: name.into(), doors }
    }
}

/// A person's window, as the platform's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// `beginTime`.
    pub begin: Option<String>,
    /// `endTime`.
    pub end: Option<String>,
}

impl From<&Person> for Window {
    fn from(person: &Person) -> Self {
        Self { begin: person.begin.clone(), end: person.end.clone() }
    }
}

impl Window {
    /// Whether it holds this instant, both ends included to the second. A missing end is open; one
    /// that is no time holds nothing.
    fn holds(&self, at: DateTime<Utc>, zone: Zone) -> bool {
        let second = |text: &Option<String>, open: i64| match text.as_deref() {
            None | Some("") => Some(open),
            Some(text) => instant(text, zone).map(|time| time.timestamp()),
        };
        let (begin, end) = (second(&self.begin, i64::MIN), second(&self.end, i64::MAX));
        begin.is_some_and(|begin| begin <= at.timestamp())
            && end.is_some_and(|end| at.timestamp() <= end)
    }
}

/// Which applications are ordered; `None` is everybody, or every door.
pub(super) struct Order<'a> {
    pub(super) persons: Option<&'a [String]>,
    pub(super) doors: Option<&'a [String]>,
    pub(super) with_failed: bool,
    /// How many polls see it as not yet done.
    pub(super) polls: usize,
}

/// How applications stand, in persons.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Statistics {
    pub(super) never: usize,
    pub(super) edited: usize,
    pub(super) failed: usize,
}

/// A door with its memory, by `personId`.
struct Place {
    door: Door,
    applied: BTreeMap<String, Window>,
    failed: BTreeMap<String, String>,
    /// Polls until the application is done.
    waiting: BTreeMap<String, usize>,
}

/// Every door and level.
pub(super) struct Doors {
    places: Vec<Place>,
    pub(super) levels: Vec<Level>,
}

impl Doors {
    /// Doors to which everything has been applied.
    pub(super) fn new(doors: Vec<Door>, levels: Vec<Level>, persons: &[Person]) -> Self {
        let place = |door: Door| {
            let entitled = persons.iter().filter(|person| entitles(&levels, person, &door.code));
            let applied = entitled.map(|person| (person.id.clone(), person.into())).collect();
            Place { door, applied, failed: BTreeMap::new(), waiting: BTreeMap::new() }
        };
        let places = doors.into_iter().map(place).collect();
        Self { places, levels }
    }

    pub(super) fn has(&self, code: &str) -> bool {
        self.places.iter().any(|place| place.door.code == code)
    }

    /// Sets what applications do at a door; `false` if there is none.
    pub(super) fn set_state(&mut self, code: &str, state: DoorState) -> bool {
        let place = self.places.iter_mut().find(|place| place.door.code == code);
        place.map(|place| place.door.state = state).is_some()
    }

    /// The window that a door goes by.
    pub(super) fn applied(&self, code: &str, id: &str) -> Option<&Window> {
        self.places.iter().find(|place| place.door.code == code)?.applied.get(id)
    }

    /// Whether a door opens.
    pub(super) fn opens(&self, code: &str, id: &str, at: DateTime<Utc>, zone: Zone) -> bool {
        self.applied(code, id).is_some_and(|window| window.holds(at, zone))
    }

    /// Doors and persons where the door does not go by what the platform holds, by their codes and ids.
    pub(super) fn behind(&self, persons: &[Person]) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let known = by_id(persons);
        for place in &self.places {
            let gone = place.applied.keys().filter(|id| !known.contains_key(id.as_str()));
            let differs = |person: &&Person| place.wanted(&self.levels, person).is_some();
            let ids = persons.iter().filter(differs).map(|person| &person.id).chain(gone);
            found.extend(ids.map(|id| (place.door.code.clone(), id.clone())));
        }
        found
    }

    /// Orders applications; those that take no time are done at once.
    pub(super) fn order(&mut self, persons: &[Person], order: &Order<'_>) {
        let known: HashMap<&str, &Person> = by_id(persons);
        for place in &mut self.places {
            if order.doors.is_some_and(|doors| !doors.contains(&place.door.code)) {
                continue;
            }
            let ids: BTreeSet<String> = match order.persons {
                Some(ids) => ids.iter().cloned().collect(),
                None => {
                    persons.iter().map(|p| &p.id).chain(place.applied.keys()).cloned().collect()
                }
            };
            for id in ids {
                let person = known.get(id.as_str());
                let is_concerned = place.applied.contains_key(&id)
                    || person.is_some_and(|one| entitles(&self.levels, one, &place.door.code));
                if is_concerned && (order.with_failed || !place.failed.contains_key(&id)) {
                    place.waiting.insert(id, order.polls);
                }
            }
        }
        self.carry_out(&known);
    }

    /// A poll was answered.
    pub(super) fn polled(&mut self, persons: &[Person]) {
        for polls in self.places.iter_mut().flat_map(|place| place.waiting.values_mut()) {
            *polls = polls.saturating_sub(1);
        }
        self.carry_out(&by_id(persons));
    }

    fn carry_out(&mut self, persons: &HashMap<&str, &Person>) {
        for place in &mut self.places {
            let waiting = std::mem::take(&mut place.waiting);
            let (due, later): (BTreeMap<_, _>, BTreeMap<_, _>) =
                waiting.into_iter().partition(|(_, polls)| *polls == 0);
            place.waiting = later;
            for id in due.into_keys() {
                place.apply(&self.levels, &id, persons.get(id.as_str()).copied());
            }
        }
    }

    /// How applications stand.
    pub(super) fn statistics(&self, persons: &[Person]) -> Statistics {
        let mut statistics = Statistics::default();
        for person in persons {
            let id = &person.id;
            let places =
                || self.places.iter().filter(|place| place.door.state != DoorState::Silent);
            let is_open = |place: &&Place| {
                place.waiting.contains_key(id) || place.wanted(&self.levels, person).is_some()
            };
            if places().any(|place| place.failed.contains_key(id)) {
                statistics.failed += 1;
            } else if let Some(place) = places().find(is_open) {
                match place.applied.contains_key(id) {
                    true => statistics.edited += 1,
                    false => statistics.never += 1,
                }
            }
        }
        statistics
    }

    /// Failed applications, an entry for each device that has any.
    pub(super) fn failures(&self, persons: &[Person]) -> Vec<Value> {
        let with_failures = self.places.iter().filter(|place| !place.failed.is_empty());
        let entry = |place: &Place| {
            let about = |person: &Person| {
                let items = place.failed.get(&person.id)?;
                Some(json!({
                    "personName": person.name(), "personCode": person.code,
                    "resourceName": place.door.name, "errorItems": items,
                }))
            };
            let list: Vec<Value> = persons.iter().filter_map(about).collect();
            json!({"deviceName": place.door.device, "errorList": list})
        };
        with_failures.map(entry).collect()
    }
}

impl Place {
    /// What the door should go by and does not.
    fn wanted(&self, levels: &[Level], person: &Person) -> Option<Option<Window>> {
        let wanted = entitles(levels, person, &self.door.code).then(|| Window::from(person));
        (self.applied.get(&person.id) != wanted.as_ref()).then_some(wanted)
    }

    fn apply(&mut self, levels: &[Level], id: &str, person: Option<&Person>) {
        let fails = match self.door.state {
            DoorState::Online => None,
            DoorState::Offline => Some("0"),
            DoorState::Failing(items) => Some(items),
            DoorState::Silent => return,
        };
        if let Some(items) = fails {
            self.failed.insert(id.to_owned(), items.to_owned());
            return;
        }
        self.failed.remove(id);
        match person.filter(|person| entitles(levels, person, &self.door.code)) {
            Some(person) => drop(self.applied.insert(id.to_owned(), person.into())),
            None => drop(self.applied.remove(id)),
        }
    }
}

fn by_id(persons: &[Person]) -> HashMap<&str, &Person> {
    persons.iter().map(|person| (person.id.as_str(), person)).collect()
}

/// Whether a person may pass a door at all.
fn entitles(levels: &[Level], person: &Person, door: &str) -> bool {
    let mut own = levels.iter().filter(|level| person.levels.contains(&level.id));
    own.any(|level| level.doors.iter().any(|code| code == door))
}
