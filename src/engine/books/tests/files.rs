//! Files as others write them.

use super::*;
use crate::config::BankColumns;
use crate::engine::books::{FileRefusal, ReadError, Totals, deposits, settlements};
use crate::model::Currency;

const GOOD: &str = "\
2024-01-01,B1,REF,t1,p1,PAYMENT,475,25,450,USD,2024-01-01T15:00:00Z
2024-01-01,B1,REF,t2,p1,REFUND,-119,0,-119,USD,2024-01-01T17:00:00Z
";

const NO_CARD: &str = "an id that is no number of a payment card";

fn read_as(text: &[u8], format: &FileFormat) -> Result<(Totals, Vec<SettlementRow>), FileRefusal> {
    let mut rows = Vec::new();
    let usd = Currency::new("USD").unwrap();
    let read = settlements(text, format, (&usd, day("2024-02-01")), |_, row| {
        let SettlementRow { batch, transaction, payment, .. } = *row;
        let (batch, transaction, payment) = (batch.into(), transaction.into(), payment.into());
        let SettlementRow { day, kind, amount, fee, net, at, .. } = *row;
        rows.push(SettlementRow { day, batch, transaction, payment, kind, amount, fee, net, at });
        Ok::<(), ()>(())
    });
    match read {
        Ok(totals) => Ok((totals, rows)),
        Err(ReadError::Refused(refusal)) => Err(refusal),
        Err(ReadError::Taker(())) => unreachable!(),
    }
}

fn read(text: &str) -> Result<(Totals, Vec<SettlementRow>), FileRefusal> {
    read_as(text.as_bytes(), &format())
}

fn whole(rows: &str, trailer: &str) -> String {
    format!("{HEADER}\n{rows}{trailer}\n")
}

#[test]
fn a_good_file() {
    let text = whole(GOOD, "TRAILER,2,356,25,331");
    let (totals, rows) = read(&text).unwrap();
    assert_eq!((totals.rows, totals.amount.to_string()), (2, "3.56".into()));
    assert_eq!((totals.fee.to_string(), totals.net.to_string()), ("0.25".into(), "3.31".into()));
    assert_eq!(totals.sha256.len(), 64);
    assert_eq!(rows[0].payment, "p1");
    assert_eq!(rows[1].amount, Amount::minor(-119));
    // The same in other clothes.
    let quoted = text.replace('\n', "\r\n").replace("REF,", "\"R\"\"E\nF,\",");
    let bom = format!("\u{feff}{text}");
    let padded = text.replace("331\n", "331,,,,,,\n");
    let quoted_header = format!("\u{feff}\"settlementDate\"{}", &text["settlementDate".len()..]);
    for other in [quoted, bom, padded, quoted_header, text.trim_end().to_owned()] {
        assert_eq!(read(&other).unwrap().1, rows, "{other:?}");
    }
    // Columns stand in any order, and others beside them.
    let columns = "capturedAt,x,currency,net,fee,amount,type,paymentId,tellerTransactionId,merchantReference,batchId,settlementDate";
    let other = format!(
        "{columns}\n2024-01-01T15:00:00Z,\"=1+1, 7\",USD,450,25,475,PAYMENT,p1,t1,REF,B1,2024-01-01\nTRAILER,1,475,25,450\n"
    );
    assert_eq!(read(&other).unwrap().1, rows[..1]);
    assert_eq!(read(&whole("", "TRAILER,0,0,0,0")).unwrap().1, []);
}

