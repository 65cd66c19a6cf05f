//! What handhelds are answered, as bytes, and a server that says it.

use chrono::{DateTime, Utc};

use super::areas::Areas;
use super::config::Wire;
use super::tests::{bounds, reading, settings};
use super::wire_xml::{Entry, list, longer, question};
use crate::config::Secret;
use crate::model::{Ends, ParkingZoneName, Period, Zone};
use crate::net::requests::RequestCount;
use crate::net::testing::{Reply, Server, answer, said};
use crate::ports::{Class, Failure, ListedRight, RightsListing, RightsService};

const ROW: &str = r#"{"LicensePlateNumber":"ABC123","ParkingStartTime":"01/31/2024 14:00:00","ParkingExpiryTime":"01/31/2024 16:30:00","PoleNumber":"A-17","SubAreaName":"A1","TimeZone":null}"#;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn new_york() -> Zone {
    "America/New_York".parse().unwrap()
}

fn entry(row: &str, times: Zone) -> Entry {
    list(format!("[{row}]").as_bytes(), "A1", times, &reading(Ends::Open)).unwrap().remove(0)
}

fn right(row: &str, times: Zone) -> ListedRight {
    match entry(row, times) {
        Entry::Session(right) => *right,
        other => panic!("{other:?}"),
    }
}

fn with(from: &str, to: &str) -> String {
    assert!(ROW.contains(from), "{from}");
    ROW.replace(from, to)
}

type Both = (DateTime<Utc>, Option<DateTime<Utc>>);

fn ends(right: &ListedRight) -> Result<Both, Option<DateTime<Utc>>> {
    right.period.map(|one: Period| (one.begin(), one.end()))
}

/// Mutants: the plate stands in the id; a missing end is "for ever"; a row that nobody understands is no doubt.
#[test]
fn rows() {
    let given = right(ROW, Zone::UTC);
    assert_eq!((given.plates[0].text.as_str(), given.plates[0].issuer.as_str()), ("ABC123", ""));
    assert_eq!(given.zones, Some(vec!["A1".into()]));
    assert_eq!(ends(&given), Ok((at("2024-01-31T14:00:00Z"), Some(at("2024-01-31T16:30:00Z")))));
    assert!(given.id.as_str().starts_with("parked-") && !given.id.as_str().contains("ABC"));
    // The same as long as car, begin and area are.
    for (from, to, is_same) in [
        ("16:30", "18:30", true),
        ("A-17", "A-18", true),
        ("\"SubAreaName\":\"A1\"", "\"SubAreaName\":null", true),
        ("ABC123", "ABC124", false),
        ("14:00:00", "14:00:01", false),
        ("\"SubAreaName\":\"A1\"", "\"SubAreaName\":\"A2\"", false),
    ] {
        assert_eq!(right(&with(from, to), Zone::UTC).id == given.id, is_same, "{to}");
    }
    for nothing in ["null", "\"null\"", "\"\"", "\"  \""] {
        let end = with("\"01/31/2024 16:30:00\"", nothing);
        assert_eq!(ends(&right(&end, Zone::UTC)), Err(None), "{nothing}");
        let begin = with("\"01/31/2024 14:00:00\"", nothing);
        assert_eq!(ends(&right(&begin, Zone::UTC)), Err(None), "{nothing}");
        assert_eq!(entry(&with("\"ABC123\"", nothing), Zone::UTC), Entry::AboutNoCar);
        assert_eq!(right(&with("\"A1\"", nothing), Zone::UTC).id, given.id, "the area asked for");
        assert!(matches!(entry(&with("\"A-17\"", nothing), Zone::UTC), Entry::Session(_)));
    }
    let reversed = with("16:30:00", "13:00:00");
    assert_eq!(ends(&right(&reversed, Zone::UTC)), Err(Some(at("2024-01-31T14:00:00Z"))));
    // A name of somebody's choice: it is a plate.
    assert_eq!(right(&with("ABC123", "NULL"), Zone::UTC).plates[0].text, "NULL");
    assert_eq!(right(&with("\"ABC123\"", "123456"), Zone::UTC).plates[0].text, "123456");
    assert_eq!(right(&with("\"ABC123\"", "{}"), Zone::UTC).plates[0].text, "?");
    let closed =
        list(format!("[{ROW}]").as_bytes(), "A1", Zone::UTC, &reading(Ends::Closed)).unwrap();
    let Entry::Session(closed) = &closed[0] else { panic!("{closed:?}") };
    assert_eq!(closed.period.unwrap().end(), Some(at("2024-01-31T16:30:01Z")));
    // Prolonged, it is listed twice in the same answer, in whatever order.
    let (later, odd) = (right(&with("16:30", "18:00"), Zone::UTC), right(&reversed, Zone::UTC));
    for (one, other, want) in [
        (&given, &later, &later),
        (&later, &given, &later),
        (&later, &odd, &odd),
        (&odd, &later, &odd),
    ] {
        assert_eq!(longer(one.clone(), other.clone()), *want);
    }
}

