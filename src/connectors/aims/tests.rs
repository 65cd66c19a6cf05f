//! Citations as bytes, and an office that takes them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use ivms_sync_simulators::aims::{Server, Standing as Where, Wrong};
use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::oauth;
use ivms_sync_simulators::service::{Login, Mishap, Settings as Service};

use super::Settings;
use crate::config::{RecipientSettings as _, Secret, Tls};
use crate::connectors::testing::wiring;
use crate::document::JsonError;
use crate::model::Currency;
use crate::net::oauth::{AskedAs, ClientIn, Grant};
use crate::ports::{Class, Document, Recipient, Standing, Subject};

const KEY: &str = "2ed6657d-e927-568b-95e1-2665a8aea6a2";

/// The citation of the reference.
const CITATION: &str = r#"{ "citationNumber": "AIMS-2024-000123", "licensePlate": "XYZ789", "state": "CT",
  "violation": { "code": "PKG-001", "description": "Expired Meter", "fineAmount": 25.00 },
  "location": { "zoneNumber": "A1", "address": "123 Main Street", "latitude": 41.0534, "longitude": -73.5387 },
  "officer": { "id": "officer_123", "badge": "PS-456" }, "timestamp": "2024-01-01T12:15:00.000Z",
  "evidence": [ { "type": "PHOTO", "base64Data": "iVBORw0KGgo=", "mimeType": "image/png" } ] }"#;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn settings(url: &str, tokens: &oauth::Server) -> Settings {
    let grant = Grant {
        token_url: tokens.url().parse().unwrap(),
        client_id: "stamford parking".to_owned(),
        scope: None,
        client_in: ClientIn::Header,
        asked_as: AskedAs::Form,
    };
    Settings {
        section: "aims.citations".to_owned(),
        url: url.parse().unwrap(),
        tls: Tls::System,
        grant,
        secret: Secret::new("oauth-secret-1/+&".to_owned()),
        currency: Currency::new("USD").unwrap(),
    }
}

/// An office an hour after the citation, and what sends there.
struct World {
    aims: Server,
    tokens: oauth::Server,
    settings: Settings,
    office: Box<dyn Recipient>,
}

impl World {
    fn new() -> Self {
        let tokens = oauth::Server::start(oauth::Settings::default());
        let clock = Clock::fixed(at("2024-01-01T13:15:00Z"));
        let login = Login::OAuth(tokens.tokens());
        let aims = Server::start(Service { login, clock, ..Service::default() });
        let settings = settings(&aims.url(), &tokens);
        let office = settings.connect(wiring()).unwrap();
        Self { aims, tokens, settings, office }
    }

    fn read(&self, text: &str) -> Result<Document, JsonError> {
        self.settings.document(text.as_bytes(), at("2024-01-01T13:15:00Z"))
    }

    fn send(&self, document: &Document) -> Standing {
        self.office.send(document, KEY, None).unwrap()
    }
}

