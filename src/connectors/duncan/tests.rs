//! Batches as bytes, and an agency that takes them.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use ivms_sync_simulators::duncan::{Ack, Server, Standing as Where};
use ivms_sync_simulators::service::{Login, Mishap, Settings as Service};

use super::{Settings, Transport};
use crate::config::{RecipientSettings as _, Secret, Tls};
use crate::connectors::testing::wiring;
use crate::files::seal::{self, OpenKey, SealKey};
use crate::model::{Currency, DocumentId, DocumentKind, MinorUnits};
use crate::ports::{
    Class, Collection as _, Document, ListedPlate, Recipient, Referral, Standing, Subject,
    Withdrawal, WithdrawnAs,
};

const KEYS: [&str; 3] = [
    "2ed6657d-e927-568b-95e1-2665a8aea6a2",
    "a6f3b0a4-5d5c-5b43-8d8b-0c9b2c7d6a11",
    "0f1c4b1e-7d3f-5c9b-9a55-3c2f1d0e9b77",
];

/// The identity of the age test kit and its public key: see `files::seal`.
const SECRET_KEY: &str =
    "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
const PUBLIC_KEY: &str = "age1xmwwc06ly3ee5rytxm9mflaz2u56jjj36s0mypdrwsvlul66mv4q47ryef";

fn now() -> DateTime<Utc> {
    "2024-03-01T00:00:00Z".parse().unwrap()
}

fn units(minor: &str) -> MinorUnits {
    MinorUnits::from_digits(minor).unwrap()
}

fn row(reference: &str, minor: &str) -> Referral {
    Referral {
        reference: DocumentId::new(reference).unwrap(),
        plate: ListedPlate { text: "XYZ789".into(), issuer: "CT".into() },
        code: "PKG-001".to_owned(),
        issued_at: "2024-01-01T12:15:00Z".parse().unwrap(),
        zone: "A1".to_owned(),
        due: units(minor),
    }
}

fn withdrawal(reference: &str, now: WithdrawnAs) -> Withdrawal {
    let payments = match now {
        WithdrawnAs::Paid => vec![("2024-02-03".parse().unwrap(), units("2500"))],
        WithdrawnAs::Void | WithdrawnAs::Hold => Vec::new(),
    };
    Withdrawal { reference: DocumentId::new(reference).unwrap(), now, payments }
}

/// An agency to which three citations may be referred, of 25.00, 40.00 and 7.50.
struct World {
    server: Server,
    settings: Settings,
    agency: Box<dyn Recipient>,
}

impl World {
    fn new() -> Self {
        let login = Login::Basic("city".into(), "collect-secret-1".into());
        let server = Server::start(Service { login, ..Service::default() });
        for (reference, amount) in [("A-1", 2500), ("A-2", 4000), ("A-3", 750)] {
            server.set_standing(reference, Where::Owed(amount));
        }
        let settings = Settings {
            section: "duncan.collect".to_owned(),
            transport: Transport::Http {
                url: server.url().parse().unwrap(),
                tls: Tls::System,
                username: "city".to_owned(),
                secret: Secret::new("collect-secret-1".to_owned()),
            },
            currency: Currency::new("USD").unwrap(),
            refer_after: Duration::from_secs(1),
            batch: 3,
        };
        let agency = settings.connect(wiring()).unwrap();
        Self { server, settings, agency }
    }

    fn read(&self, bytes: &[u8]) -> Result<Document, String> {
        self.settings.document(bytes, now()).map_err(|error| error.pointer)
    }

    fn three(&self) -> Document {
        let rows = [row("A-1", "2500"), row("A-2", "4000"), row("A-3", "750")];
        let mut batches = self.settings.referrals(&rows);
        assert_eq!(batches.len(), 1);
        self.read(&batches.remove(0)).unwrap()
    }

    fn send(&self, document: &Document, key: usize) -> Standing {
        self.agency.send(document, KEYS[key], None).unwrap()
    }

    fn state(&self, document: &Document, key: usize) -> Standing {
        self.agency.state(document, KEYS[key]).unwrap()
    }
}

