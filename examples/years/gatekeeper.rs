//! The oracle, fourth part: what the program can know of cars, and every row at every barrier.
//!
//! A right is days on a barrier's clock. What `may` be known is what some telling gives that the program may go
//! by; `sure` is what all of them give, where they agree.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days as DayCount, NaiveDate, NaiveTime, TimeDelta, Utc};
use ivms_sync::engine::TargetOutcome;
use ivms_sync::engine::gates::{GateRun, GateSeen, RowChangeSeen, all_cars, run};
use ivms_sync::engine::plan::Budget;
use ivms_sync::model::{Days, RowEffect, RowTime};
use ivms_sync::report::{ChangeState, Report};

use crate::barrier::{Barrier, Hand, Row, RowWrite};
use crate::club::Mode;
use crate::judge::{Ended, Way, waits};
use crate::kiosk::{Answer, LATE, Mood, Sale, Sales, Status};
use crate::ledger::{Due, has_doubtful, paid};
use crate::life::{Errand, Life};
use crate::outside::{Streets, open};
use crate::verdict::allowed;
use crate::yard::Sheet;

type Cars = BTreeSet<(String, usize)>;

/// What the program can know of cars: one telling of each where that is certain.
#[derive(Debug, Clone)]
pub struct CarsTold {
    files: Vec<Option<Cars>>,
    views: Vec<View>,
    /// The rights that each plate ever had: a member's place, or what the service calls it.
    ever: BTreeMap<String, BTreeSet<String>>,
    /// Since when so many are missing that they are not believed, and how many there would be.
    stuck: Option<(DateTime<Utc>, usize)>,
}

/// What a service was heard to say, and when it last was.
#[derive(Debug, Clone, Default, PartialEq)]
struct View {
    as_of: Option<DateTime<Utc>>,
    parts: [Sales; 2],
}

impl Default for CarsTold {
    fn default() -> Self {
        Self { files: vec![None], views: vec![View::default()], ever: BTreeMap::new(), stuck: None }
    }
}

/// What the program can know of a barrier.
#[derive(Debug, Clone, Default)]
pub struct GateBook {
    /// How often it failed in a row, at most, and when it last did, by the host's clock.
    failed: Option<(u32, DateTime<Utc>)>,
    /// The serial number that was last believed, and the one that perhaps was since.
    serial: (Option<u32>, Option<u32>),
    doubted_since: Option<DateTime<Utc>>,
    /// Which plates lost time when, by the host's clock, and whether that is on record for certain.
    lost: Vec<(DateTime<Utc>, String, bool)>,
    /// It was filled once.
    is_filled: bool,
    /// The configuration may decide otherwise than when all was settled.
    pub may_be_new: bool,
    /// Rows that the program announced and that are not there.
    ghosts: usize,
    /// Plates of which a right has ended today: a row stays until midnight, whatever is told of that right later.
    ran_out: BTreeSet<(NaiveDate, String)>,
    /// Plates of which nothing could be taken when the list was last read, or since.
    held: BTreeSet<String>,
    /// When the list was last read and all was in step, by the host's clock, and what it went by.
    pub calm: Option<(DateTime<Utc>, String)>,
}

/// Days on which a car may enter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Claim {
    first: NaiveDate,
    last: Option<NaiveDate>,
    /// It ended earlier today.
    is_over: bool,
}

/// What can be known of one plate at one barrier.
#[derive(Debug, Default)]
struct Of {
    may: Vec<Claim>,
    sure: Option<Vec<Claim>>,
    /// By every telling some right of it contains now.
    is_in_now: bool,
    /// Who gives it, or may: a row is told by its right.
    by: BTreeSet<String>,
    /// Whether it may, and whether it must, be left what it has.
    unsure: (bool, bool),
}

impl Claim {
    fn contains(&self, day: NaiveDate) -> bool {
        !self.is_over && self.first <= day && self.last.is_none_or(|last| day <= last)
    }
}

/// The days of a row, from the claims of a plate: those that today is in, else the next, with the earliest
/// last day that is as good.
fn wanted(claims: &[Claim], today: NaiveDate) -> Option<(NaiveDate, NaiveDate, NaiveDate)> {
    let mut claims: Vec<Claim> = claims.iter().filter(|claim| !claim.is_over).copied().collect();
    claims.sort();
    let mut runs: Vec<Claim> = Vec::new();
    for claim in claims {
        match runs
            .last_mut()
            .filter(|run| run.last.is_none_or(|last| claim.first <= last + DayCount::new(1)))
        {
            Some(run) => run.last = run.last.zip(claim.last).map(|(one, other)| one.max(other)),
            None => runs.push(claim),
        }
    }
    let run = runs.into_iter().find(|run| run.last.is_none_or(|last| last >= today))?;
    let after = |days| today + DayCount::new(days);
    let last = run.last.unwrap_or(after(30));
    let least = if run.last.is_none() { after(14).min(last) } else { last };
    (run.first <= last).then_some((run.first, least, last))
}

/// Whether a row is as it should be.
fn is_right(
    row: &Row,
    (first, least, last): (NaiveDate, NaiveDate, NaiveDate),
    today: NaiveDate,
) -> bool {
    let time = match (row.time, row.wrote.as_slice()) {
        (RowTime::Unclear, [days]) => {
            return (first.min(today)..=first.max(today))
                .contains(&days.first().max(first.min(today)))
                && (least..=last).contains(&days.last());
        }
        (time, _) => time,
    };
    let RowTime::Known { begin, end: Some(end) } = time else { return false };
    let is_whole = end.time() >= NaiveTime::from_hms_opt(23, 59, 0).unwrap_or_default();
    let from = first.max(today).and_time(NaiveTime::MIN);
    let begins =
        begin.is_none_or(|begin| if first <= today { begin <= from } else { begin == from });
    row.effect == RowEffect::Opens && is_whole && begins && (least..=last).contains(&end.date())
}

/// Tellings after a tick: `after` for certain, or perhaps.
fn merge<T: PartialEq>(known: &mut Vec<T>, after: Vec<T>, is_sure: bool) {
    if is_sure {
        known.clear();
    }
    for one in after {
        if !known.contains(&one) {
            known.push(one);
        }
    }
}

