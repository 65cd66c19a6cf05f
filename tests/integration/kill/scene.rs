//! What the program is killed at: nine runs, each with everything prepared but the run itself.

use std::collections::BTreeMap;

use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::club::{World, employee_no};
use ivms_sync_simulators::hikcentral::{self, Platform, Settings};
use ivms_sync_simulators::hikvision::Person;
use ivms_sync_simulators::hikvision_anpr::{self, Camera, Row};
use rusqlite::Connection;

use crate::support::pinned::{START, instant, settings, start};
use crate::support::state::open;
use crate::support::{Said, Sandbox};

/// The first look at what is to be taken away.
const LOOK: &str = "2026-03-10T10:01:00Z";
/// The memory of earlier runs is an hour old, so that lists and doors are read whole.
const LATER: &str = "2026-03-10T11:05:00Z";
/// What is to be approved is noted.
const NOTED: &str = "2026-03-10T10:10:00Z";
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
    /// Permits and members' cars at a gate: new ones, longer ones, and some that are gone.
    Gate,
    /// A blocked plan of a gate that was approved.
    GateBlocked,
    /// The same as at a gate, in the first run after its section got another name.
    GateRenamed,
}

impl Kind {
    pub const OF_DEVICES: [Self; 5] =
        [Self::Tick, Self::FirstRun, Self::Batches, Self::Plan, Self::Blocked];

    pub const OF_GATES: [Self; 3] = [Self::Gate, Self::GateBlocked, Self::GateRenamed];

