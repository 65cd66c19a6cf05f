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

/// What is known of a day and of all that it touches.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Entries of the day, and all of the payments that its rows name.
    pub entries: Vec<LedgerEntry>,
    /// Rows of the day, and all of the payments that its entries name.
    pub rows: Vec<SettledRow>,
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

/// Everything of one payment.
#[derive(Default)]
struct OfPayment {
    entries: BTreeMap<LedgerKind, Vec<LedgerEntry>>,
    rows: BTreeMap<LedgerKind, Vec<SettledRow>>,
}

/// Compares the books of a day, as they stand now.
#[must_use]
pub fn compare(day: NaiveDate, calendar: &Calendar, now: DateTime<Utc>, known: Known) -> DayBooks {
    let Known { entries, rows, odd, parts, usual, batches, arrives_within } = known;
    let mut books = DayBooks::of(day);
    books.files = files(&parts);
    let is_due_today = |entry: &LedgerEntry| calendar.settled_with(entry.at) == day;
    for entry in entries.iter().filter(|entry| is_due_today(entry)) {
        books.ledger.add(entry.signed(), entry.fee.unwrap_or(Amount::ZERO));
    }
    let mut payments: BTreeMap<String, OfPayment> = BTreeMap::new();
    for entry in entries {
        let of = payments.entry(entry.payment.clone()).or_default();
        of.entries.entry(entry.kind).or_default().push(entry);
    }
    let mut keyless = Vec::new();
    for SettledRow { file, row } in rows {
        if row.day == day {
            books.settled.add(row.amount, row.fee);
        }
        match settles(row.kind) {
            Some(_) if row.payment.is_empty() && row.day != day => {}
            Some(_) if row.payment.is_empty() => keyless.push(row),
            Some(kind) => {
                let of = payments.entry(row.payment.clone()).or_default();
                of.rows.entry(kind).or_default().push(SettledRow { file, row });
            }
            None if row.day != day => {}
            None if row.kind == SettlementKind::Chargeback => books.chargebacks.push(row),
            None => books.other.push(row),
        }
    }
    let mut free = Vec::new();
    let mut factors = Vec::new();
    for (_, mut of) in payments {
        for kind in LedgerKind::ALL {
            let entries = of.entries.remove(&kind).unwrap_or_default();
            let paired = pair(kind, entries, of.rows.remove(&kind).unwrap_or_default());
            free.extend(paired.entries);
            let rows = paired.rows.into_iter().map(|settled| settled.row);
            books.only_settled.extend(rows.filter(|row| row.day == day));
            let again = paired.duplicates.into_iter().map(|settled| settled.row);
            books.duplicate.extend(again.filter(|row| row.day == day));
            for pair in paired.pairs {
                let is_settled_today = pair.row.row.day == day;
                if is_settled_today {
                    factors.push((pair.entry.signed(), pair.row.row.amount));
                }
                if is_settled_today || is_due_today(&pair.entry) {
                    books.take_pair(pair, is_due_today);
                }
            }
        }
    }
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
    for OddRow { what, row, .. } in odd {
        match what {
            RowOddity::Repeated => books.duplicate.push(row),
            RowOddity::Changed => books.changed.push(row),
        }
    }
    books.take_deposits(batches, arrives_within, calendar.civil_day(now));
    let is_late =
        !is_told && calendar.is_due(day, now) && (is_weekday(day) || !books.not_yet_due.is_empty());
    books.alarm(is_late, is_told, &usual, &factors);
    books
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

    fn take_pair(&mut self, pair: Pair, is_due_today: impl Fn(&LedgerEntry) -> bool) {
        let row = &pair.row.row;
        if pair.entry.signed() != row.amount {
            self.amount_differs.push(pair);
        } else if pair.entry.fee.is_some_and(|fee| fee != row.fee) {
            self.fee_differs.push(pair);
        } else {
            let is_elsewhere = row.day != self.day || !is_due_today(&pair.entry);
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

    fn alarm(
        &mut self,
        is_late: bool,
        is_told: bool,
        usual: &[(u64, u64)],
        factors: &[(Amount, Amount)],
    ) {
        let day = self.day;
        let mut alarms = Vec::new();
        if is_late {
            alarms.push(BooksTrouble::FileLate { day });
        }
        if is_told && is_weekday(day) && self.files.iter().all(|file| file.brought.count == 0) {
            alarms.push(BooksTrouble::FileEmpty { day });
        }
        let keyed = factors.len()
            + self.only_settled.len()
            + self.duplicate.iter().filter(|row| settles(row.kind).is_some()).count();
        let share = share(factors.len() as u64, (keyed + self.keyless.len()) as u64);
        match (share, median(usual)) {
            _ if keyed == 0 && !self.keyless.is_empty() => {
                alarms.push(BooksTrouble::KeyGone { rows: self.keyless.len() });
            }
            (Some(share), Some(usual)) if u16::from(share) * 2 < u16::from(usual) => {
                let rows = (keyed + self.keyless.len()) as u64;
                alarms.push(BooksTrouble::FewMatched { rows, share, usual });
            }
            _ => {}
        }
        let all_times = |factor: i128, (one, other): (Amount, Amount)| {
            one.get().checked_mul(factor) == Some(other.get())
        };
        let is_unit = |is_more: bool| {
            let mut each = factors.iter();
            !factors.is_empty()
                && each.all(|(ours, theirs)| match is_more {
                    true => all_times(100, (*ours, *theirs)),
                    false => all_times(100, (*theirs, *ours)),
                })
        };
        let unit = [true, false].into_iter().find(|is_more| is_unit(*is_more));
        alarms.extend(unit.map(|is_more| BooksTrouble::OtherUnit { is_more }));
        let count = self.differences();
        if count > 0 {
            alarms.push(BooksTrouble::Differ { day, count });
        }
        self.alarms = alarms;
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