/// Of the rows that a listing must not lack too many of: those of rights that have not ended, in zones that are
/// configured.
fn is_row(sale: &Sale) -> bool {
    sale.zone < 2 && !sale.is_inverted
}

fn is_over(sale: &Sale, now: DateTime<Utc>) -> bool {
    sale.end.is_some_and(|end| end <= now)
}

impl View {
    /// Whether a listing lacks too much to be believed. Source: `ivms-sync help vehicles`.
    fn refuses(
        &self,
        at: usize,
        answer: &Answer,
        (is_live, accepted): (bool, Option<usize>),
        now: DateTime<Utc>,
    ) -> bool {
        let known = self.parts[at].values().filter(|sale| is_row(sale) && !is_over(sale, now));
        let running: Vec<&String> = known.map(|sale| &sale.plate).collect();
        let is_listed = |plate: &String| answer.sales.values().any(|sale| sale.plate == *plate);
        let gone = running.iter().filter(|plate| !is_listed(plate)).count();
        let may = if is_live { (running.len() / 2).max(9) } else { allowed(running.len(), 10, 2) };
        let count = answer.sales.values().filter(|sale| is_row(sale)).count();
        answer.is_whole && self.as_of.is_some() && gone > may && accepted != Some(count)
    }

    fn after(&self, answers: &[Answer; 2], is_register: bool, now: DateTime<Utc>) -> Self {
        let mut view = Self { as_of: Some(now), parts: self.parts.clone() };
        for (at, answer) in answers.iter().enumerate() {
            let part = &mut view.parts[at];
            if answer.is_whole {
                let is_live = is_register && at == 0;
                part.retain(|_, sale| is_over(sale, now) || is_live && sale.begin < now);
                // What runs and is not listed as running was stopped.
                part.values_mut()
                    .filter(|sale| !is_over(sale, now))
                    .for_each(|sale| sale.end = Some(now));
            }
            part.retain(|id, _| !answer.deleted.contains(id));
            part.extend(answer.sales.clone());
        }
        view
    }
}

impl Life {
    /// What was told of cars, and whether it was rightly believed or refused.
    pub fn learn_cars(&mut self, ended: &Ended, way: &Way) -> Result<(), String> {
        let Errand::Sync { accept_shrink, .. } = self.errand else { return Ok(()) };
        let (is_sure, host_now) =
            (ended.report().is_some() && !self.may_doubt_time(way), self.world.host_now());
        let stuck = self.cars.stuck.take().map_or(host_now, |(since, _)| since);
        if self.world.club.has_members_cars() && self.world.yard.sheet == Sheet::Whole {
            let cars = &self.world.yard.cars;
            let plates: BTreeSet<&String> = cars.iter().map(|(plate, _)| plate).collect();
            let is_believed = |known: &Option<Cars>| {
                let Some(known) = known else { return true };
                let gone = known.iter().filter(|(plate, _)| !plates.contains(plate)).count();
                gone <= allowed(known.len(), 10, 2) || accept_shrink == Some(cars.len())
            };
            let after = self.cars.files.iter().map(|known| match is_believed(known) {
                true => Some(cars.clone()),
                false => known.clone(),
            });
            let after: Vec<_> = after.collect();
            if !after.contains(&Some(cars.clone())) {
                self.cars.stuck = Some((stuck, cars.len()));
            }
            merge(&mut self.cars.files, after, is_sure);
            for (plate, place) in cars {
                self.cars.ever.entry(plate.clone()).or_default().insert(format!("{place}"));
            }
        }
        let Some(kiosk) = &self.world.yard.kiosk else { return Ok(()) };
        let mut kiosk = open(kiosk);
        let answers = std::mem::take(&mut kiosk.tick.answers);
        let (is_register, mood) = (kiosk.is_register, kiosk.mood);
        drop(kiosk);
        let line = ended.report().map(|report| {
            report.rights_files.iter().any(|line| line.name.as_str() == "street" && line.is_whole)
        });
        let [Some(one), Some(other)] = answers else {
            return match line {
                Some(true) => Err("the service gave no whole listing, and was believed".to_owned()),
                _ => Ok(()),
            };
        };
        let answers = [one, other];
        // The two clocks are held against each other, and nobody knows that both are wrong.
        let told = if mood == Mood::Late { self.world.now - LATE } else { self.world.now };
        let is_clock_wrong = (told - host_now).abs() > TimeDelta::seconds(60);
        let refuses = |view: &View, at: usize| {
            view.refuses(at, &answers[at], (is_register && at == 0, accept_shrink), host_now)
        };
        let believing: Vec<&View> =
            self.cars.views.iter().filter(|view| !(0..2).any(|at| refuses(view, at))).collect();
        match line {
            Some(true) if is_clock_wrong => {
                return Err("a service with another clock is believed".to_owned());
            }
            Some(true) if believing.is_empty() => {
                return Err("a service that lacks many rights is believed".to_owned());
            }
            Some(false) if !is_clock_wrong && believing.len() == self.cars.views.len() => {
                return Err("a service is refused for no reason".to_owned());
            }
            _ => {}
        }
        if line == Some(false) {
            let part = (0..2).find(|at| refuses(&self.cars.views[0], *at)).unwrap_or_default();
            let count = answers[part].sales.values().filter(|sale| is_row(sale)).count();
            if mood == Mood::Fine && self.cars.stuck.is_none() {
                self.cars.stuck = Some((stuck, count));
            }
            return Ok(());
        }
        if is_clock_wrong {
            return Ok(());
        }
        for (id, sale) in answers.iter().flat_map(|answer| &answer.sales) {
            self.cars.ever.entry(sale.plate.clone()).or_default().insert(id.clone());
        }
        let after = believing.into_iter().map(|view| view.after(&answers, is_register, host_now));
        let after = after.collect();
        merge(&mut self.cars.views, after, is_sure);
        Ok(())
    }

