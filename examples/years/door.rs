//! A device, its persons, and what may be wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use ivms_sync::connectors::hikcentral;
use ivms_sync::connectors::hikvision::{Error, differs_beyond_validity, read_record};
use ivms_sync::model::{RecordId, Window, Zone};
use ivms_sync::ports::{
    Committed, Failure, FullRecord, Identity, Pending, RecordList, Statement, Target, TargetClock,
    TargetWriter, Written,
};
use serde_json::json;

use crate::firmware::{Grain, Notation};
use crate::ledger::{Due, Span};
use crate::outside::{Death, die, open};
use crate::sabotage::Sabotage;
use crate::site::{self, Behind, Site, Step};

/// A device locks a host out after this many wrong logins within half an hour.
const TRIES: usize = 5;
const LOCK: TimeDelta = TimeDelta::minutes(30);

/// A person on a device.
#[derive(Debug, Clone)]
pub struct Card {
    pub no: String,
    pub name: String,
    pub is_barred: bool,
    pub is_admin: bool,
    /// `enable:false`: the dates are not looked at.
    pub is_permanent: bool,
    pub span: Span,
    /// The end stands before the begin.
    pub is_upside_down: bool,
    /// How the dates are told, until the next write.
    pub notation: Notation,
    /// Written already, and shown from then on.
    pub late: Option<(DateTime<Utc>, Span)>,
    pub email: Option<String>,
    /// The rights a write must send back as they are.
    pub right: u32,
    /// What the doors behind a platform go by, where that is not this.
    pub behind: Option<Behind>,
    /// A platform takes no change of this card.
    pub is_refused: bool,
    /// Whose card it is, by place; `None`: a stranger to the club's list.
    pub owner: Option<usize>,
    /// Changed by hand since the program last read all persons.
    pub by_hand: bool,
    /// The program has had the occasion to store the link.
    pub is_linked: bool,
    /// Somebody has told it, or may have, that the name on the card is right.
    pub is_name_accepted: bool,
    /// The program has had the occasion to see that the door was as paid for.
    pub is_served: bool,
    /// Until when the time runs that was kept in sync here last, if it was running then.
    pub paid_until: Option<NaiveDateTime>,
    /// The same of time that was heard of, whether the door was asked or not.
    pub heard_until: Vec<NaiveDateTime>,
    record: Option<FullRecord>,
}

impl Card {
    pub fn new(no: String, name: String, span: Span, email: Option<String>) -> Self {
        Self {
            no,
            name,
            is_barred: false,
            is_admin: false,
            is_permanent: false,
            span,
            is_upside_down: false,
            notation: Notation::Plain,
            late: None,
            email,
            right: 1,
            behind: None,
            is_refused: false,
            owner: None,
            by_hand: true,
            is_linked: false,
            is_name_accepted: false,
            is_served: false,
            paid_until: None,
            heard_until: Vec::new(),
            record: None,
        }
    }

    /// Somebody changes the card at the device; at a platform they apply it, too.
    pub fn edit(&mut self, change: impl FnOnce(&mut Self)) {
        change(self);
        (self.late, self.behind) = (None, None);
        self.by_hand = true;
        self.record = None;
    }

    /// A later period, joined to the one that it replaces: paid time that runs, and ends no later. Where it
    /// does not touch the later period, it runs alone first. Source: `ivms-sync help access`.
    /// It must be to what was kept in sync, and may be to what was only heard of (`may`).
    pub fn joined(&self, due: Due, now: NaiveDateTime, may: bool) -> Vec<Due> {
        let Due::Open(first, last) = due else { return Vec::new() };
        let heard = self.heard_until.iter().filter(|_| may);
        let ends = self.paid_until.iter().chain(heard).copied();
        let running = ends.filter(|end| first > now && *end >= now && last >= *end);
        let touches = |end: NaiveDateTime| end + TimeDelta::seconds(1) >= first;
        running.map(|end| Due::Open(now, if touches(end) { last } else { end })).collect()
    }

