//! What is held against the goals: ratios within one run, of things that take turns.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use chrono::TimeDelta;

use crate::Failure;
use crate::audit_lines;
use crate::bare::{self, argument};
use crate::goals::Book;
use crate::pairs::{Ratio, Typical, in_turns};
use crate::process::Cost;
use crate::rows::{AUDIT, FIRST_RUN, LISTING, LISTING_NEW, renewals};
use crate::scene::{PROGRAM, Row, Scene};
use crate::stage::{Outside, audit_is_due, listing_is_due};
use crate::table::{bytes, count, size, time};

/// The member that is looked up.
const WHO: &str = "150001";

/// Starts a world and lets the first run pass.
pub fn begun(outside: &Outside) -> Result<Scene, Failure> {
    let mut scene = Scene::set_as(outside)?;
    scene.tick(FIRST_RUN, &["sync"], &[])?.cost.or_fail(&size(outside.size))?;
    Ok(scene)
}

/// Quiet ticks against a process that opens the same state file and makes the same request.
pub fn quiet(scene: &mut Scene, what: &str, pairs: usize) -> Result<Ratio, Failure> {
    scene.quieten()?;
    let (state, folder) = (scene.state(), scene.path(""));
    let state = argument(&state)?.to_owned();
    let service = scene.remote.service.clone();
    let typical = in_turns(pairs, |which| match which {
        0 => scene.cron(&["sync"])?.cost.or_fail(what),
        _ => {
            let variables = scene.variables()?;
            let since = scene.remote.clear()? - TimeDelta::minutes(65);
            let since = since.format("%Y-%m-%dT%H:%M:%S").to_string();
            Ok(bare::run(&folder, &["tick", &state, &service, &since], &variables)?.1)
        }
    })?;
    Ok(Ratio::of_cpu(format!("quiet tick, {what} / open state + one request"), typical, pairs))
}

/// Where strace is, if it is.
fn strace() -> Option<&'static str> {
    let places = ["/usr/bin/strace", "/bin/strace", "/usr/local/bin/strace"];
    places.into_iter().find(|place| Path::new(place).exists())
}

/// How often a quiet tick waits for the disk.
pub fn fsyncs(scene: &mut Scene) -> Result<usize, Failure> {
    let strace = strace().ok_or("strace is not installed")?;
    scene.quieten()?;
    let calls = scene.path("calls.txt");
    let mut command = Command::new(strace);
    command.args(["-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", argument(&calls)?]);
    let row = scene.run("", command.args([PROGRAM, "sync"]), &[])?;
    row.cost.or_fail("a quiet tick under strace")?;
    let text = std::fs::read_to_string(calls)?;
    Ok(text.lines().filter(|line| line.contains("sync(")).count())
}

/// Ticks with renewals in a big club against those in a small one; the last row of the small one, too.
pub fn renewed(
    [big, small]: [&mut Scene; 2],
    how_many: usize,
    pairs: usize,
) -> Result<(Ratio, Row), Failure> {
    let what = format!(
        "tick with {}, {} members / {} members",
        renewals(how_many),
        count(big.size.members),
        count(small.size.members)
    );
    let mut last = None;
    let typical = in_turns(pairs, |which| {
        let scene = if which == 0 { &mut *big } else { &mut *small };
        scene.remote.renew(how_many)?;
        let row = scene.tick("", &["sync"], &[])?;
        let cost = row.cost.clone().or_fail(&what)?;
        if row.seen.writes != u64::try_from(how_many)? {
            return Err(format!("{what}: {} writes", row.seen.writes).into());
        }
        if which == 1 {
            last = Some(row);
        }
        // Those that come next hear of it once more, and find that all is done.
        for _ in 0..2 {
            scene.cron(&["sync"])?;
        }
        Ok(cost)
    })?;
    Ok((Ratio::of_cpu(what, typical, pairs), last.ok_or("nothing was measured")?))
}

