//! Files in a folder, and what is counted of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::config::{BankColumns, BankConfig, Books, SettlementConfig, Spool};
use crate::engine::books::{DepositState, Taken, look, take_spools};
use crate::exit::Exit;
use crate::files::seal::{SealKey, seal};
use crate::model::{Currency, SourceName};
use crate::store::{LedgerSpan, Store};
use crate::trouble::TroubleWord;

struct Office {
    folder: TempDir,
    store: Store,
    config: Books,
}

impl Office {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        let spool = |before: &str, has_trailer| Spool {
            folder: folder.path().to_owned(),
            name: (before.to_owned(), ".csv".to_owned()),
            format: FileFormat { has_trailer, ..format() },
        };
        let currency = Currency::new("USD").unwrap();
        let calendar = calendar();
        let settlement = SettlementConfig {
            name: SourceName::new("cashier").unwrap(),
            currency: currency.clone(),
            spool: spool("STL-", true),
            cutoff: calendar.cutoff,
            due_by: calendar.due_by,
            time_zone: calendar.zone,
        };
        let columns = BankColumns {
            date: "date".into(),
            amount: "amount".into(),
            batch: "batch".into(),
            currency: "currency".into(),
        };
        let bank = BankConfig {
            name: SourceName::new("bank").unwrap(),
            currency,
            spool: spool("BANK-", false),
            columns,
            arrives_within: 2,
        };
        Self {
            folder,
            store,
            config: Books { settlements: vec![settlement], banks: vec![bank], opens_with: None },
        }
    }

    fn put(&self, name: &str, content: &(impl AsRef<[u8]> + ?Sized)) {
        fs::write(self.folder.path().join(name), content).unwrap();
    }

    fn take(&self, now: &str) -> Taken {
        take_spools(&self.config, &self.store, at(now)).unwrap()
    }

    fn words(&self, now: &str) -> Vec<TroubleWord> {
        self.take(now).troubles.iter().map(crate::trouble::Trouble::word).collect()
    }

    fn rows(&self, day: NaiveDate) -> Vec<SettledRow> {
        let mut rows = Vec::new();
        self.each(day, |_, settled| rows.extend(settled));
        rows
    }

    fn each(&self, day: NaiveDate, take: impl FnMut(Vec<LedgerEntry>, Vec<SettledRow>)) {
        let (from, until) = calendar().around(day);
        let span = LedgerSpan { cashier: "cashier", day, from, until };
        self.store.books().each_payment(span, take).unwrap();
    }

    fn settled(&self, day: NaiveDate) -> (usize, Amount) {
        let rows = self.rows(day);
        let rows = rows.iter().filter(|one| one.row.day == day);
        let amount = rows.clone().map(|one| one.row.amount).sum();
        (rows.count(), amount)
    }
}

/// A file of payments: transaction, day of January, amount.
fn file(rows: &[(u32, u32, i64)]) -> String {
    let line = |(txn, day, minor): &(u32, u32, i64)| {
        format!(
            "2024-01-{day:02},B{day},R,t{txn},p{txn},PAYMENT,{minor},0,{minor},USD,2024-01-{day:02}T15:00:00Z\n"
        )
    };
    let sum: i64 = rows.iter().map(|(_, _, minor)| minor).sum();
    let lines: String = rows.iter().map(line).collect();
    format!("{HEADER}\n{lines}TRAILER,{},{sum},0,{sum}\n", rows.len())
}

#[test]
fn a_file_counts_once_and_so_does_a_row() {
    let office = Office::new();
    office.put("STL-1.csv", &file(&[(1, 2, 475), (2, 2, 200)]));
    office.put(".STL-2.csv.part", "half a file");
    office.put("other.csv", "something else");
    let taken = office.take("2024-01-03T13:00:00Z");
    assert_eq!((taken.files.len(), taken.troubles.len()), (1, 0));
    assert_eq!((taken.files[0].rows, taken.files[0].added), (2, 2));
    assert_eq!(office.take("2024-01-03T14:00:00Z").files, []);
    // The same under another name: said once, and never counted.
    office.put("STL-1-again.csv", &file(&[(1, 2, 475), (2, 2, 200)]));
    assert_eq!(office.words("2024-01-03T15:00:00Z"), [TroubleWord::FileRepeated]);
    assert_eq!(office.words("2024-01-03T16:00:00Z"), []);
    // Written anew, with the same content.
    fs::remove_file(office.folder.path().join("STL-1.csv")).unwrap();
    office.put("STL-1.csv", &file(&[(1, 2, 475), (2, 2, 200)]));
    assert_eq!(office.words("2024-01-03T17:00:00Z"), []);
    // A week that overlaps moves the day.
    office.put("STL-week.csv", &file(&[(1, 2, 475), (2, 2, 200), (3, 2, 100), (4, 3, 50)]));
    let taken = office.take("2024-01-09T13:00:00Z");
    assert_eq!((taken.files[0].added, &taken.files[0].moved), (2, &vec![day("2024-01-02")]));
    assert_eq!(taken.troubles[0].word(), TroubleWord::DaysMoved);
    assert_eq!(office.settled(day("2024-01-02")), (3, Amount::minor(775)));
    let books = &look(&office.config, &office.store, day("2024-01-02"), at("2024-01-09T14:00:00Z"))
        .unwrap()[0]
        .books;
    assert_eq!(books.files.iter().map(|one| one.is_later).collect::<Vec<_>>(), [false, true]);
    assert_eq!(books.files[1].brought.amount, Amount::minor(100));
}

