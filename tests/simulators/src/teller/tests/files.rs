//! Files of what was settled, and of the bank.

use std::fs;

use super::*;

/// Two payments of one day, one of the evening, one with a card that is deposited apart; a refund.
fn busy() -> Server {
    let server = cashier();
    server.capture("p2", 200, 10, at("2024-01-01T22:59:59Z"));
    server.capture("p3", 300, 15, at("2024-01-01T23:00:00Z"));
    server.capture_from(Card::Amex, "p4", 1000, 50, at("2024-01-01T18:00:00Z"));
    assert_eq!(post(&server, "refunds", 0, &refund("refund_1", "119")).unwrap().status, 201);
    server
}

fn with(flaw: Flaw) -> Shape {
    Shape { flaw, ..Shape::default() }
}

#[test]
fn a_good_file() {
    let server = busy();
    assert_eq!(
        server.settlement(day("2024-01-01")).text(&Shape::default()),
        "settlementDate,batchId,merchantReference,tellerTransactionId,paymentId,type,amount,fee,net,currency,capturedAt\n\
         2024-01-01,BATCH-2024-001-001,STAMFORD-PARK-001,teller_txn_1,park_payment_123,PAYMENT,475,25,450,USD,2024-01-01T15:00:00Z\n\
         2024-01-01,BATCH-2024-001-001,STAMFORD-PARK-001,teller_txn_2,p2,PAYMENT,200,10,190,USD,2024-01-01T22:59:59Z\n\
         2024-01-01,BATCH-2024-001-002,STAMFORD-PARK-001,teller_txn_4,p4,PAYMENT,1000,50,950,USD,2024-01-01T18:00:00Z\n\
         2024-01-01,BATCH-2024-001-001,STAMFORD-PARK-001,teller_txn_5,park_payment_123,REFUND,-119,0,-119,USD,2024-01-01T17:00:00Z\n\
         TRAILER,4,1556,85,1471\n"
    );
    let next = server.settlement(day("2024-01-02"));
    assert_eq!(next.rows.len(), 1, "after the cut-off: the next day");
    let major = Shape { unit: Unit::Major, ..Shape::default() };
    assert!(
        next.text(&major).ends_with(
            "PAYMENT,3.00,0.15,2.85,USD,2024-01-01T23:00:00Z\nTRAILER,1,3.00,0.15,2.85\n"
        )
    );
    let week = server.settlement_of(day("2023-12-26"), day("2024-01-02"));
    assert_eq!(week.rows.len(), 5, "a file of a week overlaps with those of its days");
    assert_eq!(
        server.settlement(day("2024-01-03")).text(&Shape::default()).lines().last(),
        Some("TRAILER,0,0,0,0")
    );
}

#[test]
fn every_broken_file() {
    let server = busy();
    let file = server.settlement(day("2024-01-01"));
    let good = file.text(&Shape::default());
    let last = |flaw| file.text(&with(flaw)).lines().last().unwrap().to_owned();
    assert_eq!(last(Flaw::TrailerCount), "TRAILER,5,1556,85,1471");
    assert_eq!(last(Flaw::TrailerSum), "TRAILER,4,1557,85,1471");
    assert_eq!(last(Flaw::TrailerFee), "TRAILER,4,1556,86,1471");
    assert_eq!(last(Flaw::TrailerNet), "TRAILER,4,1556,85,1472");
    assert!(good.starts_with(&file.text(&with(Flaw::NoTrailer))));
    assert!(last(Flaw::NoTrailer).contains("REFUND"));
    assert!(good.starts_with(&file.text(&with(Flaw::Cut))));
    assert!(!file.text(&with(Flaw::Cut)).ends_with('\n'));
    assert!(last(Flaw::RowsAfterTrailer).contains("REFUND"));
    assert!(file.text(&with(Flaw::RowsAfterTrailer)).contains("\nTRAILER,3,1675,85,1590\n"));
    let keyless = file.text(&with(Flaw::MissingColumn("paymentId")));
    assert!(!keyless.contains("paymentId") && !keyless.contains("park_payment_123"));
    assert_eq!(keyless.lines().next().unwrap().split(',').count(), 10);
    assert!(file.text(&with(Flaw::OtherUnit)).contains(",4.75,0.25,4.50,"));
    let major = Shape { unit: Unit::Major, flaw: Flaw::OtherUnit, ..Shape::default() };
    assert_eq!(file.text(&major), good);
    assert!(file.text(&with(Flaw::Hundredfold)).contains(",47500,2500,45000,"));
    assert_eq!(last(Flaw::Hundredfold), "TRAILER,4,155600,8500,147100");
    assert_eq!(file.text(&with(Flaw::Empty)), "");
    assert!(file.text(&with(Flaw::Keyless)).contains(",teller_txn_1,,PAYMENT,475,"));
    assert_eq!(file.text(&with(Flaw::DuplicateRow)).matches("teller_txn_1,").count(), 2);
    assert_eq!(last(Flaw::DuplicateRow), "TRAILER,5,2031,110,1921");
    assert!(file.text(&with(Flaw::ChangedRow)).contains(",476,25,451,"));
    assert!(file.text(&with(Flaw::NetOff)).contains(",475,25,449,"));
    assert!(String::from_utf8(file.bytes(&with(Flaw::NotUtf8))).is_err());
    assert_eq!(file.bytes(&Shape::default()), good.as_bytes());
}

