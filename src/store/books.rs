//! Books: what settlement files and those of the bank say, and what this program knows of money itself.
//!
//! A file counts once by its content, and a row once by its transaction.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::ledger::{EntryRead, ledger_entry};
use super::prepared::Prepared;
use super::rows::{Columns, FromColumns, ToColumns, row};
use super::{Books, Store, StoreError, StoreProblem, seal};
use crate::model::{Amount, Deposit, LedgerEntry, RowOddity, SettlementKind, SettlementRow};

/// Pages in memory while rows come in, in kibibytes: enough for the indexes of some hundred thousand rows.
const CACHE_KIB: i64 = 64 * 1024;

/// So many batches are added up in memory at a time.
const PARTS_MAX: usize = 4096;

/// How a file of a spool stands on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpoolStamp {
    pub bytes: u64,
    /// In nanoseconds since 1970.
    pub modified: i64,
}

row!(SpoolStamp { bytes, modified });

/// A file that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileKept {
    pub id: i64,
    pub section: String,
    pub sha256: String,
    /// The first name that it had.
    pub name: String,
    pub taken_at: DateTime<Utc>,
    pub rows: u64,
    /// The sums of its rows.
    pub amount: Amount,
    pub fee: Amount,
    pub net: Amount,
}

row!(FileKept { id, section, sha256, name, taken_at, rows, amount, fee, net });

/// What a file added to a batch of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartKept {
    pub day: NaiveDate,
    pub batch: String,
    pub file: i64,
    pub rows: u64,
    pub amount: Amount,
    pub fee: Amount,
    pub net: Amount,
}

row!(PartKept { day, batch, file, rows, amount, fee, net });

/// A row of a settlement, and the file that first had it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledRow {
    pub file: i64,
    pub row: SettlementRow,
}

/// A row that was not added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OddRow {
    pub file: i64,
    pub line: u64,
    pub what: RowOddity,
    pub row: SettlementRow,
}

/// What went back of a payment, by settlements: above zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Returned {
    pub refunded: Amount,
    pub charged_back: Amount,
}

/// What became of a row of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowAdded {
    New,
    /// Another file had it, with the same content.
    Known,
    Odd(RowOddity),
}

/// Entries of the ledger that a look at a day needs: those from an instant until another, half-open, and those of
/// payments that are settled with the day.
#[derive(Debug, Clone, Copy)]
pub struct LedgerSpan<'a> {
    pub cashier: &'a str,
    pub day: NaiveDate,
    pub from: DateTime<Utc>,
    pub until: DateTime<Utc>,
}

impl ToColumns for LedgerSpan<'_> {
    const WIDTH: usize = 4;

    fn write<'a>(&self, to: &mut impl super::rows::Sink<'a>) -> Result<(), StoreProblem> {
        (self.cashier, self.day, self.from, self.until).write(to)
    }
}

impl<T: AsRef<str>> ToColumns for SettlementRow<T> {
    const WIDTH: usize = 9;

    fn write<'a>(&self, to: &mut impl super::rows::Sink<'a>) -> Result<(), StoreProblem> {
        let texts = (self.batch.as_ref(), self.transaction.as_ref(), self.payment.as_ref());
        (self.day, texts, self.kind.as_str(), (self.amount, self.fee, self.net), self.at).write(to)
    }
}

impl FromColumns for SettlementRow {
    const WIDTH: usize = 9;

    fn read(columns: &mut Columns<'_>) -> Result<Self, StoreProblem> {
        Ok(Self {
            day: columns.next()?,
            batch: columns.next()?,
            transaction: columns.next()?,
            payment: columns.next()?,
            kind: columns.next()?,
            amount: columns.next()?,
            fee: columns.next()?,
            net: columns.next()?,
            at: columns.next()?,
        })
    }
}

row!(OddRow { file, line, what, row });

