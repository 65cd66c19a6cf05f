//! What meters state.

use super::*;
use crate::document::{Limits, parse};

/// The status of the reference, whole.
const STATUS: &str = r#"{ "meterId": "METER-A1-001", "zoneNumber": "A1",
  "status": { "operational": true, "spaceOccupied": true, "timeRemaining": 3600,
    "lastPayment": { "amount": 2.00, "duration": 60, "timestamp": "2024-01-01T11:00:00.000Z", "paymentMethod": "CREDIT_CARD" } },
  "diagnostics": { "batteryLevel": 85, "signalStrength": -65, "temperature": 22, "lastMaintenance": "2024-01-01T08:00:00.000Z" } }"#;

fn read(text: &str) -> Result<Effect, String> {
    let value = parse(text.as_bytes(), Limits::DOCUMENT).map_err(|error| error.to_string())?;
    Events.read("meter.status", &Node::top(&value)).map_err(|error| error.pointer)
}

#[test]
fn the_status_of_the_reference() {
    let want = MeterStatus {
        id: SpaceId::new("METER-A1-001").unwrap(),
        zone: Some("A1".to_owned()),
        is_operational: true,
        is_occupied: Some(true),
        battery: Some(85),
        remaining_s: Some(3600),
        last_payment: Some(("2024-01-01T11:00:00Z".parse().unwrap(), 60)),
    };
    assert_eq!(read(STATUS), Ok(Effect::Meter(want)));
    let over = read(&STATUS.replace("3600", "-5"));
    assert!(matches!(over, Ok(Effect::Meter(MeterStatus { remaining_s: Some(0), .. }))));
    let bare = r#"{"meterId":7,"status":{"operational":false}}"#;
    assert!(matches!(read(bare), Ok(Effect::Meter(MeterStatus { battery: None, .. }))));
}

#[test]
fn what_is_no_status() {
    for (from, to, pointer) in [
        ("METER-A1-001", "METER/001", "/meterId"),
        ("METER-A1-001", "..%2F001", "/meterId"),
        ("METER-A1-001", " ", "/meterId"),
        ("\"operational\": true", "\"operational\": \"yes\"", "/status/operational"),
        ("\"operational\": true,", "", "/status/operational"),
        ("3600", "3600.5", "/status/timeRemaining"),
        ("3600", "\"3600\"", "/status/timeRemaining"),
        ("3600", "1e9", "/status/timeRemaining"),
        ("\"duration\": 60", "\"duration\": 10081", "/status/lastPayment/duration"),
        ("\"duration\": 60", "\"duration\": -1", "/status/lastPayment/duration"),
        ("11:00:00.000Z", "11:00:00", "/status/lastPayment/timestamp"),
        ("85", "101", "/diagnostics/batteryLevel"),
        ("85", "8.5", "/diagnostics/batteryLevel"),
    ] {
        assert_eq!(read(&STATUS.replacen(from, to, 1)), Err(pointer.to_owned()), "{to}");
    }
    let value = parse(STATUS.as_bytes(), Limits::DOCUMENT).unwrap();
    assert_eq!(Events.read("meter.tamper", &Node::top(&value)), Ok(Effect::Nothing));
}