#[test]
fn good_files_look_different() {
    let file = busy().settlement(day("2024-01-01"));
    let shape = Shape { byte_order_mark: true, crlf: true, quoted: true, ..Shape::default() };
    let text = file.text(&shape);
    assert!(text.starts_with("\u{feff}\"settlementDate\",\"batchId\""));
    assert!(text.ends_with("\"TRAILER\",\"4\",\"1556\",\"85\",\"1471\"\r\n"));
    let shape = Shape { other_columns: true, ..Shape::default() };
    let text = file.text(&shape);
    assert!(text.starts_with("capturedAt,currency,"));
    assert!(text.contains(",2024-01-01,\"=1+1, \"\"7\"\"\"\n"));
}

#[test]
fn what_comes_late() {
    let server = busy();
    server.post(Kind::Chargeback, "p2", -200, at("2024-01-09T17:00:00Z"));
    let file = server.settlement(day("2024-01-09")).text(&Shape::default());
    assert!(file.contains(",p2,CHARGEBACK,-200,0,-200,"));
    assert_eq!(server.money("p2"), 0);
    server.tell_in_file_of("p4", day("2024-01-08"));
    assert_eq!(server.settlement(day("2024-01-01")).rows.len(), 3);
    let retroactive = server.settlement(day("2024-01-08"));
    assert_eq!((retroactive.rows.len(), retroactive.rows[0].day), (1, day("2024-01-01")));
}

#[test]
fn the_bank() {
    let server = busy();
    let bank = server.deposits(day("2024-01-01"), day("2024-01-02"));
    assert_eq!(
        bank.text(Unit::Major),
        "depositDate,batchId,amount,currency\n\
         2024-01-02,BATCH-2024-001-001,5.21,USD\n\
         2024-01-03,BATCH-2024-001-002,9.50,USD\n\
         2024-01-03,BATCH-2024-002-001,2.85,USD\n"
    );
    let settled: i64 = server.settlement(day("2024-01-01")).rows.iter().map(|row| row.net).sum();
    assert_eq!(bank.rows[0].amount + bank.rows[1].amount, settled, "one ledger");
}

#[test]
fn the_spool() {
    let folder = std::env::temp_dir().join(format!("teller-spool-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let server = busy();
    let (file, name) =
        (server.settlement(day("2024-01-01")), settlement::name(day("2024-01-01"), 1));
    assert_eq!(name, "STL-20240101.01.csv");
    let path = file.spool(&folder, &name, &Shape::default()).unwrap();
    assert_eq!(fs::read(path).unwrap(), file.bytes(&Shape::default()));
    server
        .deposits(day("2024-01-01"), day("2024-01-02"))
        .spool(&folder, "bank.csv", Unit::Minor)
        .unwrap();
    let mut names: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(names, ["STL-20240101.01.csv", "bank.csv"], "nothing half written is left");
}
