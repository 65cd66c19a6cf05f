//! P16: over weeks of payments, disputes, decisions, lost answers, wrong sums and deaths nobody is handed over who must
//! not be, nobody twice, and in the end everybody who has paid is taken back. The agency and the service here know what
//! is true, and complain of whatever they see.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::config::{self, Environment, RightsServiceConfig, SourceConfig};
use crate::connectors::KINDS;
use crate::engine::{citations, rights};
use crate::model::{
    CitationId, CitationState, DocumentId, Ends, Fine, MinorUnits, Period, RightCode, RightId,
    RightKind, RightState,
};
use crate::ports::{
    CitationListing, Handed, ListedCitation, ListedPlate, ListedRight, RightsListing,
    RightsService, Source, Standing, WithdrawnAs,
};

const CONFIG: &str = r#"time_zone = "America/New_York"
[parking]
country = "US"
keep_plates = "60d"
[zone.A1]
[ips.street]
url = "https://street.example"
secret = { env = "KEY" }
violations = ["*"]
fresh_for = "1d"
[duncan.collect]
url = "https://collect.example"
username = "city"
secret = { env = "KEY" }
currency = "USD"
refer_after = "30d"
batch = 3
mode = "full"
"#;

/// What goes wrong with one call at the agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mishap {
    None,
    LostBefore,
    LostAfter,
    TurnedAway,
    /// It was taken, and the acknowledgement does not agree.
    WrongSum,
    /// The first row is refused.
    RefusesFirst,
    /// It is refused as a whole.
    RefusesAll,
    KilledBefore,
    KilledAfter,
}

/// What is true of a citation.
#[derive(Debug, Clone)]
struct True {
    at: DateTime<Utc>,
    state: CitationState,
    is_deleted: bool,
    had_right: bool,
    /// It was paid, or decided, at some time: nobody may ever be asked for it again.
    is_over: bool,
    changed_at: DateTime<Utc>,
    /// Its service lists it as one that stands, though it said otherwise, and names no later time.
    is_said_to_stand: bool,
}

#[derive(Debug, Default)]
struct There {
    citations: BTreeMap<String, True>,
    /// What the agency has: how it stands there, and how often it was handed over.
    cases: BTreeMap<String, (Option<WithdrawnAs>, u32)>,
    /// What became of a batch, by its key.
    batches: BTreeMap<String, String>,
    mishaps: Vec<Mishap>,
    is_service_down: bool,
    has_unreadable: bool,
    /// It is a folder of this computer.
    is_folder: bool,
    now: DateTime<Utc>,
    complaints: Vec<String>,
}

#[derive(Debug, Clone)]
struct World(Arc<Mutex<There>>);