#[test]
fn a_row_twice_and_a_row_that_changed() {
    let office = Office::new();
    office.put("STL-1.csv", &file(&[(1, 2, 475), (2, 2, 200), (1, 2, 475)]));
    let taken = office.take("2024-01-03T13:00:00Z");
    assert_eq!((taken.files[0].added, taken.files[0].repeated), (2, 1));
    office.put("STL-2.csv", &file(&[(1, 2, 476)]));
    let taken = office.take("2024-01-04T13:00:00Z");
    assert_eq!((taken.files[0].added, taken.files[0].changed), (0, 1));
    assert_eq!(office.settled(day("2024-01-02")), (2, Amount::minor(675)));
    let books = look(&office.config, &office.store, day("2024-01-02"), at("2024-01-04T14:00:00Z"));
    let books = &books.unwrap()[0].books;
    assert_eq!((books.duplicate.len(), books.changed.len()), (1, 1));
    assert_eq!(books.changed[0].amount, Amount::minor(476));
    assert_eq!(books.settled.amount, Amount::minor(675));
}

/// P14: what is refused changes nothing, and is refused until it is right.
#[test]
fn a_refused_file_changes_nothing() {
    let office = Office::new();
    office.put("STL-1.csv", &file(&[(1, 2, 475)]));
    office.take("2024-01-03T13:00:00Z");
    let before = office.settled(day("2024-01-02"));
    let broken = file(&[(1, 2, 475), (2, 2, 200)]).replace("TRAILER,2", "TRAILER,3");
    office.put("STL-2.csv", &broken);
    for _ in 0..2 {
        assert_eq!(office.words("2024-01-04T13:00:00Z"), [TroubleWord::FileRefused]);
        assert_eq!(office.settled(day("2024-01-02")), before);
        assert_eq!(office.store.books().next_file().unwrap(), 2);
    }
    office.put("STL-2.csv", &file(&[(1, 2, 475), (2, 2, 200)]));
    assert_eq!(office.take("2024-01-04T14:00:00Z").files[0].added, 1);
    // A folder in the place of a file, and no folder at all.
    fs::create_dir(office.folder.path().join("STL-3.csv")).unwrap();
    assert_eq!(office.words("2024-01-04T15:00:00Z"), [TroubleWord::FileRefused]);
    let mut office = office;
    office.config.settlements[0].spool.folder = Path::new("/nowhere/at/all").to_owned();
    assert_eq!(office.words("2024-01-04T16:00:00Z"), [TroubleWord::SpoolUnread]);
}

#[test]
fn an_empty_file_is_of_the_day_in_its_name() {
    let office = Office::new();
    office.put("STL-20240102.csv", &file(&[]));
    office.put("STL-x.csv", &format!("{}\n", file(&[])));
    office.take("2024-01-05T13:00:00Z");
    let parts = |text| office.store.books().parts_of_day("cashier", day(text)).unwrap().len();
    assert_eq!((parts("2024-01-02"), parts("2024-01-03"), parts("2024-01-04")), (1, 0, 1));
}

