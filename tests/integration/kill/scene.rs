//! What the program is killed at: six runs, each with everything prepared but the run itself.

use std::collections::BTreeMap;

use ivms_sync_simulators::club::{World, employee_no};
use ivms_sync_simulators::hikcentral::{self, Platform, Settings};
use ivms_sync_simulators::hikvision::Person;
use rusqlite::Connection;

use crate::support::pinned::{START, settings, start};
use crate::support::state::open;
use crate::support::{Said, Sandbox};

/// The first look at what is to be taken away.
const LOOK: &str = "2026-03-10T10:01:00Z";
/// The memory of earlier runs is an hour old, so that lists and doors are read whole.
const LATER: &str = "2026-03-10T11:05:00Z";
/// The next tick.
const NEXT: &str = "2026-03-10T11:10:00Z";
/// The tick after that, which must find nothing to do.
const LAST: &str = "2026-03-10T11:15:00Z";

/// Who is made inactive in a tick.
const INACTIVE: usize = 5;

/// One kind of run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Renewals, an inactive member and dates that somebody changed, on two doors.
    Tick,
    /// The same program on a computer where it never ran.
    FirstRun,
    /// More renewals than one request can read back.
    Batches,
    /// A reviewed plan.
    Plan,
    /// A blocked plan that was approved.
    Blocked,
    /// Renewals and an inactive member on a platform, which applies them to its doors a little later.
    Platform,
}

impl Kind {
    pub const OF_DEVICES: [Self; 5] =
        [Self::Tick, Self::FirstRun, Self::Batches, Self::Plan, Self::Blocked];

    /// As in the README of the tests.
    pub fn words(self) -> &'static str {
        match self {
            Self::Tick => "`sync`: renewals, a revocation and drift on two doors",
            Self::FirstRun => "`sync`: the first run of all",
            Self::Batches => "`sync`: 33 renewals, in more than one batch",
            Self::Plan => "`apply PLAN`",
            Self::Blocked => "`apply --blocked ID`",
            Self::Platform => "`sync`: renewals and a revocation on a platform",
        }
    }

    fn club(self) -> Sandbox {
        match self {
            Self::Tick | Self::Plan => Sandbox::pinned(10, 2),
            Self::FirstRun => Sandbox::pinned(6, 2),
            Self::Batches => Sandbox::pinned(34, 1),
            Self::Blocked => Sandbox::pinned(9, 1),
            Self::Platform => on_a_platform(),
        }
    }

    /// What people did since the last run.
    fn news(self, sandbox: &Sandbox) {
        let renewed = match self {
            Self::Tick | Self::Plan => 0..3,
            Self::FirstRun | Self::Platform => 0..2,
            Self::Batches => 0..33,
            Self::Blocked => 0..0,
        };
        renewed.for_each(|index| assert!(sandbox.club.renew(index, "2030-11-01")));
        match self {
            Self::Tick => {
                assert!(sandbox.club.inactivate(INACTIVE));
                for (door, index) in [(0, 7), (1, 8)] {
                    let edited = sandbox.club.devices[door]
                        .edit_person(&employee_no(index), |p| p.end = "2026-03-11T23:59:59".into());
                    assert!(edited);
                }
            }
            Self::Blocked => (2..6).for_each(|index| assert!(sandbox.club.inactivate(index))),
            Self::Platform => assert!(sandbox.club.inactivate(INACTIVE)),
            Self::FirstRun | Self::Batches | Self::Plan => {}
        }
    }
}

/// A run that can be made as often as one likes, always from the same point.
pub struct Scene {
    pub kind: Kind,
    /// The arguments of the run.
    pub arguments: Vec<String>,
    /// The files in the folder before it.
    files: Vec<(String, Vec<u8>)>,
    /// How everything ends when nobody disturbs it.
    pub undisturbed: Option<Ending>,
}

/// How everything ended, two ticks later.
#[derive(Debug, Clone)]
pub struct Ending {
    /// Every person of every door.
    pub doors: Vec<Vec<Person>>,
    /// Every person of the platform.
    pub platform: Vec<hikcentral::Person>,
    /// How often each door took a write for each person.
    pub writes: Vec<BTreeMap<String, usize>>,
    /// Writes that a door took and the audit log does not have, or has too often.
    pub unlogged: Vec<String>,
    /// What the state file knows, without times.
    pub known: Vec<Vec<String>>,
}