    /// Whether the program may doubt what time it is, so that nothing counts: an earlier run was later, and no
    /// organisation says that it is right.
    fn may_doubt_time(&self, way: &Way) -> bool {
        self.world.host_now() < self.latest && !way.is_told.contains(&true)
    }

    /// How many cars or rights somebody says that there are, after they looked.
    pub fn cars_to_accept(&mut self) -> Option<usize> {
        let (since, count) = self.cars.stuck?;
        let has_waited = self.world.host_now() - since > self.world.club.every * 20;
        (has_waited && self.world.chance.in_thousand(100)).then_some(count)
    }

    /// A barrier that somebody says is right, and how many rows it has.
    pub fn gate_to_accept(&mut self) -> Option<(usize, usize)> {
        let (host_now, every) = (self.world.host_now(), self.world.club.every);
        let is_doubted =
            |book: &GateBook| book.doubted_since.is_some_and(|since| host_now - since > every * 20);
        let at = self.gates.iter().position(is_doubted)?;
        let is_accepted = self.world.chance.in_thousand(100);
        is_accepted.then(|| (at, self.world.yard.barrier(at).rows.len()))
    }

    fn accepts_gate(&self, at: usize) -> bool {
        matches!(self.errand, Errand::Sync { accept_gate: Some((gate, _)), .. } if gate == at)
    }

    /// What a member's car may have at a barrier by one telling of the member.
    fn of_member(&self, at: usize, place: usize, of: &mut Of, known: &[Days]) -> Option<Claim> {
        let (club, human) = (&self.world.club, &self.world.humans[place]);
        let rules = &club.gates[at];
        let local = self.world.now.with_timezone(&rules.zone).naive_local();
        let opens = |role| club.opens_gate(human.organisation, at, role);
        let known_of = &human.known;
        let is_ours = rules.members.contains(&human.organisation);
        if !is_ours || known_of.versions().next().is_none() {
            // Nobody knows whose it is.
            of.unsure = (true, true);
            return None;
        }
        let complete_at = open(&self.world.desks[human.organisation]).complete_at;
        let (may, must) = known_of.vanished(complete_at);
        let is_one = known_of.heard.is_empty() && may == must;
        of.unsure.0 |= !must && (known_of.said.0 < 2 || known_of.missed.1 > 0) || !is_one;
        of.unsure.1 |= known_of.said.1 < 2 && !may;
        let midnight = local.date().and_time(NaiveTime::MIN);
        let (mut all, mut claims) = (true, Vec::new());
        for state in known_of.versions() {
            let is_odd = state.is_unusable || has_doubtful(&opens, state);
            of.unsure.0 |= is_odd;
            of.unsure.1 |= is_odd && is_one;
            if state.is_unusable {
                // As at a door nothing is done: what the program wrote stays, and nothing is given besides.
                (of.sure, all) = (None, false);
                of.may.extend(known.iter().map(|days| Claim {
                    first: days.first(),
                    last: Some(days.last()),
                    is_over: false,
                }));
                continue;
            }
            for is_vanished in [may, must] {
                let due = paid(club, &opens, state, is_vanished, local);
                let (mut claim, mut is_in) = (None, false);
                match due {
                    Due::Open(first, last) => {
                        is_in = first <= local;
                        claim = Some(Claim {
                            first: first.date(),
                            last: Some(last.date()),
                            is_over: false,
                        });
                        // A period that ran on until its renewal.
                        for days in
                            known.iter().filter(|days| first > local && days.contains(local.date()))
                        {
                            let touches = days.last() + DayCount::new(1) >= first.date();
                            let end = if touches { last.date() } else { days.last() };
                            if last.date() >= days.last() {
                                of.may.push(Claim {
                                    first: local.date(),
                                    last: Some(end),
                                    is_over: false,
                                });
                                of.sure = None;
                            }
                        }
                    }
                    Due::AsItIs => of.unsure = (true, of.unsure.1 || is_one),
                    Due::Shut | Due::Gone => {}
                }
                let morning = paid(club, &opens, state, is_vanished, midnight);
                if let Due::Open(_, last) = morning
                    && last < local
                {
                    let today = local.date();
                    of.may.push(Claim { first: today, last: Some(today), is_over: true });
                }
                all &= is_in;
                claims.extend(claim);
            }
        }
        // Of what was heard and never told for certain, the program may know nothing.
        of.is_in_now |= all && known_of.told.is_some();
        claims.dedup();
        of.may.extend(&claims);
        if !is_one {
            of.sure = None;
        }
        claims.pop()
    }

    /// What a right is at a barrier by one telling of the service.
    fn of_sale(&self, at: usize, view: &View, sale: &Sale, is_session: bool) -> Option<Claim> {
        let (rules, now) = (&self.world.club.gates[at], self.world.host_now());
        if sale.zone != 0 || sale.is_inverted || sale.status != Status::Active {
            return None;
        }
        let fresh_until = view.as_of.filter(|as_of| *as_of <= now)? + self.fresh_for();
        let end = match (sale.end, is_session) {
            (None, true) if now < fresh_until => Some(fresh_until),
            (None, true) => return None,
            (end, _) => end,
        };
        if end.is_some_and(|end| end <= sale.begin) {
            return None;
        }
        let day = |at: DateTime<Utc>| at.with_timezone(&rules.zone).date_naive();
        let last = end.map(|end| day(end - TimeDelta::seconds(1)));
        let is_over = end.is_some_and(|end| end <= now);
        let claim = Claim { first: day(sale.begin), last, is_over };
        last.is_none_or(|last| last >= day(now)).then_some(claim)
    }

    fn fresh_for(&self) -> TimeDelta {
        self.world.club.kiosk.as_ref().map_or(TimeDelta::zero(), |rules| rules.fresh_for)
    }

    /// Whether the service may, and whether it must, be taken for one that nobody has heard of late.
    fn is_stale(&self, at: usize) -> (bool, bool) {
        if !self.world.club.gates[at].is_in_zone {
            return (false, false);
        }
        let now = self.world.host_now();
        let is_stale = |view: &View| {
            view.as_of.is_none_or(|as_of| !(as_of..as_of + self.fresh_for()).contains(&now))
        };
        (self.cars.views.iter().any(is_stale), self.cars.views.iter().all(is_stale))
    }

