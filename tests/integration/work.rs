//! The work of every kind of tick, in the world of the benchmark and small: requests, connections, what is asked
//! of the state file and written into it, and how often the disk is waited for. It grows with what has changed,
//! and where everything is read, in proportion to the club. No time is looked at.

use std::process::{Command, Stdio};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use tempfile::TempDir;

use super::support::{finish, program};

#[path = "../bench/stage.rs"]
#[allow(dead_code, reason = "the benchmark uses more of its stage")]
mod stage;

use stage::{Outside, Seen, Stage, audit_is_due, config, listing_is_due, variables};

/// What one run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Work {
    /// Requests to Cardskipper.
    service: u64,
    /// Requests to all doors together.
    doors: u64,
    /// Writes that the doors took.
    writes: u64,
    /// Connections to the door that was sent most.
    connections: u64,
    /// Rows of the state file that were inserted, updated or deleted.
    rows: i64,
    /// What the state file was asked, as the log tells it.
    asked: Asked,
    /// How often the disk was waited for, where that can be counted.
    flushes: Option<usize>,
}

/// What one run asked of the state file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    statements: u64,
    /// Rows of answers.
    read: u64,
    /// Steps of SQLite.
    steps: u64,
    commits: u64,
}

const NOTHING: Asked = Asked { statements: 0, read: 0, steps: 0, commits: 0 };

impl Asked {
    /// From the line that the log ends with.
    fn of(log: &str) -> Self {
        let lines: Vec<_> = log.lines().filter(|line| line.contains("state file: ")).collect();
        let [line] = lines[..] else { panic!("{log}") };
        let (_, counts) = line.split_once("state file: ").unwrap();
        let counts = counts.split(", ").map(|count| count.split_once(' ').unwrap().0);
        let counts: Vec<u64> = counts.map(|count| count.parse().unwrap()).collect();
        let [statements, read, steps, commits] = counts[..] else { panic!("{line}") };
        Self { statements, read, steps, commits }
    }
}

/// Whether the calls of a process can be counted here.
fn has_strace() -> bool {
    let tried = Command::new("strace").args(["-f", "-qq", "-e", "trace=fsync", "true"]).output();
    let has = tried.is_ok_and(|tried| tried.status.success());
    if !has {
        println!("left out: how often the disk is waited for, since strace cannot be used here");
    }
    has
}

/// A club, a folder, and a state file that counts the rows written into it.
struct Counted {
    stage: Stage,
    folder: TempDir,
    has_strace: bool,
}

impl Counted {
    fn club(members: usize, devices: usize) -> Self {
        let stage = Stage::start_as(&Outside::club(members, devices));
        // All of it happens on one day, since the first run of a day does more.
        let next_day = stage.now().date_naive() + chrono::Days::new(1);
        stage.advance(next_day.and_time(chrono::NaiveTime::MIN).and_utc() - stage.now());
        let folder = tempfile::tempdir().unwrap();
        let urls: Vec<String> = stage.club.devices.iter().map(|device| device.url()).collect();
        let config = config(&stage.club.cardskipper.url(), &urls);
        std::fs::write(folder.path().join("ivms-sync.toml"), config).unwrap();
        std::fs::write(folder.path().join("persons.csv"), &stage.club.links_csv).unwrap();
        let counted = Self { stage, folder, has_strace: has_strace() };
        // A run that reaches nobody makes the state file, and writes nothing of the club into it.
        counted.everybody(|server| server.go_offline());
        counted.run(&["sync"], &[], 5);
        counted.everybody(|server| server.go_online());
        counted.count_rows();
        counted
    }

    fn everybody(&self, act: impl Fn(&ivms_sync_simulators::http::HttpServer)) {
        act(&self.stage.club.cardskipper);
        self.stage.club.devices.iter().for_each(|device| act(device));
    }

    fn state(&self) -> Connection {
        let state = Connection::open(self.folder.path().join("ivms-sync.db")).unwrap();
        // The side file stays as the program has left it.
        state.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
        state
    }

    /// From now on every row written adds one to a counter in the state file itself.
    fn count_rows(&self) {
        let state = self.state();
        let mut names = state
            .prepare(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            )
            .unwrap();
        let names: Vec<String> =
            names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        state
            .execute_batch("CREATE TABLE work (rows INTEGER); INSERT INTO work VALUES (0)")
            .unwrap();
        for name in names {
            for event in ["INSERT", "UPDATE", "DELETE"] {
                let counter = format!(
                    "CREATE TRIGGER work_{name}_{event} AFTER {event} ON {name} \
                     BEGIN UPDATE work SET rows = rows + 1; END"
                );
                state.execute_batch(&counter).unwrap();
            }
        }
    }