    /// Whether the door opens at a moment of its own clock.
    pub fn opens_at(&self, at: NaiveDateTime) -> bool {
        self.is_permanent || !self.is_upside_down && self.span.contains(at)
    }

    /// A platform takes new dates; its doors go by the old ones until these are applied.
    pub fn take_for_later(&mut self, span: Span) {
        let (old, is_upside_down) = (self.span, self.is_upside_down);
        self.take(span);
        let behind =
            self.behind.get_or_insert(Behind { span: old, is_upside_down, step: Step::Edited });
        behind.step = Step::Edited;
    }

    /// Whether the doors behind a platform do not go by what stands here.
    pub fn is_behind(&self) -> bool {
        self.behind.is_some_and(|one| one.span != self.span || one.is_upside_down)
    }

    /// The device takes new dates.
    pub fn take(&mut self, span: Span) {
        self.span = span;
        (self.is_upside_down, self.notation, self.late) = (false, Notation::Plain, None);
        self.record = None;
    }

    /// The two dates as they stand on the device.
    pub fn dates(&self) -> (NaiveDateTime, NaiveDateTime) {
        match self.is_upside_down {
            false => (self.span.begin, self.span.end),
            true => (self.span.end, self.span.begin - TimeDelta::days(1)),
        }
    }

    /// Whether the dates, as they are told, can mean two things, or nothing.
    pub fn is_unclear(&self, zone: Zone) -> bool {
        let (begin, end) = self.dates();
        !self.is_permanent && !self.notation.is_clear(begin, end, zone)
    }

    /// Forgets how it was told.
    pub fn tell_anew(&mut self) {
        self.record = None;
    }

    /// As the device tells it.
    fn record(&mut self, zone: Zone, suffix: Notation, site: Option<&Site>) -> Option<FullRecord> {
        if let (None, Some(site)) = (&self.record, site) {
            self.record = site.tell(self, zone);
        }
        if self.record.is_none() {
            let (begin, end) = self.dates();
            let notation = if suffix == Notation::Plain { self.notation } else { suffix };
            let ([begin, end], kind) = notation.tell(begin, end, zone);
            let value = json!({
                "employeeNo": self.no,
                "name": self.name,
                "userType": if self.is_barred { "blackList" } else { "normal" },
                "Valid": {
                    "enable": !self.is_permanent,
                    "beginTime": begin,
                    "endTime": end,
                    "timeType": kind,
                },
                "doorRight": self.right.to_string(),
                "RightPlan": [{"doorNo": 1, "planTemplateNo": "1"}],
                "localUIRight": self.is_admin,
                "PersonInfoExtends": [{"value": self.email.clone().unwrap_or_default()}],
            });
            self.record = read_record(&value, zone).ok();
        }
        self.record.clone()
    }
}

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Busy,
    /// The answer is lost, and nothing was done.
    LostBefore,
    /// It was done, and the answer is lost.
    LostAfter,
    /// "OK", and nothing is done.
    Untrue,
    /// The list of persons ends early.
    HalfList,
    /// Somebody changes the person at the device just before the request.
    Meanwhile,
    /// The run dies.
    Die(Death),
}

/// A device.
#[derive(Debug)]
pub struct Door {
    pub cards: BTreeMap<String, Card>,
    /// It is a platform, with doors behind it.
    pub site: Option<Site>,
    /// Its serial number.
    pub serial: u32,
    /// The firmware has forgotten the serial number, until then.
    pub nameless_until: DateTime<Utc>,
    /// What it makes of the dates that it is sent.
    pub grain: Grain,
    /// The form in which it tells everybody's dates, where that is not each card's own, until then.
    pub suffix: Notation,
    pub suffix_until: DateTime<Utc>,
    /// Writes show so much later than they are confirmed, until then.
    pub is_late_by: TimeDelta,
    pub late_until: DateTime<Utc>,
    /// The numbers were given anew by so many places, until then.
    pub turned_by: usize,
    pub turned_until: DateTime<Utc>,
    /// Names are other ones than those that the program read.
    pub names: Names,
    /// The zone its clock runs in.
    pub zone: Zone,
    /// How far its clock is off.
    pub skew: TimeDelta,
    pub skewed_until: DateTime<Utc>,
    pub away_until: DateTime<Utc>,
    pub password: u32,
    /// The person list comes short for a while, and does not say so.
    pub shows: Shows,
    pub tells_tries: bool,
    wrong_logins: Vec<DateTime<Utc>>,
    pub was_locked: bool,
    /// Something changed in the middle of a write that nobody had asked for: the program may have noticed.
    pub is_meddled_with: bool,
    /// Wrong logins since the password was last put right, and when the first of them was.
    pub wrong_in_row: u32,
    wrong_since: Option<DateTime<Utc>>,
    pub tick: DoorTick,
}

