//! Lists, single persons, levels, and the many forms of an answer.

use serde_json::json;

use super::*;

#[test]
fn a_person_as_documented() {
    let (platform, client) = turned(|_| {});
    let ana = client.person("12");
    let shown = json!({
        "personId": "12", "personCode": "M150001", "personName": "Ana Novak",
        "personGivenName": "Ana", "personFamilyName": "Novak", "gender": 0, "orgIndexCode": "5",
        "personPhoto": {"picUri": ""}, "phoneNo": "+386 40 111 222", "email": "ana@club.example",
        "remark": "pays late", "cards": [{"cardNo": "100001"}, {"cardNo": "100002"}],
        "beginTime": "2026-01-01T00:00:00+01:00", "endTime": "2026-12-31T23:59:59+01:00",
        "fingerPrint": [{"fingerPrintIndexCode": "1", "fingerPrintName": "right thumb",
                         "fingerPrintData": "", "relatedCardNo": ""}],
        "customFieldList": [{"id": "1", "customFiledName": "Locker", "customFieldType": 0,
                             "customFieldValue": "7"}],
    });
    assert_eq!(ana, shown);
    let bor = client.person("13");
    assert_eq!((&bor["email"], &bor["phoneNo"]), (&json!(""), &json!("")));
    for key in ["cards", "fingerPrint", "customFieldList", "accessLevelList"] {
        assert!(bor.get(key).is_none(), "{key}");
    }
    let page = client.data(PERSONS, &json!({"pageNo": 1, "pageSize": 500}));
    assert_eq!(page, json!({"total": 2, "pageNo": 1, "pageSize": 500, "list": [shown, bor]}));
    assert_eq!(client.data(BY_CODE, &json!({"personCode": "M150001"})), shown);
    assert!(platform.violations().is_empty());
}

#[test]
fn nobody_is_code_128() {
    let (_platform, client) = turned(|_| {});
    for (api, body) in [
        (BY_ID, json!({"personId": "99"})),
        (BY_CODE, json!({"personCode": "99"})),
        (MEMBERS, json!({"pageNo": 1, "pageSize": 5, "type": 1, "privilegeGroupId": "9"})),
    ] {
        let gone = json!({
            "code": "128", "msg": "The request resource does not exist", "data": "",
        });
        assert_eq!(client.call(api, &body), gone);
    }
}

#[test]
fn wrong_parameters_are_code_2() {
    let (_platform, client) = turned(|_| {});
    for (api, body, name) in [
        (PERSONS, json!({"pageNo": 0, "pageSize": 5}), "pageNo"),
        (PERSONS, json!({"pageNo": 2_147_483_648_u32, "pageSize": 5}), "pageNo"),
        (PERSONS, json!({"pageNo": "1", "pageSize": 5}), "pageNo"),
        (PERSONS, json!({"pageNo": 1}), "pageSize"),
        (PERSONS, json!({"pageNo": 1, "pageSize": 0}), "pageSize"),
        (PERSONS, json!({"pageNo": 1, "pageSize": 501}), "pageSize"),
        (PERSONS, json!({"pageNo": 1, "pageSize": 5, "showAccessLevel": 2}), "showAccessLevel"),
        (ADVANCED, json!({"pageNo": 1, "pageSize": 5, "personName": "x".repeat(33)}), "personName"),
        (ADVANCED, json!({"pageNo": 1, "pageSize": 5, "cardNo": 100_001}), "cardNo"),
        (BY_ID, json!({"personId": 12}), "personId"),
        (BY_ID, json!({"personId": ""}), "personId"),
        (BY_CODE, json!({}), "personCode"),
        (LEVELS, json!({"pageNo": 1, "pageSize": 5}), "type"),
        (MEMBERS, json!({"pageNo": 1, "pageSize": 5, "type": 1}), "privilegeGroupId"),
    ] {
        let wrong = ("2".to_owned(), format!("{name} parameter error"));
        assert_eq!(client.code(api, &body), wrong, "{body}");
    }
}

