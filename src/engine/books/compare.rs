//! Compares the books of a day. Pure.
//!
//! A day of the ledger is what is settled with it: from the cut-off of the day before until its own. A pair belongs
//! to the day that it was due with and to the day that it was settled with.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::calendar::{Calendar, is_weekday, weekdays_after};
use super::pair::{Pair, pair, settles};
use crate::model::{
    Amount, Deposit, LedgerEntry, LedgerKind, RowOddity, SettlementKind, SettlementRow,
};
use crate::store::{FileKept, OddRow, PartKept, SettledRow};
use crate::text::words::words;
use crate::trouble::BooksTrouble;

/// Fewer days say nothing of what is usual.
const USUAL_DAYS_MIN: usize = 3;

/// What is known of a day beside its rows and entries.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Rows of the day that were not added.
    pub odd: Vec<OddRow>,
    /// What files brought to the day.
    pub parts: Vec<(PartKept, FileKept)>,
    /// Of each day before: rows of payments, and how many of them the ledger knows.
    pub usual: Vec<(u64, u64)>,
    /// The batches of the day.
    pub batches: Vec<BatchKnown>,
    /// So many weekdays after the day its deposits must be there; `None`: no bank is known.
    pub arrives_within: Option<u8>,
}

/// What is known of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchKnown {
    /// Empty where the file does not say.
    pub batch: String,
    /// What all its rows net, whatever day they are of.
    pub settled: Amount,
    pub deposits: Vec<Deposit>,
}

words! {
    /// What became of the deposit of a batch.
    pub enum DepositState {
        /// It is there in time, to the last unit.
        Equal = "equal",
        /// It is there to the last unit, and came late.
        Late = "late",
        /// Another amount is there.
        Differs = "differs",
        /// Nothing is there, and it is due.
        Missing = "missing",
        /// Nothing is there, and it need not be yet.
        Awaited = "awaited",
    }
}

/// A batch, and what the bank was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchSeen {
    pub batch: String,
    pub state: DepositState,
    pub settled: Amount,
    pub deposited: Amount,
    /// When the last of it came.
    pub day: Option<NaiveDate>,
}

/// A row that names no payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keyless {
    pub row: SettlementRow,
    /// The entry of the same amount that is nearest in time, by its id: a person may look there.
    pub suggested: Option<String>,
}

/// So many pairs that agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Matched {
    pub count: u64,
    /// What they add up to.
    pub amount: Amount,
    /// So many of them were settled with another day than they were due with.
    pub on_other_days: u64,
}

/// What one book has of a day, added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Side {
    pub count: u64,
    pub amount: Amount,
    /// As far as it is known.
    pub fee: Amount,
    pub net: Amount,
}

/// A file that told of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileOfDay {
    pub name: String,
    pub taken_at: DateTime<Utc>,
    /// What it brought to the day.
    pub brought: Side,
    /// Others had told of the day in an earlier run: the day has moved.
    pub is_later: bool,
}

/// The books of a day, compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayBooks {
    pub day: NaiveDate,
    pub files: Vec<FileOfDay>,
    pub matched: Matched,
    pub only_ledger: Vec<LedgerEntry>,
    pub only_settled: Vec<SettlementRow>,
    pub amount_differs: Vec<Pair>,
    /// The amounts are the same.
    pub fee_differs: Vec<Pair>,
    /// Rows that settle once more what is settled already; none of a file that has it twice counts.
    pub duplicate: Vec<SettlementRow>,
    /// Rows that say something else of a transaction than the one that counts.
    pub changed: Vec<SettlementRow>,
    /// Entries that no file need have told of yet.
    pub not_yet_due: Vec<LedgerEntry>,
    pub chargebacks: Vec<SettlementRow>,
    pub keyless: Vec<Keyless>,
    /// Fees and adjustments.
    pub other: Vec<SettlementRow>,
    /// `None`: no bank is known.
    pub deposits: Option<Vec<BatchSeen>>,
    pub ledger: Side,
    pub settled: Side,
    /// What is deposited for the batches of the day.
    pub bank: Amount,
    /// What a person, or whoever sends files, must look at.
    pub alarms: Vec<BooksTrouble>,
}