impl World {
    fn with<T>(&self, look: impl FnOnce(&mut There) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl There {
    fn take(&mut self, document: &Document, key: &str, mishap: Mishap) -> String {
        if let Some(told) = self.batches.get(key) {
            return told.clone();
        }
        let Subject::Batch { rows, .. } = &document.subject else { panic!("no batch") };
        let (mut accepted, mut refused) = (Vec::new(), Vec::new());
        if document.kind == DocumentKind::Referral {
            for (reference, (standing, _)) in &self.cases {
                let truth = &self.citations[reference];
                let must_go = truth.is_over || truth.is_deleted || truth.had_right;
                if standing.is_none() && (must_go || truth.state == CitationState::Contested) {
                    self.complaints.push(format!("withdraw-first {reference}"));
                }
            }
        }
        for (place, row) in rows.iter().enumerate() {
            let reference = row.reference.to_string();
            if place == 0 && mishap == Mishap::RefusesFirst {
                refused.push(json!({ "referenceId": reference, "code": "no_address" }));
                continue;
            }
            match row.what {
                Handed::Over(_) => {
                    let truth = &self.citations[&reference];
                    let owed = truth.state == CitationState::Issued && !truth.is_deleted;
                    if !owed || truth.had_right || truth.is_over {
                        self.complaints.push(format!("never {reference} {truth:?}"));
                    }
                    self.cases.entry(reference.clone()).or_insert((None, 0)).1 += 1;
                    accepted.push(reference);
                }
                Handed::Back(now) => match self.cases.get_mut(&reference) {
                    None => refused.push(json!({ "referenceId": reference, "code": "unknown" })),
                    Some(case) => {
                        case.0 = Some(now);
                        accepted.push(reference);
                    }
                },
            }
        }
        let told = json!({ "accepted": accepted, "refused": refused, "missing": [] }).to_string();
        self.batches.insert(key.to_owned(), told.clone());
        told
    }
}

fn failure(class: Class) -> Failure {
    Failure::new(class, false, &"no answer", None)
}

impl Recipient for World {
    fn survey(&self, _: &Document) -> Result<Survey, Failure> {
        Ok(Survey::default())
    }

    fn state(&self, _: &Document, key: &str) -> Result<Standing, Failure> {
        let mishap = self.with(|there| there.mishaps.pop().unwrap_or(Mishap::None));
        match mishap {
            Mishap::None | Mishap::RefusesFirst | Mishap::RefusesAll => {}
            Mishap::KilledBefore | Mishap::KilledAfter => panic!("killed"),
            Mishap::WrongSum => return Ok(Standing::Doubtful("another sum".to_owned())),
            _ => return Err(failure(Class::Temporary)),
        }
        let told = self.with(|there| there.batches.get(key).cloned());
        Ok(told.map_or(Standing::Never, Standing::Confirmed))
    }

    fn send(&self, document: &Document, key: &str, _: Option<&str>) -> Result<Standing, Failure> {
        let mishap = self.with(|there| there.mishaps.pop().unwrap_or(Mishap::None));
        match mishap {
            Mishap::LostBefore => return Err(failure(Class::Unknown)),
            Mishap::TurnedAway => return Err(failure(Class::Temporary)),
            Mishap::RefusesAll => {
                return Ok(Standing::Refused("not today".to_owned()));
            }
            Mishap::KilledBefore => panic!("killed"),
            _ => {}
        }
        let told = self.with(|there| there.take(document, key, mishap));
        match mishap {
            Mishap::LostAfter => Err(failure(Class::Unknown)),
            Mishap::KilledAfter => panic!("killed"),
            Mishap::WrongSum => Ok(Standing::Doubtful("another sum".to_owned())),
            _ => Ok(Standing::Confirmed(told)),
        }
    }

    fn is_at_once(&self) -> bool {
        self.with(|there| there.is_folder)
    }

    fn try_login(&self) -> Result<(), Failure> {
        Ok(())
    }
}

impl RightsService for World {
    fn list(
        &self,
        part: &str,
        since: Option<DateTime<Utc>>,
        _: DateTime<Utc>,
    ) -> Result<RightsListing, Failure> {
        self.with(|there| {
            if there.is_service_down {
                return Err(failure(Class::Temporary));
            }
            let had = there.citations.iter().filter(|(_, one)| one.had_right);
            let right = |(id, one): (&String, &True)| ListedRight {
                id: RightId::new(&format!("s-{id}")).unwrap(),
                number: None,
                is_unreadable: false,
                kind: RightKind::Session,
                state: RightState::Active,
                plates: vec![plate(id)],
                zones: Some(vec!["A1".into()]),
                period: Ok(Period::new(
                    one.at - TimeDelta::hours(1),
                    Some(one.at + TimeDelta::hours(1)),
                    Ends::Open,
                )
                .unwrap()),
                updated_at: Some(one.changed_at),
            };
            let rights = if part == "sessions" { had.map(right).collect() } else { Vec::new() };
            Ok(RightsListing {
                rights,
                as_of: Some(there.now),
                is_whole: since.is_none(),
                ..RightsListing::default()
            })
        })
    }

    fn citations(
        &self,
        from: DateTime<Utc>,
        since: Option<DateTime<Utc>>,
    ) -> Result<CitationListing, Failure> {
        self.with(|there| {
            if there.is_service_down {
                return Err(failure(Class::Temporary));
            }
            let is_news = |one: &True| since.is_none_or(|since| one.changed_at >= since);
            let wanted: Vec<_> =
                there.citations.iter().filter(|(_, one)| one.at >= from && is_news(one)).collect();
            let listed = |(id, one): &(&String, &True)| ListedCitation {
                id: CitationId::new(id).unwrap(),
                plate: plate(id),
                zone: Some("A1".to_owned()),
                kind: RightCode::new("EXPIRED_METER").ok(),
                at: one.at,
                state: one.state,
                fine: Some(Fine {
                    amount: MinorUnits::from_digits("2500").unwrap(),
                    currency: None,
                }),
                updated_at: Some(one.changed_at),
            };
            let (gone, there_still): (Vec<_>, Vec<_>) =
                wanted.into_iter().partition(|(_, one)| one.is_deleted);
            // A listing of all has no stones for those that are gone.
            let deleted = gone.iter().filter(|_| since.is_some());
            Ok(CitationListing {
                citations: there_still.iter().map(listed).collect(),
                deleted: deleted.map(|(id, _)| CitationId::new(id).unwrap()).collect(),
                unreadable: usize::from(there.has_unreadable),
                as_of: Some(there.now),
            })
        })
    }
}

fn plate(id: &str) -> ListedPlate {
    let number = id.trim_start_matches("c-");
    ListedPlate { text: format!("AB{number}").into(), issuer: "CT".into() }
}

impl Systems for World {
    fn source<'a>(&'a self, _: &SourceConfig) -> Box<dyn Source + 'a> {
        unreachable!("there is none")
    }

