//! Events are proven, read and taken once.
//!
//! The signatures here were made by other programs, and are written out.

use std::time::Duration;

use super::*;
use crate::config::{EventScheme, EventsConfig, Secret};
use crate::model::SpaceId;

const BODY: &str = r#"{"type":"citation.paid","timestamp":"2024-01-01T12:15:00Z","data":{"citationNumber":"AIMS-2024-000123"}}"#;
const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const STANDARD: &str = "v1,UQZDbZNlCyq0dud55bzv96fQU6lvFjnVmU2XT8cPPHU=";
const STRIPE: &str =
    "t=1704111300,v1=f4fc5c3da746b97af9ec3f5d06e4d9c35a04b52849631c89a083e54c9969985f";
/// A second one, with other bytes: 32 times `x`.
const OTHER: &str = "whsec_eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=";

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_704_111_300 + seconds, 0).unwrap()
}

fn config(scheme: EventScheme, secrets: &[&str]) -> EventsConfig {
    EventsConfig {
        scheme,
        secrets: secrets.iter().map(|secret| Secret::new((*secret).to_owned())).collect(),
        tolerance: Duration::from_secs(300),
        header: "webhook-signature".to_owned(),
    }
}

fn headers(lines: &str) -> Headers {
    Headers::parse(lines).unwrap()
}

fn standard_headers(signature: &str) -> Headers {
    headers(&format!(
        "Webhook-Id: evt_0001\nwebhook-timestamp: 1704111300\nWEBHOOK-SIGNATURE: {signature}\n"
    ))
}

/// The published vector. Mutants: the time is not signed; the id is not; one side of the tolerance is open; the
/// first secret alone counts; a version that nobody knows spoils the rest.
#[test]
fn standard_webhooks() {
    let one = config(EventScheme::Standard, &[SECRET]);
    let proven = prove(&one, &standard_headers(STANDARD), BODY.as_bytes(), at(0)).unwrap();
    let want = Proven { id: Some("evt_0001".to_owned()), signed_at: Some(at(0)) };
    assert_eq!(proven, want);
    for seconds in [-300, 300] {
        assert!(prove(&one, &standard_headers(STANDARD), BODY.as_bytes(), at(seconds)).is_ok());
    }
    let late = prove(&one, &standard_headers(STANDARD), BODY.as_bytes(), at(301));
    assert_eq!(late, Err(NotProven::TooOld(301)));
    let early = prove(&one, &standard_headers(STANDARD), BODY.as_bytes(), at(-301));
    assert_eq!(early, Err(NotProven::TooNew(301)));

    for secrets in [[OTHER, SECRET], [SECRET, OTHER]] {
        let two = config(EventScheme::Standard, &secrets);
        for signature in [
            STANDARD.to_owned(),
            format!("v1a,AAAA v2,{STANDARD} {STANDARD}"),
            format!("{STANDARD} v1,AAAA"),
            format!("v1,%% {STANDARD}"),
        ] {
            let proven = prove(&two, &standard_headers(&signature), BODY.as_bytes(), at(0));
            assert!(proven.is_ok(), "{signature}");
        }
    }
    let wrong = Err(NotProven::WrongSignature);
    for signature in ["", "v1,", "v1,AAAA", &STANDARD.replace("v1", "v2"), &STANDARD[3..]] {
        let told = prove(&one, &standard_headers(signature), BODY.as_bytes(), at(0));
        assert_eq!(told, wrong, "{signature}");
    }
    let other = config(EventScheme::Standard, &[OTHER]);
    assert_eq!(prove(&other, &standard_headers(STANDARD), BODY.as_bytes(), at(0)), wrong);
    for body in [format!("{BODY} "), BODY.replace("123", "124"), String::new()] {
        assert_eq!(prove(&one, &standard_headers(STANDARD), body.as_bytes(), at(0)), wrong);
    }
    let lines = |id: &str, time: &str| {
        let text =
            format!("webhook-id: {id}\nwebhook-timestamp: {time}\nwebhook-signature: {STANDARD}");
        prove(&one, &headers(&text), BODY.as_bytes(), at(0))
    };
    assert_eq!(lines("evt_0002", "1704111300"), wrong);
    assert_eq!(lines("evt_0001", "1704111301"), wrong);
    for time in ["+1704111300", "1704111300.0", "0x65929e84", "", "-1", "99999999999999999999"] {
        assert_eq!(
            lines("evt_0001", time),
            Err(NotProven::BadHeader("webhook-timestamp".to_owned())),
            "{time}"
        );
    }
    assert_eq!(lines("", "1704111300"), Err(NotProven::BadHeader("webhook-id".to_owned())));
    let none = prove(&one, &Headers::default(), BODY.as_bytes(), at(0));
    assert_eq!(none, Err(NotProven::NoHeader("webhook-id".to_owned())));
}

