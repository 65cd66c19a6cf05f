//! The plain Python program beside ours: the same world twice, one for each.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::Failure;
use crate::process;
use crate::rows::{FIRST_RUN, LISTING, QUIET_TICK, renewals};
use crate::scene::{PROGRAM, REPEATS, Row, Scene, median};
use crate::stage::{Size, listing_is_due};

/// Where the Python program and what it needs lie.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/python");

/// How many pay at once.
const RENEWALS: usize = 100;

/// Both programs in one row.
pub struct Pair {
    /// Ours.
    pub ours: Row,
    /// The plain one.
    pub plain: Row,
}

/// Makes a virtual environment with what the program needs, and gives its Python; what hinders comes
/// back in words.
pub fn install() -> Result<PathBuf, String> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-python");
    let python = folder.join("bin").join("python");
    let run = |command: &mut Command| -> Result<(), String> {
        let said = command.output().map_err(|error| format!("{command:?}: {error}"))?;
        match said.status.success() {
            true => Ok(()),
            false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&said.stderr))),
        }
    };
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    let wanted = format!("{FOLDER}/requirements.txt");
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r", &wanted]))?;
    Ok(python)
}

/// Measures both, side by side; the worlds are the same and nobody sees the other's writes.
pub fn compare(python: &Path, size: Size) -> Result<Vec<Pair>, Failure> {
    let ours = measure(size, |scene, name, is_full| {
        let more = if is_full { listing_is_due() } else { Vec::new() };
        scene.run(name, Command::new(PROGRAM).arg("sync"), &more)
    })?;
    let plain = measure(size, |scene, name, is_full| {
        let world = json!({
            "organisation": 123,
            "service": scene.remote.service,
            "devices": scene.remote.devices,
        });
        std::fs::write(scene.path("plain_sync.json"), world.to_string())?;
        let mut command = Command::new(python);
        command.arg(format!("{FOLDER}/plain_sync.py"));
        if is_full {
            command.arg("--full");
        }
        scene.run(name, &mut command, &[])
    })?;
    for (ours, plain) in ours.iter().zip(&plain) {
        let writes = (ours.seen.writes, plain.seen.writes);
        if writes.0 != writes.1 {
            return Err(format!("{}: not the same was written: {writes:?}", ours.name).into());
        }
    }
    Ok(ours.into_iter().zip(plain).map(|(ours, plain)| Pair { ours, plain }).collect())
}

/// The rows of one program; `run` runs it under a name, with a complete listing or without.
fn measure(
    size: Size,
    run: impl Fn(&mut Scene, &str, bool) -> Result<Row, Failure>,
) -> Result<Vec<Row>, Failure> {
    let mut scene = Scene::set(size, Duration::ZERO)?;
    let mut rows = Vec::new();
    let one = |scene: &mut Scene, name: &str, is_full: bool| -> Result<Row, Failure> {
        scene.remote.advance(2 * 3600)?;
        let row = run(scene, name, is_full)?;
        process::Cost::or_fail(row.cost.clone(), name)?;
        Ok(row)
    };
    rows.push(one(&mut scene, FIRST_RUN, false)?);
    let quiet = (0..REPEATS).map(|_| one(&mut scene, QUIET_TICK, false));
    rows.push(median(quiet.collect::<Result<_, _>>()?)?);
    let count = RENEWALS.min(size.members);
    scene.remote.renew(count)?;
    rows.push(one(&mut scene, &format!("tick with {}", renewals(count)), false)?);
    rows.push(one(&mut scene, LISTING, true)?);
    match scene.violations.first() {
        None => Ok(rows),
        Some(first) => Err(format!("a breach of a simulator's rules: {first}").into()),
    }
}