#[test]
fn pages_follow_each_other() {
    let (platform, client) = many(5);
    assert_eq!(client.ids(1, 2), ["1", "2"]);
    assert_eq!(client.ids(2, 2), ["3", "4"]);
    assert_eq!(client.ids(3, 2), ["5"]);
    assert!(client.ids(4, 2).is_empty());
    platform.set(|s| s.pages = Pages::Overlap(1));
    assert_eq!((client.ids(1, 2), client.ids(2, 2)), (ids(&["1", "2"]), ids(&["2", "3"])));
    platform.set(|s| s.pages = Pages::Gap(1));
    assert_eq!((client.ids(1, 2), client.ids(2, 2)), (ids(&["1", "2"]), ids(&["4", "5"])));
    platform.set(|s| s.total_off_by = -2);
    let page = client.data(PERSONS, &json!({"pageNo": 1, "pageSize": 2}));
    assert_eq!(page["total"], 3);
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn an_operator_works_between_two_pages() {
    let (platform, client) = many(4);
    // The third row moves to the page that was read already.
    platform.meanwhile("personList", 1, |persons| persons.swap(0, 2));
    assert_eq!((client.ids(1, 2), client.ids(2, 2)), (ids(&["1", "2"]), ids(&["1", "4"])));
    // Somebody vanishes, and the others move up.
    platform.meanwhile("personList", 2, |persons| drop(persons.remove(0)));
    client.ids(1, 2);
    assert_eq!(client.ids(2, 2), ["1", "4"]);
    assert_eq!((client.ids(1, 2), client.ids(2, 2)), (ids(&["2", "1"]), ids(&["4"])));
    assert_eq!(platform.persons().len(), 3);
}

#[test]
fn an_advanced_search_knows_names_and_cards() {
    let (platform, client) = turned(|_| {});
    let found = |key: &str, text: &str| {
        let body = json!({"pageNo": 1, "pageSize": 5, key: text});
        let data = client.data(ADVANCED, &body);
        let rows = data["list"].as_array().unwrap().clone();
        rows.iter().map(|row| row["personId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(found("personName", "NOVA"), ["12"]);
    assert_eq!(found("personName", "o"), ["12", "13"]);
    assert_eq!(found("cardNo", "100002"), ["12"]);
    assert!(found("cardNo", "10000").is_empty());
    assert_eq!(found("email", "ana@club.example"), ["12", "13"]);
    platform.set(|s| s.advance_filters = true);
    assert_eq!(found("email", "ana@club.example"), ["12"]);
    assert_eq!(found("personCode", "M150001"), ["12"]);
    assert!(found("orgIndexCode", "50").is_empty());
}

#[test]
fn levels_and_their_members() {
    let (platform, client) = turned(|_| {});
    let body = |of: u8| json!({"pageNo": 1, "pageSize": 5, "type": of, "privilegeGroupId": "1"});
    let level = json!({
        "privilegeGroupId": "1", "privilegeGroupName": "All doors", "description": "",
        "timeSchedule": {"indexCode": "1", "name": "All-day"},
    });
    assert_eq!(client.data(LEVELS, &body(1))["list"], json!([level]));
    assert_eq!(client.data(LEVELS, &body(2))["list"], json!([]));
    platform.set(|s| s.levels_nested = true);
    let nested = json!([{"PrivilegeGroupInfo": [level]}]);
    assert_eq!(client.data(LEVELS, &body(1))["list"], nested);
    let members = client.data(MEMBERS, &body(1));
    let both = json!([{"id": "12", "personCode": "M150001"}, {"id": "13"}]);
    assert_eq!((&members["total"], &members["list"]), (&json!(2), &both));
    platform.edit_person("12", |person| person.levels.clear());
    assert_eq!(client.data(MEMBERS, &body(1))["list"], json!([{"id": "13"}]));
}

#[test]
fn newer_versions_show_the_levels_of_a_person() {
    let (platform, client) = turned(|_| {});
    let asked = json!({"personId": "12", "showAccessLevel": 1});
    assert!(client.data(BY_ID, &asked).get("accessLevelList").is_none());
    platform.edit_settings(|settings| settings.soft_version = "V3.1.0".into());
    let levels = json!([{"accessLevelId": 1, "accessLevelName": "All doors"}]);
    assert_eq!(client.data(BY_ID, &asked)["accessLevelList"], levels);
    assert!(client.person("12").get("accessLevelList").is_none());
}

#[test]
fn envelopes_vary() {
    let (platform, client) = turned(|_| {});
    platform.set(|s| (s.integer_codes, s.extra_fields, s.padding) = (true, true, 1000));
    let answer = client.answer(PERSONS, &json!({"pageNo": 1, "pageSize": 5}));
    assert!(answer.body.ends_with(&[b' '; 1000]));
    let json = answer.json();
    assert_eq!(json["code"], 0);
    assert!(json.get("traceId").is_some() && json["data"].get("sort").is_some());
    assert!(json["data"]["list"][0].get("skinSurface").is_some());
    assert_eq!(client.call(BY_ID, &json!({"personId": "99"}))["code"], 128);
    let unsigned = Client { secret: "wrong", ..Client::of(&platform) };
    assert_eq!(unsigned.call(VERSION, &json!({}))["code"], "0x02401003");
    for (words, text) in [
        (SuccessMsg::Capital, "Success"),
        (SuccessMsg::Lower, "success"),
        (SuccessMsg::Upper, "SUCCESS"),
        (SuccessMsg::Ok, "ok"),
    ] {
        platform.set(|s| s.success_msg = words);
        assert_eq!(client.call(VERSION, &json!({}))["msg"], text);
    }
}

#[test]
fn errors_vary() {
    let (platform, client) = turned(|s| (s.errors_as_xml, s.errors_without_data) = (true, true));
    let answer = client.answer(BY_ID, &json!({"personId": "99"}));
    assert_eq!(answer.headers("Content-Type"), ["application/xml"]);
    let msg = "The request resource does not exist";
    assert_eq!(answer.json(), json!({"code": "128", "msg": msg}));
    let good = client.answer(BY_ID, &json!({"personId": "12"}));
    assert_eq!(good.headers("Content-Type"), ["application/json"]);
    assert_eq!(answer.headers("Connection"), ["close"]);
    drop(platform);
}

#[test]
fn an_empty_list_may_be_an_array() {
    let (platform, client) = many(0);
    let body = json!({"pageNo": 1, "pageSize": 5, "type": 2});
    let page = json!({"total": 0, "pageNo": 1, "pageSize": 5, "list": []});
    assert_eq!(client.data(PERSONS, &body), page);
    platform.set(|s| s.empty_list = EmptyList::Array);
    for api in [PERSONS, ADVANCED, LEVELS] {
        assert_eq!(client.data(api, &body), json!([]));
    }
}

#[test]
fn persons_vary() {
    let (platform, client) = turned(|s| {
        s.plain_cards = true;
        s.fingerprint_object = true;
        s.custom_fields = CustomFields::FieldName;
        s.numeric_ids = true;
        s.list_omits = vec!["orgIndexCode", "beginTime"];
        s.info_omits = vec!["email"];
    });
    let ana = client.person("12");
    assert_eq!((&ana["personId"], &ana["cards"]), (&json!(12), &json!(["100001", "100002"])));
    assert_eq!(ana["fingerPrint"]["fingerPrintName"], "right thumb");
    assert_eq!(ana["customFieldList"][0]["customFieldName"], "Locker");
    assert!(ana.get("email").is_none() && ana.get("beginTime").is_some());
    let page = client.data(PERSONS, &json!({"pageNo": 1, "pageSize": 5}));
    let row = &page["list"][0];
    assert!(row.get("email").is_some());
    assert!(row.get("beginTime").is_none() && row.get("orgIndexCode").is_none());
    platform.set(|s| (s.custom_fields, s.empty_lists_shown) = (CustomFields::Null, true));
    let bor = client.person("13");
    assert_eq!((&bor["cards"], &bor["fingerPrint"]), (&json!([]), &json!([])));
    assert_eq!(bor["customFieldList"], json!(null));
    let body = json!({"pageNo": 1, "pageSize": 5, "type": 1, "privilegeGroupId": "1"});
    assert_eq!(client.data(MEMBERS, &body)["list"][1]["id"], 13);
}

#[test]
fn times_are_what_was_written_or_something_else() {
    let (platform, client) = turned(|_| {});
    let times = |id: &str| {
        let person = client.person(id);
        (person.get("beginTime").cloned(), person.get("endTime").cloned())
    };
    let both = |begin: &str, end: &str| (Some(json!(begin)), Some(json!(end)));
    for (begin, end) in [
        ("2025-03-19T10:28:22-06:00", "2034-05-26T15:00:00+08:00"),
        ("2025-10-04T13:44:21", "2025-10-04T13:44:21.250+02:00"),
        ("", "sometime"),
    ] {
        platform.edit_person("12", |person| *person = person.clone().valid(begin, end));
        assert_eq!(times("12"), both(begin, end));
    }
    platform.edit_person("13", |person| *person = person.clone().no_window());
    assert_eq!(times("13"), (None, None));
    let stored = ("2026-06-30T00:00:00-06:00", "sometime");
    platform.edit_person("12", |person| *person = person.clone().valid(stored.0, stored.1));
    for (form, begin) in [
        (TimeForm::PlatformZone, "2026-06-30T08:00:00+02:00"),
        (TimeForm::NoOffset, "2026-06-30T08:00:00"),
        (TimeForm::Fraction, "2026-06-30T14:00:00.000+08:00"),
    ] {
        platform.set(|s| s.time_form = form);
        assert_eq!(times("12"), both(begin, "sometime"));
    }
}

#[test]
fn ids_are_small_numbers_or_guids() {
    let (platform, _) = turned(|_| {});
    assert_eq!(platform.add_person(Person::new("Eva", "Zajc")), "1");
    platform.set(|s| s.guids = true);
    let id = platform.add_person(Person::new("Eva", "Zajc").email("ana@club.example"));
    assert_eq!((id.len(), id.matches('-').count()), (36, 4));
    assert_eq!(platform.person(&id).unwrap().email, "ana@club.example");
    assert!(platform.edit_person(&id, |person| person.extra = Default::default()));
    assert!(platform.remove_person(&id) && !platform.remove_person(&id));
    assert!(!platform.edit_person(&id, |_| {}));
    assert_eq!(platform.persons().len(), 3);
}

#[test]
fn a_connection_is_kept_unless_it_is_closed() {
    let (platform, client) = turned(|_| {});
    let target = "/artemis/api/common/v1/version";
    let kept = |client: &Client| {
        let text = String::from_utf8(client.bytes(target, "{}")).unwrap();
        let first = text.replace("Connection: close\r\n", "");
        let both = first + &String::from_utf8(client.bytes(target, "{}")).unwrap();
        let answers = read(connect(client.port, both.as_bytes())).unwrap();
        String::from_utf8(answers.body).unwrap().contains("HTTP/1.1 200")
    };
    assert!(kept(&client));
    platform.set(|s| s.closes = true);
    assert!(!kept(&client));
}

#[test]
fn a_removed_id_is_never_given_again() {
    let (platform, _) = turned(|_| {});
    let id = platform.add_person(Person::new("Eva", "Zajc"));
    platform.remove_person(&id);
    assert_eq!(platform.add_person(Person::new("Eva", "Zajc")), "2");
    // An operator's import may bring it back, or bring others.
    assert_eq!(platform.add_person(Person::new("Eva", "Zajc").id(&id)), id);
    platform.add_person(Person::new("Eva", "Zajc").id("3"));
    assert_eq!(platform.add_person(Person::new("Eva", "Zajc")), "4");
}

#[test]
#[should_panic(expected = "there are two persons 12")]
fn an_id_has_one_person() {
    let (platform, _) = turned(|_| {});
    platform.add_person(Person::new("Eva", "Zajc").id("12"));
}
