//! A small world that agrees with itself, to change one thing at a time.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use super::super::{Facts, HolderFacts, Only, Plan, SourceFacts, Standing, TargetFacts, plan};
use crate::config::{Ending, Guard, LinkRule, Mode, Percent, Policy};
use crate::engine::link::{Link, NoLink, Served, StoredLink, StoredLinks};
use crate::model::testing::{TIMES, zone};
use crate::model::{
    Email, Holder, HolderId, HolderNumber, Limit, Record, RecordId, RecordStanding, Right,
    RightCode, SourceName, TargetName, Window, parse_time,
};

/// The role that opens doors unless a test says otherwise.
pub(crate) const GYM: i64 = 3126;
/// A Saturday at noon where the club is.
pub(crate) const NOW: &str = "2026-11-21T11:00:00Z";
/// The first device.
pub(crate) const FRONT: &str = "front-door";

/// Facts in the making. `World::agreeing(n)` has one club, one device `front-door` and `n` members
/// 150001, 150002, … who paid for 2026 and are the persons `1`, `2`, … with just that window, which
/// was confirmed. Every method changes one thing, and names it the way a scenario would.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub facts: Facts,
}

impl World {
    pub fn agreeing(members: usize) -> Self {
        let percent = |value| Percent::new(value).unwrap();
        let facts = Facts {
            now: instant(NOW),
            policy: Policy { grace_days: 0, inactive: Ending::End, vanished: Ending::Keep },
            guard: Guard {
                source_shrink: percent(10),
                revoke_per_tick: percent(5),
                revoke_per_day: percent(15),
                grant_per_tick: percent(25),
            },
            sources: BTreeMap::new(),
            members: Vec::new(),
            devices: Vec::new(),
            only: Only::default(),
        };
        Self { facts }.device(FRONT).source("club", members)
    }

    /// One more organisation whose members agree on every device. The members of `club`
    /// have numbers from 150001 and persons from `1`, those of others from 450001 and `456-1`.
    pub fn source(mut self, name: &str, members: usize) -> Self {
        let source = SourceFacts {
            name: SourceName::new(name).unwrap(),
            roles: Some(BTreeSet::from([role_id(GYM)])),
            standing: Standing::Fresh,
            accept_shrink: None,
        };
        let (is_club, name) = (name == "club", source.name.clone());
        self.facts.sources.insert(name.clone(), source);
        for place in 1..=i64::try_from(members).unwrap() {
            let id = if is_club { place.to_string() } else { format!("456-{place}") };
            let first = if is_club { 150_000 } else { 450_000 };
            self.facts.members.push(HolderFacts {
                member: member(&name, first + place, &[(GYM, "2026-01-01", "2026-12-31")]),
                is_vanished: false,
                missing_since: None,
                problem: None,
                said_at: self.facts.now,
                is_agreed: true,
            });
            let key = self.facts.members[self.facts.members.len() - 1].member.key.clone();
            for device in &mut self.facts.devices {
                agree(device, &id, &key);
            }
        }
        self
    }

    /// One more device that agrees with everybody.
    pub fn device(mut self, name: &str) -> Self {
        let mut device = TargetFacts {
            limits: crate::model::TargetLimits::documented(TIMES),
            name: TargetName::new(name).unwrap(),
            time_zone: zone("Europe/Ljubljana"),
            mode: Mode::Full,
            roles: None,
            organisations: None,
            protect: BTreeSet::new(),
            persons: BTreeMap::new(),
            confirmed: BTreeMap::new(),
            linking: Vec::new(),
            stored: StoredLinks::default(),
            written: BTreeMap::new(),
            settled_roles: BTreeMap::new(),
            is_first_run: false,
            revoked_last_day: 0,
            is_accepted: false,
        };
        if let Some(first) = self.facts.devices.first() {
            device.persons = first.persons.clone();
            device.confirmed = first.confirmed.clone();
            device.linking = first.linking.clone();
            device.stored = first.stored.clone();
        }
        self.facts.devices.push(device);
        self.facts.devices.sort_by(|a, b| a.name.cmp(&b.name));
        self
    }

    // What happens to members.