impl Side {
    fn add(&mut self, amount: Amount, fee: Amount) {
        self.count += 1;
        self.amount = self.amount + amount;
        self.fee = self.fee + fee;
        self.net = self.net + amount - fee;
    }
}

/// The books of a day on their way: what agrees is counted, and what does not is kept.
#[derive(Debug)]
pub struct Comparison {
    calendar: Calendar,
    now: DateTime<Utc>,
    books: DayBooks,
    /// Entries that no row settles.
    free: Vec<LedgerEntry>,
    keyless: Vec<SettlementRow>,
    /// So many rows of the day have an entry.
    paired: u64,
    /// All of them have a hundred times its amount, or a hundredth.
    are_more: bool,
    are_less: bool,
}

impl Comparison {
    /// Begins with a day, as it stands now.
    #[must_use]
    pub fn new(day: NaiveDate, calendar: Calendar, now: DateTime<Utc>) -> Self {
        let books = DayBooks::of(day);
        let (free, keyless) = (Vec::new(), Vec::new());
        Self { calendar, now, books, free, keyless, paired: 0, are_more: true, are_less: true }
    }

    /// Takes everything that is known of one payment, whatever day it is of; or rows that name none.
    pub fn take(&mut self, entries: Vec<LedgerEntry>, rows: Vec<SettledRow>) {
        let day = self.books.day;
        for entry in &entries {
            if self.is_due(entry) {
                self.books.ledger.add(entry.signed(), entry.fee.unwrap_or(Amount::ZERO));
            }
        }
        let mut settling: BTreeMap<LedgerKind, Vec<SettledRow>> = BTreeMap::new();
        for SettledRow { file, row } in rows {
            let is_of_today = row.day == day;
            if is_of_today {
                self.books.settled.add(row.amount, row.fee);
            }
            match settles(row.kind) {
                Some(kind) if !row.payment.is_empty() => {
                    settling.entry(kind).or_default().push(SettledRow { file, row });
                }
                _ if !is_of_today => {}
                Some(_) => self.keyless.push(row),
                None if row.kind == SettlementKind::Chargeback => self.books.chargebacks.push(row),
                None => self.books.other.push(row),
            }
        }
        let (back, paid) = entries.into_iter().partition(|entry| entry.kind == LedgerKind::Refund);
        for (kind, entries) in [(LedgerKind::Payment, paid), (LedgerKind::Refund, back)] {
            self.of_kind(kind, entries, settling.remove(&kind).unwrap_or_default());
        }
    }

    fn of_kind(&mut self, kind: LedgerKind, entries: Vec<LedgerEntry>, rows: Vec<SettledRow>) {
        let day = self.books.day;
        let paired = pair(kind, entries, rows);
        self.free.extend(paired.entries);
        let of_today = |settled: SettledRow| (settled.row.day == day).then_some(settled.row);
        self.books.only_settled.extend(paired.rows.into_iter().filter_map(of_today));
        self.books.duplicate.extend(paired.duplicates.into_iter().filter_map(of_today));
        for pair in paired.pairs {
            let (is_due, is_settled) = (self.is_due(&pair.entry), pair.row.row.day == day);
            if is_settled {
                let (ours, theirs) = (pair.entry.signed().get(), pair.row.row.amount.get());
                self.paired += 1;
                self.are_more &= ours.checked_mul(100) == Some(theirs);
                self.are_less &= theirs.checked_mul(100) == Some(ours);
            }
            if is_settled || is_due {
                self.books.take_pair(pair, is_due);
            }
        }
    }

    fn is_due(&self, entry: &LedgerEntry) -> bool {
        self.calendar.settled_with(entry.at) == self.books.day
    }

