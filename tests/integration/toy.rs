//! A source and a target that exist nowhere else: what a new system must bring, and that it is all there
//! is to bring.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use ivms_sync::cli::{CheckArgs, LookArgs, LookupArgs, SyncArgs};
use ivms_sync::clock::Clock;
use ivms_sync::cmd::{Context, OfDocuments, check, lookup, sync, tick};
use ivms_sync::config::reading::{DeValue, Section, Surroundings, Wrong, text, value};
use ivms_sync::config::{
    self, Common, Environment, Kinds, Login, Nouns, Place, Secret, SourceKind, SourceParts,
    SourceSettings, TargetKind, TargetParts, TargetSettings, Wiring,
};
use ivms_sync::engine::gather::Scope;
use ivms_sync::error::Error;
use ivms_sync::exit::Exit;
use ivms_sync::model::{
    Account, Email, Holder, HolderId, HolderNumber, Limit, Memory, Record, RecordId,
    RecordStanding, Right, RightCode, SourceName, TargetName, TargetTimes, Window, fingerprint,
    parse_time,
};
use ivms_sync::ports::progress::Silent;
use ivms_sync::ports::{
    Capabilities, Class, Failure, FullRecord, Identity, Listing, RecordList, Snapshot, Source,
    Target, TargetClock, TargetWriter,
};
use ivms_sync::report::look::Look;
use ivms_sync::report::{ChangeState, Report};
use ivms_sync::stop::Stop;
use ivms_sync::store::OutcomeKind;
use serde_json::{Map, json};

use crate::support::pinned::instant;

/// A book with one line for each guest, and a door with a list of guests.
#[derive(Debug, Default)]
struct World {
    /// Last paid day by guest, for those who have a right.
    book: BTreeMap<u32, Option<NaiveDate>>,
    /// What the door holds.
    door: BTreeMap<u32, Window>,
    /// Whom the door refuses to change.
    refuses: Option<u32>,
    /// How often the door was written to.
    writes: u32,
    /// What the door was told it had remembered, at each connection.
    remembered: Vec<u32>,
}

/// A world of its own for each address.
static WORLDS: LazyLock<Mutex<BTreeMap<String, Arc<Mutex<World>>>>> = LazyLock::new(Mutex::default);

fn world(place: &str) -> Arc<Mutex<World>> {
    Arc::clone(WORLDS.lock().unwrap().entry(place.to_owned()).or_default())
}

const KINDS: Kinds = Kinds {
    sources: &[&Toybook],
    targets: &[&Toydoor],
    gates: &[],
    rights: &[],
    meters: &[],
    recipients: &[],
};

#[derive(Debug)]
struct Toybook;

#[derive(Debug)]
struct Book {
    name: SourceName,
    world: Arc<Mutex<World>>,
}

impl SourceKind for Toybook {
    fn name(&self) -> &'static str {
        "toybook"
    }

    fn nouns(&self) -> Nouns {
        Nouns {
            system: "Toybook",
            one: "book",
            many: "books",
            version: "edition",
            identity: "shelf",
        }
    }

    fn right_code(&self, entry: &DeValue<'_>) -> Result<RightCode, Wrong> {
        value::id(RightCode::new(text(entry)?))
    }

    fn read(
        &self,
        section: &Section<'_>,
        common: &Common<SourceName>,
        _: &Surroundings<'_>,
    ) -> SourceParts {
        let place = section.text("place", value::not_empty).required();
        let settings = common.name.clone().zip(place.clone()).map(|(name, place)| {
            Arc::new(Book { name, world: world(&place) }) as Arc<dyn SourceSettings>
        });
        let account = place.map(|place| Account {
            key: "place",
            id: format!("toybook:{place}"),
            value: place,
        });
        SourceParts { settings, account }
    }
}

impl SourceSettings for Book {
    fn connect(&self, wiring: Wiring) -> Box<dyn Source> {
        wiring.count.count();
        Box::new(Self { name: self.name.clone(), world: Arc::clone(&self.world) })
    }
}