/// Rows of one file on their way in.
pub struct RowsIn<'s> {
    store: &'s Store,
    section: &'s str,
    file: i64,
    put: Prepared<'s>,
    known: Prepared<'s>,
    odd: Prepared<'s>,
    parts: BTreeMap<(NaiveDate, String), (u64, Amount, Amount, Amount)>,
}

impl RowsIn<'_> {
    /// Adds a row, unless its transaction is known.
    pub fn add(&mut self, line: u64, row: &SettlementRow<&str>) -> Result<RowAdded, StoreError> {
        let seal = seal::seal_of(&(self.file, row), &self.store.accounts);
        let seal = seal.map_err(|problem| self.store.error(problem))?;
        if self.put.run((self.section, self.file, row, seal))? > 0 {
            return self.count(row).map(|()| RowAdded::New);
        }
        let known: Option<(i64, SettlementRow)> =
            self.known.first((self.section, row.transaction))?;
        let is_same = known.as_ref().is_some_and(|(_, known)| {
            // An instant is kept to the second.
            let is_then = known.at.timestamp() == row.at.timestamp();
            is_then && SettlementRow { at: row.at, ..known.borrowed() } == *row
        });
        let is_own = known.is_some_and(|(file, _)| file == self.file);
        let what = match (is_same, is_own) {
            (true, false) => return Ok(RowAdded::Known),
            (true, true) => RowOddity::Repeated,
            (false, _) => RowOddity::Changed,
        };
        let SettlementRow { batch, transaction, payment, .. } = *row;
        let texts = (batch, transaction, payment);
        let amounts = (row.amount, row.fee, row.net, row.at);
        let place = (self.section, row.day, self.file, line, what.as_str());
        self.odd.run((place, texts, row.kind.as_str(), amounts))?;
        Ok(RowAdded::Odd(what))
    }

    fn count(&mut self, row: &SettlementRow<&str>) -> Result<(), StoreError> {
        if self.parts.len() >= PARTS_MAX {
            self.write_parts()?;
        }
        let part = self.parts.entry((row.day, row.batch.to_owned())).or_default();
        let (rows, amount, fee, net) = *part;
        *part = (rows + 1, amount + row.amount, fee + row.fee, net + row.net);
        Ok(())
    }

    fn write_parts(&mut self) -> Result<(), StoreError> {
        for ((day, batch), sums) in std::mem::take(&mut self.parts) {
            self.store.books().add_part(self.section, self.file, (day, &batch), sums)?;
        }
        Ok(())
    }

    /// Ends the file; every row of it was given.
    pub fn finish(mut self) -> Result<(), StoreError> {
        self.write_parts()
    }
}

impl<'s> Books<'s> {
    /// How a file of a spool stood when it was last read.
    pub fn stamp(&self, section: &str, name: &str) -> Result<Option<SpoolStamp>, StoreError> {
        let sql = "SELECT bytes, modified FROM spool_file WHERE section = ?1 AND name = ?2";
        self.0.first(sql, (section, name))
    }

    /// Remembers that.
    pub fn keep_stamp(
        &self,
        section: &str,
        name: &str,
        stamp: SpoolStamp,
    ) -> Result<(), StoreError> {
        let sql = "INSERT OR REPLACE INTO spool_file VALUES (?1, ?2, ?3, ?4)";
        self.0.exec(sql, (section, name, stamp))
    }

    /// The file with this content that counts.
    pub fn file(&self, section: &str, sha256: &str) -> Result<Option<FileKept>, StoreError> {
        let sql = "SELECT id, section, sha256, name, taken_at, rows, amount, fee, net FROM settlement_file \
                   WHERE section = ?1 AND sha256 = ?2";
        self.0.first(sql, (section, sha256))
    }

    /// The number of the next file.
    pub fn next_file(&self) -> Result<i64, StoreError> {
        let last = self.0.first("SELECT max(id) FROM settlement_file", ())?;
        Ok(last.flatten().unwrap_or(0_i64) + 1)
    }

