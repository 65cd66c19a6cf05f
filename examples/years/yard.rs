//! The yard of a club: barriers, members' cars, and a service that sells rights. What it is like, and what
//! happens there.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use ivms_sync::model::{RowEffect, RowTime, Zone};

use crate::barrier::{Barrier, Hand, Names, Row};
use crate::chance::Chance;
use crate::club::{Club, Mode, ROLES};
use crate::door::Fault;
use crate::kiosk::{Kiosk, Mood, Sale, Status, ZONES};
use crate::outside::{Death, open};
use crate::world::World;

/// What the configuration says of one barrier.
#[derive(Debug, Clone)]
pub struct GateRules {
    pub name: String,
    pub zone: Zone,
    pub mode: Mode,
    /// Organisations whose members' cars it opens for.
    pub members: Vec<usize>,
    /// It opens for cars with a right in the zone, too.
    pub is_in_zone: bool,
    pub roles: Option<Vec<i64>>,
    pub protect: Vec<String>,
    pub audit_every: TimeDelta,
}

/// What it says of the service of rights.
#[derive(Debug, Clone)]
pub struct KioskRules {
    pub is_register: bool,
    pub fresh_for: TimeDelta,
    pub full_every: TimeDelta,
    /// Somebody has mixed up the zones (sabotage).
    pub are_zones_one: bool,
}

/// The barriers and the service of a club.
pub fn rules(chance: &mut Chance, club: &Club) -> (Vec<GateRules>, Option<KioskRules>) {
    if !chance.in_thousand(350) {
        return (vec![], None);
    }
    let kiosk = chance.in_thousand(650).then(|| KioskRules {
        is_register: chance.in_thousand(400),
        fresh_for: TimeDelta::minutes(chance.weighted(&[(60, 15), (30, 120), (10, 24 * 60)])),
        full_every: TimeDelta::minutes(chance.weighted(&[(60, 24 * 60), (40, 60)])),
        are_zones_one: false,
    });
    let count = chance.weighted(&[(75, 1), (25, 2)]);
    let gates = (0..count).map(|at| {
        let is_in_zone = kiosk.is_some() && chance.in_thousand(750);
        let mut members: Vec<usize> = (0..club.organisations.len()).collect();
        if members.len() > 1 && chance.in_thousand(300) {
            members.remove(chance.below(2));
        }
        if is_in_zone && chance.in_thousand(200) {
            members.clear();
        }
        GateRules {
            name: ["barrier", "back"][at].to_owned(),
            zone: if chance.in_thousand(80) { Zone::UTC } else { club.zone },
            mode: chance.weighted(&[(80, Mode::Full), (12, Mode::GrantOnly), (8, Mode::Observe)]),
            members,
            is_in_zone,
            roles: chance.in_thousand(150).then(|| ROLES[..2].to_vec()),
            protect: if chance.in_thousand(300) { vec![plate(2)] } else { vec![] },
            audit_every: TimeDelta::minutes(chance.weighted(&[(70, 60), (20, 15), (10, 720)])),
        }
    });
    (gates.collect(), kiosk)
}

fn plate(number: usize) -> String {
    format!("LJ{number:04}")
}

/// The part of the configuration file that is about cars.
pub fn config(club: &Club) -> String {
    let mut text = String::new();
    for gate in &club.gates {
        let mode = match gate.mode {
            Mode::Observe => "observe",
            Mode::GrantOnly => "grant-only",
            Mode::Full => "full",
        };
        let _ = write!(
            text,
            "\n[hikvision-anpr.{0}]\nurl = \"https://{0}.gate.example\"\nusername = \"admin\"\n\
             password = \"g\"\nmode = \"{mode}\"\naudit_every = \"{1}m\"\ntime_zone = \"{2}\"\n\
             protect = {3:?}\n",
            gate.name,
            gate.audit_every.num_minutes(),
            gate.zone.name(),
            gate.protect
        );
        if gate.is_in_zone {
            text.push_str("zones = [\"yard\"]\n");
        }
        if !gate.members.is_empty() {
            let names = gate.members.iter().map(|at| &club.organisations[*at].name);
            let _ = writeln!(text, "members = {:?}", names.collect::<Vec<_>>());
        }
        if let Some(roles) = &gate.roles {
            let _ = writeln!(text, "roles = {roles:?}");
        }
    }
    if let Some(kiosk) = &club.kiosk {
        let covers = if kiosk.are_zones_one { "covers = [\"yard\"]\n" } else { "" };
        let kind = if kiosk.is_register { "parkkihubi" } else { "ips" };
        let _ = write!(
            text,
            "\n[zone.yard]\nnames = {{ street = [{:?}] }}\n\n[zone.far]\n{covers}names = {{ street = \
             [{:?}] }}\n\n[{kind}.street]\nurl = \"https://street.example\"\nsecret = \"s\"\n\
             fresh_for = \"{}m\"\n",
            ZONES[0],
            ZONES[1],
            kiosk.fresh_for.num_minutes()
        );
        if !kiosk.is_register {
            let _ = writeln!(text, "full_every = \"{}m\"", kiosk.full_every.num_minutes());
        }
    }
    text
}

