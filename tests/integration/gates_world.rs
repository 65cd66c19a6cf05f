//! Weeks of a gym with a barrier: memberships, cars and permits come and go by chance, files break, the camera is
//! away, answers are lost, others edit its list, runs are killed. After each tick it is judged from outside, by what
//! was sold and by who gets in. Of the program's rules nothing is used here.
//!
//! A right is days. It is known who had which ever, and who has which now: a row that somebody had a right to once
//! may stay while a source cannot be read, a change waits for a second listing, or an approval is missing; a day that
//! nobody ever had a right to may never be in a row.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use ivms_sync_simulators::cardskipper::Member as Listed;
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::club::{World as Club, number};
use ivms_sync_simulators::hikvision_anpr::{
    Camera, Dates, DeleteForm, Effect, Family, Filter, List, NonceLife, Row, Settings, ShownTimes,
    Starts, Switches, Words, WrongForm,
};
use ivms_sync_simulators::http::{Fault, Moment};
use ivms_sync_simulators::zone::Zone;
use serde_json::{Value, json};

use super::support::chance::Chance;
use super::support::pinned::{START, instant, settings, start};
use super::support::{Said, Sandbox, finish};

const TICKS: usize = 150;
const MEMBERS: usize = 8;
/// A row for a permit without an end goes on for a month at most.
const OPEN_DAYS_MAX: i64 = 31;
/// How many complete listings there are until nothing is in doubt any more.
const LISTINGS: usize = 2;

/// Days, both inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    first: NaiveDate,
    /// `None`: it has no end.
    last: Option<NaiveDate>,
}

impl Span {
    fn contains(self, day: NaiveDate) -> bool {
        self.first <= day && self.last.is_none_or(|last| day <= last)
    }
}

struct Member {
    number: u64,
    email: String,
    until: NaiveDate,
    is_inactive: bool,
    is_listed: bool,
    /// Complete listings that are to come before what was said last counts.
    doubted: usize,
}

/// How a spreadsheet stands on the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sheet {
    Whole,
    /// For so many ticks.
    Broken(usize),
    /// Somebody is just saving it.
    Half,
}

/// What goes wrong at the camera in one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mishap {
    None,
    Dropped,
    Busy,
    PagesLack,
    Killed,
}

struct Life {
    seed: u64,
    chance: Chance,
    sandbox: Sandbox,
    now: DateTime<Utc>,
    members: Vec<Member>,
    /// Whose car it is.
    cars: BTreeSet<(String, usize)>,
    /// Plate and days of each permit that is in the list.
    permits: BTreeMap<usize, (String, Span)>,
    /// Every day that a plate ever had a right on.
    ever: BTreeMap<String, Vec<Span>>,
    /// The plates of each right, as the program tells of it.
    told: BTreeMap<String, BTreeSet<String>>,
    staff: Sheet,
    links: Sheet,
    /// Plates whose rows somebody edited since the list was read last.
    touched: BTreeSet<String>,
    plates: usize,
    away: usize,
    wrong_clock: usize,
    /// What happened since the tick before.
    story: Vec<String>,
    /// Ticks that were judged in full.
    judged: usize,
    /// Runs that found no room for a row.
    full: usize,
}

impl Life {
    fn new(seed: u64, switches: Switches, capacity: usize) -> Self {
        let mut sandbox =
            Sandbox::with(start(Club::new(&settings(MEMBERS, 0, START)), START)).in_memory();
        sandbox.set("rights-file.staff", "fresh_for = \"3h\"");
        sandbox.take_camera(Camera::start(Settings {
            rows: vec![Row::new("KPXY999").blocked(), Row::new("MBZZ111")],
            clock: Clock::fixed(instant(START)),
            plate_list_num: capacity,
            switches,
            ..Settings::default()
        }));
        let now = instant(START);
        let members = sandbox.club.cardskipper.members();
        let until = now.date_naive() + TimeDelta::days(20);
        let members = members.into_iter().map(|member| Member {
            number: member.number,
            email: member.email,
            until,
            is_inactive: false,
            is_listed: true,
            doubted: 0,
        });
        let mut life = Self {
            seed,
            chance: Chance(seed),
            members: members.collect(),
            sandbox,
            now,
            cars: BTreeSet::new(),
            permits: BTreeMap::new(),
            ever: BTreeMap::new(),
            told: BTreeMap::new(),
            staff: Sheet::Whole,
            links: Sheet::Whole,
            touched: BTreeSet::new(),
            plates: 0,
            away: 0,
            wrong_clock: 0,
            story: Vec::new(),
            judged: 0,
            full: 0,
        };
        for index in 0..MEMBERS {
            let days = 1 + life.chance.below(40) as i64;
            life.renew(index, life.today() + TimeDelta::days(days));
            if life.chance.percent(80) {
                life.buy_car(index);
            }
        }
        (0..6).for_each(|_| life.sell_permit());
        life
    }

