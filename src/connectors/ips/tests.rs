//! Pages as bytes, and a server that says them.

use chrono::{DateTime, Utc};

use super::wire::{Reading, page};
use crate::model::{Ends, Period, RightKind, RightState};
use crate::net::oauth::{AskedAs, ClientIn, Grant};
use crate::net::requests::RequestCount;
use crate::net::retry::Rule;
use crate::net::service::Bounds;
use crate::net::testing::{Reply, Server, answer, said};
use crate::ports::{Class, ListedRight, RightsListing, RightsService};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::config::{Login, Wire};
use super::{Seed, Settings};
use crate::config::{Secret, Tls};
use crate::model::RightCode;

pub(super) fn reading(ends: Ends) -> Reading {
    Reading::new(ends, "a key").unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn session(fields: &str) -> Result<Option<ListedRight>, String> {
    let body = format!(r#"{{"data":[{{{fields}}}],"asOf":"2024-01-01T12:00:00.000Z"}}"#);
    let page =
        page(body.as_bytes(), false, &reading(Ends::Open)).map_err(|error| error.to_string())?;
    Ok(page.rights.into_iter().next())
}

fn permit(fields: &str) -> ListedRight {
    let body = format!(r#"{{"data":[{{{fields}}}]}}"#);
    page(body.as_bytes(), true, &reading(Ends::Open)).unwrap().rights.remove(0)
}

const GIVEN: &str = r#""id":"session_789","licensePlate":"ABC123","state":"CT","zoneNumber":"A1","startTime":"2024-01-01T10:00:00.000Z","endTime":"2024-01-01T14:00:00.000Z","status":"ACTIVE","updatedAt":"2024-01-01T10:00:01.000Z""#;

/// The reference's own session, and each field otherwise. Mutants: a number is no name; half a second of paid time is
/// lost; an end that is no instant is "for ever".
#[test]
fn sessions() {
    let right = session(GIVEN).unwrap().unwrap();
    assert_eq!((right.id.as_str(), right.kind.clone()), ("session_789", RightKind::Session));
    assert_eq!((right.plates[0].text.as_str(), right.plates[0].issuer.as_str()), ("ABC123", "CT"));
    assert_eq!(right.zones, Some(vec!["A1".into()]));
    let period = |right: &ListedRight| right.period.map(|one: Period| (one.begin(), one.end()));
    let given = (at("2024-01-01T10:00:00Z"), Some(at("2024-01-01T14:00:00Z")));
    assert_eq!(period(&right), Ok(given));
    assert_eq!(right.updated_at, Some(at("2024-01-01T10:00:01Z")));
    let with = |from: &str, to: &str| {
        assert!(GIVEN.contains(from), "{from}");
        session(&GIVEN.replace(from, to)).unwrap().unwrap()
    };
    assert_eq!(with("\"session_789\"", "789").id.as_str(), "789");
    assert_eq!(with("\"A1\"", "1").zones, Some(vec!["1".into()]));
    assert_eq!(with(",\"zoneNumber\":\"A1\"", "").zones, Some(vec![]));
    assert_eq!(with("\"2024-01-01T14:00:00.000Z\"", "null").period.unwrap().end(), None);
    let late = with("14:00:00.000Z", "14:00:00.500Z").period.unwrap();
    assert_eq!(late.end(), Some(at("2024-01-01T14:00:01Z")));
    let early = with("10:00:00.000Z\",\"endTime", "10:00:00.900Z\",\"endTime").period.unwrap();
    assert_eq!(early.begin(), at("2024-01-01T10:00:00Z"));
    let reversed = with("\"2024-01-01T14:00:00.000Z\"", "\"2024-01-01T09:00:00Z\"");
    assert_eq!(reversed.period, Err(Some(at("2024-01-01T10:00:00Z"))));
    for (from, to) in [
        ("\"2024-01-01T14:00:00.000Z\"", "\"2024-01-01T14:00:00\""),
        ("\"2024-01-01T14:00:00.000Z\"", "\"2024-02-30T14:00:00Z\""),
        ("\"2024-01-01T14:00:00.000Z\"", "1704117600"),
        ("\"2024-01-01T10:00:00.000Z\"", "null"),
    ] {
        assert_eq!(with(from, to).period, Err(None), "{to}");
    }
    // An end that is inside still.
    let body = format!(r#"{{"data":[{{{GIVEN}}}]}}"#);
    let closed = page(body.as_bytes(), false, &reading(Ends::Closed)).unwrap().rights.remove(0);
    assert_eq!(closed.period.unwrap().end(), Some(at("2024-01-01T14:00:01Z")));
    // Stopped in the second of its begin it is nothing; running it is a mistake.
    let none = GIVEN.replace("14:00:00", "10:00:00");
    assert_eq!(session(&none).unwrap().unwrap().plates.len(), 1);
    for word in ["COMPLETED", "CANCELLED"] {
        assert_eq!(session(&none.replace("ACTIVE", word)).unwrap().unwrap().plates, []);
    }
    // What has no name leaves a doubt about its car, the same each time; what is no object refuses the page.
    for id in ["null", "{}", "-1", &format!("\"{}\"", "x".repeat(129))] {
        let right = session(&GIVEN.replace("\"session_789\"", id)).unwrap().unwrap();
        assert!(right.is_unreadable && right.id.as_str().starts_with("unnamed-"), "{id}");
        assert_eq!(
            right.id,
            session(&GIVEN.replace("\"session_789\"", "null")).unwrap().unwrap().id
        );
    }
    let nobody = GIVEN.replace("\"session_789\"", "null").replace("ABC123", "");
    assert_eq!(session(&nobody), Ok(None));
    assert!(page(br#"{"data":[1]}"#, false, &reading(Ends::Open)).is_err());
}

#[test]
fn permits() {
    let given = r#""id":7,"type":"RESIDENTIAL","number":"RES-2024-001","licensePlate":"abc 123","state":"CT","validFrom":"2024-01-01T05:00:00Z","validUntil":"2024-12-31T23:59:59Z","status":"ACTIVE","zones":["A1",2],"owner":{"name":"Ana","phone":"555"}"#;
    let right = permit(given);
    assert_eq!(right.id.as_str(), "7");
    assert_eq!(right.kind, RightKind::Permit(RightCode::new("RESIDENTIAL").unwrap()));
    assert_eq!(right.zones, Some(vec!["A1".into(), "2".into()]));
    assert!(!format!("{right:?}").contains("Ana") && !format!("{right:?}").contains("123"));
    assert_eq!(permit(&given.replace("\"id\":7,", "")).id.as_str(), "RES-2024-001");
    assert_eq!(permit(&given.replace(",\"zones\":[\"A1\",2]", "")).zones, None);
    // A zone that cannot be read is none; a type that cannot be kept leaves a doubt.
    for odd in ["[\"A1\"]", "{}", "1.5", "true"] {
        let odd = given.replace("\"zones\":[\"A1\",2]", &format!("\"zoneNumber\":{odd}"));
        assert_eq!(permit(&odd).zones, Some(vec!["".into()]), "{odd}");
    }
    assert!(permit(&given.replace("RESIDENTIAL", &"x".repeat(300))).is_unreadable);
    let since_ever = permit(&given.replace("\"validFrom\":\"2024-01-01T05:00:00Z\",", ""));
    assert_eq!(since_ever.period.unwrap().begin(), DateTime::UNIX_EPOCH);
}

/// Mutants: a word that nobody knows is in force; over is in force although its time runs.
#[test]
fn states() {
    for (word, want) in [
        ("ACTIVE", "Active"),
        ("active", "Active"),
        ("CANCELLED", "Cancelled"),
        ("VOID", "Cancelled"),
        ("ON_HOLD", "Suspended"),
        ("COMPLETED", "Unknown(StateWord(\"COMPLETED\"))"),
        ("PENDING", "Unknown(StateWord(\"PENDING\"))"),
        (" ", "Unknown(StateWord(\"unreadable\"))"),
    ] {
        let right = session(&GIVEN.replace("ACTIVE", word)).unwrap().unwrap();
        assert_eq!(format!("{:?}", right.state), want, "{word}");
    }
    let odd = GIVEN.replace("\"ACTIVE\"", "{}");
    let odd = format!("{:?}", session(&odd).unwrap().unwrap().state);
    assert_eq!(odd, "Unknown(StateWord(\"unreadable\"))");
    let over = GIVEN.replace("14:00:00", "12:00:00").replace("ACTIVE", "COMPLETED");
    assert_eq!(session(&over).unwrap().unwrap().state, RightState::Active);
}

#[test]
fn what_is_no_page() {
    for body in [
        "",
        "<html></html>",
        "[]",
        r#"{"data":[]"#,
        r#"{"rows":[]}"#,
        r#"{"data":{}}"#,
        r#"{"data":[],"data":[]}"#,
        r#"{"data":[],"\u0064ata":[]}"#,
        r#"{"data":[]} // all"#,
        r#"{"data":[NaN]}"#,
        r#"{"data":[],"asOf":"noon"}"#,
        r#"{"data":[],"nextCursor":{}}"#,
        r#"{"data":[],"deleted":[{"at":1}]}"#,
    ] {
        assert!(page(body.as_bytes(), false, &reading(Ends::Open)).is_err(), "{body}");
    }
    let last = page(
        br#"{"data":[],"nextCursor":"","deleted":["a",{"id":"b"},7]}"#,
        false,
        &reading(Ends::Open),
    )
    .unwrap();
    assert_eq!(last.next, None);
    let deleted: Vec<_> = last.deleted.iter().map(|id| id.as_str()).collect();
    assert_eq!(deleted, ["a", "b", "7"]);
}

fn seed(server: &Server, permits: &[&str]) -> Seed {
    let login = Login::ApiKey(Secret::new("k e y".to_owned()));
    seed_with(&server.url, login, permits)
}

pub(super) fn settings(url: &str, wire: Wire) -> Settings {
    let (section, url) = ("ips.street".to_owned(), url.parse().unwrap());
    Settings { section, url, tls: Tls::System, wire, ends: Ends::Open }
}

fn seed_with(url: &str, login: Login, permits: &[&str]) -> Seed {
    let permits: Vec<_> = permits.iter().map(|code| RightCode::new(code).unwrap()).collect();
    let wire = Wire::Seed { login, permits: permits.clone(), citations: None };
    let settings = settings(&format!("{url}/smartcity/v2/"), wire);
    let service = settings.service(RequestCount::default(), bounds()).unwrap();
    Seed { service, permits, reading: reading(Ends::Open) }
}

pub(super) fn bounds() -> Bounds {
    let retry = Rule {
        repeats_max: 2,
        first: Duration::from_millis(1),
        longest: Duration::from_millis(2),
        in_all: Duration::from_millis(50),
    };
    Bounds {
        connect: Duration::from_secs(2),
        answer: Duration::from_secs(2),
        listing: Duration::from_secs(9),
        bytes: 10_000,
        retry,
    }
}

fn list(server: &Server, part: &str) -> Result<RightsListing, (Class, String)> {
    let listed = seed(server, &[]).list(part, None, at("2024-01-01T12:00:00Z"));
    listed.map_err(|failure| (failure.class, failure.text))
}

fn next(cursor: &str) -> String {
    format!(r#"{{"data":[{{{GIVEN}}}],"asOf":"2024-01-01T12:00:00Z","nextCursor":{cursor}}}"#)
}

/// Mutants: the key is sent otherwise; a cursor is not escaped; the first page is asked for again.
#[test]
fn pages_are_followed_to_the_end() {
    let server = Server::new(|count, _| match count {
        0 => said(&next("\"a b&c\"")),
        1 => said(&next("2")),
        _ => said(&next("null")),
    });
    let since = Some(at("2024-01-01T11:45:00Z"));
    let listing = seed(&server, &["RESIDENTIAL", "A&B"])
        .list("permits", since, at("2024-01-01T12:00:00Z"))
        .unwrap();
    assert_eq!(listing.rights.len(), 0, "sessions among permits are of no type that was asked for");
    let requests = server.requests();
    let paths: Vec<_> = requests.iter().map(|one| one.path().to_owned()).collect();
    let first = "/smartcity/v2/permits?types=RESIDENTIAL%2CA%26B&includeInactive=true\
                 &since=2024-01-01T11%3A45%3A00.000Z";
    assert_eq!(paths[0], first);
    assert_eq!(paths[1], format!("{first}&cursor=a+b%26c"));
    assert_eq!(paths[2], format!("{first}&cursor=2"));
    assert_eq!(requests[0].header("authorization"), Some("ApiKey k e y"));
    let server = Server::new(|count, _| said(&next(if count == 0 { "\"x\"" } else { "\"\"" })));
    let listing = list(&server, "sessions").unwrap();
    assert_eq!((listing.rights.len(), listing.as_of), (2, Some(at("2024-01-01T12:00:00Z"))));
    assert_eq!(server.requests()[0].path(), "/smartcity/v2/sessions");
}

/// Mutants: half of a listing counts; a redirect takes the key along; a wrong key is tried again.
#[test]
fn a_listing_that_is_not_whole_is_none() {
    type Case = (&'static str, Box<dyn Fn(usize) -> Reply + Send>, Class, &'static str, usize);
    let cases: Vec<Case> = vec![
        ("the same cursor", Box::new(|_| said(&next("\"x\""))), Class::Temporary, "circle", 2),
        (
            "a circle",
            Box::new(|count| said(&next(["\"x\"", "\"y\""][count % 2]))),
            Class::Temporary,
            "circle",
            3,
        ),
        (
            "another moment",
            Box::new(|count| {
                said(&next("\"x\"").replace("12:00:00Z", &format!("12:00:0{count}Z")))
            }),
            Class::Temporary,
            "another moment",
            2,
        ),
        ("HTML", Box::new(|_| said("<html>")), Class::Temporary, "sessions: the document", 1),
        (
            "a page cut off",
            Box::new(|count| match count {
                0 => said(&next("\"x\"")),
                _ => said(r#"{"data":["#),
            }),
            Class::Temporary,
            "ends too soon",
            2,
        ),
        ("401", Box::new(|_| answer("401 No", "", "")), Class::Login, "login", 1),
        ("403", Box::new(|_| answer("403 No", "", "")), Class::MissingRight, "no right", 1),
        ("404", Box::new(|_| answer("404 No", "", "")), Class::Refused, "404", 1),
        ("503", Box::new(|_| answer("503 Busy", "", "")), Class::Temporary, "503", 3),
        (
            "429 for long",
            Box::new(|_| answer("429 Slow", "Retry-After: 90\r\n", "")),
            Class::Temporary,
            "429",
            1,
        ),
        (
            "elsewhere",
            Box::new(|_| answer("302 Found", "Location: http://elsewhere.invalid/\r\n", "")),
            Class::Temporary,
            "redirected",
            1,
        ),
        ("huge", Box::new(|_| said(&"x".repeat(10_001))), Class::Refused, "larger", 1),
        (
            "closed too soon",
            Box::new(|_| {
                Reply::SendAndClose(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_vec())
            }),
            Class::Temporary,
            "broke off",
            3,
        ),
    ];
    for (what, reply, class, text, requests) in cases {
        let server = Server::new(move |count, _| reply(count));
        let (found, said) = list(&server, "sessions").unwrap_err();
        assert_eq!((found, said.contains(text)), (class, true), "{what}: {said}");
        assert_eq!(server.requests().len(), requests, "{what}");
        assert!(!said.contains("k e y") && !said.contains("ABC123"), "{what}: {said}");
    }
    let server = Server::new(|count, _| match count {
        0 => answer("500 Oops", "", ""),
        _ => said(&next("null")),
    });
    assert_eq!(list(&server, "sessions").unwrap().rights.len(), 1, "one failure is got over");
}

fn oauth(url: &str) -> Login {
    let grant = Grant {
        token_url: format!("{url}/token").parse().unwrap(),
        client_id: "town".to_owned(),
        scope: None,
        client_in: ClientIn::Header,
        asked_as: AskedAs::Form,
    };
    Login::OAuth2(grant, Secret::new("s3cret".to_owned()))
}

/// Mutants: a token for each page; a token that is refused is asked for again and again.
#[test]
fn a_token_is_asked_for_once_and_once_more_where_it_is_refused() {
    // Which tokens are refused, how many are asked for, how many questions there are.
    for (refused, tokens, is_well) in [(0, 1, true), (1, 2, true), (9, 2, false)] {
        let given = AtomicUsize::new(0);
        let server = Server::new(move |_, request| {
            if request.path() == "/token" {
                let count = given.fetch_add(1, Ordering::SeqCst);
                return said(&format!(r#"{{"access_token":"t0ken-{count}"}}"#));
            }
            let token = request.header("authorization").unwrap();
            let number: usize = token.strip_prefix("Bearer t0ken-").unwrap().parse().unwrap();
            match (number < refused, request.path().contains("cursor")) {
                (true, _) => answer("401 No", "", ""),
                (_, true) => said(&next("null")),
                _ => said(&next("\"x\"")),
            }
        });
        let seed = seed_with(&server.url, oauth(&server.url), &[]);
        let listed = seed.list("sessions", None, at("2024-01-01T12:00:00Z"));
        assert_eq!(listed.as_ref().is_ok_and(|one| one.rights.len() == 2), is_well, "{refused}");
        let requests = server.requests();
        let asked = requests.iter().filter(|one| one.path() == "/token").count();
        assert_eq!(asked, tokens, "{refused}");
        let shown = format!("{seed:?} {listed:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("t0ken"), "{shown}");
        if let Err(failure) = listed {
            assert_eq!((failure.class, failure.has_spent_login), (Class::Login, true));
        }
    }
}