/// Whether the names on a device are those that the program last read and believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    Same,
    /// Some may be others.
    Perhaps,
    /// So many of linked persons are others that the door must not be believed.
    Others,
}

impl Names {
    pub fn at_least_perhaps(self) -> Self {
        if self == Self::Same { Self::Perhaps } else { self }
    }
}

/// How much of its list a device shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    All,
    Half,
    Nobody,
}

/// What happens at a device in one tick.
#[derive(Debug, Default)]
pub struct DoorTick {
    pub now: DateTime<Utc>,
    /// This request (counted from 0) goes wrong in this way.
    pub fault: Option<(u32, Fault)>,
    pub was_hit: bool,
    /// Some request failed, whatever the reason but the login.
    pub has_erred: bool,
    /// The login was refused, or not even tried.
    pub has_refused: bool,
    pub calls: Calls,
    pub writes: Vec<Write>,
    /// Every person was read, and how many there were.
    pub read_all: Option<usize>,
    /// The clock lies (sabotage).
    pub sabotage: Option<Sabotage>,
}

/// Requests by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calls {
    pub info: u32,
    pub abilities: u32,
    pub clock: u32,
    pub lists: u32,
    pub exact: u32,
    pub writes: u32,
    /// Asked a platform to put something in force, and what became of that.
    pub commits: u32,
    pub settlements: u32,
}

impl Calls {
    pub fn all(self) -> u32 {
        let reads = self.info + self.abilities + self.clock + self.lists + self.exact;
        reads + self.writes + self.commits + self.settlements
    }
}

/// A write as it arrived.
#[derive(Debug, Clone)]
pub struct Write {
    pub card: Card,
    pub after: Span,
    pub took: bool,
    /// The rest of what was sent back is what the device held.
    pub is_rest_same: bool,
}

impl Door {
    pub fn new(serial: u32, zone: Zone, tells_tries: bool, born: DateTime<Utc>) -> Self {
        Self {
            cards: BTreeMap::new(),
            site: None,
            serial,
            nameless_until: born,
            grain: Grain::default(),
            suffix: Notation::Plain,
            suffix_until: born,
            is_late_by: TimeDelta::zero(),
            late_until: born,
            turned_by: 0,
            turned_until: born,
            names: Names::Same,
            zone,
            skew: TimeDelta::zero(),
            skewed_until: born,
            away_until: born,
            password: 0,
            shows: Shows::All,
            tells_tries,
            wrong_logins: Vec::new(),
            was_locked: false,
            is_meddled_with: false,
            wrong_in_row: 0,
            wrong_since: None,
            tick: DoorTick::default(),
        }
    }

    /// For how long logins have been wrong by now.
    pub fn wrong_for(&self) -> TimeDelta {
        self.wrong_since.map_or_else(TimeDelta::zero, |since| self.tick.now - since)
    }

    pub fn is_away(&self) -> bool {
        self.tick.now < self.away_until
    }

    /// Tells everybody's dates in this form.
    pub fn tell_as(&mut self, suffix: Notation) {
        self.suffix = suffix;
        for card in self.cards.values_mut() {
            // What was read in the form of the whole device is known by its digits from then on, whatever
            // was odd about it before.
            card.notation = Notation::Plain;
            card.tell_anew();
            card.by_hand = true;
        }
    }

