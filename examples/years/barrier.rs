//! A barrier, its list of plates, and what may be wrong with it.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use ivms_sync::model::{Days, GateRow, Memory, RowEffect, RowTime, Zone};
use ivms_sync::ports::{
    Class, Failure, Gate, GateRows, GateWriter, Identity, Statement, TargetClock,
};

use crate::door::Fault;
use crate::outside::{Death, die, open};
use crate::sabotage::Sabotage;

/// Whose a row is, as far as the program can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// Somebody else's.
    Theirs,
    /// The program's.
    Ours,
    /// The program's, and nobody can tell any more whether it knows.
    Doubtful,
}

/// What a barrier calls its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    Numbers,
    Plates,
    Nothing,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub number: u64,
    /// Letters and digits alone.
    pub plate: String,
    pub effect: RowEffect,
    pub time: RowTime,
    pub hand: Hand,
    /// What the program wrote last, or may have.
    pub wrote: Vec<Days>,
    /// It was written in a request whose answer did not come, and was not seen since.
    pub is_announced: bool,
    /// Changed by hand since the program last read the list.
    pub by_hand: bool,
}

impl Row {
    pub fn new(plate: &str, first: NaiveDate, last: NaiveDate, hand: Hand) -> Self {
        let days = Days::new(first, last.max(first));
        Self {
            number: 0,
            plate: plate.to_owned(),
            effect: RowEffect::Opens,
            time: days.map_or(RowTime::Unclear, time_of),
            hand,
            wrote: days.into_iter().filter(|_| hand == Hand::Ours).collect(),
            is_announced: false,
            by_hand: hand == Hand::Theirs,
        }
    }

    /// When it is in force: where the barrier shows dates that nobody can read, as the program wrote it, if that is
    /// known. Source: `ivms-sync help gates`.
    pub fn known_time(&self) -> RowTime {
        match (self.time, self.hand, self.wrote.as_slice()) {
            (RowTime::Unclear, Hand::Ours, [days]) => time_of(*days),
            (time, ..) => time,
        }
    }

    /// Whether it opens at a moment of the barrier's clock.
    pub fn opens_at(&self, at: NaiveDateTime) -> bool {
        self.effect != RowEffect::Bars
            && match self.known_time() {
                RowTime::Unclear => true,
                RowTime::Known { begin, end } => {
                    begin.is_none_or(|begin| begin <= at) && end.is_none_or(|end| at <= end)
                }
            }
    }

    /// The last day on which it opens; none where it has no end, or none that is known.
    pub fn last(&self) -> Option<NaiveDate> {
        match self.known_time() {
            RowTime::Known { end: Some(end), .. } => Some(end.date()),
            _ => None,
        }
    }

    /// The first day on which it opens, from a day on.
    pub fn first(&self, from: NaiveDate) -> NaiveDate {
        match self.known_time() {
            RowTime::Known { begin: Some(begin), .. } => begin.date().max(from),
            _ => from,
        }
    }
}

/// From the first second to the last.
fn time_of(days: Days) -> RowTime {
    let window = days.window();
    RowTime::Known { begin: window.map(|it| it.begin()), end: window.map(|it| it.end()) }
}

/// A camera at a barrier.
#[derive(Debug)]
pub struct Barrier {
    pub rows: Vec<Row>,
    pub capacity: usize,
    pub names: Names,
    /// Its firmware holds the first day of a row; elsewhere a row opens at once.
    pub holds_begins: bool,
    pub serial: u32,
    pub zone: Zone,
    pub skew: TimeDelta,
    pub away_until: DateTime<Utc>,
    /// It shows a part of its list, and says so, until then.
    pub shows_part_until: DateTime<Utc>,
    /// When its clock is put right.
    pub skewed_until: DateTime<Utc>,
    /// Plates of rows that somebody removed since the program last read the list.
    pub removed: Vec<String>,
    /// The program's rows among them, which it knows until then.
    pub gone: Vec<Row>,
    last_number: u64,
    pub tick: BarrierTick,
}

/// What happens at a barrier in one tick.
#[derive(Debug, Default)]
pub struct BarrierTick {
    pub now: DateTime<Utc>,
    /// This request (counted from 0) goes wrong in this way.
    pub fault: Option<(u32, Fault)>,
    pub was_hit: bool,
    pub calls: u32,
    pub writes: Vec<RowWrite>,
    /// The list was read, whole or not.
    pub read: Option<bool>,
    pub sabotage: Option<Sabotage>,
}

/// A write as it arrived.
#[derive(Debug, Clone)]
pub struct RowWrite {
    pub plate: String,
    /// The row that is changed, as it was.
    pub before: Option<Row>,
    /// What was asked for; nothing where the row was to go.
    pub days: Option<Days>,
    /// As it stands afterwards.
    pub after: Option<Row>,
    /// The list had a row for the plate that was to be added.
    pub was_there: bool,
    /// There was no room for it.
    pub was_full: bool,
}

