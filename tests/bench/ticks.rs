//! What a tick costs: the release binary, run as cron runs it, against simulated clubs of 100 to 200,000
//! members.
//!
//! ```text
//! cargo bench --bench ticks              # a few minutes on two cores
//! cargo bench --bench ticks -- --quick   # small clubs only
//! cargo bench --bench ticks -- --all     # every size
//! ```
//!
//! The table goes to stdout, progress to stderr. Times are those of this computer at that moment; the
//! ratios compare what ran beside each other.

#![allow(missing_docs, reason = "a program; what is public is so within it only")]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark is there to be looked at"
)]
#![expect(clippy::indexing_slicing, reason = "a missing key of a document is null, and refused")]

mod bare;
mod binary;
mod limits;
mod process;
mod python;
mod remote;
mod rows;
mod scene;
mod stage;
mod table;

use std::time::Instant;

use clap::Parser;

use limits::Ratio;
use rows::{AUDIT, FIRST_RUN, LISTING, LISTING_NEW, QUIET_TICK};
use scene::Row;
use stage::Size;

/// Anything that can go wrong here ends the benchmark, and is told.
pub type Failure = Box<dyn std::error::Error>;

/// Measures the release binary against simulated clubs.
#[derive(Parser)]
struct Arguments {
    /// Small clubs only: that it works, in half a minute
    #[arg(long)]
    quick: bool,
    /// Every size: needs about ten minutes
    #[arg(long, conflicts_with = "quick")]
    all: bool,
    /// Leave the Python program out
    #[arg(long)]
    no_python: bool,
    /// Only clubs with at most so many members
    #[arg(long, default_value_t = usize::MAX)]
    members_max: usize,
    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// Members and devices of the worlds.
const QUICK: &[(usize, usize)] = &[(100, 1), (1_000, 1), (1_000, 4)];
const USUAL: &[(usize, usize)] =
    &[(100, 1), (1_000, 8), (1_000, 64), (10_000, 1), (10_000, 4), (100_000, 1), (200_000, 1)];
const ALL: &[(usize, usize)] = &[
    (100, 1),
    (100, 64),
    (1_000, 1),
    (1_000, 8),
    (1_000, 64),
    (10_000, 1),
    (10_000, 4),
    (10_000, 16),
    (50_000, 1),
    (100_000, 1),
    (100_000, 4),
    (200_000, 1),
];

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((role, rest)) if role == remote::ROLE => remote::play(rest),
        Some((role, rest)) if role == bare::ROLE => bare::perform(rest),
        _ => measure(&Arguments::parse()),
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> Result<(), Failure> {
    let began = Instant::now();
    let sizes = match (arguments.quick, arguments.all) {
        (true, _) => QUICK,
        (_, true) => ALL,
        _ => USUAL,
    };
    let sizes: Vec<Size> = sizes
        .iter()
        .map(|&(members, devices)| Size { members, devices })
        .filter(|size| size.members <= arguments.members_max)
        .collect();
    let Some(judged) = judged(&sizes) else { return Err("no club is that small".into()) };
    let tell = |row: &Row| {
        let (size, wall) = (table::size(row.size), table::time(row.cost.wall));
        eprintln!("{:>5.0} s  {size}: {}: {wall}", began.elapsed().as_secs_f64(), row.name);
    };

    let (mut all, mut ratios, mut violations) = (Vec::new(), Vec::new(), Vec::new());
    let mut other_sizes = Vec::new();
    for &size in &sizes {
        let (rows, mut scene) = rows::measure(size, tell)?;
        if size == judged {
            ratios = limits::of_world(&mut scene, &rows)?;
            ratios.push(limits::of_quiet(&mut scene, Some(1.5))?);
        } else if size.devices == 1 {
            other_sizes.push(limits::of_quiet(&mut scene, None)?);
        }
        violations.append(&mut scene.violations);
        all.extend(rows);
    }
    ratios.append(&mut other_sizes);
    ratios.extend(limits::of_writing(&all));
    let (members, doors) = if arguments.quick { (60, 8) } else { (500, 64) };
    let (many, more) = limits::of_many(members, doors, tell)?;
    ratios.extend(many);
    violations.extend(more);

    print_ratios(&ratios);
    print_memory(&all);
    print_growth(&all);
    if !arguments.no_python {
        beside_python(judged)?;
    }
    let smallest = all.iter().find(|row| row.name == QUIET_TICK).map(|row| row.cost.wall);
    println!("\nThe binary\n\n{}", table::table(&binary::describe(smallest)?, 1));
    println!("Every run\n\n{}", table::runs(&all));
    println!("It took {:.0} s in all.", began.elapsed().as_secs_f64());
    match violations.as_slice() {
        [] => Ok(()),
        [first, ..] => {
            Err(format!("{} breaches of a simulator's rules: {first}", violations.len()).into())
        }
    }
}

/// The world that limits are held against: the one of 100,000 members where there is one, else the
/// largest with one device.
fn judged(sizes: &[Size]) -> Option<Size> {
    let single = sizes.iter().copied().filter(|size| size.devices == 1 && size.members <= 100_000);
    single.max_by_key(|size| size.members)
}

fn print_ratios(ratios: &[Ratio]) {
    let mut lines = vec![["", "ratio", "ours", "least", "target"].map(str::to_owned).to_vec()];
    lines.extend(ratios.iter().map(Ratio::cells));
    println!("Against the least it could cost\n\n{}", table::table(&lines, 1));
}

/// What no run may need more of, in bytes.
const PEAK_MAX: u64 = 600_000_000;

/// The run that needed the most memory.
fn print_memory(rows: &[Row]) {
    if let Some(row) = rows.iter().max_by_key(|row| row.cost.peak) {
        let verdict = if row.cost.peak <= PEAK_MAX { "reached" } else { "MISSED" };
        let (size, peak) = (table::size(row.size), table::bytes(row.cost.peak));
        let most = table::bytes(PEAK_MAX);
        println!("Most memory: {peak} ({size}: {}), at most {most}: {verdict}\n", row.name);
    }
}

/// What a member costs in a club ten times as big; 1.0 is linear.
fn print_growth(rows: &[Row]) {
    let mut lines =
        vec![["CPU time per member", "small", "ten times", "ratio"].map(str::to_owned).to_vec()];
    for name in [FIRST_RUN, QUIET_TICK, LISTING, LISTING_NEW, AUDIT] {
        let single = rows.iter().filter(|row| row.name == name && row.size.devices == 1);
        let single: Vec<&Row> = single.collect();
        let pairs = single.iter().flat_map(|small| {
            let is_ten_times = |big: &&&Row| big.size.members == 10 * small.size.members;
            single.iter().filter(is_ten_times).map(move |big| (small, big))
        });
        // The largest pair: where it matters.
        if let Some((small, big)) = pairs.last() {
            let [less, more] = [small, big].map(|row| table::per_member(row, row.cost.cpu));
            let sizes = [small, big].map(|row| table::count(row.size.members));
            lines.push(vec![
                format!("{name}, {} to {} members", sizes[0], sizes[1]),
                format!("{less:.1} us"),
                format!("{more:.1} us"),
                format!("{:.2}", more / less),
            ]);
        }
    }
    println!("Growth\n\n{}", table::table(&lines, 1));
}

/// Prints the comparison with the plain Python program, or why there is none.
fn beside_python(size: Size) -> Result<(), Failure> {
    let python = match python::install() {
        Ok(python) => python,
        Err(why) => {
            println!(
                "The plain Python program could not be installed, so it is missing here:\n{why}"
            );
            return Ok(());
        }
    };
    eprintln!("the plain Python program, {}", table::size(size));
    let pairs = python::compare(&python, size)?;
    let head = ["", "wall", "CPU", "memory", "ours", "", "", "", "Python", "", "", ""];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for pair in pairs {
        let (ours, plain) = (&pair.ours.cost, &pair.plain.cost);
        let times = |ours: f64, plain: f64| format!("{:.1}x", plain / ours);
        let requests = |row: &Row| row.seen.service.requests + row.seen.devices.requests;
        let mut cells = vec![
            format!("{}, {} members", pair.ours.name, table::count(size.members)),
            times(ours.wall.as_secs_f64(), plain.wall.as_secs_f64()),
            times(ours.cpu.as_secs_f64(), plain.cpu.as_secs_f64()),
            times(ours.peak as f64, plain.peak as f64),
        ];
        for row in [&pair.ours, &pair.plain] {
            let cost = &row.cost;
            cells.extend([table::time(cost.wall), table::time(cost.cpu), table::bytes(cost.peak)]);
            cells.push(format!("{} requests", requests(row)));
        }
        lines.push(cells);
    }
    println!("The plain Python program takes so many times as much\n\n{}", table::table(&lines, 1));
    Ok(())
}
