//! Modify in all its moods, and the verbs that no good client uses.

use serde_json::{Value, json};

use super::{device, exact, good_window, slugs, turned, window};
use crate::hikvision::*;

fn whole(person: &str) -> chrono::NaiveDateTime {
    person.parse().unwrap()
}

#[test]
fn somebody_edits_at_the_given_moment() {
    let (device, client) = turned(|_| {});
    device.meanwhile("Search", 2, |persons| persons.clear());
    let found = || client.person("POST", "Search", &exact("1007")).unwrap().json();
    for rows in [Some(1), Some(1), None, None] {
        let rows_now = found()["UserInfoSearch"]["UserInfo"].as_array().map(Vec::len);
        assert_eq!(rows_now, rows, "the answer is from before the edit");
    }
}

#[test]
fn modify_merges_by_default() {
    let ana = Person::new("1007").name("Ana").pin("1234").doors(&[1, 3]);
    let (device, client) = device(vec![ana.clone()]);
    let answer = client.person("PUT", "Modify", &good_window()).unwrap();
    assert_eq!(answer.json()["statusCode"], 1);
    client.person("POST", "Search", &exact("1007"));
    let expected = ana.valid("2026-01-01", "2027-01-31");
    assert_eq!(device.person("1007"), Some(expected));
    assert_eq!(device.writes(), [good_window()]);
    assert!(slugs(&device).is_empty(), "{:?}", device.violations());
}

#[test]
fn modify_replaces_where_switched() {
    let mut ana = Person::new("1007").name("Ana").pin("1234").doors(&[1, 3]);
    ana.belong_group = "2".into();
    let (device, client) = device(vec![ana]);
    device.set(|s| s.omitted = Omitted::Replace);
    client.person("PUT", "Modify", &good_window());
    let ana = device.person("1007").unwrap();
    assert_eq!((ana.name.as_str(), ana.pin, ana.door_right.as_str()), ("Ana", None, ""));
    assert!(ana.right_plan.is_empty() && ana.belong_group.is_empty());
    let mut full = good_window();
    full["UserInfo"]["doorRight"] = json!("1");
    full["UserInfo"]["RightPlan"] = json!([{"doorNo": 1, "planTemplateNo": "1"}]);
    client.person("PUT", "Modify", &full);
    assert!(device.door_opens("1007", 1, whole("2027-01-31T23:59:59")));
}

#[test]
fn modify_by_another_method() {
    let (device, client) = turned(|s| s.modify_by = ModifyBy::Post);
    let code = |method| client.person(method, "Modify", &good_window()).unwrap().json();
    assert_eq!(code("PUT")["subStatusCode"], "methodNotAllowed");
    assert_eq!(code("POST")["statusCode"], 1);
    device.set(|s| s.modify_by = ModifyBy::Nothing);
    for method in ["PUT", "POST"] {
        assert_eq!(code(method)["subStatusCode"], "methodNotAllowed");
    }
    client.person("POST", "Search", &exact("1007"));
    assert!(slugs(&device).is_empty(), "{:?}", device.violations());
    assert_eq!(device.writes().len(), 1);
}

#[test]
fn fields_that_are_refused_by_name() {
    let (device, client) = turned(|s| s.refused_fields = &["gender"]);
    let mut body = good_window();
    body["UserInfo"]["gender"] = json!("male");
    for (naming, expected) in [
        (Naming::Bare, "gender"),
        (Naming::Path, "UserInfo.gender"),
        (Naming::Sentence, "invalid parameter gender"),
    ] {
        device.set(|s| s.naming = naming);
        let answer = client.person("PUT", "Modify", &body).unwrap().json();
        assert_eq!(answer["errorMsg"], expected);
    }
    assert_eq!(device.writes(), Vec::<Value>::new());
    device.set(|s| s.refused_fields = &[]);
    body["UserInfo"]["doorRight"] = json!("");
    let answer = client.person("PUT", "Modify", &body).unwrap().json();
    assert_eq!(answer["errorMsg"], "doorRight", "an empty one is refused");
}