    fn camera(&self) -> &Camera {
        self.sandbox.camera.as_ref().unwrap()
    }

    fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        Zone::central_europe().local(at).date()
    }

    fn today(&self) -> NaiveDate {
        self.day(self.now)
    }

    fn new_plate(&mut self) -> String {
        self.plates += 1;
        format!("LJ{:04}", self.plates)
    }

    fn renew(&mut self, index: usize, until: NaiveDate) {
        let member = &mut self.members[index];
        if until < member.until {
            member.doubted = LISTINGS;
        }
        member.until = until;
        self.sandbox.club.renew(index, &until.to_string());
    }

    fn buy_car(&mut self, index: usize) {
        let plate = self.new_plate();
        self.cars.insert((plate, index));
    }

    fn sell_permit(&mut self) {
        let lasts = self.chance.below(25) as i64;
        let begins = if self.chance.percent(25) { self.chance.below(6) as i64 } else { -3 };
        let first = self.today() + TimeDelta::days(begins);
        let last =
            (!self.chance.percent(15)).then(|| first + TimeDelta::days(lasts + begins.abs()));
        let cars: Vec<String> = self.cars.iter().map(|(plate, _)| plate.clone()).collect();
        let plate = match self.chance.percent(15) {
            true => self.chance.one_of(&cars),
            false => None,
        };
        let plate = plate.unwrap_or_else(|| self.new_plate());
        self.permits.insert(self.told.len() + 1000, (plate.clone(), Span { first, last }));
        self.remember();
    }

    /// The rights that a plate has by what is sold now.
    fn spans(&self, plate: &str) -> Vec<Span> {
        let permits = self.permits.values().filter(|(of, _)| of == plate).map(|(_, span)| *span);
        let owners =
            self.cars.iter().filter(|(of, _)| of == plate).map(|(_, at)| &self.members[*at]);
        let memberships = owners
            .filter(|member| !member.is_inactive)
            .map(|member| Span { first: instant(START).date_naive(), last: Some(member.until) });
        permits.chain(memberships).collect()
    }

    /// Everything that has a right to some day.
    fn remember(&mut self) {
        let cars = self
            .cars
            .iter()
            .map(|(plate, at)| (format!("{} of club", self.members[*at].number), plate.clone()));
        let permits =
            self.permits.iter().map(|(id, (plate, _))| (format!("P-{id} of staff"), plate.clone()));
        let all: Vec<(String, String)> = cars.chain(permits).collect();
        for (right, plate) in all {
            for span in self.spans(&plate) {
                let ever = self.ever.entry(plate.clone()).or_default();
                if !ever.contains(&span) {
                    ever.push(span);
                }
            }
            self.told.entry(right).or_default().insert(plate);
        }
    }

    fn has_right(&self, plate: &str, day: NaiveDate) -> bool {
        self.spans(plate).iter().any(|span| span.contains(day))
    }

    /// The plates that may be let in today.
    fn with_right(&self) -> BTreeSet<String> {
        let of_permits = self.permits.values().map(|(plate, _)| plate);
        let plates = self.cars.iter().map(|(plate, _)| plate).chain(of_permits);
        plates.filter(|plate| self.has_right(plate, self.today())).cloned().collect()
    }

    /// What members, the desk and the office do.
    fn people(&mut self) {
        for _ in 0..self.chance.below(3) {
            let index = self.chance.below(MEMBERS);
            let ids: Vec<usize> = self.permits.keys().copied().collect();
            let cars: Vec<(String, usize)> = self.cars.iter().cloned().collect();
            let (car, permit) = (self.chance.one_of(&cars), self.chance.one_of(&ids));
            let days = TimeDelta::days(self.chance.below(30) as i64);
            let (on_links, on_staff) = (self.links == Sheet::Whole, self.staff == Sheet::Whole);
            let what = self.chance.below(12);
            self.story.push(format!("people {what}: member {index}, {car:?}, permit {permit:?}"));
            match (what, car, permit) {
                (0 | 1, ..) if self.members[index].is_listed => {
                    self.renew(index, self.today() + days);
                }
                (2, ..) if self.members[index].is_listed && self.chance.percent(40) => {
                    let member = &mut self.members[index];
                    member.is_inactive = !member.is_inactive;
                    if member.is_inactive {
                        member.doubted = LISTINGS;
                    }
                    let is_inactive = Some(member.is_inactive);
                    let edit = |listed: &mut Listed| listed.inactive = is_inactive;
                    assert!(self.sandbox.club.cardskipper.edit(number(index), edit));
                }
                (3, ..) if self.chance.percent(30) => self.come_or_go(index),
                (4 | 5, ..) if on_links => self.buy_car(index),
                (6, Some(car), _) if on_links => {
                    self.cars.remove(&car);
                    if self.chance.percent(50) {
                        self.cars.insert((car.0, index));
                    }
                }
                (7 | 8, ..) if on_staff => self.sell_permit(),
                (9, _, Some(id)) if on_staff => {
                    let until = self.today() + days;
                    let span = &mut self.permits.get_mut(&id).unwrap().1;
                    span.last = Some(until.max(span.first));
                }
                (10, _, Some(id)) if on_staff => {
                    self.permits.remove(&id);
                }
                _ => {}
            }
            self.remember();
        }
    }

    /// A member leaves the lists, or is on them again. What was paid stays paid.
    fn come_or_go(&mut self, index: usize) {
        let (service, is_listed) = (&self.sandbox.club.cardskipper, self.members[index].is_listed);
        if is_listed && self.members.iter().filter(|member| !member.is_listed).count() < 2 {
            assert!(service.remove(number(index)));
            self.members[index].is_listed = false;
        } else if !is_listed {
            let Member { number, email, until, is_inactive, .. } = &self.members[index];
            let listed = self.sandbox.club.cardskipper.members().first().cloned().unwrap();
            let mut again = Listed { number: *number, email: email.clone(), ..listed };
            again.inactive = Some(*is_inactive);
            again.set_end(&until.to_string());
            service.add(again);
            self.members[index].is_listed = true;
        }
        self.members[index].doubted = LISTINGS;
    }

    /// What somebody does at the camera's own page.
    fn hands(&mut self) {
        let own: Vec<Row> = self.camera().rows().into_iter().filter(|row| !row.stranger).collect();
        let others = self.camera().strangers();
        let (mine, other) = (self.chance.one_of(&own), self.chance.one_of(&others));
        let has_own_ids = self.camera().switches().ids == Switches::default().ids;
        let longer = TimeDelta::days(self.chance.below(40) as i64);
        let what = self.chance.below(7);
        self.story.push(format!("hands {what}: {mine:?}, {other:?}"));
        let camera = self.sandbox.camera.as_ref().unwrap();
        match (what, mine, other) {
            (0, ..) => {
                let next = format!("XX{:04}", self.chance.below(400));
                if camera.row(&next).is_none() {
                    camera.add_row(Row::new(&next));
                }
            }
            (1, _, Some(other)) => {
                camera.edit_row(&other.plate, |row| row.end = row.end.map(|end| end + longer));
            }
            (2, _, Some(other)) if others.len() > 2 => {
                camera.remove_row(&other.plate);
            }
            (3, Some(mine), _) => {
                camera.edit_row(&mine.plate, |row| row.end = row.end.map(|end| end + longer));
                self.touched.insert(mine.plate);
            }
            (4, Some(mine), _) => {
                camera.edit_row(&mine.plate, |row| {
                    row.end = row.end.map(|end| (end - longer).max(row.begin));
                });
                self.touched.insert(mine.plate);
            }
            (5, Some(mine), _) => {
                camera.remove_row(&mine.plate);
                // Where a row is called by its plate, nobody can tell one of another hand.
                if has_own_ids && longer.num_days() < 10 {
                    camera.add_row(Row::new(&mine.plate));
                }
                self.touched.insert(mine.plate);
            }
            // What bars is nobody's but theirs.
            (6, Some(mine), _) if longer.num_days() < 10 => {
                camera.edit_row(&mine.plate, |row| {
                    (row.list, row.stranger) = (List::Block, true);
                });
                self.touched.insert(mine.plate);
            }
            _ => {}
        }
    }

    fn write_sheets(&mut self) {
        let permits = self.permits.iter().map(|(id, (plate, Span { first, last }))| {
            let last = last.map(|day| day.to_string()).unwrap_or_default();
            format!("{plate},yard,{first},{last},P-{id}\n")
        });
        let staff = format!("Plate,Zone,From,Until,Id\n{}", permits.collect::<String>());
        let rows = self.members.iter().enumerate().map(|(index, member)| {
            let own = self.cars.iter().filter(|(_, at)| *at == index);
            let own: Vec<&str> = own.map(|(plate, _)| plate.as_str()).collect();
            format!("{},{},\"{}\"\n", 1001 + index, member.email, own.join("; "))
        });
        let links = format!("Person ID,Email,Plate\n{}", rows.collect::<String>());
        let sheets = [(self.staff, "staff.csv", staff), (self.links, "persons.csv", links)];
        for (sheet, name, text) in sheets {
            let path = self.sandbox.path(name);
            let text = match sheet {
                Sheet::Whole => text,
                // Not at the end of a line, which would be another list.
                Sheet::Half => {
                    let mut cut = self.chance.below(text.len() - 30) + 29;
                    while text[..cut].ends_with('\n') {
                        cut -= 1;
                    }
                    text[..cut].to_owned()
                }
                Sheet::Broken(_) => {
                    ["", "Name\nnobody\n", "\u{0}\u{1}PK"][self.chance.below(3)].to_owned()
                }
            };
            if fs::read_to_string(&path).is_ok_and(|there| there == text) {
                continue;
            }
            fs::write(path, text).unwrap();
        }
    }

    fn break_or_mend_sheets(&mut self) {
        for sheet in [&mut self.staff, &mut self.links] {
            *sheet = match *sheet {
                Sheet::Broken(left) if left > 1 => Sheet::Broken(left - 1),
                Sheet::Whole if self.chance.percent(3) => Sheet::Broken(1 + self.chance.below(4)),
                Sheet::Whole if self.chance.percent(3) => Sheet::Half,
                _ => Sheet::Whole,
            };
        }
    }

    fn mishap(&mut self) -> Mishap {
        let chance = &mut self.chance;
        let camera = self.sandbox.camera.as_ref().unwrap();
        if self.away > 0 {
            self.away -= 1;
            if self.away == 0 {
                camera.go_online();
            }
        }
        if self.wrong_clock > 0 {
            self.wrong_clock -= 1;
            if self.wrong_clock == 0 {
                camera.set_clock_offset(TimeDelta::zero());
            }
        }
        match chance.below(40) {
            0 if self.away == 0 => {
                self.away = 1 + chance.below(4);
                camera.go_offline();
                Mishap::None
            }
            1 if self.wrong_clock == 0 => {
                self.wrong_clock = 1 + chance.below(3);
                camera.set_clock_offset(TimeDelta::minutes([-61, 10, 90][chance.below(3)]));
                Mishap::None
            }
            2 => {
                let life = [NonceLife::OneShot, NonceLife::Uses(8), NonceLife::Seconds(30)];
                let (nonce, opaque) = (life[chance.below(3)], format!("o{}", chance.below(99)));
                camera.set(|switches| (switches.nonce, switches.opaque) = (nonce, opaque));
                Mishap::None
            }
            3 | 4 => {
                let fault = [Fault::DropBefore, Fault::DropAfter][chance.below(2)].clone();
                camera.fault(fault.times(1).authenticated().after(chance.below(14)));
                Mishap::Dropped
            }
            5 => {
                let (busy, operating) = (chance.below(3), chance.below(3));
                camera.set(|switches| {
                    (switches.device_busy, switches.list_operating) = (busy, operating);
                });
                Mishap::Busy
            }
            6 => {
                camera.set(|switches| switches.total_off_by = 1);
                Mishap::PagesLack
            }
            7..=9 => Mishap::Killed,
            _ => Mishap::None,
        }
    }

    fn now_text(&self) -> String {
        self.now.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    fn run(&self, arguments: &[&str]) -> Said {
        self.sandbox.at(&self.now_text(), arguments)
    }

    /// Starts a run and kills it at some request to the camera, if it comes so far.
    fn killed(&mut self) {
        let number = 1 + self.chance.below(24);
        let moment = Moment::ALL[self.chance.below(Moment::ALL.len())];
        let victim: Arc<Mutex<Option<std::process::Child>>> = Arc::default();
        let seen = Arc::new(AtomicUsize::new(0));
        let camera = self.sandbox.camera.as_ref().unwrap();
        let to_kill = Arc::clone(&victim);
        camera.watch(Some(Arc::new(move |at| {
            if at != moment || seen.fetch_add(1, Ordering::SeqCst) + 1 != number {
                return true;
            }
            if let Some(child) = to_kill.lock().unwrap().as_mut() {
                child.kill().unwrap();
            }
            false
        })));
        let mut slot = victim.lock().unwrap();
        *slot = Some(self.sandbox.start_at(&self.now_text(), &["--json", "sync", "--full"]));
        drop(slot);
        while victim.lock().unwrap().as_mut().unwrap().try_wait().unwrap().is_none() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        camera.settle();
        camera.watch(None);
        let child = victim.lock().unwrap().take().unwrap();
        let code = finish(child).code;
        self.story.push(format!("killed at {number} {moment:?}: {code}"));
    }

    #[track_caller]
    fn breach(&self, what: &str) -> ! {
        let (seed, now, story) = (self.seed, self.now_text(), self.story.join("\n  "));
        let rows: Vec<String> = self.camera().rows().iter().map(|row| format!("{row:?}")).collect();
        let cars: Vec<_> = self.cars.iter().collect();
        panic!(
            "seed {seed}, {now}: {what}\n  {story}\npermits: {:?}\ncars: {cars:?}\nrows:\n  {}",
            self.permits,
            rows.join("\n  ")
        );
    }

    /// One tick, with what the owner does about it.
    fn tick(&mut self) {
        let minutes = match self.chance.below(20) {
            0..=9 => 5,
            10..=14 => 65,
            15..=17 => 300,
            _ => 1200,
        };
        self.now += TimeDelta::minutes(minutes);
        self.story.clear();
        let could_before: BTreeSet<String> = self.with_right();
        self.people();
        self.break_or_mend_sheets();
        if self.chance.percent(12) {
            self.hands();
        }
        self.write_sheets();
        let mishap = self.mishap();
        self.story.push(format!("{mishap:?}, away {}", self.away));
        let strangers = self.camera().strangers();
        let opened: BTreeSet<String> = could_before
            .intersection(&self.with_right())
            .filter(|plate| {
                self.camera().opens_at(plate, self.now) && !self.touched.contains(*plate)
            })
            .cloned()
            .collect();
        let is_full = self.chance.percent(35);
        // What is read twice counts, whole or not.
        let is_half = self.staff == Sheet::Half || self.links == Sheet::Half;
        if mishap == Mishap::Killed && !is_half {
            self.killed();
        }
        let mut said = self.sync(is_full, &[]);
        for _ in 0..4 {
            if is_half {
                break;
            }
            let Some(again) = self.owner(&said) else { break };
            said = again;
        }
        let camera = self.sandbox.camera.as_ref().unwrap();
        camera.clear_faults();
        camera.set(|switches| {
            (switches.device_busy, switches.list_operating, switches.total_off_by) = (0, 0, 0);
        });
        if mishap == Mishap::Dropped {
            // Whoever drops answers is asked slowly from then on, for which weeks are too long here.
            let pause = "json_set(text, '$.manners.pause', json('{\"secs\":0,\"nanos\":0}'))";
            self.sandbox.tamper(&format!("UPDATE connector_memory SET text = {pause}"));
        }
        if camera.strangers() != strangers {
            self.breach("rows of others were touched");
        }
        if let Some(plate) = opened.iter().find(|plate| !camera.opens_at(plate, self.now)) {
            self.breach(&format!("{plate} has a right and lost the gate"));
        }
        self.judge_always();
        if said.code == 0 {
            if is_full {
                for member in &mut self.members {
                    member.doubted = member.doubted.saturating_sub(1);
                }
            }
            self.judge(&said.json());
        }
    }

    fn sync(&mut self, is_full: bool, more: &[&str]) -> Said {
        let mut arguments = vec!["--json", "sync"];
        arguments.extend(is_full.then_some("--full"));
        arguments.extend(more);
        self.camera().clear_requests();
        let said = self.run(&arguments);
        self.story.push(format!("{arguments:?}: {} {}", said.code, said.stderr.trim()));
        self.full += usize::from(said.stdout.contains("\"list-full\""));
        let is_read = self.camera().requests().iter().any(|request| request.is_authenticated());
        if said.code == 0 && is_read {
            self.touched.clear();
        }
        said
    }

    /// What the owner does where somebody must look: takes the shorter list, or approves.
    fn owner(&mut self, said: &Said) -> Option<Said> {
        if said.code != 4 {
            return None;
        }
        if let Some((_, rest)) = said.stderr.split_once("--accept-shrink ") {
            let rows: String = rest.chars().take_while(char::is_ascii_digit).collect();
            return Some(self.sync(false, &["--accept-shrink", &rows]));
        }
        let id = said.json()["gates"][0]["blocked"].as_str()?.to_owned();
        let done = self.run(&["--json", "apply", "--blocked", &id]);
        self.story.push(format!("approved: {} {}", done.code, done.stderr.trim()));
        if done.code == 0 { Some(self.sync(false, &[])) } else { None }
    }

    /// What must hold however a run ended: no row of ours has a day that nobody ever had a right to.
    fn judge_always(&self) {
        let today = self.today();
        for row in self.camera().rows().iter().filter(|row| !row.stranger) {
            let Some(end) = row.end else { self.breach(&format!("no end: {row:?}")) };
            if self.touched.contains(&row.plate) {
                continue;
            }
            let ever = self.ever.get(&row.plate).map(Vec::as_slice).unwrap_or_default();
            let from = row.begin.date().max(today);
            let is_sold = |day: NaiveDate| ever.iter().any(|span| span.contains(day));
            let stray =
                from.iter_days().take_while(|day| *day <= end.date()).find(|day| !is_sold(*day));
            if let Some(day) = stray {
                self.breach(&format!("nobody ever sold {day}: {row:?}"));
            }
            let is_rolling =
                !ever.iter().any(|span| span.last.is_some_and(|last| last >= end.date()));
            if is_rolling && (end.date() - today).num_days() > OPEN_DAYS_MAX {
                self.breach(&format!("too long for a permit without an end: {row:?}"));
            }
        }
    }

    /// After a whole tick that says all is well.
    fn judge(&mut self, found: &Value) {
        let gate = &found["gates"][0];
        let are_whole = self.staff == Sheet::Whole && self.links == Sheet::Whole;
        if gate["outcome"] != json!("ok") || !are_whole {
            return;
        }
        self.judged += 1;
        let today = self.today();
        let excused = |reasons: &[&str]| -> BTreeSet<String> {
            let not_done = gate["not_done"].as_array().into_iter().flatten();
            let not_done =
                not_done.filter(|one| reasons.contains(&one["reason"].as_str().unwrap()));
            let rights = not_done.flat_map(|one| one["rights"].as_array().unwrap());
            let plates = rights.filter_map(|right| self.told.get(right.as_str().unwrap()));
            plates.flatten().cloned().collect()
        };
        let shut = excused(&["stranger", "listed-twice", "list-full"]);
        let kept = excused(&["not-sure", "second-look"]);
        let in_doubt: BTreeSet<&String> = {
            let members = self.members.iter().filter(|member| member.doubted > 0);
            let told = members.filter_map(|one| self.told.get(&format!("{} of club", one.number)));
            told.flatten().collect()
        };
        for plate in self.with_right() {
            let is_let_in = self.camera().opens_at(&plate, self.now);
            let is_known = !in_doubt.contains(&plate) && !self.touched.contains(&plate);
            if !is_let_in && is_known && !shut.contains(&plate) {
                self.breach(&format!("{plate} has a right and stands outside: {found}"));
            }
        }
        for row in self.camera().rows().iter().filter(|row| !row.stranger) {
            let plate = &row.plate;
            if kept.contains(plate) || in_doubt.contains(plate) || self.touched.contains(plate) {
                continue;
            }
            let end = row.end.unwrap().date();
            let from = row.begin.date().max(today);
            let mut days = from.iter_days().take_while(|day| *day <= end);
            if let Some(day) = days.find(|day| !self.has_right(plate, *day)) {
                self.breach(&format!("{plate} has no right on {day}: {row:?} {found}"));
            }
        }
        let is_there = self.away == 0 && self.wrong_clock == 0;
        if self.touched.is_empty() && in_doubt.is_empty() && is_there {
            let law = self.run(&["--json", "diff", "--exit-code"]);
            if law.code != 0 {
                self.breach(&format!("there is something left to do: {law:?}\nafter {found}"));
            }
        }
        let violations = self.camera().violations();
        if !violations.is_empty() {
            self.breach(&format!("{violations:?}"));
        }
    }
}

