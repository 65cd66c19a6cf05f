//! Worlds that nobody would think of.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDateTime, NaiveTime, TimeDelta};
use proptest::prelude::*;
use proptest::sample::select;

use super::super::validity::covered;
use super::super::{Facts, HolderFacts, Only, SourceFacts, Standing, TargetFacts};
use super::world::{NOW, employee, instant, linked, member, person, role_id, stored, time};
use crate::config::{Ending, Guard, Mode, Percent, Policy};
use crate::engine::link::{Found, NoLink, StoredLinks};
use crate::model::testing::{TIMES, zone};
use crate::model::{
    HolderId, Limit, RecordStanding, Right, RightCode, SourceName, TargetName, UnreadableRight,
    Window,
};

const MEMBERS_MAX: usize = 12;

/// True once in `of` times.
fn seldom(of: u32) -> impl Strategy<Value = bool> + Clone {
    prop::bool::weighted(1.0 / f64::from(of))
}

/// Mostly near the day of [`NOW`], where things happen.
fn day() -> impl Strategy<Value = i64> + Clone {
    prop_oneof![3 => -3..4_i64, 2 => -40..40_i64, 1 => -900..900_i64]
}

/// Midnight, mostly.
fn time_of_day() -> impl Strategy<Value = i64> + Clone {
    prop_oneof![4 => Just(0), 1 => 0..86_400_i64, 1 => select(vec![1, 86_399, 43_200, 39_600])]
}

fn moment() -> impl Strategy<Value = NaiveDateTime> + Clone {
    let wild = ["1900-01-01", "1999-12-31", "2037-12-31", "2038-01-01", "2040-02-01", "9999-12-31"];
    let near = (day(), time_of_day()).prop_map(|(days, seconds)| {
        time("2026-11-21") + TimeDelta::days(days) + TimeDelta::seconds(seconds)
    });
    prop_oneof![30 => near, 1 => select(wild.map(time).to_vec())]
}

fn role() -> impl Strategy<Value = Right> {
    let length = prop_oneof![6 => 0..40_i64, 2 => 300..400_i64, 1 => -5..0_i64];
    let lasting =
        (1..=3_i64, moment(), length, time_of_day()).prop_map(|(id, begin, days, rest)| {
            let day = begin.date().and_time(NaiveTime::MIN);
            let end = day.checked_add_signed(TimeDelta::days(days) + TimeDelta::seconds(rest));
            Right::by_wall_clock(role_id(id), begin, end.unwrap_or(begin))
        });
    let free = (1..=3_i64, moment(), moment())
        .prop_map(|(id, begin, end)| Right::by_wall_clock(role_id(id), begin, end));
    prop_oneof![5 => lasting, 1 => free]
}

fn some_roles() -> impl Strategy<Value = Option<BTreeSet<RightCode>>> {
    let chosen = prop::collection::btree_set((1..=3_i64).prop_map(role_id), 1..3);
    prop_oneof![5 => Just(None), 1 => chosen.prop_map(Some)]
}

fn some_organisations() -> impl Strategy<Value = Option<BTreeSet<SourceName>>> {
    let one = select(vec!["club", "spa"]).prop_map(|name| SourceName::new(name).unwrap());
    prop_oneof![4 => Just(None), 1 => one.prop_map(|one| Some([one].into()))]
}

#[derive(Debug, Clone)]
struct Life {
    roles: Vec<Right>,
    inactive: bool,
    is_vanished: bool,
    problem: bool,
    is_agreed: bool,
    unreadable: Option<RightCode>,
}

fn life() -> impl Strategy<Value = Life> {
    let few = [0, 1, 1, 1, 1, 2, 2, 2, 3, 3];
    let roles = select(few.to_vec()).prop_flat_map(|count| prop::collection::vec(role(), count));
    let unreadable =
        prop_oneof![9 => Just(None), 1 => (1..=3_i64).prop_map(|id| Some(role_id(id)))];
    (roles, seldom(6), seldom(6), seldom(20), unreadable, seldom(8)).prop_map(
        |(mut roles, inactive, is_vanished, problem, unreadable, is_new)| {
            roles.sort_unstable();
            Life { roles, inactive, is_vanished, problem, unreadable, is_agreed: !is_new }
        },
    )
}

