//! Tariffs as bytes, and meters that take them.

use ivms_sync_simulators::parkeon::{Etags, Server, Stores};
use ivms_sync_simulators::service::{Mishap, Settings as Service};

use super::{Settings, wire};
use crate::config::{RecipientSettings as _, Secret, Tls};
use crate::connectors::testing::wiring;
use crate::document::{Limits, parse};
use crate::ports::{Class, Document, FieldChange, Recipient, Standing, Subject};

const KEY: &str = "2ed6657d-e927-568b-95e1-2665a8aea6a2";

/// The configuration of the reference, and whose it is.
const TARIFF: &str = r#"{ "meterId": "METER-A1-001", "rates": [
    { "timeSlot": "08:00-18:00", "rate": 2.00, "maxDuration": 240, "gracePeriod": 5 },
    { "timeSlot": "18:00-08:00", "rate": 1.00, "maxDuration": 720, "gracePeriod": 10 } ],
  "enforcement": { "enabled": true, "alertThreshold": 600, "violationCode": "PKG-001" } }"#;

fn there() -> String {
    TARIFF.replace("\"meterId\": \"METER-A1-001\",", "").replace("2.00", "1.75")
}

fn read(text: &str) -> Result<Document, String> {
    wire::document(text.as_bytes()).map_err(|error| error.pointer)
}

struct World {
    server: Server,
    meters: Box<dyn Recipient>,
    document: Document,
}

impl World {
    fn new() -> Self {
        let server = Server::start(Service::default());
        server.add_meter("METER-A1-001", &there());
        let settings = Settings {
            section: "parkeon.meters".to_owned(),
            url: server.url().parse().unwrap(),
            tls: Tls::System,
            secret: Secret::new("service-secret-1".to_owned()),
        };
        let meters = settings.connect(wiring()).unwrap();
        Self { server, meters, document: read(TARIFF).unwrap() }
    }

    fn base(&self) -> Option<String> {
        self.meters.survey(&self.document).unwrap().base
    }

    fn send(&self, base: Option<&str>) -> Standing {
        self.meters.send(&self.document, KEY, base).unwrap()
    }

    fn state(&self) -> Standing {
        self.meters.state(&self.document, KEY).unwrap()
    }
}

fn kind(standing: &Standing) -> String {
    let text = format!("{standing:?}");
    text.split('(').next().unwrap_or_default().to_owned()
}

