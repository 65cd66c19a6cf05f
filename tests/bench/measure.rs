//! Goes through the goals: sets the worlds up, has them measured, and writes every line into the book.

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::Failure;
use crate::goals::Book;
use crate::limits::{self, begun};
use crate::pairs::Ratio;
use crate::python::{self, Compared, Python};
use crate::rows;
use crate::scene::{Row, Scene};
use crate::settlements;
use crate::stage::Outside;
use crate::table::{bytes, count, size, time};
use crate::vehicles::{self, Scale};

/// What is to be measured.
pub struct Plan {
    /// One small club, few repetitions.
    pub is_quick: bool,
    /// Beside the Python programs.
    pub with_python: bool,
    /// The table of every run, too.
    pub every_run: bool,
    /// No bigger club.
    pub members_max: usize,
    /// Rights of the town whose vehicles are looked at.
    pub rights: usize,
    /// These parts only, unless there are none.
    pub only: Vec<Part>,
}

/// A part of the measurement that can be asked for alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Part {
    /// Quiet ticks, fsyncs, renewals, complete listings, looks
    Ticks,
    /// Beside the Python programs
    Python,
    /// Many slow doors
    Doors,
    /// Many clubs in one configuration
    Clubs,
    /// A long audit log
    Log,
    /// Every run in every world
    Runs,
    /// A town with a million rights to park, and a gate
    Vehicles,
    /// A settlement file of a million lines
    Books,
}

/// Places of the lines in the table.
mod place {
    pub const QUIET: usize = 10;
    pub const FSYNCS: usize = 20;
    pub const RENEWALS: usize = 30;
    pub const PYTHON: usize = 40;
    pub const LISTING: usize = 50;
    pub const CONNECTIONS: usize = 60;
    pub const DOORS: usize = 70;
    pub const LOOKS: usize = 80;
    pub const CLUBS: usize = 90;
    pub const LOG: usize = 100;
    pub const MEMORY: usize = 110;
}

/// The club that most are like.
const SMALL: usize = 430;
/// The ones that goals are set for.
const SIZES: [usize; 3] = [SMALL, 5_000, 100_000];
/// The biggest of them.
const BIG: usize = 100_000;
/// Where memory is looked at.
const HUGE: usize = 200_000;

/// Clubs in one configuration.
const CLUBS: usize = 40;

/// Lines of the long audit log.
const LOG_LINES: i64 = 5_000_000;

const NOT_QUICK: &str = "left out by --quick";

/// Measures everything; a line that fails says why.
pub fn measure(plan: &Plan, tell: impl Fn(&str)) -> (Book, Vec<Compared>) {
    let mut book = Book::default();
    let sizes: Vec<usize> = SIZES
        .into_iter()
        .filter(|&members| members <= plan.members_max && (members == SMALL || !plan.is_quick))
        .collect();
    let rounds = if plan.is_quick { 9 } else { 15 };

    let is_wanted = |part| plan.only.is_empty() || plan.only.contains(&part);
    if is_wanted(Part::Ticks) {
        let mut scenes = BTreeMap::new();
        for scheme in ["https", "http"] {
            quiet(&mut book, &sizes, scheme, rounds, &mut scenes, &tell);
        }
        without_roles(&mut book, plan, rounds, &tell);
        tell("fsyncs");
        fsyncs(&mut book, &mut scenes);
        renewals(&mut book, plan, &mut scenes, &tell);
        big(&mut book, plan, &mut scenes, &tell);
        for scene in scenes.into_values() {
            book.violations.extend(scene.violations);
        }
    }
    let mut compared = Vec::new();
    if is_wanted(Part::Python) {
        compared = beside_python(&mut book, plan, &sizes, &tell);
    }
    if is_wanted(Part::Doors) {
        many_doors(&mut book, plan, &tell);
    }
    if is_wanted(Part::Clubs) {
        many_clubs(&mut book, plan, &tell);
    }
    if is_wanted(Part::Log) {
        long_log(&mut book, plan, &tell);
    }
    if is_wanted(Part::Runs) {
        every_run(&mut book, plan, &tell);
    }
    if is_wanted(Part::Vehicles) {
        let scale = Scale { rights: plan.rights, is_quick: plan.is_quick };
        vehicles::measure(&mut book, &scale, &tell);
    }
    if is_wanted(Part::Books) {
        settlements::measure(&mut book, plan.is_quick, &tell);
    }
    (book, compared)
}

fn list<T: Display>(all: impl IntoIterator<Item = T>) -> String {
    all.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" / ")
}

