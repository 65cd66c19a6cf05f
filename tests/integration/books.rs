//! `diff --day`: what we know of money, what was settled, and what the bank was given, with the real binary and the
//! files of a strict cashier.

use std::fs;

use chrono::{DateTime, Days, NaiveDate, Utc};
use ivms_sync::model::{Amount, Currency, LedgerEntry, LedgerKind, MinorUnits};
use ivms_sync::store::Store;
use ivms_sync_simulators::service::Settings;
use ivms_sync_simulators::teller::{Card, Flaw, Kind, Server, Shape, Unit, name};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::pinned::instant;
use super::support::schema::assert_valid;
use super::support::{Said, binary, said};

/// A Tuesday; two days later all of it is due.
const DAY: &str = "2024-01-02";
const NOON: &str = "2024-01-02T17:00:00Z";
const NEXT: &str = "2024-01-03T14:00:00Z";
const LATER: &str = "2024-01-05T17:00:00Z";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A cashier, the folders that files arrive in, and the ledger as it was entered.
struct Office {
    folder: TempDir,
    cashier: Server,
}

impl Office {
    fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cashier = Server::start(Settings::default());
        let config = format!(
            "time_zone = \"America/New_York\"\n\
             [teller.cashier]\nurl = \"{}\"\nsecret = {{ env = \"TELLER_KEY\" }}\ncurrency = \"USD\"\n\
             [teller.cashier.settlement]\nspool = \"in/teller/STL-*.csv\"\namounts = \"minor\"\n{more}\n",
            cashier.url()
        );
        fs::write(folder.path().join("ivms-sync.toml"), config).unwrap();
        fs::create_dir_all(folder.path().join("in/teller")).unwrap();
        fs::create_dir_all(folder.path().join("in/bank")).unwrap();
        Self { folder, cashier }
    }

    fn with_bank() -> Self {
        Self::new(
            "[bank.operating]\nspool = \"in/bank/*.csv\"\namounts = \"major\"\ncurrency = \"USD\"",
        )
    }

    fn run(&self, now: &str, arguments: &[&str]) -> Said {
        let mut command = binary(self.folder.path());
        command.env("IVMS_SYNC_TEST_NOW", now).env("TELLER_KEY", "service-secret-1");
        said(command.args(arguments))
    }

    /// The books of a day as JSON.
    #[track_caller]
    fn look(&self, now: &str, code: i32, day: &str) -> Value {
        let found = self.run(now, &["--json", "diff", "--day", day]).ends(code).json();
        assert_valid(&found);
        found
    }

    /// Somebody paid; the ledger knows it too.
    fn sell(&self, card: Card, id: &str, minor: i64, fee: i64, at: &str) {
        self.cashier.capture_from(card, id, minor, fee, instant(at));
        self.enter(LedgerKind::Payment, id, id, minor, Some(fee), instant(at));
    }

    fn enter(
        &self,
        kind: LedgerKind,
        id: &str,
        payment: &str,
        minor: i64,
        fee: Option<i64>,
        at: DateTime<Utc>,
    ) {
        let store = Store::open(&self.folder.path().join("ivms-sync.db")).unwrap();
        let entry = LedgerEntry {
            cashier: "cashier".into(),
            id: id.into(),
            kind,
            payment: payment.into(),
            transaction: None,
            amount: MinorUnits::from_digits(&minor.to_string()).unwrap(),
            fee: fee.map(Amount::minor),
            at,
            batch: None,
            zone: None,
            method: None,
        };
        store.books().enter(&entry, &Currency::new("USD").unwrap()).unwrap();
    }

    fn spool(&self, name: &str, of: &str, shape: &Shape) {
        let folder = self.folder.path().join("in/teller");
        self.cashier.settlement(day(of)).spool(&folder, name, shape).unwrap();
    }

    fn bank(
        &self,
        name: &str,
        until: &str,
        change: impl FnOnce(&mut Vec<ivms_sync_simulators::teller::Deposit>),
    ) {
        let mut deposits = self.cashier.deposits(day("2024-01-01"), day(until));
        change(&mut deposits.rows);
        deposits.spool(&self.folder.path().join("in/bank"), name, Unit::Major).unwrap();
    }
}

/// Two cards, a refund and a payment of the evening.
fn a_day(office: &Office) {
    office.sell(Card::Common, "p1", 475, 25, NOON);
    office.sell(Card::Common, "p2", 200, 10, "2024-01-02T18:30:00Z");
    office.sell(Card::Amex, "p3", 1000, 50, "2024-01-02T19:00:00Z");
    office.sell(Card::Common, "p4", 300, 15, "2024-01-02T23:30:00Z");
}