/// Complete listings against a bare parse of the same bytes and a bare insert of the same rows.
pub fn listings(scene: &mut Scene, rounds: usize) -> Result<Vec<Ratio>, Failure> {
    let members = count(scene.size.members);
    let (file, state, folder) = (scene.path("listing.xml"), scene.state(), scene.path(""));
    let (file, state) = (argument(&file)?.to_owned(), argument(&state)?.to_owned());
    let service = scene.remote.service.clone();
    bare::run(&folder, &["fetch", &service, &file], &[])?;
    let mut scratches = 0;
    let [nothing, all, parse, insert] = in_turns(rounds, |which| match which {
        0 => scene.tick("", &["sync"], &listing_is_due())?.cost.or_fail(LISTING),
        1 => {
            scene.remote.rename_everybody()?;
            scene.tick("", &["sync"], &listing_is_due())?.cost.or_fail(LISTING_NEW)
        }
        2 => only(bare::run(&folder, &["parse", &file], &[])?),
        _ => {
            scratches += 1;
            let scratch = scene.path(&format!("bare-{scratches}.db"));
            let cost = only(bare::run(&folder, &["insert", &state, argument(&scratch)?], &[])?);
            std::fs::remove_file(scratch)?;
            cost
        }
    })?;
    let least = Typical { cpu: parse.cpu + insert.cpu, ..parse };
    let ratio = |name: &str, ours: Typical| {
        let what = format!("{name}, {members} members / bare parse and insert");
        Ratio::of_cpu(what, [ours, least], rounds)
    };
    Ok(vec![ratio(LISTING, nothing), ratio(LISTING_NEW, all)])
}

/// A bare process of which only a part counts.
fn only((cpu, cost): (Duration, Cost)) -> Result<Cost, Failure> {
    Ok(Cost { cpu, ..cost })
}

/// The medians of a command that looks and changes nothing.
pub fn look(scene: &mut Scene, arguments: &[&str], rounds: usize) -> Result<Typical, Failure> {
    let [typical] = in_turns(rounds, |_| {
        let cost = scene.cron(arguments)?.cost;
        looked(cost, arguments)
    })?;
    Ok(typical)
}

/// A command that looks may find something, which is no failure of the measurement.
fn looked(cost: Cost, arguments: &[&str]) -> Result<Cost, Failure> {
    match cost.code {
        0 | 21 => Ok(cost),
        _ => cost.or_fail(&arguments.join(" ")),
    }
}

/// How long a device takes for each answer in [`many`].
pub const LATENCY: Duration = Duration::from_millis(50);

/// Commands at many slow devices against the same at one: wall time, since waiting is what they do.
pub fn many(
    book: &mut Book,
    members: usize,
    devices: usize,
    rounds: usize,
) -> Result<Vec<Ratio>, Failure> {
    let outside = |devices| Outside { latency: LATENCY, ..Outside::club(members, devices) };
    let (mut many, mut one) = (begun(&outside(devices))?, begun(&outside(1))?);
    many.quieten()?;
    one.quieten()?;
    let what = |name: &str| format!("{name}, {devices} doors of 50 ms / one such door");
    let mut ratios = Vec::new();
    for arguments in [&["lookup", WHO][..], &["check"], &["status"]] {
        let typical = in_turns(rounds, |which| {
            let scene = if which == 0 { &mut many } else { &mut one };
            looked(scene.cron(arguments)?.cost, arguments)
        })?;
        let name = arguments.first().copied().unwrap_or_default();
        ratios.push(Ratio::of_wall(what(name), typical, rounds));
    }
    // Beside the goals: what was there before.
    for (name, count) in [(AUDIT, 0), ("tick with 20 renewals", 20)] {
        let typical = in_turns(1, |which| {
            let scene = if which == 0 { &mut many } else { &mut one };
            scene.remote.renew(count)?;
            let more = if count == 0 { audit_is_due(scene.size.devices) } else { Vec::new() };
            scene.tick("", &["sync"], &more)?.cost.or_fail(name)
        })?;
        book.ratios.push(Ratio::of_wall(what(name), typical, 1));
    }
    book.violations.extend(many.violations.into_iter().chain(one.violations));
    Ok(ratios)
}