#[test]
fn every_broken_file_is_refused_whole() {
    use FileRefusal::*;
    let value = |line, column: &str, what| Value { line, column: column.into(), what };
    let trailer = "TRAILER,2,356,25,331";
    let with = |from: &str, to: &str| whole(&GOOD.replacen(from, to, 1), trailer);
    for (text, want) in [
        (String::new(), Empty),
        ("\n\n".into(), Empty),
        (whole(GOOD, ""), NoTrailer),
        (whole(GOOD, "TRAILER,3,356,25,331"), Count { stated: 3, found: 2 }),
        (
            whole(GOOD, "TRAILER,2,357,25,331"),
            Sum { what: "amount", stated: Amount::minor(357), found: Amount::minor(356) },
        ),
        (
            whole(GOOD, "TRAILER,2,356,26,331"),
            Sum { what: "fee", stated: Amount::minor(26), found: Amount::minor(25) },
        ),
        (
            whole(GOOD, "TRAILER,2,356,25,332"),
            Sum { what: "net", stated: Amount::minor(332), found: Amount::minor(331) },
        ),
        (whole(GOOD, "TRAILER,2,356,25"), BadTrailer(4)),
        (whole(GOOD, "TRAILER,+2,356,25,331"), BadTrailer(4)),
        (whole(GOOD, "TRAILER,2,3.56,25,331"), BadTrailer(4)),
        (whole(GOOD, "TRAILER,2,356,25,331,7"), BadTrailer(4)),
        (
            whole(GOOD, &format!("{trailer}\n{}", &GOOD[..GOOD.find('\n').unwrap()])),
            BehindTrailer(5),
        ),
        (whole(GOOD, &format!("{trailer}\n{trailer}")), BehindTrailer(5)),
        (whole(GOOD, trailer).replace("paymentId", "payment"), NoColumn("paymentId".into())),
        (
            whole(GOOD, trailer).replace("settlementDate", "fee,settlementDate"),
            ColumnTwice("fee".into()),
        ),
        (with("475,", ""), Fields(2)),
        (with("475,", "475,475,"), Fields(2)),
        (with("475", "4.75"), value(2, "amount", "an amount")),
        (with("475", "1,000"), Fields(2)),
        (with("475", "\"1,000\""), value(2, "amount", "an amount")),
        (with("475", ""), value(2, "amount", "an amount")),
        (with("475", "NaN"), value(2, "amount", "an amount")),
        (with("USD", "EUR"), value(2, "currency", "the currency of the section")),
        (with("USD", "usd"), value(2, "currency", "the currency of the section")),
        (with("PAYMENT", "SALE"), value(2, "type", "a known type")),
        (with("475", "-475"), Sign(2)),
        (with("-119,0,-119", "119,0,119"), Sign(3)),
        (with("450", "449"), Net(2)),
        (with("t1", ""), value(2, "tellerTransactionId", "an id")),
        (with("t1", "4111111111111111"), value(2, "tellerTransactionId", NO_CARD)),
        (with("p1", "tx-4111 1111 1111 1111"), value(2, "paymentId", NO_CARD)),
        (with("B1", "378282246310005"), value(2, "batchId", NO_CARD)),
        (
            with("2024-01-01,B1", "2024-02-02,B1"),
            value(2, "settlementDate", "a day until tomorrow"),
        ),
        (with("p1", "p\u{202e}1"), value(2, "paymentId", "an id")),
        (with("2024-01-01", "01/01/2024"), value(2, "settlementDate", "a date")),
        (with("2024-01-01", "2024-02-30"), value(2, "settlementDate", "a date")),
        (with("T15:00:00Z", "T15:00:00"), value(2, "capturedAt", "an instant")),
        (with("T15:00:00Z", ""), value(2, "capturedAt", "an instant")),
    ] {
        assert_eq!(read(&text).unwrap_err(), want, "{text}");
    }
    // Cut anywhere.
    let text = whole(GOOD, trailer);
    for length in 0..text.len() - 3 {
        assert!(read(&text[..length]).is_err(), "{length}");
    }
    let mut bytes = text.into_bytes();
    bytes[HEADER.len() + 15] = 0xff;
    assert_eq!(read_as(&bytes, &format()).unwrap_err(), NotUtf8(2));
}

/// No refusal repeats what stands in the file.
#[test]
fn a_refusal_tells_nothing_of_the_file() {
    let text = whole(&GOOD.replace("475", "4111111111111111"), "TRAILER,2,356,25,331");
    assert!(!read(&text).unwrap_err().to_string().contains("4111"));
    let text = whole(&GOOD.replace("PAYMENT", "ABC123"), "TRAILER,2,356,25,331");
    assert!(!read(&text).unwrap_err().to_string().contains("ABC123"));
}