    fn rights(&self, _: &RightsServiceConfig) -> Result<Box<dyn RightsService>, Failure> {
        Ok(Box::new(self.clone()))
    }

    fn recipient(&self, _: &RecipientConfig) -> Result<Box<dyn Recipient>, Failure> {
        Ok(Box::new(self.clone()))
    }
}

/// What happens in one step.
#[derive(Debug, Clone)]
enum Happens {
    Hours(u16),
    Written(u8),
    PaidAtService(u8),
    /// The service tells it by itself, and lists it only later.
    PaidByEvent(u8),
    Contested(u8),
    Upheld(u8),
    Dismissed(u8),
    SaidToStand(u8),
    Deleted(u8),
    HadRight(u8),
    Service(bool),
    Unreadable(bool),
    Mishaps(Vec<Mishap>),
}

struct Town {
    config: Config,
    _folder: tempfile::TempDir,
    store: Store,
    world: World,
    now: Cell<DateTime<Utc>>,
}

impl Town {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ivms-sync.toml");
        let environment = Environment::from_pairs([("KEY", "some-secret-1")]);
        let config = config::draft(CONFIG, &path, &environment, KINDS).unwrap();
        let store = Store::open(&folder.path().join("state.db")).unwrap();
        let now = "2026-01-01T12:00:00Z".parse().unwrap();
        let world = World(Arc::new(Mutex::new(There { now, ..There::default() })));
        Self { config, _folder: folder, store, world, now: Cell::new(now) }
    }

    fn edit(&self, number: u8, edit: impl FnOnce(&mut True)) {
        let now = self.now.get();
        self.world.with(|there| {
            if let Some(one) = there.citations.get_mut(&format!("c-{number}")) {
                edit(one);
                if !one.is_said_to_stand {
                    one.changed_at = now;
                }
            }
        });
    }

    fn happens(&self, what: &Happens) {
        let now = self.now.get();
        match what {
            Happens::Hours(hours) => {
                self.now.set(now + TimeDelta::hours((*hours).into()));
                self.world.with(|there| there.now = self.now.get());
            }
            Happens::Written(number) => {
                let one = True {
                    at: now,
                    state: CitationState::Issued,
                    is_deleted: false,
                    had_right: false,
                    is_over: false,
                    changed_at: now,
                    is_said_to_stand: false,
                };
                self.world.with(|there| {
                    there.citations.entry(format!("c-{number}")).or_insert(one);
                });
            }
            Happens::PaidAtService(number) => self.edit(*number, |one| {
                (one.state, one.is_over) = (CitationState::Paid, true);
            }),
            Happens::PaidByEvent(number) => {
                let name = format!("c-{number}");
                if self.world.with(|there| there.citations.contains_key(&name)) {
                    self.world.with(|there| {
                        if let Some(one) = there.citations.get_mut(&name) {
                            one.is_over = true;
                        }
                    });
                    let (source, id) =
                        (&self.config.vehicles.services[0].name, CitationId::new(&name));
                    let id = id.unwrap();
                    self.store.citations().paid(source, &id, now).unwrap();
                    let heard = citations::Heard::State(CitationState::Paid);
                    citations::hear(&self.store, (source, &id), heard, (None, now)).unwrap();
                }
            }
            Happens::Contested(number) => self.edit(*number, |one| {
                if one.state == CitationState::Issued && !one.is_said_to_stand {
                    one.state = CitationState::Contested;
                }
            }),
            Happens::Upheld(number) => self.edit(*number, |one| {
                if one.state == CitationState::Contested {
                    one.state = CitationState::Issued;
                }
            }),
            Happens::Dismissed(number) => self.edit(*number, |one| {
                if one.state != CitationState::Paid {
                    (one.state, one.is_over) = (CitationState::Dismissed, true);
                }
            }),
            // What was heard once is heard for good.
            Happens::SaidToStand(number) => {
                let (source, id) = (&self.config.vehicles.services[0].name, format!("c-{number}"));
                let known = CitationId::new(&id).unwrap();
                let known = self.store.citations().find(source, &known, None).unwrap();
                let is_heard = known.is_some_and(|known| {
                    let state = known.citation.state;
                    matches!(state, CitationState::Paid | CitationState::Dismissed)
                });
                self.world.with(|there| {
                    if let Some(one) = there.citations.get_mut(&id).filter(|_| is_heard) {
                        (one.state, one.is_said_to_stand) = (CitationState::Issued, true);
                    }
                });
            }
            Happens::Deleted(number) => {
                self.edit(*number, |one| (one.is_deleted, one.is_over) = (true, true));
            }
            // Known within the time that plates are.
            Happens::HadRight(number) => {
                let is_heard = self.world.with(|there| !there.is_service_down);
                self.edit(*number, |one| {
                    one.had_right |= is_heard && now - one.at < TimeDelta::days(50);
                });
            }
            Happens::Service(is_down) => self.world.with(|there| there.is_service_down = *is_down),
            Happens::Unreadable(has) => self.world.with(|there| there.has_unreadable = *has),
            Happens::Mishaps(all) => self.world.with(|there| there.mishaps.clone_from(all)),
        }
    }

    /// What `sync` does of it, in its order.
    fn tick(&self) {
        let (config, store, now) = (&self.config, &self.store, self.now.get());
        let closely = rights::Closely::default();
        let rights = rights::look(&self.world, config, store, now, closely).unwrap();
        let read = citations::look(&self.world, config, store, (now, closely), &rights).unwrap();
        rights.record(store).unwrap();
        read.record(config, store, now).unwrap();
        let listed = &read.whole;
        let stop = Stop::at_time_limit(Clock::starting_at(now));
        let systems = &self.world;
        let outbox = Outbox { config, store, systems, listed, now, stop: &stop };
        outbox.run().note_rights().unwrap();
        outbox.settle(true).unwrap();
        outbox.hand_over(&config.recipients[0]).unwrap().unwrap();
    }

    /// The same, whatever kills it.
    fn try_tick(&self) {
        if let Err(told) = catch_unwind(AssertUnwindSafe(|| self.tick())) {
            let told = told.downcast_ref::<&str>().copied();
            assert_eq!(told, Some("killed"), "{told:?}");
        }
    }

    fn complaints(&self) -> Vec<String> {
        self.world.with(|there| {
            let mut all = there.complaints.clone();
            for (reference, (_, times)) in &there.cases {
                if *times > 1 {
                    all.push(format!("twice {reference}"));
                }
            }
            all
        })
    }

    /// Those that somebody is asked for, and nobody owes.
    fn wrongly_asked(&self) -> Vec<String> {
        self.world.with(|there| {
            let is_wrong = |(reference, (standing, _)): &(&String, &(Option<WithdrawnAs>, u32))| {
                let truth = &there.citations[*reference];
                let is_contested = truth.state == CitationState::Contested;
                let is_final = matches!(standing, Some(WithdrawnAs::Paid | WithdrawnAs::Void));
                match standing {
                    None => truth.is_over || truth.had_right || is_contested,
                    Some(_) => truth.is_over && !is_final && !truth.is_deleted,
                }
            };
            there.cases.iter().filter(is_wrong).map(|(one, _)| one.clone()).collect()
        })
    }
}

