//! Every world of a small size.
//!
//! First one member with every attribute there is, alone and beside somebody who is inside; then two
//! members and two persons with every link that the rules can give and what may come between them;
//! then crowds, of whom only the numbers matter. In each world the proof accepts the plan, the third
//! opinion finds nothing wrong and nothing missing, and once carried out nothing is left to do.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::{Budget, Change, Facts, Kind, Plan, Standing, plan, prove};
use super::oracle::{missing, wrong};
use super::world::{FRONT, NOW, World, apply, employee, instant, role_id, time, window};
use crate::config::{Ending, LinkRule, Mode};
use crate::engine::link::{self, Claimant, LinkTable, NoLink, StoredLinks};
use crate::model::testing::undated;
use crate::model::{Email, Limit, LinkRow, MemberNamed, RecordId, RecordStanding, Right};

const UNREADABLE: Limit = Limit::Unreadable { begin: None, end: None };

/// The worlds tried, and how many of them came to something.
#[derive(Debug, Default)]
struct Tried {
    worlds: usize,
    grants: usize,
    revocations: usize,
    blocked: [usize; Budget::ALL.len()],
}

impl Tried {
    /// Holds one world against everything that must be true of all.
    fn look(&mut self, facts: &mut Facts) {
        self.worlds += 1;
        let first = plan(facts);
        let pending: Vec<&Change> = first.pending().collect();
        for change in &first.changes {
            match (change.blocked, change.kind) {
                (Some(budget), _) => {
                    self.blocked[Budget::ALL.iter().position(|b| *b == budget).unwrap()] += 1;
                }
                (None, Kind::Grant) => self.grants += 1,
                (None, Kind::Revocation) => self.revocations += 1,
            }
        }
        if let Err(refused) = prove(facts, &first) {
            panic!("{refused}\n{first:#?}\n{facts:#?}");
        }
        if let Some(what) = wrong(facts, &pending).or_else(|| missing(facts, &first)) {
            panic!("{what}\n{first:#?}\n{facts:#?}");
        }
        if pending.is_empty() {
            return;
        }
        let written = |plan: &Plan, facts: &Facts| {
            let is_written = |change: &&Change| {
                facts.devices.iter().any(|d| d.name == change.device && d.mode != Mode::Observe)
            };
            plan.pending().filter(is_written).count()
        };
        if written(&first, facts) == 0 {
            return;
        }
        // What carrying out touches, and nothing else, is put back for the next world.
        let before: Vec<_> = facts
            .devices
            .iter()
            .map(|d| {
                let memory = (d.confirmed.clone(), d.stored.clone());
                (d.persons.clone(), memory, d.is_first_run, d.revoked_last_day)
            })
            .collect();
        apply(facts, &first);
        let second = plan(facts);
        assert_eq!(written(&second, facts), 0, "{first:#?}\n{second:#?}\n{facts:#?}");
        assert_eq!(second.blocked().count(), first.blocked().count(), "{first:#?}\n{second:#?}");
        for (device, before) in facts.devices.iter_mut().zip(before) {
            let memory;
            (device.persons, memory, device.is_first_run, device.revoked_last_day) = before;
            (device.confirmed, device.stored) = memory;
        }
    }

    #[expect(clippy::print_stdout, reason = "the numbers that the README of the tests tells")]
    fn tell(&self, what: &str) {
        println!(
            "{what}: {} worlds; {} grants, {} revocations; waiting: {}",
            self.worlds,
            self.grants,
            self.revocations,
            Budget::ALL
                .iter()
                .zip(self.blocked)
                .map(|(budget, count)| format!("{} {count}", budget.as_str()))
                .collect::<Vec<_>>()
                .join(", ")
        );
    }
}

fn role(id: i64, begin: &str, end: &str) -> Right {
    Right::by_wall_clock(role_id(id), time(begin), time(end))
}

