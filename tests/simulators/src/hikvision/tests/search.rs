//! Pages, filters, and the forms of an answer.

use serde_json::{Value, json};

use super::{device, exact, slugs, turned, window};
use crate::hikvision::*;
use crate::testing::Digest;

fn many(count: usize) -> Vec<Person> {
    (0..count).map(|i| Person::new(&(1000 + i).to_string())).collect()
}

fn page(client: &Digest, position: usize, size: usize) -> Value {
    let body = json!({"UserInfoSearchCond": {
        "searchID": "s1", "searchResultPosition": position, "maxResults": size,
    }});
    client.person("POST", "Search", &body).unwrap().json()
}

fn facts(page: &Value) -> (String, Option<u64>, Option<u64>, Option<usize>) {
    let found = &page["UserInfoSearch"];
    (
        found["responseStatusStrg"].as_str().unwrap().to_owned(),
        found["numOfMatches"].as_u64(),
        found["totalMatches"].as_u64(),
        found["UserInfo"].as_array().map(Vec::len),
    )
}

#[test]
fn eighty_seven_persons_are_three_pages() {
    let (device, client) = device(many(87));
    assert_eq!(facts(&page(&client, 0, 100)), ("MORE".into(), Some(30), Some(87), Some(30)));
    assert_eq!(facts(&page(&client, 30, 30)), ("MORE".into(), Some(30), Some(87), Some(30)));
    assert_eq!(facts(&page(&client, 60, 30)), ("OK".into(), Some(27), Some(87), Some(27)));
    assert_eq!(facts(&page(&client, 87, 30)), ("NO MATCH".into(), Some(0), Some(87), None));
    assert_eq!(page(&client, 60, 1)["UserInfoSearch"]["UserInfo"][0]["employeeNo"], "1060");
    assert!(slugs(&device).is_empty());
}

#[test]
fn page_limits() {
    let (device, client) = device(many(40));
    device.set(|s| s.page_limit = PageLimit::Ten);
    assert_eq!(facts(&page(&client, 0, 30)).3, Some(10));
    device.set(|s| s.page_limit = PageLimit::ThirtyOrError);
    assert_eq!(facts(&page(&client, 0, 30)).3, Some(30));
    assert_eq!(page(&client, 0, 31)["subStatusCode"], "badParameters");
}

#[test]
fn paging_ends() {
    let (device, client) = device(many(30));
    let end = |end, position| {
        device.set(|s| s.paging_end = end);
        let (status, _, _, rows) = facts(&page(&client, position, 30));
        (status, rows)
    };
    assert_eq!(end(PagingEnd::AlwaysMore, 0), ("MORE".into(), Some(30)));
    assert_eq!(end(PagingEnd::AlwaysMore, 30), ("MORE".into(), Some(0)));
    assert_eq!(end(PagingEnd::NoMatch, 0), ("MORE".into(), Some(30)));
    assert_eq!(end(PagingEnd::NoMatch, 30), ("NO MATCH".into(), None));
    assert_eq!(end(PagingEnd::OkWithEmptyArray, 0), ("OK".into(), Some(30)));
    assert_eq!(end(PagingEnd::OkWithEmptyArray, 30), ("OK".into(), Some(0)));
}

#[test]
fn pages_that_repeat_and_counts_that_lie() {
    let (device, client) = device(many(40));
    let first = |page: Value| page["UserInfoSearch"]["UserInfo"][0]["employeeNo"].clone();
    device.set(|s| s.pages = Pages::FirstAgain);
    let again = page(&client, 30, 30);
    assert_eq!(facts(&again).0, "MORE");
    assert_eq!(first(again), "1000");
    device.set(|s| s.pages = Pages::Overlap(2));
    assert_eq!(first(page(&client, 30, 30)), "1028");
    device.set(|s| (s.pages, s.total_off_by) = (Pages::AsAsked, -3));
    assert_eq!(facts(&page(&client, 0, 30)).2, Some(37));
    for (counts, number, total) in [
        (Counts::NoNumOfMatches, false, true),
        (Counts::NoTotalMatches, true, false),
        (Counts::Neither, false, false),
    ] {
        device.set(|s| s.counts = counts);
        let (_, found, all, _) = facts(&page(&client, 0, 30));
        assert_eq!((found.is_some(), all.is_some()), (number, total), "{counts:?}");
    }
}

#[test]
fn filters() {
    let (device, client) = device(many(40));
    let find = || client.person("POST", "Search", &exact("1007")).unwrap().json();
    assert_eq!(facts(&find()), ("OK".into(), Some(1), Some(1), Some(1)));
    device.set(|s| s.filter = Filter::Ignored);
    assert_eq!(facts(&find()), ("MORE".into(), Some(30), Some(40), Some(30)));
    device.set(|s| s.filter = Filter::Error);
    assert_eq!(find()["errorMsg"], "EmployeeNoList");
    device.set(|s| s.filter = Filter::Exact);
    let none = client.person("POST", "Search", &exact("7")).unwrap().json();
    assert_eq!(facts(&none), ("NO MATCH".into(), Some(0), Some(0), None));
}

#[test]
fn fuzzy_and_flags() {
    let (_device, client) = device(vec![Person::new("1").name("Ana Žagar"), Person::new("2")]);
    let mut body = json!({"UserInfoSearchCond": {
        "searchID": "s", "searchResultPosition": 0, "maxResults": 30, "fuzzySearch": "žag",
    }});
    let find = |body: &Value| facts(&client.person("POST", "Search", body).unwrap().json()).2;
    assert_eq!(find(&body), Some(1));
    body["UserInfoSearchCond"]["hasFace"] = json!(true);
    assert_eq!(find(&body), Some(0));
}

