//! Batches as files in a spool.

use std::fs;
use std::io;
use std::path::Path;

use super::Server;
use super::referral::{Change, Referral, read};
use crate::service::{Json, Problem, major, problem};

/// The columns of a file of withdrawals.
const WITHDRAWN: &str = "referenceId,newStatus";

/// The columns of a file of referrals, in their order.
const COLUMNS: &str =
    "referenceId,licensePlate,state,violationCode,issuedAt,zoneNumber,amountDue,currency";

impl Server {
    /// Reads every file of a folder whose name ends with `.csv`, takes what it refers or withdraws, and puts `ACK-` and
    /// its name beside it: `count,totalDue`, then the two. A file that is wrong is a violation, and is not
    /// acknowledged. The names that were taken, in their order.
    ///
    /// # Errors
    /// If the folder cannot be read or written.
    pub fn collect(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names: Vec<String> = fs::read_dir(folder)?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| {
                name.ends_with(".csv") && !name.starts_with('.') && !name.starts_with("ACK-")
            })
            .filter(|name| !folder.join(format!("ACK-{name}")).exists())
            .collect();
        names.sort();
        let mut taken = Vec::new();
        for name in names {
            let bytes = fs::read(folder.join(&name))?;
            if let Some(ack) = self.take(&name, bytes) {
                fs::write(folder.join(format!("ACK-{name}")), ack)?;
                taken.push(name);
            }
        }
        Ok(taken)
    }

    /// Takes a file; its acknowledgement.
    fn take(&self, name: &str, bytes: Vec<u8>) -> Option<String> {
        self.with(|state| {
            if state.memory.files.contains(&bytes) {
                state.note("file-twice", name);
                return None;
            }
            match rows(&bytes).and_then(|read| read.taken(&state.switches.currency)) {
                Err(bad) => {
                    state.note(bad.slug, &format!("{} ({name})", bad.what));
                    None
                }
                Ok(taken) => {
                    state.memory.files.push(bytes);
                    let subject = format!("file:{name}");
                    let batch = match taken {
                        Taken::Over(referrals) => state.refer(subject, referrals),
                        Taken::Back(changes) => state.move_cases(subject, changes),
                    };
                    Some(format!("count,totalDue\n{},{}\n", batch.count(), major(batch.total)))
                }
            }
        })
    }
}

/// What a file is about.
enum Taken {
    Over(Vec<Referral>),
    Back(Vec<Change>),
}

/// The rows of a file, with the names of its columns, and its trailer.
struct Rows {
    is_referral: bool,
    rows: Vec<Json>,
    trailer: Vec<String>,
}

/// Reads a file: a header, rows, and a trailer, each with the same end of line.
fn rows(bytes: &[u8]) -> Result<Rows, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| problem("not-utf8", "the file"))?;
    if !text.ends_with('\n') {
        return Err(problem("file-cut", "no last line"));
    }
    let mut lines = cells(text)?;
    let header = lines.first().map(|line| line.join(",")).unwrap_or_default();
    let is_referral = match header.as_str() {
        COLUMNS => true,
        WITHDRAWN => false,
        _ => return Err(problem("file-columns", header)),
    };
    let trailer = lines.pop().unwrap_or_default();
    let names: Vec<&str> = header.split(',').collect();
    let row = |line: &Vec<String>| {
        if line.len() != names.len()
            || line.iter().any(|field| field.starts_with(['=', '+', '-', '@', '\t', '\r']))
        {
            return Err(problem("file-row", line.join(",")));
        }
        let member = |(name, field): (&&str, &String)| ((*name).into(), Json::Text(field.into()));
        Ok(Json::Object(names.iter().zip(line).map(member).collect()))
    };
    let rows = lines.iter().skip(1).map(row).collect::<Result<_, _>>()?;
    Ok(Rows { is_referral, rows, trailer })
}

impl Rows {
    /// What they say, where the trailer agrees with them.
    fn taken(self, currency: &str) -> Result<Taken, Problem> {
        let Self { is_referral, rows, trailer } = self;
        let (count, list) = (rows.len(), Json::List(rows));
        let (taken, total) = match is_referral {
            true => {
                let referrals = read(&list, |row| Referral::read(row, currency))?;
                let total: i64 = referrals.iter().map(|one| one.amount).sum();
                (Taken::Over(referrals), total)
            }
            false => (Taken::Back(read(&list, Change::read)?), 0),
        };
        let (total, wrong) = (major(total), || problem("file-trailer", trailer.join(",")));
        match trailer.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["TRAILER", told, sum] if told == count.to_string() && sum == total => Ok(taken),
            _ => Err(wrong()),
        }
    }
}

/// Takes a text apart as RFC 4180 has it. A quote within a bare field, and a line break within quotes, is wrong.
fn cells(text: &str) -> Result<Vec<Vec<String>>, Problem> {
    let bad = |line: &str| problem("file-quotes", line);
    let mut lines = Vec::new();
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let (mut fields, mut rest) = (Vec::new(), line);
        loop {
            let (field, after) = match rest.strip_prefix('"') {
                None => match rest.split_once(',') {
                    Some((field, after)) => (field.to_owned(), Some(after)),
                    None => (rest.to_owned(), None),
                },
                Some(inner) => {
                    let (mut field, mut left) = (String::new(), inner);
                    loop {
                        let (part, after) = left.split_once('"').ok_or_else(|| bad(line))?;
                        field.push_str(part);
                        match after.strip_prefix('"') {
                            Some(more) => {
                                field.push('"');
                                left = more;
                            }
                            None if after.is_empty() => break (field, None),
                            None => {
                                break (
                                    field,
                                    Some(after.strip_prefix(',').ok_or_else(|| bad(line))?),
                                );
                            }
                        }
                    }
                }
            };
            fields.push(field);
            match after {
                Some(after) => rest = after,
                None => break,
            }
        }
        lines.push(fields);
    }
    Ok(lines)
}