impl Source for Book {
    fn snapshot(&self, _: Listing) -> Result<Snapshot, Failure> {
        let world = self.world.lock().unwrap();
        let right = |last: &NaiveDate| {
            let begin = parse_time("2026-01-01T00:00:00").unwrap();
            let code = RightCode::new("guest").unwrap();
            Right::by_wall_clock(code, begin, last.and_hms_opt(0, 0, 0).unwrap())
        };
        let guest = |(number, last): (&u32, &Option<NaiveDate>)| Holder {
            key: HolderId::new(self.name.clone(), &number.to_string()).unwrap(),
            number: Some(HolderNumber::whole(i64::from(*number)).unwrap()),
            first_name: "Guest".to_owned(),
            last_name: format!("Number{number}"),
            email: Some(Email::parse(&email(*number)).unwrap()),
            inactive: false,
            roles: last.iter().map(right).collect(),
            unreadable: Vec::new(),
        };
        let mut members: Vec<Holder> = world.book.iter().map(guest).collect();
        members.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(Snapshot { members, unusable: Vec::new(), elsewhere: 0, server_time: None })
    }
}

#[derive(Debug)]
struct Toydoor;

#[derive(Debug)]
struct Settings {
    world: Arc<Mutex<World>>,
}

impl TargetKind for Toydoor {
    fn name(&self) -> &'static str {
        "toydoor"
    }

    fn nouns(&self) -> Nouns {
        Nouns {
            system: "Toydoor",
            one: "door",
            many: "doors",
            version: "edition",
            identity: "number",
        }
    }

    /// It takes times that no other kind of target takes.
    fn capabilities(&self) -> Capabilities {
        Capabilities { batch: 3, times: TargetTimes::of_years(1990, 2099), commits: false }
    }

    fn read(
        &self,
        section: &Section<'_>,
        _: &Common<TargetName>,
        _: &Surroundings<'_>,
    ) -> TargetParts {
        let place = section.text("place", value::not_empty).required();
        let settings =
            |place: &String| Arc::new(Settings { world: world(place) }) as Arc<dyn TargetSettings>;
        TargetParts {
            settings: place.as_ref().map(settings),
            login: Some(Login { name: "toy".to_owned(), secret: Secret::new(String::new()) }),
            place: place.map(|place| Place { key: "place", place }),
        }
    }
}

impl TargetSettings for Settings {
    fn connect(&self, wiring: Wiring, memory: &Memory) -> Result<Box<dyn Target>, Failure> {
        wiring.count.count();
        let times = memory.read::<u32>(1);
        self.world.lock().unwrap().remembered.push(times);
        Ok(Box::new(Door { world: Arc::clone(&self.world), times: times + 1 }))
    }
}

struct Door {
    world: Arc<Mutex<World>>,
    /// How often it was connected to, which is all that it remembers.
    times: u32,
}

impl Door {
    fn records(&self) -> Vec<FullRecord> {
        self.world.lock().unwrap().door.iter().map(|(id, window)| record(*id, *window)).collect()
    }
}

fn record(id: u32, window: Window) -> FullRecord {
    let fields = json!({ "id": id, "window": format!("{window:?}") });
    let person = Record {
        employee_no: RecordId::new(&id.to_string()).unwrap(),
        name: format!("Guest Number{id}"),
        limit: Limit::Window(window),
        standing: RecordStanding::Free,
        flaw: None,
        email: Some(Email::parse(&email(id)).unwrap()),
        fingerprint: fingerprint(&id.to_string(), &fields.to_string()),
    };
    FullRecord { person, fields: fields.as_object().cloned().unwrap_or_else(Map::new) }
}

impl Target for Door {
    fn identity(&mut self) -> Result<Identity, Failure> {
        let text = |text: &str| text.to_owned();
        Ok(Identity { serial: text("T1"), model: text("Toy"), version: text("1") })
    }

    fn clock(&mut self) -> Result<Option<TargetClock>, Failure> {
        Ok(None)
    }

    fn memory(&self) -> Memory {
        Memory::from_value(1, &self.times)
    }

    fn all(&mut self, each: &mut dyn FnMut(FullRecord)) -> Result<RecordList, Failure> {
        let records = self.records();
        let count = records.len();
        records.into_iter().for_each(each);
        Ok(RecordList { count, total_stated: Some(count), complete: true, ..RecordList::default() })
    }

    fn some(&mut self, wanted: &[RecordId]) -> Result<BTreeMap<RecordId, FullRecord>, Failure> {
        let records = self.records().into_iter();
        let named = records.map(|record| (record.person.employee_no.clone(), record));
        Ok(named.filter(|(id, _)| wanted.contains(id)).collect())
    }

