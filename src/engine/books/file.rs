//! Reads settlement files and those of the bank, row by row. Pure.
//!
//! Somebody else writes them: a file that breaks one rule is refused whole, and what it says of money is taken
//! to the last unit or not at all. No more than one row is ever in memory. A problem names a line and a column,
//! and never what stands there.

use std::fmt;
use std::io::{self, Read};

use chrono::NaiveDate;
use sha2::{Digest, Sha256};

use super::number::{Days, amount};
use crate::config::{BankColumns, FileFormat};
use crate::files::seal::{Broken, OpenError};
use crate::model::{
    Amount, Currency, Deposit, SettlementKind, SettlementRow, has_card_number, parse_instant,
};
use crate::text::hex::hex;

/// A row of more bytes is none that anybody settles: a quotation mark that is never closed joins all rows.
const ROW_BYTES_MAX: usize = 64 * 1024;

/// An id of more is none.
const ID_BYTES_MAX: usize = 160;

/// What all rows may move to and fro: their sums, however they are grouped, fit into 64 bits.
const MOVED_MAX: i128 = 1 << 60;

/// Numbers of payment cards are stored nowhere.
const NO_CARD: &str = "an id that is no number of a payment card";

/// The first field of the row that adds up those before it.
const TRAILER: &str = "TRAILER";

/// The columns of a settlement file.
const SETTLEMENT: [&str; 11] = [
    "settlementDate",
    "batchId",
    "merchantReference",
    "tellerTransactionId",
    "paymentId",
    "type",
    "amount",
    "fee",
    "net",
    "currency",
    "capturedAt",
];

/// Why a file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileRefusal {
    #[error("is empty")]
    Empty,
    #[error("is not UTF-8 text (line {0})")]
    NotUtf8(u64),
    #[error("has no column {0}")]
    NoColumn(String),
    #[error("has the column {0} twice")]
    ColumnTwice(String),
    #[error("has a row with more or fewer fields than its header (line {0})")]
    Fields(u64),
    #[error("has a row of more than {ROW_BYTES_MAX} bytes (behind line {0})")]
    RowTooLong(u64),
    #[error("has something else than {what} under {column} (line {line})")]
    Value { line: u64, column: String, what: &'static str },
    #[error("has an amount with the wrong sign for its type (line {0})")]
    Sign(u64),
    #[error("has a net that is not the amount less the fee (line {0})")]
    Net(u64),
    #[error("adds up to more than anybody pays (line {0})")]
    TooMuch(u64),
    #[error("is cut off: it has no trailer")]
    NoTrailer,
    #[error("is cut off: its last line has no end")]
    CutOff,
    #[error("has rows behind its trailer (line {0})")]
    BehindTrailer(u64),
    #[error("has a trailer that cannot be read (line {0})")]
    BadTrailer(u64),
    #[error("has a trailer that counts {stated} rows, where {found} are there")]
    Count { stated: u64, found: u64 },
    #[error("has a trailer whose {what} is {stated}, where the rows add up to {found}")]
    Sum { what: &'static str, stated: Amount, found: Amount },
    #[error("is no regular file")]
    NotAFile,
    #[error("is longer than any file of a day")]
    TooLarge,
    #[error("is sealed, and [seal] has no identity that could open it")]
    NoKey,
    #[error("is sealed for another key than the identity of [seal]")]
    OtherKey,
    #[error("is no whole sealed file, or was changed on its way")]
    BrokenSeal,
    #[error("cannot be read: {0}")]
    Unread(String),
}

impl From<OpenError> for FileRefusal {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::OtherKey => Self::OtherKey,
            OpenError::Broken => Self::BrokenSeal,
            OpenError::Unread(error) => Self::Unread(error.to_string()),
        }
    }
}

/// Why reading ended early.
#[derive(Debug)]
pub enum ReadError<E> {
    Refused(FileRefusal),
    /// Whoever takes the rows had enough.
    Taker(E),
}