impl Barrier {
    pub fn new(serial: u32, zone: Zone, born: DateTime<Utc>) -> Self {
        Self {
            rows: Vec::new(),
            capacity: 1000,
            names: Names::Numbers,
            holds_begins: true,
            serial,
            zone,
            skew: TimeDelta::zero(),
            away_until: born,
            shows_part_until: born,
            skewed_until: born,
            removed: Vec::new(),
            gone: Vec::new(),
            last_number: 0,
            tick: BarrierTick::default(),
        }
    }

    /// Puts a row on the list.
    pub fn add(&mut self, mut row: Row) {
        self.last_number += 1;
        row.number = self.last_number;
        self.rows.push(row);
    }

    /// An old state file is put back: of what was written since, the program knows nothing.
    pub fn forget_since(&mut self, then: &[Row]) {
        let names = self.names;
        for row in &mut self.rows {
            let is_it = |old: &&Row| match names {
                Names::Numbers => old.number == row.number,
                Names::Plates | Names::Nothing => old.plate == row.plate,
            };
            let known = then.iter().find(is_it).filter(|old| old.hand == Hand::Ours);
            match known {
                Some(old) if !old.is_announced && row.hand == Hand::Ours => {
                    row.wrote.clone_from(&old.wrote);
                }
                _ => row.hand = if known.is_some() { Hand::Doubtful } else { Hand::Theirs },
            }
            row.by_hand = true;
        }
        let gone = then.iter().filter(|old| self.rows.iter().all(|row| row.plate != old.plate));
        self.gone = gone.filter(|row| row.hand != Hand::Theirs).cloned().collect();
        let gone = then.iter().filter(|old| self.rows.iter().all(|row| row.plate != old.plate));
        self.removed = gone.map(|row| row.plate.clone()).collect();
    }

    /// Somebody removes a row.
    pub fn lose(&mut self, row: Row) {
        self.removed.push(row.plate.clone());
        self.gone.extend(Some(row).filter(|row| row.hand != Hand::Theirs));
    }

    pub fn is_away(&self) -> bool {
        self.tick.now < self.away_until
    }

    /// Whether it shows a part of its list in this tick.
    pub fn shows_part(&self) -> bool {
        self.tick.now < self.shows_part_until
    }

    /// As the barrier shows it.
    fn shown(&self, row: &Row) -> GateRow {
        let id = match self.names {
            Names::Numbers => row.number.to_string(),
            Names::Plates => row.plate.clone(),
            Names::Nothing => String::new(),
        };
        GateRow { id, plate: row.plate.clone(), effect: row.effect, time: row.time }
    }

    /// The row that is meant by what was shown.
    fn place(&self, there: &GateRow) -> Option<usize> {
        self.rows.iter().position(|row| {
            let shown = self.shown(row);
            shown.id == there.id && shown.plate == there.plate
        })
    }
}

/// A connection to a barrier.
pub struct Wire {
    pub barrier: Arc<Mutex<Barrier>>,
}

fn failure(class: Class, text: &str) -> Failure {
    Failure { class, has_spent_login: false, text: text.to_owned(), hint: None }
}

impl Wire {
    /// A request reaches the barrier and has its effect, and its answer comes back or does not.
    fn ask<T>(
        &self,
        is_write: bool,
        effect: impl FnOnce(&mut Barrier, Option<Fault>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut barrier = open(&self.barrier);
        let number = barrier.tick.calls;
        barrier.tick.calls += 1;
        if barrier.is_away() {
            return Err(failure(Class::Temporary, "no route"));
        }
        let fault = barrier.tick.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        barrier.tick.was_hit |= fault.is_some();
        let lost = if is_write { Class::Unknown } else { Class::Temporary };
        match fault {
            Some(Fault::Busy | Fault::Meanwhile) => {
                return Err(failure(Class::Temporary, "its list is being changed"));
            }
            Some(Fault::LostBefore) => return Err(failure(lost, "no answer")),
            Some(Fault::Die(Death::Before)) => {
                drop(barrier);
                die()
            }
            _ => {}
        }
        let answer = effect(&mut barrier, fault);
        match fault {
            Some(Fault::LostAfter) => Err(failure(lost, "no answer")),
            Some(Fault::Die(Death::After)) => {
                drop(barrier);
                die()
            }
            _ => answer,
        }
    }
}

impl Gate for Wire {
    fn identity(&mut self) -> Result<Identity, Failure> {
        self.ask(false, |barrier, _| {
            let serial = match barrier.tick.sabotage {
                Some(Sabotage::SameSerial) => "B".to_owned(),
                _ => format!("B{}", barrier.serial),
            };
            Ok(Identity { serial, model: "ITC".to_owned(), version: "V1".to_owned() })
        })
    }

    fn clock(&mut self) -> Result<Option<TargetClock>, Failure> {
        self.ask(false, |barrier, _| {
            let lies = barrier.tick.sabotage == Some(Sabotage::LyingBarrier);
            let skew = if lies { TimeDelta::zero() } else { barrier.skew };
            let local = (barrier.tick.now + skew).with_timezone(&barrier.zone).naive_local();
            Ok(Some(TargetClock { local, offset_minutes: None }))
        })
    }

