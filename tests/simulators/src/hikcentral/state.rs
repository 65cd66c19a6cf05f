//! Everything a platform holds in its memory, behind one lock.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::audit::Audit;
use super::doors::{Doors, Order};
use super::gateway::Nonces;
use super::person::Person;
use super::refusal::{Answer, Refusal};
use super::settings::Settings;
use super::switches::{Apply, Switches};
use crate::meanwhile::Meanwhile;

/// An update that was accepted, answered or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Write {
    /// When, by the platform's clock.
    pub at: DateTime<Utc>,
    /// The body as sent.
    pub body: Value,
    /// The person before.
    pub before: Person,
    /// The person as stored after it, whatever the platform made of the update.
    pub after: Person,
}

/// The memory of one platform.
pub(super) struct State {
    pub(super) settings: Settings,
    pub(super) switches: Switches,
    pub(super) persons: Vec<Person>,
    pub(super) doors: Doors,
    pub(super) writes: Vec<Write>,
    pub(super) audit: Audit,
    pub(super) nonces: Nonces,
    pub(super) meanwhile: Meanwhile<Person>,
    /// Ids that were ever used; the platform gives none of them again.
    ids: HashSet<String>,
    ids_given: usize,
}

impl State {
    /// A platform as its settings say.
    pub(super) fn new(mut settings: Settings) -> Self {
        let persons = std::mem::take(&mut settings.persons);
        let (doors, levels) = (settings.doors.clone(), settings.levels.clone());
        let mut state = Self {
            switches: settings.switches.clone(),
            settings,
            persons: Vec::new(),
            doors: Doors::new(Vec::new(), Vec::new(), &[]),
            writes: Vec::new(),
            audit: Audit::default(),
            nonces: Nonces::default(),
            meanwhile: Meanwhile::default(),
            ids: HashSet::new(),
            ids_given: 0,
        };
        for person in persons {
            state.add(person);
        }
        state.doors = Doors::new(doors, levels, &state.persons);
        state
    }

    /// Adds a person at the end of the list; returns the `personId`.
    pub(super) fn add(&mut self, mut person: Person) -> String {
        while person.id.is_empty() {
            self.ids_given += 1;
            let id = match self.switches.guids {
                false => self.ids_given.to_string(),
                true => format!("8d3a4f0e-6b1c-4d57-9a51-{:012x}", self.ids_given),
            };
            if !self.ids.contains(&id) {
                person.id = id;
            }
        }
        let id = person.id.clone();
        let is_new = self.ids.insert(id.clone()) || self.person(&id).is_none();
        assert!(is_new, "there are two persons {id}");
        self.persons.push(person);
        id
    }

    pub(super) fn person(&self, id: &str) -> Option<&Person> {
        self.persons.iter().find(|person| person.id == id)
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.settings.clock.now()
    }

    /// Whether the platform is of this version or later.
    pub(super) fn is_since(&self, version: [u32; 3]) -> bool {
        let text = self.settings.soft_version.trim_start_matches(['V', 'v']);
        let mut numbers = text.split('.').map(|number| number.parse().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0_u32);
        [next(), next(), next()] >= version
    }

    /// The first refusal of this kind that hits a call.
    pub(super) fn refusal(&mut self, path: &str, with_status: bool) -> Option<Refusal> {
        self.switches.refusals.iter_mut().find_map(|refusal| {
            let is_kind = matches!(refusal.answer, Answer::Status(_)) == with_status;
            (is_kind && refusal.hits(path)).then(|| refusal.clone())
        })
    }

    /// A person was changed on the platform: the doors learn of it, if they do by themselves.
    pub(super) fn changed(&mut self, id: &str) {
        if self.switches.apply == Apply::Automatic {
            self.order(Some(&[id.to_owned()]), None, true);
        }
    }

    /// Orders applications, which take as long as the switches say.
    pub(super) fn order(
        &mut self,
        persons: Option<&[String]>,
        doors: Option<&[String]>,
        with_failed: bool,
    ) {
        let polls = self.switches.apply_polls;
        self.doors.order(&self.persons, &Order { persons, doors, with_failed, polls });
    }

    /// A signed request was dealt with: what somebody does right after it happens now.
    pub(super) fn dealt_with(&mut self, path: &str) {
        self.meanwhile.dealt_with(path, &mut self.persons);
    }
}