/// A PIN may be sent once, by whom it was shown to, to the person who has just lost it.
#[test]
fn a_pin_is_put_back_once() {
    let (device, client) = device(vec![Person::new("1007").pin("1234")]);
    device.set(|s| (s.shows_pin, s.omitted) = (true, Omitted::Replace));
    let search = || client.person("POST", "Search", &exact("1007")).unwrap().json();
    let shown = || search()["UserInfoSearch"]["UserInfo"][0]["password"].clone();
    assert_eq!(shown(), "1234");
    client.person("PUT", "Modify", &good_window());
    assert_eq!(shown(), "");
    let mut body = good_window();
    body["UserInfo"]["password"] = json!("1234");
    client.person("PUT", "Modify", &body);
    assert_eq!(shown(), "1234");
    assert!(slugs(&device).is_empty(), "{:?}", device.violations());
    client.person("PUT", "Modify", &body);
    search();
    assert!(slugs(&device).contains(&"password-key".to_owned()));
    // Nor another one, nor at a device that shows none.
    for (shows_pin, pin) in [(true, "9999"), (false, "1234")] {
        device.set(|s| s.shows_pin = shows_pin);
        device.edit_person("1007", |person| person.pin = Some("1234".into()));
        client.person("PUT", "Modify", &good_window());
        search();
        device.clear_violations();
        body["UserInfo"]["password"] = json!(pin);
        client.person("PUT", "Modify", &body);
        search();
        assert!(slugs(&device).contains(&"password-key".to_owned()), "{shows_pin} {pin}");
    }
}

#[test]
fn effects() {
    let far = "2027-01-31T23:59:59";
    for (effect, answered, applied) in [
        (Effect::Applied, true, true),
        (Effect::OkNotApplied, true, false),
        (Effect::AppliedAnswerLost, false, true),
        (Effect::NotAppliedAnswerLost, false, false),
        (Effect::AlsoChanges("doorRight".into(), json!("2")), true, true),
        (Effect::AlsoChanges("strange".into(), json!(7)), true, true),
    ] {
        let (device, client) = turned(|s| s.effect = effect.clone());
        let answer = client.person("PUT", "Modify", &good_window());
        assert_eq!(answer.is_some(), answered, "{effect:?}");
        let ana = device.person("1007").unwrap();
        assert_eq!(ana.end == far, applied, "{effect:?}");
        assert_eq!(slugs(&device), ["no-read-back"]);
        match effect {
            Effect::AlsoChanges(key, value) if key == "strange" => {
                assert_eq!(ana.extra["strange"], value);
            }
            Effect::AlsoChanges(..) => assert_eq!(ana.door_right, "2"),
            _ => assert_eq!(ana.door_right, "1"),
        }
    }
}

#[test]
fn windows_that_a_device_refuses() {
    let modify = |turn: fn(&mut Switches), body: Value| {
        let (device, client) = turned(turn);
        let answer = client.person("PUT", "Modify", &body).unwrap().json();
        let code = answer["subStatusCode"].as_str().unwrap().to_owned();
        (code, device.person("1007").unwrap().end)
    };
    let kept = || "2026-12-31T23:59:59".to_owned();
    let backwards = || window("1007", "2026-06-01T00:00:00", "2026-05-01T00:00:00");
    let far = || window("1007", "2026-06-01T00:00:00", "2038-01-01T00:00:00");
    assert_eq!(modify(|_| {}, backwards()), ("invalidOperation".into(), kept()));
    let turn: fn(&mut Switches) = |s| s.begin_after_end = BeginAfterEnd::EndtimeEarlier;
    assert_eq!(modify(turn, backwards()), ("endtimeEarlierThanBegintime".into(), kept()));
    let turn: fn(&mut Switches) = |s| s.begin_after_end = BeginAfterEnd::Accepted;
    assert_eq!(modify(turn, backwards()), ("ok".into(), "2026-05-01T00:00:00".into()));
    assert_eq!(modify(|_| {}, far()), ("beyondARGSRangeLimit".into(), kept()));
    let turn: fn(&mut Switches) = |s| s.far_year = FarYear::Cut;
    assert_eq!(modify(turn, far()), ("ok".into(), "2037-12-31T23:59:59".into()));
    let turn: fn(&mut Switches) = |s| s.far_year = FarYear::Accepted;
    assert_eq!(modify(turn, far()), ("ok".into(), "2038-01-01T00:00:00".into()));
    for end in ["2026-12-31", "2026-12-31T23:59:59Z", "2026-12-31 23:59:59", "x"] {
        let body = window("1007", "2026-06-01T00:00:00", end);
        assert_eq!(modify(|_| {}, body), ("timeFormatError".into(), kept()), "{end}");
    }
    let mut utc = good_window();
    utc["UserInfo"]["Valid"]["timeType"] = json!("UTC");
    assert_eq!(modify(|_| {}, utc), ("badParameters".into(), kept()));
    let mut renamed = good_window();
    renamed["UserInfo"]["Valid"] = json!({"enable": true, "startTime": "x", "endTime": "x"});
    assert_eq!(modify(|_| {}, renamed), ("MessageParametersLack".into(), kept()));
}