    /// Everything that can be known of a plate at a barrier; `known` is what the program wrote for it.
    fn of_plate(&self, at: usize, plate: &str, known: &[Days]) -> Of {
        let (rules, now) = (&self.world.club.gates[at], self.world.host_now());
        let mut of = Of { sure: Some(Vec::new()), ..Of::default() };
        let mut sure = Vec::new();
        if !rules.members.is_empty() {
            let files = || self.cars.files.iter().flatten();
            let is_his = |(of, _): &&(String, usize)| of == plate;
            let owners: BTreeSet<usize> = files()
                .flat_map(|file| file.iter().filter(is_his))
                .map(|(_, place)| *place)
                .collect();
            for place in owners {
                let car = (plate.to_owned(), place);
                let is_certain = files().count() == self.cars.files.len()
                    && files().all(|file| file.contains(&car));
                let mut his = Of { sure: Some(Vec::new()), ..Of::default() };
                let claim = self.of_member(at, place, &mut his, known);
                let is_odd = self.is_odd(at, place);
                of.by.insert(format!("{place} {is_certain} {:?} {is_odd}", his.unsure));
                of.may.extend(his.may);
                if is_certain {
                    sure.extend(claim);
                    of.sure = of.sure.filter(|_| his.sure.is_some());
                    of.is_in_now |= his.is_in_now;
                    of.unsure = (of.unsure.0 || his.unsure.0, of.unsure.1 || his.unsure.1);
                } else {
                    // Perhaps theirs.
                    (of.sure, of.unsure.0) = (None, true);
                }
            }
        }
        if rules.is_in_zone {
            let views = &self.cars.views;
            let mut each: Vec<BTreeMap<(usize, &String), Claim>> = Vec::new();
            for view in views {
                let mut claims = BTreeMap::new();
                let mut is_left_out = (false, false);
                for (part, sales) in view.parts.iter().enumerate() {
                    for (id, sale) in sales.iter().filter(|(_, sale)| sale.plate == plate) {
                        // In a state that nobody knows it may be right.
                        let is_odd = sale.status == Status::Odd && sale.zone == 0;
                        let is_left = sale.zone == 2 || sale.is_inverted || is_odd;
                        is_left_out.0 |= is_left;
                        is_left_out.1 |= is_left && !is_over(sale, now);
                        claims.extend(
                            self.of_sale(at, view, sale, part == 0)
                                .map(|claim| ((part, id), claim)),
                        );
                    }
                }
                of.may.extend(claims.values());
                of.by.extend(claims.keys().map(|(_, id)| (*id).clone()));
                of.unsure.0 |= is_left_out.0;
                of.unsure.1 |= is_left_out.1 && views.len() == 1;
                each.push(claims);
            }
            let today = now.with_timezone(&rules.zone).date_naive();
            let is_in = |id: &(usize, &String)| {
                let begin =
                    |view: &View| view.parts[id.0].get(id.1).is_some_and(|sale| sale.begin <= now);
                each.iter().all(|one| one.get(id).is_some_and(|claim| claim.contains(today)))
                    && views.iter().all(begin)
            };
            of.is_in_now |= each.first().is_some_and(|one| one.keys().any(is_in));
            match each.windows(2).all(|two| two[0] == two[1]) {
                true => sure.extend(each.first().into_iter().flat_map(BTreeMap::values)),
                false => of.sure = None,
            }
        }
        sure.sort();
        of.sure = of.sure.map(|_| sure);
        of
    }

    /// Every plate that something is known of.
    fn plates(&self, barrier: &Barrier) -> BTreeSet<String> {
        let cars = self.cars.files.iter().flatten().flatten().map(|(plate, _)| plate);
        let sales =
            self.cars.views.iter().flat_map(|view| view.parts.iter().flat_map(|it| it.values()));
        let ours = barrier.rows.iter().filter(|row| row.hand == Hand::Ours).map(|row| &row.plate);
        cars.chain(sales.map(|sale| &sale.plate)).chain(ours).cloned().collect()
    }

    /// Holds every barrier against the rules.
    pub fn judge_gates(&mut self, ended: &Ended, way: &Way) -> Result<(), String> {
        let may_doubt_time = self.may_doubt_time(way);
        self.latest = self.latest.max(self.world.host_now());
        let mut are_open = vec![false; self.gates.len()];
        for (at, is_open) in are_open.iter_mut().enumerate() {
            self.tally.gate_ticks.0 += 1;
            self.judge_row_writes(at, ended)?;
            let name = self.world.club.gates[at].name.clone();
            let report = ended.report().filter(|_| self.is_sync());
            let seen =
                report.and_then(|it| it.gates.iter().find(|gate| gate.name.as_str() == name));
            let waits = waits(self.gates[at].failed, self.world.host_now());
            *is_open = seen.is_some() && self.is_gate_open(at) && !may_doubt_time;
            if let Some(seen) = seen.filter(|_| *is_open)
                && seen.outcome != TargetOutcome::Ok
                && !waits
            {
                return Err(format!("gate {at} is {:?} for no reason", seen.outcome));
            }
            self.judge_row_requests(at, seen)?;
            self.keep_gate_book(at, ended, *is_open);
            if let Some(seen) = seen.filter(|_| *is_open) {
                self.tally.gate_ticks.1 += u64::from(!waits && !self.is_stale(at).0);
                self.judge_rows(at, seen, waits)?;
            }
        }
        // What was done by hand since the list was read, no plan can know.
        for (at, is_open) in are_open.iter_mut().enumerate() {
            *is_open &= self.world.yard.barrier(at).tick.read == Some(true);
        }
        if are_open.contains(&true) { self.judge_second_plan(&are_open, ended) } else { Ok(()) }
    }

    /// Whether nothing stands between the program and a barrier in this tick.
    fn is_gate_open(&self, at: usize) -> bool {
        self.world.club.gates[at].mode != Mode::Observe && self.is_gate_well(at)
    }