    fn differences(&self, _: &FullRecord, _: &FullRecord) -> Vec<String> {
        Vec::new()
    }

    fn into_writer<'a>(self: Box<Self>) -> Box<dyn TargetWriter + 'a>
    where
        Self: 'a,
    {
        Box::new(Writer(*self))
    }
}

struct Writer(Door);

impl TargetWriter for Writer {
    fn reader(&mut self) -> &mut dyn Target {
        &mut self.0
    }

    fn set(&mut self, record: &FullRecord, window: Window) -> Result<(), Failure> {
        let mut world = self.0.world.lock().unwrap();
        let id: u32 = record.person.employee_no.as_str().parse().unwrap();
        world.writes += 1;
        if world.refuses == Some(id) {
            return Err(Failure {
                class: Class::Refused,
                has_spent_login: false,
                text: "said that this guest stays as they are".to_owned(),
                hint: None,
            });
        }
        world.door.insert(id, window);
        Ok(())
    }
}

fn email(number: u32) -> String {
    format!("guest{number}@toys.example")
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn until(last: &str) -> Window {
    let end = day(last).and_hms_opt(23, 59, 59).unwrap();
    Window::new(parse_time("2026-01-01T00:00:00").unwrap(), end).unwrap()
}

/// A book and a door that agree, and a configuration that names both.
struct Toys {
    folder: tempfile::TempDir,
    world: Arc<Mutex<World>>,
    environment: Environment,
}

const PAID: &str = "2026-06-30";
const NOW: &str = "2026-03-10T10:00:00Z";

impl Toys {
    fn new(place: &str, guests: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "[toybook.club]\nplace = \"{place}\"\ntime_zone = \"Europe/Stockholm\"\nroles = [\"guest\"]\n\n\
             [toydoor.front]\nplace = \"{place}\"\ntime_zone = \"Europe/Stockholm\"\n"
        );
        fs::write(folder.path().join("toys.toml"), text).unwrap();
        let world = world(place);
        let toys = Self { folder, world, environment: Environment::from_pairs([("", "")]) };
        for number in 1..=guests {
            toys.world().book.insert(number, Some(day(PAID)));
            toys.world().door.insert(number, until(PAID));
        }
        toys
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("toys.toml")
    }

    fn context(&self, minutes: i64) -> Context {
        let clock = Clock::standing_still(instant(NOW) + TimeDelta::minutes(minutes));
        Context {
            config: config::load(&self.path(), &self.environment, KINDS).unwrap(),
            clock,
            stop: Stop::at_time_limit(clock),
            is_json: false,
            is_verbose: false,
            is_quiet: false,
            look: Look::PLAIN,
            stdout: |_| Ok(()),
            progress: Silent::handle(),
            compares_looks: true,
            of_documents: OfDocuments::default(),
        }
    }

    /// The whole command.
    fn sync(&self, minutes: i64) -> Exit {
        let look = LookArgs { full: true, only: Vec::new() };
        let args = SyncArgs {
            look,
            accept_shrink: None,
            accept_device: Vec::new(),
            accept_link: Vec::new(),
        };
        unlocked(|| sync::run(&self.context(minutes), &args))
    }

    /// The same for its report.
    fn report(&self, minutes: i64) -> Report {
        let context = self.context(minutes);
        let _lock = unlocked(|| context.take_lock());
        let mut store = context.open_store_unchecked().unwrap();
        let scope = Scope { is_full: true, ..Scope::default() };
        tick::tick(&context, &context.network(), &mut store, scope).unwrap()
    }
}

/// Once nobody has the lock: a child of another test has its file open until it becomes a program of its own.
fn unlocked<T>(run: impl Fn() -> Result<T, Error>) -> T {
    for _ in 0..500 {
        match run() {
            Err(Error::Locked { .. }) => thread::sleep(Duration::from_millis(10)),
            done => return done.unwrap(),
        }
    }
    panic!("the lock is held for good");
}

#[test]
fn a_renewal_arrives_and_planning_again_is_empty() {
    let toys = Toys::new("renewal", 6);
    assert_eq!(toys.sync(0), Exit::InStep);
    assert_eq!(toys.world().writes, 0, "both agree");
    toys.world().book.insert(4, Some(day("2026-12-31")));
    assert_eq!(toys.sync(5), Exit::InStep);
    assert_eq!(toys.world().door[&4], until("2026-12-31"));
    assert_eq!(toys.world().door[&5], until(PAID));
    assert_eq!(toys.world().writes, 1);
    let again = toys.report(10);
    assert!(again.changes.is_empty() && again.troubles.is_empty(), "{again:?}");
    assert_eq!(toys.world().writes, 1);
}