/// How the file with members' cars stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    Whole,
    Away,
    Broken,
}

/// The yard as it really is.
#[derive(Debug)]
pub struct Yard {
    chance: Chance,
    /// Whose car is which, as the office has it.
    pub cars: BTreeSet<(String, usize)>,
    pub sheet: Sheet,
    pub sheet_until: DateTime<Utc>,
    pub barriers: Vec<Arc<Mutex<Barrier>>>,
    pub kiosk: Option<Arc<Mutex<Kiosk>>>,
    plates: usize,
    sold: usize,
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Buy,
    Scrap,
    PassOn,
    Share,
    ManyScrap,
    Sale,
    Extend,
    Stop,
    Delete,
    Status,
    Dates,
    OtherCar,
    ManyStop,
    EditRow,
    DeleteRow,
    Stranger,
    Special,
    Tidy,
    Replace,
    Away,
    Part,
    Clock,
    Glitch,
    Death,
    Kiosk,
    Sheet,
}

const EVENTS: [(usize, Event); 26] = [
    (10, Event::Buy),
    (4, Event::Scrap),
    (3, Event::PassOn),
    (3, Event::Share),
    (1, Event::ManyScrap),
    (14, Event::Sale),
    (5, Event::Extend),
    (5, Event::Stop),
    (5, Event::Delete),
    (3, Event::Status),
    (2, Event::Dates),
    (3, Event::OtherCar),
    (1, Event::ManyStop),
    (6, Event::EditRow),
    (3, Event::DeleteRow),
    (4, Event::Stranger),
    (2, Event::Special),
    (2, Event::Tidy),
    (1, Event::Replace),
    (3, Event::Away),
    (4, Event::Part),
    (4, Event::Clock),
    (9, Event::Glitch),
    (6, Event::Death),
    (7, Event::Kiosk),
    (3, Event::Sheet),
];

impl Yard {
    pub fn new(mut chance: Chance, club: &Club) -> Self {
        let born = club.born;
        let barriers = club.gates.iter().enumerate().map(|(at, rules)| {
            let mut barrier = Barrier::new(at as u32 * 1000 + 1, rules.zone, born);
            barrier.names =
                chance.weighted(&[(70, Names::Numbers), (15, Names::Plates), (15, Names::Nothing)]);
            barrier.holds_begins = chance.in_thousand(700);
            let room = chance.between(4, club.members as i64 + 8);
            barrier.capacity = chance.weighted(&[(75, 1000), (25, room as usize)]);
            Arc::new(Mutex::new(barrier))
        });
        let barriers = barriers.collect();
        let kiosk = club.kiosk.as_ref();
        let kiosk = kiosk.map(|rules| Arc::new(Mutex::new(Kiosk::new(rules.is_register, born))));
        Self {
            chance,
            cars: BTreeSet::new(),
            sheet: Sheet::Whole,
            sheet_until: born,
            barriers,
            kiosk,
            plates: 0,
            sold: 0,
        }
    }

    fn new_plate(&mut self) -> String {
        self.plates += 1;
        plate(self.plates)
    }

    pub fn barrier(&self, at: usize) -> MutexGuard<'_, Barrier> {
        open(&self.barriers[at])
    }

    fn some_car(&mut self) -> Option<(String, usize)> {
        let at = self.chance.place(self.cars.len())?;
        self.cars.iter().nth(at).cloned()
    }

    /// The file with members' cars, as it stands on the disk; `None`: it is away.
    pub fn file(&self) -> Option<String> {
        match self.sheet {
            Sheet::Away => return None,
            Sheet::Broken => return Some("\u{0}\u{1}PK".to_owned()),
            Sheet::Whole => {}
        }
        let mut text = "Member No,Plate\n".to_owned();
        for (plate, place) in &self.cars {
            let _ = writeln!(text, "{},{plate}", place + 1);
        }
        Some(text)
    }
}