impl<E> From<FileRefusal> for ReadError<E> {
    fn from(refusal: FileRefusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a file holds in all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    pub rows: u64,
    pub amount: Amount,
    pub fee: Amount,
    pub net: Amount,
    /// Of its bytes, in hexadecimal.
    pub sha256: String,
    /// All amounts, fees and nets without their signs.
    moved: i128,
}

impl Totals {
    fn add(&mut self, line: u64, [amount, fee, net]: [Amount; 3]) -> Result<(), FileRefusal> {
        self.rows += 1;
        self.amount = self.amount + amount;
        self.fee = self.fee + fee;
        self.net = self.net + net;
        self.moved += amount.get().abs() + fee.get().abs() + net.get().abs();
        if self.moved > MOVED_MAX { Err(FileRefusal::TooMuch(line)) } else { Ok(()) }
    }
}

/// Reads a settlement file, and gives each row to `take` with its line. No row is settled later than the day `latest`.
///
/// # Errors
/// [`ReadError`]; what was taken until then counts for nothing.
pub fn settlements<E>(
    input: impl Read,
    format: &FileFormat,
    (currency, latest): (&Currency, NaiveDate),
    mut take: impl FnMut(u64, &SettlementRow<&str>) -> Result<(), E>,
) -> Result<Totals, ReadError<E>> {
    let mut days = Days::new(format);
    read(input, format, &SETTLEMENT, &[], |row, totals| {
        let [day, batch, _, transaction, payment, kind, paid, fee, net, unit, at] = row.fields;
        row.must(9, "the currency of the section", unit == currency.as_str())?;
        row.must(1, "an id", is_id(batch))?;
        row.must(3, "an id", is_id(transaction) && !transaction.is_empty())?;
        row.must(4, "an id", is_id(payment))?;
        for (column, id) in [(1, batch), (3, transaction), (4, payment)] {
            row.must(column, NO_CARD, !has_card_number(id))?;
        }
        let kind = row.some(5, "a known type", SettlementKind::from_word(kind))?;
        let settled = SettlementRow {
            day: row.some(0, "a date", days.read(day))?,
            batch,
            transaction,
            payment,
            kind,
            amount: row.some(6, "an amount", amount(paid, format))?,
            fee: row.some(7, "an amount", amount(fee, format))?,
            net: row.some(8, "an amount", amount(net, format))?,
            at: row.some(10, "an instant", parse_instant(at))?,
        };
        row.must(0, "a day until tomorrow", settled.day <= latest)?;
        if !kind.fits(settled.amount) {
            return Err(FileRefusal::Sign(row.line).into());
        }
        if settled.amount - settled.fee != settled.net {
            return Err(FileRefusal::Net(row.line).into());
        }
        totals.add(row.line, [settled.amount, settled.fee, settled.net])?;
        take(row.line, &settled).map_err(ReadError::Taker)
    })
}

/// The same of a bank's file. Nothing is deposited later than the day `latest`.
///
/// # Errors
/// As [`settlements`].
pub fn deposits<E>(
    input: impl Read,
    format: &FileFormat,
    columns: &BankColumns,
    (currency, latest): (&Currency, NaiveDate),
    mut take: impl FnMut(u64, &Deposit<&str>) -> Result<(), E>,
) -> Result<Totals, ReadError<E>> {
    let mut days = Days::new(format);
    let BankColumns { date, amount: paid, batch, currency: unit } = columns;
    let names = [date, paid, batch, unit].map(String::as_str);
    // A bank with accounts in one currency need not say so in each row.
    read(input, format, &names, &[3], |row, totals| {
        let [day, paid, batch, unit] = row.fields;
        row.must(3, "the currency of the section", unit.is_empty() || unit == currency.as_str())?;
        row.must(2, "an id", is_id(batch))?;
        row.must(2, NO_CARD, !has_card_number(batch))?;
        let deposit = Deposit {
            day: row.some(0, "a date", days.read(day))?,
            batch,
            amount: row.some(1, "an amount", amount(paid, format))?,
        };
        row.must(0, "a day until tomorrow", deposit.day <= latest)?;
        totals.add(row.line, [deposit.amount, Amount::ZERO, deposit.amount])?;
        take(row.line, &deposit).map_err(ReadError::Taker)
    })
}

fn is_id(text: &str) -> bool {
    text.len() <= ID_BYTES_MAX && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// The fields of one row, in the order of the columns that are wanted.
struct Row<'t, const N: usize> {
    line: u64,
    names: &'t [&'t str; N],
    fields: [&'t str; N],
}

impl<const N: usize> Row<'_, N> {
    fn some<T>(
        &self,
        column: usize,
        what: &'static str,
        value: Option<T>,
    ) -> Result<T, FileRefusal> {
        let column = || self.names.get(column).map_or_else(String::new, |name| (*name).to_owned());
        value.ok_or_else(|| FileRefusal::Value { line: self.line, column: column(), what })
    }

    fn must(&self, column: usize, what: &'static str, is_so: bool) -> Result<(), FileRefusal> {
        self.some(column, what, is_so.then_some(()))
    }
}