/// What a device holds of a member.
#[derive(Debug, Clone)]
enum Held {
    /// One of the member's roles, to the day or a bit off.
    AsPaid {
        which: usize,
        days_off: i64,
    },
    Window(NaiveDateTime, NaiveDateTime),
    Permanent,
    Unreadable,
    /// The link leads to nobody.
    Absent,
}

fn held() -> impl Strategy<Value = Held> {
    prop_oneof![
        6 => (0..4_usize, prop_oneof![3 => Just(0_i64), 1 => -40..40_i64])
            .prop_map(|(which, days_off)| Held::AsPaid { which, days_off }),
        4 => (moment(), moment()).prop_map(|(a, b)| Held::Window(a.min(b), a.max(b))),
        1 => Just(Held::Permanent),
        1 => Just(Held::Unreadable),
        1 => Just(Held::Absent),
    ]
}

fn limit(held: &Held, roles: &[Right]) -> Option<Limit> {
    let window = |begin, end| Window::new(begin, end).ok().map(Limit::Window);
    match held {
        Held::AsPaid { which, days_off } => {
            let paid = roles
                .get(which % roles.len().max(1))
                .and_then(|role| covered(role, 0, crate::model::TargetLimits::documented(TIMES)));
            let paid = paid.map(|paid| TIMES.clamp(paid));
            paid.and_then(|paid| window(paid.begin(), paid.end() + TimeDelta::days(*days_off)))
        }
        Held::Window(begin, end) => window(*begin, *end),
        Held::Permanent => Some(Limit::Permanent(None)),
        Held::Unreadable => Some(Limit::Unreadable { begin: None, end: None }),
        Held::Absent => None,
    }
}

#[derive(Debug, Clone)]
struct Place {
    held: Held,
    link: u32,
    confirmed: Option<Held>,
    /// What was served under an earlier link, if anything.
    served: Option<Held>,
    standing: RecordStanding,
    is_protected: bool,
}

fn place() -> impl Strategy<Value = Place> {
    let standing = prop_oneof![
        8 => Just(RecordStanding::Free),
        1 => Just(RecordStanding::Administrator),
        1 => Just(RecordStanding::Barred),
    ];
    let confirmed = prop::option::of(held());
    let served = prop::option::of(held());
    (held(), 0..20_u32, confirmed, served, standing, seldom(12)).prop_map(
        |(held, link, confirmed, served, standing, is_protected)| Place {
            held,
            link,
            confirmed,
            served,
            standing,
            is_protected,
        },
    )
}

fn device(name: &str, places: usize) -> impl Strategy<Value = (TargetFacts, Vec<Place>)> + use<> {
    let name = TargetName::new(name).unwrap();
    let zones = ["Europe/Ljubljana", "America/New_York", "Pacific/Kiritimati", "Etc/UTC"];
    let mode =
        prop_oneof![4 => Just(Mode::Full), 1 => Just(Mode::GrantOnly), 1 => Just(Mode::Observe)];
    let places = prop::collection::vec(place(), places);
    let roles = (some_roles(), some_organisations());
    (select(zones.to_vec()), mode, roles, any::<bool>(), 0..7_usize, places, 0..40_usize).prop_map(
        move |(zone_name, mode, (roles, organisations), is_first_run, revoked, places, foreign)| {
            let mut device = TargetFacts {
                limits: crate::model::TargetLimits::documented(TIMES),
                name: name.clone(),
                time_zone: zone(zone_name),
                mode,
                roles,
                organisations,
                protect: BTreeSet::new(),
                persons: BTreeMap::new(),
                confirmed: BTreeMap::new(),
                linking: Vec::new(),
                stored: StoredLinks::default(),
                written: BTreeMap::new(),
                settled_roles: BTreeMap::new(),
                is_first_run,
                revoked_last_day: revoked,
                is_accepted: false,
            };
            for number in 0..foreign {
                let id = format!("foreign {number}");
                device.persons.insert(employee(&id), person(&id, Limit::Permanent(None)));
            }
            (device, places)
        },
    )
}