fn town_of(written: u8) -> Town {
    let town = Town::new();
    town.tick();
    (0..written).for_each(|number| town.happens(&Happens::Written(number)));
    town.tick();
    town
}

fn cases(town: &Town) -> Vec<(String, Option<WithdrawnAs>)> {
    town.world.with(|there| {
        there.cases.iter().map(|(one, (standing, _))| (one.clone(), *standing)).collect()
    })
}

#[test]
fn only_what_is_old_enough_is_handed_over_and_once() {
    let town = town_of(2);
    town.happens(&Happens::Hours(30 * 24 - 1));
    town.tick();
    assert_eq!(cases(&town), []);
    town.happens(&Happens::Hours(1));
    town.tick();
    assert_eq!(cases(&town), [("c-0".to_owned(), None), ("c-1".to_owned(), None)]);
    for _ in 0..70 {
        town.happens(&Happens::Hours(24));
        town.tick();
    }
    assert_eq!(town.complaints(), Vec::<String>::new());
}

/// Its plate is long forgotten. Mutants: the listing reaches back no further than plates are kept; what was handed
/// over is forgotten with its citation.
#[test]
fn whoever_pays_a_year_later_is_taken_back() {
    let town = town_of(3);
    town.happens(&Happens::Hours(31 * 24));
    town.tick();
    town.happens(&Happens::Hours(366 * 24));
    town.tick();
    assert_eq!(town.store.citations().since(DateTime::UNIX_EPOCH, None).unwrap().len(), 0);
    town.happens(&Happens::PaidAtService(0));
    town.happens(&Happens::PaidByEvent(1));
    town.happens(&Happens::Deleted(2));
    town.happens(&Happens::Hours(1));
    town.tick();
    let paid = Some(WithdrawnAs::Paid);
    let want = [("c-0", paid), ("c-1", paid), ("c-2", Some(WithdrawnAs::Void))];
    assert_eq!(cases(&town), want.map(|(one, standing)| (one.to_owned(), standing)));
    assert_eq!(town.complaints(), Vec::<String>::new());
}