#[test]
fn the_bank_is_read_too() {
    let office = Office::new();
    office.put("STL-1.csv", &file(&[(1, 2, 475), (2, 2, 200)]));
    office.put(
        "BANK-1.csv",
        "date,batch,amount\n2024-01-03,B2,400\n2024-01-03,B2,275\n2024-01-03,X,1\n",
    );
    // Weeks of the bank overlap as well; two equal deposits are two.
    office.put(
        "BANK-2.csv",
        "date,batch,amount\n2024-01-03,B2,400\n2024-01-03,B2,275\n2024-01-04,Y,5\n2024-01-04,Y,5\n",
    );
    let taken = office.take("2024-01-05T13:00:00Z");
    assert_eq!(taken.files.iter().map(|one| one.added).collect::<Vec<_>>(), [2, 3, 2]);
    let books = look(&office.config, &office.store, day("2024-01-02"), at("2024-01-09T13:00:00Z"));
    let books = &books.unwrap()[0].books;
    let seen = &books.deposits.as_ref().unwrap()[0];
    assert_eq!((seen.state, seen.deposited), (DepositState::Equal, Amount::minor(675)));
    let stray =
        crate::engine::books::unsettled_deposits(&office.config, &office.store, day("2024-01-04"));
    assert_eq!(stray.unwrap().len(), 2);
}