/// Memberships around the Saturday noon of [`NOW`], which is 12:00:00 where the door is.
fn memberships() -> Vec<Vec<Right>> {
    let one = |begin, end| vec![role(1, begin, end)];
    vec![
        vec![],
        one("2026-10-01", "2026-10-31"),
        one("2026-10-01", "2026-11-20"),
        one("2026-11-21", "2026-11-21"),
        one("2026-10-01", "2026-11-21T11:59:59"),
        one("2026-10-01", "2026-11-21T12:00:00"),
        one("2026-11-21T12:00:00", "2026-12-31"),
        one("2026-11-21T12:00:01", "2026-12-31"),
        one("2026-10-01", "2026-12-31"),
        one("2026-12-01", "2026-12-31"),
        one("2026-12-31", "2026-10-01"),
        one("1999-01-01", "2040-01-01"),
        one("2038-01-01", "2039-01-01"),
        vec![role(2, "2026-10-01", "2026-12-31")],
        vec![role(1, "2026-10-01", "2026-10-31"), role(1, "2026-12-01", "2026-12-31")],
        vec![role(1, "2026-10-01", "2026-11-20"), role(1, "2026-11-21", "2026-12-31")],
        vec![role(1, "2026-10-01", "2026-11-21"), role(2, "2026-11-22", "2026-12-31")],
        vec![role(1, "2026-12-31", "2026-12-01"), role(1, "2026-10-01", "2026-12-01")],
    ]
}

/// What a door may hold of somebody: nobody, no limit, unreadable, and windows of every kind.
fn limits() -> Vec<Option<Limit>> {
    let held = |begin, end| Some(Limit::Window(window(begin, end)));
    vec![
        None,
        Some(Limit::Permanent(None)),
        Some(UNREADABLE),
        held("2026-10-01", "2026-10-31T23:59:59"),
        held("2026-10-01", "2026-11-20T23:59:59"),
        held("2026-10-01", "2026-11-21T11:59:59"),
        held("2026-10-01", "2026-11-21T12:00:00"),
        held("2026-11-21", "2026-11-21T23:59:59"),
        held("2026-11-21T12:00:01", "2026-12-31T23:59:59"),
        held("2026-10-01", "2026-12-31T23:59:59"),
        held("2026-12-01", "2026-12-31T23:59:59"),
        held("2026-10-01", "2027-12-31T23:59:59"),
        held("2026-11-01", "2026-12-31T23:59:59"),
    ]
}

#[derive(Clone, Copy, PartialEq)]
enum Touch {
    Free,
    Protected,
    Administrator,
    Barred,
}

const ENDINGS: [Ending; 2] = [Ending::End, Ending::Keep];
const MODES: [Mode; 3] = [Mode::Full, Mode::GrantOnly, Mode::Observe];
const STANDINGS: [Standing; 3] = [Standing::Fresh, Standing::Unreachable, Standing::Refused];
const TOUCHES: [Touch; 4] = [Touch::Free, Touch::Protected, Touch::Administrator, Touch::Barred];
const BOTH: [bool; 2] = [false, true];

/// One member, whose person is `1`. Whoever else is there pays for the year and is inside.
struct Single {
    facts: Facts,
    tried: Tried,
}

impl Single {
    fn set_person(&mut self, limit: Option<Limit>, touch: Touch) {
        let device = &mut self.facts.devices[0];
        device.persons.remove(&employee("1"));
        device.protect.clear();
        if touch == Touch::Protected {
            device.protect.insert(employee("1"));
        }
        if let Some(limit) = limit {
            let mut person = super::world::person("1", limit);
            person.standing = match touch {
                Touch::Administrator => RecordStanding::Administrator,
                Touch::Barred => RecordStanding::Barred,
                Touch::Free | Touch::Protected => RecordStanding::Free,
            };
            device.persons.insert(employee("1"), person);
        }
    }

