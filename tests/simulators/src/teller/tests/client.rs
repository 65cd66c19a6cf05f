//! A careful client, whatever happens to it: money moves once, and nothing that it does is a violation.

use serde_json::Value;

use super::*;

const MISHAPS: [Mishap; 10] = [
    Mishap::Answered,
    Mishap::LostBefore,
    Mishap::LostAfter,
    Mishap::FailsBefore(500),
    Mishap::FailsAfter(500),
    Mishap::FailsBefore(409),
    Mishap::FailsAfter(409),
    Mishap::PageBefore,
    Mishap::PageAfter,
    Mishap::CutAfter,
];

/// Those of a question, of which nothing is carried out.
const QUESTIONS: [Mishap; 5] = [
    Mishap::Answered,
    Mishap::LostBefore,
    Mishap::FailsBefore(500),
    Mishap::PageBefore,
    Mishap::CutAfter,
];

/// What an answer says, if it is one: 200 and 201 are the document's state, 404 that it never came.
fn said(answer: Option<Answer>) -> Option<(u16, Value)> {
    let answer = answer?;
    Some((answer.status, serde_json::from_slice(&answer.body).ok()?))
}

/// Sends a refund of one cent until it is known to be there, asking first whenever it is not known; how
/// often it was sent.
fn refund_one(server: &Server, id: &str, key: &str) -> usize {
    let is_there = |said: &(u16, Value)| {
        [200, 201].contains(&said.0) && said.1["refundId"] == id && said.1["refundAmount"] == 1
    };
    let headers = [LOGIN, ACCEPT, JSON, ("Idempotency-Key", key)];
    for sent in 1..=4 {
        let body = refund(id, "1").replace("park_payment_123", "park_payment_big");
        let answer = said(send(server.port(), "POST", "/v1/refunds", &headers, &body));
        if answer.as_ref().is_some_and(is_there) {
            return sent;
        }
        loop {
            let target = format!("/v1/refunds/{id}");
            let state = said(send(server.port(), "GET", &target, &[LOGIN, ACCEPT], ""));
            match state {
                Some(state) if is_there(&state) => return sent,
                Some((404, _)) => break,
                _ => {}
            }
        }
    }
    panic!("{id} never came");
}

#[test]
fn whoever_asks_first_moves_money_once() {
    // A service that knows its documents and their keys, and one that knows neither.
    for is_clever in [true, false] {
        let server = cashier();
        server.capture("park_payment_big", 1_000_000, 25, at("2024-01-01T15:00:00Z"));
        server.set(|switches| switches.ids_are_unique = is_clever);
        server.trouble(|troubles| troubles.honours_keys = is_clever);
        let mut count = 0;
        for first in MISHAPS {
            for second in MISHAPS {
                for question in QUESTIONS {
                    count += 1;
                    server.trouble(|troubles| {
                        troubles.documents = vec![first, second];
                        troubles.questions = vec![question];
                    });
                    let (id, key) = (
                        format!("refund_{count}"),
                        format!("00000000-0000-5000-8000-{count:012x}"),
                    );
                    let sent = refund_one(&server, &id, &key);
                    let what = format!("{first:?} {second:?} {question:?}");
                    assert_eq!(server.effects(&id), 1, "{what}");
                    assert!(sent <= 3, "{what}");
                }
            }
        }
        assert_eq!(slugs(&server), [""; 0]);
        assert_eq!(server.money("park_payment_big"), 1_000_000 - count);
    }
}
