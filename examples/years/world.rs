//! A club, its organisations, its doors and its people, as they really are.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use ivms_sync::model::{Email, Holder, HolderId, HolderNumber, Right, RightCode, SourceName};

use crate::chance::Chance;
use crate::club::{Club, ROLES};
use crate::desk::Desk;
use crate::door::{Card, Door};
use crate::firmware::{Grain, Keeps};
use crate::ledger::{Due, Human, Known, Span, State, due, last_moment};
use crate::site::Site;
use crate::till::Till;
use crate::yard::Yard;

/// Everything that is so, whether the program knows it or not.
#[derive(Debug)]
pub struct World {
    pub club: Club,
    pub chance: Chance,
    /// The true time.
    pub now: DateTime<Utc>,
    /// How far the clock of the host is off.
    pub host_skew: TimeDelta,
    pub host_skewed_until: DateTime<Utc>,
    pub humans: Vec<Human>,
    pub desks: Vec<Mutex<Desk>>,
    pub doors: Vec<Mutex<Door>>,
    pub yard: Yard,
    /// A cashier, where the club has one.
    pub till: Option<Arc<Mutex<Till>>>,
    /// The passwords that the configuration has for the doors, and when a wrong one is put right.
    pub passwords: Vec<u32>,
    /// Lists of roles of the configuration that were in force once.
    pub roles_were: Vec<Club>,
    pub password_put_right: Vec<DateTime<Utc>>,
    /// What the next tick is hit by.
    pub next: Next,
    pub diary: Diary,
    pub strangers: usize,
}

/// What comes with the next tick.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// The state file fails at this statement.
    pub store_fails: Option<&'static str>,
    pub reopens: bool,
    pub saves_copy: bool,
    pub puts_copy_back: bool,
    pub is_full: bool,
}

/// What happened, for the trace and the table.
#[derive(Debug, Default)]
pub struct Diary {
    pub is_told: bool,
    pub lines: Vec<String>,
    pub counts: std::collections::BTreeMap<&'static str, u64>,
    pub hash: u64,
}

impl Diary {
    pub fn note(&mut self, what: &'static str, detail: impl FnOnce() -> String) {
        *self.counts.entry(what).or_default() += 1;
        self.mix(what.as_bytes());
        if self.is_told {
            let detail = detail();
            self.lines.push(format!("  {what} {detail}"));
        }
    }