    /// Every way in which the club may see the member.
    fn every_word(&mut self) {
        for (inactive, vanished) in BOTH.into_iter().flat_map(|a| BOTH.map(|b| (a, b))) {
            self.facts.members[0].member.inactive = inactive;
            self.facts.members[0].is_vanished = vanished;
            for (of_inactive, of_vanished) in
                ENDINGS.into_iter().flat_map(|a| ENDINGS.map(|b| (a, b)))
            {
                self.facts.policy.inactive = of_inactive;
                self.facts.policy.vanished = of_vanished;
                for standing in STANDINGS {
                    for source in self.facts.sources.values_mut() {
                        source.standing = standing;
                    }
                    self.tried.look(&mut self.facts);
                }
            }
        }
    }
}

fn one_member() -> Tried {
    let mut tried = Tried::default();
    for is_alone in BOTH {
        let mut world = World::agreeing(if is_alone { 1 } else { 2 });
        world.facts.sources.values_mut().for_each(|source| source.roles = None);
        if let Some(other) = world.facts.members.get_mut(1) {
            other.member.roles = vec![role(1, "2026-01-01", "2026-12-31")];
        }
        let mut single = Single { facts: world.facts, tried };
        for roles in memberships() {
            single.facts.members[0].member.roles = roles;
            for limit in limits() {
                for (mode, touch) in
                    MODES.into_iter().flat_map(|mode| TOUCHES.map(|touch| (mode, touch)))
                {
                    single.set_person(limit, touch);
                    single.facts.devices[0].mode = mode;
                    single.every_word();
                }
                single.set_person(limit, Touch::Free);
                single.facts.devices[0].mode = Mode::Full;
                single.every_rule(limit);
            }
        }
        tried = single.tried;
    }
    tried
}

impl Single {
    /// What else may be, and what may be remembered: days of grace, narrower roles, an entry that cannot be read, somebody who is
    /// not linked, a window that was confirmed before, a limit to one member. All together with all.
    fn every_rule(&mut self, limit: Option<Limit>) {
        let narrow = Some(BTreeSet::from([role_id(1)]));
        let linked = self.facts.devices[0].linking[0].clone();
        let confirmed = limit.and_then(|limit| limit.window());
        let mut flags = 0_u32;
        while flags < 1 << 10 {
            let flag = |bit: u32| flags & 1 << bit != 0;
            self.facts.policy.grace_days = u32::from(flag(0));
            for source in self.facts.sources.values_mut() {
                source.roles = narrow.clone().filter(|_| flag(1));
            }
            let device = &mut self.facts.devices[0];
            device.roles = narrow.clone().filter(|_| flag(2));
            device.linking[0] = if flag(3) { Err(NoLink::NoPerson) } else { linked.clone() };
            device.confirmed.remove(&employee("1"));
            if let (true, Some(confirmed)) = (flag(4), confirmed) {
                device.confirmed.insert(employee("1"), confirmed);
            }
            let problem = flag(5).then(|| "EndDate is missing".to_owned());
            self.facts.members[0].problem = problem;
            self.facts.only.numbers.clear();
            if flag(6) {
                self.facts.only.numbers.extend(self.facts.members[0].member.number.clone());
            }
            // Said only once; `roles` changed; served before.
            self.facts.members[0].is_agreed = !flag(7);
            let source = self.facts.members[0].member.key.source.clone();
            let device = &mut self.facts.devices[0];
            device.settled_roles.clear();
            if flag(8) {
                device.settled_roles.insert(source, None);
            }
            let served = window("2026-10-01", "2026-12-31T23:59:59");
            let link = super::world::stored("1", Some(served).filter(|_| flag(9)));
            device.stored.links.insert(self.facts.members[0].member.key.clone(), link);
            for inactive in BOTH {
                self.facts.members[0].member.inactive = inactive;
                self.tried.look(&mut self.facts);
            }
            flags += 1;
        }
        self.facts.policy.grace_days = 0;
        self.facts.members[0].is_agreed = true;
        let link = super::world::stored("1", None);
        let key = self.facts.members[0].member.key.clone();
        self.facts.devices[0].settled_roles.clear();
        self.facts.devices[0].stored.links.insert(key, link);
        self.facts.members[0].problem = None;
        self.facts.only.numbers.clear();
        self.facts.sources.values_mut().for_each(|source| source.roles = None);
        self.facts.devices[0].roles = None;
        self.facts.devices[0].linking[0] = linked;
    }
}