    fn is_gate_well(&self, at: usize) -> bool {
        let barrier = self.world.yard.barrier(at);
        let (known, perhaps) = self.gates[at].serial;
        let is_same = |serial: Option<u32>| serial.is_none_or(|known| known == barrier.serial);
        self.world.host_skew == TimeDelta::zero()
            && !barrier.is_away()
            && !barrier.tick.was_hit
            && !barrier.shows_part()
            && barrier.skew == TimeDelta::zero()
            && (self.accepts_gate(at) || is_same(known) && is_same(perhaps))
    }

    /// No tick asks more than it needs; where all was in step and nothing has changed, none asks at all.
    fn judge_row_requests(&mut self, at: usize, seen: Option<&GateSeen>) -> Result<(), String> {
        let host_now = self.world.host_now();
        let barrier = self.world.yard.barrier(at);
        let (calls, zone) = (barrier.tick.calls, barrier.zone);
        let Some(seen) = seen else { return Ok(()) };
        let done = seen.changes.iter().filter(|one| matches!(one.state, ChangeState::Tried(_)));
        if calls as usize > 4 + done.count() {
            return Err(format!("gate {at} got {calls} requests"));
        }
        drop(barrier);
        let is_asked =
            matches!(self.errand, Errand::Sync { is_full: true, .. }) || self.accepts_gate(at);
        let Some((then, basis)) = &self.gates[at].calm else { return Ok(()) };
        let (day, second) =
            (|at: DateTime<Utc>| at.with_timezone(&zone).date_naive(), TimeDelta::seconds(1));
        let is_due = *then > host_now
            || host_now - *then >= self.world.club.gates[at].audit_every
            || day(*then) != day(host_now)
            // A session that nobody has stopped reaches the next day, the last second before its end in it.
            || day(*then + self.fresh_for() - second) != day(host_now + self.fresh_for() - second);
        if calls > 0 && !is_asked && !is_due && *basis == self.basis(at) {
            return Err(format!("gate {at} got {calls} requests, and nothing has changed"));
        }
        Ok(())
    }

    /// Everything that decides what a barrier should hold.
    fn basis(&self, at: usize) -> String {
        let plates = self.plates(&self.world.yard.barrier(at));
        let each =
            plates.iter().map(|plate| format!("{plate} {:?}", self.of_plate(at, plate, &[])));
        // Who has never answered has not said that nobody is a member.
        let standing = |at: &usize| {
            let desk = open(&self.world.desks[*at]);
            (desk.is_refused, desk.complete_at.is_some())
        };
        let standing: Vec<_> = self.world.club.gates[at].members.iter().map(standing).collect();
        format!("{} {:?} {standing:?}", each.collect::<String>(), self.is_stale(at))
    }

    /// Whether something of a member that opens the gate, or all of it, cannot be read, by any telling.
    fn is_odd(&self, at: usize, place: usize) -> bool {
        let human = &self.world.humans[place];
        let opens = |role| self.world.club.opens_gate(human.organisation, at, role);
        human.known.versions().any(|state| state.is_unusable || has_doubtful(&opens, state))
    }

