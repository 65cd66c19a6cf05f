//! Days, each with one thing that is as it should not be.

use super::*;
use crate::engine::books::{BatchKnown, DepositState};
use crate::model::{Deposit, RowOddity};
use crate::store::{FileKept, OddRow, PartKept};
use crate::trouble::BooksTrouble;

const DAY: &str = "2024-01-02";
const NOON: &str = "2024-01-02T17:00:00Z";
/// Two days later, when all is due.
const LATER: &str = "2024-01-05T17:00:00Z";

fn part(file: i64, taken: &str, rows: u64) -> (PartKept, FileKept) {
    let (amount, fee, net) = (Amount::minor(1), Amount::ZERO, Amount::minor(1));
    let part = PartKept { day: day(DAY), batch: "B1".into(), file, rows, amount, fee, net };
    let (section, sha256) = ("cashier".to_owned(), format!("{file}"));
    let name = format!("STL-{file}.csv");
    (
        part,
        FileKept { id: file, section, sha256, name, taken_at: at(taken), rows, amount, fee, net },
    )
}

/// What is known of a day that one file has told of.
fn known(entries: Vec<LedgerEntry>, rows: Vec<SettledRow>) -> Told {
    let parts = vec![part(1, "2024-01-03T13:00:00Z", 1)];
    Told { entries, rows, known: Known { parts, ..Known::default() } }
}

fn look(told: Told) -> DayBooks {
    compare(day(DAY), LATER, told)
}

fn payment(txn: &str, payment: &str, minor: i64, moment: &str) -> SettledRow {
    row(SettlementKind::Payment, txn, payment, minor, moment)
}

#[test]
fn all_agrees() {
    let books = look(known(
        vec![
            paid("p1", 475, NOON),
            entry(LedgerKind::Refund, "r1", "p1", 119, "2024-01-02T20:00:00Z"),
        ],
        vec![
            payment("t1", "p1", 475, NOON),
            row(SettlementKind::Refund, "t2", "p1", -119, "2024-01-02T20:00:00Z"),
        ],
    ));
    assert_eq!((books.differences(), &books.alarms), (0, &vec![]));
    assert_eq!((books.matched.count, books.matched.amount), (2, Amount::minor(356)));
    assert_eq!(books.ledger.amount, books.settled.amount);
    assert_eq!(books.matched.on_other_days, 0);
}

#[test]
fn each_category() {
    let books = look(known(
        vec![
            paid("lost", 100, NOON),
            paid("wrong", 200, NOON),
            LedgerEntry { fee: Some(Amount::minor(5)), ..paid("fee", 300, NOON) },
            paid("twice", 400, NOON),
            paid("evening", 500, "2024-01-02T23:00:00Z"),
            paid("keyless", 600, NOON),
        ],
        vec![
            payment("t1", "wrong", 201, NOON),
            payment("t2", "fee", 300, NOON),
            payment("t3", "twice", 400, NOON),
            payment("t4", "twice", 400, NOON),
            payment("t5", "nobody", 700, NOON),
            payment("t6", "", 600, NOON),
            row(SettlementKind::Chargeback, "t7", "old", -50, NOON),
            row(SettlementKind::Fee, "t8", "", -30, NOON),
            row(SettlementKind::Adjustment, "t9", "", 20, NOON),
        ],
    ));
    let ids = |entries: &[LedgerEntry]| -> Vec<String> {
        entries.iter().map(|one| one.id.clone()).collect()
    };
    let transactions = |rows: &[SettlementRow]| -> Vec<String> {
        rows.iter().map(|one| one.transaction.clone()).collect()
    };
    assert_eq!(ids(&books.only_ledger), ["keyless", "lost"]);
    assert_eq!(ids(&books.not_yet_due), Vec::<String>::new(), "due by now, on its own day");
    assert_eq!(transactions(&books.only_settled), ["t5"]);
    assert_eq!(books.amount_differs[0].entry.id, "wrong");
    assert_eq!(books.fee_differs[0].entry.id, "fee");
    assert_eq!(transactions(&books.duplicate), ["t4"]);
    assert_eq!(transactions(&books.chargebacks), ["t7"]);
    assert_eq!(transactions(&books.other), ["t8", "t9"]);
    assert_eq!(books.keyless[0].suggested.as_deref(), Some("keyless"));
    assert_eq!(books.matched.count, 1);
    assert_eq!(books.differences(), 7);
    assert_eq!(books.alarms.last(), Some(&BooksTrouble::Differ { day: day(DAY), count: 7 }));
    let all: i64 = 201 + 300 + 400 + 400 + 700 + 600 - 50 - 30 + 20;
    assert_eq!((books.settled.count, books.settled.amount), (9, Amount::minor(all)));
}