/// Quiet ticks of every size; the scenes over plain HTTP stay for what follows.
fn quiet(
    book: &mut Book,
    sizes: &[usize],
    scheme: &str,
    rounds: usize,
    scenes: &mut BTreeMap<usize, Scene>,
    tell: impl Fn(&str),
) {
    let measure = format!(
        "quiet tick / open state + one request, {} members, {scheme}",
        list(sizes.iter().map(|&members| count(members)))
    );
    let mut one = |members: usize| -> Result<Ratio, Failure> {
        tell(&format!("quiet tick, {} members, {scheme}", count(members)));
        let outside = Outside { tls: scheme == "https", ..Outside::club(members, 1) };
        let mut scene = begun(&outside)?;
        let what = format!("{} members, {scheme}", count(members));
        let ratio = limits::quiet(&mut scene, &what, rounds)?;
        if scheme == "http" {
            scenes.insert(members, scene);
        } else {
            book.violations.extend(scene.violations);
        }
        Ok(ratio)
    };
    match sizes.iter().map(|&members| one(members)).collect::<Result<Vec<_>, _>>() {
        Ok(ratios) => {
            book.hold(place::QUIET + usize::from(scheme == "https"), &measure, 1.5, ratios)
        }
        Err(failure) => book.miss(place::QUIET, &measure, "1.5", &failure.to_string()),
    }
}

fn without_roles(book: &mut Book, plan: &Plan, rounds: usize, tell: impl Fn(&str)) {
    let members = SIZES[1];
    let measure =
        format!("the same, {} members, half of them without a role, http", count(members));
    if plan.is_quick || members > plan.members_max {
        return;
    }
    tell("quiet tick, half of the members without a role");
    let outside = Outside { half_without_role: true, ..Outside::club(members, 1) };
    let what = format!("{} members, half of them without a role, http", count(members));
    let measured = begun(&outside).and_then(|mut scene| limits::quiet(&mut scene, &what, rounds));
    match measured {
        Ok(ratio) => book.hold(place::QUIET + 2, &measure, 1.5, vec![ratio]),
        Err(failure) => book.miss(place::QUIET + 2, &measure, "1.5", &failure.to_string()),
    }
}

fn fsyncs(book: &mut Book, scenes: &mut BTreeMap<usize, Scene>) {
    let sizes: Vec<String> = scenes.keys().map(|&members| count(members)).collect();
    let measure = format!("fsyncs of a quiet tick, {} members", list(sizes));
    let counts = scenes.values_mut().map(limits::fsyncs).collect::<Result<Vec<_>, _>>();
    match counts {
        Ok(counts) => {
            let is_reached = counts.iter().all(|count| *count <= 1);
            book.say(place::FSYNCS, &measure, list(counts), "0 or 1", is_reached);
        }
        Err(failure) => book.miss(place::FSYNCS, &measure, "0 or 1", &failure.to_string()),
    }
}

/// Renewals in the big club against the small one, and what the small one's door saw of them.
fn renewals(
    book: &mut Book,
    plan: &Plan,
    scenes: &mut BTreeMap<usize, Scene>,
    tell: impl Fn(&str),
) {
    const MANY: usize = 100;
    let connections = format!("connections to a door for {MANY} renewals");
    let measure = |members: usize| {
        format!(
            "tick with 1 / {MANY} renewals, {} members / the same in a club of {SMALL}",
            count(members)
        )
    };
    let Some(mut small) = scenes.remove(&SMALL) else {
        book.miss(place::CONNECTIONS, &connections, "1", "the small club is missing");
        return;
    };
    let mut last = None;
    match scenes.values_mut().next_back() {
        None => book.miss(
            place::RENEWALS,
            &measure(BIG),
            "1.5",
            if plan.is_quick { NOT_QUICK } else { "the big club is missing" },
        ),
        Some(big) => {
            let mut ratios = Vec::new();
            let members = big.size.members;
            for (how_many, pairs) in [(1, 7), (MANY, 5)] {
                tell(&format!(
                    "tick with {}, {} members",
                    rows::renewals(how_many),
                    count(members)
                ));
                match limits::renewed([&mut *big, &mut small], how_many, pairs) {
                    Ok((ratio, row)) => {
                        ratios.push(ratio);
                        last = Some(row);
                    }
                    Err(failure) => {
                        book.miss(place::RENEWALS, &measure(members), "1.5", &failure.to_string());
                    }
                }
            }
            if !ratios.is_empty() {
                book.hold(place::RENEWALS, &measure(members), 1.5, ratios);
            }
        }
    }
    let last = last.map_or_else(
        || -> Result<Row, Failure> {
            small.remote.renew(MANY)?;
            small.tick("", &["sync"], &[])
        },
        Ok,
    );
    match last {
        Ok(row) => {
            let connected = row.seen.connections;
            let requests = row.seen.devices.requests;
            book.say(place::CONNECTIONS, &connections, connected.to_string(), "1", connected <= 1);
            book.remarks.push(format!("{MANY} renewals at one door: {requests} requests to it"));
        }
        Err(failure) => book.miss(place::CONNECTIONS, &connections, "1", &failure.to_string()),
    }
    scenes.insert(SMALL, small);
}