    /// Ends it; everything of the day was taken.
    #[must_use]
    pub fn finish(self, known: Known) -> DayBooks {
        let Self { calendar, now, mut books, free, keyless, paired, are_more, are_less } = self;
        let Known { odd, parts, usual, batches, arrives_within } = known;
        let day = books.day;
        books.files = files(&parts);
        books.keyless = suggest(keyless, &free);
        let is_told = !parts.is_empty();
        for entry in free {
            let with = calendar.settled_with(entry.at);
            match with == day {
                true if is_told => books.only_ledger.push(entry),
                true => books.not_yet_due.push(entry),
                // Of this day on the wall, behind the cut-off; its own day says so once that is due.
                false if calendar.civil_day(entry.at) == day && !calendar.is_due(with, now) => {
                    books.not_yet_due.push(entry);
                }
                false => {}
            }
        }
        books.alarm_of_rows(paired, &usual);
        // What stands in a file twice says nothing of how many match.
        for OddRow { what, row, .. } in odd {
            match what {
                RowOddity::Repeated => books.duplicate.push(row),
                RowOddity::Changed => books.changed.push(row),
            }
        }
        books.take_deposits(batches, arrives_within, calendar.civil_day(now));
        if !is_told
            && calendar.is_due(day, now)
            && (is_weekday(day) || !books.not_yet_due.is_empty())
        {
            books.alarms.push(BooksTrouble::FileLate { day });
        }
        let is_empty = books.files.iter().all(|file| file.brought.count == 0);
        if is_told && is_weekday(day) && is_empty {
            books.alarms.push(BooksTrouble::FileEmpty { day });
        }
        if paired > 0 && (are_more || are_less) {
            books.alarms.push(BooksTrouble::OtherUnit { is_more: are_more });
        }
        let count = books.differences();
        if count > 0 {
            books.alarms.push(BooksTrouble::Differ { day, count });
        }
        books
    }
}

impl DayBooks {
    fn of(day: NaiveDate) -> Self {
        Self {
            day,
            files: Vec::new(),
            matched: Matched::default(),
            only_ledger: Vec::new(),
            only_settled: Vec::new(),
            amount_differs: Vec::new(),
            fee_differs: Vec::new(),
            duplicate: Vec::new(),
            changed: Vec::new(),
            not_yet_due: Vec::new(),
            chargebacks: Vec::new(),
            keyless: Vec::new(),
            other: Vec::new(),
            deposits: None,
            ledger: Side::default(),
            settled: Side::default(),
            bank: Amount::ZERO,
            alarms: Vec::new(),
        }
    }

    fn take_pair(&mut self, pair: Pair, is_due: bool) {
        let row = &pair.row.row;
        if pair.entry.signed() != row.amount {
            self.amount_differs.push(pair);
        } else if pair.entry.fee.is_some_and(|fee| fee != row.fee) {
            self.fee_differs.push(pair);
        } else {
            let is_elsewhere = row.day != self.day || !is_due;
            self.matched.count += 1;
            self.matched.amount = self.matched.amount + row.amount;
            self.matched.on_other_days += u64::from(is_elsewhere);
        }
    }

    fn take_deposits(&mut self, batches: Vec<BatchKnown>, within: Option<u8>, today: NaiveDate) {
        let Some(within) = within else { return };
        let due = weekdays_after(self.day, within);
        let seen = batches.into_iter().map(|BatchKnown { batch, settled, deposits }| {
            let deposited: Amount = deposits.iter().map(|deposit| deposit.amount).sum();
            let day = deposits.iter().map(|deposit| deposit.day).max();
            let state = match day {
                // Nothing is deposited where there is nothing.
                None if settled == Amount::ZERO => DepositState::Equal,
                None if today > due => DepositState::Missing,
                None => DepositState::Awaited,
                Some(_) if deposited != settled => DepositState::Differs,
                Some(day) if day > due => DepositState::Late,
                Some(_) => DepositState::Equal,
            };
            BatchSeen { batch, state, settled, deposited, day }
        });
        let seen: Vec<_> = seen.collect();
        self.bank = seen.iter().map(|one| one.deposited).sum();
        self.deposits = Some(seen);
    }