    #[track_caller]
    fn run(
        &self,
        arguments: &[&str],
        more: &[(String, String)],
        code: i32,
    ) -> (Asked, Option<usize>) {
        let calls = self.folder.path().join("calls.txt");
        let mut command = program();
        if self.has_strace {
            let (own, words) = (command, ["-f", "-qq", "-e", "trace=fsync,fdatasync", "-o"]);
            command = Command::new("strace");
            command.args(words).arg(&calls).arg(own.get_program()).args(own.get_args());
        }
        command.env_clear().current_dir(self.folder.path()).args(arguments).arg("-vv");
        command.envs(variables(self.stage.now())).envs(more.iter().cloned());
        let said = finish(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
        assert_eq!(said.code, code, "{arguments:?}: {said:?}");
        let flushes = self.has_strace.then(|| {
            let calls = std::fs::read_to_string(&calls).unwrap();
            calls.lines().filter(|line| line.contains("sync(")).count()
        });
        (Asked::of(&said.stderr), flushes)
    }

    /// Runs a command a good hour later, when nobody is named again, and says what it did.
    #[track_caller]
    fn work(&mut self, arguments: &[&str], more: &[(String, String)]) -> Work {
        self.stage.advance(chrono::TimeDelta::minutes(70));
        self.stage.clear();
        self.state().execute_batch("UPDATE work SET rows = 0").unwrap();
        let (asked, flushes) = self.run(arguments, more, 0);
        let Seen { service, devices, writes, connections, .. } = self.stage.seen();
        let rows = self.state().query_row("SELECT rows FROM work", [], |row| row.get(0)).unwrap();
        assert_eq!(self.stage.club.violations(), Vec::<String>::new());
        let (service, doors) = (service.requests, devices.requests);
        Work { service, doors, writes, connections, rows, asked, flushes }
    }
}

/// Every kind of run in a club of that size, in the order of the benchmark.
fn kinds(members: usize, devices: usize) -> Vec<(&'static str, Work)> {
    let mut club = Counted::club(members, devices);
    let mut found = vec![("first", club.work(&["sync"], &[]))];
    found.push(("second", club.work(&["sync"], &[])));
    found.push(("quiet", club.work(&["sync"], &[])));
    club.stage.renew(1);
    found.push(("first write", club.work(&["sync"], &[])));
    club.stage.renew(1);
    found.push(("one", club.work(&["sync"], &[])));
    club.stage.renew(10);
    found.push(("ten", club.work(&["sync"], &[])));
    club.stage.renew(20);
    found.push(("twenty", club.work(&["sync"], &[])));
    found.push(("listing", club.work(&["sync"], &listing_is_due())));
    club.stage.rename_everybody();
    found.push(("all changed", club.work(&["sync"], &listing_is_due())));
    found.push(("audit", club.work(&["sync"], &audit_is_due(devices))));
    club.work(&["sync"], &[]);
    found.push(("settled", club.work(&["sync"], &[])));
    found.push(("lookup", club.work(&["lookup", "150001"], &[])));
    found.push(("offline", club.work(&["lookup", "150001", "--offline"], &[])));
    club.stage.renew(5);
    found.push(("diff", club.work(&["diff"], &[])));
    found
}

fn of(kinds: &[(&str, Work)], name: &str) -> Work {
    kinds.iter().find(|(kind, _)| *kind == name).unwrap().1
}

/// Two clubs cost the same; a step of SQLite in a hundred depends on where a row happens to lie.
#[track_caller]
fn assert_same(one: Work, other: Work, name: &str) {
    let without_steps = |work: Work| Work { asked: Asked { steps: 0, ..work.asked }, ..work };
    assert_eq!(without_steps(one), without_steps(other), "{name}");
    let (one, other) = (one.asked.steps, other.asked.steps);
    assert!(one.abs_diff(other) * 100 <= one, "{name}: {one} steps, and {other}");
}

/// The members of three clubs, each as much bigger as the one before; with three persons who are no
/// members, their lists are 3, 5 and 7 pages long.
const SIZES: [usize; 3] = [87, 147, 207];

#[test]
fn the_work_of_a_tick_is_that_of_what_changed() {
    let clubs = SIZES.map(|members| kinds(members, 2));
    let [small, middle, big] = &clubs;
    for name in ["quiet", "settled", "one", "ten", "twenty", "lookup", "offline"] {
        assert_same(of(small, name), of(middle, name), name);
        assert_same(of(small, name), of(big, name), name);
    }
    // These look at everybody, and write no more for that.
    for name in ["second", "first write", "listing", "diff"] {
        let beside_reading = |club| Work { asked: NOTHING, ..of(club, name) };
        assert_same(beside_reading(small), beside_reading(middle), name);
        assert_same(beside_reading(small), beside_reading(big), name);
    }
    let asked = |name| {
        let Work { service, doors, writes, .. } = of(big, name);
        (service, doors, writes)
    };
    assert_eq!(asked("quiet"), (1, 0, 0));
    assert_eq!(asked("listing"), (1, 0, 0));
    assert_eq!(asked("all changed"), (1, 0, 0));
    assert_eq!(asked("offline"), (0, 0, 0));
    assert_eq!(asked("diff"), (1, 0, 0));
    // Each door: who it is and the person, with challenges.
    assert_eq!(asked("lookup"), (1, 2 * 2 * 2, 0));
    // Each door: who it is, its clock, the person before, the write, the person after; with challenges.
    assert_eq!(asked("one"), (1, 2 * 2 * 5, 2));
    for name in ["lookup", "offline", "diff"] {
        assert_eq!(of(big, name).rows, 0, "{name} writes nothing");
    }
    // A quiet tick remembers that it was, and when it asked; nobody waits for the disk for that.
    assert!(of(big, "quiet").rows <= 10, "{:?}", of(big, "quiet"));
    assert_eq!(of(big, "quiet").asked.commits, 1);
    assert_eq!(of(big, "quiet").flushes.unwrap_or_default(), 0);
    for name in ["lookup", "offline"] {
        assert_eq!(of(big, name).flushes.unwrap_or_default(), 0, "{name}");
    }
    // One conversation with each door.
    assert_eq!(of(big, "one").connections, 1);
    assert_eq!(of(big, "twenty").connections, 1);
    assert!(of(big, "listing").rows <= 10, "{:?}", of(big, "listing"));
    // Ten more cost what ten cost.
    let [one, ten, twenty] = ["one", "ten", "twenty"].map(|name| of(big, name));
    assert_eq!((ten.writes, twenty.writes), (20, 40));
    assert_eq!(
        (twenty.rows - ten.rows) * 9,
        (ten.rows - one.rows) * 10,
        "{one:?} {ten:?} {twenty:?}"
    );
}

#[test]
fn what_reads_everything_grows_in_step_with_the_club() {
    let clubs = SIZES.map(|members| kinds(members, 2));
    for name in ["first", "second", "first write", "listing", "all changed", "audit", "diff"] {
        let [small, middle, big] = clubs.each_ref().map(|club| of(club, name));
        let read = |work: Work| work.asked.read;
        assert_eq!(read(big) - read(middle), read(middle) - read(small), "{name}: rows read");
        assert_eq!(big.rows - middle.rows, middle.rows - small.rows, "{name}: rows");
        assert_eq!(big.doors - middle.doors, middle.doors - small.doors, "{name}: requests");
        assert_eq!((small.service, small.writes), (big.service, big.writes), "{name}");
    }
    for (members, club) in SIZES.iter().zip(&clubs) {
        // Each door: who it is, and its pages; the first time what it can do, too; with challenges.
        let pages = (*members as u64 + 3).div_ceil(30);
        assert_eq!(of(club, "first").doors, 2 * 2 * (2 + pages), "{members}");
        assert_eq!(of(club, "audit").doors, 2 * 2 * (1 + pages), "{members}");
    }
    // Twice the doors, twice the work at the doors.
    let (two, four) = (&clubs[0], kinds(SIZES[0], 4));
    for name in ["first", "one", "ten", "audit", "lookup"] {
        assert_eq!(of(&four, name).doors, 2 * of(two, name).doors, "{name}");
        assert_eq!(of(&four, name).service, of(two, name).service, "{name}");
        assert_eq!(of(&four, name).writes, 2 * of(two, name).writes, "{name}");
    }
}
