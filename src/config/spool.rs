//! Files that somebody puts into a folder: `[teller.NAME.settlement]` and `[bank.NAME]`.
//!
//! What a number and a date look like is never guessed: a file in the other unit would make all books a hundred
//! times what they are.

use std::path::{Path, PathBuf};

use chrono::format::{Item, StrftimeItems};
use chrono::{NaiveDate, NaiveTime};

use super::agreement::Zones;
use super::load::absolute;
use super::problem::Wrong;
use super::section::Section;
use super::value;
use crate::files::resolved;
use crate::files::seal::OpenKey;
use crate::model::{Currency, SourceName, Zone};
use crate::text::words::words;

/// A deposit that takes longer than two weeks of banking days is none that one waits for.
const ARRIVES_WITHIN_MAX: u8 = 10;

words! {
    /// The unit of the amounts in a file.
    pub enum AmountUnit {
        /// `475` is 4.75.
        Minor = "minor",
        /// `4.75`, always with two decimals.
        Major = "major",
    }
}

/// What the fields of a file look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFormat {
    pub amounts: AmountUnit,
    /// Between units and hundredths, where amounts are `major`.
    pub decimal: u8,
    pub separator: u8,
    /// As `strftime` writes a day: `%Y-%m-%d`.
    pub dates: String,
    /// The last row counts and adds up those before it.
    pub has_trailer: bool,
}

/// Where files arrive, and what they look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spool {
    pub folder: PathBuf,
    /// What the name of a file begins with, and what it ends with.
    pub name: (String, String),
    pub format: FileFormat,
}

impl Spool {
    /// What stands in the name of a file where the pattern has its star; `None`: the file is none of the spool.
    #[must_use]
    pub fn part_of<'n>(&self, name: &'n str) -> Option<&'n str> {
        name.strip_prefix(self.name.0.as_str())?.strip_suffix(self.name.1.as_str())
    }

    /// Whether a path is that of a file of the spool.
    #[must_use]
    pub fn holds(&self, path: &Path) -> bool {
        let path = resolved(path);
        let name = path.file_name().and_then(|name| name.to_str());
        path.parent() == Some(&resolved(&self.folder))
            && name.is_some_and(|name| self.part_of(name).is_some())
    }
}

/// `[teller.NAME.settlement]`.
#[derive(Debug, Clone)]
pub struct SettlementConfig {
    /// The section of whoever settles.
    pub name: SourceName,
    /// The currency there.
    pub currency: Currency,
    pub spool: Spool,
    /// From this time of the wall clock on, a payment is settled with the next day.
    pub cutoff: NaiveTime,
    /// When the file of a day must be there, on the day after it.
    pub due_by: NaiveTime,
    pub time_zone: Zone,
}

/// `[bank.NAME]`.
#[derive(Debug, Clone)]
pub struct BankConfig {
    pub name: SourceName,
    pub currency: Currency,
    pub spool: Spool,
    pub columns: BankColumns,
    /// So many days from Monday to Friday after the day it was settled, a deposit must be there.
    pub arrives_within: u8,
}

/// How the columns of a bank's file are headed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankColumns {
    pub date: String,
    pub amount: String,
    pub batch: String,
    /// Compared with the section's currency where the file has it.
    pub currency: String,
}

/// All that books are read from.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// Sorted by name.
    pub settlements: Vec<SettlementConfig>,
    /// Sorted by name.
    pub banks: Vec<BankConfig>,
    /// What opens the files that come sealed.
    pub opens_with: Option<OpenKey>,
}

impl Books {
    /// Every spool, with the section that it belongs to.
    pub fn spools(&self) -> impl Iterator<Item = (&SourceName, &Spool)> {
        let settlements = self.settlements.iter().map(|one| (&one.name, &one.spool));
        settlements.chain(self.banks.iter().map(|one| (&one.name, &one.spool)))
    }
}

/// `[KIND.NAME.settlement]` of a section in this currency, if it is there. Problems are noted.
pub(super) fn settlement(
    of: &Section<'_>,
    currency: Option<&Currency>,
    zones: &Zones,
    folder: &Path,
) -> Option<SettlementConfig> {
    let section = of.section("settlement");
    if !section.is_given() {
        return None;
    }
    // That the name is wrong is noted by its owner.
    let name = SourceName::new(of.name()).ok();
    let spool = spool(&section, folder, true);
    let cutoff = section.text("cutoff", value::clock_time).or(hour(18));
    let due_by = section.text("due_by", value::clock_time).or(hour(12));
    let time_zone = zones.zone_of(&section);
    section.finish();
    let currency = currency?.clone();
    Some(SettlementConfig { name: name?, currency, spool: spool?, cutoff, due_by, time_zone })
}

