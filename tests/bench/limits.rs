//! How near the program comes to what the wire, the parser and the disk allow: ratios within one run.

use std::time::Duration;

use crate::Failure;
use crate::bare::{self, argument};
use crate::rows::{AUDIT, FIRST_RUN, LISTING, LISTING_NEW, quiet, renewals};
use crate::scene::{REPEATS, Row, Scene};
use crate::stage::{Size, audit_is_due};
use crate::table::time;

/// A measured ratio, with what it should stay below.
pub struct Ratio {
    /// What is compared with what.
    pub what: String,
    /// The time of the program.
    pub ours: Duration,
    /// The least that it could be.
    pub least: Duration,
    /// What was aimed at, if anything.
    pub target: Option<f64>,
}

impl Ratio {
    /// The ratio itself.
    pub fn value(&self) -> f64 {
        self.ours.as_secs_f64() / self.least.as_secs_f64().max(1e-9)
    }

    /// The cells of its line.
    pub fn cells(&self) -> Vec<String> {
        let verdict = match self.target {
            None => "no target".to_owned(),
            Some(target) if self.value() <= target => format!("at most {target}: reached"),
            Some(target) => format!("at most {target}: MISSED"),
        };
        let value = format!("{:.2}", self.value());
        vec![self.what.clone(), value, time(self.ours), time(self.least), verdict]
    }
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Complete listings against a bare parse of the same bytes and a bare insert of the same rows.
pub fn of_world(scene: &mut Scene, rows: &[Row]) -> Result<Vec<Ratio>, Failure> {
    let members = crate::table::count(scene.size.members);
    let named = |name: &str| rows.iter().find(|row| row.name == name).ok_or("a row is missing");
    let (file, state) = (scene.path("listing.xml"), scene.state());
    let (file, state) = (argument(&file)?, argument(&state)?);
    let folder = scene.path("");
    let service = scene.remote.service.clone();
    bare::run(&folder, &["fetch", &service, file])?;
    let (mut parses, mut inserts) = (Vec::new(), Vec::new());
    for repeat in 0..REPEATS {
        parses.push(bare::run(&folder, &["parse", file])?.0);
        let scratch = scene.path(&format!("bare-{repeat}.db"));
        inserts.push(bare::run(&folder, &["insert", state, argument(&scratch)?])?.0);
    }
    let (parse, insert) = (middle(parses), middle(inserts));
    let mut ratios = Vec::new();
    for (name, least, against, target) in [
        (LISTING_NEW, parse + insert, "bare parse and insert", Some(2.5)),
        (LISTING, parse + insert, "bare parse and insert", Some(2.5)),
        (LISTING, parse, "bare parse alone", None),
    ] {
        let what = format!("{name}, {members} members / {against}");
        ratios.push(Ratio { what, ours: named(name)?.cost.wall, least, target });
    }
    Ok(ratios)
}

/// A quiet tick against a process that opens the same state file and makes the same request.
pub fn of_quiet(scene: &mut Scene, target: Option<f64>) -> Result<Ratio, Failure> {
    let state = scene.state();
    let folder = scene.path("");
    // What was left to do is done, and a look at everything finds that it is.
    scene.catch_up()?;
    scene.tick("", &["sync"], &[])?;
    let ours = quiet(scene)?.cost.wall;
    let since = scene.remote.clear()?.format("%Y-%m-%dT%H:%M:%S").to_string();
    let service = scene.remote.service.clone();
    let arguments = ["tick", argument(&state)?, &service, &since];
    let ticks = (0..REPEATS).map(|_| Ok(bare::run(&folder, &arguments)?.1.wall));
    let least = middle(ticks.collect::<Result<_, Failure>>()?);
    let members = crate::table::count(scene.size.members);
    let what = format!("quiet tick, {members} members / open and one request");
    Ok(Ratio { what, ours, least, target })
}

/// Writes against the time that the device itself was busy with them.
pub fn of_writing(rows: &[Row]) -> Vec<Ratio> {
    let writing = rows.iter().filter(|row| row.size.devices == 1 && row.seen.writes >= 100);
    let ratio = |row: &Row| Ratio {
        what: format!(
            "{}, {} members, one door / the door's own time",
            row.name,
            crate::table::count(row.size.members)
        ),
        ours: row.cost.wall,
        least: row.seen.busiest,
        target: None,
    };
    writing.map(ratio).collect()
}

/// How long a device takes for each answer here.
pub const LATENCY: Duration = Duration::from_millis(50);

/// How many pay at once there.
const RENEWALS: usize = 20;

/// Many slow devices against one of them alone: they are served side by side.
pub fn of_many(
    members: usize,
    devices: usize,
    mut tell: impl FnMut(&Row),
) -> Result<(Vec<Ratio>, Vec<String>), Failure> {
    let mut both = Vec::new();
    let mut violations = Vec::new();
    for devices in [1, devices] {
        let mut scene = Scene::set(Size { members, devices }, LATENCY)?;
        let mut rows = vec![scene.tick(FIRST_RUN, &["sync"], &[])?];
        scene.remote.renew(RENEWALS)?;
        rows.push(scene.tick(&format!("tick with {}", renewals(RENEWALS)), &["sync"], &[])?);
        rows.push(scene.tick(AUDIT, &["sync"], &audit_is_due(devices))?);
        for row in &rows {
            row.cost.clone().or_fail(&row.name)?;
            tell(row);
        }
        both.push(rows);
        violations.extend(scene.violations.iter().cloned());
    }
    let [alone, many] = &both[..] else { return Err("two worlds".into()) };
    let ratios = alone.iter().zip(many).map(|(alone, many)| Ratio {
        what: format!("{}, {devices} doors of 50 ms / one such door", many.name),
        ours: many.cost.wall,
        least: alone.cost.wall,
        target: Some(1.3),
    });
    Ok((ratios.collect(), violations))
}
