//! The life of one club: tick after tick of the real engine against a made-up world.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use ivms_sync::clock::Clock;
use ivms_sync::cmd::{Context, OfDocuments, apply, tick};
use ivms_sync::command::CommandName;
use ivms_sync::config::{self, Environment};
use ivms_sync::connectors::KINDS;
use ivms_sync::engine::gather::{AcceptLink, Scope};
use ivms_sync::error::Error;
use ivms_sync::model::RecordId;
use ivms_sync::ports::progress::Silent;
use ivms_sync::report::Report;
use ivms_sync::report::look::Look;
use ivms_sync::stop::Stop;
use ivms_sync::store::Store;
use tempfile::TempDir;

use crate::barrier::{BarrierTick, Row};
use crate::club::{Club, Mode};
use crate::desk::DeskTick;
use crate::door::{Card, DoorTick, Names};
use crate::gatekeeper::{CarsTold, GateBook};
use crate::inquiry;
use crate::judge::{Book, Ended, Past};
use crate::kiosk::KioskTick;
use crate::ledger::Known;
use crate::outside::{Died, Streets};
use crate::roles::Roles;
use crate::sabotage::Sabotage;
use crate::tally::Tally;
use crate::till::{self, Clerk};
use crate::world::World;

/// What went against a rule.
#[derive(Debug)]
pub struct Violation {
    pub tick: u64,
    pub at: DateTime<Utc>,
    pub what: String,
}

/// What a run of the program was asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Errand {
    Sync {
        is_full: bool,
        accept_shrink: Option<usize>,
        accept_door: Option<(usize, usize)>,
        /// A barrier, and how many rows it has.
        accept_gate: Option<(usize, usize)>,
        /// A door, a person there, and the place of a member.
        accept_link: Option<(usize, String, usize)>,
    },
    Approve(String),
}

/// A copy of the state file, and what the program knew when it was made.
struct Copy {
    bytes: Vec<u8>,
    knowns: Vec<Known>,
    desks: Vec<(Vec<usize>, Option<DateTime<Utc>>)>,
    books: Vec<Book>,
    pasts: Vec<Past>,
    /// By the number that each card had then, with whose it was.
    linked: Vec<Vec<(String, Option<usize>)>>,
    gates: Vec<GateBook>,
    cars: CarsTold,
    /// The program's rows at each barrier.
    rows: Vec<Vec<Row>>,
    /// Doors on which something was changed that nobody asked for.
    meddled: Vec<bool>,
}

/// One club from its first tick to its last.
pub struct Life {
    pub world: World,
    pub books: Vec<Book>,
    pub pasts: Vec<Past>,
    pub tally: Tally,
    pub tick: u64,
    pub errand: Errand,
    /// When the last tick that gathered began, and the one now: approved plans are from then.
    pub synced_at: DateTime<Utc>,
    /// What the configuration said then.
    pub synced_by: Club,
    /// When the program last ran, by the host's clock.
    pub ran_at: DateTime<Utc>,
    /// The part that waits for the admin, and since when.
    pub waiting: Option<(String, u64)>,
    /// The same of a barrier.
    pub gate_waiting: Option<(String, u64)>,
    pub gates: Vec<GateBook>,
    pub cars: CarsTold,
    /// When the latest run ran, by the host's clock.
    pub latest: DateTime<Utc>,
    pub context: Context,
    pub store: Option<Store>,
    copy: Option<Copy>,
    sabotage: Option<Sabotage>,
    config_of: (Vec<u32>, Club),
    pub roles: Roles,
    link_file: Option<String>,
    cars_file: Option<String>,
    folder: TempDir,
}