/// The vector as the contract corrects it: the key is the text, not what base64 makes of it.
#[test]
fn one_header_with_its_time() {
    let one = config(EventScheme::Stripe, &[OTHER, SECRET]);
    let of = |value: &str, seconds| {
        let headers = headers(&format!("webhook-signature: {value}"));
        prove(&one, &headers, BODY.as_bytes(), at(seconds))
    };
    let want = Proven { id: None, signed_at: Some(at(0)) };
    assert_eq!(of(STRIPE, 300), Ok(want.clone()));
    assert_eq!(of(&format!("v0=00,{STRIPE},v1=0011"), -300), Ok(want.clone()));
    assert_eq!(of(&STRIPE.to_uppercase().replace("T=", "t=").replace("V1", "v1"), 0), Ok(want));
    assert_eq!(of(STRIPE, 301), Err(NotProven::TooOld(301)));
    let wrong = Err(NotProven::WrongSignature);
    assert_eq!(of(&STRIPE.replace("v1=f4", "v1=f5"), 0), wrong);
    assert_eq!(of(&STRIPE.replace("1300", "1301"), 0), wrong);
    assert_eq!(of("t=1704111300", 0), wrong);
    let bad = Err(NotProven::BadHeader("webhook-signature".to_owned()));
    assert_eq!(of(&STRIPE.replace("t=", "s="), 0), bad);
    assert_eq!(of(&format!("{STRIPE},t=1704111300"), 0), bad, "which of two was signed?");
    let by_base64 = config(EventScheme::Stripe, &["0123456789abcdef0123456789abcdef"]);
    let told = prove(
        &by_base64,
        &headers(&format!("webhook-signature: {STRIPE}")),
        BODY.as_bytes(),
        at(0),
    );
    assert_eq!(told, wrong);
}

#[test]
fn a_bearer() {
    let two = config(EventScheme::Bearer, &["a long secret", "another"]);
    let of = |value: &str| {
        prove(&two, &headers(&format!("Authorization: {value}")), b"", at(0))
            .map(|proven| proven.id)
    };
    for good in ["Bearer a long secret", "bearer another"] {
        assert_eq!(of(good), Ok(None), "{good}");
    }
    for bad in ["Bearer a long secre", "Bearer a long secret2", "Bearer", "Bearer  "] {
        assert!(of(bad).is_err(), "{bad}");
    }
    assert_eq!(of("Basic another"), Err(NotProven::BadHeader("authorization".to_owned())));
}