/// A batch that never came is not sent once more when somebody of it has paid; the others go in another one.
#[test]
fn a_batch_is_judged_anew_before_it_is_repeated() {
    let town = town_of(3);
    town.happens(&Happens::Hours(31 * 24));
    town.happens(&Happens::Mishaps(vec![Mishap::LostBefore, Mishap::LostBefore]));
    town.tick();
    assert_eq!(cases(&town), []);
    town.happens(&Happens::PaidAtService(1));
    town.happens(&Happens::Hours(1));
    town.tick();
    assert_eq!(cases(&town), [("c-0".to_owned(), None), ("c-2".to_owned(), None)]);
    assert_eq!(town.complaints(), Vec::<String>::new());
}

/// Mutants: a withdrawal whose end nobody knows is taken for one; others are handed over meanwhile.
#[test]
fn nobody_is_handed_over_while_somebody_waits_to_be_taken_back() {
    let town = town_of(1);
    town.happens(&Happens::Hours(31 * 24));
    town.tick();
    town.happens(&Happens::Written(1));
    town.tick();
    town.happens(&Happens::Hours(31 * 24));
    town.happens(&Happens::PaidAtService(0));
    town.happens(&Happens::Mishaps(vec![Mishap::LostBefore, Mishap::LostBefore]));
    town.tick();
    assert_eq!(cases(&town), [("c-0".to_owned(), None)]);
    town.happens(&Happens::Hours(1));
    town.tick();
    assert_eq!(
        cases(&town),
        [("c-0".to_owned(), Some(WithdrawnAs::Paid)), ("c-1".to_owned(), None)]
    );
    assert_eq!(town.complaints(), Vec::<String>::new());
}