impl Life {
    pub fn begin(
        seed: u64,
        number: u64,
        sabotage: Option<Sabotage>,
        is_told: bool,
    ) -> Result<Self, String> {
        let mut world = World::made_up(seed, number);
        world.diary.is_told = is_told;
        let folder = folder().map_err(|error| format!("no folder for the state file: {error}"))?;
        let (doors, gates) = (world.doors.len(), world.yard.barriers.len());
        let context = load(folder.path(), &world, sabotage)?;
        let mut life = Self {
            books: vec![Book::default(); doors],
            pasts: vec![Past::default(); doors],
            tally: Tally::of(&world.club),
            tick: 0,
            errand: Errand::Sync {
                is_full: false,
                accept_shrink: None,
                accept_door: None,
                accept_gate: None,
                accept_link: None,
            },
            synced_at: world.now,
            synced_by: world.club.clone(),
            ran_at: world.host_now(),
            waiting: None,
            context,
            store: None,
            copy: None,
            sabotage,
            config_of: (world.passwords.clone(), world.club.clone()),
            roles: Roles::of(&world.club),
            link_file: None,
            cars_file: None,
            gates: vec![GateBook::default(); gates],
            cars: CarsTold::default(),
            gate_waiting: None,
            latest: world.host_now(),
            folder,
            world,
        };
        life.open()?;
        life.fix_salt()?;
        Ok(life)
    }

    pub fn state_path(&self) -> PathBuf {
        self.folder.path().join("state.db")
    }

    fn open(&mut self) -> Result<(), String> {
        self.store = None;
        let store =
            Store::open(&self.state_path()).map_err(|error| format!("state file: {error}"))?;
        self.store = Some(store.with_accounts(self.context.config.accounts()));
        Ok(())
    }

    /// The salt of the memory of logins is the only thing in a state file that chance of its own makes.
    fn fix_salt(&self) -> Result<(), String> {
        self.sql("UPDATE salt SET value = x'00112233445566778899aabbccddeeff'")
    }

    /// Does something to the state file from beside.
    fn sql(&self, text: &str) -> Result<(), String> {
        let connection = rusqlite::Connection::open(self.state_path());
        let done = connection.and_then(|connection| connection.execute_batch(text));
        done.map_err(|error| format!("{text}: {error}"))
    }

    /// Lives for a number of ticks, or until a rule is broken.
    pub fn live(&mut self, ticks: u64) -> Result<(), Violation> {
        for _ in 0..ticks {
            self.tick += 1;
            self.one_tick().map_err(|what| Violation {
                tick: self.tick,
                at: self.world.now,
                what,
            })?;
        }
        let ended = self.end().and_then(|()| self.settle_refunds());
        ended.map_err(|what| Violation { tick: self.tick, at: self.world.now, what })
    }

    fn one_tick(&mut self) -> Result<(), String> {
        for desk in 0..self.world.desks.len() {
            self.world.desk(desk).tick = DeskTick::default();
        }
        for door in 0..self.world.doors.len() {
            self.world.door(door).tick = DoorTick::default();
        }
        for barrier in &self.world.yard.barriers {
            crate::outside::open(barrier).tick = BarrierTick::default();
        }
        if let Some(kiosk) = &self.world.yard.kiosk {
            crate::outside::open(kiosk).tick = KioskTick::default();
        }
        self.world.pass();
        self.prepare()?;
        let ended = self.run()?;
        self.note(&ended);
        self.after(&ended)?;
        self.judge(&ended)?;
        self.hand_over()?;
        if self.tick.is_multiple_of(7) && matches!(ended, Ended::Well(_)) {
            inquiry::ask(&self.context, &self.world.humans, self.tick)?;
        }
        if self.sabotage == Some(Sabotage::ForgetWrites) {
            self.forget_a_write();
        }
        Ok(())
    }

    /// A clerk hands a refund over, where there is a cashier; this run, too, can die.
    fn hand_over(&mut self) -> Result<(), String> {
        let Some(till) = self.world.till.clone() else { return Ok(()) };
        let Some(store) = self.store.take() else { return Err("no state file".to_owned()) };
        let streets = Streets::of(&self.world, self.sabotage);
        let now = self.world.host_now();
        let Context { config, stop, .. } = &self.context;
        let clerk = Clerk { config, store: &store, systems: &streets, now, stop };
        let done = catch_unwind(AssertUnwindSafe(|| clerk.hand_over(&till)));
        self.store = Some(store);
        match done {
            Ok(done) => done?,
            Err(payload) if payload.is::<Died>() => {
                self.tally.deaths += 1;
                self.open()?;
            }
            Err(payload) => return Err(panicked(&*payload)),
        }
        crate::outside::open(&till).judge()
    }

