//! Documents against another side that may lose, fail, forget and deny: each has one effect, or none.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;

use super::*;
use crate::clock::Clock;
use crate::config::reading::{Section, Surroundings};
use crate::config::{
    Environment, Kinds, RecipientCommon, RecipientKind, RecipientSettings, SourceConfig, Wiring,
    draft,
};
use crate::document::JsonError;
use crate::model::{Currency, DocumentId, DocumentKind, MinorUnits, Money};
use crate::ports::{Class, Failure, FieldChange, PaymentThere, Source, Standing, Warning};

/// No service was read.
static NOBODY: BTreeSet<SourceName> = BTreeSet::new();

/// The other side's keys live so long; the configuration says 20 hours.
const KEY_LIVES: TimeDelta = TimeDelta::hours(24);

fn usd() -> Currency {
    Currency::new("USD").unwrap()
}

fn id(text: &str) -> DocumentId {
    DocumentId::new(text).unwrap()
}

fn cents(amount: u64) -> MinorUnits {
    MinorUnits::from_digits(&amount.to_string()).unwrap()
}

/// What may go wrong with one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mishap {
    None,
    /// Nothing was done, and nobody hears of it.
    LostBefore,
    /// All was done, and nobody hears of it.
    LostAfter,
    /// Nothing was done, and that is sure.
    TurnedAway,
    /// All was done, and the answer is about something else.
    Doubtful,
    /// This program dies before the call has an effect.
    KilledBefore,
    /// The same after it had.
    KilledAfter,
    /// It cannot be asked for states.
    Unaskable,
}

/// The other side.
#[derive(Debug, Default)]
struct There {
    payments: BTreeMap<String, u64>,
    /// Of which payment, how much, and how often.
    refunds: BTreeMap<String, (String, u64, u32)>,
    keys: BTreeMap<String, DateTime<Utc>>,
    mishaps: Vec<Mishap>,
    /// What anybody has tried to send: before that, nothing goes wrong.
    tried: BTreeSet<String>,
    now: DateTime<Utc>,
    /// What a client must not do.
    violations: Vec<String>,
}

impl There {
    fn left(&self, payment: &str) -> i64 {
        let given = self.refunds.values().filter(|refund| refund.0 == payment);
        let given: u64 = given.map(|(_, amount, times)| amount * u64::from(*times)).sum();
        i64::try_from(self.payments[payment]).unwrap() - i64::try_from(given).unwrap()
    }
}

#[derive(Debug, Clone)]
struct World(Arc<Mutex<There>>);

impl World {
    fn with<T>(&self, look: impl FnOnce(&mut There) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn mishap(&self) -> Mishap {
        self.with(|there| there.mishaps.pop().unwrap_or(Mishap::None))
    }
}

fn lost() -> Failure {
    Failure::new(Class::Unknown, false, &"the answer was lost", None)
}

fn away() -> Failure {
    Failure::new(Class::Temporary, false, &"no answer", None)
}

impl Recipient for World {
    fn survey(&self, document: &Document) -> Result<Survey, Failure> {
        let Subject::Payment(payment) = &document.subject else { return Ok(Survey::default()) };
        let found = self.payment(payment)?;
        let forbidden = found.is_none().then(|| "no such payment".to_owned());
        Ok(Survey { payment: found, forbidden, ..Survey::default() })
    }

    fn state(&self, document: &Document, _: &str) -> Result<Standing, Failure> {
        let is_tried = self.with(|there| there.tried.contains(document.id.as_str()));
        match if is_tried { self.mishap() } else { Mishap::None } {
            Mishap::Unaskable => return Ok(Standing::Unaskable),
            Mishap::None => {}
            Mishap::KilledBefore | Mishap::KilledAfter => panic!("killed"),
            _ => return Err(away()),
        }
        let found = self.with(|there| there.refunds.get(document.id.as_str()).cloned());
        Ok(match found {
            None => Standing::Never,
            Some(_) => Standing::Confirmed("{}".to_owned()),
        })
    }