    /// Paid for another year.
    pub fn renewed(self, number: &str) -> Self {
        self.paid(number, &[("2026-01-01", "2027-12-31")])
    }

    /// Paid for these periods and nothing else.
    pub fn paid(self, number: &str, periods: &[(&str, &str)]) -> Self {
        let roles: Vec<_> = periods.iter().map(|(begin, end)| (GYM, *begin, *end)).collect();
        self.roles(number, &roles)
    }

    pub fn roles(self, number: &str, of: &[(i64, &str, &str)]) -> Self {
        self.member(number, |facts| facts.member.roles = roles(of))
    }

    pub fn inactive(self, number: &str) -> Self {
        self.member(number, |facts| facts.member.inactive = true)
    }

    pub fn vanished(self, number: &str) -> Self {
        self.member(number, |facts| facts.is_vanished = true)
    }

    pub fn problem(self, number: &str, problem: &str) -> Self {
        self.member(number, |facts| facts.problem = Some(problem.to_owned()))
    }

    pub fn member(mut self, number: &str, change: impl FnOnce(&mut HolderFacts)) -> Self {
        let place = self.place(number);
        change(&mut self.facts.members[place]);
        self
    }

    // What happens on devices. Without a name in front, on every device.

    /// The person holds this window.
    pub fn holds(mut self, person: &str, begin: &str, end: &str) -> Self {
        for name in self.device_names() {
            self = self.holds_on(&name, person, Limit::Window(window(begin, end)));
        }
        self
    }

    pub fn holds_on(self, device: &str, person: &str, limit: Limit) -> Self {
        self.person(device, person, |person| {
            person.limit = limit;
            person.fingerprint.push('*');
        })
    }

    pub fn person(self, device: &str, id: &str, change: impl FnOnce(&mut Record)) -> Self {
        self.on(device, |device| change(device.persons.get_mut(&employee(id)).unwrap()))
    }

    pub fn on(mut self, name: &str, change: impl FnOnce(&mut TargetFacts)) -> Self {
        change(self.facts.devices.iter_mut().find(|d| d.name.as_str() == name).unwrap());
        self
    }

    /// The device lets in members of these organisations only.
    pub fn lets_in(self, device: &str, names: &[&str]) -> Self {
        let names = names.iter().map(|name| SourceName::new(name).unwrap()).collect();
        self.on(device, |device| device.organisations = Some(names))
    }

    /// The device was never read.
    pub fn unknown(self, device: &str) -> Self {
        self.on(device, |device| {
            device.persons.clear();
            device.linking.clear();
        })
    }

    /// Everybody was served on every device for 2026.
    pub fn served(mut self) -> Self {
        let window = window("2026-01-01T00:00:00", "2026-12-31T23:59:59");
        for device in &mut self.facts.devices {
            for link in device.stored.links.values_mut() {
                link.served = Some(Served { window, is_loss_accepted: false });
            }
        }
        self
    }

    /// One listing alone has said what is known of the member.
    pub fn said_once(self, number: &str) -> Self {
        self.member(number, |facts| facts.is_agreed = false)
    }

    /// What the link rules gave for a member.
    pub fn link(self, device: &str, number: &str, link: Result<&str, NoLink>) -> Self {
        let place = self.place(number);
        self.on(device, |device| {
            device.linking[place] = link.map(linked);
        })
    }

    /// Nothing was confirmed yet, as on a first run.
    pub fn unconfirmed(mut self) -> Self {
        for device in &mut self.facts.devices {
            device.confirmed.clear();
        }
        self
    }

    // The rules.

    pub fn standing(mut self, source: &str, standing: Standing) -> Self {
        let found = self.facts.sources.values_mut().find(|s| s.name.as_str() == source);
        found.unwrap().standing = standing;
        self
    }

    pub fn policy(mut self, change: impl FnOnce(&mut Policy)) -> Self {
        change(&mut self.facts.policy);
        self
    }

    pub fn only(mut self, change: impl FnOnce(&mut Only)) -> Self {
        change(&mut self.facts.only);
        self
    }

    pub fn at(mut self, now: &str) -> Self {
        self.facts.now = instant(now);
        self
    }

    // What comes of it.

    pub fn plan(&self) -> Plan {
        plan(&self.facts)
    }