    /// Gives an entry a number; what the program knew of the number is another's.
    pub fn put(&mut self, mut card: Card, no: String) {
        card.edit(|card| card.no.clone_from(&no));
        (card.is_linked, card.is_served, card.is_name_accepted) = (false, false, false);
        self.cards.entry(no).or_insert(card);
    }

    /// The serial number as it tells it; 0 for none.
    pub fn serial_told(&self) -> u32 {
        if self.tick.now < self.nameless_until { 0 } else { self.serial }
    }

    /// Whether writes show later than they are confirmed, now or still.
    pub fn is_late(&self) -> bool {
        self.is_late_by > TimeDelta::zero() || self.cards.values().any(|card| card.late.is_some())
    }

    fn log_in(&mut self, call: &'static str, with: u32) -> Result<(), Failure> {
        let now = self.tick.now;
        if self.site.is_some() {
            return if with == self.password {
                Ok(())
            } else {
                Err(self.refuse(site::no_login(call)))
            };
        }
        self.wrong_logins.retain(|at| now - *at < LOCK);
        if self.wrong_logins.len() >= TRIES {
            return Err(Error::LockedOut { unlock_after: Some(Duration::from_secs(1800)) }.into());
        }
        if with == self.password {
            self.wrong_logins.clear();
            return Ok(());
        }
        let left = TRIES - self.wrong_logins.len();
        if self.tells_tries && left < 3 {
            return Err(Error::TooFewTries { tries_left: left as u32 }.into());
        }
        self.wrong_logins.push(now);
        self.was_locked |= self.wrong_logins.len() >= TRIES;
        let tries_left = self.tells_tries.then_some(left as u32 - 1);
        Err(self.refuse(Error::LoginRefused { tries_left }.into()))
    }

    fn refuse(&mut self, why: Failure) -> Failure {
        if self.wrong_in_row == 0 {
            self.wrong_since = Some(self.tick.now);
        }
        self.wrong_in_row += 1;
        why
    }

    /// A request that gets no usable answer.
    fn lost(&self, call: &'static str, write: bool) -> Failure {
        match (&self.site, write) {
            (Some(_), _) => site::lost(call, write),
            (None, true) => Error::AnswerLost { call, write }.into(),
            (None, false) => Error::Timeout { call }.into(),
        }
    }
}

/// What a program that is broken on purpose makes of a person.
fn read_wrongly(mut record: FullRecord, sabotage: Option<Sabotage>) -> FullRecord {
    let person = &mut record.person;
    match sabotage {
        Some(Sabotage::ReadAnyway) => person.limit = person.limit.read_as_written(),
        Some(Sabotage::OldNames) => person.name.clear(),
        _ => {}
    }
    record
}

/// A connection to a device.
pub struct Line<'a> {
    pub door: &'a Mutex<Door>,
    pub password: u32,
    pub zone: Zone,
    /// What the first request came to, once there was one.
    pub login: Option<Result<(), Failure>>,
}

/// The same connection, with the right to write.
pub struct Pen<'a>(Line<'a>);

/// What became of a request on its way.
struct Arrived<'a> {
    door: MutexGuard<'a, Door>,
    fault: Option<Fault>,
}