/// Beyond what the doors of any other kind take: the plan and the proof ask this one.
#[test]
fn a_right_may_end_as_late_as_the_door_takes_it() {
    let toys = Toys::new("late", 3);
    assert_eq!(toys.sync(0), Exit::InStep);
    toys.world().book.insert(1, Some(day("2060-12-31")));
    toys.world().book.insert(2, Some(day("2150-12-31")));
    assert_eq!(toys.sync(5), Exit::InStep);
    assert_eq!(toys.world().door[&1], until("2060-12-31"));
    assert_eq!(toys.world().door[&2], until("2099-12-31"));
    assert!(toys.report(10).changes.is_empty());
}

#[test]
fn a_right_that_vanishes_is_taken_at_the_door_within_the_budget() {
    let toys = Toys::new("vanishes", 100);
    assert_eq!(toys.sync(0), Exit::InStep);
    let closed = |number: u32| {
        let now = parse_time("2026-03-10T11:30:00").unwrap();
        !toys.world().door[&number].contains(now)
    };
    toys.world().book.insert(7, None);
    toys.sync(5);
    toys.sync(10);
    assert!(closed(7) && !closed(8));
    // Five in a hundred are what one run may take.
    for number in 20..40 {
        toys.world().book.insert(number, None);
    }
    toys.report(15);
    let report = toys.report(20);
    let is_blocked = |state: &ChangeState| *state == ChangeState::Blocked;
    assert!(report.count(is_blocked) >= 15, "{:?}", report.changes);
    assert_eq!(report.exit(), Exit::Refused);
    assert!((20..40).filter(|number| closed(*number)).count() <= 5);
}

#[test]
fn a_write_that_the_door_refuses_is_reported_and_the_others_arrive() {
    let toys = Toys::new("refused", 6);
    assert_eq!(toys.sync(0), Exit::InStep);
    toys.world().refuses = Some(2);
    for number in 1..=3 {
        toys.world().book.insert(number, Some(day("2026-12-31")));
    }
    let report = toys.report(5);
    assert_eq!(report.exit(), Exit::PartFailed);
    let found = |id: &str| {
        let mut changes = report.changes.iter();
        changes.find(|one| one.change.employee_no.as_str() == id).unwrap()
    };
    let state_of = |id: &str| found(id).state;
    assert_eq!(state_of("2"), ChangeState::Tried(OutcomeKind::Refused));
    assert_eq!(state_of("1"), ChangeState::Tried(OutcomeKind::Confirmed));
    assert_eq!(state_of("3"), ChangeState::Tried(OutcomeKind::Confirmed));
    assert!(found("2").error.as_ref().unwrap().contains("this guest stays as they are"));
    assert!(!report.troubles.is_empty());
    assert_eq!(toys.world().door[&2], until(PAID));
}

#[test]
fn what_the_connector_remembers_comes_back_at_the_next_run() {
    let toys = Toys::new("memory", 3);
    assert_eq!(toys.sync(0), Exit::InStep);
    assert_eq!(toys.sync(5), Exit::InStep);
    let remembered = toys.world().remembered.clone();
    assert_eq!(remembered.first(), Some(&0));
    assert!(remembered.last().unwrap() >= &1, "{remembered:?}");
}

#[test]
fn lookup_and_check_know_it_too() {
    let toys = Toys::new("looked-at", 6);
    assert_eq!(toys.sync(0), Exit::InStep);
    let context = toys.context(5);
    let args = LookupArgs { who: vec![email(3)], ..LookupArgs::default() };
    assert_eq!(lookup::run_on(&context, &context.network(), &args).unwrap(), Exit::InStep);
    let unknown = LookupArgs { who: vec![email(99)], ..LookupArgs::default() };
    assert_ne!(lookup::run_on(&context, &context.network(), &unknown).unwrap(), Exit::InStep);
    let args = CheckArgs { notify: false };
    assert_eq!(check::run_on(&context, &context.network(), &args).unwrap(), Exit::InStep);
    assert_eq!(toys.world().writes, 0);
}
