//! Payments and refunds.

use super::*;

const PAYMENT: &str = r#"{"paymentId":"park_payment_7","amount":475,"currency":"USD",
"paymentMethod":{"type":"CREDIT_CARD","token":"tok_test_1"},
"metadata":{"sessionId":"session_789","zoneNumber":"A1","municipality":"stamford","department":"parking"},
"description":"Parking fee - Zone A1","statementDescriptor":"STAMFORD PARKING",
"applicationFee":{"amount":25,"description":"Processing fee"}}"#;

#[test]
fn money_goes_back_once() {
    let server = cashier();
    let first = post(&server, "refunds", 0, &refund("refund_1", "119")).unwrap();
    assert_eq!(
        (first.status, first.text().as_str()),
        (
            201,
            "{\"refundId\":\"refund_1\",\"originalPaymentId\":\"park_payment_123\",\
               \"tellerTransactionId\":\"teller_txn_2\",\"status\":\"COMPLETED\",\"refundAmount\":119,\
               \"timestamp\":\"2024-01-01T17:00:00.000Z\"}"
        )
    );
    assert_eq!(post(&server, "refunds", 0, &refund("refund_1", "119")).unwrap().body, first.body);
    assert_eq!(get(&server, "refunds/refund_1").body, first.body);
    assert_eq!(get(&server, &format!("idempotency-keys/{}", KEYS[0])).body, first.body);
    assert_eq!((server.effects("refund_1"), server.money("park_payment_123")), (1, 356));
    let payment = get(&server, "payments/park_payment_123").json();
    assert_eq!((&payment["netAmount"], &payment["processingFee"]), (&450.into(), &25.into()));
    assert_eq!(payment["remainingAmount"], 356);
    assert_eq!(payment["refunds"][0]["refundAmount"], 119);
    assert_eq!(payment["reconciliation"]["settlementDate"], "2024-01-01");
    assert_eq!(get(&server, "refunds/refund_2").status, 404);
    assert_eq!(get(&server, "payments/park_payment_9").status, 404);
    assert_eq!(get(&server, &format!("idempotency-keys/{}", KEYS[1])).status, 404);
    assert_eq!(slugs(&server), [""; 0], "a question about what is not there is none");
}

#[test]
fn the_same_document_under_another_key_is_seen() {
    let server = cashier();
    post(&server, "refunds", 0, &refund("refund_1", "119"));
    let second = post(&server, "refunds", 1, &refund("refund_1", "119")).unwrap();
    assert_eq!(second.status, 409);
    assert_eq!(second.json()["document"]["refundAmount"], 119);
    assert_eq!(second.json()["state"]["status"], "COMPLETED");
    assert_eq!(slugs(&server), ["second-key"]);
    server.set(|switches| switches.ids_are_unique = false);
    assert_eq!(post(&server, "refunds", 2, &refund("refund_1", "119")).unwrap().status, 201);
    assert_eq!(slugs(&server), ["second-key", "money-twice"]);
    assert_eq!((server.effects("refund_1"), server.money("park_payment_123")), (2, 237));
}

#[test]
fn no_more_goes_back_than_came() {
    let server = cashier();
    server.trouble(|troubles| troubles.documents = vec![Mishap::LostAfter]);
    assert!(post(&server, "refunds", 0, &refund("refund_1", "400")).is_none());
    assert_eq!(server.money("park_payment_123"), 75, "it was carried out");
    assert_eq!(post(&server, "refunds", 1, &refund("refund_2", "76")).unwrap().status, 422);
    assert_eq!(slugs(&server), ["refund-above-remaining"]);
    assert_eq!(post(&server, "refunds", 2, &refund("refund_3", "75")).unwrap().status, 201);
    assert_eq!(server.money("park_payment_123"), 0);
    assert_eq!(slugs(&server), [""; 0]);
}

#[test]
fn a_payment() {
    let server = cashier();
    let answer = post(&server, "payments", 0, PAYMENT).unwrap();
    let paid = answer.json();
    assert_eq!(
        (answer.status, &paid["amount"], &paid["netAmount"]),
        (201, &475.into(), &450.into())
    );
    assert_eq!(paid["accounting"]["batchId"], "BATCH-2024-001-001");
    assert_eq!((server.effects("park_payment_7"), server.money("park_payment_7")), (1, 475));
    let again = post(&server, "payments", 0, PAYMENT).unwrap();
    assert_eq!((again.body, server.effects("park_payment_7")), (answer.body, 1));
    assert_eq!(slugs(&server), [""; 0]);
}