    /// Every write must be owed to a right, take nothing that is one, and be needed.
    fn judge_row_writes(&mut self, at: usize, ended: &Ended) -> Result<(), String> {
        let rules = self.world.club.gates[at].clone();
        let (local, host_now) =
            (self.world.now.with_timezone(&rules.zone).naive_local(), self.world.host_now());
        let (writes, gone, skew, read) = {
            let barrier = self.world.yard.barrier(at);
            let tick = &barrier.tick;
            (tick.writes.clone(), barrier.gone.clone(), barrier.skew, tick.read)
        };
        let known_of = |row: &Row| row.wrote.clone();
        let (today, stale) = (local.date(), self.is_stale(at));
        let (mut lost, mut opened) = (Vec::new(), 0);
        for write in &writes {
            let RowWrite { plate, before, days, after, was_there, was_full } = write;
            let about = |what: &str| {
                let becomes = days.map_or("nothing".to_owned(), |days| days.to_string());
                let was = before.as_ref().map(|row| (row.time, row.hand));
                Err(format!("gate {at}, plate {plate}, {was:?} becomes {becomes}: {what}"))
            };
            if rules.mode == Mode::Observe {
                return about("the gate is only observed");
            }
            if skew.abs().max(self.world.host_skew.abs()) > TimeDelta::seconds(60) {
                return about("a clock is wrong");
            }
            if read != Some(true) {
                return about("the list was not read whole");
            }
            if self.is_surely_another(at) && !self.accepts_gate(at) {
                return about("it is another camera");
            }
            if *was_there || before.as_ref().is_some_and(|row| row.hand == Hand::Theirs) {
                return about("the row is somebody else's");
            }
            if before.as_ref().is_some_and(|row| row.effect == RowEffect::Bars) {
                return about("the row bars");
            }
            if rules.protect.contains(plate) {
                return about("the plate is protected");
            }
            if *was_full {
                return about("there is no room");
            }
            let known = match before {
                Some(row) => row.wrote.clone(),
                // What somebody has removed since the list was read is known until it is read.
                None => gone.iter().filter(|row| row.plate == *plate).flat_map(known_of).collect(),
            };
            let of = self.of_plate(at, plate, &known);
            let was_open = before.as_ref().is_some_and(|row| row.opens_at(local));
            let is_open = days.is_some_and(|days| days.contains(today));
            if of.is_in_now && !is_open {
                return about("it is taken from a car that has a right now");
            }
            if let (Some(days), Some(row)) = (days, after) {
                if !self.world.yard.barrier(at).holds_begins && days.first() > today {
                    return about("it opens before its first day");
                }
                if before.as_ref() == Some(row) && row.wrote.last() == Some(days) && !row.by_hand {
                    return about("the gate holds that already");
                }
                let took = before.as_ref() != Some(row);
                let last = if took { row.last() } else { Some(days.last()) };
                let Some(last) = last else { return about("it has no end") };
                let first = if took { row.first(today) } else { days.first().max(today) };
                let is_given = |day: &NaiveDate| of.may.iter().any(|claim| claim.contains(*day));
                let is_open_end =
                    !of.may.iter().any(|claim| claim.last.is_some_and(|it| it >= last));
                if is_open_end && (last - today).num_days() > 31 {
                    return about("it goes on for too long");
                }
                if let Some(day) =
                    first.iter_days().take_while(|day| *day <= last).find(|day| !is_given(day))
                {
                    return about(&format!("nobody has a right to {day}"));
                }
                if let Some(sure) = &of.sure
                    && wanted(sure, today).is_none_or(|(_, _, due)| due != last)
                {
                    return about(&format!("due is {:?}", wanted(sure, today)));
                }
            }
            let loses = before.as_ref().is_some_and(|row| {
                let ends = row.last().or_else(|| {
                    row.wrote.last().filter(|_| row.time == RowTime::Unclear).map(Days::last)
                });
                let is_shorter = match days {
                    Some(days) => ends.is_none_or(|last| last > days.last()),
                    None => ends.is_none_or(|last| last >= today),
                };
                if was_open { is_shorter || !is_open } else { is_shorter && !is_open }
            });
            opened += usize::from(is_open && !was_open);
            if !loses {
                continue;
            }
            lost.push(plate.clone());
            if rules.mode == Mode::GrantOnly {
                return about("nothing may be taken away there");
            }
            if of.unsure.1 {
                return about("it is taken away, and it may be right");
            }
            let is_members =
                |names: &BTreeSet<String>| names.iter().any(|name| name.parse::<usize>().is_ok());
            if stale.1 && !self.cars.ever.get(plate).is_some_and(is_members) {
                return about("it is taken away on old news");
            }
            let due = of.sure.as_ref().map(|sure| wanted(sure, today));
            if days.is_none()
                && due.is_some_and(|due| due.is_some_and(|(first, ..)| first <= today))
            {
                return about("it is taken away, and is right");
            }
        }
        self.tally.row_writes += writes.len() as u64;
        let own = self.own_rows(at, &writes);
        if self.is_sync() && lost.len() > allowed(own.1 + opened, 5, 2) {
            return Err(format!("{} cars lose gate {at} in one tick", lost.len()));
        }
        if self.is_sync() && self.gates[at].is_filled && opened > allowed(own.1 + opened, 25, 20) {
            return Err(format!("gate {at} opens for {opened} cars in one tick"));
        }
        let book = &mut self.gates[at];
        book.ran_out.retain(|(day, _)| *day == today);
        let is_sure = ended.report().is_some();
        // What was sent counts, also where it never arrived.
        let seen = ended.report().into_iter().flat_map(|report| &report.gates);
        let tried = seen.filter(|gate| gate.name.as_str() == rules.name).flat_map(|it| &it.changes);
        let unheard = tried.filter(|one| {
            let is_tried = matches!(one.state, ChangeState::Tried(_)) && !one.state.is_confirmed();
            one.change.loses && is_tried
        });
        let unheard = unheard.map(|one| one.change.plate.text().to_owned());
        let unheard = unheard.filter(|plate| !lost.contains(plate));
        book.lost.extend(unheard.map(|plate| (host_now, plate, false)));
        book.lost.extend(lost.iter().map(|plate| (host_now, plate.clone(), is_sure)));
        // Who has several cars counts once; of what had several rights nobody knows by which it was lost.
        let lost_sure = self.lost_last_day(at).filter(|(.., is_sure)| *is_sure);
        let names = lost_sure.filter_map(|(_, plate, _)| self.cars.ever.get(plate));
        let sure: BTreeSet<&String> = names.filter(|names| names.len() == 1).flatten().collect();
        if self.is_sync() && !lost.is_empty() && sure.len() > allowed(own.1 + opened, 15, 5) {
            return Err(format!("{} cars lose gate {at} within a day", sure.len()));
        }
        Ok(())
    }

    /// What was lost within a day before now, by a clock that may have jumped and is right again.
    fn lost_last_day(&self, at: usize) -> impl Iterator<Item = &(DateTime<Utc>, String, bool)> {
        let now = self.world.host_now();
        let is_in = move |then: &DateTime<Utc>| (now - TimeDelta::hours(24)..=now).contains(then);
        self.gates[at].lost.iter().filter(move |(then, ..)| is_in(then))
    }

    /// Fewest and most rows of the program, as it knew them when the tick began.
    fn own_rows(&self, at: usize, writes: &[RowWrite]) -> (usize, usize) {
        let barrier = self.world.yard.barrier(at);
        let of = |hand: Hand| barrier.rows.iter().filter(|row| row.hand == hand).count();
        let took = |write: &&RowWrite| write.before.is_none() && write.after.is_some();
        let added = writes.iter().filter(took).count();
        let gone =
            writes.iter().filter(|write| write.after.is_none() && write.before.is_some()).count();
        let sure = (of(Hand::Ours) + gone).saturating_sub(added);
        (sure, sure + of(Hand::Doubtful) + barrier.removed.len() + self.gates[at].ghosts)
    }

    fn is_surely_another(&self, at: usize) -> bool {
        let serial = self.world.yard.barrier(at).serial;
        let (known, perhaps) = self.gates[at].serial;
        known.is_some_and(|known| known != serial) && perhaps != Some(serial)
    }