/// How the camera of a life is: as strict as is plausible, as one was seen, and others.
fn firmware(place: usize) -> Switches {
    let strict = Switches::default();
    match place {
        1 => Switches::captured(),
        2 => Switches {
            delete_form: DeleteForm::LicensePlate,
            wrong_form: WrongForm::Refused,
            dates: Dates::Seconds,
            page_rows: 5,
            ..strict
        },
        3 => Switches { family: Family::Vcl, page_rows: 10, ..strict },
        4 => Switches {
            written_words: Words::White,
            starts: Starts::StartDate,
            delete_form: DeleteForm::CompoundCond,
            dates: Dates::DaysOnly,
            shown_times: ShownTimes::Day,
            ..strict
        },
        5 => Switches { effect: Effect::ShowsAfterReads(1), filter: Filter::Ignored, ..strict },
        _ => strict,
    }
}

/// One camera, and how many rows it holds.
const LIVES: [(u64, usize); 6] =
    [(11, 2000), (12, 2000), (13, 2000), (14, 2000), (15, 37), (16, 2000)];

/// Most of the time is spent waiting for cameras that show late, so all lives are lived at once.
#[test]
fn nobody_gets_in_without_a_right_and_everybody_with_one_for_weeks() {
    std::thread::scope(|threads| {
        for (place, (seed, capacity)) in LIVES.into_iter().enumerate() {
            threads.spawn(move || {
                let mut life = Life::new(seed, firmware(place), capacity);
                (0..TICKS).for_each(|_| life.tick());
                let (judged, full) = (life.judged, life.full);
                println!(
                    "seed {seed}: {judged} of {TICKS} ticks judged in full, {full} runs had no room"
                );
                assert_eq!(full > 0, capacity < 2000, "seed {seed}: the small one becomes full");
                assert!(judged * 2 > TICKS, "seed {seed}: only {judged} ticks were judged in full");
            });
        }
    });
}