    /// Keeps a file whose rows were added.
    pub fn keep_file(&self, file: &FileKept) -> Result<(), StoreError> {
        let sql = "INSERT INTO settlement_file VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        self.0.exec(sql, file)
    }

    /// Prepares to add the rows of a file, within a piece of work that adds all of them.
    pub fn rows_in(&self, section: &'s str, file: i64) -> Result<RowsIn<'s>, StoreError> {
        let store = self.0;
        let put = "INSERT INTO settlement_row (section, file, day, batch, txn, payment, kind, amount, fee, net, at, \
                   seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING";
        let known = "SELECT file, day, batch, txn, payment, kind, amount, fee, net, at FROM settlement_row \
                     WHERE section = ?1 AND txn = ?2";
        let odd = "INSERT INTO settlement_odd VALUES \
                   (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
        Ok(RowsIn {
            store,
            section,
            file,
            put: store.prepare(put)?,
            known: store.prepare(known)?,
            odd: store.prepare(odd)?,
            parts: BTreeMap::new(),
        })
    }

    /// Has room in memory for many rows at once, or no more.
    pub fn has_room(&self, is_wanted: bool) -> Result<(), StoreError> {
        // SQLite's own is two mebibytes.
        let kib = if is_wanted { CACHE_KIB } else { 2000 };
        let set = self.0.connection.pragma_update(None, "cache_size", -kib);
        set.map_err(|error| self.0.error(error))
    }

    /// Adds to what a file brings to a batch of a day: rows, amount, fee and net.
    pub fn add_part(
        &self,
        section: &str,
        file: i64,
        (day, batch): (NaiveDate, &str),
        (rows, amount, fee, net): (u64, Amount, Amount, Amount),
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO settlement_part VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) \
                   ON CONFLICT (section, day, batch, file) DO UPDATE SET rows = rows + ?5, \
                   amount = amount + ?6, fee = fee + ?7, net = net + ?8";
        self.0.exec(sql, ((section, day, batch, file), (rows, amount, fee, net)))
    }

    /// The days that a file brought something to, and another one before it.
    pub fn moved_days(&self, section: &str, file: i64) -> Result<Vec<NaiveDate>, StoreError> {
        let sql = "SELECT DISTINCT own.day FROM settlement_part AS own \
                   WHERE own.section = ?1 AND own.file = ?2 AND own.rows > 0 AND EXISTS \
                   (SELECT 1 FROM settlement_part AS other JOIN settlement_file AS earlier ON earlier.id = other.file \
                   WHERE other.section = ?1 AND other.day = own.day AND earlier.taken_at < \
                   (SELECT taken_at FROM settlement_file WHERE id = ?2)) ORDER BY own.day";
        self.0.all(sql, (section, file))
    }

    /// What files brought to a day.
    pub fn parts_of_day(
        &self,
        section: &str,
        day: NaiveDate,
    ) -> Result<Vec<(PartKept, FileKept)>, StoreError> {
        let sql = "SELECT day, batch, file, part.rows, part.amount, part.fee, part.net, id, file.section, sha256, \
                   name, taken_at, file.rows, file.amount, file.fee, file.net FROM settlement_part AS part \
                   JOIN settlement_file AS file ON file.id = part.file \
                   WHERE part.section = ?1 AND day = ?2 ORDER BY file, batch";
        self.0.all(sql, (section, day))
    }

    /// What all files brought to a batch.
    pub fn net_of_batch(&self, section: &str, batch: &str) -> Result<Amount, StoreError> {
        let sql = "SELECT net FROM settlement_part WHERE section = ?1 AND batch = ?2";
        Ok(self.0.all::<Amount, Vec<_>>(sql, (section, batch))?.into_iter().sum())
    }