#[test]
fn bodies_that_a_device_refuses() {
    let modify = |turn: fn(&mut Switches), body: Value| {
        let (_device, client) = turned(turn);
        let answer = client.person("PUT", "Modify", &body).unwrap().json();
        let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        (text("subStatusCode"), text("errorMsg"))
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let with = |key: &str, value: Value| json!({"UserInfo": {"employeeNo": "1007", key: value}});
    assert_eq!(modify(|_| {}, json!({})), pair("MessageParametersLack", "UserInfo"));
    let turn: fn(&mut Switches) = |s| s.missing_top_key = MissingTopKey::BadJsonContent;
    assert_eq!(modify(turn, json!({})).0, "badJsonContent");
    assert_eq!(modify(|_| {}, json!({"UserInfo": []})).0, "badJsonContent");
    let nobody = json!({"UserInfo": {"name": "x"}});
    assert_eq!(modify(|_| {}, nobody), pair("MessageParametersLack", "employeeNo"));
    assert_eq!(modify(|_| {}, json!({"UserInfo": {"employeeNo": 1007}})).0, "badJsonContent");
    let long = json!({"UserInfo": {"employeeNo": "x".repeat(33)}});
    assert_eq!(modify(|_| {}, long).0, "illegalEmployeeNo");
    let missing = window("7", "2026-01-01T00:00:00", "2026-02-01T00:00:00");
    assert_eq!(modify(|_| {}, missing.clone()).0, "employeeNoNotExist");
    let turn: fn(&mut Switches) = |s| s.unknown_person = UnknownPerson::DeviceUserNotExist;
    assert_eq!(modify(turn, missing).0, "deviceUserNotExist");
    assert_eq!(modify(|_| {}, with("gender", json!("x"))), pair("badJsonContent", "gender"));
    assert_eq!(modify(|_| {}, with("name", json!("a/b"))).0, "nameContainsInvalidCharcters");
    assert_eq!(modify(|_| {}, with("name", json!("a".repeat(129)))).0, "nameIsOverlong");
    assert_eq!(modify(|_| {}, with("nonsense", json!(1))).0, "ok");
    let turn: fn(&mut Switches) = |s| s.unknown_key = UnknownKey::BadJsonContent;
    assert_eq!(modify(turn, with("nonsense", json!(1))), pair("badJsonContent", "nonsense"));
}

#[test]
fn errors_have_many_forms() {
    let modify = |turn: fn(&mut Switches)| {
        let (_device, client) = turned(turn);
        client.person("PUT", "Modify", &json!({})).unwrap()
    };
    let plain = modify(|_| {});
    assert_eq!((plain.status, &plain.json()["errorCode"]), (200, &json!(1_610_612_761)));
    assert_eq!(modify(|s| s.error_status = ErrorStatus::ByClass).status, 400);
    let strings = modify(|s| s.error_body = ErrorBody::JsonStrings).json();
    assert_eq!(strings["statusCode"], "6");
    assert_eq!(strings["errorCode"], "1610612761");
    let nested = modify(|s| s.error_body = ErrorBody::JsonNested).json();
    assert_eq!(nested["ResponseStatus"]["statusCode"], 6);
    for namespace in [Namespace::Isapi, Namespace::Hikvision, Namespace::StdCgi] {
        let (device, client) =
            turned(|s| (s.error_body, s.namespace) = (ErrorBody::Xml, namespace));
        let text = client.person("PUT", "Modify", &json!({})).unwrap().text();
        assert!(text.contains(namespace.uri()) && text.contains("<statusCode>6</statusCode>"));
        assert_eq!(device.writes().len(), 0);
    }
    let (_device, client) = turned(|s| s.ok_with_error_fields = true);
    let ok = client.person("PUT", "Modify", &good_window()).unwrap().json();
    assert_eq!((ok["errorCode"].as_u64(), ok["errorMsg"].as_str()), (Some(1), Some("ok")));
}

#[test]
fn permissions_and_business() {
    let (device, client) = turned(|s| s.permissions = Permissions::ReadsOnly);
    let refused = client.person("PUT", "Modify", &good_window()).unwrap();
    assert_eq!(refused.status, 403);
    assert_eq!(refused.json()["subStatusCode"], "lowPrivilege");
    assert_eq!(client.person("POST", "Search", &exact("1007")).unwrap().status, 200);
    device.set(|s| (s.permissions, s.device_busy) = (Permissions::Admin, 2));
    for code in ["deviceBusy", "deviceBusy", "ok"] {
        let answer = client.person("PUT", "Modify", &good_window()).unwrap().json();
        assert_eq!(answer["subStatusCode"], code);
    }
}

#[test]
fn doors_open_within_the_window() {
    let (device, _) = device(vec![
        Person::new("1").valid("2026-01-01", "2026-06-30").doors(&[1, 3]),
        Person::new("2").valid("2020-01-01", "2020-01-02").permanent(),
        Person::new("3").user_type("blackList"),
    ]);
    for (at, opens) in [
        ("2025-12-31T23:59:59", false),
        ("2026-01-01T00:00:00", true),
        ("2026-06-30T23:59:59", true),
        ("2026-07-01T00:00:00", false),
    ] {
        assert_eq!(device.door_opens("1", 3, whole(at)), opens, "{at}");
    }
    let noon = whole("2026-03-01T12:00:00");
    assert!(!device.door_opens("1", 2, noon) && !device.door_opens("3", 1, noon));
    assert!(device.door_opens("2", 1, noon) && !device.door_opens("4", 1, noon));
    device.set(|s| s.enable_false = EnableFalse::OpensNever);
    assert!(!device.door_opens("2", 1, noon));
}

#[test]
fn record_set_up_and_delete_are_effective() {
    let device = Device::start(Settings { max_records: 2, ..Settings::default() });
    let client = crate::testing::Digest::new(device.port());
    let person = |no: &str| {
        let mut body = window(no, "2026-01-01T00:00:00", "2026-02-01T00:00:00");
        body["UserInfo"]["userType"] = json!("normal");
        body
    };
    let code = |method: &str, name: &str, body: &Value| {
        let answer = client.person(method, name, body).unwrap().json();
        answer["subStatusCode"].as_str().unwrap().to_owned()
    };
    assert_eq!(code("POST", "Record", &person("1")), "ok");
    assert_eq!(code("POST", "Record", &person("1")), "employeeNoAlreadyExist");
    assert_eq!(code("PUT", "SetUp", &person("1")), "ok");
    assert_eq!(code("PUT", "SetUp", &person("2")), "ok");
    assert_eq!(code("POST", "Record", &person("3")), "deviceUserFull");
    let one = json!({"UserInfoDelCond": {"EmployeeNoList": [{"employeeNo": "1"}]}});
    assert_eq!(code("PUT", "Delete", &one), "ok");
    assert_eq!(device.persons().len(), 1);
    assert!(!slugs(&device).contains(&"empty-delete".to_owned()));
    let none = json!({"UserInfoDelCond": {"EmployeeNoList": []}});
    assert_eq!(code("PUT", "Delete", &none), "ok");
    assert!(device.persons().is_empty());
    assert!(slugs(&device).contains(&"empty-delete".to_owned()));
}