fn told(standing: &Standing) -> &str {
    match standing {
        Standing::Confirmed(told) | Standing::Pending(told) => told,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_citation_of_the_reference() {
    let world = World::new();
    let document = world.read(CITATION).unwrap();
    assert_eq!(document.id.as_str(), "AIMS-2024-000123");
    assert_eq!(document.money.as_ref().unwrap().to_string(), "25.00 USD");
    let Subject::Car { plate, zone, at: when } = &document.subject else { panic!() };
    assert_eq!((plate.text.as_str(), plate.issuer.as_str(), zone.as_str()), ("XYZ789", "CT", "A1"));
    assert_eq!(*when, at("2024-01-01T12:15:00Z"));
    assert!(!format!("{document:?} {:?}", world.settings).contains("XYZ789"));
    assert_eq!(world.office.try_login(), Ok(()));
    assert_eq!(world.office.state(&document, KEY), Ok(Standing::Never));
    assert_eq!(
        told(&world.send(&document)),
        r#"{"citationNumber":"AIMS-2024-000123","status":"ACCEPTED","at":"2024-01-01T13:15:00.000Z"}"#
    );
    let state = world.office.state(&document, KEY).unwrap();
    assert!(told(&state).contains("ACCEPTED"));
    // Without its bytes its number alone is known.
    let bare = Document { bytes: Vec::new(), ..document.clone() };
    assert!(matches!(world.office.state(&bare, KEY), Ok(Standing::Confirmed(_))));
    assert!(world.aims.set_standing("AIMS-2024-000123", Where::Contested));
    let state = world.office.state(&document, KEY).unwrap();
    assert!(matches!(&state, Standing::Confirmed(told) if told.contains("CONTESTED")));
    assert_eq!(world.aims.times_taken("AIMS-2024-000123"), 1);
    assert_eq!((world.aims.violations(), world.tokens.given()), (vec![], 1));
}

/// Mutants: whatever the reference refuses leaves all the same.
#[test]
fn citations_that_are_none() {
    let world = World::new();
    let jpeg = STANDARD.encode(b"\xff\xd8\xff\xe0");
    let most = |more: usize| {
        let zeros = vec![0; (5 << 20) - 8 + more];
        STANDARD.encode([&b"\x89PNG\r\n\x1a\n"[..], &zeros].concat())
    };
    for (from, to, pointer) in [
        ("25.00", "25.001", "/violation/fineAmount"),
        ("25.00", "2.5e1", "/violation/fineAmount"),
        ("25.00", "\"25.00\"", "/violation/fineAmount"),
        ("25.00", "0.00", "/violation/fineAmount"),
        ("25.00", "-25.00", "/violation/fineAmount"),
        ("PKG-001", " ", "/violation/code"),
        ("XYZ789", "XYZ 789", "/licensePlate"),
        ("XYZ789", "xyz789", "/licensePlate"),
        ("XYZ789", "ABCDEFGHIJKLM", "/licensePlate"),
        ("XYZ789", "../A1", "/licensePlate"),
        ("XYZ789", "\u{410}BC1", "/licensePlate"),
        ("XYZ789", "", "/licensePlate"),
        ("\"state\": \"CT\",", "", "/state"),
        ("\"CT\"", "\"\"", "/state"),
        ("\"badge\"", "\"name\":\"Officer Smith\",\"badge\"", "/officer/name"),
        ("\"timestamp\"", "\"note\":1,\"timestamp\"", "/note"),
        ("41.0534", "\"41\"", "/location/latitude"),
        ("123 Main Street", "4111 1111 1111 1111", "/location/address"),
        ("12:15:00.000Z", "13:20:01.000Z", "/timestamp"),
        ("2024-01-01T12:15:00.000Z", "2023-12-25T13:14:59.000Z", "/timestamp"),
        ("12:15:00.000Z", "12:15:00.000", "/timestamp"),
        ("12:15:00.000Z", "12:15:00+00:00", "/timestamp"),
        ("2024-01-01T12", "2024-02-30T12", "/timestamp"),
        ("iVBORw0KGgo=", "iVBORw0KGgo", "/evidence/0/base64Data"),
        ("iVBORw0KGgo=", "", "/evidence/0/base64Data"),
        ("iVBORw0KGgo=", &jpeg, "/evidence/0/base64Data"),
        ("iVBORw0KGgo=", &most(1), "/evidence/0/base64Data"),
        ("image/png", "image/jpeg", "/evidence/0/base64Data"),
        ("image/png", "image/svg+xml", "/evidence/0/mimeType"),
        ("PHOTO", "photo", "/evidence/0/type"),
        ("AIMS-2024-000123", "AIMS/2024", "/citationNumber"),
    ] {
        assert!(CITATION.contains(from), "{from}");
        let error = world.read(&CITATION.replace(from, to)).unwrap_err();
        assert_eq!(error.pointer, pointer, "{}", &to[..to.len().min(40)]);
        assert!(!error.to_string().contains("Smith"));
    }
    for (from, to) in [
        ("12:15:00.000Z", "13:20:00Z"),
        ("2024-01-01T12:15:00.000Z", "2023-12-25T13:15:00Z"),
        ("iVBORw0KGgo=", &most(0)),
        ("\"address\": \"123 Main Street\", ", ""),
    ] {
        world.read(&CITATION.replace(from, to)).unwrap();
    }
    assert!(world.aims.requests().is_empty());
}

/// Mutants: an answer about another citation, or of a word that nobody knows, confirms.
#[test]
fn answers_that_do_not_check() {
    for wrong in [Wrong::OtherNumber, Wrong::UnknownStatus, Wrong::NoStatus] {
        let world = World::new();
        world.aims.set(|switches| switches.wrong = wrong);
        let document = world.read(CITATION).unwrap();
        assert!(matches!(world.send(&document), Standing::Doubtful(_)), "{wrong:?}");
        world.aims.set(|switches| switches.wrong_state = wrong);
        assert!(matches!(world.office.state(&document, KEY), Ok(Standing::Doubtful(_))));
        world.aims.set(|switches| switches.wrong_state = Wrong::Nothing);
        assert!(matches!(world.office.state(&document, KEY), Ok(Standing::Confirmed(_))));
        assert_eq!(world.aims.violations(), [""; 0]);
    }
}

#[test]
fn a_citation_that_is_there() {
    let compact = CITATION.replace("25.00", "25.0").replace(['\n'], "");
    for (there, is_ours) in [
        (CITATION.to_owned(), true),
        (compact, true),
        (CITATION.replace("25.00", "25.01"), false),
        (CITATION.replace("XYZ789", "XYZ788"), false),
        (CITATION.replace("12:15", "12:16"), false),
        (CITATION.replace("Main", "Side"), false),
    ] {
        let world = World::new();
        world.aims.put(&there);
        let standing = world.send(&world.read(CITATION).unwrap());
        match is_ours {
            true => assert!(matches!(standing, Standing::Confirmed(_)), "{standing:?}"),
            false => assert!(matches!(standing, Standing::Otherwise(_)), "{standing:?}"),
        }
        assert_eq!(world.aims.violations(), [""; 0]);
    }
    let world = World::new();
    world.aims.put(&CITATION.replace("PKG-001", "PKG-002"));
    let document = world.read(CITATION).unwrap();
    let state = world.office.state(&document, KEY);
    assert_eq!(state, Ok(Standing::Doubtful("its answer is about another violation".to_owned())));
}

#[test]
fn what_may_have_arrived_is_unknown() {
    for (mishap, has_arrived) in [
        (Mishap::LostBefore, false),
        (Mishap::LostAfter, true),
        (Mishap::FailsBefore(500), false),
        (Mishap::FailsAfter(503), true),
    ] {
        let world = World::new();
        world.aims.trouble(|troubles| troubles.documents = vec![mishap]);
        let document = world.read(CITATION).unwrap();
        let failure = world.office.send(&document, KEY, None).unwrap_err();
        assert_eq!(failure.class, Class::Unknown, "{mishap:?}");
        let state = world.office.state(&document, KEY).unwrap();
        assert_eq!(state != Standing::Never, has_arrived, "{mishap:?}");
        assert!(matches!(world.send(&document), Standing::Confirmed(_)));
        assert_eq!(world.aims.times_taken("AIMS-2024-000123"), 1);
        assert_eq!(world.aims.violations(), [""; 0]);
    }
    let world = World::new();
    let document = world.read(CITATION).unwrap();
    for (mishap, standing) in [(Mishap::PageAfter, "Doubtful"), (Mishap::CutAfter, "Doubtful")] {
        world.aims.trouble(|troubles| troubles.documents = vec![mishap]);
        assert!(format!("{:?}", world.send(&document)).starts_with(standing), "{mishap:?}");
        world.office.state(&document, KEY).unwrap();
    }
    world.aims.trouble(|troubles| troubles.tells_state = false);
    assert_eq!(world.office.state(&document, KEY), Ok(Standing::Unaskable));
    assert_eq!(world.aims.violations(), [""; 0]);
}

/// Mutants: a token that is over stops the citation; it goes out twice.
#[test]
fn a_new_token_once() {
    let world = World::new();
    let document = world.read(CITATION).unwrap();
    world.office.try_login().unwrap();
    world.tokens.revoke();
    assert!(matches!(world.send(&document), Standing::Confirmed(_)));
    assert_eq!((world.tokens.given(), world.aims.violations()), (2, vec![]));
    world.tokens.revoke();
    world.tokens.set(|switches| switches.stillborn = true);
    let failure = world.office.state(&document, KEY).unwrap_err();
    assert_eq!((failure.class, failure.has_spent_login), (Class::Login, true));
}

/// Mutants: a right that was bought after the citation forbids it; an office that cannot say forbids nothing.
#[test]
fn a_car_with_a_right_is_not_cited() {
    let world = World::new();
    let document = world.read(&CITATION.replace("\"A1\"", "\"A 1+2/3\"")).unwrap();
    assert_eq!(world.office.survey(&document).unwrap().forbidden, None);
    let now = at("2024-01-01T13:15:00Z");
    world.aims.add_right("XYZ789", "CT", "A 1+2/3", now, now + TimeDelta::hours(1));
    let survey = world.office.survey(&document).unwrap();
    assert_eq!(survey.forbidden.as_deref(), Some("the office knows a right of the car"));
    for mishap in [Mishap::PageBefore, Mishap::LostBefore, Mishap::FailsBefore(500)] {
        world.aims.trouble(|troubles| troubles.questions = vec![mishap; 3]);
        let failure = world.office.survey(&document).unwrap_err();
        assert_eq!(failure.class, Class::Temporary, "{mishap:?}");
        world.aims.trouble(|troubles| troubles.questions.clear());
    }
    assert_eq!(world.aims.violations(), [""; 0]);

    let cited = at("2024-01-01T12:15:00Z");
    let said = |text: &str| super::wire::had_right(text.as_bytes(), cited);
    for (session, permits, want) in [
        ("null", "", true),
        (r#"{"startTime":"2024-01-01T12:15:00Z"}"#, "", true),
        (r#"{"startTime":"2024-01-01T12:15:01Z"}"#, "", false),
        (r#"{"startTime":"2024-01-01T12:15:01Z"}"#, "{}", true),
    ] {
        let text = format!(
            r#"{{"verification":{{"isValid":true,"session":{session},"permits":[{permits}]}}}}"#
        );
        assert_eq!(said(&text), Ok(want), "{session} {permits}");
    }
    assert!(said(r#"{"verification":null}"#).is_err());
    assert!(said(r#"{"verification":{"isValid":"true"}}"#).is_err());
    assert!(said(r#"{"verification":{"isValid":null,"status":"UNKNOWN"}}"#).is_err());
    assert!(said(r#"{"verification":{"isValid":false,"status":"UNKNOWN"}}"#).is_err());
    assert_eq!(said(r#"{"verification":{"isValid":false,"status":"NOT_FOUND"}}"#), Ok(false));
}