#[test]
fn hostile_files_are_bounded() {
    // A mark that is never closed joins everything behind it.
    let text = format!("{HEADER}\n\"{}", "x\n".repeat(500_000));
    assert_eq!(read(&text).unwrap_err(), FileRefusal::RowTooLong(1));
    let text = format!("\"{}", "x".repeat(500_000));
    assert!(matches!(read(&text), Err(FileRefusal::RowTooLong(_))));
    let long = "t".repeat(161);
    assert!(read(&whole(&GOOD.replace("t1", &long), "TRAILER,2,356,25,331")).is_err());
    // More than 64 bits hold.
    let most = "9007199254740992";
    let rows: String = (0..1_100)
        .map(|n| {
            format!("2024-01-01,B,R,t{n},p{n},PAYMENT,{most},0,{most},USD,2024-01-01T15:00:00Z\n")
        })
        .collect();
    assert!(matches!(read(&whole(&rows, "TRAILER,1100,0,0,0")), Err(FileRefusal::TooMuch(_))));
}

#[test]
fn files_of_another_make() {
    let format = FileFormat {
        amounts: AmountUnit::Major,
        decimal: b',',
        separator: b';',
        dates: "%d.%m.%Y".into(),
        has_trailer: false,
    };
    let text = format!(
        "{}\n01.02.2024;B1;REF;t1;p1;PAYMENT;4,75;0,25;4,50;USD;2024-02-01T15:00:00+01:00\n",
        HEADER.replace(',', ";")
    );
    let (_, rows) = read_as(text.as_bytes(), &format).unwrap();
    assert_eq!((rows[0].day, rows[0].amount), (day("2024-02-01"), Amount::minor(475)));
    let cut = read_as(text.trim_end().as_bytes(), &format).unwrap_err();
    assert_eq!(cut, FileRefusal::CutOff);
    let minor = text.replace("4,75;0,25;4,50", "475;25;450");
    assert!(read_as(minor.as_bytes(), &format).is_err(), "the other unit");
}

#[test]
fn a_bank() {
    let read = |text: &str, has_trailer| {
        let format = FileFormat { has_trailer, amounts: AmountUnit::Major, ..format() };
        let columns = BankColumns {
            date: "depositDate".into(),
            amount: "amount".into(),
            batch: "batchId".into(),
            currency: "currency".into(),
        };
        let usd = Currency::new("USD").unwrap();
        let mut rows = Vec::new();
        let latest = NaiveDate::from_ymd_opt(2024, 1, 3).unwrap();
        let read = deposits(text.as_bytes(), &format, &columns, (&usd, latest), |_, deposit| {
            rows.push(format!("{} {} {}", deposit.day, deposit.batch, deposit.amount));
            Ok::<(), ()>(())
        });
        read.map(|_| rows).map_err(|_| ())
    };
    let head = "depositDate,batchId,amount,currency\n";
    let text = format!("{head}2024-01-02,B1,5.21,USD\n2024-01-03,,-9.50,\n");
    assert_eq!(
        read(&text, false),
        Ok(vec!["2024-01-02 B1 5.21".into(), "2024-01-03  -9.50".into()])
    );
    assert_eq!(read("amount,batchId,depositDate\n1.00,B1,2024-01-02\n", false).unwrap().len(), 1);
    for (text, has_trailer) in [
        (format!("{head}2024-01-02,B1,5.21,EUR\n"), false),
        (format!("{head}2024-01-02,B1,521,USD\n"), false),
        (format!("{head}2024-01-04,B1,5.21,USD\n"), false),
        (format!("{head}2024-01-02,B1,5.21,USD"), false),
        (format!("{head}2024-01-02,B1,5.21,USD\n"), true),
        ("date,batchId,amount\n".into(), false),
    ] {
        assert_eq!(read(&text, has_trailer), Err(()), "{text}");
    }
    let trailed = format!("{head}2024-01-02,B1,5.21,USD\nTRAILER,1,5.21,0.00,5.21\n");
    assert_eq!(read(&trailed, true).unwrap().len(), 1);
}