#[test]
fn what_is_behind_the_cutoff_is_not_yet_due() {
    let evening = || known(vec![paid("evening", 500, "2024-01-02T23:00:00Z")], vec![]);
    let books = compare(day(DAY), "2024-01-03T13:00:00Z", evening());
    assert_eq!((books.not_yet_due.len(), books.differences()), (1, 0));
    // Its own day says that it is missing.
    let next = compare(day("2024-01-03"), LATER, evening());
    assert_eq!((next.only_ledger.len(), next.ledger.count), (1, 1));
    // What was of the evening before is of this day.
    let before = known(
        vec![paid("p", 500, "2024-01-01T23:00:00Z")],
        vec![payment("t", "p", 500, "2024-01-01T23:00:00Z")],
    );
    assert_eq!((look(before.clone()).matched.count, look(before).differences()), (1, 0));
}

#[test]
fn no_file_is_late_only_when_it_is_due() {
    let of = |entry| Told { entries: vec![entry], ..Told::default() };
    let waiting = || of(paid("p1", 475, NOON));
    let books = compare(day(DAY), "2024-01-03T16:59:59Z", waiting());
    assert_eq!((books.not_yet_due.len(), books.alarms.len()), (1, 0));
    let books = compare(day(DAY), "2024-01-03T17:00:00Z", waiting());
    assert_eq!(books.alarms, [BooksTrouble::FileLate { day: day(DAY) }]);
    assert_eq!(books.differences(), 0);
    // Nothing on a Saturday needs no file; something does.
    let saturday = day("2024-01-06");
    let now = "2024-01-08T17:00:00Z";
    assert_eq!(compare(saturday, now, Told::default()).alarms, []);
    let sold = of(paid("p1", 475, "2024-01-06T17:00:00Z"));
    assert_eq!(compare(saturday, now, sold).alarms.len(), 1);
}

#[test]
fn an_empty_file() {
    let known = Known { parts: vec![part(1, LATER, 0)], ..Known::default() };
    let empty = Told { known, ..Told::default() };
    assert_eq!(look(empty.clone()).alarms, [BooksTrouble::FileEmpty { day: day(DAY) }]);
    assert_eq!(compare(day("2024-01-06"), LATER, empty).alarms, []);
}

#[test]
fn a_key_that_is_gone_and_few_that_match() {
    let rows = |payment: &dyn Fn(usize) -> String| -> Vec<SettledRow> {
        (0..10).map(|n| self::payment(&format!("t{n}"), &payment(n), 100, NOON)).collect()
    };
    let entries: Vec<_> = (0..10).map(|n| paid(&format!("p{n}"), 100, NOON)).collect();
    let books = look(known(entries.clone(), rows(&|_| String::new())));
    assert_eq!(books.alarms[0], BooksTrouble::KeyGone { rows: 10 });
    let suggested: std::collections::BTreeSet<_> =
        books.keyless.iter().filter_map(|one| one.suggested.clone()).collect();
    assert_eq!((suggested.len(), books.matched.count), (10, 0), "named once each, taken never");
    let few = |matched: usize, usual: &[(u64, u64)]| {
        let key = |n| if n < matched { format!("p{n}") } else { format!("x{n}") };
        let mut told = known(entries.clone(), rows(&key));
        told.known.usual = usual.to_vec();
        let is_few = |one: &BooksTrouble| matches!(one, BooksTrouble::FewMatched { .. });
        look(told).alarms.iter().any(is_few)
    };
    let usual = [(100, 90), (50, 45), (10, 1), (20, 19), (0, 0)];
    assert!(few(4, &usual), "40 where 90 are usual");
    assert!(!few(5, &usual));
    assert!(!few(0, &usual[..2]), "two days say nothing");
    assert!(!few(1, &[(10, 2), (10, 2), (10, 2)]));
}

#[test]
fn amounts_in_the_other_unit() {
    let ledger = || vec![paid("p1", 475, NOON), paid("p2", 200, NOON)];
    let times = |one: i64, other: i64| {
        let rows = vec![payment("t1", "p1", one, NOON), payment("t2", "p2", other, NOON)];
        let alarms = look(known(ledger(), rows)).alarms;
        alarms.into_iter().find(|one| matches!(one, BooksTrouble::OtherUnit { .. }))
    };
    assert_eq!(times(47_500, 20_000), Some(BooksTrouble::OtherUnit { is_more: true }));
    assert_eq!(times(47_500, 200), None);
    assert_eq!(times(475, 200), None);
    let rows = vec![payment("t1", "p1", 5, NOON)];
    let less = look(known(vec![paid("p1", 500, NOON)], rows)).alarms;
    assert_eq!(less[0], BooksTrouble::OtherUnit { is_more: false });
}