    fn send(&self, document: &Document, key: &str, _: Option<&str>) -> Result<Standing, Failure> {
        self.with(|there| there.tried.insert(document.id.to_string()));
        let mishap = self.mishap();
        match mishap {
            Mishap::LostBefore => return Err(lost()),
            Mishap::TurnedAway => return Err(away()),
            Mishap::KilledBefore => panic!("killed"),
            _ => {}
        }
        let Subject::Payment(payment) = &document.subject else { panic!("no refund") };
        let amount = document.money.as_ref().unwrap().amount.get();
        let is_refused = self.with(|there| {
            let first = there.keys.get(key).copied();
            if let Some(first) = first {
                if there.now - first >= KEY_LIVES {
                    there.violations.push(format!("key-expired {}", document.id));
                } else {
                    return false;
                }
            }
            if i64::try_from(amount).unwrap() > there.left(payment.as_str()) {
                return true;
            }
            let now = there.now;
            there.keys.insert(key.to_owned(), now);
            let of = (payment.to_string(), amount, 0);
            there.refunds.entry(document.id.to_string()).or_insert(of).2 += 1;
            false
        });
        match mishap {
            Mishap::LostAfter => Err(lost()),
            Mishap::KilledAfter => panic!("killed"),
            Mishap::Doubtful => Ok(Standing::Doubtful("about another one".to_owned())),
            _ if is_refused => Ok(Standing::Refused("above what is left".to_owned())),
            _ => Ok(Standing::Confirmed("{\"status\":\"COMPLETED\"}".to_owned())),
        }
    }

    fn payment(&self, id: &DocumentId) -> Result<Option<PaymentThere>, Failure> {
        Ok(self.with(|there| {
            let amount = *there.payments.get(id.as_str())?;
            let refunds = there.refunds.iter().filter(|(_, refund)| refund.0 == id.as_str());
            let amount_of = |amount: u64| Amount::from(cents(amount));
            Some(PaymentThere {
                amount: amount_of(amount),
                left: Amount::minor(there.left(id.as_str())),
                refunds: refunds
                    .map(|(id, refund)| (DocumentId::new(id).unwrap(), amount_of(refund.1)))
                    .collect(),
                told: "{}".to_owned(),
            })
        }))
    }

    fn try_login(&self) -> Result<(), Failure> {
        Ok(())
    }
}

impl Systems for World {
    fn source<'a>(&'a self, _: &SourceConfig) -> Box<dyn Source + 'a> {
        unreachable!("there is none")
    }

    fn recipient(&self, _: &RecipientConfig) -> Result<Box<dyn Recipient>, Failure> {
        Ok(Box::new(self.clone()))
    }
}

#[derive(Debug)]
struct Till;

#[derive(Debug)]
struct TillSettings(Money);

impl RecipientKind for Till {
    fn name(&self) -> &'static str {
        "till"
    }

    fn read(
        &self,
        _: &Section<'_>,
        _: &RecipientCommon<'_>,
        _: &Surroundings<'_>,
    ) -> Option<Arc<dyn RecipientSettings>> {
        Some(Arc::new(TillSettings(Money::parse("50.00 USD")?)))
    }
}

impl RecipientSettings for TillSettings {
    /// `ID PAYMENT AMOUNT`.
    fn document(&self, bytes: &[u8], _: DateTime<Utc>) -> Result<Document, JsonError> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let [name, payment, amount] = text.split(' ').collect::<Vec<_>>()[..] else { panic!() };
        Ok(Document {
            id: id(name),
            kind: DocumentKind::Refund,
            money: Some(Money { amount: cents(amount.parse().unwrap()), currency: usd() }),
            subject: Subject::Payment(id(payment)),
            bytes: bytes.to_vec(),
        })
    }

    fn limit(&self, _: DocumentKind) -> Option<&Money> {
        Some(&self.0)
    }

    fn connect(&self, _: Wiring) -> Result<Box<dyn Recipient>, Failure> {
        unreachable!("the world is asked")
    }
}

fn config() -> Config {
    let kinds = Kinds {
        sources: &[],
        targets: &[],
        gates: &[],
        rights: &[],
        meters: &[],
        recipients: &[&Till],
    };
    let text = "[till.cashier]\ncurrency = \"USD\"\n";
    draft(text, Path::new("/x/ivms-sync.toml"), &Environment::default(), kinds).unwrap()
}

struct Office {
    config: Config,
    _folder: tempfile::TempDir,
    store: Store,
    world: World,
    now: RefCell<DateTime<Utc>>,
    stop: Stop,
}