fn confirmed(text: &str) -> Standing {
    Standing::Confirmed(text.to_owned())
}

const ALL: &str = r#"{"batch":"batch_1","count":3,"total":"72.50","accepted":["A-1","A-2","A-3"],"refused":[],"missing":[]}"#;

#[test]
fn a_batch_is_handed_over() {
    let world = World::new();
    let document = world.three();
    assert_eq!(document.kind, DocumentKind::Referral);
    assert_eq!(document.money.as_ref().unwrap().to_string(), "72.50 USD");
    assert!(document.id.as_str().starts_with("referral:") && document.id.as_str().len() == 73);
    let text = String::from_utf8(document.bytes.clone()).unwrap();
    let first = concat!(
        r#"[{"referenceId":"A-1","licensePlate":"XYZ789","state":"CT","violationCode":"PKG-001","#,
        r#""issuedAt":"2024-01-01T12:15:00.000Z","zoneNumber":"A1","amountDue":"25.00","currency":"USD"},"#
    );
    assert!(text.starts_with(first), "{text}");
    // Whatever its order, it is the same batch.
    let turned = [row("A-3", "750"), row("A-1", "2500"), row("A-2", "4000")];
    let turned = world.read(&world.settings.referrals(&turned)[0]).unwrap();
    assert_eq!(turned.id, document.id);
    assert_eq!(world.agency.try_login(), Ok(()));
    assert_eq!(world.state(&document, 0), Standing::Never);
    assert_eq!(world.send(&document, 0), confirmed(ALL));
    assert_eq!(world.state(&document, 0), confirmed(ALL));
    assert_eq!(world.server.open_total(), 7250);
    let four: Vec<_> = ["1", "2", "3", "4"].map(|number| row(number, "1")).into();
    assert_eq!(world.settings.referrals(&four).len(), 2);
    assert_eq!(world.settings.referrals(&[]), Vec::<Vec<u8>>::new());
    assert_eq!(world.server.violations(), [""; 0]);
}

/// Mutants: a refused row counts as handed over, or stops the others.
#[test]
fn some_rows_are_refused() {
    let world = World::new();
    world.server.set(|switches| {
        let why = |reference: &str, why: &str| (reference.to_owned(), why.to_owned());
        let whys = [why("A-1", "Ana Novak has moved"), why("A-2", "no_address")];
        switches.refuses = BTreeMap::from(whys);
    });
    let document = world.three();
    let want = concat!(
        r#"{"batch":"batch_1","count":1,"total":"7.50","accepted":["A-3"],"#,
        r#""refused":[{"referenceId":"A-1","code":"unreadable"},{"referenceId":"A-2","code":"no_address"}],"missing":[]}"#
    );
    assert_eq!(world.send(&document, 0), confirmed(want));
    assert_eq!(world.state(&document, 0), confirmed(want));
    world.server.set(|switches| switches.refuses_all = Some(400));
    let other = world.read(&world.settings.referrals(&[row("A-2", "4000")])[0]).unwrap();
    assert!(matches!(world.send(&other, 1), Standing::Refused(_)));
    assert_eq!((world.server.open(), world.server.violations()), (vec!["A-3".to_owned()], vec![]));
}

/// Mutants: count or dollars that are off confirm; what vanished was handed over.
#[test]
fn acknowledgements_that_do_not_check() {
    for ack in [
        Ack::CountOff(1),
        Ack::CountOff(-3),
        Ack::DollarsOff(-1),
        Ack::DollarsNumber,
        Ack::NoDollars,
        Ack::NoCount,
        Ack::StrangerRefused,
    ] {
        let world = World::new();
        world.server.set(|switches| (switches.ack, switches.ack_of_state) = (ack, ack));
        let document = world.three();
        assert!(matches!(world.send(&document, 0), Standing::Doubtful(_)), "{ack:?}");
        assert!(matches!(world.state(&document, 0), Standing::Doubtful(_)), "{ack:?}");
        world.server.set(|switches| switches.ack_of_state = Ack::Honest);
        assert_eq!(world.state(&document, 0), confirmed(ALL), "{ack:?}");
        assert_eq!(world.server.violations(), [""; 0]);
    }
    let world = World::new();
    world.server.set(|switches| switches.takes_only = Some(1));
    let document = world.three();
    assert!(matches!(world.send(&document, 0), Standing::Doubtful(_)));
    let want = concat!(
        r#"{"batch":"batch_1","count":1,"total":"25.00","accepted":["A-1"],"#,
        r#""refused":[],"missing":["A-2","A-3"]}"#
    );
    assert_eq!(world.state(&document, 0), confirmed(want), "it is read back");
    let bare = Document { bytes: Vec::new(), subject: Subject::Nothing, ..document };
    assert!(matches!(world.state(&bare, 0), Standing::Doubtful(_)));
    assert_eq!(world.server.violations(), [""; 0]);
}