/// Mutants: what was refused once is never asked for again, or under the key that was answered already; others wait for
/// it for ever.
#[test]
fn what_is_not_given_back_at_once_is_asked_for_again() {
    for mishap in [Mishap::RefusesAll, Mishap::RefusesFirst] {
        let town = town_of(2);
        town.happens(&Happens::Hours(31 * 24));
        town.tick();
        town.happens(&Happens::Written(2));
        town.tick();
        town.happens(&Happens::Hours(31 * 24));
        town.happens(&Happens::PaidAtService(0));
        town.happens(&Happens::Mishaps(vec![mishap]));
        town.tick();
        let to = &town.config.recipients[0].name;
        let row = town.store.referrals().find(to, &DocumentId::new("c-0").unwrap()).unwrap();
        let row = row.unwrap();
        assert!(row.waits() && row.reason.is_some() && !row.is_asked(), "{row:?}");
        assert_eq!(cases(&town).len(), 2, "nobody else went there");
        let first = town.store.outbox().find(to, &row.withdrawal.unwrap()).unwrap().unwrap();
        town.tick();
        let paid = Some(WithdrawnAs::Paid);
        let want = [("c-0", paid), ("c-1", None), ("c-2", None)];
        assert_eq!(cases(&town), want.map(|(one, standing)| (one.to_owned(), standing)));
        let second = town.store.outbox().find(to, &first.id).unwrap().unwrap();
        assert_ne!(first.key, second.key);
        assert_eq!(second.state, DocumentState::Confirmed);
        assert_eq!(town.complaints(), Vec::<String>::new());
    }
}

/// Mutants: a folder is waited for as if a file could be on its way; a system is not.
#[test]
fn what_was_cut_off_is_looked_for_in_a_folder_at_once() {
    for is_folder in [true, false] {
        let town = town_of(1);
        town.world.with(|there| there.is_folder = is_folder);
        town.happens(&Happens::Hours(31 * 24));
        town.happens(&Happens::Mishaps(vec![Mishap::KilledBefore]));
        town.try_tick();
        assert_eq!(cases(&town), []);
        town.tick();
        assert_eq!(cases(&town).len(), usize::from(is_folder), "{is_folder}");
        town.happens(&Happens::Hours(1));
        town.tick();
        assert_eq!(cases(&town).len(), 1);
        assert_eq!(town.complaints(), Vec::<String>::new());
    }
}

/// Mutants: the last listing counts, whatever was heard before.
#[test]
fn who_was_heard_to_have_paid_is_not_handed_over() {
    let town = town_of(3);
    town.happens(&Happens::PaidAtService(0));
    town.happens(&Happens::Dismissed(1));
    town.happens(&Happens::Hours(1));
    town.tick();
    for number in [0, 1] {
        town.happens(&Happens::SaidToStand(number));
    }
    for _ in 0..32 {
        town.happens(&Happens::Hours(24));
        town.tick();
    }
    assert_eq!(cases(&town), [("c-2".to_owned(), None)]);
    assert_eq!(town.complaints(), Vec::<String>::new());
}

