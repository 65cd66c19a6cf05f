//! Deliveries against published vectors, and the shape of bodies.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::*;
use crate::ips::{Citation, PERSONAL_MARKS};

/// Its key is `0123456789abcdef` twice.
const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const OTHER: &str = "whsec_ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA=";
/// The value for [`SECRET`] and the body of the vectors.
const STANDARD: &str = "v1,UQZDbZNlCyq0dud55bzv96fQU6lvFjnVmU2XT8cPPHU=";
const STRIPE: &str = "v1=f4fc5c3da746b97af9ec3f5d06e4d9c35a04b52849631c89a083e54c9969985f";

/// The instant of the vectors.
fn then() -> DateTime<Utc> {
    "2024-01-01T12:15:00Z".parse().unwrap()
}

/// The body of the vectors, delivered at their instant.
fn sent(sender: &Sender) -> Delivery {
    sender.deliver("evt_0001", then(), bodies::citation_paid("AIMS-2024-000123"))
}

fn parsed(body: &str) -> Value {
    serde_json::from_str(body).unwrap()
}

fn citation() -> Citation {
    Citation {
        description: "Vehicle parked with expired meter - 15 minutes over".into(),
        officer: "officer_123".into(),
        evidence: vec!["https://evidence.invalid/violation_123.jpg".into()],
        ..Citation::new("ips_viol_789", "XYZ789", "CT", "A1", then(), "EXPIRED_METER")
    }
}

#[test]
fn the_vector_of_standard_webhooks() {
    let delivery = sent(&Sender::standard(SECRET));
    let body = r#"{"type":"citation.paid","timestamp":"2024-01-01T12:15:00Z","data":{"citationNumber":"AIMS-2024-000123"}}"#;
    assert_eq!((delivery.body.len(), &*delivery.body), (104, body.as_bytes()));
    let lines = format!(
        "Content-Type: application/json\nwebhook-id: evt_0001\nwebhook-timestamp: 1704111300\n\
         webhook-signature: {STANDARD}\n"
    );
    assert_eq!(delivery.header_lines(), lines);
    let bare = SECRET.strip_prefix("whsec_").unwrap();
    assert_eq!(
        sent(&Sender::standard(bare)).headers,
        delivery.headers,
        "the prefix may be left out"
    );
}

#[test]
fn the_vector_of_stripe() {
    let delivery = sent(&Sender::stripe(SECRET));
    let value = format!("t=1704111300,{STRIPE}");
    assert_eq!(delivery.headers[1..], [("Webhook-Signature".to_owned(), value.clone())]);
    let named = sent(&Sender::stripe(SECRET).signature_header("Stripe-Signature"));
    assert_eq!(named.header("stripe-signature"), Some(value.as_str()));
    assert_eq!(named.header("Webhook-Signature"), None);
    let bare = sent(&Sender::stripe(SECRET.strip_prefix("whsec_").unwrap()));
    assert_ne!(bare.headers, delivery.headers, "the prefix belongs to the key");
}

#[test]
fn secrets_in_rotation_and_versions_that_nobody_knows() {
    let both = sent(&Sender::standard(OTHER).and_secret(SECRET).beside("v1a,AAAA"));
    let other = sent(&Sender::standard(OTHER));
    let other = other.header("webhook-signature").unwrap();
    let value = format!("v1a,AAAA {other} {STANDARD}");
    assert_eq!(both.header("webhook-signature"), Some(value.as_str()));
    let both = sent(&Sender::stripe(OTHER).and_secret(SECRET).beside("v0=00"));
    let value = both.header("Webhook-Signature").unwrap();
    assert!(value.starts_with("t=1704111300,v0=00,v1=") && value.ends_with(&format!(",{STRIPE}")));
}

#[test]
fn a_bearer_tells_the_first_secret_and_nothing_else() {
    let delivery = sent(&Sender::bearer("ips-in-1").and_secret("ips-in-2"));
    assert_eq!(delivery.headers[1..], [("Authorization".into(), "Bearer ips-in-1".into())]);
    assert_eq!(delivery.again(then() + TimeDelta::hours(1)).headers, delivery.headers);
}

#[test]
#[should_panic(expected = "Base64")]
fn a_standard_secret_is_base64() {
    let _ = Sender::standard("whsec_not base64");
}

#[test]
fn a_retry_is_signed_anew_and_a_forgery_is_not() {
    for sender in [Sender::standard(SECRET), Sender::stripe(SECRET)] {
        let delivery = sent(&sender);
        let later = then() + TimeDelta::hours(1);
        let retry = delivery.again(later);
        assert_eq!(retry.body, delivery.body);
        assert_eq!(retry.header("webhook-id"), delivery.header("webhook-id"));
        assert_ne!(retry.headers, delivery.headers);
        assert_eq!(retry.again(then()).headers, delivery.headers);
        let forged = delivery.forged();
        assert_eq!(forged.headers, delivery.headers);
        let number =
            &parsed(&String::from_utf8(forged.body.clone()).unwrap())["data"]["citationNumber"];
        assert_eq!(number, "AIMS-2024-000124");
        assert_eq!(forged.again(then()).body, delivery.body, "the sender knows the true one");
        for (body, other) in [("{}", "{|"), ("", " "), ("[9]", "[8]")] {
            assert_eq!(sender.deliver("evt_1", then(), body).forged().body, other.as_bytes());
        }
    }
}

