//! Years in a minute or two: hundreds of made-up clubs live through everything at once.
//!
//! ```text
//! cargo run --profile years --example years
//! ```
//!
//! The engine is the real one, called in process through its seams; both outside systems are worlds in
//! memory that remember. After every tick an oracle that knows only the club's own ledger looks whether
//! anybody is locked out or let in who should not be. The same seed gives the same lives. A life that
//! breaks a rule ends with the one line that repeats it.

#![expect(clippy::print_stdout, reason = "a simulation is there to be looked at")]
#![expect(
    clippy::indexing_slicing,
    reason = "places come from the same lists; a wrong one must be loud"
)]
#![expect(clippy::unreachable, reason = "numbers above zero and names of zones, by construction")]

mod barrier;
mod chance;
mod claims;
mod club;
mod desk;
mod door;
mod events;
mod firmware;
mod force;
mod gatekeeper;
mod inquiry;
mod judge;
mod kiosk;
mod ledger;
mod life;
mod outside;
mod roles;
mod sabotage;
mod site;
mod tally;
mod till;
mod verdict;
mod world;
mod yard;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Parser;

use life::{Life, Violation};
use sabotage::Sabotage;
use tally::Tally;

/// Lets made-up clubs live for years, and checks every tick.
#[derive(Debug, Parser)]
#[command(name = "years")]
struct Args {
    /// Where chance begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many clubs.
    #[arg(long, default_value_t = 250)]
    clubs: u64,
    /// How many ticks each of them lives.
    #[arg(long, default_value_t = 4000)]
    ticks: u64,
    /// Only this club.
    #[arg(long)]
    club: Option<u64>,
    /// Show what happens, tick by tick; for one club.
    #[arg(long, requires = "club")]
    trace: bool,
    /// Break the program on purpose: a rule must then be found broken, and no further club begins to live.
    #[arg(long, value_enum)]
    sabotage: Option<Sabotage>,
    /// How many clubs live at the same time; by default one for each processor.
    #[arg(long)]
    threads: Option<usize>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let began = Instant::now();
    let found = run(&args);
    let seconds = began.elapsed().as_secs_f64();
    print!("{}", found.tally.table());
    println!("{:<44} {seconds:>12.1} s", "time it took (measured)");
    for line in &found.broken {
        println!("{line}");
    }
    if found.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What all lives came to.
#[derive(Default)]
struct Found {
    tally: Tally,
    broken: Vec<String>,
}

fn run(args: &Args) -> Found {
    let clubs: Vec<u64> = args.club.map_or_else(|| (0..args.clubs).collect(), |club| vec![club]);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let found = Mutex::new(Found::default());
    let next = AtomicU64::new(0);
    std::thread::scope(|threads| {
        for _ in 0..args.threads.unwrap_or(cores).min(clubs.len()) {
            threads.spawn(|| {
                while let Some(club) = clubs.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
                    let (tally, broken) = one_life(args, *club);
                    let mut found = outside::open(&found);
                    found.tally.add(tally);
                    found.broken.extend(broken);
                    if args.sabotage.is_some() && !found.broken.is_empty() {
                        break;
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_default();
    found.broken.sort();
    found
}

/// Lives one life; what it broke, with the line that repeats it.
fn one_life(args: &Args, club: u64) -> (Tally, Option<String>) {
    let mut life = match Life::begin(args.seed, club, args.sabotage, args.trace) {
        Ok(life) => life,
        Err(error) => return (Tally::default(), Some(format!("club {club}: {error}"))),
    };
    let lived = life.live(args.ticks);
    if args.trace {
        life.world.diary.lines.iter().for_each(|line| println!("{line}"));
    }
    let broken = lived.err().map(|Violation { tick, at, what }| {
        let sabotage = args.sabotage.map_or(String::new(), |one| {
            format!(" --sabotage {}", clap::ValueEnum::to_possible_value(&one).map_or(String::new(), |v| v.get_name().to_owned()))
        });
        format!(
            "BROKEN: {what} (club {club}, tick {tick}, {at})\n  reproduce: cargo run --profile years --example years -- \
             --seed {} --club {club} --ticks {tick}{sabotage} --trace",
            args.seed
        )
    });
    (life.tally_up(), broken)
}