    /// What the program can know of a barrier from now on.
    fn keep_gate_book(&mut self, at: usize, ended: &Ended, is_open: bool) {
        let (host_now, accepts) = (self.world.host_now(), self.accepts_gate(at));
        let name = self.world.club.gates[at].name.clone();
        let seen =
            ended.report().and_then(|it| it.gates.iter().find(|gate| gate.name.as_str() == name));
        let is_another = self.is_surely_another(at) && !accepts;
        let mut guard = open(&self.world.yard.barriers[at]);
        let barrier = &mut *guard;
        let book = &mut self.gates[at];
        let is_doubted = seen.is_some_and(|seen| seen.outcome == TargetOutcome::NotBelieved);
        let was_read = barrier.tick.read == Some(true) && !is_another && !is_doubted;
        let tick = &barrier.tick;
        if tick.calls > 0 {
            // A list that is not read whole, or of another camera, is no answer either.
            let has_failed = tick.was_hit || barrier.is_away() || seen.is_none();
            let has_failed = has_failed || tick.read == Some(false) || is_doubted;
            let count = book.failed.map_or(0, |(count, _)| count);
            book.failed = if has_failed { Some((count + 1, host_now)) } else { None };
        }
        if is_doubted {
            book.serial.1 = None;
        }
        if seen.is_some() {
            book.doubted_since = book.doubted_since.or(Some(host_now)).filter(|_| is_doubted);
        }
        let refused = |write: &&RowWrite| write.before.is_none() && write.after.is_none();
        let ghosts = tick.writes.iter().filter(refused).count() + usize::from(tick.was_hit);
        if was_read {
            let written: Vec<&String> = tick.writes.iter().map(|write| &write.plate).collect();
            let is_fresh = |row: &Row| written.contains(&&row.plate);
            for row in &mut barrier.rows {
                let is_fresh = is_fresh(row);
                if accepts && !is_fresh && row.hand != Hand::Theirs {
                    row.hand = if seen.is_some() { Hand::Theirs } else { Hand::Doubtful };
                }
                // Of one with a wrong clock it is not kept how the row stands.
                if seen.is_some_and(|seen| seen.outcome != TargetOutcome::ClockWrong) && !is_fresh {
                    (row.by_hand, row.is_announced) = (false, false);
                }
            }
            if seen.is_some() {
                book.ghosts = 0;
                barrier.removed.clear();
                barrier.gone.clear();
                book.serial = (Some(barrier.serial), None);
            } else {
                book.serial.1 = Some(barrier.serial);
            }
        }
        book.ghosts += ghosts;
        // What has long ended is forgotten, so that nobody's plate is kept, at a gate that is away, and at one where
        // nothing is taken away.
        let is_grant_only = self.world.club.gates[at].mode == Mode::GrantOnly;
        let kept = (host_now - TimeDelta::days(6)).date_naive();
        for row in barrier
            .rows
            .iter_mut()
            .filter(|row| row.hand == Hand::Ours && (!was_read || is_grant_only))
        {
            if row.wrote.iter().any(|days| days.last() < kept) {
                row.hand = Hand::Doubtful;
            }
        }
        let is_left = |seen: &GateSeen| {
            seen.blocked.is_some()
                || seen.changes.iter().any(|one| !one.state.is_confirmed())
                || seen.not_done.iter().any(|one| one.reason.as_str() == "list-full")
        };
        let is_clean = is_open && seen.is_some_and(|seen| !is_left(seen));
        book.is_filled |= is_clean && was_read;
        // Losses that are only held back leave it open what the configuration has brought.
        let is_held = seen.is_none_or(|seen| {
            let mut reasons = seen.not_done.iter().map(|one| one.reason.as_str());
            reasons.any(|reason| ["not-sure", "second-look", "grant-only"].contains(&reason))
        });
        book.may_be_new &= !(is_clean && was_read && !is_held);
        // By the rows of a camera that is accepted as another one the next tick may go otherwise.
        let is_calm = is_clean && was_read && !accepts;
        let was_asked = barrier.tick.calls > 0 || seen.is_none();
        drop(guard);
        if is_calm || was_asked {
            self.gates[at].calm = None;
        }
        if is_calm {
            self.gates[at].calm = Some((host_now, self.basis(at)));
        }
    }

    /// With nothing in the way, every row is as it should be, or it is known why not.
    fn judge_rows(&mut self, at: usize, seen: &GateSeen, waits: bool) -> Result<(), String> {
        let rules = self.world.club.gates[at].clone();
        let local = self.world.now.with_timezone(&rules.zone).naive_local();
        let today = local.date();
        let barrier = self.world.yard.barrier(at);
        let (rows, removed) = (barrier.rows.clone(), barrier.removed.clone());
        let (holds, capacity, calls) = (barrier.holds_begins, barrier.capacity, barrier.tick.calls);
        let writes = barrier.tick.writes.clone();
        let plates = self.plates(&barrier);
        drop(barrier);
        let gone =
            writes.iter().filter(|write| write.after.is_none() && write.before.is_some()).count();
        let waits_for_row =
            |one: &&RowChangeSeen| one.state == ChangeState::Blocked && one.change.there.is_none();
        let waiting = seen.changes.iter().filter(waits_for_row).count();
        // Whoever waits for a row has the room for it.
        let is_full = rows.len() + gone + waiting >= capacity;
        let is_left_alone = waits && calls == 0;
        let is_stale = self.is_stale(at).0;
        let blocked: BTreeMap<&str, Option<Budget>> = seen
            .changes
            .iter()
            .filter(|one| one.state == ChangeState::Blocked)
            .map(|one| (one.change.plate.text(), one.change.blocked))
            .collect();
        for plate in plates.iter().filter(|plate| !rules.protect.contains(plate)) {
            let rows: Vec<&Row> = rows.iter().filter(|row| row.plate == *plate).collect();
            let known = rows.iter().flat_map(|row| row.wrote.iter().copied()).collect::<Vec<_>>();
            let of = self.of_plate(at, plate, &known);
            let Some(sure) = of.sure.as_ref().filter(|_| !removed.contains(plate)) else {
                continue;
            };
            self.tally.rows_checked += 1;
            // Where what held a loss back is gone, the gate is asked again with the next reading that is due.
            if calls > 0 {
                self.gates[at].held.remove(plate);
            }
            if of.unsure.0 {
                self.gates[at].held.insert(plate.clone());
            }
            let ran_out = &mut self.gates[at].ran_out;
            if of.may.iter().any(|claim| claim.is_over) {
                ran_out.insert((today, plate.clone()));
            }
            let ran_out = ran_out.contains(&(today, plate.clone()));
            let due = wanted(sure, today).filter(|(first, ..)| *first <= today || holds);
            let is_let_in = due.is_some_and(|(first, ..)| first <= today);
            let is_blocked = blocked.contains_key(plate.as_str());
            let about = |what: &str| {
                let times: Vec<_> = rows.iter().map(|row| (row.time, row.hand)).collect();
                Err(format!(
                    "gate {at}, plate {plate}, {times:?}, due {due:?} of {:?}: {what}, and nothing stands in the way",
                    of.may
                ))
            };
            match rows.as_slice() {
                [] if due.is_some() && !is_full && !is_blocked && (is_let_in || !is_left_alone) => {
                    return about("is owed a row");
                }
                [row]
                    if row.hand == Hand::Ours && !row.by_hand && row.effect != RowEffect::Bars =>
                {
                    let is_fine = match due {
                        Some(due) => is_right(row, due, today),
                        None => row.last() == Some(today) && ran_out,
                    };
                    let opens = is_let_in && !row.opens_at(local);
                    let loses = row.last().is_none_or(|last| {
                        last >= today
                            && due.is_none_or(|(first, _, end)| last > end || first > today)
                    });
                    let is_kept = loses
                        && !opens
                        && (self.gates[at].held.contains(plate)
                            || is_stale
                            || rules.mode == Mode::GrantOnly);
                    if !is_fine && !is_kept && !is_blocked && (opens || !is_left_alone) {
                        return about(if opens { "is locked out" } else { "is not right" });
                    }
                }
                _ => {}
            }
        }
        self.judge_row_waiting(at, &blocked, &writes)
    }