impl World {
    /// How it all begins.
    pub fn fill_yard(&mut self) {
        for place in 0..self.humans.len() {
            for _ in 0..self.yard.chance.weighted(&[(4, 0), (5, 1), (1, 2)]) {
                let plate = self.yard.new_plate();
                self.yard.cars.insert((plate, place));
            }
        }
        for _ in 0..self.yard.chance.below(self.club.members) + 4 {
            self.sell();
        }
        for at in 0..self.yard.barriers.len() {
            for _ in 0..self.yard.chance.below(4) {
                self.make_strange_row(at);
            }
        }
    }

    /// Time passes in the yard.
    pub fn yard_passes(&mut self) {
        if self.yard.barriers.is_empty() {
            return;
        }
        let now = self.now;
        if self.yard.chance.below(1000) < 2 * self.club.events + 10 {
            self.yard_event();
        }
        if now >= self.yard.sheet_until {
            self.yard.sheet = Sheet::Whole;
        }
        for barrier in &self.yard.barriers {
            let mut barrier = open(barrier);
            if now >= barrier.skewed_until {
                barrier.skew = TimeDelta::zero();
            }
        }
        if let Some(kiosk) = &self.yard.kiosk {
            let mut kiosk = open(kiosk);
            if now >= kiosk.until {
                kiosk.mood = Mood::Fine;
            }
        }
    }

    /// Something happens.
    pub fn yard_event(&mut self) {
        if self.yard.barriers.is_empty() {
            return;
        }
        let what = self.yard.chance.weighted(&EVENTS);
        let at = self.yard.chance.below(self.yard.barriers.len());
        let place = self.yard.chance.below(self.humans.len());
        match what {
            Event::Buy | Event::Scrap | Event::PassOn | Event::Share | Event::ManyScrap => {
                self.car(what, place);
            }
            Event::Sale => self.sell(),
            Event::Extend
            | Event::Stop
            | Event::Delete
            | Event::Status
            | Event::Dates
            | Event::OtherCar => self.change_sale(what),
            Event::ManyStop => {
                (0..self.yard.chance.below(12)).for_each(|_| self.change_sale(Event::Delete));
            }
            Event::EditRow | Event::DeleteRow | Event::Special | Event::Tidy | Event::Replace => {
                self.at_barrier(what, at);
            }
            Event::Stranger => self.make_strange_row(at),
            _ => self.yard_trouble(what, at),
        }
    }

    fn car(&mut self, what: Event, place: usize) {
        let yard = &mut self.yard;
        let car = yard.some_car();
        match (what, car) {
            (Event::Buy, _) => {
                let plate = yard.new_plate();
                yard.cars.insert((plate, place));
            }
            (Event::ManyScrap, _) => {
                let salt = yard.chance.below(2);
                let mut number = 0;
                yard.cars.retain(|_| {
                    number += 1;
                    number % 2 == salt
                });
            }
            (Event::Share, Some((plate, _))) => drop(yard.cars.insert((plate, place))),
            (_, Some(car)) => {
                yard.cars.remove(&car);
                if matches!(what, Event::PassOn) {
                    yard.cars.insert((car.0, place));
                }
            }
            (_, None) => {}
        }
        self.diary.note("members' cars", || format!("{what:?} of {place}"));
    }