#[test]
fn a_condition_must_be_complete() {
    let (_device, client) = device(Vec::new());
    let full = exact("1");
    for key in ["searchID", "searchResultPosition", "maxResults"] {
        let mut body = full.clone();
        body["UserInfoSearchCond"].as_object_mut().unwrap().remove(key);
        let answer = client.person("POST", "Search", &body).unwrap().json();
        assert_eq!(answer["subStatusCode"], "MessageParametersLack");
        assert_eq!(answer["errorMsg"], key);
    }
    for (key, value) in [
        ("searchID", json!("")),
        ("maxResults", json!(0)),
        ("EmployeeNoList", json!([])),
        ("EmployeeNoList", json!(vec![json!({"employeeNo": "1"}); 31])),
    ] {
        let mut body = full.clone();
        body["UserInfoSearchCond"][key] = value;
        let answer = client.person("POST", "Search", &body).unwrap().json();
        assert_eq!(answer["subStatusCode"], "badParameters", "{key}");
    }
    let lost = client.person("POST", "Search", &json!({})).unwrap().json();
    assert_eq!(lost["errorMsg"], "UserInfoSearchCond");
}

#[test]
fn forms_of_the_answer() {
    let find = |turn: fn(&mut Switches)| {
        let (_device, client) = turned(turn);
        client.person("POST", "Search", &exact("1007")).unwrap().json()
    };
    let plain = find(|_| {});
    assert_eq!(plain["UserInfoSearch"]["UserInfo"][0]["Valid"]["enable"], true);
    assert_eq!(plain["UserInfoSearch"]["UserInfo"][0]["numOfCard"], 1);
    let string = find(|s| s.key_style = KeyStyle::EmployeeNoString);
    assert_eq!(string["UserInfoSearch"]["UserInfo"][0]["employeeNoString"], "1007");
    assert!(string["UserInfoSearch"]["UserInfo"][0].get("employeeNo").is_none());
    let detail = find(|s| s.key_style = KeyStyle::EmployeeNoDetail);
    let number = &detail["UserInfoSearch"]["UserInfo"][0]["EmployeeNoDetail"]["employeeNo"];
    assert_eq!(number, "1007");
    let object = find(|s| s.key_style = KeyStyle::SingleObject);
    assert_eq!(object["UserInfoSearch"]["UserInfo"]["employeeNo"], "1007");
    let list = find(|s| s.key_style = KeyStyle::UserInfoList);
    assert_eq!(list["UserInfoSearch"]["UserInfoList"][0]["employeeNo"], "1007");
    let root = find(|s| s.root_is_search_result = true);
    assert_eq!(root["UserInfoSearchResult"]["UserInfo"][0]["employeeNo"], "1007");
    let lower = find(|s| s.key_case = KeyCase::Lower);
    assert_eq!(lower["userinfosearch"]["userinfo"][0]["employeeno"], "1007");
    let upper = find(|s| s.key_case = KeyCase::FirstUpper);
    assert_eq!(upper["UserInfoSearch"]["UserInfo"][0]["EmployeeNo"], "1007");
    let strings = find(|s| s.scalars = Scalars::Strings);
    assert_eq!(strings["UserInfoSearch"]["UserInfo"][0]["Valid"]["enable"], "true");
    assert_eq!(strings["UserInfoSearch"]["totalMatches"], "1");
    let numbers = find(|s| s.scalars = Scalars::Numbers);
    assert_eq!(numbers["UserInfoSearch"]["UserInfo"][0]["employeeNo"], 1007);
}

#[test]
fn fields_of_a_person() {
    let ana = Person::new("1007").pin("1234").email("ana@x.si").extends("e").extra("k", json!([1]));
    let (device, client) = device(vec![ana]);
    let find = || {
        let answer = client.person("POST", "Search", &exact("1007")).unwrap();
        assert!(!answer.text().contains("1234"), "the PIN is never told");
        answer.json()["UserInfoSearch"]["UserInfo"][0].clone()
    };
    let person = find();
    assert_eq!(person["password"], "");
    assert_eq!(person["PersonInfoExtends"], json!([{"value": "e"}]));
    assert_eq!(person["k"], json!([1]));
    assert!(!person.to_string().contains("ana@x.si"));
    device.set(|s| {
        (s.no_num_of, s.no_person_info_extends, s.email_field) = (true, true, Some("email".into()));
    });
    let person = find();
    assert_eq!(person["email"], "ana@x.si");
    assert!(person.get("numOfCard").is_none() && person.get("PersonInfoExtends").is_none());
}

#[test]
fn entries_that_are_not_what_they_should_be() {
    let (device, client) = device(many(3));
    let body = || {
        let everybody = json!({"UserInfoSearchCond": {
            "searchID": "s1", "searchResultPosition": 0, "maxResults": 30,
        }});
        client.person("POST", "Search", &everybody).unwrap().body.to_vec()
    };
    let numbers = || {
        let page: Value = serde_json::from_slice(&body()).unwrap();
        let rows = page["UserInfoSearch"]["UserInfo"].as_array().unwrap().clone();
        rows.iter().map(|row| row["employeeNo"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    device.set(|s| s.listed_twice = vec!["1000".into()]);
    assert_eq!(numbers(), ["1000", "1000", "1001", "1002"]);
    device.set(|s| s.twice_at_end = true);
    assert_eq!(numbers(), ["1000", "1001", "1002", "1000"]);
    device.set(|s| (s.listed_twice, s.names_in_gbk) = (Vec::new(), vec!["1001".into()]));
    assert!(String::from_utf8(body()).is_err());
    client.person("PUT", "Modify", &window("1001", "2026-01-01T00:00:00", "2027-01-31T23:59:59"));
    assert!(slugs(&device).contains(&"unclear-person".to_owned()));
}