    /// With nothing in the way, each refund comes to its end.
    fn settle_refunds(&self) -> Result<(), String> {
        let (Some(till), Some(store)) = (&self.world.till, &self.store) else { return Ok(()) };
        let streets = Streets::of(&self.world, self.sabotage);
        let now = self.world.now.max(self.latest);
        let Context { config, stop, .. } = &self.context;
        Clerk { config, store, systems: &streets, now, stop }.judge_end(till)
    }

    /// Puts the stage right before the program is called.
    fn prepare(&mut self) -> Result<(), String> {
        let now = self.world.now;
        for door in 0..self.world.doors.len() {
            let sabotage = self.sabotage;
            let door = self.world.door(door);
            (door.tick.now, door.tick.sabotage) = (now, sabotage);
        }
        for barrier in &self.world.yard.barriers {
            let mut barrier = crate::outside::open(barrier);
            (barrier.tick.now, barrier.tick.sabotage) = (now, self.sabotage);
        }
        if let Some(kiosk) = &self.world.yard.kiosk {
            let mut kiosk = crate::outside::open(kiosk);
            (kiosk.tick.now, kiosk.tick.sabotage) = (now, self.sabotage);
        }
        if let Some(till) = &self.world.till {
            crate::outside::open(till).pass(now, self.sabotage);
        }
        let next = std::mem::take(&mut self.world.next);
        if next.reopens {
            self.open()?;
        }
        if next.saves_copy {
            self.save_copy()?;
        }
        if next.puts_copy_back && self.copy.is_some() {
            self.put_copy_back()?;
        }
        if let Some(statement) = next.store_fails {
            let body = "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
            self.sql(&format!("CREATE TRIGGER fails BEFORE {statement} {body}"))?;
            self.tally.store_fails = true;
        }
        if self.world.club.by_file {
            let text = Some(self.world.link_file());
            put_file(self.folder.path(), "persons.csv", text, &mut self.link_file)?;
        }
        if self.world.club.has_members_cars() {
            let text = self.world.yard.file();
            put_file(self.folder.path(), "cars.csv", text, &mut self.cars_file)?;
        }
        let (passwords, club) = &self.config_of;
        if *passwords != self.world.passwords || !club.has_same_roles(&self.world.club) {
            self.context = load(self.folder.path(), &self.world, self.sabotage)?;
            let changed = passwords.iter().zip(&self.world.passwords).map(|(old, new)| old != new);
            let places = self.world.doors.iter_mut().zip(&mut self.books).zip(changed);
            for ((door, book), _) in places.filter(|(_, is_changed)| *is_changed) {
                let door = door.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
                door.wrong_in_row = 0;
                book.deaths = 0;
            }
            self.roles.change(club, &self.world.club);
            for (gate, rules) in self.gates.iter_mut().zip(&self.world.club.gates) {
                gate.may_be_new = true;
                // What opens it is decided anew, so that it is asked whatever comes of that.
                let roles = |club: &Club, at: &usize| club.organisations[*at].roles.clone();
                let mut of = rules.members.iter();
                if of.any(|at| roles(club, at) != roles(&self.world.club, at)) {
                    gate.calm = None;
                }
            }
            self.config_of = (self.world.passwords.clone(), self.world.club.clone());
        }
        if let Some(text) = self.sabotage.and_then(Sabotage::forgets) {
            self.sql(text)?;
        }
        for at in 0..self.world.doors.len() {
            let had_open = !self.uncommitted(at)?.is_empty();
            if let Some(site) = &mut self.world.door(at).site {
                site.had_open = had_open;
            }
        }
        self.errand = self.admin(next.is_full);
        Ok(())
    }

