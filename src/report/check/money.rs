//! What `check` says of folders where files arrive, and of documents of which nobody knows what became. Pure.

use chrono::{DateTime, TimeDelta, Utc};

use super::Finding;
use crate::engine::books::{FilesSeen, SpoolSeen};
use crate::exit::Exit;
use crate::model::{SourceName, Zone, escaped};
use crate::report::text::with_zone;
use crate::store::DocumentKept;
use crate::text::lists::{many, some_of};

/// So many files or documents are named.
const NAMED_MAX: usize = 5;

/// How the folder of a spool is.
#[must_use]
pub fn spool(seen: &SpoolSeen, now: DateTime<Utc>, zone: Zone) -> Vec<Finding> {
    let (name, folder) = (seen.section.as_str(), seen.folder.display());
    let FilesSeen { count, newest, untaken, unreadable } = match &seen.files {
        Ok(files) => files,
        Err(error) => {
            let text = format!("the folder {folder} cannot be read: {error}");
            let remedy = Some("make it, or see `spool`".to_owned());
            return vec![Finding::failed(name, text, remedy, Exit::Temporary)];
        }
    };
    let mut text = format!("{} in {folder}", many(*count, "file"));
    if let Some(newest) = newest {
        let age = age(now.signed_duration_since(*newest));
        text += &format!(", the newest of {} ({age} old)", with_zone(*newest, zone));
    }
    if *untaken > 0 {
        text += &format!("; the next run takes {untaken}");
    }
    let mut findings = vec![Finding::ok(name, text)];
    if !unreadable.is_empty() {
        let named = unreadable.iter().map(|(file, why)| format!("{} {why}", escaped(file)));
        let text = some_of(named, NAMED_MAX, "; ");
        let remedy =
            "see that this user may read it, and that it is what `spool` is for".to_owned();
        findings.push(Finding::failed(name, text, Some(remedy), Exit::Unacceptable));
    }
    findings
}

/// A time in its largest unit.
fn age(passed: TimeDelta) -> String {
    let count = |number: i64| usize::try_from(number).unwrap_or_default();
    match passed {
        passed if passed.num_days() > 1 => many(count(passed.num_days()), "day"),
        passed if passed.num_hours() > 0 => many(count(passed.num_hours()), "hour"),
        passed => many(count(passed.num_minutes()), "minute"),
    }
}

/// The documents that are open; `is_homeless` says of a section that the configuration has it no more.
#[must_use]
pub fn open_documents(
    open: &[DocumentKept],
    is_homeless: impl Fn(&SourceName) -> bool,
    zone: Zone,
) -> Vec<Finding> {
    let Some(oldest) = open.iter().map(|kept| kept.made_at).min() else { return Vec::new() };
    let (for_somebody, asked): (Vec<_>, Vec<_>) =
        open.iter().partition(|kept| kept.waits_for_somebody || is_homeless(&kept.to));
    let text = format!(
        "of {} nobody knows what became, the oldest of {}",
        many(open.len(), "document"),
        with_zone(oldest, zone)
    );
    let remedy = (!asked.is_empty()).then(|| "the next run asks the other side".to_owned());
    let mut findings = vec![Finding::warning("documents", text, remedy)];
    if let Some(first) = for_somebody.first() {
        let named = for_somebody.iter().map(|kept| format!("{} for {}", kept.id, kept.to));
        let text = format!("only a person can find out: {}", some_of(named, NAMED_MAX, ", "));
        let remedy = format!(
            "ask {}, and say what it says: ivms-sync apply --settle {}=done, or =not-done",
            first.to, first.id
        );
        findings.push(Finding::warning("documents", text, Some(remedy)));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::zone;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn seen(files: std::io::Result<FilesSeen>) -> SpoolSeen {
        SpoolSeen { section: SourceName::new("cashier").unwrap(), folder: "/in".into(), files }
    }

    /// Mutants: a folder that is not there and looks well; a name of a file that steers the terminal.
    #[test]
    fn a_folder_is_told_by_its_newest_file() {
        let said = |files| {
            let found = spool(&seen(files), at("2024-01-03T13:00:00Z"), zone("UTC"));
            found.into_iter().map(|one| (one.exit, one.text)).collect::<Vec<_>>()
        };
        let none = FilesSeen::default();
        assert_eq!(said(Ok(none.clone())), [(Exit::InStep, "0 files in /in".to_owned())]);
        let (count, newest) = (2, Some(at("2024-01-03T09:30:00Z")));
        let files = FilesSeen { count, newest, untaken: 1, ..none };
        let told = "2 files in /in, the newest of 2024-01-03 09:30 UTC (3 hours old); the next run takes 1";
        assert_eq!(said(Ok(files.clone())), [(Exit::InStep, told.to_owned())]);
        let unreadable = vec![("a\u{1b}.csv".to_owned(), "is no regular file".to_owned())];
        let found = said(Ok(FilesSeen { unreadable, ..files }));
        let told = "a\\u{1b}.csv is no regular file";
        assert_eq!(found[1], (Exit::Unacceptable, told.to_owned()));
        let gone = std::io::Error::from(std::io::ErrorKind::NotFound);
        assert_eq!(said(Err(gone))[0].0, Exit::Temporary);
    }

    #[test]
    fn ages() {
        for (minutes, want) in [
            (0, "0 minutes"),
            (1, "1 minute"),
            (61, "1 hour"),
            (47 * 60, "47 hours"),
            (48 * 60, "2 days"),
        ] {
            assert_eq!(age(TimeDelta::minutes(minutes)), want);
        }
    }
}