impl<'a> Line<'a> {
    /// A request reaches the device, or does not.
    fn arrive(
        &mut self,
        call: &'static str,
        is_write: bool,
        count: impl FnOnce(&mut Calls),
    ) -> Result<Arrived<'a>, Failure> {
        if let Some(Err(error)) = &self.login {
            return Err(error.clone());
        }
        let mut door = open(self.door);
        let number = door.tick.calls.all();
        count(&mut door.tick.calls);
        if door.is_away() {
            door.tick.has_erred = true;
            return Err(match door.site {
                Some(_) => site::away(),
                None => Error::Unreachable {
                    address: "10.0.0.7".to_owned(),
                    what: "no route".to_owned(),
                }
                .into(),
            });
        }
        if self.login.is_none() {
            let login = door.log_in(call, self.password);
            door.tick.has_refused |= login.is_err();
            self.login = Some(login.clone());
            login?;
        }
        let fault = door.tick.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        door.tick.was_hit |= fault.is_some();
        door.tick.has_erred |= matches!(
            fault,
            Some(Fault::Busy | Fault::LostBefore | Fault::LostAfter | Fault::HalfList)
        );
        match fault {
            Some(Fault::Busy) if door.site.is_some() => Err(site::busy(call)),
            Some(Fault::Busy) => Err(Error::Busy { call, code: "deviceBusy".to_owned() }.into()),
            Some(Fault::LostBefore) => Err(door.lost(call, is_write)),
            Some(Fault::Die(Death::Before)) => {
                drop(door);
                die()
            }
            _ => Ok(Arrived { door, fault }),
        }
    }
}

impl Arrived<'_> {
    /// The answer leaves the device, and arrives or does not.
    fn answer<T>(self, call: &'static str, is_write: bool, answer: T) -> Result<T, Failure> {
        match self.fault {
            Some(Fault::LostAfter) => Err(self.door.lost(call, is_write)),
            Some(Fault::Die(_)) => {
                drop(self.door);
                die()
            }
            _ => Ok(answer),
        }
    }
}

impl Target for Line<'_> {
    fn identity(&mut self) -> Result<Identity, Failure> {
        let arrived = self.arrive("device info", false, |calls| calls.info += 1)?;
        let info = Identity {
            model: "DS".to_owned(),
            serial: match arrived.door.serial_told() {
                _ if arrived.door.tick.sabotage == Some(Sabotage::SameSerial) => "S".to_owned(),
                0 => String::new(),
                serial => format!("S{serial}"),
            },
            version: "V1".to_owned(),
        };
        arrived.answer("device info", false, info)
    }

    fn clock(&mut self) -> Result<Option<TargetClock>, Failure> {
        let arrived = self.arrive("clock", false, |calls| calls.clock += 1)?;
        let door = &arrived.door;
        let lies = door.tick.sabotage == Some(Sabotage::LyingClock);
        let skew = if lies { TimeDelta::zero() } else { door.skew };
        let local = (door.tick.now + skew).with_timezone(&door.zone).naive_local();
        arrived.answer("clock", false, Some(TargetClock { local, offset_minutes: None }))
    }

    fn statement(&mut self) -> Result<Statement, Failure> {
        let arrived = self.arrive("capabilities", false, |calls| calls.abilities += 1)?;
        let grain = arrived.door.grain;
        let latest_end = grain.latest.filter(|_| grain.says_latest);
        let said = Statement { latest_end, ..Statement::default() };
        arrived.answer("capabilities", false, said)
    }

    fn all(&mut self, each: &mut dyn FnMut(FullRecord)) -> Result<RecordList, Failure> {
        let mut arrived = self.arrive("person list", false, |calls| calls.lists += 1)?;
        let zone = self.zone;
        let total = arrived.door.cards.len();
        let shown = match (arrived.door.shows, arrived.fault) {
            (Shows::Nobody, _) => 0,
            (Shows::Half, _) | (_, Some(Fault::HalfList)) => total / 2,
            (Shows::All, _) => total,
        };
        let (suffix, sabotage) = (arrived.door.suffix, arrived.door.tick.sabotage);
        let Door { cards, site, .. } = &mut *arrived.door;
        for card in cards.values_mut().take(shown) {
            let record = card.record(zone, suffix, site.as_ref());
            record.map(|record| read_wrongly(record, sabotage)).into_iter().for_each(&mut *each);
        }
        let complete = arrived.fault != Some(Fault::HalfList);
        if complete && !matches!(arrived.fault, Some(Fault::LostAfter | Fault::Die(_))) {
            arrived.door.tick.read_all = Some(shown);
        }
        let list = RecordList {
            twice: BTreeSet::new(),
            count: shown,
            total_stated: Some(if complete { shown } else { total }),
            pages: 1,
            unusable: Vec::new(),
            complete,
        };
        arrived.answer("person list", false, list)
    }

    fn some(&mut self, wanted: &[RecordId]) -> Result<BTreeMap<RecordId, FullRecord>, Failure> {
        let mut arrived = self.arrive("persons", false, |calls| calls.exact += 1)?;
        let mut found = BTreeMap::new();
        let (suffix, sabotage) = (arrived.door.suffix, arrived.door.tick.sabotage);
        for no in wanted {
            let is_meddled_with = arrived.fault == Some(Fault::Meanwhile);
            arrived.door.is_meddled_with |= is_meddled_with;
            let Door { cards, site, .. } = &mut *arrived.door;
            let Some(card) = cards.get_mut(no.as_str()) else { continue };
            if is_meddled_with {
                card.edit(|card| card.right += 1);
            }
            if let Some(record) = card.record(self.zone, suffix, site.as_ref()) {
                found.insert(no.clone(), read_wrongly(record, sabotage));
            }
        }
        arrived.answer("persons", false, found)
    }

    fn settlement(&mut self, written: &[Written]) -> Result<Pending, Failure> {
        let arrived = self.arrive("settlement", false, |calls| calls.settlements += 1)?;
        let pending = arrived.door.pending(written);
        arrived.answer("settlement", false, pending)
    }

    fn differences(&self, before: &FullRecord, after: &FullRecord) -> Vec<String> {
        match open(self.door).site {
            Some(_) => hikcentral::differs_beyond_validity(before, after),
            None => differs_beyond_validity(before, after),
        }
    }

    fn into_writer<'w>(self: Box<Self>) -> Box<dyn TargetWriter + 'w>
    where
        Self: 'w,
    {
        Box::new(Pen(*self))
    }
}