fn with(flaw: Flaw) -> Shape {
    Shape { flaw, ..Shape::default() }
}

fn kinds(found: &Value) -> Vec<&str> {
    let problems = found["problems"].as_array().unwrap().iter();
    problems.map(|one| one["kind"].as_str().unwrap()).collect()
}

fn cashier(found: &Value) -> &Value {
    &found["books"]["cashiers"][0]
}

#[test]
fn three_books_agree() {
    let office = Office::with_bank();
    a_day(&office);
    office.spool("STL-1.csv", DAY, &Shape::default());
    office.bank("1.csv", DAY, |_| ());
    let found = office.look(LATER, 0, DAY);
    let books = cashier(&found);
    assert_eq!(books["matched"], json!({"count": 3, "amount": "16.75", "on_other_days": 0}));
    assert_eq!(books["ledger"], books["settled"]);
    assert_eq!(books["settled"]["fee"], "0.85");
    assert_eq!((&books["bank"], &books["settled"]["net"]), (&json!("15.90"), &json!("15.90")));
    let states: Vec<_> =
        books["deposits"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["equal", "equal"]);
    assert_eq!(found["books"]["taken"].as_array().unwrap().len(), 2);
    // Nothing is taken twice, and the text says the same.
    assert_eq!(office.look(LATER, 0, DAY)["books"]["taken"], json!([]));
    let text = office.run(LATER, &["diff", "--day", DAY]).ends(0).stdout;
    assert!(text.contains("matched: 3, 16.75") && text.contains("net 15.90"), "{text}");
    // The evening belongs to the next day, and is not missed before that is due.
    let early = office.run("2024-01-03T14:00:00Z", &["--json", "diff", "--day", "yesterday"]);
    assert_eq!(cashier(&early.ends(0).json())["not_yet_due"][0]["id"], "p4");
    office.spool("STL-2.csv", "2024-01-03", &Shape::default());
    office.bank("2.csv", "2024-01-03", |_| ());
    assert_eq!(cashier(&office.look(LATER, 0, "2024-01-03"))["matched"]["count"], 1);
}

#[test]
fn every_broken_file_is_refused_and_changes_nothing() {
    let office = Office::new("");
    a_day(&office);
    for (place, flaw) in [
        Flaw::TrailerCount,
        Flaw::TrailerSum,
        Flaw::TrailerFee,
        Flaw::TrailerNet,
        Flaw::NoTrailer,
        Flaw::Cut,
        Flaw::RowsAfterTrailer,
        Flaw::MissingColumn("paymentId"),
        Flaw::MissingColumn("fee"),
        Flaw::OtherUnit,
        Flaw::Empty,
        Flaw::NetOff,
        Flaw::NotUtf8,
    ]
    .into_iter()
    .enumerate()
    {
        let file = format!("STL-{place}.csv");
        office.spool(&file, DAY, &with(flaw));
        let found = office.look(NEXT, 65, DAY);
        assert_eq!(kinds(&found), ["file-refused"], "{flaw:?}");
        let books = cashier(&found);
        assert_eq!(
            (&books["settled"]["count"], &books["files"]),
            (&json!(0), &json!([])),
            "{flaw:?}"
        );
        assert_eq!(found["books"]["taken"], json!([]), "{flaw:?}");
        fs::remove_file(office.folder.path().join("in/teller").join(file)).unwrap();
    }
    // In other clothes it is a good one.
    let shape = Shape {
        byte_order_mark: true,
        crlf: true,
        quoted: true,
        other_columns: true,
        ..Shape::default()
    };
    office.spool("STL-good.csv", DAY, &shape);
    assert_eq!(cashier(&office.look(NEXT, 0, DAY))["matched"]["count"], 3);
}

#[test]
fn files_that_are_whole_and_wrong() {
    for (flaw, alarms, category, count) in [
        (Flaw::Hundredfold, vec!["other-unit", "books-differ"], "amount_differs", 3),
        (Flaw::Keyless, vec!["key-gone", "books-differ"], "keyless", 3),
        (Flaw::DuplicateRow, vec!["books-differ"], "duplicate", 1),
        (Flaw::ChangedRow, vec!["books-differ"], "amount_differs", 1),
    ] {
        let office = Office::new("");
        a_day(&office);
        office.spool("STL-1.csv", DAY, &with(flaw));
        let found = office.look(NEXT, 4, DAY);
        assert_eq!(kinds(&found), alarms, "{flaw:?}");
        assert_eq!(cashier(&found)[category].as_array().unwrap().len(), count, "{flaw:?}");
        if flaw == Flaw::Keyless {
            let books = cashier(&found);
            assert_eq!(
                (&books["keyless"][0]["suggested"], &books["matched"]["count"]),
                (&json!("p1"), &json!(0))
            );
        }
        if flaw == Flaw::DuplicateRow {
            assert_eq!(cashier(&found)["settled"]["count"], 3, "a row counts once");
        }
    }
}