    /// As in the README of the tests.
    pub fn words(self) -> &'static str {
        match self {
            Self::Tick => "`sync`: renewals, a revocation and drift on two doors",
            Self::FirstRun => "`sync`: the first run of all",
            Self::Batches => "`sync`: 33 renewals, in more than one batch",
            Self::Plan => "`apply PLAN`",
            Self::Blocked => "`apply --blocked ID`",
            Self::Platform => "`sync`: renewals and a revocation on a platform",
            Self::Gate => "`sync`: rows of a gate added, set and removed",
            Self::GateBlocked => "`apply --blocked ID` of a gate",
            Self::GateRenamed => "`sync`: the same at a gate whose section was renamed",
        }
    }

    fn club(self) -> Sandbox {
        match self {
            Self::Tick | Self::Plan => Sandbox::pinned(10, 2),
            Self::FirstRun => Sandbox::pinned(6, 2),
            Self::Batches => Sandbox::pinned(34, 1),
            Self::Blocked => Sandbox::pinned(9, 1),
            Self::Platform => on_a_platform(),
            Self::Gate | Self::GateBlocked | Self::GateRenamed => at_a_gate(),
        }
    }

    /// Whether the run opens no door.
    pub fn is_of_gates(self) -> bool {
        Self::OF_GATES.contains(&self)
    }

    /// What people did since the last run.
    fn news(self, sandbox: &Sandbox) {
        let renewed = match self {
            Self::Tick | Self::Plan => 0..3,
            Self::FirstRun | Self::Platform => 0..2,
            Self::Batches => 0..33,
            Self::Blocked | Self::GateBlocked => 0..0,
            Self::Gate | Self::GateRenamed => 0..1,
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
            Self::Gate | Self::GateRenamed => {
                permits(
                    sandbox,
                    &[("LJSTAFF1", "2026-07-31"), ("LJSTAFF2", UNTIL), ("LJSTAFF5", UNTIL), STAYS],
                );
                cars(sandbox, "LJAA111; LJCC333");
            }
            Self::GateBlocked => permits(sandbox, &[STAYS]),
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
    /// The rows at the gate before it.
    rows: Vec<Row>,
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
    /// Every row at the gate.
    pub gate: Vec<Row>,
    /// What the list of writes to the gate says.
    pub gate_log: Vec<String>,
    /// How often each door took a write for each person, and the gate each write.
    pub writes: Vec<BTreeMap<String, usize>>,
    /// Writes that a door took and the audit log does not have, or has too often.
    pub unlogged: Vec<String>,
    /// What the state file knows, without times.
    pub known: Vec<Vec<String>>,
}

/// What must be the same in the state file however a run ended.
const KNOWN: [&str; 10] = [
    "SELECT source || ' ' || holder || ' ' || number || ' ' || first_name || ' ' || \
     coalesce(email, '-') || ' ' || inactive || ' ' || missed FROM member ORDER BY 1",
    "SELECT number || ' ' || role || ' ' || begins || ' ' || ends FROM member_role \
     JOIN member ON member.id = member ORDER BY 1",
    "SELECT device || ' ' || employee_no || ' ' || limit_kind || ' ' || coalesce(begins, '-') || ' ' \
     || coalesce(ends, '-') || ' ' || coalesce(confirmed_begin, '-') || ' ' || \
     coalesce(confirmed_end, '-') || ' ' || fingerprint FROM person ORDER BY 1",
    "SELECT device || ' ' || number || ' ' || employee_no || ' ' || rule FROM link \
     JOIN member ON member.id = member ORDER BY 1",
    "SELECT name || ' ' || coalesce(serial, '-') || ' ' || needs_read || ' ' || (first_written_at IS NULL) \
     FROM device ORDER BY 1",
    "SELECT DISTINCT email || ' ' || employee_no FROM link_row ORDER BY 1",
    "SELECT name || ' ' || coalesce(sense = settled_sense, '-') || ' ' || basis || ' ' || needs_read \
     || ' ' || rows || ' ' || strangers || ' ' || coalesce(capacity, '-') || ' ' || \
     coalesce(blocked, '-') || ' ' || remarks FROM gate ORDER BY 1",
    "SELECT gate || ' ' || plate || ' ' || coalesce(issuer, '-') || ' ' || id || ' ' || first_day \
     || ' ' || last_day || ' ' || source || ' ' || right_id || ' ' || is_held FROM gate_row ORDER BY 1",
    "SELECT plate || ' ' || right_id || ' ' || begins_at || ' ' || coalesce(ends_at, '-') \
     FROM parking_right ORDER BY 1",
    "SELECT plate || ' ' || email || ' ' || number FROM member_plate ORDER BY 1",
];

/// The list of writes to a gate, without times.
const GATE_LOG: &str = "SELECT verb || ' ' || loses || ' ' || source || ' ' || right_id || ' ' || \
                        coalesce(first_day, '-') || ' ' || coalesce(last_day, '-') || ' ' || \
                        outcome || ' ' || coalesce(error, '-') || ' ' || sent FROM gate_change \
                        ORDER BY id";

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
            Kind::FirstRun | Kind::Batches | Kind::Gate | Kind::GateBlocked | Kind::GateRenamed => {
            }
        }
        let mut files = Vec::new();
        for entry in std::fs::read_dir(sandbox.folder.path()).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            files.push((name, std::fs::read(entry.path()).unwrap()));
        }
        let rows = sandbox.camera.iter().flat_map(Camera::rows).collect();
        let mut scene = Self { kind, arguments, files, rows, undisturbed: None };
        let sandbox = scene.set();
        if kind == Kind::GateBlocked {
            let status = sandbox.at(NOTED, &["status", "--json"]).ends(0).json();
            let blocked = status["gates"][0]["blocked"].as_str().unwrap().to_owned();
            scene.arguments = vec!["apply".to_owned(), "--blocked".to_owned(), blocked];
        }
        scene.run(&sandbox).ends(0);
        scene.undisturbed = Some(scene.ending(&sandbox));
        scene
    }

    pub fn arguments(&self) -> Vec<&str> {
        self.arguments.iter().map(String::as_str).collect()
    }

    /// Everything as it is right before the run.
    pub fn set(&self) -> Sandbox {
        let mut sandbox = self.kind.club().in_memory();
        for (name, bytes) in &self.files {
            std::fs::write(sandbox.path(name), bytes).unwrap();
        }
        if let Some(platform) = &sandbox.platform {
            // It is still the same, although it has another port.
            let serial = place(platform);
            let state = Connection::open(sandbox.state()).unwrap();
            state.execute("UPDATE device SET serial = ?1", [serial]).unwrap();
        }
        if let Some(camera) = &sandbox.camera {
            let there = camera.rows();
            let others = self.rows.iter().filter(|row| !there.contains(row));
            others.for_each(|row| camera.add_row(row.clone()));
        }
        if self.kind.is_of_gates() {
            // The link files are in another folder: what that takes away would have to be approved.
            sandbox.sync_at(LOOK, 0);
        }
        self.kind.news(&sandbox);
        if self.kind == Kind::GateRenamed {
            sandbox.gate = "barrier";
        }
        if self.kind == Kind::GateBlocked {
            sandbox.at(NOTED, &["sync", "--accept-shrink", "1"]).ends(4);
        }
        sandbox.camera.iter().for_each(Camera::clear_writes);
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
        // At a gate it is another plan once some of it is done; what is left is little here.
        let is_other = self.kind == Kind::GateBlocked && again.code == 13;
        assert!(again.code == 0 || is_done || is_other, "{again:?}");
        if is_other {
            sandbox.sync_at(NEXT, 0);
        }
        let last = sandbox.full_at(LAST, 0);
        assert_eq!(last["changes"], serde_json::json!([]), "the plan is empty");
        let at_gates = last["gates"].as_array().into_iter().flatten();
        at_gates.for_each(|gate| assert_eq!(gate["changes"], serde_json::json!([]), "{gate}"));
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
        let mut written: Vec<(String, BTreeMap<String, usize>)> = doors.chain(site).collect();
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
        let gates = sandbox.camera.iter();
        written.extend(gates.map(|one| ("gate".to_owned(), taken_by_gate(one))));
        sandbox.assert_well_behaved();
        Ending {
            doors: sandbox.doors(),
            platform: sandbox.platform.iter().flat_map(Platform::persons).collect(),
            gate: sandbox.camera.iter().flat_map(Camera::rows).collect(),
            gate_log: lines(GATE_LOG),
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
        self.assert_gate_log(undisturbed);
        self.assert_like_but_for_the_log(undisturbed);
    }

    /// A gate is written to by one row after the other, so the killed run may have left out one line; a row that was
    /// added was announced before, so the next run tells of it.
    #[track_caller]
    fn assert_gate_log(&self, undisturbed: &Self) {
        let mut missing = undisturbed.gate_log.clone();
        for line in &self.gate_log {
            let place = missing.iter().position(|wanted| wanted == line);
            let place = place.unwrap_or_else(|| panic!("nobody else has {line:?}: {missing:#?}"));
            missing.remove(place);
        }
        let is_add = |line: &String| line.starts_with("add ");
        let is_one = missing.len() <= 1 && !missing.iter().any(is_add);
        assert!(is_one, "the list of writes to the gate lacks {missing:#?}");
    }

    /// The same, where the disk has lost lines of the audit log that it had promised to keep.
    #[track_caller]
    pub fn assert_like_but_for_the_log(&self, undisturbed: &Self) {
        assert_eq!(self.writes, undisturbed.writes, "each person is written once");
        assert_eq!(self.doors, undisturbed.doors);
        assert_eq!(self.platform, undisturbed.platform);
        assert_eq!(self.gate, undisturbed.gate);
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

/// A permit that is never touched.
const STAYS: (&str, &str) = ("LJSTAFF4", "2026-12-31");

/// The last day of the others.
const UNTIL: &str = "2026-06-30";

/// A gym with a barrier at which others have rows too, permits, and a member with two cars.
fn at_a_gate() -> Sandbox {
    let mut sandbox = Sandbox::with(start(World::new(&settings(2, 0, START)), START));
    sandbox.set("rights-file.staff", "fresh_for = \"30d\"");
    sandbox.club.renew(0, "2026-09-30");
    sandbox.club.renew(1, "2026-09-30");
    sandbox.take_camera(Camera::start(hikvision_anpr::Settings {
        rows: vec![Row::new("KPXY999").id("7").blocked(), Row::new("MBZZ111").id("8")],
        clock: Clock::fixed(instant(START)),
        ..hikvision_anpr::Settings::default()
    }));
    let sold = ["LJSTAFF1", "LJSTAFF3", "LJSTAFF5"].map(|plate| (plate, UNTIL));
    permits(&sandbox, &[&sold[..], &[STAYS]].concat());
    cars(&sandbox, "LJAA111; LJBB222");
    sandbox
}

/// What stands in the list of permits: plates, and their last days.
fn permits(sandbox: &Sandbox, sold: &[(&str, &str)]) {
    let lines =
        sold.iter().map(|(plate, until)| format!("{plate},yard,2026-01-01,{until},P-{plate}\n"));
    let text = format!("Plate,Zone,From,Until,Id\n{}", lines.collect::<String>());
    std::fs::write(sandbox.path("staff.csv"), text).unwrap();
}

/// What stands in the plate column beside the first member.
fn cars(sandbox: &Sandbox, plates: &str) {
    let lines = sandbox.club.links_csv.lines().enumerate().map(|(line, text)| match line {
        0 => format!("{text},Plate\n"),
        1 => format!("{text},\"{plates}\"\n"),
        _ => format!("{text},\n"),
    });
    std::fs::write(sandbox.path("persons.csv"), lines.collect::<String>()).unwrap();
}

/// How often each write to a gate was taken.
fn taken_by_gate(camera: &Camera) -> BTreeMap<String, usize> {
    let mut taken = BTreeMap::new();
    for body in camera.writes() {
        *taken.entry(body.to_string()).or_default() += 1;
    }
    taken
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
