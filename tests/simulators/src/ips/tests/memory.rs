//! What happens at the service, and how listings tell of it.

use super::*;

#[test]
fn a_session_and_a_permit_have_the_shape_of_the_contract() {
    let server = service(1);
    let page = read(&server, &format!("{SESSIONS}?zones=A1%2CA2"));
    for key in ["data", "nextCursor", "asOf", "deleted"] {
        assert!(page.get(key).is_some(), "{key}");
    }
    assert_eq!((&page["nextCursor"], &page["deleted"]), (&Value::Null, &serde_json::json!([])));
    assert_eq!(page["asOf"], "2024-01-01T12:00:00.000Z");
    let row = &page["data"][0];
    for (key, value) in [
        ("id", "session_1"),
        ("licensePlate", "AAA001"),
        ("state", "CT"),
        ("zoneNumber", "A1"),
        ("startTime", "2024-01-01T11:00:00.000Z"),
        ("endTime", "2024-01-01T13:00:00.000Z"),
        ("status", "ACTIVE"),
        ("updatedAt", "2024-01-01T12:00:00.000Z"),
    ] {
        assert_eq!(row[key], value, "{key}");
    }
    server.permit("permit_1", "RESIDENTIAL", "BBB001", "NY", &["A1", "B1"], now(), None);
    server.add_permit(Permit::new("permit_2", "VISITOR", "BBB002", "NY", now()).until(now()));
    let page = read(&server, &format!("{PERMITS}?types=RESIDENTIAL,VISITOR&includeInactive=true"));
    let row = &page["data"][0];
    for (key, value) in [
        ("type", "RESIDENTIAL"),
        ("number", "RES-permit_1"),
        ("licensePlate", "BBB001"),
        ("validFrom", "2024-01-01T12:00:00.000Z"),
        ("status", "ACTIVE"),
    ] {
        assert_eq!(row[key], value, "{key}");
    }
    assert_eq!(
        (&row["validUntil"], &row["zones"]),
        (&Value::Null, &serde_json::json!(["A1", "B1"]))
    );
    assert_eq!(page["data"][1]["validUntil"], "2024-01-01T12:00:00.000Z");
    assert!(page["data"][1].get("zones").is_none());
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn personal_data_is_there_to_be_dropped() {
    let server = service(1);
    let text = get(&server, SESSIONS).text();
    assert!(PERSONAL_MARKS.iter().all(|mark| text.contains(mark)), "{text}");
    server.set(|switches| switches.personal_data = false);
    let text = get(&server, SESSIONS).text();
    assert!(!PERSONAL_MARKS.iter().any(|mark| text.contains(mark)), "{text}");
}

#[test]
fn since_tells_of_changes_and_deletions() {
    let server = service(6);
    let since = |text: &str| read(&server, &format!("{SESSIONS}?since={text}"));
    assert_eq!(ids(&since("2024-01-01T12:00:00Z")).len(), 6, "the instant itself counts");
    server.clock().advance(TimeDelta::minutes(10));
    assert!(server.extend("session_1", now() + TimeDelta::hours(5)));
    assert!(server.stop("session_2") && server.cancel("session_3") && server.delete("session_4"));
    for id in ["session_4", "session_9"] {
        assert!(!server.extend(id, now()) && !server.stop(id) && !server.cancel(id));
        assert!(!server.delete(id));
    }
    let page = since("2024-01-01T12:00:00.001Z");
    assert_eq!(ids(&page), ["session_1", "session_2", "session_3"]);
    assert_eq!(page["deleted"], serde_json::json!(["session_4"]));
    let end = |row: usize| &page["data"][row]["endTime"];
    assert_eq!([end(0), end(1)], ["2024-01-01T17:00:00.000Z", "2024-01-01T12:10:00.000Z"]);
    assert_eq!(page["data"][1]["status"], "COMPLETED");
    assert_eq!(page["data"][2]["status"], "CANCELLED");
    let page = read(&server, &format!("{SESSIONS}?since=2024-01-01T12:00:01Z&zones=A1"));
    assert_eq!(ids(&page), ["session_1", "session_3"]);
    assert_eq!(page["deleted"], serde_json::json!([]), "it was in another zone");
    let page = read(&server, SESSIONS);
    assert_eq!((ids(&page).len(), &page["deleted"]), (5, &serde_json::json!([])));
    let end = Some(now() + TimeDelta::hours(1));
    server.park("session_4", "AAA004", "CT", "A2", now(), end);
    assert_eq!(since("2024-01-01T12:01:00Z")["deleted"], serde_json::json!([]));
    assert_eq!((server.rows("sessions"), server.calls("sessions")), (6, 5));
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn permits_are_changed_too() {
    let server = service(0);
    let rest = "since=2024-01-01T12:00:01Z&includeInactive=true";
    for (number, kind) in ["RESIDENTIAL", "BUSINESS", "VISITOR", "VISITOR"].iter().enumerate() {
        server.permit(&format!("permit_{number}"), kind, "AAA001", "CT", &[], now(), None);
    }
    server.clock().advance(TimeDelta::minutes(1));
    let at = server.clock().now();
    let has = |plate: &str| server.has_right(plate, "CT", "B2", at);
    assert!(server.suspend_permit("permit_0") && server.cancel_permit("permit_1"));
    assert!(server.delete_permit("permit_2") && has("AAA001") && !has("BBB001"));
    assert!(server.change_plate("permit_3", "BBB001", "CT") && !has("AAA001") && has("BBB001"));
    let page = read(&server, &format!("{PERMITS}?{rest}"));
    assert_eq!(ids(&page), ["permit_0", "permit_1", "permit_3"]);
    assert_eq!(page["deleted"], serde_json::json!(["permit_2"]));
    assert_eq!(page["data"][2]["licensePlate"], "BBB001");
    let page = read(&server, &format!("{PERMITS}?{rest}&types=VISITOR"));
    assert_eq!(ids(&page), ["permit_3"]);
    assert_eq!(ids(&read(&server, PERMITS)), ["permit_3"], "only the active");
    assert!(server.resume_permit("permit_0") && server.stop_permit("permit_3"));
    assert!(has("AAA001") && !has("BBB001") && server.extend_permit("permit_3", None));
    assert!(has("BBB001") && server.rows("permits") == 3 && server.calls("permits") == 3);
    assert_eq!(server.violations(), Vec::<String>::new());
}

#[test]
fn windows_are_half_open_and_ended_sessions_may_leave_the_listing() {
    let server = service(1);
    let has = |zone, at| server.has_right("AAA001", "CT", zone, at);
    let (begin, end) = (now() - TimeDelta::hours(1), now() + TimeDelta::hours(1));
    let second = TimeDelta::seconds(1);
    assert!(has("A1", begin) && !has("A1", begin - second) && !has("A2", begin));
    assert!(has("A1", end - second) && !has("A1", end));
    server.edit_settings(|settings| settings.ended_kept = Some(TimeDelta::hours(2)));
    server.clock().advance(TimeDelta::hours(3) - second);
    assert_eq!(ids(&read(&server, SESSIONS)).len(), 1);
    server.clock().advance(second);
    assert_eq!(ids(&read(&server, SESSIONS)).len(), 0);
    assert_eq!(server.rows("sessions"), 1);
}