    /// FNV-1a over everything that happens: equal lives have equal hashes.
    pub fn mix(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

impl World {
    pub fn made_up(seed: u64, number: u64) -> Self {
        let club = Club::made_up(seed, number);
        let born = club.born;
        let mut world = Self {
            chance: Chance::new(seed, number.wrapping_mul(4).wrapping_add(2)),
            now: born,
            host_skew: TimeDelta::zero(),
            host_skewed_until: born,
            humans: Vec::new(),
            desks: club.organisations.iter().map(|_| Mutex::new(Desk::new(born))).collect(),
            doors: Vec::new(),
            till: Till::new(Chance::new(seed, number.wrapping_mul(16).wrapping_add(8)), born)
                .map(|till| Arc::new(Mutex::new(till))),
            yard: Yard::new(Chance::new(seed, number.wrapping_mul(8).wrapping_add(4)), &club),
            passwords: vec![0; club.doors.len()],
            roles_were: Vec::new(),
            password_put_right: vec![born; club.doors.len()],
            next: Next::default(),
            diary: Diary { hash: 0xcbf2_9ce4_8422_2325, ..Diary::default() },
            strangers: 0,
            club,
        };
        for (at, rules) in world.club.doors.clone().into_iter().enumerate() {
            let door = Door::new(at as u32 * 1000 + 1, rules.zone, rules.tells_tries, born);
            world.doors.push(Mutex::new(door));
            let grain = world.some_grain();
            let usual = world.club.every * world.chance.weighted(&[(60, 0), (25, 1), (15, 3)]);
            match rules.is_platform {
                true => world.door(at).site = Some(Site::new(born, usual)),
                false => world.door(at).grain = grain,
            }
        }
        for _ in 0..world.club.members {
            let place = world.join_club();
            for door in 0..world.doors.len() {
                if world.chance.in_thousand(900) {
                    world.make_card(door, place);
                }
            }
        }
        for door in 0..world.doors.len() {
            for _ in 0..world.chance.below(4) {
                world.make_stranger(door);
            }
            for place in 0..world.humans.len() {
                if world.chance.in_thousand(30) {
                    let no = world.humans[place].no.clone();
                    let kind = world.chance.below(3);
                    let is_platform = world.door(door).site.is_some();
                    if let Some(card) = world.door(door).cards.get_mut(&no) {
                        match kind {
                            _ if is_platform => {}
                            0 => card.edit(|card| card.is_permanent = true),
                            1 => card.edit(|card| card.is_admin = true),
                            _ => card.edit(|card| card.is_barred = true),
                        }
                    }
                }
            }
        }
        world.fill_yard();
        world
    }

    /// What a firmware makes of dates: mostly nothing.
    fn some_grain(&mut self) -> Grain {
        use Keeps::{Days, FullDays, Minutes, NextDays, Seconds};
        let keeps = self.chance.one_of(&[Minutes, Days, FullDays, NextDays]);
        let year = self.now.year() + self.chance.one_of(&[1, 2, 5]);
        let latest =
            NaiveDate::from_ymd_opt(year, 12, 31).and_then(|day| day.and_hms_opt(23, 59, 59));
        let says_latest = self.chance.in_thousand(500);
        match self.chance.below(100) {
            0..10 => Grain { keeps, ..Grain::default() },
            10..16 => Grain { keeps: Seconds, latest, says_latest },
            _ => Grain::default(),
        }
    }

    pub fn door(&mut self, at: usize) -> &mut Door {
        self.doors[at].get_mut().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub fn desk(&mut self, at: usize) -> &mut Desk {
        self.desks[at].get_mut().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The host's clock.
    pub fn host_now(&self) -> DateTime<Utc> {
        self.now + self.host_skew
    }

    /// The true time on the wall beside a door.
    pub fn local(&self, door: usize) -> NaiveDateTime {
        self.now.with_timezone(&self.club.doors[door].zone).naive_local()
    }

    pub fn today(&self) -> NaiveDate {
        self.now.with_timezone(&self.club.zone).date_naive()
    }

    /// A day counted from today.
    pub fn day(&self, from_today: i64) -> NaiveDateTime {
        (self.today() + TimeDelta::days(from_today)).and_time(NaiveTime::MIN)
    }

    /// A new member joins; their place.
    pub fn join_club(&mut self) -> usize {
        let place = self.humans.len();
        let organisation =
            if self.chance.in_thousand(750) { 0 } else { self.club.organisations.len() - 1 };
        let number = place as i64 + 1;
        let birth = NaiveDate::from_ymd_opt(1950, 1, 1).unwrap_or_default()
            + Days::new(self.chance.below(20_000) as u64);
        let email =
            Some(format!("m{number}@club.example")).filter(|_| self.chance.in_thousand(950));
        let length = self.chance.weighted(&[(50, 30), (30, 90), (20, 365)]);
        let ago = self.chance.between(0, length + 10);
        let begin = self.day(-ago);
        let role =
            self.chance.weighted(&[(60, ROLES[0]), (20, ROLES[1]), (12, ROLES[2]), (8, ROLES[3])]);
        let member = Holder {
            key: holder_id(&self.club.organisations[organisation].name, &number.to_string(), birth),
            number: HolderNumber::whole(number).ok(),
            first_name: "Ana".to_owned(),
            last_name: format!("Novak{number}"),
            email: email.as_deref().and_then(Email::parse),
            inactive: false,
            roles: vec![Right::by_wall_clock(
                role_id(role),
                begin,
                begin + TimeDelta::days(length),
            )],
            unreadable: Vec::new(),
        };
        self.humans.push(Human {
            organisation,
            no: format!("{}", 1000 + place),
            truth: Arc::new(State { member, is_unusable: false }),
            is_listed: true,
            changed_at: self.now,
            card_email: email,
            tangled_with: None,
            known: Known::default(),
            owes_look: false,
        });
        place
    }

    /// Staff make a card for a member, with the right dates or with others.
    pub fn make_card(&mut self, door: usize, place: usize) {
        let local = self.local(door);
        let human = &self.humans[place];
        let right = due(&self.club, (human.organisation, door), &human.truth, false, local);
        let midnight = local.date().and_time(NaiveTime::MIN);
        let second = TimeDelta::seconds(1);
        let span = match (right, self.chance.below(10)) {
            (Due::Open(first, last), 0..=6) => Span { begin: first.min(midnight), end: last },
            (_, 7) => Span { begin: midnight, end: midnight + TimeDelta::days(400) },
            (_, 8) => Span { begin: midnight - TimeDelta::days(20), end: midnight - second },
            _ => Span { begin: midnight - TimeDelta::days(9), end: midnight + TimeDelta::days(3) },
        };
        let span = Span { begin: span.begin, end: span.end.min(last_moment()) };
        let span = crate::outside::open(&self.doors[door]).keep(span);
        let name = human.truth.member.name();
        let email = human.card_email.clone().filter(|_| !self.club.by_file);
        let mut card = Card::new(human.no.clone(), name, span, email);
        card.owner = Some(place);
        self.door(door).cards.insert(card.no.clone(), card);
    }

    /// Somebody who is no member gets a card.
    pub fn make_stranger(&mut self, door: usize) {
        self.strangers += 1;
        let ahead = self.chance.between(-50, 500);
        let span = Span { begin: self.day(-100), end: self.day(ahead) };
        let span = Span { begin: span.begin, end: span.end.min(last_moment()) };
        let span = self.door(door).keep(span);
        let no = format!("S{}", self.strangers);
        let email = Some(format!("{no}@elsewhere.example")).filter(|_| !self.club.by_file);
        let card = Card::new(no, "Stranger".to_owned(), span, email);
        self.door(door).cards.insert(card.no.clone(), card);
    }

    /// Something about a member changes in the organisation.
    pub fn change(&mut self, place: usize, change: impl FnOnce(&mut State)) {
        let human = &mut self.humans[place];
        let mut state =
            State { member: human.truth.member.clone(), is_unusable: human.truth.is_unusable };
        change(&mut state);
        state.member.roles.sort();
        human.truth = Arc::new(state);
        human.changed_at = self.now;
    }

    /// Whether a card has another name than the member whose it is said to be.
    pub fn has_other_name(&self, card: &Card) -> bool {
        card.owner.is_some_and(|owner| card.name != self.humans[owner].truth.member.name())
    }

    /// The link file, for clubs that use one.
    pub fn link_file(&self) -> String {
        let mut text = "Person ID,Email\n".to_owned();
        for human in &self.humans {
            if let Some(email) = &human.card_email {
                text.push_str(&format!("{},{email}\n", human.no));
            }
        }
        text
    }
}

/// As Cardskipper's are spelled.
pub fn holder_id(source: &str, number: &str, born: NaiveDate) -> HolderId {
    let id = SourceName::new(source)
        .and_then(|source| HolderId::new(source, &format!("{number}/{born}")));
    id.unwrap_or_else(|_| unreachable!("a name, a number and a date"))
}

pub fn role_id(id: i64) -> RightCode {
    RightCode::whole(id).unwrap_or_else(|_| unreachable!("above zero"))
}

pub fn number_of(role: &RightCode) -> i64 {
    role.as_str().parse().unwrap_or_else(|_| unreachable!("roles here are numbers"))
}