    /// The world after the pending changes were carried out.
    pub fn applied(mut self) -> Self {
        let plan = self.plan();
        apply(&mut self.facts, &plan);
        self
    }

    /// The place of a member among the members.
    pub fn place(&self, number: &str) -> usize {
        self.facts.members.iter().position(|m| m.member.key.human() == number).unwrap()
    }

    /// Who a member is.
    pub fn key(&self, number: &str) -> HolderId {
        self.facts.members[self.place(number)].member.key.clone()
    }

    fn device_names(&self) -> Vec<String> {
        self.facts.devices.iter().map(|device| device.name.to_string()).collect()
    }
}

/// Does to the facts what carrying out the pending changes does to the devices and the memory.
pub(crate) fn apply(facts: &mut Facts, plan: &Plan) {
    for one in &plan.served {
        let device = facts.devices.iter_mut().find(|d| d.name == one.device).unwrap();
        if let Some(link) = device.stored.links.get_mut(&one.member) {
            link.served = one.window.map(|window| Served { window, is_loss_accepted: false });
        }
    }
    for change in plan.pending() {
        let device = facts.devices.iter_mut().find(|d| d.name == change.device).unwrap();
        if device.mode == Mode::Observe {
            continue;
        }
        let person = device.persons.get_mut(&change.employee_no).unwrap();
        person.limit = Limit::Window(change.after);
        person.fingerprint.push('+');
        device.confirmed.insert(change.employee_no.clone(), change.after);
        device.is_first_run = false;
        device.revoked_last_day += usize::from(change.kind == super::super::Kind::Revocation);
    }
}

fn agree(device: &mut TargetFacts, id: &str, key: &HolderId) {
    let year = window("2026-01-01T00:00:00", "2026-12-31T23:59:59");
    device.persons.insert(employee(id), person(id, Limit::Window(year)));
    device.confirmed.insert(employee(id), year);
    device.linking.push(Ok(linked(id)));
    device.stored.links.insert(key.clone(), stored(id, None));
}

/// A link of an earlier run, under which this was served.
pub(crate) fn stored(person: &str, served: Option<Window>) -> StoredLink {
    StoredLink {
        employee_no: employee(person),
        rule: LinkRule::File,
        name: 0,
        email: 0,
        made_at: instant("2026-01-01T00:00:00Z"),
        served: served.map(|window| Served { window, is_loss_accepted: false }),
    }
}

pub(crate) fn person(id: &str, limit: Limit) -> Record {
    Record {
        employee_no: employee(id),
        name: format!("Person {id}"),
        standing: RecordStanding::Free,
        limit,
        flaw: None,
        email: None,
        fingerprint: format!("fingerprint of {id}"),
    }
}

pub(crate) fn member(source: &SourceName, number: i64, of: &[(i64, &str, &str)]) -> Holder {
    Holder {
        key: HolderId::new(source.clone(), &format!("{number}/1990-01-01")).unwrap(),
        number: HolderNumber::whole(number).ok(),
        first_name: "Ana".into(),
        last_name: format!("Novak {number}"),
        email: Email::parse(&format!("member{number}@club.example")),
        inactive: false,
        roles: roles(of),
        unreadable: vec![],
    }
}

fn roles(of: &[(i64, &str, &str)]) -> Vec<Right> {
    let read = |(id, begin, end): &(i64, &str, &str)| {
        Right::by_wall_clock(role_id(*id), time(begin), time(end))
    };
    of.iter().map(read).collect()
}

pub(crate) fn linked(person: &str) -> Link {
    Link { employee_no: employee(person), rule: LinkRule::File, is_outdated: false }
}

pub(crate) fn employee(id: &str) -> RecordId {
    RecordId::new(id).unwrap()
}

pub(crate) fn role_id(id: i64) -> RightCode {
    RightCode::whole(id).unwrap()
}

pub(crate) fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

/// A day, at midnight, or a time.
pub(crate) fn time(text: &str) -> NaiveDateTime {
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(NaiveDateTime::from);
    parse_time(text).or_else(day).unwrap()
}

pub(crate) fn window(begin: &str, end: &str) -> Window {
    Window::new(time(begin), time(end)).unwrap()
}
