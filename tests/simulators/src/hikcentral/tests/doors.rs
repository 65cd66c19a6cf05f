//! What doors go by, and how it comes to them.

use serde_json::json;

use super::*;

/// The last second of the old window, and one within the new window only.
const LAST: &str = "2026-12-31T22:59:59Z";
const LATER: &str = "2027-01-15T12:00:00Z";

/// Sets Ana's window to [`NEW`].
fn renew(client: &Client) {
    assert_eq!(client.code(UPDATE, &renewal(client)).0, "0");
}

fn reapply(client: &Client, body: &Value) {
    assert_eq!(client.code(REAPPLY, body).0, "0");
}

fn statistics(client: &Client) -> (Value, Value, Value) {
    let body = json!({"applicationResultType": 1, "type": 1, "pageNo": 1, "pageSize": 100});
    let data = client.data(RESULT, &body)["statisticResult"].clone();
    let number = |key: &str| data[key].clone();
    (
        number("unApplicationCount"),
        number("editAndUnApplicationCount"),
        number("applicationFailCount"),
    )
}

fn failures(client: &Client, number: usize, size: usize) -> Value {
    let body = json!({"applicationResultType": 2, "type": 1, "pageNo": number, "pageSize": size});
    client.data(RESULT, &body)["applicationErrorResult"].clone()
}

fn numbers(never: i64, edited: i64, failed: i64) -> (Value, Value, Value) {
    (json!(never), json!(edited), json!(failed))
}

#[test]
fn a_door_opens_within_the_window_to_the_second() {
    let (platform, _) = turned(|_| {});
    for (time, is_open) in [
        ("2025-12-31T22:59:59Z", false),
        ("2025-12-31T23:00:00Z", true),
        (LAST, true),
        ("2026-12-31T22:59:59.999Z", true),
        ("2026-12-31T23:00:00Z", false),
    ] {
        assert_eq!(platform.opens("1", "12", at(time)), is_open, "{time}");
    }
    assert!(!platform.opens("9", "12", at(LAST)) && !platform.opens("1", "99", at(LAST)));
}

#[test]
fn odd_windows_open_as_far_as_they_say() {
    let (platform, _) = turned(|_| {});
    let opens = |begin: Option<&str>, end: Option<&str>, time: &str| {
        platform.edit_person("12", |person| {
            (person.begin, person.end) = (begin.map(str::to_owned), end.map(str::to_owned));
        });
        platform.apply_all();
        platform.opens("1", "12", at(time))
    };
    assert!(opens(None, None, "1999-01-01T00:00:00Z"));
    assert!(opens(Some(""), Some("2026-06-30T12:00:00"), "2026-06-30T10:00:00Z"));
    assert!(!opens(Some(""), Some("2026-06-30T12:00:00"), "2026-06-30T10:00:01Z"));
    assert!(opens(None, Some("2026-06-30T12:00:00.5-06:00"), "2026-06-30T18:00:00Z"));
    assert!(!opens(None, Some("sometime"), "2026-06-30T12:00:00Z"));
}

#[test]
fn an_update_reaches_a_door_by_reapplication_only() {
    let (platform, client) = turned(|_| {});
    renew(&client);
    assert_eq!(platform.behind(), [("1".into(), "12".into()), ("2".into(), "12".into())]);
    assert_eq!(statistics(&client), numbers(0, 1, 0));
    assert!(!platform.opens("1", "12", at(LATER)));
    reapply(&client, &json!({"ImmediateDownload": 0, "personIds": "12", "doorIndexCodes": "1"}));
    assert!(platform.opens("1", "12", at(LATER)) && !platform.opens("2", "12", at(LATER)));
    assert_eq!(platform.applied("1", "12").unwrap().end.as_deref(), Some(NEW.1));
    reapply(&client, &json!({"personIds": "13,12"}));
    assert!(platform.opens("2", "12", at(LATER)));
    assert!(platform.behind().is_empty());
    assert_eq!(statistics(&client), numbers(0, 0, 0));
}

#[test]
fn doors_may_learn_by_themselves() {
    let (platform, client) = turned(|s| s.apply = Apply::Automatic);
    renew(&client);
    assert!(platform.behind().is_empty());
    let id = platform.add_person(Person::new("Eva", "Zajc"));
    assert!(platform.opens("2", &id, at(LAST)));
    platform.edit_person(&id, |person| person.levels.clear());
    assert!(platform.applied("2", &id).is_none());
    platform.remove_person("12");
    assert!(platform.applied("1", "12").is_none());
    client.data(DELETE, &json!({"personId": "13"}));
    assert!(platform.applied("1", "13").is_none());
}

#[test]
fn an_application_may_take_some_polls() {
    let (platform, client) = turned(|s| s.apply_polls = 2);
    renew(&client);
    reapply(&client, &json!({"personIds": "12"}));
    for _ in 0..2 {
        assert!(!platform.opens("1", "12", at(LATER)));
        assert_eq!(statistics(&client), numbers(0, 1, 0));
    }
    assert!(platform.opens("1", "12", at(LATER)));
    assert_eq!(statistics(&client), numbers(0, 0, 0));
    // An application that changes nothing takes as long.
    reapply(&client, &json!({"personIds": "12"}));
    assert_eq!(statistics(&client), numbers(0, 1, 0));
    assert_eq!(failures(&client, 1, 10)["list"], json!([]));
    assert_eq!(statistics(&client), numbers(0, 0, 0));
}