    fn sell(&mut self) {
        let now = self.now;
        let Some(kiosk) = self.yard.kiosk.clone() else { return };
        let yard = &mut self.yard;
        let is_members = yard.chance.in_thousand(150);
        let car = yard.some_car().filter(|_| is_members).map(|(plate, _)| plate);
        let plate = car.unwrap_or_else(|| yard.new_plate());
        let is_permit = yard.chance.in_thousand(600);
        let (ahead, length) = match is_permit {
            true => {
                (yard.chance.weighted(&[(70, -1), (30, 4)]), yard.chance.between(60, 60 * 24 * 40))
            }
            false => (0, yard.chance.between(5, 600)),
        };
        let begin = now + TimeDelta::minutes(yard.chance.between(0, 24 * 60)) * ahead;
        let is_open = yard.chance.in_thousand(if is_permit { 120 } else { 300 });
        let length = TimeDelta::minutes(length);
        let begins = begin.min(now).max(begin);
        yard.sold += 1;
        let id = format!("{}{}", if is_permit { "P" } else { "S" }, yard.sold);
        let sale = Sale {
            plate,
            zone: yard.chance.weighted(&[(76, 0), (20, 1), (4, 2)]),
            begin: begins,
            end: (!is_open).then_some(begins.max(now) + length),
            status: Status::Active,
            is_inverted: false,
            updated_at: now,
        };
        self.diary.note("right sold", || {
            format!("{id}: {} in {}, {} to {:?}", sale.plate, sale.zone, sale.begin, sale.end)
        });
        let mut kiosk = open(&kiosk);
        let long_ago = now - TimeDelta::days(20);
        for part in &mut kiosk.parts {
            part.retain(|_, sale| sale.end.is_none_or(|end| end > long_ago));
        }
        kiosk.parts[usize::from(is_permit)].insert(id, sale);
    }

    fn change_sale(&mut self, what: Event) {
        let now = self.now;
        let Some(kiosk) = self.yard.kiosk.clone() else { return };
        let mut kiosk = open(&kiosk);
        let yard = &mut self.yard;
        let part = yard.chance.below(2);
        let Some(at) = yard.chance.place(kiosk.parts[part].len()) else { return };
        let Some(id) = kiosk.parts[part].keys().nth(at).cloned() else { return };
        let minutes = TimeDelta::minutes(yard.chance.between(10, 60 * 24 * 20));
        let status = yard.chance.one_of(&[
            Status::Active,
            Status::Active,
            Status::Cancelled,
            Status::Suspended,
            Status::Odd,
        ]);
        let plate = yard.new_plate();
        let Some(sale) = kiosk.parts[part].get_mut(&id) else { return };
        sale.updated_at = now;
        match what {
            Event::Extend => sale.end = sale.end.map(|end| end.max(now) + minutes),
            Event::Stop if sale.begin < now => sale.end = Some(now),
            Event::Status => sale.status = status,
            Event::Dates => sale.is_inverted = !sale.is_inverted,
            Event::OtherCar => sale.plate = plate,
            _ => {
                kiosk.parts[part].remove(&id);
                kiosk.deleted[part].push((id.clone(), now));
            }
        }
        self.diary.note("right changed", || format!("{id}: {what:?}"));
    }

    fn make_strange_row(&mut self, at: usize) {
        let today = self.now.with_timezone(&self.club.gates[at].zone).date_naive();
        let yard = &mut self.yard;
        let ahead = TimeDelta::days(yard.chance.between(-5, 200));
        let is_known = yard.chance.in_thousand(300);
        let known = yard.some_car().filter(|_| is_known).map(|(plate, _)| plate);
        let plate = known.unwrap_or_else(|| {
            yard.plates += 1;
            format!("XX{:04}", yard.plates)
        });
        let mut barrier = open(&yard.barriers[at]);
        if barrier.rows.iter().any(|row| row.plate == plate)
            || barrier.rows.len() >= barrier.capacity
        {
            return;
        }
        // What is called by its plate cannot be told from what the program wrote and somebody removed.
        let is_taken = barrier.removed.contains(&plate) && barrier.names != Names::Numbers;
        let hand = if is_taken { Hand::Doubtful } else { Hand::Theirs };
        barrier.add(Row::new(&plate, today - TimeDelta::days(10), today + ahead, hand));
        self.diary.note("stranger's row at a gate", || format!("{plate} at {at}"));
    }