    /// What the admin asks for in this tick, beside what cron does.
    fn admin(&mut self, is_full: bool) -> Errand {
        for waiting in [&self.waiting, &self.gate_waiting] {
            if let Some((id, since)) = waiting
                && self.tick > since + 12
                && self.world.chance.in_thousand(60)
            {
                return Errand::Approve(id.clone());
            }
        }
        let mut accept_shrink = None;
        for desk in 0..self.world.desks.len() {
            let now = self.world.now;
            let stuck = self.world.desk(desk).stuck_since;
            let waited = stuck.is_some_and(|since| now - since > self.world.club.every * 20);
            if waited && self.world.chance.in_thousand(100) {
                let listed =
                    |one: &&crate::ledger::Human| one.organisation == desk && one.is_listed;
                accept_shrink = Some(self.world.humans.iter().filter(listed).count());
            }
            let kept = self.world.desk(desk).would_keep;
            if kept.is_some() && self.world.chance.in_thousand(30) {
                accept_shrink = kept;
            }
        }
        let mut accept_door = None;
        for door in 0..self.world.doors.len() {
            let host_now = self.world.host_now();
            let doubted = self.books[door].doubted_since;
            let waited = doubted.is_some_and(|since| host_now - since > self.world.club.every * 20);
            if waited && self.world.chance.in_thousand(100) {
                accept_door = Some((door, self.world.door(door).cards.len()));
            }
        }
        let accept_gate = self.gate_to_accept();
        if accept_shrink.is_none() {
            accept_shrink = self.cars_to_accept();
        }
        let mut accept_link = None;
        for door in 0..self.world.doors.len() {
            let Some(no) = self.some_other_name(door) else { continue };
            let is_accepted = self.world.chance.in_thousand(30);
            let card = self.world.door(door).cards.get_mut(&no).filter(|_| is_accepted);
            if let Some((card, owner)) = card.and_then(|card| card.owner.map(|owner| (card, owner)))
            {
                card.is_name_accepted = true;
                accept_link = Some((door, no, owner));
            }
        }
        Errand::Sync { is_full, accept_shrink, accept_door, accept_gate, accept_link }
    }

    /// A person on a door who is linked under another name.
    fn some_other_name(&self, door: usize) -> Option<String> {
        let door = crate::outside::open(&self.world.doors[door]);
        let is_it = |card: &&Card| {
            card.is_linked && !card.is_name_accepted && self.world.has_other_name(card)
        };
        door.cards.values().find(is_it).map(|card| card.no.clone())
    }

    /// Calls the program.
    fn run(&mut self) -> Result<Ended, String> {
        if self.sabotage == Some(Sabotage::LazyTicks) && self.tick.is_multiple_of(2) {
            return Ok(Ended::Well(Box::new(Report::new(CommandName::Sync, None))));
        }
        let clock = Clock::standing_still(self.world.host_now());
        (self.context.clock, self.context.stop) = (clock, Stop::at_time_limit(clock));
        let Some(mut store) = self.store.take() else { return Err("no state file".to_owned()) };
        let world = &self.world;
        let streets = Streets::of(world, self.sabotage);
        let (context, errand) = (&self.context, &self.errand);
        let place = |name: &str| {
            context.config.devices.iter().position(|device| device.name.as_str() == name)
        };
        let names = world.club.doors.iter().map(|door| place(&door.name).unwrap_or_default());
        let names: Vec<usize> = names.collect();
        let result = catch_unwind(AssertUnwindSafe(|| match errand {
            Errand::Sync { is_full, accept_shrink, accept_door, accept_gate, accept_link } => {
                let accepted = accept_door.iter().filter_map(|(door, persons)| {
                    Some((context.config.devices.get(names[*door])?.name.clone(), *persons))
                });
                let accepted_gate = accept_gate.iter().filter_map(|(gate, rows)| {
                    let name = &world.club.gates[*gate].name;
                    let mut gates = context.config.gates.iter();
                    Some((gates.find(|one| one.name.as_str() == name)?.name.clone(), *rows))
                });
                let accepted_link = accept_link.iter().filter_map(|(door, no, owner)| {
                    Some(AcceptLink {
                        device: context.config.devices.get(names[*door])?.name.clone(),
                        employee_no: RecordId::new(no).ok()?,
                        number: world.humans[*owner].truth.member.number.clone()?,
                    })
                });
                let scope = Scope {
                    accept_links: accepted_link.collect(),
                    is_full: *is_full,
                    accept_shrink: *accept_shrink,
                    accept_devices: accepted.chain(accepted_gate).collect(),
                    ..Scope::default()
                };
                tick::tick(context, &streets, &mut store, scope)
            }
            Errand::Approve(id) => apply::approve(context, &streets, &mut store, id),
        }));
        let ended = match result {
            Ok(Ok(report)) => Ended::Well(Box::new(report)),
            Ok(Err(error)) => self.failed(error)?,
            Err(payload) if payload.is::<Died>() => Ended::Died,
            Err(payload) => return Err(panicked(&*payload)),
        };
        self.store = Some(store);
        if matches!(ended, Ended::Died) {
            self.tally.deaths += 1;
            self.open()?;
        }
        if std::mem::take(&mut self.tally.store_fails) {
            self.sql("DROP TRIGGER fails")?;
        }
        Ok(ended)
    }

