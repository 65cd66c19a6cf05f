//! Clubs made up from a seed: where they are, what their configuration says, how much happens to them.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use ivms_sync::model::Zone;

use crate::chance::Chance;
use crate::yard::{self, GateRules, KioskRules};

/// A club as it was made up; what happens to it is in the world.
#[derive(Debug, Clone)]
pub struct Club {
    pub zone: Zone,
    /// The first tick.
    pub born: DateTime<Utc>,
    /// From one tick to the next.
    pub every: TimeDelta,
    pub organisations: Vec<Organisation>,
    pub doors: Vec<DoorRules>,
    pub gates: Vec<GateRules>,
    pub kiosk: Option<KioskRules>,
    pub grace_days: i64,
    pub inactive_ends: bool,
    pub vanished_ends: bool,
    /// Persons are found by a link file; otherwise by their e-mail on the device.
    pub by_file: bool,
    /// Members when it all begins.
    pub members: usize,
    /// How often something happens, in a thousand ticks.
    pub events: usize,
    /// How many of those events are trouble, in a thousand.
    pub troubles: usize,
}

/// One organisation of a club.
#[derive(Debug, Clone)]
pub struct Organisation {
    pub name: String,
    pub id: i64,
    /// Roles that open doors; `None`: every role.
    pub roles: Option<Vec<i64>>,
    pub full_every: TimeDelta,
    pub has_sentinel: bool,
    /// How far east of UTC the service takes a time without a zone to be.
    pub east: TimeDelta,
}

/// What the configuration says of one door.
#[derive(Debug, Clone)]
pub struct DoorRules {
    pub name: String,
    pub zone: Zone,
    pub mode: Mode,
    pub roles: Option<Vec<i64>>,
    /// It lets in members of this organisation alone.
    pub only: Option<usize>,
    pub protect: Vec<String>,
    pub audit_every: TimeDelta,
    /// It is a platform, with doors behind it.
    pub is_platform: bool,
    /// The device says how many tries are left before it locks.
    pub tells_tries: bool,
}

/// What may be written to a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Observe,
    GrantOnly,
    Full,
}

/// West and east of UTC, both hemispheres, with and without daylight saving, half hours too.
const ZONES: [&str; 12] = [
    "Europe/Ljubljana",
    "Europe/Stockholm",
    "Europe/London",
    "America/New_York",
    "America/Los_Angeles",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Pacific/Honolulu",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "UTC",
];

/// A time zone by its name.
pub fn zone(name: &str) -> Zone {
    name.parse().unwrap_or_else(|_| unreachable!("{name} is a zone"))
}

/// Days near which clocks change, years end and leap days are.
const TURNS: [(i32, u32, u32); 8] = [
    (2025, 3, 28),
    (2025, 10, 24),
    (2026, 12, 29),
    (2027, 3, 12),
    (2027, 11, 5),
    (2028, 2, 26),
    (2029, 9, 28),
    (2032, 2, 27),
];

/// The roles there are: the first three may open doors, the last is the newsletter.
pub const ROLES: [i64; 4] = [3126, 3127, 3128, 9000];

impl Club {
    /// The club of a number within a seed.
    pub fn made_up(seed: u64, number: u64) -> Self {
        let chance = &mut Chance::new(seed, number.wrapping_mul(4).wrapping_add(1));
        let zone = zone(chance.one_of(&ZONES));
        let minutes = chance.weighted(&[(80, 5), (5, 2), (5, 15), (7, 60), (3, 24 * 60)]);
        let members = chance.weighted(&[(35, 9), (35, 20), (22, 35), (6, 60), (2, 300)]);
        let temper = chance.weighted(&[(35, (6, 300)), (45, (40, 450)), (20, (250, 550))]);
        let organisations = chance.weighted(&[(85, 1), (15, 2)]);
        let doors = chance.weighted(&[(55, 1), (35, 2), (10, 3)]);
        let sentinel = chance.in_thousand(300);
        let mut club = Self {
            zone,
            born: birth(chance),
            every: TimeDelta::minutes(minutes),
            organisations: (0..organisations)
                .map(|at| organisation(chance, at, sentinel))
                .collect(),
            doors: (0..doors).map(|at| door(chance, at, zone)).collect(),
            gates: vec![],
            kiosk: None,
            grace_days: chance.weighted(&[(80, 0), (15, 3), (5, 14)]),
            inactive_ends: chance.in_thousand(800),
            vanished_ends: chance.in_thousand(350),
            by_file: chance.in_thousand(200),
            members: chance.between(members / 2 + 1, members) as usize,
            events: temper.0,
            troubles: temper.1,
        };
        // Drawn last, so that clubs of one organisation live as they always did.
        if club.organisations.len() > 1 {
            for door in &mut club.doors {
                let only = chance.below(club.organisations.len());
                door.only = chance.in_thousand(300).then_some(only);
            }
        }
        let mut chance = Chance::new(seed, number.wrapping_mul(4).wrapping_add(3));
        (club.gates, club.kiosk) = yard::rules(&mut chance, &club);
        club
    }

