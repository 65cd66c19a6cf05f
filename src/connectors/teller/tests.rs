//! The wire of a cashier: the reference's own bodies, and what must never be taken.

use super::wire::{document, judge_status, payment_there, standing};
use crate::document::Fault;
use crate::model::{Currency, DocumentId, DocumentKind};
use crate::ports::{Standing, Subject};

const REFUND: &str = r#"{ "refundId": "refund_1", "originalPaymentId": "park_payment_123", "refundAmount": 119, "reason": "EARLY_SESSION_END",
  "metadata": { "sessionId": "session_789" } }"#;

const PAYMENT: &str = r#"{ "paymentId": "park_payment_123", "amount": 475, "currency": "USD",
  "paymentMethod": { "type": "CREDIT_CARD", "token": "tok_test_1" },
  "metadata": { "sessionId": "session_789", "zoneNumber": "A1", "municipality": "stamford", "department": "parking" },
  "description": "Parking fee - Zone A1", "statementDescriptor": "STAMFORD PARKING",
  "applicationFee": { "amount": 25, "description": "Processing fee" } }"#;

/// The answer of the reference.
const PAID: &str = r#"{ "paymentId": "park_payment_123", "tellerTransactionId": "teller_txn_789", "status": "COMPLETED",
  "amount": 475, "netAmount": 450, "processingFee": 25, "timestamp": "2024-01-01T10:00:00.000Z",
  "confirmation": { "number": "PARK-2024-000123" },
  "accounting": { "revenueAccount": "4100-PARKING-REVENUE", "feeAccount": "5200-PROCESSING-FEES", "batchId": "BATCH-2024-001-001" },
  "reconciliation": { "settlementDate": "2024-01-02", "merchantReference": "STAMFORD-PARK-001" } }"#;

const REFUNDED: &str = r#"{"refundId":"refund_1","originalPaymentId":"park_payment_123","tellerTransactionId":"teller_txn_790","status":"COMPLETED","refundAmount":119,"timestamp":"2024-01-01T13:00:00.000Z"}"#;

fn usd() -> Currency {
    Currency::new("USD").unwrap()
}

#[test]
fn the_bodies_of_the_reference_are_read() {
    let refund = document(REFUND.as_bytes(), &usd()).unwrap();
    assert_eq!((refund.id.as_str(), refund.kind), ("refund_1", DocumentKind::Refund));
    assert_eq!(refund.money.as_ref().unwrap().to_string(), "1.19 USD");
    assert_eq!(refund.subject, Subject::Payment(DocumentId::new("park_payment_123").unwrap()));
    assert_eq!(refund.bytes, REFUND.as_bytes(), "what was read is what is sent");
    let payment = document(PAYMENT.as_bytes(), &usd()).unwrap();
    assert_eq!((payment.id.as_str(), payment.kind), ("park_payment_123", DocumentKind::Payment));
    assert_eq!(payment.money.unwrap().to_string(), "4.75 USD");
}

#[test]
fn what_is_not_acceptable_says_where() {
    let refund = |from: &str, to: &str| {
        let text = REFUND.replacen(from, to, 1);
        assert_ne!(text, REFUND, "{from}");
        let error = document(text.as_bytes(), &usd()).unwrap_err();
        (error.pointer, error.what)
    };
    let cases = [
        ("119", "119.0", "/refundAmount", Fault::NoAmount),
        ("119", "1e3", "/refundAmount", Fault::NoAmount),
        ("119", "-1", "/refundAmount", Fault::NoAmount),
        ("119", "0", "/refundAmount", Fault::NoAmount),
        ("119", "9007199254740993", "/refundAmount", Fault::NoAmount),
        ("\"refund_1\"", "\"a/b\"", "/refundId", Fault::NoDocumentId),
        ("\"refundId\": \"refund_1\",", "", "/refundId", Fault::Missing),
        (
            "\"reason\"",
            "\"licensePlate\": \"ABC123\", \"reason\"",
            "/licensePlate",
            Fault::UnknownField,
        ),
        ("\"sessionId\"", "\"licensePlate\"", "/metadata/licensePlate", Fault::UnknownField),
        ("EARLY_SESSION_END", "Anna left early", "/reason", Fault::NoWord),
        ("session_789", "4111 1111 1111 1111", "/metadata/sessionId", Fault::CardNumber),
        ("refund_1\"", "refund_1\", \"currency\": \"usd\"", "/currency", Fault::OtherCurrency),
        ("refund_1\"", "refund_1\", \"refundId\": \"refund_2\"", "/refundId", Fault::DuplicateKey),
    ];
    for (from, to, pointer, what) in cases {
        assert_eq!(refund(from, to), (pointer.to_owned(), what), "{to}");
    }
    let (pointer, what) = refund("119", "\"119\"");
    assert_eq!(pointer, "/refundAmount");
    assert!(matches!(what, Fault::WrongKind { .. }));
    let above = PAYMENT.replace("\"amount\": 25", "\"amount\": 476");
    let error = document(above.as_bytes(), &usd()).unwrap_err();
    assert_eq!(
        (error.pointer.as_str(), error.what),
        ("/applicationFee/amount", Fault::MoreThan("the amount"))
    );
}

