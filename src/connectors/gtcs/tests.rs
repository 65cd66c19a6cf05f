//! Reports as bytes, and accounts that take them.

use chrono::{DateTime, NaiveDate, Utc};
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::gtcs::{Server, Wrong};
use ivms_sync_simulators::service::{Mishap, Settings as Service};
use ivms_sync_simulators::zone::Zone as TheirZone;

use super::Settings;
use super::config::AccountCodes;
use crate::config::{RecipientSettings, Secret, Tls};
use crate::connectors::testing::wiring;
use crate::model::Amount;
use crate::model::testing::zone;
use crate::ports::{Class, DayBooks, Document, Movement, Recipient, Standing};

const KEYS: [&str; 2] =
    ["2ed6657d-e927-568b-95e1-2665a8aea6a2", "a6f3b0a4-5d5c-5b43-8d8b-0c9b2c7d6a11"];

/// The report of the reference.
const REPORT: &str = r#"{ "reportPeriod": { "from": "2024-01-01T05:00:00.000Z", "to": "2024-01-02T04:59:59.999Z" },
  "transactions": [ { "transactionId": "txn_123", "timestamp": "2024-01-01T10:00:00.000Z", "amount": 4.75, "type": "PARKING_PAYMENT",
                      "zone": "A1", "paymentMethod": "CREDIT_CARD", "accountingCode": "4100-PARKING-REVENUE" } ],
  "summary": { "totalRevenue": 4.75, "totalTransactions": 1, "processingFees": 0.25, "netRevenue": 4.50 } }"#;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn settings(url: &str, name: &str) -> Settings {
    let code = || "4100-PARKING-REVENUE".to_owned();
    Settings {
        section: "gtcs.finance".to_owned(),
        url: url.parse().unwrap(),
        tls: Tls::System,
        secret: Secret::new("service-secret-1".to_owned()),
        codes: AccountCodes { payments: code(), refunds: code() },
        time_zone: zone(name),
        transactions_max: 5000,
    }
}

/// Accounts at the first instant after the first of January in New York.
struct World {
    server: Server,
    settings: Settings,
    accounts: Box<dyn Recipient>,
}

impl World {
    fn new() -> Self {
        let clock = Clock::fixed(at("2024-01-02T05:00:00Z"));
        let server = Server::start(Service { clock, ..Service::default() });
        let settings = settings(&server.url(), "America/New_York");
        let accounts = settings.connect(wiring()).unwrap();
        Self { server, settings, accounts }
    }

    fn read(&self, text: &str) -> Result<Document, String> {
        let read = self.settings.document(text.as_bytes(), self.server.clock().now());
        read.map_err(|error| error.pointer)
    }

    fn send(&self, document: &Document) -> Standing {
        let key = KEYS[usize::from(!document.id.as_str().ends_with(":1"))];
        self.accounts.send(document, key, None).unwrap()
    }

    fn state(&self, document: &Document) -> Standing {
        self.accounts.state(document, KEYS[0]).unwrap()
    }
}

fn movement(id: &str, when: &str, minor: i64) -> Movement {
    Movement {
        id: id.to_owned(),
        at: at(when),
        amount: Amount::minor(minor),
        zone: "A1".to_owned(),
        method: "CREDIT_CARD".to_owned(),
    }
}

#[test]
fn the_report_of_the_reference() {
    let world = World::new();
    let document = world.read(REPORT).unwrap();
    assert_eq!(
        (document.id.as_str(), document.bytes.as_slice()),
        ("gtcs:2024-01-01:1", REPORT.as_bytes())
    );
    assert_eq!(world.accounts.try_login(), Ok(()));
    assert_eq!(world.state(&document), Standing::Never);
    let told =
        r#"{"reportId":"gtcs:2024-01-01:1","status":"ACCEPTED","transactions":1,"revenue":"4.75"}"#;
    assert_eq!(world.send(&document), Standing::Confirmed(told.to_owned()));
    assert_eq!(world.state(&document), Standing::Confirmed(told.to_owned()));
    assert_eq!(
        (world.server.reports(day("2024-01-01")), world.server.revenue(day("2024-01-01"))),
        (1, 475)
    );
    assert_eq!(world.server.violations(), [""; 0]);
}