    /// The configuration file; `passwords` are the numbers of the doors' passwords, in order.
    pub fn config(&self, passwords: &[u32]) -> String {
        let mut text = format!("state = \"state.db\"\ntime_zone = \"{}\"\n", self.zone.name());
        for one in &self.organisations {
            let _ = write!(
                text,
                "\n[cardskipper.{}]\nurl = \"https://api.club.example\"\norganisation_id = {}\n\
                 username = \"api\"\npassword = \"x\"\nfull_every = \"{}m\"\n",
                one.name,
                one.id,
                one.full_every.num_minutes()
            );
            if let Some(roles) = &one.roles {
                let _ = writeln!(text, "roles = {roles:?}");
            }
            if one.has_sentinel {
                let _ = writeln!(text, "sentinel = 1");
            }
        }
        for (door, password) in self.doors.iter().zip(passwords) {
            let mode = match door.mode {
                Mode::Observe => "observe",
                Mode::GrantOnly => "grant-only",
                Mode::Full => "full",
            };
            let (kind, login) = match door.is_platform {
                true => ("hikcentral", ["app_key", "app_secret"]),
                false => ("hikvision", ["username", "password"]),
            };
            let _ = write!(
                text,
                "\n[{kind}.{0}]\nurl = \"https://{0}.door.example\"\n{4} = \"admin\"\n\
                 {5} = \"p{password}\"\nmode = \"{mode}\"\nprotect = {1:?}\n\
                 audit_every = \"{2}m\"\ntime_zone = \"{3}\"\n",
                door.name,
                door.protect,
                door.audit_every.num_minutes(),
                door.zone.name(),
                login[0],
                login[1]
            );
            if let Some(roles) = &door.roles {
                let _ = writeln!(text, "roles = {roles:?}");
            }
            if let Some(only) = door.only {
                let _ = writeln!(text, "organisations = [{:?}]", self.organisations[only].name);
            }
        }
        text.push_str(&yard::config(self));
        let own = if self.by_file { "persons.csv" } else { "cars.csv" };
        let files = [own, "cars.csv"];
        let files = &files[..usize::from(self.by_file) + usize::from(self.has_members_cars())];
        let by = if self.by_file { "file" } else { "device-email" };
        let _ = write!(text, "\n[link]\nfiles = {files:?}\nby = [{by:?}]\n");
        let word = |ends| if ends { "end" } else { "keep" };
        let _ = write!(
            text,
            "\n[policy]\ngrace_days = {}\ninactive = \"{}\"\nvanished = \"{}\"\n",
            self.grace_days,
            word(self.inactive_ends),
            word(self.vanished_ends)
        );
        text
    }

    /// Whether both have the same roles in their configuration.
    pub fn has_same_roles(&self, other: &Self) -> bool {
        let mut organisations = self.organisations.iter().zip(&other.organisations);
        let mut doors = self.doors.iter().zip(&other.doors);
        organisations.all(|(one, two)| one.roles == two.roles)
            && doors.all(|(one, two)| one.roles == two.roles)
    }

    /// Whether some barrier opens for members' cars.
    pub fn has_members_cars(&self) -> bool {
        self.gates.iter().any(|gate| !gate.members.is_empty())
    }

    /// Whether a role opens a barrier for the members of an organisation.
    pub fn opens_gate(&self, organisation: usize, gate: usize, role: i64) -> bool {
        let lists = [&self.organisations[organisation].roles, &self.gates[gate].roles];
        self.gates[gate].members.contains(&organisation)
            && lists.into_iter().flatten().all(|roles| roles.contains(&role))
    }

    /// Whether a door lets in members of an organisation.
    pub fn lets_in(&self, organisation: usize, door: usize) -> bool {
        self.doors[door].only.is_none_or(|only| only == organisation)
    }

    /// Whether a role opens a door for the members of an organisation.
    pub fn opens(&self, organisation: usize, door: usize, role: i64) -> bool {
        let lists = [&self.organisations[organisation].roles, &self.doors[door].roles];
        self.lets_in(organisation, door)
            && lists.into_iter().flatten().all(|roles| roles.contains(&role))
    }
}

/// Half of all clubs begin shortly before a day that is special somewhere.
fn birth(chance: &mut Chance) -> DateTime<Utc> {
    let day = if chance.in_thousand(500) {
        let (year, month, day) = chance.one_of(&TURNS);
        NaiveDate::from_ymd_opt(year, month, day)
    } else {
        let first = NaiveDate::from_ymd_opt(2024, 1, 1);
        first.and_then(|first| first.checked_add_signed(TimeDelta::days(chance.between(0, 2500))))
    };
    let minutes = TimeDelta::minutes(chance.between(0, 24 * 60 - 1));
    day.unwrap_or_default().and_time(chrono::NaiveTime::MIN).and_utc() + minutes
}

fn organisation(chance: &mut Chance, at: usize, has_sentinel: bool) -> Organisation {
    let minutes = chance.weighted(&[(60, 60), (15, 15), (15, 6 * 60), (10, 3 * 24 * 60)]);
    Organisation {
        name: ["club", "sauna"][at].to_owned(),
        id: 123 + at as i64,
        roles: chance.in_thousand(700).then(|| ROLES[..3].to_vec()),
        full_every: TimeDelta::minutes(minutes),
        has_sentinel: has_sentinel && at == 0,
        east: TimeDelta::hours(chance.between(0, 2)),
    }
}

fn door(chance: &mut Chance, at: usize, zone: Zone) -> DoorRules {
    let minutes = chance.weighted(&[(70, 60), (10, 15), (15, 12 * 60), (5, 7 * 24 * 60)]);
    let far = self::zone(chance.one_of(&ZONES));
    DoorRules {
        name: ["front", "gym", "sauna"][at].to_owned(),
        zone: if chance.in_thousand(80) { far } else { zone },
        mode: chance.weighted(&[(78, Mode::Full), (14, Mode::GrantOnly), (8, Mode::Observe)]),
        roles: chance.in_thousand(150).then(|| ROLES[..2].to_vec()),
        only: None,
        protect: if chance.in_thousand(300) { vec!["1002".to_owned()] } else { vec![] },
        audit_every: TimeDelta::minutes(minutes),
        is_platform: chance.in_thousand(300),
        tells_tries: chance.in_thousand(500),
    }
}