    fn statement(&mut self) -> Result<Statement, Failure> {
        self.ask(false, |barrier, _| {
            let says = barrier.tick.sabotage != Some(Sabotage::NoCapacity);
            let capacity = says.then_some(barrier.capacity as u64);
            Ok(Statement { capacity, ..Statement::default() })
        })
    }

    fn memory(&self) -> Memory {
        Memory::default()
    }

    fn learnt(&self) -> Vec<String> {
        Vec::new()
    }

    fn keep_a_try(&mut self) {}

    fn holds_begins(&self) -> bool {
        open(&self.barrier).holds_begins
    }

    fn rows(&mut self) -> Result<GateRows, Failure> {
        self.ask(false, |barrier, fault| {
            let is_whole = fault != Some(Fault::HalfList) && !barrier.shows_part();
            let count = if is_whole { barrier.rows.len() } else { barrier.rows.len() / 2 };
            let rows = barrier.rows.iter().take(count).map(|row| barrier.shown(row)).collect();
            barrier.tick.read = Some(is_whole);
            let complete = is_whole || barrier.tick.sabotage == Some(Sabotage::PartIsWhole);
            Ok(GateRows { rows, unusable: Vec::new(), complete })
        })
    }

    fn into_writer<'a>(self: Box<Self>) -> Box<dyn GateWriter + 'a>
    where
        Self: 'a,
    {
        Box::new(Pencil(*self))
    }
}

/// The same connection, with the right to write.
struct Pencil(Wire);

impl GateWriter for Pencil {
    fn reader(&mut self) -> &mut dyn Gate {
        &mut self.0
    }

    fn put(
        &mut self,
        plate: &str,
        days: Days,
        there: Option<&GateRow>,
    ) -> Result<GateRow, Failure> {
        self.0.ask(true, |barrier, fault| {
            let took = fault != Some(Fault::Untrue);
            let place = there.and_then(|there| barrier.place(there));
            let was_there = there.is_none() && barrier.rows.iter().any(|row| row.plate == plate);
            let was_full = there.is_none() && barrier.rows.len() >= barrier.capacity;
            let before = place.map(|at| barrier.rows[at].clone());
            let mut write = RowWrite {
                plate: plate.to_owned(),
                before: before.clone(),
                days: Some(days),
                after: before.clone(),
                was_there,
                was_full,
            };
            let is_refused = there.is_some() && place.is_none() || was_there || was_full;
            if is_refused || !took && before.is_none() {
                barrier.tick.writes.push(write);
                return Err(failure(Class::Refused, "it holds no such row"));
            }
            if let Some(before) = before.as_ref().filter(|_| !took) {
                barrier.tick.writes.push(write);
                return Ok(barrier.shown(before));
            }
            let (holds, sabotage) = (barrier.holds_begins, barrier.tick.sabotage);
            let mut row =
                before.unwrap_or_else(|| Row::new(plate, days.first(), days.last(), Hand::Ours));
            let is_lost = matches!(fault, Some(Fault::LostAfter | Fault::Die(_)));
            row.time = time_of(days);
            row.effect = RowEffect::Opens;
            if let (RowTime::Known { begin, .. }, false) = (&mut row.time, holds) {
                *begin = None;
            }
            let honest = row.clone();
            if let RowTime::Known { end, .. } = &mut row.time {
                match sabotage {
                    Some(Sabotage::LongerRows) => *end = end.map(|end| end + TimeDelta::days(1)),
                    Some(Sabotage::EndlessRows) => *end = None,
                    _ => {}
                }
            }
            // Of a change whose answer is lost the program goes on with what it knew.
            let is_new = there.is_none();
            if is_lost && !is_new {
                row.wrote.push(days);
            } else {
                row.wrote = vec![days];
            }
            (row.by_hand, row.is_announced) = (false, is_lost && is_new);
            match place {
                Some(at) => barrier.rows[at] = row.clone(),
                None => {
                    barrier.add(row.clone());
                    row.number = barrier.last_number;
                }
            }
            write.after = Some(row.clone());
            barrier.tick.writes.push(write);
            Ok(barrier.shown(&Row { number: row.number, ..honest }))
        })
    }

    fn remove(&mut self, there: &GateRow) -> Result<(), Failure> {
        self.0.ask(true, |barrier, fault| {
            let took = fault != Some(Fault::Untrue);
            let Some(mut at) = barrier.place(there) else { return Ok(()) };
            if barrier.tick.sabotage == Some(Sabotage::OtherRow) {
                at = (at + 1) % barrier.rows.len();
            }
            let before = barrier.rows[at].clone();
            barrier.tick.writes.push(RowWrite {
                plate: before.plate.clone(),
                after: Some(before.clone()).filter(|_| !took),
                before: Some(before),
                days: None,
                was_there: false,
                was_full: false,
            });
            if !took {
                return Err(failure(Class::Refused, "the row is there still"));
            }
            barrier.rows.remove(at);
            Ok(())
        })
    }
}
