//! What is asked, and what is read.

use std::io::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::server::is_signed_with;
use super::{KEY, SECRET, client, ok, person, quick, settings};
use crate::connectors::hikcentral::wire::person_id;
use crate::connectors::hikcentral::{Client, Error};
use crate::model::RecordId;
use crate::net::requests::RequestCount;
use crate::net::testing::{Request, Server, answer, said};
use crate::ports::RecordList;

const VERSION: &str = r#"{"code":"0","msg":"Success","data":{"produceName":"HikCentral Professional","softVersion":"V2.1.0.0"}}"#;

fn id(text: &str) -> RecordId {
    RecordId::new(text).unwrap()
}

/// Mutants: a header is signed that is not sent as signed; the body is not under the signature.
#[test]
fn every_request_is_signed() {
    let server = Server::new(|_, request| {
        assert!(is_signed_with(request, SECRET), "{}", request.head);
        said(VERSION)
    });
    let mut settings = settings(&server.url);
    settings.user_id = Some("sync user".to_owned());
    let count = RequestCount::default();
    let mut client = Client::with_limits(&settings, quick()).unwrap().counted_by(count.clone());
    assert_eq!(client.version().unwrap().to_string(), "V2.1.0.0");
    assert!(client.version().is_ok());
    assert_eq!(count.get(), 2);
    let [first, second] = &server.requests()[..] else { panic!() };
    assert_eq!(first.line(), "POST /artemis/api/common/v1/version HTTP/1.1");
    assert_eq!((first.body.as_str(), first.header("x-ca-key")), ("{}", Some(KEY)));
    assert_eq!(
        first.header("x-ca-signature-headers"),
        Some("userid,x-ca-key,x-ca-nonce,x-ca-timestamp")
    );
    assert_eq!(first.header("content-md5"), Some("mZFLkyvTelC5g8XnyQrpOw=="));
    assert_eq!(first.header("accept"), Some("*/*"));
    assert_eq!(first.header("content-type"), Some("application/json"));
    assert_eq!(first.header("userid"), Some("sync user"));
    assert_ne!(first.header("x-ca-nonce"), second.header("x-ca-nonce"));
    assert!(!is_signed_with(first, "another secret"));
    for text in [format!("{client:?}"), format!("{settings:?}")] {
        assert!(!text.contains(SECRET) && !text.contains(KEY), "{text}");
    }
}

#[test]
fn old_versions_are_refused() {
    let server = Server::new(|_, _| said(&VERSION.replace("V2.1", "V1.7")));
    let error = client(&server.url).version().unwrap_err();
    assert_eq!(error, Error::TooOld { found: "V1.7.0.0".to_owned() });
}

/// Answers pages of two from these lists of ids, one list for each page asked for.
fn listing(
    pages: Vec<(usize, Vec<u32>)>,
) -> (Result<RecordList, Error>, Vec<String>, Vec<Request>) {
    let count = pages.len();
    let server = Server::new(move |at, _| {
        let (total, ids) = &pages[at];
        let list: Vec<Value> = ids.iter().map(|id| person(*id)).collect();
        said(&ok(json!({"total": total, "pageNo": 1, "pageSize": 2, "list": list})))
    });
    let mut handed = Vec::new();
    let list = client(&server.url)
        .all_persons(&mut |record| handed.push(record.person.employee_no.to_string()));
    assert_eq!(server.requests().len(), count);
    (list, handed, server.requests())
}

