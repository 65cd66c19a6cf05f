//! Reading: paging, exact searches, retries, limits.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::server::{device, logins};
use super::{assert_discreet, reader};
use crate::connectors::hikvision::{Error, Reader};
use crate::model::RecordId;
use crate::net::testing::{Reply, Request, Server, answer, said as ok};
use crate::ports::RecordList;
use crate::ports::progress::tests::Shown;

pub(super) const DEVICE_INFO: &str =
    include_str!("../../../../tests/fixtures/hikvision/device-info.xml");

/// Position, size and wanted numbers of a search.
fn condition(request: &Request) -> (usize, usize, Vec<String>) {
    assert_eq!(request.line(), "POST /ISAPI/AccessControl/UserInfo/Search?format=json HTTP/1.1");
    assert_eq!(request.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let cond = &body["UserInfoSearchCond"];
    let number = |key: &str| usize::try_from(cond[key].as_u64().unwrap()).unwrap();
    let wanted = cond["EmployeeNoList"].as_array().cloned().unwrap_or_default();
    let wanted =
        wanted.iter().map(|entry| entry["employeeNo"].as_str().unwrap().to_owned()).collect();
    (number("searchResultPosition"), number("maxResults"), wanted)
}

pub(super) fn person(number: usize) -> Value {
    json!({"employeeNo": number.to_string(), "name": "Ana Example", "userType": "normal",
        "Valid": {"enable": true, "beginTime": "2026-01-01T00:00:00", "endTime": "2026-12-31T23:59:59"}})
}

pub(super) fn page(word: &str, total: Option<usize>, persons: &[Value]) -> Reply {
    let mut search =
        json!({"searchID": "1", "responseStatusStrg": word, "numOfMatches": persons.len()});
    if let Some(total) = total {
        search["totalMatches"] = json!(total);
    }
    if !persons.is_empty() {
        search["UserInfo"] = json!(persons);
    }
    ok(&json!({"UserInfoSearch": search}).to_string())
}

/// A device with `total` persons that gives at most `cap` at a time.
fn paged(total: usize, cap: usize) -> Server {
    device(move |_, request| {
        let (position, size, wanted) = condition(request);
        let all: Vec<Value> = (1..=total)
            .filter(|number| wanted.is_empty() || wanted.contains(&number.to_string()))
            .map(person)
            .collect();
        let end = all.len().min(position + size.min(cap));
        match all.get(position..end) {
            Some([]) | None => page("NO MATCH", Some(all.len()), &[]),
            Some(some) => page(if end < all.len() { "MORE" } else { "OK" }, Some(all.len()), some),
        }
    })
}

pub(super) fn read_all(reader: &mut Reader) -> (Result<RecordList, Error>, Vec<String>) {
    let mut numbers = Vec::new();
    let list = reader
        .all_persons(&mut |record| numbers.push(record.person.employee_no.as_str().to_owned()));
    (list, numbers)
}

fn numbers(range: impl IntoIterator<Item = usize>) -> Vec<RecordId> {
    range.into_iter().map(|number| RecordId::new(&number.to_string()).unwrap()).collect()
}

#[test]
fn pages_until_all_are_read() {
    for (total, cap, pages) in [(87, 30, 3), (87, 10, 9), (60, 30, 2), (1, 30, 1), (0, 30, 1)] {
        let server = paged(total, cap);
        let mut reader = reader(&server.url);
        let (list, read) = read_all(&mut reader);
        let expected = RecordList {
            count: total,
            total_stated: Some(total),
            pages,
            unusable: Vec::new(),
            twice: BTreeSet::new(),
            complete: true,
        };
        assert_eq!(list, Ok(expected));
        assert_eq!(read.iter().collect::<BTreeSet<_>>().len(), total);
        assert_eq!(reader.requests(), 2 * pages as u64);
        for pair in server.requests().chunks(2) {
            assert_eq!(pair[0].body, pair[1].body, "the body goes twice");
            assert_eq!(pair[0].header("content-length"), pair[1].header("content-length"));
            assert!(pair[1].header("authorization").unwrap().contains("Search?format=json\""));
        }
    }
}

#[test]
fn whoever_watches_hears_of_every_page() {
    let server = paged(70, 30);
    let shown = Shown::default();
    let mut reader = reader(&server.url).watched_by(Arc::new(shown.clone()));
    read_all(&mut reader).0.unwrap();
    let words: Vec<String> = ["begins", "30 of 70", "60 of 70", "70 of 70", "ends"]
        .iter()
        .map(|words| format!("front-door Persons {words}"))
        .collect();
    assert_eq!(shown.words(), words);
    reader.persons(&numbers(1..3)).unwrap();
    assert_eq!(shown.words(), words, "a few persons are no long work");
}

#[test]
fn one_search_id_per_run() {
    let server = paged(40, 30);
    let mut reader = reader(&server.url);
    read_all(&mut reader).0.unwrap();
    read_all(&mut reader).0.unwrap();
    let ids: Vec<String> = server
        .requests()
        .iter()
        .map(|request| serde_json::from_str::<Value>(&request.body).unwrap())
        .map(|body| body["UserInfoSearchCond"]["searchID"].as_str().unwrap().to_owned())
        .collect();
    assert!(ids.iter().all(|id| id.len() == 8));
    assert!(ids[..4].iter().all(|id| *id == ids[0]) && ids[4..].iter().all(|id| *id == ids[4]));
    assert_ne!(ids[0], ids[4]);
}

#[test]
fn a_device_that_always_says_more() {
    let server = device(|_, request| {
        let (position, ..) = condition(request);
        let some: Vec<Value> = (position + 1..=(position + 30).min(40)).map(person).collect();
        page("MORE", Some(40), &some)
    });
    let (list, _) = read_all(&mut reader(&server.url));
    let list = list.unwrap();
    assert_eq!((list.count, list.pages, list.complete), (40, 2, true));
}

#[test]
fn a_total_that_is_too_low_hides_nobody_behind_a_full_page() {
    let beyond = r#"{"statusCode":6,"subStatusCode":"badParameters"}"#;
    for (total, pages) in [(60, 3), (70, 3)] {
        let server = device(move |_, request| {
            let (position, ..) = condition(request);
            let some: Vec<Value> = (position + 1..=(position + 30).min(70)).map(person).collect();
            if some.is_empty() { ok(beyond) } else { page("MORE", Some(total), &some) }
        });
        let list = read_all(&mut reader(&server.url)).0.unwrap();
        assert_eq!((list.count, list.pages, list.complete), (70, pages, true), "{total}");
    }
    // A full last page: whether that is all is asked once more, and a refusal is an answer.
    let server = device(move |_, request| match condition(request).0 {
        0 => page("MORE", Some(30), &(1..=30).map(person).collect::<Vec<_>>()),
        _ => ok(beyond),
    });
    let list = read_all(&mut reader(&server.url)).0.unwrap();
    assert_eq!((list.count, list.complete), (30, true));
}

#[test]
fn overlapping_pages_are_read_until_everybody_was_seen() {
    let server = device(|_, request| {
        let (position, ..) = condition(request);
        let begin = position.saturating_sub(3);
        page("MORE", Some(31), &(begin + 1..=(begin + 10).min(31)).map(person).collect::<Vec<_>>())
    });
    let list = read_all(&mut reader(&server.url)).0.unwrap();
    assert_eq!((list.count, list.complete), (31, true));
}

#[test]
fn lists_that_are_not_certainly_everybody() {
    let first: Vec<Value> = (1..=30).map(person).collect();
    for (what, total, moved) in [
        ("repeats the first page", None, None),
        ("stops early", Some(40), None),
        ("moves", Some(60), Some(59)),
    ] {
        let first = first.clone();
        let server = device(move |_, request| {
            let (position, ..) = condition(request);
            match (what, position) {
                (_, 0) => page("MORE", total, &first),
                ("repeats the first page", _) => page("MORE", total, &first),
                ("stops early", _) => page("OK", total, &[person(31)]),
                _ => page("OK", moved, &(31..=60).map(person).collect::<Vec<_>>()),
            }
        });
        let list = read_all(&mut reader(&server.url)).0.unwrap();
        assert!(!list.complete, "{what}: {list:?}");
        assert!(list.pages <= 2);
    }
}

#[test]
fn entries_without_a_number_are_left_out_with_a_reason() {
    let server = device(|_, request| {
        let (position, ..) = condition(request);
        match position {
            0 => page("MORE", Some(4), &[json!({"name": "Ana Example"}), person(1)]),
            _ => page("OK", Some(4), &[person(2), json!({"employeeNo": "x".repeat(40)})]),
        }
    });
    let list = read_all(&mut reader(&server.url)).0.unwrap();
    assert_eq!((list.count, list.complete), (2, true));
    assert_eq!(
        list.unusable.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>(),
        [
            "the entry at offset 0 has no employeeNo",
            "the entry at offset 3 has an employeeNo that is 40 bytes long, at most 32 fit"
        ]
    );
}

#[test]
fn a_forgotten_search_starts_again_once() {
    let forgotten = r#"{"statusCode":4,"subStatusCode":"theSearchIdDoesNotExist"}"#;
    let server = device(move |login, request| {
        let (position, ..) = condition(request);
        if login == 1 {
            return ok(forgotten);
        }
        let some: Vec<Value> = (position + 1..=(position + 30).min(70)).map(person).collect();
        page(if position + 30 < 70 { "MORE" } else { "OK" }, Some(70), &some)
    });
    let (list, read) = read_all(&mut reader(&server.url));
    assert_eq!((list.as_ref().unwrap().count, list.unwrap().complete), (70, true));
    assert_eq!(read.len(), 70, "nobody is handed over twice");
    let always = device(move |_, request| match condition(request).0 {
        0 => page("MORE", Some(70), &(1..=30).map(person).collect::<Vec<_>>()),
        _ => ok(forgotten),
    });
    let (list, _) = read_all(&mut reader(&always.url));
    assert!(matches!(list, Err(Error::Refused(_))));
    assert_eq!(logins(&always), 4);
}

#[test]
fn a_refused_page_size_is_made_smaller() {
    let server = device(|_, request| {
        let (position, size, _) = condition(request);
        if size > 10 {
            return answer(
                "400 Bad Request",
                "",
                r#"{"statusCode":6,"subStatusCode":"badParameters"}"#,
            );
        }
        let some: Vec<Value> = (position + 1..=(position + size).min(15)).map(person).collect();
        page(if position + size < 15 { "MORE" } else { "OK" }, Some(15), &some)
    });
    let mut reader = reader(&server.url);
    assert_eq!(read_all(&mut reader).0.unwrap().count, 15);
    assert_eq!(logins(&server), 3);
    assert_eq!(read_all(&mut reader).0.unwrap().count, 15);
    assert_eq!(logins(&server), 5, "and remembered");
}

#[test]
fn exact_searches_in_groups_of_thirty() {
    let server = paged(200, 10);
    let mut reader = reader(&server.url);
    let wanted = numbers((100..=140).chain([999, 100]));
    let found = reader.persons(&wanted).unwrap();
    assert_eq!(
        found.into_keys().collect::<BTreeSet<_>>(),
        numbers(100..=140).into_iter().collect()
    );
    let asked: Vec<usize> =
        server.requests().iter().map(|request| condition(request).2.len()).collect();
    assert_eq!(asked.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([12, 30]));
    let before = server.requests().len();
    assert!(reader.persons(&[]).unwrap().is_empty());
    assert_eq!(server.requests().len(), before, "nobody wanted, nothing asked");
}

#[test]
fn an_ignored_filter_falls_back_to_paging_once() {
    for refusal in [
        None,
        Some(r#"{"statusCode":6,"subStatusCode":"badJsonContent","errorMsg":"EmployeeNoList"}"#),
    ] {
        let server = device(move |_, request| {
            let (position, size, wanted) = condition(request);
            match refusal {
                Some(body) if !wanted.is_empty() => answer("400 Bad Request", "", body),
                _ => {
                    let some: Vec<Value> =
                        (position + 1..=(position + size).min(70)).map(person).collect();
                    page(if position + size < 70 { "MORE" } else { "OK" }, Some(70), &some)
                }
            }
        });
        let mut reader = reader(&server.url);
        let found = reader.persons(&numbers([65, 999])).unwrap();
        assert_eq!(found.into_keys().collect::<Vec<_>>(), numbers([65]));
        let before = server.requests().len();
        reader.persons(&numbers([3])).unwrap();
        let later = server.requests().split_off(before);
        assert!(
            later
                .iter()
                .all(|request| condition(request).2.is_empty() && condition(request).1 == 30)
        );
    }
}

#[test]
fn nobody_is_absent_from_a_doubtful_answer() {
    let server = device(|_, _| page("OK", Some(2), &[person(1)]));
    let error = reader(&server.url).persons(&numbers([1, 2])).unwrap_err();
    assert!(matches!(error, Error::Wire { .. }), "{error}");
    let server = device(|_, _| page("OK", Some(1), &[json!({"name": "Ana Example"})]));
    let error = reader(&server.url).persons(&numbers([1])).unwrap_err();
    assert_discreet(&error);
}
