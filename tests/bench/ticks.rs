//! What a tick costs: the release binary, run as cron runs it, against simulated clubs of 430 to 200,000
//! members.
//!
//! ```text
//! cargo bench --bench ticks              # everything; took 25 minutes on two busy cores
//! cargo bench --bench ticks -- --quick   # a club of 430 members: less than a minute
//! ```
//!
//! The table of goals comes first, then what stands behind it; progress goes to stderr. Times are those
//! of this computer at that moment; the ratios compare what took turns with it.

#![allow(missing_docs, reason = "a program; what is public is so within it only")]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark is there to be looked at"
)]
#![expect(clippy::indexing_slicing, reason = "a missing key of a document is null, and refused")]

mod audit_lines;
mod bare;
mod bare_rights;
mod binary;
mod gate;
mod goals;
mod limits;
mod measure;
mod pairs;
mod process;
mod python;
mod remote;
mod rows;
mod scene;
mod settlements;
#[allow(dead_code, reason = "the tests of the work start their stage more simply")]
mod stage;
mod street;
mod table;
mod town;
mod vehicles;

use std::time::Instant;

use clap::Parser;

use measure::{Part, Plan};
use python::Compared;
use rows::{AUDIT, FIRST_RUN, LISTING, LISTING_NEW, QUIET_TICK};
use scene::Row;

/// Anything that can go wrong here ends the benchmark, or a line of it, and is told.
pub type Failure = Box<dyn std::error::Error>;

/// Measures the release binary against simulated clubs.
#[derive(Parser)]
struct Arguments {
    /// A club of 430 members with one door only: in less than a minute
    #[arg(long)]
    quick: bool,
    /// Leave the Python programs out
    #[arg(long)]
    no_python: bool,
    /// The goals only, without the table of every run
    #[arg(long)]
    goals: bool,
    /// Only these parts of it
    #[arg(long, value_delimiter = ',')]
    only: Vec<Part>,
    /// Only clubs with at most so many members
    #[arg(long, default_value_t = usize::MAX)]
    members_max: usize,
    /// How many rights the town of vehicles has; --quick: 20,000
    #[arg(long)]
    rights: Option<usize>,
    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> std::process::ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match arguments.split_first() {
        Some((role, rest)) if role == remote::ROLE => remote::play(rest),
        Some((role, rest)) if role == street::ROLE => street::play(rest),
        Some((role, rest)) if role == bare::ROLE => bare::perform(rest),
        _ => everything(&Arguments::parse()),
    };
    match done {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn everything(arguments: &Arguments) -> Result<(), Failure> {
    let began = Instant::now();
    let tell = |what: &str| eprintln!("{:>5.0} s  {what}", began.elapsed().as_secs_f64());
    let plan = Plan {
        is_quick: arguments.quick,
        with_python: !arguments.no_python,
        every_run: !arguments.goals && !arguments.quick,
        members_max: arguments.members_max,
        rights: arguments.rights.unwrap_or(if arguments.quick { 20_000 } else { 1_000_000 }),
        only: arguments.only.clone(),
    };
    let (book, compared) = measure::measure(&plan, tell);

    println!("What it must show\n\n{}", book.goals());
    println!("Behind it, medians of pairs that took turns\n\n{}", book.behind());
    book.remarks.iter().for_each(|remark| println!("{remark}"));
    print_python(&compared);
    print_growth(&book.rows);
    let smallest = book.rows.iter().find(|row| row.name == QUIET_TICK).map(|row| row.cost.wall);
    if !arguments.quick && arguments.only.is_empty() {
        println!("\nThe binary\n\n{}", table::table(&binary::describe(smallest)?, 1));
    }
    if !book.rows.is_empty() {
        println!("Every run\n\n{}", table::runs(&book.rows));
    }
    println!("It took {:.0} s in all.", began.elapsed().as_secs_f64());
    match book.violations.as_slice() {
        [] => Ok(()),
        [first, ..] => {
            let count = book.violations.len();
            Err(format!("{count} breaches of a simulator's rules: {first}").into())
        }
    }
}

/// What a member costs in a club ten times as big; 1.0 is linear.
fn print_growth(rows: &[Row]) {
    let mut lines =
        vec![["CPU time per member", "small", "big", "ratio"].map(str::to_owned).to_vec()];
    for name in [FIRST_RUN, QUIET_TICK, LISTING, LISTING_NEW, AUDIT] {
        let single = rows
            .iter()
            .filter(|row| row.name == name && row.size.devices == 1 && !row.half_without_role);
        let single: Vec<&Row> = single.collect();
        let smallest = single.iter().min_by_key(|row| row.size.members);
        let biggest = single.iter().max_by_key(|row| row.size.members);
        if let (Some(small), Some(big)) = (smallest, biggest)
            && small.size != big.size
        {
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
    if lines.len() > 1 {
        println!("\nGrowth\n\n{}", table::table(&lines, 1));
    }
}

/// The comparison with the Python programs.
fn print_python(compared: &[Compared]) {
    if compared.is_empty() {
        return;
    }
    let head =
        ["CPU, memory, requests", "ours", "", "", "careful", "", "", "plain", "", "", "rounds"];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for one in compared {
        let mut cells = vec![format!("{}, {} members", one.name, table::count(one.members))];
        for place in 0..3 {
            match one.sides.get(place) {
                Some(side) => cells.extend([
                    table::time(side.took.cpu),
                    table::bytes(side.took.peak),
                    side.requests.to_string(),
                ]),
                None => cells.extend(["-", "", ""].map(str::to_owned)),
            }
        }
        cells.push(one.rounds.to_string());
        lines.push(cells);
    }
    println!("\nBeside Python\n\n{}", table::table(&lines, 1));
}