/// Mutants: the meter's name is sent with its tariff; numbers are written anew; the order of keys makes another document.
#[test]
fn the_tariff_of_the_reference() {
    let document = read(TARIFF).unwrap();
    assert!(matches!(&document.subject, Subject::Meter(meter) if meter.as_str() == "METER-A1-001"));
    let want = concat!(
        r#"{"enforcement":{"alertThreshold":600,"enabled":true,"violationCode":"PKG-001"},"rates":["#,
        r#"{"gracePeriod":5,"maxDuration":240,"rate":2.00,"timeSlot":"08:00-18:00"},"#,
        r#"{"gracePeriod":10,"maxDuration":720,"rate":1.00,"timeSlot":"18:00-08:00"}]}"#
    );
    assert_eq!(String::from_utf8(wire::sent(&document.bytes).unwrap()).unwrap(), want);
    // As it is kept, it can be read once more.
    assert_eq!(wire::document(&document.bytes), Ok(document.clone()));
    let (meter, hash) = document.id.as_str().split_once(':').unwrap();
    assert_eq!((meter, hash.len()), ("METER-A1-001", 64));
    let turned = TARIFF.replace(r#""meterId": "METER-A1-001","#, "");
    let turned =
        turned.replace("\"PKG-001\" } }", "\"PKG-001\" }, \"meterId\": \"METER-A1-001\" }");
    assert_eq!(read(&turned).unwrap(), document);
    assert_ne!(read(&TARIFF.replace("2.00", "2.01")).unwrap().id, document.id);
    assert_eq!(wire::warnings(&document.bytes), Ok(vec![]));
}

#[test]
fn tariffs_that_are_none() {
    for (from, to, pointer) in [
        ("METER-A1-001", "METER/001", "/meterId"),
        ("METER-A1-001", "METER%2F001", "/meterId"),
        ("METER-A1-001", "..", "/meterId"),
        ("METER-A1-001", "A B", "/meterId"),
        ("METER-A1-001", &"M".repeat(96), "/meterId"),
        ("\"meterId\": \"METER-A1-001\",", "", "/meterId"),
        ("08:00-18:00", "08:00-25:00", "/rates/0/timeSlot"),
        ("08:00-18:00", "25:00-18:00", "/rates/0/timeSlot"),
        ("08:00-18:00", "24:00-18:00", "/rates/0/timeSlot"),
        ("08:00-18:00", "08:00-24:01", "/rates/0/timeSlot"),
        ("08:00-18:00", "08:60-18:00", "/rates/0/timeSlot"),
        ("08:00-18:00", "8:00-18:00", "/rates/0/timeSlot"),
        ("08:00-18:00", "+8:00-18:00", "/rates/0/timeSlot"),
        ("08:00-18:00", "08:00-08:00", "/rates/0/timeSlot"),
        ("08:00-18:00", "08:00", "/rates/0/timeSlot"),
        ("08:00-18:00", "08:00-18:01", "/rates/1/timeSlot"),
        ("18:00-08:00", "22:00-08:01", "/rates/1/timeSlot"),
        ("2.00", "-2.00", "/rates/0/rate"),
        ("2.00", "2.001", "/rates/0/rate"),
        ("2.00", "\"2.00\"", "/rates/0/rate"),
        ("2.00", "2e0", "/rates/0/rate"),
        ("240", "0", "/rates/0/maxDuration"),
        ("240", "240.0", "/rates/0/maxDuration"),
        ("\"gracePeriod\": 5", "\"gracePeriod\": -5", "/rates/0/gracePeriod"),
        ("600", "-1", "/enforcement/alertThreshold"),
        ("true", "\"yes\"", "/enforcement/enabled"),
        ("PKG-001", "", "/enforcement/violationCode"),
        ("\"enabled\"", "\"on\"", "/enforcement/on"),
        ("\"rates\"", "\"tariffs\"", "/tariffs"),
    ] {
        assert!(TARIFF.contains(from), "{from}");
        assert_eq!(read(&TARIFF.replacen(from, to, 1)), Err(pointer.to_owned()), "{to}");
    }
    let none =
        format!("{{\"meterId\":\"M\",\"rates\":[],{}", &TARIFF[TARIFF.find("\"enf").unwrap()..]);
    assert_eq!(read(&none), Err("/rates".to_owned()));
    for (from, to) in [("2.00", "0"), ("2.00", "2"), ("18:00-08:00", "18:00-24:00")] {
        read(&TARIFF.replacen(from, to, 1)).unwrap();
    }
}

/// Mutants: minutes are compared with seconds; a gap over midnight is none.
#[test]
fn what_somebody_must_have_seen() {
    let of = |from: &str, to: &str| {
        let document = read(&TARIFF.replacen(from, to, 1)).unwrap();
        let warnings = wire::warnings(&document.bytes).unwrap().into_iter();
        warnings.map(|one| (one.code, one.path, one.detail)).collect::<Vec<_>>()
    };
    let grace = ("grace_exceeds_alert", "/rates/1/gracePeriod".to_owned());
    assert_eq!(of("600", "599"), [(grace.0, grace.1, "600 s grace, alert at 599 s".to_owned())]);
    let gap = |detail: &str| ("hours_without_rate", "/rates".to_owned(), detail.to_owned());
    assert_eq!(of("08:00-18:00", "08:00-17:59"), [gap("no rate from 17:59 to 18:00")]);
    assert_eq!(
        of("18:00-08:00", "19:00-23:00"),
        [gap("no rate from 00:00 to 08:00, from 18:00 to 19:00, from 23:00 to 24:00")]
    );
}

#[test]
fn a_tariff_is_changed_and_read_back() {
    for (etags, base) in
        [(Etags::Strong, Some("\"v1\"")), (Etags::Weak, Some("W/\"v1\"")), (Etags::Absent, None)]
    {
        let world = World::new();
        world.server.set(|switches| (switches.etags, switches.rewrites) = (etags, true));
        let survey = world.meters.survey(&world.document).unwrap();
        let change = FieldChange {
            path: "/rates/0/rate".to_owned(),
            from: Some("1.75".to_owned()),
            to: Some("2.00".to_owned()),
        };
        assert_eq!((survey.changes, survey.base.as_deref()), (vec![change], base));
        assert_eq!((survey.warnings, survey.forbidden), (vec![], None));
        assert_eq!(world.state(), Standing::Never);
        assert_eq!(kind(&world.send(base)), "Confirmed", "{etags:?}");
        assert_eq!(kind(&world.state()), "Confirmed");
        assert_eq!(world.meters.survey(&world.document).unwrap().changes, []);
        assert_eq!(world.server.rate("METER-A1-001", 0), Some(200));
        assert_eq!(world.server.not_read_back(), [""; 0]);
        assert_eq!(world.server.violations(), [""; 0]);
    }
}

/// Mutants: what somebody else changed meanwhile is written over.
#[test]
fn a_tariff_that_somebody_else_changed() {
    let world = World::new();
    let base = world.base();
    world.server.add_meter("METER-A1-001", &there().replace("1.75", "1.80"));
    assert_eq!(world.send(base.as_deref()), Standing::Moved);
    assert_eq!(world.server.rate("METER-A1-001", 0), Some(180));
    assert_eq!((world.server.changes("METER-A1-001"), world.server.violations()), (0, vec![]));
    assert!(matches!(world.send(None), Standing::Refused(_)), "no version");
}

#[test]
fn a_tariff_that_is_applied_later() {
    let world = World::new();
    world.server.set(|switches| switches.later = true);
    let base = world.base();
    assert_eq!(kind(&world.send(base.as_deref())), "Pending");
    assert_eq!(world.state(), Standing::Never, "it waits");
    assert!(world.server.apply_later("METER-A1-001"));
    assert_eq!(kind(&world.state()), "Confirmed");
    assert_eq!(world.server.violations(), [""; 0]);
}

#[test]
fn what_was_stored_is_not_what_was_sent() {
    for stores in [Stores::OtherRate, Stores::Nothing] {
        let world = World::new();
        world.server.set(|switches| switches.stores = stores);
        let base = world.base();
        let sent = world.send(base.as_deref());
        let differs = "the tariff there differs at /rates/0/rate";
        assert!(matches!(&sent, Standing::Pending(told) if told.contains(differs)), "{sent:?}");
        assert_eq!(world.state(), Standing::Never);
    }
    let world = World::new();
    let base = world.base();
    world.server.trouble(|troubles| troubles.documents = vec![Mishap::PageBefore]);
    assert_eq!(kind(&world.send(base.as_deref())), "Doubtful", "somebody else has answered");
    assert_eq!(world.state(), Standing::Never);
    world.server.trouble(|troubles| troubles.questions = vec![Mishap::PageBefore]);
    assert_eq!(kind(&world.send(base.as_deref())), "Doubtful");
    world.server.trouble(|troubles| troubles.questions = vec![Mishap::PageBefore]);
    assert_eq!(kind(&world.state()), "Doubtful", "a page for people says nothing");
    world.server.trouble(|troubles| troubles.documents = vec![Mishap::LostAfter]);
    let failure = world.meters.send(&world.document, KEY, world.base().as_deref()).unwrap_err();
    assert_eq!((failure.class, kind(&world.state()).as_str()), (Class::Unknown, "Confirmed"));
    let bare = Document { bytes: Vec::new(), ..world.document.clone() };
    assert_eq!(world.meters.state(&bare, KEY), Ok(Standing::Unaskable));
}

#[test]
fn a_meter_that_is_not_there() {
    let world = World::new();
    let stranger = read(&TARIFF.replace("A1-001", "A1-002")).unwrap();
    let survey = world.meters.survey(&stranger).unwrap();
    assert_eq!(survey.forbidden.as_deref(), Some("there is no such meter"));
    assert_eq!(kind(&world.meters.send(&stranger, KEY, None).unwrap()), "Refused");
    assert_eq!(kind(&world.meters.state(&stranger, KEY).unwrap()), "Doubtful");
    assert_eq!(world.meters.try_login(), Ok(()));
    world.server.trouble(|troubles| troubles.tells_state = false);
    assert_eq!(world.meters.survey(&stranger).unwrap_err().class, Class::Refused);
    assert_eq!(world.server.violations(), [""; 0]);
}

/// What a service tells around a tariff is no change of it; what it adds within is.
#[test]
fn what_stands_around_a_tariff() {
    let ours = read(TARIFF).unwrap().bytes;
    let around = TARIFF.replace("\"rates\"", "\"changedBy\": 7, \"rates\"");
    assert_eq!(wire::changes(around.as_bytes(), &ours), Ok(vec![]));
    let within = TARIFF.replace("\"enabled\"", "\"towing\": true, \"enabled\"");
    let changes = wire::changes(within.as_bytes(), &ours).unwrap();
    assert_eq!((changes[0].path.as_str(), changes[0].to.as_deref()), ("/enforcement/towing", None));
    assert!(parse(&ours, Limits::DOCUMENT).is_ok());
}