    fn failed(&self, error: Error) -> Result<Ended, String> {
        match (&error, &self.errand) {
            (Error::Store { .. }, _) if self.tally.store_fails => Ok(Ended::Failed),
            // By then it may be settled.
            (Error::NothingToAccept { .. }, _) => Ok(Ended::Failed),
            (Error::NoBlockedPlan(_) | Error::Plan { .. }, Errand::Approve(_)) => Ok(Ended::Failed),
            _ => Err(format!("the program gave up: {error}")),
        }
    }

    /// The tick's line in the trace, and its part of the hash.
    fn note(&mut self, ended: &Ended) {
        let mut line = format!("{} {:?}", self.tick, self.errand);
        match ended {
            Ended::Well(report) => line.push_str(&format!(" exit {}", report.exit().code())),
            Ended::Failed => line.push_str(" failed"),
            Ended::Died => line.push_str(" died"),
        }
        for door in 0..self.world.doors.len() {
            let tick = &self.world.door(door).tick;
            let calls = tick.calls;
            line.push_str(&format!(
                " [{} {} {} {} {}]",
                calls.info, calls.clock, calls.lists, calls.exact, calls.writes
            ));
            for write in &tick.writes {
                let no = &write.card.no;
                line.push_str(&format!(" {no}:{}..{}", write.after.begin, write.after.end));
            }
        }
        for barrier in &self.world.yard.barriers {
            let tick = &crate::outside::open(barrier).tick;
            line.push_str(&format!(" <{}>", tick.calls));
            for write in &tick.writes {
                let days = write.days.map_or("-".to_owned(), |days| days.to_string());
                line.push_str(&format!(" {}:{days}", write.plate));
            }
        }
        let diary = &mut self.world.diary;
        diary.mix(line.as_bytes());
        if diary.is_told {
            let is_news = !diary.lines.is_empty() || !line.ends_with("exit 0 [0 0 0 0 0]");
            if is_news {
                diary.lines.push(format!("{} {line}", self.world.now.format("%F %R")));
                if let Ended::Well(report) = ended {
                    diary.lines.extend(told(report));
                }
            }
        }
    }

    /// What the admin sees of it.
    fn after(&mut self, ended: &Ended) -> Result<(), String> {
        let Ended::Well(report) = ended else { return Ok(()) };
        let blocked = report.gates.iter().find_map(|gate| gate.blocked.clone());
        let since = self.gate_waiting.take().filter(|(old, _)| Some(old) == blocked.as_ref());
        self.gate_waiting = blocked.map(|id| (id, since.map_or(self.tick, |(_, since)| since)));
        match (&self.errand, &report.blocked) {
            (Errand::Approve(_), _) => self.waiting = None,
            (_, None) => self.waiting = None,
            (_, Some(id)) => {
                let kept = self
                    .store
                    .as_ref()
                    .and_then(|store| store.pending().blocked(id).ok())
                    .flatten();
                if kept.is_none() {
                    return Err(format!("blocked plan {id} is not in the state file"));
                }
                let since = self.waiting.as_ref().filter(|(old, _)| old == id);
                self.waiting = Some((id.clone(), since.map_or(self.tick, |(_, since)| *since)));
            }
        }
        Ok(())
    }

    fn forget_a_write(&mut self) {
        for door in 0..self.world.doors.len() {
            let door = self.world.door(door);
            let last = door.tick.writes.last().map(|write| write.card.clone());
            if let Some(before) = last {
                door.cards.insert(before.no.clone(), before);
            }
        }
    }