/// Many clubs in one configuration: the most memory of any tick, and a quiet one.
pub fn clubs(
    book: &mut Book,
    clubs: usize,
    each: usize,
    rounds: usize,
) -> Result<(u64, Typical), Failure> {
    let outside = Outside { clubs, ..Outside::club(clubs * each, clubs) };
    let mut scene = Scene::set_as(&outside)?;
    let mut peak = 0;
    let mut seen = |row: Row| -> Result<(), Failure> {
        peak = peak.max(row.cost.peak);
        row.cost.or_fail(&row.name)?;
        Ok(())
    };
    seen(scene.tick(FIRST_RUN, &["sync"], &[])?)?;
    scene.quieten()?;
    let quiet = look(&mut scene, &["sync"], rounds)?;
    scene.remote.renew(1)?;
    let row = scene.tick("tick with 1 renewal", &["sync"], &[])?;
    book.remarks.push(format!(
        "{clubs} clubs: {}, {}, {} CPU",
        row.name,
        time(row.cost.wall),
        time(row.cost.cpu)
    ));
    seen(row)?;
    seen(scene.tick(AUDIT, &["sync"], &audit_is_due(clubs))?)?;
    book.remarks.push(format!(
        "{clubs} clubs: most memory {} (first run, quiet tick, 1 renewal, full audit)",
        bytes(peak)
    ));
    book.violations.extend(scene.violations);
    Ok((peak.max(quiet.peak), quiet))
}

/// Every command in a small club with a long audit log, against the same club without one.
pub fn long_log(
    book: &mut Book,
    members: usize,
    lines: i64,
    rounds: usize,
) -> Result<Vec<Ratio>, Failure> {
    let mut scenes = [begun(&Outside::club(members, 1))?, begun(&Outside::club(members, 1))?];
    for scene in &mut scenes {
        for _ in 0..members.div_ceil(100) {
            scene.remote.renew(100)?;
            scene.tick("", &["sync"], &[])?.cost.or_fail("renewals")?;
        }
        scene.quieten()?;
    }
    let [long, short] = &mut scenes;
    let there = audit_lines::fill(&long.state(), lines)?;
    let state = std::fs::metadata(long.state())?.len();
    book.remarks.push(format!(
        "audit log: {there} lines, the state file {}, made by copying the club's own lines",
        bytes(state)
    ));
    let mut ratios = Vec::new();
    let commands: [&[&str]; 8] = [
        &["sync"],
        &["sync", ""],
        &["diff"],
        &["lookup", WHO],
        &["lookup", WHO, "--offline"],
        &["status"],
        &["check"],
        &["history", "--since", "1h"],
    ];
    for arguments in commands {
        let is_renewal = arguments.last() == Some(&"");
        let arguments: Vec<&str> =
            arguments.iter().copied().filter(|one| !one.is_empty()).collect();
        let name = match (arguments.as_slice(), is_renewal) {
            (["sync"], false) => "quiet tick".to_owned(),
            (["sync"], true) => "tick with 1 renewal".to_owned(),
            (arguments, _) => arguments.join(" "),
        };
        let typical = in_turns(rounds, |which| {
            let scene = if which == 0 { &mut *long } else { &mut *short };
            if is_renewal {
                scene.remote.renew(1)?;
            }
            // Quiet ticks come as cron has them; what follows a renewal, when it is out of sight.
            let row = match is_renewal {
                true => scene.tick("", &arguments, &[])?,
                false => scene.cron(&arguments)?,
            };
            looked(row.cost, &arguments)
        })?;
        let what =
            format!("{name}, {} audit lines / a few hundred", count(usize::try_from(there)?));
        ratios.push(Ratio::of_cpu(what, typical, rounds));
        if is_renewal {
            long.quieten()?;
            short.quieten()?;
        }
    }
    for scene in scenes {
        book.violations.extend(scene.violations);
    }
    Ok(ratios)
}
