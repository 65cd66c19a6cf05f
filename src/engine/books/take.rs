//! Takes the files that have arrived: each whole, once, or not at all.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::calendar::Calendar;
use super::file::{self, FileRefusal, ReadError, Totals};
use crate::config::{BankConfig, Books, SettlementConfig, Spool};
use crate::files::seal::{self, OpenKey};
use crate::model::{Amount, RowOddity, SourceName, escaped};
use crate::store::{FileKept, RowAdded, SpoolStamp, Store, StoreError};
use crate::text::fnv::fnv;
use crate::trouble::{About, BooksTrouble, Failed, Trouble, TroubleKind};

/// A file of some ten million rows.
const BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// What was taken, and what was not.
#[derive(Debug, Default)]
pub struct Taken {
    pub files: Vec<FileTaken>,
    pub troubles: Vec<Trouble>,
}

/// A file that counts from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTaken {
    /// The cashier, or the bank.
    pub section: SourceName,
    pub name: String,
    pub rows: u64,
    /// Rows that no other file had.
    pub added: u64,
    /// Rows that stand in it a second time.
    pub repeated: u64,
    /// Rows of which another file says something else.
    pub changed: u64,
    /// Days that it brought something to, and that others had told of before.
    pub moved: Vec<NaiveDate>,
}

/// Why a file does not count.
enum NotTaken {
    Store(StoreError),
    Refused(FileRefusal),
    /// It has the content of the file with this name.
    Repeated(String),
}