#[test]
fn everybody_is_read_once() {
    let (list, handed, requests) = listing(vec![(3, vec![1, 2]), (3, vec![3])]);
    let list = list.unwrap();
    assert!(list.complete);
    assert_eq!((list.count, list.total_stated, list.pages), (3, Some(3), 2));
    assert_eq!(handed, ["150001", "150002", "150003"]);
    let bodies: Vec<_> = requests.iter().map(|request| request.body.as_str()).collect();
    assert_eq!(bodies, [r#"{"pageNo":1,"pageSize":2}"#, r#"{"pageNo":2,"pageSize":2}"#]);
    let list = "/artemis/api/resource/v1/person/advance/personList";
    assert!(requests.iter().all(|request| request.path() == list));
}

#[test]
fn moved_rows_are_read_once_more() {
    let (list, handed, requests) =
        listing(vec![(3, vec![1, 2]), (3, vec![2]), (3, vec![2, 1]), (3, vec![3])]);
    assert!(list.unwrap().complete);
    assert_eq!(handed, ["150001", "150002", "150003"]);
    assert!(requests[2].body.contains(r#""pageNo":1"#));
}

#[test]
fn a_list_that_stays_short_is_incomplete() {
    let (list, handed, _) = listing(vec![(5, vec![1]), (5, vec![1])]);
    assert!(!list.unwrap().complete);
    assert_eq!(handed, ["150001"]);
}

#[test]
fn one_person() {
    let server = Server::new(|_, request| match request.body.as_str() {
        r#"{"personCode":"150001"}"# => said(&ok(person(1))),
        _ => said(r#"{"code":"128","msg":"The request resource does not exist","data":""}"#),
    });
    let mut client = client(&server.url);
    let found = client.person(&id("150001")).unwrap().unwrap();
    assert_eq!((found.person.employee_no.as_str(), person_id(&found).as_str()), ("150001", "1"));
    assert_eq!(client.person(&id("150002")).unwrap(), None);
    let wanted = ["150002", "150001", "150001"].map(id);
    let several = client.persons(&wanted).unwrap();
    assert_eq!(several.keys().collect::<Vec<_>>(), [&wanted[1]]);
    let requests = server.requests();
    assert_eq!(requests[0].path(), "/artemis/api/resource/v1/person/personCode/personInfo");
    assert_eq!(requests.len(), 4, "nobody is asked for twice");
}

#[test]
fn an_answer_about_somebody_else_is_none() {
    let server = Server::new(|_, _| said(&ok(person(9))));
    let error = client(&server.url).person(&id("150001")).unwrap_err();
    assert!(matches!(&error, Error::Wire { what, .. } if what.contains("another")), "{error}");
    super::assert_discreet(&error);
}

/// Mutants: the limit counts packed bytes; a packed answer is not read.
#[test]
fn packed_answers_are_read_within_the_limit() {
    let packed = |body: &str| {
        // One stored block, no compression: enough for a reader of gzip.
        let bytes = body.as_bytes();
        let length = u16::try_from(bytes.len()).unwrap();
        let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.write_all(bytes).unwrap();
        out.extend(crc32(bytes).to_le_bytes());
        out.extend(u32::from(length).to_le_bytes());
        out
    };
    let headers = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
    let body = packed(VERSION);
    let server = Server::new(move |_, _| answer("200 OK", headers, &body));
    assert!(client(&server.url).version().is_ok());
    let server = Server::new(|_, _| said(&format!("{VERSION}{}", " ".repeat(65 * 1024))));
    let error = client(&server.url).version().unwrap_err();
    assert_eq!(error, Error::TooLarge { call: "version", limit: 64 * 1024 });
}

fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    };
    !bytes.iter().fold(!0, step)
}

#[test]
fn no_more_requests_in_a_second_than_configured() {
    let server = Server::new(|_, _| said(VERSION));
    let mut settings = settings(&server.url);
    settings.requests_per_second = 20;
    let mut client = Client::with_limits(&settings, quick()).unwrap();
    for _ in 0..4 {
        client.version().unwrap();
    }
    let at: Vec<_> = server.requests().iter().map(|request| request.at).collect();
    // The server sees them a little later or earlier than they were sent.
    assert!(at[3] - at[0] >= Duration::from_millis(140), "{:?}", at[3] - at[0]);
}

#[test]
fn whatever_cannot_be_sent_is_not() {
    for change in [
        (|settings| settings.url = url::Url::parse("ftp://host/").unwrap())
            as fn(&mut crate::connectors::hikcentral::Settings),
        |settings| settings.app_key = "a\r\nb".to_owned(),
        |settings| settings.app_key = String::new(),
        |settings| settings.user_id = Some("č".to_owned()),
    ] {
        let mut settings = settings("http://127.0.0.1:9/");
        change(&mut settings);
        let error = Client::with_limits(&settings, quick()).unwrap_err();
        assert!(matches!(error, Error::Unsent { .. }), "{error}");
    }
}
