//! Batches as files in a spool.

use std::fs;
use std::io;
use std::path::Path;

use super::Server;
use super::referral::{Referral, read};
use crate::service::{Json, Problem, from_text, major, problem};

/// The columns of a file, in their order.
const COLUMNS: &str =
    "referenceId,licensePlate,state,violationCode,issuedAt,zoneNumber,amountDue,currency";

impl Server {
    /// Reads every file of a folder whose name ends with `.csv`, takes its referrals, and puts `ACK-` and
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
            match referrals(&bytes, &state.switches.currency) {
                Err(bad) => {
                    state.note(bad.slug, &format!("{} ({name})", bad.what));
                    None
                }
                Ok(referrals) => {
                    state.memory.files.push(bytes);
                    let batch = state.refer(format!("file:{name}"), referrals);
                    Some(format!("count,totalDue\n{},{}\n", batch.count(), major(batch.total)))
                }
            }
        })
    }
}

/// The rows of a file, which are those of a batch once they have names.
fn referrals(bytes: &[u8], currency: &str) -> Result<Vec<Referral>, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| problem("not-utf8", "the file"))?;
    let Some(text) = text.strip_suffix('\n') else {
        return Err(problem("file-cut", "no last line"));
    };
    let mut lines: Vec<&str> = text.split('\n').map(|line| line.trim_end_matches('\r')).collect();
    if lines.first() != Some(&COLUMNS) {
        return Err(problem("file-columns", *lines.first().unwrap_or(&"")));
    }
    let trailer = lines.pop().unwrap_or_default();
    let names: Vec<&str> = COLUMNS.split(',').collect();
    let row = |line: &&str| {
        let fields: Vec<&str> = line.split(',').collect();
        if fields.len() != names.len()
            || fields.iter().any(|field| field.starts_with(['=', '+', '@']))
        {
            return Err(problem("file-row", *line));
        }
        let pairs = names.iter().zip(fields);
        let member = |(name, field): (&&str, &str)| ((*name).into(), Json::Text(field.into()));
        Ok(Json::Object(pairs.map(member).collect()))
    };
    let rows = lines.iter().skip(1).map(row).collect::<Result<Vec<_>, _>>()?;
    let referrals = read(&Json::List(rows), |row| Referral::read(row, currency))?;
    let total: i64 = referrals.iter().map(|one| one.amount).sum();
    let told: Vec<&str> = trailer.split(',').collect();
    match told[..] {
        ["TRAILER", count, sum] => {
            let count_agrees = count == referrals.len().to_string();
            if !count_agrees || from_text(sum, true) != Ok(total) {
                return Err(problem("file-trailer", trailer));
            }
        }
        _ => return Err(problem("file-trailer", trailer)),
    }
    Ok(referrals)
}
