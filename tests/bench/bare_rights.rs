//! The least that work with rights of vehicles can cost: the bare libraries on the same bytes, rows and
//! requests.

use std::io::{BufWriter, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use serde::Deserialize;

use crate::Failure;
use crate::bare::{cpu_so_far, insert, open};
use crate::settlements;
use crate::street::KEY;

/// The tables that a listing of rights is stored in.
const TABLES: [&str; 2] = ["rights_part", "parking_right"];

/// Room for every page of a million rights: with what SQLite takes by itself, pages would be written and read
/// again in the middle of it, which is not the least that it can cost.
const CACHE_KIB: i64 = 512 * 1024;

/// Does what the arguments name; gives how much CPU time of it counts, where that is not the whole process.
pub fn perform(arguments: &[&str]) -> Result<Duration, Failure> {
    match *arguments {
        ["parse-permits", pages] => return parse(Path::new(pages)),
        ["insert-rights", state, scratch] => {
            return insert(Path::new(state), Path::new(scratch), &TABLES, Some(CACHE_KIB));
        }
        ["ask", state, ref urls @ ..] => {
            open(Path::new(state))?;
            ask(urls)?;
        }
        ["look", state, plate] => {
            look(&open(Path::new(state))?, plate)?;
        }
        ["answer", state, questions, answers] => {
            answer(Path::new(state), Path::new(questions), Path::new(answers))?;
        }
        ["review", state, ref urls @ ..] => review(Path::new(state), urls)?,
        ["take", scratch, body] => take(Path::new(scratch), Path::new(body))?,
        _ => return settlements::perform(arguments),
    }
    Ok(Duration::ZERO)
}

/// A page of permits, nothing of it copied and no date read.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<Permit<'a>>,
}

/// One permit.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "what is read, and nothing made of it")]
struct Permit<'a> {
    id: &'a str,
    r#type: &'a str,
    number: &'a str,
    license_plate: &'a str,
    state: &'a str,
    valid_from: &'a str,
    valid_until: &'a str,
    #[serde(borrow)]
    zones: Vec<&'a str>,
    status: &'a str,
    updated_at: &'a str,
}

/// A parse of every page into borrowed texts.
fn parse(pages: &Path) -> Result<Duration, Failure> {
    let bytes = std::fs::read(pages)?;
    let began = Instant::now();
    let before = cpu_so_far(began);
    let mut rows = 0;
    for page in bytes.split(|byte| *byte == b'\n') {
        rows += serde_json::from_slice::<Page<'_>>(page)?.data.len();
    }
    let took = cpu_so_far(began) - before;
    match rows {
        0 => Err("no permits".into()),
        _ => Ok(took),
    }
}

/// The same requests, one after the other; a connection is kept for the next.
fn ask(urls: &[&str]) -> Result<(), Failure> {
    let agent = ureq::Agent::new_with_defaults();
    let mut bytes = Vec::new();
    for url in urls {
        let mut answer = agent.get(*url).header("Authorization", format!("ApiKey {KEY}")).call()?;
        bytes.clear();
        answer.body_mut().as_reader().read_to_end(&mut bytes)?;
    }
    Ok(())
}

const OF_PLATE: &str =
    "SELECT right_id, kind, zone, begins_at, ends_at FROM parking_right WHERE plate = ?1";

/// The rows of one plate, one of them as text.
fn look(connection: &Connection, plate: &str) -> Result<Option<String>, Failure> {
    let mut select = connection.prepare_cached(OF_PLATE)?;
    let found = select.query_row([plate], |row| {
        let (id, zone): (String, String) = (row.get(0)?, row.get(2)?);
        let (begin, end): (i64, Option<i64>) = (row.get(3)?, row.get(4)?);
        Ok(format!("{id} {zone} {begin} {end:?}"))
    });
    Ok(found.optional()?)
}

/// The rows of the plate of each question, and a line for each.
fn answer(state: &Path, questions: &Path, answers: &Path) -> Result<(), Failure> {
    let connection = open(state)?;
    let questions = std::fs::read_to_string(questions)?;
    let mut out = BufWriter::new(std::fs::File::create(answers)?);
    for question in questions.lines() {
        let who = question.split(' ').next().unwrap_or_default();
        let plate = who.rsplit(':').next().unwrap_or_default();
        writeln!(out, "{}", look(&connection, plate)?.unwrap_or_default())?;
    }
    Ok(out.flush()?)
}

/// The same requests, and the rows of the plate of each citation.
fn review(state: &Path, urls: &[&str]) -> Result<(), Failure> {
    let connection = open(state)?;
    ask(urls)?;
    let mut select =
        connection.prepare("SELECT id, plate, zone, at FROM citation WHERE plate IS NOT NULL")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        look(&connection, &row.get::<_, String>(1)?)?;
    }
    Ok(())
}

/// An event and its citation into two tables of a file of their own, in one transaction, durable.
fn take(scratch: &Path, body: &Path) -> Result<(), Failure> {
    let body = std::fs::read_to_string(body)?;
    let mut connection = Connection::open(scratch)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, at INTEGER) WITHOUT ROWID;
         CREATE TABLE IF NOT EXISTS citation (id TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID;",
    )?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute("INSERT OR REPLACE INTO event VALUES (?1, 1)", [&body])?;
    transaction.execute("INSERT OR REPLACE INTO citation VALUES (?1, ?1)", [&body])?;
    Ok(transaction.commit()?)
}