/// `[bank.NAME]`. `None` only together with a noted problem.
pub(super) fn bank(section: &Section<'_>, folder: &Path, is_settled: bool) -> Option<BankConfig> {
    let name = section.settle_name(SourceName::new(section.name()));
    let currency = section.text("currency", |text| {
        Currency::new(text).map_err(|error| Wrong::new(error.to_string()).hint("write \"USD\""))
    });
    let currency = currency.required();
    let spool = spool(section, folder, false);
    let columns = section.section("columns");
    let column = |key, usual: &str| columns.text(key, value::not_empty).or(usual.to_owned());
    let read = BankColumns {
        date: column("date", "depositDate"),
        amount: column("amount", "amount"),
        batch: column("batch", "batchId"),
        currency: column("currency", "currency"),
    };
    columns.finish();
    let arrives_within = section.integer("arrives_within", |days| {
        let days = u8::try_from(days).ok().filter(|days| *days <= ARRIVES_WITHIN_MAX);
        days.ok_or_else(|| Wrong::new(format!("is not between 0 and {ARRIVES_WITHIN_MAX}")))
    });
    let arrives_within = arrives_within.or(2);
    if !is_settled {
        let wrong = Wrong::new("has nothing to be compared with: nothing is settled");
        section.wrong_section(wrong.hint("write [teller.NAME.settlement], or take it out"));
    }
    section.finish();
    Some(BankConfig {
        name: name?,
        currency: currency?,
        spool: spool?,
        columns: read,
        arrives_within,
    })
}

/// The keys of every spool.
fn spool(section: &Section<'_>, folder: &Path, has_trailer: bool) -> Option<Spool> {
    let place = section.text("spool", pattern).required();
    let units = AmountUnit::ALL.map(|unit| (unit.as_str(), unit));
    let amounts = section.text("amounts", |text| value::word(text, &units)).required();
    let marks = [(".", b'.'), (",", b',')];
    let decimal = section.text("decimal", |text| value::word(text, &marks)).or(b'.');
    let marks = [(",", b','), (";", b';'), ("\t", b'\t'), ("|", b'|')];
    let separator = section.text("separator", |text| value::word(text, &marks)).or(b',');
    let dates = section.text("dates", dates).or("%Y-%m-%d".to_owned());
    let has_trailer = section.flag("trailer").or(has_trailer);
    let format = FileFormat { amounts: amounts?, decimal, separator, dates, has_trailer };
    let (place, name) = place?;
    Some(Spool { folder: absolute(folder, &place), name, format })
}

/// `in/teller/STL-*.csv`: a folder, and a name with one star.
fn pattern(text: &str) -> Result<(String, (String, String)), Wrong> {
    let text = value::path(text)?;
    let hint = "write a folder and a name with one star, for example \"in/teller/STL-*.csv\"";
    let is_separator = |c: char| c == '/' || (cfg!(windows) && c == '\\');
    let (folder, name) = match text.rfind(is_separator) {
        Some(at) => text.split_at(at + 1),
        None => (".", text.as_str()),
    };
    let star = name.split_once('*').filter(|(_, after)| !after.contains('*'));
    let (before, after) = star
        .filter(|_| !folder.contains('*'))
        .ok_or_else(|| Wrong::new("is no pattern of files").hint(hint))?;
    if before.is_empty() && after.is_empty() {
        return Err(Wrong::new("takes every file, half a one too").hint(hint));
    }
    Ok((folder.to_owned(), (before.to_owned(), after.to_owned())))
}

/// A format that a day can be written in and read back from.
fn dates(text: &str) -> Result<String, Wrong> {
    let is_known = StrftimeItems::new(text).all(|item| item != Item::Error);
    let goes_both_ways = |day: NaiveDate| {
        let written = day.format(text).to_string();
        NaiveDate::parse_from_str(&written, text) == Ok(day)
    };
    let days = [(2024, 1, 31), (2024, 12, 2)];
    let mut days =
        days.into_iter().filter_map(|(year, month, day)| NaiveDate::from_ymd_opt(year, month, day));
    match is_known && days.all(goes_both_ways) {
        true => Ok(text.to_owned()),
        false => Err(Wrong::new("is no format of a date")
            .hint("write \"%Y-%m-%d\", \"%d.%m.%Y\" or their like")),
    }
}

fn hour(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let read = |text| pattern(text).map(|(folder, (before, after))| (folder, before, after));
        let of = |folder: &str, before: &str, after: &str| {
            Ok((folder.to_owned(), before.to_owned(), after.to_owned()))
        };
        assert_eq!(read("in/teller/STL-*.csv"), of("in/teller/", "STL-", ".csv"));
        assert_eq!(read("/spool/*.csv"), of("/spool/", "", ".csv"));
        assert_eq!(read("STL-*"), of(".", "STL-", ""));
        for text in ["in/STL.csv", "in/*-*.csv", "*/STL-*.csv", "in/", "", " "] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read("in/*").unwrap_err().message.contains("every file"));
    }

    #[test]
    fn formats_of_dates() {
        for text in ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%d-%b-%Y"] {
            assert_eq!(dates(text), Ok(text.to_owned()));
        }
        for text in ["", "%Y", "%Y-%m", "%Q", "YYYY-MM-DD", "%", "%d.%m."] {
            assert!(dates(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_name_fits_around_the_star() {
        let format = FileFormat {
            amounts: AmountUnit::Minor,
            decimal: b'.',
            separator: b',',
            dates: "%Y-%m-%d".into(),
            has_trailer: true,
        };
        let name = ("STL-".to_owned(), ".csv".to_owned());
        let spool = Spool { folder: "/in".into(), name, format };
        assert_eq!(spool.part_of("STL-20240102.01.csv"), Some("20240102.01"));
        assert_eq!(spool.part_of("STL-.csv"), Some(""));
        for name in [".STL-1.csv.part", "STL-1.csv.tmp", "STL-1.CSV", "stl-1.csv", "STL.csv"] {
            assert_eq!(spool.part_of(name), None, "{name}");
        }
        assert!(spool.holds(Path::new("/in/STL-1.csv")));
        assert!(!spool.holds(Path::new("/out/STL-1.csv")));
    }
}