#[test]
fn a_new_person_is_nowhere_before_an_application() {
    let (platform, client) = turned(|_| {});
    let id = platform.add_person(Person::new("Eva", "Zajc"));
    assert!(!platform.opens("1", &id, at(LAST)));
    assert_eq!(statistics(&client), numbers(1, 0, 0));
    // Without any body it is everybody.
    assert_eq!(client.try_call(REAPPLY, "").unwrap().json()["code"], "0");
    assert!(platform.opens("1", &id, at(LAST)));
}

#[test]
fn who_leaves_stays_at_the_door_until_an_application() {
    let (platform, client) = turned(|_| {});
    platform.edit_person("12", |person| person.levels.clear());
    platform.remove_person("13");
    assert!(platform.opens("1", "12", at(LAST)) && platform.opens("1", "13", at(LAST)));
    assert_eq!(platform.behind().len(), 4);
    reapply(&client, &json!({}));
    assert!(!platform.opens("1", "12", at(LAST)) && !platform.opens("1", "13", at(LAST)));
    assert!(platform.behind().is_empty());
}

#[test]
fn failures_are_told_by_device() {
    let (platform, client) = turned(|_| {});
    assert!(platform.set_door("1", DoorState::Offline));
    assert!(platform.set_door("2", DoorState::Failing("3,4")));
    assert!(!platform.set_door("9", DoorState::Online));
    renew(&client);
    reapply(&client, &json!({"personIds": "12"}));
    assert_eq!(statistics(&client), numbers(0, 0, 1));
    let entry = |door: &str, items: &str| {
        json!({"deviceName": format!("Device of {door}"), "errorList": [{
            "personName": "Ana Novak", "personCode": "M150001", "resourceName": door,
            "errorItems": items,
        }]})
    };
    let (front, back) = (entry("Front door", "0"), entry("Back door", "3,4"));
    let all = json!({
        "pageNo": 1, "pageSize": 10, "applicationFailCount": 1, "list": [front, back],
    });
    assert_eq!(failures(&client, 1, 10), all);
    assert_eq!(failures(&client, 2, 1)["list"], json!([back]));
    // 1 leaves out what has failed before.
    platform.set_door("1", DoorState::Online);
    reapply(&client, &json!({"personIds": "12", "ImmediateDownload": 1}));
    assert!(!platform.opens("1", "12", at(LATER)));
    reapply(&client, &json!({"personIds": "12", "ImmediateDownload": 0}));
    assert!(platform.opens("1", "12", at(LATER)) && !platform.opens("2", "12", at(LATER)));
    assert_eq!(failures(&client, 1, 10)["list"], json!([back]));
    platform.set_door("2", DoorState::Online);
    platform.apply_all();
    assert_eq!(statistics(&client), numbers(0, 0, 0));
}

#[test]
fn a_failure_may_go_untold() {
    let (platform, client) = turned(|_| {});
    platform.set_door("2", DoorState::Silent);
    renew(&client);
    reapply(&client, &json!({"personIds": "12"}));
    assert_eq!(statistics(&client), numbers(0, 0, 0));
    assert_eq!(failures(&client, 1, 10)["list"], json!([]));
    assert!(platform.opens("1", "12", at(LATER)) && !platform.opens("2", "12", at(LATER)));
    assert_eq!(platform.behind(), [("2".into(), "12".into())]);
}

#[test]
fn levels_say_which_doors() {
    let platform = Platform::start(Settings {
        doors: vec![Door::new("1", "Front door"), Door::new("7", "Sauna")],
        levels: vec![Level::new("1", "Gym", &["1"]), Level::new("2", "Spa", &["7", "8"])],
        persons: vec![Person::new("Ana", "Novak").id("a").levels(&["2", "9"])],
        ..Settings::default()
    });
    assert!(platform.opens("7", "a", at(LAST)) && !platform.opens("1", "a", at(LAST)));
    platform.edit_person("a", |person| person.levels.push("1".into()));
    let client = Client::of(&platform);
    reapply(&client, &json!({"personIds": "a", "doorIndexCodes": "1,7"}));
    assert!(platform.opens("1", "a", at(LAST)));
}

#[test]
fn applications_are_asked_for_as_documented() {
    let (_platform, client) = turned(|_| {});
    for (api, body, code) in [
        (REAPPLY, json!({"personIds": ["12"]}), "2"),
        (REAPPLY, json!({"personIds": "12, 13"}), "2"),
        (REAPPLY, json!({"personIds": "12,"}), "2"),
        (REAPPLY, json!({"personIds": "12", "doorIndexCodes": 1}), "2"),
        (REAPPLY, json!({"personIds": "12", "ImmediateDownload": 2}), "2"),
        (REAPPLY, json!({"personIds": "12,99"}), "128"),
        (REAPPLY, json!({"personIds": "12", "doorIndexCodes": "9"}), "128"),
        (RESULT, json!({"type": 1, "pageNo": 1, "pageSize": 5}), "2"),
        (RESULT, json!({"applicationResultType": 3, "type": 1, "pageNo": 1, "pageSize": 5}), "2"),
        (RESULT, json!({"applicationResultType": 1, "pageNo": 1, "pageSize": 5}), "2"),
        (RESULT, json!({"applicationResultType": 1, "type": 1, "pageNo": 1}), "2"),
        (RESULT, json!({"applicationResultType": 1, "type": 1, "pageNo": 1, "pageSize": 501}), "2"),
    ] {
        assert_eq!(client.code(api, &body).0, code, "{body}");
    }
    let visitors = json!({"applicationResultType": 2, "type": 2, "pageNo": 1, "pageSize": 5});
    let data = client.data(RESULT, &visitors);
    assert_eq!(data["applicationErrorResult"]["list"], json!([]));
}