/// What two members may have paid for, and what two persons may hold: enough to gain, lose and keep.
fn few_memberships() -> Vec<Vec<Right>> {
    let one = |begin, end| vec![role(1, begin, end)];
    vec![
        vec![],
        one("2026-10-01", "2026-10-31"),
        one("2026-11-21", "2026-11-21"),
        one("2026-10-01", "2026-12-31"),
        one("2026-12-01", "2026-12-31"),
    ]
}

fn few_limits() -> Vec<Limit> {
    let held = |begin, end| Limit::Window(window(begin, end));
    vec![
        Limit::Permanent(None),
        UNREADABLE,
        held("2026-10-01", "2026-10-31T23:59:59"),
        held("2026-10-01", "2026-12-31T23:59:59"),
        held("2026-12-01", "2027-12-31T23:59:59"),
    ]
}

/// The links of two members to the persons who are there: each member's e-mail may lead to neither
/// person, to one, or to both, and the rules do the rest.
fn every_linking(facts: &Facts) -> Vec<link::Linking> {
    let persons = &facts.devices[0].persons;
    let mut found: Vec<link::Linking> = Vec::new();
    for claims in 0..16_u32 {
        let mut table = LinkTable::default();
        for (bit, (member, id)) in [(0, "1"), (0, "2"), (1, "1"), (1, "2")].into_iter().enumerate()
        {
            if claims & 1 << bit != 0 {
                let email = Email::parse(["one@x.si", "two@x.si"][member]).unwrap();
                let (member, employee_no) = (MemberNamed::ByEmail(email), employee(id));
                table.insert(LinkRow { line: 2, employee_no, member }, DateTime::UNIX_EPOCH);
            }
        }
        let claimants = facts.members.iter().map(|one| Claimant {
            member: &one.member,
            vanished_since: one.is_vanished.then_some(facts.now),
            is_let_in: true,
        });
        let no_links = StoredLinks::default();
        let linking = link::resolve(claimants, persons, &table, &no_links, &[LinkRule::File], &[]);
        // Claims that come to the same are one world.
        if !found.contains(&linking) {
            found.push(linking);
        }
    }
    found
}

fn two_members() -> Tried {
    let mut tried = Tried::default();
    let mut world = World::agreeing(2);
    world.facts.sources.values_mut().for_each(|source| source.roles = None);
    let mut facts = world.facts;
    for (place, email) in ["one@x.si", "two@x.si"].into_iter().enumerate() {
        facts.members[place].member.email = Email::parse(email);
    }
    let keys = [facts.members[0].member.key.clone(), facts.members[1].member.key.clone()];
    for persons in 0..=2_usize {
        for flags in 0..1_u32 << 4 {
            let flag = |bit: u32| flags & 1 << bit != 0;
            facts.members[0].is_vanished = flag(0);
            facts.members[1].is_vanished = flag(1);
            facts.members[1].member.inactive = flag(2);
            // A corrected birth date: the same number.
            facts.members[1].member.key = keys[1].clone();
            if flag(3) {
                facts.members[1].member.key = undated(&keys[0]);
            }
            let ids: Vec<RecordId> = ["1", "2"][..persons].iter().map(|id| employee(id)).collect();
            facts.devices[0].persons = ids
                .iter()
                .map(|id| (id.clone(), super::world::person(id.as_str(), UNREADABLE)))
                .collect();
            for linking in every_linking(&facts) {
                facts.devices[0].linking = linking;
                two_with(&mut facts, &ids, &mut tried);
            }
        }
    }
    tried
}