    /// Staff at the camera's own page.
    fn at_barrier(&mut self, what: Event, at: usize) {
        let today = self.now.with_timezone(&self.club.gates[at].zone).date_naive();
        let yard = &mut self.yard;
        let barrier = Arc::clone(&yard.barriers[at]);
        let mut barrier = open(&barrier);
        let Some(place) = yard.chance.place(barrier.rows.len()) else { return };
        let days = TimeDelta::days(yard.chance.between(-5, 40));
        let kind = yard.chance.below(4);
        let hour = NaiveTime::from_hms_opt(14, 0, 0).unwrap_or_default();
        let plate = barrier.rows[place].plate.clone();
        match what {
            Event::EditRow | Event::Special => {
                let row = &mut barrier.rows[place];
                row.by_hand = true;
                if row.is_announced {
                    row.hand = Hand::Doubtful;
                }
                let begin = Some(row.first(today).min(today).and_time(NaiveTime::MIN));
                let end = (today + days).max(today - TimeDelta::days(1)).and_time(hour);
                let is_special = matches!(what, Event::Special);
                match kind {
                    0 if is_special => row.effect = RowEffect::Bars,
                    1 if is_special => row.time = RowTime::Unclear,
                    2 if is_special => row.time = RowTime::Known { begin, end: None },
                    _ => row.time = RowTime::Known { begin, end: Some(end) },
                }
            }
            Event::DeleteRow => {
                let row = barrier.rows.remove(place);
                barrier.lose(row);
            }
            Event::Tidy => {
                let Barrier { rows, removed, .. } = &mut *barrier;
                let mut number = 0;
                rows.retain(|row| {
                    number += usize::from(row.hand == Hand::Theirs);
                    let stays = row.hand != Hand::Theirs || number % 2 == 1;
                    removed.extend(Some(&row.plate).filter(|_| !stays).cloned());
                    stays
                });
            }
            _ => {
                barrier.serial += 1;
                let gone = if kind == 0 { std::mem::take(&mut barrier.rows) } else { vec![] };
                gone.into_iter().for_each(|row| barrier.lose(row));
            }
        }
        self.diary.note("hands at a gate", || format!("{what:?} {kind} of {plate} at {at}"));
    }

    fn yard_trouble(&mut self, what: Event, at: usize) {
        let ticks = self.yard.chance.weighted(&[(50, 3), (30, 12), (15, 72), (5, 600)]);
        let until = self.now + self.club.every * self.yard.chance.between(1, ticks) as i32;
        let yard = &mut self.yard;
        let mut barrier = open(&yard.barriers[at]);
        match what {
            Event::Away => barrier.away_until = until,
            Event::Part => barrier.shows_part_until = until,
            Event::Clock => {
                let far = yard.chance.between(2, 3000);
                barrier.skew = TimeDelta::minutes(yard.chance.one_of(&[far, -far]));
                barrier.skewed_until = until;
            }
            Event::Glitch | Event::Death => {
                let number = yard.chance.below(9) as u32;
                let death = yard.chance.one_of(&[Death::Before, Death::After]);
                let faults = [
                    Fault::Busy,
                    Fault::LostBefore,
                    Fault::LostAfter,
                    Fault::Untrue,
                    Fault::HalfList,
                ];
                let is_death = matches!(what, Event::Death);
                let fault = if is_death { Fault::Die(death) } else { yard.chance.one_of(&faults) };
                let is_at_kiosk = yard.chance.in_thousand(250);
                match &yard.kiosk {
                    Some(kiosk) if is_death && is_at_kiosk => {
                        open(kiosk).tick.death = Some(death);
                    }
                    _ => barrier.tick.fault = Some((number, fault)),
                }
            }
            Event::Kiosk => {
                let mood = yard.chance.one_of(&[
                    Mood::Away,
                    Mood::CutShort,
                    Mood::LoginRefused,
                    Mood::Halved,
                    Mood::Late,
                ]);
                if let Some(kiosk) = &yard.kiosk {
                    let mut kiosk = open(kiosk);
                    (kiosk.mood, kiosk.until) = (mood, until);
                }
            }
            // A file that was never read ends a run.
            _ if self.now - self.club.born < self.club.every * 20 => {}
            _ => {
                yard.sheet = yard.chance.one_of(&[Sheet::Away, Sheet::Broken]);
                yard.sheet_until = until;
            }
        }
        drop(barrier);
        self.diary.note("trouble in the yard", || format!("{what:?} at {at} until {until}"));
        // Trouble at a quiet gate shows nothing: give it something to do.
        let is_at_gate = matches!(what, Event::Glitch | Event::Death | Event::Part | Event::Clock);
        if is_at_gate {
            for _ in 0..self.yard.chance.below(4) {
                let place = self.yard.chance.below(self.humans.len());
                let what = self.yard.chance.one_of(&[Event::Buy, Event::Scrap]);
                self.car(what, place);
            }
        }
    }
}
