//! What of a person goes back to a device besides the dates.

use ivms_sync_simulators::club::employee_no;
use ivms_sync_simulators::hikvision::{Omitted, UnknownKey};
use serde_json::{Value, json};

use super::{RENEWED, Story, requests};

/// A number that no machine type holds.
const LONG: &str = "12345678901234567890123";

/// Mutants: `named` is empty; the standing list is left out where capabilities name others.
#[test]
fn fields_that_the_capabilities_name_go_back() {
    let story = Story::new(|door| {
        door.further_fields = &["roomNumber", "floorNumber", "callNumbers", "password"];
        door.omitted = Omitted::Replace;
        door.unknown_key = UnknownKey::BadJsonContent;
    });
    let door = story.door();
    assert!(door.edit_person(&employee_no(RENEWED[0]), |person| {
        person.room_number = 12;
        person.floor_number = 3;
        person.belong_group = "2".into();
        person.pin = Some("4711".into());
        person
            .extra
            .insert("callNumbers".into(), serde_json::from_str(&format!("[{LONG}]")).unwrap());
    }));
    story.sync("named", 0);
    let writes = door.writes();
    let sent =
        &writes.iter().find(|w| w["UserInfo"]["employeeNo"] == employee_no(RENEWED[0]).as_str());
    let sent = &sent.unwrap()["UserInfo"];
    assert_eq!((&sent["roomNumber"], &sent["floorNumber"]), (&json!(12), &json!(3)));
    assert_eq!(sent["belongGroup"], "2");
    assert_eq!(sent["callNumbers"].to_string(), format!("[{LONG}]"));
    assert!(sent.get("password").is_none());
    // They are asked for once, and remembered for that firmware.
    assert_eq!(requests(door, "UserInfo/capabilities"), 2);
    story.sync_full("again", 0);
    assert_eq!(requests(door, "UserInfo/capabilities"), 2);
    door.edit_settings(|settings| settings.firmware = "V9.9.9".into());
    story.sync_full("other firmware", 0);
    assert_eq!(requests(door, "UserInfo/capabilities"), 4);
}

/// Mutant: without the rule the first write stops the door.
#[test]
fn fields_that_vanish_when_empty_are_no_change() {
    let story = Story::under_way(1);
    story.door().set(|door| door.empty_vanishes = true);
    let run = story.sync_full("vanishing", 0);
    assert_eq!(run["problems"], Value::Array(Vec::new()));
    assert_eq!(story.door().writes().len(), 3);
    story.assert_in_step("vanishing");
}