#[test]
fn a_lost_acknowledgement_is_asked_for() {
    let world = World::new();
    let document = world.three();
    for (mishap, has_arrived) in [(Mishap::LostBefore, false), (Mishap::LostAfter, true)] {
        world.server.trouble(|troubles| troubles.documents = vec![mishap]);
        let failure = world.agency.send(&document, KEYS[0], None).unwrap_err();
        assert_eq!(failure.class, Class::Unknown);
        assert_eq!(world.state(&document, 0) != Standing::Never, has_arrived);
    }
    assert_eq!(world.send(&document, 0), confirmed(ALL), "the same key");
    assert_eq!(["A-1", "A-2", "A-3"].map(|one| world.server.times_taken(one)), [1, 1, 1]);
    world.server.trouble(|troubles| troubles.tells_state = false);
    assert_eq!(world.state(&document, 0), Standing::Unaskable);
    assert_eq!(world.server.violations(), [""; 0]);
}

#[test]
fn citations_are_taken_back() {
    let world = World::new();
    world.send(&world.three(), 0);
    let rows = [
        withdrawal("A-1", WithdrawnAs::Paid),
        withdrawal("A-2", WithdrawnAs::Void),
        withdrawal("A-7", WithdrawnAs::Hold),
    ];
    let document = world.read(&world.settings.withdrawals(&rows)[0]).unwrap();
    assert_eq!((document.kind, document.money.is_some()), (DocumentKind::Withdrawal, false));
    let text = String::from_utf8(document.bytes.clone()).unwrap();
    let first = concat!(
        r#"[{"referenceId":"A-1","newStatus":"Paid","payments":[{"date":"2024-02-03","amount":"25.00"}]},"#,
        r#"{"referenceId":"A-2","newStatus":"Void"},"#
    );
    assert!(text.starts_with(first), "{text}");
    let want = concat!(
        r#"{"batch":"batch_2","count":2,"total":"65.00","accepted":["A-1","A-2"],"#,
        r#""refused":[{"referenceId":"A-7","code":"unknown"}],"missing":[]}"#
    );
    assert_eq!(world.send(&document, 1), confirmed(want));
    assert_eq!(world.state(&document, 1), confirmed(want));
    assert_eq!((world.server.open(), world.server.violations()), (vec!["A-3".to_owned()], vec![]));
    // Put on hold and made void later are two documents.
    let of =
        |now| world.read(&world.settings.withdrawals(&[withdrawal("A-3", now)])[0]).unwrap().id;
    assert_ne!(of(WithdrawnAs::Hold), of(WithdrawnAs::Void));
}