/// What must be the same in the state file however a run ended.
const KNOWN: [&str; 6] = [
    "SELECT source || ' ' || holder || ' ' || number || ' ' || first_name || ' ' || \
     coalesce(email, '-') || ' ' || inactive || ' ' || missed FROM member ORDER BY 1",
    "SELECT number || ' ' || role || ' ' || begins || ' ' || ends FROM member_role \
     JOIN member ON member.id = member ORDER BY 1",
    "SELECT device || ' ' || employee_no || ' ' || limit_kind || ' ' || coalesce(begins, '-') || ' ' \
     || coalesce(ends, '-') || ' ' || coalesce(confirmed_begin, '-') || ' ' || \
     coalesce(confirmed_end, '-') || ' ' || fingerprint FROM person ORDER BY 1",
    "SELECT device || ' ' || number || ' ' || employee_no || ' ' || rule FROM link \
     JOIN member ON member.id = member ORDER BY 1",
    "SELECT name || ' ' || serial || ' ' || needs_read || ' ' || (first_written_at IS NULL) \
     FROM device ORDER BY 1",
    "SELECT DISTINCT email || ' ' || employee_no FROM link_row ORDER BY 1",
];

impl Scene {
    /// Prepares everything, and lets it run once undisturbed.
    pub fn prepared(kind: Kind) -> Self {
        let sandbox = kind.club();
        let mut arguments = vec!["sync".to_owned()];
        if kind != Kind::FirstRun {
            sandbox.sync_at(START, 0);
        }
        match kind {
            Kind::Plan => {
                kind.news(&sandbox);
                sandbox.at(LATER, &["diff", "--out", "plan.json"]).ends(0);
                arguments = vec!["apply".to_owned(), "plan.json".to_owned()];
            }
            Kind::Blocked => {
                kind.news(&sandbox);
                sandbox.look_at(LOOK);
                let blocked = sandbox.sync_at(LATER, 4)["blocked"].as_str().unwrap().to_owned();
                arguments = vec!["apply".to_owned(), "--blocked".to_owned(), blocked];
            }
            Kind::Tick | Kind::Platform => {
                assert!(sandbox.club.inactivate(INACTIVE));
                sandbox.look_at(LOOK);
            }
            Kind::FirstRun | Kind::Batches => {}
        }
        let mut files = Vec::new();
        for entry in std::fs::read_dir(sandbox.folder.path()).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            files.push((name, std::fs::read(entry.path()).unwrap()));
        }
        let mut scene = Self { kind, arguments, files, undisturbed: None };
        let sandbox = scene.set();
        scene.run(&sandbox).ends(0);
        scene.undisturbed = Some(scene.ending(&sandbox));
        scene
    }

    pub fn arguments(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }

    /// Everything as it is right before the run.
    pub fn set(&self) -> Sandbox {
        let sandbox = self.kind.club().in_memory();
        for (name, bytes) in &self.files {
            std::fs::write(sandbox.path(name), bytes).unwrap();
        }
        if let Some(platform) = &sandbox.platform {
            // It is still the same, although it has another port.
            let serial = place(platform);
            let state = Connection::open(sandbox.state()).unwrap();
            state.execute("UPDATE device SET serial = ?1", [serial]).unwrap();
        }
        self.kind.news(&sandbox);
        sandbox
    }

    /// Starts the run.
    pub fn start(&self, sandbox: &Sandbox) -> std::process::Child {
        sandbox.start_at(LATER, &self.arguments())
    }

    /// Makes the run and waits for its end.
    pub fn run(&self, sandbox: &Sandbox) -> Said {
        sandbox.at(LATER, &self.arguments())
    }

    /// Lets the schedule go on after the run: two more ticks, of which the second finds nothing to
    /// do.
    #[track_caller]
    pub fn ending(&self, sandbox: &Sandbox) -> Ending {
        let again = sandbox.at(NEXT, &self.arguments());
        // The blocked plan is forgotten once all of it was confirmed.
        let is_done = self.kind == Kind::Blocked && again.code == 13;
        assert!(again.code == 0 || is_done, "{again:?}");
        let last = sandbox.full_at(LAST, 0);
        assert_eq!(last["changes"], serde_json::json!([]), "the plan is empty");
        let state = open(&sandbox.state());
        let verdict: String = state.query_row("PRAGMA integrity_check", [], |r| r.get(0)).unwrap();
        assert_eq!(verdict, "ok");
        let lines = |query: &str| -> Vec<String> {
            let mut statement = state.prepare(query).unwrap();
            let lines = statement.query_map([], |row| row.get(0)).unwrap();
            lines.map(Result::unwrap).collect()
        };
        assert_eq!(lines("SELECT 'left open: ' || employee_no FROM intent"), [""; 0]);
        assert_eq!(
            lines("SELECT 'no parent: ' || \"table\" FROM pragma_foreign_key_check"),
            [""; 0]
        );
        let same_place = |line: &String| match &sandbox.platform {
            Some(platform) => line.replace(&place(platform), "here"),
            None => line.clone(),
        };
        assert_eq!(lines("SELECT 'not in force: ' || employee_no FROM uncommitted"), [""; 0]);
        let devices = sandbox.club.devices.iter().enumerate();
        let doors = devices.map(|(at, one)| (format!("door{}", at + 1), taken(&one.writes())));
        let site = sandbox.platform.iter().map(|one| ("site".to_owned(), taken_by_platform(one)));
        let written: Vec<(String, BTreeMap<String, usize>)> = doors.chain(site).collect();
        let mut unlogged = Vec::new();
        for (door, taken) in &written {
            for employee_no in taken.keys() {
                let confirmed = lines(&format!(
                    "SELECT outcome FROM change WHERE device = '{door}' \
                     AND employee_no = '{employee_no}' AND outcome = 'confirmed'"
                ));
                // `apply` may find a change done when it is asked again, and says so in the log.
                let most = if self.arguments[0] == "sync" { 1 } else { 2 };
                let many = confirmed.len();
                if !(1..=most).contains(&many) {
                    unlogged.push(format!("{door}: {employee_no} has {many} lines"));
                }
            }
        }
        sandbox.assert_well_behaved();
        Ending {
            doors: sandbox.doors(),
            platform: sandbox.platform.iter().flat_map(Platform::persons).collect(),
            writes: written.into_iter().map(|(_, taken)| taken).collect(),
            unlogged,
            known: KNOWN
                .iter()
                .map(|query| lines(query).iter().map(same_place).collect())
                .collect(),
        }
    }
}

