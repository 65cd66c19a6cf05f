//! The least that the same work can cost: the bare libraries on the same bytes and rows, each in a
//! process of its own.

use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, params_from_iter};
use ureq::tls::{RootCerts, TlsConfig};

use crate::Failure;
use crate::bare_rights;
use crate::process::{self, Cost};

/// The first argument that makes this program do one of these.
pub const ROLE: &str = "do-the-bare";

/// Does what the arguments name; prints how many microseconds of CPU time of it count.
pub fn perform(arguments: &[String]) -> Result<(), Failure> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let took = match *arguments {
        ["fetch", url, file] => {
            fetch(url, None, Some(Path::new(file)))?;
            Duration::ZERO
        }
        ["parse", file] => parse(Path::new(file))?,
        ["insert", state, scratch] => insert(Path::new(state), Path::new(scratch), &TABLES, None)?,
        ["tick", state, url, since] => {
            open(Path::new(state))?;
            fetch(url, Some(since), None)?;
            Duration::ZERO
        }
        _ => bare_rights::perform(&arguments)?,
    };
    write_out(took)
}

#[expect(clippy::print_stdout, reason = "the parent process reads it")]
fn write_out(took: Duration) -> Result<(), Failure> {
    println!("{}", took.as_micros());
    Ok(())
}

/// Runs one of these in a process of its own; gives the CPU time that it says counts, and what the whole
/// process cost.
pub fn run(
    folder: &Path,
    arguments: &[&str],
    variables: &[(String, String)],
) -> Result<(Duration, Cost), Failure> {
    let mut command = Command::new(std::env::current_exe()?);
    let cost = process::run(command.arg(ROLE).args(arguments), folder, variables)?;
    let cost = cost.or_fail(&format!("the bare {arguments:?}"))?;
    Ok((Duration::from_micros(cost.stdout.trim().parse()?), cost))
}

/// The request of a listing, complete or of changes, and its answer; over TLS the certificate is judged by
/// the roots of the system, as the program does.
fn fetch(url: &str, since: Option<&str>, into: Option<&Path>) -> Result<(), Failure> {
    let changed = since.map(|at| format!("<ChangedAt value=\"{at}\"/>")).unwrap_or_default();
    let body = format!(
        "<Cardskipper><SearchCriteriaMember><OrganisationId value=\"123\"/>{changed}\
         </SearchCriteriaMember></Cardskipper>"
    );
    let mut config = ureq::Agent::config_builder();
    if url.starts_with("https:") {
        let provider = rustls::crypto::ring::default_provider();
        provider.install_default().map_err(|_| "TLS is set up already")?;
        let roots = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        config = config.tls_config(roots);
    }
    let agent = ureq::Agent::new_with_config(config.build());
    // api@club.example:Card-secret-1
    let mut answer = agent
        .post(format!("{url}/Member/Export"))
        .header("Authorization", "Basic YXBpQGNsdWIuZXhhbXBsZTpDYXJkLXNlY3JldC0x")
        .header("Content-Type", "application/xml")
        .send(body)?;
    let mut bytes = Vec::new();
    answer.body_mut().as_reader().read_to_end(&mut bytes)?;
    if let Some(path) = into {
        std::fs::write(path, &bytes)?;
    }
    Ok(())
}

/// CPU time of this process, which has one thread, so far; where the system does not tell, time.
pub fn cpu_so_far(began: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/self/schedstat").ok();
    let nanos = told.as_deref().and_then(|text| text.split(' ').next()?.parse().ok());
    nanos.map_or_else(|| began.elapsed(), Duration::from_nanos)
}

/// A parse of the bytes into a tree, and nothing made of it.
fn parse(file: &Path) -> Result<Duration, Failure> {
    let text = std::fs::read_to_string(file)?;
    let began = Instant::now();
    let before = cpu_so_far(began);
    let nodes = roxmltree::Document::parse(&text)?.descendants().count();
    let took = cpu_so_far(began) - before;
    match nodes {
        0 => Err("an empty document".into()),
        _ => Ok(took),
    }
}

/// The tables that a listing is stored in.
const TABLES: [&str; 2] = ["member", "member_role"];

/// Every row of these tables, as the state file holds it, into the same tables with the same indexes of
/// a new file: prepared statements, one transaction, durable; with so much memory for pages, if it is said.
pub fn insert(
    state: &Path,
    scratch: &Path,
    tables: &[&str],
    cache_kib: Option<i64>,
) -> Result<Duration, Failure> {
    let from = Connection::open_with_flags(state, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut to = Connection::open(scratch)?;
    to.pragma_update(None, "journal_mode", "wal")?;
    to.pragma_update(None, "synchronous", "full")?;
    if let Some(kib) = cache_kib {
        to.pragma_update(None, "cache_size", -kib)?;
    }
    let mut all = Vec::new();
    for table in tables {
        let mut schema = from.prepare(
            "SELECT sql FROM sqlite_schema WHERE tbl_name = ?1 AND sql IS NOT NULL \
             AND type IN ('table', 'index') ORDER BY type DESC",
        )?;
        let mut lines = schema.query([table])?;
        while let Some(line) = lines.next()? {
            to.execute_batch(&line.get::<_, String>(0)?)?;
        }
        let mut select = from.prepare(&format!("SELECT * FROM {table}"))?;
        let width = select.column_count();
        let rows = select.query_map([], |row| {
            (0..width).map(|column| row.get(column)).collect::<Result<Vec<Value>, _>>()
        })?;
        let rows: Vec<Vec<Value>> = rows.collect::<Result<_, _>>()?;
        let marks = vec!["?"; width].join(", ");
        all.push((format!("INSERT INTO {table} VALUES ({marks})"), rows));
    }
    let began = Instant::now();
    let before = cpu_so_far(began);
    let transaction = to.transaction()?;
    for (sql, rows) in &all {
        let mut statement = transaction.prepare(sql)?;
        for row in rows {
            statement.execute(params_from_iter(row))?;
        }
    }
    transaction.commit()?;
    Ok(cpu_so_far(began) - before)
}

/// Opens a state file and looks at it.
pub fn open(state: &Path) -> Result<Connection, Failure> {
    let connection = Connection::open(state)?;
    connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))?;
    Ok(connection)
}

/// A path as an argument.
pub fn argument(path: &Path) -> Result<&str, Failure> {
    path.to_str().ok_or_else(|| format!("{} is no text", path.display()).into())
}