    fn save_copy(&mut self) -> Result<(), String> {
        // Each run is a process of its own, which leaves nothing in the side file but what a quiet tick wrote;
        // here one store goes on through many ticks.
        self.open()?;
        self.store = None;
        let bytes = std::fs::read(self.state_path()).map_err(|error| error.to_string())?;
        self.open()?;
        let desks = (0..self.world.desks.len()).map(|at| {
            let desk = self.world.desk(at);
            (desk.before.clone(), desk.complete_at)
        });
        let desks = desks.collect();
        let linked = (0..self.world.doors.len()).map(|at| {
            let cards = self.world.door(at).cards.values().filter(|card| card.is_linked);
            cards.map(|card| (card.no.clone(), card.owner)).collect()
        });
        let linked = linked.collect();
        let humans = self.world.humans.iter();
        let knowns = humans.map(|human| human.known.clone()).collect();
        let (books, pasts) = (self.books.clone(), self.pasts.clone());
        let rows =
            self.world.yard.barriers.iter().map(|one| crate::outside::open(one).rows.clone());
        let (rows, gates, cars) = (rows.collect(), self.gates.clone(), self.cars.clone());
        let meddled = (0..self.world.doors.len()).map(|at| self.world.door(at).is_meddled_with);
        let meddled = meddled.collect();
        let copy = Copy { bytes, knowns, desks, books, pasts, linked, gates, cars, rows, meddled };
        self.copy = Some(copy);
        self.world.diary.note("state file copied", String::new);
        Ok(())
    }

    /// The admin puts back an old copy: what the program learned since is gone.
    fn put_copy_back(&mut self) -> Result<(), String> {
        self.check_audit_log()?;
        let Some(copy) = self.copy.take() else { return Ok(()) };
        self.store = None;
        for end in ["-wal", "-shm"] {
            let side = self.folder.path().join(format!("state.db{end}"));
            if side.exists() {
                std::fs::remove_file(side).map_err(|error| error.to_string())?;
            }
        }
        std::fs::write(self.state_path(), &copy.bytes).map_err(|error| error.to_string())?;
        self.open()?;
        for (at, human) in self.world.humans.iter_mut().enumerate() {
            human.known = copy.knowns.get(at).cloned().unwrap_or_default();
            human.owes_look = false;
        }
        for (at, (before, complete_at)) in copy.desks.iter().enumerate() {
            let desk = self.world.desk(at);
            (desk.before, desk.complete_at) = (before.clone(), *complete_at);
        }
        for (at, linked) in copy.linked.iter().enumerate() {
            for card in self.world.door(at).cards.values_mut() {
                card.is_linked = linked.contains(&(card.no.clone(), card.owner));
                card.is_served = false;
                // Whatever was read since is forgotten; the door itself shows it again.
                card.by_hand = true;
            }
            let door = self.world.door(at);
            // Whoever has accepted it since has to do so again.
            door.is_meddled_with |= copy.meddled.get(at).is_some_and(|was| *was);
            door.names = Names::Perhaps;
            // The old file knows of none of the logins that were refused since.
            door.wrong_in_row = 0;
            // Nobody remembers what was to be put in force, but staff who are told to put all of it.
            door.apply_all();
        }
        (self.books, self.pasts) = (copy.books, copy.pasts);
        (self.gates, self.cars) = (copy.gates, copy.cars);
        // The configuration may have changed since, and the old file knows nothing of that.
        self.gates.iter_mut().for_each(|gate| gate.may_be_new = true);
        for (barrier, rows) in self.world.yard.barriers.iter().zip(&copy.rows) {
            crate::outside::open(barrier).forget_since(rows);
        }
        if let Some(till) = &self.world.till {
            crate::outside::open(till).has_forgotten = true;
        }
        self.roles = Roles::of(&self.world.club);
        for book in &mut self.books {
            book.may_read = true;
            book.deaths += 1;
        }
        (self.waiting, self.gate_waiting) = (None, None);
        self.world.diary.note("old state file put back", String::new);
        Ok(())
    }
}

fn panicked(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    format!("the program panicked: {}", text.unwrap_or("?"))
}