impl Ending {
    /// Everything is as if nobody had disturbed the run.
    #[track_caller]
    pub fn assert_like(&self, undisturbed: &Self) {
        assert_eq!(self.unlogged, [""; 0], "the audit log is complete");
        self.assert_like_but_for_the_log(undisturbed);
    }

    /// The same, where the disk has lost lines of the audit log that it had promised to keep.
    #[track_caller]
    pub fn assert_like_but_for_the_log(&self, undisturbed: &Self) {
        assert_eq!(self.writes, undisturbed.writes, "each person is written once");
        assert_eq!(self.doors, undisturbed.doors);
        assert_eq!(self.platform, undisturbed.platform);
        for (known, wanted) in self.known.iter().zip(&undisturbed.known) {
            assert_eq!(known, wanted, "what is remembered");
        }
    }
}

/// A club whose doors hang on a platform, which needs a while to apply somebody to them.
fn on_a_platform() -> Sandbox {
    let mut sandbox = Sandbox::with(start(World::new(&settings(6, 0, START)), START));
    let world = World::new(&settings(6, 0, START));
    let clock = sandbox.club.cardskipper.clock();
    let persons = world.platform_persons();
    let platform = Platform::start(Settings { persons, clock, ..Settings::default() });
    platform.set(|switches| switches.apply_polls = 1);
    sandbox.passwords.push(("SITE_SECRET".to_owned(), "testsecret0123456789".to_owned()));
    sandbox.platform = Some(platform);
    sandbox
}

/// Where a platform is, which stands for its serial number.
fn place(platform: &Platform) -> String {
    platform.url().trim_start_matches("http://").to_owned()
}

/// The same of a platform, whose doors must go by what it holds, and to which nobody else was applied.
#[track_caller]
fn taken_by_platform(platform: &Platform) -> BTreeMap<String, usize> {
    assert_eq!(platform.behind(), [], "everything is in force");
    let (mut taken, mut written) = (BTreeMap::new(), Vec::new());
    for write in platform.writes() {
        *taken.entry(write.after.code).or_default() += 1;
        written.push(write.after.id);
    }
    for request in platform.requests() {
        if request.path().contains("reapplication") {
            let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            let applied = body["personIds"].as_str().unwrap().split(',');
            applied.for_each(|id| assert!(written.iter().any(|one| one == id), "applied: {id}"));
        }
    }
    taken
}

/// How often each person was written.
fn taken(writes: &[serde_json::Value]) -> BTreeMap<String, usize> {
    let mut taken = BTreeMap::new();
    for body in writes {
        let employee_no = body["UserInfo"]["employeeNo"].as_str().unwrap();
        *taken.entry(employee_no.to_owned()).or_default() += 1;
    }
    taken
}