    /// Whether anything of a batch was settled.
    pub fn has_batch(&self, section: &str, batch: &str) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM settlement_part WHERE section = ?1 AND batch = ?2 LIMIT 1";
        Ok(self.0.first::<i64>(sql, (section, batch))?.is_some())
    }

    /// Rows of a day that were not added.
    pub fn odd_rows(&self, section: &str, day: NaiveDate) -> Result<Vec<OddRow>, StoreError> {
        let sql = "SELECT file, line, what, day, batch, txn, payment, kind, amount, fee, net, at \
                   FROM settlement_odd WHERE section = ?1 AND day = ?2 ORDER BY file, line";
        self.0.all(sql, (section, day))
    }

    /// What went back of a payment by the rows of all files: its refunds, and what was charged back.
    pub fn returned(&self, section: &str, payment: &str) -> Result<Returned, StoreError> {
        let sql = "SELECT file, day, batch, txn, payment, kind, amount, fee, net, at, seal FROM settlement_row \
                   WHERE section = ?1 AND payment = ?2";
        let mut returned = Returned::default();
        self.0.prepare(sql)?.each((section, payment), |read: (SettlementRead, i64)| {
            let row = settled_row(self.0, read)?.row;
            match row.kind {
                SettlementKind::Refund => returned.refunded = returned.refunded - row.amount,
                SettlementKind::Chargeback => {
                    returned.charged_back = returned.charged_back - row.amount;
                }
                SettlementKind::Payment | SettlementKind::Fee | SettlementKind::Adjustment => {}
            }
            Ok(())
        })?;
        Ok(returned)
    }

    /// Gives everything of each payment that the day's rows or the span's entries name, one payment after the
    /// other, so that no more than that is in memory. Whatever of the day names no payment comes row by row.
    pub fn each_payment(
        &self,
        span: LedgerSpan<'_>,
        mut take: impl FnMut(Vec<LedgerEntry>, Vec<SettledRow>),
    ) -> Result<(), StoreError> {
        let keyed = "SELECT file, day, batch, txn, payment, kind, amount, fee, net, at, seal FROM settlement_row \
                     WHERE section = ?1 AND payment != '' AND payment IN \
                     (SELECT payment FROM settlement_row WHERE section = ?1 AND day = ?2 UNION \
                     SELECT payment FROM ledger WHERE source = ?1 AND at >= ?3 AND at < ?4) ORDER BY payment";
        let keyless = "SELECT file, day, batch, txn, payment, kind, amount, fee, net, at, seal FROM settlement_row \
                       WHERE section = ?1 AND day = ?2 AND payment = ''";
        let entries = "SELECT * FROM ledger WHERE source = ?1 AND payment IN \
                       (SELECT payment FROM settlement_row WHERE section = ?1 AND day = ?2 UNION \
                       SELECT payment FROM ledger WHERE source = ?1 AND at >= ?3 AND at < ?4) ORDER BY payment";
        let store = self.0;
        let row = |read: Result<(SettlementRead, i64), StoreProblem>| settled_row(store, read?);
        let entry = |read: Result<(EntryRead, i64), StoreProblem>| ledger_entry(store, read?);
        store.prepare(keyed)?.rows(span, |rows| {
            let mut rows = rows.map(row).peekable();
            let of = |error: StoreError| error.problem;
            let merged = store.prepare(entries).map_err(of)?.rows(span, |entries| {
                let mut entries = entries.map(entry).peekable();
                // Both are in the order of payments.
                while let Some(payment) = earlier(rows.peek(), entries.peek()) {
                    let is_of = |name: &str| name == payment;
                    let own = |one: &Result<SettledRow, _>| {
                        one.as_ref().is_ok_and(|one| is_of(&one.row.payment))
                    };
                    let settled =
                        std::iter::from_fn(|| rows.next_if(own)).collect::<Result<_, _>>()?;
                    let own = |one: &Result<LedgerEntry, _>| {
                        one.as_ref().is_ok_and(|one| is_of(&one.payment))
                    };
                    let known =
                        std::iter::from_fn(|| entries.next_if(own)).collect::<Result<_, _>>()?;
                    take(known, settled);
                }
                // What ended it is the end, or an error.
                rows.next().transpose()?;
                entries.next().transpose()?;
                Ok(())
            });
            merged.map_err(of)
        })?;
        store.prepare(keyless)?.each((span.cashier, span.day), |read: (SettlementRead, i64)| {
            take(Vec::new(), vec![settled_row(store, read)?]);
            Ok(())
        })
    }

    /// How many rows of payments each day has from one until another, half-open, and how many of them the ledger
    /// knows.
    pub fn shares(
        &self,
        section: &str,
        from: NaiveDate,
        until: NaiveDate,
    ) -> Result<Vec<(NaiveDate, u64, u64)>, StoreError> {
        let sql = "SELECT day, count(*), sum(EXISTS (SELECT 1 FROM ledger WHERE source = ?1 \
                   AND ledger.payment = settlement_row.payment)) FROM settlement_row \
                   WHERE section = ?1 AND day >= ?2 AND day < ?3 AND kind IN ('PAYMENT', 'REFUND') \
                   GROUP BY day ORDER BY day";
        self.0.all(sql, (section, from, until))
    }

    /// Adds a deposit, the `nth` of its kind in its file, unless it is known; whether it is new.
    pub fn add_deposit(
        &self,
        section: &str,
        file: i64,
        deposit: &Deposit<&str>,
        nth: u32,
    ) -> Result<bool, StoreError> {
        let store = self.0;
        let Deposit { day, batch, amount } = *deposit;
        let seal = seal::seal_of(&(day, batch, amount, nth), &store.accounts);
        let seal = seal.map_err(|problem| store.error(problem))?;
        let sql = "INSERT INTO deposit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
        let row = (section, day, batch, amount, nth, file, seal);
        Ok(store.prepare(sql)?.run(row)? > 0)
    }

    /// The deposits for a batch, the earliest first.
    pub fn deposits_for(&self, section: &str, batch: &str) -> Result<Vec<Deposit>, StoreError> {
        let sql = "SELECT day, batch, amount, nth, seal FROM deposit WHERE section = ?1 AND batch = ?2 ORDER BY day";
        self.deposits(sql, (section, batch))
    }

    /// The deposits of a day of the bank.
    pub fn deposits_on(&self, section: &str, day: NaiveDate) -> Result<Vec<Deposit>, StoreError> {
        let sql =
            "SELECT day, batch, amount, nth, seal FROM deposit WHERE section = ?1 AND day = ?2";
        self.deposits(sql, (section, day))
    }

    fn deposits(&self, sql: &str, params: impl ToColumns) -> Result<Vec<Deposit>, StoreError> {
        let store = self.0;
        let mut deposits = Vec::new();
        type Read = ((NaiveDate, String, Amount, u32), i64);
        store.prepare(sql)?.each(params, |(read, sealed): Read| {
            seal::check(Some(sealed), seal::seal_of(&read, &store.accounts), "a deposit")?;
            let (day, batch, amount, _) = read;
            deposits.push(Deposit { day, batch, amount });
            Ok(())
        })?;
        Ok(deposits)
    }
}

type SettlementRead = (i64, SettlementRow);

fn settled_row(
    store: &Store,
    (read, sealed): (SettlementRead, i64),
) -> Result<SettledRow, StoreProblem> {
    seal::check(Some(sealed), seal::seal_of(&read, &store.accounts), "a row of a settlement")?;
    let (file, row) = read;
    Ok(SettledRow { file, row })
}

/// The payment that comes first; `None` at the end, and where something cannot be read.
fn earlier<E>(
    row: Option<&Result<SettledRow, E>>,
    entry: Option<&Result<LedgerEntry, E>>,
) -> Option<String> {
    let of_row = row.map(|one| one.as_ref().map(|one| &one.row.payment));
    let of_entry = entry.map(|one| one.as_ref().map(|one| &one.payment));
    match (of_row.transpose().ok()?, of_entry.transpose().ok()?) {
        (Some(one), Some(other)) => Some(one.min(other).clone()),
        (one, other) => one.or(other).cloned(),
    }
}