#[test]
fn refunds_are_paired_by_transaction_amount_and_order() {
    let refund = |id: &str, minor, moment: &str| entry(LedgerKind::Refund, id, "p", minor, moment);
    let back = |txn: &str, minor: i64| row(SettlementKind::Refund, txn, "p", minor, NOON);
    let (first, second) = ("2024-01-02T16:00:00Z", "2024-01-02T16:30:00Z");
    let books = look(known(
        vec![refund("r1", 100, first), refund("r2", 50, second)],
        vec![back("t1", -50), back("t2", -100), back("t3", -100), back("t4", -7)],
    ));
    assert_eq!(books.matched.count, 2);
    assert_eq!(books.duplicate[0].transaction, "t3", "given back twice");
    assert_eq!(books.only_settled[0].transaction, "t4");
    // The name of the movement tells them apart where it is known.
    let of = |id: &str, txn: &str| LedgerEntry {
        transaction: Some(txn.into()),
        ..refund(id, 100, first)
    };
    let books =
        look(known(vec![of("r1", "t2"), of("r2", "t9")], vec![back("t1", -60), back("t2", -90)]));
    let pairs: Vec<_> = books
        .amount_differs
        .iter()
        .map(|pair| (pair.entry.id.as_str(), pair.row.row.transaction.as_str()))
        .collect();
    assert_eq!(pairs, [("r1", "t2"), ("r2", "t1")]);
}

#[test]
fn a_pair_over_two_days_belongs_to_both() {
    let entries = || vec![paid("p1", 475, NOON)];
    let late = SettledRow {
        row: SettlementRow { day: day("2024-01-03"), ..payment("t1", "p1", 475, NOON).row },
        file: 1,
    };
    let books = look(known(entries(), vec![late.clone()]));
    assert_eq!((books.matched.count, books.matched.on_other_days), (1, 1));
    assert_eq!((books.settled.count, books.ledger.count, books.differences()), (0, 1, 0));
    let next = compare(day("2024-01-03"), LATER, known(entries(), vec![late]));
    assert_eq!((next.matched.on_other_days, next.settled.count, next.ledger.count), (1, 1, 0));
}

#[test]
fn deposits() {
    for (settled, deposits, today, want) in [
        (521, vec![(521, "2024-01-03")], LATER, DepositState::Equal),
        (521, vec![(500, "2024-01-03"), (21, "2024-01-04")], LATER, DepositState::Equal),
        (521, vec![(521, "2024-01-05")], LATER, DepositState::Late),
        (521, vec![(520, "2024-01-03")], LATER, DepositState::Differs),
        (521, vec![(521, "2024-01-03"), (521, "2024-01-03")], LATER, DepositState::Differs),
        (521, vec![], LATER, DepositState::Missing),
        (521, vec![], "2024-01-04T17:00:00Z", DepositState::Awaited),
        (0, vec![], LATER, DepositState::Equal),
        (-10, vec![(-10, "2024-01-04")], LATER, DepositState::Equal),
    ] {
        let deposit = |(minor, on): &(i64, &str)| Deposit {
            day: day(on),
            batch: "B1".to_owned(),
            amount: Amount::minor(*minor),
        };
        let deposits: Vec<_> = deposits.iter().map(deposit).collect();
        let batch = BatchKnown { batch: "B1".into(), settled: Amount::minor(settled), deposits };
        let mut told = known(Vec::new(), Vec::new());
        (told.known.batches, told.known.arrives_within) = (vec![batch], Some(2));
        let books = compare(day(DAY), today, told);
        let seen = books.deposits.as_ref().unwrap();
        assert_eq!(seen[0].state, want, "{seen:?}");
        let is_wrong = matches!(want, DepositState::Differs | DepositState::Missing);
        assert_eq!(books.differences(), usize::from(is_wrong), "{seen:?}");
    }
    assert_eq!(look(known(Vec::new(), Vec::new())).deposits, None, "no bank");
}

#[test]
fn odd_rows_and_later_files() {
    let odd =
        |what, txn: &str| OddRow { file: 1, line: 7, what, row: payment(txn, "p1", 475, NOON).row };
    let known = Known {
        odd: vec![odd(RowOddity::Repeated, "t1"), odd(RowOddity::Changed, "t2")],
        parts: vec![
            part(1, "2024-01-03T13:00:00Z", 1),
            part(2, "2024-01-03T13:00:00Z", 1),
            part(3, "2024-01-09T13:00:00Z", 2),
        ],
        ..Known::default()
    };
    let books = look(Told { known, ..Told::default() });
    assert_eq!((books.duplicate.len(), books.changed.len(), books.settled.count), (1, 1, 0));
    let later: Vec<bool> = books.files.iter().map(|file| file.is_later).collect();
    assert_eq!(later, [false, false, true]);
}