#[test]
fn a_web_server_tells_it_to_a_program() {
    let sender = Sender::standard(SECRET).content_type("application/json; charset=utf-8");
    let mut delivery = sender.deliver("evt_1", then(), "{}").without("Webhook-Signature");
    delivery.headers.push(("X-Forwarded-For".into(), "192.0.2.1".into()));
    delivery.headers.push(("x-forwarded-for".into(), "192.0.2.2".into()));
    delivery.headers.push(("Content-Length".into(), "77".into()));
    let delivery = delivery.with("webhook-ID", "evt_2").with("Host", "hooks.invalid");
    let env = delivery.cgi_env();
    let env: Vec<(&str, &str)> = env.iter().map(|(name, value)| (&**name, &**value)).collect();
    assert_eq!(
        env,
        [
            ("REQUEST_METHOD", "POST"),
            ("CONTENT_LENGTH", "2"),
            ("CONTENT_TYPE", "application/json; charset=utf-8"),
            ("HTTP_WEBHOOK_ID", "evt_2"),
            ("HTTP_WEBHOOK_TIMESTAMP", "1704111300"),
            ("HTTP_X_FORWARDED_FOR", "192.0.2.1, 192.0.2.2"),
            ("HTTP_HOST", "hooks.invalid"),
        ]
    );
    let bearer = sent(&Sender::bearer("ips-in-1")).cgi_env();
    assert!(bearer.contains(&("HTTP_AUTHORIZATION".into(), "Bearer ips-in-1".into())));
}

#[test]
fn events_have_an_envelope() {
    let changed = then() + TimeDelta::milliseconds(1500);
    let citation = Citation { updated_at: changed, ..citation() }.status("DISMISSED");
    let event = parsed(&bodies::citation_updated(&citation).to_string());
    assert_eq!(event["type"], "violation.updated");
    assert_eq!(event["timestamp"], "2024-01-01T12:15:01.500Z");
    assert_eq!(
        (&event["data"]["status"], &event["data"]["violationId"]),
        (&json!("DISMISSED"), &json!("ips_viol_789"))
    );
    assert_eq!(event["data"]["updatedAt"], "2024-01-01T12:15:01.500Z");
    for (event, kind) in [
        (bodies::citation_created(&citation), "violation.created"),
        (bodies::permit_expired("permit_1"), "permit.expired"),
        (bodies::shift_started(), "enforcement.start_shift"),
        (bodies::shift_ended(), "enforcement.end_shift"),
        (bodies::event("weather.changed", "{}"), "weather.changed"),
    ] {
        let event = parsed(&event.at(then()).id("evt_7").to_string());
        assert_eq!(event["type"], kind);
        assert_eq!(
            (&event["timestamp"], &event["id"]),
            (&json!("2024-01-01T12:15:00Z"), &json!("evt_7"))
        );
        assert!(event["data"].is_object());
    }
    let permit = bodies::permit_expired("permit \"1\"").to_string();
    assert_eq!(parsed(&permit)["data"], json!({"permitId": "permit \"1\""}));
    assert!(bodies::shift_started().to_string().contains(PERSONAL_MARKS[0]));
}

#[test]
fn reports_have_none() {
    let wanted = json!({
        "violationId": "ips_viol_789", "timestamp": "2024-01-01T12:15:00.000Z",
        "licensePlate": "XYZ789", "state": "CT",
        "location": {"zoneNumber": "A1", "address": "123 Main Street, Stamford, CT"},
        "violationType": "EXPIRED_METER",
        "description": "Vehicle parked with expired meter - 15 minutes over",
        // As it is read: a number may keep how it was written.
        "fineAmount": parsed("25.00"), "officerId": "officer_123",
        "evidence": [{"type": "PHOTO", "url": "https://evidence.invalid/violation_123.jpg",
                      "timestamp": "2024-01-01T12:15:00.000Z"}],
    });
    let report = bodies::violation_report(&citation());
    assert_eq!(parsed(&report), wanted);
    assert!(report.contains("\"fineAmount\":25.00,"), "{report}");
    let paid = "2024-01-01T11:00:00Z".parse().unwrap();
    let status = bodies::meter_status("METER-A1-001", "A1")
        .occupied(true)
        .time_remaining(3600)
        .last_payment(200, 60, paid);
    let wanted = json!({
        "meterId": "METER-A1-001", "zoneNumber": "A1",
        "status": {
            "operational": true, "spaceOccupied": true, "timeRemaining": 3600,
            "lastPayment": {"amount": parsed("2.00"), "duration": 60, "timestamp": "2024-01-01T11:00:00.000Z",
                            "paymentMethod": "CREDIT_CARD"},
        },
        "diagnostics": {"batteryLevel": 85, "signalStrength": -65, "temperature": 22,
                        "lastMaintenance": "2024-01-01T08:00:00.000Z"},
    });
    assert_eq!(parsed(&status.to_string()), wanted);
    let sick = bodies::meter_status("METER-A1-001", "A1").operational(false).battery(0);
    let sick = parsed(&String::from_utf8(Vec::from(sick.time_remaining(-60))).unwrap());
    assert_eq!(sick["diagnostics"]["batteryLevel"], 0);
    let status = json!({"operational": false, "spaceOccupied": false, "timeRemaining": -60, "lastPayment": null});
    assert_eq!(sick["status"], status);
}
