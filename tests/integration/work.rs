//! The work of every kind of tick, in the world of the benchmark and small: requests and rows written.
//! It grows with what has changed, and where everything is read, in proportion to the club. No time is
//! looked at.

use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;

use super::support::{binary, said};

#[path = "../bench/stage.rs"]
#[allow(dead_code, reason = "the benchmark uses more of its stage")]
mod stage;

use stage::{Seen, Size, Stage, audit_is_due, config, listing_is_due, variables};

/// What one run did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Work {
    /// Requests to Cardskipper.
    service: u64,
    /// Requests to all doors together.
    doors: u64,
    /// Writes that the doors took.
    writes: u64,
    /// Rows of the state file that were inserted, updated or deleted.
    rows: i64,
}

/// A club, a folder, and a state file that counts the rows written into it.
struct Counted {
    stage: Stage,
    folder: TempDir,
}

impl Counted {
    fn club(members: usize, devices: usize) -> Self {
        let stage = Stage::start(Size { members, devices }, Duration::ZERO);
        // All of it happens on one day, since the first run of a day does more.
        let next_day = stage.now().date_naive() + chrono::Days::new(1);
        stage.advance(next_day.and_time(chrono::NaiveTime::MIN).and_utc() - stage.now());
        let folder = tempfile::tempdir().unwrap();
        let urls: Vec<String> = stage.club.devices.iter().map(|device| device.url()).collect();
        let config = config(&stage.club.cardskipper.url(), &urls);
        std::fs::write(folder.path().join("ivms-sync.toml"), config).unwrap();
        std::fs::write(folder.path().join("persons.csv"), &stage.club.links_csv).unwrap();
        let counted = Self { stage, folder };
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
        Connection::open(self.folder.path().join("ivms-sync.db")).unwrap()
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
    fn run(&self, arguments: &[&str], more: &[(String, String)], code: i32) {
        let mut command = binary(self.folder.path());
        command.args(arguments).envs(variables(self.stage.now())).envs(more.iter().cloned());
        let said = said(&mut command);
        assert_eq!(said.code, code, "{arguments:?}: {said:?}");
    }

    /// Runs a command a good hour later, when nobody is named again, and says what it did.
    #[track_caller]
    fn work(&mut self, arguments: &[&str], more: &[(String, String)]) -> Work {
        self.stage.advance(chrono::TimeDelta::minutes(70));
        self.stage.clear();
        self.state().execute_batch("UPDATE work SET rows = 0").unwrap();
        self.run(arguments, more, 0);
        let Seen { service, devices, writes, .. } = self.stage.seen();
        let rows = self.state().query_row("SELECT rows FROM work", [], |row| row.get(0)).unwrap();
        assert_eq!(self.stage.club.violations(), Vec::<String>::new());
        Work { service: service.requests, doors: devices.requests, writes, rows }
    }
}

/// Every kind of run in a club of that size, in the order of the benchmark.
fn kinds(members: usize, devices: usize) -> Vec<(&'static str, Work)> {
    let mut club = Counted::club(members, devices);
    let mut found =
        vec![("first", club.work(&["sync"], &[])), ("quiet", club.work(&["sync"], &[]))];
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
    found.push(("lookup", club.work(&["lookup", "150001"], &[])));
    found.push(("offline", club.work(&["lookup", "150001", "--offline"], &[])));
    club.stage.renew(5);
    found.push(("diff", club.work(&["diff"], &[])));
    found
}

fn of(kinds: &[(&str, Work)], name: &str) -> Work {
    kinds.iter().find(|(kind, _)| *kind == name).unwrap().1
}

/// The members of three clubs, each as much bigger as the one before; with three persons who are no
/// members, their lists are 3, 5 and 7 pages long.
const SIZES: [usize; 3] = [87, 147, 207];

#[test]
fn the_work_of_a_tick_is_that_of_what_changed() {
    let clubs = SIZES.map(|members| kinds(members, 2));
    let [small, middle, big] = &clubs;
    for name in
        ["quiet", "first write", "one", "ten", "twenty", "listing", "lookup", "offline", "diff"]
    {
        assert_eq!(of(small, name), of(middle, name), "{name}");
        assert_eq!(of(small, name), of(big, name), "{name}");
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
    // Each door: the person, with a challenge.
    assert_eq!(asked("lookup"), (1, 2 * 2, 0));
    // Each door: who it is, its clock, the person before, the write, the person after; with challenges.
    assert_eq!(asked("one"), (1, 2 * 2 * 5, 2));
    for name in ["lookup", "offline", "diff"] {
        assert_eq!(of(big, name).rows, 0, "{name} writes nothing");
    }
    // A quiet tick remembers that it was, and when it asked.
    assert!(of(big, "quiet").rows <= 10, "{:?}", of(big, "quiet"));
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
    for name in ["first", "all changed", "audit"] {
        let [small, middle, big] = clubs.each_ref().map(|club| of(club, name));
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