/// Mutants: one wrong sum leaves.
#[test]
fn reports_that_are_none() {
    let world = World::new();
    for (from, to, pointer) in [
        ("\"totalRevenue\": 4.75", "\"totalRevenue\": 4.76", "/summary/totalRevenue"),
        ("\"totalRevenue\": 4.75", "\"totalRevenue\": 4.7500000001", "/summary/totalRevenue"),
        ("\"totalRevenue\": 4.75", "\"totalRevenue\": \"4.75\"", "/summary/totalRevenue"),
        ("\"totalTransactions\": 1", "\"totalTransactions\": 287", "/summary/totalTransactions"),
        ("\"totalTransactions\": 1", "\"totalTransactions\": 1.0", "/summary/totalTransactions"),
        ("0.25", "-0.25", "/summary/processingFees"),
        ("0.25", "0.24", "/summary/netRevenue"),
        ("4.50", "4.5", "/summary/netRevenue"),
        ("\"amount\": 4.75", "\"amount\": 4.750", "/transactions/0/amount"),
        ("\"amount\": 4.75", "\"amount\": 475e-2", "/transactions/0/amount"),
        ("\"amount\": 4.75", "\"amount\": -4.75", "/transactions/0/amount"),
        ("\"amount\": 4.75", "\"amount\": 0.00", "/transactions/0/amount"),
        ("4100-PARKING-REVENUE", "9999", "/transactions/0/accountingCode"),
        ("PARKING_PAYMENT", "PROCESSING_FEE", "/transactions/0/type"),
        ("CREDIT_CARD", "4111111111111111", "/transactions/0/paymentMethod"),
        ("\"A1\"", "\"\"", "/transactions/0/zone"),
        ("txn_123", "", "/transactions/0/transactionId"),
        ("2024-01-01T10:00:00.000Z", "2024-01-01T04:59:59.999Z", "/transactions/0/timestamp"),
        ("2024-01-01T10:00:00.000Z", "2024-01-02T05:00:00.000Z", "/transactions/0/timestamp"),
        ("2024-01-01T10:00:00.000Z", "2024-01-01T10:00:00", "/transactions/0/timestamp"),
        ("2024-01-01T05:00:00.000Z", "2024-01-01T00:00:00.000Z", "/reportPeriod/from"),
        ("2024-01-02T04:59:59.999Z", "2024-01-02T05:00:00.000Z", "/reportPeriod/to"),
        ("2024-01-02T04:59:59.999Z", "2024-01-02T04:59:59.999+00:00", "/reportPeriod/to"),
        ("\"summary\"", "\"currency\": \"EUR\", \"summary\"", "/currency"),
        ("\"summary\"", "\"revision\": 0, \"summary\"", "/revision"),
        ("\"summary\"", "\"corrects\": \"gtcs:2024-01-01:1\", \"summary\"", "/corrects"),
        (
            "\"summary\"",
            "\"revision\": 3, \"corrects\": \"gtcs:2024-01-01:3\", \"summary\"",
            "/corrects",
        ),
    ] {
        assert!(REPORT.contains(from), "{from}");
        assert_eq!(world.read(&REPORT.replacen(from, to, 1)), Err(pointer.to_owned()), "{to}");
    }
    let row = &REPORT[REPORT.find("{ \"transactionId\"").unwrap()..REPORT.find(" ],").unwrap()];
    let twice = REPORT.replace(row, &format!("{row}, {row}"));
    assert_eq!(world.read(&twice), Err("/transactions/1/transactionId".to_owned()));
    world.server.clock().set(at("2024-01-02T04:59:59.999Z"));
    assert_eq!(world.read(REPORT), Err("/reportPeriod/to".to_owned()), "the day is not over");
}