    /// In how many points the books do not agree.
    #[must_use]
    pub fn differences(&self) -> usize {
        let wrong = |state| matches!(state, DepositState::Differs | DepositState::Missing);
        let deposits = self.deposits.iter().flatten().filter(|one| wrong(one.state)).count();
        self.only_ledger.len()
            + self.only_settled.len()
            + self.amount_differs.len()
            + self.fee_differs.len()
            + self.duplicate.len()
            + self.changed.len()
            + self.keyless.len()
            + deposits
    }

    /// Whether the key is gone, or far fewer rows have an entry than usually.
    fn alarm_of_rows(&mut self, paired: u64, usual: &[(u64, u64)]) {
        let keyed = paired + (self.only_settled.len() + self.duplicate.len()) as u64;
        let rows = keyed + self.keyless.len() as u64;
        match (share(paired, rows), median(usual)) {
            _ if keyed == 0 && !self.keyless.is_empty() => {
                self.alarms.push(BooksTrouble::KeyGone { rows: self.keyless.len() });
            }
            (Some(share), Some(usual)) if u16::from(share) * 2 < u16::from(usual) => {
                self.alarms.push(BooksTrouble::FewMatched { rows, share, usual });
            }
            _ => {}
        }
    }
}

/// What each file brought, the first one first.
fn files(parts: &[(PartKept, FileKept)]) -> Vec<FileOfDay> {
    let first = parts.iter().map(|(_, file)| file.taken_at).min();
    let mut files: BTreeMap<i64, FileOfDay> = BTreeMap::new();
    for (part, kept) in parts {
        let file = files.entry(kept.id).or_insert_with(|| FileOfDay {
            name: kept.name.clone(),
            taken_at: kept.taken_at,
            brought: Side::default(),
            is_later: first.is_some_and(|first| kept.taken_at > first),
        });
        let Side { count, amount, fee, net } = file.brought;
        file.brought = Side {
            count: count + part.rows,
            amount: amount + part.amount,
            fee: fee + part.fee,
            net: net + part.net,
        };
    }
    files.into_values().collect()
}

/// Names for each row the entry of the same amount that is nearest in time; each entry for one row at most.
fn suggest(mut rows: Vec<SettlementRow>, free: &[LedgerEntry]) -> Vec<Keyless> {
    let mut by_amount: BTreeMap<Amount, BTreeMap<(DateTime<Utc>, &str), ()>> = BTreeMap::new();
    for entry in free {
        let times = by_amount.entry(entry.signed()).or_default();
        times.insert((entry.at, entry.id.as_str()), ());
    }
    rows.sort_by(|one, other| (one.at, &one.transaction).cmp(&(other.at, &other.transaction)));
    let near = |row: SettlementRow| {
        let times = by_amount.get_mut(&row.amount);
        let suggested = times.and_then(|times| {
            let before = times.range(..(row.at, "")).next_back().map(|(key, ())| *key);
            let behind = times.range((row.at, "")..).next().map(|(key, ())| *key);
            let distance = |key: &(DateTime<Utc>, &str)| (row.at - key.0).abs();
            let nearest = before.into_iter().chain(behind).min_by_key(distance)?;
            times.remove(&nearest);
            Some(nearest.1.to_owned())
        });
        Keyless { row, suggested }
    };
    rows.into_iter().map(near).collect()
}

/// In per cent, rounded down.
fn share(part: u64, whole: u64) -> Option<u8> {
    u8::try_from(part.saturating_mul(100).checked_div(whole)?).ok()
}

/// The middle one of earlier days.
fn median(days: &[(u64, u64)]) -> Option<u8> {
    let mut shares: Vec<u8> =
        days.iter().filter_map(|(whole, part)| share(*part, *whole)).collect();
    shares.sort_unstable();
    shares.get(shares.len() / 2).copied().filter(|_| shares.len() >= USUAL_DAYS_MIN)
}