/// What is asked of the big club alone.
fn big(book: &mut Book, plan: &Plan, scenes: &mut BTreeMap<usize, Scene>, tell: impl Fn(&str)) {
    let looks = |members: usize| format!("lookup --offline / status, {} members", count(members));
    let listing = |members: usize| {
        format!(
            "complete listing of {}, nothing new / all changed / bare parse and insert",
            count(members)
        )
    };
    let biggest = scenes.iter_mut().next_back();
    let Some((&members, scene)) = biggest else {
        return;
    };
    tell(&format!("lookup --offline and status, {} members", count(members)));
    let measured = [&["lookup", "150001", "--offline"][..], &["status"]]
        .into_iter()
        .map(|arguments| limits::look(scene, arguments, 7))
        .collect::<Result<Vec<_>, _>>();
    match measured {
        Ok(both) => {
            let is_reached = both.iter().all(|one| one.cpu.as_secs_f64() <= 0.010);
            let told = list(both.iter().map(|one| time(one.cpu)));
            book.say(place::LOOKS, &looks(members), format!("{told} CPU"), "10 ms", is_reached);
            let walls = list(both.iter().map(|one| time(one.wall)));
            book.remarks.push(format!("{}: {walls} from start to end", looks(members)));
        }
        Err(failure) => book.miss(place::LOOKS, &looks(members), "10 ms", &failure.to_string()),
    }
    if plan.is_quick {
        book.miss(place::LISTING, &listing(BIG), "1.5", NOT_QUICK);
        return;
    }
    tell(&format!("complete listings, {} members", count(members)));
    match limits::listings(scene, 5) {
        Ok(ratios) => book.hold(place::LISTING, &listing(members), 1.5, ratios),
        Err(failure) => book.miss(place::LISTING, &listing(members), "1.5", &failure.to_string()),
    }
}

fn beside_python(
    book: &mut Book,
    plan: &Plan,
    sizes: &[usize],
    tell: impl Fn(&str),
) -> Vec<Compared> {
    let quiet = "quiet tick / the careful Python script, CPU";
    let others = "every other kind of tick / the careful Python script, CPU, the worst";
    let mut compared = Vec::new();
    let mut measured = || -> Result<(), Failure> {
        if !plan.with_python {
            return Err("left out by --no-python".into());
        }
        let mut pythons = vec![Python::careful()?];
        if !plan.is_quick {
            match Python::plain() {
                Ok(plain) => pythons.push(plain),
                Err(why) => {
                    book.remarks
                        .push(format!("The plain Python program could not be installed: {why}"));
                }
            }
        }
        for &members in sizes {
            let rounds = if plan.is_quick { 5 } else { 11 };
            let (rows, violations) = python::beside(members, &pythons, rounds, &tell)?;
            compared.extend(rows);
            book.violations.extend(violations);
        }
        Ok(())
    };
    let failure = measured().err().map(|failure| failure.to_string());
    if let Some(why) = &failure {
        book.miss(place::PYTHON, quiet, "at most 0.1", why);
        book.miss(place::PYTHON + 1, others, "at most 0.5", why);
        return compared;
    }
    let sizes = list(sizes.iter().map(|&members| count(members)));
    let (mut quiets, mut worst) = (Vec::new(), Vec::<Ratio>::new());
    for one in &compared {
        let [ours, careful, ..] = one.sides.as_slice() else { continue };
        let what = format!("{}, {} members / careful Python", one.name, count(one.members));
        let ratio = Ratio::of_cpu(what, [ours.took, careful.took], one.rounds);
        if one.is_quiet {
            quiets.push(ratio);
        } else {
            worst.push(ratio);
        }
    }
    book.hold(place::PYTHON, &format!("{quiet}, {sizes} members"), 0.1, quiets);
    worst.sort_by(|one, other| other.value().total_cmp(&one.value()));
    // The table has the worst of each kind; what is behind it has all.
    let name = worst.first().map(|ratio| ratio.what.clone()).unwrap_or_default();
    let (first, rest) = worst.split_at(worst.len().min(1));
    let measure = format!("{others}: {}", name.replace(" / careful Python", ""));
    book.hold(place::PYTHON + 1, &measure, 0.5, first.to_vec());
    book.ratios.extend(rest.iter().cloned());
    compared
}