impl Office {
    fn new(payments: &[(&str, u64)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        let now = "2024-01-01T12:00:00Z".parse().unwrap();
        let payments = payments.iter().map(|(id, amount)| ((*id).to_owned(), *amount)).collect();
        let there = There { payments, now, ..There::default() };
        let world = World(Arc::new(Mutex::new(there)));
        let stop = Stop::at_time_limit(Clock::starting_at(now));
        Self { config: config(), _folder: folder, store, world, now: RefCell::new(now), stop }
    }

    fn outbox(&self) -> Outbox<'_> {
        let now = *self.now.borrow();
        let Self { config, store, world, stop, .. } = self;
        Outbox { config, store, systems: world, listed: &NOBODY, now, stop }
    }

    fn pass(&self, time: TimeDelta) {
        *self.now.borrow_mut() += time;
        let now = *self.now.borrow();
        self.world.with(|there| there.now = now);
    }

    /// Hands a refund over, approves it where it waits for that, and finds out how it stands where it is open.
    fn hand_over(&self, document: &str) -> Option<DocumentState> {
        let outbox = self.outbox();
        let to = &self.config.recipients[0];
        let document = to.settings.document(document.as_bytes(), outbox.now).unwrap();
        let proposal = outbox.propose(to, document).unwrap();
        match &proposal.verdict {
            Verdict::Ready => Some(outbox.send(&proposal).unwrap().kept.state),
            Verdict::Held(_) => {
                let kept = outbox.keep_blocked(&proposal).unwrap();
                let again = outbox.approved(&kept).unwrap().unwrap();
                match again.blocked() == kept.blocked && matches!(again.verdict, Verdict::Held(_)) {
                    true => Some(outbox.send(&again).unwrap().kept.state),
                    false => None,
                }
            }
            Verdict::Known => {
                let known = proposal.known.clone().unwrap();
                match known.state.is_open() {
                    true => Some(outbox.settle_one(known).unwrap().kept.state),
                    false => Some(known.state),
                }
            }
            _ => None,
        }
    }

    fn state(&self, name: &str) -> Option<DocumentKept> {
        self.store.outbox().find(&self.config.recipients[0].name, &id(name)).unwrap()
    }

    /// A call during which this program may die.
    fn alive(&self, work: impl FnOnce(&Self)) {
        if let Err(told) = catch_unwind(AssertUnwindSafe(|| work(self))) {
            let told = told.downcast_ref::<&str>().copied();
            assert_eq!(told, Some("killed"), "{told:?}");
        }
    }
}

#[test]
fn a_refund_is_given_once_whatever_is_lost() {
    for mishaps in [
        vec![Mishap::LostAfter],
        vec![Mishap::LostAfter, Mishap::LostBefore],
        vec![Mishap::LostBefore],
        vec![Mishap::LostBefore, Mishap::LostBefore],
        vec![Mishap::Doubtful],
        vec![Mishap::Unaskable, Mishap::LostAfter],
        vec![Mishap::Unaskable, Mishap::LostBefore],
        vec![Mishap::KilledBefore],
        vec![Mishap::KilledAfter],
        vec![Mishap::TurnedAway],
    ] {
        let office = Office::new(&[("paid", 475)]);
        office.world.with(|there| there.mishaps = mishaps.clone());
        office.alive(|office| {
            office.hand_over("refund_1 paid 119");
        });
        for _ in 0..3 {
            office.pass(TimeDelta::minutes(30));
            office.outbox().settle(false).unwrap();
        }
        office.hand_over("refund_1 paid 119");
        let kept = office.state("refund_1").unwrap();
        assert_eq!(kept.state, DocumentState::Confirmed, "{mishaps:?}: {kept:?}");
        assert!(office.store.outbox().bytes(&kept).unwrap().is_none(), "{mishaps:?}");
        office.world.with(|there| {
            assert_eq!(there.refunds["refund_1"].2, 1, "{mishaps:?}");
            assert_eq!(there.violations, Vec::<String>::new(), "{mishaps:?}");
        });
    }
}

