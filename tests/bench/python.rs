//! Two Python programs beside ours, a careful one and a plain one: the same world for each, in turns.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::Failure;
use crate::pairs::{Typical, in_turns};
use crate::rows::{AUDIT, FIRST_RUN, LISTING, QUIET_TICK, renewals};
use crate::scene::{PROGRAM, Row, Scene};
use crate::stage::{Outside, audit_is_due, listing_is_due};

/// Where the Python programs and what the plain one needs lie.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/python");

/// A Python program, and what runs it.
#[derive(Debug, Clone)]
pub struct Python {
    interpreter: PathBuf,
    program: &'static str,
}

impl Python {
    /// The careful program: the standard library is all it needs.
    pub fn careful() -> Result<Self, Failure> {
        // The system's own where there is one; what is called `python3` may be a script that looks for one.
        let interpreter = PathBuf::from("/usr/bin/python3");
        if interpreter.exists() {
            return Ok(Self { interpreter, program: "careful_sync.py" });
        }
        let asked =
            Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output()?;
        let interpreter = PathBuf::from(String::from_utf8(asked.stdout)?.trim());
        match interpreter.is_absolute() {
            true => Ok(Self { interpreter, program: "careful_sync.py" }),
            false => Err("there is no python3".into()),
        }
    }

    /// The plain program, in a virtual environment with what it needs; what hinders comes back in words.
    pub fn plain() -> Result<Self, Failure> {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-python");
        let interpreter = folder.join("bin").join("python");
        let run = |command: &mut Command| -> Result<(), Failure> {
            let said = command.output().map_err(|error| format!("{command:?}: {error}"))?;
            match said.status.success() {
                true => Ok(()),
                false => {
                    Err(format!("{command:?}: {}", String::from_utf8_lossy(&said.stderr)).into())
                }
            }
        };
        if !interpreter.exists() {
            run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        }
        let wanted = format!("{FOLDER}/requirements.txt");
        run(Command::new(&interpreter).args(["-m", "pip", "install", "--quiet", "-r", &wanted]))?;
        Ok(Self { interpreter, program: "plain_sync.py" })
    }

    /// The command for one kind of tick, as cron would run it: no user's own packages, no variables.
    fn command(&self, kind: Kind) -> Command {
        let mut command = Command::new(&self.interpreter);
        command.arg("-I").arg(format!("{FOLDER}/{}", self.program));
        match kind {
            Kind::Listing => command.arg("--full"),
            Kind::Audit => command.arg("--audit"),
            _ => &mut command,
        };
        command
    }
}

/// A kind of tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    First,
    Quiet,
    Renewals(usize),
    Listing,
    Audit,
}

impl Kind {
    fn name(self) -> String {
        match self {
            Self::First => FIRST_RUN.to_owned(),
            Self::Quiet => QUIET_TICK.to_owned(),
            Self::Renewals(count) => format!("tick with {}", renewals(count)),
            Self::Listing => LISTING.to_owned(),
            Self::Audit => AUDIT.to_owned(),
        }
    }
}

/// One kind of tick of ours, and of the Python programs in the same world.
pub struct Compared {
    /// What it is called.
    pub name: String,
    /// Nothing was to be done.
    pub is_quiet: bool,
    /// Members of the club.
    pub members: usize,
    /// Ours, the careful one, the plain one where it could be installed.
    pub sides: Vec<Side>,
    /// How often each ran.
    pub rounds: usize,
}

/// What one program took.
pub struct Side {
    /// Medians.
    pub took: Typical,
    /// HTTP requests of its last run.
    pub requests: u64,
}

/// Runs every kind of tick with each program, in turns; all must write the same.
pub fn beside(
    members: usize,
    pythons: &[Python],
    quiet_rounds: usize,
    mut tell: impl FnMut(&str),
) -> Result<(Vec<Compared>, Vec<String>), Failure> {
    let outside = Outside::club(members, 1);
    let mut scenes = Vec::new();
    for _ in 0..=pythons.len() {
        let scene = Scene::set_as(&outside)?;
        let world = json!({
            "organisation": 123,
            "service": scene.remote.service,
            "devices": scene.remote.devices,
        });
        std::fs::write(scene.path("plain_sync.json"), world.to_string())?;
        scenes.push(scene);
    }
    let once = if members > 50_000 { 1 } else { 3 };
    let mut found = Vec::new();
    for (kind, rounds) in [
        (Kind::First, 1),
        (Kind::Quiet, quiet_rounds),
        (Kind::Renewals(1), 5),
        (Kind::Renewals(100), 3),
        (Kind::Listing, 3),
        (Kind::Audit, once),
    ] {
        tell(&format!("{members} members beside Python: {}", kind.name()));
        found.push(compare(&mut scenes, pythons, kind, rounds, members)?);
    }
    let violations = scenes.iter().flat_map(|scene| scene.violations.iter().cloned());
    Ok((found, violations.collect()))
}

fn compare(
    scenes: &mut [Scene],
    pythons: &[Python],
    kind: Kind,
    rounds: usize,
    members: usize,
) -> Result<Compared, Failure> {
    let mut last: Vec<Option<Row>> = vec![None; scenes.len()];
    let mut writes = vec![0; scenes.len()];
    let mut one = |which: usize| {
        let scene = scenes.get_mut(which).ok_or("no such scene")?;
        let row = run(scene, which.checked_sub(1).and_then(|index| pythons.get(index)), kind)?;
        let cost = row.cost.clone().or_fail(&kind.name())?;
        writes[which] += row.seen.writes;
        last[which] = Some(row);
        Ok(cost)
    };
    let took: Vec<Typical> = match pythons.len() {
        1 => in_turns::<2>(rounds, &mut one)?.to_vec(),
        _ => in_turns::<3>(rounds, &mut one)?.to_vec(),
    };
    if writes.iter().any(|count| Some(count) != writes.first()) {
        return Err(format!("{}: not the same was written: {writes:?}", kind.name()).into());
    }
    let sides = took.into_iter().zip(last).filter_map(|(took, row)| {
        let seen = row?.seen;
        Some(Side { took, requests: seen.service.requests + seen.devices.requests })
    });
    let sides = sides.collect();
    Ok(Compared { name: kind.name(), is_quiet: kind == Kind::Quiet, members, sides, rounds })
}

/// One tick of ours, or of a Python program.
fn run(scene: &mut Scene, python: Option<&Python>, kind: Kind) -> Result<Row, Failure> {
    if let Kind::Renewals(count) = kind {
        scene.remote.renew(count)?;
    }
    // Two hours: more than the hour by which each asks too early, so that what it lists happened since.
    scene.remote.advance(2 * 3600)?;
    let Some(python) = python else {
        let more = match kind {
            Kind::Listing => listing_is_due(),
            Kind::Audit => audit_is_due(scene.size.devices),
            _ => Vec::new(),
        };
        return scene.run("", Command::new(PROGRAM).arg("sync"), &more);
    };
    scene.run("", &mut python.command(kind), &[])
}