#[test]
fn batches_that_are_none() {
    let world = World::new();
    let good =
        String::from_utf8(world.settings.referrals(&[row("A-1", "2500")]).remove(0)).unwrap();
    let paid = withdrawal("A-1", WithdrawnAs::Paid);
    let paid = String::from_utf8(world.settings.withdrawals(&[paid]).remove(0)).unwrap();
    let twice = format!("[{0},{0}]", &good[1..good.len() - 1]);
    let mixed = format!("[{},{}]", &good[1..good.len() - 1], &paid[1..paid.len() - 1]);
    let many: Vec<_> = (0..1001).map(|one| row(&format!("A-{one}"), "100")).collect();
    let many = super::wire::batch(
        many.iter().map(|one| super::wire::referral_row(one, &world.settings.currency)),
    );
    for (text, pointer) in [
        ("[]".to_owned(), ""),
        ("{}".to_owned(), ""),
        (String::from_utf8(many).unwrap(), ""),
        (good.replace("\"25.00\"", "25.00"), "/0/amountDue"),
        (good.replace("25.00", "25.0"), "/0/amountDue"),
        (good.replace("25.00", "0.00"), "/0/amountDue"),
        (good.replace("25.00", "-25.00"), "/0/amountDue"),
        (good.replace("25.00", "$25.00"), "/0/amountDue"),
        (good.replace("USD", "EUR"), "/0/currency"),
        (good.replace("\"state\":\"CT\",", ""), "/0/state"),
        (good.replace("\"CT\"", "\"\""), "/0/state"),
        (good.replace("\"state\"", "\"name\":\"Ana Novak\",\"state\""), "/0/name"),
        (good.replace("2024-01-01T12", "2024-03-01T12"), "/0/issuedAt"),
        (good.replace("A-1", "A/1"), "/0/referenceId"),
        (twice, "/1/referenceId"),
        (mixed, "/1/newStatus"),
        (paid.replace("Paid", "Open"), "/0/newStatus"),
        (paid.replace("2024-02-03", "3.2.2024"), "/0/payments/0/date"),
        (paid.replace("\"25.00\"", "25"), "/0/payments/0/amount"),
    ] {
        assert_eq!(world.read(text.as_bytes()), Err(pointer.to_owned()), "{pointer}");
    }
    assert!(world.server.requests().is_empty());
}

/// A folder for files, and an agency that takes them.
fn spool(folder: &std::path::Path, sealed_for: Vec<SealKey>) -> Settings {
    let transport = Transport::Spool { folder: folder.to_owned(), sealed_for };
    Settings { transport, ..World::new().settings }
}

/// Mutants: a cell with a comma is two; a file with other content confirms; the trailer has another sum.
#[test]
fn a_batch_as_a_file() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    let settings = spool(folder.path(), Vec::new());
    let agency = settings.connect(wiring()).unwrap();
    let odd = Referral { code: "PKG-001, \"meter\"".to_owned(), ..row("A-1", "2500") };
    let batch = settings.referrals(&[odd, row("A-2", "4000")]).remove(0);
    let document = settings.document(&batch, now()).unwrap();
    assert_eq!(agency.try_login(), Ok(()));
    assert_eq!(agency.state(&document, KEYS[0]), Ok(Standing::Never));
    let Standing::Confirmed(told) = agency.send(&document, KEYS[0], None).unwrap() else {
        panic!()
    };
    let hash = document.id.as_str().strip_prefix("referral:").unwrap();
    let name = format!("2024-03-01-2-referral-{}.csv", &hash[..16]);
    assert_eq!(
        told,
        format!(
            r#"{{"batch":"{name}","count":2,"total":"65.00","accepted":["A-1","A-2"],"refused":[],"missing":[]}}"#
        )
    );
    let path = folder.path().join(&name);
    let text = std::fs::read_to_string(&path).unwrap();
    let want = "referenceId,licensePlate,state,violationCode,issuedAt,zoneNumber,amountDue,currency\r\n\
                A-1,XYZ789,CT,\"PKG-001, \"\"meter\"\"\",2024-01-01T12:15:00.000Z,A1,25.00,USD\r\n\
                A-2,XYZ789,CT,PKG-001,2024-01-01T12:15:00.000Z,A1,40.00,USD\r\nTRAILER,2,65.00\r\n";
    assert_eq!(text, want);
    // Looked at again, and sent once more by whoever was killed: it is there, whatever day it is.
    let later = settings.document(&batch, now() + chrono::TimeDelta::days(2)).unwrap();
    for document in [&document, &later] {
        assert_eq!(agency.state(document, KEYS[0]), Ok(Standing::Confirmed(told.clone())));
        assert_eq!(agency.send(document, KEYS[0], None), Ok(Standing::Confirmed(told.clone())));
    }
    assert_eq!(world.server.collect(folder.path()).unwrap(), [name]);
    let back = settings.withdrawals(&[withdrawal("A-1", WithdrawnAs::Paid)]).remove(0);
    let back = settings.document(&back, now()).unwrap();
    assert!(matches!(agency.send(&back, KEYS[1], None), Ok(Standing::Confirmed(_))));
    world.server.set_standing("A-1", Where::Paid);
    let taken = world.server.collect(folder.path()).unwrap();
    assert!(taken[0].starts_with("2024-03-01-1-withdrawal-"), "{taken:?}");
    assert_eq!((world.server.open(), world.server.violations()), (vec!["A-2".to_owned()], vec![]));
    std::fs::write(&path, want.replace("40.00", "41.00")).unwrap();
    assert!(matches!(agency.state(&document, KEYS[0]), Ok(Standing::Otherwise(_))));
    assert!(matches!(agency.send(&document, KEYS[0], None), Ok(Standing::Otherwise(_))));
    std::fs::remove_dir_all(folder.path()).unwrap();
    assert_eq!(agency.try_login().unwrap_err().class, Class::Unusable);
}