#[test]
fn what_can_be_neither_asked_nor_repeated_waits_for_a_person() {
    let office = Office::new(&[("paid", 475)]);
    office.world.with(|there| there.mishaps = vec![Mishap::Unaskable, Mishap::LostAfter]);
    office.hand_over("refund_1 paid 119");
    office.pass(TimeDelta::hours(21));
    office.world.with(|there| there.mishaps = vec![Mishap::Unaskable]);
    let done = office.outbox().settle(true).unwrap();
    assert_eq!((done[0].kept.state, &done[0].next), (DocumentState::Unknown, &Next::Somebody));
    // Until somebody knows, it counts as given.
    assert_eq!(office.hand_over("refund_2 paid 400"), None);
    office.world.with(|there| there.mishaps = vec![Mishap::Unaskable]);
    let outbox = office.outbox();
    let (kept, _) = outbox.settle_by_hand(done[0].kept.clone(), false).unwrap();
    assert_eq!((kept.state, kept.is_done), (DocumentState::Settled, Some(false)));
    assert_eq!(office.hand_over("refund_1 paid 119"), Some(DocumentState::Settled), "for ever");
}

/// What was refused had no effect, and whoever refused it may have been mended; nobody but a person sends it again.
#[test]
fn what_was_refused_may_be_handed_over_again() {
    let office = Office::new(&[("paid", 475)]);
    // Somebody else gave something back in between.
    let to = &office.config.recipients[0];
    let outbox = office.outbox();
    let document = to.settings.document(b"refund_1 paid 400", outbox.now).unwrap();
    let proposal = outbox.propose(to, document).unwrap();
    office.world.with(|there| there.refunds.insert("other".into(), ("paid".into(), 100, 1)));
    let done = outbox.send(&proposal).unwrap();
    assert_eq!((done.kept.state, done.kept.is_done), (DocumentState::Refused, Some(false)));
    office.pass(TimeDelta::hours(30));
    assert_eq!(office.outbox().settle(true).unwrap(), []);
    assert_eq!(office.hand_over("refund_1 paid 400"), None, "more than is left");
    assert_eq!(office.hand_over("refund_1 paid 375"), None, "other content");
    office.world.with(|there| there.refunds.remove("other"));
    assert_eq!(office.hand_over("refund_1 paid 400"), Some(DocumentState::Confirmed));
    assert_eq!(office.world.with(|there| there.refunds["refund_1"].2), 1);
}

/// The state file was lost: the other side is asked before anything leaves.
#[test]
fn nothing_is_sent_that_is_there_already() {
    let office = Office::new(&[("paid", 475)]);
    office.world.with(|there| there.refunds.insert("refund_1".into(), ("paid".into(), 119, 1)));
    assert_eq!(office.hand_over("refund_1 paid 119"), None);
    assert_eq!(office.world.with(|there| there.refunds["refund_1"].2), 1);

    let to = &office.config.recipients[0];
    let document = to.settings.document(b"refund_2 paid 100", office.outbox().now).unwrap();
    let judged = |there| {
        let survey = Survey { there: Some(there), ..Survey::default() };
        judge(&document, &Basis::default(), &survey)
    };
    let text = || "x".to_owned();
    for there in [Standing::Never, Standing::Unaskable, Standing::Refused(text())] {
        assert_eq!(judged(there), Verdict::Ready);
    }
    for there in
        [Standing::Confirmed(text()), Standing::Pending(text()), Standing::Otherwise(text())]
    {
        assert!(matches!(judged(there), Verdict::Forbidden(_)));
    }
    assert!(matches!(judged(Standing::Doubtful(text())), Verdict::NotNow(_)));
}

/// A section that gets another name is the same cashier, perhaps: nothing is given twice.
#[test]
fn a_section_with_another_name_gives_nothing_twice() {
    let mut office = Office::new(&[("paid", 475)]);
    assert_eq!(office.hand_over("refund_1 paid 300"), Some(DocumentState::Confirmed));
    // The cashier tells of no refunds, and takes none off.
    office.world.with(|there| there.refunds.clear());
    office.config.recipients[0].name = SourceName::new("renamed").unwrap();
    assert_eq!(office.hand_over("refund_1 paid 300"), None);
    assert_eq!(office.hand_over("refund_2 paid 300"), None);
    assert_eq!(office.hand_over("refund_2 paid 175"), Some(DocumentState::Confirmed));
}

