//! What is in force at the doors, as far as a platform says.

use serde_json::{Value, json};

use super::{ok, settings};
use crate::config::Wiring;
use crate::connectors::hikcentral::Platform;
use crate::model::{RecordId, TargetName};
use crate::net::requests::RequestCount;
use crate::net::testing::{Server, said};
use crate::ports::progress::Silent;
use crate::ports::{Pending, Target as _, Written};

fn connect(url: &str) -> Platform {
    let wiring = Wiring { progress: Silent::handle(), count: RequestCount::default() };
    Platform::connect(&TargetName::new("site").unwrap(), &settings(url), wiring).unwrap()
}

/// What is settled of persons 1 to 3 where a platform says so many wait and failed, and names those who failed
/// on these pages; says how many requests that took. Person 3 has number 33 by now.
fn settle(
    waiting: usize,
    failed: usize,
    page_of: fn(u64) -> &'static [&'static str],
) -> (Pending, usize) {
    let server = Server::new(move |_, request| {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        if let Some(id) = body["personId"].as_str() {
            let code = if id == "id3" { "33" } else { &id[2..] };
            return said(&ok(json!({"personId": id, "personCode": code})));
        }
        let list = page_of(body["pageNo"].as_u64().unwrap());
        let list: Vec<Value> =
            list.iter().map(|code| json!({"personCode": code, "errorItems": "0"})).collect();
        said(&ok(match body["applicationResultType"].as_u64() {
            Some(1) => json!({"statisticResult": {"unApplicationCount": 0,
                "applicationFailCount": failed, "editAndUnApplicationCount": waiting}}),
            _ => json!({"applicationErrorResult": {"applicationFailCount": failed, "list":
                [{"deviceName": "Front", "errorList": list}]}}),
        }))
    });
    let mut platform = connect(&server.url);
    let written = ["1", "2", "3"]
        .map(|id| Written { id: RecordId::new(id).unwrap(), handle: format!("id{id}") });
    (platform.settlement(&written).unwrap(), server.requests().len())
}

fn ids<'a>(of: impl Iterator<Item = &'a RecordId>) -> Vec<&'a str> {
    of.map(RecordId::as_str).collect()
}

/// Mutants: whoever is not named is in force although somebody waits; a failure that nobody named leaves
/// everybody in force; failures of a later page do; so do those of one who has another number by now.
#[test]
fn nobody_is_in_force_whom_a_platform_may_mean() {
    type Case = (
        usize,
        usize,
        fn(u64) -> &'static [&'static str],
        &'static [&'static str],
        &'static [&'static str],
        usize,
    );
    let cases: [Case; 8] = [
        (0, 0, |_| &[], &[], &[], 1),
        (2, 0, |_| &[], &["1", "2", "3"], &[], 1),
        (0, 1, |page| if page == 1 { &["2"] } else { &[] }, &[], &["2"], 3),
        (1, 1, |page| if page == 1 { &["2"] } else { &[] }, &["1", "3"], &["2"], 3),
        (1, 1, |page| if page == 1 { &["33"] } else { &[] }, &["1", "2"], &["3"], 6),
        // A failure without a number, and one that is not listed.
        (0, 2, |page| if page == 1 { &["", "8"] } else { &[] }, &["1", "2", "3"], &[], 6),
        (
            0,
            2,
            |page| {
                if page == 1 {
                    &["8"]
                } else if page == 2 {
                    &["3"]
                } else {
                    &[]
                }
            },
            &[],
            &["3"],
            6,
        ),
        // A platform that gives the same page again.
        (0, 1, |_| &["2"], &[], &["2"], 3),
    ];
    for (waiting, failed, pages, waits, fails, requests) in cases {
        let (pending, asked) = settle(waiting, failed, pages);
        assert_eq!(
            (ids(pending.waiting.iter()), ids(pending.failed.keys())),
            (waits.to_vec(), fails.to_vec())
        );
        assert!(pending.failed.values().all(|at| at == "Front (device)"), "{pending:?}");
        assert_eq!(asked, requests, "{waiting} {failed}");
    }
}

#[test]
fn a_failure_without_a_name_may_be_anybodys() {
    let (pending, _) = settle(0, 1, |page| if page == 1 { &[""] } else { &[] });
    assert_eq!(ids(pending.waiting.iter()), ["1", "2", "3"]);
}

/// Mutants: two platforms on one computer count as one; the port is left out.
#[test]
fn a_platform_is_known_by_its_host_and_port() {
    let serial = |url: &str| connect(url).identity().unwrap().serial;
    let version = r#"{"code":"0","data":{"softVersion":"V2.1.0.0"}}"#;
    for _ in 0..2 {
        let server = Server::new(move |_, _| said(version));
        assert_eq!(format!("http://{}", serial(&server.url)), server.url);
    }
}