impl TargetWriter for Pen<'_> {
    fn reader(&mut self) -> &mut dyn Target {
        &mut self.0
    }

    fn set(&mut self, record: &FullRecord, validity: Window) -> Result<(), Failure> {
        let mut arrived = self.0.arrive("modify", true, |calls| calls.writes += 1)?;
        let zone = self.0.zone;
        let took = arrived.fault != Some(Fault::Untrue);
        let is_twice = arrived.door.tick.sabotage == Some(Sabotage::WriteTwice);
        let suffix = arrived.door.suffix;
        let late = arrived.door.is_late_by;
        let shows_at = arrived.door.tick.now + late;
        let no = record.person.employee_no.as_str();
        if let Some(why) = arrived.door.turns_away(no) {
            arrived.door.tick.has_erred |= arrived.door.is_busy();
            return Err(why);
        }
        let kept = arrived.door.keep(Span { begin: validity.begin(), end: validity.end() });
        for _ in 0..=usize::from(is_twice) {
            let Door { cards, site, .. } = &mut *arrived.door;
            let Some(card) = cards.get_mut(no) else {
                return Err(Error::NoSuchPerson(record.person.employee_no.clone()).into());
            };
            let is_rest_same = card
                .record(zone, suffix, site.as_ref())
                .is_some_and(|held| held.person.fingerprint == record.person.fingerprint);
            let after = Span { begin: validity.begin(), end: validity.end() };
            let write = Write { card: card.clone(), after, took, is_rest_same };
            if took && late > TimeDelta::zero() {
                let shows_at = card.late.map_or(shows_at, |(at, _)| at);
                card.late = Some((shows_at, kept));
            } else if took && site.is_some() {
                card.take_for_later(kept);
            } else if took {
                card.take(kept);
            }
            arrived.door.tick.writes.push(write);
        }
        arrived.answer("modify", true, ())
    }

    fn commit(&mut self, written: &[Written]) -> Result<Committed, Failure> {
        let mut arrived = self.0.arrive("reapplication", true, |calls| calls.commits += 1)?;
        let mut answer = Committed::default();
        if arrived.door.tick.sabotage != Some(Sabotage::NeverCommit) {
            answer = arrived.door.apply(written);
        }
        arrived.answer("reapplication", true, answer)
    }
}
