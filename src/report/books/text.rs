//! The books of a day for people.

use std::fmt::Write as _;

use super::BooksReport;
use crate::engine::books::{BatchSeen, CashierBooks, DayBooks, Keyless, Pair, Side};
use crate::model::{LedgerEntry, SettlementRow, Zone, escaped, printable};
use crate::report::look::{Look, Tone};
use crate::report::text::with_zone;
use crate::text::lists;

/// So many of a list are shown; all of them are in the JSON.
const SHOWN_MAX: usize = 20;

impl BooksReport {
    /// The text for people.
    #[must_use]
    pub fn render(&self, look: Look) -> String {
        let mut text = String::new();
        for file in &self.taken {
            let name = escaped(&file.name);
            let rows = many(file.rows, "row");
            let _ = writeln!(
                text,
                "{}: took {name}, {rows}, {} of them new.",
                file.section, file.added
            );
        }
        for one in &self.cashiers {
            cashier(&mut text, one, look);
        }
        for (bank, batch, amount) in &self.unsettled {
            let batch = named(batch, "no batch");
            let _ = writeln!(
                text,
                "{bank}: {amount} on {} for {batch}, which nobody settled.",
                self.day
            );
        }
        look.folded(text)
    }
}

fn cashier(text: &mut String, one: &CashierBooks, look: Look) {
    let CashierBooks { name, currency, books, time_zone } = one;
    let title = format!("Books of {} at {name}, in {currency}", books.day);
    let _ = writeln!(text, "{}", look.paint(Tone::Title, &title));
    let side = |text: &mut String, what: &str, side: Side, each: &str| {
        let Side { count, amount, fee, net } = side;
        let _ = writeln!(text, "  {what}: {}, {amount}, fees {fee}, net {net}", many(count, each));
    };
    side(text, "ledger", books.ledger, "document");
    side(text, "settled", books.settled, "row");
    if books.deposits.is_some() {
        let _ = writeln!(text, "  bank: {}", books.bank);
    }
    let _ = write!(text, "  matched: {}, {}", books.matched.count, books.matched.amount);
    match books.matched.on_other_days {
        0 => text.push('\n'),
        others => {
            let _ = writeln!(
                text,
                "; {others} of them settled with another day than they were due with"
            );
        }
    }
    for file in books.files.iter().filter(|file| file.is_later) {
        let (name, at) = (escaped(&file.name), with_zone(file.taken_at, *time_zone));
        let Side { count, amount, .. } = file.brought;
        let rows = many(count, "row");
        let _ = writeln!(text, "  moved by {name}, taken {at}: {rows}, {amount}");
    }
    let mut lists = Lists { text, look, zone: *time_zone };
    lists.books(books);
}

struct Lists<'t> {
    text: &'t mut String,
    look: Look,
    zone: Zone,
}

impl Lists<'_> {
    fn books(&mut self, books: &DayBooks) {
        let zone = self.zone;
        let entry = |entry: &LedgerEntry| of_entry(entry, zone);
        let row = |row: &SettlementRow| of_row(row, zone);
        let pair = |pair: &Pair| {
            let fee = |fee: Option<_>| fee.map_or("unknown".to_owned(), |fee| format!("{fee}"));
            format!(
                "{}: ledger {} (fee {}), settled {} (fee {})",
                printable(&pair.entry.id),
                pair.entry.signed(),
                fee(pair.entry.fee),
                pair.row.row.amount,
                fee(Some(pair.row.row.fee)),
            )
        };
        let keyless = |one: &Keyless| match &one.suggested {
            Some(id) => format!("{}; perhaps {}", of_row(&one.row, zone), printable(id)),
            None => of_row(&one.row, zone),
        };
        self.list(Tone::Bad, "only in the ledger", &books.only_ledger, entry);
        self.list(Tone::Bad, "only settled", &books.only_settled, row);
        self.list(Tone::Bad, "another amount", &books.amount_differs, pair);
        self.list(Tone::Bad, "another fee", &books.fee_differs, pair);
        self.list(Tone::Bad, "settled once more", &books.duplicate, row);
        self.list(Tone::Bad, "told otherwise before", &books.changed, row);
        self.list(Tone::Bad, "without a payment", &books.keyless, keyless);
        self.list(Tone::Plain, "not yet due", &books.not_yet_due, entry);
        self.list(Tone::Warning, "taken back by the payer's bank", &books.chargebacks, row);
        self.list(Tone::Plain, "fees and adjustments", &books.other, row);
        let deposits = books.deposits.as_deref().unwrap_or_default();
        self.list(Tone::Plain, "deposits", deposits, of_batch);
    }

    fn list<T>(&mut self, tone: Tone, title: &str, all: &[T], line: impl Fn(&T) -> String) {
        if all.is_empty() {
            return;
        }
        let title = format!("{title}: {}", all.len());
        let _ = writeln!(self.text, "  {}", self.look.paint(tone, &title));
        for one in all.iter().take(SHOWN_MAX) {
            let _ = writeln!(self.text, "    {}", line(one));
        }
        if let Some(more) = all.len().checked_sub(SHOWN_MAX).filter(|more| *more > 0) {
            let _ = writeln!(self.text, "    and {more} more: --json has all of them");
        }
    }
}

fn many(count: u64, thing: &str) -> String {
    lists::many(usize::try_from(count).unwrap_or(usize::MAX), thing)
}

fn named(text: &str, nothing: &str) -> String {
    if text.is_empty() { nothing.to_owned() } else { printable(text).to_string() }
}

fn of_entry(entry: &LedgerEntry, zone: Zone) -> String {
    let (id, at) = (printable(&entry.id), with_zone(entry.at, zone));
    format!("{} {id}: {}, {at}", entry.kind, entry.signed())
}

fn of_row(row: &SettlementRow, zone: Zone) -> String {
    let (payment, at) = (named(&row.payment, "no payment"), with_zone(row.at, zone));
    let transaction = printable(&row.transaction);
    format!("{} {payment} ({transaction}): {}, fee {}, {at}", row.kind, row.amount, row.fee)
}

fn of_batch(seen: &BatchSeen) -> String {
    let BatchSeen { batch, state, settled, deposited, day } = seen;
    let day = day.map(|day| format!(" on {day}")).unwrap_or_default();
    format!("{}: {state}; settled {settled}, deposited {deposited}{day}", named(batch, "no batch"))
}