/// What is not there yet is an answer: it is asked about again with the next run, and not twenty minutes later.
#[test]
fn what_may_be_on_its_way_is_asked_about_in_the_next_run() {
    let office = Office::new(&[("paid", 475)]);
    office.world.with(|there| there.mishaps = vec![Mishap::None, Mishap::LostBefore]);
    assert_eq!(office.hand_over("refund_1 paid 119"), Some(DocumentState::Unknown));
    office.pass(TimeDelta::seconds(10));
    let done = office.outbox().settle(false).unwrap();
    assert_eq!((done[0].kept.state, done[0].kept.failures), (DocumentState::Unknown, 0));
    office.pass(TimeDelta::seconds(10));
    let done = office.outbox().settle(false).unwrap();
    assert_eq!(done[0].kept.state, DocumentState::Confirmed);
}

/// A clock that shows less than before says nothing of how old a key is: nothing is sent once more by it.
#[test]
fn nothing_is_sent_again_by_a_clock_that_was_set_back() {
    let is_there = |office: &Office| office.world.with(|there| there.refunds.len());
    let back = TimeDelta::hours(-1);
    // It was sent later than now; or a run was at work later than now.
    for (since, set_back) in [(TimeDelta::zero(), back), (TimeDelta::hours(3), back * 2)] {
        let office = Office::new(&[("paid", 475)]);
        office.world.with(|there| there.mishaps = vec![Mishap::None, Mishap::LostBefore]);
        assert_eq!(office.hand_over("refund_1 paid 119"), Some(DocumentState::Unknown));
        office.pass(since);
        office.store.journal().begin_run("sync", *office.now.borrow()).unwrap();
        office.pass(set_back);
        let done = office.outbox().settle(true).unwrap();
        assert_eq!(done[0].next, Next::Somebody);
        assert!(done[0].kept.waits_for_somebody);
        let error = done[0].kept.error.as_deref().unwrap();
        assert!(error.contains("this computer's clock was set back"), "{error}");
        assert_eq!(is_there(&office), 0);
        // Also where nothing can be asked.
        office.world.with(|there| there.mishaps = vec![Mishap::Unaskable]);
        let kept = office.state("refund_1").unwrap();
        assert_eq!(office.outbox().settle_one(kept).unwrap().next, Next::Somebody);
        assert_eq!(is_there(&office), 0);
        office.pass(-set_back + TimeDelta::minutes(1));
        let done = office.outbox().settle(true).unwrap();
        assert_eq!(done[0].kept.state, DocumentState::Confirmed);
        assert!(!done[0].kept.waits_for_somebody);
        assert_eq!(is_there(&office), 1);
    }
}

#[test]
fn a_document_keeps_its_id_for_ever() {
    let office = Office::new(&[("paid", 475)]);
    assert_eq!(office.hand_over("refund_1 paid 119"), Some(DocumentState::Confirmed));
    let calls = office.world.with(|there| there.keys.len());
    assert_eq!(office.hand_over("refund_1 paid 119"), Some(DocumentState::Confirmed));
    assert_eq!(office.hand_over("refund_1 paid 120"), None, "other content");
    assert_eq!(office.world.with(|there| there.keys.len()), calls);
    // Keys are of the section, the kind and the id, and of nothing else.
    let one = office.state("refund_1").unwrap();
    let key = Uuid::parse_str(&one.key).unwrap();
    assert_eq!((key.get_version_num(), one.key.to_lowercase()), (5, one.key.clone()));
}