impl From<StoreError> for NotTaken {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ReadError<StoreError>> for NotTaken {
    fn from(error: ReadError<StoreError>) -> Self {
        match error {
            ReadError::Refused(refusal) => Self::Refused(refusal),
            ReadError::Taker(error) => Self::Store(error),
        }
    }
}

impl From<FileRefusal> for NotTaken {
    fn from(refusal: FileRefusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Takes what is new in all spools. Not within a larger piece of work: a file that is refused is given up alone.
///
/// # Errors
/// [`StoreError`]; files that were taken before it stay.
pub fn take_spools(config: &Books, store: &Store, now: DateTime<Utc>) -> Result<Taken, StoreError> {
    let (mut taken, key) = (Taken::default(), config.opens_with.as_ref());
    for settlement in &config.settlements {
        let SettlementConfig { name, spool, .. } = settlement;
        taken.spool(name, (spool, key), store, |name, part, file| {
            take_settlement(settlement, store, now, (name, part), file)
        })?;
    }
    for bank in &config.banks {
        taken.spool(&bank.name, (&bank.spool, key), store, |name, _, file| {
            take_deposits(bank, store, now, name, file)
        })?;
    }
    Ok(taken)
}

impl Taken {
    fn spool(
        &mut self,
        section: &SourceName,
        (spool, key): (&Spool, Option<&OpenKey>),
        store: &Store,
        take: impl Fn(&str, &str, &mut dyn Read) -> Result<FileTaken, NotTaken>,
    ) -> Result<(), StoreError> {
        let names = match names(spool) {
            Ok(names) => names,
            Err(error) => {
                let text = format!("the folder {} cannot be read: {error}", spool.folder.display());
                let hint = "make it, or see `spool`; nothing new was taken";
                let failed = Failed::new(text, Some(hint));
                self.trouble(section, BooksTrouble::SpoolUnread(failed));
                return Ok(());
            }
        };
        for name in names {
            let path = spool.folder.join(&name);
            let part = spool.part_of(&name).unwrap_or_default();
            let stamp = match stamp(&path) {
                Ok(stamp) => stamp,
                Err(refusal) => {
                    self.trouble(section, refused(name, &refusal));
                    continue;
                }
            };
            if store.books().stamp(section.as_str(), &name)? == Some(stamp) {
                continue;
            }
            let done = match opened(&path, key) {
                Ok(mut file) => take(&name, part, &mut *file),
                Err(refusal) => Err(refusal.into()),
            };
            match done {
                Ok(file) => {
                    if !file.moved.is_empty() {
                        let (file, days) = (name.clone(), file.moved.clone());
                        self.trouble(section, BooksTrouble::DaysMoved { file, days });
                    }
                    self.files.push(file);
                }
                // Another date of the same file is no second one.
                Err(NotTaken::Repeated(first)) if first == name => {}
                Err(NotTaken::Repeated(first)) => {
                    let file = name.clone();
                    self.trouble(section, BooksTrouble::FileRepeated { file, first });
                }
                // Nothing of it is remembered, so that it is refused until it is right or gone.
                Err(NotTaken::Refused(refusal)) => {
                    self.trouble(section, refused(name, &refusal));
                    continue;
                }
                Err(NotTaken::Store(error)) => return Err(error),
            }
            store.books().keep_stamp(section.as_str(), &name, stamp)?;
        }
        Ok(())
    }

    fn trouble(&mut self, section: &SourceName, trouble: BooksTrouble) {
        let kind = TroubleKind::Books(trouble);
        self.troubles.push(Trouble::new(About::Source(section.clone()), kind));
    }
}

fn refused(file: String, refusal: &FileRefusal) -> BooksTrouble {
    match refusal {
        // It may be right as it is.
        FileRefusal::Unread(_) => {
            let hint = "see that this user may read it; the next run tries again";
            BooksTrouble::SpoolUnread(Failed::new(
                format!("{} {refusal}", escaped(&file)),
                Some(hint),
            ))
        }
        _ => BooksTrouble::FileRefused { file, why: refusal.to_string() },
    }
}

/// The names of the files of a spool, in the order of the alphabet, which is that of their days.
pub(super) fn names(spool: &Spool) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(&spool.folder)? {
        let name = entry?.file_name();
        if let Some(name) = name.to_str()
            && spool.part_of(name).is_some()
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// How a file stands. Asked before it is opened: opening a named pipe would wait for its writer.
pub(super) fn stamp(path: &Path) -> Result<SpoolStamp, FileRefusal> {
    let metadata =
        std::fs::metadata(path).map_err(|error| FileRefusal::Unread(error.to_string()))?;
    if !metadata.is_file() {
        return Err(FileRefusal::NotAFile);
    }
    if metadata.len() > BYTES_MAX {
        return Err(FileRefusal::TooLarge);
    }
    let modified = metadata.modified().map_or(DateTime::UNIX_EPOCH, DateTime::<Utc>::from);
    let modified = modified.timestamp_nanos_opt().unwrap_or_default();
    Ok(SpoolStamp { bytes: metadata.len(), modified })
}

/// The content of a file. Where it is sealed it is known to be whole only when all of it was read.
pub(super) fn opened(path: &Path, key: Option<&OpenKey>) -> Result<Box<dyn Read>, FileRefusal> {
    let file = File::open(path).map_err(|error| FileRefusal::Unread(error.to_string()))?;
    let name = path.file_name().and_then(|name| name.to_str());
    match (name.is_some_and(seal::is_sealed), key) {
        (false, _) => Ok(Box::new(file)),
        (true, None) => Err(FileRefusal::NoKey),
        (true, Some(key)) => Ok(Box::new(seal::open(key, file)?)),
    }
}

fn take_settlement(
    settlement: &SettlementConfig,
    store: &Store,
    now: DateTime<Utc>,
    (name, part): (&str, &str),
    input: &mut dyn Read,
) -> Result<FileTaken, NotTaken> {
    let SettlementConfig { name: section, currency, spool, .. } = settlement;
    store.books().has_room(true)?;
    let done = store.together_unless(|store| {
        let books = store.books();
        let id = books.next_file()?;
        let mut rows = books.rows_in(section.as_str(), id)?;
        let mut taken = FileTaken::of(section, name);
        let today = Calendar::of(settlement).civil_day(now);
        let latest = today.checked_add_days(Days::new(1)).unwrap_or(today);
        let bounds = (currency, latest);
        let totals = file::settlements(input, &spool.format, bounds, |line, row| {
            match rows.add(line, row)? {
                RowAdded::New => taken.added += 1,
                RowAdded::Known => {}
                RowAdded::Odd(RowOddity::Repeated) => taken.repeated += 1,
                RowAdded::Odd(RowOddity::Changed) => taken.changed += 1,
            }
            Ok(())
        })?;
        rows.finish()?;
        if totals.rows == 0 {
            // It tells that there was nothing, of the day in its name or of the one before it came.
            let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
            let day = day_in(part).unwrap_or(yesterday);
            let nothing = (0, Amount::ZERO, Amount::ZERO, Amount::ZERO);
            books.add_part(section.as_str(), id, (day, ""), nothing)?;
        }
        taken.count(store, (id, now), &totals)?;
        taken.moved = books.moved_days(section.as_str(), id)?;
        Ok(taken)
    });
    store.books().has_room(false)?;
    done
}

fn take_deposits(
    bank: &BankConfig,
    store: &Store,
    now: DateTime<Utc>,
    name: &str,
    input: &mut dyn Read,
) -> Result<FileTaken, NotTaken> {
    let BankConfig { name: section, currency, spool, columns, .. } = bank;
    store.together_unless(|store| {
        let books = store.books();
        let id = books.next_file()?;
        let mut taken = FileTaken::of(section, name);
        let mut seen: HashMap<u64, u32> = HashMap::new();
        // Somewhere it is tomorrow already.
        let latest = now.date_naive().checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
        let bounds = (currency, latest);
        let totals = file::deposits(input, &spool.format, columns, bounds, |_, deposit| {
            let text = format!("{}|{}|{}", deposit.day, deposit.amount, deposit.batch);
            let nth = seen.entry(fnv(text.bytes())).or_default();
            *nth += 1;
            taken.added += u64::from(books.add_deposit(section.as_str(), id, deposit, *nth)?);
            Ok(())
        })?;
        taken.count(store, (id, now), &totals)?;
        Ok(taken)
    })
}

impl FileTaken {
    fn of(section: &SourceName, name: &str) -> Self {
        Self {
            section: section.clone(),
            name: name.to_owned(),
            rows: 0,
            added: 0,
            repeated: 0,
            changed: 0,
            moved: Vec::new(),
        }
    }

    /// Keeps the file, unless its content counts already.
    fn count(
        &mut self,
        store: &Store,
        (id, taken_at): (i64, DateTime<Utc>),
        totals: &Totals,
    ) -> Result<(), NotTaken> {
        let section = self.section.to_string();
        if let Some(known) = store.books().file(&section, &totals.sha256)? {
            return Err(NotTaken::Repeated(known.name));
        }
        let Totals { rows, amount, fee, net, .. } = *totals;
        let (sha256, name) = (totals.sha256.clone(), self.name.clone());
        self.rows = rows;
        Ok(store.books().keep_file(&FileKept {
            id,
            section,
            sha256,
            name,
            taken_at,
            rows,
            amount,
            fee,
            net,
        })?)
    }
}

/// The day that stands in a name: `20240102.01`, `2024-01-02`.
fn day_in(part: &str) -> Option<NaiveDate> {
    let digits: String = part.chars().filter(|c| *c != '-').collect();
    NaiveDate::parse_from_str(digits.get(..8)?, "%Y%m%d").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_in_a_name() {
        let second = NaiveDate::from_ymd_opt(2024, 1, 2);
        for (part, want) in [
            ("20240102.01", second),
            ("2024-01-02", second),
            ("20240102", second),
            ("20241302", None),
            ("0102", None),
            ("\u{2024}\u{2024}\u{2024}", None),
            ("", None),
        ] {
            assert_eq!(day_in(part), want, "{part}");
        }
    }
}