/// All that two linked members may have paid for and two persons may hold, and the rules between them.
fn two_with(facts: &mut Facts, ids: &[RecordId], tried: &mut Tried) {
    let (memberships, limits) = (few_memberships(), few_limits());
    for paid in 0..memberships.len().pow(2) {
        facts.members[0].member.roles = memberships[paid % memberships.len()].clone();
        facts.members[1].member.roles = memberships[paid / memberships.len()].clone();
        for held in 0..limits.len().pow(u32::try_from(ids.len()).unwrap()) {
            for (id, which) in ids.iter().zip([held % limits.len(), held / limits.len()]) {
                facts.devices[0].persons.get_mut(id).unwrap().limit = limits[which];
            }
            for vanished in ENDINGS {
                facts.policy.vanished = vanished;
                tried.look(facts);
            }
            facts.devices[0].protect.insert(employee("2"));
            tried.look(facts);
            facts.devices[0].protect.clear();
            facts.devices[0].revoked_last_day = 4;
            tried.look(facts);
            facts.devices[0].revoked_last_day = 0;
            facts.devices[0].mode = Mode::GrantOnly;
            tried.look(facts);
            facts.devices[0].mode = Mode::Full;
            for source in facts.sources.values_mut() {
                source.standing = Standing::Unreachable;
            }
            tried.look(facts);
            for source in facts.sources.values_mut() {
                source.standing = Standing::Fresh;
            }
        }
    }
}

/// One crowd: so many return, so many leave, and so many stay.
pub(super) fn crowd(returning: usize, leaving: usize, staying: usize) -> World {
    let mut world = World::agreeing(returning + leaving + staying);
    for place in 1..=returning {
        world = world.holds(&place.to_string(), "2025-01-01", "2025-12-31T23:59:59");
    }
    for place in returning + 1..=returning + leaving {
        world = world.inactive(&(150_000 + place).to_string());
    }
    world
}

/// Crowds of members who return, leave, stay and were never in, around every limit there is.
fn crowds() -> Tried {
    let mut tried = Tried::default();
    for returning in [0, 1, 19, 20, 21, 22, 30] {
        for leaving in 0..=7_usize {
            for staying in [0, 1, 2, 40] {
                let mut world = crowd(returning, leaving, staying);
                for (is_first_run, mode) in
                    BOTH.into_iter().flat_map(|first| MODES.map(|mode| (first, mode)))
                {
                    for revoked in 0..=8 {
                        let device = &mut world.facts.devices[0];
                        device.is_first_run = is_first_run;
                        device.mode = mode;
                        device.revoked_last_day = revoked;
                        tried.look(&mut world.facts);
                    }
                }
            }
        }
    }
    tried
}

/// The numbers of worlds, as the README of the tests tells them.
#[test]
fn the_numbers_are_told() {
    let told = include_str!("../../../../tests/README.md");
    let whole = 1_228_032 + 1_106_400 + 12_096;
    assert_eq!(whole, 2_346_528);
    for number in ["2,346,528", "1,228,032", "1,106,400", "12,096"] {
        assert!(told.contains(number), "{number}");
    }
}

#[test]
fn every_world_of_one_member() {
    let tried = one_member();
    tried.tell("one member");
    assert_eq!(tried.worlds, 1_228_032);
    assert!(tried.grants > 5_000 && tried.revocations > 3_000 && tried.blocked[3] > 500);
}

#[test]
fn every_world_of_two_members() {
    let tried = two_members();
    tried.tell("two members");
    assert_eq!(tried.worlds, 1_106_400);
    assert!(tried.grants > 50_000 && tried.revocations > 50_000 && tried.blocked[3] > 10_000);
}

#[test]
fn every_crowd_around_the_limits() {
    let tried = crowds();
    tried.tell("crowds");
    assert_eq!(tried.worlds, 12_096);
    assert!(tried.blocked[..4].iter().all(|count| *count > 50), "{tried:?}");
}

#[test]
fn the_moments_are_around_now() {
    let now: DateTime<Utc> = instant(NOW);
    let world = World::agreeing(1);
    let device = &world.facts.devices[0];
    assert_eq!(device.local(now), time("2026-11-21T12:00:00"));
    assert_eq!(device.local(now + TimeDelta::seconds(1)), time("2026-11-21T12:00:01"));
    assert_eq!(device.name.as_str(), FRONT);
}