    /// What waits is over a budget.
    fn judge_row_waiting(
        &self,
        at: usize,
        blocked: &BTreeMap<&str, Option<Budget>>,
        writes: &[RowWrite],
    ) -> Result<(), String> {
        let own = self.own_rows(at, writes).0;
        let count = |budget| blocked.values().filter(|one| **one == Some(budget)).count();
        let local = self.world.now.with_timezone(&self.world.club.gates[at].zone).naive_local();
        let barrier = self.world.yard.barrier(at);
        let keeps = |row: &&Row| {
            row.hand == Hand::Ours
                && !row.by_hand
                && row.opens_at(local)
                && !blocked.contains_key(row.plate.as_str())
        };
        let lost = self.lost_last_day(at).count();
        for (budget, is_over) in [
            (Budget::RolesChanged, self.gates[at].may_be_new),
            (Budget::RevokePerTick, count(Budget::RevokePerTick) > allowed(own, 5, 2)),
            (Budget::RevokePerDay, count(Budget::RevokePerDay) + lost > allowed(own, 15, 5)),
            (Budget::LastPerson, !barrier.rows.iter().any(|row| keeps(&row))),
            (Budget::GrantPerTick, count(Budget::GrantPerTick) > allowed(own, 25, 20)),
        ] {
            if count(budget) > 0 && !is_over {
                return Err(format!(
                    "gate {at}: {} changes wait by {budget:?}, and it is not so",
                    count(budget)
                ));
            }
        }
        Ok(())
    }

    /// After a tick with nothing in the way a second plan is empty.
    fn judge_second_plan(&mut self, are_open: &[bool], ended: &Ended) -> Result<(), String> {
        let Some(mut store) = self.store.take() else { return Ok(()) };
        let gone: Vec<bool> = self
            .world
            .yard
            .barriers
            .iter()
            .map(|barrier| {
                let mut barrier = open(barrier);
                barrier.tick.fault = None;
                barrier.tick.writes.iter().any(|write| write.days.is_none())
            })
            .collect();
        let world = &self.world;
        let streets = Streets::of(world, None);
        let config = &self.context.config;
        let nothing = BTreeMap::new();
        let work = GateRun {
            config,
            systems: &streets,
            clock: self.context.clock,
            stop: &self.context.stop,
            run: None,
            is_full: true,
            tries_logins: false,
            accepted: &nothing,
            approved: None,
            reviewed: None,
        };
        let cars = all_cars(config, &store, self.context.clock.began());
        let done = cars.and_then(|cars| run(&work, &mut store, cars));
        self.store = Some(store);
        let done = done.map_err(|error| format!("a second plan gave up: {error}"))?;
        for (at, rules) in self.world.club.gates.iter().enumerate().filter(|(at, _)| are_open[*at])
        {
            let Some(seen) = done.gates.iter().find(|gate| gate.name.as_str() == rules.name) else {
                continue;
            };
            // What was removed makes room, which the next run uses; whoever was the last one is not any more then.
            let waited = |plate: &str| {
                let first = ended.report().into_iter().flat_map(|report| &report.gates);
                let first = first.filter(|gate| gate.name.as_str() == rules.name);
                first.flat_map(|gate| &gate.changes).any(|one| {
                    one.change.plate.text() == plate
                        && one.change.blocked == Some(Budget::LastPerson)
                })
            };
            let is_left = |one: &&RowChangeSeen| {
                let follows = one.change.verb.as_str() == "add" || waited(one.change.plate.text());
                !(gone[at] && follows)
            };
            let mut left = seen.changes.iter().filter(|one| one.state == ChangeState::Planned);
            if let Some(one) = left.find(is_left) {
                return Err(format!(
                    "gate {at}: a second plan would {} the row of {}, {:?}",
                    one.change.verb,
                    one.change.plate.text(),
                    one.change.days.map(|days| days.to_string())
                ));
            }
        }
        Ok(())
    }

    /// Whether nothing in the yard is such that a run must say so.
    pub fn is_yard_calm(&self, report: &Report) -> bool {
        let is_gate_calm = |at: usize| {
            let rules = &self.world.club.gates[at];
            let seen = report.gates.iter().find(|gate| gate.name.as_str() == rules.name);
            let is_left = |seen: &GateSeen| {
                seen.blocked.is_some()
                    || seen.not_done.iter().any(|one| one.reason.as_str() == "list-full")
            };
            self.is_gate_well(at)
                && self.gates[at].failed.is_none()
                && seen.is_none_or(|seen| !is_left(seen))
        };
        let is_kiosk_calm = report.rights_files.iter().all(|line| line.is_whole);
        is_kiosk_calm
            && self.world.yard.sheet == Sheet::Whole
            && self.cars.stuck.is_none()
            // By one telling the file may be refused, and by another it is not.
            && self.cars.files.len() == 1
            && (0..self.gates.len()).all(is_gate_calm)
    }
}