#[test]
fn the_ledger_is_kept_and_found_by_day_and_payment() {
    let office = Office::new();
    let usd = Currency::new("USD").unwrap();
    let books = office.store.books();
    let mut one = paid("p1", 475, "2024-01-02T17:00:00Z");
    one.fee = Some(Amount::minor(25));
    one.transaction = Some("t1".into());
    books.enter(&one, &usd).unwrap();
    books.enter(&one, &usd).unwrap();
    books.enter(&paid("p9", 100, "2024-02-02T17:00:00Z"), &usd).unwrap();
    let of = |text| {
        let mut entries = Vec::new();
        office.each(day(text), |known, _| entries.extend(known));
        entries
    };
    assert_eq!(of("2024-01-02"), [one]);
    assert_eq!(of("2024-01-20"), []);
    office.put("STL-1.csv", &file(&[(9, 20, 100)]));
    office.take("2024-01-21T13:00:00Z");
    assert_eq!(of("2024-01-20")[0].id, "p9", "its payment is settled that day");
    let shares = office.store.books().shares("cashier", day("2024-01-01"), day("2024-02-01"));
    assert_eq!(shares.unwrap(), [(day("2024-01-20"), 1, 1)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// P13: over any files that overlap, each transaction counts once, as it was first told.
    #[test]
    fn a_row_is_counted_once(
        files in prop::collection::vec(
            prop::collection::vec((0..6_u32, 2..5_u32, 1..3_i64), 0..8), 1..5),
    ) {
        let office = Office::new();
        let mut first: BTreeMap<u32, (u32, i64)> = BTreeMap::new();
        for (place, rows) in files.iter().enumerate() {
            office.put(&format!("STL-{place}.csv"), &file(rows));
            for (txn, day, minor) in rows {
                first.entry(*txn).or_insert((*day, *minor));
            }
            let hour = 1 + place;
            let taken = office.take(&format!("2024-01-10T{hour:02}:00:00Z"));
            for taken in &taken.files {
                let odd = taken.repeated + taken.changed;
                prop_assert!(taken.added + odd <= taken.rows);
            }
        }
        for number in 2..5 {
            let of_day = || first.values().filter(|(day, _)| *day == number);
            let want = (of_day().count(), of_day().map(|(_, minor)| Amount::minor(*minor)).sum());
            let date = day(&format!("2024-01-{number:02}"));
            prop_assert_eq!(office.settled(date), want);
            // What files brought adds up to the same.
            let parts = office.store.books().parts_of_day("cashier", date).unwrap();
            let parts: Amount = parts.iter().map(|(part, _)| part.amount).sum();
            prop_assert_eq!(parts, want.1);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What is read payment by payment is all there is of each, and each once.
    #[test]
    fn payments_come_whole(
        sold in prop::collection::btree_set(0..12_u32, 0..8),
        settled in prop::collection::btree_map(0..12_u32, 2..4_u32, 0..12),
    ) {
        let office = Office::new();
        let usd = Currency::new("USD").unwrap();
        for id in &sold {
            let entry = paid(&format!("p{id}"), 1, "2024-01-02T17:00:00Z");
            office.store.books().enter(&entry, &usd).unwrap();
        }
        let rows: Vec<_> = settled.iter().map(|(id, day)| (*id, *day, 1)).collect();
        office.put("STL-1.csv", &file(&rows));
        office.take("2024-01-10T13:00:00Z");
        let mut found = Vec::new();
        office.each(day("2024-01-02"), |entries, rows| {
            let entry = entries.first().map(|one| one.payment.clone());
            let row = rows.first().map(|one| one.row.payment.clone());
            found.push((entry.clone().or(row).unwrap(), entries.len(), rows.len()));
        });
        let all: std::collections::BTreeSet<u32> = sold.iter().chain(settled.keys()).copied().collect();
        let mut want: Vec<_> = all
            .into_iter()
            .filter(|id| sold.contains(id) || settled.get(id) == Some(&2))
            .map(|id| {
                let has = |there: bool| usize::from(there);
                (format!("p{id}"), has(sold.contains(&id)), has(settled.contains_key(&id)))
            })
            .collect();
        want.sort();
        prop_assert_eq!(found, want);
    }
}

/// The identity of the age test kit and its public key: see `files::seal`.
const IDENTITY: &str = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
const RECIPIENT: &str = "age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryef";

/// A file that came sealed counts as what it holds, once; one that was touched on its way, or is for somebody else,
/// counts for nothing.
#[test]
fn sealed_files_count_by_what_they_hold_or_not_at_all() {
    let mut office = Office::new();
    office.config.settlements[0].spool.name.1 = ".csv.age".to_owned();
    let text = file(&[(1, 2, 475), (2, 2, 200)]);
    let key: SealKey = RECIPIENT.parse().unwrap();
    let sealed = seal(std::slice::from_ref(&key), text.as_bytes()).unwrap();
    office.put("STL-1.csv.age", &sealed);
    assert_eq!(office.words("2024-01-03T13:00:00Z"), [TroubleWord::FileRefused], "no key");
    office.config.opens_with = Some(IDENTITY.parse().unwrap());
    let mut changed = sealed.clone();
    let place = sealed.len() - 20;
    changed[place] ^= 1;
    let other: SealKey =
        "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg".parse().unwrap();
    let foreign = seal(&[other], text.as_bytes()).unwrap();
    for (content, why) in [
        (changed.as_slice(), "changed on its way"),
        (&sealed[..sealed.len() - 1], "changed on its way"),
        (&sealed[..20], "changed on its way"),
        (text.as_bytes(), "changed on its way"),
        (&[], "changed on its way"),
        (foreign.as_slice(), "another key"),
    ] {
        office.put("STL-1.csv.age", content);
        let taken = office.take("2024-01-03T13:10:00Z");
        let troubles: Vec<_> = taken.troubles.iter().collect();
        assert!(matches!(troubles.as_slice(), [one] if one.text().contains(why)), "{troubles:?}");
        assert_eq!(troubles[0].exit(), Exit::Unacceptable);
        assert_eq!((taken.files.len(), office.settled(day("2024-01-02")).0), (0, 0), "{why}");
    }
    // More than one piece of 64 KiB, of which the second was changed: nothing of the first counts.
    let rows: Vec<_> = (0..2000).map(|n| (n, 2, 100)).collect();
    let mut long = seal(std::slice::from_ref(&key), file(&rows).as_bytes()).unwrap();
    let place = long.len() - 20;
    long[place] ^= 128;
    office.put("STL-1.csv.age", &long);
    assert_eq!(office.words("2024-01-03T13:20:00Z"), [TroubleWord::FileRefused]);
    assert_eq!(office.settled(day("2024-01-02")).0, 0);
    office.put("STL-1.csv.age", &sealed);
    assert_eq!(office.words("2024-01-03T13:30:00Z"), []);
    assert_eq!(office.settled(day("2024-01-02")), (2, Amount::minor(675)));
    // The same content, sealed once more, is the same file.
    office.put("STL-2.csv.age", &seal(&[key], text.as_bytes()).unwrap());
    assert_eq!(office.words("2024-01-03T14:00:00Z"), [TroubleWord::FileRepeated]);
}

/// Whoever puts files there may give them any name.
#[cfg(unix)]
#[test]
fn no_name_of_a_file_steers_a_terminal() {
    let office = Office::new();
    office.put("STL-\u{1b}[31m\u{202e}.csv", "no settlement");
    let text = office.take("2024-01-03T13:00:00Z").troubles[0].text();
    assert!(text.starts_with("STL-\\u{1b}[31m\\u{202e}.csv "), "{text:?}");
}

/// What will be settled some day is not settled.
#[test]
fn rows_of_the_day_after_tomorrow_are_refused() {
    let office = Office::new();
    office.put("STL-1.csv", &file(&[(1, 4, 475)]));
    let now = "2024-01-02T13:00:00Z";
    assert_eq!(office.words(now), [TroubleWord::FileRefused]);
    assert_eq!(office.words("2024-01-03T13:00:00Z"), [], "tomorrow's, by then");
}