#[test]
fn the_same_file_twice_and_weeks_that_overlap() {
    let office = Office::new("");
    a_day(&office);
    office.spool(&name(day(DAY), 1), DAY, &Shape::default());
    office.look(NEXT, 0, DAY);
    office.spool(&name(day(DAY), 2), DAY, &Shape::default());
    assert_eq!(kinds(&office.look(NEXT, 4, DAY)), ["file-repeated"]);
    assert_eq!(kinds(&office.look(NEXT, 0, DAY)), Vec::<&str>::new(), "said once");
    // A row that comes a week later moves the day, and says so.
    office.cashier.capture("late", 120, 6, instant(NOON));
    office.enter(LedgerKind::Payment, "late", "late", 120, None, instant(NOON));
    assert_eq!(cashier(&office.look(NEXT, 4, DAY))["only_ledger"][0]["id"], "late");
    let week = office.cashier.settlement_of(day("2024-01-01"), day("2024-01-07"));
    let folder = office.folder.path().join("in/teller");
    week.spool(&folder, "STL-week.csv", &Shape::default()).unwrap();
    let found = office.look("2024-01-08T14:00:00Z", 0, DAY);
    assert_eq!(found["books"]["taken"][0]["moved_days"], json!([DAY]));
    let books = cashier(&found);
    assert_eq!((&books["matched"]["count"], &books["settled"]["count"]), (&json!(4), &json!(4)));
    assert_eq!(
        (&books["files"][1]["later"], &books["files"][1]["amount"]),
        (&json!(true), &json!("1.20"))
    );
}

#[test]
fn deposits_that_miss_differ_or_wait() {
    let office = Office::with_bank();
    a_day(&office);
    office.spool("STL-1.csv", DAY, &Shape::default());
    let states = |found: &Value| -> Vec<String> {
        let deposits = cashier(found)["deposits"].as_array().unwrap().clone();
        deposits.iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states(&office.look(NEXT, 0, DAY)), ["awaited", "awaited"]);
    office.bank("1.csv", DAY, |rows| {
        rows.truncate(1);
        rows[0].amount -= 1;
    });
    let found = office.look(LATER, 4, DAY);
    assert_eq!(states(&found), ["differs", "missing"]);
    assert_eq!(kinds(&found), ["books-differ"]);
}

#[test]
fn a_file_that_does_not_come_is_late() {
    let office = Office::new("due_by = \"10:00\"");
    a_day(&office);
    office.look(NEXT, 0, DAY);
    let found = office.look("2024-01-03T15:00:00Z", 5, DAY);
    assert_eq!(kinds(&found), ["file-late"]);
    assert_eq!(cashier(&found)["only_ledger"], json!([]), "nobody can say that yet");
    // A file without rows on a weekday is one that somebody must ask for.
    office.spool(&name(day("2024-01-04"), 1), "2024-01-09", &Shape::default());
    assert_eq!(kinds(&office.look(LATER, 4, "2024-01-04")), ["file-empty"]);
}

#[test]
fn few_that_match_where_nearly_all_do() {
    let office = Office::new("");
    let mut payments = 0;
    let mut date = day("2024-01-02");
    for _ in 0..5 {
        for _ in 0..10 {
            payments += 1;
            let at = format!("{date}T17:00:00Z");
            // On the last day the cashier calls them otherwise.
            match date == day("2024-01-06") {
                false => office.sell(Card::Common, &format!("p{payments}"), 100, 5, &at),
                true => office.cashier.capture(&format!("x{payments}"), 100, 5, instant(&at)),
            }
        }
        office.spool(&name(date, 1), &date.to_string(), &Shape::default());
        date = date + Days::new(1);
    }
    office.look("2024-01-08T17:00:00Z", 0, "2024-01-05");
    let found = office.look("2024-01-08T17:00:00Z", 4, "2024-01-06");
    assert_eq!(kinds(&found), ["few-matched", "books-differ"]);
}