/// Mutants: a wrong answer confirms.
#[test]
fn answers_that_do_not_check() {
    for wrong in [
        Wrong::CountOff(1),
        Wrong::RevenueOff(-1),
        Wrong::Difference,
        Wrong::OtherDocument,
        Wrong::UnknownStatus,
    ] {
        let world = World::new();
        world.server.set(|switches| switches.wrong = wrong);
        let document = world.read(REPORT).unwrap();
        assert!(matches!(world.send(&document), Standing::Doubtful(_)), "{wrong:?}");
        world.server.set(|switches| switches.wrong_state = wrong);
        assert!(matches!(world.state(&document), Standing::Doubtful(_)), "{wrong:?}");
        world.server.set(|switches| switches.wrong_state = Wrong::Nothing);
        assert!(matches!(world.state(&document), Standing::Confirmed(_)));
        assert_eq!(world.server.violations(), [""; 0]);
    }
    let world = World::new();
    world.server.set(|switches| switches.slow_acceptance = true);
    let document = world.read(REPORT).unwrap();
    assert!(matches!(world.send(&document), Standing::Pending(_)));
    assert!(matches!(world.state(&document), Standing::Pending(_)));
    world.server.accept_all();
    assert!(matches!(world.state(&document), Standing::Confirmed(_)));
}

#[test]
fn a_day_is_reported_once() {
    let world = World::new();
    let document = world.read(REPORT).unwrap();
    for mishap in [Mishap::LostBefore, Mishap::FailsAfter(500)] {
        world.server.trouble(|troubles| troubles.documents = vec![mishap]);
        let failure = world.accounts.send(&document, KEYS[0], None).unwrap_err();
        assert_eq!(failure.class, Class::Unknown, "{mishap:?}");
        let is_there = world.state(&document) != Standing::Never;
        assert_eq!(is_there, mishap == Mishap::FailsAfter(500));
    }
    world.server.forget_keys();
    assert!(matches!(world.send(&document), Standing::Confirmed(_)), "409 with the same content");
    let other = REPORT.replace("4.75", "4.80").replace("4.50", "4.55");
    let other = world.read(&other).unwrap();
    world.server.forget_keys();
    assert!(matches!(world.send(&other), Standing::Otherwise(_)));
    assert_eq!(world.server.revenue(day("2024-01-01")), 475);
    let correction = r#""revision": 2, "corrects": "gtcs:2024-01-01:1", "summary""#;
    let text = String::from_utf8(other.bytes).unwrap().replace("\"summary\"", correction);
    let correction = world.read(&text).unwrap();
    assert_eq!(correction.id.as_str(), "gtcs:2024-01-01:2");
    assert!(matches!(world.send(&correction), Standing::Confirmed(_)));
    assert_eq!(
        (world.server.reports(day("2024-01-01")), world.server.revenue(day("2024-01-01"))),
        (2, 480)
    );
    world.server.trouble(|troubles| troubles.tells_state = false);
    assert_eq!(world.state(&document), Standing::Unaskable);
    assert_eq!(world.server.violations(), [""; 0]);
}

/// A day whose first report was refused has none that a second one could correct.
#[test]
fn a_revision_corrects_what_was_taken_and_a_report_has_an_end() {
    let world = World::new();
    let second =
        world.read(&REPORT.replace("\"summary\"", "\"revision\": 2, \"summary\"")).unwrap();
    assert_eq!(second.id.as_str(), "gtcs:2024-01-01:2");
    assert!(matches!(world.send(&second), Standing::Confirmed(_)));
    assert_eq!(world.server.violations(), [""; 0]);
    for corrects in ["gtcs:2024-01-01:2", "gtcs:2024-01-02:1", "gtcs:2024-01-01:0"] {
        let head = format!("\"revision\": 2, \"corrects\": \"{corrects}\", \"summary\"");
        let text = REPORT.replace("\"summary\"", &head);
        assert_eq!(world.read(&text).unwrap_err(), "/corrects", "{corrects}");
    }
    let mut settings = settings("http://127.0.0.1:1/", "America/New_York");
    settings.transactions_max = 0;
    let now = world.server.clock().now();
    let error = settings.document(REPORT.as_bytes(), now).unwrap_err();
    assert_eq!(error.pointer, "/transactions");
}