fn settle(device: &mut TargetFacts, key: &HolderId, life: &Life, place: &Place) {
    let id = key.human();
    let id_there = employee(id);
    let served = place.served.as_ref().and_then(|held| limit(held, &life.roles));
    if let Some(window) = served.and_then(|limit| limit.window()) {
        device.stored.links.insert(key.clone(), stored(id, Some(TIMES.clamp(window))));
    }
    let limit = limit(&place.held, &life.roles);
    if let Some(limit) = limit {
        let mut person = person(id, limit);
        person.standing = place.standing;
        let confirmed = place.confirmed.as_ref().and_then(|held| self::limit(held, &life.roles));
        if let Some(window) = confirmed.and_then(|limit| limit.window()) {
            device.confirmed.insert(id_there.clone(), window);
        }
        device.persons.insert(id_there.clone(), person);
    }
    if place.is_protected {
        device.protect.insert(id_there.clone());
    }
    device.linking.push(match place.link {
        0 => Err(NoLink::NoEmail),
        1 => Err(NoLink::NoPerson),
        2 => Err(NoLink::NameDiffers { employee_no: id_there, found: Found::ByNumber }),
        3 => Err(NoLink::Ambiguous { persons: [id_there].into(), rivals: [].into() }),
        _ => Ok(linked(id)),
    });
}

/// Some of those whom the door does not let in have no link there, and some have left it to another member.
fn shut_out(device: &mut TargetFacts, places: &[Place], members: &[HolderFacts]) {
    let Some(organisations) = device.organisations.clone() else { return };
    let is_out = |one: &HolderFacts| !organisations.contains(&one.member.key.source);
    for at in (0..members.len()).filter(|at| is_out(&members[*at])) {
        let other = (at + members.len() / 2) % members.len();
        let linked = device.linking[other].as_ref().map(|link| link.employee_no.clone());
        device.linking[at] = match (places[at].link, linked) {
            (4..=9, Ok(person)) if !is_out(&members[other]) => {
                let to = [members[other].member.key.clone()].into();
                Err(NoLink::Yielded { persons: [person].into(), to })
            }
            (10..=14, _) => Err(NoLink::OtherOrganisation),
            _ => continue,
        };
    }
}

/// Some of those who vanished have left their claim to the next member.
fn leave_persons(device: &mut TargetFacts, places: &[Place], members: &[HolderFacts]) {
    for (at, pair) in members.windows(2).enumerate() {
        let [gone, next] = pair else { continue };
        let linked = device.linking[at + 1].as_ref().map(|link| link.employee_no.clone());
        if let (true, 4..=11, Ok(person)) = (gone.is_vanished, places[at].link, linked) {
            let to = [next.member.key.clone()].into();
            device.linking[at] = Err(NoLink::Yielded { persons: [person].into(), to });
        }
    }
}

/// An organisation, its members, and the roles from which everything was settled, if that is remembered.
type Club = (SourceFacts, Vec<Life>, Option<Option<BTreeSet<RightCode>>>);

fn source(name: &'static str, members: usize) -> impl Strategy<Value = Club> {
    let standing = prop_oneof![
        6 => Just(Standing::Fresh),
        1 => Just(Standing::Unreachable),
        1 => Just(Standing::Refused),
    ];
    let members = prop::collection::vec(life(), 0..=members);
    let settled = prop_oneof![3 => Just(None), 1 => some_roles().prop_map(Some)];
    (some_roles(), standing, members, settled).prop_map(
        move |(roles, standing, members, settled)| {
            let name = SourceName::new(name).unwrap();
            (SourceFacts { name, roles, standing, accept_shrink: None }, members, settled)
        },
    )
}