/// Mutants: noon is midnight; a day is a month; half a date is one.
#[test]
fn both_forms_of_dates() {
    for (text, want) in [
        ("01/31/2024 14:00:00", Some("2024-01-31T14:00:00Z")),
        ("01/31/2024 02:00:00 PM", Some("2024-01-31T14:00:00Z")),
        ("1/31/2024 2:00:00 pm", Some("2024-01-31T14:00:00Z")),
        ("01/31/2024 12:00:00 AM", Some("2024-01-31T00:00:00Z")),
        ("01/31/2024 12:00:00 PM", Some("2024-01-31T12:00:00Z")),
        ("01/31/2024 00:00:00", Some("2024-01-31T00:00:00Z")),
        ("12/01/2023 23:59:59", Some("2023-12-01T23:59:59Z")),
        ("31/01/2024 14:00:00", None),
        ("02/30/2024 14:00:00", None),
        ("01/31/24 14:00:00", None),
        ("01/31/2024", None),
        ("01/31/2024 14:00", None),
        ("01/31/2024 24:00:00", None),
        ("01/31/2024 14:00:60", None),
        ("01/31/2024 14:00:00 PM", None),
        ("01/31/2024 00:00:00 AM", None),
        ("01/31/2024 02:00:00 PM EST", None),
        ("01/31/2024 14:00:00Z", None),
        ("01/+1/2024 14:00:00", None),
        ("2024-01-31T14:00:00Z", None),
        ("1706709600", None),
    ] {
        let row =
            with("01/31/2024 14:00:00", text).replace("01/31/2024 16:30:00", "01/01/2025 00:00:00");
        let found = right(&row, Zone::UTC).period.ok().map(|one| one.begin());
        assert_eq!(found, want.map(at), "{text}");
    }
}

/// Mutants: one of two readings is taken by chance; a time that no clock showed is no doubt and no time.
#[test]
fn clocks_that_change() {
    let period = |from: &str, until: &str| {
        let row = with("01/31/2024 14:00:00", from).replace("01/31/2024 16:30:00", until);
        let (begin, end) = ends(&right(&row, new_york())).unwrap();
        (begin, end.unwrap())
    };
    for (from, until, begin, end) in [
        (
            "01/31/2024 09:00:00",
            "01/31/2024 10:00:00",
            "2024-01-31T14:00:00Z",
            "2024-01-31T15:00:00Z",
        ),
        (
            "07/31/2024 10:00:00",
            "07/31/2024 11:00:00",
            "2024-07-31T14:00:00Z",
            "2024-07-31T15:00:00Z",
        ),
        // Set back at 06:00Z: from 1 to 2 the clocks go twice.
        (
            "11/03/2024 01:30:00",
            "11/03/2024 03:00:00",
            "2024-11-03T05:30:00Z",
            "2024-11-03T08:00:00Z",
        ),
        (
            "11/03/2024 00:30:00",
            "11/03/2024 01:30:00",
            "2024-11-03T04:30:00Z",
            "2024-11-03T06:30:00Z",
        ),
        // The end is before the begin on the clock, and after it.
        (
            "11/03/2024 01:50:00",
            "11/03/2024 01:10:00",
            "2024-11-03T05:50:00Z",
            "2024-11-03T06:10:00Z",
        ),
        // Set forward at 07:00Z: from 2 to 3 they never go.
        (
            "03/10/2024 02:30:00",
            "03/10/2024 04:00:00",
            "2024-03-10T06:30:00Z",
            "2024-03-10T08:00:00Z",
        ),
        (
            "03/10/2024 01:30:00",
            "03/10/2024 02:30:00",
            "2024-03-10T06:30:00Z",
            "2024-03-10T07:30:00Z",
        ),
    ] {
        assert_eq!(period(from, until), (at(begin), at(end)), "{from} {until}");
    }
}

/// Mutants: local times are read as UTC; a city whose word nobody knows is not served.
#[test]
fn another_clock_is_seen() {
    for (word, times, summer, is_other) in [
        ("UTC", "UTC", false, false),
        ("utc", "America/New_York", false, true),
        ("Etc/UTC", "America/New_York", true, true),
        ("EST", "America/New_York", false, false),
        ("EST", "America/New_York", true, false),
        ("Eastern Standard Time", "UTC", true, true),
        ("EST", "UTC", false, true),
        ("MST", "America/Phoenix", true, false),
        ("PST", "America/New_York", false, true),
        ("US/Eastern", "America/New_York", true, false),
        ("America/Toronto", "America/New_York", false, false),
        ("America/Los_Angeles", "America/New_York", false, true),
        ("GMT", "Europe/London", true, false),
        ("UTC", "Europe/London", false, false),
        ("UTC", "Europe/London", true, true),
        ("null", "America/New_York", false, false),
        ("Home", "America/New_York", false, false),
        ("5", "UTC", false, false),
    ] {
        let row = with("\"TimeZone\":null", &format!("\"TimeZone\":\"{word}\""));
        let row = if summer { row.replace("01/31/", "07/31/") } else { row };
        let found = entry(&row, times.parse().unwrap()) == Entry::OtherClock;
        assert_eq!(found, is_other, "{word} for {times}, {summer}");
    }
}