#[test]
fn headers_are_lines_or_variables() {
    for (text, why) in [
        ("no colon", NoHeaders::NoColon(1)),
        ("a: 1\nb c: 2", NoHeaders::NoColon(2)),
        ("a: 1\n: 2", NoHeaders::NoColon(2)),
        ("a: 1\nA: 2", NoHeaders::Twice(2)),
    ] {
        assert_eq!(Headers::parse(text), Err(why), "{text}");
    }
    let many: String = (0..201).map(|place| format!("h{place}: x\n")).collect();
    assert_eq!(Headers::parse(&many), Err(NoHeaders::TooMany));
    let read = headers("A: 1\r\nWebhook-Id:  x y \r\n\r\nnot looked at");
    assert_eq!((read.get("a"), read.get("webhook-id")), (Some("1"), Some("x y")));
    let variables =
        [("HTTP_WEBHOOK_ID", "e"), ("PATH", "/bin"), ("HTTP_AUTHORIZATION", "Bearer s")];
    let read = Headers::of_variables(variables.into_iter());
    assert_eq!((read.get("webhook-id"), read.get("path")), (Some("e"), None));
    assert_eq!(format!("{read:?}"), r#"{"authorization", "webhook-id"}"#);
}

fn status(remaining: Option<u32>, payment: Option<(i64, u32)>) -> MeterStatus {
    MeterStatus {
        id: SpaceId::new("METER-A1-001").unwrap(),
        zone: None,
        is_operational: true,
        is_occupied: None,
        battery: None,
        remaining_s: remaining,
        last_payment: payment.map(|(seconds, minutes)| (at(seconds), minutes)),
    }
}

fn seconds(at: DateTime<Utc>) -> i64 {
    at.timestamp() - 1_704_111_300
}

/// Mutants: the earlier end counts; two minutes and a second are no difference; a meter whose time is over has paid
/// time still.
#[test]
fn paid_time_at_a_meter() {
    let of = |remaining, payment| {
        let paid = Paid::by(&status(remaining, payment), at(0));
        (paid.from.map(seconds), paid.until.map(seconds), paid.is_end_doubtful)
    };
    assert_eq!(of(Some(3600), Some((0, 60))), (Some(0), Some(3600), false));
    assert_eq!(of(Some(3480), Some((0, 60))), (Some(0), Some(3600), false));
    assert_eq!(of(Some(3479), Some((0, 60))), (Some(0), Some(3600), true));
    assert_eq!(of(Some(3721), Some((0, 60))), (Some(0), Some(3721), true));
    assert_eq!(of(Some(0), None), (Some(0), Some(0), false));
    assert_eq!(of(Some(0), Some((-60, 60))), (Some(-60), Some(3540), true));
    assert_eq!(of(Some(3600), Some((3600, 60))), (Some(0), Some(7200), true));
    assert_eq!(of(None, None), (None, None, false));
    assert_eq!(of(Some(0), Some((-7200, 60))), (Some(-7200), Some(-3600), false));
}

/// What a meter states at 0, after what was known of it. Mutants: "no time left" ends a payment that was named; time
/// that was never named as a payment cannot be corrected; a new payment forgets since when the space is paid for; a payment
/// that is added takes time away; what ended long ago ends now; a delivery that comes again takes back.
#[test]
fn paid_time_after_what_was_known() {
    let known = |from: i64, until: i64, payment: Option<i64>| MeterKept {
        source: "meters".to_owned(),
        id: "METER-A1-001".to_owned(),
        zone: None,
        is_operational: true,
        is_occupied: None,
        battery: None,
        paid_from: Some(at(from)),
        paid_until: Some(at(until)),
        payment_until: payment.map(at),
        said_at: at(-60),
    };
    let by_clock = known(-1200, 2400, None);
    let by_payment = known(-1200, 2400, Some(2400));
    let over = known(-7200, -3600, Some(-3600));
    for (before, remaining, payment, again, want) in [
        (&by_clock, Some(0), None, false, (-1200, 0)),
        (&by_clock, Some(600), None, false, (-1200, 600)),
        (&by_clock, None, None, false, (-1200, 2400)),
        (&by_clock, Some(0), None, true, (-1200, 2400)),
        (&by_payment, Some(0), None, false, (-1200, 2400)),
        (&by_payment, Some(3600), None, false, (-1200, 3600)),
        (&by_payment, Some(0), Some((-1200, 10)), false, (-1200, -600)),
        (&by_payment, None, Some((-60, 120)), false, (-1200, 7140)),
        (&by_payment, None, Some((-1200, 10)), true, (-1200, 2400)),
        (&by_payment, None, Some((-60, 10)), false, (-1200, 2400)),
        (&by_payment, Some(540), Some((-60, 10)), false, (-1200, 2400)),
        (&by_clock, None, Some((-60, 10)), false, (-1200, 2400)),
        (&by_clock, Some(540), Some((-60, 10)), false, (-1200, 540)),
        (&over, Some(0), None, false, (-7200, -3600)),
        (&over, Some(600), None, false, (0, 600)),
        (&over, None, Some((-60, 30)), false, (-60, 1740)),
    ] {
        let paid = Paid::by(&status(remaining, payment), at(0)).after(before, at(0), again);
        let found = (paid.from.map(seconds), paid.until.map(seconds));
        let case = format!("{before:?} {remaining:?} {payment:?} {again}");
        assert_eq!(found, (Some(want.0), Some(want.1)), "{case}");
    }
}

/// Mutants: a secret that was not read signs whatever anybody signs with nothing.
#[test]
fn an_empty_secret_proves_nothing() {
    use hmac::{Hmac, Mac};
    let parts = |parts: &[&[u8]]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"").unwrap();
        parts.iter().for_each(|part| mac.update(part));
        hex(&mac.finalize().into_bytes())
    };
    let signed = parts(&[b"1704111300.", BODY.as_bytes()]);
    let stripe = headers(&format!("webhook-signature: t=1704111300,v1={signed}"));
    let bearer = headers("authorization: Bearer ");
    for secrets in [&[""][..], &["", SECRET]] {
        let of = |scheme, headers: &Headers| {
            prove(&config(scheme, secrets), headers, BODY.as_bytes(), at(0)).is_ok()
        };
        assert!(!of(EventScheme::Stripe, &stripe) && !of(EventScheme::Bearer, &bearer));
    }
}