/// The agency says by telephone that it has given back what it refused.
#[test]
fn a_person_says_that_one_was_given_back() {
    let town = town_of(1);
    town.happens(&Happens::Hours(31 * 24));
    town.tick();
    town.happens(&Happens::PaidAtService(0));
    town.happens(&Happens::Hours(1));
    town.happens(&Happens::Mishaps(vec![Mishap::RefusesAll]));
    town.tick();
    let to = &town.config.recipients[0].name;
    let find = || town.store.referrals().find(to, &DocumentId::new("c-0").unwrap()).unwrap();
    let document = find().unwrap().withdrawal.unwrap();
    let kept = town.store.outbox().find(to, &document).unwrap().unwrap();
    assert!(is_not_given_back(&town.store, &kept).unwrap());
    let (config, store, now) = (&town.config, &town.store, town.now.get());
    let (listed, stop) = (&BTreeSet::new(), Stop::at_time_limit(Clock::starting_at(now)));
    let outbox = Outbox { config, store, systems: &town.world, listed, now, stop: &stop };
    let (kept, is_believed) = outbox.settle_by_hand(kept, true).unwrap();
    assert!(is_believed && !is_not_given_back(&town.store, &kept).unwrap());
    let row = find().unwrap();
    assert_eq!((row.told, row.waits()), (Some(WithdrawnAs::Paid), false));
    town.tick();
    assert_eq!(cases(&town), [("c-0".to_owned(), None)], "nobody asks once more");
}

fn mishap() -> impl Strategy<Value = Mishap> {
    prop_oneof![
        3 => Just(Mishap::None),
        1 => Just(Mishap::LostBefore),
        1 => Just(Mishap::LostAfter),
        1 => Just(Mishap::TurnedAway),
        1 => Just(Mishap::WrongSum),
        1 => Just(Mishap::RefusesFirst),
        1 => Just(Mishap::RefusesAll),
        1 => Just(Mishap::KilledBefore),
        1 => Just(Mishap::KilledAfter),
    ]
}

fn happens() -> impl Strategy<Value = Happens> {
    let number = 0_u8..8;
    prop_oneof![
        6 => (1_u16..400).prop_map(Happens::Hours),
        6 => number.clone().prop_map(Happens::Written),
        3 => number.clone().prop_map(Happens::PaidAtService),
        2 => number.clone().prop_map(Happens::PaidByEvent),
        2 => number.clone().prop_map(Happens::Contested),
        1 => number.clone().prop_map(Happens::Upheld),
        1 => number.clone().prop_map(Happens::Dismissed),
        2 => number.clone().prop_map(Happens::SaidToStand),
        1 => number.clone().prop_map(Happens::Deleted),
        1 => number.prop_map(Happens::HadRight),
        1 => any::<bool>().prop_map(Happens::Service),
        1 => any::<bool>().prop_map(Happens::Unreadable),
        3 => proptest::collection::vec(mishap(), 1..4).prop_map(Happens::Mishaps),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_dunned_who_has_paid(steps in proptest::collection::vec(happens(), 1..60)) {
        let town = Town::new();
        town.tick();
        for step in &steps {
            town.happens(step);
            town.try_tick();
            prop_assert_eq!(town.complaints(), Vec::<String>::new());
        }
        // Calm days: everything that nobody owes is taken back.
        for calm in [Happens::Mishaps(Vec::new()), Happens::Service(false), Happens::Unreadable(false)] {
            town.happens(&calm);
        }
        for _ in 0..6 {
            town.happens(&Happens::Hours(25));
            town.tick();
        }
        prop_assert_eq!(town.complaints(), Vec::<String>::new());
        // Also whom the agency did not give back when it was asked first.
        prop_assert_eq!(town.wrongly_asked(), Vec::<String>::new());
    }
}