fn rules() -> impl Strategy<Value = (Policy, Guard)> {
    let ending = || prop_oneof![Just(Ending::End), Just(Ending::Keep)];
    let grace = prop_oneof![3 => Just(0_u32), 1 => 1..10_u32, 1 => Just(365)];
    let percent = || (0..=100_u8).prop_map(|value| Percent::new(value).unwrap());
    (grace, ending(), ending(), percent(), percent(), percent()).prop_map(
        |(grace_days, inactive, vanished, revoke_per_tick, revoke_per_day, grant_per_tick)| {
            let source_shrink = Percent::new(10).unwrap();
            let guard = Guard { source_shrink, revoke_per_tick, revoke_per_day, grant_per_tick };
            (Policy { grace_days, inactive, vanished }, guard)
        },
    )
}

/// Two clubs, two doors (the last of them perhaps never read), any day's moment.
pub(crate) fn facts() -> impl Strategy<Value = Facts> {
    facts_of(MEMBERS_MAX, &["front-door", "yard-door"])
}

/// The same with up to `members` in each club, and these doors, in the order of their names.
pub(crate) fn facts_of(members: usize, doors: &[&str]) -> impl Strategy<Value = Facts> + use<> {
    let sources = (source("club", members), source("spa", members));
    let doors: Vec<_> = doors.iter().map(|name| device(name, 2 * members)).collect();
    let now = (-2..3_i64, 0..86_400_000_i64);
    let only = prop_oneof![4 => Just(None), 1 => (0..members).prop_map(Some)];
    (sources, doors, rules(), now, seldom(8), only).prop_map(
        |((club, spa), mut doors, (policy, guard), (days, milliseconds), is_unread, only)| {
            let mut facts = Facts {
                now: instant(NOW) + TimeDelta::days(days) + TimeDelta::milliseconds(milliseconds),
                policy,
                guard,
                sources: BTreeMap::new(),
                members: Vec::new(),
                devices: Vec::new(),
                only: Only::default(),
            };
            let mut places = 0;
            for (first, (source, lives, settled)) in [(150_000, club), (450_000, spa)] {
                let name = source.name.clone();
                facts.sources.insert(name.clone(), source);
                for (device, _) in &mut doors {
                    if let Some(settled) = &settled {
                        device.settled_roles.insert(name.clone(), settled.clone());
                    }
                }
                for (number, life) in (first..).zip(lives) {
                    for (device, all) in &mut doors {
                        settle(device, &member(&name, number, &[]).key, &life, &all[places]);
                    }
                    places += 1;
                    facts.members.push(one_member(&name, number, life));
                }
            }
            for (device, all) in &mut doors {
                leave_persons(device, all, &facts.members);
                shut_out(device, all, &facts.members);
            }
            if let (true, Some((device, _))) = (is_unread, doors.last_mut()) {
                device.persons.clear();
                device.linking.clear();
            }
            facts.devices.extend(doors.into_iter().map(|(device, _)| device));
            if let Some(one) = only.and_then(|place| facts.members.get(place)) {
                facts.only.numbers.extend(one.member.number.clone());
            }
            facts
        },
    )
}

fn one_member(source: &SourceName, number: i64, life: Life) -> HolderFacts {
    let mut member = member(source, number, &[]);
    member.roles = life.roles;
    member.inactive = life.inactive;
    let unreadable = |id| UnreadableRight { id, problem: "EndDate is missing".to_owned() };
    member.unreadable = life.unreadable.into_iter().map(unreadable).collect();
    let problem = life.problem.then(|| "Inactive is `soon`".to_owned());
    HolderFacts {
        member,
        is_vanished: life.is_vanished,
        missing_since: None,
        problem,
        said_at: instant(NOW),
        is_agreed: life.is_agreed || life.is_vanished,
    }
}

/// A day's grid of hours around [`NOW`]: `hour` counts from midnight of 2026-11-20; `to_end` names
/// the last second of the hour.
pub(super) fn grid(hour: i64, to_end: bool) -> NaiveDateTime {
    let last = if to_end { 3_599 } else { 0 };
    let first = time("2026-11-21").checked_sub_days(Days::new(1)).unwrap();
    first + TimeDelta::hours(hour) + TimeDelta::seconds(last)
}