#[test]
fn chargebacks_fees_and_refunds() {
    let office = Office::new("");
    a_day(&office);
    let post =
        |kind, minor| office.cashier.post(kind, "p1", minor, instant("2024-01-02T20:00:00Z"));
    post(Kind::Refund, -119);
    post(Kind::Chargeback, -100);
    post(Kind::Adjustment, 7);
    office.enter(LedgerKind::Refund, "refund_1", "p1", 119, None, instant("2024-01-02T20:00:00Z"));
    office.spool("STL-1.csv", DAY, &Shape::default());
    let found = office.look(NEXT, 0, DAY);
    let books = cashier(&found);
    assert_eq!(
        (&books["matched"]["count"], &books["ledger"]["amount"]),
        (&json!(4), &json!("15.56"))
    );
    assert_eq!(books["chargebacks"][0]["payment"], "p1");
    assert_eq!(books["other"].as_array().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_asked() {
    let office = Office::new("");
    for arguments in [
        &["diff", "--day", "2024-13-01"][..],
        &["diff", "--day", "tomorrow"],
        &["diff", "--day", DAY, "--violations"],
        &["diff", "--day", DAY, "--out", "plan.json"],
        &["diff", "--day", DAY, "--only", "150002"],
    ] {
        office.run(LATER, arguments).ends(64);
    }
    office.run(NEXT, &["diff", "--day", "2024-01-04"]).ends(64);
    let path = office.folder.path().join("ivms-sync.toml");
    let good = fs::read_to_string(&path).unwrap();
    for (from, to, words) in [
        ("amounts = \"minor\"", "", "amounts: is missing"),
        ("amounts = \"minor\"", "amounts = \"cents\"", "none of"),
        ("STL-*.csv", "STL.csv", "no pattern"),
        ("amounts = \"minor\"", "amounts = \"minor\"\ncutoff = \"6 pm\"", "time of day"),
        ("amounts = \"minor\"", "amounts = \"minor\"\ndates = \"YYYY\"", "no format"),
        ("amounts = \"minor\"", "amounts = \"minor\"\nseparator = \"x\"", "none of"),
    ] {
        fs::write(&path, good.replace(from, to)).unwrap();
        let told = office.run(LATER, &["diff", "--day", DAY]).ends(78);
        assert!(told.stderr.contains(words), "{to}: {}", told.stderr);
    }
    let alone = good.split("[teller.cashier.settlement]").next().unwrap();
    fs::write(&path, alone).unwrap();
    office.run(LATER, &["diff", "--day", DAY]).ends(64);
    let bank =
        "[bank.cashier]\nspool = \"in/bank/*.csv\"\namounts = \"major\"\ncurrency = \"USD\"\n";
    fs::write(&path, format!("{alone}{bank}")).unwrap();
    let told = office.run(LATER, &["diff", "--day", DAY]).ends(78);
    assert!(
        told.stderr.contains("same name") && told.stderr.contains("nothing is settled"),
        "{}",
        told.stderr
    );
    // Nothing is written over a file that arrives.
    fs::write(&path, &good).unwrap();
    let told = office.run(LATER, &["diff", "--out", "in/teller/STL-9.csv"]).ends(64);
    assert!(told.stderr.contains("arrives"), "{}", told.stderr);
}

/// `check` looks into the folders and takes nothing; what is due and is not there fails.
#[test]
fn check_tells_what_lies_in_the_folders() {
    let office = Office::with_bank();
    office.sell(Card::Common, "p1", 475, 25, NOON);
    let early = office.run(NEXT, &["check"]).ends(0).stdout;
    assert!(early.contains("0 files in "), "{early}");
    let due = "2024-01-03T17:00:00Z";
    let late = office.run(due, &["check"]).ends(5).stdout;
    assert!(late.contains("no file has told of 2024-01-02, and it is due"), "{late}");
    office.spool("STL-1.csv", DAY, &Shape::default());
    for _ in 0..2 {
        let there = office.run(due, &["check"]).ends(0).stdout;
        assert!(there.contains("1 file in ") && there.contains("the next run takes 1"), "{there}");
    }
    office.run(due, &["sync"]);
    let taken = office.run(due, &["check"]).ends(0).stdout;
    assert!(taken.contains("1 file in ") && !taken.contains("the next run takes"), "{taken}");
    fs::remove_dir_all(office.folder.path().join("in/bank")).unwrap();
    let gone = office.run(due, &["check"]).ends(5).stdout;
    assert!(gone.contains("cannot be read"), "{gone}");
}