#[test]
fn what_is_pending_is_open() {
    let server = cashier();
    server.set(|switches| switches.pending = true);
    let answer = post(&server, "refunds", 0, &refund("refund_1", "119")).unwrap();
    assert_eq!(answer.json()["status"], "PENDING");
    let rows = || server.settlement(day("2024-01-01")).rows.len();
    assert_eq!((server.money("park_payment_123"), rows()), (356, 1), "it is as good as gone");
    assert!(server.set_status("refund_1", "COMPLETED"));
    assert_eq!((server.money("park_payment_123"), rows()), (356, 2));
    assert!(!server.set_status("refund_2", "COMPLETED"));
    assert_eq!(get(&server, "refunds/refund_1").json()["status"], "COMPLETED");
    post(&server, "refunds", 1, &refund("refund_2", "356"));
    assert!(server.set_status("refund_2", "FAILED"));
    assert_eq!((server.money("park_payment_123"), rows()), (356, 2), "it never went");
    assert_eq!(get(&server, "refunds/refund_2").json()["status"], "FAILED");
    assert_eq!(slugs(&server), [""; 0]);
}

#[test]
fn answers_may_be_wrong() {
    for (wrong, part) in [
        (Wrong::OtherId, "\"refundId\":\"refund_0\""),
        (Wrong::OtherPayment, "\"originalPaymentId\":\"park_payment_0\""),
        (Wrong::OtherAmount, "\"refundAmount\":120,"),
        (Wrong::AmountText, "\"refundAmount\":\"119\""),
        (Wrong::AmountFloat, "\"refundAmount\":119.0,"),
        (Wrong::NoAmount, "\"status\":\"COMPLETED\",\"timestamp\""),
        (Wrong::UnknownStatus, "\"status\":\"MAYBE\""),
    ] {
        let server = cashier();
        server.set(|switches| switches.wrong = wrong);
        let answer = post(&server, "refunds", 0, &refund("refund_1", "119")).unwrap().text();
        assert!(answer.contains(part), "{answer}");
        assert_eq!(server.effects("refund_1"), 1, "the money moved");
        server.set(|switches| switches.wrong_state = wrong);
        assert_eq!(get(&server, "refunds/refund_1").text(), answer);
        server.set(|switches| switches.wrong_state = Wrong::Nothing);
        assert_eq!(get(&server, "refunds/refund_1").json()["refundAmount"], 119);
    }
    let server = cashier();
    server.set(|switches| switches.wrong = Wrong::NetAndFee);
    let paid = post(&server, "payments", 0, PAYMENT).unwrap().json();
    assert_eq!((&paid["netAmount"], &paid["processingFee"]), (&450.into(), &24.into()));
    post(&server, "payments", 0, PAYMENT);
    assert_eq!(slugs(&server), ["not-asked-first"], "that was no confirmation");
}

#[test]
fn documents_that_are_none() {
    let good = refund("refund_1", "119");
    let paid = |from: &str, to: &str| ("payments", PAYMENT.replace(from, to));
    let back = |from: &str, to: &str| ("refunds", good.replace(from, to));
    for ((path, body), slug) in [
        (back("119", "119.0"), "amount-float"),
        (back("119", "1e2"), "amount-float"),
        (back("119", "\"119\""), "amount-text"),
        (back("119", "0"), "amount-sign"),
        (back("119", "-119"), "amount-sign"),
        (back("119", "9007199254740993"), "amount-size"),
        (back("\"refundId\":\"refund_1\",", ""), "missing-field"),
        (back("EARLY_SESSION_END", "Because of rain"), "unknown-word"),
        (back("sessionId", "licensePlate"), "personal-data"),
        (back("park_payment_123", "park_payment_9"), "unknown-payment"),
        (back("\"reason\"", "\"refundAmount\":1,\"reason\""), "json-twice"),
        (back("session_789", "4111111111111111"), "card-number"),
        (paid("USD", "usd"), "currency"),
        (paid("USD", "EUR"), "currency"),
        (paid("475", "475.0"), "amount-float"),
        (paid("\"amount\":25", "\"amount\":476"), "fee-above-amount"),
        (paid("tok_test_1", "4111 1111"), ""),
        (
            paid("\"type\":\"CREDIT_CARD\",", "\"type\":\"CREDIT_CARD\",\"number\":\"1\","),
            "unknown-field",
        ),
        (paid("zoneNumber", "licensePlate"), "personal-data"),
    ] {
        let server = cashier();
        let answer = post(&server, path, 0, &body).unwrap();
        if slug.is_empty() {
            assert_eq!(answer.status, 201);
            continue;
        }
        assert!((400..500).contains(&answer.status), "{slug}");
        assert_eq!(slugs(&server), [slug], "{body}");
        assert_eq!(server.movements().len(), 1, "{slug}: no money moved");
    }
}