/// Mutants: a refund is added; the order of the ledger is that of the report; a sum goes through floating point.
#[test]
fn a_report_is_written_from_the_books() {
    let world = World::new();
    let mut books = DayBooks {
        day: day("2024-01-01"),
        revision: 1,
        corrects: None,
        fees: Amount::minor(25),
        movements: vec![
            movement("txn_2", "2024-01-02T04:59:59.999999Z", -119),
            movement("txn_1", "2024-01-01T05:00:00Z", 475),
        ],
    };
    let bytes = world.settings.report(&books).unwrap();
    let want = concat!(
        r#"{"reportPeriod":{"from":"2024-01-01T05:00:00.000Z","to":"2024-01-02T04:59:59.999Z"},"transactions":["#,
        r#"{"transactionId":"txn_1","timestamp":"2024-01-01T05:00:00.000Z","amount":4.75,"type":"PARKING_PAYMENT","#,
        r#""zone":"A1","paymentMethod":"CREDIT_CARD","accountingCode":"4100-PARKING-REVENUE"},"#,
        r#"{"transactionId":"txn_2","timestamp":"2024-01-02T04:59:59.999Z","amount":1.19,"type":"REFUND","#,
        r#""zone":"A1","paymentMethod":"CREDIT_CARD","accountingCode":"4100-PARKING-REVENUE"}],"#,
        r#""summary":{"totalRevenue":3.56,"totalTransactions":2,"processingFees":0.25,"netRevenue":3.31}}"#
    );
    assert_eq!(String::from_utf8(bytes.clone()).unwrap(), want);
    let document = world.settings.document(&bytes, at("2024-01-02T05:00:00Z")).unwrap();
    assert!(matches!(world.send(&document), Standing::Confirmed(_)));
    (books.revision, books.corrects) = (2, Some(1));
    books.movements.clear();
    let bytes = world.settings.report(&books).unwrap();
    let document = world.settings.document(&bytes, at("2024-01-02T05:00:00Z")).unwrap();
    assert_eq!(document.id.as_str(), "gtcs:2024-01-01:2");
    assert!(matches!(world.send(&document), Standing::Confirmed(_)));
    assert_eq!(world.server.report(day("2024-01-01")).unwrap().revenue, 0);
    assert_eq!(world.server.violations(), [""; 0]);
    // Largest amounts, and a day that there is not.
    let most = 1 << 53;
    books.movements =
        vec![movement("a", "2024-01-01T12:00:00Z", most), movement("b", "2024-01-01T12:00:00Z", 1)];
    let text = String::from_utf8(world.settings.report(&books).unwrap()).unwrap();
    assert!(text.contains("\"totalRevenue\":90071992547409.93,"));
    let skipped = DayBooks { day: day("2011-12-30"), ..books };
    assert_eq!(settings("http://127.0.0.1:1/", "Pacific/Apia").report(&skipped), None);
}

/// Days of 23, 24½ and 25 hours, by clocks that were made independently.
#[test]
fn days_of_other_lengths() {
    for (name, theirs, days) in [
        ("America/New_York", TheirZone::new_york(), ["2024-03-10", "2024-11-03"]),
        ("Australia/Lord_Howe", TheirZone::lord_howe(), ["2024-04-07", "2024-10-06"]),
    ] {
        let clock = Clock::fixed(at("2025-01-01T00:00:00Z"));
        let server = Server::start(Service { clock, ..Service::default() });
        server.set(|switches| switches.zone = theirs);
        let settings = settings(&server.url(), name);
        let accounts = settings.connect(wiring()).unwrap();
        for (one, key) in days.into_iter().zip(KEYS) {
            let period = settings.report_day(day(one)).unwrap();
            let books = DayBooks {
                day: day(one),
                revision: 1,
                corrects: None,
                fees: Amount::ZERO,
                movements: vec![
                    Movement {
                        at: period.start,
                        ..movement(&format!("{one}-first"), "2024-01-01T00:00:00Z", 1)
                    },
                    Movement {
                        at: period.end - chrono::TimeDelta::nanoseconds(1),
                        ..movement(&format!("{one}-last"), "2024-01-01T00:00:00Z", 2)
                    },
                ],
            };
            let bytes = settings.report(&books).unwrap();
            let document = settings.document(&bytes, at("2025-01-01T00:00:00Z")).unwrap();
            let standing = accounts.send(&document, key, None);
            assert!(matches!(standing, Ok(Standing::Confirmed(_))), "{one}: {standing:?}");
        }
        assert_eq!(server.violations(), [""; 0]);
    }
}