#[test]
fn an_answer_that_does_not_check_confirms_nothing() {
    let refund = document(REFUND.as_bytes(), &usd()).unwrap();
    let payment = document(PAYMENT.as_bytes(), &usd()).unwrap();
    let of = |document, text: &str| standing(text.as_bytes(), document, &usd());
    assert!(
        matches!(of(&refund, REFUNDED), Standing::Confirmed(told) if told.contains("\"1.19\""))
    );
    assert!(matches!(of(&payment, PAID), Standing::Confirmed(told) if told.contains("\"0.25\"")));
    for (document, text, from, to) in [
        (&refund, REFUNDED, "refund_1", "refund_2"),
        (&refund, REFUNDED, "park_payment_123", "park_payment_124"),
        (&refund, REFUNDED, "119", "120"),
        (&refund, REFUNDED, "119", "119.0"),
        (&refund, REFUNDED, "119", "\"119\""),
        (&refund, REFUNDED, "COMPLETED", "completed"),
        (&refund, REFUNDED, "COMPLETED", "MAYBE"),
        (&refund, REFUNDED, "\"status\":\"COMPLETED\",", ""),
        (&refund, REFUNDED, "}", ""),
        (&payment, PAID, "\"processingFee\": 25", "\"processingFee\": 24"),
        (&payment, PAID, "\"netAmount\": 450", "\"netAmount\": 475"),
        (&payment, PAID, "\"amount\": 475", "\"amount\": 475, \"currency\": \"EUR\""),
    ] {
        let changed = text.replacen(from, to, 1);
        assert!(matches!(of(document, &changed), Standing::Doubtful(_)), "{to}");
    }
    let of = |status: &str| of(&refund, &REFUNDED.replace("COMPLETED", status));
    assert!(matches!(of("PENDING"), Standing::Pending(_)));
    assert!(matches!(of("FAILED"), Standing::Refused(_)));
}

#[test]
fn a_payment_says_what_is_left() {
    let id = DocumentId::new("park_payment_123").unwrap();
    let text = PAID.trim_end_matches('}').to_owned()
        + r#", "currency": "USD", "remainingAmount": 356, "refunds": [{"refundId": "refund_1", "refundAmount": 119, "status": "COMPLETED"}] }"#;
    let there = payment_there(text.as_bytes(), &id, &usd()).unwrap();
    assert_eq!((there.amount.to_string(), there.left.to_string()), ("4.75".into(), "3.56".into()));
    assert_eq!(there.refunds.len(), 1);
    // One that failed gave nothing back; one that nobody has decided may.
    for (status, count) in [("FAILED", 0), ("CANCELLED", 0), ("PENDING", 1), ("SOMETHING", 1)] {
        let end = format!("\"status\": \"{status}\"}}]");
        let text = text.replace("\"status\": \"COMPLETED\"}]", &end);
        let there = payment_there(text.as_bytes(), &id, &usd()).unwrap();
        assert_eq!(there.refunds.len(), count, "{status}");
    }
    // What never came cannot go back; what nobody knows is looked at by a person.
    for (status, is_forbidden, is_seen) in [
        ("COMPLETED", false, false),
        ("PARTIALLY_REFUNDED", false, false),
        ("PENDING", true, false),
        ("VOIDED", true, false),
        ("CHARGED_BACK", false, true),
        ("DISPUTED", false, true),
        ("completed", false, true),
        ("<b>", false, true),
        ("", false, true),
    ] {
        let text = text.replacen("COMPLETED", status, 1);
        let there = payment_there(text.as_bytes(), &id, &usd()).unwrap();
        let (forbidden, warning) = judge_status(&there);
        assert_eq!((forbidden.is_some(), warning.is_some()), (is_forbidden, is_seen), "{status}");
        assert!(!warning.is_some_and(|one| one.detail.contains('<')));
    }
    let untold = text.replacen("\"status\": \"COMPLETED\",", "", 1);
    let there = payment_there(untold.as_bytes(), &id, &usd()).unwrap();
    assert!(judge_status(&there).1.is_some());
    // Nothing that says what is left is no word on it.
    assert!(payment_there(PAID.as_bytes(), &id, &usd()).is_err());
}