fn many_doors(book: &mut Book, plan: &Plan, tell: impl Fn(&str)) {
    let (devices, rounds) = if plan.is_quick { (8, 3) } else { (64, 5) };
    let members = if plan.is_quick { 60 } else { SMALL };
    let measure =
        format!("lookup / check / status at {devices} doors of 50 ms / one door, wall time");
    tell(&format!("{devices} slow doors"));
    match limits::many(book, members, devices, rounds) {
        Ok(ratios) => book.hold(place::DOORS, &measure, 1.3, ratios),
        Err(failure) => book.miss(place::DOORS, &measure, "1.3", &failure.to_string()),
    }
}

fn many_clubs(book: &mut Book, plan: &Plan, tell: impl Fn(&str)) {
    let measure = format!("{CLUBS} clubs x {SMALL} in one configuration: memory, quiet tick");
    if plan.is_quick {
        return book.miss(place::CLUBS, &measure, "100 MB, 60 ms", NOT_QUICK);
    }
    tell("many clubs in one configuration");
    match limits::clubs(book, CLUBS, SMALL, 7) {
        Ok((peak, quiet)) => {
            let is_reached = peak <= 100_000_000 && quiet.wall.as_secs_f64() <= 0.060;
            let told = format!("{}, {} ({} CPU)", bytes(peak), time(quiet.wall), time(quiet.cpu));
            book.say(place::CLUBS, &measure, told, "100 MB, 60 ms", is_reached);
        }
        Err(failure) => book.miss(place::CLUBS, &measure, "100 MB, 60 ms", &failure.to_string()),
    }
}

fn long_log(book: &mut Book, plan: &Plan, tell: impl Fn(&str)) {
    let lines = count(usize::try_from(LOG_LINES).unwrap_or_default());
    let measure =
        format!("audit log of {lines} lines in a club of {SMALL}: any command, the worst");
    let goal = "+0 (2 ms, 10%)";
    if plan.is_quick {
        return book.miss(place::LOG, &measure, goal, NOT_QUICK);
    }
    tell("a long audit log");
    match limits::long_log(book, SMALL, LOG_LINES, 5) {
        Ok(ratios) => {
            let more = |ratio: &Ratio| ratio.ours.as_secs_f64() - ratio.least.as_secs_f64();
            let is_kept = |ratio: &Ratio| more(ratio) <= 0.002 || ratio.value() <= 1.1;
            let worst = ratios.iter().max_by(|one, other| more(one).total_cmp(&more(other)));
            let told = worst.map(|worst| {
                let name = worst.what.split(',').next().unwrap_or_default();
                format!("{:+.1} ms ({name})", more(worst) * 1e3)
            });
            let is_reached = ratios.iter().all(is_kept);
            book.say(place::LOG, &measure, told.unwrap_or_default(), goal, is_reached);
            book.ratios.extend(ratios);
        }
        Err(failure) => book.miss(place::LOG, &measure, goal, &failure.to_string()),
    }
}

/// Worlds of the table of every run: members, doors, half without a role.
const WORLDS: [(usize, usize, bool); 8] = [
    (SMALL, 1, false),
    (SMALL, 64, false),
    (SMALL, 256, false),
    (5_000, 1, false),
    (5_000, 1, true),
    (5_000, 4, false),
    (BIG, 1, false),
    (HUGE, 1, false),
];

fn every_run(book: &mut Book, plan: &Plan, tell: impl Fn(&str)) {
    let measure = format!("memory at {} members, the most of any run", count(HUGE));
    if !plan.every_run {
        let why = if plan.is_quick { NOT_QUICK } else { "left out by --goals" };
        return book.miss(place::MEMORY, &measure, "300 MB", why);
    }
    for (members, devices, half_without_role) in WORLDS {
        if members > plan.members_max {
            continue;
        }
        let outside = Outside { half_without_role, ..Outside::club(members, devices) };
        let measured = rows::measure(&outside, |row| {
            tell(&format!("{}: {}: {}", size(row.size), row.name, time(row.cost.wall)));
        });
        match measured {
            Ok((rows, scene)) => {
                book.violations.extend(scene.violations);
                book.rows.extend(rows);
            }
            Err(failure) => {
                book.remarks.push(format!("{}: {failure}", size(outside.size)));
            }
        }
    }
    let huge = book.rows.iter().filter(|row| row.size.members == HUGE);
    match huge.max_by_key(|row| row.cost.peak) {
        None => book.miss(place::MEMORY, &measure, "300 MB", "that club was not run"),
        Some(row) => {
            let told = format!("{} ({})", bytes(row.cost.peak), row.name);
            let is_reached = row.cost.peak <= 300_000_000;
            book.say(place::MEMORY, &measure, told, "300 MB", is_reached);
        }
    }
}