#[test]
fn what_is_no_list() {
    for body in [
        "",
        "null",
        "<html></html>",
        "{}",
        r#"{"data":[]}"#,
        r#"{"error":"no"}"#,
        r#"[{"error":"no"}]"#,
        "[{}]",
        "[1]",
        "[",
        r#"[{"LicensePlateNumber":"ABC123""#,
        r#"[{"LicensePlateNumber":"A","LicensePlateNumber":"B"}]"#,
        "[] []",
    ] {
        assert!(list(body.as_bytes(), "A1", Zone::UTC, &reading(Ends::Open)).is_err(), "{body}");
    }
    assert_eq!(list(b" [ ] ", "A1", Zone::UTC, &reading(Ends::Open)), Ok(vec![]));
}

fn listed(server: &Server, names: &[&str], times: Zone) -> Result<RightsListing, Failure> {
    let wire = Wire::Xml { token: Secret::new("t0ken".to_owned()), times };
    let settings = settings(&format!("{}/enforcement", server.url), wire);
    let service = settings.service(RequestCount::default(), bounds()).unwrap();
    let names = names.iter().map(|name| ParkingZoneName::new(name).unwrap()).collect();
    let areas = Areas { service, names, times, reading: reading(Ends::Open) };
    let listed =
        areas.list("sessions", Some(at("2024-01-31T00:00:00Z")), at("2024-01-31T15:00:00Z"));
    assert!(!format!("{areas:?}").contains("t0ken"));
    listed
}

/// Mutants: an area is left out; a name is not escaped; the token is sent under another name.
#[test]
fn each_area_is_asked_for() {
    let server = Server::new(|count, _| {
        // The first area is busy once, and names a row of the second, too.
        match count {
            0 => answer("503 Busy", "", ""),
            1 => said(&format!("[{ROW},{}]", with("\"A1\"", "\"A2\""))),
            _ => said(&format!("[{},{}]", with("\"A1\"", "\"A2\""), with("\"ABC123\"", "null"))),
        }
    });
    let listing = listed(&server, &["A1", "A&<2"], Zone::UTC).unwrap();
    assert_eq!((listing.rights.len(), listing.nameless), (2, 1));
    assert!(listing.is_whole && listing.is_live && listing.deleted.is_empty());
    let requests = server.requests();
    let bodies: Vec<_> = requests.iter().map(|one| one.body.clone()).collect();
    let xml = |area: &str| {
        format!(
            "<Request xmlns=\"http://www2.ipsmetersystems.com/meter\"><SubAreaName>{area}</SubAreaName></Request>"
        )
    };
    assert_eq!(bodies, [xml("A1"), xml("A1"), xml("A&amp;&lt;2")]);
    assert_eq!(question("A&<2"), xml("A&amp;&lt;2"));
    for request in requests {
        assert_eq!(request.line(), "POST /enforcement HTTP/1.1");
        assert_eq!(request.header("ipstoken"), Some("t0ken"));
        assert_eq!(request.header("content-type"), Some("text/xml"));
        assert_eq!(request.header("authorization"), None);
    }
}

/// Mutants: the areas before the one that failed count; a wrong token is tried again.
#[test]
fn one_area_that_fails_fails_the_listing() {
    type Case = (fn() -> Reply, Class, &'static str, usize);
    let cases: [Case; 7] = [
        (|| answer("401 No", "", ""), Class::Login, "the login was refused", 2),
        (|| answer("403 No", "", ""), Class::MissingRight, "no right", 2),
        (|| answer("500 No", "", ""), Class::Temporary, "status 500", 4),
        (|| said("<html>"), Class::Temporary, "sessions: the document is no JSON value", 2),
        (|| said(r#"{"Message":"An error has occurred."}"#), Class::Temporary, "is an object", 2),
        (|| said(&ROW.replace('}', "")), Class::Temporary, "sessions: ", 2),
        (
            || said(&format!("[{}]", ROW.replace("\"TimeZone\":null", "\"TimeZone\":\"UTC\""))),
            Class::Refused,
            "not that of `times` = \"America/New_York\"",
            2,
        ),
    ];
    for (reply, class, text, requests) in cases {
        let server = Server::new(move |count, _| match count {
            0 => said(&format!("[{ROW}]")),
            _ => reply(),
        });
        let failure = listed(&server, &["A1", "A2"], new_york()).unwrap_err();
        assert_eq!(failure.class, class, "{failure:?}");
        assert!(failure.text.contains(text), "{failure:?}");
        assert!(!format!("{failure:?}").contains("ABC123"), "{failure:?}");
        assert_eq!(server.requests().len(), requests, "{text}");
    }
}
