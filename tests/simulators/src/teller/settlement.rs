//! Files of what was settled: good ones, and one of each that a reader must refuse or report.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

use super::ledger::{Card, Movement};
use crate::service::major;

/// The city, as the provider calls it.
pub(super) const REFERENCE: &str = "STAMFORD-PARK-001";

/// The columns of a file.
const COLUMNS: [&str; 11] = [
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

/// The batch of a day and card, which is one deposit: `BATCH-2024-002-001`.
pub(super) fn batch(day: NaiveDate, card: Card) -> String {
    let part = if card == Card::Amex { 2 } else { 1 };
    format!("BATCH-{}-{part:03}", day.format("%Y-%j"))
}

/// The unit of the amounts in a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unit {
    /// `475`
    #[default]
    Minor,
    /// `4.75`
    Major,
}

impl Unit {
    pub(super) fn write(self, minor: i64) -> String {
        if self == Self::Minor { minor.to_string() } else { major(minor) }
    }
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    #[default]
    Nothing,
    /// The trailer counts one row more.
    TrailerCount,
    /// The trailer's amount is one minor unit more.
    TrailerSum,
    /// The same of the fees.
    TrailerFee,
    /// The same of the nets.
    TrailerNet,
    /// There is no trailer.
    NoTrailer,
    /// It ends in the middle.
    Cut,
    /// The last row stands behind the trailer, which does not count it: a reader that stops there would see
    /// nothing.
    RowsAfterTrailer,
    /// This column is not there.
    MissingColumn(&'static str),
    /// The amounts are in the other unit, the trailer too.
    OtherUnit,
    /// All amounts are a hundred times what they are, the trailer too.
    Hundredfold,
    /// Not one byte.
    Empty,
    /// The column `paymentId` is empty in every row.
    Keyless,
    /// The first row stands there twice; the trailer agrees.
    DuplicateRow,
    /// The first row has another amount, one minor unit more; the trailer agrees.
    ChangedRow,
    /// The net of the first row is not amount less fee; the trailer agrees.
    NetOff,
    /// A byte that is no UTF-8.
    NotUtf8,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape {
    /// The unit of the amounts.
    pub unit: Unit,
    /// What is wrong with it.
    pub flaw: Flaw,
    /// It begins with a byte-order mark.
    pub byte_order_mark: bool,
    /// Lines end with CR and LF.
    pub crlf: bool,
    /// Every field is quoted.
    pub quoted: bool,
    /// A column that nobody knows is there, and the columns stand the other way round.
    pub other_columns: bool,
}

/// One row of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `settlementDate`
    pub day: NaiveDate,
    /// `batchId`
    pub batch: String,
    /// `tellerTransactionId`
    pub transaction: String,
    /// `paymentId`
    pub payment: String,
    /// `type`
    pub kind: &'static str,
    /// `amount`, in minor units, with its sign.
    pub amount: i64,
    /// `fee`
    pub fee: i64,
    /// `net`
    pub net: i64,
    /// `currency`
    pub currency: String,
    /// `capturedAt`
    pub at: DateTime<Utc>,
}

impl Row {
    pub(super) fn of(moved: &Movement, day: NaiveDate, currency: &str) -> Self {
        Self {
            day,
            batch: batch(day, moved.card),
            transaction: moved.transaction.clone(),
            payment: moved.payment.clone(),
            kind: moved.kind.word(),
            amount: moved.amount,
            fee: moved.fee,
            net: moved.amount - moved.fee,
            currency: currency.to_owned(),
            at: moved.at,
        }
    }

    fn fields(&self, unit: Unit) -> [String; 11] {
        [
            self.day.to_string(),
            self.batch.clone(),
            REFERENCE.into(),
            self.transaction.clone(),
            self.payment.clone(),
            self.kind.into(),
            unit.write(self.amount),
            unit.write(self.fee),
            unit.write(self.net),
            self.currency.clone(),
            self.at.to_rfc3339_opts(SecondsFormat::Secs, true),
        ]
    }
}

/// A file before it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Its rows; a test may change them.
    pub rows: Vec<Row>,
}

impl Settlement {
    /// The file's bytes, which are text but for [`Flaw::NotUtf8`].
    pub fn bytes(&self, shape: &Shape) -> Vec<u8> {
        let mut bytes = self.text(shape).into_bytes();
        if shape.flaw == Flaw::NotUtf8 {
            let middle = bytes.len() / 2;
            bytes.insert(middle, 0xff);
        }
        bytes
    }