/// Mutants: a sealed file is written twice; one that holds something else, by its name, confirms.
#[test]
fn a_batch_as_a_sealed_file() {
    let folder = tempfile::tempdir().unwrap();
    let secret: OpenKey = SECRET_KEY.parse().unwrap();
    let settings = spool(folder.path(), vec![PUBLIC_KEY.parse().unwrap()]);
    let agency = settings.connect(wiring()).unwrap();
    let names = || {
        let all = std::fs::read_dir(folder.path()).unwrap();
        all.map(|one| one.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    let batch = |due: &str| {
        let batch = settings.referrals(&[row("A-1", due)]).remove(0);
        settings.document(&batch, now()).unwrap()
    };
    let document = batch("2500");
    assert_eq!(agency.state(&document, KEYS[0]), Ok(Standing::Never));
    let sent = agency.send(&document, KEYS[0], None).unwrap();
    assert!(matches!(&sent, Standing::Confirmed(told) if told.contains(".csv.age")), "{sent:?}");
    let written = names();
    let bytes = std::fs::read(folder.path().join(&written[0])).unwrap();
    assert!(bytes.starts_with(b"age-encryption.org/v1\n"));
    let mut text = String::new();
    seal::open(&secret, &bytes[..]).unwrap().read_to_string(&mut text).unwrap();
    assert!(text.starts_with("referenceId,") && text.ends_with("TRAILER,1,25.00\r\n"), "{text}");
    assert_eq!(agency.send(&document, KEYS[0], None), Ok(sent.clone()));
    assert_eq!(agency.state(&document, KEYS[0]), Ok(sent));
    assert_eq!(names(), written, "and not sealed anew");
    // The same citations, and another sum.
    let other = batch("2600");
    assert_eq!(other.id, document.id);
    assert!(matches!(agency.send(&other, KEYS[0], None), Ok(Standing::Otherwise(_))));
    assert_eq!(names(), written);
}

#[test]
fn rows_that_cannot_be_told() {
    let folder = tempfile::tempdir().unwrap();
    let (files, http) = (spool(folder.path(), Vec::new()), World::new().settings);
    let coded = |code: &str| Referral { code: code.to_owned(), ..row("A-1", "2500") };
    assert!(files.takes(&row("A-1", "2500")) && http.takes(&row("A-1", "2500")));
    for code in ["=1+1", "+1", "-1", "@sum", "\t1"] {
        assert!(!files.takes(&coded(code)) && http.takes(&coded(code)), "{code}");
    }
    for code in ["", " ", "4111111111111111"] {
        assert!(!files.takes(&coded(code)) && !http.takes(&coded(code)), "{code}");
    }
    assert!(!files.takes(&row("-1", "2500")) && http.takes(&row("-1", "2500")));
    let issuer = ListedPlate { text: "XYZ789".into(), issuer: "".into() };
    assert!(!http.takes(&Referral { plate: issuer, ..row("A-1", "2500") }));
}
