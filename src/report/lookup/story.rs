//! The story of a member, put together from what was gathered and what the state file remembers.

use super::nobody::{advice, searched};
use super::target::{HowAsked, not_in_force, on_device};
use super::{CarStory, HolderStory, Story, TargetStory};
use crate::config::Config;
use crate::engine::gates::{of_car, plates_of};
use crate::engine::gather::Gathered;
use crate::engine::link::file::UnusableRow;
use crate::engine::plan::validity::{OpeningRights, entitlement};
use crate::engine::plan::{HolderFacts, Plan};
use crate::model::{Asked, Holder, RightCode, TargetLimits, TargetName, Who};
use crate::report::gates::CarAtGateTold;
use crate::report::near;
use crate::report::text::with_zone;
use crate::store::{Store, StoreError};

/// Lines of history shown.
const HISTORY_LINES: u32 = 20;

/// Where everything comes from that a story tells.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    pub config: &'a Config,
    pub store: &'a Store,
    pub gathered: &'a Gathered,
    /// What the next run would do.
    pub tick: &'a Plan,
    /// Nobody was asked.
    pub is_offline: bool,
}

impl Known<'_> {
    /// Places of the members that fit, by their own fields or by a person linked to them; of a name, those
    /// whose whole name it is, where there are any.
    #[must_use]
    pub fn places(gathered: &Gathered, asked: &Asked) -> Vec<usize> {
        let facts = &gathered.facts;
        let is_linked = |place: usize| {
            facts.devices.iter().any(|device| match device.linking.get(place) {
                Some(Ok(link)) => {
                    let person = device.persons.get(&link.employee_no);
                    asked.is_person(&link.employee_no, person.map_or("", |person| &person.name))
                }
                _ => false,
            })
        };
        let fits = |(place, one): &(usize, &HolderFacts)| {
            asked.is_member(&one.member) || is_linked(*place)
        };
        let found: Vec<(usize, &HolderFacts)> =
            facts.members.iter().enumerate().filter(fits).collect();
        let is_whole = |(_, one): &(usize, &HolderFacts)| match asked {
            Asked::Name(name) => name.is_whole(&one.member.name()),
            Asked::Who(_) => false,
        };
        let only_whole = found.iter().any(is_whole);
        let kept = found.into_iter().filter(|one| !only_whole || is_whole(one));
        kept.map(|(place, _)| place).collect()
    }

    /// What is to be told before anybody is found.
    #[must_use]
    pub fn nobody_yet(&self, typed: &str) -> Story {
        Story {
            who: typed.to_owned(),
            members: Vec::new(),
            several: Vec::new(),
            searched: Vec::new(),
            near: Vec::new(),
            advice: String::new(),
            zone: self.config.zone_of_people(),
            is_offline: self.is_offline,
            rows_left_out: Vec::new(),
        }
    }

    /// Adds where was looked and what to do, if nobody was found.
    pub fn add_advice(&self, asked: &Asked, story: &mut Story) {
        if story.finds_somebody() {
            return;
        }
        let facts = &self.gathered.facts;
        story.searched = searched(self.config, facts);
        story.near = near::of_asked(asked, facts);
        story.advice = advice(asked, facts, &self.config.systems(), self.is_offline);
    }

    /// Adds the rows of link files that link nobody and name whoever was asked for, or was found.
    ///
    /// # Errors
    /// [`StoreError`] of the rows that the state file holds.
    pub fn add_rows_left_out(&self, asked: &Asked, story: &mut Story) -> Result<(), StoreError> {
        let found: Vec<_> = story.members.iter().map(|story| story.member.clone()).collect();
        let is_meant = |row: &UnusableRow| {
            let is_asked_for = match asked {
                Asked::Who(Who::Email(email)) => row.emails.contains(email),
                Asked::Who(Who::Record(id)) => row.employee_no.as_ref() == Some(id),
                Asked::Who(Who::Number(number)) => row.number.as_ref() == Some(number),
                Asked::Name(_) => false,
            };
            let is_of = |member: &Holder| {
                let number = member.number.as_ref();
                member.email.iter().any(|email| row.emails.contains(email))
                    || number.is_some_and(|number| row.number.as_ref() == Some(number))
            };
            is_asked_for || found.iter().any(is_of)
        };
        let rows = self.gathered.rows_left_out_of(self.config, self.store, true, is_meant);
        story.rows_left_out = rows?;
        Ok(())
    }

    /// The member at a place, from both sides; `None` where the configuration knows the organisation no more.
    ///
    /// # Errors
    /// [`StoreError`] of what the state file holds.
    pub fn tell(
        &self,
        place: usize,
        role_names: Vec<(RightCode, Option<String>)>,
    ) -> Result<Option<HolderStory>, StoreError> {
        let facts = &self.gathered.facts;
        let Some(member) = facts.members.get(place) else { return Ok(None) };
        let name = &member.member.key.source;
        let mut configured = self.config.sources.iter();
        let configured = configured.find(|one| one.name == *name);
        let (Some(source), Some(configured)) = (facts.sources.get(name), configured) else {
            return Ok(None);
        };
        let door_roles =
            OpeningRights { source: source.roles.as_ref(), device: None, is_let_in: true };
        let validity = facts.devices.first().and_then(|device| {
            let limits = TargetLimits::documented(device.limits.times());
            let (policy, now) = (&facts.policy, device.local(facts.now));
            entitlement(&member.member, &door_roles, policy, member.is_vanished, None, limits, now)
                .validity()
        });
        Ok(Some(HolderStory {
            source: source.name.clone(),
            system: configured.system(),
            member: member.member.clone(),
            role_names,
            validity: validity.map(|validity| validity.window),
            problem: member.problem.clone(),
            devices: self.on_devices((member, place), configured.system())?,
            cars: self.cars_of(&member.member)?,
            history: self.store.journal().history(&member.member.key, HISTORY_LINES)?,
        }))
    }

    /// The member's cars at every gate that opens for members.
    fn cars_of(&self, member: &Holder) -> Result<Vec<CarStory>, StoreError> {
        if !self.config.reads_member_plates() {
            return Ok(Vec::new());
        }
        let (config, store, now) = (self.config, self.store, self.gathered.facts.now);
        let plates = plates_of(store, member)?;
        let cars = plates.iter().map(|plate| {
            let mut gates = of_car(config, store, plate, now)?;
            gates.retain(|gate| gate.is_for_members);
            Ok(CarStory {
                plate: plate.spelled(),
                stands_outside: gates.iter().any(|gate| gate.should_open && !gate.opens_now),
                gates: gates.iter().map(CarAtGateTold::from).collect(),
            })
        });
        cars.collect()
    }

    fn on_devices(
        &self,
        member: (&HolderFacts, usize),
        system: &'static str,
    ) -> Result<Vec<TargetStory>, StoreError> {
        let waiting = self.store.overview().blocked_plans()?;
        let blocked = waiting.into_iter().next_back().map(|plan| plan.id);
        let mut devices = Vec::new();
        for (configured, found, device) in self.gathered.each_target(self.config) {
            let how = HowAsked {
                system,
                outcome: found.outcome,
                is_offline: self.is_offline,
                blocked: blocked.as_deref(),
                is_stopped: found.stopped.is_some(),
            };
            let mut story = on_device(&self.gathered.facts, self.tick, member, device, how);
            if let Some(employee_no) = &story.employee_no {
                let confirmed = self.store.devices().confirmed_at(&device.name, employee_no);
                story.confirmed_at = confirmed?;
                if configured.kind.capabilities().commits {
                    story = self.with_commit(&device.name, story)?;
                }
            }
            story.read_at = self.store.devices().device_state(&device.name)?.read_at;
            devices.push(story);
        }
        Ok(devices)
    }

    /// Whether what was written is in force at the doors.
    fn with_commit(
        &self,
        device: &TargetName,
        mut story: TargetStory,
    ) -> Result<TargetStory, StoreError> {
        let open = self.store.journal().uncommitted(device)?;
        let mut open = open.into_iter();
        let open = open.find(|one| story.employee_no.as_ref() == Some(&one.employee_no));
        story.in_force = Some(open.is_none());
        Ok(match open {
            None => story,
            Some(open) => {
                let since = with_zone(open.since, self.config.zone_of_people());
                not_in_force(story, &open, &since)
            }
        })
    }
}