/// Reads a file with a header; columns in `optional` may be missing, and are empty then.
fn read<const N: usize, E>(
    input: impl Read,
    format: &FileFormat,
    names: &[&str; N],
    optional: &[usize],
    mut take: impl FnMut(&Row<'_, N>, &mut Totals) -> Result<(), ReadError<E>>,
) -> Result<Totals, ReadError<E>> {
    let watched = Watched { input, sha256: Sha256::new(), left: ROW_BYTES_MAX, last: b'\n' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(format.separator)
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(ROW_BYTES_MAX / 2)
        .from_reader(watched);
    let mut record = csv::StringRecord::new();
    let mut is_there = next(&mut reader, &mut record, 0)?;
    if !is_there {
        return Err(FileRefusal::Empty.into());
    }
    let places = places(&record, names, optional)?;
    let width = record.len();
    let mut totals = Totals::default();
    let mut trailer = None;
    let mut line = 1;
    loop {
        is_there = next(&mut reader, &mut record, line)?;
        if !is_there {
            break;
        }
        line = record.position().map_or(line, csv::Position::line);
        if trailer.is_some() {
            return Err(FileRefusal::BehindTrailer(line).into());
        }
        if format.has_trailer && record.get(0) == Some(TRAILER) {
            trailer = Some(Trailer::read(&record, format).ok_or(FileRefusal::BadTrailer(line))?);
            continue;
        }
        if record.len() != width {
            return Err(FileRefusal::Fields(line).into());
        }
        let fields = places.map(|place| place.and_then(|at| record.get(at)).unwrap_or_default());
        take(&Row { line, names, fields }, &mut totals)?;
    }
    let Watched { sha256, last, .. } = reader.into_inner();
    match trailer {
        Some(trailer) => trailer.check(&totals)?,
        None if format.has_trailer => return Err(FileRefusal::NoTrailer.into()),
        // What is left of the last number may be a number too.
        None if !matches!(last, b'\n' | b'\r') => return Err(FileRefusal::CutOff.into()),
        None => {}
    }
    totals.sha256 = hex(&sha256.finalize());
    Ok(totals)
}

/// Where the columns are that are wanted.
fn places<const N: usize>(
    header: &csv::StringRecord,
    names: &[&str; N],
    optional: &[usize],
) -> Result<[Option<usize>; N], FileRefusal> {
    let mut places = [None; N];
    for ((column, name), place) in names.iter().enumerate().zip(&mut places) {
        let mut found = header.iter().enumerate().filter(|(_, head)| head.trim() == *name);
        *place = found.next().map(|(at, _)| at);
        if found.next().is_some() {
            return Err(FileRefusal::ColumnTwice((*name).to_owned()));
        }
        if place.is_none() && !optional.contains(&column) {
            return Err(FileRefusal::NoColumn((*name).to_owned()));
        }
    }
    Ok(places)
}

/// The next row; whether there is one.
fn next<R: Read>(
    reader: &mut csv::Reader<Watched<R>>,
    record: &mut csv::StringRecord,
    line: u64,
) -> Result<bool, FileRefusal> {
    let is_there = reader.read_record(record).map_err(|error| match error.into_kind() {
        csv::ErrorKind::Io(error)
            if error.get_ref().is_some_and(|inner| inner.is::<RowTooLong>()) =>
        {
            FileRefusal::RowTooLong(line)
        }
        csv::ErrorKind::Io(error) if error.get_ref().is_some_and(|inner| inner.is::<Broken>()) => {
            FileRefusal::BrokenSeal
        }
        csv::ErrorKind::Io(error) => FileRefusal::Unread(error.to_string()),
        csv::ErrorKind::Utf8 { pos, .. } => {
            FileRefusal::NotUtf8(pos.map_or(line, |pos| pos.line()))
        }
        _ => FileRefusal::Fields(line),
    });
    reader.get_mut().left = ROW_BYTES_MAX;
    is_there
}

/// The row behind all others.
struct Trailer {
    rows: u64,
    sums: [Amount; 3],
}

impl Trailer {
    /// Spreadsheets fill it up with empty fields.
    fn read(record: &csv::StringRecord, format: &FileFormat) -> Option<Self> {
        let mut fields = record.iter().skip(1);
        let rows = fields.next()?;
        let is_number = !rows.is_empty() && rows.bytes().all(|byte| byte.is_ascii_digit());
        let rows = rows.parse().ok().filter(|_| is_number)?;
        let mut sum = || amount(fields.next()?, format);
        let sums = [sum()?, sum()?, sum()?];
        fields.all(str::is_empty).then_some(Self { rows, sums })
    }

    fn check(&self, found: &Totals) -> Result<(), FileRefusal> {
        if self.rows != found.rows {
            return Err(FileRefusal::Count { stated: self.rows, found: found.rows });
        }
        let each = [("amount", found.amount), ("fee", found.fee), ("net", found.net)];
        match each.into_iter().zip(self.sums).find(|((_, found), stated)| found != stated) {
            Some(((what, found), stated)) => Err(FileRefusal::Sum { what, stated, found }),
            None => Ok(()),
        }
    }
}

/// Bytes on their way: their digest, their last, and how many more a row may take.
struct Watched<R> {
    input: R,
    sha256: Sha256,
    left: usize,
    last: u8,
}

#[derive(Debug)]
struct RowTooLong;

impl fmt::Display for RowTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row is too long")
    }
}

impl std::error::Error for RowTooLong {}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        let bytes = buffer.get(..count).unwrap_or_default();
        self.sha256.update(bytes);
        self.last = bytes.last().copied().unwrap_or(self.last);
        // Whoever reads asks for more only within a row, but for the first time.
        self.left = match self.left.checked_sub(count) {
            Some(left) => left,
            None => return Err(io::Error::other(RowTooLong)),
        };
        Ok(count)
    }
}