/// RFC 9562, appendix A.4: what the crate makes of a name is what others make of it.
#[test]
fn keys_are_those_of_the_standard() {
    let made = Uuid::new_v5(&Uuid::NAMESPACE_DNS, b"www.example.com");
    assert_eq!(made.to_string(), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

#[test]
fn a_large_refund_waits_and_is_approved_as_it_is() {
    let office = Office::new(&[("paid", 90_000)]);
    let to = &office.config.recipients[0];
    let outbox = office.outbox();
    let document = to.settings.document(b"refund_1 paid 5001", outbox.now).unwrap();
    let proposal = outbox.propose(to, document).unwrap();
    let Verdict::Held(holds) = &proposal.verdict else { panic!("{:?}", proposal.verdict) };
    let wanted = Hold::OverLimit { amount: "50.01 USD".into(), limit: "50.00 USD".into() };
    assert_eq!(holds, &[wanted]);
    assert_eq!(office.hand_over("refund_1 paid 5001"), Some(DocumentState::Confirmed));
    assert_eq!(office.hand_over("refund_2 paid 5000"), Some(DocumentState::Confirmed));
}

#[test]
fn the_blocked_id_is_of_all_that_is_approved() {
    let name = |text| SourceName::new(text).unwrap();
    let hold = |code| {
        let (path, detail) = ("/a".to_owned(), "b".to_owned());
        vec![Hold::Warning(Warning { code, path, detail })]
    };
    let change = FieldChange { path: "/a".to_owned(), from: None, to: Some("1".to_owned()) };
    let one = blocked_id(&name("a"), &id("b"), "c", &hold("d"), &[]);
    assert_eq!(one, blocked_id(&name("a"), &id("b"), "c", &hold("d"), &[]));
    for other in [
        blocked_id(&name("x"), &id("b"), "c", &hold("d"), &[]),
        blocked_id(&name("a"), &id("x"), "c", &hold("d"), &[]),
        blocked_id(&name("a"), &id("b"), "x", &hold("d"), &[]),
        blocked_id(&name("a"), &id("b"), "c", &hold("x"), &[]),
        blocked_id(&name("ab"), &id("b"), "c", &[], &[]),
        blocked_id(&name("a"), &id("b"), "c", &hold("d"), &[change]),
    ] {
        assert_ne!(one, other);
    }
}

#[test]
fn keys_live_from_the_first_byte_on() {
    let now: DateTime<Utc> = "2024-01-02T00:00:00Z".parse().unwrap();
    let lives = TimeDelta::hours(20);
    for (sent, want) in [
        (Some(TimeDelta::zero()), true),
        (Some(TimeDelta::hours(20) - TimeDelta::seconds(1)), true),
        (Some(TimeDelta::hours(20)), false),
        // A clock that was set back: nobody knows how old it is.
        (Some(TimeDelta::seconds(-1)), false),
        (None, false),
    ] {
        assert_eq!(is_key_alive(sent.map(|age| now - age), lives, now), want, "{sent:?}");
    }
}

/// What somebody does, or what happens.
#[derive(Debug, Clone)]
enum Step {
    Refund {
        document: usize,
        payment: usize,
        amount: u64,
    },
    Settle,
    /// A person asks, and tells the truth.
    ByHand,
    /// Somebody else gives money back, with a document of their own.
    Stranger {
        payment: usize,
        amount: u64,
    },
    Pass(i64),
}

fn steps() -> impl Strategy<Value = Vec<(Step, Vec<Mishap>)>> {
    let step = prop_oneof![
        5 => (0_usize..4, 0_usize..2, prop_oneof![1_u64..600, Just(5001_u64)])
            .prop_map(|(document, payment, amount)| Step::Refund { document, payment, amount }),
        3 => Just(Step::Settle),
        1 => Just(Step::ByHand),
        1 => (0_usize..2, 1_u64..300).prop_map(|(payment, amount)| Step::Stranger { payment, amount }),
        2 => prop_oneof![Just(1_i64), Just(5), Just(300), Just(1199), Just(1201), Just(3000)]
            .prop_map(Step::Pass),
    ];
    let mishap = prop_oneof![
        4 => Just(Mishap::None),
        1 => Just(Mishap::LostBefore),
        2 => Just(Mishap::LostAfter),
        1 => Just(Mishap::TurnedAway),
        1 => Just(Mishap::Doubtful),
        1 => Just(Mishap::KilledBefore),
        1 => Just(Mishap::KilledAfter),
        1 => Just(Mishap::Unaskable),
    ];
    proptest::collection::vec((step, proptest::collection::vec(mishap, 0..3)), 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// P10 and P11.
    #[test]
    fn no_document_has_two_effects_and_no_payment_is_given_back_twice(steps in steps()) {
        let payments = [("p0", 900_u64), ("p1", 6000)];
        let office = Office::new(&payments);
        let mut strangers = 0;
        for (step, mishaps) in steps {
            office.world.with(|there| there.mishaps = mishaps);
            match step {
                // The same id may come with other content.
                Step::Refund { document, payment, amount } => {
                    let text = format!("r{document} {} {amount}", payments[payment].0);
                    office.alive(|office| {
                        office.hand_over(&text);
                    });
                }
                Step::Settle => office.alive(|office| drop(office.outbox().settle(false).unwrap())),
                Step::ByHand => {
                    office.world.with(|there| there.mishaps.clear());
                    for done in office.outbox().settle(true).unwrap() {
                        let name = done.kept.id.to_string();
                        let is_there = office.world.with(|there| there.refunds.contains_key(&name));
                        if done.next == Next::Somebody {
                            office.outbox().settle_by_hand(done.kept, is_there).unwrap();
                        }
                    }
                }
                Step::Stranger { payment, amount } => office.world.with(|there| {
                    let payment = payments[payment].0;
                    if there.left(payment) >= i64::try_from(amount).unwrap() {
                        strangers += 1;
                        there.refunds.insert(format!("s{strangers}"), (payment.to_owned(), amount, 1));
                    }
                }),
                Step::Pass(minutes) => office.pass(TimeDelta::minutes(minutes)),
            }
            office.world.with(|there| {
                for (name, (_, _, times)) in &there.refunds {
                    assert!(*times <= 1, "{name} was given {times} times");
                }
                for (payment, _) in payments {
                    assert!(there.left(payment) >= 0, "{payment}: {}", there.left(payment));
                }
                assert_eq!(there.violations, Vec::<String>::new());
            });
        }
        // Once everything answers, everything is known, and it is the truth.
        office.world.with(|there| there.mishaps.clear());
        office.pass(TimeDelta::minutes(2));
        for done in office.outbox().settle(true).unwrap() {
            prop_assert!(matches!(done.next, Next::Nothing | Next::Somebody), "{done:?}");
        }
        for number in 0..4 {
            let Some(kept) = office.state(&format!("r{number}")) else { continue };
            let is_there = office.world.with(|there| there.refunds.contains_key(kept.id.as_str()));
            match kept.state {
                DocumentState::Confirmed => prop_assert!(is_there, "{kept:?}"),
                DocumentState::Refused | DocumentState::New | DocumentState::Blocked => {
                    prop_assert!(!is_there, "{kept:?}");
                }
                DocumentState::Settled => prop_assert_eq!(kept.is_done, Some(is_there)),
                DocumentState::Sent | DocumentState::Unknown => {}
            }
        }
    }

    /// The last word on what is left: never more than any of the two knows.
    #[test]
    fn what_is_left_is_never_more_than_either_side_says(
        amount in 1_u64..1000,
        there in proptest::collection::vec(1_u64..300, 0..4),
        unheard in proptest::collection::vec(1_u64..300, 0..4),
    ) {
        let office = Office::new(&[("p0", amount)]);
        let given: u64 = there.iter().sum();
        let left = Amount::from(cents(amount)) - Amount::minor(i64::try_from(given).unwrap());
        let refunds = there.iter().enumerate();
        let refunds = refunds.map(|(n, one)| (id(&format!("t{n}")), Amount::from(cents(*one)))).collect();
        let payment = PaymentThere {
            amount: Amount::from(cents(amount)), left, refunds, told: "{}".to_owned(),
        };
        let to = &office.config.recipients[0];
        let open: Vec<DocumentKept> = unheard.iter().enumerate().map(|(n, amount)| {
            let text = format!("u{n} p0 {amount}");
            let document = to.settings.document(text.as_bytes(), office.outbox().now).unwrap();
            let proposal = Proposal {
                rows: Vec::new(),
                to, sha256: String::new(), key: String::new(), known: None,
                survey: Survey::default(), left: None, verdict: Verdict::Ready, document,
            };
            DocumentKept { state: DocumentState::Unknown, ..proposal.kept(office.outbox().now) }
        }).collect();
        let unheard: u64 = unheard.iter().sum();
        let wanted = left - Amount::minor(i64::try_from(unheard).unwrap());
        let mut known = GivenBack { refunds: open, ..GivenBack::default() };
        prop_assert_eq!(left_of(&payment, None, &known), wanted);
        // Settlements count where they say more; what was charged back, always.
        let whole = Amount::from(cents(amount));
        let by = |refunded, back| whole - Amount::minor(refunded) - Amount::minor(back);
        known.settled.refunded = Amount::minor(5000);
        prop_assert_eq!(left_of(&payment, None, &known), wanted.min(by(5000, 0)));
        known.settled.charged_back = Amount::minor(700);
        prop_assert_eq!(left_of(&payment, None, &known), wanted.min(by(5000, 700)));
    }
}