    /// The file's text.
    pub fn text(&self, shape: &Shape) -> String {
        if shape.flaw == Flaw::Empty {
            return String::new();
        }
        let rows = self.flawed(shape.flaw);
        let unit = match (shape.flaw, shape.unit) {
            (Flaw::OtherUnit, Unit::Minor) => Unit::Major,
            (Flaw::OtherUnit, Unit::Major) => Unit::Minor,
            (_, unit) => unit,
        };
        let mut lines = vec![COLUMNS.map(String::from).to_vec()];
        lines.extend(rows.iter().map(|row| row.fields(unit).to_vec()));
        for (place, line) in lines.iter_mut().enumerate() {
            if let Flaw::MissingColumn(name) = shape.flaw {
                let column = COLUMNS.iter().position(|column| *column == name);
                column.map(|column| line.remove(column));
            }
            if shape.other_columns {
                line.reverse();
                line.push(if place == 0 { "lane".into() } else { "=1+1, \"7\"".into() });
            }
        }
        let behind = usize::from(shape.flaw == Flaw::RowsAfterTrailer).min(rows.len());
        let counted = &rows[..rows.len() - behind];
        let sum = |of: fn(&Row) -> i64| counted.iter().map(of).sum::<i64>();
        let off = |flaw| i64::from(shape.flaw == flaw);
        let count = counted.len() + usize::from(shape.flaw == Flaw::TrailerCount);
        let amount = sum(|row| row.amount) + off(Flaw::TrailerSum);
        let fee = sum(|row| row.fee) + off(Flaw::TrailerFee);
        let net = sum(|row| row.net) + off(Flaw::TrailerNet);
        let sums = [amount, fee, net].map(|sum| unit.write(sum));
        let mut trailer = vec!["TRAILER".into(), count.to_string()];
        trailer.extend(sums);
        match shape.flaw {
            Flaw::NoTrailer => {}
            _ => lines.insert(lines.len() - behind, trailer),
        }
        let end = if shape.crlf { "\r\n" } else { "\n" };
        let mut text = String::from(if shape.byte_order_mark { "\u{feff}" } else { "" });
        for line in lines {
            let fields: Vec<String> = line.iter().map(|field| shape.field(field)).collect();
            text.push_str(&fields.join(","));
            text.push_str(end);
        }
        if shape.flaw == Flaw::Cut {
            text.truncate(text.len() * 2 / 3);
        }
        text
    }

    fn flawed(&self, flaw: Flaw) -> Vec<Row> {
        let mut rows = self.rows.clone();
        match flaw {
            Flaw::Hundredfold => rows.iter_mut().for_each(|row| {
                (row.amount, row.fee, row.net) = (row.amount * 100, row.fee * 100, row.net * 100);
            }),
            Flaw::Keyless => rows.iter_mut().for_each(|row| row.payment.clear()),
            Flaw::DuplicateRow => rows.extend(self.rows.first().cloned()),
            Flaw::ChangedRow => rows.iter_mut().take(1).for_each(|row| {
                (row.amount, row.net) = (row.amount + 1, row.net + 1);
            }),
            Flaw::NetOff => rows.iter_mut().take(1).for_each(|row| row.net -= 1),
            _ => {}
        }
        rows
    }

    /// Puts the file into a folder as a careful sender does: under another name, which is then changed.
    /// The same file may be put there again under another name.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn spool(&self, folder: &Path, name: &str, shape: &Shape) -> io::Result<PathBuf> {
        spool(folder, name, &self.bytes(shape))
    }
}

/// `STL-20240102.01.csv`
pub fn name(day: NaiveDate, sequence: u32) -> String {
    format!("STL-{}.{sequence:02}.csv", day.format("%Y%m%d"))
}

/// Writes a file beside its name, and renames it.
pub(super) fn spool(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let (part, whole) = (folder.join(format!(".{name}.part")), folder.join(name));
    fs::write(&part, bytes)?;
    fs::rename(&part, &whole)?;
    Ok(whole)
}

impl Shape {
    fn field(&self, text: &str) -> String {
        if self.quoted || text.contains([',', '"', '\n']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    }
}