/// The report in a few lines, for the trace.
fn told(report: &Report) -> Vec<String> {
    let troubles = report
        .troubles
        .iter()
        .map(|one| format!("    {} {}: {}", one.exit().code(), one.about, one.text()));
    let changes = report.changes.iter().map(|one| {
        let change = &one.change;
        format!(
            "    {} {} {} of member {}: {:?} to {} {:?} {:?}",
            change.device,
            change.employee_no,
            change.cause.as_str(),
            change.member.human(),
            change.before.window().map(|window| window.to_string()),
            change.after,
            one.state,
            one.error
        )
    });
    let rows = report.gates.iter().flat_map(|gate| {
        gate.changes.iter().map(move |one| {
            let change = &one.change;
            format!(
                "    {} {} {} of {}: {:?} {:?} {:?} {:?}",
                gate.name,
                change.verb,
                change.plate.text(),
                change.by,
                change.days.map(|days| days.to_string()),
                one.state,
                one.error,
                change.blocked
            )
        })
    });
    let left_out = report.left_out.iter().map(|one| {
        let (reason, detail) = (one.reason.as_str(), one.detail.as_deref().unwrap_or_default());
        let door = one.device.as_ref().map_or("every door", |name| name.as_str());
        format!("    {door}: {} is left out: {reason} {detail}", one.member.human())
    });
    let not_done = report.gates.iter().flat_map(|gate| {
        gate.not_done.iter().map(move |one| {
            format!("    {}: {} of {:?}", gate.name, one.reason.as_str(), one.rights)
        })
    });
    troubles.chain(changes).chain(left_out).chain(rows).chain(not_done).collect()
}

/// Puts a file in the place of another one, as a new file: in a life ticks follow each other faster than a disk
/// tells times apart.
fn put_file(
    folder: &Path,
    name: &str,
    text: Option<String>,
    before: &mut Option<String>,
) -> Result<(), String> {
    if text == *before {
        return Ok(());
    }
    let path = folder.join(name);
    let done = match &text {
        Some(text) => {
            let fresh = folder.join(format!("{name}.new"));
            std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, &path))
        }
        None => std::fs::remove_file(&path),
    };
    *before = text;
    done.map_err(|error| format!("{}: {error}", path.display()))
}

/// In memory where there is a folder for that: what is tested is not the disk.
fn folder() -> std::io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    let builder = tempfile::Builder::new().prefix("ivms-years-").to_owned();
    if memory.is_dir() { builder.tempdir_in(memory) } else { builder.tempdir() }
}

/// Writes the configuration and reads it the way the program does.
fn load(folder: &Path, world: &World, sabotage: Option<Sabotage>) -> Result<Context, String> {
    let mut club = world.club.clone();
    for gate in &mut club.gates {
        match sabotage {
            Some(Sabotage::NeverRemove) if gate.mode == Mode::Full => gate.mode = Mode::GrantOnly,
            Some(Sabotage::UnprotectedPlates) => gate.protect.clear(),
            _ => {}
        }
    }
    club.kiosk.iter_mut().for_each(|it| it.are_zones_one = sabotage == Some(Sabotage::OneZone));
    for door in &mut club.doors {
        match sabotage {
            Some(Sabotage::NeverRevoke) if door.mode == Mode::Full => door.mode = Mode::GrantOnly,
            Some(Sabotage::Unprotected) => door.protect.clear(),
            Some(Sabotage::LetAllIn) => door.only = None,
            _ => {}
        }
    }
    let path = folder.join("ivms-sync.toml");
    let of_till = world.till.as_ref().map(|_| till::config()).unwrap_or_default();
    let text = club.config(&world.passwords) + &of_till;
    std::fs::write(&path, text).map_err(|error| error.to_string())?;
    let nothing: [(&str, &str); 0] = [];
    let config = config::load(&path, &Environment::from_pairs(nothing), KINDS)
        .map_err(|error| error.to_string())?;
    let clock = Clock::standing_still(world.host_now());
    let stop = Stop::at_time_limit(clock);
    Ok(Context {
        config,
        clock,
        stop,
        is_json: false,
        is_verbose: false,
        is_quiet: false,
        look: Look::PLAIN,
        stdout: |_| Ok(()),
        progress: Silent::handle(),
        compares_looks: true,
        of_documents: OfDocuments::default(),
    })
}
