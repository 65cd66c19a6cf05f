//! Books: a settlement file of a million lines.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::Failure;
use crate::bare::{self, argument, cpu_so_far, insert};
use crate::goals::Book;
use crate::pairs::{Ratio, in_turns};
use crate::process::{self, Cost};
use crate::scene::PROGRAM;
use crate::table::{bytes, count, time};

/// Places of the lines in the table, behind those of vehicles.
mod place {
    pub const FILE: usize = 300;
    pub const MEMORY: usize = 301;
}

/// The tables that a settlement file is stored in.
const TABLES: [&str; 3] = ["settlement_file", "settlement_row", "settlement_part"];

/// Room for every page, so that none is written and read again in the middle of it.
const CACHE_KIB: i64 = 512 * 1024;

/// The most memory that it may take.
const PEAK: u64 = 200_000_000;

/// Nobody asks the cashier: there is nothing that it would be asked about.
const CONFIG: &str = "time_zone = \"America/New_York\"\n\
    [teller.cashier]\nurl = \"http://127.0.0.1:9\"\nsecret = { env = \"TELLER\" }\ncurrency = \"USD\"\n\
    [teller.cashier.settlement]\nspool = \"in/STL-*.csv\"\namounts = \"minor\"\n";

/// Measures it; a line that fails says why.
pub fn measure(book: &mut Book, is_quick: bool, tell: impl Fn(&str)) {
    let lines = if is_quick { 50_000 } else { 1_000_000 };
    let measure = format!("settlement file of {} lines / bare CSV parse and insert", count(lines));
    if let Err(failure) = taken(book, &measure, (lines, if is_quick { 2 } else { 3 }), tell) {
        book.miss(place::FILE, &measure, "3", &failure.to_string());
    }
}

fn taken(
    book: &mut Book,
    measure: &str,
    (lines, rounds): (usize, usize),
    tell: impl Fn(&str),
) -> Result<(), Failure> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("ivms-sync.toml"), CONFIG)?;
    std::fs::create_dir(path("in"))?;
    let text = settlement(lines)?;
    std::fs::write(path("in/STL-20240102.01.csv"), &text)?;
    let (state, scratch) = (path("ivms-sync.db"), path("scratch.db"));
    let forget = |name: &str| {
        for suffix in ["", "-wal", "-shm", ".lock"] {
            let _ = std::fs::remove_file(path(&format!("{name}{suffix}")));
        }
    };
    let costs = in_turns::<2>(rounds, |which| {
        tell(&format!("{} of {} lines", ["settlement file", "bare"][which], count(lines)));
        let sync = || {
            let variables =
                [("TELLER", "token-of-a-cashier"), ("IVMS_SYNC_TEST_NOW", "2024-01-03T17:00:00Z")];
            let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let cost = process::run(Command::new(PROGRAM).arg("sync"), folder.path(), &variables)?;
            // The cashier has paid out what nobody here has heard of, and that is said.
            let is_said = cost.stderr.contains("do not agree in");
            if cost.code == 4 && is_said { Ok(cost) } else { cost.or_fail("sync") }
        };
        if which == 0 {
            forget("ivms-sync.db");
            return sync();
        }
        if !state.exists() {
            sync()?;
        }
        let (file, began) = (path("in/STL-20240102.01.csv"), Instant::now());
        let arguments = ["parse-csv", argument(&file)?];
        let (parsed, _) = bare::run(folder.path(), &arguments, &[])?;
        let arguments = ["insert-settlement", argument(&state)?, argument(&scratch)?];
        let (inserted, _) = bare::run(folder.path(), &arguments, &[])?;
        forget("scratch.db");
        Ok(Cost { cpu: parsed + inserted, wall: began.elapsed(), ..Cost::default() })
    })?;
    let kept = Connection::open(&state)?.query_row(
        "SELECT count(*), sum(amount) FROM settlement_row",
        [],
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
    )?;
    if kept != (i64::try_from(lines)?, sum(lines)) {
        return Err(format!("{kept:?} is kept of {lines} rows and {}", sum(lines)).into());
    }
    let ours = costs[0];
    book.hold(place::FILE, measure, 3.0, vec![Ratio::of_cpu(measure, costs, rounds)]);
    book.say(place::MEMORY, "the same: memory", bytes(ours.peak), "200 MB", ours.peak <= PEAK);
    book.remarks.push(format!(
        "{} settlement lines: {} of CSV, {} from start to end, the state file {}",
        count(lines),
        bytes(text.len() as u64),
        time(ours.wall),
        bytes(std::fs::metadata(&state)?.len())
    ));
    Ok(())
}

/// In minor units: rows cost 1.00 to 9.99, each with a fee of 0.25.
fn amount(row: usize) -> i64 {
    100 + (row % 900) as i64
}

fn sum(rows: usize) -> i64 {
    (0..rows).map(amount).sum()
}

/// A file of one day, as a cashier writes it.
fn settlement(rows: usize) -> Result<String, Failure> {
    let mut text = String::from(
        "settlementDate,batchId,merchantReference,tellerTransactionId,paymentId,type,amount,fee,net,\
         currency,capturedAt\n",
    );
    for row in 0..rows {
        let (amount, second) = (amount(row), row % 86_400 / 2);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        writeln!(
            text,
            "2024-01-02,BATCH-2024-002-001,STAMFORD-PARK-001,teller_txn_{row},park_payment_{row},PAYMENT,\
             {amount},25,{},USD,2024-01-02T{:02}:{minute:02}:{second:02}Z",
            amount - 25,
            hour + 6
        )?;
    }
    let (amount, fee) = (sum(rows), 25 * rows as i64);
    writeln!(text, "TRAILER,{rows},{amount},{fee},{}", amount - fee)?;
    Ok(text)
}

/// Does what the arguments name; gives how much CPU time of it counts.
pub fn perform(arguments: &[&str]) -> Result<Duration, Failure> {
    match *arguments {
        ["parse-csv", file] => parse(Path::new(file)),
        ["insert-settlement", state, scratch] => {
            insert(Path::new(state), Path::new(scratch), &TABLES, Some(CACHE_KIB))
        }
        _ => Err(format!("nothing bare is called {arguments:?}").into()),
    }
}

/// A parse into records of text, from the file, and nothing made of them.
fn parse(file: &Path) -> Result<Duration, Failure> {
    let began = Instant::now();
    let before = cpu_so_far(began);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(file)?;
    let (mut record, mut rows) = (csv::StringRecord::new(), 0);
    while reader.read_record(&mut record)? {
        rows += record.len();
    }
    let took = cpu_so_far(began) - before;
    match rows {
        0 => Err("no rows".into()),
        _ => Ok(took),
    }
}
